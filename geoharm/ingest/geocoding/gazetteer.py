"""Place addresses by a gazetteer: lists of addresses with coordinates, and street files, asked in their order.

The first of them that knows an address decides. An address that it has at several places is placed only if these agree, or
if the town tells which is meant: never at the first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geoharm.engines.base import Engine
from geoharm.ingest.geocoding.addresses import Address, block_of, is_same_town
from geoharm.ingest.geocoding.recover import where_streets_meet
from geoharm.ingest.geocoding.street_lines import (
    NamedLine,
    house_on_lines,
    meeting_of_lines,
    middle_of_lines,
    named_lines,
)
from geoharm.model.ledger import AMBIGUOUS, BY_ADDRESS, BY_BLOCK, BY_INTERSECTION
from geoharm.queries.stored import StoredSource

# Several places of one address agree if all lie within this distance (metres) of their middle.
AGREE_WITHIN = 50.0
# A block is placed in its middle if it is at most so long (metres), a street without a number if all of it is at most so long.
_LONGEST_BLOCK, _LONGEST_STREET = 500.0, 200.0
# The typical distance between a house and the middle of its block is a quarter of the block's length, which is taken for
# at least this many metres.
_SHORTEST_BLOCK = 100.0
# Between the true crossing and the middle of the nearest addresses on its two streets: the median that `bench.addresses` found.
_MEETING_ERROR = 45.0


class Placed(NamedTuple):
    """What a gazetteer says of an address.

    Attributes
    ----------
    x, y : float
        Metres; NaN if the address is ambiguous.
    how : str
        `BY_ADDRESS`, `BY_INTERSECTION`, `BY_BLOCK`, or `AMBIGUOUS`.
    error : float
        Typical distance in metres between this point and the true place.
    """

    x: float
    y: float
    how: str
    error: float


_UNCLEAR = Placed(np.nan, np.nan, AMBIGUOUS, 0.0)


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """The sources by which the addresses of an event source are placed.

    Attributes
    ----------
    sources : tuple of StoredSource
        Lists of addresses and street files, in the order in which they are asked.
    errors : mapping of str to float
        By source, the typical distance in metres between its places and the true ones.
    match : float or None
        Similarity, 0 to 100, from which on an address that is not found is taken for one that is written much alike.
    """

    sources: tuple[StoredSource, ...]
    errors: Mapping[str, float]
    match: float | None = None

    def identity(self) -> tuple[object, ...]:
        """Return all that decides about places."""
        return (
            *((source.source, source.state, self.errors.get(source.source, 0.0)) for source in self.sources),
            self.match,
        )

    def names(self) -> str:
        """Return the names of its sources, as a sentence lists them."""
        return " and ".join(f'"{source.source}"' for source in self.sources)


def place_addresses(engine: Engine, gazetteer: Gazetteer, wanted: Mapping[str, Address]) -> dict[str, Placed]:
    """Return what the gazetteer says of the addresses that it knows, by their text.

    - A house: the addresses of its street and number, if they agree; by a street file with house numbers, the point between
      the two ends of the range that has it, on the side of its parity.
    - A crossing: the address of that text; where the lines of the two streets meet; or the middle of the nearest addresses on
      both, if these are within 75 m of each other at one place only.
    - A block ("400 block of", "4xx", "A St between B St and C St"), or a street whose lines are at most 200 m long: its middle.
      A list of addresses does not tell how long a street is, so a street without a number is then ambiguous.

    Parameters
    ----------
    engine : Engine
    gazetteer : Gazetteer
    wanted : mapping of str to Address
        By address text.
    """
    placed: dict[str, Placed] = {}
    for source in gazetteer.sources:
        rest = {text: address for text, address in wanted.items() if text not in placed and address.streets}
        if not rest:
            break
        error = gazetteer.errors.get(source.source, 0.0)
        found = _by_lines(engine, source, rest) if source.kind == "streets" else _by_points(engine, source, rest)
        placed |= {text: one._replace(error=float(np.hypot(one.error, error))) for text, one in found.items()}
    return placed


def known_streets(engine: Engine, gazetteer: Gazetteer) -> list[str]:
    """Return the names of all single streets and places of a gazetteer, in alphabetical order."""
    names: set[str] = set()
    for source in gazetteer.sources:
        rows = engine.rows(f"SELECT DISTINCT street FROM {_table(engine, source)} AS g WHERE street <> ''")
        names |= {str(street) for (street,) in rows if " & " not in street}
    return sorted(names)


def street_points(engine: Engine, gazetteer: Gazetteer, streets: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Return the known points on streets, shape (n, 2), in metres; streets without any are left out."""
    points: dict[str, list[NDArray[np.float64]]] = {}
    for source in gazetteer.sources:
        found = (
            {street: [line.points for line in lines] for street, lines in named_lines(engine, source, streets).items()}
            if source.kind == "streets"
            else {street: [houses] for street, houses in _points_of(engine, source, streets).items()}
        )
        for street, parts in found.items():
            points.setdefault(street, []).extend(parts)
    return {street: np.unique(np.concatenate(parts), axis=0) for street, parts in sorted(points.items())}


