"""Converts longitude and latitude to projected metres and back; the only module that imports pyproj."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pyproj
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike, NDArray
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info
from pyproj.enums import TransformDirection
from pyproj.exceptions import CRSError, ProjError

from geoharm.errors import DesignError

LONLAT = "EPSG:4326"
MERCATOR = "EPSG:3857"

# National systems that police and city data use. State plane and UTM zones are too many to be recognised by numbers.
_NATIONAL = (
    "EPSG:27700", "EPSG:29902", "EPSG:2157", "EPSG:28992", "EPSG:31370", "EPSG:2154", "EPSG:3006", "EPSG:2056", "EPSG:2180",
    "EPSG:3763", "EPSG:3067", "EPSG:2193",
)  # fmt: skip

# Equal-area systems for whole countries, which no zone of six degrees holds; the smaller first.
_COUNTRY_WIDE = {
    "EPSG:5070": "the equal-area system of the lower 48 states",
    "EPSG:3577": "the equal-area system of Australia",
    "EPSG:3035": "the equal-area system of Europe",
}
_ZONE_DEGREES = 6.0

FloatArray = NDArray[np.float64]

# A local polynomial is used only if it differs from the projection itself by no more than this many metres, on a test
# grid of so many points a side to which it was not fitted. That is ten times better than the promised millimetre.
_MAX_ERROR, _TEST_POINTS = 1e-4, 101
# Polynomial degrees to try, nodes a side to fit to, and points evaluated at once.
_DEGREES, _NODES, _BLOCK = (5, 7, 9), 24, 8_192

Box = tuple[float, float, float, float]


def check_known(crs: str) -> str:
    """Return `crs` if it is a known coordinate system.

    Raises
    ------
    DesignError
        Otherwise.
    """
    try:
        pyproj.CRS.from_user_input(crs)
    except (CRSError, UnicodeError) as error:
        msg = f'The coordinate system "{crs}" is not known; give an EPSG code such as "EPSG:27700".'
        raise DesignError(msg) from error
    return crs


def code_of(name: str) -> str:
    """Return the code of a coordinate system from the names that data files give it; an empty text for any other text.

    Only names made of an authority and a code are accepted: a longer description could name files.

    Examples
    --------
    >>> code_of("urn:ogc:def:crs:OGC:1.3:CRS84"), code_of("http://www.opengis.net/def/crs/EPSG/0/27700"), code_of("epsg:2249")
    ('OGC:CRS84', 'EPSG:27700', 'EPSG:2249')
    >>> code_of("+proj=longlat")
    ''
    """
    match = re.fullmatch(
        r"\s*(?:urn:(?:x-)?ogc:def:crs:|https?://www\.opengis\.net/def/crs/)?(EPSG|ESRI|OGC)[:/]+(?:[\d.]*[:/])?(\d{1,7}|CRS84)\s*",
        name,
        re.IGNORECASE,
    )
    if not match:
        return "OGC:CRS84" if name.strip().upper() in ("CRS84", "WGS84") else ""
    return f"{match.group(1).upper()}:{match.group(2).upper()}"


def is_known(crs: str) -> bool:
    """Return whether a coordinate system is known."""
    try:
        pyproj.CRS.from_user_input(crs)
    except (CRSError, UnicodeError):
        return False
    return True


def is_same(first: str, second: str) -> bool:
    """Return whether two names mean one coordinate system, whatever the order of its axes."""
    systems = [pyproj.CRS.from_user_input(crs) for crs in (first, second)]
    return systems[0].equals(systems[1], ignore_axis_order=True)


def is_in_degrees(crs: str) -> bool:
    """Return whether the coordinates of a system are longitude and latitude."""
    return pyproj.CRS.from_user_input(crs).is_geographic


def share_in_use(x: ArrayLike, y: ArrayLike, crs: str) -> float:
    """Return the share of places that lie in a system's area of use, with a margin of 2 degrees.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Coordinates in `crs`, east (longitude) first.
    crs : str

    Returns
    -------
    float
        1 if the system names no area, nan for no places.
    """
    area_of_use = pyproj.CRS.from_user_input(crs).area_of_use
    if area_of_use is None or area_of_use.west > area_of_use.east:
        return 1.0
    longitude, latitude = transform(x, y, source=crs, target=LONLAT)
    margin = 2.0
    inside = (
        (area_of_use.west - margin <= longitude)
        & (longitude <= area_of_use.east + margin)
        & (area_of_use.south - margin <= latitude)
        & (latitude <= area_of_use.north + margin)
        & (np.abs(latitude) <= 90)
    )
    return float(inside.mean()) if inside.size else float("nan")


def definition(crs: str) -> str:
    """Return the definition of a coordinate system as WKT 2, for programs that may not know its code."""
    return str(pyproj.CRS.from_user_input(crs).to_wkt("WKT2_2019"))


def plain_name(crs: str) -> str:
    """Return the shortest name of a coordinate system: its code where it has one, "EPSG:4326" for all names of degrees WGS 84.

    Parameters
    ----------
    crs : str
        A code, an URN, or the text of a .prj file.

    Raises
    ------
    DesignError
        If it is not known.

    Examples
    --------
    >>> plain_name("urn:ogc:def:crs:OGC:1.3:CRS84"), plain_name("urn:ogc:def:crs:EPSG::27700")
    ('EPSG:4326', 'EPSG:27700')
    """
    system = pyproj.CRS.from_user_input(check_known(crs))
    authority = system.to_authority()
    name = ":".join(authority) if authority else crs
    return LONLAT if name in ("OGC:CRS84", LONLAT) else name


def check_area_of_use(crs: str, west: float, south: float, east: float, north: float) -> None:
    """Refuse a coordinate system outside its area of use, where its distances are wrong.

    Parameters
    ----------
    crs : str
    west, south, east, north : float
        Bounds of the place, in degrees.

    Raises
    ------
    DesignError
        If the middle of the place lies outside the system's area of use (with a margin of 2 degrees).
    """
    area_of_use = pyproj.CRS.from_user_input(crs).area_of_use
    if area_of_use is None or area_of_use.west > area_of_use.east:
        return
    x, y, margin = (west + east) / 2, (south + north) / 2, 2.0
    if not (
        area_of_use.west - margin <= x <= area_of_use.east + margin
        and area_of_use.south - margin <= y <= area_of_use.north + margin
    ):
        msg = (
            f'The coordinate system "{crs}" is made for {area_of_use.name.rstrip(".")}, but the study area lies at longitude '
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


@cache
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
    point_of_interest = AreaOfInterest(longitude, latitude, longitude, latitude)
    utm_zones = query_utm_crs_info(datum_name="WGS 84", area_of_interest=point_of_interest)
    return f"EPSG:{utm_zones[0].code}"


def national_or_utm(longitude: float, latitude: float) -> tuple[str, str]:
    """Return the projected system to propose for a place, and its name in words.

    Parameters
    ----------
    longitude, latitude : float
        In degrees.

    Examples
    --------
    >>> national_or_utm(-2.98, 53.40)
    ('EPSG:27700', 'the British National Grid')
    >>> national_or_utm(-6.26, 53.35), national_or_utm(-71.06, 42.36)
    (('EPSG:32629', 'the local UTM zone'), ('EPSG:32619', 'the local UTM zone'))
    """
    in_british_box = -8.7 <= longitude <= 1.9 and 49.8 <= latitude <= 61
    in_ireland = longitude < -5.35 and 51.0 < latitude < 55.25
    in_france = (longitude > 1.45 and latitude < 51.1) or (longitude > -2.5 and latitude < 50.3)
    if in_british_box and not in_ireland and not in_france:
        return "EPSG:27700", "the British National Grid"
    return local_utm(longitude, latitude), "the local UTM zone"


def system_for_extent(west: float, south: float, east: float, north: float) -> tuple[str, str]:
    """Return the projected system to propose for an extent in degrees, and its name in words.

    Raises
    ------
    DesignError
        If it is wider than a UTM zone, and no known system of a country holds it.

    Examples
    --------
    >>> system_for_extent(-71.2, 42.2, -70.9, 42.4)
    ('EPSG:32619', 'the local UTM zone')
    >>> system_for_extent(-122.5, 27.1, -70.1, 47.6)
    ('EPSG:5070', 'the equal-area system of the lower 48 states')
    """
    if east - west <= _ZONE_DEGREES:
        return national_or_utm((west + east) / 2, (south + north) / 2)
    for code, name in _COUNTRY_WIDE.items():
        use = pyproj.CRS.from_user_input(code).area_of_use
        if use and use.west <= west and east <= use.east and use.south <= south and north <= use.north:
            return code, name
    msg = (
        f"The places lie between longitude {west:.1f} and {east:.1f}, which no coordinate system that geoharm knows holds; "
        "name one in metres with --crs, or a smaller area."
    )
    raise DesignError(msg)


def systems_that_fit(x: ArrayLike, y: ArrayLike) -> tuple[tuple[str, str], ...]:
    """Return the known national systems in which over 90 % of the places lie inside the system's area of use.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Coordinates that are not degrees.

    Returns
    -------
    tuple of (code, name)
        Candidates, never a decision: the same numbers lie in several countries.

    Examples
    --------
    >>> [code for code, _ in systems_that_fit([335_000, 336_500], [390_100, 391_000])]
    ['EPSG:27700', 'EPSG:2180']
    """
    fitting = []
    for code in _NATIONAL:
        system = pyproj.CRS.from_user_input(code)
        area_of_use = system.area_of_use
        if area_of_use is None:
            continue
        longitude, latitude = transform(x, y, source=code, target=LONLAT)
        is_inside = (
            (area_of_use.west <= longitude)
            & (longitude <= area_of_use.east)
            & (area_of_use.south <= latitude)
            & (latitude <= area_of_use.north)
        )
        if is_inside.mean() > 0.9:
            fitting.append((code, str(system.name)))
    return tuple(fitting)


@cache
def _transformer(source: str, target: str) -> pyproj.Transformer:
    try:
        return pyproj.Transformer.from_crs(source, target, always_xy=True)
    except ProjError as error:  # A system that a damaged file describes; `CRSError` is one of them.
        msg = f'From the coordinate system "{source[:60]}", no way leads to "{target[:60]}".'
        raise DesignError(msg) from error


def transform(x: ArrayLike, y: ArrayLike, *, source: str, target: str) -> tuple[FloatArray, FloatArray]:
    """Transform coordinates from one system to another, always with x (east, longitude) first.

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

    Raises
    ------
    DesignError
        If a system is damaged, so that there is no way from one to the other.
    """
    transformed = _transformer(source, target).transform(
        np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64), direction=TransformDirection.FORWARD
    )
    return np.asarray(transformed[0], dtype=np.float64), np.asarray(transformed[1], dtype=np.float64)


def transform_near(x: ArrayLike, y: ArrayLike, *, source: str, target: str, box: Box) -> tuple[FloatArray, FloatArray]:
    """Transform many coordinates as `transform` does, to within 1 mm, faster: by a polynomial fitted inside a box.

    The polynomial depends only on the systems and the box, and every point is transformed by itself. So a point gives
    the same result whichever other points are transformed with it. The polynomial is checked against the projection in
    every process. The projection itself is used for points outside the box, and for all points if the two differ by more
    than 0.1 mm anywhere (a box too large, a datum shift made of pieces).

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Coordinates in `source`.
    source, target : str
        Coordinate systems; `target` in metres.
    box : (west, south, east, north)
        In `source`.

    Returns
    -------
    x, y : ndarray, shape (n,)
        Coordinates in `target`; infinite where the projection is not defined.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    polynomials = _fit(source, target, box)
    if polynomials is None:
        return transform(x, y, source=source, target=target)
    west, south, east, north = box
    outside = ~((x >= west) & (x <= east) & (y >= south) & (y <= north))
    any_outside = bool(outside.any())
    inner = (np.where(outside, west, x), np.where(outside, south, y)) if any_outside else (x, y)
    transformed = tuple(_evaluate(table, *inner, box) for table in polynomials)
    if any_outside:
        for values, exact in zip(
            transformed, transform(x[outside], y[outside], source=source, target=target), strict=True
        ):
            values[outside] = exact
    return transformed[0], transformed[1]


