"""One call for the whole family and one for the guards: complete, in agreement with its parts, and never a crash."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
import shapely

from geoharm.errors import DesignError
from geoharm.evaluation.design.control_candidates import ControlCandidates
from geoharm.evaluation.design.series import decay_periods, joint_series, months_around
from geoharm.evaluation.effects import evaluate_measure
from geoharm.evaluation.estimators.cumulative_wdd import cumulative_wdd
from geoharm.evaluation.estimators.did import operation_did
from geoharm.evaluation.estimators.wdd import net_change
from geoharm.evaluation.results.diagnostics import Severity
from geoharm.evaluation.robustness import diagnose, other_estimators
from geoharm.model.counts import UNPLACED, Change, ZoneCounts
from geoharm.model.design import Design
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.measure import Harm, Measure
from geoharm.model.period import Period, Window
from geoharm.model.study import BeforeRule, Operation
from tests.nouns import check_arrays_are_read_only

MEASURE = Measure("finds", "s", (), "requests", "public", Harm("community", "environment"))
DATA = Period(date(2018, 1, 1), date(2022, 1, 1))
NAMES = ("target", "0-100 m", "100-250 m", "250-500 m", "control", UNPLACED)
RATES = (1.0, 0.5, 1.2, 1.5, 12.0, 0.2)
BEGAN, ENDED = date(2020, 7, 1), date(2020, 10, 1)


def zones():
    centre = shapely.Point(0, 0)
    edges = ((0, 0), (0, 100), (100, 250), (250, 500))
    discs = [centre.buffer(300 + outer) for _, outer in edges]
    roles = (ZoneRole.TARGET, ZoneRole.GAP, ZoneRole.RING, ZoneRole.RING)
    found = [Zone("target", roles[0], discs[0])]
    for place in (1, 2, 3):
        found.append(
            Zone(NAMES[place], roles[place], discs[place].difference(discs[place - 1]), *map(float, edges[place]))
        )
    return (*found, Zone("control", ZoneRole.CONTROL, shapely.box(3000, -4000, 12_000, 4000)))


def operation(**changes):
    plain = {
        "name": "X", "tactic": "crackdown", "objective": "", "period": Period(BEGAN, ENDED), "target": zones()[0].geometry,
        "target_note": "", "gap": 100.0, "rings": (250.0, 500.0), "control": None,
        "before": BeforeRule(Period(date(2018, 10, 1), BEGAN)), "after": ("0-12 months",),
    }  # fmt: skip
    return Operation(**(plain | changes))


def design(**changes):
    before = Window("before", (Period(date(2018, 10, 1), BEGAN),))
    after = Window("after", (Period(ENDED, date(2021, 10, 1)),))
    return Design(operation(**changes), zones(), before, after, (after,))


def counts(seed=1, *, names=NAMES, rates=RATES, effect=0.5, by_month=False):
    """Return days of Poisson counts; the target falls to `effect` from the operation on."""
    days = np.arange(np.datetime64(DATA.start), np.datetime64(DATA.end))
    table = np.random.default_rng(seed).poisson(np.array(rates)[:, None], (len(rates), days.size))
    if effect != 1 and names[0] == "target":
        late = days >= np.datetime64(BEGAN)
        table[0, late] = np.random.default_rng(seed + 1).binomial(table[0, late], effect)
    if by_month:
        starts = np.unique(days.astype("datetime64[M]"), return_index=True)[1]
        days, table = days[starts], np.add.reduceat(table, starts, axis=1)
    return ZoneCounts("finds", names, days, table, by_month, DATA)


def candidates(number=24):
    names = tuple(f"area {i}" for i in range(number))
    places = tuple(
        Zone(name, ZoneRole.CONTROL, shapely.box(2000 * i, 20_000, 2000 * i + 500, 20_500))
        for i, name in enumerate(names)
    )
    return ControlCandidates(places, counts(9, names=names, rates=(1.0,) * number))


@pytest.fixture(scope="module")
def whole():
    plan = design()
    result = evaluate_measure(MEASURE, counts(), plan)
    return plan, result, other_estimators(result, plan, candidates=candidates())


def test_every_part_is_there_and_finds_the_planted_half(whole):
    found = whole[2]
    assert found.left_out == ()
    assert found.estimate("wdd_target").value < 0
    assert found.exact.high < 0
    assert found.indices.wdq.values.pieces
    assert math.exp(found.distance_profile.points[0].value) == pytest.approx(0.5, abs=0.1)
    assert [point.name for point in found.distance_profile.points] == list(NAMES[:4])
    late = found.event_study.positions > 0
    assert np.mean([p.value for p, after in zip(found.event_study.points, late, strict=True) if after]) < -0.4
    assert found.control_choice.chosen
    assert found.by_control.median < -0.4
    assert found.placebo_p == pytest.approx(1 / 25)
    assert [clock.zone for clock in found.effect_decay] == ["target", "all rings"]
    assert found.effect_decay[0].initial.value == pytest.approx(math.log(0.5), abs=0.35)
    before, during, after = found.effect_decay[0].periods
    assert before.end == during.start == BEGAN
    assert during.end == after.start
    # By weeks from the start of the operation: the last week that holds a day of it ends at most six days later.
    assert timedelta(0) <= during.end - ENDED < timedelta(7)
    assert {dict(one.choices)["window"] for one in found.specification_curve.specifications} == {"after"}


def test_nobody_can_write_into_a_result(whole):
    _, result, found = whole
    check_arrays_are_read_only((result, found), least=8)


def test_the_family_agrees_with_the_headline(whole):
    _, result, found = whole
    effect, both = result.effect("target"), result.effect("target and rings")
    assert found.estimate("wdd_target").value == pytest.approx(effect.difference.value)
    assert found.indices.total_net_effect.value == pytest.approx(
        -net_change(Change("both", *both.counts[:2]), Change("control", *both.counts[2:])).value
    )
    assert found.distance_profile.points[0].value == pytest.approx(effect.counting_ratio.value)
    assert -result.effect("all rings").difference.value == pytest.approx(-found.estimate("wdd_rings").value)


def slow_regression(found, plan):
    """Return log ratio, error and dispersion by zone: window totals, and Pearson's chi-square cell by cell."""
    names = [zone.name for zone in plan.zones if zone.role is not ZoneRole.GAP]
    chi, free, totals = 0.0, 0, []
    for window in (plan.before, plan.after):
        months = np.unique(np.concatenate([period.months() for period in window.periods]).astype("datetime64[M]"))
        cells = np.array(
            [
                [
                    found.counts[found.zones.index(name), found.dates.astype("datetime64[M]") == month].sum()
                    for month in months
                ]
                for name in names
            ]
        )
        for zone in range(len(names)):
            for month in range(months.size):
                fitted = cells[zone].sum() * cells[:, month].sum() / cells.sum()
                chi += (cells[zone, month] - fitted) ** 2 / fitted
        free += (len(names) - 1) * (months.size - 1)
        totals.append(dict(zip(names, cells.sum(axis=1).tolist(), strict=True)))
    phi = max(1.0, chi / free)
    early, late = totals
    share = {name: math.log(late[name] / early[name]) - math.log(late["control"] / early["control"]) for name in names}
    inverse = {name: 1 / early[name] + 1 / late[name] for name in names}
    return share, {name: math.sqrt(phi * (inverse[name] + inverse["control"])) for name in names}, phi


