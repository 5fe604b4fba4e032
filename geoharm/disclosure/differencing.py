"""Can a small count be solved for from sums that are published? Linear algebra over stretches of time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from geoharm.model.counts import ZoneCounts
from geoharm.model.period import Period

_TOLERANCE = 1e-9


def is_recoverable(counts: ZoneCounts, zone: str, published: Sequence[Sequence[Period]], k: int) -> bool:
    """Return whether published sums of a zone over time determine a count from 1 to k - 1 of any stretch of time.

    Parameters
    ----------
    counts : ZoneCounts
    zone : str
    published : sequence of sequence of Period
        Each is one published count: the events in all its periods together.
    k : int

    Notes
    -----
    All ends of periods cut time into pieces. A stretch of pieces is determined if its indicator lies in the row space
    of the published sums' indicators; every stretch with a small count is tried. Sums that are withheld themselves are
    not among the known ones. What follows from counts being whole and not negative is not used.
    """
    cuts = sorted({edge for periods in published for period in periods for edge in (period.start, period.end)})
    pieces = list(pairwise(cuts))
    row = counts.counts[counts.zones.index(zone)]
    dates = counts.dates.astype("datetime64[D]")
    inside = [(dates >= np.datetime64(a)) & (dates < np.datetime64(b)) for a, b in pieces]
    sizes = np.array([int(row[mask].sum()) for mask in inside])
    known = np.array(
        [[any(p.start <= a and b <= p.end for p in periods) for a, b in pieces] for periods in published], dtype=float
    )
    values = known @ sizes
    known = np.unique(known[(values == 0) | (values >= k)], axis=0)
    basis = np.linalg.svd(known, full_matrices=False)
    space = basis.Vh[_TOLERANCE * basis.S.max() < basis.S]
    for first in range(len(pieces)):
        for last in range(first, len(pieces)):
            total = int(sizes[first : last + 1].sum())
            if total >= k:
                break
            if total == 0:
                continue
            stretch = np.zeros(len(pieces))
            stretch[first : last + 1] = 1
            rest = stretch - space.T @ (space @ stretch)
            if np.abs(rest).max() < _TOLERANCE**0.5:
                return True
    return False
