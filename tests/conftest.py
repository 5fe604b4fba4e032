"""What many tests share: the real data (or a reason to skip), small studies made in a folder of their own."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
import typer.main

from geoharm import _crs
from geoharm.cli.guard import guarded
from geoharm.model.geometry import StudyArea
from geoharm.model.period import Period
from geoharm.simulation.location import CENTRE, CRS
from tests.cli.examples import examples
from tests.cut_off import cut_off
from tests.made_once import made_once

ROOT = Path(__file__).parent.parent
# A fault of the program itself is seen whole in the tests.
os.environ["GEOHARM_TRACEBACK"] = "1"
SHARED = ROOT.parent / "shared" / "data"


# Rooms whose tests run whole studies, the command line or simulations; slow files and tests of other rooms are listed.
SLOW_ROOMS = {"attacks", "bench", "cli", "pipeline"}
SLOW_TESTS = set((ROOT / "tests" / "slow_tests.txt").read_text(encoding="utf-8").splitlines())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make test-unit` leaves out: whole rooms, whatever opens a browser, and whatever reads the real data.

    Files with such tests come first, so that no worker is alone with a long file at the end.
    """
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        in_slow_room = item.path.parent.parent == ROOT / "tests" and item.path.parent.name in SLOW_ROOMS
        if in_slow_room or SLOW_TESTS & {item.nodeid.split("::")[0], item.nodeid.split("[")[0]}:
            item.add_marker(pytest.mark.slow)
        if "browser" in fixtures:
            item.add_marker(pytest.mark.browser)
        if "shared" in fixtures:
            item.add_marker(pytest.mark.real)
    costly = {item.path for item in items if {"slow", "browser", "real"} & {mark.name for mark in item.iter_markers()}}
    items.sort(key=lambda item: item.path not in costly)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real data beside the project."""
    if not SHARED.is_dir():
        pytest.skip("the real data are not beside this project (../shared/data)")
    return SHARED


@pytest.fixture(scope="session")
def area() -> StudyArea:
    """Return a study area of 6 by 6 km in the open Atlantic."""
    return StudyArea(shapely.box(*(c - 3000 for c in CENTRE), *(c + 3000 for c in CENTRE)), CRS)


@pytest.fixture(scope="session")
def span() -> Period:
    return Period(date(2019, 1, 1), date(2023, 1, 1))


# Typer builds all verbs anew for every call, which takes longer than many a verb does.
typer.main.get_command = functools.cache(typer.main.get_command)


def main() -> None:
    """Run the command line in this process, as `geoharm.cli.start.main` does, but for the signals."""
    raise SystemExit(guarded(lambda: False))


def lonlat(east: float, north: float) -> tuple[float, float]:
    """Return degrees of a place that many metres from the middle of the test area."""
    x, y = _crs.transform([CENTRE[0] + east], [CENTRE[1] + north], source=CRS, target=_crs.LONLAT)
    return float(x[0]), float(y[0])


def write_polygon(path: Path, east: float, north: float, half: float) -> Path:
    """Write a square area file around a place that many metres from the middle of the test area."""
    corners = [(-half, -half), (half, -half), (half, half), (-half, half), (-half, -half)]
    ring = [list(lonlat(east + dx, north + dy)) for dx, dy in corners]
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def write_points_csv(path: Path, rows: list[tuple[str, float, float, str]]) -> Path:
    """Write a `points-csv` file of (date, metres east, metres north, category)."""
    lines = ["id,date,longitude,latitude,category"]
    for number, (day, east, north, category) in enumerate(rows):
        lon, lat = lonlat(east, north)
        lines.append(f"{number},{day},{lon:.7f},{lat:.7f},{category}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


STUDY = """
[study]
name    = "A small study"
area    = "area.geojson"
crs     = "EPSG:32626"
period  = {{ start = 2020-01-01, end = 2022-01-01 }}
seed    = 1
primary = "finds"

