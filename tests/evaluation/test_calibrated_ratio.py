"""The calibrated ratio: golden values, its level on made worlds, its refusals, its placebo places."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.sparse import csr_array
from scipy.stats import t as student

from geoharm.errors import DesignError
from geoharm.evaluation.design.zones import exposed_area
from geoharm.evaluation.placebo import forecast
from geoharm.evaluation.placebo.calibrated_ratio import (
    calibrated_ratio,
    why_no_forecast,
    why_no_interval,
    why_only_probable,
)
from geoharm.evaluation.placebo.forecast import ADDED_EVENTS, effective_sample_size, forecast_count
from geoharm.evaluation.placebo.places import ZONES, history_windows, placebo_counts, placebo_places
from geoharm.geo.street_ground import street_ground
from geoharm.model.counts import ZoneCounts
from geoharm.model.geometry import StudyArea
from geoharm.model.panel import UnitPanel
from geoharm.model.period import Period, Window
from geoharm.model.study import BeforeRule, Operation
from geoharm.simulation.location import CENTRE, CRS
from geoharm.stats.variance_stabilising import fit_variance, stabilise_variance, unstabilise_variance
from tests.reference.grid_world import Grid, made_counts, zone_forecasts, zone_series

GRIDS = {}


def grid(side):
    return GRIDS.setdefault(side, Grid(side))


def golden(root):
    return json.loads((root / "tests" / "golden" / "calibrated.json").read_text())["cases"]


@pytest.mark.parametrize("case", range(4))
def test_golden(root, case):
    """The reference implementation's forecast, to 1e-10. It knows no season, one date only, and another spread."""
    case = golden(root)[case]
    city = grid(case["side"])
    counts = made_counts(case["side"] ** 2, case["months"] + case["after"], level=case["level"])
    place = city.centres.index(tuple(case["place"]))
    found = zone_forecasts(city, counts, place, case["months"], seasons=False)
    for zone, wanted in case["zones"].items():
        learned, observed = found[zone]
        assert (observed, learned.places, learned.busy_places) == (wanted["observed"], wanted["pool"], wanted["busy"])
        assert learned.discount == wanted["discount"]
        assert (learned.mean, learned.degrees_of_freedom) == pytest.approx(
            (wanted["expected"], learned.dates * wanted["freedom"]), rel=1e-10
        )
        assert learned.share_without_cross_forecast == 0
        assert learned.scale == pytest.approx(wanted["scale"], rel=0.35)
        ratio = calibrated_ratio(learned, observed)
        span = ratio.interval(0.95)
        # The ends, put back in, are just rejected at 5%.
        for end in (span.low, span.high):
            seen = float(stabilise_variance(observed, phi=learned.phi, tau2=learned.tau2)) - learned.bias
            there = float(stabilise_variance(learned.mean * math.exp(end), phi=learned.phi, tau2=learned.tau2))
            assert 2 * student.sf(abs(seen - there) / learned.scale, learned.degrees_of_freedom) == pytest.approx(
                0.05, rel=1e-9
            )


def test_every_place_is_forecast_without_those_it_shares_ground_with():
    """One step from the fit to all, against a fit anew without the neighbours, place by place."""
    rng = np.random.default_rng(8)
    city, counts = grid(20), made_world(np.random.default_rng(8), 20, 24, 6)
    for series, similarity, shares, _ in zone_series(city, counts, int(rng.integers(len(city.centres))), 24).values():
        learned = forecast_count(series, similarity=similarity, shares=shares)
        level = np.log((series.zone[:, :24].sum(axis=1) + ADDED_EVENTS) / (series.own_zone[:24].sum() + ADDED_EVENTS))
        dispersion = forecast._monthly_dispersion(series.zone[:, :24])
        after, expected, features, _, _ = forecast._regression_data(series, level, dispersion=dispersion)
        largest = dispersion * (1 + series.after_months / 12)
        deflation = learned.effective_places / learned.places
        coefficients, phi, tau2 = forecast._fit_coefficients(after, expected, features, deflation, largest)
        slow = np.empty(after.size)
        for place in range(after.size):
            free = ~shares[place]
            free[place] = False
            own = forecast._ridge_coefficients(after[free], expected[free], features[free], phi, tau2, deflation)
            slow[place] = expected[place] * math.exp(features[place] @ own)
        neighbours = csr_array((shares | np.eye(after.size, dtype=bool)).astype(float))
        quick, skipped = forecast._cross_forecasts(
            after, expected, features, variance=(phi, tau2), deflation=deflation, neighbours=neighbours,
            coefficients=coefficients,
        )  # fmt: skip
        assert skipped == 0
        together = expected * np.exp(features @ coefficients)
        # What leaving out moves is small, and the one step gets nearly all of it.
        assert np.abs(np.log(quick / slow)).max() < 0.02
        assert np.abs(np.log(quick / slow)).mean() < 0.1 * np.abs(np.log(together / slow)).mean()


