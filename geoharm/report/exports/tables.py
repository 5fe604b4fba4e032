"""Figures and tables for use in other reports: every figure as SVG and PNG, every table as CSV."""

from __future__ import annotations

import csv
import html as markup
import io
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from importlib import resources
from itertools import pairwise

import resvg_py

from geoharm.report.escape import cell_text, slug

_FIGURE = re.compile(r'<svg class="(?:chart|map)" viewBox="0 0 ([\d.]+) ([\d.]+)"[^>]*>.*?</svg>', re.DOTALL)
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_FONTS = "'Segoe UI','Noto Sans','DejaVu Sans','Liberation Sans',Arial,sans-serif"
# A part of DejaVu Sans, renamed because its licence requires that of changed copies (assets/fonts/LICENSE.txt), and the
# Unicode ranges that it covers completely.
_BUNDLED_FONT = "Geoharm Sans"
_FONT_RANGES = (
    (0x20, 0x24F), (0x300, 0x34F), (0x370, 0x37E), (0x380, 0x525), (0x1E00, 0x1EFB), (0x2000, 0x2065),
    (0x2070, 0x20B5), (0x2190, 0x22FF), (0x2500, 0x25FF),
)  # fmt: skip
# A figure as wide as the text of an A4 page, at 300 dots an inch.
_WIDTH_MM, _DPI = 170, 300
_BEFORE_AFTER = re.compile(r"(.+) \u2192 (.+)")
_NUMBER = r"([\u2212+]?[\d,.]+)"
_INTERVAL = re.compile(rf"{_NUMBER} \((?:{_NUMBER} to {_NUMBER})?(?:, )?(.*)\)")


@dataclass(frozen=True, slots=True)
class PageTable:
    """A table of a report.

    Attributes
    ----------
    title : str
    heads : tuple of str
    rows : tuple of tuple of str
        One text for each head.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables_of_page(page: str) -> tuple[PageTable, ...]:
    """Return every table of a report page, with pairs and intervals split into columns.

    The page is made from a release, so the tables hold only numbers that were released.
    """
    reader = _TableReader()
    reader.feed(page)
    return tuple(_split_columns(table) for table in reader.tables)


def figures_of_page(page: str) -> dict[str, str]:
    """Return every figure of a report page as an SVG file's text, by name."""
    figures = {}
    for number, figure in enumerate(_FIGURE.finditer(page), start=1):
        width, height = float(figure[1]), float(figure[2])
        title = _TITLE.search(figure[0])
        # Words only, so that the name does not change when the numbers change.
        words = re.findall(r"[A-Za-z]{3,}", markup.unescape(title[1])) if title else []
        name = "-".join([f"figure-{number:02d}", *words[:6]]).lower()
        svg_start = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" font-family="{_FONTS}" '
        )
        figures[name] = svg_start + figure[0].removeprefix("<svg ") + "\n"
    return figures


def figure_png(figure: str) -> bytes:
    """Return an SVG figure as a PNG, 170 mm wide at 300 dots per inch, on white.

    The bytes are the same on every machine, because text is set in the font that comes with geoharm. That font covers
    Latin, Greek and Cyrillic; a figure with any other letter is set in a font of the machine.
    """
    has_all_letters = all(
        any(low <= ord(letter) <= high for low, high in _FONT_RANGES) for letter in figure if letter != "\n"
    )
    with resources.as_file(resources.files("geoharm.report").joinpath("assets", "fonts")) as folder:
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=figure.replace(_FONTS, f"'{_BUNDLED_FONT}',{_FONTS}"),
                width=round(_WIDTH_MM / 25.4 * _DPI),
                background="#ffffff",
                skip_system_fonts=has_all_letters,
                font_files=[str(path) for path in sorted(folder.glob("*.ttf"))],
            )
        )