def _table(engine: Engine, source: StoredSource) -> str:
    return engine.table(f"{'street_line' if source.kind == 'streets' else 'address_point'}_{source.state}")


# -- by address points --------------------------------------------------------------------------------------------------


def _by_points(engine: Engine, source: StoredSource, wanted: Mapping[str, Address]) -> dict[str, Placed]:
    """Return the places of addresses that a list of addresses knows."""
    placed = dict(_houses(engine, source, wanted))
    blocks = {text: one for text, one in wanted.items() if text not in placed and len(one.streets) == 1 and not one.between
              and (one.is_block or one.number < 0)}  # fmt: skip
    placed |= dict(_blocks(engine, source, blocks))
    crossings = {text: one.streets for text, one in wanted.items() if text not in placed and one.is_crossing}
    stretches = {text: one for text, one in wanted.items() if text not in placed and len(one.between) == 2}
    pairs = sorted({*crossings.values(), *(pair for one in stretches.values() for pair in _ends(one))})
    points = _points_of(engine, source, sorted({street for pair in pairs for street in pair}))
    meetings = {
        pair: meeting
        for pair in pairs
        if pair[0] in points
        and pair[1] in points
        and (meeting := where_streets_meet(points[pair[0]], points[pair[1]])) is not None
    }
    placed |= {
        text: _crossing(meetings[pair], error=_MEETING_ERROR) for text, pair in crossings.items() if pair in meetings
    }
    return placed | _stretches(stretches, meetings)


def _crossing(meeting: tuple[float, float], *, error: float) -> Placed:
    return _UNCLEAR if np.isnan(meeting[0]) else Placed(*meeting, BY_INTERSECTION, error)


def _houses(engine: Engine, source: StoredSource, wanted: Mapping[str, Address]) -> Iterator[tuple[str, Placed]]:
    """Yield the addresses that are on the list, with where they lie."""
    texts = list(wanted)
    numbers = [-1 if wanted[text].is_block else wanted[text].number for text in texts]
    rows = _asked(
        engine, source, "k.street = g.street AND k.number = g.number",
        {"street": pa.array([wanted[text].key for text in texts], pa.string()), "number": pa.array(numbers, pa.int32())},
    )  # fmt: skip
    for position, group in groupby(rows, key=lambda row: row[0]):
        address, candidates = wanted[texts[position]], [row[1:] for row in group]
        # "12-14" is "12" or "12-14" of the list, and of "12-14" and "12-40" only itself.
        same = [row for row in candidates if row[3] == address.until]
        candidates = same or [row for row in candidates if _is_range(address.number, address.until, row[3])]
        places = _in_town(candidates, address.town)
        if places.size:
            yield texts[position], _agreed(places)


def _is_range(number: int, until: int, other_until: int) -> bool:
    """Return whether two house numbers with the same first number are the same house: one of them names no second number."""
    second = max(until, other_until)
    return min(until, other_until) < 0 and (second < 0 or second > number)


def _agreed(places: NDArray[np.float64]) -> Placed:
    """Return the middle of an address's places; ambiguous if one lies too far from it."""
    if len(places) == 1:
        return Placed(float(places[0, 0]), float(places[0, 1]), BY_ADDRESS, 0.0)
    middle = places.mean(axis=0)
    if float(np.hypot(*(places - middle).T).max()) > AGREE_WITHIN:
        return _UNCLEAR
    return Placed(float(middle[0]), float(middle[1]), BY_ADDRESS, 0.0)


def _blocks(engine: Engine, source: StoredSource, wanted: Mapping[str, Address]) -> Iterator[tuple[str, Placed]]:
    """Yield the middles of blocks whose houses are on the list; streets without a number are ambiguous."""
    texts = list(wanted)
    first, last = zip(*(_numbers_of(wanted[text]) for text in texts), strict=True) if texts else ((), ())
    rows = _asked(
        engine, source, "k.street = g.street AND g.number BETWEEN k.first AND k.last",
        {"street": pa.array([" & ".join(wanted[text].streets) for text in texts], pa.string()),
         "first": pa.array(first, pa.int32()), "last": pa.array(last, pa.int32())},
    )  # fmt: skip
    for position, group in groupby(rows, key=lambda row: row[0]):
        address = wanted[texts[position]]
        places = np.unique(_in_town([row[1:] for row in group], address.town), axis=0)
        if not address.is_block:
            yield texts[position], _UNCLEAR
        elif len(places) > 1:
            yield texts[position], _middle(places)


def _numbers_of(address: Address) -> tuple[int, int]:
    """Return the first and the last house number that an address can mean: of its block, or of the whole street."""
    return block_of(address.number) if address.number >= 0 else (0, 10**6)


def _middle(houses: NDArray[np.float64]) -> Placed:
    """Return the middle of the houses of a block; ambiguous if they lie too far apart to be one."""
    extent = float(np.hypot(*(houses.max(axis=0) - houses.min(axis=0))))
    if extent > _LONGEST_BLOCK:
        return _UNCLEAR
    middle = houses.mean(axis=0)
    return Placed(float(middle[0]), float(middle[1]), BY_BLOCK, max(extent, _SHORTEST_BLOCK) / 4)


