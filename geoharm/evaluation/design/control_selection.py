"""Selection of the control area by stated rules; all candidates are listed with their results.

Wheeler (2026), WDDControl, https://github.com/apwheele/WDDControl: an area passes if its difference from the target
before the operation is no larger than chance variation allows. Such an area must also have enough events for an estimate
(`geoharm.evaluation.design.control_floor`). Of the areas that pass, the nearest is chosen, never the best fitting one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import shapely
from numpy.typing import ArrayLike
from shapely.geometry.base import BaseGeometry

from geoharm._validation import check_positive
from geoharm.errors import DesignError
from geoharm.evaluation.design.control_floor import why_too_few_before
from geoharm.evaluation.results.specification import ControlCandidate, ControlChoice
from geoharm.model.geometry import Zone

REFERENCE = "https://github.com/apwheele/WDDControl"
MAX_SCALE = 5.0
MIN_MONTHS = 12
_BLOCK_MONTHS = 6
_TOLERANCE = 1.0  # square metres of overlap, metres of buffer


def rule_ratios(
    target: ArrayLike, candidate: ArrayLike, *, scale: float | None = None, dispersion: float = 1.0
) -> dict[str, float]:
    r"""Return, by rule, a candidate's difference from the target relative to what chance allows.

    A value above 1 means that the rule is broken.

    Parameters
    ----------
    target, candidate : array_like, shape (months,)
        Monthly counts before the operation, without missing months.
    scale : float, optional
        k, the candidate's level divided by the target's. If given, the candidate must have this level (1: equal
        levels). If left out, k is estimated, and the rule on the level is that it lies between 1/5 and 5.
    dispersion : float
        Variance over mean of the counts.

    Returns
    -------
    dict
        Ratio by rule: "month by month", "half-years", "level", "trend".

    Raises
    ------
    DesignError
        If the series differ in shape, have missing months, or are shorter than 12 months.

    Notes
    -----
    With :math:`D_t = x_t - k y_t` and :math:`v_t = \phi (k + k^2) y_t`: (1) :math:`\sum|D_t| \le \sum\sqrt{2 v_t/\pi}`,
    (2) the same over blocks of six months, (3) :math:`|\sum D_t| \le \sqrt{\sum v_t}` if k is given,
    (4) :math:`|\sum (t - \bar t) D_t| \le \sqrt{\sum (t - \bar t)^2 v_t}`. The rules select controls;
    they are not a test: an area that differs from the target only by chance breaks at least one rule more often than not.

    Examples
    --------
    >>> ratios = rule_ratios([10, 12, 9, 11] * 6, [20, 22, 21, 19] * 6)
    >>> max(ratios.values()) < 1
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
    difference, variance = x - k * y, phi * (k + k * k) * y
    starts = np.arange(0, y.size, _BLOCK_MONTHS)
    block_differences, block_variances = np.add.reduceat(difference, starts), np.add.reduceat(variance, starts)
    centred_month = np.arange(y.size) - (y.size - 1) / 2
    level = max(k, 1 / k) / MAX_SCALE if scale is None else abs(float(difference.sum())) / math.sqrt(variance.sum())
    return {
        "month by month": float(np.abs(difference).sum() / np.sqrt(2 * variance / math.pi).sum()),
        "half-years": float(np.abs(block_differences).sum() / np.sqrt(2 * block_variances / math.pi).sum()),
        "level": level,
        "trend": abs(float(centred_month @ difference)) / math.sqrt(float(centred_month**2 @ variance)),
    }


def select_controls(
    target: Zone,
    candidates: Sequence[Zone],
    series: Mapping[str, ArrayLike],
    *,
    excluded_area: BaseGeometry,
    scale: float | None = None,
    dispersion: float = 1.0,
) -> ControlChoice:
    """Return every candidate area with the reason why it passed or was refused, nearest first.

    Parameters
    ----------
    target : Zone
    candidates : sequence of Zone
        Candidate areas with different names.
    series : mapping of zone name to array_like, shape (months,)
        Monthly counts before the operation, of the target and of every candidate.
    excluded_area : shapely geometry
        The area that no control may overlap: every operation's rings and the belt around them.
    scale, dispersion
        As in `rule_ratios`.

    Returns
    -------
    ControlChoice
        `chosen` is empty if no candidate passed; this is a valid result, not an error.

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
    listed = []
    for zone in candidates:
        x = np.asarray(series[zone.name], dtype=np.float64)
        ratios = rule_ratios(y, x, scale=scale, dispersion=dispersion)
        level = float(x.sum() / y.sum()) if y.sum() else math.nan
        refusal = _why_refused(zone, excluded_area, ratios, events=int(x.sum()))
        reason = refusal or "it moved with the target before the operation, within what chance allows"
        distance = float(zone.geometry.distance(target.geometry))
        listed.append(ControlCandidate(zone.name, distance, level, ratios, not refusal, reason, int(x.sum())))
    listed.sort(key=lambda candidate: (candidate.distance, candidate.name))
    return ControlChoice(tuple(listed), next((candidate.name for candidate in listed if candidate.passes), ""))


def _why_refused(zone: Zone, taken: BaseGeometry, ratios: Mapping[str, float], *, events: int) -> str:
    if zone.geometry.intersection(taken).area > _TOLERANCE:
        return "it reaches into the rings of an operation or the belt around them"
    pieces = len(shapely.get_parts(shapely.union_all(shapely.get_parts(zone.geometry.buffer(_TOLERANCE)))))
    if pieces > 1:
        return f"it lies in {pieces} pieces; a control is one place"
    rule, largest = max(ratios.items(), key=lambda item: item[1])
    if math.isinf(largest):
        return "it or the target has no event before the operation"
    if largest > 1:
        return f"{rule}: {largest:.1f} times what the rule allows"
    return why_too_few_before(events, place="it")