def test_the_spread_is_that_of_two_dates_and_of_the_liveliness():
    """By hand: both dates' mean squared misses in units of the log count, and the part beyond counting noise times r."""
    city, counts = grid(20), made_world(np.random.default_rng(8), 20, 24, 6)
    for series, similarity, shares, _ in zone_series(city, counts, 40, 24).values():
        learned = forecast_count(series, similarity=similarity, shares=shares)
        earlier = forecast_count(
            replace(
                series, months=18, calendar=series.calendar[:18],
                after_calendar=np.bincount(series.calendar[18:24], minlength=12).astype(float),
                **{name: getattr(series, name)[..., :24] for name in (
                    "zone", "companion", "belt", "city", "own_zone", "own_companion", "own_belt", "own_city",
                )},
            ),
            similarity=similarity, shares=shares,
        )  # fmt: skip
        assert learned.dates == 2
        assert learned.degrees_of_freedom == pytest.approx(2 * max(learned.effective_places - 1, 3))
        now, then = (np.mean(np.square(date.forecast_errors)) for date in (learned, earlier))
        unit = learned.phi / learned.mean + learned.tau2
        squared = (now * unit + 0.85 * then * (earlier.phi / learned.mean + earlier.tau2)) / 2 / unit
        counting = learned.phi / learned.mean / unit
        wanted = squared + max(squared - counting, squared / 5) * (learned.liveliness - 1)
        assert learned.scale == pytest.approx(math.sqrt(wanted), rel=1e-9)
        assert learned.log_error == pytest.approx(learned.scale * math.sqrt(unit), rel=1e-12)


def test_an_empty_earlier_window_is_no_evidence_of_a_small_spread():
    """A harm of the summer: in the winter before nothing was expected, and so nothing missed."""
    rng = np.random.default_rng(11)
    city, scales = grid(20), []
    for _ in range(5):
        counts = made_world(rng, 20, 24, 6)
        counts[:, 18:24] = 0
        for learned, _ in zone_forecasts(city, counts, 40, 24, seasons=False).values():
            assert learned.dates == 1
            scales.append(learned.scale)
    assert np.mean(scales) > 0.8


def test_a_short_history_has_one_date():
    city, counts = grid(20), made_world(np.random.default_rng(8), 20, 24, 6)
    cut = np.column_stack([counts[:, 7:24], counts[:, 24:]])
    for learned, _ in zone_forecasts(city, cut, 40, 17).values():
        assert learned.dates == 1
        assert learned.degrees_of_freedom == pytest.approx(max(learned.effective_places - 1, 3))


def test_no_forecast_reads_the_count_after_at_the_earlier_date_of_the_operation():
    """The operation's own count in the earlier window is known, and changes its forecast only as its past does."""
    city, counts = grid(20), made_world(np.random.default_rng(9), 20, 24, 6)
    series, similarity, shares, _ = zone_series(city, counts, 40, 24)["T"]
    other = replace(series, own_zone=np.concatenate([series.own_zone[:24], np.zeros(6)]))
    assert forecast_count(other, similarity=similarity, shares=shares) == forecast_count(
        series, similarity=similarity, shares=shares
    )


def test_a_place_with_too_few_others_is_counted():
    """Where nearly all places share ground, none can be forecast from others, and the share says so."""
    city, counts = grid(20), made_world(np.random.default_rng(3), 20, 24, 6)
    series, similarity, shares, _ = zone_series(city, counts, 40, 24)["T"]
    everyone = np.ones_like(shares)
    assert forecast_count(series, similarity=similarity, shares=everyone).share_without_cross_forecast == 1
    lonely = shares.copy()
    lonely[0] = lonely[:, 0] = True
    found = forecast_count(series, similarity=similarity, shares=lonely)
    assert found.share_without_cross_forecast == pytest.approx(1 / shares.shape[0])


