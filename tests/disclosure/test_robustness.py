"""Family, guards and shifts through the disclosure door, and what the verdict makes of guards: attacked, not admired."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import shapely

from geoharm.answer import headline
from geoharm.disclosure.protect import protect
from geoharm.disclosure.released import ReleasedMeasure, ReleasedRobustness, ReleasedSeries
from geoharm.disclosure.robustness import protect_forests, protect_robustness
from geoharm.evaluation.design.control_candidates import ControlCandidates
from geoharm.evaluation.effects import evaluate_measure
from geoharm.evaluation.estimators.displacement_types import displacement_types
from geoharm.evaluation.estimators.specification_curve import ratio_by_control
from geoharm.evaluation.reading import with_reading
from geoharm.evaluation.results.curves import EffectDecay
from geoharm.evaluation.results.diagnostics import Diagnostic, DiagnosticKind, Severity
from geoharm.evaluation.results.displacement_types import DisplacementType
from geoharm.evaluation.robustness import diagnose, other_estimators
from geoharm.model.counts import Change, ZoneCounts
from geoharm.model.design import ALL_RINGS
from geoharm.model.estimate import Estimate, Interval, undefined
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.period import Period
from geoharm.model.pooled import Forest
from geoharm.model.reading import Reading
from geoharm.model.reason import Reason, Withheld
from geoharm.report import format_numbers
from geoharm.report.charts.robustness import ratio_text
from geoharm.report.sections.other_estimators import estimator_rows
from geoharm.report.wording import states
from geoharm.report.wording.reading import cap_sentence, reading_caveats
from geoharm.report.write import publish_study
from tests.disclosure.test_protect import MEASURE, PLENTY, K, design, result
from tests.report.test_verdict import effect

NAN = math.nan


def made(area, *, seed=1, rates=(1.0, 0.5, 1.2, 1.5, 12.0), after=0.5, few=None, tiles=24, tile_rate=1.0):
    """Return a whole result with family, guards and shifts: daily Poisson counts, the target thinned after."""
    plan = design(area)
    names = ("target", "0-50 m", "50-250 m", "250-500 m", "control")
    days = np.arange(np.datetime64("2020-01-01"), np.datetime64("2021-08-01"))
    rng = np.random.default_rng(seed)
    table = rng.poisson(np.array(rates)[:, None], (5, days.size))
    late = days >= np.datetime64("2021-01-01")
    table[0, late] = rng.binomial(table[0, late], after)
    if few is not None:
        table[0, late] = 0
        table[0, np.flatnonzero(late)[30 : 30 + 20 * few : 20]] = 1
    span = Period(days[0].item(), days[-1].item())
    span = Period(span.start, span.end.replace(month=8, day=1))
    found = result(area, PLENTY)
    one = found.operations[0].measures[0]
    counts = ZoneCounts("finds", names, days, table, False, span)
    one = evaluate_measure(MEASURE, counts, plan)
    labels = tuple(f"area {i}" for i in range(tiles))
    places = tuple(
        Zone(label, ZoneRole.CONTROL, shapely.box(4e5 + 900 * i, 6e6, 4e5 + 900 * i + 250, 6e6 + 250))
        for i, label in enumerate(labels)
    )
    squares = ZoneCounts("finds", labels, days, rng.poisson(tile_rate, (tiles, days.size)), False, span)
    robustness = other_estimators(one, plan, candidates=ControlCandidates(places, squares))
    listed = diagnose(one, plan, robustness)
    moved = displacement_types([DisplacementType("similar markets", 0.1, "log ratio", "From 3 to 9.", counts=(3, 9))])
    one = replace(one, other_estimators=robustness, diagnostics=listed, displacement_types=moved)
    operation = replace(found.operations[0], measures=(one,))
    return replace(found, operations=(operation,)), squares, plan


def beside_of(area, release="public", **options):
    found, squares, plan = made(area, **options)
    if release == "internal":
        publish = replace(found.study.publish, release="internal")
        found = replace(found, study=replace(found.study, publish=publish))
    return protect(found).operations[0].primary, found.operations[0].measures[0], squares, plan


def test_where_nothing_is_small_everything_is_shown(area):
    shown, truth, _, _ = beside_of(area)
    found = shown.robustness.other_estimators
    assert shown.robustness.withheld == ()
    assert found.estimate("wdd_target") == truth.other_estimators.estimate("wdd_target")
    for name in ("cumulative_wdd", "event_study", "distance_profile"):
        curve = getattr(found, name)
        assert curve.points == getattr(truth.other_estimators, name).points
        assert np.isnan(curve.counting_covariance).all()
    assert [clock.zone for clock in found.effect_decay] == ["target", ALL_RINGS]
    assert len(found.by_control.specifications) == len(truth.other_estimators.by_control.specifications)


def running_of(area, **options):
    """Return the released running change of a study with two made points, and the released series' step."""
    found, _, _ = made(area, **options)
    one = found.operations[0].measures[0]
    points = tuple(
        Estimate(name, -0.12345, 0.2, "log ratio", "", calibrated=True, intervals=(Interval(-0.54321, 0.29876, 0.95),))
        for name in ("month 1", "months 1 to 2")
    )
    one = replace(one, other_estimators=replace(one.other_estimators, running_change=points))
    operation = replace(found.operations[0], measures=(one,))
    shown = protect(replace(found, operations=(operation,))).operations[0].primary
    return shown.robustness.other_estimators.running_change, shown.series.step


