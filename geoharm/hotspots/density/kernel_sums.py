"""Exact kernel sums on a grid: by pairs of event and cell, or by moments of the events in each cell.

A compact kernel is a polynomial in the offset of an event from the centre of its cell. For cells that lie completely
inside the disc of the kernel, moments are summed by convolution. Only cells on the edge of the disc are summed pair by
pair. All sums are exact, except those of the Gaussian, which is cut off at seven standard deviations.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from geoharm.hotspots.density import numba_loops
from geoharm.hotspots.density.kernels import GAUSSIAN_CUT, POWERS
from geoharm.model.grid import Grid
from geoharm.model.points import Points

# Exponents (a, b, c) of x^a y^b (x^2 + y^2)^c, in the order of `numba_loops.add_moments`.
_TERMS = {
    0: ((0, 0, 0),),
    1: ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)),
    2: ((0, 0, 0), (1, 0, 0), (0, 1, 0), (2, 0, 0), (1, 1, 0), (0, 2, 0), (1, 0, 1), (0, 1, 1), (0, 0, 2)),
    3: (
        (0, 0, 0), (1, 0, 0), (0, 1, 0), (2, 0, 0), (1, 1, 0), (0, 2, 0), (3, 0, 0), (2, 1, 0), (1, 2, 0), (0, 3, 0),
        (2, 0, 1), (1, 1, 1), (0, 2, 1), (1, 0, 2), (0, 1, 2), (0, 0, 3),
    ),
}  # fmt: skip

# Approximate costs, in pairs of a compact kernel: a cell in one Fourier transform, the moments of an event, and a pair
# of a Gaussian kernel.
_COST_PER_CELL, _COST_PER_EVENT, _COST_PER_PRODUCT = 13.0, 60.0, 0.3
_DEGREE = 8  # of the Gaussian's moments: error below 3e-8 of the peak if the standard deviation is at least 2.5 cells
_LEAST_SIGMA = 2.5
# Number of events sorted at a time: few enough to limit memory, many enough for several events per cell.
_EVENTS_PER_PART = 2_000_000
_MOST_CELLS = 5_000_000  # with more cells, the 45 moments of the Gaussian would not fit in memory


@dataclass(frozen=True, slots=True)
class SortedEvents:
    """Events sorted by cell, on a grid with a margin from which events still reach into the grid.

    Attributes
    ----------
    table : ndarray, shape (n, 3)
        Offset of the event from the centre of its cell to the east and north, in cells, and its weight.
    start : ndarray of int, shape (rows * columns + 1,)
        Position of the first event of each cell.
    rows, columns : int
        Of the grid with its margin.
    margin : int
        Number of rows or columns added on each side.
    """

    table: NDArray[np.float64]
    start: NDArray[np.int64]
    rows: int
    columns: int
    margin: int


def sort_events(points: Points, grid: Grid, reach: float, part: slice = slice(None)) -> SortedEvents:
    """Return the events that reach into a grid, sorted by cell; within a cell they keep their order.

    Parameters
    ----------
    points : Points
        The events.
    grid : Grid
        Grid of the cells.
    reach : float
        Reach of the kernel in metres.
    part : slice
        Part of the points; all of them by default.
    """
    x, y, weight = points.x[part], points.y[part], points.weight[part]
    margin = math.ceil(reach / grid.cell + 0.5)
    rows, columns = grid.ny + 2 * margin, grid.nx + 2 * margin
    corner = (grid.x0 - margin * grid.cell, grid.y0 - margin * grid.cell)
    event_count = x.size
    # Each part needs a count for every cell: with more cells than events, one part is faster and needs less memory.
    thread_parts = max(1, min(numba_loops.WORKERS, event_count // max(rows * columns, 100_000)))
    limits = [event_count * part // thread_parts for part in range(thread_parts + 1)]
    cell_of_event = np.empty(event_count, dtype=np.int32)
    counts = np.zeros((thread_parts, rows * columns), dtype=np.int64)

    def count(part: int) -> None:
        numba_loops.count_cells(
            x, y, *corner, 1 / grid.cell, columns, rows, limits[part], limits[part + 1], cell_of_event, counts[part]
        )

    numba_loops.run_in_threads(count, range(thread_parts))
    start = np.zeros(rows * columns + 1, dtype=np.int64)
    np.cumsum(counts.sum(axis=0), out=start[1:])
    position = np.cumsum(counts, axis=0) - counts + start[:-1]
    table = np.empty((int(start[-1]), 3))

    def place(part: int) -> None:
        numba_loops.place_cells(
            x, y, weight, *corner, 1 / grid.cell, columns, limits[part], limits[part + 1], cell_of_event,
            position[part], table,
        )  # fmt: skip

    numba_loops.run_in_threads(place, range(thread_parts))
    return SortedEvents(table, start, rows, columns, margin)


def compact_sums(points: Points, grid: Grid, bandwidth: float, kernel: str) -> NDArray[np.float64]:
    """Return the sum of weight x kernel at every cell centre; the kernel is scaled to 1 at the event.

    Parameters
    ----------
    points : Points
        The events.
    grid : Grid
        Grid of the cells.
    bandwidth : float
        Search radius in metres.
    kernel : str
        Any kernel except the Gaussian.

    Returns
    -------
    ndarray, shape (ny, nx)
    """
    power, radius = POWERS.get(kernel, numba_loops.TRIANGULAR_CODE), bandwidth / grid.cell
    column_offsets, row_offsets, inner = _disc_offsets(radius)
    empty_layout = sort_events(points, grid, bandwidth, slice(0))
    by_moments = power >= 0 and _moments_pay(empty_layout, len(points), power, int(inner.sum()))
    by_pairs = ~inner if by_moments else np.ones_like(inner)
    padded, flat_offsets = _padded_zeros(empty_layout, column_offsets[by_pairs], row_offsets[by_pairs])
    offsets = np.array([column_offsets[by_pairs], row_offsets[by_pairs]], dtype=np.float64)
    moments = np.zeros((len(_TERMS[power]) if by_moments else 0, empty_layout.rows * empty_layout.columns))
    for events in _sorted_in_parts(points, grid, bandwidth):
        _add_pairs(events, offsets, radius, power, padded, flat_offsets)
        if by_moments:
            _add_moments(events, power, moments)
    sums = _without_margin(padded, 2 * empty_layout.margin)
    if by_moments:
        sums += _inner_sums(empty_layout, moments, column_offsets[inner], row_offsets[inner], radius, power)
        # Rounding errors of the transforms, where no event reaches.
        sums[sums < 1e-13 * sums.max(initial=0.0)] = 0.0
    return sums / (radius if power == numba_loops.TRIANGULAR_CODE else radius ** (2 * power))


def counts_within_radius(events: SortedEvents, radius: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the number of events (summed weight, rounded) and of places within a radius of every cell centre."""
    column_offsets, row_offsets, inner = _disc_offsets(radius)
    cells = np.arange(events.rows * events.columns)
    cumulative_weight = np.concatenate([[0.0], np.cumsum(events.table[:, 2])])
    cell_totals = np.array(
        [cumulative_weight[events.start[cells + 1]] - cumulative_weight[events.start[cells]], np.diff(events.start)]
    )
    inner_totals = _disc_sums(
        cell_totals.reshape(2, events.rows, events.columns), column_offsets[inner], row_offsets[inner], events.margin
    )
    ring = (column_offsets[~inner], row_offsets[~inner])
    padded, flat_offsets = _padded_zeros(events, *ring)
    ring_totals = np.zeros((2, padded.size))

    def add(first: int, last: int) -> None:
        numba_loops.add_hits(
            events.table, events.start, events.columns, first, last,
            ring[0].astype(np.float64), ring[1].astype(np.float64), flat_offsets, radius**2,
            padded.shape[1], ring_totals[0], ring_totals[1],
        )  # fmt: skip

    _run_over_bands(events, add)
    total = np.rint(
        inner_totals
        + np.array([_without_margin(ring_total.reshape(padded.shape), 2 * events.margin) for ring_total in ring_totals])
    )
    return total[0].astype(np.int64), total[1].astype(np.int64)


