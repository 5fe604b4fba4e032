"""Charts of the evaluators' part: effect by distance, every way to answer, phases, and several operations together."""

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
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.geometry import ZoneRole
from geoharm.model.pooled import Forest
from geoharm.report import format_numbers, palette
from geoharm.report.charts.effects import percent_change
from geoharm.report.charts.marks import Scale, box, drawing, line, text
from geoharm.report.escape import svg

WIDTH = 700.0
_BAND = "#d9e0e6"
_LOWEST, _HIGHEST = -90.0, 900.0
_TICKS = (-90.0, -75.0, -50.0, -25.0, 0.0, 50.0, 100.0, 200.0, 400.0, 900.0)
_MONTH_DAYS = 365.25 / 12


def percent_change_of_ratio(value: float) -> float:
    """Return a log ratio as a change in percent.

    Examples
    --------
    >>> round(percent(-0.693147))
    -50
    """
    return 100 * math.expm1(value) if value < 20 else math.inf


def percent_change_interval(span: Interval) -> tuple[float, float]:
    """Return an interval of a log ratio as changes in percent."""
    return percent_change_of_ratio(span.low), percent_change_of_ratio(span.high)


@dataclass(frozen=True, slots=True)
class RatioScale:
    """A scale of changes in percent on which a halving and a doubling are equally far from zero.

    Attributes
    ----------
    line : Scale
        From log ratios to pixels.
    """

    line: Scale

    def __call__(self, value: float) -> float:
        """Return the pixel of a change in percent, held inside the scale."""
        ratio = math.log1p(value / 100) if value > -100 else -math.inf
        return self.line(min(max(ratio, self.line.low), self.line.high))

    def ticks(self) -> list[float]:
        """Return changes in percent within the scale."""
        return [tick for tick in _TICKS if self.line.low <= math.log1p(tick / 100) <= self.line.high]

    def cuts(self, values: Sequence[float]) -> bool:
        """Return whether a value lies beyond the scale."""
        limits = percent_change_of_ratio(self.line.low), percent_change_of_ratio(self.line.high)
        return any(math.isfinite(value) and not limits[0] - 1 <= value <= limits[1] + 1 for value in values)


def _ratio_scale(values: Sequence[float], start: float, end: float) -> RatioScale:
    known = [math.log1p(max(value, _LOWEST) / 100) for value in values if math.isfinite(value)]
    low = min([math.log(0.8), *known])
    high = max([math.log(1.25), *(min(value, math.log1p(_HIGHEST / 100)) for value in known)])
    pad = (high - low) * 0.05
    return RatioScale(Scale(low - pad, high + pad, start, end))


def _grid(scale: RatioScale, left: float, right: float) -> list[Markup]:
    parts, last = [], math.inf
    for tick in sorted(scale.ticks(), key=lambda value: (value != 0, abs(value))):
        parts.append(line(left, scale(tick), right, scale(tick), palette.INK if tick == 0 else palette.LINE))
    for tick in scale.ticks():
        if abs(scale(tick) - last) > 13 or tick == 0:
            parts.append(text(left - 6, scale(tick) + 4, _tick(tick), anchor="end"))
            last = scale(tick)
    return parts


def _tick(value: float) -> str:
    return "0" if value == 0 else f"{format_numbers.signed_text(value)}%"


