"""Charts of net harm: one interval for each value profile, and a bar of all admissible weightings."""

from __future__ import annotations

import math
from collections.abc import Sequence

from geoharm import _text
from geoharm.harm.results.net_harm import Acceptability, NetHarm
from geoharm.report import format_numbers, palette
from geoharm.report.charts.marks import Scale, line, text
from geoharm.report.document import Chart
from geoharm.report.escape import svg

# Fell; fell, interval with zero; neither; rose, interval with zero; rose. Both ends are coloured, the middle is grey.
WEIGHTING_COLOURS = (palette.LESS_HARM, "#bcd3e8", palette.UNDETECTABLE, "#ecd0bf", palette.MORE_HARM)


def weighting_shares(acceptability: Acceptability) -> tuple[float, ...]:
    """Return the five shares of the bar, from fell to rose.

    Without a calibrated interval the two outer shares are 0 and their weightings are counted in the next share.
    """
    if not acceptability.calibrated:
        return (
            0.0,
            acceptability.clearly_fell + acceptability.fell,
            acceptability.undecided,
            acceptability.rose + acceptability.clearly_rose,
            0.0,
        )
    return (
        acceptability.clearly_fell,
        acceptability.fell,
        acceptability.undecided,
        acceptability.rose,
        acceptability.clearly_rose,
    )


def profiles_chart(nets: Sequence[NetHarm]) -> Chart | None:
    """Return a chart with one interval for each value profile; None if nothing can be drawn.

    Each interval has its own scale, because profiles have different reference events. Only the side of zero can be
    compared between profiles.
    """
    drawn_nets = [
        net for net in nets if net.is_known and math.isfinite(net.interval.low) and math.isfinite(net.interval.high)
    ]
    if not drawn_nets:
        return None
    left, width, step = 190.0, 700.0, 40.0
    height = 30 + step * len(drawn_nets) + 8
    middle = (left + width) / 2
    parts = [line(middle, 22, middle, height - 8, palette.INK)]
    for index, net in enumerate(drawn_nets):
        y = 26 + step * (index + 0.5)
        reach = max(abs(end) for end in (net.low, net.high, net.interval.low, net.interval.high)) or 1.0
        scale = Scale(-reach * 1.6, reach * 1.6, left, width)
        colour = _colour(net)
        low, high = scale(net.interval.low), scale(net.interval.high)
        parts.append(text(left - 12, y + 4, net.profile, anchor="end", colour=palette.INK, size=13))
        parts.append(line(low, y, high, y, colour, 2.2, dash=None if net.calibrated else "4 3"))
        parts += [line(x, y - 5, x, y + 5, colour, 2.2) for x in (low, high)]
        if net.low == net.high:
            parts.append(svg("circle", {"cx": scale(net.low), "cy": y, "r": 5.5, "fill": colour}))
        else:
            parts.append(line(scale(net.low), y, scale(net.high), y, colour, 7))
        parts.append(text(low - 6, y + 4, format_numbers.signed_text(net.interval.low), anchor="end", size=11.5))
        parts.append(text(high + 6, y + 4, format_numbers.signed_text(net.interval.high), anchor="start", size=11.5))
    parts.append(text(middle - 8, 14, "\u25c4 less harm", anchor="end", colour=palette.LESS_HARM))
    parts.append(text(middle + 8, 14, "more \u25ba", anchor="start", colour=palette.MORE_HARM))
    return Chart(
        width,
        height,
        f"Net change in harm under {len(drawn_nets)} value profiles",
        "Each line has its own scale; zero is the upright line. Dashed: at least one part holds the noise of counting only.",
        parts,
    )


def weightings_chart(acceptability: Acceptability) -> Chart:
    """Return a bar of all admissible weightings: harm fell on the left, harm rose on the right."""
    width, height = 700.0, 40.0
    parts, start = [], 0.0
    for share, colour in zip(weighting_shares(acceptability), WEIGHTING_COLOURS, strict=True):
        if share <= 0:
            continue
        rectangle = {"x": start, "y": 4, "width": share * width, "height": 28, "fill": colour}
        parts.append(svg("rect", rectangle))
        if share > 0.08:
            text_colour = "#ffffff" if colour in (palette.LESS_HARM, palette.MORE_HARM) else palette.INK
            parts.append(text(start + share * width / 2, 23, _text.percent_text(share), colour=text_colour, weight=600))
        start += share * width
    return Chart(width, height, f"Admissible weightings, {acceptability.zone}", weightings_text(acceptability), parts)


def weightings_text(acceptability: Acceptability) -> str:
    """Return the shares of the bar in words."""
    words: tuple[str, ...] = (
        "fell, interval without zero", "fell, interval with zero", "either, because counts are withheld at the source",
        "rose, interval with zero", "rose, interval without zero",
    )  # fmt: skip
    if not acceptability.calibrated:
        words = ("", "fell, how surely is not known", words[2], "rose, how surely is not known", "")
    share_texts = [
        f"{text} {_text.percent_text(share)}"
        for text, share in zip(words, weighting_shares(acceptability), strict=True)
        if share > 0
    ]
    return "; ".join(share_texts)


def _colour(net: NetHarm) -> str:
    """Return blue or orange if the interval may be read as a finding, else slate."""
    if not net.calibrated:
        return palette.SLATE
    return {-1: palette.LESS_HARM, 1: palette.MORE_HARM}.get(net.interval.side, palette.SLATE)
