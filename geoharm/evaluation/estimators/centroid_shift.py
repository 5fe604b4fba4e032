"""Shift of the events' centre and change of their spread, with errors from a block bootstrap over time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geoharm.errors import DesignError
from geoharm.evaluation.results.displacement_types import CentroidShift, DisplacementTest
from geoharm.model.estimate import Estimate
from geoharm.model.points import Points
from geoharm.stats.distributions import chi2_survival

_MIN_BLOCKS = 6


def centroid_shift(before: Sequence[Points], after: Sequence[Points], *, seed: int, draws: int = 999) -> CentroidShift:
    r"""Return how far the centre of the events moved, and how their spread changed.

    Parameters
    ----------
    before, after : sequence of Points
        The points of each block of time (a month, a week); at least 6 blocks before and 6 after.
    seed : int
        Random seed of the bootstrap.
    draws : int
        Number of bootstrap samples. Whole blocks are drawn, so that events of one block may depend on each other.

    Returns
    -------
    CentroidShift

    Raises
    ------
    DesignError
        If there are fewer blocks, or no events before or after.

    Notes
    -----
    The centre is the weighted mean, the spread the standard distance :math:`\sqrt{\overline{(x-\bar x)^2 +
    (y-\bar y)^2}}`. The p-value compares :math:`d'S^{-1}d` with a chi-square distribution with 2 degrees of
    freedom; S is the bootstrap covariance. A centre that does not move does not show that nothing moved: events may move
    in all directions, which the spread shows.

    References
    ----------
    Künsch (1989), The jackknife and the bootstrap for general stationary observations, Annals of Statistics
    17:1217-1241, https://doi.org/10.1214/aos/1176347265
    """
    if min(len(before), len(after)) < _MIN_BLOCKS:
        msg = f"A centre needs {_MIN_BLOCKS} blocks of time on either side; {len(before)} and {len(after)} were given."
        raise DesignError(msg)
    block_moments = [np.array([_weighted_moments(points) for points in blocks]) for blocks in (before, after)]
    if any(blocks[:, 0].sum() == 0 for blocks in block_moments):
        msg = "A centre needs events before and after; one side has none."
        raise DesignError(msg)
    # Moments are computed around a common centre; squares of raw coordinates would be too large for an exact spread.
    common_centre = block_moments[0][:, 1:3].sum(axis=0) / block_moments[0][:, 0].sum()
    block_moments = [
        np.array([_weighted_moments(points, *common_centre) for points in blocks]) for blocks in (before, after)
    ]
    observed = _shift_and_spread(*(blocks.sum(axis=0)[None, :] for blocks in block_moments))[0]
    rng = np.random.default_rng(seed)
    resampled = [blocks[rng.integers(0, len(blocks), (draws, len(blocks)))].sum(axis=1) for blocks in block_moments]
    usable = (resampled[0][:, 0] > 0) & (resampled[1][:, 0] > 0)
    covariance = np.cov(_shift_and_spread(resampled[0][usable], resampled[1][usable]), rowvar=False)
    reference = "https://doi.org/10.1214/aos/1176347265"
    east, north, spread = (
        Estimate(name, float(value), float(error), unit, reference)
        for name, value, error, unit in zip(
            ("centre, east", "centre, north", "log standard distance"),
            observed,
            np.sqrt(np.diag(covariance)),
            ("metres", "metres", "log ratio"),
            strict=True,
        )
    )
    p_value = math.nan
    if np.linalg.matrix_rank(covariance[:2, :2]) == 2:
        p_value = float(chi2_survival(observed[:2] @ np.linalg.solve(covariance[:2, :2], observed[:2]), 2))
    return CentroidShift(east, north, spread, p_value, (len(before), len(after)))


def centroid_shift_test(shift: CentroidShift) -> DisplacementTest:
    """Return a shift of the centre as a row of the table of displacement types."""
    spread = math.expm1(shift.spread.value)
    sentence = f"The centre moved by {shift.distance:,.0f} m and the spread changed by {spread:+.0%}."
    return DisplacementTest("centre", shift.distance, "metres", shift.p_value, sentence)


def _weighted_moments(points: Points, x: float = 0.0, y: float = 0.0) -> tuple[float, float, float, float]:
    east, north, weight = points.x - x, points.y - y, points.weight
    return (
        float(weight.sum()),
        float(weight @ east),
        float(weight @ north),
        float(weight @ (east**2 + north**2)),
    )


def _shift_and_spread(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return east, north and log spread, after minus before, from summed moments of shape (draws, 4)."""
    centres = [moments[:, 1:3] / moments[:, :1] for moments in (before, after)]
    squares = [
        np.maximum(moments[:, 3] / moments[:, 0] - (centre**2).sum(axis=1), 1e-12)
        for moments, centre in zip((before, after), centres, strict=True)
    ]
    shift = centres[1] - centres[0]
    return np.column_stack([shift, np.log(squares[1] / squares[0]) / 2])
