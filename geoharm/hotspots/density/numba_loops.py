"""The hot loops of density: events sorted by cell, kernels summed pair by pair, moments of cells.

Every loop releases the interpreter; callers run them over disjoint rows, so no sum depends on the order of threads.
Lengths are in cells. `events` has the shape (n, 3): offset from the centre of the event's cell to the right and up,
-0.5 to 0.5, and weight. `start` says where the events of each cell begin.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Stand for the triangular kernel and the Gaussian among the powers.
CONE, BELL = -1, -2
WORKERS = min(os.cpu_count() or 1, 8)


def run_in_threads(work: Callable[[Any], object], items: Iterable[Any]) -> None:
    """Call `work` once for each item, several at a time."""
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, items))


@njit(cache=True, nogil=True)
def count_cells(x, y, x0, y0, per_metre, nx, ny, first, last, key, counts):  # type: ignore[no-untyped-def]
    """Note each event's cell in `key` (-1 off the grid) and count the events of each cell."""
    for i in range(first, last):
        column = np.floor((x[i] - x0) * per_metre)
        row = np.floor((y[i] - y0) * per_metre)
        if 0 <= column < nx and 0 <= row < ny:
            k = int(row) * nx + int(column)
            key[i] = k
            counts[k] += 1
        else:
            key[i] = -1


@njit(cache=True, nogil=True)
def place_cells(x, y, weight, x0, y0, per_metre, nx, first, last, key, position, events):  # type: ignore[no-untyped-def]
    """Put events where `position` says that their cell's next one goes."""
    for i in range(first, last):
        k = key[i]
        if k >= 0:
            p = position[k]
            position[k] = p + 1
            row = k // nx
            events[p, 0] = (x[i] - x0) * per_metre - (k - row * nx) - 0.5
            events[p, 1] = (y[i] - y0) * per_metre - row - 0.5
            events[p, 2] = weight[i]


@njit(cache=True, nogil=True)
def merge_places(x, y, weight, first, last, slots, at_x, at_y, total):  # type: ignore[no-untyped-def]
    """Sum weights by place, in the order in which places first come; return the places, or -1 if there is no room.

    `slots` is a hash table of a power of two, full of -1, that says where in the other three each place stands.
    """
    bits = np.empty(2)
    words = bits.view(np.uint64)
    mask = np.uint64(slots.size - 1)
    held = 0
    for i in range(first, last):
        # Zero is added so that minus zero is the same place as zero.
        bits[0], bits[1] = x[i] + 0.0, y[i] + 0.0
        mixed = words[0] * np.uint64(0x9E3779B97F4A7C15) + words[1] * np.uint64(0xC2B2AE3D27D4EB4F)
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        slot = (mixed >> np.uint64(32)) & mask
        while True:
            place = slots[slot]
            if place < 0:
                if held == at_x.size:
                    return -1
                slots[slot] = held
                at_x[held], at_y[held], total[held] = x[i], y[i], weight[i]
                held += 1
                break
            if at_x[place] == x[i] and at_y[place] == y[i]:
                total[place] += weight[i]
                break
            slot = (slot + np.uint64(1)) & mask
    return held


@njit(cache=True, nogil=True)
def add_pairs(events, start, nx, first, last, along, down, flat, squared, power, width, out):  # type: ignore[no-untyped-def]
    """Add ``mass * (squared - d2)**power``, zero or more, of the events of some rows to the cells at given offsets.

    The innermost loop runs over offsets, each with a sum of its own, so that it needs no reordering to be fast.
    """
    size = along.size
    sums = np.empty(size)
    radius = np.sqrt(squared)
    for row in range(first, last):
        for column in range(nx):
            begin, end = start[row * nx + column], start[row * nx + column + 1]
            if begin == end:
                continue
            sums[:] = 0.0
            for p in range(begin, end):
                x, y, m = events[p, 0], events[p, 1], events[p, 2]
                if power == 2:
                    for o in range(size):
                        dx, dy = along[o] - x, down[o] - y
                        t = squared - dx * dx - dy * dy
                        t = t if t > 0.0 else 0.0
                        sums[o] += m * (t * t)
                elif power == 1:
                    for o in range(size):
                        dx, dy = along[o] - x, down[o] - y
                        t = squared - dx * dx - dy * dy
                        sums[o] += m * (t if t > 0.0 else 0.0)
                elif power == 3:
                    for o in range(size):
                        dx, dy = along[o] - x, down[o] - y
                        t = squared - dx * dx - dy * dy
                        t = t if t > 0.0 else 0.0
                        sums[o] += m * (t * t * t)
                elif power == 0:
                    for o in range(size):
                        dx, dy = along[o] - x, down[o] - y
                        sums[o] += m if squared - dx * dx - dy * dy > 0.0 else 0.0
                else:
                    for o in range(size):
                        dx, dy = along[o] - x, down[o] - y
                        t = radius - np.sqrt(dx * dx + dy * dy)
                        sums[o] += m * (t if t > 0.0 else 0.0)
            base = row * width + column
            for o in range(size):
                out[base + flat[o]] += sums[o]


