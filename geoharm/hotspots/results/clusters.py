"""Results of local and global tests of spatial clustering."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from geoharm._validation import check_level
from geoharm.errors import DesignError


class PValueSource(StrEnum):
    """Method by which a p-value was computed."""

    NORMAL = "normal approximation"
    CONDITIONAL = "conditional permutation"
    SUMS = "the distribution of sums of counts"
    PERMUTATION = "permutation"


@dataclass(frozen=True, slots=True)
class LocalClusters:
    """A local statistic at every cell of a grid or every area of a table.

    Attributes
    ----------
    statistic : str
        "Gi*" or "local Moran's I".
    neighbours : str
        Definition of the neighbours, in words.
    value : ndarray
        The statistic. For Gi* the sum over the neighbourhood, including the cell or area itself; for local Moran, I.
        NaN outside the study area. All arrays have shape (ny, nx) on a grid and (n,) for areas.
    z : ndarray
        The statistic standardised under the null hypothesis of no clustering. For Gi*, above zero where counts in the
        neighbourhood are high.
    p : ndarray
        Two-sided p-value of each cell or area by itself.
    adjusted : ndarray
        `p` adjusted for the number of tests (false discovery rate, Benjamini and Hochberg).
    kind : ndarray of int8
        For Gi*: 1 high, -1 low. For Moran: 1 high among high, 2 low among high, 3 low among low, 4 high among low.
        0 outside the study area, and where the statistic is undefined.
    p_from : PValueSource
        How the p-values were computed.
    permutations : int
        Number of permutations; 0 for the normal approximation.
    seed : int
        Of the permutations.
    note : str
        Limits of the p-values, or why there are none.
    """

    statistic: str
    neighbours: str
    value: NDArray[np.float64]
    z: NDArray[np.float64]
    p: NDArray[np.float64]
    adjusted: NDArray[np.float64]
    kind: NDArray[np.int8]
    p_from: PValueSource
    permutations: int = 0
    seed: int = 0
    note: str = ""

    def __post_init__(self) -> None:
        for array in (self.value, self.z, self.p, self.adjusted, self.kind):
            if array.shape != self.value.shape:
                msg = f"Every array of a local statistic has one shape; {self.value.shape}, {array.shape} were given."
                raise DesignError(msg)
            array.setflags(write=False)

    def flagged(self, kind: int, level: float = 0.05) -> NDArray[np.bool_]:
        """Return a mask of the places of one kind whose adjusted p-value is at most `level`.

        Parameters
        ----------
        kind : int
            As in the attribute `kind`.
        level : float
            The accepted share of false positives among the flagged places.
        """
        level = check_level(level)
        with np.errstate(invalid="ignore"):
            return np.asarray((self.adjusted <= level) & (self.kind == kind))


@dataclass(frozen=True, slots=True)
class GlobalClustering:
    """Result of one global test of clustering.

    Attributes
    ----------
    statistic : str
        "Moran's I" or "general G".
    value : float
        The statistic.
    expected, standard_error : float
        Its expectation and standard error under the null hypothesis of no clustering.
    z, p : float
        Standardised statistic and two-sided p-value. NaN if undefined, with the reason in `note`.
    p_from : PValueSource
        How the p-value was computed.
    permutations : int
        Number of permutations; 0 for the normal approximation.
    seed : int
        Of the permutations.
    note : str
        Why the statistic is undefined.
    """

    statistic: str
    value: float
    expected: float
    standard_error: float
    z: float
    p: float
    p_from: PValueSource
    permutations: int = 0
    seed: int = 0
    note: str = ""

    @property
    def is_defined(self) -> bool:
        """Whether the statistic is defined."""
        return math.isfinite(self.z)
