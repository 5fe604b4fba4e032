"""Report section that compares tactics: every operation of the study, and pooled estimates by tactic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from geoharm import _text
from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.model.design import ALL_RINGS
from geoharm.model.estimate import Estimate
from geoharm.model.period import DURING
from geoharm.report.sections.values import net_harm_text
from geoharm.stats.random_effects import random_effects_mean


def tactics_section(release: Release) -> dict[str, Any]:
    """Return the comparison of tactics; empty lists with fewer than two operations.

    Only estimates of the release are used.
    """
    operations = [operation for operation in release.operations if not operation.design.operation.placebo]
    if len(operations) < 2:
        return {"tactics": [], "tactic_lines": [], "tactic_profile": ""}
    by_tactic: dict[str, list[ReleasedOperation]] = {}
    for operation in operations:
        by_tactic.setdefault(operation.design.operation.tactic, []).append(operation)
    first_harm = operations[0].harm
    return {
        "tactic_lines": [_operation_row(operation) for operation in operations],
        "tactics": [
            {
                "tactic": tactic,
                "operations": len(tactic_operations),
                "local": _pooled_text([operation.primary.effect("target").ratio for operation in tactic_operations]),
                "rings": _pooled_text([operation.primary.effect(ALL_RINGS).ratio for operation in tactic_operations]),
                "decay": _pooled_text([later_log_ratio_change(operation) for operation in tactic_operations]),
                "cost": _cost_text([operation.design.operation.cost for operation in tactic_operations]),
            }
            for tactic, tactic_operations in sorted(by_tactic.items())
        ],
        "tactic_profile": first_harm.profiles[0].name if first_harm else "",
    }


def later_log_ratio_change(operation: ReleasedOperation) -> Estimate:
    """Return how much of the change in the target area remained.

    The estimate is the log ratio of the last phase minus that of the first phase after the operation.
    """
    phases = [effect for effect in operation.primary.phases if effect.zone == "target" and effect.window != DURING]
    if len(phases) < 2:
        return Estimate("decay", math.nan, math.nan, "log ratio", "", "one later phase only")
    early, late = phases[0].ratio, phases[-1].ratio
    if not early.is_defined or not late.is_defined:
        return Estimate("decay", math.nan, math.nan, "log ratio", "", "a phase has no interval")
    return Estimate(
        "decay", late.value - early.value, math.hypot(early.standard_error, late.standard_error), "log ratio", ""
    )


def _operation_row(operation: ReleasedOperation) -> dict[str, str]:
    study_operation = operation.design.operation
    nets = operation.harm.net_harm if operation.harm else ()
    return {
        "name": study_operation.name,
        "tactic": study_operation.tactic,
        "local": _ratio_text(operation.primary.effect("target").ratio),
        "rings": _ratio_text(operation.primary.effect(ALL_RINGS).ratio),
        "decay": _ratio_text(later_log_ratio_change(operation)),
        "net": next((net_harm_text(net) for net in nets if operation.harm and net.profile == operation.harm.profiles[0].name and net.zone == "target and rings"), _text.UNKNOWN),
        "cost": _cost_text([study_operation.cost]),
    }  # fmt: skip


def _pooled_text(estimates: Sequence[Estimate]) -> str:
    """Return the random-effects mean rate ratio with its careful interval, and the number of operations."""
    usable = [estimate for estimate in estimates if estimate.is_defined and estimate.standard_error > 0]
    if not usable:
        return "cannot be said (0)"
    pooled = random_effects_mean(
        [estimate.value for estimate in usable], [estimate.standard_error**2 for estimate in usable]
    )
    span = pooled.hartung_knapp_interval
    return f"{math.exp(pooled.mean):.2f} ({math.exp(span.low):.2f} to {math.exp(span.high):.2f}), of {len(usable)}"


def _ratio_text(estimate: Estimate) -> str:
    if not estimate.is_defined:
        return "no interval"
    span = estimate.interval()
    return f"{math.exp(estimate.value):.2f} ({math.exp(span.low):.2f} to {math.exp(span.high):.2f})"


def _cost_text(costs: Sequence[float]) -> str:
    stated = [cost for cost in costs if math.isfinite(cost)]
    if not stated:
        return "not stated"
    return f"{math.fsum(stated):,.0f}" + (
        "" if len(stated) == len(costs) else f" ({len(stated)} of {len(costs)} stated)"
    )
