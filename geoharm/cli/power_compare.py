"""`geoharm power A --compare B`: the smallest detectable falls of two studies side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoharm.cli.lazy import lazy
from geoharm.cli.options import print_json

if TYPE_CHECKING:
    from geoharm.evaluation.pooling import common_fall
    from geoharm.evaluation.results.power import PowerRow, PowerTable
    from geoharm.model.study import Study
else:
    common_fall = lazy("evaluation.pooling.common_fall")

_FALLS = (0.5, 0.3, 0.2)
_LETTERS = ("A", "B")


@dataclass(frozen=True, slots=True)
class ComparedStudy:
    """A study of a comparison, with its power.

    Attributes
    ----------
    file : Path
    study : Study
    tables : tuple of PowerTable
        As `power_tables` returns them.
    """

    file: Path
    study: Study
    tables: tuple[PowerTable, ...]

    def design(self, name: str) -> str:
        """Return an operation with its start, gap and rings in words."""
        operation = next(one for one in self.study.operations if one.name == name)
        rings = ", ".join(f"{outer:g}" for outer in operation.rings)
        return f"{name} from {operation.period.start}, gap {operation.gap:g} m, rings to {rings} m"

    def of_measure(self, measure: str) -> list[PowerTable]:
        """Return the tables of one measure, one an operation."""
        return [table for table in self.tables if table.measure == measure]


def compare(studies: Sequence[ComparedStudy], *, as_json: bool) -> None:
    """Print two studies side by side: falls by measure and zone, months, operations, and why there is no answer.

    Parameters
    ----------
    studies : sequence of two ComparedStudy
        Operations are paired in their order in the study files, measures by name.
    as_json : bool
    """
    if as_json:
        print_json(_record(studies))
        return
    for letter, one in zip(_LETTERS, studies, strict=True):
        print(f"{letter}: {one.study.name} ({one.file})")
    for measure in _measures(studies):
        for pair in zip_longest(*(one.of_measure(measure) for one in studies)):
            _print_pair(measure, pair, studies)


def _print_pair(measure: str, pair: Sequence[PowerTable | None], studies: Sequence[ComparedStudy]) -> None:
    primary = " and ".join(
        letter for letter, one in zip(_LETTERS, studies, strict=True) if one.study.primary == measure
    )
    print(f"\n{measure}{f' (primary of {primary})' if primary else ''}")
    for letter, table, one in zip(_LETTERS, pair, studies, strict=True):
        if table is not None:
            print(f"  {letter}: {one.design(table.operation)}; tried on {table.past_windows}")
    lines: list[tuple[str, list[str]]] = []
    reasons: list[str] = []
    for zone in _zones(pair):
        rows = [_row(table, zone) for table in pair]
        lines.append((zone, [_fall_text(row) for row in rows]))
        for letter, row in zip(_LETTERS, rows, strict=True):
            if row is not None and row.note:
                reasons.append(f"  {letter}, {zone}: {row.note}")
    for fall in _FALLS:
        lines.append((f"months for {fall:.0%}", [_months_text(table, fall) for table in pair]))
    for fall in _FALLS:
        lines.append((f"operations for {fall:.0%}", [_operations_text(table, fall) for table in pair]))
    width = max(len(head) for head, _ in lines)
    column = max(len(texts[0]) for _, texts in lines)
    print(f"  {'':<{width}}  {'A':<{column}}  B")
    for head, texts in lines:
        print(f"  {head:<{width}}  {texts[0]:<{column}}  {texts[1]}")
    for reason in reasons:
        print(reason)
    falls = [math.nan if table is None else table.zones[0].detectable_fall for table in pair]
    if all(map(math.isfinite, falls)) and f"{falls[0]:.0%}" != f"{falls[1]:.0%}":
        smaller = 0 if falls[0] < falls[1] else 1
        print(
            f"  {_LETTERS[smaller]} finds the smaller fall in its target: {falls[smaller]:.0%}, against {falls[1 - smaller]:.0%}"
        )


def _measures(studies: Sequence[ComparedStudy]) -> list[str]:
    """Return the measures of both studies, the primary ones first."""
    names = [one.study.primary for one in studies] + [table.measure for one in studies for table in one.tables]
    return list(dict.fromkeys(names))


def _zones(pair: Sequence[PowerTable | None]) -> list[str]:
    return list(dict.fromkeys(row.zone for table in pair if table is not None for row in table.zones))


def _row(table: PowerTable | None, zone: str) -> PowerRow | None:
    return next((row for row in table.zones if row.zone == zone), None) if table is not None else None


def _fall_text(row: PowerRow | None) -> str:
    if row is None:
        return "not in the study"
    if math.isnan(row.detectable_fall):
        return "no answer"
    return f"{row.detectable_fall:.0%} in {row.months} months, about {row.expected:,.0f} expected"


def _months_text(table: PowerTable | None, fall: float) -> str:
    if table is None:
        return ""
    months = table.months_for(fall)
    return f"over {table.by_months[-1].months}" if math.isnan(months) else f"{months:.0f}"


def _operations_text(table: PowerTable | None, fall: float) -> str:
    spread = None if table is None else table.zones[0].spread
    if spread is None:
        return ""
    count = common_fall.operations_for(spread, fall)
    return f"over {common_fall.MOST_OPERATIONS}" if math.isnan(count) else f"{count:.0f}"


def _record(studies: Sequence[ComparedStudy]) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    for measure in _measures(studies):
        for pair in zip_longest(*(one.of_measure(measure) for one in studies)):
            rows += [
                {"measure": measure, "zone": zone}
                | {letter: _row_record(table, zone) for letter, table in zip(_LETTERS, pair, strict=True)}
                for zone in _zones(pair)
            ]
    return {
        "studies": {
            letter: {"file": str(one.file), "study": one.study.name, "primary": one.study.primary}
            for letter, one in zip(_LETTERS, studies, strict=True)
        },
        "rows": rows,
    }


def _row_record(table: PowerTable | None, zone: str) -> dict[str, Any] | None:
    """Return one zone of one study; None if the study does not have it."""
    row = _row(table, zone)
    if table is None or row is None:
        return None
    record: dict[str, Any] = {
        "operation": table.operation,
        "tried_on": table.past_windows,
        "months": row.months,
        "expected": _finite_or_none(row.expected),
        "detectable_fall": _finite_or_none(row.detectable_fall),
        "note": str(row.note),
    }
    if row is table.zones[0]:
        record["months_to_wait"] = {f"{fall:g}": _finite_or_none(table.months_for(fall)) for fall in _FALLS}
        record["operations_needed"] = {
            f"{fall:g}": row.spread and _finite_or_none(common_fall.operations_for(row.spread, fall)) for fall in _FALLS
        }
    return record


def _finite_or_none(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None
