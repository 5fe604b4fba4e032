"""Report section on the effect by distance, with a band for all distances at once."""

from __future__ import annotations

from geoharm import _text
from geoharm.disclosure.released import ReleasedOperation
from geoharm.evaluation.results.curves import Curve
from geoharm.model.estimate import Estimate, Interval
from geoharm.report import format_numbers
from geoharm.report.cells import (
    interval_cell,
    interval_column,
    missing_cell,
    percent_cell,
    percent_column,
    text_cell,
    undefined_reason,
)
from geoharm.report.charts.robustness import (
    distance_profile_caption,
    distance_profile_chart,
    percent_change_interval,
    ratio_text,
    zone_label,
)
from geoharm.report.document import Cell, Column, Figure, Paragraph, Row, Section, Table
from geoharm.report.wording.coverage import COVERAGE
from geoharm.report.wording.withheld import note_text


def distance_profile_section(operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return the chart and the table of the effect by distance; empty if no zone has an estimate that may be shown."""
    estimators = operation.primary.robustness.other_estimators
    if estimators is None or not any(point.is_defined for point in estimators.distance_profile.points):
        return ()
    curve = estimators.distance_profile
    lead = (
        "Several distances give several chances of a false alarm. The grey band is widened to cover all of them together; "
        "it includes the noise of counting only. In simulated cities in which nothing had happened, such bands held the "
        f"whole profile in {COVERAGE['profile']} of 100."
    )
    note = (
        "From the noise of counting, with dispersion and the shared control; how far places drift apart is not in it."
    )
    blocks = (
        Paragraph(lead, "how"),
        Figure(distance_profile_chart(curve, operation.design), f"{distance_profile_caption(curve)}."),
        _profile_table(curve),
        Paragraph(f"{note} {note_text(curve.note)}." if curve.note else note, "small"),
    )
    return (Section("profile", "The effect by distance, all distances at once", "For evaluators", blocks),)


def _profile_table(curve: Curve) -> Table:
    columns = (
        Column("Zone"),
        percent_column("Change (interval of its own)", short="Change"),
        interval_column("Band that holds all", short="Band", name="Band that holds all, in percent"),
    )
    rows = tuple(
        Row((text_cell(zone_label(point.name)), percent_cell(point, ratio_text(point)), _band_cell(point, span)))
        for point, span in zip(curve.points, curve.band(), strict=True)
    )
    return Table(columns, rows)


def _band_cell(point: Estimate, span: Interval) -> Cell:
    if not point.is_defined:
        return missing_cell(_text.UNKNOWN, undefined_reason(point.note), parts=2)
    low, high = percent_change_interval(span)
    return interval_cell(
        f"{format_numbers.percent_change_text(low)} to {format_numbers.percent_change_text(high)}", low, high
    )
