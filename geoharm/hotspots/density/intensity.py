"""Kernel density: events per square kilometre and year at every cell, with fixed or adaptive bandwidth.

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
from geoharm.model.grid import Grid
from geoharm.model.kernel_choices import EDGES
from geoharm.model.points import Points

View = TypeVar("View", bound=Hashable)
MAX_FACTOR = 3.0
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
    with_support: bool = True,
) -> Surface:
    r"""Return the exact kernel density at every cell centre.

    Parameters
    ----------
    points : Points
        Places with weights, in metres. The density is computed from the weights; `support`, `places` and `events` of
        the surface are numbers of events and places. If many events share a place, they are first summed by place.
    grid : Grid
        Grid of the cells.
    bandwidth : float
        The search radius, or the standard deviation of a Gaussian kernel, in metres; at least one cell.
    years : float
        Length of the window in years.
    kernel : str
        quartic, epanechnikov, triweight, triangular, uniform or gaussian.
    within : shapely geometry, optional
        The study area: cells whose centre lies outside are NaN.
    edge : str
        Edge correction.

        - "jones-diggle": the kernel of each event is divided by the share of its mass inside the study area. So the
          whole mass of every event stays inside.
        - "uniform": the density of each cell is divided by the share of the kernel around it that lies inside. This is
          correct where the density is constant.
        - "none": the density within one bandwidth of the boundary is too low.
    with_support : bool
        If False, `support` and `places` are 0, which saves time. Disclosure control then suppresses the whole surface.

    Returns
    -------
    Surface
        Events per km2 per year. If the grid covers every kernel completely, or with "jones-diggle" inside the study
        area, its total is the sum of the weights. The error from evaluating at cell centres is below 0.1 % if the
        bandwidth is at least three cells.

    Raises
    ------
    DesignError
        If the bandwidth is smaller than a cell, the window has no length, the kernel or the edge correction is not
        known, an edge correction is used without a study area, or places lie outside the study area.

    Notes
    -----
    With the kernel :math:`k_h`, weights :math:`w_i`, and shares :math:`q` of the kernel mass inside the study area W,
    the density is, for "none", "jones-diggle" and "uniform":

    .. math:: \sum_i w_i k_h(s - x_i), \quad \sum_i \frac{w_i k_h(s - x_i)}{q(x_i)}, \quad
       \frac{1}{q(s)} \sum_i w_i k_h(s - x_i), \qquad q(x) = \frac{\sum_{c \in W} k_h(c - x)}{\sum_c k_h(c - x)}

    over cell centres c. Compact kernels are exact to 1e-12 of the peak; the Gaussian to 1e-7.

    References
    ----------
    Jones (1993), https://doi.org/10.1007/BF00147776; Diggle (1985), https://doi.org/10.2307/2347366.
    """
    bandwidth, years = check_positive(bandwidth, "bandwidth"), check_positive(years, "length of the window in years")
    _check_inputs(points, grid, bandwidth, kernel, within, edge)
    event_count, points = points.with_event_weights.total, aggregate_places(points)
    inside = None if within is None else cells_within(grid, within)
    values = _intensity(points, grid, bandwidth, kernel, inside, edge) * (1e6 / years)
    support, places = np.zeros(grid.shape, dtype=np.int64), np.zeros(grid.shape, dtype=np.int64)
    if with_support:
        support, places = kernel_sums.counts_within_radius(
            kernel_sums.sort_events(points.with_event_weights, grid, bandwidth), bandwidth / grid.cell
        )
    if inside is not None:
        values[~inside] = np.nan
    return Surface(grid, values, kernel, bandwidth, event_count, years, support, places, edge)


def densities(
    views: Mapping[View, tuple[Points, float]],
    grid: Grid,
    *,
    bandwidth: float,
    kernel: str = "quartic",
    within: BaseGeometry | None = None,
    edge: str = "none",
) -> dict[View, Surface]:
    """Return the surface of each view, with the same kernel, bandwidth and grid, so that they can be compared.

    Parameters
    ----------
    views : mapping of any key to (Points, float)
        Events, and the length of their window in years.
    grid, bandwidth, kernel, within, edge
        As in `density`.
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
    clip: float = MAX_FACTOR,
) -> Surface:
    r"""Return the adaptive kernel density: the bandwidth of an event is short where there are many events.

    Parameters
    ----------
    points, grid, years, kernel, within
        As in `density`.
    bandwidth : float
        Of the pilot surface, in metres. It is also the geometric mean of the bandwidths of the events before clipping.
    edge : str
        Edge correction: "jones-diggle" or "none".
    clip : float
        Upper limit of the bandwidth of an event, as a multiple of `bandwidth`. The lower limit is one cell.

    Returns
    -------
    Surface
        `support` and `places` count events, and places, whose own bandwidth reaches the cell centre.

    Raises
    ------
    DesignError
        As in `density`; if `clip` is below 1, the edge correction is "uniform", or there are no events.

    Notes
    -----
    The square-root law of Abramson: with the pilot density :math:`\tilde f` (a surface with fixed bandwidth, at the
    cell of the event) and its geometric mean g over events,

    .. math:: h_i = h \sqrt{g / \tilde f(x_i)}

    References
    ----------
    Abramson (1982), https://doi.org/10.1214/aos/1176345986.
    """
    if edge == "uniform":
        msg = 'An adaptive surface allows the edge corrections "jones-diggle" and "none"; "uniform" was given.'
        raise DesignError(msg)
    if not clip >= 1:
        msg = f"The clip of an adaptive bandwidth must be 1 or more; {clip!r} was given."
        raise DesignError(msg)
    bandwidth, years = check_positive(bandwidth, "bandwidth"), check_positive(years, "length of the window in years")
    _check_inputs(points, grid, bandwidth, kernel, within, edge)
    inside = None if within is None else cells_within(grid, within)
    pilot = _intensity(points, grid, bandwidth, kernel, inside, edge)
    bandwidths = _abramson_bandwidths(points, grid, pilot, bandwidth, clip)
    corrected_weight = points.weight
    if edge == "jones-diggle" and inside is not None:
        corrected_weight = corrected_weight / event_edge_shares(
            points, grid, inside, kernel=kernel, bandwidths=bandwidths
        )
    values, event_sums, places = np.zeros(grid.shape), np.zeros(grid.shape), np.zeros(grid.shape, dtype=np.int64)
    numba_loops.add_adaptive(
        (points.x - grid.x0) / grid.cell - 0.5, (points.y - grid.y0) / grid.cell - 0.5, points.with_event_weights.weight,
        corrected_weight, bandwidths / grid.cell, kernel_code(kernel), kernel_reach(kernel, 1.0), values, event_sums,
        places,
    )  # fmt: skip
    values *= float(kernel_value(0.0, kernel=kernel, bandwidth=1.0)) / grid.cell**2 * 1e6 / years
    if inside is not None:
        values[~inside] = np.nan
    rule = f"square-root law, pilot {bandwidth:g} m, at most {clip:g} times it; {ABRAMSON}"
    support = np.rint(event_sums).astype(np.int64)
    return Surface(grid, values, kernel, bandwidth, points.with_event_weights.total, years, support, places, edge, rule)


