"""The nouns of publication: what effects, series and surfaces are once disclosure control has passed them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from geoharm.errors import PublishError
from geoharm.evaluation.results.diagnostics import Diagnostic
from geoharm.evaluation.results.displacement_types import DisplacementTypes
from geoharm.evaluation.results.robustness import OtherEstimators
from geoharm.harm.results.net_harm import HarmAssessment
from geoharm.hotspots.results.accuracy import HotspotScore
from geoharm.hotspots.results.change import ChangeKind
from geoharm.hotspots.results.emerging import EmergingPattern
from geoharm.hotspots.results.surface import Bandwidth, Concentration, Surface
from geoharm.model.design import Design
from geoharm.model.effect import PlaceboCheck
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.hotspot import Hotspot
from geoharm.model.ledger import SourceLedger
from geoharm.model.measure import Measure
from geoharm.model.period import Period, Window
from geoharm.model.pooled import Forest
from geoharm.model.study import CompositeOutcome, Study
from geoharm.model.table_ledger import TableLedger
from geoharm.results import NOT_PREREGISTERED, PreregistrationStatus

_SEAL = object()


@dataclass(frozen=True, slots=True)
class Release:
    """Everything that may be published of a study. Made only by `protect`."""

    study: Study
    ledgers: tuple[SourceLedger, ...]
    hidden_files: tuple[str, ...]
    months: Mapping[str, Mapping[date, int | Suppressed]]
    hotspots: tuple[ReleasedHotspots, ...]
    operations: tuple[ReleasedOperation, ...]
    changes: tuple[ReleasedChange, ...]
    rule: str
    threshold: int
    seal: object
    tables: tuple[TableLedger, ...] = ()
    patterns: tuple[ReleasedPatterns, ...] = ()
    forests: tuple[tuple[str, Forest], ...] = ()
    preregistration: PreregistrationStatus = NOT_PREREGISTERED
    composites: tuple[ReleasedComposite, ...] = ()

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            msg = "Only geoharm.disclosure.protect.protect may make a Release; pass it the StudyResult."
            raise PublishError(msg)

    @property
    def all_ledgers(self) -> tuple[SourceLedger | TableLedger, ...]:
        """The ledgers of every source, those of events first."""
        return (*self.ledgers, *self.tables)

    @property
    def is_internal(self) -> bool:
        """Whether it is for the study's own team only."""
        return self.study.publish.release == "internal"


@dataclass(frozen=True, slots=True)
class ReleasedClusters:
    """Where a measure clusters, as it may be published.

    Attributes
    ----------
    image : ClassedImage
        Of Gi*, in the classes `CLUSTER_WORDS`.
    km2 : mapping of str to float
        Ground of each answer of Gi* and local Moran, of the cells that are drawn.
    global_tests : tuple of (str, float, float)
        Statistic, value and p-value.
    neighbours, note : str
    """

    image: ClassedImage
    km2: Mapping[str, float]
    global_tests: tuple[tuple[str, float, float], ...]
    neighbours: str
    note: str


@dataclass(frozen=True, slots=True)
class ReleasedEmergingHotspots:
    """What emerged, as it may be published.

    Attributes
    ----------
    image : ClassedImage
        In the classes `PATTERNS`.
    patterns : tuple of (EmergingPattern, float, str)
        Every pattern found, its ground in km2, and why its strongest cell has it.
    steps, missing : int
        Steps of time with data, and without.
    how, note : str
    """

    image: ClassedImage
    patterns: tuple[tuple[EmergingPattern, float, str], ...]
    steps: int
    missing: int
    how: str
    note: str


@dataclass(frozen=True, slots=True)
class ReleasedAccuracy:
    """How hotspots foretold, as it may be published: scores with few digits, from at least k events.

    Attributes
    ----------
    earlier, later : Window
    bandwidth : float
    scores : tuple of HotspotScore
        The hotspots; the same number of cells with most earlier events. Counts of events are taken out.
    random_deviation : float
        Of the PAI of blind choice, whose mean is 1.
    """

    earlier: Window
    later: Window
    bandwidth: float
    scores: tuple[HotspotScore, ...]
    random_deviation: float


@dataclass(frozen=True, slots=True)
class ReleasedSimilarity:
    """Whether shares of areas, or of squares, changed, as it may be published.

    Attributes
    ----------
    image : ClassedImage
        In the classes `SHIFT_WORDS`.
    units : str
        What was compared, in words.
    count, held, more, fewer : int
        All of them; those with an event; those with a larger and a smaller share after.
    similarity, robust : float
        S over all, and over those with an event.
    note : str
    """

    image: ClassedImage
    units: str
    count: int
    held: int
    more: int
    fewer: int
    similarity: float
    robust: float
    note: str


