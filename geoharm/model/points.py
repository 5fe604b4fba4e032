"""Points: places of events with their weights, with or without days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoharm._validation import check_vector
from geoharm.errors import DesignError
from geoharm.model.period import Window


def days_in_window(days: NDArray[np.datetime64], window: Window) -> NDArray[np.bool_]:
    """Return which days lie within a window, as booleans of shape (n,); NaT lies in none."""
    is_within = np.zeros(days.size, dtype=np.bool_)
    for period in window.periods:
        is_within |= (days >= np.datetime64(period.start, "D")) & (days < np.datetime64(period.end, "D"))
    return is_within


@dataclass(frozen=True, slots=True)
class DatedPoints:
    """Places and days of events, with the weight at each place and day.

    Attributes
    ----------
    x, y : ndarray, shape (n,)
        Metres in the study's coordinate system.
    day : ndarray of datetime64[D], shape (n,)
        The first of the month if the source has no days.
    weight : ndarray, shape (n,)
        Number of events at the place on the day, zero or more.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    day: NDArray[np.datetime64]
    weight: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name in ("x", "y", "weight"):
            object.__setattr__(self, name, check_vector(getattr(self, name), name))
        day = np.array(self.day, dtype="datetime64[D]")
        day.setflags(write=False)
        object.__setattr__(self, "day", day)
        sizes = (self.x.size, self.y.size, self.day.size, self.weight.size)
        if len(set(sizes)) > 1:
            msg = f"x, y, day and weight must be equally long; {', '.join(map(str, sizes))} were given."
            raise DesignError(msg)
        if (self.weight < 0).any() or np.isnat(self.day).any():
            msg = "Dated points need weights of zero or more and a day each."
            raise DesignError(msg)

    def __len__(self) -> int:
        return int(self.x.size)

    def in_window(self, window: Window) -> NDArray[np.bool_]:
        """Return which points lie within a window, as booleans of shape (n,)."""
        return days_in_window(self.day, window)

    def points(self, used: NDArray[np.bool_]) -> Points:
        """Return the distinct places of the points with `used` true, shape (n,), ordered by x and y, and the summed weight at each."""
        return Points(self.x[used], self.y[used], self.weight[used]).merged()

    def during(self, window: Window) -> DatedPoints:
        """Return the points within a window, in the same order."""
        kept = self.in_window(window)
        return DatedPoints(self.x[kept], self.y[kept], self.day[kept], self.weight[kept])


@dataclass(frozen=True, slots=True)
class Points:
    """Distinct places of events, with the weight at each.

    Attributes
    ----------
    x, y : ndarray, shape (n,)
        Metres in the study's coordinate system; every pair occurs once, or see `merged`.
    weight : ndarray, shape (n,)
        Number of events at the place, or their summed weight; zero or more.
    events : ndarray, shape (n,), or None
        Number of events at the place if the weight is something else, such as needles; None if the weight counts
        events.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    weight: NDArray[np.float64]
    events: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        for name in ("x", "y", "weight") if self.events is None else ("x", "y", "weight", "events"):
            object.__setattr__(self, name, check_vector(getattr(self, name), name))
        if self.events is not None and (self.events.shape != self.x.shape or (self.events < 0).any()):
            msg = "Where weights are not events, the events at every place are needed too, zero or more."
            raise DesignError(msg)
        if not self.x.shape == self.y.shape == self.weight.shape:
            msg = f"x, y and weight must be equally long; {self.x.size}, {self.y.size}, {self.weight.size} were given."
            raise DesignError(msg)
        if (self.weight < 0).any():
            msg = f"Weights must be zero or more; the smallest given is {self.weight.min()}."
            raise DesignError(msg)

    def __len__(self) -> int:
        return int(self.x.size)

    @property
    def total(self) -> float:
        """Sum of the weights."""
        return float(self.weight.sum())

    @property
    def with_event_weights(self) -> Points:
        """The same places with the number of events as weight, for counts and disclosure rules."""
        return self if self.events is None else Points(self.x, self.y, self.events)

    def merged(self) -> Points:
        """Return every distinct place once, ordered by x and y, with the summed weight and the summed events at each."""
        order = np.lexsort((self.y, self.x))
        x, y = self.x[order], self.y[order]
        is_first = np.ones(x.size, dtype=np.bool_)
        is_first[1:] = (x[1:] != x[:-1]) | (y[1:] != y[:-1])
        place_number = np.cumsum(is_first) - 1

        def summed(values: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.bincount(place_number, weights=values[order], minlength=int(is_first.sum())).astype(np.float64)

        events = None if self.events is None else summed(self.events)
        return Points(x[is_first], y[is_first], summed(self.weight), events)


@dataclass(frozen=True, slots=True)
class NightCounts:
    """Events with a known hour by place, and how many of them happened from 22:00 to 6:00.

    Attributes
    ----------
    x, y : ndarray, shape (n,)
        Distinct places in the study area, in metres; empty if no event has a known time.
    events, at_night : ndarray, shape (n,)
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    events: NDArray[np.float64]
    at_night: NDArray[np.float64]
