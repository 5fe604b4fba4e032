"""Charts and maps as files: SVG, and PNG for programs that cannot show SVG."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources

import resvg_py

from geoharm.report.document import Chart
from geoharm.report.section_html import chart_svg

# Without quotes: an attribute has them escaped, so that nothing would be found to put the bundled font before.
_FONTS = "Segoe UI,Noto Sans,DejaVu Sans,Liberation Sans,Arial,sans-serif"
# A part of DejaVu Sans, renamed because its licence requires that of changed copies (assets/fonts/LICENSE.txt), and the
# Unicode ranges that it covers completely.
_BUNDLED_FONT = "Geoharm Sans"
_FONT_RANGES = (
    (0x20, 0x24F), (0x300, 0x34F), (0x370, 0x37E), (0x380, 0x525), (0x1E00, 0x1EFB), (0x2000, 0x2065),
    (0x2070, 0x20B5), (0x2190, 0x22FF), (0x2500, 0x25FF),
)  # fmt: skip
# A figure as wide as the text of an A4 page, at 300 dots an inch.
_WIDTH_MM, _DPI = 170, 300
# The most letters of a word in the name of a file.
_WORD = 20


def picture_names(charts: Sequence[Chart]) -> tuple[str, ...]:
    """Return the file name of every chart, without its ending: its number and the words of its title.

    Numbers of the title are left out, so that the name stays when the data change.
    """
    return tuple(
        "-".join([f"figure-{number:02d}", *(word[:_WORD] for word in words[:6])]).lower()
        for number, words in enumerate((re.findall(r"[A-Za-z]{3,}", chart.title) for chart in charts), start=1)
    )


def picture_svg(chart: Chart) -> str:
    """Return a chart as an SVG file's text."""
    attributes = {
        "xmlns": "http://www.w3.org/2000/svg",
        "width": f"{chart.width:g}",
        "height": f"{chart.height:g}",
        "font_family": _FONTS,
    }
    return f"{chart_svg(chart, attributes)}\n"


def picture_png(chart: Chart) -> bytes:
    """Return a chart as a PNG, 170 mm wide at 300 dots per inch, on white."""
    return svg_to_png(picture_svg(chart))


def svg_to_png(picture: str) -> bytes:
    """Return an SVG file's text as a PNG, 170 mm wide at 300 dots per inch, on white.

    The bytes are the same on every machine, because text is set in the font that comes with geoharm. That font covers
    Latin, Greek and Cyrillic; a picture with any other letter is set in a font of the machine.
    """
    has_all_letters = all(
        any(low <= ord(letter) <= high for low, high in _FONT_RANGES) for letter in picture if letter != "\n"
    )
    with resources.as_file(resources.files("geoharm.report").joinpath("assets", "fonts")) as folder:
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=picture.replace(_FONTS, f"{_BUNDLED_FONT},{_FONTS}"),
                width=round(_WIDTH_MM / 25.4 * _DPI),
                background="#ffffff",
                skip_system_fonts=has_all_letters,
                font_files=[str(path) for path in sorted(folder.glob("*.ttf"))],
            )
        )