def test_the_running_change_goes_where_the_months_go_and_has_two_decimals(area):
    shown, step = running_of(area)
    assert step == 1
    assert [point.name for point in shown] == ["month 1", "months 1 to 2"]
    assert {(point.value, point.interval().low, point.interval().high) for point in shown} == {(-0.12, -0.54, 0.3)}
    few, step = running_of(area, rates=(0.3, 0.5, 1.2, 1.5, 12.0))
    assert step != 1
    assert few == ()
    assert running_of(area, few=3)[0] == ()


def test_an_internal_release_rounds_and_hides_nothing(area):
    shown, truth, _, _ = beside_of(area, release="internal", rates=(0.01, 0.5, 1.2, 1.5, 12.0))
    assert shown.robustness.other_estimators.by_control == truth.other_estimators.by_control
    assert shown.robustness.other_estimators.control_choice == truth.other_estimators.control_choice
    assert shown.robustness.diagnostics == truth.diagnostics


def test_a_small_target_takes_everything_made_from_it(area):
    """Three events after: every estimate of the target, its curves, its clock, and all answers by control go."""
    shown, truth, _, _ = beside_of(area, few=3)
    assert shown.effect("target").is_withheld
    found = shown.robustness.other_estimators
    for estimate in (found.estimate("wdd_target"), found.estimate("wdd_total")):
        assert math.isnan(estimate.value)
        assert math.isnan(estimate.standard_error)
        assert estimate.note == Withheld(Reason.SUPPRESSED, K)
        assert estimate.reason is Reason.SUPPRESSED
    assert math.isnan(found.exact.low)
    assert (
        found.indices
        is found.cumulative_wdd
        is found.event_study
        is found.by_control
        is found.specification_curve
        is None
    )
    assert math.isnan(found.placebo_p)
    assert "target" not in [point.name for point in found.distance_profile.points]
    assert not found.effect_decay[0].initial.is_defined
    assert found.effect_decay[0].not_estimated == truth.other_estimators.effect_decay[0].not_estimated
    for diagnostic in shown.robustness.diagnostics:
        assert math.isnan(diagnostic.figure)
        assert diagnostic.sentence == Withheld(Reason.SUPPRESSED, K)
    assert {one.name for one in shown.robustness.diagnostics} == {one.name for one in truth.diagnostics}
    of_design = {DiagnosticKind.SEASON, DiagnosticKind.SELECTION}
    assert {one.severity for one in shown.robustness.diagnostics if one.kind not in of_design} == {Severity.SAY}
    assert all(not one.passes and math.isnan(one.scale) for one in found.control_choice.candidates)


