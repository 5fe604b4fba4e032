"""Forest plot of several operations, measures or rings, with their pooled mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from geoharm.errors import DesignError
from geoharm.model.estimate import Estimate
from geoharm.model.pooled import Forest
from geoharm.stats.random_effects import random_effects_mean


def forest(
    rows: Sequence[tuple[str, Estimate]],
    *,
    covariance: ArrayLike | None = None,
    placebos: ArrayLike | None = None,
    level: float = 0.95,
) -> Forest:
    r"""Return the rows of a forest plot and their pooled mean, with the dependence between the rows.

    Parameters
    ----------
    rows : sequence of (label, Estimate)
        Estimates in the same unit. Undefined estimates are listed as left out, with their note.
    covariance : array_like, shape (k, k), optional
        Covariance of the errors, for example from shared controls.
    placebos : array_like, shape (draws, k), optional
        The same estimates at places without an operation. All estimates of one draw are drawn together (related places,
        same dates). Their correlation is combined with the estimates' own errors. Draws with a missing value are left
        out; at least 30 complete draws are needed.
    level : float
        Confidence level of the pooled interval.

    Returns
    -------
    Forest
        Without `covariance` and `placebos` the estimates are taken as independent, and `note` says so.

    Raises
    ------
    DesignError
        If both `covariance` and `placebos` are given, shapes do not fit, units differ, or a label occurs twice.

    Notes
    -----
    The mean is that of `random_effects_mean`: DerSimonian and Laird's random effects, with the interval of Hartung and
    Knapp. The weights are shares of this mean; with strong dependence a weight may be negative.
    """
    labels = [label for label, _ in rows]
    units = {estimate.unit for _, estimate in rows}
    if len(set(labels)) < len(labels) or len(units) > 1:
        msg = f"The rows of a forest need one unit and different labels; units {sorted(units)}, labels {labels}."
        raise DesignError(msg)
    if covariance is not None and placebos is not None:
        msg = "Give the covariance of the estimates or placebo draws, not both."
        raise DesignError(msg)
    kept = [
        position for position, (_, estimate) in enumerate(rows) if estimate.is_defined and estimate.standard_error > 0
    ]
    left_out = tuple(
        (label, estimate.note or "it has no error")
        for position, (label, estimate) in enumerate(rows)
        if position not in kept
    )
    errors = np.array([rows[position][1].standard_error for position in kept])
    note = "estimates taken as independent; any dependence would widen the interval"
    covariance_table = np.diag(errors**2)
    if covariance is not None:
        covariance_table, note = (
            _checked_covariance(covariance, len(rows))[np.ix_(kept, kept)],
            "dependence from shared controls",
        )
    if placebos is not None and len(kept) > 1:
        correlation, count = _placebo_correlation(placebos, len(rows), kept)
        covariance_table, note = (
            correlation * np.outer(errors, errors),
            f"dependence from {count:,} placebos drawn together",
        )
    if not kept:
        return Forest((), left_out, None, note)
    values = np.array([rows[position][1].value for position in kept])
    pooled = random_effects_mean(values, covariance_table, level=level)
    between = pooled.between_variance if len(kept) > 1 else 0.0
    inverse = np.linalg.inv(covariance_table + between * np.eye(len(kept)))
    weights = inverse.sum(axis=0) / inverse.sum()
    weighted_rows = tuple((*rows[position], float(weight)) for position, weight in zip(kept, weights, strict=True))
    return Forest(weighted_rows, left_out, pooled, note)


def _checked_covariance(covariance: ArrayLike, count: int) -> np.ndarray:
    table = np.asarray(covariance, dtype=np.float64)
    if table.shape != (count, count):
        msg = f"The covariance of {count} rows must have shape ({count}, {count}); {table.shape} was given."
        raise DesignError(msg)
    return table


def _placebo_correlation(placebos: ArrayLike, count: int, kept: Sequence[int]) -> tuple[np.ndarray, int]:
    draws = np.asarray(placebos, dtype=np.float64)
    if draws.ndim != 2 or draws.shape[1] != count:
        msg = f"Placebo draws must have shape (draws, {count}); {draws.shape} was given."
        raise DesignError(msg)
    complete_draws = draws[:, list(kept)]
    complete_draws = complete_draws[np.isfinite(complete_draws).all(axis=1)]
    if complete_draws.shape[0] < 30 or (complete_draws.std(axis=0) == 0).any():
        msg = f"The dependence between rows needs 30 placebo draws that vary; {complete_draws.shape[0]} are complete."
        raise DesignError(msg)
    return np.asarray(np.corrcoef(complete_draws, rowvar=False)), int(complete_draws.shape[0])
