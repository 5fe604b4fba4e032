"""Rings along streets: on a square grid of streets the way is known by hand, and a slow walk agrees everywhere."""

from __future__ import annotations

import heapq
import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import shapely

from geoharm.errors import DesignError
from geoharm.evaluation.design.network_rings import rings_along_streets, walking_distances
from geoharm.geo.street_ground import street_ground
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.streets import join_segments
from geoharm.pipeline.run import run
from geoharm.study.read import read_study
from tests.conftest import lonlat, small_study
from tests.evaluation.test_robustness import design

BLOCK, HALF = 100.0, 1500


def grid():
    """Return streets every 100 m both ways, from -1500 to 1500 m."""
    rows = []
    for line in np.arange(-HALF, HALF + 1, BLOCK):
        for at in np.arange(-HALF, HALF, BLOCK):
            rows.append((at, line, at + BLOCK, line))
            rows.append((line, at, line, at + BLOCK))
    return join_segments(*np.array(rows).T)


def squared():
    """Return the design of the family's tests with a square target of 200 m and straight rings to 500 m."""
    plan = design()
    target = shapely.box(-100, -100, 100, 100)
    edges = {"0-100 m": (0, 100), "100-250 m": (100, 250), "250-500 m": (250, 500)}
    zones = [Zone("target", ZoneRole.TARGET, target)]
    for zone in plan.zones[1:-1]:
        low, high = edges[zone.name]
        zones.append(
            replace(
                zone,
                geometry=target.buffer(high).difference(target.buffer(low))
                if low
                else target.buffer(high).difference(target),
            )
        )
    return replace(plan, zones=(*zones, plan.zones[-1]))


def test_distances_on_a_grid_are_those_of_a_taxi():
    target = shapely.box(-110, -110, 110, 110)
    points, distance = walking_distances(grid(), target, within=target.buffer(600))
    outside = ~shapely.contains_xy(target, points[:, 0], points[:, 1])
    by_hand = np.maximum(np.abs(points[:, 0]) - 110, 0) + np.maximum(np.abs(points[:, 1]) - 110, 0)
    near = outside & (by_hand < 400)
    # Between two crossings of a cross street the way round may be longer than straight to the corner of the target.
    gap = distance[near] - by_hand[near]
    assert (gap > -10.01).all()
    assert np.quantile(gap, 0.9) < 60
    on_axis = near & (points[:, 1] == 0) & (points[:, 0] > 0)
    assert distance[on_axis] == pytest.approx(points[on_axis, 0] - 110, abs=10.01)


def test_rings_along_streets_begin_at_a_street_that_is_drawn_as_a_line():
    """On a grid of 100 m, the way from 400 m of street is that to the nearer end, and across."""
    target = street_ground(shapely.LineString([(-200, 0), (200, 0)]), 30)
    points, distance = walking_distances(grid(), target, within=target.buffer(500))
    x, y = np.abs(points).T
    on_crossing_streets = (x < 201) & (x % 100 == 0) & (y > 30) & (y < 400)
    assert distance[on_crossing_streets] == pytest.approx(y[on_crossing_streets] - 15, abs=10.01)
    beyond_the_end = (y == 0) & (x > 240) & (x < 500)
    assert distance[beyond_the_end] == pytest.approx(x[beyond_the_end] - 215, abs=10.01)
    # A parallel street between two crossings: to the nearer one, and from there.
    parallel = (y == 100) & (x < 200) & (x % 100 != 0)
    to_crossing = np.minimum(x % 100, 100 - x % 100)
    assert distance[parallel] == pytest.approx(85 + to_crossing[parallel], abs=10.01)


def slow(streets, target, within):
    """Walk the same pieces with a heap, one at a time."""
    ends: dict[tuple[float, float], list[tuple[tuple[float, float], float]]] = {}
    pieces = []
    for x0, y0, x1, y1 in zip(streets.x0, streets.y0, streets.x1, streets.y1, strict=True):
        line = shapely.LineString([(x0, y0), (x1, y1)])
        if not line.intersects(within):
            continue
        number = int(np.ceil(line.length / 20))
        at = [line.interpolate(k / number, normalized=True) for k in range(number + 1)]
        keys = [(round(p.x, 3), round(p.y, 3)) for p in at]
        for one, two in pairwise(keys):
            size = line.length / number
            ends.setdefault(one, []).append((two, size))
            ends.setdefault(two, []).append((one, size))
            pieces.append((one, two, size))
    middles = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b, _ in pieces]
    home = [shapely.Point(m).within(target) for m in middles]
    best: dict[tuple[float, float], float] = {}
    heap = [(0.0, node) for (a, b, _), here in zip(pieces, home, strict=True) if here for node in (a, b)]
    heapq.heapify(heap)
    while heap:
        far, node = heapq.heappop(heap)
        if node in best:
            continue
        best[node] = far
        for other, size in ends[node]:
            if other not in best:
                heapq.heappush(heap, (far + size, other))
    inf = float("inf")
    return [
        0.0 if here else min(best.get(a, inf), best.get(b, inf)) + size / 2
        for (a, b, size), here in zip(pieces, home, strict=True)
    ]


