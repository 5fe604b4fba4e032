"""Effect by distance from the target area."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from geoharm.errors import DesignError
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.results.curves import Curve
from geoharm.model.counts import Change
from geoharm.stats.simultaneous_bands import simultaneous_multiplier


def distance_profile(
    bands: Sequence[tuple[float, float, Change]],
    control: Change,
    *,
    seed: int,
    dispersion: Mapping[str, float] | None = None,
    level: float = 0.95,
) -> Curve:
    r"""Return the log rate ratio of every ring around the target, with a simultaneous confidence band.

    Parameters
    ----------
    bands : sequence of (inner, outer, Change)
        Inner and outer distance from the target in metres, and counts. The target itself is (0, 0).
    control : Change
        The control, shared by all rings.
    seed : int
        Random seed of the band.
    dispersion : mapping of area name to number, optional
        Variance over mean of the counts; 1 for a missing name.
    level : float
        Confidence level of the band.

    Returns
    -------
    Curve
        Positions are the middles of the rings. Points share the control, so their covariance is
        :math:`\phi_C (1/C_0 + 1/C_1)`.

    Raises
    ------
    DesignError
        If there is no ring, or rings overlap.

    Examples
    --------
    >>> curve = distance_profile([(0, 250, Change("0-250 m", 80, 90))], Change("control", 900, 900), seed=1)
    >>> round(curve.points[0].value, 3), curve.positions.tolist()
    (0.118, [125.0])
    """
    if not bands:
        msg = "A ring profile needs at least one band; none was given."
        raise DesignError(msg)
    ordered = sorted(bands, key=lambda band: band[:2])
    for nearer, farther in pairwise(ordered):
        if farther[0] < nearer[1]:
            msg = f'The bands "{nearer[2].area}" and "{farther[2].area}" overlap; every place counts once.'
            raise DesignError(msg)
    phi = dispersion or {}
    control_phi = phi.get(control.area, 1.0)
    points = []
    for _, _, change in ordered:
        ratio = log_rate_ratio(
            change, control, zone_dispersion=phi.get(change.area, 1.0), control_dispersion=control_phi
        )
        points.append(replace(ratio, name=change.area))
    is_undefined = np.array([not point.is_defined for point in points])
    shared_variance = (
        control_phi * (1 / control.before + 1 / control.after) if control.before and control.after else math.nan
    )
    errors = np.array([point.standard_error for point in points])
    covariance = np.full((len(points), len(points)), shared_variance)
    np.fill_diagonal(covariance, errors**2)
    covariance[is_undefined, :] = covariance[:, is_undefined] = math.nan
    defined_covariance = covariance[np.ix_(~is_undefined, ~is_undefined)]
    multiplier = (
        simultaneous_multiplier(defined_covariance, seed=seed, level=level) if defined_covariance.size else math.nan
    )
    positions = np.array([(inner + outer) / 2 for inner, outer, _ in ordered])
    return Curve("ring profile", tuple(points), positions, covariance, multiplier, level)
