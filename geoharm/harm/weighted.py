"""A weighted sum of effects that are independent of each other.

Wheeler (2020), Weighted displacement difference with harm weights,
https://andrewpwheeler.com/2020/11/19/amending-the-wdd-test-to-incorporate-harm-weights/
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from geoharm.errors import DesignError
from geoharm.model.estimate import Estimate

REFERENCE = "https://andrewpwheeler.com/2020/11/19/amending-the-wdd-test-to-incorporate-harm-weights/"
NAME = "net harm"


def weighted_sum(estimates: Sequence[Estimate], weights: Sequence[float], *, unit: str) -> Estimate:
    r"""Return the weighted sum of effects on measures that are independent of each other.

    Parameters
    ----------
    estimates : sequence of Estimate
        One a measure.
    weights : sequence of float
        As many; taken as exact.
    unit : str

    Returns
    -------
    Estimate
        Undefined, with a note, if any part is.

    Raises
    ------
    DesignError
        If the lengths differ, or there is nothing to add.

    Notes
    -----
    .. math:: H = \sum w_i x_i, \qquad se^2 = \sum w_i^2 se_i^2

    Weights multiply effects, never counts: ten events of weight 10 and twenty-five of weight 4 are as much harm, but
    not as uncertain.

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
    for part in estimates:
        if not part.is_defined:
            return Estimate(NAME, math.nan, math.nan, unit, REFERENCE, f"one part is unknown: {part.note}")
    value = math.fsum(weight * part.value for weight, part in zip(weights, estimates, strict=True))
    variance = math.fsum((weight * part.standard_error) ** 2 for weight, part in zip(weights, estimates, strict=True))
    note = "" if len(estimates) == 1 else "takes the measures as independent of each other"
    return Estimate(NAME, value, math.sqrt(variance), unit, REFERENCE, note)
