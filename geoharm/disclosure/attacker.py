"""Does a small count follow from all numbers of a release together? Integer programmes over every count in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import optimize, sparse

from geoharm.disclosure.constraints import Constraints, PublishedValue, Term
from geoharm.model.disclosure_rules import DisclosureRule

# Outlines that differ by less are one: it is what rounding to a metre leaves along an edge.
_SLIVER_M2 = 100.0
_DRAWS = 8
# No count is larger: so every sum has a greatest value.
_MOST = 1e6


@dataclass(frozen=True, slots=True)
class ExposedCell:
    """A count that the numbers of a release leave too few values.

    Attributes
    ----------
    text : str
        Whose count.
    measures : tuple of str
    low, high : int
        The only values that agree with every published number.
    """

    text: str
    measures: tuple[str, ...]
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class AttackResult:
    """What an attacker who has every published number could find out.

    Attributes
    ----------
    exposed : tuple of ExposedCell
    possible : bool
        Whether any counts agree with all numbers; if not, they speak of different data.
    cells : int
        Counts that were tried.
    """

    exposed: tuple[ExposedCell, ...]
    possible: bool
    cells: int


def attack(constraints: Constraints, rule: DisclosureRule, only: frozenset[str] | None = None) -> AttackResult:
    r"""Return every count that could be small and that the release pins to fewer values than its rule leaves open.

    Parameters
    ----------
    constraints : Constraints
        Of one release, or of several put together.
    rule : DisclosureRule
    only : frozenset of str, optional
        Try the counts of these measures alone, against all numbers.

    Notes
    -----
    Outlines and windows cut place and time into cells; cells that every number treats alike are one unknown
    :math:`x_j`, whole and not negative. Each published number is :math:`l_i \le \sum_j a_{ij} x_j \le u_i`. For every
    unknown, and every withheld sum, the least and the greatest value are found (HiGHS). A cell is pinned if its values
    are fewer than k and one of them is small. A label such as "under 5" leaves k - 1 values by its own words: so labels
    bound from above only, and are tried again with both their ends, under which k - 1 values must stay.

    No true count is used: the audit sees what a reader sees.
    """
    system = _System(constraints, only)
    if not system.cells:
        return AttackResult((), possible=True, cells=0)
    found: dict[int, ExposedCell] = {}
    ranges = None
    for labels, enough in ((True, rule.kept_open), (False, rule.threshold)):
        ranges = system.ranges(rule, labels=labels, seen=ranges)
        if ranges is None:
            return AttackResult((), possible=False, cells=len(system.cells))
        for number, (low, high) in enumerate(zip(*ranges, strict=True)):
            if high - low + 1 < enough and low < rule.threshold and high >= rule.least:
                cell = system.cells[number]
                found.setdefault(number, ExposedCell(cell.text, cell.measures, int(low), int(high)))
    return AttackResult(tuple(found[number] for number in sorted(found)), possible=True, cells=len(system.cells))


@dataclass(frozen=True, slots=True)
class _Cell:
    """A sum of unknowns that is tried: `weights` over the columns."""

    text: str
    measures: tuple[str, ...]
    weights: NDArray[np.float64]


class _System:
    """The published numbers as rows, the unknown counts as columns."""

    def __init__(self, constraints: Constraints, only: frozenset[str] | None) -> None:
        told = list(constraints.values)
        whole = _Columns(constraints)
        rows = [whole.row(one.terms) for one in told]
        full = np.array(rows) if rows else np.zeros((0, whole.size))
        used = np.flatnonzero(np.any(full != 0, axis=0))
        # Cells that every number treats alike are one unknown: the first of them stands for all.
        alike: dict[bytes, int] = {}
        for column in used:
            alike.setdefault(full[:, column].tobytes(), int(column))
        first = list(alike.values())
        self.matrix = full[:, first]
        self.low = np.array([one.low for one in told])
        self.high = np.array([one.high for one in told])
        self.label = np.array([one.withheld and one.low > 0 for one in told], dtype=bool)
        columns = [column for column in range(self.matrix.shape[1]) if not self._is_told(column)]
        cells = [
            _Cell(whole.name(first[one]), (whole.measure(first[one]),), np.eye(1, len(first), one)[0])
            for one in columns
        ]
        cells += [
            _Cell(one.text, tuple(sorted({term.measure for term in one.terms})), row)
            for one, row in zip(told, self.matrix, strict=True)
            if one.withheld and len(one.terms) == 1 and np.count_nonzero(row) > 1
        ]
        self.cells = [cell for cell in cells if only is None or only & set(cell.measures)]

    def _is_told(self, column: int) -> bool:
        """Return whether a published number is this unknown and no other, exactly."""
        alone = (self.matrix[:, column] == 1) & (np.count_nonzero(self.matrix, axis=1) == 1)
        return bool((alone & (self.low == self.high)).any())

    def ranges(self, rule: DisclosureRule, *, labels: bool, seen: _Ranges | None = None) -> _Ranges | None:
        """Return the least and the greatest value of every cell; None if no counts agree with all numbers.

        Only as far as it matters: a cell that is `seen` to take enough values is not followed to its ends.
        """
        solver = _Solver(self.matrix, self.low if labels else np.where(self.label, 0.0, self.low), self.high)
        goals = [cell.weights for cell in self.cells]
        # Nearly all of it is 0: whole tables would cost more than the solving.
        weights = sparse.csr_matrix(np.array(goals))
        parts = (weights != 0).astype(np.int64)
        least, greatest = seen or (np.full(len(self.cells), np.inf), np.full(len(self.cells), -np.inf))
        least, greatest = least.copy(), greatest.copy()
        # Some worlds at random first: most cells take enough values in them, and need not be tried one by one.
        draws = np.random.default_rng(0).choice([-1.0, 1.0], size=(_DRAWS, self.matrix.shape[1]))
        for number, goal in [(-1, draw) for draw in draws] + list(enumerate(goals)):
            for sign in (1.0, -1.0):
                if number >= 0 and greatest[number] - least[number] + 1 >= rule.threshold:
                    break
                solution = solver.least(sign * goal)
                if solution is None:
                    return None
                # What no row joins to the goal was not solved for, and says nothing of the cells in it.
                solved = np.isfinite(solution)
                whole = parts @ (~solved).astype(np.int64) == 0
                values = (weights @ np.where(solved, np.round(solution), 0.0))[whole]
                least[whole] = np.minimum(least[whole], values)
                greatest[whole] = np.maximum(greatest[whole], values)
        return least, greatest


_Ranges = tuple[NDArray[np.float64], NDArray[np.float64]]


class _Solver:
    """Least values of sums of whole, non-negative unknowns between rows' bounds, part by part."""

    def __init__(self, matrix: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
        keep = np.isfinite(high) | (low > 0)
        self._matrix, self._low, self._high = sparse.csc_matrix(matrix[keep]), low[keep], high[keep]
        touch = (self._matrix != 0).astype(np.int64)
        self._parts = np.asarray(sparse.csgraph.connected_components(touch.T @ touch, directed=False)[1])
        self._inner: dict[tuple[int, ...], tuple[NDArray[np.int64], NDArray[np.int64], sparse.csc_matrix]] = {}

    def least(self, goal: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Return unknowns, within all bounds, whose weighted sum is least; None if no unknowns are within all bounds.

        NaN for unknowns that no row joins, directly or through others, to those of the sum.
        """
        columns, rows, inner = self._part(goal)
        solution = np.full(goal.size, np.nan)
        solution[columns] = np.where(goal[columns] < 0, _MOST, 0.0)
        if rows.size:
            result = optimize.milp(
                goal[columns],
                integrality=np.ones(columns.size),
                bounds=optimize.Bounds(0, _MOST),
                constraints=optimize.LinearConstraint(inner, self._low[rows], self._high[rows]),
            )
            if result.x is None:
                return None
            solution[columns] = result.x
        return solution

    def _part(self, weights: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64], sparse.csc_matrix]:
        """Return the columns and rows that have to do with a sum, and the matrix between them."""
        key = tuple(sorted(set(self._parts[weights != 0].tolist())))
        if key not in self._inner:
            columns = np.flatnonzero(np.isin(self._parts, key))
            rows = np.unique(self._matrix[:, columns].indices)
            self._inner[key] = (columns, rows, self._matrix[:, columns][rows])
        return self._inner[key]


class _Columns:
    """Cells of place and time: one column for every measure, piece of ground and piece of time."""

    def __init__(self, constraints: Constraints) -> None:
        terms = [term for one in constraints.values for term in one.terms]
        self._pieces, self._members = _overlay(constraints)
        loose = sorted({place for term in terms for place in term.places} - set(constraints.outlines))
        self._members |= {place: {len(self._pieces) + index} for index, place in enumerate(loose)}
        self._places = len(self._pieces) + len(loose)
        self._names: dict[int, list[str]] = {}
        for place, members in self._members.items():
            for member in members:
                self._names.setdefault(member, []).append(place)
        self._measures = sorted({term.measure for term in terms})
        self._cuts = {
            measure: sorted(
                {edge for term in terms if term.measure == measure for p in term.periods for edge in (p.start, p.end)}
            )
            for measure in self._measures
        }
        self._offset: dict[str, int] = {}
        self.size = 0
        for measure in self._measures:
            self._offset[measure] = self.size
            self.size += self._places * (len(self._cuts[measure]) - 1)

    def row(self, terms: Sequence[Term]) -> NDArray[np.float64]:
        """Return the coefficients of a sum."""
        found = np.zeros(self.size)
        for term in terms:
            cuts = self._cuts[term.measure]
            inside = np.zeros((self._places, len(cuts) - 1), dtype=bool)
            times = np.array([any(p.start <= a and b <= p.end for p in term.periods) for a, b in pairwise(cuts)])
            ground = sorted({member for place in term.places for member in self._members.get(place, ())})
            inside[ground] |= times
            start = self._offset[term.measure]
            found[start : start + inside.size] += term.factor * inside.ravel()
        return found

    def measure(self, column: int) -> str:
        return max((name for name in self._measures if self._offset[name] <= column), key=lambda one: self._offset[one])

    def name(self, column: int) -> str:
        """Return whose count a column is: the measure, and the stretch of time."""
        measure = self.measure(column)
        cuts = self._cuts[measure]
        _, time = divmod(column - self._offset[measure], len(cuts) - 1)
        return f"{measure}, from {cuts[time]} up to {cuts[time + 1]}"


def _overlay(constraints: Constraints) -> tuple[list[shapely.Geometry], dict[str, set[int]]]:
    """Cut the ground into pieces that lie in or out of every outline whole."""
    pieces: list[shapely.Geometry] = []
    members: dict[str, set[int]] = {}
    for name, shape in sorted(constraints.outlines.items()):
        rest, inside = shape, set()
        for index in np.flatnonzero(shapely.intersects(np.array(pieces, dtype=object), shape)).tolist():
            common = pieces[index].intersection(shape)
            if common.area < _SLIVER_M2:
                continue
            outside = pieces[index].difference(shape)
            if outside.area < _SLIVER_M2:
                inside.add(index)
            else:
                pieces[index] = common
                for owners in members.values():
                    if index in owners:
                        owners.add(len(pieces))
                pieces.append(outside)
                inside.add(index)
            rest = rest.difference(common)
        if rest.area >= _SLIVER_M2:
            inside.add(len(pieces))
            pieces.append(rest)
        members[name] = inside
    return pieces, members


def merge_constraints(*tellings: Constraints) -> Constraints:
    """Return what several releases tell, put together; what both say is said once."""
    told: dict[tuple[object, ...], PublishedValue] = {}
    ground: dict[str, shapely.Geometry] = {}
    for constraints in tellings:
        told |= {(one.terms, one.low, one.high, one.withheld): one for one in constraints.values}
        ground |= constraints.outlines
    return Constraints(
        tuple(told.values()), ground, tuple(leak for constraints in tellings for leak in constraints.leaks)
    )