def made_world(rng, side, months, after):
    """Return counts with levels, trends and local shocks that differ by place, and no operation."""
    level = np.exp(rng.normal(1.2, 0.7, (side, side)))
    level = (level + np.roll(level, 1, 0) + np.roll(level, 1, 1)) / 3
    drift = rng.normal(0, 0.012, (side, side))
    drift = (drift + np.roll(drift, 1, 0) + np.roll(drift, 1, 1)) / math.sqrt(3)
    shock = np.zeros((months + after, side, side))
    for month in range(1, months + after):
        shock[month] = 0.8 * shock[month - 1] + 0.1 * rng.standard_normal((side, side))
    city = np.cumsum(0.03 * rng.standard_normal(months + after))
    time = np.arange(months + after) - months
    rate = level * np.exp(drift * time[:, None, None] + shock + city[:, None, None])
    return rng.poisson(rng.gamma(rate, 1.0)).astype(np.float64).reshape(months + after, -1).T


def test_coverage_on_made_worlds():
    """200 worlds, 600 intervals: of 95%, 94 to 99.5% hold the truth; of 80%, 78 to 93%."""
    rng = np.random.default_rng(20191)
    city = grid(20)
    held, held_80, shift = [], [], []
    for _ in range(200):
        counts = made_world(rng, 20, 24, 6)
        before = city.member["T"] @ counts[:, :24].sum(axis=1)
        busy = np.flatnonzero((before >= np.quantile(before, 0.8)) & (before <= np.quantile(before, 0.97)))
        place = int(rng.choice(busy))
        for learned, observed in zone_forecasts(city, counts, place, 24).values():
            ratio = calibrated_ratio(learned, observed)
            held.append(ratio.interval(0.95).side == 0)
            held_80.append(ratio.interval(0.8).side == 0)
            shift.append(ratio.value)
    assert 0.94 <= np.mean(held) <= 0.995
    assert 0.78 <= np.mean(held_80) <= 0.93
    assert abs(np.mean(shift)) < 0.05


def test_a_large_planted_fall_is_found():
    rng = np.random.default_rng(7)
    city, found = grid(20), []
    for _ in range(30):
        counts = made_world(rng, 20, 24, 6)
        before = city.member["T"] @ counts[:, :24].sum(axis=1)
        place = int(np.argsort(before)[-30])
        struck = city.member["T"][place] > 0
        counts[np.ix_(struck, np.arange(24, 30))] = rng.binomial(counts[struck, 24:].astype(int), 0.3)
        learned, observed = zone_forecasts(city, counts, place, 24)["T"]
        found.append(calibrated_ratio(learned, observed).interval().side < 0)
    assert np.mean(found) > 0.9


def test_counts_after_of_the_operation_do_not_change_its_forecast():
    """Only its own before, the other places and the city are read: any effect meets the same forecast."""
    city = grid(20)
    counts = made_counts(400, 30)
    place = city.centres.index((9, 8))
    one = zone_forecasts(city, counts, place, 24)
    struck = city.member["U"][place] > 0
    counts[np.ix_(struck, np.arange(24, 30))] = 0
    two = zone_forecasts(city, counts, place, 24)
    for zone in "TDU":
        assert one[zone][0] == two[zone][0]
        assert two[zone][1] == 0


def some_forecast(**changes):
    city = grid(20)
    learned, _ = zone_forecasts(city, made_counts(400, 30), city.centres.index((9, 8)), 24)["T"]
    return replace(learned, **changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mean": 9.4}, "about 9.4 events are expected after, and 10 are needed"),
        ({"effective_places": 3.2}, "worth 3.2 independent ones, and 4 are needed"),
        ({"busy_places": 0}, "no other place was as busy before"),
        ({"share_without_cross_forecast": 0.3}, "30% of the other places cannot be forecast"),
    ],
)
def test_a_forecast_that_cannot_carry_an_interval_says_why(changes, words):
    assert words in why_no_interval(some_forecast(**changes))


