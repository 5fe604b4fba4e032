"""Street lines from GeoJSON, GeoPackage or a zipped Shapefile, projected to segments in metres."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm import _limits
from geoharm.engines.base import Engine, Scratch
from geoharm.errors import DataError, QualityError
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.geocoding.addresses import read_address
from geoharm.ingest.readers.cells import cell_text
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.readers.library_errors import reading
from geoharm.ingest.readers.staging import MAX_REJECTED_SHARE, insert_rows, match_columns
from geoharm.ingest.readers.vector import check_frame, read_vector
from geoharm.model.geometry import StudyArea
from geoharm.model.ledger import QualityNote
from geoharm.model.streets import Streets, join_segments
from geoharm.queries.stored import stored_source

if TYPE_CHECKING:
    import geopandas

_CENTIMETRES = 100
_NO_NUMBERS = (-1, -1, -1, -1)
_NUMBER_FIELDS = ("left_from", "left_to", "right_from", "right_to")


@dataclass(frozen=True, slots=True)
class StreetLine:
    """One line of a file: a feature, or one part of a feature with several lines.

    Attributes
    ----------
    file : str
    line, part : int
        Number of the feature in its file, and of the part in its feature, from 1.
    points : ndarray, shape (n, 2)
        Metres in the study's coordinate system; empty if the line is rejected.
    reason : str
        Why the line is rejected; empty if it is kept.
    street : str
        Its name as addresses are compared; empty if the format reads none.
    numbers : tuple of int
        First and last house number on the left, then on the right side; -1 where there are none.
    """

    file: str
    line: int
    part: int
    points: NDArray[np.float64]
    reason: str = ""
    street: str = ""
    numbers: tuple[int, int, int, int] = _NO_NUMBERS


def read_lines(files: Sequence[InputFile], input_format: Format, area: StudyArea) -> list[StreetLine]:
    """Return every line of the files in order; lines that cannot be used have their reason.

    Raises
    ------
    DataError, QualityError
        If a file is refused.
    """
    all_lines: list[StreetLine] = []
    for input_file in files:
        is_geojson = input_format.container == "geojson"
        frame = _read_geojson(input_file) if is_geojson else read_vector(input_file, layer=input_format.layer)
        projected = frame.geometry.to_crs(area.crs)
        named = _names_and_numbers(input_file.name, frame, input_format)
        lines = [
            replace(line, street=street, numbers=numbers)
            for number, (original, shape, (street, numbers)) in enumerate(
                zip(frame.geometry, projected, named, strict=True), start=1
            )
            for line in _feature_lines(input_file.name, number, original, shape)
        ]
        rejected = [line for line in lines if line.reason]
        if len(rejected) > MAX_REJECTED_SHARE * len(lines):
            msg = (
                f'"{input_file.name}" does not look like street lines: {len(rejected):,} of {len(lines):,} cannot be used; '
                f"the first, feature {rejected[0].line}, {rejected[0].reason}. Nothing was read."
            )
            raise QualityError(msg)
        all_lines += lines
    return all_lines


def save_streets(scratch: Scratch, source: str, lines: Sequence[StreetLine], area: StudyArea) -> list[QualityNote]:
    """Fill ``new_street_line``, ``new_street_segment``, ``new_value_duplicate`` and ``new_value_reject``, and return notes.

    A line with the same vertices as an earlier line, in either direction, is its duplicate. A line that reaches into the
    study area is kept whole, since routes may lead outside the study area.

    Parameters
    ----------
    scratch : Scratch
    source : str
    lines : sequence of StreetLine
    area : StudyArea

    Raises
    ------
    QualityError
        If no line reaches the study area.
    """
    first_seen: dict[bytes, tuple[str, int]] = {}
    kept, segments, duplicates, repeated_vertices = [], [], [], 0
    rejects = [(line.file, line.line, "geometry", line.reason) for line in lines if line.reason]
    shapely.prepare(area.boundary)
    for line in lines:
        if line.reason:
            continue
        key = _vertex_key(line.points)
        if key in first_seen:
            duplicates.append((line.file, line.line, *first_seen[key]))
            continue
        first_seen[key] = (line.file, line.line)
        inside = shapely.intersects(area.boundary, shapely.LineString(line.points))
        place = "inside" if inside else "outside"
        kept.append((line.file, line.line, place, line.part, line.street, *line.numbers))
        for position, (start, end) in enumerate(itertools.pairwise(line.points.tolist())):
            if start == end:
                repeated_vertices += 1
            else:
                segments.append((line.file, line.line, line.part, position, *start, *end))
    if not any(place == "inside" for _, _, place, *_ in kept):
        msg = (
            f'No line of "{source}" reaches the study area. Check the study area and the coordinate system of the file.'
        )
        raise QualityError(msg)
    insert_rows(scratch, "new_street_line", kept)
    insert_rows(scratch, "new_street_segment", segments)
    insert_rows(scratch, "new_value_duplicate", duplicates)
    insert_rows(scratch, "new_value_reject", rejects)
    sentence = "vertices repeat the one before them and are left out"
    return [QualityNote("vertices", repeated_vertices, 0, sentence)] if repeated_vertices else []


def source_streets(engine: Engine, source: str) -> Streets:
    """Return the segments of a source in the order of its files, with their nodes numbered."""
    segments = engine.columns(
        f"""
        SELECT x0, y0, x1, y1 FROM {engine.table(f"street_segment_{stored_source(engine, source).state}")} AS s
        ORDER BY file, line, part, nth
        """
    )
    return join_segments(segments["x0"], segments["y0"], segments["x1"], segments["y1"])


def _names_and_numbers(
    name: str, frame: geopandas.GeoDataFrame, input_format: Format
) -> list[tuple[str, tuple[int, int, int, int]]]:
    """Return the street and the house numbers of every feature."""
    headers = [str(header) for header in frame.columns]
    columns = {
        key: [cell_text(value) or "" for value in frame[headers[index]].to_numpy(dtype=object)]
        for key, index in match_columns(name, headers, input_format).items()
    }
    if "name" not in columns:
        return [("", _NO_NUMBERS)] * len(frame)
    streets = [read_address(text).key for text in columns["name"]]
    if "left_from" not in columns:
        return [(street, _NO_NUMBERS) for street in streets]
    numbers = zip(*(map(_house_number, columns[key]) for key in _NUMBER_FIELDS), strict=True)
    return list(zip(streets, numbers, strict=True))


def _house_number(text: str) -> int:
    """Return a house number, -1 if the text begins with none."""
    found = re.match(r"\s*(\d{1,6})", text)
    return int(found.group(1)) if found else -1


def _read_geojson(source: InputFile) -> geopandas.GeoDataFrame:
    if not source.is_plain or source.is_gzip:
        msg = f'The file "{source.name}" is packed; unpack it first.'
        raise DataError(msg)
    content = source.content()
    if not content[:64].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        msg = f'The file "{source.name}" is not GeoJSON.'
        raise DataError(msg)
    parts = content.count(b"[") + content.count(b"{")
    if parts > _limits.JSON_PARTS.most:
        msg = f'The file "{source.name}" {_limits.JSON_PARTS.refusal(parts)}.'
        raise DataError(msg)
    # With pandas about a second to import, and few studies have streets.
    import geopandas  # noqa: PLC0415

    # The driver is named so that formats that can read other files are not tried.
    with reading(source, " as GeoJSON"):
        frame = geopandas.read_file(f"GeoJSON:{source.path}", engine="pyogrio")
    return check_frame(source, frame)


def _feature_lines(
    file: str, number: int, original: BaseGeometry | None, projected: BaseGeometry | None
) -> list[StreetLine]:
    """Return the lines of a feature, or one rejected line."""
    no_points = np.empty((0, 2))
    if original is None or projected is None or original.is_empty:
        return [StreetLine(file, number, 1, no_points, "has no geometry")]
    if original.geom_type not in ("LineString", "MultiLineString"):
        return [StreetLine(file, number, 1, no_points, "is not a line")]
    lines = []
    for part, (original_part, projected_part) in enumerate(
        zip(shapely.get_parts(original), shapely.get_parts(projected), strict=True), start=1
    ):
        points = shapely.get_coordinates(projected_part)
        if not np.isfinite(shapely.get_coordinates(original_part)).all():
            reason = "has a coordinate that is not a number"
        elif not np.isfinite(points).all():
            reason = "has a coordinate that its system cannot place"
        elif not (points[1:] != points[:-1]).any():
            reason = "has no length"
        else:
            reason = ""
        lines.append(StreetLine(file, number, part, no_points if reason else points, reason))
    return lines


def _vertex_key(points: NDArray[np.float64]) -> bytes:
    """Return a key that is equal for two lines with the same vertices, to the centimetre, in either direction."""
    rounded = np.round(points * _CENTIMETRES).astype(np.int64)
    return min(rounded.tobytes(), rounded[::-1].tobytes())
