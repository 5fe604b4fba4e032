"""Coordinates as texts: degrees, minutes and seconds, and both coordinates in one cell, read by SQL and by Python.

One cell may hold a pair "latitude, longitude", also after other text and in brackets; such a pair in degrees, minutes and
seconds; or a point whose own rules put x before y: WKT, EWKT, hexadecimal WKB, and the coordinates of GeoJSON.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass

from geoharm.engines.sql import quote_text
from geoharm.ingest.number_texts import number_regex, number_sql, read_number

_SPACE = "[ \t\r\n\u00a0\u2009\u202f]"
_PART = "[0-5]?[0-9](?:[.,][0-9]+)?"
# Each sign as people and programs write it.
_MINUS, _DEGREE_SIGNS = "\u2212-", "\u00b0\u00ba"
_MINUTE_SIGNS, _SECOND_SIGNS = "'\u2032\u2019\u00b4", '"\u2033\u201d'
# Degrees, minutes and seconds. No letters for the units: an s would be taken for seconds or for south.
_SIZE = (
    rf"([+{_MINUS}]?)([0-9]{{1,3}}(?:[.,][0-9]+)?){_SPACE}*([{_DEGREE_SIGNS}:]?){_SPACE}*"
    rf"(?:({_PART}){_SPACE}*[{_MINUTE_SIGNS}:]?{_SPACE}*"
    rf"(?:({_PART}){_SPACE}*(?:[{_SECOND_SIGNS}]|[{_MINUTE_SIGNS}]{{2}})?{_SPACE}*)?)?"
)
_DEGREES = f"([NSEW])?{_SPACE}*{_SIZE}([NSEW])?"
_DEGREE_PARTS = ("before", "sign", "degrees", "mark", "minutes", "seconds", "after")
# Two of them in one cell: the letters stand before both or after both, else one could belong to either.
_BARE_SIZE = re.sub(r"\((?!\?)", "(?:", _SIZE)
_TWO_DEGREES = tuple(
    rf"(?i)^({one}){_SPACE}*[,;/]?{_SPACE}*({one})$" for one in (f"[NSEW]{_SPACE}*{_BARE_SIZE}", f"{_BARE_SIZE}[NSEW]")
)
_PLAIN_NUMBER = r"([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)"
# Smaller numbers, the subnormal ones, are taken for 0.
_SMALLEST = 2.0**-1022
_WKB_SRID, _WKB_Z, _WKB_M = 0x20000000, 0x80000000, 0x40000000
_WKB = r"(?i)^(?:\\x|0x)?(0[01])([0-9a-f]{8})((?:[0-9a-f]{8})?)([0-9a-f]{16})([0-9a-f]{16})((?:[0-9a-f]{16}){0,2})$"


@dataclass(frozen=True, slots=True)
class CoordinatePair:
    """Both coordinates of one cell.

    Attributes
    ----------
    latitude, longitude : str
        Texts of the two numbers: of a point, its y and its x.
    srid : int or None
        The coordinate system that the cell itself names.
    form : str
        "pair", "degrees", "point", "WKB", "GeoJSON" or "JSON".
    """

    latitude: str
    longitude: str
    srid: int | None
    form: str


def _patterns(decimal: str, thousands: str) -> dict[str, str]:
    """Return the regular expressions of the cells that hold two numbers, each with its two numbers as groups."""
    number = f"({number_regex(decimal, thousands)})"
    between = f"(?:{_SPACE}*;{_SPACE}*|,?{_SPACE}+)" if decimal == "," else f"(?:{_SPACE}|[,;])+"
    return {
        "point": rf"(?i)^(?:SRID{_SPACE}*=[0-9]+{_SPACE}*;)?{_SPACE}*POINT{_SPACE}*(?:ZM|Z|M)?{_SPACE}*\({_SPACE}*{_PLAIN_NUMBER}"
        rf"{_SPACE}+{_PLAIN_NUMBER}(?:{_SPACE}+[-+0-9.eE]+){{0,2}}{_SPACE}*\)$",
        "GeoJSON": rf"(?is)^\{{.*[\"']coordinates[\"']{_SPACE}*:{_SPACE}*\[{_SPACE}*{_PLAIN_NUMBER}{_SPACE}*,{_SPACE}*{_PLAIN_NUMBER}{_SPACE}*[,\]].*\}}$",
        "pair": rf"(?s)^(?:.*\(|[({_SPACE[1:-1]}]*){_SPACE}*{number}{between}{number}[){_SPACE[1:-1]}]*$",
    }


_JSON = r"(?is)^\{{.*[\"']{key}[\"']\s*:\s*[\"']?" + _PLAIN_NUMBER
_NO_POINT = rf"(?i)^(?:(?:SRID{_SPACE}*=[0-9]+{_SPACE}*;)?{_SPACE}*POINT{_SPACE}*(?:ZM|Z|M)?{_SPACE}*EMPTY|[^0-9]*)$"
_SRID = rf"(?i)^SRID{_SPACE}*={_SPACE}*([0-9]+)"


def read_pair(text: str, decimal: str = "", thousands: str = "") -> CoordinatePair | None:
    """Return both coordinates of a cell; None if it holds no pair that can be read in one way only.

    Examples
    --------
    >>> pair = read_pair("SOMETOWN, CT (41.48, -72.67)")
    >>> pair.latitude, pair.longitude
    ('41.48', '-72.67')
    >>> read_pair("POINT (-72.67 41.48)").latitude
    '41.48'
    """
    text = text.strip()
    srid = re.match(_SRID, text)
    named = (int(srid[1]) or None) if srid else None
    for form, pattern in _patterns(decimal, thousands).items():
        if match := re.match(pattern, text):
            first, second = match.groups()
            return (
                CoordinatePair(first, second, None, form)
                if form == "pair"
                else CoordinatePair(second, first, named, form)
            )
    latitude, longitude = (re.match(_JSON.format(key=key), text) for key in ("latitude", "longitude"))
    if latitude and longitude:
        return CoordinatePair(latitude[1], longitude[1], None, "JSON")
    for match in filter(None, (re.match(pattern, text) for pattern in _TWO_DEGREES)):
        pair = sorted(match.groups(), key=lambda part: bool(re.search("[EW]", part, re.I)))
        if read_degrees(pair[0], "NS") is not None and read_degrees(pair[1], "EW") is not None:
            return CoordinatePair(pair[0], pair[1], None, "degrees")
    return _read_wkb(text)


def holds_no_point(text: str) -> bool:
    """Return whether a cell says that there is no point: an empty one, or a text without a digit."""
    return re.match(_NO_POINT, text.strip()) is not None


def own_srid(crs: str) -> str:
    """Return the number by which cells name a coordinate system of EPSG; "none" for other systems.

    Examples
    --------
    >>> own_srid("EPSG:27700"), own_srid("OGC:CRS84")
    ('27700', 'none')
    """
    authority, _, number = crs.upper().rpartition(":")
    return number if authority == "EPSG" else "none"


def other_system_reason(crs: str) -> str:
    """Return the reason to reject a cell that names another coordinate system than its format, as the end of a sentence."""
    return f"names another coordinate system (SRID) than the format's {crs}"


def _read_wkb(text: str) -> CoordinatePair | None:
    match = re.match(_WKB, text)
    if not match:
        return None
    order = "<" if match[1] == "01" else ">"
    kind = struct.unpack(f"{order}I", bytes.fromhex(match[2]))[0]
    srid = struct.unpack(f"{order}I", bytes.fromhex(match[3]))[0] if match[3] else 0
    dimensions = 2 + len(match[6]) // 16
    if kind not in _wkb_kinds(has_srid=bool(match[3]))[dimensions]:
        return None
    x, y = (struct.unpack(f"{order}d", bytes.fromhex(match[group]))[0] for group in (4, 5))
    if not (math.isfinite(x) and math.isfinite(y)):
        return None
    x, y = (0.0 if abs(value) < _SMALLEST else value for value in (x, y))
    return CoordinatePair(repr(y), repr(x), srid or None, "WKB")


def _wkb_kinds(*, has_srid: bool) -> dict[int, tuple[int, ...]]:
    """Return the numbers by which WKB names a point, by the number of its coordinates."""
    flag = _WKB_SRID if has_srid else 0
    plain = () if has_srid else (1001, 2001)
    return {
        2: (1 | flag,),
        3: (1 | flag | _WKB_Z, 1 | flag | _WKB_M, *plain),
        4: (1 | flag | _WKB_Z | _WKB_M, *(() if has_srid else (3001,))),
    }


def read_degrees(text: str, letters: str) -> float | None:
    """Return the decimal degrees of a text in degrees, minutes and seconds, or None.

    A letter, a degree sign or three parts must show what it is; only the last part has decimals.

    Parameters
    ----------
    text : str
    letters : str
        "NS" for a latitude, "EW" for a longitude. "O" is east in German and west in French, so it is not read.

    Examples
    --------
    >>> read_degrees("53\u00b0 30' N", "NS"), read_degrees("W 2 30 36", "EW"), read_degrees("2 30 36 W", "NS")
    (53.5, -2.51, None)
    """
    match = re.match(f"(?i)^{_DEGREES}$", text.strip())
    if not match:
        return None
    before, sign, degrees, mark, minutes, seconds, after = (group or "" for group in match.groups())
    letter = (before + after).upper()
    is_shown = letter or (mark and mark in _DEGREE_SIGNS) or seconds
    whole = [part for part in (degrees, minutes, seconds) if part][:-1]
    if (
        not is_shown
        or len(letter) > 1
        or (letter and (sign or letter not in letters))
        or re.search("[.,]", "".join(whole))
    ):
        return None
    size = sum(
        float(part.replace(",", ".")) / 60.0**power for power, part in enumerate((degrees, minutes, seconds)) if part
    )
    return -size if (sign and sign in _MINUS) or letter in ("S", "W") else size


def degrees_sql(text: str, letters: str) -> str:
    """Return SQL that reads a text column in degrees, minutes and seconds, as `read_degrees` does."""
    groups = ", ".join(f"'{name}'" for name in _DEGREE_PARTS)
    extracted = f"regexp_extract({text}, {quote_text(f'(?i)^{_DEGREES}$')}, [{groups}])"
    letter = "upper(part.before || part.after)"
    last = "CASE WHEN part.seconds <> '' THEN part.degrees || part.minutes WHEN part.minutes <> '' THEN part.degrees ELSE '' END"
    number = "coalesce(TRY_CAST(replace(part.{name}, ',', '.') AS DOUBLE), 0) / {factor}"
    size = " + ".join(
        number.format(name=name, factor=factor) for name, factor in (("degrees", 1), ("minutes", 60), ("seconds", 3600))
    )
    conditions = (
        "part.degrees <> ''",
        f"({letter} <> '' OR part.mark IN ({', '.join(map(quote_text, _DEGREE_SIGNS))}) OR part.seconds <> '')",
        f"({letter} = '' OR (part.sign = '' AND {letter} IN ({', '.join(map(quote_text, letters))})))",
        f"NOT regexp_matches({last}, '[.,]')",
    )
    negative = f"part.sign IN ({', '.join(map(quote_text, _MINUS))}) OR {letter} IN ('S', 'W')"
    value = f"CASE WHEN {' AND '.join(conditions)} THEN CASE WHEN {negative} THEN -({size}) ELSE {size} END END"
    return f"list_transform([{extracted}], lambda part: {value})[1]"


def coordinate_sql(text: str, letters: str, decimal: str, thousands: str, *, in_degrees: bool) -> str:
    """Return SQL that reads a coordinate's text as a number or, where coordinates are degrees, also with minutes and seconds."""
    number = number_sql(text, decimal, thousands)
    return f"coalesce({number}, {degrees_sql(text, letters)})" if in_degrees else number


