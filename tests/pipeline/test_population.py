"""People at risk from every kind of file: nobody lost or made, and what cannot be one is refused."""

from __future__ import annotations

import geopandas
import numpy as np
import pytest
import shapely

from geoharm import _crs
from geoharm.errors import StudyError
from geoharm.model.area_counts import Areas
from geoharm.study.population import load_population
from geoharm.study.read import read_study
from tests.conftest import small_study


def squares(area, beyond=0.0):
    """Four quarters of the study area's box, the western two reaching `beyond` metres out of it."""
    west, south, east, north = area.boundary.bounds
    x, y = (west + east) / 2, (south + north) / 2
    return [
        shapely.box(west - beyond, south, x, y), shapely.box(x, south, east, y),
        shapely.box(west - beyond, y, x, north), shapely.box(x, y, east, north),
    ]  # fmt: skip


def file_of(path, shapes, numbers, crs, column="residents"):
    geopandas.GeoDataFrame({column: numbers}, geometry=list(shapes), crs=crs).to_file(path)
    return path


@pytest.mark.parametrize("ending", ["gpkg", "geojson"])
def test_people_of_areas_stay_where_they_are(tmp_path, area, ending):
    crs = area.crs if ending == "gpkg" else "EPSG:4326"
    shapes = geopandas.GeoSeries(squares(area), crs=area.crs).to_crs(crs)
    path = file_of(tmp_path / f"wards.{ending}", shapes, [100, 200, 0, 50.5], crs)
    found = load_population(path, area, count="residents")
    assert found.total == pytest.approx(350.5, rel=1e-4)
    for shape, number in zip(squares(area), [100, 200, 0, 50.5], strict=True):
        inside = shapely.intersects_xy(shape, found.x, found.y)
        assert found.weight[inside].sum() == pytest.approx(number, rel=0.02, abs=1)


def test_of_an_area_that_crosses_the_edge_its_share_of_ground_counts(tmp_path, area):
    width = area.boundary.bounds[2] - area.boundary.bounds[0]
    shapes = squares(area, beyond=width / 2)
    found = load_population(file_of(tmp_path / "w.gpkg", shapes, [100, 10, 60, 10], area.crs), area, count="residents")
    # Half of the western areas lies outside.
    share = [shape.intersection(area.boundary).area / shape.area for shape in shapes]
    assert found.total == pytest.approx(np.dot(share, [100, 10, 60, 10]))


def test_points_count_each(tmp_path, area):
    middle = area.boundary.centroid
    away = shapely.Point(middle.x + 1e5, middle.y)
    path = file_of(tmp_path / "p.gpkg", [middle, shapely.Point(middle.x + 10, middle.y), away], [3, 0, 8], area.crs)
    found = load_population(path, area, count="residents")
    assert (found.x.tolist(), found.y.tolist(), found.weight.tolist()) == ([middle.x], [middle.y], [3.0])


def test_a_table_of_points_and_one_of_codes(tmp_path, area):
    middle = area.boundary.centroid
    lon, lat = _crs.transform([middle.x], [middle.y], source=area.crs, target=_crs.LONLAT)
    path = tmp_path / "people.csv"
    path.write_text(f"\ufefflongitude,latitude,n\n{lon[0]},{lat[0]},12\n", encoding="utf-8")
    assert load_population(path, area, count="n").total == 12
    path.write_text("code,n\nd,4\na,1\nb,2\nc,3\nelsewhere,9\n", encoding="utf-8")
    areas = Areas(tuple("abcd"), tuple(squares(area)))
    found = load_population(path, area, count="n", areas=areas, area_id="code")
    assert found.total == pytest.approx(10)
    assert found.weight[shapely.intersects_xy(squares(area)[3], found.x, found.y)].sum() == pytest.approx(4, abs=0.1)


