"""Lists of sites and street lines: no dates, every row accounted for."""

from __future__ import annotations

import json
import tempfile
import zipfile
from datetime import date
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm import _crs
from geoharm.engines.duckdb import open_engine
from geoharm.errors import DataError, QualityError, StudyError
from geoharm.ingest.formats.input_format import read_format
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.ingest.sites import source_sites
from geoharm.ingest.streets import source_streets
from geoharm.ingest.tables import ingest_table
from geoharm.model.geometry import StudyArea
from geoharm.model.period import Period
from geoharm.model.study import Source
from geoharm.simulation.location import CENTRE, CRS
from tests.conftest import lonlat

LON, LAT = lonlat(0, 0)
HEAD = "name,category,address,longitude,latitude,phone\n"


def ingest(folder: Path, area, span, files, input_format, kind="site", then=lambda store: None):
    inbox = folder / "inbox"
    inbox.mkdir(exist_ok=True)
    for name, content in files.items():
        (inbox / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    found = read_format(input_format, folder)
    inputs = find_input_files(sorted(files), inbox, members=found.members if found.container != "vector" else ())
    source = Source("s", kind, input_format, tuple(files))
    with open_engine(folder / "t.duckdb", inputs=inbox) as store:
        ledger = ingest_table(store, source, input_format=found, files=inputs, area=area, period=span)
        for row in ledger.files:
            assert row.read == row.kept + row.rejected + row.duplicate
        return ledger, then(store)


def rejects(store):
    return store.scratch.execute('SELECT line, "column", reason FROM main.reject ORDER BY line').fetchall()


# -- sites ------------------------------------------------------------------------------------------------------------


GOOD = f"Clinic A,detox,1 High St,{LON},{LAT},1\nClinic B,detox,2 High St,{LON},{LAT},2\nFar,detox,,10.0,10.0,3\n"
TRAPS = {
    "no name": (f",detox,x,{LON},{LAT},9\n", ("name", "is empty")),
    "half a place": (f"C,detox,x,{LON},,9\n", ("latitude", "is empty where longitude is not")),
    "the other half": (f"C,detox,x,,{LAT},9\n", ("longitude", "is empty where latitude is not")),
    "no number": (f"C,detox,x,{LON},#REF!,9\n", ("latitude", "is not a number")),
    "infinite": (f"C,detox,x,inf,{LAT},9\n", ("longitude", "is not a number")),
    "beyond the pole": (f"C,detox,x,{LON},91,9\n", ("latitude", "is beyond 90 degrees")),
    "broken line": ("C,detox\n", ("row", "has fewer columns than the header")),
}


@pytest.mark.parametrize("case", TRAPS, ids=list(TRAPS))
def test_bad_sites_are_rejected_with_line_and_reason(case, tmp_path, area, span):
    body, expected = TRAPS[case]
    ledger, found = ingest(tmp_path, area, span, {"a.csv": HEAD + GOOD + body}, "sites-csv", then=rejects)
    assert found == [(5, *expected)]
    assert (ledger.total("inside"), ledger.total("outside"), ledger.total("rejected")) == (2, 1, 1)


def test_sites_without_a_place_twice_or_elsewhere(tmp_path, area, span):
    body = HEAD + GOOD + f"Clinic A,detox,1 High St,{LON},{LAT},8\nVan,detox,Market,,,9\nZero,detox,Market,0,0,9\n"
    ledger, found = ingest(
        tmp_path, area, span, {"a.csv": body}, "sites-csv", then=lambda store: source_sites(store, "s")
    )
    assert (ledger.total("read"), ledger.total("kept"), ledger.total("duplicate"), ledger.total("no_place")) == (
        6,
        5,
        1,
        2,
    )
    assert [(site.name, site.category) for site in found] == [("Clinic A", "detox"), ("Clinic B", "detox")]
    assert (found[0].x, found[0].y) == pytest.approx(CENTRE, abs=0.01)
    assert ledger.coverage is None


def test_no_personal_column_enters_the_database(tmp_path, area, span):
    def everything(store):
        names = store.rows(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
        )
        return "".join(str(store.rows(f'FROM {schema}."{name}"')) for schema, name in names)

    body = HEAD + f"Clinic A,detox,1 High St,{LON},{LAT},617-555-0199\n"
    _, found = ingest(tmp_path, area, span, {"a.csv": body}, "sites-csv", then=everything)
    assert "Clinic A" in found
    assert "555-0199" not in found


def test_names_of_organisations_may_be_read_and_of_people_not(tmp_path):
    text = '[format]\nkind = "site"\n[columns]\nname = "{}"\nlongitude = "x"\nlatitude = "y"\n'
    for header in ("name", "NAME_1", "Facility Name"):
        (tmp_path / "own.toml").write_text(text.format(header))
        assert read_format("own.toml", tmp_path).columns["name"] == (header,)
    for header in ("First Name", "Client name", "Surname", "PatientName"):
        (tmp_path / "own.toml").write_text(text.format(header))
        with pytest.raises(StudyError, match="personal data"):
            read_format("own.toml", tmp_path)


def test_a_list_of_another_city_or_with_swapped_columns_is_refused(tmp_path, area, span):
    with pytest.raises(
        QualityError, match=r"No located site of .s. lies in the study area; they lie at 10.00 to 10.00 east"
    ):
        ingest(tmp_path, area, span, {"a.csv": f"{HEAD}Far,detox,,10,10,1\n"}, "sites-csv")
    with pytest.raises(QualityError, match="whether longitude and latitude are swapped"):
        ingest(tmp_path, area, span, {"a.csv": f"{HEAD}A,detox,,{LAT},{LON},1\n"}, "sites-csv")


def test_sites_as_pairs_and_as_geojson(tmp_path, area, span):
    (tmp_path / "own.toml").write_text('[format]\nkind = "site"\n[columns]\nname = "who"\nlatlon = "where"\n')
    body = f'who,where\nA,"({LAT}, {LON})"\nB,12 High Street\nD,nowhere\nC,"{LAT} ; {LON}"\n'
    ledger, found = ingest(tmp_path, area, span, {"a.csv": body}, "own.toml", then=rejects)
    assert (ledger.total("inside"), found) == (
        2,
        [(3, "latlon", "holds no pair of coordinates that can be read in one way only")],
    )
    assert ledger.total("no_place") == 1
    (tmp_path / "own.toml").write_text('[format]\nkind = "site"\ncontainer = "geojson"\n[columns]\nname = "who"\n')
    feature = {"type": "Feature", "properties": {"who": "A"}, "geometry": {"type": "Point", "coordinates": [LON, LAT]}}
    body = json.dumps({"type": "FeatureCollection", "features": [feature]})
    ledger, _ = ingest(tmp_path, area, span, {"a.geojson": body}, "own.toml")
    assert ledger.total("inside") == 1


NAMELESS = '[format]\nkind = "site"\n[columns]\n{}longitude = "x"\nlatitude = "y"\n'


def site_rows(store):
    return store.rows("SELECT name, place FROM main.site ORDER BY line")


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        ('address = "street"\n', ["1 High St", "1 High St", "2 High St", None]),
        ('id = "no"\n', ["1", "2", "3", "4"]),
        ('id = "no"\naddress = "street"\n', ["1 High St", "1 High St", "2 High St", "4"]),
    ],
)
def test_a_list_without_names_is_read_by_address_or_identifier(columns, names, tmp_path, area, span):
    (tmp_path / "own.toml").write_text(NAMELESS.format(columns))
    body = f"no,street,x,y\n1,1 High St,{LON},{LAT}\n2,1 High St,{LON + 0.01},{LAT}\n3,2 High St,{LON},{LAT}\n4,,{LON},{LAT}\n"
    ledger, found = ingest(tmp_path, area, span, {"a.csv": body}, "own.toml", then=lambda store: (site_rows(store), rejects(store)))  # fmt: skip
    assert [name for name, _ in found[0]] == [name for name in names if name]
    assert found[1] == ([] if names[-1] else [(5, "address", "is empty")])
    assert ledger.total("duplicate") == 0


