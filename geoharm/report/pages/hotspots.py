"""The report on a study that evaluates no operation: where harm concentrates on page one, and an annex behind it."""

from __future__ import annotations

from collections.abc import Sequence

from geoharm._version import __version__
from geoharm.disclosure.released import Release, leading_measure
from geoharm.model.study import Study
from geoharm.report import format_numbers
from geoharm.report.document import Section
from geoharm.report.escape import asset, render_page
from geoharm.report.file_names import file_names
from geoharm.report.maps.layers import credit_lines
from geoharm.report.pages.annex import in_page_order
from geoharm.report.pages.brief import data
from geoharm.report.pages.report import parts_of_page, print_foot, release_line, release_note
from geoharm.report.section_html import block_html
from geoharm.report.sections.comparisons import comparisons_section
from geoharm.report.sections.concentration import concentration_sections, leading_map
from geoharm.report.sections.ledgers import ledgers_section
from geoharm.report.sections.methods import methods_section
from geoharm.report.sections.patterns import patterns_section
from geoharm.report.sections.places import places_section
from geoharm.report.wording.concentration import heading, lead, leading_hotspots, role_note
from geoharm.report.wording.methods import density_method
from geoharm.report.wording.threats import notices

NO_MAP = "There is no map: too few events are located to draw one."
NO_AREA_MAP = "There is no map of areas: the section on clusters says why."


def annex_sections(release: Release) -> tuple[Section, ...]:
    """Return the sections of the annex in the order of the page; none is about an operation."""
    sections = (
        *places_section(release, None),
        *comparisons_section(release),
        *patterns_section(release, None),
        *ledgers_section(release),
        *methods_section(release, None),
    )
    return in_page_order(sections)


def hotspots_page(release: Release, sections: Sequence[Section]) -> str:
    """Return the report on a study without an operation as a whole HTML page without scripts.

    Parameters
    ----------
    release : Release
    sections : sequence of Section
        What `annex_sections` returns for it.
    """
    study, files = release.study, file_names(release, None)
    parts = parts_of_page(release, None, sections)
    picture = leading_map(release)
    front = [
        (section.anchor, section.heading, [block_html(block) for block in section.blocks])
        for section in concentration_sections(release)
    ]
    data_files, more_files = data.file_lines(release)
    links = [
        ("#answer", "Areas" if study.is_by_area else "Hotspots"),
        *((f"#{anchor}", name) for anchor, name, _ in front[1:]),
        ("#doubts", "Data"),
    ]
    links += [(f"#{parts[0].anchor}", "Annex")] if parts else []
    links += [
        (file, name)
        for file, name in ((files.map, "Map"), (files.table, "Table"), (files.workbook, "Workbook"))
        if file
    ]
    return render_page(
        "hotspots.html.j2",
        style=asset("report.css") + print_foot(study.name, "hotspots"),
        version=__version__,
        study=study,
        internal=release.is_internal,
        release_line=release_line(release),
        kicker=_days(study),
        pages=[*links, (files.run, files.run)],
        heading=heading(release),
        lead=lead(release),
        role_note=role_note(leading_measure(release, None)),
        facts=_facts(release),
        notices=notices(release),
        picture=block_html(picture) if picture else NO_AREA_MAP if study.is_by_area else NO_MAP,
        front=front,
        file_heads=data.FILE_HEADS,
        data_files=data_files,
        more_files=more_files,
        files=files,
        parts=parts,
        credits=credit_lines(release),
        release_note=release_note(release),
    )


def _days(study: Study) -> str:
    return "Without dates" if study.is_undated else format_numbers.days_text(study.period)


def _facts(release: Release) -> list[tuple[str, str]]:
    study, hotspots = release.study, leading_hotspots(release)
    every = (*study.measures, *study.harm.area_measures)
    facts = [
        ("Study area", f"{study.area.area_km2:,.1f} km²"),
        ("Days", _days(study)),
        ("Main measure", f"{study.primary}, recorded by {leading_measure(release, None).recorder}"),
        ("Measures", format_numbers.join_with_and([measure.name for measure in every])),
    ]
    if hotspots is not None:
        facts.append(("Density", density_method(hotspots)))
    return facts
