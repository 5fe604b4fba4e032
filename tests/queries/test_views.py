"""The views for people: five queries of the document run, every column has a comment, and they agree with the ledger."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from geoharm.engines.duckdb import open_engine
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import read_format
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.ingest.tables import ingest_table
from geoharm.model.study import Source
from geoharm.pipeline.run import run
from geoharm.study.read import read_study
from tests.conftest import small_study
from tests.ingest.test_reading import HEADER, LAT, LON, good
from tests.made_once import made_once
from tests.queries.view_tables import BEGIN, DOCUMENT, END, view_tables


def run_small_study(folder: Path) -> Path:
    """Run the small study with a rejected, a repeated and a placeless row, and return its database."""
    path = small_study(folder)
    reports = folder / "reports.csv"
    lines = reports.read_text(encoding="utf-8").splitlines()
    lines += ["x1,2020-13-45,0,0,find", lines[5], "x2,2020-03-04,,,find"]
    reports.write_text("\n".join(lines) + "\n", encoding="utf-8")
    run(read_study(path), data=folder, out=folder / "out", database=folder / "s.duckdb")
    return folder / "s.duckdb"


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    folder = made_once(tmp_path_factory, "views", lambda folder: run_small_study(folder) and None)
    with duckdb.connect(str(folder / "s.duckdb"), read_only=True) as connection:
        yield connection, folder / "s.duckdb"


def queries() -> list[str]:
    return re.findall(r"```sql\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_the_five_queries_of_the_document_run(database):
    connection, _ = database
    answers = [connection.execute(query).fetchall() for query in queries()]
    assert len(answers) == 5
    ledger, rejects, months, zones, effects = answers
    (row,) = ledger
    assert row[2] == row[3] + row[4] + row[5]
    assert row[4:6] == (1, 1)
    assert row[7] == 1
    assert rejects == [("reports", "reports.csv", "date", "is not a date of the format %Y-%m-%d", 1, row[2] - 1)]
    assert sum(month[3] for month in months) == row[3]
    counted = connection.execute("SELECT count(*) FROM event WHERE place <> 'outside'").fetchall()[0][0]
    assert sum(zone[4] for zone in zones) == counted
    target = next(effect for effect in effects if effect[2] == "target" and effect[3] == "0-6 months")
    assert target[4:6] == (120, 40)
    # The small city has no calibrated interval, and says so.
    assert (target[8] is None) == bool(target[11])


def test_every_view_and_column_has_a_comment_and_coordinates_name_their_system(database):
    connection, _ = database
    views = connection.execute("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal").fetchall()
    assert {"event", "reject", "duplicate", "ledger", "note", "zone_count", "effect"} <= {name for name, _ in views}
    columns = connection.execute(
        "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE schema_name = 'main' AND NOT internal"
    ).fetchall()
    assert all(comment for *_, comment in [*views, *columns])
    systems = [comment for _, name, comment in columns if name in ("x", "y")]
    assert systems
    assert all("EPSG:32626" in comment for comment in systems)


def test_the_document_describes_the_views_as_they_are(database):
    _, path = database
    described = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    assert described.strip() == view_tables(path).strip()


def test_no_view_is_left_of_what_a_source_was(tmp_path, area, span):
    """A source that becomes a table, and events again: every view that is there can be asked."""
    (tmp_path / "e.csv").write_text(HEADER + "".join(map(good, range(9))), encoding="utf-8")
    (tmp_path / "s.csv").write_text(f"name,longitude,latitude\nClinic,{LON},{LAT}\n", encoding="utf-8")

    def read(kind):
        files = find_input_files(["e.csv" if kind == "event" else "s.csv"], tmp_path, members=())
        input_format = read_format("points-csv" if kind == "event" else "sites-csv", tmp_path)
        with open_engine(tmp_path / "v.duckdb", inputs=tmp_path) as engine:
            if kind == "event":
                ingest_events(engine, "s", input_format=input_format, files=files, area=area, period=span)
            else:
                source = Source("s", kind, input_format.name, ("s.csv",))
                ingest_table(engine, source, input_format=input_format, files=files, area=area, period=span)
        with duckdb.connect(str(tmp_path / "v.duckdb"), read_only=True) as connection:
            views = connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
            return {view: len(connection.execute(f"FROM {view}").fetchall()) for (view,) in views}

    for _ in range(2):
        shown = read("event")
        assert shown["event"] == 9
        assert "site" not in shown
        shown = read("site")
        assert shown["site"] == 1
        assert not {"event", "default_geocode"} & shown.keys()
