"""Attacks on what is published: events solved for from a surface, small counts looked for in every byte."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from io import BytesIO

import numpy as np
import shapely
from scipy.optimize import nnls

from geoharm import _crs
from geoharm.disclosure.classed_images import class_breaks, classed_image
from geoharm.disclosure.hotspots import COARSE, protect_hotspots
from geoharm.disclosure.protect import protect
from geoharm.hotspots.density.intensity import density
from geoharm.hotspots.results.maps import HotspotResult
from geoharm.hotspots.results.surface import Bandwidth, Concentration
from geoharm.model.geometry import StudyArea
from geoharm.model.grid import grid_over
from geoharm.model.points import Points
from geoharm.report.write import publish_study
from geoharm.simulation.location import CENTRE, CRS
from tests.disclosure.test_protect import MEASURE, planted_spot, result

BANDWIDTH, CELL, EVENTS, ERROR, K = 300.0, 50.0, 60, 25.0, 5
GUESSES = np.arange(-900.0, 900.0, 25.0) + 12.5


# -- inversion ------------------------------------------------------------------------------------------------------


def mesh(x, y):
    return [one.ravel() for one in np.meshgrid(x, y)]


def kernel(x, y, at_x, at_y):
    """Return what an event at each guess adds to each cell, per km2 and year."""
    squared = ((x[:, None] - at_x) ** 2 + (y[:, None] - at_y) ** 2) / BANDWIDTH**2
    return np.where(squared < 1, 3e6 / (np.pi * BANDWIDTH**2) * (1 - squared) ** 2, 0.0)


def solved(x, y, values, at_x, at_y):
    """Return the guesses to which a deconvolution by least squares, events not negative, gives a good part of an event."""
    weights, _ = nnls(kernel(x, y, at_x, at_y), values, maxiter=60_000)
    return np.flatnonzero(weights > 0.3)


def placed(found_x, found_y, points):
    """Return how many events lie within the location error of a place that was found."""
    if not len(found_x):
        return 0
    far = np.hypot(found_x[:, None] - points.x, found_y[:, None] - points.y).min(axis=0)
    return int((far <= ERROR).sum())


def world(seed):
    rng = np.random.default_rng(seed)
    points = Points(*(CENTRE[i] + rng.uniform(-700, 700, EVENTS) for i in (0, 1)), np.ones(EVENTS))
    area = StudyArea(shapely.box(*(c - 900 for c in CENTRE), *(c + 900 for c in CENTRE)), CRS)
    grid = grid_over(area.boundary, cell=CELL)
    return rng, points, area, density(points, grid, bandwidth=BANDWIDTH, years=1, within=area.boundary)


def test_events_cannot_be_solved_for_from_what_is_published():
    """From the surface itself the attack places nearly all events; from the published classes, what blind guesses would."""
    at_x, at_y = mesh(CENTRE[0] + GUESSES, CENTRE[1] + GUESSES)
    exact = attacked = blind = 0.0
    for seed in range(4):
        rng, points, area, surface = world(seed)
        grid = surface.grid
        cells = mesh(grid.x0 + (np.arange(grid.nx) + 0.5) * CELL, grid.y0 + (np.arange(grid.ny) + 0.5) * CELL)
        inside = np.isfinite(surface.values.ravel())
        if seed == 0:
            found = solved(cells[0][inside], cells[1][inside], surface.values.ravel()[inside], at_x, at_y)
            exact = placed(at_x[found], at_y[found], points) / EVENTS
        # What a reader has: a class at nodes a third of the bandwidth apart, and the middle of the class.
        x, y, classes, breaks = published_nodes(surface, area)
        drawn = classes > 0
        middles = np.array([0.0, *(1.5 * start for start in breaks)])[classes[drawn]]
        found = solved(x[drawn], y[drawn], middles, at_x, at_y)
        attacked += placed(at_x[found], at_y[found], points)
        for _ in range(50):
            pick = rng.choice(np.flatnonzero(drawn), max(len(found), 1))
            shift = rng.uniform(-0.5, 0.5, (2, pick.size)) * COARSE * BANDWIDTH
            blind += placed(x[pick] + shift[0], y[pick] + shift[1], points) / 50
    assert exact > 0.9
    assert attacked <= blind + 2 * blind**0.5


def published_nodes(surface, area):
    """Return the nodes of the published picture, read back from its pixels, the classes there, and where classes begin."""
    whole = HotspotResult(
        MEASURE, {("", "whole period"): surface}, (), Bandwidth(BANDWIDTH, "stated", "quartic"), (),
        Concentration(1, 0.0, (), np.nan, np.nan),
    )  # fmt: skip
    shown = protect_hotspots(whole, area, K)
    image = shown.views["", "whole period"]
    grid, step = surface.grid, COARSE * BANDWIDTH
    columns, rows = (int(np.ceil(size * CELL / step)) for size in (grid.nx, grid.ny))
    x, y = mesh(grid.x0 + (np.arange(columns) + 0.5) * step, grid.y0 + (np.arange(rows) + 0.5) * step)
    longitude, latitude = _crs.transform(x, y, source=CRS, target=_crs.LONLAT)
    high, wide = image.classes.shape
    down = np.clip(((image.north - latitude) / (image.north - image.south) * high).astype(int), 0, high - 1)
    across = np.clip(((longitude - image.west) / (image.east - image.west) * wide).astype(int), 0, wide - 1)
    return x, y, image.classes[down, across].astype(int), shown.breaks


def test_the_picture_tells_no_more_than_its_nodes():
    """Two surfaces that agree at the nodes alone give the same picture."""
    _, _, area, surface = world(0)
    values = np.nan_to_num(surface.values)
    step = int(2 * COARSE * BANDWIDTH / CELL)
    other = values.copy()
    nodes = np.zeros(values.shape, dtype=bool)
    for down in (step // 2 - 1, step // 2):
        for across in (step // 2 - 1, step // 2):
            nodes[down::step, across::step] = True
    other[~nodes] = values.max()
    breaks = class_breaks(float(values.max()))
    one, two = (classed_image(surface, table, breaks, area, coarse=step * CELL) for table in (values, other))
    assert np.array_equal(one.classes, two.classes)
    assert len(set(np.unique(one.classes))) > 2


# -- hidden bytes ---------------------------------------------------------------------------------------------------


EVERYTHING = ("geopackage", "geoparquet", "geotiff", "figures", "tables", "workbook", "effects", "qgis", "word")


def every_byte(area, folder, count, files=EVERYTHING):
    """Publish a study in which one ring, and one lonely place on the map, hold `count` events.

    The sum of both rings stays the same, and so do outlines of hotspots, which tell of much larger crowds.
    """
    table = [[100, 30, 30], [50, 12, 12], [count, 20, 20], [120 - count, 25, 25], [900, 300, 300]]
    spots = replace(planted_spot(area, count, count), hotspots=planted_spot(area, 4, 4).hotspots, variants=())
    whole = result(area, table, spots=[spots])
    whole = replace(whole, study=replace(whole.study, publish=replace(whole.study.publish, files=files)))
    publish_study(protect(whole), folder)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_no_published_byte_depends_on_a_small_count(area, tmp_path):
    """Whether a ring and a place hold 1 or 4 events, every file is the same to the last byte; 12 would be seen."""
    one, four = (every_byte(area, tmp_path / str(count), count) for count in (1, 4))
    kinds = {name.rsplit(".", 1)[1] for name in one}
    assert kinds == {"html", "json", "txt", "png", "svg", "csv", "xlsx", "gpkg", "parquet", "tif", "qgz", "docx"}
    assert [name for name in one if one[name] != four[name]] == []
    files = ("qgis", "geotiff", "tables", "workbook", "effects", "word")
    two, three, many = (every_byte(area, tmp_path / str(count), count, files) for count in (2, 3, 12))
    assert two == three
    assert [name for name in two if two[name] != one[name] and name != "releases.json"] == []
    seen = {name for name in many if many[name] != one.get(name)}
    assert {"report.html", "run.json", "map.html", "pieces/tables.xlsx", "effects.csv", "effects.parquet"} <= seen


def test_withheld_counts_are_shorthand_in_the_workbook(area, tmp_path):
    files = every_byte(area, tmp_path, 3, ("workbook",))
    with zipfile.ZipFile(BytesIO(files["pieces/tables.xlsx"])) as book:
        parts = {name: book.read(name).decode("utf-8") for name in book.namelist() if name.endswith(".xml")}
    assert "[c]" in parts["xl/sharedStrings.xml"]
    assert not any(re.search(r"<f[ >]", text) for text in parts.values())