def test_a_good_forecast_is_not_refused():
    assert (
        why_no_interval(some_forecast(busy_places=1, share_without_cross_forecast=0.2, mean=10.0, effective_places=4.0))
        == ""
    )
    # A weak design is not refused here: its interval is shown, and the verdict says that it cannot tell.
    assert why_no_interval(some_forecast(detectable_fall=0.9)) == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"busy_places": 40, "independent_busy_places": 1.7}, "are worth 1.7 independent ones, and 2 are needed"),
        ({"busy_places": 3, "independent_busy_places": 2.0}, ""),
    ],
)
def test_busy_places_count_as_independent_ones(changes, words):
    reason = why_only_probable(some_forecast(**changes))
    assert words in reason
    assert bool(words) == bool(reason)


def test_too_little_history_or_too_few_places():
    assert "17 months before the operation, and 18 are needed" in why_no_forecast(months=17, places=100, pool=50)
    assert "fit on 19 other places" in why_no_forecast(months=24, places=19, pool=19)
    assert "only 12 other places had any event" in why_no_forecast(months=24, places=100, pool=12)
    assert why_no_forecast(months=18, places=20, pool=20) == ""


def test_only_the_levels_that_were_worked_out():
    ratio = calibrated_ratio(some_forecast(), 100)
    spans = [ratio.interval(level) for level in (0.8, 0.9, 0.95, 0.99)]
    assert all(wide.low < narrow.low < narrow.high < wide.high for narrow, wide in itertools.pairwise(spans))
    with pytest.raises(DesignError, match=r"levels 0.8, 0.9, 0.95, 0.99; 0.5 was asked for"):
        ratio.interval(0.5)


def test_p_value_and_interval_agree():
    learned = some_forecast()
    for observed in range(0, 400, 7):
        ratio = calibrated_ratio(learned, observed)
        assert (ratio.p_value() < 0.05) == (ratio.interval(0.95).side != 0)


@settings(max_examples=60, deadline=None)
@given(some.floats(0, 1e6), some.floats(1, 20), some.floats(0, 2))
def test_the_scale_goes_both_ways(count, phi, tau2):
    there = stabilise_variance(count, phi=phi, tau2=tau2)
    assert float(unstabilise_variance(there, phi=phi, tau2=tau2)) == pytest.approx(count, rel=1e-6, abs=1e-6)


def test_variance_is_found_again():
    rng = np.random.default_rng(1)
    mean = np.exp(rng.normal(4, 1, 20_000))
    counts = rng.poisson(mean * rng.gamma(1 / 0.09, 0.09, mean.size)).astype(np.float64)
    phi, tau2 = fit_variance(counts, mean, largest_phi=5.0)
    assert phi == pytest.approx(1.0, abs=0.3)
    assert tau2 == pytest.approx(0.09, abs=0.01)
    scale = np.std(stabilise_variance(counts, phi=1.0, tau2=0.09) - stabilise_variance(mean, phi=1.0, tau2=0.09))
    assert scale == pytest.approx(1.0, abs=0.05)


def test_effective_number():
    assert effective_sample_size(np.eye(7)) == 7
    assert effective_sample_size(np.ones((7, 7))) == 1


# -- placebo places -------------------------------------------------------------------------------------------------


def operation(east, north, *, radius=200.0, rings=(250.0, 500.0)):
    period = Period(date(2021, 1, 1), date(2021, 2, 1))
    target = shapely.Point(CENTRE[0] + east, CENTRE[1] + north).buffer(radius)
    before = BeforeRule(Period(date(2019, 1, 1), date(2021, 1, 1)))
    return Operation("X", "crackdown", "", period, target, "", 50.0, rings, None, before, ("0-6 months",))


def rectangle(west, south, east, north):
    return shapely.box(CENTRE[0] + west, CENTRE[1] + south, CENTRE[0] + east, CENTRE[1] + north)


def moved(places, one, number):
    """Return an operation's target and rings as they lie at a placebo place."""
    along = (places.column[number] - places.operation_cell[1]) * places.cell
    up = (places.row[number] - places.operation_cell[0]) * places.cell
    target = shapely.affinity.translate(one.target, along, up)
    return target, target.buffer(one.rings[-1]).difference(target.buffer(one.gap))


