"""Report section on effect decay: the change by phase, and for orientation the parts of the decay."""

from __future__ import annotations

from dataclasses import replace

from geoharm import _text
from geoharm.disclosure.released import ReleasedOperation
from geoharm.evaluation.results.curves import EffectDecay, PointEstimate
from geoharm.model.design import Design
from geoharm.model.estimate import Estimate
from geoharm.report.cells import percent_cell, percent_column, point_cell, point_column, text_cell
from geoharm.report.charts.robustness import phases_caption, phases_chart, ratio_text
from geoharm.report.document import Block, BulletList, Cell, CellStyle, Column, Figure, Paragraph, Row, Section, Table
from geoharm.report.section_html import mono
from geoharm.report.wording.coverage import COVERAGE
from geoharm.report.wording.orientation import ORIENTATION
from geoharm.report.wording.withheld import note_text

_PART_WORDS = {
    "all": "Nothing can be estimated",
    "wear": "Decay while it ran: cannot be estimated",
    "residual": "What was left since it ended: cannot be estimated",
}
_CANNOT = "cannot be estimated"


def effect_decay_section(operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return the chart by phase, the running change, and the parts of the decay for orientation; empty without them."""
    primary = operation.primary
    estimators = primary.robustness.other_estimators
    decays = estimators.effect_decay if estimators else ()
    chart = phases_chart(primary.phases, _phase_days(operation.design))
    if chart is None and not decays:
        return ()
    blocks: list[Block] = []
    if chart is not None:
        name = _text.capitalised(primary.measure.name)
        caption = (
            f"{phases_caption(primary.phases)}. {name} in percent of the expected count; the numbers are in the table "
            "“By phase”."
        )
        blocks.append(Figure(chart, caption))
    if estimators is not None:
        blocks += _running_blocks(estimators.running_change)
    if decays:
        lead = "The change when it began, its decay while the operation ran, and what was left since it ended."
        ongoing = operation.design.operation.ongoing
        if ongoing:
            lead = "The change when it began, and its decay since."
        blocks += [Paragraph(f"{lead} {ORIENTATION}", "how"), _decay_table(decays, ongoing=ongoing)]
        refusals = tuple(
            f"{decay.zone}: {_PART_WORDS.get(part, part)}, because {reason}."
            for decay in decays
            for part, reason in decay.not_estimated
            if not (ongoing and part == "residual")
        )
        if refusals:
            blocks.append(BulletList(refusals, "small"))
        note = (
            "Piecewise Poisson model of target and control; Sherman (1990) names the phases, the formula is geoharm's. How "
            "long a change lasted is not estimated: the phases above have intervals learned at places like it. "
        )
        blocks.append(Paragraph((note, mono("https://doi.org/10.1086/449163")), "small"))
    return (Section("clock", "Effect decay", "For evaluators", tuple(blocks)),)


def _phase_days(design: Design) -> dict[str, tuple[float, float]]:
    """Return the first and last day of every phase, counted from the operation's start."""
    start = design.operation.period.start
    return {phase.name: (float((phase.start - start).days), float((phase.end - start).days)) for phase in design.phases}


def _running_blocks(points: tuple[Estimate, ...]) -> list[Block]:
    """Return the running change with what its band covers, or the one reason why no point has a band."""
    if not any(point.is_defined for point in points):
        return [Paragraph(f"Running change: {note_text(point.note)}.", "small") for point in points[-1:]]
    lead = (
        "The change since the operation, up to each month, against the count expected from places like it. The band covers all "
        "months together: in simulated cities in which nothing had happened, it held the whole curve in "
        f"{COVERAGE['running change, lowest']} to {COVERAGE['running change, highest']} of 100, by kind of city."
    )
    return [Paragraph(lead, "how"), _running_table(points)]


def _running_table(points: tuple[Estimate, ...]) -> Table:
    columns = (
        Column("Since the operation"),
        percent_column("Change (band for all months together)", short="Change", style=CellStyle.LONG_NUMBER),
    )
    rows = tuple(Row((text_cell(point.name), percent_cell(point, ratio_text(point)))) for point in points)
    return Table(columns, rows, caption="Running change in the target area")


def _decay_table(decays: tuple[EffectDecay, ...], *, ongoing: bool) -> Table:
    """Return the parts of the decay; nothing is left of what goes on."""
    heads = ("Since it began, at first", "Decay since it began, a month") if ongoing else (
        "While it ran, at first", "Decay while it ran, a month"
    )  # fmt: skip
    columns = (
        Column("Zone"),
        point_column(heads[0], short="At first", name="At first, change in percent"),
        point_column(heads[1], short="Decay", name="Decay, percent a month"),
        *(() if ongoing else (point_column("Left since it ended", short="Left", name="Left, change in percent"),)),
    )
    rows = tuple(Row(_decay_cells(decay)[: len(columns)]) for decay in decays)
    return Table(columns, rows, caption="Effect decay against the control area, for orientation")


def _decay_cells(decay: EffectDecay) -> tuple[Cell, ...]:
    refused = dict(decay.not_estimated)
    return (
        text_cell(decay.zone),
        point_cell(decay.initial),
        _refusable_cell(decay.decay, refused=bool({"wear", "all"} & refused.keys())),
        _refusable_cell(decay.residual, refused=bool({"residual", "all"} & refused.keys())),
    )


def _refusable_cell(point: PointEstimate, *, refused: bool) -> Cell:
    """Return a cell in percent; a part that cannot be estimated says so, and the reason stands below the table."""
    cell = point_cell(point)
    return replace(cell, text=_CANNOT) if refused else cell
