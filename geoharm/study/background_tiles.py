"""Tiles by name: looks up a provider in xyzservices, and refuses one that a public page had better not ask."""

from __future__ import annotations

import difflib
import re
from importlib.metadata import version

from geoharm._validation import TomlTable
from geoharm.model.background_tiles import BackgroundTiles

_FREE = "OpenStreetMap.Mapnik"
# Where a provider says on which terms its tiles may be used; for others, what the attribution links to.
_TERMS = {
    "OpenStreetMap.Mapnik": "https://operations.osmfoundation.org/policies/tiles/",
    "OpenStreetMap.HOT": "https://www.hotosm.org/terms-of-service",
    "OpenTopoMap": "https://opentopomap.org/about",
}
_PLACEHOLDER = re.compile(r"\{([^}]*)\}")
_LINK = re.compile(r'href="(https://[^"]+)"')


def read_background_tiles(table: TomlTable, *, internal: bool) -> BackgroundTiles | None:
    """Return the tiles that a study's `[publish]` asks for; None, the default, is a map that asks nobody anything.

    Parameters
    ----------
    table : Table
        `[publish]`; refusals are gathered in it.
    internal : bool
        Refused in an internal release: each view of the map tells the host which place is looked at, and that release
        is the one which may show what is planned.
    """
    name = table.text("tiles", "none")
    if name == "none":
        return None
    if internal:
        table.refuse(
            "tiles",
            "cannot be loaded by an internal release, as every view would tell the tile host which place is looked at; "
            'use "none" or release = "public".',
        )
        return None
    # A quarter of a second that only a study with tiles needs.
    from xyzservices import providers  # noqa: PLC0415

    known = providers.flatten()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = "did you mean " + " or ".join(f'"{one}"' for one in close) + "?" if close else f'"{_FREE}" is one.'
        table.refuse("tiles", f"is no provider in xyzservices {version('xyzservices')}; {hint}")
        return None
    found = known[name]
    known_of = {key: str(value) for key, value in found.items()}
    url = _PLACEHOLDER.sub(
        lambda one: one[0] if one[1] in "sxyz" else "" if one[1] == "r" else known_of.get(one[1], one[0]), found["url"]
    )
    left = sorted(set(_PLACEHOLDER.findall(url)) - set("sxyz"))
    why = ""
    if found.requires_token():
        why = "needs a key, which would stand in the page for everyone to read"
    elif found.get("status") == "broken":
        why = "is marked as broken"
    elif found.get("crs", "EPSG:3857") != "EPSG:3857":
        why = f"is drawn in {found['crs']}, not in Web Mercator (EPSG:3857) as the map is"
    elif not url.startswith("https://"):
        why = "comes without encryption (http://), so everyone on the way could read which place is looked at"
    elif left:
        why = f"asks for {', '.join(left)}, which the map has not"
    if why:
        table.refuse("tiles", f'{why}; choose another, such as "{_FREE}".')
        return None
    links = _LINK.findall(found.get("html_attribution", ""))
    tiles = BackgroundTiles(
        name=name,
        url=url,
        subdomains=str(found.get("subdomains", "abc")),
        max_zoom=int(found.get("max_zoom", 18)),
        attribution=found["attribution"].replace("(C)", "\u00a9").replace("--", "\u2014"),
        terms=_TERMS.get(name, links[-1] if links else ""),
    )
    return tiles if tiles.terms else _with_home(tiles)


def _with_home(tiles: BackgroundTiles) -> BackgroundTiles:
    """Return tiles whose terms are to be asked for at the host itself."""
    return BackgroundTiles(
        tiles.name, tiles.url, tiles.subdomains, tiles.max_zoom, tiles.attribution, f"https://{tiles.hosts[0]}"
    )
