"""What a search over designs found: each market, ring design, start and window with its smallest detectable fall."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shapely.geometry.base import BaseGeometry

from geoharm.evaluation.results.power import PowerRow, PowerTable


@dataclass(frozen=True, slots=True)
class RingDesign:
    """A gap and rings around a target area.

    Attributes
    ----------
    gap : float
        Metres.
    outer : tuple of float
        Outer distances of the rings in metres, increasing; empty for a design without rings.
    """

    gap: float
    outer: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        """Short name, e.g. "100 | 250, 500 m": gap, then outer distances.

        Examples
        --------
        >>> RingDesign(100, (250, 500)).name, RingDesign(100).name
        ('100 | 250, 500 m', 'no rings')
        """
        return f"{self.gap:g} | {', '.join(f'{outer:g}' for outer in self.outer)} m" if self.outer else "no rings"

    @property
    def reach(self) -> float:
        """Distance in metres from the target to the outer edge of the last ring, or of the gap without rings."""
        return self.outer[-1] if self.outer else self.gap


@dataclass(frozen=True, slots=True)
class CandidateMarket:
    """A market where an operation could be.

    Attributes
    ----------
    name : str
    geometry : shapely geometry
        The target area, in metres.
    source : str
        Where its outline is from, e.g. "hotspot 3".
    near : str
        The nearest named place of the study; empty if there is none within a kilometre.
    """

    name: str
    geometry: BaseGeometry
    source: str
    near: str = ""

    @property
    def label(self) -> str:
        """Name, with the place near it if the name does not hold it already."""
        return f"{self.name} ({self.near})" if self.near and self.near not in self.name else self.name


@dataclass(frozen=True, slots=True)
class DesignRow:
    """One design of a search, for one measure.

    Attributes
    ----------
    market : str
    rings : RingDesign
    start : date
        The day on which the operation would begin.
    months : int
        Length of the window after.
    tried_until : date
        Day by which every window of the past ends on which it was tried.
    past_months : float
        Months of data before the window on which it was tried; NaN if there is none.
    table : PowerTable
        What `geoharm power` says of an operation there that begins on `tried_until`.
    operations : tuple of (float, float)
        Falls, each with the number of operations like it that find it together; NaN if too many would be needed.
    """

    market: str
    rings: RingDesign
    start: date
    months: int
    tried_until: date
    past_months: float
    table: PowerTable
    operations: tuple[tuple[float, float], ...] = ()

    @property
    def target(self) -> PowerRow:
        """The target's row for the design's own window."""
        return self.table.zones[0]

    @property
    def detectable_fall(self) -> float:
        """Smallest detectable fall in the target; NaN if no answer is possible."""
        return self.target.detectable_fall

    @property
    def has_answer(self) -> bool:
        """Whether a smallest detectable fall is known."""
        return math.isfinite(self.detectable_fall)

    def operations_for(self, fall: float) -> float:
        """Return how many operations like it find a fall together; NaN if too many would be needed."""
        return dict(self.operations).get(fall, math.nan)

    @property
    def order(self) -> tuple[float, ...]:
        """What designs are ranked by: smallest detectable fall, then months and operations that a fall of 30% needs."""
        values = (self.detectable_fall, self.table.months_for(0.3), self.operations_for(0.3))
        return tuple(math.inf if math.isnan(value) else value for value in values)


@dataclass(frozen=True, slots=True)
class TogetherRow:
    """Markets of a search that lie apart, pooled with one ring design, start and window.

    Attributes
    ----------
    measure : str
    rings : RingDesign
    start : date
    months : int
    markets : tuple of str
        In the order in which they were added.
    falls : tuple of (int, float)
        Smallest common fall that the first so many of them find together, as operations of one study; the first pair is
        that of the first market alone.
    """

    measure: str
    rings: RingDesign
    start: date
    months: int
    markets: tuple[str, ...]
    falls: tuple[tuple[int, float], ...]

    @property
    def best(self) -> tuple[int, float]:
        """How many of the markets find the smallest fall, and that fall."""
        return min(self.falls, key=lambda pair: pair[1])


@dataclass(frozen=True, slots=True)
class DesignSearch:
    """All designs that a search tried.

    Attributes
    ----------
    study, primary : str
        Names of the study and of its primary measure.
    cut_off : date
        Nothing from this day on was counted.
    days : int
        Length of the operation.
    markets : tuple of CandidateMarket
    ring_designs : tuple of RingDesign
    starts : tuple of date
    windows : tuple of int
        Months.
    rows : tuple of DesignRow
        In the order in which they were tried.
    total : int
        Number of rows of the whole search.
    weak_above : float
        A design whose smallest detectable fall is larger is weak.
    together : tuple of TogetherRow
        The best markets that lie apart, by measure.
    notes : tuple of str
        What was chosen by rule.
    too_early : tuple of (int, date)
        Windows, in months, that no start has enough past for, each with the first start from which one has.
    """

    study: str
    primary: str
    cut_off: date
    days: int
    markets: tuple[CandidateMarket, ...]
    ring_designs: tuple[RingDesign, ...]
    starts: tuple[date, ...]
    windows: tuple[int, ...]
    rows: tuple[DesignRow, ...]
    total: int
    weak_above: float
    together: tuple[TogetherRow, ...] = ()
    notes: tuple[str, ...] = ()
    too_early: tuple[tuple[int, date], ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every design was tried."""
        return len(self.rows) == self.total

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the measures, the primary one first."""
        return tuple(dict.fromkeys([self.primary, *(row.table.measure for row in self.rows)]))

    def rows_of(self, measure: str, market: str = "") -> tuple[DesignRow, ...]:
        """Return the rows of a measure, of all markets or of one, in the order of `DesignRow.order`."""
        kept = [row for row in self.rows if row.table.measure == measure and market in {"", row.market}]
        return tuple(sorted(kept, key=lambda row: row.order))

    def ranked(self, rows: Sequence[DesignRow]) -> tuple[DesignRow, ...]:
        """Return the rows that can be the best: those with rings, unless the search has no design with rings.

        Without rings nobody sees what moved, so such a design is for comparison only.
        """
        if not any(rings.outer for rings in self.ring_designs):
            return tuple(rows)
        return tuple(row for row in rows if row.rings.outer)

    def best(self, measure: str) -> tuple[DesignRow, ...]:
        """Return the best design of each market that has an answer for a measure, the best market first."""
        answered = [row for row in self.ranked(self.rows_of(measure)) if row.has_answer]
        return tuple(
            {row.market: row for row in reversed(answered)}[name]
            for name in dict.fromkeys(row.market for row in answered)
        )

    def without_answer(self, measure: str) -> tuple[DesignRow, ...]:
        """Return for each market without an answer the design that comes nearest to one: with the most expected events."""
        answered = {row.market for row in self.best(measure)}
        nearest: dict[str, DesignRow] = {}
        for row in self.ranked(self.rows_of(measure)):
            known = nearest.get(row.market)
            if row.market not in answered and (known is None or _expected(row) > _expected(known)):
                nearest[row.market] = row
        return tuple(nearest[market.name] for market in self.markets if market.name in nearest)

    def label(self, market: str) -> str:
        """Return a market's name with the place near it."""
        return next(candidate.label for candidate in self.markets if candidate.name == market)


def _expected(row: DesignRow) -> float:
    return -1.0 if math.isnan(row.target.expected) else row.target.expected
