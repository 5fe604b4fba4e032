"""How far a place falls back by itself because it was picked for being high."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geoharm._validation import check_positive, check_vector
from geoharm.errors import DesignError


def noise_share(counts: ArrayLike, *, dispersion: float = 1.0) -> float:
    r"""Return the share of the spread between places that is noise and not a lasting difference.

    Parameters
    ----------
    counts : array_like, shape (n,)
        Of all places the choice was made from, at least 3, in the window it was made on.
    dispersion : float
        Variance over mean of one place's count.

    Returns
    -------
    float
        0 to 1; NaN where no place has an event.

    Notes
    -----
    Places have means from a distribution with mean m and variance :math:`\sigma^2`; counts vary with :math:`\phi m`
    around them. By moments, :math:`B = \min(1, \phi \bar y / s^2)`.

    References
    ----------
    Efron and Morris (1973), Journal of the American Statistical Association 68:117-130,
    https://doi.org/10.1080/01621459.1973.10481350; Robbins (1956).

    Examples
    --------
    >>> noise_share([0, 10, 20, 30, 40]), noise_share([9, 11, 10])
    (0.08, 1.0)
    """
    table = check_vector(counts, "counts")
    dispersion = check_positive(dispersion, "dispersion")
    if table.size < 3 or (table < 0).any():
        msg = f"The share of noise needs the counts of at least 3 places, zero or more; {table.size} were given."
        raise DesignError(msg)
    mean, variance = float(table.mean()), float(table.var(ddof=1))
    if mean == 0:
        return float("nan")
    return 1.0 if variance == 0 else min(1.0, dispersion * mean / variance)


def expected_regression(count: float, counts: ArrayLike, *, dispersion: float = 1.0) -> float:
    r"""Return the change, as a share of its count, that a place would show with nothing done to it.

    Parameters
    ----------
    count : float
        Of the place, in the window it was picked on; above 0.
    counts : array_like, shape (n,)
        Of all places the choice was made from.
    dispersion : float

    Returns
    -------
    float
        Negative for a place above the mean: -0.1 means that a tenth is lost by itself.

    Notes
    -----
    Empirical Bayes: the expected count of an equal window is :math:`\bar y + (1 - B)(y - \bar y)`, so the change is
    :math:`-B (y - \bar y) / y` with B from `noise_share`. Linear shrinkage: exact for gamma-distributed means.

    Examples
    --------
    >>> round(expected_return(40, [0, 10, 20, 30, 40]), 3)
    -0.04
    """
    count = check_positive(count, "count of the place")
    share = noise_share(counts, dispersion=dispersion)
    return -share * (count - float(np.mean(np.asarray(counts, dtype=np.float64)))) / count
