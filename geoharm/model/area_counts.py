"""Counts by area and period, exact or known within bounds, and their totals for a zone."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm.errors import DesignError
from geoharm.model.geometry import check_polygon
from geoharm.model.overlap import whole_and_cut
from geoharm.model.period import Period, Window

# Reprojecting and joining outlines changes an area by less than this share.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Areas:
    """Areas with a code and an outline.

    Attributes
    ----------
    codes : tuple of str
        Codes of the area file; each occurs once.
    shapes : tuple of shapely geometry
        Polygons in metres of the study's system, in the order of the codes.
    notes : tuple of str
        What was repaired while reading.
    """

    codes: tuple[str, ...]
    shapes: tuple[BaseGeometry, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.codes) != len(self.shapes) or len(set(self.codes)) != len(self.codes):
            msg = f"Every area needs one code and one outline; {len(self.codes)} codes and {len(self.shapes)} outlines were given."
            raise DesignError(msg)
        for code, shape in zip(self.codes, self.shapes, strict=True):
            check_polygon(shape, f'area "{code}"')

    @property
    def identity(self) -> tuple[tuple[str, ...], list[str], tuple[str, ...]]:
        """Codes, outlines as hexadecimal WKB, and notes: the same for the same areas."""
        return self.codes, [shape.wkb_hex for shape in self.shapes], self.notes


@dataclass(frozen=True, slots=True)
class Bounds:
    """The lowest and highest possible value of a number.

    Attributes
    ----------
    low : float
    high : float
        Infinite if a count is missing, because it has no upper bound.
    note : str
        Why the bounds differ, or what they leave out; may be empty.
    """

    low: float
    high: float
    note: str = ""

    @property
    def is_exact(self) -> bool:
        """Whether both bounds are the same number."""
        return self.low == self.high


@dataclass(frozen=True, slots=True)
class AreaCounts:
    """Counts of one category by area and period.

    A suppressed count is an interval. A missing count is NaN.

    Attributes
    ----------
    source, category : str
    areas : tuple of str
        Codes, in the order of the rows.
    periods : tuple of Period
        Sorted and not overlapping, in the order of the columns.
    low, high : ndarray, shape (len(areas), len(periods))
        Lowest and highest possible value of each count, in events; equal where it is exact, NaN where it is missing.
    shapes : tuple of (shapely geometry or None)
        Polygons of the areas, in metres of the study's coordinate system; None where there is none.
    is_dated : bool
        False for a table without a period: its counts are of all time, and its one period says nothing.

    Examples
    --------
    >>> from datetime import date
    >>> month = Period(date(2020, 1, 1), date(2020, 2, 1))
    >>> counts = AreaCounts("entries", "all", ("A", "B"), (month,), np.array([[7.0], [1.0]]), np.array([[7.0], [4.0]]),
    ...                     (None, None))
    >>> counts.total(Window("January", (month,)))
    Bounds(low=8.0, high=11.0, note='suppressed counts: 1 of 2')
    """

    source: str
    category: str
    areas: tuple[str, ...]
    periods: tuple[Period, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    shapes: tuple[BaseGeometry | None, ...]
    is_dated: bool = True

    def __post_init__(self) -> None:
        shape = (len(self.areas), len(self.periods))
        for name in ("low", "high"):
            values = np.array(getattr(self, name), dtype=np.float64)
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        if not self.low.shape == self.high.shape == shape or len(self.shapes) != len(self.areas):
            msg = (
                f"Counts must have shape (areas, periods) = {shape}; {self.low.shape} and {self.high.shape} were given."
            )
            raise DesignError(msg)
        if (np.isnan(self.low) != np.isnan(self.high)).any() or (self.low > self.high).any() or (self.low < 0).any():
            msg = f'Every count of "{self.source}" must be missing, or lie between a low of 0 or more and a high not below it.'
            raise DesignError(msg)
        check_no_overlap(self.periods, self.source)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Which counts are missing, shape (len(areas), len(periods))."""
        return np.isnan(self.low)

    @property
    def suppressed(self) -> NDArray[np.bool_]:
        """Which counts are suppressed and known as an interval, shape (len(areas), len(periods))."""
        return self.low < self.high

    def total(self, window: Window, areas: Sequence[str] | None = None) -> Bounds:
        r"""Return the bounds of a sum of counts.

        :math:`\sum low \le \sum n \le \sum high`. If a count is missing, the sum has no upper bound.

        Parameters
        ----------
        window : Window
        areas : sequence of str, optional
            Codes of areas; the default is all areas.

        Raises
        ------
        DesignError
            If an area is not in the table, or the window cuts one of its periods.
        """
        codes = self.areas if areas is None else tuple(dict.fromkeys(areas))
        row_of = {code: row for row, code in enumerate(self.areas)}
        unknown = [code for code in codes if code not in row_of]
        if unknown:
            msg = f'"{self.source}" has no area "{unknown[0]}"; it has {len(self.areas)} areas, such as "{self.areas[0]}".'
            raise DesignError(msg)
        return self._sum([row_of[code] for code in codes], [], window, [])

    def zone_total(self, zone: BaseGeometry, window: Window) -> Bounds:
        """Return the bounds of the count inside a zone.

        - Areas wholly inside the zone count with their bounds.
        - Areas that the zone cuts count from none to all of their events, because it is not known where inside an area
          its events lie. Counts are not divided in proportion to surface.
        - Areas without a polygon are left out. The note says how many.
        - Edges that are at most 5 m apart are taken as the same (`geoharm.model.overlap.whole_and_cut`). The note says
          for how many areas.

        Parameters
        ----------
        zone : shapely geometry
            In metres of the study's coordinate system.
        window : Window

        Raises
        ------
        DesignError
            If the zone is not a polygon, or the window cuts one of the table's periods.
        """
        check_polygon(zone, "zone")
        with_shape = [row for row, shape in enumerate(self.shapes) if shape is not None]
        shapes = [self.shapes[row] for row in with_shape]
        is_whole, is_cut, is_noise = whole_and_cut(shapes, zone)
        inside, cut = ([with_shape[index] for index in np.flatnonzero(flags)] for flags in (is_whole, is_cut))
        notes = []
        if len(with_shape) < len(self.areas):
            notes.append(f"areas without a polygon, left out: {len(self.areas) - len(with_shape):,}")
        covered = float(shapely.area(shapely.union_all(shapely.intersection(shapes, zone)))) / float(zone.area)
        if covered < 1 - _ROUNDING:
            notes.append(f"the areas cover {math.floor(1000 * covered) / 10:g} % of the zone")
        if cut:
            notes.append(f"areas that the zone's edge cuts, counted from none to all: {len(cut):,}")
        if is_noise.any():
            notes.append(
                f"areas whose edges nearly coincide with the zone's, counted as wholly inside or outside: {int(is_noise.sum()):,}"
            )
        return self._sum(inside, cut, window, notes)

    def _sum(self, whole_rows: Sequence[int], cut_rows: Sequence[int], window: Window, notes: list[str]) -> Bounds:
        """Return the bounds of the sum over rows; rows in `cut_rows` count from none to all of their events."""
        columns = columns_of(self.periods, window, self.source)
        low, high = (array[np.ix_([*whole_rows, *cut_rows], columns)] for array in (self.low, self.high))
        n_missing, n_suppressed = int(np.isnan(low).sum()), int((low < high).sum())
        days_without_period = window.days - sum(self.periods[column].days for column in columns)
        if n_suppressed:
            notes.append(f"suppressed counts: {n_suppressed:,} of {low.size:,}")
        if n_missing:
            notes.append(f"missing counts: {n_missing:,} of {low.size:,}")
        if days_without_period:
            notes.append(f"days without a period in the table: {days_without_period:,} of {window.days:,}")
        highest = math.inf if n_missing or days_without_period else float(high.sum())
        return Bounds(float(np.nansum(low[: len(whole_rows)])), highest, "; ".join(notes))


def columns_of(periods: Sequence[Period], window: Window, source: str) -> list[int]:
    """Return the columns of the periods inside a window.

    Raises
    ------
    DesignError
        If the window cuts a period, because the count of a part of a period is not known.
    """
    columns = []
    for column, period in enumerate(periods):
        overlaps = [
            overlap for window_period in window.periods if (overlap := window_period.overlap(period)) is not None
        ]
        if not overlaps:
            continue
        if sum(overlap.days for overlap in overlaps) < period.days:
            msg = (
                f'"{source}" has only one count for {period.start} to {period.last}, and the window "{window.name}" cuts it. '
                "Let the window start and end where a period of the table does."
            )
            raise DesignError(msg)
        columns.append(column)
    return columns


def check_no_overlap(periods: Sequence[Period], source: str) -> None:
    """Check that periods are sorted and do not overlap.

    Raises
    ------
    DesignError
        Naming the first pair of periods that are not.
    """
    for period, next_period in itertools.pairwise(periods):
        if next_period.start < period.end:
            msg = f'The periods of "{source}" must follow one another; {next_period.start} begins before {period.end}.'
            raise DesignError(msg)
