"""The ladder of statements as a truth table, against a slow referee; and that a release never says more than it may."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.disclosure.rounded_effects import round_effect
from geoharm.disclosure.suppression import suppress_effect
from geoharm.evaluation.claims import TURBULENT_FACTOR, is_turbulent
from geoharm.evaluation.reading import read_effect, read_pooled, weaker, with_reading, with_weaker_reading
from geoharm.evaluation.results.composite import PooledLimits
from geoharm.evaluation.results.diagnostics import Diagnostic, DiagnosticKind, Severity
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.effect import Effect, PlaceboCheck
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.reading import Cap, Claim, Reading, statement
from geoharm.model.reason import Reason, Withheld
from geoharm.model.suppressed import Suppressed

ROUNDING = next(rule for rule in DISCLOSURE_RULES.values() if rule.step > 1)
Z = {0.8: 1.2815515655446004, 0.9: 1.6448536269514722, 0.95: 1.959963984540054, 0.99: 2.5758293035489004}
RECOUNTS = (
    DiagnosticKind.UNPLACED_ROWS, DiagnosticKind.REJECTED_ROWS, DiagnosticKind.PILES, DiagnosticKind.CATEGORY_NAMES
)  # fmt: skip


def effect(
    value=-0.5, error=0.1, *, expected=200.0, detectable=0.3, calibrated=True, zone="target", margin=0.25, fall_first=False,
    control=1000, places="",
):  # fmt: skip
    """Return an effect whose log rate ratio has a value and a normal error; its events follow from the ratio."""
    spans = tuple(Interval(value - z * error, value + z * error, level) for level, z in Z.items())
    ratio = Estimate(
        "log rate ratio",
        value,
        error,
        "log ratio",
        "",
        calibrated=calibrated,
        intervals=spans,
        p=math.erfc(abs(value) / error / math.sqrt(2)),
    )
    after = 400 * math.exp(value)
    interval = Interval(*(-after * math.expm1(-end) for end in (spans[2].low, spans[2].high)), 0.95)
    check = PlaceboCheck(24, 100, 100, 50.0, 20, expected, 1.0, 0.1, detectable, probably_at_most=places)
    return Effect(
        zone, "after", 400, round(after), 1000, control, 1.0, expected, after - 400, interval, interval, ratio, ratio, ratio,
        1.0, detectable, check, margin, fall_first,
    )  # fmt: skip


def diagnostic(kind, severity, broken=(), zones=("target", TARGET_AND_RINGS)):
    by_zone = dict.fromkeys(zones, frozenset(broken))
    return Diagnostic(DiagnosticKind[kind], 0.1, "share", "It is 3% off.", severity, zones=zones, broken=by_zone)


FALL, RISE = {"value": -0.5}, {"value": 0.5}
# The 80% interval leaves out zero and the 95% interval does not; the upper bound is 1.5%.
LEAD_FALL, LEAD_RISE = {"value": -0.15}, {"value": 0.15}
# Both bounds within a quarter: 0.1645 is 17.9% above, and 15.2% below.
STEADY = {"value": 0.0}
WIDE = {"value": 0.0, "error": 0.3}


@pytest.mark.parametrize(
    ("numbers", "said", "cap"),
    [
        (FALL, "fell", None),
        (RISE, "rose", None),
        (LEAD_FALL, "probably fell", None),
        (LEAD_RISE, "probably rose", None),
        (STEADY, "no rise over 18%", None),
        (STEADY | {"fall_first": True}, "no fall over 16%", None),
        (STEADY | {"margin": 0.17}, "no fall over 16%", None),
        (STEADY | {"margin": 0.15}, "cannot tell", None),
        ({"value": 0.1, "margin": 0.2}, "no fall over 7%", None),
        ({"value": -0.1, "margin": 0.2, "fall_first": True}, "no rise over 7%", None),
        (WIDE, "cannot tell", None),
        (FALL | {"calibrated": False}, "probably fell", Cap.NOT_CALIBRATED),
        (RISE | {"calibrated": False}, "probably rose", Cap.NOT_CALIBRATED),
        # Counting noise only is too narrow for a lead at 80%, and for a bound.
        (LEAD_FALL | {"calibrated": False}, "cannot tell", None),
        (STEADY | {"calibrated": False}, "cannot tell", None),
        # A weak design: probable at most, also at 95%; bounds hold whatever the power.
        (FALL | {"detectable": 0.61}, "probably fell", Cap.WEAK_DESIGN),
        (FALL | {"detectable": math.nan}, "probably fell", Cap.WEAK_DESIGN),
        (LEAD_RISE | {"detectable": 0.61}, "probably rose", Cap.WEAK_DESIGN),
        (STEADY | {"detectable": 0.61}, "no rise over 18%", None),
        (FALL | {"expected": 9.9}, "probably fell", Cap.FEW_EXPECTED),
        (FALL | {"places": "only 2 others were as busy"}, "probably fell", Cap.PLACES),
        (LEAD_FALL | {"places": "only 2 others were as busy"}, "probably fell", Cap.PLACES),
        (STEADY | {"places": "only 2 others were as busy"}, "no rise over 18%", None),
        # A turbulent window leaves findings and bounds, and no "probably"; what would be capped falls to a bound.
        (FALL | {"control": 1300}, "fell", None),
        (LEAD_FALL | {"control": 1300}, "no rise over 2%", None),
        (LEAD_FALL | {"control": 1200}, "probably fell", None),
        (LEAD_FALL | {"control": 790}, "no rise over 2%", None),
        (FALL | {"control": 1300, "detectable": 0.61}, "no rise over 1%", None),
        (RISE | {"control": 1300, "detectable": 0.61}, "no fall over 1%", None),
    ],
)
def test_statements_follow_from_numbers(numbers, said, cap):
    read = with_reading(effect(**numbers))
    assert (read.statement, read.cap) == (said, cap)


def test_without_a_change_or_an_interval_nothing_is_said():
    nothing = Interval(math.nan, math.nan, 0.95)
    assert read_effect(replace(effect(), change=math.nan)) is Reading.CANNOT_TELL
    assert read_effect(replace(effect(), interval=nothing)) is Reading.CANNOT_TELL


def test_events_and_ratio_must_agree_on_the_side():
    other = Interval(-3.0, 80.0, 0.95)
    assert read_effect(replace(effect(), interval=other)) is Reading.PROBABLY_FELL


@pytest.mark.parametrize(
    ("numbers", "listed", "said"),
    [
        (FALL, [("SEASON", Severity.SAY)], "fell"),
        (FALL, [("SELECTION", Severity.SIGNAL)], "probably fell"),
        (RISE, [("REPORTING", Severity.SIGNAL)], "probably rose"),
        (LEAD_FALL, [("REPORTING", Severity.SIGNAL)], "probably fell"),
        # A bound is a 95% statement too.
        (STEADY, [("REPORTING", Severity.SIGNAL)], "cannot tell"),
        (STEADY, [("REPORTING", Severity.SAY)], "no rise over 18%"),
        (FALL, [("CONTROLS", Severity.REFUSE)], "controls disagree"),
        (LEAD_FALL, [("CONTROLS", Severity.REFUSE)], "controls disagree"),
        (FALL | {"detectable": 0.61}, [("CONTROLS", Severity.REFUSE)], "controls disagree"),
        (RISE, [("CONTROLS", Severity.REFUSE), ("SEASON", Severity.SIGNAL)], "controls disagree"),
        (STEADY, [("CONTROLS", Severity.REFUSE)], "no rise over 18%"),
        (FALL, [("CONTROLS", Severity.SIGNAL)], "fell"),
        (FALL, [("POWER", Severity.REFUSE)], "fell"),
        (WIDE, [("CONTROLS", Severity.REFUSE)], "cannot tell"),
        # Rows counted the other way: never probable; a bound that they leave stands.
        (FALL, [("UNPLACED_ROWS", Severity.SIGNAL)], "no rise over 1%"),
        (FALL, [("UNPLACED_ROWS", Severity.SIGNAL, [Claim.NO_RISE])], "cannot tell"),
        (LEAD_FALL, [("PILES", Severity.SAY, [Claim.LEAD])], "no rise over 2%"),
        (LEAD_FALL, [("PILES", Severity.SAY, [Claim.LEAD, Claim.NO_RISE])], "no fall over 27%"),
        (STEADY, [("REJECTED_ROWS", Severity.SAY, [Claim.NO_RISE])], "no fall over 16%"),
        (STEADY, [("CATEGORY_NAMES", Severity.SIGNAL, list(Claim))], "cannot tell"),
        (FALL, [("PILES", Severity.SAY, [Claim.LEAD])], "fell"),
    ],
)
def test_what_diagnostics_leave_of_a_statement(numbers, listed, said):
    margin = 0.27 if said == "no fall over 27%" else 0.25
    assert with_reading(effect(**numbers, margin=margin), [diagnostic(*row) for row in listed]).statement == said


def test_diagnostics_bear_on_the_target_and_the_total_not_on_a_ring():
    listed = (diagnostic("SELECTION", Severity.SIGNAL), diagnostic("PILES", Severity.SAY, [Claim.NO_RISE]))
    for zone, reading, cap in (
        ("target", Reading.PROBABLY_FELL, Cap.DIAGNOSTIC),
        (TARGET_AND_RINGS, Reading.PROBABLY_FELL, Cap.DIAGNOSTIC),
        (ALL_RINGS, Reading.FELL, None),
    ):
        read = with_reading(effect(zone=zone), listed)
        assert (read.reading, read.cap) == (reading, cap)
    assert read_effect(effect(**STEADY, zone=ALL_RINGS), listed) is Reading.NO_RISE_OVER


def test_a_window_is_turbulent_where_the_city_changed_or_is_not_known():
    for control, turbulent in ((1000, False), (1250, False), (1251, True), (800, False), (799, True), (0, True)):
        assert is_turbulent(effect(control=control)) is turbulent
    assert is_turbulent(effect(control=Suppressed(5)))
    assert not is_turbulent(replace(effect(control=500), length_ratio=0.5))
    assert TURBULENT_FACTOR == 1.25


@pytest.mark.parametrize(
    ("value", "error", "detectable", "said"),
    [
        (-0.5, 0.1, 0.3, "fell"),
        (-0.5, 0.1, 0.61, "probably fell"),
        (0.15, 0.1, 0.3, "probably rose"),
        (0.0, 0.1, 0.61, "no rise over 18%"),
        (0.1, 0.1, 0.3, "no fall over 7%"),
        (0.0, 0.5, 0.9, "cannot tell"),
    ],
)
def test_pooled_estimates_are_read_by_the_same_ladder(value, error, detectable, said):
    pooled = replace(effect(value, error), ratio=effect(value, error).ratio)
    reading = read_pooled(pooled.ratio, detectable, margin=0.25)
    assert replace(pooled, reading=reading).statement == said


@pytest.mark.parametrize(
    ("value", "limits", "said"),
    [
        (-0.5, {"level": 0.01}, "fell"),
        (-0.21, {"level": 0.05}, "fell"),
        (-0.21, {"level": 0.0294}, "probably fell"),
        (-0.5, {"probably_at_most": True}, "probably fell"),
        (-0.5, {"guarded": True}, "probably fell"),
        (-0.5, {"turbulent": True}, "fell"),
        (-0.15, {"turbulent": True}, "no rise over 2%"),
        (-0.5, {"turbulent": True, "probably_at_most": True}, "no rise over 1%"),
        (-0.5, {"turbulent": True, "guarded": True}, "cannot tell"),
        (-0.5, {"controls_disagree": True}, "controls disagree"),
        (0.0, {"controls_disagree": True}, "no rise over 18%"),
        (-0.5, {"broken": frozenset({Claim.FINDING})}, "no rise over 1%"),
        (-0.15, {"broken": frozenset({Claim.FINDING})}, "probably fell"),
        (-0.15, {"broken": frozenset({Claim.LEAD, Claim.NO_RISE})}, "cannot tell"),
        (0.0, {"guarded": True}, "cannot tell"),
    ],
)
def test_what_limits_a_part_limits_the_whole(value, limits, said):
    pooled = effect(value, 0.1)
    reading = read_pooled(pooled.ratio, 0.3, margin=0.25, limits=PooledLimits(**limits))
    assert replace(pooled, reading=reading).statement == said


# -- a slow referee over random intervals ------------------------------------------------------------------------------


def referee(one, listed):
    """Return what may be said, written out from the ladder's table: every rung is asked, and the first that holds is said."""
    zone, ratio = one.zone, one.ratio
    at = {level: ratio.interval(level) for level in Z}
    mine = [each for each in listed if zone in each.zones]
    doubted = {claim for each in listed for claim in each.broken.get(zone, ())}
    turned = any(each.kind in RECOUNTS and each.severity >= Severity.SIGNAL for each in mine)
    exempt = (*RECOUNTS, DiagnosticKind.POWER, DiagnosticKind.CONTROLS)
    guarded = any(each.kind not in exempt and each.severity >= Severity.SIGNAL for each in mine)
    disagree = any(each.kind is DiagnosticKind.CONTROLS and each.severity is Severity.REFUSE for each in mine)
    strong = (
        ratio.calibrated and one.expected >= 10 and one.detectable_fall <= 0.6 and not one.placebo.probably_at_most
        and not guarded
    )  # fmt: skip
    turbulent = one.control_after > 1250 or one.control_after < 800
    for leaves_out, found, probable in (
        (lambda span: span.high < 0, Reading.FELL, Reading.PROBABLY_FELL),
        (lambda span: span.low > 0, Reading.ROSE, Reading.PROBABLY_ROSE),
    ):
        wide, narrow = leaves_out(at[0.95]), ratio.calibrated and leaves_out(at[0.8])
        if not (wide or narrow):
            continue
        if disagree:
            return Reading.CONTROLS_DISAGREE
        if wide and strong and not turned and Claim.FINDING not in doubted:
            return found
        may = not turbulent and not turned and Claim.LEAD not in doubted
        if may and not (wide and Claim.FINDING in doubted):
            return probable
    if not ratio.calibrated or guarded:
        return Reading.CANNOT_TELL
    no_rise = math.exp(at[0.9].high) <= 1 + one.margin and Claim.NO_RISE not in doubted
    no_fall = math.exp(at[0.9].low) >= 1 - one.margin and Claim.NO_FALL not in doubted
    rungs = [(no_rise, Reading.NO_RISE_OVER), (no_fall, Reading.NO_FALL_OVER)]
    for holds, reading in rungs[::-1] if one.asks_fall_first else rungs:
        if holds:
            return reading
    return Reading.CANNOT_TELL


