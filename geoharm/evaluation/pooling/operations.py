"""Several operations of one study as one: their own answers, pooled with the dependence seen where nothing was done."""

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
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS, Design
from geoharm.model.estimate import Estimate
from geoharm.model.geometry import ZoneRole
from geoharm.model.period import Window
from geoharm.model.pooled import Forest

MIN_DRAWS = 30
_DRAWS = 999
_HALF = 0.5


def pool_operations(
    operations: Sequence[tuple[Design, MeasureResult]], tiles: SquareGrid, candidates: ControlCandidates, *, seed: int
) -> tuple[tuple[str, Forest], ...]:
    """Return a forest for the target, all rings, and both together: the primary measure over all operations.

    Parameters
    ----------
    operations : sequence of (Design, MeasureResult)
        At least two, each with its result for the primary measure.
    tiles, candidates : Tiles, ControlCandidates
        Squares that no operation touched, with the primary measure's counts: `joint_placebo_draws` are drawn from them.
    seed : int

    Notes
    -----
    Every operation brings its own calibrated ratio; one without is left out with its reason. The question is that of the
    study file, so all operations in it are pooled, whatever they found. From ten operations on, `clustered_ratio` of
    their counts stands beside the mean.
    """
    draws = joint_placebo_draws([design for design, _ in operations], tiles, candidates, seed=seed)
    found = []
    for zone in ("target", ALL_RINGS, TARGET_AND_RINGS):
        rows, changes = [], []
        for design, result in operations:
            effects = [effect for effect in result.effects if effect.zone == zone]
            rows += [(design.operation.name, effect.ratio) for effect in effects]
            changes += [(effect.counts, effect.control) for effect in effects]
        if len(rows) < len(operations):
            continue
        pooled = pool_effects(rows, draws)
        if len(operations) >= MIN_CLUSTERS:
            pooled = replace(pooled, clustered=clustered_ratio(changes))
        found.append((zone, pooled))
    return tuple(found)


def pool_effects(rows: Sequence[tuple[str, Estimate]], draws: NDArray[np.float64]) -> Forest:
    """Return a forest of one row an operation, with the dependence of joint draws where there are enough of them."""
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
    """Return what several operations would have shown where nothing was done, drawn together.

    Parameters
    ----------
    designs : sequence of Design
    tiles, candidates : Tiles, ControlCandidates
    seed : int

    Returns
    -------
    ndarray, shape (draws, len(designs))
        Log ratios at squares that lie to each other as the targets do, each over its own operation's windows. Where
        fewer than 30 such constellations fit, squares drawn at random: then only what moves the whole city alike is in
        it. Squares with few events are left out, since their noise would hide the dependence.
    """
    table = np.array([_log_ratios(candidates, design) for design in designs]).T
    events = candidates.counts.counts.sum(axis=1)
    busy = events >= np.quantile(events, 2 / 3) if events.size else np.zeros(0, dtype=np.bool_)
    middles = [design.of_role(ZoneRole.TARGET)[0].geometry.centroid for design in designs]
    steps = [
        (round((point.y - middles[0].y) / tiles.side), round((point.x - middles[0].x) / tiles.side))
        for point in middles
    ]
    place = {key: at for at, key in enumerate(zip(tiles.row.tolist(), tiles.column.tolist(), strict=True))}
    rows = []
    for row, column in place:
        at = [place.get((row + up, column + along), -1) for up, along in steps]
        if min(at) >= 0 and len(set(at)) == len(at):
            rows.append([table[one, number] for number, one in enumerate(at)])
    if len(rows) >= MIN_DRAWS:
        return np.array(rows)
    kept = np.flatnonzero(busy)
    if kept.size < max(MIN_DRAWS, len(designs)):
        return np.empty((0, len(designs)))
    rng = np.random.default_rng(seed)
    picks = np.array([rng.choice(kept, len(designs), replace=False) for _ in range(_DRAWS)])
    return np.asarray(table[picks, np.arange(len(designs))])


def _log_ratios(candidates: ControlCandidates, design: Design) -> NDArray[np.float64]:
    """Return the log ratio of every square over an operation's windows, against all squares together."""
    before, after = (_counted(candidates, window) for window in (design.before, design.after))
    whole = math.log((after.sum() + _HALF) / (before.sum() + _HALF))
    return np.asarray(np.log((after + _HALF) / (before + _HALF)) - whole)


def _counted(candidates: ControlCandidates, window: Window) -> NDArray[np.int64]:
    dates = candidates.counts.dates
    inside = np.zeros(dates.size, dtype=np.bool_)
    for period in window.periods:
        inside |= (dates >= np.datetime64(period.start)) & (dates < np.datetime64(period.end))
    return np.asarray(candidates.counts.counts[:, inside].sum(axis=1))