def adaptive_bandwidths(
    points: Points, grid: Grid, *, bandwidth: float, kernel: str = "quartic"
) -> NDArray[np.float64]:
    """Return the bandwidth in metres of every place, by the square-root law of `adaptive_density`, shape (n,).

    Parameters
    ----------
    points : Points
        Places with weights.
    grid : Grid
        Grid of the pilot surface.
    bandwidth : float
        Of the pilot surface, in metres.
    kernel : str
        One of `KERNELS`.
    """
    pilot = _intensity(points, grid, bandwidth, kernel, None, "none")
    return _abramson_bandwidths(points, grid, pilot, bandwidth, MAX_FACTOR)


def _abramson_bandwidths(
    points: Points, grid: Grid, pilot: NDArray[np.float64], bandwidth: float, clip: float
) -> NDArray[np.float64]:
    cell = grid.cell_of(points.x, points.y)
    pilot_density = np.where(cell >= 0, pilot.ravel()[cell], 0.0)
    is_positive = np.flatnonzero((pilot_density > 0) & (points.weight > 0))
    if is_positive.size == 0:
        msg = "There are no located events on the grid, so no adaptive bandwidth can be found."
        raise DesignError(msg)
    weight = points.weight[is_positive]
    geometric_mean = math.exp(float(np.sum(weight * np.log(pilot_density[is_positive])) / weight.sum()))
    bandwidths = np.full(len(points), clip * bandwidth)
    bandwidths[is_positive] = np.clip(
        bandwidth * np.sqrt(geometric_mean / pilot_density[is_positive]), grid.cell, clip * bandwidth
    )
    return bandwidths


def _intensity(
    points: Points, grid: Grid, bandwidth: float, kernel: str, inside: NDArray[np.bool_] | None, edge: str
) -> NDArray[np.float64]:
    """Return the edge-corrected density per square metre at every cell centre, also outside the study area."""
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


def _check_inputs(
    points: Points, grid: Grid, bandwidth: float, kernel: str, within: BaseGeometry | None, edge: str
) -> None:
    check_kernel(kernel)
    if bandwidth < grid.cell:
        msg = f"The bandwidth ({bandwidth:g} m) must be at least one cell ({grid.cell:g} m), or some places reach no cell centre."
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
