"""What surveys say before and after: confidence, fear and perception as outcomes; price and purity beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm.harm.results.perception import IndicatorChange
from geoharm.model.estimate import Estimate, undefined
from geoharm.model.harm_settings import Indicator
from geoharm.model.period import Period, Window
from geoharm.model.survey import SurveyEstimates

NAME = "mean of areas"


def indicator_change(
    indicator: Indicator, survey: SurveyEstimates, target: BaseGeometry, before: Window, after: Window
) -> IndicatorChange:
    r"""Return a survey's change where the operation was, elsewhere, and here less elsewhere.

    Parameters
    ----------
    indicator : Indicator
    survey : SurveyEstimates
    target : shapely geometry
        In metres; an area counts as here if it shares ground with it.
    before, after : Window
        A wave of the survey belongs to the window that holds its middle day.

    Returns
    -------
    IndicatorChange
        Undefined, with the reason, where a window or a place has no estimate.

    Notes
    -----
    The plain mean over the areas and periods that have an estimate, whose errors are taken as independent:
    :math:`se^2 = \sum se_i^2 / n^2`. Areas asked in one window only take no part, so that the mix of areas cannot move the
    mean. The sampling error says nothing about why a view changed.
    """
    near = np.array(
        [shape is not None and float(shapely.area(shapely.intersection(shape, target))) > 0 for shape in survey.shapes]
    )
    columns = [_columns(survey.periods, window) for window in (before, after)]
    asked = np.array(
        [all(np.isfinite(survey.estimate[row, part]).any() for part in columns if part) and all(columns)
         for row in range(len(survey.areas))]
    )  # fmt: skip
    means = {
        (place, when): _mean(survey, np.flatnonzero(asked & which), part, indicator.name, f"{name}, {words}")
        for place, which, name in ((0, near, "where the operation was"), (1, ~near, "elsewhere"))
        for when, part, words in ((0, columns[0], "before"), (1, columns[1], "after"))
    }
    here, elsewhere = (_less(means[place, 1], means[place, 0]) for place in (0, 1))
    return IndicatorChange(
        indicator, survey.unit, means[0, 0], means[0, 1], here, elsewhere, _less(here, elsewhere),
        (int((asked & near).sum()), int((asked & ~near).sum())),
    )  # fmt: skip


def _columns(periods: Sequence[Period], window: Window) -> list[int]:
    return [
        column
        for column, period in enumerate(periods)
        if any(part.start <= period.start + (period.end - period.start) / 2 < part.end for part in window.periods)
    ]


def _mean(survey: SurveyEstimates, rows: NDArray[np.int64], columns: Sequence[int], name: str, where: str) -> Estimate:
    if not len(rows) or not columns:
        return undefined(name, unit=survey.unit, reference="", note=f"no estimate {where}")
    values, errors = (array[rows][:, list(columns)].ravel() for array in (survey.estimate, survey.standard_error))
    known = np.isfinite(values)
    count = int(known.sum())
    error = math.sqrt(math.fsum(float(one) ** 2 for one in errors[known])) / count
    return Estimate(name, math.fsum(float(one) for one in values[known]) / count, error, survey.unit, "")


def _less(one: Estimate, two: Estimate) -> Estimate:
    for part in (one, two):
        if not part.is_defined:
            return undefined(part.name, unit=part.unit, reference="", note=part.note)
    return Estimate(one.name, one.value - two.value, math.hypot(one.standard_error, two.standard_error), one.unit, "")
