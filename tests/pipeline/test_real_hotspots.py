"""Merseyside's street files: hotspots of 2018 judged on 2019, what emerged to 2021, with July 2019 a gap."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import shapely

from geoharm.engines.duckdb import open_engine
from geoharm.geo.area_files import read_areas
from geoharm.geo.cells import cells_within
from geoharm.hotspots.clusters.emerging import emerging_hotspots
from geoharm.hotspots.clusters.neighbourhood_sums import cell_counts
from geoharm.hotspots.contours import find_hotspots, percent_volume_threshold
from geoharm.hotspots.density.intensity import density
from geoharm.hotspots.measure_patterns import _shift
from geoharm.hotspots.predictive_accuracy import hotspot_accuracy
from geoharm.hotspots.results.emerging import EmergingPattern
from geoharm.model.grid import grid_over
from geoharm.model.period import Period, Window
from geoharm.model.points import Points
from geoharm.model.settings import ChangeSettings
from geoharm.pipeline.analyse import find_patterns
from geoharm.pipeline.collect import collect_study
from geoharm.pipeline.designs import design_operations
from geoharm.pipeline.load import load_sources
from geoharm.queries.counts import dated_points, located_points
from geoharm.study.read import read_study

pytestmark = pytest.mark.real

GAP = date(2019, 7, 1)
FIRST = Window("2018", (Period(date(2018, 1, 1), date(2019, 1, 1)),))
SECOND = Window("2019", (Period(date(2019, 1, 1), date(2020, 1, 1)),)).without_months([GAP])
ALL = Period(date(2018, 1, 1), date(2021, 10, 1))


@pytest.fixture(scope="module")
def ingested(root, shared, tmp_path_factory):
    study = read_study(root / "pipelines" / "merseyside.toml")
    data = shared / "merseyside-police"
    with open_engine(tmp_path_factory.mktemp("hotspots") / "m.duckdb", inputs=data) as engine:
        yield engine, study, load_sources(engine, study, data)


@pytest.fixture(scope="module")
def liverpool(ingested):
    engine, study, _ = ingested
    whole = Window("all", (ALL,)).without_months([GAP])
    return study, {
        one.name: (
            located_points(engine, one, FIRST), located_points(engine, one, SECOND), dated_points(engine, one, whole)
        )
        for one in study.measures
    }  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "hit", "pai", "recapture", "plain"),
    [
        ("violence and sexual offences", 0.265, 7.75, 0.949, 18.6),
        ("anti-social behaviour", 0.254, 8.41, 0.842, 23.3),
        ("drug offences", 0.263, 23.6, 0.921, 46.7),
    ],
)
def test_hotspots_of_2018_on_2019(liverpool, measure, hit, pai, recapture, plain):
    """Smooth hotspots hold about a quarter of the next year's events, on 1 to 3 % of the ground.

    The publisher moves every event to one of a few thousand fixed points, so a list of last year's cells is a list
    of those points: its score says how the data were made, and no smooth surface can reach it.
    """
    study, points = liverpool
    earlier, later, _ = points[measure]
    boundary = study.area.boundary
    grid = grid_over(boundary, cell=50)
    values = density(earlier, grid, bandwidth=300, years=FIRST.years, within=boundary).values
    chosen = np.nan_to_num(values, nan=-1.0) >= percent_volume_threshold(values, 0.25)
    found = hotspot_accuracy(
        chosen, cell_counts(earlier, grid), cell_counts(later, grid), inside=cells_within(grid, boundary)
    )
    assert found.hotspots.hit_rate == pytest.approx(hit, abs=0.001)
    assert found.hotspots.pai == pytest.approx(pai, rel=0.002)
    assert found.hotspots.recapture_rate_index == pytest.approx(recapture, abs=0.001)
    assert found.most_earlier_events.pai == pytest.approx(plain, rel=0.003)
    assert found.hotspots.pai > found.random_pai + 10 * found.random_deviation


def test_what_emerged_with_july_2019_a_gap(liverpool):
    study, points = liverpool
    events = points["violence and sexual offences"][2]
    grid = grid_over(study.area.boundary, cell=250)
    inside = cells_within(grid, study.area.boundary)
    months = ALL.months()
    month = events.day.astype("datetime64[M]")
    cube = np.zeros((len(months), *grid.shape))
    for step, first in enumerate(months):
        now = month == np.datetime64(first, "M")
        cube[step] = cell_counts(Points(events.x[now], events.y[now], events.weight[now]), grid)
    settings = {"inside": inside, "band": 500, "earlier": 1}
    found = emerging_hotspots(cube, grid, months, missing=[GAP], **settings)
    assert found.missing == (GAP,)
    assert len(months) == 45
    counts = found.counts()
    assert counts[EmergingPattern.INTENSIFYING_HOT] == 51
    assert counts[EmergingPattern.PERSISTENT_HOT] == 25
    centre = np.unravel_index(np.nanargmax(found.z[-1]), grid.shape)
    assert "of 44 steps (100 %)" in found.explain(*centre)
    # Read as a month without violence, the gap would change what is said of places.
    wrong = emerging_hotspots(cube, grid, months, **settings)
    assert (wrong.pattern != found.pattern)[inside].sum() > 10


@pytest.fixture(scope="module")
def patterns(ingested):
    """Return what the study file finds, as the report shows it."""
    engine, study, ledgers = ingested
    return {one.measure.name: one for one in find_patterns(collect_study(engine, study, ledgers))}


@pytest.mark.parametrize(
    ("measure", "area", "hit", "pai", "pei", "index", "plain"),
    [
        ("violence and sexual offences", 3.5, 27, 7.7, 0.34, 0.95, 18.4),
        ("anti-social behaviour", 3.1, 26, 8.4, 0.31, 0.85, 23.1),
        ("drug offences", 1.1, 26, 23.4, 0.38, 0.92, 46.5),
    ],
)
def test_the_study_file_scores_2018_on_2019_as_documented(root, patterns, measure, area, hit, pai, pei, index, plain):
    found = patterns[measure]
    assert found.reasons == ()
    assert found.predictive_accuracy.later.days == 365 - 31
    ours, rival = found.predictive_accuracy.accuracy.hotspots, found.predictive_accuracy.accuracy.most_earlier_events
    assert 100 * ours.area_share == pytest.approx(area, abs=0.06)
    assert 100 * ours.hit_rate == pytest.approx(hit, abs=0.6)
    assert (ours.pai, rival.pai) == (pytest.approx(pai, abs=0.06), pytest.approx(plain, abs=0.06))
    assert (ours.pei, ours.recapture_rate_index) == (pytest.approx(pei, abs=0.006), pytest.approx(index, abs=0.006))
    row = f"| {area:.1f}% | {hit}% | {pai:.1f} | {pei:.2f} | {index:.2f} | {plain:.1f} |"
    assert row in (root / "docs" / "hotspots.md").read_text(encoding="utf-8")


def test_the_study_file_leaves_july_2019_out_of_what_emerges(patterns):
    found = patterns["violence and sexual offences"].emerging.map
    assert found.missing == (GAP,)
    assert len(found.steps) == 45
    counts = found.counts()
    assert counts[EmergingPattern.PERSISTENT_HOT] + counts[EmergingPattern.INTENSIFYING_HOT] > 30
    centre = np.unravel_index(np.nanargmax(found.z[-1]), found.grid.shape)
    assert "of 44 steps" in found.explain(*centre)


def test_shares_of_liverpools_areas_shift_without_any_operation(ingested, shared):
    """As docs/hotspots.md says: areas that hold another share after the placebo, and S."""
    engine, study, ledgers = ingested
    areas = read_areas([shared / "merseyside-lsoa" / "E08000012.json"], study.area.crs, column="LSOA11CD")
    study = replace(study, change=ChangeSettings(areas=areas))
    (one,) = design_operations(study, ledgers, {})
    found = {measure.name: _shift(dated_points(engine, measure), one.windows, study).test for measure in study.measures}
    shifted = {name: (int((shift.side != 0).sum()), round(shift.similarity, 2)) for name, shift in found.items()}
    assert shifted == {
        "violence and sexual offences": (1, 1.0),
        "anti-social behaviour": (6, 0.98),
        "drug offences": (8, 0.97),
    }


# -- Boston: as published, without the default geocode, with recovered places ---------------------------------------------


@pytest.fixture(scope="module")
def boston(root, shared, tmp_path_factory):
    study = read_study(root / "pipelines" / "boston.toml")
    data = shared / "boston-needles"
    with open_engine(tmp_path_factory.mktemp("needles") / "b.duckdb", inputs=data) as engine:
        (ledger,) = load_sources(engine, study, data)

        def placed(where):
            found = engine.scratch.execute(
                f"SELECT x, y, CAST(count(*) AS DOUBLE) AS n FROM main.event WHERE place = 'inside' {where} "
                "GROUP BY x, y ORDER BY x, y"
            ).fetchnumpy()
            return Points(*(np.asarray(found[key], dtype=np.float64) for key in ("x", "y", "n")))

        recovered, without = placed(""), placed("AND NOT recovered")
    (code,) = ledger.default_geocodes
    published = Points(
        np.append(without.x, code.x), np.append(without.y, code.y), np.append(without.weight, float(code.events))
    )
    years = ledger.whole_period.years
    return study, code, years, {"published": published, "without": without, "recovered": recovered}


@pytest.mark.parametrize(
    ("which", "requests", "peak", "first", "ground", "from_city_hall", "covered"),
    [
        ("published", 17081, 11005, 4637, 0.13, 0, 0),
        ("without", 12502, 3766, 3000, 0.38, 2514, 27),
        ("recovered", 14426, 4204, 3402, 0.36, 2514, 29),
    ],
)
def test_a_default_geocode_makes_a_hotspot_of_its_own(
    root, boston, which, requests, peak, first, ground, from_city_hall, covered
):
    study, code, years, all_points = boston
    points, boundary = all_points[which], study.area.boundary
    surface = density(
        points, grid_over(boundary, cell=50), bandwidth=300, years=years, within=boundary, edge="jones-diggle"
    )
    spots = find_hotspots(surface, points, share=0.25)
    target = study.operations[0].target
    assert points.total == requests
    assert np.nanmax(surface.values) == pytest.approx(peak, abs=1)
    assert spots[0].events == first
    assert spots[0].area_km2 == pytest.approx(ground, abs=0.006)
    assert spots[0].geometry.distance(shapely.Point(code.x, code.y)) == pytest.approx(from_city_hall, abs=1)
    hot = shapely.union_all([spot.geometry for spot in spots])
    assert 100 * hot.intersection(target).area / target.area == pytest.approx(covered, abs=0.6)
    text = (root / "docs" / "hotspots.md").read_text(encoding="utf-8")
    for figure in (f"{requests:,}", f"{peak:,}", f"{first:,}", f"{covered}%"):
        assert figure in text
