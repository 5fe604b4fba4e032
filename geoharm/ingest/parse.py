"""From the texts of ``stage`` to the typed rows of ``parsed``: dates, weights, and codes of places and categories.

No row is rejected here. A text that cannot be read becomes NULL, and the row gets the number of its first fault.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import time

from geoharm import _crs
from geoharm.dates.patterns import date_pattern_sql, finest_unit, has_offset, swap_day_month
from geoharm.engines.base import Scratch
from geoharm.engines.sql import quote_text
from geoharm.ingest.coordinate_texts import coordinate_sql, pair_sql
from geoharm.ingest.day_times import time_sql
from geoharm.ingest.formats.input_format import FIELDS, Format
from geoharm.ingest.number_texts import CAN_BE_THOUSANDS, number_sql
from geoharm.ingest.timezones import wall_clock_sql

_WHITESPACE = " \t\u00a0"
# What is read once for each different text, not row by row; see `codes`.
_CODED_FIELDS = ("longitude", "latitude", "latlon", "area", "address", "number", "street", "town", "category")
_ROW_FIELDS = tuple(field for field in FIELDS if field not in _CODED_FIELDS)
PLACE_TEXTS = ("text_1", "text_2", "text_3")


def parse_stage(
    scratch: Scratch,
    fields: Collection[str],
    input_format: Format,
    faults: Sequence[tuple[int, str]],
    *,
    lined: bool,
    day_clock: time | None = None,
) -> int:
    """Make ``parsed`` in one pass, one row for each row of ``stage``, and return the number of rows.

    ``parsed`` has the columns of a stored row: line, day, place, category, fault, and `row_columns`; and ``unread_date``, the
    text of a date that no pattern reads, with ``unread_time`` where times have a column of their own. A place or category that is not
    in ``known_place`` or ``known_category`` has no code yet; the row's texts then stand in ``texts``. Formats whose dates
    are checked later (see `needs_date_checks`) have four columns more.

    - An event with a date and an end is placed at the middle of that time span.
    - Rows of the same id, day, times, place and category are one event, if the format's duplicate rule is "id".

    Parameters
    ----------
    scratch : Scratch
    fields : collection of str
        The declared fields that ``stage`` has.
    input_format : Format
    faults : sequence of (number, SQL condition)
        In order of their numbers. A row's fault is the number of the first condition that is true, NULL if none is.
    lined : bool
        Whether ``stage`` has line numbers; if not, the n-th row is line n + 1.
    day_clock : time, optional
        A time of day in UTC that stands for days: such a date is taken as it is written, and not converted to local time.
    """
    raw_texts = ", ".join(coded_texts(fields, input_format))
    date_columns = "date_text, since, written, utc, " if needs_date_checks(input_format) else ""
    row_sql = "".join(f"{sql} AS {name}, " for name, sql in row_columns(input_format).items())
    row_sql += f"{_unclear_weight()}, " if asks_about_weights(input_format) else ""
    precision = input_format.precision if input_format.by_month else "day"
    fault_cases = " ".join(f"WHEN {condition} THEN {number}" for number, condition in faults)
    same_texts = " AND ".join(f"t.{name} IS NOT DISTINCT FROM p.{name}" for name in PLACE_TEXTS)
    all_texts = ", ".join(f"t.{name}" for name in (*PLACE_TEXTS, "category_text"))
    # A join does not keep the order of rows, so the lines are numbered before it.
    line = "line" if lined else "row_number() OVER () + 1"
    changed = f"{_local_time('updated', input_format)} AS updated, " if "updated" in input_format.columns else ""
    changed_readings = f", {_readings_by_pattern('updated', input_format)}" if changed else ""
    row_fields = [field for field in _ROW_FIELDS if field in fields]
    trimmed = "".join(f", {_trimmed(field)}" for field in row_fields)
    date_text = _date_text(fields)
    scratch.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE parsed AS
        SELECT t.* EXCLUDE (text_1, text_2, text_3, category_text), p.place, c.category,
            CASE WHEN p.place IS NULL OR c.category IS NULL THEN [{all_texts}] END AS texts
        FROM (
            SELECT line, day, {row_sql}{date_columns}CASE WHEN since IS NULL THEN date_text END AS unread_date, {"time_of_day, unread_time, " if input_format.time_formats else ""}CAST(CASE {fault_cases} END AS SMALLINT) AS fault,
                text_1, text_2, text_3, category_text
            FROM (
                SELECT *, CAST(since AS DATE) AS first_day, CAST(until AS DATE) AS last_day,
                    CAST(date_trunc('{precision}', CASE WHEN until IS NULL THEN since ELSE since + (until - since) / 2 END) AS DATE) AS day
                FROM (
                    SELECT line, date_text, end_text, weight_text, id_text, text_1, text_2, text_3, category_text,
                        {_is_test(input_format)} AS test, {number_sql("weight_text", input_format.decimal, input_format.thousands)} AS weight,
                        {_as_written(_start(input_format), input_format, day_clock)} AS since, {_local_time("end", input_format)} AS until, {_time_columns(input_format)}
                        {_pattern_index("date", input_format)} AS written, {_pattern_index("end", input_format)} AS end_written, {changed}{_utc_time(input_format)} AS utc
                    FROM (
                        SELECT *, {_readings_by_pattern("date", input_format)}, {_readings_by_pattern("end", input_format)}{changed_readings}{_time_reading(input_format)}
                        FROM (
                            SELECT * REPLACE ({date_text} AS date_text) FROM (
                                SELECT line, text_1, text_2, text_3, category_text, {_text_columns(fields, input_format)} FROM (
                                    SELECT CAST({line} AS INTEGER) AS line, {raw_texts}{trimmed} FROM stage
                                )
                            )
                        )
                    )
                )
            )
        ) AS t
        LEFT JOIN known_place AS p ON {same_texts}
        LEFT JOIN known_category AS c ON t.category_text IS NOT DISTINCT FROM c.text
        """
    )
    return int(scratch.execute("SELECT count(*) FROM parsed").fetchall()[0][0])


