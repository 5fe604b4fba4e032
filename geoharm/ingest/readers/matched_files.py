"""Which files a name or a pattern means, and what is no data: folders, pipes, databases, the program's own pages.

What a pattern matches and what is no data is left out and told, never in silence; what is named outright is refused.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from geoharm.errors import DataError

Tell = Callable[[str], None]

_MOST_NAMED = 5
_HEAD = 256
# The word DUCK stands after a checksum of eight bytes.
_DUCKDB_MAGIC, _DUCKDB_MAGIC_AT = b"DUCK", 8
_DUCKDB_LOGS = (".wal", ".wal.checkpoint", ".wal.recovery")
# What programs leave beside files, by name.
_BY_NAME = (
    (r"~\$.*|\.~lock\..*#", "the lock of an office program"),
    (r"\.DS_Store|\._.*|Thumbs\.db|desktop\.ini", "a file of the operating system"),
    (r".+\.(gpkg|sqlite|db)-(wal|shm|journal)", "the log of a database"),
    (r".+\.(part|partial|crdownload|download|opdownload|filepart)", "an unfinished download"),
)
# Every record that geoharm writes begins so.
_RECORD_MARK = re.compile(rb'\{\s*"format": "geoharm ')
_RECORDS = ("run*.json", "appraisal*.json", "priorities*.json", "summary*.json")
_PAGES = re.compile(
    r"((report|embed|map|run|summary|releases|appraisal|priorities)(-internal)?(-\d+-[^/]*)?\.(html|json|txt|csv|geojson)|index\.html|pieces/.*)"
)


@dataclass
class DataFolder:
    """A folder of data, and what in it is none.

    Attributes
    ----------
    folder : Path
    own : collection of Path
        Files and folders that geoharm writes to; what it wrote elsewhere is recognised by its content.
    """

    folder: Path
    own: Collection[Path] = ()
    _with_release: dict[Path, bool] = field(default_factory=dict)

    def why_no_data(self, path: Path) -> str:
        """Return what a path in the folder is if it can hold no data, such as "a folder"; an empty text if it may.

        Nothing but regular files is opened, so nothing can wait for ever.
        """
        kind = _special_kind(path) or next((kind for names, kind in _BY_NAME if re.fullmatch(names, path.name)), "")
        if not kind and _is_database(path):
            kind = "a database"
        if not kind and self._is_own(path):
            kind = "a file that geoharm writes"
        return kind

    def _is_own(self, path: Path) -> bool:
        """Return whether a file lies where geoharm writes, or in a folder of pages that it wrote before."""
        inside, resolved = self.folder.resolve(), path.resolve()
        for written in (place.resolve() for place in self.own):
            # Whoever writes the pages into the data folder itself still has data there.
            if resolved == written or (resolved.is_relative_to(written) and not inside.is_relative_to(written)):
                return True
        if any(self._holds_a_release(parent) for parent in _parents_inside(path, self.folder)):
            return True
        name = path.relative_to(self.folder).as_posix()
        return _PAGES.fullmatch(name) is not None and self._holds_a_release(self.folder)

    def _holds_a_release(self, folder: Path) -> bool:
        if folder not in self._with_release:
            records = (record for pattern in _RECORDS for record in folder.glob(pattern) if record.is_file())
            self._with_release[folder] = any(_RECORD_MARK.match(_head(record)) for record in records)
        return self._with_release[folder]


def matching_files(
    pattern: str, folder: Path, *, own: Collection[Path] = (), tell: Tell = lambda _: None
) -> list[Path]:
    """Return the files in a folder that a name or a pattern means, in order.

    Parameters
    ----------
    pattern : str
        A file name, or a pattern such as ``needles_*.csv``.
    folder : Path
    own : collection of Path
        Files and folders that geoharm writes to; what it wrote elsewhere is recognised by its content.
    tell : callable
        Called with one sentence for what the pattern matched and what is left out.

    Raises
    ------
    DataError
        If nothing matches, what is named is no file of data, or it lies outside the folder.
    """
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        msg = f'The file pattern "{pattern}" must lie inside the data folder; move the file or set --data.'
        raise DataError(msg)
    data = DataFolder(folder, own)
    if "\x00" not in pattern and os.path.lexists(folder / pattern):
        return [_named_file(folder / pattern, data)]
    found: list[Path] = []
    left_out: dict[str, list[str]] = {}
    for path in _glob(pattern, folder):
        reason = data.why_no_data(path)
        if not reason and _is_hidden(path.relative_to(folder)) and not _is_hidden(Path(pattern)):
            reason = "a hidden file"
        if reason == "a folder" and "**" in Path(pattern).parts:
            continue  # Its files match by themselves.
        if reason:
            left_out.setdefault(reason, []).append(path.relative_to(folder).as_posix())
        else:
            found.append(_inside(path, folder))
    sentences = [f'{_names(names)} match{"" if len(names) > 1 else "es"} "{pattern}" and {"are" if len(names) > 1 else "is"} left out: {reason}.'
                 for reason, names in sorted(left_out.items())]  # fmt: skip
    if not found:
        msg = f'No file matches "{pattern}" in the data folder "{folder}"; set --data to the folder that holds it.'
        if sentences:
            msg = f'No file of data matches "{pattern}" in the data folder "{folder}". ' + " ".join(sentences)
        raise DataError(msg)
    for sentence in sentences:
        tell(sentence)
    return found


def _is_hidden(path: Path) -> bool:
    """Return whether a file is hidden or in a hidden folder, such as that of a run that was stopped."""
    return any(part.startswith(".") for part in path.parts)


def _named_file(path: Path, data: DataFolder) -> Path:
    reason = data.why_no_data(path)
    if reason:
        msg = f'"{path.relative_to(data.folder).as_posix()}" is {reason}, not a file of data; name the file to read.'
        raise DataError(msg)
    return _inside(path, data.folder)


def _inside(path: Path, folder: Path) -> Path:
    if not path.resolve().is_relative_to(folder.resolve()):
        msg = f'"{path.name}" is a link to a file outside the data folder; copy the file there, or set --data.'
        raise DataError(msg)
    return path


def _glob(pattern: str, folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob(pattern))
    except (ValueError, NotImplementedError) as error:
        msg = (
            f'"{pattern}" is not a pattern of file names; write one such as "*.csv", or "**/*.csv" for all subfolders.'
        )
        raise DataError(msg) from error


def _special_kind(path: Path) -> str:
    """Return what a path is if it is no regular file; an empty text if it is one."""
    try:
        mode = path.stat().st_mode
    except PermissionError:
        return ""  # Whoever reads it is told so.
    except OSError:
        return "a link that leads nowhere" if path.is_symlink() else "a file that is gone"
    kinds = {stat.S_IFREG: "", stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def _is_database(path: Path) -> bool:
    """Return whether a file is a DuckDB database, its log, or one of its temporary files."""
    if path.name.endswith(_DUCKDB_LOGS):
        return True
    if path.name.startswith("duckdb_temp_") and path.parent.name.endswith(".tmp"):
        return True
    return _head(path)[_DUCKDB_MAGIC_AT:].startswith(_DUCKDB_MAGIC)


def _parents_inside(path: Path, folder: Path) -> Iterator[Path]:
    """Yield the folders between a file and the data folder."""
    for parent in path.parents:
        if parent == folder:
            return
        yield parent


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(_HEAD)
    except OSError:
        return b""


def _names(names: list[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:_MOST_NAMED])
    return shown + (f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else "")
