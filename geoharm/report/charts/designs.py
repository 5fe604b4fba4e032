"""A chart of a search over designs: each market's best design, and the range over all its designs."""

from __future__ import annotations

from markupsafe import Markup

from geoharm.evaluation.results.design_search import DesignSearch
from geoharm.report import palette
from geoharm.report.charts.marks import Scale, box, line, text
from geoharm.report.document import Chart
from geoharm.report.escape import svg

_WIDTH, _LEFT, _RIGHT, _STEP, _TOP = 780.0, 230.0, 560.0, 26.0, 46.0
_MOST_LETTERS = 32


def designs_chart(search: DesignSearch) -> Chart:
    """Return a chart of the primary measure: a dot for the best design of each market, a line over all its designs.

    Markets without an answer stand below, each as such.
    """
    best, refused = search.best(search.primary), search.without_answer(search.primary)
    bottom = _TOP + _STEP * (len(best) + len(refused)) + 6
    scale = Scale(0.0, 1.0, _LEFT, _RIGHT)
    weak = scale(search.weak_above)
    marks: list[Markup] = [
        text(0, 16, f"Smallest fall of {search.primary} that is found four times in five", anchor="start",
             colour=palette.INK, size=14, weight=700),
        text(_LEFT, 34, "dot: best design; line: range over its designs", anchor="start"),
        text(_RIGHT + 24, 34, "best design", anchor="start"),
        svg("rect", box(weak, _TOP - 6, _RIGHT - weak, bottom - _TOP + 6, palette.UNDETECTABLE)),
    ]  # fmt: skip
    for tick in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        marks += [
            line(scale(tick), _TOP - 6, scale(tick), bottom, palette.LINE),
            text(scale(tick), bottom + 16, f"{tick:.0%}"),
        ]
    marks.append(text((weak + _RIGHT) / 2, bottom + 34, "weak design"))
    for position, row in enumerate(best):
        y = _TOP + _STEP * (position + 0.5)
        falls = [
            one.detectable_fall for one in search.ranked(search.rows_of(search.primary, row.market)) if one.has_answer
        ]
        marks += [
            text(0, y + 4, _short(search.label(row.market)), anchor="start", colour=palette.INK, size=13),
            line(scale(min(falls)), y, scale(max(falls)), y, palette.CONTEXT, 3),
            svg("circle", {"cx": scale(row.detectable_fall), "cy": y, "r": 5.5, "fill": palette.HOTSPOT}),
            text(_RIGHT + 24, y + 4, f"{row.detectable_fall:.0%}, {row.start}, {row.months} months", anchor="start",
                 colour=palette.INK),
        ]  # fmt: skip
    for position, row in enumerate(refused, start=len(best)):
        y = _TOP + _STEP * (position + 0.5)
        marks += [
            text(0, y + 4, _short(search.label(row.market)), anchor="start", colour=palette.MUTED, size=13),
            text(_RIGHT + 24, y + 4, "no answer", anchor="start"),
        ]
    marks.append(text(0, bottom + 34, "Internal: not for release.", anchor="start"))
    listed = (
        "; ".join(f"{search.label(row.market)} {row.detectable_fall:.0%}" for row in best) or "no market has an answer"
    )
    title = f"Smallest detectable fall of {search.primary} by market"
    return Chart(_WIDTH, bottom + 42, title, listed, marks)


def _short(label: str) -> str:
    return label if len(label) <= _MOST_LETTERS else f"{label[: _MOST_LETTERS - 1]}\u2026"
