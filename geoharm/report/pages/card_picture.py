"""The card as one picture: headline, balance and map, for slides, documents and the preview of a shared link."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from geoharm import _text
from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.report import format_numbers, palette
from geoharm.report.charts.marks import box, line, text
from geoharm.report.charts.text_lines import cut_text, text_lines
from geoharm.report.document import Chart
from geoharm.report.escape import svg
from geoharm.report.maps.layers import AFTER, credit_lines
from geoharm.report.maps.map_picture import primary_hotspots
from geoharm.report.maps.static_map import operation_map
from geoharm.report.pages.brief import answer, cells
from geoharm.report.wording.states import NO_DATA
from geoharm.report.wording.verdict import Verdict

# The size that networks show of a shared link.
WIDTH, HEIGHT = 1200.0, 630.0
_LEFT, _MAP, _TOP, _BOTTOM = 40.0, 380.0, 84.0, 36.0
_SIZES = (28.0, 25.0, 22.0, 19.0, 17.0, 15.0)
_LINE, _ROW = 1.26, 25.0
_TONES = {"less": palette.LESS_HARM, "more": palette.MORE_HARM, "activity": palette.INK}


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of text at a height; a clause's first line has a bar of its height and colour beside it."""

    y: float
    words: str
    size: float
    bold: bool = False
    bar: tuple[str, float] | None = None


def card_picture(release: Release, operation: ReleasedOperation, verdict: Verdict) -> Chart:
    """Return the card on one operation as a drawing of 1200 by 630 pixels; it names what it has no room for.

    Parameters
    ----------
    release : Release
    operation : ReleasedOperation
    verdict : Verdict
        The verdict on that operation.
    """
    design = operation.design
    hotspots = primary_hotspots(release, operation)
    width = WIDTH - 2 * _LEFT - (_MAP + 40 if hotspots else 0)
    about = f"{design.operation.name} \u00b7 {release.study.name}"
    marked = ("Internal, not for release. " if release.is_internal else "") + verdict.label
    parts = [
        svg("rect", box(0, 0, WIDTH, HEIGHT, palette.LAND)),
        svg("rect", box(0, 0, WIDTH, 56, palette.NOTICE if marked else palette.PANEL)),
        text(_LEFT, 36, cut_text(f"{marked} {about}".strip(), WIDTH - 2 * _LEFT, 19), anchor="start", colour=palette.INK, size=19),
    ]  # fmt: skip
    rows = _balance_rows(verdict)
    room = HEIGHT - _TOP - _BOTTOM - _ROW * (len(rows) + 1) - 14
    lines, bottom = _words(verdict, width, room)
    for each in lines:
        if each.bar:
            parts.append(svg("rect", box(_LEFT, each.y - 0.82 * each.size, 5, each.bar[1], each.bar[0])))
        weight = 700 if each.bold else 400
        parts.append(
            text(_LEFT + 16, each.y, each.words, anchor="start", colour=palette.INK, size=each.size, weight=weight)
        )
    parts += _balance(rows, bottom + 14, width)
    if hotspots:
        image, _ = hotspots.of(design.operation.name)[AFTER]
        name = _text.capitalised(operation.primary.measure.name)
        title = f"{name} {design.later}: {format_numbers.window_text(design.after)}"
        drawn = operation_map(release, design, image, title)
        left = WIDTH - _LEFT - _MAP
        place = {
            "x": left,
            "y": _TOP,
            "width": _MAP,
            "height": _MAP,
            "viewBox": f"0 0 {drawn.width:g} {drawn.height:g}",
        }
        parts.append(svg("svg", place, *drawn.marks))
        caption = f"{title}. Thick line: target area; dashed: rings. Darker: more."
        parts += [
            text(left, _TOP + _MAP + 20 + 17 * number, words, anchor="start", size=13)
            for number, words in enumerate(text_lines(caption, _MAP, 13)[:4])
        ]
    foot = " \u00b7 ".join(("geoharm", "95% intervals", *credit_lines(release)))
    parts.append(text(_LEFT, HEIGHT - 14, cut_text(foot, WIDTH - 2 * _LEFT, 12), anchor="start", size=12))
    return Chart(
        WIDTH, HEIGHT, f"{design.operation.name}: {verdict.headline}", f"{about}. {verdict.lead}", parts, kind="card"
    )


def _words(verdict: Verdict, width: float, room: float) -> tuple[list[_Line], float]:
    """Return headline and lead in the largest type that has room, and where they end; the lead is given up first."""
    for with_lead in (True, False):
        for size in _SIZES:
            lines, bottom = _set_words(verdict, width, size, with_lead=with_lead)
            if bottom - _TOP <= room:
                return lines, bottom
    return lines, bottom


def _set_words(verdict: Verdict, width: float, size: float, *, with_lead: bool) -> tuple[list[_Line], float]:
    lines: list[_Line] = []
    y = _TOP
    for clause in verdict.clauses:
        broken = text_lines(clause.text, width - 16, size, bold=True)
        for number, words in enumerate(broken):
            bar = (_TONES.get(clause.tone.value, palette.SLATE), size * _LINE * len(broken)) if number == 0 else None
            lines.append(_Line(y + size, words, size, bold=True, bar=bar))
            y += size * _LINE
        y += 0.3 * size
    if with_lead:
        small = max(14.0, 0.62 * size)
        for words in text_lines(verdict.lead, width - 16, small):
            lines.append(_Line(y + small, words, small))
            y += small * _LINE
    return lines, y


def _balance_rows(verdict: Verdict) -> list[tuple[str, list[tuple[Markup, str]]]]:
    """Return every row of the balance: its name, and a mark and words for each zone, or words alone."""
    rows = [(each.name, [(cell.mark, cell.word) for cell in each.cells]) for each in answer.balance_lines(verdict)]
    return rows + [(_text.capitalised(name), [(Markup(""), NO_DATA)]) for name in verdict.absent]


def _balance(rows: list[tuple[str, list[tuple[Markup, str]]]], top: float, width: float) -> list[Markup]:
    first = 0.3 * width
    column = (width - first) / len(cells.ZONES)
    parts = [text(_LEFT, top + 16, "The balance", anchor="start", colour=palette.INK, size=14, weight=700)]
    for number, (_, zone) in enumerate(cells.ZONES):
        left = _LEFT + first + number * column
        parts.append(text(left, top + 16, zone, anchor="start", colour=palette.INK, size=13, weight=700))
    for position, (name, states) in enumerate(rows, start=1):
        y = top + _ROW * position
        parts.append(line(_LEFT, y, _LEFT + width, y, palette.LINE))
        label = cut_text(name, first - 8, 14, bold=True)
        parts.append(text(_LEFT, y + 17, label, anchor="start", colour=palette.INK, size=14, weight=700))
        for number, (mark, word) in enumerate(states):
            left = _LEFT + first + number * column
            room = (width - first if len(states) == 1 else column) - 26
            if mark:
                parts.append(
                    svg("svg", {"x": left, "y": y + 6, "width": 13, "height": 13, "viewBox": "0 0 14 14"}, mark)
                )
            shown = cut_text(word, room, 14)
            parts.append(text(left + (18 if mark else 0), y + 17, shown, anchor="start", colour=palette.INK, size=14))
    return parts
