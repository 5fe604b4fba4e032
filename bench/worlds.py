"""Simulated cities whose counts go straight into the program's estimators, without files.

This makes it possible to repeat a study thousands of times. A city is a set of sites inside a boundary. A square unit of
200 m has its events at its middle; an irregular area has several sites. An operation has a target area, one ring and a
window after. The program's own functions make zones, placebo places and estimates from the counts of the sites.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import shapely
from scipy.sparse import csr_array

from geoharm import _crs
from geoharm.evaluation.design.zones import build_zones, exposed_area
from geoharm.evaluation.placebo.calibrated_ratio import placebo_data, placebo_windows
from geoharm.evaluation.placebo.places import PlaceboPlaces, placebo_places
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import Design
from geoharm.model.geometry import StudyArea, ZoneRole
from geoharm.model.measure import Harm, Measure
from geoharm.model.panel import UnitPanel
from geoharm.model.period import Period, Window, add_months
from geoharm.model.study import BeforeRule, Operation
from geoharm.simulation.random_fields import Places

UNIT = 200.0
MOST_CENTRES = 150  # limit of places where an operation may be; placebo places have no limit
START = date(2022, 1, 1)
CRS = "EPSG:32626"
CORNER = (400_000.0, 4_900_000.0)
MEASURE = Measure("events", "police", ("x",), "events", "public", Harm("community", "environment"))
ZONES = ("target", "all rings", "target and rings")
# Around (0, 0), streets from west to east: a stretch of street with its pavements; three places up to 1.9 km apart.
STREET_TARGETS = {
    "street": shapely.LineString([(-300, 0), (300, 0)]).buffer(15),
    "short street": shapely.LineString([(-150, 0), (150, 0)]).buffer(15),
    "long street": shapely.LineString([(-800, 0), (800, 0)]).buffer(15),
    "parts": shapely.union_all([shapely.Point(x, y).buffer(150) for x, y in ((0, 0), (1400, 500), (-300, 1300))]),
    "near parts": shapely.union_all([shapely.Point(x, y).buffer(120) for x, y in ((0, 0), (500, 0), (150, 450))]),
}
SHAPES = {1: (1, 1), 4: (2, 2), 8: (1, 8), 9: (3, 3), 16: (4, 4), 30: (5, 6)}


@dataclass
class Setup:
    """One operation in a city: its design, its placebo places, and the sites in each zone.

    Parameters
    ----------
    design : Design
        Zones and windows.
    places : PlaceboPlaces
        Placebo places.
    masks : dict of str to ndarray of bool
        Sites in the zone of each role.
    row, column : ndarray of int
        Grid cells that hold sites.
    first : ndarray of int
        For each site, the position of its cell in `row` and `column`.
    """

    design: Design
    places: PlaceboPlaces
    masks: dict
    row: np.ndarray
    column: np.ndarray
    first: np.ndarray


@dataclass
class City:
    """Sites with their share of a unit's events, and the places where a target can be.

    Parameters
    ----------
    units : Places
        Units whose rates are simulated.
    unit_of : ndarray of int, sites
        Unit of each site.
    share : ndarray, sites
        Share of the unit's events at each site.
    x, y : ndarray, sites
        Places of the sites, in metres.
    area : StudyArea
        Boundary and coordinate system.
    target : shapely.Geometry
        Outline of a target around (0, 0).
    centres : ndarray, centres x 2
        Places where a target's centre can be, in metres.
    rings : tuple of float
        Outer edges of the rings, in metres from the target.
    gap : float
        Width of the gap in metres.
    kept, grounds : dict
        Setups that were already made, and what in them does not depend on the window after.
    near : sparse array, centres x sites
        1 where a site lies inside the target at a centre.
    """

    units: Places
    unit_of: np.ndarray
    share: np.ndarray
    x: np.ndarray
    y: np.ndarray
    area: StudyArea
    target: shapely.Geometry
    centres: np.ndarray
    rings: tuple[float, ...]
    gap: float = 0.0
    kept: dict = field(default_factory=dict)
    grounds: dict = field(default_factory=dict)
    near: csr_array | None = None

    def __post_init__(self):
        shapely.prepare(self.target)
        if len(self.centres) > MOST_CENTRES:
            chosen = np.random.default_rng(5).choice(len(self.centres), MOST_CENTRES, replace=False)
            self.centres = self.centres[np.sort(chosen)]
        self.near = csr_array(
            np.array([shapely.contains_xy(self.target, self.x - x, self.y - y) for x, y in self.centres], dtype=float)
        )

    def operation(self, centre, name="operation"):
        """Return the operation whose target lies at a centre."""
        x, y = self.centres[centre]
        target = shapely.transform(self.target, lambda points: points + np.array((x, y)))
        period = Period(START, START + timedelta(days=1))
        return Operation(
            name, "crackdown", "", period, target, "", self.gap, self.rings, None, BeforeRule(), ("0-1 months",)
        )

    def setup(self, centre, after, others=()):
        """Return an operation's design and placebo places. They do not depend on counts, so they are kept."""
        key = (centre, after.end, tuple(others))
        if key in self.kept:
            return self.kept[key]
        zones, places, masks, *cells = self.ground(centre, key[2])
        before = Window(
            "before", (Period(add_months(after.start, -12), add_months(after.start, -12) + (after.end - after.start)),)
        )
        setup = Setup(Design(self.operation(centre), zones, before, after, ()), places, masks, *cells)
        if not others:
            self.kept[key] = setup
        return setup

    def ground(self, centre, others):
        """Return zones, placebo places, masks and cells of an operation. They serve every window after."""
        if centre in self.grounds and not others:
            return self.grounds[centre]
        operation = self.operation(centre)
        other_operations = [self.operation(other, f"other {other}") for other in others]
        zones = build_zones(operation, self.area, other_operations)
        control = next(zone.geometry for zone in zones if zone.role is ZoneRole.CONTROL)
        places = placebo_places(operation, self.area, control, other_operations)
        ground = zones, places, *self.sites_in(zones, places)
        if not others:
            self.grounds[centre] = ground
        return ground

    def sites_in(self, zones, places):
        """Return the sites in each zone, the cells of the placebo places that hold sites, and the cell of each site."""
        masks = {zone.role.value: shapely.contains_xy(zone.geometry, self.x, self.y) for zone in zones}
        row = np.floor((self.y - places.origin[1]) / places.cell).astype(np.int64)
        column = np.floor((self.x - places.origin[0]) / places.cell).astype(np.int64)
        cell_key = row * (column.max() + 1) + column
        _, first, inverse = np.unique(cell_key, return_index=True, return_inverse=True)
        return masks, row[first], column[first], inverse


