"""Net harm: every measure's effect in its own unit, and their sum under one profile's weights, signs and vetoes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geoharm.harm.joint_draws import MAX_LEVEL_FACTOR
from geoharm.harm.results.net_harm import JointEffects, MeasureHarm, NetHarm, VetoCheck
from geoharm.model.estimate import Interval
from geoharm.model.measure import Measure
from geoharm.model.values import ValueProfile

INDEPENDENT = "takes the measures as independent of each other"
Floats = NDArray[np.float64]


def net_harm(joint: JointEffects, profile: ValueProfile) -> NetHarm:
    r"""Return what a zone's harms add up to under one profile.

    Parameters
    ----------
    joint : JointEffects
        Harms only: activity cannot be passed.
    profile : ValueProfile

    Returns
    -------
    NetHarm
        Negative means less harm; unknown, with the reason, if any measure with a weight is.

    Notes
    -----
    .. math:: H = \sum_i w_i x_i

    over joint draws of the effects :math:`x_i`, so that measures that move together widen or narrow the sum as they
    should; the best estimate is the weighted sum of the best estimates. Weights multiply effects, never counts. A
    measure known within bounds enters with its lower bound in the least sum and its upper bound in the most (the other
    way round if it is a benefit); the interval runs from the lower quantile of the least to the upper of the most,
    and so holds the truth wherever inside the bounds it lies.

    References
    ----------
    A. P. Wheeler (2020), https://andrewpwheeler.com/2020/11/19/amending-the-wdd-test-to-incorporate-harm-weights/
    """
    weights = np.array([profile.weight(measure) for measure in joint.measures])
    rows = harm_by_measure(joint, weights)
    vetoes = check_vetoes(joint, profile, rows)
    used = [position for position in range(len(rows)) if weights[position] != 0]
    note = _refusal(joint, used)
    if note:
        nothing = Interval(math.nan, math.nan, MAX_LEVEL_FACTOR)
        return NetHarm(profile.name, joint.zone, profile.reference, rows, math.nan, math.nan, nothing,
                       (math.nan, math.nan), calibrated=False, vetoes=vetoes, note=note)  # fmt: skip
    least, most = weighted_draws(joint, weights)
    low = math.fsum(min(w * a, w * b) for w, a, b in _parts(joint, weights, used))
    high = math.fsum(max(w * a, w * b) for w, a, b in _parts(joint, weights, used))
    return NetHarm(
        profile=profile.name,
        zone=joint.zone,
        reference=profile.reference,
        rows=rows,
        low=low,
        high=high,
        interval=_interval(rows, used, least, most),
        fell=(float((most < 0).mean()), float((least < 0).mean())),
        calibrated=all(joint.calibrated[position] for position in used),
        vetoes=vetoes,
        note=INDEPENDENT if len(used) > 1 and joint.places == 0 else "",
    )


def harm_by_measure(joint: JointEffects, weights: Sequence[float] | Floats) -> tuple[MeasureHarm, ...]:
    """Return each measure's effect in its own unit, with its interval and weight."""
    return tuple(
        MeasureHarm(
            measure=measure,
            weight=float(weights[column]),
            low=float(joint.best_low[column]),
            high=float(joint.best_high[column]),
            interval=joint.spans[column],
            calibrated=joint.calibrated[column],
            note=joint.notes[column],
            smallest=joint.smallest[column],
        )
        for column, measure in enumerate(joint.measures)
    )


def weighted_draws(joint: JointEffects, weights: Floats) -> tuple[Floats, Floats]:
    """Return the least and the most the weighted sum can be in each draw; weights of 0 leave a measure out."""
    least, most = np.zeros(joint.low.shape[0]), np.zeros(joint.low.shape[0])
    for column in np.flatnonzero(weights):
        one, two = weights[column] * joint.low[:, column], weights[column] * joint.high[:, column]
        least, most = least + np.minimum(one, two), most + np.maximum(one, two)
    return least, most


