"""The areas of a study area in the order of their rates, for what is counted by area."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.model.area_counts import Bounds
from geoharm.model.measure import Measure


@dataclass(frozen=True, slots=True)
class RankedArea:
    """One area with its count.

    Attributes
    ----------
    area : str
        Its code.
    km2 : float
    years : float
        Length of the periods counted, in years; 1 for a table without a period.
    count : Bounds
        Events in these periods.
    """

    area: str
    km2: float
    years: float
    count: Bounds

    @property
    def rate(self) -> Bounds:
        """Events per km2 and year, at the least and at the most; per km2 for a table without a period."""
        return Bounds(self.count.low / self.km2 / self.years, self.count.high / self.km2 / self.years)

    @property
    def middle(self) -> float:
        """The middle of the bounds of its rate."""
        return (self.rate.low + self.rate.high) / 2


@dataclass(frozen=True, slots=True)
class AreaRanking:
    """The areas of one measure, the highest rate first.

    Attributes
    ----------
    measure : Measure
    areas : tuple of RankedArea
        Areas of which more than half lies in the study area, and which have a number; those of one rate by their codes.
    is_dated : bool
        False for a table without a period, whose rates are of all time.
    is_rounded : bool
        Whether every count stands as the multiples of ten around it, as in a public release.
    """

    measure: Measure
    areas: tuple[RankedArea, ...]
    is_dated: bool = True
    is_rounded: bool = False


def ranked(areas: tuple[RankedArea, ...]) -> tuple[RankedArea, ...]:
    """Return areas, the highest rate first; those of one rate, to six digits, by their codes.

    Reprojecting an outline changes its size in later digits.
    """
    return tuple(sorted(areas, key=lambda one: (-float(f"{one.middle:.6g}"), one.area)))
