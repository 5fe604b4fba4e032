"""Downloads that are not whole: a last row that breaks off is noted, a whole file is not, and no row is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from geoharm.ingest.detect.check import check_events, check_file
from geoharm.ingest.formats.input_format import parse_format, read_format
from geoharm.ingest.readers.downloads import PAGE_LIMITS, download_notes
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.readers.staging import StagedRows

HEADER = "id,category,date,longitude,latitude\n"
ROW = "{},find,2020-01-{:02d},-71.07310,42.33120\n"
FORMAT = parse_format(
    "own.toml",
    '[columns]\ndate = "date"\ncategory = "category"\nlongitude = "longitude"\nlatitude = "latitude"\n[date]\nformats = ["%Y-%m-%d"]\n',
)


def content(count: int) -> str:
    return HEADER + "".join(ROW.format(number, number % 28 + 1) for number in range(count))


def kinds(report) -> list[tuple[str, int]]:
    return [
        (note["kind"], note["first_line"]) for note in report["notes"] if note["kind"] in ("cut short", "full page")
    ]


def test_a_last_row_that_breaks_off_is_noted_and_counted(tmp_path):
    """Every cut of the last row. The referee: what is left of it has fewer cells than the header, or no latitude."""
    expected, rows = {}, {}
    for cut in range(len(ROW) + 3):
        # Another first id, since the same content would be the same file again.
        text = (HEADER + ROW.format(f"x{cut}", 1) + content(3).removeprefix(HEADER))[: -cut or None]
        lines = text.split("\n")
        left = lines[-1]
        is_cut = bool(left) and (left.count(",") < 4 or left.rsplit(",", 1)[1] == "")
        name = f"{cut:02d}.csv"
        expected[name], rows[name] = ([len(lines)] if is_cut else []), sum(map(bool, lines[1:]))
        (tmp_path / name).write_text(text)
    ledger = check_events([InputFile(tmp_path / name) for name in expected], FORMAT, tmp_path).ledger
    found = {name: [note.first_line for note in ledger.notes if note.file == name and note.kind == "cut short"] for name in expected}  # fmt: skip
    assert found == expected
    assert {file.file: file.read for file in ledger.files} == rows
    assert all(file.read == file.kept + file.rejected + file.duplicate for file in ledger.files)


NOT_CUT = {
    "a last line without a line end": content(3)[:-1],
    "a short row with a line end": content(3) + "9,find\n",
    "a bad date in a last line without a line end": content(3) + "9,find,sum,-71.07310,42.33120",
    "a date after the period in it": content(3) + "9,find,2999-01-01,-71.07310,42.33120",
    "carriage returns alone": content(3).replace("\n", "\r"),
}


@pytest.mark.parametrize("case", NOT_CUT)
def test_whole_files_are_not_called_cut(tmp_path, case):
    (tmp_path / "a.csv").write_bytes(NOT_CUT[case].encode())
    assert kinds(check_file(tmp_path / "a.csv", FORMAT)) == []


def test_a_broken_last_record_of_lines_is_noted(tmp_path):
    feature = {"type": "Feature", "properties": {"date": "2020-01-05", "category": "x"}, "geometry": {"type": "Point", "coordinates": [-71.1, 42.3]}}  # fmt: skip
    (tmp_path / "a.ndjson").write_text(f"{json.dumps(feature)}\n" * 3 + json.dumps(feature)[:50])
    layout = parse_format("own.toml", '[format]\ncontainer = "geojson"\n[columns]\ndate = "date"\ncategory = "category"\n[date]\nformats = ["%Y-%m-%d"]\n')  # fmt: skip
    report = check_file(tmp_path / "a.ndjson", layout)
    assert kinds(report) == [("cut short", 4)]
    assert (report["files"][0]["read"], report["files"][0]["rejected"]) == (4, 1)


@pytest.mark.parametrize("count", [1_000, 999, 1_001])
def test_a_number_of_rows_at_which_servers_stop_is_noted(tmp_path, count):
    (tmp_path / "a.csv").write_text(content(count))
    found = kinds(check_file(tmp_path / "a.csv", FORMAT))
    assert found == ([("full page", 0)] if count in PAGE_LIMITS else [])


def test_every_limit_is_noted_and_nothing_near_it():
    for limit in PAGE_LIMITS:
        counts = [count for count in range(limit - 3, limit + 4) if download_notes(StagedRows(count, (), ()), {})]
        assert counts == [limit]


def test_tables_without_events_have_the_notes_too(tmp_path):
    (tmp_path / "t.csv").write_text("area,month,count\nA,2020-01,3\nA,2020-02,4\nA,2020-0")
    assert kinds(check_file(tmp_path / "t.csv", read_format("area-table-csv", Path()))) == [("cut short", 4)]
    (tmp_path / "s.csv").write_text("name,category,address,longitude,latitude\nA,x,y,-71,42\nB,x,y,-71,42\nC,x")
    report = check_file(tmp_path / "s.csv", read_format("sites-csv", Path()))
    assert kinds(report) == [("cut short", 4)]
    assert report["notes"][0]["sentence"].startswith("s.csv: the last row breaks off without a line end")
