"""Compiled loops of density: sorting of events by cell, kernel sums by pairs, and moments of cells.

Every loop releases the global interpreter lock. Callers run them in threads over disjoint rows, so no sum depends on
the order of the threads. Lengths are in cells. `events` has the shape (n, 3): offset from the centre of the cell of the
event to the east and north, from -0.5 to 0.5, and weight. `start` is the position of the first event of each cell.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoharm._compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Codes of the triangular kernel and of the Gaussian; other kernels have their power as code.
TRIANGULAR_CODE, GAUSSIAN_CODE = -1, -2
WORKERS = min(os.cpu_count() or 1, 8)


def run_in_threads(work: Callable[[Any], object], items: Iterable[Any]) -> None:
    """Call `work` once for each item, in several threads."""
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, items))


@compiled(nogil=True)
def count_cells(x, y, x0, y0, per_metre, nx, ny, first, last, cell_of_event, counts):  # type: ignore[no-untyped-def]
    """Write the cell of each event to `cell_of_event` (-1 outside the grid) and count the events of each cell."""
    for event in range(first, last):
        column = np.floor((x[event] - x0) * per_metre)
        row = np.floor((y[event] - y0) * per_metre)
        if 0 <= column < nx and 0 <= row < ny:
            cell = int(row) * nx + int(column)
            cell_of_event[event] = cell
            counts[cell] += 1
        else:
            cell_of_event[event] = -1


@compiled(nogil=True)
def place_cells(x, y, weight, x0, y0, per_metre, nx, first, last, cell_of_event, next_position, events):  # type: ignore[no-untyped-def]
    """Write events, sorted by cell, to `events`; `next_position` is the next free position of each cell."""
    for event in range(first, last):
        cell = cell_of_event[event]
        if cell >= 0:
            index = next_position[cell]
            next_position[cell] = index + 1
            row = cell // nx
            events[index, 0] = (x[event] - x0) * per_metre - (cell - row * nx) - 0.5
            events[index, 1] = (y[event] - y0) * per_metre - row - 0.5
            events[index, 2] = weight[event]


@compiled(nogil=True)
def merge_places(x, y, weight, first, last, slots, place_x, place_y, place_weight):  # type: ignore[no-untyped-def]
    """Sum weights by place, in order of first occurrence.

    Returns the number of places, or -1 if the result arrays are too small.

    `slots` is a hash table of the positions of places in the three result arrays. Its size is a power of two, and it is
    filled with -1.
    """
    coordinates = np.empty(2)
    words = coordinates.view(np.uint64)
    mask = np.uint64(slots.size - 1)
    place_count = 0
    for event in range(first, last):
        # Zero is added so that minus zero becomes zero.
        coordinates[0], coordinates[1] = x[event] + 0.0, y[event] + 0.0
        hashed = words[0] * np.uint64(0x9E3779B97F4A7C15) + words[1] * np.uint64(0xC2B2AE3D27D4EB4F)
        hashed ^= hashed >> np.uint64(29)
        hashed *= np.uint64(0xBF58476D1CE4E5B9)
        slot = (hashed >> np.uint64(32)) & mask
        while True:
            place = slots[slot]
            if place < 0:
                if place_count == place_x.size:
                    return -1
                slots[slot] = place_count
                place_x[place_count], place_y[place_count], place_weight[place_count] = (
                    x[event],
                    y[event],
                    weight[event],
                )
                place_count += 1
                break
            if place_x[place] == x[event] and place_y[place] == y[event]:
                place_weight[place] += weight[event]
                break
            slot = (slot + np.uint64(1)) & mask
    return place_count


@compiled(nogil=True)
def add_pairs(  # type: ignore[no-untyped-def]
    events, start, nx, first, last, column_offsets, row_offsets, flat_offsets, squared_radius, power, width, out
):
    """Add ``weight * max(squared_radius - d2, 0)**power`` of the events of some rows to the cells at given offsets.

    The innermost loop runs over offsets, each with its own sum, so that the compiler can vectorise it.
    """
    offset_count = column_offsets.size
    sums = np.empty(offset_count)
    radius = np.sqrt(squared_radius)
    for row in range(first, last):
        for column in range(nx):
            begin, end = start[row * nx + column], start[row * nx + column + 1]
            if begin == end:
                continue
            sums[:] = 0.0
            for event in range(begin, end):
                x, y, weight = events[event, 0], events[event, 1], events[event, 2]
                if power == 2:
                    for offset in range(offset_count):
                        dx, dy = column_offsets[offset] - x, row_offsets[offset] - y
                        term = squared_radius - dx * dx - dy * dy
                        term = term if term > 0.0 else 0.0
                        sums[offset] += weight * (term * term)
                elif power == 1:
                    for offset in range(offset_count):
                        dx, dy = column_offsets[offset] - x, row_offsets[offset] - y
                        term = squared_radius - dx * dx - dy * dy
                        sums[offset] += weight * (term if term > 0.0 else 0.0)
                elif power == 3:
                    for offset in range(offset_count):
                        dx, dy = column_offsets[offset] - x, row_offsets[offset] - y
                        term = squared_radius - dx * dx - dy * dy
                        term = term if term > 0.0 else 0.0
                        sums[offset] += weight * (term * term * term)
                elif power == 0:
                    for offset in range(offset_count):
                        dx, dy = column_offsets[offset] - x, row_offsets[offset] - y
                        sums[offset] += weight if squared_radius - dx * dx - dy * dy > 0.0 else 0.0
                else:
                    for offset in range(offset_count):
                        dx, dy = column_offsets[offset] - x, row_offsets[offset] - y
                        term = radius - np.sqrt(dx * dx + dy * dy)
                        sums[offset] += weight * (term if term > 0.0 else 0.0)
            first_cell = row * width + column
            for offset in range(offset_count):
                out[first_cell + flat_offsets[offset]] += sums[offset]


@compiled(nogil=True)
def add_hits(  # type: ignore[no-untyped-def]
    events, start, nx, first, last, column_offsets, row_offsets, flat_offsets, squared_radius, width, reached, places
):
    """Add the weights and the number of the events of some rows to the cells whose centres they reach."""
    offset_count = column_offsets.size
    sums = np.empty(offset_count)
    hits = np.empty(offset_count)
    for row in range(first, last):
        for column in range(nx):
            begin, end = start[row * nx + column], start[row * nx + column + 1]
            if begin == end:
                continue
            sums[:] = 0.0
            hits[:] = 0.0
            for event in range(begin, end):
                x, y, weight = events[event, 0], events[event, 1], events[event, 2]
                for offset in range(offset_count):
                    dx, dy = column_offsets[offset] - x, row_offsets[offset] - y
                    hit = 1.0 if squared_radius - dx * dx - dy * dy > 0.0 else 0.0
                    sums[offset] += weight * hit
                    hits[offset] += hit
            first_cell = row * width + column
            for offset in range(offset_count):
                reached[first_cell + flat_offsets[offset]] += sums[offset]
                places[first_cell + flat_offsets[offset]] += hits[offset]


@compiled(nogil=True)
def add_gaussians(events, start, nx, first, last, sigma, reach, width, out):  # type: ignore[no-untyped-def]
    """Add ``weight * exp(-d2 / (2 sigma2))`` of the events of some rows to all cells within `reach` cells each way."""
    row_profile = np.empty(2 * reach + 1)
    for row in range(first, last):
        for column in range(nx):
            for event in range(start[row * nx + column], start[row * nx + column + 1]):
                for i in range(2 * reach + 1):
                    row_profile[i] = np.exp(-(((i - reach - events[event, 0]) / sigma) ** 2) / 2)
                for j in range(2 * reach + 1):
                    factor = events[event, 2] * np.exp(-(((j - reach - events[event, 1]) / sigma) ** 2) / 2)
                    first_cell = (row + j) * width + column
                    for i in range(2 * reach + 1):
                        out[first_cell + i] += factor * row_profile[i]


@compiled(nogil=True)
def add_moments(events, start, nx, first, last, power, moments):  # type: ignore[no-untyped-def]
    """Add the terms of `kernel_sums._TERMS[power]`, summed over the events of every cell of some rows.

    The array `moments` has the shape (terms, cells).
    """
    sums = np.empty(16)
    for cell in range(first * nx, last * nx):
        begin, end = start[cell], start[cell + 1]
        if begin == end:
            continue
        sums[:] = 0.0
        for event in range(begin, end):
            x, y, weight = events[event, 0], events[event, 1], events[event, 2]
            xx, yy = x * x, y * y
            s = xx + yy
            sums[0] += weight
            if power == 1:
                sums[1] += weight * x
                sums[2] += weight * y
                sums[3] += weight * s
            elif power == 2:
                sums[1] += weight * x
                sums[2] += weight * y
                sums[3] += weight * xx
                sums[4] += weight * (x * y)
                sums[5] += weight * yy
                sums[6] += weight * (x * s)
                sums[7] += weight * (y * s)
                sums[8] += weight * (s * s)
            elif power == 3:
                sums[1] += weight * x
                sums[2] += weight * y
                sums[3] += weight * xx
                sums[4] += weight * (x * y)
                sums[5] += weight * yy
                sums[6] += weight * (xx * x)
                sums[7] += weight * (xx * y)
                sums[8] += weight * (x * yy)
                sums[9] += weight * (yy * y)
                sums[10] += weight * (xx * s)
                sums[11] += weight * (x * y * s)
                sums[12] += weight * (yy * s)
                sums[13] += weight * (x * s * s)
                sums[14] += weight * (y * s * s)
                sums[15] += weight * (s * s * s)
        for term in range(moments.shape[0]):
            moments[term, cell] += sums[term]


@compiled(nogil=True)
def add_gaussian_moments(events, start, nx, first, last, degree, moments):  # type: ignore[no-untyped-def]
    """Sum ``weight * x**a * y**b`` over the events of every cell of some rows, for a + b up to `degree`.

    The terms are in order of a, then of b.
    """
    for cell in range(first * nx, last * nx):
        for event in range(start[cell], start[cell + 1]):
            term = 0
            weighted_power = events[event, 2]
            for a in range(degree + 1):
                term_value = weighted_power
                for _ in range(degree + 1 - a):
                    moments[term, cell] += term_value
                    term_value *= events[event, 1]
                    term += 1
                weighted_power *= events[event, 0]


@compiled(inline="always")
def kernel_at(squared, kernel_code):  # type: ignore[no-untyped-def]
    """Return the kernel, scaled to 1 at the event, at a squared distance in bandwidths; a Gaussian is not cut off."""
    if kernel_code == GAUSSIAN_CODE:
        return np.exp(-squared / 2)
    if squared >= 1.0:
        return 0.0
    if kernel_code == TRIANGULAR_CODE:
        return 1.0 - np.sqrt(squared)
    return (1.0 - squared) ** kernel_code


@compiled(nogil=True)
def share_in_mask(x, y, bandwidth, kernel_code, reach_in_bandwidths, mask, first, last, share):  # type: ignore[no-untyped-def]
    """Write the share of each event's kernel, summed over cell centres, that lies on the cells of a mask to `share`.

    The positions x and y are in cells from the centre of the first cell. `bandwidth` is that of each event, in cells,
    and `reach_in_bandwidths` the reach of the kernel.
    """
    ny, nx = mask.shape
    for event in range(first, last):
        reach = reach_in_bandwidths * bandwidth[event]
        inside, total = 0.0, 0.0
        for row in range(int(np.ceil(y[event] - reach)), int(np.floor(y[event] + reach)) + 1):
            for column in range(int(np.ceil(x[event] - reach)), int(np.floor(x[event] + reach)) + 1):
                value = kernel_at(
                    ((column - x[event]) ** 2 + (row - y[event]) ** 2) / bandwidth[event] ** 2,
                    kernel_code,
                )
                total += value
                if 0 <= row < ny and 0 <= column < nx and mask[row, column]:
                    inside += value
        share[event] = inside / total if inside > 0.0 else 1.0


@compiled(nogil=True)
def add_adaptive(  # type: ignore[no-untyped-def]
    x,
    y,
    weight,
    corrected_weight,
    bandwidth,
    kernel_code,
    reach_in_bandwidths,
    out,
    event_sums,
    places,
):
    """Add the kernel of each event with its own bandwidth (in cells), and count events and places within it."""
    ny, nx = out.shape
    for event in range(x.size):
        reach = reach_in_bandwidths * bandwidth[event]
        scale = corrected_weight[event] / bandwidth[event] ** 2
        for row in range(
            max(0, int(np.ceil(y[event] - reach))),
            min(ny - 1, int(np.floor(y[event] + reach))) + 1,
        ):
            for column in range(
                max(0, int(np.ceil(x[event] - reach))),
                min(nx - 1, int(np.floor(x[event] + reach))) + 1,
            ):
                squared = ((column - x[event]) ** 2 + (row - y[event]) ** 2) / bandwidth[event] ** 2
                out[row, column] += scale * kernel_at(squared, kernel_code)
                if squared < 1.0:
                    event_sums[row, column] += weight[event]
                    places[row, column] += 1


@compiled(nogil=True)
def leave_out(x, y, weight, bandwidths, cutoff, first, last, log_sums, wide_sums):  # type: ignore[no-untyped-def]
    """Sum Gaussians over all other places of each place, with places sorted by x, for several bandwidths h.

    Writes the log of the sum with variance h2 to `log_sums` (minus infinity where it is 0), and the sum with variance 2 h2
    to `wide_sums`. Pairs farther apart than `cutoff` bandwidths are left out.
    """
    place_count = x.size
    longest = cutoff * bandwidths[-1]
    for place in range(first, last):
        for step in (-1, 1):
            other_place = place + step
            while 0 <= other_place < place_count and abs(x[other_place] - x[place]) < longest:
                squared = (x[other_place] - x[place]) ** 2 + (y[other_place] - y[place]) ** 2
                for k in range(bandwidths.size - 1, -1, -1):
                    if squared >= (cutoff * bandwidths[k]) ** 2:
                        break
                    value = np.exp(-squared / (4.0 * bandwidths[k] ** 2))
                    wide_sums[place, k] += weight[other_place] * value
                    log_sums[place, k] += weight[other_place] * (value * value)
                other_place += step
        for k in range(bandwidths.size):
            log_sums[place, k] = np.log(log_sums[place, k]) if log_sums[place, k] > 0.0 else -np.inf
