"""The change of a zone whose counts are only known within bounds."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.model.area_counts import Bounds
from geoharm.model.estimate import Estimate


@dataclass(frozen=True, slots=True)
class BoundedEffect:
    """The change in one zone, against what the control area suggests, where counts are only known within bounds.

    Attributes
    ----------
    zone : str
    before, after, control_before, control_after : Bounds
        Counts of the zone and of its control in the windows before and after.
    low, high : Estimate
        The lowest and highest possible change, each with the counting error at that end; infinite where there is no
        bound.
    note : str
        What the bounds leave out.
    """

    zone: str
    before: Bounds
    after: Bounds
    control_before: Bounds
    control_after: Bounds
    low: Estimate
    high: Estimate
    note: str
