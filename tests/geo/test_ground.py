"""Ground files: every kind gives the same streets, layouts are known, and what cannot be used is said in one sentence."""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm import _crs, _limits
from geoharm.errors import StudyError
from geoharm.geo.ground_layouts.layouts import layer_rule, layout_of, shipped_layouts
from geoharm.geo.ground_layouts.schema import GroundLayerTable
from geoharm.geo.ground_reading import DescribedLayer, read_ground
from geoharm.geo.ground_writing import write_ground_file
from geoharm.model.ground import STREETS, GroundKind
from tests.geo.ground_files import (
    AREA,
    CRS,
    LAKE,
    LENGTHS,
    LINES,
    PARK,
    X,
    Y,
    line_shapes,
    osm_lines,
    write,
    zipped_shapefile,
)

FILES = {
    "gpkg": lambda folder: osm_lines(folder / "roads.gpkg", "GPKG"),
    "another CRS": lambda folder: osm_lines(folder / "roads.gpkg", "GPKG", crs="EPSG:31254"),
    "geojson": lambda folder: osm_lines(folder / "roads.geojson", "GeoJSON"),
    "flatgeobuf": lambda folder: osm_lines(folder / "roads.fgb", "FlatGeobuf"),
    "zip": zipped_shapefile,
    "mbtiles": lambda folder: osm_lines(
        folder / "roads.mbtiles", "MBTiles", dataset_options={"MINZOOM": "14", "MAXZOOM": "14"}
    ),
    "pmtiles": lambda folder: osm_lines(
        folder / "roads.pmtiles", "PMTiles", dataset_options={"MINZOOM": "14", "MAXZOOM": "14"}
    ),
}


def lengths(ground):
    """Return the metres of streets of each kind."""
    return {kind.value: sum(shape.geometry.length for shape in ground.of(kind)) for kind in STREETS}


@pytest.mark.parametrize("kind", FILES)
def test_every_kind_of_file_gives_the_same_streets(tmp_path, kind):
    ground = read_ground([FILES[kind](tmp_path)], area=AREA, crs=CRS)
    # Vector tiles round points to a few metres.
    assert lengths(ground) == pytest.approx(LENGTHS, rel=0.01 if "tiles" in kind else 1e-4)
    assert {shape.name for shape in ground.shapes} == {"Main Road", "Middle Street", "Small Lane", ""}
    assert ground.credits == ("© OpenStreetMap contributors",)
    assert all(shapely.covers(AREA.buffer(1), shape.geometry) for shape in ground.shapes)


def test_a_street_cut_at_the_edges_of_tiles_is_one_line_again(tmp_path):
    ground = read_ground([FILES["mbtiles"](tmp_path)], area=AREA, crs=CRS)
    main = next(shape for shape in ground.of(GroundKind.MAIN) if shape.name == "Main Road")
    assert len(shapely.get_parts(main.geometry)) <= 2


def test_one_vector_tile_in_its_folders(tmp_path):
    with closing(sqlite3.connect(FILES["mbtiles"](tmp_path))) as database:
        row = database.execute(
            "SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles ORDER BY length(tile_data) DESC"
        )
        zoom, column, tile_row, content = row.fetchone()
    tile = tmp_path / str(zoom) / str(column) / f"{2**zoom - 1 - tile_row}.mvt"
    tile.parent.mkdir(parents=True)
    tile.write_bytes(content)
    found = lengths(read_ground([tile], area=AREA, crs=CRS))
    assert 0 < sum(found.values()) < sum(LENGTHS.values())


# Layer and columns of a file, with a value for each kind, as its publisher writes them.
LAYOUTS = {
    "OS Open Roads": (
        "road_link",
        "road_function",
        "name_1",
        ("A Road", "Minor Road", "Local Road", "Restricted Local Access Road"),
    ),
    "TIGER/Line": ("tl_2023_25025_roads", "MTFCC", "FULLNAME", ("S1200", "S1640", "S1400", "S1500")),
    "OpenStreetMap in Geofabrik's layout": (
        "gis_osm_roads_free_1",
        "fclass",
        "name",
        ("primary", "tertiary", "residential", "steps"),
    ),
    "Protomaps basemap": ("roads", "kind", "name", ("major_road", "medium_road", "minor_road", "path")),
    "OpenMapTiles": ("transportation_name", "class", "name", ("primary", "secondary", "minor", "path")),
    "a ground file of geoharm": ("ground", "ground", "name", ("main street", "middle street", "small street", "else")),
    "OpenStreetMap extract": ("lines", "highway", "name", ("trunk", "tertiary", "unclassified", "steps")),
}


