"""What goes in: frames, arrays, dates and areas of every kind; each bad one is refused in one sentence, nothing is changed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely

import geoharm
from geoharm.api.areas import read_area, study_area_of
from geoharm.api.days import read_days
from geoharm.api.frames import events_from_xy, read_events
from geoharm.api.source import dated_points, place_events
from geoharm.errors import DataError, DesignError, GeoharmError
from geoharm.model.geometry import StudyArea
from geoharm.simulation.location import CENTRE, CRS
from tests.api.made import AREA, OPERATION, TARGET, few, scattered


def sentence(call) -> str:
    """Return the one sentence with which a call refuses."""
    with pytest.raises(GeoharmError) as refused:
        call()
    text = str(refused.value)
    assert "\n" not in text
    assert text.endswith(".") or text.endswith("?")
    return text


# -- frames ---------------------------------------------------------------------------------------------------------


def test_longitude_and_latitude_are_projected_to_the_local_utm_zone_and_it_is_said():
    events = read_events(few().to_crs("EPSG:4326"), date="date")
    assert events.crs == "EPSG:32626"
    assert events.x == pytest.approx(CENTRE[0] + 10.0 * np.arange(6), abs=1e-3)
    assert any("EPSG:4326" in note and "EPSG:32626" in note for note in events.notes)


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:2249"])
def test_web_mercator_and_feet_are_projected_too(crs):
    """Web Mercator's metres are not metres on the ground; Massachusetts has feet."""
    boston = geopandas.GeoDataFrame(
        {"date": ["2022-01-01"]}, geometry=[shapely.Point(-71.06, 42.35)], crs="EPSG:4326"
    ).to_crs(crs)
    assert read_events(boston, date="date").crs == "EPSG:32619"


def test_metres_stay_as_they_are():
    events = read_events(few(), date="date")
    assert (events.crs, events.notes) == (CRS, ())
    assert events.x.tolist() == (CENTRE[0] + 10.0 * np.arange(6)).tolist()


def test_nothing_that_was_given_is_changed():
    frame = few()
    frame.loc[2, "date"] = None
    frame.loc[3, "geometry"] = None
    before = frame.copy(deep=True)
    events = read_events(frame, date="date")
    place_events(events, StudyArea(AREA, CRS), name="events")
    pd.testing.assert_frame_equal(frame, before)


def test_rows_without_a_place_or_a_date_are_counted_and_said():
    frame = few(6)
    frame["geometry"] = [None, shapely.Point(), shapely.Point(np.nan, np.nan), *frame.geometry[3:]]
    frame.loc[5, "date"] = None
    events = read_events(frame, date="date")
    assert np.isnan(events.x).tolist() == [True, True, True, False, False]
    assert events.undated_x.size == 1
    assert "3 of 5" in " ".join(events.notes)
    assert "1 of 6" in " ".join(events.notes)
    source = place_events(events, StudyArea(AREA, CRS), name="events")
    (ledger,) = source.ledger.files
    assert (ledger.read, ledger.kept, ledger.rejected, ledger.inside, ledger.no_place) == (6, 5, 1, 2, 3)


def test_an_unsorted_and_doubled_index_changes_nothing():
    frame = scattered(200, seed=1)
    shuffled = frame.sample(frac=1, random_state=2)
    shuffled.index = [0] * len(shuffled)
    area = StudyArea(AREA, CRS)
    points = [
        dated_points(source := place_events(read_events(one, date="date"), area, name="e"), np.ones(len(source.events), bool))
        for one in (frame, shuffled)
    ]  # fmt: skip
    for name in ("x", "y", "day", "weight"):
        assert getattr(points[0], name).tolist() == getattr(points[1], name).tolist()


def test_a_point_in_a_multipoint_is_a_point_and_several_are_refused():
    frame = few()
    frame["geometry"] = [shapely.MultiPoint([point]) for point in frame.geometry]
    assert np.isfinite(read_events(frame, date="date").x).all()
    frame.loc[4, "geometry"] = shapely.MultiPoint([(0, 0), (1, 1)])
    assert "explode()" in sentence(lambda: read_events(frame, date="date"))


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (lambda: pd.DataFrame({"date": ["2022-01-01"]}), "events_from_xy"),
        (lambda: few().iloc[:0], "empty frame"),
        (lambda: few().drop(columns="date"), 'no column "date"'),
        (lambda: few().set_crs(None, allow_override=True), "set_crs"),
        (lambda: few().set_geometry(few().buffer(5)), "events are points"),
        (lambda: few().assign(geometry=None).set_geometry("geometry", crs=CRS), "No event has a place"),
        (lambda: few(dates=[None] * 6), "No row has a date"),
        (lambda: few().set_crs("EPSG:4326", allow_override=True), "Degrees of longitude"),
        (lambda: few().to_crs("EPSG:4326").set_crs("EPSG:27700", allow_override=True), "look like longitude"),
        (lambda: few().set_crs("EPSG:27700", allow_override=True), "area of use"),
    ],
    ids=["frame", "empty", "column", "crs", "areas", "nowhere", "undated", "degrees", "metres", "elsewhere"],
)  # fmt: skip
def test_a_bad_frame_is_refused_in_one_sentence(frame, words):
    assert words in sentence(lambda: read_events(frame(), date="date"))


