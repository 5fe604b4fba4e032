"""What an estimate allows to be said, as a truth table; and that a released reading never says more than it may."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.disclosure.rounding import _round_effect
from geoharm.disclosure.suppression import suppress_effect
from geoharm.evaluation.reading import read_effect, signal_reason, weaker, with_reading, with_weaker_reading
from geoharm.evaluation.results.diagnostics import Diagnostic, DiagnosticKind, Severity
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.effect import Effect
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.reading import Reading, SignalReason
from geoharm.model.reason import Reason, Withheld
from geoharm.model.suppressed import Suppressed

ROUNDING = next(rule for rule in DISCLOSURE_RULES.values() if rule.step > 1)
RISE = {"change": 50.0, "low": 20.0, "high": 80.0}


def effect(*, change=-50.0, low=-80.0, high=-20.0, expected=200.0, detectable=0.3, calibrated=True, zone="target"):
    ratio = Estimate("log rate ratio", -0.3, 0.1, "log ratio", "", calibrated=calibrated)
    interval = Interval(low, high, 0.95)
    return Effect(
        zone, "after", 200, 150, 1000, 1000, 1.0, expected, change, interval, interval, ratio, ratio, ratio, 1.0, detectable
    )  # fmt: skip


def diagnostic(kind, severity):
    return Diagnostic(DiagnosticKind[kind], 0.1, "share of the count", "It is 3% off.", severity)


@pytest.mark.parametrize(
    ("numbers", "reading", "reason"),
    [
        ({}, Reading.FELL, None),
        (RISE, Reading.ROSE, None),
        ({"high": 3.0}, Reading.NO_CLEAR_CHANGE, None),
        ({"calibrated": False}, Reading.SIGNAL_FALL, SignalReason.NOT_CALIBRATED),
        (RISE | {"calibrated": False}, Reading.SIGNAL_RISE, SignalReason.NOT_CALIBRATED),
        ({"calibrated": False, "high": 3.0}, Reading.NO_CLEAR_CHANGE, None),
        ({"detectable": 0.51}, Reading.SIGNAL_FALL, SignalReason.WEAK_DESIGN),
        (RISE | {"detectable": 0.51}, Reading.SIGNAL_RISE, SignalReason.WEAK_DESIGN),
        ({"detectable": 0.51, "high": 3.0}, Reading.CANNOT_TELL, None),
        ({"expected": 9.9}, Reading.SIGNAL_FALL, SignalReason.FEW_EXPECTED),
        ({"expected": 9.9, "high": 3.0}, Reading.CANNOT_TELL, None),
        ({"detectable": math.nan, "high": 3.0}, Reading.CANNOT_TELL, None),
        ({"change": math.nan}, Reading.CANNOT_TELL, None),
        ({"low": math.nan, "high": math.nan}, Reading.CANNOT_TELL, None),
    ],
)
def test_readings_follow_from_numbers(numbers, reading, reason):
    assert read_effect(effect(**numbers)) is reading
    assert signal_reason(effect(**numbers)) is reason


@pytest.mark.parametrize(
    ("numbers", "listed", "reading"),
    [
        ({}, (), Reading.FELL),
        ({}, (("SEASON", Severity.SAY),), Reading.FELL),
        ({}, (("SELECTION", Severity.SIGNAL),), Reading.SIGNAL_FALL),
        (RISE, (("REPORTING", Severity.SIGNAL),), Reading.SIGNAL_RISE),
        ({}, (("UNPLACED_ROWS", Severity.REFUSE),), Reading.SIGNAL_FALL),
        ({}, (("CONTROLS", Severity.REFUSE),), Reading.CONTROLS_DISAGREE),
        ({"detectable": 0.6}, (("CONTROLS", Severity.REFUSE),), Reading.CONTROLS_DISAGREE),
        (RISE, (("CONTROLS", Severity.REFUSE), ("SEASON", Severity.SIGNAL)), Reading.CONTROLS_DISAGREE),
        ({}, (("CONTROLS", Severity.SIGNAL),), Reading.FELL),
        ({}, (("POWER", Severity.REFUSE),), Reading.FELL),
        ({"high": 3.0}, (("CONTROLS", Severity.REFUSE),), Reading.NO_CLEAR_CHANGE),
        ({"high": 3.0}, (("SEASON", Severity.SIGNAL),), Reading.NO_CLEAR_CHANGE),
        ({"detectable": 0.6, "high": 3.0}, (("CONTROLS", Severity.REFUSE),), Reading.CANNOT_TELL),
        ({"detectable": 0.6}, (("SEASON", Severity.SIGNAL),), Reading.SIGNAL_FALL),
    ],
)
def test_what_diagnostics_leave_of_a_reading(numbers, listed, reading):
    assert read_effect(effect(**numbers), [diagnostic(*row) for row in listed]) is reading


def test_diagnostics_bear_on_the_target_and_the_total_not_on_a_ring():
    listed = (diagnostic("SELECTION", Severity.SIGNAL),)
    for zone, reading, reason in (
        ("target", Reading.SIGNAL_FALL, SignalReason.DIAGNOSTIC),
        (TARGET_AND_RINGS, Reading.SIGNAL_FALL, SignalReason.DIAGNOSTIC),
        (ALL_RINGS, Reading.FELL, None),
    ):
        read = with_reading(effect(zone=zone), listed)
        assert (read.reading, read.signal_reason) == (reading, reason)


# -- the weaker of two -------------------------------------------------------------------------------------------------


def claims(reading):
    """Return what a reading claims, so that the weaker of two must claim no more than either."""
    return {
        Reading.FELL: {"fall", "beyond doubt"},
        Reading.ROSE: {"rise", "beyond doubt"},
        Reading.SIGNAL_FALL: {"fall"},
        Reading.SIGNAL_RISE: {"rise"},
        Reading.NO_CLEAR_CHANGE: {"none"},
        Reading.CONTROLS_DISAGREE: set(),
        Reading.CANNOT_TELL: set(),
    }[reading]


def test_the_weaker_of_two_claims_no_more_than_either():
    for first, second in product(Reading, repeat=2):
        assert weaker(first, second) is weaker(second, first)
        assert claims(weaker(first, second)) <= claims(first) & claims(second)
    assert all(weaker(reading, reading) is reading for reading in Reading)


numbers = st.floats(-300, 300)
effects = st.builds(
    lambda ends, share, expected, detectable, calibrated, zone: with_reading(
        effect(
            low=min(ends),
            high=max(ends),
            change=min(ends) + share * (max(ends) - min(ends)),
            expected=expected,
            detectable=detectable,
            calibrated=calibrated,
            zone=zone,
        )
    ),
    st.tuples(numbers, numbers),
    st.floats(0, 1),
    st.one_of(st.floats(5, 15), st.floats(15, 900)),
    st.one_of(st.floats(0.48, 0.52), st.floats(0, 1), st.just(math.nan)),
    st.booleans(),
    st.sampled_from(["target", ALL_RINGS, TARGET_AND_RINGS]),
)
diagnostics = st.lists(
    st.builds(diagnostic, st.sampled_from([kind.name for kind in DiagnosticKind]), st.sampled_from(Severity)),
    max_size=4,
)


@given(effects, diagnostics)
@settings(max_examples=400, deadline=None)
def test_a_released_reading_is_never_stronger_than_either(exact, listed):
    """Rounded numbers may read stronger than the exact ones, or weaker; what is released is neither."""
    exact = with_reading(exact, listed)
    rounded = _round_effect(exact, ROUNDING)
    released = with_weaker_reading(rounded, listed)
    assert claims(released.reading) <= claims(exact.reading) & claims(read_effect(rounded, listed))
    is_signal = released.reading in (Reading.SIGNAL_FALL, Reading.SIGNAL_RISE)
    assert (released.signal_reason is not None) is is_signal


@given(effects, diagnostics)
@settings(max_examples=100, deadline=None)
def test_a_suppressed_effect_cannot_tell(exact, listed):
    hidden = suppress_effect(replace(exact, before=Suppressed(5)), Withheld(Reason.SMALL_COUNT, 5))
    released = with_weaker_reading(hidden, listed)
    assert released.reading is Reading.CANNOT_TELL
    assert released.signal_reason is None


def test_rounding_moves_no_end_of_an_interval_across_zero():
    """An end of -0.4 is rounded to a whole step, not to 0: the finding stays, and so does a range that held zero."""
    for numbers, reading in (({"high": -0.4}, Reading.FELL), ({"high": 0.4}, Reading.NO_CLEAR_CHANGE)):
        rounded = _round_effect(with_reading(effect(**numbers)), ROUNDING)
        assert abs(rounded.interval.high) == ROUNDING.step
        assert with_weaker_reading(rounded, ()).reading is reading


def test_a_design_that_rounding_makes_strong_enough_stays_weak():
    """A smallest detectable fall of 0.504 is shown as 0.5, and 9.6 expected events as 10; the exact reading holds."""
    for numbers, reason in (
        ({"detectable": 0.504}, SignalReason.WEAK_DESIGN),
        ({"expected": 9.6}, SignalReason.FEW_EXPECTED),
    ):
        exact = with_reading(effect(**numbers))
        rounded = _round_effect(exact, ROUNDING)
        assert read_effect(rounded) is Reading.FELL
        released = with_weaker_reading(rounded, ())
        assert (released.reading, released.signal_reason) == (Reading.SIGNAL_FALL, reason)
