"""Report section on several operations: a forest plot with one row each, and the pooled estimate."""

from __future__ import annotations

import math
from collections.abc import Sequence

from geoharm import _text
from geoharm.disclosure.released import Release
from geoharm.model.estimate import Estimate
from geoharm.model.pooled import Forest
from geoharm.model.reason import Note
from geoharm.report import format_numbers
from geoharm.report.cells import missing_cell, number_cell, percent_cell, percent_column, text_cell
from geoharm.report.charts.robustness import forest_chart, percent_change_interval, ratio_text
from geoharm.report.document import (
    Block,
    Cell,
    CellStyle,
    Column,
    Figure,
    Missing,
    Paragraph,
    Row,
    Section,
    Table,
)
from geoharm.report.section_html import mono
from geoharm.report.wording.withheld import note_text


def forest_section(release: Release) -> tuple[Section, ...]:
    """Return one section for every zone pooled over the operations; none for a single operation."""
    return tuple(
        _zone_section(zone, forest, anchor="" if number else "pooled")
        for number, (zone, forest) in enumerate(release.forests)
    )


def _zone_section(zone: str, forest: Forest, *, anchor: str) -> Section:
    lead = f"One operation alone seldom gives a clear answer. Together: {_pooled_text(forest)}"
    blocks: list[Block] = [Paragraph(lead, "how")]
    if forest.rows:
        blocks.append(Figure(forest_chart(forest)))
    blocks.append(weights_table("Operation", forest.rows))
    if forest.left_out:
        blocks.append(Paragraph(f"Left out: {left_out_text(forest.left_out)}.", "small"))
    note = _text.capitalised(note_text(forest.note))
    blocks.append(
        Paragraph(
            (
                f"{note}. Ends of the operations' intervals carried over by MOVER (Zou and Donner 2008). ",
                mono("https://doi.org/10.1002/sim.3095"),
            ),
            "small",
        )
    )
    if forest.clustered is not None:
        text = (
            "Poisson regression over all operations, every one against its own control: "
            f"{_clustered_text(forest.clustered)} "
        )
        blocks.append(Paragraph((text, mono("https://doi.org/10.1016/j.jeconom.2022.04.001")), "small"))
    return Section(anchor, f"All operations of this study: {zone}", "For the board", tuple(blocks))


def left_out_text(left_out: Sequence[tuple[str, Note]]) -> str:
    """Return the operations that are left out, those of one reason together.

    Examples
    --------
    >>> left_out_text([("A", "no error"), ("B", "too few events"), ("C", "no error")])
    'A and C: no error; B: too few events'
    """
    labels: dict[str, list[str]] = {}
    for label, reason in left_out:
        labels.setdefault(note_text(reason), []).append(label)
    return "; ".join(f"{format_numbers.join_with_and(names)}: {reason}" for reason, names in labels.items())


def weights_table(
    label_head: str,
    rows: Sequence[tuple[str, Estimate, float]],
    *,
    title: str = "",
    without_weight: str = "withheld",
) -> Table:
    """Return a table of estimates, as changes in percent, with their weights in the pooled estimate.

    Parameters
    ----------
    label_head : str
        Heading of the first column.
    rows : sequence of (label, Estimate, weight)
        Log rate ratios. The weight is a share; NaN if it is suppressed.
    title : str
        Name of the table in files; the heading above it, if empty.
    without_weight : str
        What the page shows in place of a suppressed weight.
    """
    columns = (
        Column(label_head),
        percent_column("Change (95% interval)", short="Change"),
        Column("Weight", style=CellStyle.NUMBER, parts=("Weight, share",)),
    )
    cells = (
        (text_cell(label), percent_cell(estimate, ratio_text(estimate)), _weight_cell(weight, without_weight))
        for label, estimate, weight in rows
    )
    return Table(columns, tuple(map(Row, cells)), title=title)


def _weight_cell(weight: float, without_weight: str) -> Cell:
    if not math.isfinite(weight):
        return missing_cell(without_weight, Missing.WITHHELD)
    return number_cell(weight, _text.percent_text(weight) if weight >= 0 else "below 0")


def _clustered_text(estimate: Estimate) -> str:
    return f"{ratio_text(estimate)}{'; ' + note_text(estimate.note) if estimate.is_defined else ''}."


def _pooled_text(forest: Forest) -> str:
    if forest.pooled is None:
        return "not given."
    text = ratio_text(forest.pooled)
    if forest.spread is not None:
        text += (
            f"; spread of the true values {_text.decimal_text(math.sqrt(forest.spread.between_variance))} on the log scale, "
            f"heterogeneity p {_text.decimal_text(forest.spread.heterogeneity_p, 3)}"
        )
        if math.isfinite(forest.spread.prediction_interval.low):
            low, high = percent_change_interval(forest.spread.prediction_interval)
            text += (
                f"; the next operation's true value is expected between {format_numbers.percent_change_text(low)} and "
                f"{format_numbers.percent_change_text(high)}"
            )
    return text + "."
