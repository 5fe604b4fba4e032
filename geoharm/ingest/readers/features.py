"""Features: records with properties and a place, as GeoJSON, Esri JSON and KML hold them, on their way to ``stage``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from geoharm import _crs
from geoharm.engines.base import Scratch
from geoharm.errors import DataError
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.readers.staging import StagedRows, StageWriter, is_broken_text, needed_fields

NOT_A_POINT = "has a geometry that is not a point"
SEVERAL_POINTS = "has a geometry of several points"
Coordinate: TypeAlias = str | None
Place: TypeAlias = tuple[Coordinate, Coordinate]
NO_PLACE: Place = (None, None)
_SWAPPED_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Feature:
    """One record of a file.

    Attributes
    ----------
    number : int
        Its line in a file of lines, else its position in the file, from 1.
    properties : mapping of str to object
    place : tuple of (str or None, str or None)
        Coordinates as text, east (longitude) first; None where the record has no place.
    fault : str
        Why the record cannot be used, as the end of a sentence that begins with it; empty if it can.
    """

    number: int
    properties: Mapping[str, Any]
    place: Place = NO_PLACE
    fault: str = ""

    @classmethod
    def at(cls, number: int, properties: Mapping[str, Any], place: Place | str) -> Feature:
        """Return a record at a place, or with the reason why its geometry is none."""
        return cls(number, properties, fault=place) if isinstance(place, str) else cls(number, properties, place)


@dataclass(frozen=True, slots=True)
class FeatureFile:
    """The records of one file.

    Attributes
    ----------
    features : sequence of Feature
    crs : str
        The coordinate system that the file states; empty if it states none.
    has_places : bool
        Whether the records have geometries; if not, coordinates can only be properties.
    notes : tuple of str
        What the file says about itself that a reader should know.
    open_end : int
        The last line if the file ends in the middle of it; else 0.
    """

    features: Sequence[Feature]
    crs: str = ""
    has_places: bool = True
    notes: tuple[str, ...] = field(default=())
    open_end: int = 0


def stage_features(scratch: Scratch, source: InputFile, input_format: Format, content: FeatureFile) -> StagedRows:
    """Put the records of a file into ``stage``, their places in the format's coordinate system.

    Raises
    ------
    DataError
        If there are none, a needed property is missing, or the file's coordinate system cannot be true.
    """
    features = content.features
    if not features:
        msg = f'The file "{source.name}" has no features.'
        raise DataError(msg)
    keys = _keys(source, input_format, features)
    places = _places(source, input_format, content)
    writer = StageWriter(scratch, (*keys, "longitude", "latitude") if content.has_places else tuple(keys))
    for feature, place in zip(features, places, strict=True):
        try:
            values = [_text(feature.properties.get(key)) for key in keys.values()]
        except (RecursionError, ValueError):  # Python writes no whole number of more digits.
            writer.reject(feature.number, "has a value that is no text or number of usual size")
            continue
        if feature.fault:
            writer.reject(feature.number, feature.fault)
        elif any(value is not None and is_broken_text(value) for value in values):
            writer.reject(feature.number, "has characters that are not text")
        else:
            writer.keep(feature.number, [*values, *place] if content.has_places else values)
    return writer.close(notes=content.notes, open_end=content.open_end)


def property_names(features: Sequence[Feature]) -> tuple[str, ...]:
    """Return the names of all properties, in the order in which they occur."""
    names: dict[str, None] = {}
    for feature in features:
        names |= dict.fromkeys(map(str, feature.properties))
    return tuple(names)


def lonlat_places(source: InputFile, content: FeatureFile) -> tuple[tuple[float, float], ...]:
    """Return the places of a file in its system's degrees, or as they stand where it states no system."""
    numbers = _numbers(content.features)
    located = numbers[np.isfinite(numbers).all(axis=1)]
    if content.crs and not _crs.is_same(content.crs, _crs.LONLAT):
        _check_stated(source, content.crs, located)
        located = np.column_stack(_crs.transform(*located.T, source=content.crs, target=_crs.LONLAT))
    return tuple((float(x), float(y)) for x, y in located)


