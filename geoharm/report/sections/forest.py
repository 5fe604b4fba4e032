"""Report section on several operations: a forest plot with one row each, and the pooled estimate."""

from __future__ import annotations

import math
from typing import Any

from geoharm import _text
from geoharm.disclosure.released import Release
from geoharm.model.estimate import Estimate
from geoharm.report import format_numbers
from geoharm.report.charts.robustness import forest_chart, percent_change_of_ratio, ratio_text
from geoharm.report.wording.withheld import note_text, upper_first


def forest_section(release: Release) -> dict[str, Any]:
    """Return a figure and a table for every zone pooled over the operations; an empty list for a single operation."""
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
                "left_out": [f"{label}: {note_text(reason)}" for label, reason in forest.left_out],
                "pooled": _pooled_text(forest.pooled),
                "note": upper_first(note_text(forest.note)),
                "clustered": _clustered_text(forest.clustered),
            }
            for zone, forest in release.forests
        ]
    }


def _clustered_text(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    return f"{ratio_text(estimate)}{'; ' + note_text(estimate.note) if estimate.is_defined else ''}."


def _pooled_text(pooled: Any) -> str:
    if pooled is None:
        return "not given"
    low, high = (
        percent_change_of_ratio(pooled.hartung_knapp_interval.low),
        percent_change_of_ratio(pooled.hartung_knapp_interval.high),
    )
    text = (
        f"{format_numbers.signed_text(percent_change_of_ratio(pooled.mean))}% ({format_numbers.signed_text(low)}% to {format_numbers.signed_text(high)}%); spread of the true "
        f"values {_text.decimal_text(math.sqrt(pooled.between_variance)) if pooled.count > 1 else _text.UNKNOWN} on the log scale, "
        f"heterogeneity p {_text.decimal_text(pooled.heterogeneity_p, 3)}"
    )
    if math.isfinite(pooled.prediction_interval.low):
        text += (
            f"; the next operation's true value is expected between {format_numbers.signed_text(percent_change_of_ratio(pooled.prediction_interval.low))}% and "
            f"{format_numbers.signed_text(percent_change_of_ratio(pooled.prediction_interval.high))}%"
        )
    return text + "."
