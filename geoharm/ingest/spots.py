"""Spots: the places of a source's events, each with its kind: inside the study area, outside, or without a usable place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geoharm.model.ledger import PLACINGS

# The kinds of places, by the whole numbers that stand for them while rows are counted.
KINDS = np.array(["inside", "outside", "default geocode", "no place"], dtype=np.object_)
INSIDE, OUTSIDE, DEFAULT_GEOCODE, NO_PLACE = range(4)


@dataclass(frozen=True, slots=True)
class Spots:
    """The places of a source's kept rows.

    Attributes
    ----------
    place, rows : ndarray of int, shape (n,)
        The code of each place, and the number of kept rows there.
    x, y : ndarray, shape (n,)
        Metres; NaN for a place without coordinates.
    point : ndarray of int, shape (n,)
        The same for places with the same x and y, in the order of x, then y; -1 without coordinates.
    kind : ndarray of int, shape (n,)
        Positions in "inside", "outside", "default geocode", "no place".
    recovered : ndarray of bool, shape (n,)
        Whether x and y come from the address text, and lie in the study area.
    how : ndarray of str, shape (n,)
        How the place was found by the address text, or why it was not: one of `PLACINGS`; empty for a place with coordinates
        of its own.
    error : ndarray, shape (n,)
        Typical distance in metres to the true place, of places found by the address text; NaN for others.
    """

    place: NDArray[np.int64]
    rows: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    point: NDArray[np.int64]
    kind: NDArray[np.int64]
    recovered: NDArray[np.bool_]
    how: NDArray[np.object_]
    error: NDArray[np.float64]

    def placings(self) -> pa.Table:
        """Return the table ``placing``: by how, the rows without coordinates of their own, those inside, and their typical error."""
        hows = [how for how in PLACINGS if (self.how == how).any()]
        inside = [(self.how == how) & self.recovered for how in hows]
        return pa.table({
            "how": pa.array(hows, pa.string()),
            "rows": pa.array([int(self.rows[self.how == how].sum()) for how in hows], pa.int64()),
            "inside": pa.array([int(self.rows[one].sum()) for one in inside], pa.int64()),
            "error": pa.array(
                [float(np.average(self.error[one], weights=self.rows[one])) if one.any() else 0.0 for one in inside],
                pa.float64(),
            ),
        })  # fmt: skip

    def table(self) -> pa.Table:
        """Return the table ``spot`` of these places; the number of rows is not in it."""
        return pa.table({
            "place": pa.array(self.place, pa.int32()),
            "point": pa.array(self.point, pa.int32()),
            "x": pa.array(self.x, from_pandas=True),
            "y": pa.array(self.y, from_pandas=True),
            "kind": pa.array(KINDS[self.kind], pa.string()),
            "recovered": pa.array(self.recovered, pa.bool_()),
            "how": pa.array(self.how, pa.string()),
        })  # fmt: skip
