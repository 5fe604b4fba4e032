"""Kernels: how an event's one unit of mass is spread over the ground around it.

Silverman (1986), Density Estimation for Statistics and Data Analysis, section 4.2 (ISBN 978-0-412-24620-3).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm._validation import check_positive, nearest_hint
from geoharm.errors import DesignError
from geoharm.model.grid import KERNELS

# Kernels of the form (1 - d2/h2)^power inside the search radius.
POWERS = {"uniform": 0, "epanechnikov": 1, "quartic": 2, "triweight": 3}

# A Gaussian is cut where it has fallen to 2e-11 of its peak.
GAUSSIAN_CUT = 7.0

# Roughness (integral of the squared kernel) and variance along one axis, at bandwidth 1.
_ROUGHNESS = {name: (power + 1) ** 2 / ((2 * power + 1) * math.pi) for name, power in POWERS.items()} | {
    "triangular": 3 / (2 * math.pi),
    "gaussian": 1 / (4 * math.pi),
}
_VARIANCE = {name: 1 / (2 * (power + 2)) for name, power in POWERS.items()} | {"triangular": 3 / 20, "gaussian": 1.0}


def check_kernel(kernel: str) -> str:
    """Return the name of a kernel if it is known.

    Raises
    ------
    DesignError
        Otherwise.
    """
    if kernel not in KERNELS:
        msg = f'The kernel "{kernel}" is not known; {nearest_hint(kernel, KERNELS)}'
        raise DesignError(msg)
    return kernel


def kernel_reach(kernel: str, bandwidth: float) -> float:
    """Return the distance in metres from which a kernel is 0 (the Gaussian: is taken as 0)."""
    return bandwidth * GAUSSIAN_CUT if check_kernel(kernel) == "gaussian" else bandwidth


def kernel_value(distance: ArrayLike, *, kernel: str, bandwidth: float) -> NDArray[np.float64]:
    r"""Return a kernel, which integrates to 1 over the plane.

    Parameters
    ----------
    distance : array_like
        Metres from the event, any shape.
    kernel : str
        quartic, epanechnikov, triweight, triangular, uniform or gaussian.
    bandwidth : float
        Metres: the search radius, from which on the kernel is 0; for the Gaussian its standard deviation.

    Returns
    -------
    ndarray
        Per square metre, the shape of `distance`.

    Raises
    ------
    DesignError
        If the kernel is not known or the bandwidth is not above 0.

    Notes
    -----
    With :math:`u = d/h`, inside the search radius :math:`u < 1`:

    .. math:: \frac{p+1}{\pi h^2}(1 - u^2)^p, \qquad \frac{3}{\pi h^2}(1 - u), \qquad
       \frac{1}{2 \pi h^2} e^{-u^2/2} \text{ everywhere}

    for the uniform, Epanechnikov, quartic and triweight kernel (p = 0, 1, 2, 3), the triangular, and the Gaussian.

    Examples
    --------
    >>> round(float(kernel_value(0.0, kernel="quartic", bandwidth=100.0) * np.pi * 100.0**2), 9)
    3.0
    """
    check_kernel(kernel)
    u = np.asarray(distance, dtype=np.float64) / check_positive(bandwidth, "bandwidth")
    area = math.pi * bandwidth**2
    if kernel == "gaussian":
        return np.asarray(np.exp(-(u**2) / 2) / (2 * area))
    if kernel == "triangular":
        return np.asarray(3 / area * np.maximum(0.0, 1 - u))
    power = POWERS[kernel]
    return np.asarray((power + 1) / area * np.where(u < 1, (1 - np.minimum(u, 1.0) ** 2) ** power, 0.0))


def equivalent_bandwidth(bandwidth: float, *, kernel: str, to: str) -> float:
    """Return the bandwidth with which another kernel smooths as much.

    Both have the same balance of bias and variance: the ratio is that of ``(R / v**2) ** (1/6)``, with R the
    roughness and v the variance along one axis (Marron and Nolan 1988, Canonical kernels for density estimation,
    Statistics & Probability Letters 7, 195-199).

    Examples
    --------
    >>> round(same_smoothing(100.0, kernel="gaussian", to="quartic"), 1)
    277.9
    """
    canonical = {name: (_ROUGHNESS[name] / _VARIANCE[name] ** 2) ** (1 / 6) for name in (kernel, to)}
    return float(bandwidth * canonical[to] / canonical[kernel])
