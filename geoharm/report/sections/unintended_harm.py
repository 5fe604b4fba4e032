"""Report section on unintended harm: rises by distance and time, noxiousness, mitigation, surveys."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from geoharm import _text
from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.harm.results.markets import Noxiousness
from geoharm.harm.results.mitigation import MarginTest
from geoharm.harm.results.net_harm import HarmAssessment
from geoharm.harm.results.perception import CorrectedEffect, IndicatorChange
from geoharm.harm.results.unintended_harm import FindDispersion, RiseCheck, RiseState, UnintendedHarm
from geoharm.model.design import SINCE
from geoharm.model.estimate import Estimate
from geoharm.model.reading import Reading
from geoharm.report import format_numbers
from geoharm.report.cells import (
    estimate_column,
    note_value,
    number_cell,
    number_value,
    ratio_cell,
    ratio_column,
    ratio_text,
    spread_cell,
    text_cell,
    undefined_cell,
    undefined_reason,
)
from geoharm.report.charts.effects import reading_mark
from geoharm.report.document import (
    ActivityBox,
    Block,
    BulletList,
    Cell,
    CellStyle,
    Column,
    Details,
    Missing,
    Paragraph,
    Row,
    Section,
    Subheading,
    Table,
    Value,
)
from geoharm.report.wording.mitigation import margin_words
from geoharm.report.wording.withheld import note_text, sentence_text

_READINGS = {
    RiseState.ROSE: Reading.PROBABLY_ROSE,
    RiseState.LEAD: Reading.PROBABLY_ROSE,
    RiseState.WITHIN: Reading.NO_RISE_OVER,
    RiseState.UNKNOWN: Reading.CANNOT_TELL,
}
_STATE_WORDS = {RiseState.UNKNOWN: "cannot tell"}
# A longer text is set as text, so that it may break over several lines.
_LONGEST_RATIO = 29


def unintended_harm_section(release: Release, operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return the checks for unintended harm, mitigation and surveys; none without a harm assessment that made them."""
    assessment = operation.harm
    if assessment is None or assessment.unintended_harm is None:
        return ()
    unintended, later = assessment.unintended_harm, operation.design.later
    margin = _text.percent_text(unintended.checks[0].margin) if unintended.checks else ""
    lead = (
        "Enforcement can raise overdoses and violence, hurry injecting and scatter needles. Each check tests whether a rise "
        f"of {margin or 'the margin'} or more can be ruled out. \u201cCannot tell\u201d never means no harm."
    )
    blocks: list[Block] = [Paragraph(lead, "how"), *(Paragraph(note) for note in unintended.notes)]
    blocks += _check_blocks(unintended, margin, later, internal=release.is_internal)
    blocks += _dispersion_blocks(unintended.find_dispersion, later)
    blocks += _noxiousness_blocks(assessment.noxiousness, later)
    blocks += _mitigation_blocks(operation, assessment.mitigation)
    blocks += _corrected_blocks(assessment.reporting_corrected)
    blocks += _indicator_blocks(assessment.indicators, later)
    note = _treatment_entries_note(assessment)
    if note:
        blocks.append(Paragraph(note, "small"))
    return (Section("watch", "Unintended harm", "For public health", tuple(blocks)),)


def _check_blocks(unintended: UnintendedHarm, margin: str, later: str, *, internal: bool) -> list[Block]:
    blocks: list[Block] = []
    if unintended.checks:
        caption = f"{'Since' if later == SINCE else 'After'} the operation began, by distance from the target's edge (margin {margin})"
        method = (
            "Expected: the place's own count before, times the control's change. Each bound is one-sided at 95%, and exact "
            "for small counts. The looks are many, so they are judged together: if no harm rose, any of them says "
            "\u201crose\u201d in at most 5 of 100 studies; \u201cmay have risen\u201d holds for one look alone. "
        )
        details = (
            _check_table(unintended.checks, caption, internal=internal),
            Paragraph(method + " ".join(_reasons(unintended.checks)), "small"),
        )
        blocks += collapsed_looks(unintended.checks, details)
    if unintended.pooled:
        count = max(check.operations for check in unintended.pooled)
        caption = f"{count} operations of this study together"
        blocks += collapsed_looks(
            unintended.pooled, (_check_table(unintended.pooled, caption, internal=internal),), of=caption
        )
    return blocks


