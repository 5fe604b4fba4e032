"""Records of what is counted by area: areas in the order of their rates, and whole areas around operations."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.report.exports.run_record.estimates import PeriodRecord
from geoharm.report.exports.run_record.record import Number, Record, key


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundsRecord(Record):
    """The lowest and highest possible value of a number; no interval."""

    low: Number = key("The lowest; null if it is not known.")
    high: Number = key("The highest; null if it has no upper bound or is not known.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaGroupRecord(Record):
    """A group of whole areas with its counts."""

    areas: int = key("Number of areas.")
    before: BoundsRecord = key("Events before; in a public release the multiples of ten around them.")
    after: BoundsRecord = key("Events after, in the same way.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaChangeRecord(Record):
    """What was counted in whole areas at, and beside, the target area of an operation: bounds, and no estimate."""

    before: tuple[PeriodRecord, ...] = key("The days counted before.", at="before.periods")
    after: tuple[PeriodRecord, ...] = key("The days counted after.", at="after.periods")
    inside: AreaGroupRecord = key("Areas wholly inside the target area.")
    touching: AreaGroupRecord = key("All areas that touch it.")
    rest: AreaGroupRecord = key("The other areas of the study area.")
    target_before: BoundsRecord = key("The count of the target area before.")
    target_after: BoundsRecord = key("The count of the target area after.")
    rate_ratio: BoundsRecord = key("Events a day after over events a day before, in the target area.")
    rest_rate_ratio: BoundsRecord = key("The same of the rest.")
    against_rest: BoundsRecord = key("The count after less what it would be had the target area gone as the rest did.")
    notes: tuple[str, ...] = key("What was left out.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaOutcomeRecord(Record):
    """One measure of areas around one operation."""

    operation: str = key("Name of the operation.")
    measure: str = key("Name of the measure.", at="measure.name")
    change: AreaChangeRecord | None = key("What was counted; null if nothing was.")
    why_not: str = key("Why nothing was counted; empty if it was.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedAreaRecord(Record):
    """One area with its count and its rate."""

    area: str = key("Its code.")
    km2: float = key("Its size.")
    count: BoundsRecord = key("Events in the periods counted; in a public release the multiples of ten around them.")
    rate: BoundsRecord = key("Events per km2 and year; per km2 for a table without a period.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaRankingRecord(Record):
    """The areas with the highest rates of one measure that is counted by area."""

    measure: str = key("Name of the measure.", at="measure.name")
    is_dated: bool = key("Whether the counts have a period; if not, they are of all time.")
    areas: tuple[RankedAreaRecord, ...] = key("The areas, the highest rate first.")
