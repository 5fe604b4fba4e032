"""A whole evaluation on counts small enough to check by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
import shapely

from geoharm.evaluation.effects import evaluate_measure
from geoharm.evaluation.estimators.wdd import net_change
from geoharm.model.counts import Change, ZoneCounts
from geoharm.model.design import Design
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.measure import Harm, Measure
from geoharm.model.period import Period, Window
from geoharm.model.study import BeforeRule, Operation

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
