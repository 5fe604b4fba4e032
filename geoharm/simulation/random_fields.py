"""Draw random fields over places: nearby places are alike, at any scale, on a square grid or at irregular places."""

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
    """Locations of the counts.

    Attributes
    ----------
    x, y : ndarray, shape (places,)
        Metres.
    unit : float
        Typical distance between neighbours in metres; scales of fields are multiples of it.
    period : float
        Side in metres of a square city whose opposite edges are neighbours; 0 for none.
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

    def distances(self, others: NDArray[np.int64]) -> Floats:
        """Return the distance of every place to some of them in metres, shape (places, others)."""
        return np.asarray(np.hypot(*self._offsets(others)), dtype=np.float64)

    def _offsets(self, others: NDArray[np.int64] | slice) -> list[Floats]:
        offsets = [np.abs(coordinate[:, None] - coordinate[others][None]) for coordinate in (self.x, self.y)]
        return [np.minimum(offset, self.period - offset) for offset in offsets] if self.period else offsets

    def smoothing(self, scale: float) -> csr_array:
        """Return weights, shape (places, places), that turn white noise into a field of variance 1 at every place."""
        if scale not in self._smooth:
            east, north = self._offsets(slice(None))
            weights = np.exp(-(east**2 + north**2) / (2 * (scale * self.unit) ** 2))
            weights[weights < _LEAST_WEIGHT] = 0
            self._smooth[scale] = csr_array(weights / np.sqrt((weights**2).sum(axis=1, keepdims=True)))
        return self._smooth[scale]


def smooth_field(rng: np.random.Generator, places: Places, scale: float, *, times: int = 0) -> Floats:
    r"""Return one standard normal field over places, or one for each time step.

    Parameters
    ----------
    rng : Generator
    places : Places
    scale : float
        Standard deviation of the Gaussian smoothing of white noise, in units of `places`; 0 for none.
    times : int
        0 for one field, shape (places,), of sample mean 0 and standard deviation 1. Otherwise independent fields, shape
        (places, times), each of variance 1.

    Notes
    -----
    The correlation of two places d apart is about :math:`\exp(-d^2 / 4 s^2)`.
    """
    noise = rng.standard_normal((places.x.size, max(times, 1)))
    values = places.smoothing(scale) @ noise if scale else noise
    if times:
        return np.asarray(values, dtype=np.float64)
    centred = values[:, 0] - values[:, 0].mean()
    return np.asarray(centred / centred.std(), dtype=np.float64)


def autoregressive(shocks: Floats, memory: float) -> Floats:
    """Return an AR(1) series of variance 1 for each place from independent shocks, shape (places, times)."""
    series = shocks.copy()
    for step in range(1, shocks.shape[1]):
        series[:, step] = memory * series[:, step - 1] + np.sqrt(1 - memory**2) * shocks[:, step]
    return series
