"""Charts for evaluators: change by distance, specification curve, effect by phase, forest plot."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from geoharm import _text
from geoharm.disclosure.released import ReleasedEffect
from geoharm.evaluation.results.curves import Curve
from geoharm.evaluation.results.specification import Specification, SpecificationCurve
from geoharm.model.design import Design
from geoharm.model.estimate import Estimate, Interval, relative_change_of
from geoharm.model.geometry import ZoneRole
from geoharm.model.pooled import Forest
from geoharm.report import format_numbers, palette
from geoharm.report.charts.effects import percent_change
from geoharm.report.charts.marks import Scale, box, line, text
from geoharm.report.document import Chart
from geoharm.report.escape import svg
from geoharm.report.wording.withheld import note_text

WIDTH = 700.0
_BAND_COLOUR = "#d9e0e6"
_LOWEST_PERCENT, _HIGHEST_PERCENT = -90.0, 900.0
_TICKS = (-90.0, -75.0, -50.0, -25.0, 0.0, 50.0, 100.0, 200.0, 400.0, 900.0)
_MONTH_DAYS = 365.25 / 12


def percent_change_of_ratio(value: float) -> float:
    """Return a log ratio as a change in percent.

    Examples
    --------
    >>> round(percent_change_of_ratio(-0.693147))
    -50
    """
    return 100 * relative_change_of(value)


def percent_change_interval(span: Interval) -> tuple[float, float]:
    """Return an interval of a log ratio as changes in percent."""
    return percent_change_of_ratio(span.low), percent_change_of_ratio(span.high)


@dataclass(frozen=True, slots=True)
class RatioScale:
    """A logarithmic scale of changes in percent: a halving and a doubling are equally far from zero.

    Attributes
    ----------
    log_scale : Scale
        From log ratios to pixels.
    """

    log_scale: Scale

    def __call__(self, value: float) -> float:
        """Return the pixel of a change in percent; values beyond the scale are moved to its end."""
        log_ratio = math.log1p(value / 100) if value > -100 else -math.inf
        return self.log_scale(min(max(log_ratio, self.log_scale.low), self.log_scale.high))

    def ticks(self) -> list[float]:
        """Return the changes in percent at which ticks are drawn."""
        return [tick for tick in _TICKS if self.log_scale.low <= math.log1p(tick / 100) <= self.log_scale.high]


def _ratio_scale(values: Sequence[float], start: float, end: float) -> RatioScale:
    log_ratios = [math.log1p(max(value, _LOWEST_PERCENT) / 100) for value in values if math.isfinite(value)]
    low = min([math.log(0.8), *log_ratios])
    high = max([math.log(1.25), *(min(value, math.log1p(_HIGHEST_PERCENT / 100)) for value in log_ratios)])
    pad = (high - low) * 0.05
    return RatioScale(Scale(low - pad, high + pad, start, end))


def _grid(scale: RatioScale, left: float, right: float) -> list[Markup]:
    parts, last_y = [], math.inf
    for tick in sorted(scale.ticks(), key=lambda value: (value != 0, abs(value))):
        parts.append(line(left, scale(tick), right, scale(tick), palette.INK if tick == 0 else palette.LINE))
    for tick in scale.ticks():
        if abs(scale(tick) - last_y) > 13 or tick == 0:
            parts.append(text(left - 6, scale(tick) + 4, _tick_text(tick), anchor="end"))
            last_y = scale(tick)
    return parts


def _tick_text(value: float) -> str:
    return "0" if value == 0 else f"{format_numbers.percent_change_text(value)}"


def distance_profile_chart(curve: Curve, design: Design) -> Chart:
    """Return a chart of the change by distance: one dot for each zone, without intervals, for orientation."""
    edges = {zone.name: (zone.inner, zone.outer) for zone in design.zones if zone.role is not ZoneRole.CONTROL}
    gaps = {zone.name for zone in design.of_role(ZoneRole.GAP)}
    defined = [point for point in curve.points if point.is_defined]
    max_distance = max(outer for _, outer in edges.values())
    left, bottom, top, height = 56.0, 214.0, 26.0, 262.0
    target_width = 86.0
    x_scale = Scale(0, max_distance, left + target_width, WIDTH - 20)
    y_scale = _ratio_scale([percent_change_of_ratio(point.value) for point in defined], bottom, top)
    parts: list[Markup] = []
    for point in defined:
        inner, outer = edges[point.name]
        start_x, end_x = (left + 6, left + target_width - 6) if outer == 0 else (x_scale(inner) + 1, x_scale(outer) - 1)
        middle, height_of_dot = (start_x + end_x) / 2, y_scale(percent_change_of_ratio(point.value))
        parts.append(svg("circle", {"cx": middle, "cy": height_of_dot, "r": 4.5, "fill": palette.CONTROL}))
    parts = _grid(y_scale, left, WIDTH - 20) + parts
    parts.append(line(left + target_width, top, left + target_width, bottom + 5, palette.MUTED, 1, dash="2 3"))
    parts.append(text(left + target_width / 2, bottom + 18, "target", colour=palette.INK))
    last_x = left + target_width
    for name, (inner, outer) in edges.items():
        if outer == 0:
            continue
        outer_x = x_scale(outer)
        parts.append(line(outer_x, bottom, outer_x, bottom + 5, palette.MUTED))
        if name not in gaps and (outer_x - last_x > 40 or outer == max_distance):
            parts.append(
                text(outer_x, bottom + 18, f"{outer:g} m", anchor="end" if outer == max_distance else "middle")
            )
            last_x = outer_x
        if name in gaps and x_scale(outer) - x_scale(inner) > 24:
            parts.append(text((x_scale(inner) + outer_x) / 2, bottom + 18, "gap", size=11))
            last_x = outer_x
    parts.append(
        text(left, top - 12, "\u25b2 more than the control area", anchor="start", colour=palette.MORE_HARM, size=11)
    )
    parts.append(text(left, bottom + 40, "\u25bc fewer", anchor="start", colour=palette.LESS_HARM, size=11))
    parts.append(text(WIDTH - 20, bottom + 40, "distance from the target area", anchor="end"))
    return Chart(
        WIDTH,
        height,
        distance_profile_caption(curve),
        "Dots: change against the control area in percent, without intervals, for orientation.",
        parts,
    )


def distance_profile_caption(curve: Curve) -> str:
    """Return the change in every zone, for orientation."""
    changes = [
        f"{zone_label(point.name)} {format_numbers.percent_change_text(percent_change_of_ratio(point.value))}"
        for point in curve.points
        if point.is_defined
    ]
    return f"For orientation: {', '.join(changes)}"


def zone_label(name: str) -> str:
    """Return a distance such as "100-250 m" with an en dash; other zone names unchanged."""
    return name.replace("-", "\u2013") if name.endswith(" m") else name


def specification_chart(
    curve: SpecificationCurve, rows: Sequence[tuple[str, Sequence[tuple[str, Callable[[Specification], bool]]]]]
) -> Chart:
    """Return a specification curve: all estimates in order, with the choices behind each as ticks below.

    Parameters
    ----------
    curve : SpecificationCurve
    rows : sequence of (aspect, sequence of (choice, test))
        One row of ticks for each choice. A specification gets a tick if it passes the choice's test.
    """
    defined = [specification for specification in curve.specifications if specification.estimate.is_defined]
    left, right, top, bottom = 190.0, WIDTH - 12, 26.0, 200.0
    spans = [percent_change_interval(specification.estimate.interval()) for specification in defined]
    y_scale = _ratio_scale([value for span in spans for value in span], bottom, top)
    x_scale = Scale(-0.5, len(defined) - 0.5, left, right)
    step = (right - left) / max(len(defined), 1)
    parts = _grid(y_scale, left, right)
    for position, (specification, span) in enumerate(zip(defined, spans, strict=True)):
        x = x_scale(position)
        excludes_zero = span[0] > 0 or span[1] < 0
        colour = palette.INK if excludes_zero else palette.CONTROL
        parts.append(line(x, y_scale(span[0]), x, y_scale(span[1]), palette.LINE, max(1.0, min(step * 0.5, 3))))
        cy = y_scale(percent_change_of_ratio(specification.estimate.value))
        parts.append(svg("circle", {"cx": x, "cy": cy, "r": max(1.6, min(step * 0.4, 4)), "fill": colour}))
    y = bottom + 22
    for aspect, choices in rows:
        parts.append(text(8, y, aspect, anchor="start", colour=palette.INK, size=11, weight=700))
        for choice, test in choices:
            y += 14
            parts.append(text(left - 8, y, choice, anchor="end", size=11))
            parts += [
                line(x_scale(position), y - 8, x_scale(position), y, palette.INK, max(1.0, min(step * 0.5, 3)))
                for position, specification in enumerate(defined)
                if test(specification)
            ]
        y += 18
    parts.append(text(left, top - 12, "change against the control, in percent", anchor="start", size=11))
    return Chart(
        WIDTH,
        y + 2,
        specification_caption(curve),
        "Dots: one estimate each, from the largest fall to the largest rise; dark where its interval leaves out zero. Lines: "
        "intervals from the noise of counting only. Ticks below: the choices behind each.",
        parts,
    )


def specification_caption(curve: SpecificationCurve) -> str:
    """Return how many specifications give a fall, and the range of their estimates."""
    values = curve.values
    if not values:
        return "No specification gives an estimate"
    low, middle, high = (
        f"{format_numbers.percent_change_text(percent_change_of_ratio(value))}"
        for value in (values[0], curve.median, values[-1])
    )
    fewer = sum(value < 0 for value in values)
    return f"{fewer} of {len(values)} specifications show fewer: from {low} to {high}, median {middle}"


def phases_chart(phases: Sequence[ReleasedEffect], days: Mapping[str, tuple[float, float]]) -> Chart | None:
    """Return a chart of the change by phase: one panel for each zone, on one axis of months since the operation began.

    Parameters
    ----------
    phases : sequence of ReleasedEffect
    days : mapping of phase to (first, last)
        Days since the operation began.
    """
    panels = [
        (zone, [effect for effect in phases if effect.zone == zone])
        for zone in dict.fromkeys(effect.zone for effect in phases)
    ]
    percent_changes = [(effect, *percent_change(effect)) for effect in phases]
    drawn_changes = {
        (effect.zone, effect.window): (value, span) for effect, value, span in percent_changes if math.isfinite(value)
    }
    if not drawn_changes:
        return None
    left, right, panel_height, panel_gap = 56.0, WIDTH - 20, 118.0, 34.0
    last_month = max(high for _, high in days.values()) / _MONTH_DAYS
    x_scale = Scale(0, max(last_month, 0.5), left, right)
    height = 10 + len(panels) * (panel_height + panel_gap) + 28
    parts: list[Markup] = []
    for number, (zone, zone_effects) in enumerate(panels):
        top = 24 + number * (panel_height + panel_gap)
        percents = [
            percent
            for effect in zone_effects
            if (effect.zone, effect.window) in drawn_changes
            for percent in _value_and_ends(drawn_changes[effect.zone, effect.window])
        ]
        y_scale = _ratio_scale(percents, top + panel_height, top)
        parts += _grid(y_scale, left, right)
        parts.append(text(left, top - 7, zone, anchor="start", colour=palette.INK, weight=700))
        for effect in zone_effects:
            start_x, end_x = (x_scale(day / _MONTH_DAYS) for day in days[effect.window])
            end_x = max(end_x, start_x + 3)
            change = drawn_changes.get((effect.zone, effect.window))
            if change is None:
                parts.append(text((start_x + end_x) / 2, y_scale(0) - 4, "?", colour=palette.SLATE, size=13))
                continue
            value, span = change
            is_calibrated = effect.ratio.calibrated and not effect.is_refused
            if math.isfinite(span.low):
                low, high = y_scale(span.low), y_scale(span.high)
                parts.append(
                    svg("rect", box(start_x + 1, high, max(end_x - start_x - 2, 1.5), low - high, _BAND_COLOUR))
                )
                for edge in (low, high):
                    parts.append(
                        line(
                            start_x + 1,
                            edge,
                            end_x - 1,
                            edge,
                            palette.CONTROL,
                            1,
                            dash=None if is_calibrated else "4 3",
                        )
                    )
            parts.append(line(start_x + 1, y_scale(value), end_x - 1, y_scale(value), palette.INK, 3))
        parts.append(line(left, y_scale(0), right, y_scale(0), palette.INK))
    base = height - 32
    for tick in x_scale.ticks(8):
        parts.append(line(x_scale(tick), base - 6, x_scale(tick), base, palette.MUTED))
        parts.append(text(x_scale(tick), base + 13, f"{tick:g}"))
    parts.append(text(right, height - 5, "months since the operation began", anchor="end"))
    return Chart(
        WIDTH,
        height,
        phases_caption(phases),
        "Thick line: change in percent of the expected count, by phase. Grey: its 95% interval; dashed edges: noise of "
        "counting only, too narrow. ?: cannot be given.",
        parts,
    )


def _value_and_ends(change: tuple[float, Interval]) -> tuple[float, float, float]:
    return change[0], change[1].low, change[1].high


def phases_caption(phases: Sequence[ReleasedEffect]) -> str:
    """Return the target's change by phase, in one line."""
    target_changes = [(effect, percent_change(effect)[0]) for effect in phases if effect.zone == "target"]
    phase_texts = [
        f"{effect.window} {format_numbers.percent_change_text(value)}"
        for effect, value in target_changes
        if math.isfinite(value)
    ]
    return "Target area by phase: " + (", ".join(phase_texts) if phase_texts else "no phase can be given")


