"""Area files as people have them are read as drawn, mended and said, or refused in one true sentence."""

from __future__ import annotations

import io
import json
import math
import shutil
import warnings
import zipfile

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm import _crs
from geoharm.errors import StudyError
from geoharm.geo.area_files import read_area, read_areas, read_context_lines, read_place_names, read_street
from tests.conftest import CENTRE, CRS, lonlat

HALF = 200
CORNERS = [(-HALF, -HALF), (HALF, -HALF), (HALF, HALF), (-HALF, HALF)]
HOLE = [(-50, -50), (-50, 50), (50, 50), (50, -50)]
SQUARE, WITH_HOLE = 160_000, 150_000


def ring(points, *, is_closed=True):
    degrees = [list(lonlat(x, y)) for x, y in points]
    return [*degrees, degrees[0]] if is_closed else degrees


def collection(*geometries, **members):
    features = [
        {"type": "Feature", "properties": {"code": f"A{number}", "number": number or None}, "geometry": geometry}
        for number, geometry in enumerate(geometries)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features, **members})


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


def read(folder, content, name="a.geojson", crs=CRS, **options):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_area(path, crs, name="target area", **options)


def refusal(folder, content, name="a.geojson", **options):
    with pytest.raises(StudyError) as caught:
        read(folder, content, name, **options)
    (sentence,) = caught.value.problems
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert str(folder) not in sentence
    return sentence


def square(half=HALF, east=0.0, north=0.0):
    return shapely.box(
        *(CENTRE[0] + east - half, CENTRE[1] + north - half), *(CENTRE[0] + east + half, CENTRE[1] + north + half)
    )


def frame(*shapes, crs=CRS, **columns):
    return geopandas.GeoDataFrame(columns, geometry=list(shapes), crs=crs)


