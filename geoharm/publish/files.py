"""Write what may be published: whole files or none, the same bytes every time."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from geoharm.errors import PublishError
from geoharm.publish.card import card_page
from geoharm.publish.disclosure import DisclosedStudy
from geoharm.publish.escape import element, slug
from geoharm.publish.export import gis_files
from geoharm.publish.maps import map_page
from geoharm.publish.pieces import figure_png, report_figures, report_tables, table_csv, table_name
from geoharm.publish.record import run_record
from geoharm.publish.releases import (
    audited_together,
    read_releases,
    releases_name,
    releases_record,
    stale_files,
)
from geoharm.publish.report import report_page
from geoharm.publish.summary import summarise, summary_json, summary_text
from geoharm.publish.told import Telling
from geoharm.publish.verdict import Verdict, judge
from geoharm.publish.workbook import workbook

# Where figures and tables for other people's reports lie, in the folder of the pages.
PIECES = "pieces"


@dataclass(frozen=True, slots=True)
class Published:
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


def publish_study(disclosed: DisclosedStudy, folder: Path) -> Published:
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
    judged = [(operation, judge(disclosed, operation)) for operation in disclosed.operations]
    several = len(judged) > 1
    mark = "-internal" if disclosed.is_internal else ""
    record = folder / releases_name(internal=disclosed.is_internal)
    earlier = read_releases(record)
    telling = Telling((), {}) if disclosed.is_internal else audited_together(disclosed, earlier)
    pages: dict[str, str | bytes] = {}
    listed: list[dict[str, str]] = []
    for number, (operation, verdict) in enumerate(judged, start=1):
        about = operation.design.operation
        name = mark + (f"-{number}-{slug(about.name)}" if several else "")
        report = report_page(disclosed, operation, verdict)
        pages[f"report{name}.html"] = report
        if disclosed.hotspots:
            pages[f"map{name}.html"] = map_page(disclosed, operation, verdict)
        pages[f"embed{name}.html"] = card_page(disclosed, operation, verdict, f"embed{name}.html")
        summary = summarise(disclosed, operation, verdict)
        pages |= {f"summary{name}.txt": summary_text(summary), f"summary{name}.json": summary_json(summary)}
        pages |= {f"{PIECES}/{piece}": page for piece, page in _pieces(disclosed, about.name, report, name).items()}
        listed.append({"operation": about.name, "headline": verdict.headline, "label": verdict.label, "name": name})
    pages[f"run{mark}.json"] = run_record(disclosed, judged)
    pages |= gis_files(disclosed)
    content = {name: page.encode("utf-8") if isinstance(page, str) else page for name, page in pages.items()}
    pages[record.name] = releases_record(disclosed, telling, content, listed)
    _check_free(folder, pages)
    written = tuple(write_file(folder / name, page) for name, page in pages.items())
    removed = stale_files(folder, earlier, content)
    for path in removed:
        path.unlink()
    return Published(tuple((one.design.operation.name, verdict) for one, verdict in judged), written, removed)


def _pieces(disclosed: DisclosedStudy, operation: str, report: str, name: str) -> dict[str, str | bytes]:
    """Return the figures and tables of a report that the study asks for under ``[publish] files``."""
    wanted = disclosed.study.publish.files
    found: dict[str, str | bytes] = {}
    tables = report_tables(report)
    if "figures" in wanted:
        for title, figure in report_figures(report).items():
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


def check_folder(folder: Path) -> Path:
    """Return a folder if files can be written into it, or if it can be made; nothing is made or changed.

    Raises
    ------
    PublishError
        If it, or what it would lie in, is a file or may not be written.
    """
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        msg = f'"{there}" is a file, not a folder; choose another --out.'
        raise PublishError(msg)
    if not os.access(there, os.W_OK | os.X_OK):
        msg = f'The folder "{there}" cannot be written; choose another --out.'
        raise PublishError(msg)
    return folder


def write_file(path: Path, content: str | bytes) -> Path:
    """Write a file whole: beside its place first, then moved there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content.encode("utf-8") if isinstance(content, str) else content)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        msg = (
            f'"{path}" cannot be written ({error.strerror}); close it if it is open elsewhere, or choose another --out.'
        )
        raise PublishError(msg) from error
    return path
