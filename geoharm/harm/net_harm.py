"""Net harm: the weighted sum of all effects under a value profile, and the check of its vetoes."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from geoharm.harm.joint_draws import INTERVAL_LEVEL, LEAD_LEVEL
from geoharm.harm.profile_answer import read_sum
from geoharm.harm.requirements import unmet_note
from geoharm.harm.results.net_harm import JointEffects, MeasureHarm, NetHarm, PartialSum, VetoCheck
from geoharm.model.estimate import Interval
from geoharm.model.measure import Measure
from geoharm.model.values import ValueProfile

INDEPENDENT = "takes the measures as independent of each other"
Floats = NDArray[np.float64]


def net_harm(
    joint: JointEffects, profile: ValueProfile, *, found: Mapping[int, Collection[str]] | None = None
) -> NetHarm:
    r"""Return the net harm of a zone under one value profile.

    Parameters
    ----------
    joint : JointEffects
        Joint draws of the effects on harms. Activity measures are not part of it.
    profile : ValueProfile
        Weights, signs and vetoes.
    found : mapping of int to collection of str, optional
        The measures that were found to have fallen (-1) and risen (1). The sum may be a finding in a direction only if one of
        them has a weight. Without it, all sums may.

    Returns
    -------
    NetHarm
        Negative means less harm. It is unknown, with the reason, if the effect on a measure with a weight is unknown,
        if such a measure is refused (it has no 95% interval), or if the profile requires a measure that the study does
        not have. The sum of the other parts then stands in `partial`.

    Notes
    -----
    .. math:: H = \sum_i w_i x_i

    is computed for each joint draw of the effects :math:`x_i`, so that the correlation of the measures enters the
    interval. The best estimate is the weighted sum of the best estimates. Weights multiply effects, never counts.

    A measure known within bounds enters the lowest sum with its lower bound and the highest sum with its upper bound
    (the reverse if it is a benefit). The interval extends from the lower quantile of the lowest sums to the upper
    quantile of the highest sums. It therefore covers the true value wherever that lies inside the bounds.

    The sum is a finding only behind one of its parts (gatekeeping: a hypothesis is tested at its full level, but only if
    one before it was rejected). Where nothing happened, a false finding of the sum then needs a false finding before it, so
    it adds nothing to their error, whatever the number of value profiles. The printed interval is not touched.

    References
    ----------
    P. H. Westfall, A. Krishen (2001), Optimally weighted, fixed sequence and gatekeeper multiple testing procedures, Journal
    of Statistical Planning and Inference 99:25-40, https://doi.org/10.1016/S0378-3758(01)00077-5
    A. P. Wheeler (2020), https://andrewpwheeler.com/2020/11/19/amending-the-wdd-test-to-incorporate-harm-weights/
    """
    weights = np.array([profile.weight(measure) for measure in joint.measures])
    rows = harm_by_measure(joint, weights)
    vetoes = check_vetoes(joint, profile, rows)
    used_columns = [column for column in range(len(rows)) if weights[column] != 0]
    unmet = profile.unmet(joint.measures)
    reason = unmet_note(unmet) if unmet else _why_undefined(joint, used_columns)
    refused = [column for column in used_columns if joint.refused[column]]
    if reason:
        unknown = Interval(math.nan, math.nan, INTERVAL_LEVEL)
        return NetHarm(
            profile.name, joint.zone, profile.reference, rows, math.nan, math.nan, unknown, (math.nan, math.nan),
            calibrated=False, vetoes=vetoes, note=reason,
            refused=tuple(joint.measures[column].name for column in refused),
            partial=None if unmet else _partial_sum(joint, weights, rows, used_columns),
        )  # fmt: skip
    low, high = _best_sum(joint, weights, used_columns)
    lowest, highest = weighted_draws(joint, weights)
    interval = _sum_interval(rows, used_columns, lowest, highest)
    narrow = _quantile_interval(lowest, highest, LEAD_LEVEL)
    calibrated = all(joint.calibrated[column] for column in used_columns)
    return NetHarm(
        profile=profile.name,
        zone=joint.zone,
        reference=profile.reference,
        rows=rows,
        low=low,
        high=high,
        interval=interval,
        share_fell=(float((highest < 0).mean()), float((lowest < 0).mean())),
        calibrated=calibrated,
        vetoes=vetoes,
        note=INDEPENDENT if len(used_columns) > 1 and joint.placebo_places == 0 else "",
        reading=read_sum(
            interval,
            narrow,
            calibrated=calibrated,
            limited=any(joint.limited[column] for column in used_columns)
            or not (
                found is None
                or {joint.measures[column].name for column in used_columns} & {*found.get(interval.side, ())}
            ),
            doubted=any(joint.doubted[column] for column in used_columns),
        ),
    )


def harm_by_measure(joint: JointEffects, weights: Sequence[float] | Floats) -> tuple[MeasureHarm, ...]:
    """Return the effect on each measure in its own unit, with its interval and weight."""
    return tuple(
        MeasureHarm(
            measure=measure,
            weight=float(weights[column]),
            low=float(joint.best_low[column]),
            high=float(joint.best_high[column]),
            interval=joint.intervals[column],
            calibrated=joint.calibrated[column],
            note=joint.notes[column],
            smallest_count=joint.smallest_count[column],
            has_zero=joint.has_zero[column],
        )
        for column, measure in enumerate(joint.measures)
    )


def weighted_draws(joint: JointEffects, weights: Floats) -> tuple[Floats, Floats]:
    """Return the lowest and highest possible weighted sum of each draw; measures of weight 0 are left out."""
    lowest, highest = np.zeros(joint.low.shape[0]), np.zeros(joint.low.shape[0])
    for column in np.flatnonzero(weights):
        at_low, at_high = weights[column] * joint.low[:, column], weights[column] * joint.high[:, column]
        lowest, highest = lowest + np.minimum(at_low, at_high), highest + np.maximum(at_low, at_high)
    return lowest, highest


def check_vetoes(joint: JointEffects, profile: ValueProfile, rows: Sequence[MeasureHarm]) -> tuple[VetoCheck, ...]:
    """Return for every veto, and every measure it applies to, whether the veto was hit, kept or is unknown.

    - "hit": the whole interval of the change lies above the accepted rise.
    - "kept": the whole interval lies at or below the accepted rise.
    - "unknown": anything else, also if there is no measure for the veto. A missing measure never means "no harm".

    More entries into drug treatment are not a harm to health. A veto therefore applies to them only if it names the
    measure or the kind.
    """
    checks = []
    for veto in profile.vetoes:
        is_named = veto.selector.measure or veto.selector.kind
        vetoed_columns = [
            column
            for column, measure in enumerate(joint.measures)
            if veto.selector.matches(measure) and (is_named or measure.kind != "treatment_entry")
        ]
        if not vetoed_columns:
            checks.append(
                VetoCheck(veto.words, "", "unknown", f"no measure of {veto.selector.description()} was supplied")
            )
        for column in vetoed_columns:
            row = rows[column]
            limit = veto.margin * joint.expected[column] if veto.margin else 0.0
            state, reason = "unknown", "the interval contains changes above and below the accepted rise"
            if not joint.known(column) or math.isnan(limit):
                reason = f"its change is not known{f': {row.note}' if row.note else ''}"
            elif row.interval.low > limit:
                state, reason = "hit", "the whole interval lies above the accepted rise"
            elif row.interval.high <= limit:
                state, reason = "kept", "the whole interval lies at or below the accepted rise"
            if state != "unknown" and not row.calibrated:
                reason += "; no finding: the interval covers counting noise only"
            checks.append(VetoCheck(veto.words, row.measure.name, state, reason))
    return tuple(checks)


def _partial_sum(
    joint: JointEffects, weights: Floats, rows: Sequence[MeasureHarm], used_columns: Sequence[int]
) -> PartialSum | None:
    """Return the sum of the parts that are not refused; None if none is refused, none is left, or one is unknown."""
    kept = [column for column in used_columns if not joint.refused[column]]
    if not kept or len(kept) == len(used_columns) or _why_undefined(joint, kept):
        return None
    kept_weights = np.zeros_like(weights)
    kept_weights[kept] = weights[kept]
    low, high = _best_sum(joint, kept_weights, kept)
    return PartialSum(
        without=tuple(joint.measures[column].name for column in used_columns if joint.refused[column]),
        low=low,
        high=high,
        interval=_sum_interval(rows, kept, *weighted_draws(joint, kept_weights)),
        calibrated=all(joint.calibrated[column] for column in kept),
    )


def _best_sum(joint: JointEffects, weights: Floats, used_columns: Sequence[int]) -> tuple[float, float]:
    """Return the lowest and highest weighted sum of the best estimates."""
    terms = [
        (float(weights[column] * joint.best_low[column]), float(weights[column] * joint.best_high[column]))
        for column in used_columns
    ]
    return math.fsum(map(min, terms)), math.fsum(map(max, terms))


def refused_note(names: Sequence[str]) -> str:
    """Return why there is no sum, with the names of the measures that have no 95% interval."""
    parts = "one part has" if len(names) == 1 else f"{len(names)} parts have"
    return f"{parts} no 95% interval, so nothing is added up: {', '.join(names)}"


def _sum_interval(
    rows: Sequence[MeasureHarm], used_columns: Sequence[int], lowest: Floats, highest: Floats
) -> Interval:
    """Return the interval of the weighted sum; for a single measure, its own interval times the weight."""
    if len(used_columns) == 1:
        row = rows[used_columns[0]]
        ends = sorted((row.weight * row.interval.low, row.weight * row.interval.high))
        return Interval(ends[0], ends[1], INTERVAL_LEVEL)
    return _quantile_interval(lowest, highest, INTERVAL_LEVEL)


def _quantile_interval(lowest: Floats, highest: Floats, level: float) -> Interval:
    """Return the interval of a level, from the lowest and highest possible sum of each draw."""
    tail = (1 - level) / 2
    return Interval(_quantile(lowest, tail), _quantile(highest, 1 - tail), level)


def _why_undefined(joint: JointEffects, used_columns: Sequence[int]) -> str:
    """Return the reason why net harm cannot be computed, or an empty text."""
    if not used_columns:
        return "the profile gives no weight to any measure of this study"
    for column in used_columns:
        if not joint.known(column):
            note = joint.notes[column]
            return f"one part is unknown: {joint.measures[column].name}{f' ({note})' if note else ''}"
    refused = [joint.measures[column].name for column in used_columns if joint.refused[column]]
    if refused:
        return refused_note(refused)
    double_counting = double_counting_note([joint.measures[column] for column in used_columns])
    return f"{double_counting}; give one of them the sign ignored" if double_counting else ""


def double_counting_note(measures: Sequence[Measure]) -> str:
    """Return a note if needles and the requests by which they were found would both be counted; else an empty text."""
    names_by_unit: dict[tuple[str, str], dict[str, str]] = {}
    for measure in measures:
        if measure.harm is not None:
            names_by_unit.setdefault((measure.harm.borne_by, measure.harm.type), {})[measure.unit] = measure.name
    for names in names_by_unit.values():
        if {"needles", "requests"} <= set(names):
            return f"\u201c{names['needles']}\u201d and \u201c{names['requests']}\u201d are the same finds in two units"
    return ""


def _quantile(values: Floats, share: float) -> float:
    """Return a quantile by linear interpolation; infinite next to an infinite draw, NaN if any draw is NaN."""
    if np.isnan(values).any():
        return math.nan
    sorted_values = np.sort(values)
    position = share * (sorted_values.size - 1)
    below = math.floor(position)
    lower, upper = sorted_values[below], sorted_values[min(below + 1, sorted_values.size - 1)]
    if math.isinf(lower) or math.isinf(upper):
        return float(lower if math.isinf(lower) else upper)
    return float(lower + (position - below) * (upper - lower))
