"""Attacks on what is no plain count: the control's line, curves, clocks, dispersion and figures of unshown months."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.disclosure.attacker import attack
from geoharm.disclosure.constraints import constraints_of
from geoharm.disclosure.dispersion_attack import _Dispersion, _Search, dispersion_reveals_month
from geoharm.disclosure.protect import protect
from geoharm.disclosure.released import ReleasedSeries
from geoharm.disclosure.robustness import protect_robustness
from geoharm.disclosure.rows import RowSet
from geoharm.disclosure.statements import Constraints, PublishedValue, Term
from geoharm.evaluation.effects import evaluate_measure
from geoharm.evaluation.estimators.cumulative_wdd import cumulative_wdd
from geoharm.evaluation.estimators.did import event_study
from geoharm.evaluation.results.curves import EffectDecay, PointEstimate
from geoharm.evaluation.results.diagnostics import DiagnosticKind
from geoharm.model.counts import ZoneCounts
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.period import Period, Window, add_months
from geoharm.results import OperationResult, StudyResult
from geoharm.stats.dispersion import monthly_dispersion
from tests.disclosure.test_protect import MEASURE, NAMES, K, design, study
from tests.disclosure.test_robustness import made

RULE = DISCLOSURE_RULES["under-5"]
SPAN = Period(date(2020, 1, 1), date(2021, 8, 1))


def halves(area, first, *, zone=-1):
    """Return a result of 50 events on the 5th and on the 25th of each month everywhere, but `first` in a zone on
    5 February 2021, and a window after from 10 February on: the month and the windows together leave the 5th."""
    dates = np.arange("2020-01-05", "2021-08-05", dtype="datetime64[D]")
    dates = dates[[int(str(day)[-2:]) in (5, 25) for day in dates]]
    table = np.full((5, dates.size), 50, dtype=np.int64)
    table[zone, dates == np.datetime64("2021-02-05")] = first
    plan = design(area)
    after = Window("after", (Period(date(2021, 2, 10), date(2021, 7, 1)),))
    plan = replace(plan, after=after, phases=(replace(after, name="0-5 months"),))
    counts = ZoneCounts("finds", NAMES, dates, table, False, SPAN)
    return StudyResult(study(area), (), (), (OperationResult(plan, (evaluate_measure(MEASURE, counts, plan),)),))


# -- the control's line ------------------------------------------------------------------------------------------------


def solved_from_the_line(shown):
    """Return the control's counts of every step as an attacker reads them off the line: the least whole multiples."""
    series = shown.series
    level = next(value for value in series.control if value > 0)
    for guess in range(1, 400):
        found = [value / level * guess for value in series.control]
        if all(abs(value - round(value)) < 1e-6 for value in found) and round(sum(found)) >= guess:
            scale = 100 / round(found[0])
            return {start: round(value) * scale for start, value in zip(series.starts, found, strict=True)}
    raise AssertionError


def test_the_line_of_the_control_and_its_window_gave_a_small_count(area):
    """The attack by hand: months of the line, less the window after, are what fell before the 10th of February: 3."""
    whole = halves(area, 3)
    internal = replace(whole, study=replace(whole.study, publish=replace(whole.study.publish, release="internal")))
    careless = protect(internal).operations[0].primary
    line = solved_from_the_line(careless)
    rest = sum(line[date(2021, month, 1)] for month in range(2, 7)) - careless.effect("target").control_after
    assert rest == 3


def test_the_line_of_the_control_gives_no_small_count(area):
    careful = protect(halves(area, 3))
    shown = careful.operations[0].primary
    assert shown.series.step != 1
    assert attack(constraints_of(careful), RULE).exposed == ()
    assert protect(halves(area, 30)).operations[0].primary.series.step == 1


def test_the_audit_sees_what_the_line_tells(area):
    """The same series, let through by hand: the audit finds the count."""
    whole = halves(area, 3)
    careful = protect(whole)
    counts = whole.operations[0].measures[0].counts
    target, control = counts.monthly("target"), counts.monthly("control")
    level = sum(list(target.values())[:12]) / sum(list(control.values())[:12])
    line = tuple(level * count for count in control.values())
    series = ReleasedSeries(1, tuple(target), tuple(target.values()), line, (), level)
    operation = careful.operations[0]
    primary = replace(operation.primary, series=series)
    leaky = replace(careful, operations=(replace(operation, measures=(primary,)),))
    assert (3, 3) in {(one.low, one.high) for one in attack(constraints_of(leaky), RULE).exposed}


