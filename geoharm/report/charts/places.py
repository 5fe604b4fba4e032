"""Charts of what places like it without an operation did over the same dates, with this operation marked below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from geoharm.model.estimate import Interval
from geoharm.report import format_numbers, palette
from geoharm.report.charts.marks import Scale, box, line, text
from geoharm.report.document import Chart
from geoharm.report.escape import svg

# Up to so many places, one dot is one place; above that, the classes are drawn as bars.
MAX_DOTS = 150
_WIDE, _NARROW = 700.0, 340.0
# This operation's interval lies so far below the base line; its label needs so much room.
_BELOW, _LABEL_ROOM = 14.0, 150.0
# Height of the two lines of this operation's label, where it stands above the places.
_LABEL_HEIGHT = 34.0


@dataclass(frozen=True, slots=True)
class PlaceClasses:
    """What places like it did, in classes of percent, and what this operation did.

    Attributes
    ----------
    label : str
        Which measure in which zone.
    classes : tuple of (low, high, places)
        Percent of the place's own forecast, the lowest class first.
    change : float
        This operation's change, in percent of the expected count.
    span : Interval
        Its 95% interval, in percent.
    colour : str
        Of this operation.
    """

    label: str
    classes: tuple[tuple[float, float, int], ...]
    change: float
    span: Interval
    colour: str

    @property
    def places(self) -> int:
        """Number of places."""
        return sum(places for _, _, places in self.classes)


def places_charts(panels: Sequence[PlaceClasses], description: str) -> tuple[Chart, Chart]:
    """Return the figure of one or more measures, for wide and for narrow pages; all panels share one scale.

    Parameters
    ----------
    panels : sequence of PlaceClasses
        A single one with few places is drawn as dots, everything else as bars.
    description : str
        For readers who cannot see it.
    """
    return _figure(panels, description, _WIDE), _figure(panels, description, _NARROW)


def _figure(panels: Sequence[PlaceClasses], description: str, width: float) -> Chart:
    is_alone = len(panels) == 1
    is_narrow = width < _WIDE
    scale = _scale(panels, 12.0 if is_alone or is_narrow else 180.0, width - 12)
    parts: list[Markup] = []
    top = 0.0
    for panel in panels:
        if not is_alone:
            parts.append(
                text(0, top + (12 if is_narrow else 20), panel.label, anchor="start", colour=palette.INK, weight=600)
            )
            top += 16 if is_narrow else 0
        if is_alone and panel.places <= MAX_DOTS:
            base, drawn = _dots(panel, scale, top, width)
        else:
            base, drawn = _bars(panel, scale, top + (_LABEL_HEIGHT if is_alone else 0.0))
        parts += drawn
        parts += _own_interval(panel, scale, top, base)
        parts += _own_label(panel, scale, top) if is_alone else _own_number(panel, scale, base)
        top = base + (30 if is_alone else 22)
    parts += _axis(scale, top, width)
    return Chart(width, top + 40, "What places like it did over the same dates", description, parts)


def _scale(panels: Sequence[PlaceClasses], left: float, right: float) -> Scale:
    ends = [end for panel in panels for low, high, _ in panel.classes for end in (low, high)]
    ends += [end for panel in panels for end in (panel.span.low, panel.span.high, panel.change) if math.isfinite(end)]
    pad = (max(ends) - min(ends)) * 0.05
    return Scale(min(ends) - pad, max(ends) + pad, left, right)


def _dots(panel: PlaceClasses, scale: Scale, top: float, width: float) -> tuple[float, list[Markup]]:
    """Return the y of the base line, and one dot for each place, stacked within its class."""
    narrowest = min(scale(high) - scale(low) for low, high, _ in panel.classes)
    most = max(places for _, _, places in panel.classes)
    across = max(3, min(6, int(narrowest // 8)))
    step = min(9.6 if width >= _WIDE else 7.4, narrowest / (across + 0.4))
    rows = math.ceil(most / across)
    base = top + max(_LABEL_HEIGHT, rows * step + 8)
    parts = []
    for low, high, places in panel.classes:
        middle = (scale(low) + scale(high)) / 2
        for index in range(places):
            row, column = divmod(index, across)
            in_row = min(across, places - row * across)
            dot = {
                "cx": middle + (column - (in_row - 1) / 2) * step,
                "cy": base - 4 - (row + 0.5) * step,
                "r": step * 0.42,
                "fill": palette.PLACES,
            }
            parts.append(svg("circle", dot))
    return base, [*parts, *_base_line(panel, scale, base)]


def _bars(panel: PlaceClasses, scale: Scale, top: float) -> tuple[float, list[Markup]]:
    """Return the y of the base line, and one bar for each class; its area is its share of the places."""
    height = 18.0
    base = top + height + 4
    densities = [places / (high - low) for low, high, places in panel.classes]
    parts = []
    for (low, high, _places), density in zip(panel.classes, densities, strict=True):
        tall = height * density / max(densities)
        parts.append(
            svg("rect", box(scale(low) + 0.5, base - tall, scale(high) - scale(low) - 1, tall, palette.PLACES))
        )
    return base, [*parts, *_base_line(panel, scale, base)]


def _base_line(panel: PlaceClasses, scale: Scale, base: float) -> list[Markup]:
    parts = [line(scale.left, base, scale.right, base, palette.INK)]
    edges = sorted({end for low, high, _ in panel.classes for end in (low, high)})
    return parts + [line(scale(edge), base, scale(edge), base + 3, palette.INK) for edge in edges]


def _own_interval(panel: PlaceClasses, scale: Scale, top: float, base: float) -> list[Markup]:
    """Return this operation's interval under the base line, and its line up through the places."""
    y = base + _BELOW
    x = scale(panel.change)
    parts = [line(x, top + 2, x, y, panel.colour, 1.4)]
    if math.isfinite(panel.span.low):
        ends = [scale(end) for end in (panel.span.low, panel.span.high)]
        parts.append(line(ends[0], y, ends[1], y, panel.colour, 2))
        parts += [line(end, y - 5, end, y + 5, panel.colour, 2) for end in ends]
    dot = {"cx": x, "cy": y, "r": 5.2, "fill": panel.colour, "stroke": "#ffffff", "stroke_width": 1.6}
    return [*parts, svg("circle", dot)]


