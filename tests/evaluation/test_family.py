"""The family of harms and zones that share one error rate for "rose"."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.disclosure.released import ReleasedMeasure
from geoharm.evaluation.family import named_rises, rise_p_value, with_family_readings
from geoharm.evaluation.placebo.calibrated_ratio import calibrated_ratio
from geoharm.evaluation.placebo.forecast import Forecast
from geoharm.evaluation.reading import with_reading, with_weaker_reading
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.effect import Effect
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.measure import Harm, Measure
from geoharm.model.reading import Cap, Reading
from geoharm.report.wording.reading import cap_sentence

ZONES = ("target", ALL_RINGS, TARGET_AND_RINGS)
NOTHING = Interval(math.nan, math.nan, 0.95)


def effect(zone, p=0.5, *, rise=True, calibrated=True):
    """Return an effect whose 95% interval excludes zero exactly if p is below 0.05; if not, no other level does."""
    sign = 1 if rise else -1
    far = Interval(10.0, 90.0, 0.95) if rise else Interval(-90.0, -10.0, 0.95)
    interval = far if p < 0.05 else Interval(-40.0, 90.0, 0.95)
    ratio = Estimate(
        "log rate ratio", sign * 0.3, 0.1, "log ratio", "", calibrated=calibrated, p=p,
        intervals=tuple(Interval(interval.low / 100, interval.high / 100, level) for level in (0.8, 0.9, 0.95)),
    )  # fmt: skip
    return with_reading(
        Effect(zone, "after", 200, 250, 1000, 1000, 1.0, 200.0, sign * 50.0, interval, interval, ratio, ratio, ratio, 1.0, 0.3)
    )  # fmt: skip


def measure(name, *p_values, kind="incident", harm=True, phases=(), **how):
    noun = Measure(name, "s", (), "incidents", "agency", Harm("community", "environment") if harm else None, kind=kind)
    effects = tuple(effect(zone, p, **how) for zone, p in zip(ZONES, p_values, strict=False))
    return MeasureResult(noun, None, effects, tuple(phases))


def readings(results):
    return {(result.measure.name, one.zone): (one.reading, one.cap) for result in results for one in result.effects}


FINDING, LEAD = (Reading.ROSE, None), (Reading.PROBABLY_ROSE, Cap.FAMILY)


def test_golden_by_hand():
    """Two harms in three zones: the primary's target is read at 95%; five share 2.5%.

    One-sided p of the five, in order: 0.004 <= 0.025/5 = 0.005 is named; 0.006 <= 0.025/4 = 0.00625 is named;
    0.009 > 0.025/3 = 0.00833 is not, and so is nothing after it, though 0.0120 <= 0.025/2.
    """
    results = with_family_readings([measure("a", 0.049, 0.008, 0.018), measure("b", 0.012, 0.024, 0.9)], primary="a")
    assert readings(results) == {
        ("a", "target"): FINDING,
        ("a", ALL_RINGS): FINDING,
        ("a", TARGET_AND_RINGS): LEAD,
        ("b", "target"): FINDING,
        ("b", ALL_RINGS): LEAD,
        ("b", TARGET_AND_RINGS): (Reading.CANNOT_TELL, None),
    }
    assert [result.comparisons for result in results] == [6, 6]


def test_who_is_in_the_family():
    """Treatment entries, activity and uncalibrated ratios take no share, and stay what they are."""
    outside = [
        measure("treatment", 0.04, 0.04, 0.04, kind="treatment_entry"),
        measure("arrests", 0.04, 0.04, 0.04, harm=False),
    ]
    inside = [measure("a", 0.9, 0.9, 0.9), measure("b", 0.02, 0.9, 0.9)]
    uncalibrated = measure("c", 0.001, 0.001, 0.001, calibrated=False)
    results = with_family_readings([*inside, *outside, uncalibrated], primary="a")
    found = readings(results)
    assert found["treatment", "target"] == found["arrests", ALL_RINGS] == FINDING
    assert found["c", "target"] == (Reading.PROBABLY_ROSE, Cap.NOT_CALIBRATED)
    assert found["b", "target"] == LEAD  # one-sided 0.01 is above 0.025 / 5
    assert [result.comparisons for result in results] == [6, 6, 0, 0, 6]
    alone = with_family_readings([measure("b", 0.02)], primary="a")
    assert readings(alone)["b", "target"] == FINDING
    assert alone[0].comparisons == 1


def test_falls_phases_and_other_zones_are_not_touched():
    falls = measure("b", 0.04, 0.04, 0.04, rise=False, phases=[effect("target", 0.04)])
    gap = effect("0-50 m", 0.04)
    falls = replace(falls, effects=(*falls.effects, gap))
    before = (falls.effects, falls.phases)
    after = with_family_readings([measure("a", 0.9, 0.9, 0.9), falls], primary="a")[1]
    assert (after.effects, after.phases) == before


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
@settings(max_examples=200, deadline=None)
def test_named_rises_are_those_of_the_closed_test(p_values):
    """Referee: a rise is named if Bonferroni rejects every set of members that holds it (Marcus and others 1976)."""
    members = range(len(p_values))
    rejected = {
        group: min(p_values[member] for member in group) * len(group) <= 0.025
        for size in range(1, len(p_values) + 1)
        for group in combinations(members, size)
    }
    expected = [all(verdict for group, verdict in rejected.items() if member in group) for member in members]
    assert named_rises(p_values).tolist() == expected


def test_joint_error_of_dependent_members():
    """Of 15 members without a rise, none is named in 97.5% of draws, whether they depend on each other or not."""
    rng = np.random.default_rng(7)
    from scipy.stats import norm  # noqa: PLC0415 -- scipy.stats is slow to import

    for shared in (0.0, 0.8):
        z = math.sqrt(shared) * rng.normal(size=(4000, 1)) + math.sqrt(1 - shared) * rng.normal(size=(4000, 15))
        named = np.array([named_rises(row).any() for row in norm.sf(z)])
        assert named.mean() <= 0.025 + 3 * math.sqrt(0.025 * 0.975 / 4000)


@pytest.mark.parametrize("count", [60, 95, 100, 118, 126, 150])
def test_the_one_sided_p_value_and_the_interval_agree(count):
    forecast = Forecast(
        100.0, 1.5, 0.002, 0.01, 1.1, 12.0, 0.12, 0.3, 40, 13.0, 20, 0.0, (), (), 90.0, 1.0, (), ()
    )  # fmt: skip
    ratio = calibrated_ratio(forecast, count)
    assert (rise_p_value(ratio) < 0.025) is (ratio.interval().low > 0)
    assert (1 - rise_p_value(ratio) < 0.025) is (ratio.interval().high < 0)
    assert math.isnan(rise_p_value(replace(ratio, calibrated=False)))


def test_the_reason_survives_disclosure_and_is_worded():
    """Disclosure reads the released numbers again, and knows nothing of the family."""
    result = with_family_readings([measure("a", 0.9, 0.9, 0.9), measure("b", 0.02, 0.9, 0.9)], primary="a")[1]
    released = with_weaker_reading(result.effect("target"), ())
    assert (released.reading, released.cap) == LEAD
    shown = ReleasedMeasure(result.measure, (released,), (), None, comparisons=result.comparisons)
    assert cap_sentence(shown, released) == (
        "No more than \u201cprobably\u201d: 6 comparisons were made (harms x zones), and so many chances to be wrong need a "
        "stricter level."
    )


def test_a_rise_that_misses_its_family_is_not_even_probable_in_a_turbulent_window():
    turbulent = [
        replace(one, effects=tuple(with_reading(replace(each, control_after=1300)) for each in one.effects))
        for one in (measure("a", 0.9, 0.9, 0.9), measure("b", 0.02, 0.9, 0.9))
    ]
    results = with_family_readings(turbulent, primary="a")
    assert turbulent[1].effect("target").reading is Reading.ROSE
    assert readings(results)["b", "target"] == (Reading.NO_FALL_OVER, None)