def gaussian_sums(events: SortedEvents, sigma: float) -> NDArray[np.float64]:
    """Return the sum of weight x exp(-d2 / 2 sigma2) at every cell centre, with `sigma` in cells.

    A few events are summed pair by pair. Many events are summed by the moments of cells up to degree 8, with an error
    below 3e-8 of the peak.
    """
    reach = math.ceil(GAUSSIAN_CUT * sigma)
    moment_count = (_DEGREE + 1) * (_DEGREE + 2) // 2
    moment_cost = moment_count * events.rows * events.columns * _COST_PER_CELL + _COST_PER_EVENT * len(events.table)
    fits_in_memory = events.rows * events.columns <= _MOST_CELLS
    if (
        fits_in_memory
        and sigma >= _LEAST_SIGMA
        and len(events.table) * (2 * reach + 1) ** 2 * _COST_PER_PRODUCT > moment_cost
    ):
        return _gaussian_by_moments(events, sigma)
    # Padding on each side, so that values outside the grid can be written and are removed later.
    padding = max(reach, events.margin)
    padded = np.zeros((events.rows + 2 * padding, events.columns + 2 * padding))
    padded_flat = padded.reshape(-1)

    def add(first: int, last: int) -> None:
        numba_loops.add_gaussians(
            events.table, events.start, events.columns, first, last, sigma, padding,
            padded.shape[1], padded_flat,
        )  # fmt: skip

    _run_over_bands(events, add)
    return _without_margin(padded, events.margin + padding)


