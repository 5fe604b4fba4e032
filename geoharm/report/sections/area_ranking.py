"""Report section on areas: those with the highest rates, for what is counted by area."""

from __future__ import annotations

from geoharm import _text
from geoharm.disclosure.released import Release
from geoharm.hotspots.results.area_ranking import AreaRanking, RankedArea
from geoharm.report.cells import number_cell, number_value, text_cell
from geoharm.report.document import Block, Cell, CellStyle, Column, Paragraph, Row, Section, Table
from geoharm.report.wording.area_change import range_text


def area_ranking_section(release: Release) -> tuple[Section, ...]:
    """Return the areas with the highest rates of every measure that is counted by area, the leading one first; none without one."""
    rankings = sorted(release.area_rankings, key=lambda one: one.measure.name != release.study.primary)
    blocks: list[Block] = []
    for ranking in rankings:
        if ranking.areas:
            blocks.append(_table(ranking))
        else:
            name = _text.capitalised(ranking.measure.name)
            blocks.append(Paragraph(f"{name}: no area in the study area has enough to be listed."))
    if not blocks:
        return ()
    how = "What is counted is whole areas; where inside an area an event lies is not known. A rate follows from the size of an area too."
    if any(ranking.is_rounded for ranking in rankings):
        how += " Counts stand as the multiples of ten around them, and the order follows from these."
    blocks.append(Paragraph(how, "small"))
    return (Section("ranked", "Areas with the highest rates", "For all", tuple(blocks)),)


def _table(ranking: AreaRanking) -> Table:
    rate = "A km² and year" if ranking.is_dated else "A km², all time"
    unit, number = ranking.measure.unit.capitalize(), CellStyle.NUMBER
    columns = (
        Column("Area"),
        Column(unit, style=number, parts=(f"{unit}, at least", f"{unit}, at most")),
        Column("km²", style=number),
        Column(rate, style=number, parts=(f"{rate}, at least", f"{rate}, at most")),
    )
    rows = tuple(Row(_cells(one)) for one in ranking.areas)
    count = len(rows)
    first = "The area" if count == 1 else f"The {count} areas"
    caption = f"{_text.capitalised(ranking.measure.name)}: {first.lower()} with the highest rates"
    return Table(columns, rows, caption)


def _cells(one: RankedArea) -> tuple[Cell, ...]:
    return (
        text_cell(one.area),
        Cell(range_text(one.count), (number_value(one.count.low), number_value(one.count.high))),
        number_cell(one.km2, f"{one.km2:.2f}"),
        Cell(range_text(one.rate, digits=1), (number_value(one.rate.low), number_value(one.rate.high))),
    )
