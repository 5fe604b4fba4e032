"""Times of day that most rows of a file have: days as written, without an hour."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoharm.engines.duckdb import open_engine
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import read_format
from geoharm.ingest.readers.input_files import find_input_files
from tests.ingest.test_reading import LAT, LON

FORMAT = """
[columns]
date = "date"
longitude = "longitude"
latitude = "latitude"
[date]
formats = ["%Y-%m-%d{sep}%H:%M:%S{z}"]
precision = "{precision}"
{zone}
"""
NEW_YORK = ZoneInfo("America/New_York")
START = datetime(2020, 1, 1)


def events(folder, area, span, texts, *, zone="America/New_York", precision="moment"):
    """Read date texts and return the ledger's notes and (day, hour or None) by row."""
    inbox = folder / "inbox"
    inbox.mkdir()
    (inbox / "a.csv").write_text("date,longitude,latitude\n" + "".join(f"{text},{LON},{LAT}\n" for text in texts))
    given_zone = f'zone = "{zone}"' if zone else ""
    (folder / "own.toml").write_text(
        FORMAT.format(sep="T" if zone else " ", z="Z" if zone else "", zone=given_zone, precision=precision)
    )
    with open_engine(folder / "t.duckdb", inputs=inbox) as store:
        ledger = ingest_events(
            store, "s", input_format=read_format("own.toml", folder), area=area, period=span,
            files=find_input_files(["a.csv"], inbox, members=()),
        )  # fmt: skip
        rows = store.rows("SELECT line, day, hour FROM main.event ORDER BY line")
    return {note.kind: note for note in ledger.notes}, [(day, hour) for _, day, hour in rows]


def utc(day, hour, minute=0):
    return f"{START + timedelta(days=day):%Y-%m-%d}T{hour:02d}:{minute:02d}:00Z"


def test_days_as_midnight_in_utc(tmp_path, area, span):
    texts = [utc(n % 100, 0 if n % 100 else 15) for n in range(400)]
    notes, rows = events(tmp_path, area, span, texts)
    assert [day for day, _ in rows] == [(START + timedelta(days=n % 100)).date() for n in range(400)]
    assert {hour for _, hour in rows} == {None}
    assert notes["days written as times"].rows == 396
    assert "as written" in notes["days written as times"].sentence


def test_a_day_precision_is_not_moved_either(tmp_path, area, span):
    _, rows = events(tmp_path, area, span, [utc(n, 0) for n in range(40)], precision="day")
    assert [day for day, _ in rows] == [(START + timedelta(days=n)).date() for n in range(40)]


def test_local_midnights_through_summer_time_stay_local_days(tmp_path, area, span):
    """Midnight in New York is 5:00 and 4:00 in UTC; the last months lie in summer time, so one of them is most frequent."""
    local = [datetime(2020, 1, 1, tzinfo=NEW_YORK) + timedelta(days=n) for n in range(200)]
    notes, rows = events(tmp_path, area, span, [f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for moment in local])
    assert [day for day, _ in rows] == [moment.date() for moment in local]
    assert {hour for _, hour in rows} == {None}
    assert "days written as times" not in notes
    assert notes["time not known"].rows == 200


def test_the_first_day_of_the_period_is_not_rejected(tmp_path, area, span):
    """1 January 2019, 0:00 in UTC, is the year before in New York."""
    first = datetime(span.start.year, 1, 1)
    _, rows = events(tmp_path, area, span, [f"{first + timedelta(days=n):%Y-%m-%dT%H:%M:%SZ}" for n in range(30)])
    assert rows[0][0] == first.date()
    assert len(rows) == 30


def test_local_default_clocks_other_than_midnight(tmp_path, area, span):
    texts = [f"2020-05-{n % 28 + 1:02d} " + ("23:59:00" if n % 3 else f"{n % 24:02d}:17:00") for n in range(90)]
    notes, rows = events(tmp_path, area, span, texts, zone="")
    assert notes["time not known"].rows == 60
    assert sum(hour is None for _, hour in rows) == 60
    assert "23:59" in notes["time not known"].sentence


@pytest.mark.parametrize("count", [10, 19])
def test_few_times_prove_nothing(count, tmp_path, area, span):
    notes, rows = events(tmp_path, area, span, [utc(n, 0) for n in range(count)])
    assert "days written as times" not in notes
    assert rows[0][0] == START.date() - timedelta(days=1)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    share=st.floats(0, 1), clock=st.tuples(st.sampled_from([0, 0, 5, 12, 23]), st.sampled_from([0, 0, 30])), rows=st.integers(20, 80),
    random=st.randoms(use_true_random=False),
)  # fmt: skip
def test_against_a_slow_referee(share, clock, rows, random, tmp_path_factory, area, span):
    moments = [
        START + timedelta(days=random.randrange(300), hours=clock[0], minutes=clock[1])
        if random.random() < share else START + timedelta(minutes=random.randrange(400_000))
        for _ in range(rows)
    ]  # fmt: skip
    local = [moment.replace(tzinfo=UTC).astimezone(NEW_YORK).replace(tzinfo=None) for moment in moments]
    ((utc_clock, utc_rows),) = Counter(moment.time() for moment in moments).most_common(1)
    local_clock, local_rows = Counter(moment.time() for moment in local).most_common(1)[0]
    is_midnight = utc_clock == time.min and local_clock != time.min
    as_written = utc_rows > rows / 2 and (utc_rows > local_rows or (utc_rows == local_rows and is_midnight))
    days = [
        (utc_moment if as_written and utc_moment.time() == utc_clock else moment).date()
        for utc_moment, moment in zip(moments, local, strict=True)
    ]
    texts = [f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in moments]
    _, found = events(tmp_path_factory.mktemp("c"), area, span, texts)
    assert [day for day, _ in found] == days
    if as_written:
        assert all(hour is None for (_, hour), moment in zip(found, moments, strict=True) if moment.time() == utc_clock)
