"""Records of estimates: counts, intervals, confidence sets, curves and forest plots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from geoharm.report.exports.run_record.record import Number, Record, key


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodRecord(Record):
    """The days from `start` up to, not including, `end`."""

    start: date = key("First day.")
    end: date = key("First day after the period.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressedRecord(Record):
    """Stands in place of a count that is suppressed."""

    suppressed: Literal[True] = key("Always true.", default=True)
    below: int = key(
        "The count lies from 1 to `below` - 1. If 0, it may be of any size: a small one would follow from it."
    )


CountRecord: TypeAlias = int | SuppressedRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalRecord(Record):
    """An interval, in the unit of its estimate."""

    low: Number = key("Lower end; null if no interval is possible or the end is infinite.")
    high: Number = key("Upper end; null if no interval is possible or the end is infinite.")
    level: float = key("Share of repetitions in which it contains the true value, 0 to 1.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateRecord(Record):
    """An estimate; unless its key says otherwise, after minus what was expected: negative means fewer events."""

    name: str = key("Name of the estimator, or the place of the estimate on a curve.")
    value: Number = key("In `unit`; null if it is undefined or suppressed, with the reason in `note`.")
    standard_error: Number = key("In `unit`.")
    interval: IntervalRecord = key("The 95% interval, in `unit`.")
    p_value: Number = key("Two-sided p-value of no change.")
    unit: str = key("Unit of the estimate; a log ratio is a natural logarithm.")
    calibrated: bool = key(
        "Whether the interval had its stated coverage at places without an operation; if not, it is too narrow for a finding."
    )
    note: str = key("Why there is no value, or what the standard error leaves out.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PointEstimateRecord(Record):
    """An estimate of an effect; the effect gives its interval in events.

    Where counts are rounded, the interval of a log ratio beside the one in events would narrow the counts down.
    """

    value: Number = key("In `unit`; null if it is undefined or suppressed, with the reason in `note`.")
    standard_error: Number = key("In `unit`.")
    unit: str = key("Unit of the estimate; a log ratio is a natural logarithm.")
    calibrated: bool = key("Whether the interval of the effect was learned at places without an operation.")
    note: str = key("Why there is no value.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceRecord(Record):
    """One closed interval of a confidence set."""

    low: Number = key("Lower end; null if infinite.", at="0")
    high: Number = key("Upper end; null if infinite.", at="1")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceSetRecord(Record):
    """All values that the data do not rule out."""

    shape: Literal["none", "interval", "half-line", "two pieces", "everything"] = key("The kind of set.")
    pieces: tuple[PieceRecord, ...] = key("Its pieces, sorted; none if there is no set.")
    level: float = key("Share of repetitions in which the set contains the true value, 0 to 1.")
    calibrated: bool = key("Whether the set had its stated coverage at places without an operation.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutRecord(Record):
    """A part that could not be computed or is not released."""

    part: str = key("Name of the part.", at="0")
    reason: str = key("Why it is left out.", at="1")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrientationRecord(Record):
    """An estimate without an interval, for orientation: no answer is made from it."""

    name: str = key("The place of the estimate on a curve, or the name of the quantity.")
    value: Number = key("In `unit`; null if it is undefined or suppressed, with the reason in `note`.")
    unit: str = key("Unit of the estimate; a log ratio is a natural logarithm.")
    note: str = key("Why there is no value.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveRecord(Record):
    """Estimates over time or distance, without intervals, for orientation."""

    points: tuple[OrientationRecord, ...] = key("In order.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRowRecord(Record):
    """One row of a forest plot."""

    label: str = key("What was estimated.", at="0")
    estimate: EstimateRecord = key("Its estimate.", at="1")
    weight: Number = key("Its share in the pooled mean, 0 to 1; null if other rows are not shown.", at="2")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadRecord(Record):
    """How far the true values of several estimates differ, by random effects."""

    between_variance: Number = key("Variance of the true values between the estimates, in squared log ratios.")
    heterogeneity_p: Number = key("P-value of the hypothesis that all true values are equal (Cochran's Q).")
    prediction_interval: IntervalRecord = key(
        "Prediction interval for the true value of the next operation, as log ratios."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRecord(Record):
    """A forest plot."""

    rows: tuple[ForestRowRecord, ...] = key("Its rows.")
    left_out: tuple[LeftOutRecord, ...] = key("Rows without an estimate, or suppressed.")
    pooled: EstimateRecord | None = key(
        "Their mean, a log ratio; null with fewer than two rows, or if it is suppressed."
    )
    spread: SpreadRecord | None = key("How far their true values differ; null without a mean.")
    note: str = key("How the dependence between the rows was treated, or why there is no mean.")
    clustered: EstimateRecord | None = key(
        "For comparison: one regression over the operations of all rows, a log ratio."
    )
