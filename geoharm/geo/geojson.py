"""Reads the shapes of GeoJSON and of Esri JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geoharm import _crs, _limits
from geoharm._json import TOO_DEEP, JsonFault, check_json, parse_json
from geoharm._text import shown
from geoharm.errors import DesignError
from geoharm.geo.crossings import check_crossings
from geoharm.geo.outlines import RawShapes, ShapeFault, coordinates, listed, mended

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ESRI_SHAPES = ("rings", "paths", "points", "x")


def read_json(content: bytes) -> RawShapes:
    """Return the features of a GeoJSON or Esri JSON file.

    Parameters
    ----------
    content : bytes
        The whole file.

    Raises
    ------
    ShapeFault
        If it is neither, or a shape cannot be read.
    """
    data = _load(content)
    if data.get("type") == "Topology":
        msg = "it is TopoJSON; save it as GeoJSON"
        raise ShapeFault(msg)
    if _is_esri(data):
        return _read_esri(data)
    raw = RawShapes(_stated_crs(data))
    features = [data]
    if data.get("type") == "FeatureCollection":
        features = list(listed(data.get("features")))
    elif data.get("type") != "Feature":
        features = [{"type": "Feature", "geometry": data}]
    _add_features(raw, features, lambda feature: _geometry(raw, feature.get("geometry")), "properties")
    return raw


def _load(content: bytes) -> dict[str, Any]:
    encoding = "utf-16" if content.startswith(_UTF16) else "utf-8-sig"
    try:
        text = content.decode(encoding)
        check_json(text, parts=_limits.AREA_JSON_PARTS)
        data = parse_json(text)
    except UnicodeError:
        msg = "it is not utf-8 text; save it in utf-8"
        raise ShapeFault(msg) from None
    except json.JSONDecodeError as error:
        msg = f"it is not valid JSON in line {error.lineno}, character {error.colno}; save it again"
        raise ShapeFault(msg) from None
    except JsonFault as fault:
        msg = f"it {fault}"
        raise ShapeFault(msg) from None
    if not isinstance(data, dict):
        msg = "it is JSON, but not GeoJSON"
        raise ShapeFault(msg)
    return data


def _add_features(
    raw: RawShapes, features: list[Any], shape_of: Callable[[Mapping[str, Any]], BaseGeometry | None], properties: str
) -> None:
    for number, feature in enumerate(features, start=1):
        if not isinstance(feature, dict):
            msg = f"feature {number} is not a GeoJSON feature"
            raise ShapeFault(msg)
        try:
            shape = shape_of(feature)
        except (ShapeFault, RecursionError) as error:
            fault = f"it {TOO_DEEP}" if isinstance(error, RecursionError) else str(error)
            msg = f"feature {number}: {fault}" if len(features) > 1 else fault
            raise ShapeFault(msg) from None
        row = feature.get(properties)
        raw.add(shape, row if isinstance(row, dict) else {})


def _geometry(raw: RawShapes, value: object) -> BaseGeometry | None:
    """Return the shape of a GeoJSON geometry; None if there is none."""
    if value is None:
        return None
    if not isinstance(value, dict):
        msg = "its geometry is not a GeoJSON geometry"
        raise ShapeFault(msg)
    kind = value.get("type")
    if kind == "GeometryCollection":
        parts = [_geometry(raw, part) for part in _few(value.get("geometries"))]
        return shapely.GeometryCollection([part for part in parts if part is not None and not part.is_empty])
    makers: dict[object, Callable[[object], BaseGeometry]] = {
        "Polygon": raw.polygon,
        "MultiPolygon": lambda parts: _parts(map(raw.polygon, _few(parts)), shapely.MultiPolygon),
        "LineString": _line,
        "MultiLineString": lambda parts: _parts(map(_line, _few(parts)), shapely.MultiLineString),
        "Point": _point,
        "MultiPoint": _points,
    }
    if not isinstance(kind, str) or kind not in makers:
        name = shown(kind, most=40) if isinstance(kind, str) else ""
        msg = f'"{name}" is not a kind of GeoJSON geometry' if name else "it is JSON, but not GeoJSON"
        raise ShapeFault(msg)
    return makers[kind](value.get("coordinates"))


def _few(parts: object) -> Sequence[Any]:
    """Return a list of parts, none of which has been made yet.

    Raises
    ------
    ShapeFault
        If it is no list, or has more parts than a file may.
    """
    found = len(listed(parts))
    if found > _limits.SHAPES.most:
        msg = f"it {_limits.SHAPES.refusal(found)}"
        raise ShapeFault(msg)
    return listed(parts)


def _parts(parts: Any, whole: Callable[[list[BaseGeometry]], BaseGeometry]) -> BaseGeometry:
    return whole([part for part in parts if not part.is_empty])


def _line(points: object) -> BaseGeometry:
    places = coordinates(points)
    if len(places) == 1:
        return shapely.Point(places[0])
    return shapely.LineString(places)


def _point(point: object) -> BaseGeometry:
    return shapely.Point(coordinates([point])[0]) if listed(point) else shapely.Point()


def _points(points: object) -> BaseGeometry:
    """Return several points, or the only one as a point."""
    places = coordinates(points)
    return shapely.Point(places[0]) if len(places) == 1 else shapely.MultiPoint(places)


def _stated_crs(data: Mapping[str, Any]) -> str:
    """Return the system that the member ``crs`` names; degrees if there is none."""
    member = data.get("crs")
    if member is None:
        return _crs.LONLAT
    properties = member.get("properties", {}) if isinstance(member, dict) else {}
    name = properties.get("name") if isinstance(properties, dict) else None
    if isinstance(properties, dict) and name is None and "code" in properties:
        name = f"EPSG:{properties['code']}"
    if not isinstance(name, str):
        msg = 'its member "crs" names no coordinate system; save it as GeoJSON in degrees'
        raise ShapeFault(msg)
    return _known_crs(name)


def _known_crs(name: str) -> str:
    try:
        return _crs.plain_name(name)
    except DesignError:
        msg = f'its coordinate system "{name}" is not known; save it as GeoJSON in degrees'
        raise ShapeFault(msg) from None


def _is_esri(data: Mapping[str, Any]) -> bool:
    features = data.get("features")
    first = features[0] if isinstance(features, list) and features else None
    return any(key in data for key in ("geometryType", "spatialReference", "rings", "curveRings")) or (
        isinstance(first, dict) and "attributes" in first
    )


def _read_esri(data: dict[str, Any]) -> RawShapes:
    features = list(listed(data["features"])) if "features" in data else [{"geometry": data}]
    first = features[0] if features and isinstance(features[0], dict) else {}
    geometry = first.get("geometry")
    reference = data.get("spatialReference") or (
        geometry.get("spatialReference") if isinstance(geometry, dict) else None
    )
    raw = RawShapes(_esri_crs(reference))
    _add_features(raw, features, lambda feature: _esri_shape(raw, feature.get("geometry")), "attributes")
    return raw


def _esri_crs(reference: object) -> str:
    """Return the system of a spatial reference; empty if there is none."""
    if not isinstance(reference, dict):
        return ""
    number = reference.get("latestWkid") or reference.get("wkid")
    if number is not None:
        try:
            return _crs.plain_name(f"EPSG:{number}")
        except DesignError:
            return _known_crs(f"ESRI:{number}")
    text = reference.get("wkt2") or reference.get("wkt")
    return _known_crs(text) if isinstance(text, str) else ""


def _esri_shape(raw: RawShapes, value: object) -> BaseGeometry | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not any(key in value for key in _ESRI_SHAPES):
        kind = next((key for key in value if key.startswith("curve")), "") if isinstance(value, dict) else ""
        msg = "it holds curves; save it as GeoJSON" if kind else "its geometry is not an Esri JSON geometry"
        raise ShapeFault(msg)
    if "rings" in value:
        return _esri_polygon(raw, value["rings"])
    if "paths" in value:
        return _parts(map(_line, _few(value["paths"])), shapely.MultiLineString)
    if "points" in value:
        return _points(value["points"])
    return _point([value["x"], value.get("y")])


def _esri_polygon(raw: RawShapes, rings: object) -> BaseGeometry:
    """Return the ground of a list of rings: outer ones run with the clock, holes against it."""
    outlines = [outline for ring in _few(rings) if len(outline := raw.outline(ring))]
    polygons = [shapely.Polygon(outline) for outline in outlines]
    is_hole = np.array([shapely.is_ccw(polygon.exterior) for polygon in polygons], dtype=bool)
    if is_hole.all():
        # A file whose rings all run the wrong way has no hole that could be told.
        is_hole[:] = False
    check_crossings(polygons)
    grounds = [mended(polygon) for polygon in polygons]
    ground = shapely.union_all([polygon for polygon, hole in zip(grounds, is_hole, strict=True) if not hole])
    cut_out = [polygon for polygon, hole in zip(grounds, is_hole, strict=True) if hole]
    return shapely.difference(ground, shapely.union_all(cut_out)) if cut_out else ground
