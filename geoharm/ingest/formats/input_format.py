"""Input formats: what a publisher's columns mean, as TOML files in this folder."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib import resources
from pathlib import Path

from geoharm import _crs
from geoharm._rules import value_text
from geoharm._schema import Mistakes, load_toml, read_tables
from geoharm._validation import nearest_hint, read_named_toml
from geoharm.dates.patterns import date_problems
from geoharm.errors import DesignError, StudyError
from geoharm.ingest.day_times import time_problems
from geoharm.ingest.formats.schema import (
    TABLE_FORMATS,
    AddressesFormat,
    AreaTableFormat,
    EventColumns,
    EventFormat,
    LocationTable,
    SiteFormat,
    StreetsFormat,
    SurveyFormat,
    TableFormat,
)
from geoharm.ingest.formats.table_rules import resolve_rules
from geoharm.ingest.formats.tables import NO_RULES, TableRules

FIELDS = tuple(EventColumns.model_fields)
# What rows and numbers are made of: it has the same bytes in every encoding but EBCDIC and the wide ones.
_PLAIN_SIGNS = 'aZ09,;|-."\t\r\n'
_MEMBERS = {
    "csv": ("*.csv", "*.csv.txt", "*.tsv"),
    "geojson": ("*.geojson", "*.json"),
    "esri-json": ("*.json", "*.esrijson"),
    "json": ("*.json", "*.jsonl", "*.ndjson"),
    "kml": ("*.kml",),
}
# Containers whose records have geometries; Parquet files may have them.
GEOMETRY_CONTAINERS = ("geojson", "esri-json", "kml", "vector")


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
        Each field's accepted names. Files of `GEOMETRY_CONTAINERS` take coordinates from their geometry.
    category : str
        The category of every row if the source has no column for it.
    category_map : mapping of str to str
        From the publisher's categories to the study's; categories that are not listed stay unchanged.
    date_formats : tuple of str
        Patterns of dates, tried in order; see `geoharm.dates.reading`.
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
    versions : str
        One of `DUPLICATE_VERSIONS`: what rows of one id are that differ.
    blank_texts : tuple of str
        Texts that stand for a missing value.
    test_remarks : tuple of str
        Texts in the field ``remark`` that mark a row as a test; the field itself is not stored.
    kind : str
        "event", or another kind of file: a key of `TABLE_FORMATS`.
    rules : TableRules
        Of area tables and surveys.
    extent : tuple of (float, float, float, float) or None
        West, south, east and north, in degrees, of the region that the publisher reports on; no row can lie beyond it.
    time_formats : tuple of str
        Patterns of the times of day in the column ``time``; see `day_times`.
    layer : str
        Of a geographic file with several layers, or of one Shapefile in an archive of several; empty for the only one.
    decimal, thousands : str
        Signs of numbers: an empty decimal sign is not stated and taken for a point, an empty separator is none.
    area_id_width : int
        Digits of the codes in the column ``area`` of events, as in `TableRules.id_width`; 0 leaves codes unchanged.
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
    # Rules that came later: in the fingerprint only where a format states them, so that locks from before stay valid.
    versions: str = field(default="between files", repr=False)
    layer: str = field(default="", repr=False)
    extent: tuple[float, float, float, float] | None = field(default=None, repr=False)
    time_formats: tuple[str, ...] = field(default=(), repr=False)
    decimal: str = field(default="", repr=False)
    thousands: str = field(default="", repr=False)
    area_id_width: int = field(default=0, repr=False)
    # Not in the repr, so that the fingerprints of event formats do not change when other kinds get new rules.
    kind: str = field(default="event", repr=False)
    rules: TableRules = field(default=NO_RULES, repr=False)
    # It decides about no row, so it is not part of the fingerprint.
    known_by: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @property
    def by_month(self) -> bool:
        """Whether dates name a month or a year, but no day."""
        return self.precision in ("month", "year")

    @property
    def has_coordinates(self) -> bool:
        """Whether its rows can have coordinates: without, they have an address text or the code of an area."""
        named = {"longitude", "latlon"} & set(self.columns)
        return bool(named) or (not self.is_by_area and self.container in (*GEOMETRY_CONTAINERS, "parquet"))

    @property
    def has_address(self) -> bool:
        """Whether its rows can have an address text."""
        return bool({"address", "street"} & set(self.columns))

    @property
    def is_by_area(self) -> bool:
        """Whether it reads events that have the code of an area instead of coordinates."""
        return self.kind == "event" and "area" in self.columns

    def fingerprint(self) -> str:
        """Return the format's name and a hash that changes whenever one of its rules changes."""
        rules = repr(self) if self.kind == "event" else repr((self, self.kind, self.rules))
        for later in _LATER:
            value = getattr(self, later.name)
            rules += f" {later.name} {value!r}" if value != later.default else ""
        rules += f" period {self.rules.period!r}" if self.rules.period else ""
        rules += f" file_name {self.rules.file_name!r}" if self.rules.file_name else ""
        rules += " undated" if self.rules.undated else ""
        return f"{self.name} {hashlib.sha256(rules.encode()).hexdigest()}"