def test_two_columns_of_one_name_are_refused():
    frame = few()
    doubled = geopandas.GeoDataFrame(pd.concat([frame, frame[["date"]]], axis=1))
    assert 'several columns "date"' in sentence(lambda: read_events(doubled, date="date"))


def test_arrays_of_different_length_and_texts_as_coordinates_are_refused():
    assert "x 2, y 1, date 2" in sentence(lambda: events_from_xy([1, 2], [1], ["a", "b"], crs=CRS))
    assert "must be numbers" in sentence(lambda: events_from_xy(["a"], [1], ["2022-01-01"], crs=CRS))
    assert "not known" in sentence(lambda: events_from_xy([1], [1], ["2022-01-01"], crs="EPSG:0"))


# -- dates ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "precision"),
    [
        (["2022-01-31", None], "day"),
        (["2022-01-31T23:10", ""], "moment"),
        ([date(2022, 1, 31), None], "day"),
        ([datetime(2022, 1, 31, 23, 10), None], "moment"),
        (pd.to_datetime(["2022-01-31", None]), "day"),
        (pd.to_datetime(["2022-01-31 23:10", None]), "moment"),
        (pd.PeriodIndex(["2022-01-31", None], freq="D"), "day"),
    ],
)
def test_dates_of_every_kind_are_the_same_day(values, precision):
    days = read_days(pd.Series(values), column="date")
    assert days.day[0] == np.datetime64("2022-01-31")
    assert np.isnat(days.day[1])
    assert (days.precision, days.notes) == (precision, [])


@pytest.mark.parametrize(
    "values",
    [
        pd.to_datetime(["2022-02-01 04:30"], utc=True).tz_convert("America/New_York"),
        [datetime(2022, 1, 31, 23, 30, tzinfo=UTC)],
        ["2022-01-31T23:30:00-05:00"],
    ],
)
def test_a_time_with_a_zone_has_the_day_on_its_own_clock_and_it_is_said(values):
    days = read_days(pd.Series(values), column="when")
    assert days.day[0] == np.datetime64("2022-01-31")
    assert "tz_convert" in days.notes[0]


@pytest.mark.parametrize(
    ("values", "day", "precision"),
    [
        (["2022-03"], "2022-03-01", "month"),
        (pd.PeriodIndex(["2022-03"], freq="M"), "2022-03-01", "month"),
        (["2022"], "2022-01-01", "year"),
    ],
)
def test_months_and_years_are_known_as_such(values, day, precision):
    days = read_days(pd.Series(values), column="date")
    assert (days.day[0], days.precision) == (np.datetime64(day), precision)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([20220131], "holds numbers"),
        (["31/01/2022"], "pandas.to_datetime"),
        (["2022-01-31", "2022-02"], "days and months"),
        (["2022-02-30"], "no day of the calendar"),
        ([date(2022, 1, 1), "2022-01-02"], "holds date, str"),
        (pd.PeriodIndex(["2022-03-01"], freq="W"), "of the frequency W"),
    ],
)
def test_a_bad_date_is_refused_in_one_sentence(values, words):
    assert words in sentence(lambda: read_days(pd.Series(values), column="date"))


def test_all_missing_dates_are_no_dates_and_no_crash():
    assert np.isnat(read_days(pd.Series([None, np.nan]), column="date").day).all()


# -- areas ----------------------------------------------------------------------------------------------------------


def test_an_area_in_another_system_is_transformed_and_a_bare_one_is_in_that_of_the_events():
    frame = geopandas.GeoSeries([TARGET], crs=CRS).to_crs("EPSG:4326")
    from_frame = read_area(frame, name="target", events_crs=CRS, crs=CRS)
    assert from_frame.symmetric_difference(TARGET).area < 1e-3
    degrees = frame.iloc[0]
    bare = read_area(degrees, name="target", events_crs="EPSG:4326", crs=CRS)
    assert bare.symmetric_difference(TARGET).area < 1e-3


@pytest.mark.parametrize(
    ("area", "words"),
    [
        (geopandas.GeoSeries([TARGET]), "no coordinate system"),
        (geopandas.GeoSeries([], crs=CRS), "holds no polygon"),
        (shapely.Point(CENTRE), "must be a polygon"),
        (shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), "not a valid polygon"),
        ("target.geojson", "str was given"),
        (geopandas.GeoSeries([shapely.box(500_000, 5_900_000, 500_100, 5_900_100)], crs="EPSG:4326"), "target"),
    ],
)
def test_a_bad_area_is_refused_in_one_sentence(area, words):
    assert words in sentence(lambda: read_area(area, name="target", events_crs=CRS, crs=CRS))


