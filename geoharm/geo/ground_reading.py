"""Reads the ground of a study: what of its files lies over the study area, told apart by kind, cut and simplified."""

from __future__ import annotations

import math
import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm import _crs, _limits
from geoharm._text import shown
from geoharm.errors import StudyError
from geoharm.geo.crossings import check_crossings
from geoharm.geo.ground_files import GroundFile, GroundLayer, open_ground
from geoharm.geo.ground_layouts.layouts import LayerRule, layout_of, shipped_layouts
from geoharm.geo.ground_layouts.schema import ANY
from geoharm.geo.outlines import ShapeFault
from geoharm.geo.shape_files import transformed
from geoharm.model.ground import STREETS, Ground, GroundKind, GroundShape

# Metres by which the study area's outline and the shapes are simplified, which no map shows.
_EDGE_TOLERANCE, _TOLERANCE = 10.0, 2.0
# Metres to which the points of vector tiles are rounded, which are no finer, so that pieces meet.
_TILE_STEP = 0.5
# Square metres under which water and green are left out: ponds and flower beds.
_LEAST_AREA = 400.0
_ROWS_AT_ONCE = 20_000
_LONGEST_NAME = 80
_LINE_KINDS = (*STREETS, GroundKind.RAILWAY)
_SHOWN_LAYERS = 8

Shapes = NDArray[np.object_]
# Kind, rank, name and whether it is drawn.
_Label = tuple[GroundKind, int, str, bool]


@dataclass(frozen=True, slots=True)
class DescribedLayer:
    """A layer of a ground file that the study describes itself.

    Attributes
    ----------
    file : Path
    rule : LayerRule
    """

    file: Path
    rule: LayerRule


def read_ground(
    paths: Sequence[Path], *, area: BaseGeometry, crs: str, described: Sequence[DescribedLayer] = ()
) -> Ground:
    """Return the ground of a study area.

    Parameters
    ----------
    paths : sequence of Path
    area : shapely geometry
        The study area, in `crs`: the ground ends at its edge.
    crs : str
    described : sequence of DescribedLayer
        Of a file named here only these layers are read; any other file must have a known layout.

    Raises
    ------
    StudyError
        If a file cannot be read, has no known layout or not the layer that is described, or holds nothing there.
    """
    frame = area.simplify(_EDGE_TOLERANCE)
    collected: dict[_Label, list[Shapes]] = defaultdict(list)
    credits_: list[str] = []
    for path in dict.fromkeys([*paths, *(layer.file for layer in described)]):
        own = [layer.rule for layer in described if layer.file == path]
        try:
            file = open_ground(path)
            credit, layers = _rules_of(file, own)
            found = _read_file(file, layers, frame, crs)
            for label, shapes in found.items():
                collected[label].append(shapes)
        except ShapeFault as fault:
            raise StudyError([f'the ground "{path.name}" cannot be used: {fault}.']) from None
        credits_ += [text for text in (file.credit or credit,) if text]
    return Ground(_joined(collected), tuple(dict.fromkeys(credits_)))


def _rules_of(
    file: GroundFile, own: Sequence[LayerRule]
) -> tuple[str, list[tuple[GroundLayer, tuple[LayerRule, ...]]]]:
    """Return the credit of a file's layout, and the rules of each layer that has one."""
    if own:
        for rule in own:
            _check_described(file, rule)
        rules = [(layer, tuple(rule for rule in own if rule.fits(layer.name, layer.columns))) for layer in file.layers]
        return "", [(layer, fitting) for layer, fitting in rules if fitting]
    layout = layout_of({layer.name: layer.columns for layer in file.layers})
    if layout is None:
        titles = ", ".join(layout.title for layout in shipped_layouts())
        msg = (
            f"it has none of the known layouts ({titles}); it has {_layers_text(file)}; say with "
            "[[publish.ground_layer]] which columns tell its streets, water and green"
        )
        raise ShapeFault(msg)
    rules = [(layer, layout.rules_for(layer.name, layer.columns)) for layer in file.layers]
    return layout.attribution, [(layer, fitting) for layer, fitting in rules if fitting]


