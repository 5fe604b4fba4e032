"""Runs again: what is the same is not read again, what has gone is told once, and the database is as if it were new."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import shapely

from geoharm.engines.duckdb import open_engine
from geoharm.errors import DataError
from geoharm.ingest import partitions
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import read_format
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.ingest.tables import ingest_table
from geoharm.model.geometry import StudyArea
from geoharm.model.period import Period
from geoharm.model.study import Source
from geoharm.queries.stored import drop_unused, stored_source, stored_sources
from tests.conftest import lonlat
from tests.engines.stored_study import (
    FIRST,
    SECOND,
    call,
    contents,
    ingest,
    read_small_study,
    write_files,
    write_whole_study,
)

HEADER = "id,date,longitude,latitude,category\n"
LON, LAT = lonlat(0, 0)
WITHOUT_IDS = """
[format]
container = "csv"
[columns]
date = "date"
longitude = "longitude"
latitude = "latitude"
category = "category"
[date]
formats = ["%Y-%m-%d"]
[duplicates]
rule = "none"
"""


def rows(*numbers: int) -> str:
    return HEADER + "".join(f"{n},2020-01-{n % 28 + 1:02d},{LON:.5f},{LAT:.5f},find\n" for n in numbers)


class Desk:
    """A folder of files that are read into one database again and again; what was read and told is written down."""

    def __init__(self, folder: Path, area: StudyArea, period: Period, monkeypatch: pytest.MonkeyPatch) -> None:
        self.inbox, self.database = folder / "inbox", folder / "s.duckdb"
        self.area, self.period = area, period
        self.inbox.mkdir()
        (folder / "own.toml").write_text(WITHOUT_IDS, encoding="utf-8")
        self.formats = {name: read_format(name, folder) for name in ("points-csv", "own.toml", "sites-csv")}
        self.was_read: list[str] = []
        self.told: list[str] = []
        plain = partitions.read_file

        def spy(scratch, source, *given):
            self.was_read.append(source.name)
            return plain(scratch, source, *given)

        monkeypatch.setattr(partitions, "read_file", spy)

    def put(self, **files: str | None) -> None:
        """Write files by their names without the ending; None takes a file away."""
        for name, content in files.items():
            path = self.inbox / f"{name}.csv"
            path.unlink(missing_ok=True)
            if content is not None:
                path.write_text(content, encoding="utf-8", newline="\n")

    def read(self, source: str = "s", pattern: str = "*.csv", database: Path | None = None, **changed: Any):
        """Read all files that there are, and return the ledger."""
        self.was_read.clear()
        self.told.clear()
        given = {"area": self.area, "period": self.period, "input_format": self.formats["points-csv"]} | changed
        with open_engine(database or self.database, inputs=self.inbox) as engine:
            engine.verify()
            files = find_input_files([pattern], self.inbox, members=())
            if given["input_format"].kind != "site":
                return ingest_events(engine, source, files=files, on_gone=self.told.append, **given)
            sites = Source(source, "site", "sites-csv", (pattern,))
            return ingest_table(engine, sites, files=files, on_gone=self.told.append, **given)

    def stored(self, database: Path | None = None) -> tuple[Any, ...]:
        """Return the names, parts and rows of all stored tables, and the rows of every view."""
        database = database or self.database
        with open_engine(database, inputs=self.inbox) as engine:
            parts = engine.rows("SELECT name, part, rows FROM store.catalog ORDER BY ALL")
        return parts, contents(database, self.inbox)["views"]


@pytest.fixture
def desk(tmp_path, area, span, monkeypatch) -> Desk:
    return Desk(tmp_path, area, span, monkeypatch)


def kept(ledger: Any) -> dict[str, tuple[int, int]]:
    return {row.file: (row.kept, row.duplicate) for row in ledger.files}


# -- what is read ------------------------------------------------------------------------------------------------------


def test_the_same_files_are_not_read_again(desk):
    desk.put(a=rows(1, 2), b=rows(2, 3))
    first = desk.read()
    assert desk.was_read == ["a.csv", "b.csv"]
    before = desk.stored()
    assert desk.read() == first
    assert (desk.was_read, desk.told, desk.stored()) == ([], [], before)


def test_nothing_is_written_when_nothing_is_new(tmp_path):
    """All kinds of sources: the second reading sends no statement that changes the database."""
    study = read_small_study(tmp_path)
    data, database = write_files(tmp_path / "data", FIRST), tmp_path / "s.duckdb"
    ledgers = ingest(study, data, database)
    before = database.read_bytes()
    assert ingest(study, data, database) == ledgers
    assert database.read_bytes() == before


def test_a_time_of_change_alone_is_not_trusted(desk):
    """Another time and the same content: not read. The same time and size and another content: read."""
    desk.put(a=rows(1, 2), b=rows(3))
    desk.read()
    os.utime(desk.inbox / "a.csv", ns=(1, 1))
    desk.read()
    assert desk.was_read == []
    status = (desk.inbox / "b.csv").stat()
    desk.put(b=rows(4))
    os.utime(desk.inbox / "b.csv", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (desk.inbox / "b.csv").stat().st_size == status.st_size
    ledger = desk.read()
    assert desk.was_read == ["b.csv"]
    assert kept(ledger) == {"a.csv": (2, 0), "b.csv": (1, 0)}


def test_of_one_file_more_only_that_one_is_read(desk):
    desk.put(a=rows(1, 2), b=rows(3))
    desk.read()
    desk.put(c=rows(4, 5))
    assert desk.read().total("kept") == 5
    assert desk.was_read == ["c.csv"]


def test_a_renamed_file_is_neither_read_nor_missed(desk):
    desk.put(a=rows(1, 2), b=rows(2, 3))
    desk.read()
    desk.put(b=None, z=rows(2, 3))
    assert kept(desk.read()) == {"a.csv": (2, 0), "z.csv": (1, 1)}
    assert (desk.was_read, desk.told) == ([], [])
    desk.put(a=None, zz=rows(1, 2))
    # Of rows that are the same event, the first by file name is kept.
    assert kept(desk.read()) == {"z.csv": (2, 0), "zz.csv": (1, 1)}
    assert (desk.was_read, desk.told) == ([], [])


# -- what is gone ------------------------------------------------------------------------------------------------------


def test_a_file_that_is_gone_is_told_once_with_what_its_rows_were(desk):
    desk.put(a=rows(1, 2), b=rows(2, 3) + "9,someday,,,find\n")
    desk.read()
    desk.put(b=None)
    assert desk.read().total("kept") == 2
    assert desk.told == [
        '"b.csv" of "s" was read before and is not there any more: its 3 rows (1 kept, 1 rejected, 1 duplicate) are no '
        "longer counted."
    ]
    desk.read()
    assert desk.told == []
    desk.put(b=rows(2, 3))
    desk.read()
    assert (desk.was_read, desk.told) == (["b.csv"], [])


def test_of_a_copy_that_is_gone_it_is_told_too(desk):
    """The content is still there under the other name, but its rows were counted twice and are not any more."""
    desk.put(a=rows(1, 2), b=rows(1, 2), c=rows(1, 2))
    assert desk.read(input_format=desk.formats["own.toml"]).total("kept") == 6
    desk.put(b=None, c=None, d=rows(1, 2))
    assert desk.read(input_format=desk.formats["own.toml"]).total("kept") == 4
    assert [sentence.split(" of ")[0] for sentence in desk.told] == ['"c.csv"']


def test_a_file_of_services_that_is_gone_is_told(desk):
    head = "name,category,address,longitude,latitude\n"
    desk.put(a=f"{head}A,detox,,{LON},{LAT}\n", b=f"{head}B,detox,,{LON},{LAT}\nC,detox,,,\n")
    desk.read(input_format=desk.formats["sites-csv"])
    desk.put(b=None)
    desk.read(input_format=desk.formats["sites-csv"])
    assert desk.told == [
        '"b.csv" of "s" was read before and is not there any more: its 2 rows (2 kept, 0 rejected, 0 duplicate) are no '
        "longer counted."
    ]
    desk.read(input_format=desk.formats["sites-csv"])
    assert desk.told == []


def test_a_source_may_become_one_of_another_kind(desk):
    desk.put(a=rows(1, 2))
    desk.put(services=f"name,category,address,longitude,latitude\nA,detox,,{LON},{LAT}\n")
    for _ in range(2):
        assert desk.read(pattern="a.csv").total("kept") == 2
        assert desk.read(pattern="services.csv", input_format=desk.formats["sites-csv"]).total("kept") == 1
    with open_engine(desk.database, inputs=desk.inbox) as engine:
        assert stored_source(engine, "s").kind == "site"
        assert not [name for name in engine.names() if name.startswith(("row_", "place_", "tally_"))]


def test_a_refused_file_leaves_what_was_and_nothing_is_told(desk):
    desk.put(a=rows(1, 2), b=rows(3))
    desk.read()
    before = desk.stored()
    desk.put(b=None, c=rows(4), d="id\n1\n")
    with pytest.raises(DataError):
        desk.read()
    assert (desk.was_read, desk.told, desk.stored()[1]) == (["c.csv", "d.csv"], [], before[1])
    desk.put(d=None)
    desk.read()
    assert (desk.was_read, len(desk.told)) == ([], 1)


# -- the same content twice --------------------------------------------------------------------------------------------


def test_the_same_content_under_two_names(desk):
    """Rows with an id are duplicates; rows without one are counted, as those of any two files."""
    desk.put(a=rows(1, 2), b=rows(1, 2))
    for _ in range(2):
        assert kept(desk.read()) == {"a.csv": (2, 0), "b.csv": (0, 2)}
        assert kept(desk.read("other", input_format=desk.formats["own.toml"])) == {"a.csv": (2, 0), "b.csv": (2, 0)}
    shown = desk.stored()[1]
    assert len(shown['main."event"']) == 2 + 4
    assert len(shown['main."duplicate"']) == 2
    desk.put(a=None)
    assert kept(desk.read()) == {"b.csv": (2, 0)}
    assert desk.was_read == []


def test_the_same_file_in_two_sources_is_read_once(desk):
    desk.put(a=rows(1, 2), b=rows(2, 3))
    desk.read()
    assert kept(desk.read("other")) == {"a.csv": (2, 0), "b.csv": (1, 1)}
    assert desk.was_read == []
    desk.put(b=None)
    assert kept(desk.read("other")) == {"a.csv": (2, 0)}
    assert len(desk.told) == 1
    with open_engine(desk.database, inputs=desk.inbox) as engine:
        # The first source still refers to the second file.
        assert [len(source.files) for source in stored_sources(engine).values()] == [1, 2]
    assert len(desk.stored()[1]['main."event"']) == 2 + 3
    assert kept(desk.read()) == {"a.csv": (2, 0)}


# -- other rules, and no growth ----------------------------------------------------------------------------------------


def test_under_another_rule_all_is_read_and_nothing_old_stays(desk, tmp_path):
    """Another period, area or format, there and back: the database is that of one that never knew another rule."""
    desk.put(a=rows(1, 2), b=rows(2, 3))
    desk.read()
    fresh = desk.stored()
    smaller = StudyArea(shapely.box(*desk.area.boundary.centroid.buffer(1000).bounds), desk.area.crs)
    for changed in (
        {"period": Period(desk.period.start, desk.period.end.replace(year=2022))},
        {"area": smaller},
        {"input_format": desk.formats["own.toml"]},
    ):
        desk.read(**changed)
        assert desk.was_read == ["a.csv", "b.csv"]
        assert desk.told == []
        other = desk.stored()
        assert other[0] != fresh[0]
        desk.read(database=tmp_path / "new.duckdb", **changed)
        assert desk.stored(tmp_path / "new.duckdb") == other
        (tmp_path / "new.duckdb").unlink()
    desk.read()
    assert desk.stored() == fresh


def test_the_database_does_not_grow_from_run_to_run(desk, tmp_path):
    """A file that is another one every day: as many tables and parts as in a new database, and no file that grows."""
    sizes = []
    for day in range(8):
        desk.put(a=rows(*range(300)), b=rows(*range(200, 400 + day)))
        ledger = desk.read()
        sizes.append(desk.database.stat().st_size)
    assert desk.read(database=tmp_path / "new.duckdb") == ledger
    (used, shown), (new, shown_new) = desk.stored(), desk.stored(tmp_path / "new.duckdb")
    assert shown == shown_new
    assert len(used) == len(new)
    assert max(sizes[4:]) <= max(sizes[:4])


def test_what_a_broken_run_had_read_goes_with_its_file(desk):
    desk.put(a=rows(1, 2))
    desk.read()
    before = desk.stored()
    desk.put(b=rows(3), c="id\n1\n")
    with pytest.raises(DataError):
        desk.read()
    desk.put(b=None, c=None)
    desk.read()
    with open_engine(desk.database, inputs=desk.inbox) as engine:
        assert len(engine.parts(f"row_{stored_source(engine, 's').rule}")) == 2
        drop_unused(engine)
        engine.verify()
    assert desk.stored() == before


# -- the verbs ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """Return a study's folder whose database was read with two files that are gone.

    The places of the one that was read first have the lowest codes, so all others have other codes than in a new database.
    """
    folder = tmp_path_factory.mktemp("whole")
    write_whole_study(folder)
    (folder / "reports-0.csv").write_text(SECOND["reports-4.csv"], encoding="utf-8")
    (folder / "services-9.csv").write_text(SECOND["services-1.csv"], encoding="utf-8")
    code, _, said = call(folder, "ingest")
    assert (code, said) == (0, "")
    for name in ("reports-0.csv", "services-9.csv"):
        (folder / name).unlink()
    shutil.copy(folder / "s.duckdb", folder / "before.duckdb")
    return folder


GONE = [
    '"reports-0.csv" of "reports" was read before and is not there any more: its 50 rows (50 kept, 0 rejected, 0 duplicate) '
    "are no longer counted.",
    '"services-9.csv" of "services" was read before and is not there any more: its 4 rows (1 kept, 1 rejected, 2 duplicate) '
    "are no longer counted.",
]


@pytest.mark.parametrize("verb", ["ingest", "run", "prioritise"])
def test_every_verb_tells_what_is_gone_once_and_publishes_none_of_it(whole, verb):
    """On standard error, also with --quiet; the pages are those of a new database, byte by byte."""
    more = () if verb == "ingest" else ("--out", f"{verb}-1")
    shutil.copy(whole / "before.duckdb", whole / "s.duckdb")
    code, printed, said = call(whole, verb, *more)
    assert code == 0
    assert said.splitlines() == GONE
    assert "reports-0" not in printed
    assert call(whole, "ingest")[2] == ""
    if more:
        (whole / "s.duckdb").unlink()
        assert call(whole, verb, "--out", f"{verb}-2")[0] == 0
        used, new = ({p.name: p.read_bytes() for p in (whole / f"{verb}-{n}").iterdir()} for n in (1, 2))
        assert used == new
        assert not any(b"reports-0" in page for page in used.values())
