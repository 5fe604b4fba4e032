"""From the texts of ``stage`` to the typed columns of ``parsed``: dates, places, weights, categories.

No row is rejected here. A text that cannot be read becomes NULL beside its text, so that the next step can give the
reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import duckdb

from geoharm.engines.duckdb import quote_text
from geoharm.ingest.date_patterns import date_pattern_sql, finest_unit, has_offset, swap_day_month
from geoharm.ingest.formats.input_format import FIELDS, Format
from geoharm.ingest.timezones import wall_clock_sql

_WHITESPACE = " \t\u00a0"
_IDENTITY_COLUMNS = ("since", "until", "longitude", "latitude", "category")


def parse_stage(
    connection: duckdb.DuckDBPyConnection,
    fields: Collection[str],
    input_format: Format,
    faults: Sequence[str],
    *,
    lined: bool,
) -> int:
    """Make ``parsed`` in one pass, one row for each row of ``stage``, and return the number of rows.

    Of the texts, only dates are kept, and only where they are checked later (see `needs_date_checks`).

    - An event with a date and an end is placed at the middle of that time span.
    - Coordinates of 0, 0 are taken as missing.
    - If the format's duplicate rule is "id", two rows are the same event if their id, date, place and category are equal
      after reading.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    fields : collection of str
        The declared fields that ``stage`` has.
    input_format : Format
    faults : sequence of str
        SQL conditions on a row. ``parsed.fault`` is the position of the first condition that is true, NULL if none is.
    lined : bool
        Whether ``stage`` has line numbers; if not, the n-th row is line n + 1.
    """
    longitude, latitude = _place_texts(input_format)
    date_text = _date_text(fields)
    line_column = "line, " if lined else ""
    date_columns = "date_text, since, written, utc_midnight" if needs_date_checks(input_format) else "NULL AS written"
    precision = input_format.precision if input_format.by_month else "day"
    fault_cases = " ".join(f"WHEN {condition} THEN {index}" for index, condition in enumerate(faults))
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE parsed_rows AS
        SELECT {line_column}day, longitude, latitude, category, address, weight, {_fingerprint(input_format)} AS same, at_zero,
            {_known_time("since", input_format)} AS clock, {_known_time("until", input_format)} AS clock_end, {date_columns},
            CAST(CASE {fault_cases} END AS UTINYINT) AS fault
        FROM (
            SELECT * EXCLUDE (longitude_text, latitude_text, longitude, latitude),
                CASE WHEN at_zero IS NOT TRUE THEN longitude_text END AS longitude_text,
                CASE WHEN at_zero IS NOT TRUE THEN latitude_text END AS latitude_text,
                CASE WHEN at_zero IS NOT TRUE THEN longitude END AS longitude, CASE WHEN at_zero IS NOT TRUE THEN latitude END AS latitude,
                CAST(since AS DATE) AS first_day, CAST(until AS DATE) AS last_day,
                CAST(date_trunc('{precision}', CASE WHEN until IS NULL THEN since ELSE since + (until - since) / 2 END) AS DATE) AS day
            FROM (SELECT *, longitude = 0 AND latitude = 0 AS at_zero FROM (
                SELECT {line_column}date_text, end_text, weight_text, address_text AS address,
                    {_is_test(input_format)} AS test, {longitude} AS longitude_text, {latitude} AS latitude_text,
                    {_local_time("date", input_format)} AS since, {_local_time("end", input_format)} AS until,
                    {_pattern_index("date", input_format)} AS written, {_pattern_index("end", input_format)} AS end_written, {_is_utc_midnight(input_format)} AS utc_midnight,
                    TRY_CAST({longitude} AS DOUBLE) AS longitude, TRY_CAST({latitude} AS DOUBLE) AS latitude,
                    TRY_CAST(weight_text AS DOUBLE) AS weight,
                    {_category_sql(input_format)} AS category, id_text AS record
                FROM (
                    SELECT *, {_readings_by_pattern("date", input_format)}, {_readings_by_pattern("end", input_format)}
                    FROM (
                        SELECT * REPLACE ({date_text} AS date_text)
                        FROM (SELECT {line_column}{_text_columns(fields, input_format)} FROM (SELECT {line_column}{_trimmed_columns(fields)} FROM stage))
                    )
                )
            ))
        )
        """
    )
    # The table keeps the order of ``stage``; the header is line 1.
    numbered_line = "" if lined else "rowid + 2 AS line, "
    connection.execute(f"CREATE OR REPLACE TEMP VIEW parsed AS SELECT {numbered_line}* FROM parsed_rows")
    return int(connection.execute("SELECT count(*) FROM parsed_rows").fetchall()[0][0])


