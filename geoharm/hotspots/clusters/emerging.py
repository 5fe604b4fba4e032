"""Emerging hotspots: Gi* in space and time, then Esri's 17 patterns by rule.

Esri, How Emerging Hot Spot Analysis works,
https://pro.arcgis.com/en/pro-app/latest/tool-reference/space-time-pattern-mining/learnmoreemerging.htm
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from geoharm._validation import check_level
from geoharm.errors import DesignError
from geoharm.hotspots.clusters.local import sparse_data_note, standardised_sums
from geoharm.hotspots.clusters.neighbourhood_sums import neighbourhood_rows, neighbourhood_sums
from geoharm.hotspots.clusters.permutation import conditional_permutation_p, exact_permutation_p
from geoharm.hotspots.results.clusters import PValueSource
from geoharm.hotspots.results.emerging import EmergingHotspotMap, EmergingPattern
from geoharm.model.grid import Grid
from geoharm.stats.false_discovery import false_discovery_adjusted
from geoharm.stats.trend import mann_kendall

# Esri asks for ten steps; the patterns speak of 90 % of them.
FEWEST_STEPS = 10


def emerging_hotspots(
    counts: NDArray[np.float64],
    grid: Grid,
    steps: Sequence[date],
    *,
    missing: Sequence[date] = (),
    inside: NDArray[np.bool_] | None = None,
    band: float | None = None,
    earlier: int = 1,
    compare: Literal["whole period", "own steps"] = "whole period",
    level: float = 0.05,
    permutations: int = 0,
    sums: bool = False,
    seed: int = 0,
    older_wording: bool = False,
) -> EmergingHotspotMap:
    r"""Return the pattern of every cell over time.

    Parameters
    ----------
    counts : ndarray, shape (steps, ny, nx)
        Events of every step and cell; what stands at missing steps is never looked at.
    grid : Grid
    steps : sequence of date
        First days of the steps, increasing.
    missing : sequence of date
        Steps without data. They are left out of every sum, mean and rule: a month that was never published is not a
        month without events.
    inside : ndarray of bool, shape (ny, nx), optional
    band : float, optional
        Metres; left out, the eight cells that touch.
    earlier : int
        Steps before a bin's own that are its neighbours too (Esri's neighbourhood time step).
    compare : {"whole period", "own steps"}
        What a bin is high or low against: all bins, so that a rise of the whole city makes hot spots everywhere; or
        the bins of its own steps, so that only the place within the city counts.
    level : float
        A step is hot or cold at an adjusted p-value of at most this; a trend exists at a p-value of at most this.
    permutations : int
        0 takes p-values from the normal curve; otherwise from conditional permutations of bins, at least 99.
    sums : bool
        P-values from the distribution of sums of counts, as in `getis_ord`.
    seed : int
    older_wording : bool
        Esri's present text calls a place sporadic only if it is hot in the last step; the text up to 2021 did not
        ask for that. True follows the older text.

    Returns
    -------
    EmergingHotspotMap

    Raises
    ------
    DesignError
        If shapes do not fit, steps do not increase, or fewer than 10 steps have data.

    Notes
    -----
    For step t the neighbourhood holds the near cells of steps t - earlier to t, those without data left out; Gi* is
    that of `getis_ord` over bins. P-values of all bins are adjusted together. `classify_series` decides.
    """
    level = check_level(level)
    cube = np.asarray(counts, dtype=np.float64)
    mask = np.ones(grid.shape, dtype=np.bool_) if inside is None else np.asarray(inside, dtype=np.bool_)
    known = _known(cube, grid, steps, missing, mask)
    filled = np.where(known[:, None, None] & mask, cube, 0.0)
    reach, name = neighbourhood_rows(band, grid.cell)
    area = neighbourhood_sums(mask.astype(np.float64), reach)
    spread = np.stack([neighbourhood_sums(step, reach) for step in filled])
    z, p = np.full(cube.shape, np.nan), np.full(cube.shape, np.nan)
    note, source = "", PValueSource.NORMAL
    for t in map(int, np.flatnonzero(known)):
        near = [s for s in range(max(0, t - earlier), t + 1) if known[s]]
        pool = np.flatnonzero(known) if compare == "whole period" else np.array(near)
        values = filled[pool][:, mask]
        total, size = spread[near].sum(axis=0)[mask], area[mask] * len(near)
        mean, deviation = (float(values.mean()), float(values.std())) if np.ptp(values) > 0 else (0.0, 0.0)
        z[t][mask] = standardised_sums(total, size, n=values.size, mean=mean, deviation=deviation)
        if (sums or permutations) and deviation > 0:
            at = int(np.flatnonzero(pool == t)[0]) * values.shape[1]
            own = filled[t][mask]
            degree = np.rint(size - 1).astype(np.int64)
            pooled, who = values.ravel(), at + np.arange(own.size)
            if sums:
                p[t][mask], source = exact_permutation_p(pooled, who, total - own, degree, seed=seed + t)
            else:
                p[t][mask] = conditional_permutation_p(
                    pooled, who, total - own, degree, permutations=permutations, seed=seed + t
                )
                source = PValueSource.CONDITIONAL
        elif deviation > 0:
            p[t][mask] = 2 * ndtr(-np.abs(z[t][mask]))
            note = note or sparse_data_note(mean * float(np.median(size)))
    side = np.where(false_discovery_adjusted(p) <= level, np.sign(np.nan_to_num(z)), 0).astype(np.int8)
    trend = mann_kendall(np.moveaxis(z, 0, -1))
    pattern = np.zeros(grid.shape, dtype=np.int8)
    pattern[mask] = classify_series(
        side[known][:, mask].T,
        trend_z=trend.z[mask],
        trend_p=trend.p[mask],
        level=level,
        older_wording=older_wording,
    )
    return EmergingHotspotMap(
        grid=grid,
        steps=tuple(steps),
        missing=tuple(step for step in steps if step in set(missing)),
        z=z,
        side=side,
        pattern=pattern,
        trend_z=trend.z,
        trend_p=trend.p,
        neighbours=f"{name}, in the same step and {earlier} before; compared with the {compare}",
        level=level,
        p_from=source,
        permutations=permutations,
        seed=seed,
        older_wording=older_wording,
        note=note,
    )


def classify_series(
    side: NDArray[np.int8],
    *,
    trend_z: NDArray[np.float64],
    trend_p: NDArray[np.float64],
    level: float = 0.05,
    older_wording: bool = False,
) -> NDArray[np.int8]:
    """Return the pattern of every series of hot (1), cold (-1) and other (0) steps.

    Parameters
    ----------
    side : ndarray of int8, shape (m, steps)
        Steps with data only.
    trend_z, trend_p : ndarray, shape (m,)
        Mann-Kendall test of Gi*.
    level : float
        P-value up to which there is a trend.
    older_wording : bool
        As in `emerging_hotspots`.

    Returns
    -------
    ndarray of int8, shape (m,)
        A `EmergingPattern` each.

    Notes
    -----
    With h the share of hot steps, of which at least 0.9 is "90 percent" (counted in whole steps, so that 9 of 10 is):

    ============  ===================================================================
    new           hot in the last step, never before
    consecutive   h < 0.9; one run of two or more hot steps ends at the last, never hot before it
    intensifying  h >= 0.9, the last step hot, Gi* rises
    persistent    h >= 0.9, the last step hot, no trend
    diminishing   h >= 0.9, the last step hot, Gi* falls
    oscillating   h < 0.9, the last step hot, cold in an earlier one
    sporadic      h < 0.9, the last step hot, hot on and off before, never cold
    historical    h >= 0.9, the last step not hot
    ============  ===================================================================

    Cold patterns are the same with signs turned: a cold spot intensifies where Gi* falls. Where two texts fit, the
    first of Esri's list is taken (a place never hot before is new though it was cold once), but for one: persistent
    asks for no last step and would leave nothing steady to be historical, so a place that is no longer hot is
    historical. Hot patterns are tried before cold ones: a place hot in 19 of 20 steps and cold in the last is a
    historical hot spot, not a new cold one.
    """
    series = np.asarray(side, dtype=np.int8)
    found = np.zeros(series.shape[0], dtype=np.int8)
    trending = np.nan_to_num(np.asarray(trend_p, dtype=np.float64), nan=1.0) <= level
    for sign in (1, -1):
        mine, other = series == sign, (series == -sign).any(axis=1)
        steps, total = series.shape[1], mine.sum(axis=1)
        last, mostly = mine[:, -1], 10 * total >= 9 * steps
        run = np.where(mine.all(axis=1), steps, np.argmax(~mine[:, ::-1], axis=1))
        only = last & (run == total)
        way = np.where(trending, np.sign(sign * np.nan_to_num(trend_z)), 0)
        sporadic = ~mostly & ~other & (last | (older_wording & (total > 0)))
        rules = [
            (only & (run == 1), EmergingPattern.NEW_HOT),
            (only & ~mostly, EmergingPattern.CONSECUTIVE_HOT),
            (mostly & last & (way > 0), EmergingPattern.INTENSIFYING_HOT),
            (mostly & last & (way == 0), EmergingPattern.PERSISTENT_HOT),
            (mostly & last & (way < 0), EmergingPattern.DIMINISHING_HOT),
            (sporadic, EmergingPattern.SPORADIC_HOT),
            (~mostly & last, EmergingPattern.OSCILLATING_HOT),
            (mostly & ~last, EmergingPattern.HISTORICAL_HOT),
        ]
        chosen = np.select([rule for rule, _ in rules], [sign * int(pattern) for _, pattern in rules], 0)
        found = np.where(found == 0, chosen, found).astype(np.int8)
    return found


def _known(
    cube: NDArray[np.float64], grid: Grid, steps: Sequence[date], missing: Sequence[date], mask: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which steps have data, or refuse what does not fit together."""
    if cube.shape != (len(steps), *grid.shape) or mask.shape != grid.shape:
        msg = (
            f"Counts need shape (steps, ny, nx) = {(len(steps), *grid.shape)} and the mask {grid.shape}; "
            f"{cube.shape}, {mask.shape} were given."
        )
        raise DesignError(msg)
    if any(two <= one for one, two in itertools.pairwise(steps)):
        msg = "The steps must increase, each date once."
        raise DesignError(msg)
    gone = set(missing)
    known = np.array([step not in gone for step in steps], dtype=np.bool_)
    if known.sum() < FEWEST_STEPS:
        msg = (
            f"Emerging hotspots need at least {FEWEST_STEPS} steps with data; {int(known.sum())} were given. "
            "Take shorter steps or a longer period."
        )
        raise DesignError(msg)
    if not np.isfinite(cube[known][:, mask]).all():
        msg = "Counts inside the study area must be finite; name steps without data as missing."
        raise DesignError(msg)
    return known
