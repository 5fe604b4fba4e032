"""Kernel functions: how the mass of an event is spread over the area around it.

Silverman (1986), Density Estimation for Statistics and Data Analysis, section 4.2 (ISBN 978-0-412-24620-3).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm._validation import check_positive, nearest_hint
from geoharm.errors import DesignError
from geoharm.model.kernel_choices import KERNELS

# Kernels of the form (1 - d2/h2)^power inside the search radius.
POWERS = {"uniform": 0, "epanechnikov": 1, "quartic": 2, "triweight": 3}

# A Gaussian is cut off at this many standard deviations, where it is 2e-11 of its peak.
GAUSSIAN_CUT = 7.0

# Roughness (integral of the squared kernel) and variance along one axis, at bandwidth 1.
_ROUGHNESS = {name: (power + 1) ** 2 / ((2 * power + 1) * math.pi) for name, power in POWERS.items()} | {
    "triangular": 3 / (2 * math.pi),
    "gaussian": 1 / (4 * math.pi),
}
_VARIANCE = {name: 1 / (2 * (power + 2)) for name, power in POWERS.items()} | {"triangular": 3 / 20, "gaussian": 1.0}


def check_kernel(kernel: str) -> str:
    """Return the name of a kernel, if it is known.

    Raises
    ------
    DesignError
        If the kernel is not known.
    """
    if kernel not in KERNELS:
        msg = f'The kernel "{kernel}" is not known; {nearest_hint(kernel, KERNELS)}'
        raise DesignError(msg)
    return kernel


def kernel_reach(kernel: str, bandwidth: float) -> float:
    """Return the distance in metres beyond which a kernel is 0; the Gaussian is cut off there."""
    return bandwidth * GAUSSIAN_CUT if check_kernel(kernel) == "gaussian" else bandwidth


def kernel_value(distance: ArrayLike, *, kernel: str, bandwidth: float) -> NDArray[np.float64]:
    r"""Return the value of a kernel, whose integral over the plane is 1.

    Parameters
    ----------
    distance : array_like
        Metres from the event, any shape.
    kernel : str
        quartic, epanechnikov, triweight, triangular, uniform or gaussian.
    bandwidth : float
        Metres: the search radius, beyond which the kernel is 0, or the standard deviation of the Gaussian.

    Returns
    -------
    ndarray
        Per square metre; has the shape of `distance`.

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


def equivalent_bandwidth(bandwidth: float, *, kernel: str, to_kernel: str) -> float:
    """Return the equivalent bandwidth of another kernel, with the same degree of smoothing.

    Both kernels then have the same balance of bias and variance. The ratio of the bandwidths is that of
    ``(R / v**2) ** (1/6)``, with R the roughness and v the variance along one axis (Marron and Nolan 1988, Canonical
    kernels for density estimation, Statistics & Probability Letters 7, 195-199).

    Examples
    --------
    >>> round(equivalent_bandwidth(100.0, kernel="gaussian", to_kernel="quartic"), 1)
    277.9
    """
    canonical = {name: (_ROUGHNESS[name] / _VARIANCE[name] ** 2) ** (1 / 6) for name in (kernel, to_kernel)}
    return float(bandwidth * canonical[to_kernel] / canonical[kernel])
