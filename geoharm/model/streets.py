"""Street lines as segments between numbered nodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm._validation import check_vector
from geoharm.errors import DesignError

# Ends are rounded to whole centimetres; equal ends are one node.
_SNAP = 100.0


@dataclass(frozen=True, slots=True)
class Streets:
    """Straight segments of street lines; segments whose ends meet share a node.

    Attributes
    ----------
    x0, y0, x1, y1 : ndarray, shape (n,)
        Ends of each segment, in metres of the study's coordinate system.
    start, end : ndarray of int, shape (n,)
        Number of the node at each end. Nodes are numbered from 0, sorted by x, then y.
    """

    x0: NDArray[np.float64]
    y0: NDArray[np.float64]
    x1: NDArray[np.float64]
    y1: NDArray[np.float64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]

    def __post_init__(self) -> None:
        for name in ("x0", "y0", "x1", "y1"):
            object.__setattr__(self, name, check_vector(getattr(self, name), name))
        for name in ("start", "end"):
            nodes = np.array(getattr(self, name), dtype=np.int64)
            nodes.setflags(write=False)
            object.__setattr__(self, name, nodes)
        sizes = {getattr(self, name).shape for name in ("x0", "y0", "x1", "y1", "start", "end")}
        if len(sizes) != 1:
            msg = f"All columns of street segments must be equally long; shapes {sorted(sizes)} were given."
            raise DesignError(msg)
        if (self.length <= 0).any():
            msg = "A street segment must have a length above 0."
            raise DesignError(msg)

    def __len__(self) -> int:
        return int(self.x0.size)

    @property
    def length(self) -> NDArray[np.float64]:
        """Length of each segment in metres, shape (n,)."""
        return np.hypot(self.x1 - self.x0, self.y1 - self.y0)

    @property
    def nodes(self) -> int:
        """Number of distinct nodes."""
        return int(max(self.start.max(), self.end.max())) + 1 if len(self) else 0


def join_segments(x0: ArrayLike, y0: ArrayLike, x1: ArrayLike, y1: ArrayLike) -> Streets:
    """Return segments with numbered nodes; ends that round to the same centimetre are one node.

    Lines that cross without a common vertex are not connected: a bridge is not a junction.

    Parameters
    ----------
    x0, y0, x1, y1 : array_like, shape (n,)
        Metres.

    Raises
    ------
    DesignError
        If a coordinate is not finite or a segment has no length.

    Examples
    --------
    >>> streets = join_segments([0, 10], [0, 0], [10, 10], [0, 10])
    >>> streets.start, streets.end, streets.nodes
    (array([0, 1]), array([1, 2]), 3)
    """
    ends = [check_vector(values, "street ends") for values in (x0, y0, x1, y1)]
    corners = np.concatenate([np.column_stack(ends[:2]), np.column_stack(ends[2:])])
    _, node_numbers = np.unique(np.round(corners * _SNAP), axis=0, return_inverse=True)
    node_numbers = node_numbers.reshape(-1)
    count = ends[0].size
    return Streets(ends[0], ends[1], ends[2], ends[3], node_numbers[:count], node_numbers[count:])
