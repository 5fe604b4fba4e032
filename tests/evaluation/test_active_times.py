"""Operations in time: several spells, a measure that goes on, and other operations at other times."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.errors import DesignError
from geoharm.evaluation.design.build import build_design, check_operation, check_operations_apart
from geoharm.evaluation.design.neighbours import compared_days, placebo_neighbours, reaches_into
from geoharm.evaluation.design.series import decay_periods, months_around
from geoharm.evaluation.design.windows import build_windows, windows_as_written
from geoharm.evaluation.effects import history_dispersion
from geoharm.evaluation.placebo.places import history_windows
from geoharm.model.counts import ZoneCounts
from geoharm.model.geometry import ZoneRole
from geoharm.model.period import Period, Window, add_months, headline_phases
from geoharm.model.study import BeforeRule
from tests.evaluation.test_clear_designs import AREA, DATA, ledger, operation

JANUARY, MARCH, MAY = (Period(date(2020, month, 1), date(2020, month + 1, 1)) for month in (1, 3, 5))
BEFORE = BeforeRule(Period(date(2018, 1, 1), date(2019, 7, 1)))


def in_spells(*spells, after=("during", "between", "0-3 months"), **changes):
    period = Period(spells[0].start, spells[-1].end)
    return operation(period=period, spells=spells, after=after, **({"before": BEFORE} | changes))


def going_on(start=date(2020, 3, 1), after=("0-3 months", "3-6 months"), **changes):
    return operation(period=Period(start, DATA.end), ongoing=True, after=after, **changes)


def windows(one, *, by_month=False, missing=()):
    return build_windows(one, coverage=DATA, missing=missing, by_month=by_month)


# -- Spells -----------------------------------------------------------------------------------------------------------


def test_during_is_the_spells_between_is_the_rest_and_months_count_from_the_last_end():
    before, after, phases, _ = windows(in_spells(JANUARY, MARCH, MAY))
    during, between, later = phases
    assert during.periods == (JANUARY, MARCH, MAY)
    assert between == Window(
        "between", (Period(date(2020, 2, 1), date(2020, 3, 1)), Period(date(2020, 4, 1), date(2020, 5, 1)))
    )
    assert later.periods == after.periods == (Period(date(2020, 6, 1), date(2020, 9, 1)),)
    assert before.end <= JANUARY.start


def test_without_a_phase_after_the_headline_has_the_phases_that_are_given():
    assert windows(in_spells(JANUARY, MARCH, after=("during",)))[1].periods == (JANUARY, MARCH)
    both = windows(in_spells(JANUARY, MARCH, after=("during", "between")))[1]
    assert both.days == (MARCH.end - JANUARY.start).days


def test_same_season_takes_the_days_of_the_headline_back():
    one = in_spells(JANUARY, MARCH, before=BeforeRule(None, 2, same_season=True))
    before = windows(one)[0]
    assert [period.start for period in before.periods] == [date(2018, 4, 1), date(2019, 4, 1)]


def test_spells_in_monthly_data_take_whole_months_and_join_where_these_meet():
    week = Period(date(2020, 1, 10), date(2020, 1, 17))
    near, far = Period(date(2020, 2, 20), date(2020, 3, 5)), Period(date(2020, 5, 4), date(2020, 5, 6))
    _, after, phases, notes = windows(in_spells(week, near, far), by_month=True)
    assert phases[0].periods == (Period(date(2020, 1, 1), date(2020, 4, 1)), MAY)
    assert phases[1].periods == (Period(date(2020, 4, 1), date(2020, 5, 1)),)
    assert after.start == date(2020, 6, 1)
    assert any("January 2020, February 2020, March 2020, May 2020" in note for note in notes)
    with pytest.raises(DesignError, match='"between" holds no whole month'):
        windows(in_spells(week, near), by_month=True)


def test_between_needs_spells():
    with pytest.raises(
        DesignError, match=r'"between" is the time between spells; write them as \[\[operation.spell\]\]'
    ):
        check_operation(operation(after=("between", "0-3 months")), AREA, [])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=3, max_size=9).filter(lambda days: len(days) % 2 == 1))
def test_during_and_between_hold_every_day_from_the_first_to_the_last_once(lengths):
    """Lengths of spell, pause, spell, ...: as slow counting of days has it."""
    edges = [date(2019, 9, 1)]
    for length in lengths:
        edges.append(edges[-1] + timedelta(days=length))
    spells = tuple(Period(*edges[index : index + 2]) for index in range(0, len(edges), 2))
    one = in_spells(*spells, before=BeforeRule(Period(date(2018, 1, 1), date(2019, 9, 1))))
    before, after, (during, between, _), _ = windows(one)
    days = [edges[0] + timedelta(days=day) for day in range(sum(lengths))]
    for window, is_in in ((during, True), (between, False)):
        counted = [day for day in days if any(period.start <= day < period.end for period in window.periods)]
        assert counted == [day for day in days if any(s.start <= day < s.end for s in spells) is is_in]
        assert window.days == len(counted)
    assert before.end <= edges[0] < edges[-1] == after.start


# -- A measure that goes on -------------------------------------------------------------------------------------------


def test_months_of_a_measure_that_goes_on_count_from_its_start():
    before, after, phases, notes = windows(going_on())
    assert [phase.periods[0] for phase in phases] == [
        Period(date(2020, 3, 1), date(2020, 6, 1)), Period(date(2020, 6, 1), date(2020, 9, 1)),
    ]  # fmt: skip
    assert (after.start, after.end) == (date(2020, 3, 1), date(2020, 9, 1))
    assert before.end == date(2020, 3, 1)
    assert not notes


@pytest.mark.parametrize("phase", ["during", "between"])
def test_a_measure_that_goes_on_has_no_phase_without_an_end(phase):
    with pytest.raises(DesignError, match='write months since its start, such as "0-6 months"'):
        check_operation(going_on(after=(phase, "0-3 months")), AREA, [])


def test_in_monthly_data_the_month_in_which_it_began_is_in_no_window():
    _, after, _, notes = windows(going_on(date(2020, 3, 10)), by_month=True)
    assert (after.start, after.end) == (date(2020, 4, 1), date(2020, 10, 1))
    assert any("the month in which the measure began (March 2020) is in no window" in note for note in notes)
    assert not windows(going_on(), by_month=True)[3]


def test_an_operation_that_ends_with_the_data_is_told_what_to_write():
    one = operation(period=Period(date(2020, 3, 1), DATA.end), after=("during",))
    assert any("write ongoing = true" in note for note in windows(one)[3])
    assert not any("ongoing" in note for note in windows(operation())[3])


def months_of(one, *, left_out=()):
    days = (DATA.end - DATA.start).days
    counts = ZoneCounts(
        "m", ("target",), np.array([DATA.start + timedelta(days=day) for day in range(days)], dtype="datetime64[D]"),
        np.ones((1, days), dtype=np.int64), False, DATA,
    )  # fmt: skip
    return counts, replace(build_design(one, AREA, [], [ledger()]), left_out=left_out)


def test_the_months_since_its_start_are_those_after_and_it_never_stops():
    counts, design = months_of(going_on())
    months = months_around(counts, design)
    assert months.spans[months.start] == months.spans[months.stop] == Period(date(2020, 3, 1), date(2020, 4, 1))
    decay = decay_periods(counts, design)
    assert (decay.start, decay.stop) == (months.start, len(months.spans))
    counts, design = months_of(going_on(date(2020, 3, 10)))
    months = months_around(counts, design)
    # The month in which it began is neither.
    assert months.spans[months.start].start == date(2020, 3, 1)
    assert months.spans[months.stop].start == date(2020, 4, 1)


# -- Other operations at other times ----------------------------------------------------------------------------------

# Twelve months before the operation of March 2020, whose window before begins in March 2019.
OLD = Period(date(2018, 2, 1), date(2018, 2, 15))


def old(x=6000, y=6000, **changes):
    return operation(x, y, **({"name": "Old", "period": OLD, "after": ("0-2 months",)} | changes))


def zones_of(design, role):
    return design.area_of(role)


def test_ground_of_another_time_is_ordinary_ground():
    near, far = old(6400), old(9000)
    for other in (near, far):
        design = build_design(operation(), AREA, [other], [ledger()])
        alone = build_design(operation(), AREA, [], [ledger()])
        assert [zone.geometry for zone in design.zones] == [zone.geometry for zone in alone.zones]
        assert any(
            note.startswith("At other times") and '"Old" (2018-02-01 to 2018-04-14)' in note for note in design.notes
        )
    assert build_design(operation(), AREA, [far], [ledger()]).left_out == ()


@pytest.mark.parametrize(
    ("other", "meets"),
    [
        ({}, False),
        # Its last phase ends on the first day of the window before, which it does not hold.
        ({"period": Period(date(2018, 12, 1), date(2019, 1, 1))}, False),
        ({"period": Period(date(2018, 12, 1), date(2019, 1, 2))}, True),
        ({"after": ("0-13 months",)}, True),
        # Between the window before and the operation nothing is compared.
        ({"period": Period(date(2019, 9, 10), date(2019, 9, 11)), "after": ("during",)}, False),
        # From the start to the end of the last phase, whether or not "during" is a phase.
        ({"period": Period(date(2020, 3, 10), date(2020, 3, 11)), "after": ("during",)}, True),
        ({"period": Period(date(2020, 6, 30), date(2020, 7, 5))}, True),
        ({"period": Period(date(2020, 7, 1), date(2020, 7, 5))}, False),
        ({"period": Period(date(2018, 2, 1), DATA.end), "ongoing": True}, True),
    ],
)  # fmt: skip
def test_another_operation_counts_from_its_start_to_the_end_of_its_last_phase(other, meets):
    one = operation(before=BeforeRule(Period(date(2019, 3, 1), date(2019, 9, 1))))
    before, phases = windows_as_written(one)
    assert reaches_into(old(**other), compared_days(one, before, phases)) is meets
    if meets:
        with pytest.raises(DesignError, match='reach into the target area of "Old", whose days'):
            build_design(one, AREA, [old(6300, **other)], [ledger()])
    else:
        build_design(one, AREA, [old(6300, **other)], [ledger()])


def test_one_place_can_have_two_operations_at_two_times():
    check_operations_apart([operation(), old(before=BeforeRule(Period(date(2017, 1, 1), date(2018, 2, 1))))])
    with pytest.raises(
        DesignError, match=r'overlap, and the windows of "X" hold days of "Old" \(2018-02-01 to 2019-03-14'
    ):
        check_operations_apart([operation(), old(after=("0-13 months",))])
    # The later one's window before holds the earlier one: named the other way round, it is the same.
    late = operation(before=BeforeRule(Period(date(2018, 1, 1), date(2020, 3, 1))))
    for pair in ([late, old()], [old(), late]):
        with pytest.raises(DesignError, match='the windows of "X" hold days of "Old"'):
            check_operations_apart(pair)


def test_months_in_which_another_operation_reached_this_ground_are_no_history():
    counts, _ = months_of(operation())
    design = build_design(operation(), AREA, [old(6400)], [ledger()])
    assert design.left_out == (Period(date(2018, 2, 1), date(2018, 4, 15)),)
    assert any("months with a day of 2018-02-01 to 2018-04-14 are left out" in note for note in design.notes)
    all_months = {window.periods[0].start for window in history_windows(counts, design.operation)}
    kept = {window.periods[0].start for window in history_windows(counts, design.operation, left_out=design.left_out)}
    assert all_months - kept == {date(2018, 2, 1), date(2018, 3, 1), date(2018, 4, 1)}
    assert months_around(counts, design).spans[0].start == date(2018, 5, 1)


@pytest.mark.parametrize(("months_since", "begins_there"), [(23, False), (24, True), (30, True)])
def test_history_begins_after_another_operation_where_two_years_are_left(months_since, begins_there):
    end = add_months(date(2020, 3, 1), -months_since)
    other = old(6400, period=Period(end - timedelta(days=20), end), after=("during",))
    left_out = build_design(operation(), AREA, [other], [ledger()]).left_out
    assert left_out == (Period(DATA.start if begins_there else other.period.start, end),)


def test_a_month_of_another_operation_does_not_widen_the_dispersion():
    counts, design = months_of(operation())
    quiet = history_dispersion(counts, ["target"], design)
    table = counts.counts.copy()
    table[0, (counts.dates >= np.datetime64("2018-02-01")) & (counts.dates < np.datetime64("2018-04-15"))] = 9
    disturbed = replace(counts, counts=table)
    assert history_dispersion(disturbed, ["target"], design) > quiet + 1
    assert (
        history_dispersion(disturbed, ["target"], replace(design, left_out=(OLD, Period(OLD.end, date(2018, 4, 15)))))
        == quiet
    )


@pytest.mark.parametrize(
    ("x", "period", "is_left_out"),
    [
        # In the months that a forecast learns from: no placebo place there.
        (9000, OLD, True),
        # On the operation's own ground: these months are left out everywhere, so the place is as good as any.
        (6400, OLD, False),
        # Later than everything that is compared, and before the first day of the data.
        (9000, Period(date(2020, 7, 1), date(2020, 7, 2)), False),
        (9000, Period(date(2016, 1, 1), date(2016, 1, 2)), False),
        (9000, Period(date(2020, 6, 1), date(2020, 6, 2)), True),
    ],
)  # fmt: skip
def test_a_placebo_place_had_no_operation_in_any_month_that_is_used(x, period, is_left_out):
    other = old(x, period=period)
    design = build_design(operation(), AREA, [other], [ledger()])
    assert bool(placebo_neighbours(design, [other], DATA.start)) is is_left_out


def test_a_campaign_that_starts_at_one_place_after_another():
    """Each place has its own dates; a place that has not begun is ground like any other, and one that has is not."""
    places = [
        operation(
            x, 6000, name=name, period=Period(date(2020, month, 1), date(2020, month + 1, 1)), after=("0-2 months",),
            before=BeforeRule(Period(date(2019, 1, 1), date(2020, month, 1))),
        )
        for name, x, month in (("first", 3000, 1), ("second", 6000, 4), ("third", 9000, 9))
    ]  # fmt: skip
    designs = {
        one.name: build_design(one, AREA, [other for other in places if other is not one], [ledger()]) for one in places
    }
    target = {one.name: one.target for one in places}
    in_control = {
        name: {other for other in target if design.area_of(ZoneRole.CONTROL).contains(target[other])}
        for name, design in designs.items()
    }
    # The window before of a later place holds what an earlier one did.
    assert in_control == {"first": {"second", "third"}, "second": {"third"}, "third": set()}
    neighbours = {
        name: [
            other.name for other in placebo_neighbours(design, [one for one in places if one.name != name], DATA.start)
        ]
        for name, design in designs.items()
    }
    assert neighbours == {"first": [], "second": ["first"], "third": ["first", "second"]}


def test_the_headline_phases_are_those_after_the_last_spell():
    named = {name: Window(name, (Period(date(2020, 1, day), date(2020, 1, day + 1)),))
             for day, name in enumerate(("during", "between", "0-1 months"), start=1)}  # fmt: skip
    assert headline_phases(list(named.values())) == (named["0-1 months"],)
    assert headline_phases([named["during"]]) == (named["during"],)
