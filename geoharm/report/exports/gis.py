"""GIS files of a release.

Hotspots and patterns are GeoPackage, GeoParquet and Arrow; surfaces are Cloud-Optimized GeoTIFF.

All files are made from the release. A public release contains surfaces in classes only. Surfaces in full precision are
written for an internal release only, and all its files have "internal" in their names.
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

# Written where a format requires the time of writing, so that the bytes are the same every time.
_FIXED_TIME = "1970-01-01T00:00:00.000Z"
_COG_OPTIONS = {"driver": "COG", "compress": "DEFLATE", "blocksize": 256, "num_threads": 1}


def hotspot_layer(release: Release) -> geopandas.GeoDataFrame:
    """Return the hotspots of every measure as a GeoDataFrame in the study's metres; `.to_arrow()` gives Arrow.

    Columns: measure, unit, role, rank, events, share, area_km2, density, density_unit, stability, shown_by, kernel,
    bandwidth_m, bandwidth_rule, edge, geometry.
    """
    rows = [
        {
            "measure": measure_hotspots.measure.name,
            "unit": measure_hotspots.measure.unit,
            "role": measure_hotspots.measure.role.value,
            "rank": hotspot.rank,
            "events": hotspot.events,
            "share": hotspot.share,
            "area_km2": hotspot.area_km2,
            "density": hotspot.density,
            "density_unit": f"{measure_hotspots.measure.density_unit} per km2 per year",
            "stability": hotspot.stability,
            "shown_by": ", ".join(hotspot.source_kinds),
            "kernel": measure_hotspots.kernel,
            "bandwidth_m": measure_hotspots.bandwidth.value,
            "bandwidth_rule": measure_hotspots.bandwidth.rule,
            "edge": measure_hotspots.edge,
            "geometry": hotspot.geometry,
        }
        for measure_hotspots in release.hotspots
        for hotspot in measure_hotspots.hotspots
    ]
    columns = [
        "measure", "unit", "role", "rank", "events", "share", "area_km2", "density", "density_unit", "stability",
        "shown_by", "kernel", "bandwidth_m", "bandwidth_rule", "edge", "geometry",
    ]  # fmt: skip
    return geopandas.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=release.study.area.crs)


def zone_layer(release: Release) -> geopandas.GeoDataFrame:
    """Return every operation's zones as a GeoDataFrame in the study's metres; columns: operation, zone, role, geometry."""
    rows = [
        {
            "operation": operation.design.operation.name,
            "zone": zone.name,
            "role": zone.role.value,
            "geometry": zone.geometry,
        }
        for operation in release.operations
        for zone in operation.design.zones
    ]
    columns = ["operation", "zone", "role", "geometry"]
    return geopandas.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=release.study.area.crs)


def gis_files(release: Release) -> dict[str, bytes]:
    """Return the files that the study requests under ``[publish] files``, by name; the bytes are the same every time."""
    suffix = "-internal" if release.is_internal else ""
    wanted = release.study.publish.files
    files: dict[str, bytes] = {}
    patterns = pattern_layers(release) if {"geopackage", "geoparquet"} & set(wanted) else {}
    if "geopackage" in wanted:
        layers = {"hotspots": hotspot_layer(release), "zones": zone_layer(release)}
        files[f"hotspots{suffix}.gpkg"] = _geopackage(layers | patterns)
    if "geoparquet" in wanted:
        for name, frame in ({"hotspots": hotspot_layer(release)} | patterns).items():
            files[f"{name}{suffix}.parquet"] = _geoparquet(frame)
    if "geotiff" in wanted:
        for number, measure_hotspots in enumerate(release.hotspots, start=1):
            for position, (key, image) in enumerate(measure_hotspots.views.items()):
                name = (
                    f"surface{suffix}-{number}-{slug(measure_hotspots.measure.name)}-{position}-{slug(' '.join(key))}"
                )
                class_tags = {
                    f"class_{class_number}_from": f"{start:g}"
                    for class_number, start in enumerate(measure_hotspots.breaks, start=1)
                }
                files[f"{name}-classes.tif"] = _class_geotiff(image, _surface_tags(measure_hotspots, key) | class_tags)
                if key in measure_hotspots.exact:
                    files[f"{name}-density.tif"] = _density_geotiff(
                        measure_hotspots, key, measure_hotspots.exact[key], release.study.area.crs
                    )
        for number, measure, pattern in pattern_images(release):
            name = f"{pattern.layer}{suffix}-{number}-{slug(measure.name)}"
            name += f"-{slug(pattern.operation)}" if pattern.operation else ""
            tags = {"measure": measure.name, "source": measure.source, "geoharm": __version__}
            files[f"{name}-classes.tif"] = _class_geotiff(pattern.image, tags | pattern.tags())
    return files


def _geopackage(layers: Mapping[str, geopandas.GeoDataFrame]) -> bytes:
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _FIXED_TIME})
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "hotspots.gpkg"
            for name, frame in layers.items():
                frame.to_file(path, layer=name, driver="GPKG", engine="pyogrio")
            add_styles(path, list(layers), moment=_FIXED_TIME)
            return path.read_bytes()
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _geoparquet(frame: geopandas.GeoDataFrame) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hotspots.parquet"
        frame.to_parquet(path, index=False)
        return path.read_bytes()


def _surface_tags(measure_hotspots: ReleasedHotspots, key: tuple[str, str]) -> dict[str, str]:
    operation, view = key
    return {
        "measure": measure_hotspots.measure.name,
        "source": measure_hotspots.measure.source,
        "view": f"{operation}: {view}" if operation else view,
        "unit": f"{measure_hotspots.measure.density_unit} per km2 per year",
        "kernel": measure_hotspots.kernel,
        "bandwidth_m": f"{measure_hotspots.bandwidth.value:.6g}",
        "bandwidth_rule": measure_hotspots.bandwidth.rule,
        "bandwidth_note": measure_hotspots.bandwidth.note,
        "edge": measure_hotspots.edge,
        "cell_m": f"{measure_hotspots.cell:g}",
        "geoharm": __version__,
    }


def _class_geotiff(image: ClassedImage, tags: dict[str, str]) -> bytes:
    """Return a classed image as a GeoTIFF with its colours: class 0 is blank, the tags explain the other classes."""
    colours = {
        number: (*palette.rgb(colour), 255) for number, colour in enumerate(palette.SCHEMES[image.scheme], start=1)
    }
    return _cog(
        image.classes, mercator_corner(image), _crs.MERCATOR, tags,
        nodata=0, colours=colours | {0: (255, 255, 255, 0)}, overview_resampling="NEAREST",
    )  # fmt: skip


def _density_geotiff(measure_hotspots: ReleasedHotspots, key: tuple[str, str], surface: Surface, crs: str) -> bytes:
    """Return the exact surface as a GeoTIFF, north up; NaN outside the study area."""
    grid = surface.grid
    corner = Affine(grid.cell, 0, grid.x0, 0, -grid.cell, grid.y0 + grid.ny * grid.cell)
    tags = _surface_tags(measure_hotspots, key) | {"release": "internal: not for publication"}
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
    profile = {
        "driver": "GTiff", "width": columns, "height": rows, "count": 1, "dtype": values.dtype.name, "crs": crs,
        "transform": corner, "nodata": nodata,
    }  # fmt: skip
    with MemoryFile() as plain_file, MemoryFile() as cog_file:
        with plain_file.open(**profile) as dataset:
            dataset.write(values, 1)
            dataset.update_tags(**tags)
            if colours is not None:
                dataset.write_colormap(1, colours)
        rasterio.shutil.copy(plain_file.name, cog_file.name, **_COG_OPTIONS, **options)
        return bytes(cog_file.read())