MENDED = {
    "as drawn": (polygon(ring(CORNERS)), SQUARE, ""),
    "wound with the clock": (polygon(ring(CORNERS[::-1])), SQUARE, ""),
    "a hole": (polygon(ring(CORNERS), ring(HOLE)), WITH_HOLE, ""),
    "open": (polygon(ring(CORNERS, is_closed=False)), SQUARE, "1 outline left open; the last point was joined"),
    "open hole": (polygon(ring(CORNERS), ring(HOLE, is_closed=False)), WITH_HOLE, "1 outline left open"),
    "both open": (polygon(ring(CORNERS, is_closed=False), ring(HOLE, is_closed=False)), WITH_HOLE, "2 outlines left open"),
    "heights": (polygon([[*point, 12.5] for point in ring(CORNERS)]), SQUARE, ""),
    "an empty hole": (polygon(ring(CORNERS), []), SQUARE, ""),
    "a bow tie": (polygon(ring([CORNERS[0], CORNERS[2], CORNERS[1], CORNERS[3]])), SQUARE / 2, "1 shape drawn with outlines that cross; the ground"),
    "an empty part": ({"type": "MultiPolygon", "coordinates": [[], [ring(CORNERS)]]}, SQUARE, ""),
    "parts that overlap": ({"type": "MultiPolygon", "coordinates": [[ring(CORNERS)], [ring(HOLE)]]}, SQUARE, "outlines that cross"),
    "a collection": (
        {"type": "GeometryCollection", "geometries": [polygon(ring(CORNERS)), {"type": "Point", "coordinates": [-27, 45]}]}, SQUARE, "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MENDED)
def test_a_shape_is_read_or_mended_and_said(tmp_path, case):
    geometry, area, note = MENDED[case]
    found = read(tmp_path, collection(geometry))
    assert found.geometry.area == pytest.approx(area, abs=1)
    assert len(found.notes) == bool(note)
    assert all(note in sentence for sentence in found.notes)
    alone = read(tmp_path, json.dumps(geometry))
    assert alone.geometry.equals(found.geometry)


def test_several_features_are_joined_and_what_has_no_area_is_said(tmp_path):
    line = {"type": "LineString", "coordinates": ring(CORNERS)}
    east = polygon(ring([(x + 2 * HALF, y) for x, y in CORNERS]))
    found = read(tmp_path, collection(polygon(ring(CORNERS)), east, line, None, polygon()))
    assert found.geometry.area == pytest.approx(2 * SQUARE, abs=1)
    assert found.geometry.geom_type == "Polygon"
    assert found.notes == (
        "a.geojson, target area: 3 features without an area, such as points, lines or empty shapes, left out.",
    )


def street(folder, content, **options):
    path = folder / "street.geojson"
    path.write_text(content, encoding="utf-8")
    return read_street(path, CRS, width=30, name="street", **options)


def line(*points):
    return {"type": "LineString", "coordinates": ring(points, is_closed=False)}


def test_a_street_is_the_ground_along_its_lines(tmp_path):
    """Two lines of 300 m that meet at a right angle: each 30 m wide with round ends, less what both hold at the corner."""
    content = collection(line((0, 0), (300, 0)), line((0, 0), (0, 300)), {"type": "Point", "coordinates": TWO[0]})
    found = street(tmp_path, content)
    half = np.pi * 15**2 / 2
    # Both strips and the two far ends; at the corner three quarters of a disc, and a square of the strips counted twice.
    by_hand = 2 * 300 * 30 + 2 * half + half / 2 - 15 * 15
    assert found.geometry.area == pytest.approx(by_hand, rel=5e-3)
    assert found.notes == ("street.geojson, street: 1 feature without a line left out.",)
    whole = collection({"type": "MultiLineString", "coordinates": [ring([(0, 0), (9, 0)], is_closed=False)] * 2})
    assert street(tmp_path, whole).geometry.area == pytest.approx(9 * 30 + 2 * half, rel=0.02)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: collection(polygon(ring(CORNERS))), "the street is drawn as an area; a street is drawn as a line"),
        (lambda: collection({"type": "Point", "coordinates": TWO[0]}), "the street is drawn as points"),
        (lambda: collection({"type": "LineString", "coordinates": [[y, x] for x, y in TWO]}), "exchanged"),
    ],
)
def test_a_street_that_is_none_is_refused(tmp_path, content, said):
    inside = shapely.box(*(c - 3000 for c in CENTRE), *(c + 3000 for c in CENTRE))
    with pytest.raises(StudyError) as caught:
        street(tmp_path, content(), inside=inside)
    assert said in caught.value.problems[0]


