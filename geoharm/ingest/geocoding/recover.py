"""Recover places from address texts, for rows without a place or with a default geocode."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geoharm.ingest.geocoding.addresses import Address, is_abbreviation, read_address
from geoharm.model.ledger import PLACED, SAME_TEXT, STREETS_MEET, QualityNote

# Located rows of one text agree if all lie within this distance (metres) of their mean point. A street without a house
# number needs at least this many rows.
_AGREE_WITHIN = 50.0
_MIN_ROWS_OF_STREET = 3
# Two streets meet where located rows of both lie within the first distance (metres), if at least this share of such
# pairs lies within the second distance of one place.
_MEET_WITHIN, _ONE_PLACE_WITHIN, _MIN_SHARE_OF_PAIRS = 75.0, 150.0, 0.9
# The rule for crossings is used only if at least so many known crossings, each left out in turn, are found again, nine
# in ten of them within this distance (metres).
_MIN_TRIED, _MAX_ERROR = 10, 150.0


@dataclass(frozen=True, slots=True)
class LocatedRows:
    """Located rows, counted by address text and point.

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
    """The places recovered from address texts.

    Attributes
    ----------
    places : mapping of str to (x, y, how)
        By address text.
    tried : ndarray, shape (k,)
        Errors of the rule for crossings, in metres: distances between known crossings and where the rule put them
        with their own rows left out; empty if no crossing was wanted.
    streets : mapping of str to ndarray, shape (m, 2)
        Located points of every street that a wanted text names.
    """

    places: Mapping[str, tuple[float, float, str]]
    tried: NDArray[np.float64]
    streets: Mapping[str, NDArray[np.float64]]

    def notes(self, rows: Mapping[str, int]) -> list[QualityNote]:
        """Return a note on each way in which rows were placed: how many, and how well it did where the place is known.

        No number of rows stands in a sentence, so that a release can round or withhold it.

        Parameters
        ----------
        rows : mapping of str to int
            The rows without a place of every wanted text.
        """
        counts = {SAME_TEXT: 0, STREETS_MEET: 0}
        for text, (_, _, how) in self.places.items():
            counts[how] += rows[text]
        sentences = {
            SAME_TEXT: f"placed by address: where located rows of the same text lie within {_AGREE_WITHIN:g} m"
        }
        if counts[STREETS_MEET]:
            median_error, high_error = np.quantile(self.tried, (0.5, 0.9))
            sentences[STREETS_MEET] = (
                f"placed by address: where located rows of two streets meet (tried on {self.tried.size:,} known crossings, each with its own "
                f"rows left out: half within {median_error:,.0f} m, nine in ten within {high_error:,.0f} m)"
            )
        return [QualityNote(PLACED, counts[how], 0, sentence) for how, sentence in sentences.items() if counts[how]]


def recover_places(located: LocatedRows, wanted: Sequence[str]) -> RecoveredPlaces:
    """Return places for address texts, from rows whose place is known.

    Same text: a text gets the mean point of the located rows of the same text, if all of them lie within 50 m of it. A
    whole street needs three such rows.

    Crossing: a crossing of two streets gets the middle of the two nearest located points, one on each street, if they are
    within 75 m and nine in ten such pairs lie within 150 m of it. Streets that meet twice, or share a name with another
    street, are therefore not placed.

    The rule for crossings is first tested on known crossings, each with its own rows left out. It is used only if at least
    ten of them are found, and nine in ten of these within 150 m.

    Parameters
    ----------
    located : LocatedRows
        All of them, or those whose text holds one of the `words_of` the wanted texts.
    wanted : sequence of str
        Distinct address texts.
    """
    readings = {text: read_address(text) for text in wanted}
    readings |= {text: read_address(text) for text in set(located.texts)}
    positions_by_address: dict[Address, list[int]] = defaultdict(list)
    positions_by_street: dict[str, list[int]] = defaultdict(list)
    for position, text in enumerate(located.texts):
        address = readings[text]
        positions_by_address[address].append(position)
        for street in address.streets:
            positions_by_street[street].append(position)
    points = np.column_stack([located.x, located.y])
    seeks_crossing = any(readings[text].is_crossing and readings[text] not in positions_by_address for text in wanted)
    # Without a crossing to seek, only the streets that the wanted texts name are needed.
    named = (
        positions_by_street.keys()
        if seeks_crossing
        else {street for text in wanted for street in readings[text].streets}
    )
    streets = {
        name: np.unique(points[positions_by_street[name]], axis=0)
        for name in sorted(named)
        if name in positions_by_street
    }
    errors = _crossing_errors(positions_by_address, streets, points) if seeks_crossing else np.zeros(0)
    use_crossings = errors.size >= _MIN_TRIED and float(np.quantile(errors, 0.9)) <= _MAX_ERROR
    places: dict[str, tuple[float, float, str]] = {}
    for text in wanted:
        address = readings[text]
        location = _agreed_location(address, positions_by_address.get(address, []), points, located.rows)
        if location is not None:
            places[text] = (*location, SAME_TEXT)
        elif use_crossings and address.is_crossing and address not in positions_by_address:
            crossing = _crossing_location(streets, address)
            if crossing is not None:
                places[text] = (*crossing, STREETS_MEET)
    return RecoveredPlaces(places, errors, streets)


