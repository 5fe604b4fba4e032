"""Input formats: what a publisher's columns mean, as TOML files in this folder."""

from __future__ import annotations

import codecs
import hashlib
import re
import tomllib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

from geoharm import _crs
from geoharm._validation import nearest_hint, read_named_toml
from geoharm.errors import DesignError, StudyError
from geoharm.ingest.date_patterns import EPOCH_MS, EXCEL_SERIAL, PRECISIONS, date_problems
from geoharm.ingest.formats.tables import KIND_FIELDS, KIND_KEYS, NO_RULES, TableRules, read_rules

CONTAINERS = ("csv", "geojson", "parquet", "excel", "vector")
LOCATION_QUALITIES = ("exact", "snapped", "block", "randomised")
DUPLICATE_RULES = ("none", "id")
FIELDS = (
    "id", "date", "end", "year", "month", "day", "longitude", "latitude", "latlon", "category", "address", "weight", "remark",
)  # fmt: skip
_MEMBERS = {"csv": ("*.csv", "*.csv.txt", "*.tsv"), "geojson": ("*.geojson", "*.json")}

_KEYS = {
    "format": {
        "name",
        "title",
        "kind",
        "container",
        "publisher",
        "licence",
        "attribution",
        "documentation",
        "tried_on",
        "known_by",
        "guessed",
    },
    "csv": {"delimiter", "quote", "encoding"},
    "zip": {"members"},
    "excel": {"sheet", "header_row"},
    "columns": set(FIELDS),
    "category": {"constant", "map"},
    "date": {"formats", "precision", "longest_span_days", "zone", "utc", "trust_offset", "order_checked"},
    "location": {"crs", "quality", "typical_error_m", "error_source"},
    "duplicates": {"rule"},
    "reject": {"remark_contains"},
    "values": {"blank"},
}


@dataclass(frozen=True, slots=True)
class Format:
    """How to read one publisher's file.

    Attributes
    ----------
    name, title, container, publisher, licence, attribution, documentation, tried_on : str
    guessed : bool
        Whether the format has not been checked by a person; no study reads data by such a format.
    delimiter, quote, encoding : str
        CSV dialect; not guessed.
    members : tuple of str
        Patterns of what to read inside a zip archive.
    sheet : str
        Of a workbook; empty means the first.
    header_row : int
        Of a workbook, counted from 1.
    columns : mapping of field to header names
        Each field's accepted names. GeoJSON and vector files take coordinates from their geometry.
    category : str
        The category of every row if the source has no column for it.
    category_map : mapping of str to str
        From the publisher's categories to the study's; categories that are not listed stay unchanged.
    date_formats : tuple of str
        strptime patterns, "excel-serial" or "epoch-ms", tried in order.
    precision : str
        One of `PRECISIONS`: how precisely the time of an event is known.
    zone : str
        Time zone in which days are counted, such as "Europe/London"; may be empty if all times are local.
    local_is_utc : bool
        Whether times without an offset are UTC; else they are local.
    trust_offset : bool
        Whether a UTC offset in a date is applied; else times are local in spite of it.
    order_checked : bool
        Whether a person has checked the order of day and month; the checks of the order are then skipped.
    longest_span : int
        Most days between date and end; beyond it, the time of the event counts as not known and the row is rejected.
    crs : str
    location_quality : str
        One of `LOCATION_QUALITIES`.
    location_error : float
        Typical distance in metres between a published and a true location.
    duplicate_rule : str
        "none", or "id": rows of one id and the same date, place and category are one event.
    blank_texts : tuple of str
        Texts that stand for a missing value.
    test_remarks : tuple of str
        Texts in the field ``remark`` that mark a row as a test; the field itself is not stored.
    kind : str
        "event", or another kind of file: a key of `KIND_FIELDS`.
    rules : TableRules
        Of area tables and surveys.
    known_by : tuple of str
        Other columns of the publisher's files: only files that have them are recognised as this format.
    """

    name: str
    title: str
    container: str
    publisher: str
    licence: str
    attribution: str
    documentation: str
    tried_on: str
    guessed: bool
    delimiter: str
    quote: str
    encoding: str
    members: tuple[str, ...]
    sheet: str
    header_row: int
    columns: dict[str, tuple[str, ...]]
    category: str
    category_map: dict[str, str]
    date_formats: tuple[str, ...]
    precision: str
    zone: str
    local_is_utc: bool
    trust_offset: bool
    order_checked: bool
    longest_span: int
    crs: str
    location_quality: str
    location_error: float
    duplicate_rule: str
    blank_texts: tuple[str, ...]
    test_remarks: tuple[str, ...]
    # Not in the repr, so that the fingerprints of event formats do not change when other kinds get new rules.
    kind: str = field(default="event", repr=False)
    rules: TableRules = field(default=NO_RULES, repr=False)
    # It decides about no row, so it is not part of the fingerprint.
    known_by: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @property
    def by_month(self) -> bool:
        """Whether dates name a month or a year, but no day."""
        return self.precision in ("month", "year")

    def fingerprint(self) -> str:
        """Return the format's name and a hash that changes whenever one of its rules changes."""
        rules = repr(self) if self.kind == "event" else repr((self, self.kind, self.rules))
        return f"{self.name} {hashlib.sha256(rules.encode()).hexdigest()}"


