"""Longitude and latitude to projected metres and back; the only importer of pyproj."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyproj
from numpy.typing import ArrayLike, NDArray
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info
from pyproj.enums import TransformDirection
from pyproj.exceptions import CRSError

from geoharm.errors import DesignError

LONLAT = "EPSG:4326"
MERCATOR = "EPSG:3857"

FloatArray = NDArray[np.float64]


def check_known(crs: str) -> str:
    """Return `crs` if there is such a coordinate system.

    Raises
    ------
    DesignError
        Otherwise.
    """
    try:
        pyproj.CRS.from_user_input(crs)
    except CRSError as error:
        msg = f'The coordinate system "{crs}" is not known; give an EPSG code such as "EPSG:27700".'
        raise DesignError(msg) from error
    return crs


def check_area_of_use(crs: str, west: float, south: float, east: float, north: float) -> None:
    """Refuse a coordinate system that was not made for a place: its distances there are wrong.

    Parameters
    ----------
    crs : str
    west, south, east, north : float
        The place, in degrees.

    Raises
    ------
    DesignError
        If the middle of the place lies outside the system's area of use (with a margin of 2 degrees).
    """
    use = pyproj.CRS.from_user_input(crs).area_of_use
    if use is None or use.west > use.east:
        return
    x, y, margin = (west + east) / 2, (south + north) / 2, 2.0
    if not (use.west - margin <= x <= use.east + margin and use.south - margin <= y <= use.north + margin):
        msg = (
            f'The coordinate system "{crs}" is made for {use.name.rstrip(".")}, but the study area lies at longitude '
            f"{x:.1f}, latitude {y:.1f}; choose one for that place, or leave crs out."
        )
        raise DesignError(msg)


def check_metric_crs(crs: str) -> str:
    """Return `crs` if it is a projected system in metres.

    Raises
    ------
    DesignError
        If it is unknown, geographic (degrees), or measured in another unit.
    """
    system = pyproj.CRS.from_user_input(check_known(crs))
    unit = system.axis_info[0].unit_name if system.axis_info else "unknown"
    if not system.is_projected or unit != "metre":
        msg = (
            f'The coordinate system "{crs}" is measured in {unit}; distances and areas need a projected '
            'system in metres, such as "EPSG:27700" (Great Britain) or a UTM zone.'
        )
        raise DesignError(msg)
    return crs


def local_utm(longitude: float, latitude: float) -> str:
    """Return the EPSG code of the UTM zone (WGS 84) that contains a place.

    Parameters
    ----------
    longitude, latitude : float
        In degrees.

    Examples
    --------
    >>> local_utm(-2.98, 53.40)
    'EPSG:32630'
    """
    if not (-180 <= longitude <= 180 and -80 <= latitude <= 84):
        msg = f"No UTM zone covers longitude {longitude}, latitude {latitude}; name the study's crs yourself."
        raise DesignError(msg)
    here = AreaOfInterest(longitude, latitude, longitude, latitude)
    found = query_utm_crs_info(datum_name="WGS 84", area_of_interest=here)
    return f"EPSG:{found[0].code}"


@cache
def _transformer(source: str, target: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def transform(x: ArrayLike, y: ArrayLike, *, source: str, target: str) -> tuple[FloatArray, FloatArray]:
    """Move coordinates from one system to another, always x (east, longitude) first.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Coordinates in `source`.
    source, target : str
        Coordinate systems, e.g. ``"EPSG:4326"``.

    Returns
    -------
    x, y : ndarray, shape (n,)
        Coordinates in `target`; infinite where the projection is not defined.
    """
    moved = _transformer(source, target).transform(
        np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64), direction=TransformDirection.FORWARD
    )
    return np.asarray(moved[0], dtype=np.float64), np.asarray(moved[1], dtype=np.float64)
