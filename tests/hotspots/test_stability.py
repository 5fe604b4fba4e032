"""Stability, variants and agreement: a firm market stays, one that hangs on an address does not."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geoharm.errors import DesignError
from geoharm.hotspots.concentration import cell_counts_inside, concentration
from geoharm.hotspots.contours import find_hotspots, percent_volume_threshold
from geoharm.hotspots.density.intensity import density
from geoharm.hotspots.measure_map import map_measure
from geoharm.hotspots.results.maps import HotspotResult
from geoharm.hotspots.results.surface import Concentration
from geoharm.hotspots.source_agreement import with_agreeing_sources
from geoharm.hotspots.stability import bandwidth_variants, with_stability
from geoharm.model.geometry import StudyArea
from geoharm.model.grid import Grid
from geoharm.model.hotspot import Hotspot
from geoharm.model.measure import Harm, Measure
from geoharm.model.points import Points
from geoharm.model.study import HotspotSettings

AREA = shapely.box(0, 0, 3000, 3000)
GRID = Grid(0.0, 0.0, 50.0, 60, 60)


def two_markets():
    """Return a market of many addresses, and one whose events are nearly all at a single address."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(800, 60, 150), [2200.0], rng.normal(2200, 60, 10), rng.uniform(0, 3000, 60)])
    y = np.concatenate([rng.normal(800, 60, 150), [2200.0], rng.normal(2200, 60, 10), rng.uniform(0, 3000, 60)])
    weight = np.ones(x.size)
    weight[150] = 30
    return Points(x, y, weight)


def drawn(some, **changed):
    surface = density(some, GRID, **({"bandwidth": 200, "years": 1, "within": AREA, "edge": "jones-diggle"} | changed))
    return surface, find_hotspots(surface, some, share=0.3)


def test_a_market_of_many_addresses_is_firmer_than_one_of_a_single_address():
    some = two_markets()
    surface, _ = drawn(some)
    spots = find_hotspots(surface, some, share=0.5)
    found = with_stability(spots, surface, some, share=0.5, within=AREA, seed=1)
    firm = next(one for one in found if one.geometry.distance(shapely.Point(800, 800)) < 100)
    frail = next(one for one in found if one.geometry.distance(shapely.Point(2200, 2200)) < 100)
    # An address is not drawn at all with probability 1/e.
    assert firm.stability > 0.9
    assert frail.stability < 0.8


def test_rows_of_one_place_are_one_place():
    """Given one by one, an address with 30 events was 30 places, and as firm as a market."""
    some = two_markets()
    surface, spots = drawn(some)
    times = some.weight.astype(int)
    rows = Points(np.repeat(some.x, times), np.repeat(some.y, times), np.ones(times.sum()))
    assert find_hotspots(surface, rows, share=0.3) == spots
    found, expected = (
        with_stability(spots, surface, given, share=0.3, within=AREA, seed=4, repetitions=9) for given in (rows, some)
    )
    assert found == expected


def test_stability_equals_the_slow_version():
    """One repetition at a time: places drawn, bandwidth drawn, contour drawn, cells compared."""
    some = two_markets().merged()
    surface, spots = drawn(some)
    found = with_stability(spots, surface, some, share=0.3, within=AREA, seed=9, repetitions=12)
    rng, stayed = np.random.default_rng(9), [0] * len(spots)
    for _ in range(12):
        bandwidth = 200 * np.exp(rng.uniform(np.log(0.7), np.log(1.4)))
        chosen = rng.integers(len(some), size=len(some))
        rows = [(some.x[i], some.y[i], some.weight[i]) for i in chosen]
        x, y, weight = (np.array(values) for values in zip(*rows, strict=True))
        again = density(Points(x, y, weight), GRID, bandwidth=bandwidth, years=1, within=AREA, edge="jones-diggle")
        hot = again.values >= percent_volume_threshold(again.values, 0.3)
        for number, spot in enumerate(spots):
            cells = [
                hot[row, column]
                for row in range(60)
                for column in range(60)
                if spot.geometry.contains(shapely.Point(50 * column + 25, 50 * row + 25))
            ]
            stayed[number] += sum(cells) >= len(cells) / 2
    assert [spot.stability for spot in found] == [count / 12 for count in stayed]


def test_the_same_seed_gives_the_same_stability():
    some = two_markets()
    surface, spots = drawn(some)
    one, two, other = (
        [spot.stability for spot in with_stability(spots, surface, some, share=0.3, within=AREA, seed=seed)]
        for seed in (1, 1, 3)
    )
    assert one == two
    assert one != other


def test_refuses_no_repetition():
    some = two_markets()
    surface, spots = drawn(some)
    with pytest.raises(DesignError, match="at least one repetition; 0 was given"):
        with_stability(spots, surface, some, share=0.3, within=AREA, seed=1, repetitions=0)


def test_variants_are_the_surfaces_of_their_bandwidths():
    some = two_markets()
    surface, spots = drawn(some)
    half, same, twice = bandwidth_variants(surface, some, share=0.3, within=AREA)
    assert [one.surface.bandwidth for one in (half, same, twice)] == [100, 200, 400]
    assert np.array_equal(same.surface.values, surface.values, equal_nan=True)
    assert same.hotspots == spots
    assert same.overlap_share == 1
    expected = drawn(some, bandwidth=400)[0].values
    assert np.array_equal(twice.surface.values, expected, equal_nan=True)
    assert 0 < half.overlap_share < 1


def test_a_variant_is_never_below_one_cell():
    some = two_markets()
    surface, _ = drawn(some, bandwidth=60)
    assert bandwidth_variants(surface, some, share=0.3, within=AREA)[0].surface.bandwidth == 50