def test_a_site_needs_something_to_be_called_by(tmp_path):
    (tmp_path / "own.toml").write_text(NAMELESS.format(""))
    with pytest.raises(StudyError, match="name the column of its name, its address or its identifier"):
        read_format("own.toml", tmp_path)


SITE = st.tuples(st.sampled_from(["1", "2"]), st.sampled_from(["1 High St", "2 High St"]), st.sampled_from(["", f"{LON},{LAT}", f"{LON + 0.01},{LAT}"]))  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(st.lists(SITE, min_size=1, max_size=8), st.booleans())
def test_places_decide_which_rows_are_one_site(sites, has_ids):
    """A slow referee: a row is a duplicate if an earlier row has the same identifier, address and place, unless both are unknown."""
    area = StudyArea(shapely.box(*(c - 3000 for c in CENTRE), *(c + 3000 for c in CENTRE)), CRS)
    span = Period(date(2019, 1, 1), date(2023, 1, 1))
    body = "no,street,x,y\n" + "".join(f"{number},{street},{place or ','}\n" for number, street, place in sites)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "own.toml").write_text(NAMELESS.format('address = "street"\n' + 'id = "no"\n' * has_ids))
        ledger, _ = ingest(folder, area, span, {"a.csv": body}, "own.toml")
    keys = [(number if has_ids else "", street, place) for number, street, place in sites]
    repeated = sum((has_ids or key[2] != "") and key in keys[:position] for position, key in enumerate(keys))
    assert (ledger.total("read"), ledger.total("duplicate"), ledger.total("rejected")) == (len(sites), repeated, 0)