def row_columns(input_format: Format) -> dict[str, str]:
    """Return the columns of a stored row that only some formats can fill, as SQL over what `parse_stage` has read.

    - ``weight``, if the format has a column for it.
    - ``id``: a hash of the event's id; ``times``: one of its date and end, where these say more than the day.
    - ``updated``: the local time of the row's last change.
    - ``clock``, ``clock_end``: local times, where the time of day is known.
    """
    columns = {"weight": "weight"} if "weight" in input_format.columns else {}
    if input_format.duplicate_rule == "id":
        # 63 and 31 bits: whole numbers with a sign, which every engine has.
        columns["id"] = "CASE WHEN id_text IS NOT NULL THEN CAST(hash(id_text) >> 1 AS BIGINT) END"
        if "end" in input_format.columns or not _day_says_all(input_format):
            columns["times"] = "CASE WHEN id_text IS NOT NULL THEN CAST(hash(since, until) & 2147483647 AS INTEGER) END"
        if "updated" in input_format.columns:
            columns["updated"] = "updated"
    time_patterns = ", ".join(
        str(index) for index, pattern in enumerate(input_format.date_formats) if finest_unit(pattern) == "moment"
    )
    if input_format.time_formats:
        columns |= {"clock": "CASE WHEN time_of_day IS NOT NULL AND end_text IS NULL THEN since END"}
    elif input_format.precision == "moment" and time_patterns:
        is_known = f"written IN ({time_patterns}) AND coalesce(end_written IN ({time_patterns}), end_text IS NULL)"
        columns |= {"clock": f"CASE WHEN {is_known} THEN since END"}
        if "end" in input_format.columns:
            columns |= {"clock_end": f"CASE WHEN {is_known} THEN until END"}
    return columns


def _day_says_all(input_format: Format) -> bool:
    """Return whether two dates of a format that give the same stored day are the same date."""
    if input_format.time_formats or any("%q" in pattern for pattern in input_format.date_formats):
        return False
    units = {finest_unit(pattern) for pattern in input_format.date_formats}
    stored_unit = input_format.precision if input_format.by_month else "day"
    return units <= {"day", "month", "year"} and (stored_unit == "day" or units <= {stored_unit, "year"})


