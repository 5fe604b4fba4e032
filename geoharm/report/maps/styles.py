"""Kinds of map layers, and how each kind is drawn: on the interactive map, in pictures and in a GIS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from geoharm.report import palette


class LayerKind(StrEnum):
    """What a layer shows. Zones have the values of `ZoneRole`."""

    STUDY = "study"
    CONTEXT = "context"
    TARGET = "target"
    GAP = "gap"
    RING = "ring"
    CONTROL = "control"
    HOTSPOT = "hotspot"
    ACTIVITY_HOTSPOT = "activity hotspot"
    SURFACE = "surface"
    CHANGE = "change"
    CLUSTERS = "clusters"
    EMERGING = "emerging"
    SHIFT = "shift"


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One line of a legend: a colour and its meaning."""

    colour: str
    label: str


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line as one kind of writer draws it.

    Attributes
    ----------
    width : float
        In the unit of the writer.
    dash : str
        In the writer's words; empty for a solid line.
    halo : float
        Width of the white line below it; 0 for none.
    """

    width: float
    dash: str = ""
    halo: float = 0


@dataclass(frozen=True, slots=True)
class LineStyle:
    """The outline of one kind of shape.

    Attributes
    ----------
    colour : str
    screen : Stroke
        On the interactive map: pixels, and an SVG dash pattern.
    picture : Stroke
        In a static map of 340 pixels: pixels, and an SVG dash pattern.
    gis : Stroke
        In a GIS: millimetres, and the name that QGIS gives a dash.
    """

    colour: str
    screen: Stroke
    picture: Stroke
    gis: Stroke


_NOT_DRAWN = Stroke(0)

LINES: Mapping[LayerKind, LineStyle] = {
    LayerKind.STUDY: LineStyle(palette.CONTEXT, Stroke(1.2), _NOT_DRAWN, Stroke(0.4, "solid")),
    LayerKind.CONTEXT: LineStyle(palette.CONTEXT, Stroke(0.8), Stroke(0.7), Stroke(0.25, "solid")),
    LayerKind.TARGET: LineStyle(palette.INK, Stroke(3, halo=6), Stroke(2.4, halo=5), Stroke(0.9, "solid")),
    LayerKind.GAP: LineStyle(
        palette.INK, Stroke(1.5, "2 4", halo=4.5), Stroke(1.2, "2 3", halo=3.4), Stroke(0.35, "dot")
    ),
    LayerKind.RING: LineStyle(
        palette.INK, Stroke(1.5, "8 5", halo=4.5), Stroke(1.2, "7 4", halo=3.4), Stroke(0.35, "dash")
    ),
    LayerKind.CONTROL: LineStyle(palette.CONTROL, Stroke(1.5, "1 5"), _NOT_DRAWN, Stroke(0.35, "dot")),
    LayerKind.HOTSPOT: LineStyle(palette.HOTSPOT, Stroke(1.8, halo=4), _NOT_DRAWN, Stroke(0.6, "solid")),
    LayerKind.ACTIVITY_HOTSPOT: LineStyle(palette.MUTED, Stroke(1.8, halo=4), _NOT_DRAWN, Stroke(0.6, "dash")),
}

# A target in a picture of the whole study area is small, so its line is thin.
SMALL_TARGET = Stroke(1.2, halo=3)
# So are the hotspots in it.
SMALL_HOTSPOT = Stroke(1.2, halo=2.4)
