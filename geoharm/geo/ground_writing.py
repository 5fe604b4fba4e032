"""Writes a ground file: a small GeoPackage with the ground of one area, cut out of a large extract."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import shapely

from geoharm._whole_files import write_whole
from geoharm.errors import StudyError
from geoharm.geo.ground_files import CREDIT
from geoharm.model.ground import Ground, GroundKind, GroundShape

# GeoPackage states when a layer was changed; the same ground gives the same bytes.
_FIXED_TIME = "1970-01-01T00:00:00.000Z"
_MOST_RANK = 9
# The layers of the file, by the dimension of their shapes.
_LAYERS = (("places", "Point"), ("lines", "MultiLineString"), ("areas", "MultiPolygon"))


def write_ground_file(ground: Ground, crs: str, path: Path) -> Path:
    """Write the ground of an area as a GeoPackage that `geoharm.geo.ground_reading` knows, and return its path.

    The layers ``places``, ``lines`` and ``areas`` have the columns ``ground`` (what a feature is) and ``name``. The credit
    is written into the file, and shown on maps that are drawn from it.

    Parameters
    ----------
    ground : Ground
    crs : str
        Coordinate system of its shapes.
    path : Path
        Ends in ``.gpkg``; a file that is there is replaced.

    Raises
    ------
    StudyError
        If the file cannot be written.
    """
    import pyogrio  # noqa: PLC0415

    if path.suffix.lower() != ".gpkg":
        raise StudyError([f'"{path}": a ground file is a GeoPackage, so its name must end in .gpkg.'])
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _FIXED_TIME})
    try:
        with tempfile.TemporaryDirectory(prefix="geoharm-") as folder:
            made = Path(folder) / "ground.gpkg"
            for dimension, (layer, kind) in enumerate(_LAYERS):
                shapes = [shape for shape in ground.shapes if shapely.get_dimensions(shape.geometry) == dimension]
                if not shapes:
                    continue
                geometry = np.array([shape.geometry for shape in shapes], dtype=object)
                if dimension:
                    multi = shapely.multilinestrings if dimension == 1 else shapely.multipolygons
                    geometry = np.array([multi(shapely.get_parts(one)) for one in geometry], dtype=object)
                columns = [[_kind_text(shape) for shape in shapes], [shape.name for shape in shapes]]
                pyogrio.raw.write(
                    made, shapely.to_wkb(geometry), [np.array(column, dtype=object) for column in columns], ["ground", "name"],
                    layer=layer, driver="GPKG", geometry_type=kind, crs=crs, append=made.exists(),
                    dataset_metadata={CREDIT: " ".join(ground.credits)} if ground.credits and not made.exists() else None,
                )  # fmt: skip
            return write_whole(path, made.read_bytes())
    except OSError as error:
        raise StudyError([f'"{path}" cannot be written: {error.strerror or error}.']) from error
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _kind_text(shape: GroundShape) -> str:
    """Return what the column ``ground`` says of a shape; of a place, its rank too."""
    if shape.kind is not GroundKind.PLACE:
        return str(shape.kind)
    return f"{shape.kind} {min(shape.rank + 1, _MOST_RANK)}"
