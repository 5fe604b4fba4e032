"""Basic parts of every chart: scales, lines, boxes and text."""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup

from geoharm.report import palette
from geoharm.report.escape import svg

Attributes = dict[str, object]


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear scale from data to pixels.

    Attributes
    ----------
    low, high : float
        Data values at the two ends.
    left, right : float
        Pixels of these values.
    """

    low: float
    high: float
    left: float
    right: float

    def __call__(self, value: float) -> float:
        """Return the pixel of a data value."""
        return self.left + (value - self.low) / (self.high - self.low) * (self.right - self.left)

    def ticks(self, count: int = 5) -> list[float]:
        """Return round values within the scale, about `count` of them."""
        rough_step = (self.high - self.low) / count
        power = 10.0 ** math.floor(math.log10(rough_step))
        step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough_step)
        first = math.ceil(self.low / step)
        return [step * index for index in range(first, math.floor(self.high / step) + 1)]


def line(
    x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1, *, dash: str | None = None
) -> Markup:
    """Return a straight line as SVG.

    Parameters
    ----------
    x1, y1, x2, y2 : float
        Both ends, in pixels.
    colour : str
    width : float
        Pixels.
    dash : str, optional
        SVG dash pattern such as "4 3"; a solid line without it.
    """
    style: Attributes = {"stroke": colour, "stroke_width": width} | ({"stroke_dasharray": dash} if dash else {})
    return svg("line", {"x1": x1, "y1": y1, "x2": x2, "y2": y2, **style})


def box(x: float, y: float, width: float, height: float, fill: str) -> Attributes:
    """Return the SVG attributes of a filled rectangle.

    Parameters
    ----------
    x, y : float
        Top left corner, in pixels.
    width, height : float
        Pixels.
    fill : str
        Colour.
    """
    return {"x": x, "y": y, "width": width, "height": height, "fill": fill}


def text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "middle",
    colour: str = palette.MUTED,
    size: float = 12,
    weight: int = 400,
) -> Markup:
    """Return a text label as SVG.

    Parameters
    ----------
    x, y : float
        Pixels; `y` is the base line.
    words : str
    anchor : str
        Which part of the text is at `x`: "start", "middle" or "end".
    colour : str
    size : float
        Font size in pixels.
    weight : int
        Font weight; 400 is normal, 700 bold.
    """
    return svg(
        "text", {"x": x, "y": y, "text_anchor": anchor, "fill": colour, "font_size": size, "font_weight": weight}, words
    )


def count_bar(count: float, largest: float) -> Markup:
    """Return a small bar whose length is a count's share of the largest, to stand before the count in a table."""
    width, height = 64.0, 9.0
    bar = svg("rect", box(0, 0, width * count / largest if largest > 0 else 0.0, height, palette.CONTEXT))
    view = {"class": "bar", "width": width, "height": height, "viewBox": f"0 0 {width:g} {height:g}"}
    return svg("svg", {**view, "aria_hidden": "true"}, bar)
