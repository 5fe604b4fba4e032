"""Pages for everybody: axe-core finds nothing, the keyboard reaches everything, hostile text stays text."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
import shapely

from geoharm.disclosure.protect import protect
from geoharm.model.geometry import Site, StudyArea
from geoharm.model.harm_settings import Mitigation
from geoharm.model.ledger import FileLedger, QualityNote, SourceLedger
from geoharm.model.measure import Harm, Measure
from geoharm.model.period import Period
from geoharm.report.write import publish_study
from geoharm.results import OperationResult
from geoharm.simulation.location import CENTRE, CRS
from tests.conftest import visit
from tests.disclosure.test_protect import PLENTY, planted_spot, result
from tests.report.test_escape import PAYLOADS

pytestmark = pytest.mark.browser

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = ("report.html", "map.html", "embed.html")


@pytest.fixture(scope="module")
def axe() -> str:
    package = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def violations(page, axe: str) -> list[str]:
    """Return what axe-core finds wrong, rule and place."""
    page.evaluate(axe)
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", WCAG)
    return [f"{rule['id']}: {node['target']}" for rule in found["violations"] for node in rule["nodes"]]


@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(browser, pages, axe, name, width):
    page, asked, complaints = visit(browser, pages / name, width)
    assert violations(page, axe) == []
    assert [url for url in asked if not url.startswith("data:")] == [(pages / name).as_uri()]
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_axe_finds_nothing_in_any_view_of_the_map(browser, pages, axe):
    page, _, complaints = visit(browser, pages / "map.html", 1440)
    for view in ("after", "change", "swipe", "pair", "steps"):
        page.locator(f"input[name=view][value={view}]").check(force=True)
        assert violations(page, axe) == [], view
    assert complaints == []
    page.close()


def test_axe_does_find_what_is_wrong(browser, pages, axe):
    page, _, _ = visit(browser, pages / "embed.html", 640)
    page.evaluate("() => { document.documentElement.lang = ''; document.querySelector('svg.map').removeAttribute('aria-label');"
                  " document.querySelector('svg.map title').remove(); }")  # fmt: skip
    assert {one.split(":")[0] for one in violations(page, axe)} >= {"html-has-lang", "svg-img-alt"}
    page.close()


def test_tab_reaches_every_control_of_the_map(browser, pages):
    page, _, _ = visit(browser, pages / "map.html", 1440)
    page.locator("input[name=view][value=swipe]").check(force=True)
    page.evaluate("document.activeElement.blur()")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(
            "(() => { const e = document.activeElement; return e.id || e.dataset.layer || e.dataset.hotspot || e.name || e.className"
            " || e.textContent; })()"))  # fmt: skip
    assert {
        "map",
        "swipe",
        "measure",
        "view",
        "zones",
        "hotspots",
        "control",
        "0 1",
        "skip",
        "Operation",
        "Whole city",
    } <= reached
    page.close()


def test_the_swipe_is_moved_by_keys_and_says_where_it_is(browser, pages):
    page, _, _ = visit(browser, pages / "map.html", 1440)
    page.locator("input[name=view][value=swipe]").check(force=True)
    panes = "['left', 'right'].map(name => document.querySelector('.leaflet-' + name + '-pane').style.clipPath)"
    before = page.evaluate(panes)
    assert before[0].startswith("polygon(")
    page.locator("#swipe").focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    assert page.locator("#swipe").get_attribute("aria-valuetext") == "40% of the map shows before, the rest after"
    assert page.evaluate(panes) != before
    assert page.locator("img.surface").count() == 2
    page.close()


def test_a_pair_moves_together(browser, pages):
    page, _, _ = visit(browser, pages / "map.html", 1440)
    page.locator("input[name=view][value=pair]").check(force=True)
    assert page.locator("#map2 img.surface").count() == 1
    sources = [page.locator(f"{one} img.surface").get_attribute("src") for one in ("#map", "#map2")]
    assert sources[0] != sources[1]
    where = "[...document.querySelectorAll('img.surface')].map(one => one.getBoundingClientRect().width)"
    narrow = page.evaluate(where)
    page.locator("#map2").focus()
    page.keyboard.press("Equal")
    page.wait_for_timeout(600)
    wide = page.evaluate(where)
    assert wide[0] == pytest.approx(wide[1])
    assert wide[0] > narrow[0]
    page.close()


def test_time_goes_step_by_step(browser, pages):
    page, _, _ = visit(browser, pages / "map.html", 1440)
    page.locator("input[name=view][value=steps]").check(force=True)
    seen = []
    for _ in range(5):
        seen.append((page.locator("#step-name").inner_text(), page.locator("img.surface").get_attribute("src")))
        page.locator("#later").click()
    assert [name for name, _ in seen] == ["Before", "During", "0-3 months", "3-6 months", "6-11 months"]
    assert page.locator("#step").get_attribute("aria-valuetext").startswith("6-11 months")
    page.close()


def test_outlines_and_table_follow_what_is_shown(browser, pages):
    page, _, _ = visit(browser, pages / "map.html", 1440)
    outline = "[...document.querySelectorAll('.leaflet-left-hot-pane path')].map(one => one.getAttribute('d')).join()"
    before = page.evaluate(outline)
    page.locator("input[name=view][value=after]").check(force=True)
    assert page.evaluate(outline) != before
    page.locator("tr:not([hidden]) button[data-hotspot]").first.click()
    assert page.locator("input[name=view][value='whole period']").is_checked()
    assert page.locator(".leaflet-popup-content").inner_text().startswith("Hotspot 1, whole period: about")
    page.close()


@pytest.fixture(scope="module", params=range(len(PAYLOADS)))
def hostile(request, tmp_path_factory):
    """Return the files of a study with one payload in every field that data or a user can fill."""
    text = PAYLOADS[request.param]
    folder = tmp_path_factory.mktemp("hostile")
    area = StudyArea(shapely.box(*(c - 3000 for c in CENTRE), *(c + 3000 for c in CENTRE)), CRS)
    measure = Measure(text, text, (text,), "requests", "public", Harm("community", "environment"))
    plain = planted_spot(area, 9, 9)
    views = dict.fromkeys((("", "whole period"), (text, "before"), (text, "after")), plain.views["", "whole period"])
    spots = replace(plain, measure=measure, views=views)
    whole = result(area, PLENTY, spots=[spots])
    about = replace(
        whole.operations[0].design.operation, name=text, tactic=text, objective=text, target_note=text, partners=(text,),
        mitigation=(Mitigation(text, text, (text,)),), co_occurring=(text,),
    )  # fmt: skip
    design = replace(whole.operations[0].design, operation=about, notes=(text,))
    measured = replace(whole.operations[0].measures[0], measure=measure)
    row = FileLedger(text, text, "0" * 64, 100, 90, 5, 5, 90, 0, 0, 0, ((text, 5, 1),))
    note = QualityNote(text, 50, 1, text, text)
    ledger = SourceLedger(
        text, (row,), Period(date(2019, 1, 1), date(2022, 1, 1)), (), False, 0.0, (), text, text, (note,)
    )
    study = replace(
        whole.study, name=text, measures=(measure,), primary=text, inputs={text: text},
        publish=replace(
            whole.study.publish, places=(Site(text, *CENTRE),), attribution=(text,),
            files=("tables", "workbook", "geopackage"),
        ),
    )  # fmt: skip
    publish_study(
        protect(replace(
            whole, study=study, ledgers=(ledger,), hotspots=(spots,),
            operations=(OperationResult(design, (measured,)),),
        )), folder / "out",
    )  # fmt: skip
    return text.replace("\u202e", ""), folder / "out"


def test_payloads_stay_text_in_every_page(browser, hostile):
    payload, folder = hostile
    for name in PAGES:
        page, asked, complaints = visit(browser, folder / name, 1000)
        assert complaints == []
        assert [url for url in asked if not url.startswith("data:")] == [(folder / name).as_uri()]
        if name == "map.html":
            for view in ("swipe", "pair", "after"):
                page.locator(f"input[name=view][value={view}]").check(force=True)
            assert payload.split("\u2028")[0].strip() in page.locator("#panel").inner_text()
        strange = "[...document.querySelectorAll('*')].filter(one => [...one.attributes].some(a => a.name.startsWith('on'))).length"
        assert page.evaluate(strange) == 0
        assert page.evaluate("document.querySelectorAll('body img:not(.surface), body script:not([type])').length") == (
            {"map.html": 2, "embed.html": 1}.get(name, 0)
        )
        page.close()


def test_payloads_stay_text_in_every_file(hostile):
    payload, folder = hostile
    found = 0
    for path in sorted((folder / "pieces").iterdir()):
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as stream:
                for row in csv.reader(stream):
                    for cell in row:
                        found += " ".join(payload.split()) in cell
                        assert not cell.startswith(("=", "@", "\t", "\r"))
                        assert not cell.startswith(("+", "-")) or re.fullmatch(r"[+-]?[\d.]+", cell)
        elif path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                parts = {name: book.read(name) for name in book.namelist() if name.endswith(".xml")}
            for text in parts.values():
                assert not [
                    one for one in ElementTree.fromstring(text).iter() if one.tag.rsplit("}")[-1] in ("f", "hyperlink")
                ]
    assert found
    page = (folder / "report.html").read_text(encoding="utf-8")
    figures = re.findall(r'<svg class="(?:chart|map)".*?</svg>', page, re.DOTALL)
    assert figures
    for figure in figures:
        drawing = ElementTree.fromstring(figure)
        assert not [one for one in drawing.iter() if one.tag.rsplit("}")[-1] in ("script", "foreignObject", "a")]
    for name in ("summary.json", "run.json", "releases.json"):
        json.loads((folder / name).read_text(encoding="utf-8"))
