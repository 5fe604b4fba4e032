"""Types of displacement other than to nearby areas: to other hours, offences or markets, for orientation."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoharm.model.reason import Note


@dataclass(frozen=True, slots=True)
class DisplacementType:
    """The size of one type of displacement, for orientation: it is not tested, so no answer is made from it.

    Attributes
    ----------
    kind : str
        "hour", "weekday", "offence type", "similar markets", "centre", "tactics", ...
    figure : float
        Size of the shift in `unit`; NaN if it could not be measured.
    unit : str
        "share of events moved", "log ratio", "metres".
    sentence : str
        The result, or why it could not be measured.
    measured : bool
    counts : tuple of int
        The counts that the sentence is based on, where these are few.
    """

    kind: str
    figure: float
    unit: str
    sentence: Note
    measured: bool = True
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CentroidShift:
    """Shift of the centre of the events in metres, and the change of their spread, for orientation.

    Attributes
    ----------
    east, north : float
        Shift of the centre in metres.
    spread : float
        Log of the standard distance after over that before; positive means more scattered.
    """

    east: float
    north: float
    spread: float

    @property
    def distance(self) -> float:
        """Distance in metres between the two centres."""
        return math.hypot(self.east, self.north)
