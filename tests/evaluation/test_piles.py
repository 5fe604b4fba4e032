"""Piles: one point with much of a measure is found in a zone or the study area, and limits what turns without it."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from geoharm.evaluation.diagnostics.piles import Pile, find_piles, piles_diagnostic
from geoharm.evaluation.results.diagnostics import Severity
from geoharm.model.period import Window
from geoharm.model.points import DatedPoints
from tests.evaluation.test_diagnostics import window
from tests.evaluation.test_recount import effect

BEFORE, AFTER = window(((2020, 1, 1), (2021, 1, 1))), window(((2021, 2, 1), (2022, 1, 1)))
ZONE = shapely.box(0, 0, 400, 400)


def points(spread, pile, city=(3000, 3000), seed=1, busy=()):
    """Events of the two windows: spread over the zone, on one of its points, and elsewhere in the city."""
    rng = np.random.default_rng(seed)
    x, y, day, weight = [], [], [], []
    for number, date in enumerate(("2020-05-05", "2021-05-05")):
        inside, elsewhere = rng.uniform(0, 400, (spread[number], 2)), rng.uniform(500, 6000, (city[number], 2))
        at = [(200.0, 200.0)] * (pile[number] > 0) + list(busy)
        x += [*inside[:, 0], *elsewhere[:, 0], *(place[0] for place in at)]
        y += [*inside[:, 1], *elsewhere[:, 1], *(place[1] for place in at)]
        weight += (
            [1.0] * (spread[number] + city[number]) + [float(pile[number])] * (pile[number] > 0) + [60.0] * len(busy)
        )
        day += [date] * (len(x) - len(day))
    return DatedPoints(np.array(x), np.array(y), np.array(day, dtype="datetime64[D]"), np.array(weight))


def piles(*args, **kwargs):
    (found,) = find_piles(points(*args, **kwargs), [ZONE], BEFORE, AFTER)
    return found


def test_a_point_that_takes_up_a_zone_from_a_date_on():
    (pile,) = piles((100, 40), (2, 60))
    assert pile == Pile(2, 60, pytest.approx(0.6), of_zone=True)


def test_a_busy_place_that_always_was_is_no_pile():
    """A shop with two fifths of its zone's events before and after, and one that fell with them."""
    assert piles((60, 60), (40, 40)) == ()
    assert piles((120, 60), (80, 40)) == ()


def test_a_large_share_of_the_whole_measure_is_a_pile_whatever_its_zone():
    (pile,) = piles((400, 400), (300, 290))
    assert (pile.before, pile.after, pile.of_zone) == (300, 290, False)
    assert pile.share == pytest.approx(300 / 3700)


def test_piles_outside_the_zone_are_not_the_zones():
    assert piles((100, 100), (0, 0), busy=[(900.0, 900.0)] * 1) == ()


def test_nothing_at_all():
    empty = DatedPoints(np.zeros(0), np.zeros(0), np.zeros(0, dtype="datetime64[D]"), np.zeros(0))
    assert find_piles(empty, [ZONE], BEFORE, AFTER) == [()]
    assert find_piles(points((0, 0), (0, 0)), [ZONE], BEFORE, AFTER) == [()]
    # Nothing in the other window: no share to compare with.
    assert piles((0, 10), (0, 30)) == ()


@settings(max_examples=60, deadline=None)
@given(
    spread=st.tuples(st.integers(0, 200), st.integers(0, 200)), pile=st.tuples(st.integers(0, 200), st.integers(0, 200))
)
def test_against_a_slow_referee(spread, pile):
    """The tail by SciPy, and every rule written out."""
    found = piles(spread, pile, city=(400, 900))
    zone = [spread[0] + pile[0], spread[1] + pile[1]]
    totals = [zone[0] + 400, zone[1] + 900]
    of_all = any(pile[n] >= 20 and pile[n] >= 0.05 * totals[n] for n in (0, 1))
    of_zone = any(
        pile[n] >= 20 and pile[n] >= zone[n] / 3 and hypergeom.sf(pile[n] - 1, sum(zone), sum(pile), zone[n]) < 1e-6
        for n in (0, 1)
    )
    assert bool(found) == (of_all or of_zone)
    if found:
        assert (found[0].before, found[0].after, found[0].of_zone) == (*pile, not of_all)


def test_chance_alone_makes_no_pile():
    """1,000 zones whose events lie on 8 busy points with the same shares before and after: at most 2 have one."""
    rng = np.random.default_rng(7)
    place = [(50.0 * number, 50.0) for number in range(8)]
    alarms = 0
    for _ in range(1000):
        shares = rng.dirichlet(np.ones(8))
        counts = [rng.multinomial(rng.integers(30, 200), shares) for _ in range(2)]
        x, y = np.array(place * 2).T
        days = np.repeat(np.array(["2020-05-05", "2021-05-05"], dtype="datetime64[D]"), 8)
        city = DatedPoints(
            np.append(x, rng.uniform(500, 6000, 80)), np.append(y, rng.uniform(500, 6000, 80)),
            np.append(days, np.repeat(days[[0, 8]], 40)), np.append(np.concatenate(counts), np.full(80, 100)),
        )  # fmt: skip
        alarms += bool(find_piles(city, [ZONE], BEFORE, AFTER)[0])
    assert alarms <= 2


@pytest.mark.parametrize(
    ("counts", "pile", "severity", "words"),
    [
        ((200, 120), Pile(5, 60, 0.5, True), Severity.SAY, "read in the same way"),
        ((200, 120), Pile(90, 5, 0.45, True), Severity.SIGNAL, "no such change"),
        ((200, 200), Pile(5, 90, 0.45, True), Severity.SAY, "a fall or a rise would be read"),
        ((200, 200), Pile(50, 50, 0.06, False), Severity.SAY, "no change is read either"),
    ],
)
def test_a_pile_limits_a_finding_only_if_it_turns_without_it(counts, pile, severity, words):
    diagnostic = piles_diagnostic([pile], effect(*counts))
    assert diagnostic.severity is severity
    assert words in diagnostic.sentence
    assert diagnostic.limits("target") == (severity is Severity.SIGNAL)
    assert not diagnostic.limits("all rings")


def test_the_sentence_and_the_figure_give_no_count():
    diagnostic = piles_diagnostic([Pile(37, 5, 0.481, True)], effect(77, 60))
    assert diagnostic.figure == pytest.approx(1 / 3)
    assert not any(character.isdigit() for character in diagnostic.sentence)
    none = piles_diagnostic([], effect(77, 60))
    assert (none.severity, none.figure) == (Severity.NONE, 0.0)


def test_piles_that_turn_it_only_together():
    two = [Pile(25, 0, 0.2, True), Pile(25, 0, 0.2, True)]
    fell = effect(200, 130)
    assert piles_diagnostic(two[:1], fell).severity is Severity.SAY
    assert piles_diagnostic(two, fell).severity is Severity.SIGNAL


def test_windows_of_several_seasons():
    halves = Window(
        "before", (*window(((2020, 1, 1), (2020, 3, 1))).periods, *window(((2020, 5, 1), (2021, 1, 1))).periods)
    )
    assert find_piles(points((100, 40), (2, 60)), [ZONE], halves, AFTER)[0][0].after == 60