@pytest.mark.parametrize("title", LAYOUTS)
def test_a_known_layout_is_recognised_by_its_layers_and_columns(tmp_path, title):
    layer, column, name, (main, middle, small, other) = LAYOUTS[title]
    values = [main, middle, small, small, other, main]
    path = write(
        tmp_path / "file.gpkg",
        line_shapes(),
        {name: [text for _, text, _ in LINES], column: values},
        driver="GPKG",
        layer=layer,
    )
    assert layout_of({layer: [name, column]}).title == title
    ground = read_ground([path], area=AREA, crs=CRS)
    assert lengths(ground) == pytest.approx(LENGTHS, rel=1e-4)
    assert any(shape.name == "Small Lane" for shape in ground.shapes)


def test_zoomstack_has_a_layer_for_each_weight(tmp_path):
    path = tmp_path / "zoomstack.gpkg"
    shapes = line_shapes()
    for number, layer in enumerate(("roads_national", "roads_regional", "roads_local")):
        write(
            path,
            [shapes[number]],
            {"type": ["x"], "name": [LINES[number][1]]},
            driver="GPKG",
            layer=layer,
            append=number > 0,
        )
    write(path, [LAKE], {"local_type": ["x"]}, driver="GPKG", layer="surfacewater", append=True)
    ground = read_ground([path], area=AREA, crs=CRS)
    assert [shape.kind for shape in ground.shapes] == [*STREETS, GroundKind.WATER]
    assert "Crown copyright" in ground.credits[0]


def test_shipped_layouts_are_sound():
    titles = [layout.title for layout in shipped_layouts()]
    assert len(titles) == len(set(titles)) == len(LAYOUTS) + 1
    assert all(layout.attribution for layout in shipped_layouts() if "geoharm" not in layout.title)


def test_water_green_outlines_and_places(tmp_path):
    areas = write(
        tmp_path / "areas.gpkg", [LAKE, PARK, shapely.box(X, Y, X + 5, Y + 5)],
        {"name": ["Lake", "Park", "pond"], "natural": ["water", "wood", "water"]}, driver="GPKG",
    )  # fmt: skip
    places = write(
        tmp_path / "places.gpkg", [shapely.Point(X + 10, Y + 10), shapely.Point(X + 20, Y + 10), shapely.Point(X - 900, Y)],
        {"name": ["Village", "Town", "Elsewhere"], "place": ["village", "town", "town"]}, driver="GPKG",
    )  # fmt: skip
    ground = read_ground([areas, places], area=AREA, crs=CRS)
    found = {(shape.kind.value, shape.name): shape for shape in ground.shapes}
    assert set(found) == {("water", "Lake"), ("green", "Park"), ("place", "Village"), ("place", "Town")}
    assert found["green", "Park"].geometry.area == pytest.approx(PARK.intersection(AREA).area)
    assert found["place", "Town"].rank < found["place", "Village"].rank


def described(path, **keys):
    return DescribedLayer(path, layer_rule(GroundLayerTable(**keys)))


def test_a_study_describes_layers_of_its_own(tmp_path):
    roads = write(
        tmp_path / "city.gpkg",
        line_shapes(),
        {"klass": list("ABCCXA"), "label": [name for _, name, _ in LINES]},
        driver="GPKG",
        layer="ways",
    )
    wards = write(tmp_path / "wards.geojson", [PARK], {"ward": ["North"]}, driver="GeoJSON")
    ground = read_ground(
        [], area=AREA, crs=CRS,
        described=[
            described(roads, layer=["ways"], column=["KLASS"], main=["a"], middle=["B"], small=["C"], name=["label"]),
            described(wards, all="outline", name=["ward"]),
        ],
    )  # fmt: skip
    assert lengths(ground) == pytest.approx(LENGTHS, rel=1e-4)
    assert [(shape.kind.value, shape.name) for shape in ground.of(GroundKind.OUTLINE)] == [("outline", "North")]
    assert ground.credits == ()


def test_a_layer_must_say_what_its_features_are():
    for keys in ({}, {"column": ["a"]}, {"all": "water", "column": ["a"], "main": ["b"]}, {"main": ["a"]}):
        with pytest.raises(StudyError, match="it must say what the features are"):
            layer_rule(GroundLayerTable(**keys))


# -- the plain referee: shapes cut one by one -------------------------------------------------------------------------

