"""The disclosure attack: which small counts follow from all published numbers of a release together.

For every count that a release speaks about, integer programs (HiGHS) compute the smallest and the largest value that
agree with all published numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geoharm.disclosure.cells import Cells
from geoharm.disclosure.conflicts import Bounds, reconcile
from geoharm.disclosure.month_totals import month_bounds
from geoharm.disclosure.programmes import MAX_COUNT, Programme
from geoharm.disclosure.rows import RowSet
from geoharm.disclosure.statements import Constraints, distinct
from geoharm.model.disclosure_rules import DisclosureRule

_RANDOM_GOALS = 8
# Pairs of goals in turn that may give no further cell enough values before the cells are searched one by one.
_FRUITLESS_GOALS = 4
# Arithmetic of fractions is trusted to this.
_HAIR = 1e-5


@dataclass(frozen=True, slots=True)
class ExposedCell:
    """A count for which a release leaves fewer possible values than its rule requires.

    Attributes
    ----------
    text : str
        Which count, in words.
    rows : tuple of RowSet
        All rows that the release speaks about and that contain the count, or share rows with those that do.
    low, high : int
        The smallest and the largest value that agree with every published number.
    """

    text: str
    rows: tuple[RowSet, ...]
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class AttackResult:
    """The result of an attack by a reader who knows every published number.

    Attributes
    ----------
    exposed : tuple of ExposedCell
    relaxed : tuple of str
        The numbers that contradict each other and were read more widely, in words.
    cells : int
        Number of counts that were tested.
    """

    exposed: tuple[ExposedCell, ...]
    relaxed: tuple[str, ...]
    cells: int


def attack(
    constraints: Constraints, rule: DisclosureRule, only: frozenset[RowSet] | None = None, *, every: bool = True
) -> AttackResult:
    r"""Return every count that could be small and has fewer possible values than its rule requires.

    Parameters
    ----------
    constraints : Constraints
        The published numbers of one release, or of several releases merged.
    rule : DisclosureRule
    only : frozenset of RowSet, optional
        Only counts that are a part of these rows are tested, but against all numbers.
    every : bool
        Whether every exposed count is looked for; else one for each set of rows is enough.

    Returns
    -------
    AttackResult

    Raises
    ------
    PublishError
        If it cannot be decided which values are possible.

    Notes
    -----
    Files, categories, outlines and windows divide the events into cells. Cells that enter every published number in the
    same way are merged into one unknown :math:`x_j`, a whole number of zero or more. Each published number is one
    constraint, :math:`l_i \le \sum_j a_{ij} x_j \le u_i`. Numbers that contradict each other are relaxed (`reconcile`).
    For every unknown, and for every suppressed sum, the smallest and the largest possible value are computed (HiGHS).

    A count is exposed if it has too few possible values and one of them is small. A label such as "under 5" by itself
    leaves k - 1 values (k where the rule suppresses zeros too). So the attack runs twice:

    - labels bound a count from below and from above, and as many values must remain as the label itself leaves;
    - labels bound a count from above only, and k values must remain.

    Where sums of different cells contradict each other, one of them is wrong, but a reader may guess which. So the width by
    which they were relaxed is no protection: a cell in them must keep as many values more.

    Not only cells are tested but also sums of cells that are left of one published number after others are subtracted, as
    far as they may be small.

    The true counts are not used: the attack knows only what a reader knows.
    """
    values = (*constraints.values, *month_bounds(constraints, rule.threshold))
    system = _System(replace(constraints, values=distinct(values)), rule, only)
    if not system.cells:
        return AttackResult((), (), cells=0)
    exposed: dict[int, ExposedCell] = {}
    search = system.search(rule)
    for labels, values_needed in ((True, rule.possible_values), (False, rule.threshold)):
        exposed |= search.exposed(labels=labels, values_needed=values_needed, known=exposed, every=every)
    return AttackResult(tuple(exposed[index] for index in sorted(exposed)), system.relaxed, cells=len(system.cells))


@dataclass(frozen=True, slots=True)
class _Cell:
    """A sum of unknowns to be tested.

    Attributes
    ----------
    text : str
    rows : tuple of RowSet
    columns, weights : ndarray
        Its coefficients.
    slack : float
        By how much numbers about it were relaxed.
    may_be_none : bool
        Whether it is the difference of two sets of files. That it is none is no secret, whatever the rule: the files may be
        of different months.
    """

    text: str
    rows: tuple[RowSet, ...]
    columns: NDArray[np.int64]
    weights: NDArray[np.float64]
    slack: float = 0.0
    may_be_none: bool = False


class _System:
    """The published numbers as rows of a matrix, the unknown counts as its columns."""

    def __init__(self, constraints: Constraints, rule: DisclosureRule, only: frozenset[RowSet] | None) -> None:
        values = constraints.values
        unknowns = Cells(constraints)
        full_matrix = unknowns.matrix([value.terms for value in values])
        representatives = _distinct_columns(full_matrix, unknowns.on_sliver)
        self._matrix = full_matrix[:, representatives]
        given = Bounds(
            np.array([value.low for value in values], dtype=np.float64),
            np.array([value.high for value in values], dtype=np.float64),
            unknowns.on_sliver[representatives],
            np.zeros(representatives.size),
        )
        self._label = np.array([value.withheld and value.low > 0 for value in values], dtype=bool)
        self._parts = _connected_parts(self._matrix, given)
        self._bounds = reconcile(self._matrix, given, self._parts)
        changed = (self._bounds.low != given.low) | (self._bounds.high != given.high)
        self.relaxed = tuple(values[row].text for row in np.flatnonzero(changed))
        by_row = self._matrix.tocsr()
        published = self._published_columns(by_row)
        cells = [
            _Cell(
                unknowns.name(cell),
                unknowns.row_sets(cell),
                np.array([column]),
                np.ones(1),
                may_be_none=not unknowns.is_whole_source(representatives[[column]]),
            )
            for column, cell in enumerate(representatives.tolist())
            if column not in published and not self._bounds.zero[column]
        ]
        for row, value in enumerate(values):
            inner = slice(by_row.indptr[row], by_row.indptr[row + 1])
            if value.withheld and inner.stop - inner.start > 1:
                rows = unknowns.overlapping([term.rows for term in value.terms])
                cells.append(_Cell(value.text, rows, by_row.indices[inner].astype(np.int64), by_row.data[inner]))
        for row, columns in self._left_over(by_row, [value.withheld for value in values], rule).items():
            text = f"what is left of {values[row].text}"
            rows = unknowns.overlapping([term.rows for term in values[row].terms])
            cells += [
                _Cell(
                    text,
                    rows,
                    left,
                    np.ones(left.size),
                    may_be_none=not unknowns.is_whole_source(representatives[left]),
                )
                for left in columns
            ]
        cells = [replace(cell, slack=float(self._bounds.slack[cell.columns].max())) for cell in cells]
        self.cells = [cell for cell in cells if only is None or only & set(cell.rows)]

    def _left_over(
        self, by_row: sparse.csr_matrix, withheld: Sequence[bool], rule: DisclosureRule
    ) -> dict[int, list[NDArray[np.int64]]]:
        """Return the sums of two or more unknowns that are left of a number after others are subtracted, and may be small.

        From each number, one number inside it is subtracted, and then, the largest first, every other one that lies inside
        what is left.
        """
        shown = [
            row
            for row in range(by_row.shape[0])
            if not withheld[row]
            and np.isfinite(self._bounds.high[row])
            and (by_row.data[by_row.indptr[row] : by_row.indptr[row + 1]] == 1).all()
        ]
        # Sets of unknowns as the bits of whole numbers: thousands of them are compared.
        members = {row: by_row.indices[by_row.indptr[row] : by_row.indptr[row + 1]] for row in shown}
        bits = {row: sum(1 << column for column in columns.tolist()) for row, columns in members.items()}
        shown.sort(key=lambda row: (-members[row].size, row))
        found: dict[int, list[NDArray[np.int64]]] = {}
        seen: set[int] = set()
        for row in shown:
            inside = [other for other in shown if bits[other] & ~bits[row] == 0 and bits[other] not in (0, bits[row])]
            for first in inside:
                left, most = bits[row], self._bounds.high[row]
                for other in (first, *inside):
                    if bits[other] & ~left:
                        continue
                    left, most = left & ~bits[other], most - self._bounds.low[other]
                    if left.bit_count() > 1 and most < 2 * rule.threshold and left not in seen:
                        seen.add(left)
                        columns = np.array([column for column in members[row].tolist() if left >> column & 1])
                        found.setdefault(row, []).append(columns)
        return found

    def _published_columns(self, by_row: sparse.csr_matrix) -> frozenset[int]:
        """Return the unknowns that one of the published numbers shows alone."""
        alone = np.flatnonzero((np.diff(by_row.indptr) == 1) & (self._bounds.low == self._bounds.high))
        starts = by_row.indptr[alone]
        return frozenset(by_row.indices[starts][by_row.data[starts] == 1].tolist())

    def search(self, rule: DisclosureRule) -> _Search:
        """Return the search for exposed cells under a rule."""
        return _Search(self.cells, self._matrix, self._bounds, self._label, self._parts, rule)


class _Search:
    """Searches the smallest and the largest value of cells, as far as it takes to see whether they are exposed."""

    def __init__(
        self,
        cells: Sequence[_Cell],
        matrix: sparse.csc_matrix,
        bounds: Bounds,
        label: NDArray[np.bool_],
        parts: NDArray[np.int64],
        rule: DisclosureRule,
    ) -> None:
        self._cells, self._matrix, self._bounds, self._label, self._rule = cells, matrix, bounds, label, rule
        self._parts = parts
        self._weights = _weights(cells, matrix.shape[1])
        self._slack = np.array([cell.slack for cell in cells])
        self._part_of_cell = [np.unique(parts[cell.columns]) for cell in cells]
        self._tested = np.unique(np.concatenate(self._part_of_cell))
        self._by_part = {
            part: np.flatnonzero([own.size == 1 and own[0] == part for own in self._part_of_cell])
            for part in self._tested.tolist()
        }
        # The smallest and the largest value of every cell that were found to be possible.
        self._least, self._greatest = np.full(len(cells), np.inf), np.full(len(cells), -np.inf)
        self._goals = np.random.default_rng(0)

    def exposed(
        self, *, labels: bool, values_needed: int, known: Collection[int], every: bool
    ) -> dict[int, ExposedCell]:
        """Return the exposed cells, by their position.

        The search stops early where it can: a cell for which enough values were found is not followed to its ends.

        Parameters
        ----------
        labels : bool
            Whether a label such as "under 5" also bounds its count from below.
        values_needed : int
            How many values a cell that may be small must keep, before slack.
        known : collection of int
            Cells that are known to be exposed.
        every : bool
            Whether every exposed cell is looked for; else one for each set of rows is enough.
        """
        low = self._bounds.low
        if not labels:
            low = np.where(self._label, np.minimum(low, 0.0), low)
        programmes = _Programmes(self._matrix, low, self._bounds, self._parts)
        needed = values_needed + self._slack
        if not known and not np.isfinite(self._least).any():
            self._try_random_goals(programmes)
        told = {self._cells[index].rows for index in known}
        settled = {
            index for index, cell in enumerate(self._cells) if index in known or (not every and cell.rows in told)
        }
        self._try_narrow_cells(programmes, needed, settled)
        found: dict[int, ExposedCell] = {}
        for index, cell in enumerate(self._cells):
            if index in settled or (not every and cell.rows in told) or not self._is_narrow(index, needed):
                continue
            if self._cannot_be_small(programmes, index):
                continue
            least, greatest = self._ends(programmes, index, needed[index])
            if greatest - least + 1 < needed[index] and least < self._rule.threshold and greatest >= self._lowest(cell):
                found[index] = ExposedCell(cell.text, cell.rows, int(least), int(greatest))
                told.add(cell.rows)
        return found

    def _lowest(self, cell: _Cell) -> int:
        """Return the smallest count of a cell that is a secret."""
        return max(self._rule.lowest_suppressed, int(cell.may_be_none))

    def _is_narrow(self, cells: int | NDArray[np.int64], needed: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return whether fewer values were found for cells than they need."""
        return np.asarray(self._greatest[cells] - self._least[cells] + 1 < needed[cells])

    def _note(self, solution: NDArray[np.float64], cells: NDArray[np.int64]) -> None:
        values = self._weights[cells] @ solution
        self._least[cells] = np.minimum(self._least[cells], values)
        self._greatest[cells] = np.maximum(self._greatest[cells], values)

    def _try_random_goals(self, programmes: _Programmes) -> None:
        """Note the values of all cells in the solutions for random goals: most cells have enough values by them alone."""
        everything = np.arange(len(self._cells))
        for goal in self._goals.choice([-1.0, 1.0], size=(_RANDOM_GOALS, self._matrix.shape[1])):
            for sign in (1.0, -1.0):
                self._note(programmes.least(sign * goal, self._tested), everything)

    def _try_narrow_cells(self, programmes: _Programmes, needed: NDArray[np.float64], settled: Collection[int]) -> None:
        """Try goals of those cells alone that have too few values, as long as one of them gets enough."""
        for part, cells in self._by_part.items():
            open_cells = np.array([index for index in cells.tolist() if index not in settled], dtype=np.int64)
            fruitless = 0
            while (narrow := open_cells[self._is_narrow(open_cells, needed)]).size > 1 and fruitless < _FRUITLESS_GOALS:
                goal = self._goals.choice([-1.0, 1.0], size=narrow.size) @ self._weights[narrow]
                for sign in (1.0, -1.0):
                    self._note(programmes.least(sign * goal, np.array([part])), cells)
                fruitless = fruitless + 1 if self._is_narrow(narrow, needed).all() else 0

    def _cannot_be_small(self, programmes: _Programmes, index: int) -> bool:
        """Return whether even fractions leave a cell no small value that is a secret."""
        goal, parts = self._goal(index), self._part_of_cell[index]
        return programmes.bound(goal, parts) > self._rule.threshold - 1 or -programmes.bound(
            -goal, parts
        ) < self._lowest(self._cells[index])

    def _ends(self, programmes: _Programmes, index: int, needed: float) -> tuple[float, float]:
        """Return the smallest and the largest value of a cell, or two values between which there are enough."""
        goal, parts = self._goal(index), self._part_of_cell[index]
        for sign in (1.0, -1.0):
            if self._greatest[index] - self._least[index] + 1 >= needed:
                break
            solution = programmes.least(sign * goal, parts)
            self._note(solution, self._by_part[int(parts[0])] if parts.size == 1 else np.array([index]))
        return float(self._least[index]), float(self._greatest[index])

    def _goal(self, index: int) -> NDArray[np.float64]:
        goal = np.zeros(self._matrix.shape[1])
        goal[self._cells[index].columns] = self._cells[index].weights
        return goal