def _check_described(file: GroundFile, rule: LayerRule) -> None:
    meant = [layer for layer in file.layers if rule.is_for(layer.name)]
    if not meant:
        msg = f'it has no layer "{", ".join(rule.layers)}"; it has {_layers_text(file)}'
        raise ShapeFault(msg)
    for columns in filter(None, (rule.columns, rule.names)):
        if not any(column.lower() in {has.lower() for has in layer.columns} for layer in meant for column in columns):
            msg = f'its layer "{meant[0].name}" has no column "{", ".join(columns)}"; it has {_columns_text(meant[0])}'
            raise ShapeFault(msg)


def _layers_text(file: GroundFile) -> str:
    texts = [f'"{shown(layer.name, most=60)}" ({_columns_text(layer)})' for layer in file.layers[:_SHOWN_LAYERS]]
    more = len(file.layers) - len(texts)
    return ", ".join(texts) + (f" and {more} more layers" if more else "")


def _columns_text(layer: GroundLayer) -> str:
    listed = ", ".join(shown(column, most=30) for column in layer.columns[:_SHOWN_LAYERS])
    return f"the columns {listed}" + ("…" if len(layer.columns) > _SHOWN_LAYERS else "") if listed else "no columns"


# -- reading ----------------------------------------------------------------------------------------------------------


def _read_file(
    file: GroundFile, layers: Sequence[tuple[GroundLayer, tuple[LayerRule, ...]]], frame: BaseGeometry, crs: str
) -> dict[_Label, Shapes]:
    found: dict[_Label, list[Shapes]] = defaultdict(list)
    points = 0
    for layer, rules in layers:
        if not layer.crs:
            msg = f'its layer "{layer.name}" does not say its coordinate system; save it as GeoPackage or GeoJSON'
            raise ShapeFault(msg)
        for shapes, labels in _read_layer(layer, rules, _box_in(frame, crs, layer.crs)):
            points += int(shapely.get_num_coordinates(shapes).sum())
            _check_count(points, _limits.GROUND_POINTS)
            moved = transformed(list(shapes), layer.crs, crs)
            for label, chosen in _grouped(labels).items():
                found[label].append(moved[chosen])
    cut = {label: _cut(np.concatenate(parts), label[0], frame) for label, parts in found.items()}
    cut = {label: shapes for label, shapes in cut.items() if shapes.size}
    if not cut:
        raise ShapeFault(_elsewhere(layers, crs, frame))
    if file.is_tiled:
        cut = {label: _without_seams(shapes, label[0]) for label, shapes in cut.items()}
    return cut


def _read_layer(
    layer: GroundLayer, rules: Sequence[LayerRule], box: tuple[float, float, float, float]
) -> Iterable[tuple[Shapes, list[_Label]]]:
    """Yield shapes of a layer that are of a kind, a part of the layer at a time."""
    import pyogrio  # noqa: PLC0415

    names = {column.lower(): column for column in layer.columns}
    needed = {rule.column_of(layer.columns) for rule in rules} | {
        names[column.lower()] for rule in rules for column in rule.names if column.lower() in names
    }
    columns = [column for column in layer.columns if column in needed]
    chosen = "" if layer.source.startswith("/vsizip/") else layer.name
    records = 0
    try:
        with (
            warnings.catch_warnings(),
            pyogrio.raw.open_arrow(
                layer.source, layer=chosen or None, columns=columns, bbox=box, batch_size=_ROWS_AT_ONCE,
                where=_has_kind(layer, rules), use_pyarrow=True,
            ) as (meta, reader),
        ):  # fmt: skip
            warnings.simplefilter("ignore")
            geometry = meta["geometry_name"] or "wkb_geometry"
            for batch in reader:
                records += batch.num_rows
                _check_count(records, _limits.RECORDS)
                values = {column: batch.column(column).to_pylist() for column in columns}
                labels = _labels(rules, layer.columns, values, batch.num_rows)
                of_a_kind = [index for index, label in enumerate(labels) if label is not None]
                wkb = batch.column(geometry).to_numpy(zero_copy_only=False)
                shapes = np.asarray(shapely.from_wkb(wkb[of_a_kind], on_invalid="ignore"), dtype=object)
                yield _usable(shapes, [label for label in labels if label is not None])
    except ShapeFault:
        raise
    except Exception:  # GDAL and Arrow have dozens of errors.
        msg = f'its layer "{layer.name}" is damaged or cut short; fetch it or save it again'
        raise ShapeFault(msg) from None