def _disc_offsets(radius: float) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return the offsets of all cells that a disc around a point of a cell can reach.

    The third array marks the cells that lie completely inside the disc, whatever the point.
    """
    reach = math.ceil(radius + 0.5)
    row_offsets, column_offsets = (offsets.ravel() for offsets in np.mgrid[-reach : reach + 1, -reach : reach + 1])
    nearest_squared = np.maximum(abs(column_offsets) - 0.5, 0) ** 2 + np.maximum(abs(row_offsets) - 0.5, 0) ** 2
    farthest_squared = (abs(column_offsets) + 0.5) ** 2 + (abs(row_offsets) + 0.5) ** 2
    reached = nearest_squared < radius**2
    # With a small tolerance, so that rounding never counts a cell on the edge as an inner cell.
    return column_offsets[reached], row_offsets[reached], (farthest_squared < radius**2 * (1 - 1e-12))[reached]


def _moments_pay(layout: SortedEvents, events: int, power: int, inner: int) -> bool:
    transforms = 2 * len(_TERMS[power]) + 1
    return events * inner > transforms * layout.rows * layout.columns * _COST_PER_CELL


def _sorted_in_parts(points: Points, grid: Grid, reach: float) -> Iterator[SortedEvents]:
    """Yield the sorted events in parts, to limit memory; the parts depend only on the points."""
    for first in range(0, len(points), _EVENTS_PER_PART):
        yield sort_events(points, grid, reach, slice(first, first + _EVENTS_PER_PART))


def _padded_zeros(
    events: SortedEvents, column_offsets: NDArray[np.int64], row_offsets: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return an array of zeros with a second margin, and the offsets in this array as flat positions.

    The second margin makes a range check for each pair unnecessary.
    """
    padded = np.zeros((events.rows + 2 * events.margin, events.columns + 2 * events.margin))
    return padded, (row_offsets + events.margin) * padded.shape[1] + column_offsets + events.margin


