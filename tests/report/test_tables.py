"""Pieces for other people's reports: figures, tables, the workbook, styles, the card, the summary, the index."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import sqlite3
import struct
import unicodedata
import zipfile
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest
import rasterio
import resvg_py

import geoharm
from geoharm.disclosure.protect import protect
from geoharm.errors import PublishError
from geoharm.report.cells import change_cell, number_cell, text_cell
from geoharm.report.charts.marks import text
from geoharm.report.charts.text_lines import cut_text, text_lines, text_width
from geoharm.report.document import Cell, Chart, Column, Missing, Row, Table
from geoharm.report.exports.pictures import _FONT_RANGES, _FONTS, picture_png, svg_to_png
from geoharm.report.exports.tables import MISSING_TEXTS, table_csv
from geoharm.report.exports.workbook import workbook
from geoharm.report.index import write_index
from geoharm.report.pages.report import report_sections
from geoharm.report.wording.verdict import verdict_of
from geoharm.report.write import publish_study
from tests.disclosure.test_protect import PLENTY, planted, planted_spot, result

EVERYTHING = ("geopackage", "figures", "tables", "workbook")


@pytest.fixture(scope="module")
def release(area):
    spot = planted_spot(area, 60, 6)
    surface = spot.views["", "whole period"]
    spot = replace(spot, views={**spot.views, ("X", "before"): surface, ("X", "after"): surface})
    whole = result(area, PLENTY, spots=[spot])
    whole = replace(whole, study=replace(whole.study, publish=replace(whole.study.publish, files=EVERYTHING)))
    return protect(whole)


@pytest.fixture(scope="module")
def folder(release, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pieces") / "study"
    publish_study(release, folder)
    return folder


@pytest.fixture(scope="module")
def tables(release):
    """Return every table of the report with its title."""
    operation = release.operations[0]
    sections = report_sections(release, operation, verdict_of(release, operation))
    return [titled for section in sections for titled in section.titled_tables() if titled[1].rows]


def test_every_figure_of_the_report_is_a_file_of_its_own(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")
    page = page[page.index('<p class="kicker">Annex') :]  # the brief repeats some of the annex's drawings
    drawings = sorted((folder / "pieces").glob("figure-*.svg"))
    # The first piece is the headline's interval, which the page draws beside those of the other harms.
    assert len(drawings) == 1 + len(re.findall(r'<svg class="(?:chart|map)"', page))
    for path in drawings:
        root = ElementTree.parse(path).getroot()
        assert root.get("aria-label")
        assert root.find("{http://www.w3.org/2000/svg}title").text
        png = path.with_suffix(".png").read_bytes()
        assert int.from_bytes(png[16:20], "big") == round(170 / 25.4 * 300)
        assert png_width_mm(png) == pytest.approx(170, abs=0.1)


def png_width_mm(png):
    """Return how wide a program places a PNG: its pixels over its dots per metre."""
    at = png.index(b"pHYs")
    dots, _, unit = struct.unpack(">IIB", png[at + 4 : at + 13])
    assert (unit, png[at + 13 : at + 17]) == (1, struct.pack(">I", zlib.crc32(png[at : at + 13])))
    return int.from_bytes(png[16:20], "big") / dots * 1000


@pytest.mark.parametrize(("name", "sides"), [("card", (1920, 1008)), ("map", (1920, 1080))])
def test_card_and_map_are_pictures_as_wide_as_a_slide(release, folder, name, sides):
    root = ElementTree.parse(folder / "pieces" / f"{name}.svg").getroot()
    title = root.find("{http://www.w3.org/2000/svg}title").text
    assert root.get("aria-label").startswith(f"{title}. ")
    png = (folder / "pieces" / f"{name}.png").read_bytes()
    assert tuple(int.from_bytes(png[at : at + 4], "big") for at in (16, 20)) == sides
    assert png_width_mm(png) == pytest.approx(338.7, abs=0.1)
    verdict = verdict_of(release, release.operations[0])
    words = " ".join(text for text in root.itertext())
    if name == "card":
        assert title.endswith(verdict.headline)
        assert all(word in words for clause in verdict.clauses for word in clause.text.split())


def test_long_words_in_a_picture_are_broken_or_cut():
    words = "needle finds near the station of the long name " * 3
    lines = text_lines(words, 200, 14)
    assert " ".join(lines) == words.strip()
    assert all(text_width(line, 14) <= 200 for line in lines)
    assert text_width(cut_text(words, 120, 14), 14) <= 120
    assert text_lines("Schifffahrtsgesellschaften", 20, 14) == ["Schifffahrtsgesellschaften"]


def test_a_picture_is_not_empty(folder):
    for path in (folder / "pieces").glob("*.png"):
        with rasterio.open(path) as picture:
            assert picture.read(1).std() > 5


WORDS = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="700" height="40" font-family="{}">'
    '<text x="8" y="26" font-size="20" font-weight="{}" font-style="{}">{}</text></svg>'
)


def test_words_in_a_picture_are_set_in_the_font_that_comes_along(monkeypatch):
    """No font of the machine is read, so the picture is the same everywhere; an empty one would differ in no letter."""
    asked: list[dict] = []
    draw = resvg_py.svg_to_bytes
    monkeypatch.setattr(resvg_py, "svg_to_bytes", lambda **options: (asked.append(options), draw(**options))[1])
    pictures = [
        svg_to_png(WORDS.format(_FONTS, *style, words))
        for style, words in (
            ((400, "normal"), "\u2212127 to \u221218, \u25c4 fewer, km\u00b2"),
            ((700, "normal"), "\u0141\u00f3d\u017a, \u0391\u03b8\u03ae\u03bd\u03b1"),
            ((600, "italic"), "Mass & Cass".replace("&", "&amp;")),
        )
    ]
    assert all(options["skip_system_fonts"] for options in asked)
    assert [len(options["font_files"]) for options in asked] == [3, 3, 3]
    empty = svg_to_png(WORDS.format(_FONTS, 400, "normal", ""))
    assert len({*pictures, empty}) == 4


def test_a_chart_saved_as_png_has_its_words():
    """Not only a text made here: the attributes of a chart are escaped on the way."""
    charts = [Chart(200, 60, "t", "", [text(100, 30, words)]) for words in ("", "hello words")]
    empty, written = (picture_png(chart) for chart in charts)
    assert len(written) > len(empty) + 1_000


def test_letters_the_font_lacks_are_left_to_the_machine(monkeypatch):
    asked: list[dict] = []
    monkeypatch.setattr(resvg_py, "svg_to_bytes", lambda **options: (asked.append(options), b"")[1])
    svg_to_png(WORDS.format(_FONTS, 400, "normal", "\u4e0a\u6d77"))
    assert asked[0]["skip_system_fonts"] is False


def test_the_font_has_every_letter_it_is_said_to_have():
    """Read from the tables of the files themselves."""
    fonts = pytest.importorskip("fontTools.ttLib", reason="fonttools is not installed")
    folder = Path(geoharm.__file__).parent / "report" / "assets" / "fonts"
    for path in sorted(folder.glob("*.ttf")):
        held = fonts.TTFont(path).getBestCmap()
        for low, high in _FONT_RANGES:
            lacking = [code for code in range(low, high + 1) if code not in held]
            assert all(unicodedata.category(chr(code)) in ("Cn", "Cc") for code in lacking), path.name
    assert "DejaVu" in (folder / "LICENSE.txt").read_text(encoding="utf-8")


class PageTables(HTMLParser):
    """Reads the texts of all table cells of a page."""

    def __init__(self):
        super().__init__()
        self.tables, self._inside = [], False

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.tables.append([])
        self._inside = self._inside or tag in ("td", "th")
        if tag in ("td", "th"):
            self.tables[-1].append("")

    def handle_data(self, data):
        if self._inside:
            self.tables[-1][-1] += data

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._inside = False


def read_csv(path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def test_all_formats_of_a_release_hold_the_same_tables(folder, tables):
    """Page, CSV and workbook, cell by cell, against the nouns that they are written from."""
    page = PageTables()
    page.feed((folder / "report.html").read_text(encoding="utf-8"))
    shown = [table for table in page.tables if table]
    paths = sorted((folder / "pieces").glob("table-*.csv"))
    book = openpyxl.load_workbook(folder / "pieces" / "tables.xlsx")
    assert len(paths) == len(tables) == len(book.worksheets) - 3
    page_texts = {tuple(" ".join(text.split()) for text in table) for table in shown}
    for number, ((_, table), path) in enumerate(zip(tables, paths, strict=True), start=1):
        texts = [column.head for column in table.columns]
        texts += [" ".join(f"{cell.text}{cell.small}".split()) for row in table.rows for cell in row.cells]
        assert tuple(" ".join(text.split()) for text in texts) in page_texts
        heads, *rows = read_csv(path)
        assert heads == [MISSING_TEXTS.get(head, head) for head in table.file_heads]
        sheet = [list(row) for row in book[f"Table_{number}"].iter_rows(min_row=4, values_only=True)]
        for values, csv_row, sheet_row in zip(table.file_rows(), rows, sheet, strict=True):
            for value, csv_value, sheet_value in zip(values, csv_row, sheet_row, strict=True):
                if isinstance(value, Missing):
                    assert (csv_value, sheet_value) == (MISSING_TEXTS[value], value.value)
                elif isinstance(value, str):
                    assert csv_value.removeprefix("'") == value == sheet_value
                else:
                    assert float(csv_value) == sheet_value == value
                    assert isinstance(sheet_value, int | float)


def test_files_hold_the_numbers_as_released_and_not_as_printed(folder, release, tables):
    effect = release.operations[0].primary.effect("target")
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    harms = next(table for title, table in tables if title == "Harm by harm")
    row = dict(zip(harms.file_heads, harms.file_rows()[0], strict=True))
    assert (row["Target, before"], row["Target, after"]) == (effect.before, effect.after) == (100, 60)
    assert row["Target, net"] == pytest.approx(effect.change, rel=1e-8)
    assert row["Target, net"] != round(effect.change)
    assert row["Target, net, low end"] == pytest.approx(effect.interval.low, rel=1e-8)
    assert row["Target, net, high end"] == pytest.approx(effect.interval.high, rel=1e-8)
    assert str(row["Target, net"]) in json.dumps(record)
    path = next((folder / "pieces").glob("*-harm-by-harm.csv"))
    heads, first, *_ = read_csv(path)
    assert float(first[heads.index("Target, net")]) == row["Target, net"]


def test_a_row_must_fill_its_table_and_a_cell_its_column():
    columns = (Column("a"), Column("b", parts=("b, low", "b, high")))
    filled = Table(columns, (Row((text_cell("x"), Cell("1 to 2", (1, 2)))), Row((text_cell("none", span=2),))))
    assert filled.file_rows() == (("x", 1, 2), ("none", Missing.NOT_APPLICABLE, Missing.NOT_APPLICABLE))
    with pytest.raises(PublishError, match="does not fill its 2 columns"):
        Table(columns, (Row((text_cell("x"),)),))
    with pytest.raises(PublishError, match='column "b" has 1 values, not 2'):
        Table(columns, (Row((text_cell("x"), text_cell("y"))),))


def test_a_change_that_is_withheld_or_refused_says_so_in_every_column(area):
    hidden = protect(result(area, planted(0, 0, 3))).operations[0].primary.effect("target")
    assert change_cell(hidden).values[:3] == (Missing.WITHHELD,) * 3
    shown = protect(result(area, PLENTY)).operations[0].primary.effect("target")
    unknown = replace(shown, change=math.nan, ratio=replace(shown.ratio, value=math.nan, note="no event before"))
    assert change_cell(unknown).values[-1] == "no event before"


@pytest.mark.parametrize(
    ("text", "cell"),
    [("=1+1", "'=1+1"), ("+cmd", "'+cmd"), ("-x", "'-x"), ("@x", "'@x"), ("\tx", "x"), (" =x", "'=x"), ("a\n=x", "a =x"), ("-5", "'-5")],
)  # fmt: skip
def test_text_is_never_run(text, cell):
    written = table_csv(Table((Column("t"),), (Row((text_cell(text),)),)))
    assert next(iter(list(csv.reader(io.StringIO(written)))[1:])) == [cell]


@pytest.mark.parametrize(
    ("value", "cell"), [(-5, "-5"), (5, "5"), (-1.5, "-1.5"), (2 / 3, "0.666666667"), (math.nan, "not known")]
)
def test_numbers_stay_numbers(value, cell):
    written = table_csv(Table((Column("t"),), (Row((number_cell(value, "as printed"),)),)))
    assert next(iter(list(csv.reader(io.StringIO(written)))[1:])) == [cell]


def test_the_workbook_follows_the_guidance(folder):
    path = folder / "pieces" / "tables.xlsx"
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[:3] == ["Cover", "Contents", "Notes"]
    for sheet in book.worksheets[1:]:
        assert not sheet.merged_cells.ranges
        assert len(sheet.tables) == 1
        assert sheet["A1"].value
        table = next(iter(sheet.tables.values()))
        cells = sheet[table.ref]
        assert all(cell.value is not None for row in cells for cell in row), sheet.title
        assert all(cell.data_type != "f" for row in cells for cell in row)
    titles = [row[1].value for row in book["Contents"].iter_rows(min_row=4)]
    assert len(titles) == len(book.sheetnames) - 3
    with zipfile.ZipFile(path) as parts:
        assert {one.date_time[0] for one in parts.infolist()} == {1980}


def test_a_workbook_holds_hostile_text_as_text():
    columns = tuple(map(Column, ("a", "a", "http://x")))
    rows = (("=HYPERLINK(1)", Missing.WITHHELD, "http://x"), ("\x01", Missing.NOT_KNOWN, "{=1}"))
    table = Table(columns, tuple(Row(tuple(Cell("", (value,)) for value in row)) for row in rows))
    content = workbook("=1+1", (("=1+1", table),), about=("@x",), withheld="w")
    assert content == workbook("=1+1", (("=1+1", table),), about=("@x",), withheld="w")
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Table_1"]
    assert [cell.value for cell in sheet[3]] == ["a", "a 2", "http://x"]
    assert [cell.value for cell in sheet[4]] == ["=HYPERLINK(1)", "[c]", "http://x"]
    assert [cell.data_type for cell in sheet[4]] == ["s", "s", "s"] or sheet["A4"].data_type != "f"


def test_qgis_finds_a_style_for_every_layer(folder):
    with sqlite3.connect(folder / "hotspots.gpkg") as engine:
        rows = engine.execute("SELECT f_table_name, useAsDefault, styleQML FROM layer_styles ORDER BY 1").fetchall()
        layers = [
            name for (name,) in engine.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'")
        ]
        columns = [row[1] for row in engine.execute("PRAGMA table_info(layer_styles)")]
    assert [row[0] for row in rows] == sorted(layers) == ["effects", "hotspots", "study_area", "zones"]
    assert all(row[1] for row in rows)
    values = [one.get("value") for one in ElementTree.fromstring(rows[3][2]).iter("category")]
    assert values == ["target", "gap", "ring", "control"]
    assert columns[:8] == ["id", "f_table_catalog", "f_table_schema", "f_table_name", "f_geometry_column", "styleName", "styleQML", "styleSLD"]  # fmt: skip


def test_the_card_has_one_script_and_says_how_to_put_it_elsewhere(folder):
    card = (folder / "embed.html").read_text(encoding="utf-8")
    assert card.count("<script") == 1
    assert re.search(r"script-src &#39;sha256-[A-Za-z0-9+/=]+&#39;\"", card)
    assert "event.source === frame.contentWindow" in card
    assert '<meta property="og:title" content="X: ' in card
    assert "og:image" not in card
    assert "&lt;iframe src=&#34;embed.html&#34; title=&#34;X: verdict and map&#34;" in card
    assert len(card) < 60_000


def grade(text: str) -> float:
    """Return the Flesch-Kincaid grade: US school years; 7 is an age of 12 to 13."""
    sentences = [one for one in re.split(r"[.!?]+\s", text) if one.strip()]
    words = re.findall(r"[A-Za-z]+", text)
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", re.sub(r"e$", "", word.lower())))) for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


@pytest.mark.parametrize("table", [PLENTY, planted(0, 0, 3), planted(4, 0, 0), [[400, 30, 30], *PLENTY[1:]]])
def test_the_summary_is_for_readers_of_twelve_to_fourteen(area, tmp_path, table):
    publish_study(protect(result(area, table)), tmp_path)
    text = (tmp_path / "summary.txt").read_text(encoding="utf-8")
    record = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert grade(" ".join(record["sentences"])) < 8.5
    for sentence in record["sentences"]:
        assert sentence in text
        assert len(sentence.split()) < 40
    page = re.sub(r"\s+", " ", (tmp_path / "report.html").read_text(encoding="utf-8"))
    assert record["sentences"][0] in page


def test_the_index_lists_public_releases_only(area, tmp_path):
    publish_study(protect(result(area, PLENTY)), tmp_path / "public")
    publish_study(protect(result(area, PLENTY, release="internal")), tmp_path / "secret")
    (tmp_path / "empty").mkdir()
    page = write_index(tmp_path).read_text(encoding="utf-8")
    assert 'href="public/report.html"' in page
    assert "secret" not in page
    assert page == write_index(tmp_path).read_text(encoding="utf-8")


def test_an_index_of_somebody_else_stays(tmp_path):
    (tmp_path / "index.html").write_text("<p>mine</p>", encoding="utf-8")
    with pytest.raises(PublishError, match="was not written by geoharm; move it away"):
        write_index(tmp_path)
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == "<p>mine</p>"


def test_internal_and_public_releases_keep_records_of_their_own(area, tmp_path):
    publish_study(protect(result(area, planted(2, 0, 3), release="internal")), tmp_path)
    assert json.loads((tmp_path / "releases-internal.json").read_text(encoding="utf-8"))["told"] == []
    assert not (tmp_path / "releases.json").exists()


def test_a_notebook_shows_the_verdict_and_runs_nothing(area, tmp_path):
    whole = result(area, PLENTY)
    name = "<img src=x onerror=alert(1)>"
    operation = whole.operations[0]
    about = replace(operation.design.operation, name=name)
    whole = replace(whole, operations=(replace(operation, design=replace(operation.design, operation=about)),))
    shown = publish_study(protect(whole), tmp_path)._repr_html_()
    assert "<img" not in shown
    assert "&lt;img src=x" in shown
    assert "Did it move?" in shown
    assert "report.html" in shown