def needs_date_checks(input_format: Format) -> bool:
    """Return whether a format's dates may be misread; ``parsed`` then keeps by which pattern each date was read."""
    return (
        len(input_format.date_formats) > 1
        or bool(input_format.zone)
        or any(map(swap_day_month, input_format.date_formats))
    )


def drop_parsed(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop the view and the table that `parse_stage` made."""
    connection.execute("DROP VIEW IF EXISTS parsed; DROP TABLE IF EXISTS parsed_rows")


def _text_columns(fields: Collection[str], input_format: Format) -> str:
    """Return SQL for every field as text, from trimmed fields; NULL where the file lacks the field or the text is blank."""
    blanks = ", ".join(quote_text(text.strip()) for text in input_format.blank_texts)
    return ", ".join(
        f'CASE WHEN "{field}" NOT IN ({blanks}) THEN "{field}" END AS {field}_text'
        if field in fields
        else f"CAST(NULL AS VARCHAR) AS {field}_text"
        for field in FIELDS
    )


def _trimmed_columns(fields: Collection[str]) -> str:
    """Return SQL for fields without surrounding spaces; the slow ``trim`` is called only where there may be some."""
    whitespace = quote_text(_WHITESPACE)
    return ", ".join(
        # A text that begins with a space or tab sorts before "!".
        f"""CASE WHEN "{field}" < '!' OR "{field}" BETWEEN '\u00a0' AND '\u00a1' OR "{field}" LIKE '% '
            OR "{field}" LIKE '%\t' OR "{field}" LIKE '%\u00a0' THEN trim("{field}", {whitespace}) ELSE "{field}" END AS "{field}\""""
        for field in fields
    )


def _place_texts(input_format: Format) -> tuple[str, str]:
    """Return SQL for the texts of longitude and latitude; a pair "lat, lon" that cannot be split stays as it is."""
    if "latlon" not in input_format.columns:
        return "longitude_text", "latitude_text"
    number = r"(-?[0-9]+(?:\.[0-9]*)?)"
    pattern = quote_text(rf"^[(\s]*{number}[\s,;]+{number}[)\s]*$")
    latitude, longitude = (
        f"coalesce(nullif(regexp_extract(latlon_text, {pattern}, {group}), ''), latlon_text)" for group in (1, 2)
    )
    return longitude, latitude


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


def _pattern_index(field: str, input_format: Format) -> str:
    """Return SQL for the position of the first pattern that can read the text."""
    return _coalesce(
        f"CASE WHEN {field}_{index} IS NOT NULL THEN {index} END" for index in range(len(input_format.date_formats))
    )


def _is_utc_midnight(input_format: Format) -> str:
    """Return SQL for whether a time known in UTC is midnight in UTC; NULL for local times."""
    return _coalesce(
        f"date_{index} = date_trunc('day', date_{index})" if _is_utc(pattern, input_format) else "NULL"
        for index, pattern in enumerate(input_format.date_formats)
    )


def _is_utc(pattern: str, input_format: Format) -> bool:
    return bool(input_format.zone) and (
        input_format.local_is_utc or (input_format.trust_offset and has_offset(pattern))
    )


def _coalesce(expressions: Iterable[str]) -> str:
    return f"coalesce({', '.join(expressions)})"


def _known_time(moment: str, input_format: Format) -> str:
    """Return SQL for the local time if the time of day is known at both ends of the time span; else NULL."""
    time_patterns = ", ".join(
        str(index) for index, pattern in enumerate(input_format.date_formats) if finest_unit(pattern) == "moment"
    )
    if input_format.precision != "moment" or not time_patterns:
        return "CAST(NULL AS TIMESTAMP)"
    return f"CASE WHEN written IN ({time_patterns}) AND coalesce(end_written IN ({time_patterns}), end_text IS NULL) THEN {moment} END"


def _is_test(input_format: Format) -> str:
    return " OR ".join(f"contains(remark_text, {quote_text(text)})" for text in input_format.test_remarks) or "false"


def _fingerprint(input_format: Format) -> str:
    """Return SQL for an event's fingerprint: a 64-bit hash of its id, then a 64-bit hash of date, place and category."""
    if input_format.duplicate_rule != "id":
        return "CAST(NULL AS UHUGEINT)"
    content_hash = f"hash({', '.join(_IDENTITY_COLUMNS)})"
    return (
        f"CASE WHEN record IS NOT NULL THEN CAST(hash(record) AS UHUGEINT) * 18446744073709551616 + {content_hash} END"
    )


def _category_sql(input_format: Format) -> str:
    category = f"coalesce(category_text, {quote_text(input_format.category)})"
    if not input_format.category_map:
        return category
    pairs = " ".join(
        f"WHEN {quote_text(published)} THEN {quote_text(mapped)}"
        for published, mapped in input_format.category_map.items()
    )
    return f"CASE {category} {pairs} ELSE {category} END"