TWO = [list(lonlat(0, 0)), list(lonlat(100, 0))]
REFUSED = {
    "two points": (collection(polygon(TWO)), "an outline has only two different points; an area needs three"),
    "two points, closed": (collection(polygon([*TWO, TWO[0]])), "an outline has only two different points"),
    "one point": (collection(polygon([TWO[0]] * 4)), "an outline has only one point"),
    "a hole of two points": (collection(polygon(ring(CORNERS), TWO)), "an outline has only two different points"),
    "the second feature": (collection(polygon(ring(CORNERS)), polygon(TWO)), "feature 2: an outline has only two"),
    "NaN": (collection(polygon([[math.nan, 45.0], *ring(CORNERS)])), "a coordinate is not a finite number"),
    "infinity": (collection(polygon([[math.inf, 45.0], *ring(CORNERS)])), "a coordinate is not a finite number"),
    "a number too large": (collection(polygon(ring(CORNERS))).replace("[[[", "[[[1" + "0" * 400 + ", 1], ["), "not a finite number"),
    "a text": (collection(polygon([["-27", "45"], *ring(CORNERS)])), '["-27", "45"] is no point; a point is two numbers'),
    "half a point": (collection(polygon([[-27.0], *ring(CORNERS)])), "[-27.0] is no point"),
    "nothing": (collection(polygon([None, *ring(CORNERS)])), "nothing stands where a list of coordinates belongs"),
    "one bracket too few": (collection({"type": "Polygon", "coordinates": ring(CORNERS)}), "stands where a list of coordinates belongs"),
    "a line": (collection({"type": "LineString", "coordinates": ring(CORNERS)}), "is drawn as lines, which have no area; draw the outline"),
    "a point": (collection({"type": "Point", "coordinates": TWO[0]}), "is drawn as points, which have no area"),
    "a multipoint of one": (collection({"type": "MultiPoint", "coordinates": TWO[:1]}), "is drawn as points"),
    "in one line": (collection(polygon(ring([(0, 0), (100, 0), (200, 0)]))), "the outline of the target area encloses no area"),
    "no shape": (collection(None), "the target area holds no shape"),
    "no feature": (collection(), "the target area holds no shape"),
    "an empty polygon": (collection(polygon()), "the target area holds no shape"),
    "a circle": (collection({"type": "Circle", "coordinates": TWO[0]}), '"Circle" is not a kind of GeoJSON geometry'),
    "TopoJSON": ('{"type": "Topology", "objects": {}}', "it is TopoJSON; save it as GeoJSON"),
    "other JSON": ('{"a": 1}', "it is JSON, but not GeoJSON"),
    "cut short": (collection(polygon(ring(CORNERS)))[:-20], "it is not valid JSON in line 1, character"),
    "nested without end": ('{"type": ' + "[" * 100_000, "it has lists or objects inside each other beyond 100 levels"),
    "a number of 5,000 digits": ('{"type": ' + "1" * 5000 + "}", "it has a number of more than 4,300 digits"),
    "cp1252": ('{"type": "Feature", "name": "é"}'.encode("cp1252"), "it is not utf-8 text"),
    "nothing at all": (b"", "the file is empty"),
    "features that are none": ('{"type": "FeatureCollection", "features": [1]}', "feature 1 is not a GeoJSON feature"),
    "features that are no list": ('{"type": "FeatureCollection", "features": {}}', "stands where a list"),
    "an unknown system": (collection(polygon(ring(CORNERS)), crs={"type": "name", "properties": {"name": "EPSG:1"}}), '"EPSG:1" is not known'),
    "a linked system": (collection(polygon(ring(CORNERS)), crs={"type": "link", "properties": {"href": "x"}}), "names no coordinate system"),
    "beyond the pole": (collection(polygon([[x, y + 60] for x, y in ring(CORNERS)])), "swapped; longitude must come first"),
    "metres as degrees": (collection(polygon([[5e5, 4e6], [5e5, 5e6], [6e5, 5e6]])), "its coordinates reach 600,000, 5,000,000; they are probably metres"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_ends_in_one_true_sentence(tmp_path, case):
    content, sentence = REFUSED[case]
    assert sentence in refusal(tmp_path, content)


@pytest.mark.parametrize("corners", [5, 101, 201, 2001])
def test_an_outline_that_crosses_itself_without_end_is_refused_at_once(tmp_path, corners):
    """A star of n corners, each joined to the one nearly opposite, crosses itself about n squared over two times."""
    angles = np.arange(corners) * 2 * np.pi * (corners // 2) / corners
    star = polygon(ring([(200 * np.cos(angle), 200 * np.sin(angle)) for angle in angles]))
    if corners < 1000:
        assert "outlines that cross" in read(tmp_path, collection(star)).notes[0]
    else:
        for shape in (star, {"type": "GeometryCollection", "geometries": [star]}):
            assert "its outline crosses itself about 2,000,000 times; draw it again" in refusal(
                tmp_path, collection(shape)
            )


def test_the_system_that_a_geojson_names_is_used(tmp_path):
    metres = [[CENTRE[0] + x, CENTRE[1] + y] for x, y in [*CORNERS, CORNERS[0]]]
    for name in ("urn:ogc:def:crs:EPSG::32626", "EPSG:32626"):
        found = read(tmp_path, collection(polygon(metres), crs={"type": "name", "properties": {"name": name}}))
        assert found.geometry.equals(square())
    legacy = read(tmp_path, collection(polygon(metres), crs={"type": "EPSG", "properties": {"code": 32626}}))
    assert legacy.geometry.equals(square())
    for name in ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"):
        found = read(tmp_path, collection(polygon(ring(CORNERS)), crs={"type": "name", "properties": {"name": name}}))
        assert found.geometry.area == pytest.approx(SQUARE, abs=1)
    sentence = refusal(
        tmp_path, collection(polygon(ring(CORNERS)), crs={"type": "name", "properties": {"name": "EPSG:32626"}})
    )
    assert (
        'says the coordinate system "EPSG:32626", which is not in degrees, but its coordinates are degrees' in sentence
    )


def test_axes_that_are_exchanged_are_said_as_such(tmp_path):
    city = shapely.box(CENTRE[0] - 3000, CENTRE[1] - 3000, CENTRE[0] + 3000, CENTRE[1] + 3000)
    exchanged = collection(polygon([point[::-1] for point in ring(CORNERS)]))
    sentence = refusal(tmp_path, exchanged, inside=city)
    assert "only with latitude and longitude exchanged; longitude must come first. Save it again." in sentence
    metres = [[CENTRE[1] + y, CENTRE[0] + x] for x, y in [*CORNERS, CORNERS[0]]]
    exchanged = collection(polygon(metres), crs={"type": "name", "properties": {"name": CRS}})
    assert "exchanged" in refusal(tmp_path, exchanged, inside=city)
    wards = tmp_path / "wards.geojson"
    wards.write_text(exchanged)
    with pytest.raises(
        StudyError, match="the file of areas lies in the study area only with its two coordinates exchanged"
    ):
        read_areas([wards], CRS, column="code", inside=city)
    elsewhere = read(tmp_path, collection(polygon(ring([(x + 9000, y) for x, y in CORNERS]))), inside=city)
    assert elsewhere.geometry.area == pytest.approx(SQUARE, rel=1e-3)


ESRI = {"wkid": 102100, "latestWkid": 3857}


def esri(*rings, reference=ESRI):
    x, y = _crs.transform(
        *np.array(rings[0] if len(rings) == 1 else np.vstack(rings)).T, source=CRS, target=_crs.MERCATOR
    )
    points = np.column_stack([x, y]).tolist()
    moved, start = [], 0
    for each in rings:
        moved.append(points[start : start + len(each)])
        start += len(each)
    return json.dumps(
        {"geometryType": "esriGeometryPolygon", "spatialReference": reference,
         "features": [{"attributes": {"code": "A"}, "geometry": {"rings": moved}}]}
    )  # fmt: skip


def placed(points):
    return [[CENTRE[0] + x, CENTRE[1] + y] for x, y in [*points, points[0]]]


@pytest.mark.parametrize(
    ("rings", "area", "closed"),
    [
        ([placed(CORNERS[::-1])], SQUARE, 0),
        ([placed(CORNERS)], SQUARE, 0),
        ([placed(CORNERS[::-1]), placed(HOLE[::-1])], WITH_HOLE, 0),
        ([placed(HOLE[::-1]), placed(CORNERS[::-1])], WITH_HOLE, 0),
        ([placed(CORNERS[::-1])[:-1]], SQUARE, 1),
    ],
)
def test_esri_json(tmp_path, rings, area, closed):
    found = read(tmp_path, esri(*rings), name="a.json")
    assert found.geometry.area == pytest.approx(area, abs=1)
    assert len(found.notes) == closed


def test_esri_json_without_a_system_or_with_curves(tmp_path):
    assert "does not say its coordinate system" in refusal(tmp_path, esri(placed(CORNERS), reference=None), "a.json")
    curves = '{"spatialReference": {"wkid": 4326}, "features": [{"attributes": {}, "geometry": {"curveRings": []}}]}'
    assert "it holds curves" in refusal(tmp_path, curves, "a.json")


def kml(*polygons, head="", more=""):
    def text(points):
        return " ".join(f"{x!r},{y!r},0" for x, y in points)

    marks = "".join(
        f"<Placemark><name>M{number}</name><Polygon>"
        + "".join(
            f"<{'inner' if index else 'outer'}BoundaryIs><LinearRing><coordinates>\n{text(points)}\n</coordinates></LinearRing>"
            f"</{'inner' if index else 'outer'}BoundaryIs>"
            for index, points in enumerate(rings)
        )
        + "</Polygon></Placemark>"
        for number, rings in enumerate(polygons)
    )
    return f'<?xml version="1.0"?>{head}<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{marks}{more}</Document></kml>'


def test_kml_and_kmz(tmp_path):
    text = kml([ring(CORNERS), ring(HOLE, is_closed=False)])
    found = read(tmp_path, text, "a.kml")
    assert found.geometry.area == pytest.approx(WITH_HOLE, abs=1)
    assert found.notes == ("a.kml, target area: 1 outline left open; the last point was joined to the first.",)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("files/other.kml", kml())
        archive.writestr("doc.kml", text)
    assert read(tmp_path, packed.getvalue(), "a.kmz").geometry.equals(found.geometry)
    areas = read_areas([tmp_path / "a.kml"], CRS, column="name")
    assert areas.codes == ("M0",)
    assert "cut short" in refusal(tmp_path, packed.getvalue()[:60], "b.kmz")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (kml([ring(CORNERS)], head='<!DOCTYPE kml [<!ENTITY a SYSTEM "file:///etc/passwd">]>'), "it declares a document type"),
        (kml([ring(CORNERS)], head='<!DOCTYPE kml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>', more="&b;"), "it declares a document type"),
        (kml([ring(CORNERS)], head='<!DOCTYPE kml [<!ENTITY a "b">]>').encode("utf-16"), "it declares a document type"),
        (kml([ring(CORNERS)])[:-9], "it is not valid XML in line"),
        ("<gpx></gpx>", 'it is XML, but not KML: it begins with "gpx"'),
        (kml(more="<NetworkLink><Link><href>http://x/</href></Link></NetworkLink>"), "only names the address of another file"),
        (kml(), "holds no shape"),
        (kml([TWO]), "an outline has only two different points"),
        (kml([ring(CORNERS)]).replace(",45", ", 45"), "is no point; KML writes longitude,latitude without a space"),
        (kml([ring(CORNERS)]).replace(f"{ring(CORNERS)[0][0]!r}", "nan", 1), "a coordinate is not a finite number"),
        ('<?xml version="1.0" encoding="klingon"?><kml/>', "its encoding is not known"),
        (f"<kml><Placemark>{'<MultiGeometry>' * 5000}{'</MultiGeometry>' * 5000}</Placemark></kml>", "it has elements inside each other beyond 100 levels"),
        ("{}", "the file is not what its extension says"),
    ],
)  # fmt: skip
def test_kml_that_cannot_be_read(tmp_path, text, sentence):
    assert sentence in refusal(tmp_path, text, "a.kml")


@pytest.mark.parametrize("ending", [".shp", ".gpkg", ".fgb", ".geojson"])
def test_every_container_gives_the_same_area(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    outline = shapely.difference(square(), square(50))
    outline = outline if ending != ".geojson" else frame(outline).to_crs(_crs.LONLAT).geometry[0]
    frame(outline, crs=CRS if ending != ".geojson" else _crs.LONLAT, code=[7], part=[1.5]).to_file(path)
    found = read_area(path, CRS, name="area")
    assert found.geometry.area == pytest.approx(WITH_HOLE, abs=0.1)
    assert found.notes == ()
    assert read_areas([path], CRS, column="code").codes == ("7",)
    with pytest.raises(StudyError, match='no area has the property "coda"; did you mean "code"'):
        read_areas([path], CRS, column="coda")


def test_a_shapefile_with_parts_missing(tmp_path):
    path = tmp_path / "a.shp"
    frame(square(), code=["A"]).to_file(path)
    (tmp_path / "a.dbf").unlink()
    assert read_area(path, CRS, name="area").geometry.equals(square())
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for ending in ("shp", "shx", "prj"):
            archive.write(tmp_path / f"a.{ending}", f"inner/a.{ending}")
    assert read_area(packed, CRS, name="area").geometry.equals(square())
    (tmp_path / "a.prj").unlink()
    with pytest.raises(StudyError, match=r"does not say its coordinate system; copy its .prj file beside it"):
        read_area(path, CRS, name="area")
    (tmp_path / "a.shx").unlink()
    with pytest.raises(StudyError, match=r'the file "a.shx" that belongs to it is missing; copy all files'):
        read_area(path, CRS, name="area")
    assert not (tmp_path / "a.shx").exists()


def test_a_zip_of_shapefiles(tmp_path):
    for name, half in (("old town", HALF), ("new town", 100)):
        frame(square(half), code=[name]).to_file(tmp_path / f"{name}.shp")
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(tmp_path.glob("* town.*")):
            archive.write(path, path.name)
    with pytest.raises(StudyError, match=r'it has 2 layers, "new town", "old town"; add the name of one'):
        read_area(packed, CRS, name="area")
    assert read_area(tmp_path / "a.zip|layername=new town", CRS, name="area").geometry.equals(square(100))
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(tmp_path / "old town.shp", "old town.shp")
    with pytest.raises(StudyError, match=r'the file "old town.shx" is missing in it'):
        read_area(packed, CRS, name="area")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("readme.txt", "nothing")
    with pytest.raises(StudyError, match="it holds no Shapefile"):
        read_area(packed, CRS, name="area")


@pytest.mark.parametrize("ending", ["gpkg", "fgb", "shp", "kml", "kmz", "zip", "geojson"])
def test_bytes_that_were_turned_never_end_in_a_traceback(tmp_path, ending):
    """What a file of every kind with turned or missing bytes gives: an area, or one sentence that ends."""
    path = tmp_path / f"a.{ending}"
    if ending in ("kml", "kmz"):
        path.write_text(kml([ring(CORNERS)]))
    if ending == "geojson":
        path.write_text(collection(polygon(ring(CORNERS))))
    if ending in ("gpkg", "fgb", "shp", "zip"):
        frame(square(), code=["A"]).to_file(path.with_suffix(".shp") if ending == "zip" else path)
    if ending in ("kmz", "zip"):
        parts = (
            {"doc.kml": path}
            if ending == "kmz"
            else {f"a.{part}": tmp_path / f"a.{part}" for part in ("shp", "shx", "dbf")}
        )
        content = {name: part.read_bytes() for name, part in parts.items()}
        with zipfile.ZipFile(path, "w") as archive:
            for name, member in content.items():
                archive.writestr(name, member)
    good, rng = path.read_bytes(), np.random.default_rng(1)
    for number in range(40):
        turned = bytearray(good)
        for at in rng.integers(len(good), size=1 + number % 5):
            turned[at] = rng.integers(256)
        path.write_bytes(turned[: rng.integers(len(good))] if number % 4 == 0 else turned)
        try:
            read_area(path, CRS, name="area")
        except StudyError as error:
            (sentence,) = error.problems
            assert sentence.endswith(".")
            assert "\n" not in sentence
            assert str(tmp_path) not in sentence


def test_a_layer_is_named_where_there_are_several(tmp_path):
    path = tmp_path / "a.gpkg"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame(square(), name=["one"]).to_file(path, layer="old town")
        frame(square(100), name=["two"]).to_file(path, layer="new town")
    with pytest.raises(StudyError) as caught:
        read_area(path, CRS, name="area")
    (sentence,) = caught.value.problems
    assert sentence == (
        'a.gpkg: the area cannot be used: it has 2 layers, "old town", "new town"; add the name of one to the file\'s, such as '
        '"|layername=old town".'
    )
    assert read_area(tmp_path / "a.gpkg|layername=new town", CRS, name="area").geometry.equals(square(100))
    for name, sentence in (
        ("a.gpkg|layername=town", 'it has no layer "town"; it has "old town", "new town"'),
        ("a.gpkg|layer=town", "only its layer may follow"),
        ("a.gpkg|layername=", "only its layer may follow"),
        ("b.gpkg|layername=x", "does not exist"),
    ):
        with pytest.raises(StudyError, match=sentence):
            read_area(tmp_path / name, CRS, name="area")
    read(tmp_path, collection(polygon(ring(CORNERS))))
    with pytest.raises(StudyError, match="has no layers"):
        read_area(tmp_path / "a.geojson|layername=x", CRS, name="area")
    shutil.copy(path, tmp_path / "cut.gpkg")
    (tmp_path / "cut.gpkg").write_bytes(path.read_bytes()[:3000])
    with pytest.raises(StudyError, match=r"cut\.gpkg: the area cannot be used"):
        read_area(tmp_path / "cut.gpkg", CRS, name="area")


def test_whole_numbers_stay_codes_where_some_are_missing(tmp_path):
    path = tmp_path / "a.gpkg"
    numbers = geopandas.pd.array([7, None], dtype="Int64")
    frame(square(), square(50, 500), code=numbers).to_file(path)
    assert read_areas([path], CRS, column="code").codes == ("7",)
    (tmp_path / "a.geojson").write_text(collection(polygon(ring(CORNERS)), polygon(ring(HOLE))))
    assert read_areas([tmp_path / "a.geojson"], CRS, column="number").codes == ("1",)


def test_place_names_and_context_lines(tmp_path):
    places = {"type": "MultiPoint", "coordinates": [list(lonlat(10, 20))]}
    feature = {"type": "Feature", "properties": {"name": "Square"}, "geometry": places}
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    (site,) = read_place_names(path, CRS)
    assert (site.name, round(site.x - CENTRE[0]), round(site.y - CENTRE[1])) == ("Square", 10, 20)
    path.write_text(collection(polygon(ring(CORNERS)), {"type": "LineString", "coordinates": TWO}))
    assert read_context_lines(path, CRS).length == pytest.approx(8 * HALF + 100, abs=1)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 20), st.integers(0, 2**32 - 1))
