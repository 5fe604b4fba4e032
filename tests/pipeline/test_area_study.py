"""Studies whose primary measure is counted by area: from the file to page one, with bounds and without a verdict."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date, timedelta

import pytest
import shapely

from geoharm import _crs
from geoharm.cli.app import app
from geoharm.errors import DesignError, StudyError
from geoharm.pipeline.check import check_primary_of_points, check_study
from geoharm.pipeline.run import run
from geoharm.simulation.location import CENTRE, CRS
from geoharm.study.read import read_study
from tests.conftest import ROOT, SHARED, write_polygon

SIDE = 500.0
AREAS = {
    f"A{row}{column}": shapely.box(*(CENTRE[n] - 1000 + SIDE * (column, row)[n] for n in (0, 1)),
                                   *(CENTRE[n] - 1000 + SIDE * ((column, row)[n] + 1) for n in (0, 1)))
    for row in range(4) for column in range(4)
}  # fmt: skip
STUDY = """
[study]
name    = "Counted by area"
area    = "city.geojson"
crs     = "EPSG:32626"
period  = {{ start = 2020-01-01, end = 2022-01-01 }}
seed    = 1
primary = "overdoses"

[[source]]
name    = "t"
kind    = "{kind}"
format  = "{layout}"
files   = ["t.csv"]
{outlines}

[[measure]]
name        = "overdoses"
source      = "t"
{what}
unit        = "calls"
recorded_by = "agency"
harm        = {{ borne_by = "user", type = "health" }}

[[operation]]
name      = "One"
tactic    = "crackdown"
objective = "public order"
start     = 2021-01-01
end       = 2021-01-31
target    = "target.geojson"
rings     = {{ gap = 0, outer = [500] }}
before    = {{ start = 2020-01-01, end = 2021-01-01 }}
after     = ["0-6 months"]

[publish]
release    = "{release}"
disclosure = "under-5"
files      = ["tables", "workbook"]
"""
OUTLINES = 'areas   = ["areas.geojson"]\narea_id = "code"'
EVENTS = '[columns]\nid = "id"\ndate = "day"\narea = "area"\ncategory = "what"\n[date]\nformats = ["%Y-%m-%d"]\n'
UNDATED = '[format]\nkind = "area_table"\n[columns]\narea = "area"\nvalue = "n"\n[date]\nundated = true\n'


def write_areas(path):
    features = []
    for code, box in AREAS.items():
        lon, lat = _crs.transform(*box.exterior.xy, source=CRS, target=_crs.LONLAT)
        ring = [list(map(float, pair)) for pair in zip(lon, lat, strict=True)]
        features.append({"type": "Feature", "properties": {"code": code}, "geometry": {"type": "Polygon", "coordinates": [ring]}})  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")


def months(first, last):
    day = first
    while day < last:
        yield day
        day = (day.replace(day=28) + timedelta(days=5)).replace(day=1)


def count_of(code, month):
    """Return a made count: busier in the north, rising in the target's area only."""
    return 2 + int(code[1]) * 3 + (4 if code == "A11" and month >= date(2021, 2, 1) else 0)


def write_study(folder, *, kind="area_table", release="internal", layout="", outlines=OUTLINES, table="", extra=""):
    """Write a study by an area table, or by events with the code of an area; the target holds A11 and half of A12."""
    write_polygon(folder / "city.geojson", 0, 0, 1000)
    write_areas(folder / "areas.geojson")
    target = shapely.box(CENTRE[0] - 500, CENTRE[1] - 500, CENTRE[0] + 250, CENTRE[1])
    lon, lat = _crs.transform(*target.exterior.xy, source=CRS, target=_crs.LONLAT)
    ring = [list(map(float, pair)) for pair in zip(lon, lat, strict=True)]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    (folder / "target.geojson").write_text(json.dumps(geometry), encoding="utf-8")
    counts = [
        (code, month, count_of(code, month)) for code in AREAS for month in months(date(2020, 1, 1), date(2022, 1, 1))
    ]
    data = folder / "data"
    data.mkdir(exist_ok=True)
    (folder / "events.toml").write_text(EVENTS, encoding="utf-8")
    (folder / "undated.toml").write_text(UNDATED, encoding="utf-8")
    if kind == "area_table":
        text = table or "area,month,count\n" + "".join(f"{code},{month:%Y-%m},{n}\n" for code, month, n in counts)
    else:
        rows = [
            f"{code}-{month}-{i},{month + timedelta(days=i)},{code},od\n" for code, month, n in counts for i in range(n)
        ]
        text = "id,day,area,what\n" + "".join(rows)
    (data / "t.csv").write_text(text, encoding="utf-8")
    layout = layout or ("area-table-csv" if kind == "area_table" else "events.toml")
    what = 'kind        = "health"' if kind == "area_table" else ""
    path = folder / "s.toml"
    path.write_text(
        STUDY.format(kind=kind, layout=layout, outlines=outlines, what=what, release=release) + extra, encoding="utf-8"
    )
    return path


