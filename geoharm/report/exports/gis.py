"""GIS files of a release.

Hotspots, zones with their effects, and patterns are GeoPackage, GeoParquet and Arrow; surfaces are Cloud-Optimized GeoTIFF.
One QGIS project opens them all.

All files are made from the release. A public release contains surfaces in classes only. Surfaces in full precision are
written for an internal release only, and all its files have "internal" in their names.
"""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
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
from geoharm.report.escape import slug
from geoharm.report.exports.gis_layers import HOTSPOTS, GisLayer, gis_layers
from geoharm.report.exports.gis_patterns import mercator_corner
from geoharm.report.exports.gis_project import release_project
from geoharm.report.exports.qgis_styles import add_styles
from geoharm.report.maps.images import class_colours
from geoharm.report.maps.layers import ImageLayer, surface_layers
from geoharm.report.maps.pattern_layers import PatternLayer, pattern_layers
from geoharm.report.maps.styles import LayerKind

# Written where a format requires the time of writing, so that the bytes are the same every time.
_FIXED_TIME = "1970-01-01T00:00:00.000Z"
# What GDAL says of a full disk is a long text about the statement that failed.
_GDAL_ERRORS = (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError)
_COG_OPTIONS = {"driver": "COG", "compress": "DEFLATE", "blocksize": 256, "num_threads": 1}


# Layers that are GeoParquet files too.
_IN_PARQUET = {HOTSPOTS, LayerKind.CLUSTERS.value, LayerKind.EMERGING.value, LayerKind.SHIFT.value}


def gis_files(release: Release, *, scratch: Path) -> dict[str, bytes]:
    """Return the files that the study requests under ``[publish] files``, by name; the bytes are the same every time.

    Parameters
    ----------
    release : Release
    scratch : Path
        A folder, made if needed, for what has to be a file before it is bytes; an internal one says so in its name.
    """
    suffix = "-internal" if release.is_internal else ""
    wanted = set(release.study.publish.files)
    layers = gis_layers(release) if {"geopackage", "geoparquet", "qgis"} & wanted else ()
    package = f"hotspots{suffix}.gpkg"
    files: dict[str, bytes] = {}
    if {"geopackage", "qgis"} & wanted:
        files[package] = _geopackage(layers, scratch / package)
    if "geoparquet" in wanted:
        files |= {
            f"{layer.name}{suffix}.parquet": _geoparquet(layer.frame) for layer in layers if layer.name in _IN_PARQUET
        }
    images = _surface_images(release, suffix) | _pattern_images(release, suffix) if "geotiff" in wanted else {}
    files |= {name: _class_geotiff(layer.image, tags) for name, (layer, tags) in images.items()}
    if "geotiff" in wanted:
        files |= _exact_surfaces(release, suffix)
    if "qgis" in wanted:
        classed = {name: layer for name, (layer, _) in images.items()}
        files[f"map{suffix}.qgz"] = release_project(release, package, layers, classed)
    return files


def _surface_images(release: Release, suffix: str) -> dict[str, tuple[ImageLayer | PatternLayer, dict[str, str]]]:
    """Return every surface in classes, with its tags, by file name."""
    images: dict[str, tuple[ImageLayer | PatternLayer, dict[str, str]]] = {}
    for name, layer in _named_surfaces(release, suffix):
        class_tags = {f"class_{index}_from": entry.label for index, entry in enumerate(layer.legend, start=1)}
        images[f"{name}-classes.tif"] = (layer, _surface_tags(layer) | class_tags)
    return images


def _exact_surfaces(release: Release, suffix: str) -> dict[str, bytes]:
    """Return every surface in full precision, which only an internal release has, by file name."""
    return {
        f"{name}-density.tif": _density_geotiff(layer, layer.view.hotspots.exact[key], release.study.area.crs)
        for name, layer in _named_surfaces(release, suffix)
        if (key := (layer.view.windows_of, layer.view.window)) in layer.view.hotspots.exact
    }


def _named_surfaces(release: Release, suffix: str) -> Iterator[tuple[str, ImageLayer]]:
    for number, measure_hotspots in enumerate(release.hotspots):
        for position, layer in enumerate(surface_layers(number, measure_hotspots)):
            view = slug(f"{layer.view.windows_of} {layer.view.window}")
            yield f"surface{suffix}-{number + 1}-{slug(measure_hotspots.measure.name)}-{position}-{view}", layer


def _pattern_images(release: Release, suffix: str) -> dict[str, tuple[ImageLayer | PatternLayer, dict[str, str]]]:
    """Return every image of patterns, with its tags, by file name; of several operations and comparisons, each has its number in the name."""
    names = [operation.design.operation.name for operation in release.operations]
    names += [comparison.name for comparison in release.study.comparisons]
    images: dict[str, tuple[ImageLayer | PatternLayer, dict[str, str]]] = {}
    for layer in pattern_layers(release):
        name = f"{layer.kind.value}{suffix}-{layer.number}-{slug(layer.measure.name)}"
        if layer.windows_of:
            number = f"-{names.index(layer.windows_of) + 1}" if len(names) > 1 else ""
            name += f"{number}-{slug(layer.windows_of)}"
        images[f"{name}-classes.tif"] = (layer, _pattern_tags(layer))
    return images


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
