"""Layers of maps: palette images, outlines in longitude and latitude, and outlines in pixels."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile
from shapely.geometry.base import BaseGeometry

from geoharm import _crs
from geoharm.disclosure.released import ClassedImage, Release
from geoharm.report import palette

_DECIMALS = 5


def palette_png(image: ClassedImage) -> bytes:
    """Return a classed image as a PNG with one byte per pixel; class 0 is transparent."""
    colours = {0: (255, 255, 255, 0)}
    colours |= {
        index: (*palette.rgb(colour), 255) for index, colour in enumerate(palette.SCHEMES[image.scheme], start=1)
    }
    rows, columns = image.classes.shape
    with warnings.catch_warnings(), MemoryFile() as memory:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        options = {"driver": "PNG", "width": columns, "height": rows, "count": 1, "dtype": "uint8", "zlevel": 6}
        with memory.open(**options) as dataset:
            dataset.write(image.classes, 1)
            dataset.write_colormap(1, colours)
        return bytes(memory.read())


def data_uri(png: bytes) -> str:
    """Return a PNG as a data URI."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def to_lonlat(geometry: BaseGeometry, crs: str, *, tolerance: float = 0.0) -> dict[str, Any]:
    """Return a GeoJSON geometry in degrees, rounded to about a metre.

    Parameters
    ----------
    geometry : shapely geometry
        In metres of `crs`.
    crs : str
    tolerance : float
        Metres by which the outline may be simplified first.
    """
    simplified = geometry.simplify(tolerance) if tolerance else geometry

    def move(coordinates: np.ndarray) -> np.ndarray:
        longitude, latitude = _crs.transform(coordinates[:, 0], coordinates[:, 1], source=crs, target=_crs.LONLAT)
        return np.column_stack([longitude, latitude])

    degrees = shapely.transform(simplified, move)
    return dict(_rounded(shapely.geometry.mapping(degrees)))


def delta_encoded(coordinates: Sequence[Any]) -> list[Any]:
    """Return GeoJSON coordinates in degrees as integer steps from point to point, which are a third as long.

    A line becomes ``[x, y, dx, dy, dx, dy, ...]`` in units of the last decimal kept. Lists of lines keep their nesting.

    Examples
    --------
    >>> delta_encoded([[[-71.0, 42.5], [-71.00002, 42.50001]]])
    [[-7100000, 4250000, -2, 1]]
    """
    first = coordinates[0] if coordinates else 0.0
    if not isinstance(first, int | float):
        if isinstance(first[0], int | float):
            steps = np.rint(np.array(coordinates)[:, :2] * 10.0**_DECIMALS).astype(np.int64)
            steps[1:] -= steps[:-1].copy()
            return [int(step) for step in steps.ravel()]
        return [delta_encoded(part) for part in coordinates]
    return list(coordinates)


def bounds_lonlat(geometry: BaseGeometry, crs: str) -> list[list[float]]:
    """Return the bounds of a geometry as [[south, west], [north, east]] in degrees."""
    corners = shapely.get_coordinates(geometry)
    longitude, latitude = _crs.transform(corners[:, 0], corners[:, 1], source=crs, target=_crs.LONLAT)
    return [
        [round(float(latitude.min()), _DECIMALS), round(float(longitude.min()), _DECIMALS)],
        [round(float(latitude.max()), _DECIMALS), round(float(longitude.max()), _DECIMALS)],
    ]


def credit_lines(release: Release) -> tuple[str, ...]:
    """Return the attribution of every source and drawn layer, each once."""
    attributions = [source.attribution for source in release.all_ledgers if source.attribution]
    attributions += release.study.publish.attribution
    return tuple(dict.fromkeys(attributions))


def svg_path(geometry: BaseGeometry, to_pixels: Any) -> str:
    """Return an SVG path of a geometry's rings or lines; `to_pixels` converts metres into pixels, both of shape (n, 2)."""
    parts: list[str] = []
    for part in shapely.get_parts(geometry):
        rings: Sequence[BaseGeometry] = (
            [part.exterior, *part.interiors] if part.geom_type == "Polygon" else shapely.get_parts(part)
        )
        for ring in rings:
            pixels = to_pixels(shapely.get_coordinates(ring))
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in pixels)
            parts.append(f"M{points}" + ("Z" if part.geom_type == "Polygon" else ""))
    return "".join(parts)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, _DECIMALS)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value
