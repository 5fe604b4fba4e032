"""Records of the other estimators, diagnostics and types of displacement of a measure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from geoharm.evaluation.results.robustness import OtherEstimators
from geoharm.evaluation.results.specification import ControlCandidate, ControlChoice, Specification
from geoharm.model.estimate import Estimate
from geoharm.report.exports.run_record.estimates import (
    ConfidenceSetRecord,
    CurveRecord,
    EstimateRecord,
    IntervalRecord,
    LeftOutRecord,
    OrientationRecord,
)
from geoharm.report.exports.run_record.record import Number, Record, key
from geoharm.report.wording.withheld import note_text, sentence_text


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosticRecord(Record):
    """A threat to validity."""

    name: str = key("Name of the threat.")
    figure: Number = key("Its size, in `unit`; null if it could not be measured or is suppressed.")
    unit: str = key("Unit of the figure.")
    sentence: str = key("The result for readers.", read=lambda diagnostic: sentence_text(diagnostic.sentence))
    severity: Literal["none", "say", "signal", "refuse"] = key(
        "What it does to the answer: nothing; it is said; a change is no finding, and at most probable; there is no answer."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplacementTypeRecord(Record):
    """The size of one type of displacement other than to nearby areas, for orientation: it is not tested."""

    kind: str = key("The type: hour, weekday, offence type, ...")
    measured: bool = key("Whether it could be measured.")
    figure: Number = key("Size of the shift, in `unit`.")
    unit: str = key("Unit of the figure.")
    sentence: str = key(
        "The result, or why it could not be measured.", read=lambda displacement: sentence_text(displacement.sentence)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotientRecord(Record):
    """A ratio of two estimates."""

    value: Number = key("The ratio, without a unit; null if it is not given.")
    values: ConfidenceSetRecord = key("All ratios that the data do not rule out.")
    note: str = key("Why the value is not given.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplacementIndicesRecord(Record):
    """Classic displacement indices, with the signs of the field."""

    gross_effect: EstimateRecord = key("Events in the target, before minus after; positive means fewer events.")
    net_effect: EstimateRecord = key("Target's ratio to the comparison, before minus after; positive means a fall.")
    success_measure: EstimateRecord = key("The net effect with the opposite sign; negative means a fall.")
    buffer_displacement: EstimateRecord = key(
        "Ring's ratio to the comparison, after minus before; positive means a rise around the target."
    )
    total_net_effect: EstimateRecord = key(
        "Expected minus counted events in target and rings; positive means fewer events."
    )
    wdq: QuotientRecord = key("Weighted displacement quotient; below 0 the ring rose while the target fell.")
    displaced_share: QuotientRecord = key("Share of the target's fall that appeared in the ring.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectDecayRecord(Record):
    """How the effect wore off while the operation ran and after it, for orientation."""

    zone: str = key("The zone.")
    initial: OrientationRecord = key("Log ratio when the operation began.")
    decay: OrientationRecord = key(
        "Change of the log ratio per month while it ran; for a fall, positive means wearing off."
    )
    residual: OrientationRecord = key("Mean log ratio since the operation ended.")
    not_estimated: tuple[LeftOutRecord, ...] = key("Parts that cannot be estimated from the data.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlCandidateRecord(Record):
    """A candidate control area that passed all rules."""

    name: str = key("Name of the area.")
    distance: Number = key("Metres from the target's edge.")
    scale: Number = key("Its count before, divided by the target's.")
    ratios: Mapping[str, Number] = key(
        "Difference from the target over what chance allows, by rule; above 1 a rule is broken."
    )


def _passed(choice: ControlChoice) -> Iterable[ControlCandidate]:
    return (candidate for candidate in choice.candidates if candidate.passes)


def _refused(choice: ControlChoice) -> Mapping[str, str]:
    return {candidate.name: note_text(candidate.reason) for candidate in choice.candidates if not candidate.passes}


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlChoiceRecord(Record):
    """The candidate control areas and the chosen one."""

    chosen: str = key("The nearest candidate that passed; empty if none did.")
    passed: tuple[ControlCandidateRecord, ...] = key("The candidates that passed, nearest first.", read=_passed)
    refused: Mapping[str, str] = key("Why the others were refused, by name.", read=_refused)


def _choices(specification: Specification) -> Mapping[str, str]:
    return dict(specification.choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecificationRecord(Record):
    """One estimate with the choices behind it."""

    choices: Mapping[str, str] = key("What was chosen, by aspect: control, reach, window.", read=_choices)
    estimate: EstimateRecord = key("The estimate, a log ratio.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecificationCurveRecord(Record):
    """One effect, estimated in every defensible way."""

    heterogeneity_p: Number = key("P-value of the hypothesis that all controls changed alike (Cochran's Q).")
    spread: Number = key("Standard deviation of the controls' true values, as a log ratio.")
    specifications: tuple[SpecificationRecord, ...] = key("From the largest fall to the largest rise.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DidRecord(Record):
    """Difference-in-differences regression over areas and months."""

    terms: tuple[EstimateRecord, ...] = key("Log rate ratios; the name is the zone.")
    dispersion: Number = key("Pearson dispersion: variance over mean, at least 1.")
    errors: str = key("Type of the standard errors.")
    note: str = key("What the errors do not include.")


def _estimates(estimators: OtherEstimators) -> Mapping[str, Estimate]:
    return {result.key: result.estimate for result in estimators.estimates}


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherEstimatorsRecord(Record):
    """Results of the other estimators of the field; none of them is the headline."""

    estimates: Mapping[str, EstimateRecord] = key(
        "Estimators with one value, by key: weighted displacement differences (`wdd_target`, `wdd_rings`, `wdd_total`), "
        "`interrupted_time_series`, ...; those of rings only with rings.",
        read=_estimates,
    )
    exact: IntervalRecord = key("Interval of the target's log rate ratio, exact for Poisson counts.")
    indices: DisplacementIndicesRecord | None = key("Displacement indices; null if suppressed or without rings.")
    cumulative_wdd: CurveRecord | None = key(
        "Running weighted displacement difference by month, in events; for orientation."
    )
    event_study: CurveRecord | None = key("Log ratios by month; for orientation.")
    distance_profile: CurveRecord = key("Log ratios of target, gap and rings; for orientation.")
    effect_decay: tuple[EffectDecayRecord, ...] = key("Effect decay in the target and in all rings; for orientation.")
    control_choice: ControlChoiceRecord | None = key("Candidate control areas.")
    by_control: SpecificationCurveRecord | None = key("Estimates by control.")
    specification_curve: SpecificationCurveRecord | None = key("Estimates by reach, window and control.")
    placebo_p: Number = key("Two-sided p-value of a randomisation test over the candidate areas.")
    did: DidRecord | None = key("Difference-in-differences for target and every ring.")
    running_change: tuple[EstimateRecord, ...] = key(
        "The target's log rate ratio since the operation, up to each month, against its forecast; each interval is a band that "
        "covers all months together."
    )
    left_out: tuple[LeftOutRecord, ...] = key("Parts that could not be computed.")
