"""Which market first: a weighted ranking in which every criterion stays visible, with the ranks each market may take."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm.errors import DesignError
from geoharm.harm.results.markets import CriterionValue, PriorityRow
from geoharm.model.estimate import Interval

DRAWS = 4000
MAX_LEVEL_FACTOR = 0.95
Floats = NDArray[np.float64]


def rank_markets(
    values: Mapping[str, Sequence[CriterionValue]], weights: Mapping[str, float], *, seed: int, draws: int = DRAWS
) -> tuple[PriorityRow, ...]:
    r"""Return markets in the order in which their criteria put them, with the ranks each may take.

    Parameters
    ----------
    values : mapping of market to its values
        More always means sooner; NaN where a criterion is unknown.
    weights : mapping of criterion to weight
    seed : int
    draws : int

    Returns
    -------
    tuple of PriorityRow
        The first market first; ties in the order of the names.

    Raises
    ------
    DesignError
        If no criterion with a weight is known of any market.

    Notes
    -----
    On each criterion a market scores the share of markets it comes before, ties counting half, so that no unit or scale
    enters; the score is the weighted mean over the criteria that are known of it. Ranks are drawn by drawing every value
    from its own normal error: the interval holds the ranks from the 2.5th to the 97.5th percentile. Criteria that are
    unknown of every market take no part.

    References
    ----------
    H. Goldstein and D. J. Spiegelhalter (1996), League tables and their limitations, https://doi.org/10.2307/2983325
    """
    markets = sorted(values)
    names = [name for name, weight in weights.items() if weight > 0]
    by_name = {market: {one.criterion: one for one in values[market]} for market in markets}
    table = np.array([[_number(by_name[market], name, "value") for name in names] for market in markets])
    error = np.array([[_number(by_name[market], name, "standard_error") for name in names] for market in markets])
    if not markets or not names or not np.isfinite(table).any():
        msg = (
            "No criterion with a weight is known of any market, so there is nothing to rank by; give weights to others."
        )
        raise DesignError(msg)
    weight = np.array([weights[name] for name in names])
    score = _scores(table[None], weight)[0]
    rng = np.random.default_rng(seed)
    drawn = table[None] + np.nan_to_num(error)[None] * rng.standard_normal((draws, *table.shape))
    ranks = _ranks(_scores(drawn, weight))
    order = np.lexsort((np.arange(len(markets)), -score))
    tail = (1 - MAX_LEVEL_FACTOR) / 2
    return tuple(
        PriorityRow(
            market=markets[row],
            score=float(score[row]),
            rank=position,
            ranks=Interval(
                float(np.floor(np.quantile(ranks[:, row], tail))),
                float(np.ceil(np.quantile(ranks[:, row], 1 - tail))),
                MAX_LEVEL_FACTOR,
            ),
            values=tuple(values[markets[row]]),
        )
        for position, row in enumerate(order, start=1)
    )


def resilience(counts: ArrayLike, dips: Sequence[tuple[int, int, int]], *, dispersion: float = 1.0) -> CriterionValue:
    r"""Return how far a market came back after it was disrupted before.

    Parameters
    ----------
    counts : array_like, shape (months,)
        The market's activity by month.
    dips : sequence of (start, end, last)
        Months of each earlier operation: before it, while it ran and the 3 months after, and what followed.

    Returns
    -------
    CriterionValue
        1 if it came all the way back to its level before, 0 if it stayed down; NaN if it was never disrupted, or did
        not fall.

    Notes
    -----
    .. math:: (m_{later} - m_{dip}) / (m_{before} - m_{dip})

    of monthly means, averaged over the dips. A market that comes back needs another approach than one more crackdown.
    """
    series = np.asarray(counts, dtype=np.float64)
    found = []
    for start, end, last in dips:
        before, dip, later = (series[max(0, start - 12) : start], series[start:end], series[end:last])
        if min(before.size, dip.size, later.size) == 0:
            continue
        fall = float(before.mean() - dip.mean())
        noise = math.sqrt(dispersion * (before.mean() / before.size + dip.mean() / dip.size))
        if fall <= noise:
            continue
        back = float(later.mean() - dip.mean()) / fall
        error = math.sqrt(dispersion * (later.mean() / later.size + dip.mean() / dip.size)) / fall
        found.append((back, error))
    if not found:
        return CriterionValue("resilience", math.nan, math.nan, "share", "no earlier operation after which it fell")
    value = math.fsum(back for back, _ in found) / len(found)
    error = math.sqrt(math.fsum(one**2 for _, one in found)) / len(found)
    return CriterionValue("resilience", value, error, "share", f"{len(found)} earlier operation(s)")


def yearly_trend(counts: ArrayLike, *, dispersion: float = 1.0) -> CriterionValue:
    r"""Return a market's yearly growth as the log rate ratio of its last twelve months to the twelve before.

    Whole years are compared, so that the season cancels; NaN with under 24 months or an empty year.
    """
    series = np.asarray(counts, dtype=np.float64)
    if series.size < 24:
        return CriterionValue("trend", math.nan, math.nan, "log ratio", "under 24 months of data")
    late, early = float(series[-12:].sum()), float(series[-24:-12].sum())
    if not late or not early:
        return CriterionValue("trend", math.nan, math.nan, "log ratio", "a year without any event")
    error = math.sqrt(dispersion * (1 / late + 1 / early))
    return CriterionValue("trend", math.log(late / early), error, "log ratio", "last 12 months over the 12 before")


def _number(found: Mapping[str, CriterionValue], name: str, field: str) -> float:
    return float(getattr(found[name], field)) if name in found else math.nan


def _scores(values: Floats, weight: Floats) -> Floats:
    """Return weighted mean shares of markets come before, shape (draws, markets); unknown values take no part."""
    known = np.isfinite(values)
    others = known.sum(axis=1, keepdims=True) - 1
    beats = np.zeros(values.shape)
    for market in range(values.shape[1]):
        here = values[:, market : market + 1]
        wins = np.where(known, (here > values) + 0.5 * (here == values), 0.0).sum(axis=1)
        beats[:, market] = np.where(known[:, market], wins - 0.5, 0.0)
    share = np.divide(beats, others, out=np.full(values.shape, 0.5), where=others > 0)
    used = np.where(known, weight, 0.0)
    total = used.sum(axis=2)
    return np.asarray(np.divide((share * used).sum(axis=2), total, out=np.full(total.shape, 0.0), where=total > 0))


def _ranks(scores: Floats) -> Floats:
    """Return ranks from 1, ties by mean rank, shape (draws, markets)."""
    above = (scores[:, None, :] > scores[:, :, None]).sum(axis=2)
    equal = (scores[:, None, :] == scores[:, :, None]).sum(axis=2)
    return np.asarray(1 + above + (equal - 1) / 2, dtype=np.float64)