def ran(folder, **options):
    study = read_study(write_study(folder, **options))
    return run(study, data=folder / "data", out=folder / "out", database=folder / "s.duckdb")


def record(folder, name="run-internal.json"):
    return json.loads((folder / "out" / name).read_text(encoding="utf-8"))


def page_text(folder, name="report-internal.html"):
    page = (folder / "out" / name).read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


# 2020: A11 has 5 a month, and so has A12; from February to July 2021 A11 has 9.
EXPECTED = {"inside": (1, 60, 54), "touching": (2, 120, 84)}


@pytest.mark.parametrize("kind", ["area_table", "health"])
def test_a_study_by_area_is_described_by_bounds_and_by_no_verdict(kind, tmp_path):
    result = ran(tmp_path, kind=kind)
    (outcome,) = result.result.area_outcomes
    for name, (areas, before, after) in EXPECTED.items():
        group = getattr(outcome.change, name)
        assert (group.areas, group.before.low, group.before.high) == (areas, before, before)
        assert (group.after.low, group.after.high) == (after, after)
    assert (result.result.operations, result.published.verdicts) == ((), ())
    text = page_text(tmp_path)
    assert (
        "Overdoses in the target area, counted by whole areas: between 60 and 120 before, between 54 and 84 after."
        in text
    )
    assert "1 area lies wholly inside the target area, and its edge cuts 1 more" in text
    assert "No statement on a fall or a rise is made, and none is possible beyond the bounds." in text
    assert not re.search(r"significan|caused|worked|95 ?% interval|calibrated", text)
    (area,) = record(tmp_path)["areas"]
    assert area["change"]["target_before"] == {"low": 60, "high": 120}
    assert record(tmp_path)["operations"] == []
    assert record(tmp_path)["preregistration"]["kind"] == "exploratory"
    assert result.published.hotspots[0].startswith("One: Overdoses in the target area")
    first = result.result.area_rankings[0].areas[0]
    assert (first.area, first.count.low) == ("A30", 11 * 24)


def test_a_public_release_shows_every_count_as_the_tens_around_it(tmp_path):
    ran(tmp_path, release="public")
    change = record(tmp_path, "run.json")["areas"][0]["change"]
    assert change["inside"]["before"] == {"low": 60, "high": 70}
    assert change["touching"]["after"] == {"low": 80, "high": 90}
    text = page_text(tmp_path, "report.html")
    assert "between 60 and 130 before, between 50 and 90 after" in text
    pieces = "".join(path.read_text(encoding="utf-8") for path in sorted((tmp_path / "out" / "pieces").glob("*.csv")))
    pieces += json.dumps(record(tmp_path, "run.json")["areas"])
    numbers = set(map(float, re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])", pieces)))
    assert {60, 80} <= numbers
    assert not numbers & {54, 84}


def test_the_case_of_an_analyst_runs(tmp_path):
    """`cases/inputs/area-table-only-study`: "there is no [[measure]]" was said of a study that has one."""
    case = SHARED.parent / "cases" / "inputs" / "area-table-only-study"
    if not case.is_dir():
        pytest.skip("the cases are not beside this project (../shared/cases)")
    for name in ("s.toml", "areas.geojson", "target.geojson"):
        shutil.copy(case / name, tmp_path)
    study = read_study(tmp_path / "s.toml")
    result = run(study, data=case / "data", out=tmp_path / "out", database=tmp_path / "s.duckdb")
    change = result.result.area_outcomes[0].change
    assert (change.target_before.low, change.target_after.high) == (120, 120)
    assert "Whole areas" in page_text(tmp_path, "report.html")


