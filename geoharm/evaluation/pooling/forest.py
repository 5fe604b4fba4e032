"""Many operations, measures or rings in one picture, and what they come to together."""

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
    r"""Return the rows of a forest plot and their pooled mean, with what they share respected.

    Parameters
    ----------
    rows : sequence of (label, Estimate)
        Of one unit. Undefined ones are listed as left out, with their note.
    covariance : array_like, shape (k, k), optional
        Of the errors, from shared controls.
    placebos : array_like, shape (draws, k), optional
        The same estimates where nothing was done, all of a row drawn together (same places, same dates): their
        correlation is taken, and the estimates' own errors. Rows with a missing value are left out; at least 30.
    level : float

    Returns
    -------
    Forest
        With neither, estimates count as independent, and `note` says so.

    Raises
    ------
    DesignError
        If both are given, shapes do not fit, units differ, or labels repeat.

    Notes
    -----
    The mean is `stats.pool`'s: random effects by DerSimonian and Laird, careful interval by Hartung and Knapp. Weights
    are shares of that mean; with strong dependence one may be negative.
    """
    labels = [label for label, _ in rows]
    units = {estimate.unit for _, estimate in rows}
    if len(set(labels)) < len(labels) or len(units) > 1:
        msg = f"The rows of a forest need one unit and different labels; units {sorted(units)}, labels {labels}."
        raise DesignError(msg)
    if covariance is not None and placebos is not None:
        msg = "Give the covariance of the estimates or placebo draws, not both."
        raise DesignError(msg)
    kept = [place for place, (_, estimate) in enumerate(rows) if estimate.is_defined and estimate.standard_error > 0]
    left_out = tuple(
        (label, estimate.note or "it has no error") for place, (label, estimate) in enumerate(rows) if place not in kept
    )
    errors = np.array([rows[place][1].standard_error for place in kept])
    note = "estimates taken as independent; what they share would widen the interval"
    table = np.diag(errors**2)
    if covariance is not None:
        table, note = _square(covariance, len(rows))[np.ix_(kept, kept)], "dependence from shared controls"
    if placebos is not None and len(kept) > 1:
        correlation, count = _correlation(placebos, len(rows), kept)
        table, note = correlation * np.outer(errors, errors), f"dependence from {count:,} placebos drawn together"
    if not kept:
        return Forest((), left_out, None, note)
    values = np.array([rows[place][1].value for place in kept])
    pooled = random_effects_mean(values, table, level=level)
    between = pooled.between if len(kept) > 1 else 0.0
    inverse = np.linalg.inv(table + between * np.eye(len(kept)))
    weights = inverse.sum(axis=0) / inverse.sum()
    listed = tuple((*rows[place], float(weight)) for place, weight in zip(kept, weights, strict=True))
    return Forest(listed, left_out, pooled, note)


def _square(covariance: ArrayLike, count: int) -> np.ndarray:
    table = np.asarray(covariance, dtype=np.float64)
    if table.shape != (count, count):
        msg = f"The covariance of {count} rows must have shape ({count}, {count}); {table.shape} was given."
        raise DesignError(msg)
    return table


def _correlation(placebos: ArrayLike, count: int, kept: Sequence[int]) -> tuple[np.ndarray, int]:
    draws = np.asarray(placebos, dtype=np.float64)
    if draws.ndim != 2 or draws.shape[1] != count:
        msg = f"Placebo draws must have shape (draws, {count}); {draws.shape} was given."
        raise DesignError(msg)
    used = draws[:, list(kept)]
    used = used[np.isfinite(used).all(axis=1)]
    if used.shape[0] < 30 or (used.std(axis=0) == 0).any():
        msg = f"The dependence between rows needs 30 placebo draws that vary; {used.shape[0]} are complete."
        raise DesignError(msg)
    return np.asarray(np.corrcoef(used, rowvar=False)), int(used.shape[0])
