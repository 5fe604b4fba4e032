"""Reads the shapes of files that GDAL reads: GeoPackage, FlatGeobuf, Shapefile, and a zipped Shapefile."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geoharm import _crs, _limits
from geoharm.errors import DesignError
from geoharm.geo.outlines import RawShapes, ShapeFault
from geoharm.geo.vector_limits import check_count, check_geopackage, check_shapefile, check_size, shapefiles_in

# Most bytes of a point in well-known binary, beside the headers of its shapes.
_BYTES_OF_A_POINT = 16
_LEAST_POINTS = 4


def read_layer(path: Path, layer: str) -> RawShapes:
    """Return the features of a layer of a GeoPackage or FlatGeobuf file, or of a Shapefile.

    Parameters
    ----------
    path : Path
        Its first bytes have been found to be those of such a file.
    layer : str
        Empty for the only layer with shapes.

    Raises
    ------
    ShapeFault
        If the file cannot be read, or it has several layers and none, or another one, is named.
    """
    checks = {".shp": check_shapefile, ".gpkg": check_geopackage, ".fgb": check_size}
    checks[path.suffix.lower()](path)
    return _read(str(path), layer)


def read_zipped(path: Path, layer: str) -> RawShapes:
    """Return the features of a Shapefile in a zip; every Shapefile in it is a layer.

    Raises
    ------
    ShapeFault
        See `read_layer`; also if the archive is damaged or too large.
    """
    by_layer = shapefiles_in(path, with_attributes=False)
    chosen = choose_layer(list(by_layer), layer, what="Shapefile")
    return _read(f"/vsizip/{path}/{by_layer[chosen]}", "")


def choose_layer(layers: Sequence[str], layer: str, *, what: str = "layer with shapes") -> str:
    """Return the layer that is named, or the only one.

    Raises
    ------
    ShapeFault
        If there is no such layer, or several and none is named.
    """
    listed = ", ".join(f'"{name}"' for name in layers)
    if not layers:
        msg = f"it holds no {what}"
        raise ShapeFault(msg)
    if layer and layer not in layers:
        msg = f'it has no layer "{layer}"; it has {listed}'
        raise ShapeFault(msg)
    if not layer and len(layers) > 1:
        msg = f'it has {len(layers)} layers, {listed}; add the name of one to the file\'s, such as "|layername={layers[0]}"'
        raise ShapeFault(msg)
    return layer or layers[0]


def _read(source: str, layer: str) -> RawShapes:
    # With GDAL about a quarter of a second to import; a study of GeoJSON needs none of it.
    import pyogrio  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layers = [str(name) for name, kind in pyogrio.list_layers(source) if kind is not None]
            chosen = choose_layer(layers, layer)
            meta, _, wkb, columns = pyogrio.raw.read(
                source, layer=chosen, force_2d=True, max_features=_limits.RECORDS.most + 1
            )
    except ShapeFault:
        raise
    except Exception:  # GDAL and Arrow have dozens of errors; the block calls nothing else.
        msg = "it is damaged, cut short, or of another kind than its name says; save it again"
        raise ShapeFault(msg) from None
    check_count(len(wkb))
    if sum(len(text) for text in wkb if text is not None) > 2 * _BYTES_OF_A_POINT * _limits.POINTS.most:
        msg = f"it {_limits.POINTS.refusal()}"
        raise ShapeFault(msg)
    raw = RawShapes(_system(meta["crs"]))
    shapes = _valid_text(raw, np.asarray(wkb, dtype=object))
    names = [str(name) for name in meta["fields"]]
    whole = [str(kind).startswith("OFTInteger") for kind in meta["ogr_types"]]
    values = [_plain(column, is_whole=flag) for column, flag in zip(columns, whole, strict=True)]
    for index, shape in enumerate(shapes):
        raw.add(shape, {name: column[index] for name, column in zip(names, values, strict=True)})
    return raw


def _system(crs: str | None) -> str:
    if not crs:
        return ""
    try:
        return _crs.plain_name(crs)
    except DesignError:
        msg = "its coordinate system is not known; save it as GeoJSON in degrees"
        raise ShapeFault(msg) from None


def _valid_text(raw: RawShapes, wkb: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the shapes of well-known binary; outlines left open are closed and counted."""
    shapes = np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), dtype=object)
    is_open = np.array(
        [shape is None and text is not None for shape, text in zip(shapes, wkb, strict=True)], dtype=bool
    )
    shapes[is_open] = shapely.from_wkb(wkb[is_open], on_invalid="fix")
    raw.closed += int(is_open.sum())
    for number in np.flatnonzero(is_open).tolist():
        rings = shapely.get_rings(shapes[number]) if shapes[number] is not None else []
        if shapes[number] is None or (shapely.get_num_points(rings) < _LEAST_POINTS).any():
            msg = f"feature {number + 1}: an outline has fewer than three different points; an area needs three or more"
            raise ShapeFault(msg)
    places, feature = shapely.get_coordinates(shapes, return_index=True)
    faulty = ~np.isfinite(places).all(axis=1)
    if faulty.any():
        msg = f"feature {int(feature[faulty][0]) + 1}: a coordinate is not a finite number"
        raise ShapeFault(msg)
    return shapes


def _plain(column: NDArray[Any], *, is_whole: bool) -> list[Any]:
    """Return a column's values; whole numbers stay whole also where some of them are missing."""
    values: list[Any] = column.tolist()
    if not is_whole:
        return values
    return [None if isinstance(value, float) and math.isnan(value) else int(value) for value in values]
