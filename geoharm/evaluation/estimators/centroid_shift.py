"""The centre of the events and their spread, before and after, with the uncertainty of whole blocks of time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from geoharm.errors import DesignError
from geoharm.evaluation.results.displacement_types import CentroidShift, DisplacementTest
from geoharm.model.estimate import Estimate
from geoharm.model.points import Points

_MIN_BLOCKS = 6


def centroid_shift(before: Sequence[Points], after: Sequence[Points], *, seed: int, draws: int = 999) -> CentroidShift:
    r"""Return how far the centre of the events moved, and how their spread changed.

    Parameters
    ----------
    before, after : sequence of Points
        One a block of time (a month, a week); at least 6 on either side.
    seed : int
    draws : int
        Bootstrap samples of whole blocks, so that events of one block may depend on each other.

    Raises
    ------
    DesignError
        For fewer blocks, or a side without events.

    Notes
    -----
    The centre is the weighted mean, the spread the standard distance :math:`\sqrt{\overline{(x-\bar x)^2 +
    (y-\bar y)^2}}`. The p-value takes :math:`d'S^{-1}d` as chi-square with 2, S the bootstrap covariance. A centre
    that stays says little: events may leave in all directions, which the spread shows.

    References
    ----------
    Künsch (1989), The jackknife and the bootstrap for general stationary observations, Annals of Statistics
    17:1217-1241, https://doi.org/10.1214/aos/1176347265
    """
    if min(len(before), len(after)) < _MIN_BLOCKS:
        msg = f"A centre needs {_MIN_BLOCKS} blocks of time on either side; {len(before)} and {len(after)} were given."
        raise DesignError(msg)
    sums = [np.array([_moments(points) for points in side]) for side in (before, after)]
    if any(side[:, 0].sum() == 0 for side in sums):
        msg = "A centre needs events before and after; one side has none."
        raise DesignError(msg)
    # Moments are taken from a common middle, or the squares of coordinates would drown the spread.
    middle = sums[0][:, 1:3].sum(axis=0) / sums[0][:, 0].sum()
    sums = [np.array([_moments(points, *middle) for points in side]) for side in (before, after)]
    seen = _compare(*(side.sum(axis=0)[None, :] for side in sums))[0]
    rng = np.random.default_rng(seed)
    resampled = [side[rng.integers(0, len(side), (draws, len(side)))].sum(axis=1) for side in sums]
    usable = (resampled[0][:, 0] > 0) & (resampled[1][:, 0] > 0)
    covariance = np.cov(_compare(resampled[0][usable], resampled[1][usable]), rowvar=False)
    reference = "https://doi.org/10.1214/aos/1176347265"
    east, north, spread = (
        Estimate(name, float(value), float(error), unit, reference)
        for name, value, error, unit in zip(
            ("centre, east", "centre, north", "log standard distance"),
            seen,
            np.sqrt(np.diag(covariance)),
            ("metres", "metres", "log ratio"),
            strict=True,
        )
    )
    p_value = math.nan
    if np.linalg.matrix_rank(covariance[:2, :2]) == 2:
        p_value = float(chi2.sf(seen[:2] @ np.linalg.solve(covariance[:2, :2], seen[:2]), 2))
    return CentroidShift(east, north, spread, p_value, (len(before), len(after)))


def centroid_shift_test(shift: CentroidShift) -> DisplacementTest:
    """Return a shift of the centre as a row of the table."""
    spread = math.expm1(shift.spread.value)
    sentence = f"The centre moved by {shift.distance:,.0f} m and the spread changed by {spread:+.0%}."
    return DisplacementTest("centre", shift.distance, "metres", shift.p_value, sentence)


def _moments(points: Points, x: float = 0.0, y: float = 0.0) -> tuple[float, float, float, float]:
    east, north, weight = points.x - x, points.y - y, points.weight
    return (
        float(weight.sum()),
        float(weight @ east),
        float(weight @ north),
        float(weight @ (east**2 + north**2)),
    )


def _compare(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return east, north and log spread, after less before, from summed moments of shape (draws, 4)."""
    centres = [side[:, 1:3] / side[:, :1] for side in (before, after)]
    squares = [
        np.maximum(side[:, 3] / side[:, 0] - (centre**2).sum(axis=1), 1e-12)
        for side, centre in zip((before, after), centres, strict=True)
    ]
    moved = centres[1] - centres[0]
    return np.column_stack([moved, np.log(squares[1] / squares[0]) / 2])
