"""Pieces for other people's reports: every figure of a report as SVG and as a picture, every table as CSV."""

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
# A part of DejaVu Sans, renamed as its licence asks of changed copies (assets/fonts/LICENSE.txt), and what it holds whole.
_OWN_FONT = "Geoharm Sans"
_LETTERS = (
    (0x20, 0x24F), (0x300, 0x34F), (0x370, 0x37E), (0x380, 0x525), (0x1E00, 0x1EFB), (0x2000, 0x2065),
    (0x2070, 0x20B5), (0x2190, 0x22FF), (0x2500, 0x25FF),
)  # fmt: skip
# A figure as wide as the text of an A4 page, at 300 dots an inch.
_WIDTH_MM, _DPI = 170, 300
_PAIR = re.compile(r"(.+) \u2192 (.+)")
_NUMBER = r"([\u2212+]?[\d,.]+)"
_SPAN = re.compile(rf"{_NUMBER} \((?:{_NUMBER} to {_NUMBER})?(?:, )?(.*)\)")


@dataclass(frozen=True, slots=True)
class PageTable:
    """A table of a report.

    Attributes
    ----------
    title : str
    heads : tuple of str
    rows : tuple of tuple of str
        As many texts as there are heads.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables_of_page(page: str) -> tuple[PageTable, ...]:
    """Return every table of a report page, pairs and intervals in columns of their own.

    Whatever part of the report a table comes from, it holds what disclosure control has passed, and nothing else.
    """
    reader = _Reader()
    reader.feed(page)
    return tuple(_spread(table) for table in reader.tables)


def figures_of_page(page: str) -> dict[str, str]:
    """Return every figure of a report page as an SVG file's text, by name."""
    found = {}
    for number, figure in enumerate(_FIGURE.finditer(page), start=1):
        width, height = float(figure[1]), float(figure[2])
        title = _TITLE.search(figure[0])
        # Words only: a name must not change with the numbers in it.
        words = re.findall(r"[A-Za-z]{3,}", markup.unescape(title[1])) if title else []
        name = "-".join([f"figure-{number:02d}", *words[:6]]).lower()
        head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" font-family="{_FONTS}" '
        found[name] = head + figure[0].removeprefix("<svg ") + "\n"
    return found


def figure_png(figure: str) -> bytes:
    """Return an SVG file's text as a PNG of 170 mm at 300 dots an inch, on white: the same bytes on every machine.

    Words are set in the font that comes with geoharm. Only a figure with a letter that it lacks (its scripts are Latin,
    Greek and Cyrillic) is set in the machine's own.
    """
    held = all(any(low <= ord(letter) <= high for low, high in _LETTERS) for letter in figure if letter != "\n")
    with resources.as_file(resources.files("geoharm.report").joinpath("assets", "fonts")) as folder:
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=figure.replace(_FONTS, f"'{_OWN_FONT}',{_FONTS}"),
                width=round(_WIDTH_MM / 25.4 * _DPI),
                background="#ffffff",
                skip_system_fonts=held,
                font_files=[str(path) for path in sorted(folder.glob("*.ttf"))],
            )
        )


def table_csv(table: PageTable) -> str:
    """Return a table as CSV: one head, numbers as numbers, and no text that a spreadsheet would run."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([cell_text(head) for head in table.heads])
    for row in table.rows:
        writer.writerow(
            [value if isinstance(value := cell_value(text), int | float) else cell_text(value) for text in row]
        )
    return text.getvalue()


def cell_value(text: str) -> int | float | str:
    """Return a cell as a number where all of it is one, else as text; percentages become shares.

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
    """Return a file name for a table."""
    return f"table-{number:02d}-{slug(table.title)[:48].strip('-')}"


def _spread(table: PageTable) -> PageTable:
    """Return a table in which a column of pairs is two columns, and one of intervals four."""
    heads: list[str] = []
    columns: list[list[str]] = []
    for head, texts in zip(table.heads, zip(*table.rows, strict=True), strict=True):
        pairs = [_PAIR.fullmatch(text) for text in texts]
        spans = [_SPAN.fullmatch(text) for text in texts]
        name = head.replace(" \u2192 ", " and ")
        if any(pairs):
            base = re.sub(r",? ?before \u2192 after", "", head, flags=re.IGNORECASE).strip() or "Count"
            heads += [f"{base}, before", f"{base}, after"]
            columns += [
                [pair[side] if pair else text if side == 1 else "" for pair, text in zip(pairs, texts, strict=True)]
                for side in (1, 2)
            ]
        elif any(spans):
            base = re.sub(r" \(95% interval\)", "", head)
            heads += [base, f"{base}, low end", f"{base}, high end", f"{base}, note"]
            columns += [
                [span[1] if span else "" for span in spans],
                [(span[2] or "") if span else "" for span in spans],
            ]
            columns += [[(span[3] or "") if span else "" for span in spans]]
            columns += [[(span[4] or "") if span else text for span, text in zip(spans, texts, strict=True)]]
        else:
            heads.append(name)
            columns.append(list(texts))
    return PageTable(table.title, tuple(heads), tuple(zip(*columns, strict=True)))


@dataclass
class _Reader(HTMLParser):
    """Reads the tables of a page; the heading over a table is its title where it has no caption."""

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
