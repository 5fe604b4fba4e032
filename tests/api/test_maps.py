"""Hotspots, clusters, emerging patterns, change and concentration of planted events; what a notebook shows of them."""

from __future__ import annotations

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely

import geoharm
from geoharm.api.frames import events_from_xy
from geoharm.api.uncalibrated import UncalibratedEstimate
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio as plain_ratio
from geoharm.evaluation.estimators.wdd import wdd as plain_wdd
from geoharm.model.counts import Change
from geoharm.simulation.location import CENTRE, CRS
from tests.api.made import AREA, scattered

BEFORE, AFTER = ("2020-02-01", "2021-02-01"), ("2021-03-01", "2022-03-01")
PLACE = shapely.Point(CENTRE[0] + 1630, CENTRE[1] + 1630)


def pile(rows: int, *, start: str, days: int, seed: int, reach: float = 70.0) -> geopandas.GeoDataFrame:
    """Return events around one place."""
    rng = np.random.default_rng(seed)
    day = np.datetime64(start) + rng.integers(0, days, rows)
    x, y = PLACE.x + rng.uniform(-reach, reach, rows), PLACE.y + rng.uniform(-reach, reach, rows)
    return events_from_xy(x, y, day, crs=CRS)


@pytest.fixture(scope="module")
def events() -> geopandas.GeoDataFrame:
    """Return events all over the area, and a market that ends between the windows."""
    parts = [scattered(600, seed=1, days=900), pile(300, start=BEFORE[0], days=365, seed=2)]
    return geopandas.GeoDataFrame(pd.concat(parts, ignore_index=True))


def shown(result) -> str:
    """Return what a notebook shows, after what every result has."""
    assert result.summary() == str(result)
    assert repr(result).startswith(f"<{type(result).__name__}: ")
    page = result._repr_html_()
    assert "not for publication" in page
    assert "<script" not in page
    return page


def test_the_market_is_the_first_hotspot(events):
    found = geoharm.hotspots(events, study_area=AREA, measure="calls", bandwidth=200)
    frame = found.to_geodataframe()
    assert frame.crs.to_string() == CRS
    assert frame["rank"].tolist() == list(range(1, len(frame) + 1))
    assert frame.loc[0, "events"] >= 300
    assert frame.geometry[0].contains(PLACE)
    assert found.surface_to_geodataframe()["density"].max() == pytest.approx(float(np.nanmax(found.surface.values)))
    assert found.surface.total == pytest.approx(900, rel=0.02)
    assert "<svg" in shown(found)
    assert 'aria-label="Hotspots of calls"' in found.plot().svg


def test_a_period_and_a_category_choose_what_is_mapped(events):
    marked = events.assign(type=np.where(np.arange(len(events)) < 600, "call", "needle"))
    quiet = geoharm.hotspots(marked, study_area=AREA, period=AFTER, category="type", measure="needle")
    assert quiet.to_geodataframe().empty
    assert "no hotspot" in quiet.summary()
    assert "<svg" in shown(quiet)


def test_concentration_is_that_of_the_cells(events):
    table = geoharm.concentration(events, study_area=AREA, cell=200)
    assert table.events == 900
    assert table.share_of_places(0.25) < 0.01
    assert geoharm.hotspots(events, study_area=AREA, cell=200, bandwidth=250).concentration == table


def test_a_market_of_several_cells_is_a_cluster_and_a_pattern():
    """A market in a single cell is none: Gi* asks whether its neighbours have many, too."""
    parts = [scattered(600, seed=1, days=900), pile(300, start=BEFORE[0], days=365, seed=2, reach=400)]
    events = geopandas.GeoDataFrame(pd.concat(parts, ignore_index=True))
    found = geoharm.clusters(events, study_area=AREA, measure="calls")
    frame = found.to_geodataframe()
    at = frame[frame.contains(PLACE)].iloc[0]
    assert at["gi_kind"] == 1
    assert at["gi_adjusted"] < 0.01
    assert "general G" in shown(found)
    emerging = geoharm.emerging(events, study_area=AREA, months=2, covers=("2020-01-01", "2022-07-01"))
    cells = emerging.to_geodataframe()
    assert "hot in" in cells[cells.contains(PLACE)].iloc[0]["reason"]
    assert cells["reason"].str.len().min() > 0
    assert sum(emerging.counts.values()) == len(cells)
    assert "no pattern" in shown(emerging)


def test_the_fall_of_the_market_is_flagged_and_no_evaluation_is_made(events):
    found = geoharm.change(events, before=BEFORE, after=AFTER, study_area=AREA, permutations=199)
    cells = found.to_geodataframe()
    assert cells[cells.contains(PLACE)].iloc[0]["flagged"]
    assert (cells.loc[cells["flagged"], "log_ratio"] < 0).all()
    before, after = found.comparison.counts
    assert (before, after) == found.surface.totals
    assert found.ratio.value == pytest.approx(after / 365 / (before / 366))
    assert found.ratio.interval.low < found.ratio.value < found.ratio.interval.high
    assert "It is no evaluation" in shown(found)


def test_measures_of_a_name_that_a_page_must_not_run_are_escaped(events):
    page = geoharm.clusters(events, study_area=AREA, measure="<script>x</script>")._repr_html_()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_uncalibrated_estimators_say_so_in_type_and_summary():
    target, control = Change("target", 207, 110), Change("control", 308, 318)
    found = geoharm.wdd(target, control, ring=Change("ring", 178, 157), ring_control=control)
    plain = plain_wdd(target, control, ring=Change("ring", 178, 157), ring_control=control)
    for name in ("local", "displacement", "total"):
        one, other = getattr(found, name), getattr(plain, name)
        assert isinstance(one, UncalibratedEstimate)
        assert (one.value, one.interval(), one.p_value()) == (other.value, other.interval(), other.p_value())
        assert not one.calibrated
    ratio = geoharm.log_rate_ratio(target, control)
    assert ratio.value == plain_ratio(target, control).value
    for text in (found.summary(), ratio.summary(), str(ratio)):
        assert "half to three quarters" in text
        assert "geoharm.evaluate" in text
    nothing = geoharm.log_rate_ratio(Change("target", 0, 5), control)
    assert nothing.summary() == "log rate ratio: undefined, since the count before in target is 0."
