"""The study file: every mistake at once, each with file, key, value and rule."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pytest

from geoharm.errors import StudyError
from geoharm.model.measure import Role
from geoharm.model.period import Period
from geoharm.model.settings import AccuracySettings, ChangeSettings, Correction, EmergingSettings
from geoharm.model.study import HotspotSettings
from geoharm.pipeline.check import check_study
from geoharm.study.read import read_study
from tests.conftest import lonlat, small_study, write_polygon
from tests.geo.test_rasters import write as write_raster


def broken(folder, *changes):
    path = small_study(folder)
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_study(path)
    return caught.value.problems


def test_a_good_study(tmp_path):
    study = read_study(small_study(tmp_path))
    assert study.slug == "study"
    assert study.area.area_km2 == pytest.approx(36, rel=1e-3)
    assert study.measure("finds").role is Role.HARM
    operation = study.operations[0]
    assert (operation.period.start, operation.period.last) == (date(2021, 1, 1), date(2021, 1, 31))
    assert set(study.inputs) == {"study.toml", "area.geojson", "target.geojson"}


def test_three_mistakes_are_named_at_once(tmp_path):
    problems = broken(
        tmp_path,
        ('tactic    = "crackdown"', 'tactic    = "crakdown"'),
        ('primary = "finds"', 'primary = "fines"'),
        ("outer = [250, 500]", "outer = [250, 200]"),
    )
    assert len(problems) == 3
    together = "\n".join(problems)
    assert (
        'study.toml, [[operation]] 1 "Operation Test": tactic = "crakdown" is not allowed; did you mean "crackdown"?'
        in together
    )
    assert 'study.toml, [study]: primary = "fines" is not the name of a measure; did you mean "finds"?' in together
    assert (
        'study.toml, [[operation]] 1 "Operation Test", rings: outer = [250, 200] must list distances in metres that grow'
        in together
    )


STREET = 'target    = { line = "street.geojson", width = 40 }'


def test_a_street_as_target(tmp_path):
    path = small_study(tmp_path)
    text = path.read_text(encoding="utf-8").replace('target    = "target.geojson"', STREET)
    path.write_text(text, encoding="utf-8")
    line = {"type": "LineString", "coordinates": [list(lonlat(-250, 0)), list(lonlat(250, 0))]}
    (tmp_path / "street.geojson").write_text(json.dumps({"type": "Feature", "properties": {}, "geometry": line}))
    study = read_study(path)
    operation = study.operations[0]
    assert operation.street_width == 40
    assert operation.target.area == pytest.approx(500 * 40 + np.pi * 20**2, rel=2e-3)
    assert set(study.inputs) == {"study.toml", "area.geojson", "street.geojson"}
    check_study(study)
    for change, said in (
        ("width = 0.5", "target: width = 0.5 must be"),
        ('line = "target.geojson", width = 40', "line: target.geojson: the street is drawn as an area"),
        ('line = "none.geojson", width = 40', "none.geojson"),
        ('line = "street.geojson"', "width is missing"),
    ):
        old = 'line = "street.geojson", width = 40' if "line" in change else "width = 40"
        path.write_text(text.replace(old, change), encoding="utf-8")
        with pytest.raises(StudyError) as caught:
            read_study(path)
        assert said in "\n".join(caught.value.problems)


TABLES = """
[[source]]
name    = "treatment entries"
kind    = "area_table"
format  = "area-table-csv"
files   = ["entries.csv"]
areas   = ["wards.geojson"]
area_id = "code"

[[source]]
name   = "services"
kind   = "site"
format = "sites-csv"
files  = ["services.csv"]

