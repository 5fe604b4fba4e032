"""Regression of counts: Poisson regression, and binomial regression of the shares of two series."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, xlogy

from geoharm.errors import DesignError

_MAX_CELLS = 20_000_000
_NO_SOLUTION = "The regression found no finite solution; use longer periods or fewer terms."
_MAX_ITERATIONS, _MAX_HALVINGS, _TOLERANCE = 60, 30, 1e-10


@dataclass(frozen=True, slots=True)
class CountFit:
    """Result of a log-linear regression of counts.

    Attributes
    ----------
    coefficients : ndarray, shape (k,)
    covariance : ndarray, shape (k, k)
        Of the coefficients; scaled by the dispersion, or cluster-robust.
    dispersion : float
        Pearson chi-square over degrees of freedom, at least 1; 1 if no degree of freedom is left.
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
        Events of each row, zero or more.
    columns : array_like, shape (n, k)
        The design matrix, of full rank. A constant is included only if it is one of the columns.
    exposure : array_like, shape (n,), optional
        Above 0; 1 if left out.
    clusters : array_like of int, shape (n,), optional
        Group of each row; rows of one group may depend on each other. The covariance is then cluster-robust, with the
        usual small-sample factors. Without groups it is that of a quasi-Poisson model.

    Returns
    -------
    CountFit

    Raises
    ------
    DesignError
        If shapes do not fit, columns are linearly dependent, the table is too large, or no finite maximum exists
        (because a column marks only counts of 0).

    Notes
    -----
    Fitted by `statsmodels`' GLM (iteratively reweighted least squares).

    References
    ----------
    McCullagh and Nelder (1989), Generalized linear models, chapter 6; Cameron and Miller (2015), Journal of Human
    Resources 50:317-372, https://doi.org/10.3368/jhr.50.2.317
    """
    y, design_matrix = np.asarray(counts, dtype=np.float64), np.asarray(columns, dtype=np.float64)
    exposures = np.ones(y.shape) if exposure is None else np.asarray(exposure, dtype=np.float64)
    _check_shapes(y, design_matrix, exposures)
    _check_events(y, design_matrix)
    groups = None if clusters is None else np.unique(np.asarray(clusters), return_inverse=True)[1]
    return _fit_by_glm(y, design_matrix, exposure=exposures, groups=groups)


def share_fit(counts: ArrayLike, second_counts: ArrayLike, columns: ArrayLike) -> CountFit:
    r"""Fit :math:`\log\frac{E[y_i]}{E[z_i]} = x_i'\beta` for two series of counts by maximum likelihood.

    Parameters
    ----------
    counts, second_counts : array_like, shape (n,)
        y and z; at least one of the two above 0 in every row.
    columns : array_like, shape (n, k)

    Returns
    -------
    CountFit

    Raises
    ------
    DesignError
        As `poisson_fit`, and if a column marks only rows where one of the two counts is 0.

    Notes
    -----
    Given the sums y + z, y is binomial. The coefficients, standard errors, deviance and dispersion are those of a
    Poisson regression with one effect for every row, but these effects need not be fitted. Fitted by Newton's method;
    steps that make the fit worse are halved.

    Examples
    --------
    >>> fit = share_fit([10, 20], [30, 15], [[1, 0], [1, 1]])
    >>> round(float(fit.coefficients[1]), 4)
    1.3863
    """
    y, z, x = (np.asarray(values, dtype=np.float64) for values in (counts, second_counts, columns))
    for series in (y, z):
        _check_shapes(series, x, y + z)
        _check_events(series, x)
    return _fit_share(y, y + z, x)


def _check_shapes(y: NDArray[np.float64], design_matrix: NDArray[np.float64], exposures: NDArray[np.float64]) -> None:
    if y.ndim != 1 or design_matrix.ndim != 2 or design_matrix.shape[0] != y.size or exposures.shape != y.shape:
        msg = f"A regression needs counts (n,), exposure (n,) and columns (n, k); {y.shape}, {exposures.shape}, {design_matrix.shape} were given."
        raise DesignError(msg)
    if design_matrix.size > _MAX_CELLS:
        msg = f"A regression of {design_matrix.shape[0]:,} rows and {design_matrix.shape[1]:,} columns is too large; add up areas that share their dates."
        raise DesignError(msg)
    if not (np.isfinite(y).all() and np.isfinite(design_matrix).all() and (y >= 0).all() and (exposures > 0).all()):
        msg = "A regression needs counts of zero or more, finite columns and an exposure above 0 in every row."
        raise DesignError(msg)
    if np.linalg.matrix_rank(design_matrix) < design_matrix.shape[1]:
        msg = "The columns of the regression depend on each other: some effects cannot be told apart."
        raise DesignError(msg)


def _check_events(y: NDArray[np.float64], x: NDArray[np.float64]) -> None:
    """Raise an error if a non-negative column of the matrix `x`, shape (n, k), is above 0 only where counts are 0.

    Its coefficient would be minus infinity.
    """
    if ((x >= 0).all(axis=0) & (y @ (x > 0) == 0)).any():
        msg = "A term of the regression has no event at all, so its ratio is zero and has no error; use counts instead."
        raise DesignError(msg)


def _fit_share(y: NDArray[np.float64], sums: NDArray[np.float64], x: NDArray[np.float64]) -> CountFit:
    """Return the fit of the design matrix `x`, shape (n, k), by Newton's method with halved steps."""

    def deviance_of(share: NDArray[np.float64]) -> float:
        mean = sums * share
        terms = xlogy(y, y) - xlogy(y, mean) + xlogy(sums - y, sums - y) - xlogy(sums - y, sums - mean)
        return float(2 * terms.sum())

    def step_of(weight: NDArray[np.float64], residual: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.linalg.solve((x.T * weight) @ x, x.T @ residual))

    weight = (y + 0.5) * (sums - y + 0.5) / (sums + 1)
    try:
        coefficients = step_of(weight, weight * np.log((y + 0.5) / (sums - y + 0.5)))
        share = expit(x @ coefficients)
        deviance = deviance_of(share)
        for _ in range(_MAX_ITERATIONS):
            step = step_of(sums * share * (1 - share), y - sums * share)
            for _ in range(_MAX_HALVINGS):
                share = expit(x @ (coefficients + step))
                new_deviance = deviance_of(share)
                if new_deviance <= deviance + _TOLERANCE * (1 + deviance):
                    break
                step /= 2
            coefficients, deviance = coefficients + step, new_deviance
            if np.abs(step).max() <= _TOLERANCE * (1 + np.abs(coefficients).max()):
                break
        else:
            raise DesignError(_NO_SOLUTION)
        variance = sums * share * (1 - share)
        if not (variance > 0).all():
            # A fitted share of 0 or 1: a coefficient is infinite and has no standard error.
            raise DesignError(_NO_SOLUTION)
        inverse = np.linalg.inv((x.T * variance) @ x)
    except np.linalg.LinAlgError as error:
        raise DesignError(_NO_SOLUTION) from error
    degrees_of_freedom = x.shape[0] - x.shape[1]
    pearson = ((y - sums * share) ** 2 / variance).sum()
    dispersion = max(1.0, float(pearson) / degrees_of_freedom) if degrees_of_freedom > 0 else 1.0
    return CountFit(coefficients, inverse * dispersion, dispersion, deviance)