def words_of(wanted: Sequence[str]) -> tuple[str, ...]:
    """Return words of which each text that can help to place a wanted one holds at least one, or nothing.

    Reading an address is slow, and most located texts have nothing in common with the wanted ones. The words are in lower
    case, and hold neither full stops nor apostrophes. Nothing is returned where every located text may help: a crossing is
    found with the help of all streets, and a street of abbreviations alone may be written in other letters.
    """
    addresses = [read_address(text) for text in wanted]
    streets = sorted({street for address in addresses for street in address.streets})
    words = [[word for word in street.split() if word.isascii() and not is_abbreviation(word)] for street in streets]
    if any(address.is_crossing for address in addresses) or not all(words):
        return ()
    return tuple(sorted({max(street, key=len) for street in words}))


def _agreed_location(
    address: Address, positions: Sequence[int], points: NDArray[np.float64], rows: NDArray[np.int64]
) -> tuple[float, float] | None:
    """Return the mean point of the located rows of one address, if they agree."""
    min_rows = 1 if address.is_exact else _MIN_ROWS_OF_STREET
    if not address.streets or int(rows[list(positions)].sum()) < min_rows:
        return None
    located_points = points[list(positions)]
    middle = np.average(located_points, axis=0, weights=rows[list(positions)])
    if float(np.hypot(*(located_points - middle).T).max()) > _AGREE_WITHIN:
        return None
    return float(middle[0]), float(middle[1])


def _crossing_location(
    streets: Mapping[str, NDArray[np.float64]], address: Address, excluded: NDArray[np.float64] | None = None
) -> tuple[float, float] | None:
    """Return where two streets meet, if they meet at one place only; points in `excluded` are not used."""
    points_by_street = []
    for street in address.streets:
        street_points = streets.get(street, np.empty((0, 2)))
        if excluded is not None and street_points.size:
            street_points = street_points[~(street_points[:, None, :] == excluded[None, :, :]).all(axis=2).any(axis=1)]
        points_by_street.append(street_points)
    meeting = where_streets_meet(*points_by_street)
    return None if meeting is None or np.isnan(meeting[0]) else meeting


def where_streets_meet(one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[float, float] | None:
    """Return where two streets meet: the middle of their two nearest points, if they are within 75 m.

    Parameters
    ----------
    one, other : ndarray, shape (n, 2)
        Points on each street, in metres.

    Returns
    -------
    (x, y) or None
        NaN, twice, if they are near each other at several places; None if nowhere.
    """
    if not one.size or not other.size:
        return None
    pairs = cKDTree(one).sparse_distance_matrix(cKDTree(other), _MEET_WITHIN, output_type="ndarray")
    if not pairs.size:
        return None
    middles = (one[pairs["i"]] + other[pairs["j"]]) / 2
    best = middles[np.lexsort((pairs["j"], pairs["i"], pairs["v"]))[0]]
    if float(np.mean(np.hypot(*(middles - best).T) <= _ONE_PLACE_WITHIN)) < _MIN_SHARE_OF_PAIRS:
        return np.nan, np.nan
    return float(best[0]), float(best[1])


def _crossing_errors(
    positions_by_address: Mapping[Address, Sequence[int]],
    streets: Mapping[str, NDArray[np.float64]],
    points: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the errors in metres of known crossings, each found with its own points left out."""
    errors = []
    for address, positions in positions_by_address.items():
        if address.is_crossing:
            own_points = np.unique(points[list(positions)], axis=0)
            location = _crossing_location(streets, address, excluded=own_points)
            if location is not None:
                errors.append(float(np.hypot(*(own_points - np.array(location)).T).max()))
    return np.sort(np.array(errors, dtype=np.float64))