[[measure]]"""


def write_wards(folder):
    """Write four wards of 200 m in a row, one twice (two islands), one without a code, one bow tie."""
    features = []
    for number, code in enumerate(("W1", "W2", "W2", None, "W5")):
        west, east = 200 * number, 200 * number + 200
        ring = [(west, 0), (east, 0), (east, 200), (west, 200), (west, 0)]
        if code == "W5":
            ring = [ring[0], ring[2], ring[1], ring[3], ring[0]]
        shape = {"type": "Polygon", "coordinates": [[list(lonlat(x, y)) for x, y in ring]]}
        features.append({"type": "Feature", "properties": {"code": code}, "geometry": shape})
    (folder / "wards.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def test_sources_beside_events(tmp_path):
    path = small_study(tmp_path)
    write_wards(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("[[measure]]", TABLES), encoding="utf-8")
    study = read_study(path)
    assert [source.is_events for source in study.sources] == [True, False, False]
    areas = study.sources[1].areas
    assert areas.codes == ("W1", "W2", "W5")
    assert [round(shape.area, -2) for shape in areas.shapes] == [40000, 80000, 20000]
    assert areas.notes == (
        "features of the area file without a code or a polygon, left out: 1",
        "invalid outlines in the area file, repaired: 1",
        "features with the code of an earlier feature, merged into one area: 1",
    )
    assert "wards.geojson" in study.inputs


def test_every_mistake_about_such_sources_is_named_at_once(tmp_path):
    write_wards(tmp_path)
    tables = TABLES.replace('"code"', '"cod"').replace('"site"', '"sites"')
    problems = broken(
        tmp_path,
        ("[[measure]]", tables.replace('["services.csv"]', '["services.csv"]\nareas = ["wards.geojson"]')),
        ("covers = ", 'area_id = "x"\ncovers = '),
    )
    for sentence in (
        '[[source]] 2 "treatment entries": areas: wards.geojson: no area has the property "cod"; did you mean "code"?',
        '[[source]] 3 "services": kind = "sites" is not allowed; did you mean "site"?',
        '[[source]] 1 "reports": areas is missing; areas and area_id go together.',
    ):
        assert any(sentence in problem for problem in problems), sentence


def test_a_measure_counts_points_or_areas_and_a_list_of_places_only_in_a_study_without_operations(tmp_path):
    write_wards(tmp_path)
    problems = broken(tmp_path, ("[[measure]]", TABLES), ('source      = "reports"', 'source      = "services"'))
    for sentence in (
        '[[measure]] 1 "finds": it counts the places of a list (kind = "site"), which are neither harm, activity nor reporting',
        'the measure "finds" counts a list of places, which have no dates, so it can only be mapped: take out an operation',
    ):
        assert any(sentence in problem for problem in problems), problems


def test_a_kind_and_its_format_must_agree(tmp_path):
    path = small_study(tmp_path)
    write_wards(tmp_path)
    text = path.read_text(encoding="utf-8").replace("[[measure]]", TABLES).replace('"sites-csv"', '"points-csv"')
    path.write_text(text.replace('"points-csv"', '"sites-csv"', 1), encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        check_study(read_study(path))
    assert [problem.split(";")[0] for problem in caught.value.problems] == [
        'source "reports": kind = "needle_find", but the format "sites-csv" reads site',
        'source "services": kind = "site", but the format "points-csv" reads dated points',
    ]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("seed    = 1", "sead    = 1", 'sead is not a known key; did you mean "seed"?'),
        ("[publish]", "[publsh]", 'publsh is not a known key; did you mean "publish"?'),
        ('crs     = "EPSG:32626"', 'crs     = "EPSG:4326"', "is measured in degree"),
        ('crs     = "EPSG:32626"', 'crs     = "EPSG:99"', 'The coordinate system "EPSG:99" is not known'),
        ('area    = "area.geojson"', 'area    = "none.geojson"', "does not exist"),
        ("start     = 2021-01-01", 'start     = "2021-01-01"', "must be a date without quotes"),
        ("end       = 2021-01-31", "end       = 2020-12-31", "must not be before start"),
        ("period  = { start = 2020-01-01, end = 2022-01-01 }", "period  = { start = 2020-01-01, end = 2019-01-01 }", "A period must end after it starts"),
        ('format = "points-csv"', 'formats = "points-csv"', 'formats is not a known key; did you mean "format"?'),
        ('unit        = "requests"', 'unit        = "request"', 'did you mean "requests"?'),
        ('recorded_by = "public"', 'recorded_by = "police"', "what police record of their own accord is enforcement activity"),
        ('harm        = { borne_by = "community", type = "environment" }', "activity    = true", "is activity; the primary outcome must be a harm"),
        ('harm        = { borne_by = "community", type = "environment" }', "", "stands for a harm"),
        ('unit        = "requests"', 'unit        = "requests"\nwhere = { category = ["Drugs"] }', '"Drugs" is enforcement activity, not harm'),
        ('source      = "reports"', 'source      = "report"', 'did you mean "reports"?'),
        ('release = "public"', 'release = "publick"', 'did you mean "public"?'),
        ('files  = ["reports.csv"]', 'files  = "reports.csv"', "must be a list of texts"),
        ("gap = 50", 'gap = "50"', "must be a number of 0 or more"),
    ],
)  # fmt: skip
def test_each_mistake_has_its_sentence(tmp_path, old, new, sentence):
    problems = broken(tmp_path, (old, new))
    assert any(sentence in problem for problem in problems), problems
    assert all("\n" not in problem for problem in problems)


def test_overdoses_are_no_enforcement_activity(tmp_path):
    path = small_study(tmp_path)
    text = path.read_text(encoding="utf-8").replace(
        'unit        = "requests"', 'unit = "requests"\nwhere = { category = ["DRUG OVERDOSE"] }'
    )
    path.write_text(text, encoding="utf-8")
    assert read_study(path).measures[0].role is Role.HARM


def test_an_override_is_kept(tmp_path):
    path = small_study(tmp_path)
    text = path.read_text(encoding="utf-8").replace(
        'recorded_by = "public"', 'recorded_by = "police"\ncount_as_harm = true'
    )
    path.write_text(text, encoding="utf-8")
    assert read_study(path).measures[0].activity_as_harm


def test_measures_that_count_the_same_rows_are_refused(tmp_path):
    second = '[[measure]]\nname = "again"\nsource = "reports"\nunit = "requests"\nrecorded_by = "public"\nactivity = true\n\n[[operation]]'
    problems = broken(tmp_path, ("[[operation]]", second))
    assert any("count the same rows" in problem for problem in problems)


def test_a_system_made_for_another_place_is_refused(tmp_path):
    problems = broken(tmp_path, ("EPSG:32626", "EPSG:27700"))
    assert any("is made for United Kingdom" in problem for problem in problems)


def test_not_toml(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("[study\nname=")
    with pytest.raises(StudyError, match="is not valid TOML"):
        read_study(path)
    with pytest.raises(StudyError, match="does not exist"):
        read_study(tmp_path / "none.toml")


def test_a_study_saved_by_a_windows_editor(tmp_path):
    path = small_study(tmp_path)
    plain = path.read_text(encoding="utf-8")
    expected = read_study(path)
    path.write_bytes(plain.replace("\n", "\r\n").encode("utf-8-sig"))
    again = read_study(path)
    assert (again.name, again.measures, again.seed) == (expected.name, expected.measures, expected.seed)
    for encoding in ("utf-16", "utf-8"):
        path.write_bytes(plain.replace("\n", "\r").encode(encoding))
        assert read_study(path).measures == expected.measures


EDITOR_MISTAKES = {
    "cp1252": ("Test", "Straße", "cp1252", ', line 25: the byte 0xdf is not UTF-8 text; save the file again with the encoding UTF-8.'),
    "utf-16 without its mark": ("Test", "Test", "utf-16-le", "holds zero bytes, as UTF-16 text does; save"),
    "a path of Windows": ('"target.geojson"', r'"C:\Users\me\target.geojson"', "utf-8", r'has a "\" between double quotes in line 30'),
    "another path of Windows": ('"target.geojson"', r'"C:\data\target.geojson"', "utf-8", r'has a "\" between double quotes in line 30'),
    "a path that is TOML": ('"target.geojson"', r'"areas\target.geojson"', "utf-8", "holds a sign that no file name has"),
    "a list of paths": ('["reports.csv"]', r'["a.csv", "new\reports.csv"]', "utf-8", "holds a sign that no file name has"),
    "curly quotes": ('"finds"\n\n', "\u201cfinds\u201d\n\n", "utf-8", "has a curly quote (\u201c) in line 8; TOML wants straight quotes"),
    "one curly quote": ('"finds"\n\n', '"finds\u201d\n\n', "utf-8", "has a curly quote (\u201d) in line 8"),
    "German quotes": ('"finds"\n\n', "\u201efinds\u201c\n\n", "utf-8", "has a curly quote (\u201e) in line 8"),
    "a hard space": ("seed    =", "seed\u00a0=", "utf-8", "has a space in line 7 that is no plain one (no-break space)"),
    "another mistake": ("seed    = 1", "seed    = one", "utf-8", "is not valid TOML: Invalid value (at line 7, column 11)."),
}  # fmt: skip


@pytest.mark.parametrize("case", EDITOR_MISTAKES)
def test_what_editors_do_to_a_study_file_is_said_with_its_line_and_remedy(tmp_path, case):
    old, new, encoding, sentence = EDITOR_MISTAKES[case]
    path = small_study(tmp_path)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode(encoding))
    with pytest.raises(StudyError) as caught:
        read_study(path)
    (problem,) = caught.value.problems
    assert sentence in problem
    assert problem.endswith(".")


def test_single_quotes_and_curly_quotes_inside_a_name_are_read(tmp_path):
    path = small_study(tmp_path, name="Operation \u201cTest\u201d")
    path.write_text(path.read_text(encoding="utf-8").replace('"target.geojson"', "'target.geojson'"), encoding="utf-8")
    assert read_study(path).operations[0].name == "Operation \u201cTest\u201d"


def test_a_missing_crs_takes_the_local_zone_and_says_so(tmp_path):
    path = small_study(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace('crs     = "EPSG:32626"\n', ""), encoding="utf-8")
    study = read_study(path)
    assert study.area.crs == "EPSG:32626"
    assert "local UTM zone EPSG:32626" in study.area.crs_note


def area_problem(folder, content, name="area.geojson"):
    path = small_study(folder)
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))
    path.write_text(path.read_text(encoding="utf-8").replace('"area.geojson"', f'"{name}"'), encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_study(path)
    return "\n".join(caught.value.problems)


def collection(geometry):
    return {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": geometry}]}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (collection({"type": "Point", "coordinates": [0, 0]}), "is drawn as points, which have no area"),
        (collection(None), "holds no shape"),
        (collection({"type": "Polygon", "coordinates": [[[5e5, 4e6], [6e5, 4e6], [6e5, 5e6], [5e5, 4e6]]]}), "probably metres"),
        ("not json", "not what its extension says"),
        ("{", "it is not valid JSON in line 1, character 2"),
    ],
)  # fmt: skip
def test_area_files_that_are_none(tmp_path, content, why):
    assert why in area_problem(tmp_path, content)


def test_an_area_file_cannot_read_other_files(tmp_path):
    """XML that asks a driver for another file, under an area file's name."""
    (tmp_path / "secret.csv").write_text('WKT,name\n"POINT (1 1)",secret\n')
    content = (
        f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{tmp_path / "secret.csv"}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )
    assert "not what its extension says" in area_problem(tmp_path, content)
    assert "must be GeoJSON (.geojson, .json), GeoPackage" in area_problem(tmp_path, content, "area.vrt")
    pipeline = f"gdal vector pipeline ! read {tmp_path / 'secret.csv'} ! write /vsimem/x.geojson --of stream"
    streamed = {"type": "gdal_streamed_alg", "command_line": pipeline}
    assert '"gdal_streamed_alg" is not a kind of GeoJSON geometry' in area_problem(tmp_path, streamed)


