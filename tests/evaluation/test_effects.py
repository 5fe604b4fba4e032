"""A whole evaluation on counts small enough to check by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as some

from geoharm.evaluation.effects import build_effect, counting_interval, evaluate_measure
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.estimators.wdd import net_change
from geoharm.evaluation.placebo.calibrated_ratio import nothing_before
from geoharm.evaluation.results.diagnostics import DiagnosticKind
from geoharm.evaluation.robustness import diagnose, other_estimators
from geoharm.model.counts import ELSEWHERE, UNPLACED, Change, ZoneCounts
from geoharm.model.design import Design
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.harm_settings import DEFAULT_MARGIN, UnintendedHarmSettings
from geoharm.model.measure import Harm, Measure
from geoharm.model.period import Period, Window
from geoharm.model.reading import Reading
from geoharm.model.reason import Reason
from geoharm.model.study import BeforeRule, Operation
from geoharm.report.format_numbers import change_text

MEASURE = Measure("finds", "s", (), "requests", "public", Harm("community", "environment"))
NAMES = ("target", "0-50 m", "50-250 m", "250-500 m", "control")


def design():
    roles = (ZoneRole.TARGET, ZoneRole.GAP, ZoneRole.RING, ZoneRole.RING, ZoneRole.CONTROL)
    zones = tuple(
        Zone(name, role, shapely.box(i, 0, i + 1, 1)) for i, (name, role) in enumerate(zip(NAMES, roles, strict=True))
    )
    before = Window("before", (Period(date(2020, 1, 1), date(2020, 12, 31)),))
    after = Window("after", (Period(date(2021, 1, 1), date(2021, 7, 2)),))
    one = Operation(
        "X", "crackdown", "", Period(date(2020, 12, 31), date(2021, 1, 1)), zones[0].geometry, "", 50.0, (250.0, 500.0),
        None, BeforeRule(before.periods[0]), ("0-6 months",),
    )  # fmt: skip
    return Design(one, zones, before, after, (after,))


def counts():
    """Return one event on each of the first n days of each window, a zone's n before and after."""
    wanted = {
        "target": (100, 30),
        "0-50 m": (20, 12),
        "50-250 m": (40, 25),
        "250-500 m": (60, 30),
        "control": (200, 110),
    }
    days = [date(2020, 1, 1) + timedelta(days=n) for n in range(366 + 200)]
    table = np.zeros((5, len(days)), dtype=np.int64)
    for row, (before, after) in enumerate(wanted.values()):
        table[row, :before] = 1
        table[row, 366 : 366 + after] = 1
    return ZoneCounts("finds", NAMES, np.array(days, dtype="datetime64[D]"), table, False, Period(days[0], days[-1]))


def test_effects_by_hand():
    found = evaluate_measure(MEASURE, counts(), design())
    assert [effect.zone for effect in found.effects] == [
        "target", "0-50 m", "50-250 m", "250-500 m", "all rings", "target and rings", "target, gap and rings",
    ]  # fmt: skip
    target = found.effect("target")
    assert (target.before, target.after) == (100, 30)
    assert target.expected == pytest.approx(100 * 110 / 200)
    assert target.change == pytest.approx(30 - 55)
    # The scaled WDD is the same number: the control is brought to the zone's level and the window's length.
    assert target.difference.value == pytest.approx(target.change)
    rings = found.effect("all rings")
    assert (rings.before, rings.after) == (100, 55)
    everything = found.effect("target, gap and rings")
    assert (everything.before, everything.after) == (220, 97)


def test_every_effect_knows_the_margin_and_what_is_asked_first():
    """The study's margin stands in the design. Of entries to treatment a fall is asked first, of every harm a rise."""
    wide = replace(design(), margin=0.4)
    for measure, asks_fall_first in ((MEASURE, False), (replace(MEASURE, kind="treatment_entry"), True)):
        found = evaluate_measure(measure, counts(), wide)
        for effect in (*found.effects, *found.phases):
            assert (effect.margin, effect.asks_fall_first) == (0.4, asks_fall_first)
    assert design().margin == DEFAULT_MARGIN == UnintendedHarmSettings().margin


