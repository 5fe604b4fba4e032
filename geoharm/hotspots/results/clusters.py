"""Where high or low counts lie together beyond chance: local and global tests of clustering."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from geoharm._validation import check_level
from geoharm.errors import DesignError


class PValueSource(StrEnum):
    """What a p-value rests on."""

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
        Which places count as near, in words.
    value : ndarray
        The statistic itself: for Gi* the sum over the neighbourhood, self included; for Moran, I. Shape (ny, nx) on
        a grid and (n,) for areas, as are all arrays; NaN outside the study area.
    z : ndarray
        Standardised under no clustering. For Gi*, above zero where counts near here are high.
    p : ndarray
        Two-sided, for one place looked at alone.
    adjusted : ndarray
        `p` adjusted for the many places looked at (false discovery rate, Benjamini and Hochberg).
    kind : ndarray of int8
        For Gi*: 1 high, -1 low. For Moran: 1 high among high, 2 low among high, 3 low among low, 4 high among low.
        0 outside, and where there is no answer.
    p_from : PValueSource
    permutations : int
        0 under the normal approximation.
    seed : int
    note : str
        What the p-values leave out, or why there are none.
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
        """Return where the adjusted p-value is at most `level` and the place is of a kind.

        Parameters
        ----------
        kind : int
            As in the attribute `kind`.
        level : float
            The share of chance among the flagged places that is accepted.
        """
        level = check_level(level)
        with np.errstate(invalid="ignore"):
            return np.asarray((self.adjusted <= level) & (self.kind == kind))


@dataclass(frozen=True, slots=True)
class GlobalClustering:
    """One test of whether counts cluster anywhere.

    Attributes
    ----------
    statistic : str
        "Moran's I" or "general G".
    value, expected, standard_error : float
        Expected and error under no clustering.
    z, p : float
        Two-sided. NaN where undefined, with the reason in `note`.
    p_from : PValueSource
    permutations, seed : int
    note : str
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
        """Whether there is an answer."""
        return math.isfinite(self.z)
