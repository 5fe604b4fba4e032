"""The weighted sum of independent effects.

Wheeler (2020), Weighted displacement difference with harm weights,
https://andrewpwheeler.com/2020/11/19/amending-the-wdd-test-to-incorporate-harm-weights/
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from geoharm.errors import DesignError
from geoharm.model.estimate import Estimate, undefined

REFERENCE = "https://andrewpwheeler.com/2020/11/19/amending-the-wdd-test-to-incorporate-harm-weights/"
NAME = "net harm"


def weighted_sum(estimates: Sequence[Estimate], weights: Sequence[float], *, unit: str) -> Estimate:
    r"""Return the weighted sum of effects on measures that are taken as independent of each other.

    Parameters
    ----------
    estimates : sequence of Estimate
        One for each measure.
    weights : sequence of float
        One for each estimate; taken as exact.
    unit : str
        Unit of the sum.

    Returns
    -------
    Estimate
        Undefined, with the reason, if any estimate is undefined.

    Raises
    ------
    DesignError
        If the lengths differ, or there is no estimate.

    Notes
    -----
    .. math:: H = \sum w_i x_i, \qquad se^2 = \sum w_i^2 se_i^2

    Weights multiply effects, never counts: ten events of weight 10 and twenty-five of weight 4 are the same harm, but
    their uncertainty differs.

    Examples
    --------
    >>> parts = [Estimate("a", -10.0, 3.0, "incidents", ""), Estimate("b", 2.0, 4.0, "incidents", "")]
    >>> weighted_sum(parts, [1, 1], unit="incidents").value
    -8.0
    """
    if len(estimates) != len(weights) or not estimates:
        msg = (
            f"A weighted sum needs one weight for each of its effects; {len(estimates)} and {len(weights)} were given."
        )
        raise DesignError(msg)
    for estimate in estimates:
        if not estimate.is_defined:
            note = f"one part is unknown: {estimate.note}"
            return undefined(NAME, unit=unit, reference=REFERENCE, note=note, reason=estimate.reason)
    value = math.fsum(weight * estimate.value for weight, estimate in zip(weights, estimates, strict=True))
    variance = math.fsum(
        (weight * estimate.standard_error) ** 2 for weight, estimate in zip(weights, estimates, strict=True)
    )
    note = "" if len(estimates) == 1 else "takes the measures as independent of each other"
    return Estimate(NAME, value, math.sqrt(variance), unit, REFERENCE, note)