def test_an_invalid_polygon_is_repaired(tmp_path):
    """Published boundaries often cross themselves; the area is that of the repaired shape."""
    path = small_study(tmp_path)
    corners = [(-2000, -2000), (2000, 2000), (2000, -2000), (-2000, 2000), (-2000, -2000)]
    ring = [list(lonlat(*corner)) for corner in corners]
    (tmp_path / "area.geojson").write_text(json.dumps(collection({"type": "Polygon", "coordinates": [ring]})))
    write_polygon(tmp_path / "target.geojson", 1200, 0, 100)
    assert read_study(path).area.area_km2 == pytest.approx(8, rel=0.01)


def test_shipped_studies_read(root):
    for name in ("demo", "boston", "merseyside", "tempe"):
        study = read_study(root / "pipelines" / f"{name}.toml")
        assert study.operations


def test_hotspot_settings_are_read(tmp_path):
    path = small_study(tmp_path)
    assert read_study(path).hotspots == HotspotSettings(50, 300, 0.25, "quartic", "jones-diggle")
    table = '[hotspots]\nkernel = "gaussian"\nbandwidth = "likelihood"\nedge = "uniform"\nshare = 0.4\ncell = 25\n'
    text = path.read_text(encoding="utf-8").replace("[publish]", table + '[publish]\nfiles = ["geotiff"]')
    path.write_text(text, encoding="utf-8")
    assert read_study(path).hotspots == HotspotSettings(25, "likelihood", 0.4, "gaussian", "uniform")
    assert read_study(path).publish.files == ("geotiff",)


