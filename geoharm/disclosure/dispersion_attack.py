"""Trial: whether a month's small count is found by trying which whole numbers have the dispersion that is published."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geoharm.model.counts import ZoneCounts
from geoharm.model.design import Design
from geoharm.model.period import Period, add_months
from geoharm.stats.dispersion import monthly_dispersion

_HALF = 3
_WORLDS, _ROUNDS, _LOOSE = 100, 300, 0.02


def dispersion_reveals_month(
    counts: ZoneCounts, zones: Sequence[str], design: Design, k: int, *, step: int = 0
) -> bool:
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
    return _found(tuple(values.tolist()), tuple(groups.tolist()), k)


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


@functools.cache
def _found(values: tuple[float, ...], groups: tuple[int, ...], k: int) -> bool:
    """Return whether a month's small count is found; the same zone is asked about at every step of a release."""
    search = _Search(np.array(values), np.array(groups), k)
    return not all(search.leaves_open(int(month)) for month in np.flatnonzero(search.values < k))


class _Search:
    """Other histories with the dispersion of one, to a tenth, and with its sums over groups of months."""

    def __init__(self, values: NDArray[np.float64], groups: NDArray[np.int64], k: int) -> None:
        self.values, self._groups, self._k = values, groups, k
        self._rng = np.random.default_rng(0)
        self._known = np.flatnonzero(np.isfinite(values))
        tenth = float(_tenth(monthly_dispersion(values)))
        # A dispersion below 1 is told as 1.
        self._low, self._high = -math.inf if tenth <= 10 else (tenth - 1) / 10, tenth / 10
        self._least, self._greatest = values.copy(), values.copy()

    def leaves_open(self, month: int) -> bool:
        """Return whether a month takes values enough, or as many as its group's sum has."""
        free = min(self._k - 2, float(np.nansum(self.values[self._groups == self._groups[month]])))
        while self._greatest[month] - self._least[month] < free:
            if not (self._tried(month, self._greatest[month] + 1) or self._tried(month, self._least[month] - 1)):
                return bool(self._greatest[month] == 0)
        return True

    def _tried(self, month: int, value: float) -> bool:
        """Return whether a history was found in which a month has a value."""
        if value < 0:
            return False
        worlds = np.tile(self.values, (_WORLDS, 1))
        for _ in range(int(abs(value - self.values[month]))):
            self._move(worlds, onto=month) if value > self.values[month] else self._move(worlds, off=month)
        worlds = worlds[worlds[:, month] == value]
        if not worlds.size:
            return False
        far = self._far(worlds)
        for _ in range(_ROUNDS):
            if not far.all():
                fits = worlds[far == 0]
                self._least = np.fmin(self._least, fits.min(axis=0))
                self._greatest = np.fmax(self._greatest, fits.max(axis=0))
                return True
            tried = worlds.copy()
            for _ in range(int(self._rng.integers(1, 4))):
                self._move(tried, keep=month)
            now = self._far(tried)
            better = (now <= far) | (self._rng.random(len(far)) < _LOOSE)
            worlds[better], far[better] = tried[better], now[better]
        return False

    def _far(self, worlds: NDArray[np.float64]) -> NDArray[np.float64]:
        found = _dispersions(worlds)
        return np.maximum(np.maximum(found - self._high - 1e-10, self._low - found + 1e-10), 0.0)

    def _move(self, worlds: NDArray[np.float64], *, onto: int = -1, off: int = -1, keep: int = -1) -> None:
        """Move one event of every world that has one to move from a month to another of its group."""
        rows = np.arange(len(worlds))
        giving = np.nan_to_num(worlds) >= 1
        for month in (onto, keep):
            giving[:, month] &= month < 0
        giving &= self._groups == self._groups[onto] if onto >= 0 else True
        source = self._one_of(giving) if off < 0 else np.full(len(worlds), off)
        taking = (self._groups == self._groups[source][:, None]) & np.isfinite(self.values)
        taking[rows, source] = False
        taking[:, keep] &= keep < 0
        sink = self._one_of(taking) if onto < 0 else np.full(len(worlds), onto)
        fine = giving[rows, source] & taking[rows, sink]
        worlds[rows[fine], source[fine]] -= 1
        worlds[rows[fine], sink[fine]] += 1

    def _one_of(self, allowed: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Return one allowed column of every row, at random."""
        return np.asarray(np.argmax(self._rng.random(allowed.shape) * allowed, axis=1))


def _tenth(value: float) -> int:
    return math.ceil(value * 10 - 1e-9)


def _dispersions(worlds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `monthly_dispersion` of every row, but not raised to 1."""
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
    return np.where(learned, pearson / np.where(learned, freedom, 1.0), 1.0)
