"""Background tiles: none unless asked for, one host and no other, and refusals in a sentence."""

from __future__ import annotations

import base64
import json
import re

import pytest

from geoharm.errors import DesignError, StudyError
from geoharm.model.background_tiles import BackgroundTiles
from geoharm.pipeline.run import run
from geoharm.study.background_tiles import background_tiles
from geoharm.study.read import read_study
from tests.conftest import small_study, visit

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def with_tiles(folder, name, **options):
    path = small_study(folder, **options)
    path.write_text(path.read_text(encoding="utf-8") + f'tiles = "{name}"\n', encoding="utf-8")
    return path


def refusal(folder, name, **options):
    with pytest.raises(StudyError) as caught:
        read_study(with_tiles(folder, name, **options))
    found = [one for one in caught.value.problems if "tiles" in one]
    assert len(found) == 1
    assert "\n" not in found[0]
    return found[0]


def test_without_a_word_there_are_none(tmp_path):
    assert read_study(small_study(tmp_path)).publish.tiles is None
    assert read_study(with_tiles(tmp_path, "none")).publish.tiles is None


def test_a_provider_brings_its_hosts_credit_and_terms(tmp_path):
    found = read_study(with_tiles(tmp_path, "OpenStreetMap.Mapnik")).publish.tiles
    assert found == BackgroundTiles(
        "OpenStreetMap.Mapnik", "https://tile.openstreetmap.org/{z}/{x}/{y}.png", "abc", 19,
        "\u00a9 OpenStreetMap contributors", "https://operations.osmfoundation.org/policies/tiles/",
    )  # fmt: skip
    assert found.hosts == ("tile.openstreetmap.org",)
    several = read_study(with_tiles(tmp_path, "OpenTopoMap")).publish.tiles
    assert several.hosts == tuple(f"{letter}.tile.opentopomap.org" for letter in "abc")
    filled = read_study(with_tiles(tmp_path, "Esri.WorldTopoMap")).publish.tiles
    assert "World_Topo_Map" in filled.url
    assert filled.terms == "https://server.arcgisonline.com"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("OpenStreetMap.Mapnick", r'is no provider in xyzservices .*; did you mean "OpenStreetMap.Mapnik"'),
        ("zzzzqqqq", '"OpenStreetMap.Mapnik" is one'),
        ("CartoDB.Positron", "needs a key, which would stand in the page"),
        ("TopPlusOpen.Grey", "comes without encryption (http://)"),
        ("MapTiler.Basic4326", "needs a key"),
        ("Esri.ArcticImagery", "is drawn in EPSG:5936, not in Web Mercator"),
        ("JusticeMap.income", "is marked as broken"),
    ],
)
def test_what_a_public_page_had_better_not_ask_is_refused(tmp_path, name, words):
    found = refusal(tmp_path, name)
    assert f'tiles = "{name}"' in found
    assert all(part in found for part in words.split(".*"))


def test_an_internal_release_asks_nobody(tmp_path):
    assert "cannot be loaded by an internal release" in refusal(tmp_path, "OpenStreetMap.Mapnik", release="internal")


def test_every_provider_that_is_let_through_is_whole():
    """No key, no open placeholder, encrypted: over all names that xyzservices knows."""
    from xyzservices import providers  # noqa: PLC0415

    passed = 0
    refusals: list[str] = []
    for name in providers.flatten():
        try:
            found = background_tiles(name, internal=False)
        except DesignError as error:
            refusals.append(str(error))
        else:
            passed += 1
            assert found.url.startswith("https://")
            rest = found.url.replace("{s}", "").replace("{z}", "").replace("{x}", "").replace("{y}", "")
            assert "{" not in rest
            assert "<insert" not in rest
            assert found.attribution
            assert found.terms.startswith("https://")
            assert all(" " not in host and "{" not in host for host in found.hosts)
    assert passed > 20
    assert not any("\n" in refused for refused in refusals)


@pytest.fixture(scope="module")
def tiled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiled")
    study = read_study(with_tiles(folder, "OpenTopoMap"))
    run(study, data=folder, out=folder / "out", database=folder / "d.duckdb")
    return folder / "out"


def test_the_page_and_the_record_name_the_host(tiled):
    page = (tiled / "map.html").read_text(encoding="utf-8")
    assert "No tiles are loaded" not in page
    hosts = [f"{letter}.tile.opentopomap.org" for letter in "abc"]
    assert f"This page loads pictures from {', '.join(hosts)}: whoever opens it" in page
    assert "img-src data: " + " ".join(f"https://{host}" for host in hosts) + ";" in page
    assert json.loads((tiled / "run.json").read_text(encoding="utf-8"))["tiles"]["hosts"] == hosts
    for name in ("report.html", "embed.html"):
        other = (tiled / name).read_text(encoding="utf-8")
        assert "img-src data:;" in other
        assert "opentopomap" not in other


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_only_that_host_is_asked_and_all_can_use_the_page(browser, tiled, width):
    """Every request is caught before it leaves; axe finds nothing."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    context = browser.new_context(viewport={"width": width, "height": 900})
    asked: list[str] = []

    def answer(route):
        asked.append(route.request.url)
        route.fulfill(body=DOT, content_type="image/png")

    context.route(re.compile(r"^https?://"), answer)
    page, seen, complaints = visit(context, tiled / "map.html", width)
    page.wait_for_selector("html[data-ready=true]")
    page.wait_for_selector(".leaflet-tile-loaded", state="attached")
    assert complaints == []
    assert asked
    allowed = tuple(f"https://{letter}.tile.opentopomap.org/" for letter in "abc")
    assert all(url.startswith(allowed) for url in asked)
    assert all(url.startswith((*allowed, "data:", "file:")) for url in seen)
    assert "Terms: https://opentopomap.org/about" in page.locator(".credit").inner_text()
    ground = page.locator(".leaflet-ground-pane path").first
    assert ground.get_attribute("fill") == "none"
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_label("Background map").uncheck()
    assert page.locator(".leaflet-tile").count() == 0
    # Another host is stopped by the page itself, not by us.
    page.evaluate("() => { const one = new Image(); one.src = 'https://elsewhere.example/x.png'; }")
    page.wait_for_timeout(200)
    assert not any("elsewhere" in url for url in asked)
    context.close()
