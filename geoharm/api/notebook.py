"""How a result shows itself: as plain text, and in a notebook as a panel of sentences, one table and one drawing, all text escaped."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from geoharm.report.document import Chart
from geoharm.report.escape import element
from geoharm.report.section_html import chart_svg

INTERNAL = "Full precision, for analysis: not for publication. Only `geoharm run` makes pages whose small counts are protected."
_FONT = "font-family:system-ui,sans-serif;max-width:52em;line-height:1.45"
_CELL = "text-align:{side};padding:2px 10px 2px 0;vertical-align:top"


def plain_text(sentences: Sequence[str], notes: Sequence[str]) -> str:
    """Return a result as plain text: its sentences and its notes, one a line."""
    return "\n".join([*sentences, *(f"Note: {note}" for note in notes)])


def panel(
    title: str,
    sentences: Sequence[str],
    *,
    heads: Sequence[str] = (),
    rows: Sequence[Sequence[str]] = (),
    chart: Chart | None = None,
    notes: Sequence[str] = (),
) -> str:
    """Return a result as HTML.

    Parameters
    ----------
    title : str
    sentences : sequence of str
        The first is set in bold.
    heads : sequence of str
    rows : sequence of sequence of str
        The first cell of each names the row.
    chart : Chart, optional
    notes : sequence of str
        Shown closed.
    """
    parts: list[Markup] = [element("div", title, style="font-size:0.85em;color:#54606c")]
    for position, sentence in enumerate(sentences):
        weight = "font-weight:600;font-size:1.1em;" if position == 0 else ""
        parts.append(element("p", sentence, style=f"{weight}margin:0.3em 0"))
    if rows:
        parts.append(_table(heads, rows))
    if chart is not None:
        drawing = chart_svg(chart, {"width": f"{chart.width:g}", "style": "max-width:100%;height:auto;display:block"})
        parts.append(element("div", drawing, style="margin:0.6em 0"))
    if notes:
        items = [element("li", note) for note in notes]
        parts.append(element("details", element("summary", f"Notes ({len(items)})"), element("ul", *items)))
    parts.append(element("p", INTERNAL.replace("`", ""), style="font-size:0.8em;color:#54606c;margin:0.4em 0"))
    return str(element("div", *parts, style=_FONT))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    head = [element("th", text, style=_side(position)) for position, text in enumerate(heads)]
    body = [
        element("tr", *(element("th" if not position else "td", text, style=_side(position)) for position, text in enumerate(row)))
        for row in rows
    ]  # fmt: skip
    table = element("table", element("thead", element("tr", *head)), element("tbody", *body), style="margin:0.5em 0")
    return element("div", table, style="overflow-x:auto")


def _side(position: int) -> str:
    return _CELL.format(side="right" if position else "left")
