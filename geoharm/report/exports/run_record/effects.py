"""Records of effects: one zone, one window and one measure, against the expected count."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.disclosure.released import ReleasedMeasure
from geoharm.model.measure import Role
from geoharm.model.reading import Reading
from geoharm.report.exports.run_record.estimates import CountRecord, IntervalRecord, PointEstimateRecord
from geoharm.report.exports.run_record.record import Number, Record, key
from geoharm.report.exports.run_record.robustness import (
    DiagnosticRecord,
    DisplacementTypesRecord,
    OtherEstimatorsRecord,
)
from geoharm.report.wording.withheld import PARTS


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboCheckRecord(Record):
    """The places without an operation from which the interval was computed."""

    months: int = key("Months of history used.")
    candidates: int = key("Number of places where the outline of the zone fits.")
    pool: int = key("Number of those with a count near that of the zone.")
    effective_places: Number = key("Number of independent places among them.")
    at_least_as_busy: int = key("Number of places with at least as many events as the zone.")
    expected: Number = key("Forecast of the count after, in events.")
    phi: Number = key("Dispersion of the counts: variance over mean.")
    tau: Number = key("Standard deviation of the log forecast error beyond counting noise.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRecord(Record):
    """The change in one zone and window, against what was expected: a forecast learned at places like it where `calibrated`, else the control area."""

    zone: str = key("The zone.")
    window: str = key("The window after.")
    before: CountRecord = key("Events in the zone before.")
    after: CountRecord = key("Events in the zone after.")
    control_before: CountRecord = key("Events in the control before.")
    control_after: CountRecord = key("Events in the control after.")
    expected: Number = key("Events expected after without the operation.")
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
    diagnostics: tuple[DiagnosticRecord, ...] = key(
        "Threats to validity, the most severe first.", at="robustness.diagnostics"
    )
    displacement_types: DisplacementTypesRecord | None = key(
        "Other types of displacement; null if not computed or suppressed.", at="robustness.displacement_types"
    )
    other_estimators: OtherEstimatorsRecord | None = key(
        "Other estimators; null if not computed or suppressed.", at="robustness.other_estimators"
    )
    withheld: tuple[str, ...] = key("Which robustness checks are suppressed.", read=_withheld)
