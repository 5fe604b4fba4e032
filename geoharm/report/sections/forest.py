"""The part of the report about several operations: one row each, and what they come to together."""

from __future__ import annotations

import math
from typing import Any

from geoharm import _text
from geoharm.disclosure.released import Release
from geoharm.model.estimate import Estimate
from geoharm.report import format_numbers
from geoharm.report.charts.robustness import forest_chart, percent_change_of_ratio, ratio_text


def forest_section(release: Release) -> dict[str, Any]:
    """Return a figure and a table for every zone that was pooled over the operations; nothing for a single operation."""
    return {
        "forests": [
            {
                "zone": zone,
                "figure": forest_chart(forest) if forest.rows else None,
                "rows": [
                    (label, ratio_text(estimate), _text.percent_text(weight) if weight >= 0 else "below 0")
                    if math.isfinite(weight)
                    else (label, ratio_text(estimate), "withheld")
                    for label, estimate, weight in forest.rows
                ],
                "left_out": [f"{label}: {reason}" for label, reason in forest.left_out],
                "pooled": _pooled(forest.pooled),
                "note": forest.note[:1].upper() + forest.note[1:],
                "clustered": _clustered(forest.clustered),
            }
            for zone, forest in release.forests
        ]
    }


def _clustered(found: Estimate | None) -> str:
    if found is None:
        return ""
    return f"{ratio_text(found)}{'; ' + found.note if found.is_defined else ''}."


def _pooled(found: Any) -> str:
    if found is None:
        return "not given"
    low, high = (
        percent_change_of_ratio(found.careful_interval.low),
        percent_change_of_ratio(found.careful_interval.high),
    )
    text = (
        f"{format_numbers.signed_text(percent_change_of_ratio(found.mean))}% ({format_numbers.signed_text(low)}% to {format_numbers.signed_text(high)}%); spread of the true "
        f"values {_text.decimal_text(math.sqrt(found.between)) if found.count > 1 else _text.UNKNOWN} on the log scale, "
        f"heterogeneity p {_text.decimal_text(found.heterogeneity_p, 3)}"
    )
    if math.isfinite(found.following.low):
        text += (
            f"; the next operation's true value should lie from {format_numbers.signed_text(percent_change_of_ratio(found.following.low))}% to "
            f"{format_numbers.signed_text(percent_change_of_ratio(found.following.high))}%"
        )
    return text + "."
