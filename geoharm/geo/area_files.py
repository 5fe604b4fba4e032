"""Area files: reads areas, place names and context lines in the study's projection, and says what was mended."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm import _crs
from geoharm.errors import DesignError, StudyError
from geoharm.geo.crossings import check_crossings
from geoharm.geo.outlines import ShapeFault
from geoharm.geo.polygons import is_sound, joined, polygonal
from geoharm.geo.shape_files import FileShapes, cannot_be_used, file_of, read_shapes, swapped
from geoharm.geo.street_ground import street_ground
from geoharm.model.area_counts import Areas
from geoharm.model.geometry import Site

# Closed gaps of less than this share of an area change no answer, and are not mentioned.
_LEAST_SHARE_SAID = 1e-4
# Square metres; an outline around less is a line or a point that was drawn as an area.
_LEAST_AREA = 1.0


@dataclass(frozen=True, slots=True)
class ReadArea:
    """An area as a file draws it.

    Attributes
    ----------
    geometry : shapely geometry
        Polygon or multipolygon in metres of `crs`.
    crs : str
    crs_note : str
        That the coordinate system was chosen here; empty if it was given.
    notes : tuple of str
        What was mended or left out, each as a sentence.
    """

    geometry: BaseGeometry
    crs: str
    crs_note: str = ""
    notes: tuple[str, ...] = ()


def read_area(
    path: Path,
    crs: str | None,
    *,
    name: str,
    inside: BaseGeometry | None = None,
    drawn: Sequence[BaseGeometry] = (),
) -> ReadArea:
    """Return the union of a file's polygons.

    Parameters
    ----------
    path : Path
        See `geoharm.geo.shape_files.read_shapes`.
    crs : str or None
        The study's coordinate system; None chooses the local UTM zone.
    name : str
        What the area is, for sentences.
    inside : shapely geometry, optional
        The study area, in `crs`: an area that lies in it only with its coordinates exchanged is refused.
    drawn : sequence of shapely geometry
        Other areas of the study, in `crs`, which it will be compared with.

    Raises
    ------
    StudyError
        If the file cannot be read, has no polygon, or its coordinates do not fit the coordinate system.
    """
    shapes = read_shapes(path, name)
    _check_has_ground(shapes, name)
    crs_note = ""
    if crs is None:
        west, south, east, north = _lonlat_bounds(shapes)
        try:
            crs = _crs.local_utm((west + east) / 2, (south + north) / 2)
        except DesignError as error:
            raise StudyError([f"{shapes.file}: {error}"]) from error
        crs_note = f"No crs was given; the local UTM zone {crs} was chosen."
    _check_place(shapes, crs, name, inside)
    moved = shapes.within(crs)
    _check_overlay(moved, name, [*drawn, *([] if inside is None else [inside])])
    grounds = [polygonal(shape) for shape in moved.shapes]
    union, added = joined([ground for ground in grounds if ground is not None])
    if union.area < _LEAST_AREA:
        raise StudyError([f"{shapes.file}: the outline of the {name} encloses no area; draw it again."])
    return ReadArea(union, crs, crs_note, _area_notes(shapes, name, grounds, union, added))


def read_street(
    path: Path,
    crs: str,
    *,
    width: float,
    name: str,
    inside: BaseGeometry | None = None,
    drawn: Sequence[BaseGeometry] = (),
) -> ReadArea:
    """Return the ground of the lines of a file: all that lies within half a width of them.

    Parameters
    ----------
    path : Path
        See `geoharm.geo.shape_files.read_shapes`.
    crs : str
        The study's coordinate system.
    width : float
        In metres.
    name : str
        What the street is, for sentences.
    inside, drawn
        As for `read_area`.

    Raises
    ------
    StudyError
        If the file cannot be read, has no line, or its coordinates do not fit the coordinate system.
    """
    shapes = read_shapes(path, name)
    _check_has_lines(shapes, name)
    _check_place(shapes, crs, name, inside)
    moved = shapes.within(crs)
    lines = [line for shape in moved.shapes if shape is not None for line in _lines(shape)]
    ground = street_ground(shapely.union_all(lines), width)
    check = FileShapes(shapes.file, crs, (ground,), ({},))
    _check_overlay(check, name, [*drawn, *([] if inside is None else [inside])])
    left_out = sum(shape is None or not _lines(shape) for shape in moved.shapes)
    notes = (f"{shapes.file}, {name}: {_count(left_out, 'feature')} without a line left out.",) if left_out else ()
    return ReadArea(ground, crs, "", notes)


def read_areas(paths: Sequence[Path], crs: str, *, column: str, inside: BaseGeometry | None = None) -> Areas:
    """Return the areas of one or several files, each with its code and its outline.

    Features with the same code are merged into one area. Invalid polygons are repaired. Features without a code or
    without a polygon are left out. The notes of the result give the number of each.

    Parameters
    ----------
    paths : sequence of Path
        See `geoharm.geo.shape_files.read_shapes`.
    crs : str
        The study's coordinate system.
    column : str
        The property that contains the code.
    inside : shapely geometry, optional
        The study area, in `crs`: files that lie in it only with their coordinates exchanged are refused.

    Raises
    ------
    StudyError
        If a file cannot be read or has no such property, or no area is left.
    """
    grounds_of_code: dict[str, list[BaseGeometry]] = {}
    unusable, repaired, merged, closed = 0, 0, 0, 0
    for path in paths:
        shapes = read_shapes(path, "areas")
        codes = shapes.column(column, subject="area")
        _check_not_exchanged(shapes, crs, "file of areas", inside)
        closed += shapes.closed
        moved = shapes.within(crs)
        _check_overlay(moved, "areas", [] if inside is None else [inside])
        for code, shape in zip(codes, moved.shapes, strict=True):
            code_text, ground = _code_text(code), polygonal(shape)
            if not code_text or shape is None or ground is None:
                unusable += 1
                continue
            repaired += not is_sound(shape)
            merged += code_text in grounds_of_code
            grounds_of_code.setdefault(code_text, []).append(ground)
    if not grounds_of_code:
        raise StudyError([f'{file_of(paths[0].name)}: no feature has both a polygon and a "{column}".'])
    count_labels = (
        (unusable, "features of the area file without a code or a polygon, left out"),
        (closed, "outlines in the area file that were not closed, closed"),
        (repaired, "invalid outlines in the area file, repaired"),
        (merged, "features with the code of an earlier feature, merged into one area"),
    )
    notes = tuple(f"{label}: {count:,}" for count, label in count_labels if count)
    areas = {
        code: grounds[0] if len(grounds) == 1 else joined(grounds)[0]
        for code, grounds in sorted(grounds_of_code.items())
    }
    return Areas(tuple(areas), tuple(areas.values()), notes)


def read_numbered_shapes(
    path: Path, crs: str, *, column: str, inside: BaseGeometry
) -> tuple[tuple[BaseGeometry, ...], NDArray[np.float64]]:
    """Return every shape of a file with the number in one of its columns, zero or more.

    Parameters
    ----------
    path : Path
    crs : str
    column : str
    inside : shapely geometry
        The study area, in `crs`, by which the shapes will be cut.

    Raises
    ------
    StudyError
        If the file cannot be read, has no such column, or a number is missing or negative.
    """
    shapes = read_shapes(path, "people").within(crs)
    column_values = shapes.column(column, subject="shape")
    _check_overlay(shapes, "people", [inside])
    pairs = [(shape, value) for shape, value in zip(shapes.shapes, column_values, strict=True) if shape is not None]
    numbers = np.array([_to_number(value) for _, value in pairs], dtype=np.float64)
    invalid = ~np.isfinite(numbers) | (numbers < 0)
    if invalid.any():
        value = pairs[int(np.flatnonzero(invalid)[0])][1]
        raise StudyError(
            [f'{shapes.file}: "{column}" must be a number of zero or more for every shape; {int(invalid.sum()):,} are not, '
             f'the first is "{value}".']
        )  # fmt: skip
    return tuple(polygonal(shape) or _only_part(shape) for shape, _ in pairs), numbers


def read_place_names(path: Path, crs: str) -> tuple[Site, ...]:
    """Return the points of a file with their names, from the column ``name``."""
    shapes = read_shapes(path, "place names")
    labels = shapes.column("name", subject="place")
    points = [
        (label, _only_part(shape))
        for label, shape in zip(labels, shapes.within(crs).shapes, strict=True)
        if shape is not None
    ]
    return tuple(
        Site(str(label), float(point.x), float(point.y)) for label, point in points if point.geom_type == "Point"
    )


def read_context_lines(path: Path, crs: str) -> BaseGeometry:
    """Return the lines of a file and the outlines of its polygons, for orientation on maps."""
    shapes = [shape for shape in read_shapes(path, "context").within(crs).shapes if shape is not None]
    lines = [shape.boundary if "Polygon" in shape.geom_type else shape for shape in shapes]
    return shapely.union_all([line for line in lines if "Line" in line.geom_type])


def file_hash(path: Path) -> str:
    """Return the SHA-256 of an area, ground or study file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check_overlay(shapes: FileShapes, label: str, others: Sequence[BaseGeometry]) -> None:
    """Refuse shapes whose outlines cross those of other areas so often that comparing them would not end."""
    if not others:
        return
    try:
        check_crossings([*shapes.shapes, *others])
    except ShapeFault as fault:
        raise cannot_be_used(shapes.file, label, f"together with the areas read before it, {fault}") from None


