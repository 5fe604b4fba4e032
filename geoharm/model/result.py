"""What an evaluation found: the design it used, the effect on each measure, the hotspots, what harm adds up to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from geoharm.model.area_counts import Bounds
from geoharm.model.balance import Balance
from geoharm.model.change import ChangeResult
from geoharm.model.counts import Change, ZoneCounts
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.family import Family
from geoharm.model.guard import Guard
from geoharm.model.ledger import SourceLedger
from geoharm.model.measure import Measure
from geoharm.model.patterns import PatternResult
from geoharm.model.period import Window
from geoharm.model.place import Zone, ZoneRole
from geoharm.model.plan import PlanState
from geoharm.model.pooled import Forest
from geoharm.model.question import AnsweredQuestion
from geoharm.model.shift import ShiftTable
from geoharm.model.study import Operation, Study
from geoharm.model.surface import Bandwidth, Concentration, Hotspot, Surface, Variant
from geoharm.model.table_ledger import TableLedger

# Names of sums over zones, and of the phase while an operation runs.
ALL_RINGS = "all rings"
TARGET_AND_RINGS = "target and rings"
TARGET_GAP_AND_RINGS = "target, gap and rings"
DURING = "during"
# The target, had it held those rows without a usable place that name one of its streets, or all of them.
TARGET_WITH_NEAR = "target, with unplaced rows of its streets"
TARGET_WITH_ALL = "target, with all unplaced rows"


NO_PLAN = PlanState()


@dataclass(frozen=True, slots=True)
class Design:
    """Zones and windows of one operation.

    Attributes
    ----------
    operation : Operation
    zones : tuple of Zone
        Target, gap, rings, control; disjoint.
    before : Window
    after : Window
        The headline's window.
    phases : tuple of Window
        Parts of the time since the operation began, each on its own.
    notes : tuple of str
        What was chosen by rule, and what was cut.
    """

    operation: Operation
    zones: tuple[Zone, ...]
    before: Window
    after: Window
    phases: tuple[Window, ...]
    notes: tuple[str, ...] = ()

    def of_role(self, role: ZoneRole) -> tuple[Zone, ...]:
        """Return the zones of a role, in order."""
        return tuple(zone for zone in self.zones if zone.role is role)


@dataclass(frozen=True, slots=True)
class PlaceboCheck:
    """The places without an operation at which an interval was learned.

    Attributes
    ----------
    months : int
        Months of history used.
    fitting : int
        Places where the footprint fits and no operation reached.
    pool : int
        Those near the zone's level, which the forecast was learned at.
    independent : float
        How many independent ones the pool is worth: places overlap.
    busy : int
        Those at least as busy as the zone.
    expected : float
        Forecast count after.
    phi, tau : float
        Noise of counting, and how far places drift apart (standard deviation of the log).
    detectable_fall : float
        Smallest fall found four times in five, as a share.
    """

    months: int
    fitting: int
    pool: int
    independent: float
    busy: int
    expected: float
    phi: float
    tau: float
    detectable_fall: float


@dataclass(frozen=True, slots=True)
class Effect:
    """What changed in one zone in one window, net of control.

    Attributes
    ----------
    zone : str
        "target", "100-250 m", "all rings", "target and rings".
    window : str
        Name of the window after.
    counts, control : Change
        Raw counts; windows may differ in length.
    length_ratio : float
        Days after divided by days before.
    ratio : Estimate
        Log of the rate ratio: calibrated at places without an operation where that was tried, and then undefined, with
        the reason, where it was not possible; else as `counting`.
    counting : Estimate
        Log of the rate ratio against the control, with the noise of counting only: too narrow for a finding.
    difference : Estimate
        Weighted displacement difference, in events of the window after.
    dispersion : float
        Variance of the zone's monthly counts over their mean, at least 1.
    detectable_fall : float
        The smallest fall (share of the expected count, 0 to 1) that would be found four times in five; NaN if unknown.
    placebo : PlaceboCheck or None
        What the calibrated ratio was learned at; None where nothing could be learned.
    """

    zone: str
    window: str
    counts: Change
    control: Change
    length_ratio: float
    ratio: Estimate
    counting: Estimate
    difference: Estimate
    dispersion: float
    detectable_fall: float
    placebo: PlaceboCheck | None = None

    @property
    def is_refused(self) -> bool:
        """Whether a calibrated ratio was tried and is not possible."""
        return self.ratio.calibrated and not self.ratio.is_defined

    @property
    def expected(self) -> float:
        """Count after without an operation: by the calibrated ratio, else if the zone had changed as its control did.

        NaN if the control had none before.
        """
        if self.ratio.calibrated and self.ratio.is_defined and self.placebo is not None:
            return self.counts.after * math.exp(-self.ratio.value) if self.counts.after else self.placebo.expected
        if self.control.before == 0:
            return math.nan
        return self.counts.before * self.control.after / self.control.before

    def change(self) -> float:
        """Return events after minus expected: negative means fewer."""
        return self.counts.after - self.expected

    def counting_interval(self, level: float = 0.95) -> Interval:
        """Return the interval of the change from the noise of counting only: too narrow for a finding."""
        if not self.counting.is_defined:
            return self.difference.interval(level)
        span = self.counting.interval(level)
        expected = self.counts.before * self.control.after / self.control.before
        return Interval(expected * math.expm1(span.low), expected * math.expm1(span.high), span.level)

    def change_interval(self, level: float = 0.95) -> Interval:
        """Return the interval of the change in events, which holds zero exactly if the ratio's interval holds one.

        Calibrated, what is uncertain is the count without an operation: ``after * (1 - 1 / ratio)`` at both ends of the
        ratio's. Else ``expected * (ratio - 1)``, which never says that more events fell away than were expected; and
        where a count of 0 leaves that ratio undefined, the interval of the difference. NaN where it was refused.
        """
        if self.is_refused:
            return Interval(math.nan, math.nan, level)
        if not self.ratio.is_defined:
            return self.difference.interval(level)
        span = self.ratio.interval(level)
        if self.ratio.calibrated and self.counts.after:
            after = self.counts.after
            return Interval(-after * math.expm1(-span.low), -after * math.expm1(-span.high), span.level)
        return Interval(self.expected * math.expm1(span.low), self.expected * math.expm1(span.high), span.level)


@dataclass(frozen=True, slots=True)
class MeasureResult:
    """One measure's effects around one operation.

    Attributes
    ----------
    measure : Measure
    counts : ZoneCounts
    effects : tuple of Effect
        The headline's window: target, gap, every ring, all rings, target and rings.
    phases : tuple of Effect
        Target and all rings, in each phase.
    bounds : tuple of Effect
        The target's effect had it held rows without a usable place: those that name one of its streets, and all;
        none where every row has a place.
    family : Family or None
        What the field's other estimators say.
    guards : tuple of Guard
        What the answer is exposed to, hardest consequence first.
    shifts : ShiftTable or None
        Other ways to move.
    """

    measure: Measure
    counts: ZoneCounts
    effects: tuple[Effect, ...]
    phases: tuple[Effect, ...]
    bounds: tuple[Effect, ...] = ()
    family: Family | None = None
    guards: tuple[Guard, ...] = ()
    shifts: ShiftTable | None = None

    def effect(self, zone: str) -> Effect:
        """Return the headline's effect in a zone."""
        return next(effect for effect in self.effects if effect.zone == zone)


