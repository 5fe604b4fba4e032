"""Events with addresses and no coordinates: placed by lists of addresses and street files, or left without a place with a reason."""

from __future__ import annotations

import csv
import json
import math
import tempfile
from pathlib import Path

import geopandas
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm import _limits
from geoharm.engines.duckdb import open_engine
from geoharm.errors import DataError, QualityError, StudyError
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import parse_format, read_format
from geoharm.ingest.geocoding.gazetteer import Gazetteer
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.ingest.tables import ingest_table
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.measure import Harm, Measure
from geoharm.model.study import Source
from geoharm.queries.counts import own_place_counts, zone_counts
from geoharm.queries.stored import stored_source
from geoharm.simulation.location import CENTRE, CRS
from tests.conftest import lonlat

MEASURE = Measure("calls", "calls", (), "calls", "public", Harm("community", "environment"))
CALLS = """
[columns]
date = "date"
address = "where"
[category]
constant = "call"
[date]
formats = ["%Y-%m-%d"]
"""
NUMBERED = CALLS.replace('address = "where"', 'number = "no"\nstreet = "road"\ntown = "place"')
WITH_PLACES = CALLS.replace("[category]", 'longitude = "lon"\nlatitude = "lat"\n[category]')
# A main street of houses 10 m apart with even numbers, a crossing street, and the same name in two towns.
HOUSES = [(f"{number} Main St", "", 5.0 * number, 0.0) for number in range(2, 200, 2)]
KNOWN = [
    *HOUSES,
    ("3 Oak Ave", "Eastham", 1000, 20),
    ("3 Oak Ave", "Westham", -1000, 20),
    ("7 Elm Rd", "", 0, 500),
    ("7 Elm Rd", "", 20, 500),
    ("9 Elm Rd", "", 0, 500),
    ("9 Elm Rd", "", 300, 500),
    ("5 Cross St", "", 500, 12),
    ("7 Cross St", "", 500, -12),
    ("Central Library", "", -500, -500),
    ("500 W 1st St", "", -700, 700),
    ("830-840 Harrison Ave", "", 700, -700),
]


def write_known(folder: Path, rows, name="known.csv"):
    with (folder / name).open("w", newline="", encoding="utf-8") as text:
        writer = csv.writer(text)
        writer.writerow(["address", "town", "longitude", "latitude"])
        for address, town, east, north in rows:
            writer.writerow([address, town, *(lonlat(east, north) if east is not None else ("", ""))])


def load_table(engine, folder, area, span, *, name, kind, input_format, file):
    found = read_format(input_format, folder)
    return ingest_table(
        engine,
        Source(name, kind, input_format, (file,)),
        input_format=found,
        files=find_input_files([file], folder, members=()),
        area=area,
        period=span,
    )


