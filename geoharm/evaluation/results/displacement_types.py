"""Types of displacement other than to nearby areas: to other hours, offences or markets, tested or not."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoharm.model.estimate import Estimate
from geoharm.model.reason import Note


@dataclass(frozen=True, slots=True)
class DisplacementTest:
    """Test of one type of displacement.

    Attributes
    ----------
    kind : str
        "hour", "weekday", "offence type", "similar markets", "centre", "tactics", ...
    figure : float
        Size of the shift in `unit`; NaN if not tested.
    unit : str
        "share of events moved", "log ratio", "metres".
    p_value : float
        P-value of the hypothesis "no shift beyond that of the control"; NaN if not tested.
    sentence : str
        The result, or why it could not be tested.
    tested : bool
    counts : tuple of int
        The counts that the sentence is based on, where these are few.
    """

    kind: str
    figure: float
    unit: str
    p_value: float
    sentence: Note
    tested: bool = True
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class DisplacementTypes:
    """All types of displacement, tested ones first.

    Attributes
    ----------
    rows : tuple of DisplacementTest
    adjusted : tuple of float
        Holm-adjusted p-values over the tested rows; NaN for untested rows.
    """

    rows: tuple[DisplacementTest, ...]
    adjusted: tuple[float, ...]

    @property
    def untested(self) -> tuple[str, ...]:
        """Types of displacement that could not be tested."""
        return tuple(row.kind for row in self.rows if not row.tested)


@dataclass(frozen=True, slots=True)
class CentroidShift:
    """Shift of the centre of the events, and the change of their spread.

    Attributes
    ----------
    east, north : Estimate
        Shift of the centre in metres.
    spread : Estimate
        Log of the standard distance after over that before; positive means more scattered.
    p_value : float
        P-value of the hypothesis "the centre did not move".
    blocks : (before, after)
        Number of time blocks resampled.
    """

    east: Estimate
    north: Estimate
    spread: Estimate
    p_value: float
    blocks: tuple[int, int]

    @property
    def distance(self) -> float:
        """Distance in metres between the two centres."""
        return math.hypot(self.east.value, self.north.value)
