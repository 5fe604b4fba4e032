"""Pieces for other people's reports: figures, tables, the workbook, styles, the card, the summary, the index."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import unicodedata
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest
import rasterio
import resvg_py

import geoharm
from geoharm.disclosure.protect import protect
from geoharm.errors import PublishError
from geoharm.report.exports.tables import (
    _FONT_RANGES,
    _FONTS,
    PageTable,
    cell_value,
    figure_png,
    table_csv,
    tables_of_page,
)
from geoharm.report.exports.workbook import workbook
from geoharm.report.index import write_index
from geoharm.report.write import publish_study
from tests.disclosure.test_protect import PLENTY, planted, planted_spot, result

EVERYTHING = ("geopackage", "figures", "tables", "workbook")


@pytest.fixture(scope="module")
def folder(area, tmp_path_factory):
    whole = result(area, PLENTY, spots=[planted_spot(area, 60, 6)])
    whole = replace(whole, study=replace(whole.study, publish=replace(whole.study.publish, files=EVERYTHING)))
    folder = tmp_path_factory.mktemp("pieces") / "study"
    publish_study(protect(whole), folder)
    return folder


def test_every_figure_of_the_report_is_a_file_of_its_own(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")
    drawings = sorted((folder / "pieces").glob("*.svg"))
    assert len(drawings) == len(re.findall(r'<svg class="(?:chart|map)"', page))
    for path in drawings:
        root = ElementTree.parse(path).getroot()
        assert root.get("aria-label")
        assert root.find("{http://www.w3.org/2000/svg}title").text
        png = path.with_suffix(".png").read_bytes()
        assert int.from_bytes(png[16:20], "big") == round(170 / 25.4 * 300)


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
        figure_png(WORDS.format(_FONTS, *style, words))
        for style, words in (
            ((400, "normal"), "\u2212127 to \u221218, \u25c4 fewer, km\u00b2"),
            ((700, "normal"), "\u0141\u00f3d\u017a, \u0391\u03b8\u03ae\u03bd\u03b1"),
            ((600, "italic"), "Mass & Cass".replace("&", "&amp;")),
        )
    ]
    assert all(options["skip_system_fonts"] for options in asked)
    assert [len(options["font_files"]) for options in asked] == [3, 3, 3]
    empty = figure_png(WORDS.format(_FONTS, 400, "normal", ""))
    assert len({*pictures, empty}) == 4


def test_letters_the_font_lacks_are_left_to_the_machine(monkeypatch):
    asked: list[dict] = []
    monkeypatch.setattr(resvg_py, "svg_to_bytes", lambda **options: (asked.append(options), b"")[1])
    figure_png(WORDS.format(_FONTS, 400, "normal", "\u4e0a\u6d77"))
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


def test_tables_hold_the_numbers_of_the_report(folder):
    tables = tables_of_page((folder / "report.html").read_text(encoding="utf-8"))
    assert len(list((folder / "pieces").glob("*.csv"))) == len(tables)
    harms = next(table for table in tables if table.title == "Harm by harm")
    row = dict(zip(harms.heads, harms.rows[0], strict=True))
    assert (row["Target, before"], row["Target, after"]) == ("100", "60")
    path = next((folder / "pieces").glob("*-harm-by-harm.csv"))
    with path.open(encoding="utf-8-sig", newline="") as stream:
        found = next(csv.DictReader(stream))
    assert (found["Target, before"], found["Target, after"]) == ("100", "60")
    assert float(found["Target, net, low end"]) < float(found["Target, net"]) < float(found["Target, net, high end"])


@pytest.mark.parametrize(
    ("text", "cell"),
    [("=1+1", "'=1+1"), ("+cmd", "'+cmd"), ("-x", "'-x"), ("@x", "'@x"), ("\tx", "'\tx"), ("\u22125", "-5"), ("+5", "5"), (" =x", "' =x")],
)  # fmt: skip
def test_text_is_never_run_and_numbers_stay_numbers(text, cell):
    written = table_csv(PageTable("t", ("a",), ((text,),)))
    assert next(iter(list(csv.reader(io.StringIO(written)))[1:])) == [cell]


def test_cells_that_are_not_numbers_stay_text():
    assert [cell_value(text) for text in ("1.2.3", "5 to 6", "", "2019-08", "100%")] == [
        "1.2.3",
        "5 to 6",
        "",
        "2019-08",
        1.0,
    ]


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
    table = PageTable(
        "=1+1", ("a", "a", "http://x"), (("=HYPERLINK(1)", "withheld", "http://x"), ("\x01", "not known", "{=1}"))
    )
    content = workbook("=1+1", (table,), about=("@x",), withheld="w")
    assert content == workbook("=1+1", (table,), about=("@x",), withheld="w")
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
    assert [row[0] for row in rows] == sorted(layers) == ["hotspots", "zones"]
    assert all(row[1] for row in rows)
    values = [one.get("value") for one in ElementTree.fromstring(rows[1][2]).iter("category")]
    assert values == ["target", "gap", "ring", "control"]
    assert columns[:8] == ["id", "f_table_catalog", "f_table_schema", "f_table_name", "f_geometry_column", "styleName", "styleQML", "styleSLD"]  # fmt: skip


def test_the_card_holds_no_script_and_says_how_to_put_it_elsewhere(folder):
    card = (folder / "embed.html").read_text(encoding="utf-8")
    assert "<script" not in card
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
