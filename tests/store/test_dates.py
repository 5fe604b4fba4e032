"""Dates that two formats would read differently stop the file; zones give the local civil day; the ledger counts formats."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.errors import GateError, StudyError
from geoharm.model import Period
from geoharm.store import find_inputs, format_text, ingest_source, open_store, read_format
from geoharm.store.dates import _local_sql
from tests.conftest import lonlat

SPAN = Period(date(2018, 1, 1), date(2021, 1, 1))


def read(folder, area, dates, formats, more=""):
    """Read one row for each text of `dates`; return the ledger and the days kept."""
    inbox = folder / "inbox"
    inbox.mkdir()
    rows = "".join(f'{n},"{text}",{",".join(map(str, lonlat(n, n)))},find\n' for n, text in enumerate(dates))
    (inbox / "a.csv").write_text("id,date,longitude,latitude,category\n" + rows)
    text = format_text("points-csv", folder)
    old = next(line for line in text.splitlines() if line.startswith("formats"))
    (folder / "own.toml").write_text(text.replace(old, f"formats = {formats}\n{more}".rstrip()))
    with open_store(folder / "t.duckdb", inputs=inbox) as store:
        ledger = ingest_source(
            store, "s", layout=read_format("own.toml", folder), files=find_inputs(["a.csv"], inbox, members=()),
            area=area, period=SPAN,
        )  # fmt: skip
        days = [row[0] for row in store.connection.execute("SELECT day FROM tidy.event ORDER BY line").fetchall()]
    return ledger, days


def days_of(count, start="2019-01-01"):
    return [np.datetime64(start) + n for n in range(count)]


def american(days):
    return [day.item().strftime("%m/%d/%Y") for day in days]


def test_american_dates_read_as_british_stop(tmp_path, area):
    texts = american(days_of(100))
    with pytest.raises(GateError) as stop:
        read(tmp_path, area, texts, '["%d/%m/%Y"]')
    assert str(stop.value) == (
        '"a.csv": 54 of 100 dates (first in line 14) do not read by %d/%m/%Y, but nearly all read by %m/%d/%Y. Day and '
        "month are probably changed over: write %m/%d/%Y under date.formats; nothing was read."
    )


def test_first_days_of_months_read_the_wrong_way_stop(tmp_path, area):
    texts = [f"{month:02d}/01/{year}" for year in (2018, 2019, 2020) for month in range(1, 13)] * 2
    with pytest.raises(GateError, match="all 72 dates fall into one month and no later than its 12th day"):
        read(tmp_path, area, texts, '["%d/%m/%Y"]')


def test_dates_that_read_both_ways_are_noted(tmp_path, area):
    ledger, days = read(tmp_path, area, ["03/04/2019", "05/04/2019"], '["%d/%m/%Y"]')
    assert days == [date(2019, 4, 3), date(2019, 4, 5)]
    [note] = [note for note in ledger.notes if note.kind == "dates read two ways"]
    assert note.text() == (
        "a.csv: 2 rows, first in line 2: every date also reads by %m/%d/%Y; the declared %d/%m/%Y was taken"
    )


def test_dates_with_the_year_first_need_no_note(tmp_path, area):
    assert not read(tmp_path, area, ["2019-04-03", "2019-05-04"], '["%Y-%m-%d"]')[0].notes


def test_british_dates_need_no_note(tmp_path, area):
    texts = [day.item().strftime("%d/%m/%Y") for day in days_of(100)]
    ledger, days = read(tmp_path, area, texts, '["%d/%m/%Y"]')
    assert days == [day.item() for day in days_of(100)]
    assert not ledger.notes


def test_two_formats_that_read_one_text_differently_stop(tmp_path, area):
    with pytest.raises(GateError) as stop:
        read(tmp_path, area, ["25/12/2019", "03/04/2019"], '["%d/%m/%Y", "%m/%d/%Y"]')
    assert str(stop.value) == (
        '"a.csv", line 3: the date "03/04/2019" reads as 2019-04-03 by %d/%m/%Y and as 2019-03-04 by %m/%d/%Y. Keep one '
        "of the two under date.formats; nothing was read."
    )


def test_several_formats_in_one_column_are_counted(tmp_path, area):
    ledger, days = read(tmp_path, area, ["2019-01-05", "05.02.2019", "2019-01-06"], '["%Y-%m-%d", "%d.%m.%Y"]')
    assert days == [date(2019, 1, 5), date(2019, 2, 5), date(2019, 1, 6)]
    [note] = ledger.notes
    assert (
        note.sentence == "the dates come in 2 formats: %Y-%m-%d in 2 rows from line 2; %d.%m.%Y in 1 rows from line 3"
    )


def test_rows_before_and_after_the_period_are_told_apart(tmp_path, area):
    ledger, _ = read(
        tmp_path, area, ["2017-12-31", "2018-01-01", "2020-12-31", "2021-01-01", "2999-01-01"], '["%Y-%m-%d"]'
    )
    assert ledger.files[0].reasons == (
        ('"date" is after the study period', 2, 5), ('"date" is before the study period', 1, 2),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "pattern", "day"),
    [
        ("2019-08-01 03:00:00+00", "%Y-%m-%d %H:%M:%S%z", date(2019, 7, 31)),
        ("2019-08-01T03:00:00Z", "%Y-%m-%dT%H:%M:%SZ", date(2019, 7, 31)),
        ("2019-08-01 03:00:00-04", "%Y-%m-%d %H:%M:%S%z", date(2019, 8, 1)),
        ("1564628400000", "epoch-ms", date(2019, 7, 31)),
        ("2019-01-01T04:59:59Z", "%Y-%m-%dT%H:%M:%SZ", date(2018, 12, 31)),
        ("2019-01-01T05:00:00Z", "%Y-%m-%dT%H:%M:%SZ", date(2019, 1, 1)),
    ],
)
def test_moments_count_on_the_local_day(tmp_path, area, text, pattern, day):
    assert read(tmp_path, area, [text], f'["{pattern}"]', 'zone = "America/New_York"')[1] == [day]


@settings(deadline=None)
@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2039, 1, 1)),
    st.sampled_from(
        ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC", "Africa/Casablanca"]
    ),
)
def test_the_local_clock_is_that_of_the_zone(moment, zone):
    moment = moment.replace(microsecond=0)
    local = _local_sql(f"TIMESTAMP '{moment}'", zone)
    found = duckdb.sql(f"SELECT {local}").fetchall()[0][0]
    assert found == moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@pytest.mark.parametrize(
    ("formats", "more", "sentence"),
    [
        ('["%Y-%m-%d %H:%M:%S%z"]', "", "which gives a moment in UTC; say whose days are counted"),
        ('["epoch-ms"]', "", "which gives a moment in UTC; say whose days are counted"),
        ('["%Y-%m-%d"]', 'zone = "Europe/Lundon"', 'is no time zone; did you mean "Europe/London"?'),
    ],
)
def test_a_zone_that_is_missing_or_unknown_is_refused(tmp_path, area, formats, more, sentence):
    with pytest.raises(StudyError) as stop:
        read(tmp_path, area, [], formats, more)
    assert sentence in str(stop.value)