@njit(cache=True, nogil=True)
def add_hits(events, start, nx, first, last, along, down, flat, squared, width, reached, places):  # type: ignore[no-untyped-def]
    """Add the mass and the number of the events of some rows to the cells whose centres they reach."""
    size = along.size
    sums = np.empty(size)
    hits = np.empty(size)
    for row in range(first, last):
        for column in range(nx):
            begin, end = start[row * nx + column], start[row * nx + column + 1]
            if begin == end:
                continue
            sums[:] = 0.0
            hits[:] = 0.0
            for p in range(begin, end):
                x, y, m = events[p, 0], events[p, 1], events[p, 2]
                for o in range(size):
                    dx, dy = along[o] - x, down[o] - y
                    hit = 1.0 if squared - dx * dx - dy * dy > 0.0 else 0.0
                    sums[o] += m * hit
                    hits[o] += hit
            base = row * width + column
            for o in range(size):
                reached[base + flat[o]] += sums[o]
                places[base + flat[o]] += hits[o]


@njit(cache=True, nogil=True)
def add_gaussians(events, start, nx, first, last, sigma, reach, width, out):  # type: ignore[no-untyped-def]
    """Add ``mass * exp(-d2 / (2 sigma2))`` of the events of some rows to every cell within `reach` cells each way."""
    across = np.empty(2 * reach + 1)
    for row in range(first, last):
        for column in range(nx):
            for p in range(start[row * nx + column], start[row * nx + column + 1]):
                for i in range(2 * reach + 1):
                    across[i] = np.exp(-(((i - reach - events[p, 0]) / sigma) ** 2) / 2)
                for j in range(2 * reach + 1):
                    factor = events[p, 2] * np.exp(-(((j - reach - events[p, 1]) / sigma) ** 2) / 2)
                    base = (row + j) * width + column
                    for i in range(2 * reach + 1):
                        out[base + i] += factor * across[i]


@njit(cache=True, nogil=True)
def add_moments(events, start, nx, first, last, power, moments):  # type: ignore[no-untyped-def]
    """Add the terms of `sums._TERMS[power]`, summed over the events of every cell of some rows.

    `moments` has the shape (terms, cells).
    """
    sums = np.empty(16)
    for k in range(first * nx, last * nx):
        begin, end = start[k], start[k + 1]
        if begin == end:
            continue
        sums[:] = 0.0
        for p in range(begin, end):
            x, y, m = events[p, 0], events[p, 1], events[p, 2]
            xx, yy = x * x, y * y
            s = xx + yy
            sums[0] += m
            if power == 1:
                sums[1] += m * x
                sums[2] += m * y
                sums[3] += m * s
            elif power == 2:
                sums[1] += m * x
                sums[2] += m * y
                sums[3] += m * xx
                sums[4] += m * (x * y)
                sums[5] += m * yy
                sums[6] += m * (x * s)
                sums[7] += m * (y * s)
                sums[8] += m * (s * s)
            elif power == 3:
                sums[1] += m * x
                sums[2] += m * y
                sums[3] += m * xx
                sums[4] += m * (x * y)
                sums[5] += m * yy
                sums[6] += m * (xx * x)
                sums[7] += m * (xx * y)
                sums[8] += m * (x * yy)
                sums[9] += m * (yy * y)
                sums[10] += m * (xx * s)
                sums[11] += m * (x * y * s)
                sums[12] += m * (yy * s)
                sums[13] += m * (x * s * s)
                sums[14] += m * (y * s * s)
                sums[15] += m * (s * s * s)
        for term in range(moments.shape[0]):
            moments[term, k] += sums[term]


