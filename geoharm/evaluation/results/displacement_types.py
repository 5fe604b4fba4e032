"""Other ways to move: to other hours, other offences, other markets; what was tested and what could not be."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoharm.model.estimate import Estimate


@dataclass(frozen=True, slots=True)
class DisplacementTest:
    """One kind of shift.

    Attributes
    ----------
    kind : str
        "hour", "weekday", "offence type", "similar markets", "centre", "tactics", ...
    figure : float
        Size of the shift in `unit`; NaN if not tested.
    unit : str
        "share of events moved", "log ratio", "metres".
    p_value : float
        Of "no shift beyond what the control shows"; NaN if not tested.
    sentence : str
        What was found, or why it could not be tested.
    tested : bool
    counts : tuple of int
        What the sentence names or follows from, where it is few counts.
    """

    kind: str
    figure: float
    unit: str
    p_value: float
    sentence: str
    tested: bool = True
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class DisplacementTypes:
    """All kinds of shift, tested ones first.

    Attributes
    ----------
    rows : tuple of DisplacementTest
    adjusted : tuple of float
        Holm-adjusted p-values over the tested rows; NaN elsewhere.
    """

    rows: tuple[DisplacementTest, ...]
    adjusted: tuple[float, ...]

    @property
    def untested(self) -> tuple[str, ...]:
        """Kinds that could not be tested."""
        return tuple(row.kind for row in self.rows if not row.tested)


@dataclass(frozen=True, slots=True)
class CentroidShift:
    """How the centre of the finds moved and how their spread changed.

    Attributes
    ----------
    east, north : Estimate
        Metres.
    spread : Estimate
        Log of the standard distance after over before; positive means more scattered.
    p_value : float
        Of "the centre did not move".
    blocks : (before, after)
        Blocks of time resampled.
    """

    east: Estimate
    north: Estimate
    spread: Estimate
    p_value: float
    blocks: tuple[int, int]

    @property
    def distance(self) -> float:
        """Metres between the two centres."""
        return math.hypot(self.east.value, self.north.value)