def _check_count(found: int, limit: _limits.Limit) -> None:
    if found > limit.most:
        msg = f"over the study area, it {limit.refusal()}"
        raise ShapeFault(msg)


def _has_kind(layer: GroundLayer, rules: Sequence[LayerRule]) -> str | None:
    """Return the condition that a feature has a value in a column that tells kinds apart; None if some need none."""
    columns = {rule.column_of(layer.columns) for rule in rules}
    if "" in columns:
        return None
    quoted = sorted('"{}"'.format(column.replace('"', '""')) for column in columns)
    return " OR ".join(f"{column} IS NOT NULL" for column in quoted)


def _labels(
    rules: Sequence[LayerRule], columns: Sequence[str], values: dict[str, list[Any]], rows: int
) -> list[_Label | None]:
    """Return kind, rank and name of every row by the first rule that has a kind for it; None for the others."""
    names = {column.lower(): column for column in columns}
    labels: list[_Label | None] = [None] * rows
    for rule in rules:
        column = rule.column_of(columns)
        texts = [values[names[name.lower()]] for name in rule.names if name.lower() in names]
        given = values[column] if column else [ANY] * rows
        for index, value in enumerate(given):
            if labels[index] is not None or value is None:
                continue
            kind = rule.kinds.get(str(value).lower()) or rule.kinds.get(ANY)
            if kind is not None:
                name = next((str(text[index]).strip() for text in texts if text[index] is not None), "")
                labels[index] = (*kind, name[:_LONGEST_NAME], not rule.names_only)
    return labels


def _usable(shapes: Shapes, labels: Sequence[_Label]) -> tuple[Shapes, list[_Label]]:
    """Return the shapes that are of the right dimension for their kind; places and outlines become points and areas."""
    kept = [
        index
        for index, (shape, label) in enumerate(zip(shapes, labels, strict=True))
        if shape is not None and not shape.is_empty and _dimension_fits(shape, label[0])
    ]
    chosen = shapes[kept]
    finite = np.array([bool(np.isfinite(shapely.get_coordinates(shape)).all()) for shape in chosen], dtype=bool)
    return shapely.force_2d(chosen[finite]), [labels[index] for index, fine in zip(kept, finite, strict=True) if fine]


def _dimension_fits(shape: BaseGeometry, kind: GroundKind) -> bool:
    dimension = shapely.get_dimensions(shape)
    if kind in _LINE_KINDS:
        return bool(dimension == 1)
    if kind is GroundKind.WATER:
        return bool(dimension in (1, 2))
    if kind is GroundKind.PLACE:
        return bool(dimension in (0, 2))
    return bool(dimension == 2)


def _grouped(labels: Sequence[_Label]) -> dict[_Label, list[int]]:
    groups: dict[_Label, list[int]] = defaultdict(list)
    for index, label in enumerate(labels):
        groups[label].append(index)
    return groups


def _box_in(frame: BaseGeometry, crs: str, target: str) -> tuple[float, float, float, float]:
    """Return the bounds of the frame in another coordinate system."""
    edge = shapely.segmentize(shapely.box(*frame.bounds), max(frame.length / 100, 1.0))
    moved = transformed([edge], crs, target)
    places = shapely.get_coordinates(moved)
    places = places[np.isfinite(places).all(axis=1)]
    if not len(places):
        msg = f'its coordinate system "{target[:60]}" has no place for the study area; take an extract of that area'
        raise ShapeFault(msg)
    (west, south), (east, north) = places.min(axis=0), places.max(axis=0)
    return float(west), float(south), float(east), float(north)


