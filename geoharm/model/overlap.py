"""Which areas a zone touches: by the share of ground they have in common, not by borders that nearly coincide."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

# Less ground than this share is what borders from two sources differ by: half a metre along a ward of 600 m is 0.1 %.
LEAST_SHARE = 0.05
# Borders of neighbours that were digitised apart differ by up to so many metres; gaps no wider were drawn by no one.
BORDER_NOISE = 5.0


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
