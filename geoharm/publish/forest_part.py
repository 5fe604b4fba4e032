"""The part of the report about several operations: one row each, and what they come to together."""

from __future__ import annotations

import math
from typing import Any

from geoharm.model import Estimate
from geoharm.publish import numbers
from geoharm.publish.disclosure import DisclosedStudy
from geoharm.publish.family_figures import estimate_percent, forest_figure, percent


def forest_context(disclosed: DisclosedStudy) -> dict[str, Any]:
    """Return a figure and a table for every zone that was pooled over the operations; nothing for a single operation."""
    return {
        "forests": [
            {
                "zone": zone,
                "figure": forest_figure(forest) if forest.rows else None,
                "rows": [
                    (label, estimate_percent(estimate), numbers.percent(weight) if weight >= 0 else "below 0")
                    if math.isfinite(weight)
                    else (label, estimate_percent(estimate), "withheld")
                    for label, estimate, weight in forest.rows
                ],
                "left_out": [f"{label}: {reason}" for label, reason in forest.left_out],
                "pooled": _pooled(forest.pooled),
                "note": forest.note[:1].upper() + forest.note[1:],
                "clustered": _clustered(forest.clustered),
            }
            for zone, forest in disclosed.pools
        ]
    }


def _clustered(found: Estimate | None) -> str:
    if found is None:
        return ""
    return f"{estimate_percent(found)}{'; ' + found.note if found.is_defined else ''}."


def _pooled(found: Any) -> str:
    if found is None:
        return "not given"
    low, high = percent(found.careful_interval.low), percent(found.careful_interval.high)
    text = (
        f"{numbers.signed(percent(found.mean))}% ({numbers.signed(low)}% to {numbers.signed(high)}%); spread of the true "
        f"values {numbers.decimal(math.sqrt(found.between)) if found.count > 1 else numbers.UNKNOWN} on the log scale, "
        f"heterogeneity p {numbers.decimal(found.heterogeneity_p, 3)}"
    )
    if math.isfinite(found.following.low):
        text += (
            f"; the next operation's true value should lie from {numbers.signed(percent(found.following.low))}% to "
            f"{numbers.signed(percent(found.following.high))}%"
        )
    return text + "."
