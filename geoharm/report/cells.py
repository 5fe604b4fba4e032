"""Cells of tables: each holds the text for the page and the typed values for files."""

from __future__ import annotations

import math
from dataclasses import replace

from geoharm import _text
from geoharm.disclosure.released import ReleasedEffect
from geoharm.evaluation.results.curves import PointEstimate
from geoharm.model.estimate import Estimate, Interval, ratio_of, relative_change_of
from geoharm.model.measure import Measure
from geoharm.model.reason import Note, Withheld
from geoharm.model.suppressed import Count, Suppressed
from geoharm.report import format_numbers
from geoharm.report.document import Cell, CellStyle, Column, Missing, Value
from geoharm.report.wording.withheld import note_text

ARROW = "\u2192"


def text_cell(text: str, *, span: int = 1, style: CellStyle | None = None) -> Cell:
    """Return a cell of text; "not known" and an empty text are marked as such in files."""
    value: Value = Missing.NOT_KNOWN if text == _text.UNKNOWN else text or Missing.NOT_APPLICABLE
    return Cell(text, (value,), span=span, style=style)


def missing_cell(text: str, reason: Missing, *, parts: int = 1) -> Cell:
    """Return a cell without a number, with the text that stands there on the page."""
    return Cell(text, (reason,) * parts)


def number_cell(value: float, text: str) -> Cell:
    """Return a cell with one number, as released; the text is its printed form."""
    return Cell(text, (number_value(value),))


def number_value(value: float) -> Value:
    """Return a number for files, to nine digits as in run.json; one that is undefined or infinite is not known."""
    if isinstance(value, int):
        return value
    rounded = format_numbers.to_record(value)
    return Missing.NOT_KNOWN if rounded is None else rounded


def count_value(count: Count) -> Value:
    """Return a count for files."""
    return Missing.WITHHELD if isinstance(count, Suppressed) else count


def measure_cell(measure: Measure) -> Cell:
    """Return a cell with the name of a measure; entries into treatment are marked as no harm, in the text alone."""
    note = " (not a harm)" if measure.kind == "treatment_entry" else ""
    return Cell(measure.name + note, (measure.name,))


def count_cell(count: Count) -> Cell:
    """Return a cell with a count, or what stands in place of a suppressed one."""
    return Cell(format_numbers.count_text(count), (count_value(count),))


def month_cell(count: Count | None, *, missing: bool) -> Cell:
    """Return a cell with the count of a month; one without a file is marked, one outside the data is empty."""
    if missing:
        return Cell("no file", (Missing.NOT_KNOWN,))
    return Cell("", (Missing.NOT_APPLICABLE,)) if count is None else count_cell(count)


def before_after_column(head: str, *, short: str = "", name: str = "") -> Column:
    """Return a column of counts before and after.

    Parameters
    ----------
    head, short : str
        Headings on the page.
    name : str
        What files write before ", before" and ", after"; `short` or "Count" if empty.
    """
    base = name or short or "Count"
    return Column(head, short, CellStyle.NUMBER, (f"{base}, before", f"{base}, after"))


def before_after_cell(before: Count, after: Count) -> Cell:
    """Return a cell with the counts before and after."""
    values = (count_value(before), count_value(after))
    if before == after == Suppressed():
        return Cell(str(before), values)
    return Cell(f"{format_numbers.count_text(before)} {ARROW} {format_numbers.count_text(after)}", values)


def change_column(head: str, *, short: str = "", name: str = "", style: CellStyle = CellStyle.NUMBER) -> Column:
    """Return a column of changes in events with their intervals; files have the ends and the note in columns of their own."""
    base = name or head.removesuffix(" (95% interval)")
    return Column(head, short, style, (base, f"{base}, low end", f"{base}, high end", f"{base}, note"))


def effect_reason(effect: ReleasedEffect) -> Missing:
    """Return why an effect has no number."""
    return Missing.WITHHELD if effect.is_withheld else Missing.NOT_KNOWN


def change_cell(effect: ReleasedEffect) -> Cell:
    """Return a cell with the change against what was expected, and its interval."""
    if math.isnan(effect.change):
        reason = effect_reason(effect)
        text = "withheld" if effect.is_withheld else f"none: {note_text(effect.note)}"
        return Cell(text, (reason, reason, reason, note_value(effect.note)))
    interval = effect.interval
    if effect.is_refused:
        text = f"{format_numbers.signed_text(effect.change)} (no 95% interval)"
        note = "no 95% interval"
    else:
        text = format_numbers.stated_change(effect)
        note = "" if effect.ratio.calibrated or math.isnan(interval.low) else "counting only"
    return Cell(
        text, (*map(number_value, (effect.change, interval.low, interval.high)), note or Missing.NOT_APPLICABLE)
    )


