"""Simulate the demo city, small and with one planted operation: the files of data/sample and their truth.

The city lies in the open Atlantic, so that it is not mistaken for a real place. Streets form a grid. Needle finds,
violence, overdoses, entries to treatment and police drug activity concentrate at a few markets. Monthly counts vary with
the season and by chance. One operation changes the rates in its target area, and some of the lost events appear nearby.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geoharm import _crs
from geoharm._whole_files import write_whole
from geoharm.model.period import Period, add_months
from geoharm.simulation.ground import write_ground
from geoharm.simulation.location import CENTRE, CRS
from geoharm.simulation.services import write_services

SIZE = 12_000.0
BLOCK = 150.0
SPAN = Period(date(2019, 1, 1), date(2023, 1, 1))
OPERATION = Period(date(2022, 1, 10), date(2022, 1, 24))
TARGET_RADIUS = 320.0
RING = (50.0, 600.0)
# Metres east and north of the centre, and size; about 3 km apart. The operation is at the first; others are as large.
_MARKETS = (
    (-1500.0, 1400.0, 1.0), (1600.0, 1500.0, 1.05), (-4400.0, 4300.0, 0.95), (4500.0, 4400.0, 1.0), (1400.0, -1500.0, 0.95),
    (-1600.0, -1400.0, 0.7), (4400.0, 1600.0, 0.6), (-4500.0, 1300.0, 0.55), (-1300.0, 4500.0, 0.8), (1500.0, 4400.0, 0.5),
    (4300.0, -1400.0, 1.05), (-4300.0, -1600.0, 0.9), (-1400.0, -4400.0, 0.5), (1600.0, -4300.0, 0.75),
    (4500.0, -4500.0, 0.4), (-4400.0, -4400.0, 0.6),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EventStream:
    """One kind of event.

    Attributes
    ----------
    name, category : str
    monthly : float
        Mean events a month in the whole city.
    market_share : float
        Share of them at markets.
    dispersion : float
        Variance divided by mean of a place's monthly count.
    local : float
        Factor in the target area after the operation.
    moved : float
        Share of the events lost there that appear in the ring.
    """

    name: str
    category: str
    monthly: float
    market_share: float
    dispersion: float
    local: float
    moved: float


STREAMS = (
    EventStream("needles", "needle find", 400.0, 0.75, 1.5, 0.55, 0.30),
    EventStream("violence", "violence", 220.0, 0.35, 1.3, 0.80, 0.0),
    EventStream("overdoses", "overdose call", 110.0, 0.60, 1.2, 1.0, 0.0),
    EventStream("drug offences", "drug offence", 90.0, 0.80, 2.0, 1.6, 0.0),
    EventStream("treatment", "treatment entry", 120.0, 0.50, 1.1, 1.25, 0.0),
)


@dataclass(frozen=True, slots=True)
class DemoCity:
    """A simulated city.

    Attributes
    ----------
    seed : int
    boundary, target : shapely geometry
        In metres of `CRS`.
    events : mapping of stream name to list of (day, x, y)
        In the order in which they are written.
    truth : dict
        Expected counts with and without the operation, by stream and zone, after the operation.
    """

    seed: int
    boundary: shapely.Geometry
    target: shapely.Geometry
    events: dict[str, list[tuple[date, float, float]]]
    truth: dict[str, Any]


def make_demo_city(seed: int) -> DemoCity:
    """Return a simulated city; the same seed gives the same city.

    Parameters
    ----------
    seed : int
    """
    rng = np.random.default_rng(seed)
    boundary = shapely.box(
        *(coordinate - SIZE / 2 for coordinate in CENTRE), *(coordinate + SIZE / 2 for coordinate in CENTRE)
    )
    target = shapely.Point(CENTRE[0] + _MARKETS[0][0], CENTRE[1] + _MARKETS[0][1]).buffer(TARGET_RADIUS, quad_segs=6)
    x, y = _street_places(rng)
    in_target = shapely.intersects_xy(target, x, y)
    in_ring = shapely.intersects_xy(target.buffer(RING[1]), x, y) & ~shapely.intersects_xy(target.buffer(RING[0]), x, y)
    months = SPAN.months()
    city_walk = np.exp(np.cumsum(rng.normal(0, 0.03, len(months))))
    events: dict[str, list[tuple[date, float, float]]] = {}
    truth: dict[str, Any] = {"seed": seed, "operation": [str(OPERATION.start), str(OPERATION.end)], "streams": {}}
    for stream in STREAMS:
        base = _place_rates(rng, x, y, stream)
        season = np.array([1 + 0.15 * np.cos(2 * np.pi * (month.month - 7) / 12) for month in months])
        usual = base[:, None] * (city_walk * season)[None, :]
        changed = _after_operation(usual, months, stream, in_target, in_ring)
        counts = _draw_counts(rng, changed, stream.dispersion)
        events[stream.name] = _spread_over_days(rng, counts, months, x, y)
        after = np.array([month >= add_months(OPERATION.end.replace(day=1), 1) for month in months])
        truth["streams"][stream.name] = {
            zone: {
                "expected_without": round(float(usual[inside][:, after].sum()), 3),
                "expected_with": round(float(changed[inside][:, after].sum()), 3),
            }
            for zone, inside in (("target", in_target), ("ring", in_ring))
        }
    return DemoCity(seed, boundary, target, events, truth)


def write_demo_city(city: DemoCity, folder: Path) -> tuple[Path, ...]:
    """Write a city's input files, areas and truth, and return their paths.

    The files have the flaws of real files: rows without a location, a duplicate row, and an unreadable date.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([city.seed, 1])
    written = []
    for name in ("needles", "overdoses"):
        category = next(stream.category for stream in STREAMS if stream.name == name)
        rows = [(day, x, y, category) for day, x, y in city.events[name]]
        written.append(_write_events(folder / f"{name}.csv", rows, rng))
    police = [(day, x, y, stream.category) for stream in STREAMS[1::2] for day, x, y in city.events[stream.name]]
    written.append(_write_events(folder / "police.csv", sorted(police), rng))
    written.append(_write_area(folder / "city.geojson", city.boundary, "the made city"))
    written.append(_write_area(folder / "market.geojson", city.target, "the market of the operation"))
    written.append(write_ground(folder / "ground.geojson", size=SIZE, block=BLOCK))
    entries = [(day, x, y, "treatment entry") for day, x, y in city.events["treatment"]]
    written.append(_write_events(folder / "treatment.csv", entries, rng))
    written += write_services(city.seed, city.boundary, city.target, folder)
    truth_path = write_whole(folder / "truth.json", json.dumps(city.truth, indent=1, sort_keys=True) + "\n")
    return (*written, truth_path)