def test_a_hidden_ring_leaves_the_profile_and_the_note_says_so(area):
    shown, _, _, _ = beside_of(area, rates=(1.0, 0.5, 0.01, 1.5, 12.0))
    hidden = {one.zone for one in shown.effects if one.is_withheld}
    assert "50-250 m" in hidden
    curve = shown.robustness.other_estimators.distance_profile
    assert not hidden & {point.name for point in curve.points}
    assert curve.note == Withheld(Reason.ZONES_LEFT_OUT, K)
    assert curve.positions.shape == (len(curve.points),)


def test_the_regression_is_shown_to_a_hundredth_and_whole_in_an_internal_release(area):
    shown, truth, _, _ = beside_of(area)
    found, whole = shown.robustness.other_estimators.did, truth.other_estimators.did
    assert [term.name for term in found.terms] == ["target", "50-250 m", "250-500 m"]
    assert [term.value for term in found.terms] == [round(term.value, 2) for term in whole.terms]
    assert [term.standard_error for term in found.terms] == [round(term.standard_error, 2) for term in whole.terms]
    assert found.dispersion == round(whole.dispersion, 1)
    assert beside_of(area, release="internal")[0].robustness.other_estimators.did == whole
    rows = {row.name: (row.value.text, row.unit) for row in estimator_rows(shown.robustness.other_estimators, shown)}
    value, unit = rows["Poisson difference-in-differences, target"]
    assert value == ratio_text(found.terms[0])
    assert value.startswith("\u2212")
    assert unit == "percent"
    assert "Poisson difference-in-differences, 50\u2013250 m" in rows


@pytest.mark.parametrize(
    ("options", "hidden"), [({"few": 3}, "target"), ({"rates": (1.0, 0.5, 0.01, 1.5, 12.0)}, "50-250 m")]
)
def test_one_hidden_zone_takes_the_whole_regression(area, tmp_path, options, hidden):
    """The errors of all its terms share one dispersion, which the hidden zone's months are in."""
    whole, _, _ = made(area, **options)
    disclosed = protect(whole)
    shown = disclosed.operations[0].primary
    assert hidden in {one.zone for one in shown.effects if one.is_withheld}
    found = shown.robustness.other_estimators.did
    assert len(found.terms) == 3
    assert all(math.isnan(term.value) and term.reason is Reason.SUPPRESSED for term in found.terms)
    assert math.isnan(found.dispersion)
    values = [
        row.value.text
        for row in estimator_rows(shown.robustness.other_estimators, shown)
        if row.name.startswith("Poisson")
    ]
    assert len(values) == 3
    assert all(value.startswith("withheld") for value in values)
    published = publish_study(disclosed, tmp_path)
    record = json.loads(next(path for path in published.files if path.name == "run.json").read_text(encoding="utf-8"))
    held = record["operations"][0]["measures"][0]["other_estimators"]["did"]
    assert held["dispersion"] is None
    assert all(term["value"] is term["interval"]["low"] is term["interval"]["high"] is None for term in held["terms"])


@pytest.mark.parametrize("rate", [0.02, 0.05])
def test_no_answer_of_an_area_with_few_events_is_shown(area, rate):
    """Squares with few events: every published answer rests on counts of k or more, and is rounded to a hundredth."""
    shown, truth, squares, plan = beside_of(area, tile_rate=rate, tiles=40)
    assert truth.other_estimators.control_choice is not None
    for curve in (shown.robustness.other_estimators.by_control, shown.robustness.other_estimators.specification_curve):
        for one in curve.specifications:
            name = dict(one.choices)["control"]
            assert one.counts == ()
            if one.estimate.is_defined:
                assert one.estimate.value == round(one.estimate.value, 2)
            if not name.startswith("area"):
                continue
            windows = {"after": plan.after} | {phase.name: phase for phase in plan.phases}
            window = windows[dict(one.choices).get("window", "after")]
            change = squares.change(name, plan.before, window)
            assert all(count == 0 or count >= K for count in (change.before, change.after))
    for one in shown.robustness.other_estimators.control_choice.candidates:
        early = next(c for c in truth.other_estimators.control_choice.candidates if c.name == one.name).events
        if 0 < early < K:
            assert math.isnan(one.scale)
            assert one.ratios == {}
        assert one.events == 0


