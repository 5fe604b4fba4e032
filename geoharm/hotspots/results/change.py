"""Results of change over time: change surfaces with p-values, and the similarity test of two patterns."""

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
    """Kind of comparison of two surfaces."""

    INTENSITY = "intensity ratio"
    SHARE = "relative risk"
    POPULATION = "risk by population"

    @property
    def question(self) -> str:
        """The question that the comparison answers, as shown to readers."""
        return {
            ChangeKind.INTENSITY: "Did the number of events a year change here?",
            ChangeKind.SHARE: "Did this place's share of all events change, whatever the total did?",
            ChangeKind.POPULATION: "Are there more events here than expected from the population here?",
        }[self]


@dataclass(frozen=True, slots=True)
class ChangeSurface:
    """Comparison of two surfaces at every cell.

    Attributes
    ----------
    grid : Grid
        Grid of the cells.
    kind : ChangeKind
        Kind of comparison.
    log_ratio : ndarray, shape (ny, nx)
        Natural logarithm of the ratio. Above zero means more events after (or more than expected from the population).
        Infinite where one side is 0; NaN where both are 0, and outside the study area.
    p : ndarray, shape (ny, nx)
        Two-sided p-value of each cell by itself; NaN where nothing could be tested.
    adjusted : ndarray, shape (ny, nx)
        P-value corrected for the number of cells.
    correction : Correction
        Method of this correction.
    support, places : ndarray of int, shape (ny, nx)
        Events, and distinct places, within the bandwidth of each cell centre, before and after together. For a
        comparison with the population, of the cases only.
    bandwidth : float
        Metres; of an adaptive surface the bandwidth of its pilot surface.
    adaptive : bool
        Whether every place has its own bandwidth, which is the same before and after.
    level : float
        Cells with an adjusted p-value above this level are marked as consistent with chance variation.
    totals : tuple of float
        Events before and after, or cases and people.
    unit_count : int
        Number of units that were permuted or drawn. All reports of one place and one time span are one unit.
    block_rule : str
        Definition of a unit, in words.
    permutations : int
        Number of permutations.
    seed : int
        Of the permutations.
    note : str
        Limits of the p-values; empty if none.
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
    unit_count: int
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
    def flagged(self) -> NDArray[np.bool_]:
        """Mask of cells whose adjusted p-value is at most `level`; all other cells are drawn grey."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.adjusted <= self.level)


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """Change surfaces of one measure between two windows, for the whole study area.

    Attributes
    ----------
    measure : Measure
        What is counted.
    windows_of : str
        Name of the operation or the comparison whose windows were compared.
    surfaces : tuple of ChangeSurface
        One for each kind of comparison; empty if none could be computed.
    note : str
        Why no surface could be computed.
    """

    measure: Measure
    windows_of: str
    surfaces: tuple[ChangeSurface, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class SimilarityTest:
    """Result of a similarity test of two spatial patterns, area by area.

    Attributes
    ----------
    side : ndarray of int8, shape (n,)
        1 where the share of an area is larger in the second pattern (at `level`), -1 where it is smaller, else 0.
    p : ndarray, shape (n,)
        P-value of each area; NaN for areas that are empty in both patterns.
    adjusted : ndarray, shape (n,)
        P-value corrected for the number of areas.
    similarity : float
        S: the share of all areas that do not differ.
    robust_similarity : float
        The same, for areas that are not empty in both patterns.
    dependence : str
        Which correction was used: "any", "positive" or "none".
    level : float
        Adjusted p-value up to which an area differs.
    note : str
        Limits of the test; empty if none.
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
