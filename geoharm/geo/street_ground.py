"""The ground of a street that is drawn as a line: all that lies within half its width."""

from __future__ import annotations

from shapely.geometry.base import BaseGeometry

_QUADRANT_SEGMENTS = 8


def street_ground(line: BaseGeometry, width: float) -> BaseGeometry:
    """Return the ground within half a width of a line, its ends rounded.

    Parameters
    ----------
    line : shapely geometry
        A line or several, in metres.
    width : float
        In metres.

    Examples
    --------
    >>> import shapely
    >>> ground = street_ground(shapely.LineString([(0, 0), (400, 0)]), 30)
    >>> ground.bounds, round(ground.area)
    ((-15.0, -15.0, 415.0, 15.0), 12702)
    """
    return line.buffer(width / 2, quad_segs=_QUADRANT_SEGMENTS)
