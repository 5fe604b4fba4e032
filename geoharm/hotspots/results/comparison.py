"""Result of a comparison of two windows: the events of each, and the ratio of their rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from geoharm.model.measure import Measure
from geoharm.model.rate_ratio import RateRatio
from geoharm.model.window_pair import WindowPair


@dataclass(frozen=True, slots=True)
class MeasureComparison:
    """The events of one measure in the two windows of a comparison, in the whole study area.

    Attributes
    ----------
    measure : Measure
        What is counted.
    comparison : str
        Name of the comparison.
    windows : WindowPair or None
        The days counted; None if the source cannot be counted in them, with the reason in `note`.
    left_out : tuple of date
        First days of the months without data, which are in neither window.
    counts : (int, int)
        Located events before and after.
    ratio : RateRatio
    same_season : bool
        Whether both windows hold the months of the year in the same proportions.
    note : str
        Why nothing was counted; empty if it was.
    """

    measure: Measure
    comparison: str
    windows: WindowPair | None
    left_out: tuple[date, ...]
    counts: tuple[int, int]
    ratio: RateRatio
    same_season: bool
    note: str = ""
