"""Colours used on every page.

Colour shows better or worse, the mark shows the direction, and the words say both.
"""

from __future__ import annotations

from geoharm.disclosure.released import ClassScheme

INK = "#1a2026"
MUTED = "#54606c"
SLATE = "#55606b"
CONTROL = "#6b7681"
CONTEXT = "#8b959e"
HOTSPOT = "#0b3d2e"
LESS_HARM = "#0b5fa5"
MORE_HARM = "#a8420c"
UNDETECTABLE = "#e6eaed"
OPERATION = "#e9e2cf"
LINE = "#cfd6dc"
# Places without an operation; at least 3 times as dark as white.
PLACES = "#8b97a2"
# Grounds of cells and boxes, with the text that stands on them.
TINT_LESS, TINT_MORE = "#e8f1f9", "#fbeee7"
PANEL, NOTICE = "#f4f6f7", "#fff7dc"
ACTIVITY, ACTIVITY_TEXT = "#efeeea", "#524e42"
OPERATION_TEXT = "#6b5312"
LAND = "#ffffff"
OUTSIDE = "#dfe6ea"
# The ground of maps, pale under the surfaces; `map.css` has them for the interactive map, light and dark.
WATER, GREEN = "#d6e4eb", "#edf2e6"
MAIN_STREET, MIDDLE_STREET, RAILWAY = "#b4bec6", "#cbd3d9", "#a9b4bc"

# Light = few, on white. Neighbouring classes differ by Delta-E 20 or more in normal vision, 14 or more in colour-blind vision.
DENSITY = ("#fbe3c6", "#f6b48f", "#e87b7b", "#c34a82", "#85307f", "#451a5e")

# Grey = chance explains the change; then half or fewer, fewer, more, twice or more. Dark = a large change in either direction.
CHANGE = ("#c3cad0", "#0b5fa5", "#86b4dc", "#e8a57f", "#a8420c")

# Grey = chance explains the pattern; then low beside low, high beside high.
CLUSTERS = ("#c3cad0", "#0b5fa5", "#a8420c")

# Grey = no pattern; then the eight hot patterns and the eight cold ones, in the order of `EmergingPattern`. Dark = strengthening.
EMERGING = (
    "#c3cad0",
    "#f5c518", "#f08a24", "#6e0d0d", "#b5301f", "#e0705a", "#f3b9a4", "#b565a7", "#8a6248",
    "#7fd6c2", "#2fa38f", "#0a2f5c", "#1f65a8", "#5f9fd3", "#bcd7ee", "#7a74c4", "#5b6b85",
)  # fmt: skip


SCHEMES = {
    ClassScheme.DENSITY: DENSITY,
    ClassScheme.CHANGE: CHANGE,
    ClassScheme.CLUSTERS: CLUSTERS,
    ClassScheme.EMERGING: EMERGING,
}


def rgb(colour: str) -> tuple[int, int, int]:
    """Return the red, green and blue parts of a hex colour, each 0 to 255.

    Examples
    --------
    >>> rgb("#0b5fa5")
    (11, 95, 165)
    """
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
