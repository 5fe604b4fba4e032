"""Harm settings of a study: value profiles, indicators, mitigation, unintended harm and options."""

from __future__ import annotations

from dataclasses import dataclass, field

from geoharm.model.measure import Measure

# The largest change, as a share of the expected count, that a bound may leave open, if the study sets no margin.
DEFAULT_MARGIN = 0.25

DELIVERED = ("yes", "no", "partly", "not stated")
STANDS_FOR = ("outcome", "market", "priority")
CRITERIA = ("harm", "noxiousness", "trend", "resilience", "reach", "priority")


@dataclass(frozen=True, slots=True)
class Mitigation:
    """A planned measure to reduce the unintended harm of an operation.

    Attributes
    ----------
    description : str
        What was planned.
    delivered : str
        One of `DELIVERED`.
    measures : tuple of str
        Names of the measures that it was meant to keep from rising.
    """

    description: str
    delivered: str = "not stated"
    measures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Indicator:
    """A survey question: an outcome, a feature of the market, or a priority of the community.

    Attributes
    ----------
    name, source, question : str
        Name of the indicator, name of the survey source, and the question in it.
    stands_for : str
        One of `STANDS_FOR`. Price and purity are "market": they are shown, but they are not outcomes.
    better : str
        "lower" or "higher": in which direction an outcome improves.
    """

    name: str
    source: str
    question: str
    stands_for: str
    better: str = "lower"


@dataclass(frozen=True, slots=True)
class UnintendedHarmSettings:
    """Settings of the checks for unintended harm after an operation.

    Attributes
    ----------
    margin : float
        The rise that would still be accepted, as a share of the expected count. It is also the largest bound that is
        stated as "did not rise by more than", or "did not fall by more than".
    days, metres : tuple of int
        Days since the start of the operation, and distances from the edge of the target, that are checked.
    months : tuple of int
        Months since the start that are checked too, where the data cover them.
    """

    margin: float = DEFAULT_MARGIN
    days: tuple[int, ...] = (7, 14, 21, 28)
    metres: tuple[int, ...] = (100, 250, 500)
    months: tuple[int, ...] = (3, 6, 12)


@dataclass(frozen=True, slots=True)
class SideEffect:
    """The assumed change that an option brings to a measure at which it is not aimed.

    Attributes
    ----------
    measure : str
    low, high : float
        Ends of a 90% interval, as shares of the baseline.
    """

    measure: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PlannedOption:
    """A planned option and its assumptions; every pair of numbers is a 90% interval.

    Attributes
    ----------
    name : str
    card : str
        Name of a shipped evidence card, or path of the user's own; empty for none.
    local_change : (float, float)
        Change in the target of the harms at which the option is aimed, as a share: -0.4 is a fall of 40 %.
    share_displaced : (float, float)
        Share of the local change that is displaced nearby; negative if harm falls nearby too.
    half_life : (float, float)
        Months until half of the local change has decayed; infinite if it does not decay.
    side_effects : tuple of SideEffect
    source : str
        Source of the assumptions.
    cost : float
        In the currency of the study; NaN if not given.
    """

    name: str
    card: str
    local_change: tuple[float, float]
    share_displaced: tuple[float, float]
    half_life: tuple[float, float]
    side_effects: tuple[SideEffect, ...]
    source: str
    cost: float = float("nan")


@dataclass(frozen=True, slots=True)
class HarmSettings:
    """All harm settings of a study.

    Attributes
    ----------
    profiles : tuple of str
        Names of shipped value profiles, or paths. The first is the main profile.
    exchange_rates : str
        Name or path of the declared ranges of exchange rates.
    market_size : str
        Name of the measure of market size; empty for none.
    area_measures : tuple of Measure
        Measures that are counted from area tables and not from dated points.
    indicators : tuple of Indicator
    unintended_harm : UnintendedHarmSettings
    criteria : tuple of (str, float)
        Weight of each of `CRITERIA` in the ranking of markets.
    walking : float
        Walking distance in metres.
    options : tuple of PlannedOption
    months : int
        How many months after the start are appraised.
    """

    profiles: tuple[str, ...] = ()
    exchange_rates: str = ""
    market_size: str = ""
    area_measures: tuple[Measure, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    unintended_harm: UnintendedHarmSettings = field(default_factory=UnintendedHarmSettings)
    criteria: tuple[tuple[str, float], ...] = tuple((name, 1.0) for name in CRITERIA)
    walking: float = 800.0
    options: tuple[PlannedOption, ...] = ()
    months: int = 12
