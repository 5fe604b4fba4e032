"""The GeoPackage's zones with their effects, and the QGIS project: what they show is there, and QGIS opens it."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from xml.etree import ElementTree as Xml

import geopandas
import pandas as pd
import pytest
import shapely

from geoharm.disclosure.protect import protect
from geoharm.model.ground import Ground, GroundKind, GroundShape
from geoharm.report.exports.effects_table import effect_rows
from geoharm.report.exports.gis import gis_files
from geoharm.report.exports.gis_effects import effect_frame, effect_styles
from geoharm.report.exports.gis_layers import gis_layers
from geoharm.report.exports.qgis_styles import style_column
from tests.disclosure.test_protect import planted, planted_spot, result

FILES = ("qgis", "geotiff")


@pytest.fixture(scope="module")
def release(area):
    """One ring holds three events before; a measure and an operation are named as no filter should break on."""
    spots = planted_spot(area, 60, 6)
    whole = result(area, planted(2, 0, 3), spots=[spots])
    x, y = area.boundary.centroid.x, area.boundary.centroid.y
    lines = (shapely.LineString([(x, y), (x + 900, y)]), shapely.box(x, y, x + 500, y + 500))
    shapes = (
        GroundShape(GroundKind.MAIN, shapely.LineString([(x - 900, y), (x, y + 900)]), "High Street"),
        GroundShape(GroundKind.WATER, shapely.box(x, y, x + 90, y + 90), "Lake"),
        GroundShape(GroundKind.PLACE, shapely.Point(x, y), "Old Town"),
        GroundShape(GroundKind.SMALL, shapely.LineString([(x, y), (x, y + 9)]), drawn=False),
    )
    publish = replace(whole.study.publish, files=FILES, context=lines, ground=Ground(shapes, ("The surveyors",)))
    operation = whole.operations[0]
    about = replace(operation.design.operation, name='Smith\'s "Yard" & <co>')
    whole = replace(whole, operations=(replace(operation, design=replace(operation.design, operation=about)),))
    return protect(replace(whole, study=replace(whole.study, publish=publish)))


@pytest.fixture(scope="module")
def folder(release, tmp_path_factory):
    path = tmp_path_factory.mktemp("qgis")
    for name, content in gis_files(release, scratch=path / "scratch").items():
        (path / name).write_bytes(content)
    return path


@pytest.fixture(scope="module")
def project(folder):
    with zipfile.ZipFile(folder / "map.qgz") as archive:
        assert archive.namelist() == ["project.qgs"]
        return Xml.fromstring(archive.read("project.qgs"))


@pytest.fixture(scope="module")
def effects(folder):
    return geopandas.read_file(folder / "hotspots.gpkg", layer="effects")


def test_zones_carry_the_numbers_of_the_table(release, effects):
    rows = {
        (row.measure, row.zone, row.window): row
        for row in effect_rows(release)
        if row.estimator == "change" and row.part in ("headline", "phase")
    }
    zones = {zone.name: zone for zone in release.operations[0].design.zones}
    assert set(effects["part"]) == {"headline", "phase"}
    for _, found in effects.iterrows():
        row = rows[found["measure"], found["zone"], found["window"]]
        for name in ("before", "after", "expected", "effect", "low", "high", "level"):
            value = getattr(row, name)
            assert pd.isna(found[name]) if value is None else found[name] == value, name
        assert found.geometry.equals(zones[found["zone"]].geometry)
        assert (found["withheld"] or "") == row.withheld
    assert len(effects) == sum(row.zone in zones for row in rows.values())


def test_what_is_withheld_has_no_number_and_says_so(effects):
    hidden = effects[effects["drawn_as"] == "withheld"]
    assert len(hidden)
    assert hidden[["expected", "effect", "low", "high"]].isna().all(axis=None)
    assert hidden["label"].str.endswith("|withheld").all()
    assert (hidden[["before", "after"]].isna().any(axis=1) | hidden["effect"].isna()).all()


def test_every_value_has_its_symbol(release, folder):
    assert set(effect_frame(release)["drawn_as"]) <= set(effect_styles())
    for layer in gis_layers(release):
        values = {category.get("value") for category in Xml.fromstring(layer.style).iter("category")}
        written = geopandas.read_file(folder / "hotspots.gpkg", layer=layer.name)
        assert set(written[style_column(layer.style)]) <= values, layer.name


def sources(project):
    return [(layer.findtext("layername"), layer.findtext("datasource")) for layer in project.iter("maplayer")]


def test_every_layer_of_the_project_is_in_the_files(folder, project):
    """Paths are relative, and every filter finds rows."""
    found: list[tuple[str, int]] = []
    for title, source in sources(project):
        name, *parts = source.removeprefix("./").split("|")
        assert (folder / name).is_file(), source
        if name.endswith(".gpkg"):
            options = dict(part.split("=", 1) for part in parts)
            where = options.get("subset")
            rows = geopandas.read_file(folder / name, layer=options["layername"], where=where)
            assert len(rows), (title, source)
            found += [(options["layername"], number) for number in range(len(rows))]
    shown = {name for name, _ in found}
    assert {"zones", "effects", "hotspots", "study_area", "context_lines"} <= shown
    assert {"ground_names", "ground_lines", "ground_areas"} <= shown
    assert sum(name == "effects" for name, _ in found) == len(
        geopandas.read_file(folder / "hotspots.gpkg", layer="effects")
    )
    images = {source.removeprefix("./") for _, source in sources(project) if source.endswith(".tif")}
    assert images == {path.name for path in folder.glob("*.tif")}


def test_the_project_opens_on_the_primary_measure(project):
    tree = project.find("layer-tree-group")
    assert [group.get("name") for group in tree.findall("layer-tree-group")] == [
        "Zones", "Hotspots", "Effects", "Surfaces", "Ground",
    ]  # fmt: skip
    effects = next(group for group in tree if group.get("name") == "Effects")
    checked = [layer.get("name") for layer in effects.iter("layer-tree-layer") if layer.get("checked") == "Qt::Checked"]
    assert checked == ["After"]
    names = [layer.get("id") for layer in tree.iter("layer-tree-layer")]
    assert len(set(names)) == len(names)
    assert names == [layer.findtext("id") for layer in project.iter("maplayer")]


def test_the_same_bytes_and_nothing_of_the_machine(release, folder, tmp_path):
    again = gis_files(release, scratch=tmp_path)
    assert again == {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    with zipfile.ZipFile(io.BytesIO(again["map.qgz"])) as archive:
        entry = archive.infolist()[0]
        assert entry.date_time == (1980, 1, 1, 0, 0, 0)
        text = archive.read(entry).decode("utf-8")
    assert str(folder) not in text
    assert not re.findall(r'"/|>/|file:', text)


CHECK = """
import sys
from qgis.core import QgsApplication, QgsProject
application = QgsApplication([], False)
application.initQgis()
project = QgsProject.instance()
assert project.read(sys.argv[1]), project.error()
layers = project.mapLayers().values()
print([layer.name() for layer in layers if not layer.isValid()], len(layers), project.crs().authid())
print(sorted({layer.renderer().type() for layer in layers}))
print(len([layer for layer in layers if layer.type() == layer.VectorLayer and layer.labelsEnabled()]))
"""


def test_qgis_opens_it(folder, project, area, tmp_path):
    """In QGIS itself, where the machine has it."""
    python = next(
        (
            path
            for path in (shutil.which("python3"), "/usr/bin/python3")
            if path
            and not subprocess.run([path, "-c", "import qgis.core"], check=False, capture_output=True).returncode
        ),
        None,
    )
    if python is None:
        pytest.skip("no QGIS on this machine (Debian: apt-get install python3-qgis)")
    # QGIS writes beside what it opens.
    shutil.copytree(folder, tmp_path / "study")
    surroundings = {"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    found = subprocess.run(
        [python, "-c", CHECK, str(tmp_path / "study" / "map.qgz")],
        check=False, capture_output=True, text=True, env=surroundings, timeout=120,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    opened, renderers, labelled = found.stdout.strip().splitlines()
    assert opened == f"[] {len(sources(project))} {area.crs}"
    assert renderers == "['categorizedSymbol', 'paletted']"
    assert int(labelled) == sum("=effects" in source or "=ground_names" in source for _, source in sources(project))
