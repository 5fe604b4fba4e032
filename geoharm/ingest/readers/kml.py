"""KML and KMZ: placemarks with their extended data, read by the standard XML parser.

A document type is refused: with it, a file could name other files, or grow a thousandfold as it is read.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from geoharm import _limits
from geoharm._archives import CHUNK
from geoharm.errors import DataError
from geoharm.ingest.readers.features import NO_PLACE, NOT_A_POINT, SEVERAL_POINTS, Feature, FeatureFile, Place, place_of
from geoharm.ingest.readers.input_files import InputFile

_CRS = "OGC:CRS84"
# Texts of a placemark that are properties, unless its extended data have the same name.
_TEXTS = ("name", "description", "address", "when", "begin", "end")
_SHAPES = ("Point", "LineString", "LinearRing", "Polygon", "Model", "Track", "MultiTrack")


def read_kml(source: InputFile) -> FeatureFile:
    """Return the placemarks of a KML file, whatever the folders in it; each is numbered by its position.

    Raises
    ------
    DataError
        If it is not KML, is cut short, or has a document type.
    """
    placemarks = _Placemarks(source)
    try:
        with source.open() as stream:
            read = 0
            while chunk := stream.read(CHUNK):
                read += len(chunk)
                if read > _limits.WHOLE_BYTES.most:
                    msg = f'The file "{source.name}" {_limits.WHOLE_BYTES.refusal()}.'
                    raise DataError(msg)
                placemarks.parser.Parse(chunk)
            placemarks.parser.Parse(b"", True)  # noqa: FBT003 -- the parser takes no keywords
    except expat.ExpatError as error:
        if error.code in (expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS], *_CUT_CODES):
            msg = f'The file "{source.name}" ends in the middle, in line {error.lineno}: it was cut short; fetch it again.'
            raise DataError(msg) from error
        msg = f'The file "{source.name}" is not valid KML (line {error.lineno}, character {error.offset + 1}); export it again.'
        raise DataError(msg) from error
    except (LookupError, ValueError) as error:
        msg = f'The file "{source.name}" is in an encoding that is not known; save it in utf-8.'
        raise DataError(msg) from error
    if placemarks.root != "kml":
        msg = f'The file "{source.name}" is XML, but not KML.'
        raise DataError(msg)
    return FeatureFile(placemarks.features, _CRS)


_CUT_CODES = tuple(
    expat.errors.codes[name]
    for name in (
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
)


@dataclass
class _Placemarks:
    """What the parser has found so far; only one placemark at a time is kept as a tree."""

    source: InputFile
    features: list[Feature] = field(default_factory=list)
    root: str = ""
    depth: int = 0
    elements: int = 0
    builder: Any = None
    opened_at: int = 0

    def __post_init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = self._refuse_document_type

    def _refuse_document_type(self, *_: object) -> None:
        msg = f'The file "{self.source.name}" has a document type (<!DOCTYPE), which can name other files; it is not read.'
        raise DataError(msg)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rsplit(" ", 1)[-1]
        self.root = self.root or local
        self.depth += 1
        self.elements += 1
        if self.depth > _limits.NESTING.most:
            msg = f'The file "{self.source.name}" {_limits.too_deep("elements")}.'
            raise DataError(msg)
        if self.elements > _limits.XML_ELEMENTS.most:
            msg = f'The file "{self.source.name}" {_limits.XML_ELEMENTS.refusal()}.'
            raise DataError(msg)
        if self.builder is None and local == "Placemark":
            self.builder, self.opened_at = ET.TreeBuilder(), self.depth
        if self.builder is not None:
            self.builder.start(local, attributes)

    def _end(self, name: str) -> None:
        if self.builder is not None:
            self.builder.end(name.rsplit(" ", 1)[-1])
            if self.depth == self.opened_at:
                if len(self.features) == _limits.RECORDS.most:
                    msg = f'The file "{self.source.name}" {_limits.RECORDS.refusal()}.'
                    raise DataError(msg)
                self.features.append(_placemark(len(self.features) + 1, self.builder.close()))
                self.builder = None
        self.depth -= 1

    def _characters(self, text: str) -> None:
        if self.builder is not None:
            self.builder.data(text)


def _placemark(number: int, element: ET.Element) -> Feature:
    return Feature.at(number, _properties(element), _place(element))


def _properties(element: ET.Element) -> dict[str, str | None]:
    properties: dict[str, str | None] = {}
    for name in _TEXTS:
        found = element.find(name if name in ("name", "description", "address") else f"*/{name}")
        if found is not None:
            properties[name] = _content(found)
    if identifier := element.get("id"):
        properties["id"] = identifier
    for data in element.iter("Data"):
        properties[data.get("name", "")] = _content(data.find("value"))
    for data in element.iter("SimpleData"):
        properties[data.get("name", "")] = _content(data)
    return properties


def _content(element: ET.Element | None) -> str | None:
    """Return an element's text without surrounding spaces; None if there is none."""
    return ((element.text or "").strip() or None) if element is not None else None


def _place(element: ET.Element) -> Place | str:
    """Return the coordinates of a placemark, None where it has none; or the reason why they cannot be used."""
    shapes = [shape for kind in _SHAPES for shape in element.iter(kind)]
    if not shapes:
        return NO_PLACE
    if any(shape.tag != "Point" for shape in shapes):
        return NOT_A_POINT
    texts = {_content(shape.find("coordinates")) or "" for shape in shapes}
    if len(texts) > 1:
        return SEVERAL_POINTS
    text = texts.pop()
    if not text:
        return NO_PLACE
    parts = text.split(",")
    return place_of(parts[0].strip(), parts[1].strip()) if len(parts) >= 2 else (text, text)
