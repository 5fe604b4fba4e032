"""Background map tiles that a study asks for by name: where they come from, and on which terms."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BackgroundTiles:
    """A provider of background map tiles in Web Mercator, over https and without a key.

    Attributes
    ----------
    name : str
        As in xyzservices, e.g. "OpenStreetMap.Mapnik".
    url : str
        Template with {z}, {x}, {y} and, for several hosts, {s}.
    subdomains : str
        Letters that stand for {s}.
    max_zoom : int
    attribution : str
        Plain text, to be shown on the map.
    terms : str
        URL of the provider's terms, or of what its attribution points at.
    """

    name: str
    url: str
    subdomains: str
    max_zoom: int
    attribution: str
    terms: str

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host that a page with these tiles may ask.

        Examples
        --------
        >>> Tiles("T", "https://{s}.example.org/{z}/{x}/{y}.png", "ab", 17, "", "").hosts
        ('a.example.org', 'b.example.org')
        """
        host = self.url.removeprefix("https://").partition("/")[0]
        if "{s}" not in host:
            return (host,)
        return tuple(host.replace("{s}", letter) for letter in self.subdomains)
