"""Results of the checks for unintended harm after an operation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from geoharm.model.estimate import Interval
from geoharm.model.reason import Note


class RiseState(StrEnum):
    """The outcome of one check for a rise; no outcome means "no harm"."""

    ROSE = "rose"
    LEAD = "may have risen"
    WITHIN = "no rise beyond the margin"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RiseCheck:
    """The check of one measure for a rise: one look, at one window and one place.

    Attributes
    ----------
    measure : str
    days, metres : int
        Days since the start of the operation, and distance from the edge of the target (the target is included); 0
        metres if `zone` says the place.
    after : int
        Observed events.
    expected : float
        Expected events; NaN where they cannot be computed.
    ratio : float
        Observed divided by expected events; NaN where that is unknown.
    interval : Interval
        Interval of the ratio; each end is a one-sided bound.
    margin : float
        The rise that would still be accepted, as a share of the expected count.
    state : RiseState
    reason : str
        The reason for the state.
    operations : int
        Number of operations that are pooled.
    precision : float
        Precision of the expected count, as a number of events.
    dispersion : float
        Variance of the counts divided by their mean.
    months : int
        If above 0, the window is so many months since the start.
    zone : str
        "target and rings"; empty if `metres` says the place.
    p_rise, p_within : float
        One-sided p-values of "no rise" and of "a rise of the margin or more"; NaN where unknown or withheld.
    """

    measure: str
    days: int
    metres: int
    after: int
    expected: float
    ratio: float
    interval: Interval
    margin: float
    state: RiseState
    reason: Note
    operations: int = 1
    precision: float = 0.0
    dispersion: float = 1.0
    months: int = 0
    zone: str = ""
    p_rise: float = math.nan
    p_within: float = math.nan

    @property
    def window(self) -> str:
        """The window for readers: "28 days", "3 months"."""
        return f"{self.months} months" if self.months else f"{self.days} days"

    @property
    def place(self) -> str:
        """The place for readers: "within 250 m", "target and rings"."""
        return self.zone or f"within {self.metres} m"


@dataclass(frozen=True, slots=True)
class FindDispersion:
    """One statistic of where finds lie around the target, before and after.

    Attributes
    ----------
    measure, statistic, unit : str
        Name of the measure, name of the statistic ("spread around their middle"), and unit ("m").
    before, after : float
        Value in each window; NaN if there are too few finds.
    change : Interval
        Interval of after minus before.
    events : (int, int)
        Number of finds before and after.
    note : str
    """

    measure: str
    statistic: str
    unit: str
    before: float
    after: float
    change: Interval
    events: tuple[int, int]
    note: Note = ""


@dataclass(frozen=True, slots=True)
class UnintendedHarm:
    """The checks for unintended harm after one operation.

    Attributes
    ----------
    checks : tuple of RiseCheck
        By measure, window and place; the joint level of all of them is held (`with_joint_level`).
    find_dispersion : tuple of FindDispersion
    notes : tuple of str
    pooled : tuple of RiseCheck
        Checks pooled over all operations of the study, if there are several.
    """

    checks: tuple[RiseCheck, ...]
    find_dispersion: tuple[FindDispersion, ...]
    notes: tuple[str, ...] = ()
    pooled: tuple[RiseCheck, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the checked measures, in order."""
        return tuple(dict.fromkeys(check.measure for check in self.checks))
