"""The verb about power: how small a fall could be found, how long to wait for it, and what pooling would bring."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoharm.cli.lazy import lazy
from geoharm.cli.options import DATA, AsJson, DataFolder, StudyFile, print_json
from geoharm.evaluation.results.composite import CompositeResult, CompositeSummary
from geoharm.evaluation.results.power import PowerRow, PowerTable, pooled_detectable_fall

if TYPE_CHECKING:
    from geoharm.engines import duckdb
    from geoharm.pipeline import composite, load
    from geoharm.pipeline import power as pipeline_power
    from geoharm.study import read
else:
    composite = lazy("pipeline.composite")
    duckdb = lazy("engines.duckdb")
    load = lazy("pipeline.load")
    pipeline_power = lazy("pipeline.power")
    read = lazy("study.read")

_FALLS = (0.5, 0.3, 0.2)
_POOLED = (2, 4, 8, 16)


def power(
    study_file: StudyFile,
    data: DataFolder = DATA,
    as_json: AsJson = False,
) -> None:
    """Say beforehand what this place, these windows and these measures could find; nothing after the operation is used."""
    study = read.read_study(study_file)
    load.check_study(study)
    # A database of its own: asking for power loads no outcome into the study's.
    with tempfile.TemporaryDirectory() as folder, duckdb.open_engine(Path(folder) / "p.duckdb", inputs=data) as engine:
        ledgers = load.load_sources(engine, study, data)
        if any(one.streets for one in study.operations):
            load.load_tables(engine, study, data)
        tables = pipeline_power.power_tables(engine, study, ledgers)
        questions = composite.composite_power(engine, study, ledgers)
    together = _together(tables)
    if as_json:
        about: dict[str, Any] = {"operations": [_as_dict(table) for table in tables], "together": together}
        about["questions"] = [_question_as_dict(one) for one in questions]
        print_json(about)
        return
    for table in tables:
        _print(table, primary=table.measure == study.primary)
    for measure, fall in together.items():
        what = f"a fall of {fall:.0%} or more" if fall is not None else "nothing that can be named"
        print(
            f"all {len(study.operations)} operations of this study together, {measure}: {what} is found in the targets"
        )
    for question in questions:
        _print_question(question)


def _print_question(found: CompositeSummary) -> None:
    print(f"question \u201c{found.outcome.name}\u201d, tried on windows of the past:")
    for answer in found.results:
        if not answer.pooled.is_defined:
            print(f"  {answer.operation}: {answer.pooled.note}")
        else:
            print(
                f"  {answer.operation}: a common fall of {answer.detectable_fall:.0%} or more is found four times in five "
                f"({len(answer.used)} of {len(answer.parts)} parts; {answer.note})"
            )
        for label, reason in answer.left_out:
            print(f"    left out: {label}: {reason}")
    fall = _number(pooled_detectable_fall([_row(answer) for answer in found.results]))
    if len(found.results) > 1 and fall is not None:
        print(f"  all operations together: a fall of {fall:.0%} or more")


def _row(answer: CompositeResult) -> PowerRow:
    return PowerRow("question", 0, math.nan, answer.detectable_fall)


def _question_as_dict(found: CompositeSummary) -> dict[str, Any]:
    return {
        "question": found.outcome.name,
        "operations": [
            {
                "operation": answer.operation,
                "detectable_fall": _number(answer.detectable_fall),
                "parts": len(answer.used),
                "left_out": [{"part": label, "reason": reason} for label, reason in answer.left_out],
                "note": answer.note or answer.pooled.note,
            }
            for answer in found.results
        ],
        "together": _number(pooled_detectable_fall([_row(answer) for answer in found.results]))
        if len(found.results) > 1
        else None,
    }


def _together(tables: Sequence[PowerTable]) -> dict[str, float | None]:
    """Return what the targets of all operations would find together, by measure; empty for a single operation."""
    rows: dict[str, list[PowerRow]] = {}
    for table in tables:
        rows.setdefault(table.measure, []).append(table.zones[0])
    return {measure: _number(pooled_detectable_fall(found)) for measure, found in rows.items() if len(found) > 1}


def _print(table: PowerTable, *, primary: bool) -> None:
    print(f"{table.operation}, {table.measure}{' (primary)' if primary else ''}: tried on {table.tried_on}")
    for row in table.zones:
        if math.isnan(row.detectable_fall):
            print(f"  {row.zone}, {row.months} months after: {row.note}")
            continue
        print(
            f"  {row.zone}, {row.months} months after: about {row.expected:,.0f} {table.unit} expected; a fall of "
            f"{row.detectable_fall:.0%} or more is found four times in five"
        )
    for fall in _FALLS:
        months = table.months_for(fall)
        wait = f"{months:.0f} months after" if not math.isnan(months) else "not within 18 months"
        print(f"  to find a fall of {fall:.0%} in the target: {wait}")
    own = table.zones[0]
    if not math.isnan(own.detectable_fall):
        together = ", ".join(f"{count}: {own.pooled(count):.0%}" for count in _POOLED)
        print(f"  pooled with operations like it, independent and of one effect ({own.months} months each): {together}")
        need = {fall: own.operations_for(fall) for fall in _FALLS}
        print(
            "  operations needed together: " + ", ".join(f"{count:.0f} for {fall:.0%}" for fall, count in need.items())
        )


def _as_dict(table: PowerTable) -> dict[str, Any]:
    own = table.zones[0]
    return {
        "operation": table.operation,
        "measure": table.measure,
        "tried_on": table.tried_on,
        "zones": [
            {
                "zone": row.zone,
                "months": row.months,
                "expected": _number(row.expected),
                "detectable_fall": _number(row.detectable_fall),
                "note": row.note,
            }
            for row in table.zones
        ],
        "target_by_months": {str(row.months): _number(row.detectable_fall) for row in table.by_months},
        "months_to_wait": {f"{fall:g}": _number(table.months_for(fall)) for fall in _FALLS},
        "detectable_fall_pooled": {str(count): _number(own.pooled(count)) for count in _POOLED},
        "operations_needed": {f"{fall:g}": _number(own.operations_for(fall)) for fall in _FALLS},
    }


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None