# Pixels between the rows of a forest: narrower from so many rows on, so that forty of them fit a printed page.
_FOREST_STEP, _NARROW_STEP, _MANY_ROWS = 30.0, 18.0, 20


def forest_chart(
    forest: Forest,
    *,
    finding: str = "",
    rows_are: str = "one operation each",
    diamond: str = "all together, with Hartung and Knapp's interval",
) -> Chart:
    """Return a forest plot: one row for each operation or part, and the pooled estimate.

    Parameters
    ----------
    forest : Forest
        Log ratios with their weights, and the pooled estimate.
    finding : str
        Title of the chart; by default the caption of the forest.
    rows_are : str
        What a row is, for the description.
    diamond : str
        What the diamond is, for the description.
    """
    rows = list(forest.rows)
    longest = min(max((len(label) for label, _, _ in rows), default=0), 40)
    step = _FOREST_STEP if len(rows) <= _MANY_ROWS else _NARROW_STEP
    left, right = max(220.0, 7.0 * longest), WIDTH - 20
    height = 60 + step * (len(rows) + (2 if forest.pooled else 0))
    spans = [percent_change_interval(estimate.interval()) for _, estimate, _ in rows]
    values = [percent for span in spans for percent in span] + [
        percent_change_of_ratio(estimate.value) for _, estimate, _ in rows
    ]
    if forest.pooled:
        values += [*percent_change_interval(forest.pooled.interval())]
    scale = _ratio_scale(values, left, right)
    base = height - 34
    parts: list[Markup] = []
    for tick in scale.ticks():
        parts.append(line(scale(tick), 20, scale(tick), base, palette.INK if tick == 0 else palette.LINE))
        parts.append(text(scale(tick), base + 15, _tick_text(tick)))
    largest = max((weight for _, _, weight in rows if math.isfinite(weight)), default=1.0)
    for position, ((label, estimate, weight), span) in enumerate(zip(rows, spans, strict=True)):
        y = 36 + step * position
        short_label = label if len(label) <= 40 else label[:39] + "\u2026"
        parts.append(text(left - 12, y + 4, short_label, anchor="end", colour=palette.INK))
        dash = None if estimate.calibrated else "4 3"
        parts.append(line(scale(span[0]), y, scale(span[1]), y, palette.SLATE, 2, dash=dash))
        square_side = 4 + 8 * math.sqrt(max(weight, 0) / largest) if math.isfinite(weight) else 7
        x = scale(percent_change_of_ratio(estimate.value))
        parts.append(svg("rect", box(x - square_side / 2, y - square_side / 2, square_side, square_side, palette.INK)))
    if forest.pooled:
        y = 36 + step * (len(rows) + 0.5)
        end_xs = [scale(value) for value in percent_change_interval(forest.pooled.interval())]
        x = scale(percent_change_of_ratio(forest.pooled.value))
        parts.append(line(20, y - step * 0.75, right, y - step * 0.75, palette.LINE))
        parts.append(text(left - 12, y + 4, "together", anchor="end", colour=palette.INK, weight=700))
        points = f"{end_xs[0]:.2f},{y:g} {x:.2f},{y - 9:g} {end_xs[1]:.2f},{y:g} {x:.2f},{y + 9:g}"
        parts.append(svg("polygon", {"points": points, "fill": palette.INK}))
    parts.append(text(scale(0) - 8, 14, "\u25c4 fewer", anchor="end", colour=palette.LESS_HARM))
    parts.append(text(scale(0) + 8, 14, "more \u25ba", anchor="start", colour=palette.MORE_HARM))
    parts.append(text(right, height - 2, "percent of the expected count", anchor="end"))
    return Chart(
        WIDTH,
        height,
        finding or forest_caption(forest),
        f"Squares: {rows_are}, larger with more weight; lines: 95% intervals, dashed where they hold the noise of counting "
        f"only. Diamond: {diamond}.",
        parts,
    )


def forest_caption(forest: Forest) -> str:
    """Return the pooled estimate of several operations in words."""
    if forest.pooled is None:
        return "No pooled estimate of the operations can be given"
    span = forest.pooled.interval()
    low, high = percent_change_interval(span)
    side = {-1: "fewer", 0: "not told apart from zero", 1: "more"}[span.side]
    return (
        f"{len(forest.rows)} operations together: {format_numbers.percent_change_text(percent_change_of_ratio(forest.pooled.value))} "
        f"({format_numbers.percent_change_text(low)} to {format_numbers.percent_change_text(high)}), {side}"
    )


def ratio_text(estimate: Estimate) -> str:
    """Return a log ratio as a change such as "−45% (−60% to −20%)", or the reason why there is none."""
    if not estimate.is_defined:
        return note_text(estimate.note) or _text.UNKNOWN
    low, high = percent_change_interval(estimate.interval())
    return f"{format_numbers.percent_change_text(percent_change_of_ratio(estimate.value))} ({format_numbers.percent_change_text(low)} to {format_numbers.percent_change_text(high)})"
