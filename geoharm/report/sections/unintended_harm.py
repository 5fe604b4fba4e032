"""The part of the report about what an operation may have done besides: the watch, noxiousness, mitigation, surveys."""

from __future__ import annotations

import math
from typing import Any

from geoharm import _text
from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.evaluation.reading import Reading
from geoharm.harm.results.markets import Noxiousness
from geoharm.harm.results.net_harm import HarmAssessment
from geoharm.harm.results.perception import CorrectedEffect, IndicatorChange
from geoharm.harm.results.unintended_harm import FindDispersion, RiseCheck, RiseState
from geoharm.model.design import TARGET_AND_RINGS
from geoharm.model.estimate import Estimate
from geoharm.report import format_numbers
from geoharm.report.charts import effects as charts_effects
from geoharm.report.wording.reading import read_with_diagnostics

_STATES = {
    RiseState.ROSE: Reading.SIGNAL_RISE,
    RiseState.WITHIN: Reading.NO_CLEAR_CHANGE,
    RiseState.UNKNOWN: Reading.CANNOT_TELL,
}


def unintended_harm_section(release: Release, operation: ReleasedOperation) -> dict[str, Any]:
    """Return what the template about side harms needs; nothing where harm was not added up."""
    balance = operation.harm
    if balance is None or balance.unintended_harm is None:
        return {"watch": None}
    cells = balance.unintended_harm.checks
    return {
        "watch": balance.unintended_harm,
        "watch_margin": _text.percent_text(cells[0].margin) if cells else "",
        "watch_days": sorted({cell.days for cell in cells}),
        "watch_rows": _grid(cells, internal=release.is_internal),
        "watch_pooled": _grid(balance.unintended_harm.pooled, internal=release.is_internal),
        "watch_operations": max((cell.operations for cell in balance.unintended_harm.pooled), default=0),
        "watch_why": _reasons(cells),
        "scatter_rows": [_scatter(one) for one in balance.unintended_harm.find_dispersion],
        "noxious_rows": [_noxious(one) for one in balance.noxiousness],
        "mitigation_rows": _mitigation(operation),
        "corrected_rows": [_corrected(one) for one in balance.reporting_corrected],
        "outcome_rows": [_indicator(one) for one in balance.indicators if one.indicator.stands_for == "outcome"],
        "market_rows": [_indicator(one) for one in balance.indicators if one.indicator.stands_for == "market"],
        "entries_note": _entries(balance),
    }


def _grid(cells: tuple[RiseCheck, ...], *, internal: bool) -> list[dict[str, Any]]:
    """Return one row a measure and distance, with one cell a number of days."""
    rows: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for cell in sorted(cells, key=lambda one: (one.metres, one.days)):
        text = cell.state.value
        if internal and math.isfinite(cell.expected):
            text += f" ({cell.after:,} against {cell.expected:,.1f})"
        found = {"days": cell.days, "text": text, "mark": charts_effects.reading_mark(_STATES[cell.state])}
        rows.setdefault((cell.measure, cell.metres), []).append(found)
    order = list(dict.fromkeys(cell.measure for cell in cells))
    return [
        {"measure": measure, "metres": metres, "cells": found}
        for (measure, metres), found in sorted(rows.items(), key=lambda item: (order.index(item[0][0]), item[0][1]))
    ]


def _reasons(cells: tuple[RiseCheck, ...]) -> list[str]:
    """Return why looks are unknown, with how many of each measure."""
    found: dict[tuple[str, str], int] = {}
    for cell in cells:
        if cell.state is RiseState.UNKNOWN:
            found[(cell.measure, cell.why)] = found.get((cell.measure, cell.why), 0) + 1
    total = {name: sum(cell.measure == name for cell in cells) for name in {cell.measure for cell in cells}}
    return [
        f"{name}: {count} of {total[name]} looks are unknown because {why}." for (name, why), count in found.items()
    ]


