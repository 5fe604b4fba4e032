"""The disclosure attack: which small counts follow from all published numbers of a release together.

For every count that a release speaks about, integer programs (HiGHS) compute the smallest and the largest value that
agree with all published numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import highspy
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import optimize, sparse

from geoharm.disclosure.constraints import Constraints, PublishedValue, Term
from geoharm.model.disclosure_rules import DisclosureRule

# Outlines that differ by less count as the same: rounding to a metre leaves such slivers along an edge.
_SLIVER_M2 = 100.0
_RANDOM_GOALS = 8
# An upper bound of every count, so that every sum has a largest value.
_MAX_COUNT = 1e6
# A vertex whose entries lie this near to whole numbers holds whole numbers.
_WHOLE = 1e-6
_SIMPLEX: dict[str, bool | int | str] = {"output_flag": False, "threads": 1, "presolve": "off", "solver": "simplex"}


@dataclass(frozen=True, slots=True)
class ExposedCell:
    """A count for which a release leaves fewer possible values than its rule requires.

    Attributes
    ----------
    text : str
        Which count, in words.
    measures : tuple of str
        Keys of its measures (`row_key`).
    low, high : int
        The smallest and the largest value that agree with every published number.
    """

    text: str
    measures: tuple[str, ...]
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class AttackResult:
    """The result of an attack by a reader who knows every published number.

    Attributes
    ----------
    exposed : tuple of ExposedCell
    possible : bool
        Whether any counts agree with all numbers. If not, the numbers were computed from different data.
    cells : int
        Number of counts that were tested.
    """

    exposed: tuple[ExposedCell, ...]
    possible: bool
    cells: int


def attack(constraints: Constraints, rule: DisclosureRule, only: frozenset[str] | None = None) -> AttackResult:
    r"""Return every count that could be small and has fewer possible values than its rule requires.

    Parameters
    ----------
    constraints : Constraints
        The published numbers of one release, or of several releases merged.
    rule : DisclosureRule
    only : frozenset of str, optional
        Keys of measures. Only their counts are tested, but against all numbers.

    Returns
    -------
    AttackResult

    Notes
    -----
    Outlines and windows divide space and time into cells. Cells that enter every published number in the same way are
    merged into one unknown :math:`x_j`, a whole number of zero or more. Each published number is one constraint,
    :math:`l_i \le \sum_j a_{ij} x_j \le u_i`. For every unknown, and for every suppressed sum, the smallest and the
    largest possible value are computed (HiGHS).

    A count is exposed if it has too few possible values and one of them is small. A label such as "under 5" by itself
    leaves k - 1 values (k where the rule suppresses zeros too). So the attack runs twice:

    - labels bound a count from below and from above, and as many values must remain as the label itself leaves;
    - labels bound a count from above only, and k values must remain.

    The true counts are not used: the attack knows only what a reader knows.
    """
    system = _System(constraints, only)
    if not system.cells:
        return AttackResult((), possible=True, cells=0)
    exposed: dict[int, ExposedCell] = {}
    ranges = None
    for labels, values_needed in ((True, rule.possible_values), (False, rule.threshold)):
        ranges = system.ranges(rule, labels=labels, seen=ranges)
        if ranges is None:
            return AttackResult((), possible=False, cells=len(system.cells))
        for index, (low, high) in enumerate(zip(*ranges, strict=True)):
            if high - low + 1 < values_needed and low < rule.threshold and high >= rule.lowest_suppressed:
                cell = system.cells[index]
                exposed.setdefault(index, ExposedCell(cell.text, cell.measures, int(low), int(high)))
    return AttackResult(tuple(exposed[index] for index in sorted(exposed)), possible=True, cells=len(system.cells))


@dataclass(frozen=True, slots=True)
class _Cell:
    """A sum of unknowns to be tested; `weights` are its coefficients over the columns."""

    text: str
    measures: tuple[str, ...]
    weights: NDArray[np.float64]


class _System:
    """The published numbers as rows of a matrix, the unknown counts as its columns."""

    def __init__(self, constraints: Constraints, only: frozenset[str] | None) -> None:
        values = list(constraints.values)
        unknowns = _Columns(constraints)
        rows = [unknowns.row(value.terms) for value in values]
        full_matrix = np.array(rows) if rows else np.zeros((0, unknowns.size))
        used_columns = np.flatnonzero(np.any(full_matrix != 0, axis=0))
        # Cells that enter all numbers in the same way are one unknown; the first of them represents all.
        column_by_pattern: dict[bytes, int] = {}
        for column in used_columns:
            column_by_pattern.setdefault(full_matrix[:, column].tobytes(), int(column))
        representatives = list(column_by_pattern.values())
        self.matrix = full_matrix[:, representatives]
        self.low = np.array([value.low for value in values])
        self.high = np.array([value.high for value in values])
        self.label = np.array([value.withheld and value.low > 0 for value in values], dtype=bool)
        open_columns = [column for column in range(self.matrix.shape[1]) if not self._is_published(column)]
        cells = [
            _Cell(
                unknowns.name(representatives[position]),
                (unknowns.measure(representatives[position]),),
                np.eye(1, len(representatives), position)[0],
            )
            for position in open_columns
        ]
        cells += [
            _Cell(value.text, tuple(sorted({term.measure for term in value.terms})), row)
            for value, row in zip(values, self.matrix, strict=True)
            if value.withheld and len(value.terms) == 1 and np.count_nonzero(row) > 1
        ]
        self.cells = [cell for cell in cells if only is None or only & set(cell.measures)]

    def _is_published(self, column: int) -> bool:
        """Return whether one of the published numbers is exactly this unknown alone."""
        alone = (self.matrix[:, column] == 1) & (np.count_nonzero(self.matrix, axis=1) == 1)
        return bool((alone & (self.low == self.high)).any())

    def ranges(self, rule: DisclosureRule, *, labels: bool, seen: _Ranges | None = None) -> _Ranges | None:
        """Return the smallest and the largest value of every cell; None if no counts agree with all numbers.

        The search stops early where it can: a cell for which enough values were found is not followed to its ends.

        Parameters
        ----------
        rule : DisclosureRule
        labels : bool
            Whether a label such as "under 5" also bounds its count from below.
        seen : pair of ndarray, optional
            Values already known to be possible: smallest and largest of every cell.
        """
        solver = _Solver(self.matrix, self.low if labels else np.where(self.label, 0.0, self.low), self.high)
        goals = [cell.weights for cell in self.cells]
        # Nearly all weights are 0: a dense table would cost more time than the solving.
        weights = sparse.csr_matrix(np.array(goals))
        nonzero = (weights != 0).astype(np.int64)
        least, greatest = seen or (np.full(len(self.cells), np.inf), np.full(len(self.cells), -np.inf))
        least, greatest = least.copy(), greatest.copy()
        # Random goals first: their solutions give most cells enough values, so these cells need no search of their own.
        random_goals = np.random.default_rng(0).choice([-1.0, 1.0], size=(_RANDOM_GOALS, self.matrix.shape[1]))
        for index, goal in [(-1, random_goal) for random_goal in random_goals] + list(enumerate(goals)):
            for sign in (1.0, -1.0):
                if index >= 0 and greatest[index] - least[index] + 1 >= rule.threshold:
                    break
                solution = solver.least(sign * goal)
                if solution is None:
                    return None
                # Unknowns that no row connects with the goal were not solved for; cells that contain them are left out.
                solved = np.isfinite(solution)
                complete = nonzero @ (~solved).astype(np.int64) == 0
                values = (weights @ np.where(solved, np.round(solution), 0.0))[complete]
                least[complete] = np.minimum(least[complete], values)
                greatest[complete] = np.maximum(greatest[complete], values)
        return least, greatest


_Ranges = tuple[NDArray[np.float64], NDArray[np.float64]]


class _QuietHighs(highspy.Highs):
    """HiGHS without callbacks; to switch them on prints a line on standard output, where results are printed as JSON."""

    def enableCallbacks(self) -> None:  # noqa: N802 - the library's name
        """Leave callbacks off."""


class _Solver:
    """Minimises sums of whole, non-negative unknowns between the bounds of the rows, component by component.

    Each component is one linear programme, solved again from its last vertex for every new sum. Where the vertex holds
    whole numbers, it is the minimum over whole numbers too; else the integer programme is solved.
    """

    def __init__(self, matrix: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
        keep = np.isfinite(high) | (low > 0)
        self._matrix, self._low, self._high = sparse.csc_matrix(matrix[keep]), low[keep], high[keep]
        incidence = (self._matrix != 0).astype(np.int64)
        self._components = np.asarray(sparse.csgraph.connected_components(incidence.T @ incidence, directed=False)[1])
        self._submatrices: dict[tuple[int, ...], tuple[NDArray[np.int64], NDArray[np.int64], sparse.csc_matrix]] = {}
        self._programmes: dict[tuple[int, ...], highspy.Highs] = {}

    def least(self, goal: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Return unknowns within all bounds whose weighted sum is smallest; None if no unknowns are within all bounds.

        Unknowns that no row connects, directly or through others, with those of the sum are NaN.
        """
        key, columns, rows, submatrix = self._component(goal)
        solution = np.full(goal.size, np.nan)
        solution[columns] = np.where(goal[columns] < 0, _MAX_COUNT, 0.0)
        if not rows.size:
            return solution
        programme = self._programme(key, rows, submatrix)
        programme.changeColsCost(columns.size, np.arange(columns.size, dtype=np.int32), goal[columns])
        programme.run()
        status = programme.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        vertex = np.array(programme.getSolution().col_value)
        if status == highspy.HighsModelStatus.kOptimal and np.abs(vertex - np.round(vertex)).max() < _WHOLE:
            solution[columns] = np.round(vertex)
            return solution
        result = optimize.milp(
            goal[columns],
            integrality=np.ones(columns.size),
            bounds=optimize.Bounds(0, _MAX_COUNT),
            constraints=optimize.LinearConstraint(submatrix, self._low[rows], self._high[rows]),
        )
        if result.x is None:
            return None
        solution[columns] = result.x
        return solution

    def _programme(self, key: tuple[int, ...], rows: NDArray[np.int64], submatrix: sparse.csc_matrix) -> highspy.Highs:
        """Return the linear programme of a component; its costs are set by the caller."""
        if key not in self._programmes:
            linear = highspy.HighsLp()
            linear.num_row_, linear.num_col_ = submatrix.shape
            linear.col_cost_ = np.zeros(linear.num_col_)
            linear.col_lower_, linear.col_upper_ = np.zeros(linear.num_col_), np.full(linear.num_col_, _MAX_COUNT)
            linear.row_lower_, linear.row_upper_ = self._low[rows], self._high[rows]
            linear.a_matrix_.format_ = highspy.MatrixFormat.kColwise
            linear.a_matrix_.start_, linear.a_matrix_.index_ = submatrix.indptr, submatrix.indices
            linear.a_matrix_.value_ = submatrix.data
            programme = _QuietHighs()  # type: ignore[no-untyped-call]
            for option, setting in _SIMPLEX.items():
                programme.setOptionValue(option, setting)
            programme.passModel(linear)
            self._programmes[key] = programme
        return self._programmes[key]

    def _component(
        self, weights: NDArray[np.float64]
    ) -> tuple[tuple[int, ...], NDArray[np.int64], NDArray[np.int64], sparse.csc_matrix]:
        """Return the components that are connected with a sum, their columns and rows, and the matrix between them."""
        key = tuple(sorted(set(self._components[weights != 0].tolist())))
        if key not in self._submatrices:
            columns = np.flatnonzero(np.isin(self._components, key))
            rows = np.unique(self._matrix[:, columns].indices)
            self._submatrices[key] = (columns, rows, self._matrix[:, columns][rows])
        return key, *self._submatrices[key]


