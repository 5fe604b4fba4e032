"""How few places hold how many of the events: the 80-20 table, and what the law of crime concentration is read from.

Weisburd (2015), The law of crime concentration and the criminology of place; https://doi.org/10.1111/1745-9125.12070.
Bernasco and Steenbeek (2017), More places than crimes; https://doi.org/10.1007/s10940-016-9324-7.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from geoharm._validation import check_vector
from geoharm.errors import DesignError
from geoharm.geo.cells import cells_within
from geoharm.hotspots.clusters.neighbourhood_sums import cell_counts
from geoharm.hotspots.results.surface import Concentration
from geoharm.model.grid import Grid
from geoharm.model.points import Points

SHARES = (0.25, 0.5, 0.8)


def concentration(counts: ArrayLike, *, shares: tuple[float, ...] = SHARES) -> Concentration:
    r"""Return how concentrated events are over places.

    Parameters
    ----------
    counts : array_like, shape (n,)
        Events at every place, zeros included: cells of one size, street segments, areas.
    shares : tuple of float
        Shares of all events for which the fewest places are counted.

    Returns
    -------
    Concentration

    Raises
    ------
    DesignError
        If there is no place or a count is negative.

    Notes
    -----
    With n places in increasing order, c events in all, and :math:`y_i` the share of all events at place i:

    .. math:: G = \frac{1}{n}\left(2 \sum_i i\,y_i - n - 1\right), \qquad
       G' = \max\left(\frac{n}{c}, 1\right)(G - 1) + 1

    G' is adjusted for sparse events (Bernasco and Steenbeek): with fewer events than places, some places must be
    empty, and G is above 0 even where no place has two events. It is G itself from one event a place on.

    Examples
    --------
    >>> found = concentration([5, 2, 1, 0, 0, 0, 0, 0, 0, 0])
    >>> round(found.gini, 2), round(found.adjusted_gini, 2), found.needed
    (0.8, 0.75, ((0.25, 1), (0.5, 1), (0.8, 2)))
    """
    values = np.sort(check_vector(counts, "counts"))
    if values.size == 0 or values[0] < 0:
        what = "there is none" if values.size == 0 else f"the smallest count given is {values[0]:g}"
        msg = f"Concentration needs at least one place, and counts of zero or more; {what}."
        raise DesignError(msg)
    total = float(values.sum())
    if total == 0:
        return Concentration(values.size, 0.0, (), math.nan, math.nan, "there are no located events")
    size = values.size
    gini = (2 * float(np.arange(1, size + 1) @ values) / total - size - 1) / size
    held = np.cumsum(values[::-1])
    needed = tuple((share, int(np.searchsorted(held, share * total * (1 - 1e-12))) + 1) for share in shares)
    return Concentration(size, total, needed, gini, max(size / total, 1.0) * (gini - 1) + 1)


def cell_counts_inside(points: Points, grid: Grid, within: BaseGeometry) -> NDArray[np.float64]:
    """Return the events in every cell that takes part, zeros included, shape (n,).

    Cells whose centre lies in the study area take part, and any other that holds an event.
    """
    counts = cell_counts(points, grid)
    return np.asarray(counts[cells_within(grid, within) | (counts > 0)])