def _street_places(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return addresses about every 30 m along streets one block apart: x and y, shape (n,) each."""
    lines = np.arange(-SIZE / 2 + BLOCK / 2, SIZE / 2, BLOCK)
    steps = np.arange(-SIZE / 2 + 15, SIZE / 2, 30.0)
    along, across = (grid.ravel() for grid in np.meshgrid(steps, lines))
    x = np.concatenate([along, across]) + CENTRE[0] + rng.normal(0, 4, 2 * along.size)
    y = np.concatenate([across, along]) + CENTRE[1] + rng.normal(0, 4, 2 * along.size)
    inside = (np.abs(x - CENTRE[0]) < SIZE / 2) & (np.abs(y - CENTRE[1]) < SIZE / 2)
    return x[inside], y[inside]


def _place_rates(
    rng: np.random.Generator, x: NDArray[np.float64], y: NDArray[np.float64], stream: EventStream
) -> NDArray[np.float64]:
    """Return the mean monthly events of each address: a heavy tail everywhere, more at markets."""
    background = np.exp(rng.normal(0, 1.0, x.size))
    market = np.zeros(x.size)
    for east, north, size in _MARKETS:
        squared_distance = (x - CENTRE[0] - east) ** 2 + (y - CENTRE[1] - north) ** 2
        market += size * np.exp(-squared_distance / (2 * 220.0**2)) * np.exp(rng.normal(0, 0.8, x.size))
    shares = (1 - stream.market_share) * background / background.sum() + stream.market_share * market / market.sum()
    return np.asarray(stream.monthly * shares, dtype=np.float64)


def _after_operation(
    usual: NDArray[np.float64],
    months: Sequence[date],
    stream: EventStream,
    in_target: NDArray[np.bool_],
    in_ring: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return the rates with the operation: the full effect for six months after its start, then half of it."""
    changed = usual.copy()
    start = OPERATION.start.replace(day=1)
    for column, month in enumerate(months):
        if month < start:
            continue
        strength = 1.0 if month < add_months(start, 7) else 0.5
        lost = usual[in_target, column] * (1 - stream.local) * strength
        changed[in_target, column] -= lost
        ring = usual[in_ring, column]
        changed[in_ring, column] += stream.moved * lost.sum() * ring / ring.sum()
    return changed


def _draw_counts(rng: np.random.Generator, rates: NDArray[np.float64], dispersion: float) -> NDArray[np.int64]:
    """Return counts whose variance is `dispersion` times their mean."""
    if dispersion <= 1:
        return rng.poisson(rates)
    shape = rates / (dispersion - 1)
    return rng.poisson(rng.gamma(shape) * (dispersion - 1))


def _spread_over_days(
    rng: np.random.Generator,
    counts: NDArray[np.int64],
    months: Sequence[date],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
) -> list[tuple[date, float, float]]:
    places, columns = np.nonzero(counts)
    repeats = counts[places, columns]
    place, column = np.repeat(places, repeats), np.repeat(columns, repeats)
    lengths = np.array([(add_months(month, 1) - month).days for month in months])
    offset = np.floor(rng.random(place.size) * lengths[column]).astype(int)
    rows = [
        (months[int(month_index)] + timedelta(days=int(days)), float(x[address]), float(y[address]))
        for address, month_index, days in zip(place, column, offset, strict=True)
    ]
    return sorted(rows)


def _write_events(path: Path, rows: Sequence[tuple[date, float, float, str]], rng: np.random.Generator) -> Path:
    longitude, latitude = _crs.transform(
        [row[1] for row in rows], [row[2] for row in rows], source=CRS, target=_crs.LONLAT
    )
    without_place = set(rng.choice(len(rows), size=max(1, len(rows) // 200), replace=False).tolist())
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "date", "longitude", "latitude", "category"])
    for number, (day, _, _, category) in enumerate(rows):
        coordinates = ["", ""] if number in without_place else [f"{longitude[number]:.5f}", f"{latitude[number]:.5f}"]
        row = [f"{path.stem}-{number + 1}", str(day), *coordinates, category]
        writer.writerow(row)
        if number == 10:
            writer.writerow(row)
    writer.writerow([f"{path.stem}-x", "32/13/2021", "-27.0", "45.0", rows[0][3]])
    return write_whole(path, text.getvalue())


def _write_area(path: Path, shape: shapely.Geometry, name: str) -> Path:
    def to_lonlat(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(_crs.transform(points[:, 0], points[:, 1], source=CRS, target=_crs.LONLAT))

    geometry = shapely.geometry.mapping(shapely.set_precision(shapely.transform(shape, to_lonlat), 1e-6))
    feature = {"type": "Feature", "properties": {"name": name}, "geometry": geometry}
    document = {"type": "FeatureCollection", "features": [feature]}
    return write_whole(path, json.dumps(document, indent=1) + "\n")
