"""Kernel sums on a grid, exactly: compact kernels pair by pair or by moments of cells, Gaussians by products.

A compact kernel is a polynomial in the event's offset from its cell's centre. Cells wholly inside the kernel's disc
are summed by moments with a convolution; only the ring of cells that the circle crosses is summed pair by pair.
Nothing is approximated but the Gaussian, which is cut at seven standard deviations.
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

# Exponents (a, b, c) of x^a y^b (x^2 + y^2)^c, in the order of `loops.add_moments`.
_TERMS = {
    0: ((0, 0, 0),),
    1: ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)),
    2: ((0, 0, 0), (1, 0, 0), (0, 1, 0), (2, 0, 0), (1, 1, 0), (0, 2, 0), (1, 0, 1), (0, 1, 1), (0, 0, 2)),
    3: (
        (0, 0, 0), (1, 0, 0), (0, 1, 0), (2, 0, 0), (1, 1, 0), (0, 2, 0), (3, 0, 0), (2, 1, 0), (1, 2, 0), (0, 3, 0),
        (2, 0, 1), (1, 1, 1), (0, 2, 1), (1, 0, 2), (0, 1, 2), (0, 0, 3),
    ),
}  # fmt: skip

# Costs, roughly, in pairs of a compact kernel: a cell in one Fourier transform, an event's moments, a Gaussian's pair.
_CELL, _EVENT, _PRODUCT = 13.0, 60.0, 0.3
_DEGREE = 8  # of the Gaussian's moments: error under 3e-8 of the peak from 2.5 cells a standard deviation
_LEAST_SIGMA = 2.5
# Events sorted at a time: few enough for the table to stay in memory that is warm, many enough to share a cell's work.
_PART = 2_000_000
_MOST_CELLS = 5_000_000  # above which the Gaussian's 45 planes of moments would not fit in memory


@dataclass(frozen=True, slots=True)
class SortedEvents:
    """Events sorted by cell, on a grid widened by a margin from which they still reach into it.

    Attributes
    ----------
    table : ndarray, shape (n, 3)
        Offset from the centre of the event's cell to the right and up, in cells, and weight.
    start : ndarray of int, shape (rows * columns + 1,)
        Where each cell's events begin.
    rows, columns, margin : int
        Of the widened grid; the margin is on every side.
    """

    table: NDArray[np.float64]
    start: NDArray[np.int64]
    rows: int
    columns: int
    margin: int


def sort_events(points: Points, grid: Grid, reach: float, part: slice = slice(None)) -> SortedEvents:
    """Return the events that reach into a grid, sorted by cell; the order within a cell is the given one.

    Parameters
    ----------
    points : Points
    grid : Grid
    reach : float
        Metres.
    part : slice
        Of the points; all of them unless said.
    """
    x, y, weight = points.x[part], points.y[part], points.weight[part]
    margin = math.ceil(reach / grid.cell + 0.5)
    rows, columns = grid.ny + 2 * margin, grid.nx + 2 * margin
    corner = (grid.x0 - margin * grid.cell, grid.y0 - margin * grid.cell)
    size = x.size
    # A part needs a count of every cell: with more cells than events, one part is quicker and smaller.
    parts = max(1, min(numba_loops.WORKERS, size // max(rows * columns, 100_000)))
    edges = [size * part // parts for part in range(parts + 1)]
    key = np.empty(size, dtype=np.int32)
    counts = np.zeros((parts, rows * columns), dtype=np.int64)

    def count(part: int) -> None:
        numba_loops.count_cells(
            x, y, *corner, 1 / grid.cell, columns, rows, edges[part], edges[part + 1], key, counts[part]
        )

    numba_loops.run_in_threads(count, range(parts))
    start = np.zeros(rows * columns + 1, dtype=np.int64)
    np.cumsum(counts.sum(axis=0), out=start[1:])
    position = np.cumsum(counts, axis=0) - counts + start[:-1]
    table = np.empty((int(start[-1]), 3))

    def place(part: int) -> None:
        numba_loops.place_cells(
            x, y, weight, *corner, 1 / grid.cell, columns, edges[part], edges[part + 1], key, position[part], table,
        )  # fmt: skip

    numba_loops.run_in_threads(place, range(parts))
    return SortedEvents(table, start, rows, columns, margin)


def compact_sums(points: Points, grid: Grid, bandwidth: float, kernel: str) -> NDArray[np.float64]:
    """Return the sum of mass x kernel, 1 at the event, at every cell centre.

    Parameters
    ----------
    points : Points
    grid : Grid
    bandwidth : float
        Search radius in metres.
    kernel : str
        Any but the Gaussian.

    Returns
    -------
    ndarray, shape (ny, nx)
    """
    power, radius = POWERS.get(kernel, numba_loops.CONE), bandwidth / grid.cell
    along, down, inner = _disc(radius)
    frame = sort_events(points, grid, bandwidth, slice(0))
    by_moments = power >= 0 and _moments_pay(frame, len(points), power, int(inner.sum()))
    chosen = ~inner if by_moments else np.ones_like(inner)
    wide, flat = _widened(frame, along[chosen], down[chosen])
    offsets = np.array([along[chosen], down[chosen]], dtype=np.float64)
    moments = np.zeros((len(_TERMS[power]) if by_moments else 0, frame.rows * frame.columns))
    for events in _in_parts(points, grid, bandwidth):
        _add_pairs(events, offsets, radius, power, wide, flat)
        if by_moments:
            _add_moments(events, power, moments)
    found = _core(wide, 2 * frame.margin)
    if by_moments:
        found += _inner_sums(frame, moments, along[inner], down[inner], radius, power)
        # What rounding in the transforms leaves where no event reaches.
        found[found < 1e-13 * found.max(initial=0.0)] = 0.0
    return found / (radius if power == numba_loops.CONE else radius ** (2 * power))


def within_reach(events: SortedEvents, radius: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the events (summed weight, rounded) and the places within a radius of every cell centre."""
    along, down, inner = _disc(radius)
    cells = np.arange(events.rows * events.columns)
    held = np.concatenate([[0.0], np.cumsum(events.table[:, 2])])
    whole = np.array([held[events.start[cells + 1]] - held[events.start[cells]], np.diff(events.start)])
    totals = _row_sums(whole.reshape(2, events.rows, events.columns), along[inner], down[inner], events.margin)
    ring = (along[~inner], down[~inner])
    wide, flat = _widened(events, *ring)
    found = np.zeros((2, wide.size))

    def add(first: int, last: int) -> None:
        numba_loops.add_hits(
            events.table, events.start, events.columns, first, last,
            ring[0].astype(np.float64), ring[1].astype(np.float64), flat, radius**2, wide.shape[1], found[0], found[1],
        )  # fmt: skip

    _over_bands(events, add)
    total = np.rint(totals + np.array([_core(part.reshape(wide.shape), 2 * events.margin) for part in found]))
    return total[0].astype(np.int64), total[1].astype(np.int64)


