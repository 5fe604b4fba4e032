"""What places without an operation tell: the steps of a forecast's factor, and what such places did over the same dates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from geoharm.model.estimate import Interval
from geoharm.model.period import Period
from geoharm.model.suppressed import Count


class FactorKind(Enum):
    """What a step of the factor stands for."""

    CITY = "city"
    RECENT = "own history"
    COMMON = "change in common"
    LEVEL = "own level"
    LONG_RUN = "long-run level"
    COMPANION = "other zone, last year"
    BELT_AFTER = "outer belt, after"
    BELT_YEAR = "outer belt, last year"
    UNSPLIT = "own history, other zone and outer belt"
    TYPICAL = "typical count"
    COUNTED = "scale of the count after"


@dataclass(frozen=True, slots=True)
class FactorStep:
    """One step of the factor: ``value = exp(coefficient * feature)``.

    Attributes
    ----------
    kind : FactorKind
        What it stands for.
    coefficient : float
        Learned at places like it; 1 where nothing is learned, NaN where the step is not split up.
    feature : float
        What was seen at the operation, as a log ratio (1 for the change that all places have in common); NaN where the
        step is not split up.
    value : float
        The step, as a factor.
    """

    kind: FactorKind
    coefficient: float
    feature: float
    value: float


@dataclass(frozen=True, slots=True)
class ForecastFactors:
    """The factor between the count before, per day, and the count expected after, as a product of named steps.

    Attributes
    ----------
    steps : tuple of FactorStep
        Their product is the factor. All but the last (`FactorKind.COUNTED`) are made without the zone's count after.
    factor : float
        Expected count after, divided by the count before times `Effect.length_ratio`.
    discount : float
        Weight of a month relative to the next one, from 0 to 1.
    history, last_year : tuple of Period
        The months before the operation that were used, and the last twelve of them.
    city_last_year, city_after : float
        The control's count in the last year, and in the window after, divided by its count in the whole history. Times
        the count of the companion zone or of the outer belt in the history, this is what their features compare with. NaN
        where those steps are not split up.
    has_season : bool
        Whether the zone's own season is in the step of its own history and in its long-run level.
    """

    steps: tuple[FactorStep, ...]
    factor: float
    discount: float
    history: tuple[Period, ...]
    last_year: tuple[Period, ...]
    city_last_year: float
    city_after: float
    has_season: bool = False

    @property
    def product(self) -> float:
        """The product of the steps as they stand here; rounded steps make it differ from `factor` by less than 1%."""
        return math.prod(step.value for step in self.steps)

    def step(self, kind: FactorKind) -> FactorStep | None:
        """Return the step of a kind; None if there is none."""
        return next((step for step in self.steps if step.kind is kind), None)


@dataclass(frozen=True, slots=True)
class LevelClass:
    """Places like it with a level in one range.

    Attributes
    ----------
    low, high : float
        Range of their level: the count of the history (plus two events) over the operation's own; half-open, `high` may
        be infinite.
    places : int
        Number of places.
    before, after : int
        Their events, summed over the places, in `PlaceLevels.before_days` and `PlaceLevels.after_days`.
    """

    low: float
    high: float
    places: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class PlaceLevels:
    """Sums of the counts at all places like it, by their level before.

    Attributes
    ----------
    classes : tuple of LevelClass
        From low to high; each holds at least ten places.
    before_days, after_days : int
        Days that the sums before and after cover. Before, these are the months of the history inside the window before;
        the whole history if none is.
    """

    classes: tuple[LevelClass, ...]
    before_days: int
    after_days: int

    @property
    def factor(self) -> float:
        """Events a day after over events a day before at all places together; NaN without events before."""
        before, after = (sum(getattr(level, side) for level in self.classes) for side in ("before", "after"))
        return after / self.after_days * self.before_days / before if before else math.nan


@dataclass(frozen=True, slots=True)
class ChangeClass:
    """Number of places like it with a change from `low` up to, not including, `high` percent."""

    low: int
    high: int
    places: int


@dataclass(frozen=True, slots=True)
class PlaceDistribution:
    """What places like it, without an operation, did over the same dates.

    Attributes
    ----------
    classes : tuple of ChangeClass
        Number of places by the change of their count after against their own expected count, in percent. The forecast of
        a place is learned at places that share no ground with it. No class holds 1 or 2 places.
    pool : int
        Number of places.
    effective_places : float
        Effective number of independent places; it is smaller because places overlap.
    change : float
        The operation's own change, in percent of its expected count.
    interval : Interval
        The 95% interval of that change, in percent; NaN beside rounded counts.
    fell_as_far, rose_as_far : int or Suppressed
        Number of places with a change at most, and at least, that of the operation.
    """

    classes: tuple[ChangeClass, ...]
    pool: int
    effective_places: float
    change: float
    interval: Interval
    fell_as_far: Count
    rose_as_far: Count