effects = st.builds(
    effect,
    st.floats(-1.0, 1.0),
    st.floats(0.02, 0.5),
    expected=st.one_of(st.floats(5, 15), st.floats(15, 900)),
    detectable=st.one_of(st.floats(0.58, 0.62), st.floats(0, 1), st.just(math.nan)),
    calibrated=st.sampled_from([True, True, True, False]),
    zone=st.sampled_from(["target", ALL_RINGS, TARGET_AND_RINGS]),
    margin=st.sampled_from([0.1, 0.25, 0.5]),
    fall_first=st.booleans(),
    control=st.sampled_from([700, 1000, 1000, 1000, 1400]),
    places=st.sampled_from(["", "", "few as busy"]),
)
diagnostics = st.lists(
    st.builds(
        diagnostic,
        st.sampled_from([kind.name for kind in DiagnosticKind]),
        st.sampled_from(Severity),
        st.sets(st.sampled_from(Claim)),
    ),
    max_size=3,
)


@given(effects, diagnostics)
@settings(max_examples=1500, deadline=None)
def test_the_ladder_is_the_referees(one, listed):
    read = with_reading(one, listed)
    assert read.reading is referee(one, listed)
    assert (read.bound_percent is not None) is read.reading.is_bound
    if not read.reading.is_probable:
        assert read.cap is None