# -- curves ------------------------------------------------------------------------------------------------------------


def test_curves_by_month_say_nothing_but_the_months_that_are_shown(area):
    """Both curves are made again from the published series alone, to the last digit: they add no equation."""
    shown = protect(made(area)[0]).operations[0].primary
    series = shown.series
    assert series.step == 1
    control = [round(value / series.level) for value in series.control]
    began = date(2021, 1, 1)
    before = sum(start < began for start in series.starts)
    keep = [start != began and start < date(2021, 7, 1) for start in series.starts]
    own, other = (np.array(values, dtype=float)[keep] for values in (series.target, control))
    scale = other[:before].sum() / own[:before].sum()
    again = cumulative_wdd(own, other, before=before, scale=scale)
    found = shown.robustness.other_estimators.cumulative_wdd
    assert [point.value for point in again.points] == pytest.approx([point.value for point in found.points])
    events = shown.robustness.other_estimators.event_study
    block = round(2 * min(at for at in events.positions if at > 0))
    again = event_study(own, other, before=before, block=block)
    assert [point.value for point in again.points] == pytest.approx([point.value for point in events.points])


def test_curves_go_where_the_months_go(area):
    """A running difference and the line tell the target's months, 3 of which are small."""
    whole, _, _ = made(area, rates=(0.3, 0.5, 1.2, 1.5, 12.0))
    shown = protect(whole).operations[0].primary
    assert shown.series.step != 1
    assert shown.robustness.other_estimators.cumulative_wdd is None
    assert shown.robustness.other_estimators.event_study is None


# -- clocks ------------------------------------------------------------------------------------------------------------


def one_clock(stretches):
    ratio = PointEstimate("log ratio while it ran", -0.7371, "log ratio", "")
    return EffectDecay("target", ratio, ratio, ratio, (), tuple(stretches))


def test_a_clock_whose_stretch_leaves_a_small_count_of_the_control_is_blank(area):
    """The clock's last stretch begins before the window after: the control's rest between them is 3."""
    stretches = (Period(date(2020, 1, 1), date(2021, 2, 1)), Period(date(2021, 2, 1), date(2021, 7, 1)))
    whole, _, _ = made(area)
    family = replace(whole.operations[0].measures[0].other_estimators, effect_decay=(one_clock(stretches),))
    for first, safe in ((3, False), (30, True)):
        found = halves(area, first)
        plan, one = found.operations[0].design, replace(found.operations[0].measures[0], other_estimators=family)
        shown = protect_robustness(one, plan, K, effects=(), phases=(), bounds=(), series=ReleasedSeries(0))
        assert shown.other_estimators.effect_decay[0].initial.is_defined is safe
        assert bool(shown.stretches) is safe
    no_time = protect_robustness(one, plan, K, effects=(), phases=(), bounds=(), series=ReleasedSeries(0), timed=False)
    assert not no_time.other_estimators.effect_decay[0].initial.is_defined


def test_a_clock_is_told_to_the_audit_and_has_few_digits(area):
    stretches = (Period(date(2020, 1, 1), date(2021, 2, 1)), Period(date(2021, 2, 1), date(2021, 7, 1)))
    whole, _, _ = made(area)
    one = whole.operations[0].measures[0]
    one = replace(one, other_estimators=replace(one.other_estimators, effect_decay=(one_clock(stretches),)))
    whole = replace(whole, operations=(replace(whole.operations[0], measures=(one,)),))
    disclosed = protect(whole)
    clock = disclosed.operations[0].primary.robustness.other_estimators.effect_decay[0]
    assert [part.value for part in (clock.initial, clock.decay, clock.residual)] == [-0.74] * 3
    rows = [row for row in constraints_of(disclosed).values if "effect decay from" in row.text]
    assert len(rows) == 4
    counts = one.counts
    inside = (counts.dates >= np.datetime64("2021-02-01")) & (counts.dates < np.datetime64("2021-07-01"))
    own = next(row for row in rows if "target, effect decay from 2021-02-01" in row.text)
    assert own.low == own.high == counts.counts[0, inside].sum()


# -- the audit itself --------------------------------------------------------------------------------------------------


