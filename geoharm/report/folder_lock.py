"""One writer a folder: a lock that the system gives back when the process ends, however it ends."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from geoharm.errors import PublishBusyError, PublishError
from geoharm.report.files import as_sentences, reason

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

# Seconds to wait for another run: it holds the lock while it makes its pages, not while it computes.
PATIENCE = 120
_PAUSE = 0.1

_TAKEN = {errno.EACCES, errno.EAGAIN, errno.EDEADLK, errno.EWOULDBLOCK}

# Digits that the number of a process may have, so that a shorter one leaves nothing of a longer.
_NUMBER = 20

# Windows keeps others from reading the locked byte, so it lies behind the text that they may read.
_LOCKED_BYTE = 64


@contextmanager
def locked(path: Path, folder: Path) -> Iterator[None]:
    """Hold the lock of a folder while the block runs.

    Parameters
    ----------
    path : Path
        The lock file, with the number of the process in it; made, and removed again. The file of a killed process is no
        lock: what counts is that a living process has it open and locked.
    folder : Path
        What is locked, for the sentence.

    Raises
    ------
    PublishBusyError
        If another process held it for two minutes.
    PublishError
        If the disk knows no locks, or the folder of the lock file belongs to another user.
    """
    with as_sentences(folder):
        handle = _wait(path, folder)
    try:
        yield
    finally:
        _give_back(handle, path)


def _wait(path: Path, folder: Path) -> int:
    """Return the open and locked lock file."""
    give_up = time.monotonic() + PATIENCE
    while (handle := _take(path, folder)) is None:
        if time.monotonic() > give_up:
            msg = f'Another run{_holder(path)} is writing into "{folder}". Wait until it ends, or choose another --out.'
            raise PublishBusyError(msg)
        time.sleep(_PAUSE)
    return handle


def _take(path: Path, folder: Path) -> int | None:
    """Return the open lock file, or None if another process holds it, or removed it just now."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_owner(path.parent, folder)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:  # Who held it removed the folder in this moment.
        return None
    is_ours = False
    try:
        if _lock(handle, path, folder) and _is_still_there(handle, path):
            os.write(handle, f"{os.getpid():<{_NUMBER}}\n".encode())
            is_ours = True
    finally:
        if not is_ours:
            os.close(handle)
    return handle if is_ours else None


def _check_owner(hidden: Path, folder: Path) -> None:
    """Refuse a hidden folder that somebody else made: they could read or exchange what is prepared there."""
    if sys.platform != "win32" and hidden.lstat().st_uid != os.geteuid():
        msg = (
            f'"{hidden}" belongs to another user, whose run is writing into "{folder}" or was stopped. Wait for it, ask them to '
            "run again, or choose another --out."
        )
        raise PublishError(msg)


def _lock(handle: int, path: Path, folder: Path) -> bool:
    try:
        if sys.platform == "win32":
            os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        path.unlink(missing_ok=True)
        msg = (
            f'The disk of the folder "{folder}" knows no locks ({reason(error)}), so a second run could write at once; '
            "choose another --out."
        )
        raise PublishError(msg) from error
    return True


def _give_back(handle: int, path: Path) -> None:
    """Remove the lock file and close it: in this order where an open file can be removed, so that nobody locks it between."""
    if sys.platform == "win32":
        os.close(handle)
        with suppress(OSError):  # Another run has opened it already.
            path.unlink()
        return
    try:
        with suppress(OSError):
            path.unlink()
    finally:
        os.close(handle)


def _is_still_there(handle: int, path: Path) -> bool:
    """Return whether the file is still the one of that name: who held it before has removed it, or is about to."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _holder(path: Path) -> str:
    with suppress(OSError, ValueError):
        return f" (process {int(path.read_text(encoding='ascii'))})"
    return ""