points = st.tuples(st.integers(-2000, 5000), st.integers(-2000, 5000))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(points, min_size=2, max_size=6, unique=True), min_size=1, max_size=6))
def test_streets_are_those_parts_that_lie_in_the_area(tmp_path_factory, lines):
    shapes = [shapely.LineString([(X + x, Y + y) for x, y in line]) for line in lines]
    path = write(
        tmp_path_factory.mktemp("ground") / "roads.gpkg", shapes, {"highway": ["primary"] * len(shapes)}, driver="GPKG"
    )
    expected = sum(shape.intersection(AREA).length for shape in shapes)
    if expected == 0:
        with pytest.raises(StudyError, match="nothing of it lies in the study area"):
            read_ground([path], area=AREA, crs=CRS)
        return
    ground = read_ground([path], area=AREA, crs=CRS)
    # Simplified by 2 m.
    assert lengths(ground)["main street"] == pytest.approx(expected, rel=0.02, abs=5)


# -- what cannot be used ----------------------------------------------------------------------------------------------


def refusal(*paths, layers=()):
    with pytest.raises(StudyError) as error:
        read_ground(paths, area=AREA, crs=CRS, described=layers)
    (sentence,) = error.value.problems
    assert sentence.endswith(".")
    return sentence


def test_a_layer_or_column_that_is_not_there(tmp_path):
    path = osm_lines(tmp_path / "roads.gpkg", "GPKG", layer="ways")
    assert refusal(layers=[described(path, layer=["water"], all="water")]) == (
        'the ground "roads.gpkg" cannot be used: it has no layer "water"; it has "ways" (the columns name, highway).'
    )
    assert 'its layer "ways" has no column "class"; it has the columns name, highway' in refusal(
        layers=[described(path, column=["class"], main=["a"])]
    )


def test_a_file_of_no_known_layout(tmp_path):
    path = write(tmp_path / "roads.gpkg", line_shapes(), {"art": ["x"] * len(LINES)}, driver="GPKG")
    sentence = refusal(path)
    assert "it has none of the known layouts (" in sentence
    assert 'it has "roads" (the columns art); say with [[publish.ground_layer]]' in sentence


def test_an_extract_of_elsewhere_says_where_it_lies(tmp_path):
    far = [shapely.LineString([(X + 90_000, Y), (X + 91_000, Y)])]
    path = write(tmp_path / "far.gpkg", far, {"highway": ["primary"]}, driver="GPKG")
    sentence = refusal(path)
    (x, y) = _crs.transform([X + 90_000], [Y], source=CRS, target=_crs.LONLAT)
    assert f"it reaches from {x[0]:.2f}, {y[0]:.2f} to" in sentence
    assert sentence.endswith("take an extract of that area.")


def test_what_is_no_vector_data(tmp_path):
    with closing(sqlite3.connect(tmp_path / "tiles.mbtiles")) as database:
        database.execute("CREATE TABLE metadata (name TEXT, value TEXT)")
        database.execute("INSERT INTO metadata VALUES ('format', 'png')")
        database.commit()
    assert "its tiles are pictures (png), and streets are drawn from vector tiles" in refusal(
        tmp_path / "tiles.mbtiles"
    )
    (tmp_path / "roads.gpkg").write_bytes(b"no database")
    assert "it is not what its extension says" in refusal(tmp_path / "roads.gpkg")
    (tmp_path / "roads.osm.pbf").write_bytes(struct.pack(">I", 13) + b"\n\tOSMHeader" + bytes(60))
    assert "it is damaged or cut short; fetch it again" in refusal(tmp_path / "roads.osm.pbf")
    (tmp_path / "roads.fgb").write_bytes(b"fgb\x03fgb" + bytes(90))
    assert "it holds no layer with shapes, or is cut short" in refusal(tmp_path / "roads.fgb")
    (tmp_path / "empty.geojson").write_bytes(b"")
    assert "it is empty" in refusal(tmp_path / "empty.geojson")
    (tmp_path / "roads.dxf").write_bytes(b"0")
    assert "ground must be GeoPackage (.gpkg)" in refusal(tmp_path / "roads.dxf")
    assert "it does not exist" in refusal(tmp_path / "absent.gpkg")


def test_a_database_that_works_out_what_it_holds_is_refused(tmp_path):
    path = osm_lines(tmp_path / "roads.gpkg", "GPKG")
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE VIEW many AS SELECT a.* FROM roads a, roads b")
        database.commit()
    assert 'its layer "many" is a view' in refusal(path)
    tiles = tmp_path / "tiles.mbtiles"
    with closing(sqlite3.connect(tiles)) as database:
        database.execute("CREATE TABLE metadata (name TEXT, value TEXT)")
        database.execute(
            "CREATE VIEW tiles AS WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT n FROM a"
        )
        database.commit()
    assert 'its layer "tiles" is a view' in refusal(tiles)