def place(
    folder, area, span, calls, *, known=KNOWN, match=None, text=CALLS, head="date,where", then=None, tables=("known",)
):
    """Return the ledger of calls, each a line after its date, and x and y in metres from the middle with how, in their order."""
    folder.mkdir(exist_ok=True)
    if known:
        write_known(folder, known)
    with (folder / "calls.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head.split(","))
        writer.writerows(["2020-05-05", *([call] if isinstance(call, str) else call)] for call in calls)
    with open_engine(folder / "t.duckdb", inputs=folder) as engine:
        if known:
            load_table(
                engine,
                folder,
                area,
                span,
                name="known",
                kind="addresses",
                input_format="addresses-csv",
                file="known.csv",
            )
        if "streets" in tables:
            load_table(
                engine,
                folder,
                area,
                span,
                name="streets",
                kind="streets",
                input_format="tiger-addrfeat",
                file="streets.gpkg",
            )
        ledger = ingest_events(
            engine,
            "calls",
            input_format=parse_format("calls.toml", text),
            files=find_input_files(["calls.csv"], folder, members=()),
            area=area,
            period=span,
            gazetteer=Gazetteer(tuple(stored_source(engine, name) for name in tables), {}, match),
        )
        rows = engine.rows("SELECT x, y, how FROM event ORDER BY line")
        return ledger, [
            (None if x is None or math.isnan(x) else (round(x - CENTRE[0]), round(y - CENTRE[1])), how) for x, y, how in rows
        ], then(engine) if then else None  # fmt: skip


EXACT = [
    ("10 Main Street", (50, 0), "exact address"),
    ("10 MAIN ST APT 4", (50, 0), "exact address"),
    ("10-12 Main St", (50, 0), "exact address"),
    ("11 Main St", None, "not found"),
    ("10 Main Ave", None, "not found"),
    ("10 N Main St", None, "not found"),
    ("7 Elm Rd", (10, 500), "exact address"),
    ("9 Elm Rd", None, "ambiguous"),
    ("3 Oak Ave", None, "ambiguous"),
    ("3 Oak Ave, Eastham", (1000, 20), "exact address"),
    ("3 Oak Avenue, WESTHAM, NY 10001", (-1000, 20), "exact address"),
    ("3 Oak Ave, Northham", None, "not found"),
    ("Central Library", (-500, -500), "exact address"),
    ("Main St & Cross St", (500, 6), "intersection"),
    ("Cross / Main", None, "not found"),
    ("Main St & Elm Rd", None, "not found"),
    ("100 block of Main St", (745, 0), "block"),
    ("1xx Main St", (745, 0), "block"),
    ("300 block of Main St", None, "not found"),
    ("Main St", None, "ambiguous"),
    ("500 West First St", (-700, 700), "exact address"),
    ("500 W 21st St", None, "not found"),
    ("830 Harrison Ave", (700, -700), "exact address"),
    ("830-840 Harrison Avenue", (700, -700), "exact address"),
    ("830-850 Harrison Avenue", None, "not found"),
    ("", None, "no address"),
]


def test_addresses_are_placed_exactly_or_not_at_all(tmp_path, area, span):
    ledger, found, _ = place(tmp_path, area, span, [text for text, _, _ in EXACT])
    assert [(text, *one) for (text, _, _), one in zip(EXACT, found, strict=True)] == EXACT
    expected = {how: sum(one[2] == how for one in EXACT) for how in ledger.placings}
    assert ledger.placings == expected
    assert (ledger.total("read"), ledger.total("kept")) == (len(EXACT), len(EXACT))
    assert ledger.total("recovered") == ledger.total("inside") == sum(at is not None for _, at, _ in EXACT)
    assert ledger.total("no_place") == sum(at is None for _, at, _ in EXACT)


def test_number_street_and_town_in_columns(tmp_path, area, span):
    calls = [("10.0", "Main St", ""), ("3", "OAK AVE", "Eastham"), ("", "Central Library", "NA"), ("4", "", "Eastham")]
    text = NUMBERED + '[values]\nblank = ["", "NA"]\n'
    _, found, _ = place(tmp_path, area, span, calls, text=text, head="date,no,road,place")
    assert found == [
        ((50, 0), "exact address"), ((1000, 20), "exact address"), ((-500, -500), "exact address"), (None, "no address"),
    ]  # fmt: skip


def test_rows_with_coordinates_keep_them(tmp_path, area, span):
    calls = [("10 Main St", *lonlat(1, 2)), ("12 Main St", "", ""), ("14 Main St", 0, 0)]
    ledger, found, _ = place(tmp_path, area, span, calls, text=WITH_PLACES, head="date,where,lon,lat")
    assert found == [((1, 2), ""), ((60, 0), "exact address"), ((70, 0), "exact address")]
    assert ledger.placings == {"exact address": 2}
    assert ledger.total("recovered") == 2


def write_streets(folder: Path, lines) -> None:
    """Write lines of (name, left from, left to, right from, right to, points in metres)."""
    columns = ["FULLNAME", "LFROMHN", "LTOHN", "RFROMHN", "RTOHN"]
    shapes = [shapely.LineString([(CENTRE[0] + x, CENTRE[1] + y) for x, y in points]) for *_, points in lines]
    frame = {column: [line[index] for line in lines] for index, column in enumerate(columns)}
    geopandas.GeoDataFrame(frame, geometry=shapes, crs=CRS).to_file(folder / "streets.gpkg", engine="pyogrio")


LINES = [
    ("Main St", "101", "199", "100", "198", [(0, 0), (100, 0)]),
    ("Main St", "201", "299", "200", "298", [(100, 0), (200, 0)]),
    ("Cross St", "1", "9", None, None, [(100, -50), (100, 50)]),
    ("Far St", "1", "9", None, None, [(900, 900), (1000, 900)]),
    ("Long Rd", None, None, None, None, [(-2000, -900), (2000, -900)]),
    ("Loop Rd", None, None, None, None, [(-1000, -800), (-1000, -1000), (1000, -1000), (1000, -800)]),
]
ON_LINES = [
    ("150 Main St", (51, 0), "block"),
    ("101 Main Street", (0, 0), "block"),
    ("298 Main St", (200, 0), "block"),
    ("399 Main St", None, "not found"),
    ("2 Cross St", None, "not found"),
    ("5 Cross St", (100, 0), "block"),
    ("Main St & Cross St", (100, 0), "intersection"),
    ("Main St & Far St", None, "not found"),
    ("Long Rd & Loop Rd", None, "ambiguous"),
    ("100 block of Main St", (50, 0), "block"),
    ("Cross St", (100, 0), "block"),
    ("Long Rd", None, "ambiguous"),
    ("Main St between Cross St and Far St", None, "not found"),
]


def test_a_street_file_places_houses_crossings_and_blocks(tmp_path, area, span):
    write_streets(tmp_path, LINES)
    ledger, found, _ = place(tmp_path, area, span, [text for text, _, _ in ON_LINES], known=None, tables=("streets",))
    assert [(text, *one) for (text, _, _), one in zip(ON_LINES, found, strict=True)] == ON_LINES
    assert ledger.location_error == 0  # too few rows to tell


def test_a_stretch_between_two_streets_is_its_middle(tmp_path, area, span):
    write_streets(tmp_path, [*LINES, ("Third St", None, None, None, None, [(200, -50), (200, 50)])])
    _, found, _ = place(
        tmp_path, area, span, ["Main St between Cross St and Third St"] * 2, known=None, tables=("streets",)
    )
    assert found == [((150, 0), "block")] * 2


def test_the_first_source_that_knows_an_address_decides(tmp_path, area, span):
    write_streets(tmp_path, LINES)
    calls = ["100 Main St", "150 Main St", "Main St & Cross St"]
    _, points_first, _ = place(tmp_path / "a", area, span, calls, tables=("known",))
    (tmp_path / "b").mkdir()
    write_streets(tmp_path / "b", LINES)
    _, both, _ = place(tmp_path / "b", area, span, calls, tables=("streets", "known"))
    assert [how for _, how in points_first] == ["exact address", "exact address", "intersection"]
    assert both == [((0, 0), "block"), ((51, 0), "block"), ((100, 0), "intersection")]


def test_the_typical_error_grows_with_blocks_and_crossings(tmp_path, area, span):
    """Twenty rows of a block 990 m long would be refused; of one of 490 m, a quarter of it is its typical error."""
    houses = [(f"{number} High St", "", 5.0 * number, 0.0) for number in range(2, 100, 2)]
    calls = ["4 High St"] * 20 + ["0 block of High St"] * 20
    ledger, _, _ = place(tmp_path, area, span, calls, known=houses)
    assert ledger.placings == {"exact address": 20, "block": 20}
    assert ledger.location_error == math.ceil((20 * 0 + 20 * 480 / 4) / 40)


def test_a_misspelt_street_is_matched_only_if_asked(tmp_path, area, span):
    known = [
        ("10 Massachusetts Ave", "", 100, 0), ("12 Massachusetts Ave", "", 120, 0), ("10 21st St", "", 300, 0),
        ("10 Harrison Ave", "", 500, 0), ("10 Harrison St", "", 0, 900), ("Tremont Park", "", 0, 700), ("10 Tremont St", "", 0, 800),
        ("2 Boylston St", "", 700, 0), ("4 Boylston St", "", 700, 100),
    ]  # fmt: skip
    calls = [
        ("10 Massachusets Ave", (100, 0), "matched"),  # one letter short
        ("10 Masachussetts Avenue", (100, 0), "matched"),
        ("14 Massachusets Ave", None, "not found"),  # the street has no 14
        ("10 Massachusets St", None, "not found"),  # another type
        ("10 1st St", None, "not found"),
        ("10 Harisson", None, "not found"),  # Harrison Ave or Harrison St
        ("10 Harrison", None, "not found"),
        ("Tremont Prak", None, "not found"),  # a name alone
        ("10 Tremont St", (0, 800), "exact address"),
    ]
    texts = [text for text, _, _ in calls]
    ledger, found, _ = place(tmp_path / "a", area, span, texts, known=known, match=85)
    assert [(text, *one) for text, one in zip(texts, found, strict=True)] == calls
    assert ledger.placings == {"exact address": 1, "matched": 2, "not found": 6}
    _, plain, _ = place(tmp_path / "b", area, span, texts, known=known)
    assert {how for _, how in plain} == {"exact address", "not found"}


def test_the_answer_is_had_without_matched_rows(tmp_path, area, span):
    target = Zone("target", ZoneRole.TARGET, shapely.Point(CENTRE[0] + 100, CENTRE[1]).buffer(200))

    def count(engine):
        with_all, own = zone_counts(engine, MEASURE, [target]), own_place_counts(engine, MEASURE, [target])
        return int(with_all.counts[0].sum()), None if own is None else int(own.counts[0].sum())

    calls = ["10 Main St"] * 3 + ["10 Maain Sreet"] * 2 + ["20 Massachusets Ave"] * 4
    known = [*HOUSES, ("20 Massachusetts Ave", "", 100, 10)]
    assert place(tmp_path / "a", area, span, calls, known=known, match=85, then=count)[2] == (7, 3)
    assert place(tmp_path / "b", area, span, calls[:3], known=known, match=85, then=count)[2] == (3, None)


def test_a_place_that_is_inferred_is_not_used_to_infer_another(tmp_path, area, span):
    """Rows with coordinates of their own place others of the same text that the list does not have."""
    calls = [("77 Nowhere Ln", *lonlat(5, 5)), ("77 Nowhere Ln", "", ""), ("79 Nowhere Ln", "", "")]
    ledger, found, _ = place(tmp_path, area, span, calls, text=WITH_PLACES, head="date,where,lon,lat")
    assert found == [((5, 5), ""), ((5, 5), "same text"), (None, "not found")]
    assert ledger.placings == {"same text": 1, "not found": 1}


# -- refusals -----------------------------------------------------------------------------------------------------------


def test_the_list_of_another_town(tmp_path, area, span):
    with pytest.raises(
        QualityError,
        match=r"None of the 2 addresses of \"calls\", such as \"1 Far Rd\", was found in \"known\". Is it another",
    ):
        place(tmp_path, area, span, ["1 Far Rd", "2 Far Rd"])


def test_towns_that_are_needed(tmp_path, area, span):
    with pytest.raises(
        QualityError, match=r"can be placed by \"known\". Each of those found lies at several places; name the town"
    ):
        place(tmp_path, area, span, ["3 Oak Ave"])


def test_a_list_elsewhere_or_of_the_wrong_system(tmp_path, area, span):
    with pytest.raises(QualityError, match='No address of "known" lies in the study area'):
        place(tmp_path, area, span, ["1 A St"], known=[("1 A St", "", 90_000, 0)])


def test_too_many_addresses(tmp_path, area, span, monkeypatch):
    monkeypatch.setattr(_limits, "ADDRESSES", _limits.Limit(3, "addresses", "", "keep fewer"))
    with pytest.raises(DataError, match="has 4 addresses, and at most 3 are read; keep fewer"):
        place(tmp_path, area, span, ["1 A St"], known=HOUSES[:4])


def test_addresses_that_cannot_be_used_are_rejected(tmp_path, area, span):
    write_known(
        tmp_path, [*HOUSES[:6], ("", "", 1, 1), ("9 A St", "", None, None), HOUSES[0], ("2 MAIN STREET", "", 10, 0)]
    )
    with open_engine(tmp_path / "t.duckdb", inputs=tmp_path) as engine:
        ledger = load_table(
            engine, tmp_path, area, span, name="k", kind="addresses", input_format="addresses-csv", file="known.csv"
        )
        assert engine.rows('SELECT line, "column", reason FROM reject ORDER BY line') == [
            (8, "address", "is empty"), (9, "place", "has no coordinates"),
        ]  # fmt: skip
    assert [ledger.total(name) for name in ("read", "kept", "rejected", "duplicate")] == [10, 6, 2, 2]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[format]\nkind = "addresses"\n[columns]\nlongitude = "x"\nlatitude = "y"\n', "whole address"),
        ('[format]\nkind = "addresses"\n[columns]\naddress = "a"\n', "an address needs its place"),
        ('[format]\nkind = "addresses"\n[columns]\naddress = "a"\nnumber = "n"\nlatlon = "p"\n', "number goes with street"),
        ('[format]\nkind = "streets"\ncontainer = "vector"\n[columns]\nname = "n"\nleft_from = "l"\n', "house numbers need"),
        ('[columns]\ndate = "d"\n[date]\nformats = ["%Y"]\n', "latitude is missing"),
        (CALLS.replace("[category]", 'street = "s"\n[category]'), "not both"),
    ],
)  # fmt: skip
def test_formats_that_make_no_sense(text, sentence):
    with pytest.raises(StudyError, match=sentence):
        parse_format("own.toml", text)


