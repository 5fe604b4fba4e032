"""What was counted of one measure in whole areas at, and beside, a target area: bounds, and no estimate."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoharm.model.area_counts import Bounds
from geoharm.model.measure import Measure
from geoharm.model.period import Window


@dataclass(frozen=True, slots=True)
class AreaGroup:
    """A group of whole areas with its counts in the two windows.

    Attributes
    ----------
    areas : int
        Number of areas.
    before, after : Bounds
        In events; the bounds differ where a count is suppressed, and the upper one is infinite where one is missing.
    """

    areas: int
    before: Bounds
    after: Bounds


@dataclass(frozen=True, slots=True)
class AreaChange:
    """The counts of one measure by whole areas around the target area of one operation, before and after it.

    The count of the target area is at least that of the areas wholly inside it, and at most that of all areas that touch it. The
    bounds are what the counts allow. Chance is not in them, so they are no interval, and nothing is said of what would have
    happened without the operation.

    Attributes
    ----------
    measure : Measure
    operation : str
    before, after : Window
        The days counted: whole periods of the source, or months, inside the windows of the study.
    inside : AreaGroup
        Areas wholly inside the target area; there may be none.
    touching : AreaGroup
        These, and the areas that the edge of the target area cuts.
    rest : AreaGroup
        All other areas of the study area that have a number in every period counted.
    notes : tuple of str
        What was left out, without a full stop.
    is_rounded : bool
        Whether every count stands as the multiples of ten around it, as in a public release.
    """

    measure: Measure
    operation: str
    before: Window
    after: Window
    inside: AreaGroup
    touching: AreaGroup
    rest: AreaGroup
    notes: tuple[str, ...] = ()
    is_rounded: bool = False

    @property
    def target_before(self) -> Bounds:
        """The count of the target area before: from that of the areas inside to that of the areas that touch it."""
        return Bounds(self.inside.before.low, self.touching.before.high)

    @property
    def target_after(self) -> Bounds:
        """The count of the target area after, in the same way."""
        return Bounds(self.inside.after.low, self.touching.after.high)

    @property
    def rate_ratio(self) -> Bounds:
        """Events a day after over events a day before in the target area, at the least and at the most; NaN if both can be none."""
        return self._ratio(self.target_before, self.target_after)

    @property
    def rest_rate_ratio(self) -> Bounds:
        """The same of the rest of the study area."""
        return self._ratio(self.rest.before, self.rest.after)

    @property
    def against_rest(self) -> Bounds:
        r"""The count after less what it would be had the target area gone as the rest did, at the least and at the most.

        With the counts Z of the target area and C of the rest, :math:`Z_1 - Z_0 C_1 / C_0`: it is least at
        :math:`(Z_1^-, Z_0^+, C_1^+, C_0^-)`, and greatest at the opposite ends. NaN if nothing was counted in the rest before.
        """
        growth = _quotient(self.rest.before, self.rest.after)
        before, after = self.target_before, self.target_after
        return Bounds(after.low - _product(before.high, growth.high), after.high - _product(before.low, growth.low))

    def _ratio(self, before: Bounds, after: Bounds) -> Bounds:
        quotient, length = _quotient(before, after), self.before.days / self.after.days
        return Bounds(quotient.low * length, quotient.high * length)


def _quotient(below: Bounds, above: Bounds) -> Bounds:
    """Return the least and the greatest quotient of two numbers; NaN where both may be 0 or both have no upper bound."""
    return Bounds(_divided(above.low, below.high), _divided(above.high, below.low))


def _divided(above: float, below: float) -> float:
    if below == 0:
        return math.inf if above > 0 else math.nan
    if math.isinf(below):
        return 0.0 if math.isfinite(above) else math.nan
    return above / below


def _product(count: float, factor: float) -> float:
    """Return a count times a factor; no event times any factor is none."""
    return 0.0 if count == 0 and not math.isnan(factor) else count * factor


@dataclass(frozen=True, slots=True)
class AreaOutcome:
    """What can be said of one measure by whole areas around one operation: its counts, or why there are none.

    Attributes
    ----------
    measure : Measure
    operation : str
    change : AreaChange or None
    why_not : str
        Why there is no change; empty if there is one.
    """

    measure: Measure
    operation: str
    change: AreaChange | None
    why_not: str = ""
