"""Small drawings for cells of tables: interval bars on one scale, their axis, and hollow dots without an interval.

The numbers stand beside each drawing as text, so the drawings are hidden from readers who listen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from geoharm.model.estimate import Interval
from geoharm.report import format_numbers, palette
from geoharm.report.charts.marks import Scale, line, text
from geoharm.report.escape import svg

_DOT_RADIUS, _CAP, _THIN, _THICK = 5.2, 5.0, 2.0, 7.0
_TICKS = 5


def common_scale(spans: Sequence[Interval], values: Sequence[float], width: float) -> Scale:
    """Return one scale for all bars of a figure; it always holds zero.

    Parameters
    ----------
    spans : sequence of Interval
        Undefined ones are ignored.
    values : sequence of float
        Best estimates; undefined ones are ignored.
    width : float
        Pixels of each cell.
    """
    ends = [*(end for span in spans for end in (span.low, span.high)), *values, 0.0]
    known = [end for end in ends if math.isfinite(end)]
    low, high = min(known), max(known)
    if low == high:
        low, high = -1.0, 1.0
    pad = (high - low) * 0.06
    return Scale(low - pad, high + pad, 4, width - 4)


def axis(scale: Scale) -> Markup:
    """Return the ticks of a scale with their numbers, to stand above a column of bars."""
    height = 22.0
    parts: list[Markup] = []
    # Zero is always numbered; other ticks only where their number has room beside the one before.
    last = -math.inf
    for tick in scale.ticks(_TICKS):
        x = scale(tick)
        colour = palette.INK if tick == 0 else palette.MUTED
        if tick and abs(x - last) < 34:
            parts.append(line(x, 19, x, height, colour))
            continue
        last = x
        anchor = "start" if x < 20 else "end" if x > scale.right - 16 else "middle"
        parts.append(text(x, 12, "0" if tick == 0 else format_numbers.signed_text(tick), anchor=anchor, colour=colour))
        parts.append(line(x, 16, x, height, colour))
    return _drawing(scale.right + 4, height, parts)


def interval_bar(
    value: float,
    span: Interval | None,
    scale: Scale,
    colour: str,
    *,
    narrow: Interval | None = None,
    is_hollow: bool = False,
    height: float = 28.0,
) -> Markup:
    """Return a best estimate with its 95% interval, a thin line, and its 80% interval, a thick one, on a common scale.

    Parameters
    ----------
    value : float
        Best estimate; NaN draws the scale alone.
    span : Interval or None
        None draws a hollow dot: there is no 95% interval.
    scale : Scale
    colour : str
    narrow : Interval, optional
        The 80% interval.
    is_hollow : bool
        Whether the dot is hollow beside an interval too: the change is probable and not found.
    height : float
        Pixels.
    """
    middle = height / 2
    parts = [_grid_line(scale, tick, height) for tick in scale.ticks(_TICKS)]
    if math.isnan(value):
        return _drawing(scale.right + 4, height, parts)
    hollow = {"fill": "#ffffff", "stroke": colour, "stroke_width": 1.8}
    dot = {"cx": scale(value), "cy": middle, "r": _DOT_RADIUS}
    if span is None or math.isnan(span.low):
        return _drawing(scale.right + 4, height, [*parts, svg("circle", dot | hollow)])

    def ends(interval: Interval) -> list[float]:
        return [scale(min(max(end, scale.low), scale.high)) for end in (interval.low, interval.high)]

    low, high = ends(span)
    parts.append(line(low, middle, high, middle, colour, _THIN))
    parts += [line(x, middle - _CAP, x, middle + _CAP, colour, _THIN) for x in (low, high)]
    if narrow is not None:
        parts.append(line(ends(narrow)[0], middle, ends(narrow)[1], middle, colour, _THICK))
    filled = {"fill": colour, "stroke": "#ffffff", "stroke_width": 1.6}
    return _drawing(scale.right + 4, height, [*parts, svg("circle", dot | (hollow if is_hollow else filled))])


def sides(left: str, right: str, width: float = 250.0) -> Markup:
    """Return the head of a column of bars whose zero is in the middle: what lies on either side of it."""
    middle, height = width / 2, 20.0
    parts = [
        text(middle - 6, 12, f"\u25c4 {left}", anchor="end", colour=palette.INK),
        text(middle + 6, 12, f"{right} \u25ba", anchor="start", colour=palette.INK),
        line(middle, 3, middle, height, palette.INK, 1.4),
    ]
    view = {"width": width, "height": height, "viewBox": f"0 0 {width:g} {height:g}", "role": "img"}
    return svg("svg", {**view, "aria_label": f"Left of zero {left}, right of zero {right}"}, *parts)


def centred_scale(low: float, high: float, width: float) -> Scale:
    """Return a scale with zero in its middle, stretched so that the given span fits."""
    reach = max(abs(low), abs(high)) or 1.0
    return Scale(-1.1 * reach, 1.1 * reach, 4, width - 4)


def centred_bar(low: float, high: float, span: Interval | None, colour: str, *, width: float = 250.0) -> Markup:
    """Return a sum with its 95% interval on a line of its own, zero in the middle.

    Parameters
    ----------
    low, high : float
        Ends of the best estimate; they differ where counts are only known within bounds, and are then drawn thick.
    span : Interval or None
        None if there is no sum: only zero is drawn.
    colour : str
    width : float
        Pixels.
    """
    height = 24.0
    middle = height / 2
    if span is None or not (math.isfinite(span.low) and math.isfinite(span.high)):
        return _drawing(width, height, [line(width / 2, 0, width / 2, height, palette.INK, 1.4)])
    scale = centred_scale(span.low, span.high, width)
    start, end = scale(span.low), scale(span.high)
    parts = [line(scale(0), 0, scale(0), height, palette.INK, 1.4), line(start, middle, end, middle, colour, _THIN)]
    parts += [line(x, middle - _CAP, x, middle + _CAP, colour, _THIN) for x in (start, end)]
    if low != high:
        parts.append(line(scale(low), middle, scale(high), middle, colour, _THICK))
    dot = {
        "cx": scale((low + high) / 2),
        "cy": middle,
        "r": _DOT_RADIUS,
        "fill": colour,
        "stroke": "#ffffff",
        "stroke_width": 1.6,
    }
    return _drawing(width, height, [*parts, svg("circle", dot)])


def _grid_line(scale: Scale, tick: float, height: float) -> Markup:
    is_zero = tick == 0
    return line(scale(tick), 0, scale(tick), height, palette.INK if is_zero else palette.LINE, 1.4 if is_zero else 1)


def _drawing(width: float, height: float, parts: Sequence[Markup]) -> Markup:
    view = {"width": width, "height": height, "viewBox": f"0 0 {width:g} {height:g}", "aria_hidden": "true"}
    return svg("svg", view, *parts)
