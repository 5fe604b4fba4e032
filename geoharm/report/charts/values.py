"""Charts of net harm: a whisker a profile, and a bar of all admissible weightings."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from geoharm import _text
from geoharm.harm.results.net_harm import Acceptability, NetHarm
from geoharm.report import format_numbers, palette
from geoharm.report.charts.marks import Scale, drawing, line, text
from geoharm.report.escape import svg

# Fell, fell with zero inside, neither, rose with zero inside, rose: the ends are colours, the middle is grey.
BAR = (palette.LESS_HARM, "#bcd3e8", palette.UNDETECTABLE, "#ecd0bf", palette.MORE_HARM)


def weighting_shares(one: Acceptability) -> tuple[float, ...]:
    """Return the five shares of the bar, from fell to rose; without a checked interval nothing is clear."""
    if not one.calibrated:
        return 0.0, one.clearly_fell + one.fell, one.neither, one.rose + one.clearly_rose, 0.0
    return one.clearly_fell, one.fell, one.neither, one.rose, one.clearly_rose


def profiles_chart(nets: Sequence[NetHarm]) -> Markup | None:
    """Return one whisker a profile, each on a scale of its own: reference events differ from profile to profile.

    What is compared is the side of zero. None if nothing can be drawn.
    """
    drawn = [
        one for one in nets if one.is_known and math.isfinite(one.interval.low) and math.isfinite(one.interval.high)
    ]
    if not drawn:
        return None
    left, width, step = 190.0, 700.0, 40.0
    height = 30 + step * len(drawn) + 8
    middle = (left + width) / 2
    parts = [line(middle, 22, middle, height - 8, palette.INK)]
    for index, one in enumerate(drawn):
        y = 26 + step * (index + 0.5)
        reach = max(abs(v) for v in (one.low, one.high, one.interval.low, one.interval.high)) or 1.0
        scale = Scale(-reach * 1.6, reach * 1.6, left, width)
        colour = _colour(one)
        low, high = scale(one.interval.low), scale(one.interval.high)
        parts.append(text(left - 12, y + 4, one.profile, anchor="end", colour=palette.INK, size=13))
        parts.append(line(low, y, high, y, colour, 2.2, dash=None if one.calibrated else "4 3"))
        parts += [line(end, y - 5, end, y + 5, colour, 2.2) for end in (low, high)]
        if one.low == one.high:
            parts.append(svg("circle", {"cx": scale(one.low), "cy": y, "r": 5.5, "fill": colour}))
        else:
            parts.append(line(scale(one.low), y, scale(one.high), y, colour, 7))
        parts.append(text(low - 6, y + 4, format_numbers.signed_text(one.interval.low), anchor="end", size=11.5))
        parts.append(text(high + 6, y + 4, format_numbers.signed_text(one.interval.high), anchor="start", size=11.5))
    parts.append(text(middle - 8, 14, "\u25c4 less harm", anchor="end", colour=palette.LESS_HARM))
    parts.append(text(middle + 8, 14, "more \u25ba", anchor="start", colour=palette.MORE_HARM))
    return drawing(
        width,
        height,
        f"Net change in harm under {len(drawn)} value profiles",
        "Each line has its own scale; zero is the upright line. Dashed: at least one part holds the noise of counting only.",
        parts,
    )


def weightings_chart(one: Acceptability) -> Markup:
    """Return one bar of all admissible weightings, from those under which harm fell to those under which it rose."""
    width, height = 700.0, 40.0
    parts, start = [], 0.0
    for share, colour in zip(weighting_shares(one), BAR, strict=True):
        if share <= 0:
            continue
        box = {"x": start, "y": 4, "width": share * width, "height": 28, "fill": colour}
        parts.append(svg("rect", box))
        if share > 0.08:
            ink = "#ffffff" if colour in (palette.LESS_HARM, palette.MORE_HARM) else palette.INK
            parts.append(text(start + share * width / 2, 23, _text.percent_text(share), colour=ink, weight=600))
        start += share * width
    return drawing(width, height, f"Admissible weightings, {one.zone}", weightings_text(one), parts)


def weightings_text(one: Acceptability) -> str:
    """Return the bar in words."""
    words: tuple[str, ...] = (
        "fell, interval without zero", "fell, interval with zero", "either, because counts are withheld at the source",
        "rose, interval with zero", "rose, interval without zero",
    )  # fmt: skip
    if not one.calibrated:
        words = ("", "fell by best estimate", words[2], "rose by best estimate", "")
    found = [
        f"{text} {_text.percent_text(share)}"
        for text, share in zip(words, weighting_shares(one), strict=True)
        if share > 0
    ]
    return "; ".join(found)


def _colour(one: NetHarm) -> str:
    """Return a colour only for what may be read as a finding."""
    if not one.calibrated:
        return palette.SLATE
    return {-1: palette.LESS_HARM, 1: palette.MORE_HARM}.get(one.interval.side, palette.SLATE)