def _without_margin(padded: NDArray[np.float64], margin: int) -> NDArray[np.float64]:
    return np.ascontiguousarray(padded[margin:-margin, margin:-margin])


def _run_over_bands(events: SortedEvents, add: Callable[[int, int], None]) -> None:
    """Call `add` for bands of rows in threads.

    First every second band, then the others, so that no two bands write to the same cell at the same time.
    """
    height = 2 * events.margin + 1
    limits = [*range(0, events.rows - height + 1, height), events.rows] if events.rows >= height else [0, events.rows]
    bands = list(itertools.pairwise(limits))
    for alternate_bands in (bands[::2], bands[1::2]):
        numba_loops.run_in_threads(lambda band: add(*band), alternate_bands)


def _add_pairs(
    events: SortedEvents, offsets: NDArray[np.float64], radius: float, power: int, padded: NDArray[np.float64],
    flat_offsets: NDArray[np.int64],
) -> None:  # fmt: skip
    padded_flat = padded.reshape(-1)

    def add(first: int, last: int) -> None:
        numba_loops.add_pairs(
            events.table, events.start, events.columns, first, last,
            offsets[0], offsets[1], flat_offsets, radius**2, power, padded.shape[1], padded_flat,
        )  # fmt: skip

    _run_over_bands(events, add)


def _add_moments(events: SortedEvents, power: int, moments: NDArray[np.float64]) -> None:
    def add(rows: tuple[int, int]) -> None:
        numba_loops.add_moments(
            events.table, events.start, events.columns, *rows, power, moments
        )  # fmt: skip

    numba_loops.run_in_threads(add, itertools.pairwise([*range(0, events.rows, 32), events.rows]))


