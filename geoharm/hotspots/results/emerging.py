"""Results of emerging hotspot analysis: Esri's 17 patterns over time, and the rule behind each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from geoharm.errors import DesignError
from geoharm.hotspots.results.clusters import PValueSource
from geoharm.model.grid import Grid


class EmergingPattern(IntEnum):
    """Pattern of a cell over time: positive numbers are hot spots, negative numbers cold spots."""

    NONE = 0
    NEW_HOT = 1
    CONSECUTIVE_HOT = 2
    INTENSIFYING_HOT = 3
    PERSISTENT_HOT = 4
    DIMINISHING_HOT = 5
    SPORADIC_HOT = 6
    OSCILLATING_HOT = 7
    HISTORICAL_HOT = 8
    NEW_COLD = -1
    CONSECUTIVE_COLD = -2
    INTENSIFYING_COLD = -3
    PERSISTENT_COLD = -4
    DIMINISHING_COLD = -5
    SPORADIC_COLD = -6
    OSCILLATING_COLD = -7
    HISTORICAL_COLD = -8

    @property
    def label(self) -> str:
        """Name of the pattern as shown to readers, such as "consecutive hot spot" or "no pattern"."""
        if self is EmergingPattern.NONE:
            return "no pattern"
        kind, side = self.name.lower().split("_")
        return f"{kind} {side} spot"


@dataclass(frozen=True, slots=True)
class EmergingHotspotMap:
    """Emerging hotspot pattern of every cell, with the data that determine it.

    Attributes
    ----------
    grid : Grid
        Grid of the cells.
    steps : tuple of date
        First day of every time step, in order.
    missing : tuple of date
        Steps without data. The rules leave them out: they are neither hot, nor cold, nor without a pattern.
    z : ndarray, shape (steps, ny, nx)
        Gi* of every cell and step; NaN outside the study area and in missing steps.
    hot_or_cold : ndarray of int8, shape (steps, ny, nx)
        1 hot, -1 cold, 0 neither, at the adjusted level.
    pattern : ndarray of int8, shape (ny, nx)
        An `EmergingPattern`.
    trend_z, trend_p : ndarray, shape (ny, nx)
        Mann-Kendall test of the cell's Gi* over the steps.
    neighbours : str
        Definition of the neighbouring cells and steps, in words.
    level : float
        Adjusted p-value up to which a step is hot or cold, and p-value up to which there is a trend.
    p_from : PValueSource
        How the p-values of Gi* were computed.
    permutations : int
        Number of permutations; 0 if there were none.
    seed : int
        Of the random draws.
    older_sporadic_rule : bool
        Whether "sporadic" follows Esri's older definition, which does not require that the last step is hot.
    note : str
        Limits of the p-values; empty if none.
    """

    grid: Grid
    steps: tuple[date, ...]
    missing: tuple[date, ...]
    z: NDArray[np.float64]
    hot_or_cold: NDArray[np.int8]
    pattern: NDArray[np.int8]
    trend_z: NDArray[np.float64]
    trend_p: NDArray[np.float64]
    neighbours: str
    level: float
    p_from: PValueSource
    permutations: int
    seed: int
    older_sporadic_rule: bool
    note: str = ""

    def __post_init__(self) -> None:
        cube = (len(self.steps), *self.grid.shape)
        for array, shape in (
            (self.z, cube),
            (self.hot_or_cold, cube),
            (self.pattern, self.grid.shape),
            (self.trend_z, self.grid.shape),
            (self.trend_p, self.grid.shape),
        ):
            if array.shape != shape:
                msg = f"An emerging map needs arrays of shape {shape}; {array.shape} was given."
                raise DesignError(msg)
            array.setflags(write=False)

    def counts(self) -> dict[EmergingPattern, int]:
        """Return how many cells of the study area have each pattern, in the order of `EmergingPattern`."""
        inside = np.isfinite(self.z).any(axis=0)
        patterns = self.pattern[inside]
        return {pattern: int((patterns == pattern).sum()) for pattern in EmergingPattern}

    def explain(self, row: int, column: int) -> str:
        """Return a sentence with the pattern of a cell and the reason for it.

        Parameters
        ----------
        row, column : int
            Of the grid; row 0 is the southernmost.
        """
        if not np.isfinite(self.z[:, row, column]).any():
            return "outside the study area"
        return f"{EmergingPattern(int(self.pattern[row, column])).label}: {self.reason(row, column)}"

    def reason(self, row: int, column: int) -> str:
        """Return the reason for the pattern of a cell inside the study area, without the pattern's name.

        Parameters
        ----------
        row, column : int
            Of the grid; row 0 is the southernmost.
        """
        has_data = np.isfinite(self.z[:, row, column])
        side = self.hot_or_cold[has_data, row, column]
        pattern = EmergingPattern(int(self.pattern[row, column]))
        sign = -1 if (pattern or int(side.sum())) < 0 else 1
        word, other_word = ("cold", "hot") if sign < 0 else ("hot", "cold")
        in_state, n = side == sign, side.size
        last = "the last one too" if in_state[-1] else "but not the last one"
        clauses = [f"{word} in {int(in_state.sum())} of {n} steps ({100 * in_state.mean():.0f} %), {last}"]
        if not in_state.any():
            clauses = [f"neither hot nor cold in any of {n} steps"]
        if in_state[-1] and not in_state.all():
            run = int(np.argmax(~in_state[::-1]))
            before = "" if in_state[: n - run].any() else f", never {word} before"
            clauses.append(f"a run of {run} at the end{before}")
        if (side == -sign).any():
            clauses.append(f"{other_word} in {int((side == -sign).sum())}")
        if 10 * in_state.sum() >= 9 * n:
            trend_words = self._trend_words(row, column, sign)
            clauses.append(f"its strength {trend_words} (Mann-Kendall z {self.trend_z[row, column]:.2f})")
        return "; ".join(clauses)

    def _trend_words(self, row: int, column: int, sign: int) -> str:
        if not self.trend_p[row, column] <= self.level:
            return "has no trend"
        return "rises" if sign * self.trend_z[row, column] > 0 else "falls"