def _polygon_bounds(shapes: FileShapes, crs: str) -> tuple[float, float, float, float]:
    """Return the bounds of the features that have a polygon, else a line; a pin far away says nothing about the area."""
    given = [(shape, _kinds(shape)) for shape in shapes.shapes if shape is not None]
    kind = "polygon" if any("polygon" in kinds for _, kinds in given) else "line"
    return shapes.bounds(crs, [shape for shape, kinds in given if kind in kinds])


def _lonlat_bounds(shapes: FileShapes) -> tuple[float, float, float, float]:
    bounds = _polygon_bounds(shapes, _crs.LONLAT)
    if not np.isfinite(bounds).all():
        raise StudyError(
            [f'{shapes.file}: its coordinates have no place in the coordinate system "{shapes.crs[:60]}".']
        )
    return bounds


def _check_has_ground(shapes: FileShapes, name: str) -> None:
    """Refuse a file that holds only lines or points, by what it holds."""
    kinds = {part for shape in shapes.shapes if shape is not None for part in _kinds(shape)}
    if "polygon" in kinds:
        return
    held = "lines" if "line" in kinds else "points"
    remedy = (
        "draw the outline of the ground along it, such as a street with its pavements and doorways"
        + (f'; or write target = {{ line = "{shapes.file}", width = 30 }}' if name == "target area" else "")
        if held == "lines"
        else "draw the outline around them"
    )
    raise StudyError([f"{shapes.file}: the {name} is drawn as {held}, which have no area; {remedy}."])


