"""Report section on unintended harm: rises by distance and time, noxiousness, mitigation, surveys."""

from __future__ import annotations

import math
from typing import Any

from geoharm import _text
from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.harm.results.markets import Noxiousness
from geoharm.harm.results.net_harm import HarmAssessment
from geoharm.harm.results.perception import CorrectedEffect, IndicatorChange
from geoharm.harm.results.unintended_harm import FindDispersion, RiseCheck, RiseState
from geoharm.model.design import TARGET_AND_RINGS
from geoharm.model.estimate import Estimate
from geoharm.model.reading import Reading
from geoharm.report import format_numbers
from geoharm.report.charts import effects as charts_effects
from geoharm.report.wording.withheld import note_text, sentence_text

_READINGS = {
    RiseState.ROSE: Reading.SIGNAL_RISE,
    RiseState.WITHIN: Reading.NO_CLEAR_CHANGE,
    RiseState.UNKNOWN: Reading.CANNOT_TELL,
}


def unintended_harm_section(release: Release, operation: ReleasedOperation) -> dict[str, Any]:
    """Return the values for the template on unintended harm; none if no harm assessment was made."""
    assessment = operation.harm
    if assessment is None or assessment.unintended_harm is None:
        return {"watch": None}
    checks = assessment.unintended_harm.checks
    return {
        "watch": assessment.unintended_harm,
        "watch_margin": _text.percent_text(checks[0].margin) if checks else "",
        "watch_days": sorted({check.days for check in checks}),
        "watch_rows": _check_grid(checks, internal=release.is_internal),
        "watch_pooled": _check_grid(assessment.unintended_harm.pooled, internal=release.is_internal),
        "watch_operations": max((check.operations for check in assessment.unintended_harm.pooled), default=0),
        "watch_why": _reasons(checks),
        "scatter_rows": [_dispersion_row(dispersion) for dispersion in assessment.unintended_harm.find_dispersion],
        "noxious_rows": [_noxiousness_row(noxiousness) for noxiousness in assessment.noxiousness],
        "mitigation_rows": _mitigation_rows(operation),
        "corrected_rows": [_corrected_row(effect) for effect in assessment.reporting_corrected],
        "outcome_rows": [
            _indicator_row(change) for change in assessment.indicators if change.indicator.stands_for == "outcome"
        ],
        "market_rows": [
            _indicator_row(change) for change in assessment.indicators if change.indicator.stands_for == "market"
        ],
        "entries_note": _treatment_entries_note(assessment),
    }


def _check_grid(checks: tuple[RiseCheck, ...], *, internal: bool) -> list[dict[str, Any]]:
    """Return one row for each measure and distance, with one cell for each number of days."""
    rows: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for check in sorted(checks, key=lambda check: (check.metres, check.days)):
        text = check.state.value
        if internal and math.isfinite(check.expected):
            text += f" ({check.after:,} against {check.expected:,.1f})"
        cell = {"days": check.days, "text": text, "mark": charts_effects.reading_mark(_READINGS[check.state])}
        rows.setdefault((check.measure, check.metres), []).append(cell)
    measure_order = list(dict.fromkeys(check.measure for check in checks))
    return [
        {"measure": measure, "metres": metres, "cells": row_cells}
        for (measure, metres), row_cells in sorted(
            rows.items(), key=lambda entry: (measure_order.index(entry[0][0]), entry[0][1])
        )
    ]


def _reasons(checks: tuple[RiseCheck, ...]) -> list[str]:
    """Return why checks are unknown, with their number for each measure and reason."""
    unknown_counts: dict[tuple[str, str], int] = {}
    for check in checks:
        if check.state is RiseState.UNKNOWN:
            unknown_counts[(check.measure, note_text(check.reason))] = (
                unknown_counts.get((check.measure, note_text(check.reason)), 0) + 1
            )
    totals = {name: sum(check.measure == name for check in checks) for name in {check.measure for check in checks}}
    return [
        f"{name}: {count} of {totals[name]} checks are unknown because {reason}."
        for (name, reason), count in unknown_counts.items()
    ]


