"""Charts as SVG: every mark drawn to scale, zero an ink line, fewer to the left, more to the right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from geoharm.disclosure.released import ReleasedEffect, ReleasedSeries
from geoharm.evaluation.reading import Reading
from geoharm.model.design import Design
from geoharm.model.estimate import Interval
from geoharm.model.period import add_months
from geoharm.report import format_numbers, palette
from geoharm.report.charts.marks import Attributes, Scale
from geoharm.report.charts.marks import box as _box
from geoharm.report.charts.marks import drawing as _drawing
from geoharm.report.charts.marks import line as _line
from geoharm.report.charts.marks import text as _text
from geoharm.report.escape import svg
from geoharm.report.wording.reading import read_effect


def reading_colour(state: Reading | None) -> str:
    """Return blue for a finding of less harm, orange for one of more, slate for everything else."""
    return {Reading.FELL: palette.LESS_HARM, Reading.ROSE: palette.MORE_HARM}.get(
        state or Reading.CANNOT_TELL, palette.SLATE
    )


def reading_mark(state: Reading | None, *, size: float = 14.0) -> Markup:
    """Return the drawn mark of a state: triangle down or up, diamond, ring, or a dashed bar for no data.

    Signals are hollow triangles: a direction without a finding.
    """
    middle, colour = size / 2, reading_colour(state)
    if state is None:
        mark = svg(
            "path", {"d": f"M1 {middle:g}H{size - 1:g}", "stroke": colour, "stroke_width": 3, "stroke_dasharray": "3 2"}
        )
    elif state.direction:
        points = (
            f"1,2 {size - 1:g},2 {middle:g},{size - 1:g}"
            if state.direction < 0
            else f"1,{size - 2:g} {size - 1:g},{size - 2:g} {middle:g},1"
        )
        mark = svg(
            "polygon",
            {"points": points, "fill": colour if state.is_finding else "none", "stroke": colour, "stroke_width": 1.6},
        )
    elif state is Reading.NO_CLEAR_CHANGE:
        mark = svg(
            "polygon",
            {"points": f"{middle:g},1 {size - 1:g},{middle:g} {middle:g},{size - 1:g} 1,{middle:g}", "fill": colour},
        )
    else:
        mark = svg(
            "circle", {"cx": middle, "cy": middle, "r": middle - 2, "fill": "none", "stroke": colour, "stroke_width": 2}
        )
    return svg(
        "svg",
        {"class": "mark", "width": size, "height": size, "viewBox": f"0 0 {size:g} {size:g}", "aria_hidden": "true"},
        mark,
    )


def interval_chart(effect: ReleasedEffect, unit: str, state: Reading | None = None) -> Markup:
    """Return the verdict's interval, with the changes too small to be seen as a grey slab.

    Where no 95% interval is possible, a thin dashed line shows that of counting noise.
    """
    shown = effect.counting if effect.is_refused else effect.interval
    name = "noise of counting only, too narrow" if effect.is_refused else "95% interval"
    width, height, middle = 400.0, 118.0, 52.0
    slab = 0.0 if math.isnan(effect.detectable_fall) else effect.detectable_fall * effect.expected
    reach = max(abs(v) for v in (effect.change, shown.low, shown.high, slab)) * 1.08
    scale = Scale(-reach, reach, 16, width - 16)
    colour = reading_colour(state or read_effect(effect))
    parts = [svg("rect", _box(scale(-slab), middle - 18, scale(slab) - scale(-slab), 36, palette.UNDETECTABLE))]
    for tick in scale.ticks(4):
        parts.append(
            _line(scale(tick), middle - 22, scale(tick), middle + 24, palette.INK if tick == 0 else palette.LINE)
        )
        parts.append(_text(scale(tick), middle + 38, "0" if tick == 0 else format_numbers.signed_text(tick)))
    low, high, here = (scale(v) for v in (shown.low, shown.high, effect.change))
    dash = "4 3" if effect.is_refused else None
    parts += [
        _line(low, middle, high, middle, colour, 2 if dash else 4, dash=dash),
        _line(low, middle - 8, low, middle + 8, colour, 2.5),
    ]
    parts += [_line(high, middle - 8, high, middle + 8, colour, 2.5)]
    parts.append(
        svg(
            "polygon",
            {
                "points": f"{here:.2f},{middle - 9:g} {here + 9:.2f},{middle:g} {here:.2f},{middle + 9:g} {here - 9:.2f},{middle:g}",
                "fill": colour,
            },
        )
    )
    parts.append(
        _text(
            min(max(here, 70), width - 70), 18, f"best estimate {format_numbers.signed_text(effect.change)}", weight=700
        )
    )
    parts.append(_text(scale(0) - 8, middle + 58, "\u25c4 fewer than expected", anchor="end", colour=palette.LESS_HARM))
    parts.append(_text(scale(0) + 8, middle + 58, "more \u25ba", anchor="start", colour=palette.MORE_HARM))
    title = f"Change in {unit}: {format_numbers.stated_change(effect)}"
    return _drawing(width, height, title, f"Line: {name}. Grey: changes too small to tell from chance.", parts)


def zones_chart(effects: Sequence[ReleasedEffect], labels: Sequence[str]) -> Markup:
    """Return one dot and whisker a zone, in percent of the expected count, from the target outwards."""
    rows = [(label, effect, *percent_change(effect)) for label, effect in zip(labels, effects, strict=True)]
    known = [v for _, _, value, span in rows for v in (value, span.low, span.high) if math.isfinite(v)]
    low, high = max(min([-20.0, *known]), -100.0), min(max([20.0, *known]), 200.0)
    left, width, step = 150.0, 700.0, 34.0
    height = 34 + step * len(rows) + 34
    scale = Scale(low - (high - low) * 0.04, high + (high - low) * 0.04, left, width - 20)
    parts = []
    for tick in scale.ticks(6):
        parts.append(_line(scale(tick), 26, scale(tick), height - 34, palette.INK if tick == 0 else palette.LINE))
        parts.append(_text(scale(tick), height - 18, "0" if tick == 0 else f"{format_numbers.signed_text(tick)}%"))
    for index, (label, effect, value, span) in enumerate(rows):
        y = 26 + step * (index + 0.5)
        parts.append(_text(left - 12, y + 4, label, anchor="end", colour=palette.INK, size=13))
        if not math.isfinite(value):
            parts.append(
                _text(left + 8, y + 4, "withheld" if effect.is_withheld else "cannot be given", anchor="start")
            )
            continue
        colour = reading_colour(read_effect(effect))
        if math.isfinite(span.low):
            ends = [scale(min(max(v, scale.low), scale.high)) for v in (span.low, span.high)]
            dash = None if effect.ratio.calibrated and not effect.is_refused else "4 3"
            parts.append(_line(ends[0], y, ends[1], y, colour, 2.2, dash=dash))
            parts += [_line(end, y - 5, end, y + 5, colour, 2.2) for end in ends]
        parts.append(_zone_mark(effect.zone, scale(min(max(value, scale.low), scale.high)), y, colour))
    parts.append(_text(scale(0) - 8, 16, "\u25c4 fewer", anchor="end", colour=palette.LESS_HARM))
    parts.append(_text(scale(0) + 8, 16, "more \u25ba", anchor="start", colour=palette.MORE_HARM))
    parts.append(_text(width - 20, height - 2, "percent of the expected count", anchor="end"))
    return _drawing(
        width,
        height,
        "Change by distance from the target area",
        "Whiskers: 95% intervals; dashed: noise of counting only, too narrow.",
        parts,
    )


def series_chart(series: ReleasedSeries, design: Design, unit: str) -> Markup:
    """Return the target's counts over time beside the control's, with operation and windows marked."""
    width, height, left, bottom, top = 700.0, 270.0, 48.0, 232.0, 44.0
    ends = [add_months(start, series.step) for start in series.starts]
    first, last = series.starts[0], ends[-1]
    across = Scale(first.toordinal(), last.toordinal(), left, width - 92)
    drawn = [value for value in series.control if math.isfinite(value)]
    up = Scale(0, max([1.0, *map(float, series.target), *drawn]) * 1.05, bottom, top)
    parts = []
    for tick in up.ticks(4):
        parts.append(_line(left, up(tick), width - 92, up(tick), palette.LINE))
        parts.append(_text(left - 6, up(tick) + 4, f"{tick:,.0f}", anchor="end"))
    start, end = design.operation.period.start, design.operation.period.end
    wide = max(across(end.toordinal()) - across(start.toordinal()), 3.0)
    parts.append(svg("rect", _box(across(start.toordinal()), top - 6, wide, bottom - top + 6, palette.OPERATION)))
    parts.append(
        _text(
            across(start.toordinal()),
            top - 12,
            "placebo date" if design.operation.placebo else "operation",
            colour="#6b5312",
        )
    )
    for name, periods in (("before", design.before.periods), ("after", design.after.periods)):
        for index, period in enumerate(periods):
            one, two = across(max(period.start, first).toordinal()), across(min(period.end, last).toordinal())
            parts.append(_line(one, 14, two, 14, palette.MUTED, 2))
            if index == 0:
                parts.append(_text((one + two) / 2, 10, name, anchor="middle"))
    for gap in series.missing:
        one, two = across(gap.toordinal()), across(add_months(gap, series.step).toordinal())
        parts.append(svg("rect", _box(one, top, two - one, bottom - top, "#fff7dc")))
        parts.append(_text((one + two) / 2, bottom - 6, "no file", colour=palette.MORE_HARM, size=11))
    for year in range(first.year, last.year + 1):
        at = date(year, 1, 1)
        if first <= at < last:
            parts.append(_line(across(at.toordinal()), bottom, across(at.toordinal()), bottom + 5, palette.MUTED))
        shown = (max(at, first).toordinal(), min(date(year + 1, 1, 1), last).toordinal())
        if across(shown[1]) - across(shown[0]) > 34:
            parts.append(_text(across(sum(shown) / 2), bottom + 18, str(year)))
    mids = [(one.toordinal() + two.toordinal()) / 2 for one, two in zip(series.starts, ends, strict=True)]
    if drawn:
        parts += _broken_line(
            series,
            mids,
            across,
            up,
            list(series.control),
            {"stroke": palette.CONTROL, "stroke_width": 2, "stroke_dasharray": "5 4"},
        )
        parts.append(
            _text(
                across(mids[-1]) + 8,
                up(series.control[-1]) + _apart(up, series),
                "control, scaled",
                anchor="start",
                colour=palette.CONTROL,
            )
        )
    parts += _broken_line(
        series, mids, across, up, [float(v) for v in series.target], {"stroke": palette.INK, "stroke_width": 2.4}
    )
    parts += [
        svg("circle", {"cx": across(mid), "cy": up(value), "r": 2.6, "fill": palette.INK})
        for mid, value in zip(mids, series.target, strict=True)
    ]
    parts.append(
        _text(across(mids[-1]) + 8, up(series.target[-1]) + 4, "target", anchor="start", colour=palette.INK, weight=700)
    )
    parts.append(_line(left, bottom, width - 92, bottom, palette.INK))
    parts.append(_text(left, height - 4, f"{unit} a {step_name(series.step)}", anchor="start"))
    return _drawing(
        width,
        height,
        f"{unit.capitalize()} in the target area over time",
        "Dashed: control area, scaled to the target's level before.",
        parts,
    )


def step_name(step: int) -> str:
    """Return "month", "quarter" or "half-year"."""
    return {1: "month", 3: "quarter", 6: "half-year"}[step]


def _apart(up: Scale, series: ReleasedSeries) -> float:
    """Return how far to move the control's label so that it does not cover the target's."""
    distance = up(series.control[-1]) - up(series.target[-1])
    if abs(distance) >= 16:
        return 4.0
    return 4.0 + (16 - abs(distance)) * (1 if distance >= 0 else -1)


def _broken_line(
    series: ReleasedSeries, mids: Sequence[float], across: Scale, up: Scale, values: Sequence[float], style: Attributes
) -> list[Markup]:
    """Return lines that break where a step is missing."""
    runs: list[list[str]] = [[]]
    for index, (mid, value) in enumerate(zip(mids, values, strict=True)):
        if index and add_months(series.starts[index - 1], series.step) != series.starts[index]:
            runs.append([])
        runs[-1].append(f"{across(mid):.1f},{up(value):.1f}")
    return [svg("polyline", {"points": " ".join(run), "fill": "none", **style}) for run in runs if len(run) > 1]


def percent_change(effect: ReleasedEffect) -> tuple[float, Interval]:
    """Return a change and its interval in percent of the expected count."""
    if effect.is_refused and effect.expected > 0:
        percent = 100 / effect.expected
        span = effect.counting
        return percent * effect.change, Interval(percent * span.low, percent * span.high, span.level)
    span = effect.ratio.interval()
    if not effect.ratio.is_defined:
        return math.nan, span
    return 100 * math.expm1(effect.ratio.value), Interval(
        100 * math.expm1(span.low), 100 * math.expm1(span.high), span.level
    )


def _zone_mark(zone: str, x: float, y: float, colour: str) -> Markup:
    if zone == "target":
        return svg("circle", {"cx": x, "cy": y, "r": 6, "fill": colour})
    return svg(
        "rect",
        {"x": x - 5, "y": y - 5, "width": 10, "height": 10, "fill": "#ffffff", "stroke": colour, "stroke_width": 2.2},
    )
