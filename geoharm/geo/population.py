"""Population at risk from areas: the people of each area, spread evenly over its cells."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import ArrayLike

from geoharm._validation import check_vector
from geoharm.errors import DesignError
from geoharm.geo.cells import cells_within
from geoharm.model.area_counts import Areas
from geoharm.model.grid import Grid
from geoharm.model.points import Points


def population_of_areas(areas: Areas, people: ArrayLike, grid: Grid) -> Points:
    """Return the people of every area, spread over the centres of its cells; the total is unchanged.

    Parameters
    ----------
    areas : Areas
        Polygons with codes.
    people : array_like, shape (n,)
        Zero or more for each area, in the order of its codes.
    grid : Grid
        If an area contains no cell centre, its people are placed at one point inside it.

    Returns
    -------
    Points

    Raises
    ------
    DesignError
        If there is not one number for each area, or areas overlap so much that the sum of their sizes is more than 1 %
        above the size of their union: people there would be counted twice.
    """
    counts = check_vector(people, "people")
    if counts.size != len(areas.shapes) or (counts < 0).any():
        msg = f"Every area needs one number of zero or more; {len(areas.shapes)} areas and {counts.size} were given."
        raise DesignError(msg)
    union_area, summed_area = shapely.union_all(areas.shapes).area, sum(shape.area for shape in areas.shapes)
    if summed_area > 1.01 * union_area:
        msg = f"The areas overlap: together they measure {summed_area / 1e6:.1f} km2 but cover {union_area / 1e6:.1f} km2."
        raise DesignError(msg)
    columns, rows = grid.centres()
    people_per_cell = np.zeros(grid.shape)
    people_outside_cells: list[tuple[float, float, float]] = []
    for shape, count in zip(areas.shapes, counts, strict=True):
        if count == 0:
            continue
        in_area = cells_within(grid, shape)
        if in_area.any():
            people_per_cell[in_area] += count / in_area.sum()
        else:
            inside_point = shape.representative_point()
            people_outside_cells.append((float(inside_point.x), float(inside_point.y), float(count)))
    row, column = np.nonzero(people_per_cell)
    extra_points = np.array(people_outside_cells).reshape(-1, 3)
    return Points(
        np.concatenate([columns[column], extra_points[:, 0]]),
        np.concatenate([rows[row], extra_points[:, 1]]),
        np.concatenate([people_per_cell[row, column], extra_points[:, 2]]),
    )