def _elsewhere(layers: Sequence[tuple[GroundLayer, tuple[LayerRule, ...]]], crs: str, frame: BaseGeometry) -> str:
    """Return the sentence about a file without ground in the study area: where it lies, if it says so."""
    boxes = [
        transformed([shapely.box(*layer.bounds)], layer.crs, _crs.LONLAT)[0] for layer, _ in layers if layer.bounds
    ]
    middle = transformed([frame.centroid], crs, _crs.LONLAT)[0]
    here = f"nothing of it lies in the study area (around {middle.x:.2f}, {middle.y:.2f})"
    if not boxes:
        return f"{here}; take an extract of that area"
    west, south, east, north = shapely.total_bounds(boxes).tolist()
    if not all(math.isfinite(number) for number in (west, south, east, north)):
        return f"{here}; take an extract of that area"
    return (
        f"{here}: it reaches from {west:.2f}, {south:.2f} to {east:.2f}, {north:.2f} (longitude, latitude); take an extract of "
        "that area"
    )


# -- cutting and joining ----------------------------------------------------------------------------------------------


def _cut(shapes: Shapes, kind: GroundKind, frame: BaseGeometry) -> Shapes:
    """Return what of the shapes lies in the frame."""
    if kind is GroundKind.PLACE:
        points = np.where(shapely.get_dimensions(shapes) == 2, shapely.point_on_surface(shapes), shapes)
        points = shapely.centroid(points)
        return np.asarray(points[shapely.intersects(frame, points)], dtype=object)
    flat = shapely.get_dimensions(shapes) == 2
    if flat.any():
        shapes = shapes.copy()
        check_crossings(list(shapes[flat]))
        shapes[flat] = shapely.make_valid(shapes[flat], method="structure", keep_collapsed=False)
    inside = shapely.clip_by_rect(shapes, *frame.bounds)
    edge = shapely.boundary(frame)
    shapely.prepare(edge)
    shapely.prepare(frame)
    crossing = shapely.intersects(edge, inside)
    inside[crossing] = shapely.intersection(inside[crossing], frame)
    inside = inside[~shapely.is_empty(inside) & (crossing | shapely.intersects(frame, inside))]
    parts = shapely.get_parts(inside)
    dimension = shapely.get_dimensions(parts)
    kept = (dimension == 2) | ((dimension == 1) & ((kind in _LINE_KINDS) | (kind is GroundKind.WATER)))
    return np.asarray(parts[kept], dtype=object)


def _without_seams(shapes: Shapes, kind: GroundKind) -> Shapes:
    """Return shapes that were cut at the edges of tiles so that they meet there; areas that meet become one."""
    if kind is GroundKind.PLACE:
        return shapes
    flat = shapely.get_dimensions(shapes) == 2
    lines = shapely.transform(shapes[~flat], lambda points: np.rint(points / _TILE_STEP) * _TILE_STEP)
    united = shapely.union_all(shapely.set_precision(shapes[flat], _TILE_STEP))
    areas = [part for part in shapely.get_parts([united]).tolist() if part.geom_type == "Polygon"]
    return np.concatenate([lines, np.array(areas, dtype=object)])


def _joined(collected: dict[_Label, list[Shapes]]) -> tuple[GroundShape, ...]:
    """Return the shapes in order: lines of one kind and name as one, small areas left out."""
    order = list(GroundKind)
    made: list[GroundShape] = []
    for label in sorted(collected, key=lambda one: (order.index(one[0]), one[1], one[2], not one[3])):
        kind, rank, name, drawn = label
        shapes = np.concatenate(collected[label])
        if kind is GroundKind.PLACE:
            places = sorted({(round(point.x), round(point.y)) for point in shapes})
            made += [GroundShape(kind, shapely.Point(place), name, rank) for place in places if name]
            continue
        flat = shapely.get_dimensions(shapes) == 2
        lines, areas = shapes[~flat], shapes[flat]
        if lines.size:
            merged = shapely.line_merge(shapely.multilinestrings(lines)).simplify(_TOLERANCE)
            made.append(GroundShape(kind, shapely.normalize(merged), name, drawn=drawn))
        if areas.size:
            large = areas[shapely.area(areas) >= _LEAST_AREA]
            simple = shapely.simplify(large, _TOLERANCE)
            by_place = np.lexsort(shapely.bounds(simple).T)
            made += [GroundShape(kind, area, name) for area in simple[by_place] if not area.is_empty]
    return tuple(made)