def test_a_slow_walk_agrees_on_crooked_streets():
    rng = np.random.default_rng(4)
    straight = grid()
    shift = {}
    ends = [[], [], [], []]
    for row in zip(straight.x0, straight.y0, straight.x1, straight.y1, strict=True):
        if rng.random() < 0.25:
            continue
        for place in (0, 2):
            key = row[place], row[place + 1]
            shift.setdefault(key, rng.uniform(-30, 30, 2))
            ends[place].append(key[0] + shift[key][0])
            ends[place + 1].append(key[1] + shift[key][1])
    streets = join_segments(*ends)
    target = shapely.Point(0, 0).buffer(180)
    within = target.buffer(500)
    _, distance = walking_distances(streets, target, within=within)
    referee = np.array(slow(streets, target, within))
    assert (np.isinf(distance) == np.isinf(referee)).all()
    walked = np.isfinite(distance)
    assert walked.sum() > 300
    assert distance[walked] == pytest.approx(referee[walked], abs=0.05)


def test_zones_on_foot_lie_inside_the_straight_ones_and_apart():
    plan = squared()
    found = rings_along_streets(plan, grid())
    bands = [zone for zone in found.zones if zone.role in (ZoneRole.GAP, ZoneRole.RING)]
    assert [zone.name for zone in bands] == ["0-100 m", "100-250 m", "250-500 m"]
    outer = plan.zones[0].geometry.buffer(500)
    for place, zone in enumerate(bands):
        assert zone.geometry.within(outer.buffer(0.01))
        assert zone.geometry.intersection(plan.zones[0].geometry).area < 1e-6
        for other in bands[place + 1 :]:
            assert zone.geometry.intersection(other.geometry).area < 1e-6
    corner = shapely.Point(100 + 300, 100 + 300)  # 424 m in a straight line, 600 m on foot
    straight = plan.zones[3].geometry
    assert straight.contains(corner)
    assert not any(zone.geometry.contains(corner) for zone in bands)
    assert bands[2].geometry.contains(shapely.Point(100 + 350, 3))
    assert found.zones[-1] is plan.zones[-1]
    assert "measured along streets" in found.notes[-1]


def test_no_street_is_a_reason():
    far = join_segments([2000.0], [0.0], [2100.0], [0.0])
    with pytest.raises(DesignError, match="No street reaches the target area"):
        rings_along_streets(squared(), far)
    stub = join_segments([0.0], [0.0], [40.0], [0.0])
    with pytest.raises(DesignError, match="No street lies 0 to 100 m on foot"):
        rings_along_streets(squared(), stub)


def test_a_study_with_streets_measures_its_rings_on_foot(tmp_path):
    path = small_study(tmp_path)
    lines = []
    for line in range(-1200, 1201, 100):
        for one, two in (((-1200, line), (1200, line)), ((line, -1200), (line, 1200))):
            crossings = np.linspace(0, 1, 25)
            steps = [lonlat(one[0] + f * (two[0] - one[0]), one[1] + f * (two[1] - one[1])) for f in crossings]
            lines.append(
                {"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": steps}}
            )
    (tmp_path / "streets.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": lines}))
    text = path.read_text(encoding="utf-8").replace("rings     = { gap", 'rings     = { along = "streets", gap')
    source = (
        '\n[[source]]\nname = "streets"\nkind = "streets"\nformat = "streets-geojson"\nfiles = ["streets.geojson"]\n'
    )
    path.write_text(text.replace("\n[[measure]]", source + "\n[[measure]]", 1), encoding="utf-8")
    study = read_study(path)
    assert study.operations[0].streets == "streets"
    walked = run(study, data=tmp_path, out=tmp_path / "out", database=tmp_path / "s.duckdb").result.operations[0]
    straight = replace(study, operations=(replace(study.operations[0], streets=""),))
    plain = run(straight, data=tmp_path, out=tmp_path / "two", database=tmp_path / "s.duckdb").result.operations[0]
    rings = [[zone.geometry.area for zone in one.design.of_role(ZoneRole.RING)] for one in (walked, plain)]
    assert all(less < more for less, more in zip(*rings, strict=True))
    one, two = (found.measures[0].effect("all rings") for found in (walked, plain))
    assert 0 < one.before < two.before
    assert walked.measures[0].effect("target").counts == plain.measures[0].effect("target").counts
