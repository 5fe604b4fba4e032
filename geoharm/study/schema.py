"""The schema of the study file: every key with its type, its limits, its default and its meaning.

What is written is described here and nowhere else: reading, the sentences about mistakes, ``geoharm schema study``, the
table of keys in ``docs/study-file.md`` and the plan lock follow from it. What the tables mean together is found by
`geoharm.study.read`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag

from geoharm._schema import Day, FileName, Name, OneOf, Table, Text, WebFolder, growing
from geoharm.geo.ground_layouts.schema import GroundLayerTable
from geoharm.model.activity import ACTIVITY_KINDS
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.harm_settings import STANDS_FOR, HarmSettings, UnintendedHarmSettings
from geoharm.model.kernel_choices import BANDWIDTH_RULES, EDGES, KERNELS
from geoharm.model.map_steps import STEPS
from geoharm.model.measure import BORNE_BY, HARM_TYPES, RECORDERS, SIGNS_OF, UNITS
from geoharm.model.settings import COMPARED, ChangeSettings, Correction, EmergingSettings
from geoharm.model.study import (
    EVENT_KINDS,
    GIS_FILES,
    MAX_COMPARISONS,
    MAX_LOOKS,
    PAPERS,
    PIECES,
    TABLE_KINDS,
    HotspotSettings,
    PublishSettings,
)
from geoharm.model.tactics import TACTICS
from geoharm.study.value_profiles.profiles import DEFAULT_PROFILES, SHIPPED_RATES

AFTER = "after"
AUTOMATIC = "auto"
LASTING: Literal["lasts"] = "lasts"
RELEASES = ("public", "internal")
CORRECTIONS = {"step-down": Correction.STEP_DOWN, "false discovery rate": Correction.FDR}
# Seeds and counts fit the whole numbers of TOML.
_LARGEST = 2**63 - 1
_WEIGHT_WORD = r"^ *[^\W\d_][\w .-]{0,29}$"
_DEFAULT_HOTSPOTS, _DEFAULT_EMERGING, _DEFAULT_CHANGE = HotspotSettings(), EmergingSettings(), ChangeSettings()
_DEFAULT_HARM, _DEFAULT_WATCH, _DEFAULT_PUBLISH = HarmSettings(), UnintendedHarmSettings(), PublishSettings()


@dataclass(frozen=True, slots=True)
class Locked:
    """The mark of a key that is part of the plan: a plan lock holds its value.

    Attributes
    ----------
    attribute : str
        Where the noun that is read from the table keeps the value, such as "area.crs".
    form : str
        How the value is written in a lock: a key of `geoharm.pipeline.preregistration.FORMS`.
    entry : str
        Name of the entry in the lock, if it is not that of the key.
    unless : tuple
        Values with which a key that was added later has no entry, so that a lock from before stays valid.
    """

    attribute: str
    form: str = "plain"
    entry: str = ""
    unless: tuple[object, ...] = ()


def locked_keys(model: type[Table]) -> Iterator[tuple[str, Locked]]:
    """Yield the entry's name and the mark of every key of a table that is part of the plan, with inline tables' keys."""
    for key, field in model.model_fields.items():
        for mark in field.metadata:
            if isinstance(mark, Locked):
                yield mark.entry or key, mark
        if isinstance(field.annotation, type) and issubclass(field.annotation, Table):
            yield from locked_keys(field.annotation)


def _range(numbers: list[float]) -> list[float]:
    if numbers[0] > numbers[1]:
        msg = "must be two numbers, the smaller first: a 90% range."
        raise ValueError(msg)
    return numbers


def _weight_word(text: str) -> str:
    if not re.search(_WEIGHT_WORD, text):
        msg = 'must say in a word or a few what the weights count, such as "needles".'
        raise ValueError(msg)
    return text


_Share: TypeAlias = Annotated[float, Field(ge=-1)]
_Range: TypeAlias = Annotated[list[_Share], Field(min_length=2, max_length=2), AfterValidator(_range)]
_HalfLife: TypeAlias = Annotated[
    list[Annotated[float, Field(ge=0.1)]], Field(min_length=2, max_length=2), AfterValidator(_range)
]
_Growing: TypeAlias = Annotated[
    list[Annotated[int, Field(ge=1, le=10**6)]], Field(min_length=1), AfterValidator(growing)
]
_Metres: TypeAlias = Annotated[float, Field(ge=0)]
_Months: TypeAlias = Annotated[int, Field(ge=1, le=1200)]


class PeriodTable(Table):
    """A period, half-open."""

    model_config = ConfigDict(title="{ start, end }")

    start: Day = Field(description="The first day.")
    end: Day = Field(description="The first day after the period: the end is not included.")


class StudyTable(Table):
    """The study itself."""

    model_config = ConfigDict(title="[study]")

    name: Name = Field(description="Shown on every page.")
    area: Annotated[FileName, Locked("area.boundary", "shape")] = Field(
        description="Area file with the boundary, relative to the study file: GeoJSON, GeoPackage, Shapefile, KML or FlatGeobuf; see below."
    )
    crs: Annotated[Name | None, Locked("area.crs")] = Field(
        default=None,
        description='Projected coordinate system in metres, such as "EPSG:27700"; if left out, the local UTM zone is used and reported.',
    )
    period: Annotated[PeriodTable, Locked("period", "period")] = Field(
        description="The study period; rows outside are rejected as such."
    )
    seed: Annotated[int, Locked("seed")] = Field(
        default=0, ge=0, le=_LARGEST, description="Random seed, kept with every result."
    )
    primary: Annotated[Name | None, Locked("primary")] = Field(
        default=None,
        description="Name of the one primary measure. With an operation it must be given, and must be a harm; without one it is any measure, and if left out the first harm, else the first measure.",
    )


class SourceTable(Table):
    """A data source: files of one format."""

    model_config = ConfigDict(title="[[source]]")

    name: Name = Field(description="Name, by which measures refer to the source.")
    kind: Annotated[str, OneOf((*EVENT_KINDS, *TABLE_KINDS)), Locked("kind")] = Field(
        description="What the files hold: dated points of a kind (the first four), or data without dated points."
    )
    format: Annotated[FileName, Locked("format", "format")] = Field(
        description="A shipped format, or the path of your own TOML file."
    )
    files: Annotated[list[FileName], Locked("files")] = Field(
        min_length=1, description="File names or patterns, searched in the folder given with `--data`."
    )
    covers: Annotated[PeriodTable | None, Locked("covers", "period")] = Field(
        default=None,
        description="The days that the files cover, if the first and last event do not show it; or the days of a table whose format says `undated = true`.",
    )
    oldest_first: Annotated[bool, Locked("oldest_first", unless=(False,))] = Field(
        default=False,
        description="`true` if `files` are listed from oldest to latest: of an event that several of them have, the latest version counts.",
    )
    areas: Annotated[list[FileName] | None, Locked("areas", "areas")] = Field(
        default=None,
        min_length=1,
        description="For an area table or survey, or for events whose format names the code of an area (`columns.area`) instead of coordinates: area files with the outlines of the areas.",
    )
    area_id: Name | None = Field(default=None, description="With `areas`: the property with the code of an area.")
    addresses: Annotated[list[Name], Locked("addresses", unless=((),))] = Field(
        default=[],
        description="For dated points: names of sources of kind `addresses` or `streets`, by which rows without coordinates are placed, in this order; see [addresses](addresses.md).",
    )
    match: Annotated[float | None, Field(ge=80, le=100), Locked("match", unless=(None,))] = Field(
        default=None,
        description="With `addresses`: the similarity (100 is the same) from which on a street that they do not have is taken for the one that is written much alike; such rows are marked, and the answer is shown without them too. If left out, only the same address counts; 85 is a careful value (docs/addresses.md).",
    )


class WhereTable(Table):
    """Which rows of a source are counted."""

    model_config = ConfigDict(title="{ category }")

    category: list[Name] = Field(
        default=[], description="Categories of the source that are counted; if left out, every row."
    )


class HarmTable(Table):
    """The harm that a measure stands for."""

    model_config = ConfigDict(title="{ borne_by, type }")

    borne_by: Annotated[str, OneOf(BORNE_BY)] = Field(description="Who bears the harm.")
    type: Annotated[str, OneOf(HARM_TYPES)] = Field(description="Type of the harm.")


_ROLE = Locked("role", entry="role")


class MeasureTable(Table):
    """A measure: what is counted from one source."""

    model_config = ConfigDict(title="[[measure]]")

    name: Name = Field(description="Name for readers.")
    source: Annotated[Name, Locked("source")] = Field(description="Name of the source that is counted.")
    where: Annotated[WhereTable, Locked("categories")] = Field(
        default=WhereTable(), description="Which rows are counted; if left out, every row."
    )
    unit: Annotated[str, OneOf(UNITS), Locked("unit")] = Field(description="What one row is.")
    recorded_by: Annotated[str, OneOf(RECORDERS), Locked("recorded_by")] = Field(description="Who recorded the rows.")
    harm: Annotated[HarmTable | None, _ROLE] = Field(
        default=None,
        description="The harm that it stands for. Drug offences, arrests and everything that police record on their own initiative are activity.",
    )
    activity: Annotated[bool, _ROLE] = Field(
        default=False, description="`true` instead of `harm`: what enforcement or services did; shown, and in no sum."
    )
    reporting: Annotated[bool, _ROLE] = Field(
        default=False,
        description="`true` instead of `harm` or `activity`: other reports by the same route (bulky items, for needle requests). They are counted only to see whether reporting itself changed, and are in no sum.",
    )
    count_as_harm: bool = Field(
        default=False, description="`true` counts police activity as harm; every report then says so."
    )
    comparator: Annotated[Name | None, Locked("comparator")] = Field(
        default=None,
        description="On a harm: the name of a `reporting` measure; the harm is then also shown corrected for it.",
    )
    kind: Annotated[str, OneOf(EVENT_KINDS)] | None = Field(
        default=None, description="Only for a measure of an area table: what it counts."
    )
    weight: Annotated[str, AfterValidator(_weight_word)] | None = Field(
        default=None,
        json_schema_extra={"pattern": _WEIGHT_WORD},
        examples=["needles"],
        description="In a word or a few, what the weight column of its format counts. Densities and hotspot contours use this weight; everything else counts events; see below.",
    )
    sign_of: Annotated[Annotated[str, OneOf(SIGNS_OF)] | None, Locked("sign_of", unless=("",))] = Field(
        default=None,
        description='Whether its events are signs of drug use or of dealing, for value profiles that ask for them. Finds of needles are signs of use unless this says "dealing"; activity is never a sign.',
    )
    watch: bool = Field(
        default=False,
        description="`true` to check it for unintended harm after an operation, in addition to health and violence.",
    )


class RingsTable(Table):
    """The zones around a target area."""

    model_config = ConfigDict(title="{ gap, outer, along }")

    gap: Annotated[_Metres, Locked("gap")] = Field(
        default=0.0, description="Distance in metres between the target and the first ring."
    )
    outer: Annotated[list[_Metres], Locked("rings", entry="rings")] = Field(
        min_length=1, description="Outer distances of the rings from the target in metres; they grow from the gap on."
    )
    along: Annotated[Name | None, Locked("streets", entry="streets")] = Field(
        default=None,
        description="Name of a source of kind `streets`: gap and rings are then measured along streets; an area that is nearer in a straight line but farther along streets is in no zone.",
    )


class BeforeTable(Table):
    """The window before an operation: fixed dates, or the season of the windows after in earlier years."""

    model_config = ConfigDict(
        title="{ start, end } or { years, same_season }",
        json_schema_extra={"oneOf": [{"required": ["start", "end"]}, {"anyOf": [{"required": ["years"]}]}]},
    )

    start: Day | None = Field(default=None, description="The first day.")
    end: Day | None = Field(default=None, description="The first day after the window.")
    years: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="Number of earlier years, whose days of the same dates as in `after` count.",
    )
    same_season: Literal[True] | None = Field(default=None, description="With `years`: always `true`.")


class MitigationTable(Table):
    """What was planned to reduce the unintended harm of an operation."""

    model_config = ConfigDict(title="{ what, delivered, holds }")

    what: Text = Field(description="What was planned.")
    delivered: bool | Literal["partly"] | None = Field(default=None, description="Whether it was delivered.")
    holds: list[Name] = Field(default=[], description="Names of the measures that should not rise.")


def _text_or_table(item: object) -> str:
    return "table" if isinstance(item, dict | Table) else "text"


_Mitigation: TypeAlias = Annotated[
    Annotated[Text, Tag("text")] | Annotated[MitigationTable, Tag("table")], Discriminator(_text_or_table)
]


class ActivityTable(Table):
    """What police or partners did on a day or over a period: activity, in no sum."""

    model_config = ConfigDict(title="[[operation.activity]]")

    what: Text = Field(description="What was done, in words.")
    kind: Annotated[str, OneOf(ACTIVITY_KINDS)] = Field(description="What kind of activity it was.")
    by: Name = Field(description="Who did it.")
    start: Day = Field(description="The day, or the first day.")
    end: Day | None = Field(default=None, description="The last day, if it took several; it is part of the period.")
    count: int | None = Field(
        default=None,
        ge=0,
        le=_LARGEST,
        description="How many; if left out, it is shown as done and not counted. Small counts are withheld in a public release.",
    )


class SpellTable(Table):
    """One of several periods in which an operation was active; both days are part of it."""

    model_config = ConfigDict(title="[[operation.spell]]")

    start: Day = Field(description="The first day.")
    end: Day = Field(description="The last day; it is part of the spell.")


class StreetTable(Table):
    """A street as a target area: a line and the width of the ground along it."""

    model_config = ConfigDict(title="{ line, width }")

    line: FileName = Field(description="File with the line, or several, in any format of area files.")
    width: Annotated[float, Field(ge=1, le=1000)] = Field(
        description="In metres: all ground within half of it is the target area."
    )


_Target: TypeAlias = Annotated[
    Annotated[FileName, Tag("text")] | Annotated[StreetTable, Tag("table")], Discriminator(_text_or_table)
]


class OperationTable(Table):
    """An operation: what was done, where and when."""

    model_config = ConfigDict(title="[[operation]]")

    name: Name = Field(description="Name for readers.")
    tactic: Annotated[str, OneOf(TACTICS), Locked("tactic")] = Field(description="What kind of operation it was.")
    objective: Text = Field(description="What it was for.")
    start: Annotated[Day | None, Locked("period", "period", "period")] = Field(
        default=None, description="The first day. Must be given, unless there are spells."
    )
    end: Annotated[Day | None, Locked("period", "period", "period")] = Field(
        default=None,
        description="The last day; it is part of the operation. Must be given, unless it goes on or there are spells.",
    )
    ongoing: Annotated[bool, Locked("ongoing", unless=(False,))] = Field(
        default=False,
        description="`true` for a measure that goes on: it has no `end`, and the months of `after` count from its start; see below.",
    )
    spell: Annotated[list[SpellTable], Locked("spells", "periods", "spells", unless=((),))] = Field(
        default=[],
        description="Instead of `start` and `end`: two or more periods in which it was active, in their order; see below.",
    )
    target: Annotated[_Target, Locked("target", "shape")] = Field(
        examples=["target.geojson"],
        description="The area file of the target area; or a table with the line of a street and its width.",
    )
    target_note: Text = Field(default="not stated", description="The source from which the target was drawn.")
    rings: RingsTable = Field(description="The gap and the rings around the target.")
    control: Annotated[FileName, Locked("control", "shape or auto")] = Field(
        default=AUTOMATIC, description='"auto", or the area file of a control area.'
    )
    before: Annotated[BeforeTable, Locked("before", "before rule")] = Field(
        description="Fixed days, or the same dates as `after` in earlier years."
    )
    after: Annotated[list[Name], Locked("after")] = Field(
        min_length=1,
        examples=[["during", "0-3 months"]],
        description='Phases: "during", or months after the end. The headline uses all but "during". With spells also "between"; of a measure that goes on, months since its start.',
    )
    looks: Annotated[int, Locked("looks", unless=(1,))] = Field(
        default=1,
        ge=1,
        le=MAX_LOOKS,
        description="How often the operation is to be evaluated in all, as months arrive, this time included; set it before the first time. Each time is then read at a stricter level, so that all together are wrong as seldom as one; see below.",
    )
    chosen_on: Annotated[PeriodTable | None, Locked("chosen_on", "period")] = Field(
        default=None,
        description="The period of the data on which the target was chosen. If it shares days with `before`, the verdict says so, with the change that is expected from the choice alone (compared with all squares of the target's size).",
    )
    placebo: Annotated[bool | None, Locked("placebo")] = Field(
        default=None, description="`true` marks a test of the method, as the tactic `placebo` does."
    )
    similar: Annotated[FileName | None, Locked("similar_markets", "areas")] = Field(
        default=None,
        description="Area file with the outlines of similar markets farther away (their names in the property `name`), to which harm may have moved.",
    )
    partners: list[Name] = Field(default=[], description="Who took part.")
    co_occurring: list[Text] = Field(default=[], description="What else happened in the same weeks.")
    mitigation: Annotated[list[_Mitigation], Locked("mitigation", "mitigation")] = Field(
        default=[],
        description="What was planned to reduce harm: texts, or tables with the measures that should not rise.",
    )
    cost: float | None = Field(default=None, ge=0, description="In the study's currency.")
    activity: list[ActivityTable] = Field(
        default=[],
        description="What police and partners did, by date. No answer depends on it, so it is not in the plan lock and may be entered later.",
    )


REGISTER_COLUMNS = (
    "name", "start", "end", "tactic", "objective", "cost", "longitude", "latitude", "x", "y", "area", "wkt",
)  # fmt: skip
_A_COLUMN = "if left out, the column of this name, if there is one."


class RegisterColumns(Table):
    """What the columns of a register hold."""

    model_config = ConfigDict(title="{ name, start, ... }")

    name: Name | None = Field(default=None, description=f"Column with the name; {_A_COLUMN}")
    start: Name | None = Field(default=None, description=f"Column with the first day; {_A_COLUMN}")
    end: Name | None = Field(
        default=None,
        description=f"Column with the last day, which is part of the operation; {_A_COLUMN} Without one, every operation lasts a day; a row without an end in it is rejected.",
    )
    tactic: Name | None = Field(default=None, description=f"Column with the tactic; {_A_COLUMN}")
    objective: Name | None = Field(default=None, description=f"Column with what it was for; {_A_COLUMN}")
    cost: Name | None = Field(default=None, description=f"Column with the cost; {_A_COLUMN}")
    longitude: Name | None = Field(default=None, description=f"With `latitude`: column with the place, or {_A_COLUMN}")
    latitude: Name | None = Field(default=None, description=f"With `longitude`: {_A_COLUMN}")
    x: Name | None = Field(default=None, description=f"With `y`: column with metres to the east; {_A_COLUMN}")
    y: Name | None = Field(default=None, description=f"With `x`: column with metres to the north; {_A_COLUMN}")
    area: Name | None = Field(
        default=None, description=f"With `areas`: column with the code of the area that is the target; {_A_COLUMN}"
    )
    wkt: Name | None = Field(
        default=None, description=f"Column with the target as well-known text: point, line or polygon; {_A_COLUMN}"
    )


class ComparisonTable(Table):
    """A comparison: two windows of the whole study area, whatever was done between them."""

    model_config = ConfigDict(title="[[comparison]]")

    name: Name = Field(description="Name for readers.")
    before: PeriodTable = Field(description="The earlier window.")
    after: PeriodTable = Field(description="The later window; it begins when the earlier one has ended, or later.")


class RegisterBeforeTable(Table):
    """The window before every operation of a register."""

    model_config = ConfigDict(
        title="{ months } or { years, same_season }",
        json_schema_extra={"oneOf": [{"required": ["months"]}, {"required": ["years"]}]},
    )

    months: Annotated[int, Field(ge=1, le=1200)] | None = Field(
        default=None, description="The months that end on the first day of the operation."
    )
    years: Annotated[int, Field(ge=1, le=100)] | None = Field(
        default=None, description="Number of earlier years, whose days of the same dates as in `after` count."
    )
    same_season: Literal[True] | None = Field(default=None, description="With `years`: always `true`.")


class RegisterTable(Table):
    """A register: a table with one row an operation, all of them with the same rings and windows."""

    model_config = ConfigDict(title="[[register]]")

    file: FileName = Field(description="CSV file, relative to the study file; every row is an operation.")
    columns: RegisterColumns = Field(default=RegisterColumns(), description="What its columns are called.")
    dates: list[Name] | None = Field(
        default=None,
        min_length=1,
        examples=[["%d/%m/%Y"]],
        description="Patterns of its dates, as in formats; if left out, those that read the whole column, and a register whose day and month could be exchanged is refused.",
    )
    tactic: Annotated[str, OneOf(TACTICS)] | None = Field(
        default=None, description="Tactic of all rows without one of their own."
    )
    tactics: dict[Name, Name] = Field(
        default={}, description="Tactics by the words of the register that stand for them."
    )
    radius: Annotated[float, Field(ge=1)] | None = Field(
        default=None, description="For places that are points: radius of the target area in metres."
    )
    width: Annotated[float, Field(ge=1)] | None = Field(
        default=None, description="For places that are lines: width of the street in metres."
    )
    crs: Name | None = Field(
        default=None,
        description="Coordinate system of the places; if left out, degrees for `longitude`, `latitude` and `wkt`, and the study's own for `x` and `y`.",
    )
    areas: list[FileName] | None = Field(
        default=None, min_length=1, description="With `area`: area files with the outlines of the areas."
    )
    area_id: Name | None = Field(default=None, description="With `areas`: the property with the code of an area.")
    objective: Text = Field(description="What they were for.")
    rings: RingsTable = Field(description="The gap and the rings around every target.")
    control: FileName = Field(default=AUTOMATIC, description='"auto", or the area file of a control area for all.')
    before: RegisterBeforeTable = Field(
        description="The months before each operation, or the same dates as `after` in earlier years."
    )
    after: list[Name] = Field(
        min_length=1,
        examples=[["during", "0-3 months"]],
        description='Phases: "during", or months after the end of each. The headline uses all but "during".',
    )


class QuestionTable(Table):
    """A composite outcome: several measures, zones or windows, pooled."""

    model_config = ConfigDict(title="[[question]]")

    name: Name = Field(description="Name for readers.")
    measures: Annotated[list[Name], Locked("measures")] = Field(
        min_length=1, description="Names of measures of harm; activity is refused."
    )
    zones: Annotated[list[Name], Locked("zones")] = Field(
        default=["target"],
        min_length=1,
        description='"target", "all rings", "target and rings", or "ring 1", "ring 2", ... from the inside to the outside.',
    )
    windows: Annotated[list[Name], Locked("windows")] = Field(
        default=[AFTER],
        min_length=1,
        description='"after" (the window of the headline), or phases such as "0-3 months", which may overlap here.',
    )


class HotspotsTable(Table):
    """Settings of density surfaces and hotspots."""

    model_config = ConfigDict(title="[hotspots]")

    cell: float = Field(default=_DEFAULT_HOTSPOTS.cell, ge=1, description="Cell size in metres.")
    share: float = Field(
        default=_DEFAULT_HOTSPOTS.share,
        ge=0.01,
        le=1,
        description="The share of all density that the hotspots contain.",
    )
    kernel: Annotated[str, OneOf(tuple(KERNELS))] = Field(default=_DEFAULT_HOTSPOTS.kernel, description="The kernel.")
    bandwidth: Annotated[float, Field(ge=1)] | Annotated[str, OneOf(tuple(BANDWIDTH_RULES))] = Field(
        default=_DEFAULT_HOTSPOTS.bandwidth, description="Metres, at least the cell size, or a rule; see below."
    )
    edge: Annotated[str, OneOf(tuple(EDGES))] = Field(
        default=_DEFAULT_HOTSPOTS.edge, description="Correction near the study boundary; see below."
    )


class EmergingTable(Table):
    """Settings of clusters and emerging hotspots."""

    model_config = ConfigDict(title="[emerging]")

    cell: float = Field(default=_DEFAULT_EMERGING.cell, ge=1, description="Cell size in metres.")
    band: float | None = Field(
        default=None,
        ge=1,
        description="The largest distance between neighbours in metres: 500 or, with `cell`, at least two cells.",
    )
    months: _Months = Field(default=_DEFAULT_EMERGING.months, description="Whole months in each step.")
    earlier: int = Field(
        default=_DEFAULT_EMERGING.earlier,
        ge=0,
        le=1200,
        description="Number of earlier steps that are also neighbours of a step.",
    )
    compare: Annotated[str, OneOf(COMPARED)] = Field(
        default=_DEFAULT_EMERGING.compare,
        description='What a step is compared with; with "own steps", a rise in the whole city makes no hot spot.',
    )


class AccuracyTable(Table):
    """The periods in which hotspots are drawn and then tested."""

    model_config = ConfigDict(title="[accuracy]")

    earlier: PeriodTable = Field(
        description="Whole months from which hotspots are drawn; without `[accuracy]`, the twelve months before `later`."
    )
    later: PeriodTable = Field(
        description="Whole months on which they are tested; without `[accuracy]`, the last twelve whole months of each source."
    )


class ChangeTable(Table):
    """Settings of the tests of change between the windows of an operation or a comparison."""

    model_config = ConfigDict(title="[change]")

    permutations: int = Field(
        default=_DEFAULT_CHANGE.permutations, ge=99, le=10**7, description="Number of random permutations."
    )
    level: float = Field(
        default=_DEFAULT_CHANGE.level, ge=0.001, le=0.5, description="Cells with a larger adjusted p-value are grey."
    )
    correction: Annotated[str, OneOf(tuple(CORRECTIONS))] = Field(
        default="step-down",
        description='"step-down" controls the probability of any coloured cell without a change; "false discovery rate" controls the share of such cells among the coloured ones, and needs many permutations.',
    )
    block_metres: _Metres = Field(
        default=_DEFAULT_CHANGE.block_metres,
        description="Reports of one square of this side are permuted together; 0 means one place.",
    )
    block_days: int = Field(
        default=_DEFAULT_CHANGE.block_days,
        ge=1,
        le=36500,
        description="Reports of one block of days are permuted together.",
    )
    adaptive: bool = Field(
        default=_DEFAULT_CHANGE.adaptive,
        description="`true`: every place has its own bandwidth, shorter where there are many events, and the same before and after.",
    )
    square: float = Field(
        default=_DEFAULT_CHANGE.square,
        ge=1,
        description="Without `areas`: side in metres of the squares that are compared.",
    )
    areas: list[FileName] | None = Field(
        default=None, min_length=1, description="Area files: the areas whose shares of all events are compared."
    )
    area_id: Name | None = Field(default=None, description="With `areas`: the property with their code.")
    people: FileName | None = Field(
        default=None,
        description="Events are also compared with the people who live there: a GeoTIFF of people per cell; or points or polygons of an area file with their number; or a CSV with that column, and either `longitude` and `latitude` or the code `area_id` of the `areas` here. People of an area are spread evenly over it; of an area that crosses the edge of the study area, the part inside counts.",
    )
    people_count: Name | None = Field(
        default=None, description="Property or column with the number of people; a GeoTIFF needs none."
    )


class ValuesTable(Table):
    """The values under which changes of harm are added up."""

    model_config = ConfigDict(title="[values]")

    profiles: Annotated[list[FileName], Locked("profiles", "profiles")] = Field(
        default=list(DEFAULT_PROFILES),
        min_length=1,
        description="Value profiles: shipped ones or paths of your own. The first is the leading one.",
    )
    exchange: Annotated[FileName, Locked("exchange_rates", "profile")] = Field(
        default=SHIPPED_RATES, description="The admissible weightings: shipped ones or a path of your own."
    )
    market_size: Annotated[Name | None, Locked("market_size")] = Field(
        default=None, description="Name of the measure that represents the size of the market."
    )


class IndicatorTable(Table):
    """A question of a survey."""

    model_config = ConfigDict(title="[[indicator]]")

    name: Name = Field(description="Name for readers.")
    source: Name = Field(description="Name of a source of kind `survey`.")
    question: Name = Field(default="all", description="The question, a category of the survey.")
    stands_for: Annotated[str, OneOf(STANDS_FOR)] = Field(
        description='"outcome", "market" (price, purity: shown, never an outcome) or "priority".'
    )
    better: Literal["lower", "higher"] = Field(default="lower", description="In which direction an outcome improves.")


class WatchTable(Table):
    """Settings of the checks for unintended harm."""

    model_config = ConfigDict(title="[watch]")

    margin: Annotated[float, Locked("margin")] = Field(
        default=_DEFAULT_WATCH.margin,
        ge=0.01,
        le=5,
        description="The rise that is still accepted, as a share of the expected count. It is also the largest bound that is "
        "stated (no rise over, no fall over), which is never above 0.5.",
    )
    days: Annotated[_Growing, Locked("days")] = Field(
        default=list(_DEFAULT_WATCH.days), description="Days after the start that are checked."
    )
    metres: Annotated[_Growing, Locked("metres")] = Field(
        default=list(_DEFAULT_WATCH.metres),
        description="Distances in metres from the edge of the target that are checked; target and rings together always are.",
    )
    months: Annotated[_Growing, Locked("months", unless=(_DEFAULT_WATCH.months,))] = Field(
        default=list(_DEFAULT_WATCH.months),
        description="Months after the start that are checked too, those of them that the data cover.",
    )


class CriteriaTable(Table):
    """Weights of the criteria by which markets are ranked."""

    model_config = ConfigDict(title="{ harm, noxiousness, ... }")

    harm: float = Field(default=0.0, ge=0, description="Harm under the leading value profile.")
    noxiousness: float = Field(default=0.0, ge=0, description="Harm per unit of market activity.")
    trend: float = Field(default=0.0, ge=0, description="Count of the last 12 months over that of the 12 before.")
    resilience: float = Field(default=0.0, ge=0, description="How far the market came back after earlier operations.")
    reach: float = Field(default=0.0, ge=0, description="Share of harm beyond walking distance of treatment.")
    priority: float = Field(default=0.0, ge=0, description="Priority of the community, from surveys.")


class PrioritiseTable(Table):
    """Settings of the ranking of markets."""

    model_config = ConfigDict(title="[prioritise]")

    weights: CriteriaTable | None = Field(
        default=None,
        description="Weight of each criterion; if left out, all weigh 1; a criterion that is left out weighs 0.",
    )
    walking: float = Field(default=_DEFAULT_HARM.walking, ge=1, description="Walking distance in metres.")


class SideTable(Table):
    """The assumed effect of an option on a harm at which it is not aimed."""

    model_config = ConfigDict(title="{ measure, change }")

    measure: Name = Field(description="Name of a measure of harm.")
    change: _Range = Field(description="90% range of the change, as shares: -0.1 is a fall of 10 %.")


class OptionTable(Table):
    """An option for `geoharm appraise`."""

    model_config = ConfigDict(title="[[option]]")

    name: Name = Field(description="Name for readers.")
    card: FileName | None = Field(default=None, description="An evidence card: a shipped one or a path.")
    local: _Range = Field(
        examples=[[-0.6, -0.1]], description="90% range of the change of the harms at which it is aimed, as shares."
    )
    displaced: _Range = Field(
        default=[0.0, 0.0], description="90% range of the share of this change that moves nearby."
    )
    half_life_months: _HalfLife | Literal["lasts"] = Field(
        default=LASTING, description='90% range of the months until half of the effect is gone, or "lasts".'
    )
    side: list[SideTable] = Field(default=[], description="Effects on harms at which it is not aimed.")
    source: Text = Field(description="The source of these numbers.")
    cost: float | None = Field(default=None, ge=0, description="In the study's currency.")


class AppraiseTable(Table):
    """Settings of the appraisal of options."""

    model_config = ConfigDict(title="[appraise]")

    months: _Months = Field(default=_DEFAULT_HARM.months, description="Months after the start that are appraised.")


class DescribedLayerTable(GroundLayerTable):
    """A layer of a ground file whose layout geoharm does not know."""

    model_config = ConfigDict(title="[[publish.ground_layer]]")

    file: FileName = Field(description="The ground file; of it, only the layers described here are drawn.")


class PublishTable(Table):
    """What is published, and how."""

    model_config = ConfigDict(title="[publish]")

    release: Annotated[str, OneOf(RELEASES)] = Field(
        default=_DEFAULT_PUBLISH.release, description="Who may read the pages."
    )
    disclosure: Annotated[str, OneOf(tuple(DISCLOSURE_RULES))] = Field(
        default=_DEFAULT_PUBLISH.disclosure, description="The rule for small counts; see `docs/disclosure.md`."
    )
    places: FileName | None = Field(default=None, description="Point file of place names.")
    context: list[FileName] = Field(default=[], description="Files of lines that are drawn for orientation.")
    ground: FileName | Annotated[list[FileName], Field(max_length=50)] = Field(
        default=[],
        description="Files of streets, water and green that lie under the maps; see `docs/ground.md`.",
    )
    ground_layer: list[DescribedLayerTable] = Field(
        default=[], max_length=100, description="Layers of ground files whose layout geoharm does not know."
    )
    attribution: list[Text] = Field(default=[], description="Credits of places, context and ground.")
    steps: Annotated[str, OneOf(tuple(STEPS))] = Field(
        default=_DEFAULT_PUBLISH.steps,
        description='The map\'s steps through time: "phases", or calendar "quarters" from one year before the operation; all with the same bandwidth and classes.',
    )
    tiles: Name = Field(
        default="none",
        description='"none", or the name of a background map in xyzservices, such as "OpenStreetMap.Mapnik"; see below.',
    )
    files: list[Annotated[str, OneOf((*GIS_FILES, *PIECES))]] = Field(
        default=[],
        description="Further files. For a GIS: `geopackage` (hotspots, zones with their effects, clusters, emerging hotspots and shifts of the pattern, with QGIS styles), `qgis` (the same and a QGIS project that opens it all), `geoparquet` (the same without zones), `geotiff` (surfaces and patterns in classes). For other programs and reports: `effects` (every effect as one row, as CSV and Parquet), `word` (the brief as a Word document), and in the folder `pieces` `figures` (card, map and every figure as SVG and PNG), `tables` (CSV), `workbook` (Excel). `docs/outputs.md` says what each holds.",
    )
    paper: Annotated[str, OneOf(PAPERS)] = Field(
        default=_DEFAULT_PUBLISH.paper, description="Paper size of the Word document."
    )
    address: WebFolder | None = Field(
        default=None,
        description="Web address of the folder where the pages will be, such as `https://city.example/reports/`. A shared link then shows the card's picture (with `figures`); nothing is loaded from there.",
    )


class StudyFile(Table):
    """A study of geoharm: one TOML file that names places, dates, distances, sources and values."""

    model_config = ConfigDict(title="geoharm study file")

    study: StudyTable = Field(description="The study itself.")
    source: list[SourceTable] = Field(min_length=1, description="Data sources.")
    measure: list[MeasureTable] = Field(min_length=1, description="Measures: what is counted.")
    operation: list[OperationTable] = Field(
        default=[],
        description="Operations that are evaluated; without one, here or in a register, a study maps where harm concentrates.",
    )
    registers: list[RegisterTable] = Field(
        default=[], alias="register", description="Registers of operations that are evaluated."
    )
    comparison: list[ComparisonTable] = Field(
        default=[],
        description=f"Pairs of windows whose counts, hotspots and maps are compared, at most {MAX_COMPARISONS}; no evaluation.",
    )
    question: list[QuestionTable] = Field(default=[], description="Composite outcomes.")
    hotspots: HotspotsTable = Field(default=HotspotsTable(), description="Density surfaces and hotspots.")
    emerging: EmergingTable = Field(default=EmergingTable(), description="Clusters and emerging hotspots.")
    accuracy: AccuracyTable | None = Field(default=None, description="The accuracy of hotspots.")
    change: ChangeTable = Field(default=ChangeTable(), description="Tests of change.")
    values: ValuesTable = Field(default=ValuesTable(), description="Values.")
    indicator: list[IndicatorTable] = Field(default=[], description="Questions of surveys.")
    watch: WatchTable = Field(default=WatchTable(), description="Unintended harm.")
    prioritise: PrioritiseTable = Field(default=PrioritiseTable(), description="The ranking of markets.")
    option: list[OptionTable] = Field(default=[], description="Options to appraise.")
    appraise: AppraiseTable = Field(default=AppraiseTable(), description="The appraisal of options.")
    publish: PublishTable = Field(default=PublishTable(), description="Publication.")
