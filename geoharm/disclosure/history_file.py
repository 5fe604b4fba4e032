"""The name of the file that keeps a folder's earlier releases; `history` reads and writes it."""

from __future__ import annotations


def history_file_name(*, internal: bool) -> str:
    """Return the name of the history file.

    The history of internal releases remembers files only, and its name says that it is internal.
    """
    return "releases-internal.json" if internal else "releases.json"