def coded_texts(fields: Collection[str], input_format: Format) -> tuple[str, str]:
    """Return SQL for the columns of ``stage`` that are read once for each different text: of places, and of categories."""
    texts = _place_fields(input_format)
    raw = [address_text_sql(fields, input_format) if field == "address" else _raw(field, fields) for field in texts]
    places = ", ".join(f"{text} AS {name}" for text, name in zip(raw, PLACE_TEXTS, strict=True))
    return places, f"{_raw('category', fields)} AS category_text"


def address_text_sql(fields: Collection[str], input_format: Format) -> str:
    """Return SQL for the address text of a row of ``stage``: of one column, or of number, street and town joined."""
    if "street" not in fields and "town" not in fields:
        return _raw("address", fields)
    number, street, town, address = (
        f"CASE WHEN {_trim_all(field)} NOT IN ({_blanks(input_format)}) THEN {_trim_all(field)} END"
        if field in fields
        else "CAST(NULL AS VARCHAR)"
        for field in ("number", "street", "town", "address")
    )
    # A sheet keeps the number 12 as 12.0.
    whole = f"concat_ws(' ', regexp_replace({number}, '[.]0$', ''), {street})"
    text = f"CASE WHEN {street} IS NOT NULL THEN {whole} END" if "street" in fields else address
    return f"CASE WHEN {text} IS NOT NULL THEN concat_ws(', ', {text}, {town}) END"


def _trim_all(field: str) -> str:
    return f'trim("{field}", {quote_text(_WHITESPACE)})'


def _blanks(input_format: Format) -> str:
    return ", ".join(quote_text(blank.strip()) for blank in input_format.blank_texts)


def _place_fields(input_format: Format) -> tuple[str, str, str]:
    """Return the fields whose texts say where a row lies: two of coordinates (the second empty for a pair), and the address.

    Of events with the code of an area, the code stands where the pair would.
    """
    if input_format.is_by_area:
        return ("area", "", "address")
    return ("latlon", "", "address") if "latlon" in input_format.columns else ("longitude", "latitude", "address")


def read_places_sql(source: str, input_format: Format, faults: Sequence[tuple[int, str]]) -> str:
    """Return SQL that reads the place texts of a table: ``longitude``, ``latitude``, ``address``, ``at_zero``, ``fault``.

    Coordinates of 0, 0 are taken as missing.

    Parameters
    ----------
    source : str
        A table with the columns `PLACE_TEXTS`.
    input_format : Format
    faults : sequence of (number, SQL condition)
        The number of the first that is true is the place's fault.
    """
    names = zip(_place_fields(input_format), PLACE_TEXTS, strict=True)
    trimmed = ", ".join(_trimmed(name, f"{field or 'second'}_trimmed") for field, name in names)
    blank = [
        f"{_not_blank(f'{field}_trimmed', input_format)} AS {field}_text"
        for field in _place_fields(input_format)
        if field
    ]
    longitude, latitude, srid = _place_texts(input_format)
    in_degrees = input_format.crs == _crs.LONLAT
    longitude_number, latitude_number = (
        coordinate_sql(f"{name}_text", letters, input_format.decimal, input_format.thousands, in_degrees=in_degrees)
        for name, letters in (("longitude", "EW"), ("latitude", "NS"))
    )
    pair = (
        f", {pair_sql('latlon_text', input_format.decimal, input_format.thousands)} AS pair"
        if "latlon" in input_format.columns
        else ""
    )
    fault_cases = " ".join(f"WHEN {condition} THEN {number}" for number, condition in faults)
    return f"""
        SELECT text_1, text_2, text_3, longitude, latitude, address, at_zero, CAST(CASE {fault_cases} END AS SMALLINT) AS fault
        FROM (
            SELECT text_1, text_2, text_3, address, srid, coalesce(at_zero, false) AS at_zero,
                CASE WHEN at_zero IS NOT TRUE THEN longitude_text END AS longitude_text,
                CASE WHEN at_zero IS NOT TRUE THEN latitude_text END AS latitude_text,
                CASE WHEN at_zero IS NOT TRUE THEN longitude END AS longitude, CASE WHEN at_zero IS NOT TRUE THEN latitude END AS latitude
            FROM (SELECT *, longitude = 0 AND latitude = 0 AS at_zero FROM (
                SELECT *, {longitude_number} AS longitude, {latitude_number} AS latitude FROM (
                    SELECT text_1, text_2, text_3, address_text AS address, {longitude} AS longitude_text,
                        {latitude} AS latitude_text, {srid} AS srid
                    FROM (SELECT *{pair} FROM (
                        SELECT text_1, text_2, text_3, {", ".join(blank)} FROM (SELECT *, {trimmed} FROM {source})
                    ))
                )
            ))
        )
        """