def _scatter(one: FindDispersion) -> dict[str, str]:
    if math.isnan(one.before):
        return {
            "measure": one.measure,
            "what": one.what,
            "before": _text.UNKNOWN,
            "after": _text.UNKNOWN,
            "change": one.note,
        }
    if one.unit == "share":
        show = [_text.percent_text(value) for value in (one.before, one.after)]
        ends = [f"{format_numbers.signed_text(100 * value)}" for value in (one.change.low, one.change.high)]
        change = (
            f"{format_numbers.signed_text(100 * (one.after - one.before))} ({ends[0]} to {ends[1]}) percentage points"
        )
    else:
        show = [f"{value:,.0f} m" for value in (one.before, one.after)]
        change = format_numbers.change_text(one.after - one.before, one.change) + " m"
    return {"measure": one.measure, "what": one.what, "before": show[0], "after": show[1], "change": change}


def _noxious(one: Noxiousness) -> dict[str, str]:
    return {
        "zone": one.zone,
        "measure": one.measure,
        "market": one.market,
        "before": _text.decimal_text(one.before, 1),
        "after": _text.decimal_text(one.after, 1),
        "ratio": _ratio(one.ratio),
        "reading": one.reading,
    }


def _ratio(estimate: Estimate) -> str:
    if not estimate.is_defined:
        return estimate.note
    span = estimate.interval()
    return f"{math.exp(estimate.value):.2f} ({math.exp(span.low):.2f} to {math.exp(span.high):.2f})"


def _mitigation(operation: ReleasedOperation) -> list[dict[str, Any]]:
    """Return what was planned and delivered to soften harm, beside what became of the harms it was to hold."""
    effects = {one.measure.name: one for one in operation.measures}
    rows = []
    for one in operation.design.operation.mitigation:
        held = [
            f"{name}: {read_with_diagnostics(effects[name], effects[name].effect(TARGET_AND_RINGS)).value} in target and rings"
            if name in effects
            else f"{name}: not measured, unknown"
            for name in one.holds
        ]
        rows.append(
            {
                "what": one.what,
                "delivered": one.delivered,
                "held": "; ".join(held) or "no harm named that it was to hold",
            }
        )
    return rows


def _corrected(one: CorrectedEffect) -> dict[str, str]:
    return {
        "measure": one.measure, "comparator": one.comparator, "zone": one.zone,
        "raw": _ratio(one.raw), "effort": _ratio(one.effort), "corrected": _ratio(one.corrected),
    }  # fmt: skip


def _indicator(one: IndicatorChange) -> dict[str, str]:
    return {
        "name": one.indicator.name,
        "better": one.indicator.better,
        "before": _level(one.before),
        "after": _level(one.after),
        "here": _level(one.here, signed=True),
        "elsewhere": _level(one.elsewhere, signed=True),
        "net": _level(one.net, signed=True),
        "areas": f"{one.areas[0]} and {one.areas[1]}",
    }


def _level(estimate: Estimate, *, signed: bool = False) -> str:
    if not estimate.is_defined:
        return estimate.note
    span = estimate.interval()
    parts = [_text.decimal_text(value, 1) for value in (estimate.value, span.low, span.high)]
    if signed:
        parts = [
            ("+" if value > 0 else "") + text
            for value, text in zip((estimate.value, span.low, span.high), parts, strict=True)
        ]
    return f"{parts[0]} ({parts[1]} to {parts[2]})"


def _entries(assessment: HarmAssessment) -> str:
    """Return the caution that goes with entries to treatment, with the categories (who referred) that were counted."""
    found = [
        row.measure for net in assessment.net_harm[:1] for row in net.rows if row.measure.kind == "treatment_entry"
    ]
    if not found:
        return ""
    counted = "; ".join(
        f"{one.name}: {format_numbers.join_with_and(one.categories) if one.categories else 'every referral, not told apart'}"
        for one in found
    )
    return (
        f"Entries to treatment counted here ({counted}). Entries through arrest referral are partly what enforcement did: "
        "where the source tells who referred, make a measure of each."
    )