def grid_city(side=30, target=9, sites=1):
    """Return a square city of `side` by `side` units with a compact target.

    `sites` is the number of sites along each edge of a unit. Random fields continue across opposite edges.
    """
    middle = (np.arange(side) + 0.5) * UNIT
    x, y = (part.ravel() for part in np.meshgrid(middle + CORNER[0], middle + CORNER[1]))
    units = Places(x, y, UNIT, side * UNIT)
    steps = ((np.arange(sites) + 0.5) / sites - 0.5) * UNIT
    east, north = (part.ravel() for part in np.meshgrid(steps, steps))
    unit_of = np.repeat(np.arange(x.size), sites * sites)
    boundary = shapely.box(*CORNER, CORNER[0] + side * UNIT, CORNER[1] + side * UNIT)
    rows, columns = SHAPES[target]
    half = columns * UNIT / 2, rows * UNIT / 2
    # The centre of a target is the middle or the corner of a unit. Its ring lies inside the city.
    axes = [
        CORNER[axis] + (np.arange(cells // 2 + 1, side - cells + cells // 2) + (cells % 2) / 2) * UNIT
        for axis, cells in ((0, columns), (1, rows))
    ]
    centres = np.column_stack([part.ravel() for part in np.meshgrid(*axes)])
    return City(
        units, unit_of, np.full(unit_of.size, 1 / sites**2), np.add(x[unit_of], np.tile(east, x.size)),
        np.add(y[unit_of], np.tile(north, x.size)), StudyArea(boundary, CRS),
        shapely.box(-half[0], -half[1], half[0], half[1]), centres, (UNIT,),
    )  # fmt: skip


def polygon_city(files, *, radius=400.0, rings=(600.0,), gap=150.0, seed=1):
    """Return a city of irregular areas, each with up to six random sites that have unequal shares of its events.

    Parameters
    ----------
    files : list of Path
        GeoJSON files of the areas, in longitude and latitude (British).
    radius : float
        Radius of the circular target in metres.
    rings : tuple of float
        Outer edges of the rings, in metres from the target.
    gap : float
        Width of the gap in metres.
    seed : int
        Seed of the sites.
    """
    shapes = []
    for path in sorted(files):
        document = json.loads(path.read_text(encoding="utf-8"))
        shapes += [shapely.geometry.shape(feature["geometry"]) for feature in document["features"]]

    def move(points):
        return np.column_stack(_crs.transform(points[:, 0], points[:, 1], source=_crs.LONLAT, target="EPSG:27700"))

    shapes = [shapely.transform(shape, move) for shape in shapes]
    rng = np.random.default_rng(seed)
    middles = [shape.representative_point() for shape in shapes]
    x, y = np.array([point.x for point in middles]), np.array([point.y for point in middles])
    sites_x, sites_y, unit_of, share = [], [], [], []
    for number, shape in enumerate(shapes):
        west, south, east, north = shape.bounds
        candidates = rng.uniform((west, south), (east, north), (400, 2))
        inside = candidates[shapely.contains_xy(shape, candidates[:, 0], candidates[:, 1])][:6]
        inside = inside if inside.size else np.array([[x[number], y[number]]])
        weight = rng.gamma(1.5, size=len(inside))
        sites_x.append(inside[:, 0]), sites_y.append(inside[:, 1])
        share.append(weight / weight.sum())
        unit_of.append(np.full(len(inside), number))
    boundary = shapely.union_all([shape.buffer(1) for shape in shapes]).simplify(10)
    distance = np.hypot(x[:, None] - x[None], y[:, None] - y[None]) + np.where(np.eye(x.size), np.inf, 0)
    target = shapely.Point(0, 0).buffer(radius, quad_segs=8)
    inner = boundary.buffer(-radius)
    chosen = shapely.contains_xy(inner, x, y)
    return City(
        Places(x, y, float(np.median(distance.min(axis=1)))), np.concatenate(unit_of), np.concatenate(share),
        np.concatenate(sites_x), np.concatenate(sites_y), StudyArea(boundary, "EPSG:27700"), target,
        np.column_stack([x, y])[chosen], rings, gap,
    )  # fmt: skip


def street_city(shape, *, side=30, angle=20.0, block=200.0, step=40.0, seed=1):
    """Return a city whose sites stand along streets of unequal weight, turned by an angle off the axes of any raster.

    Parameters
    ----------
    shape : str
        A key of `STREET_TARGETS`: what the target is.
    side : int
        Units along each edge.
    angle : float
        Of the streets to the axes, in degrees.
    block : float
        Metres between parallel streets.
    step : float
        Metres between the sites of a street.
    seed : int
        Seed of the weights.
    """
    rng = np.random.default_rng(seed)
    length, turn = (
        side * UNIT,
        np.array(
            [
                [np.cos(np.radians(angle)), np.sin(np.radians(angle))],
                [-np.sin(np.radians(angle)), np.cos(np.radians(angle))],
            ]
        ),
    )
    offsets, along = np.arange(block / 2, length, block), np.arange(step / 2, length, step)
    sites, weights = [], []
    for axis in (0, 1):
        for offset in offsets:
            line = np.column_stack([along, np.full(along.size, offset)])
            sites.append(line if axis == 0 else line[:, ::-1])
            weights.append(np.exp(0.5 * rng.standard_normal()) * rng.gamma(1.5, size=along.size))
    sites, weights = np.concatenate(sites), np.concatenate(weights)
    middle = (np.arange(side) + 0.5) * UNIT
    x, y = (part.ravel() for part in np.meshgrid(middle, middle))
    unit_of = np.floor(sites[:, 1] / UNIT).astype(int) * side + np.floor(sites[:, 0] / UNIT).astype(int)
    share = weights / np.bincount(unit_of, weights, side * side)[unit_of]

    def turned(points):
        return points @ turn + CORNER

    target = shapely.transform(STREET_TARGETS[shape], lambda points: points @ turn)
    west, south, east, north = STREET_TARGETS[shape].bounds
    ends = [np.arange(-low + UNIT, length - high - UNIT, block / 2) for low, high in ((west, east), (south, north))]
    # A street's middle line runs along a street of the city.
    ends[1] = offsets[(offsets >= -south + UNIT) & (offsets <= length - north - UNIT)]
    centres = np.column_stack([part.ravel() for part in np.meshgrid(*ends)])
    boundary = shapely.transform(shapely.box(0, 0, length, length), turned)
    moved, units = turned(sites), turned(np.column_stack([x, y]))
    return City(
        Places(units[:, 0], units[:, 1], UNIT), unit_of, share, moved[:, 0], moved[:, 1], StudyArea(boundary, CRS),
        target, turned(centres), (UNIT,),
    )  # fmt: skip


def window_after(months):
    """Return the window after: whole months, or up to the 15th of the last month if `months` is not whole."""
    end = add_months(START, int(months))
    return Window("after", (Period(START, end if months == int(months) else end.replace(day=15)),))


def count_table(setup, before, after_total):
    """Return the counts of the sites as `ZoneCounts` (by zone and month) and as placebo data (by cell and window)."""
    months = before.shape[1]
    by_zone = np.array([np.append(before[mask].sum(axis=0), after_total[mask].sum()) for mask in setup.masks.values()])
    dates = np.array([add_months(START, back) for back in range(-months, 1)], dtype="datetime64[D]")
    role_name = {zone.role.value: zone.name for zone in setup.design.zones}
    counts = ZoneCounts(
        "events", tuple(role_name[role] for role in setup.masks), dates, by_zone.astype(np.int64), by_month=False,
        coverage=Period(add_months(START, -months), setup.design.after.end),
    )  # fmt: skip
    windows = placebo_windows(counts, setup.design)
    table = np.zeros((setup.row.size, months + 1), dtype=np.int64)
    np.add.at(table, setup.first, np.column_stack([before, after_total]).astype(np.int64))
    panel = UnitPanel("events", windows, setup.row.copy(), setup.column.copy(), table)
    return counts, placebo_data(setup.places, panel, setup.design)


def far_from(city, centre, others, metres):
    """Return whether the exposed area of an operation at a centre is more than some metres from those of others.

    Parameters
    ----------
    city : City
        The city.
    centre : int
        Position in `City.centres`.
    others : list of int
        Positions of the other operations.
    metres : float
        Least distance between the exposed areas.
    """
    own_area = exposed_area(city.operation(centre))
    return all(own_area.distance(exposed_area(city.operation(other))) > metres for other in others)
