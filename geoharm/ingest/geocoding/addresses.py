"""Read address texts: the street, or the two streets of a crossing, and the house number."""

from __future__ import annotations

import re
from dataclasses import dataclass

from geoharm._text import fold_name

_ABBREVIATIONS = {
    "avenue": "ave", "av": "ave", "boulevard": "blvd", "circle": "cir", "close": "cl", "court": "ct",
    "crescent": "cres", "drive": "dr", "east": "e", "gardens": "gdns", "highway": "hwy", "lane": "ln", "north": "n",
    "parkway": "pkwy", "place": "pl", "road": "rd", "saint": "st", "south": "s", "square": "sq", "street": "st",
    "terrace": "ter", "west": "w",
}  # fmt: skip
_LEADING_WORDS = re.compile(r"^(?:intersection(?: of)?|on or near|near|corner of|block of)\s+", re.IGNORECASE)
_CROSSING_SEPARATOR = re.compile(r"\s*(?:&|/|@|\s(?:and|at)\s)\s*", re.IGNORECASE)
_HOUSE_NUMBER = re.compile(r"^(\d{1,5})(?:xx)?[a-z]?(?:\s*-\s*\d+[a-z]?)?\s+(?:block(?: of)?\s+)?(?=\S)", re.IGNORECASE)
_ORDINAL = re.compile(r"^\d+(?:st|[nr]d|th)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """An address text, split into its parts.

    Attributes
    ----------
    streets : tuple of str
        Street names in lower case with abbreviated endings. Two or more for a crossing, in alphabetical order.
    number : int
        House number; -1 if there is none.
    """

    streets: tuple[str, ...]
    number: int

    @property
    def is_crossing(self) -> bool:
        """Whether two different streets are named."""
        return len(self.streets) == 2

    @property
    def is_exact(self) -> bool:
        """Whether the address is a house or a crossing, not a whole street."""
        return self.is_crossing or self.number >= 0


def is_abbreviation(word: str) -> bool:
    """Return whether a word of a street's name may have been written in other letters.

    Examples
    --------
    >>> is_abbreviation("ave"), is_abbreviation("melnea")
    (True, False)
    """
    return word in _ABBREVIATIONS.values()


def read_address(text: str) -> Address:
    """Read an address text; everything after a comma, semicolon or line break (town, postal code) is ignored.

    Examples
    --------
    >>> read_address("INTERSECTION Melnea Cass Blvd & Washington Street")
    Address(streets=('melnea cass blvd', 'washington st'), number=-1)
    >>> read_address("667 Massachusetts Avenue, Boston")
    Address(streets=('massachusetts ave',), number=667)
    >>> read_address("12 Avenida São-João").streets == read_address("12 AVENIDA SAO JOAO").streets
    True
    """
    main_part = re.split(r"[,;\r\n]", text.replace("\u00a0", " ").strip(), maxsplit=1)[0]
    main_part = _LEADING_WORDS.sub("", main_part.strip())
    number = -1
    names = set()
    parts = [part for part in _CROSSING_SEPARATOR.split(main_part) if part.strip()]
    for part in parts:
        number_match = None if _ORDINAL.match(part) else _HOUSE_NUMBER.match(part)
        if number_match:
            number = int(number_match.group(1))
        names.add(_normalise_street(part[number_match.end() :] if number_match else part))
    names.discard("")
    return Address(tuple(sorted(names)), number if len(names) == 1 else -1)


def _normalise_street(text: str) -> str:
    words = re.sub(r"[.']", "", fold_name(_LEADING_WORDS.sub("", text.strip()))).split()
    return " ".join(_ABBREVIATIONS.get(word, word) for word in words)
