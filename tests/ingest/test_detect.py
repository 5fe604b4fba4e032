"""Proposed formats: the right columns are found, what cannot be decided is said, and nothing is decided wrongly."""

from __future__ import annotations

import gzip
import zipfile
from datetime import date
from pathlib import Path

import geopandas
import numpy as np
import pandas
import pytest
import shapely
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from geoharm import _crs
from geoharm.dates.detection import detect_date_patterns
from geoharm.dates.shapes import is_date
from geoharm.errors import DataError, StudyError
from geoharm.ingest.detect.check import check_file
from geoharm.ingest.detect.events import guess_format
from geoharm.ingest.detect.known_formats import recognise_formats
from geoharm.ingest.detect.sample import read_sample
from geoharm.ingest.formats.input_format import parse_format, read_format
from geoharm.ingest.readers.input_files import find_input_files, single_input_file

N = 80
LONS = [f"{-2.9 - n % 9 / 500:.4f}" for n in range(N)]
LATS = [f"{53.4 + n % 11 / 500:.4f}" for n in range(N)]
DAYS = [f"2020-{n % 12 + 1:02d}-{n % 28 + 1:02d}" for n in range(N)]
KINDS = ["assault", "theft", "drugs"] * N


def table(**columns) -> str:
    """Return a CSV text: each column is a list of texts or a function of the row's number."""
    cells = [[str(value(n) if callable(value) else value[n]) for value in columns.values()] for n in range(N)]
    return "\n".join([",".join(columns), *(",".join(row) for row in cells)]) + "\n"