# -- streets ----------------------------------------------------------------------------------------------------------


def metres(*points):
    return shapely.LineString([(CENTRE[0] + x, CENTRE[1] + y) for x, y in points])


LINES = [
    metres((0, 0), (100, 0), (100, 0), (100, 50)),
    shapely.MultiLineString([metres((100, 50), (200, 50)), metres((500, 500), (600, 500))]),
    metres((100, 50), (100, 0), (100, 0), (0, 0)),
    metres((7, 7), (7, 7)),
    shapely.Point(CENTRE),
    None,
    metres((50_000, 0), (50_100, 0)),
]


def write_lines(folder: Path, crs: str, ending: str, lines=LINES) -> bytes:
    frame = geopandas.GeoDataFrame({"street": [f"s{n}" for n in range(len(lines))]}, geometry=lines, crs=CRS).to_crs(
        crs
    )
    if ending == "zip":
        frame = frame[[shape is None or "Line" in shape.geom_type for shape in frame.geometry]]
        (folder / "shp").mkdir()
        frame.to_file(folder / "shp" / "a.shp")
        with zipfile.ZipFile(folder / "x.zip", "w") as archive:
            for part in sorted((folder / "shp").iterdir()):
                archive.write(part, part.name)
    else:
        frame.to_file(folder / f"x.{ending}", driver={"geojson": "GeoJSON", "gpkg": "GPKG"}[ending])
    return (folder / f"x.{ending}").read_bytes()


@pytest.mark.parametrize(
    ("ending", "crs", "input_format"),
    [("geojson", _crs.LONLAT, "streets-geojson"), ("gpkg", "EPSG:3857", "streets"), ("zip", CRS, "streets")],
)
def test_lines_of_every_container_and_system(ending, crs, input_format, tmp_path, area, span):
    content = write_lines(tmp_path, crs, ending)
    ledger, found = ingest(
        tmp_path,
        area,
        span,
        {f"a.{ending}": content},
        input_format,
        "streets",
        lambda store: (source_streets(store, "s"), rejects(store)),
    )
    made, bad = found
    point = [] if ending == "zip" else [(5, "geometry", "is not a line")]
    assert bad == [(4, "geometry", "has no length"), *point, (6 - (not point), "geometry", "has no geometry")]
    row = ledger.files[0]
    assert (row.kept, row.duplicate, row.inside, row.outside) == (4, 1, 3, 1)
    assert made.length == pytest.approx([100, 50, 100, 100, 100], abs=0.01)
    # The bend, and the end where the second line begins, are shared.
    assert (made.end[0], made.end[1]) == (made.start[1], made.start[2])
    assert made.nodes == 8
    # GeoJSON keeps seven decimals of a degree: a double vertex may come back a hair apart, never lost.
    assert any("vertices repeat the one before" in note.sentence for note in ledger.notes) or ending != "zip"


def test_nan_and_unplaceable_coordinates_are_rejected(tmp_path, area, span):
    nan = shapely.LineString([(CENTRE[0], CENTRE[1]), (np.nan, CENTRE[1] + 5)])
    content = write_lines(tmp_path, CRS, "gpkg", [*LINES[:2], nan])
    _, found = ingest(tmp_path, area, span, {"a.gpkg": content}, "streets", "streets", rejects)
    assert found == [(3, "geometry", "has a coordinate that is not a number")]
    feature = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "LineString", "coordinates": [[500_000, 6_000_000], [500_100, 6_000_000]]},
    }
    body = json.dumps({"type": "FeatureCollection", "features": [feature]})
    with pytest.raises(
        QualityError, match="1 of 1 cannot be used; the first, feature 1, has a coordinate that its system cannot place"
    ):
        ingest(tmp_path, area, span, {"a.geojson": body}, "streets-geojson", "streets")


def test_streets_elsewhere_or_of_no_lines_are_refused(tmp_path, area, span):
    content = write_lines(tmp_path, CRS, "gpkg", LINES[6:])
    with pytest.raises(QualityError, match=r'No line of "s" reaches the study area'):
        ingest(tmp_path, area, span, {"a.gpkg": content}, "streets", "streets")
    with pytest.raises(DataError, match="is not GeoJSON"):
        ingest(tmp_path, area, span, {"a.geojson": "name\nx\n"}, "streets-geojson", "streets")
    with pytest.raises(DataError, match="is neither a GeoPackage, a FlatGeobuf file nor a zipped Shapefile"):
        ingest(tmp_path, area, span, {"a.gpkg": "{}"}, "streets", "streets")
    (tmp_path / "own.toml").write_text('[format]\nkind = "streets"\ncontainer = "csv"\n[columns]\nfirst = "x"\n')
    with pytest.raises(StudyError) as caught:
        read_format("own.toml", tmp_path)
    assert len(caught.value.problems) == 2
