"""What places like it did without an operation: their changes in classes, and their counts by level before."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geoharm.evaluation.placebo.forecast import ADDED_EVENTS, Forecast, PlaceboSeries
from geoharm.model.estimate import Estimate, Interval, relative_change_of
from geoharm.model.period import Period, Window
from geoharm.model.places_like_it import ChangeClass, LevelClass, PlaceDistribution, PlaceLevels

CLASS_POINTS = 10  # width of a class of changes, in percentage points
OUTER_POINTS = 5  # the outermost edges are multiples of this
MIN_PLACES_IN_CLASS = 3  # a class of changes holds none or so many places ...
MIN_PLACES_IN_LEVEL = 10  # ... and a class of levels so many, because it gives sums of counts
LEVEL_EDGES = (0.0, 1 / 3, 1 / 2, 3 / 4, 1.0, 4 / 3, 2.0, 3.0, math.inf)

Floats = NDArray[np.float64]


def place_distribution(forecast: Forecast, ratio: Estimate, after: int) -> PlaceDistribution:
    """Return the changes of the places of the pool, in classes, and how many changed as far as the operation's zone.

    Parameters
    ----------
    forecast : Forecast
    ratio : Estimate
        The calibrated log ratio of the zone.
    after : int
        The zone's observed count after.

    Notes
    -----
    A place's change is its count after over the count expected by its cross-forecast, minus 1; the zone's is its count
    after over its expected count, minus 1. Without an operation, and if places were exchangeable, the zone would fall as far as all but
    ``fell_as_far`` of the places in about ``(1 + fell_as_far) / (1 + pool)`` of all cases (Abadie, Diamond and Hainmueller
    2010). Places overlap, so the share cannot be told finer than in steps of 1 over `effective_places`; the interval of
    the effect allows for this, the rank does not.
    """
    changes, span = 100 * (np.array(forecast.ratios) - 1), ratio.interval()
    own = 100 * relative_change_of(ratio.value) if after else -100.0
    return PlaceDistribution(
        classes=change_classes(changes),
        pool=changes.size,
        effective_places=forecast.effective_places,
        change=own,
        interval=Interval(100 * relative_change_of(span.low), 100 * relative_change_of(span.high), span.level),
        fell_as_far=int((changes <= own).sum()),
        rose_as_far=int((changes >= own).sum()),
    )


def change_classes(changes: Floats) -> tuple[ChangeClass, ...]:
    """Return changes in percent, counted in classes of ten points.

    A class with 1 or 2 places joins a neighbour, so that no class gives the figure of a single place. The outermost edges
    are the nearest multiples of five that hold all changes. Several empty classes in a row are one.

    Examples
    --------
    >>> [(part.low, part.high, part.places) for part in change_classes(np.array([-31.0, -22, -12, -11, -5, 1, 2, 3]))]
    [(-35, -10, 4), (-10, 5, 4)]
    """
    # Floor division is exact where a rounded quotient is not: a change just below an edge belongs below it.
    lowest, highest = (float(end) for end in (changes.min(), changes.max()))
    first = int(lowest // CLASS_POINTS)
    bins = np.floor_divide(changes, CLASS_POINTS).astype(np.int64) - first
    merged = merged_classes(np.bincount(bins).tolist(), least=MIN_PLACES_IN_CLASS)
    edges = [CLASS_POINTS * (first + start) for start, _, _ in merged]
    edges[0] = OUTER_POINTS * int(lowest // OUTER_POINTS)
    edges.append(OUTER_POINTS * (int(highest // OUTER_POINTS) + 1))
    return tuple(
        ChangeClass(low, high, places) for low, high, (_, _, places) in zip(edges, edges[1:], merged, strict=False)
    )


def merged_classes(counts: Sequence[int], *, least: int) -> tuple[tuple[int, int, int], ...]:
    """Return classes joined with neighbours until each holds none or at least so many, as (first, behind last, count).

    The first class that holds too few joins the neighbour with fewer, the lower one of two equal ones. At last, empty
    classes in a row are joined too.

    Examples
    --------
    >>> merged_classes([1, 6, 0, 0, 2, 5], least=3)
    ((0, 2, 7), (2, 6, 7))
    """
    classes = [(index, index + 1, count) for index, count in enumerate(counts)]
    while len(classes) > 1:
        index = next((index for index, (_, _, count) in enumerate(classes) if 0 < count < least), None)
        if index is None:
            break
        neighbours = [near for near in (index - 1, index + 1) if 0 <= near < len(classes)]
        lower, upper = sorted((index, min(neighbours, key=lambda near: classes[near][2])))
        classes[lower : upper + 1] = [(classes[lower][0], classes[upper][1], classes[lower][2] + classes[upper][2])]
    joined: list[tuple[int, int, int]] = []
    for start, end, count in classes:
        if joined and not count and not joined[-1][2]:
            joined[-1] = (joined[-1][0], end, 0)
        else:
            joined.append((start, end, count))
    return tuple(joined)


def place_levels(series: PlaceboSeries, windows: Sequence[Window], before: Window) -> PlaceLevels:
    """Return the events at the places of a pool, before and after, summed over places of about the same level.

    Parameters
    ----------
    series : PlaceboSeries
        Series of the places of the pool.
    windows : sequence of Window
        The months before the operation, followed by the window after: the columns of the series.
    before : Window
        The operation's window before. Months that lie in it are summed; all months if none does.
    """
    months = list(range(series.months))
    inside = [
        month for month in months if all(_is_inside(period, before) for period in windows[month].periods)
    ] or months
    own = series.own_zone[: series.months].sum() + ADDED_EVENTS
    level = (series.zone[:, : series.months].sum(axis=1) + ADDED_EVENTS) / own
    position = np.searchsorted(LEVEL_EDGES, level, side="right") - 1
    counts = np.bincount(position, minlength=len(LEVEL_EDGES) - 1).tolist()
    used = [index for index, count in enumerate(counts) if count]
    first, last = used[0], used[-1] + 1
    merged = merged_classes(counts[first:last], least=MIN_PLACES_IN_LEVEL)
    classes = []
    for start, end, places in merged:
        members = (position >= first + start) & (position < first + end)
        classes.append(
            LevelClass(
                low=LEVEL_EDGES[first + start],
                high=LEVEL_EDGES[first + end],
                places=places,
                before=round(float(series.zone[members][:, inside].sum())),
                after=round(float(series.zone[members, series.months :].sum())),
            )
        )
    return PlaceLevels(
        tuple(level_class for level_class in classes if level_class.places),
        before_days=sum(windows[month].days for month in inside),
        after_days=sum(window.days for window in windows[series.months :]),
    )


def _is_inside(period: Period, window: Window) -> bool:
    return any(part.contains(period) for part in window.periods)
