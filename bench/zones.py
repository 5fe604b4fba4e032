"""Speed of points in polygons: `geoharm.geo.point_in_polygon`, sedonadb and geopandas, with equal counts.

Run as ``python -m bench.zones [--quick] [--case "10 rings"]``. The zones are ten nested rings of 2,000 corners, each with a
hole, or 5,000 polygons of 48 corners that share their edges. The city is 30 by 30 km, with three quarters of the points in
clusters. Every method counts the points in every zone, with the points in memory. Compilation is not timed, since it happens
once on each machine. Passing the points to each package is not timed either.
"""

from __future__ import annotations

import importlib
import itertools
import sys
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from bench.paired import alternate, one_run, report
from geoharm.geo import point_in_polygon_grid

SIDE = 30_000.0
PACKAGES = ("geoharm", "numpy", "shapely", "geopandas", "sedonadb", "numba")


def points(count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x and y of the points of a simulated city, in metres."""
    rng = np.random.default_rng(7)
    clusters, background = 600, count // 4
    middles = rng.uniform(2_000, SIDE - 2_000, (clusters, 2))
    weight = (rng.pareto(1.2, clusters) + 0.2) * np.exp(-((middles - SIDE / 2) ** 2).sum(axis=1) / (2 * 8_000**2))
    spread = rng.uniform(60, 700, clusters)
    cluster_of = rng.choice(clusters, count - background, p=weight / weight.sum())
    near = middles[cluster_of] + rng.normal(size=(cluster_of.size, 2)) * spread[cluster_of, None]
    shuffled = rng.permutation(np.clip(np.concatenate([near, rng.uniform(0, SIDE, (background, 2))]), 0, SIDE), axis=0)
    return np.ascontiguousarray(shuffled[:, 0]), np.ascontiguousarray(shuffled[:, 1])


def rings() -> list[Any]:
    """Return ten nested rings with ragged outlines. Each ring is the area between two outlines."""
    rng = np.random.default_rng(5)
    angle = np.linspace(0, 2 * np.pi, 2_000, endpoint=False)
    ragged = 1 + sum(rng.normal() * 0.1 / m * np.cos(m * angle + rng.uniform(0, 2 * np.pi)) for m in range(1, 40))
    shape = np.column_stack([np.cos(angle), np.sin(angle)]) * np.clip(ragged, 0.3, None)[:, None]
    outlines = [shapely.Polygon(SIDE / 2 + shape * 1_200 * step) for step in range(1, 11)]
    return [
        outlines[0],
        *(shapely.Polygon(b.exterior, [a.exterior]) for a, b in itertools.pairwise(outlines)),
    ]


def tessellation() -> list[Any]:
    """Return 5,000 polygons that share ragged edges of twelve segments."""
    rng = np.random.default_rng(5)
    across, down, pieces = 100, 50, 12
    size = np.array([SIDE / across, SIDE / down])
    corners = np.stack(np.meshgrid(np.arange(across + 1), np.arange(down + 1), indexing="ij"), axis=-1) * size
    corners[1:-1, 1:-1] += rng.uniform(-0.2, 0.2, (across - 1, down - 1, 2)) * size

    def edge(start: NDArray[np.float64], end: NDArray[np.float64], *, inner: bool) -> NDArray[np.float64]:
        line = start + np.linspace(0, 1, pieces + 1)[:, None] * (end - start)
        if inner:
            line[1:-1] += rng.uniform(-0.02, 0.02, (pieces - 1, 1)) * np.array([start[1] - end[1], end[0] - start[0]])
        return line

    flat = {
        (i, j): edge(corners[i, j], corners[i + 1, j], inner=0 < j < down)
        for i in range(across)
        for j in range(down + 1)
    }
    tall = {
        (i, j): edge(corners[i, j], corners[i, j + 1], inner=0 < i < across)
        for i in range(across + 1)
        for j in range(down)
    }
    return [
        shapely.Polygon(
            np.concatenate([flat[i, j][:-1], tall[i + 1, j][:-1], flat[i, j + 1][:0:-1], tall[i, j][:0:-1]])
        )
        for i in range(across)
        for j in range(down)
    ]


ZONES = {"10 rings": rings, "5,000 polygons": tessellation}


def run(method: str, case: str, count: int) -> None:
    """Count the points in every zone with one method, and print time and memory."""
    x, y = points(count)
    zones = ZONES[case]()
    if method == "geoharm":
        point_in_polygon_grid.locate_by_grid(x[:100], y[:100], zones[:2])
        one_run(
            lambda: np.bincount(point_in_polygon_grid.locate_by_grid(x, y, zones) + 1, minlength=len(zones) + 1)[1:],
            _digest,
        )
    elif method == "geopandas":
        frame = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(x, y))
        areas = geopandas.GeoDataFrame(geometry=zones)

        def join() -> Any:
            pairs = geopandas.sjoin(frame, areas, predicate="intersects")
            return np.bincount(pairs["index_right"], minlength=len(zones))

        one_run(join, _digest)
    else:
        one_run(_sedona(x, y, zones), _digest)


def _sedona(x: NDArray[np.float64], y: NDArray[np.float64], zones: list[Any]) -> Any:
    sedonadb = importlib.import_module("sedonadb")
    session = sedonadb.connect()
    session.create_data_frame(pd.DataFrame({"x": x, "y": y})).to_view("points")
    areas = geopandas.GeoDataFrame({"zone": np.arange(len(zones))}, geometry=zones)
    session.create_data_frame(areas).to_view("zones")

    def join() -> Any:
        table = session.sql(
            "SELECT zone, count(*) AS n FROM points JOIN zones ON ST_Intersects(geometry, ST_Point(x, y)) GROUP BY zone"
        ).to_pandas()
        counts = np.zeros(len(zones), dtype=np.int64)
        counts[table["zone"]] = table["n"]
        return counts

    return join


def _digest(counts: Any) -> str:
    return str(hash(tuple(int(n) for n in counts)))


def main(arguments: list[str]) -> None:
    """Run every case in processes of its own, or run one method here."""
    if arguments[:1] == ["--one"]:
        run(arguments[1], arguments[2], int(arguments[3]))
        return
    quick = "--quick" in arguments
    count, repeats = (20_000, 1) if quick else (10_000_000, 3)
    # geopandas needs a minute to join a million points to large outlines, so it gets a hundredth of the points.
    sizes = (
        {count: ("geoharm", "sedonadb", "geopandas")}
        if quick
        else {count: ("geoharm", "sedonadb"), count // 100: ("geoharm", "geopandas")}
    )
    cases = [arguments[arguments.index("--case") + 1]] if "--case" in arguments else ZONES
    for case in cases:
        for size, methods in sizes.items():
            runs = alternate("bench.zones", methods, (case, str(size)), repeats)
            report("zones", f"{size:,} points, {case}", "geoharm", runs, PACKAGES)


if __name__ == "__main__":
    main(sys.argv[1:])
