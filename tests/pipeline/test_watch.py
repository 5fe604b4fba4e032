"""The watch on the demo's overdoses: as they are, and five times as many in the target area after the operation."""

from __future__ import annotations

import csv
import re
import shutil

import pytest
import shapely

from geoharm import _crs
from geoharm.harm.results.unintended_harm import RiseState
from geoharm.pipeline.run import run
from geoharm.study.read import read_study

KEPT = ('name   = "ambulance"', 'name        = "overdoses"', 'name        = "Operation Lantern"')


def overdose_study(root, folder, *, times):
    """Write the demo with its overdoses alone; after the operation, each one in the target area stands `times` times."""
    for name in ("city.geojson", "market.geojson", "ground.geojson", "overdoses.csv"):
        shutil.copy(root / "data" / "sample" / name, folder / name)
    text = (root / "pipelines" / "demo.toml").read_text(encoding="utf-8").replace("../data/sample/", "")
    text = text[: text.index("# Value profiles")] + text[text.index("[hotspots]") :]
    text = text.replace('primary = "needle finds"', 'primary = "overdoses"')
    text = re.sub(r"  \{ what = \"two more sharps bins\".*\n", "", text)
    first, *blocks = text.split("\n[[")
    kept = [block for block in blocks if any(name in block for name in KEPT)]
    path = folder / "demo.toml"
    path.write_text("\n[[".join([first, *kept]), encoding="utf-8")
    study = read_study(path)
    target = study.operations[0].target
    with (folder / "overdoses.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    more = []
    for identity, day, lon, lat, category in rows:
        copies = 1
        if re.fullmatch(r"-?[0-9.]+", lon) and re.fullmatch(r"\d{4}-\d\d-\d\d", day) and day >= "2022-01-10":
            x, y = _crs.transform([float(lon)], [float(lat)], source=_crs.LONLAT, target=study.area.crs)
            copies = times if shapely.contains_xy(target, x[0], y[0]) else 1
        more += [[f"{identity}-{copy}", day, lon, lat, category] for copy in range(copies)]
    with (folder / "overdoses.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *more])
    return path


def watched(root, folder, times):
    path = overdose_study(root, folder, times=times)
    found = run(read_study(path), data=folder, out=folder / "out", database=folder / "s.duckdb")
    return found.result.operations[0].harm, (folder / "out" / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def fivefold(root, tmp_path_factory):
    return watched(root, tmp_path_factory.mktemp("fivefold"), 5)


def test_a_fivefold_rise_of_overdoses_cannot_stay_unknown(fivefold):
    harm, page = fivefold
    states = {(check.window, check.place): check.state for check in harm.unintended_harm.checks}
    assert len(states) == (4 + 2) * 4  # 4 numbers of days, 3 and 6 months that the data cover; 3 circles and the zones
    for months in (3, 6):
        assert states[f"{months} months", "within 100 m"] is RiseState.ROSE
        assert states[f"{months} months", "target and rings"] is RiseState.ROSE
    assert "overdoses rose: " in page
    held = {held.zone: held.state.value for held in harm.mitigation}
    assert held["target and rings"] == "rose"


def test_the_demo_as_it_is_says_in_one_line_what_it_cannot_tell(root, tmp_path):
    harm, page = watched(root, tmp_path, 1)
    assert {check.state for check in harm.unintended_harm.checks} == {RiseState.UNKNOWN}
    assert "24 of 24 looks cannot tell: " in page
    assert "Each look" in page
