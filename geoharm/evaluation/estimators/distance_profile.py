"""The effect by distance from the target, and what the answer owes to the choice of rings, windows and control."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from geoharm.errors import DesignError
from geoharm.evaluation.estimators.rate_ratio import REFERENCE, log_rate_ratio
from geoharm.evaluation.results.curves import Curve
from geoharm.model.counts import Change
from geoharm.model.estimate import Estimate
from geoharm.stats.simultaneous_bands import simultaneous_multiplier


def distance_profile(
    bands: Sequence[tuple[float, float, Change]],
    control: Change,
    *,
    seed: int,
    dispersion: Mapping[str, float] | None = None,
    level: float = 0.95,
) -> Curve:
    r"""Return the log rate ratio of every band around the target, with a band that holds the whole profile.

    Parameters
    ----------
    bands : sequence of (inner, outer, Change)
        Distances in metres from the target, and counts; the target itself is (0, 0).
    control : Change
        Shared by all.
    seed : int
    dispersion : mapping of area name to number, optional
    level : float

    Returns
    -------
    Curve
        Positions are the middles of the bands. Points share the control, so their covariance is
        :math:`\phi_C (1/C_0 + 1/C_1)`.

    Raises
    ------
    DesignError
        If there is no band, or bands overlap.

    Examples
    --------
    >>> found = ring_profile([(0, 250, Change("0-250 m", 80, 90))], Change("control", 900, 900), seed=1)
    >>> round(found.points[0].value, 3), found.positions.tolist()
    (0.118, [125.0])
    """
    if not bands:
        msg = "A ring profile needs at least one band; none was given."
        raise DesignError(msg)
    ordered = sorted(bands, key=lambda band: band[:2])
    for one, two in pairwise(ordered):
        if two[0] < one[1]:
            msg = f'The bands "{one[2].area}" and "{two[2].area}" overlap; every place counts once.'
            raise DesignError(msg)
    phi = dispersion or {}
    other = phi.get(control.area, 1.0)
    points = []
    for _, _, change in ordered:
        ratio = log_rate_ratio(change, control, zone_dispersion=phi.get(change.area, 1.0), control_dispersion=other)
        points.append(Estimate(change.area, ratio.value, ratio.standard_error, ratio.unit, REFERENCE, ratio.note))
    lost = np.array([not point.is_defined for point in points])
    shared = other * (1 / control.before + 1 / control.after) if control.before and control.after else math.nan
    errors = np.array([point.standard_error for point in points])
    covariance = np.full((len(points), len(points)), shared)
    np.fill_diagonal(covariance, errors**2)
    covariance[lost, :] = covariance[:, lost] = math.nan
    kept = covariance[np.ix_(~lost, ~lost)]
    reach = simultaneous_multiplier(kept, seed=seed, level=level) if kept.size else math.nan
    positions = np.array([(inner + outer) / 2 for inner, outer, _ in ordered])
    return Curve("ring profile", tuple(points), positions, covariance, reach, level)