def test_a_file_without_a_coordinate_system(tmp_path):
    zipped_shapefile(tmp_path)
    (tmp_path / "roads.prj").unlink()
    assert 'its layer "roads" does not say its coordinate system' in refusal(tmp_path / "roads.shp")


def test_limits_hold_over_the_study_area(tmp_path, monkeypatch):
    path = osm_lines(tmp_path / "roads.gpkg", "GPKG")
    monkeypatch.setattr(_limits, "GROUND_POINTS", _limits.Limit(3, "points", "", "take less"))
    assert "over the study area, it has too many points: at most 3 are read; take less" in refusal(path)
    monkeypatch.setattr(_limits, "GROUND_BYTES", _limits.Limit(100, "bytes", "", "take less"))
    assert "bytes, and at most 100 are read; take less" in refusal(path)


@pytest.mark.parametrize("kind", ["gpkg", "flatgeobuf", "zip", "mbtiles", "pmtiles", "geojson"])
@pytest.mark.parametrize("share", [0.5, 0.97])
def test_a_part_of_a_file_is_refused(tmp_path, kind, share):
    path = FILES[kind](tmp_path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert "again" in refusal(path)


def test_half_an_extract_of_openstreetmap_is_refused(tmp_path, shared):
    path = tmp_path / "half.osm.pbf"
    path.write_bytes((shared / "osm" / "liechtenstein.osm.pbf").read_bytes()[:1_400_000])
    assert "it is damaged or cut short; fetch it again" in refusal(path)


# -- writing ----------------------------------------------------------------------------------------------------------


def test_a_written_ground_file_is_read_as_it_was(tmp_path):
    source = osm_lines(tmp_path / "roads.gpkg", "GPKG")
    areas = write(
        tmp_path / "areas.gpkg", [LAKE, PARK], {"name": ["Lake", "Park"], "natural": ["water", "wood"]}, driver="GPKG"
    )
    places = write(
        tmp_path / "places.gpkg", [shapely.Point(X + 10, Y + 10)], {"name": ["Town"], "place": ["town"]}, driver="GPKG"
    )
    first = read_ground([source, areas, places], area=AREA, crs=CRS)
    written = write_ground_file(first, CRS, tmp_path / "small.gpkg")
    second = read_ground([written], area=AREA, crs=CRS)
    assert [(one.kind, one.name, one.rank) for one in second.shapes] == [
        (one.kind, one.name, one.rank) for one in first.shapes
    ]
    assert all(
        shapely.equals_exact(one.geometry.normalize(), two.geometry.normalize(), 0.01)
        for one, two in zip(first.shapes, second.shapes, strict=True)
    )
    assert second.credits == first.credits
    assert write_ground_file(first, CRS, tmp_path / "again.gpkg").read_bytes() == written.read_bytes()


def test_a_ground_file_is_a_geopackage(tmp_path):
    ground = read_ground([osm_lines(tmp_path / "roads.gpkg", "GPKG")], area=AREA, crs=CRS)
    with pytest.raises(StudyError, match=r"must end in \.gpkg"):
        write_ground_file(ground, CRS, tmp_path / "small.shp")
    with pytest.raises(StudyError, match="cannot be written"):
        write_ground_file(ground, CRS, tmp_path / "absent" / "small.gpkg")


# -- real OpenStreetMap -----------------------------------------------------------------------------------------------


def test_a_real_extract_of_openstreetmap(shared):
    (x0, x1), (y0, y1) = _crs.transform([9.485, 9.575], [47.085, 47.235], source=_crs.LONLAT, target=CRS)
    ground = read_ground([shared / "osm" / "liechtenstein.osm.pbf"], area=shapely.box(x0, y0, x1, y1), crs=CRS)
    names = {kind: {shape.name for shape in ground.of(kind)} for kind in GroundKind}
    assert {"Landstrasse", "Feldkircher Strasse"} <= names[GroundKind.MAIN]
    assert "Rhein" in names[GroundKind.WATER]
    assert {"Vaduz", "Schaan", "Triesen"} <= names[GroundKind.PLACE]
    assert next(shape.rank for shape in ground.shapes if shape.name == "Vaduz") < next(
        shape.rank for shape in ground.shapes if shape.name == "Planken"
    )
    assert ground.credits == ("© OpenStreetMap contributors",)
    assert np.isfinite(shapely.total_bounds([shape.geometry for shape in ground.shapes])).all()