def test_hotspot_settings_that_cannot_be_are_refused(tmp_path):
    table = '[hotspots]\nkernel = "quatic"\nbandwidth = "likelyhood"\nedge = "ripley"\n[publish]\nfiles = ["tiff"]\n'
    together = "\n".join(broken(tmp_path, ("[publish]\n", table)))
    assert 'kernel = "quatic" is not allowed; did you mean "quartic"?' in together
    assert 'bandwidth = "likelyhood" is not allowed; did you mean "likelihood"?' in together
    assert 'edge = "ripley" is not allowed' in together
    assert 'files = ["tiff"] has "tiff", which is not known; did you mean "geotiff"?' in together


def test_a_bandwidth_below_a_cell_is_refused(tmp_path):
    problems = broken(tmp_path, ("[publish]\n", "[hotspots]\nbandwidth = 40\n[publish]\n"))
    assert problems == ("study.toml, [hotspots]: bandwidth = 40 must be at least the cell size of 50 m.",)


def test_settings_of_patterns_and_change_have_defaults(tmp_path):
    study = read_study(small_study(tmp_path))
    assert study.emerging == EmergingSettings()
    assert study.accuracy == AccuracySettings()
    assert study.change == ChangeSettings()


def test_settings_of_patterns_and_change_are_read(tmp_path):
    path = small_study(tmp_path)
    more = """
[emerging]
cell    = 400
months  = 3
earlier = 0
compare = "own steps"

[accuracy]
earlier = { start = 2020-01-01, end = 2020-07-01 }
later   = { start = 2020-07-01, end = 2021-01-01 }

[change]
permutations = 499
level        = 0.1
correction   = "false discovery rate"
block_metres = 100
block_days   = 7
adaptive     = true
square       = 500
"""
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    study = read_study(path)
    assert study.emerging == EmergingSettings(400, 800, months=3, earlier=0, compare="own steps")
    assert study.accuracy == AccuracySettings(
        Period(date(2020, 1, 1), date(2020, 7, 1)), Period(date(2020, 7, 1), date(2021, 1, 1))
    )
    assert study.change == ChangeSettings(499, 0.1, Correction.FDR, 100, 7, adaptive=True, square=500)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("[emerging]\nband = 100", "[emerging]: band = 100 must be at least the cell size of 250 m"),
        ("[emerging]\nmonths = 0", "[emerging]: months = 0 must be a whole number between 1 and 1,200."),
        ("[change]\npermutations = 9", "[change]: permutations = 9 must be a whole number between 99 and 10,000,000."),
        ('[change]\ncorrection = "none"', '[change]: correction = "none" is not allowed;'),
        (
            "[accuracy]\nearlier = { start = 2020-01-01, end = 2020-07-01 }",
            "[accuracy]: later is missing; it must be a table with the keys start, end.",
        ),
        (
            "[accuracy]\nearlier = { start = 2020-01-01, end = 2020-07-01 }\nlater = { start = 2020-06-01, end = 2021-01-01 }",
            "[accuracy]: later starts on 2020-06-01, before earlier ends on 2020-07-01; hotspots are judged on events that "
            "they were not drawn from.",
        ),
        (
            "[accuracy]\nearlier = { start = 2020-01-05, end = 2020-07-01 }\nlater = { start = 2020-07-01, end = 2021-01-01 }",
            "[accuracy]: earlier and later must start and end on the first of a month.",
        ),
    ],
)
def test_settings_of_patterns_and_change_refuse(tmp_path, more, why):
    problems = broken(tmp_path, ("[publish]", f"{more}\n\n[publish]"))
    assert any(why in problem for problem in problems), problems


