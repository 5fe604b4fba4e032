"""Dates that two formats would read differently stop the file; zones give the local civil day; the ledger counts formats."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.dates.patterns import fixed_offset
from geoharm.engines.duckdb import open_engine
from geoharm.errors import DesignError, QualityError, StudyError
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import format_text, read_format
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.ingest.timezones import skipped_and_repeated_times, wall_clock_sql
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.measure import Harm, Measure
from geoharm.model.period import Period, Window
from geoharm.queries.counts import zone_counts
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
    text = text.replace('precision = "day"\n', "") if "precision" in more else text
    (folder / "own.toml").write_text(text.replace(old, f"formats = {formats}\n{more}".rstrip()))
    with open_engine(folder / "t.duckdb", inputs=inbox) as store:
        ledger = ingest_events(
            store, "s", input_format=read_format("own.toml", folder), files=find_input_files(["a.csv"], inbox, members=()),
            area=area, period=SPAN,
        )  # fmt: skip
        days = [row[0] for row in store.scratch.execute("SELECT day FROM main.event ORDER BY line").fetchall()]
    return ledger, days


def days_of(count, start="2019-01-01"):
    return [np.datetime64(start) + n for n in range(count)]


def american(days):
    return [day.item().strftime("%m/%d/%Y") for day in days]


def test_american_dates_read_as_british_stop(tmp_path, area):
    texts = american(days_of(100))
    with pytest.raises(QualityError) as stop:
        read(tmp_path, area, texts, '["%d/%m/%Y"]')
    assert str(stop.value) == (
        '"a.csv": 54 of 100 dates (first in line 14) cannot be read by %d/%m/%Y, but nearly all can be read by %m/%d/%Y. Day and '
        "month are probably swapped: write %m/%d/%Y under date.formats; nothing was read."
    )


def test_first_days_of_months_read_the_wrong_way_stop(tmp_path, area):
    texts = [f"{month:02d}/01/{year}" for year in (2018, 2019, 2020) for month in range(1, 13)] * 2
    with pytest.raises(QualityError, match="all 72 dates fall into one month and no later than its 12th day"):
        read(tmp_path, area, texts, '["%d/%m/%Y"]')


def test_dates_that_read_both_ways_are_noted(tmp_path, area):
    ledger, days = read(tmp_path, area, ["03/04/2019", "05/04/2019"], '["%d/%m/%Y"]')
    assert days == [date(2019, 4, 3), date(2019, 4, 5)]
    [note] = [note for note in ledger.notes if note.kind == "dates read two ways"]
    assert note.text() == (
        "a.csv: 2 rows, first in line 2: every date can also be read by %m/%d/%Y; the declared %d/%m/%Y was used"
    )


def test_dates_with_the_year_first_need_no_note(tmp_path, area):
    assert not read(tmp_path, area, ["2019-04-03", "2019-05-04"], '["%Y-%m-%d"]')[0].notes


def test_british_dates_need_no_note(tmp_path, area):
    texts = [day.item().strftime("%d/%m/%Y") for day in days_of(100)]
    ledger, days = read(tmp_path, area, texts, '["%d/%m/%Y"]')
    assert days == [day.item() for day in days_of(100)]
    assert not ledger.notes


def test_two_formats_that_read_one_text_differently_stop(tmp_path, area):
    with pytest.raises(QualityError) as stop:
        read(tmp_path, area, ["25/12/2019", "03/04/2019"], '["%d/%m/%Y", "%m/%d/%Y"]')
    assert str(stop.value) == (
        '"a.csv", line 3: the date "03/04/2019" reads as 2019-04-03 by %d/%m/%Y and as 2019-03-04 by %m/%d/%Y. Keep one '
        "of the two under date.formats; nothing was read."
    )


def test_several_formats_in_one_column_are_counted(tmp_path, area):
    ledger, days = read(tmp_path, area, ["2019-01-05", "05.02.2019", "2019-01-06"], '["%Y-%m-%d", "%d.%m.%Y"]')
    assert days == [date(2019, 1, 5), date(2019, 2, 5), date(2019, 1, 6)]
    assert [note.text() for note in ledger.notes if note.kind == "several date formats"] == [
        "a.csv: 2 rows, first in line 2: the date is read by %Y-%m-%d; other dates of the file are not",
        "a.csv: 1 row, first in line 3: the date is read by %d.%m.%Y; other dates of the file are not",
    ]


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
    st.datetimes(datetime(1901, 1, 1), datetime(2099, 1, 1)),
    st.sampled_from(
        ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC", "Africa/Casablanca"]
    ),
)
def test_the_local_clock_is_that_of_the_zone(moment, zone):
    moment = moment.replace(microsecond=0)
    found = duckdb.sql(
        f"SELECT {wall_clock_sql('moment', zone)} FROM (SELECT TIMESTAMP '{moment}' AS moment)"
    ).fetchall()[0][0]
    assert found == moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@settings(deadline=None)
@given(
    st.datetimes(datetime(1925, 1, 1), datetime(2099, 1, 1)),
    st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Beirut"]),
    st.integers(0, 300),
)
def test_skipped_and_repeated_times_are_those_of_the_zone(moment, zone, pick):
    """A time that was skipped does not come back from UTC; one that came twice stands for two moments."""
    skipped, repeated = skipped_and_repeated_times(zone)
    near = (skipped + repeated)[pick % len(skipped + repeated)][0]
    clock = ZoneInfo(zone)
    for time in (moment.replace(microsecond=0), near, near + timedelta(minutes=29), near - timedelta(seconds=1)):
        first, second = (time.replace(tzinfo=clock, fold=fold) for fold in (0, 1))
        gone = any(a <= time < b for a, b in skipped)
        twice = any(a <= time < b for a, b in repeated)
        assert gone == (first.astimezone(UTC).astimezone(clock).replace(tzinfo=None) != time)
        assert twice == (first.astimezone(UTC) != second.astimezone(UTC) and not gone)


def test_times_without_an_offset_are_utc_where_the_format_says_so(tmp_path, area):
    more = 'zone = "America/New_York"\nutc = true'
    assert read(tmp_path, area, ["2019-08-01 03:00"], '["%Y-%m-%d %H:%M"]', more)[1] == [date(2019, 7, 31)]


def test_an_offset_that_is_not_trusted_is_only_text(tmp_path, area):
    more = 'zone = "America/New_York"\ntrust_offset = false'
    assert read(tmp_path, area, ["2019-08-01 03:00+00"], '["%Y-%m-%d %H:%M+00"]', more)[1] == [date(2019, 8, 1)]


@pytest.mark.parametrize(
    ("pattern", "seconds"),
    [
        ("%H:%MZ", 0), ("%H:%M UTC", 0), ("%H:%M-0330", -12_600), ("%H:%M+05:45", 20_700), ("%H:%M", None),
        ("%Y-%m-%d", None), ("%d-%m-19", None),
    ],
)  # fmt: skip
def test_a_written_offset_is_read(pattern, seconds):
    assert fixed_offset(pattern) == seconds


def test_a_written_offset_other_than_utc_is_taken_off(tmp_path, area):
    found = read(tmp_path, area, ["2019-08-01 03:00+05:30"], '["%Y-%m-%d %H:%M+05:30"]', 'zone = "UTC"')
    assert found[1] == [date(2019, 7, 31)]


YEARLY = 'precision = "year"'


def test_a_source_dated_by_year_covers_whole_years(tmp_path, area):
    ledger, days = read(tmp_path, area, ["2018"] * 9 + ["2020"] * 12, '["%Y"]', YEARLY)
    assert days == [date(2018, 1, 1)] * 9 + [date(2020, 1, 1)] * 12
    assert ledger.coverage == SPAN
    assert ledger.missing_months == tuple(date(2019, month, 1) for month in range(1, 13))
    assert (ledger.precision, ledger.by_month) == ("year", True)
    assert not [note for note in ledger.notes if note.kind in ("step", "gap", "half-empty month")]


def test_years_are_counted_whole_or_not_at_all(tmp_path, area):
    texts = ["2018", "2019", "2019", "2020"]
    read(tmp_path, area, texts, '["%Y"]', YEARLY)
    zone = Zone("target", ZoneRole.TARGET, area.boundary)
    measure = Measure("finds", "s", (), "requests", "public", Harm("community", "environment"))
    with open_engine(tmp_path / "t.duckdb", inputs=tmp_path) as store:
        counts = zone_counts(store, measure, [zone])
    assert counts.total("target", Window("w", (Period(date(2018, 1, 1), date(2020, 1, 1)),))) == 3
    assert counts.monthly("target") == {date(2018, 1, 1): 1, date(2019, 1, 1): 2, date(2020, 1, 1): 1}
    with pytest.raises(DesignError) as stop:
        counts.total("target", Window("0-3 months", (Period(date(2019, 1, 1), date(2019, 4, 1)),)))
    assert str(stop.value) == (
        '"finds" is dated by year; the window "0-3 months" (2019-01-01 to 2019-03-31) cuts a year. Let it start and end on '
        "the first of a year."
    )


@pytest.mark.parametrize(
    ("formats", "more", "sentence"),
    [
        ('["%Y-%m-%d %H:%M:%S%z"]', "", "name the place's time zone under date.zone"),
        ('["epoch-ms"]', "", "name the place's time zone under date.zone"),
        ('["%Y-%m-%dT%H:%M:%SZ"]', "", "or write trust_offset = false if times are local in spite of it"),
        ('["%Y-%m-%d %H:%M:%S%z"]', "trust_offset = false", "reads a UTC offset, but trust_offset is false"),
        ('["%Y-%m-%d %H:%M %Z"]', 'zone = "Europe/London"', "reads the letters of a time zone, which are ambiguous"),
        ('["%Y-%m-%d"]', "utc = true", "[date]: utc is true; name the place's time zone"),
        ('["%Y-%m-%d"]', 'order_checked = "yes"', "must be true or false"),
        ('["%Y-%m"]', "", 'which names no day; write precision = "month"'),
        ('["%Y-%m-%d"]', 'zone = "Europe/Lundon"', 'is not a time zone; did you mean "Europe/London"?'),
    ],
)
def test_a_zone_that_is_missing_or_unknown_is_refused(tmp_path, area, formats, more, sentence):
    with pytest.raises(StudyError) as stop:
        read(tmp_path, area, [], formats, more)
    assert sentence in str(stop.value)
