"""How hard a text is to read: the Flesch-Kincaid grade, by a simple syllable counter.

0.39 x words per sentence + 11.8 x syllables per word - 15.59: the school year in which a text is understood. The age is
about five years more. A library's count may differ by a year.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:['\u2019][a-z]+)?")
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)")
_VOWELS = re.compile(r"[aeiouy]+")


def grade(text: str) -> float:
    """Return the Flesch-Kincaid grade of running text; numbers are not counted as words."""
    words = _WORD.findall(text)
    sentences = len(_SENTENCE_END.findall(text)) or 1
    return 0.39 * len(words) / sentences + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def syllables(word: str) -> int:
    """Return the number of syllables: groups of vowels, without a silent e at the end; at least one.

    Examples
    --------
    >>> [syllables(word) for word in ("fell", "expected", "target", "places", "harm", "table")]
    [1, 3, 2, 2, 1, 2]
    """
    word = word.lower()
    count = len(_VOWELS.findall(word))
    if word.endswith("e") and not word.endswith(("le", "ee", "ie")) and count > 1:
        count -= 1
    if word.endswith("es") and not word.endswith(("ses", "ces", "zes", "xes", "ges", "shes", "ches")) and count > 1:
        count -= 1
    if word.endswith("ed") and not word.endswith(("ted", "ded")) and count > 1:
        count -= 1
    return max(count, 1)
