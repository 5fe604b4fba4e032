"""Background map tiles by name: a provider of xyzservices, refused if a public page cannot use it safely."""

from __future__ import annotations

import difflib
import re
from importlib.metadata import version

from geoharm.errors import DesignError
from geoharm.model.background_tiles import BackgroundTiles

_FREE = "OpenStreetMap.Mapnik"
# Pages with the terms of use of a provider. For other providers, the last link in the attribution is used.
_TERMS = {
    "OpenStreetMap.Mapnik": "https://operations.osmfoundation.org/policies/tiles/",
    "OpenStreetMap.HOT": "https://www.hotosm.org/terms-of-service",
    "OpenTopoMap": "https://opentopomap.org/about",
}
_PLACEHOLDER = re.compile(r"\{([^}]*)\}")
_LINK = re.compile(r'href="(https://[^"]+)"')


def background_tiles(name: str, *, internal: bool) -> BackgroundTiles | None:
    """Return the background tiles of a name; None for "none".

    Parameters
    ----------
    name : str
        A provider in xyzservices, or "none".
    internal : bool
        Whether the release is internal. Tiles are then refused: every view of the map would tell the tile host which
        place is looked at, and an internal release may show what is planned.

    Raises
    ------
    DesignError
        If a page cannot use this provider. The message is a rule, the end of a sentence that begins with the name.
    """
    if name == "none":
        return None
    if internal:
        msg = (
            "cannot be loaded by an internal release, as every view would tell the tile host which place is looked at; "
            'use "none" or release = "public".'
        )
        raise DesignError(msg)
    # Importing takes a quarter of a second, and only a study with tiles needs it.
    from xyzservices import providers  # noqa: PLC0415

    providers_by_name = providers.flatten()
    if name not in providers_by_name:
        close_names = difflib.get_close_matches(name, providers_by_name, n=3, cutoff=0.5)
        hint = (
            "did you mean " + " or ".join(f'"{close_name}"' for close_name in close_names) + "?"
            if close_names
            else f'"{_FREE}" is one.'
        )
        msg = f"is no provider in xyzservices {version('xyzservices')}; {hint}"
        raise DesignError(msg)
    provider = providers_by_name[name]
    provider_values = {key: str(value) for key, value in provider.items()}
    url = _PLACEHOLDER.sub(
        lambda placeholder: (
            placeholder[0]
            if placeholder[1] in "sxyz"
            else ""
            if placeholder[1] == "r"
            else provider_values.get(placeholder[1], placeholder[0])
        ),
        provider["url"],
    )
    open_placeholders = sorted(set(_PLACEHOLDER.findall(url)) - set("sxyz"))
    reason = ""
    if provider.requires_token():
        reason = "needs a key, which would stand in the page for everyone to read"
    elif provider.get("status") == "broken":
        reason = "is marked as broken"
    elif provider.get("crs", "EPSG:3857") != "EPSG:3857":
        reason = f"is drawn in {provider['crs']}, not in Web Mercator (EPSG:3857) as the map is"
    elif not url.startswith("https://"):
        reason = "comes without encryption (http://), so everyone on the way could read which place is looked at"
    elif open_placeholders:
        reason = f"needs {', '.join(open_placeholders)}, which the map does not have"
    if reason:
        msg = f'{reason}; choose another, such as "{_FREE}".'
        raise DesignError(msg)
    links = _LINK.findall(provider.get("html_attribution", ""))
    tiles = BackgroundTiles(
        name=name,
        url=url,
        subdomains=str(provider.get("subdomains", "abc")),
        max_zoom=int(provider.get("max_zoom", 18)),
        attribution=provider["attribution"].replace("(C)", "\u00a9").replace("--", "\u2014"),
        terms=_TERMS.get(name, links[-1] if links else ""),
    )
    return tiles if tiles.terms else _with_host_as_terms(tiles)


def _with_host_as_terms(tiles: BackgroundTiles) -> BackgroundTiles:
    """Return the tiles with the host's own address in place of a page with terms of use."""
    return BackgroundTiles(
        tiles.name, tiles.url, tiles.subdomains, tiles.max_zoom, tiles.attribution, f"https://{tiles.hosts[0]}"
    )
