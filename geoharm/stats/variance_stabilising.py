"""Variance-stabilising transformation of overdispersed counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls

_ANSCOMBE = 0.375
_LEAST_TAU2 = 1e-7
_ITERATIONS = 3


def stabilise_variance(counts: ArrayLike, *, phi: float, tau2: float) -> NDArray[np.float64]:
    r"""Return transformed counts whose variance is about 1 at every mean.

    Parameters
    ----------
    counts : array_like
        Counts or means; values below zero are replaced by zero.
    phi : float
        Overdispersion of the counts, at least 1.
    tau2 : float
        Variance between places of the log of their change, zero or more.

    Returns
    -------
    ndarray
        Of the shape of `counts`.

    Notes
    -----
    For :math:`Var\,y = \phi\mu + \tau^2\mu^2`,

    .. math:: g(y) = \frac{2}{\tau}\,\mathrm{asinh}\sqrt{\tau^2 (y + 3/8) / \phi}

    which tends to :math:`2\sqrt{(y + 3/8)/\phi}` as :math:`\tau^2 \to 0`.

    References
    ----------
    F. J. Anscombe (1948), The transformation of Poisson, binomial and negative-binomial data, Biometrika 35:246-254,
    https://doi.org/10.1093/biomet/35.3-4.246

    Examples
    --------
    >>> round(float(stabilise_variance(100, phi=1.0, tau2=0.0)), 3)
    20.037
    """
    tau2 = max(tau2, _LEAST_TAU2)
    shifted = np.maximum(np.asarray(counts, dtype=np.float64), 0.0) + _ANSCOMBE
    return np.asarray(2 / np.sqrt(tau2) * np.arcsinh(np.sqrt(tau2 * shifted / phi)), dtype=np.float64)


def unstabilise_variance(values: ArrayLike, *, phi: float, tau2: float) -> NDArray[np.float64]:
    """Return the counts that `stabilise_variance` maps to `values`; values below zero are replaced by zero.

    Examples
    --------
    >>> round(float(unstabilise_variance(stabilise_variance(100, phi=2.0, tau2=0.05), phi=2.0, tau2=0.05)), 9)
    100.0
    """
    tau2 = max(tau2, _LEAST_TAU2)
    stabilised = np.maximum(np.asarray(values, dtype=np.float64), 0.0)
    return np.asarray(phi / tau2 * np.sinh(np.sqrt(tau2) * stabilised / 2) ** 2 - _ANSCOMBE, dtype=np.float64)


def stabilisation_bias(means: ArrayLike, *, phi: float, tau2: float) -> NDArray[np.float64]:
    r"""Return the mean of the transformed counts minus the transformed mean, to second order.

    The transformation is `stabilise_variance`.

    Notes
    -----
    .. math:: c(\mu) = \tfrac12 g''(\mu) Var\,y
        = -\frac{\phi + 2 \tau^2 \mu}{4 \sqrt{\phi\mu + \tau^2\mu^2}}
    """
    mean = np.asarray(means, dtype=np.float64)
    return np.asarray(-(phi + 2 * tau2 * mean) / (4 * np.sqrt(phi * mean + tau2 * mean * mean)), dtype=np.float64)


def fit_variance(counts: NDArray[np.float64], means: NDArray[np.float64], *, largest_phi: float) -> tuple[float, float]:
    r"""Return phi and tau2 of ``Var = phi mu + tau2 mu^2``, estimated from counts and their forecasts.

    Parameters
    ----------
    counts, means : ndarray, shape (n,)
        Observed counts, and their forecasts (above 0).
    largest_phi : float
        The upper limit of phi, from the variation between months. Without it, the noise of places with few events
        would raise the estimate for places with many events.

    Returns
    -------
    phi : float
        From 1 to `largest_phi`.
    tau2 : float
        Zero or more.

    Notes
    -----
    Non-negative least squares of :math:`(y - \mu)^2/\mu = \phi + \tau^2\mu` with weights
    :math:`(\phi + \tau^2\mu)^{-2}`, in three iterations.
    """
    scaled_squares = (counts - means) ** 2 / means
    phi, tau2 = min(max(float(scaled_squares.mean()), 1.0), largest_phi), 0.0
    for _ in range(_ITERATIONS):
        weight = 1 / (phi + tau2 * means)
        coefficients, _ = nnls(np.column_stack([weight, means * weight]), (scaled_squares - 1) * weight)
        phi, tau2 = 1 + float(coefficients[0]), float(coefficients[1])
        if phi > largest_phi:
            phi = largest_phi
            slope = ((scaled_squares - phi) * means * weight * weight).sum() / (means * means * weight * weight).sum()
            tau2 = max(float(slope), 0.0)
    return phi, tau2
