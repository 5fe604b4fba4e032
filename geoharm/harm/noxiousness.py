"""Noxiousness: harm per unit of market activity, so that a market that stayed but does less harm is told apart."""

from __future__ import annotations

import math

from geoharm.harm.results.markets import Noxiousness
from geoharm.model.counts import Change
from geoharm.model.effect import Effect
from geoharm.model.estimate import Estimate, undefined

REFERENCE = "https://findings.org.uk/"
NAME = "log ratio of harm per market activity"


def noxiousness(
    zone: str,
    harm: Effect,
    market: Effect,
    *,
    names: tuple[str, str],
    rings: Effect | None = None,
    dispersion: tuple[float, float] = (1.0, 1.0),
) -> Noxiousness:
    r"""Return how much harm a market does for its size, before and after, net of control.

    Parameters
    ----------
    zone : str
    harm, market : Effect
        Of the harm, and of the measure that stands for how much market there is, in the same zone and windows.
    names : (str, str)
        Of harm and market measure.
    rings : Effect, optional
        Of the market measure in all rings: tells a market that moved from one that shrank.
    dispersion : (float, float)
        Of harm and market counts.

    Returns
    -------
    Noxiousness
        The ratio is undefined, with its reason, where a count is 0.

    Notes
    -----
    .. math:: \nu = \log\frac{H_1 / A_1}{H_0 / A_0} - \log\frac{H^c_1 / A^c_1}{H^c_0 / A^c_0}, \qquad
        se^2 = \sum \phi / n

    over the eight counts: harm H and activity A in the zone and its control. Reporting of both that changes alike
    cancels. The error holds the noise of counting, not how far places drift apart.

    References
    ----------
    UK Drug Policy Commission (2009), Refocusing drug-related law enforcement to address harms, as summarised by Drug and
    Alcohol Findings, https://findings.org.uk/
    """
    ratio = _ratio(harm, market, dispersion, names)
    size = market_size_change(market, rings)
    before, after = (
        _per_hundred(harm.counts.before, market.counts.before),
        _per_hundred(harm.counts.after, market.counts.after),
    )
    return Noxiousness(zone, names[0], names[1], before, after, ratio, size, _reading(size, ratio, names))


def market_size_change(target: Effect, rings: Effect | None) -> str:
    """Return what became of the market by its activity: "shrank", "moved", "grew", "no clear change" or "cannot tell".

    "Moved" needs a fall in the target and a rise in the rings, both beyond their intervals.
    """
    here = target.change_interval() if not target.is_refused else target.counting_interval()
    if math.isnan(here.low):
        return "cannot tell"
    if here.side < 0 and rings is not None:
        there = rings.change_interval() if not rings.is_refused else rings.counting_interval()
        if there.side > 0:
            return "moved"
    return {-1: "shrank", 0: "no clear change", 1: "grew"}[here.side]


def _ratio(harm: Effect, market: Effect, dispersion: tuple[float, float], names: tuple[str, str]) -> Estimate:
    value = variance = 0.0
    parts: tuple[tuple[Change, float, float, str], ...] = (
        (harm.counts, 1.0, dispersion[0], names[0]),
        (market.counts, -1.0, dispersion[1], names[1]),
        (harm.control, -1.0, dispersion[0], f"{names[0]} in the control area"),
        (market.control, 1.0, dispersion[1], f"{names[1]} in the control area"),
    )
    for change, sign, phi, name in parts:
        for when, count in (("before", change.before), ("after", change.after)):
            if count == 0:
                return undefined(NAME, unit="log ratio", reference=REFERENCE, note=f"the count of {name} {when} is 0")
        value += sign * math.log(change.after / change.before)
        variance += phi * (1 / change.before + 1 / change.after)
    return Estimate(NAME, value, math.sqrt(variance), "log ratio", REFERENCE, "the noise of counting only")


def _per_hundred(harm: int, market: int) -> float:
    return 100 * harm / market if market else math.nan


def _reading(size: str, ratio: Estimate, names: tuple[str, str]) -> str:
    """Return the fixed sentence for what became of the market and of its harm for its size."""
    first = {
        "shrank": f"The market shrank ({names[1]} fell)",
        "moved": f"The market moved ({names[1]} fell here and rose nearby)",
        "grew": f"The market grew ({names[1]} rose)",
        "no clear change": f"No clear change in the market's size ({names[1]})",
        "cannot tell": f"Whether the market changed in size cannot be told ({names[1]})",
    }[size]
    if not ratio.is_defined:
        return f"{first}; how noxious it is for its size cannot be told: {ratio.note}."
    harm = {
        -1: f"a signal that it does less harm for its size ({names[0]})",
        0: f"no clear change in harm for its size ({names[0]})",
        1: f"a signal that it does more harm for its size ({names[0]})",
    }[ratio.interval().side]
    return f"{first}; {harm}."
