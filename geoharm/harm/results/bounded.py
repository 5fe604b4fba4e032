"""The change of a zone whose counts are known only within bounds."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.model.area_counts import Bounds
from geoharm.model.estimate import Estimate


@dataclass(frozen=True, slots=True)
class BoundedEffect:
    """What changed in one zone, net of control, where counts are only known within bounds.

    Attributes
    ----------
    zone : str
    before, after, control_before, control_after : Bounds
    low, high : Estimate
        The least and the most the change can be, each with the noise of counting at that end; infinite where nothing
        bounds it.
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