def test_codes_that_are_spelt_otherwise_are_joined_and_said(tmp_path, area):
    path, said = tmp_path / "people.csv", []
    path.write_text("code,n\nOLD TOWN,4\nÉtoile,1\nnew-town,2\nPort,3\n", encoding="utf-8")
    areas = Areas(("Old Town", "Etoile", "New Town", "Port"), tuple(squares(area)))
    found = load_population(path, area, count="n", areas=areas, area_id="code", on_note=said.append)
    assert found.total == pytest.approx(10)
    assert said == [
        "people.csv: names of areas that are another's but for case, accents, hyphens or spaces, and were read as the same: 3, "
        'such as "OLD TOWN" as "Old Town".'
    ]
    path.write_text("code,n\nOLD TOWN,4\nOld Town,4\nEtoile,1\nNew Town,2\nPort,3\n", encoding="utf-8")
    with pytest.raises(StudyError, match='the code "Old Town" stands on more than one line'):
        load_population(path, area, count="n", areas=areas, area_id="code")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("code,n\na,1\nb,2\nc,3\n", '1 of 4 areas have no line, the first is "d"'),
        ("code,n\na,1\na,2\nb,2\nc,3\nd,4\n", 'the code "a" stands on more than one line'),
        ("code,n\na,1\nb,-2\nc,3\nd,4\n", 'row 3, n must be a number of 0 or more; it is "-2"'),
        ("code,n\na,1\nb,\nc,3\nd,4\n", 'row 3, n must be a number of 0 or more; it is ""'),
        ("code,m\na,1\n", 'there is no column "n"'),
        ("code,n\na\n", "row 2 has 1 cells, its header 2"),
        ("code,n\n", "the table has no rows"),
        ("ward,n\na,1\n", "longitude and latitude, or one of area codes"),
        ("longitude,latitude,n\n100,10,5\n", "nobody is in the study area"),
        ("code,n\na,0\nb,0\nc,0\nd,0\n", "nobody is in the study area"),
    ],
)
def test_tables_that_are_refused(tmp_path, area, text, why):
    path = tmp_path / "people.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as found:
        load_population(path, area, count="n", areas=Areas(tuple("abcd"), tuple(squares(area))), area_id="code")
    assert why in str(found.value)


def test_shapes_that_are_refused(tmp_path, area):
    four = squares(area)
    cases = [
        (four, [1, 2, 3, None], "n", "1 are not"),
        (four, [1, 2, 3, -4], "n", 'the first is "-4'),
        (four[:2], [1, 2], "n", "at least 90 % is needed"),
        ([*four, four[0]], [1, 2, 3, 4, 5], "n", "The areas overlap"),
        ([four[0], four[1].centroid], [1, 2], "n", "this file holds point, polygon"),
        (four, [1, 2, 3, 4], "m", 'no shape has the property "m"'),
        (four, [1, 2, 3, 4], "", "name the column that holds the number of people with people_count"),
    ]
    for number, (shapes, numbers, column, why) in enumerate(cases):
        path = file_of(tmp_path / f"{number}.gpkg", shapes, numbers, area.crs, "n")
        with pytest.raises(StudyError) as found:
            load_population(path, area, count=column)
        assert why in str(found.value)


def test_a_study_names_its_people(tmp_path):
    path = small_study(tmp_path)
    area = read_study(path).area
    file_of(tmp_path / "wards.gpkg", squares(area), [10, 20, 30, 40], area.crs)
    text = path.read_text(encoding="utf-8")
    path.write_text(f'{text}\n[change]\npeople = "wards.gpkg"\npeople_count = "residents"\n', encoding="utf-8")
    study = read_study(path)
    assert study.change.people.total == pytest.approx(100)
    assert "wards.gpkg" in study.inputs
    path.write_text(f'{text}\n[change]\npeople = "wards.gpkg"\npeople_count = "resident"\n', encoding="utf-8")
    with pytest.raises(StudyError, match=r'\[change\]: people: wards\.gpkg: .*did you mean "residents"'):
        read_study(path)
