"""The net-harm ledger of an operation.

Wheeler (2020), Weighted displacement difference with harm weights,
https://andrewpwheeler.com/2020/11/19/amending-the-wdd-test-to-incorporate-harm-weights/
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from geoharm.errors import DesignError
from geoharm.model import Estimate, HarmLedger, MeasureResult, Role

REFERENCE = "https://andrewpwheeler.com/2020/11/19/amending-the-wdd-test-to-incorporate-harm-weights/"
EQUAL = "equal: every event counts the same"
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


def harm_ledgers(measures: Sequence[MeasureResult], zones: Sequence[str]) -> tuple[HarmLedger, ...]:
    """Return one ledger for each zone and unit of harm: units are never mixed, activity is never netted.

    Parameters
    ----------
    measures : sequence of MeasureResult
    zones : sequence of str
        Names of effects, such as "target" and "target and rings".
    """
    harms = [one for one in measures if one.measure.role is Role.HARM]
    activity = [one for one in measures if one.measure.role is Role.ACTIVITY]
    units = sorted({one.measure.unit for one in harms})
    ledgers = []
    for zone in zones:
        beside = tuple((one.measure.name, one.effect(zone).difference) for one in activity)
        for unit in units:
            parts = [(one.measure.name, 1.0, one.effect(zone).difference) for one in harms if one.measure.unit == unit]
            net = weighted_sum([part[2] for part in parts], [part[1] for part in parts], unit=unit)
            ledgers.append(HarmLedger(EQUAL, zone, unit, tuple(parts), beside, net))
    return tuple(ledgers)
