"""Leaflet, put into what is written, so that nothing is fetched."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class LeafletAssets:
    """The script and style of Leaflet."""

    script: str
    style: str


@functools.cache
def leaflet_assets() -> LeafletAssets:
    """Return the script and style of Leaflet, without references to pictures and source maps."""
    folder = resources.files("xstatic.pkg.leaflet").joinpath("data")
    script = folder.joinpath("leaflet.js").read_text(encoding="utf-8")
    style = folder.joinpath("leaflet.css").read_text(encoding="utf-8")
    return LeafletAssets(
        re.sub(r"//# sourceMappingURL=\S*", "", script), re.sub(r"[^{}]*\{[^{}]*url\([^{}]*\}", "", style)
    )
