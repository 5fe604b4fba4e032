"""Effects over time and over distance: curves whose points share their errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoharm.errors import DesignError
from geoharm.model.confidence_set import ConfidenceSet
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.period import Period


@dataclass(frozen=True, slots=True)
class Curve:
    """Estimates in order, with what they share.

    Attributes
    ----------
    name : str
        "running difference", "event study", "ring profile".
    points : tuple of Estimate
        Named by their place on the curve: "month 3", "100-250 m".
    positions : ndarray, shape (k,)
        Months since the operation began (before it: negative), or metres from the target.
    covariance : ndarray, shape (k, k)
        Rows of undefined points are NaN.
    reach : float
        Standard errors to either side that hold the whole curve at `level`; NaN if no point is defined.
    level : float
    note : str
    """

    name: str
    points: tuple[Estimate, ...]
    positions: NDArray[np.float64]
    covariance: NDArray[np.float64]
    reach: float
    level: float
    note: str = ""

    def __post_init__(self) -> None:
        count = len(self.points)
        if self.positions.shape != (count,) or self.covariance.shape != (count, count):
            msg = (
                f"A curve of {count} points needs positions ({count},) and a covariance ({count}, {count}); "
                f"{self.positions.shape} and {self.covariance.shape} were given."
            )
            raise DesignError(msg)
        for array in (self.positions, self.covariance):
            array.setflags(write=False)

    def band(self) -> tuple[Interval, ...]:
        """Return the interval of every point such that together they hold the whole curve."""
        return tuple(
            Interval(
                point.value - self.reach * point.standard_error,
                point.value + self.reach * point.standard_error,
                self.level,
            )
            for point in self.points
        )


@dataclass(frozen=True, slots=True)
class DidEstimates:
    """Effects of one regression, all areas and dates together.

    Attributes
    ----------
    terms : tuple of Estimate
        Log rate ratios by zone.
    dispersion : float
        Pearson, at least 1.
    operations : int
    errors : str
        "cluster-robust" or "quasi-Poisson".
    note : str
        What the errors leave out.
    """

    terms: tuple[Estimate, ...]
    dispersion: float
    operations: int
    errors: str
    note: str


@dataclass(frozen=True, slots=True)
class EffectDecay:
    """How a crackdown's effect set in, wore off while it ran, and faded after it ended.

    Attributes
    ----------
    zone : str
    initial : Estimate
        Log ratio when it began.
    decay : Estimate
        Change of the log ratio a month while it ran; positive means wearing off.
    half_life_running : float
        Months until half of the initial drop was gone, if the wear went on; NaN if undefined.
    residual : Estimate
        Log ratio when it ended.
    half_life_after : ConfidenceSet
        Months until half of the residual is gone.
    months_to_return : ConfidenceSet
        Months after its end until harm is within a tenth of the old level.
    refusals : tuple of (part, reason)
        What the data cannot tell: "wear", "residual", "return", "all".
    stretches : tuple of Period
        Before, while it ran, after: the days it was made from.
    """

    zone: str
    initial: Estimate
    decay: Estimate
    half_life_running: float
    residual: Estimate
    half_life_after: ConfidenceSet
    months_to_return: ConfidenceSet
    refusals: tuple[tuple[str, str], ...] = ()
    stretches: tuple[Period, ...] = ()
