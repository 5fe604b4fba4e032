"""What people report and say: effects corrected for reporting effort, and surveys before and after."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.model.estimate import Estimate
from geoharm.model.harm_settings import Indicator


@dataclass(frozen=True, slots=True)
class CorrectedEffect:
    """A measure's effect, less what became of reporting by the same route.

    Attributes
    ----------
    zone, measure, comparator : str
    raw : Estimate
        Log rate ratio net of control, as recorded; the noise of counting only.
    effort : Estimate
        The comparator's.
    corrected : Estimate
        Raw less effort.
    """

    zone: str
    measure: str
    comparator: str
    raw: Estimate
    effort: Estimate
    corrected: Estimate


@dataclass(frozen=True, slots=True)
class IndicatorChange:
    """One question of a survey before and after, where the operation was and elsewhere.

    Attributes
    ----------
    indicator : Indicator
    unit : str
    before, after : Estimate
        Mean of the areas that the target touches.
    here, elsewhere : Estimate
        After less before, in those areas and in all others.
    net : Estimate
        Here less elsewhere.
    areas : (int, int)
        How many areas each mean is of.
    """

    indicator: Indicator
    unit: str
    before: Estimate
    after: Estimate
    here: Estimate
    elsewhere: Estimate
    net: Estimate
    areas: tuple[int, int]
