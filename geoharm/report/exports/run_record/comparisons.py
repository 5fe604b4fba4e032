"""Records of comparisons: the events of two windows and the ratio of their rates."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.disclosure.released import ReleasedComparison
from geoharm.model.suppressed import Count
from geoharm.report.exports.run_record.estimates import CountRecord, PeriodRecord
from geoharm.report.exports.run_record.record import Number, Record, key


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRecord(Record):
    """A window: periods whose events are counted together."""

    name: str = key("Name of the window.")
    periods: tuple[PeriodRecord, ...] = key("Its periods, in order.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRatioRecord(Record):
    """The ratio of two rates, after over before; 1 means that they are equal."""

    value: Number = key("Events a day after over those before; null if undefined or withheld.")
    low: Number = key("Lower end of its interval.", at="interval.low")
    high: Number = key("Upper end of its interval; null if there is none.", at="interval.high")
    level: float = key(
        "Share of repetitions in which the interval holds the ratio, for the noise of counting.", at="interval.level"
    )
    dispersion: Number = key("Variance of the counts by month over their mean, by which the interval was widened.")
    note: str = key("Why the value is undefined or withheld.")


def _count(position: int, comparison: ReleasedComparison) -> Count | None:
    return None if comparison.windows is None else comparison.counts[position]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonRecord(Record):
    """One measure in the two windows of a comparison: no evaluation, since nothing stands for what was to be expected."""

    comparison: str = key("Name of the comparison.")
    measure: str = key("Name of the measure.", at="measure.name")
    before: WindowRecord | None = key(
        "The earlier window; null if the source cannot be counted in both.", at="windows.before"
    )
    after: WindowRecord | None = key(
        "The later window; null if the source cannot be counted in both.", at="windows.after"
    )
    left_out: tuple[str, ...] = key(
        "Months without data, which are in neither window, such as 2020-03.",
        read=lambda comparison: tuple(f"{month:%Y-%m}" for month in comparison.left_out),
    )
    events_before: CountRecord | None = key(
        "Located events in the study area before; to the nearest ten in a public release.",
        read=lambda one: _count(0, one),
    )
    events_after: CountRecord | None = key("The same after.", read=lambda one: _count(1, one))
    ratio: RateRatioRecord = key("The ratio of the rates; in a public release made from the rounded counts.")
    same_season: bool = key("Whether both windows hold the months of the year in the same proportions.")
    note: str = key("Why nothing was counted; empty if it was.")
