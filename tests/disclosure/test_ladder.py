"""What is given up, and in which order: detail first, the headline last; one decision for every count."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.disclosure import dispersion_suppression, escalate
from geoharm.disclosure import protect as protect_module
from geoharm.disclosure.attacker import AttackResult, ExposedCell, attack
from geoharm.disclosure.constraints import constraints_of
from geoharm.disclosure.dispersion_attack import dispersion_reveals_month
from geoharm.disclosure.escalate import SuppressionLevel, suppress_until_safe
from geoharm.disclosure.net_harm import HarmsWithoutError, protect_harm_assessment
from geoharm.disclosure.protect import _disclose, protect
from geoharm.disclosure.rows import rows_of
from geoharm.errors import PublishError
from geoharm.evaluation.effects import evaluate_measure
from geoharm.evaluation.reading import with_reading
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS, TARGET_GAP_AND_RINGS
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.estimate import Interval
from geoharm.model.reading import Reading
from geoharm.model.reason import Reason, RevealedBy, Withheld
from geoharm.model.suppressed import Suppressed
from geoharm.report.wording.withheld import note_text
from geoharm.report.write import publish_study
from geoharm.results import OperationResult
from tests.disclosure.released_counts import assert_one_decision_a_count, is_shown, recoverable_sums
from tests.disclosure.test_dispersion_attack import SPAN
from tests.disclosure.test_net_harm import balance
from tests.disclosure.test_protect import MEASURE, NAMES, PLENTY, K, design, planted, result
from tests.disclosure.test_robustness import made

RULE = DISCLOSURE_RULES["under-5"]
HEADLINE = ("target", ALL_RINGS, TARGET_AND_RINGS)


def with_levels(whole, **levels):
    """Return the release of a result at suppression levels by measure, before any attack."""
    return _disclose(whole, K, ((), ()), levels)


@contextmanager
def no_trial():
    """Let every dispersion pass: which counts are shown does not depend on it, and the trial takes long."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (dispersion_suppression, protect_module):
            patch.setattr(module, "dispersion_reveals_month", lambda *_, **__: False)
        yield


# -- the order -----------------------------------------------------------------------------------------------------------


@no_trial()
@pytest.mark.parametrize(
    ("level", "shown"),
    [
        (SuppressionLevel.SERIES, {*NAMES[:4], *HEADLINE, TARGET_GAP_AND_RINGS}),
        (SuppressionLevel.PHASES, {*NAMES[:4], *HEADLINE, TARGET_GAP_AND_RINGS}),
        (SuppressionLevel.RINGS, set(HEADLINE)),
        (SuppressionLevel.RING_SUMS, {"target"}),
        (SuppressionLevel.TARGET, set()),
    ],
)
def test_each_level_gives_up_detail_before_the_headline(area, level, shown):
    release = with_levels(result(area, PLENTY), finds=level)
    primary = release.operations[0].primary
    assert {effect.zone for effect in primary.effects if not effect.is_withheld} == shown
    assert all(phase.is_withheld for phase in primary.phases) is (level >= SuppressionLevel.PHASES)
    assert_one_decision_a_count(release)
    assert recoverable_sums(release) == []


@no_trial()
def test_a_secondary_measure_gives_up_its_sums_before_the_primary_gives_up_its_rings(area, monkeypatch):
    """The attack here is never content: the levels that it drives both measures to are recorded."""
    whole = result(area, PLENTY)
    other = replace(whole.operations[0].measures[0], measure=replace(MEASURE, name="other", categories=("x",)))
    operation = replace(whole.operations[0], measures=(*whole.operations[0].measures, other))
    whole = replace(
        whole,
        operations=(operation,),
        study=replace(whole.study, measures=(MEASURE, other.measure)),
    )
    names = [one.measure.name for one in operation.measures]
    cells = tuple(ExposedCell("a count", (rows_of(one.measure, {}),), 1, 2) for one in operation.measures)
    monkeypatch.setattr(escalate, "attack", lambda *_, **__: AttackResult(cells, (), cells=2))
    seen = []

    def make(levels, _):
        seen.append(tuple(levels.get(name, SuppressionLevel.NOTHING) for name in names))
        return _disclose(whole, K, ((), ()), levels)

    with pytest.raises(PublishError):
        suppress_until_safe(make)
    assert seen == sorted(seen)
    first = next(levels for levels in seen if levels[0] > SuppressionLevel.RINGS)
    assert first[1] is SuppressionLevel.TARGET


# -- one decision a count ------------------------------------------------------------------------------------------------