def test_numbers_that_have_nothing_to_do_with_one_another_hide_nothing():
    """A pinned count stays pinned beside numbers about other places: what was not solved for is no other value."""
    year = (Period(date(2020, 1, 1), date(2021, 1, 1)),)

    def told(text, low, high=None, factors=(1.0,), *, withheld=False):
        terms = tuple(Term(factor, RowSet("m"), (place,), year) for place, factor in zip(text, factors, strict=True))
        return PublishedValue(text, terms, low, low if high is None else high, withheld)

    sums = [told(pair, 20, factors=(1.0, 1.0)) for pair in ("de", "fg", "hi")]
    leak = [told("ab", 8, factors=(1.0, 1.0)), told("b", 5), told("a", 1, 4, withheld=True)]
    found = attack(Constraints((*sums, *leak), {}), RULE)
    assert [(one.low, one.high) for one in found.exposed] == [(3, 3)]


# -- trial over whole numbers ------------------------------------------------------------------------------------------


def histories(total, months):
    """Return every way to spread a total over months, a row each: stars and bars."""
    bars = np.array(list(itertools.combinations(range(total + months - 1), months - 1)))
    edges = np.column_stack([np.full(len(bars), -1), bars, np.full(len(bars), total + months - 1)])
    return (np.diff(edges, axis=1) - 1).astype(float)


def tenth(value):
    return math.ceil(value * 10 - 1e-9)


def counts_of(values):
    """Return counts of a target by month from January 2020 on, and of a control that has plenty."""
    dates = np.array([np.datetime64(add_months(date(2020, 1, 1), place), "D") + 14 for place in range(len(values))])
    table = np.array([values, [90] * len(values)])
    span = Period(date(2020, 1, 1), add_months(date(2020, 1, 1), len(values)))
    return ZoneCounts("finds", ("target", "control"), dates, table, False, span)


def small_design(area, months):
    plan = design(area)
    began = add_months(date(2020, 1, 1), months)
    operation = replace(plan.operation, period=Period(began, add_months(began, 1)))
    before = Window("before", (Period(date(2020, 1, 1), began),))
    zones = tuple(zone for zone in plan.zones if zone.name in ("target", "control"))
    return replace(plan, operation=operation, zones=zones, before=before)


@pytest.mark.parametrize(("months", "total"), [(6, 12), (8, 8)])
def test_no_dispersion_passes_that_leaves_a_small_month_too_few_values(area, months, total):
    """Referee: all ways to spread the total that have the same dispersion to a tenth; the trial may only be stricter."""
    reach = defaultdict(lambda: [np.full(months, np.inf), np.full(months, -np.inf)])
    every = histories(total, months)
    marks = np.array([tenth(max(value, 1.0)) for value in _Dispersion(np.ones(every.shape[1], dtype=bool)).of(every)])
    for mark in np.unique(marks):
        reach[mark] = [every[marks == mark].min(axis=0), every[marks == mark].max(axis=0)]
    rng = np.random.default_rng(2)
    passed = 0
    plan = small_design(area, months)
    for row in rng.choice(len(every), size=25, replace=False):
        values, (least, greatest) = every[row], reach[marks[row]]
        if dispersion_reveals_month(counts_of(values.astype(int)), ["target"], plan, K):
            continue
        passed += 1
        small = (values < K) & (greatest > 0)
        assert (greatest - least + 1)[small].min() >= RULE.possible_values
    assert passed or total == 8


def test_five_events_with_a_telling_dispersion_are_solved_and_so_withheld(area):
    """Of the 12,376 ways to spread 6 events over a year, few have a dispersion of 4.5: the attacker reads the months."""
    every = histories(6, 12)
    marks = np.array([tenth(max(value, 1.0)) for value in _Dispersion(np.ones(every.shape[1], dtype=bool)).of(every)])
    alike = every[marks == 45]
    assert 0 < len(alike) < 20
    known = alike.min(axis=0) == alike.max(axis=0)
    assert known.sum() >= 6
    plan = small_design(area, 12)
    assert dispersion_reveals_month(counts_of(alike[0].astype(int)), ["target"], plan, K)
    assert not dispersion_reveals_month(counts_of(alike[0].astype(int)), ["target"], plan, 1)
    assert not dispersion_reveals_month(counts_of(alike[0].astype(int)), ["target"], plan, K, step=1)


