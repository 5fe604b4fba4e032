"""Results of a study and of each of its operations at full precision; never published as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from geoharm.evaluation.results.composite import CompositeResult, CompositeSummary
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.harm.results.area_change import AreaOutcome
from geoharm.harm.results.net_harm import HarmAssessment
from geoharm.hotspots.results.area_ranking import AreaRanking
from geoharm.hotspots.results.change import ChangeResult
from geoharm.hotspots.results.comparison import MeasureComparison
from geoharm.hotspots.results.maps import HotspotResult
from geoharm.hotspots.results.patterns import PatternResult
from geoharm.model.design import Design
from geoharm.model.ledger import SourceLedger
from geoharm.model.pooled import Forest
from geoharm.model.study import Study
from geoharm.model.table_ledger import TableLedger


@dataclass(frozen=True, slots=True)
class PreregistrationStatus:
    """How a result relates to its preregistered plan.

    Attributes
    ----------
    digest : str
        SHA-256 of the locked plan; empty if none was locked.
    locked_on : str
        Day of the lock, such as "2026-11-24"; empty if none was locked.
    outcomes_loaded : bool
        Whether the database held events after the operation's start when the plan was locked.
    changes : tuple of str
        Differences between the study file and the locked plan, one part of a sentence each.
    operation_begun : bool
        Whether an operation had begun by the day of the lock, so that outcomes could have been seen elsewhere.
    """

    digest: str = ""
    locked_on: str = ""
    outcomes_loaded: bool = False
    changes: tuple[str, ...] = ()
    operation_begun: bool = False

    @property
    def is_confirmatory(self) -> bool:
        """Whether the plan was locked while its database held no outcomes, and has not changed since."""
        return bool(self.digest) and not self.outcomes_loaded and not self.changes

    @property
    def kind(self) -> str:
        """Return "confirmatory" or "exploratory"."""
        return "confirmatory" if self.is_confirmatory else "exploratory"

    @property
    def sentence(self) -> str:
        """A sentence that says which kind of result this is, and why."""
        return f"{self.kind.capitalize()}: {self.explanation}"

    @property
    def explanation(self) -> str:
        """Why the result is of its kind, without a capital letter."""
        if not self.digest:
            return "no plan was locked before the outcomes were seen."
        locked = f"its plan was locked on {self.locked_on}"
        if self.is_confirmatory:
            confirmatory = f"{locked}, when its database held no outcomes, and has not changed since."
            if self.operation_begun:
                return f"{confirmatory} The operation had begun by then: no file can show whether its outcomes were seen elsewhere."
            return confirmatory
        if self.outcomes_loaded:
            return f"{locked}, after outcomes had been loaded."
        count = len(self.changes)
        return f"{locked}, and the study file differs from it in {count} {'point' if count == 1 else 'points'}."


NOT_PREREGISTERED = PreregistrationStatus()


MeasureT = TypeVar("MeasureT")


@dataclass(frozen=True, slots=True)
class OperationResult(Generic[MeasureT]):
    """All results of one operation: with a `MeasureResult` a measure, or as they may be released.

    Attributes
    ----------
    design : Design
    measures : tuple of MeasureResult or ReleasedMeasure
        The primary measure first.
    harm : HarmAssessment or None
        The harm assessment, under every value profile.
    """

    design: Design
    measures: tuple[MeasureT, ...]
    harm: HarmAssessment | None = None

    @property
    def primary(self) -> MeasureT:
        """The measure of the headline."""
        return self.measures[0]


@dataclass(frozen=True, slots=True)
class StudyResult:
    """All results of a study at full precision, so never published as they are.

    Attributes
    ----------
    study : Study
    ledgers : tuple of SourceLedger
    hotspots : tuple of HotspotResult
    operations : tuple of OperationResult
        Empty for a study that evaluates nothing.
    tables : tuple of TableLedger
        Ledgers of the sources that hold no events.
    changes : tuple of ChangeResult
        One for each operation and measure, then one for each comparison and measure that it can be made for.
    patterns : tuple of PatternResult
        One for each measure.
    forests : tuple of (zone, Forest)
        Forest plots of the primary measure over all operations, if there are several.
    preregistration : PreregistrationStatus
        Of its operations.
    composites : tuple of CompositeSummary
        Composite outcomes over several measures, rings or windows.
    comparisons : tuple of MeasureComparison
        One for each comparison and measure, the primary measure first.
    area_rankings : tuple of AreaRanking
        One for each measure of areas.
    area_outcomes : tuple of AreaOutcome
        One for each operation and measure of areas, if the primary measure is counted by area; no operation is then evaluated.
    """

    study: Study
    ledgers: tuple[SourceLedger, ...]
    hotspots: tuple[HotspotResult, ...]
    operations: tuple[OperationResult[MeasureResult], ...]
    tables: tuple[TableLedger, ...] = ()
    changes: tuple[ChangeResult, ...] = ()
    patterns: tuple[PatternResult, ...] = ()
    forests: tuple[tuple[str, Forest], ...] = ()
    preregistration: PreregistrationStatus = NOT_PREREGISTERED
    composites: tuple[CompositeSummary[CompositeResult], ...] = ()
    comparisons: tuple[MeasureComparison, ...] = ()
    area_rankings: tuple[AreaRanking, ...] = ()
    area_outcomes: tuple[AreaOutcome, ...] = ()
