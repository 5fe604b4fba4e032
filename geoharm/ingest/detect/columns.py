"""Which column of an unknown table is which field of a format, judged by its name and its values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from geoharm.dates.detection import are_midnights, detect_date_patterns, looks_like_dates, looks_like_day_numbers
from geoharm.dates.patterns import finest_unit
from geoharm.dates.shapes import patterns_of
from geoharm.ingest.coordinate_texts import holds_no_point, read_coordinate, read_pair
from geoharm.ingest.detect.sample import FileSample
from geoharm.ingest.formats.input_format import personal_words
from geoharm.ingest.number_texts import read_number
from geoharm.ingest.time_detection import looks_like_times

_NEARLY_ALL = 0.9
# The worst rank of a name under which a date is taken for the event's.
_WORST_DATE = 2
# Columns shown whose dates cannot be read, and signs of their texts.
_MOST_SHOWN, _LONGEST_SHOWN = 3, 60
BLANK_TEXTS = ("NA", "N/A", "NULL", "(null)", "None", "nan", "NaN", "-", "- - -", "#N/A")
_PERSONAL_ATTRIBUTES = {"age", "sex", "gender", "race", "ethnicity", "nationality", "religion", "marital", "income"}
# The rank of a column by the words in its name. The lowest rank is chosen; a name that fits no pattern is no candidate.
_Ranks = tuple[tuple[str, int], ...]
_DATE: _Ranks = (
    (r"closed?|closure|updated?|modified|due|target|resolved|completed?|expir\w*|edited|last|birth|released?|dob", 5),
    (
        r"geburt\w*|geboorte\w*|naissance|nacimiento|nacido|geschlossen|abgeschlossen|afgesloten|cloture|cierre|cerrado",
        5,
    ),
    (r"to|end|until|bis|ende|enddatum|eind\w*|tot|fin|hasta", 4),
    (r"report\w*|rpt|received|created?|record\w*|enter\w*|dispatch\w*|request\w*|arriv\w*", 2),
    (r"meld\w*|gemeld\w*|anzeige\w*|aangifte\w*|signal\w*|declar\w*|denunci\w*|registr\w*|eingang\w*", 2),
    (r"occur\w*|commit\w*|incident|offence|offense|from|fr|start\w*|open\w*|event|found|crime|admission|admitted", 0),
    (
        r"tat\w*|vorfall\w*|ereignis\w*|einsatz\w*|beginn?\w*|pleeg\w*|voorval\w*|debut|faits?|hechos?|inicio|ocurr\w*",
        0,
    ),
    (r"date|day|dt|month|time|datetime|timestamp|when", 1),
    (r"\w*datum|\w*zeit|\w*zeitpunkt|tag|monat|dag|maand|\w*tijd\w*|jour|mois|heure|fecha|dia|mes|hora|data", 1),
)
# Names that speak of a date whatever the texts are; a column of such a name whose texts no pattern reads is shown.
_CALLED_A_DATE = r"dates?|datetime|timestamp|\w*datum|fechas?|data|jour|dag|tag|dia|when|time|\w*zeit|\w*tijd|heure|hora|occurred|reported"
_ID: _Ranks = (
    (r"type|code|officer|category|date|time|description|desc|name", 9),
    (r"objectid|fid|row|index|serial", 3),
    (r"id|ref|reference", 1),
    (r"no|num|nr|number", 2),
)
_CATEGORY: _Ranks = (
    (r"location|property|land|outcome|premises?|weapon|victim|status|code|id|no|number|date|time|ward|district|submitted|source", 9),
    (r"crime|offences?|offenses?|ofns|primary|incident|call|event", 0),
    (r"type|category", 1),
    (r"description|desc|reason|subject|nature|problem|object|classification|class", 2),
)  # fmt: skip
_ADDRESS: _Ranks = (
    (r"email|zip|zipcode|type|code|id|city|state|county", 9),
    (r"street|address|addr|street1", 0),
    (r"description|district|ward|status|name|area", 9),
    (r"location|block|intersection|place", 1),
)
# What areas are called whose outlines a city has.
_AREA: _Ranks = (
    (r"lsoa\w*|msoa\w*|geoid\w*|fips|tract\w*|beats?|precinct\w*|sector|plz|iris|zcta\w*|blockgroup", 0),
    (
        r"wards?|districts?|division|neighbou?rhoods?|zone|community|area|stadtteil|bezirk|wijk|buurt|quartier|barrio|arrondissement",
        1,
    ),
)
_COORDINATE_NAMES = (
    (
        "longitude",
        (
            r"lon|lng|long|longitude?|laenge\w*|lange\w*|lengtegraad",
            r"easting|eastings|rechtswert|x|xcoord|pointx",
            r"geom1",
        ),
    ),
    ("latitude", (r"lat|latitude?|breite\w*|breedtegraad", r"northing|northings|hochwert|y|ycoord|pointy", r"geom2")),
)
_WEIGHT_WORDS = {"needles", "syringes", "quantity", "qty", "count", "n", "number", "total"}
_CALLED_A_TIME = r"time|tm|tod|clock|hour|hours|hr|\w*zeit|\w*uhrzeit|\w*tijd\w*|heure|hora|uhr|stunde|uur"


# What a name says of a place that is not exact: the words, and the format's quality.
_INEXACT = (
    (r"random\w*|jitter\w*|offset|masked|perturbed|obfuscated|zufall\w*|willekeurig\w*|aleatoi\w*|aleatori\w*|verschoben", "randomised"),
    (r"block|blok|bloc|manzana|centroide?|centroids|approx\w*|mittelpunkt|middelpunt|zentroid|ungefaehr|ungefahr|benaderd", "block"),
    (r"snapped|nearest|intersection|kreuzung|kruispunt|carrefour|cruce", "snapped"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NumberSigns:
    """How the numbers of a table are written, as a format states it: its decimal sign and separator of thousands.

    Attributes
    ----------
    decimal, thousands : str
    """

    decimal: str = ""
    thousands: str = ""


NO_SIGNS, DECIMAL_COMMA = NumberSigns(), NumberSigns(",")
_SIGNS = (
    NO_SIGNS,
    DECIMAL_COMMA,
    *(NumberSigns(",", sign) for sign in (".", " ", "'")),
    NumberSigns(".", ","),
    NumberSigns(".", "'"),
)


@dataclass(frozen=True, slots=True)
class ChosenColumns:
    """The columns of a table chosen for the fields of a format.

    Attributes
    ----------
    columns : mapping of field to position
    others : mapping of field to names
        Other columns that would also fit the field.
    left_out : tuple of (name, word)
        Columns with personal data, and the word in the name that shows it.
    weight : str
        A column that may give the number of events a row stands for. It is only reported, never chosen.
    doubts : tuple of str
    unread_dates : tuple of (name, text)
        Columns named like a date of which no known pattern reads nine in ten texts, and the first text that none reads.
    signs : NumberSigns
        How the coordinates are written.
    inexact : tuple of (name, word, quality) or None
        A chosen column of coordinates whose name says that places are not exact, and the quality that the word means.
    """

    columns: Mapping[str, int]
    others: Mapping[str, tuple[str, ...]]
    left_out: tuple[tuple[str, str], ...]
    weight: str
    doubts: tuple[str, ...]
    unread_dates: tuple[tuple[str, str], ...] = ()
    signs: NumberSigns = NO_SIGNS
    inexact: tuple[str, str, str] | None = None


def choose_columns(sample: FileSample) -> ChosenColumns:
    """Return the column of each field, where both its name and its values fit."""
    words = [_name_words(name) for name in sample.header]
    values = [
        [text for text in sample.column(index) if text and text not in BLANK_TEXTS]
        for index in range(len(sample.header))
    ]
    personal = {
        index: word
        for index, name in enumerate(sample.header)
        if (word := personal_words(name) or next((part for part in words[index] if part in _PERSONAL_ATTRIBUTES), ""))
    }
    candidates = [index for index in range(len(sample.header)) if index not in personal and words[index]]
    columns: dict[str, int] = {}
    others: dict[str, tuple[str, ...]] = {}
    doubts: list[str] = []

    def choose(field: str, ranks: _Ranks, fits: Callable[[int], bool], worst_rank: int) -> None:
        ranked = sorted(
            (rank, index)
            for index in candidates
            if index not in columns.values() and (rank := _rank(words[index], ranks)) <= worst_rank and fits(index)
        )
        if ranked:
            columns[field] = ranked[0][1]
            others[field] = tuple(sample.header[index] for _, index in ranked[1:])

    def holds_dates(index: int) -> bool:
        return bool(values[index]) and (
            looks_like_dates(values[index]) or bool(looks_like_day_numbers(values[index][:200]))
        )

    def is_half_filled(index: int) -> bool:
        return len(values[index]) >= 0.5 * len(sample.rows)

    def choose_time() -> None:
        """Choose the column of times whose name has most words in common with that of the date."""
        date_words = set(words[columns["date"]])
        named = [
            index
            for index in candidates
            if index not in columns.values()
            and any(re.fullmatch(_CALLED_A_TIME, word) for word in words[index])
            and _rank(words[index], _DATE) <= _WORST_DATE
            and looks_like_times(values[index])
        ]
        named.sort(key=lambda index: -len(date_words & set(words[index])))
        if named:
            columns["time"] = named[0]
            others["time"] = tuple(sample.header[index] for index in named[1:])

    choose("date", _DATE, lambda index: is_half_filled(index) and holds_dates(index), _WORST_DATE)
    if "date" in columns and {"from", "fr", "start"} & set(words[columns["date"]]):
        choose("end", ((r"to|end|until", 0),), holds_dates, 0)
    unread_dates: tuple[tuple[str, str], ...] = ()
    if "date" in columns and _are_days(values[columns["date"]]):
        choose_time()
    if "date" not in columns:
        columns |= _date_part_columns(words, values, candidates)
    if not {"date", "year"} & set(columns):
        unread_dates = _unread_dates(sample, words, values, candidates)
        doubts += _other_dates(sample, words, values, candidates)
        doubts += [
            f'date: "{name}" is named like a date, but no known pattern reads its texts, such as "{text}"; if it is one, '
            "name it under columns.date and write its pattern under date.formats"
            for name, text in unread_dates
        ]
    signs = NO_SIGNS
    if sample.places is None:
        found, signs = _coordinate_columns(words, values, candidates)
        for field, indices in found.items():
            columns[field], others[field] = indices[0], tuple(sample.header[index] for index in indices[1:])
        if "longitude" not in columns:
            unused = [index for index in candidates if index not in columns.values()]
            pair_column, signs, pair_doubts = _coordinate_pair_column(sample, values, unused)
            doubts += pair_doubts
            columns |= {} if pair_column is None else {"latlon": pair_column}
    choose("id", _ID, lambda index: is_half_filled(index) and len(words[index]) + ("id" in words[index]) > 1, 3)
    choose("category", _CATEGORY, lambda index: _are_categories(values[index]) and is_half_filled(index), 2)
    _prefer_varied_category(sample, values, columns, others)
    choose("address", _ADDRESS, lambda index: _are_addresses(values[index]), 1)
    columns = _address_in_parts(sample, words, values, candidates, columns)
    weight = _counts_column(sample, words, values, candidates, columns)
    return ChosenColumns(
        _with_area(sample, words, values, columns, doubts, has_counts=bool(weight)),
        {key: names for key, names in others.items() if names},
        tuple((sample.header[index], word) for index, word in personal.items()),
        weight,
        tuple(doubts),
        unread_dates,
        signs,
        _inexact_place(sample, words, columns),
    )


def is_number(text: str) -> bool:
    """Return whether a text is a number; the decimal sign, if there is one, must be a point."""
    return bool(re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", text.strip()))


def _are_days(texts: Sequence[str]) -> bool:
    """Return whether a column's dates have no time of day, or midnight in each of them."""
    patterns, _ = detect_date_patterns(texts)
    return all(finest_unit(pattern) == "day" for pattern in patterns) or are_midnights(texts, patterns)


