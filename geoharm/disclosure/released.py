"""What a release consists of: every result type as it may be published, after disclosure control.

In this order: the `Release` itself; suppressed counts, effects, series, robustness checks, measures and operations;
images, hotspots and change; patterns; composite outcomes. Only `protect` makes a `Release`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from geoharm.disclosure.ledgers import ReleasedLedger
from geoharm.disclosure.rows import DataSet
from geoharm.errors import PublishError
from geoharm.evaluation.results.composite import CompositeSummary
from geoharm.evaluation.results.diagnostics import Diagnostic, DiagnosticKind
from geoharm.evaluation.results.displacement_types import DisplacementType
from geoharm.evaluation.results.robustness import OtherEstimators
from geoharm.harm.results.area_change import AreaOutcome
from geoharm.hotspots.results.area_ranking import AreaRanking
from geoharm.hotspots.results.change import ChangeKind
from geoharm.hotspots.results.clusters import PValueSource
from geoharm.hotspots.results.emerging import EmergingPattern
from geoharm.hotspots.results.patterns import PredictiveAccuracy
from geoharm.hotspots.results.surface import Bandwidth, Concentration, Surface
from geoharm.model.effect import Effect
from geoharm.model.estimate import Estimate
from geoharm.model.hotspot import Hotspot
from geoharm.model.measure import Measure
from geoharm.model.period import Period
from geoharm.model.pooled import Forest
from geoharm.model.rate_ratio import RateRatio
from geoharm.model.reading import Reading
from geoharm.model.reason import Note
from geoharm.model.settings import Correction
from geoharm.model.study import Study
from geoharm.model.suppressed import Count
from geoharm.model.window_pair import WindowPair
from geoharm.results import NOT_PREREGISTERED, OperationResult, PreregistrationStatus

_SEAL = object()


@dataclass(frozen=True, slots=True)
class Release:
    """Everything of a study that may be published. Only `protect` makes one.

    Attributes
    ----------
    study : Study
    ledgers : tuple of ReleasedLedger
        Of the sources of events.
    hotspots : tuple of ReleasedHotspots
    operations : tuple of ReleasedOperation
    changes : tuple of ReleasedChange
    rule : str
        Name of the disclosure rule; "none" in an internal release.
    threshold : int
        k of the rule; 1 in an internal release.
    seal : object
        Proof that `protect` made it.
    tables : tuple of ReleasedLedger
        Of the sources that hold no events.
    patterns : tuple of ReleasedPatterns
    forests : tuple of (zone, Forest)
        Forest plots of the primary measure over all operations.
    preregistration : PreregistrationStatus
    composites : tuple of ReleasedComposite
    data : mapping of str to DataSet
        What a reader knows of the data of every source of events, by its name.
    comparisons : tuple of ReleasedComparison
        One for each comparison and measure, the primary measure first.
    area_rankings : tuple of AreaRanking
        One for each measure of areas.
    area_outcomes : tuple of AreaOutcome
        One for each operation and measure of areas, if the primary measure is counted by area; in a public release with bounds
        that are moved outwards.
    """

    study: Study
    ledgers: tuple[ReleasedLedger, ...]
    hotspots: tuple[ReleasedHotspots, ...]
    operations: tuple[ReleasedOperation, ...]
    changes: tuple[ReleasedChange, ...]
    rule: str
    threshold: int
    seal: object
    tables: tuple[ReleasedLedger, ...] = ()
    patterns: tuple[ReleasedPatterns, ...] = ()
    forests: tuple[tuple[str, Forest], ...] = ()
    preregistration: PreregistrationStatus = NOT_PREREGISTERED
    composites: tuple[ReleasedComposite, ...] = ()
    data: Mapping[str, DataSet] = field(default_factory=dict)
    comparisons: tuple[ReleasedComparison, ...] = ()
    area_rankings: tuple[AreaRanking, ...] = ()
    area_outcomes: tuple[AreaOutcome, ...] = ()

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            msg = "Only geoharm.disclosure.protect.protect may make a Release; pass it the StudyResult."
            raise PublishError(msg)

    @property
    def all_ledgers(self) -> tuple[ReleasedLedger, ...]:
        """The ledgers of all sources, those of events first."""
        return (*self.ledgers, *self.tables)

    @property
    def is_internal(self) -> bool:
        """Whether the release is for the study's own team only."""
        return self.study.publish.release == "internal"


