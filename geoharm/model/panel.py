"""Panel of units: counts of a measure by small square cell and window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoharm.errors import DesignError
from geoharm.model.period import Window


@dataclass(frozen=True, slots=True)
class UnitPanel:
    """Counts of one measure by square cell and window; cells without events are left out.

    Attributes
    ----------
    measure : str
    windows : tuple of Window
        In the order of the columns.
    row, column : ndarray of int, shape (n,)
        Number of cells north and east of the origin. Every pair occurs once; pairs are sorted.
    counts : ndarray of int, shape (n, len(windows))
    """

    measure: str
    windows: tuple[Window, ...]
    row: NDArray[np.int64]
    column: NDArray[np.int64]
    counts: NDArray[np.int64]

    def __post_init__(self) -> None:
        shape = (self.row.size, len(self.windows))
        if self.counts.shape != shape or self.column.shape != self.row.shape:
            msg = f"Counts must have shape (cells, windows) = {shape}; {self.counts.shape} was given."
            raise DesignError(msg)
        for array in (self.row, self.column, self.counts):
            array.setflags(write=False)