POINT = {"Longitude": LONS, "Latitude": LATS}
# name: (text, expected fields, words of expected doubts, words that may not be doubted)
MADE = {
    "iso": (
        table(**{"Crime ID": range(N), "Date": DAYS, **POINT, "Crime type": KINDS}),
        {"id": "Crime ID", "date": "Date", "longitude": "Longitude", "latitude": "Latitude", "category": "Crime type"},
        ["which of these are harm"], ["say which is meant", "crs:", "duplicates"],
    ),
    "day and month cannot be told apart": (
        table(When_Reported=lambda n: f"{n % 9 + 1:02d}/{n % 7 + 1:02d}/2020", lat=LATS, lng=LONS),
        {"date": "When_Reported"}, ["can both read every text; say which is meant"], [],
    ),
    "day first, told by one row": (
        table(Date=lambda n: "25/01/2020" if n == 60 else f"{n % 9 + 1:02d}/{n % 7 + 1:02d}/2020", lat=LATS, lng=LONS),
        {"date": "Date"}, [], ["say which is meant"],
    ),
    "both orders in one column": (
        table(Date=lambda n: "25/01/2020" if n % 2 else "01/25/2020", lat=LATS, lng=LONS),
        {"date": "Date"}, ["mixes two orders; say which is meant"], [],
    ),
    "a second format half way, in UTC by its look": (
        table(OCCURRED_ON_DATE=lambda n: f"{DAYS[n]} 10:00:00{'+00' if n > 50 else ''}", Lat=LATS, Long=LONS),
        {"date": "OCCURRED_ON_DATE"}, ["the column has 2 formats", "end in an offset"], [],
    ),
    "year and month in columns": (
        table(lat=LATS, lng=LONS, year=lambda n: 2020, month=lambda n: n % 12 + 1),
        {"year": "year", "month": "month", "longitude": "lng", "latitude": "lat"}, [], ["date:"],
    ),
    "British eastings": (
        table(Easting=lambda n: 335_000 + 7 * n, Northing=lambda n: 390_000 + 11 * n, Date=DAYS, Offence=KINDS),
        {"longitude": "Easting", "latitude": "Northing"}, ["would fit EPSG:27700", "name it under [location]"], [],
    ),
    "state plane feet": (
        table(X_COORD=lambda n: 1_178_000 + 7 * n, Y_COORD=lambda n: 1_871_000 + n, Date=DAYS),
        {"longitude": "X_COORD", "latitude": "Y_COORD"}, ["are not degrees"], ["EPSG:27700"],
    ),
    "degrees before feet where both are there": (
        table(X_COORD=lambda n: 1_178_000 + n, Y_COORD=lambda n: 1_871_000 + n, Date=DAYS, **POINT),
        {"longitude": "Longitude", "latitude": "Latitude"}, [], ["crs:"],
    ),
    "swapped degrees": (
        table(Date=DAYS, lng=lambda n: 33.4, lat=lambda n: -111.9 - n / 900),
        {}, ["look swapped"], [],
    ),
    "one text of two numbers": (
        table(Date=DAYS, Location=lambda n: f'"({LATS[n]}, {LONS[n]})"'),
        {"latlon": "Location"}, ["check one place"], [],
    ),
    "longitude first in one text": (
        table(Date=DAYS, Location=lambda n: f'"(-{100 + n}.1, 40.2)"'), {}, ["holds longitude first"], [],
    ),
    "decimal commas": (
        table(Date=DAYS, lon=lambda n: '"-2,95"', lat=lambda n: '"53,41"'),
        {"longitude": "lon", "latitude": "lat"}, [], ["crs:"],
    ),
    "German metres with points between thousands": (
        table(Datum=DAYS, Rechtswert=lambda n: f'"335.{100 + n},25"', Hochwert=lambda n: f'"5.390.{100 + n},5"'),
        {"longitude": "Rechtswert", "latitude": "Hochwert"}, ["are not degrees"], [],
    ),
    "a town and its coordinates": (
        table(Date=DAYS, Geo=lambda n: f'"SOMETOWN, CT\n({LATS[n]}, {LONS[n]})"' if n % 9 else '"SOMETOWN, CT"'),
        {"latlon": "Geo"}, ["is read as latitude, longitude"], [],
    ),
    "a point of WKT": (
        table(Date=DAYS, Location=lambda n: f"POINT ({LONS[n]} {LATS[n]})"), {"latlon": "Location"}, ["x (longitude) first"], [],
    ),
    "a point of WKB": (
        table(Date=DAYS, geom=lambda n: shapely.to_wkb(shapely.Point(float(LONS[n]), float(LATS[n])), hex=True)),
        {"latlon": "geom"}, ["hexadecimal WKB"], [],
    ),
    "minutes and seconds": (
        table(Date=DAYS, Longitude=lambda n: f'"2°{n % 60}\'30""W"', Latitude=lambda n: f"53 {n % 60} 11.5 N"),
        {"longitude": "Longitude", "latitude": "Latitude"}, [], ["crs:"],
    ),
    "opened, not closed": (
        table(CLOSED_DT=DAYS, OPEN_DT=DAYS, TARGET_DT=DAYS, **POINT), {"date": "OPEN_DT"}, [], [],
    ),
    "a closing date only": (
        table(CLOSED_DT=DAYS, **POINT), {}, ['"CLOSED_DT" holds dates, but its name does not say'], [],
    ),
    "people": (
        table(Date=DAYS, **POINT, **{"Victim Name": ["Ann"] * N, "DOB": DAYS, "Age": range(N), "Officer Name": ["B"] * N}),
        {"date": "Date"}, [], [],
    ),
    "a count column is no weight yet": (
        table(Date=DAYS, **POINT, Needles=lambda n: n % 5), {"date": "Date"}, ['"Needles" may say how many'], [],
    ),
    "repeated ids": (
        table(**{"Case No": lambda n: n // 2, "Date": DAYS, **POINT}), {"id": "Case No"}, ["40 sampled ids are repeated"], [],
    ),
    "day numbers of a spreadsheet": (
        table(Date=lambda n: 43_000 + n, **POINT), {"date": "Date"}, ["look like excel-serial"], [],
    ),
    "wide": (
        table(**{"Ward": lambda n: f"E{n}", **{f"2020-{m:02d}": range(N) for m in range(1, 13)}}),
        {}, ["12 headers name a period, so it looks like counts by area: try --kind area_table"], [],
    ),
    "a list of services": (
        table(name=lambda n: f"Clinic {n}", **POINT), {"longitude": "Longitude"}, ["try --kind site"], [],
    ),
    "of ArcGIS, days as midnights": (
        table(incident_date=lambda n: f"{DAYS[n].replace('-', '/')} 00:00:00+00", **POINT),
        {"date": "incident_date"}, ["every time is midnight, so these are days as written"], ["end in an offset"],
    ),
    "named like a date and not read": (
        table(incident_date=lambda n: f"week {n % 50 + 1} of 2020", **POINT),
        {"date": None},
        ['"incident_date" is named like a date, but no known pattern reads its texts, such as "week 1 of 2020"',
         'no dated points were found; "incident_date" is named like a date and holds texts such as "week 1 of 2020"'],
        ["list of services"],
    ),
    "a German table": (
        table(Tatdatum=lambda n: f"{n % 28 + 1}. März 2020", Uhrzeit=lambda n: f"{n % 24:02d}:15", Geburtsdatum=DAYS, **POINT),
        {"date": "Tatdatum", "time": "Uhrzeit"}, [], ["would fit as well", "date:"],
    ),
    "a Dutch table": (
        table(Pleegdatum=lambda n: f"{n % 28 + 1} mei 2020", Einddatum=DAYS, **POINT), {"date": "Pleegdatum"}, [], ["date:"],
    ),
    "a French table": (
        table(**{"Date des faits": lambda n: f"{n % 28 + 1} août 2020", "Heure": lambda n: f"{n % 24}h15", **POINT}),
        {"date": "Date des faits", "time": "Heure"}, [], ["date:", "time:"],
    ),
    "a Spanish table": (
        table(**{"Fecha del hecho": lambda n: f"{n % 28 + 1} de enero de 2020", "Hora": lambda n: f"{n % 12 + 1}:15 p. m.", **POINT}),
        {"date": "Fecha del hecho", "time": "Hora"}, [], ["date:"],
    ),
    "times as numbers that lost their zeros": (
        table(DATE_OCC=lambda n: f"01/{n % 28 + 1:02d}/2020 12:00:00 AM", TIME_OCC=lambda n: n % 24 * 100 + n % 60, **POINT),
        {"date": "DATE_OCC", "time": "TIME_OCC"}, [], ["time:"],
    ),
    "the time of the date, not of the report": (
        table(CMPLNT_FR_DT=DAYS, RPT_TM=lambda n: "10:00", CMPLNT_FR_TM=lambda n: f"{n % 24}:15", **POINT),
        {"date": "CMPLNT_FR_DT", "time": "CMPLNT_FR_TM"}, ['time: "RPT_TM" would fit as well'], [],
    ),
    "a time beside a date that has one": (
        table(Date=lambda n: f"{DAYS[n]} 10:15", Time=lambda n: "10:15", **POINT), {"date": "Date", "time": None}, [], [],
    ),
    "quarters": (
        table(date=lambda n: f"2020Q{n % 4 + 1}", **POINT), {"date": "date"}, ["names quarters"], [],
    ),
    "places that are not exact": (
        table(Date=DAYS, Latitude_Random=LATS, Longitude_Random=LONS),
        {"latitude": "Latitude_Random"}, ["not exact (random), so it is written down as randomised", "no ring can be proposed"], [],
    ),
    "the middle of a block": (
        table(Datum=DAYS, **{"Breitengrad Mittelpunkt": LATS, "Laengengrad Mittelpunkt": LONS}),
        {"latitude": "Breitengrad Mittelpunkt"}, ["not exact (mittelpunkt), so it is written down as block"], [],
    ),
    "not known": (
        table(Date=DAYS, **POINT, Type=lambda n: "theft" if n % 3 else "NA"), {"category": "Type"}, [], [],
    ),
}  # fmt: skip


def guessed(folder: Path, name: str, content: str | bytes):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return guess_format(single_input_file(path))


@pytest.mark.parametrize("case", MADE, ids=list(MADE))
def test_fields_and_doubts_of_made_files(case, tmp_path):
    text, fields, doubts, certain = MADE[case]
    found = guessed(tmp_path, "a.csv", text)
    assert {one: found.columns.get(one) for one in fields} == fields
    for words in doubts:
        assert any(words in line for line in found.undecided), found.undecided
    for words in certain:
        assert not any(words in line for line in found.undecided), found.undecided
    assert "guessed = true" in found.toml


@pytest.mark.parametrize(
    ("case", "missing"),
    [
        ("day and month cannot be told apart", "[date]: formats is missing"),
        ("both orders in one column", "[date]: formats is missing"),
        ("British eastings", "EPSG:????"),
        ("state plane feet", "EPSG:????"),
        ("swapped degrees", "EPSG:????"),
        ("a closing date only", "[columns]: date is missing"),
        ("places that are not exact", "[location]: typical_error_m is missing; places that are randomised need"),
        ("the middle of a block", "[location]: typical_error_m is missing; places that are block need"),
        ("German metres with points between thousands", "EPSG:????"),
        ("a second format half way, in UTC by its look", "name the place's time zone under date.zone"),
    ],
)
def test_what_is_not_decided_is_left_open_and_cannot_be_used(case, missing, tmp_path):
    found = guessed(tmp_path, "a.csv", MADE[case][0])
    with pytest.raises(StudyError) as refused:
        parse_format("a.toml", found.toml.replace("guessed = true", ""))
    assert missing in str(refused.value)


@pytest.mark.parametrize(
    "case",
    ["iso", "day first, told by one row", "year and month in columns", "opened, not closed", "one text of two numbers",
     "day numbers of a spreadsheet", "not known",
     "decimal commas", "a point of WKT", "a point of WKB", "minutes and seconds", "of ArcGIS, days as midnights", "a German table", "a Dutch table", "a French table", "a Spanish table",
     "times as numbers that lost their zeros", "the time of the date, not of the report", "quarters"],
)  # fmt: skip
def test_a_whole_guess_reads_every_row(case, tmp_path):
    found = guessed(tmp_path, "a.csv", MADE[case][0])
    read = check_file(tmp_path / "a.csv", parse_format("a.toml", found.toml))["files"][0]
    assert (read["read"], read["kept"], read["no_place"]) == (N, N, 0)


def test_columns_about_people_are_named_and_left_out(tmp_path):
    found = guessed(tmp_path, "a.csv", MADE["people"][0])
    assert found.left_out == ("Victim Name", "DOB", "Age", "Officer Name")
    for name in found.left_out:
        assert name not in found.toml
        assert any(line.startswith(f'left out: "{name}"') for line in found.evidence)


def workbook(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("About").write(0, 0, "Read me")
        sheet = book.add_worksheet("Events")
        sheet.write(0, 0, "Extract of 2020")
        sheet.write_row(2, 0, ["Case No", "Date", "Longitude", "Latitude", "Crime type"])
        for n in range(N):
            sheet.write_row(n + 3, 0, [n, DAYS[n], float(LONS[n]), float(LATS[n]), KINDS[n]])


def frame() -> geopandas.GeoDataFrame:
    points = [shapely.Point(float(x), float(y)) for x, y in zip(LONS, LATS, strict=True)]
    return geopandas.GeoDataFrame(
        {"Case No": range(N), "Date": DAYS, "Crime type": KINDS[:N]}, geometry=points, crs=4326
    )


def write(kind: str, folder: Path) -> Path:
    text = table(**{"Case No": range(N), "Date": DAYS, **POINT, "Crime type": KINDS})
    path = folder / f"a.{kind}"
    if kind == "csv.gz":
        path.write_bytes(gzip.compress(text.encode()))
    elif kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("2020-01/a.csv", text)
            archive.writestr("2020-01/readme.csv", "a,b\n1,2\n")
    elif kind == "xlsx":
        workbook(path)
    elif kind == "parquet":
        pandas.DataFrame(frame().drop(columns="geometry").assign(Longitude=LONS, Latitude=LATS)).to_parquet(path)
    elif kind == "geoparquet":
        frame().to_parquet(path)
    elif kind == "gpkg":
        frame().to_crs(27700).to_file(path)
    elif kind == "geojson":
        frame().to_file(path, driver="GeoJSON")
    else:
        path.write_text(text.replace(",", ";" if kind == "semicolon.csv" else "\t"), encoding="utf-8-sig")
    return path


@pytest.mark.parametrize(
    "kind", ["csv.gz", "zip", "xlsx", "parquet", "geoparquet", "gpkg", "geojson", "semicolon.csv", "tsv"]
)
def test_the_same_columns_from_every_container_and_every_row_read(kind, tmp_path):
    path = write(kind, tmp_path)
    found = guess_format(single_input_file(path))
    assert found.has_events
    assert [found.columns[one] for one in ("id", "date", "category")] == ["Case No", "Date", "Crime type"]
    input_format = parse_format("a.toml", found.toml)
    files = check_file(path, input_format)["files"]
    assert [(row["read"], row["kept"], row["no_place"]) for row in files] == [(N, N, 0)]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("1.5,2.5,2020-01-01\n1.6,2.6,2020-01-02\n", "looks like a row of values"),
        ("Crime report\na,b\n1,2\n", "has no delimiter"),
        ("Crime report,\na,b\n1,2\n", "names fewer than two columns"),
        ("", "is empty"),
        (b"ab\x00\x01\x02" * 9, "is not text"),
        ("[1, 2]", "not a GeoJSON FeatureCollection, Esri JSON or a list of records"),
        ("a,b\n1\n2\n", "no row as long as its header"),
    ],
)
def test_what_is_no_table_with_names_is_refused(content, why, tmp_path):
    with pytest.raises(DataError, match=why):
        guessed(tmp_path, "a.csv", content)


def test_a_change_of_format_late_in_a_long_file_is_seen(tmp_path):
    rows = [f"{n},2020-01-01 10:00,{LONS[n % N]},{LATS[n % N]}\n" for n in range(9_000)]
    rows += [f"{n},01.02.2023 10:00,{LONS[n % N]},{LATS[n % N]}\n" for n in range(300)]
    found = guessed(tmp_path, "a.csv", "id,date,lng,lat\n" + "".join(rows))
    assert any("say which is meant" in line for line in found.undecided)


@given(st.dates(min_value=date(1950, 1, 1), max_value=date(2099, 12, 31)), st.booleans())
def test_a_pattern_is_never_taken_that_reads_another_day(day, day_first):
    """Whatever the days are, a single pattern is only returned where no other reads them otherwise."""
    pattern = "%d/%m/%Y" if day_first else "%m/%d/%Y"
    texts = [day.strftime(pattern), "01/01/2001"]
    found, doubts = detect_date_patterns(texts)
    if found:
        assert found == (pattern,)
        assert not is_date(texts[0], "%m/%d/%Y" if day_first else "%d/%m/%Y")
    else:
        assert any("say which is meant" in line for line in doubts)


# -- shipped formats, recognised by name -------------------------------------------------------------------------------


def recognised(folder: Path, text: str) -> tuple[str, ...]:
    (folder / "a.csv").write_text(text, encoding="utf-8")
    return recognise_formats(read_sample(single_input_file(folder / "a.csv")))


def test_a_plain_table_is_recognised_and_its_neighbours_are_not(tmp_path):
    plain = {"id": range(N), "date": DAYS, "longitude": LONS, "latitude": LATS, "category": KINDS}
    assert recognised(tmp_path, table(**plain)) == ("points-csv",)
    assert recognised(tmp_path, table(**{**plain, "date": lambda n: "01/02/2020"})) == ()
    assert recognised(tmp_path, table(**{**plain, "longitude": lambda n: 335_000 + n})) == ()
    assert recognised(tmp_path, table(**{("day" if k == "date" else k): v for k, v in plain.items()})) == ()


def test_a_format_that_names_every_row_the_same_needs_more_than_common_columns(tmp_path):
    """Any table may have incident_date, latitude and longitude; only Tempe's is of opioid calls."""
    own = {"incident_date": DAYS, "latitude": LATS, "longitude": LONS, "offence": KINDS}
    assert recognised(tmp_path, table(**own)) == ()
    tempe = {"year": lambda n: 2020, **own, "narcan_given": lambda n: "NA"}
    assert recognised(tmp_path, table(**tempe)) == ("tempe-ems",)


def test_what_a_format_is_known_by_is_not_in_its_fingerprint():
    assert "known_by" not in repr(read_format("tempe-ems", Path()))


def test_candidates_hold_the_place_they_were_made_from():
    """Places of Utrecht in its own system are found there, and Liverpool's in Britain's."""
    for code, lon, lat in (("EPSG:28992", 5.12, 52.09), ("EPSG:27700", -2.98, 53.4), ("EPSG:2193", 174.7, -41.2)):
        x, y = _crs.transform(np.full(5, lon), np.full(5, lat), source=_crs.LONLAT, target=code)
        assert code in [one for one, _ in _crs.systems_that_fit(x, y)]


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("boston-police/drug_crimes_2020_2025.csv.gz", "boston-police"),
        ("boston-needles/needle_2019.geojson.gz", "boston-311-needles"),
        ("boston-needles/Needle Pickup 2015 full schema.csv", "boston-311"),
        ("boston-needles/needle_points_2024_2026_extracted.csv.gz", "boston-needles-months"),
        ("boston-needles/needle_markers_2025-10_2026-03_extracted.csv", "boston-needles-days"),
        ("boston-ems/opioid_related_ems_incidents_Boston.csv", "boston-ems-totals"),
        ("tempe-ems/tempe_opioid_calls_ashby.csv", "tempe-ems"),
        ("merseyside-police/2020-05-merseyside-street.csv.gz", "police-uk-street"),
        ("seattle-dmi/seattledmi.csv.gz", "seattle-dmi"),
        ("us-treatment/SubstanceUseTreatment_Geocoded.csv.gz", "samhsa-treatment"),
        ("us-treatment/us-wide-moudsCleaned.csv.gz", "moud-treatment"),
    ],
)
def test_real_files_are_recognised_and_guessed_alike(shared, file, name):
    """The format that a file is recognised as and the guess from its columns name the same columns of date and place."""
    source = find_input_files([file], shared, members=())[0]
    assert recognise_formats(read_sample(source)) == (name,)
    input_format, found = read_format(name, shared), guess_format(source)
    for one in {"date", "year", "month", "longitude", "latitude"} & set(input_format.columns) & set(found.columns):
        assert found.columns[one] in input_format.columns[one]
    assert found.has_events == (input_format.kind == "event")