def gaussian_sums(events: SortedEvents, sigma: float) -> NDArray[np.float64]:
    """Return the sum of mass x exp(-d2 / 2 sigma2) at every cell centre, `sigma` in cells.

    Few events are summed one by one; many, by moments of cells up to degree 8 (error under 3e-8 of the peak).
    """
    reach = math.ceil(GAUSSIAN_CUT * sigma)
    planes = (_DEGREE + 1) * (_DEGREE + 2) // 2
    by_moments = planes * events.rows * events.columns * _CELL + _EVENT * len(events.table)
    fits = events.rows * events.columns <= _MOST_CELLS
    if fits and sigma >= _LEAST_SIGMA and len(events.table) * (2 * reach + 1) ** 2 * _PRODUCT > by_moments:
        return _gaussian_by_moments(events, sigma)
    # One cell more than the margin: what falls off the grid falls into it and is cut away.
    spill = max(reach, events.margin)
    wide = np.zeros((events.rows + 2 * spill, events.columns + 2 * spill))
    out = wide.reshape(-1)

    def add(first: int, last: int) -> None:
        numba_loops.add_gaussians(
            events.table, events.start, events.columns, first, last, sigma, spill,
            wide.shape[1], out,
        )  # fmt: skip

    _over_bands(events, add)
    return _core(wide, events.margin + spill)