def test_interval_of_the_change_agrees_with_the_ratio():
    target = evaluate_measure(MEASURE, counts(), design()).effect("target")
    span, change = target.ratio.interval(), target.interval
    assert change.low == pytest.approx(55 * np.expm1(span.low))
    assert change.low > -target.expected
    assert change.low < target.change < change.high
    assert (span.side == 0) == (change.side == 0)


def test_zero_before_leaves_the_ratio_undefined_and_the_difference_not():
    empty = counts()
    table = empty.counts.copy()
    table[0, :366] = 0
    found = evaluate_measure(
        MEASURE, ZoneCounts("finds", NAMES, empty.dates, table, False, empty.coverage), design()
    ).effect("target")
    assert np.isnan(found.ratio.value)
    assert "count before in target is 0" in found.ratio.note
    assert found.change == found.difference.value == 30
    assert found.interval.low > 0
    assert np.isnan(found.detectable_fall)


def test_zero_before_leaves_a_calibrated_effect_without_an_expectation():
    """A count of 0 times any factor is 0: "about 0 were expected, 77 more" was no answer."""
    target, control = Change("target", 0, 77), Change("control", 3764, 1816)
    difference = net_change(target, control, unit="requests")
    found = build_effect(
        "target", "after", target, control, length_ratio=0.5, ratio=nothing_before(),
        counting_ratio=log_rate_ratio(target, control), difference=difference, dispersion=1.0, detectable_fall=np.nan,
    )  # fmt: skip
    assert np.isnan([found.expected, found.change, found.interval.low, found.counting.high]).all()
    assert found.note == "nothing was counted there before, so the change is undefined"
    assert found.reading is Reading.CANNOT_TELL
    assert found.difference.value == 77


@settings(deadline=None)
@given(some.integers(1, 500), some.integers(1, 500), some.floats(1, 1e7))
def test_no_dispersion_is_too_large_for_an_interval(before, after, dispersion):
    """All events loaded on one day: a log ratio of over 709 is no number that a ratio can be."""
    target, control = Change("target", before, after), Change("control", 500, 400)
    ratio = log_rate_ratio(target, control, zone_dispersion=dispersion)
    difference = net_change(target, control, zone_dispersion=dispersion, unit="requests")
    for refused in (False, True):
        found = build_effect(
            "target", "after", target, control, length_ratio=1.0, ratio=replace(ratio, calibrated=refused),
            counting_ratio=ratio, difference=difference, dispersion=dispersion, detectable_fall=1.0,
        )  # fmt: skip
        assert found.interval.low <= found.change <= found.interval.high
        assert "inf" not in change_text(found.change, found.interval)


def with_target(before, after):
    """Return the effect on a target with these counts, everything else as above."""
    plain = counts()
    table = plain.counts.copy()
    table[0] = 0
    table[0, :before] = 1
    table[0, 366 : 366 + after] = 1
    return evaluate_measure(
        MEASURE, ZoneCounts("finds", NAMES, plain.dates, table, False, plain.coverage), design()
    ).effect("target")


def test_a_complete_fall_is_seen():
    found = with_target(150, 0)
    assert np.isnan(found.ratio.value)
    assert found.interval.high < 0


def test_no_more_events_fall_away_than_were_expected():
    found = with_target(180, 1)
    assert -found.expected < found.interval.low < found.change < found.interval.high < 0


def test_net_change_rejects_at_its_level_whatever_the_control_does():
    """The scale's own error is in it: with the scale taken as known, a control that triples gives 26 % false alarms."""
    rng = np.random.default_rng(6)
    for growth in (0.3, 1.0, 3.0):
        draws = rng.poisson([100, 100 * growth, 400, 400 * growth], size=(4000, 4))
        hits = [
            net_change(Change("Z", z0, z1), Change("C", c0, c1)).interval().side != 0
            for z0, z1, c0, c1 in draws.tolist()
        ]
        assert 0.035 < np.mean(hits) < 0.068


# -- the control's floor -------------------------------------------------------------------------------------------------


def with_control(before, after):
    table = counts()
    row = np.zeros(table.dates.size, dtype=np.int64)
    row[:before] = 1
    row[366 : 366 + after] = 1
    return replace(table, counts=np.vstack([table.counts[:-1], row]))


