"""Reading files: every row accounted for, every refusal one sentence, and a refused file changes nothing."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from geoharm.engines.duckdb import open_engine
from geoharm.errors import DatabaseError, DataError, QualityError, StudyError
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import format_text, read_format
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.model.period import Period
from tests.conftest import lonlat

HEADER = "id,date,longitude,latitude,category\n"
LON, LAT = lonlat(0, 0)


def good(number: int) -> str:
    return f"{number},2020-01-{number % 28 + 1:02d},{LON:.5f},{LAT:.5f},find\n"


def read(folder: Path, area, span, files: dict[str, bytes | str], input_format="points-csv"):
    """Write files, read them all, and return the ledger."""
    inbox = folder / "inbox"
    inbox.mkdir(exist_ok=True)
    for name, content in files.items():
        (inbox / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    paths = find_input_files(sorted(files), inbox, members=())
    with open_engine(folder / "t.duckdb", inputs=inbox) as store:
        ledger = ingest_events(
            store, "s", input_format=read_format(input_format, folder), files=paths, area=area, period=span
        )
        return ledger, dump(store)


def dump(store) -> dict[str, list]:
    shown = {name for (name,) in store.rows("SELECT view_name FROM duckdb_views() WHERE NOT internal")}
    tables = ("ledger", "reject", "duplicate", "event", "default_geocode")
    return {table: store.rows(f"FROM main.{table} ORDER BY ALL") if table in shown else [] for table in tables}


def rejects(tables) -> list[tuple[int, str, str]]:
    return [(line, column, reason) for _, _, line, column, reason, _ in tables["reject"]]


# -- files that are refused whole ------------------------------------------------------------------------------------


# The corpus of traps holds the sentences (test_traps.py); these stop at every stage of reading.
REFUSED = {
    "before the header": ("", "is empty"),
    "at the header": ("a,b,c\n1,2,3\n", "does not have the columns"),
    "while staging": (HEADER + good(1) + f'2,2020-01-01,{LON},{LAT},"open\n' + good(3), "a quote opens here"),
    "once parsed": (HEADER + "".join(f"{n},2020-01-01,{LAT},{LON},find\n" for n in range(20)), "are swapped"),
    "once kept": (HEADER + "".join(f"{n},find,{LON},{LAT},2020-01-01\n" for n in range(20)), '"date" is not a date'),
}


@pytest.mark.parametrize("case", REFUSED, ids=list(REFUSED))
def test_a_file_that_would_mislead_is_refused_and_changes_nothing(case, tmp_path, area, span):
    content, why = REFUSED[case]
    _, before = read(tmp_path, area, span, {"good.csv": HEADER + good(1) + good(2)})
    with pytest.raises(DataError) as caught:
        read(tmp_path, area, span, {"good.csv": HEADER + good(1) + good(2), "z-bad.csv": content})
    message = str(caught.value)
    assert why in message
    assert "z-bad.csv" in message
    assert "\n" not in message
    with open_engine(tmp_path / "t.duckdb", inputs=tmp_path) as store:
        assert dump(store) == before


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r'No file matches "needles\*.csv"'):
        find_input_files(["needles*.csv"], tmp_path, members=())


def test_byte_order_mark_and_windows_line_ends_are_read(tmp_path, area, span):
    content = b"\xef\xbb\xbf" + (HEADER + good(1) + good(2)).replace("\n", "\r\n").encode()
    ledger, _ = read(tmp_path, area, span, {"a.csv": content})
    assert (ledger.total("read"), ledger.total("kept")) == (2, 2)


def test_columns_in_another_order_are_found_by_name(tmp_path, area, span):
    content = f"category,extra,latitude,longitude,date,id\nfind,secret,{LAT},{LON},2020-01-05,1\n"
    ledger, tables = read(tmp_path, area, span, {"a.csv": content})
    assert ledger.total("inside") == 1
    assert "secret" not in json.dumps(tables, default=str)


# -- duplicates, order, repetition ------------------------------------------------------------------------------------


def test_an_event_in_two_files_is_counted_once(tmp_path, area, span):
    ledger, tables = read(
        tmp_path, area, span, {"b.csv": HEADER + good(1) + good(2), "a.csv": HEADER + good(2) + good(3)}
    )
    assert (ledger.total("read"), ledger.total("kept"), ledger.total("duplicate")) == (4, 3, 1)
    assert [(row[1], row[2], row[3], row[4]) for row in tables["duplicate"]] == [("b.csv", 3, "a.csv", 2)]


def test_the_same_event_written_differently_is_counted_once(tmp_path, area, span):
    files = {
        "a.csv": HEADER + f"1,2020-01-02,{LON:.4f},{LAT:.4f},find\n",
        "b.csv": HEADER + f"1,2020-1-2,{LON:.4f}00,{LAT:.4f}0,find\n",
    }
    ledger, _ = read(tmp_path, area, span, files)
    assert (ledger.total("kept"), ledger.total("duplicate")) == (1, 1)


def test_a_quoted_note_over_two_lines_is_only_a_note(tmp_path, area, span):
    note = f'7,2020-01-01,{LON},{LAT},"near the park,\nglass, foil, pipes, and more, of it"\n'
    ledger, _ = read(tmp_path, area, span, {"a.csv": HEADER + note + good(1)})
    assert ledger.total("kept") == 2


@pytest.mark.parametrize("spoil", ["", "\n"])
def test_both_ways_of_reading_agree_on_odd_rows(tmp_path, area, span, spoil):
    """A delimiter too many at the end, and a very long cell: with and without a blank line that calls for care."""
    body = good(1)[:-1] + ",\n" + good(2)[:-5] + "x" * 200_000 + "\n" + spoil + good(3)
    ledger, _ = read(tmp_path, area, span, {"a.csv": HEADER + body})
    assert (ledger.total("kept"), ledger.total("rejected")) == (3, 0)


@pytest.mark.parametrize("spoil", ["", "\n"])
def test_space_around_a_text_is_no_part_of_it(tmp_path, area, span, spoil):
    """Spaces, tabs and hard spaces, before, after, both; with and without a blank line that calls for care."""
    around = ["", " ", "\t", "\u00a0", " \t\u00a0 "]
    rows = [f"{n},{a}2020-01-02{b},{a}{LON}{b},{a}{LAT}{b},{a}a find{b}\n" for n, (a, b) in enumerate(itertools.product(around, around))]  # fmt: skip
    ledger, tables = read(tmp_path, area, span, {"a.csv": HEADER + "".join(rows) + spoil + good(99)})
    assert (ledger.total("kept"), ledger.total("inside")) == (26, 26)
    assert {row[6] for row in tables["event"]} == {"a find", "find"}
    assert len({row[4:6] for row in tables["event"]}) <= 2


def test_lines_are_exact_in_a_file_that_several_threads_read(tmp_path, area, span):
    """Forty megabytes, more than the reader takes at once; a bad date in every 997th line."""
    filler = "x" * 150
    body = [f"{n},{'bad' if n % 997 == 0 else '2020-01-02'},{LON},{LAT},{filler}\n" for n in range(200_000)]
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.csv").write_text(HEADER + "".join(body))
    with open_engine(tmp_path / "t.duckdb", inputs=inbox) as store:
        ledger = ingest_events(store, "s", input_format=read_format("points-csv", tmp_path), files=find_input_files(["a.csv"], inbox, members=()), area=area, period=span)  # fmt: skip
        lines, rejected = (store.scratch.execute(f"SELECT line FROM main.{table} ORDER BY line").fetchnumpy()["line"] for table in ("event", "reject"))  # fmt: skip
    every = np.arange(200_000) + 2
    bad = np.arange(200_000) % 997 == 0
    assert_array_equal(rejected, every[bad])
    assert_array_equal(lines, every[~bad])
    row = ledger.files[0]
    assert (row.read, row.kept, row.rejected, row.duplicate) == (200_000, (~bad).sum(), bad.sum(), 0)


def test_a_format_without_its_id_column_is_refused(tmp_path, area, span):
    with pytest.raises(DataError, match='"id" missing'):
        read(tmp_path, area, span, {"a.csv": f"date,longitude,latitude\n2020-01-01,{LON},{LAT}\n"})


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('crs = "EPSG:4326"', 'crs = "EPSG:99999"', "is not known"),
        ('quality = "exact"', 'quality = "exact"\ntypical_error_m = -5', "must be a number of 0 or more"),
        ('quality = "exact"', 'quality = "banana"', "is not allowed; known are"),
        ('"%Y-%m-%d"', '"YYYY-MM-DD"', "names no part of a date"),
        ('category = "category"', 'category = "Patient Name"', "personal data"),
        ("[duplicates]", '[csv]\nencoding = "utf-99"\n[duplicates]', "is not known"),
        ("[columns]", "[column]", 'did you mean "columns"'),
    ],
)
def test_a_format_with_a_mistake_is_refused(tmp_path, root, old, new, why):
    text = (root / "geoharm" / "ingest" / "formats" / "points-csv.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "own.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(StudyError, match=why):
        read_format("own.toml", tmp_path)


def test_a_format_in_another_encoding_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "own.toml").write_bytes('[format]\ntitle = "Café"\n'.encode("cp1252"))
    with pytest.raises(StudyError, match=r'own\.toml", line \d+: .* is not UTF-8 text; save the file again'):
        read_format("own.toml", tmp_path)


def test_rows_without_an_id_are_never_duplicates(tmp_path, area, span):
    row = f",2020-01-05,{LON},{LAT},asb\n"
    ledger, _ = read(tmp_path, area, span, {"a.csv": HEADER + row * 3})
    assert (ledger.total("kept"), ledger.total("duplicate")) == (3, 0)


def test_the_same_file_again_changes_nothing_and_files_in_any_order_give_the_same(tmp_path, area, span):
    files = {"b.csv": HEADER + good(1) + good(2), "a.csv": HEADER + good(2) + good(3)}
    _, once = read(tmp_path, area, span, files)
    _, again = read(tmp_path, area, span, files)
    assert once == again
    other = tmp_path / "other"
    other.mkdir()
    read(other, area, span, {"b.csv": files["b.csv"]})
    _, turned = read(other, area, span, files)
    assert turned == once


def test_a_reissued_file_replaces_its_rows(tmp_path, area, span):
    read(tmp_path, area, span, {"a.csv": HEADER + good(1) + good(2)})
    ledger, tables = read(tmp_path, area, span, {"a.csv": HEADER + good(2) + good(3) + good(4)})
    assert ledger.total("kept") == 3
    assert len(tables["event"]) == 3


def test_a_file_no_longer_listed_is_forgotten(tmp_path, area, span):
    read(tmp_path, area, span, {"a.csv": HEADER + good(1), "b.csv": HEADER + good(2)})
    ledger, tables = read(tmp_path, area, span, {"a.csv": HEADER + good(1)})
    assert [row.file for row in ledger.files] == ["a.csv"]
    assert len(tables["event"]) == 1


def test_a_change_of_the_study_period_reads_the_file_again(tmp_path, area, span):
    read(tmp_path, area, span, {"a.csv": HEADER + good(1) + good(20)})
    ledger, _ = read(tmp_path, area, Period(span.start.replace(year=2020), span.start.replace(year=2020, day=10)), {"a.csv": HEADER + good(1) + good(20)})  # fmt: skip
    assert (ledger.total("kept"), ledger.total("rejected")) == (1, 1)


cell = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(cell, min_size=1, max_size=7), min_size=1, max_size=12), st.booleans())
def test_the_ledger_balances_for_any_text(tmp_path_factory, area, span, rows, quoted):
    """Whatever stands in a file: it is refused in one sentence, or every row is kept, rejected or a duplicate."""
    folder = tmp_path_factory.mktemp("any")

    def write(value: str) -> str:
        return '"' + value.replace('"', '""') + '"' if quoted else value

    content = HEADER + "".join(good(n) for n in range(15)) + "".join(",".join(map(write, row)) + "\n" for row in rows)
    try:
        ledger, tables = read(folder, area, span, {"a.csv": content})
    except DataError as error:
        told = str(error)
    else:
        told = ""
    assert "\n" not in told
    if told:
        return
    row = ledger.files[0]
    assert row.read == row.kept + row.rejected + row.duplicate
    assert row.kept >= 15
    lines = [line for _, _, line, *_ in tables["event"]] + [line for line, _, _ in rejects(tables)]
    assert len(lines) == len(set(lines))


# -- GeoJSON -----------------------------------------------------------------------------------------------------------


def feature(geometry, **properties):
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def test_geojson_points_and_what_is_none(tmp_path, area, span):
    place = {"type": "Point", "coordinates": [LON, LAT]}
    features = [
        feature(place, open_dt="2020/1/5 9:24", location_street_name="A St", name="Jane Doe"),
        feature(None, open_dt="2020/1/5 9:24"),
        feature({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, open_dt="2020/1/5 9:24"),
        feature(place, open_dt="yesterday"),
        {"type": "Elephant"},
    ]
    content = json.dumps({"type": "FeatureCollection", "features": [*features, *[features[0]] * 5]})
    # The extracts of Boston, laid where the study area is.
    text = format_text("boston-311-needles", tmp_path)
    (tmp_path / "own.toml").write_text("\n".join(line for line in text.splitlines() if "extent" not in line))
    ledger, tables = read(tmp_path, area, span, {"a.geojson": content}, input_format="own.toml")
    assert (ledger.total("read"), ledger.total("kept"), ledger.total("rejected")) == (10, 7, 3)
    assert (ledger.total("inside"), ledger.total("no_place")) == (6, 1)
    assert {line for line, _, _ in rejects(tables)} == {3, 4, 5}
    assert "Jane" not in json.dumps(tables, default=str)


# -- the database ------------------------------------------------------------------------------------------------------


def test_the_database_is_locked_down(tmp_path):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "in.csv").write_text("a\n1\n")
    (tmp_path / "out.csv").write_text("a\nsecret\n")
    (inbox / "link.csv").symlink_to(tmp_path / "out.csv")
    with open_engine(tmp_path / "t.duckdb", inputs=inbox) as store:

        def attempt(query, *values):
            return store.scratch.execute(query, list(values)).fetchall()

        csv = "FROM read_csv(?, columns = {'a': 'VARCHAR'}, auto_detect = false, header = true)"
        assert attempt(csv, str(inbox / "in.csv")) == [("1",)]
        for path in (tmp_path / "out.csv", inbox / ".." / "out.csv", inbox / "link.csv"):
            with pytest.raises(DatabaseError):
                attempt(csv, str(path))
        for statement in ("SET enable_external_access = true", "SET lock_configuration = false", "INSTALL spatial",
                          f"ATTACH '{tmp_path / 'x.duckdb'}'", f"COPY (SELECT 1) TO '{tmp_path / 'leak.csv'}'",
                          f"SET home_directory = '{tmp_path}'"):  # fmt: skip
            with pytest.raises(DatabaseError):
                attempt(statement)


def test_hostile_names_of_files_columns_and_sources_are_only_names(tmp_path, area, span):
    name = "o'; drop table tidy.row; --.csv"
    content = 'id,date,longitude,latitude,category,"x"") ; drop table tidy.row; --"\n' + good(1)[:-1] + ",y\n"
    ledger, tables = read(tmp_path, area, span, {name: content})
    assert ledger.files[0].file == name
    assert len(tables["event"]) == 1


def test_a_database_of_another_layout_is_refused(tmp_path):
    with open_engine(tmp_path / "t.duckdb", inputs=tmp_path) as store:
        store.scratch.execute("UPDATE store.about SET layout = 99")
    with (
        pytest.raises(DatabaseError, match="Delete it: it is rebuilt from the files"),
        open_engine(tmp_path / "t.duckdb", inputs=tmp_path),
    ):
        pass


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "t.duckdb").write_text("this is not a database, but it is long enough to be looked at" * 99)
    with pytest.raises(DatabaseError, match="choose another --db"), open_engine(tmp_path / "t.duckdb", inputs=tmp_path):
        pass


def test_gate_error_is_a_data_error():
    assert issubclass(QualityError, DataError)
