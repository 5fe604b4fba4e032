"""Areas for a first study: from a file, or a circle around a place, before a coordinate system is chosen."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geoharm import _crs
from geoharm._crs import FloatArray
from geoharm.errors import StudyError
from geoharm.geo.area_files import read_area

_CORNERS = 64
_MAX_RADIUS_KM = 200


@dataclass(frozen=True, slots=True)
class UnprojectedArea:
    """An area before its coordinate system is chosen.

    Attributes
    ----------
    file : str
        Path relative to the study.
    content : str
        GeoJSON to be written there; empty where the file is the user's own.
    outline : shapely geometry
        Polygons in degrees.
    evidence : str
        Where the area comes from, in words.
    """

    file: str
    content: str
    outline: BaseGeometry
    evidence: str

    @property
    def middle(self) -> tuple[float, float]:
        """Longitude and latitude of a point inside the area."""
        point = self.outline.representative_point()
        return float(point.x), float(point.y)

    def within(self, crs: str) -> BaseGeometry:
        """Return the area in the metres of a projected system."""
        return shapely.make_valid(_transformed(self.outline, _crs.LONLAT, crs))


def read_area_file(path: Path, relative: str, name: str) -> UnprojectedArea:
    """Return the area in a file.

    Parameters
    ----------
    path : Path
    relative : str
        Path of the same file, relative to the study.
    name : str
        What the area is, for error messages.

    Raises
    ------
    StudyError
        If the file holds no area.
    """
    area = read_area(path, None, name=name)
    outline = _transformed(area.geometry, area.crs, _crs.LONLAT)
    return UnprojectedArea(relative, "", outline, " ".join([f"the file {relative}", *map("({})".format, area.notes)]))


def circle_from_flag(text: str, flag: str, file: str, *, unit: float) -> UnprojectedArea:
    """Return the circle that a command-line flag describes as longitude,latitude,radius.

    Parameters
    ----------
    text, flag : str
        Value and name of the flag.
    file : str
        Path of the file to be written, relative to the study.
    unit : float
        Metres in one unit of the radius.

    Raises
    ------
    StudyError
        If the text is not such a circle, or its radius is above 200 km.
    """
    example = "-71.07,42.33,8" if unit > 1 else "-71.073,42.332,300"
    try:
        longitude, latitude, radius = (float(part) for part in text.split(","))
    except ValueError:
        raise StudyError([f'{flag} is "{text}"; write longitude,latitude,radius, such as {example}.']) from None
    if not (abs(longitude) <= 180 and abs(latitude) <= 80):
        raise StudyError([f'{flag} is "{text}"; longitude comes first, then latitude, both in degrees.'])
    if not 0 < radius * unit <= _MAX_RADIUS_KM * 1000:
        raise StudyError([f'{flag} is "{text}"; the radius must be above 0 and at most {_MAX_RADIUS_KM} km.'])
    content = circle_geojson(longitude, latitude, radius * unit)
    shape = shapely.geometry.shape(json.loads(content)["features"][0]["geometry"])
    return UnprojectedArea(
        file, content, shape, f"a circle of {radius:g} {'km' if unit > 1 else 'm'} around {longitude:g}, {latitude:g}"
    )


def circle_geojson(longitude: float, latitude: float, radius: float) -> str:
    """Return a circle around a place as GeoJSON.

    Parameters
    ----------
    longitude, latitude : float
        Degrees.
    radius : float
        Metres.
    """
    crs = _crs.local_utm(longitude, latitude)
    x, y = _crs.transform([longitude], [latitude], source=_crs.LONLAT, target=crs)
    angles = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    lon, lat = _crs.transform(
        x[0] + radius * np.cos(angles), y[0] + radius * np.sin(angles), source=crs, target=_crs.LONLAT
    )
    ring = [[round(float(a), 6), round(float(b), 6)] for a, b in zip(lon, lat, strict=True)]
    geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    properties = {"drawn_from": f"a circle of {radius:g} m around {longitude:g}, {latitude:g}"}
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    return json.dumps({"type": "FeatureCollection", "features": [feature]}) + "\n"


def _transformed(geometry: BaseGeometry, source: str, target: str) -> BaseGeometry:
    def move(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        return _crs.transform(x, y, source=source, target=target)

    return shapely.transform(geometry, move, interleaved=False)
