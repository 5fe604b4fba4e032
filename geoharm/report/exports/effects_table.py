"""Every effect of a release as one tidy row.

The numbers are those of ``run.json``, rounded as there. What is withheld there is empty here, and the column `withheld`
says why.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from geoharm.disclosure.released import Release, ReleasedEffect, ReleasedMeasure, ReleasedOperation
from geoharm.evaluation.results.curves import DidEstimates
from geoharm.evaluation.results.indices import DisplacementIndices, Quotient
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.geometry import ZoneRole
from geoharm.model.period import Window
from geoharm.model.reason import Note, Withheld
from geoharm.model.suppressed import Count
from geoharm.report.exports.run_record.record import key
from geoharm.report.format_numbers import to_record
from geoharm.report.wording.withheld import note_text

FEWER, MORE, FALL, SHARE = "negative: fewer", "positive: fewer", "positive: a fall", "a share of the fall"
_LOG_RATIO = "log ratio"


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRow:
    """One row: an operation, a measure, a zone, a window and an estimator. A number that is not known is None."""

    operation: str = key("Name of the operation.")
    placebo: bool = key("Whether nothing was done: a test of the method.")
    measure: str = key("Name of the measure.")
    primary: bool = key("Whether it is the study's primary measure.")
    role: str = key("`harm`, `activity` or `reporting effort`; activity is no harm and belongs in no sum of harms.")
    unit: str = key("What is counted: the unit of the counts and of `expected`.")
    zone: str = key("The zone: `target`, a ring by its distances, or a sum of zones.")
    window: str = key("The window after: that of the headline, or a phase.")
    part: str = key("`headline`, `phase`, `bound` (rows without a place counted in the target) or `own place`.")
    window_start: date = key("First day of the window; it may leave out days in between.")
    window_end: date = key("Last day of the window.")
    estimator: str = key("How `effect` was estimated; see below.")
    before: int | None = key("Events in the zone in the window before.")
    after: int | None = key("Events in the zone in the window.")
    control_before: int | None = key("Events in the control area in the window before.")
    control_after: int | None = key("Events in the control area in the window.")
    expected: float | None = key("Events expected in the window without the operation.")
    effect: float | None = key("The effect, in `effect_unit`; `sign` says what its sign means.")
    effect_unit: str = key("Unit of `effect`, `standard_error`, `low` and `high`; a log ratio is a natural logarithm.")
    sign: str = key("What the sign of `effect` means.")
    standard_error: float | None = key("Standard error of `effect`.")
    low: float | None = key("Lower end of the interval; empty if there is none or it is infinite.")
    high: float | None = key("Upper end of the interval; empty if there is none or it is infinite.")
    level: float | None = key(
        "Share of repetitions in which the interval holds the true value; empty without an interval."
    )
    calibrated: bool = key(
        "Whether the interval had its level at places without an operation; if not, it is too narrow for a finding."
    )
    reading: str = key(
        "What the numbers allow to be said, without a percent; only of the estimator `change`, which alone is read."
    )
    statement: str = key("The reading with the percent of its bound.")
    withheld: str = key("Why a number that is empty is withheld; empty if none is.")
    note: str = key("Why a number is undefined, or what the error leaves out.")


COLUMNS = tuple(column.name for column in fields(EffectRow))
MEANINGS = {column.name: column.metadata["description"] for column in fields(EffectRow)}
# Columns of counts, of other numbers, and of yes or no.
WHOLE = ("before", "after", "control_before", "control_after")
REAL = ("expected", "effect", "standard_error", "low", "high", "level")


def effect_rows(release: Release) -> tuple[EffectRow, ...]:
    """Return every effect of a release: by operation, measure, zone and window, in the order of ``run.json``."""
    return tuple(
        row
        for operation in release.operations
        for measure in operation.measures
        for row in _Rows(release, operation, measure).of_measure()
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of one measure around one operation."""

    release: Release
    operation: ReleasedOperation
    measure: ReleasedMeasure

    def of_measure(self) -> Iterator[EffectRow]:
        for effect in self.measure.effects:
            yield from self.of_effect(effect, "headline")
        for effect in self.measure.phases:
            yield from self.of_effect(effect, "phase")
        for effect in self.measure.bounds:
            yield from self.of_effect(effect, "bound")
        if self.measure.own_place is not None:
            yield from self.of_effect(self.measure.own_place, "own place")
        yield from self.of_other_estimators()

    def of_effect(self, effect: ReleasedEffect, part: str) -> Iterator[EffectRow]:
        counts: dict[str, Any] = {
            "before": _shown(effect.before),
            "after": _shown(effect.after),
            "control_before": _shown(effect.control_before),
            "control_after": _shown(effect.control_after),
            "expected": to_record(effect.expected),
        }
        hidden = _hidden_counts(effect)
        unit = self.measure.measure.unit
        ends = _ends(effect.interval)
        yield self.row(
            effect.zone, effect.window, part, "change", unit, FEWER, note=effect.note, hidden=hidden, **counts, **ends,
            effect=to_record(effect.change), calibrated=effect.ratio.calibrated, reading=effect.reading.value, statement=effect.statement,
        )  # fmt: skip
        # Where counts are rounded, an interval of these beside the one in events would narrow the counts down.
        for name, estimate in (
            ("log_rate_ratio", effect.ratio),
            ("weighted_displacement_difference", effect.difference),
        ):
            yield self.row(
                effect.zone, effect.window, part, name, estimate.unit, FEWER, note=estimate.note, hidden=hidden,
                **counts, **_point(estimate), calibrated=estimate.calibrated,
            )  # fmt: skip

    def of_other_estimators(self) -> Iterator[EffectRow]:
        others = self.measure.robustness.other_estimators
        if others is None:
            return
        for result in others.estimates:
            yield self.estimate(self.zone_name(result.zones), result.key, result.estimate)
        if math.isfinite(others.exact.low):
            yield self.headline("target", "exact_rate_ratio", _LOG_RATIO, FEWER, **_ends(others.exact))
        yield from self.of_indices(others.indices)
        yield from self.of_regression(others.did)

    def of_indices(self, indices: DisplacementIndices | None) -> Iterator[EffectRow]:
        if indices is None:
            return
        both = TARGET_AND_RINGS
        for zone, name, estimate, sign in (
            ("target", "gross_effect", indices.gross_effect, MORE),
            ("target", "net_effect", indices.net_effect, FALL),
            ("target", "success_measure", indices.success_measure, "negative: a fall"),
            (ALL_RINGS, "buffer_displacement", indices.buffer_displacement, "positive: a rise"),
            (both, "total_net_effect", indices.total_net_effect, MORE),
        ):
            yield self.estimate(zone, name, estimate, sign=sign)
        yield self.quotient(
            "weighted_displacement_quotient", indices.wdq, "negative: the rings rose as the target fell"
        )
        yield self.quotient("displaced_share", indices.displaced_share, "positive: turned up in the rings")

    def of_regression(self, did: DidEstimates | None) -> Iterator[EffectRow]:
        if did is not None:
            for term in did.terms:
                yield self.estimate(term.name, "difference_in_differences", term)

    def estimate(self, zone: str, name: str, estimate: Estimate, *, sign: str = FEWER) -> EffectRow:
        return self.headline(
            zone, name, estimate.unit, sign, note=estimate.note, calibrated=estimate.calibrated, **_point(estimate),
            **_ends(estimate.interval()),
        )  # fmt: skip

    def quotient(self, name: str, quotient: Quotient, sign: str) -> EffectRow:
        """Return a quotient's row; a set that is no interval is told in words."""
        pieces = quotient.values.pieces
        ends: dict[str, Any] = {}
        note = quotient.note
        if len(pieces) == 1 and quotient.values.is_bounded:
            ends = _ends(Interval(*pieces[0], quotient.values.level))
        elif not note:
            note = f"not ruled out: {quotient.values.text()}"
        return self.headline(
            TARGET_AND_RINGS, name, "ratio", sign, note=note, calibrated=quotient.values.calibrated,
            effect=to_record(quotient.value), **ends,
        )  # fmt: skip

    def headline(self, zone: str, name: str, unit: str, sign: str, **values: Any) -> EffectRow:
        return self.row(zone, self.operation.design.after.name, "headline", name, unit, sign, **values)

    def row(
        self, zone: str, window: str, part: str, estimator: str, effect_unit: str, sign: str, *, note: Note = "",
        hidden: Sequence[str] = (), **values: Any,
    ) -> EffectRow:  # fmt: skip
        about, measure = self.operation.design.operation, self.measure.measure
        periods = self.window(window).periods
        reasons = [*hidden, *([note_text(note)] if isinstance(note, Withheld) else [])]
        known: dict[str, Any] = dict.fromkeys((*WHOLE, *REAL)) | {"calibrated": False, "reading": "", "statement": ""}
        return EffectRow(
            operation=about.name, placebo=about.placebo, measure=measure.name,
            primary=measure.name == self.operation.primary.measure.name, role=measure.role.value, unit=measure.unit,
            zone=zone, window=window, part=part, window_start=periods[0].start, window_end=periods[-1].last,
            estimator=estimator, effect_unit=effect_unit, sign=sign, withheld="; ".join(reasons),
            note="" if isinstance(note, Withheld) else note, **(known | values),
        )  # fmt: skip

    def window(self, name: str) -> Window:
        design = self.operation.design
        return next((phase for phase in design.phases if phase.name == name), design.after)

    def zone_name(self, zones: Sequence[str]) -> str:
        """Return the one name of zones that are taken together."""
        rings = {ALL_RINGS, *(zone.name for zone in self.operation.design.of_role(ZoneRole.RING))}
        if len(zones) == 1:
            return zones[0]
        if set(zones) <= rings:
            return ALL_RINGS
        return TARGET_AND_RINGS if set(zones) <= rings | {"target"} else " + ".join(zones)


def _hidden_counts(effect: ReleasedEffect) -> list[str]:
    """Return what is known of each count that is withheld, in words."""
    names = ("before", "after", "control_before", "control_after")
    return [f"{name}: {count}" for name, count in zip(names, effect.counts, strict=True) if not isinstance(count, int)]


def _shown(count: Count) -> int | None:
    return count if isinstance(count, int) else None


def _point(estimate: Estimate) -> dict[str, float | None]:
    return {"effect": to_record(estimate.value), "standard_error": to_record(estimate.standard_error)}


def _ends(interval: Interval) -> dict[str, float | None]:
    low, high = to_record(interval.low), to_record(interval.high)
    return {"low": low, "high": high, "level": None if low is None and high is None else interval.level}
