"""The extent of a publisher's region: what a format may say of it, and that the shipped ones hold their publisher's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from geoharm.errors import QualityError, StudyError
from geoharm.ingest.detect.check import check_file
from geoharm.ingest.formats.input_format import parse_format, read_format, shipped_formats

FORMAT = """
[columns]
date = "date"
longitude = "longitude"
latitude = "latitude"
[date]
formats = ["%Y-%m-%d"]
[location]
extent = {extent}
"""


def test_an_extent_is_west_south_east_north_and_may_be_left_out():
    given = parse_format("own.toml", FORMAT.format(extent="[-71.35, 42, -70.75, 42.5]"))
    assert given.extent == (-71.35, 42.0, -70.75, 42.5)
    assert read_format("points-csv", Path()).extent is None


@pytest.mark.parametrize(
    "extent", ["[1, 2, 3]", "[2, 1, 1, 3]", "[-71, 43, -70, 42]", "[-71, 42, -70, 95]", '[-71, 42, "x", 43]']
)
def test_what_is_no_extent_is_refused_in_one_sentence(extent):
    with pytest.raises(
        StudyError, match=r"^own\.toml, \[location\]: extent = .* such as \[-0\.6, 51\.2, 0\.4, 51\.8\]\.$"
    ):
        parse_format("own.toml", FORMAT.format(extent=extent))


def test_an_extent_decides_about_rows_so_it_is_in_the_fingerprint():
    fingerprints = {
        parse_format("own.toml", FORMAT.format(extent=extent)).fingerprint()
        for extent in ("[-71.35, 42, -70.75, 42.5]", "[-71.35, 42, -70.75, 42.6]")
    }
    assert len(fingerprints) == 2


def test_shipped_extents_are_small_enough_that_no_exchanged_place_lies_inside():
    """A place with longitude and latitude exchanged is beyond the extent, so the exchange can be seen."""
    for name in shipped_formats():
        extent = read_format(name, Path()).extent
        if extent:
            west, south, east, north = extent
            assert north < west or south > east, name


def points(pairs):
    return "date,longitude,latitude\n" + "".join(
        f"2020-01-{n % 28 + 1:02d},{x},{y}\n" for n, (x, y) in enumerate(pairs)
    )


def checked(tmp_path, pairs, extent="", crs="EPSG:4326"):
    (tmp_path / "a.csv").write_text(points(pairs))
    text = FORMAT.replace("extent = {extent}", f'crs = "{crs}"\n{extent}')
    return check_file(tmp_path / "a.csv", parse_format("own.toml", text))


MERSEYSIDE = [(-2.9 - n / 900, 53.4 + n / 900) for n in range(60)]
SWAPPED = [(y, x) for x, y in MERSEYSIDE]
UK = "extent = [-9.0, 49.5, 2.5, 61.5]"


def test_swapped_columns_are_named_without_a_study(tmp_path):
    with pytest.raises(QualityError) as stop:
        checked(tmp_path, SWAPPED, UK)
    assert str(stop.value) == (
        '"a.csv": 60 of 60 rows lie in the extent of the format (location.extent) only if "longitude" and "latitude" are '
        "swapped. Swap the two columns in the file or in the format; nothing was read."
    )
    with pytest.raises(QualityError, match='lie on the earth only if "longitude" and "latitude" are swapped'):
        checked(tmp_path, [(42.3, -71.1 - n / 900 - 20) for n in range(60)])


def test_swapped_metres_are_named_by_an_extent_in_degrees(tmp_path):
    metres = [(390_000 + n, 335_000 + n) for n in range(60)]
    with pytest.raises(QualityError, match=r"only if \"longitude\" and \"latitude\" are swapped"):
        checked(tmp_path, metres, "extent = [-3.2, 53.2, -2.7, 53.7]", "EPSG:27700")
    assert (
        checked(tmp_path, [(y, x) for x, y in metres], "extent = [-3.2, 53.2, -2.7, 53.7]", "EPSG:27700")["places"][
            "far"
        ]
        == 0
    )


@pytest.mark.parametrize("wrong", [0, 1, 5])
def test_right_columns_pass_and_a_few_wrong_rows_do_not_stop_a_file(tmp_path, wrong):
    found = checked(tmp_path, [*SWAPPED[:wrong], *MERSEYSIDE[wrong:]], UK)
    assert found["files"][0]["kept"] == 60


def test_a_check_says_where_the_rows_lie_and_how_many_lie_far(tmp_path):
    far = [(0.1, 51.5)] * 3
    places = checked(tmp_path, [*MERSEYSIDE * 10, *far])["places"]
    assert (places["rows"], places["far"]) == (603, 3)
    west, south, east, north = (places[side] for side in ("west", "south", "east", "north"))
    assert (west, east) == (pytest.approx(-2.9656, abs=2e-3), pytest.approx(-2.9, abs=2e-3))
    assert (south, north) == (pytest.approx(53.4, abs=2e-3), pytest.approx(53.4656, abs=2e-3))


def test_one_place_has_a_box_and_no_far_row(tmp_path):
    assert checked(tmp_path, [(-2.9, 53.4)] * 40)["places"]["far"] == 0


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("merseyside-police/2018-01-merseyside-street.csv.gz", "police-uk-street"),
        ("tempe-ems/tempe_opioid_calls_ashby.csv", "tempe-ems"),
        ("boston-police/drug_crimes_2020_2025.csv.gz", "boston-police"),
        ("boston-needles/needle_2016.geojson.gz", "boston-311-needles"),
    ],
)
def test_real_rows_lie_in_the_extent_of_their_format(shared, file, name):
    input_format = read_format(name, Path())
    west, south, east, north = input_format.extent
    places = check_file(shared / file, input_format)["places"]
    assert west < places["west"] < places["east"] < east
    assert south < places["south"] < places["north"] < north
