"""Effects under a rule that rounds counts: every number is computed again from the rounded counts.

A rounded number that was computed from exact counts gives them back: beside 30 and 20, a log ratio of 0.32 leaves 30 and 18
only. The dispersions are those of rounded months (`rounded_dispersion`). The forecast of a calibrated effect is learned from
rounded counts, at the placebo places too (`PlaceboData.rule`). It enters as a factor of two digits between the count before and
the expected count, and as the distances of an interval's ends from its value, widened to a tenth. A calibrated interval is widened further by all that rounding
may have moved, so a bound that is read from it holds for the exact counts too.
"""

from __future__ import annotations

import math
from dataclasses import replace

from geoharm.disclosure.placebo_places import coarsen_places
from geoharm.disclosure.released import ReleasedEffect
from geoharm.disclosure.suppression import round_to_two_digits, suppress_effect
from geoharm.evaluation.effects import change_interval, counting_interval, smallest_detectable_fall
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.estimators.wdd import net_change
from geoharm.evaluation.placebo.calibrated_ratio import expected_count_after
from geoharm.model.counts import Change
from geoharm.model.disclosure_rules import DisclosureRule
from geoharm.model.effect import PlaceboCheck
from geoharm.model.estimate import Estimate, Interval, relative_change_of
from geoharm.model.reason import Reason, Withheld
from geoharm.model.suppressed import Count, Suppressed

# Parts of what a forecast tells, in which ends, errors and smallest detectable falls are given: a tenth of a log ratio, a
# twentieth of the expected count.
_TENTH = 0.1
_FALL_STEP = 0.05
# A hair's breadth of the computer's arithmetic does not move a number by a step.
_HAIR = 1e-9


def round_effect(effect: ReleasedEffect, rule: DisclosureRule) -> ReleasedEffect:
    """Return an effect with rounded counts, and every other number computed from them.

    Parameters
    ----------
    effect : ReleasedEffect
        After the threshold: its shown counts are exact.
    rule : DisclosureRule
    """
    counts = [round_count(count, rule) for count in effect.counts]
    before, after, control_before, control_after = counts
    rounded = replace(effect, before=before, after=after, control_before=control_before, control_after=control_after)
    if rounded.is_withheld:
        note = effect.note if isinstance(effect.note, Withheld) else Withheld(Reason.SMALL_COUNT, rule.threshold)
        return suppress_effect(rounded, note)
    if rule.step == 1:
        return rounded
    return _computed_again(effect, rounded, rule)


def round_count(value: Count, rule: DisclosureRule) -> Count:
    """Return a released count as the rule rounds it, or suppressed."""
    if isinstance(value, Suppressed):
        return value
    return Suppressed(rule.threshold) if rule.suppresses(value) else rule.rounded(value)


def _computed_again(exact: ReleasedEffect, rounded: ReleasedEffect, rule: DisclosureRule) -> ReleasedEffect:
    zone, control = _changes(rounded)
    dispersion, control_dispersion = _dispersions(exact)
    counting = _same_kind(
        exact.counting_ratio,
        log_rate_ratio(zone, control, zone_dispersion=dispersion, control_dispersion=control_dispersion),
    )
    difference = _same_kind(
        exact.difference,
        net_change(zone, control, zone_dispersion=dispersion, control_dispersion=control_dispersion),
    )
    calibrated = exact.ratio.calibrated and exact.ratio.is_defined
    expected = _expected(exact, zone, control, calibrated=calibrated)
    ratio = exact.ratio
    if calibrated:
        ratio = _calibrated_ratio(exact.ratio, zone, expected, rule)
    elif not exact.ratio.calibrated:
        ratio = _same_kind(exact.ratio, counting)
    fall = exact.detectable_fall
    if math.isfinite(fall):
        fall = (
            _outward(fall, _FALL_STEP)
            if exact.ratio.calibrated
            else smallest_detectable_fall(zone, control, dispersion=dispersion, control_dispersion=control_dispersion)
        )
    return replace(
        rounded,
        expected=expected,
        change=zone.after - expected,
        interval=change_interval(zone.after, expected, ratio, difference)
        if math.isfinite(exact.interval.low)
        else exact.interval,
        counting=counting_interval(zone, control, counting, difference)
        if math.isfinite(exact.counting.low)
        else exact.counting,
        ratio=ratio,
        counting_ratio=counting,
        difference=difference,
        detectable_fall=fall,
        placebo=exact.placebo and _round_placebo(exact.placebo, ratio, expected, fall),
    )


