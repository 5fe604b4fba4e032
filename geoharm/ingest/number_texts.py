"""Numbers as texts: the decimal sign and the separator of thousands that a format states, and numbers that read two ways."""

from __future__ import annotations

import math
import re

from geoharm.engines.sql import quote_text

# What people and programs write for a space between thousands, and for an apostrophe.
_ALIKE = {" ": " \u00a0\u2009\u202f", "'": "'\u2019"}
# SQL for a number in which each point has three digits after it: each can separate thousands.
CAN_BE_THOUSANDS = "regexp_full_match({text}, '[+-]?[1-9][0-9]{{0,2}}([.][0-9]{{3}})+')"
_PLAIN = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")


def number_regex(decimal: str, thousands: str) -> str:
    """Return the regular expression of a number with stated signs, for Python and RE2, without groups."""
    sign, mark = "[-+]?", re.escape(decimal or ".")
    grouped = f"[0-9]{{1,3}}(?:[{re.escape(_signs(thousands))}][0-9]{{3}})+|" if thousands else ""
    return f"{sign}(?:{grouped}[0-9]+)(?:{mark}[0-9]*)?(?:[eE][-+]?[0-9]+)?"


def _signs(thousands: str) -> str:
    return _ALIKE.get(thousands, thousands)


def number_sql(text: str, decimal: str, thousands: str) -> str:
    """Return SQL that reads a text column as a DOUBLE; NULL for a text that is no number under the stated signs.

    Parameters
    ----------
    text : str
        SQL for the text column.
    decimal, thousands : str
        Empty: a decimal point, and no separator of thousands.
    """
    if decimal in ("", ".") and not thousands:
        # DuckDB also takes "+-5" and "1_000".
        return f"CASE WHEN NOT (contains({text}, '+-') OR contains({text}, '_')) THEN TRY_CAST({text} AS DOUBLE) END"
    bare = f"translate({text}, {quote_text(_signs(thousands))}, '')" if thousands else text
    bare = f"replace({bare}, ',', '.')" if decimal == "," else bare
    return f"CASE WHEN regexp_full_match({text}, {quote_text(number_regex(decimal, thousands))}) THEN TRY_CAST({bare} AS DOUBLE) END"


def read_number(text: str, decimal: str = "", thousands: str = "") -> float | None:
    """Return the finite number that a text is under the stated signs, or None.

    Examples
    --------
    >>> read_number("1.234.567,89", ",", "."), read_number("53,41", ","), read_number("53,41")
    (1234567.89, 53.41, None)
    """
    text = text.strip()
    if decimal in ("", ".") and not thousands:
        number = float(text) if _PLAIN.fullmatch(text) else math.nan
    elif re.fullmatch(number_regex(decimal, thousands), text):
        bare = "".join(sign for sign in text if sign not in (_signs(thousands) if thousands else ""))
        number = float(bare.replace(",", ".") if decimal == "," else bare)
    else:
        number = math.nan
    return number if math.isfinite(number) else None
