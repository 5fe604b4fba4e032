"""Reads the shapes of files that GDAL reads: GeoPackage, FlatGeobuf, Shapefile, and a zipped Shapefile."""

from __future__ import annotations

import math
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geoharm import _crs
from geoharm.errors import DesignError
from geoharm.geo.kml import DAMAGED_ARCHIVE
from geoharm.geo.outlines import RawShapes, ShapeFault

# An archive of more unpacked bytes holds more than outlines of areas.
MAX_UNPACKED_BYTES = 1_000_000_000
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
    if path.suffix.lower() == ".shp":
        _check_complete(path)
    return _read(str(path), layer)


def read_zipped(path: Path, layer: str) -> RawShapes:
    """Return the features of a Shapefile in a zip; every Shapefile in it is a layer.

    Raises
    ------
    ShapeFault
        See `read_layer`; also if the archive is damaged or too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            names = [member.filename for member in members if member.filename.lower().endswith(".shp")]
            names = [name for name in names if not name.startswith("__MACOSX/")]
            damaged = archive.testzip() if sum(member.file_size for member in members) <= MAX_UNPACKED_BYTES else ""
    except DAMAGED_ARCHIVE:
        damaged, names, members = "all", [], []
    if damaged == "":
        msg = f"it unpacks to more than {MAX_UNPACKED_BYTES // 1_000_000:,} MB; save only the area"
        raise ShapeFault(msg)
    if damaged is not None:
        msg = "the archive is damaged, cut short or has a password; fetch or save it again"
        raise ShapeFault(msg)
    by_layer = {Path(name).stem: name for name in names}
    chosen = choose_layer(list(by_layer), layer, what="Shapefile")
    others = {member.filename.lower() for member in members}
    if f"{by_layer[chosen][:-4]}.shx".lower() not in others:
        msg = f'the file "{chosen}.shx" is missing in it; put all files called "{chosen}" into the archive'
        raise ShapeFault(msg)
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


def _check_complete(path: Path) -> None:
    """Refuse a Shapefile of which a part is missing without which nothing can be read."""
    parts = {other.suffix.lower() for other in path.parent.iterdir() if other.stem == path.stem}
    if ".shx" not in parts:
        msg = f'the file "{path.stem}.shx" that belongs to it is missing; copy all files called "{path.stem}" together'
        raise ShapeFault(msg)


def _read(source: str, layer: str) -> RawShapes:
    # With GDAL about a quarter of a second to import; a study of GeoJSON needs none of it.
    import pyogrio  # noqa: PLC0415
    from pyogrio.errors import DataLayerError, DataSourceError  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layers = [str(name) for name, kind in pyogrio.list_layers(source) if kind is not None]
            chosen = choose_layer(layers, layer)
            meta, _, wkb, columns = pyogrio.raw.read(source, layer=chosen, force_2d=True)
    except ShapeFault:
        raise
    except (DataSourceError, DataLayerError, ValueError):
        msg = "it is damaged, cut short, or of another kind than its name says; save it again"
        raise ShapeFault(msg) from None
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
