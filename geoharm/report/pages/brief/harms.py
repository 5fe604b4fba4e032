"""Page 2 of the brief: harm by harm, every zone on one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from geoharm import _text
from geoharm.answer.nouns import BalanceRow, Comparison
from geoharm.disclosure.released import ReleasedEffect, ReleasedOperation
from geoharm.model.estimate import Interval
from geoharm.model.reading import Reading
from geoharm.report import format_numbers, palette
from geoharm.report.cells import before_after_cell
from geoharm.report.charts.effects import reading_mark
from geoharm.report.charts.marks import Scale
from geoharm.report.charts.small_multiples import axis, common_scale, interval_bar
from geoharm.report.pages.brief.cells import (
    StateCell,
    ZoneLine,
    bars_scale,
    comparisons,
    drawn_interval,
    effect_bar,
    interval_text,
    state_cell,
)
from geoharm.report.wording.reading import unsaid_reason
from geoharm.report.wording.states import recorder_words
from geoharm.report.wording.verdict import Verdict
from geoharm.report.wording.withheld import note_text

# With more measures, those without a change that is found or probable become one line.
MAX_ROWS = 5


@dataclass(frozen=True, slots=True)
class MultipleCell:
    """One measure in one zone on page 2: the bar and its numbers.

    Attributes
    ----------
    state : StateCell
    tag : str
        "largest fall" or "largest rise", on findings only; else empty.
    bar : Markup
    difference, interval, counts, note : str
        The note says why there is no interval, or why a change that it shows is not called one; it may be empty.
    """

    state: StateCell
    tag: str
    bar: Markup
    difference: str
    interval: str
    counts: str
    note: str


def has_intervals(verdict: Verdict) -> bool:
    """Return whether any change has an interval that was learned at places like it."""
    return any(drawn_interval(effect) is not None for row in verdict.balance for effect in row.effects)


def primary_has_interval(operation: ReleasedOperation) -> bool:
    """Return whether the change of the primary measure in the target area has an interval learned at places like it."""
    return drawn_interval(operation.primary.effect("target")) is not None


def multiple_lines(verdict: Verdict) -> tuple[list[ZoneLine[MultipleCell]], str]:
    """Return the rows of page 2, and a sentence on the rows that page 2 has no room for; empty if it has all."""
    rows = list(verdict.balance)
    left_out: list[BalanceRow] = []
    if len(rows) > MAX_ROWS:
        quiet = [row for row in rows if not any(effect.reading.direction for effect in row.effects)]
        left_out = quiet[-(len(rows) - MAX_ROWS) :]
        rows = [row for row in rows if row not in left_out]
    effects = [effect for row in rows for effect in row.effects if not effect.is_withheld]
    scale = bars_scale(effects)
    extremes = _extremes(rows)
    lines = [
        ZoneLine(
            _text.capitalised(row.measure.measure.name),
            recorder_words(row.measure) if row.is_harm else "not a harm: a gain or a loss is for values to say",
            tuple(_multiple_cell(effect, row, scale, extremes) for effect in row.effects),
        )
        for row in rows
    ]
    names = format_numbers.join_with_and([row.measure.measure.name for row in left_out])
    return (
        lines,
        f"No fall or rise, found or probable, in any zone: {names}. The counts are in the annex." if left_out else "",
    )


def multiples_comparison(verdict: Verdict) -> str:
    """Return what page 2 compares with."""
    if comparisons(verdict) == {Comparison.PLACES_LIKE_IT}:
        return "against what places like it suggest"
    return "against what places like it suggest (without an interval: the control area)"


def key_entries() -> list[tuple[Markup, str]]:
    """Return the marks of page 2 with their meanings."""
    scale = common_scale([], [-1.0, 1.0], 46.0)
    wide, narrow = Interval(-0.9, 0.9, 0.95), Interval(-0.6, 0.6, 0.8)
    bar = interval_bar(0.0, wide, Scale(-1, 1, scale.left, scale.right), palette.SLATE, narrow=narrow, height=14.0)
    return [
        (bar, "dot: best estimate; thick: 80% interval; thin: 95% interval"),
        (reading_mark(Reading.FELL), "fell: all of the thin line is left of zero"),
        (reading_mark(Reading.ROSE), "rose: right"),
        (reading_mark(Reading.PROBABLY_FELL), "probably fell: all of the thick line is"),
        (reading_mark(Reading.PROBABLY_ROSE), "probably rose"),
        (reading_mark(Reading.NO_RISE_OVER), "no rise over X%: more is ruled out"),
        (reading_mark(Reading.NO_FALL_OVER), "no fall over X%"),
        (reading_mark(Reading.CANNOT_TELL), "cannot tell"),
    ]


def scale_axis(verdict: Verdict) -> Markup:
    """Return the axis above each column of page 2."""
    effects = [effect for row in verdict.balance for effect in row.effects if not effect.is_withheld]
    return axis(bars_scale(effects))


def _extremes(rows: Sequence[BalanceRow]) -> dict[int, str]:
    """Return the tags of the largest fall and the largest rise among findings on harms, by the identity of the effect."""
    found = [effect for row in rows if row.is_harm for effect in row.effects if effect.reading.is_finding]
    falls = [effect for effect in found if effect.reading is Reading.FELL]
    rises = [effect for effect in found if effect.reading is Reading.ROSE]
    tags = {}
    if falls:
        tags[id(min(falls, key=lambda effect: effect.change))] = "largest fall"
    if rises:
        tags[id(max(rises, key=lambda effect: effect.change))] = "largest rise"
    return tags


def _multiple_cell(effect: ReleasedEffect, row: BalanceRow, scale: Scale, extremes: dict[int, str]) -> MultipleCell:
    state = state_cell(effect, is_harm=row.is_harm)
    if effect.is_withheld:
        note = note_text(effect.note) if effect.note else "a count is under the limit of the release"
        return MultipleCell(state, "", Markup(""), "", "", before_after_cell(effect.before, effect.after).text, note)
    span = drawn_interval(effect)
    return MultipleCell(
        state,
        extremes.get(id(effect), ""),
        effect_bar(effect, scale, is_harm=row.is_harm),
        format_numbers.signed_text(effect.change),
        interval_text(effect),
        _counts_text(effect),
        unsaid_reason(row.measure, effect) if span is not None else _no_interval_reason(effect),
    )


def _counts_text(effect: ReleasedEffect) -> str:
    counts = before_after_cell(effect.before, effect.after).text
    return counts if math.isnan(effect.expected) else f"{counts}, expected {round(effect.expected):,}"


def _no_interval_reason(effect: ReleasedEffect) -> str:
    if effect.is_refused or not effect.ratio.is_defined:
        return note_text(effect.note)
    return "an interval of counting noise alone is too narrow, and not drawn"