def _own_label(panel: PlaceClasses, scale: Scale, top: float) -> list[Markup]:
    """Return two lines beside this operation's line, away from "as expected" if there is room: its change and interval."""
    x = scale(panel.change)
    room_left, room_right = x - scale.left > _LABEL_ROOM, scale.right - x > _LABEL_ROOM
    is_left = room_left and (panel.change < 0 or not room_right)
    anchor, label_x = ("end", x - 8) if is_left else ("start", x + 8)
    label = f"{panel.label}: {format_numbers.percent_change_text(panel.change)}"
    parts = [text(label_x, top + 12, label, anchor=anchor, colour=panel.colour, size=13, weight=700)]
    if math.isfinite(panel.span.low):
        ends = " to ".join(f"{format_numbers.percent_change_text(end)}" for end in (panel.span.low, panel.span.high))
        parts.append(text(label_x, top + 27, ends, anchor=anchor, colour=panel.colour))
    return parts


def _own_number(panel: PlaceClasses, scale: Scale, base: float) -> list[Markup]:
    """Return this operation's change beside its interval."""
    right = scale(panel.span.high if math.isfinite(panel.span.high) else panel.change)
    left = scale(panel.span.low if math.isfinite(panel.span.low) else panel.change)
    number = f"{format_numbers.percent_change_text(panel.change)}"
    at, anchor = (right + 10, "start") if right < scale.right - 50 else (left - 10, "end")
    return [text(at, base + _BELOW + 4, number, anchor=anchor, colour=panel.colour, weight=700)]


def _axis(scale: Scale, top: float, width: float) -> list[Markup]:
    parts = [line(scale(0), 0, scale(0), top, palette.INK, 1.2, dash="3 3")]
    for tick in scale.ticks(6 if width >= _WIDE else 4):
        words = "as expected" if tick == 0 else f"{format_numbers.percent_change_text(tick)}"
        parts.append(text(scale(tick), top + 14, words, colour=palette.INK if tick == 0 else palette.MUTED))
    parts.append(text(scale.left, top + 32, "\u25c4 fewer than expected", anchor="start"))
    parts.append(text(scale.right, top + 32, "more than expected \u25ba", anchor="end"))
    return parts
