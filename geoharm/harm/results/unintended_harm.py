"""Unintended harm after an operation: each look a statement with its margin, and "unknown" where counts cannot carry one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from geoharm.model.estimate import Interval


class RiseState(StrEnum):
    """What may be said of one look; nothing here says "no harm"."""

    ROSE = "rose"
    WITHIN = "no rise beyond the margin"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RiseCheck:
    """One measure, so many days after the operation began, so near the target.

    Attributes
    ----------
    measure : str
    days, metres : int
        Since the first day; from the target's edge, the target included.
    after : int
    expected : float
        NaN where it cannot be said.
    ratio : float
        Count over expected; NaN likewise.
    interval : Interval
        Of the ratio; each end is a one-sided bound.
    margin : float
        The rise that would still be accepted, as a share.
    state : RiseState
    why : str
    operations : int
        How many are pooled.
    worth : float
        How many events the expected count is worth as evidence.
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
    why: str
    operations: int = 1
    worth: float = 0.0
    dispersion: float = 1.0


@dataclass(frozen=True, slots=True)
class FindDispersion:
    """How finds lie around the old market, before and after.

    Attributes
    ----------
    measure, what, unit : str
        "spread around their middle", "m".
    before, after : float
        NaN if there are too few.
    change : Interval
        After less before.
    events : (int, int)
        Finds before and after.
    note : str
    """

    measure: str
    what: str
    unit: str
    before: float
    after: float
    change: Interval
    events: tuple[int, int]
    note: str = ""


@dataclass(frozen=True, slots=True)
class UnintendedHarm:
    """What was watched after one operation.

    Attributes
    ----------
    checks : tuple of RiseCheck
        By measure, days, metres.
    find_dispersion : tuple of FindDispersion
    notes : tuple of str
    pooled : tuple of RiseCheck
        Over all operations of the study, where there are several.
    """

    checks: tuple[RiseCheck, ...]
    find_dispersion: tuple[FindDispersion, ...]
    notes: tuple[str, ...] = ()
    pooled: tuple[RiseCheck, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """The watched measures, in order."""
        return tuple(dict.fromkeys(cell.measure for cell in self.checks))