def distance_profile_chart(curve: Curve, design: Design) -> Markup:
    """Return the effect by distance: dots, the interval of each, and the band that holds all of them together."""
    edges = {zone.name: (zone.inner, zone.outer) for zone in design.zones if zone.role is not ZoneRole.CONTROL}
    gaps = {zone.name for zone in design.of_role(ZoneRole.GAP)}
    shown = [(point, span) for point, span in zip(curve.points, curve.band(), strict=True) if point.is_defined]
    reach = max(outer for _, outer in edges.values())
    left, bottom, top, height = 56.0, 214.0, 26.0, 262.0
    slot = 86.0
    across = Scale(0, reach, left + slot, WIDTH - 20)
    values = [
        v for point, span in shown for v in (percent_change_of_ratio(point.value), *percent_change_interval(span))
    ]
    up = _ratio_scale(values, bottom, top)
    parts: list[Markup] = []
    for point, span in shown:
        inner, outer = edges[point.name]
        one, two = (left + 6, left + slot - 6) if outer == 0 else (across(inner) + 1, across(outer) - 1)
        low, high = (up(value) for value in percent_change_interval(span))
        parts.append(svg("rect", box(one, high, two - one, low - high, _BAND)))
        middle = (one + two) / 2
        low, high = (up(value) for value in percent_change_interval(point.interval()))
        parts.append(line(middle, low, middle, high, palette.INK, 2, dash="4 3"))
        parts.append(
            svg("circle", {"cx": middle, "cy": up(percent_change_of_ratio(point.value)), "r": 4.5, "fill": palette.INK})
        )
    parts = _grid(up, left, WIDTH - 20) + parts
    parts.append(line(left + slot, top, left + slot, bottom + 5, palette.MUTED, 1, dash="2 3"))
    parts.append(text(left + slot / 2, bottom + 18, "target", colour=palette.INK))
    last = left + slot
    for name, (inner, outer) in edges.items():
        if outer == 0:
            continue
        end = across(outer)
        parts.append(line(end, bottom, end, bottom + 5, palette.MUTED))
        if name not in gaps and (end - last > 40 or outer == reach):
            parts.append(text(end, bottom + 18, f"{outer:g} m", anchor="end" if outer == reach else "middle"))
            last = end
        if name in gaps and across(outer) - across(inner) > 24:
            parts.append(text((across(inner) + end) / 2, bottom + 18, "gap", size=11))
            last = end
    parts.append(
        text(left, top - 12, "\u25b2 more than the control area", anchor="start", colour=palette.MORE_HARM, size=11)
    )
    parts.append(text(left, bottom + 40, "\u25bc fewer", anchor="start", colour=palette.LESS_HARM, size=11))
    parts.append(text(WIDTH - 20, bottom + 40, "distance from the target area", anchor="end"))
    return drawing(
        WIDTH,
        height,
        distance_profile_caption(curve),
        "Dots: change against the control area in percent. Dashed: the interval of each, from the noise of counting only. "
        "Grey: the band that holds all of them together.",
        parts,
    )


def distance_profile_caption(curve: Curve) -> str:
    """Return what the profile shows, by the band that holds it all."""
    names: dict[int, list[str]] = {-1: [], 0: [], 1: []}
    for point, span in zip(curve.points, curve.band(), strict=True):
        if point.is_defined:
            names[span.side].append(zone_label(point.name))
    clear = [
        f"{format_numbers.join_with_and(names[side])} {word}"
        for side, word in ((-1, "fewer"), (1, "more"))
        if names[side]
    ]
    if not clear:
        return "At no distance does the change leave zero, by the band that holds all distances together"
    rest = f"; {format_numbers.join_with_and(names[0])} not told apart from zero" if names[0] else ""
    return f"Beyond the noise of counting: {', '.join(clear)}{rest}"


def zone_label(name: str) -> str:
    """Return "100–250 m" with its dash, other names as they are."""
    return name.replace("-", "\u2013") if name.endswith(" m") else name


def specification_chart(
    curve: SpecificationCurve, rows: Sequence[tuple[str, Sequence[tuple[str, Callable[[Specification], bool]]]]]
) -> Markup:
    """Return every answer in order, with the choices behind each as ticks below.

    Parameters
    ----------
    curve : SpecificationCurve
    rows : sequence of (aspect, sequence of (choice, test))
        A row of ticks for each choice; a specification that passes the test gets one.
    """
    shown = [one for one in curve.specifications if one.estimate.is_defined]
    left, right, top, bottom = 190.0, WIDTH - 12, 26.0, 200.0
    spans = [percent_change_interval(one.estimate.interval()) for one in shown]
    up = _ratio_scale([value for span in spans for value in span], bottom, top)
    across = Scale(-0.5, len(shown) - 0.5, left, right)
    step = (right - left) / max(len(shown), 1)
    parts = _grid(up, left, right)
    for place, (one, span) in enumerate(zip(shown, spans, strict=True)):
        x = across(place)
        clear = span[0] > 0 or span[1] < 0
        colour = palette.INK if clear else palette.CONTROL
        parts.append(line(x, up(span[0]), x, up(span[1]), palette.LINE, max(1.0, min(step * 0.5, 3))))
        cy = up(percent_change_of_ratio(one.estimate.value))
        parts.append(svg("circle", {"cx": x, "cy": cy, "r": max(1.6, min(step * 0.4, 4)), "fill": colour}))
    y = bottom + 22
    for aspect, choices in rows:
        parts.append(text(8, y, aspect, anchor="start", colour=palette.INK, size=11, weight=700))
        for name, test in choices:
            y += 14
            parts.append(text(left - 8, y, name, anchor="end", size=11))
            parts += [
                line(across(place), y - 8, across(place), y, palette.INK, max(1.0, min(step * 0.5, 3)))
                for place, one in enumerate(shown)
                if test(one)
            ]
        y += 18
    parts.append(text(left, top - 12, "change against the control, in percent", anchor="start", size=11))
    return drawing(
        WIDTH,
        y + 2,
        specification_caption(curve),
        "Dots: one answer each, from the largest fall to the largest rise; dark where its interval leaves out zero. Lines: "
        "intervals from the noise of counting only. Ticks below: the choices behind each.",
        parts,
    )


