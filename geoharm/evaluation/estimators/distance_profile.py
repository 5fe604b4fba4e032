"""Effect by distance from the target area."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from geoharm.errors import DesignError
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.results.curves import Curve, PointEstimate
from geoharm.model.counts import Change


def distance_profile(
    bands: Sequence[tuple[float, float, Change]],
    control: Change,
    *,
    dispersion: Mapping[str, float] | None = None,
) -> Curve:
    r"""Return the log rate ratio of every ring around the target, for orientation.

    Parameters
    ----------
    bands : sequence of (inner, outer, Change)
        Inner and outer distance from the target in metres, and counts. The target itself is (0, 0).
    control : Change
        The control, shared by all rings.
    dispersion : mapping of area name to number, optional
        Variance over mean of the counts; 1 for a missing name.

    Returns
    -------
    Curve
        Positions are the middles of the rings. Points share the control, so their covariance from the noise of
        counting alone is :math:`\phi_C (1/C_0 + 1/C_1)`. No band is made from it: in simulated cities in which nothing
        happened, it held the whole profile in 65 of 100 (docs/calibration.md).

    Raises
    ------
    DesignError
        If there is no ring, or rings overlap.

    Examples
    --------
    >>> curve = distance_profile([(0, 250, Change("0-250 m", 80, 90))], Change("control", 900, 900))
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
    ratios = [
        log_rate_ratio(change, control, zone_dispersion=phi.get(change.area, 1.0), control_dispersion=control_phi)
        for _, _, change in ordered
    ]
    points = tuple(
        PointEstimate(change.area, ratio.value, ratio.unit, ratio.reference, ratio.note, ratio.reason)
        for (_, _, change), ratio in zip(ordered, ratios, strict=True)
    )
    is_undefined = np.array([not ratio.is_defined for ratio in ratios])
    shared_variance = (
        control_phi * (1 / control.before + 1 / control.after) if control.before and control.after else math.nan
    )
    covariance = np.full((len(points), len(points)), shared_variance)
    np.fill_diagonal(covariance, np.array([ratio.standard_error for ratio in ratios]) ** 2)
    covariance[is_undefined, :] = covariance[:, is_undefined] = math.nan
    positions = np.array([(inner + outer) / 2 for inner, outer, _ in ordered])
    return Curve("ring profile", points, positions, covariance)
