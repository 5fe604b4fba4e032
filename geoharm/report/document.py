"""What every output of the report is written from: sections of text, tables and charts.

A section function turns a `Release` into a `Section`. Pages (`section_html`), CSV files (`exports.tables`), the workbook
(`exports.workbook`) and the pictures (`exports.pictures`) are writers of the same nouns, so no output is ever read back
from another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from markupsafe import Markup

from geoharm.errors import PublishError

RichText = str | Markup | tuple[str | Markup, ...]
"""Text as the page shows it. Plain parts are escaped; marked-up parts come from `section_html` (`strong`, `mono`)."""


class Missing(Enum):
    """Why a table has no number in a place; the shorthand is that of UK government statistics."""

    WITHHELD = "[c]"
    NOT_KNOWN = "[x]"
    NOT_APPLICABLE = "[z]"


Value = int | float | str | Missing


class CellStyle(Enum):
    """How a page shows a cell."""

    TEXT = "text"
    NUMBER = "number"
    LONG_NUMBER = "long number"
    READING = "reading"
    CODE = "code"
    JOINED = "joined"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table.

    Attributes
    ----------
    text : str
        What the page shows.
    values : tuple of int, float, str or Missing
        What files hold: one value for every name in the column's `parts`. Numbers are as released, not as printed.
    style : CellStyle or None
        Instead of the column's style.
    mark : Markup or None
        A small drawing before the text.
    highlighted : bool
        Whether the page marks the text.
    span : int
        Columns of the page that the cell takes.
    small : str
        A second line on the page, in small type; not in files.
    """

    text: str
    values: tuple[Value, ...]
    style: CellStyle | None = None
    mark: Markup | None = None
    highlighted: bool = False
    span: int = 1
    small: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    head : str
        Its heading on the page.
    short : str
        The heading beside each cell where the page is narrow; `head` if empty.
    style : CellStyle
        Of its cells. Numbers are set to the right.
    parts : tuple of str
        Headings of the columns in files, where one column of the page holds several values; `head` if empty.
    """

    head: str
    short: str = ""
    style: CellStyle = CellStyle.TEXT
    parts: tuple[str, ...] = ()

    @property
    def file_heads(self) -> tuple[str, ...]:
        """Headings of this column in files."""
        return self.parts or (self.head,)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table; `style` is "sum" for a total, "absent" for what has no data, else empty."""

    cells: tuple[Cell, ...]
    style: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes
    ----------
    columns : tuple of Column
    rows : tuple of Row
        The spans of a row's cells add up to the number of columns.
    caption : str
        Above the table on the page; empty if the section's heading says it.
    title : str
        Name of the table in files; the caption, else the heading above it, if empty.
    stacks : bool
        Whether rows are shown one below the other where the page is narrow.
    region : str
        Name of the scrolling region around a wide table that does not stack.
    css_class : str
        Further class of the table on the page.
    boxed : bool
        Whether the page puts a scrolling box around it.

    Raises
    ------
    PublishError
        If a row does not fill the columns, or a cell does not fill its column's parts.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    caption: str = ""
    title: str = ""
    stacks: bool = True
    region: str = ""
    css_class: str = ""
    boxed: bool = True

    def __post_init__(self) -> None:
        for row in self.rows:
            if sum(cell.span for cell in row.cells) != len(self.columns):
                msg = (
                    f'A row of the table "{self.caption or self.title}" does not fill its {len(self.columns)} columns.'
                )
                raise PublishError(msg)
            for column, cell in self.cells_of(row):
                if cell.span == 1 and len(cell.values) != len(column.file_heads):
                    msg = f'A cell of the column "{column.head}" has {len(cell.values)} values, not {len(column.file_heads)}.'
                    raise PublishError(msg)

    def cells_of(self, row: Row) -> Iterator[tuple[Column, Cell]]:
        """Return the cells of a row, each with the first column that it takes."""
        start = 0
        for cell in row.cells:
            yield self.columns[start], cell
            start += cell.span

    @property
    def file_heads(self) -> tuple[str, ...]:
        """Headings of the columns in files."""
        return tuple(_one_line(head) for column in self.columns for head in column.file_heads)

    def file_rows(self) -> tuple[tuple[Value, ...], ...]:
        """Return the rows as files hold them, one value for each of `file_heads`.

        A cell over several columns gives its value to the first; the others are not applicable.
        """
        return tuple(tuple(self._row_values(row)) for row in self.rows)

    def _row_values(self, row: Row) -> Iterator[Value]:
        start = 0
        for cell in row.cells:
            count = sum(len(column.file_heads) for column in self.columns[start : start + cell.span])
            yield from (_one_line(value) if isinstance(value, str) else value for value in cell.values)
            yield from [Missing.NOT_APPLICABLE] * (count - len(cell.values))
            start += cell.span


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing.

    Attributes
    ----------
    width, height : float
        Pixels.
    title, description : str
        The description is for readers who cannot see it.
    marks : sequence of Markup
        SVG elements, drawn in this order.
    kind : str
        "chart" or "map".
    """

    width: float
    height: float
    title: str
    description: str
    marks: Sequence[Markup]
    kind: str = "chart"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; `style` is "how" (what the section shows), "small", "lead" or empty."""

    text: RichText
    style: str = ""


