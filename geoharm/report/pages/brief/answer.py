"""Page 1 of the brief: balance, lines to multiply, what places like it did, and the facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from geoharm import _text
from geoharm.answer.balance import (
    is_counted_harm,
)
from geoharm.answer.multiplication import compared_with
from geoharm.answer.nouns import BalanceRow, Comparison, Multiplication
from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.model.geometry import ZoneRole
from geoharm.report import format_numbers
from geoharm.report.charts.places import MAX_DOTS, places_charts
from geoharm.report.document import Chart
from geoharm.report.pages.brief.cells import StateCell, ZoneLine, comparisons, effect_colour, state_cell, zone_name
from geoharm.report.sections.evidence import change_label, place_classes
from geoharm.report.wording.places_like_it import class_cells, evidence_texts, rank_heading
from geoharm.report.wording.verdict import Verdict
from geoharm.report.wording.when import later_head

_TIMES = "\u00d7"
_DIVIDED = "\u00f7"


@dataclass(frozen=True, slots=True)
class SumLine:
    """One line to multiply: what it is about, and its cells of (symbol, number, meaning)."""

    name: str
    zone: str
    cells: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What places like it did: a heading that says it, short texts, the figure in two widths, and its table."""

    heading: str
    texts: tuple[str, ...]
    charts: tuple[Chart, Chart]
    classes: tuple[tuple[str, str], ...]


def balance_lines(verdict: Verdict) -> list[ZoneLine[StateCell]]:
    """Return every harm in every zone, then entries to treatment."""
    return [
        ZoneLine(
            _text.capitalised(row.measure.measure.name),
            _who(row),
            tuple(state_cell(effect, is_harm=row.is_harm) for effect in row.effects),
        )
        for row in verdict.balance
    ]


def balance_comparison(verdict: Verdict, *, numbers: str = " Numbers: page 2.") -> str:
    """Return what the balance is compared with, and where its `numbers` are; it is named only if it is the same everywhere."""
    compared = comparisons(verdict)
    if compared == {Comparison.PLACES_LIKE_IT}:
        return f"Against what places like it suggest.{numbers}"
    if compared == {Comparison.CONTROL_AREA}:
        return "Against what the control area did. No answer here is a finding."
    return f"Against what places like it suggest; where none compare, the control area.{numbers}"


def sum_lines(lines: Sequence[Multiplication], later: str) -> list[SumLine]:
    """Return the lines that a reader can multiply; `later` is what the time after is called."""
    return [_sum_line(line, later, is_short=len(lines) > 1) for line in lines]


def _sum_line(line: Multiplication, later: str, *, is_short: bool) -> SumLine:
    measure, effect = line.change.measure.measure, line.change.effect
    is_forecast = line.comparison is Comparison.PLACES_LIKE_IT
    by = "places like it" if is_forecast else "the control area"
    numbers = (
        ("", f"{line.before:,}"),
        (_TIMES, f"{line.days_after:,} {_DIVIDED} {line.days_before:,}"),
        (_TIMES, f"{line.factor:,.{line.decimals}f}"),
        ("=", f"{line.expected:,}"),
        ("", f"{line.after:,} {_text.MINUS} {line.expected:,}"),
        ("=", format_numbers.signed_text(line.difference)),
    )
    before, days = f"{measure.unit} before, in {line.days_before:,} days", f"days {later} {_DIVIDED} days before"
    meanings = (
        before,
        days,
        f"forecast from {by}" if is_forecast else f"what {by} did",
        f"expected {later}",
        "counted, less expected",
        "difference",
    )
    if is_short:
        meanings = ("before", f"days {later}, before", by, "expected", "counted, less that", "difference")
    cells = tuple((*number, meaning) for number, meaning in zip(numbers, meanings, strict=True))
    return SumLine(measure.name, zone_name(effect.zone), cells)


def evidence(verdict: Verdict) -> Evidence | None:
    """Return what places like it did, beside the primary measure and the harms that rose; None if it is not known.

    One measure comes with the table of its classes; with several there is no room for tables, which the annex has.
    """
    shown = [
        (change, change.effect.placebo.distribution)
        for change in (line.change for line in verdict.multiplications)
        if change.effect.placebo and change.effect.placebo.distribution
    ]
    if not shown:
        return None
    is_alone = len(shown) == 1
    panels = [
        place_classes(
            _text.capitalised(zone_name(change.effect.zone)) if is_alone else change_label(change),
            distribution,
            effect_colour(change.effect, is_harm=is_counted_harm(change.measure)),
        )
        for change, distribution in shown
    ]
    heading = rank_heading([(change.measure.measure.name, distribution) for change, distribution in shown])
    charts = places_charts(panels, f"{heading}. The classes are in a table.")
    return Evidence(
        heading,
        evidence_texts(shown[0][1], is_alone=is_alone, is_dots=is_alone and shown[0][1].pool <= MAX_DOTS),
        charts,
        class_cells(shown[0][1]) if is_alone else (),
    )


def facts(
    release: Release, operation: ReleasedOperation, *, plan_at: str = "see the plan, page 4"
) -> list[tuple[str, str]]:
    """Return the facts beside the balance; `plan_at` says where a plan that was not kept to is told."""
    design, study_operation = operation.design, operation.design.operation
    effect = operation.primary.effect("target")
    check = effect.placebo
    is_forecast = compared_with(effect) is Comparison.PLACES_LIKE_IT and check is not None
    plan = release.preregistration
    status = "a plan was locked first" if plan.is_confirmatory else "no plan was locked first"
    if plan.digest and not plan.is_confirmatory:
        status = plan_at
    chosen = format_numbers.days_text(study_operation.chosen_on) if study_operation.chosen_on else "not stated"
    return [
        ("Target area", f"{design.of_role(ZoneRole.TARGET)[0].area_km2:.2f} km\u00b2, {study_operation.target_note}"),
        ("Chosen on", chosen),
        ("Before", format_numbers.window_text(design.before)),
        (later_head(design), format_numbers.window_text(design.after)),
        ("Compared with", f"{check.pool:,} places like it" if is_forecast and check else "the control area"),
        ("Status", f"{plan.kind}: {status}"),
    ]


def _who(row: BalanceRow) -> str:
    return row.measure.measure.recorder if row.is_harm else "not a harm"
