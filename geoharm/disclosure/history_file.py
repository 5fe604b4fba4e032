"""The file that keeps a folder's earlier releases: its name, and a seal that shows whether it is as it was written.

What the file says, `history` reads and writes.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from geoharm.errors import PublishError

_SEALED = re.compile(r'\{\n"sha256": "([0-9a-f]{64})",\n', re.ASCII)


def history_file_name(*, internal: bool) -> str:
    """Return the name of the history file.

    The history of internal releases remembers files only, and its name says that it is internal.
    """
    return "releases-internal.json" if internal else "releases.json"


def sealed(record: str) -> str:
    r"""Return a record with the SHA-256 of its text as its first key.

    A changed digit would be a wrong number in every later audit, and nothing else in the file shows it.

    Parameters
    ----------
    record : str
        A JSON object of one key a line.

    Examples
    --------
    >>> sealed('{\n"told": []\n}\n').splitlines()[2:]
    ['"told": []', '}']
    """
    digest = hashlib.sha256(record.encode()).hexdigest()
    return record.replace("{\n", f'{{\n"sha256": "{digest}",\n', 1)


def read_sealed(path: Path) -> dict[str, Any]:
    """Return a record as it was before it was sealed.

    Raises
    ------
    OSError, ValueError
        If it cannot be read, or is not as it was written.
    PublishError
        If it is a record without a seal, as earlier versions wrote.
    """
    # A version control system may have changed the ends of lines.
    text = path.read_bytes().decode().replace("\r\n", "\n")
    seal = _SEALED.match(text)
    record = "{\n" + text[seal.end() :] if seal else text
    content = json.loads(record)
    if seal and hashlib.sha256(record.encode()).hexdigest() == seal[1]:
        return dict(content)
    if not seal and "told" in content:
        msg = (
            f'"{path}" has no valid seal: an earlier version wrote it, or it was changed. Choose another --out, or delete '
            "the file if nobody has those pages."
        )
        raise PublishError(msg)
    raise ValueError(path)