@pytest.mark.parametrize("small", [Change("b", 80, 3), Change("b", 3, 80)])
def test_the_sum_of_all_controls_gives_no_hidden_one_back(area, small):
    """One control has 3 events, before or after; with it gone, the answer against all together goes too."""
    found, _, plan = made(area)
    one = found.operations[0].measures[0]
    own = one.counts.change("target", plan.before, plan.after)
    areas = [Change("a", 100, 90), small, Change("c", 70, 60)]
    curve = ratio_by_control(own, areas)
    one = replace(one, other_estimators=replace(one.other_estimators, by_control=curve))
    shown = protect_robustness(one, plan, K, effects=(), phases=(), bounds=(), series=ReleasedSeries(0))
    names = sorted(dict(one.choices)["control"] for one in shown.other_estimators.by_control.specifications)
    assert names == ["a", "c"]


def test_a_clock_that_gives_a_small_stretch_back_is_blank(area):
    """The headline's window is shown; a clock whose running stretch holds 1 to 4 events is not."""
    shown, truth, _, plan = beside_of(area)
    one = truth
    clock = one.other_estimators.effect_decay[0]
    assert clock.periods
    day = clock.periods[1].start
    table = one.counts.counts.copy()
    inside = (one.counts.dates >= np.datetime64(day)) & (one.counts.dates < np.datetime64(clock.periods[1].end))
    table[0, inside] = 0
    table[0, np.flatnonzero(inside)[0]] = 3
    counts = ZoneCounts("finds", one.counts.zones, one.counts.dates, table, False, one.counts.coverage)
    found = protect_robustness(
        replace(one, counts=counts), plan, K, effects=shown.effects, phases=(), bounds=(), series=ReleasedSeries(0)
    )
    assert not found.other_estimators.effect_decay[0].initial.is_defined
    kept = protect_robustness(one, plan, 1, effects=shown.effects, phases=(), bounds=(), series=ReleasedSeries(0))
    assert kept.other_estimators.effect_decay[0].initial == clock.initial


def test_a_choice_made_on_few_events_names_no_figure(area):
    """The target's count on the data it was chosen on is 3: the guard's figure follows from it, so it goes."""
    found, _, plan = made(area)
    one = found.operations[0].measures[0]
    table = one.counts.counts.copy()
    inside = (one.counts.dates >= np.datetime64("2020-03-01")) & (one.counts.dates < np.datetime64("2020-04-01"))
    table[0, inside] = 0
    table[0, np.flatnonzero(inside)[0]] = 3
    counts = ZoneCounts("finds", one.counts.zones, one.counts.dates, table, False, one.counts.coverage)
    chosen = Period(date(2020, 3, 1), date(2020, 4, 1))
    plan = replace(plan, operation=replace(plan.operation, chosen_on=chosen))
    held = guard("regression to the mean", Severity.SAY, -0.08, "It would change by -8.0%.")
    one = replace(one, counts=counts, diagnostics=(held,))
    shown = protect_robustness(one, plan, K, effects=(), phases=(), bounds=(), series=ReleasedSeries(0))
    assert shown.diagnostics[0].sentence == Withheld(Reason.SUPPRESSED, K)
    assert math.isnan(shown.diagnostics[0].figure)
    assert shown.diagnostics[0].severity is Severity.SAY


def test_a_shift_that_names_a_small_count_is_withheld(area):
    row = beside_of(area)[0].robustness.displacement_types[0]
    assert row.kind == "similar markets"
    assert row.sentence == Withheld(Reason.SUPPRESSED, K)
    assert math.isnan(row.figure)


