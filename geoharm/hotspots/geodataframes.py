"""Results as GeoDataFrames: hotspots, zones and surfaces for those who go on in Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas
import numpy as np
import shapely

from geoharm.errors import DesignError
from geoharm.hotspots.results.surface import Surface
from geoharm.model.geometry import Zone
from geoharm.model.hotspot import Hotspot

_HOTSPOT = ("rank", "events", "places", "share", "area_km2", "density", "stability", "shown_by", "geometry")
_ZONE = ("zone", "role", "inner", "outer", "area_km2", "geometry")


def to_geodataframe(found: Surface | Sequence[Hotspot] | Sequence[Zone], *, crs: str) -> geopandas.GeoDataFrame:
    """Return a result as a GeoDataFrame; `.to_arrow()` and `.to_parquet()` go on from there.

    The numbers have their full precision and have not passed disclosure control: not for publication.

    Parameters
    ----------
    found : Surface, or sequence of Hotspot, or sequence of Zone
    crs : str
        The coordinate system in metres that the result was computed in, such as "EPSG:26986".

    Returns
    -------
    GeoDataFrame
        Of hotspots: rank, events, places, share (of all located events), area_km2, density (events per km2 per year),
        stability, shown_by. Of zones: zone, role, inner and outer (metres from the target), area_km2. Of a surface:
        row, column, density (events per km2 per year), support (events within the bandwidth), one square a cell of the
        study area, from the south-west corner eastwards.

    Raises
    ------
    DesignError
        If it is anything else, or a sequence of more than one kind.

    Examples
    --------
    >>> to_geodataframe([Hotspot(1, shapely.box(0, 0, 1000, 500), 40, 30, 0.2, 80.0)], crs="EPSG:26986")[
    ...     ["rank", "events", "area_km2"]
    ... ].to_dict("records")
    [{'rank': 1, 'events': 40, 'area_km2': 0.5}]
    """
    if isinstance(found, Surface):
        return _cells(found, crs)
    columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    if all(isinstance(one, Zone) for one in found) and found:
        columns = _ZONE
        rows = [
            {
                "zone": one.name,
                "role": one.role.value,
                "inner": one.inner,
                "outer": one.outer,
                "area_km2": one.area_km2,
                "geometry": one.geometry,
            }
            for one in found
            if isinstance(one, Zone)
        ]
    elif all(isinstance(one, Hotspot) for one in found):
        columns = _HOTSPOT
        rows = [
            {name: getattr(one, name) for name in _HOTSPOT} | {"shown_by": ", ".join(one.shown_by)}
            for one in found
            if isinstance(one, Hotspot)
        ]
    else:
        kinds = ", ".join(sorted({type(one).__name__ for one in found}))
        msg = f"A GeoDataFrame is made of one Surface, of Hotspots or of Zones; this holds {kinds}."
        raise DesignError(msg)
    return geopandas.GeoDataFrame(rows, columns=list(columns), geometry="geometry", crs=crs)


def _cells(surface: Surface, crs: str) -> geopandas.GeoDataFrame:
    grid = surface.grid
    row, column = np.nonzero(~np.isnan(surface.values))
    west, south = grid.x0 + column * grid.cell, grid.y0 + row * grid.cell
    table = {
        "row": row,
        "column": column,
        "density": surface.values[row, column],
        "support": surface.support[row, column],
    }
    squares = shapely.box(west, south, west + grid.cell, south + grid.cell)
    return geopandas.GeoDataFrame(table, geometry=squares, crs=crs)
