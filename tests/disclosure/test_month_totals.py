"""Rows by month bound the counts of all zones: joined to the stretches that the other numbers leave, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import sparse

from geoharm.disclosure.attacker import attack
from geoharm.disclosure.month_totals import month_bounds, month_runs
from geoharm.disclosure.rows import DataSet, RowSet
from geoharm.disclosure.statements import Constraints, PublishedValue, Term
from geoharm.disclosure.tens import count_to_ten, ends_of_tens
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.period import Period, add_months

RULE = DISCLOSURE_RULES["under-5"]
FIRST = date(2020, 1, 1)
DATA = DataSet("s", "", ("f",))
ROWS = RowSet(DATA.key)
SQUARES = {name: shapely.box(x, 0, x + 100, 100) for name, x in (("a", 0), ("b", 100), ("c", 200))}


def month(number):
    return add_months(FIRST, number)


def can_take(pieces, months, events):
    """The slow way: the events of every piece flow into the months that it touches."""
    sizes = 2 + len(pieces) + len(months)
    capacity = np.zeros((sizes, sizes), dtype=np.int32)
    for row, (start, end) in enumerate(pieces, start=2):
        capacity[0, row] = events[row - 2]
        for column, first in enumerate(sorted(months), start=2 + len(pieces)):
            if start < add_months(first, 1) and first < end:
                capacity[row, column] = events[row - 2]
    for column, first in enumerate(sorted(months), start=2 + len(pieces)):
        capacity[column, 1] = months[first]
    flow = sparse.csgraph.maximum_flow(sparse.csr_matrix(capacity), 0, 1).flow_value
    return flow == sum(events)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_the_runs_say_exactly_that_the_months_can_take_all_events(data):
    months = {month(number): data.draw(st.integers(0, 6)) for number in range(data.draw(st.integers(1, 6)))}
    days = (add_months(max(months), 1) - FIRST).days
    steps = data.draw(st.lists(st.integers(0, days), min_size=2, max_size=8, unique=True).map(sorted))
    cuts = sorted(
        {FIRST + timedelta(step) for step in steps} | set(data.draw(st.sets(st.sampled_from(sorted(months)))))
    )
    pieces = list(pairwise(cuts))
    events = [data.draw(st.integers(0, 9)) for _ in pieces]
    inside = [
        (sum(n for (start, end), n in zip(pieces, events, strict=True) if run.start <= start and end <= run.end), most)
        for run, most in month_runs(cuts, months)
    ]
    assert all(total <= most for total, most in inside) == can_take(pieces, months, events)


def test_a_month_without_a_number_bounds_nothing():
    months = {month(0): 10, month(2): 20}
    runs = month_runs([month(0), month(1), month(3)], months)
    assert runs == ((Period(month(0), month(1)), 10),)


def told(place, period, count):
    low, high = (1, 4) if 0 < count < 5 else (count, count)
    return PublishedValue(place, (Term(1.0, ROWS, (place,), (period,)),), low, high, withheld=low < high)


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_months_in_runs_expose_what_each_month_by_itself_exposes(data):
    """The referee: every month is a number of its own, and cuts the time of every cell."""
    table = {
        name: [data.draw(st.sampled_from([0, 0, 1, 2, 3, 6, 20, 31])) for _ in range(4)] for name in sorted(SQUARES)
    }
    edges = sorted(data.draw(st.sets(st.integers(0, 4), min_size=2)))
    values = [
        told(name, Period(month(first), month(last)), sum(counts[first:last]))
        for name, counts in table.items()
        for first, last in pairwise(edges)
        if data.draw(st.booleans())
    ]
    assume(values)
    kept = {month(number): sum(column) for number, column in enumerate(zip(*table.values(), strict=True))}
    shown = {first: count_to_ten(rows, 5) for first, rows in kept.items()}
    numbers = tuple((first, count if isinstance(count, int) else -5) for first, count in shown.items())
    joined = Constraints(tuple(values), SQUARES, (), {DATA.key: replace(DATA, months=numbers)})
    places = tuple(sorted({value.terms[0].places[0] for value in values}))
    alone = tuple(
        PublishedValue(
            str(first), (Term(1.0, ROWS, places, (Period(first, add_months(first, 1)),)),), 0.0,
            float(ends_of_tens(count)[1] if isinstance(count, int) else 4),
        )
        for first, count in shown.items()
    )  # fmt: skip
    slow = Constraints((*values, *alone), SQUARES, (), {DATA.key: DATA})
    assert bool(attack(joined, RULE).exposed) == bool(attack(slow, RULE).exposed)


def test_a_month_that_ends_on_a_4_bounds_the_zones_however_many_rows_it_has():
    whole = Period(month(0), month(1))
    values = (told("a", whole, 20), told("b", whole, 992))
    hidden = told("c", whole, 2)
    for rows, exposed in ((1014, {(1, 2)}), (1016, set())):
        data = {DATA.key: replace(DATA, months=((month(0), count_to_ten(rows, 5)),))}
        found = attack(Constraints((*values, hidden), SQUARES, (), data), RULE).exposed
        assert {(one.low, one.high) for one in found} == exposed


def test_months_of_a_year_that_end_on_a_4_bound_the_windows_together():
    year = Period(month(0), month(12))
    values = (told("a", year, 200), told("b", year, 3085), told("c", year, 3))
    data = {DATA.key: replace(DATA, months=tuple((month(number), 270) for number in range(12)))}
    assert {(one.low, one.high) for one in attack(Constraints(values, SQUARES, (), data), RULE).exposed} == {(1, 3)}


def test_large_months_cut_no_cell_and_small_ones_do():
    year = Period(month(0), month(12))
    data = {DATA.key: replace(DATA, months=tuple((month(number), 10 if number == 4 else 270) for number in range(12)))}
    bounds = month_bounds(Constraints((told("a", year, 3000),), SQUARES, (), data), 5)
    assert [(len(list(bound.terms[0].periods[0].months())), bound.high) for bound in bounds] == [
        (4, 4 * 274), (1, 14), (7, 7 * 274),
    ]  # fmt: skip


@pytest.mark.parametrize(("recorded", "most"), [(-1, 4), (-5, 4), (-10, 9), (0, 0), (110, 114), (120, 125)])
def test_the_most_rows_that_a_recorded_month_stands_for(recorded, most):
    data = {DATA.key: replace(DATA, months=((month(0), recorded),))}
    (bound,) = month_bounds(Constraints((told("a", Period(month(0), month(1)), 9),), SQUARES, (), data), 5)
    assert bound.high == most


@given(st.integers(0, 3000), st.sampled_from([5, 8, 10]))
def test_the_ends_of_tens_are_the_counts_that_are_shown_so(count, k):
    shown = count_to_ten(count, k)
    if isinstance(shown, int):
        low, high = ends_of_tens(shown)
        same = [one for one in range(max(low - 12, 0), high + 12) if count_to_ten(one, k) == shown]
        assert low <= count <= high == max(same)
        assert min(same) == max(low, k if shown else 0)
