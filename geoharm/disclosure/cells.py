"""Cells: rows, places and periods of all published numbers, cut so that each cell lies wholly inside or outside each number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse
from shapely.geometry.base import BaseGeometry

from geoharm.disclosure.rows import RowSet
from geoharm.disclosure.statements import Constraints, Term
from geoharm.model.period import Period

# A piece of ground below this size is a sliver: two ways to draw one outline leave such pieces along an edge. They are
# taken to hold nothing, unless the numbers contradict that. Smaller pieces come from the computer's arithmetic.
_SLIVER_M2 = 100.0
_NOTHING_M2 = 0.01


@dataclass(frozen=True, slots=True)
class _Kind:
    """Rows that every number counts alike: those of some files, of one category under every scheme, placed alike.

    Attributes
    ----------
    data : frozenset of str
        Keys of the data sets that contain the files.
    categories : tuple of (scheme, category)
        The category under every scheme that names one; empty text for a category that no number names.
    own_place : bool
        Whether the rows have a place of their own.
    part : str
        Which part of the rows; each part is taken for rows of its own.
    """

    data: frozenset[str]
    categories: tuple[tuple[str, str], ...]
    own_place: bool
    part: str = ""

    def is_in(self, rows: RowSet) -> bool:
        """Return whether a number about some rows counts these."""
        if rows.data not in self.data or rows.part != self.part or (rows.own_place and not self.own_place):
            return False
        return not rows.categories or dict(self.categories)[rows.scheme] in rows.categories


@dataclass(frozen=True, slots=True)
class _Ground:
    """The pieces of ground into which all numbers about rows of one kind cut it, and places without an outline.

    Attributes
    ----------
    members : mapping of str to set of int
        The pieces of every place.
    is_sliver : ndarray of bool, shape (pieces,)
    """

    members: Mapping[str, frozenset[int]]
    is_sliver: NDArray[np.bool_]

    @classmethod
    def of(cls, kind: _Kind, terms: Sequence[Term], outlines: Mapping[str, BaseGeometry]) -> _Ground:
        """Return the ground of the numbers that count rows of a kind."""
        names = sorted({place for term in terms if kind.is_in(term.rows) for place in term.places})
        pieces, members = _overlay(tuple((name, outlines[name]) for name in names if name in outlines))
        elsewhere = [name for name in names if name not in outlines]
        slivers = np.zeros(len(pieces) + len(elsewhere), dtype=bool)
        slivers[: len(pieces)] = shapely.area(np.array(pieces, dtype=object)) < _SLIVER_M2
        without = {name: frozenset({len(pieces) + index}) for index, name in enumerate(elsewhere)}
        return cls({name: frozenset(found) for name, found in members.items()} | without, slivers)

    def pieces_of(self, places: Sequence[str]) -> NDArray[np.int64]:
        """Return the pieces of any of some places."""
        return np.array(sorted({piece for place in places for piece in self.members[place]}), dtype=np.int64)


class Cells:
    """The unknown counts: one cell for every kind of rows, piece of ground and piece of time.

    Attributes
    ----------
    size : int
        Number of cells.
    on_sliver : ndarray of bool, shape (size,)
        Whether a cell lies on a piece of ground so narrow that it is taken to hold nothing, unless the numbers contradict
        that.
    """

    def __init__(self, constraints: Constraints) -> None:
        terms = [term for value in constraints.values for term in value.terms]
        self._row_sets = sorted({term.rows for term in terms})
        self._data = constraints.data
        self._kinds = _kinds(self._row_sets, constraints)
        self._ground = [_Ground.of(kind, terms, constraints.outlines) for kind in self._kinds]
        edges: dict[frozenset[str], set[date]] = {kind.data: set() for kind in self._kinds}
        for term in terms:
            ends = {edge for period in term.periods for edge in (period.start, period.end)}
            for data, cuts in edges.items():
                if term.rows.data in data:
                    cuts.update(ends)
        self._cuts = {data: sorted(cuts) for data, cuts in edges.items()}
        times = [len(self._cuts[kind.data]) - 1 for kind in self._kinds]
        sizes = [ground.is_sliver.size * length for ground, length in zip(self._ground, times, strict=True)]
        self._offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.size = int(self._offsets[-1])
        slivers = [np.repeat(ground.is_sliver, length) for ground, length in zip(self._ground, times, strict=True)]
        self.on_sliver = np.concatenate(slivers or [np.zeros(0, dtype=bool)])
        self._times: dict[tuple[frozenset[str], tuple[Period, ...]], NDArray[np.int64]] = {}

    def matrix(self, values: Sequence[Sequence[Term]]) -> sparse.csc_matrix:
        """Return the coefficients of sums of terms, of shape (sums, cells)."""
        columns, factors, lengths = [], [], []
        for terms in values:
            found = [(self._cells_of(term), term.factor) for term in terms]
            columns += [cells for cells, _ in found]
            factors += [np.full(cells.size, factor) for cells, factor in found]
            lengths.append(sum(cells.size for cells, _ in found))
        if not columns:
            return sparse.csc_matrix((len(values), self.size))
        rows = np.repeat(np.arange(len(values)), lengths)
        entries = (np.concatenate(factors), (rows, np.concatenate(columns)))
        matrix = sparse.coo_matrix(entries, shape=(len(values), self.size)).tocsc()
        matrix.eliminate_zeros()
        return matrix

    def row_sets(self, cell: int) -> tuple[RowSet, ...]:
        """Return all row sets that contain the rows of a cell, and those that share a row with one of them.

        A count that no number gives by itself may follow from two of them by subtraction.
        """
        kind = self._kind(cell)[0]
        return self.overlapping(tuple(rows for rows in self._row_sets if kind.is_in(rows)))

    def overlapping(self, row_sets: Sequence[RowSet]) -> tuple[RowSet, ...]:
        """Return all row sets that share a row with one of some row sets, themselves included."""
        kinds = [kind for kind in self._kinds if any(kind.is_in(rows) for rows in row_sets)]
        return tuple(rows for rows in self._row_sets if any(kind.is_in(rows) for kind in kinds))

    def is_whole_source(self, cells: NDArray[np.int64]) -> bool:
        """Return whether cells hold rows of all files of some data set, and of no other; else they are a difference of files."""
        files = {self._kind(cell)[0].data for cell in cells.tolist()}
        return any({kind.data for kind in self._kinds if key in kind.data} == files for users in files for key in users)

    def name(self, cell: int) -> str:
        """Return which count a cell is: the rows, and the period."""
        kind, first = self._kind(cell)
        cuts = self._cuts[kind.data]
        piece = (cell - first) % (len(cuts) - 1)
        source = next((self._data[key].source for key in sorted(kind.data) if key in self._data), min(kind.data))
        named = [category for _, category in kind.categories if category]
        return f"{source}: {', '.join(dict.fromkeys(named)) or 'all'}, from {cuts[piece]} up to {cuts[piece + 1]}"

    def _kind(self, cell: int) -> tuple[_Kind, int]:
        index = int(np.searchsorted(self._offsets, cell, side="right")) - 1
        return self._kinds[index], int(self._offsets[index])

    def _cells_of(self, term: Term) -> NDArray[np.int64]:
        found = []
        for index, kind in enumerate(self._kinds):
            if kind.is_in(term.rows):
                places = self._ground[index].pieces_of(term.places)
                times = self._pieces_of_time(kind.data, term.periods)
                cuts = len(self._cuts[kind.data]) - 1
                found.append((self._offsets[index] + places[:, None] * cuts + times[None, :]).ravel())
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)

    def _pieces_of_time(self, data: frozenset[str], periods: tuple[Period, ...]) -> NDArray[np.int64]:
        if (data, periods) not in self._times:
            inside = [
                index
                for index, (start, end) in enumerate(pairwise(self._cuts[data]))
                if any(period.start <= start and end <= period.end for period in periods)
            ]
            self._times[data, periods] = np.array(inside, dtype=np.int64)
        return self._times[data, periods]


def _kinds(row_sets: Sequence[RowSet], constraints: Constraints) -> list[_Kind]:
    """Return the kinds of rows: files that the same data sets contain, by category and by whether they have a place.

    A category has the same rows under every scheme that names it. Categories of different names may overlap if their
    schemes differ, and never if their scheme is the same.
    """
    keys = sorted({rows.data for rows in row_sets})
    data_by_file: dict[str, set[str]] = {}
    for key in keys:
        data = constraints.data.get(key)
        for file in data.files if data and data.files else (key,):
            data_by_file.setdefault(file, set()).add(key)
    kinds = []
    for users in sorted({frozenset(users) for users in data_by_file.values()}, key=sorted):
        used = [rows for rows in row_sets if rows.data in users]
        named: dict[str, set[str]] = {}
        for rows in used:
            if rows.categories:
                named.setdefault(rows.scheme, set()).update(rows.categories)
        placed = (True, False) if any(rows.own_place for rows in used) else (True,)
        parts = sorted({rows.part for rows in used})
        kinds += [
            _Kind(users, categories, own, part) for categories in _categories(named) for own in placed for part in parts
        ]
    return kinds


def _categories(named: dict[str, set[str]]) -> list[tuple[tuple[str, str], ...]]:
    """Return every way in which a row can be categorised under all schemes, given the categories that each names."""
    ways: list[tuple[tuple[str, str], ...]] = [()]
    before: list[str] = []
    for scheme, names in sorted(named.items()):
        extended = []
        for way in ways:
            under = dict(way)
            fixed = {under[other] for other in before if under[other] in names}
            # A row that is in none of the categories that an earlier scheme shares with this one is in none of them here.
            excluded = {name for name in names if any(name in named[other] for other in before)}
            choices = fixed or {"", *names} - excluded
            extended += [(*way, (scheme, choice)) for choice in sorted(choices)]
        ways = extended
        before.append(scheme)
    return ways


@lru_cache(maxsize=32)
def _overlay(outlines: tuple[tuple[str, BaseGeometry], ...]) -> tuple[list[BaseGeometry], dict[str, set[int]]]:
    """Return pieces of ground that each lie wholly inside or outside every outline, and the pieces of each outline.

    Kept for the next attack: a release gives up numbers, rarely places.
    """
    pieces: list[BaseGeometry] = []
    members: dict[str, set[int]] = {}
    for name, shape in outlines:
        remainder, piece_indices = shape, set()
        for index in np.flatnonzero(shapely.intersects(np.array(pieces, dtype=object), shape)).tolist():
            common = pieces[index].intersection(shape)
            if common.area < _NOTHING_M2:
                continue
            outside = pieces[index].difference(shape)
            piece_indices.add(index)
            if outside.area >= _NOTHING_M2:
                pieces[index] = common
                for outline_members in members.values():
                    if index in outline_members:
                        outline_members.add(len(pieces))
                pieces.append(outside)
            remainder = remainder.difference(common)
        if remainder.area >= _NOTHING_M2:
            piece_indices.add(len(pieces))
            pieces.append(remainder)
        members[name] = piece_indices
    return pieces, members
