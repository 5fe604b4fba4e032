"""Pooled effect of several operations of one study, with the dependence learned at places without operations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geoharm.errors import DesignError
from geoharm.evaluation.design.control_candidates import ControlCandidates, SquareGrid
from geoharm.evaluation.estimators.clustered_ratio import MIN_CLUSTERS, clustered_ratio
from geoharm.evaluation.pooling.forest import forest
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.counts import Change
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS, Design
from geoharm.model.estimate import Estimate
from geoharm.model.geometry import ZoneRole
from geoharm.model.period import Window
from geoharm.model.points import days_in_window
from geoharm.model.pooled import Forest

MIN_DRAWS = 30
_RANDOM_DRAWS = 999
_CONTINUITY = 0.5


def pool_operations(
    operations: Sequence[tuple[Design, MeasureResult]], tiles: SquareGrid, candidates: ControlCandidates, *, seed: int
) -> tuple[tuple[str, Forest], ...]:
    """Return the primary measure's forest over all operations, for target, all rings, and both together.

    Parameters
    ----------
    operations : sequence of (Design, MeasureResult)
        At least two operations, each with its result for the primary measure.
    tiles, candidates : SquareGrid, ControlCandidates
        Squares that no operation touched, with the primary measure's counts. `joint_placebo_draws` draws from them.
    seed : int
        Random seed of the draws.

    Returns
    -------
    tuple of (zone, Forest)

    Notes
    -----
    The calibrated ratios of the operations are pooled. An operation without one is left out, with the reason. All
    operations of the study file are pooled, whatever their results. With ten operations or more, `clustered_ratio` of
    their counts is given as a robustness check.
    """
    draws = joint_placebo_draws([design for design, _ in operations], tiles, candidates, seed=seed)
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
        pooled = pool_effects(rows, draws)
        if len(operations) >= MIN_CLUSTERS:
            pooled = replace(pooled, clustered=clustered_ratio(changes))
        forests.append((zone, pooled))
    return tuple(forests)


def pool_effects(rows: Sequence[tuple[str, Estimate]], draws: NDArray[np.float64]) -> Forest:
    """Return a forest with one row per operation; the dependence comes from the joint draws if there are enough."""
    try:
        pooled = forest(rows, placebos=draws if draws.shape[0] >= MIN_DRAWS else None)
    except DesignError:
        pooled = forest(rows)
    if len(pooled.rows) < 2:
        return replace(pooled, pooled=None, note="fewer than two operations have an answer, so nothing is pooled")
    return pooled


def joint_placebo_draws(
    designs: Sequence[Design], tiles: SquareGrid, candidates: ControlCandidates, *, seed: int
) -> NDArray[np.float64]:
    """Return joint draws of the operations' log ratios at places without an operation.

    Parameters
    ----------
    designs : sequence of Design
    tiles, candidates : SquareGrid, ControlCandidates
        Squares that no operation touched, with the measure's counts.
    seed : int
        Random seed of the draws.

    Returns
    -------
    ndarray, shape (draws, len(designs))
        Log ratios at squares with the same relative positions as the targets, each over its own operation's windows. If
        fewer than 30 such sets of squares fit, squares are drawn at random; the draws then contain only the dependence
        that is common to the whole city. The random draws leave out squares with few events, because their noise would
        hide the dependence.
    """
    table = np.array([_square_log_ratios(candidates, design) for design in designs]).T
    events = candidates.counts.counts.sum(axis=1)
    is_busy = events >= np.quantile(events, 2 / 3) if events.size else np.zeros(0, dtype=np.bool_)
    centroids = [design.of_role(ZoneRole.TARGET)[0].geometry.centroid for design in designs]
    offsets = [
        (round((point.y - centroids[0].y) / tiles.side), round((point.x - centroids[0].x) / tiles.side))
        for point in centroids
    ]
    square_at = {
        cell: square for square, cell in enumerate(zip(tiles.row.tolist(), tiles.column.tolist(), strict=True))
    }
    rows = []
    for row, column in square_at:
        squares = [
            square_at.get((row + row_offset, column + column_offset), -1) for row_offset, column_offset in offsets
        ]
        if min(squares) >= 0 and len(set(squares)) == len(squares):
            rows.append([table[square, operation] for operation, square in enumerate(squares)])
    if len(rows) >= MIN_DRAWS:
        return np.array(rows)
    busy_squares = np.flatnonzero(is_busy)
    if busy_squares.size < max(MIN_DRAWS, len(designs)):
        return np.empty((0, len(designs)))
    rng = np.random.default_rng(seed)
    picks = np.array([rng.choice(busy_squares, len(designs), replace=False) for _ in range(_RANDOM_DRAWS)])
    return np.asarray(table[picks, np.arange(len(designs))])


def _square_log_ratios(candidates: ControlCandidates, design: Design) -> NDArray[np.float64]:
    """Return the log ratio of every square over an operation's windows, relative to all squares together."""
    before, after = (_window_counts(candidates, window) for window in (design.before, design.after))
    overall = math.log((after.sum() + _CONTINUITY) / (before.sum() + _CONTINUITY))
    return np.asarray(np.log((after + _CONTINUITY) / (before + _CONTINUITY)) - overall)


def _window_counts(candidates: ControlCandidates, window: Window) -> NDArray[np.int64]:
    in_window = days_in_window(candidates.counts.dates, window)
    return np.asarray(candidates.counts.counts[:, in_window].sum(axis=1))
