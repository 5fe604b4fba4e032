"""Shift of the events' centre and change of their spread, for orientation."""

from __future__ import annotations

import math

from geoharm.errors import DesignError
from geoharm.evaluation.results.displacement_types import CentroidShift, DisplacementType
from geoharm.model.points import Points


def centroid_shift(before: Points, after: Points) -> CentroidShift:
    r"""Return how far the centre of the events moved, and how their spread changed.

    Parameters
    ----------
    before, after : Points
        The events before and after.

    Returns
    -------
    CentroidShift

    Raises
    ------
    DesignError
        If there are no events before or after.

    Notes
    -----
    The centre is the weighted mean, the spread the standard distance :math:`\sqrt{\overline{(x-\bar x)^2 +
    (y-\bar y)^2}}`. A centre that does not move does not show that nothing moved: events may move in all directions, which
    the spread shows. How far a centre moves by itself is not known, so no error is given.
    """
    moments = [_weighted_moments(points) for points in (before, after)]
    if any(weight == 0 for weight, *_ in moments):
        msg = "A centre needs events before and after; one side has none."
        raise DesignError(msg)
    # Moments are computed around a common centre; squares of raw coordinates would be too large for an exact spread.
    total = moments[0][0] + moments[1][0]
    common_centre = tuple((moments[0][axis] + moments[1][axis]) / total for axis in (1, 2))
    (east_before, north_before, log_before), (east_after, north_after, log_after) = (
        _centre_and_log_spread(_weighted_moments(points, *common_centre)) for points in (before, after)
    )
    return CentroidShift(east_after - east_before, north_after - north_before, log_after - log_before)


def centroid_shift_row(shift: CentroidShift) -> DisplacementType:
    """Return a shift of the centre as a row of the table of displacement types."""
    spread = math.expm1(shift.spread)
    sentence = f"The centre moved by {shift.distance:,.0f} m and the spread changed by {spread:+.0%}."
    return DisplacementType("centre", shift.distance, "metres", sentence)


def _weighted_moments(points: Points, x: float = 0.0, y: float = 0.0) -> tuple[float, float, float, float]:
    east, north, weight = points.x - x, points.y - y, points.weight
    return (
        float(weight.sum()),
        float(weight @ east),
        float(weight @ north),
        float(weight @ (east**2 + north**2)),
    )


def _centre_and_log_spread(moments: tuple[float, float, float, float]) -> tuple[float, float, float]:
    """Return the centre's east and north, and the log of the standard distance, from weighted moments."""
    weight, east, north, square = moments[0], moments[1] / moments[0], moments[2] / moments[0], moments[3]
    return east, north, math.log(max(square / weight - east**2 - north**2, 1e-12)) / 2
