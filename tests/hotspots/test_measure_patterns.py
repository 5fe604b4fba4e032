"""Patterns of a measure: p-values from sums, periods, gaps, what each part rests on, and why there is no answer."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import shapely
from numpy.random import default_rng

from geoharm.errors import DesignError
from geoharm.hotspots.clusters.emerging import emerging_hotspots
from geoharm.hotspots.clusters.local import getis_ord, local_moran
from geoharm.hotspots.clusters.permutation import conditional_permutation_p, exact_permutation_p
from geoharm.hotspots.measure_patterns import accuracy_periods, find_patterns, whole_months
from geoharm.hotspots.predictive_accuracy import hotspot_accuracy
from geoharm.hotspots.results.clusters import PValueSource
from geoharm.hotspots.results.emerging import EmergingPattern
from geoharm.model.area_counts import Areas
from geoharm.model.grid import Grid
from geoharm.model.ledger import SourceLedger
from geoharm.model.period import Period, add_months
from geoharm.model.points import DatedPoints
from geoharm.model.settings import AccuracySettings, ChangeSettings, EmergingSettings
from tests.disclosure.test_protect import MEASURE, design
from tests.disclosure.test_protect import study as made_study
from tests.nouns import check_arrays_are_read_only

GRID = Grid(0.0, 0.0, 100.0, 40, 40)
SPAN = Period(date(2019, 1, 1), date(2022, 1, 1))


# -- p-values from sums -------------------------------------------------------------------------------------------------


def test_sums_are_exact_where_all_draws_can_be_listed():
    """Every pair of draws with replacement from 120 places, listed."""
    values = default_rng(2).poisson(0.7, 120).astype(float)
    lag = np.arange(6.0)
    draws = np.array([one + two for one, two in itertools.product(values, repeat=2)])
    expected = [min(1.0, 2 * min((draws >= s).mean(), (draws <= s).mean())) for s in lag]
    p, source = exact_permutation_p(values, np.arange(6), lag, np.full(6, 2), seed=0)
    assert source is PValueSource.SUMS
    assert np.allclose(p, expected, atol=1e-12)


def test_sums_are_what_permutations_tend_to():
    """9,999 permutations know a p-value to about 4 standard errors."""
    rng = default_rng(4)
    values = rng.negative_binomial(0.5, 0.3, 3000).astype(float)
    who, degree = np.arange(200), rng.integers(3, 20, 200)
    lag = np.array([float(rng.choice(values, k).sum()) for k in degree])
    p, _ = exact_permutation_p(values, who, lag, degree, seed=0)
    drawn = conditional_permutation_p(values, who, lag, degree, permutations=9_999, seed=5)
    noise = 4 * np.sqrt(2 * p * (1 - p / 2) / 9_999) + 4e-4
    assert (np.abs(np.minimum(p, 1) - drawn) < noise + 0.02 * p).all()


def test_sums_reach_below_the_smallest_p_of_permutations():
    values = default_rng(1).poisson(0.5, 2000).astype(float)
    p, _ = exact_permutation_p(values, np.array([0]), np.array([20.0]), np.array([8]), seed=0)
    assert 1e-12 <= p[0] < 1e-6


@pytest.mark.parametrize("change", ["fractions", "few places"])
def test_where_sums_do_not_hold_permutations_are_taken_and_said(change):
    values = default_rng(1).poisson(2, 300).astype(float)
    if change == "fractions":
        values += 0.5
    degree = np.full(300, 2 if change == "fractions" else 8)
    lag = np.full(300, 5.0)
    p, source = exact_permutation_p(values, np.arange(300), lag, degree, seed=3)
    assert source is PValueSource.CONDITIONAL
    assert (p == conditional_permutation_p(values, np.arange(300), lag, degree, permutations=9_999, seed=3)).all()


def test_without_neighbours_there_is_no_answer():
    p, _ = exact_permutation_p(np.ones(100), np.array([0, 1]), np.array([0.0, 1.0]), np.array([0, 1]), seed=0)
    assert np.isnan(p[0])
    assert p[1] == 1.0


def test_chance_alone_is_flagged_no_more_often_than_it_should():
    """Sparse counts without any pattern, where the normal curve flags far too many: 60 cities of 1,600 cells."""
    low, wrong = 0, 0
    for seed in range(60):
        counts = default_rng(seed).poisson(0.1, GRID.shape).astype(float)
        found = getis_ord(counts, GRID, exact_p=True)
        low += int((found.p <= 0.01).sum())
        wrong += bool((found.adjusted <= 0.05).any())
        assert found.p_from is PValueSource.SUMS
        assert not found.note
    assert low / (60 * 1600) <= 0.011
    assert wrong / 60 <= 0.12


def test_sums_flag_what_was_planted_on_the_grid_and_over_time():
    counts = default_rng(8).poisson(0.3, GRID.shape).astype(float)
    counts[10:13, 20:23] += 6
    assert getis_ord(counts, GRID, exact_p=True).flagged(1)[11, 21]
    assert local_moran(counts, GRID, exact_p=True).flagged(1)[11, 21]
    cube = default_rng(9).poisson(0.1, (12, *GRID.shape)).astype(float)
    cube[:, 10:13, 20:23] += default_rng(10).poisson(3, (12, 3, 3))
    steps = [date(2020, month, 1) for month in range(1, 13)]
    found = emerging_hotspots(cube, GRID, steps, exact_p=True)
    assert found.p_from is PValueSource.SUMS
    assert EmergingPattern(int(found.pattern[11, 21])) is EmergingPattern.PERSISTENT_HOT
    assert found.counts()[EmergingPattern.NONE] > 1500


# -- periods ------------------------------------------------------------------------------------------------------------


def test_only_months_that_are_covered_whole_count():
    months = whole_months(Period(date(2020, 1, 15), date(2020, 4, 30)))
    assert months == (date(2020, 2, 1), date(2020, 3, 1))


def test_the_last_two_years_of_whole_months_are_judged_unless_stated():
    earlier, later = accuracy_periods(AccuracySettings(), Period(date(2018, 3, 5), date(2021, 6, 20)))
    assert (earlier, later) == (
        Period(date(2019, 6, 1), date(2020, 6, 1)),
        Period(date(2020, 6, 1), date(2021, 6, 1)),
    )
    stated = AccuracySettings(Period(date(2018, 1, 1), date(2019, 1, 1)), Period(date(2019, 1, 1), date(2020, 1, 1)))
    assert accuracy_periods(stated, SPAN) == (stated.earlier, stated.later)
    with pytest.raises(DesignError, match="covers 23 whole months, not 24"):
        accuracy_periods(AccuracySettings(), Period(date(2020, 1, 1), date(2021, 12, 31)))


# -- a whole measure ----------------------------------------------------------------------------------------------------


def ledger(coverage=SPAN, missing=()):
    return SourceLedger("s", (), coverage, tuple(missing), False, 0.0, (), "", "f", ())


def events_of(area, months=36, market=20, elsewhere=60, seed=6):
    """Events of every month: a market of about 250 m, and a city around it."""
    rng = default_rng(seed)
    centre = area.boundary.centroid
    x, y, day = [], [], []
    for month in range(months):
        first = np.datetime64(add_months(SPAN.start, month))
        x += [rng.normal(centre.x, 120, market), rng.uniform(centre.x - 2900, centre.x + 2900, elsewhere)]
        y += [rng.normal(centre.y, 120, market), rng.uniform(centre.y - 2900, centre.y + 2900, elsewhere)]
        day += [first + rng.integers(0, 28, market), first + rng.integers(0, 28, elsewhere)]
    places = np.concatenate(x), np.concatenate(y)
    return DatedPoints(*places, np.concatenate(day), np.ones(places[0].size))


def test_a_measure_with_a_market_has_every_answer(area):
    events = events_of(area)
    found = find_patterns(MEASURE, events, study=made_study(area), ledger=ledger(), compared=[design(area).windows])
    assert found.reasons == ()
    assert found.clustering.gi.flagged(1).any()
    assert found.clustering.global_tests[0].p == pytest.approx(0.002)
    counts = found.emerging.map.counts()
    assert (
        counts[EmergingPattern.PERSISTENT_HOT]
        + counts[EmergingPattern.INTENSIFYING_HOT]
        + counts[EmergingPattern.DIMINISHING_HOT]
        > 0
    )
    assert len(found.emerging.map.steps) == 36
    judged = found.predictive_accuracy
    assert (judged.earlier.start, judged.later.start) == (date(2020, 1, 1), date(2021, 1, 1))
    old = events.in_window(judged.earlier)
    assert judged.accuracy.hotspots.events <= events.in_window(judged.later).sum()
    assert judged.accuracy.hotspots.pai > 5
    assert old.sum() > 0
    shift = found.similarity[0]
    assert (shift.grid.cell, shift.units) == (1000, "squares of 1,000 m")
    assert shift.label[shift.label >= 0].tolist() == list(range(shift.support.size))
    assert shift.support.sum() == (events.in_window(design(area).before) | events.in_window(design(area).after)).sum()
    check_arrays_are_read_only(found, least=25)


def test_a_month_without_data_is_no_step_and_no_day(area):
    gap = date(2020, 3, 1)
    events = events_of(area)
    used = events.day.astype("datetime64[M]") != np.datetime64(gap, "M")
    events = DatedPoints(events.x[used], events.y[used], events.day[used], events.weight[used])
    found = find_patterns(
        MEASURE, events, study=made_study(area), ledger=ledger(missing=[gap]), compared=[design(area).windows]
    )
    assert found.emerging.map.missing == (gap,)
    assert np.isnan(found.emerging.map.z[14]).all()
    assert found.predictive_accuracy.earlier.days == 366 - 31


def test_a_step_of_three_months_is_missing_if_one_of_them_is(area):
    study = replace(made_study(area), emerging=EmergingSettings(months=3))
    found = find_patterns(
        MEASURE, events_of(area), study=study, ledger=ledger(missing=[date(2020, 3, 1)]), compared=[]
    ).emerging
    assert (len(found.map.steps), found.map.missing) == (12, (date(2020, 1, 1),))


def test_a_hot_pattern_rests_on_its_thinnest_hot_step(area):
    """What a hot spot says is said of each hot step: the least of them decides whether it may be shown."""
    found = find_patterns(MEASURE, events_of(area), study=made_study(area), ledger=ledger(), compared=[]).emerging
    hot = found.map.pattern > 0
    assert hot.any()
    row, column = (int(index[0]) for index in np.nonzero(hot))
    events = events_of(area)
    x, y = found.map.grid.centres()
    at = found.map.grid.cell_of(events.x, events.y)
    columns, rows = at % found.map.grid.nx, at // found.map.grid.nx
    near = np.hypot(x[columns] - x[column], y[rows] - y[row]) <= 500
    least = np.inf
    for step in np.flatnonzero(found.map.hot_or_cold[:, row, column] == 1):
        months = [found.map.steps[other] for other in (step - 1, step) if other >= 0]
        when = np.isin(events.day.astype("datetime64[M]"), np.array(months, dtype="datetime64[M]"))
        least = min(least, int((near & when).sum()))
    assert found.support[row, column] == least
    assert found.places[row, column] <= least


def test_short_and_empty_sources_get_sentences(area):
    short = Period(date(2021, 1, 1), date(2021, 9, 1))
    few = events_of(area, months=32)
    used = few.day >= np.datetime64("2021-01-01")
    events = DatedPoints(few.x[used], few.y[used], few.day[used], few.weight[used])
    found = find_patterns(
        MEASURE, events, study=made_study(area), ledger=ledger(short), compared=[design(area).windows]
    )
    why = dict(found.reasons)
    assert set(why) == {"emerging", "accuracy", "shift"}
    assert "at least 10 steps with data; 8 were given" in why["emerging"]
    assert "this source covers 8 whole months, not 24" in why["accuracy"]
    nothing = DatedPoints(np.empty(0), np.empty(0), np.empty(0, dtype="datetime64[D]"), np.empty(0))
    empty = find_patterns(MEASURE, nothing, study=made_study(area), ledger=ledger(), compared=[design(area).windows])
    assert (empty.clustering, empty.emerging, empty.predictive_accuracy, empty.similarity) == (None, None, None, ())
    assert set(dict(empty.reasons)) == {"clusters", "emerging", "accuracy", "shift"}


def test_hotspots_are_drawn_without_a_look_at_the_later_period(area):
    """Moving every later event changes the score and not the choice."""
    events = events_of(area)
    late = events.day >= np.datetime64("2021-01-01")
    moved = DatedPoints(np.where(late, events.x + 700, events.x), events.y, events.day, events.weight)
    one, two = (
        find_patterns(MEASURE, some, study=made_study(area), ledger=ledger(), compared=[]).predictive_accuracy
        for some in (events, moved)
    )
    assert one.accuracy.hotspots.cells == two.accuracy.hotspots.cells
    assert one.accuracy.hotspots.area_share == two.accuracy.hotspots.area_share
    assert one.accuracy.hotspots.hit_rate > two.accuracy.hotspots.hit_rate


def test_same_seed_same_patterns(area):
    one, two = (
        find_patterns(
            MEASURE, events_of(area), study=made_study(area), ledger=ledger(), compared=[design(area).windows]
        )
        for _ in range(2)
    )
    assert (
        one.clustering.gi.p[np.isfinite(one.clustering.gi.p)] == two.clustering.gi.p[np.isfinite(two.clustering.gi.p)]
    ).all()
    assert (one.emerging.map.pattern == two.emerging.map.pattern).all()
    assert one.clustering.global_tests == two.clustering.global_tests


def test_accuracy_of_all_cells_is_one():
    new = default_rng(1).poisson(3, GRID.shape).astype(float)
    inside = np.ones(GRID.shape, dtype=bool)
    found = hotspot_accuracy(inside.copy(), new, new, inside=inside)
    assert found.hotspots.pai == found.hotspots.pei == found.hotspots.hit_rate == 1


def test_shares_of_areas_are_compared_where_the_study_names_some(area):
    """Four quarters of the city, of which one is left out: each event in one, cells drawn in the area that holds them."""
    west, south, east, north = area.boundary.bounds
    x, y = (west + east) / 2, (south + north) / 2
    quarters = Areas(
        ("a", "b", "c"),
        (shapely.box(west, south, x, y), shapely.box(x, south, east, y), shapely.box(west, y, x, north)),
    )
    study = replace(made_study(area), change=ChangeSettings(areas=quarters))
    events = events_of(area)
    (found,) = find_patterns(MEASURE, events, study=study, ledger=ledger(), compared=[design(area).windows]).similarity
    used = events.in_window(design(area).before) | events.in_window(design(area).after)
    counted = [int((used & shapely.intersects_xy(shape, events.x, events.y)).sum()) for shape in quarters.shapes]
    assert found.support.tolist() == counted
    assert found.places.tolist() == counted
    assert found.units == "3 areas"
    assert "some events lie in none of the areas" in found.test.note
    middles = np.array(
        [[west + 900, west + 5100, west + 900, west + 5100], [south + 900, south + 900, south + 5100, south + 5100]]
    )
    assert found.label.ravel()[found.grid.cell_of(*middles)].tolist() == [0, 1, 2, -1]
