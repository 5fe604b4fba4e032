"""The balance: every harm in every zone, which rose, which may have risen, and what all harms together did."""

from __future__ import annotations

import math

from geoharm.answer.nouns import BalanceRow, Change, Facts, ProfileAnswer, Together
from geoharm.disclosure.released import ReleasedEffect, ReleasedMeasure, ReleasedOperation
from geoharm.harm.results.net_harm import NetHarm
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.measure import Role
from geoharm.model.reading import Reading
from geoharm.model.suppressed import Count, Suppressed


def balance_rows(operation: ReleasedOperation) -> tuple[BalanceRow, ...]:
    """Return a row for every harm, the primary measure first, then one for every measure of entries to treatment."""
    rows = [
        BalanceRow(
            measure,
            is_harm=is_counted_harm(measure),
            target=measure.effect("target"),
            rings=measure.effect(ALL_RINGS),
            both=measure.effect(TARGET_AND_RINGS),
        )
        for measure in operation.measures
        if measure.measure.role is Role.HARM
    ]
    return tuple(sorted(rows, key=lambda row: not row.is_harm))


def is_counted_harm(measure: ReleasedMeasure) -> bool:
    """Return whether more of a measure is more harm. Of entries to drug treatment, values decide that."""
    return measure.measure.role is Role.HARM and measure.measure.kind != "treatment_entry"


def risen_harms(operation: ReleasedOperation) -> tuple[Change, ...]:
    """Return every harm that rose, once, in the widest zone in which that is a finding: both, target, rings.

    Of the primary measure, the zones are left out whose rise its own clause already names: the target, and the rings
    beside a fall in the target.
    """
    return _widest(operation, Reading.ROSE)


def probably_risen_harms(operation: ReleasedOperation) -> tuple[Change, ...]:
    """Return every harm that probably rose in some zone, and that rose in no zone as a finding."""
    named = {change.measure.measure.name for change in _widest(operation, Reading.ROSE, with_primary=True)}
    leads = _widest(operation, Reading.PROBABLY_ROSE, with_primary=True)
    return tuple(change for change in leads if change.measure.measure.name not in named)


def _widest(operation: ReleasedOperation, reading: Reading, *, with_primary: bool = False) -> tuple[Change, ...]:
    changes = []
    for row in balance_rows(operation):
        named = () if with_primary else _zones_of_primary_clause(operation, row)
        risen = [
            effect
            for effect in (row.both, row.target, row.rings)
            if row.is_harm and effect.reading is reading and effect.zone not in named
        ]
        if risen:
            changes.append(Change(row.measure, risen[0]))
    return tuple(changes)


def _zones_of_primary_clause(operation: ReleasedOperation, row: BalanceRow) -> tuple[str, ...]:
    """Return the zones whose rise the clause on the primary measure names; none for another measure."""
    if row.measure is not operation.primary:
        return ()
    return ("target", ALL_RINGS) if row.target.reading is Reading.FELL else ("target",)


def profile_answers(operation: ReleasedOperation) -> tuple[ProfileAnswer, ...]:
    """Return what each set of values says of all harms in target and rings."""
    if operation.harm is None:
        return ()
    # A veto is hit wherever the harm rose: in the target, in the rings or in both.
    broken = {
        profile.name: tuple(
            dict.fromkeys(
                veto.measure
                for net_harm in operation.harm.of_profile(profile.name)
                for veto in net_harm.vetoes
                if veto.state == "hit"
            )
        )
        for profile in operation.harm.profiles
    }
    return tuple(
        ProfileAnswer(
            net_harm.profile,
            _together(net_harm, is_broken=bool(broken[net_harm.profile])),
            broken=broken[net_harm.profile],
            unsure=tuple(veto.measure for veto in net_harm.vetoes if veto.state == "unknown" and veto.measure),
            unmeasured=tuple(veto.words for veto in net_harm.vetoes if not veto.measure),
        )
        for net_harm in operation.harm.in_zone(TARGET_AND_RINGS)
    )


_TOGETHER = {
    Reading.FELL: Together.FELL,
    Reading.ROSE: Together.ROSE,
    Reading.PROBABLY_FELL: Together.PROBABLY_FELL,
    Reading.PROBABLY_ROSE: Together.PROBABLY_ROSE,
}


def _together(net_harm: NetHarm, *, is_broken: bool) -> Together:
    """Return what one set of values says. It says that harm fell only if none of its vetoes is hit, in any zone."""
    if not net_harm.is_known:
        return Together.REFUSED
    together = _TOGETHER.get(net_harm.reading, Together.CANNOT_TELL)
    is_fall = together in (Together.FELL, Together.PROBABLY_FELL)
    return Together.RULED_OUT if is_broken and is_fall else together


def headline_facts(operation: ReleasedOperation) -> Facts:
    """Return all that the headline of an operation is decided on."""
    primary = operation.primary
    harms = [row for row in balance_rows(operation) if row.is_harm]
    return Facts(
        primary=primary.effect("target").reading,
        primary_is_harm=is_counted_harm(primary),
        withheld=primary.effect("target").is_withheld,
        rose_nearby=primary.effect(ALL_RINGS).reading is Reading.ROSE,
        rose=tuple(change.measure.measure.name for change in risen_harms(operation)),
        profiles=tuple(answer.together for answer in profile_answers(operation)),
        harms=len(harms),
        harm_changed=any(effect.reading.direction for row in harms for effect in row.effects),
        activity_changed=bool(changed_activities(operation)),
        described=is_described(operation),
        reported=primary.measure.recorder == "public",
    )


def is_described(operation: ReleasedOperation) -> bool:
    """Return whether no interval is possible for the primary in target and rings, but the rings' counts can be described."""
    target, rings = operation.primary.effect("target"), operation.primary.effect(ALL_RINGS)
    if not target.is_refused or not rings.is_refused:
        return False
    return math.isfinite(daily_rate_ratio(rings)) and math.isfinite(control_rate_ratio(rings))


def daily_rate_ratio(effect: ReleasedEffect) -> float:
    """Return the events a day after over the events a day before; NaN if a count is withheld or was 0 before."""
    return _rate_ratio(effect.before, effect.after, effect.length_ratio)


def control_rate_ratio(effect: ReleasedEffect) -> float:
    """Return the same of the control area."""
    return _rate_ratio(effect.control_before, effect.control_after, effect.length_ratio)


def _rate_ratio(before: Count, after: Count, length_ratio: float) -> float:
    if isinstance(before, Suppressed) or isinstance(after, Suppressed) or not before:
        return math.nan
    return after / (before * length_ratio)


def changed_activities(operation: ReleasedOperation) -> tuple[Change, ...]:
    """Return the activities that fell or rose in the target, found or probable."""
    return tuple(
        Change(measure, measure.effect("target"))
        for measure in operation.measures
        if measure.measure.role is Role.ACTIVITY and measure.effect("target").reading.direction
    )
