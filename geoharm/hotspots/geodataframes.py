"""Results as GeoDataFrames: hotspots, zones and surfaces for further analysis in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm.errors import DesignError
from geoharm.hotspots.results.clusters import LocalClusters
from geoharm.hotspots.results.surface import Surface
from geoharm.model.geometry import Zone
from geoharm.model.grid import Grid
from geoharm.model.hotspot import Hotspot

_HOTSPOT_COLUMNS = ("rank", "events", "places", "share", "area_km2", "density", "stability", "shown_by", "geometry")
_ZONE_COLUMNS = ("zone", "role", "inner", "outer", "area_km2", "geometry")


def to_geodataframe(
    result: Surface | LocalClusters | Sequence[Hotspot] | Sequence[Zone],
    *,
    crs: str,
    places: Grid | Sequence[BaseGeometry] | None = None,
) -> geopandas.GeoDataFrame:
    """Return a result as a GeoDataFrame, which can be exported by `.to_arrow()` or `.to_parquet()`.

    The numbers have full precision and no disclosure control was applied, so they must not be published.

    Parameters
    ----------
    result : Surface, LocalClusters, or sequence of Hotspot or of Zone
        The result.
    crs : str
        Coordinate system in metres in which the result was computed, such as "EPSG:26986".
    places : Grid or sequence of shapely geometry, optional
        Of local clusters: the grid, or the areas in their order.

    Returns
    -------
    GeoDataFrame
        The columns depend on the kind of result.

        - Hotspots: rank, events, places, share (of all located events), area_km2, density (events per km2 per year),
          stability, shown_by.
        - Zones: zone, role, inner and outer (metres from the target area), area_km2.
        - Surface: row, column, density (events per km2 per year), support (events within the bandwidth). One square
          for each cell of the study area, from the south-west corner eastwards.
        - Local clusters: value, z, p, adjusted, kind, one row for each area; on a grid also row and column, for the cells of
          the study area.

    Raises
    ------
    DesignError
        If the result is of another kind, or a sequence of more than one kind; if the places of local clusters are not theirs.

    Examples
    --------
    >>> to_geodataframe([Hotspot(1, shapely.box(0, 0, 1000, 500), 40, 30, 0.2, 80.0)], crs="EPSG:26986")[
    ...     ["rank", "events", "area_km2"]
    ... ].to_dict("records")
    [{'rank': 1, 'events': 40, 'area_km2': 0.5}]
    """
    if isinstance(result, Surface):
        return _surface_cells(result, crs)
    if isinstance(result, LocalClusters):
        return _cluster_rows(result, crs, places)
    columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    if all(isinstance(item, Zone) for item in result) and result:
        columns = _ZONE_COLUMNS
        rows = [
            {
                "zone": zone.name,
                "role": zone.role.value,
                "inner": zone.inner,
                "outer": zone.outer,
                "area_km2": zone.area_km2,
                "geometry": zone.geometry,
            }
            for zone in result
            if isinstance(zone, Zone)
        ]
    elif all(isinstance(item, Hotspot) for item in result):
        columns = _HOTSPOT_COLUMNS
        rows = [
            {name: getattr(hotspot, name) for name in _HOTSPOT_COLUMNS if name != "shown_by"}
            | {"shown_by": ", ".join(hotspot.source_kinds)}
            for hotspot in result
            if isinstance(hotspot, Hotspot)
        ]
    else:
        kinds = ", ".join(sorted({type(item).__name__ for item in result}))
        msg = f"A GeoDataFrame is made of one Surface, of Hotspots or of Zones; this holds {kinds}."
        raise DesignError(msg)
    return geopandas.GeoDataFrame(rows, columns=list(columns), geometry="geometry", crs=crs)


def cell_frame(
    grid: Grid, used: NDArray[np.bool_], columns: Mapping[str, NDArray[Any]], *, crs: str
) -> geopandas.GeoDataFrame:
    """Return the used cells of a grid as squares with their row and column, from the south-west corner eastwards.

    Parameters
    ----------
    grid : Grid
    used : ndarray of bool, shape (ny, nx)
    columns : mapping of str to ndarray, shape (used cells,)
        Further columns.
    crs : str
    """
    row, column = np.nonzero(used)
    west, south = grid.x0 + column * grid.cell, grid.y0 + row * grid.cell
    squares = shapely.box(west, south, west + grid.cell, south + grid.cell)
    return geopandas.GeoDataFrame({"row": row, "column": column, **columns}, geometry=squares, crs=crs)


def _surface_cells(surface: Surface, crs: str) -> geopandas.GeoDataFrame:
    used = ~np.isnan(surface.values)
    columns = {"density": surface.values[used], "support": surface.support[used]}
    return cell_frame(surface.grid, used, columns, crs=crs)


def _cluster_rows(
    clusters: LocalClusters, crs: str, places: Grid | Sequence[BaseGeometry] | None
) -> geopandas.GeoDataFrame:
    names = ("value", "z", "p", "adjusted", "kind")
    shape = places.shape if isinstance(places, Grid) else (len(places),) if places is not None else ()
    if shape != clusters.value.shape:
        msg = (
            f"Local clusters need the grid or the areas that they were computed for, of shape {clusters.value.shape}; "
            f"{shape or 'none'} was given as places."
        )
        raise DesignError(msg)
    if isinstance(places, Grid):
        used = np.isfinite(clusters.value)
        return cell_frame(places, used, {name: getattr(clusters, name)[used] for name in names}, crs=crs)
    rows = {name: getattr(clusters, name) for name in names}
    return geopandas.GeoDataFrame(rows, geometry=list(places or ()), crs=crs)
