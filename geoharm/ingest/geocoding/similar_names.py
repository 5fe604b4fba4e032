"""Street names that are written much alike: which street of a gazetteer a misspelt name can mean, if it is only one.

Names are compared without their type and direction, which must be the same where both names have them; numbers in names must
be the same. So "Harison Ave" is "Harrison Ave", but "1st St" is never "21st St", nor "Main St" "Main Ave".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geoharm.ingest.geocoding.address_words import address_words

# Of two names that are about as much alike, by less than this (of 100), it is not known which is meant.
_CLEARLY = 3.0
_CHUNK = 200


@dataclass(frozen=True, slots=True)
class _Parts:
    """A street's name without its type and direction, and these; each may be empty."""

    core: str
    type: str
    direction: str
    numbers: tuple[str, ...]


def similar_streets(names: Sequence[str], known: Sequence[str], *, match: float) -> dict[str, str]:
    """Return the one known street that each name is written much like, by name; names without one, or with several, are left out.

    Parameters
    ----------
    names : sequence of str
        As `read_address` reads them.
    known : sequence of str
    match : float
        The lowest similarity, 0 to 100: of the letters of both names, the share that stand in both in the same order.

    Notes
    -----
    The similarity is the normalised indel similarity, `rapidfuzz.fuzz.ratio`. A name that is known, with or without its type
    or direction, is never taken for another of a lower similarity.

    Examples
    --------
    >>> similar_streets(["harison ave", "21st st"], ["harrison ave", "harrison st", "1st st"], match=90)
    {'harison ave': 'harrison ave'}
    """
    # A compiled library that only this asks for.
    from rapidfuzz import fuzz, process  # noqa: PLC0415

    known_parts = [_parts(name) for name in known]
    by_core: dict[str, list[int]] = {}
    for position, parts in enumerate(known_parts):
        by_core.setdefault(parts.core, []).append(position)
    cores = sorted(by_core)
    found: dict[str, str] = {}
    for start in range(0, len(names), _CHUNK):
        chunk = names[start : start + _CHUNK]
        wanted = [_parts(name) for name in chunk]
        scores = process.cdist(
            [parts.core for parts in wanted], cores, scorer=fuzz.ratio, score_cutoff=match, dtype=np.float32
        )
        for name, parts, row in zip(chunk, wanted, scores, strict=True):
            fitting = sorted(
                (
                    (-float(row[core]), _unlike(parts, known_parts[position]), known[position])
                    for core in np.flatnonzero(row)
                    for position in by_core[cores[core]]
                    if _may_be(parts, known_parts[position])
                ),
            )
            if fitting and (len(fitting) == 1 or _is_clear(fitting[0], fitting[1])):
                found[name] = fitting[0][2]
    return found


def _parts(name: str) -> _Parts:
    words = name.split()
    known = address_words()
    types, directions = set(known.types.values()), set(known.directions.values())
    type_of = words.pop() if len(words) > 1 and words[-1] in types else ""
    direction = words.pop(0) if len(words) > 1 and words[0] in directions else ""
    if not direction and len(words) > 1 and words[-1] in directions:
        direction = words.pop()
    numbers = tuple(word for word in words if any(sign.isdigit() for sign in word))
    return _Parts(" ".join(words), type_of, direction, numbers)


def _may_be(one: _Parts, other: _Parts) -> bool:
    return (
        one.numbers == other.numbers
        and (not one.type or not other.type or one.type == other.type)
        and (not one.direction or not other.direction or one.direction == other.direction)
    )


def _unlike(one: _Parts, other: _Parts) -> int:
    """Return how many of type and direction only one of two names has."""
    return (one.type != other.type) + (one.direction != other.direction)


def _is_clear(best: tuple[float, int, str], next_best: tuple[float, int, str]) -> bool:
    """Return whether the best of two names is clearly the more alike, or as much and more like it in type and direction."""
    return next_best[0] - best[0] >= _CLEARLY or (next_best[0] >= best[0] and next_best[1] > best[1])
