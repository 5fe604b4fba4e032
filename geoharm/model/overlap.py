"""How areas and a zone lie to each other, where their borders nearly coincide: by the ground they have in common.

Borders from two sources differ by metres. What a question about an area makes of that is one of two rules:

- An estimate of an area, such as a survey's, belongs to the zone or does not: `touched`, by share of ground.
- A count of an area is known to lie inside, outside, or partly inside: `whole_and_cut`, where only strips no wider than
  border noise are left out of account, so that bounds stay bounds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

# Who answered in an area speaks for a zone that holds at least this share of it.
LEAST_SHARE = 0.05
# Borders that were digitised apart differ by up to so many metres; strips and gaps no wider were drawn by no one.
BORDER_NOISE = 5.0
# Reprojecting and joining outlines changes an area by less than this share.
_ROUNDING = 1e-6


def shared_ground(shapes: Sequence[BaseGeometry | None], zone: BaseGeometry) -> NDArray[np.float64]:
    """Return the area that each shape shares with a zone, in square metres; 0 for a shape that is None."""
    array = np.empty(len(shapes), dtype=object)
    array[:] = shapes
    return np.nan_to_num(np.asarray(shapely.area(shapely.intersection(array, zone)), dtype=np.float64))


def touched(shapes: Sequence[BaseGeometry | None], zone: BaseGeometry) -> NDArray[np.bool_]:
    """Return which areas a zone touches.

    An area is touched if the ground that it shares with the zone is at least `LEAST_SHARE` (5 %)

    - of the area itself, or
    - of the most ground that any of the areas shares with the zone, provided that the areas together hold at least that
      share of the zone.

    So a zone drawn on one area, and a few metres off it, touches that area and no neighbour; a small zone touches the
    large area around it; a long street touches all the areas that it crosses; and a zone beside all the areas none.

    Parameters
    ----------
    shapes : sequence of (shapely geometry or None)
        Outlines of the areas, in metres.
    zone : shapely geometry

    Returns
    -------
    ndarray of bool, shape (len(shapes),)

    Examples
    --------
    >>> touched([shapely.box(0, 0, 600, 600), shapely.box(600, 0, 1200, 600), None], shapely.box(0.5, 0, 600.5, 600)).tolist()
    [True, False, False]
    """
    shared = shared_ground(shapes, zone)
    if not shared.any():
        return np.zeros(len(shapes), dtype=np.bool_)
    own = np.array([np.inf if shape is None else shape.area for shape in shapes])
    of_own = shared >= LEAST_SHARE * own
    if shared.sum() < LEAST_SHARE * zone.area:
        return np.asarray(of_own)
    return np.asarray(of_own | (shared >= LEAST_SHARE * shared.max()))


def is_narrow(shape: BaseGeometry) -> bool:
    """Return whether no circle as wide as border noise fits into a shape.

    Examples
    --------
    >>> is_narrow(shapely.box(0, 0, 1000, 4)), is_narrow(shapely.box(0, 0, 1000, 6))
    (True, False)
    """
    return bool(shapely.buffer(shape, -BORDER_NOISE / 2).is_empty)


def whole_and_cut(
    shapes: Sequence[BaseGeometry], zone: BaseGeometry
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which areas lie wholly inside a zone, which it cuts, and which of the others only border noise cuts.

    Parameters
    ----------
    shapes : sequence of shapely geometry
        Outlines of the areas, in metres.
    zone : shapely geometry

    Returns
    -------
    whole : ndarray of bool, shape (len(shapes),)
        What lies outside is nowhere wider than `BORDER_NOISE` (5 m).
    cut : ndarray of bool
        Both what lies inside and what lies outside is wider.
    noise : ndarray of bool
        Areas of which a strip no wider lies on the other side, and that count as wholly inside, or outside.

    Examples
    --------
    >>> ward, beside = shapely.box(0, 0, 600, 600), shapely.box(600, 0, 1200, 600)
    >>> [flags.tolist() for flags in whole_and_cut([ward, beside], shapely.box(0.5, 0, 600.5, 600))]
    [[True, False], [False, False], [True, True]]
    """
    own = np.array([shape.area for shape in shapes])
    share = shared_ground(shapes, zone) / own if len(shapes) else np.zeros(0)
    whole = share >= 1 - _ROUNDING
    cut = np.zeros(len(shapes), dtype=np.bool_)
    noise = np.zeros(len(shapes), dtype=np.bool_)
    # Nothing can be said about a strip of a zone, or of an area, that is no wider itself.
    zone_is_narrow = is_narrow(zone)
    for index in np.flatnonzero(~whole & (share > _ROUNDING)).tolist():
        if not (zone_is_narrow or is_narrow(shapes[index])):
            whole[index] = is_narrow(shapely.difference(shapes[index], zone))
            noise[index] = whole[index] or is_narrow(shapely.intersection(shapes[index], zone))
        cut[index] = not noise[index]
    return whole, cut, noise
