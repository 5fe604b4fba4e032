"""GeoJSON, Esri JSON, KML and plain records: the same rows come out of each, with their numbers, and none is lost."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm import _crs
from geoharm.engines.duckdb import open_engine
from geoharm.errors import DataError, StudyError
from geoharm.ingest.detect.check import check_events, check_file
from geoharm.ingest.detect.events import guess_format
from geoharm.ingest.formats.input_format import parse_format
from geoharm.ingest.readers.features import NOT_A_POINT, SEVERAL_POINTS
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.ingest.readers.json_files import read_json
from geoharm.ingest.readers.kml import read_kml
from geoharm.ingest.readers.read import stage_file

LON, LAT = -71.0731, 42.3312
FORMAT = '[format]\ncontainer = "{}"\n[columns]\ndate = "when"\ncategory = "what"\n{}[date]\nformats = ["%Y-%m-%d"]\n{}'


def layout(container: str, more: str = ""):
    place = 'longitude = "lon"\nlatitude = "lat"\n' if container == "json" else ""
    return parse_format("own.toml", FORMAT.format(container, place, more))


def source_of(folder: Path, name: str, content: str | bytes, members=()):
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return find_input_files([name], folder, members=members)[0]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scratch")
    with open_engine(folder / "t.duckdb", inputs=folder) as engine:
        yield engine.scratch


def staged(scratch, source, input_format):
    """Return the rows that a file gives, and its balance."""
    balance = stage_file(scratch, source, input_format)
    rows = scratch.execute("FROM stage ORDER BY line").fetchall()
    scratch.execute("DROP TABLE stage")
    return rows, balance


def check(folder: Path, name: str, content: str | bytes, container: str, more: str = ""):
    source_of(folder, name, content)
    return check_file(folder / name, layout(container, more))["files"][0]


# -- one set of records in every container ----------------------------------------------------------------------------


def geojson_feature(record):
    place = record["place"]
    geometry = place and {"type": "Point", "coordinates": [*place, *record["z"]]}
    return {"type": "Feature", "properties": {"when": record["when"], "what": record["what"]}, "geometry": geometry}


def as_geojson(records):
    return json.dumps({"type": "FeatureCollection", "features": list(map(geojson_feature, records))})


def as_lines(records):
    return "".join(f"{json.dumps(geojson_feature(record))}\n" for record in records)


def as_sequence(records):
    return "".join(f"\x1e{json.dumps(geojson_feature(record))}\n" for record in records)


def as_esri(records):
    features = [
        {"attributes": {"when": record["when"], "what": record["what"]},
         **({"geometry": dict(zip("xyz", [*record["place"], *record["z"]], strict=False))} if record["place"] else {})}
        for record in records
    ]  # fmt: skip
    return json.dumps({"geometryType": "esriGeometryPoint", "spatialReference": {"wkid": 4326}, "features": features})


def escaped(text):
    return (text or "").replace("&", "&amp;").replace("<", "&lt;")


def as_kml(records):
    marks = []
    for record in records:
        data = "".join(f'<Data name="{key}"><value>{escaped(record[key])}</value></Data>' for key in ("when", "what"))
        point = ",".join(map(repr, [*(record["place"] or ()), *record["z"]]))
        place = f"<Point><coordinates> {point} </coordinates></Point>" if record["place"] else ""
        marks.append(f"<Placemark><ExtendedData>{data}</ExtendedData>{place}</Placemark>")
    return f'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder>{"".join(marks)}</Folder></Document></kml>'


def as_records(records):
    return json.dumps([{**record, "lon": record["place"] and record["place"][0], "lat": record["place"] and record["place"][1]} for record in records])  # fmt: skip


CONTAINERS = {
    "a.geojson": ("geojson", as_geojson),
    "a.geojsonl": ("geojson", as_lines),
    "a.geojsons": ("geojson", as_sequence),
    "a.json": ("esri-json", as_esri),
    "b.json": ("json", as_records),
    "a.kml": ("kml", as_kml),
}
RECORDS = st.lists(
    st.fixed_dictionaries({
        "when": st.sampled_from(["2020-01-05", "2020-02-06", "bad", None]),
        "what": st.sampled_from(["find", "café & <b>", "x"]),
        "place": st.none() | st.tuples(st.floats(-71.2, -71.0), st.floats(42.2, 42.4)),
        "z": st.sampled_from([[], [0.0], [12.5]]),
    }),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(RECORDS, st.sampled_from(sorted(CONTAINERS)))
def test_every_container_gives_the_same_records_with_their_numbers(records, name):
    container, write = CONTAINERS[name]
    with tempfile.TemporaryDirectory() as made:
        source = source_of(Path(made), name, write(records))
        content = read_kml(source) if container == "kml" else read_json(source, container)[1]
    assert [feature.number for feature in content.features] == list(range(1, len(records) + 1))
    for feature, record in zip(content.features, records, strict=True):
        assert not feature.fault
        assert (feature.properties["when"] or None, feature.properties["what"]) == (record["when"], record["what"])
        if container == "json":
            assert not content.has_places
        else:
            found = tuple(None if text is None else float(text) for text in feature.place)
            assert found == (record["place"] or (None, None))


@pytest.mark.parametrize("name", CONTAINERS)
def test_the_ledger_counts_each_record_once(tmp_path, name):
    container, write = CONTAINERS[name]
    records = [
        {"when": "2020-01-05", "what": "find", "place": (LON, LAT), "z": [0.0]},
        {"when": "bad", "what": "find", "place": (LON, LAT), "z": []},
        {"when": "2020-01-07", "what": "find", "place": None, "z": []},
    ]
    row = check(tmp_path, name, write(records), container)
    assert (row["read"], row["kept"], row["rejected"], row["no_place"]) == (3, 2, 1, 1)
    assert row["reasons"] == [{"reason": '"date" is not a date of the format %Y-%m-%d', "rows": 1, "first_line": 2}]


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_guess_names_the_container(tmp_path, name):
    container, write = CONTAINERS[name]
    records = [
        {"when": f"2020-01-{day:02d}", "what": "find", "place": (LON, LAT + day / 1000), "z": []} for day in range(1, 9)
    ]
    found = guess_format(source_of(tmp_path, name, write(records)))
    assert f'container = "{container}"' in found.toml
    assert found.has_events
    assert ("geometry" in found.columns) == (container != "json")


def test_a_line_that_is_no_json_keeps_its_number(tmp_path):
    good = json.dumps(geojson_feature({"when": "2020-01-05", "what": "x", "place": (LON, LAT), "z": []}))
    row = check(tmp_path, "a.ndjson", f"{good}\n\n{{broken\n{good}\n", "geojson")
    assert (row["read"], row["kept"]) == (3, 2)
    assert row["reasons"] == [{"reason": '"row" is not valid JSON', "rows": 1, "first_line": 3}]


def test_a_packed_map_is_read(tmp_path):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("doc.kml", as_kml([{"when": "2020-01-05", "what": "x", "place": (LON, LAT), "z": []}]))
        archive.writestr("files/icon.png", b"\x89PNG")
    row = check(tmp_path, "a.kmz", content.getvalue(), "kml")
    assert (row["file"], row["kept"]) == ("a.kmz/doc.kml", 1)
    assert 'container = "kml"' in guess_format(find_input_files(["a.kmz"], tmp_path, members=())[0]).toml


# -- geometries -------------------------------------------------------------------------------------------------------


POINT = {"type": "Point", "coordinates": [LON, LAT]}
OTHER = {"type": "Point", "coordinates": [LON, LAT + 1]}
GEOMETRIES = [
    (POINT, (LON, LAT)),
    ({"type": "Point", "coordinates": [LON, LAT, 7.5]}, (LON, LAT)),
    ({"type": "MultiPoint", "coordinates": [[LON, LAT]]}, (LON, LAT)),
    ({"type": "MultiPoint", "coordinates": [[LON, LAT], [LON, LAT]]}, (LON, LAT)),
    ({"type": "MultiPoint", "coordinates": [[LON, LAT], [LON, LAT + 1]]}, SEVERAL_POINTS),
    ({"type": "GeometryCollection", "geometries": [POINT]}, (LON, LAT)),
    ({"type": "GeometryCollection", "geometries": [POINT, OTHER]}, SEVERAL_POINTS),
    ({"type": "GeometryCollection", "geometries": [{"type": "Polygon", "coordinates": [[[0, 0]]]}]}, NOT_A_POINT),
    (None, None),
    ({"type": "Point", "coordinates": []}, None),
    ({"type": "Point", "coordinates": [None, None]}, None),
    ({"type": "MultiPoint", "coordinates": []}, None),
    ({"type": "Polygon", "coordinates": []}, None),
    ({"type": "GeometryCollection", "geometries": []}, None),
    ({"type": "LineString", "coordinates": [[LON, LAT], [LON, LAT + 1]]}, NOT_A_POINT),
    ({"type": "Point"}, NOT_A_POINT),
    ("POINT (1 2)", NOT_A_POINT),
    ([LON, LAT], NOT_A_POINT),
]


@pytest.mark.parametrize(("geometry", "place"), GEOMETRIES)
def test_one_point_is_a_point_and_nothing_is_no_place(tmp_path, geometry, place):
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    content = json.dumps({"type": "FeatureCollection", "features": [feature]})
    (found,) = read_json(source_of(tmp_path, "a.geojson", content), "geojson")[1].features
    if isinstance(place, str):
        assert found.fault == place
    else:
        assert (found.fault, tuple(text and float(text) for text in found.place)) == ("", place or (None, None))


ESRI_GEOMETRIES = [
    ({"x": LON, "y": LAT}, (LON, LAT)),
    ({"x": "NaN", "y": "NaN"}, None),
    ({"x": None, "y": None}, None),
    ({}, None),
    ({"points": [[LON, LAT]]}, (LON, LAT)),
    ({"points": [[LON, LAT], [LON, LAT + 1]]}, SEVERAL_POINTS),
    ({"points": []}, None),
    ({"rings": [[[0, 0]]]}, NOT_A_POINT),
    ({"x": LON, "y": LAT, "spatialReference": {"wkid": 4326}}, (LON, LAT)),
    ({"x": LON, "y": LAT, "spatialReference": {"wkid": 2249}}, "states another coordinate system than its file"),
]


@pytest.mark.parametrize(("geometry", "place"), ESRI_GEOMETRIES)
def test_geometries_of_an_arcgis_server(tmp_path, geometry, place):
    content = {"spatialReference": {"wkid": 4326}, "features": [{"attributes": {"a": 1}, "geometry": geometry}]}
    (found,) = read_json(source_of(tmp_path, "a.json", json.dumps(content)), "esri-json")[1].features
    if isinstance(place, str):
        assert found.fault == place
    else:
        assert (found.fault, tuple(text and float(text) for text in found.place)) == ("", place or (None, None))


KML_PLACES = [
    ("", None),
    ("<Point><coordinates/></Point>", None),
    (f"<MultiGeometry><Point><coordinates>{LON},{LAT}</coordinates></Point></MultiGeometry>", (LON, LAT)),
    (f"<MultiGeometry><Point><coordinates>{LON},{LAT}</coordinates></Point><Point><coordinates>0,0</coordinates></Point></MultiGeometry>", SEVERAL_POINTS),
    (f"<LineString><coordinates>{LON},{LAT} {LON},{LAT}</coordinates></LineString>", NOT_A_POINT),
    (f"<gx:Track><gx:coord>{LON} {LAT} 0</gx:coord></gx:Track>", NOT_A_POINT),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "place"), KML_PLACES)
def test_geometries_of_a_placemark(tmp_path, shape, place):
    content = f'<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="x"><Placemark id="p1"><name>A</name><TimeStamp><when>2020-01-05</when></TimeStamp>{shape}</Placemark></kml>'
    (found,) = read_kml(source_of(tmp_path, "a.kml", content)).features
    assert found.properties == {"id": "p1", "name": "A", "when": "2020-01-05"}
    if isinstance(place, str):
        assert found.fault == place
    else:
        assert (found.fault, tuple(text and float(text) for text in found.place)) == ("", place or (None, None))


BOMB = '<!DOCTYPE kml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><kml><Placemark><name>&b;</name></Placemark></kml>'
OUTSIDE = '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml><Placemark><name>&x;</name></Placemark></kml>'


@pytest.mark.parametrize(
    "content", [BOMB, OUTSIDE, '<?xml version="1.0"?>\n<!DOCTYPE kml SYSTEM "http://x/y.dtd"><kml/>']
)
def test_a_document_type_is_refused(tmp_path, content):
    with pytest.raises(DataError, match=r"has a document type .* it is not read"):
        read_kml(source_of(tmp_path, "a.kml", content))


def test_a_packed_map_that_grows_a_hundredfold_is_refused(tmp_path):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", b"<kml>" + b" " * 60_000_000 + b"</kml>")
    with pytest.raises(DataError, match="unpacks to more than 100 times its size"):
        check(tmp_path, "a.kmz", content.getvalue(), "kml")


def test_elements_nested_without_end_are_refused(tmp_path):
    with pytest.raises(DataError, match="elements inside each other beyond 100 levels"):
        read_kml(source_of(tmp_path, "a.kml", "<kml>" + "<a>" * 100_000))


# -- coordinate systems -----------------------------------------------------------------------------------------------


SYSTEMS = ["EPSG:2249", "EPSG:26986", "EPSG:3857", "EPSG:4269", "EPSG:4326", "OGC:CRS84"]
NAMES = ["urn:ogc:def:crs:{}::{}", "http://www.opengis.net/def/crs/{}/0/{}", "{}:{}"]


def in_system(crs, count=9):
    x, y = _crs.transform([LON + n / 1000 for n in range(count)], [LAT] * count, source=_crs.LONLAT, target=crs)
    return list(zip(x, y, strict=True))


def collection(places, crs=None, **more):
    features = [
        {"type": "Feature", "properties": {"when": "2020-01-05", "what": "x"}, "geometry": {"type": "Point", "coordinates": list(place)}}
        for place in places
    ]  # fmt: skip
    member = (
        {} if crs is None else {"crs": crs if isinstance(crs, dict) else {"type": "name", "properties": {"name": crs}}}
    )
    return json.dumps({"type": "FeatureCollection", **member, **more, "features": features})


def first_place(scratch, source, more=""):
    """Return the first place of a file in the coordinate system of its format."""
    container = "esri-json" if source.name.endswith(".json") else "geojson"
    rows, _ = staged(scratch, source, layout(container, more))
    return tuple(map(float, rows[0][-2:]))


@pytest.mark.parametrize("crs", SYSTEMS)
@pytest.mark.parametrize("pattern", NAMES)
def test_a_file_that_states_its_coordinate_system_is_read_by_it(tmp_path, scratch, crs, pattern):
    source = source_of(tmp_path, "a.geojson", collection(in_system(crs), pattern.format(*crs.split(":"))))
    assert first_place(scratch, source) == pytest.approx((LON, LAT), abs=1e-7)
    assert 'crs = "EPSG:4326"' in guess_format(source).toml


@pytest.mark.parametrize(("wkid", "crs"), [(2249, "EPSG:2249"), (102100, "EPSG:3857"), (102686, "EPSG:2249"), (4326, "EPSG:4326")])  # fmt: skip
def test_the_numbers_of_esri_are_known(tmp_path, scratch, wkid, crs):
    features = [
        {"attributes": {"when": "2020-01-05", "what": "x"}, "geometry": {"x": x, "y": y}} for x, y in in_system(crs)
    ]
    content = json.dumps({"spatialReference": {"wkid": wkid}, "features": features})
    assert first_place(scratch, source_of(tmp_path, "a.json", content)) == pytest.approx((LON, LAT), abs=1e-6)


def test_a_system_stated_by_the_format_is_used_where_the_file_states_none(tmp_path, scratch):
    source = source_of(tmp_path, "a.geojson", collection(in_system("EPSG:2249")))
    more = '[location]\ncrs = "EPSG:2249"\n'
    assert first_place(scratch, source, more) == pytest.approx(in_system("EPSG:2249")[0])
    assert check_events([source], layout("geojson", more), tmp_path).median_location == pytest.approx(
        (LON + 0.004, LAT)
    )


def test_an_empty_member_states_nothing(tmp_path, scratch):
    content = collection(in_system("EPSG:4326")).replace('"features"', '"crs": null, "features"', 1)
    assert first_place(scratch, source_of(tmp_path, "a.geojson", content)) == pytest.approx((LON, LAT))


REFUSED = {
    "contradicted": (collection(in_system("EPSG:2249"), "EPSG:2249"), '[location]\ncrs = "EPSG:26986"\n', r"states that its coordinates are EPSG:2249, and the format .* that they are EPSG:26986"),
    "degrees under a grid": (collection(in_system("EPSG:4326"), "EPSG:2249"), "", r"states that its coordinates are EPSG:2249, but all of them look like degrees"),
    "unknown": (collection(in_system("EPSG:4326"), "EPSG:99999"), "", r'states the coordinate system "EPSG:99999", which is not known'),
    "a description": (collection(in_system("EPSG:4326"), "+proj=longlat +nadgrids=/etc/passwd"), "", "which is not known"),
    "a link": (collection(in_system("EPSG:4326"), {"type": "link", "properties": {"href": "http://x"}}), "", 'has a member "crs" that names no coordinate system'),
    "latitude first": (collection([(LAT, 120.0)] * 9), "", "latitude before longitude: in that order they would lie where EPSG:4326 is used"),
    "northing first": (collection([(5_650_000, 3_570_000)] * 9, "EPSG:31467"), "", "northing before easting"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_system_that_cannot_be_true_is_refused(tmp_path, scratch, case):
    content, more, sentence = REFUSED[case]
    with pytest.raises(DataError, match=sentence):
        staged(scratch, source_of(tmp_path, "a.geojson", content), layout("geojson", more))


# -- files of another kind --------------------------------------------------------------------------------------------


PAGE = "<!DOCTYPE html>\n<html><head><title>Sign  in</title></head></html>"
ONE = [{"when": "2020-01-05", "what": "x", "place": (LON, LAT), "z": []}]
OTHERS = [
    ("csv", PAGE, r'is a web page \("Sign in"\), not data'),
    ("excel", PAGE, "is a web page"),
    ("geojson", PAGE, "is a web page"),
    ("csv", as_kml(ONE), 'is KML; write container = "kml"'),
    ("geojson", as_kml(ONE), 'is KML; write container = "kml"'),
    ("csv", as_geojson(ONE), "is JSON; write container"),
    ("geojson", as_esri(ONE), 'is Esri JSON, not GeoJSON; write container = "esri-json"'),
    ("geojson", as_records(ONE), 'is plain JSON records, not GeoJSON; write container = "json"'),
    ("esri-json", as_lines(ONE), 'is GeoJSON, not Esri JSON; write container = "geojson"'),
    ("json", as_geojson(ONE), 'is GeoJSON, not plain JSON records; write container = "geojson"'),
    ("kml", as_geojson(ONE), "is JSON; write container"),
    ("kml", "<gpx><wpt/></gpx>", "is XML, but not KML"),
    (
        "esri-json",
        '{"error": {"code": 400, "message": "Invalid query"}}',
        r'is the error message of a server \("Invalid query"\)',
    ),
    ("json", '{"error": true, "message": "no such table"}', r'is the error message of a server \("no such table"\)'),
    ("csv", "<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "is the error message of a server"),
    ("geojson", as_geojson(ONE)[:-30], "ends in the middle, in line 1: it was cut short"),
    ("esri-json", as_esri(ONE)[:-9], "ends in the middle"),
    ("kml", as_kml(ONE)[:-30], "ends in the middle"),
    ("geojson", as_geojson(ONE).replace('"Feature",', '"Feature"'), "is not valid GeoJSON"),
]


@pytest.mark.parametrize(("container", "content", "sentence"), OTHERS)
def test_a_file_of_another_kind_is_called_what_it_is(tmp_path, scratch, container, content, sentence):
    text = FORMAT.format(
        container, 'longitude = "lon"\nlatitude = "lat"\n' if container in ("csv", "json", "excel") else "", ""
    )
    source = source_of(tmp_path, "a.dat", content)
    with pytest.raises(DataError, match=sentence):
        staged(scratch, source, parse_format("own.toml", text))


@settings(max_examples=60, deadline=None)
@given(RECORDS, st.sampled_from(["a.geojson", "a.json", "a.kml"]), st.floats(0.3, 0.999))
def test_a_cut_file_is_never_read_as_a_whole(records, name, share):
    container, write = CONTAINERS[name]
    content = write(records).encode()
    with tempfile.TemporaryDirectory() as made:
        source = source_of(Path(made), name, content[: max(int(share * len(content)), 40)])
        if source.path.stat().st_size == len(content):
            return
        with pytest.raises(DataError, match=r"ends in the middle|utf-8 text"):
            read_kml(source) if container == "kml" else read_json(source, container)


def test_a_server_that_sent_a_part_is_noted(tmp_path):
    for name, container, content in (
        ("a.geojson", "geojson", collection([(LON, LAT)], exceededTransferLimit=True)),
        ("b.geojson", "geojson", collection([(LON, LAT)], properties={"exceededTransferLimit": True})),
    ):
        notes = read_json(source_of(tmp_path, name, content), container)[1].notes
        assert notes == ("the server says that it has more rows than it sent (exceededTransferLimit); fetch the rest",)


@pytest.mark.parametrize("container", ["geojson", "esri-json", "kml", "vector"])
def test_columns_of_coordinates_beside_geometries_are_refused(container):
    with pytest.raises(StudyError, match="have their places in geometries; leave it out"):
        parse_format("own.toml", FORMAT.format(container, 'longitude = "lon"\nlatitude = "lat"\n', ""))
