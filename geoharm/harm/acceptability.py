"""Acceptability: under which share of the admissible weightings net harm fell, and at which weights that turns.

Lahdelma, Hokkanen and Salminen (1998), SMAA: stochastic multiobjective acceptability analysis, European Journal of
Operational Research 106:137-143, https://doi.org/10.1016/S0377-2217(97)00163-X
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from geoharm.harm.net_harm import double_counting_note
from geoharm.harm.results.net_harm import Acceptability, JointEffects, TippingPoint
from geoharm.model.values import SIGNS, ExchangeRates

REFERENCE = "https://doi.org/10.1016/S0377-2217(97)00163-X"
WEIGHTINGS = 2048
_CHUNK = 128
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Group:
    """Measures that share who bears the harm, its type and the rule that speaks of it: one draw weighs them all."""

    name: str
    label: str
    columns: tuple[int, ...]
    sign: float
    few: float
    many: float

    def rates(self, share: Floats) -> Floats:
        """Return how many events weigh as much as one reference event, a share of the way from many to few, log scale."""
        return np.asarray(np.exp(math.log(self.many) + share * math.log(self.few / self.many)), dtype=np.float64)


def acceptability(
    joint: JointEffects, rates: ExchangeRates, *, seed: int, weightings: int = WEIGHTINGS, level: float = 0.95
) -> Acceptability:
    r"""Return the share of admissible weightings under which net harm fell, and where the answer turns.

    Parameters
    ----------
    joint : JointEffects
    rates : ExchangeRates
        The declared ranges.
    seed : int
    weightings : int
        A power of two.
    level : float
        Of the intervals behind "clearly".

    Returns
    -------
    Acceptability
        Without an answer, and with the reason, if a measure that takes part is unknown.

    Notes
    -----
    One number is drawn for each group of harms (who bears it, of which type, under one rule), evenly on the log scale between the ends
    of its range, by scrambled Sobol points; every measure of the group is weighed by the same draw. Splitting a measure
    in two therefore changes nothing, nor does counting in another unit whose declared range is converted with it. Groups
    are drawn independently of each other.

    A weighting is "clearly" one or the other if the interval of its weighted sum, over joint draws of the effects,
    leaves out zero; otherwise its best estimate decides. Central weights are the geometric mean exchange rates of the
    weightings behind each conclusion.
    """
    groups = _groups(joint, rates)
    note = _refusal(joint, groups)
    if note:
        nothing = math.nan
        return Acceptability(joint.zone, rates.name, 0, nothing, nothing, nothing, nothing, nothing, (), (),
                             calibrated=False, note=note)  # fmt: skip
    points = _points(groups, weightings, seed)
    weights = np.zeros((weightings, len(joint.measures)))
    for position, group in enumerate(groups):
        weights[:, list(group.columns)] = (group.sign / group.rates(points[:, position]))[:, None]
    side, clear = _sides(joint, weights, level)
    used = [column for group in groups for column in group.columns]
    return Acceptability(
        zone=joint.zone,
        rates=rates.name,
        weightings=weightings,
        clearly_fell=float(((side < 0) & clear).mean()),
        fell=float(((side < 0) & ~clear).mean()),
        rose=float(((side > 0) & ~clear).mean()),
        clearly_rose=float(((side > 0) & clear).mean()),
        neither=float((side == 0).mean()),
        central=tuple(_central(group, points[:, position], side) for position, group in enumerate(groups)),
        tipping_points=_flips(joint, groups, rates.reference),
        calibrated=all(joint.calibrated[column] for column in used),
    )


def group_name(borne_by: str, kind: str) -> str:
    """Return a group of harms in words."""
    return f"{kind}, borne by {borne_by}"


def _groups(joint: JointEffects, rates: ExchangeRates) -> tuple[_Group, ...]:
    """Return the groups in the order of their axes and rules, so that the order of the measures changes nothing."""
    members: dict[tuple[str, str, int], list[int]] = {}
    for column, measure in enumerate(joint.measures):
        rule = rates.rule(measure)
        if measure.harm is not None and rule is not None:
            place = rates.rules.index(rule)
            members.setdefault((measure.harm.borne_by, measure.harm.type, place), []).append(column)
    found = []
    for borne_by, kind, place in sorted(members):
        columns = sorted(members[borne_by, kind, place], key=lambda column: joint.measures[column].name)
        rule = rates.rules[place]
        alone = sum(axes[:2] == (borne_by, kind) for axes in members) == 1
        found.append(
            _Group(
                name=group_name(borne_by, kind) + ("" if alone else f" ({rule.selector.words()})"),
                label=" and ".join(f"\u201c{joint.measures[column].name}\u201d" for column in columns),
                columns=tuple(columns),
                sign=SIGNS[rule.sign],
                few=rule.few,
                many=rule.many,
            )
        )
    return tuple(found)


def _refusal(joint: JointEffects, groups: Sequence[_Group]) -> str:
    used = [column for group in groups for column in group.columns]
    if not used:
        return "the declared exchange rates speak of no measure of this study"
    for column in used:
        if not joint.known(column):
            return f"one part is unknown: {joint.measures[column].name}"
    twice = double_counting_note([joint.measures[column] for column in used])
    return f"{twice}; give one of them the sign ignored" if twice else ""


def _points(groups: Sequence[_Group], weightings: int, seed: int) -> Floats:
    """Return one number from 0 to 1 a weighting and group; a group of one rate only needs none of them."""
    return np.asarray(qmc.Sobol(d=len(groups), rng=np.random.default_rng(seed)).random(weightings))


def _sides(joint: JointEffects, weights: Floats, level: float) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return -1, 0 or 1 by best estimate of each weighting, and whether its interval leaves out zero on that side."""
    tail = (1 - level) / 2
    best_low, best_high = _weighted(weights, joint.best_low[None], joint.best_high[None])
    side = np.where(best_high[:, 0] < 0, -1, np.where(best_low[:, 0] > 0, 1, 0))
    clear = np.zeros(side.size, dtype=bool)
    for first in range(0, side.size, _CHUNK):
        part = slice(first, first + _CHUNK)
        least, most = _weighted(weights[part], joint.low, joint.high)
        below, above = (most < 0).mean(axis=1) >= 1 - tail, (least > 0).mean(axis=1) >= 1 - tail
        clear[part] = np.where(side[part] < 0, below, above & (side[part] > 0))
    return side.astype(np.int64), clear


