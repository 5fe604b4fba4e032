"""QGIS styles in a GeoPackage, so that its layers open in the colours of the pages."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml

from geoharm.report import palette
from geoharm.report.maps.styles import LegendEntry, LineStyle

_CREATE_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog VARCHAR(256), f_table_schema VARCHAR(256),
  f_table_name VARCHAR(256), f_geometry_column VARCHAR(256), styleName VARCHAR(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner VARCHAR(30), ui VARCHAR(30), update_time DATETIME
)
"""


@dataclass(frozen=True, slots=True)
class _Symbol:
    """The symbol of one value: the class that draws it in QGIS, and its properties."""

    drawn_by: str
    properties: Mapping[str, str]


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


def line_qml(column: str, styles: Mapping[str, LineStyle]) -> str:
    """Return a QGIS style that draws polygons as outlines, by the value of a column."""
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
        )
        for value, style in styles.items()
    }
    return _categorised_style(column, symbols)


def fill_qml(column: str, legend: Sequence[LegendEntry]) -> str:
    """Return a QGIS style that fills polygons by the value of a column, without outlines."""
    return _categorised_style(
        column,
        {
            entry.label: _Symbol(
                "SimpleFill", {"color": _rgba_text(entry.colour), "style": "solid", "outline_style": "no"}
            )
            for entry in legend
        },
    )


def _rgba_text(colour: str) -> str:
    return ",".join(map(str, (*palette.rgb(colour), 255)))


def _categorised_style(column: str, symbols_by_value: Mapping[str, _Symbol]) -> str:
    root = Xml.Element("qgis", version="3.28", styleCategories="Symbology")
    renderer = Xml.SubElement(
        root, "renderer-v2", type="categorizedSymbol", attr=column, enableorderby="0", symbollevels="0"
    )
    categories, symbols = Xml.SubElement(renderer, "categories"), Xml.SubElement(renderer, "symbols")
    for number, (value, value_symbol) in enumerate(symbols_by_value.items()):
        Xml.SubElement(
            categories, "category", value=value, symbol=str(number), label=value, render="true", type="string"
        )
        symbol = Xml.SubElement(symbols, "symbol", type="fill", name=str(number), alpha="1", clip_to_extent="1")
        layer = Xml.SubElement(
            symbol, "layer", attrib={"class": value_symbol.drawn_by, "enabled": "1", "pass": "0", "locked": "0"}
        )
        options = Xml.SubElement(layer, "Option", type="Map")
        for name, text in value_symbol.properties.items():
            Xml.SubElement(options, "Option", name=name, type="QString", value=text)
    return Xml.tostring(root, encoding="unicode")
