"""Clusters, emerging hotspots and pattern shifts for a GIS: the classes of the pages as polygons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import geopandas
import numpy as np
import rasterio.features
import shapely
from numpy.typing import NDArray
from rasterio.transform import Affine, from_bounds

from geoharm import _crs
from geoharm.disclosure.patterns import PATTERNS
from geoharm.disclosure.released import ClassedImage, Release
from geoharm.model.measure import Measure
from geoharm.report import palette
from geoharm.report.wording.patterns import CLUSTER_WORDS, SHIFT_WORDS, cluster_method, emerging_method

LAYERS = ("clusters", "emerging", "shift")
_LABELS = {
    "clusters": CLUSTER_WORDS,
    "emerging": tuple(pattern.label for pattern in PATTERNS),
    "shift": SHIFT_WORDS,
}
# The colour of every class of every layer, by the label of the class.
FILLS = {
    layer: dict(zip(_LABELS[layer], palette.EMERGING if layer == "emerging" else palette.CLUSTERS, strict=True))
    for layer in LAYERS
}


@dataclass(frozen=True, slots=True)
class PatternImage:
    """A classed image from which a layer is made.

    Attributes
    ----------
    layer : str
        One of `LAYERS`.
    operation : str
        Name of the operation, for a shift; else empty.
    image : ClassedImage
    method : str
        How its p-values were computed.
    """

    layer: str
    operation: str
    image: ClassedImage
    method: str

    def tags(self) -> dict[str, str]:
        """Return the meaning of each class and how it was computed, as tags of a GeoTIFF."""
        classes = {f"class_{number}": label for number, label in enumerate(_LABELS[self.layer], start=1)}
        return {"answers": self.layer, "operation": self.operation, "how": self.method} | classes


def pattern_images(release: Release) -> Iterator[tuple[int, Measure, PatternImage]]:
    """Yield every classed image of patterns with its measure and the measure's number, counted from 1."""
    for number, measure_patterns in enumerate(release.patterns, start=1):
        if measure_patterns.clusters is not None:
            yield (
                number,
                measure_patterns.measure,
                PatternImage(
                    "clusters", "", measure_patterns.clusters.image, cluster_method(measure_patterns.clusters)
                ),
            )
        if measure_patterns.emerging is not None:
            yield (
                number,
                measure_patterns.measure,
                PatternImage(
                    "emerging", "", measure_patterns.emerging.image, emerging_method(measure_patterns.emerging)
                ),
            )
        for operation, shift in measure_patterns.similarity.items():
            yield (
                number,
                measure_patterns.measure,
                PatternImage("shift", operation, shift.image, f"shares of {shift.units}"),
            )


def pattern_layers(release: Release) -> dict[str, geopandas.GeoDataFrame]:
    """Return the layers that are not empty, in the study's metres: one row for each measure, operation and class.

    Columns: measure, role, operation (of a shift), class, how, geometry.
    """
    rows: dict[str, list[dict[str, Any]]] = {}
    for _, measure, pattern in pattern_images(release):
        for label, geometry in _polygons_by_class(pattern.image, _LABELS[pattern.layer], release.study.area.crs):
            rows.setdefault(pattern.layer, []).append(
                {
                    "measure": measure.name,
                    "role": measure.role.value,
                    "operation": pattern.operation,
                    "class": label,
                    "how": pattern.method,
                    "geometry": geometry,
                }
            )
    crs = release.study.area.crs
    return {
        layer: geopandas.GeoDataFrame(rows[layer], geometry="geometry", crs=crs) for layer in LAYERS if layer in rows
    }


def mercator_corner(image: ClassedImage) -> Affine:
    """Return the affine transform of a classed image in metres of Web Mercator."""
    (west, east), (south, north) = _crs.transform(
        [image.west, image.east], [image.south, image.north], source=_crs.LONLAT, target=_crs.MERCATOR
    )
    rows, columns = image.classes.shape
    return from_bounds(west, south, east, north, columns, rows)


def _polygons_by_class(
    image: ClassedImage, labels: tuple[str, ...], crs: str
) -> Iterator[tuple[str, shapely.MultiPolygon | shapely.Polygon]]:
    """Yield the label and the area of every class in the image, in the study's coordinate system."""

    def to_study_crs(corners: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(_crs.transform(corners[:, 0], corners[:, 1], source=_crs.MERCATOR, target=crs))

    shapes_by_class: dict[int, list[shapely.Geometry]] = {}
    for outline, number in rasterio.features.shapes(
        image.classes, mask=image.classes > 0, transform=mercator_corner(image)
    ):
        shapes_by_class.setdefault(int(number), []).append(shapely.geometry.shape(outline))
    for number in sorted(shapes_by_class):
        yield labels[number - 1], shapely.transform(shapely.union_all(shapes_by_class[number]), to_study_crs)
