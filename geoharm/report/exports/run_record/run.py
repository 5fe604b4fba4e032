"""The record of a run: the root of ``run.json``."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

from geoharm._version import __version__
from geoharm.answer.nouns import Multiplication
from geoharm.disclosure.released import Release, ReleasedCompositeResult, ReleasedOperation
from geoharm.model.reading import Reading, bound_percent
from geoharm.report.exports.run_record.area_changes import AreaOutcomeRecord, AreaRankingRecord
from geoharm.report.exports.run_record.comparisons import ComparisonRecord, WindowRecord
from geoharm.report.exports.run_record.effects import MeasureRecord
from geoharm.report.exports.run_record.estimates import (
    CountRecord,
    EstimateRecord,
    ForestRecord,
    ForestRowRecord,
    LeftOutRecord,
    PeriodRecord,
)
from geoharm.report.exports.run_record.harm import HarmAssessmentRecord
from geoharm.report.exports.run_record.hotspots import MeasureHotspotsRecord, PatternsRecord
from geoharm.report.exports.run_record.record import Number, Record, key
from geoharm.report.exports.run_record.study import SourceLedgerRecord, StudyRecord, TableLedgerRecord, TilesRecord
from geoharm.report.wording.verdict import Verdict
from geoharm.report.wording.withheld import rule_text

FORMAT = "geoharm run"
VERSION = 5
_LIBRARIES = ("duckdb", "folium", "geopandas", "numpy", "pyproj", "rasterio", "scipy", "shapely", "xstatic-leaflet")


@dataclass(frozen=True, slots=True)
class PublishedOperation:
    """A released operation with the verdict on it."""

    operation: ReleasedOperation
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class PublishedRun:
    """A release with the verdict on each of its operations."""

    release: Release
    operations: tuple[PublishedOperation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseRecord(Record):
    """One clause of the headline; all clauses are shown in one size."""

    text: str = key("The clause in words.")
    tone: str = key("less (harm), more (harm), unclear or activity.", at="tone.value")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRecord(Record):
    """One of the four questions."""

    question: str = key("The question.")
    answer: str = key("The answer in short.")
    detail: str = key("The numbers behind it, in words.")


def _comparison(line: Multiplication) -> str:
    return line.comparison.name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiplicationRecord(Record):
    """A line to multiply: before x days_after / days_before x factor = expected; after - expected = difference."""

    measure: str = key("Name of the measure.", at="change.measure.measure.name")
    zone: str = key("The zone.", at="change.effect.zone")
    comparison: str = key("What the factor was learned at: places like it, or the control area.", read=_comparison)
    before: int = key("Events before.")
    after: int = key("Events after.")
    days_before: int = key("Days of the window before.")
    days_after: int = key("Days of the window after.")
    factor: float = key("What the comparison did, rounded so that the product rounds to `expected`.")
    expected: int = key("Events expected after, rounded.")
    difference: int = key("`after` - `expected`.")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRecord(Record):
    """The verdict on one operation."""

    state: Reading = key("The statement that the primary measure in the target area supports.")
    percent: int | None = key(
        'Of "no rise over" and "no fall over": the change in percent beyond which it is ruled out; null for other statements.'
    )
    headline: tuple[ClauseRecord, ...] = key(
        "The primary measure, every harm that rose, all harms together.", at="clauses"
    )
    lead: str = key("The numbers of the primary measure, in words.")
    questions: tuple[AnswerRecord, ...] = key("The four questions.", at="answers")
    multiplications: tuple[MultiplicationRecord, ...] = key("The lines that a reader can multiply.")
    sum_note: str = key("Why target and rings do not add up to both together; empty if they do.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedActivityRecord(Record):
    """What police or partners did on a day or over a period: activity, in no sum."""

    what: str = key("What was done.")
    kind: Literal[
        "partner action", "diversion", "referral", "referral outcome", "arrest", "people moved on", "other"
    ] = key("What kind of activity it was.")
    by: str = key("Who did it.")
    period: PeriodRecord = key("When.")
    count: CountRecord | None = key("How many; null if it was not counted.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRecord(Record):
    """All results of one operation."""

    name: str = key("Name of the operation.", at="operation.design.operation.name")
    placebo: bool = key("Whether nothing was done: a test of the method.", at="operation.design.operation.placebo")
    verdict: VerdictRecord = key("The verdict.")
    notices: tuple[str, ...] = key("What is missing in the data.", at="verdict.notices")
    before: WindowRecord = key("The window before the operation.", at="operation.design.before")
    after: WindowRecord = key("The window after, of the headline.", at="operation.design.after")
    phases: tuple[WindowRecord, ...] = key("Parts of the time since the operation began.", at="operation.design.phases")
    measures: tuple[MeasureRecord, ...] = key("Results by measure, the primary measure first.", at="operation.measures")
    harm: HarmAssessmentRecord | None = key("The harm assessment.", at="operation.harm")
    activity: tuple[DatedActivityRecord, ...] = key(
        "What police and partners did, by date; in no sum.", at="operation.design.operation.activity"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneForestRecord(Record):
    """The primary measure in one zone, pooled over the operations."""

    zone: str = key("The zone.", at="0")
    forest: ForestRecord = key("The operations and their mean.", at="1")


def _pooled_percent(result: ReleasedCompositeResult) -> int | None:
    return bound_percent(result.pooled, result.reading)


def _dependence(result: ReleasedCompositeResult) -> str:
    return result.note if result.pooled.is_defined else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositeResultRecord(Record):
    """A composite outcome around one operation."""

    operation: str = key("Name of the operation.")
    pooled: EstimateRecord = key("Mean of the components' log rate ratios.")
    detectable_fall: Number = key("Smallest common fall that is detected in 80% of cases, as a share, 0 to 1.")
    reading: Reading = key("The statement that the pooled estimate supports.")
    percent: int | None = key(
        'Of "no rise over" and "no fall over": the change in percent beyond which it is ruled out; null for other statements.',
        read=_pooled_percent,
    )
    rows: tuple[ForestRowRecord, ...] = key("Components that may be shown by themselves.")
    parts: int = key("Number of components in the pooled estimate.")
    left_out: tuple[LeftOutRecord, ...] = key("Components that are not shown.")
    note: str = key("How the dependence between the components was estimated.", read=_dependence)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositeRecord(Record):
    """A composite outcome: several measures, zones and windows, named in the study file and pooled."""

    name: str = key("Name of the composite outcome.", at="outcome.name")
    measures: tuple[str, ...] = key("Its measures.", at="outcome.measures")
    zones: tuple[str, ...] = key("Its zones.", at="outcome.zones")
    windows: tuple[str, ...] = key("Its windows.", at="outcome.windows")
    results: tuple[CompositeResultRecord, ...] = key("Results by operation.")
    pooled: ForestRecord | None = key("Pooled over the operations; null for a single operation.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PreregistrationRecord(Record):
    """How the results relate to a preregistered plan."""

    kind: Literal["confirmatory", "exploratory"] = key("Which kind of result this is.")
    digest: str = key("SHA-256 of the locked plan; empty if none was locked.")
    locked_on: str = key("Day of the lock; empty if none was locked.")
    operation_begun: bool = key("Whether an operation had begun by the day of the lock.")
    outcomes_loaded: bool = key("Whether the database held outcomes when the plan was locked.")
    changes: tuple[str, ...] = key("Differences between the study file and the locked plan.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord(Record):
    """Everything needed to repeat a run and to check that its results are the same.

    Undefined, suppressed and infinite numbers are null; other numbers have nine digits. It holds no date of the run and
    no paths.
    """

    format: Literal["geoharm run"] = key("What this file is.", default=FORMAT)
    version: Literal[5] = key(
        "Version of the format. A key that is added, changes or goes makes a new one.", default=VERSION
    )
    geoharm: str = key("Version of geoharm.", read=lambda _: __version__)
    python: str = key("Version of Python.", read=lambda _: platform.python_version())
    libraries: Mapping[str, str] = key(
        "Versions of the libraries that results depend on.", read=lambda _: {name: version(name) for name in _LIBRARIES}
    )
    study: StudyRecord = key("The study.", at="release.study")
    release: Literal["public", "internal"] = key("For whom the release is.", at="release.study.publish.release")
    disclosure: str = key("Name of the disclosure rule.", read=lambda run: rule_text(run.release))
    inputs: Mapping[str, str] = key("SHA-256 of the study file and of every area file.", at="release.study.inputs")
    ledgers: tuple[SourceLedgerRecord, ...] = key("Ledgers of the sources of events.", at="release.ledgers")
    tables: tuple[TableLedgerRecord, ...] = key("Ledgers of the sources without events.", at="release.tables")
    tiles: TilesRecord | None = key(
        "Background tiles of the map; null if it loads nothing.", at="release.study.publish.tiles"
    )
    hotspots: tuple[MeasureHotspotsRecord, ...] = key("Density and hotspots, by measure.", at="release.hotspots")
    patterns: tuple[PatternsRecord, ...] = key("Patterns in space and time, by measure.", at="release.patterns")
    operations: tuple[OperationRecord, ...] = key("Results by operation; none for a study that evaluates none.")
    forests: tuple[ZoneForestRecord, ...] = key("The primary measure pooled over the operations.", at="release.forests")
    composites: tuple[CompositeRecord, ...] = key("Composite outcomes.", at="release.composites")
    comparisons: tuple[ComparisonRecord, ...] = key(
        "Events of two windows, by comparison and measure, the primary measure first.", at="release.comparisons"
    )
    area_rankings: tuple[AreaRankingRecord, ...] = key(
        "The areas with the highest rates, by measure that is counted by area.", at="release.area_rankings"
    )
    areas: tuple[AreaOutcomeRecord, ...] = key(
        "Counts of whole areas around operations, where the primary measure is counted by area.",
        at="release.area_outcomes",
    )
    preregistration: PreregistrationRecord | None = key(
        "Relation to a preregistered plan; null for a study without an operation, which has none.",
        read=lambda run: run.release.preregistration if run.release.study.operations else None,
    )
