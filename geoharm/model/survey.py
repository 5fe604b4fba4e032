"""Survey estimates by area and period, each with its sampling error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm.errors import DesignError
from geoharm.model.area_counts import check_no_overlap
from geoharm.model.estimate import Estimate, undefined
from geoharm.model.period import Period
from geoharm.model.reason import Reason

_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class SurveyEstimates:
    """Survey estimates by area and period; every estimate has a standard error.

    Attributes
    ----------
    source, question : str
    unit : str
        "percent", "proportion", or the unit of a mean.
    areas : tuple of str
        Codes, in the order of the rows.
    periods : tuple of Period
        Sorted and not overlapping, in the order of the columns.
    estimate, standard_error : ndarray, shape (len(areas), len(periods))
        In the survey's own unit; NaN in both where there is no estimate.
    shapes : tuple of (shapely geometry or None)
        Polygons of the areas, in metres of the study's coordinate system; None where there is none.
    """

    source: str
    question: str
    unit: str
    areas: tuple[str, ...]
    periods: tuple[Period, ...]
    estimate: NDArray[np.float64]
    standard_error: NDArray[np.float64]
    shapes: tuple[BaseGeometry | None, ...]

    def __post_init__(self) -> None:
        shape = (len(self.areas), len(self.periods))
        for name in ("estimate", "standard_error"):
            values = np.array(getattr(self, name), dtype=np.float64)
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        if not self.estimate.shape == self.standard_error.shape == shape or len(self.shapes) != len(self.areas):
            msg = f"Estimates must have shape (areas, periods) = {shape}; {self.estimate.shape} and {self.standard_error.shape} were given."
            raise DesignError(msg)
        if (np.isnan(self.estimate) != np.isnan(self.standard_error)).any() or (self.standard_error <= 0).any():
            msg = f'Every estimate of "{self.source}" needs a standard error above 0.'
            raise DesignError(msg)
        check_no_overlap(self.periods, self.source)

    def answers(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        r"""Return how many respondents gave the answer that is counted, and how many did not, in every cell.

        Returns
        -------
        ndarray, ndarray, shape (len(areas), len(periods))
            As a reader can compute them from an estimate p and its standard error s; NaN where they do not follow: for means,
            and where there is no estimate.

        Notes
        -----
        :math:`n = p(1-p)/s^2` respondents of a simple random sample. Where p is 0 or 1, s is taken as half the width of
        Wilson's interval over z, so :math:`n = z/(2s) - z^2` with z = 1.96.
        """
        maximum = {"percent": 100.0, "proportion": 1.0}.get(self.unit)
        if maximum is None:
            unknown = np.full(self.estimate.shape, np.nan)
            return unknown, unknown
        share, error = self.estimate / maximum, self.standard_error / maximum
        respondents = np.where(
            (share > 0) & (share < 1), share * (1 - share) / error**2, np.maximum(_Z / (2 * error) - _Z**2, 1.0)
        )
        return share * respondents, (1 - share) * respondents

    def at(self, area: str, period: Period) -> Estimate:
        """Return the estimate of one area and period; undefined, with the reason, if there is none.

        Raises
        ------
        DesignError
            If the survey has no such area.
        """
        if area not in self.areas:
            msg = f'"{self.source}" has no area "{area}"; it has {len(self.areas)} areas, such as "{self.areas[0]}".'
            raise DesignError(msg)
        cell = (self.areas.index(area), self.periods.index(period)) if period in self.periods else None
        if cell is None or np.isnan(self.estimate[cell]):
            reason = f'"{self.source}" has no estimate of "{area}" for {period.start} to {period.last}'
            return undefined(self.question, unit=self.unit, reference="", note=reason, reason=Reason.NO_DATA)
        return Estimate(self.question, float(self.estimate[cell]), float(self.standard_error[cell]), self.unit, "")
