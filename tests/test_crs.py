"""The local polynomial agrees with pyproj to within a millimetre, or is not used; a point comes out alike in any company."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from geoharm import _crs

LIVERPOOL = (-3.2, 53.2, -2.7, 53.6)
BOSTON = (-71.3, 42.2, -70.9, 42.5)


def scatter(box, count=20_000, seed=3):
    rng = np.random.default_rng(seed)
    return rng.uniform(box[0], box[2], count), rng.uniform(box[1], box[3], count)


@pytest.mark.parametrize(
    ("target", "box"),
    [("EPSG:27700", LIVERPOOL), ("EPSG:32630", LIVERPOOL), ("EPSG:26986", BOSTON), ("EPSG:32619", BOSTON), ("EPSG:27700", (-4, 52.5, -2, 54.5))],
)  # fmt: skip
def test_inside_the_box_both_agree_to_a_millimetre(target, box):
    assert _crs._fit(_crs.LONLAT, target, box) is not None
    lon, lat = scatter(box)
    near = _crs.transform_near(lon, lat, source=_crs.LONLAT, target=target, box=box)
    exact = _crs.transform(lon, lat, source=_crs.LONLAT, target=target)
    assert max(np.abs(one - other).max() for one, other in zip(near, exact, strict=True)) < 1e-3


@pytest.mark.parametrize(
    ("source", "target", "box"),
    [
        (_crs.LONLAT, "EPSG:27700", (-8.0, 49.0, 2.0, 61.0)),  # a nation: no polynomial is good enough
        (_crs.LONLAT, "EPSG:27700", (-3.0, 53.2, -3.0, 53.6)),  # no width
        (_crs.LONLAT, "EPSG:27700", (-np.inf, 53.2, np.inf, 53.6)),
        ("EPSG:27700", "EPSG:27700", (300_000.0, 380_000.0, 350_000.0, 400_000.0)),
    ],
)
def test_where_no_polynomial_is_good_enough_the_projection_itself_is_used(source, target, box):
    assert _crs._fit(source, target, box) is None
    lon, lat = scatter(LIVERPOOL if source == _crs.LONLAT else box, 500)
    near = _crs.transform_near(lon, lat, source=source, target=target, box=box)
    assert_array_equal(near, _crs.transform(lon, lat, source=source, target=target))


def test_outside_the_box_the_projection_itself_is_used():
    lon = np.array([-3.0, -1.0, np.nan, 200.0, -3.0])
    lat = np.array([53.4, 51.5, 53.4, 95.0, np.inf])
    near = _crs.transform_near(lon, lat, source=_crs.LONLAT, target="EPSG:27700", box=LIVERPOOL)
    exact = _crs.transform(lon, lat, source=_crs.LONLAT, target="EPSG:27700")
    for one, other in zip(near, exact, strict=True):
        assert_array_equal(one[1:], other[1:])


def test_a_point_comes_out_the_same_whatever_is_moved_with_it():
    lon, lat = scatter(LIVERPOOL, 20_001)
    moved = {"source": _crs.LONLAT, "target": "EPSG:27700", "box": LIVERPOOL}
    whole = np.array(_crs.transform_near(lon, lat, **moved))
    order = np.random.default_rng(4).permutation(lon.size)
    assert_array_equal(np.array(_crs.transform_near(lon[order], lat[order], **moved)), whole[:, order])
    for start, end in ((0, 1), (7, 10), (8_191, 8_194), (20_000, 20_001)):
        assert_array_equal(np.array(_crs.transform_near(lon[start:end], lat[start:end], **moved)), whole[:, start:end])
    _crs._fit.cache_clear()
    assert_array_equal(np.array(_crs.transform_near(lon, lat, **moved)), whole)