def test_gaps_of_digitised_borders_are_closed_and_real_holes_stay(tmp_path_factory, rows, seed):
    """Two neighbours draw their common border apart, with noise of a metre each; a courtyard of 20 m is a hole."""
    folder = tmp_path_factory.mktemp("borders")
    heights = np.linspace(-400, 400, rows + 2)[1:-1]
    shifts = np.random.default_rng(seed).uniform(-1, 1, (2, rows))
    west_border = [
        (0, -400),
        (0, -390),
        *[(shift - 0.2, y) for shift, y in zip(shifts[0], heights, strict=True)],
        (0, 390),
        (0, 400),
    ]
    east_border = [
        (0, -400),
        (0, -390),
        *[(shift + 0.2, y) for shift, y in zip(shifts[1], heights, strict=True)],
        (0, 390),
        (0, 400),
    ]
    west = [(-400, -400), *west_border, (-400, 400)]
    east = [*east_border, (400, 400), (400, -400)]
    yard = [(-210, -10), (-210, 10), (-190, 10), (-190, -10)]
    found = read(folder, collection(polygon(ring(west), ring(yard)), polygon(ring(east))))
    assert found.geometry.geom_type == "Polygon"
    assert len(found.geometry.interiors) == 1
    assert found.geometry.area == pytest.approx(640_000 - 400, abs=5)


