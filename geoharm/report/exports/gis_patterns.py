"""Clusters, emerging hotspots and shifts for a GIS: the classes of the pages as polygons, and what each class means."""

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
from geoharm.disclosure.patterns import CLUSTER_WORDS, PATTERNS, SHIFT_WORDS
from geoharm.disclosure.released import ClassedImage, Release
from geoharm.model.measure import Measure
from geoharm.report import palette

LAYERS = ("clusters", "emerging", "shift")
_LABELS = {
    "clusters": CLUSTER_WORDS,
    "emerging": tuple(pattern.label for pattern in PATTERNS),
    "shift": SHIFT_WORDS,
}
# The colour of every class that a layer may hold, by its words.
FILLS = {
    layer: dict(zip(_LABELS[layer], palette.EMERGING if layer == "emerging" else palette.CLUSTERS, strict=True))
    for layer in LAYERS
}


@dataclass(frozen=True, slots=True)
class PatternImage:
    """A picture in classes that a layer is made of.

    Attributes
    ----------
    layer : str
        One of `LAYERS`.
    operation : str
        Of a shift; else empty.
    image : ClassedImage
    how : str
        How its p-values were found.
    """

    layer: str
    operation: str
    image: ClassedImage
    how: str

    def tags(self) -> dict[str, str]:
        """Return what each class means, and how it was found."""
        classes = {f"class_{number}": label for number, label in enumerate(_LABELS[self.layer], start=1)}
        return {"answers": self.layer, "operation": self.operation, "how": self.how} | classes


def pattern_images(release: Release) -> Iterator[tuple[int, Measure, PatternImage]]:
    """Yield every picture of patterns, with its measure and the measure's number from 1."""
    for number, one in enumerate(release.patterns, start=1):
        if one.clusters is not None:
            yield number, one.measure, PatternImage("clusters", "", one.clusters.image, one.clusters.note)
        if one.emerging is not None:
            yield number, one.measure, PatternImage("emerging", "", one.emerging.image, one.emerging.how)
        for operation, shift in one.similarity.items():
            yield number, one.measure, PatternImage("shift", operation, shift.image, f"shares of {shift.units}")


def pattern_layers(release: Release) -> dict[str, geopandas.GeoDataFrame]:
    """Return the layers that hold anything, in the study's metres: one row a measure, operation and class.

    Columns: measure, role, operation (of a shift), class, how, geometry.
    """
    rows: dict[str, list[dict[str, Any]]] = {}
    for _, measure, picture in pattern_images(release):
        for label, geometry in _polygons(picture.image, _LABELS[picture.layer], release.study.area.crs):
            rows.setdefault(picture.layer, []).append(
                {
                    "measure": measure.name,
                    "role": measure.role.value,
                    "operation": picture.operation,
                    "class": label,
                    "how": picture.how,
                    "geometry": geometry,
                }
            )
    crs = release.study.area.crs
    return {
        layer: geopandas.GeoDataFrame(rows[layer], geometry="geometry", crs=crs) for layer in LAYERS if layer in rows
    }


def mercator_corner(image: ClassedImage) -> Affine:
    """Return where a picture lies, in metres of Web Mercator."""
    (west, east), (south, north) = _crs.transform(
        [image.west, image.east], [image.south, image.north], source=_crs.LONLAT, target=_crs.MERCATOR
    )
    rows, columns = image.classes.shape
    return from_bounds(west, south, east, north, columns, rows)


def _polygons(
    image: ClassedImage, labels: tuple[str, ...], crs: str
) -> Iterator[tuple[str, shapely.MultiPolygon | shapely.Polygon]]:
    """Yield the ground of every class that is drawn."""

    def moved(corners: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(_crs.transform(corners[:, 0], corners[:, 1], source=_crs.MERCATOR, target=crs))

    pieces: dict[int, list[shapely.Geometry]] = {}
    for outline, number in rasterio.features.shapes(
        image.classes, mask=image.classes > 0, transform=mercator_corner(image)
    ):
        pieces.setdefault(int(number), []).append(shapely.geometry.shape(outline))
    for number in sorted(pieces):
        yield labels[number - 1], shapely.transform(shapely.union_all(pieces[number]), moved)
