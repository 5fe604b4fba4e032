"""Every trap of the corpus has its exit code and its sentence, and the page of traps is what the program says."""

from __future__ import annotations

import pytest

from geoharm.engines.duckdb import open_engine
from geoharm.errors import DataError
from geoharm.ingest import partitions
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import read_format
from geoharm.ingest.readers import read as readers_read
from geoharm.ingest.readers.input_files import InputFile
from tests.ingest.traps import PAGE, TRAPS, page, rows, spring_all

CASES = {name: trap for cases in TRAPS.values() for name, trap in cases.items()}


@pytest.fixture(scope="module")
def sprung(tmp_path_factory):
    return spring_all(tmp_path_factory.mktemp("traps") / "t.duckdb")


@pytest.fixture(scope="module")
def outcomes(sprung):
    return sprung[0]


@pytest.mark.parametrize("name", CASES)
def test_a_trap_springs_as_it_should(outcomes, name):
    trap, found = CASES[name], outcomes[name]
    assert found.code == trap.code, found.says
    for text in trap.says:
        assert text in found.says
    if trap.code:
        assert "\n" not in found.says
        assert "codec" not in found.says
        assert "Traceback" not in found.says


def test_names_are_told_apart():
    assert len(CASES) == sum(len(cases) for cases in TRAPS.values())


def test_the_page_of_traps_is_what_the_program_says(outcomes):
    """If it is not: python -m tests.ingest.traps."""
    assert PAGE.read_text(encoding="utf-8") == page(outcomes)


def test_a_huge_cell_is_refused_in_little_memory(sprung):
    """The program itself, in a process of its own: a cell of a thousand million signs."""
    assert sprung[1] < 250_000_000


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, area, span, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text(rows(3))
    read = readers_read.read_file

    def read_and_write(*given):
        staged = read(*given)
        with path.open("a") as stream:
            stream.write("4,2020-01-04,0,0,find\n")
        return staged

    monkeypatch.setattr(partitions, "read_file", read_and_write)
    input_format = read_format("points-csv", tmp_path)
    with open_engine(tmp_path / "t.duckdb", inputs=tmp_path) as store:
        with pytest.raises(DataError, match=r'The file "a.csv" changed while it was read'):
            ingest_events(store, "s", input_format=input_format, files=[InputFile(path)], area=area, period=span)
        assert not [name for name in store.names() if name.startswith("row_")]