_LATER = [
    rule
    for rule in fields(Format)
    if rule.name in ("versions", "layer", "extent", "time_formats", "decimal", "thousands", "area_id_width")
]

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
    kind = _kind(name, text)
    if kind == "event":
        event_format, mistakes = read_tables(EventFormat, text, file=name)
        _check_events(event_format, mistakes)
        input_format = _resolve(name, event_format, NO_RULES, mistakes)
    else:
        table_format, mistakes = read_tables(TABLE_FORMATS[kind], text, file=name)
        rules = resolve_rules(table_format, mistakes)
        input_format = _resolve(name, table_format, rules, mistakes)
    if mistakes.sentences:
        raise StudyError(mistakes.sentences)
    return input_format


def _kind(name: str, text: str) -> str:
    """Return what a format reads, on which depends which keys it may have."""
    about = load_toml(text, name).get("format")
    kind = about.get("kind", "event") if isinstance(about, dict) else "event"
    known = ("event", *TABLE_FORMATS)
    if not isinstance(kind, str) or kind not in known:
        hint = nearest_hint(kind, known) if isinstance(kind, str) else f"known are: {', '.join(known)}."
        raise StudyError([f"{name}, [format]: kind = {value_text(kind)} is not allowed; {hint}"])
    return kind


def _resolve(name: str, tables: EventFormat | TableFormat, rules: TableRules, mistakes: Mistakes) -> Format:
    """Return the format that the tables of its file describe; mistakes are added."""
    # A kind of file that has no table of a sort takes its defaults.
    events = tables if isinstance(tables, EventFormat) else EventFormat()
    rows = events if isinstance(tables, StreetsFormat) else tables
    dates = events.date if isinstance(tables, SiteFormat | StreetsFormat | AddressesFormat) else tables.date
    categories = events.category if isinstance(tables, StreetsFormat | AddressesFormat) else tables.category
    location = tables.location if isinstance(tables, SiteFormat | AddressesFormat) else events.location
    numbers = tables.values if isinstance(tables, EventFormat | SiteFormat | AddressesFormat) else events.values
    if numbers.thousands and numbers.thousands == (numbers.decimal or "."):
        rule = 'is the decimal sign too; write decimal = "," with it, or another separator.'
        mistakes.refuse(("values",), "thousands", rule)
    columns = tables.columns.headers()
    _check_personal(columns, mistakes, kind=tables.format.kind)
    _check_crs(location.crs, mistakes)
    _check_geometry(tables.format.container, columns, mistakes)
    if rows.csv.delimiter == rows.csv.quote:
        mistakes.refuse(("csv",), "delimiter", "is also the quote; the two must differ.")
    if (
        location.quality != "exact"
        and location.typical_error_m is None
        and mistakes.is_sound("location", "typical_error_m")
    ):
        rule = (
            f"typical_error_m is missing; places that are {location.quality} need the typical distance in metres to the true place, "
            "as stated by the publisher or as a working value: it decides which rings can be judged."
        )
        mistakes.add(("location",), rule)
    members = tables.zip.members
    return Format(
        name=name,
        title=name if tables.format.title is None else tables.format.title,
        container=tables.format.container,
        publisher=tables.format.publisher,
        licence=tables.format.licence,
        attribution=tables.format.attribution,
        documentation=tables.format.documentation,
        tried_on=tables.format.tried_on,
        guessed=tables.format.guessed,
        delimiter=rows.csv.delimiter,
        quote=rows.csv.quote,
        encoding=_known_encoding(rows.csv.encoding, mistakes),
        members=tuple(_MEMBERS.get(tables.format.container, ()) if members is None else members),
        sheet=rows.excel.sheet,
        header_row=rows.excel.header_row,
        columns=columns,
        category=categories.constant,
        category_map=dict(categories.map),
        date_formats=tuple(dates.formats),
        precision=events.date.precision,
        zone=events.date.zone,
        local_is_utc=events.date.utc,
        trust_offset=events.date.trust_offset,
        order_checked=events.date.order_checked,
        longest_span=events.date.longest_span_days,
        crs=location.crs,
        location_quality=location.quality,
        location_error=float(location.typical_error_m or 0.0),
        duplicate_rule=events.duplicates.rule,
        versions=events.duplicates.versions,
        blank_texts=tuple(rows.values.blank),
        test_remarks=tuple(events.reject.remark_contains),
        kind=tables.format.kind,
        rules=rules,
        layer="" if isinstance(tables, AreaTableFormat | SurveyFormat) else tables.vector.layer,
        known_by=tuple(tables.format.known_by),
        extent=_extent(location),
        time_formats=tuple(events.date.time_formats),
        decimal=numbers.decimal or "",
        thousands=numbers.thousands,
        area_id_width=events.area.id_width,
    )


def _extent(location: LocationTable) -> tuple[float, float, float, float] | None:
    if location.extent is None:
        return None
    west, south, east, north = map(float, location.extent)
    return west, south, east, north