def _check_has_lines(shapes: FileShapes, name: str) -> None:
    """Refuse a file without lines, by what it holds."""
    kinds = {part for shape in shapes.shapes if shape is not None for part in _kinds(shape)}
    if "line" not in kinds:
        held = "an area" if "polygon" in kinds else "points"
        raise StudyError(
            [f"{shapes.file}: the {name} is drawn as {held}; a street is drawn as a line. An area stands without line and width."]
        )  # fmt: skip


def _lines(shape: BaseGeometry) -> list[BaseGeometry]:
    """Return the lines among the parts of a shape."""
    if hasattr(shape, "geoms"):
        return [line for part in shape.geoms for line in _lines(part)]
    return [shape] if "Line" in shape.geom_type and not shape.is_empty else []


def _check_place(shapes: FileShapes, crs: str, name: str, inside: BaseGeometry | None) -> None:
    """Refuse shapes outside the reach of the study's system, or in the study area only with exchanged coordinates."""
    try:
        _crs.check_area_of_use(crs, *_lonlat_bounds(shapes))
    except DesignError as error:
        if _lies_in_reach(swapped(shapes), crs):
            raise StudyError(
                [f'{shapes.file}: the {name} lies in the reach of "{crs}" only with latitude and longitude exchanged; longitude '
                 "must come first. Save it again."]
            ) from error  # fmt: skip
        raise StudyError([f"{shapes.file}: {error}"]) from error
    _check_not_exchanged(shapes, crs, name, inside)


