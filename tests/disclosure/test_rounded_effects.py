"""Under a rule that rounds, every number follows from the rounded counts: exact counts that round alike look alike."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import pytest

from geoharm.disclosure.protect import protect
from geoharm.disclosure.rounded_effects import round_effect
from geoharm.disclosure.rounded_harm import round_harm_assessment
from geoharm.evaluation.effects import build_effect, smallest_detectable_fall
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.estimators.wdd import net_change
from geoharm.model.counts import Change
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.effect import PlaceboCheck
from geoharm.model.estimate import Interval
from geoharm.model.reason import Reason, Withheld
from geoharm.report.write import publish_study
from tests.disclosure.test_net_harm import balance
from tests.disclosure.test_protect import result

RULE = DISCLOSURE_RULES["1-7-round-5"]


def effect(before, after, control_before=600, control_after=260, *, dispersion=1.6, of_control=2.3):
    zone, control = Change("target", before, after), Change("control", control_before, control_after)
    phis = {"zone_dispersion": dispersion, "control_dispersion": of_control}
    ratio = log_rate_ratio(zone, control, **phis)
    fall = smallest_detectable_fall(zone, control, dispersion=dispersion, control_dispersion=of_control)
    return build_effect(
        "target", "after", zone, control, length_ratio=0.5, ratio=ratio, counting_ratio=ratio,
        difference=net_change(zone, control, **phis), dispersion=dispersion, detectable_fall=fall,
    )  # fmt: skip


def calibrated(before, after, expected):
    """Return an effect with a calibrated interval around a forecast of `expected` events, learned from rounded counts."""
    one = effect(before, after)
    value = math.log(RULE.working_count(after) / expected)
    intervals = tuple(Interval(value - wide, value + wide, level) for wide, level in ((0.21, 0.8), (0.33, 0.95)))
    ratio = replace(one.ratio, value=value, standard_error=0.17, calibrated=True, intervals=intervals, p=0.034)
    check = PlaceboCheck(
        months=36, candidates=90, pool=60, effective_places=20.0, at_least_as_busy=9, expected=expected, phi=1.23, tau=0.21,
        detectable_fall=0.312, dates=2, liveliness=1.0,
    )  # fmt: skip
    return replace(one, ratio=ratio, expected=expected, change=after - expected, detectable_fall=0.312, placebo=check)


@pytest.mark.parametrize("counts", [(28, 18, 600, 260), (30, 20, 598, 262), (32, 22, 602, 258)])
def test_counts_that_round_alike_give_one_effect(counts):
    """The case: 30 and 20 with a log ratio of 0.32 can only be 30 and 18."""
    shown = round_effect(effect(*counts), RULE)
    assert shown.counts == (30, 20, 600, 260)
    assert repr(shown) == repr(round_effect(effect(30, 20, 600, 260), RULE))
    assert shown.ratio.value == pytest.approx(math.log(20 / 30 * 600 / 260))
    assert shown.expected == pytest.approx(30 * 260 / 600)
    assert shown.change == pytest.approx(20 - 30 * 260 / 600)
    exact = effect(30, 20, 600, 260)
    assert shown.ratio.standard_error == pytest.approx(exact.ratio.standard_error)
    assert shown.difference.standard_error == pytest.approx(exact.difference.standard_error)
    assert (shown.interval.low, shown.counting.high) == pytest.approx((exact.interval.low, exact.counting.high))
    assert shown.detectable_fall == pytest.approx(exact.detectable_fall)


def test_a_forecast_enters_as_a_factor_of_two_digits_and_its_ends_are_widened():
    shown = [
        repr(round_effect(calibrated(before, after, 0.731 * 30), RULE))
        for before, after in product((28, 30, 32), (18, 20, 22))
    ]
    assert len(set(shown)) == 1
    one = round_effect(calibrated(32, 18, 0.731 * 30), RULE)
    assert one.expected == pytest.approx(30 * 0.73)
    assert one.ratio.value == pytest.approx(math.log(20 / one.expected))
    # Up to 32 and down to 18 of the counts, and half a hundredth of the factor; the ends' distances 0.21 and 0.33 are 0.3, 0.4.
    up = math.log(22 / 20) + math.log(30 / 28) - math.log1p(-0.005 / 0.73)
    down = math.log(20 / 18) + math.log(32 / 30) - math.log1p(-0.005 / 0.73)
    ends = [end - one.ratio.value for given in one.ratio.intervals for end in (given.low, given.high)]
    assert ends == pytest.approx([-0.3 - down, 0.3 + up, -0.4 - down, 0.4 + up])
    assert (one.ratio.standard_error, one.ratio.p, one.detectable_fall) == pytest.approx((0.2, 0.03, 0.35))


def test_what_an_effect_lacks_is_not_given_back_by_rounding():
    """An error that is suppressed stays away, a zero stays undefined, a small count takes its numbers along."""
    one = effect(30, 20)
    without = replace(
        one,
        dispersion=math.nan,
        interval=Interval(math.nan, math.nan, 0.95),
        ratio=replace(one.ratio, standard_error=math.nan),
        counting_ratio=replace(one.counting_ratio, standard_error=math.nan),
        difference=replace(one.difference, standard_error=math.nan),
        detectable_fall=math.nan,
    )
    shown = round_effect(without, RULE)
    assert shown.ratio.value == pytest.approx(math.log(20 / 30 * 600 / 260))
    for number in (
        shown.ratio.standard_error, shown.difference.standard_error, shown.interval.low, shown.detectable_fall,
        shown.counting_ratio.standard_error,
    ):  # fmt: skip
        assert math.isnan(number)
    assert not round_effect(effect(30, 0), RULE).ratio.is_defined
    small = round_effect(effect(30, 7), RULE)
    assert small.is_withheld
    assert math.isnan(small.expected)


def test_other_rules_change_no_estimate():
    one = effect(31, 19)
    assert repr(round_effect(one, DISCLOSURE_RULES["threshold-10"])) == repr(one)


def test_net_harm_is_added_up_from_rounded_effects():
    plain = balance()
    zone = plain.net_harm[0].zone
    rows = plain.net_harm[0].rows
    exact, rounded = {}, {}
    for row in rows:
        one = effect(31, 18)
        key = row.measure.name, zone
        exact[key] = replace(one, change=row.low, interval=row.interval)
        rounded[key] = replace(round_effect(one, RULE), change=5.0)
    found = round_harm_assessment(plain, exact, rounded, RULE)
    for before, after in zip(rows, found.net_harm[0].rows, strict=True):
        if math.isfinite(before.low):
            assert after.low == after.high == 5.0
    net = found.net_harm[0]
    if plain.net_harm[0].is_known:
        assert net.low == pytest.approx(sum(row.weight * 5.0 for row in rows))
        assert (net.low - net.interval.low) % RULE.step == pytest.approx(0, abs=1e-6)
    note = Withheld(Reason.EXACT_COUNTS, RULE.threshold)
    assert all(one.note == note and math.isnan(one.fell) for one in found.acceptability)
    assert found.noxiousness == found.reporting_corrected == ()


def test_no_byte_depends_on_what_rounding_removes(area, tmp_path):
    """Two studies whose counts, their sums and their months round alike: every file is the same."""
    files = []
    for number, table in enumerate(
        (
            [[100, 30, 30], [50, 15, 15], [80, 20, 20], [90, 25, 25], [900, 300, 300]],
            [[101, 30, 31], [51, 15, 15], [81, 20, 20], [89, 25, 25], [901, 299, 300]],
        )
    ):
        whole = result(area, table)
        whole = replace(whole, study=replace(whole.study, publish=replace(whole.study.publish, disclosure=RULE.name)))
        publish_study(protect(whole), tmp_path / str(number))
        files.append({path.name: path.read_bytes() for path in (tmp_path / str(number)).iterdir() if path.is_file()})
    assert files[0].keys() == files[1].keys()
    assert [name for name in files[0] if files[0][name] != files[1][name]] == []
