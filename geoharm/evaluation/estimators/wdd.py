"""Weighted displacement difference: the number of events fewer or more than the control area suggests.

Wheeler and Ratcliffe (2018), A simple weighted displacement difference test to evaluate place based crime
interventions, Crime Science 7:11, https://doi.org/10.1186/s40163-018-0085-5
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geoharm._validation import check_positive
from geoharm.errors import DesignError
from geoharm.model.counts import Change
from geoharm.model.estimate import Estimate, undefined
from geoharm.model.reason import Reason

REFERENCE = "https://doi.org/10.1186/s40163-018-0085-5"
NAME = "weighted displacement difference"


@dataclass(frozen=True, slots=True)
class Wdd:
    """The three weighted displacement differences; negative means fewer events than expected from the controls.

    Attributes
    ----------
    local : Estimate
        Target minus its control.
    displacement : Estimate or None
        Ring minus its control; None if no ring was given.
    total : Estimate
        Both together. If they share a control, its error takes this into account.
    """

    local: Estimate
    displacement: Estimate | None
    total: Estimate


def wdd(
    target: Change,
    control: Change,
    *,
    ring: Change | None = None,
    ring_control: Change | None = None,
    time_weights: tuple[float, float] = (1.0, 1.0),
    area_weights: Mapping[str, float] | None = None,
    dispersion: Mapping[str, float] | None = None,
    unit: str = "events",
) -> Wdd:
    r"""Return the weighted displacement difference of Wheeler and Ratcliffe.

    Parameters
    ----------
    target, control : Change
    ring, ring_control : Change, optional
        Give both or neither. If one area is the control for both, pass the same `Change` as `control` and
        `ring_control`: its counts then have weight 2, and their variance weight 4.
    time_weights : (before, after)
        Lengths of the windows; counts are divided by them.
    area_weights : mapping of area name to number, optional
        Sizes of the areas; counts are divided by them. 1 for a missing name.
    dispersion : mapping of area name to number, optional
        Variance over mean of an area's counts; 1 (Poisson) for a missing name.
    unit : str
        Unit of the events.

    Returns
    -------
    Wdd

    Raises
    ------
    DesignError
        If a ring has no control, a weight is not above 0, or one name has two different counts.

    Notes
    -----
    .. math::
        local = \frac{T_1}{w_1 a_T} - \frac{T_0}{w_0 a_T} - \frac{C_1}{w_1 a_C} + \frac{C_0}{w_0 a_C}

    and likewise for ring and ring control; the total is their sum. Every count is an independent (quasi-)Poisson
    number. With :math:`a` the coefficient of each distinct count, the variance is
    :math:`\sum \phi\, a^2\, count` (:math:`a'\Sigma a`).

    Examples
    --------
    The worked example of the paper:

    >>> differences = wdd(Change("T", 207, 110), Change("C", 308, 318),
    ...                   ring=Change("D", 178, 157), ring_control=Change("CD", 150, 140))
    >>> differences.total.value, round(differences.total.standard_error, 6)
    (-118.0, 39.59798)
    """
    if (ring is None) != (ring_control is None):
        msg = "A ring needs a control of its own, or the target's control named again; only one of the two was given."
        raise DesignError(msg)
    sizes = {name: check_positive(value, f"area weight of {name}") for name, value in (area_weights or {}).items()}

    def term(change: Change, sign: int) -> tuple[Change, float]:
        return change, sign / sizes.get(change.area, 1.0)

    def estimate(terms: Sequence[tuple[Change, float]]) -> Estimate:
        return linear_change(terms, time_weights=time_weights, dispersion=dispersion, unit=unit)

    local = [term(target, 1), term(control, -1)]
    if ring is None or ring_control is None:
        return Wdd(estimate(local), None, estimate(local))
    displaced = [term(ring, 1), term(ring_control, -1)]
    return Wdd(estimate(local), estimate(displaced), estimate(local + displaced))


def harm_weighted_wdd(parts: Sequence[tuple[Wdd, float]], *, unit: str = "harm") -> Wdd:
    r"""Return the harm-weighted sum of the weighted displacement differences of several offence types.

    Parameters
    ----------
    parts : sequence of (Wdd, weight)
        One pair per offence type. The weight is the harm of one event, taken as exact. All have a ring, or none has.
    unit : str
        Unit of the weights: "days of sentence", "harm".

    Returns
    -------
    Wdd
        Undefined, with a note, if a part is undefined.

    Raises
    ------
    DesignError
        If there are no parts, or only some of them have a ring.

    Notes
    -----
    :math:`H = \sum_i w_i WDD_i`, :math:`se^2 = \sum_i w_i^2 se_i^2`: types are independent. Do not
    pass counts multiplied by weights to `wdd` instead: 10 events of weight 10 and 25 events of weight 4 are equal harm, but
    have different variances.

    Examples
    --------
    >>> thefts = wdd(Change("T", 327, 202), Change("C", 388, 305))
    >>> robberies = wdd(Change("T", 144, 92), Change("C", 86, 64))
    >>> harm_weighted_wdd([(thefts, 2), (robberies, 7)]).total.value
    -294.0
    """
    if not parts:
        msg = "A harm-weighted difference needs at least one offence type; none was given."
        raise DesignError(msg)
    rings = [part.displacement for part, _ in parts]
    if any(ring is None for ring in rings) and any(ring is not None for ring in rings):
        msg = "Some offence types come with a ring and some without; give all of them one, or none."
        raise DesignError(msg)

    def weighted_sum(estimates: Sequence[Estimate]) -> Estimate:
        missing = next((estimate for estimate in estimates if not estimate.is_defined), None)
        if missing is not None:
            return undefined(NAME, unit=unit, reference=REFERENCE, note=missing.note, reason=missing.reason)
        weighted = [(weight, estimate) for (_, weight), estimate in zip(parts, estimates, strict=True)]
        value = math.fsum(weight * estimate.value for weight, estimate in weighted)
        error = math.sqrt(math.fsum((weight * estimate.standard_error) ** 2 for weight, estimate in weighted))
        return Estimate(NAME, value, error, unit, REFERENCE)

    displaced = [ring for ring in rings if ring is not None]
    return Wdd(
        weighted_sum([part.local for part, _ in parts]),
        weighted_sum(displaced) if displaced else None,
        weighted_sum([part.total for part, _ in parts]),
    )


def net_change(
    zone: Change,
    control: Change,
    *,
    zone_dispersion: float = 1.0,
    control_dispersion: float = 1.0,
    unit: str = "events",
) -> Estimate:
    r"""Return the change of a zone in events, net of a control that is scaled to the zone's count before.

    Parameters
    ----------
    zone, control : Change
        Counts in the same two windows, which may differ in length.
    zone_dispersion, control_dispersion : float
        Variance over mean of each area's counts.
    unit : str
        Unit of the events.

    Returns
    -------
    Estimate
        Events after minus expected events. Undefined, with a note, if the control had no event before.

    Notes
    -----
    This is the scaled weighted displacement difference. Its error includes that of the scale :math:`k = Z_0 / C_0` (delta
    method). With :math:`r = C_1 / C_0`,

    .. math:: Z_1 - r Z_0, \qquad se^2 = \phi_Z (Z_1 + r^2 Z_0) + \phi_C k^2 (C_1 + r^2 C_0)

    If the scale is taken as known, as is often done, tests reject too often when the control rises.

    Examples
    --------
    >>> round(net_change(Change("T", 100, 60), Change("C", 1000, 1100)).value, 6)
    -50.0
    """
    if control.before == 0:
        note = f"the count before in {control.area} is 0, so no scale is known"
        return undefined(NAME, unit=unit, reference=REFERENCE, note=note, reason=Reason.ZERO_COUNT)
    growth, scale = control.after / control.before, zone.before / control.before
    zone_variance = check_positive(zone_dispersion, "dispersion of the zone") * (zone.after + growth**2 * zone.before)
    control_variance = check_positive(control_dispersion, "dispersion of the control")
    control_variance *= scale**2 * (control.after + growth**2 * control.before)
    return Estimate(
        NAME, zone.after - growth * zone.before, math.sqrt(zone_variance + control_variance), unit, REFERENCE
    )


def linear_change(
    terms: Sequence[tuple[Change, float]],
    *,
    time_weights: tuple[float, float] = (1.0, 1.0),
    dispersion: Mapping[str, float] | None = None,
    unit: str = "events",
    note: str = "",
) -> Estimate:
    """Return a weighted sum of changes; its variance is correct if an area occurs more than once.

    Parameters
    ----------
    terms : sequence of (Change, coefficient)
        Coefficients of the same area are added before squaring.
    time_weights, dispersion, unit
        As in `wdd`.
    note : str
        Note of the estimate.

    Raises
    ------
    DesignError
        If one name has different counts, or a weight is not above 0.
    """
    before_weight = check_positive(time_weights[0], "time weight before")
    after_weight = check_positive(time_weights[1], "time weight after")
    counts: dict[str, Change] = {}
    coefficients: dict[str, float] = {}
    for change, coefficient in terms:
        if counts.setdefault(change.area, change) != change:
            msg = f'Two areas are called "{change.area}" but have different counts; give each area its own name.'
            raise DesignError(msg)
        coefficients[change.area] = coefficients.get(change.area, 0.0) + coefficient
    value = variance = 0.0
    for area, coefficient in coefficients.items():
        change, phi = counts[area], check_positive((dispersion or {}).get(area, 1.0), f"dispersion of {area}")
        value += coefficient * (change.after / after_weight - change.before / before_weight)
        variance += phi * coefficient**2 * (change.after / after_weight**2 + change.before / before_weight**2)
    return Estimate(NAME, value, math.sqrt(variance), unit, REFERENCE, note)