ReleasedEffect = Effect[Count]


@dataclass(frozen=True, slots=True)
class ReleasedSeries:
    """Counts of the target by time step, with the control's counts scaled to the target's level before the operation.

    Attributes
    ----------
    step : int
        Months in a step; 0 if no series is released.
    starts : tuple of date
        First day of every step with data.
    target : tuple of int
    control : tuple of float
        Scaled counts.
    missing : tuple of date
        First day of every step that contains a month without data.
    level : float
        Factor by which the control's counts are multiplied.
    """

    step: int
    starts: tuple[date, ...] = ()
    target: tuple[int, ...] = ()
    control: tuple[float, ...] = ()
    missing: tuple[date, ...] = ()
    level: float = math.nan


class WithheldPart(Enum):
    """Parts of the robustness checks that may be suppressed as a whole."""

    TARGET = "target"
    RINGS = "rings"
    ERRORS = "errors"
    MONTHLY_CURVES = "curves"
    OTHER_ESTIMATORS = "estimators"


@dataclass(frozen=True, slots=True)
class ReleasedRobustness:
    """Robustness checks of a measure's headline, as they may be released.

    Attributes
    ----------
    other_estimators : OtherEstimators or None
        Without numbers that would give a small count back.
    diagnostics : tuple of Diagnostic
        Highest severity first.
    displacement_types : tuple of DisplacementType, or None
    withheld : tuple of WithheldPart
        Which parts are suppressed.
    stretches : tuple of (zone, Period, int)
        Counts that could at most be solved for from the effect decays; the attack takes them as known.
    """

    other_estimators: OtherEstimators | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    displacement_types: tuple[DisplacementType, ...] | None = None
    withheld: tuple[WithheldPart, ...] = ()
    stretches: tuple[tuple[str, Period, int], ...] = ()

    def diagnostic(self, kind: DiagnosticKind) -> Diagnostic | None:
        """Return the diagnostic of a kind, or None if it was not computed."""
        return next((diagnostic for diagnostic in self.diagnostics if diagnostic.kind is kind), None)


NOTHING_BESIDE = ReleasedRobustness()


@dataclass(frozen=True, slots=True)
class ReleasedMeasure:
    """Effects, series and robustness checks of a measure, as they may be released.

    `own_place` is the target's effect without the rows whose place was inferred from their address text; None if there are none.
    """

    measure: Measure
    effects: tuple[ReleasedEffect, ...]
    phases: tuple[ReleasedEffect, ...]
    series: ReleasedSeries
    bounds: tuple[ReleasedEffect, ...] = ()
    robustness: ReleasedRobustness = NOTHING_BESIDE
    own_place: ReleasedEffect | None = None
    comparisons: int = 0

    def effect(self, zone: str) -> ReleasedEffect:
        """Return the effect in a zone, in the headline's window."""
        return next(effect for effect in self.effects if effect.zone == zone)


ReleasedOperation = OperationResult[ReleasedMeasure]


