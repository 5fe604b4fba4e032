"""GIS files of a release.

Hotspots and patterns are GeoPackage, GeoParquet and Arrow; surfaces are Cloud-Optimized GeoTIFF.

All files are made from the release. A public release contains surfaces in classes only. Surfaces in full precision are
written for an internal release only, and all its files have "internal" in their names.
"""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyogrio
import pyogrio.errors
import rasterio.shutil
from numpy.typing import NDArray
from rasterio.io import MemoryFile
from rasterio.transform import Affine

from geoharm import _crs
from geoharm._version import __version__
from geoharm.disclosure.released import ClassedImage, Release
from geoharm.errors import PublishError
from geoharm.hotspots.results.surface import Surface
from geoharm.model.geometry import ZoneRole
from geoharm.model.measure import Role
from geoharm.report.escape import slug
from geoharm.report.exports.gis_patterns import mercator_corner, pattern_frames
from geoharm.report.exports.qgis_styles import add_styles, fill_qml, line_qml
from geoharm.report.maps.images import class_colours
from geoharm.report.maps.layers import ImageLayer, hotspot_layers, surface_layers, zone_layers
from geoharm.report.maps.pattern_layers import LEGENDS, PatternLayer, pattern_layers
from geoharm.report.maps.styles import LINES, LayerKind

# Written where a format requires the time of writing, so that the bytes are the same every time.
_FIXED_TIME = "1970-01-01T00:00:00.000Z"
# What GDAL says of a full disk is a long text about the statement that failed.
_GDAL_ERRORS = (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError)
_COG_OPTIONS = {"driver": "COG", "compress": "DEFLATE", "blocksize": 256, "num_threads": 1}


_HOTSPOT_COLUMNS = [
    "measure", "unit", "role", "rank", "events", "share", "area_km2", "density", "density_unit", "stability",
    "shown_by", "kernel", "bandwidth_m", "bandwidth_rule", "edge", "geometry",
]  # fmt: skip
_ZONE_COLUMNS = ["operation", "zone", "role", "geometry"]


@dataclass(frozen=True, slots=True)
class GisLayer:
    """A layer of a GeoPackage: its name, its rows, and its style for QGIS."""

    name: str
    frame: geopandas.GeoDataFrame
    style: str


def hotspot_frame(release: Release) -> geopandas.GeoDataFrame:
    """Return the hotspots of every measure as a GeoDataFrame in the study's metres; `.to_arrow()` gives Arrow.

    Columns: measure, unit, role, rank, events, share, area_km2, density, density_unit, stability, shown_by, kernel,
    bandwidth_m, bandwidth_rule, edge, geometry.
    """
    rows = [
        (
            measure_hotspots.measure.name,
            measure_hotspots.measure.unit,
            measure_hotspots.measure.role.value,
            feature.hotspot.rank,
            feature.hotspot.events,
            feature.hotspot.share,
            feature.hotspot.area_km2,
            feature.hotspot.density,
            f"{measure_hotspots.measure.density_unit} per km2 per year",
            feature.hotspot.stability,
            ", ".join(feature.hotspot.source_kinds),
            measure_hotspots.kernel,
            measure_hotspots.bandwidth.value,
            measure_hotspots.bandwidth.rule,
            measure_hotspots.edge,
            feature.geometry,
        )
        for number, measure_hotspots in enumerate(release.hotspots)
        for layer in hotspot_layers(release, number)
        for feature in layer.features
    ]
    return geopandas.GeoDataFrame(rows, columns=_HOTSPOT_COLUMNS, geometry="geometry", crs=release.study.area.crs)


def zone_frame(release: Release) -> geopandas.GeoDataFrame:
    """Return every operation's zones as a GeoDataFrame in the study's metres; columns: operation, zone, role, geometry."""
    crs = release.study.area.crs
    rows = [
        (feature.operation, feature.name, layer.kind.value, feature.geometry)
        for operation in release.operations
        for layer in zone_layers(operation.design, crs)
        for feature in layer.features
    ]
    return geopandas.GeoDataFrame(rows, columns=_ZONE_COLUMNS, geometry="geometry", crs=crs)


def gis_layers(release: Release) -> tuple[GisLayer, ...]:
    """Return the layers of a release's GeoPackage: hotspots, zones of operations, and the patterns that are not empty."""
    hotspot_styles = {
        Role.HARM.value: LINES[LayerKind.HOTSPOT],
        Role.ACTIVITY.value: LINES[LayerKind.ACTIVITY_HOTSPOT],
    }
    zone_styles = {role.value: LINES[LayerKind(role.value)] for role in ZoneRole}
    zones = (GisLayer("zones", zone_frame(release), line_qml("role", zone_styles)),) if release.operations else ()
    return (
        GisLayer("hotspots", hotspot_frame(release), line_qml("role", hotspot_styles)),
        *zones,
        *(
            GisLayer(kind.value, frame, fill_qml("class", LEGENDS[kind]))
            for kind, frame in pattern_frames(release).items()
        ),
    )


