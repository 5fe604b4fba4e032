"""JSON files: GeoJSON (also one feature a line), Esri JSON, and plain records.

They are read with the standard JSON parser. No geographic driver is used, since it would open any format that the file
claims to be.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from geoharm import _limits
from geoharm._json import TOO_DEEP, JsonFault, check_json, parse_json
from geoharm.errors import DataError
from geoharm.ingest.readers.features import (
    NO_PLACE,
    NOT_A_POINT,
    SEVERAL_POINTS,
    Feature,
    FeatureFile,
    Place,
    known_crs,
    place_of,
)
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.readers.staging import encoding_error

_NAMES = {"geojson": "GeoJSON", "esri-json": "Esri JSON", "json": "plain JSON records"}
# The sign before each text of a sequence (RFC 8142).
_RECORD_SEPARATOR = "\x1e"
_LIMIT_NOTE = "the server says that it has more rows than it sent (exceededTransferLimit); fetch the rest"
_NO_JSON = object()
_MOST_SHOWN = 120


def read_json(source: InputFile, container: str = "") -> tuple[str, FeatureFile]:
    """Return the kind of a JSON file and its records.

    Parameters
    ----------
    source : InputFile
    container : str
        The kind that it must be: "geojson", "esri-json" or "json"; empty for any.

    Returns
    -------
    container : str
    content : FeatureFile

    Raises
    ------
    DataError
        If it is not JSON, is cut short, is of another kind, or is the error message of a server.
    """
    text = _decoded(source)
    try:
        check_json(text, parts=_limits.JSON_PARTS)
        records = _lines(text)
        if records is None:
            found, content = _document(source, _parsed(source, text, container))
        else:
            found, content = _sequence(records, is_closed=text.endswith("\n"))
    except (JsonFault, RecursionError) as error:
        fault = TOO_DEEP if isinstance(error, RecursionError) else error
        msg = f'The file "{source.name}" {fault}.'
        raise DataError(msg) from error
    if len(content.features) > _limits.RECORDS.most:
        msg = f'The file "{source.name}" {_limits.RECORDS.refusal(len(content.features))}.'
        raise DataError(msg)
    if container and found != container:
        if not found:
            msg = f'The file "{source.name}" is JSON, but not {_required(container)}.'
            raise DataError(msg)
        msg = f'"{source.name}" is {_NAMES[found]}, not {_NAMES[container]}; write container = "{found}" in its format.'
        raise DataError(msg)
    if not found:
        msg = f'The file "{source.name}" is JSON, but not {_required("geojson")}, Esri JSON or a list of records.'
        raise DataError(msg)
    return found, content


def _required(container: str) -> str:
    return "a GeoJSON FeatureCollection" if container == "geojson" else _NAMES[container]


def _decoded(source: InputFile) -> str:
    content = source.content()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise encoding_error(source, "utf-8", remedy="GeoJSON must be utf-8: save it in utf-8") from error


def _parsed(source: InputFile, text: str, container: str) -> Any:
    """Return the one JSON document of a text."""
    name = _NAMES.get(container, "JSON")
    try:
        return parse_json(text)
    except json.JSONDecodeError as error:
        stripped = text.rstrip()
        if stripped[:1] in "{[" and (error.pos >= len(stripped) or stripped[-1:] not in "}]"):
            msg = f'The file "{source.name}" ends in the middle, in line {stripped.count(chr(10)) + 1}: it was cut short; fetch it again.'
            raise DataError(msg) from error
        msg = f'The file "{source.name}" is not valid {name} (line {error.lineno}, character {error.colno}); export it again.'
        raise DataError(msg) from error


def _lines(text: str) -> list[tuple[int, Any]] | None:
    """Return the records of a file that holds one on each line, with their lines; None if it is one document."""
    # Without an argument, `lstrip` takes the separator away too.
    start = text.lstrip(" \t\r\n")
    is_sequence = start.startswith(_RECORD_SEPARATOR)
    first_line, _, rest = start.partition("\n")
    if not is_sequence:
        first = _line_value(first_line) if rest.strip() else None
        # A collection has all its features in itself; what comes after it is damage.
        if not isinstance(first, dict) or isinstance(first.get("features"), list):
            return None
    count = text.count("\n")
    if count > _limits.RECORDS.most:
        raise JsonFault(_limits.RECORDS.refusal(count))
    lines = ((number, line.strip(" \t\r" + _RECORD_SEPARATOR)) for number, line in enumerate(text.split("\n"), start=1))
    return [(number, _line_value(line)) for number, line in lines if line]


def _line_value(line: str) -> Any:
    try:
        return parse_json(line)
    except (ValueError, JsonFault):
        return _NO_JSON


def _sequence(records: Sequence[tuple[int, Any]], *, is_closed: bool) -> tuple[str, FeatureFile]:
    """Return the kind and the content of a file with one record on each line."""
    documents = [record for _, record in records if record is not _NO_JSON]
    is_geojson = any(isinstance(document, dict) and document.get("type") == "Feature" for document in documents)
    read = _geojson_feature if is_geojson else _plain_record
    features = [
        Feature(line, {}, fault="is not valid JSON") if record is _NO_JSON else read(line, record)
        for line, record in records
    ]
    open_end = 0 if is_closed or records[-1][1] is not _NO_JSON else records[-1][0]
    return ("geojson" if is_geojson else "json"), FeatureFile(features, has_places=is_geojson, open_end=open_end)


def _document(source: InputFile, document: Any) -> tuple[str, FeatureFile]:
    """Return the kind and the content of one JSON document; an empty kind if it is none that can be read."""
    if isinstance(document, dict):
        _refuse_error_message(source, document)
        features = document.get("features")
        if isinstance(features, list):
            if document.get("type") != "FeatureCollection" and _is_esri(document, features):
                return "esri-json", _esri(source, document, features)
            numbered = [_geojson_feature(number, feature) for number, feature in enumerate(features, start=1)]
            return "geojson", FeatureFile(numbered, _stated_crs(source, document), notes=_limit_notes(document))
        if document.get("type") == "Feature":
            return "geojson", FeatureFile([_geojson_feature(1, document)], _stated_crs(source, document))
    if isinstance(document, list) and document and all(isinstance(record, dict) for record in document):
        records = list(enumerate(document, start=1))
        return _sequence(records, is_closed=True)
    return "", FeatureFile(())


def _refuse_error_message(source: InputFile, document: dict[str, Any]) -> None:
    """Refuse what a server answers where it cannot give data."""
    error = document.get("error")
    if not error or "features" in document:
        return
    told = error.get("message") if isinstance(error, dict) else document.get("message", error)
    msg = f'The file "{source.name}" is the error message of a server ("{str(told)[:_MOST_SHOWN]}"), not data; fetch it again.'
    raise DataError(msg)


def _limit_notes(document: dict[str, Any]) -> tuple[str, ...]:
    properties = document.get("properties")
    inner = properties.get("exceededTransferLimit") if isinstance(properties, dict) else None
    return (_LIMIT_NOTE,) if document.get("exceededTransferLimit") is True or inner is True else ()


# -- GeoJSON ----------------------------------------------------------------------------------------------------------


def _stated_crs(source: InputFile, document: dict[str, Any]) -> str:
    """Return the coordinate system that the member ``crs`` names; empty if there is none.

    The member is of the specification of 2008; that of 2016 (RFC 7946) knows degrees only, and files go on having it.
    """
    member = document.get("crs")
    if member is None:
        return ""
    properties = member.get("properties") if isinstance(member, dict) else None
    stated = (properties.get("name") or properties.get("code")) if isinstance(properties, dict) else None
    if isinstance(stated, int):
        stated = f"EPSG:{stated}"
    if not isinstance(stated, str):
        msg = (
            f'"{source.name}" has a member "crs" that names no coordinate system. Take it out of the file, or write its EPSG '
            "code in it; nothing was read."
        )
        raise DataError(msg)
    return known_crs(source, stated)


def _geojson_feature(number: int, feature: Any) -> Feature:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return Feature(number, {}, fault="is not a GeoJSON feature")
    properties = feature.get("properties")
    return Feature.at(number, properties if isinstance(properties, dict) else {}, _point(feature.get("geometry")))


def _point(geometry: Any) -> Place | str:
    """Return a geometry's coordinates, None where it has none; or the reason why they cannot be used.

    A geometry of one point is a point, and an empty geometry is no place.
    """
    if geometry is None:
        return NO_PLACE
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    parts = geometry.get("geometries" if kind == "GeometryCollection" else "coordinates") if kind else None
    if not isinstance(parts, list) or (parts and kind not in ("Point", "MultiPoint", "GeometryCollection")):
        return NOT_A_POINT
    if kind == "Point" and parts:
        return NO_PLACE if len(parts) < 2 or parts[:2] == [None, None] else place_of(parts[0], parts[1])
    return _one_of([_point(part if kind == "GeometryCollection" else _bare_point(part)) for part in parts])


def _bare_point(coordinates: Any) -> dict[str, Any]:
    return {"type": "Point", "coordinates": coordinates}


def _one_of(places: Sequence[Place | str]) -> Place | str:
    """Return the one place of the parts of a geometry, or the reason why there are several or none."""
    faults = [place for place in places if isinstance(place, str)]
    located = {place for place in places if not isinstance(place, str)} - {NO_PLACE}
    if faults:
        return faults[0]
    return SEVERAL_POINTS if len(located) > 1 else located.pop() if located else NO_PLACE


# -- Esri JSON --------------------------------------------------------------------------------------------------------


def _is_esri(document: dict[str, Any], features: Sequence[Any]) -> bool:
    has_attributes = any(isinstance(feature, dict) and "attributes" in feature for feature in features[:1])
    return has_attributes or "geometryType" in document or "spatialReference" in document


def _esri(source: InputFile, document: dict[str, Any], features: Sequence[Any]) -> FeatureFile:
    stated = document.get("spatialReference")
    inner = [_esri_reference(feature) for feature in features]
    if stated is None:
        stated = next((reference for reference in inner if reference is not None), None)
    crs = _esri_crs(source, stated)
    numbered = []
    for number, (feature, reference) in enumerate(zip(features, inner, strict=True), start=1):
        if reference is not None and reference != stated and _esri_crs(source, reference) != crs:
            numbered.append(Feature(number, {}, fault="states another coordinate system than its file"))
        else:
            numbered.append(_esri_feature(number, feature))
    return FeatureFile(numbered, crs, notes=_limit_notes(document))


def _esri_reference(feature: Any) -> Any:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    return geometry.get("spatialReference") if isinstance(geometry, dict) else None


def _esri_crs(source: InputFile, reference: Any) -> str:
    """Return the coordinate system of a spatial reference; its numbers are those of EPSG, the others Esri's own."""
    if reference is None:
        return ""
    codes = [reference.get(key) for key in ("latestWkid", "wkid")] if isinstance(reference, dict) else []
    numbers = [code for code in codes if isinstance(code, int)]
    if not numbers:
        msg = (
            f'"{source.name}" states its coordinate system without a number (spatialReference.wkid). Save the file in longitude '
            "and latitude (wkid 4326); nothing was read."
        )
        raise DataError(msg)
    errors = []
    for number in numbers:
        for authority in ("EPSG", "ESRI"):
            try:
                return known_crs(source, f"{authority}:{number}")
            except DataError as error:
                errors.append(error)
    raise errors[0]


def _esri_feature(number: int, feature: Any) -> Feature:
    if not isinstance(feature, dict) or not isinstance(feature.get("attributes"), dict):
        return Feature(number, {}, fault="is not an Esri feature with attributes")
    return Feature.at(number, feature["attributes"], _esri_point(feature.get("geometry")))


def _esri_point(geometry: Any) -> Place | str:
    """Return the coordinates of a geometry; an empty point has null or "NaN" (ArcGIS REST API, "Geometry objects")."""
    if geometry is None or geometry == {}:
        return NO_PLACE
    if isinstance(geometry, dict) and isinstance(points := geometry.get("points"), list):
        return _one_of([_point(_bare_point(point)) for point in points])
    if not isinstance(geometry, dict) or "x" not in geometry:
        return NOT_A_POINT
    x, y = geometry.get("x"), geometry.get("y")
    return NO_PLACE if x in (None, "NaN") and y in (None, "NaN") else place_of(x, y)


# -- plain records ----------------------------------------------------------------------------------------------------


def _plain_record(number: int, record: Any) -> Feature:
    if not isinstance(record, dict):
        return Feature(number, {}, fault="is not a record with names")
    return Feature(number, record)