def _unread_dates(
    sample: FileSample, words: Sequence[Sequence[str]], values: Sequence[Sequence[str]], candidates: Sequence[int]
) -> tuple[tuple[str, str], ...]:
    """Return the columns named like a date whose texts no known pattern reads, and the first text that none reads."""
    named = [
        index
        for index in candidates
        if any(re.fullmatch(_CALLED_A_DATE, word) for word in words[index])
        and _rank(words[index], _DATE) <= _WORST_DATE
    ]
    unread = []
    for index in named:
        text = next((text for text in values[index] if not patterns_of(text)), "")
        if text and not looks_like_dates(values[index]) and not looks_like_times(values[index]):
            unread.append((sample.header[index], text[:_LONGEST_SHOWN]))
    return tuple(unread[:_MOST_SHOWN])


def _other_dates(
    sample: FileSample, words: Sequence[Sequence[str]], values: Sequence[Sequence[str]], candidates: Sequence[int]
) -> list[str]:
    """Return the doubts about columns that hold dates and were not chosen."""
    doubts = []
    for index in candidates:
        if not looks_like_dates(values[index]):
            continue
        name, filled = sample.header[index], len(values[index])
        if _rank(words[index], _DATE) <= _WORST_DATE:
            doubts.append(f'date: "{name}" holds dates, but only in {filled:,} of {len(sample.rows):,} rows')
        else:
            doubts.append(f'date: "{name}" holds dates, but its name does not say that events happened then')
    return doubts