def one_ring(whole):
    """Return a result whose second ring is gone, so that all rings are the first ring, and whose phases are one."""
    operation = whole.operations[0]
    plan = operation.design
    zones = tuple(zone for zone in plan.zones if zone.name != "250-500 m")
    phases = (replace(plan.after, name="0-6 months"), *plan.phases)
    plan = replace(plan, zones=zones, phases=phases)
    counts = operation.measures[0].counts
    keep = [counts.zones.index(zone.name) for zone in zones]
    counts = replace(counts, zones=tuple(zone.name for zone in zones), counts=counts.counts[keep])
    return replace(whole, operations=(OperationResult(plan, (evaluate_measure(MEASURE, counts, plan),)),))


@no_trial()
@pytest.mark.parametrize("level", list(SuppressionLevel))
def test_a_ring_that_is_all_rings_and_a_phase_that_is_the_headline_are_one_count(area, level):
    release = with_levels(one_ring(result(area, PLENTY)), finds=level)
    assert_one_decision_a_count(release)
    primary = release.operations[0].primary
    ring, rings = primary.effect("50-250 m"), primary.effect(ALL_RINGS)
    assert ring.counts == rings.counts
    same = next(phase for phase in primary.phases if (phase.zone, phase.window) == ("target", "0-6 months"))
    assert same.counts == primary.effect("target").counts
    assert same.is_withheld is (level >= SuppressionLevel.TARGET)
    assert recoverable_sums(release) == []


@no_trial()
def test_a_place_of_two_operations_is_decided_once(area):
    """The second operation's ring is the first ring of the first; the first must hide it to save its other ring."""
    first = result(area, [[100, 30, 30], [50, 12, 12], [80, 20, 20], [3, 25, 25], [900, 300, 300]])
    second = one_ring(first).operations[0]
    plan = second.design
    plan = replace(plan, operation=replace(plan.operation, name="Y"))
    both = replace(first, operations=(first.operations[0], replace(second, design=plan)))
    release = protect(both)
    assert release.operations[0].primary.effect("50-250 m").is_withheld
    again = release.operations[1].primary.effect("50-250 m")
    assert again.is_withheld
    assert again.note == Withheld(Reason.GIVES_BACK, K, RevealedBy.OTHER_OPERATION)
    assert_one_decision_a_count(release)


@no_trial()
def test_a_headline_that_is_withheld_is_not_the_sum_of_phases_beside_it(area):
    """3 before, so 60 after is withheld too: shown, phases of 30 and 30 would give it back."""
    primary = protect(result(area, planted(0, 0, 3))).operations[0].primary
    assert primary.effect("target").is_withheld
    for phase in primary.phases:
        if phase.zone == "target":
            assert isinstance(phase.after, Suppressed)


cell = st.integers(0, 30)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(cell, cell, cell), min_size=4, max_size=4), st.booleans())
@no_trial()
def test_no_withheld_count_is_printed_elsewhere_or_follows_from_what_is(area, rows, single):
    whole = result(area, [*rows, (900, 300, 300)])
    release = protect(one_ring(whole) if single else whole)
    assert_one_decision_a_count(release)
    assert recoverable_sums(release) == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(cell, cell, cell), min_size=4, max_size=4))
@no_trial()
def test_a_target_of_k_events_or_more_is_always_shown(area, rows):
    """No small ring, gap or phase takes the headline with it; all rings go only if a ring would follow from them."""
    target = rows[0]
    primary = protect(result(area, [*rows, (900, 300, 300)])).operations[0].primary
    small = any(0 < count < K for count in (target[0], target[1] + target[2]))
    assert primary.effect("target").is_withheld is small
    if all(count >= K for row in rows for count in row):
        assert not any(effect.is_withheld for effect in (*primary.effects, *primary.phases))


@no_trial()
def test_the_referee_sees_a_sum_whose_parts_are_shown(area):
    release = protect(result(area, PLENTY))
    primary = release.operations[0].primary
    effects = tuple(
        replace(effect, after=Suppressed()) if effect.zone == "target" else effect for effect in primary.effects
    )
    operation = replace(release.operations[0], measures=(replace(primary, effects=effects),))
    leaky = replace(release, operations=(operation,))
    assert recoverable_sums(leaky) == ["finds, target, after"]


# -- what is said ----------------------------------------------------------------------------------------------------------


@no_trial()
def test_what_is_withheld_says_what_would_give_it_back(area):
    """The gap is small, and so is a ring: the other ring, and the sum with the gap, are named with their source."""
    table = [[100, 30, 30], [3, 1, 1], [3, 20, 20], [90, 25, 25], [900, 300, 300]]
    primary = protect(result(area, table)).operations[0].primary
    notes = {effect.zone: effect.note for effect in primary.effects if effect.is_withheld}
    assert notes == {
        "0-50 m": Withheld(Reason.SMALL_COUNT, K),
        "50-250 m": Withheld(Reason.SMALL_COUNT, K),
        "250-500 m": Withheld(Reason.GIVES_BACK, K, RevealedBy.RING_SUM),
        TARGET_GAP_AND_RINGS: Withheld(Reason.GIVES_BACK, K, RevealedBy.ZONES),
    }
    assert note_text(notes["250-500 m"]) == "withheld: with it, a count under 5 would follow from the sum of the rings"


