"""A scale on which counts that vary by place vary equally, whatever their size."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls

_ANSCOMBE = 0.375
_LEAST_TAU2 = 1e-7
_ROUNDS = 3


def stabilise_variance(counts: ArrayLike, *, phi: float, tau2: float) -> NDArray[np.float64]:
    r"""Return counts on the scale on which their variance is about 1 at every mean.

    Parameters
    ----------
    counts : array_like
        Counts or means; below zero is read as zero.
    phi : float
        Noise of counting, at least 1.
    tau2 : float
        Variance of the log of a place's own change, zero or more.

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
    >>> round(float(stabilise(100, phi=1.0, tau2=0.0)), 3)
    20.037
    """
    tau2 = max(tau2, _LEAST_TAU2)
    held = np.maximum(np.asarray(counts, dtype=np.float64), 0.0) + _ANSCOMBE
    return np.asarray(2 / np.sqrt(tau2) * np.arcsinh(np.sqrt(tau2 * held / phi)), dtype=np.float64)


def unstabilise_variance(values: ArrayLike, *, phi: float, tau2: float) -> NDArray[np.float64]:
    """Return the counts that `stabilise_variance` maps to `values`; values below zero are read as zero.

    Examples
    --------
    >>> round(float(unstabilise(stabilise(100, phi=2.0, tau2=0.05), phi=2.0, tau2=0.05)), 9)
    100.0
    """
    tau2 = max(tau2, _LEAST_TAU2)
    held = np.maximum(np.asarray(values, dtype=np.float64), 0.0)
    return np.asarray(phi / tau2 * np.sinh(np.sqrt(tau2) * held / 2) ** 2 - _ANSCOMBE, dtype=np.float64)


def stabilisation_bias(means: ArrayLike, *, phi: float, tau2: float) -> NDArray[np.float64]:
    r"""Return by how much the mean of `stabilise_variance` differs from `stabilise_variance` of the mean, to second order.

    Notes
    -----
    .. math:: c(\mu) = \tfrac12 g''(\mu) Var\,y
        = -\frac{\phi + 2 \tau^2 \mu}{4 \sqrt{\phi\mu + \tau^2\mu^2}}
    """
    mean = np.asarray(means, dtype=np.float64)
    return np.asarray(-(phi + 2 * tau2 * mean) / (4 * np.sqrt(phi * mean + tau2 * mean * mean)), dtype=np.float64)


def fit_variance(counts: NDArray[np.float64], means: NDArray[np.float64], *, largest_phi: float) -> tuple[float, float]:
    r"""Return phi and tau2 of ``Var = phi mu + tau2 mu^2`` from counts and what was forecast for them.

    Parameters
    ----------
    counts, means : ndarray, shape (n,)
        Observed, and forecast (above 0).
    largest_phi : float
        What the noise of months allows; without it, noise of small places would be carried over to busy ones.

    Returns
    -------
    phi : float
        From 1 to `largest_phi`.
    tau2 : float
        Zero or more.

    Notes
    -----
    Non-negative least squares of :math:`(y - \mu)^2/\mu = \phi + \tau^2\mu` with weights
    :math:`(\phi + \tau^2\mu)^{-2}`, three rounds.
    """
    squares = (counts - means) ** 2 / means
    phi, tau2 = min(max(float(squares.mean()), 1.0), largest_phi), 0.0
    for _ in range(_ROUNDS):
        weight = 1 / (phi + tau2 * means)
        found, _ = nnls(np.column_stack([weight, means * weight]), (squares - 1) * weight)
        phi, tau2 = 1 + float(found[0]), float(found[1])
        if phi > largest_phi:
            phi = largest_phi
            rest = ((squares - phi) * means * weight * weight).sum() / (means * means * weight * weight).sum()
            tau2 = max(float(rest), 0.0)
    return phi, tau2
