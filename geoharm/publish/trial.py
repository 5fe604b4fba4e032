"""Trial: whether a month's small count is found by trying which whole numbers have the dispersion that is published."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geoharm.model import Design, Period, ZoneCounts, add_months
from geoharm.stats import monthly_dispersion

_HALF = 3
_WORLDS, _ROUNDS, _MOVES = 400, 30, 6


def tells_months(counts: ZoneCounts, zones: Sequence[str], design: Design, k: int, *, step: int = 0) -> bool:
    r"""Return whether the dispersion of some zones together, to a tenth, leaves a small month fewer than k - 1 values.

    Parameters
    ----------
    counts : ZoneCounts
    zones : sequence of str
        Counted together.
    design : Design
        Whose history, all whole months before the operation, the dispersion is of.
    k : int
    step : int
        Months a step of the series that is shown of these zones; 0 for none, 1 for all months: then nothing is hidden.

    Notes
    -----
    Every error and interval from the noise of counting is made from shown counts and :math:`\phi`, so it tells
    :math:`\phi`, and that is an equation in the counts of months: five events in a year have 5.4 in few ways. So other
    histories are tried that have the same :math:`\phi` to a tenth, the same count in the window before, outside it, and
    in every step shown. Each month under k must take k - 1 values or more in them, as many as a label leaves, or all that
    its total has. What is not found counts as not there, so this errs towards withholding.
    """
    if k == 1 or step == 1 or counts.by_year:
        return False
    values, groups = _history(counts, zones, design, step)
    small = np.flatnonzero(values < k)
    if not small.size:
        return False
    least, greatest = _reach(values, groups, small, k)
    free = np.array([min(k - 2, float(np.nansum(values[groups == groups[month]]))) for month in small])
    return bool(((greatest - least < free) & (greatest > 0)).any())


def _history(
    counts: ZoneCounts, zones: Sequence[str], design: Design, step: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the counts of all whole months before the operation, NaN for gaps, and which months' sum is known."""
    series = [counts.monthly(zone) for zone in zones]
    start = design.operation.period.start
    values: list[float] = []
    keys: list[tuple[int, bool]] = []
    for month in Period(min(counts.coverage.start, start), start).months() if counts.coverage.start < start else ():
        span = Period(month, add_months(month, 1))
        used = month in series[0] and counts.coverage.contains(span) and span.end <= start
        values.append(float(sum(one[month] for one in series)) if used else math.nan)
        inside = any(period.contains(span) for period in design.before.periods)
        keys.append(((month.year * 12 + month.month - 1) // step if step else 0, inside))
    numbers = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    return np.array(values), np.array([numbers[key] for key in keys], dtype=np.int64)


def _reach(
    values: NDArray[np.float64], groups: NDArray[np.int64], small: NDArray[np.int64], k: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and greatest count that the small months take in other histories of the same dispersion."""
    rng = np.random.default_rng(0)
    aim = _tenth(np.array([monthly_dispersion(values)]))[0]
    known = np.flatnonzero(np.isfinite(values))
    worlds = np.tile(values, (_WORLDS, 1))
    least = greatest = values[small]
    for _ in range(_ROUNDS):
        tried = worlds.copy()
        moves = rng.integers(1, _MOVES + 1, size=_WORLDS)
        for move in range(_MOVES):
            source, sink = rng.choice(known, size=(2, _WORLDS))
            size = rng.integers(1, k, size=_WORLDS)
            rows = np.flatnonzero(
                (moves > move)
                & (groups[source] == groups[sink])
                & (source != sink)
                & (tried[np.arange(_WORLDS), source] >= size)
            )
            tried[rows, source[rows]] -= size[rows]
            tried[rows, sink[rows]] += size[rows]
        fits = np.flatnonzero(_tenth(_dispersions(tried)) == aim)
        if fits.size:
            found = tried[np.ix_(fits, small)]
            least = np.minimum(least, found.min(axis=0))
            greatest = np.maximum(greatest, found.max(axis=0))
            # Half of the next worlds start from those that fit, and so wander; half from the history itself.
            worlds[: _WORLDS // 2] = tried[rng.choice(fits, size=_WORLDS // 2)]
    return least, greatest


def _tenth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.ceil(values * 10 - 1e-9))


def _dispersions(worlds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `monthly_dispersion` of every row."""
    known = np.isfinite(worlds)
    padded = np.pad(np.where(known, worlds, 0.0), ((0, 0), (_HALF, _HALF)))
    there = np.pad(known.astype(np.float64), ((0, 0), (_HALF, _HALF)))
    size = 2 * _HALF + 1
    total = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1).sum(axis=2)
    near = np.lib.stride_tricks.sliding_window_view(there, size, axis=1).sum(axis=2)
    mean = total / np.maximum(near, 1)
    used = known & (mean > 0) & (near > 1)
    pearson = np.where(used, (np.nan_to_num(worlds) - mean) ** 2 / np.where(used, mean, 1.0), 0.0).sum(axis=1)
    freedom = np.where(used, 1 - 1 / np.maximum(near, 1), 0.0).sum(axis=1)
    learned = (known.sum(axis=1) >= _HALF) & (freedom > 0)
    return np.where(learned, np.maximum(1.0, pearson / np.where(learned, freedom, 1.0)), 1.0)