def _name_words(name: str) -> list[str]:
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", bare)
    words = re.findall(r"[a-z]+\d*", spaced.lower())
    joined = "".join(words)
    return [*words, joined] if joined in ("xcoord", "ycoord", "pointx", "pointy", "objectid") else words


def _rank(words: Sequence[str], ranks: _Ranks) -> int:
    """Return the rank of the first pattern that a word of the name matches; 9 if none matches."""
    for pattern, rank in ranks:
        if any(re.fullmatch(pattern, word) for word in words):
            return rank
    return 9


def _date_part_columns(
    words: Sequence[Sequence[str]], values: Sequence[Sequence[str]], candidates: Sequence[int]
) -> dict[str, int]:
    """Return the columns of year, month and, if present, day; empty without both a year and a month."""
    columns: dict[str, int] = {}
    for field, names, minimum, maximum in (
        ("year", ("year", "yr"), 1900, 2100), ("month", ("month", "mon", "mnth"), 1, 12), ("day", ("day",), 1, 31),
    ):  # fmt: skip
        for index in candidates:
            in_range = [text for text in values[index] if text.isdecimal() and minimum <= int(text) <= maximum]
            if set(words[index]) & set(names) and in_range and len(in_range) >= 0.9 * len(values[index]):
                columns.setdefault(field, index)
    return columns if {"year", "month"} <= set(columns) else {}