def collapsed_looks(checks: Sequence[RiseCheck], details: tuple[Block, ...], *, of: str = "") -> list[Block]:
    """Return one line on all looks; the details stand behind it where no look can tell, and below it otherwise."""
    by_state: dict[RiseState, int] = {}
    for check in checks:
        by_state[check.state] = by_state.get(check.state, 0) + 1
    subject = f"{of}: " if of else ""
    if set(by_state) == {RiseState.UNKNOWN}:
        reasons = dict.fromkeys(note_text(check.reason) for check in checks)
        line = f"{len(checks)} of {len(checks)} looks cannot tell: {'; '.join(reasons)}."
        return [Paragraph(subject + line), Details("Each look", details)]
    counts = [
        f"{by_state[state]} of {len(checks)} looks: {_STATE_WORDS.get(state, state.value)}"
        for state in RiseState
        if state in by_state
    ]
    return [Paragraph(f"{subject}{'; '.join(counts)}."), *_risen_items(checks), *details]


def _risen_items(checks: Sequence[RiseCheck]) -> list[Block]:
    """Return a list of the harms that rose, each with the windows and places where it did."""
    looks_by_measure: dict[str, list[str]] = {}
    for check in checks:
        if check.state is RiseState.ROSE:
            looks_by_measure.setdefault(check.measure, []).append(f"{check.place} in {check.window}")
    items = tuple(f"{name} rose: {format_numbers.join_with_and(looks)}." for name, looks in looks_by_measure.items())
    return [BulletList(items)] if items else []


def _check_table(checks: Sequence[RiseCheck], caption: str, *, internal: bool) -> Table:
    """Return one row for each measure and place, with one cell for each window."""
    windows = list(dict.fromkeys(check.window for check in sorted(checks, key=lambda check: check.days)))
    places = dict.fromkeys((check.measure, check.place) for check in checks)
    by_look = {(check.measure, check.place, check.window): check for check in checks}
    columns = [Column("Harm"), Column("Where")]
    for head in windows:
        parts = (head, f"{head}, after", f"{head}, expected") if internal else ()
        columns.append(Column(head, style=CellStyle.READING, parts=parts))
    rows = []
    for name, place in places:
        cells = (_check_cell(by_look.get((name, place, window)), internal=internal) for window in windows)
        rows.append(Row((text_cell(name), text_cell(place), *cells)))
    return Table(tuple(columns), tuple(rows), caption)


def _check_cell(check: RiseCheck | None, *, internal: bool) -> Cell:
    if check is None:
        return Cell("", (Missing.NOT_APPLICABLE,) * (3 if internal else 1))
    text = _STATE_WORDS.get(check.state, check.state.value)
    values: tuple[Value, ...] = (text,)
    if internal:
        is_expected = math.isfinite(check.expected)
        text += f" ({check.after:,} against {check.expected:,.1f})" if is_expected else ""
        values = (*values, check.after if is_expected else Missing.NOT_KNOWN, number_value(check.expected))
    return Cell(text, values, mark=reading_mark(_READINGS[check.state]))


def _reasons(checks: tuple[RiseCheck, ...]) -> list[str]:
    """Return why looks cannot tell, with their number for each measure and reason."""
    unknown_counts: dict[tuple[str, str], int] = {}
    for check in checks:
        if check.state is RiseState.UNKNOWN:
            key = (check.measure, note_text(check.reason))
            unknown_counts[key] = unknown_counts.get(key, 0) + 1
    totals = {name: sum(check.measure == name for check in checks) for name in {check.measure for check in checks}}
    return [
        f"{name}: {count} of {totals[name]} looks cannot tell because {reason}."
        for (name, reason), count in unknown_counts.items()
    ]


def _dispersion_blocks(dispersions: Sequence[FindDispersion], later: str) -> list[Block]:
    if not dispersions:
        return []
    columns = (
        Column("Finds"),
        Column("What", parts=("What", "Unit")),
        Column("Before", style=CellStyle.NUMBER),
        Column(later.capitalize(), style=CellStyle.NUMBER, parts=("After",)),
        Column(
            "Change (95% interval)",
            "Change",
            CellStyle.NUMBER,
            ("Change", "Change, low end", "Change, high end", "Note"),
        ),
    )
    caveat = (
        "Places are resampled, each with all its finds. Finds away from the old market can be a sign of hurried use, or of "
        "finds that moved with reporting."
    )
    rows = tuple(_dispersion_row(dispersion) for dispersion in dispersions)
    return [Table(columns, rows, "How finds are spread within the rings"), Paragraph(caveat, "small")]