def _disc(radius: float) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return the offsets of all cells that a disc around any point of a cell can reach, and which lie in every one."""
    reach = math.ceil(radius + 0.5)
    down, along = (axis.ravel() for axis in np.mgrid[-reach : reach + 1, -reach : reach + 1])
    near = np.maximum(abs(along) - 0.5, 0) ** 2 + np.maximum(abs(down) - 0.5, 0) ** 2
    far = (abs(along) + 0.5) ** 2 + (abs(down) + 0.5) ** 2
    reached = near < radius**2
    # Strictly inside, with a hair to spare: rounding must never put a cell of the ring among the inner ones.
    return along[reached], down[reached], (far < radius**2 * (1 - 1e-12))[reached]


def _moments_pay(frame: SortedEvents, events: int, power: int, inner: int) -> bool:
    transforms = 2 * len(_TERMS[power]) + 1
    return events * inner > transforms * frame.rows * frame.columns * _CELL


def _in_parts(points: Points, grid: Grid, reach: float) -> Iterator[SortedEvents]:
    """Sort so many events at a time that memory stays small; where parts end depends on the points alone."""
    for first in range(0, len(points), _PART):
        yield sort_events(points, grid, reach, slice(first, first + _PART))


def _widened(
    events: SortedEvents, along: NDArray[np.int64], down: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return zeros with one more margin around, so that no pair needs a check, and each offset in them."""
    wide = np.zeros((events.rows + 2 * events.margin, events.columns + 2 * events.margin))
    return wide, (down + events.margin) * wide.shape[1] + along + events.margin


def _core(wide: NDArray[np.float64], margin: int) -> NDArray[np.float64]:
    return np.ascontiguousarray(wide[margin:-margin, margin:-margin])


def _over_bands(events: SortedEvents, add: Callable[[int, int], None]) -> None:
    """Call `add` over bands of rows: every second one at a time, so that no two at once reach into the same cell."""
    height = 2 * events.margin + 1
    edges = [*range(0, events.rows - height + 1, height), events.rows] if events.rows >= height else [0, events.rows]
    bands = list(itertools.pairwise(edges))
    for turn in (bands[::2], bands[1::2]):
        numba_loops.run_in_threads(lambda band: add(*band), turn)


def _add_pairs(
    events: SortedEvents, offsets: NDArray[np.float64], radius: float, power: int, wide: NDArray[np.float64],
    flat: NDArray[np.int64],
) -> None:  # fmt: skip
    out = wide.reshape(-1)

    def add(first: int, last: int) -> None:
        numba_loops.add_pairs(
            events.table, events.start, events.columns, first, last,
            offsets[0], offsets[1], flat, radius**2, power, wide.shape[1], out,
        )  # fmt: skip

    _over_bands(events, add)


def _add_moments(events: SortedEvents, power: int, moments: NDArray[np.float64]) -> None:
    def add(rows: tuple[int, int]) -> None:
        numba_loops.add_moments(
            events.table, events.start, events.columns, *rows, power, moments
        )  # fmt: skip

    numba_loops.run_in_threads(add, itertools.pairwise([*range(0, events.rows, 32), events.rows]))


