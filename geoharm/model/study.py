"""The study: everything that the study file states, before any data are read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from geoharm.model.activity import DatedActivity
from geoharm.model.area_counts import Areas
from geoharm.model.background_tiles import BackgroundTiles
from geoharm.model.geometry import Site, StudyArea
from geoharm.model.ground import Ground
from geoharm.model.harm_settings import HarmSettings, Mitigation
from geoharm.model.measure import Measure
from geoharm.model.period import Period, add_months, parse_phase
from geoharm.model.register import RegisterLedger
from geoharm.model.settings import AccuracySettings, ChangeSettings, EmergingSettings


@dataclass(frozen=True, slots=True)
class CompositeOutcome:
    """A composite outcome: one outcome over several measures, zones and windows.

    Attributes
    ----------
    name : str
    measures : tuple of str
        Names of harm measures of the study.
    zones : tuple of str
        "target", "all rings", "target and rings", or "ring 1", "ring 2", ... from the inside out.
    windows : tuple of str
        "after" (the window of the headline estimate), or phases such as "0-3 months".
    """

    name: str
    measures: tuple[str, ...]
    zones: tuple[str, ...]
    windows: tuple[str, ...]


EVENT_KINDS = ("incident", "needle_find", "treatment_entry", "health")
# Kinds of sources without dated points.
TABLE_KINDS = ("area_table", "survey", "site", "streets", "addresses")
GIS_FILES = ("geopackage", "geoparquet", "geotiff", "qgis")
# How often an operation can be evaluated; after more looks, none would find anything.
MAX_LOOKS = 24
# Each maps the change of every measure over the whole study area, which costs seconds and megabytes.
MAX_COMPARISONS = 12
# Further outputs besides the pages, for use in other reports.
PIECES = ("figures", "tables", "workbook", "effects", "word")
# Sizes of paper of the Word document.
PAPERS = ("a4", "letter")


@dataclass(frozen=True, slots=True)
class Source:
    """A data source: files of one format.

    Attributes
    ----------
    name : str
    kind : str
        One of `EVENT_KINDS` or `TABLE_KINDS`.
    format : str
        Name of a shipped format, or path of the user's own TOML file.
    files : tuple of str
        File names or patterns under the data folder.
    covers : Period or None
        The days that the files cover, if they differ from the days of the first and last event.
    areas : Areas or None
        The outlines of the areas of an area table or survey, or of events with the code of an area.
    oldest_first : bool
        Whether `files` are in the order of their age.
    addresses : tuple of str
        Names of the sources, lists of addresses or street files, by which rows without coordinates are placed.
    match : float or None
        Similarity, 0 to 100, from which on an address that they do not have is taken for one that is written much alike.
    """

    name: str
    kind: str
    format: str
    files: tuple[str, ...]
    covers: Period | None = None
    areas: Areas | None = None
    oldest_first: bool = False
    addresses: tuple[str, ...] = ()
    match: float | None = None

    @property
    def is_events(self) -> bool:
        """Whether the source contains dated events, which measures count."""
        return self.kind in EVENT_KINDS

    @property
    def is_by_area(self) -> bool:
        """Whether the source is counted by area: an area table, or events with the code of an area and no coordinates."""
        return self.kind == "area_table" or (self.is_events and self.areas is not None)


@dataclass(frozen=True, slots=True)
class BeforeRule:
    """The rule for the window before an operation: fixed dates, or the dates of the window after in earlier years.

    Attributes
    ----------
    period : Period or None
        Fixed dates.
    years : int
        Number of earlier years, with `same_season`.
    same_season : bool
        Whether the same calendar dates as those of the window after are used, in each of the `years` before.
    """

    period: Period | None = None
    years: int = 0
    same_season: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation: what was done, where and when.

    Attributes
    ----------
    name, tactic, objective : str
    period : Period
        Dates of the operation, half-open: from the first day of its first spell to the last day of its last. A measure that
        goes on has no end; its period runs to the end of the study period.
    target : shapely geometry
        The target area, in metres of the study's coordinate system.
    target_note : str
        From what the target area was drawn.
    gap : float
        Distance in metres between target and first ring.
    rings : tuple of float
        Outer distances from the target in metres, increasing.
    control : shapely geometry or None
        The control area; None means that it is chosen by rule.
    before : BeforeRule
    after : tuple of str
        Phases of the time after: "during", "0-1 months", ...
    looks : int
        How often the operation is to be evaluated in all, as months arrive, this time included.
    chosen_on : Period or None
        The period of the data from which the target was chosen.
    placebo : bool
        Whether it is a placebo operation: nothing was done, so the result should be "no change".
    similar_markets : Areas or None
        Outlines of similar markets farther away, to which harm could move.
    streets : str
        Name of the source of street lines along which distances of the rings are measured; empty for straight lines.
    partners, co_occurring : tuple of str
    cost : float
        In the currency of the study; NaN if not stated.
    mitigation : tuple of Mitigation
        Planned measures to reduce unintended harm, and whether they were delivered.
    activity : tuple of DatedActivity
        What police and partners did, by date. It is in no sum.
    spells : tuple of Period
        The periods in which it was active, sorted and apart; empty if it was active all the time.
    ongoing : bool
        Whether it goes on: nothing is after it, and the months of its phases count from its start.
    street_width : float
        Width in metres, if the target area is a street drawn as a line; NaN for an area.
    """

    name: str
    tactic: str
    objective: str
    period: Period
    target: BaseGeometry
    target_note: str
    gap: float
    rings: tuple[float, ...]
    control: BaseGeometry | None
    before: BeforeRule
    after: tuple[str, ...]
    looks: int = 1
    chosen_on: Period | None = None
    placebo: bool = False
    similar_markets: Areas | None = None
    streets: str = ""
    partners: tuple[str, ...] = ()
    mitigation: tuple[Mitigation, ...] = ()
    co_occurring: tuple[str, ...] = ()
    cost: float = math.nan
    activity: tuple[DatedActivity, ...] = ()
    spells: tuple[Period, ...] = ()
    ongoing: bool = False
    street_width: float = math.nan

    @property
    def active(self) -> tuple[Period, ...]:
        """The periods in which it was active: its spells, or its one period."""
        return self.spells or (self.period,)

    @property
    def phases_from(self) -> date:
        """The day from which the months of its phases count: the first after its end; its start if it goes on."""
        return self.period.start if self.ongoing else self.period.end

    @property
    def reach(self) -> Period:
        """The days in which it may have changed what was counted: from its start to the end of its last phase.

        Raises
        ------
        DesignError
            If a phase is not one.
        """
        ends = [add_months(self.phases_from, span[1]) for phase in self.after if (span := parse_phase(phase))]
        return Period(self.period.start, max([self.period.end, *ends]))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two windows whose events are compared, whatever was done between them: a description, not an evaluation.

    Attributes
    ----------
    name : str
        No operation of the study has the same.
    before, after : Period
        The earlier window and the later one; they do not overlap.
    """

    name: str
    before: Period
    after: Period


@dataclass(frozen=True, slots=True)
class HotspotSettings:
    """Settings for density surfaces and hotspots.

    Attributes
    ----------
    cell : float
        Side of a cell in metres.
    bandwidth : float or str
        Search radius in metres (for the Gaussian kernel, the standard deviation), or the rule that chooses it.
    share : float
        Share of all density that the hotspots contain.
    kernel : str
    edge : str
        Correction of the density near the study boundary.
    """

    cell: float = 50.0
    bandwidth: float | str = 300.0
    share: float = 0.25
    kernel: str = "quartic"
    edge: str = "jones-diggle"


@dataclass(frozen=True, slots=True)
class PublishSettings:
    """Settings for publication.

    Attributes
    ----------
    release : str
        "public" or "internal".
    disclosure : str
        Name of the disclosure rule for small counts, e.g. "under-5".
    places : tuple of Site
        Place names shown on maps.
    context : tuple of shapely geometry
        Lines or outlines drawn for orientation, in metres.
    attribution : tuple of str
        Attribution of places, context and ground.
    files : tuple of str
        Further output files: some of `GIS_FILES` and `PIECES`.
    tiles : BackgroundTiles or None
        Background tiles of the map. Every reader's browser loads them from their host; None for a map that loads
        nothing.
    steps : str
        Time steps of the map: one of `map_steps.STEPS`.
    ground : Ground or None
        Streets, water, green and names that lie under the maps.
    paper : str
        Size of the Word document's pages: one of `PAPERS`.
    address : str
        Web address of the folder where the pages will be, ending in a slash; empty if it is not known.
    """

    release: str = "public"
    disclosure: str = "under-5"
    places: tuple[Site, ...] = ()
    context: tuple[BaseGeometry, ...] = ()
    attribution: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    tiles: BackgroundTiles | None = None
    steps: str = "phases"
    ground: Ground | None = None
    paper: str = "a4"
    address: str = ""


@dataclass(frozen=True, slots=True)
class Study:
    """A study: everything that the study file states.

    Attributes
    ----------
    name : str
    slug : str
        Name of the study file without its suffix; used for folders and the database.
    area : StudyArea
    period : Period
        The study period; nothing outside it is read.
    seed : int
    primary : str
        Name of the primary measure; all others are secondary. Without an operation it is the measure that leads.
    sources, measures : tuple
    operations : tuple of Operation
        Empty for a study that evaluates nothing.
    hotspots : HotspotSettings
    publish : PublishSettings
    inputs : mapping of str to str
        SHA-256 of the study file and of every area file, by file name relative to the study file.
    folder : Path
        Folder of the study file.
    emerging : EmergingSettings
    accuracy : AccuracySettings
    change : ChangeSettings
    harm : HarmSettings
        Harm settings: value profiles, indicators, unintended harm, options.
    composites : tuple of CompositeOutcome
        Composite outcomes over several measures, zones or windows.
    area_notes : tuple of str
        What was mended or left out of the area files, each as a sentence.
    registers : tuple of RegisterLedger
        What became of the rows of every register of operations.
    comparisons : tuple of Comparison
    """

    name: str
    slug: str
    area: StudyArea
    period: Period
    seed: int
    primary: str
    sources: tuple[Source, ...]
    measures: tuple[Measure, ...]
    operations: tuple[Operation, ...]
    hotspots: HotspotSettings
    publish: PublishSettings
    inputs: Mapping[str, str]
    folder: Path
    emerging: EmergingSettings = field(default_factory=EmergingSettings)
    accuracy: AccuracySettings = field(default_factory=AccuracySettings)
    change: ChangeSettings = field(default_factory=ChangeSettings)
    harm: HarmSettings = field(default_factory=HarmSettings)
    composites: tuple[CompositeOutcome, ...] = ()
    area_notes: tuple[str, ...] = ()
    registers: tuple[RegisterLedger, ...] = ()
    comparisons: tuple[Comparison, ...] = ()

    @property
    def is_by_area(self) -> bool:
        """Whether the primary measure is counted by area: its operations are then described by bounds, and not evaluated."""
        return any(measure.name == self.primary for measure in self.harm.area_measures)

    @property
    def is_undated(self) -> bool:
        """Whether it maps lists of places, which have no dates."""
        return bool(self.measures) and all(measure.is_undated for measure in self.measures)

    def measure(self, name: str) -> Measure:
        """Return a measure by name, of dated points or of areas."""
        every = (*self.measures, *self.harm.area_measures)
        return next(measure for measure in every if measure.name == name)

    def other_operations(self, operation: Operation) -> tuple[Operation, ...]:
        """Return all operations except the one with this operation's name."""
        return tuple(candidate for candidate in self.operations if candidate.name != operation.name)

    def measures_of(self, source: str) -> tuple[Measure, ...]:
        """Return the measures that count rows of a source, those of areas included."""
        every = (*self.measures, *self.harm.area_measures)
        return tuple(measure for measure in every if measure.source == source)
