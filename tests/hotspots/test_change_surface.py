"""Change surfaces: what each kind answers, p-values that hold, blocks that move together, contours, people."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import shapely
from scipy.sparse import csr_array

from geoharm.errors import DesignError
from geoharm.geo.population import population_of_areas
from geoharm.hotspots.change.permutation import kernel_matrix, permutation_p_values
from geoharm.hotspots.change.surface import block_labels, change_surface, population_risk, tolerance_contours
from geoharm.hotspots.density.intensity import density
from geoharm.hotspots.density.kernels import kernel_value
from geoharm.hotspots.results.change import ChangeKind
from geoharm.model.area_counts import Areas
from geoharm.model.grid import Grid
from geoharm.model.period import Period, Window
from geoharm.model.points import DatedPoints, Points
from geoharm.model.settings import Correction
from tests.nouns import check_arrays_are_read_only

GRID = Grid(0.0, 0.0, 100.0, 20, 20)
INSIDE = np.ones(GRID.shape, dtype=bool)
BEFORE = Window("before", (Period(date(2020, 1, 1), date(2021, 1, 1)),))
AFTER = Window("after", (Period(date(2021, 1, 1), date(2022, 1, 1)),))
SETTINGS = {"before": BEFORE, "after": AFTER, "bandwidth": 300.0, "inside": INSIDE, "permutations": 199, "seed": 5}


def made(early, late, seed=1, hot=(0, 0)):
    """Scatter events over 2 x 2 km, and `hot` of (before, after) more in one place of 200 m."""
    rng = np.random.default_rng(seed)

    def some(number, more, start):
        x = np.concatenate([rng.uniform(0, 2000, number), rng.uniform(1400, 1600, more)])
        y = np.concatenate([rng.uniform(0, 2000, number), rng.uniform(1400, 1600, more)])
        return x, y, np.datetime64(start) + rng.integers(0, 365, number + more)

    parts = [some(early, hot[0], "2020-01-01"), some(late, hot[1], "2021-01-01")]
    x, y, day = (np.concatenate([part[index] for part in parts]) for index in range(3))
    return DatedPoints(x, y, day, np.ones(x.size))


def test_the_log_ratio_is_that_of_the_two_densities():
    events = made(400, 300)
    found = change_surface(events, GRID, **SETTINGS)
    late = events.day >= np.datetime64("2021-01-01")
    one, two = (
        density(Points(events.x[part], events.y[part], events.weight[part]), GRID, bandwidth=300, years=years)
        for part, years in ((~late, BEFORE.years), (late, AFTER.years))
    )
    assert np.allclose(found.log_ratio, np.log(two.values / one.values), atol=1e-9)
    assert (found.support == one.support + two.support).all()
    assert found.totals == (400.0, 300.0)
    check_arrays_are_read_only(found, least=5)


def test_days_that_are_months_are_said():
    """A source without days has the first of each month as its day; its reports of one place and month are one unit."""
    events = made(60, 60)
    months = replace(events, day=events.day.astype("datetime64[M]").astype("datetime64[D]"))
    by_day, by_month = (change_surface(one, GRID, **SETTINGS).block_rule for one in (events, months))
    assert by_day == "reports of one place within 1 day count as one unit"
    assert by_month == "reports of one place within 1 month count as one unit"
    assert change_surface(months, GRID, block_days=56, **SETTINGS).block_rule.startswith(
        "reports of one place within 56 days"
    )


def test_halving_everywhere_is_a_fall_of_intensity_and_no_change_of_share():
    events = made(3000, 1500)
    rate = change_surface(events, GRID, **SETTINGS)
    share = change_surface(events, GRID, kind=ChangeKind.SHARE, **SETTINGS)
    assert (rate.flagged & (rate.log_ratio < 0)).mean() > 0.8
    assert share.flagged.mean() < 0.02
    assert np.allclose(rate.log_ratio - share.log_ratio, np.log(1500 / 3000 * BEFORE.years / AFTER.years))
    assert "a year" in rate.kind.question
    assert "share" in share.kind.question


def test_windows_of_other_lengths_are_allowed_for():
    """Six months of half as many events are no change."""
    half = Window("after", (Period(date(2021, 1, 1), date(2021, 7, 2)),))
    events = made(2000, 2000)
    found = change_surface(events, GRID, **(SETTINGS | {"after": half}))
    assert found.flagged.mean() < 0.02
    assert abs(np.nanmedian(found.log_ratio)) < 0.1


@pytest.mark.parametrize("correction", list(Correction))
def test_a_planted_rise_is_found_where_it_is(correction):
    settings = SETTINGS | {"permutations": 1_999}
    found = change_surface(made(1000, 1000, hot=(10, 120)), GRID, correction=correction, **settings)
    assert found.flagged[14:16, 14:16].all()
    assert found.flagged[:9, :9].sum() == 0
    outlines = tolerance_contours(found)
    assert outlines[1].contains(shapely.Point(1500, 1500))
    assert outlines[-1].is_empty
    cells = found.flagged & (found.log_ratio > 0)
    assert outlines[1].area == pytest.approx(cells.sum() * 100.0**2)


def test_without_a_change_p_values_are_even_and_nothing_is_flagged():
    """Over forty worlds without any change the share of p-values up to 0.1 is about 0.1, and few worlds are flagged."""
    low, flagged = [], dict.fromkeys(Correction, 0)
    for seed in range(40):
        events = made(300, 300, seed=seed)
        for correction in Correction:
            found = change_surface(events, GRID, correction=correction, **(SETTINGS | {"permutations": 99}))
            flagged[correction] += bool(found.flagged.any())
        low.append(float((found.p <= 0.1).mean()))
    assert np.mean(low) == pytest.approx(0.1, abs=0.04)
    assert max(flagged.values()) <= 7


def test_reports_of_one_night_are_one_piece_of_evidence():
    """Forty reports of one place and night: counted one by one a finding, as one unit none."""
    quiet = made(300, 300)
    x = np.concatenate([quiet.x, 500 + np.arange(40.0) / 10])
    y = np.concatenate([quiet.y, np.full(40, 500.0)])
    day = np.concatenate([quiet.day, np.full(40, np.datetime64("2021-03-05"))])
    events = DatedPoints(x, y, day, np.ones(x.size))
    alone = change_surface(events, GRID, **SETTINGS)
    together = change_surface(events, GRID, block_metres=50, **SETTINGS)
    assert alone.flagged[4:6, 4:6].any()
    assert not together.flagged.any()
    assert together.unit_count < alone.unit_count
    assert together.block_rule == "reports of one square of 50 m within 1 day count as one unit"


def test_blocks_never_hold_both_windows():
    day = np.array(["2020-12-31", "2021-01-01", "2021-01-20", "2019-01-01"], dtype="datetime64[D]")
    events = DatedPoints(np.zeros(4), np.zeros(4), day, np.ones(4))
    labels = block_labels(events, BEFORE, AFTER, days=28)
    assert labels[3] == -1
    assert labels[1] == labels[2] != labels[0]


def test_weight_two_is_the_event_twice():
    events = made(100, 100)
    doubled = DatedPoints(*(np.concatenate([getattr(events, n)] * 2) for n in ("x", "y", "day", "weight")))
    one = change_surface(replace(events, weight=events.weight * 2), GRID, **SETTINGS)
    two = change_surface(doubled, GRID, **SETTINGS)
    assert np.allclose(one.log_ratio, two.log_ratio, equal_nan=True)
    assert np.array_equal(one.p, two.p, equal_nan=True)
    assert one.unit_count == two.unit_count == 200


def test_same_seed_same_bytes_order_of_events_changes_nothing():
    events = made(200, 150)
    turned = np.random.default_rng(1).permutation(len(events))
    other = DatedPoints(events.x[turned], events.y[turned], events.day[turned], events.weight[turned])
    one, two, three = (
        change_surface(some, GRID, **(SETTINGS | {"seed": seed}))
        for some, seed in ((events, 1), (other, 1), (events, 2))
    )
    assert one.p.tobytes() == two.p.tobytes()
    assert one.p.tobytes() != three.p.tobytes()


def test_where_one_side_is_empty_there_is_still_a_test():
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, 700, 100), rng.uniform(0, 700, 100)
    new = np.full(60, 1700.0) + rng.uniform(-80, 80, 60)
    day = np.concatenate([
        np.datetime64("2020-01-01") + rng.integers(0, 731, 100), np.datetime64("2021-01-01") + rng.integers(0, 365, 60)
    ])  # fmt: skip
    events = DatedPoints(np.concatenate([x, new]), np.concatenate([y, new]), day, np.ones(160))
    found = change_surface(events, GRID, **SETTINGS)
    assert found.log_ratio[17, 17] == np.inf
    assert found.flagged[17, 17]
    assert np.isnan(found.log_ratio[0, 19])
    assert np.isnan(found.p[0, 19])
    assert not found.flagged[0, 19]


def test_too_few_permutations_for_the_false_discovery_rate_are_said():
    found = change_surface(made(100, 100), GRID, correction=Correction.FDR, **SETTINGS)
    assert "the smallest p-value of 199 permutations" in found.note


def test_step_down_is_never_below_the_p_value_of_the_cell():
    found = change_surface(made(200, 260, hot=(5, 40)), GRID, correction=Correction.STEP_DOWN, **SETTINGS)
    tested = np.isfinite(found.p)
    assert (found.adjusted[tested] >= found.p[tested] / 2 - 1e-12).all()
    assert (found.adjusted[tested] <= 1).all()


def test_the_kernel_matrix_is_the_density():
    events = made(50, 0)
    places = Points(events.x, events.y, events.weight)
    inside = np.zeros(GRID.shape, dtype=bool)
    inside[3:12, 5:] = True
    matrix = kernel_matrix(places, GRID, bandwidth=250, inside=inside)
    expected = density(places, GRID, bandwidth=250, years=1).values[inside]
    assert np.allclose(matrix @ places.weight * 1e6, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"after": Window("after", (Period(date(2020, 6, 1), date(2021, 6, 1)),))}, "share days"),
        ({"after": Window("after", (Period(date(2030, 6, 1), date(2031, 6, 1)),))}, "no located events"),
        ({"bandwidth": 50.0}, "at least one cell"),
        ({"permutations": 9}, "At least 99 permutations"),
        ({"kind": ChangeKind.POPULATION}, "see population_risk"),
        ({"block_days": 0}, "at least one day"),
        ({"level": 5}, "between 0 and 1"),
    ],
)
def test_refusals(arguments, why):
    with pytest.raises(DesignError, match=why):
        change_surface(made(50, 50), GRID, **(SETTINGS | arguments))


# -- by population ----------------------------------------------------------------------------------------------------


RISK = {"bandwidth": 300.0, "inside": INSIDE, "permutations": 199, "seed": 3}


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(12)
    x = np.concatenate([rng.uniform(0, 2000, 3000), rng.normal(500, 150, 4000).clip(0, 2000)])
    y = np.concatenate([rng.uniform(0, 2000, 3000), rng.normal(500, 150, 4000).clip(0, 2000)])
    return Points(x, y, np.full(7000, 10.0))


def cases_of(people, number, seed, extra=0):
    rng = np.random.default_rng(seed)
    at = rng.integers(0, len(people), number)
    x = np.concatenate([people.x[at], rng.uniform(1400, 1600, extra)])
    y = np.concatenate([people.y[at], rng.uniform(1400, 1600, extra)])
    return DatedPoints(x, y, np.datetime64("2020-01-01") + rng.integers(0, 365, x.size), np.ones(x.size))


def test_cases_where_people_are_is_no_risk(people):
    found = population_risk(cases_of(people, 800, 1), people, GRID, **RISK)
    assert found.kind is ChangeKind.POPULATION
    assert found.flagged.mean() < 0.02
    people_there = density(people, GRID, bandwidth=300, years=1).values
    assert (
        people_there.argmax() == np.ravel_multi_index((5, 5), GRID.shape)
        or people_there[4:6, 4:6].max() == people_there.max()
    )
    assert abs(found.log_ratio[5, 5]) < 0.3


def test_more_cases_than_people_explain_are_found(people):
    found = population_risk(cases_of(people, 800, 1, extra=80), people, GRID, **RISK)
    assert found.flagged[14:16, 14:16].all()
    assert (found.log_ratio[14:16, 14:16] > 1).all()
    assert found.totals == (880.0, 70_000.0)


def test_people_of_areas_keep_their_sum_and_their_place():
    areas = Areas(("a", "b"), (shapely.box(0, 0, 1000, 2000), shapely.box(1000, 0, 2000, 2000)))
    found = population_of_areas(areas, [900.0, 100.0], GRID)
    assert found.total == pytest.approx(1000)
    assert found.weight[found.x < 1000].sum() == pytest.approx(900)
    assert len(found) == 400


def test_an_area_smaller_than_a_cell_loses_nobody():
    areas = Areas(("a", "b"), (shapely.box(210, 210, 230, 230), shapely.box(1000, 0, 2000, 2000)))
    found = population_of_areas(areas, [70.0, 100.0], GRID)
    assert found.total == pytest.approx(170)
    assert found.weight[(found.x < 300)].tolist() == [70.0]


def test_people_refusals(people):
    with pytest.raises(DesignError, match="overlap"):
        population_of_areas(Areas(("a", "b"), (shapely.box(0, 0, 9, 9), shapely.box(0, 0, 9, 9))), np.ones(2), GRID)
    with pytest.raises(DesignError, match="one number of zero or more"):
        population_of_areas(Areas(("a",), (shapely.box(0, 0, 9, 9),)), np.ones(2), GRID)
    nobody = Points(np.array([1.0]), np.array([1.0]), np.array([0.0]))
    with pytest.raises(DesignError, match="at least one case and one person"):
        population_risk(cases_of(people, 10, 1), nobody, GRID, **RISK)


# -- adaptive bandwidths ------------------------------------------------------------------------------------------------


def test_a_matrix_of_own_bandwidths_is_each_places_own_kernel():
    events = made(40, 0)
    places = Points(events.x, events.y, events.weight)
    own = np.linspace(150, 600, len(places))
    matrix = kernel_matrix(places, GRID, bandwidth=own, inside=INSIDE).toarray()
    x, y = (axis.ravel() for axis in np.meshgrid(*GRID.centres()))
    for place in (0, 17, 39):
        distance = np.hypot(x - places.x[place], y - places.y[place])
        expected = kernel_value(distance, kernel="quartic", bandwidth=own[place])
        assert np.allclose(matrix[:, place], expected, rtol=1e-12, atol=1e-20)


def test_own_bandwidths_do_not_know_before_from_after():
    """Exchanging the windows turns the sign of the log ratio and nothing else."""
    events = made(300, 500, hot=(20, 60))
    forth = change_surface(events, GRID, adaptive=True, **SETTINGS)
    back = change_surface(events, GRID, adaptive=True, **(SETTINGS | {"before": AFTER, "after": BEFORE}))
    assert forth.adaptive
    both = np.isfinite(forth.log_ratio)
    assert np.allclose(forth.log_ratio[both], -back.log_ratio[both], atol=1e-9)
    assert (forth.support == back.support).all()


def test_adaptive_finds_a_planted_rise_and_is_calm_without_one():
    risen = change_surface(made(300, 300, hot=(5, 60)), GRID, adaptive=True, **SETTINGS)
    assert risen.flagged[15, 15]
    assert risen.log_ratio[15, 15] > 0
    flagged = [
        change_surface(made(200, 200, seed=seed), GRID, adaptive=True, **SETTINGS).flagged.any() for seed in range(20)
    ]
    assert sum(flagged) <= 4


def test_the_chance_of_any_cell_holds_its_level():
    """150 cells of noise, 99 worlds: measured from outside the worlds, the real one was flagged in 11 of 100 maps, not 5."""
    rng, least = np.random.default_rng(5), []
    for seed in range(400):
        _, adjusted = permutation_p_values(
            rng.normal(size=150), csr_array(np.eye(150)), lambda draw: draw.normal(size=150),
            permutations=99, seed=seed, correction=Correction.STEP_DOWN,
        )  # fmt: skip
        least.append(adjusted.min())
    for level in (0.05, 0.1, 0.2, 0.5):
        assert np.mean(np.array(least) <= level + 1e-9) == pytest.approx(level, abs=0.05)
