"""Regression of counts, Poisson or as shares of two: the one door to statsmodels."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm.errors import DesignError

_MAX_CELLS = 20_000_000


@dataclass(frozen=True, slots=True)
class CountFit:
    """A log-linear fit of counts.

    Attributes
    ----------
    coefficients : ndarray, shape (k,)
    covariance : ndarray, shape (k, k)
        Scaled by the dispersion, or cluster-robust.
    dispersion : float
        Pearson chi-square over degrees of freedom, at least 1; 1 where no degree of freedom is left.
    deviance : float
        Not scaled.
    """

    coefficients: NDArray[np.float64]
    covariance: NDArray[np.float64]
    dispersion: float
    deviance: float


def poisson_fit(
    counts: ArrayLike, columns: ArrayLike, *, exposure: ArrayLike | None = None, clusters: ArrayLike | None = None
) -> CountFit:
    r"""Fit :math:`E[y_i] = e_i \exp(x_i'\beta)` by maximum likelihood.

    Parameters
    ----------
    counts : array_like, shape (n,)
    columns : array_like, shape (n, k)
        Of full rank; with a constant if one is wanted.
    exposure : array_like, shape (n,), optional
        Above 0; 1 if left out.
    clusters : array_like of int, shape (n,), optional
        Groups whose rows may depend on each other; the covariance is then cluster-robust, with the usual small-sample
        factors, and else that of a quasi-Poisson model.

    Returns
    -------
    CountFit

    Raises
    ------
    DesignError
        If shapes do not fit, columns depend on each other, the table is too large, or no finite maximum exists (a
        column that marks only counts of 0).

    Notes
    -----
    Fitted by `statsmodels`' GLM (iteratively reweighted least squares).

    References
    ----------
    McCullagh and Nelder (1989), Generalized linear models, chapter 6; Cameron and Miller (2015), Journal of Human
    Resources 50:317-372, https://doi.org/10.3368/jhr.50.2.317
    """
    y, table = np.asarray(counts, dtype=np.float64), np.asarray(columns, dtype=np.float64)
    size = np.ones(y.shape) if exposure is None else np.asarray(exposure, dtype=np.float64)
    _check(y, table, size)
    for column in table.T:
        # Where a non-negative column only ever meets counts of 0, its coefficient runs away to minus infinity.
        if (column >= 0).all() and y[column > 0].sum() == 0:
            msg = "A term of the regression has no event at all, so its ratio is zero and has no error; use counts instead."
            raise DesignError(msg)
    groups = None if clusters is None else np.unique(np.asarray(clusters), return_inverse=True)[1]
    return _fit(y, table, exposure=size, groups=groups)


def share_fit(counts: ArrayLike, others: ArrayLike, columns: ArrayLike) -> CountFit:
    r"""Fit :math:`\log\frac{E[y_i]}{E[z_i]} = x_i'\beta` for two series of counts by maximum likelihood.

    Parameters
    ----------
    counts, others : array_like, shape (n,)
        y and z; at least one of the two above 0 in every row.
    columns : array_like, shape (n, k)

    Returns
    -------
    CountFit

    Raises
    ------
    DesignError
        As `poisson_fit`, and if a column marks only rows where one of the two is 0.

    Notes
    -----
    Given the sums y + z, y is binomial: the same coefficients, errors, deviance and dispersion as a Poisson regression
    with an effect for every row, without fitting those.

    Examples
    --------
    >>> found = share_fit([10, 20], [30, 15], [[1, 0], [1, 1]])
    >>> round(float(found.coefficients[1]), 4)
    1.3863
    """
    y, z, table = (np.asarray(values, dtype=np.float64) for values in (counts, others, columns))
    _check(y, table, y + z)
    _check(z, table, y + z)
    for column in table.T:
        if (column >= 0).all() and 0 in (y[column > 0].sum(), z[column > 0].sum()):
            msg = "A term of the regression has no event at all, so its ratio is zero and has no error; use counts instead."
            raise DesignError(msg)
    return _fit(np.column_stack([y, z]), table)


def _check(y: NDArray[np.float64], table: NDArray[np.float64], size: NDArray[np.float64]) -> None:
    if y.ndim != 1 or table.ndim != 2 or table.shape[0] != y.size or size.shape != y.shape:
        msg = f"A regression needs counts (n,), exposure (n,) and columns (n, k); {y.shape}, {size.shape}, {table.shape} were given."
        raise DesignError(msg)
    if table.size > _MAX_CELLS:
        msg = f"A regression of {table.shape[0]:,} rows and {table.shape[1]:,} columns is too large; add up areas that share their dates."
        raise DesignError(msg)
    if not (np.isfinite(y).all() and np.isfinite(table).all() and (y >= 0).all() and (size > 0).all()):
        msg = "A regression needs counts of zero or more, finite columns and an exposure above 0 in every row."
        raise DesignError(msg)
    if np.linalg.matrix_rank(table) < table.shape[1]:
        msg = "The columns of the regression depend on each other: some effects cannot be told apart."
        raise DesignError(msg)


def _fit(
    y: NDArray[np.float64],
    table: NDArray[np.float64],
    *,
    exposure: NDArray[np.float64] | None = None,
    groups: NDArray[np.int64] | None = None,
) -> CountFit:
    # Loading statsmodels takes longer than most studies; only those who fit a regression wait for it.
    from statsmodels.genmod.families import Binomial, Poisson  # noqa: PLC0415
    from statsmodels.genmod.generalized_linear_model import GLM  # noqa: PLC0415

    with warnings.catch_warnings():
        # A fit that leaves no residual is a closed form here, not a mistake; separation is refused above.
        warnings.simplefilter("ignore")
        if exposure is None:
            model = GLM(y, table, family=Binomial())
        else:
            model = GLM(y, table, family=Poisson(), exposure=exposure)
        fitted = model.fit(tol=1e-10, tol_criterion="params", maxiter=200)
        if not fitted.converged:
            msg = "The regression found no finite answer; use longer periods or fewer terms."
            raise DesignError(msg)
        freedom = table.shape[0] - table.shape[1]
        dispersion = max(1.0, float(fitted.pearson_chi2) / freedom) if freedom > 0 else 1.0
        covariance = np.asarray(fitted.cov_params()) * dispersion
        if groups is not None:
            robust = model.fit(
                tol=1e-10, tol_criterion="params", maxiter=200, cov_type="cluster", cov_kwds={"groups": groups}
            )
            covariance = np.asarray(robust.cov_params())
        return CountFit(np.asarray(fitted.params), covariance, dispersion, float(fitted.deviance))
