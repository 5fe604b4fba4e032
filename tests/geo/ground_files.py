"""A small made ground, and files of it in every kind and layout, for the tests."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pyogrio
import shapely

from geoharm import _crs

CRS = "EPSG:32632"
X, Y = 540_000.0, 5_220_000.0
AREA = shapely.box(X, Y, X + 3000, Y + 3000)
# Kind in the layout of OpenStreetMap, name, and geometry from the corner of the area. The last two lie outside.
LINES = (
    ("primary", "Main Road", [(-500, 1000), (3500, 1000)]),
    ("secondary", "Middle Street", [(1000, -100), (1000, 3100)]),
    ("residential", "Small Lane", [(500, 500), (500, 2500), (900, 2600)]),
    ("residential", "", [(2000, 2000), (2400, 2000)]),
    ("footway", "Path", [(100, 100), (200, 200)]),
    ("primary", "Far Road", [(8000, 8000), (9000, 8000)]),
)
LAKE = shapely.box(X + 1500, Y + 1500, X + 1900, Y + 1800)
PARK = shapely.box(X + 2500, Y + 200, X + 3300, Y + 700)
LENGTHS = {"main street": 3000.0, "middle street": 3000.0, "small street": 2000 + np.hypot(400, 100) + 400}


def line_shapes() -> list[shapely.Geometry]:
    """Return the lines in metres."""
    return [shapely.LineString([(X + x, Y + y) for x, y in points]) for _, _, points in LINES]


def write(
    path: Path, shapes, columns: dict[str, list], *, driver: str, layer: str = "", crs: str = CRS, **options
) -> Path:
    """Write shapes and columns as a layer of a file; degrees where the driver knows nothing else."""
    target = "EPSG:4326" if driver in ("GeoJSON", "MBTiles", "PMTiles") else crs
    moved = shapely.transform(
        np.array(shapes, dtype=object),
        lambda points: np.column_stack(_crs.transform(points[:, 0], points[:, 1], source=CRS, target=target)),
    )
    kinds = {str(shape.geom_type) for shape in shapes}
    pyogrio.raw.write(
        path, shapely.to_wkb(moved), [np.array(column, dtype=object) for column in columns.values()], list(columns),
        layer=layer or path.stem, driver=driver, geometry_type=kinds.pop() if len(kinds) == 1 else "Unknown", crs=target, **options,
    )  # fmt: skip
    return path


def osm_lines(path: Path, driver: str, **options) -> Path:
    """Write the lines with their OpenStreetMap tags."""
    names = [name or None for _, name, _ in LINES]
    return write(
        path, line_shapes(), {"name": names, "highway": [kind for kind, _, _ in LINES]}, driver=driver, **options
    )


def zipped_shapefile(folder: Path) -> Path:
    """Write the lines as a zipped Shapefile."""
    osm_lines(folder / "roads.shp", "ESRI Shapefile")
    archive = folder / "roads.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for part in sorted(folder.glob("roads.*")):
            if part != archive:
                target.write(part, part.name)
    return archive