def read_categories_sql(source: str, input_format: Format) -> str:
    """Return SQL that reads the texts of a table with the column ``category_text``: ``text``, and ``name`` as published."""
    trimmed = _trimmed("category_text", "trimmed")
    name = f"coalesce({_not_blank('trimmed', input_format)}, {quote_text(input_format.category)})"
    return f"SELECT category_text AS text, {name} AS name FROM (SELECT category_text, {trimmed} FROM {source})"


def asks_about_weights(input_format: Format) -> bool:
    """Return whether a format has weights and does not say what points and commas in them are."""
    return "weight" in input_format.columns and not input_format.decimal and not input_format.thousands


def _unclear_weight() -> str:
    """Return SQL for weights that can be thousands or have decimals, as text, and whether a point can only be decimal."""
    grouped = CAN_BE_THOUSANDS.format(text="weight_text")
    return (
        f"CASE WHEN {grouped} OR regexp_full_match(weight_text, '[+-]?[0-9]+(,[0-9]+)+') THEN weight_text END AS unclear_weight, "
        f"weight IS NOT NULL AND contains(weight_text, '.') AND NOT {grouped} AS has_decimal_point"
    )


def needs_date_checks(input_format: Format) -> bool:
    """Return whether a format's dates may be misread; ``parsed`` then keeps each date as text and how it was read."""
    return (
        len(input_format.date_formats) > 1
        or bool(input_format.zone)
        or any(map(swap_day_month, input_format.date_formats))
    )


def drop_parsed(scratch: Scratch) -> None:
    """Drop the table that `parse_stage` made."""
    scratch.execute("DROP TABLE IF EXISTS parsed")


def _raw(field: str, fields: Collection[str]) -> str:
    return f'"{field}"' if field in fields else "CAST(NULL AS VARCHAR)"


def _text_columns(fields: Collection[str], input_format: Format) -> str:
    """Return SQL for the fields that are read row by row, as texts: NULL where the file lacks the field or it is blank."""
    return ", ".join(
        f"{_not_blank(f'{field}_trimmed', input_format)} AS {field}_text"
        if field in fields
        else f"CAST(NULL AS VARCHAR) AS {field}_text"
        for field in _ROW_FIELDS
    )


def _not_blank(text: str, input_format: Format) -> str:
    """Return SQL for a trimmed text, or NULL if it is one of the format's texts for a missing value."""
    return f"CASE WHEN {text} NOT IN ({_blanks(input_format)}) THEN {text} END"


def _trimmed(field: str, name: str = "") -> str:
    """Return SQL for a text without surrounding spaces; the slow ``trim`` is called only where there may be some."""
    # A text that begins with a space or tab sorts before "!".
    return f"""CASE WHEN "{field}" < '!' OR "{field}" BETWEEN '\u00a0' AND '\u00a1' OR "{field}" LIKE '% '
        OR "{field}" LIKE '%\t' OR "{field}" LIKE '%\u00a0' THEN trim("{field}", {quote_text(_WHITESPACE)}) ELSE "{field}" END AS "{name or field + "_trimmed"}\""""


def _place_texts(input_format: Format) -> tuple[str, str, str]:
    """Return SQL for the texts of longitude and latitude, and for the SRID that a cell with both of them names."""
    if input_format.is_by_area:
        return "CAST(NULL AS VARCHAR)", "CAST(NULL AS VARCHAR)", "CAST(NULL AS VARCHAR)"
    if "latlon" not in input_format.columns:
        return "longitude_text", "latitude_text", "CAST(NULL AS VARCHAR)"
    return "pair[2]", "pair[1]", "pair[3]"


