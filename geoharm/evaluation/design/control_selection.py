"""Which area serves as control: by stated rules, with all candidates listed, and what the others would have said.

Wheeler (2026), WDDControl, https://github.com/apwheele/WDDControl: an area passes if its gap to the target before
the operation is no larger than chance makes it; of those that pass, the nearest is taken, never the best fitting.
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
from geoharm.evaluation.results.specification import ControlCandidate, ControlChoice
from geoharm.model.geometry import Zone

REFERENCE = "https://github.com/apwheele/WDDControl"
MAX_SCALE = 5.0
MIN_MONTHS = 12
_BLOCK = 6
_TOUCHING = 1.0


def rule_ratios(
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


def select_controls(
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
        As in `rule_ratios`.

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
        ratios = rule_ratios(y, x, scale=scale, dispersion=dispersion)
        level = float(x.sum() / y.sum()) if y.sum() else math.nan
        reason = _why_refused(zone, taken, ratios)
        why = reason or "it moved with the target before the operation, within what chance allows"
        distance = float(zone.geometry.distance(target.geometry))
        found.append(ControlCandidate(zone.name, distance, level, ratios, not reason, why, int(x.sum())))
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