@pytest.fixture(scope="module")
def city():
    one, other = operation(300, -400), operation(-2500, 2500)
    area = StudyArea(rectangle(-4000, -4000, 4000, 4000), CRS)
    control = area.boundary.difference(exposed_area(one)).difference(exposed_area(other))
    return one, other, area, control, placebo_places(one, area, control, [other])


def test_places_are_inside_and_untouched(city):
    one, other, area, _, places = city
    touched = exposed_area(one).union(exposed_area(other))
    slack = 2 * places.cell
    for zone in ZONES:
        assert places.fits[zone].sum() > 20
    for number in range(0, places.row.size, 7):
        target, rings = moved(places, one, number)
        assert target.difference(area.boundary).area < 0.02 * target.area
        if places.fits["target"][number]:
            assert not target.buffer(-slack).intersects(touched)
        if places.fits["all rings"][number]:
            assert not rings.buffer(-slack).intersects(touched)
            assert rings.intersection(area.boundary).area > 0.48 * rings.area
        if places.fits["target and rings"][number]:
            assert not target.union(rings).buffer(-slack).intersects(touched)


def test_the_operation_is_not_its_own_placebo(city):
    places = city[-1]
    assert not ((places.row == places.operation_cell[0]) & (places.column == places.operation_cell[1])).any()


def test_no_place_twice(city):
    places = city[-1]
    assert len(set(zip(places.row.tolist(), places.column.tolist(), strict=True))) == places.row.size


def test_water_is_not_crossed():
    """Two parts with 300 m of water between: no target lies across."""
    one = operation(-2500, 0)
    boundary = rectangle(-4000, -3000, -150, 3000).union(rectangle(150, -3000, 4000, 3000))
    places = placebo_places(one, StudyArea(boundary, CRS), boundary, [])
    assert places.fits["target"].sum() > 50
    for number in np.flatnonzero(places.fits["target"]):
        target, _ = moved(places, one, number)
        shares = [target.intersection(part).area / target.area for part in boundary.geoms]
        assert max(shares) > 0.97


def test_a_target_in_parts_may_lie_on_both_sides_of_water_and_moves_as_a_whole():
    """Two circles 2 km apart, one in each part of the study area: every place has them 2 km apart too, on ground."""
    target = shapely.union_all([shapely.Point(CENTRE[0] + x, CENTRE[1]).buffer(200) for x in (-1000, 1000)])
    one = replace(operation(0, 0), target=target)
    boundary = rectangle(-4000, -3000, -150, 3000).union(rectangle(150, -3000, 4000, 3000))
    places = placebo_places(one, StudyArea(boundary, CRS), boundary, [])
    assert places.fits["target"].sum() > 50
    for number in np.flatnonzero(places.fits["target"])[::5]:
        found, _ = moved(places, one, number)
        assert [part.intersection(boundary).area / part.area > 0.97 for part in found.geoms] == [True, True]


@pytest.mark.parametrize("angle", [0, 20, 45, 90])
def test_the_footprint_of_a_street_is_as_large_as_the_street(angle):
    """A strip of 600 by 30 m at any angle is three cells wide or more, and no place of it touches the street itself."""
    turn = np.radians(angle)
    half = 300 * np.array([np.cos(turn), np.sin(turn)])
    line = shapely.LineString([np.array(CENTRE) - half, np.array(CENTRE) + half])
    one = replace(operation(0, 0), target=street_ground(line, 30), gap=0.0, rings=(200.0,))
    area = StudyArea(rectangle(-3000, -3000, 3000, 3000), CRS)
    places = placebo_places(one, area, area.boundary, [])
    assert (places.footprint == 1).sum() * places.cell**2 == pytest.approx(one.target.area, rel=0.12)
    assert places.cell <= 10
    assert places.fits["target"].sum() > 500
    for number in np.flatnonzero(places.fits["target"])[::50]:
        found, _ = moved(places, one, number)
        assert found.distance(one.target) > 400 - 2 * places.cell


