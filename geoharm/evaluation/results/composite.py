"""Results of composite outcomes: several measures, rings or windows, named in the study and pooled."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Generic, TypeVar

from geoharm.model.estimate import Estimate
from geoharm.model.pooled import Forest
from geoharm.model.reading import Claim
from geoharm.model.reason import Note
from geoharm.model.spread import PooledSpread
from geoharm.model.study import CompositeOutcome


@dataclass(frozen=True, slots=True)
class CompositeComponent:
    """One component of a composite outcome: one measure in one zone and window.

    Attributes
    ----------
    measure, zone, window : str
        As written in the composite outcome.
    display_zone : str
        The name of the zone in the report, for example "0-300 m" for "ring 1".
    before, after : int
        The zone's counts in the design's window before and in the component's window.
    ratio : Estimate
        Calibrated; undefined, with the reason, where no 95% interval is possible.
    """

    measure: str
    zone: str
    window: str
    display_zone: str
    before: int
    after: int
    ratio: Estimate

    @property
    def label(self) -> str:
        """Label of the component, for example "needle finds, ring 1, 0-3 months"."""
        return f"{self.measure}, {self.zone}, {self.window}"


@dataclass(frozen=True, slots=True)
class PooledLimits:
    """What the components of a composite outcome allow their mean to say: what limits one of them limits the whole.

    Attributes
    ----------
    level : float
        Two-sided level that a finding needs (`geoharm.evaluation.looks.look_level`).
    probably_at_most : bool
        The placebo places of a component allow no finding.
    guarded : bool
        A diagnostic caps a component: no finding, and no bound.
    controls_disagree : bool
        Defensible controls of a component disagree: no change, found or probable.
    turbulent : bool
        The whole city changed much in a component's window, or may have: nothing probable.
    broken : frozenset of Claim
        What counting doubtful rows the other way breaks in a component.
    """

    level: float = 0.05
    probably_at_most: bool = False
    guarded: bool = False
    controls_disagree: bool = False
    turbulent: bool = False
    broken: frozenset[Claim] = frozenset()


NO_LIMITS = PooledLimits()


@dataclass(frozen=True, slots=True)
class CompositeResult:
    """Result of a composite outcome for one operation.

    Attributes
    ----------
    operation : str
    components : tuple of CompositeComponent
    pooled : Estimate
        Mean of the defined components' log rate ratios. Undefined, with the reason, if fewer than two are defined.
    detectable_fall : float
        Smallest common fall that is detected in 80% of cases, as a share; NaN without a pooled estimate.
    note : str
        How the dependence between the components was estimated.
    limits : PooledLimits
        What the components allow the pooled estimate to say.
    spread : PooledSpread or None
        The forecasts behind the pooled estimate; None without one.
    """

    operation: str
    components: tuple[CompositeComponent, ...]
    pooled: Estimate
    detectable_fall: float = math.nan
    note: str = ""
    limits: PooledLimits = NO_LIMITS
    spread: PooledSpread | None = None

    @property
    def used(self) -> tuple[CompositeComponent, ...]:
        """The components with a defined ratio, which are those that are pooled."""
        return tuple(part for part in self.components if part.ratio.is_defined)

    @property
    def left_out(self) -> tuple[tuple[str, Note], ...]:
        """Labels of the components without a defined ratio, each with its reason."""
        return tuple((part.label, part.ratio.note) for part in self.components if not part.ratio.is_defined)


ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class CompositeSummary(Generic[ResultT]):
    """A composite outcome with its result for every operation and for all operations together.

    Attributes
    ----------
    outcome : CompositeOutcome
    results : tuple of CompositeResult or ReleasedCompositeResult
    pooled : Forest or None
        Pooled over the operations; None for a single operation.
    """

    outcome: CompositeOutcome
    results: tuple[ResultT, ...]
    pooled: Forest | None = None