def specification_caption(curve: SpecificationCurve) -> str:
    """Return how many ways say fewer, and from where to where they reach."""
    values = curve.values
    if not values:
        return "No way gives an answer"
    low, middle, high = (
        f"{format_numbers.signed_text(percent_change_of_ratio(value))}%"
        for value in (values[0], curve.middle, values[-1])
    )
    fewer = sum(value < 0 for value in values)
    return f"{fewer} of {len(values)} ways say fewer: from {low} to {high}, the middle one {middle}"


def phases_chart(phases: Sequence[ReleasedEffect], days: Mapping[str, tuple[float, float]]) -> Markup | None:
    """Return the change by phase, target above the rings, on one axis of months since the operation began.

    Parameters
    ----------
    phases : sequence of ReleasedEffect
    days : mapping of phase to (first, last)
        Days since the operation began.
    """
    panels = [(name, [one for one in phases if one.zone == name]) for name in dict.fromkeys(e.zone for e in phases)]
    known = [(one, *percent_change(one)) for one in phases]
    drawn = {(one.zone, one.window): (value, span) for one, value, span in known if math.isfinite(value)}
    if not drawn:
        return None
    left, right, each, gap = 56.0, WIDTH - 20, 118.0, 34.0
    last = max(high for _, high in days.values()) / _MONTH_DAYS
    across = Scale(0, max(last, 0.5), left, right)
    height = 10 + len(panels) * (each + gap) + 28
    parts: list[Markup] = []
    for number, (name, rows) in enumerate(panels):
        top = 24 + number * (each + gap)
        values = [v for one in rows if (one.zone, one.window) in drawn for v in _three(drawn[one.zone, one.window])]
        up = _ratio_scale(values, top + each, top)
        parts += _grid(up, left, right)
        parts.append(text(left, top - 7, name, anchor="start", colour=palette.INK, weight=700))
        for one in rows:
            first, end = (across(day / _MONTH_DAYS) for day in days[one.window])
            end = max(end, first + 3)
            found = drawn.get((one.zone, one.window))
            if found is None:
                parts.append(text((first + end) / 2, up(0) - 4, "?", colour=palette.SLATE, size=13))
                continue
            value, span = found
            solid = one.ratio.calibrated and not one.is_refused
            if math.isfinite(span.low):
                low, high = up(span.low), up(span.high)
                parts.append(svg("rect", box(first + 1, high, max(end - first - 2, 1.5), low - high, _BAND)))
                for edge in (low, high):
                    parts.append(
                        line(first + 1, edge, end - 1, edge, palette.CONTROL, 1, dash=None if solid else "4 3")
                    )
            parts.append(line(first + 1, up(value), end - 1, up(value), palette.INK, 3))
        parts.append(line(left, up(0), right, up(0), palette.INK))
    base = height - 32
    for tick in across.ticks(8):
        parts.append(line(across(tick), base - 6, across(tick), base, palette.MUTED))
        parts.append(text(across(tick), base + 13, f"{tick:g}"))
    parts.append(text(right, height - 5, "months since the operation began", anchor="end"))
    return drawing(
        WIDTH,
        height,
        phases_caption(phases),
        "Thick line: change in percent of the expected count, by phase. Grey: its 95% interval; dashed edges: noise of "
        "counting only, too narrow. ?: cannot be given.",
        parts,
    )


def _three(found: tuple[float, Interval]) -> tuple[float, float, float]:
    return found[0], found[1].low, found[1].high


def phases_caption(phases: Sequence[ReleasedEffect]) -> str:
    """Return the target's change by phase, in one line."""
    rows = [(one, percent_change(one)[0]) for one in phases if one.zone == "target"]
    known = [f"{one.window} {format_numbers.signed_text(value)}%" for one, value in rows if math.isfinite(value)]
    return "Target area by phase: " + (", ".join(known) if known else "no phase can be given")


