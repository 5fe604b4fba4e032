"""Write what may be published: whole files or none, the same bytes every time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from geoharm.disclosure.constraints import Constraints
from geoharm.disclosure.history import attack_with_history, history_file_name, history_record, read_history, stale_files
from geoharm.disclosure.released import Release
from geoharm.errors import PublishError
from geoharm.report.escape import element, slug
from geoharm.report.exports.gis import gis_files
from geoharm.report.exports.run_json import run_record
from geoharm.report.exports.tables import figure_png, figures_of_page, table_csv, table_name, tables_of_page
from geoharm.report.exports.workbook import workbook
from geoharm.report.files import check_folder, write_file
from geoharm.report.maps.web_map import map_page
from geoharm.report.pages.embed import embed_page
from geoharm.report.pages.report import report_page
from geoharm.report.wording.summary import summarise, summary_json, summary_text
from geoharm.report.wording.verdict import Verdict, verdict_of

# Where figures and tables for other people's reports lie, in the folder of the pages.
PIECES = "pieces"


@dataclass(frozen=True, slots=True)
class PublishedFiles:
    """What was written.

    Attributes
    ----------
    verdicts : tuple of (str, Verdict)
        By operation, in the study's order.
    files : tuple of Path
    removed : tuple of Path
        Files of the release before that this one does not have.
    """

    verdicts: tuple[tuple[str, Verdict], ...]
    files: tuple[Path, ...]
    removed: tuple[Path, ...] = ()

    def _repr_html_(self) -> str:
        """Return what a notebook shows: verdict and answers of every operation, and the files; text from data stays text."""
        parts: list[object] = []
        for name, verdict in self.verdicts:
            rows = [(answer.question, f"{answer.answer}. {answer.detail}") for answer in verdict.answers]
            cells = [element("tr", element("th", question), element("td", answer)) for question, answer in rows]
            said = [text for text in (verdict.label, verdict.headline, verdict.sentence) if text]
            parts += [element("h3", name), *(element("p", text) for text in said), element("table", *cells)]
        parts.append(element("ul", *(element("li", str(path)) for path in self.files)))
        return str(element("div", *parts))


def publish_study(release: Release, folder: Path) -> PublishedFiles:
    """Write every operation's report, map, card and summary, the run record, and the files asked for, into a folder.

    A study with one operation writes ``report.html``, ``map.html``, ``embed.html`` and ``summary.txt``; with several, the
    operation's number and name are added. An internal release says so in every file's name. ``releases.json`` remembers
    what was told, and what the last release wrote and this one does not is removed, unless it was changed by hand.

    Raises
    ------
    PublishError
        If the folder cannot be written, a file there is open elsewhere, or this release and those before it in the folder
        together give a small count away.
    """
    judged = [(operation, verdict_of(release, operation)) for operation in release.operations]
    several = len(judged) > 1
    mark = "-internal" if release.is_internal else ""
    record = folder / history_file_name(internal=release.is_internal)
    earlier = read_history(record)
    constraints = Constraints((), {}) if release.is_internal else attack_with_history(release, earlier)
    pages: dict[str, str | bytes] = {}
    listed: list[dict[str, str]] = []
    for number, (operation, verdict) in enumerate(judged, start=1):
        about = operation.design.operation
        name = mark + (f"-{number}-{slug(about.name)}" if several else "")
        report = report_page(release, operation, verdict)
        pages[f"report{name}.html"] = report
        if release.hotspots:
            pages[f"map{name}.html"] = map_page(release, operation, verdict)
        pages[f"embed{name}.html"] = embed_page(release, operation, verdict, f"embed{name}.html")
        summary = summarise(release, operation, verdict)
        pages |= {f"summary{name}.txt": summary_text(summary), f"summary{name}.json": summary_json(summary)}
        pages |= {f"{PIECES}/{piece}": page for piece, page in _pieces(release, about.name, report, name).items()}
        listed.append({"operation": about.name, "headline": verdict.headline, "label": verdict.label, "name": name})
    pages[f"run{mark}.json"] = run_record(release, judged)
    pages |= gis_files(release)
    content = {name: page.encode("utf-8") if isinstance(page, str) else page for name, page in pages.items()}
    pages[record.name] = history_record(release, constraints, content, listed)
    _check_free(folder, pages)
    written = tuple(write_file(folder / name, page) for name, page in pages.items())
    removed = stale_files(folder, earlier, content)
    for path in removed:
        path.unlink()
    return PublishedFiles(tuple((one.design.operation.name, verdict) for one, verdict in judged), written, removed)


def _pieces(disclosed: Release, operation: str, report: str, name: str) -> dict[str, str | bytes]:
    """Return the figures and tables of a report that the study asks for under ``[publish] files``."""
    wanted = disclosed.study.publish.files
    found: dict[str, str | bytes] = {}
    tables = tables_of_page(report)
    if "figures" in wanted:
        for title, figure in figures_of_page(report).items():
            found[f"{title}{name}.svg"] = figure
            found[f"{title}{name}.png"] = figure_png(figure)
    if "tables" in wanted:
        for number, table in enumerate(tables, start=1):
            found[f"{table_name(number, table)}{name}.csv"] = "\ufeff" + table_csv(table)
    if "workbook" in wanted:
        release = "Internal: not for release." if disclosed.is_internal else f"Public release, rule {disclosed.rule}."
        about = [disclosed.study.name, release, "Made by geoharm; every table is in the report too, with its notes."]
        shorthand = f"Withheld: a count under {disclosed.threshold}, or a number that would give one back."
        found[f"tables{name}.xlsx"] = workbook(operation, tables, about=about, withheld=shorthand)
    return found


def _check_free(folder: Path, pages: Mapping[str, str | bytes]) -> None:
    """Refuse a folder that cannot be written, or one in which a folder has the name of a page."""
    check_folder(folder)
    for name in pages:
        if (folder / name).is_dir():
            msg = f'"{folder / name}" is a folder, where a page must go; choose another --out.'
            raise PublishError(msg)
