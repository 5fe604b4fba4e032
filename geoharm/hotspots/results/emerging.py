"""How the places where counts cluster come and go over time: Esri's 17 patterns, and the rule that chose each."""

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
    """What became of a place; negative numbers are the cold mirrors."""

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
        """As readers see it: "consecutive hot spot", "no pattern"."""
        if self is EmergingPattern.NONE:
            return "no pattern"
        kind, side = self.name.lower().split("_")
        return f"{kind} {side} spot"


@dataclass(frozen=True, slots=True)
class EmergingHotspotMap:
    """The pattern of every cell, with everything that decided it.

    Attributes
    ----------
    grid : Grid
    steps : tuple of date
        First day of every step, in order.
    missing : tuple of date
        Steps without data: they are no step of any rule, neither hot nor cold nor calm.
    z : ndarray, shape (steps, ny, nx)
        Gi* of every cell and step; NaN outside the study area and in missing steps.
    side : ndarray of int8, shape (steps, ny, nx)
        1 hot, -1 cold, 0 neither, at the adjusted level.
    pattern : ndarray of int8, shape (ny, nx)
        A `EmergingPattern`.
    trend_z, trend_p : ndarray, shape (ny, nx)
        Mann-Kendall test of the cell's Gi* over the steps.
    neighbours : str
        Which cells and steps are near, in words.
    level : float
        Adjusted p-value up to which a step is hot or cold, and p-value up to which there is a trend.
    p_from : PValueSource
    permutations, seed : int
    older_wording : bool
        Whether "sporadic" follows the older wording, which does not ask for the last step.
    note : str
    """

    grid: Grid
    steps: tuple[date, ...]
    missing: tuple[date, ...]
    z: NDArray[np.float64]
    side: NDArray[np.int8]
    pattern: NDArray[np.int8]
    trend_z: NDArray[np.float64]
    trend_p: NDArray[np.float64]
    neighbours: str
    level: float
    p_from: PValueSource
    permutations: int
    seed: int
    older_wording: bool
    note: str = ""

    def __post_init__(self) -> None:
        cube = (len(self.steps), *self.grid.shape)
        for array, shape in (
            (self.z, cube),
            (self.side, cube),
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
        found = self.pattern[inside]
        return {pattern: int((found == pattern).sum()) for pattern in EmergingPattern}

    def rule(self, row: int, column: int) -> str:
        """Return one sentence that says why a cell has its pattern.

        Parameters
        ----------
        row, column : int
            Of the grid; row 0 is the southernmost.
        """
        used = np.isfinite(self.z[:, row, column])
        if not used.any():
            return "outside the study area"
        side = self.side[used, row, column]
        pattern = EmergingPattern(int(self.pattern[row, column]))
        sign = -1 if (pattern or int(side.sum())) < 0 else 1
        word, other = ("cold", "hot") if sign < 0 else ("hot", "cold")
        mine, n = side == sign, side.size
        last = "the last one too" if mine[-1] else "but not the last one"
        parts = [f"{word} in {int(mine.sum())} of {n} steps ({100 * mine.mean():.0f} %), {last}"]
        if not mine.any():
            parts = [f"neither hot nor cold in any of {n} steps"]
        if mine[-1] and not mine.all():
            run = int(np.argmax(~mine[::-1]))
            before = "" if mine[: n - run].any() else f", never {word} before"
            parts.append(f"a run of {run} at the end{before}")
        if (side == -sign).any():
            parts.append(f"{other} in {int((side == -sign).sum())}")
        if 10 * mine.sum() >= 9 * n:
            way = self._trend(row, column, sign)
            parts.append(f"its strength {way} (Mann-Kendall z {self.trend_z[row, column]:.2f})")
        return f"{pattern.label}: " + "; ".join(parts)

    def _trend(self, row: int, column: int, sign: int) -> str:
        if not self.trend_p[row, column] <= self.level:
            return "has no trend"
        return "rises" if sign * self.trend_z[row, column] > 0 else "falls"
