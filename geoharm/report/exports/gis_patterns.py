"""Clusters, emerging hotspots and pattern shifts for a GIS: the classes of their images as polygons."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas
import numpy as np
import rasterio.features
import shapely
from numpy.typing import NDArray
from rasterio.transform import Affine, from_bounds

from geoharm import _crs
from geoharm.disclosure.released import ClassedImage, Release
from geoharm.report.maps.pattern_layers import PatternLayer, pattern_layers
from geoharm.report.maps.styles import LayerKind

_COLUMNS = ["measure", "role", "operation", "class", "how", "geometry"]


def pattern_frames(release: Release) -> dict[LayerKind, geopandas.GeoDataFrame]:
    """Return the patterns that are not empty, in the study's metres: one row for each measure, pair of windows and class.

    Columns: measure, role, operation (or comparison, of a shift), class, how, geometry.
    """
    layers = pattern_layers(release)
    crs = release.study.area.crs
    frames = {}
    for kind in (LayerKind.CLUSTERS, LayerKind.EMERGING, LayerKind.SHIFT):
        rows = [
            (layer.measure.name, layer.measure.role.value, layer.windows_of, label, layer.method, geometry)
            for layer in layers
            if layer.kind is kind
            for label, geometry in _polygons_by_class(layer, crs)
        ]
        if rows:
            frames[kind] = geopandas.GeoDataFrame(rows, columns=_COLUMNS, geometry="geometry", crs=crs)
    return frames


def mercator_corner(image: ClassedImage) -> Affine:
    """Return the affine transform of a classed image in metres of Web Mercator."""
    (west, east), (south, north) = _crs.transform(
        [image.west, image.east], [image.south, image.north], source=_crs.LONLAT, target=_crs.MERCATOR
    )
    rows, columns = image.classes.shape
    return from_bounds(west, south, east, north, columns, rows)


def _polygons_by_class(layer: PatternLayer, crs: str) -> Iterator[tuple[str, shapely.MultiPolygon | shapely.Polygon]]:
    """Yield the label and the area of every class in the layer's image, in the study's coordinate system."""

    def to_study_crs(corners: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(_crs.transform(corners[:, 0], corners[:, 1], source=_crs.MERCATOR, target=crs))

    image = layer.image
    shapes_by_class: dict[int, list[shapely.Geometry]] = {}
    for outline, number in rasterio.features.shapes(
        image.classes, mask=image.classes > 0, transform=mercator_corner(image)
    ):
        shapes_by_class.setdefault(int(number), []).append(shapely.geometry.shape(outline))
    for number in sorted(shapes_by_class):
        label = layer.legend[number - 1].label
        yield label, shapely.transform(shapely.union_all(shapes_by_class[number]), to_study_crs)
