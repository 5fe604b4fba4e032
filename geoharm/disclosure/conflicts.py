"""Published numbers that contradict each other: which they are, and how far they must be read more widely to agree.

Numbers contradict each other if no counts agree with all of them: the data were revised between two releases, or two
outlines that look the same differ by a strip that holds events. "Cannot be" is no reason to stop looking: only the numbers
that contradict each other are relaxed, and the attack goes on with all others as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from geoharm.disclosure.programmes import MAX_COUNT, solve_whole
from geoharm.errors import PublishError

# Conflicts that are resolved one by one; more of them would take too long, and the release is refused.
_MAX_CONFLICTS = 200
_TINY = 1e-7


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of the sums of unknown counts, and which unknowns are taken to be zero.

    Attributes
    ----------
    low, high : ndarray of float, shape (sums,)
    zero : ndarray of bool, shape (unknowns,)
    slack : ndarray of float, shape (unknowns,)
        By how much sums of different unknowns, among them this one, were widened at most.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    zero: NDArray[np.bool_]
    slack: NDArray[np.float64]


def reconcile(matrix: sparse.csc_matrix, bounds: Bounds, parts: NDArray[np.int64]) -> Bounds:
    """Return bounds that some whole, non-negative counts meet; they are the given ones wherever nothing contradicts.

    Parameters
    ----------
    matrix : sparse matrix, shape (sums, unknowns)
    bounds : Bounds
    parts : ndarray of int, shape (unknowns,)
        Connected part of every unknown.

    Raises
    ------
    PublishError
        If there are too many conflicts to resolve, or it cannot be decided whether there are any.

    Notes
    -----
    Sums over the same unknowns that exclude each other are compared first: each is widened to cover them all.

    Any other conflict is a smallest set of sums that contradict each other. First, unknowns of its sums that were taken to
    be zero are let free. If it is still a conflict, each of its sums is widened until the others can be met with it. So
    every number of a conflict may be the one that is wrong, by as much as they contradict each other, and none is forgotten.
    """
    low, high = bounds.low.copy(), bounds.high.copy()
    zero, slack = bounds.zero.copy(), bounds.slack.copy()
    _widen_repeated(matrix, low, high)
    by_row = matrix.tocsr()
    for part in np.unique(parts):
        columns = np.flatnonzero(parts == part)
        rows = np.unique(matrix[:, columns].indices)
        for _ in range(_MAX_CONFLICTS):
            inner = by_row[rows][:, columns].tocsc()
            conflict = _find_conflict(inner, low[rows], high[rows], zero[columns])
            if conflict is None:
                break
            touched = np.unique(inner[conflict].nonzero()[1])
            fixed = columns[touched[zero[columns[touched]]]]
            if fixed.size:
                zero[fixed] = False
                continue
            lower, upper = _widened(inner[conflict], low[rows[conflict]], high[rows[conflict]])
            most = np.maximum(low[rows[conflict]] - lower, upper - high[rows[conflict]]).max()
            slack[columns[touched]] = np.maximum(slack[columns[touched]], most)
            low[rows[conflict]], high[rows[conflict]] = lower, upper
        else:
            msg = (
                f"The numbers of this release and those before it contradict each other in more than {_MAX_CONFLICTS} "
                "places, so they cannot be checked together; choose another --out."
            )
            raise PublishError(msg)
    return Bounds(low, high, zero, slack)


def _widen_repeated(matrix: sparse.csc_matrix, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
    """Widen, in place, sums over the same unknowns that exclude each other to an interval that covers them all."""
    by_row = matrix.tocsr()
    by_row.sort_indices()
    groups: dict[tuple[bytes, bytes], list[int]] = {}
    for row in range(by_row.shape[0]):
        part = slice(by_row.indptr[row], by_row.indptr[row + 1])
        groups.setdefault((by_row.indices[part].tobytes(), by_row.data[part].tobytes()), []).append(row)
    for group in groups.values():
        lows, highs = low[group], high[group]
        excluded = (lows[:, None] > highs[None, :]).any(axis=1) | (highs[:, None] < lows[None, :]).any(axis=1)
        if excluded.any():
            members = np.array(group)[excluded]
            low[members], high[members] = lows[excluded].min(), highs[excluded].max()


def _find_conflict(
    matrix: sparse.csc_matrix, low: NDArray[np.float64], high: NDArray[np.float64], zero: NDArray[np.bool_]
) -> NDArray[np.int64] | None:
    """Return the rows of a smallest set that no counts meet; None if some counts meet all rows.

    It is smallest in that all its rows but any one can be met.
    """

    def can_be_met(rows: NDArray[np.int64]) -> bool:
        return solve_whole(np.zeros(matrix.shape[1]), matrix[rows], low[rows], high[rows], zero=zero) is not None

    everything = np.arange(matrix.shape[0])
    if can_be_met(everything):
        return None
    kept = _suspects(matrix, low, high, zero)
    if can_be_met(kept):
        # No fractions contradict each other, only whole numbers do.
        kept = everything
    size = max(kept.size // 2, 1)
    while True:
        first = 0
        while first < kept.size:
            fewer = np.delete(kept, slice(first, first + size))
            if fewer.size and not can_be_met(fewer):
                kept = fewer
            else:
                first += size
        if size == 1:
            return kept
        size = max(size // 2, 1)


def _suspects(
    matrix: sparse.csc_matrix, low: NDArray[np.float64], high: NDArray[np.float64], zero: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return the rows whose bounds cost something in the cheapest way to meet all rows with slack: Farkas' certificate."""
    upper, lower = np.flatnonzero(np.isfinite(high)), np.flatnonzero(np.isfinite(low))
    rows = np.concatenate([upper, lower])
    constraints = sparse.vstack([matrix[upper], -matrix[lower]])
    slack = -sparse.identity(rows.size)
    result = optimize.linprog(
        np.concatenate([np.zeros(matrix.shape[1]), np.ones(rows.size)]),
        A_ub=sparse.hstack([constraints, slack]),
        b_ub=np.concatenate([high[upper], -low[lower]]),
        bounds=[(0, 0 if fixed else MAX_COUNT) for fixed in zero] + [(0, None)] * rows.size,
        method="highs",
    )
    if result.status != 0:
        return np.arange(matrix.shape[0])
    return np.unique(rows[np.abs(result.ineqlin.marginals) > _TINY])


