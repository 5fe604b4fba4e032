"""The ground of maps: what is packed is what was read, within its size; pictures and the page draw it; names keep apart."""

from __future__ import annotations

import base64
import gzip
import json
import re

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm import _crs
from geoharm.model.ground import Ground, GroundKind, GroundShape
from geoharm.report import palette
from geoharm.report.escape import asset
from geoharm.report.maps import ground_data
from geoharm.report.maps.frame import Frame
from geoharm.report.maps.ground_data import packed_ground
from geoharm.report.maps.ground_picture import ground_picture
from geoharm.simulation.location import CENTRE, CRS
from tests.conftest import visit

LAYERS = (
    "main",
    "middle",
    "small",
    "railway",
    "stream",
    "main name",
    "middle name",
    "small name",
    "water",
    "green",
    "outline",
)


def unpacked(data):
    """Return the paths in degrees by layer, and the words: a plain reader of the bytes, as the script's."""
    content = gzip.decompress(base64.b64decode(data["packed"]))
    size = int.from_bytes(content[:4], "big")
    stream = iter(content[4 : 4 + size])

    def number():
        value = shift = 0
        for byte in stream:
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
        raise StopIteration

    x = y = 0
    layers = {}
    for layer in LAYERS:
        paths = []
        for _ in range(number()):
            path = []
            for _ in range(number()):
                dx, dy = number(), number()
                x += -(dx + 1) // 2 if dx % 2 else dx // 2
                y += -(dy + 1) // 2 if dy % 2 else dy // 2
                path.append((data["origin"][0] + x / 1e5, data["origin"][1] + y / 1e5))
            paths.append(path)
        layers[layer] = paths
    assert next(stream, None) is None
    return layers, json.loads(content[4 + size :])


def street(kind, points, name="", **more):
    return GroundShape(kind, shapely.LineString([(CENTRE[0] + x, CENTRE[1] + y) for x, y in points]), name, **more)


places = st.tuples(st.integers(-4000, 4000), st.integers(-4000, 4000))
lines = st.lists(places, min_size=2, max_size=8, unique=True)


@settings(max_examples=40, deadline=None)
@given(st.lists(lines, min_size=1, max_size=8))
def test_what_is_packed_is_what_was_read(many):
    ground = Ground(tuple(street(GroundKind.MAIN, line, f"Street {number}") for number, line in enumerate(many)))
    packed = packed_ground(ground, CRS, near=[shapely.Point(CENTRE).buffer(300)])
    layers, words = unpacked(packed.data)
    assert packed.note == ""
    found = dict(zip(words["names"][0].split("\n"), layers["main"], strict=True))
    for number, line in enumerate(many):
        x, y = np.array(line, dtype=float).T + np.array(CENTRE)[:, None]
        expected = np.column_stack(_crs.transform(x, y, source=CRS, target=_crs.LONLAT))
        assert np.abs(np.array(found[f"Street {number}"]) - expected).max() < 1.01e-5


def test_areas_that_overlap_become_one_and_names_keep_their_layers():
    box = shapely.box(CENTRE[0], CENTRE[1], CENTRE[0] + 400, CENTRE[1] + 300)
    ground = Ground(
        (
            GroundShape(GroundKind.GREEN, box, "Park"),
            GroundShape(GroundKind.GREEN, shapely.affinity.translate(box, 100, 0), "Wood"),
            street(GroundKind.SMALL, [(0, 0), (50, 50)], "Name\nOnly", drawn=False),
            GroundShape(GroundKind.PLACE, shapely.Point(CENTRE), "Village", rank=3),
            GroundShape(GroundKind.PLACE, shapely.Point(CENTRE), "Town"),
        )
    )
    layers, words = unpacked(packed_ground(ground, CRS, near=[box]).data)
    assert [len(layers[layer]) for layer in ("green", "small", "small name")] == [1, 0, 1]
    assert words["names"][7] == "Name Only"
    assert [name for name, *_ in words["places"]] == ["Town", "Village"]
    assert {name for name, *_ in words["greens"]} == {"Park", "Wood"}


