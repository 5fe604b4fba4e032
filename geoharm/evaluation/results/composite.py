"""Questions over several measures, rings or windows, asked beforehand, and what their parts come to together."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoharm.model.estimate import Estimate
from geoharm.model.pooled import Forest
from geoharm.model.study import CompositeOutcome


@dataclass(frozen=True, slots=True)
class CompositeComponent:
    """One measure in one zone and window.

    Attributes
    ----------
    measure, zone, window : str
        As in the question.
    known_as : str
        The zone as the report calls it: "0-300 m" for "ring 1".
    before, after : int
        The zone's own counts in the design's window before and in the part's window.
    ratio : Estimate
        Calibrated; undefined, with the reason, where no 95% interval is possible.
    """

    measure: str
    zone: str
    window: str
    known_as: str
    before: int
    after: int
    ratio: Estimate

    @property
    def label(self) -> str:
        """Return "needle finds, ring 1, 0-3 months"."""
        return f"{self.measure}, {self.zone}, {self.window}"


@dataclass(frozen=True, slots=True)
class CompositeResult:
    """What a question comes to around one operation.

    Attributes
    ----------
    operation : str
    parts : tuple of CompositeComponent
    pooled : Estimate
        Mean of the defined parts' log rate ratios; undefined, with the reason, below two of them.
    detectable_fall : float
        Smallest common fall found four times in five, as a share; NaN without a pooled answer.
    note : str
        Where the dependence between the parts came from.
    """

    operation: str
    parts: tuple[CompositeComponent, ...]
    pooled: Estimate
    detectable_fall: float = math.nan
    note: str = ""

    @property
    def used(self) -> tuple[CompositeComponent, ...]:
        """The parts that are in the pooled answer, or would be."""
        return tuple(part for part in self.parts if part.ratio.is_defined)

    @property
    def left_out(self) -> tuple[tuple[str, str], ...]:
        """Labels of the other parts, each with its reason."""
        return tuple((part.label, part.ratio.note) for part in self.parts if not part.ratio.is_defined)


@dataclass(frozen=True, slots=True)
class CompositeSummary:
    """A question with its answer around every operation, and over all of them.

    Attributes
    ----------
    outcome : CompositeOutcome
    results : tuple of CompositeResult
    pooled : Forest or None
        Over the operations, where there are several.
    """

    outcome: CompositeOutcome
    results: tuple[CompositeResult, ...]
    pooled: Forest | None = None
