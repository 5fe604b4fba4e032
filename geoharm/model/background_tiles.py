"""Background map tiles: the provider that a study names, its address and its terms."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BackgroundTiles:
    """A provider of background map tiles in Web Mercator, available over https without a key.

    Attributes
    ----------
    name : str
        Name in xyzservices, e.g. "OpenStreetMap.Mapnik".
    url : str
        URL template with {z}, {x}, {y} and, if there are several hosts, {s}.
    subdomains : str
        Letters that replace {s}, one for each host.
    max_zoom : int
        Highest zoom level of the tiles.
    attribution : str
        Plain text, shown on the map.
    terms : str
        URL of the provider's terms, or the URL that its attribution links to.
    """

    name: str
    url: str
    subdomains: str
    max_zoom: int
    attribution: str
    terms: str

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host from which a page with these tiles may load.

        Examples
        --------
        >>> BackgroundTiles("T", "https://{s}.example.org/{z}/{x}/{y}.png", "ab", 17, "", "").hosts
        ('a.example.org', 'b.example.org')
        """
        host = self.url.removeprefix("https://").partition("/")[0]
        if "{s}" not in host:
            return (host,)
        return tuple(host.replace("{s}", letter) for letter in self.subdomains)
