"""The part of the report about what an operation may have done besides: the watch, noxiousness, mitigation, surveys."""

from __future__ import annotations

import math
from typing import Any

from geoharm.model import (
    TARGET_AND_RINGS,
    Balance,
    CorrectedEffect,
    Estimate,
    IndicatorChange,
    Noxiousness,
    Scatter,
    WatchCell,
    WatchState,
)
from geoharm.publish import figures, numbers
from geoharm.publish.disclosure import DisclosedStudy
from geoharm.publish.shown import ShownOperation
from geoharm.publish.states import State, reading_of

_STATES = {
    WatchState.ROSE: State.SIGNAL_RISE,
    WatchState.WITHIN: State.NO_CLEAR_CHANGE,
    WatchState.UNKNOWN: State.CANNOT_TELL,
}


def watch_context(disclosed: DisclosedStudy, operation: ShownOperation) -> dict[str, Any]:
    """Return what the template about side harms needs; nothing where harm was not added up."""
    balance = operation.balance
    if balance is None or balance.watch is None:
        return {"watch": None}
    cells = balance.watch.cells
    return {
        "watch": balance.watch,
        "watch_margin": numbers.percent(cells[0].margin) if cells else "",
        "watch_days": sorted({cell.days for cell in cells}),
        "watch_rows": _grid(cells, internal=disclosed.is_internal),
        "watch_pooled": _grid(balance.watch.pooled, internal=disclosed.is_internal),
        "watch_operations": max((cell.operations for cell in balance.watch.pooled), default=0),
        "watch_why": _reasons(cells),
        "scatter_rows": [_scatter(one) for one in balance.watch.scatter],
        "noxious_rows": [_noxious(one) for one in balance.noxiousness],
        "mitigation_rows": _mitigation(operation),
        "corrected_rows": [_corrected(one) for one in balance.corrected],
        "outcome_rows": [_indicator(one) for one in balance.indicators if one.indicator.stands_for == "outcome"],
        "market_rows": [_indicator(one) for one in balance.indicators if one.indicator.stands_for == "market"],
        "entries_note": _entries(balance),
    }


def _grid(cells: tuple[WatchCell, ...], *, internal: bool) -> list[dict[str, Any]]:
    """Return one row a measure and distance, with one cell a number of days."""
    rows: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for cell in sorted(cells, key=lambda one: (one.metres, one.days)):
        text = cell.state.value
        if internal and math.isfinite(cell.expected):
            text += f" ({cell.after:,} against {cell.expected:,.1f})"
        found = {"days": cell.days, "text": text, "mark": figures.state_mark(_STATES[cell.state])}
        rows.setdefault((cell.measure, cell.metres), []).append(found)
    order = list(dict.fromkeys(cell.measure for cell in cells))
    return [
        {"measure": measure, "metres": metres, "cells": found}
        for (measure, metres), found in sorted(rows.items(), key=lambda item: (order.index(item[0][0]), item[0][1]))
    ]


def _reasons(cells: tuple[WatchCell, ...]) -> list[str]:
    """Return why looks are unknown, with how many of each measure."""
    found: dict[tuple[str, str], int] = {}
    for cell in cells:
        if cell.state is WatchState.UNKNOWN:
            found[(cell.measure, cell.why)] = found.get((cell.measure, cell.why), 0) + 1
    total = {name: sum(cell.measure == name for cell in cells) for name in {cell.measure for cell in cells}}
    return [
        f"{name}: {count} of {total[name]} looks are unknown because {why}." for (name, why), count in found.items()
    ]


def _scatter(one: Scatter) -> dict[str, str]:
    if math.isnan(one.before):
        return {
            "measure": one.measure,
            "what": one.what,
            "before": numbers.UNKNOWN,
            "after": numbers.UNKNOWN,
            "change": one.note,
        }
    if one.unit == "share":
        show = [numbers.percent(value) for value in (one.before, one.after)]
        ends = [f"{numbers.signed(100 * value)}" for value in (one.change.low, one.change.high)]
        change = f"{numbers.signed(100 * (one.after - one.before))} ({ends[0]} to {ends[1]}) percentage points"
    else:
        show = [f"{value:,.0f} m" for value in (one.before, one.after)]
        change = numbers.change_with_interval(one.after - one.before, one.change) + " m"
    return {"measure": one.measure, "what": one.what, "before": show[0], "after": show[1], "change": change}


def _noxious(one: Noxiousness) -> dict[str, str]:
    return {
        "zone": one.zone,
        "measure": one.measure,
        "market": one.market,
        "before": numbers.decimal(one.before, 1),
        "after": numbers.decimal(one.after, 1),
        "ratio": _ratio(one.ratio),
        "reading": one.reading,
    }


def _ratio(estimate: Estimate) -> str:
    if not estimate.is_defined:
        return estimate.note
    span = estimate.interval()
    return f"{math.exp(estimate.value):.2f} ({math.exp(span.low):.2f} to {math.exp(span.high):.2f})"


def _mitigation(operation: ShownOperation) -> list[dict[str, Any]]:
    """Return what was planned and delivered to soften harm, beside what became of the harms it was to hold."""
    effects = {one.measure.name: one for one in operation.measures}
    rows = []
    for one in operation.design.operation.mitigation:
        held = [
            f"{name}: {reading_of(effects[name], effects[name].effect(TARGET_AND_RINGS)).value} in target and rings"
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
    parts = [numbers.decimal(value, 1) for value in (estimate.value, span.low, span.high)]
    if signed:
        parts = [
            ("+" if value > 0 else "") + text
            for value, text in zip((estimate.value, span.low, span.high), parts, strict=True)
        ]
    return f"{parts[0]} ({parts[1]} to {parts[2]})"


def _entries(balance: Balance) -> str:
    """Return the caution that goes with entries to treatment, with the categories (who referred) that were counted."""
    found = [row.measure for net in balance.nets[:1] for row in net.rows if row.measure.kind == "treatment_entry"]
    if not found:
        return ""
    counted = "; ".join(
        f"{one.name}: {numbers.listing(one.categories) if one.categories else 'every referral, not told apart'}"
        for one in found
    )
    return (
        f"Entries to treatment counted here ({counted}). Entries through arrest referral are partly what enforcement did: "
        "where the source tells who referred, make a measure of each."
    )
