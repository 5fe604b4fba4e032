"""Charts and maps as files: SVG, and PNG for programs that cannot show SVG."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
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
_MM = 25.4
# Bytes of a PNG's signature and header.
_HEADER = 33
# The most letters of a word in the name of a file.
_WORD = 20


@dataclass(frozen=True, slots=True)
class PictureSize:
    """How large a PNG is: its width in millimetres, as programs place it, and its dots per inch."""

    width: float
    dots: float

    @property
    def pixels(self) -> int:
        """Width in pixels."""
        return round(self.width / _MM * self.dots)


# A figure as wide as the text of an A4 page; and a picture as wide as a slide of 16 to 9, with 1,920 pixels.
OF_TEXT, OF_SLIDE = PictureSize(170, 300), PictureSize(338.667, 144)


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


def picture_png(chart: Chart, size: PictureSize = OF_TEXT) -> bytes:
    """Return a chart as a PNG on white, 170 mm wide at 300 dots per inch if no other size is given."""
    return svg_to_png(picture_svg(chart), size)


def svg_to_png(picture: str, size: PictureSize = OF_TEXT) -> bytes:
    """Return an SVG file's text as a PNG on white, which says how large it is meant to be.

    The bytes are the same on every machine, because text is set in the font that comes with geoharm. That font covers
    Latin, Greek and Cyrillic; a picture with any other letter is set in a font of the machine.
    """
    has_all_letters = all(
        any(low <= ord(letter) <= high for low, high in _FONT_RANGES) for letter in picture if letter != "\n"
    )
    with resources.as_file(resources.files("geoharm.report").joinpath("assets", "fonts")) as folder:
        png = bytes(
            resvg_py.svg_to_bytes(
                svg_string=picture.replace(_FONTS, f"{_BUNDLED_FONT},{_FONTS}"),
                width=size.pixels,
                background="#ffffff",
                skip_system_fonts=has_all_letters,
                font_files=[str(path) for path in sorted(folder.glob("*.ttf"))],
            )
        )
    return _with_size(png, size)


def _with_size(png: bytes, size: PictureSize) -> bytes:
    """Return a PNG with its dots per metre (chunk pHYs, PNG specification 11.3.4.3), after its header."""
    dots = round(size.dots / _MM * 1000)
    told = b"pHYs" + struct.pack(">IIB", dots, dots, 1)
    chunk = struct.pack(">I", 9) + told + struct.pack(">I", zlib.crc32(told))
    return png[:_HEADER] + chunk + png[_HEADER:]