def _weighted(weights: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Return the least and most of the weighted sums, shape (weightings, draws), summed in the order of the columns."""
    least = np.zeros((weights.shape[0], low.shape[0]))
    most = np.zeros_like(least)
    for column in range(weights.shape[1]):
        weight = weights[:, column : column + 1]
        if not weight.any():
            continue
        one, two = weight * low[None, :, column], weight * high[None, :, column]
        least, most = least + np.minimum(one, two), most + np.maximum(one, two)
    return least, most


def _central(group: _Group, share: Floats, side: NDArray[np.int64]) -> tuple[str, float, float, float]:
    def middle(mask: NDArray[np.bool_]) -> float:
        return float(group.rates(share[mask].mean())) if mask.any() else math.nan

    return group.name, middle(np.ones(side.size, dtype=bool)), middle(side < 0), middle(side > 0)


def _flips(joint: JointEffects, groups: Sequence[_Group], reference: str) -> tuple[TippingPoint, ...]:
    """Return where each group alone turns the sign of the best estimate, the nearest first.

    Only where every effect is a number: bounds have no single sign to turn.
    """
    used = [column for group in groups for column in group.columns]
    if any(joint.best_low[column] != joint.best_high[column] for column in used):
        return ()
    parts = [
        math.fsum(group.sign / _middle(group) * float(joint.best_low[column]) for column in group.columns)
        for group in groups
    ]
    total = math.fsum(parts)
    flips = []
    for group, part in zip(groups, parts, strict=True):
        rest, now = total - part, _middle(group)
        factor = -rest / part if part else math.nan
        at = now / factor if factor > 0 else math.inf if factor == 0 else math.nan
        inside = bool(math.isfinite(at) and group.few <= at <= group.many)
        flips.append(
            TippingPoint(group.name, now, at, inside, _sentence(group, now, at, total, reference, inside=inside))
        )
    return tuple(sorted(flips, key=lambda one: abs(math.log(one.at / one.now)) if 0 < one.at < math.inf else math.inf))


def _middle(group: _Group) -> float:
    """Return the middle of a group's range, on the log scale."""
    return math.sqrt(group.few * group.many)


def _sentence(group: _Group, now: float, at: float, total: float, reference: str, *, inside: bool) -> str:
    state, other = ("fell", "rose") if total < 0 else ("rose", "fell")
    if not 0 < at < math.inf:
        return f"No weight of {group.label} alone turns the answer: net harm {state} whatever it weighs."
    way = "more" if at > now else "fewer"
    where = "inside the declared range" if inside else "outside the declared range"
    return (
        f"Net harm {state} if {_count(now)} of {group.label} weigh as much as {reference}; with {_count(at)} or {way} it "
        f"{other} ({where})."
    )


def _count(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"
