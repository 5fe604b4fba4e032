"""How lively an operation's own place was before it: whether its counts moved more than those of the placebo places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Bins of three months; changes between bins that lie this far apart are compared.
_BIN_MONTHS = 3
_LAGS = (2, 3, 4, 6, 8)
_MIN_BINS = 4
_LEAST_SHARE = 0.2  # the part of the changes beyond counting noise is taken to be at least this share of them
_SLOPE_PRIOR = 2.0  # ridge on the slopes by level and peak
_KIND_PRIOR = 0.3  # standard deviation of the log liveliness of a kind of place; real cities have at most half of it
_OWN_WEIGHT = 0.3  # weight of the place's own past beside its kind
_MOST_OWN = 6.0  # the own past counts at most this often as lively
_KIND_LIMITS = (0.5, 3.0)
LIMITS = (0.8, 4.0)


def liveliness(
    zone: Floats,
    city: Floats,
    own_zone: Floats,
    own_city: Floats,
    *,
    kind: Floats,
    similarity: Floats,
    dispersion: float,
) -> float:
    r"""Return how much more the log counts at the operation's place move than at the placebo places, as a variance ratio.

    Parameters
    ----------
    zone, city : ndarray, shape (places, months)
        Counts before at the placebo places, and in the control area without each place.
    own_zone, own_city : ndarray, shape (months,)
        The same for the operation's place.
    kind : ndarray, shape (places, 2)
        Log level and log peak (target over rings) of the placebo places, relative to the operation's.
    similarity : ndarray, shape (places, places)
        Squared share of area that two widened footprints have in common; 1 on the diagonal.
    dispersion : float
        Variance of monthly counts divided by their mean.

    Returns
    -------
    float
        From 0.8 to 4; 1 if the history has fewer than four bins of three months, or the city no event in them.

    Notes
    -----
    For each place, x is the log of (count + 1) over (expected + 1) in bins of three months, centred over places, where the
    city's counts times the place's share are expected. :math:`V_i` is the mean squared change of x over lags of 2, 3, 4, 6
    and 8 bins, less its counting part :math:`2\phi E/(E+1)^2`, divided by the mean over places. It is regressed on level and
    peak with weights of one over the summed similarity, and a ridge of 2 on the two slopes. The intercept r, from 0.5 to 3,
    is the liveliness of the operation's kind of place. It is shrunk on the log scale towards 1 by
    :math:`\omega = 0.3^2 / (0.3^2 + se^2)`: in the real counts of Merseyside, kinds of places differ by 0.15 (standard deviation
    of log r), and 0.3 leaves room for cities in which markets live their own lives. The operation's own V, at most 6,
    counts by three tenths:

    .. math:: \hat r = 0.7\, r^\omega + 0.3\, V_0

    The constants were chosen in simulated cities (docs/calibration.md).
    """
    bins = zone.shape[1] // _BIN_MONTHS
    cities = np.vstack([city, own_city])
    if bins < _MIN_BINS or not cities[:, -bins * _BIN_MONTHS :].sum(axis=1).all():
        return 1.0
    counts, expected = _binned(np.vstack([zone, own_zone]), cities, bins)
    log_ratio = np.log((counts + 1) / (expected + 1))
    log_ratio -= log_ratio[:-1].mean(axis=0)
    lags = [lag for lag in _LAGS if lag < bins]
    moved = np.mean([((log_ratio[:, lag:] - log_ratio[:, :-lag]) ** 2).mean(axis=1) for lag in lags], axis=0)
    counting = 2 * dispersion * (expected / (expected + 1) ** 2).mean(axis=1)
    weights = 1 / similarity.sum(axis=1)
    weights /= weights.sum()
    excess = moved - counting
    mean = max(float(weights @ excess[:-1]), _LEAST_SHARE * float(weights @ moved[:-1]))
    if not mean > 0:
        return 1.0
    of_kind, error = _of_kind(excess[:-1] / mean, kind, weights, effective=len(zone) ** 2 / float(similarity.sum()))
    shrinkage = _KIND_PRIOR**2 / (_KIND_PRIOR**2 + (error / of_kind) ** 2)
    own = float(np.clip(excess[-1] / mean, 0.0, _MOST_OWN))
    return float(np.clip((1 - _OWN_WEIGHT) * of_kind**shrinkage + _OWN_WEIGHT * own, *LIMITS))


def _binned(zone: Floats, city: Floats, bins: int) -> tuple[Floats, Floats]:
    """Return the counts of the last whole bins, and the counts expected from the city's."""
    sums = [
        table[:, table.shape[1] - bins * _BIN_MONTHS :].reshape(len(table), bins, _BIN_MONTHS).sum(axis=2)
        for table in (zone, city)
    ]
    counts, totals = (np.asarray(table, dtype=np.float64) for table in sums)
    return counts, totals * (counts.sum(axis=1) / totals.sum(axis=1))[:, None]


def _of_kind(excess: Floats, kind: Floats, weights: Floats, *, effective: float) -> tuple[float, float]:
    """Return the regression's value at the operation's level and peak, and its standard error."""
    columns = np.column_stack([np.ones(len(excess)), kind])
    information = effective * weights
    matrix = np.linalg.inv(
        columns.T @ (columns * information[:, None]) + np.diag([0.0] + [_SLOPE_PRIOR] * kind.shape[1])
    )
    coefficients = matrix @ (columns.T @ (information * excess))
    residual = float(weights @ (excess - columns @ coefficients) ** 2)
    return float(np.clip(coefficients[0], *_KIND_LIMITS)), float(np.sqrt(max(matrix[0, 0], 0.0) * residual))
