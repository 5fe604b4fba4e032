"""Edge correction: the share of the kernel mass of an event or a cell that lies inside the study area.

Jones (1993), Simple boundary correction for kernel density estimation; https://doi.org/10.1007/BF00147776.
Diggle (1985), A kernel method for smoothing point process data; https://doi.org/10.2307/2347366.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from geoharm.hotspots.density import numba_loops
from geoharm.hotspots.density.kernels import POWERS, kernel_reach, kernel_value
from geoharm.model.grid import Grid
from geoharm.model.points import Points


def event_edge_shares(
    points: Points, grid: Grid, inside: NDArray[np.bool_], *, kernel: str, bandwidths: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the share of each event's kernel that lies inside the study area, summed over cell centres.

    Parameters
    ----------
    points : Points
        The events.
    grid : Grid
        Grid of the cells.
    inside : ndarray of bool, shape (ny, nx)
        Cells of the study area.
    kernel : str
        One of `KERNELS`.
    bandwidths : ndarray, shape (n,)
        Of each event, in metres.

    Returns
    -------
    ndarray, shape (n,)
        Above 0, at most 1. It is 1 where no cell of the study area is reached, to avoid a division by 0.
    """
    column_position = (points.x - grid.x0) / grid.cell - 0.5
    row_position = (points.y - grid.y0) / grid.cell - 0.5
    reach_in_bandwidths = kernel_reach(kernel, 1.0)
    bandwidth_cells = bandwidths / grid.cell
    # The sum is needed only for events near a cell outside; a place is at most 0.71 cells from the centre of its cell.
    distance = ndimage.distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]
    row, column = np.rint(row_position).astype(np.int64), np.rint(column_position).astype(np.int64)
    on_grid = (row >= 0) & (row < grid.ny) & (column >= 0) & (column < grid.nx)
    distance_to_outside = np.zeros(len(points))
    distance_to_outside[on_grid] = distance[row[on_grid], column[on_grid]]
    near_edge = np.flatnonzero(distance_to_outside <= reach_in_bandwidths * bandwidth_cells + 0.75)
    near_events = (column_position[near_edge], row_position[near_edge], bandwidth_cells[near_edge])
    near_share = np.ones(near_edge.size)

    def work(span: tuple[int, int]) -> None:
        numba_loops.share_in_mask(*near_events, kernel_code(kernel), reach_in_bandwidths, inside, *span, near_share)

    numba_loops.run_in_threads(work, itertools.pairwise([*range(0, near_edge.size, 2000), near_edge.size]))
    share = np.ones(len(points))
    share[near_edge] = near_share
    return share


def cell_edge_shares(grid: Grid, inside: NDArray[np.bool_], *, kernel: str, bandwidth: float) -> NDArray[np.float64]:
    """Return the share of the kernel around each cell centre that lies inside the study area, shape (ny, nx).

    Parameters
    ----------
    grid : Grid
        Grid of the cells.
    inside : ndarray of bool, shape (ny, nx)
        Cells of the study area.
    kernel : str
        One of `KERNELS`.
    bandwidth : float
        Metres.
    """
    reach = math.ceil(kernel_reach(kernel, bandwidth) / grid.cell)
    offsets = np.arange(-reach, reach + 1) * grid.cell
    stencil = kernel_value(np.hypot(*np.meshgrid(offsets, offsets)), kernel=kernel, bandwidth=bandwidth)
    share = signal.fftconvolve(np.pad(inside.astype(np.float64), reach), stencil / stencil.sum(), mode="valid")
    return np.asarray(np.clip(share, 1e-9, 1.0))


def kernel_code(kernel: str) -> int:
    """Return the code of a kernel in the compiled loops."""
    return POWERS.get(kernel, numba_loops.GAUSSIAN_CODE if kernel == "gaussian" else numba_loops.TRIANGULAR_CODE)
