"""Files for a GIS: hotspots and patterns as GeoPackage, GeoParquet and Arrow, surfaces as Cloud-Optimized GeoTIFF.

Everything is made from what disclosure control has passed. A public surface leaves as classes only; one of full
precision is there in an internal release alone, whose files all say so in their names.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyogrio
import rasterio.shutil
from numpy.typing import NDArray
from rasterio.io import MemoryFile
from rasterio.transform import Affine

from geoharm import _crs
from geoharm._version import __version__
from geoharm.disclosure.released import ClassedImage, Release, ReleasedHotspots
from geoharm.hotspots.results.surface import Surface
from geoharm.report import palette
from geoharm.report.escape import slug
from geoharm.report.exports.gis_patterns import mercator_corner, pattern_images, pattern_layers
from geoharm.report.exports.qgis_styles import add_styles

# Written where a format wants the time of writing: the same bytes every time.
_NO_TIME = "1970-01-01T00:00:00.000Z"
_COG = {"driver": "COG", "compress": "DEFLATE", "blocksize": 256, "num_threads": 1}


def hotspot_layer(release: Release) -> geopandas.GeoDataFrame:
    """Return the hotspots of every measure as a GeoDataFrame in the study's metres; `.to_arrow()` gives Arrow.

    Columns: measure, unit, role, rank, events, share, area_km2, density, density_unit, stability, shown_by, kernel,
    bandwidth_m, bandwidth_rule, edge, geometry.
    """
    rows = [
        {
            "measure": one.measure.name,
            "unit": one.measure.unit,
            "role": one.measure.role.value,
            "rank": spot.rank,
            "events": spot.events,
            "share": spot.share,
            "area_km2": spot.area_km2,
            "density": spot.density,
            "density_unit": f"{one.measure.density_unit} per km2 per year",
            "stability": spot.stability,
            "shown_by": ", ".join(spot.shown_by),
            "kernel": one.kernel,
            "bandwidth_m": one.bandwidth.value,
            "bandwidth_rule": one.bandwidth.rule,
            "edge": one.edge,
            "geometry": spot.geometry,
        }
        for one in release.hotspots
        for spot in one.hotspots
    ]
    columns = [
        "measure", "unit", "role", "rank", "events", "share", "area_km2", "density", "density_unit", "stability",
        "shown_by", "kernel", "bandwidth_m", "bandwidth_rule", "edge", "geometry",
    ]  # fmt: skip
    return geopandas.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=release.study.area.crs)


def zone_layer(release: Release) -> geopandas.GeoDataFrame:
    """Return every operation's zones as a GeoDataFrame in the study's metres; columns: operation, zone, role, geometry."""
    rows = [
        {"operation": one.design.operation.name, "zone": zone.name, "role": zone.role.value, "geometry": zone.geometry}
        for one in release.operations
        for zone in one.design.zones
    ]
    columns = ["operation", "zone", "role", "geometry"]
    return geopandas.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=release.study.area.crs)


def gis_files(release: Release) -> dict[str, bytes]:
    """Return the files that the study asks for under ``[publish] files``, by name: the same bytes every time."""
    mark = "-internal" if release.is_internal else ""
    wanted = release.study.publish.files
    found: dict[str, bytes] = {}
    patterns = pattern_layers(release) if {"geopackage", "geoparquet"} & set(wanted) else {}
    if "geopackage" in wanted:
        layers = {"hotspots": hotspot_layer(release), "zones": zone_layer(release)}
        found[f"hotspots{mark}.gpkg"] = _geopackage(layers | patterns)
    if "geoparquet" in wanted:
        for name, frame in ({"hotspots": hotspot_layer(release)} | patterns).items():
            found[f"{name}{mark}.parquet"] = _geoparquet(frame)
    if "geotiff" in wanted:
        for number, one in enumerate(release.hotspots, start=1):
            for position, (key, image) in enumerate(one.views.items()):
                name = f"surface{mark}-{number}-{slug(one.measure.name)}-{position}-{slug(' '.join(key))}"
                steps = {f"class_{place}_from": f"{start:g}" for place, start in enumerate(one.breaks, start=1)}
                found[f"{name}-classes.tif"] = _classes_tiff(image, _tags(one, key) | steps)
                if key in one.exact:
                    found[f"{name}-density.tif"] = _density_tiff(one, key, one.exact[key], release.study.area.crs)
        for number, measure, picture in pattern_images(release):
            name = f"{picture.layer}{mark}-{number}-{slug(measure.name)}"
            name += f"-{slug(picture.operation)}" if picture.operation else ""
            tags = {"measure": measure.name, "source": measure.source, "geoharm": __version__}
            found[f"{name}-classes.tif"] = _classes_tiff(picture.image, tags | picture.tags())
    return found


def _geopackage(layers: Mapping[str, geopandas.GeoDataFrame]) -> bytes:
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _NO_TIME})
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "hotspots.gpkg"
            for name, frame in layers.items():
                frame.to_file(path, layer=name, driver="GPKG", engine="pyogrio")
            add_styles(path, list(layers), moment=_NO_TIME)
            return path.read_bytes()
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _geoparquet(frame: geopandas.GeoDataFrame) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hotspots.parquet"
        frame.to_parquet(path, index=False)
        return path.read_bytes()


def _tags(one: ReleasedHotspots, key: tuple[str, str]) -> dict[str, str]:
    operation, view = key
    return {
        "measure": one.measure.name,
        "source": one.measure.source,
        "view": f"{operation}: {view}" if operation else view,
        "unit": f"{one.measure.density_unit} per km2 per year",
        "kernel": one.kernel,
        "bandwidth_m": f"{one.bandwidth.value:.6g}",
        "bandwidth_rule": one.bandwidth.rule,
        "bandwidth_note": one.bandwidth.note,
        "edge": one.edge,
        "cell_m": f"{one.cell:g}",
        "geoharm": __version__,
    }


def _classes_tiff(image: ClassedImage, tags: dict[str, str]) -> bytes:
    """Return a picture in classes, in its colours: 0 is blank, the tags say what the others are."""
    colours = {
        number: (*palette.rgb(colour), 255) for number, colour in enumerate(palette.SCHEMES[image.scheme], start=1)
    }
    return _cog(
        image.classes, mercator_corner(image), _crs.MERCATOR, tags,
        nodata=0, colours=colours | {0: (255, 255, 255, 0)}, overview_resampling="MAX_CROSSED_CONTROLS",
    )  # fmt: skip


def _density_tiff(one: ReleasedHotspots, key: tuple[str, str], surface: Surface, crs: str) -> bytes:
    """Return the surface itself, north up: NaN outside the study area."""
    grid = surface.grid
    corner = Affine(grid.cell, 0, grid.x0, 0, -grid.cell, grid.y0 + grid.ny * grid.cell)
    tags = _tags(one, key) | {"release": "internal: not for publication"}
    values = np.ascontiguousarray(surface.values[::-1], dtype=np.float32)
    return _cog(values, corner, crs, tags, nodata=np.nan, predictor="YES", overview_resampling="AVERAGE")


def _cog(
    values: NDArray[Any],
    corner: Affine,
    crs: str,
    tags: dict[str, str],
    *,
    nodata: float,
    colours: Mapping[int, tuple[int, ...]] | None = None,
    **options: object,
) -> bytes:
    rows, columns = values.shape
    about = {
        "driver": "GTiff", "width": columns, "height": rows, "count": 1, "dtype": values.dtype.name, "crs": crs,
        "transform": corner, "nodata": nodata,
    }  # fmt: skip
    with MemoryFile() as plain, MemoryFile() as whole:
        with plain.open(**about) as dataset:
            dataset.write(values, 1)
            dataset.update_tags(**tags)
            if colours is not None:
                dataset.write_colormap(1, colours)
        rasterio.shutil.copy(plain.name, whole.name, **_COG, **options)
        return bytes(whole.read())
