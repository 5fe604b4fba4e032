"""The demo's report in a browser: four printed pages of brief, then the annex; one column at 390; readable text."""

from __future__ import annotations

import re

import pytest

from tests.conftest import visit
from tests.report.page_tree import page_tree
from tests.report.readability import grade

pytestmark = pytest.mark.browser

# Flesch-Kincaid grade that no page of the brief exceeds, measured on its running text alone.
HARDEST = 9.0
PAGES = ("answer", "by-harm", "place-and-time", "doubts")
# Running text: sentences, not names, numbers or words of tables.
RUNNING = (
    ("h1", ""),
    ("p", "lead"),
    ("p", "how"),
    ("p", "say"),
    ("p", "flip"),
    ("p", "note"),
    ("p", "small"),
    ("dd", ""),
    ("li", ""),
)


def printed_pages(page) -> int:
    """Return the number of pages of the printed page."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))


def without(page, css: str) -> None:
    page.evaluate("css => document.querySelectorAll(css).forEach(node => node.remove())", css)


def test_the_brief_is_four_printed_pages_and_the_annex_begins_a_new_one(browser, pages):
    page, _, _ = visit(browser, pages / "report.html", 1440)
    whole = printed_pages(page)
    without(page, ".part, footer")
    brief = printed_pages(page)
    page.close()
    assert brief == 4
    page, _, _ = visit(browser, pages / "report.html", 1440)
    without(page, ".sheet, .mast")
    annex = printed_pages(page)
    page.close()
    assert whole == brief + annex


def test_closed_sections_are_printed_and_long_ones_are_not(browser, pages):
    page, _, _ = visit(browser, pages / "report.html", 1440)
    page.emulate_media(media="print")
    page.evaluate("() => document.querySelectorAll('details').forEach(node => { node.open = false; })")
    shown = "css => [...document.querySelectorAll(css)].map(node => node.lastElementChild.checkVisibility({contentVisibilityAuto: true}))"
    assert all(page.evaluate(shown, "details.section"))
    assert page.evaluate("document.querySelectorAll('details.long').length") > 0
    assert not any(page.evaluate(shown, "details.long"))
    page.close()


@pytest.mark.parametrize("width", [320, 390])
def test_nothing_scrolls_sideways_on_a_narrow_screen(browser, pages, width):
    for name in ("report.html", "embed.html"):
        page, _, _ = visit(browser, pages / name, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        beyond = (
            "[...document.querySelectorAll('main *')].filter(node => !node.closest('.scroll, svg')"
            " && node.getBoundingClientRect().width > 0 && node.getBoundingClientRect().left >= 0"
            " && node.getBoundingClientRect().right > innerWidth + 1).map(node => node.outerHTML.slice(0, 80))"
        )
        assert page.evaluate(beyond) == []
        page.close()


@pytest.mark.parametrize(("width", "columns"), [(320, 1), (640, 2), (1000, 3)])
def test_the_card_lays_itself_out_by_its_own_width(browser, pages, width, columns):
    page, _, complaints = visit(browser, pages / "embed.html", width)
    tracks = page.evaluate("getComputedStyle(document.querySelector('.inside')).gridTemplateColumns.split(' ').length")
    assert tracks == columns
    assert page.locator("figure").is_visible() is (columns > 1)
    assert complaints == []
    page.close()


@pytest.mark.parametrize("anchor", PAGES)
def test_every_page_of_the_brief_can_be_read(pages, anchor):
    """No page is harder than grade 9: readers of about fourteen."""
    sheet = page_tree((pages / "report.html").read_text(encoding="utf-8")).by_id(anchor)
    texts = [node.text() for name, css_class in RUNNING for node in sheet.all(name, css_class)]
    running = " ".join(
        text if text.endswith((".", "!", "?")) else f"{text}." for text in texts if len(text.split()) > 3
    )
    assert len(running.split()) > 20
    assert grade(running) <= HARDEST