_PERSONAL = {
    "surname", "forename", "dob", "birth", "birthdate", "birthday", "phone", "telephone", "mobile", "email", "nhs",
    "patient", "ssn", "postcode", "passport",
}  # fmt: skip
_PERSONAL_NAMES = {
    "",
    "full",
    "first",
    "last",
    "middle",
    "client",
    "victim",
    "suspect",
    "person",
    "offender",
    "patient",
    "officer",
    "caller",
    "complainant",
    "defendant",
    "arrestee",
    "driver",
    "witness",
}


def personal_words(column: str) -> str:
    """Return the word in a column's name that marks it as personal data, or an empty text.

    Examples
    --------
    >>> personal_words("PatientID"), personal_words("LOCATION_STREET_NAME"), personal_words("First Name")
    ('patient', '', 'name')
    """
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).lower())
    personal_word = next((word for word in words if word in _PERSONAL), "")
    if not personal_word and words[-1:] == ["name"] and " ".join(words[:-1]) in _PERSONAL_NAMES:
        personal_word = "name"
    if not personal_word and words[:2] == ["post", "code"]:
        personal_word = "postcode"
    return personal_word


def read_date(text: str, pattern: str) -> datetime | None:
    """Return the date and time that a text gives under a pattern, or None.

    Examples
    --------
    >>> read_date("2020-02-30", "%Y-%m-%d") is None
    True
    """
    try:
        if pattern == EPOCH_MS:
            return datetime(1970, 1, 1) + timedelta(milliseconds=float(text)) if abs(float(text)) >= 1e11 else None
        if pattern == EXCEL_SERIAL:
            return datetime(1899, 12, 30) + timedelta(days=float(text)) if 1 <= float(text) <= 80_000 else None
        return datetime.strptime(text.strip(), pattern)
    except (ValueError, OverflowError):
        return None


def shipped_formats() -> tuple[str, ...]:
    """Return the names of the formats that come with geoharm."""
    folder = resources.files(__package__)
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


def format_text(name: str, folder: Path) -> str:
    """Return the TOML text of a format, shipped with geoharm or the user's own.

    Raises
    ------
    StudyError
        If there is no such format.
    """
    known = shipped_formats()
    return read_named_toml(
        name,
        folder,
        package=__package__,
        shipped=known,
        absent=f'The format file "{name}" does not exist beside the study file.',
        unknown=f'There is no format "{name}"; {nearest_hint(name, known)}',
    )


def read_format(name: str, folder: Path) -> Format:
    """Read a shipped format by name, or the user's own TOML file by path.

    Parameters
    ----------
    name : str
        "police-uk-street", or a path that ends in ``.toml``, relative to `folder`.
    folder : Path
        The folder of the study file.

    Raises
    ------
    StudyError
        If there is no such format, or the file breaks a rule; every mistake is listed.
    """
    return parse_format(name, format_text(name, folder))


