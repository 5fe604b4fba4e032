"""Edge correction: how much of a kernel's mass lies inside the study area, from an event and from a cell.

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
    """Return the share of each event's kernel that lies inside, summed over cell centres.

    Parameters
    ----------
    points : Points
    grid : Grid
    inside : ndarray of bool, shape (ny, nx)
        Cells of the study area.
    kernel : str
    bandwidths : ndarray, shape (n,)
        Metres, of each event.

    Returns
    -------
    ndarray, shape (n,)
        Above 0, at most 1; 1 where no cell inside is reached, so that nothing is divided by 0.
    """
    right = (points.x - grid.x0) / grid.cell - 0.5
    up = (points.y - grid.y0) / grid.cell - 0.5
    cut = kernel_reach(kernel, 1.0)
    width = bandwidths / grid.cell
    # Only events near enough to a cell outside need the sum; a place is at most 0.71 cells from its cell's centre.
    distance = ndimage.distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]
    row, column = np.rint(up).astype(np.int64), np.rint(right).astype(np.int64)
    on_grid = (row >= 0) & (row < grid.ny) & (column >= 0) & (column < grid.nx)
    room = np.zeros(len(points))
    room[on_grid] = distance[row[on_grid], column[on_grid]]
    near = np.flatnonzero(room <= cut * width + 0.75)
    part = (right[near], up[near], width[near])
    found = np.ones(near.size)

    def work(span: tuple[int, int]) -> None:
        numba_loops.share_in_mask(*part, kernel_code(kernel), cut, inside, *span, found)

    numba_loops.run_in_threads(work, itertools.pairwise([*range(0, near.size, 2000), near.size]))
    share = np.ones(len(points))
    share[near] = found
    return share


def cell_edge_shares(grid: Grid, inside: NDArray[np.bool_], *, kernel: str, bandwidth: float) -> NDArray[np.float64]:
    """Return the share of a kernel around each cell centre that lies inside, shape (ny, nx)."""
    reach = math.ceil(kernel_reach(kernel, bandwidth) / grid.cell)
    along = np.arange(-reach, reach + 1) * grid.cell
    stencil = kernel_value(np.hypot(*np.meshgrid(along, along)), kernel=kernel, bandwidth=bandwidth)
    wide = signal.fftconvolve(np.pad(inside.astype(np.float64), reach), stencil / stencil.sum(), mode="valid")
    return np.asarray(np.clip(wide, 1e-9, 1.0))


def kernel_code(kernel: str) -> int:
    """Return the number that stands for a kernel in the loops."""
    return POWERS.get(kernel, numba_loops.BELL if kernel == "gaussian" else numba_loops.CONE)
