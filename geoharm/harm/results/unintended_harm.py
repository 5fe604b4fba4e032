"""Results of the checks for unintended harm after an operation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from geoharm.model.estimate import Interval
from geoharm.model.reason import Note


class RiseState(StrEnum):
    """The outcome of one check for a rise; no outcome means "no harm"."""

    ROSE = "rose"
    WITHIN = "no rise beyond the margin"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RiseCheck:
    """The check of one measure for a rise, within a number of days and a distance from the target.

    Attributes
    ----------
    measure : str
    days, metres : int
        Days since the start of the operation, and distance from the edge of the target (the target is included).
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
        Sorted by measure, days, metres.
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