def test_what_closed_gaps_add_is_said_where_it_is_much(tmp_path):
    parts = [polygon(ring([(x, -100), (x + 98, -100), (x + 98, 100), (x, 100)])) for x in (-200, -100, 0, 100)]
    caps = [polygon(ring([(-200, y), (198, y), (198, y + 10), (-200, y + 10)])) for y in (-110, 100)]
    found = read(tmp_path, collection(*parts, *caps))
    assert found.notes == (
        "a.geojson, target area: gaps between its parts were closed; they make up 1.4 % of the target area.",
    )
    assert found.geometry.area == pytest.approx(398 * 220, abs=1)


DAMAGES = st.lists(
    st.tuples(
        st.sampled_from(["open", "turn", "rotate", "repeat", "height", "split", "null", "nan", "text", "cut", "drop", "swap", "wrap", "empty hole"]),
        st.integers(0, 1000),
    ),
    min_size=1, max_size=4,
)  # fmt: skip
FATAL = {"nan", "text", "cut", "swap"}


def damaged(outline, damages):
    """Return the text of a file that draws an outline, damaged, and whether the outline is left open."""
    points, extra, wrap, tail = [list(point) for point in outline], [], False, None
    for kind, number in damages:
        at = number % len(points)
        is_closed = points[0][:2] == points[-1][:2]
        if kind == "open" and is_closed:
            points = points[:-1]
        elif kind == "turn":
            points = points[::-1]
        elif kind == "rotate" and is_closed:
            points = [*points[at:-1], *points[:at], points[at % (len(points) - 1)]]
        elif kind == "repeat":
            points = [*points[: at + 1], points[at], *points[at + 1 :]]
        elif kind == "height":
            points[at] = [*points[at][:2], 3.0]
        elif kind in ("null", "split", "drop"):
            extra.append({"null": None, "split": {"type": "Point", "coordinates": [-27, 45]}, "drop": polygon()}[kind])
        elif kind == "nan":
            points[at] = [math.nan, points[at][1]]
        elif kind == "text":
            points[at] = ["x", "y"]
        elif kind == "swap":
            points = [point[1::-1] for point in points]
        elif kind == "wrap":
            wrap = True
        elif kind == "cut":
            tail = number + 1
    rings = [points, []] if ("empty hole", 0) in [(kind, 0) for kind, _ in damages] else [points]
    geometry = polygon(*rings)
    text = collection({"type": "GeometryCollection", "geometries": [geometry]} if wrap else geometry, *extra)
    is_open = points[0][:2] != points[-1][:2]
    return (text if tail is None else text[: -(tail % (len(text) - 1)) or None]), is_open


