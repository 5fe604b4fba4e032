"""Write what may be published: whole files or none, the same bytes every time."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from geoharm.errors import PublishError
from geoharm.publish.disclosure import DisclosedStudy
from geoharm.publish.escape import slug
from geoharm.publish.export import gis_files
from geoharm.publish.maps import map_page
from geoharm.publish.record import run_record
from geoharm.publish.report import report_page
from geoharm.publish.verdict import Verdict, judge


@dataclass(frozen=True, slots=True)
class Published:
    """What was written.

    Attributes
    ----------
    verdicts : tuple of (str, Verdict)
        By operation, in the study's order.
    files : tuple of Path
    """

    verdicts: tuple[tuple[str, Verdict], ...]
    files: tuple[Path, ...]


def publish_study(disclosed: DisclosedStudy, folder: Path) -> Published:
    """Write report and map of every operation, the run record, and the GIS files asked for, into a folder.

    A study with one operation writes ``report.html`` and ``map.html``; with several, the operation's number and name are added.
    An internal release says so in every file's name.

    Raises
    ------
    PublishError
        If the folder cannot be written, or a file there is open elsewhere.
    """
    judged = [(operation, judge(disclosed, operation)) for operation in disclosed.operations]
    several = len(judged) > 1
    mark = "-internal" if disclosed.is_internal else ""
    pages: dict[str, str | bytes] = {}
    for number, (operation, verdict) in enumerate(judged, start=1):
        name = mark + (f"-{number}-{slug(operation.design.operation.name)}" if several else "")
        pages[f"report{name}.html"] = report_page(disclosed, operation, verdict)
        if disclosed.hotspots:
            pages[f"map{name}.html"] = map_page(disclosed, operation, verdict)
    pages[f"run{mark}.json"] = run_record(disclosed, judged)
    pages |= gis_files(disclosed)
    check_folder(folder)
    for name in pages:
        if (folder / name).is_dir():
            msg = f'"{folder / name}" is a folder, where a page must go; choose another --out.'
            raise PublishError(msg)
    written = tuple(write_file(folder / name, content) for name, content in pages.items())
    return Published(tuple((one.design.operation.name, verdict) for one, verdict in judged), written)


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
