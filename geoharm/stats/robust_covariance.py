"""Covariance of places in the plane that a few far ones hardly move, the same for every direction of the axes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

REFERENCE = "https://doi.org/10.1080/03610919408813180"
DEGREES_OF_FREEDOM = 4
# The scatter of the t distribution with 4 degrees of freedom, fitted to normal data, is this many times their covariance:
# y / 2, where y exp(y) E1(y) = 4 / 6 and E1 is the exponential integral.
NORMAL_SCATTER = 0.7267475952571695
_MOST_STEPS = 500
_TOLERANCE = 1e-12
_SINGULAR = 1e-12  # determinant over the squared trace below which all places lie on one line


def robust_covariance(
    x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    r"""Return the covariance of weighted places by the M-estimator of the bivariate t distribution.

    Parameters
    ----------
    x, y, weight : ndarray, shape (n,)
        Distinct places in metres, and the number of events at each.

    Returns
    -------
    ndarray, shape (2, 2)
        In square metres; the covariance itself if places are normal. Zeros without a weight. Its determinant is 0 if
        the places lie on one line, or if five sixths of the events do.

    Notes
    -----
    The centre :math:`\mu` and scatter V solve, with four degrees of freedom (Lange, Little and Taylor 1989,
    https://doi.org/10.1080/01621459.1989.10478852),

    .. math:: \mu = \frac{\sum w_p u_p x_p}{\sum w_p u_p}, \qquad
       V = \frac{\sum w_p u_p (x_p - \mu)(x_p - \mu)^T}{\sum w_p u_p}, \qquad
       u_p = \frac{4 + 2}{4 + (x_p - \mu)^T V^{-1} (x_p - \mu)}

    One far place among n adds at most 6 / n to V, in units of V. So that one crowded place does not draw V to nothing, no
    place counts more than all others together.

    References
    ----------
    Kent, Tyler and Vardi (1994), https://doi.org/10.1080/03610919408813180.
    """
    weight = _without_majority(weight)
    if not weight.sum() > 0:
        return np.zeros((2, 2))
    places = np.column_stack([x, y])
    places = places - np.average(places, axis=0, weights=weight)
    centre, scatter = _moments(places, weight)
    for _ in range(_MOST_STEPS):
        if is_singular(scatter):
            break
        deviations = places - centre
        distances = np.einsum("pi,ij,pj->p", deviations, np.linalg.inv(scatter), deviations)
        weight_now = weight * (DEGREES_OF_FREEDOM + 2) / (DEGREES_OF_FREEDOM + distances)
        earlier = scatter
        centre, scatter = _moments(places, weight_now)
        if np.abs(scatter - earlier).max() <= _TOLERANCE * np.trace(scatter):
            break
    return scatter / NORMAL_SCATTER


def is_singular(covariance: NDArray[np.float64]) -> bool:
    """Return whether a covariance of shape (2, 2) is that of one place or of one line."""
    determinant = covariance[0, 0] * covariance[1, 1] - covariance[0, 1] ** 2
    return not determinant > _SINGULAR * float(np.trace(covariance)) ** 2


def _without_majority(weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights, the largest no more than the sum of all others; a single place keeps its own."""
    if weight.size < 2:
        return weight
    heaviest = int(np.argmax(weight))
    others = float(weight.sum() - weight[heaviest])
    return np.where(np.arange(weight.size) == heaviest, min(float(weight[heaviest]), others), weight)


def _moments(
    places: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weighted mean of shape (2,) and covariance of shape (2, 2)."""
    centre = weight @ places / weight.sum()
    deviations = places - centre
    return centre, (weight[:, None] * deviations).T @ deviations / weight.sum()
