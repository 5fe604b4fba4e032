"""``brief.docx``: real headings, tables and alternative texts; the page's numbers, none that is withheld; the same bytes."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from html.parser import HTMLParser

import docx
import pytest
from docx.oxml.ns import qn

from geoharm.disclosure.protect import protect
from geoharm.report.pages.report import report_page, report_sections
from geoharm.report.pages.word_brief import word_brief
from geoharm.report.wording.verdict import verdict_of
from tests.disclosure.test_protect import PLENTY, planted, planted_spot, result


def made(release):
    operation = release.operations[0]
    return word_brief(release, operation, verdict_of(release, operation))


def read(content):
    return docx.Document(io.BytesIO(content))


def words_of(document):
    """Return every text of a document: paragraphs, cells and the foot."""
    texts = [paragraph.text for paragraph in document.paragraphs]
    texts += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return texts + [paragraph.text for paragraph in document.sections[0].footer.paragraphs]


@pytest.fixture(scope="module")
def release(area):
    return protect(result(area, PLENTY, spots=[planted_spot(area, 60, 6)]))


@pytest.fixture(scope="module")
def content(release):
    return made(release)


@pytest.fixture(scope="module")
def document(content):
    return read(content)


class PageText(HTMLParser):
    """Reads the text of the brief: what a page shows before its annex."""

    def __init__(self):
        super().__init__()
        self.texts = []

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture(scope="module")
def page_text(release):
    operation = release.operations[0]
    verdict = verdict_of(release, operation)
    page = report_page(release, operation, verdict, report_sections(release, operation, verdict))
    reader = PageText()
    reader.feed(page[page.index("<main>") : page.index('<p class="kicker">Annex')])
    return re.sub(r"\s+", " ", " ".join(reader.texts))


def test_headings_stand_in_order(document):
    headings = [
        (each.style.name, each.text) for each in document.paragraphs if each.style.name.startswith(("Head", "Titl"))
    ]
    assert headings[0] == ("Title", "X")
    first = [text for style, text in headings if style == "Heading 1"]
    assert first[0] == "Answer"
    assert first[-5:] == [
        "What would change this verdict", "What was done to soften harm", "The data, and what became of every row",
        "What else there is", "Words used here",
    ]  # fmt: skip
    levels = [int(style[-1]) for style, _ in headings[1:]]
    assert all(later <= earlier + 1 for earlier, later in zip([1, *levels], levels, strict=False))


def test_tables_have_heads_that_repeat_and_a_caption(document):
    assert len(document.tables) >= 5
    body = list(document.element.body)
    for table in document.tables:
        head = table.rows[0]._tr.trPr
        assert head.find(qn("w:tblHeader")) is not None
        assert all(cell.text for cell in table.rows[0].cells)
        above = body[body.index(table._tbl) - 1]
        assert above.pPr.pStyle.val == "Caption"
        assert table._tbl.tblPr.find(qn("w:tblCaption")).get(qn("w:val"))
        assert len({len(row.cells) for row in table.rows}) == 1


def test_pictures_have_alternative_texts(document):
    pictures = document.inline_shapes
    assert len(pictures) >= 1
    for picture in pictures:
        about = picture._inline.docPr
        assert len(about.get("descr")) > 30
        assert picture.width <= document.sections[0].page_width


def test_numbers_and_sentences_are_those_of_the_page(document, page_text, release):
    verdict = verdict_of(release, release.operations[0])
    words = words_of(document)
    for text in (
        *(clause.text for clause in verdict.clauses),
        verdict.lead,
        *(each.detail for each in verdict.answers),
    ):
        assert text in words
    # What only a document has: numbers of tables, figures and pages, and the alternative text of the map.
    body = [text for text in words if not re.match(r"(Table|Figure) \d+\.", text)][:-1]
    missing = set()
    for text in body:
        for number in re.findall(r"(?<![\w.])[\u2212+]?\d[\d,]*(?:\.\d+)?%?", text):
            if number not in page_text:
                missing.add((number, text))
    assert missing <= {each for each in missing if each[1].startswith("geoharm ")}


@pytest.mark.parametrize(("paper", "sides"), [("a4", (210, 297)), ("letter", (216, 279))])
def test_paper(release, paper, sides):
    study = replace(release.study, publish=replace(release.study.publish, paper=paper))
    section = read(made(replace(release, study=study))).sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == sides


def test_the_same_bytes_and_nothing_of_the_machine(content, release):
    assert content == made(release)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not [name for name in archive.namelist() if "thumbnail" in name]
        core = archive.read("docProps/core.xml").decode("utf-8")
        styles = archive.read("word/styles.xml").decode("utf-8")
    assert "2000-01-01T00:00:00Z" in core
    assert "<dc:creator>geoharm</dc:creator>" in core
    assert 'w:val="en-GB"' in styles


@pytest.mark.parametrize("kind", ["public", "internal"])
def test_a_small_count_is_in_no_part(area, kind):
    """Two counts that are withheld give the same document; an internal one tells them, and says that it is internal."""
    tables = [planted(2, 0, count) for count in (1, 4)]
    for count, table in zip((1, 4), tables, strict=True):
        table[3][0] = 120 - count
    one, four = (made(protect(result(area, table, release=kind))) for table in tables)
    assert (one == four) is (kind == "public")
    assert any("Internal: not for release" in text for text in words_of(read(one))) is (kind == "internal")


def test_hostile_names_are_text(area):
    whole = result(area, PLENTY)
    name = "</w:t><w:r>\x0b\u202e{ HYPERLINK } & co"
    operation = whole.operations[0]
    about = replace(operation.design.operation, name=name)
    whole = replace(whole, operations=(replace(operation, design=replace(operation.design, operation=about)),))
    document = read(made(protect(whole)))
    assert document.paragraphs[0].text == "</w:t><w:r>{ HYPERLINK } & co"


def test_libreoffice_opens_it(content, tmp_path):
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("no LibreOffice on this machine (Debian: apt-get install libreoffice-writer-nogui)")
    (tmp_path / "brief.docx").write_bytes(content)
    subprocess.run(
        [office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf", "brief.docx"],
        cwd=tmp_path, check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    pdf = (tmp_path / "brief.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 2