def test_busy_zones_are_not_withheld_for_their_dispersion(area):
    rng = np.random.default_rng(4)
    plan = small_design(area, 24)
    assert not any(dispersion_reveals_month(counts_of(rng.poisson(2.5, 24)), ["target"], plan, K) for _ in range(10))
    assert not dispersion_reveals_month(counts_of(rng.poisson(40, 24)), ["target"], plan, K)


def test_a_ring_with_a_telling_dispersion_loses_its_errors(area):
    """7 events before and 7 after pass every threshold and are shown; the months before do not pass the trial."""
    whole, _, _ = made(area)
    one, plan = whole.operations[0].measures[0], whole.operations[0].design
    table = one.counts.counts.copy()
    table[2] = 0
    table[2, [70, 71, 200, 201, 202, 203, 204]] = 1
    table[2, [400, 420, 440, 460, 480, 500, 520]] = 1
    counts = ZoneCounts("finds", one.counts.zones, one.counts.dates, table, False, one.counts.coverage)
    effect = evaluate_measure(MEASURE, counts, plan)
    assert dispersion_reveals_month(counts, ["50-250 m"], plan, K)
    shown = protect(replace(whole, operations=(replace(whole.operations[0], measures=(effect,)),)))
    found = shown.operations[0].primary.effect("50-250 m")
    assert (found.before, found.after) == (7, 7)
    for number in (found.dispersion, found.counting.low, found.interval.low, found.counting_ratio.standard_error):
        assert math.isnan(number)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 9), st.just(math.nan)), min_size=1, max_size=20))
def test_many_dispersions_at_once_are_those_one_by_one(values):
    row = np.array(values, dtype=float)
    known = np.isfinite(row)
    assert max(_Dispersion(known).of(row[known][None])[0], 1.0) == pytest.approx(monthly_dispersion(values))


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.integers(0, 4), min_size=3, max_size=6).filter(lambda values: 0 < sum(values) <= 7),
    split=st.integers(0, 6),
)
def test_what_a_month_can_take_is_in_the_list_of_all_histories(values, split):
    """Every history with the same sums of two groups, one by one: its dispersion to a tenth decides."""
    groups = [int(position >= split) for position in range(len(values))]
    tenth = math.ceil(monthly_dispersion(values) * 10 - 1e-9)
    alike = [
        history
        for history in itertools.product(range(sum(values) + 1), repeat=len(values))
        if all(
            sum(one for one, of in zip(history, groups, strict=True) if of == group)
            == sum(one for one, of in zip(values, groups, strict=True) if of == group)
            for group in (0, 1)
        )
        and math.ceil(monthly_dispersion(history) * 10 - 1e-9) == tenth
    ]
    assert tuple(values) in alike
    for month in range(len(values)):
        possible = {history[month] for history in alike}
        for value in range(sum(values) + 1):
            search = _Search(np.array(values, dtype=float), np.array(groups), K)
            assert search._misfit(np.array([values], dtype=float))[0] == 0
            if search._can_take(month, value):
                assert value in possible
                assert search._least[month] <= value <= search._greatest[month]


def test_figures_of_unshown_months_have_two_digits_and_leave_many_histories(area):
    """A correlation to nine digits picks one of all orders of the target's months; to two digits, ten times as many fit."""
    whole, _, _ = made(area, rates=(0.3, 0.5, 1.2, 1.5, 12.0))
    exact = next(one for one in whole.operations[0].measures[0].diagnostics if one.name == "serial correlation")
    shown = protect(whole).operations[0].primary.robustness
    found = shown.diagnostic(DiagnosticKind.AUTOCORRELATION)
    assert found.figure == float(f"{exact.figure:.2g}") != exact.figure
    rng = np.random.default_rng(5)
    months = rng.choice(40, size=12, replace=False).astype(float)

    def correlation(row):
        centred = row - row.mean()
        return (centred[1:] * centred[:-1]).mean() / (centred**2).mean()

    orders = np.array([correlation(rng.permutation(months)) for _ in range(3000)])
    assert (np.abs(orders - correlation(months)) < 5e-10).sum() < 10
    assert (np.abs(orders - correlation(months)) < 5e-3).sum() > 20
    for row in shown.displacement_types:
        assert math.isnan(row.figure) or row.figure == float(f"{row.figure:.2g}")
