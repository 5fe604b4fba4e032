"""The list of published studies: one page in the folder that holds their folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from geoharm._version import __version__
from geoharm.disclosure.history import history_file_name
from geoharm.errors import PublishError
from geoharm.report.escape import asset, render_page
from geoharm.report.files import check_folder, write_file

INDEX = "index.html"
# Said in every index, so that a page of somebody else's is never written over.
_MARK = '<meta name="generator" content="geoharm'


def write_index(folder: Path) -> Path:
    """Write ``index.html``: every study with a public release in a folder of its own below `folder`.

    Internal releases, folders without a public one, and operations that were not evaluated are never in it: what it
    lists comes from ``releases.json``, which only a public release of evaluated operations writes.

    Raises
    ------
    PublishError
        If the folder cannot be written, or holds an ``index.html`` that geoharm did not write.
    """
    check_folder(folder)
    path = folder / INDEX
    if path.is_file() and _MARK not in path.read_text(encoding="utf-8", errors="replace"):
        msg = f'"{path}" was not written by geoharm; move it away, or choose another folder.'
        raise PublishError(msg)
    studies = [found for one in sorted(folder.glob(f"*/{history_file_name(internal=False)}")) if (found := _study(one))]
    return write_file(
        path, render_page("index.html.j2", style=asset("embed.css"), version=__version__, studies=studies)
    )


def has_index(folder: Path) -> bool:
    """Return whether a folder has an index that geoharm wrote."""
    path = folder / INDEX
    return path.is_file() and _MARK in path.read_text(encoding="utf-8", errors="replace")


def _study(path: Path) -> dict[str, Any] | None:
    """Return a study's name and the pages that are there; None where nothing is."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        name, release, pages = str(record["study"]), record["release"], list(record["pages"])
        operations = [_operation(path.parent, page) for page in pages]
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f'"{path}" is damaged ({type(error).__name__}); run the study again, or take its folder out.'
        raise PublishError(msg) from error
    operations = [one for one in operations if one["links"]]
    return {"name": name, "operations": operations} if operations and release == "public" else None


def _operation(folder: Path, page: dict[str, str]) -> dict[str, Any]:
    files = [
        (kind, f"{stem}{page['name']}.html") for kind, stem in (("Report", "report"), ("Map", "map"), ("Card", "embed"))
    ]
    links = [(kind, f"{quote(folder.name)}/{quote(file)}") for kind, file in files if (folder / file).is_file()]
    return {"name": page["operation"], "headline": page["headline"], "label": page["label"], "links": links}
