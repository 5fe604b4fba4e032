"""Coordinates and numbers as people write them are read as a person reads them, by SQL and by Python alike, or not at all."""

from __future__ import annotations

import random
from datetime import date

import duckdb
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from geoharm.engines.duckdb import open_engine
from geoharm.errors import QualityError, StudyError
from geoharm.ingest.coordinate_texts import (
    coordinate_sql,
    degrees_sql,
    holds_no_point,
    pair_sql,
    read_coordinate,
    read_degrees,
    read_pair,
)
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import parse_format
from geoharm.ingest.number_texts import CAN_BE_THOUSANDS, number_sql, read_number
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.model.ledger import IMPOSSIBLE
from geoharm.model.period import Period
from tests.conftest import lonlat

SPAN = Period(date(2018, 1, 1), date(2021, 1, 1))
LON, LAT = (round(value, 6) for value in lonlat(100, 200))


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as opened:
        yield opened


def all_by_sql(connection, sql, texts):
    """Return what SQL reads of texts; many in one question, since its text is long."""
    given = "SELECT unnest($1) AS s, generate_subscripts($1, 1) AS n"
    return [row[0] for row in connection.execute(f"SELECT {sql} FROM ({given}) ORDER BY n", [texts]).fetchall()]


def by_sql(connection, sql, text):
    return all_by_sql(connection, sql, [text])[0]


def as_wkb(x, y, *, z=None, srid=0, little=True):
    point = shapely.Point(x, y) if z is None else shapely.Point(x, y, z)
    return shapely.to_wkb(shapely.set_srid(point, srid), hex=True, include_srid=bool(srid), byte_order=int(little))


PAIR = pair_sql("s", "", "")
CELLS = {
    "pair": lambda lat, lon: f"{lat!r}, {lon!r}",
    "brackets": lambda lat, lon: f"({lat!r}, {lon!r})",
    "after a town": lambda lat, lon: f"TOWN (NORTH), CT\n({lat!r}, {lon!r})",
    "semicolon": lambda lat, lon: f"{lat!r};{lon!r}",
    "WKT": lambda lat, lon: f"POINT ({lon!r} {lat!r})",
    "WKT, three numbers": lambda lat, lon: f"point z({lon!r} {lat!r} 12.5)",
    "EWKT": lambda lat, lon: f"SRID=4326;POINT({lon!r} {lat!r})",
    "WKB": lambda lat, lon: as_wkb(lon, lat),
    "WKB, other byte order": lambda lat, lon: as_wkb(lon, lat, little=False),
    "WKB, three numbers": lambda lat, lon: as_wkb(lon, lat, z=3.0),
    "EWKB": lambda lat, lon: as_wkb(lon, lat, srid=4326),
    "EWKB, three numbers": lambda lat, lon: "\\\\x".replace("\\\\", "\\") + as_wkb(lon, lat, z=1.5, srid=4326).lower(),
    "GeoJSON": lambda lat, lon: f'{{"type": "Point", "coordinates": [{lon!r}, {lat!r}]}}',
    "JSON": lambda lat, lon: f"{{'latitude': '{lat!r}', 'longitude': '{lon!r}', 'human_address': '{{\"address\": \"\"}}'}}",
}  # fmt: skip
_degrees = st.integers(-89_000_000, 89_000_000).map(lambda number: number / 1e6)


@settings(deadline=None, max_examples=10)
@example([(form, 0.0, 1e-06) for form in CELLS])
@given(st.lists(st.tuples(st.sampled_from(sorted(CELLS)), _degrees, _degrees), min_size=1, max_size=60))
def test_a_cell_with_both_coordinates_gives_them_exactly(connection, drawn):
    texts = [CELLS[form](latitude, longitude) for form, latitude, longitude in drawn]
    for (form, *meant), text, found in zip(drawn, texts, all_by_sql(connection, PAIR, texts), strict=True):
        pair = read_pair(text)
        assert [float(part) for part in found[:2]] == meant
        assert [float(pair.latitude), float(pair.longitude)] == meant
        assert (found[2] or None) == (str(pair.srid) if pair.srid else None)
        assert (found[2] or None) == ("4326" if form.startswith("EWK") else None)


