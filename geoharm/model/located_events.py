"""Located events of files, before a study exists: where, when and of which category, with the addresses at each place."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from geoharm import _crs
from geoharm.model.points import Points


@dataclass(frozen=True, slots=True)
class LocatedEvents:
    """Located events of one source. Default geocodes and rows without a place are not among them.

    Attributes
    ----------
    longitude, latitude : ndarray, shape (p,)
        Degrees of the distinct places.
    addresses : tuple of str, length p
        The address text of most events at each place; empty if there is none.
    place : ndarray of int, shape (n,)
        Number of the place, by which events are counted together with day and category.
    day : ndarray of datetime64[D], shape (n,)
    category : ndarray of int, shape (n,)
        Number of the category.
    events : ndarray, shape (n,)
        Number of events of the place, day and category.
    categories : tuple of str
    """

    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]
    addresses: tuple[str, ...]
    place: NDArray[np.int64]
    day: NDArray[np.datetime64]
    category: NDArray[np.int64]
    events: NDArray[np.float64]
    categories: tuple[str, ...]

    @property
    def total(self) -> int:
        """Number of events."""
        return int(self.events.sum())

    def at_places(
        self, categories: Collection[str] = (), *, since: date | None = None, before: date | None = None
    ) -> NDArray[np.float64]:
        """Return the number of events at each place, shape (p,).

        Parameters
        ----------
        categories : collection of str
            Empty for all.
        since, before : date, optional
            The first day that counts, and the first that does not.
        """
        used = np.ones(self.events.size, dtype=np.bool_)
        if categories:
            wanted = [number for number, name in enumerate(self.categories) if name in categories]
            used &= np.isin(self.category, wanted)
        if since is not None:
            used &= self.day >= np.datetime64(since, "D")
        if before is not None:
            used &= self.day < np.datetime64(before, "D")
        return np.bincount(self.place[used], weights=self.events[used], minlength=self.longitude.size).astype(float)

    def metres(self, crs: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return x and y of the places in a projected system, each of shape (p,)."""
        return _crs.transform(self.longitude, self.latitude, source=_crs.LONLAT, target=crs)

    def points(self, crs: str, events: NDArray[np.float64]) -> Points:
        """Return the places with events as points in a projected system, with the events at each as weight."""
        x, y = self.metres(crs)
        used = (events > 0) & np.isfinite(x) & np.isfinite(y)
        return Points(x[used], y[used], events[used]).merged()