def _check_not_exchanged(shapes: FileShapes, crs: str, name: str, inside: BaseGeometry | None) -> None:
    """Refuse shapes that lie in the study area only with exchanged coordinates."""
    if inside is None or _overlaps(shapes, crs, inside):
        return
    if _overlaps(swapped(shapes), crs, inside):
        raise StudyError(
            [f"{shapes.file}: the {name} lies in the study area only with its two coordinates exchanged; longitude (east) "
             "must come first. Save it again."]
        )  # fmt: skip


def _lies_in_reach(shapes: FileShapes, crs: str) -> bool:
    bounds = _polygon_bounds(shapes, _crs.LONLAT)
    if not np.isfinite(bounds).all() or abs(bounds[1]) > 90 or abs(bounds[3]) > 90:
        return False
    try:
        _crs.check_area_of_use(crs, *bounds)
    except DesignError:
        return False
    return True


def _overlaps(shapes: FileShapes, crs: str, inside: BaseGeometry) -> bool:
    west, south, east, north = _polygon_bounds(shapes, crs)
    if not np.isfinite((west, south, east, north)).all():
        return False
    return bool(shapely.box(west, south, east, north).intersects(inside))


def _area_notes(
    shapes: FileShapes, name: str, grounds: Sequence[BaseGeometry | None], union: BaseGeometry, added: float
) -> tuple[str, ...]:
    """Return a sentence for each thing that was mended or left out."""
    drawn = [
        shape for shape, ground in zip(shapes.shapes, grounds, strict=True) if shape is not None and ground is not None
    ]
    crossing = sum(not is_sound(shape) for shape in drawn)
    left_out = sum(ground is None for ground in grounds)
    km2 = union.area / 1e6
    notes = []
    if shapes.closed:
        notes.append(f"{_count(shapes.closed, 'outline')} left open; the last point was joined to the first")
    if crossing:
        notes.append(
            f"{_count(crossing, 'shape')} drawn with outlines that cross; the ground that they enclose was taken, so that the {name} "
            f"measures {km2:,.3g} km\u00b2"
        )
    if left_out:
        notes.append(f"{_count(left_out, 'feature')} without an area, such as points, lines or empty shapes, left out")
    if added >= _LEAST_SHARE_SAID * union.area:
        notes.append(f"gaps between its parts were closed; they make up {100 * added / union.area:.2g} % of the {name}")
    return tuple(f"{shapes.file}, {name}: {note}." for note in notes)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _kinds(shape: BaseGeometry) -> set[str]:
    """Return which of polygon, line and point a shape is made of."""
    if hasattr(shape, "geoms"):
        return {kind for part in shape.geoms for kind in _kinds(part)}
    return {"polygon" if "Polygon" in shape.geom_type else "line" if "Line" in shape.geom_type else "point"}


def _only_part(shape: BaseGeometry) -> BaseGeometry:
    """Return the part of a shape that has only one."""
    parts: Sequence[BaseGeometry] = getattr(shape, "geoms", ())
    return _only_part(parts[0]) if len(parts) == 1 else shape


def _code_text(code: object) -> str:
    return "" if code is None or code != code else str(code).strip()  # noqa: PLR0124 NaN


def _to_number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return float("nan")