@settings(deadline=None, max_examples=10)
@given(st.lists(st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 2), min_size=1, max_size=60))
def test_every_finite_number_of_wkb_is_exact(connection, drawn):
    """Down to the normal numbers; smaller ones are 0."""
    meant = [[0.0 if abs(value) < 2.0**-1022 else value for value in (y, x)] for x, y in drawn]
    found = all_by_sql(connection, PAIR, [as_wkb(x, y) for x, y in drawn])
    assert [[float(part) for part in pair[:2]] for pair in found] == meant


@pytest.mark.parametrize(
    "text",
    [
        "12 MAIN ST, CT 06457", "53.4", "LINESTRING (1 2, 3 4)", "POINT (1)", "0102000000" + "0" * 64, as_wkb(1, 2)[:-2],
        "N53 24.192 2 58.5", "53 24 11 N, 2 58 30 O", "(53.4, -2.9) and more", '{"type": "LineString", "coordinates": [[1, 2], [3, 4]]}',
    ],
)  # fmt: skip
def test_a_cell_without_two_coordinates_is_not_read(connection, text):
    assert read_pair(text) is None
    assert by_sql(connection, PAIR, text)[:2] == [text, text]


def in_minutes(value, letters, style):
    """Write a number of whole hundredths of seconds in degrees, minutes and seconds, by whole-number arithmetic."""
    hundredths = abs(value)
    degrees, rest = divmod(hundredths, 360_000)
    minutes, rest = divmod(rest, 6_000)
    seconds = f"{rest // 100}.{rest % 100:02d}"
    letter = letters[value < 0]
    return {
        "signs": f"{degrees}\u00b0{minutes}'{seconds}\"{letter}",
        "typeset": f"{degrees}\u00b0 {minutes}\u2032 {seconds}\u2033 {letter}",
        "two apostrophes": f"{degrees}\u00b0{minutes:02d}'{seconds}'' {letter.lower()}",
        "spaces": f"{degrees} {minutes} {seconds} {letter}",
        "colons": f"{degrees:03d}:{minutes:02d}:{seconds}{letter}",
        "letter first": f"{letter}{degrees} {minutes} {seconds.replace('.', ',')}",
        "a minus": f"{'-' if value < 0 else ''}{degrees}\u00b0{minutes}'{seconds}\"",
        "three numbers": f"{'-' if value < 0 else ''}{degrees} {minutes} {seconds}",
    }[style]


STYLES = ("signs", "typeset", "two apostrophes", "spaces", "colons", "letter first", "a minus", "three numbers")


@settings(deadline=None, max_examples=50)
@given(st.integers(-89 * 360_000, 89 * 360_000), st.sampled_from(["NS", "EW"]), st.sampled_from(STYLES))
def test_degrees_minutes_and_seconds_are_read(connection, hundredths, letters, style):
    text, meant = in_minutes(hundredths, letters, style), hundredths / 360_000
    assert by_sql(connection, degrees_sql("s", letters), text) == pytest.approx(meant, abs=1e-12)
    assert read_degrees(text, letters) == pytest.approx(meant, abs=1e-12)