def table_csv(table: PageTable) -> str:
    """Return a table as CSV with one header row, numbers as numbers, and no text that a spreadsheet would run."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([cell_text(head) for head in table.heads])
    for row in table.rows:
        writer.writerow(
            [value if isinstance(value := cell_value(text), int | float) else cell_text(value) for text in row]
        )
    return text.getvalue()


def cell_value(text: str) -> int | float | str:
    """Return a cell as a number if the whole text is a number, else as text; percentages become shares.

    Examples
    --------
    >>> cell_value("\u22121,234"), cell_value("27%"), cell_value("under 5"), cell_value("0.25"), cell_value("=1+1")
    (-1234, 0.27, 'under 5', 0.25, '=1+1')
    """
    plain = text.replace("\u2212", "-").replace(",", "")
    if re.fullmatch(r"[-+]?\d+", plain):
        return int(plain)
    if re.fullmatch(r"[-+]?\d+\.\d+", plain):
        return float(plain)
    if re.fullmatch(r"\d+(\.\d+)?%", plain):
        return round(float(plain[:-1]) / 100, 4)
    return text


def table_name(number: int, table: PageTable) -> str:
    """Return the file name of a table, without its ending."""
    return f"table-{number:02d}-{slug(table.title)[:48].strip('-')}"


def _split_columns(table: PageTable) -> PageTable:
    """Return a table with each column of pairs split into two columns, and each column of intervals into four."""
    heads: list[str] = []
    columns: list[list[str]] = []
    for head, texts in zip(table.heads, zip(*table.rows, strict=True), strict=True):
        pairs = [_BEFORE_AFTER.fullmatch(text) for text in texts]
        intervals = [_INTERVAL.fullmatch(text) for text in texts]
        name = head.replace(" \u2192 ", " and ")
        if any(pairs):
            base = re.sub(r",? ?before \u2192 after", "", head, flags=re.IGNORECASE).strip() or "Count"
            heads += [f"{base}, before", f"{base}, after"]
            columns += [
                [pair[side] if pair else text if side == 1 else "" for pair, text in zip(pairs, texts, strict=True)]
                for side in (1, 2)
            ]
        elif any(intervals):
            base = re.sub(r" \(95% interval\)", "", head)
            heads += [base, f"{base}, low end", f"{base}, high end", f"{base}, note"]
            columns += [
                [interval[1] if interval else "" for interval in intervals],
                [(interval[2] or "") if interval else "" for interval in intervals],
            ]
            columns += [[(interval[3] or "") if interval else "" for interval in intervals]]
            columns += [
                [(interval[4] or "") if interval else text for interval, text in zip(intervals, texts, strict=True)]
            ]
        else:
            heads.append(name)
            columns.append(list(texts))
    return PageTable(table.title, tuple(heads), tuple(zip(*columns, strict=True)))


@dataclass
class _TableReader(HTMLParser):
    """Parser that collects the tables of a page; a table without a caption is named by the heading above it."""

    tables: list[PageTable] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._heading = ""
        self._into: list[str] | None = None
        self._caption: list[str] = []
        self._rows: list[list[str]] = []
        self._span = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._rows, self._caption = [], []
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th", "h2", "h3", "caption"):
            self._into = []
            self._span = int(dict(attrs).get("colspan") or 1)

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "h2", "h3", "caption") and self._into is not None:
            text = " ".join("".join(self._into).split())
            self._into = None
            if tag in ("h2", "h3"):
                self._heading = text
            elif tag == "caption":
                self._caption = [text]
            else:
                self._rows[-1] += [text] + [""] * (self._span - 1)
        elif tag == "table" and len(self._rows) > 1:
            heads, *rows = self._rows
            title = (self._caption or [self._heading])[0]
            names = [head or f"Column {number}" for number, head in enumerate(heads, start=1)]
            for above, row in pairwise(rows):
                row[0] = row[0] or above[0]
            self.tables.append(PageTable(title, tuple(names), tuple(tuple(row) for row in rows)))
