"""A hook at every call that changes the disk: to look at the folder, to fail, or to end the process there."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from geoharm.report import files, publication

# Everything by which the writing of a release changes a disk; `exchange_folders` is the one call that is not in `os`.
CALLS = (
    "open", "write", "fsync", "mkdir", "rmdir", "rename", "replace", "link", "unlink", "remove", "chmod", "utime",
)  # fmt: skip


@contextmanager
def before_each_change(do: Callable[[int, str], None]) -> Iterator[None]:
    """Call a function with the number and name of each call inside the block, before it is carried out."""
    numbers = itertools.count(1)
    plain = {name: getattr(os, name) for name in CALLS}
    exchange = publication.exchange_folders

    def hooked(name: str, call: Callable[..., object]) -> Callable[..., object]:
        def wrapper(*given: object, **more: object) -> object:
            do(next(numbers), name)
            return call(*given, **more)

        return wrapper

    for name, call in plain.items():
        setattr(os, name, hooked(name, call))
    publication.exchange_folders = hooked("exchange", exchange)  # type: ignore[assignment]
    try:
        yield
    finally:
        for name, call in plain.items():
            setattr(os, name, call)
        publication.exchange_folders = exchange


def content_of(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder by its name, as somebody sees it who follows no hidden name."""
    return {
        path.as_posix(): (folder / path).read_bytes()
        for path, is_folder in files.entries_of(folder)
        if not is_folder and not path.as_posix().startswith(".geoharm")
    }
