"""What a study says about harm beyond its measures: values, indicators, mitigation, the watch, options, criteria."""

from __future__ import annotations

from dataclasses import dataclass, field

from geoharm.model.measure import Measure

DELIVERED = ("yes", "no", "partly", "not stated")
STANDS_FOR = ("outcome", "market", "priority")
CRITERIA = ("harm", "noxiousness", "trend", "resilience", "reach", "priority")


@dataclass(frozen=True, slots=True)
class Mitigation:
    """Something planned to soften the harm that an operation itself can do.

    Attributes
    ----------
    what : str
    delivered : str
        One of `DELIVERED`.
    holds : tuple of str
        Names of the measures it was meant to keep flat.
    """

    what: str
    delivered: str = "not stated"
    holds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Indicator:
    """One question of a survey: an outcome, a feature of the market, or what the community wants done first.

    Attributes
    ----------
    name, source, question : str
    stands_for : str
        One of `STANDS_FOR`. Price and purity are "market": shown, and never an outcome.
    better : str
        "lower" or "higher": which way an outcome gets better; the higher priority comes first.
    """

    name: str
    source: str
    question: str
    stands_for: str
    better: str = "lower"


@dataclass(frozen=True, slots=True)
class UnintendedHarmSettings:
    """How closely unintended harm is watched after an operation.

    Attributes
    ----------
    margin : float
        The rise that would still be accepted, as a share.
    days, metres : tuple of int
        After the operation's start, and around the target's edge.
    """

    margin: float = 0.25
    days: tuple[int, ...] = (7, 14, 21, 28)
    metres: tuple[int, ...] = (100, 250, 500)


@dataclass(frozen=True, slots=True)
class SideEffect:
    """A change that an option is assumed to bring to a measure it is not aimed at.

    Attributes
    ----------
    measure : str
    low, high : float
        Share of the baseline; a 90% range.
    """

    measure: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PlannedOption:
    """One way to act, with what is assumed of it; every pair is a 90% range.

    Attributes
    ----------
    name : str
    card : str
        An evidence card, shipped or of one's own; empty for none.
    local : (float, float)
        Change of the harms it is aimed at, in the target, as a share: -0.4 is a fall of 40 %.
    displaced : (float, float)
        Share of the local change that turns up nearby; negative where neighbours gain too.
    half_life : (float, float)
        Months after which half of the local change is gone; infinite if it lasts.
    side : tuple of SideEffect
    source : str
        Where the assumptions come from.
    cost : float
        In the study's own money; NaN if not given.
    """

    name: str
    card: str
    local: tuple[float, float]
    displaced: tuple[float, float]
    half_life: tuple[float, float]
    side: tuple[SideEffect, ...]
    source: str
    cost: float = float("nan")


@dataclass(frozen=True, slots=True)
class HarmSettings:
    """Everything a study says about harm beyond its measures.

    Attributes
    ----------
    profiles : tuple of str
        Shipped names or paths; the first is the one that other parts lead with.
    exchange : str
        The declared ranges of exchange rates.
    market_size : str
        Name of the measure that stands for how much market there is; empty if none does.
    area_measures : tuple of Measure
        Measures that count areas and not dated points.
    indicators : tuple of Indicator
    unintended_harm : UnintendedHarmSettings
    criteria : tuple of (str, float)
        Weight of each of `CRITERIA` in a ranking.
    walking : float
        Walking distance in metres.
    options : tuple of PlannedOption
    months : int
        How long after the start an appraisal looks.
    """

    profiles: tuple[str, ...] = ()
    exchange: str = ""
    market_size: str = ""
    area_measures: tuple[Measure, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    unintended_harm: UnintendedHarmSettings = field(default_factory=UnintendedHarmSettings)
    criteria: tuple[tuple[str, float], ...] = tuple((name, 1.0) for name in CRITERIA)
    walking: float = 800.0
    options: tuple[PlannedOption, ...] = ()
    months: int = 12
