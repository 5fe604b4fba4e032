"""Merseyside's street files: hotspots of 2018 judged on 2019, what emerged to 2021, with July 2019 a gap."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from geoharm import store
from geoharm.hotspots import (
    cell_counts,
    cells_within,
    density,
    emerging_hotspots,
    hotspot_accuracy,
    percent_volume_threshold,
)
from geoharm.model import Pattern, Period, Points, Window, grid_over
from geoharm.study import read_study
from geoharm.workflow import ingest

pytestmark = pytest.mark.real

GAP = date(2019, 7, 1)
FIRST = Window("2018", (Period(date(2018, 1, 1), date(2019, 1, 1)),))
SECOND = Window("2019", (Period(date(2019, 1, 1), date(2020, 1, 1)),)).without_months([GAP])
ALL = Period(date(2018, 1, 1), date(2021, 10, 1))


@pytest.fixture(scope="module")
def liverpool(root, shared, tmp_path_factory):
    study = read_study(root / "pipelines" / "merseyside.toml")
    data = shared / "merseyside-police"
    database = tmp_path_factory.mktemp("hotspots") / "m.duckdb"
    with store.open_store(database, inputs=data) as opened:
        ingest(opened, study, data)
        whole = Window("all", (ALL,)).without_months([GAP])
        yield study, {
            one.name: (
                store.points(opened, one, FIRST), store.points(opened, one, SECOND),
                store.dated_points(opened, one, whole),
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
    assert found.same_cells.pai == pytest.approx(plain, rel=0.003)
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
    assert counts[Pattern.INTENSIFYING_HOT] == 51
    assert counts[Pattern.PERSISTENT_HOT] == 25
    centre = np.unravel_index(np.nanargmax(found.z[-1]), grid.shape)
    assert "of 44 steps (100 %)" in found.rule(*centre)
    # Read as a month without violence, the gap would change what is said of places.
    wrong = emerging_hotspots(cube, grid, months, **settings)
    assert (wrong.pattern != found.pattern)[inside].sum() > 10
