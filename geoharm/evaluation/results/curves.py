"""Effects over time and over distance: curves with correlated points, and effect decay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoharm.errors import DesignError
from geoharm.model.confidence_set import ConfidenceSet
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.period import Period
from geoharm.model.reason import Note


@dataclass(frozen=True, slots=True)
class Curve:
    """Ordered estimates with their covariance and a simultaneous confidence band.

    Attributes
    ----------
    name : str
        "running difference", "event study", "ring profile".
    points : tuple of Estimate
        Each is named by its position on the curve, for example "month 3" or "100-250 m".
    positions : ndarray, shape (k,)
        Months since the operation began (negative before it), or metres from the target.
    covariance : ndarray, shape (k, k)
        Rows and columns of undefined points are NaN.
    band_multiplier : float
        Half-width of the simultaneous band in standard errors; NaN if no point is defined.
    level : float
        Confidence level of the band.
    note : str
    """

    name: str
    points: tuple[Estimate, ...]
    positions: NDArray[np.float64]
    covariance: NDArray[np.float64]
    band_multiplier: float
    level: float
    note: Note = ""

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
        """Return the simultaneous band: one interval per point, which together cover the whole curve at `level`."""
        return tuple(
            Interval(
                point.value - self.band_multiplier * point.standard_error,
                point.value + self.band_multiplier * point.standard_error,
                self.level,
            )
            for point in self.points
        )


@dataclass(frozen=True, slots=True)
class DidEstimates:
    """Estimates of a difference-in-differences regression over all areas and dates.

    Attributes
    ----------
    terms : tuple of Estimate
        Log rate ratios by zone.
    dispersion : float
        Pearson dispersion, at least 1.
    operations : int
        Number of operations.
    errors : str
        Type of standard errors: "cluster-robust" or "quasi-Poisson".
    note : str
        What the errors do not include.
    """

    terms: tuple[Estimate, ...]
    dispersion: float
    operations: int
    errors: str
    note: str


@dataclass(frozen=True, slots=True)
class EffectDecay:
    """Effect decay: the initial effect, its decay while the operation runs, and the residual effect after it.

    Attributes
    ----------
    zone : str
    initial : Estimate
        Log ratio when the operation began.
    decay : Estimate
        Change of the log ratio per month while it ran; for a fall, positive means that the effect wears off.
    half_life_running : float
        Months until half of the initial fall is gone at this rate of decay; NaN if undefined.
    residual : Estimate
        Log ratio when it ended.
    half_life_after : ConfidenceSet
        Months until half of the residual effect is gone.
    months_to_return : ConfidenceSet
        Months after its end until the count is within a tenth of the old level.
    not_estimated : tuple of (part, reason)
        Parts that cannot be estimated from the data: "wear", "residual", "return", "all".
    periods : tuple of Period
        The periods used: before, while it ran, and after.
    """

    zone: str
    initial: Estimate
    decay: Estimate
    half_life_running: float
    residual: Estimate
    half_life_after: ConfidenceSet
    months_to_return: ConfidenceSet
    not_estimated: tuple[tuple[str, str], ...] = ()
    periods: tuple[Period, ...] = ()
