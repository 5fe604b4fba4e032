"""Text that is safe to show, numbers as readers know them, and names as they are compared between files."""

from __future__ import annotations

import math
import re
import unicodedata

_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
# C0 and C1 without tab, line feed and carriage return; DEL stands between them.
_CONTROLS = "".join(map(chr, (*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0))))
_INVISIBLE = dict.fromkeys(map(ord, f"{_BIDI}{_CONTROLS}\u200b"))
# What may neither move a terminal's cursor nor reverse a line: controls, directions, line separators, halves of signs.
_UNSHOWN = re.compile(f"[{re.escape(_CONTROLS)}{_BIDI}\r\u2028\u2029\ud800-\udfff]")
# The marks over and under letters of Latin, Greek and Cyrillic names. Vowel signs of other scripts are letters and stay.
_ACCENTS = re.compile("[\u0300-\u036f]")
# Hyphens, dashes and spaces between two words, however many.
_HYPHEN_BETWEEN_WORDS = re.compile(r"(?<=[\w'])[\s\u2010-\u2015\u2212-]+(?=[\w'])")
_SOFT_HYPHEN = "\u00ad"
_ONE_SIGN = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u00b4": "'", "`": "'"})
# What `fold_name` leaves out of account, for sentences about names that differ in nothing else.
FOLDED = "case, accents, hyphens or spaces"
_SPACES_AT_SEPARATORS = re.compile(r"\s*([/,;:()&|])\s*")
MINUS = "\u2212"
UNKNOWN = "not known"


def visible_text(text: str) -> str:
    """Return a text without characters that hide or reverse other text, or control a terminal."""
    return text.translate(_INVISIBLE)


def shown(text: str, *, most: int = 0) -> str:
    r"""Return a text as a terminal may show it: signs that would act on it are written as JSON writes them.

    Parameters
    ----------
    text : str
    most : int
        A longer text is cut to its beginning; 0 for no limit.

    Examples
    --------
    >>> print(shown("red \x1b[31m and \u202ereversed"))
    red \u001b[31m and \u202ereversed
    """
    safe = _UNSHOWN.sub(lambda sign: f"\\u{ord(sign.group()):04x}", text)
    return f"{safe[:most]}..." if 0 < most < len(safe) else safe


def capitalised(text: str) -> str:
    """Return a text with its first letter as a capital and all others as they are.

    Examples
    --------
    >>> capitalised("calls to NHS 111")
    'Calls to NHS 111'
    """
    return text[:1].upper() + text[1:]


def fold_name(name: str) -> str:
    """Return a name as it is compared between files: without case, accents, hyphens and surplus spaces.

    Nothing else is guessed: "St" is not "Saint", "Northeast" is not "North East", and a number keeps its sign. A hyphen
    between words becomes a space, so that "1-12" and "11-2" stay two names. All apostrophes are one sign. Names that
    differ in nothing but what is folded here need a sentence that says so; two names of one list that fold to the same
    need a question.

    Parameters
    ----------
    name : str
        As it stands in a file.

    Examples
    --------
    >>> fold_name("  SAINT-ÉTIENNE "), fold_name("Saint Etienne")
    ('saint etienne', 'saint etienne')
    >>> fold_name("O\u2019Connell St"), fold_name("-1")
    ("o'connell st", '-1')
    """
    # Casefold first: the dotted capital I of Turkish gains its mark only then.
    letters = unicodedata.normalize("NFD", visible_text(name).replace(_SOFT_HYPHEN, "").casefold())
    unaccented = unicodedata.normalize("NFC", _ACCENTS.sub("", letters)).translate(_ONE_SIGN)
    return " ".join(_HYPHEN_BETWEEN_WORDS.sub(" ", unaccented).split())


def fold_category(category: str) -> str:
    """Return a category as it is compared between files: `fold_name`, without underscores, spaces at separators and a closing full stop.

    Examples
    --------
    >>> fold_category("Theft / Larceny."), fold_category("THEFT/LARCENY")
    ('theft/larceny', 'theft/larceny')
    """
    # The capital of Turkish dotless i is I.
    folded = _SPACES_AT_SEPARATORS.sub(r"\1", fold_name(category.replace("_", " ")).replace("\u0131", "i"))
    return folded.rstrip(" .") or folded


def percent_text(share: float) -> str:
    """Return a share as a whole percentage; 0% and 100% only if exact.

    Examples
    --------
    >>> percent_text(0.268), percent_text(0.001), percent_text(1.0)
    ('27%', 'under 1%', '100%')
    """
    if math.isnan(share):
        return UNKNOWN
    if 0 < share < 0.01:
        return "under 1%"
    if 0.99 < share < 1:
        return "over 99%"
    return f"{share:.0%}"


def decimal_text(value: float, digits: int = 2) -> str:
    """Return a number with a fixed number of decimals and a true minus sign."""
    return UNKNOWN if math.isnan(value) else f"{value:,.{digits}f}".replace("-", MINUS)