def read_coordinate(text: str, letters: str, decimal: str, thousands: str, *, in_degrees: bool) -> float | None:
    """Return a coordinate as `coordinate_sql` reads it, or None."""
    number = read_number(text, decimal, thousands)
    return read_degrees(text, letters) if number is None and in_degrees else number


def pair_sql(text: str, decimal: str, thousands: str) -> str:
    """Return SQL for both coordinates of a cell: a list of the texts of latitude and longitude, and of the SRID.

    A cell without a point gives NULLs; one that cannot be read stands for both of its coordinates.
    """
    patterns = {form: quote_text(pattern) for form, pattern in _patterns(decimal, thousands).items()}
    cases = [f"WHEN regexp_matches({text}, {quote_text(_NO_POINT)}) THEN [NULL, NULL, NULL]"]
    srid = f"nullif(nullif(regexp_extract({text}, {quote_text(_SRID)}, 1), ''), '0')"
    for form, pattern in patterns.items():
        first, second = (f"regexp_extract({text}, {pattern}, {group})" for group in (1, 2))
        pair = f"[{first}, {second}, NULL]" if form == "pair" else f"[{second}, {first}, {srid}]"
        cases.append(f"WHEN regexp_matches({text}, {pattern}) THEN {pair}")
    json = [quote_text(_JSON.format(key=key)) for key in ("latitude", "longitude")]
    cases.append(
        f"WHEN {' AND '.join(f'regexp_matches({text}, {pattern})' for pattern in json)} THEN "
        f"[{', '.join(f'regexp_extract({text}, {pattern}, 1)' for pattern in json)}, NULL]"
    )
    for two in map(quote_text, _TWO_DEGREES):
        halves = [f"regexp_extract({text}, {two}, {group})" for group in (1, 2)]
        cases += [
            f"WHEN {degrees_sql(latitude, 'NS')} IS NOT NULL AND {degrees_sql(longitude, 'EW')} IS NOT NULL "
            f"THEN [{latitude}, {longitude}, NULL]"
            for latitude, longitude in (halves, halves[::-1])
        ]
    cases.append(f"WHEN regexp_matches({text}, {quote_text(_WKB)}) THEN {_wkb_sql(text)}")
    return f"CASE {' '.join(cases)} ELSE [{text}, {text}, NULL] END"


