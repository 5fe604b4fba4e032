"""Every engine, empty or with the made sources; each test that takes one of these fixtures holds for all engines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from geoharm.engines.base import Engine
from tests.engines.made import ENGINES, answers, everything_stored, ledgers, write_files


@dataclass(frozen=True)
class Found:
    """What one engine finds in the made sources: ledgers, answers and the rows of all tables."""

    ledgers: dict[str, object]
    answers: dict[str, object]
    stored: dict[str, list[str]]
    asked: list[str]


@pytest.fixture(params=ENGINES)
def engine(request, tmp_path) -> Engine:
    """Return an empty engine, one after the other."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    with ENGINES[request.param](tmp_path, inbox) as one:
        yield one


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """Return a folder with the files of the made sources, which no test changes."""
    made = tmp_path_factory.mktemp("made")
    write_files(made)
    return made


@pytest.fixture(scope="session")
def found(folder, tmp_path_factory) -> dict[str, Found]:
    """Return what each engine finds in the made sources."""
    by_engine = {}
    for name, open_one in ENGINES.items():
        with open_one(tmp_path_factory.mktemp(name), folder / "inbox") as one:
            ledger, answer = ledgers(one, folder), answers(one, folder)
            asked = list(getattr(one, "asked", ()))
            by_engine[name] = Found(ledger, answer, everything_stored(one), asked)
    return by_engine
