"""The extent of a publisher's region: what a format may say of it, and that the shipped ones hold their publisher's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from geoharm.errors import StudyError
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