def test_what_would_make_the_page_too_large_is_left_out_and_said(monkeypatch):
    rng = np.random.default_rng(4)
    far = [street(GroundKind.SMALL, rng.uniform(4000, 9000, (40, 2)), f"Far {number}") for number in range(40)]
    near = [street(GroundKind.SMALL, rng.uniform(-900, 900, (10, 2)), "Near")]
    main = [street(GroundKind.MAIN, rng.uniform(-9000, 9000, (400, 2)), "Main")]
    ground, around = Ground((*main, *near, *far)), [shapely.Point(CENTRE).buffer(300)]
    whole = len(packed_ground(ground, CRS, near=around).data["packed"])
    monkeypatch.setattr(ground_data, "MOST_BYTES", whole - 1)
    packed = packed_ground(ground, CRS, near=around)
    assert packed.note == "To keep the page small, small streets are drawn within 3 km of the target areas only."
    assert set(unpacked(packed.data)[1]["names"][2].split("\n")) == {"Near"}
    monkeypatch.setattr(ground_data, "MOST_BYTES", len(packed.data["packed"]) - 1)
    packed = packed_ground(ground, CRS, near=around)
    assert packed.note == "To keep the page small, small streets are not drawn."
    assert unpacked(packed.data)[0]["small"] == []


def test_the_same_ground_gives_the_same_bytes():
    ground = Ground(
        (street(GroundKind.MAIN, [(0, 0), (100, 5)], "A"), street(GroundKind.MAIN, [(0, 0), (100, 5)], "B"))
    )
    assert packed_ground(ground, CRS, near=[]) == packed_ground(Ground(ground.shapes[::-1]), CRS, near=[])


def test_a_picture_has_the_larger_streets_of_its_square_and_no_more():
    x, y = CENTRE
    (west, east), (_, north) = _crs.transform(
        [x - 1000, x + 1000], [y - 1000, y + 1000], source=CRS, target=_crs.MERCATOR
    )
    frame = Frame(CRS, west, north, east - west, 340 / 2000, (x - 2000, y - 2000, x + 2000, y + 2000), is_whole=False)
    ground = Ground(
        (
            street(GroundKind.MAIN, [(-5000, 0), (5000, 0)]),
            street(GroundKind.SMALL, [(0, -100), (0, 100)]),
            street(GroundKind.MIDDLE, [(3000, 0), (3000, 500)]),
            GroundShape(GroundKind.GREEN, shapely.box(x, y, x + 10, y + 10), "too small to see"),
            GroundShape(GroundKind.PLACE, shapely.Point(x + 100, y), "Town"),
            GroundShape(GroundKind.PLACE, shapely.Point(x + 9000, y), "Elsewhere"),
        )
    )
    picture = ground_picture(ground, frame)
    (main,) = picture.below
    assert palette.MAIN_STREET in main
    numbers = [float(number) for number in re.findall(r"-?\d+", re.search(r' d="([^"]*)"', main).group(1))]
    assert len(numbers) == 4
    assert max(map(abs, numbers)) <= 2 * 340 + 20
    assert len(picture.above) == 1
    assert [name for *_, name in picture.names] == ["Town"]
    assert ground_picture(ground, frame) is picture


def test_the_page_has_the_colours_of_the_palette():
    light = asset("map.css").split("@media", 1)[0]
    for name, colour in (("water", palette.WATER), ("green", palette.GREEN), ("main", palette.MAIN_STREET),
                         ("middle", palette.MIDDLE_STREET), ("railway", palette.RAILWAY)):  # fmt: skip
        assert f"--ground-{name}:{colour};" in light


# -- the page of the demo ---------------------------------------------------------------------------------------------

