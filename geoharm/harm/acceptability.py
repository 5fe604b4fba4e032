"""Acceptability analysis: the share of admissible weightings under which net harm fell.

It also computes the tipping points: the exchange rates at which the sign of net harm changes. The method is SMAA.

Lahdelma, Hokkanen and Salminen (1998), SMAA: stochastic multiobjective acceptability analysis, European Journal of
Operational Research 106:137-143, https://doi.org/10.1016/S0377-2217(97)00163-X
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoharm.harm.net_harm import double_counting_note, refused_note
from geoharm.harm.results.net_harm import Acceptability, Flip, JointEffects, TippingPoint
from geoharm.model.values import SIGNS, ExchangeRates

REFERENCE = "https://doi.org/10.1016/S0377-2217(97)00163-X"
WEIGHTINGS = 2048
_CHUNK = 128
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _HarmGroup:
    """Measures with the same bearer of harm, harm type and exchange rule.

    All measures of a group get the same drawn exchange rate.
    """

    name: str
    label: str
    columns: tuple[int, ...]
    sign: float
    few: float
    many: float

    def rates(self, shares: Floats) -> Floats:
        """Return the exchange rates at given shares of the range.

        An exchange rate is the number of events that weigh as much as one reference event. Share 0 is `many`, share 1
        is `few`; rates in between are interpolated on the log scale.
        """
        return np.asarray(np.exp(math.log(self.many) + shares * math.log(self.few / self.many)), dtype=np.float64)


def acceptability(
    joint: JointEffects, rates: ExchangeRates, *, seed: int, weightings: int = WEIGHTINGS, level: float = 0.95
) -> Acceptability:
    r"""Return the share of admissible weightings under which net harm fell, and the tipping points.

    Parameters
    ----------
    joint : JointEffects
        Joint draws of the effects of all measures in one zone.
    rates : ExchangeRates
        The declared ranges of exchange rates.
    seed : int
        Seed of the random numbers.
    weightings : int
        How many weightings are drawn; a power of two.
    level : float
        Joint level of the intervals that decide whether a change is "clear".

    Returns
    -------
    Acceptability
        All shares are NaN, and `note` gives the reason, if the effect of a used measure is unknown or refused.

    References
    ----------
    T. Hothorn, F. Bretz, P. Westfall (2008), Simultaneous inference in general parametric models, Biometrical Journal
    50:346-363, https://doi.org/10.1002/bimj.200810425

    Notes ----- A group of harms has one bearer, one harm type and one exchange rule. For each group, exchange rates are
    drawn from its declared range, uniformly on the log scale, with scrambled Sobol points. Groups are drawn
    independently. All measures of a group get the same rate. The result therefore does not change if a measure is split
    in two, or if it is counted in another unit and its declared range is converted too.

    A weighting counts as a clear fall or a clear rise if the interval of its weighted sum, over the joint draws of the
    effects, excludes zero. Otherwise the best estimate decides. The intervals hold together: all of them cover their sums in
    a share `level` of the draws (max-t over the weightings, Hothorn and others 2008, on the scale of each sum's own
    quantiles), so where nothing happened no weighting at all is clear in that share of cases. Central rates are the geometric mean exchange rates of
    the weightings behind each conclusion.
    """
    groups = _groups(joint, rates)
    reason = _why_undefined(joint, groups)
    if reason:
        nan = math.nan
        return Acceptability(joint.zone, rates.name, 0, nan, nan, nan, nan, nan, (), (),
                             calibrated=False, note=reason)  # fmt: skip
    shares = _draw_shares(groups, weightings, seed)
    weights = np.zeros((weightings, len(joint.measures)))
    for number, group in enumerate(groups):
        weights[:, list(group.columns)] = (group.sign / group.rates(shares[:, number]))[:, None]
    direction, is_clear = _directions(joint, weights, level)
    used_columns = [column for group in groups for column in group.columns]
    tipping_points = _tipping_points(joint, groups, rates.reference)
    return Acceptability(
        zone=joint.zone,
        exchange_rates=rates.name,
        weightings=weightings,
        clearly_fell=float(((direction < 0) & is_clear).mean()),
        fell=float(((direction < 0) & ~is_clear).mean()),
        rose=float(((direction > 0) & ~is_clear).mean()),
        clearly_rose=float(((direction > 0) & is_clear).mean()),
        undecided=float((direction == 0).mean()),
        central_rates=tuple(_central_rates(group, shares[:, number], direction) for number, group in enumerate(groups)),
        tipping_points=tipping_points,
        calibrated=all(joint.calibrated[column] for column in used_columns),
        flip=_flip(joint, groups, tipping_points, rates.reference),
    )


def group_name(borne_by: str, kind: str) -> str:
    """Return the label of a group of harms: the harm type and who bears it."""
    return f"{kind}, borne by {borne_by}"


def _groups(joint: JointEffects, rates: ExchangeRates) -> tuple[_HarmGroup, ...]:
    """Return the groups of harms, sorted by bearer, harm type and rule.

    The order does not depend on the order of the measures.
    """
    columns_by_group: dict[tuple[str, str, int], list[int]] = {}
    for column, measure in enumerate(joint.measures):
        rule = rates.rule(measure)
        if measure.harm is not None and rule is not None:
            rule_index = rates.rules.index(rule)
            columns_by_group.setdefault((measure.harm.borne_by, measure.harm.type, rule_index), []).append(column)
    groups = []
    for borne_by, kind, rule_index in sorted(columns_by_group):
        columns = sorted(columns_by_group[borne_by, kind, rule_index], key=lambda column: joint.measures[column].name)
        rule = rates.rules[rule_index]
        is_only_rule = sum(key[:2] == (borne_by, kind) for key in columns_by_group) == 1
        groups.append(
            _HarmGroup(
                name=group_name(borne_by, kind) + ("" if is_only_rule else f" ({rule.selector.description()})"),
                label=" and ".join(f"\u201c{joint.measures[column].name}\u201d" for column in columns),
                columns=tuple(columns),
                sign=SIGNS[rule.sign],
                few=rule.lowest_rate,
                many=rule.highest_rate,
            )
        )
    return tuple(groups)


def _why_undefined(joint: JointEffects, groups: Sequence[_HarmGroup]) -> str:
    used_columns = [column for group in groups for column in group.columns]
    if not used_columns:
        return "the declared exchange rates apply to no measure of this study"
    for column in used_columns:
        if not joint.known(column):
            return f"one part is unknown: {joint.measures[column].name}"
    refused = [joint.measures[column].name for column in used_columns if joint.refused[column]]
    if refused:
        return refused_note(refused)
    double_counting = double_counting_note([joint.measures[column] for column in used_columns])
    return f"{double_counting}; give one of them the sign ignored" if double_counting else ""


def _draw_shares(groups: Sequence[_HarmGroup], weightings: int, seed: int) -> Floats:
    """Return random shares from 0 to 1, shape (weightings, groups)."""
    from scipy.stats import qmc  # noqa: PLC0415 -- scipy.stats is slow to import

    return np.asarray(qmc.Sobol(d=len(groups), rng=np.random.default_rng(seed)).random(weightings))


def _directions(joint: JointEffects, weights: Floats, level: float) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return for each weighting the sign of its best estimate, and whether its interval excludes zero on that side.

    The intervals have a joint level. The sign is -1 (net harm fell), 1 (it rose) or 0 (the bounds allow both).
    """
    tail = _joint_tail(joint, weights[:_CHUNK], level)
    best_low, best_high = _weighted_sums(weights, joint.best_low[None], joint.best_high[None])
    direction = np.where(best_high[:, 0] < 0, -1, np.where(best_low[:, 0] > 0, 1, 0))
    is_clear = np.zeros(direction.size, dtype=bool)
    for start in range(0, direction.size, _CHUNK):
        chunk = slice(start, start + _CHUNK)
        lowest, highest = _weighted_sums(weights[chunk], joint.low, joint.high)
        is_below, is_above = (highest < 0).mean(axis=1) >= 1 - tail, (lowest > 0).mean(axis=1) >= 1 - tail
        is_clear[chunk] = np.where(direction[chunk] < 0, is_below, is_above & (direction[chunk] > 0))
    return direction.astype(np.int64), is_clear


