"""Places for rows that have none, or only a default geocode, from their address texts: where located rows agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geoharm.ingest.geocoding.addresses import Address, read_address

SAME_TEXT, STREETS_MEET = "same text", "streets meet"

# Located rows of one text agree if all lie this near to their middle; a street without a number needs three of them.
_AGREE = 50.0
_ROWS_OF_STREET = 3
# Two streets meet where located rows of both come this near, if nearly all such pairs are at one place.
_MEET, _ONE_PLACE, _MOST_PAIRS = 75.0, 150.0, 0.9
# The second rule is used if at least so many known crossings, left out one at a time, were found, nine in ten this near.
_TRIED, _NEAR_ENOUGH = 10, 150.0


@dataclass(frozen=True, slots=True)
class LocatedRows:
    """Located rows by text and point.

    Attributes
    ----------
    texts : sequence of str, n
    x, y : ndarray, shape (n,)
        Metres.
    rows : ndarray of int, shape (n,)
    """

    texts: Sequence[str]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    rows: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RecoveredPlaces:
    """What address texts gave.

    Attributes
    ----------
    places : mapping of str to (x, y, how)
        By address text.
    tried : ndarray, shape (k,)
        Metres between known crossings and where the second rule put them with their own rows left out.
    streets : mapping of str to ndarray, shape (m, 2)
        Located points of every street.
    """

    places: Mapping[str, tuple[float, float, str]]
    tried: NDArray[np.float64]
    streets: Mapping[str, NDArray[np.float64]]

    def sentence(self, rows: Mapping[str, int]) -> tuple[int, str]:
        """Return how many rows got a place, and a sentence on how, given the rows of every text that lacked one."""
        found = {SAME_TEXT: 0, STREETS_MEET: 0}
        for text, (_, _, how) in self.places.items():
            found[how] += rows[text]
        ways = []
        if found[SAME_TEXT]:
            ways.append(f"{found[SAME_TEXT]:,} where located rows of the same text lie within {_AGREE:g} m")
        if found[STREETS_MEET]:
            half, most = np.quantile(self.tried, (0.5, 0.9))
            ways.append(
                f"{found[STREETS_MEET]:,} where located rows of two streets meet (tried on {self.tried.size:,} known "
                f"crossings, each with its own rows left out: half within {half:,.0f} m, nine in ten within {most:,.0f} m)"
            )
        total = sum(found.values())
        return total, f"of {sum(rows.values()):,} without usable coordinates placed by address: " + "; ".join(ways)


def recover_places(located: LocatedRows, wanted: Sequence[str]) -> RecoveredPlaces:
    """Return places for address texts from rows whose place is known.

    A text gets the middle (by rows) of the located rows of the same text if all of them lie within 50 m of it; a
    whole street needs three such rows. A crossing of two streets gets the middle of the two nearest located points,
    one on each street, if they are within 75 m and nine in ten such pairs lie within 150 m of it: streets that meet
    twice, or share a name with another, stay unknown. The second rule is tried first on known crossings, each with
    its own rows left out, and not used unless at least ten are found and nine in ten of them within 150 m.

    Parameters
    ----------
    located : LocatedRows
    wanted : sequence of str
        Distinct address texts.
    """
    of_text: dict[Address, list[int]] = defaultdict(list)
    of_street: dict[str, list[int]] = defaultdict(list)
    for position, text in enumerate(located.texts):
        address = read_address(text)
        of_text[address].append(position)
        for street in address.streets:
            of_street[street].append(position)
    points = np.column_stack([located.x, located.y])
    streets = {name: np.unique(points[held], axis=0) for name, held in of_street.items()}
    tried = _try_crossings(of_text, streets, points)
    meets = tried.size >= _TRIED and float(np.quantile(tried, 0.9)) <= _NEAR_ENOUGH
    places: dict[str, tuple[float, float, str]] = {}
    for text in wanted:
        address = read_address(text)
        agreed = _agreed(address, of_text.get(address, []), points, located.rows)
        if agreed is not None:
            places[text] = (*agreed, SAME_TEXT)
        elif meets and address.is_crossing and address not in of_text:
            crossing = _crossing(streets, address)
            if crossing is not None:
                places[text] = (*crossing, STREETS_MEET)
    return RecoveredPlaces(places, tried, streets)


def _agreed(
    address: Address, held: Sequence[int], points: NDArray[np.float64], rows: NDArray[np.int64]
) -> tuple[float, float] | None:
    """Return the middle of the located rows of one address, if they agree."""
    needed = 1 if address.is_exact else _ROWS_OF_STREET
    if not address.streets or int(rows[list(held)].sum()) < needed:
        return None
    near = points[list(held)]
    middle = np.average(near, axis=0, weights=rows[list(held)])
    if float(np.hypot(*(near - middle).T).max()) > _AGREE:
        return None
    return float(middle[0]), float(middle[1])


def _crossing(
    streets: Mapping[str, NDArray[np.float64]], address: Address, without: NDArray[np.float64] | None = None
) -> tuple[float, float] | None:
    """Return where two streets meet, if they do so at one place only."""
    sides = []
    for name in address.streets:
        side = streets.get(name, np.empty((0, 2)))
        if without is not None and side.size:
            side = side[~(side[:, None, :] == without[None, :, :]).all(axis=2).any(axis=1)]
        if not side.size:
            return None
        sides.append(side)
    pairs = cKDTree(sides[0]).sparse_distance_matrix(cKDTree(sides[1]), _MEET, output_type="ndarray")
    if not pairs.size:
        return None
    middles = (sides[0][pairs["i"]] + sides[1][pairs["j"]]) / 2
    best = middles[np.lexsort((pairs["j"], pairs["i"], pairs["v"]))[0]]
    if float(np.mean(np.hypot(*(middles - best).T) <= _ONE_PLACE)) < _MOST_PAIRS:
        return None
    return float(best[0]), float(best[1])


def _try_crossings(
    of_text: Mapping[Address, Sequence[int]], streets: Mapping[str, NDArray[np.float64]], points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how far off known crossings are found once their own points are left out."""
    errors = []
    for address, held in of_text.items():
        if address.is_crossing:
            own = np.unique(points[list(held)], axis=0)
            found = _crossing(streets, address, without=own)
            if found is not None:
                errors.append(float(np.hypot(*(own - np.array(found)).T).max()))
    return np.sort(np.array(errors, dtype=np.float64))