@no_trial()
def test_phases_beside_a_small_one_say_that_it_would_follow_from_the_whole_window(area):
    primary = protect(result(area, planted(0, 1, 3))).operations[0].primary
    assert not primary.effect("target").is_withheld
    phases = [phase for phase in primary.phases if phase.zone == "target"]
    assert {phase.note for phase in phases} == {Withheld(Reason.GIVES_BACK, K, RevealedBy.WINDOW)}
    assert all(phase.before == 100 for phase in phases)


@pytest.mark.parametrize("source", list(RevealedBy))
def test_every_source_has_its_words(source):
    text = note_text(Withheld(Reason.GIVES_BACK, K, source))
    assert text.startswith("withheld: with it, a count under 5 would follow from ")
    assert "{" not in text


# -- the dispersion --------------------------------------------------------------------------------------------------------


def telling(area, *, days=(70, 71, 200, 201, 202, 203, 204), zone=0):
    """Return a result in which one zone has 7 events before, on telling days, and 7 after."""
    whole, _, _ = made(area)
    one, plan = whole.operations[0].measures[0], whole.operations[0].design
    table = one.counts.counts.copy()
    table[zone] = 0
    table[zone, list(days)] = 1
    table[zone, [400, 420, 440, 460, 480, 500, 520]] = 1
    counts = ZoneCounts("finds", one.counts.zones, one.counts.dates, table, False, one.counts.coverage)
    measured = evaluate_measure(MEASURE, counts, plan)
    measured = replace(measured, other_estimators=one.other_estimators, diagnostics=one.diagnostics)
    return replace(whole, operations=(replace(whole.operations[0], measures=(measured,)),))


def test_a_target_with_a_telling_dispersion_keeps_its_counts_and_change(area):
    whole = telling(area)
    exact, plan = whole.operations[0].measures[0].effect("target"), whole.operations[0].design
    assert dispersion_reveals_month(whole.operations[0].measures[0].counts, ["target"], plan, K)
    release = protect(whole)
    primary = release.operations[0].primary
    for effect in (primary.effect("target"), *(phase for phase in primary.phases if phase.zone == "target")):
        if effect.window == "after":
            assert (effect.counts, effect.expected, effect.change) == (exact.counts, exact.expected, exact.change)
        for number in (
            effect.dispersion, effect.counting.low, effect.counting_ratio.standard_error, effect.interval.low,
            effect.difference.standard_error, effect.ratio.standard_error, effect.detectable_fall,
        ):  # fmt: skip
            assert math.isnan(number)
        assert effect.is_withheld or effect.reading is Reading.CANNOT_TELL
    assert primary.effect("target").note == Withheld(Reason.GIVES_BACK, K, RevealedBy.DISPERSION)
    assert attack(constraints_of(release), RULE).exposed == ()


def test_nothing_of_the_target_depends_on_a_dispersion_that_is_withheld(area):
    """Two histories with the same windows and other months: target and net harm are the same to the last digit."""
    one, two = (
        telling(area, days=days) for days in ((70, 71, 200, 201, 202, 203, 204), (70, 200, 201, 202, 203, 204, 205))
    )
    exact = [whole.operations[0].measures[0].effect("target").dispersion for whole in (one, two)]
    assert exact[0] != exact[1]
    shown = [protect(whole).operations[0].primary for whole in (one, two)]
    assert repr(shown[0].effect("target")) == repr(shown[1].effect("target"))
    assert repr(shown[0].phases) == repr(shown[1].phases)
    for key in ("wdd_target", "wdd_total"):
        estimates = [primary.robustness.other_estimators.estimate(key) for primary in shown]
        assert math.isnan(estimates[0].standard_error)
        assert repr(estimates[0]) == repr(estimates[1])


