"""Dispersion attack: whether a month's small count can be found by trial from the published dispersion.

A random search looks for other monthly histories that have the same dispersion and the same published sums.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geoharm.model.counts import ZoneCounts
from geoharm.model.design import Design
from geoharm.model.disclosure_rules import Threshold
from geoharm.model.period import Period, add_months
from geoharm.stats.dispersion import HALF_WINDOW_MONTHS, MIN_MONTHS, monthly_dispersion

# Histories searched at once, rounds of the search, and the share of worse moves that are accepted.
_HISTORIES, _ROUNDS, _ACCEPT_WORSE = 100, 300, 0.02


def dispersion_reveals_month(
    counts: ZoneCounts, zones: Sequence[str], design: Design, k: int, *, step: int = 0
) -> bool:
    r"""Return whether the dispersion of some zones, to a tenth, leaves a small month fewer than k - 1 possible values.

    Parameters
    ----------
    counts : ZoneCounts
    zones : sequence of str
        Counted together.
    design : Design
        The dispersion is computed from its history: all whole months before the operation.
    k : int
        Threshold of the disclosure rule.
    step : int
        Months in a step of the published series of these zones. 0 means that no series is published; 1 means that every
        month is, so that nothing is hidden.

    Notes
    -----
    Every counting error and counting interval is computed from shown counts and :math:`\phi`, so it reveals
    :math:`\phi`. That is one equation for the monthly counts: five events in a year have a dispersion of 5.4 in few
    arrangements only. So other histories are searched for that have the same :math:`\phi` to a tenth, and the same count
    in the window before, outside that window, and in every published step. In these histories each month with a count
    under k must take at least k - 1 values (as many as a label leaves), or all values that its total allows.

    Under a rule that rounds, the dispersion is that of rounded months (`rounded_dispersion`), and reveals no exact one.

    A history that the search does not find counts as impossible, so any error leads to more suppression, not less.
    """
    if k == 1 or step == 1 or counts.by_year or (isinstance(k, Threshold) and k.rounds):
        return False
    values, groups = _history(counts, zones, design, step)
    return _is_month_revealed(tuple(values.tolist()), tuple(groups.tolist()), k)


def _history(
    counts: ZoneCounts, zones: Sequence[str], design: Design, step: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the counts of all whole months before the operation, and each month's group; NaN marks missing months.

    The sum of every group of months is published.
    """
    series = [counts.monthly(zone) for zone in zones]
    start = design.operation.period.start
    values: list[float] = []
    keys: list[tuple[int, bool]] = []
    for month in Period(min(counts.coverage.start, start), start).months() if counts.coverage.start < start else ():
        span = Period(month, add_months(month, 1))
        is_used = month in series[0] and counts.coverage.contains(span) and span.end <= start
        is_used = is_used and not any(span.overlap(days) for days in design.left_out)
        values.append(float(sum(monthly[month] for monthly in series)) if is_used else math.nan)
        in_before = any(period.contains(span) for period in design.before.periods)
        keys.append(((month.year * 12 + month.month - 1) // step if step else 0, in_before))
    group_numbers = {key: group for group, key in enumerate(dict.fromkeys(keys))}
    return np.array(values), np.array([group_numbers[key] for key in keys], dtype=np.int64)


@functools.cache
def _is_month_revealed(values: tuple[float, ...], groups: tuple[int, ...], k: int) -> bool:
    """Return whether some month's small count can be found. Cached, as a release asks for the same zone several times."""
    search = _Search(np.array(values), np.array(groups), k)
    return not all(search.leaves_open(int(month)) for month in np.flatnonzero(search.values < k))


class _Search:
    """Searches other histories with the same dispersion, to a tenth, and the same sums over groups of months.

    Months without data are left out: they take no event and have no part in the dispersion.
    """

    def __init__(self, values: NDArray[np.float64], groups: NDArray[np.int64], k: int) -> None:
        known = np.isfinite(values)
        self.values, self._k = values[known], k
        self._same_group = groups[known][:, None] == groups[known]
        self._may_move = self._same_group & ~np.eye(len(self.values), dtype=bool)
        self._dispersion = _Dispersion(known)
        self._rng = np.random.default_rng(0)
        tenths = float(_ceil_to_tenths(monthly_dispersion(values)))
        # A dispersion below 1 is published as 1.
        self._low, self._high = -math.inf if tenths <= 10 else (tenths - 1) / 10, tenths / 10
        self._least, self._greatest = self.values.copy(), self.values.copy()

    def leaves_open(self, month: int) -> bool:
        """Return whether a month can take enough values, or as many as the sum of its group allows."""
        span_needed = min(self._k - 2, float(self.values[self._same_group[month]].sum()))
        while self._greatest[month] - self._least[month] < span_needed:
            if not (self._can_take(month, self._greatest[month] + 1) or self._can_take(month, self._least[month] - 1)):
                return bool(self._greatest[month] == 0)
        return True

    def _can_take(self, month: int, value: float) -> bool:
        """Return whether a history was found in which a month has a given value."""
        if value < 0:
            return False
        histories = np.tile(self.values, (_HISTORIES, 1))
        for _ in range(int(abs(value - self.values[month]))):
            self._move_event(histories, onto=month) if value > self.values[month] else self._move_event(
                histories, off=month
            )
        histories = histories[histories[:, month] == value]
        if not histories.size:
            return False
        misfit = self._misfit(histories)
        for _ in range(_ROUNDS):
            if not misfit.all():
                fitting = histories[misfit == 0]
                self._least = np.minimum(self._least, fitting.min(axis=0))
                self._greatest = np.maximum(self._greatest, fitting.max(axis=0))
                return True
            moved = histories.copy()
            for _ in range(int(self._rng.integers(1, 4))):
                self._move_event(moved, keep=month)
            new_misfit = self._misfit(moved)
            accepted = (new_misfit <= misfit) | (self._rng.random(len(misfit)) < _ACCEPT_WORSE)
            histories[accepted], misfit[accepted] = moved[accepted], new_misfit[accepted]
        return False

    def _misfit(self, histories: NDArray[np.float64]) -> NDArray[np.float64]:
        dispersions = self._dispersion.of(histories)
        return np.maximum(np.maximum(dispersions - self._high - 1e-10, self._low - dispersions + 1e-10), 0.0)

    def _move_event(self, histories: NDArray[np.float64], *, onto: int = -1, off: int = -1, keep: int = -1) -> None:
        """Move one event of every history, where possible, from one month to another of the same group."""
        rows = np.arange(len(histories))
        giving = histories >= 1
        if onto >= 0:
            giving &= self._may_move[onto]
        if keep >= 0:
            giving[:, keep] = False
        source = self._random_column(giving) if off < 0 else np.full(len(histories), off)
        taking = self._may_move[source]
        if keep >= 0:
            taking[:, keep] = False
        sink = self._random_column(taking) if onto < 0 else np.full(len(histories), onto)
        possible = giving[rows, source] & taking[rows, sink]
        histories[rows[possible], source[possible]] -= 1
        histories[rows[possible], sink[possible]] += 1

    def _random_column(self, allowed: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Return one allowed column of every row, chosen at random."""
        return np.asarray(np.argmax(self._rng.random(allowed.shape) * allowed, axis=1))


def _ceil_to_tenths(value: float) -> int:
    return math.ceil(value * 10 - 1e-9)


class _Dispersion:
    """`monthly_dispersion` of many histories with data in the same months, without raising values below 1 to 1."""

    def __init__(self, known: NDArray[np.bool_]) -> None:
        month = np.flatnonzero(known)
        in_window = np.abs(month[:, None] - month) <= HALF_WINDOW_MONTHS
        window_months = in_window.sum(axis=0)
        self._window_means = in_window / window_months
        self._is_used = window_months > 1
        self._degrees_of_freedom = np.where(self._is_used, 1 - 1 / window_months, 0.0)
        self._is_estimable = month.size >= MIN_MONTHS

    def of(self, histories: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the dispersion of every row. Columns are the months with data."""
        if not self._is_estimable:
            return np.ones(len(histories))
        mean = histories @ self._window_means
        is_used = self._is_used & (mean > 0)
        pearson = np.divide((histories - mean) ** 2, mean, out=np.zeros_like(mean), where=is_used).sum(axis=1)
        degrees_of_freedom = is_used @ self._degrees_of_freedom
        dispersion: NDArray[np.float64] = np.ones_like(pearson)
        np.divide(pearson, degrees_of_freedom, out=dispersion, where=degrees_of_freedom > 0)
        return dispersion