def _changes(effect: ReleasedEffect) -> tuple[Change, Change]:
    before, after, control_before, control_after = (
        0 if isinstance(count, Suppressed) else count for count in effect.counts
    )
    return Change(effect.zone, before, after), Change("control", control_before, control_after)


def _dispersions(exact: ReleasedEffect) -> tuple[float, float]:
    """Return the dispersions of zone and control to a tenth, as they were computed; 1 where they are suppressed.

    That of the control follows from the error of the difference (`net_change`).
    """
    (zone, control), error = _changes(exact), exact.difference.standard_error
    if not (math.isfinite(exact.dispersion) and math.isfinite(error) and zone.before and control.before):
        return (exact.dispersion if math.isfinite(exact.dispersion) else 1.0), 1.0
    growth, scale = control.after / control.before, zone.before / control.before
    of_zone = exact.dispersion * (zone.after + growth**2 * zone.before)
    of_control = scale**2 * (control.after + growth**2 * control.before)
    return exact.dispersion, max(round((error**2 - of_zone) / of_control, 1), 1.0)


def _same_kind(exact: Estimate, again: Estimate) -> Estimate:
    """Return an estimate computed again, without what the exact one lacks: a value, an error."""
    if not math.isfinite(exact.value):
        return exact
    error = again.standard_error if math.isfinite(exact.standard_error) else math.nan
    return replace(exact, value=again.value, standard_error=error, intervals=(), p=math.nan)


def _expected(exact: ReleasedEffect, zone: Change, control: Change, *, calibrated: bool) -> float:
    if not math.isfinite(exact.expected):
        return math.nan
    if calibrated and exact.placebo is not None and zone.before:
        expected = expected_count_after(exact.ratio, zone.after, exact.placebo.expected)
        return zone.before * round_to_two_digits(expected / zone.before)
    return zone.before * control.after / control.before if control.before else math.nan


def _calibrated_ratio(exact: Estimate, zone: Change, expected: float, rule: DisclosureRule) -> Estimate:
    value, down, up = round(exact.value, 1), _TENTH, _TENTH
    if zone.after and expected > 0:
        value = math.log(zone.after / expected)
        down, up = _rounding_error(zone, expected / zone.before, rule)
    intervals = tuple(
        Interval(
            value - down - _outward(exact.value - given.low, _TENTH),
            value + up + _outward(given.high - exact.value, _TENTH),
            given.level,
        )
        for given in exact.intervals
    )
    return replace(
        exact,
        value=value,
        standard_error=_outward(exact.standard_error, _TENTH),
        intervals=intervals,
        p=float(f"{exact.p:.1g}"),
    )


def _rounding_error(zone: Change, factor: float, rule: DisclosureRule) -> tuple[float, float]:
    """Return how far the exact log ratio may lie below and above that of rounded counts and a factor of two digits."""
    (least_before, most_before), (least_after, most_after) = map(rule.possible_counts, (zone.before, zone.after))
    half = 0.5 * 10.0 ** (math.floor(math.log10(factor)) - 1)
    of_factor = -math.log1p(-half / factor)
    down = math.log(zone.after / least_after) + math.log(most_before / zone.before) + of_factor
    up = math.log(most_after / zone.after) + math.log(zone.before / least_before) + of_factor
    return down, up


def _outward(distance: float, step: float) -> float:
    """Return a distance as the next larger multiple of a step."""
    return math.ceil(distance / step - _HAIR) * step if math.isfinite(distance) else distance


def _round_placebo(check: PlaceboCheck, ratio: Estimate, expected: float, fall: float) -> PlaceboCheck:
    coarse = coarsen_places(check)
    distribution = coarse.distribution
    if distribution is not None:
        distribution = replace(distribution, change=float(round(100 * relative_change_of(ratio.value))))
    return replace(
        coarse,
        expected=expected,
        phi=round(check.phi, 1),
        tau=round(check.tau, 1),
        liveliness=round(check.liveliness, 1),
        detectable_fall=fall,
        distribution=distribution,
    )
