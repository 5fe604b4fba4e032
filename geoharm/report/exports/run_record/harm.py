"""Records of the harm assessment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from geoharm.harm.results.mitigation import MarginState
from geoharm.harm.results.unintended_harm import RiseState
from geoharm.model.reading import Reading
from geoharm.report.exports.run_record.estimates import EstimateRecord, IntervalRecord
from geoharm.report.exports.run_record.record import Number, Record, key
from geoharm.report.wording.withheld import sentence_text


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueProfileRecord(Record):
    """A value profile: who weighs harms."""

    name: str = key("Name of the profile.")
    author: str = key("Whose values it states.")
    date: str = key("Date of the profile.")
    version: str = key("Version of the profile.")
    licence: str = key("Licence of the profile.")
    example: bool = key("Whether it is a shipped example, which states nobody's values.")
    reference: str = key("The event that weighs 1.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureHarmRecord(Record):
    """The effect on one measure, with its weight in net harm."""

    measure: str = key("Name of the measure.", at="measure.name")
    unit: str = key("What is counted.", at="measure.unit")
    weight: float = key("Signed weight of one event, in reference events; 0 leaves it out.")
    low: Number = key("Lower end of the point estimate, in events.")
    high: Number = key("Upper end; the two differ where counts are only known within bounds.")
    interval: IntervalRecord = key("The 95% interval of the effect, in events.")
    calibrated: bool = key("Whether the interval had its stated coverage at places without an operation.")
    note: str = key("Why the effect is unknown or suppressed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class VetoRecord(Record):
    """Whether a harm rose by more than a value profile accepts."""

    words: str = key("The veto in the words of its author.")
    measure: str = key("The measure that was checked; empty if there is none.")
    state: Literal["hit", "kept", "unknown"] = key("Whether the veto was hit.")
    reason: str = key("The reason for the state.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRangeRecord(Record):
    """The lowest and highest possible value of a share."""

    low: Number = key("Lowest possible share, 0 to 1.", at="0")
    high: Number = key("Highest possible share, 0 to 1.", at="1")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialSumRecord(Record):
    """The sum of the parts that have a 95% interval, where another part has none; it is not net harm."""

    without: tuple[str, ...] = key("Names of the measures that are left out.")
    low: Number = key("Lower end of the best estimate, in reference events.")
    high: Number = key("Upper end of the best estimate, in reference events.")
    interval: IntervalRecord = key("The 95% interval of this sum, in reference events.")
    calibrated: bool = key("Whether all its parts are calibrated.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetHarmRecord(Record):
    """Net harm in one zone under one value profile; activity is never part of it."""

    profile: str = key("Name of the value profile.")
    zone: str = key("The zone.")
    reference: str = key("The event that weighs 1.")
    low: Number = key("Lower end of the point estimate, in reference events; negative means less harm.")
    high: Number = key("Upper end of the point estimate, in reference events.")
    interval: IntervalRecord = key("The 95% interval, in reference events.")
    share_fell: ShareRangeRecord = key("Share of random draws with less harm.")
    calibrated: bool = key("Whether all parts are calibrated; if not, the interval is too narrow for a finding.")
    rows: tuple[MeasureHarmRecord, ...] = key("The effect on each measure.")
    vetoes: tuple[VetoRecord, ...] = key("The vetoes of the profile.")
    note: str = key("Why net harm is unknown or suppressed, or what the sum assumes.")
    reading: Reading = key("What the sum allows to be said; without a sum, that it cannot be told.")
    refused: tuple[str, ...] = key(
        "Names of the measures with a weight and no 95% interval; with any, there is no sum."
    )
    partial: PartialSumRecord | None = key("Where a part is refused: the sum of the others.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CentralRatesRecord(Record):
    """Central exchange rates of one group of harms: how many of its events weigh as much as one reference event."""

    group: str = key("Group of harms.", at="0")
    all: Number = key("Over all weightings.", at="1")
    fell: Number = key("Over the weightings under which net harm fell.", at="2")
    rose: Number = key("Over the weightings under which net harm rose.", at="3")


@dataclass(frozen=True, slots=True, kw_only=True)
class TippingPointRecord(Record):
    """The exchange rate of one group of harms at which the sign of net harm changes."""

    group: str = key("Group of harms.")
    tipping_rate: Number = key("Events per reference event; null if the sign changes at no rate.")
    in_declared_range: bool = key("Whether the rate lies in the declared range.")
    sentence: str = key("The sentence for readers.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipRecord(Record):
    """The weight at which the sum comes out at zero."""

    measures: tuple[str, ...] = key("Names of the measures whose weight turns the answer.")
    rate: Number = key("How many of their events then weigh as much as one event of `other`.")
    other: str = key("The reference event.")
    in_declared_range: bool = key("Whether the rate lies in the declared range.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptabilityRecord(Record):
    """Shares of admissible weightings under which net harm fell or rose."""

    zone: str = key("The zone.")
    exchange_rates: str = key("Name of the declared exchange rates.")
    weightings: int = key("Number of weightings drawn.")
    clearly_fell: Number = key("Share of weightings whose interval lies below zero, 0 to 1.")
    fell: Number = key("Share of weightings with a fall whose interval contains zero, 0 to 1.")
    undecided: Number = key("Share of weightings under which suppressed counts allow both, 0 to 1.")
    rose: Number = key("Share of weightings with a rise whose interval contains zero, 0 to 1.")
    clearly_rose: Number = key("Share of weightings whose interval lies above zero, 0 to 1.")
    central_rates: tuple[CentralRatesRecord, ...] = key("Central exchange rates of each group of harms.")
    tipping_points: tuple[TippingPointRecord, ...] = key("The nearest first.")
    note: str = key("Why the shares could not be computed or are suppressed.")
    flip: FlipRecord | None = key("The nearest weight that turns the answer; null if none does.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoxiousnessRecord(Record):
    """Harm per unit of market activity in one zone."""

    zone: str = key("The zone.")
    measure: str = key("Name of the harm.")
    market: str = key("Name of the measure of market size.")
    before: Number = key("Events of harm per 100 events of market activity, before.")
    after: Number = key("The same, after.")
    ratio: EstimateRecord = key("Log ratio of after to before against the control area.")
    size_change: Literal["shrank", "probably shrank", "moved", "grew", "probably grew", "cannot tell"] = key(
        "Change of market size."
    )
    reading: str = key("The sentence for readers.", read=lambda noxiousness: sentence_text(noxiousness.reading))


@dataclass(frozen=True, slots=True, kw_only=True)
class RiseCheckRecord(Record):
    """The check of one measure for a rise near the target."""

    measure: str = key("Name of the measure.")
    days: int = key("Days since the start of the operation.")
    metres: int = key("Metres from the edge of the target; 0 where `place` names a zone.")
    window: str = key("The window in words.")
    place: str = key("The place in words.")
    margin: float = key("The rise that would still be accepted, as a share of the expected count.")
    state: RiseState = key('The outcome; none of them means "no harm".')
    reason: str = key("The reason for the outcome.")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnintendedHarmRecord(Record):
    """The checks for unintended harm after the operation."""

    checks: tuple[RiseCheckRecord, ...] = key("By measure, window and place; their joint level is held.")
    pooled: tuple[RiseCheckRecord, ...] = key("The same over all operations of the study, if there are several.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedEffectRecord(Record):
    """The effect on a measure, corrected for the change in reporting effort."""

    zone: str = key("The zone.")
    measure: str = key("Name of the measure.")
    comparator: str = key("Name of the measure of reporting effort.")
    raw: EstimateRecord = key("Log rate ratio as recorded.")
    effort: EstimateRecord = key("Log rate ratio of the reporting effort.")
    corrected: EstimateRecord = key("The first minus the second.")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorChangeRecord(Record):
    """The change of one survey indicator, after minus before."""

    name: str = key("Name of the indicator.", at="indicator.name")
    stands_for: Literal["outcome", "market", "priority"] = key("What it stands for.", at="indicator.stands_for")
    here: EstimateRecord = key(
        "Change in the areas that the target touches: at least 5 % of the area, or of the most ground that it shares with any."
    )
    elsewhere: EstimateRecord = key("Change in all other areas.")
    net: EstimateRecord = key("The first minus the second.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginTestRecord(Record):
    """Whether a harm that mitigation was to hold stayed within its margin."""

    measure: str = key("Name of the measure.")
    zone: str = key("The zone.")
    margin: float = key("The rise that would still be accepted, as a share of the expected count.")
    state: MarginState = key("What became of it, by one-sided 95% bounds of the calibrated interval.")
    reason: str = key("The reason for the state.")


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmAssessmentRecord(Record):
    """The harm assessment of one operation."""

    missing: tuple[str, ...] = key("Kinds of harm that no measure covers.")
    limited_objective: str = key("A note on an objective that is limited to acquisitive crime; else empty.")
    correlation: str = key("From which places the correlation between measures was estimated.")
    profiles: tuple[ValueProfileRecord, ...] = key("The value profiles.")
    net_harm: tuple[NetHarmRecord, ...] = key("Net harm by profile and zone.")
    acceptability: tuple[AcceptabilityRecord, ...] = key("Shares of weightings, by zone.")
    noxiousness: tuple[NoxiousnessRecord, ...] = key("Harm per unit of market activity.")
    unintended_harm: UnintendedHarmRecord | None = key("Checks for unintended harm.")
    reporting_corrected: tuple[CorrectedEffectRecord, ...] = key("Effects corrected for reporting effort.")
    indicators: tuple[IndicatorChangeRecord, ...] = key("Changes of survey indicators.")
    mitigation: tuple[MarginTestRecord, ...] = key(
        "Whether the harms that mitigation was to hold stayed within margin."
    )
