"""Street lines from GeoJSON, GeoPackage or a zipped Shapefile, in any coordinate system, as segments in metres."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataSourceError
from shapely.geometry.base import BaseGeometry

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.errors import DataError, QualityError
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.quality_notes import save_note
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.readers.staging import MAX_REJECTED, REJECT_COLUMNS, insert_rows
from geoharm.ingest.readers.tabular import check_frame, read_vector
from geoharm.model.geometry import StudyArea
from geoharm.model.ledger import QualityNote
from geoharm.model.streets import Streets, join_segments

_CENTIMETRES = 100


@dataclass(frozen=True, slots=True)
class StreetLine:
    """One line of a file: a feature, or a part of one with several.

    Attributes
    ----------
    file : str
    line, part : int
        Number of the feature in its file, and of the part in its feature, from 1.
    points : ndarray, shape (n, 2)
        Metres in the study's system; empty if it is rejected.
    reason : str
        Why it is rejected; empty if it is kept.
    """

    file: str
    line: int
    part: int
    points: NDArray[np.float64]
    reason: str = ""


def read_lines(files: Sequence[InputFile], input_format: Format, area: StudyArea) -> list[StreetLine]:
    """Return every line of the files, in order, those that cannot be used with their reason.

    Raises
    ------
    DataError, QualityError
        If a file is refused.
    """
    found: list[StreetLine] = []
    for source in files:
        frame = _read_geojson(source) if input_format.container == "geojson" else read_vector(source)
        moved = frame.geometry.to_crs(area.crs)
        lines = [
            line
            for number, (given, shape) in enumerate(zip(frame.geometry, moved, strict=True), start=1)
            for line in _parts(source.name, number, given, shape)
        ]
        bad = [line for line in lines if line.reason]
        if len(bad) > MAX_REJECTED * len(lines):
            msg = (
                f'"{source.name}" does not look like street lines: {len(bad):,} of {len(lines):,} cannot be used; '
                f"the first, feature {bad[0].line}, {bad[0].reason}. Nothing was read."
            )
            raise QualityError(msg)
        found += lines
    return found


def save_streets(
    connection: duckdb.DuckDBPyConnection, source: str, lines: Sequence[StreetLine], area: StudyArea
) -> None:
    """Fill ``tidy.street_line``, ``tidy.street_segment``, ``tidy.duplicate`` and ``tidy.reject``.

    A line with the same vertices as one before it, in either direction, is its duplicate. A line that reaches into the
    study area is kept whole: the way round may lead outside.

    Raises
    ------
    QualityError
        If no line reaches the study area.
    """
    first: dict[bytes, tuple[str, int]] = {}
    kept, segments, duplicates, standing = [], [], [], 0
    rejects = [(source, line.file, line.line, "geometry", line.reason) for line in lines if line.reason]
    shapely.prepare(area.boundary)
    for line in lines:
        if line.reason:
            continue
        key = _vertices(line.points)
        if key in first:
            duplicates.append((source, line.file, line.line, *first[key]))
            continue
        first[key] = (line.file, line.line)
        inside = shapely.intersects(area.boundary, shapely.LineString(line.points))
        kept.append((source, line.file, line.line, "inside" if inside else "outside", line.part))
        for nth, (one, two) in enumerate(itertools.pairwise(line.points.tolist())):
            if one == two:
                standing += 1
            else:
                segments.append((source, line.file, line.line, line.part, nth, *one, *two))
    if not any(place == "inside" for _, _, _, place, _ in kept):
        msg = (
            f'No line of "{source}" reaches the study area. Check the study area and the coordinate system of the file.'
        )
        raise QualityError(msg)
    insert_rows(connection, "tidy.street_line", kept)
    insert_rows(connection, "tidy.street_segment", segments)
    insert_rows(connection, "tidy.duplicate", duplicates)
    insert_rows(connection, REJECT_COLUMNS, rejects)
    if standing:
        save_note(
            connection,
            source,
            QualityNote("vertices", standing, 0, "vertices stand twice in a row and are left out once"),
        )


def source_streets(engine: DuckDBEngine, source: str) -> Streets:
    """Return the segments of a source in the order of its files, with their nodes numbered."""
    found = engine.connection.execute(
        "SELECT x0, y0, x1, y1 FROM tidy.street_segment WHERE source = ? ORDER BY file, line, part, nth", [source]
    ).fetchnumpy()
    return join_segments(found["x0"], found["y0"], found["x1"], found["y1"])


def _read_geojson(source: InputFile) -> geopandas.GeoDataFrame:
    if not source.is_plain or source.is_gzip:
        msg = f'The file "{source.name}" is packed; unpack it first.'
        raise DataError(msg)
    with source.path.open("rb") as probe:
        start = probe.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith(b"{"):
        msg = f'The file "{source.name}" is not GeoJSON.'
        raise DataError(msg)
    try:
        # Naming the driver keeps formats out that look like the file but read other files.
        frame = geopandas.read_file(f"GeoJSON:{source.path}", engine="pyogrio")
    except (DataSourceError, ValueError) as error:
        msg = f'The file "{source.name}" cannot be read: {str(error).splitlines()[0][:200]}.'
        raise DataError(msg) from error
    return check_frame(source, frame)


def _parts(file: str, number: int, given: BaseGeometry | None, shape: BaseGeometry | None) -> list[StreetLine]:
    """Return a feature's lines, or one reject."""
    nothing = np.empty((0, 2))
    if given is None or shape is None or given.is_empty:
        return [StreetLine(file, number, 1, nothing, "has no geometry")]
    if given.geom_type not in ("LineString", "MultiLineString"):
        return [StreetLine(file, number, 1, nothing, "is not a line")]
    lines = []
    for part, (before, after) in enumerate(
        zip(shapely.get_parts(given), shapely.get_parts(shape), strict=True), start=1
    ):
        points = shapely.get_coordinates(after)
        if not np.isfinite(shapely.get_coordinates(before)).all():
            reason = "has a coordinate that is not a number"
        elif not np.isfinite(points).all():
            reason = "has a coordinate that its system cannot place"
        elif not (points[1:] != points[:-1]).any():
            reason = "has no length"
        else:
            reason = ""
        lines.append(StreetLine(file, number, part, nothing if reason else points, reason))
    return lines


def _vertices(points: NDArray[np.float64]) -> bytes:
    """Return what two lines share that run through the same vertices, to the centimetre, in either direction."""
    rounded = np.round(points * _CENTIMETRES).astype(np.int64)
    return min(rounded.tobytes(), rounded[::-1].tobytes())