@given(effects, st.sampled_from([0.1, 0.25, 0.5]))
@settings(max_examples=300, deadline=None)
def test_a_bound_is_rounded_up_and_never_under_what_it_bounds(one, margin):
    """X holds the bound of the interval, exceeds it by less than a percent, and the margin by no more than its rounding."""
    for reading, end in ((Reading.NO_RISE_OVER, "high"), (Reading.NO_FALL_OVER, "low")):
        bound = abs(math.expm1(getattr(one.ratio.interval(0.9), end)))
        percent = replace(one, reading=reading).bound_percent
        if (getattr(one.ratio.interval(0.9), end) > 0) is (end == "high"):
            assert 100 * bound - 1e-6 <= percent < max(100 * bound, 0) + 1 + 1e-6
        else:
            assert percent == 1
    read = with_reading(replace(one, margin=margin))
    if read.reading.is_bound:
        assert read.bound_percent <= math.ceil(100 * margin)


def test_one_percent_is_the_smallest_bound():
    assert replace(effect(-0.5), reading=Reading.NO_RISE_OVER).bound_percent == 1
    assert statement(Reading.NO_RISE_OVER, 1) == "no rise over 1%"


# -- the weaker of two -------------------------------------------------------------------------------------------------


def claims(reading):
    """Return what a reading claims, so that the weaker of two must claim no more than either."""
    return {
        Reading.FELL: {"fall", "beyond doubt", "no rise"},
        Reading.ROSE: {"rise", "beyond doubt", "no fall"},
        Reading.PROBABLY_FELL: {"fall"},
        Reading.PROBABLY_ROSE: {"rise"},
        Reading.NO_RISE_OVER: {"no rise"},
        Reading.NO_FALL_OVER: {"no fall"},
        Reading.CONTROLS_DISAGREE: set(),
        Reading.CANNOT_TELL: set(),
    }[reading]