def test_overlap_is_that_of_the_polygons(city):
    one, _, _, _, places = city
    first = np.flatnonzero(places.fits["target"])[:60]
    table = places.similarity("target", first)
    unit = math.sqrt(one.target.area) / 3
    assert table.diagonal() == pytest.approx(np.ones(60))
    assert np.array_equal(table, table.T)
    for a in range(0, 60, 11):
        for b in range(0, 60, 7):
            here, there = (moved(places, one, first[n])[0].buffer(unit) for n in (a, b))
            wanted = (here.intersection(there).area / here.area) ** 2
            assert table[a, b] == pytest.approx(wanted, abs=0.03)
    shared = places.share_ground("target", first)
    assert (shared == (table > 0)).all()


def test_sums_against_a_slow_count(city):
    """Every cell's events, one at a time, by the footprint's own table."""
    *_, places = city
    rng = np.random.default_rng(5)
    rows, columns = places.control.shape
    cells = rng.permutation(np.unique(rng.integers(0, [rows, columns], (400, 2)), axis=0))
    window = Window("w", (Period(date(2020, 1, 1), date(2020, 2, 1)),))
    counts = rng.integers(0, 9, (cells.shape[0], 2))
    panel = UnitPanel("m", (window, window), cells[:, 0].copy(), cells[:, 1].copy(), counts)
    sums = placebo_counts(places, panel)
    half = [side // 2 for side in places.footprint.shape]
    for number in range(0, places.row.size, 41):
        wanted = {"target": np.zeros(2), "rings": np.zeros(2), "in_control": np.zeros(2), "belt": np.zeros(2)}
        for (row, column), found in zip(cells, counts, strict=True):
            up, along = row - places.row[number] + half[0], column - places.column[number] + half[1]
            if not (0 <= up < places.footprint.shape[0] and 0 <= along < places.footprint.shape[1]):
                continue
            kind = ["", "target", "rings", "belt"][places.footprint[up, along]]
            if kind == "belt" and places.untouched[row, column]:
                wanted["belt"] += found
            if kind in ("target", "rings"):
                wanted[kind] += found
                wanted["in_control"] += found * places.control[row, column]
        for kind, value in wanted.items():
            assert np.array_equal(getattr(sums, kind)[number], value), kind


def test_footprint_has_the_area_of_the_polygons(city):
    one, _, _, _, places = city
    size = places.cell**2
    assert (places.footprint == 1).sum() * size == pytest.approx(one.target.area, rel=0.03)
    rings = one.target.buffer(500).difference(one.target.buffer(50))
    assert (places.footprint == 2).sum() * size == pytest.approx(rings.area, rel=0.03)


def test_a_study_area_too_small_gives_few_places_and_no_error():
    one = operation(0, 0)
    area = StudyArea(rectangle(-900, -900, 900, 900), CRS)
    places = placebo_places(one, area, area.boundary, [])
    assert places.fits["target and rings"].sum() == 0


# -- months before --------------------------------------------------------------------------------------------------


def history(start, end, *, missing=(), by_month=False, operation_start=date(2021, 1, 10)):
    counts = ZoneCounts(
        "m", ("target",), np.array([], dtype="datetime64[D]"), np.zeros((1, 0), dtype=np.int64), by_month,
        Period(start, end), missing,
    )  # fmt: skip
    return history_windows(counts, replace(operation(0, 0), period=Period(operation_start, date(2021, 2, 1))))


def test_months_step_back_from_the_operation():
    found = history(date(2020, 9, 15), date(2021, 6, 1))
    assert [window.periods[0] for window in found] == [
        Period(date(2020, 10, 10), date(2020, 11, 10)),
        Period(date(2020, 11, 10), date(2020, 12, 10)),
        Period(date(2020, 12, 10), date(2021, 1, 10)),
    ]


def test_months_of_monthly_data_are_calendar_months():
    found = history(date(2020, 10, 1), date(2021, 6, 1), by_month=True)
    assert [window.periods[0].start for window in found] == [date(2020, 10, 1), date(2020, 11, 1), date(2020, 12, 1)]


def test_a_missing_month_drops_every_month_that_shares_days_with_it():
    found = history(date(2020, 8, 1), date(2021, 6, 1), missing=(date(2020, 11, 1),))
    starts = [window.periods[0].start for window in found]
    assert starts == [date(2020, 8, 10), date(2020, 9, 10), date(2020, 12, 10)]
