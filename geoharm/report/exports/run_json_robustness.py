"""The family, guards, shifts and pooled operations in ``run.json``: what the report shows, as numbers."""

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
from geoharm.results import PreregistrationStatus


def robustness_record(robustness: ReleasedRobustness) -> dict[str, Any]:
    """Return what stands beside a measure's headline."""
    return {
        "guards": [
            {
                "name": diagnostic.name,
                "figure": to_record(diagnostic.figure),
                "unit": diagnostic.unit,
                "sentence": diagnostic.sentence,
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
                "sentence": row.sentence,
            }
            for row, adjusted in zip(
                robustness.displacement_types.rows, robustness.displacement_types.adjusted, strict=True
            )
        ],
        "family": None if robustness.other_estimators is None else _family(robustness.other_estimators),
        "withheld": list(robustness.withheld),
    }


def forests_record(pools: Sequence[tuple[str, Forest]]) -> list[dict[str, Any]]:
    """Return the forest of every zone that was pooled over the operations."""
    return [
        {
            "zone": zone,
            "operations": [
                {"name": label, "weight": to_record(weight), **estimate_record(estimate)}
                for label, estimate, weight in forest.rows
            ],
            "left_out": [{"name": label, "reason": reason} for label, reason in forest.left_out],
            "pooled": None
            if forest.pooled is None
            else {
                "log_rate_ratio": to_record(forest.pooled.mean),
                "interval": interval_record(forest.pooled.careful_interval),
                "between": to_record(forest.pooled.between),
                "heterogeneity_p": to_record(forest.pooled.heterogeneity_p),
                "next_operation": interval_record(forest.pooled.following),
                "count": forest.pooled.count,
            },
            "note": forest.note,
            "clustered": None
            if forest.clustered is None
            else {**estimate_record(forest.clustered), "note": forest.clustered.note},
        }
        for zone, forest in pools
    ]


def preregistration_record(plan: PreregistrationStatus) -> dict[str, Any]:
    """Return how the result stands to its locked plan."""
    return {
        "kind": plan.kind,
        "sha256": plan.digest,
        "locked_on": plan.locked_on,
        "operation_begun_when_locked": plan.operation_begun,
        "outcomes_loaded_when_locked": plan.outcomes_loaded,
        "changes": list(plan.changes),
    }


def interval_record(span: Interval) -> list[float | None]:
    """Return the ends of an interval."""
    return [to_record(span.low), to_record(span.high)]


def estimate_record(estimate: Estimate) -> dict[str, Any]:
    """Return a value, its interval and unit, or the note that says why there is none."""
    found: dict[str, Any] = {
        "value": to_record(estimate.value),
        "interval": interval_record(estimate.interval()),
        "unit": estimate.unit,
    }
    return found | ({"note": estimate.note} if estimate.note else {})


def _family(found: OtherEstimators) -> dict[str, Any]:
    one = found.indices
    return {
        "wdd_target": estimate_record(found.wdd_target),
        "wdd_rings": None if found.wdd_rings is None else estimate_record(found.wdd_rings),
        "wdd_total": None if found.wdd_total is None else estimate_record(found.wdd_total),
        "exact_log_rate_ratio": interval_record(found.exact),
        "indices": None
        if one is None
        else {
            "gross_effect": estimate_record(one.gross_effect),
            "net_effect": estimate_record(one.net_effect),
            "target_against_control": estimate_record(one.success_measure),
            "buffer_displacement": estimate_record(one.buffer_displacement),
            "total_net_effect": estimate_record(one.total_net_effect),
            "wdq": _quotient(one.wdq),
            "displaced_share": _quotient(one.displaced_share),
        },
        "running_difference": _curve(found.cumulative_wdd),
        "event_study": _curve(found.event_study),
        "ring_profile": _curve(found.distance_profile),
        "clocks": [_clock(clock) for clock in found.effect_decay],
        "candidates": None if found.control_choice is None else _candidates(found.control_choice),
        "by_control": _specifications(found.by_control),
        "by_reach_window_control": _specifications(found.specification_curve),
        "randomisation_p": to_record(found.placebo_p),
        "poisson_regression": None if found.did is None else _regression(found.did),
        "left_out": [{"part": part, "reason": reason} for part, reason in found.left_out],
    }


def _regression(found: DidEstimates) -> dict[str, Any]:
    return {
        "zones": [{"zone": term.name, **estimate_record(term)} for term in found.terms],
        "dispersion": to_record(found.dispersion),
        "errors": found.errors,
        "note": found.note,
    }


def _candidates(choice: ControlChoice) -> dict[str, Any]:
    """Return every candidate, nearest first: those that passed with their numbers, the others with their reason."""
    return {
        "chosen": choice.chosen,
        "passed": [
            {
                "name": area.name,
                "distance_m": to_record(area.distance),
                "scale": to_record(area.scale),
                "rules": {name: to_record(value) for name, value in area.ratios.items()},
            }
            for area in choice.candidates
            if area.taken
        ],
        "refused": {area.name: area.reason for area in choice.candidates if not area.taken},
    }


def _quotient(found: Quotient) -> dict[str, Any]:
    return {
        "value": to_record(found.value),
        "set": _set(found.values),
        "calibrated": found.values.calibrated,
        "note": found.note,
    }


def _set(found: ConfidenceSet) -> dict[str, Any]:
    return {"shape": found.shape, "pieces": [[to_record(low), to_record(high)] for low, high in found.pieces]}


def _curve(curve: Curve | None) -> dict[str, Any] | None:
    if curve is None:
        return None
    return {
        "points": [
            {"name": point.name, **estimate_record(point), "band": interval_record(span)}
            for point, span in zip(curve.points, curve.band(), strict=True)
        ],
        "standard_errors_to_the_band": to_record(curve.reach),
    }


def _clock(decay: EffectDecay) -> dict[str, Any]:
    return {
        "zone": decay.zone,
        "initial": estimate_record(decay.initial),
        "wear_a_month": estimate_record(decay.decay),
        "half_life_running_months": to_record(decay.half_life_running),
        "residual": estimate_record(decay.residual),
        "half_life_after_months": _set(decay.half_life_after),
        "months_to_return": _set(decay.months_to_return),
        "refused": [{"part": part, "reason": reason} for part, reason in decay.refusals],
    }


def _specifications(curve: SpecificationCurve | None) -> dict[str, Any] | None:
    if curve is None:
        return None
    return {
        "heterogeneity_p": to_record(curve.heterogeneity_p),
        "spread": to_record(curve.spread),
        "answers": [{**dict(one.choices), **estimate_record(one.estimate)} for one in curve.specifications],
    }