def _widened(
    matrix: sparse.csc_matrix, low: NDArray[np.float64], high: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the bounds of the rows of a conflict, each widened until the other rows can be met with it."""
    widened_low, widened_high = low.copy(), high.copy()
    for row in range(matrix.shape[0]):
        others = np.delete(np.arange(matrix.shape[0]), row)
        goal = matrix[row].toarray().ravel()
        least, most = (
            float(goal @ solution)
            for sign in (1.0, -1.0)
            if (solution := solve_whole(sign * goal, matrix[others], low[others], high[others])) is not None
        )
        if least > high[row]:
            widened_high[row] = least
        elif most < low[row]:
            widened_low[row] = most
    if np.array_equal(widened_low, low) and np.array_equal(widened_high, high):
        # The others have whole values on both sides of every row, and none between.
        slack = _slack(matrix, low, high)
        return low - slack, high + slack
    return widened_low, widened_high


def _slack(matrix: sparse.csc_matrix, low: NDArray[np.float64], high: NDArray[np.float64]) -> float:
    """Return the smallest sum of slacks with which whole counts meet all rows."""
    rows, columns = matrix.shape
    identity = sparse.identity(rows, format="csc")
    met = solve_whole(
        np.concatenate([np.zeros(columns), np.ones(2 * rows)]),
        sparse.hstack([matrix, identity, -identity], format="csc"),
        low,
        high,
        slacks=2 * rows,
    )
    return float(met[columns:].sum()) if met is not None else float(np.maximum(low - high, 0).max())