def test_people_of_a_raster_are_read_and_hashed(tmp_path):
    path = small_study(tmp_path)
    area = read_study(path).area
    west, _, east, north = area.boundary.bounds
    frame = {"west": west - 10, "north": north + 10, "cell": (east - west + 20) / 30, "crs": area.crs}
    write_raster(tmp_path / "people.tif", np.full((30, 30), 4.0, dtype=np.float32), **frame)
    path.write_text(path.read_text(encoding="utf-8") + '\n[change]\npeople = "people.tif"\n', encoding="utf-8")
    study = read_study(path)
    assert study.change.people.total == pytest.approx(3600, rel=0.08)
    assert "people.tif" in study.inputs


def test_a_raster_that_is_not_there_is_a_mistake_of_the_study(tmp_path):
    problems = broken(tmp_path, ("[publish]", '[change]\npeople = "people.tif"\n\n[publish]'))
    assert any(problem.startswith("study.toml, [change]: people: ") for problem in problems)


def test_areas_of_the_pattern_shift_are_read_and_hashed(tmp_path):
    write_wards(tmp_path)
    path = small_study(tmp_path)
    more = '\n[change]\nareas = ["wards.geojson"]\narea_id = "code"\n'
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    study = read_study(path)
    assert study.change.areas.codes == ("W1", "W2", "W5")
    assert "wards.geojson" in study.inputs
    problems = broken(tmp_path, ("[publish]", '[change]\nareas = ["wards.geojson"]\n\n[publish]'))
    assert "study.toml, [change]: area_id is missing; areas and area_id go together." in problems