def _dispersion_row(dispersion: FindDispersion) -> dict[str, str]:
    if math.isnan(dispersion.before):
        return {
            "measure": dispersion.measure,
            "what": dispersion.statistic,
            "before": _text.UNKNOWN,
            "after": _text.UNKNOWN,
            "change": note_text(dispersion.note),
        }
    if dispersion.unit == "share":
        value_texts = [_text.percent_text(value) for value in (dispersion.before, dispersion.after)]
        end_texts = [
            f"{format_numbers.signed_text(100 * value)}" for value in (dispersion.change.low, dispersion.change.high)
        ]
        change = f"{format_numbers.signed_text(100 * (dispersion.after - dispersion.before))} ({end_texts[0]} to {end_texts[1]}) percentage points"
    else:
        value_texts = [f"{value:,.0f} m" for value in (dispersion.before, dispersion.after)]
        change = format_numbers.change_text(dispersion.after - dispersion.before, dispersion.change) + " m"
    return {
        "measure": dispersion.measure,
        "what": dispersion.statistic,
        "before": value_texts[0],
        "after": value_texts[1],
        "change": change,
    }


def _noxiousness_row(noxiousness: Noxiousness) -> dict[str, str]:
    return {
        "zone": noxiousness.zone,
        "measure": noxiousness.measure,
        "market": noxiousness.market,
        "before": _text.decimal_text(noxiousness.before, 1),
        "after": _text.decimal_text(noxiousness.after, 1),
        "ratio": _ratio_text(noxiousness.ratio),
        "reading": sentence_text(noxiousness.reading),
    }


def _ratio_text(estimate: Estimate) -> str:
    if not estimate.is_defined:
        return note_text(estimate.note)
    span = estimate.interval()
    return f"{math.exp(estimate.value):.2f} ({math.exp(span.low):.2f} to {math.exp(span.high):.2f})"


def _mitigation_rows(operation: ReleasedOperation) -> list[dict[str, Any]]:
    """Return the mitigation planned and delivered, and the reading of each harm that it was meant to limit."""
    measures = {measure.measure.name: measure for measure in operation.measures}
    rows = []
    for mitigation in operation.design.operation.mitigation:
        harm_texts = [
            f"{name}: {measures[name].effect(TARGET_AND_RINGS).reading.value} in target and rings"
            if name in measures
            else f"{name}: not measured, unknown"
            for name in mitigation.measures
        ]
        rows.append(
            {
                "what": mitigation.description,
                "delivered": mitigation.delivered,
                "held": "; ".join(harm_texts) or "no harm named that it was meant to limit",
            }
        )
    return rows


def _corrected_row(effect: CorrectedEffect) -> dict[str, str]:
    return {
        "measure": effect.measure, "comparator": effect.comparator, "zone": effect.zone,
        "raw": _ratio_text(effect.raw), "effort": _ratio_text(effect.effort), "corrected": _ratio_text(effect.corrected),
    }  # fmt: skip


def _indicator_row(change: IndicatorChange) -> dict[str, str]:
    return {
        "name": change.indicator.name,
        "better": change.indicator.better,
        "before": _level_text(change.before),
        "after": _level_text(change.after),
        "here": _level_text(change.here, signed=True),
        "elsewhere": _level_text(change.elsewhere, signed=True),
        "net": _level_text(change.net, signed=True),
        "areas": f"{change.areas[0]} and {change.areas[1]}",
    }


def _level_text(estimate: Estimate, *, signed: bool = False) -> str:
    if not estimate.is_defined:
        return note_text(estimate.note)
    span = estimate.interval()
    value_texts = [_text.decimal_text(value, 1) for value in (estimate.value, span.low, span.high)]
    if signed:
        value_texts = [
            ("+" if value > 0 else "") + text
            for value, text in zip((estimate.value, span.low, span.high), value_texts, strict=True)
        ]
    return f"{value_texts[0]} ({value_texts[1]} to {value_texts[2]})"


def _treatment_entries_note(assessment: HarmAssessment) -> str:
    """Return a caution on entries to treatment, with the categories (who referred) that were counted; else empty."""
    entry_measures = [
        row.measure for net in assessment.net_harm[:1] for row in net.rows if row.measure.kind == "treatment_entry"
    ]
    if not entry_measures:
        return ""
    counted_text = "; ".join(
        f"{measure.name}: {format_numbers.join_with_and(measure.categories) if measure.categories else 'every referral, not told apart'}"
        for measure in entry_measures
    )
    return (
        f"Entries to treatment counted here ({counted_text}). Entries through arrest referral are partly what enforcement did: "
        "where the source says who referred, define one measure for each."
    )
