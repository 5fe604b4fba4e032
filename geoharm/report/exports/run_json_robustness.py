"""The part of ``run.json`` on other estimators, diagnostics, displacement and pooled operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from geoharm.disclosure.released import ReleasedRobustness
from geoharm.evaluation.results.curves import Curve, DidEstimates, EffectDecay
from geoharm.evaluation.results.indices import Quotient
from geoharm.evaluation.results.robustness import OtherEstimators
from geoharm.evaluation.results.specification import ControlChoice, SpecificationCurve
from geoharm.model.confidence_set import ConfidenceSet
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.pooled import Forest
from geoharm.report.format_numbers import to_record
from geoharm.report.wording.withheld import PARTS, note_text, sentence_text
from geoharm.results import PreregistrationStatus


def robustness_record(robustness: ReleasedRobustness) -> dict[str, Any]:
    """Return the diagnostics, displacement types and other estimators of a measure, as plain values for JSON."""
    return {
        "guards": [
            {
                "name": diagnostic.name,
                "figure": to_record(diagnostic.figure),
                "unit": diagnostic.unit,
                "sentence": sentence_text(diagnostic.sentence),
                "consequence": diagnostic.severity.name.lower(),
            }
            for diagnostic in robustness.diagnostics
        ],
        "shifts": []
        if robustness.displacement_types is None
        else [
            {
                "kind": row.kind,
                "tested": row.tested,
                "figure": to_record(row.figure),
                "unit": row.unit,
                "p": to_record(row.p_value),
                "p_adjusted": to_record(adjusted),
                "sentence": sentence_text(row.sentence),
            }
            for row, adjusted in zip(
                robustness.displacement_types.rows, robustness.displacement_types.adjusted, strict=True
            )
        ],
        "family": None if robustness.other_estimators is None else _estimators_record(robustness.other_estimators),
        "withheld": [PARTS[part] for part in robustness.withheld],
    }


def forests_record(pools: Sequence[tuple[str, Forest]]) -> list[dict[str, Any]]:
    """Return the forest plot data of every zone pooled over the operations, as plain values for JSON."""
    return [
        {
            "zone": zone,
            "operations": [
                {"name": label, "weight": to_record(weight), **estimate_record(estimate)}
                for label, estimate, weight in forest.rows
            ],
            "left_out": [{"name": label, "reason": note_text(reason)} for label, reason in forest.left_out],
            "pooled": None
            if forest.pooled is None
            else {
                "log_rate_ratio": to_record(forest.pooled.mean),
                "interval": interval_record(forest.pooled.hartung_knapp_interval),
                "between": to_record(forest.pooled.between_variance),
                "heterogeneity_p": to_record(forest.pooled.heterogeneity_p),
                "next_operation": interval_record(forest.pooled.prediction_interval),
                "count": forest.pooled.count,
            },
            "note": note_text(forest.note),
            "clustered": None
            if forest.clustered is None
            else {**estimate_record(forest.clustered), "note": note_text(forest.clustered.note)},
        }
        for zone, forest in pools
    ]


def preregistration_record(plan: PreregistrationStatus) -> dict[str, Any]:
    """Return the preregistration status of the results: which plan was locked, when, and what was changed since."""
    return {
        "kind": plan.kind,
        "sha256": plan.digest,
        "locked_on": plan.locked_on,
        "operation_begun_when_locked": plan.operation_begun,
        "outcomes_loaded_when_locked": plan.outcomes_loaded,
        "changes": list(plan.changes),
    }


def interval_record(span: Interval) -> list[float | None]:
    """Return the two ends of an interval; None for an undefined or infinite end."""
    return [to_record(span.low), to_record(span.high)]


def estimate_record(estimate: Estimate) -> dict[str, Any]:
    """Return the value, interval and unit of an estimate, and its note if it has one."""
    record: dict[str, Any] = {
        "value": to_record(estimate.value),
        "interval": interval_record(estimate.interval()),
        "unit": estimate.unit,
    }
    return record | ({"note": note_text(estimate.note)} if estimate.note else {})


def _estimators_record(estimators: OtherEstimators) -> dict[str, Any]:
    indices = estimators.indices
    return {
        **{result.key: estimate_record(result.estimate) for result in estimators.estimates},
        "exact_log_rate_ratio": interval_record(estimators.exact),
        "indices": None
        if indices is None
        else {
            "gross_effect": estimate_record(indices.gross_effect),
            "net_effect": estimate_record(indices.net_effect),
            "target_against_control": estimate_record(indices.success_measure),
            "buffer_displacement": estimate_record(indices.buffer_displacement),
            "total_net_effect": estimate_record(indices.total_net_effect),
            "wdq": _quotient_record(indices.wdq),
            "displaced_share": _quotient_record(indices.displaced_share),
        },
        "running_difference": _curve_record(estimators.cumulative_wdd),
        "event_study": _curve_record(estimators.event_study),
        "ring_profile": _curve_record(estimators.distance_profile),
        "clocks": [_decay_record(decay) for decay in estimators.effect_decay],
        "candidates": None if estimators.control_choice is None else _candidates_record(estimators.control_choice),
        "by_control": _specifications_record(estimators.by_control),
        "by_reach_window_control": _specifications_record(estimators.specification_curve),
        "randomisation_p": to_record(estimators.placebo_p),
        "poisson_regression": None if estimators.did is None else _regression_record(estimators.did),
        "left_out": [{"part": part, "reason": reason} for part, reason in estimators.left_out],
    }


def _regression_record(regression: DidEstimates) -> dict[str, Any]:
    return {
        "zones": [{"zone": term.name, **estimate_record(term)} for term in regression.terms],
        "dispersion": to_record(regression.dispersion),
        "errors": regression.errors,
        "note": regression.note,
    }


def _candidates_record(choice: ControlChoice) -> dict[str, Any]:
    """Return all candidate controls, nearest first: accepted ones with their numbers, refused ones with the reason."""
    return {
        "chosen": choice.chosen,
        "passed": [
            {
                "name": candidate.name,
                "distance_m": to_record(candidate.distance),
                "scale": to_record(candidate.scale),
                "rules": {name: to_record(value) for name, value in candidate.ratios.items()},
            }
            for candidate in choice.candidates
            if candidate.passes
        ],
        "refused": {
            candidate.name: note_text(candidate.reason) for candidate in choice.candidates if not candidate.passes
        },
    }


def _quotient_record(quotient: Quotient) -> dict[str, Any]:
    return {
        "value": to_record(quotient.value),
        "set": _set_record(quotient.values),
        "calibrated": quotient.values.calibrated,
        "note": quotient.note,
    }


def _set_record(confidence_set: ConfidenceSet) -> dict[str, Any]:
    return {
        "shape": confidence_set.shape,
        "pieces": [[to_record(low), to_record(high)] for low, high in confidence_set.pieces],
    }


def _curve_record(curve: Curve | None) -> dict[str, Any] | None:
    if curve is None:
        return None
    return {
        "points": [
            {"name": point.name, **estimate_record(point), "band": interval_record(span)}
            for point, span in zip(curve.points, curve.band(), strict=True)
        ],
        "standard_errors_to_the_band": to_record(curve.band_multiplier),
    }


def _decay_record(decay: EffectDecay) -> dict[str, Any]:
    return {
        "zone": decay.zone,
        "initial": estimate_record(decay.initial),
        "wear_a_month": estimate_record(decay.decay),
        "half_life_running_months": to_record(decay.half_life_running),
        "residual": estimate_record(decay.residual),
        "half_life_after_months": _set_record(decay.half_life_after),
        "months_to_return": _set_record(decay.months_to_return),
        "refused": [{"part": part, "reason": reason} for part, reason in decay.not_estimated],
    }


def _specifications_record(curve: SpecificationCurve | None) -> dict[str, Any] | None:
    if curve is None:
        return None
    return {
        "heterogeneity_p": to_record(curve.heterogeneity_p),
        "spread": to_record(curve.spread),
        "answers": [
            {**dict(specification.choices), **estimate_record(specification.estimate)}
            for specification in curve.specifications
        ],
    }