def measure(name, source, *, activity=False):
    harm = None if activity else Harm("community", "environment")
    return Measure(name, source, (), "requests", "police" if activity else "public", harm)


def result(one, *boxes):
    spots = tuple(
        Hotspot(rank, shapely.box(*box), events=9, places=9, share=0.1, density=1.0)
        for rank, box in enumerate(boxes, start=1)
    )
    surface, _ = drawn(two_markets())
    none = Concentration(1, 0.0, (), np.nan, np.nan, "none")
    return HotspotResult(one, {("", "whole period"): surface}, spots, None, (), none)


KINDS = {"needles": "needle_find", "police": "incident", "other force": "incident", "ambulance": "health"}


@pytest.mark.parametrize(("shift", "agrees"), [(0, True), (50, True), (51, False), (200, False)])
def test_another_kind_agrees_from_half_of_the_smaller_on(shift, agrees):
    """A square of 100 m that lies half outside a large one still counts; a metre further it does not."""
    found = with_agreeing_sources(
        [
            result(measure("finds", "needles"), (0, 0, 1000, 1000)),
            result(measure("calls", "ambulance"), (900 + shift, 0, 1000 + shift, 100)),
        ],
        KINDS,
    )
    kinds = ("needle_find", "health") if agrees else ("needle_find",)
    assert found[0].hotspots[0].source_kinds == kinds
    assert found[1].hotspots[0].source_kinds == (kinds[::-1] if agrees else ("health",))


def test_sources_of_one_kind_count_once_and_activity_confirms_nothing():
    box = (0, 0, 100, 100)
    found = with_agreeing_sources(
        [
            result(measure("finds", "needles"), box),
            result(measure("violence", "police"), box),
            result(measure("violence there", "other force"), box),
            result(measure("drug offences", "police", activity=True), box),
        ],
        KINDS,
    )
    assert [one.hotspots[0].source_kinds for one in found] == [
        ("needle_find", "incident"),
        ("incident", "needle_find"),
        ("incident", "needle_find"),
        ("activity", "incident", "needle_find"),
    ]


def test_activity_alone_is_not_evidence_of_harm():
    box = (0, 0, 100, 100)
    found = with_agreeing_sources(
        [result(measure("finds", "needles"), box), result(measure("arrests", "police", activity=True), box)],
        KINDS,
    )
    assert found[0].hotspots[0].source_kinds == ("needle_find",)


@pytest.mark.parametrize(
    ("counts", "gini", "adjusted"),
    [
        ([10, 8, 2, *[0] * 7], 0.78, 0.78),
        ([5, 2, 1, *[0] * 7], 0.8, 0.75),
        ([10, *[0] * 9], 0.9, 0.9),
        ([10, *[0] * 99], 0.99, 0.9),
        ([1, 1, 1, *[0] * 97], 0.97, 0.0),
        ([4] * 7, 0.0, 0.0),
    ],
)
def test_gini_coefficients(counts, gini, adjusted):
    """The first three: examples of the R package lorenzgini (Steenbeek), unbiased = FALSE; the others by hand."""
    found = concentration(counts)
    assert found.gini == pytest.approx(gini, abs=1e-12)
    assert found.adjusted_gini == pytest.approx(adjusted, abs=1e-12)


def test_places_needed_are_the_fewest():
    found = concentration([0, 40, 30, 0, 20, 10], shares=(0.4, 0.41, 0.7, 1.0))
    assert found.places_needed == ((0.4, 1), (0.41, 2), (0.7, 2), (1.0, 4))
    assert found.share_of_places(1.0) == pytest.approx(4 / 6)


def test_no_events_are_no_answer_with_a_reason():
    found = concentration([0, 0])
    assert np.isnan(found.gini)
    assert found.note == "there are no located events"


@pytest.mark.parametrize("counts", [[], [1, -1]])
def test_concentration_refuses(counts):
    with pytest.raises(DesignError, match="at least one place, and counts of zero or more"):
        concentration(counts)


def test_cells_of_the_area_count_with_their_zeros():
    some = two_markets()
    counts = cell_counts_inside(some, GRID, AREA)
    assert counts.size == 3600
    assert counts.sum() == some.total


def test_a_measure_is_mapped_on_one_bandwidth_with_all_its_parts(area):
    x0, y0, *_ = area.boundary.bounds
    some = two_markets()
    here = Points(some.x + x0 + 1000, some.y + y0 + 1000, some.weight)
    views = {("", "whole period"): (here, 2.0), ("op", "before"): (here, 1.0)}
    settings = HotspotSettings(cell=50, bandwidth="likelihood", share=0.3, kernel="epanechnikov", edge="uniform")
    found = map_measure(
        measure("finds", "needles"), views, ("", "whole period"), area=area, settings=settings, location_error=60.0,
        seed=4,
    )  # fmt: skip
    assert {surface.bandwidth for surface in found.views.values()} == {found.bandwidth.value}
    assert found.bandwidth.rule == "likelihood"
    assert found.bandwidth.value >= 120
    assert {(one.kernel, one.edge) for one in found.views.values()} == {("epanechnikov", "uniform")}
    assert len(found.variants) == 3
    assert all(0 <= spot.stability <= 1 for spot in found.hotspots)
    assert found.concentration.events == some.total


def test_a_measure_without_events_has_empty_parts(area: StudyArea):
    none = Points(np.zeros(0), np.zeros(0), np.zeros(0))
    found = map_measure(
        measure("finds", "needles"), {("", "whole period"): (none, 1.0)}, ("", "whole period"), area=area,
        settings=HotspotSettings(bandwidth="least squares"), location_error=0.0, seed=1,
    )  # fmt: skip
    assert found.hotspots == found.variants == ()
    assert found.concentration.note
