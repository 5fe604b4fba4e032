"""Hours and weekdays: every event once, spans by the minute, times that stand for none left out."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoharm.engines.duckdb import open_engine
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import read_format
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.model.measure import Harm, Measure
from geoharm.model.period import Period, Window
from geoharm.queries.time_of_week import _hour_shares, hour_of_week_counts
from tests.conftest import lonlat

FORMAT = """
[format]
container = "csv"
[columns]
date = "from"
end = "to"
longitude = "lon"
latitude = "lat"
[date]
formats = ["%Y-%m-%d %H:%M", "%Y-%m-%d"]
precision = "PRECISION"
"""
MEASURE = Measure("finds", "s", (), "requests", "public", Harm("community", "environment"))
LON, LAT = lonlat(0, 0)


def rhythm(folder, area, span, spans, precision="moment", window=None):
    """Read rows of (from, to) and return the hours of the week, and the ledger."""
    inbox = folder / "inbox"
    inbox.mkdir(exist_ok=True)
    (inbox / "a.csv").write_text("from,to,lon,lat\n" + "".join(f"{a},{b},{LON},{LAT}\n" for a, b in spans))
    (folder / "own.toml").write_text(FORMAT.replace("PRECISION", precision))
    with open_engine(folder / "t.duckdb", inputs=inbox) as store:
        files = find_input_files(["a.csv"], inbox, members=())
        input_format = read_format("own.toml", folder)
        ledger = ingest_events(store, "s", input_format=input_format, files=files, area=area, period=span)
        return hour_of_week_counts(store, MEASURE, window or Window("all", (span,))), ledger


def by_minutes(start: datetime, minutes: int) -> np.ndarray:
    """The slow way: every minute of a span has its part."""
    week = np.zeros((7, 24))
    for minute in range(minutes):
        moment = start + timedelta(minutes=minute)
        week[moment.weekday(), moment.hour] += 1 / minutes
    return week


def text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


moments = st.datetimes(datetime(2019, 1, 2), datetime(2022, 10, 1)).map(
    lambda one: one.replace(second=0, microsecond=0)
)


@given(moments, st.integers(1, 31 * 1440))
@settings(max_examples=60, deadline=None)
def test_the_shares_of_a_span_are_those_of_its_minutes(start, minutes):
    zero = datetime(1970, 1, 1)
    a = (start - zero).total_seconds()
    found = _hour_shares(np.array([a]), np.array([a + minutes * 60.0]))
    assert found.reshape(7, 24) == pytest.approx(by_minutes(start, minutes), abs=1e-9)
    assert found.sum() == pytest.approx(1)


@given(st.lists(st.tuples(moments, st.integers(0, 3000)), min_size=1, max_size=12))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_event_counts_once(tmp_path_factory, area, span, events):
    # Times that all are midnight or noon stand for none; a minute more makes them times.
    events = [
        (start + timedelta(minutes=1), minutes) for start, minutes in events if (start.hour, start.minute) != (23, 59)
    ]
    if not events:
        return
    spans = [(text(start), text(start + timedelta(minutes=minutes))) for start, minutes in events]
    found, _ = rhythm(tmp_path_factory.mktemp("r"), area, span, spans)
    slow = sum(by_minutes(start, max(minutes, 1)) for start, minutes in events)
    assert found == pytest.approx(slow, abs=1e-9)
    assert found.sum() == pytest.approx(len(events))


def test_a_monday_morning_and_a_sunday_night(tmp_path, area, span):
    found, _ = rhythm(tmp_path, area, span, [("2020-06-01 09:15", ""), ("2020-06-07 23:30", "2020-06-08 00:30")])
    assert (found[0, 9], found[6, 23], found[0, 0]) == (1, 0.5, 0.5)


def test_only_the_days_of_the_window_count(tmp_path, area, span):
    june = Window("june", (Period(date(2020, 6, 1), date(2020, 7, 1)),))
    found, _ = rhythm(tmp_path, area, span, [("2020-06-30 09:15", ""), ("2020-07-01 09:15", "")], window=june)
    assert found.sum() == 1


@pytest.mark.parametrize("precision", ["day", "moment"])
def test_hours_that_no_source_knows_are_undefined_and_not_zero(tmp_path, area, span, precision):
    days = [("2020-06-01", ""), ("2020-06-02", "")]
    assert np.isnan(rhythm(tmp_path, area, span, days, precision)[0]).all()


def test_a_span_of_which_one_end_is_a_day_has_no_hour(tmp_path, area, span):
    found, _ = rhythm(tmp_path, area, span, [("2020-06-01 09:15", "2020-06-02"), ("2020-06-01 10:15", "")])
    assert (found.sum(), found[0, 10]) == (1, 1)


def spike(hour: int, many: int, neighbours: int):
    """Return times with many at one full hour, and 100 at other minutes, so that it is not the time of most rows."""
    start = datetime(2020, 6, 1)
    times = [start + timedelta(days=n % 28, hours=hour) for n in range(many)]
    times += [start + timedelta(days=n % 28, hours=(hour + step) % 24) for n in range(neighbours) for step in (-1, 1)]
    times += [start + timedelta(days=n % 28, hours=hour, minutes=20) for n in range(5)]
    times += [start + timedelta(days=n % 28, hours=16, minutes=n % 59 + 1) for n in range(100)]
    return [(text(time), "") for time in times]


@pytest.mark.parametrize("hour", [0, 12])
def test_a_spike_at_midnight_or_noon_is_a_time_not_known(tmp_path, area, span, hour):
    found, ledger = rhythm(tmp_path, area, span, spike(hour, 40, 10))
    [note] = [note for note in ledger.notes if note.kind == "time not known"]
    assert note.text() == f"40 rows: the time is exactly {hour:02d}:00, which stands for a time that is not known"
    assert found.sum() == 125
    assert found[:, hour].sum() == 5


@pytest.mark.parametrize(("hour", "many", "ordinary"), [(0, 29, 5), (0, 40, 14), (9, 90, 1)])
def test_ordinary_times_stay(tmp_path, area, span, hour, many, ordinary):
    """Few rows, a busy hour among busy hours, or a spike at an hour of work."""
    found, ledger = rhythm(tmp_path, area, span, spike(hour, many, ordinary))
    assert found.sum() == many + 2 * ordinary + 105
    assert "time not known" not in {note.kind for note in ledger.notes}
