"""Regression to the mean: the expected fall of a place that was chosen because its count was high."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geoharm._validation import check_positive, check_vector
from geoharm.errors import DesignError


def noise_share(counts: ArrayLike, *, dispersion: float = 1.0) -> float:
    r"""Return the share of the variance between places that is noise, not a lasting difference.

    Parameters
    ----------
    counts : array_like, shape (n,)
        Of all candidate places, at least 3, in the window in which the place was chosen.
    dispersion : float
        Variance over mean of one place's count.

    Returns
    -------
    float
        0 to 1; NaN if no place has an event.

    Notes
    -----
    The means of the places have mean m and variance :math:`\sigma^2`; counts vary around them with variance
    :math:`\phi m`. By the method of moments, :math:`B = \min(1, \phi \bar y / s^2)`.

    References
    ----------
    Efron and Morris (1973), Journal of the American Statistical Association 68:117-130,
    https://doi.org/10.1080/01621459.1973.10481350; Robbins (1956).

    Examples
    --------
    >>> noise_share([0, 10, 20, 30, 40]), noise_share([9, 11, 10])
    (0.08, 1.0)
    """
    place_counts = check_vector(counts, "counts")
    dispersion = check_positive(dispersion, "dispersion")
    if place_counts.size < 3 or (place_counts < 0).any():
        msg = f"The share of noise needs the counts of at least 3 places, zero or more; {place_counts.size} were given."
        raise DesignError(msg)
    mean, variance = float(place_counts.mean()), float(place_counts.var(ddof=1))
    if mean == 0:
        return float("nan")
    return 1.0 if variance == 0 else min(1.0, dispersion * mean / variance)


def expected_regression(count: float, counts: ArrayLike, *, dispersion: float = 1.0) -> float:
    r"""Return the expected change of a place without any operation, as a share of its count.

    Parameters
    ----------
    count : float
        Of the place, in the window in which it was chosen; above 0.
    counts : array_like, shape (n,)
        Of all candidate places.
    dispersion : float
        Variance over mean of one place's count.

    Returns
    -------
    float
        Negative for a place above the mean: -0.1 is an expected fall of a tenth.

    Notes
    -----
    Empirical Bayes: the expected count of a second window of equal length is :math:`\bar y + (1 - B)(y - \bar y)`, so
    the change is :math:`-B (y - \bar y) / y` with B from `noise_share`. Linear shrinkage: exact for gamma-distributed
    means.

    Examples
    --------
    >>> round(expected_regression(40, [0, 10, 20, 30, 40]), 3)
    -0.04
    """
    count = check_positive(count, "count of the place")
    noise = noise_share(counts, dispersion=dispersion)
    return -noise * (count - float(np.mean(np.asarray(counts, dtype=np.float64)))) / count
