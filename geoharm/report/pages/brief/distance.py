"""Page 2 of the brief where no interval is possible: counts by distance, and the target counted in several ways."""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup

from geoharm import _text
from geoharm.answer.balance import (
    control_rate_ratio,
    daily_rate_ratio,
    is_counted_harm,
)
from geoharm.answer.nouns import Description
from geoharm.disclosure.released import ReleasedEffect, ReleasedMeasure, ReleasedOperation
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.geometry import ZoneRole
from geoharm.report import format_numbers, palette
from geoharm.report.charts.distance_stems import stems_charts
from geoharm.report.charts.small_multiples import common_scale, interval_bar
from geoharm.report.document import Chart
from geoharm.report.pages.brief.cells import ROW_BAR_WIDTH, StateCell, expected_text, state_cell, zone_name
from geoharm.report.wording.description import COUNTED_ROWS
from geoharm.report.wording.verdict import Verdict
from geoharm.report.wording.when import later_clause
from geoharm.report.wording.withheld import note_text


@dataclass(frozen=True, slots=True)
class DistanceLine:
    """One zone without an interval: counts, what the control area suggests, and the difference."""

    name: str
    before: str
    after: str
    expected: str
    difference: str
    state: StateCell


@dataclass(frozen=True, slots=True)
class DescriptionLine:
    """The target area with some rows counted: its counts, what the control area suggests, and the difference."""

    name: str
    before: str
    after: str
    expected: str
    bar: Markup
    difference: str


def description_lines(description: Description) -> list[DescriptionLine]:
    """Return the target area counted in several ways, each with a hollow dot: there is no interval."""
    known = [effect.change for _, effect in description.rows if math.isfinite(effect.change)]
    scale = common_scale([], known, ROW_BAR_WIDTH)
    lines = []
    for counted, effect in description.rows:
        is_known = math.isfinite(effect.change) and not effect.is_withheld
        share = (
            format_numbers.signed_text(100 * effect.change / effect.expected) if is_known and effect.expected else ""
        )
        lines.append(
            DescriptionLine(
                COUNTED_ROWS[counted],
                format_numbers.count_text(effect.before),
                format_numbers.count_text(effect.after),
                expected_text(effect),
                interval_bar(effect.change, None, scale, palette.SLATE, height=22.0) if is_known else Markup(""),
                f"{format_numbers.signed_text(effect.change)} ({share}%)" if is_known else note_text(effect.note),
            )
        )
    return lines


def distance_charts(operation: ReleasedOperation) -> tuple[Chart, Chart]:
    """Return events a day after, as a multiple of the level before, by zone: for wide and for narrow pages."""
    zones = [effect for effect in operation.primary.effects if effect.zone in _own_zones(operation)]
    rows = [(_zone_label(effect.zone, operation), daily_rate_ratio(effect)) for effect in zones]
    control = control_rate_ratio(operation.primary.effect("target"))
    return stems_charts(rows, control, clause=later_clause(operation.design))


def distance_lines(operation: ReleasedOperation) -> list[DistanceLine]:
    """Return the counts behind the figure: every zone, then all rings and both together."""
    wanted = (*_own_zones(operation), ALL_RINGS, TARGET_AND_RINGS)
    return [
        _distance_line(_zone_label(effect.zone, operation), operation.primary, effect)
        for effect in operation.primary.effects
        if effect.zone in wanted
    ]


def other_harm_lines(verdict: Verdict) -> list[DistanceLine]:
    """Return the counts of every other harm in the three zones."""
    return [
        _distance_line(f"{_text.capitalised(row.measure.measure.name)}, {zone_name(effect.zone)}", row.measure, effect)
        for row in verdict.balance[1:]
        for effect in row.effects
    ]


def _distance_line(name: str, measure: ReleasedMeasure, effect: ReleasedEffect) -> DistanceLine:
    return DistanceLine(
        name,
        format_numbers.count_text(effect.before),
        format_numbers.count_text(effect.after),
        expected_text(effect),
        "" if math.isnan(effect.change) else format_numbers.signed_text(effect.change),
        state_cell(effect, is_harm=is_counted_harm(measure)),
    )


def _own_zones(operation: ReleasedOperation) -> tuple[str, ...]:
    roles = (ZoneRole.TARGET, ZoneRole.GAP, ZoneRole.RING)
    return tuple(zone.name for role in roles for zone in operation.design.of_role(role))


def _zone_label(zone: str, operation: ReleasedOperation) -> str:
    if zone in ("target", ALL_RINGS, TARGET_AND_RINGS):
        return _text.capitalised(zone_name(zone))
    gaps = {gap.name for gap in operation.design.of_role(ZoneRole.GAP)}
    label = zone.replace("-", "\u2013")
    return f"{label} (gap)" if zone in gaps else label