def test_a_calibrated_interval_stays_where_the_dispersion_goes(area):
    """It is learned at other places. The narrow one beside it would give the dispersion."""
    whole = telling(area)
    measure = whole.operations[0].measures[0]
    effect = measure.effect("target")
    interval = Interval(-9.0, -1.0, 0.95)
    spans = tuple(Interval(-1.0, -0.1, level) for level in (0.8, 0.9, 0.95))
    ratio = replace(effect.counting_ratio, calibrated=True, intervals=spans, p=0.01)
    calibrated = with_reading(
        replace(effect, expected=20.0, change=-13.0, interval=interval, ratio=ratio, detectable_fall=0.4)
    )
    assert calibrated.reading is Reading.FELL
    effects = tuple(calibrated if one.zone == "target" else one for one in measure.effects)
    measure = replace(measure, effects=effects, diagnostics=())
    release = protect(replace(whole, operations=(replace(whole.operations[0], measures=(measure,)),)))
    shown = release.operations[0].primary.effect("target")
    assert (shown.interval, shown.ratio, shown.detectable_fall) == (interval, ratio, 0.4)
    assert math.isnan(shown.counting.low)
    assert shown.reading is Reading.FELL


def test_net_harm_keeps_its_best_estimate_and_loses_the_interval_that_tells():
    plain = balance()
    lost = {("overdoses", "target")}
    found = protect_harm_assessment(plain, set(), K, HarmsWithoutError(frozenset(lost), frozenset(lost)))
    note = Withheld(Reason.GIVES_BACK, K, RevealedBy.DISPERSION)
    for net, exact in zip(found.net_harm, plain.net_harm, strict=True):
        row, full = (next(row for row in one.rows if row.measure.name == "overdoses") for one in (net, exact))
        assert (row.low, row.high) == (full.low, full.high)
        assert math.isnan(row.interval.low)
        assert repr((net.low, net.high)) == repr((exact.low, exact.high))
        if full.weight:
            assert math.isnan(net.interval.low)
            assert math.isnan(net.share_fell[0])
        assert all(veto.state == "unknown" for veto in net.vetoes if veto.measure == "overdoses")
    assert found.acceptability[0].note == note
    calibrated = protect_harm_assessment(plain, set(), K, HarmsWithoutError(frozenset(lost)))
    assert calibrated.net_harm == plain.net_harm


def test_the_audit_sees_an_error_that_is_left_beside_a_withheld_dispersion(area):
    whole = telling(area)
    exact = whole.operations[0].measures[0].effect("target")
    release = protect(whole)
    assert constraints_of(release).leaks == ()
    primary = release.operations[0].primary
    for left in (
        {"counting": exact.counting},
        {"counting_ratio": exact.counting_ratio},
        {"difference": exact.difference},
        {"interval": exact.interval},
        {"detectable_fall": exact.detectable_fall},
    ):
        leaky = tuple(replace(one, **left) if one.zone == "target" else one for one in primary.effects)
        operation = replace(release.operations[0], measures=(replace(primary, effects=leaky),))
        assert constraints_of(replace(release, operations=(operation,))).leaks == ("finds, target, after: an error",)


def test_the_pages_say_that_no_interval_can_be_given_and_why(area, tmp_path):
    published = publish_study(protect(telling(area)), tmp_path)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "7 \N{RIGHTWARDS ARROW} 7" in text
    assert "a count under 5 would follow from the dispersion of the months" in text
    assert "nan" not in (tmp_path / "summary.txt").read_text(encoding="utf-8").lower()
    assert published.files


@pytest.mark.parametrize(
    ("telling_steps", "step", "has_error"), [((), 3, True), ((3,), 6, True), ((0, 3, 6), 3, False)]
)
def test_the_series_is_given_up_before_the_dispersion(area, monkeypatch, telling_steps, step, has_error):
    """A coarser series that hides the months saves the errors; a dispersion that tells by itself takes no series along."""
    for module in (dispersion_suppression, protect_module):
        monkeypatch.setattr(
            module,
            "dispersion_reveals_month",
            lambda _, zones, *__, step=0: list(zones) == ["target"] and step in telling_steps,
        )
    dates = np.arange("2020-01", "2021-08", dtype="datetime64[M]").astype("datetime64[D]")
    table = np.full((5, dates.size), 50, dtype=np.int64)
    table[0] = 2
    counts = ZoneCounts("finds", NAMES, dates, table, False, SPAN)
    plan = design(area)
    whole = replace(
        result(area, PLENTY), operations=(OperationResult(plan, (evaluate_measure(MEASURE, counts, plan),)),)
    )
    primary = protect(whole).operations[0].primary
    assert primary.series.step == step
    assert is_shown(*primary.effect("target").counts)
    assert math.isfinite(primary.effect("target").dispersion) is has_error


def test_rings_with_a_telling_dispersion_take_no_sum_with_them(area):
    primary = protect(telling(area, zone=2)).operations[0].primary
    ring = primary.effect("50-250 m")
    assert (ring.before, ring.after) == (7, 7)
    assert math.isnan(ring.dispersion)
    for zone in HEADLINE:
        assert math.isfinite(primary.effect(zone).dispersion)