# -- the ledger balances whatever is matched ----------------------------------------------------------------------------

TEXTS = st.sampled_from(
    [text for text, _, _ in EXACT] + ["10 Maine St", "nowhere", "10 Massachusets", "\u0130 St & \ufb01 Rd"]
)


@settings(max_examples=12, deadline=None)
@given(
    calls=st.lists(
        st.tuples(st.sampled_from(["2020-05-05", "2020-06-01", "", "1999-01-01"]), TEXTS), min_size=1, max_size=30
    ),
    match=st.sampled_from([None, 80.0]),
)
def test_every_row_is_in_the_ledger(calls, match, area, span):
    calls = [("2020-05-05", "10 Main St"), *calls, *[("2020-05-06", "12 Main St")] * (len(calls) + 1)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_known(folder, KNOWN)
        with (folder / "calls.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("date", "where"), *calls])
        with open_engine(folder / "t.duckdb", inputs=folder) as engine:
            load_table(
                engine,
                folder,
                area,
                span,
                name="known",
                kind="addresses",
                input_format="addresses-csv",
                file="known.csv",
            )
            ledger = ingest_events(
                engine, "calls", input_format=parse_format("calls.toml", CALLS),
                files=find_input_files(["calls.csv"], folder, members=()), area=area, period=span,
                gazetteer=Gazetteer((stored_source(engine, "known"),), {}, match),
            )  # fmt: skip
    kept = sum(day.startswith("2020") for day, _ in calls)
    assert (
        ledger.total("read")
        == len(calls)
        == ledger.total("kept") + ledger.total("rejected") + ledger.total("duplicate")
    )
    assert ledger.total("kept") == kept == sum(ledger.placings.values())
    assert ledger.total("no_place") == sum(
        ledger.placings.get(how, 0) for how in ("ambiguous", "not found", "no address")
    )


def test_a_geojson_list_of_openaddresses(tmp_path, area, span):
    """One feature a line, with number, street and city apart, as its files have it."""
    lines = [
        json.dumps({"type": "Feature", "properties": {"hash": "a", "number": "12", "street": "MAIN ST", "unit": "", "city": "Ham"},
                    "geometry": {"type": "Point", "coordinates": lonlat(10 * n, 0)}})
        for n in range(2)
    ]  # fmt: skip
    (tmp_path / "a.geojson").write_text("\n".join(lines))
    with open_engine(tmp_path / "t.duckdb", inputs=tmp_path) as engine:
        ledger = load_table(
            engine,
            tmp_path,
            area,
            span,
            name="k",
            kind="addresses",
            input_format="openaddresses-geojson",
            file="a.geojson",
        )
        assert engine.rows("SELECT street, number, town, count(*) FROM address_point GROUP BY ALL") == [
            ("main st", 12, "ham", 2)
        ]
    assert ledger.total("kept") == 2
    assert ledger.coverage is None