# Notes every name that is written on a canvas, with its box on the page.
NOTE_NAMES = """
window.written = [];
const plain = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
  const at = this.getTransform(), wide = this.measureText(text).width / 2;
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  window.written.push({ canvas: this.canvas, text, x: at.e / ratio, y: at.f / ratio, turn: Math.atan2(at.b, at.a), wide });
  return plain.call(this, text, x, y);
};
"""
BOXES = """() => {
  const shown = document.querySelector(".leaflet-names-pane canvas"), frame = shown.getBoundingClientRect();
  // What was written since the canvas was last cleared is what is on it; each name is there once.
  const last = new Map(window.written.filter((one) => one.canvas === shown).map((one) => [one.text, one]));
  const names = [...last.values()].map((one) => {
    const along = Math.abs(Math.cos(one.turn)) * one.wide, up = Math.abs(Math.sin(one.turn)) * one.wide;
    const x = frame.left + one.x, y = frame.top + one.y;
    return { text: one.text, flat: Math.abs(one.turn) < 0.01, box: [x - along - 2, y - up - 4, x + along + 2, y + up + 4] };
  });
  const labels = [...document.querySelectorAll("#map .ring span,#map .rank span,#map .place span")].map((element) => {
    const box = element.getBoundingClientRect();
    return { text: element.textContent, box: [box.left, box.top, box.right, box.bottom] };
  });
  return { names, labels };
}"""


def overlaps(one, two):
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


def wait_until(page, condition):
    """Wait until a script says yes; the page's own policy forbids Playwright to wait inside it."""
    for _ in range(300):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"never: {condition}")


@pytest.fixture
def map_with_names(browser, pages):
    context = browser.new_context()
    context.add_init_script(NOTE_NAMES)
    page, asked, complaints = visit(context, pages / "map.html", 1440)
    wait_until(page, "window.written.length > 5 && document.querySelector('.leaflet-names-pane canvas').dataset.zoom")
    page.wait_for_timeout(600)
    yield page, asked, complaints
    context.close()


def test_names_of_the_ground_keep_apart_from_each_other_and_from_labels(map_with_names):
    page, asked, complaints = map_with_names
    zoom = "document.querySelector('.leaflet-names-pane canvas').dataset.zoom"
    for zoom_out in range(3):
        if zoom_out:
            before = page.evaluate(zoom)
            page.evaluate("window.written.length = 0")
            page.locator(".leaflet-control-zoom-out").click()
            wait_until(page, f"{zoom} && {zoom} !== '{before}'")
            page.wait_for_timeout(600)
        found = page.evaluate(BOXES)
        names = [name for name in found["names"] if name["flat"] or len(name["text"]) < 30]
        assert len(names) > 3
        flat = [name for name in names if name["flat"]]
        for number, name in enumerate(flat):
            for other in [*flat[number + 1 :], *found["labels"]]:
                assert not overlaps(name["box"], other["box"]), (name["text"], other["text"])
    assert not complaints
    assert len(asked) == 1


def test_the_ground_is_drawn_and_can_be_hidden(map_with_names):
    page, _, _ = map_with_names
    drawn = "document.querySelectorAll('.leaflet-earth-pane canvas,.leaflet-names-pane canvas').length"
    painted = """() => { const c = document.querySelector('.leaflet-earth-pane canvas');
        return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((value) => value > 0); }"""
    assert page.evaluate(drawn) == 2
    assert page.evaluate(painted)
    page.locator("input[data-layer=ground]").uncheck()
    assert page.evaluate(drawn) == 0
    assert "made for the demo city" in page.locator(".credit").inner_text()


def test_paper_is_light_and_holds_the_whole_view_of_a_dark_screen(browser, pages):
    context = browser.new_context(color_scheme="dark")
    page, _, complaints = visit(context, pages / "map.html", 1440)
    wait_until(page, "document.querySelector('.leaflet-names-pane canvas').dataset.zoom")
    first = "document.querySelector('#legend rect').getAttribute('fill')"
    dashes = "[...document.querySelectorAll('.leaflet-zone-pane path')].map((path) => path.getBoundingClientRect())"
    outside = f"{dashes}.some((box) => box.left < 0 || box.right > document.querySelector('#map').getBoundingClientRect().right)"
    on_screen, dark = page.evaluate(outside), page.evaluate(first)
    assert dark == palette.DENSITY[-1]
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(first) == palette.DENSITY[0]
    assert page.evaluate("document.querySelector('#map').clientWidth") <= 680
    assert page.evaluate(outside) == on_screen
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(first) == dark
    assert not complaints
    context.close()
