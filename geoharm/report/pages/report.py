"""The report: two documents in one file. The brief gives the answer on four pages; the annex has everything behind it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from geoharm import _text
from geoharm._version import __version__
from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.report.charts.effects import interval_chart, reading_mark
from geoharm.report.charts.small_multiples import axis, sides
from geoharm.report.document import Chart, Section
from geoharm.report.escape import asset, render_page
from geoharm.report.file_names import FileNames, file_names
from geoharm.report.maps.layers import credit_lines
from geoharm.report.pages.annex import annex_parts, in_page_order, part_html
from geoharm.report.pages.brief import answer, cells, data, distance, harms, place_and_time, values
from geoharm.report.section_html import chart_html
from geoharm.report.sections.change import change_section
from geoharm.report.sections.comparisons import comparisons_section
from geoharm.report.sections.diagnostics import diagnostics_section
from geoharm.report.sections.distance import distance_section
from geoharm.report.sections.evidence import evidence_section
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
from geoharm.report.wording.description import description_heading, description_note
from geoharm.report.wording.glossary import page_one_terms
from geoharm.report.wording.states import NO_DATA
from geoharm.report.wording.verdict import Verdict
from geoharm.report.wording.when import active_text, later_clause, later_head


def report_sections(release: Release, operation: ReleasedOperation, verdict: Verdict) -> tuple[Section, ...]:
    """Return the sections of the report on one operation, in the order of the page.

    The page, the tables and the pictures are written from these.
    """
    sections = (
        *summary_section(release, operation, verdict),
        *harms_section(operation),
        *values_section(operation),
        *unintended_harm_section(release, operation),
        *places_section(release, operation),
        *comparisons_section(release),
        *change_section(release, operation),
        *patterns_section(release, operation),
        *activity_section(operation),
        *tactics_section(release),
        *evidence_section(operation),
        *distance_section(operation),
        *time_section(operation),
        *diagnostics_section(operation),
        *threats_section(verdict),
        *robustness_sections(release, operation),
        *ledgers_section(release),
        *methods_section(release, operation),
    )
    return in_page_order(sections)


def verdict_chart(operation: ReleasedOperation) -> Chart | None:
    """Return the chart of the verdict's interval; None if it has none."""
    primary = operation.primary
    target = primary.effect("target")
    interval = target.counting if target.is_refused else target.interval
    if not math.isfinite(interval.low) or not interval.low < interval.high:
        return None
    return interval_chart(target, primary.measure.unit)


@dataclass(frozen=True, slots=True)
class PartOfPage:
    """One part of the annex as the template takes it: its heading, links to its sections, and the sections as HTML."""

    anchor: str
    heading: str
    lead: str
    links: tuple[tuple[str, str], ...]
    sections: tuple[Markup, ...]


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
    study_operation = operation.design.operation
    files = file_names(release, operation)
    kind = "placebo date" if study_operation.placebo else study_operation.tactic
    parts = parts_of_page(release, operation, sections)
    is_measured = harms.has_intervals(verdict)
    return render_page(
        "report.html.j2",
        style=asset("report.css") + print_foot(study_operation.name, release.study.name),
        version=__version__,
        study=release.study,
        operation=study_operation,
        internal=release.is_internal,
        release_line=release_line(release),
        kicker=f"{kind}, {active_text(study_operation)}",
        pages=_page_links(files, parts, is_measured=is_measured),
        last_page=4 if is_measured else 3,
        files=files,
        plan=release.preregistration,
        verdict=verdict,
        has_intervals=is_measured,
        later=later_head(operation.design),
        **_first_page(release, operation, verdict),
        **(_measured_pages(release, operation, verdict) if is_measured else _described_page(operation, verdict)),
        **_values(operation),
        **_last_page(release, operation, verdict),
        parts=parts,
        credits=credit_lines(release),
        release_note=release_note(release),
    )


def print_foot(operation: str, study: str) -> str:
    """Return the style of the printed page's foot: what it is, and its number."""
    # A name may hold quotes, line ends or the end of the style element; it is a CSS string here.
    name = "".join(
        character if character.isalnum() or character == " " else f"\\{ord(character):x} "
        for character in f"geoharm report, {operation}, {study}"
    )
    font = "font:7.5pt sans-serif;color:#54606c"
    return (
        f'@page{{size:A4;margin:12mm 13mm 15mm;@bottom-left{{content:"{name}";{font}}}'
        f'@bottom-right{{content:"page " counter(page) " of " counter(pages);{font}}}}}'
    )


def parts_of_page(
    release: Release, operation: ReleasedOperation | None, sections: Sequence[Section]
) -> list[PartOfPage]:
    """Return the parts of the annex as a template takes them."""
    return [
        PartOfPage(
            part.anchor,
            part.heading,
            part.lead,
            tuple((placed.anchor, placed.section.heading) for placed in placed_sections),
            tuple(part_html(release, operation, placed_sections)),
        )
        for part, placed_sections in annex_parts(sections)
    ]


def _page_links(files: FileNames, parts: Sequence[PartOfPage], *, is_measured: bool) -> list[tuple[str, str]]:
    pages = ["#answer", "#by-harm", *(["#place-and-time"] if is_measured else []), "#doubts"]
    names = ["Answer", "Harm by harm", "Where and when", "Doubts and data"]
    if not is_measured:
        names = ["Answer", "By distance", "Doubts and data"]
    links = [
        (anchor, f"{number} {name}") for number, (anchor, name) in enumerate(zip(pages, names, strict=True), start=1)
    ]
    links += [(f"#{parts[0].anchor}", "Annex")] if parts else []
    links += [(file, name) for file, name in ((files.map, "Map"), (files.workbook, "Workbook")) if file]
    return [*links, (files.run, files.run)]