def _wkb_sql(text: str) -> str:
    names = ("endian", "kind", "srid", "x", "y", "more")
    groups = ", ".join(f"'{name}'" for name in names)
    extracted = f"regexp_extract({text}, {quote_text(_WKB)}, [{groups}])"
    kind = f"({_integer_sql('part.kind', 4)}, part.srid <> '', length(part.more) // 16 + 2)"
    known = ", ".join(
        f"({number}, {str(has_srid).lower()}, {dimensions})"
        for has_srid in (False, True)
        for dimensions, numbers in _wkb_kinds(has_srid=has_srid).items()
        for number in numbers
    )
    x, y = (f"CAST({_double_sql(f'part.{axis}')} AS VARCHAR)" for axis in ("x", "y"))
    srid = f"nullif(CAST({_integer_sql('part.srid', 4)} AS VARCHAR), '0')"
    pair = f"CASE WHEN {kind} IN ({known}) AND {x} IS NOT NULL AND {y} IS NOT NULL THEN [{y}, {x}, {srid}] ELSE [{text}, {text}, NULL] END"
    return f"list_transform([{extracted}], lambda part: {pair})[1]"


def _integer_sql(digits: str, size: int) -> str:
    """Return SQL for the whole number that hexadecimal digits are, in the byte order of their WKB."""
    turned = " || ".join(f"substr({digits}, {2 * byte + 1}, 2)" for byte in reversed(range(size)))
    ordered = f"CASE WHEN part.endian = '01' THEN {turned} ELSE {digits} END"
    return f"TRY_CAST('0x' || nullif({ordered}, '') AS UBIGINT)"


def _double_sql(digits: str) -> str:
    """Return SQL for the 64-bit floating-point number of hexadecimal digits; NULL if it is not finite."""
    bits = _integer_sql(digits, 8)
    sign = f"CASE WHEN {bits} >> 63 = 1 THEN -1.0 ELSE 1.0 END"
    exponent = f"CAST(({bits} >> 52) & 2047 AS INTEGER)"
    fraction = f"CAST({bits} & 4503599627370495 AS DOUBLE)"
    normal = f"CAST({sign} AS DOUBLE) * ({fraction} + 4503599627370496) * pow(2.0::DOUBLE, {exponent} - 1075)"
    return f"CASE WHEN {exponent} = 2047 THEN NULL WHEN {exponent} = 0 THEN 0.0::DOUBLE ELSE {normal} END"
