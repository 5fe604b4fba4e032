"""Counts by area and period, exact or known within bounds, and what they say about a zone."""

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
from geoharm.model.period import Period, Window

# Reprojecting and joining outlines moves edges by less than this share of an area.
_SLIVER = 1e-6


@dataclass(frozen=True, slots=True)
class Areas:
    """Areas with a code and an outline.

    Attributes
    ----------
    codes : tuple of str
        As the area file has them, each once.
    shapes : tuple of shapely geometry
        Polygons in metres of the study's system, in the order of the codes.
    notes : tuple of str
        What was mended while reading.
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


@dataclass(frozen=True, slots=True)
class Bounds:
    """A number that is only known to lie between two others, both possible.

    Attributes
    ----------
    low : float
    high : float
        Infinite where something is missing: nothing bounds it from above.
    note : str
        Why the bounds are apart, or what they leave out; empty if there is nothing to say.
    """

    low: float
    high: float
    note: str = ""

    @property
    def is_exact(self) -> bool:
        """Whether both are the same number."""
        return self.low == self.high


@dataclass(frozen=True, slots=True)
class AreaCounts:
    """Counts of one category by area and period; a suppressed count is an interval, a missing one is no number.

    Attributes
    ----------
    source, category : str
    areas : tuple of str
        Codes, in the order of the rows.
    periods : tuple of Period
        In order, not overlapping, in the order of the columns.
    low, high : ndarray, shape (len(areas), len(periods))
        The least and the most each count can be, in events; equal where it is exact, NaN in both where it is missing.
    shapes : tuple of (shapely geometry or None)
        The areas' polygons in metres of the study's system; None where there is none.

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
        check_apart(self.periods, self.source)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Where there is no count, shape (len(areas), len(periods))."""
        return np.isnan(self.low)

    @property
    def suppressed(self) -> NDArray[np.bool_]:
        """Where the count is an interval, shape (len(areas), len(periods))."""
        return self.low < self.high

    def total(self, window: Window, areas: Sequence[str] | None = None) -> Bounds:
        r"""Return the bounds of a sum of counts.

        :math:`\sum low \le \sum n \le \sum high`: each count can be at its end, so the bounds cannot be narrower
        without knowing more. A missing count could be anything, so the sum then has no upper bound.

        Parameters
        ----------
        window : Window
        areas : sequence of str, optional
            Codes; all areas if left out.

        Raises
        ------
        DesignError
            If an area is not in the table, or the window cuts one of its periods.
        """
        chosen = self.areas if areas is None else tuple(dict.fromkeys(areas))
        row_of = {code: row for row, code in enumerate(self.areas)}
        unknown = [code for code in chosen if code not in row_of]
        if unknown:
            msg = f'"{self.source}" has no area "{unknown[0]}"; it has {len(self.areas)} areas, such as "{self.areas[0]}".'
            raise DesignError(msg)
        return self._sum([row_of[code] for code in chosen], [], window, [])

    def zone_total(self, zone: BaseGeometry, window: Window) -> Bounds:
        """Return the bounds of what the table's areas counted inside a zone.

        Areas wholly in the zone count with their bounds; areas that the zone cuts count from nothing to all of
        theirs, because where inside an area its events lie is not known. Nothing is shared out by surface. Areas
        without a polygon are left out, and the note says how many. Sides that differ by less than a millionth of
        an area are taken as one line.

        Parameters
        ----------
        zone : shapely geometry
            In metres of the study's system.
        window : Window

        Raises
        ------
        DesignError
            If the zone is no polygon, or the window cuts one of the table's periods.
        """
        check_polygon(zone, "zone")
        known = [row for row, shape in enumerate(self.shapes) if shape is not None]
        shapes = np.array([self.shapes[row] for row in known], dtype=object)
        parts = shapely.intersection(shapes, zone)
        share = shapely.area(parts) / shapely.area(shapes)
        inside = [row for row, part in zip(known, share, strict=True) if part >= 1 - _SLIVER]
        cut = [row for row, part in zip(known, share, strict=True) if _SLIVER < part < 1 - _SLIVER]
        notes = []
        if len(known) < len(self.areas):
            notes.append(f"areas without a polygon, left out: {len(self.areas) - len(known):,}")
        covered = float(shapely.area(shapely.union_all(parts))) / float(zone.area)
        if covered < 1 - _SLIVER:
            notes.append(f"the areas cover {math.floor(1000 * covered) / 10:g} % of the zone")
        if cut:
            notes.append(f"areas that the zone's edge cuts, counted from none to all: {len(cut):,}")
        return self._sum(inside, cut, window, notes)

    def _sum(self, whole: Sequence[int], cut: Sequence[int], window: Window, notes: list[str]) -> Bounds:
        """Add up rows, those of `cut` from nothing to all."""
        columns = columns_of(self.periods, window, self.source)
        low, high = (array[np.ix_([*whole, *cut], columns)] for array in (self.low, self.high))
        gone, hidden = int(np.isnan(low).sum()), int((low < high).sum())
        without = window.days - sum(self.periods[column].days for column in columns)
        if hidden:
            notes.append(f"suppressed counts: {hidden:,} of {low.size:,}")
        if gone:
            notes.append(f"missing counts: {gone:,} of {low.size:,}")
        if without:
            notes.append(f"days without a period in the table: {without:,} of {window.days:,}")
        most = math.inf if gone or without else float(high.sum())
        return Bounds(float(np.nansum(low[: len(whole)])), most, "; ".join(notes))


def columns_of(periods: Sequence[Period], window: Window, source: str) -> list[int]:
    """Return the positions of the periods inside a window.

    Raises
    ------
    DesignError
        If the window cuts a period: what happened in a part of it is not known.
    """
    columns = []
    for column, period in enumerate(periods):
        shared = [piece for part in window.periods if (piece := part.overlap(period)) is not None]
        if not shared:
            continue
        if sum(piece.days for piece in shared) < period.days:
            msg = (
                f'"{source}" knows {period.start} to {period.last} only as a whole, and the window "{window.name}" cuts it. '
                "Let the window start and end where a period of the table does."
            )
            raise DesignError(msg)
        columns.append(column)
    return columns


def check_apart(periods: Sequence[Period], source: str) -> None:
    """Refuse periods that are out of order or overlap.

    Raises
    ------
    DesignError
        Naming the first such pair.
    """
    for one, two in itertools.pairwise(periods):
        if two.start < one.end:
            msg = f'The periods of "{source}" must follow one another; {two.start} begins before {one.end}.'
            raise DesignError(msg)
