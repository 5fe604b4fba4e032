"""Places out of reach: those beyond an empty belt around the study area, where no event of its source can have happened."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm.errors import QualityError
from geoharm.model.geometry import StudyArea
from geoharm.model.ledger import IMPOSSIBLE, QualityNote

# The belt: no row lies between one distance and another that is so many times as far, measured from the middle of the
# study area's box, and at least so many metres from the box.
_TIMES_FARTHER, _MIN_DISTANCE = 5.0, 50_000.0
# From this share of located rows on, the study area is more likely to be wrong than the rows.
_MOST_ROWS = 0.5


def find_reach(distance: ArrayLike, *, size: float) -> tuple[float, float]:
    r"""Return the inner and the outer edge of the empty belt around a study area, in metres.

    Parameters
    ----------
    distance : array_like, shape (n,)
        Distances of located rows from the study area's box, 0 inside.
    size : float
        Length of the box's diagonal.

    Returns
    -------
    (float, float)
        The belt nearest to the study area. Infinity, twice, if there is none.

    Notes
    -----
    With sorted distances :math:`d_1 \le d_2 \le \dots`, the belt lies between the first :math:`d_i` and :math:`d_{i+1}` with
    :math:`d_{i+1} \ge 5 (d_i + size)` and :math:`d_{i+1} \ge 50` km. Files of a county, a state or a country fill the land
    between, so they have none. Degrees among metres, metres among feet or another grid lie far beyond all other rows.

    Examples
    --------
    >>> find_reach([0, 0, 400, 6_000, 4_100_000], size=8_000)
    (6000.0, 4100000.0)
    >>> find_reach([0, 0, 20_000, 90_000, 300_000], size=8_000)
    (inf, inf)
    """
    ordered = np.unique(np.asarray(distance, dtype=np.float64))
    near, far = ordered[:-1], ordered[1:]
    belts = np.flatnonzero((far >= _TIMES_FARTHER * (near + size)) & (far >= _MIN_DISTANCE))
    if not belts.size:
        return np.inf, np.inf
    return float(near[belts[0]]), float(far[belts[0]])


def places_out_of_reach(
    source: str, x: NDArray[np.float64], y: NDArray[np.float64], rows: NDArray[np.int64], area: StudyArea
) -> tuple[NDArray[np.bool_], list[QualityNote]]:
    """Return which places lie beyond the empty belt around the study area, and a note on their rows.

    Parameters
    ----------
    source : str
        Name of the source, for the error.
    x, y : ndarray, shape (n,)
        Metres in the study's coordinate system; NaN without coordinates.
    rows : ndarray of int, shape (n,)
        Kept rows at each place.
    area : StudyArea

    Raises
    ------
    QualityError
        If most located rows lie beyond the belt.
    """
    west, south, east, north = area.boundary.bounds
    located = np.isfinite(x) & np.isfinite(y)
    distance = np.zeros(x.size)
    distance[located] = np.hypot(
        np.maximum(np.maximum(west - x[located], x[located] - east), 0),
        np.maximum(np.maximum(south - y[located], y[located] - north), 0),
    )
    inner, outer = find_reach(distance[located], size=float(np.hypot(east - west, north - south)))
    # Coordinates that the projection cannot hold are nowhere.
    beyond = (np.isinf(x) | np.isinf(y)) | (located & (distance >= outer))
    count = int(rows[beyond].sum())
    if not count:
        return beyond, []
    total = int(rows[located | beyond].sum())
    where = f"lie {outer / 1000:,.0f} km or more from the study area" if np.isfinite(outer) else "cannot be projected"
    belt = f", and none between {inner / 1000:,.0f} and {outer / 1000:,.0f} km" if np.isfinite(outer) else ""
    if count > _MOST_ROWS * total:
        msg = (
            f'{count:,} of {total:,} located rows of "{source}" {where}{belt}: another unit, another grid, or another study '
            "area. Correct the coordinates; or, if the publisher covers all that land, name its west, south, east and north in "
            "degrees as extent under [location] of the format."
        )
        raise QualityError(msg)
    sentence = f"{where}{belt}: taken as without a place. If the publisher covers that land, state it as extent under [location] of the format"
    return beyond, [QualityNote(IMPOSSIBLE, count, 0, sentence)]