def gis_files(release: Release, *, scratch: Path) -> dict[str, bytes]:
    """Return the files that the study requests under ``[publish] files``, by name; the bytes are the same every time.

    Parameters
    ----------
    release : Release
    scratch : Path
        A folder, made if needed, for what has to be a file before it is bytes; an internal one says so in its name.
    """
    suffix = "-internal" if release.is_internal else ""
    wanted = release.study.publish.files
    layers = gis_layers(release) if {"geopackage", "geoparquet"} & set(wanted) else ()
    files: dict[str, bytes] = {}
    if "geopackage" in wanted:
        files[f"hotspots{suffix}.gpkg"] = _geopackage(layers, scratch / f"hotspots{suffix}.gpkg")
    if "geoparquet" in wanted:
        files |= {
            f"{layer.name}{suffix}.parquet": _geoparquet(layer.frame) for layer in layers if layer.name != "zones"
        }
    if "geotiff" in wanted:
        files |= _surface_files(release, suffix) | _pattern_files(release, suffix)
    return files


def _surface_files(release: Release, suffix: str) -> dict[str, bytes]:
    """Return every surface in classes, and in an internal release also in full precision, by file name."""
    files: dict[str, bytes] = {}
    for number, measure_hotspots in enumerate(release.hotspots):
        for position, layer in enumerate(surface_layers(number, measure_hotspots)):
            key = (layer.view.windows_of, layer.view.window)
            name = (
                f"surface{suffix}-{number + 1}-{slug(measure_hotspots.measure.name)}-{position}-{slug(' '.join(key))}"
            )
            class_tags = {f"class_{index}_from": entry.label for index, entry in enumerate(layer.legend, start=1)}
            files[f"{name}-classes.tif"] = _class_geotiff(layer.image, _surface_tags(layer) | class_tags)
            if key in measure_hotspots.exact:
                files[f"{name}-density.tif"] = _density_geotiff(
                    layer, measure_hotspots.exact[key], release.study.area.crs
                )
    return files


def _pattern_files(release: Release, suffix: str) -> dict[str, bytes]:
    """Return every image of patterns, by file name; of several operations and comparisons, each has its number in the name."""
    names = [operation.design.operation.name for operation in release.operations]
    names += [comparison.name for comparison in release.study.comparisons]
    files: dict[str, bytes] = {}
    for layer in pattern_layers(release):
        name = f"{layer.kind.value}{suffix}-{layer.number}-{slug(layer.measure.name)}"
        if layer.windows_of:
            number = f"-{names.index(layer.windows_of) + 1}" if len(names) > 1 else ""
            name += f"{number}-{slug(layer.windows_of)}"
        files[f"{name}-classes.tif"] = _class_geotiff(layer.image, _pattern_tags(layer))
    return files


def _geopackage(layers: Sequence[GisLayer], path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _FIXED_TIME})
    try:
        for layer in layers:
            layer.frame.to_file(path, layer=layer.name, driver="GPKG", engine="pyogrio")
        add_styles(path, {layer.name: layer.style for layer in layers}, moment=_FIXED_TIME)
        return path.read_bytes()
    except (OSError, sqlite3.Error, *_GDAL_ERRORS) as error:
        msg = (
            f'The GeoPackage "{path.name}" cannot be made in "{path.parent}": most likely there is no space left, or no file '
            'may grow so large. Free some, or leave "geopackage" out of [publish] files.'
        )
        raise PublishError(msg) from error
    finally:
        path.unlink(missing_ok=True)
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _geoparquet(frame: geopandas.GeoDataFrame) -> bytes:
    content = io.BytesIO()
    frame.to_parquet(content, index=False)
    return content.getvalue()


def _surface_tags(layer: ImageLayer) -> dict[str, str]:
    view, measure_hotspots = layer.view, layer.view.hotspots
    return {
        "measure": measure_hotspots.measure.name,
        "source": measure_hotspots.measure.source,
        "view": f"{view.windows_of}: {view.window}" if view.windows_of else view.window,
        "unit": f"{measure_hotspots.measure.density_unit} per km2 per year",
        "kernel": measure_hotspots.kernel,
        "bandwidth_m": f"{measure_hotspots.bandwidth.value:.6g}",
        "bandwidth_rule": measure_hotspots.bandwidth.rule,
        "bandwidth_note": measure_hotspots.bandwidth.note,
        "edge": measure_hotspots.edge,
        "cell_m": f"{measure_hotspots.cell:g}",
        "geoharm": __version__,
    }


def _pattern_tags(layer: PatternLayer) -> dict[str, str]:
    """Return the measure, the meaning of each class and how it was computed."""
    return {
        "measure": layer.measure.name,
        "source": layer.measure.source,
        "geoharm": __version__,
        "answers": layer.kind.value,
        "operation": layer.windows_of,
        "how": layer.method,
    } | {f"class_{number}": entry.label for number, entry in enumerate(layer.legend, start=1)}


def _class_geotiff(image: ClassedImage, tags: dict[str, str]) -> bytes:
    """Return a classed image as a GeoTIFF with its colours: class 0 is blank, the tags explain the other classes."""
    return _cog(
        image.classes, mercator_corner(image), _crs.MERCATOR, tags,
        nodata=0, colours=class_colours(image), overview_resampling="NEAREST",
    )  # fmt: skip


def _density_geotiff(layer: ImageLayer, surface: Surface, crs: str) -> bytes:
    """Return the exact surface as a GeoTIFF, north up; NaN outside the study area."""
    grid = surface.grid
    corner = Affine(grid.cell, 0, grid.x0, 0, -grid.cell, grid.y0 + grid.ny * grid.cell)
    tags = _surface_tags(layer) | {"release": "internal: not for publication"}
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
