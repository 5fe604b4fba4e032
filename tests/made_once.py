"""A folder that is costly to make: made once for a whole run of the tests, also where several workers need it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

# Seconds to wait for another worker; far more than a run of the demo takes.
PATIENCE = 1200


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder that `make` has filled: the first worker makes it, the others wait for it.

    Raises
    ------
    RuntimeError
        If it failed in another worker, or took too long there.
    """
    # Workers have folders of their own beside each other; without workers, the base folder is that of this run alone.
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    done, failed = folder / "done", folder / "failed"
    try:
        folder.mkdir()
    except FileExistsError:
        _wait(done, failed)
        return folder
    try:
        make(folder)
    except BaseException:
        failed.touch()
        raise
    done.touch()
    return folder


def _wait(done: Path, failed: Path) -> None:
    give_up = time.monotonic() + PATIENCE
    while not done.exists():
        if failed.exists() or time.monotonic() > give_up:
            msg = f"{done.parent} was not made; see the first test that needed it."
            raise RuntimeError(msg)
        time.sleep(0.2)