def test_every_number_of_the_record_is_one_that_may_be_shown(area, tmp_path):
    """The record of a study with a small target holds no estimate of the target anywhere in its family."""
    found, _, _ = made(area, few=3)
    published = publish_study(protect(found), tmp_path)
    record = json.loads(next(path for path in published.files if path.name == "run.json").read_text(encoding="utf-8"))
    held = record["operations"][0]["measures"][0]["other_estimators"]
    for key in ("wdd_target", "wdd_total", "interrupted_time_series"):
        assert held["estimates"][key]["value"] is None
    assert held["exact"]["low"] is held["exact"]["high"] is None
    assert held["by_control"] is held["specification_curve"] is held["indices"] is None
    text = next(path for path in published.files if path.name == "report.html").read_text(encoding="utf-8")
    for heading in (
        "Diagnostics: what could mislead",
        "Effect decay",
        "Other kinds of displacement",
        "Other estimators",
    ):
        assert heading in text


def test_pools_lose_a_withheld_operation_and_the_mean_that_would_give_it_back():
    one = Estimate("r", -0.2, 0.1, "log ratio", "")
    forest = Forest((("A", one, 0.5), ("B", one, 0.5)), (), one, "note", object())
    kept = protect_forests([("target", forest)], {"A": frozenset(), "B": frozenset({ALL_RINGS})}, K)
    assert kept[0][1] is forest
    lost = protect_forests([("target", forest)], {"A": frozenset({"target"})}, K)[0][1]
    assert [label for label, _, _ in lost.rows] == ["B"]
    assert math.isnan(lost.rows[0][2])
    assert lost.pooled is None
    assert lost.spread is None
    assert lost.left_out[0][1] == Withheld(Reason.SUPPRESSED, K)


# -- the verdict's truth table -----------------------------------------------------------------------------------------


def measured(one, *listed):
    return ReleasedMeasure(MEASURE, (one,), (), ReleasedSeries(0), (), ReleasedRobustness(None, tuple(listed)))


def guard(name, consequence, figure=0.1, sentence="It is 3% off."):
    return Diagnostic(DiagnosticKind(name), figure, "share of the count", sentence, consequence)


def test_the_flag_and_the_reason_reach_the_sentence():
    listed = guard("regression to the mean", Severity.SIGNAL, -0.08, "Picked from 90 places, it would change by -8.0%.")
    one = measured(effect(), listed)
    assert reading_caveats(one, Reading.PROBABLY_FELL) == (
        " Flagged for regression to the mean: picked from 90 places, it would change by −8.0%."
    )
    assert cap_sentence(one, with_reading(effect(), (listed,))) == (
        "No more than \u201cprobably\u201d: it is exposed (regression to the mean): picked from 90 places, it would change by −8.0%."
    )
    unknown = guard("regression to the mean", Severity.SAY, NAN)
    assert reading_caveats(measured(effect(), unknown), Reading.FELL) == ""
    clean = guard("regression to the mean", Severity.NONE, 0.0)
    assert reading_caveats(measured(effect(), clean), Reading.FELL) == ""
    apart = guard("choice of control", Severity.REFUSE, 0.3, "Controls disagree: 5 say so.")
    assert (
        reading_caveats(measured(effect(), apart), Reading.CONTROLS_DISAGREE).strip() == "Controls disagree: 5 say so."
    )


def test_every_state_has_a_clause_words_and_a_sentence_of_its_own():
    assert set(headline._PRIMARY) == set(Reading)
    read = [replace(effect(), reading=reading) for reading in Reading]
    assert len({states.state_words(one) for one in read}) == len(Reading)
    assert len({states.state_sentence("finds", one) for one in read}) == len(Reading)
    assert effect().reading is Reading.FELL


def test_minus_signs_are_true_and_ranges_stay():
    assert format_numbers.with_true_minus("-8% at 300-600 m (-1 to 2)") == "−8% at 300-600 m (−1 to 2)"


def test_a_blank_clock_says_so():
    nothing = undefined(
        "x", unit="log ratio", reference="", note=Withheld(Reason.SUPPRESSED, 5), reason=Reason.SUPPRESSED
    )
    assert not nothing.is_defined
    assert EffectDecay.__dataclass_fields__["periods"].default == ()
