"""How many events per square kilometre and year, at every place.

Silverman (1986), Density Estimation for Statistics and Data Analysis, section 4.2 (ISBN 978-0-412-24620-3).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm._validation import check_positive, nearest_hint
from geoharm.errors import DesignError
from geoharm.geo.cells import cells_within
from geoharm.hotspots.density import kernel_sums, numba_loops
from geoharm.hotspots.density.aggregate_places import aggregate_places
from geoharm.hotspots.density.edge_correction import cell_edge_shares, event_edge_shares, kernel_code
from geoharm.hotspots.density.kernels import check_kernel, kernel_reach, kernel_value
from geoharm.hotspots.results.surface import Surface
from geoharm.model.grid import EDGES, Grid
from geoharm.model.points import Points

View = TypeVar("View", bound=Hashable)
CLIP = 3.0
ABRAMSON = "https://doi.org/10.1214/aos/1176345986"


def density(
    points: Points,
    grid: Grid,
    *,
    bandwidth: float,
    years: float,
    kernel: str = "quartic",
    within: BaseGeometry | None = None,
    edge: str = "none",
    counted: bool = True,
) -> Surface:
    r"""Return the kernel intensity at every cell centre, exactly.

    Parameters
    ----------
    points : Points
        Places with weights, in metres. Many events on few places (moved to a list of them) are summed once a place.
        The values are made of weights; `support`, `places` and `events` of the surface count events.
    grid : Grid
    bandwidth : float
        Metres, at least one cell: the search radius; for the Gaussian its standard deviation.
    years : float
        Length of the window.
    kernel : str
        quartic, epanechnikov, triweight, triangular, uniform or gaussian.
    within : shapely geometry, optional
        The study area: cells whose centre lies outside become NaN.
    edge : str
        "jones-diggle": each event's kernel is divided by the share of its mass that lies inside, so that no event is
        lost beyond the boundary. "uniform": each cell is divided by the share of a kernel around it that lies inside:
        right where the density is flat. "none": density within a bandwidth of the boundary is too low.
    counted : bool
        False leaves `support` and `places` at 0 and saves their time; such a surface shows nothing once disclosed.

    Returns
    -------
    Surface
        Events per km2 per year. Over a grid that covers every kernel whole, and inside the study area with
        "jones-diggle", its mass is the sum of the weights, but for the error of evaluating at centres (below 0.1 %
        from three cells a bandwidth).

    Raises
    ------
    DesignError
        If the bandwidth is smaller than a cell, the window has no length, the kernel or the correction is not known,
        a correction is asked for without a study area, or places lie outside it.

    Notes
    -----
    With the kernel :math:`k_h`, weights :math:`w_i`, and shares of kernel mass :math:`q` inside the study area W:

    .. math:: \sum_i w_i k_h(s - x_i), \quad \sum_i \frac{w_i k_h(s - x_i)}{q(x_i)}, \quad
       \frac{1}{q(s)} \sum_i w_i k_h(s - x_i), \qquad q(x) = \frac{\sum_{c \in W} k_h(c - x)}{\sum_c k_h(c - x)}

    over cell centres c. Compact kernels are exact to 1e-12 of the peak; the Gaussian to 1e-7.

    References
    ----------
    Jones (1993), https://doi.org/10.1007/BF00147776; Diggle (1985), https://doi.org/10.2307/2347366.
    """
    bandwidth, years = check_positive(bandwidth, "bandwidth"), check_positive(years, "length of the window in years")
    _check(points, grid, bandwidth, kernel, within, edge)
    total, points = points.counted.total, aggregate_places(points)
    inside = None if within is None else cells_within(grid, within)
    values = _intensity(points, grid, bandwidth, kernel, inside, edge) * (1e6 / years)
    support, places = np.zeros(grid.shape, dtype=np.int64), np.zeros(grid.shape, dtype=np.int64)
    if counted:
        support, places = kernel_sums.within_reach(
            kernel_sums.sort_events(points.counted, grid, bandwidth), bandwidth / grid.cell
        )
    if inside is not None:
        values[~inside] = np.nan
    return Surface(grid, values, kernel, bandwidth, total, years, support, places, edge)


def densities(
    views: Mapping[View, tuple[Points, float]],
    grid: Grid,
    *,
    bandwidth: float,
    kernel: str = "quartic",
    within: BaseGeometry | None = None,
    edge: str = "none",
) -> dict[View, Surface]:
    """Return a surface of each view, all with one kernel, one bandwidth and one grid, so that they may be compared.

    Parameters
    ----------
    views : mapping of any key to (Points, float)
        Events, and the length of their window in years.
    grid, bandwidth, kernel, within, edge
        As of `density`.
    """
    return {
        view: density(points, grid, bandwidth=bandwidth, years=years, kernel=kernel, within=within, edge=edge)
        for view, (points, years) in views.items()
    }


def adaptive_density(
    points: Points,
    grid: Grid,
    *,
    bandwidth: float,
    years: float,
    kernel: str = "quartic",
    within: BaseGeometry | None = None,
    edge: str = "none",
    clip: float = CLIP,
) -> Surface:
    r"""Return the intensity with a bandwidth of its own for each event: short where events are many, long where few.

    Parameters
    ----------
    points, grid, years, kernel, within
        As of `density`.
    bandwidth : float
        Metres: of the pilot, and the geometric mean of the events' bandwidths before clipping.
    edge : str
        "jones-diggle" or "none".
    clip : float
        No event's bandwidth is longer than this times `bandwidth`, nor shorter than one cell.

    Returns
    -------
    Surface
        `support` and `places` count within each event's own bandwidth.

    Raises
    ------
    DesignError
        As of `density`; if `clip` is below 1, the correction is "uniform", or there are no events.

    Notes
    -----
    The square-root law of Abramson: with the pilot density :math:`\tilde f` (a surface of the fixed bandwidth, read
    at the event's cell) and its geometric mean g over events,

    .. math:: h_i = h \sqrt{g / \tilde f(x_i)}

    References
    ----------
    Abramson (1982), https://doi.org/10.1214/aos/1176345986.
    """
    if edge == "uniform":
        msg = 'An adaptive surface knows the corrections "jones-diggle" and "none"; "uniform" was given.'
        raise DesignError(msg)
    if not clip >= 1:
        msg = f"The clip of an adaptive bandwidth must be 1 or more; {clip!r} was given."
        raise DesignError(msg)
    bandwidth, years = check_positive(bandwidth, "bandwidth"), check_positive(years, "length of the window in years")
    _check(points, grid, bandwidth, kernel, within, edge)
    inside = None if within is None else cells_within(grid, within)
    pilot = _intensity(points, grid, bandwidth, kernel, inside, edge)
    bandwidths = _square_root_law(points, grid, pilot, bandwidth, clip)
    mass = points.weight
    if edge == "jones-diggle" and inside is not None:
        mass = mass / event_edge_shares(points, grid, inside, kernel=kernel, bandwidths=bandwidths)
    values, reached, places = np.zeros(grid.shape), np.zeros(grid.shape), np.zeros(grid.shape, dtype=np.int64)
    numba_loops.add_own(
        (points.x - grid.x0) / grid.cell - 0.5, (points.y - grid.y0) / grid.cell - 0.5, points.counted.weight, mass,
        bandwidths / grid.cell, kernel_code(kernel), kernel_reach(kernel, 1.0), values, reached, places,
    )  # fmt: skip
    values *= float(kernel_value(0.0, kernel=kernel, bandwidth=1.0)) / grid.cell**2 * 1e6 / years
    if inside is not None:
        values[~inside] = np.nan
    how = f"square-root law, pilot {bandwidth:g} m, at most {clip:g} times it; {ABRAMSON}"
    support = np.rint(reached).astype(np.int64)
    return Surface(grid, values, kernel, bandwidth, points.counted.total, years, support, places, edge, how)


def adaptive_bandwidths(
    points: Points, grid: Grid, *, bandwidth: float, kernel: str = "quartic"
) -> NDArray[np.float64]:
    """Return a bandwidth in metres for every place, by the square-root law of `adaptive_density`, shape (n,)."""
    pilot = _intensity(points, grid, bandwidth, kernel, None, "none")
    return _square_root_law(points, grid, pilot, bandwidth, CLIP)


def _square_root_law(
    points: Points, grid: Grid, pilot: NDArray[np.float64], bandwidth: float, clip: float
) -> NDArray[np.float64]:
    cell = grid.cell_of(points.x, points.y)
    height = np.where(cell >= 0, pilot.ravel()[cell], 0.0)
    known = np.flatnonzero((height > 0) & (points.weight > 0))
    if known.size == 0:
        msg = "There are no located events on the grid, so no adaptive bandwidth can be found."
        raise DesignError(msg)
    weight = points.weight[known]
    mean = math.exp(float(np.sum(weight * np.log(height[known])) / weight.sum()))
    bandwidths = np.full(len(points), clip * bandwidth)
    bandwidths[known] = np.clip(bandwidth * np.sqrt(mean / height[known]), grid.cell, clip * bandwidth)
    return bandwidths


def _intensity(
    points: Points, grid: Grid, bandwidth: float, kernel: str, inside: NDArray[np.bool_] | None, edge: str
) -> NDArray[np.float64]:
    """Return the corrected intensity per square metre at every cell centre, outside the study area too."""
    weighted = points
    if edge == "jones-diggle" and inside is not None:
        bandwidths = np.full(len(points), bandwidth)
        share = event_edge_shares(points, grid, inside, kernel=kernel, bandwidths=bandwidths)
        weighted = replace(points, weight=points.weight / share)
    if kernel == "gaussian":
        events = kernel_sums.sort_events(weighted, grid, kernel_reach(kernel, bandwidth))
        values = kernel_sums.gaussian_sums(events, bandwidth / grid.cell)
    else:
        values = kernel_sums.compact_sums(weighted, grid, bandwidth, kernel)
    values *= float(kernel_value(0.0, kernel=kernel, bandwidth=bandwidth))
    if edge == "uniform" and inside is not None:
        values /= cell_edge_shares(grid, inside, kernel=kernel, bandwidth=bandwidth)
    return values


def _check(points: Points, grid: Grid, bandwidth: float, kernel: str, within: BaseGeometry | None, edge: str) -> None:
    check_kernel(kernel)
    if bandwidth < grid.cell:
        msg = f"The bandwidth ({bandwidth:g} m) must be at least one cell ({grid.cell:g} m), or places fall through."
        raise DesignError(msg)
    if edge not in EDGES:
        msg = f'The edge correction "{edge}" is not known; {nearest_hint(edge, EDGES)}'
        raise DesignError(msg)
    if edge == "none":
        return
    if within is None:
        msg = f'The edge correction "{edge}" needs the study area (within), or edge = "none".'
        raise DesignError(msg)
    shapely.prepare(within)
    outside = int(np.count_nonzero(~shapely.intersects_xy(within, points.x, points.y)))
    if outside:
        msg = (
            f"{outside:,} of {len(points):,} places lie outside the study area, which the edge correction cannot use; "
            'leave them out, or use edge = "none".'
        )
        raise DesignError(msg)