def _inner_sums(
    frame: SortedEvents, moments: NDArray[np.float64], along: NDArray[np.int64], down: NDArray[np.int64],
    radius: float, power: int,
) -> NDArray[np.float64]:  # fmt: skip
    """Return the part of the sums that comes from cells wholly inside the kernel's disc."""
    shape = tuple(fft.next_fast_len(size, real=True) for size in (frame.rows, frame.columns))
    total = np.zeros((shape[0], shape[1] // 2 + 1), dtype=np.complex128)
    for plane, factor in zip(moments, _coefficients(along, down, radius, power), strict=True):
        stencil = np.zeros(shape)
        stencil[down, along] = factor
        term = fft.rfft2(plane.reshape(frame.rows, frame.columns), s=shape, workers=numba_loops.WORKERS)
        term *= fft.rfft2(stencil, workers=numba_loops.WORKERS)
        total += term
    found = fft.irfft2(total, s=shape, workers=numba_loops.WORKERS)[: frame.rows, : frame.columns]
    return _core(found, frame.margin)


def _coefficients(
    along: NDArray[np.int64], down: NDArray[np.int64], radius: float, power: int
) -> list[NDArray[np.float64]]:
    """Return the factor of each term at every offset: (g + 2ix + 2jy - s)^power, written out.

    With the offset (i, j), the event (x, y), g = R2 - i2 - j2 and s = x2 + y2, the bracket is R2 - d2.
    """
    i, j = along.astype(np.float64), down.astype(np.float64)
    g = radius**2 - i**2 - j**2
    terms = _TERMS[power]
    found = {term: np.zeros(i.size) for term in terms}
    for a, b, c in itertools.product(range(power + 1), repeat=3):
        rest = power - a - b - c
        if rest < 0:
            continue
        ways = math.factorial(power) / math.prod(math.factorial(n) for n in (a, b, c, rest))
        factor = ways * g**rest * (2 * i) ** a * (2 * j) ** b * (-1.0) ** c
        # A power of s that is not among the terms is one of x2 + y2.
        targets = [(a, b, c)] if (a, b, c) in found else [(a + 2, b, c - 1), (a, b + 2, c - 1)]
        for target in targets:
            found[target] += factor
    return [found[term] for term in terms]


def _row_sums(
    planes: NDArray[np.float64], along: NDArray[np.int64], down: NDArray[np.int64], margin: int
) -> NDArray[np.float64]:
    """Return the sum of each plane over a disc of offsets, by running sums of its rows; whole numbers stay whole."""
    count, rows, columns = planes.shape
    running = np.zeros((count, rows, columns + 1))
    np.cumsum(planes, axis=2, out=running[:, :, 1:])
    ny, nx = rows - 2 * margin, columns - 2 * margin
    found = np.zeros((count, ny, nx))
    for step in np.unique(down):
        half = int(along[down == step].max())
        lines = running[:, margin - step : margin - step + ny]
        found += (
            lines[:, :, margin + half + 1 : margin + half + 1 + nx] - lines[:, :, margin - half : margin - half + nx]
        )
    return found


def _gaussian_by_moments(events: SortedEvents, sigma: float) -> NDArray[np.float64]:
    r"""Return Gaussian sums from :math:`e^{-(i-x)^2/2\sigma^2} = \sum_a \frac{x^a}{a!\,\sigma^a} He_a(i/\sigma) e^{-i^2/2\sigma^2}`."""
    pairs = [(a, b) for a in range(_DEGREE + 1) for b in range(_DEGREE + 1 - a)]
    moments = np.zeros((len(pairs), events.rows * events.columns))

    def add(rows: tuple[int, int]) -> None:
        numba_loops.add_powers(
            events.table, events.start, events.columns, *rows, _DEGREE, moments
        )  # fmt: skip

    numba_loops.run_in_threads(add, itertools.pairwise([*range(0, events.rows, 32), events.rows]))
    shape = tuple(fft.next_fast_len(size, real=True) for size in (events.rows, events.columns))
    down = [fft.fft(line)[:, None] for line in _hermite_lines(sigma, shape[0])]
    along = [fft.rfft(line) for line in _hermite_lines(sigma, shape[1])]
    total = np.zeros((shape[0], shape[1] // 2 + 1), dtype=np.complex128)
    for plane, (a, b) in zip(moments, pairs, strict=True):
        term = fft.rfft2(plane.reshape(events.rows, events.columns), s=shape, workers=numba_loops.WORKERS)
        term *= along[a]
        term *= down[b]
        total += term
    found = fft.irfft2(total, s=shape, workers=numba_loops.WORKERS)[: events.rows, : events.columns]
    return np.maximum(_core(found, events.margin), 0.0)


def _hermite_lines(sigma: float, size: int) -> list[NDArray[np.float64]]:
    """Return He_a(i / sigma) exp(-i2 / 2 sigma2) / (a! sigma^a) for i from -reach to reach, wrapped around 0."""
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
