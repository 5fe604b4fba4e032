"""Finds categories that were renamed: one ends where another of nearly the same name begins.

Three things must agree. The name: the same words in another order, abbreviated, in another spelling, or with a code or a
word added. The month. The counts: each of the two would be expected at least `_MIN_EXPECTED` times where it is absent, and
neither has more than four times the rows of the other.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from geoharm._text import fold_category
from geoharm.engines.base import Engine
from geoharm.model.renamed_category import RenamedCategory
from geoharm.queries.stored import StoredSource

# Where a name is absent, at least so many rows of it would be expected at its own rate: by chance a category of 20 expected
# rows has none, or one, in 4 of 100 million times. A few late or early rows, up to this share, do not count as presence.
_MIN_EXPECTED, _MAX_STRAY_SHARE = 20, 0.05
_YEAR_MONTHS, _MIN_SIDE_MONTHS = 12, 2
# A month may hold both names, or neither.
_MAX_MONTHS_APART = 1
_MAX_RATE_RATIO = 4.0
_MIN_WORD_LIKENESS = 0.84
# Words that make the opposite, or another thing, of a name: without them it is not nearly the same.
_OPPOSITES = frozenset({"non", "not", "no", "without", "other", "un", "nicht", "ohne", "sonstige", "niet", "geen", "overige", "sans", "autre", "autres", "sin", "otros", "otras"})  # fmt: skip
_FILLERS = frozenset({"of", "the", "and", "a", "an", "in", "to", "for", "von", "der", "die", "und", "van", "de", "het", "en", "du", "des", "et", "la", "le", "el", "los", "y"})  # fmt: skip


def renamed_categories(engine: Engine, source: StoredSource) -> tuple[RenamedCategory, ...]:
    """Return the categories of a source of events that may have been renamed; none where it is dated by year.

    Parameters
    ----------
    engine : Engine
        It has the source's ``tally``.
    source : StoredSource
    """
    if source.precision == "year":
        return ()
    rows = engine.columns(
        f"""
        SELECT year(t.day) * 12 + month(t.day) - 1 AS month, t.category, CAST(sum(t.rows) AS BIGINT) AS n
        FROM {engine.table(f"tally_{source.state}")} AS t WHERE t.fate = 'kept'
        GROUP BY year(t.day) * 12 + month(t.day) - 1, t.category ORDER BY 1, 2
        """
    )
    months, at_month = np.unique(rows["month"].astype(np.int64), return_inverse=True)
    categories, at_category = np.unique(rows["category"].astype(str), return_inverse=True)
    counts = np.zeros((categories.size, months.size), dtype=np.int64)
    np.add.at(counts, (at_category, at_month), rows["n"].astype(np.int64))
    days = [date(int(month) // 12, int(month) % 12 + 1, 1) for month in months]
    return find_renamed([str(category) for category in categories], days, counts)


def namesakes(categories: Sequence[str], named: Sequence[str]) -> tuple[str, ...]:
    """Return the categories of nearly the same name as one that is named, and other than all of these.

    Examples
    --------
    >>> namesakes(["ASSLT", "ASSAULT", "THEFT", "NON-ASSAULT"], ["ASSLT"])
    ('ASSAULT',)
    """
    folded, words = {fold_category(name) for name in named}, [_words(name) for name in named]
    return tuple(
        category
        for category in categories
        if fold_category(category) not in folded and any(nearly_same(_words(category), one) for one in words)
    )


def find_renamed(
    categories: Sequence[str], months: Sequence[date], counts: NDArray[np.int64]
) -> tuple[RenamedCategory, ...]:
    """Return the categories that may have been renamed, by month and name.

    Parameters
    ----------
    categories : sequence of str, length n
    months : sequence of date, length m
        First days of the months with any row, in order. Months without a file are left out.
    counts : ndarray of int, shape (n, m)

    Examples
    --------
    >>> months = [date(2020, month, 1) for month in range(1, 7)]
    >>> counts = np.array([[12, 14, 9, 0, 0, 0], [0, 0, 0, 11, 13, 10], [5, 5, 5, 5, 5, 5]])
    >>> find_renamed(["ASSLT", "ASSAULT", "THEFT"], months, counts)[0].sentence
    '“ASSLT” (about 12 rows a month) ends where “ASSAULT” (about 11) begins, in April 2020'
    """
    ends, starts = _last_months(counts), _last_months(counts[:, ::-1])
    first_of = {int(row): len(months) - cut for row, cut in starts.items()}
    words = {row: _words(categories[row]) for row in {*ends, *first_of}}
    found = []
    for old, end in ends.items():
        for new, start in first_of.items():
            if old == new or abs(end - start) > _MAX_MONTHS_APART:
                continue
            old_rate = counts[old, max(0, end - _YEAR_MONTHS) : end].mean()
            new_rate = counts[new, start : start + _YEAR_MONTHS].mean()
            if max(old_rate, new_rate) <= _MAX_RATE_RATIO * min(old_rate, new_rate) and nearly_same(
                words[old], words[new]
            ):
                month = months[start]
                found.append(RenamedCategory(categories[old], categories[new], month, float(old_rate), float(new_rate)))
    return tuple(sorted(found, key=lambda pair: (pair.month, pair.old, pair.new)))


def _last_months(counts: NDArray[np.int64]) -> dict[int, int]:
    """Return, for each row of counts that ends, the first month in which it is over.

    Its rate in the year before must let expect enough rows both in the year after and in that before, and no more than a
    stray share of them may come, in that year and in all that follows.
    """
    ended: dict[int, int] = {}
    total = np.concatenate([np.zeros((counts.shape[0], 1), dtype=np.int64), np.cumsum(counts, axis=1)], axis=1)
    size = counts.shape[1]
    for month in range(_MIN_SIDE_MONTHS, size - _MIN_SIDE_MONTHS + 1):
        before = min(month, _YEAR_MONTHS)
        rows = total[:, month] - total[:, month - before]
        is_over = rows >= _MIN_EXPECTED
        for length in (min(size - month, _YEAR_MONTHS), size - month):
            expected = rows * (length / before)
            stray = total[:, month + length] - total[:, month]
            is_over &= (expected >= _MIN_EXPECTED) & (stray <= _MAX_STRAY_SHARE * expected)
        for row in np.flatnonzero(is_over):
            ended.setdefault(int(row), month)
    return ended


def nearly_same(words: Sequence[str], others: Sequence[str]) -> bool:
    """Return whether two names, as lists of folded words, could stand for one category.

    Examples
    --------
    >>> nearly_same(["assault", "simple"], ["simple", "assault"]), nearly_same(["asslt"], ["assault"])
    (True, True)
    >>> nearly_same(["3414"], ["3414", "larceny"]), nearly_same(["violent"], ["non", "violent"])
    (True, False)
    """
    if not words or not others:
        return False
    if sorted(words) == sorted(others) or "".join(words) == "".join(others):
        return True
    shorter, longer = sorted((list(words), list(others)), key=len)
    left = list(longer)
    for word in shorter:
        match = next((other for other in left if word == other), None) or next(
            (other for other in left if _same_word(word, other)), None
        )
        if match is None:
            return False
        left.remove(match)
    if _OPPOSITES & set(left):
        return False
    has_code = any(character.isdigit() for word in shorter for character in word)
    return has_code or len(shorter) * 2 >= len(longer)


def _same_word(word: str, other: str) -> bool:
    """Return whether one word abbreviates the other, or is a spelling of it; numbers must be the same."""
    if any(character.isdigit() for character in word + other):
        return word.lstrip("0") == other.lstrip("0")
    short, long = sorted((word, other), key=len)
    signs = iter(long)
    is_abbreviation = len(short) > 1 and short[0] == long[0] and all(sign in signs for sign in short)
    return is_abbreviation or difflib.SequenceMatcher(None, word, other).ratio() >= _MIN_WORD_LIKENESS


def _words(category: str) -> list[str]:
    words = re.findall(r"\w+", fold_category(category))
    return [word for word in words if word not in _FILLERS] or words
