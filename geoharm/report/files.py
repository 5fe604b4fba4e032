"""The steps of writing that can fail one by one: names, whole files, folders made durable, and the exchange of two.

Every call that changes a disk goes through `os`, so that a test can end the process at each of them.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from geoharm.errors import PublishError

# What the common file systems take, and what Windows takes where long paths are not switched on.
_NAME_BYTES, _PATH_BYTES, _WINDOWS_PATH = 255, 4_095, 259

_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')

_NO_SPACE, _TOO_MANY = {errno.ENOSPC, errno.EDQUOT}, {errno.EMFILE, errno.ENFILE}

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


def check_folder(folder: Path) -> Path:
    """Return the folder if files can be written into it, or if it can be created; nothing is created or changed.

    Raises
    ------
    PublishError
        If the folder, or its nearest existing parent, is a file or is not writable.
    """
    try:
        existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    except (OSError, ValueError) as error:
        msg = f'The folder "{folder}" cannot be used ({reason(error)}); choose another --out.'
        raise PublishError(msg) from error
    if not existing.is_dir():
        msg = f'"{existing}" is a file, not a folder; choose another --out.'
        raise PublishError(msg)
    if not os.access(existing, os.W_OK | os.X_OK):
        msg = f'The folder "{existing}" cannot be written; choose another --out.'
        raise PublishError(msg)
    return folder


def check_names(folder: Path, names: Iterable[str], *, windows: bool = sys.platform == "win32") -> None:
    """Refuse a name that some system does not take, and a path that this one does not: before anything is written.

    Parameters
    ----------
    folder : Path
        Where the files are written first: no other path of them is longer.
    names : iterable of str
        Relative to the folder, with ``/`` between a sub-folder and a file.
    windows : bool
        Whether the limit of Windows on whole paths holds.

    Raises
    ------
    PublishError
        With the name and the rule.

    Notes
    -----
    Names are checked by the rules of all systems, since a folder of pages is copied from one to another: see
    "Naming Files, Paths, and Namespaces" in the documentation of Windows.
    """
    longest, unit = (_WINDOWS_PATH, "characters") if windows else (_PATH_BYTES, "bytes")
    for name in names:
        for part in name.split("/"):
            fault = _name_fault(part)
            if fault:
                msg = f'The file name "{part}" {fault}; give the operation or measure it is made from another name.'
                raise PublishError(msg)
        path = str(folder.absolute() / name)
        size = len(path) if windows else len(os.fsencode(path))
        if size > longest:
            msg = (
                f'The path "{path}" has {size:,} {unit}, and this system takes {longest:,}; choose an --out that is '
                f"{size - longest:,} {unit} shorter."
            )
            raise PublishError(msg)


def _name_fault(name: str) -> str:
    """Return what is wrong with the name of a file, or an empty text."""
    size = len(name.encode("utf-8", errors="replace"))
    if name in {"", ".", ".."}:
        return "is not one of a file"
    if size > _NAME_BYTES:
        return f"has {size:,} bytes, and at most {_NAME_BYTES} are possible"
    if _RESERVED.fullmatch(name):
        return "is reserved by Windows"
    if name.endswith((".", " ")):
        return "ends with a full stop or a space, which Windows drops"
    if _FORBIDDEN.search(name):
        return "has a sign that file names cannot have on every system"
    return ""


def exchange_folders(one: Path, other: Path) -> None:
    """Exchange two folders in one step, so that each path leads to one of them at every instant.

    Raises
    ------
    OSError
        With ENOSYS where the system has no such step, which is everywhere but on Linux; with EINVAL where the file system
        has none.

    Notes
    -----
    ``renameat2`` with ``RENAME_EXCHANGE``; see rename(2) in the Linux manual.
    """
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if sys.platform == "linux" else None
    if rename is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), str(one), None, str(other))
    if rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(one), None, str(other))


def entries_of(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Yield everything below a folder as a relative path, and whether it is a folder; a link is never followed.

    A folder comes before what it holds.
    """
    for root, folders, files in os.walk(folder):
        here = Path(root).relative_to(folder)
        linked = [name for name in folders if (Path(root) / name).is_symlink()]
        yield from ((here / name, False) for name in (*files, *linked))
        yield from ((here / name, True) for name in folders if name not in linked)


def remove_tree(path: Path) -> None:
    """Remove a folder and all in it; nothing happens if it is not there, and what cannot be removed is left."""
    if path.is_symlink():
        path.unlink()
    shutil.rmtree(path, ignore_errors=True)


def identity(path: Path) -> tuple[int, int]:
    """Return what a file or folder keeps when it is renamed: its device and number; zeros if there is none."""
    with suppress(OSError):
        found = path.lstat()
        if not stat.S_ISLNK(found.st_mode):
            return found.st_dev, found.st_ino
    return 0, 0


@contextmanager
def as_sentences(folder: Path) -> Iterator[None]:
    """Turn what the system refuses inside the block into a PublishError of one sentence.

    Parameters
    ----------
    folder : Path
        As the user named it.
    """
    try:
        yield
    except OSError as error:
        raise PublishError(refusal(error, folder)) from error


def refusal(error: OSError, folder: Path) -> str:
    """Return in one sentence what cannot be written, why, and what to do."""
    if error.errno in _NO_SPACE:
        return f'The folder "{folder}" has no space left ({reason(error)}); free some, or choose another --out.'
    if error.errno == errno.EFBIG:
        return f'The folder "{folder}" takes no larger file ({reason(error)}); choose another --out.'
    if error.errno in _TOO_MANY:
        return f'This program may open no more files ({reason(error)}) to write into "{folder}"; raise that limit.'
    path = error.filename or folder
    return f'"{path}" cannot be written ({reason(error)}); close it if it is open elsewhere, or choose another --out.'


def reason(error: BaseException) -> str:
    """Return why the system refused something."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
