"""Which area serves as control: by stated rules, with all candidates listed, and what the others would have said.

Wheeler (2026), WDDControl, https://github.com/apwheele/WDDControl: an area passes if its gap to the target before
the operation is no larger than chance makes it; of those that pass, the nearest is taken, never the best fitting.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2
from shapely.geometry.base import BaseGeometry

from geoharm._checks import check_positive
from geoharm.displacement.ratio import log_rate_ratio
from geoharm.errors import DesignError
from geoharm.model import (
    Candidate,
    Change,
    ControlChoice,
    Estimate,
    Specification,
    SpecificationCurve,
    Zone,
    undefined,
)
from geoharm.stats import simplex_weights

REFERENCE = "https://github.com/apwheele/WDDControl"
ABADIE = "https://doi.org/10.1198/jasa.2009.ap08746"
MAX_SCALE = 5.0
MIN_MONTHS = 12
_BLOCK = 6
_TOUCHING = 1.0


def pass_ratios(
    target: ArrayLike, candidate: ArrayLike, *, scale: float | None = None, dispersion: float = 1.0
) -> dict[str, float]:
    r"""Return how far a candidate's gap to the target exceeds what chance allows, by rule; above 1 breaks the rule.

    Parameters
    ----------
    target, candidate : array_like, shape (months,)
        Counts before the operation, without gaps.
    scale : float, optional
        k, the candidate's level over the target's, if it must be a given one (1: of equal level). Left out: as found;
        the rule on the level is then that it lies between a fifth and five times the target's.
    dispersion : float

    Returns
    -------
    dict
        "month by month", "half-years", "level", "trend".

    Notes
    -----
    With :math:`D_t = x_t - k y_t` and :math:`v_t = \phi (k + k^2) y_t`: (1) :math:`\sum|D_t| \le \sum\sqrt{2 v_t/\pi}`,
    (2) the same over blocks of six months, (3) :math:`|\sum D_t| \le \sqrt{\sum v_t}` if k is given,
    (4) :math:`|\sum (t - \bar t) D_t| \le \sqrt{\sum (t - \bar t)^2 v_t}`. An area that differs from the target by
    nothing but chance breaks at least one rule more often than not: the rules choose, they do not test.

    Examples
    --------
    >>> found = pass_ratios([10, 12, 9, 11] * 6, [20, 22, 21, 19] * 6)
    >>> max(found.values()) < 1
    True
    """
    y, x = np.asarray(target, dtype=np.float64), np.asarray(candidate, dtype=np.float64)
    if y.ndim != 1 or y.shape != x.shape or y.size < MIN_MONTHS or not np.isfinite(y + x).all():
        msg = (
            f"A control is chosen on at least {MIN_MONTHS} months before the operation that both areas have; shapes "
            f"{y.shape} and {x.shape} were given."
        )
        raise DesignError(msg)
    phi = check_positive(dispersion, "dispersion")
    if not y.sum() or not x.sum():
        return dict.fromkeys(("month by month", "half-years", "level", "trend"), math.inf)
    k = float(x.sum() / y.sum()) if scale is None else check_positive(scale, "scale of the control")
    gap, variance = x - k * y, phi * (k + k * k) * y
    starts = np.arange(0, y.size, _BLOCK)
    blocks, spread = np.add.reduceat(gap, starts), np.add.reduceat(variance, starts)
    time = np.arange(y.size) - (y.size - 1) / 2
    level = max(k, 1 / k) / MAX_SCALE if scale is None else abs(float(gap.sum())) / math.sqrt(variance.sum())
    return {
        "month by month": float(np.abs(gap).sum() / np.sqrt(2 * variance / math.pi).sum()),
        "half-years": float(np.abs(blocks).sum() / np.sqrt(2 * spread / math.pi).sum()),
        "level": level,
        "trend": abs(float(time @ gap)) / math.sqrt(float(time**2 @ variance)),
    }


def choose_control(
    target: Zone,
    candidates: Sequence[Zone],
    series: Mapping[str, ArrayLike],
    *,
    taken: BaseGeometry,
    scale: float | None = None,
    dispersion: float = 1.0,
) -> ControlChoice:
    """Return every candidate with the reason why it passed or not, nearest first.

    Parameters
    ----------
    target : Zone
    candidates : sequence of Zone
        Named areas.
    series : mapping of zone name to array_like, shape (months,)
        Counts before the operation of target and candidates.
    taken : shapely geometry
        What no control may touch: every operation's rings and the belt around them.
    scale, dispersion
        As in `pass_ratios`.

    Returns
    -------
    ControlChoice
        `chosen` is empty if none passed; that is an answer, not an error.

    Raises
    ------
    DesignError
        If a series is missing or too short, or two candidates share a name.
    """
    names = [zone.name for zone in candidates]
    absent = [name for name in (target.name, *names) if name not in series]
    if absent or len(set(names)) < len(names):
        msg = f"Every candidate needs a name of its own and a series; without: {', '.join(absent) or 'none'}."
        raise DesignError(msg)
    y = np.asarray(series[target.name], dtype=np.float64)
    found = []
    for zone in candidates:
        x = np.asarray(series[zone.name], dtype=np.float64)
        ratios = pass_ratios(y, x, scale=scale, dispersion=dispersion)
        level = float(x.sum() / y.sum()) if y.sum() else math.nan
        reason = _why_refused(zone, taken, ratios)
        why = reason or "it moved with the target before the operation, within what chance allows"
        distance = float(zone.geometry.distance(target.geometry))
        found.append(Candidate(zone.name, distance, level, ratios, not reason, why, int(x.sum())))
    found.sort(key=lambda one: (one.distance, one.name))
    return ControlChoice(tuple(found), next((one.name for one in found if one.taken), ""))


def _why_refused(zone: Zone, taken: BaseGeometry, ratios: Mapping[str, float]) -> str:
    if zone.geometry.intersection(taken).area > _TOUCHING:
        return "it reaches into the rings of an operation or the belt around them"
    pieces = len(shapely.get_parts(shapely.union_all(shapely.get_parts(zone.geometry.buffer(_TOUCHING)))))
    if pieces > 1:
        return f"it lies in {pieces} pieces; a control is one place"
    rule, worst = max(ratios.items(), key=lambda item: item[1])
    if math.isinf(worst):
        return "it or the target has no event before the operation"
    return f"{rule}: {worst:.1f} times what the rule allows" if worst > 1 else ""


def control_curve(
    zone: Change,
    controls: Sequence[Change],
    *,
    dispersion: Mapping[str, float] | None = None,
    also: Sequence[tuple[str, Estimate]] = (),
) -> SpecificationCurve:
    r"""Return what every control would have said.

    Parameters
    ----------
    zone : Change
    controls : sequence of Change
        Disjoint areas; the estimate against all of them together is added as "all together".
    dispersion : mapping of area name to number, optional
    also : sequence of (name, Estimate)
        Other answers to the same question, such as the synthetic control's.

    Returns
    -------
    SpecificationCurve
        With the p-value of Cochran's Q that the controls changed alike:
        :math:`Q = \sum (g_i - \bar g)^2 / v_i`, :math:`g_i = \log(C_1/C_0)`, :math:`v_i = \phi_i (1/C_0 + 1/C_1)`; and
        their spread beyond noise, DerSimonian and Laird's moment estimate from the same Q.

    References
    ----------
    Simonsohn, Simmons and Nelson (2020), Specification curve analysis, Nature Human Behaviour 4:1208-1214,
    https://doi.org/10.1038/s41562-020-0912-z
    """
    phi = dispersion or {}
    own = phi.get(zone.area, 1.0)
    ways = [
        Specification(
            (("control", one.area),),
            log_rate_ratio(zone, one, zone_dispersion=own, control_dispersion=phi.get(one.area, 1.0)),
            (zone.before, zone.after, one.before, one.after),
        )
        for one in controls
    ]
    if len(controls) > 1:
        together = Change("all together", sum(c.before for c in controls), sum(c.after for c in controls))
        widest = max(phi.get(one.area, 1.0) for one in controls)
        ratio = log_rate_ratio(zone, together, zone_dispersion=own, control_dispersion=widest)
        counts = (zone.before, zone.after, together.before, together.after)
        ways.append(Specification((("control", together.area),), ratio, counts))
    ways += [Specification((("control", name),), estimate) for name, estimate in also]
    full = [one for one in controls if one.before and one.after]
    p_value = spread = math.nan
    if len(full) > 1:
        growth = np.array([math.log(one.after / one.before) for one in full])
        weight = np.array([1 / (phi.get(one.area, 1.0) * (1 / one.before + 1 / one.after)) for one in full])
        mean = float(weight @ growth / weight.sum())
        excess = float(weight @ (growth - mean) ** 2) - (len(full) - 1)
        p_value = float(chi2.sf(excess + len(full) - 1, len(full) - 1))
        spread = math.sqrt(max(0.0, excess) / float(weight.sum() - (weight**2).sum() / weight.sum()))
    return SpecificationCurve(tuple(ways), p_value, spread)


def synthetic_ratio(
    target: ArrayLike, donors: ArrayLike, *, before: int, dispersion: float = 1.0
) -> tuple[Estimate, NDArray[np.float64]]:
    r"""Return the log rate ratio against a mixture of donors that followed the target before, and the shares.

    Parameters
    ----------
    target : array_like, shape (months,)
    donors : array_like, shape (n, months)
        Without gaps. Donors without events before are given no share.
    before : int
        How many months, from the first, lie before the operation.
    dispersion : float
        Of all counts.

    Returns
    -------
    Estimate
        Its error takes the shares as known, and says so; use it as a second opinion.
    ndarray, shape (n,)
        Shares: zero or more, adding up to 1.

    Raises
    ------
    DesignError
        If shapes do not fit, months are missing, or fewer than 12 lie before.

    Notes
    -----
    Every donor is brought to the target's level before; shares w minimise the squared gap over the months before.
    With :math:`S_t = \sum_i w_i \frac{\bar T_0}{\bar c_{i0}} c_{it}` the estimate is
    :math:`\log(T_1/T_0) - \log(S_1/S_0)`.

    References
    ----------
    Abadie, Diamond and Hainmueller (2010), https://doi.org/10.1198/jasa.2009.ap08746
    """
    y, table = np.asarray(target, dtype=np.float64), np.asarray(donors, dtype=np.float64)
    if y.ndim != 1 or table.ndim != 2 or table.shape[1:] != y.shape or not MIN_MONTHS <= before < y.size:
        msg = (
            f"A synthetic control needs donors of shape (n, {y.size}) and at least {MIN_MONTHS} months before; "
            f"{table.shape} and {before} were given."
        )
        raise DesignError(msg)
    phi = check_positive(dispersion, "dispersion")
    if not (np.isfinite(y).all() and np.isfinite(table).all()):
        msg = "A synthetic control needs every month of every series; leave out the months that one of them lacks."
        raise DesignError(msg)
    shares = np.zeros(table.shape[0])
    usable = table[:, :before].sum(axis=1) > 0
    early, late = float(y[:before].sum()), float(y[before:].sum())
    name = "log rate ratio against a synthetic control"
    if not usable.any() or not early or not late:
        note = "the target has a count of 0, or no donor has an event before"
        return undefined(name, unit="log ratio", reference=ABADIE, note=note), shares
    factor = np.zeros(table.shape[0])
    factor[usable] = early / table[usable, :before].sum(axis=1)
    scaled = table * factor[:, None]
    shares[usable] = simplex_weights(y[:before], scaled[usable, :before])
    mixture = shares @ scaled
    first, second = float(mixture[:before].sum()), float(mixture[before:].sum())
    if not second:
        return undefined(name, unit="log ratio", reference=ABADIE, note="the mixture has no event after"), shares
    squared = (shares * factor) ** 2
    variance = 1 / early + 1 / late
    variance += float(squared @ table[:, :before].sum(axis=1)) / first**2
    variance += float(squared @ table[:, before:].sum(axis=1)) / second**2
    value = math.log(late / early) - math.log(second / first)
    note = "the shares were fitted to the months before and are taken as known: the error is too small"
    return Estimate(name, value, math.sqrt(phi * variance), "log ratio", ABADIE, note), shares
