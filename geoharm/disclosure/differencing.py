"""Differencing attack: whether a small count can be solved for from published sums, by linear algebra over time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from geoharm.model.counts import ZoneCounts
from geoharm.model.disclosure_rules import is_few
from geoharm.model.period import Period

_TOLERANCE = 1e-9


def is_recoverable(counts: ZoneCounts, zone: str, published: Sequence[Sequence[Period]], k: int) -> bool:
    """Return whether published sums of a zone over time determine a few events (`is_few`) of any stretch of time.

    Parameters
    ----------
    counts : ZoneCounts
    zone : str
    published : sequence of sequence of Period
        Each item is one published count: the events in all its periods together.
    k : int
        Threshold of the disclosure rule.

    Notes
    -----
    The ends of all periods cut time into pieces. Every stretch of consecutive pieces with a small count is tested. It is
    determined if its indicator lies in the row space of the indicators of the published sums. Sums that are suppressed
    themselves are not among the known ones. It is not used that counts are whole and not negative.
    """
    cuts = sorted({edge for periods in published for period in periods for edge in (period.start, period.end)})
    pieces = list(pairwise(cuts))
    daily_counts = counts.counts[counts.zones.index(zone)]
    dates = counts.dates.astype("datetime64[D]")
    piece_masks = [(dates >= np.datetime64(start)) & (dates < np.datetime64(end)) for start, end in pieces]
    piece_counts = np.array([int(daily_counts[mask].sum()) for mask in piece_masks])
    known = np.array(
        [
            [any(period.start <= start and end <= period.end for period in periods) for start, end in pieces]
            for periods in published
        ],
        dtype=float,
    )
    published_counts = known @ piece_counts
    known = np.unique(known[(published_counts == 0) | (published_counts >= k)], axis=0)
    basis = np.linalg.svd(known, full_matrices=False)
    row_space = basis.Vh[_TOLERANCE * basis.S.max() < basis.S]
    for first in range(len(pieces)):
        for last in range(first, len(pieces)):
            total = int(piece_counts[first : last + 1].sum())
            if total >= k:
                break
            if not is_few(total, k):
                continue
            stretch = np.zeros(len(pieces))
            stretch[first : last + 1] = 1
            residual = stretch - row_space.T @ (row_space @ stretch)
            if np.abs(residual).max() < _TOLERANCE**0.5:
                return True
    return False