def estimate_column(head: str, *, short: str = "", name: str = "", style: CellStyle = CellStyle.NUMBER) -> Column:
    """Return a column of estimates; files have standard error, interval ends and note in columns of their own."""
    base = name or head.removesuffix(" (95% interval)")
    parts = (base, f"{base}, standard error", f"{base}, low end", f"{base}, high end", f"{base}, note")
    return Column(head, short, style, parts)


def estimate_cell(estimate: Estimate, text: str) -> Cell:
    """Return a cell with an estimate in its own unit; `text` is its printed form."""
    if not estimate.is_defined:
        return undefined_cell(estimate, text)
    interval = estimate.interval()
    return spread_cell(text, estimate.value, interval, standard_error=estimate.standard_error)


def percent_column(
    head: str, *, short: str = "", name: str = "Change in percent", style: CellStyle = CellStyle.NUMBER
) -> Column:
    """Return a column of `percent_cell`, in files with the same columns as an `estimate_column`."""
    parts = (name, f"{name}, standard error of the log ratio", f"{name}, low end", f"{name}, high end", f"{name}, note")
    return Column(head, short, style, parts)


def percent_cell(estimate: Estimate, text: str) -> Cell:
    """Return a cell with a log rate ratio as a change in percent; its standard error stays that of the log ratio."""
    if not estimate.is_defined:
        return undefined_cell(estimate, text)
    interval = estimate.interval()
    ends = Interval(100 * relative_change_of(interval.low), 100 * relative_change_of(interval.high), interval.level)
    return spread_cell(text, 100 * relative_change_of(estimate.value), ends, standard_error=estimate.standard_error)


def point_column(head: str, *, short: str = "", name: str = "", style: CellStyle = CellStyle.NUMBER) -> Column:
    """Return a column of estimates without intervals; files have the note in a column of its own."""
    base = name or head
    return Column(head, short, style, (base, f"{base}, note"))


def point_cell(point: PointEstimate, *, digits: int = 1) -> Cell:
    """Return a cell with an estimate without an interval: a log ratio as a change in percent, any other in its own unit."""
    if not point.is_defined:
        return Cell(str(point.note) or _text.UNKNOWN, (undefined_reason(point.note), note_value(point.note)))
    if point.unit == "log ratio":
        percent = 100 * relative_change_of(point.value)
        return Cell(format_numbers.percent_change_text(percent), (number_value(percent), Missing.NOT_APPLICABLE))
    return Cell(_text.decimal_text(point.value, digits), (number_value(point.value), Missing.NOT_APPLICABLE))


def ratio_column(head: str, *, short: str = "", name: str = "", style: CellStyle = CellStyle.NUMBER) -> Column:
    """Return a column of `ratio_cell`, in files with the same columns as an `estimate_column`."""
    base = name or head
    parts = (base, f"{base}, standard error of the log ratio", f"{base}, low end", f"{base}, high end", f"{base}, note")
    return Column(head, short, style, parts)


def ratio_cell(estimate: Estimate, text: str, *, style: CellStyle | None = None) -> Cell:
    """Return a cell with a log rate ratio as a ratio; its standard error stays that of the log ratio."""
    if not estimate.is_defined:
        return replace(undefined_cell(estimate, text), style=style)
    interval = estimate.interval()
    ends = Interval(ratio_of(interval.low), ratio_of(interval.high), interval.level)
    cell = spread_cell(text, ratio_of(estimate.value), ends, standard_error=estimate.standard_error)
    return replace(cell, style=style)


def ratio_text(estimate: Estimate) -> str:
    """Return a log rate ratio as a ratio with its 95% interval, such as "0.85 (0.70 to 1.03)"."""
    span = estimate.interval()
    value, low, high = (format_numbers.factor_text(ratio_of(end)) for end in (estimate.value, span.low, span.high))
    return f"{value} ({low} to {high})"


def spread_cell(
    text: str, value: float, interval: Interval, *, standard_error: float = math.nan, note: Note = ""
) -> Cell:
    """Return a cell of an `estimate_column` from its numbers."""
    error = Missing.NOT_APPLICABLE if math.isnan(standard_error) else number_value(standard_error)
    numbers = (number_value(value), error, number_value(interval.low), number_value(interval.high))
    return Cell(text, (*numbers, note_value(note)))


def undefined_cell(estimate: Estimate, text: str) -> Cell:
    """Return a cell of an `estimate_column` for an estimate without a value, with the reason."""
    return unestimated_cell(text, reason=undefined_reason(estimate.note), note=estimate.note)


def undefined_reason(note: Note) -> Missing:
    """Return why there is no number: it is withheld, or it is not known."""
    return Missing.WITHHELD if isinstance(note, Withheld) else Missing.NOT_KNOWN


def note_value(note: Note) -> Value:
    """Return a note for files."""
    return note_text(note) or Missing.NOT_APPLICABLE


def unestimated_cell(text: str, *, reason: Missing = Missing.NOT_KNOWN, note: Note = "") -> Cell:
    """Return a cell of an `estimate_column` without numbers."""
    return Cell(text, (reason, reason, reason, reason, note_value(note)))
