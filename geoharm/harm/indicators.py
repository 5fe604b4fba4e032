"""Changes of survey indicators before and after an operation.

Confidence, fear and perception are outcomes; price and purity are features of the market.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm.harm.results.perception import AnswerCounts, IndicatorChange
from geoharm.model.estimate import Estimate, undefined
from geoharm.model.harm_settings import Indicator
from geoharm.model.overlap import touched
from geoharm.model.period import Period, Window
from geoharm.model.reason import Reason
from geoharm.model.survey import SurveyEstimates

NAME = "mean of areas"


def indicator_change(
    indicator: Indicator, survey: SurveyEstimates, target: BaseGeometry, before: Window, after: Window
) -> IndicatorChange:
    r"""Return a survey indicator's change in the areas of the operation, elsewhere, and the difference of the two.

    Parameters
    ----------
    indicator : Indicator
        The survey question.
    survey : SurveyEstimates
        The survey's estimates of that question by area and period.
    target : shapely geometry
        The target area, in metres. Survey areas that it touches (`geoharm.model.overlap.touched`) are the areas of the
        operation.
    before, after : Window
        A survey period belongs to the window that contains its middle day.

    Returns
    -------
    IndicatorChange
        An estimate is undefined, with the reason, where there is no survey estimate in a window.

    Notes ----- Each mean is the unweighted mean over the areas and periods that have an estimate. Their sampling errors
    are taken as independent: :math:`se^2 = \sum se_i^2 / n^2`. Areas with estimates in one window only are left out, so
    that the mix of areas cannot change the mean. The sampling error says nothing about why a view changed.
    """
    in_target = touched(survey.shapes, target)
    columns = [_columns_in(survey.periods, window) for window in (before, after)]
    usable = np.array(
        [
            all(np.isfinite(survey.estimate[row, window_columns]).any() for window_columns in columns if window_columns)
            and all(columns)
            for row in range(len(survey.areas))
        ]
    )
    cells = {
        (side, window_index): (np.flatnonzero(usable & on_side), window_columns, f"{side_words}, {window_words}")
        for side, on_side, side_words in ((0, in_target, "where the operation was"), (1, ~in_target, "elsewhere"))
        for window_index, window_columns, window_words in ((0, columns[0], "before"), (1, columns[1], "after"))
    }
    means = {
        key: _mean_of_areas(survey, rows, window_columns, indicator.name, words)
        for key, (rows, window_columns, words) in cells.items()
    }
    answers = tuple(answer_counts(survey, rows, window_columns) for rows, window_columns, _ in cells.values())
    change_here, change_elsewhere = (_subtract(means[side, 1], means[side, 0]) for side in (0, 1))
    return IndicatorChange(
        indicator, survey.unit, means[0, 0], means[0, 1], change_here, change_elsewhere,
        _subtract(change_here, change_elsewhere),
        (int((usable & in_target).sum()), int((usable & ~in_target).sum())), answers,
    )  # fmt: skip


def answer_counts(survey: SurveyEstimates, rows: NDArray[np.int64], columns: Sequence[int]) -> AnswerCounts:
    """Return how many respondents answered one way and the other, for each cell of some areas and periods that has an estimate."""
    is_known = np.isfinite(survey.estimate[rows][:, list(columns)])
    given, not_given = (counts[rows][:, list(columns)][is_known] for counts in survey.answers())
    return tuple(zip(given.tolist(), not_given.tolist(), strict=True))


def _columns_in(periods: Sequence[Period], window: Window) -> list[int]:
    return [
        column
        for column, period in enumerate(periods)
        if any(
            window_period.start <= period.start + (period.end - period.start) / 2 < window_period.end
            for window_period in window.periods
        )
    ]


def _mean_of_areas(
    survey: SurveyEstimates, rows: NDArray[np.int64], columns: Sequence[int], name: str, place_words: str
) -> Estimate:
    if not len(rows) or not columns:
        return undefined(name, unit=survey.unit, reference="", note=f"no estimate {place_words}", reason=Reason.NO_DATA)
    values, errors = (array[rows][:, list(columns)].ravel() for array in (survey.estimate, survey.standard_error))
    is_known = np.isfinite(values)
    count = int(is_known.sum())
    error = math.sqrt(math.fsum(float(standard_error) ** 2 for standard_error in errors[is_known])) / count
    return Estimate(name, math.fsum(float(value) for value in values[is_known]) / count, error, survey.unit, "")


def _subtract(first: Estimate, second: Estimate) -> Estimate:
    for estimate in (first, second):
        if not estimate.is_defined:
            return undefined(
                estimate.name, unit=estimate.unit, reference="", note=estimate.note, reason=estimate.reason
            )
    return Estimate(
        first.name,
        first.value - second.value,
        math.hypot(first.standard_error, second.standard_error),
        first.unit,
        "",
    )
