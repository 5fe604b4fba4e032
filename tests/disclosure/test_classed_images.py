"""A picture in classes of an internal release: densities between the centres of cells are interpolated, not those of the nearest."""

from __future__ import annotations

import numpy as np

from geoharm import _crs
from geoharm.disclosure.classed_images import change_classes, classed_image
from geoharm.hotspots.results.change import ChangeKind, ChangeSurface
from geoharm.hotspots.results.surface import Surface
from geoharm.model.grid import Grid
from geoharm.model.settings import Correction
from geoharm.simulation.location import CENTRE, CRS

CELL, BREAKS = 500.0, (12.0, 33.0, 61.0, 70.0)


def test_densities_are_interpolated_between_cells(area):
    """A plane: its class at any place between centres follows from its height there."""
    grid = Grid(CENTRE[0] - 3000, CENTRE[1] - 3000, CELL, 12, 12)
    x, y = np.meshgrid(*grid.centres())
    values = 5 + (x - grid.x0) / 100 + (y - grid.y0) / 300
    nothing = np.zeros(grid.shape, dtype=np.int64)
    surface = Surface(grid, values, "quartic", CELL, 100, 1.0, nothing, nothing, "none")
    image = classed_image(surface, values, BREAKS, area, pixel=40.0)
    east, north = np.random.default_rng(1).uniform(CELL, 11 * CELL, (2, 4000))
    longitude, latitude = _crs.transform(grid.x0 + east, grid.y0 + north, source=CRS, target=_crs.LONLAT)
    rows, columns = image.classes.shape
    row = ((image.north - latitude) / (image.north - image.south) * rows).astype(int)
    column = ((longitude - image.west) / (image.east - image.west) * columns).astype(int)
    height = 5 + east / 100 + north / 300
    # A pixel is 40 m wide, and the plane rises by half a unit in it.
    is_clear = np.abs(height[:, None] - np.array(BREAKS)).min(axis=1) > 0.8
    assert is_clear.sum() > 3000
    assert np.array_equal(image.classes[row, column][is_clear], np.digitize(height, BREAKS)[is_clear])


def test_changes_are_classed_by_half_nothing_and_twice():
    """Half or fewer, fewer, more, twice or more; 1 where chance explains it, 0 where nothing was tested."""
    ratio = np.array([[0.0, 0.49, 0.51, 0.99, 1.0, 1.99, 2.0, np.inf, 3.0, 3.0]])
    p = np.append(np.full((1, 9), 0.001), [[np.nan]], axis=1)
    adjusted = np.where(np.arange(10) == 8, 0.5, p)
    many = np.full(ratio.shape, 99)
    with np.errstate(divide="ignore"):
        change = ChangeSurface(
            Grid(0.0, 0.0, CELL, 10, 1), ChangeKind.INTENSITY, np.log(ratio), p, adjusted, Correction.STEP_DOWN, many, many,
            CELL, 0.05, (99.0, 99.0), 99, "", 999, 0, "",
        )  # fmt: skip
    assert change_classes(change).tolist() == [[2, 2, 3, 3, 4, 4, 5, 5, 1, 0]]