def forest_chart(
    forest: Forest,
    *,
    finding: str = "",
    rows_are: str = "one operation each",
    diamond: str = "all together, with Hartung and Knapp's interval",
) -> Markup:
    """Return one row an operation, or whatever `rows_are`, and what they come to together."""
    rows = list(forest.rows)
    longest = min(max((len(label) for label, _, _ in rows), default=0), 40)
    step, left, right = 30.0, max(220.0, 7.0 * longest), WIDTH - 20
    height = 60 + step * (len(rows) + (2 if forest.pooled else 0))
    spans = [percent_change_interval(estimate.interval()) for _, estimate, _ in rows]
    values = [v for span in spans for v in span] + [percent_change_of_ratio(estimate.value) for _, estimate, _ in rows]
    if forest.pooled:
        values += [*percent_change_interval(forest.pooled.careful_interval)]
    scale = _ratio_scale(values, left, right)
    base = height - 34
    parts: list[Markup] = []
    for tick in scale.ticks():
        parts.append(line(scale(tick), 20, scale(tick), base, palette.INK if tick == 0 else palette.LINE))
        parts.append(text(scale(tick), base + 15, _tick(tick)))
    largest = max((weight for _, _, weight in rows if math.isfinite(weight)), default=1.0)
    for place, ((label, estimate, weight), span) in enumerate(zip(rows, spans, strict=True)):
        y = 36 + step * place
        name = label if len(label) <= 40 else label[:39] + "\u2026"
        parts.append(text(left - 12, y + 4, name, anchor="end", colour=palette.INK))
        dash = None if estimate.calibrated else "4 3"
        parts.append(line(scale(span[0]), y, scale(span[1]), y, palette.SLATE, 2, dash=dash))
        side = 4 + 8 * math.sqrt(max(weight, 0) / largest) if math.isfinite(weight) else 7
        x = scale(percent_change_of_ratio(estimate.value))
        parts.append(svg("rect", box(x - side / 2, y - side / 2, side, side, palette.INK)))
    if forest.pooled:
        y = 36 + step * (len(rows) + 0.5)
        ends = [scale(value) for value in percent_change_interval(forest.pooled.careful_interval)]
        x = scale(percent_change_of_ratio(forest.pooled.mean))
        parts.append(line(20, y - step * 0.75, right, y - step * 0.75, palette.LINE))
        parts.append(text(left - 12, y + 4, "together", anchor="end", colour=palette.INK, weight=700))
        points = f"{ends[0]:.2f},{y:g} {x:.2f},{y - 9:g} {ends[1]:.2f},{y:g} {x:.2f},{y + 9:g}"
        parts.append(svg("polygon", {"points": points, "fill": palette.INK}))
    parts.append(text(scale(0) - 8, 14, "\u25c4 fewer", anchor="end", colour=palette.LESS_HARM))
    parts.append(text(scale(0) + 8, 14, "more \u25ba", anchor="start", colour=palette.MORE_HARM))
    parts.append(text(right, height - 2, "percent of the expected count", anchor="end"))
    return drawing(
        WIDTH,
        height,
        finding or forest_caption(forest),
        f"Squares: {rows_are}, larger with more weight; lines: 95% intervals, dashed where they hold the noise of counting "
        f"only. Diamond: {diamond}.",
        parts,
    )


def forest_caption(forest: Forest) -> str:
    """Return what the operations come to together."""
    if forest.pooled is None:
        return "What the operations come to together cannot be given"
    span = forest.pooled.careful_interval
    low, high = percent_change_interval(span)
    side = {-1: "fewer", 0: "not told apart from zero", 1: "more"}[span.side]
    return (
        f"{forest.pooled.count} operations together: {format_numbers.signed_text(percent_change_of_ratio(forest.pooled.mean))}% "
        f"({format_numbers.signed_text(low)}% to {format_numbers.signed_text(high)}%), {side}"
    )


def ratio_text(estimate: Estimate) -> str:
    """Return a log ratio as "−45% (−60% to −20%)", or why there is none."""
    if not estimate.is_defined:
        return estimate.note or _text.UNKNOWN
    low, high = percent_change_interval(estimate.interval())
    return f"{format_numbers.signed_text(percent_change_of_ratio(estimate.value))}% ({format_numbers.signed_text(low)}% to {format_numbers.signed_text(high)}%)"
