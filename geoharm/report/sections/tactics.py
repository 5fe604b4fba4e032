"""The part of the report that compares tactics: every operation of the study, and what those of one tactic come to."""

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
    """Return the comparison of tactics; nothing with fewer than two operations. Made of published estimates only."""
    operations = [one for one in release.operations if not one.design.operation.placebo]
    if len(operations) < 2:
        return {"tactics": [], "tactic_lines": [], "tactic_profile": ""}
    by_tactic: dict[str, list[ReleasedOperation]] = {}
    for one in operations:
        by_tactic.setdefault(one.design.operation.tactic, []).append(one)
    first = operations[0].harm
    return {
        "tactic_lines": [_line(one) for one in operations],
        "tactics": [
            {
                "tactic": tactic,
                "operations": len(found),
                "local": _pooled([one.primary.effect("target").ratio for one in found]),
                "rings": _pooled([one.primary.effect(ALL_RINGS).ratio for one in found]),
                "decay": _pooled([share_left(one) for one in found]),
                "cost": _cost([one.design.operation.cost for one in found]),
            }
            for tactic, found in sorted(by_tactic.items())
        ],
        "tactic_profile": first.values[0].name if first else "",
    }


def share_left(operation: ReleasedOperation) -> Estimate:
    """Return how much of the change in the target was left: the last phase's log ratio less the first later phase's."""
    phases = [one for one in operation.primary.phases if one.zone == "target" and one.window != DURING]
    if len(phases) < 2:
        return Estimate("decay", math.nan, math.nan, "log ratio", "", "one later phase only")
    early, late = phases[0].ratio, phases[-1].ratio
    if not early.is_defined or not late.is_defined:
        return Estimate("decay", math.nan, math.nan, "log ratio", "", "a phase has no interval")
    return Estimate(
        "decay", late.value - early.value, math.hypot(early.standard_error, late.standard_error), "log ratio", ""
    )


def _line(one: ReleasedOperation) -> dict[str, str]:
    operation = one.design.operation
    nets = one.harm.net_harm if one.harm else ()
    return {
        "name": operation.name,
        "tactic": operation.tactic,
        "local": _ratio(one.primary.effect("target").ratio),
        "rings": _ratio(one.primary.effect(ALL_RINGS).ratio),
        "decay": _ratio(share_left(one)),
        "net": next((net_harm_text(net) for net in nets if one.harm and net.profile == one.harm.values[0].name and net.zone == "target and rings"), _text.UNKNOWN),
        "cost": _cost([operation.cost]),
    }  # fmt: skip


def _pooled(estimates: Sequence[Estimate]) -> str:
    """Return the mean rate ratio of several operations with the careful interval, and how many it is of."""
    known = [one for one in estimates if one.is_defined and one.standard_error > 0]
    if not known:
        return "cannot be said (0)"
    found = random_effects_mean([one.value for one in known], [one.standard_error**2 for one in known])
    span = found.careful_interval
    return f"{math.exp(found.mean):.2f} ({math.exp(span.low):.2f} to {math.exp(span.high):.2f}), of {len(known)}"


def _ratio(estimate: Estimate) -> str:
    if not estimate.is_defined:
        return "no interval"
    span = estimate.interval()
    return f"{math.exp(estimate.value):.2f} ({math.exp(span.low):.2f} to {math.exp(span.high):.2f})"


def _cost(costs: Sequence[float]) -> str:
    known = [cost for cost in costs if math.isfinite(cost)]
    if not known:
        return "not stated"
    return f"{math.fsum(known):,.0f}" + ("" if len(known) == len(costs) else f" ({len(known)} of {len(costs)} stated)")
