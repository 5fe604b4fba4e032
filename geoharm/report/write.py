"""Write all files of a release: whole files or none, and the same bytes every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from geoharm.disclosure.history import attack_with_history, history_record, read_history, stale_files
from geoharm.disclosure.history_file import history_file_name
from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.disclosure.statements import NOTHING_SAID
from geoharm.report.document import Chart, Section, Table
from geoharm.report.escape import element
from geoharm.report.exports.effects_files import effects_csv, effects_parquet
from geoharm.report.exports.effects_table import effect_rows
from geoharm.report.exports.gis import gis_files
from geoharm.report.exports.hotspot_table import hotspot_table
from geoharm.report.exports.pictures import OF_SLIDE, picture_names, picture_png, picture_svg
from geoharm.report.exports.run_json import run_json
from geoharm.report.exports.tables import table_csv, table_name
from geoharm.report.exports.workbook import workbook
from geoharm.report.file_names import REUSE_FOLDER, file_names
from geoharm.report.maps.map_picture import map_picture
from geoharm.report.maps.web_map import map_page
from geoharm.report.pages.card_picture import card_picture
from geoharm.report.pages.embed import embed_page
from geoharm.report.pages.hotspots import annex_sections, hotspots_page
from geoharm.report.pages.report import report_page, report_sections, verdict_chart
from geoharm.report.pages.word_brief import word_brief
from geoharm.report.publication import OpenFolder, open_folder, publish_files
from geoharm.report.sections.concentration import concentration_sections, leading_map
from geoharm.report.wording.concentration import heading, lead, summary_lines
from geoharm.report.wording.summary import summarise, summary_json, summary_text
from geoharm.report.wording.verdict import Verdict, verdict_of


@dataclass(frozen=True, slots=True)
class PublishedFiles:
    """The files that were written.

    Attributes
    ----------
    verdicts : tuple of (str, Verdict)
        By operation, in the study's order; empty for a study that evaluates none.
    files : tuple of Path
    removed : tuple of Path
        Files of the previous release that this release does not have.
    hotspots : tuple of str
        What page one says of a study that evaluates no operation: one sentence for each point; else empty.
    """

    verdicts: tuple[tuple[str, Verdict], ...]
    files: tuple[Path, ...]
    removed: tuple[Path, ...] = ()
    hotspots: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        """Return HTML for a notebook: verdict and answers of every operation, and the files; all text is escaped."""
        parts: list[object] = []
        for name, verdict in self.verdicts:
            rows = [(answer.question, f"{answer.answer}. {answer.detail}") for answer in verdict.answers]
            cells = [element("tr", element("th", question), element("td", answer)) for question, answer in rows]
            sentences = [text for text in (verdict.label, verdict.headline, verdict.lead) if text]
            parts += [element("h3", name), *(element("p", text) for text in sentences), element("table", *cells)]
        parts += [element("p", sentence) for sentence in self.hotspots]
        parts.append(element("ul", *(element("li", str(path)) for path in self.files)))
        return str(element("div", *parts))


def publish_study(release: Release, folder: Path) -> PublishedFiles:
    """Write all files of a release into a folder: report, map, card and summary of every operation, and the run record.

    Files requested under ``[publish] files`` in the study file are written too.

    A study without an operation writes ``report.html`` and ``map.html``, on where harm concentrates. A study with one writes ``report.html``, ``map.html``, ``embed.html`` and ``summary.txt``; with several, the
    operation's number and name are added. An internal release says so in every file's name. ``releases.json`` records
    what was published. Files of the previous release that this release does not have are removed, unless they were
    changed by hand. All of it is one change: a reader sees the last release or this one (`geoharm.report.publication`).

    Raises
    ------
    PublishError
        If the folder cannot be written, another run is writing into it, a file there is open elsewhere, or this release
        together with earlier releases in the folder reveals a small count.
    """
    with open_folder(folder) as into:
        return _publish_into(into, release)


def _publish_into(into: OpenFolder, release: Release) -> PublishedFiles:
    folder = into.folder
    verdicts = [(operation, verdict_of(release, operation)) for operation in release.operations]
    mark = "-internal" if release.is_internal else ""
    record = folder / history_file_name(internal=release.is_internal)
    history = read_history(record)
    constraints = NOTHING_SAID if release.is_internal else attack_with_history(release, history)
    pages: dict[str, str | bytes] = {}
    page_entries: list[dict[str, str]] = []
    for operation, verdict in verdicts:
        study_operation = operation.design.operation
        names = file_names(release, operation)
        name = names.ending
        sections = report_sections(release, operation, verdict)
        pages[names.report] = report_page(release, operation, verdict, sections)
        if release.hotspots:
            pages[names.map] = map_page(release, operation, verdict)
        pages[names.embed] = embed_page(release, operation, verdict, names.embed)
        if names.word:
            pages[names.word] = word_brief(release, operation, verdict)
        summary = summarise(release, operation, verdict)
        pages |= {f"summary{name}.txt": summary_text(summary), f"summary{name}.json": summary_json(summary)}
        pages |= {
            f"{REUSE_FOLDER}/{file_name}": page
            for file_name, page in {
                **_figures_and_tables(
                    release, sections, name, first=verdict_chart(operation), about=study_operation.name
                ),
                **_card_and_map(release, operation, verdict, name),
            }.items()
        }
        page_entries.append(
            {"operation": study_operation.name, "headline": verdict.headline, "label": verdict.label, "name": name}
        )
    if not release.operations:
        pages |= _pages_without_operation(release)
        page_entries.append({"operation": heading(release), "headline": lead(release), "label": "", "name": mark})
    pages[f"run{mark}.json"] = run_json(release, verdicts)
    if "effects" in release.study.publish.files:
        rows = effect_rows(release)
        pages |= {f"effects{mark}.csv": effects_csv(rows), f"effects{mark}.parquet": effects_parquet(rows)}
    pages |= gis_files(release, scratch=into.scratch)
    content = {name: page.encode("utf-8") if isinstance(page, str) else page for name, page in pages.items()}
    pages[record.name] = history_record(release, constraints, content, page_entries)
    removed = stale_files(folder, history, content)
    written = publish_files(
        into, pages, removed=[path.relative_to(folder).as_posix() for path in removed], record=record.name
    )
    return PublishedFiles(
        tuple((operation.design.operation.name, verdict) for operation, verdict in verdicts),
        written,
        removed,
        () if release.operations else summary_lines(release),
    )


def _pages_without_operation(release: Release) -> dict[str, str | bytes]:
    """Return the report, the map, and the figures and tables that are requested, of a study that evaluates no operation."""
    names, sections = file_names(release, None), annex_sections(release)
    pages: dict[str, str | bytes] = {names.report: hotspots_page(release, sections)}
    if release.hotspots:
        pages[names.map] = map_page(release, None, None)
        pages[names.table] = "\ufeff" + table_csv(hotspot_table(release))
    every = (*concentration_sections(release), *sections)
    picture = leading_map(release)
    first = picture.chart if picture else None
    files = _figures_and_tables(release, every, names.ending, first=first, about=release.study.name)
    return pages | {f"{REUSE_FOLDER}/{file_name}": page for file_name, page in files.items()}


def _card_and_map(
    release: Release, operation: ReleasedOperation, verdict: Verdict, name: str
) -> dict[str, str | bytes]:
    """Return the pictures of an operation's card and map, by file name, if figures are requested."""
    files: dict[str, str | bytes] = {}
    if "figures" in release.study.publish.files:
        drawn = {"card": card_picture(release, operation, verdict), "map": map_picture(release, operation)}
        for picture_name, picture in drawn.items():
            if picture is not None:
                files[f"{picture_name}{name}.svg"] = picture_svg(picture)
                files[f"{picture_name}{name}.png"] = picture_png(picture, OF_SLIDE)
    return files


