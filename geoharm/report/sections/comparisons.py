"""Report section on comparisons of two windows: counts with the ratio of their rates, maps, change, hotspots of each window."""

from __future__ import annotations

import math

from geoharm import _text
from geoharm.disclosure.released import Release, ReleasedChange, ReleasedComparison, ReleasedHotspots
from geoharm.model.hotspot import Hotspot
from geoharm.model.measure import Role
from geoharm.model.study import Comparison
from geoharm.model.window_pair import AFTER, BEFORE
from geoharm.report import format_numbers, palette
from geoharm.report.cells import count_value, note_value, number_cell, number_value, text_cell, undefined_reason
from geoharm.report.document import (
    Block,
    Cell,
    CellStyle,
    Column,
    Details,
    Figure,
    FigureRow,
    Legend,
    Missing,
    Paragraph,
    Row,
    Section,
    Subheading,
    Table,
)
from geoharm.report.maps.layers import CHANGE_LEGEND
from geoharm.report.maps.static_map import area_map
from geoharm.report.section_html import legend_swatch
from geoharm.report.sections.change import chance_share, reading_table
from geoharm.report.sections.patterns import shift_blocks
from geoharm.report.wording.change import change_note, change_reading
from geoharm.report.wording.comparison import (
    NO_EVALUATION,
    NOISE_OF_COUNTING,
    notes_of,
    per_year,
    ratio_text,
    reading,
    season_text,
)
from geoharm.report.wording.withheld import released_total

COMPARISON_METHODS = (
    ("Comparison of two windows: located events in the study area, after over before, per day. Given their sum, the count after "
     "is binomial; its Clopper\u2013Pearson interval is turned into one of the ratio. Counts are divided by \u03c6, the dispersion of "
     "the months, which widens the interval by about \u221a\u03c6.", "https://doi.org/10.1093/biomet/26.4.404"),
)  # fmt: skip
_MAX_HOTSPOTS = 10
_NO_EFFECT_OF = "anything that was done between the windows"


def comparisons_section(release: Release) -> tuple[Section, ...]:
    """Return every comparison of the study: counts of all measures, and maps of the leading one; none without a comparison."""
    if not release.study.comparisons:
        return ()
    blocks: list[Block] = [Paragraph(f"{NO_EVALUATION} {NOISE_OF_COUNTING}", "how")]
    for comparison in release.study.comparisons:
        blocks += _blocks_of(release, comparison)
    return (Section("comparisons", "What changed between windows", "For analysts", tuple(blocks)),)


def comparison_table(release: Release, comparison: Comparison) -> Table:
    """Return the counts of every measure in the windows of a comparison, a year, and the ratio of the rates."""
    number = CellStyle.NUMBER
    columns = (
        Column("Measure"),
        Column("Before", style=number, parts=("Before", "Days before")),
        Column("After", style=number, parts=("After", "Days after")),
        Column("Before, a year", "Before, a year", number),
        Column("After, a year", "After, a year", number),
        Column("Ratio of the rates (95% interval)", "Ratio", parts=("Ratio", "Ratio, low end", "Ratio, high end", "Ratio, note")),
        Column("Reading"),
    )  # fmt: skip
    rows = tuple(_row(columns, one) for one in release.comparisons if one.comparison == comparison.name)
    return Table(columns, rows, f"{comparison.name}: {windows_text(comparison)}")


def windows_text(comparison: Comparison) -> str:
    """Return the days of both windows, such as "1 January to 31 December 2020, then 1 January to 31 December 2021"."""
    return f"{format_numbers.days_text(comparison.before)}, then {format_numbers.days_text(comparison.after)}"


def _row(columns: tuple[Column, ...], one: ReleasedComparison) -> Row:
    name = text_cell(one.measure.name + ("" if one.measure.role is Role.HARM else f" ({one.measure.role.value})"))
    if one.windows is None:
        values = sum(len(column.file_heads) for column in columns[1:]) - 1
        cell = Cell(one.note, (*[Missing.NOT_KNOWN] * values, one.note), CellStyle.TEXT, span=len(columns) - 1)
        return Row((name, cell))
    days = (one.windows.before.days, one.windows.after.days)
    counts = [
        Cell(format_numbers.count_text(count), (count_value(count), length))
        for count, length in zip(one.counts, days, strict=True)
    ]
    rates = [per_year(count, length) for count, length in zip(one.counts, days, strict=True)]
    yearly = [
        Cell("withheld", (Missing.WITHHELD,)) if math.isnan(rate) else number_cell(rate, f"{rate:,.0f}")
        for rate in rates
    ]
    ratio, interval = one.ratio, one.ratio.interval
    missing = undefined_reason(ratio.note)
    numbers = (
        [missing] * 3
        if math.isnan(ratio.value)
        else [number_value(ratio.value), number_value(interval.low), number_value(interval.high)]
    )
    return Row(
        (name, *counts, *yearly, Cell(ratio_text(one), (*numbers, note_value(ratio.note))), text_cell(reading(one)))
    )