[[source]]
name   = "reports"
kind   = "needle_find"
format = "points-csv"
files  = ["reports.csv"]
covers = {{ start = 2020-01-01, end = 2021-08-01 }}

[[measure]]
name        = "finds"
source      = "reports"
unit        = "requests"
recorded_by = "public"
harm        = {{ borne_by = "community", type = "environment" }}

[[operation]]
name      = "{name}"
tactic    = "crackdown"
objective = "public order"
start     = 2021-01-01
end       = 2021-01-31
target    = "target.geojson"
rings     = {{ gap = 50, outer = [250, 500] }}
before    = {{ start = 2020-01-01, end = 2021-01-01 }}
after     = ["during", "0-6 months"]

[publish]
release = "{release}"
"""


def small_study(folder: Path, *, name: str = "Operation Test", release: str = "public", target_after: int = 40) -> Path:
    """Write a whole small study: a target with 120 finds before and `target_after` after; rings and control steady."""
    rng = np.random.default_rng(3)
    write_polygon(folder / "area.geojson", 0, 0, 3000)
    write_polygon(folder / "target.geojson", 0, 0, 200)
    rows: list[tuple[str, float, float, str]] = []

    def add(count: int, months: list[str], low: float, high: float) -> None:
        for index in range(count):
            angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(low, high)
            day = f"{months[index % len(months)]}-{rng.integers(1, 29):02d}"
            rows.append((day, distance * np.cos(angle), distance * np.sin(angle), "find"))

    before = [f"2020-{month:02d}" for month in range(1, 13)]
    after = [f"2021-{month:02d}" for month in range(2, 8)]
    add(120, before, 0, 190)
    add(target_after, after, 0, 190)
    add(240, before, 340, 680)
    add(120, after, 340, 680)
    add(1200, [*before, "2021-01"], 1300, 2900)
    add(600, after, 1300, 2900)
    write_points_csv(folder / "reports.csv", rows)
    text = STUDY.format(name=name.replace("\\", "\\\\").replace('"', '\\"'), release=release)
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser():
    """Return a headless Chromium, or skip where there is none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync.sync_playwright() as playwright:
        engine = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield engine
        engine.close()


@pytest.fixture(scope="session")
def demo_run(root, tmp_path_factory) -> Path:
    """Return the folder in which the example of `geoharm run` was run: ``maps/demo`` and ``printed.txt``.

    Without the truth, and without a network where it can be cut off.
    """

    def run_demo(folder: Path) -> None:
        without_truth = shutil.ignore_patterns("truth.json")
        shutil.copytree(root / "data" / "sample", folder / "data" / "sample", ignore=without_truth)
        shutil.copytree(root / "pipelines", folder / "pipelines")
        (folder / "way").mkdir()
        before, environment = cut_off(folder / "way") or ((), None)
        finished = subprocess.run(
            [*before, sys.executable, "-m", *examples()["run"]],
            cwd=folder, check=False, capture_output=True, text=True, encoding="utf-8", timeout=1200, env=environment,
        )  # fmt: skip
        assert finished.returncode == 0, finished.stderr
        (folder / "printed.txt").write_text(finished.stdout, encoding="utf-8")
        if environment is not None:
            (folder / "cut-off").touch()

    return made_once(tmp_path_factory, "demo-run", run_demo)


@pytest.fixture(scope="session")
def pages(demo_run) -> Path:
    """Return the folder of the made city's pages."""
    return demo_run / "maps" / "demo"


def visit(browser, path: Path, width: int, height: int = 900):
    """Open a page, of a browser or of a context of one, and return it with all it asked for and every complaint."""
    page = browser.new_page()
    page.set_viewport_size({"width": width, "height": height})
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: (complaints.append("dialog: " + dialog.message), dialog.dismiss()))
    page.goto(path.as_uri())
    page.wait_for_load_state("load")
    return page, asked, complaints
