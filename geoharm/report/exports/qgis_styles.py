"""QGIS styles in a GeoPackage, so that its layers open in the colours of the pages."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml

from geoharm._text import visible_text
from geoharm.report import palette
from geoharm.report.maps.styles import LegendEntry, LineStyle

# The oldest QGIS whose words for styles these are.
_VERSION = "3.22"
_CREATE_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog VARCHAR(256), f_table_schema VARCHAR(256),
  f_table_name VARCHAR(256), f_geometry_column VARCHAR(256), styleName VARCHAR(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner VARCHAR(30), ui VARCHAR(30), update_time DATETIME
)
"""


@dataclass(frozen=True, slots=True)
class _Symbol:
    """The symbol of one value: the class that draws it in QGIS, its properties, and what it draws: a fill or a line."""

    drawn_by: str
    properties: Mapping[str, str]
    kind: str = "fill"


def add_styles(path: Path, styles: Mapping[str, str], *, moment: str) -> None:
    """Add the table ``layer_styles`` that QGIS reads, with a default style for every layer.

    Parameters
    ----------
    path : Path
        The GeoPackage.
    styles : mapping of str to str
        Style of each layer, as returned by `line_qml` or `fill_qml`, by the layer's name.
    moment : str
        Written where the format requires a time.

    Notes
    -----
    The columns are those of QGIS (``QgsOgrProvider``, "save style in database"); nothing of QGIS is needed to write them.
    """
    with sqlite3.connect(path) as connection:
        connection.execute(_CREATE_TABLE)
        for layer, style in styles.items():
            connection.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
                "styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) "
                "VALUES ('', '', ?, 'geom', ?, ?, '', 1, 'geoharm', '', NULL, ?)",
                (layer, layer, style, moment),
            )
        connection.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?, 0)",
            (moment,),
        )
    connection.close()


@dataclass(frozen=True, slots=True)
class FillStyle:
    """The fill of one value: a colour, its opacity from 0 to 255, the name that QGIS gives a hatch, and a dashed outline."""

    colour: str
    opacity: int = 255
    hatch: str = "solid"
    outline: str = ""


def line_qml(column: str, styles: Mapping[str, LineStyle], *, of_lines: bool = False) -> str:
    """Return a QGIS style that draws lines, or polygons as outlines, by the value of a column."""
    symbols = {
        value: _Symbol(
            "SimpleLine",
            {
                "line_color": _rgba_text(style.colour),
                "line_style": style.gis.dash,
                "line_width": f"{style.gis.width:g}",
                "line_width_unit": "MM",
                "joinstyle": "round",
            },
            "line" if of_lines else "fill",
        )
        for value, style in styles.items()
    }
    return _categorised_style(column, symbols)


def fill_qml(column: str, legend: Sequence[LegendEntry]) -> str:
    """Return a QGIS style that fills polygons by the value of a column, without outlines."""
    return hatch_qml(column, {entry.label: FillStyle(entry.colour) for entry in legend})


def hatch_qml(column: str, styles: Mapping[str, FillStyle], *, label: str = "") -> str:
    """Return a QGIS style that fills or hatches polygons by the value of a column.

    Parameters
    ----------
    column : str
    styles : mapping of str to FillStyle
        By value, in the order of the legend.
    label : str
        The column whose text stands on each polygon; none if empty.
    """
    symbols = {}
    for value, style in styles.items():
        properties = {
            "color": _rgba_text(style.colour, style.opacity),
            "style": style.hatch,
            "outline_style": "solid" if style.outline else "no",
        }
        if style.outline:
            properties |= {
                "outline_color": _rgba_text(style.outline), "outline_width": "0.3", "outline_width_unit": "MM",
            }  # fmt: skip
        symbols[value] = _Symbol("SimpleFill", properties)
    return _categorised_style(column, symbols, label=label)


def place_qml(column: str, values: Iterable[str], *, label: str) -> str:
    """Return a QGIS style that draws points as small dots with the text of a column, by the value of another."""
    dot = {"name": "circle", "size": "1", "color": _rgba_text(palette.MUTED), "outline_style": "no"}
    return _categorised_style(column, {value: _Symbol("SimpleMarker", dot, "marker") for value in values}, label=label)


