"""The study: everything the user states before any row is read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from geoharm.model.area_counts import Areas
from geoharm.model.background_tiles import BackgroundTiles
from geoharm.model.geometry import Site, StudyArea
from geoharm.model.harm_settings import HarmSettings, Mitigation
from geoharm.model.measure import Measure
from geoharm.model.period import Period
from geoharm.model.settings import AccuracySettings, ChangeSettings, EmergingSettings


@dataclass(frozen=True, slots=True)
class CompositeOutcome:
    """One question over several parts: every measure in every zone and window named.

    Attributes
    ----------
    name : str
    measures : tuple of str
        Harms of the study.
    zones : tuple of str
        "target", "all rings", "target and rings", or "ring 1", "ring 2", ... from the inside out.
    windows : tuple of str
        "after" (the headline's), or phases such as "0-3 months".
    """

    name: str
    measures: tuple[str, ...]
    zones: tuple[str, ...]
    windows: tuple[str, ...]


UNTESTED_REASONS = ("incident", "needle_find", "treatment_entry", "health")
# What is read beside dated points; no measure counts it.
TABLE_KINDS = ("area_table", "survey", "site", "streets")
GIS_FILES = ("geopackage", "geoparquet", "geotiff")
# What else may be written beside the pages: for other people's reports.
PIECES = ("figures", "tables", "workbook")
TACTICS = (
    "arrest referral",
    "asset recovery",
    "civil order",
    "crackdown",
    "diversion",
    "focused deterrence",
    "neighbourhood policing",
    "nuisance abatement",
    "placebo",
    "problem-oriented",
    "treatment outreach",
    "undercover",
)


@dataclass(frozen=True, slots=True)
class Source:
    """Files of one format.

    Attributes
    ----------
    name : str
    kind : str
        One of `UNTESTED_REASONS` or `TABLE_KINDS`.
    format : str
        Name of a shipped format, or path of a TOML of the user's own.
    files : tuple of str
        Names or patterns, looked for under the data folder.
    covers : Period or None
        The days the files cover, where the first and last event do not tell.
    areas : Areas or None
        The outlines of an area table's or a survey's areas.
    """

    name: str
    kind: str
    format: str
    files: tuple[str, ...]
    covers: Period | None = None
    areas: Areas | None = None

    @property
    def is_events(self) -> bool:
        """Whether it holds dated points, which measures count."""
        return self.kind in UNTESTED_REASONS


@dataclass(frozen=True, slots=True)
class BeforeRule:
    """How the window before an operation is chosen: fixed dates, or the after dates of earlier years.

    Attributes
    ----------
    period : Period or None
        Fixed dates.
    years : int
        With `same_season`: how many earlier years.
    same_season : bool
        The same calendar dates as after, in each of the `years` before.
    """

    period: Period | None = None
    years: int = 0
    same_season: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """What was done, where and when.

    Attributes
    ----------
    name, tactic, objective : str
    period : Period
        Half-open.
    target : shapely geometry
        In metres of the study's system.
    target_note : str
        What the target area was drawn from.
    gap : float
        Metres between target and first ring.
    rings : tuple of float
        Outer distances from the target in metres, increasing.
    control : shapely geometry or None
        None means that it is chosen by rule.
    before : BeforeRule
    after : tuple of str
        Phases: "during", "0-1 months", ...
    chosen_on : Period or None
        The data the target was picked on.
    placebo : bool
        True where there was no operation: the answer should be "no change".
    similar : Areas or None
        Outlines of similar markets farther away, to which harm may have moved.
    streets : str
        Name of the source of street lines along which the rings are measured; empty for straight lines.
    partners, co_occurring : tuple of str
    cost : float
        In the study's own money; NaN if not stated.
    mitigation : tuple of Mitigation
        What was planned to soften harm, and whether it was delivered.
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
    chosen_on: Period | None = None
    placebo: bool = False
    similar: Areas | None = None
    streets: str = ""
    partners: tuple[str, ...] = ()
    mitigation: tuple[Mitigation, ...] = ()
    co_occurring: tuple[str, ...] = ()
    cost: float = math.nan


@dataclass(frozen=True, slots=True)
class HotspotSettings:
    """How surfaces and hotspots are drawn.

    Attributes
    ----------
    cell : float
        Metres.
    bandwidth : float or str
        Metres (the search radius; of the Gaussian the standard deviation), or the rule that finds them.
    share : float
        Share of all density that the hotspots hold.
    kernel : str
    edge : str
        How density near the study boundary is corrected.
    """

    cell: float = 50.0
    bandwidth: float | str = 300.0
    share: float = 0.25
    kernel: str = "quartic"
    edge: str = "jones-diggle"


@dataclass(frozen=True, slots=True)
class PublishSettings:
    """Who will read it.

    Attributes
    ----------
    release : str
        "public" or "internal".
    disclosure : str
        Named rule for small counts, e.g. "under-5".
    places : tuple of Site
        Names to show on maps.
    context : tuple of shapely geometry
        Lines or outlines drawn for orientation, in metres.
    attribution : tuple of str
        Credits for places and context.
    files : tuple of str
        Files beside the pages: some of `GIS_FILES` and `PIECES`.
    tiles : Tiles or None
        Background of the map, loaded from their host by everyone who opens it; None for a map that asks nobody.
    steps : str
        Of the map through time: one of `STEPS`.
    """

    release: str = "public"
    disclosure: str = "under-5"
    places: tuple[Site, ...] = ()
    context: tuple[BaseGeometry, ...] = ()
    attribution: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    tiles: BackgroundTiles | None = None
    steps: str = "phases"


@dataclass(frozen=True, slots=True)
class Study:
    """Everything stated before any row is read.

    Attributes
    ----------
    name : str
    slug : str
        Name of the study file, without its ending: used for folders and the database.
    area : StudyArea
    period : Period
        Nothing outside it is read.
    seed : int
    primary : str
        The one primary measure; all others are secondary.
    sources, measures, operations : tuple
    hotspots : HotspotSettings
    publish : PublishSettings
    inputs : mapping of str to str
        The study file and every area file, by name relative to the study file, with their sha256.
    folder : Path
        Where the study file lies.
    emerging : EmergingSettings
    accuracy : AccuracySettings
    change : ChangeSettings
    harm : HarmSettings
        Values, indicators, the watch, options: what is said about harm beyond the measures.
    composites : tuple of CompositeOutcome
        Over several measures, rings or windows at once.
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

    def measure(self, name: str) -> Measure:
        """Return a measure by name."""
        return next(measure for measure in self.measures if measure.name == name)

    def measures_of(self, source: str) -> tuple[Measure, ...]:
        """Return the measures that count rows of a source."""
        return tuple(measure for measure in self.measures if measure.source == source)