@pytest.mark.parametrize("by_month", [False, True])
def test_the_regression_is_what_a_cell_by_cell_sum_gives(by_month):
    """Spread more than Poisson in one month, so the dispersion is no 1."""
    plan, table = design(), counts(by_month=by_month)
    wild = table.counts.copy()
    wild[0, table.dates.astype("datetime64[M]") == np.datetime64("2019-03")] *= 4
    table = replace(table, counts=wild)
    found = other_estimators(evaluate_measure(MEASURE, table, plan), plan).did
    value, error, phi = slow_regression(table, plan)
    assert phi > 1.5
    assert found.dispersion == pytest.approx(phi, rel=1e-6)
    assert [term.name for term in found.terms] == ["target", "100-250 m", "250-500 m"]
    assert [term.value for term in found.terms] == pytest.approx([value[term.name] for term in found.terms], abs=1e-7)
    assert [term.standard_error for term in found.terms] == pytest.approx(
        [error[term.name] for term in found.terms], rel=1e-6
    )
    assert found.errors == "quasi-Poisson"


def test_the_regression_asks_about_the_headlines_windows_even_inside_a_month():
    """Windows that begin and end on any day: the terms are still the log ratios of the windows' whole counts."""
    plan = design()
    before = Window(
        "before", (Period(date(2018, 12, 31), date(2019, 3, 12)), Period(date(2019, 9, 5), date(2020, 1, 31)))
    )
    plan = replace(plan, before=before, after=Window("after", (Period(date(2020, 10, 9), date(2021, 3, 2)),)))
    result = evaluate_measure(MEASURE, counts(), plan)
    found = other_estimators(result, plan)
    assert [term.value for term in found.did.terms] == pytest.approx(
        [point.value for point in found.distance_profile.points if point.name != "0-100 m"], abs=1e-7
    )


