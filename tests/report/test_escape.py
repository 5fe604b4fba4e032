"""The one door: whatever comes from data is text, in HTML, in attributes, in SVG, in JSON inside a page."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from geoharm._text import percent_text
from geoharm.report.escape import html, json_block, render_page, svg
from geoharm.report.format_numbers import fewer_or_more, join_with_and, signed_text

PAYLOADS = [
    "<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "`${alert(1)}`", "${7*7}", "'\"><svg/onload=alert(1)>",
    "a\u2028b\u2029c", "\u202egnp.exe", '=HYPERLINK("http://x")', "{{ 7 * 7 }}", "{% raw %}", "\"; drop table tidy.row; --", "]]><!--",
]  # fmt: skip


class Elements(HTMLParser):
    """Counts elements and collects text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)

    def handle_data(self, data):
        self.text += data


def parse(markup: str) -> Elements:
    found = Elements()
    found.feed(markup)
    return found


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_stays_text(payload):
    shown = parse(f"<p>{html(payload)}</p>")
    assert shown.elements == ["p"]
    assert shown.text == payload.replace("\u202e", "")
    drawn = parse(svg("text", {"x": payload}, payload))
    assert drawn.elements == ["text"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_json_cannot_leave_its_element(payload):
    block = json_block({payload: payload})
    assert not re.search(r"[<>&\u2028\u2029]", block)
    text = payload.replace("\u202e", "")
    assert json.loads(block) == {text: text}


def test_json_refuses_numbers_that_are_none():
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_block(float("nan"))


def test_a_page_may_load_and_run_nothing_else(monkeypatch):
    monkeypatch.setattr(
        "geoharm.report.escape.asset", lambda name: "{{ policy }}|{{ style }}|{{ scripts[0] }}|{{ name }}"
    )
    policy, style, script, name = render_page("x", style="p{}", scripts=("run()",), name="<b>").split("|")
    assert policy.startswith("default-src &#39;none&#39;")
    assert "unsafe" not in policy
    assert (style, script, name) == ("p{}", "run()", "&lt;b&gt;")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(-57.2, "\u221257"), (0.3, "+0.3"), (-0.04, "0"), (0.0, "0"), (1234.6, "+1,235"), (float("nan"), "not known")],
)
def test_changes_have_a_true_minus_and_a_sign(value, shown):
    assert signed_text(value) == shown


def test_words():
    assert fewer_or_more(-1.4) == "1 fewer"
    assert fewer_or_more(0.0) == "no more and no fewer"
    assert percent_text(0.995) == "over 99%"
    assert join_with_and([]) == ""
    assert join_with_and(["a", "b", "c"]) == "a, b and c"
