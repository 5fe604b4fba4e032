"""QGIS styles in a GeoPackage, so that its layers open in the colours of the pages."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree as Xml

from geoharm.report import palette
from geoharm.report.exports.gis_patterns import FILLS

# The line style of each zone: colour, width in millimetres, dash.
ZONE_LINES = {
    "target": (palette.INK, 0.9, "solid"),
    "gap": (palette.INK, 0.35, "dot"),
    "ring": (palette.INK, 0.35, "dash"),
    "control": (palette.CONTROL, 0.35, "dot"),
}
_HOTSPOT_LINES = {"harm": ("#0b3d2e", 0.6, "solid"), "activity": (palette.MUTED, 0.6, "dash")}
_STYLES = {"zones": ("role", ZONE_LINES), "hotspots": ("role", _HOTSPOT_LINES)}
_CREATE_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog VARCHAR(256), f_table_schema VARCHAR(256),
  f_table_name VARCHAR(256), f_geometry_column VARCHAR(256), styleName VARCHAR(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner VARCHAR(30), ui VARCHAR(30), update_time DATETIME
)
"""


def add_styles(path: Path, layers: Sequence[str], *, moment: str) -> None:
    """Add the table ``layer_styles`` that QGIS reads, with a default style for every layer.

    Parameters
    ----------
    path : Path
        The GeoPackage.
    layers : sequence of str
        Names of layers: "zones", "hotspots", "clusters", "emerging", "shift".
    moment : str
        Written where the format requires a time.

    Notes
    -----
    The columns are those of QGIS (``QgsOgrProvider``, "save style in database"); nothing of QGIS is needed to write them.
    """
    with sqlite3.connect(path) as connection:
        connection.execute(_CREATE_TABLE)
        for layer in layers:
            style = fill_qml("class", FILLS[layer]) if layer in FILLS else style_qml(*_STYLES[layer])
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


def style_qml(key: str, lines: Mapping[str, tuple[str, float, str]]) -> str:
    """Return a QGIS style that draws polygons as outlines, by the value of a column."""
    symbols = {
        value: (
            "SimpleLine",
            {
                "line_color": _rgba_text(colour),
                "line_style": dash,
                "line_width": f"{width:g}",
                "line_width_unit": "MM",
                "joinstyle": "round",
            },
        )
        for value, (colour, width, dash) in lines.items()
    }
    return _categorised_style(key, symbols)


def fill_qml(key: str, fills: Mapping[str, str]) -> str:
    """Return a QGIS style that fills polygons by the value of a column, without outlines."""
    return _categorised_style(
        key,
        {
            value: ("SimpleFill", {"color": _rgba_text(colour), "style": "solid", "outline_style": "no"})
            for value, colour in fills.items()
        },
    )


def _rgba_text(colour: str) -> str:
    return ",".join(map(str, (*palette.rgb(colour), 255)))


def _categorised_style(key: str, symbols_by_value: Mapping[str, tuple[str, Mapping[str, str]]]) -> str:
    root = Xml.Element("qgis", version="3.28", styleCategories="Symbology")
    renderer = Xml.SubElement(
        root, "renderer-v2", type="categorizedSymbol", attr=key, enableorderby="0", symbollevels="0"
    )
    categories, symbols = Xml.SubElement(renderer, "categories"), Xml.SubElement(renderer, "symbols")
    for number, (value, (kind, properties)) in enumerate(symbols_by_value.items()):
        Xml.SubElement(
            categories, "category", value=value, symbol=str(number), label=value, render="true", type="string"
        )
        symbol = Xml.SubElement(symbols, "symbol", type="fill", name=str(number), alpha="1", clip_to_extent="1")
        layer = Xml.SubElement(symbol, "layer", attrib={"class": kind, "enabled": "1", "pass": "0", "locked": "0"})
        options = Xml.SubElement(layer, "Option", type="Map")
        for name, text in properties.items():
            Xml.SubElement(options, "Option", name=name, type="QString", value=text)
    return Xml.tostring(root, encoding="unicode")