def _coordinate_columns(
    words: Sequence[Sequence[str]], values: Sequence[Sequence[str]], candidates: Sequence[int]
) -> tuple[dict[str, list[int]], NumberSigns]:
    """Return the columns of longitude and of latitude, by the first kind of name that gives both, and how they are written.

    Both are empty if no kind of name gives both.
    """
    for signs in _SIGNS:
        for level in range(3):
            pair = {
                field: [
                    index
                    for index in candidates
                    if any(re.fullmatch(names[level], word) for word in words[index])
                    and values[index]
                    and sum(_is_coordinate(text, letters, signs) for text in values[index])
                    >= _NEARLY_ALL * len(values[index])
                ]
                for (field, names), letters in zip(_COORDINATE_NAMES, ("EW", "NS"), strict=True)
            }
            if all(pair.values()):
                return pair, signs
    return {}, NO_SIGNS


def _is_coordinate(text: str, letters: str, signs: NumberSigns) -> bool:
    return read_coordinate(text, letters, signs.decimal, signs.thousands, in_degrees=True) is not None


def _coordinate_pair_column(
    sample: FileSample, values: Sequence[Sequence[str]], candidates: Sequence[int]
) -> tuple[int | None, NumberSigns, list[str]]:
    """Return the column that holds both coordinates, if any, how its numbers are written, and the doubts."""
    doubts = []
    for signs in (NO_SIGNS, DECIMAL_COMMA):
        for index in candidates:
            texts, name = values[index], sample.header[index]
            located = [text for text in texts if not holds_no_point(text)]
            pairs = [pair for text in located if (pair := read_pair(text, signs.decimal, signs.thousands))]
            if not pairs or len(pairs) < _NEARLY_ALL * len(located) or 2 * len(located) < len(texts):
                continue
            if any(pair.form != "pair" for pair in pairs):
                order = {
                    "point": "a point, x (longitude) first",
                    "WKB": "a point in hexadecimal WKB",
                    "GeoJSON": "GeoJSON",
                }
                return (
                    index,
                    signs,
                    [f'latlon: "{name}" is read as {order.get(pairs[0].form, pairs[0].form)}; check one place'],
                )
            latitudes = [read_number(pair.latitude, signs.decimal, signs.thousands) or 0.0 for pair in pairs]
            if all(abs(latitude) <= 90 for latitude in latitudes):
                return index, signs, [f'latlon: "{name}" is read as latitude, longitude; check one place']
            doubts.append(f'latlon: "{name}" holds longitude first; split it into two columns')
    return None, NO_SIGNS, list(dict.fromkeys(doubts))