def test_a_regression_without_months_or_control_is_refused_with_its_reason():
    plan = design()
    short = replace(
        plan,
        before=Window("before", (Period(date(2020, 4, 1), BEGAN),)),
        after=Window("after", (Period(ENDED, date(2020, 12, 1)),)),
    )
    found = other_estimators(evaluate_measure(MEASURE, counts(), short), short)
    assert found.did is None
    assert dict(found.left_out)["Poisson difference-in-differences"] == (
        "The windows hold 5 months with data; how counts vary by month needs at least 6."
    )
    table = counts()
    gone = table.counts.copy()
    gone[4, table.dates >= np.datetime64(BEGAN)] = 0
    table = replace(table, counts=gone)
    found = other_estimators(evaluate_measure(MEASURE, table, plan), plan)
    assert found.did is None
    assert dict(found.left_out)["everything that is compared with the control area"] == (
        "the control area has fewer than 50 events after, too few to compare with"
    )
    with pytest.raises(DesignError, match=r"The count after in control is 0, so there is nothing to compare with\."):
        operation_did(table, plan)


def test_the_running_difference_leaves_out_the_operation(whole):
    plan, result, found = whole
    months = months_around(result.counts, plan)
    target, control = (joint_series(result.counts, [name], months.spans) for name in ("target", "control"))
    before, after = slice(9, 30), slice(33, 45)
    assert (months.start, months.stop, len(months.spans)) == (30, 33, 45)
    scale = control[before].sum() / target[before].sum()
    plain = cumulative_wdd(
        np.concatenate([target[before], target[after]]), np.concatenate([control[before], control[after]]),
        before=21, scale=scale,
    )  # fmt: skip
    assert [p.value for p in found.cumulative_wdd.points] == pytest.approx([p.value for p in plain.points])


def test_the_same_counts_give_the_same_family(whole):
    plan, result, found = whole
    again = other_estimators(result, plan, candidates=candidates())
    assert again.cumulative_wdd.points == found.cumulative_wdd.points
    assert again.by_control == found.by_control
    assert again.effect_decay == found.effect_decay


