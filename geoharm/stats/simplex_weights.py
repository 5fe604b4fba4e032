"""A mixture of series that follows another one as closely as shares can make it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls

from geoharm.errors import DesignError


def simplex_weights(series: ArrayLike, donors: ArrayLike) -> NDArray[np.float64]:
    r"""Return shares of donors whose mixture is nearest to a series in least squares.

    Parameters
    ----------
    series : array_like, shape (t,)
    donors : array_like, shape (n, t)

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
    Minimises :math:`\|A w\|^2` over shares w, with column i of A the i-th donor less the series. The unconstrained
    problem :math:`\min_{v \ge 0} \|A v\|^2 + (1'v - 1)^2` has its answer on the same ray: for v = s w the best s
    depends on :math:`\|A w\|^2` alone and the minimum grows with it. So one non-negative least squares is exact.

    References
    ----------
    Abadie, Diamond and Hainmueller (2010), Synthetic control methods for comparative case studies, Journal of the
    American Statistical Association 105:493-505, https://doi.org/10.1198/jasa.2009.ap08746

    Examples
    --------
    >>> simplex_weights([1.5, 1.5], [[1, 1], [2, 2], [9, 0]]).round(6).tolist()
    [0.5, 0.5, 0.0]
    """
    target, table = np.asarray(series, dtype=np.float64), np.asarray(donors, dtype=np.float64)
    if target.ndim != 1 or table.ndim != 2 or table.shape[1:] != target.shape or not table.size:
        msg = f"Donors must have shape (n, {target.size}), one row a donor; {table.shape} was given."
        raise DesignError(msg)
    if not (np.isfinite(target).all() and np.isfinite(table).all()):
        msg = "A synthetic control needs every month of every series; leave out the months that one of them lacks."
        raise DesignError(msg)
    gaps = (table - target).T
    scale = float(np.abs(gaps).max()) or 1.0
    found, _ = nnls(np.vstack([gaps / scale, np.ones(table.shape[0])]), np.append(np.zeros(target.size), 1.0))
    return np.asarray(found / found.sum(), dtype=np.float64)