@njit(cache=True, nogil=True)
def add_powers(events, start, nx, first, last, degree, moments):  # type: ignore[no-untyped-def]
    """Sum ``mass * x**a * y**b``, a + b at most `degree`, over the events of every cell of some rows, a slowest."""
    for k in range(first * nx, last * nx):
        for p in range(start[k], start[k + 1]):
            term = 0
            of_x = events[p, 2]
            for a in range(degree + 1):
                value = of_x
                for _ in range(degree + 1 - a):
                    moments[term, k] += value
                    value *= events[p, 1]
                    term += 1
                of_x *= events[p, 0]


@njit(cache=True, inline="always")
def height_at(squared, power):  # type: ignore[no-untyped-def]
    """Return a kernel at a squared distance in bandwidths, 1 at the event; the Gaussian's cut is the caller's."""
    if power == BELL:
        return np.exp(-squared / 2)
    if squared >= 1.0:
        return 0.0
    if power == CONE:
        return 1.0 - np.sqrt(squared)
    return (1.0 - squared) ** power


@njit(cache=True, nogil=True)
def share_in_mask(right, up, width, power, cut, mask, first, last, share):  # type: ignore[no-untyped-def]
    """Note which share of each event's kernel, summed over cell centres, lies on the cells of a mask.

    Places are in cells from the centre of the first cell; `width` is each event's bandwidth, `cut` bandwidths its end.
    """
    ny, nx = mask.shape
    for p in range(first, last):
        reach = cut * width[p]
        inside, total = 0.0, 0.0
        for j in range(int(np.ceil(up[p] - reach)), int(np.floor(up[p] + reach)) + 1):
            for i in range(int(np.ceil(right[p] - reach)), int(np.floor(right[p] + reach)) + 1):
                value = height_at(((i - right[p]) ** 2 + (j - up[p]) ** 2) / width[p] ** 2, power)
                total += value
                if 0 <= j < ny and 0 <= i < nx and mask[j, i]:
                    inside += value
        share[p] = inside / total if inside > 0.0 else 1.0


@njit(cache=True, nogil=True)
def add_own(right, up, weight, mass, width, power, cut, out, reached, places):  # type: ignore[no-untyped-def]
    """Add each event's kernel of its own bandwidth (in cells), and count the events and places within it."""
    ny, nx = out.shape
    for p in range(right.size):
        reach = cut * width[p]
        scale = mass[p] / width[p] ** 2
        for j in range(max(0, int(np.ceil(up[p] - reach))), min(ny - 1, int(np.floor(up[p] + reach))) + 1):
            for i in range(max(0, int(np.ceil(right[p] - reach))), min(nx - 1, int(np.floor(right[p] + reach))) + 1):
                squared = ((i - right[p]) ** 2 + (j - up[p]) ** 2) / width[p] ** 2
                out[j, i] += scale * height_at(squared, power)
                if squared < 1.0:
                    reached[j, i] += weight[p]
                    places[j, i] += 1


@njit(cache=True, nogil=True)
def leave_out(x, y, weight, tried, cut, first, last, near, wide):  # type: ignore[no-untyped-def]
    """Sum Gaussians over all other places q of each place p, sorted by x: the log of the sum, and the sum of twice h2.

    Pairs beyond `cut` bandwidths are nothing, unless a place has no nearer one.
    """
    size = x.size
    longest = cut * tried[-1]
    for p in range(first, last):
        for step in (-1, 1):
            q = p + step
            while 0 <= q < size and abs(x[q] - x[p]) < longest:
                squared = (x[q] - x[p]) ** 2 + (y[q] - y[p]) ** 2
                for k in range(tried.size - 1, -1, -1):
                    if squared >= (cut * tried[k]) ** 2:
                        break
                    value = np.exp(-squared / (4.0 * tried[k] ** 2))
                    wide[p, k] += weight[q] * value
                    near[p, k] += weight[q] * (value * value)
                q += step
        for k in range(tried.size):
            if near[p, k] > 0.0:
                near[p, k] = np.log(near[p, k])
            else:
                # No place is near: the far ones alone, in logarithms.
                top = -np.inf
                for q in range(size):
                    if q != p:
                        squared = (x[q] - x[p]) ** 2 + (y[q] - y[p]) ** 2
                        top = max(top, np.log(weight[q]) - squared / (2.0 * tried[k] ** 2))
                total = 0.0
                for q in range(size):
                    if q != p:
                        squared = (x[q] - x[p]) ** 2 + (y[q] - y[p]) ** 2
                        total += np.exp(np.log(weight[q]) - squared / (2.0 * tried[k] ** 2) - top)
                near[p, k] = top + np.log(total)
