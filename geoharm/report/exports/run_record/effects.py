"""Records of effects: one zone, one window and one measure, against the expected count."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.disclosure.released import ReleasedMeasure
from geoharm.model.measure import Role
from geoharm.model.reading import Cap, Reading
from geoharm.report.exports.run_record.estimates import (
    CountRecord,
    IntervalRecord,
    PeriodRecord,
    PointEstimateRecord,
)
from geoharm.report.exports.run_record.record import Number, Record, key
from geoharm.report.exports.run_record.robustness import (
    DiagnosticRecord,
    DisplacementTypeRecord,
    OtherEstimatorsRecord,
)
from geoharm.report.wording.places_like_it import rank_sentence, step_name
from geoharm.report.wording.withheld import PARTS


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorStepRecord(Record):
    """One step of the factor: the exponential of coefficient times feature."""

    name: str = key("What the step stands for, in words.", read=step_name)
    value: float = key("The step, as a factor.")
    coefficient: Number = key("Learned at places like it; 1 if nothing is learned, null if the step is not split up.")
    feature: Number = key(
        "What was seen at the operation, as a log ratio of two counts; 1 for the change in common, 0 for its own level, null "
        "if the step is not split up."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastFactorsRecord(Record):
    """How the expected count follows: `before` times `length_ratio` of the effect, times `factor`."""

    factor: float = key("Expected count after over the count before and the ratio of the days.")
    steps: tuple[FactorStepRecord, ...] = key(
        "Their product is the factor, within 1% where they are rounded. All but the last are made without the zone's count "
        "after."
    )
    discount: float = key("Weight of a month relative to the next one, 0 to 1.")
    history: tuple[PeriodRecord, ...] = key("The months before the operation that were used.")
    last_year: tuple[PeriodRecord, ...] = key("The last twelve of them.")
    city_last_year: Number = key(
        "The control's count in the last year over that in the whole history; null if the steps are not split up."
    )
    city_after: Number = key(
        "The control's count in the window after over that in the whole history; null if the steps are not split up."
    )
    has_season: bool = key(
        "Whether the zone's own season is in the steps of its own history and of its long-run level."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeClassRecord(Record):
    """Places like it with a change from `low` up to, not including, `high`."""

    low: int = key("In percent of the count expected at the place.")
    high: int = key("In percent of the count expected at the place.")
    places: int = key("Number of places: none, or 3 and more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceDistributionRecord(Record):
    """What places like it, without an operation, did over the same dates; each against its own expected count."""

    classes: tuple[ChangeClassRecord, ...] = key("Number of places by change.")
    pool: int = key("Number of places.")
    effective_places: Number = key("Number of independent places among them.")
    change: Number = key("The operation's own change, in percent of its expected count.")
    interval: IntervalRecord = key("The 95% interval of that change, in percent; null beside rounded counts.")
    fell_as_far: CountRecord = key("Number of places whose change is at most that of the operation.")
    rose_as_far: CountRecord = key("Number of places whose change is at least that of the operation.")
    rank: str = key("How rare the operation's change is among the places, in a sentence.", read=rank_sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelClassRecord(Record):
    """Places like it with a level before from `low` up to, not including, `high`."""

    low: Number = key("Count of the history over the operation's own.")
    high: Number = key("Count of the history over the operation's own; null if there is no upper end.")
    places: int = key("Number of places, at least 10.")
    before: int = key("Events at these places before, summed; a place's ground may count in several places.")
    after: int = key("Events at these places after, summed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLevelsRecord(Record):
    """Counts at all places like it: what they did as a whole, to set beside the factor."""

    classes: tuple[LevelClassRecord, ...] = key("From low to high.")
    before_days: int = key("Days that the sums before cover.")
    after_days: int = key("Days that the sums after cover.")
    factor: Number = key("Events a day after over events a day before, at all places together.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboCheckRecord(Record):
    """The places without an operation from which the interval was computed."""

    months: int = key("Months of history used.")
    candidates: int = key("Number of places where the outline of the zone fits.")
    pool: int = key("Number of those with a count near that of the zone.")
    effective_places: Number = key("Number of independent places among them.")
    at_least_as_busy: int = key("Number of places with at least as many events as the zone.")
    expected: Number = key(
        "Forecast of the count after, in events: the mean of what could have come. `expected` of the effect is the typical "
        'count instead, a little smaller; the steps "typical count" and "scale of the count after" lie between them.'
    )
    phi: Number = key("Dispersion of the counts: variance over mean.")
    tau: Number = key("Standard deviation of the log forecast error beyond counting noise.")
    dates: int = key("Number of dates at which the spread of the forecast errors was learned.")
    liveliness: Number = key(
        "Variance of what such a place does beyond counting noise, over that of all places in the pool: from its kind and its own past."
    )
    factors: ForecastFactorsRecord | None = key(
        "How the expected count follows from the count before; null in a phase, or if withheld."
    )
    distribution: PlaceDistributionRecord | None = key("What the places did over the same dates; null in a phase.")
    levels: PlaceLevelsRecord | None = key("Counts at the places by their level before; null in a phase.")
    probably_at_most: str = key('Why the places allow no more than "probably"; empty if they allow a finding.')


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRecord(Record):
    """The change in one zone and window, against what was expected: a forecast learned at places like it where `calibrated`, else the control area."""

    zone: str = key("The zone.")
    window: str = key("The window after.")
    before: CountRecord = key("Events in the zone before.")
    after: CountRecord = key("Events in the zone after.")
    length_ratio: float = key("Days of the window after over days of the window before.")
    control_before: CountRecord = key("Events in the control before.")
    control_after: CountRecord = key("Events in the control after.")
    expected: Number = key(
        "Events expected after without the operation. With a calibrated interval: the typical count of the forecast; `expected` "
        "under `placebo` is its mean."
    )
    change: Number = key("Events after minus expected; negative means fewer.")
    interval: IntervalRecord = key("The 95% interval of the change, in events.")
    counting: IntervalRecord = key(
        "Interval of the change with the noise of counting only, in events; too narrow for a finding."
    )
    ratio: PointEstimateRecord = key("Log rate ratio.")
    difference: PointEstimateRecord = key("Weighted displacement difference, in events of the window after.")
    placebo: PlaceboCheckRecord | None = key("The places behind the interval; null if there are none.")
    detectable_fall: Number = key(
        "The smallest fall that is detected with 80% power, as a share of the expected count, 0 to 1."
    )
    dispersion: Number = key("Variance of the monthly counts over their mean, at least 1.")
    reading: Reading = key("The statement that the effect supports.")
    percent: int | None = key(
        'Of "no rise over" and "no fall over": the change in percent of the expected count beyond which a rise or a fall is '
        "ruled out, a one-sided 95% bound rounded up; null for other statements.",
        at="bound_percent",
    )
    cap: Cap | None = key(
        'Of "probably fell" and "probably rose": why no more may be said, even with a 95% interval that leaves out zero; null '
        "for other statements, and if nothing caps it."
    )
    note: str = key("Why a number is missing.")


def _withheld(measure: ReleasedMeasure) -> tuple[str, ...]:
    return tuple(PARTS[part] for part in measure.robustness.withheld)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureRecord(Record):
    """All results for one measure around one operation."""

    name: str = key("Name of the measure.", at="measure.name")
    role: Role = key("Whether it is harm, activity or reporting effort.", at="measure.role")
    unit: str = key("What is counted.", at="measure.unit")
    effects: tuple[EffectRecord, ...] = key("Effects by zone, in the window of the headline.")
    phases: tuple[EffectRecord, ...] = key("Effects in each phase.")
    comparisons: int = key(
        'Harms times zones that share one error rate for "rose", this measure among them; 0 if it is in no such family.'
    )
    bounds: tuple[EffectRecord, ...] = key("The target's effect if rows without a place had been counted in it.")
    own_place: EffectRecord | None = key(
        "The target's effect without the rows whose place was inferred from their address (from other rows, or matched); null without such rows, or suppressed."
    )
    diagnostics: tuple[DiagnosticRecord, ...] = key(
        "Threats to validity, the most severe first.", at="robustness.diagnostics"
    )
    displacement_types: tuple[DisplacementTypeRecord, ...] | None = key(
        "Other types of displacement, measured ones first; for orientation. Null if not computed or suppressed.",
        at="robustness.displacement_types",
    )
    other_estimators: OtherEstimatorsRecord | None = key(
        "Other estimators; null if not computed or suppressed.", at="robustness.other_estimators"
    )
    withheld: tuple[str, ...] = key("Which robustness checks are suppressed.", read=_withheld)
