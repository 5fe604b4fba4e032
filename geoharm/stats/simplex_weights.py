"""Synthetic control weights: the weighted mean of donor series that is closest to a series."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls

from geoharm.errors import DesignError

# Weight of the sum of squared weights: it decides only between weights that fit as well as each other.
_EVENNESS = 1e-8


def simplex_weights(series: ArrayLike, donors: ArrayLike) -> NDArray[np.float64]:
    r"""Return weights of donors whose weighted mean is closest to a series in least squares.

    Where many are as close, as with more donors than months, the most even ones are returned: any others would be an
    accident of rounding.

    Parameters
    ----------
    series : array_like, shape (t,)
        The series to be matched.
    donors : array_like, shape (n, t)
        One row for each donor.

    Returns
    -------
    ndarray, shape (n,)
        Zero or more, adding up to 1.

    Raises
    ------
    DesignError
        If the shapes do not fit or a value is missing.

    Notes
    -----
    Minimises :math:`q(w) = \|A w\|^2 + 10^{-8} \|w\|^2` over weights w, with column i of A the i-th donor minus the
    series, over the largest such difference. The problem without a fixed sum, :math:`\min_{v \ge 0} q(v) + (1'v - 1)^2`,
    is solved by a multiple of the same w: for v = s w the best s depends on q(w) alone, and the minimum grows with it. So one
    non-negative least-squares fit is exact.

    References
    ----------
    Abadie, Diamond and Hainmueller (2010), Synthetic control methods for comparative case studies, Journal of the
    American Statistical Association 105:493-505, https://doi.org/10.1198/jasa.2009.ap08746

    Examples
    --------
    >>> simplex_weights([1.5, 1.5], [[1, 1], [2, 2], [9, 0]]).round(6).tolist()
    [0.5, 0.5, 0.0]
    """
    series_values, donor_table = np.asarray(series, dtype=np.float64), np.asarray(donors, dtype=np.float64)
    if (
        series_values.ndim != 1
        or donor_table.ndim != 2
        or donor_table.shape[1:] != series_values.shape
        or not donor_table.size
    ):
        msg = f"Donors must have shape (n, {series_values.size}), one row a donor; {donor_table.shape} was given."
        raise DesignError(msg)
    if not (np.isfinite(series_values).all() and np.isfinite(donor_table).all()):
        msg = "A synthetic control needs every month of every series; leave out the months that one of them lacks."
        raise DesignError(msg)
    differences = (donor_table - series_values).T
    scale = float(np.abs(differences).max()) or 1.0
    donor_count = donor_table.shape[0]
    rows = [differences / scale, np.sqrt(_EVENNESS) * np.eye(donor_count), np.ones(donor_count)]
    weights, _ = nnls(np.vstack(rows), np.append(np.zeros(series_values.size + donor_count), 1.0))
    return np.asarray(weights / weights.sum(), dtype=np.float64)