class _Columns:
    """The unknown counts: one column for every measure, piece of ground and piece of time."""

    def __init__(self, constraints: Constraints) -> None:
        terms = [term for value in constraints.values for term in value.terms]
        self._pieces, self._members = _overlay(constraints)
        without_outline = sorted({place for term in terms for place in term.places} - set(constraints.outlines))
        self._members |= {place: {len(self._pieces) + index} for index, place in enumerate(without_outline)}
        self._places = len(self._pieces) + len(without_outline)
        self._measures = sorted({term.measure for term in terms})
        self._cuts = {
            measure: sorted(
                {
                    edge
                    for term in terms
                    if term.measure == measure
                    for period in term.periods
                    for edge in (period.start, period.end)
                }
            )
            for measure in self._measures
        }
        self._offset: dict[str, int] = {}
        self.size = 0
        for measure in self._measures:
            self._offset[measure] = self.size
            self.size += self._places * (len(self._cuts[measure]) - 1)

    def row(self, terms: Sequence[Term]) -> NDArray[np.float64]:
        """Return the coefficients of a sum of terms."""
        coefficients = np.zeros(self.size)
        for term in terms:
            cuts = self._cuts[term.measure]
            inside = np.zeros((self._places, len(cuts) - 1), dtype=bool)
            in_time = np.array(
                [
                    any(period.start <= start_day and end_day <= period.end for period in term.periods)
                    for start_day, end_day in pairwise(cuts)
                ]
            )
            pieces = sorted({member for place in term.places for member in self._members.get(place, ())})
            inside[pieces] |= in_time
            start = self._offset[term.measure]
            coefficients[start : start + inside.size] += term.factor * inside.ravel()
        return coefficients

    def measure(self, column: int) -> str:
        return max((name for name in self._measures if self._offset[name] <= column), key=lambda key: self._offset[key])

    def name(self, column: int) -> str:
        """Return which count a column is: the measure, and the period."""
        measure = self.measure(column)
        cuts = self._cuts[measure]
        _, period_index = divmod(column - self._offset[measure], len(cuts) - 1)
        return f"{measure}, from {cuts[period_index]} up to {cuts[period_index + 1]}"


