"""Pages in a real browser: layers are drawn, nothing is requested, nothing fails, nothing scrolls sideways."""

from __future__ import annotations

import pytest

from geoharm.pipeline.run import run
from geoharm.study.read import read_study
from tests.conftest import small_study, visit

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("name", ["report.html", "map.html"])
def test_one_file_no_request_no_complaint(browser, pages, name, width):
    page, asked, complaints = visit(browser, pages / name, width)
    assert [url for url in asked if not url.startswith("data:")] == [(pages / name).as_uri()]
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_the_map_draws_its_layers(browser, pages):
    page, _, _ = visit(browser, pages / "map.html", 1440)
    page.wait_for_selector("html[data-ready=true]")
    image = page.locator(".leaflet-left-pane img.surface")
    assert image.count() == 1
    assert image.evaluate("element => element.naturalWidth") > 100
    assert page.locator(".leaflet-zone-pane path").count() == 2 * 5  # target, gap, three rings, each with its casing
    assert page.locator(".leaflet-left-hot-pane path").count() >= 2
    page.locator("input[name=view][value='whole period']").check(force=True)
    assert min(page.locator(".rank").count(), 10) == page.locator("tr[data-measure='0']").count()
    assert page.locator("#legend li").count() == 6
    page.close()


def test_controls_change_what_is_drawn(browser, pages):
    page, _, complaints = visit(browser, pages / "map.html", 1440)
    page.wait_for_selector("html[data-ready=true]")

    def surface():
        return page.locator("img.surface").get_attribute("src")

    before = surface()
    page.locator("input[name=view][value=after]").check(force=True)
    after = surface()
    assert before != after
    page.get_by_label("drug offences").check()
    assert surface() not in (before, after)
    assert page.locator("#activity-note").is_visible()
    page.get_by_label("Target, gap and rings").uncheck()
    assert page.locator(".leaflet-zone-pane path").count() == 0
    centre = "document.querySelector('.leaflet-map-pane').style.transform + document.querySelector('img.surface').style.cssText"
    was = page.evaluate(centre)
    page.locator("tr:not([hidden]) button[data-hotspot]").first.click()
    page.wait_for_timeout(400)
    assert page.evaluate(centre) != was
    assert complaints == []
    page.close()


def test_the_views_are_reached_by_keyboard(browser, pages):
    page, _, _ = visit(browser, pages / "map.html", 1440)
    page.wait_for_selector("html[data-ready=true]")
    page.locator("input[name=view][value=before]").focus()
    was = page.locator("img.surface").get_attribute("src")
    page.keyboard.press("ArrowRight")
    assert page.locator("input[name=view][value=after]").is_checked()
    assert page.locator("img.surface").get_attribute("src") != was
    page.close()


def test_hostile_names_run_nothing(browser, tmp_path):
    name = "</script><img src=x onerror=alert(1)>`${alert(1)}`'\"><svg onload=alert(1)>"
    study = read_study(small_study(tmp_path, name=name))
    found = run(study, data=tmp_path, out=tmp_path / "out", database=tmp_path / "s.duckdb")
    for path in found.published.files:
        if path.suffix != ".html":
            continue
        page, asked, complaints = visit(browser, path, 1000)
        page.wait_for_timeout(300)
        assert complaints == []
        assert len([url for url in asked if not url.startswith("data:")]) == 1
        assert name in page.title()
        page.close()


def test_surface_lies_where_the_target_is(browser, pages):
    """One of the two busiest classes of the picture is under the target's outline: image and lines agree on the ground."""
    page, _, _ = visit(browser, pages / "map.html", 1440)
    page.wait_for_selector("html[data-ready=true]")
    inside = page.evaluate(
        """() => {
          const image = document.querySelector('img.surface');
          const box = image.getBoundingClientRect();
          const paths = [...document.querySelectorAll('.leaflet-zone-pane path')];
          const target = paths[paths.length - 1].getBoundingClientRect();
          const canvas = document.createElement('canvas');
          canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
          const context = canvas.getContext('2d');
          context.drawImage(image, 0, 0);
          const x = ((target.left + target.right) / 2 - box.left) / box.width * canvas.width;
          const y = ((target.top + target.bottom) / 2 - box.top) / box.height * canvas.height;
          return [...context.getImageData(Math.round(x), Math.round(y), 1, 1).data];
        }"""
    )
    assert tuple(inside) in ((69, 26, 94, 255), (133, 48, 127, 255))
    page.close()