def test_a_study_area_left_out_is_drawn_around_the_events_and_it_is_said():
    frame = scattered(2000, seed=3)
    strays = few(1, dates=pd.to_datetime(["2022-01-01"])).set_geometry(
        [shapely.Point(CENTRE[0] + 90_000, CENTRE[1])], crs=CRS
    )
    events = read_events(geopandas.GeoDataFrame(pd.concat([frame, strays], ignore_index=True)), date="date")
    area, (note,) = study_area_of(None, events, events_crs=CRS)
    assert area.area_km2 < 1.3 * AREA.area / 1e6
    assert "No study_area was given" in note
    placed = place_events(events, area, name="events")
    assert placed.is_inside.mean() > 0.95
    assert f"{int(placed.is_inside.sum()):,} of 2,001" in note


def test_a_few_events_give_no_area():
    events = read_events(few(), date="date")
    assert "give the study_area" in sentence(lambda: study_area_of(None, events, events_crs=CRS))


# -- arguments of the calls -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"target": shapely.Point(CENTRE[0] + 9_000, CENTRE[1]).buffer(300)}, "outside the study area"),
        ({"study_area": shapely.box(400_000, 5_000_000, 401_000, 5_001_000)}, "lies in the study area"),
        ({"start": "10/01/2022"}, "start must be a day"),
        ({"end": "2021-12-01"}, "must end on or after"),
        ({"rings": (500, 250)}, "must grow"),
        ({"rings": (50, 500)}, "must grow"),
        ({"rings": ()}, "none was given"),
        ({"gap": -1.0}, "0 or more"),
        ({"control": "nearest"}, '"auto" or an area'),
        ({"before": 0}, "1 or more"),
        ({"before": ("2021-01-01",)}, "two days"),
        ({"before": ("2010-01-01", "2012-01-01")}, "runs past the data"),
        ({"after": "0-99 months"}, "runs past the data"),
        ({"after": "afterwards"}, "is not a phase"),
        ({"kind": "crime"}, "kind is one of"),
        ({"recorded_by": "me"}, "recorded_by is one of"),
        ({"harm": ("nobody", "health")}, "harm[0] is one of"),
        ({"harm": "health"}, "who bears it"),
        ({"measure": ["a", "b"]}, "category="),
        ({"category": "type"}, 'no column "type"'),
        ({"covers": ("2022-01-01", "2022-06-01")}, "covers says"),
        ({"start": "2019-01-01", "end": "2019-01-02"}, "at least a month before"),
    ],
)
def test_a_bad_argument_of_evaluate_is_refused_in_one_sentence(arguments, words):
    frame = scattered(300, seed=4)
    assert words in sentence(lambda: geoharm.evaluate(frame, **(OPERATION | arguments)))


def test_a_category_that_no_event_has_and_activity_as_harm_are_refused():
    frame = scattered(300, seed=4).assign(type="drug possession")
    with pytest.raises(DataError, match=r'No event has "theft" in the column "type"; known are: drug possession'):
        geoharm.evaluate(frame, **OPERATION, category="type", measure="theft")
    with pytest.raises(DataError, match="enforcement activity, not harm"):
        geoharm.evaluate(frame, **OPERATION, category="type", measure="drug possession")


def test_windows_of_maps_lie_in_the_data():
    frame = scattered(300, seed=4)
    days = {"before": ("2020-02-01", "2021-01-01"), "after": ("2022-01-01", "2023-06-01"), "study_area": AREA}
    with pytest.raises(DesignError, match="runs past the data"):
        geoharm.change(frame, **days)
    assert "share days" in sentence(
        lambda: geoharm.change(frame, before=("2020-02-01", "2021-01-01"), after=("2020-12-01", "2021-06-01"), study_area=AREA)
    )  # fmt: skip


def test_a_month_without_the_counted_value_is_a_zero_where_the_column_is_named():
    """A filtered frame cannot tell a month without a theft from a month without a record; the whole frame can."""
    frame = scattered(3000, seed=5, days=900)
    is_gap = pd.to_datetime(frame["date"]).dt.strftime("%Y-%m") == "2021-05"
    frame["type"] = np.where((np.arange(3000) % 3 == 0) & ~is_gap, "theft", "other")
    whole = place_events(read_events(frame, date="date", category="type"), StudyArea(AREA, CRS), name="e")
    alone = place_events(read_events(frame[frame["type"] == "theft"], date="date"), StudyArea(AREA, CRS), name="e")
    assert whole.ledger.missing_months == ()
    assert alone.ledger.missing_months == (date(2021, 5, 1),)
    assert any("2021-05" in note for note in alone.notes)