def palette_qml(legend: Sequence[LegendEntry]) -> str:
    """Return a QGIS style of an image in classes: the colour and meaning of every class, from class 1."""
    root = Xml.Element("qgis", version=_VERSION, styleCategories="Symbology")
    pipe = Xml.SubElement(root, "pipe")
    renderer = Xml.SubElement(
        pipe, "rasterrenderer", type="paletted", band="1", opacity="0.85", alphaBand="-1", nodataColor=""
    )
    colours = Xml.SubElement(renderer, "colorPalette")
    for number, entry in enumerate(legend, start=1):
        Xml.SubElement(
            colours, "paletteEntry", value=str(number), color=entry.colour, alpha="255", label=visible_text(entry.label)
        )
    return Xml.tostring(root, encoding="unicode")


def style_column(style: str) -> str:
    """Return the column by whose value a style of polygons or lines draws."""
    return str(_parsed(style).find("renderer-v2").get("attr"))  # type: ignore[union-attr]


def with_values(style: str, values: Iterable[str]) -> str:
    """Return a style of polygons or lines without the values that are not there, so that a legend names only what is drawn."""
    root, kept = _parsed(style), set(values)
    for categories in root.iter("categories"):
        for category in [each for each in categories if each.get("value") not in kept]:
            categories.remove(category)
    used = {category.get("symbol") for category in root.iter("category")}
    for symbols in root.iter("symbols"):
        for symbol in [each for each in symbols if each.get("name") not in used]:
            symbols.remove(symbol)
    return Xml.tostring(root, encoding="unicode")


def _parsed(style: str) -> Xml.Element:
    return Xml.fromstring(style)  # noqa: S314 - made above


def _rgba_text(colour: str, opacity: int = 255) -> str:
    return ",".join(map(str, (*palette.rgb(colour), opacity)))


def _categorised_style(column: str, symbols_by_value: Mapping[str, _Symbol], *, label: str = "") -> str:
    root = Xml.Element(
        "qgis", version=_VERSION, styleCategories="Symbology|Labeling", labelsEnabled=str(int(bool(label)))
    )
    renderer = Xml.SubElement(
        root, "renderer-v2", type="categorizedSymbol", attr=column, enableorderby="0", symbollevels="0"
    )
    categories, symbols = Xml.SubElement(renderer, "categories"), Xml.SubElement(renderer, "symbols")
    for number, (value, value_symbol) in enumerate(symbols_by_value.items()):
        Xml.SubElement(
            categories, "category", value=value, symbol=str(number), label=value, render="true", type="string"
        )
        symbol = Xml.SubElement(
            symbols, "symbol", type=value_symbol.kind, name=str(number), alpha="1", clip_to_extent="1"
        )
        layer = Xml.SubElement(
            symbol, "layer", attrib={"class": value_symbol.drawn_by, "enabled": "1", "pass": "0", "locked": "0"}
        )
        options = Xml.SubElement(layer, "Option", type="Map")
        for name, text in value_symbol.properties.items():
            Xml.SubElement(options, "Option", name=name, type="QString", value=text)
    if label:
        _add_labels(root, label)
    return Xml.tostring(root, encoding="unicode")


def _add_labels(root: Xml.Element, column: str) -> None:
    """Add labels with a white halo: the text of a column, on the polygon and beside no other label."""
    settings = Xml.SubElement(Xml.SubElement(root, "labeling", type="simple"), "settings", calloutType="simple")
    text = Xml.SubElement(
        settings, "text-style", fieldName=column, isExpression="0", fontSize="9", fontSizeUnit="Point", fontWeight="63",
        textColor=_rgba_text(palette.INK), textOpacity="1", namedStyle="",
    )  # fmt: skip
    Xml.SubElement(
        text, "text-buffer", bufferDraw="1", bufferSize="0.8", bufferSizeUnits="MM",
        bufferColor=_rgba_text(palette.LAND), bufferOpacity="1", bufferJoinStyle="128", bufferNoFill="1",
    )  # fmt: skip
    Xml.SubElement(settings, "text-format", wrapChar="|", multilineAlign="1")
    Xml.SubElement(settings, "placement", placement="1", quadOffset="4", centroidInside="1", polygonPlacementFlags="2")
    Xml.SubElement(settings, "rendering", obstacle="0", displayAll="0", drawLabels="1", scaleVisibility="0")
