"""Report section on operations of a study whose primary measure is counted by area: what was counted in whole areas."""

from __future__ import annotations

from itertools import groupby

from geoharm import _text
from geoharm.disclosure.released import Release
from geoharm.harm.results.area_change import AreaChange, AreaGroup, AreaOutcome
from geoharm.model.area_counts import Bounds
from geoharm.report.cells import number_value, text_cell
from geoharm.report.document import Block, Cell, CellStyle, Column, Missing, Paragraph, Row, Section, Subheading, Table
from geoharm.report.section_html import strong
from geoharm.report.wording.area_change import (
    closing_sentences,
    days_heads,
    headline,
    note_texts,
    range_text,
    ratio_bounds,
    sentences,
    windows_text,
)

AREA_METHODS = (
    ("Whole areas around a target area: its count lies between that of the areas wholly inside it and that of all areas that touch "
     "it (edges within 5 m are taken as the same). Each ratio and difference is given at its least and its greatest over all "
     "counts within these bounds; a count that is suppressed or missing widens them.", "https://doi.org/10.1111/j.1468-0262.2004.00555.x"),
)  # fmt: skip


def area_changes_section(release: Release) -> tuple[Section, ...]:
    """Return what was counted in whole areas around every operation; none in a study that counts no primary measure by area."""
    if not release.area_outcomes:
        return ()
    blocks: list[Block] = []
    operations = [
        (name, list(of_operation)) for name, of_operation in groupby(release.area_outcomes, lambda one: one.operation)
    ]
    for name, of_operation in operations:
        if len(operations) > 1:
            blocks.append(Subheading(name))
        for outcome in of_operation:
            blocks += _outcome_blocks(outcome)
    blocks += [Paragraph(text) for text in closing_sentences(release.area_outcomes)]
    names = _text.capitalised(release.study.primary)
    return (Section("areas", f"{names} by whole areas, before and after", "For everybody", tuple(blocks)),)


def _outcome_blocks(outcome: AreaOutcome) -> list[Block]:
    blocks: list[Block] = [Paragraph((strong(headline(outcome)),))]
    if outcome.change is None:
        return blocks
    blocks += [Paragraph(text) for text in sentences(outcome.change)]
    blocks.append(_table(outcome.change))
    blocks.append(Paragraph(" ".join([windows_text(outcome.change), *note_texts(outcome.change)]), "small"))
    return blocks


def _table(change: AreaChange) -> Table:
    before, after = days_heads(change)
    columns = (
        Column("Where"),
        Column("Areas", style=CellStyle.NUMBER),
        *(
            Column(head, style=CellStyle.NUMBER, parts=(f"{head}, at least", f"{head}, at most"))
            for head in (before, after)
        ),
        Column(
            "A day, after over before",
            style=CellStyle.LONG_NUMBER,
            parts=("Rate ratio, at least", "Rate ratio, at most"),
        ),
    )
    groups = (
        ("Areas wholly inside the target area", change.inside),
        ("All areas that touch it", change.touching),
    )
    rows = [Row((text_cell(name), _areas_cell(group), *_count_cells(group), _dash_cell())) for name, group in groups]
    rows.append(
        Row(
            (
                text_cell("Target area: between the two"),
                _dash_cell(parts=1),
                _bounds_cell(change.target_before),
                _bounds_cell(change.target_after),
                _ratio_cell(change.rate_ratio),
            ),
            "sum",
        )
    )
    rows.append(
        Row((
            text_cell("Rest of the study area"), _areas_cell(change.rest), *_count_cells(change.rest),
            _ratio_cell(change.rest_rate_ratio) if change.rest.areas else _dash_cell(),
        ))
    )  # fmt: skip
    caption = f"{_text.capitalised(change.measure.name)}, {change.measure.unit} in whole areas"
    return Table(columns, tuple(rows), caption, title=f"{change.measure.name} by whole areas, {change.operation}")


def _areas_cell(group: AreaGroup) -> Cell:
    return Cell(f"{group.areas:,}", (group.areas,))


def _count_cells(group: AreaGroup) -> tuple[Cell, Cell]:
    return _bounds_cell(group.before), _bounds_cell(group.after)


def _bounds_cell(bounds: Bounds) -> Cell:
    return Cell(range_text(bounds), (number_value(bounds.low), number_value(bounds.high)))


def _ratio_cell(bounds: Bounds) -> Cell:
    return Cell(ratio_bounds(bounds).removesuffix(" times"), (number_value(bounds.low), number_value(bounds.high)))


def _dash_cell(*, parts: int = 2) -> Cell:
    return Cell("–", (Missing.NOT_APPLICABLE,) * parts)
