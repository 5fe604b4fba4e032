"""Results on reports and surveys: effects corrected for reporting effort, and survey indicators."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.model.estimate import Estimate
from geoharm.model.harm_settings import Indicator

AnswerCounts = tuple[tuple[float, float], ...]
"""For each cell of a survey, how many respondents gave the answer that is counted and how many did not; NaN if not known."""


@dataclass(frozen=True, slots=True)
class CorrectedEffect:
    """The effect on a measure, corrected for the change in reporting effort.

    Attributes
    ----------
    zone, measure, comparator : str
        Names of the zone, of the measure, and of the measure of reporting effort.
    raw : Estimate
        Log rate ratio of the measure to the control area, as recorded, with counting error only.
    effort : Estimate
        The same for the comparator.
    corrected : Estimate
        `raw` minus `effort`.
    """

    zone: str
    measure: str
    comparator: str
    raw: Estimate
    effort: Estimate
    corrected: Estimate


@dataclass(frozen=True, slots=True)
class IndicatorChange:
    """The change of one survey indicator in the areas of the operation and elsewhere.

    Attributes
    ----------
    indicator : Indicator
    unit : str
    before, after : Estimate
        Means of the areas that the target touches.
    here, elsewhere : Estimate
        Change (after minus before) in those areas, and in all other areas.
    net : Estimate
        `here` minus `elsewhere`.
    areas : (int, int)
        Number of areas in each of the two groups.
    answers : tuple of AnswerCounts
        Of the cells behind `before`, `after`, and the two means elsewhere, for disclosure control.
    """

    indicator: Indicator
    unit: str
    before: Estimate
    after: Estimate
    here: Estimate
    elsewhere: Estimate
    net: Estimate
    areas: tuple[int, int]
    answers: tuple[AnswerCounts, ...] = ()
