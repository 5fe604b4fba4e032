"""The words of address texts: spellings of street types, directions and numbers, and the words around an address.

They are data: one TOML file a language in the folder ``words``, all of which are read together.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

_TABLES = ("types", "directions", "numbers")
_LISTS = ("units", "leading", "crossing", "between", "countries", "short_town_words")


@dataclass(frozen=True, slots=True)
class AddressWords:
    """The words of all languages.

    Attributes
    ----------
    types, directions, numbers : mapping of str to str
        Each spelling, in lower case and without accents, with the word that it is read as.
    units : tuple of str
        Words for a part of a building.
    leading, crossing, between : tuple of str
        Words before an address, between the streets of a crossing, and before the two ends of a block.
    countries : tuple of str
        Names that are no town.
    short_town_words : tuple of str
        Words of fewer than three letters in names of towns.
    """

    types: Mapping[str, str]
    directions: Mapping[str, str]
    numbers: Mapping[str, str]
    units: tuple[str, ...]
    leading: tuple[str, ...]
    crossing: tuple[str, ...]
    between: tuple[str, ...]
    countries: tuple[str, ...]
    short_town_words: tuple[str, ...]

    def spellings(self) -> dict[str, str]:
        """Return every spelling with the word that it is read as."""
        return {**self.types, **self.directions, **self.numbers}


@functools.cache
def address_words() -> AddressWords:
    """Return the words of all files in the folder ``words``.

    Examples
    --------
    >>> address_words().types["boulevard"], address_words().directions["north"]
    ('blvd', 'n')
    """
    files = sorted(
        (entry for entry in (resources.files(__package__) / "words").iterdir() if entry.name.endswith(".toml")),
        key=lambda entry: entry.name,
    )
    contents = [tomllib.loads(entry.read_text(encoding="utf-8")) for entry in files]
    types, directions, numbers = (
        {key: str(word) for one in contents for key, word in one[name].items()} for name in _TABLES
    )
    # The longest first, so that a pattern of them finds "intersection of" before "intersection".
    units, leading, crossing, between, countries, short = (
        tuple(
            sorted({str(word) for one in contents for word in one["lists"][name]}, key=lambda word: (-len(word), word))
        )
        for name in _LISTS
    )
    return AddressWords(types, directions, numbers, units, leading, crossing, between, countries, short)