def test_the_weaker_of_two_claims_no_more_than_either():
    for first, second in product(Reading, repeat=2):
        assert weaker(first, second) is weaker(second, first)
        assert claims(weaker(first, second)) <= claims(first) & claims(second)
    assert all(weaker(reading, reading) is reading for reading in Reading)


@given(effects, diagnostics)
@settings(max_examples=400, deadline=None)
def test_a_released_statement_is_never_stronger_than_either(exact, listed):
    """Rounded numbers may read stronger than the exact ones, or weaker; what is released is neither."""
    exact = with_reading(exact, listed)
    rounded = round_effect(exact, ROUNDING)
    released = with_weaker_reading(rounded, listed)
    assert claims(released.reading) <= claims(exact.reading) & claims(read_effect(rounded, listed))
    if released.cap is not None:
        assert released.reading.is_probable
    if exact.cap is not None and released.reading.is_probable:
        assert released.cap is not None


@given(effects)
@settings(max_examples=300, deadline=None)
def test_a_rounded_bound_holds_for_the_exact_numbers(exact):
    """The interval is computed from rounded counts, and widened by what rounding may have moved."""
    exact = with_reading(replace(exact, expected=exact.after * math.exp(-exact.ratio.value)))
    released = with_weaker_reading(round_effect(exact, ROUNDING), ())
    if exact.ratio.calibrated:
        for shown, given_exactly in zip(released.ratio.intervals, exact.ratio.intervals, strict=True):
            assert shown.low <= given_exactly.low
            assert shown.high >= given_exactly.high
    if released.reading.is_bound:
        assert released.bound_percent >= replace(exact, reading=released.reading).bound_percent


@given(effects, diagnostics)
@settings(max_examples=100, deadline=None)
def test_a_suppressed_effect_cannot_tell(exact, listed):
    hidden = suppress_effect(replace(exact, before=Suppressed(5)), Withheld(Reason.SMALL_COUNT, 5))
    released = with_weaker_reading(hidden, listed)
    assert released.reading is Reading.CANNOT_TELL
    assert (released.cap, released.bound_percent) == (None, None)


def test_rounding_makes_no_weak_design_strong():
    """A smallest detectable fall of 0.604 is shown as 0.65, never as the 0.6 that would allow a finding."""
    exact = with_reading(replace(effect(detectable=0.604, value=-1.2), expected=400.0))
    rounded = round_effect(exact, ROUNDING)
    assert rounded.detectable_fall == pytest.approx(0.65)
    released = with_weaker_reading(rounded, ())
    assert (released.reading, released.cap) == (Reading.PROBABLY_FELL, Cap.WEAK_DESIGN)