def _date_text(fields: Collection[str]) -> str:
    """Return SQL for the text of the date; year, month and day in separate columns are joined by hyphens."""
    if "year" not in fields:
        return "date_text"
    parts = ["year_text", "lpad(month_text, 2, '0')"]
    if "day" in fields:
        parts.append("lpad(day_text, 2, '0')")
    return " || '-' || ".join(parts)


def _readings_by_pattern(field: str, input_format: Format) -> str:
    """Return SQL for one column per pattern: the date read under that pattern, in UTC if it carries an offset."""
    return ", ".join(
        f"{date_pattern_sql(f'{field}_text', pattern, trust_offset=input_format.trust_offset)} AS {field}_{index}"
        for index, pattern in enumerate(input_format.date_formats)
    )


def _local_time(field: str, input_format: Format) -> str:
    """Return SQL for the local time under the first pattern that can read the text."""
    return _coalesce(
        wall_clock_sql(f"{field}_{index}", input_format.zone) if _is_utc(pattern, input_format) else f"{field}_{index}"
        for index, pattern in enumerate(input_format.date_formats)
    )


def _start(input_format: Format) -> str:
    """Return SQL for the local time of the date; where times have a column of their own, the date gives the day alone."""
    moment = _local_time("date", input_format)
    if not input_format.time_formats:
        return moment
    return f"date_trunc('day', {moment}) + coalesce(time_of_day, INTERVAL 0 SECOND)"


def _as_written(moment: str, input_format: Format, day_clock: time | None) -> str:
    """Return SQL for the local time, or the time as written where that is the time of day in UTC that stands for days."""
    if day_clock is None:
        return moment
    utc = _utc_time(input_format)
    return f"CASE WHEN CAST({utc} AS TIME) = TIME '{day_clock.isoformat()}' THEN {utc} ELSE {moment} END"


def _time_reading(input_format: Format) -> str:
    """Return SQL for the time of day of a column of its own, under the first pattern that can read it; else nothing."""
    if not input_format.time_formats:
        return ""
    return f", {_coalesce(time_sql('time_text', pattern) for pattern in input_format.time_formats)} AS time_of_day"


def _time_columns(input_format: Format) -> str:
    """Return SQL for what faults and notes ask of a time of a column of its own; else nothing.

    A date may itself have a time; unless that is midnight or the same minute, one of the two is not the event's.
    """
    if not input_format.time_formats:
        return ""
    moment = _local_time("date", input_format)
    own_time = f"({moment}) - date_trunc('day', {moment})"
    differs = f"abs(epoch({own_time}) - epoch(time_of_day)) >= 60"
    return (
        "time_of_day, CASE WHEN time_of_day IS NULL THEN time_text END AS unread_time, "
        f"coalesce(epoch({own_time}) > 0 AND {differs}, false) AS other_time,"
    )


def _pattern_index(field: str, input_format: Format) -> str:
    """Return SQL for the position of the first pattern that can read the text."""
    return _coalesce(
        f"CASE WHEN {field}_{index} IS NOT NULL THEN {index} END" for index in range(len(input_format.date_formats))
    )


def _utc_time(input_format: Format) -> str:
    """Return SQL for the time in UTC under the first pattern that can read the text; NULL for local times."""
    cases = " ".join(
        f"WHEN date_{index} IS NOT NULL THEN {f'date_{index}' if _is_utc(pattern, input_format) else 'NULL'}"
        for index, pattern in enumerate(input_format.date_formats)
    )
    return f"CAST(CASE {cases} END AS TIMESTAMP)"


def _is_utc(pattern: str, input_format: Format) -> bool:
    return bool(input_format.zone) and (
        input_format.local_is_utc or (input_format.trust_offset and has_offset(pattern))
    )


def _coalesce(expressions: Iterable[str]) -> str:
    return f"coalesce({', '.join(expressions)})"


def _is_test(input_format: Format) -> str:
    return " OR ".join(f"contains(remark_text, {quote_text(text)})" for text in input_format.test_remarks) or "false"
