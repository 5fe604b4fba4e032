"""Ranking of markets by weighted criteria, with an interval for the rank of each market."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm.errors import DesignError
from geoharm.harm.results.markets import CriterionValue, PriorityRow
from geoharm.model.estimate import Interval

DRAWS = 4000
INTERVAL_LEVEL = 0.95
Floats = NDArray[np.float64]


def rank_markets(
    values: Mapping[str, Sequence[CriterionValue]], weights: Mapping[str, float], *, seed: int, draws: int = DRAWS
) -> tuple[PriorityRow, ...]:
    r"""Return markets ranked by their weighted criteria, with an interval for each rank.

    Parameters
    ----------
    values : mapping of market to its values
        A higher value always means a higher priority; NaN where a criterion is unknown.
    weights : mapping of criterion to weight
        Zero leaves a criterion out.
    seed : int
        Seed of the random numbers.
    draws : int
        Number of draws behind the rank intervals.

    Returns
    -------
    tuple of PriorityRow
        Sorted by rank; ties in the order of the markets' names.

    Raises
    ------
    DesignError
        If no criterion with a weight is known for any market.

    Notes ----- On each criterion, a market's score is the share of other markets that it ranks above; ties count half.
    Units and scales therefore do not matter. The total score is the weighted mean over the criteria that are known for
    the market. For the rank intervals, every value is drawn from a normal distribution with its standard error. The
    interval runs from the 2.5th to the 97.5th percentile of the ranks. Criteria that are unknown for all markets are
    left out.

    References
    ----------
    H. Goldstein and D. J. Spiegelhalter (1996), League tables and their limitations, https://doi.org/10.2307/2983325
    """
    markets = sorted(values)
    criteria = [criterion for criterion, weight in weights.items() if weight > 0]
    by_criterion = {market: {value.criterion: value for value in values[market]} for market in markets}
    estimates = np.array([[_field_of(by_criterion[market], name, "value") for name in criteria] for market in markets])
    errors = np.array(
        [[_field_of(by_criterion[market], name, "standard_error") for name in criteria] for market in markets]
    )
    if not markets or not criteria or not np.isfinite(estimates).any():
        msg = "No criterion with a weight is known for any market, so markets cannot be ranked; give weights to other criteria."
        raise DesignError(msg)
    weight = np.array([weights[name] for name in criteria])
    score = _scores(estimates[None], weight)[0]
    rng = np.random.default_rng(seed)
    drawn = estimates[None] + np.nan_to_num(errors)[None] * rng.standard_normal((draws, *estimates.shape))
    ranks = _ranks(_scores(drawn, weight))
    order = np.lexsort((np.arange(len(markets)), -score))
    tail = (1 - INTERVAL_LEVEL) / 2
    return tuple(
        PriorityRow(
            market=markets[row],
            score=float(score[row]),
            rank=rank,
            ranks=Interval(
                float(np.floor(np.quantile(ranks[:, row], tail))),
                float(np.ceil(np.quantile(ranks[:, row], 1 - tail))),
                INTERVAL_LEVEL,
            ),
            values=tuple(values[markets[row]]),
        )
        for rank, row in enumerate(order, start=1)
    )


def resilience(
    counts: ArrayLike,
    earlier_operations: Sequence[tuple[int, int, int]],
    *,
    dispersion: float = 1.0,
    counted: Callable[[int], int] = int,
) -> CriterionValue:
    r"""Return how far a market recovered after earlier operations.

    Parameters
    ----------
    counts : array_like, shape (months,)
        The market's activity by month.
    earlier_operations : sequence of (start, end, last)
        Positions in `counts`, one triple for each earlier operation. The period before is the 12 months up to `start`,
        the disrupted period is from `start` to `end` (the operation and 3 months after it), the later period is from
        `end` to `last`.
    dispersion : float
        Variance of the counts divided by their mean.
    counted : callable
        From the count of a period to the number that is computed with, such as the count to the nearest ten.

    Returns
    -------
    CriterionValue
        1 if the market recovered to its level before, 0 if it stayed at the lower level. NaN if there was no earlier
        operation after which it fell.

    Notes
    -----
    .. math:: (m_{later} - m_{dip}) / (m_{before} - m_{dip})

    of monthly means, averaged over the earlier operations. Operations without a fall larger than the counting noise are
    left out.
    """
    series = np.asarray(counts, dtype=np.float64)
    recoveries, exact_sums = [], []
    for parts in recoveries_after(series, earlier_operations, dispersion=dispersion, counted=counted):
        sums = [round(float(series[part].sum())) for part in parts]
        lengths = [part.stop - part.start for part in parts]
        mean_before, mean_during, mean_later = (
            counted(total) / length for total, length in zip(sums, lengths, strict=True)
        )
        fall = mean_before - mean_during
        recovered_share = (mean_later - mean_during) / fall
        error = math.sqrt(dispersion * (mean_later / lengths[2] + mean_during / lengths[1])) / fall
        recoveries.append((recovered_share, error))
        exact_sums += sums
    if not recoveries:
        return CriterionValue("resilience", math.nan, math.nan, "share", "no earlier operation was followed by a fall")
    value = math.fsum(share for share, _ in recoveries) / len(recoveries)
    error = math.sqrt(math.fsum(error**2 for _, error in recoveries)) / len(recoveries)
    note = f"{len(recoveries)} earlier operation(s)"
    return CriterionValue("resilience", value, error, "share", note, smallest_count(exact_sums, counted))


def recoveries_after(
    counts: ArrayLike,
    earlier_operations: Sequence[tuple[int, int, int]],
    *,
    dispersion: float = 1.0,
    counted: Callable[[int], int] = int,
) -> tuple[tuple[slice, slice, slice], ...]:
    """Return the months before, disrupted and later of every earlier operation after which a market fell (`resilience`)."""
    series = np.asarray(counts, dtype=np.float64)
    found = []
    for start, end, last in earlier_operations:
        parts = (slice(max(0, start - 12), start), slice(start, end), slice(end, min(last, series.size)))
        before, during, later = (series[part] for part in parts)
        if min(before.size, during.size, later.size) == 0:
            continue
        mean_before, mean_during = (counted(round(float(part.sum()))) / part.size for part in (before, during))
        noise = math.sqrt(dispersion * (mean_before / before.size + mean_during / during.size))
        if mean_before - mean_during > noise:
            found.append(parts)
    return tuple(found)


def yearly_trend(counts: ArrayLike, *, dispersion: float = 1.0, counted: Callable[[int], int] = int) -> CriterionValue:
    r"""Return a market's yearly growth: the log rate ratio of the last twelve months to the twelve months before.

    Whole years are compared, so that the season cancels. NaN with fewer than 24 months or with a year without events.
    `counted` gives the number that is computed with for the count of a year.
    """
    series = np.asarray(counts, dtype=np.float64)
    if series.size < 24:
        return CriterionValue("trend", math.nan, math.nan, "log ratio", "under 24 months of data")
    sums = [round(float(series[-12:].sum())), round(float(series[-24:-12].sum()))]
    late, early = map(counted, sums)
    if not late or not early:
        return CriterionValue("trend", math.nan, math.nan, "log ratio", "a year without any event")
    error = math.sqrt(dispersion * (1 / late + 1 / early))
    note = "last 12 months over the 12 before"
    return CriterionValue("trend", math.log(late / early), error, "log ratio", note, smallest_count(sums, counted))


def smallest_count(counts: Sequence[int], counted: Callable[[int], int] = int) -> int:
    """Return the smallest of some counts that is above 0; 0 if there is none.

    Where no event is computed with as few (`counted`), a count of 0 is as secret as one of 1, and counts as one here.
    """
    least = 1 if counted(0) else 0
    return min((max(count, least) for count in counts if max(count, least) > 0), default=0)


def _field_of(by_criterion: Mapping[str, CriterionValue], criterion: str, field: str) -> float:
    return float(getattr(by_criterion[criterion], field)) if criterion in by_criterion else math.nan


def _scores(values: Floats, weight: Floats) -> Floats:
    """Return the scores of markets, shape (draws, markets).

    A score is the weighted mean share of markets ranked below. Unknown values are left out.

    Parameters
    ----------
    values : ndarray, shape (draws, markets, criteria)
    weight : ndarray, shape (criteria,)
    """
    is_known = np.isfinite(values)
    others = is_known.sum(axis=1, keepdims=True) - 1
    markets_beaten = np.zeros(values.shape)
    for market in range(values.shape[1]):
        values_here = values[:, market : market + 1]
        wins = np.where(is_known, (values_here > values) + 0.5 * (values_here == values), 0.0).sum(axis=1)
        markets_beaten[:, market] = np.where(is_known[:, market], wins - 0.5, 0.0)
    share = np.divide(markets_beaten, others, out=np.full(values.shape, 0.5), where=others > 0)
    weight_used = np.where(is_known, weight, 0.0)
    total = weight_used.sum(axis=2)
    return np.asarray(
        np.divide((share * weight_used).sum(axis=2), total, out=np.full(total.shape, 0.0), where=total > 0)
    )


def _ranks(scores: Floats) -> Floats:
    """Return ranks from 1, shape (draws, markets); tied markets get their mean rank."""
    above = (scores[:, None, :] > scores[:, :, None]).sum(axis=2)
    equal = (scores[:, None, :] == scores[:, :, None]).sum(axis=2)
    return np.asarray(1 + above + (equal - 1) / 2, dtype=np.float64)