@settings(max_examples=120, deadline=None)
@given(DAMAGES, st.integers(3, 12), st.integers(0, 2**32 - 1))
def test_a_damaged_file_gives_the_right_area_or_one_sentence(tmp_path_factory, damages, corners, seed):
    folder = tmp_path_factory.mktemp("damage")
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    points = [
        (float(r * np.cos(a)), float(r * np.sin(a)))
        for r, a in zip(rng.uniform(100, 300, corners), angles, strict=True)
    ]
    # The referee: the shoelace formula, by hand.
    area = abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True))) / 2
    path = folder / "a.geojson"
    text, is_open = damaged(ring(points), damages)
    path.write_text(text)
    city = shapely.box(CENTRE[0] - 3000, CENTRE[1] - 3000, CENTRE[0] + 3000, CENTRE[1] + 3000)
    kinds = {kind for kind, _ in damages}
    try:
        found = read_area(path, CRS, name="target area", inside=city)
    except StudyError as error:
        (sentence,) = error.problems
        assert sentence.startswith("a.geojson: ")
        assert kinds & FATAL or area < 1
        return
    # Without its centre inside, an outline of sorted angles may cross itself; such ground is said.
    if not any("cross" in note for note in found.notes):
        assert found.geometry.area == pytest.approx(area, rel=1e-3, abs=1)
    assert not kinds & {"nan", "text"}
    assert ("left open" in " ".join(found.notes)) == is_open