@dataclass(frozen=True, slots=True)
class BoundedEffect:
    """What changed in one zone, net of control, where counts are only known within bounds.

    Attributes
    ----------
    zone : str
    before, after, control_before, control_after : Bounds
    low, high : Estimate
        The least and the most the change can be, each with the noise of counting at that end; infinite where nothing
        bounds it.
    note : str
        What the bounds leave out.
    """

    zone: str
    before: Bounds
    after: Bounds
    control_before: Bounds
    control_after: Bounds
    low: Estimate
    high: Estimate
    note: str


@dataclass(frozen=True, slots=True)
class OperationResult:
    """Everything found about one operation.

    Attributes
    ----------
    design : Design
    measures : tuple of MeasureResult
        The primary measure first.
    balance : Balance or None
        What all harms add up to, under whose values.
    """

    design: Design
    measures: tuple[MeasureResult, ...]
    balance: Balance | None = None


@dataclass(frozen=True, slots=True)
class HotspotResult:
    """Where one measure concentrates.

    Attributes
    ----------
    measure : Measure
    views : mapping of (operation, view) to Surface
        The view "whole period" under no operation's name (""), and every operation's "before" and "after".
    hotspots : tuple of Hotspot
        Of the whole period.
    bandwidth : Bandwidth
        Of every view.
    variants : tuple of Variant
        The whole period under half, once and twice the bandwidth; empty if there are no events.
    concentration : Concentration
        Over the cells of the study area, whole period.
    outlines : mapping of (operation, view) to tuple of Hotspot
        The hotspots of every other view that has events.
    shared : bool
        Whether weights are bounded by those around them, as a public release needs it.
    """

    measure: Measure
    views: Mapping[tuple[str, str], Surface]
    hotspots: tuple[Hotspot, ...]
    bandwidth: Bandwidth
    variants: tuple[Variant, ...]
    concentration: Concentration
    outlines: Mapping[tuple[str, str], tuple[Hotspot, ...]] = field(default_factory=dict)
    shared: bool = False


@dataclass(frozen=True, slots=True)
class StudyResult:
    """Everything a study found; full precision, so never published as it is.

    Attributes
    ----------
    study : Study
    ledgers : tuple of SourceLedger
    hotspots : tuple of HotspotResult
    operations : tuple of OperationResult
    tables : tuple of TableLedger
        Of the sources that hold no events.
    changes : tuple of ChangeResult
        One for each operation and measure.
    patterns : tuple of PatternResult
        One for each measure.
    pools : tuple of (zone, Forest)
        The primary measure over all operations, where there are several.
    plan : PlanState
        Whether this was planned beforehand.
    questions : tuple of AnsweredQuestion
        Over several measures, rings or windows at once.
    """

    study: Study
    ledgers: tuple[SourceLedger, ...]
    hotspots: tuple[HotspotResult, ...]
    operations: tuple[OperationResult, ...]
    tables: tuple[TableLedger, ...] = ()
    changes: tuple[ChangeResult, ...] = ()
    patterns: tuple[PatternResult, ...] = ()
    pools: tuple[tuple[str, Forest], ...] = ()
    plan: PlanState = NO_PLAN
    questions: tuple[AnsweredQuestion, ...] = ()
