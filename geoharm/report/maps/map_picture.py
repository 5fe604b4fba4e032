"""The map as one picture for slides and documents: before and after side by side, with title, legend and credits."""

from __future__ import annotations

from markupsafe import Markup

from geoharm import _text
from geoharm.disclosure.released import Release, ReleasedHotspots, ReleasedOperation
from geoharm.report import format_numbers, palette
from geoharm.report.charts.marks import box, text
from geoharm.report.charts.text_lines import cut_text, text_lines
from geoharm.report.document import Chart
from geoharm.report.escape import svg
from geoharm.report.maps.layers import AFTER, BEFORE, credit_lines
from geoharm.report.maps.static_map import operation_map
from geoharm.report.wording.when import later_clause, later_head
from geoharm.report.wording.withheld import released_total

# A slide of 16 to 9.
WIDTH, HEIGHT = 1280.0, 720.0
_SIDE, _TOP, _LEFT, _GAP = 490.0, 104.0, 60.0, 180.0
_SWATCH = 62.0


def map_picture(release: Release, operation: ReleasedOperation) -> Chart | None:
    """Return the primary measure's maps before and after on one drawing; None if there is no map of it.

    Parameters
    ----------
    release : Release
    operation : ReleasedOperation
        Its zones are drawn.
    """
    hotspots = primary_hotspots(release, operation)
    if hotspots is None:
        return None
    design = operation.design
    name = _text.capitalised(operation.primary.measure.name)
    title = f"{name} before and {later_clause(design)}"
    whole = f"{title}: {design.operation.name}"
    parts: list[Markup] = [
        svg("rect", box(0, 0, WIDTH, HEIGHT, palette.LAND)),
        text(_LEFT, 44, cut_text(whole, WIDTH - 2 * _LEFT, 26, bold=True), anchor="start", colour=palette.INK, size=26, weight=700),
    ]  # fmt: skip
    spoken = []
    views = hotspots.of(design.operation.name)
    for number, (view, window, head) in enumerate(
        ((BEFORE, design.before, "Before"), (AFTER, design.after, later_head(design)))
    ):
        image, events = views[view]
        left = _LEFT + number * (_SIDE + _GAP)
        caption = f"{head}: {format_numbers.window_text(window)}; {released_total(release, events)} located in the city"
        drawn = operation_map(release, design, image, caption)
        place = {"x": left, "y": _TOP, "width": _SIDE, "height": _SIDE}
        parts.append(svg("svg", place | {"viewBox": f"0 0 {drawn.width:g} {drawn.height:g}"}, *drawn.marks))
        lines = text_lines(caption, _SIDE, 14)
        parts += [
            text(left, _TOP - 10 - 17 * (len(lines) - number), words, anchor="start", colour=palette.INK, size=14)
            for number, words in enumerate(lines, start=1)
        ]
        spoken.append(caption)
    parts += _legend(hotspots)
    parts += _credits(release)
    description = f"{'. '.join(spoken)}. Thick line: target area; dotted: gap; dashed: rings. Darker: more."
    return Chart(WIDTH, HEIGHT, whole, description, parts, kind="map")


def primary_hotspots(release: Release, operation: ReleasedOperation) -> ReleasedHotspots | None:
    """Return the primary measure's hotspots, if its maps before and after an operation may be drawn."""
    name = operation.primary.measure.name
    for hotspots in release.hotspots:
        views = hotspots.of(operation.design.operation.name)
        if hotspots.measure.name == name and hotspots.breaks and {BEFORE, AFTER} <= set(views):
            return hotspots
    return None


def _legend(hotspots: ReleasedHotspots) -> list[Markup]:
    """Return the classes of both maps, and what the lines are."""
    y = _TOP + _SIDE + 20
    unit = f"{_text.capitalised(hotspots.measure.density_unit)} per km\u00b2 per year, from"
    parts = [text(_LEFT, y + 12, unit, anchor="start", colour=palette.INK, size=14)]
    for number, (colour, start) in enumerate(zip(palette.DENSITY, hotspots.breaks, strict=False)):
        left = _LEFT + number * (_SWATCH + 14)
        parts.append(svg("rect", {**box(left, y + 22, _SWATCH, 14, colour), "stroke": palette.LINE}))
        parts.append(text(left, y + 52, f"{start:,.10g}", anchor="start", size=13))
    words = "Thick line: target area; dotted: gap; dashed: rings"
    parts.append(text(WIDTH - _LEFT, y + 12, words, anchor="end", colour=palette.INK, size=14))
    return parts


def _credits(release: Release) -> list[Markup]:
    """Return the credits in the corner, over as many lines as they need, the last at the lower edge."""
    told = " \u00b7 ".join(("geoharm", *credit_lines(release)))
    lines = text_lines(told, WIDTH - 2 * _LEFT, 11)
    return [
        text(WIDTH - _LEFT, HEIGHT - 10 - 13 * (len(lines) - number), each, anchor="end", size=11)
        for number, each in enumerate(lines, start=1)
    ]
