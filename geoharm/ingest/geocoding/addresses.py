"""Read address texts: the street, or the two streets of a crossing, the house number or block, and the town.

Two texts are one address if they are read as the same: without case, accents, punctuation and parts of buildings, with
street types, directions and numbers in one spelling (`address_words`).
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field

from geoharm._text import fold_name
from geoharm.ingest.geocoding.address_words import address_words

_PART_END = re.compile(r"[,;\r\n]+")
# 12, 12A, 12-14, 12 - 14 and 12 & 14 before a street; 37-12 of Queens is read as the numbers 37 and 12.
_HOUSE_NUMBER = re.compile(
    r"^(\d{1,6})(?:[a-z]|\s?\d/\d)?(?:\s*[-–]\s*(\d{1,6})[a-z]?)?(?![\w/])\s*(?=\S)", re.IGNORECASE
)
_BLOCK = re.compile(
    r"^(?:(\d{0,4})xx|(\d{1,6})(?=\s+(?:block|blk)\b))\s+(?:(?:block|blk)\s+)?(?:of\s+)?(?=\S)", re.IGNORECASE
)
_ORDINAL = re.compile(r"^\d+(?:st|[nr]d|th)\b", re.IGNORECASE)
_FRACTION = re.compile(r"(?<=\d)\s+\d/\d(?=\s)")
_PLAIN_NUMBER = re.compile(r"(\d{1,6}) (?=[^\W\d_])")
_NUMBER_ALONE = re.compile(r"^\d{1,6}$")
_BLOCK_NUMBERS = 100
# Streets and towns come again and again, and reading one is slow.
_REMEMBERED = 100_000
# A town's name has words of at least three letters: most of two are a state, and numbers are postal codes.
_SHORTEST_TOWN_WORD = 3


@dataclass(frozen=True, slots=True)
class Address:
    """An address text, split into its parts.

    Attributes
    ----------
    streets : tuple of str
        Street names in lower case with abbreviated words. Two or more for a crossing, in alphabetical order.
    number : int
        House number, or the first of its block; -1 if there is none.
    is_block : bool
        Whether a block of houses is named: those from `number` on that have the same hundreds.
    between : tuple of str
        The two streets that end a stretch of the street, if they are named.
    until : int
        The second number of "12-14"; -1 if there is none. It makes no other address.
    town : str
        What follows the street, without numbers and words of two letters; may be empty. It makes no other address.
    """

    streets: tuple[str, ...]
    number: int
    is_block: bool = False
    between: tuple[str, ...] = ()
    until: int = field(default=-1, compare=False)
    town: str = field(default="", compare=False)

    @property
    def is_crossing(self) -> bool:
        """Whether two different streets are named."""
        return len(self.streets) == 2

    @property
    def is_exact(self) -> bool:
        """Whether the address is a house or a crossing, not a whole street or a block."""
        return self.is_crossing or (self.number >= 0 and not self.is_block)

    @property
    def key(self) -> str:
        """What is named besides the house number, as one text: two addresses of one key and number are one place."""
        streets = " & ".join(self.streets)
        if self.between:
            return f"{streets} between {' & '.join(self.between)}"
        return f"{self.number} block of {streets}" if self.is_block and self.number >= 0 else streets


def is_abbreviation(word: str) -> bool:
    """Return whether a word of a street's name may have been written in other letters.

    Examples
    --------
    >>> is_abbreviation("ave"), is_abbreviation("melnea")
    (True, False)
    """
    return word in _abbreviations()


def read_address(text: str) -> Address:
    """Read an address text: its first part up to a comma, semicolon or line break; the rest names the town.

    A first part that is a part of a building ("Flat 3, 12 High St"), or a name before a part with a house number, is left
    out.

    Examples
    --------
    >>> address = read_address("INTERSECTION Melnea Cass Blvd & Washington Street")
    >>> address.streets, address.is_crossing
    (('melnea cass blvd', 'washington st'), True)
    >>> address = read_address("667 Massachusetts Avenue, Apt 3, Boston, MA 02118")
    >>> address.streets, address.number, address.town
    (('massachusetts ave',), 667, 'boston')
    >>> read_address("4xx block of N. First Street") == read_address("400 Block of North 1st St")
    True
    >>> read_address("12 Avenida São-João").streets == read_address("12 AVENIDA SAO JOAO").streets
    True
    """
    plain = _PLAIN_NUMBER.match(text)
    if plain:
        numbered = _read_numbered(text[plain.end() :])
        if numbered is not None:
            return Address(numbered.streets, int(plain.group(1)), until=numbered.until, town=numbered.town)
    return _read_parts(text)


@functools.lru_cache(maxsize=_REMEMBERED)
def _read_numbered(rest: str) -> Address | None:
    """Return the address of a text after its house number, which is then 1; None if that number is no house's."""
    address = _read_parts(f"1 {rest}")
    return address if address.number == 1 and not address.is_block else None


