"""Report section on the change by distance, for orientation."""

from __future__ import annotations

from geoharm.disclosure.released import ReleasedOperation
from geoharm.evaluation.results.curves import Curve
from geoharm.report.cells import point_cell, point_column, text_cell
from geoharm.report.charts.robustness import distance_profile_caption, distance_profile_chart, zone_label
from geoharm.report.document import Block, Column, Figure, Paragraph, Row, Section, Table
from geoharm.report.wording.orientation import ORIENTATION
from geoharm.report.wording.withheld import note_text


def distance_profile_section(operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return the chart and the table of the change by distance; empty if no zone has an estimate that may be shown."""
    estimators = operation.primary.robustness.other_estimators
    if estimators is None or not any(point.is_defined for point in estimators.distance_profile.points):
        return ()
    curve = estimators.distance_profile
    blocks: list[Block] = [
        Paragraph(f"{ORIENTATION} Target and rings have intervals of their own in the table “By distance”.", "how"),
        Figure(distance_profile_chart(curve, operation.design), f"{distance_profile_caption(curve)}."),
        _profile_table(curve),
    ]
    if curve.note:
        blocks.append(Paragraph(f"{note_text(curve.note)}.", "small"))
    return (Section("profile", "The change by distance, for orientation", "For evaluators", tuple(blocks)),)


def _profile_table(curve: Curve) -> Table:
    columns = (
        Column("Zone"),
        point_column("Change against the control area", name="Change in percent", short="Change"),
    )
    rows = tuple(Row((text_cell(zone_label(point.name)), point_cell(point))) for point in curve.points)
    return Table(columns, rows)