@cache
def _fit(source: str, target: str, box: Box) -> tuple[FloatArray, FloatArray] | None:
    """Return the polynomials of both coordinates as tables of powers in box units (-1 to 1), or None."""
    west, south, east, north = box
    middle, half = ((west + east) / 2, (south + north) / 2), ((east - west) / 2, (north - south) / 2)
    if source == target or not (0 < half[0] < np.inf and 0 < half[1] < np.inf):
        return None
    nodes = np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)
    u, v = np.meshgrid(nodes, nodes, indexing="ij")
    known = transform(middle[0] + u * half[0], middle[1] + v * half[1], source=source, target=target)
    steps = np.linspace(-1, 1, _TEST_POINTS)
    x, y = (part.ravel() for part in np.meshgrid(middle[0] + steps * half[0], middle[1] + steps * half[1]))
    expected = transform(x, y, source=source, target=target)
    for degree in _DEGREES:
        tables = tuple(_powers(values, degree) for values in known)
        fitted = (_evaluate(table, x, y, box) for table in tables)
        # An undefined difference (NaN) does not pass this comparison.
        if all(np.abs(result - exact).max() <= _MAX_ERROR for result, exact in zip(fitted, expected, strict=True)):
            return tables[0], tables[1]
    return None


def _powers(values: FloatArray, degree: int) -> FloatArray:
    """Return the coefficients of u**i * v**j of the Chebyshev series through values at the nodes, cut at a degree."""
    basis = chebyshev.chebvander(np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES), degree)
    weight = np.where(np.arange(degree + 1) == 0, 1, 2) / _NODES
    table = np.zeros((degree + 1, degree + 1))
    for i in range(degree + 1):
        for j in range(degree + 1 - i):
            # Plain sums: unlike a linear algebra library, they do not depend on the number of threads.
            share = weight[i] * weight[j] * (basis[:, i, None] * basis[None, :, j] * values).sum()
            u_powers, v_powers = (chebyshev.cheb2poly([0] * k + [1]) for k in (i, j))
            table[: i + 1, : j + 1] += share * np.outer(u_powers, v_powers)
    return table


def _evaluate(table: FloatArray, x: FloatArray, y: FloatArray, box: Box) -> FloatArray:
    """Return a polynomial's values by Horner's rule, in blocks that stay in the processor's cache."""
    west, south, east, north = box
    degree = table.shape[0] - 1
    values = np.empty(x.size)
    for start in range(0, x.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        u = (x[part] - (west + east) / 2) / ((east - west) / 2)
        v = (y[part] - (south + north) / 2) / ((north - south) / 2)
        total = np.zeros(u.size)
        for i in range(degree, -1, -1):
            row = np.full(u.size, table[i, degree - i])
            for j in range(degree - i - 1, -1, -1):
                row *= v
                row += table[i, j]
            total *= u
            total += row
        values[part] = total
    return values