def parse_format(name: str, text: str) -> Format:
    """Read the TOML text of a format.

    Raises
    ------
    StudyError
        If it breaks a rule; every mistake is listed.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError([f'The format "{name}" is not valid TOML: {error}.']) from error
    return _parse(name, tables)


def _parse(name: str, tables: dict[str, Any]) -> Format:
    format_table, dialect = tables.get("format", {}), tables.get("csv", {})
    kind = str(format_table.get("kind", "event"))
    keys = {**_KEYS, **{key: allowed_keys or _KEYS[key] for key, allowed_keys in KIND_KEYS.get(kind, {}).items()}}
    problems = _unknown_keys(name, tables, {key: keys[key] for key in KIND_KEYS.get(kind, _KEYS)})
    date, location = tables.get("date", {}), tables.get("location", {})
    columns = {
        field: (names,) if isinstance(names, str) else tuple(names)
        for field, names in tables.get("columns", {}).items()
    }

    def choice(table: dict[str, Any], where: str, key: str, allowed: tuple[str, ...], default: str) -> str:
        value = str(table.get(key, default))
        if value not in allowed:
            problems.append(f'{name}: {where}.{key} is "{value}"; it must be one of {", ".join(allowed)}.')
        return value

    choice(format_table, "format", "kind", ("event", *KIND_FIELDS), "event")
    container = choice(format_table, "format", "container", CONTAINERS, "csv")
    precision = choice(date, "date", "precision", PRECISIONS, "day")
    quality = choice(location, "location", "quality", LOCATION_QUALITIES, "exact")
    rule = choice(tables.get("duplicates", {}), "duplicates", "rule", DUPLICATE_RULES, "none")
    if kind in KIND_FIELDS:
        rules = read_rules(name, kind, tables, problems)
    else:
        rules = NO_RULES
        problems += _event_problems(name, tables, set(columns), container, rule)
    problems += [
        f'{name}: columns.{field} names "{header}"; personal data ({personal_words(header)}) never enter the database.'
        for field, headers in columns.items()
        for header in headers
        if personal_words(header) and not (kind == "site" and _names_an_organisation(field, header))
    ]
    encoding = str(dialect.get("encoding", "utf-8"))
    try:
        encoding = codecs.lookup(encoding).name
        b"ab".decode(encoding, "replace")  # not every codec is for text
        _crs.check_known(str(location.get("crs", _crs.LONLAT)))
    except LookupError:
        problems.append(f'{name}: csv.encoding is "{encoding}", which is not known; write "utf-8" or "cp1252".')
    except DesignError as error:
        problems.append(f"{name}: location.crs: {error}")
    error_m = location.get("typical_error_m", 0)
    if isinstance(error_m, bool) or not isinstance(error_m, int | float) or error_m < 0:
        problems.append(f"{name}: location.typical_error_m is {error_m!r}; it must be metres, 0 or more.")
        error_m = 0
    if problems:
        raise StudyError(problems)
    return Format(
        name=name,
        title=format_table.get("title", name),
        container=container,
        publisher=format_table.get("publisher", ""),
        licence=format_table.get("licence", ""),
        attribution=format_table.get("attribution", ""),
        documentation=format_table.get("documentation", ""),
        tried_on=format_table.get("tried_on", "untried"),
        guessed=bool(format_table.get("guessed", False)),
        delimiter=dialect.get("delimiter", ","),
        quote=dialect.get("quote", '"'),
        encoding=encoding,
        members=tuple(tables.get("zip", {}).get("members", _MEMBERS.get(container, ()))),
        sheet=tables.get("excel", {}).get("sheet", ""),
        header_row=int(tables.get("excel", {}).get("header_row", 1)),
        columns=columns,
        category=tables.get("category", {}).get("constant", ""),
        category_map=dict(tables.get("category", {}).get("map", {})),
        date_formats=tuple(date.get("formats", ())),
        precision=precision,
        zone=str(date.get("zone", "")),
        local_is_utc=bool(date.get("utc", False)),
        trust_offset=bool(date.get("trust_offset", True)),
        order_checked=bool(date.get("order_checked", False)),
        longest_span=int(date.get("longest_span_days", 31)),
        crs=location.get("crs", "EPSG:4326"),
        location_quality=quality,
        location_error=float(error_m),
        duplicate_rule=rule,
        blank_texts=tuple(tables.get("values", {}).get("blank", [""])),
        test_remarks=tuple(tables.get("reject", {}).get("remark_contains", ())),
        kind=kind,
        rules=rules,
        known_by=tuple(format_table.get("known_by", ())),
    )


def _event_problems(name: str, tables: dict[str, Any], fields: set[str], container: str, rule: str) -> list[str]:
    """Return the mistakes in a format of events."""
    date = tables.get("date", {})
    has_location = "latlon" in fields or container in ("geojson", "vector", "parquet")
    needed = {"year", "month"} if "year" in fields else {"date"}
    needed |= set() if has_location else {"longitude", "latitude"}
    problems = [
        f"{name}: columns.{field} is missing; it names the header of a needed column."
        for field in sorted(needed - fields)
    ]
    if rule == "id" and "id" not in fields:
        problems.append(f'{name}: duplicates.rule is "id", but columns.id is missing.')
    if not date.get("formats"):
        problems.append(f'{name}: date.formats is missing; list strptime patterns such as "%Y-%m-%d".')
    return problems + date_problems(name, date)


def _names_an_organisation(field: str, header: str) -> bool:
    """Return whether a site's column is the name of a service, not of a person."""
    return field in ("name", "part") and re.fullmatch(r"[^a-z]*name[^a-z]*", header, re.IGNORECASE) is not None


def _unknown_keys(name: str, tables: dict[str, Any], known: dict[str, set[str]]) -> list[str]:
    problems = []
    for table, content in tables.items():
        if table not in known:
            problems.append(f"{name}: [{table}] is not a known table; {nearest_hint(table, known)}")
            continue
        problems += [
            f"{name}: {table}.{key} is not a known key; {nearest_hint(key, known[table])}"
            for key in content
            if key not in known[table]
        ]
    return problems