def _blocks_of(release: Release, comparison: Comparison) -> list[Block]:
    shown = [one for one in release.comparisons if one.comparison == comparison.name]
    blocks: list[Block] = [Subheading(comparison.name), comparison_table(release, comparison)]
    warnings = dict.fromkeys(filter(None, map(season_text, shown)))
    blocks += [Paragraph(text, "small") for text in (*warnings, *filter(None, map(notes_of, shown)))]
    leading = next((one for one in release.hotspots if one.measure.name == release.study.primary), None)
    if leading is not None and (comparison.name, BEFORE) in leading.views and leading.breaks:
        blocks += _surface_blocks(release, comparison, leading)
    blocks += _change_blocks(release, comparison)
    if any(comparison.name in patterns.similarity for patterns in release.patterns):
        blocks += shift_blocks(release, comparison.name, AFTER)
    for hotspots in release.hotspots:
        blocks += _hotspots_of_windows(comparison, hotspots)
    return blocks


def _surface_blocks(release: Release, comparison: Comparison, leading: ReleasedHotspots) -> list[Block]:
    """Return the maps of the leading measure in both windows, with the hotspots of each."""
    figures = []
    for window, period in ((BEFORE, comparison.before), (AFTER, comparison.after)):
        key = (comparison.name, window)
        title = f"{window.capitalize()}: {format_numbers.days_text(period)}, {released_total(release, leading.events[key])} located"
        hotspots = leading.outlines.get(key, ())[:_MAX_HOTSPOTS]
        figures.append(Figure(area_map(release, leading.views[key], title, hotspots=hotspots), title))
    colours = zip(palette.DENSITY, leading.breaks, strict=True)
    legend = Legend(
        tuple((legend_swatch(colour), f"{start:,.10g} +") for colour, start in colours), "Classes of density"
    )
    how = (
        f"{_text.capitalised(leading.measure.name)} in both windows, per km² per year, on one scale of colours. Outlined, with "
        "their ranks: the hotspots of each window."
    )
    return [Paragraph(how, "how"), FigureRow(tuple(figures)), legend]


def _change_blocks(release: Release, comparison: Comparison) -> list[Block]:
    """Return the maps of change of the leading measure, and the readings of all measures."""
    changes = [change for change in release.changes if change.windows_of == comparison.name]
    leading = next((change for change in changes if change.measure.name == release.study.primary), None)
    blocks: list[Block] = []
    if leading is not None:
        note = change_note(leading, no_effect_of=_NO_EFFECT_OF)
        blocks = (
            _change_maps(release, leading, note) if leading.pictures else [Paragraph(note, "small")] if note else []
        )
    if readings := reading_table(changes):
        blocks.append(readings)
    return blocks


def _change_maps(release: Release, change: ReleasedChange, note: str) -> list[Block]:
    figures = tuple(
        Figure(area_map(release, image, text), text)
        for text, image in ((change_reading(change, kind), image) for kind, image in change.pictures.items())
    )
    legend = Legend(tuple((legend_swatch(entry.colour), entry.label) for entry in CHANGE_LEGEND), "Classes of change")
    kernel = f"{note} Quartic kernel, bandwidth {change.bandwidth:g} m, cells of {change.cell:g} m."
    blocks: list[Block] = [FigureRow(figures, three=len(figures) > 2), legend, Paragraph(kernel, "small")]
    name = _text.capitalised(change.measure.name)
    if math.isclose(chance_share(change), 1.0):
        return [
            Details(
                f"{name}: chance can explain all that changed on the ground drawn.", tuple(blocks), found_nothing=True
            )
        ]
    return [Paragraph(f"{name}, after against before. Blank: too few {change.measure.unit} to show.", "how"), *blocks]


def _hotspots_of_windows(comparison: Comparison, hotspots: ReleasedHotspots) -> list[Block]:
    """Return the hotspots of one measure in both windows, on request."""
    drawn = {window: hotspots.outlines.get((comparison.name, window), ()) for window in (BEFORE, AFTER)}
    if not any(drawn.values()):
        return []
    number = CellStyle.NUMBER
    columns = (
        Column("Window"),
        Column("Rank", style=number),
        Column(hotspots.measure.unit.capitalize(), style=number),
        Column("Share of all located", "Share", number),
        Column("Area, km²", "km²", number),
    )
    rows = tuple(_hotspot_row(window, hotspot) for window, found in drawn.items() for hotspot in found[:_MAX_HOTSPOTS])
    counts = " and ".join(f"{len(found)} {window}" for window, found in drawn.items())
    summary = f"Hotspots of {hotspots.measure.name} in each window: {counts}"
    caption = f"{comparison.name}: hotspots of {hotspots.measure.name} in each window, the first {_MAX_HOTSPOTS}"
    return [Details(summary, (Table(columns, rows, caption),), long=True)]


def _hotspot_row(window: str, hotspot: Hotspot) -> Row:
    return Row(
        (
            text_cell(window),
            number_cell(hotspot.rank, str(hotspot.rank)),
            number_cell(hotspot.events, f"{hotspot.events:,}"),
            number_cell(hotspot.share, _text.percent_text(hotspot.share)),
            number_cell(hotspot.area_km2, f"{hotspot.area_km2:.2f}"),
        )
    )
