"""A time of day in a column of its own: every shape, with and without a value, and never a moved day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.engines.duckdb import open_engine
from geoharm.errors import QualityError, StudyError
from geoharm.ingest.day_times import read_time, time_sql
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import parse_format
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.ingest.time_detection import detect_time_patterns
from geoharm.model.period import Period
from tests.conftest import lonlat

SPAN = Period(date(2018, 1, 1), date(2021, 1, 1))
FORMAT = """
[columns]
date = "date"
time = "time"
longitude = "longitude"
latitude = "latitude"
[category]
constant = "find"
[date]
precision = "moment"
formats = {formats}
time_formats = {times}
{more}
"""


def read(folder, area, rows, times, formats='["%Y-%m-%d"]', more=""):
    """Read rows of a date and a time; return the ledger, and the day and the clock of each row kept."""
    inbox = folder / "inbox"
    inbox.mkdir()
    lines = [f'{day},"{clock}",{",".join(map(str, lonlat(n, n)))}\n' for n, (day, clock) in enumerate(rows)]
    (inbox / "a.csv").write_text("date,time,longitude,latitude\n" + "".join(lines))
    input_format = parse_format("own.toml", FORMAT.format(formats=formats, times=times, more=more))
    with open_engine(folder / "t.duckdb", inputs=inbox) as store:
        ledger = ingest_events(
            store, "s", input_format=input_format, files=find_input_files(["a.csv"], inbox, members=()), area=area,
            period=SPAN,
        )  # fmt: skip
        [table] = [name for name in store.names() if name.startswith("row_")]
        kept = store.rows(f"SELECT day, clock FROM {store.table(table)} AS r WHERE fault IS NULL ORDER BY line")
    return ledger, [tuple(row) for row in kept]


def test_a_time_joins_its_day_and_a_blank_one_leaves_the_day_without_an_hour(tmp_path, area):
    rows = [
        ("2019-03-01", "14:05"),
        ("2019-03-02", ""),
        ("2019-03-03", "unknown"),
        ("2019-03-04", "00:00"),
        ("2019-03-05", "23:59"),
    ]
    ledger, kept = read(tmp_path, area, rows, '["%H:%M"]')
    assert kept == [
        (date(2019, 3, 1), datetime(2019, 3, 1, 14, 5)),
        (date(2019, 3, 2), None),
        (date(2019, 3, 3), None),
        (date(2019, 3, 4), datetime(2019, 3, 4)),
        (date(2019, 3, 5), datetime(2019, 3, 5, 23, 59)),
    ]
    [note] = [note for note in ledger.notes if note.kind == "time not read"]
    assert note.text() == (
        'a.csv: 1 row, first in line 4: the time ("unknown") is not one of the format %H:%M: counted on its day, without an hour'
    )


def test_a_date_with_another_time_of_its_own_is_rejected_and_midnight_is_none(tmp_path, area):
    rows = [("2019-03-01 00:00:00", "14:05"), ("2019-03-02 14:05:40", "14:05"), ("2019-03-03 19:05:00", "14:05")]
    ledger, kept = read(tmp_path, area, rows, '["%H:%M"]', '["%Y-%m-%d %H:%M:%S"]')
    assert [day for day, _ in kept] == [date(2019, 3, 1), date(2019, 3, 2)]
    assert ledger.files[0].reasons == (('"time" is another time than the one in the date', 1, 4),)


def test_most_times_unread_stop_the_file_and_name_the_pattern(tmp_path, area):
    rows = [("2019-03-01", "2:05 PM"), ("2019-03-02", "3:05 PM"), ("2019-03-03", "14:05")]
    with pytest.raises(QualityError) as stop:
        read(tmp_path, area, rows, '["%H:%M"]')
    assert str(stop.value) == (
        '"a.csv": 2 of 3 times (first in line 2, "2:05 PM") cannot be read by %H:%M. Write %I:%M %p under date.time_formats; '
        "nothing was read."
    )


SHAPES = {
    "%H:%M": lambda at: f"{at.hour}:{at.minute:02d}",
    "%H:%M:%S": lambda at: f"{at.hour:02d}:{at.minute:02d}:{at.second:02d}",
    "%I:%M %p": lambda at: f"{at.hour % 12 or 12}:{at.minute:02d} {'p.m.' if at.hour > 11 else 'AM'}",
    "%Hh%M": lambda at: f"{at.hour}h{at.minute:02d}",
    "%H.%M Uhr": lambda at: f"{at.hour:02d}.{at.minute:02d} Uhr",
    "%H%M": lambda at: str(100 * at.hour + at.minute),
    "%H%M%S": lambda at: str(10_000 * at.hour + 100 * at.minute + at.second),
    "%H": lambda at: str(at.hour),
    "excel-serial": lambda at: repr((3600 * at.hour + 60 * at.minute + at.second) / 86_400),
    "%Y-%m-%dT%H:%M:%S": lambda at: f"1899-12-30T{at}",
}


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as opened:
        yield opened


def by_sql(connection, text, pattern):
    return connection.execute(f"SELECT {time_sql('s', pattern)} FROM (SELECT ? AS s)", [text]).fetchall()[0][0]


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(sorted(SHAPES)), st.times().map(lambda at: at.replace(microsecond=0)))
def test_every_shape_gives_the_time_that_was_written(connection, pattern, at):
    text = SHAPES[pattern](at)
    second = at.second if "%S" in pattern or pattern == "excel-serial" else 0
    meant = timedelta(hours=at.hour, minutes=0 if pattern == "%H" else at.minute, seconds=second)
    assert by_sql(connection, text, pattern) == meant
    assert read_time(text, pattern) == meant


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from(sorted(SHAPES)),
    st.text("0123456789:. ampAMPM-Th", min_size=1, max_size=9).map(str.strip).filter(bool),
)
def test_sql_and_python_agree_on_any_text(connection, pattern, text):
    assert by_sql(connection, text, pattern) == read_time(text, pattern)


@pytest.mark.parametrize("pattern", [one for one in SHAPES if one != "%H"])
def test_a_column_of_times_is_detected(pattern):
    texts = [SHAPES[pattern](time(n % 24, n * 7 % 60, n * 11 % 60)) for n in range(60)]
    assert detect_time_patterns(texts)[0] == (pattern,)


def test_hours_alone_are_asked_about():
    found, doubts = detect_time_patterns(["7", "12", "23", "0"])
    assert found == ()
    assert "hours (%H) or hours and minutes (%H%M)" in doubts[0]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('time_formats = ["%H:%M"]', "", "time_formats is missing"),
        ('time = "time"', "", "time_formats needs the column of the times, columns.time"),
        ('precision = "moment"', 'precision = "day"', 'precision must be "moment" with columns.time'),
        ('["%Y-%m-%d"]', '["%Y-%m-%d %H:%M:%S+00"]\nzone = "Europe/London"', "write trust_offset = false"),
        ('["%Y-%m-%d"]', '["%Y-%m-%d"]\nzone = "Europe/London"\nutc = true', "leave out utc"),
        ('["%H:%M"]', '["%H%M", "%H"]', "read one number as different times; keep one"),
        ('["%H:%M"]', '["%I:%M"]', "reads hours up to 12 and no AM or PM"),
        ('["%H:%M"]', '["%Y-%m-%d"]', "is no time of day"),
        ('["%H:%M"]', '["%H:%M%z"]', "is no time of day"),
    ],
)
def test_rules_that_would_move_a_day_or_an_hour_are_refused(old, new, sentence):
    text = FORMAT.format(formats='["%Y-%m-%d"]', times='["%H:%M"]', more="").replace(old, new)
    with pytest.raises(StudyError) as refused:
        parse_format("own.toml", text)
    assert sentence in str(refused.value)