@dataclass(frozen=True, slots=True)
class ReleasedPatterns:
    """What one measure's points say beyond their density, as it may be published.

    Attributes
    ----------
    measure : Measure
    clusters : ReleasedClusters or None
    emerging : ReleasedEmergingHotspots or None
    predictive_accuracy : ReleasedAccuracy or None
    similarity : mapping of str to ReleasedSimilarity
        By operation.
    why_not : mapping of str to str
        One sentence for every part without an answer.
    """

    measure: Measure
    clusters: ReleasedClusters | None
    emerging: ReleasedEmergingHotspots | None
    predictive_accuracy: ReleasedAccuracy | None
    similarity: Mapping[str, ReleasedSimilarity]
    why_not: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReleasedCompositeResult:
    """What a question comes to around one operation, as published.

    Attributes
    ----------
    operation : str
    rows : tuple of (label, Estimate, weight)
        Parts in the answer that may stand alone; weights are NaN where other parts are withheld.
    left_out : tuple of (label, reason)
    pooled : Estimate
    detectable_fall : float
    parts : int
        How many are in the answer.
    note : str
    """

    operation: str
    rows: tuple[tuple[str, Estimate, float], ...]
    left_out: tuple[tuple[str, str], ...]
    pooled: Estimate
    detectable_fall: float
    parts: int
    note: str


@dataclass(frozen=True, slots=True)
class ReleasedComposite:
    """A question with its answers, as published."""

    outcome: CompositeOutcome
    results: tuple[ReleasedCompositeResult, ...]
    pooled: Forest | None


NO_INTERVAL = Interval(float("nan"), float("nan"), 0.95)


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Stands where a count stood: one from 1 to `below` - 1, or (0) any that would give such a one back."""

    below: int = 0

    def __str__(self) -> str:
        return f"under {self.below}" if self.below else "withheld"


Count = int | Suppressed


@dataclass(frozen=True, slots=True)
class ReleasedEffect:
    """An effect as it may be published.

    Attributes
    ----------
    zone, window : str
    before, after, control_before, control_after : int or Suppressed
    expected, change : float
        NaN if withheld or undefined, with the reason in `note`.
    interval : Interval
        Of the change, in events.
    ratio, difference : Estimate
    counting : Interval
        Of the change, in events, from the noise of counting only: too narrow for a finding.
    placebo : PlaceboCheck or None
        The places without an operation that the interval was learned at.
    detectable_fall, dispersion, length_ratio : float
    note : str
    """

    zone: str
    window: str
    before: Count
    after: Count
    control_before: Count
    control_after: Count
    expected: float
    change: float
    interval: Interval
    ratio: Estimate
    difference: Estimate
    detectable_fall: float
    dispersion: float
    length_ratio: float
    note: str
    counting: Interval = NO_INTERVAL
    placebo: PlaceboCheck | None = None

    @property
    def is_refused(self) -> bool:
        """Whether an interval checked at places without an operation was tried and is not possible."""
        return self.ratio.calibrated and not self.ratio.is_defined and not self.is_withheld

    @property
    def is_withheld(self) -> bool:
        """Whether the estimate is not shown for disclosure's sake."""
        return any(
            isinstance(n, Suppressed) for n in (self.before, self.after, self.control_before, self.control_after)
        )


def suppress_effect(effect: ReleasedEffect, k: int) -> ReleasedEffect:
    """Return an effect without any number that is made from its counts; the counts stay as they are."""
    none = Interval(math.nan, math.nan, effect.interval.level)
    return replace(
        effect,
        expected=math.nan,
        change=math.nan,
        interval=none,
        ratio=suppress_estimate(effect.ratio, k),
        difference=suppress_estimate(effect.difference, k),
        detectable_fall=math.nan,
        dispersion=math.nan,
        note=_note(k),
        counting=none,
        placebo=None,
    )


def suppress_estimate(estimate: Estimate, k: int) -> Estimate:
    """Return an estimate that says only that it is withheld."""
    return replace(estimate, value=math.nan, standard_error=math.nan, note=_note(k), intervals=(), p=math.nan)


def _note(k: int) -> str:
    return f"withheld: a count under {k}, or one that would give it back"


@dataclass(frozen=True, slots=True)
class ReleasedSeries:
    """Counts of the target by steps of time, beside the control's scaled to the same level before.

    Attributes
    ----------
    step : int
        Months a step; 0 if no step could be shown.
    starts : tuple of date
        Of the steps that have data.
    target : tuple of int
    control : tuple of float
    missing : tuple of date
        Starts of steps that hold a month without a file.
    level : float
        What the control's counts are multiplied by.
    """

    step: int
    starts: tuple[date, ...] = ()
    target: tuple[int, ...] = ()
    control: tuple[float, ...] = ()
    missing: tuple[date, ...] = ()
    level: float = math.nan


@dataclass(frozen=True, slots=True)
class ReleasedRobustness:
    """What stands beside a measure's headline, as it may be published.

    Attributes
    ----------
    other_estimators : OtherEstimators or None
        Without what would give a small count back.
    diagnostics : tuple of Diagnostic
        Hardest consequence first.
    displacement_types : DisplacementTypes or None
    withheld : tuple of str
        Which parts are left out for disclosure's sake.
    stretches : tuple of (zone, Period, int)
        Counts that the clocks' numbers could at the most be solved for: the audit takes them as known.
    """

    other_estimators: OtherEstimators | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    displacement_types: DisplacementTypes | None = None
    withheld: tuple[str, ...] = ()
    stretches: tuple[tuple[str, Period, int], ...] = ()

    def diagnostic(self, name: str) -> Diagnostic | None:
        """Return a guard by name, or None if it was not asked."""
        return next((diagnostic for diagnostic in self.diagnostics if diagnostic.name == name), None)


