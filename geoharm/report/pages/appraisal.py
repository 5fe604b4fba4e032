"""The appraisal page: expected harm under a planned operation and its alternatives, before acting."""

from __future__ import annotations

import json
import math
from pathlib import Path

from markupsafe import Markup

from geoharm import _text
from geoharm._text import visible_text
from geoharm.disclosure.appraisal import AppraisalRelease
from geoharm.harm.results.appraisal import Appraisal, Baseline, OptionAppraisal, OptionUnderProfile
from geoharm.model.estimate import Interval
from geoharm.model.values import EvidenceCard
from geoharm.report import format_numbers, palette
from geoharm.report.cells import number_cell, number_value, text_cell
from geoharm.report.charts.marks import Scale, line, text
from geoharm.report.document import (
    Block,
    Cell,
    CellStyle,
    Chart,
    Column,
    Figure,
    Missing,
    Notice,
    Paragraph,
    RichText,
    Row,
    Section,
    Subheading,
    Table,
    Value,
)
from geoharm.report.escape import svg
from geoharm.report.exports.appraisal_record import appraisal_record
from geoharm.report.pages.decision import decision_page
from geoharm.report.pages.publish_decision import publish_decision
from geoharm.report.section_html import mono, strong


def publish_appraisal(appraisal_release: AppraisalRelease, folder: Path) -> tuple[Path, ...]:
    """Write ``appraisal.html`` and ``appraisal.json`` into a folder; an internal release says so in the names.

    Raises
    ------
    PublishError
        If the folder cannot be written, or if the release exposes a small count, by itself or together with those before it
        in the folder.
    """
    suffix = "-internal" if appraisal_release.is_internal else ""
    record = json.dumps(appraisal_record(appraisal_release), indent=1, ensure_ascii=False)
    pages = {
        f"appraisal{suffix}.html": appraisal_page(appraisal_release),
        f"appraisal{suffix}.json": visible_text(record) + "\n",
    }
    return publish_decision(appraisal_release, pages, folder)


def appraisal_page(appraisal_release: AppraisalRelease) -> str:
    """Return the appraisal as a whole HTML page without scripts."""
    appraisal = appraisal_release.appraisal
    heading = f"Before acting: {appraisal.operation}"
    return decision_page(
        (options_section(appraisal), assumptions_section(appraisal_release)),
        title=heading,
        heading=heading,
        kicker=f"geoharm appraisal · {appraisal_release.study.name}",
        lead=f"What each option would do to harm in the {appraisal.months} months after it begins, if its assumptions hold. "
        "The baseline is from data; every other number is an assumption with the source that the study gives. This is "
        "neither a forecast nor a finding.",
        skip="To the options",
        footer="An appraisal is only as good as what is assumed; it does not replace an evaluation.",
        internal=appraisal_release.is_internal,
        notices=_notices(appraisal_release),
    )


def options_section(appraisal: Appraisal) -> Section:
    """Return the options side by side: the share of draws with less harm, then one table for each value profile."""
    profiles = appraisal.options[0].profiles
    lead = "One table a value profile: weights are values, not facts. Left of zero is less harm than doing nothing."
    blocks: list[Block] = [Paragraph(lead, "how"), _shares_table(appraisal)]
    for position, profile in enumerate(profiles):
        heading = f"Under “{profile.profile}” (one unit is {profile.reference})"
        blocks.append(Subheading(heading))
        chart = _profile_chart(appraisal, position)
        if chart:
            caption = (
                "Net change in harm, in target and around it, against doing nothing. Dot: mean; line: 90% of "
                f"{appraisal.draws:,} draws."
            )
            blocks.append(Figure(chart, caption))
        blocks.append(_profile_table(appraisal, position))
    return Section("options", "The options side by side", "For the board", tuple(blocks))


def assumptions_section(appraisal_release: AppraisalRelease) -> Section:
    """Return what every option assumes, its evidence card, and the baseline."""
    appraisal = appraisal_release.appraisal
    lead = (
        "Each range covers 90% of what is thought possible. If you have better ranges, use them: the page will change."
    )
    blocks: list[Block] = [Paragraph(lead, "how")]
    for option in appraisal.options:
        blocks += _option_blocks(option)
    blocks.append(_baseline_table(appraisal_release))
    method = (
        "Change = baseline × local change × how long it lasts × (1 − share displaced); side harms "
        "likewise, without displacement. The assumption that decides has the largest squared rank correlation with net "
        f"harm. Seed {appraisal.seed}."
    )
    blocks.append(Paragraph(method, "small"))
    return Section("assumed", "What is assumed, and what is known", "For evaluators", tuple(blocks))


