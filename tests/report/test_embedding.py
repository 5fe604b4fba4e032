"""The card in other people's pages: under a strict policy, in a sandbox, with scripts stripped, and its height told."""

from __future__ import annotations

import functools
import http.server
import re
import threading
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from geoharm.disclosure.protect import protect
from geoharm.report.pages.embed import LISTENER, embed_page, iframe_snippet
from geoharm.report.wording.verdict import verdict_of
from geoharm.report.write import publish_study
from tests.disclosure.test_protect import PLENTY, planted_spot, result

STRICT = "default-src 'none'; frame-src 'self'; style-src 'unsafe-inline'"
SCRIPTED = f"{STRICT}; script-src 'unsafe-inline'"
PAGE = "<!DOCTYPE html><meta charset=utf-8><title>Host</title><h1>Our page</h1>{card}<p id=end>End</p>{script}"


@pytest.fixture(scope="module")
def published(area, tmp_path_factory):
    """Return the folder of a small study's pages, with a map."""
    spot = planted_spot(area, 60, 6)
    surface = spot.views["", "whole period"]
    spot = replace(spot, views={**spot.views, ("X", "before"): surface, ("X", "after"): surface})
    folder = tmp_path_factory.mktemp("pages")
    publish_study(protect(result(area, PLENTY, spots=[spot])), folder)
    return folder


def card(area, **publish):
    release = protect(result(area, PLENTY))
    study = replace(release.study, publish=replace(release.study.publish, **publish))
    release = replace(release, study=study)
    operation = release.operations[0]
    return embed_page(release, operation, verdict_of(release, operation), "embed.html")


def test_a_shared_link_shows_the_card(area):
    page = card(area, address="https://city.example/reports/", files=("figures",))
    found = dict(re.findall(r'<meta property="(og:[a-z:]+)" content="([^"]*)">', page))
    assert found["og:url"] == "https://city.example/reports/embed.html"
    assert found["og:image"] == "https://city.example/reports/pieces/card.png"
    assert (found["og:image:width"], found["og:image:height"]) == ("1920", "1008")
    assert len(found["og:image:alt"]) > 40
    assert found["og:title"].startswith("X: ")
    assert found["og:description"]


def test_without_an_address_nothing_is_named_that_a_network_would_not_find(area):
    page = card(area, files=("figures",))
    assert "og:image" not in page
    assert "og:url" not in page
    assert "og:title" in page


def test_what_the_documents_say_of_the_card_is_what_it_says(root: Path):
    page = (root / "docs" / "outputs.md").read_text(encoding="utf-8")
    assert LISTENER in page
    line = iframe_snippet("embed.html", "Operation Lantern")
    assert " ".join(line.split()) in " ".join(page.split())


class Server(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; hosts and cards under the policies that the tests ask for."""

    policies: ClassVar[dict[str, str]] = {}

    def end_headers(self):
        policy = self.policies.get(self.path.partition("?")[0])
        if policy:
            self.send_header("Content-Security-Policy", policy)
        super().end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site(published, tmp_path_factory):
    """Serve the pages with hosts around its card; return the address."""
    folder = tmp_path_factory.mktemp("site")
    for path in published.glob("*.html"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "strict-embed.html").write_bytes((published / "embed.html").read_bytes())
    line = iframe_snippet("embed.html", "Operation Lantern")
    no_scripts = line.replace("allow-scripts ", "")
    hosts = {
        "scripted": (line, LISTENER, SCRIPTED),
        "stripped": (line, "", STRICT),
        "forbidden": (line, LISTENER, STRICT),
        "sandboxed": (no_scripts, LISTENER, SCRIPTED),
        "served": (line.replace('src="embed', 'src="strict-embed'), LISTENER, SCRIPTED),
    }
    for name, (frame, script, policy) in hosts.items():
        (folder / f"{name}.html").write_text(PAGE.format(card=frame, script=script), encoding="utf-8")
        Server.policies[f"/{name}.html"] = policy
    # As a server sends every file of its own: no script at all.
    Server.policies["/strict-embed.html"] = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Server, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def height_of(page):
    return page.locator("iframe").evaluate("frame => frame.getBoundingClientRect().height")


@pytest.mark.parametrize(
    ("host", "fitted"),
    [("scripted", True), ("stripped", False), ("forbidden", False), ("sandboxed", False), ("served", False)],
)
def test_the_card_is_whole_in_every_host(browser, site, host, fitted):
    context = browser.new_context(viewport={"width": 900, "height": 1000})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}/{host}.html")
    page.locator("iframe").scroll_into_view_if_needed()
    frame = page.frame_locator("iframe")
    frame.locator("h1").wait_for()
    content = (
        page.frames[1].evaluate("document.documentElement.scrollHeight")
        if host not in ("sandboxed", "served")
        else None
    )
    if fitted:
        page.wait_for_function("document.querySelector('iframe').style.height !== ''")
        inside = page.frames[1].evaluate("document.documentElement.getBoundingClientRect().height")
        assert abs(height_of(page) - inside) <= 6  # the frame's own border
        # It follows when the card grows.
        frame.locator("summary").click()
        page.wait_for_function(f"document.querySelector('iframe').getBoundingClientRect().height > {inside + 40}")
    else:
        assert height_of(page) in range(655, 790)
        assert content is None or content <= height_of(page) + 2
    assert frame.locator("table tbody tr").count() >= 1
    assert frame.get_by_role("img").first.get_attribute("aria-label")
    assert {link.get_attribute("href").split("#")[0] for link in frame.locator("nav a").all()} == {
        "report.html", "map.html", "run.json",
    }  # fmt: skip
    assert all(url.startswith((site, "data:")) for url in asked)
    context.close()


def test_the_map_that_the_card_opens_may_run(browser, site):
    """A tab that is opened from a sandbox would be in it too, and the map stay a picture."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site}/scripted.html")
    with context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Map").click()
    opened.value.wait_for_selector("html[data-ready=true]", timeout=20_000)
    context.close()
