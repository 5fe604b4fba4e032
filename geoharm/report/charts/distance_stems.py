"""A chart of daily counts by distance where no interval is possible: hollow dots on dashed stems."""

from __future__ import annotations

import math
from collections.abc import Sequence

from geoharm.report import palette
from geoharm.report.charts.marks import Scale, line, text
from geoharm.report.document import Chart
from geoharm.report.escape import svg


def stems_charts(rows: Sequence[tuple[str, float]], control: float, *, clause: str = "after") -> tuple[Chart, Chart]:
    """Return a chart of events a day after, as a multiple of the level before, for wide and for narrow pages.

    Parameters
    ----------
    rows : sequence of (label, multiple)
        From the target area outwards; undefined ones are left out.
    control : float
        The same of the control area; NaN draws no line.
    clause : str
        What the time after is called.
    """
    return _chart(rows, control, 700.0, 190.0, clause=clause), _chart(rows, control, 340.0, 104.0, clause=clause)


def _chart(rows: Sequence[tuple[str, float]], control: float, width: float, left: float, *, clause: str) -> Chart:
    shown = [(label, multiple) for label, multiple in rows if math.isfinite(multiple)]
    multiples = [multiple for _, multiple in shown] + ([control] if math.isfinite(control) else [])
    low, high = min([0.8, *multiples]), max([1.2, *multiples])
    pad = (high - low) * 0.04
    step = 30.0
    bottom = 8 + step * len(shown)
    scale = Scale(low - pad, high + pad, left, width - 48)
    parts = []
    for tick in scale.ticks(5 if width > left * 3 else 3):
        parts.append(line(scale(tick), 4, scale(tick), bottom, palette.LINE))
        parts.append(text(scale(tick), bottom + 16, _multiple_text(tick)))
    parts.append(line(scale(1), 4, scale(1), bottom, palette.INK, 1.4))
    parts.append(text(scale(1), bottom + 32, "as before", colour=palette.INK))
    if math.isfinite(control):
        parts.append(line(scale(control), 4, scale(control), bottom + 22, palette.CONTROL, 1.6, dash="5 4"))
        is_near = abs(scale(control) - scale(1)) < 130
        words = f"control area {_multiple_text(control)}"
        at, anchor = (scale(1) + 48, "start") if is_near and control >= 1 else (scale(control), "middle")
        parts.append(text(at, bottom + 32, words, anchor=anchor, colour=palette.CONTROL))
    for index, (label, multiple) in enumerate(shown):
        y = 6 + step * (index + 0.5)
        x = scale(multiple)
        parts.append(
            text(0, y + 4, label, anchor="start", colour=palette.INK, size=13, weight=700 if index == 0 else 400)
        )
        parts.append(line(scale(1), y, x, y, palette.SLATE, 1.8, dash="4 3"))
        dot = {"cx": x, "cy": y, "r": 6, "fill": "#ffffff", "stroke": palette.SLATE, "stroke_width": 2}
        parts.append(svg("circle", dot))
        parts.append(
            text(x + 12, y + 4, _multiple_text(multiple), anchor="start", colour=palette.INK, size=13, weight=700)
        )
    listed = ", ".join(f"{label} {_multiple_text(multiple)}" for label, multiple in shown)
    description = f"{listed}; control area {_multiple_text(control)}" if math.isfinite(control) else listed
    return Chart(width, bottom + 40, f"Events a day {clause}, as a multiple of the level before", description, parts)


def _multiple_text(multiple: float) -> str:
    return f"\u00d7 {multiple:.1f}".removesuffix(".0")
