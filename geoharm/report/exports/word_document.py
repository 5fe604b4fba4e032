"""A Word document of headings, paragraphs, lists, real tables and pictures; written with python-docx.

Headings, captions, lists and tables have Word's own styles, so that its list of headings, its table of contents and screen
readers know them. Every picture has an alternative text, every table a head that is repeated on each page.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import docx
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from geoharm.report import palette
from geoharm.report.document import Chart
from geoharm.report.escape import xml_text
from geoharm.report.exports.fixed_zip import zip_bytes
from geoharm.report.exports.pictures import OF_TEXT, picture_png

# Width and height in millimetres by the names of `model.study.PAPERS`.
PAPER_SIZES = {"a4": (210.0, 297.0), "letter": (215.9, 279.4)}
_SIDE_MM, _TOP_MM, _BOTTOM_MM = 20.0, 18.0, 18.0
_FIXED_DATE = datetime(2000, 1, 1)
_FONT = "Calibri"
_SIZES = {"Title": 22, "Subtitle": 11, "Heading 1": 15, "Heading 2": 12, "Caption": 9.5, "Normal": 10.5, "Quote": 13}
# Picture of an empty document that the template of python-docx brings along.
_THUMBNAIL = "docProps/thumbnail.jpeg"


@dataclass(frozen=True, slots=True)
class WordCell:
    """A cell: its text, whether it is bold, and smaller lines below it."""

    text: str
    bold: bool = False
    more: tuple[str, ...] = ()


def new_document(*, title: str, subject: str, foot: str, paper: str) -> WordWriter:
    """Return a writer of an empty document.

    Parameters
    ----------
    title, subject : str
        For its properties.
    foot : str
        Stands at the foot of each page, beside the page's number.
    paper : str
        "a4" or "letter".
    """
    document = docx.Document()
    _set_page(document, paper)
    _set_styles(document)
    _set_properties(document, title, subject)
    _set_foot(document, foot)
    width = PAPER_SIZES[paper][0] - 2 * _SIDE_MM
    return WordWriter(document, width)


@dataclass(slots=True)
class WordWriter:
    """Adds parts to the end of a document; `width` is that of its text in millimetres."""

    document: Document
    width: float
    _tables: int = field(default=0, init=False)
    _pictures: int = field(default=0, init=False)

    def heading(self, text: str, level: int) -> None:
        """Add a heading; level 0 is the title."""
        self.document.add_heading(xml_text(text), level)

    def paragraph(self, text: str, style: str = "Normal", *, lead: str = "") -> None:
        """Add a paragraph, which begins with `lead` in bold."""
        paragraph = self.document.add_paragraph(style=style)
        if lead:
            paragraph.add_run(xml_text(lead)).bold = True
            paragraph.add_run(" ")
        paragraph.add_run(xml_text(text))

    def bullets(self, texts: Sequence[str]) -> None:
        """Add a list."""
        for text in texts:
            self.paragraph(text, "List Bullet")

    def numbered(self, lead: str, text: str) -> None:
        """Add an item to the document's numbered list, which begins with `lead` in bold."""
        self.paragraph(text, "List Number", lead=lead)

    def table(
        self,
        caption: str,
        heads: Sequence[str],
        rows: Sequence[Sequence[WordCell | str]],
        *,
        widths: Sequence[float] = (),
    ) -> None:
        """Add a table with its caption above it.

        Parameters
        ----------
        caption : str
        heads : sequence of str
            Its first row, which is repeated on each page.
        rows : sequence of rows
            As many cells as heads each; the first cell of a row says what the row is, and is bold.
        widths : sequence of float
            Relative widths of the columns; equal ones without it.
        """
        self._tables += 1
        self._caption(f"Table {self._tables}. {caption}")
        shares = list(widths) or [1.0] * len(heads)
        lengths = [Mm(self.width * share / sum(shares)) for share in shares]
        table = self.document.add_table(rows=1, cols=len(heads), style="Table Grid")
        table.alignment = WD_TABLE_ALIGNMENT.LEFT
        table.autofit = False
        _describe(table, caption)
        for cell, head in zip(table.rows[0].cells, heads, strict=True):
            _fill(cell, WordCell(head, bold=True))
            _shade(cell)
        _repeat_head(table)
        for row in rows:
            added = table.add_row()
            _keep_whole(added._tr)  # python-docx has no word for it
            for number, (cell, content) in enumerate(zip(added.cells, row, strict=True)):
                whole = content if isinstance(content, WordCell) else WordCell(content)
                _fill(cell, whole if number else WordCell(whole.text, bold=True, more=whole.more))
        for row in table.rows:
            for cell, length in zip(row.cells, lengths, strict=True):
                cell.width = length
        for column, length in zip(table.columns, lengths, strict=True):
            column.width = length
        self.document.add_paragraph(style="After Table")

    def picture(self, chart: Chart, caption: str) -> None:
        """Add a drawing as wide as the text, with its caption below it and an alternative text."""
        self._pictures += 1
        paragraph = self.document.add_paragraph()
        paragraph.paragraph_format.keep_with_next = True
        shown = paragraph.add_run().add_picture(io.BytesIO(picture_png(chart, OF_TEXT)), width=Mm(self.width))
        about = shown._inline.docPr  # python-docx has no word for the alternative text
        about.set("name", f"Figure {self._pictures}")
        about.set("title", xml_text(chart.title))
        about.set("descr", xml_text(f"{chart.title}. {chart.description}" if chart.description else chart.title))
        self._caption(f"Figure {self._pictures}. {caption}", keep_with_next=False)

    def _caption(self, text: str, *, keep_with_next: bool = True) -> None:
        paragraph = self.document.add_paragraph(xml_text(text), style="Caption")
        paragraph.paragraph_format.keep_with_next = keep_with_next

    def content(self) -> bytes:
        """Return the document as a ``.docx`` file; the same parts give the same bytes."""
        saved = io.BytesIO()
        self.document.save(saved)
        with zipfile.ZipFile(saved) as archive:
            files = {name: archive.read(name) for name in archive.namelist() if name != _THUMBNAIL}
        return zip_bytes(files)


