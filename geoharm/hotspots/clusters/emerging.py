"""Emerging hotspot analysis: Gi* in space and time, classified into Esri's 17 patterns.

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

# Esri requires ten steps; the patterns refer to 90 % of them.
MIN_STEPS = 10
_MIN_CELLS = 3


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
    exact_p: bool = False,
    seed: int = 0,
    older_sporadic_rule: bool = False,
) -> EmergingHotspotMap:
    r"""Return the emerging hotspot pattern of every cell.

    Parameters
    ----------
    counts : ndarray, shape (steps, ny, nx)
        Events of every time step and cell; values of missing steps are ignored.
    grid : Grid
        Grid of the cells.
    steps : sequence of date
        First days of the steps, increasing.
    missing : sequence of date
        Steps without data. They are left out of every sum, mean and rule: a month without data is not a month without
        events.
    inside : ndarray of bool, shape (ny, nx), optional
        Cells of the study area; all cells if omitted.
    band : float, optional
        Distance band in metres; the eight adjacent cells if omitted.
    earlier : int
        Number of earlier steps that belong to the neighbourhood of a bin (Esri's neighbourhood time step). A bin is one
        cell in one step.
    compare : {"whole period", "own steps"}
        Bins with which each bin is compared. "whole period": all bins, so that a rise in the whole city makes hot
        spots everywhere. "own steps": only bins of the steps in its neighbourhood, so that a rise in the whole city
        makes no hot spots.
    level : float
        A step is hot or cold if its adjusted p-value is at most this level; there is a trend if its p-value is.
    permutations : int
        0 for p-values from the normal approximation; otherwise the number of conditional permutations, at least 99.
    exact_p : bool
        If True, p-values are from the distribution of sums of counts, as in `getis_ord`.
    seed : int
        Of the permutations.
    older_sporadic_rule : bool
        If True, Esri's definition of "sporadic" up to 2021 is used. The present definition requires that the last step
        is hot; the older one did not.

    Returns
    -------
    EmergingHotspotMap

    Raises
    ------
    DesignError
        If shapes do not fit, fewer than 3 cells lie inside, steps do not increase, or fewer than 10 steps have data.

    Notes
    -----
    The neighbourhood of a bin in step t contains the near cells of steps t - earlier to t, except steps without data.
    Gi* is computed as in `getis_ord`, over bins. The p-values of all bins are adjusted together. The pattern follows
    from `classify_series`.
    """
    level = check_level(level)
    all_counts = np.asarray(counts, dtype=np.float64)
    mask = np.ones(grid.shape, dtype=np.bool_) if inside is None else np.asarray(inside, dtype=np.bool_)
    has_data = _check_steps(all_counts, grid, steps, missing, mask)
    used_counts = np.where(has_data[:, None, None] & mask, all_counts, 0.0)
    half_widths, name = neighbourhood_rows(band, grid.cell)
    neighbour_cells = neighbourhood_sums(mask.astype(np.float64), half_widths)
    neighbour_counts = np.stack([neighbourhood_sums(step, half_widths) for step in used_counts])
    z, p = np.full(all_counts.shape, np.nan), np.full(all_counts.shape, np.nan)
    note, source = "", PValueSource.NORMAL
    for step_index in map(int, np.flatnonzero(has_data)):
        near_steps = [
            near_step for near_step in range(max(0, step_index - earlier), step_index + 1) if has_data[near_step]
        ]
        compared_steps = np.flatnonzero(has_data) if compare == "whole period" else np.array(near_steps)
        values = used_counts[compared_steps][:, mask]
        total, neighbourhood_size = (
            neighbour_counts[near_steps].sum(axis=0)[mask],
            neighbour_cells[mask] * len(near_steps),
        )
        mean, deviation = (float(values.mean()), float(values.std())) if np.ptp(values) > 0 else (0.0, 0.0)
        z[step_index][mask] = standardised_sums(
            total, neighbourhood_size, n=values.size, mean=mean, deviation=deviation
        )
        if (exact_p or permutations) and deviation > 0:
            first_position = int(np.flatnonzero(compared_steps == step_index)[0]) * values.shape[1]
            step_counts = used_counts[step_index][mask]
            degree = np.rint(neighbourhood_size - 1).astype(np.int64)
            pooled_counts, positions = values.ravel(), first_position + np.arange(step_counts.size)
            if exact_p:
                p[step_index][mask], source = exact_permutation_p(
                    pooled_counts, positions, total - step_counts, degree, seed=seed + step_index
                )
            else:
                p[step_index][mask] = conditional_permutation_p(
                    pooled_counts,
                    positions,
                    total - step_counts,
                    degree,
                    permutations=permutations,
                    seed=seed + step_index,
                )
                source = PValueSource.CONDITIONAL
        elif deviation > 0:
            p[step_index][mask] = 2 * ndtr(-np.abs(z[step_index][mask]))
            note = note or sparse_data_note(mean * float(np.median(neighbourhood_size)))
    side = np.where(false_discovery_adjusted(p) <= level, np.sign(np.nan_to_num(z)), 0).astype(np.int8)
    trend = mann_kendall(np.moveaxis(z, 0, -1))
    pattern = np.zeros(grid.shape, dtype=np.int8)
    pattern[mask] = classify_series(
        side[has_data][:, mask].T,
        trend_z=trend.z[mask],
        trend_p=trend.p[mask],
        level=level,
        older_sporadic_rule=older_sporadic_rule,
    )
    return EmergingHotspotMap(
        grid=grid,
        steps=tuple(steps),
        missing=tuple(step for step in steps if step in set(missing)),
        z=z,
        hot_or_cold=side,
        pattern=pattern,
        trend_z=trend.z,
        trend_p=trend.p,
        neighbours=f"{name}, in the same step and {earlier} before; compared with the {compare}",
        level=level,
        p_from=source,
        permutations=permutations,
        seed=seed,
        older_sporadic_rule=older_sporadic_rule,
        note=note,
    )


def classify_series(
    side: NDArray[np.int8],
    *,
    trend_z: NDArray[np.float64],
    trend_p: NDArray[np.float64],
    level: float = 0.05,
    older_sporadic_rule: bool = False,
) -> NDArray[np.int8]:
    """Return the pattern of each series of hot (1), cold (-1) and other (0) steps.

    Parameters
    ----------
    side : ndarray of int8, shape (m, steps)
        Only steps with data.
    trend_z, trend_p : ndarray, shape (m,)
        Mann-Kendall test of Gi*.
    level : float
        P-value up to which there is a trend.
    older_sporadic_rule : bool
        As in `emerging_hotspots`.

    Returns
    -------
    ndarray of int8, shape (m,)
        An `EmergingPattern` for each series.

    Notes
    -----
    With h the share of hot steps (9 of 10 steps are h = 0.9):

    ============  ===================================================================
    new           hot in the last step, never hot before
    consecutive   h < 0.9; one run of two or more hot steps ends at the last, never hot before it
    intensifying  h >= 0.9, the last step hot, Gi* rises
    persistent    h >= 0.9, the last step hot, no trend
    diminishing   h >= 0.9, the last step hot, Gi* falls
    oscillating   h < 0.9, the last step hot, cold in an earlier step
    sporadic      h < 0.9, the last step hot, hot in some earlier steps, never cold
    historical    h >= 0.9, the last step not hot
    ============  ===================================================================

    Cold patterns have the same rules with opposite signs: a cold spot intensifies if Gi* falls.

    If more than one rule matches, these conventions apply:

    - The first matching rule of Esri's list is used. So a place that was never hot before is new, even if it was cold
      once.
    - One exception: Esri's rule for "persistent" does not require a hot last step, and would match before "historical".
      Here a place that is no longer hot is historical.
    - Hot patterns are tested before cold patterns. So a place that is hot in 19 of 20 steps and cold in the last one is
      a historical hot spot, not a new cold spot.
    """
    series = np.asarray(side, dtype=np.int8)
    patterns = np.zeros(series.shape[0], dtype=np.int8)
    has_trend = np.nan_to_num(np.asarray(trend_p, dtype=np.float64), nan=1.0) <= level
    for sign in (1, -1):
        in_state, ever_opposite = series == sign, (series == -sign).any(axis=1)
        steps, in_state_count = series.shape[1], in_state.sum(axis=1)
        last_in_state, mostly_in_state = in_state[:, -1], 10 * in_state_count >= 9 * steps
        last_run = np.where(in_state.all(axis=1), steps, np.argmax(~in_state[:, ::-1], axis=1))
        only_last_run = last_in_state & (last_run == in_state_count)
        trend_sign = np.where(has_trend, np.sign(sign * np.nan_to_num(trend_z)), 0)
        sporadic = ~mostly_in_state & ~ever_opposite & (last_in_state | (older_sporadic_rule & (in_state_count > 0)))
        rules = [
            (only_last_run & (last_run == 1), EmergingPattern.NEW_HOT),
            (only_last_run & ~mostly_in_state, EmergingPattern.CONSECUTIVE_HOT),
            (mostly_in_state & last_in_state & (trend_sign > 0), EmergingPattern.INTENSIFYING_HOT),
            (mostly_in_state & last_in_state & (trend_sign == 0), EmergingPattern.PERSISTENT_HOT),
            (mostly_in_state & last_in_state & (trend_sign < 0), EmergingPattern.DIMINISHING_HOT),
            (sporadic, EmergingPattern.SPORADIC_HOT),
            (~mostly_in_state & last_in_state, EmergingPattern.OSCILLATING_HOT),
            (mostly_in_state & ~last_in_state, EmergingPattern.HISTORICAL_HOT),
        ]
        first_match = np.select([rule for rule, _ in rules], [sign * int(pattern) for _, pattern in rules], 0)
        patterns = np.where(patterns == 0, first_match, patterns).astype(np.int8)
    return patterns


def _check_steps(
    all_counts: NDArray[np.float64], grid: Grid, steps: Sequence[date], missing: Sequence[date], mask: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return a mask of the steps with data; raises an error if the inputs do not fit together."""
    if all_counts.shape != (len(steps), *grid.shape) or mask.shape != grid.shape:
        msg = (
            f"Counts need shape (steps, ny, nx) = {(len(steps), *grid.shape)} and the mask {grid.shape}; "
            f"{all_counts.shape}, {mask.shape} were given."
        )
        raise DesignError(msg)
    if mask.sum() < _MIN_CELLS:
        msg = f"Emerging hotspots need at least {_MIN_CELLS} cells in the study area; it holds {int(mask.sum())}."
        raise DesignError(msg)
    if any(following <= previous for previous, following in itertools.pairwise(steps)):
        msg = "The steps must increase, each date once."
        raise DesignError(msg)
    missing_steps = set(missing)
    has_data = np.array([step not in missing_steps for step in steps], dtype=np.bool_)
    if has_data.sum() < MIN_STEPS:
        msg = (
            f"Emerging hotspots need at least {MIN_STEPS} steps with data; {int(has_data.sum())} were given. "
            "Take shorter steps or a longer period."
        )
        raise DesignError(msg)
    if not np.isfinite(all_counts[has_data][:, mask]).all():
        msg = "Counts inside the study area must be finite; name steps without data as missing."
        raise DesignError(msg)
    return has_data