def _read_parts(text: str) -> Address:
    parts = [part.strip() for part in _PART_END.split(text.replace("\u00a0", " "))]
    main, rest = _main_part([part for part in parts if part])
    main = _FRACTION.sub("", _leading().sub("", main, count=1))
    town = read_town(", ".join(rest))
    stretch = _between().match(main)
    if stretch:
        _, name = _number_and_street(stretch.group(1))
        ends = tuple(sorted({_normalise_street(stretch.group(2)), _normalise_street(stretch.group(3))} - {"", name}))
        return Address((name,) if name else (), -1, is_block=True, between=ends, town=town)
    number, until, is_block = -1, -1, False
    names: set[str] = set()
    for part in filter(None, map(str.strip, _crossing().split(main))):
        if _NUMBER_ALONE.match(part):  # "12 & 14 Main St"
            number = int(part)
            continue
        (number_of_part, until_of_part, is_block_of_part), name = _number_and_street(part)
        if number_of_part >= 0 and number >= 0 and not names:
            until = number_of_part
        elif number_of_part >= 0:
            number, until, is_block = number_of_part, until_of_part, is_block_of_part
        names.add(name)
    names.discard("")
    if len(names) != 1:
        number, until, is_block = -1, -1, False
    return Address(tuple(sorted(names)), number, is_block, until=until, town=town)


@functools.lru_cache(maxsize=_REMEMBERED)
def read_town(text: str) -> str:
    """Return the name of a town as it is compared: without numbers, states of two letters, and countries.

    Examples
    --------
    >>> read_town("SAINT HELENS, MA 02131-1234, USA"), read_town("MA 02118")
    ('st helens', '')
    """
    words = re.sub(r"[^\w\s'-]", " ", fold_name(re.sub(r"\b\w*\d\w*\b", " ", text))).split()
    spellings = _spellings()
    short = address_words().short_town_words
    town = " ".join(spellings.get(word, word) for word in words if len(word) >= _SHORTEST_TOWN_WORD or word in short)
    return "" if town in address_words().countries else _without_country().sub("", town)


def is_same_town(one: str, other: str) -> bool:
    """Return whether one town's words are in the other's, in their order; a town that is not stated may be any.

    Examples
    --------
    >>> is_same_town("boston", "east boston"), is_same_town("boston", "bostonia"), is_same_town("", "boston")
    (True, False, True)
    """
    return not one or not other or f" {one} " in f" {other} " or f" {other} " in f" {one} "


def block_of(number: int) -> tuple[int, int]:
    """Return the first and the last house number of the block that a house is in.

    Examples
    --------
    >>> block_of(1234)
    (1200, 1299)
    """
    first = number // _BLOCK_NUMBERS * _BLOCK_NUMBERS
    return first, first + _BLOCK_NUMBERS - 1


