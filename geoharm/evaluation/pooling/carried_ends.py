"""The mean of calibrated estimates, with the ends of their own intervals carried over."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geoharm.evaluation.placebo.calibrated_ratio import LEVELS
from geoharm.model.estimate import Estimate, Interval

REFERENCE = "https://doi.org/10.1002/sim.3095"


def carried_mean(
    estimates: Sequence[Estimate], correlation: NDArray[np.float64], *, name: str, note: str = "", p: float = math.nan
) -> Estimate:
    r"""Return the mean of estimates, all with the same weight, and intervals made of theirs.

    Parameters
    ----------
    estimates : sequence of Estimate
        Defined, in one unit, with intervals at every one of `LEVELS`.
    correlation : ndarray, shape (k, k)
        Correlation of their errors.
    name, note : str
        Of the mean.
    p : float
        Its two-sided p-value.

    Returns
    -------
    Estimate
        Calibrated if all of them are.

    Notes
    -----
    With w = 1/k, :math:`\theta_i` the values, :math:`l_i, u_i` the ends of their intervals and r the correlation,

    .. math:: L = \sum w\theta_i - \sqrt{\sum_{ij} w^2 r_{ij} (\theta_i - l_i)(\theta_j - l_j)}

    and U likewise (MOVER); asymmetric intervals are kept. An estimate pooled with itself has r = 1 and keeps its own
    interval. The standard error is :math:`\sqrt{w'DRDw}`.

    References
    ----------
    G. Y. Zou, A. Donner (2008), Construction of confidence limits about effect measures: a general approach,
    Statistics in Medicine 27:1693-1702, https://doi.org/10.1002/sim.3095
    """
    values = np.array([estimate.value for estimate in estimates])
    weight = 1 / len(estimates)
    errors = weight * np.array([estimate.standard_error for estimate in estimates])
    mean, intervals = float(values.mean()), []
    for level in LEVELS:
        spans = [estimate.interval(level) for estimate in estimates]
        below = weight * (values - np.array([span.low for span in spans]))
        above = weight * (np.array([span.high for span in spans]) - values)
        down, up = (math.sqrt(float(distances @ correlation @ distances)) for distances in (below, above))
        intervals.append(Interval(mean - down, mean + up, level))
    error = math.sqrt(float(errors @ correlation @ errors))
    calibrated = all(estimate.calibrated for estimate in estimates)
    return Estimate(
        name, mean, error, estimates[0].unit, REFERENCE, note, calibrated=calibrated, intervals=tuple(intervals), p=p
    )
