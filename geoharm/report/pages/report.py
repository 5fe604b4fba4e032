"""The report page: the answer first, then the evidence, with every number also as text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from geoharm._version import __version__
from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.model.geometry import ZoneRole
from geoharm.report import format_numbers
from geoharm.report.charts.effects import interval_chart, reading_mark
from geoharm.report.document import Chart, Section
from geoharm.report.escape import asset, render_page
from geoharm.report.maps.layers import credit_lines
from geoharm.report.section_html import chart_html, section_html
from geoharm.report.sections.change import change_section
from geoharm.report.sections.diagnostics import diagnostics_section
from geoharm.report.sections.distance import distance_section
from geoharm.report.sections.harms import activity_section, harms_section
from geoharm.report.sections.ledgers import ledgers_section
from geoharm.report.sections.methods import methods_section
from geoharm.report.sections.patterns import patterns_section
from geoharm.report.sections.places import places_section
from geoharm.report.sections.robustness import robustness_sections
from geoharm.report.sections.tactics import tactics_section
from geoharm.report.sections.threats import summary_section, threats_section
from geoharm.report.sections.time import time_section
from geoharm.report.sections.unintended_harm import unintended_harm_section
from geoharm.report.sections.values import values_section
from geoharm.report.wording.captions import comparison_text, interval_caption
from geoharm.report.wording.verdict import Verdict


def report_sections(release: Release, operation: ReleasedOperation, verdict: Verdict) -> tuple[Section, ...]:
    """Return the sections of the report on one operation, in the order of the page.

    The page, the tables and the pictures are written from these.
    """
    return (
        *threats_section(verdict),
        *summary_section(release, operation, verdict),
        *diagnostics_section(operation),
        *harms_section(operation),
        *activity_section(operation),
        *places_section(release, operation),
        *change_section(release, operation),
        *patterns_section(release, operation),
        *distance_section(operation),
        *time_section(operation),
        *robustness_sections(release, operation),
        *unintended_harm_section(release, operation),
        *values_section(operation),
        *tactics_section(release),
        *ledgers_section(release),
        *methods_section(release, operation),
    )


def verdict_chart(operation: ReleasedOperation) -> Chart | None:
    """Return the chart of the verdict's interval; None if it has none."""
    primary = operation.primary
    target = primary.effect("target")
    interval = target.counting if target.is_refused else target.interval
    if not math.isfinite(interval.low) or not interval.low < interval.high:
        return None
    return interval_chart(target, primary.measure.unit)


def report_page(release: Release, operation: ReleasedOperation, verdict: Verdict, sections: Sequence[Section]) -> str:
    """Return the report on one operation as a whole HTML page without scripts.

    Parameters
    ----------
    release : Release
    operation : ReleasedOperation
        One of the operations of the release.
    verdict : Verdict
        The verdict on that operation.
    sections : sequence of Section
        What `report_sections` returns for it.
    """
    chart = verdict_chart(operation)
    return render_page(
        "report.html.j2",
        style=asset("report.css"),
        version=__version__,
        study=release.study,
        operation=operation.design.operation,
        internal=release.is_internal,
        facts=_operation_facts(operation),
        plan=release.preregistration,
        verdict=verdict,
        verdict_caption=interval_caption(operation.primary.effect("target")),
        verdict_figure=chart_html(chart) if chart else None,
        answers=[(answer, reading_mark(answer.state)) for answer in verdict.answers],
        sections=[section_html(section) for section in sections],
        credits=credit_lines(release),
        release_note=_release_note(release),
    )


def _operation_facts(operation: ReleasedOperation) -> list[tuple[str, str]]:
    design, study_operation = operation.design, operation.design.operation
    return [
        ("Placebo date" if study_operation.placebo else "Operation", format_numbers.days_text(study_operation.period)),
        ("Tactic", study_operation.tactic),
        ("Target area", f"{design.of_role(ZoneRole.TARGET)[0].area_km2:.2f} km², {study_operation.target_note}"),
        (
            "Chosen on",
            format_numbers.days_text(study_operation.chosen_on) if study_operation.chosen_on else "not stated",
        ),
        ("Before", format_numbers.window_text(design.before)),
        ("After", format_numbers.window_text(design.after)),
        ("Compared with", comparison_text(operation.primary.effect("target"))),
    ]


def _release_note(release: Release) -> str:
    if release.is_internal:
        return "Internal release: nothing is withheld."
    return (
        f"Public release under the rule {release.rule}: counts from 1 to {release.threshold - 1} are withheld, and "
        "every number from which they could be computed. No raw points are in this file."
    )