def test_guards_are_all_there_hardest_first(whole):
    plan, result, found = whole
    listed = diagnose(
        result, plan, found, location_error=60, ratios={"finds": result.effect("target").ratio}, primary="finds"
    )
    assert sorted(diagnostic.name for diagnostic in listed) == [
        "choice of control", "location error", "many measures", "parallel trends", "regression to the mean",
        "reporting effort", "rows without a place", "season", "serial correlation", "smallest detectable fall",
    ]  # fmt: skip
    assert [diagnostic.severity for diagnostic in listed] == sorted(
        (diagnostic.severity for diagnostic in listed), reverse=True
    )
    for diagnostic in listed:
        assert diagnostic.sentence.endswith(".")
        assert diagnostic.unit


def test_guards_with_a_comparator_and_the_places_chosen_from():
    plan = design(chosen_on=Period(date(2019, 1, 1), date(2020, 1, 1)))
    result = evaluate_measure(MEASURE, counts(), plan)
    found = other_estimators(result, plan)
    peers = np.random.default_rng(1).poisson(300, 100)
    other = evaluate_measure(replace(MEASURE, name="bulky items"), counts(7, effect=1), plan)
    listed = {
        diagnostic.name: diagnostic for diagnostic in diagnose(result, plan, found, comparator=other, peers=peers)
    }
    assert math.isfinite(listed["regression to the mean"].figure)
    assert listed["reporting effort"].figure == other.effect("target").ratio.value
    assert "choice of control" not in listed
    assert dict(found.left_out) == {"choice of control": "no candidate areas were given"}


def test_without_rings_months_only_and_several_seasons():
    plan = design(rings=(), gap=0.0)
    plan = replace(
        plan,
        zones=(plan.zones[0], plan.zones[-1]),
        before=Window(
            "before", (Period(date(2018, 10, 1), date(2019, 2, 1)), Period(date(2019, 10, 1), date(2020, 2, 1)))
        ),
    )
    result = evaluate_measure(MEASURE, counts(by_month=True), plan)
    found = other_estimators(result, plan)
    assert found.indices is None
    assert found.estimate("wdd_total") is None
    assert found.cumulative_wdd is None
    assert {part for part, _ in found.left_out} == {"indices", "running difference", "choice of control"}
    assert len(found.effect_decay) == 1
    assert diagnose(result, plan, found)


def test_no_events_at_all_is_no_crash():
    empty = counts()
    nothing = ZoneCounts("finds", NAMES, empty.dates, np.zeros_like(empty.counts), False, DATA)
    plan = design()
    result = evaluate_measure(MEASURE, nothing, plan)
    found = other_estimators(result, plan, candidates=candidates())
    assert not found.estimate("wdd_target").is_defined
    assert math.isnan(found.exact.low)
    assert all(clock.not_estimated[0][0] == "all" for clock in found.effect_decay)
    listed = diagnose(result, plan, found)
    assert listed[0].severity is Severity.REFUSE


def test_weeks_begin_with_the_operation():
    plan = design(period=Period(date(2020, 7, 1), date(2020, 7, 3)))
    periods = decay_periods(counts(), plan)
    assert periods.spans[periods.start].start == date(2020, 7, 1)
    assert periods.stop == periods.start + 1
    assert all(span.days == 7 for span in periods.spans)
    assert periods.spans[0].start >= DATA.start
    assert periods.spans[-1].end <= plan.after.end


def test_series_by_hand_and_with_a_missing_month():
    days = [date(2020, 1, 30) + timedelta(days=n) for n in range(40)]
    table = ZoneCounts(
        "m", ("a", "b"), np.array(days, dtype="datetime64[D]"), np.arange(80).reshape(2, 40), False,
        Period(days[0], days[-1] + timedelta(days=1)), (date(2020, 3, 1),),
    )  # fmt: skip
    spans = [Period(date(2020, 2, 1), date(2020, 2, 8)), Period(date(2020, 2, 27), date(2020, 3, 3))]
    found = joint_series(table, ["a", "b"], spans)
    assert found[0] == sum(range(2, 9)) + sum(range(42, 49))
    assert math.isnan(found[1])