def _notices(appraisal_release: AppraisalRelease) -> tuple[Notice, ...]:
    appraisal, hidden = appraisal_release.appraisal, appraisal_release.hidden
    items = [f"The picture is incomplete: there is no {kind[2:]}." for kind in appraisal.missing]
    if appraisal.limited_objective:
        items.append(appraisal.limited_objective)
    if hidden:
        items.append(
            f"Under {appraisal_release.threshold} events of {', '.join(hidden)} were recorded, so sums are withheld in a "
            "public release."
        )
    return (Notice("Read this first", tuple(items)),) if items else ()


def _shares_table(appraisal: Appraisal) -> Table:
    columns = (
        Column("Option"),
        *(
            Column(profile.profile, style=CellStyle.NUMBER, parts=(f"{profile.profile} (share)",))
            for profile in appraisal.options[0].profiles
        ),
    )
    rows = tuple(
        Row((text_cell(option.option.name), *(_share_cell(profile.share_reduced) for profile in option.profiles)))
        for option in appraisal.options
    )
    return Table(columns, rows, "Share of draws with less harm than doing nothing, by profile")


def _share_cell(share: float) -> Cell:
    return number_cell(share, _text.percent_text(share))


def _profile_table(appraisal: Appraisal, position: int) -> Table:
    vetoes = tuple(
        dict.fromkeys(
            (words, name) for option in appraisal.options for words, name, _ in option.profiles[position].vetoes
        )
    )
    number = CellStyle.NUMBER
    columns = (
        Column("Option"),
        Column(
            "Net change (90% of draws)", "Net", number, ("Net change", "Net change, low end", "Net change, high end")
        ),
        Column("Draws with less harm", "Less harm", number, ("Draws with less harm (share)",)),
        Column(
            "The assumption that decides",
            "Decides",
            parts=("The assumption that decides", "Its share of the spread"),
        ),
        Column("Break-even displacement", "Break-even", parts=("Break-even displacement (share)",)),
        Column(
            "May not get worse",
            "Vetoes",
            parts=tuple(f"{name} rises, share of draws: {words}" for words, name in vetoes),
        ),
        Column("Cost", style=number),
    )
    rows = tuple(_profile_row(option, position, vetoes) for option in appraisal.options)
    return Table(columns, rows)


def _profile_row(option: OptionAppraisal, position: int, vetoes: tuple[tuple[str, str], ...]) -> Row:
    result, cost = option.profiles[position], option.option.cost
    return Row(
        (
            text_cell(option.option.name),
            _net_harm_cell(result),
            _share_cell(result.share_reduced),
            _deciding_cell(result),
            _break_even_cell(result),
            _vetoes_cell(result, vetoes),
            number_cell(cost, _text.UNKNOWN if math.isnan(cost) else f"{cost:,.0f}"),
        )
    )


def _net_harm_cell(result: OptionUnderProfile) -> Cell:
    numbers = (result.mean, result.interval.low, result.interval.high)
    if math.isnan(result.mean):
        return Cell("withheld", (Missing.WITHHELD,) * 3)
    return Cell(_change_text(result.mean, result.interval), tuple(map(number_value, numbers)))


def _deciding_cell(result: OptionUnderProfile) -> Cell:
    if not result.main_assumption:
        return Cell("nothing was assumed to vary", (Missing.NOT_APPLICABLE,) * 2)
    share = result.main_assumption_r2
    words = f"{result.main_assumption} ({_text.percent_text(share)} of the spread)"
    return Cell(words, (result.main_assumption, number_value(share)))


def _break_even_cell(result: OptionUnderProfile) -> Cell:
    share = result.break_even_displacement
    if math.isnan(share):
        reason = Missing.WITHHELD if math.isnan(result.mean) else Missing.NOT_APPLICABLE
        return Cell("none between 0% and 100%", (reason,))
    return number_cell(
        share, f"if {_text.percent_text(share)} of the local change turned up nearby, nothing would be gained"
    )


def _vetoes_cell(result: OptionUnderProfile, vetoes: tuple[tuple[str, str], ...]) -> Cell:
    words = "; ".join(
        f"{name}: rises in {_text.percent_text(share)} of draws ({veto})" for veto, name, share in result.vetoes
    )
    shares = {(veto, name): share for veto, name, share in result.vetoes}
    values: tuple[Value, ...] = tuple(
        number_value(shares[veto]) if veto in shares else Missing.NOT_APPLICABLE for veto in vetoes
    )
    return Cell(words or "none", values or (Missing.NOT_APPLICABLE,))


