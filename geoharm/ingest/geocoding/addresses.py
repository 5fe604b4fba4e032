"""What an address text says: the street, or the two streets that meet, and the house number."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SHORT = {
    "avenue": "ave", "av": "ave", "boulevard": "blvd", "circle": "cir", "close": "cl", "court": "ct",
    "crescent": "cres", "drive": "dr", "east": "e", "gardens": "gdns", "highway": "hwy", "lane": "ln", "north": "n",
    "parkway": "pkwy", "place": "pl", "road": "rd", "saint": "st", "south": "s", "square": "sq", "street": "st",
    "terrace": "ter", "west": "w",
}  # fmt: skip
_LEAD = re.compile(r"^(?:intersection(?: of)?|on or near|near|corner of|block of)\s+", re.IGNORECASE)
_MEET = re.compile(r"\s*(?:&|/|@|\s(?:and|at)\s)\s*", re.IGNORECASE)
_HOUSE = re.compile(r"^(\d{1,5})(?:xx)?[a-z]?(?:\s*-\s*\d+[a-z]?)?\s+(?:block(?: of)?\s+)?(?=\S)", re.IGNORECASE)
_ORDINAL = re.compile(r"^\d+(?:st|[nr]d|th)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """An address text, read.

    Attributes
    ----------
    streets : tuple of str
        Names in small letters with their endings shortened; two or more, in alphabetical order, where streets meet.
    number : int
        House number; -1 where there is none.
    """

    streets: tuple[str, ...]
    number: int

    @property
    def is_crossing(self) -> bool:
        """Whether two different streets are named."""
        return len(self.streets) == 2

    @property
    def is_exact(self) -> bool:
        """Whether it names a house or a crossing, not a whole street."""
        return self.is_crossing or self.number >= 0


def read_address(text: str) -> Address:
    """Read an address text; what follows a comma or a line break (town, postal code) is left out.

    Examples
    --------
    >>> read_address("INTERSECTION Melnea Cass Blvd & Washington Street")
    Address(streets=('melnea cass blvd', 'washington st'), number=-1)
    >>> read_address("667 Massachusetts Avenue, Boston")
    Address(streets=('massachusetts ave',), number=667)
    """
    first = re.split(r"[,;\r\n]", text.replace("\u00a0", " ").strip(), maxsplit=1)[0]
    first = _LEAD.sub("", first.strip())
    number = -1
    names = set()
    parts = [part for part in _MEET.split(first) if part.strip()]
    for part in parts:
        house = None if _ORDINAL.match(part) else _HOUSE.match(part)
        if house:
            number = int(house.group(1))
        names.add(_street(part[house.end() :] if house else part))
    names.discard("")
    return Address(tuple(sorted(names)), number if len(names) == 1 else -1)


def _street(text: str) -> str:
    words = re.sub(r"[.']", "", _LEAD.sub("", text.strip()).lower()).split()
    return " ".join(_SHORT.get(word, word) for word in words)
