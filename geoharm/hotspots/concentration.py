"""Concentration of events in few places: the 80-20 table and the Gini index (law of crime concentration).

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
    r"""Return how concentrated events are in few places.

    Parameters
    ----------
    counts : array_like, shape (n,)
        Events at every place, zeros included. Places are cells of equal size, street segments or areas.
    shares : tuple of float
        Shares of all events. For each, the smallest number of places with that share is returned.

    Returns
    -------
    Concentration

    Raises
    ------
    DesignError
        If there is no place or a count is negative.

    Notes
    -----
    With n places in increasing order of events, c events in all, and :math:`y_i` the share of all events at place i:

    .. math:: G = \frac{1}{n}\left(2 \sum_i i\,y_i - n - 1\right), \qquad
       G' = \max\left(\frac{n}{c}, 1\right)(G - 1) + 1

    G' is adjusted for sparse events (Bernasco and Steenbeek). With fewer events than places, some places must be
    empty, so G is above 0 even if no place has two events. With at least as many events as places, G' equals G.

    Examples
    --------
    >>> table = concentration([5, 2, 1, 0, 0, 0, 0, 0, 0, 0])
    >>> round(table.gini, 2), round(table.adjusted_gini, 2), table.places_needed
    (0.8, 0.75, ((0.25, 1), (0.5, 1), (0.8, 2)))
    """
    sorted_counts = np.sort(check_vector(counts, "counts"))
    if sorted_counts.size == 0 or sorted_counts[0] < 0:
        problem = "there is none" if sorted_counts.size == 0 else f"the smallest count given is {sorted_counts[0]:g}"
        msg = f"Concentration needs at least one place, and counts of zero or more; {problem}."
        raise DesignError(msg)
    total = float(sorted_counts.sum())
    if total == 0:
        return Concentration(sorted_counts.size, 0.0, (), math.nan, math.nan, "there are no located events")
    place_count = sorted_counts.size
    gini = (2 * float(np.arange(1, place_count + 1) @ sorted_counts) / total - place_count - 1) / place_count
    cumulative = np.cumsum(sorted_counts[::-1])
    needed = tuple((share, int(np.searchsorted(cumulative, share * total * (1 - 1e-12))) + 1) for share in shares)
    return Concentration(place_count, total, needed, gini, max(place_count / total, 1.0) * (gini - 1) + 1)


def cell_counts_inside(points: Points, grid: Grid, within: BaseGeometry) -> NDArray[np.float64]:
    """Return the number of events in every cell of the study area, zeros included, shape (n,).

    A cell is included if its centre lies in the study area or if it contains an event.
    """
    counts = cell_counts(points, grid)
    return np.asarray(counts[cells_within(grid, within) | (counts > 0)])