def _dispersion_row(dispersion: FindDispersion) -> Row:
    first_cells = (
        text_cell(dispersion.measure),
        Cell(dispersion.statistic, (dispersion.statistic, dispersion.unit)),
    )
    before, after, ends = dispersion.before, dispersion.after, dispersion.change
    if math.isnan(before):
        reason = undefined_reason(dispersion.note)
        unknown = Cell(_text.UNKNOWN, (reason,))
        return Row(
            (
                *first_cells,
                unknown,
                unknown,
                Cell(note_text(dispersion.note), (*[reason] * 3, note_value(dispersion.note))),
            )
        )
    if dispersion.unit == "share":
        value_texts = [_text.percent_text(value) for value in (before, after)]
        change, low, high = (format_numbers.signed_text(100 * value) for value in (after - before, ends.low, ends.high))
        change_text = f"{change} ({low} to {high}) percentage points"
    else:
        value_texts = [f"{value:,.0f} m" for value in (before, after)]
        change_text = format_numbers.change_text(after - before, ends) + " m"
    # As printed: with more digits of a mean distance, places could be solved for.
    digits = 2 if dispersion.unit == "share" else 0
    before, after, *change_numbers = (
        round(value, digits) for value in (before, after, after - before, ends.low, ends.high)
    )
    numbers = map(number_value, change_numbers)
    return Row(
        (
            *first_cells,
            number_cell(before, value_texts[0]),
            number_cell(after, value_texts[1]),
            Cell(change_text, (*numbers, note_value(dispersion.note))),
        )
    )


def _noxiousness_blocks(results: Sequence[Noxiousness], later: str) -> list[Block]:
    if not results:
        return []
    lead = (
        "A market that stays but does less harm is a gain; one that shrinks and does more harm for its size is a warning. "
        f"Harm per 100 events of market activity, in the windows before and {later}."
    )
    columns = (
        Column("Zone"),
        Column("Harm"),
        Column("Per 100 of"),
        Column("Before", style=CellStyle.NUMBER),
        Column(later.capitalize(), style=CellStyle.NUMBER, parts=("After",)),
        ratio_column("Ratio, against the control area (counting only)", short="Ratio", name="Ratio"),
        Column("Reading"),
    )
    rows = []
    for noxiousness in results:
        text = _ratio_text(noxiousness.ratio)
        rows.append(
            Row(
                (
                    text_cell(noxiousness.zone),
                    text_cell(noxiousness.measure),
                    text_cell(noxiousness.market),
                    _rate_cell(noxiousness.before, noxiousness.ratio),
                    _rate_cell(noxiousness.after, noxiousness.ratio),
                    ratio_cell(
                        noxiousness.ratio,
                        text,
                        style=CellStyle.NUMBER if len(text) <= _LONGEST_RATIO else CellStyle.TEXT,
                    ),
                    text_cell(sentence_text(noxiousness.reading)),
                )
            )
        )
    return [
        Subheading("Harm relative to the market's size"), Paragraph(lead, "small"), Table(columns, tuple(rows))
    ]  # fmt: skip


def _rate_cell(rate: float, ratio: Estimate) -> Cell:
    text = _text.decimal_text(rate, 1)
    return Cell(text, (undefined_reason(ratio.note),)) if math.isnan(rate) else number_cell(rate, text)


def _ratio_text(estimate: Estimate) -> str:
    return ratio_text(estimate) if estimate.is_defined else note_text(estimate.note)


