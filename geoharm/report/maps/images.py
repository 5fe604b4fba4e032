"""Images in classes as pictures: their colours, and PNG files."""

from __future__ import annotations

import base64
import warnings

from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from geoharm.disclosure.released import ClassedImage
from geoharm.report import palette


def class_colours(image: ClassedImage) -> dict[int, tuple[int, int, int, int]]:
    """Return red, green, blue and opacity of every class, each 0 to 255; class 0 is transparent."""
    colours = {0: (255, 255, 255, 0)}
    colours |= {
        number: (*palette.rgb(colour), 255) for number, colour in enumerate(palette.SCHEMES[image.scheme], start=1)
    }
    return colours


def palette_png(image: ClassedImage) -> bytes:
    """Return a classed image as a PNG with one byte per pixel; class 0 is transparent."""
    rows, columns = image.classes.shape
    with warnings.catch_warnings(), MemoryFile() as memory:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        options = {"driver": "PNG", "width": columns, "height": rows, "count": 1, "dtype": "uint8", "zlevel": 6}
        with memory.open(**options) as dataset:
            dataset.write(image.classes, 1)
            dataset.write_colormap(1, class_colours(image))
        return bytes(memory.read())


def data_uri(png: bytes) -> str:
    """Return a PNG as a data URI."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