def _inner_sums(
    layout: SortedEvents, moments: NDArray[np.float64], column_offsets: NDArray[np.int64],
    row_offsets: NDArray[np.int64], radius: float, power: int,
) -> NDArray[np.float64]:  # fmt: skip
    """Return the part of the sums from cells that lie completely inside the disc of the kernel."""
    shape = tuple(fft.next_fast_len(size, real=True) for size in (layout.rows, layout.columns))
    total_transform = np.zeros((shape[0], shape[1] // 2 + 1), dtype=np.complex128)
    for moment, factor in zip(moments, _coefficients(column_offsets, row_offsets, radius, power), strict=True):
        stencil = np.zeros(shape)
        stencil[row_offsets, column_offsets] = factor
        transform = fft.rfft2(moment.reshape(layout.rows, layout.columns), s=shape, workers=numba_loops.WORKERS)
        transform *= fft.rfft2(stencil, workers=numba_loops.WORKERS)
        total_transform += transform
    sums = fft.irfft2(total_transform, s=shape, workers=numba_loops.WORKERS)[: layout.rows, : layout.columns]
    return _without_margin(sums, layout.margin)


def _coefficients(
    column_offsets: NDArray[np.int64], row_offsets: NDArray[np.int64], radius: float, power: int
) -> list[NDArray[np.float64]]:
    """Return the coefficient of each term of (g + 2ix + 2jy - s)^power, expanded, at every offset.

    With the offset (i, j), the event (x, y), g = R2 - i2 - j2 and s = x2 + y2, the bracket equals R2 - d2.
    """
    i, j = column_offsets.astype(np.float64), row_offsets.astype(np.float64)
    g = radius**2 - i**2 - j**2
    terms = _TERMS[power]
    coefficients = {term: np.zeros(i.size) for term in terms}
    for a, b, c in itertools.product(range(power + 1), repeat=3):
        d = power - a - b - c
        if d < 0:
            continue
        multinomial = math.factorial(power) / math.prod(math.factorial(n) for n in (a, b, c, d))
        factor = multinomial * g**d * (2 * i) ** a * (2 * j) ** b * (-1.0) ** c
        # A power of s that is not among the terms is written as a power of x2 + y2.
        targets = [(a, b, c)] if (a, b, c) in coefficients else [(a + 2, b, c - 1), (a, b + 2, c - 1)]
        for target in targets:
            coefficients[target] += factor
    return [coefficients[term] for term in terms]


def _disc_sums(
    planes: NDArray[np.float64], column_offsets: NDArray[np.int64], row_offsets: NDArray[np.int64], margin: int
) -> NDArray[np.float64]:
    """Return the sum of each plane over a disc of offsets, by cumulative sums of rows; exact for whole numbers."""
    count, rows, columns = planes.shape
    cumulative = np.zeros((count, rows, columns + 1))
    np.cumsum(planes, axis=2, out=cumulative[:, :, 1:])
    ny, nx = rows - 2 * margin, columns - 2 * margin
    sums = np.zeros((count, ny, nx))
    for row_offset in np.unique(row_offsets):
        half_width = int(column_offsets[row_offsets == row_offset].max())
        shifted_rows = cumulative[:, margin - row_offset : margin - row_offset + ny]
        sums += (
            shifted_rows[:, :, margin + half_width + 1 : margin + half_width + 1 + nx]
            - shifted_rows[:, :, margin - half_width : margin - half_width + nx]
        )
    return sums


def _gaussian_by_moments(events: SortedEvents, sigma: float) -> NDArray[np.float64]:
    r"""Return Gaussian sums by the moments of cells.

    The expansion is :math:`e^{-(i-x)^2/2\sigma^2} = \sum_a \frac{x^a}{a!\,\sigma^a} He_a(i/\sigma) e^{-i^2/2\sigma^2}`.
    """
    exponents = [(a, b) for a in range(_DEGREE + 1) for b in range(_DEGREE + 1 - a)]
    moments = np.zeros((len(exponents), events.rows * events.columns))

    def add(rows: tuple[int, int]) -> None:
        numba_loops.add_gaussian_moments(
            events.table, events.start, events.columns, *rows, _DEGREE, moments
        )  # fmt: skip

    numba_loops.run_in_threads(add, itertools.pairwise([*range(0, events.rows, 32), events.rows]))
    shape = tuple(fft.next_fast_len(size, real=True) for size in (events.rows, events.columns))
    row_factors = [fft.fft(line)[:, None] for line in _hermite_lines(sigma, shape[0])]
    column_factors = [fft.rfft(line) for line in _hermite_lines(sigma, shape[1])]
    total_transform = np.zeros((shape[0], shape[1] // 2 + 1), dtype=np.complex128)
    for moment, (a, b) in zip(moments, exponents, strict=True):
        transform = fft.rfft2(moment.reshape(events.rows, events.columns), s=shape, workers=numba_loops.WORKERS)
        transform *= column_factors[a]
        transform *= row_factors[b]
        total_transform += transform
    sums = fft.irfft2(total_transform, s=shape, workers=numba_loops.WORKERS)[: events.rows, : events.columns]
    return np.maximum(_without_margin(sums, events.margin), 0.0)


def _hermite_lines(sigma: float, size: int) -> list[NDArray[np.float64]]:
    """Return He_a(i / sigma) exp(-i2 / 2 sigma2) / (a! sigma^a) for each degree a and every offset i.

    Offsets are from -reach to reach; negative offsets are at the end of the array, as for a Fourier transform.
    """
    reach = math.ceil(GAUSSIAN_CUT * sigma)
    i = np.arange(-reach, reach + 1) / sigma
    values = [np.ones_like(i), i]
    for a in range(1, _DEGREE):
        values.append(i * values[a] - a * values[a - 1])
    lines = []
    for a, value in enumerate(values):
        line = np.zeros(size)
        line[np.arange(-reach, reach + 1)] = value * np.exp(-(i**2) / 2) / (math.factorial(a) * sigma**a)
        lines.append(line)
    return lines