@dataclass(frozen=True, slots=True)
class Subheading:
    """A heading inside a section."""

    text: str


@dataclass(frozen=True, slots=True)
class BulletList:
    """A list; `style` is "small" or empty."""

    items: tuple[RichText, ...]
    style: str = ""


@dataclass(frozen=True, slots=True)
class Legend:
    """The classes of a map: a swatch and a text each; `label` is read out."""

    entries: tuple[tuple[Markup, str], ...]
    label: str
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart with its caption, and a legend of its own if it has one."""

    chart: Chart
    caption: RichText = ""
    legend: Legend | None = None


@dataclass(frozen=True, slots=True)
class FigureRow:
    """Figures beside one another; `three` of them or two."""

    figures: tuple[Figure, ...]
    three: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """A box with a warning; `heading` in bold, then a list."""

    heading: str
    items: tuple[RichText, ...] = ()
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class CardRow:
    """Cards beside one another: a heading and paragraphs each."""

    cards: tuple[tuple[str, tuple[RichText, ...]], ...]


@dataclass(frozen=True, slots=True)
class Details:
    """Blocks that the page shows on request, under a line that says what they are.

    Attributes
    ----------
    summary : str or rich text
    blocks : tuple of Block
    long : bool
        Whether the blocks stay out of the printed page, because they are a long table that the workbook has too.
    found_nothing : bool
        Whether the analysis found nothing: the page shows one line on a grey ground, and the blocks stay out of print.
    """

    summary: RichText
    blocks: tuple[Block, ...]
    long: bool = False
    found_nothing: bool = False


@dataclass(frozen=True, slots=True)
class ActivityBox:
    """Blocks that are marked as no harm: activity of the police, indicators of the market."""

    tag: str
    blocks: tuple[Block, ...]


Block = (
    Paragraph | Subheading | BulletList | Legend | Figure | FigureRow | Notice | CardRow | Details | ActivityBox | Table
)


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a report.

    Attributes
    ----------
    anchor : str
        Its place in the page's address; empty if it has none.
    heading : str
    audience : str
        Whom it is for, such as "For the board".
    blocks : tuple of Block
        In the order of the page.
    tag : str
        If not empty, the section is marked with it as no harm.
    """

    anchor: str
    heading: str
    audience: str
    blocks: tuple[Block, ...]
    tag: str = ""

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables, in the order of the page."""
        return tuple(block for block in _walk(self.blocks) if isinstance(block, Table))

    @property
    def charts(self) -> tuple[Chart, ...]:
        """All charts and maps, in the order of the page."""
        return tuple(block.chart for block in _walk(self.blocks) if isinstance(block, Figure))

    def titled_tables(self) -> tuple[tuple[str, Table], ...]:
        """Return all tables with their names in files: their title, their caption, or the heading above them."""
        titled: list[tuple[str, Table]] = []
        heading = self.heading
        for block in _walk(self.blocks):
            if isinstance(block, Subheading):
                heading = block.text
            elif isinstance(block, Table):
                titled.append((block.title or block.caption or heading, block))
        return tuple(titled)


def _one_line(text: str) -> str:
    """Return a text with single spaces in place of line ends and runs of spaces, as a page shows it."""
    return " ".join(text.split())


def _walk(blocks: Sequence[Block]) -> Iterator[Block]:
    """Return every block, those inside other blocks too."""
    for block in blocks:
        yield block
        if isinstance(block, Details | ActivityBox):
            yield from _walk(block.blocks)
        elif isinstance(block, FigureRow):
            yield from block.figures
