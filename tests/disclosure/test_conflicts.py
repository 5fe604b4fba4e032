"""Published numbers that contradict each other: only those are relaxed, and the attack goes on."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scipy import optimize, sparse

from geoharm.disclosure import programmes
from geoharm.disclosure.attacker import attack
from geoharm.disclosure.conflicts import Bounds, reconcile
from geoharm.disclosure.programmes import Programme, solve_whole
from geoharm.disclosure.rows import RowSet
from geoharm.disclosure.statements import Constraints, PublishedValue, Term
from geoharm.errors import PublishError
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.period import Period
from tests.disclosure.test_attacker import RULE, told

YEAR = (Period(date(2020, 1, 1), date(2021, 1, 1)),)
CELLS, MOST = 3, 12


def exposed(*numbers):
    return {(cell.low, cell.high) for cell in attack(Constraints(numbers, {}), RULE).exposed}


def test_a_contradiction_elsewhere_hides_no_count():
    """100 and 101 for one count, and beside it a ring of 55 and a wider one of 58: the strip between them holds 3."""
    numbers = [
        told("target", "t", 100), told("target, revised", "t", 101),
        told("ring", "r", 55), told("wider ring", "rs", 58), told("all", "trs", 159),
    ]  # fmt: skip
    result = attack(Constraints(tuple(numbers), {}), RULE)
    assert {(cell.low, cell.high) for cell in result.exposed} == {(3, 3)}
    assert set(result.relaxed) == {"target", "target, revised"}


def test_numbers_that_contradict_only_together_are_all_relaxed_and_no_other():
    numbers = [
        told("a", "a", 10), told("b", "b", 20), told("sum", "ab", 33), told("c", "c", 7), told("with c", "cd", 9)
    ]  # fmt: skip
    result = attack(Constraints(tuple(numbers), {}), RULE)
    assert set(result.relaxed) == {"a", "b", "sum"}
    assert {(cell.low, cell.high) for cell in result.exposed} == {(2, 2)}


def test_whole_numbers_alone_may_contradict():
    numbers = (told("twice", "ab", 7, factors=[2, 2]), told("c", "c", 9), told("with d", "cd", 12))
    result = attack(Constraints(numbers, {}), RULE)
    assert result.relaxed == ("twice",)
    assert {(3, 3)} <= {(cell.low, cell.high) for cell in result.exposed}


def test_the_width_of_a_contradiction_is_no_protection():
    """A ring grew from 80 to 84, and the rest of the rings stayed at 90: 4 events in the strip, or a revision of 4."""
    numbers = (told("r", "r", 80), told("rest", "qs", 90), told("wider", "rs", 84), told("rest now", "q", 90))
    result = attack(Constraints(numbers, {}), RULE)
    assert set(result.relaxed) == {"r", "rest", "wider", "rest now"}
    assert {(cell.low, cell.high) for cell in result.exposed} == {(0, 4)}


@pytest.mark.parametrize("left", [1, 4])
def test_what_is_left_of_a_window_is_tested_as_a_whole(left):
    """A window less its phases leaves some days, which another number cuts in two: together they hold 4."""
    numbers = (told("window", "pqxy", 60 + left), told("phase", "p", 40), told("next", "q", 20), told("cut", "xz", 30))
    found = exposed(*numbers)
    assert (left, left) in found
    assert exposed(told("window", "pqxy", 65), *numbers[1:]) == set()


def test_a_zero_and_a_label_are_read_as_zero_to_the_label():
    """A late row: what was 0 is "under 5" now. That it is 1 does not follow."""
    assert exposed(told("zero", "a", 0), told("label", "a", 1, 4, withheld=True)) == set()


def outlines(strip):
    """Return a square of 300 m and the same with one more vertex, which adds a strip of some square metres."""
    square = shapely.box(0, 0, 300, 300)
    return {"one": square, "other": shapely.union(square, shapely.box(300, 100, 301, 100 + strip))}


@pytest.mark.parametrize("strip", [20, 90, 150])
def test_a_corner_house_of_any_size_is_ground(strip):
    """The strip may be too narrow for the eye: 80 and 83 events say that it holds 3."""
    one, other = (
        PublishedValue(name, (Term(1.0, RowSet("m"), (name,), YEAR),), count, count)
        for name, count in (("one", 80), ("other", 83))
    )
    result = attack(Constraints((one, other), outlines(strip)), RULE)
    assert [(cell.low, cell.high) for cell in result.exposed] == [(3, 3)]
    assert result.relaxed == ()


def test_a_sliver_holds_nothing_unless_the_numbers_say_so():
    """The same count for two ways to draw one outline is one count, under a rule that withholds zeros too."""
    one, other = (PublishedValue(name, (Term(1.0, RowSet("m"), (name,), YEAR),), 80, 80) for name in ("one", "other"))
    rule = DISCLOSURE_RULES["threshold-10"]
    assert attack(Constraints((one, other), outlines(20)), rule).exposed == ()
    both = PublishedValue("both", (Term(1.0, RowSet("m"), ("one", "far"), YEAR),), 82, 82)
    found = attack(Constraints((other, both), outlines(20)), RULE)
    assert [(cell.low, cell.high) for cell in found.exposed] == [(2, 2)]


# -- referees ------------------------------------------------------------------------------------------------------------


rows = st.lists(
    st.tuples(
        st.lists(st.integers(-1, 2), min_size=CELLS, max_size=CELLS).filter(any), st.integers(0, 12), st.integers(0, 3)
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(rows)
def test_reconciled_bounds_can_be_met_and_nothing_is_relaxed_without_need(drawn):
    """Referee: every table of three cells up to 12, one by one (a bound above holds the cells in there)."""
    coefficients = np.array([row for row, _, _ in drawn] + np.eye(CELLS, dtype=int).tolist(), dtype=float)
    low = np.array([start for _, start, _ in drawn] + [0] * CELLS, dtype=float)
    high = np.array([start + width for _, start, width in drawn] + [MOST] * CELLS, dtype=float)
    tables = np.indices((MOST + 1,) * CELLS).reshape(CELLS, -1)
    sums = coefficients @ tables
    bounds = Bounds(low, high, np.zeros(CELLS, dtype=bool), np.zeros(CELLS))
    found = reconcile(sparse.csc_matrix(coefficients), bounds, np.zeros(CELLS, dtype=np.int64))
    assert (found.low <= low).all()
    assert (found.high >= high).all()
    relaxed = (found.low < low) | (found.high > high)
    fits = ((sums >= low[:, None]) & (sums <= high[:, None])).all(axis=0)
    if fits.any():
        assert not relaxed.any()
        return
    assert relaxed.any()
    wider = np.indices((4 * MOST,) * CELLS).reshape(CELLS, -1)
    sums = coefficients @ wider
    assert ((sums >= found.low[:, None] - 1e-6) & (sums <= found.high[:, None] + 1e-6)).all(axis=0).any()


@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(rows, st.lists(st.integers(-3, 3), min_size=CELLS, max_size=CELLS))
def test_the_warm_programme_agrees_with_a_plain_integer_programme(drawn, goal):
    coefficients = np.array([row for row, _, _ in drawn] + np.eye(CELLS, dtype=int).tolist(), dtype=float)
    low = np.array([start for _, start, _ in drawn] + [0] * CELLS, dtype=float)
    high = np.array([start + width for _, start, width in drawn] + [MOST] * CELLS, dtype=float)
    plain = optimize.milp(
        goal, integrality=np.ones(CELLS), constraints=optimize.LinearConstraint(coefficients, low, high)
    )
    matrix, costs = sparse.csc_matrix(coefficients), np.array(goal, dtype=float)
    if plain.x is None:
        assert solve_whole(costs, matrix, low, high) is None
        return
    warm = Programme(matrix, low, high)
    for _ in range(2):
        solution = warm.least(costs)
        assert costs @ solution == pytest.approx(plain.fun)
        assert (coefficients @ solution >= low - 1e-6).all()
        assert (coefficients @ solution <= high + 1e-6).all()
        warm.least(-costs)


# -- giving up -----------------------------------------------------------------------------------------------------------


def test_what_cannot_be_decided_is_refused(monkeypatch):
    given_up = SimpleNamespace(status=1, x=np.zeros(4))
    monkeypatch.setattr(programmes.optimize, "milp", lambda *_, **__: given_up)
    with pytest.raises(
        PublishError, match=r"could not be decided in 20,000 steps, so nothing was published; use fewer"
    ):
        exposed(told("x", "ab", 8.5, 11.5, factors=[2, 2]), told("b", "b", 1))


def test_too_many_contradictions_are_refused(monkeypatch):
    monkeypatch.setattr("geoharm.disclosure.conflicts._MAX_CONFLICTS", 1)
    numbers = [told("a", "a", 10), told("b", "b", 20), told("sum", "ab", 33), told("b and c", "bc", 19)]
    with pytest.raises(PublishError, match=r"contradict each other in more than 1 places.* choose another --out"):
        exposed(*numbers)