def _fit_by_glm(
    y: NDArray[np.float64],
    design_matrix: NDArray[np.float64],
    *,
    exposure: NDArray[np.float64],
    groups: NDArray[np.int64] | None,
) -> CountFit:
    # statsmodels takes long to import, so it is imported only where a regression is fitted.
    from statsmodels.genmod.families import Poisson  # noqa: PLC0415
    from statsmodels.genmod.generalized_linear_model import GLM  # noqa: PLC0415

    settings: dict[str, object] = {"tol": 1e-10, "tol_criterion": "params", "maxiter": 200}
    with warnings.catch_warnings():
        # Here a fit without residuals is valid, not a mistake; perfect separation was refused before.
        warnings.simplefilter("ignore")
        model = GLM(y, design_matrix, family=Poisson(), exposure=exposure)
        try:
            fitted = model.fit(**settings)
            covariance = np.asarray(fitted.cov_params())
            if groups is not None:
                robust = model.fit(**settings, cov_type="cluster", cov_kwds={"groups": groups})
        except (ValueError, np.linalg.LinAlgError) as error:
            # A coefficient runs off to infinity: months without an event that the columns fit exactly.
            raise DesignError(_NO_SOLUTION) from error
    degrees_of_freedom = design_matrix.shape[0] - design_matrix.shape[1]
    dispersion = max(1.0, float(fitted.pearson_chi2) / degrees_of_freedom) if degrees_of_freedom > 0 else 1.0
    covariance = covariance * dispersion if groups is None else np.asarray(robust.cov_params())
    coefficients = np.asarray(fitted.params)
    if not (fitted.converged and np.isfinite(coefficients).all() and np.isfinite(covariance).all()):
        raise DesignError(_NO_SOLUTION)
    return CountFit(coefficients, covariance, dispersion, float(fitted.deviance))
