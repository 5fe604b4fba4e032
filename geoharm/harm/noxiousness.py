"""Noxiousness: harm per unit of market activity, to detect a market that stays but does less harm."""

from __future__ import annotations

import math

from geoharm.harm.results.markets import MarketChange, Noxiousness
from geoharm.model.effect import Effect
from geoharm.model.estimate import Estimate, undefined
from geoharm.model.reading import Reading
from geoharm.model.reason import Reason

REFERENCE = "https://findings.org.uk/"
NAME = "log ratio of harm per market activity"
_CHANGES = {
    Reading.FELL: MarketChange.SHRANK,
    Reading.PROBABLY_FELL: MarketChange.PROBABLY_SHRANK,
    Reading.ROSE: MarketChange.GREW,
    Reading.PROBABLY_ROSE: MarketChange.PROBABLY_GREW,
}


def noxiousness(
    zone: str,
    harm: Effect[int],
    market: Effect[int],
    *,
    names: tuple[str, str],
    rings: Effect[int] | None = None,
    dispersion: tuple[float, float] = (1.0, 1.0),
) -> Noxiousness:
    r"""Return the harm of a market per unit of its activity, before and after, and its change against the control area.

    Parameters
    ----------
    zone : str
        Name of the zone.
    harm, market : Effect
        Effects on the harm and on the measure of market size, in the same zone and windows.
    names : (str, str)
        Names of the harm and of the measure of market size.
    rings : Effect, optional
        Effect on market size in all rings. It is used to distinguish a market that moved from one that shrank.
    dispersion : (float, float)
        Variance divided by mean of the harm counts and of the market counts.

    Returns
    -------
    Noxiousness
        The ratio is undefined, with the reason, if a count is 0.

    Notes
    -----
    .. math:: \nu = \log\frac{H_1 / A_1}{H_0 / A_0} - \log\frac{H^c_1 / A^c_1}{H^c_0 / A^c_0}, \qquad
        se^2 = \sum \phi / n

    summed over the eight counts of harm H and activity A in the zone and in its control. A change in reporting that
    affects both alike cancels. The standard error covers counting noise only, not the differences between places over
    time.

    References
    ----------
    UK Drug Policy Commission (2009), Refocusing drug-related law enforcement to address harms, as summarised by Drug and
    Alcohol Findings, https://findings.org.uk/
    """
    ratio = _noxiousness_ratio(harm, market, dispersion, names)
    size = market_size_change(market, rings)
    before, after = (
        _per_hundred(harm.before, market.before),
        _per_hundred(harm.after, market.after),
    )
    return Noxiousness(zone, names[0], names[1], before, after, ratio, size, _reading(size, ratio, names))


def market_size_change(target: Effect[int], rings: Effect[int] | None) -> MarketChange:
    """Return how the market's size changed, by the readings of its effects.

    "Moved" requires a fall in the target and a rise in all rings, both of them findings.
    """
    if target.reading is Reading.FELL and rings is not None and rings.reading is Reading.ROSE:
        return MarketChange.MOVED
    return _CHANGES.get(target.reading, MarketChange.CANNOT_TELL)


def _noxiousness_ratio(
    harm: Effect[int], market: Effect[int], dispersion: tuple[float, float], names: tuple[str, str]
) -> Estimate:
    value = variance = 0.0
    terms = (
        (harm.before, harm.after, 1.0, dispersion[0], names[0]),
        (market.before, market.after, -1.0, dispersion[1], names[1]),
        (harm.control_before, harm.control_after, -1.0, dispersion[0], f"{names[0]} in the control area"),
        (market.control_before, market.control_after, 1.0, dispersion[1], f"{names[1]} in the control area"),
    )
    for before, after, sign, phi, name in terms:
        for window, count in (("before", before), ("after", after)):
            if count == 0:
                note = f"the count of {name} {window} is 0"
                return undefined(NAME, unit="log ratio", reference=REFERENCE, note=note, reason=Reason.ZERO_COUNT)
        value += sign * math.log(after / before)
        variance += phi * (1 / before + 1 / after)
    return Estimate(NAME, value, math.sqrt(variance), "log ratio", REFERENCE, "the noise of counting only")


def _per_hundred(harm: int, market: int) -> float:
    return 100 * harm / market if market else math.nan


def _reading(size: MarketChange, ratio: Estimate, names: tuple[str, str]) -> str:
    """Return the sentence on the change of market size and of harm per unit of market size."""
    size_sentence = {
        MarketChange.SHRANK: f"The market shrank ({names[1]} fell)",
        MarketChange.PROBABLY_SHRANK: f"The market probably shrank ({names[1]} probably fell)",
        MarketChange.MOVED: f"The market moved ({names[1]} fell here and rose nearby)",
        MarketChange.GREW: f"The market grew ({names[1]} rose)",
        MarketChange.PROBABLY_GREW: f"The market probably grew ({names[1]} probably rose)",
        MarketChange.CANNOT_TELL: f"It cannot be told whether the market changed in size ({names[1]})",
    }[size]
    if not ratio.is_defined:
        return f"{size_sentence}; its harm for its size is unknown: {ratio.note}."
    side = "lower" if ratio.value < 0 else "higher"
    return (
        f"{size_sentence}. Harm for its size ({names[0]}) is {side} than in the control area, for orientation: the interval "
        "holds the noise of counting only."
    )
