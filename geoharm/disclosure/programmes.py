"""Linear and integer programmes over unknown counts (HiGHS)."""

from __future__ import annotations

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from geoharm.errors import PublishError

# An upper bound of every count, so that every sum has a largest value.
MAX_COUNT = 1e6
# A vertex whose entries lie this near to whole numbers holds whole numbers.
_WHOLE = 1e-6
# Branches after which an integer programme is given up. A number of branches, not seconds, so that every machine gives up
# at the same release.
_MAX_BRANCHES = 20_000
_SIMPLEX: dict[str, bool | int | str] = {"output_flag": False, "threads": 1, "presolve": "off", "solver": "simplex"}
_OPTIMAL, _INFEASIBLE = 0, 2


def solve_whole(
    goal: NDArray[np.float64],
    matrix: sparse.csc_matrix,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    *,
    zero: NDArray[np.bool_] | None = None,
    slacks: int = 0,
) -> NDArray[np.float64] | None:
    """Return whole, non-negative unknowns within all bounds whose weighted sum is smallest; None if there are none.

    Parameters
    ----------
    goal : ndarray of float, shape (unknowns,)
    matrix : sparse matrix, shape (sums, unknowns)
    low, high : ndarray of float, shape (sums,)
    zero : ndarray of bool, shape (unknowns,), optional
        Unknowns that are zero.
    slacks : int
        How many of the last unknowns may be fractions, without an upper bound.

    Raises
    ------
    PublishError
        If the program gives up, because then it is unknown what the published numbers show.
    """
    upper = np.full(goal.size, MAX_COUNT)
    integrality = np.ones(goal.size)
    if zero is not None:
        upper[: zero.size][zero] = 0.0
    if slacks:
        upper[-slacks:], integrality[-slacks:] = np.inf, 0
    result = optimize.milp(
        goal,
        integrality=integrality,
        bounds=optimize.Bounds(0, upper),
        constraints=optimize.LinearConstraint(matrix, low, high) if matrix.shape[0] else (),
        options={"node_limit": _MAX_BRANCHES},
    )
    if result.status == _INFEASIBLE:
        return None
    if result.status != _OPTIMAL:
        msg = (
            f"Whether small counts follow from the numbers together could not be decided in {_MAX_BRANCHES:,} steps, so "
            'nothing was published; use fewer rings, phases or operations, another --out, or release = "internal".'
        )
        raise PublishError(msg)
    solution = np.asarray(result.x, dtype=np.float64)
    whole = integrality == 1
    solution[whole] = np.round(solution[whole])
    return solution


class _QuietHighs(highspy.Highs):
    """HiGHS without callbacks; to switch them on prints a line on standard output, where results are printed as JSON."""

    def enableCallbacks(self) -> None:  # noqa: N802 - the library's name
        """Leave callbacks off."""


class Programme:
    """Minimises sums of whole, non-negative unknowns between the bounds of the rows of one connected part.

    One linear programme is solved again from its last vertex for every new sum. Where the vertex holds whole numbers, it is
    the minimum over whole numbers too; else the integer programme is solved.
    """

    def __init__(self, matrix: sparse.csc_matrix, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
        self._matrix, self._low, self._high = matrix, low, high
        linear = highspy.HighsLp()
        linear.num_row_, linear.num_col_ = matrix.shape
        linear.col_cost_ = np.zeros(linear.num_col_)
        linear.col_lower_, linear.col_upper_ = np.zeros(linear.num_col_), np.full(linear.num_col_, MAX_COUNT)
        linear.row_lower_, linear.row_upper_ = low, high
        linear.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        linear.a_matrix_.start_, linear.a_matrix_.index_ = matrix.indptr, matrix.indices
        linear.a_matrix_.value_ = matrix.data
        self._columns = np.arange(matrix.shape[1], dtype=np.int32)
        self._linear = _QuietHighs()  # type: ignore[no-untyped-call]
        for option, setting in _SIMPLEX.items():
            self._linear.setOptionValue(option, setting)
        self._linear.passModel(linear)

    def least(self, goal: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return unknowns within all bounds whose weighted sum is smallest.

        Raises
        ------
        PublishError
            If none are within all bounds, or the program gives up.
        """
        vertex = self._vertex(goal)
        if vertex is not None and np.abs(vertex - np.round(vertex)).max(initial=0.0) < _WHOLE:
            return np.round(vertex)
        solution = solve_whole(goal, self._matrix, self._low, self._high)
        if solution is None:
            msg = "The published numbers contradict each other although they were reconciled. Please report this as a defect."
            raise PublishError(msg)
        return solution

    def bound(self, goal: NDArray[np.float64]) -> float:
        """Return the smallest weighted sum of fractions within all bounds; no whole unknowns have a smaller one."""
        vertex = self._vertex(goal)
        return -np.inf if vertex is None else float(goal @ vertex)

    def _vertex(self, goal: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Return fractions within all bounds whose weighted sum is smallest; None if the linear programme has no optimum."""
        self._linear.changeColsCost(self._columns.size, self._columns, goal)
        self._linear.run()
        if self._linear.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return np.array(self._linear.getSolution().col_value)