NOTHING_BESIDE = ReleasedRobustness()


@dataclass(frozen=True, slots=True)
class ReleasedMeasure:
    """A measure's effects as they may be published."""

    measure: Measure
    effects: tuple[ReleasedEffect, ...]
    phases: tuple[ReleasedEffect, ...]
    series: ReleasedSeries
    bounds: tuple[ReleasedEffect, ...] = ()
    robustness: ReleasedRobustness = NOTHING_BESIDE

    def effect(self, zone: str) -> ReleasedEffect:
        """Return the headline's effect in a zone."""
        return next(effect for effect in self.effects if effect.zone == zone)


@dataclass(frozen=True, slots=True)
class ReleasedOperation:
    """One operation as it may be published."""

    design: Design
    measures: tuple[ReleasedMeasure, ...]
    harm: HarmAssessment | None = None

    @property
    def primary(self) -> ReleasedMeasure:
        """The headline's measure."""
        return self.measures[0]


class ClassScheme(Enum):
    """What the classes of an image mean; 0 is always blank."""

    DENSITY = "density"
    CHANGE = "change"
    CLUSTERS = "clusters"
    EMERGING = "emerging"


@dataclass(frozen=True, slots=True)
class ClassedImage:
    """A surface in classes, on pixels that are square in Web Mercator.

    Attributes
    ----------
    classes : ndarray of uint8, shape (rows, columns)
        0 is blank, 1 to 6 the classes; the first row is the northernmost.
    west, south, east, north : float
        Degrees.
    scheme : ClassScheme
        What the classes mean; the report gives them colours.
    """

    classes: NDArray[np.uint8]
    west: float
    south: float
    east: float
    north: float
    scheme: ClassScheme = ClassScheme.DENSITY


@dataclass(frozen=True, slots=True)
class ReleasedVariant:
    """The whole period under another bandwidth, as it may be published.

    Attributes
    ----------
    factor, bandwidth : float
        Times the chosen bandwidth; metres used.
    image : ClassedImage
    hotspots : int
        Those that may be drawn.
    kept : float
        Share of the chosen bandwidth's hotspot area that is hotspot here too.
    """

    factor: float
    bandwidth: float
    image: ClassedImage
    hotspots: int
    kept: float


@dataclass(frozen=True, slots=True)
class ReleasedHotspots:
    """Where one measure concentrates, as it may be published.

    Attributes
    ----------
    measure : Measure
    views : mapping of (operation, view) to ClassedImage
        "whole period" under no operation's name, "before" and "after" of each.
    breaks : tuple of float
        Where each class begins, in events per km2 per year; one set for all views.
    hotspots : tuple of Hotspot
    kernel, edge : str
    bandwidth : Bandwidth
        Of every view.
    cell : float
        Metres.
    events : mapping of (operation, view) to str
        Located events of each view, to the nearest ten: exact city totals would give small rests back.
    hidden : int
        Hotspots that are not drawn because they hold few events or places.
    variants : tuple of ReleasedVariant
        The whole period under other bandwidths.
    concentration : Concentration
        Without the lines that few cells make.
    outlines : mapping of (operation, view) to tuple of Hotspot
        The hotspots of every other view.
    exact : mapping of (operation, view) to Surface
        Full precision, in an internal release only; else empty: events can be solved for from a fine surface.
    """

    measure: Measure
    views: Mapping[tuple[str, str], ClassedImage]
    breaks: tuple[float, ...]
    hotspots: tuple[Hotspot, ...]
    kernel: str
    edge: str
    bandwidth: Bandwidth
    cell: float
    events: Mapping[tuple[str, str], str]
    hidden: int
    variants: tuple[ReleasedVariant, ...]
    concentration: Concentration
    exact: Mapping[tuple[str, str], Surface]
    outlines: Mapping[tuple[str, str], tuple[Hotspot, ...]]

    def of(self, operation: str) -> dict[str, tuple[ClassedImage, str]]:
        """Return the picture and the located events of each view that an operation's pages show, by the view's name."""
        return {
            view: (image, self.events[(name, view)])
            for (name, view), image in self.views.items()
            if name in ("", operation)
        }


@dataclass(frozen=True, slots=True)
class ReleasedChange:
    """Where one measure changed around one operation's dates, as it may be published.

    Attributes
    ----------
    measure : Measure
    operation : str
    pictures : mapping of ChangeKind to ClassedImage
        Empty where there is no answer.
    readings : mapping of ChangeKind to str
        What the picture shows, in words and square kilometres.
    bandwidth, cell : float
        Metres.
    note : str
        Why there is no picture, or how chance was judged.
    """

    measure: Measure
    operation: str
    pictures: Mapping[ChangeKind, ClassedImage]
    readings: Mapping[ChangeKind, str]
    bandwidth: float
    cell: float
    note: str
