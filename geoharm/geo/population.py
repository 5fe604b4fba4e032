"""The population at risk from a table of areas: each area's people, spread evenly over its cells."""

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
    """Return the people of every area at the centres of its cells; their sum stays what it is.

    Parameters
    ----------
    areas : Areas
    people : array_like, shape (n,)
        Zero or more for each area, in the order of its codes.
    grid : Grid
        An area that holds no cell centre has its people at a point inside it.

    Returns
    -------
    Points

    Raises
    ------
    DesignError
        If numbers and areas do not fit, or areas overlap by more than 1 % of their sum: people there would be counted twice.
    """
    counts = check_vector(people, "people")
    if counts.size != len(areas.shapes) or (counts < 0).any():
        msg = f"Every area needs one number of zero or more; {len(areas.shapes)} areas and {counts.size} were given."
        raise DesignError(msg)
    union, apart = shapely.union_all(areas.shapes).area, sum(shape.area for shape in areas.shapes)
    if apart > 1.01 * union:
        msg = f"The areas overlap: together they measure {apart / 1e6:.1f} km2 but cover {union / 1e6:.1f} km2."
        raise DesignError(msg)
    columns, rows = grid.centres()
    weight = np.zeros(grid.shape)
    lone: list[tuple[float, float, float]] = []
    for shape, count in zip(areas.shapes, counts, strict=True):
        if count == 0:
            continue
        held = cells_within(grid, shape)
        if held.any():
            weight[held] += count / held.sum()
        else:
            inner = shape.representative_point()
            lone.append((float(inner.x), float(inner.y), float(count)))
    row, column = np.nonzero(weight)
    extra = np.array(lone).reshape(-1, 3)
    return Points(
        np.concatenate([columns[column], extra[:, 0]]),
        np.concatenate([rows[row], extra[:, 1]]),
        np.concatenate([weight[row, column], extra[:, 2]]),
    )