def _set_page(document: Document, paper: str) -> None:
    section = document.sections[0]
    width, height = PAPER_SIZES[paper]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(width), Mm(height)
    section.left_margin = section.right_margin = Mm(_SIDE_MM)
    section.top_margin, section.bottom_margin = Mm(_TOP_MM), Mm(_BOTTOM_MM)


def _set_styles(document: Document) -> None:
    styles = document.styles
    for language in styles.element.iter(qn("w:lang")):
        for name in ("w:val", "w:eastAsia"):
            language.set(qn(name), "en-GB")
    for name, size in _SIZES.items():
        style = styles[name]
        style.font.name, style.font.size = _FONT, Pt(size)
        style.font.color.rgb = _colour(palette.MUTED if name in ("Subtitle", "Caption") else palette.INK)
        style.font.italic = False
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for kind in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(kind), None)
    styles["Caption"].font.bold = True
    styles["Quote"].font.bold = True
    for name, before, after in (
        ("Normal", 0, 5), ("Quote", 3, 3), ("Heading 1", 16, 4), ("Heading 2", 10, 3), ("Caption", 8, 3), ("List Bullet", 0, 3),
        ("List Number", 0, 5), ("Title", 0, 2), ("Subtitle", 0, 6),
    ):  # fmt: skip
        spacing = styles[name].paragraph_format
        spacing.space_before, spacing.space_after = Pt(before), Pt(after)
    thin = styles.add_style("After Table", 1)
    thin.base_style = styles["Normal"]
    thin.font.size = Pt(4)
    thin.paragraph_format.space_after = Pt(2)
    border = styles["Title"].element.get_or_add_pPr().find(qn("w:pBdr"))
    if border is not None:
        border.getparent().remove(border)


def _set_properties(document: Document, title: str, subject: str) -> None:
    about = document.core_properties
    about.title, about.subject, about.language = xml_text(title)[:255], xml_text(subject)[:255], "en-GB"
    about.author = about.last_modified_by = "geoharm"
    about.comments = about.keywords = about.category = ""
    about.created = about.modified = _FIXED_DATE
    about.revision = 1
    package = document.part.package
    for key in [key for key, relation in package.rels.items() if relation.reltype.endswith("/thumbnail")]:
        del package.rels[key]


def _set_foot(document: Document, foot: str) -> None:
    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT
    paragraph.add_run(f"{xml_text(foot)} \u00b7 page ")
    _add_number(paragraph, "PAGE")
    paragraph.add_run(" of ")
    _add_number(paragraph, "NUMPAGES")
    for run in paragraph.runs:
        run.font.size, run.font.color.rgb = Pt(8), _colour(palette.MUTED)


def _add_number(paragraph: Paragraph, kind: str) -> None:
    """Add a field that Word fills in: the page's number, or how many there are."""
    for tag, mark, text in (
        ("w:fldChar", "begin", ""), ("w:instrText", "", f" {kind} "), ("w:fldChar", "separate", ""), ("w:t", "", "1"),
        ("w:fldChar", "end", ""),
    ):  # fmt: skip
        part = OxmlElement(tag)
        if mark:
            part.set(qn("w:fldCharType"), mark)
        if text:
            part.text = text
        paragraph.add_run()._r.append(part)  # python-docx has no word for fields


def _describe(table: Table, caption: str) -> None:
    """Give a table the title that screen readers say."""
    title = OxmlElement("w:tblCaption")
    title.set(qn("w:val"), xml_text(caption))
    table._tbl.tblPr.append(title)  # python-docx has no word for it


def _repeat_head(table: Table) -> None:
    row = table.rows[0]._tr  # python-docx has no word for it
    _keep_whole(row)
    head = OxmlElement("w:tblHeader")
    row.get_or_add_trPr().append(head)


def _keep_whole(row: BaseOxmlElement) -> None:
    """Keep a row on one page."""
    row.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _fill(cell: _Cell, content: WordCell) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(1)
    run = paragraph.add_run(xml_text(content.text))
    run.bold, run.font.size = content.bold, Pt(9.5)
    for text in content.more:
        below = cell.add_paragraph()
        below.paragraph_format.space_after = Pt(0)
        small = below.add_run(xml_text(text))
        small.font.size = Pt(8.5)


def _shade(cell: _Cell) -> None:
    ground = OxmlElement("w:shd")
    for name, value in (("w:val", "clear"), ("w:color", "auto"), ("w:fill", palette.PANEL.lstrip("#"))):
        ground.set(qn(name), value)
    cell._tc.get_or_add_tcPr().append(ground)  # python-docx has no word for it


def _colour(colour: str) -> RGBColor:
    return RGBColor(*palette.rgb(colour))