def place_of(x: object, y: object) -> Place:
    """Return two coordinates as text; what is no number stays as it is written, to be rejected as such."""
    return _coordinate(x), _coordinate(y)


def known_crs(source: InputFile, name: str) -> str:
    """Return the code of a coordinate system that a file states.

    Raises
    ------
    DataError
        If it is not known.
    """
    code = _crs.code_of(name)
    if not code or not _crs.is_known(code):
        msg = (
            f'"{source.name}" states the coordinate system "{name[:80]}", which is not known. Save the file in longitude and '
            "latitude, or correct what it states; nothing was read."
        )
        raise DataError(msg)
    return code


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _coordinate(value: object) -> Coordinate:
    if value is None or isinstance(value, str):
        return value
    return repr(value)


def _keys(source: InputFile, input_format: Format, features: Sequence[Feature]) -> dict[str, str]:
    """Return the property of each declared field that some feature has."""
    present = set(property_names(features))
    keys: dict[str, str] = {}
    for name, headers in input_format.columns.items():
        key = next((header for header in headers if header in present), None)
        if key is not None:
            keys[name] = key
        elif name in needed_fields(input_format):
            msg = f'No feature of "{source.name}" has the property "{headers[0]}" that the format declares.'
            raise DataError(msg)
    return keys


def _places(source: InputFile, input_format: Format, content: FeatureFile) -> Sequence[Place]:
    """Return the places of all features in the format's coordinate system."""
    as_written = [feature.place for feature in content.features]
    numbers = _numbers(content.features)
    is_located = np.isfinite(numbers).all(axis=1)
    crs = content.crs or input_format.crs
    if content.crs and not _crs.is_same(content.crs, input_format.crs):
        # A format's own system is degrees if it names none, so only another one contradicts the file.
        if input_format.crs != _crs.LONLAT:
            msg = (
                f'"{source.name}" states that its coordinates are {content.crs}, and the format "{input_format.name}" that they '
                f"are {input_format.crs}. Correct location.crs in the format, or the file; nothing was read."
            )
            raise DataError(msg)
        _check_stated(source, content.crs, numbers[is_located])
    _check_axis_order(source, crs, numbers[is_located])
    if _crs.is_same(crs, input_format.crs):
        return as_written
    x, y = _crs.transform(*numbers[is_located].T, source=crs, target=input_format.crs)
    moved = iter(zip(map(repr, x.tolist()), map(repr, y.tolist()), strict=True))
    return [next(moved) if located else place for located, place in zip(is_located, as_written, strict=True)]


def _check_stated(source: InputFile, crs: str, located: np.ndarray[Any, np.dtype[np.float64]]) -> None:
    """Refuse a file that states metres or feet and holds degrees."""
    if len(located) and not _crs.is_in_degrees(crs) and (np.abs(located) <= (180.0, 90.0)).all():
        msg = (
            f'"{source.name}" states that its coordinates are {crs}, but all of them look like degrees. Correct what the file '
            "states, or take it out of the file; nothing was read."
        )
        raise DataError(msg)


def _check_axis_order(source: InputFile, crs: str, located: np.ndarray[Any, np.dtype[np.float64]]) -> None:
    """Refuse a file whose places can only be what its system covers if the second coordinate goes east."""
    if not len(located):
        return
    x, y = located.T
    if _crs.share_in_use(x, y, crs) < 1 - _SWAPPED_SHARE and _crs.share_in_use(y, x, crs) >= _SWAPPED_SHARE:
        order = "latitude before longitude" if _crs.is_in_degrees(crs) else "northing before easting"
        msg = (
            f'The geometries of "{source.name}" have {order}: in that order they would lie where {crs} is used. Save the file '
            "with the coordinate that goes east first; nothing was read."
        )
        raise DataError(msg)


def _numbers(features: Sequence[Feature]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the coordinates as numbers, shape (n, 2); NaN where they are none."""
    pairs = [[_number(coordinate) for coordinate in feature.place] for feature in features]
    return np.array(pairs, dtype=np.float64).reshape(-1, 2)


def _number(text: Coordinate) -> float:
    try:
        return float(text) if text is not None else float("nan")
    except ValueError:
        return float("nan")
