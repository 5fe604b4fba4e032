from __future__ import annotations

import geopandas
import numpy as np
import pytest
import shapely

from geoharm import Points, density, find_hotspots, grid_over, to_geodataframe
from geoharm.errors import DesignError
from geoharm.model.geometry import Zone, ZoneRole

CRS = "EPSG:26986"


@pytest.fixture
def surface():
    random = np.random.default_rng(5)
    area = shapely.box(0, 0, 2000, 1500)
    points = Points(random.normal(900, 200, 400), random.normal(700, 200, 400), np.ones(400))
    return density(points, grid_over(area, cell=100), bandwidth=300, years=2.0, within=area), points


def test_a_surface_keeps_its_mass_and_its_place(surface):
    found, _ = surface
    frame = to_geodataframe(found, crs=CRS)
    assert frame.crs == CRS
    assert (frame["density"] * frame.area / 1e6).sum() * found.years == pytest.approx(found.total)
    assert len(frame) == np.isfinite(found.values).sum()
    top = frame.loc[frame["density"].idxmax()]
    x, y = found.grid.centres()
    row, column = np.unravel_index(np.nanargmax(found.values), found.values.shape)
    assert (top.geometry.centroid.x, top.geometry.centroid.y) == (x[column], y[row])


def test_hotspots_go_through_arrow_and_back(surface):
    spots = find_hotspots(surface[0], surface[1], share=0.25)
    frame = to_geodataframe(spots, crs=CRS)
    assert list(frame["events"]) == [one.events for one in spots]
    assert list(frame["rank"]) == [one.rank for one in spots]
    back = geopandas.GeoDataFrame.from_arrow(frame.to_arrow())
    assert back.geometry.geom_equals(frame.geometry).all()
    assert back.crs == frame.crs


def test_no_hotspot_is_an_empty_frame():
    frame = to_geodataframe([], crs=CRS)
    assert frame.empty
    assert "rank" in frame


def test_zones_say_their_part():
    zones = [
        Zone("target", ZoneRole.TARGET, shapely.box(0, 0, 100, 100)),
        Zone("0-50 m", ZoneRole.RING, shapely.box(100, 0, 200, 100), 0, 50),
    ]
    frame = to_geodataframe(zones, crs=CRS)
    assert list(frame["role"]) == [one.role.value for one in zones]
    assert list(frame["outer"]) == [0, 50]


def test_a_mixture_is_refused(surface):
    zone = Zone("target", ZoneRole.TARGET, shapely.box(0, 0, 100, 100))
    spots = find_hotspots(surface[0], surface[1], share=0.25)
    with pytest.raises(DesignError, match="this holds Hotspot, Zone"):
        to_geodataframe([*spots, zone], crs=CRS)