def _weights(cells: Sequence[_Cell], unknowns: int) -> sparse.csr_matrix:
    """Return the coefficients of all cells, of shape (cells, unknowns)."""
    rows = np.repeat(np.arange(len(cells)), [cell.columns.size for cell in cells])
    columns = np.concatenate([cell.columns for cell in cells])
    weights = np.concatenate([cell.weights for cell in cells])
    return sparse.csr_matrix((weights, (rows, columns)), shape=(len(cells), unknowns))


class _Programmes:
    """Minimises sums of the unknowns of some connected parts; every part has one programme."""

    def __init__(
        self, matrix: sparse.csc_matrix, low: NDArray[np.float64], bounds: Bounds, parts: NDArray[np.int64]
    ) -> None:
        self._matrix, self._low, self._high, self._zero = matrix, low, bounds.high, bounds.zero
        self._parts, self._binding = parts, _binds(matrix, low, bounds.high)
        self._programmes: dict[int, tuple[NDArray[np.int64], Programme | None]] = {}

    def least(self, goal: NDArray[np.float64], parts: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return unknowns whose weighted sum over some parts is smallest; the unknowns of other parts are 0."""
        solution = np.zeros(goal.size)
        for part in parts.tolist():
            columns, programme = self._programme(part)
            if programme is None:
                solution[columns] = np.where(goal[columns] < 0, MAX_COUNT, 0.0)
            else:
                solution[columns] = programme.least(goal[columns])
        return solution

    def bound(self, goal: NDArray[np.float64], parts: NDArray[np.int64]) -> float:
        """Return a number that no weighted sum over some parts is below: the smallest sum of fractions, less a hair."""
        total = -_HAIR
        for part in parts.tolist():
            columns, programme = self._programme(part)
            if programme is None:
                total += MAX_COUNT * float(np.minimum(goal[columns], 0.0).sum())
            else:
                total += programme.bound(goal[columns])
        return total

    def _programme(self, part: int) -> tuple[NDArray[np.int64], Programme | None]:
        if part not in self._programmes:
            columns = np.flatnonzero((self._parts == part) & ~self._zero)
            inner = self._matrix[:, columns].tocsr()
            rows = np.flatnonzero((np.diff(inner.indptr) > 0) & self._binding)
            programme = Programme(inner[rows].tocsc(), self._low[rows], self._high[rows]) if rows.size else None
            self._programmes[part] = (columns, programme)
        return self._programmes[part]


def _distinct_columns(matrix: sparse.csc_matrix, on_sliver: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return one column of each kind: columns that enter all numbers in the same way are one unknown, the first of them.

    A sliver is not merged with ground of another size.
    """
    matrix.sort_indices()
    first: dict[tuple[bool, bytes, bytes], int] = {}
    for column in np.flatnonzero(np.diff(matrix.indptr)).tolist():
        part = slice(matrix.indptr[column], matrix.indptr[column + 1])
        key = (bool(on_sliver[column]), matrix.indices[part].tobytes(), matrix.data[part].tobytes())
        first.setdefault(key, column)
    # A sliver that enters all numbers as wider ground does cannot be told from it, so it is no unknown of its own.
    kept = [column for (sliver, *key), column in first.items() if not (sliver and (False, *key) in first)]
    return np.array(kept, dtype=np.int64)


def _connected_parts(matrix: sparse.csc_matrix, bounds: Bounds) -> NDArray[np.int64]:
    """Return the connected part of every unknown: those that share a number with bounds belong together."""
    incidence = (matrix.tocsr()[_binds(matrix, bounds.low, bounds.high)] != 0).astype(np.int64)
    return np.asarray(sparse.csgraph.connected_components(incidence.T @ incidence, directed=False)[1], dtype=np.int64)


def _binds(matrix: sparse.csc_matrix, low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether every sum has a bound that not all non-negative unknowns meet."""
    may_be_negative = np.asarray((matrix < 0).sum(axis=1)).ravel() > 0
    return np.isfinite(high) | (low > 0) | (np.isfinite(low) & may_be_negative)
