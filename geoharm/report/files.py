"""Write files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from geoharm.errors import PublishError


def check_folder(folder: Path) -> Path:
    """Return the folder if files can be written into it, or if it can be created; nothing is created or changed.

    Raises
    ------
    PublishError
        If the folder, or its nearest existing parent, is a file or is not writable.
    """
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        msg = f'"{existing}" is a file, not a folder; choose another --out.'
        raise PublishError(msg)
    if not os.access(existing, os.W_OK | os.X_OK):
        msg = f'The folder "{existing}" cannot be written; choose another --out.'
        raise PublishError(msg)
    return folder


def write_file(path: Path, content: str | bytes) -> Path:
    """Write a file whole: first to a temporary file in the same folder, which is then renamed.

    Raises
    ------
    PublishError
        If the file cannot be written.
    """
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
