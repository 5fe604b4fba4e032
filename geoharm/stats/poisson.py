"""Regression of counts: Poisson (the one door to statsmodels), or as shares of two series."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, xlogy

from geoharm.errors import DesignError

_MAX_CELLS = 20_000_000
_NO_ANSWER = "The regression found no finite answer; use longer periods or fewer terms."
_ROUNDS, _HALVINGS, _CLOSE = 60, 30, 1e-10


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
    _check_events(y, table[None])
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
    with an effect for every row, without fitting those. Newton's method, halving steps that make the fit worse.

    Examples
    --------
    >>> found = share_fit([10, 20], [30, 15], [[1, 0], [1, 1]])
    >>> round(float(found.coefficients[1]), 4)
    1.3863
    """
    return share_fits(counts, others, np.asarray(columns, dtype=np.float64)[None])[0]


def share_fits(counts: ArrayLike, others: ArrayLike, tables: ArrayLike) -> tuple[CountFit, ...]:
    """Return `share_fit` of the same two series on every one of several tables of columns, shape (m, n, k), in order.

    All are fitted at once, which takes a thirtieth of the time of one after the other.
    """
    y, z, x = (np.asarray(values, dtype=np.float64) for values in (counts, others, tables))
    for table in x:
        _check(y, table, y + z)
    _check(z, x[0], y + z)
    for series in (y, z):
        _check_events(series, x)
    return _fit_shares(y, y + z, x)


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


def _check_events(y: NDArray[np.float64], x: NDArray[np.float64]) -> None:
    """Refuse tables, shape (m, n, k), with a non-negative column that only ever meets counts of 0.

    Its coefficient runs away to minus infinity.
    """
    if ((x >= 0).all(axis=1) & (np.einsum("i,mij->mj", y, x > 0) == 0)).any():
        msg = "A term of the regression has no event at all, so its ratio is zero and has no error; use counts instead."
        raise DesignError(msg)


def _fit_shares(y: NDArray[np.float64], size: NDArray[np.float64], x: NDArray[np.float64]) -> tuple[CountFit, ...]:
    """Return the fits of tables x, shape (m, n, k); a step that makes one fit worse is halved for that one."""

    def share_of(coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(expit(np.einsum("mij,mj->mi", x, coefficients)))

    def deviance_of(share: NDArray[np.float64]) -> NDArray[np.float64]:
        mean = size * share
        own = xlogy(y, y) - xlogy(y, mean) + xlogy(size - y, size - y) - xlogy(size - y, size - mean)
        return np.asarray(2 * own.sum(axis=1))

    def information_of(weight: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.einsum("mij,mi,mik->mjk", x, weight, x))

    def step_of(weight: NDArray[np.float64], gap: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.linalg.solve(information_of(weight), np.einsum("mij,mi->mj", x, gap)[..., None])[..., 0]

    weight = np.broadcast_to((y + 0.5) * (size - y + 0.5) / (size + 1), x.shape[:2])
    try:
        found = step_of(weight, weight * np.log((y + 0.5) / (size - y + 0.5)))
        share = share_of(found)
        deviance = deviance_of(share)
        for _ in range(_ROUNDS):
            step = step_of(size * share * (1 - share), y - size * share)
            for _ in range(_HALVINGS):
                share = share_of(found + step)
                lower = deviance_of(share)
                worse = ~(lower <= deviance + _CLOSE * (1 + deviance))
                if not worse.any():
                    break
                step[worse] /= 2
            found, deviance = found + step, lower
            if (np.abs(step).max(axis=1) <= _CLOSE * (1 + np.abs(found).max(axis=1))).all():
                break
        else:
            raise DesignError(_NO_ANSWER)
        variance = size * share * (1 - share)
        if not (variance > 0).all():
            # A fitted share of 0 or 1: a coefficient has run away, and has no error.
            raise DesignError(_NO_ANSWER)
        inverse = np.linalg.inv(information_of(variance))
    except np.linalg.LinAlgError as error:
        raise DesignError(_NO_ANSWER) from error
    freedom = x.shape[1] - x.shape[2]
    pearson = ((y - size * share) ** 2 / variance).sum(axis=1)
    dispersion = np.maximum(1.0, pearson / freedom) if freedom > 0 else np.ones(len(x))
    return tuple(
        CountFit(found[m], inverse[m] * dispersion[m], float(dispersion[m]), float(deviance[m])) for m in range(len(x))
    )


def _fit(
    y: NDArray[np.float64],
    table: NDArray[np.float64],
    *,
    exposure: NDArray[np.float64],
    groups: NDArray[np.int64] | None,
) -> CountFit:
    # Loading statsmodels takes longer than most studies; only those who fit a regression wait for it.
    from statsmodels.genmod.families import Poisson  # noqa: PLC0415
    from statsmodels.genmod.generalized_linear_model import GLM  # noqa: PLC0415

    with warnings.catch_warnings():
        # A fit that leaves no residual is a closed form here, not a mistake; separation is refused above.
        warnings.simplefilter("ignore")
        model = GLM(y, table, family=Poisson(), exposure=exposure)
        fitted = model.fit(tol=1e-10, tol_criterion="params", maxiter=200)
        if not fitted.converged:
            raise DesignError(_NO_ANSWER)
        freedom = table.shape[0] - table.shape[1]
        dispersion = max(1.0, float(fitted.pearson_chi2) / freedom) if freedom > 0 else 1.0
        covariance = np.asarray(fitted.cov_params()) * dispersion
        if groups is not None:
            robust = model.fit(
                tol=1e-10, tol_criterion="params", maxiter=200, cov_type="cluster", cov_kwds={"groups": groups}
            )
            covariance = np.asarray(robust.cov_params())
        return CountFit(np.asarray(fitted.params), covariance, dispersion, float(fitted.deviance))