class ClassScheme(Enum):
    """What the classes of an image mean; class 0 is always blank."""

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
        0 is blank, other numbers are the classes of the scheme. The first row is the northernmost.
    west, south, east, north : float
        Degrees.
    scheme : ClassScheme
        What the classes mean. Their colours are chosen in the report.
    """

    classes: NDArray[np.uint8]
    west: float
    south: float
    east: float
    north: float
    scheme: ClassScheme = ClassScheme.DENSITY


@dataclass(frozen=True, slots=True)
class ReleasedVariant:
    """The whole period with another bandwidth, as it may be released.

    Attributes
    ----------
    factor, bandwidth : float
        Multiple of the chosen bandwidth; metres used.
    image : ClassedImage
    hotspots : int
        Number of hotspots that may be drawn.
    kept : float
        Share of the chosen bandwidth's hotspot area that is also hotspot area here.
    """

    factor: float
    bandwidth: float
    image: ClassedImage
    hotspots: int
    kept: float


@dataclass(frozen=True, slots=True)
class ReleasedHotspots:
    """Surfaces and hotspots of one measure, as they may be released.

    Attributes
    ----------
    measure : Measure
    views : mapping of (operation or comparison, view) to ClassedImage
        The view "whole period" has an empty name; every operation and comparison has "before" and "after".
    breaks : tuple of float
        Where each class begins, in events per km2 per year; the same for all views.
    hotspots : tuple of Hotspot
    kernel, edge : str
    bandwidth : Bandwidth
        The same for all views.
    cell : float
        Metres.
    events : mapping of (operation, view) to int
        Located events of each view, rounded to the nearest ten. Exact city totals would give small differences back.
    hidden : int
        Number of hotspots that are not drawn because they have few events or places.
    variants : tuple of ReleasedVariant
        The whole period with other bandwidths.
    concentration : Concentration
        Without lines that are made of few cells.
    outlines : mapping of (operation, view) to tuple of Hotspot
        The hotspots of every other view.
    exact : mapping of (operation, view) to Surface
        Full precision, in an internal release only; otherwise empty, because the places of events can be solved for from
        a fine surface.
    """

    measure: Measure
    views: Mapping[tuple[str, str], ClassedImage]
    breaks: tuple[float, ...]
    hotspots: tuple[Hotspot, ...]
    kernel: str
    edge: str
    bandwidth: Bandwidth
    cell: float
    events: Mapping[tuple[str, str], int]
    hidden: int
    variants: tuple[ReleasedVariant, ...]
    concentration: Concentration
    exact: Mapping[tuple[str, str], Surface]
    outlines: Mapping[tuple[str, str], tuple[Hotspot, ...]]

    def of(self, windows_of: str) -> dict[str, tuple[ClassedImage, int]]:
        """Return the image and the number of located events of each view of an operation or comparison, keyed by view."""
        return {
            view: (image, self.events[(name, view)])
            for (name, view), image in self.views.items()
            if name in ("", windows_of)
        }


@dataclass(frozen=True, slots=True)
class ChangeAreas:
    """Areas in km2 of the drawn cells with fewer events, with more, and with a difference that chance can explain."""

    fewer: float
    more: float
    chance: float


@dataclass(frozen=True, slots=True)
class ChangeMethod:
    """How chance was judged on a map of change; the attributes are those of `ChangeSurface`."""

    permutations: int
    seed: int
    block_rule: str
    correction: Correction
    level: float
    adaptive: bool


@dataclass(frozen=True, slots=True)
class ReleasedChange:
    """Change of one measure between two windows, as it may be released.

    Attributes
    ----------
    measure : Measure
    windows_of : str
        Name of the operation or the comparison.
    pictures : mapping of ChangeKind to ClassedImage
        Empty where nothing could be computed.
    areas : mapping of ChangeKind to ChangeAreas
    bandwidth, cell : float
        Metres.
    method : ChangeMethod or None
        None without an image.
    note : str or Withheld
        Why there is no image.
    """

    measure: Measure
    windows_of: str
    pictures: Mapping[ChangeKind, ClassedImage]
    areas: Mapping[ChangeKind, ChangeAreas]
    bandwidth: float
    cell: float
    method: ChangeMethod | None
    note: Note


@dataclass(frozen=True, slots=True)
class ReleasedComparison:
    """The events of one measure in the two windows of a comparison, as they may be released.

    Attributes
    ----------
    measure : Measure
    comparison : str
        Name of the comparison.
    windows : WindowPair or None
        None if the source cannot be counted in them, with the reason in `note`.
    left_out : tuple of date
        First days of the months without data, which are in neither window.
    counts : (Count, Count)
        Located events before and after; in a public release to the nearest ten.
    ratio : RateRatio
        In a public release made from the rounded counts.
    same_season : bool
        Whether both windows hold the months of the year in the same proportions.
    note : str
        Why nothing was counted; empty if it was.
    """

    measure: Measure
    comparison: str
    windows: WindowPair | None
    left_out: tuple[date, ...]
    counts: tuple[Count, Count]
    ratio: RateRatio
    same_season: bool
    note: str


@dataclass(frozen=True, slots=True)
class ReleasedClusters:
    """Clusters of one measure, as they may be released.

    Attributes
    ----------
    image : ClassedImage
        Classes of Gi*: chance, low beside low, high beside high.
    km2 : mapping of str to float
        Area in km2 of each class of Gi* and of local Moran's I, over the drawn cells.
    global_tests : tuple of (str, float, float)
        Statistic, value and p-value.
    neighbours : str
        Which cells are neighbours.
    p_from : PValueSource
    permutations : int
    level : float
        False discovery rate.
    areas : int
        Number of areas; 0 for clusters of cells.
    note : str
        Limits of the p-values of areas.
    """

    image: ClassedImage
    km2: Mapping[str, float]
    global_tests: tuple[tuple[str, float, float], ...]
    neighbours: str
    p_from: PValueSource
    permutations: int
    level: float
    areas: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReleasedEmergingHotspots:
    """Emerging hotspots of one measure, as they may be released.

    Attributes
    ----------
    image : ClassedImage
        Classes in the order of `PATTERNS`.
    patterns : tuple of (EmergingPattern, float, str or Withheld)
        Every pattern found, its area in km2, and the reason why its strongest cell has it.
    steps, missing : int
        Number of time steps with data, and without.
    months : int
        Length of a step.
    cell : float
        Metres.
    neighbours : str
        Which cells are neighbours.
    p_from : PValueSource
    level : float
        False discovery rate.
    note : str
    """

    image: ClassedImage
    patterns: tuple[tuple[EmergingPattern, float, Note], ...]
    steps: int
    missing: int
    months: int
    cell: float
    neighbours: str
    p_from: PValueSource
    level: float
    note: str


@dataclass(frozen=True, slots=True)
class ReleasedSimilarity:
    """Whether shares of areas, or of squares, changed, as it may be released.

    Attributes
    ----------
    image : ClassedImage
        Classes: chance, a smaller share after, a larger share after.
    units : str
        Which units were compared, in words.
    count, held, more, fewer : int
        Number of units; of units with an event; of units with a larger, and with a smaller, share after.
    similarity, robust : float
        S-index over all units, and over those with an event.
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
    """Clusters, emerging hotspots, predictive accuracy and pattern similarity of one measure, as they may be released.

    Attributes
    ----------
    measure : Measure
    clusters : ReleasedClusters or None
    emerging : ReleasedEmergingHotspots or None
    predictive_accuracy : PredictiveAccuracy or None
        Scores with few digits, from at least k events; counts of events are removed.
    similarity : mapping of str to ReleasedSimilarity
        By operation, and by comparison.
    why_not : mapping of str to str or Withheld
        One sentence for every part that could not be computed or released.
    """

    measure: Measure
    clusters: ReleasedClusters | None
    emerging: ReleasedEmergingHotspots | None
    predictive_accuracy: PredictiveAccuracy | None
    similarity: Mapping[str, ReleasedSimilarity]
    why_not: Mapping[str, Note]


@dataclass(frozen=True, slots=True)
class ReleasedCompositeResult:
    """A composite outcome around one operation, as it may be released.

    Attributes
    ----------
    operation : str
    rows : tuple of (label, Estimate, weight)
        Components that may be shown by themselves. Weights are NaN where other components are not shown.
    left_out : tuple of (label, reason)
    pooled : Estimate
    detectable_fall : float
    parts : int
        Number of components in the pooled estimate.
    note : str
    reading : Reading
    """

    operation: str
    rows: tuple[tuple[str, Estimate, float], ...]
    left_out: tuple[tuple[str, Note], ...]
    pooled: Estimate
    detectable_fall: float
    parts: int
    note: str
    reading: Reading = Reading.CANNOT_TELL


ReleasedComposite = CompositeSummary[ReleasedCompositeResult]


def leading_measure(release: Release, operation: ReleasedOperation | None) -> Measure:
    """Return the primary measure of an operation's report; with None that of the study."""
    return release.study.measure(release.study.primary) if operation is None else operation.primary.measure