REFUSED = {
    "no outlines": ({"outlines": ""}, 'its source "t" has no outlines; name area files under areas'),
    "no period": ({"layout": "undated.toml"}, 'counted from a table without a period, "t", so there is no before and after'),
    "events without outlines": ({"kind": "health", "outlines": ""}, "reads the code of an area and no coordinates; name the area files"),
    "outlines of points": ({"kind": "health", "layout": "points-csv"}, "areas and area_id are for events with the code of an area"),
    "days of a table that has periods": (
        {"outlines": OUTLINES + "\ncovers = { start = 2020-01-01, end = 2021-01-01 }"}, "covers is for tables without a period"),
    "a comparison": (
        {"extra": '\n[[comparison]]\nname = "years"\nbefore = { start = 2020-01-01, end = 2021-01-01 }\nafter = { start = 2021-01-01, end = 2022-01-01 }\n'},
        "a [[comparison]] counts dated points, and every measure of this study is counted by area"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED, ids=list(REFUSED))
def test_what_cannot_be_counted_is_refused_in_one_sentence_before_a_file_is_read(case, tmp_path):
    options, sentence = REFUSED[case]
    study = read_study(write_study(tmp_path, **options))
    with pytest.raises(StudyError) as caught:
        check_study(study)
    assert [sentence in problem for problem in caught.value.problems].count(True) == 1


def test_the_whole_study_area_as_one_area_says_nothing_of_a_target(tmp_path):
    path = write_study(tmp_path, layout="one.toml", outlines="")
    text = UNDATED.replace('area = "area"\n', "").replace("[date]", '[area]\nconstant = "city"\n[date]')
    (tmp_path / "one.toml").write_text(text, encoding="utf-8")
    with pytest.raises(
        StudyError, match="counted for the study area as a whole, so nothing can be told of a part of it"
    ):
        check_study(read_study(path))


def test_a_measure_by_area_has_no_comparator_and_no_weight_and_counts_no_row_twice(tmp_path):
    path = write_study(tmp_path)
    text = path.read_text(encoding="utf-8")
    again = text[text.index("[[measure]]") : text.index("[[operation]]")].replace("overdoses", "overdoses again")
    extra = 'comparator  = "x"\nweight      = "needles"\nunit        = "calls"'
    path.write_text(text.replace('unit        = "calls"', extra, 1) + again, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_study(path)
    said = " ".join(caught.value.problems)
    assert "is for measures of dated points; leave it out." in said
    assert "what is counted by area has no places to weigh" in said
    assert 'count the same rows of "t"' in said


def test_a_window_past_the_table_or_without_a_whole_period_is_refused(tmp_path):
    table = "area,month,count\n" + "".join(f"{code},{month:%Y-%m},5\n" for code in AREAS for month in months(date(2020, 1, 1), date(2021, 4, 1)))  # fmt: skip
    with pytest.raises(DesignError, match="runs past the data"):
        ran(tmp_path, table=table)


def test_questions_that_need_points_are_answered_by_one_sentence(tmp_path, capsys):
    path = write_study(tmp_path)
    with pytest.raises(StudyError, match='"overdoses" is counted by area, and a ranking of markets needs dated points'):
        check_primary_of_points(read_study(path), "a ranking of markets")
    for verb in (["power"], ["power", "--search"], ["prioritise"]):
        with pytest.raises(
            StudyError, match=r'the primary measure "overdoses" is counted by area, and .* needs dated points'
        ):
            app([verb[0], str(path), *verb[1:], "--data", str(tmp_path / "data")], standalone_mode=False)
    capsys.readouterr()


def test_a_study_by_area_without_an_operation_ranks_areas(tmp_path):
    path = write_study(tmp_path)
    text = re.sub(r"\[\[operation\]\].*?(?=\n\[)", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    path.write_text(text.replace('primary = "overdoses"\n', ""), encoding="utf-8")
    study = read_study(path)
    assert (study.primary, study.is_by_area) == ("overdoses", True)
    result = run(study, data=tmp_path / "data", out=tmp_path / "out", database=tmp_path / "s.duckdb")
    assert result.published.hotspots == (
        "Overdoses, counted by area: the highest rate is that of A30, 527.6 a km² and year.",
    )
    text = page_text(tmp_path)
    assert "Where harm concentrates" in text
    assert "Areas with the highest rates" in text
    assert "target" not in text.split("Methods and provenance")[0].casefold()


def test_the_shipped_studies_are_as_before():
    for path in sorted((ROOT / "pipelines").glob("*.toml")):
        assert not read_study(path).is_by_area