@settings(deadline=None, max_examples=10)
@given(
    st.lists(
        st.tuples(
            st.integers(-32_040_000, 32_040_000),
            st.integers(-64_440_000, 64_440_000),
            st.sampled_from(STYLES[:6]),
            st.booleans(),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_a_cell_with_both_in_degrees_goes_by_its_letters(connection, drawn):
    texts = []
    for latitude, longitude, style, turned in drawn:
        halves = [in_minutes(latitude, "NS", style), in_minutes(longitude, "EW", style)]
        texts.append(", ".join(reversed(halves) if turned else halves))
    for (latitude, longitude, *_), found in zip(drawn, all_by_sql(connection, PAIR, texts), strict=True):
        assert read_degrees(found[0], "NS") == pytest.approx(latitude / 360_000, abs=1e-12)
        assert read_degrees(found[1], "EW") == pytest.approx(longitude / 360_000, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("2 58 30 O", "EW"), ("53 60 11 N", "NS"), ("53 24 60 N", "NS"), ("53.5 24 N", "NS"), ("53 24.5 11 N", "NS"),
        ("-53 24 11 S", "NS"), ("53 24", "NS"), ("N 53 24 N", "NS"), ("53 24 11 E", "NS"), ("53", "NS"),
    ],
)  # fmt: skip
def test_degrees_that_read_two_ways_or_none_are_not_read(connection, text, letters):
    assert by_sql(connection, degrees_sql("s", letters), text) is None
    assert read_degrees(text, letters) is None


SIGNS = [("", ""), (".", ""), (",", ""), (",", "."), (",", " "), (".", ","), (".", "'"), (",", "'")]


@settings(deadline=None, max_examples=50)
@given(st.integers(-(10**11), 10**11), st.sampled_from(SIGNS))
def test_a_number_is_read_by_the_signs_of_its_format(connection, hundredths, signs):
    decimal, thousands = signs
    whole, rest = divmod(abs(hundredths), 100)
    text = f"{'-' if hundredths < 0 else ''}{f'{whole:,}'.replace(',', thousands)}{decimal or '.'}{rest:02d}"
    assert by_sql(connection, number_sql("s", decimal, thousands), text) == hundredths / 100
    assert read_number(text, decimal, thousands) == hundredths / 100


@settings(deadline=None, max_examples=50)
@example("+-0", ("", ""), False)
@example("1_000", ("", ""), True)
@given(
    st.text("0123456789.,' \u00a0-+_eENSEW\u00b0", min_size=1, max_size=12).map(str.strip).filter(bool),
    st.sampled_from(SIGNS),
    st.booleans(),
)
def test_sql_and_python_agree_on_any_coordinate(connection, text, signs, in_degrees):
    found = by_sql(connection, coordinate_sql("s", "NS", *signs, in_degrees=in_degrees), text)
    assert found == pytest.approx(read_coordinate(text, "NS", *signs, in_degrees=in_degrees), abs=1e-12)


def test_sql_and_python_agree_on_spoilt_cells(connection):
    dice = random.Random(5)
    texts = []
    for _ in range(3000):
        text = list(CELLS[dice.choice(sorted(CELLS))](53.25, -2.125))
        for _ in range(dice.randint(1, 2)):
            at = dice.randrange(len(text))
            text[at : at + 1] = dice.choice([[], ["0"], [" "], ["("], [")"], [","], [text[at], text[at]], ["A"]])
        texts.append("".join(text).strip())
    for text, found in zip(texts, all_by_sql(connection, PAIR, texts), strict=True):
        pair = read_pair(text)
        read = [text, text] if pair is None else [pair.latitude, pair.longitude]
        if pair is None or pair.form != "WKB":
            assert found[:2] == ([None, None] if pair is None and holds_no_point(text) else read), text
        else:
            assert [float(part) for part in found[:2]] == [float(part) for part in read], text


FORMAT = """
[columns]
date = "date"
{columns}
[category]
constant = "find"
[date]
formats = ["%Y-%m-%d"]
[location]
crs = "{crs}"
[values]
{values}
"""


def read(folder, area, rows, columns='latlon = "place"', crs="EPSG:4326", values=""):
    """Read rows of a date and cells by a format; return the ledger, and longitude, latitude and weight of the rows kept."""
    inbox = folder / "inbox"
    inbox.mkdir()
    headers = [line.split('"')[1] for line in columns.splitlines()]
    lines = ["2019-03-01," + ",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows]
    (inbox / "a.csv").write_text(",".join(["date", *headers]) + "\n" + "".join(lines))
    input_format = parse_format("own.toml", FORMAT.format(columns=columns, crs=crs, values=values))
    with open_engine(folder / "t.duckdb", inputs=inbox) as store:
        ledger = ingest_events(
            store, "s", input_format=input_format, files=find_input_files(["a.csv"], inbox, members=()), area=area,
            period=SPAN,
        )  # fmt: skip
        [rows_table, places] = [
            next(name for name in store.names() if name.startswith(part)) for part in ("row_", "place_")
        ]
        weight = "weight" if "weight" in columns else "NULL"
        kept = store.rows(
            f"SELECT longitude, latitude, {weight} FROM {store.table(rows_table)} AS r JOIN {store.table(places)} AS p "
            "ON r.place = p.place WHERE r.fault IS NULL ORDER BY line"
        )
    return ledger, kept


def test_all_forms_of_a_cell_lie_in_one_place(tmp_path, area):
    rows = [[cell(LAT, LON)] for cell in CELLS.values()]
    ledger, kept = read(tmp_path, area, [*rows, ["SOMETOWN, CT"], ["POINT EMPTY"], [""]])
    assert {row[:2] for row in map(tuple, kept[: len(rows)])} == {(LON, LAT)}
    assert ledger.total("inside") == len(rows)
    assert ledger.total("no_place") == 3


def test_a_point_of_another_system_is_never_misread(tmp_path, area):
    rows = [[f"SRID=4326;POINT ({LON} {LAT})"], [f"SRID=27700;POINT ({LON} {LAT})"], [as_wkb(LON, LAT, srid=32626)]]
    ledger, _ = read(tmp_path, area, [*rows, rows[0], rows[0]])
    assert [ledger.total(kind) for kind in ("inside", "outside", "no_place")] == [3, 0, 2]
    (note,) = [note for note in ledger.notes if note.kind == IMPOSSIBLE]
    assert (note.rows, note.first_line) == (2, 3)
    assert "names another coordinate system (SRID) than the format's EPSG:4326" in note.sentence


def test_a_point_of_the_formats_own_system_is_read(tmp_path, area):
    rows = [["SRID=32626;POINT (500100 4983200)"], [as_wkb(500_100, 4_983_200, srid=32626)]]
    ledger, kept = read(tmp_path, area, rows, crs="EPSG:32626")
    assert [tuple(row[:2]) for row in kept] == [(500_100.0, 4_983_200.0)] * 2
    assert ledger.total("inside") == 2


WEIGHTED = 'longitude = "x"\nlatitude = "y"\nweight = "n"'


def weighted(*weights):
    return [[str(LON), str(LAT), weight] for weight in weights]


@pytest.mark.parametrize(
    ("weights", "text", "line", "sign"),
    [
        (("1.000", "20", "20"), "1.000", 2, "."),
        (("20", "1.234"), "1.234", 3, "."),
        (("20", "1.234.567"), "1.234.567", 3, "."),
        (("20", "1,000"), "1,000", 3, ","),
        (("20", "1,5", "3", "4"), "1,5", 3, ","),
    ],
)
def test_weights_that_read_two_ways_are_asked_about(tmp_path, area, weights, text, line, sign):
    with pytest.raises(QualityError) as stop:
        read(tmp_path, area, weighted(*weights), WEIGHTED)
    assert f'(first in line {line}) the weight "{text}" in "n" can be read in two ways' in str(stop.value)
    assert f'decimal = "{sign}" under [values]' in str(stop.value)
    assert f'thousands = "{sign}"' in str(stop.value)


@pytest.mark.parametrize(
    ("values", "weights", "meant"),
    [
        ('decimal = "."', ("1.000", "20"), [1, 20]),
        ('thousands = "."\ndecimal = ","', ("1.000", "20", "1.234.567,5"), [1000, 20, 1_234_567.5]),
        ('thousands = ","', ("1,000", "20.5"), [1000, 20.5]),
        ('decimal = ","', ("1,000", "20", "2,5"), [1, 20, 2.5]),
        ("", ("1.000", "2.5", "20"), [1, 2.5, 20]),
        ("", ("1.000", "0.500"), [1, 0.5]),
        ("", ("1234.567", "20"), [1234.567, 20]),
        ("", ("3", "20", "1000"), [3, 20, 1000]),
    ],
)
def test_weights_that_are_settled_are_read(tmp_path, area, values, weights, meant):
    commas = 'decimal = ","' in values
    rows = [
        [cell.replace(".", ",") if commas and n < 2 else cell for n, cell in enumerate(row)]
        for row in weighted(*weights)
    ]
    ledger, kept = read(tmp_path, area, rows, WEIGHTED, values=values)
    assert [row[2] for row in kept] == meant
    assert ledger.total("inside") == len(weights)


def test_ordinary_weights_are_not_asked_about(connection):
    """Whole numbers, and numbers with one or two decimals, read in one way only."""
    texts = [
        text for number in range(1, 20_000, 7) for text in (f"{number}", f"{number / 100:.1f}", f"{number / 100:.2f}")
    ]
    assert not any(all_by_sql(connection, CAN_BE_THOUSANDS.format(text="s"), texts))


def test_a_separator_that_is_the_decimal_sign_is_refused():
    with pytest.raises(StudyError, match="is the decimal sign too"):
        parse_format("own.toml", FORMAT.format(columns=WEIGHTED, crs="EPSG:4326", values='thousands = "."'))