def _first_page(release: Release, operation: ReleasedOperation, verdict: Verdict) -> dict[str, Any]:
    return {
        "facts": answer.facts(release, operation),
        "zones": [name for _, name in cells.ZONES],
        "balance": answer.balance_lines(verdict),
        "balance_comparison": answer.balance_comparison(verdict),
        "absent": [_text.capitalised(name) for name in verdict.absent],
        "absent_mark": reading_mark(None),
        "no_data": NO_DATA,
        "sums": answer.sum_lines(verdict.multiplications, operation.design.later),
        "answers": [(each, reading_mark(each.state)) for each in verdict.answers],
        **_evidence(operation, verdict),
    }


def _evidence(operation: ReleasedOperation, verdict: Verdict) -> dict[str, Any]:
    """Return the figure of places like it and its table; where no interval is possible, the target counted in several ways."""
    evidence = answer.evidence(verdict)
    description = None if harms.primary_has_interval(operation) else verdict.description
    return {
        "places": [chart_html(chart) for chart in evidence.charts] if evidence else [],
        "places_heading": evidence.heading if evidence else "",
        "places_texts": evidence.texts if evidence else (),
        "place_classes": evidence.classes if evidence else (),
        "description_heading": description_heading(description) if description else "",
        "description_note": description_note(description) if description else "",
        "description_lines": distance.description_lines(description) if description else [],
    }


def _measured_pages(release: Release, operation: ReleasedOperation, verdict: Verdict) -> dict[str, Any]:
    """Return what pages 2 and 3 show where intervals are possible."""
    multiples, more_measures = harms.multiple_lines(verdict)
    series = place_and_time.series_charts(operation)
    name = operation.primary.measure.name
    step = place_and_time.series_step(operation)
    return {
        "multiple_caption": f"Change {harms.multiples_comparison(verdict)}",
        "axis": harms.scale_axis(verdict),
        "multiples": multiples,
        "more_measures": more_measures,
        "key": harms.key_entries(),
        "maps": place_and_time.map_figures(release, operation),
        "maps_how": f"{_text.capitalised(name)} before and {later_clause(operation.design)}. Had they moved next door, the rings would be darker {later_clause(operation.design)} than before.",
        "map_legend": place_and_time.map_legend(release, operation),
        "density_unit": operation.primary.measure.density_unit,
        "series": [chart_html(chart) for chart in series] if series else None,
        "series_how": f"{_text.capitalised(name)} in the target area, a {step}. The dashed line is the control area, scaled to the same level before.",
        "phases": place_and_time.phase_lines(operation),
        "phases_axis": axis(place_and_time.phases_scale(operation)),
        "phases_caption": f"{_text.capitalised(name)} in the target area, phase by phase",
    }


def _described_page(operation: ReleasedOperation, verdict: Verdict) -> dict[str, Any]:
    """Return what page 2 shows where no interval is possible: counts by distance."""
    measure = operation.primary.measure
    return {
        "distance_charts": [chart_html(chart) for chart in distance.distance_charts(operation)],
        "distance_how": (
            f"{_text.capitalised(measure.unit)} a day {later_clause(operation.design)}, as a multiple of the level before. The dashed line is the control "
            "area. Had they moved next door, the target area would lie left of that line and the rings right of it."
        ),
        "distance_lines": distance.distance_lines(operation),
        "other_harm_lines": distance.other_harm_lines(verdict),
        "days_before": f"{operation.design.before.days:,}",
        "days_after": f"{operation.design.after.days:,}",
    }


def _values(operation: ReleasedOperation) -> dict[str, Any]:
    profiles = operation.harm.profiles if operation.harm else ()
    are_examples = bool(profiles) and all(profile.example for profile in profiles)
    return {
        "say": values.say_line(operation),
        "values": values.value_lines(operation),
        "value_sides": sides("less harm", "more harm"),
        "turning": values.turning_line(operation),
        "examples": " All are examples." if are_examples else "",
    }


def _last_page(release: Release, operation: ReleasedOperation, verdict: Verdict) -> dict[str, Any]:
    doubts, others = verdict.threats[: data.MAX_DOUBTS], verdict.threats[data.MAX_DOUBTS :]
    data_files, more_files = data.file_lines(release)
    return {
        "doubts": doubts,
        "doubts_how": "The weakest points, and what would settle each.",
        "more_doubts": f"{len(others)} more {'doubt' if len(others) == 1 else 'doubts'}." if others else "",
        "mitigations": data.mitigation_rows(operation),
        "file_heads": data.FILE_HEADS,
        "data_files": data_files,
        "more_files": more_files,
        "terms": page_one_terms(operation),
    }


def release_line(release: Release) -> str:
    """Return for whom the page is, and what is withheld, in one line."""
    if release.is_internal:
        return "Internal: not for release."
    return f"Public release. Counts from 1 to {release.threshold - 1} are withheld."


def release_note(release: Release) -> str:
    """Return the sentence about what is withheld at the foot of the page."""
    if release.is_internal:
        return "Internal release: nothing is withheld."
    return (
        f"Public release under the rule {release.rule}: counts from 1 to {release.threshold - 1} are withheld, and "
        "every number from which they could be computed. No raw points are in this file."
    )
