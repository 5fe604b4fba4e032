"""Charts of effects as SVG: the verdict's interval, effects by zone, and counts over time.

Every mark is drawn to scale. Zero is a dark line, with fewer events to its left and more to its right.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from geoharm.disclosure.released import ReleasedEffect, ReleasedSeries
from geoharm.model.design import Design
from geoharm.model.estimate import Interval, relative_change_of
from geoharm.model.period import add_months
from geoharm.model.reading import Reading
from geoharm.model.reason import Withheld
from geoharm.report import format_numbers, palette
from geoharm.report.charts.marks import Attributes, Scale
from geoharm.report.charts.marks import box as _box
from geoharm.report.charts.marks import line as _line
from geoharm.report.charts.marks import text as _text
from geoharm.report.document import Chart
from geoharm.report.escape import svg


def reading_colour(state: Reading | None) -> str:
    """Return blue for a finding of less harm, orange for a finding of more harm, and slate for everything else."""
    return {Reading.FELL: palette.LESS_HARM, Reading.ROSE: palette.MORE_HARM}.get(
        state or Reading.CANNOT_TELL, palette.SLATE
    )


# Marks are drawn on a square of 14 units. A bound is a dot that cannot pass a lid above it, or a floor below it.
_MARK_UNITS = 14
_LID, _FLOOR = ("M1 3h12", 9.0), ("M1 11h12", 5.0)


def reading_mark(state: Reading | None, *, size: float = 14.0, colour: str = "") -> Markup:
    """Return the mark of a reading as SVG.

    A finding is a filled triangle that points down (fell) or up (rose); where it is only probable, the triangle is open. A
    bound is a dot under a lid (no rise over) or on a floor (no fall over). No data (None) is a dashed bar, and every other
    reading a ring. The form alone tells them apart.

    Parameters
    ----------
    state : Reading or None
    size : float
        Pixels.
    colour : str
        Blue for less and orange for more, found or probable, and slate for the rest, if none is given.
    """
    direction = state.direction if state else 0
    colour = colour or {-1: palette.LESS_HARM, 1: palette.MORE_HARM}.get(direction, palette.SLATE)
    parts: list[Markup]
    if state is None:
        parts = [svg("path", {"d": "M1 7h12", "stroke": colour, "stroke_width": 3, "stroke_dasharray": "3 2"})]
    elif state.is_finding:
        points = "M1 3h12L7 12.5Z" if direction < 0 else "M1 11h12L7 1.5Z"
        parts = [svg("path", {"d": points, "fill": colour})]
    elif direction:
        points = "M2 3.5h10L7 11.6Z" if direction < 0 else "M2 10.5h10L7 2.4Z"
        parts = [svg("path", {"d": points, "fill": "#ffffff", "stroke": colour, "stroke_width": 1.6})]
    elif state.is_bound:
        stop, middle = _LID if state is Reading.NO_RISE_OVER else _FLOOR
        parts = [
            svg("path", {"d": stop, "stroke": colour, "stroke_width": 2.2}),
            svg("circle", {"cx": 7, "cy": middle, "r": 3.2, "fill": colour}),
        ]
    else:
        ring = {"cx": 7, "cy": 7, "r": 4.8, "fill": "#ffffff", "stroke": colour, "stroke_width": 1.8}
        parts = [svg("circle", ring)]
    view = f"0 0 {_MARK_UNITS} {_MARK_UNITS}"
    return svg("svg", {"class": "mark", "width": size, "height": size, "viewBox": view, "aria_hidden": "true"}, *parts)


def interval_chart(effect: ReleasedEffect, unit: str) -> Chart:
    """Return the chart of the verdict's interval; grey marks the changes that are too small to be detected.

    If no 95% interval is possible, a thin dashed line shows the counting interval.
    """
    interval = effect.counting if effect.is_refused else effect.interval
    interval_name = "noise of counting only, too narrow" if effect.is_refused else "95% interval"
    width, height, middle = 400.0, 118.0, 52.0
    undetectable_change = 0.0 if math.isnan(effect.detectable_fall) else effect.detectable_fall * effect.expected
    half_range = max(abs(value) for value in (effect.change, interval.low, interval.high, undetectable_change)) * 1.08
    scale = Scale(-half_range, half_range, 16, width - 16)
    colour = reading_colour(effect.reading)
    parts = [
        svg(
            "rect",
            _box(
                scale(-undetectable_change),
                middle - 18,
                scale(undetectable_change) - scale(-undetectable_change),
                36,
                palette.UNDETECTABLE,
            ),
        )
    ]
    for tick in scale.ticks(4):
        parts.append(
            _line(scale(tick), middle - 22, scale(tick), middle + 24, palette.INK if tick == 0 else palette.LINE)
        )
        parts.append(_text(scale(tick), middle + 38, "0" if tick == 0 else format_numbers.signed_text(tick)))
    low_x, high_x, estimate_x = (scale(value) for value in (interval.low, interval.high, effect.change))
    dash = "4 3" if effect.is_refused else None
    parts += [
        _line(low_x, middle, high_x, middle, colour, 2 if dash else 4, dash=dash),
        _line(low_x, middle - 8, low_x, middle + 8, colour, 2.5),
    ]
    parts += [_line(high_x, middle - 8, high_x, middle + 8, colour, 2.5)]
    parts.append(
        svg(
            "polygon",
            {
                "points": f"{estimate_x:.2f},{middle - 9:g} {estimate_x + 9:.2f},{middle:g} {estimate_x:.2f},{middle + 9:g} {estimate_x - 9:.2f},{middle:g}",
                "fill": colour,
            },
        )
    )
    parts.append(
        _text(
            min(max(estimate_x, 70), width - 70),
            18,
            f"{estimate_name(effect)} {format_numbers.signed_text(effect.change)}",
            weight=700,
        )
    )
    parts.append(_text(scale(0) - 8, middle + 58, "\u25c4 fewer than expected", anchor="end", colour=palette.LESS_HARM))
    parts.append(_text(scale(0) + 8, middle + 58, "more \u25ba", anchor="start", colour=palette.MORE_HARM))
    title = f"Change in {unit}: {format_numbers.stated_change(effect)}"
    return Chart(
        width, height, title, f"Line: {interval_name}. Grey: changes too small to tell apart from chance.", parts
    )


def estimate_name(effect: ReleasedEffect) -> str:
    """Return what a change is called: "best estimate" only if it is measured against a calibrated forecast."""
    if effect.ratio.calibrated and not effect.is_refused:
        return "best estimate"
    return "against other places" if effect.placebo else "against the control"


def zones_chart(effects: Sequence[ReleasedEffect], labels: Sequence[str]) -> Chart:
    """Return a chart with one dot and interval for each zone, in percent of the expected count, from the target outwards."""
    rows = [(label, effect, *percent_change(effect)) for label, effect in zip(labels, effects, strict=True)]
    known_percents = [
        percent for _, _, value, span in rows for percent in (value, span.low, span.high) if math.isfinite(percent)
    ]
    low, high = max(min([-20.0, *known_percents]), -100.0), min(max([20.0, *known_percents]), 200.0)
    left, width, step = 150.0, 700.0, 34.0
    height = 34 + step * len(rows) + 34
    scale = Scale(low - (high - low) * 0.04, high + (high - low) * 0.04, left, width - 20)
    parts = []
    for tick in scale.ticks(6):
        parts.append(_line(scale(tick), 26, scale(tick), height - 34, palette.INK if tick == 0 else palette.LINE))
        parts.append(
            _text(scale(tick), height - 18, "0" if tick == 0 else f"{format_numbers.percent_change_text(tick)}")
        )
    for index, (label, effect, value, span) in enumerate(rows):
        y = 26 + step * (index + 0.5)
        parts.append(_text(left - 12, y + 4, label, anchor="end", colour=palette.INK, size=13))
        if not math.isfinite(value):
            parts.append(
                _text(left + 8, y + 4, "withheld" if effect.is_withheld else "cannot be given", anchor="start")
            )
            continue
        colour = reading_colour(effect.reading)
        if math.isfinite(span.low):
            end_xs = [scale(min(max(percent, scale.low), scale.high)) for percent in (span.low, span.high)]
            dash = None if effect.ratio.calibrated and not effect.is_refused else "4 3"
            parts.append(_line(end_xs[0], y, end_xs[1], y, colour, 2.2, dash=dash))
            parts += [_line(end, y - 5, end, y + 5, colour, 2.2) for end in end_xs]
        parts.append(_zone_mark(effect.zone, scale(min(max(value, scale.low), scale.high)), y, colour))
    parts.append(_text(scale(0) - 8, 16, "\u25c4 fewer", anchor="end", colour=palette.LESS_HARM))
    parts.append(_text(scale(0) + 8, 16, "more \u25ba", anchor="start", colour=palette.MORE_HARM))
    parts.append(_text(width - 20, height - 2, "percent of the expected count", anchor="end"))
    return Chart(
        width,
        height,
        "Change by distance from the target area",
        "Whiskers: 95% intervals; dashed: noise of counting only, too narrow.",
        parts,
    )


# Under this width, in pixels, the lines of a series have no room for labels at their ends.
_WIDE_SERIES = 500.0


def series_chart(
    series: ReleasedSeries, design: Design, unit: str, *, width: float = 700.0, height: float = 270.0
) -> Chart:
    """Return a chart of the counts of target and scaled control over time, with the operation and the windows marked.

    Under a width of 500 pixels the lines have no room for labels at their ends: their names stand above them.
    """
    is_wide = width >= _WIDE_SERIES
    left, bottom, top, margin = 48.0 if is_wide else 34.0, height - 38.0, 44.0, 92.0 if is_wide else 12.0
    ends = [add_months(start, series.step) for start in series.starts]
    first, last = series.starts[0], ends[-1]
    x_scale = Scale(first.toordinal(), last.toordinal(), left, width - margin)
    control_values = [value for value in series.control if math.isfinite(value)]
    y_scale = Scale(0, max([1.0, *map(float, series.target), *control_values]) * 1.05, bottom, top)
    parts = []
    for tick in y_scale.ticks(4):
        parts.append(_line(left, y_scale(tick), width - margin, y_scale(tick), palette.LINE))
        parts.append(_text(left - 6, y_scale(tick) + 4, f"{tick:,.0f}", anchor="end"))
    start = design.operation.period.start
    for period in design.operation.active:
        active_end = min(period.end, last) if design.operation.ongoing else period.end
        left_edge = x_scale(period.start.toordinal())
        operation_width = max(x_scale(active_end.toordinal()) - left_edge, 3.0)
        parts.append(svg("rect", _box(left_edge, top - 6, operation_width, bottom - top + 6, palette.OPERATION)))
    parts.append(
        _text(
            x_scale(start.toordinal()),
            top - 12,
            "placebo date" if design.operation.placebo else "operation",
            colour=palette.OPERATION_TEXT,
        )
    )
    for name, periods in (("before", design.before.periods), (design.later, design.after.periods)):
        for index, period in enumerate(periods):
            start_x, end_x = x_scale(max(period.start, first).toordinal()), x_scale(min(period.end, last).toordinal())
            parts.append(_line(start_x, 14, end_x, 14, palette.MUTED, 2))
            if index == 0:
                parts.append(_text((start_x + end_x) / 2, 10, name, anchor="middle"))
    for missing_start in series.missing:
        start_x, end_x = x_scale(missing_start.toordinal()), x_scale(add_months(missing_start, series.step).toordinal())
        parts.append(svg("rect", _box(start_x, top, end_x - start_x, bottom - top, palette.NOTICE)))
        parts.append(_text((start_x + end_x) / 2, bottom - 6, "no file", colour=palette.MORE_HARM, size=11))
    for year in range(first.year, last.year + 1):
        new_year = date(year, 1, 1)
        if first <= new_year < last:
            parts.append(
                _line(x_scale(new_year.toordinal()), bottom, x_scale(new_year.toordinal()), bottom + 5, palette.MUTED)
            )
        year_days = (max(new_year, first).toordinal(), min(date(year + 1, 1, 1), last).toordinal())
        if x_scale(year_days[1]) - x_scale(year_days[0]) > 34:
            parts.append(_text(x_scale(sum(year_days) / 2), bottom + 18, str(year)))
    mid_days = [
        (step_start.toordinal() + step_end.toordinal()) / 2
        for step_start, step_end in zip(series.starts, ends, strict=True)
    ]
    if control_values:
        parts += _broken_line(
            series,
            mid_days,
            x_scale,
            y_scale,
            list(series.control),
            {"stroke": palette.CONTROL, "stroke_width": 2, "stroke_dasharray": "5 4"},
        )
        end_y = y_scale(series.control[-1]) + _label_offset(y_scale, series)
        at = (x_scale(mid_days[-1]) + 8, end_y) if is_wide else (width / 2, height - 4)
        parts.append(_text(*at, "control, scaled", anchor="start", colour=palette.CONTROL))
    parts += _broken_line(
        series,
        mid_days,
        x_scale,
        y_scale,
        [float(count) for count in series.target],
        {"stroke": palette.INK, "stroke_width": 2.4},
    )
    parts += [
        svg("circle", {"cx": x_scale(mid_day), "cy": y_scale(value), "r": 2.6, "fill": palette.INK})
        for mid_day, value in zip(mid_days, series.target, strict=True)
    ]
    at = (x_scale(mid_days[-1]) + 8, y_scale(series.target[-1]) + 4) if is_wide else (width - margin, height - 4)
    parts.append(_text(*at, "target", anchor="start" if is_wide else "end", colour=palette.INK, weight=700))
    parts.append(_line(left, bottom, width - margin, bottom, palette.INK))
    parts.append(_text(left, height - 4, f"{unit} a {step_name(series.step)}", anchor="start"))
    return Chart(
        width,
        height,
        f"{unit.capitalize()} in the target area over time",
        "Dashed: control area, scaled to the target's level before.",
        parts,
    )


def step_name(step: int) -> str:
    """Return the name of a step of 1, 3 or 6 months: "month", "quarter" or "half-year"."""
    return {1: "month", 3: "quarter", 6: "half-year"}[step]


def _label_offset(y_scale: Scale, series: ReleasedSeries) -> float:
    """Return by how many pixels to move the control's label so that it does not cover the target's label."""
    distance = y_scale(series.control[-1]) - y_scale(series.target[-1])
    if abs(distance) >= 16:
        return 4.0
    return 4.0 + (16 - abs(distance)) * (1 if distance >= 0 else -1)


def _broken_line(
    series: ReleasedSeries,
    mid_days: Sequence[float],
    x_scale: Scale,
    y_scale: Scale,
    values: Sequence[float],
    style: Attributes,
) -> list[Markup]:
    """Return the line through the values as segments, interrupted where a time step is missing."""
    segments: list[list[str]] = [[]]
    for index, (mid_day, value) in enumerate(zip(mid_days, values, strict=True)):
        if index and add_months(series.starts[index - 1], series.step) != series.starts[index]:
            segments.append([])
        segments[-1].append(f"{x_scale(mid_day):.1f},{y_scale(value):.1f}")
    return [
        svg("polyline", {"points": " ".join(segment), "fill": "none", **style})
        for segment in segments
        if len(segment) > 1
    ]


def percent_change(effect: ReleasedEffect) -> tuple[float, Interval]:
    """Return a change and its interval in percent of the expected count."""
    error_is_withheld = isinstance(effect.ratio.note, Withheld) and math.isfinite(effect.change)
    if (effect.is_refused or error_is_withheld) and effect.expected > 0:
        percent = 100 / effect.expected
        span = effect.counting
        return percent * effect.change, Interval(percent * span.low, percent * span.high, span.level)
    span = effect.ratio.interval()
    if not effect.ratio.is_defined:
        return math.nan, span
    return 100 * relative_change_of(effect.ratio.value), Interval(
        100 * relative_change_of(span.low), 100 * relative_change_of(span.high), span.level
    )


def _zone_mark(zone: str, x: float, y: float, colour: str) -> Markup:
    if zone == "target":
        return svg("circle", {"cx": x, "cy": y, "r": 6, "fill": colour})
    return svg(
        "rect",
        {"x": x - 5, "y": y - 5, "width": 10, "height": 10, "fill": "#ffffff", "stroke": colour, "stroke_width": 2.2},
    )
