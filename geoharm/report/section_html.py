"""Sections as HTML. Every text passes through `escape`; no other file makes HTML of a section's parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from markupsafe import Markup

from geoharm.report.document import (
    ActivityBox,
    Block,
    BulletList,
    CardRow,
    Cell,
    CellStyle,
    Chart,
    Column,
    Details,
    Figure,
    FigureRow,
    Legend,
    Notice,
    Paragraph,
    RichText,
    Row,
    Section,
    Subheading,
    Table,
)
from geoharm.report.escape import element, svg

_NO_BREAK = Markup("")
_CELL_CLASSES = {
    CellStyle.TEXT: "",
    CellStyle.NUMBER: "n",
    CellStyle.LONG_NUMBER: "n wrap",
    CellStyle.READING: "reading",
    CellStyle.CODE: "mono",
    CellStyle.JOINED: "",
}
# Stands behind the line of what a printed page leaves out.
_UNPRINTED = "Not printed: open the page, or see the workbook."
_NUMBER_STYLES = (CellStyle.NUMBER, CellStyle.LONG_NUMBER)


def strong(text: str) -> Markup:
    """Return text in bold."""
    return element("strong", text)


def mono(text: str) -> Markup:
    """Return text, such as an address, in type of one width."""
    return element("span", text, css_class="mono")


def link(text: str, target: str) -> Markup:
    """Return a link to a file beside the page, or to a place on it."""
    return element("a", text, href=target)


def legend_swatch(colour: str) -> Markup:
    """Return the colour sample of one class in a legend."""
    attributes = {"viewBox": "0 0 74 14", "aria_hidden": "true", "preserveAspectRatio": "none"}
    return svg("svg", attributes, svg("rect", {"width": 74, "height": 14, "fill": colour}))


def section_html(section: Section) -> Markup:
    """Return a section as HTML."""
    anchor = section.anchor or None
    if section.tag:
        head = (element("span", section.tag, css_class="tag"), element("h2", section.heading))
        return element("div", *head, *map(block_html, section.blocks), css_class="activity", id=anchor)
    head = (element("p", section.audience, css_class="who"), element("h2", section.heading))
    return element("section", *head, *map(block_html, section.blocks), id=anchor)


def closable_section_html(section: Section, anchor: str, answer: str) -> Markup:
    """Return a section that opens and closes, and is open at first.

    Parameters
    ----------
    section : Section
    anchor : str
        Its place in the page's address.
    answer : str
        Stands beside the heading, and is all that is seen of a closed section.
    """
    tag = (element("span", section.tag, css_class="tag"),) if section.tag else ()
    summary = element("summary", element("h3", section.heading), element("span", *tag, answer, css_class="answer"))
    classes = "section activity" if section.tag else "section"
    blocks = (block_html(block, level=4) for block in section.blocks)
    return element("details", summary, *blocks, css_class=classes, id=anchor, open="open")


def chart_html(chart: Chart) -> Markup:
    """Return a chart as SVG inside a page."""
    return chart_svg(chart, {})


def chart_svg(chart: Chart, attributes: Mapping[str, object]) -> Markup:
    """Return a chart as an SVG element with further attributes before its own."""
    own = {
        "class": chart.kind,
        "viewBox": f"0 0 {chart.width:g} {chart.height:g}",
        "role": "img",
        "aria_label": f"{chart.title}. {chart.description}" if chart.description else chart.title,
    }
    return svg("svg", {**attributes, **own}, svg("title", None, chart.title), *chart.marks)


def table_html(table: Table) -> Markup:
    """Return a table as HTML."""
    parts = [element("caption", table.caption)] if table.caption else []
    parts.append(element("thead", element("tr", *map(_head_html, table.columns))))
    parts.append(element("tbody", *(_row_html(table, row) for row in table.rows)))
    classes = " ".join(name for name in ("stack" if table.stacks else "", table.css_class) if name)
    content = element("table", *parts, css_class=classes or None)
    if not table.boxed:
        return content
    if table.region:
        return element("div", content, css_class="scroll", tabindex="0", role="region", aria_label=table.region)
    return element("div", content, css_class="scroll")


def _head_html(column: Column) -> Markup:
    is_number = column.style in _NUMBER_STYLES
    return element("th", column.head, scope="col", css_class="n" if is_number else None)


def _row_html(table: Table, row: Row) -> Markup:
    cells = list(table.cells_of(row))
    first, *others = cells
    return element(
        "tr",
        _row_head_html(first[1]),
        *(_cell_html(column, cell, row.style, stacks=table.stacks) for column, cell in others),
        css_class=row.style or None,
    )


def _row_head_html(cell: Cell) -> Markup:
    span = str(cell.span) if cell.span > 1 else None
    if not cell.text:
        return element("td", data_head="", colspan=span)
    second_line = (Markup("<br>"), element("span", cell.small, css_class="small")) if cell.small else ()
    return element("th", cell.text, *second_line, scope="row", colspan=span)


def _cell_html(column: Column, cell: Cell, row_style: str, *, stacks: bool) -> Markup:
    style = cell.style or (column.style if cell.span == 1 else CellStyle.TEXT)
    content: tuple[object, ...] = (cell.mark or _NO_BREAK, cell.text)
    if cell.highlighted:
        content = (element("mark", *content),)
    is_note = row_style == "absent" and cell.span > 1
    if cell.mark or style is CellStyle.JOINED or cell.highlighted or is_note:
        content = (element("span", *content),)
    head = "" if cell.span > 1 else column.short or column.head
    return element(
        "td",
        *content,
        css_class=_CELL_CLASSES[style] or None,
        colspan=str(cell.span) if cell.span > 1 else None,
        data_head=head if stacks else None,
    )


def _rich(text: RichText) -> Iterable[object]:
    return text if isinstance(text, tuple) else (text,)


def block_html(block: Block, *, level: int = 3) -> Markup:  # noqa: PLR0911 - one return for each kind of block
    """Return a block as HTML; headings inside it are of the given level."""
    match block:
        case Table():
            return table_html(block)
        case Paragraph(text, style):
            return element("p", *_rich(text), css_class=style or None)
        case Subheading(text):
            return element(f"h{level}", text)
        case BulletList():
            return _list_html(block.items, block.style)
        case Legend():
            return _legend_html(block)
        case Figure():
            return _figure_html(block)
        case FigureRow(figures, three):
            return element("div", *map(_figure_html, figures), css_class="maps three" if three else "maps")
        case Notice():
            listed = (_list_html(block.items, ""),) if block.items else ()
            return element("div", strong(block.heading), *listed, css_class="notices", id=block.anchor or None)
        case CardRow(cards):
            return element("div", *(_card_html(*card, level=level) for card in cards), css_class="cards")
        case Details():
            return _details_html(block, level)
        case ActivityBox(tag, blocks):
            inside = (block_html(inner, level=level) for inner in blocks)
            return element("div", element("span", tag, css_class="tag"), *inside, css_class="activity")


def _details_html(details: Details, level: int) -> Markup:
    is_unprinted = details.long or details.found_nothing
    note = (element("span", f" {_UNPRINTED}", css_class="unprinted"),) if is_unprinted else ()
    names = [name for name, applies in (("long", is_unprinted), ("empty", details.found_nothing)) if applies]
    return element(
        "details",
        element("summary", *_rich(details.summary), *note),
        *(block_html(block, level=level) for block in details.blocks),
        css_class=" ".join(names) or None,
    )


def _list_html(items: tuple[RichText, ...], style: str) -> Markup:
    return element("ul", *(element("li", *_rich(item)) for item in items), css_class=style or None)


def _legend_html(legend: Legend) -> Markup:
    entries = (element("li", swatch, element("span", text)) for swatch, text in legend.entries)
    return element("ul", *entries, css_class="legend wide" if legend.wide else "legend", aria_label=legend.label)


def _figure_html(figure: Figure) -> Markup:
    caption = (element("figcaption", *_rich(figure.caption)),) if figure.caption else ()
    legend = (_legend_html(figure.legend),) if figure.legend else ()
    return element("figure", chart_html(figure.chart), *caption, *legend)


def _card_html(heading: str, texts: tuple[RichText, ...], *, level: int) -> Markup:
    return element("div", element(f"h{level}", heading), *(element("p", *_rich(text)) for text in texts))