@pytest.mark.parametrize(("before", "after", "word"), [(7, 60, "100 events before"), (100, 49, "50 events after")])
def test_a_control_below_the_floor_gives_no_estimate(before, after, word):
    found = evaluate_measure(MEASURE, with_control(before, after), design())
    for effect in found.effects:
        for estimate in (effect.ratio, effect.counting_ratio, effect.difference):
            assert estimate.reason is Reason.SMALL_CONTROL
            assert f"fewer than {word}" in estimate.note
        for number in (
            effect.expected,
            effect.change,
            effect.interval.low,
            effect.counting.low,
            effect.detectable_fall,
        ):
            assert math.isnan(number)
        assert effect.reading is Reading.CANNOT_TELL
        assert (effect.control_before, effect.control_after) == (before, after)


def test_a_control_at_the_floor_gives_an_estimate_of_a_known_error():
    target = evaluate_measure(MEASURE, with_control(100, 50), design()).effect("target")
    assert target.ratio.is_defined
    share = 1 / 100 + 1 / 50
    assert share == pytest.approx(0.03)
    assert share <= 0.5 * (math.log(2) / 2.8) ** 2  # half of what a design that can find a fall of half may have


def test_a_control_smaller_than_the_target_gives_no_estimate():
    plan = design()
    zones = (*plan.zones[:-1], replace(plan.zones[-1], geometry=shapely.box(4, 0, 5, 0.9)))
    target = evaluate_measure(MEASURE, counts(), replace(plan, zones=zones)).effect("target")
    assert target.ratio.reason is Reason.SMALL_CONTROL
    assert "smaller than the target area" in target.ratio.note


def test_other_estimators_have_the_same_floor():
    plan, few = design(), with_control(100, 49)
    result = evaluate_measure(MEASURE, few, plan)
    others = other_estimators(result, plan)
    assert [found.estimate.reason for found in others.estimates[:3]] == [Reason.SMALL_CONTROL] * 3
    assert (others.indices, others.did, others.cumulative_wdd, others.event_study) == (None,) * 4
    assert math.isnan(others.exact.low)
    assert others.effect_decay == ()
    assert {point.reason for point in others.distance_profile.points} == {Reason.SMALL_CONTROL}
    assert any("fewer than 50 events after" in reason for _, reason in others.left_out)
    assert other_estimators(evaluate_measure(MEASURE, counts(), plan), plan).indices is not None


def test_the_share_without_a_place_is_one_of_all_rows():
    """Rings, gap and the rest of the study area are rows of the measure too: 60 of 727 and not 60 of 500."""
    table = counts()
    rows = np.zeros((2, table.dates.size), dtype=np.int64)
    rows[0, :40] = 1  # elsewhere in the study area
    rows[1, 10:40] = rows[1, 370:400] = 1
    wide = replace(table, zones=(*NAMES, ELSEWHERE, UNPLACED), counts=np.vstack([table.counts, rows]))
    result = evaluate_measure(MEASURE, wide, design())
    diagnostics = diagnose(result, design(), other_estimators(result, design()))
    found = next(one for one in diagnostics if one.kind is DiagnosticKind.UNPLACED_ROWS)
    assert found.figure == pytest.approx(60 / (130 + 32 + 65 + 90 + 310 + 40 + 60))


def test_the_counting_interval_by_hand():
    """100 before, and the control grew from 200 to 300: 150 expected; the ratio's ends say how many fewer or more."""
    target, control = Change("target", 100, 90), Change("control", 200, 300)
    ratio, difference = log_rate_ratio(target, control), net_change(target, control)
    ends = [
        math.log(90 / 150) + step * math.sqrt(1 / 100 + 1 / 90 + 1 / 200 + 1 / 300) for step in (-1.959964, 1.959964)
    ]
    found = counting_interval(target, control, ratio, difference)
    assert (found.low, found.high) == pytest.approx([150 * (math.exp(end) - 1) for end in ends], rel=1e-5)
    nothing = log_rate_ratio(Change("target", 100, 0), control)
    assert counting_interval(Change("target", 100, 0), control, nothing, difference) == difference.interval()