def _inexact_place(
    sample: FileSample, words: Sequence[Sequence[str]], columns: Mapping[str, int]
) -> tuple[str, str, str] | None:
    """Return the first chosen column of coordinates that is named like a place that is not exact, the word and the quality."""
    for field in ("latitude", "longitude", "latlon"):
        for word in words[columns[field]] if field in columns else ():
            for pattern, quality in _INEXACT:
                if re.fullmatch(pattern, word):
                    return sample.header[columns[field]], word, quality
    return None


def _prefer_varied_category(
    sample: FileSample, values: Sequence[Sequence[str]], columns: dict[str, int], others: dict[str, tuple[str, ...]]
) -> None:
    """Choose another category column if the first has only one value."""
    if "category" not in columns or len(set(values[columns["category"]])) > 1:
        return
    varied = [name for name in others["category"] if len(set(values[sample.header.index(name)])) > 1]
    if varied:
        constant_column = sample.header[columns["category"]]
        columns["category"] = sample.header.index(varied[0])
        others["category"] = (constant_column, *(name for name in others["category"] if name != varied[0]))


def _are_categories(texts: Sequence[str]) -> bool:
    distinct = set(texts)
    return 0 < len(distinct) <= max(50, len(texts) // 5) and not all(map(is_number, distinct))


def _counts_column(
    sample: FileSample,
    words: Sequence[Sequence[str]],
    values: Sequence[Sequence[str]],
    candidates: Sequence[int],
    columns: Mapping[str, int],
) -> str:
    """Return the name of a column that may say how many of something a row stands for; empty without one."""
    return next(
        (
            sample.header[index]
            for index in candidates
            if index not in columns.values()
            and set(words[index]) & _WEIGHT_WORDS
            and "id" not in words[index]
            and _are_counts(values[index])
        ),
        "",
    )


def _with_area(
    sample: FileSample,
    words: Sequence[Sequence[str]],
    values: Sequence[Sequence[str]],
    columns: dict[str, int],
    doubts: list[str],
    *,
    has_counts: bool,
) -> dict[str, int]:
    """Return the columns with that of the codes of areas, where dated rows have no coordinates; add a doubt beside an address.

    An address says more than the area it lies in; and numbers beside an area are counts of it.
    """
    taken = {index for field, index in columns.items() if field != "id" or not _are_area_codes(values[index])}
    named = [
        (rank, index)
        for index in range(len(sample.header))
        if index not in taken
        and (rank := _rank(words[index], _AREA)) <= 1
        and len(values[index]) >= 0.5 * len(sample.rows)
        and _are_area_codes(values[index])
    ]
    is_placed = sample.places is not None or {"longitude", "latlon"} & set(columns)
    if not named or is_placed or has_counts or not {"date", "year"} & set(columns):
        return columns
    chosen = min(named)[1]
    if {"address", "street"} & set(columns):
        doubts.append(
            f'area: "{sample.header[chosen]}" may be the code of an area; named as columns.area in place of the address, it counts the '
            "events by whole areas"
        )
        return columns
    return {**{field: index for field, index in columns.items() if index != chosen}, "area": chosen}


def _are_area_codes(texts: Sequence[str]) -> bool:
    """Return whether a column's texts can be codes of areas: several, most of them repeated, and no numbers with decimals."""
    distinct = set(texts)
    repeated = len(distinct) <= max(20, len(texts) // 2)
    return len(distinct) > 1 and repeated and not any(re.search(r"\.\d*[1-9]", text) for text in distinct)


def _are_addresses(texts: Sequence[str]) -> bool:
    return len(set(texts)) > 1 and not any(read_pair(text) or is_number(text) for text in texts[:50])


def _address_in_parts(
    sample: FileSample,
    words: Sequence[Sequence[str]],
    values: Sequence[Sequence[str]],
    candidates: Sequence[int],
    columns: dict[str, int],
) -> dict[str, int]:
    """Return the columns with the street in place of the address, if house numbers have a column of their own; and the town.

    Of a table with coordinates the columns stay as they are.
    """
    if sample.places is not None or {"longitude", "latlon"} & set(columns):
        return columns
    # House numbers may all be different, and so have been taken for identifiers.
    taken = {index for field, index in columns.items() if field != "id"}
    unused = [index for index in candidates if index not in taken]
    street = next(
        (
            index
            for index in [*([columns["address"]] if "address" in columns else []), *unused]
            if {"street", "road"} & set(words[index]) and not _are_house_numbers(values[index])
        ),
        None,
    )
    number = next(
        (
            index
            for index in unused
            if {"house", "street", "addr", "address", "st"} & set(words[index])
            and {"number", "num", "no", "nr", "nbr"} & set(words[index])
            and _are_house_numbers(values[index])
        ),
        None,
    )
    town = next((index for index in unused if {"city", "town"} & set(words[index]) and values[index]), None)
    if street is not None and number is not None:
        columns = {field: index for field, index in columns.items() if field != "address" and index != number}
        columns |= {"number": number, "street": street}
    if {"address", "street"} & set(columns) and town is not None:
        columns |= {"town": town}
    return columns


def _are_house_numbers(texts: Sequence[str]) -> bool:
    return bool(texts) and sum(
        bool(re.fullmatch(r"\d{1,6}([.]0|[A-Za-z])?", text)) for text in texts
    ) >= _NEARLY_ALL * len(texts)


def _are_counts(texts: Sequence[str]) -> bool:
    return bool(texts) and all(re.fullmatch(r"\d{1,5}(\.0)?", text) for text in texts)
