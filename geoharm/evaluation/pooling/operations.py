"""Pooled effect of several operations of one study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geoharm.errors import DesignError
from geoharm.evaluation.estimators.clustered_ratio import MIN_CLUSTERS, clustered_ratio
from geoharm.evaluation.pooling.carried_ends import carried_mean
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.counts import Change
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS, Design
from geoharm.model.estimate import Estimate
from geoharm.model.pooled import Forest
from geoharm.stats.random_effects import random_effects_mean

# Operations of one city share what happens to the whole city and to neighbourhoods. Chosen in simulated cities with 2 to 16
# operations and 1 to 3 measures (docs/calibration.md).
CORRELATION = 0.05
NAME = "mean log rate ratio of the operations"


def pool_operations(operations: Sequence[tuple[Design, MeasureResult]]) -> tuple[tuple[str, Forest], ...]:
    """Return the primary measure's forest over all operations, for target, all rings, and both together.

    Parameters
    ----------
    operations : sequence of (Design, MeasureResult)
        At least two operations, each with its result for the primary measure.

    Returns
    -------
    tuple of (zone, Forest)

    Notes
    -----
    The calibrated ratios of the operations are pooled. An operation without one is left out, with the reason. All
    operations of the study file are pooled, whatever their results. With ten operations or more, `clustered_ratio` of
    their counts is given as a robustness check.
    """
    forests = []
    for zone in ("target", ALL_RINGS, TARGET_AND_RINGS):
        rows, changes = [], []
        for design, result in operations:
            effects = [effect for effect in result.effects if effect.zone == zone]
            rows += [(design.operation.name, effect.ratio) for effect in effects]
            changes += [
                (
                    Change(zone, effect.before, effect.after),
                    Change("control", effect.control_before, effect.control_after),
                )
                for effect in effects
            ]
        if len(rows) < len(operations):
            continue
        pooled = pool_effects(rows)
        if len(operations) >= MIN_CLUSTERS:
            pooled = replace(pooled, clustered=clustered_ratio(changes))
        forests.append((zone, pooled))
    return tuple(forests)


def operations_correlation(count: int) -> NDArray[np.float64]:
    """Return the correlation that the errors of operations are taken to have, shape (count, count)."""
    return np.full((count, count), CORRELATION) + (1 - CORRELATION) * np.eye(count)


def pool_effects(rows: Sequence[tuple[str, Estimate]]) -> Forest:
    r"""Return a forest with one row per operation, and their mean.

    Parameters
    ----------
    rows : sequence of (label, Estimate)
        Log rate ratios. Those that are undefined are listed as left out, with their note.

    Returns
    -------
    Forest
        Without a mean if fewer than two rows are defined.

    Raises
    ------
    DesignError
        If units differ, or a label occurs twice.

    Notes
    -----
    What is estimated is the mean of the true effects of these operations, all with the same weight: which operation has
    many events should not decide what "on average" means. Its interval carries over the ends of the operations' own
    intervals (`carried_mean`), with one small correlation of their errors. How far the true effects differ, and the
    range for a next operation, come from `random_effects_mean` with the same correlation.
    """
    labels = [label for label, _ in rows]
    units = {estimate.unit for _, estimate in rows}
    if len(set(labels)) < len(labels) or len(units) > 1:
        msg = f"The rows of a forest need one unit and different labels; units {sorted(units)}, labels {labels}."
        raise DesignError(msg)
    kept = [(label, estimate) for label, estimate in rows if estimate.is_defined and estimate.standard_error > 0]
    left_out = tuple(
        (label, estimate.note or "it has no error") for label, estimate in rows if (label, estimate) not in kept
    )
    weighted = tuple((label, estimate, 1 / len(kept)) for label, estimate in kept)
    if len(kept) < 2:
        return Forest(weighted, left_out, None, "fewer than two operations have an answer, so nothing is pooled")
    estimates = [estimate for _, estimate in kept]
    correlation = operations_correlation(len(kept))
    errors = np.array([estimate.standard_error for estimate in estimates])
    return Forest(
        weighted,
        left_out,
        carried_mean(estimates, correlation, name=NAME),
        f"the operations' errors are taken to correlate by {CORRELATION:g}",
        random_effects_mean([estimate.value for estimate in estimates], correlation * np.outer(errors, errors)),
    )
