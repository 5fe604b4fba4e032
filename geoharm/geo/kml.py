"""Reads the shapes of KML, and of KMZ, which is a zipped KML."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn
from xml.etree import ElementTree as ET

import shapely
from shapely.geometry.base import BaseGeometry

from geoharm import _crs, _limits
from geoharm._archives import ArchiveFault, opened_archive, read_entry
from geoharm.geo.outlines import RawShapes, ShapeFault, coordinates


class _Builder(ET.TreeBuilder):
    """Refuses a document type before anything in it, such as an entity, is read; and elements nested too deeply."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def doctype(self, name: str, pubid: str | None, system: str | None) -> NoReturn:  # noqa: ARG002
        msg = "it declares a document type, which KML has not; save it again"
        raise ShapeFault(msg)

    def start(self, tag: str, attrs: dict[str, str]) -> ET.Element:
        self._depth += 1
        if self._depth > _limits.NESTING.most:
            msg = f"it {_limits.too_deep('elements')}"
            raise ShapeFault(msg)
        return super().start(tag, attrs)

    def end(self, tag: str) -> ET.Element:
        self._depth -= 1
        return super().end(tag)


def check_elements(content: bytes) -> None:
    """Refuse XML with too many elements or coordinates, before it is parsed.

    Raises
    ------
    ShapeFault
    """
    for limit, found in (
        (_limits.XML_ELEMENTS, content.count(b"<")),
        (_limits.JSON_VALUES, content.count(b",")),
    ):
        if found > limit.most:
            msg = f"it {limit.refusal(found)}"
            raise ShapeFault(msg)


def read_kml(content: bytes) -> RawShapes:
    """Return the placemarks of a KML file; no entity and no link to other files is followed.

    Parameters
    ----------
    content : bytes
        The whole file.

    Raises
    ------
    ShapeFault
        If it is not KML, or a shape cannot be read.
    """
    check_elements(content)
    try:
        parser = ET.XMLParser(target=_Builder())  # noqa: S314
        parser.feed(content)
        root = parser.close()
    except ET.ParseError as error:
        line, character = error.position
        msg = f"it is not valid XML in line {line}, character {character + 1}; save it again"
        raise ShapeFault(msg) from None
    except (LookupError, ValueError) as error:
        if isinstance(error, ShapeFault):
            raise
        msg = "its encoding is not known; save it in utf-8"
        raise ShapeFault(msg) from None
    if _name(root) != "kml":
        msg = f'it is XML, but not KML: it begins with "{_name(root)}"'
        raise ShapeFault(msg)
    raw = RawShapes(_crs.LONLAT)
    placemarks = [element for element in root.iter() if _name(element) == "Placemark"]
    if not placemarks and any(_name(element) == "NetworkLink" for element in root.iter()):
        msg = "it only names the address of another file; open it and save the shapes themselves"
        raise ShapeFault(msg)
    for number, placemark in enumerate(placemarks, start=1):
        try:
            shapes = [shape for child in placemark for shape in _shapes(raw, child)]
        except ShapeFault as fault:
            msg = f"placemark {number}: {fault}" if len(placemarks) > 1 else str(fault)
            raise ShapeFault(msg) from None
        except RecursionError:
            msg = f"placemark {number} nests shapes too deeply; save it again"
            raise ShapeFault(msg) from None
        raw.add(shapes[0] if len(shapes) == 1 else shapely.GeometryCollection(shapes), _properties(placemark))
    return raw


def read_kmz(path: Path) -> RawShapes:
    """Return the placemarks of the KML file in a KMZ file.

    Raises
    ------
    ShapeFault
        If the archive is damaged or not to be trusted (`geoharm._archives`), or has no KML file or several of which none
        is called doc.kml.
    """
    try:
        with opened_archive(path) as archive:
            content = read_entry(archive, _only_kml(archive).filename, _limits.WHOLE_BYTES)
    except ArchiveFault as fault:
        msg = f"the archive {fault}"
        raise ShapeFault(msg) from fault
    return read_kml(content)


def _only_kml(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [member for member in archive.infolist() if member.filename.lower().endswith(".kml")]
    chosen = [member for member in members if member.filename.lower() == "doc.kml"] or members
    if len(chosen) != 1:
        msg = f"it holds {len(chosen) or 'no'} KML file{'s' if chosen else ''}; save the area as one KML file"
        raise ShapeFault(msg)
    return chosen[0]


def _name(element: ET.Element) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _shapes(raw: RawShapes, element: ET.Element) -> Iterator[BaseGeometry]:
    """Yield the shapes of an element that is one; none if it is something else."""
    kind = _name(element)
    if kind == "MultiGeometry":
        for child in element:
            yield from _shapes(raw, child)
    elif kind == "Polygon":
        polygon = raw.polygon([*_rings(element, "outerBoundaryIs"), *_rings(element, "innerBoundaryIs")])
        if not polygon.is_empty:
            yield polygon
    elif kind in ("LineString", "LinearRing", "Point"):
        places = coordinates(_coordinates(element))
        if len(places):
            yield shapely.Point(places[0]) if len(places) == 1 else shapely.LineString(places)


def _rings(polygon: ET.Element, boundary: str) -> list[list[list[float]]]:
    rings = [
        _coordinates(ring)
        for child in polygon
        if _name(child) == boundary
        for ring in child
        if _name(ring) == "LinearRing"
    ]
    return rings or ([[]] if boundary == "outerBoundaryIs" else [])


def _coordinates(element: ET.Element) -> list[list[float]]:
    """Return the points of ``longitude,latitude[,height]`` texts."""
    text = next((child.text or "" for child in element if _name(child) == "coordinates"), "")
    points = []
    for triple in text.split():
        try:
            points.append([float(number) for number in triple.split(",")])
        except ValueError:
            msg = f'"{triple[:40]}" is no point; KML writes longitude,latitude without a space'
            raise ShapeFault(msg) from None
    return points


def _properties(placemark: ET.Element) -> dict[str, Any]:
    """Return the name and the data of a placemark."""
    row: dict[str, Any] = {}
    for element in placemark.iter():
        kind, key = _name(element), element.get("name")
        if kind == "SimpleData" and key:
            row[key] = element.text
        elif kind == "Data" and key:
            row[key] = next((child.text for child in element if _name(child) == "value"), None)
    name = next((child.text for child in placemark if _name(child) == "name"), None)
    return row if name is None else {"name": name, **row}
