"""Where density changed, where a place's share changed, and which of it chance explains."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from geoharm.errors import DesignError
from geoharm.model.grid import Grid
from geoharm.model.measure import Measure
from geoharm.model.settings import Correction


class ChangeKind(StrEnum):
    """Which question a comparison of two surfaces answers."""

    INTENSITY = "intensity ratio"
    SHARE = "relative risk"
    POPULATION = "risk by population"

    @property
    def question(self) -> str:
        """In words, as readers see it."""
        return {
            ChangeKind.INTENSITY: "Did the number of events a year change here?",
            ChangeKind.SHARE: "Did this place's share of all events change, whatever the total did?",
            ChangeKind.POPULATION: "Are there more events here than the people here would lead one to expect?",
        }[self]


@dataclass(frozen=True, slots=True)
class ChangeSurface:
    """Two surfaces compared at every cell.

    Attributes
    ----------
    grid : Grid
    kind : ChangeKind
        Which question it answers.
    log_ratio : ndarray, shape (ny, nx)
        Natural log; above zero means more after (or more than the people here). Infinite where one side is empty,
        NaN where both are and outside the study area.
    p : ndarray, shape (ny, nx)
        Two-sided, of one cell looked at alone; NaN where there was nothing to test.
    adjusted : ndarray, shape (ny, nx)
        Allowing for all cells, by `correction`.
    correction : Correction
    support, places : ndarray of int, shape (ny, nx)
        Events, and distinct places, within the bandwidth of each cell centre, both sides together; of the cases
        alone where the other side is people.
    bandwidth : float
        Metres; of an adaptive surface that of the pilot.
    adaptive : bool
        Whether every place had a bandwidth of its own, the same before and after.
    level : float
        Cells with an adjusted p-value above it are marked as explained by chance.
    totals : tuple of float
        Events before and after; or cases and people.
    blocks : int
        Units that were shuffled or drawn: reports of one place and one stretch of time move together.
    block_rule : str
        What made a unit.
    permutations, seed : int
    note : str
    """

    grid: Grid
    kind: ChangeKind
    log_ratio: NDArray[np.float64]
    p: NDArray[np.float64]
    adjusted: NDArray[np.float64]
    correction: Correction
    support: NDArray[np.int64]
    places: NDArray[np.int64]
    bandwidth: float
    level: float
    totals: tuple[float, float]
    blocks: int
    block_rule: str
    permutations: int
    seed: int
    note: str = ""
    adaptive: bool = False

    def __post_init__(self) -> None:
        for array in (self.log_ratio, self.p, self.adjusted, self.support, self.places):
            if array.shape != self.grid.shape:
                msg = f"A change surface needs one value a cell, shape {self.grid.shape}; {array.shape} was given."
                raise DesignError(msg)
            array.setflags(write=False)

    @property
    def beyond_chance(self) -> NDArray[np.bool_]:
        """Cells that chance does not explain at `level`; all others are to be drawn grey."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.adjusted <= self.level)


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """Where one measure changed around one operation's dates, in the whole study area.

    Attributes
    ----------
    measure : Measure
    operation : str
        Whose windows were compared.
    surfaces : tuple of ChangeSurface
        One a question; empty where there is no answer, with the reason in `note`.
    note : str
    """

    measure: Measure
    operation: str
    surfaces: tuple[ChangeSurface, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class SimilarityTest:
    """How alike two point patterns are, area by area.

    Attributes
    ----------
    side : ndarray of int8, shape (n,)
        1 where an area holds a larger share in the second pattern beyond chance, -1 a smaller one, 0 neither.
    p, adjusted : ndarray, shape (n,)
        NaN for areas that are empty in both.
    similarity : float
        S: the share of all areas that do not differ.
    robust_similarity : float
        The same among areas that are not empty in both.
    dependence : str
        Which correction was made.
    level : float
    note : str
    """

    side: NDArray[np.int8]
    p: NDArray[np.float64]
    adjusted: NDArray[np.float64]
    similarity: float
    robust_similarity: float
    dependence: str
    level: float
    note: str = ""

    def __post_init__(self) -> None:
        for array in (self.side, self.p, self.adjusted):
            array.setflags(write=False)