def check_vetoes(joint: JointEffects, profile: ValueProfile, rows: Sequence[MeasureHarm]) -> tuple[VetoCheck, ...]:
    """Return, for every veto and measure it speaks of, whether it was hit, kept, or cannot be told.

    Hit: the interval of the change lies above the accepted rise. Kept: it lies below it. Anything else is unknown,
    and a measure that is not there is unknown too: never "no harm". A rise in entries to treatment is no rise in harm to
    health: only a veto that names them speaks of them.
    """
    answers = []
    for veto in profile.vetoes:
        named = veto.selector.measure or veto.selector.kind
        found = [
            column
            for column, measure in enumerate(joint.measures)
            if veto.selector.fits(measure) and (named or measure.kind != "treatment_entry")
        ]
        if not found:
            answers.append(VetoCheck(veto.words, "", "unknown", f"no measure of {veto.selector.words()} was supplied"))
        for column in found:
            row = rows[column]
            limit = veto.margin * joint.expected[column] if veto.margin else 0.0
            state, why = "unknown", "the interval holds both more and no more than is accepted"
            if not joint.known(column) or math.isnan(limit):
                why = f"its change is not known{': ' + row.note if row.note else ''}"
            elif row.interval.low > limit:
                state, why = "hit", "the whole interval lies above what is accepted"
            elif row.interval.high <= limit:
                state, why = "kept", "the whole interval lies at or below what is accepted"
            if state != "unknown" and not row.calibrated:
                why += "; a signal only: the interval holds the noise of counting alone"
            answers.append(VetoCheck(veto.words, row.measure.name, state, why))
    return tuple(answers)


def _interval(rows: Sequence[MeasureHarm], used: Sequence[int], least: Floats, most: Floats) -> Interval:
    """Return the interval of the sum; of one measure alone, exactly its own."""
    if len(used) == 1:
        row = rows[used[0]]
        ends = sorted((row.weight * row.interval.low, row.weight * row.interval.high))
        return Interval(ends[0], ends[1], MAX_LEVEL_FACTOR)
    tail = (1 - MAX_LEVEL_FACTOR) / 2
    return Interval(_quantile(least, tail), _quantile(most, 1 - tail), MAX_LEVEL_FACTOR)


def _refusal(joint: JointEffects, used: Sequence[int]) -> str:
    """Return why there is no sum, or an empty text."""
    if not used:
        return "the profile gives no weight to any measure of this study"
    for position in used:
        if not joint.known(position):
            note = joint.notes[position]
            return f"one part is unknown: {joint.measures[position].name}{f' ({note})' if note else ''}"
    twice = double_counting_note([joint.measures[position] for position in used])
    return f"{twice}; give one of them the sign ignored" if twice else ""


def double_counting_note(measures: Sequence[Measure]) -> str:
    """Return a sentence on needles and the requests they were found by, where both would enter one sum."""
    by_unit: dict[tuple[str, str], dict[str, str]] = {}
    for one in measures:
        if one.harm is not None:
            by_unit.setdefault((one.harm.borne_by, one.harm.type), {})[one.unit] = one.name
    for units in by_unit.values():
        if {"needles", "requests"} <= set(units):
            return f"\u201c{units['needles']}\u201d and \u201c{units['requests']}\u201d are the same finds in two units"
    return ""


def _parts(joint: JointEffects, weights: Floats, used: Sequence[int]) -> list[tuple[float, float, float]]:
    return [
        (float(weights[one]), float(joint.best_low[one]), float(joint.best_high[one]))
        for one in used
    ]  # fmt: skip


def _quantile(values: Floats, share: float) -> float:
    """Return a quantile; infinite if that many draws are, NaN if any is undefined."""
    if np.isnan(values).any():
        return math.nan
    ordered = np.sort(values)
    position = share * (ordered.size - 1)
    below = math.floor(position)
    one, two = ordered[below], ordered[min(below + 1, ordered.size - 1)]
    if math.isinf(one) or math.isinf(two):
        return float(one if math.isinf(one) else two)
    return float(one + (position - below) * (two - one))