def _joint_tail(joint: JointEffects, weights: Floats, level: float) -> float:
    """Return the tail that intervals of several sums leave out on each side, if they hold together in a share of draws.

    Parameters
    ----------
    joint : JointEffects
    weights : ndarray, shape (weightings, m)
        The first of a Sobol sequence, which are spread evenly over all admissible weightings.
    level : float
        Joint level.
    """
    least = np.full(joint.low.shape[0], 0.5)
    for sums in _weighted_sums(weights, joint.low, joint.high):
        order = sums.argsort(axis=1)
        places = np.empty_like(order)
        np.put_along_axis(places, order, np.arange(sums.shape[1])[None], axis=1)
        ranks = (places + 0.5) / sums.shape[1]
        least = np.minimum(least, np.minimum(ranks, 1 - ranks).min(axis=0))
    return float(np.quantile(least, 1 - level))


def _weighted_sums(weights: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Return the lowest and highest weighted sums, each of shape (weightings, draws).

    Terms are added in the order of the columns.
    """
    lowest = np.zeros((weights.shape[0], low.shape[0]))
    highest = np.zeros_like(lowest)
    for column in range(weights.shape[1]):
        weight = weights[:, column : column + 1]
        if not weight.any():
            continue
        at_low, at_high = weight * low[None, :, column], weight * high[None, :, column]
        lowest, highest = lowest + np.minimum(at_low, at_high), highest + np.maximum(at_low, at_high)
    return lowest, highest


def _central_rates(group: _HarmGroup, shares: Floats, direction: NDArray[np.int64]) -> tuple[str, float, float, float]:
    # The three rates are those of all weightings, of weightings with a fall and of weightings with a rise.
    def central_rate(mask: NDArray[np.bool_]) -> float:
        return float(group.rates(shares[mask].mean())) if mask.any() else math.nan

    return (
        group.name,
        central_rate(np.ones(direction.size, dtype=bool)),
        central_rate(direction < 0),
        central_rate(direction > 0),
    )


def _tipping_points(joint: JointEffects, groups: Sequence[_HarmGroup], reference: str) -> tuple[TippingPoint, ...]:
    """Return the tipping point of each group: the rate at which the sign of the best estimate changes.

    The nearest comes first. There are none if an effect is only known within bounds, because its sign is not unique.
    """
    used_columns = [column for group in groups for column in group.columns]
    if any(joint.best_low[column] != joint.best_high[column] for column in used_columns):
        return ()
    contributions = [
        math.fsum(group.sign / _middle_rate(group) * float(joint.best_low[column]) for column in group.columns)
        for group in groups
    ]
    total = math.fsum(contributions)
    points = []
    for group, contribution in zip(groups, contributions, strict=True):
        others, current_rate = total - contribution, _middle_rate(group)
        factor = -others / contribution if contribution else math.nan
        tipping_rate = current_rate / factor if factor > 0 else math.inf if factor == 0 else math.nan
        is_admissible = bool(math.isfinite(tipping_rate) and group.few <= tipping_rate <= group.many)
        points.append(
            TippingPoint(
                group.name,
                current_rate,
                tipping_rate,
                is_admissible,
                _tipping_sentence(group, current_rate, tipping_rate, total, reference, is_admissible=is_admissible),
            )
        )
    return tuple(
        sorted(
            points,
            key=lambda point: (
                abs(math.log(point.tipping_rate / point.middle_rate)) if 0 < point.tipping_rate < math.inf else math.inf
            ),
        )
    )


def _flip(
    joint: JointEffects, groups: Sequence[_HarmGroup], tipping_points: Sequence[TippingPoint], reference: str
) -> Flip | None:
    """Return the nearest tipping point of a group whose weight is open; None if no weight turns the answer.

    A group whose declared range is one rate is the measure of the others: "three violent incidents weigh as much as one"
    would say nothing.
    """
    open_groups = {group.name: group for group in groups if group.few < group.many}
    for point in tipping_points:
        group = open_groups.get(point.group)
        if group is not None and 0 < point.tipping_rate < math.inf:
            names = tuple(joint.measures[column].name for column in group.columns)
            return Flip(names, point.tipping_rate, reference, point.in_declared_range)
    return None


def _middle_rate(group: _HarmGroup) -> float:
    """Return the geometric mean of the two ends of a group's range."""
    return math.sqrt(group.few * group.many)


def _tipping_sentence(
    group: _HarmGroup, current_rate: float, tipping_rate: float, total: float, reference: str, *, is_admissible: bool
) -> str:
    state, opposite = ("fell", "rose") if total < 0 else ("rose", "fell")
    if not 0 < tipping_rate < math.inf:
        return f"No weight of {group.label} alone changes the conclusion: net harm {state} at any weight."
    comparison = "more" if tipping_rate > current_rate else "fewer"
    range_words = "inside the declared range" if is_admissible else "outside the declared range"
    return (
        f"Net harm {state} if {_format_rate(current_rate)} of {group.label} weigh as much as {reference}; "
        f"with {_format_rate(tipping_rate)} or {comparison} it {opposite} ({range_words})."
    )


def _format_rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"