def _mitigation_blocks(operation: ReleasedOperation, tests: Sequence[MarginTest]) -> list[Block]:
    """Return the mitigation planned and delivered, and whether each harm that it was to hold stayed within its margin."""
    heading = Subheading("What was done to limit unintended harm")
    mitigations = operation.design.operation.mitigation
    if not mitigations:
        nothing = "Nothing was entered. That does not mean that nothing was done."
        return [heading, Paragraph(nothing, "small")]
    tests_by_measure: dict[str, list[MarginTest]] = {}
    for margin_test in tests:
        tests_by_measure.setdefault(margin_test.measure, []).append(margin_test)
    rows = []
    for mitigation in mitigations:
        texts = [f"{name}: {margin_words(tests_by_measure.get(name, ()))}" for name in mitigation.measures]
        held = "; ".join(texts) or "no harm named that it was to hold"
        rows.append(Row((text_cell(mitigation.description), text_cell(mitigation.delivered), text_cell(held))))
    columns = (Column("Planned"), Column("Delivered"), Column("The harms it was to hold", "Held"))
    blocks: list[Block] = [heading, Table(columns, tuple(rows))]
    if tests:
        method = (
            f"The margin is a rise of {_text.percent_text(tests[0].margin)} above the expected count. Within it: the upper "
            "one-sided 95% bound of the calibrated interval is no higher. Rose: the lower bound is above no change. A harm "
            "that was held does not show that the mitigation held it."
        )
        blocks.append(Paragraph(method, "small"))
    return blocks


def _corrected_blocks(effects: Sequence[CorrectedEffect]) -> list[Block]:
    if not effects:
        return []
    columns = (
        Column("Reports"),
        Column("Comparator"),
        Column("Zone"),
        ratio_column("As recorded"),
        ratio_column("Comparator", short="Comparator's ratio", name="Comparator's ratio"),
        ratio_column("Corrected"),
    )
    rows = tuple(
        Row(
            (
                *map(text_cell, (effect.measure, effect.comparator, effect.zone)),
                *(
                    ratio_cell(estimate, _ratio_text(estimate), style=CellStyle.TEXT)
                    for estimate in (effect.raw, effect.effort, effect.corrected)
                ),
            )
        )
        for effect in effects
    )
    caption = "Corrected for how much was reported: rate ratio against the control area (95% interval, counting only)"
    caveat = (
        "If the comparator changed for reasons of its own, the correction is off by as much. The method was tested on "
        "simulated data only."
    )
    return [Table(columns, rows, caption), Paragraph(caveat, "small")]


def _indicator_blocks(changes: Sequence[IndicatorChange], later: str) -> list[Block]:
    blocks: list[Block] = []
    outcomes = [change for change in changes if change.indicator.stands_for == "outcome"]
    market = [change for change in changes if change.indicator.stands_for == "market"]
    if outcomes:
        caption = "Confidence, fear and perception: survey estimates with their sampling error"
        blocks.append(_indicator_table(outcomes, caption, later))
    if market:
        table = _indicator_table(market, "Price, purity and the like: shown, and in no sum and no verdict", later)
        blocks.append(ActivityBox("Market indicators, not outcomes", (table,)))
    return blocks


def _indicator_table(changes: Sequence[IndicatorChange], caption: str, later: str) -> Table:
    columns = (
        Column("Question", parts=("Question", "Unit")),
        estimate_column("Before, here", short="Before"),
        estimate_column(f"{later.capitalize()}, here", short=later.capitalize(), name="After, here"),
        estimate_column("Change here", short="Here"),
        estimate_column("Change elsewhere", short="Elsewhere"),
        estimate_column("Here minus elsewhere", short="Net"),
        Column("Areas here and elsewhere", "Areas", CellStyle.NUMBER, ("Areas here", "Areas elsewhere")),
    )
    return Table(columns, tuple(_indicator_row(change) for change in changes), caption)


def _indicator_row(change: IndicatorChange) -> Row:
    here, elsewhere = change.areas
    return Row(
        (
            Cell(change.indicator.name, (change.indicator.name, change.unit)),
            *(_level_cell(level) for level in (change.before, change.after)),
            *(_level_cell(level, signed=True) for level in (change.here, change.elsewhere, change.net)),
            Cell(f"{here} and {elsewhere}", (here, elsewhere), CellStyle.TEXT),
        )
    )


def _level_cell(estimate: Estimate, *, signed: bool = False) -> Cell:
    if not estimate.is_defined:
        return replace(undefined_cell(estimate, note_text(estimate.note)), style=CellStyle.TEXT)
    interval = estimate.interval()
    numbers = (estimate.value, interval.low, interval.high)
    value, low, high = (("+" if signed and number > 0 else "") + _text.decimal_text(number, 1) for number in numbers)
    cell = spread_cell(f"{value} ({low} to {high})", estimate.value, interval, standard_error=estimate.standard_error)
    return replace(cell, style=CellStyle.TEXT)


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
