"""Page 3 of the brief: maps before and after, the series, and the phases."""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup

from geoharm import _text
from geoharm.answer.balance import (
    is_counted_harm,
)
from geoharm.answer.questions import phase_effects
from geoharm.disclosure.released import Release, ReleasedEffect, ReleasedOperation
from geoharm.report import format_numbers, palette
from geoharm.report.charts.effects import series_chart, step_name
from geoharm.report.charts.marks import Scale
from geoharm.report.charts.small_multiples import common_scale
from geoharm.report.document import Chart, Legend
from geoharm.report.maps.static_map import operation_map
from geoharm.report.pages.brief.cells import (
    ROW_BAR_WIDTH,
    StateCell,
    difference_text,
    drawn_interval,
    effect_bar,
    expected_text,
    state_cell,
)
from geoharm.report.section_html import block_html, chart_html, legend_swatch
from geoharm.report.wording.when import later_head
from geoharm.report.wording.withheld import released_total


@dataclass(frozen=True, slots=True)
class PhaseLine:
    """One phase of the time after, in the target area."""

    name: str
    days: str
    counted: str
    expected: str
    bar: Markup
    difference: str
    state: StateCell


def map_figures(release: Release, operation: ReleasedOperation) -> list[tuple[Markup, str, str]]:
    """Return the maps before and after as (drawing, "Before", days and number of events); none without hotspots."""
    name = operation.primary.measure.name
    hotspots = next((hotspots for hotspots in release.hotspots if hotspots.measure.name == name), None)
    if hotspots is None or not hotspots.breaks:
        return []
    design = operation.design
    figures = []
    for view, (image, events) in hotspots.of(design.operation.name).items():
        if view in ("before", "after"):
            window = format_numbers.window_text(design.before if view == "before" else design.after)
            when, head = (view, "Before") if view == "before" else (design.later, later_head(design))
            caption = f"{window}; {released_total(release, events)} located in the city"
            chart = operation_map(release, design, image, f"{_text.capitalised(name)} {when} the operation")
            figures.append((chart_html(chart), head, caption))
    return figures


def map_legend(release: Release, operation: ReleasedOperation) -> Markup:
    """Return the classes of both maps."""
    name = operation.primary.measure.name
    breaks = next((hotspots.breaks for hotspots in release.hotspots if hotspots.measure.name == name), ())
    entries = tuple(
        (legend_swatch(colour), f"{start:,.10g} +") for colour, start in zip(palette.DENSITY, breaks, strict=False)
    )
    return block_html(
        Legend(entries, f"{_text.capitalised(operation.primary.measure.density_unit)} per km\u00b2 per year")
    )


def series_charts(operation: ReleasedOperation) -> tuple[Chart, Chart] | None:
    """Return the series for wide and for narrow pages; None if the counts over time may not be shown."""
    primary = operation.primary
    if not primary.series.step or len(primary.series.starts) < 2:
        return None
    unit = primary.measure.unit
    wide = series_chart(primary.series, operation.design, unit, height=214)
    return wide, series_chart(primary.series, operation.design, unit, width=340, height=230)


def series_step(operation: ReleasedOperation) -> str:
    """Return "month", "quarter" or "half-year"; empty without a series."""
    return step_name(operation.primary.series.step) if operation.primary.series.step else ""


def phases_scale(operation: ReleasedOperation) -> Scale:
    """Return the common scale of the phases, in events."""
    shown = [effect for effect in phase_effects(operation.primary.phases) if not effect.is_withheld]
    spans = [span for effect in shown if (span := drawn_interval(effect)) is not None]
    return common_scale(spans, [effect.change for effect in shown], ROW_BAR_WIDTH)


def phase_lines(operation: ReleasedOperation) -> list[PhaseLine]:
    """Return the primary measure in the target area, phase by phase, on one scale."""
    effects = phase_effects(operation.primary.phases)
    scale = phases_scale(operation)
    days = {phase.name: format_numbers.window_text(phase) for phase in operation.design.phases}
    is_harm = is_counted_harm(operation.primary)
    return [_phase_line(effect, days[effect.window], scale, is_harm=is_harm) for effect in effects]


def _phase_line(effect: ReleasedEffect, days: str, scale: Scale, *, is_harm: bool) -> PhaseLine:
    is_known = not effect.is_withheld and math.isfinite(effect.change)
    state = state_cell(effect, is_harm=is_harm)
    difference = ""
    bar = Markup("")
    if is_known:
        difference = difference_text(effect)
        bar = effect_bar(effect, scale, is_harm=is_harm, height=22.0)
    counted = format_numbers.count_text(effect.after)
    return PhaseLine(_text.capitalised(effect.window), days, counted, expected_text(effect), bar, difference, state)