def _check_events(tables: EventFormat, mistakes: Mistakes) -> None:
    """Check what the keys of a format of events must be together."""
    columns, date = tables.columns, tables.date
    has_geometry = columns.latlon is not None or tables.format.container in (*GEOMETRY_CONTAINERS, "parquet")
    needed: tuple[str, ...] = ("month",) if columns.year is not None else ("date",)
    has_coordinates = has_geometry or columns.latitude is not None or columns.longitude is not None
    has_text = columns.area is not None or columns.address is not None or columns.street is not None
    if not has_geometry and (not has_text or (has_coordinates and columns.area is None)):
        needed += ("latitude", "longitude")
    _check_area(tables, mistakes)
    if columns.address is not None and columns.street is not None:
        mistakes.add(
            ("columns",), "name the column of the whole address (address), or of the street (street); not both."
        )
    if columns.number is not None and columns.street is None:
        mistakes.add(("columns",), "number goes with street.")
    for key in needed:
        if getattr(columns, key) is None:
            mistakes.add(("columns",), f"{key} is missing; it names the header of a needed column.")
    if tables.duplicates.rule == "id" and columns.id is None:
        mistakes.refuse(("duplicates",), "rule", "needs the column of the identifier, columns.id, which is missing.")
    if mistakes.is_sound("date", "formats"):
        if not date.formats:
            mistakes.add(("date",), 'formats is missing; list strptime patterns such as "%Y-%m-%d".')
        problems = date_problems(
            date.formats, precision=date.precision, zone=date.zone, utc=date.utc, trust_offset=date.trust_offset
        )
        if mistakes.is_sound("date", "time_formats"):
            problems += time_problems(
                date.time_formats,
                date.formats,
                has_column=columns.time is not None,
                precision=date.precision,
                utc=date.utc,
                trust_offset=date.trust_offset,
            )
        for problem in problems:
            mistakes.add(("date",), problem)


def _check_area(tables: EventFormat, mistakes: Mistakes) -> None:
    """Check that events with the code of an area have no place besides."""
    if tables.columns.area is None:
        if tables.area.model_fields_set:
            mistakes.refuse(("area",), "id_width", "needs the column of area codes, columns.area, which is missing.")
        return
    placed = [key for key in ("longitude", "latitude", "latlon") if getattr(tables.columns, key) is not None]
    if placed:
        rule = f"cannot be used beside {' and '.join(placed)}: an event has coordinates, or the code of an area; take one of them out."
        mistakes.refuse(("columns",), "area", rule)
    if tables.format.container in GEOMETRY_CONTAINERS:
        rule = f'cannot be used: files of the container "{tables.format.container}" have their places in geometries; leave it out.'
        mistakes.refuse(("columns",), "area", rule)
    if tables.location.model_fields_set:
        rule = "is about coordinates, and events with the code of an area have none; leave [location] out."
        mistakes.refuse(("location",), sorted(tables.location.model_fields_set)[0], rule)


def _check_personal(columns: Mapping[str, Sequence[str]], mistakes: Mistakes, *, kind: str) -> None:
    """Check that no column holds personal data."""
    for key, headers in columns.items():
        for header in headers:
            is_place = kind in ("site", "streets") and _names_an_organisation(key, header)
            if (word := personal_words(header)) and not is_place:
                problem = f'{key} names "{header}"; personal data ({word}) never enter the database.'
                mistakes.add(("columns",), problem)


def _check_geometry(container: str, columns: Mapping[str, Sequence[str]], mistakes: Mistakes) -> None:
    """Check that a file with geometries has its places in these alone."""
    for key in ("longitude", "latitude"):
        if container in GEOMETRY_CONTAINERS and key in columns:
            rule = (
                f'cannot be used: files of the container "{container}" have their places in geometries; leave it out.'
            )
            mistakes.refuse(("columns",), key, rule)


def _check_crs(crs: str, mistakes: Mistakes) -> None:
    try:
        _crs.check_known(crs)
    except DesignError as error:
        mistakes.add(("location",), f"crs: {error}")


def _known_encoding(encoding: str, mistakes: Mistakes) -> str:
    """Return Python's name of an encoding; a mistake if there is no such encoding of text."""
    try:
        known = codecs.lookup(encoding).name
        b"ab".decode(known, "replace")  # not every codec is for text
    except (LookupError, ValueError):
        mistakes.refuse(("csv",), "encoding", 'is not known; write "utf-8" or "cp1252".')
        return encoding
    if not known.startswith("utf") and not _has_plain_signs(known):
        mistakes.refuse(
            ("csv",),
            "encoding",
            "has other bytes for letters, digits and line ends than other encodings have, and is not read; save the file as utf-8.",
        )
    return known


def _has_plain_signs(encoding: str) -> bool:
    """Return whether an encoding has the bytes of ASCII for what rows are made of; EBCDIC has not."""
    return _PLAIN_SIGNS.encode(encoding, "replace") == _PLAIN_SIGNS.encode("ascii")


def _names_an_organisation(field: str, header: str) -> bool:
    """Return whether a column of a site or street is the name of a service or street, not of a person."""
    return field in ("name", "part") and re.fullmatch(r"[^a-z]*name[^a-z]*", header, re.IGNORECASE) is not None