def _in_town(rows: Sequence[tuple[Any, ...]], town: str) -> NDArray[np.float64]:
    """Return x and y of those rows that are in a town: of one of its very name, else of one whose name holds it."""
    same = [row[:2] for row in rows if town and row[2] == town]
    return np.array(
        same or [row[:2] for row in rows if is_same_town(town, row[2])], dtype=np.float64
    ).reshape(-1, 2)  # fmt: skip


def _asked(
    engine: Engine, source: StoredSource, condition: str, keys: Mapping[str, pa.Array]
) -> list[tuple[int, float, float, str, int]]:
    """Return the addresses of a list that fit keys: the position of the key, x, y, town and second number, in their order."""
    count = len(next(iter(keys.values())))
    if not count:
        return []
    scratch = engine.scratch
    scratch.register("asked_key", pa.table({"position": pa.array(range(count), pa.int32()), **keys}))
    points = engine.bring(
        "gazetteer_point", f"SELECT street, number, until, town, x, y FROM {_table(engine, source)} AS g"
    )
    rows: list[tuple[int, float, float, str, int]] = scratch.execute(
        f"SELECT k.position, g.x, g.y, g.town, g.until FROM asked_key AS k JOIN {points} AS g ON {condition} "
        "ORDER BY k.position, g.x, g.y, g.town, g.until"
    ).fetchall()
    scratch.unregister("asked_key")
    return rows


def _points_of(engine: Engine, source: StoredSource, streets: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Return the addresses on streets, and the crossings that name them, by street."""
    rows = _asked(engine, source, "k.street = g.street AND g.number >= 0", {"street": pa.array(streets, pa.string())})
    return {
        streets[position]: np.unique(np.array([row[1:3] for row in group], dtype=np.float64), axis=0)
        for position, group in groupby(rows, key=lambda row: row[0])
    }


# -- by street lines ----------------------------------------------------------------------------------------------------


def _by_lines(engine: Engine, source: StoredSource, wanted: Mapping[str, Address]) -> dict[str, Placed]:
    """Return the places of addresses whose streets are in a street file."""
    names = {street for one in wanted.values() for street in (*one.streets, *one.between)}
    lines = named_lines(engine, source, sorted(names))
    placed: dict[str, Placed] = {}
    stretches = {text: one for text, one in wanted.items() if len(one.between) == 2}
    pairs = sorted({one.streets for one in wanted.values() if one.is_crossing} | {
        pair for one in stretches.values() for pair in _ends(one)
    })  # fmt: skip
    meetings = {
        pair: meeting
        for pair in pairs
        if pair[0] in lines
        and pair[1] in lines
        and (meeting := meeting_of_lines(lines[pair[0]], lines[pair[1]], within=AGREE_WITHIN)) is not None
    }
    for text, address in wanted.items():
        if address.is_crossing and address.streets in meetings:
            placed[text] = _crossing(meetings[address.streets], error=0.0)
        elif len(address.streets) == 1 and not address.between and address.streets[0] in lines:
            found = _on_lines(lines[address.streets[0]], address)
            if found is not None:
                placed[text] = found
    return placed | _stretches(stretches, meetings)


def _on_lines(lines: Sequence[NamedLine], address: Address) -> Placed | None:
    """Return the place of a house, a block or a short street on the lines of its street; None if they do not have it."""
    if address.number >= 0 and not address.is_block:
        points, length = house_on_lines(lines, address.number)
        if not len(points):
            return None
        place = _agreed(points)
        return place if place.how == AMBIGUOUS else place._replace(how=BY_BLOCK, error=length / 4)
    numbers = block_of(address.number) if address.number >= 0 else None
    if address.is_block and numbers is None:
        return None
    middle = middle_of_lines(lines, numbers)
    if middle is None:
        return None
    x, y, extent = middle
    if extent > (_LONGEST_BLOCK if numbers else _LONGEST_STREET):
        return _UNCLEAR
    return Placed(x, y, BY_BLOCK, extent / 4)


# -- stretches between two streets --------------------------------------------------------------------------------------


def _ends(address: Address) -> list[tuple[str, ...]]:
    """Return the two crossings that end a stretch of a street."""
    return [tuple(sorted((address.streets[0], end))) for end in address.between] if address.streets else []


def _stretches(
    wanted: Mapping[str, Address], meetings: Mapping[tuple[str, ...], tuple[float, float]]
) -> dict[str, Placed]:
    """Return the middles of stretches between two crossings that are known."""
    placed: dict[str, Placed] = {}
    for text, address in wanted.items():
        ends = [meetings[pair] for pair in _ends(address) if pair in meetings]
        if len(ends) < 2:
            continue
        middle = np.mean(ends, axis=0)
        length = math.dist(*ends)
        is_short = length <= _LONGEST_BLOCK  # not so if an end is at several places
        placed[text] = Placed(float(middle[0]), float(middle[1]), BY_BLOCK, length / 4) if is_short else _UNCLEAR
    return placed