def _main_part(parts: list[str]) -> tuple[str, list[str]]:
    """Return the part with the street, and those after it."""
    while len(parts) > 1 and _unit_alone().match(parts[0]):
        parts = parts[1:]
    if (
        len(parts) > 1
        and not re.search(r"\d|[&/@+]", parts[0])
        and _HOUSE_NUMBER.match(parts[1])
        and not _ORDINAL.match(parts[1])
    ):
        parts = parts[1:]
    rest = [part for part in parts[1:] if not _unit_alone().match(part)]
    return (parts[0], rest) if parts else ("", [])


def _number_and_street(text: str) -> tuple[tuple[int, int, bool], str]:
    """Return the number with the second number and whether it is of a block, and the street."""
    number: tuple[int, int, bool] = (-1, -1, False)
    found = _BLOCK.match(text)
    if found:
        hundreds, whole = found.groups()
        first = int(whole) if whole is not None else int(hundreds or 0) * _BLOCK_NUMBERS
        number = (block_of(first)[0], -1, True)
    elif not _ORDINAL.match(text):
        found = _HOUSE_NUMBER.match(text)
        if found:
            number = (int(found.group(1)), int(found.group(2) or -1), False)
    return number, _normalise_street(text[found.end() :] if found else text)


@functools.lru_cache(maxsize=_REMEMBERED)
def _normalise_street(text: str) -> str:
    plain = re.sub(r"[.']", "", fold_name(_leading().sub("", text.strip())))
    words = _unit_at_end().sub("", re.sub(r"[^\w\s#]", " ", plain)).split()
    spellings, types = _spellings(), _types()
    short = [spellings.get(word, word) for word in words]
    # "North St" is not "N St": a direction that is all the name keeps its letters.
    if sum(word not in types for word in short) == 1:
        short = [word if word in address_words().directions else one for word, one in zip(words, short, strict=True)]
    return " ".join(short)


@functools.cache
def _spellings() -> dict[str, str]:
    return address_words().spellings()


@functools.cache
def _types() -> frozenset[str]:
    return frozenset(address_words().types.values())


@functools.cache
def _abbreviations() -> frozenset[str]:
    return frozenset(_spellings().values())


def _any_of(words: tuple[str, ...]) -> str:
    return "|".join(r"\s+".join(map(re.escape, word.split())) for word in words)


@functools.cache
def _leading() -> re.Pattern[str]:
    return re.compile(rf"^(?:(?:{_any_of(address_words().leading)})(?::|\s+))+", re.IGNORECASE)


@functools.cache
def _crossing() -> re.Pattern[str]:
    return re.compile(rf"\s*(?:[&/@+]|\s(?:{_any_of(address_words().crossing)})\s)\s*", re.IGNORECASE)


@functools.cache
def _between() -> re.Pattern[str]:
    words = _any_of(address_words().between)
    return re.compile(rf"^(.+?)\s+(?:{words})\.?\s+(.+?)\s*(?:&|\s(?:and|to)\s)\s*(.+)$", re.IGNORECASE)


@functools.cache
def _unit_at_end() -> re.Pattern[str]:
    words = _any_of(tuple(word for word in address_words().units if word != "#"))
    return re.compile(rf"(?<=\w)\s+(?:(?:\d+(?:st|nd|rd|th)\s+)?(?:{words})(?:\s+#?\w{{1,4}})?|#\s*\w+)\s*$")


@functools.cache
def _unit_alone() -> re.Pattern[str]:
    words = _any_of(tuple(word for word in address_words().units if word != "#"))
    return re.compile(rf"^(?:(?:{words})\.?\s*#?\s*\w{{0,4}}|\d+(?:st|nd|rd|th)\s+(?:{words})|#\s*\w+)$", re.IGNORECASE)


@functools.cache
def _without_country() -> re.Pattern[str]:
    return re.compile(rf"\s+(?:{_any_of(address_words().countries)})$")