def _figures_and_tables(
    release: Release, sections: Sequence[Section], name: str, *, first: Chart | None, about: str
) -> dict[str, str | bytes]:
    """Return the figures and tables of a report that are requested under ``[publish] files``, by file name.

    The first figure is that of page one; `about` is the operation, or the study without one.
    """
    wanted = release.study.publish.files
    files: dict[str, str | bytes] = {}
    tables = [titled for section in sections for titled in section.titled_tables() if titled[1].rows]
    if "figures" in wanted:
        charts = [*([first] if first else []), *(chart for section in sections for chart in section.charts)]
        for chart_name, chart in zip(picture_names(charts), charts, strict=True):
            files[f"{chart_name}{name}.svg"] = picture_svg(chart)
            files[f"{chart_name}{name}.png"] = picture_png(chart)
    if "tables" in wanted:
        for number, (title, table) in enumerate(tables, start=1):
            files[f"{table_name(number, title)}{name}.csv"] = "\ufeff" + table_csv(table)
    if "workbook" in wanted:
        files[f"tables{name}.xlsx"] = _workbook(release, about, tables)
    return files


def _workbook(release: Release, about: str, tables: Sequence[tuple[str, Table]]) -> bytes:
    cover_lines = [
        release.study.name,
        "Internal: not for release." if release.is_internal else f"Public release, rule {release.rule}.",
        "Made by geoharm; every table is in the report too, with its notes.",
    ]
    shorthand = f"Withheld: a count under {release.threshold}, or a number from which one could be computed."
    return workbook(about, tables, about=cover_lines, withheld=shorthand)