def _option_blocks(option_appraisal: OptionAppraisal) -> list[Block]:
    option = option_appraisal.option
    duration = (
        "for the whole period of the appraisal"
        if math.isinf(option.half_life[0])
        else f"half of it is gone after {option.half_life[0]:g} to {option.half_life[1]:g} months"
    )
    displaced = [_text.percent_text(max(share, 0)) for share in option.share_displaced]
    assumptions = [
        f"local change {_range_text(option.local_change)}",
        f"{displaced[0]} to {displaced[1]} of it displaced",
        f"it lasts: {duration}",
        *(f"{side.measure} {_range_text((side.low, side.high))}" for side in option.side_effects),
    ]
    changes = "; ".join(f"{name} {_change_text(mean, interval)}" for name, interval, mean in option_appraisal.changes)
    assumed = (strong("Assumed:"), f" {'; '.join(assumptions)}. ", strong("Source:"), f" {option.source}.")
    blocks: list[Block] = [
        Subheading(option.name),
        Paragraph(assumed),
        Paragraph(f"Change in own units (90% of draws): {changes}{'.' if changes else ''}", "small"),
    ]
    if option_appraisal.card:
        blocks.append(Paragraph(_card_text(option_appraisal.card), "small"))
    return blocks


def _card_text(card: EvidenceCard) -> RichText:
    parts: tuple[str | Markup, ...] = (
        strong(f"Evidence card “{card.name}”."),
        f" {card.finding} {card.strength} ",
        strong("Take care:"),
        f" {card.caution} {card.citation}, ",
        mono(card.url),
        ".",
    )
    return parts


def _baseline_table(appraisal_release: AppraisalRelease) -> Table:
    columns = (
        Column("Harm"),
        Column("Unit"),
        Column("Events", style=CellStyle.NUMBER),
        Column("Months", style=CellStyle.NUMBER),
    )
    rows = tuple(
        Row(
            (
                text_cell(baseline.measure.name),
                text_cell(baseline.measure.unit),
                _events_cell(baseline, appraisal_release),
                number_cell(baseline.months, str(baseline.months)),
            )
        )
        for baseline in appraisal_release.appraisal.baseline
    )
    rounded = "" if appraisal_release.is_internal else ", to the nearest ten"
    return Table(
        columns, rows, f"Baseline: recorded in the target, {appraisal_release.appraisal.baseline_period}{rounded}"
    )


def _events_cell(baseline: Baseline, appraisal_release: AppraisalRelease) -> Cell:
    if baseline.measure.name in appraisal_release.hidden:
        return Cell(f"under {appraisal_release.threshold}", (Missing.WITHHELD,))
    return number_cell(baseline.events, f"{baseline.events:,}")


def _change_text(mean: float, span: Interval) -> str:
    if math.isnan(mean):
        return "withheld"
    value_texts = [_one_decimal(value) for value in (mean, span.low, span.high)]
    return f"{value_texts[0]} ({value_texts[1]} to {value_texts[2]})"


def _one_decimal(value: float) -> str:
    """Return a number with one decimal, without a minus sign before 0.0."""
    return _text.decimal_text(round(value, 1) + 0.0, 1)


def _range_text(share_range: tuple[float, float]) -> str:
    return f"{format_numbers.percent_change_text(100 * share_range[0])} to {format_numbers.percent_change_text(100 * share_range[1])}"


def _profile_chart(appraisal: Appraisal, position: int) -> Chart | None:
    """Return a chart with one interval for each option under a profile; None if all are suppressed."""
    rows = [(option.option.name, option.profiles[position]) for option in appraisal.options]
    interval_ends = [
        value for _, result in rows for value in (result.interval.low, result.interval.high) if math.isfinite(value)
    ]
    if not interval_ends:
        return None
    left, width, step = 250.0, 700.0, 34.0
    height = 30 + step * len(rows) + 28
    half_range = max([1e-9, *map(abs, interval_ends)]) * 1.1
    scale = Scale(-half_range, half_range, left, width - 10)
    parts = []
    for tick in scale.ticks(5):
        parts.append(
            line(scale(tick), 22, scale(tick), height - 28, palette.INK if abs(tick) < 1e-12 else palette.LINE)
        )
        parts.append(
            text(scale(tick), height - 12, "0" if abs(tick) < 1e-12 else f"{tick:+g}".replace("-", _text.MINUS))
        )
    for index, (name, result) in enumerate(rows):
        y = 26 + step * (index + 0.5)
        parts.append(text(left - 12, y + 4, name, anchor="end", colour=palette.INK, size=13))
        low, high = scale(result.interval.low), scale(result.interval.high)
        parts.append(line(low, y, high, y, palette.SLATE, 2.4))
        parts += [line(end_x, y - 5, end_x, y + 5, palette.SLATE, 2.2) for end_x in (low, high)]
        parts.append(svg("circle", {"cx": scale(result.mean), "cy": y, "r": 5, "fill": palette.INK}))
    parts.append(text(scale(0) - 8, 14, "\u25c4 less harm", anchor="end", colour=palette.LESS_HARM))
    parts.append(text(scale(0) + 8, 14, "more \u25ba", anchor="start", colour=palette.MORE_HARM))
    return Chart(width, height, "Net change in harm by option", "Dot: mean; line: 90% of draws.", parts)
