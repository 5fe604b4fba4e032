"""The index page: a list of the studies published in one folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from geoharm._version import __version__
from geoharm.disclosure.history_file import history_file_name, read_sealed
from geoharm.errors import PublishError
from geoharm.report.escape import asset, render_page
from geoharm.report.publication import OpenFolder, open_folder, publish_files

INDEX = "index.html"
# Every index contains this text, so that geoharm never overwrites a page that it did not write.
_MARK = '<meta name="generator" content="geoharm'


def write_index(folder: Path) -> Path:
    """Write ``index.html``, which lists every study with a public release in a sub-folder of `folder`.

    The list is read from each sub-folder's ``releases.json``. Only a public release of evaluated operations writes that
    file. So internal releases, and operations that were not evaluated, are never listed.

    Raises
    ------
    PublishError
        If the folder cannot be written, or holds an ``index.html`` that geoharm did not write.
    """
    with open_folder(folder) as into:
        return _write_index(into)


def _write_index(into: OpenFolder) -> Path:
    folder = into.folder
    path = folder / INDEX
    if path.is_file() and _MARK not in path.read_text(encoding="utf-8", errors="replace"):
        msg = f'"{path}" was not written by geoharm; move it away, or choose another folder.'
        raise PublishError(msg)
    studies = [
        study
        for record_path in sorted(folder.glob(f"*/{history_file_name(internal=False)}"))
        # A hidden folder is where a run that was stopped prepared its files.
        if not record_path.parent.name.startswith(".") and (study := _study_entry(record_path))
    ]
    page = render_page("index.html.j2", style=asset("embed.css"), version=__version__, studies=studies)
    return publish_files(into, {INDEX: page})[0]


def has_index(folder: Path) -> bool:
    """Return whether a folder has an index that geoharm wrote."""
    path = folder / INDEX
    return path.is_file() and _MARK in path.read_text(encoding="utf-8", errors="replace")


@dataclass(frozen=True, slots=True)
class _OperationEntry:
    """An operation with the kind and address of each of its pages."""

    name: str
    headline: str
    label: str
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _StudyEntry:
    name: str
    operations: tuple[_OperationEntry, ...]


def _study_entry(path: Path) -> _StudyEntry | None:
    """Return a study's name and its existing pages; None if there is nothing to list."""
    try:
        record = read_sealed(path)
        name, release, pages = str(record["study"]), record["release"], list(record["pages"])
        operations = [_operation_entry(path.parent, page) for page in pages]
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f'"{path}" is damaged ({type(error).__name__}); run the study again, or take its folder out.'
        raise PublishError(msg) from error
    listed = tuple(operation for operation in operations if operation.links)
    return _StudyEntry(name, listed) if listed and release == "public" else None


def _operation_entry(folder: Path, page: Mapping[str, str]) -> _OperationEntry:
    files = [
        (kind, f"{stem}{page['name']}.html") for kind, stem in (("Report", "report"), ("Map", "map"), ("Card", "embed"))
    ]
    links = tuple((kind, f"{quote(folder.name)}/{quote(file)}") for kind, file in files if (folder / file).is_file())
    return _OperationEntry(page["operation"], page["headline"], page["label"], links)
