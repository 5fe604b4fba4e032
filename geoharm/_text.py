"""Text that is safe to show: without hidden characters, and with numbers as readers know them."""

from __future__ import annotations

import math

_INVISIBLE = {
    ord(sign): None for sign in "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00"
}
MINUS = "\u2212"
UNKNOWN = "not known"


def visible_text(text: str) -> str:
    """Return a text without characters that hide or reverse other text."""
    return text.translate(_INVISIBLE)


def capitalised(text: str) -> str:
    """Return a text with its first letter as a capital and all others as they are.

    Examples
    --------
    >>> capitalised("calls to NHS 111")
    'Calls to NHS 111'
    """
    return text[:1].upper() + text[1:]


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