def _overlay(constraints: Constraints) -> tuple[list[shapely.Geometry], dict[str, set[int]]]:
    """Return pieces of ground that each lie wholly inside or outside every outline, and the pieces of each outline."""
    pieces: list[shapely.Geometry] = []
    members: dict[str, set[int]] = {}
    for name, shape in sorted(constraints.outlines.items()):
        remainder, piece_indices = shape, set()
        for index in np.flatnonzero(shapely.intersects(np.array(pieces, dtype=object), shape)).tolist():
            common = pieces[index].intersection(shape)
            if common.area < _SLIVER_M2:
                continue
            outside = pieces[index].difference(shape)
            if outside.area < _SLIVER_M2:
                piece_indices.add(index)
            else:
                pieces[index] = common
                for outline_members in members.values():
                    if index in outline_members:
                        outline_members.add(len(pieces))
                pieces.append(outside)
                piece_indices.add(index)
            remainder = remainder.difference(common)
        if remainder.area >= _SLIVER_M2:
            piece_indices.add(len(pieces))
            pieces.append(remainder)
        members[name] = piece_indices
    return pieces, members


def merge_constraints(*tellings: Constraints) -> Constraints:
    """Return the published values of several releases together; a value in more than one of them is kept once."""
    values: dict[tuple[object, ...], PublishedValue] = {}
    outlines: dict[str, shapely.Geometry] = {}
    for constraints in tellings:
        values |= {(value.terms, value.low, value.high, value.withheld): value for value in constraints.values}
        outlines |= constraints.outlines
    return Constraints(
        tuple(values.values()), outlines, tuple(leak for constraints in tellings for leak in constraints.leaks)
    )
