"""The QGIS project of a release: one file that opens all its layers in groups, in the colours of the pages.

Written without QGIS, by the words that QGIS 3.22 and newer read. What a project leaves out, QGIS fills in as it opens it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

from geoharm import _crs
from geoharm._text import visible_text
from geoharm.report.escape import slug
from geoharm.report.exports.fixed_zip import zip_bytes

_VERSION = "3.22.16"
_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_CHECKED = {True: "Qt::Checked", False: "Qt::Unchecked"}


@dataclass(frozen=True, slots=True)
class ProjectLayer:
    """A layer of a project.

    Attributes
    ----------
    title : str
        What the list of layers says.
    groups : tuple of str
        The groups that it stands in, from the outermost.
    source : str
        File beside the project; of a GeoPackage followed by ``|layername=...`` and, where only some rows are shown,
        ``|subset=...``.
    style : str
        A style for QGIS, as `qgis_styles` makes it.
    shape : str
        "Polygon", "Line" or "Point"; empty for an image.
    crs : str
    shown : bool
        Whether it is shown when the project opens.
    about : str
        What it holds, as its abstract.
    """

    title: str
    groups: tuple[str, ...]
    source: str
    style: str
    shape: str
    crs: str
    shown: bool = False
    about: str = ""


def rows_where(layer: str, **values: str) -> str:
    """Return the part of a source that names a layer of a GeoPackage and the rows that are shown, by the values of columns.

    Examples
    --------
    >>> print(rows_where("effects", measure="needle finds", zone="Smith's Yard"))
    layername=effects|subset="measure" = 'needle finds' AND "zone" = 'Smith''s Yard'
    """
    tests = [f"\"{column}\" = '{value.replace(chr(39), 2 * chr(39))}'" for column, value in values.items()]
    return f"layername={layer}" + (f"|subset={' AND '.join(tests)}" if tests else "")


def project_file(
    title: str, layers: Sequence[ProjectLayer], *, crs: str, extent: tuple[float, float, float, float],
    rights: Sequence[str] = (),
) -> bytes:  # fmt: skip
    """Return a project as a ``.qgz`` file; the bytes are the same every time.

    Parameters
    ----------
    title : str
    layers : sequence of ProjectLayer
        From the highest to the lowest. Groups stand in the order of their first layer.
    crs : str
        Coordinate system of the map.
    extent : tuple of float
        West, south, east and north of what is shown at first, in metres of `crs`.
    rights : sequence of str
        Of whose data the layers are made.
    """
    root = Xml.Element("qgis", version=_VERSION, projectname=visible_text(title), saveUser="", saveUserFull="")
    _text(root, "title", title)
    _add_crs(Xml.SubElement(root, "projectCrs"), crs)
    names = [
        f"layer_{number:03d}_{slug(layer.title).replace('-', '_')}" for number, layer in enumerate(layers, start=1)
    ]
    _add_tree(root, layers, names)
    canvas = Xml.SubElement(root, "mapcanvas", name="theMapCanvas", annotationsVisible="1")
    _text(canvas, "units", "meters")
    _add_extent(canvas, extent)
    _text(canvas, "rotation", "0")
    _add_crs(Xml.SubElement(canvas, "destinationsrs"), crs)
    placed = Xml.SubElement(root, "projectlayers")
    for layer, name in zip(layers, names, strict=True):
        _add_layer(placed, layer, name)
    order = Xml.SubElement(root, "layerorder")
    for name in names:
        Xml.SubElement(order, "layer", id=name)
    _add_properties(root)
    about = Xml.SubElement(root, "projectMetadata")
    _text(about, "identifier", "")
    _text(about, "type", "project")
    _text(about, "title", title)
    _text(about, "author", "")
    _text(about, "abstract", "Made by geoharm from a release. Numbers, notes and limits are in the report.")
    for line in rights:
        _text(about, "rights", line)
    view = Xml.SubElement(root, "ProjectViewSettings", UseProjectScales="0")
    corners = dict(zip(("xmin", "ymin", "xmax", "ymax"), map(_number, extent), strict=True))
    _add_crs(Xml.SubElement(view, "DefaultViewExtent", corners), crs)
    Xml.indent(root, " ")
    text = _DOCTYPE + Xml.tostring(root, encoding="unicode") + "\n"
    return zip_bytes({"project.qgs": text.encode("utf-8")})


def _add_tree(root: Xml.Element, layers: Sequence[ProjectLayer], names: Sequence[str]) -> None:
    tree = Xml.SubElement(root, "layer-tree-group")
    groups: dict[tuple[str, ...], Xml.Element] = {(): tree}
    shown = {layer.groups[: depth + 1] for layer in layers if layer.shown for depth in range(len(layer.groups))}
    for layer, name in zip(layers, names, strict=True):
        for depth in range(len(layer.groups)):
            path = layer.groups[: depth + 1]
            if path not in groups:
                is_open = str(int(path in shown))
                groups[path] = Xml.SubElement(
                    groups[path[:-1]], "layer-tree-group", name=visible_text(path[-1]), expanded=is_open, checked=_CHECKED[True],
                )  # fmt: skip
        Xml.SubElement(
            groups[layer.groups], "layer-tree-layer", id=name, name=visible_text(layer.title), source=f"./{layer.source}",
            providerKey="ogr" if layer.shape else "gdal", checked=_CHECKED[layer.shown], expanded=str(int(layer.shown)),
        )  # fmt: skip


def _add_layer(placed: Xml.Element, layer: ProjectLayer, name: str) -> None:
    style = Xml.fromstring(layer.style)  # noqa: S314 - made by `qgis_styles`
    attributes = {"type": "vector", "geometry": layer.shape} if layer.shape else {"type": "raster"}
    if style.get("labelsEnabled"):
        attributes["labelsEnabled"] = style.get("labelsEnabled", "0")
    found = Xml.SubElement(placed, "maplayer", attributes | {"styleCategories": "AllStyleCategories", "readOnly": "1"})
    _text(found, "id", name)
    _text(found, "datasource", f"./{layer.source}")
    _text(found, "layername", layer.title)
    _add_crs(Xml.SubElement(found, "srs"), layer.crs)
    about = Xml.SubElement(found, "resourceMetadata")
    _text(about, "title", layer.title)
    _text(about, "abstract", layer.about)
    provider = Xml.SubElement(found, "provider", encoding="UTF-8")
    provider.text = "ogr" if layer.shape else "gdal"
    found.extend(style)


def _add_properties(root: Xml.Element) -> None:
    """Add the settings without which QGIS would name files by where they were made, and take no coordinate system."""
    properties = Xml.SubElement(root, "properties")
    paths = Xml.SubElement(properties, "Paths")
    Xml.SubElement(paths, "Absolute", type="bool").text = "false"
    systems = Xml.SubElement(properties, "SpatialRefSys")
    Xml.SubElement(systems, "ProjectionsEnabled", type="int").text = "1"
    measure = Xml.SubElement(properties, "Measurement")
    Xml.SubElement(measure, "DistanceUnits", type="QString").text = "meters"
    Xml.SubElement(measure, "AreaUnits", type="QString").text = "m2"


def _add_extent(parent: Xml.Element, extent: tuple[float, float, float, float]) -> None:
    found = Xml.SubElement(parent, "extent")
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), extent, strict=True):
        _text(found, name, _number(value))


def _add_crs(parent: Xml.Element, crs: str) -> None:
    """Add a coordinate system by its code and, for a QGIS that does not know the code, by its definition."""
    system = Xml.SubElement(parent, "spatialrefsys")
    _text(system, "wkt", _crs.definition(crs))
    _text(system, "authid", crs)


def _number(value: float) -> str:
    return f"{value:.3f}"


def _text(parent: Xml.Element, tag: str, text: str) -> None:
    Xml.SubElement(parent, tag).text = visible_text(text)
