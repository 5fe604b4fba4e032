"""The report page: the answer first, then the evidence, with every number also as text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from geoharm import _text
from geoharm._version import __version__
from geoharm.disclosure.released import Release, ReleasedEffect, ReleasedMeasure, ReleasedOperation
from geoharm.model.design import ALL_RINGS
from geoharm.model.geometry import ZoneRole
from geoharm.model.ledger import QualityNote, SourceLedger
from geoharm.model.measure import Role
from geoharm.model.reading import Reading
from geoharm.model.suppressed import Suppressed
from geoharm.model.table_ledger import TableLedger
from geoharm.report import format_numbers
from geoharm.report.charts import effects
from geoharm.report.escape import asset, render_page
from geoharm.report.maps.layers import credit_lines
from geoharm.report.sections.change import change_section
from geoharm.report.sections.patterns import PATTERN_METHODS, patterns_section
from geoharm.report.sections.places import HOTSPOT_METHODS, places_section
from geoharm.report.sections.robustness import robustness_section
from geoharm.report.sections.tactics import tactics_section
from geoharm.report.sections.unintended_harm import unintended_harm_section
from geoharm.report.sections.values import values_section
from geoharm.report.wording.captions import comparison_text, interval_caption, method_note
from geoharm.report.wording.summary import summarise
from geoharm.report.wording.verdict import Verdict
from geoharm.report.wording.withheld import note_text

ARROW = "\u2192"
_LEDGER_COLUMNS = (
    ("Read", "read"), ("Kept", "kept"), ("Rejected", "rejected"), ("Duplicate", "duplicate"), ("Inside", "inside"),
    ("Outside", "outside"), ("Default geocode", "default_geocode"), ("No place", "no_place"),
    ("Placed by address", "recovered"),
)  # fmt: skip
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TABLE_KINDS = {
    "area_table": "area table, by value", "survey": "survey, by estimate", "site": "sites", "streets": "street lines",
}  # fmt: skip


def report_page(release: Release, operation: ReleasedOperation, verdict: Verdict) -> str:
    """Return the report on one operation as a whole HTML page without scripts.

    Parameters
    ----------
    release : Release
    operation : ReleasedOperation
        One of the operations of the release.
    verdict : Verdict
        The verdict on that operation.
    """
    primary = operation.primary
    target = primary.effect("target")
    interval = target.counting if target.is_refused else target.interval
    has_interval = math.isfinite(interval.low) and interval.low < interval.high
    surface = next(
        (
            measure_hotspots
            for measure_hotspots in release.hotspots
            if measure_hotspots.measure.name == primary.measure.name
        ),
        None,
    )
    return render_page(
        "report.html.j2",
        style=asset("report.css"),
        version=__version__,
        study=release.study,
        operation=operation.design.operation,
        internal=release.is_internal,
        facts=_operation_facts(operation),
        verdict=verdict,
        verdict_caption=interval_caption(target),
        verdict_figure=effects.interval_chart(target, primary.measure.unit) if has_interval else None,
        answers=[(answer, effects.reading_mark(answer.state)) for answer in verdict.answers],
        threats=verdict.threats,
        summary=summarise(release, operation, verdict),
        unit=primary.measure.unit,
        primary_name=primary.measure.name[:1].upper() + primary.measure.name[1:],
        hidden_files=len(release.hidden_files),
        threshold=release.threshold,
        **_harm_context(operation),
        **places_section(release, operation, surface),
        **values_section(operation),
        **unintended_harm_section(release, operation),
        **tactics_section(release),
        **change_section(release, operation),
        **patterns_section(release, operation),
        **robustness_section(release, operation),
        **_distance_context(operation),
        **_time_context(operation),
        **_provenance_context(release, operation),
    )


def _operation_facts(operation: ReleasedOperation) -> list[tuple[str, str]]:
    design, study_operation = operation.design, operation.design.operation
    return [
        ("Placebo date" if study_operation.placebo else "Operation", format_numbers.days_text(study_operation.period)),
        ("Tactic", study_operation.tactic),
        ("Target area", f"{design.of_role(ZoneRole.TARGET)[0].area_km2:.2f} km², {study_operation.target_note}"),
        (
            "Chosen on",
            format_numbers.days_text(study_operation.chosen_on) if study_operation.chosen_on else "not stated",
        ),
        ("Before", format_numbers.window_text(design.before)),
        ("After", format_numbers.window_text(design.after)),
        ("Compared with", comparison_text(operation.primary.effect("target"))),
    ]


def _before_after_text(effect: ReleasedEffect) -> str:
    if effect.before == effect.after == Suppressed():
        return str(effect.before)
    return f"{format_numbers.count_text(effect.before)} {ARROW} {format_numbers.count_text(effect.after)}"


def _net_change_text(effect: ReleasedEffect) -> str:
    if math.isnan(effect.change):
        return "withheld" if effect.is_withheld else f"none: {note_text(effect.note)}"
    if effect.is_refused:
        return f"{format_numbers.signed_text(effect.change)} (no 95% interval)"
    return format_numbers.stated_change(effect)


def _harm_context(operation: ReleasedOperation) -> dict[str, Any]:
    harms, activities = [], []
    for measure in (measure for measure in operation.measures if measure.measure.role is not Role.REPORTING):
        target, rings = measure.effect("target"), measure.effect(ALL_RINGS)
        if measure.measure.role is Role.ACTIVITY:
            control = f"{format_numbers.count_text(target.control_before)} {ARROW} {format_numbers.count_text(target.control_after)}"
            activities.append(
                {
                    "name": measure.measure.name,
                    "target": _before_after_text(target),
                    "rings": _before_after_text(rings),
                    "control": control,
                }
            )
            continue
        state = target.reading
        is_treatment_entry = measure.measure.kind == "treatment_entry"
        marked_reading = (
            {Reading.FELL: Reading.SIGNAL_FALL, Reading.ROSE: Reading.SIGNAL_RISE}.get(state, state)
            if is_treatment_entry
            else state
        )
        harms.append(
            {
                "name": measure.measure.name,
                "recorder": measure.measure.recorded_by,
                "target": _before_after_text(target),
                "target_net": _net_change_text(target),
                "mark": effects.reading_mark(marked_reading),
                "reading": f"{state.value}; whether that is a gain depends on values"
                if is_treatment_entry
                else state.value,
                "rings": _before_after_text(rings),
                "rings_net": _net_change_text(rings),
                "detectable": _text.percent_text(target.detectable_fall),
            }
        )
    types = {measure.measure.harm.type for measure in operation.measures if measure.measure.harm}
    absent = [text for kind, text in _WANTED_HARMS if kind not in types]
    length_ratio = operation.primary.effect("target").length_ratio
    design = operation.design
    note = (
        f"{design.before.days:,} days before, {design.after.days:,} after; counts are as recorded, the net change is "
    )
    note += "per window after." if not math.isclose(length_ratio, 1) else "for windows of the same length."
    return {"harms": harms, "activities": activities, "absent": absent, "windows_note": note}


_WANTED_HARMS = (
    ("health", "Overdoses, ambulance calls or drug treatment (a health measure)"),
    ("crime and violence", "Violence and other crime reported by the public"),
    ("social and nuisance", "Disorder and nuisance"),
    ("environment", "Needle finds"),
)


def _distance_context(operation: ReleasedOperation) -> dict[str, Any]:
    primary, design = operation.primary, operation.design
    labels = [_zone_label(effect.zone, design) for effect in primary.effects]
    target = primary.effect("target")
    return {
        "zones_figure": effects.zones_chart(primary.effects, labels),
        "zones": [
            {
                "zone": label,
                "counts": _before_after_text(effect),
                "expected": _text.UNKNOWN if math.isnan(effect.expected) else f"{effect.expected:,.1f}",
                "change": _net_change_text(effect),
                "ratio": _ratio_text(effect),
                "counting": _text.UNKNOWN
                if math.isnan(effect.counting.low)
                else f"{format_numbers.signed_text(effect.counting.low)} to {format_numbers.signed_text(effect.counting.high)}",
                "wdd": _wdd_text(effect),
                "dispersion": _text.decimal_text(effect.dispersion),
            }
            for label, effect in zip(labels, primary.effects, strict=True)
        ],
        "control_counts": f"{format_numbers.count_text(target.control_before)} {ARROW} {format_numbers.count_text(target.control_after)}",
        "control_area": f"{design.of_role(ZoneRole.CONTROL)[0].area_km2:,.1f}",
    }


def _zone_label(name: str, design: Any) -> str:
    gaps = {zone.name for zone in design.of_role(ZoneRole.GAP)}
    label = name.replace("-", "\u2013") if name.endswith(" m") else name
    return f"gap, {label}" if name in gaps else label


def _ratio_text(effect: ReleasedEffect) -> str:
    if not effect.ratio.is_defined:
        return _text.UNKNOWN
    span = effect.ratio.interval()
    low, high = math.exp(span.low), math.exp(span.high)
    return f"{math.exp(effect.ratio.value):.2f} ({low:.2f} to {high:.2f})"


def _wdd_text(effect: ReleasedEffect) -> str:
    if not effect.difference.is_defined:
        return _text.UNKNOWN
    value = _text.decimal_text(effect.difference.value, 1)
    return f"{value} ({effect.difference.standard_error:,.1f})"


def _time_context(operation: ReleasedOperation) -> dict[str, Any]:
    primary, design = operation.primary, operation.design
    series = primary.series
    is_drawn = series.step > 0 and len(series.starts) > 1
    heads, rows = _series_table(primary) if is_drawn else ([], [])
    days_of = {phase.name: format_numbers.window_text(phase) for phase in design.phases}
    return {
        "series_figure": effects.series_chart(series, design, primary.measure.unit) if is_drawn else None,
        "series_heads": heads,
        "series_rows": rows,
        "step": effects.step_name(series.step) if is_drawn else "",
        "phases": [
            {
                "phase": effect.window,
                "zone": effect.zone,
                "days": days_of[effect.window],
                "after": format_numbers.count_text(effect.after),
                "expected": _text.UNKNOWN if math.isnan(effect.expected) else f"{effect.expected:,.1f}",
                "change": _net_change_text(effect),
            }
            for effect in primary.phases
        ],
    }


def _series_table(primary: ReleasedMeasure) -> tuple[list[str], list[tuple[int, list[str]]]]:
    series = primary.series
    first_months = list(range(1, 13, series.step))
    heads = [
        _MONTHS[month - 1] if series.step == 1 else f"{_MONTHS[month - 1]}–{_MONTHS[month + series.step - 2]}"
        for month in first_months
    ]
    count_by_start = dict(zip(series.starts, series.target, strict=True))
    years = range(series.starts[0].year, series.starts[-1].year + 1)
    rows = []
    for year in years:
        cells = []
        for month in first_months:
            counts = [count for start, count in count_by_start.items() if (start.year, start.month) == (year, month)]
            is_missing = any((start.year, start.month) == (year, month) for start in series.missing)
            cells.append(f"{counts[0]:,}" if counts else "no file" if is_missing else "")
        rows.append((year, cells))
    return heads, rows


def _provenance_context(release: Release, operation: ReleasedOperation) -> dict[str, Any]:
    inputs = list(release.study.inputs.items())
    inputs += [(row.file, row.sha256) for source in release.all_ledgers for row in source.files]
    release_note = "Internal release: nothing is withheld." if release.is_internal else (
        f"Public release under the rule {release.rule}: counts from 1 to {release.threshold - 1} are withheld, and "
        "every number from which they could be computed. No raw points are in this file."
    )  # fmt: skip
    return {
        "ledger_heads": [head for head, _ in _LEDGER_COLUMNS],
        "month_names": list(_MONTHS),
        "sources": [_source_table(source, release) for source in release.all_ledgers],
        "methods": _method_items(operation),
        "inputs": inputs,
        "provenance": f"geoharm {__version__}, seed {release.study.seed}; coordinates in {release.study.area.crs}. "
        "The same inputs, version and platform give this file again, byte for byte. Details are in run.json.",
        "credits": credit_lines(release),
        "release_note": release_note,
    }


def _source_table(source: SourceLedger | TableLedger, release: Release) -> dict[str, Any]:
    files = [
        {"file": row.file, "total": False, "cells": [(head, f"{getattr(row, key):,}") for head, key in _LEDGER_COLUMNS]}
        for row in source.files
    ]
    if len(source.files) > 1:
        totals = [(head, f"{source.total(key):,}") for head, key in _LEDGER_COLUMNS]
        files.append({"file": f"All {len(source.files)} files", "total": True, "cells": totals})
    reasons: dict[str, int] = {}
    for row in source.files:
        for reason, count, _ in row.reasons:
            reasons[reason] = reasons.get(reason, 0) + count
    kind = "" if isinstance(source, SourceLedger) else f" ({_TABLE_KINDS[source.kind]})"
    return {
        "name": source.source + kind,
        "coverage": format_numbers.days_text(source.coverage) if source.coverage else "no dates",
        "missing": format_numbers.month_list(source.missing_months) if isinstance(source, SourceLedger) else "",
        "files": files,
        "reasons": "; ".join(f"{reason} ({count:,})" for reason, count in sorted(reasons.items())),
        "notes": _note_texts(source),
        "months": _month_rows(source, release.months[source.source]) if isinstance(source, SourceLedger) else [],
        "rounding": "" if release.is_internal else ", to the nearest ten",
    }


def _month_rows(source: SourceLedger, months: Mapping[date, int | Suppressed]) -> list[tuple[int, list[str]]]:
    """Return the number of kept rows by year and calendar month; a month without a file is marked, not shown as zero."""
    return [
        (
            year,
            [
                "no file"
                if month in source.missing_months
                else format_numbers.count_text(months[month])
                if month in months
                else ""
                for month in (date(year, number, 1) for number in range(1, 13))
            ],
        )
        for year in range(source.coverage.start.year, source.coverage.last.year + 1)
    ]


def _note_texts(source: SourceLedger | TableLedger) -> list[str]:
    """Return the notes of a source; equal notes on several files are merged into one."""
    notes_by_sentence: dict[tuple[str, str], list[QualityNote]] = {}
    for note in source.notes:
        notes_by_sentence.setdefault((note.kind, note.sentence), []).append(note)
    return [
        equal_notes[0].text()
        if len(equal_notes) == 1
        else f"{len(equal_notes)} files: {replace(equal_notes[0], rows=sum(note.rows for note in equal_notes), first_line=0, file='').text()}"
        for equal_notes in notes_by_sentence.values()
    ]


def _method_items(operation: ReleasedOperation) -> Sequence[dict[str, str]]:
    target = operation.primary.effect("target")
    design = operation.design
    items = [
        ("Calibrated rate ratio (target, all rings, both together): the outline of target and rings was placed on every other "
         "part of the study area that no operation touched. These places show how to forecast a count after (from the months "
         "before, discounted; how far busy places fall back; the other zone and an outer belt) and how large the forecast "
         "errors are. Each place is forecast from places that share no ground with it. The variance is \u03c6\u03bc + "
         "\u03c4\u00b2\u03bc\u00b2. The interval inverts a t test on the scale on which that variance is constant; the "
         "change in events is after \u00d7 (1 \u2212 1/ratio) at both ends. " + method_note(target), "https://doi.org/10.1198/jasa.2009.ap08746"),
        ("No 95% interval is given with under 18 months before, under 20 other places, under 4 independent ones, under 5 as "
         "busy as the zone, under 10 expected events, or over a fifth of the places not forecast from others.", ""),
        ("Counting only (single rings, the gap): the zone's count after over before, divided by the control's. Its log has "
         "the variance \u03c6(1/before + 1/after), summed over zone and control; too narrow, because places also drift apart.",
         "https://doi.org/10.1007/s10940-021-09494-w"),
        ("Weighted displacement difference (WDD), the control scaled to the zone's count before; every distinct count "
         "enters the variance with the square of its summed coefficient, so a control that is used twice counts fourfold.",
         target.difference.reference),
        ("\u03c6, dispersion: squared deviations of monthly counts from their 7-month mean, over that mean; at least 1.", ""),
        ("Smallest detectable fall: 1 \u2212 exp(\u2212(t(.975) + t(.8)) \u00d7 the standard error of the log ratio); with the noise of "
         "counting only, the f with \u2212log(1 \u2212 f) = (1.96 + 0.84) \u00d7 the standard error at that fall: found four times in five.", ""),
        *HOTSPOT_METHODS,
        *PATTERN_METHODS,
        ("Verdict: \u201ccannot tell\u201d where no 95% interval is possible, under 10 events are expected or the smallest "
         "detectable fall is over half; \u201ca signal, not a finding\u201d where such a weak design, or an interval of counting "
         "noise only, leaves out zero.", ""),
    ]  # fmt: skip
    items += [(note, "") for note in design.notes]
    return [{"text": text, "link": link} for text, link in items]