def test_a_table_of_addresses_says_what_it_lacks(tmp_path):
    """No coordinates: the column of addresses is named, or number, street and town, and what is to be put beside them."""
    whole = tmp_path / "whole.csv"
    whole.write_text(table(call_date=DAYS, address=lambda n: f"{n} Main St", kind=KINDS), encoding="utf-8")
    guess = guess_format(single_input_file(whole))
    assert guess.columns["address"] == "address"
    assert any("there are no coordinates" in doubt and "under addresses" in doubt for doubt in guess.undecided)
    assert not guess.has_events
    parts = tmp_path / "parts.csv"
    cells = {
        "house_number": lambda n: n + 1,
        "street_name": lambda n: ["Oak Ave", "Elm St"][n % 2],
        "city": ["Ham"] * N,
    }
    parts.write_text(table(call_date=DAYS, **cells, kind=KINDS), encoding="utf-8")
    found = guess_format(single_input_file(parts))
    assert {key: found.columns[key] for key in ("number", "street", "town")} == {
        "number": "house_number", "street": "street_name", "town": "city",
    }  # fmt: skip
    read = parse_format("own.toml", found.toml.replace('constant = ""', 'constant = "call"'))
    assert not read.has_coordinates
    assert read.has_address


def test_lists_of_addresses_are_recognised(tmp_path):
    rows = "".join(f"{n},Main St,Ham,{LONS[n]},{LATS[n]}\n" for n in range(9))
    for name, text, expected in (
        ("a.csv", "number,street,town,longitude,latitude\n" + rows, ("house-numbers-csv",)),
        ("b.csv", "number,street,town,longitude,latitude,open_dt\n" + rows.replace("\n", ",x\n"), ()),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert recognise_formats(read_sample(single_input_file(tmp_path / name))) == expected
