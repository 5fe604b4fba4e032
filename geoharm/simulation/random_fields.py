"""Random fields over places: near places are alike, on any scale, on a square grid or at irregular places."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from geoharm.errors import DesignError

Floats = NDArray[np.float64]
_LEAST_WEIGHT = 1e-4


@dataclass(frozen=True, slots=True)
class Places:
    """Where counts are made.

    Attributes
    ----------
    x, y : ndarray, shape (places,)
        Metres.
    unit : float
        Typical distance between neighbours in metres; scales of fields are multiples of it.
    period : float
        Side of a square city in metres whose opposite edges are neighbours; 0 for none.
    """

    x: Floats
    y: Floats
    unit: float
    period: float = 0.0
    _smooth: dict[float, csr_array] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.x.shape != self.y.shape or self.x.ndim != 1 or not self.x.size:
            msg = f"Places need as many x as y, at least one; shapes {self.x.shape} and {self.y.shape} were given."
            raise DesignError(msg)
        if not self.unit > 0:
            msg = f"The distance between neighbours must be above 0 m; {self.unit:g} was given."
            raise DesignError(msg)

    def smoothing(self, scale: float) -> csr_array:
        """Return weights, shape (places, places), that turn white noise into a field of variance 1 at every place."""
        if scale not in self._smooth:
            apart = [np.abs(one[:, None] - one[None]) for one in (self.x, self.y)]
            if self.period:
                apart = [np.minimum(one, self.period - one) for one in apart]
            weights = np.exp(-(apart[0] ** 2 + apart[1] ** 2) / (2 * (scale * self.unit) ** 2))
            weights[weights < _LEAST_WEIGHT] = 0
            self._smooth[scale] = csr_array(weights / np.sqrt((weights**2).sum(axis=1, keepdims=True)))
        return self._smooth[scale]


def smooth_field(rng: np.random.Generator, places: Places, scale: float, *, times: int = 0) -> Floats:
    r"""Return a standard normal field over places, or one a time.

    Parameters
    ----------
    rng : Generator
    places : Places
    scale : float
        Standard deviation of the Gaussian that white noise is smoothed with, in units; 0 for none.
    times : int
        0 for one field, shape (places,), of sample mean 0 and standard deviation 1. Else independent fields, shape
        (places, times), each of variance 1.

    Notes
    -----
    The correlation of two places d apart is about :math:`\exp(-d^2 / 4 s^2)`.
    """
    noise = rng.standard_normal((places.x.size, max(times, 1)))
    found = places.smoothing(scale) @ noise if scale else noise
    if times:
        return np.asarray(found, dtype=np.float64)
    one = found[:, 0] - found[:, 0].mean()
    return np.asarray(one / one.std(), dtype=np.float64)


def autoregressive(shocks: Floats, memory: float) -> Floats:
    """Return an AR(1) series of variance 1 a place from independent shocks, shape (places, times)."""
    found = shocks.copy()
    for time in range(1, shocks.shape[1]):
        found[:, time] = memory * found[:, time - 1] + np.sqrt(1 - memory**2) * shocks[:, time]
    return found
