"""Effects over time and over distance, for orientation: point estimates without intervals, and effect decay.

Intervals from the noise of counting alone would leave out how places drift apart. In simulated cities in which nothing
happened they held too rarely (docs/calibration.md), so a `PointEstimate` has no error to make one from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geoharm.errors import DesignError
from geoharm.model.estimate import Estimate
from geoharm.model.period import Period
from geoharm.model.reason import Note, Reason


@dataclass(frozen=True, slots=True)
class PointEstimate:
    """An estimate without an interval, for orientation: after minus what the control area suggests.

    Attributes
    ----------
    name : str
        Its place on a curve, for example "month 3" or "100-250 m", or the name of the quantity.
    value : float
        NaN where undefined, with the reason in `note`.
    unit : str
        For example "incidents" or "log ratio".
    reference : str
        DOI or URL of the source of the formula.
    note : str or Withheld
        Why the value is undefined.
    reason : Reason or None
        Why the value is undefined or withheld, for code; None if it is defined.
    """

    name: str
    value: float
    unit: str
    reference: str
    note: Note = ""
    reason: Reason | None = None

    @property
    def is_defined(self) -> bool:
        """Whether the value is finite."""
        return math.isfinite(self.value)


def undefined_point(name: str, *, unit: str, reference: str, note: Note, reason: Reason | None) -> PointEstimate:
    """Return an undefined point estimate (NaN), with its reason for code and a note for people."""
    return PointEstimate(name, math.nan, unit, reference, note, reason)


@dataclass(frozen=True, slots=True)
class Curve:
    """Ordered point estimates over time or distance, for orientation.

    Attributes
    ----------
    name : str
        "running difference", "event study", "ring profile".
    points : tuple of PointEstimate
        Each is named by its position on the curve.
    positions : ndarray, shape (k,)
        Months since the operation began (negative before it), or metres from the target.
    counting_covariance : ndarray, shape (k, k)
        Covariance from the noise of counting alone; rows and columns of undefined points are NaN. It serves the comparison
        with published errors and the diagnostic of parallel trends. In a release it is all NaN.
    note : str
    """

    name: str
    points: tuple[PointEstimate, ...]
    positions: NDArray[np.float64]
    counting_covariance: NDArray[np.float64]
    note: Note = ""

    def __post_init__(self) -> None:
        count = len(self.points)
        if self.positions.shape != (count,) or self.counting_covariance.shape != (count, count):
            msg = (
                f"A curve of {count} points needs positions ({count},) and a covariance ({count}, {count}); "
                f"{self.positions.shape} and {self.counting_covariance.shape} were given."
            )
            raise DesignError(msg)
        for array in (self.positions, self.counting_covariance):
            array.setflags(write=False)

    def without_covariance(self) -> Curve:
        """Return the curve for a release: the points alone, and a covariance of NaN."""
        return replace(self, counting_covariance=np.full((len(self.points), len(self.points)), math.nan))


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
    """Effect decay, for orientation: how it began, its decay while the operation ran, and what was left after it.

    Attributes
    ----------
    zone : str
    initial : PointEstimate
        Log ratio when the operation began.
    decay : PointEstimate
        Change of the log ratio per month while it ran; for a fall, positive means that the effect wears off.
    residual : PointEstimate
        Mean log ratio since it ended.
    not_estimated : tuple of (part, reason)
        Parts that cannot be estimated from the data: "wear", "residual", "all".
    periods : tuple of Period
        The periods used: before, while it ran, and after.
    """

    zone: str
    initial: PointEstimate
    decay: PointEstimate
    residual: PointEstimate
    not_estimated: tuple[tuple[str, str], ...] = ()
    periods: tuple[Period, ...] = ()
