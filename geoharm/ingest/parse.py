"""From the texts of ``stage`` to the typed columns of ``parsed``: dates, places, weights, categories; nothing is judged.

What cannot be read is NULL beside its text, so that the next step can say what was wrong with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import duckdb

from geoharm.engines.duckdb import quote_text
from geoharm.ingest.date_patterns import date_pattern_sql, finest_unit, has_offset, swap_day_month
from geoharm.ingest.formats.input_format import FIELDS, Format
from geoharm.ingest.timezones import wall_clock_sql

_SPACE = " \t\u00a0"
_SAME = ("since", "until", "longitude", "latitude", "category")


def parse_stage(
    connection: duckdb.DuckDBPyConnection,
    fields: Collection[str],
    input_format: Format,
    faults: Sequence[str],
    *,
    lined: bool,
) -> int:
    """Make ``parsed``, one row for each row of ``stage``, in one pass, and return how many.

    Of the texts only dates are kept, where they are judged (`needs_date_checks`).

    A span from date to end is placed at its middle. A pair of zeros is an empty cell in other clothes. Two rows are the same event if id, date, place and category are
    the same once read, where the format's rule says so.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    fields : collection of str
        The declared fields that ``stage`` has.
    input_format : Format
    faults : sequence of str
        SQL conditions on a row; ``parsed.fault`` is the position of the first that holds, NULL if none does.
    lined : bool
        Whether ``stage`` knows its lines; else the n-th row stood on line n + 1.
    """
    longitude, latitude = _place_texts(input_format)
    when = _date_text(fields)
    line = "line, " if lined else ""
    told = "date_text, since, written, utc_midnight" if needs_date_checks(input_format) else "NULL AS written"
    precision = input_format.precision if input_format.by_month else "day"
    fault = " ".join(f"WHEN {condition} THEN {index}" for index, condition in enumerate(faults))
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE parsed_rows AS
        SELECT {line}day, longitude, latitude, category, address, weight, {_same(input_format)} AS same, at_zero,
            {_clock("since", input_format)} AS clock, {_clock("until", input_format)} AS clock_end, {told},
            CAST(CASE {fault} END AS UTINYINT) AS fault
        FROM (
            SELECT * EXCLUDE (longitude_text, latitude_text, longitude, latitude),
                CASE WHEN at_zero IS NOT TRUE THEN longitude_text END AS longitude_text,
                CASE WHEN at_zero IS NOT TRUE THEN latitude_text END AS latitude_text,
                CASE WHEN at_zero IS NOT TRUE THEN longitude END AS longitude, CASE WHEN at_zero IS NOT TRUE THEN latitude END AS latitude,
                CAST(since AS DATE) AS first_day, CAST(until AS DATE) AS last_day,
                CAST(date_trunc('{precision}', CASE WHEN until IS NULL THEN since ELSE since + (until - since) / 2 END) AS DATE) AS day
            FROM (SELECT *, longitude = 0 AND latitude = 0 AS at_zero FROM (
                SELECT {line}date_text, end_text, weight_text, address_text AS address,
                    {_is_test(input_format)} AS test, {longitude} AS longitude_text, {latitude} AS latitude_text,
                    {_moments("date", input_format)} AS since, {_moments("end", input_format)} AS until,
                    {_which("date", input_format)} AS written, {_which("end", input_format)} AS end_written, {_midnight(input_format)} AS utc_midnight,
                    TRY_CAST({longitude} AS DOUBLE) AS longitude, TRY_CAST({latitude} AS DOUBLE) AS latitude,
                    TRY_CAST(weight_text AS DOUBLE) AS weight,
                    {_category(input_format)} AS category, id_text AS record
                FROM (
                    SELECT *, {_readings("date", input_format)}, {_readings("end", input_format)}
                    FROM (
                        SELECT * REPLACE ({when} AS date_text)
                        FROM (SELECT {line}{_texts(fields, input_format)} FROM (SELECT {line}{_trimmed(fields)} FROM stage))
                    )
                )
            ))
        )
        """
    )
    # The table keeps the order of ``stage``; the header is line 1.
    numbered = "" if lined else "rowid + 2 AS line, "
    connection.execute(f"CREATE OR REPLACE TEMP VIEW parsed AS SELECT {numbered}* FROM parsed_rows")
    return int(connection.execute("SELECT count(*) FROM parsed_rows").fetchall()[0][0])


def needs_date_checks(input_format: Format) -> bool:
    """Return whether the dates of a format could mean other days than they say: ``parsed`` then keeps how they were read."""
    return (
        len(input_format.date_formats) > 1
        or bool(input_format.zone)
        or any(map(swap_day_month, input_format.date_formats))
    )


def drop_parsed(connection: duckdb.DuckDBPyConnection) -> None:
    """Remove what `parse_stage` made."""
    connection.execute("DROP VIEW IF EXISTS parsed; DROP TABLE IF EXISTS parsed_rows")


def _texts(fields: Collection[str], input_format: Format) -> str:
    """Return SQL for every field as text, NULL where the file lacks it or the text means nothing; of trimmed fields."""
    blanks = ", ".join(quote_text(text.strip()) for text in input_format.blank)
    return ", ".join(
        f'CASE WHEN "{field}" NOT IN ({blanks}) THEN "{field}" END AS {field}_text'
        if field in fields
        else f"CAST(NULL AS VARCHAR) AS {field}_text"
        for field in FIELDS
    )


def _trimmed(fields: Collection[str]) -> str:
    """Return SQL for fields without the space around them; the slow function is called only where there may be some."""
    space = quote_text(_SPACE)
    return ", ".join(
        # What begins with a space or tab sorts before "!".
        f"""CASE WHEN "{field}" < '!' OR "{field}" BETWEEN '\u00a0' AND '\u00a1' OR "{field}" LIKE '% '
            OR "{field}" LIKE '%\t' OR "{field}" LIKE '%\u00a0' THEN trim("{field}", {space}) ELSE "{field}" END AS "{field}\""""
        for field in fields
    )


def _place_texts(input_format: Format) -> tuple[str, str]:
    """Return SQL for the texts of longitude and latitude; a pair "lat, lon" that cannot be split stays whole."""
    if "latlon" not in input_format.columns:
        return "longitude_text", "latitude_text"
    number = r"(-?[0-9]+(?:\.[0-9]*)?)"
    pattern = quote_text(rf"^[(\s]*{number}[\s,;]+{number}[)\s]*$")
    latitude, longitude = (
        f"coalesce(nullif(regexp_extract(latlon_text, {pattern}, {n}), ''), latlon_text)" for n in (1, 2)
    )
    return longitude, latitude


def _date_text(fields: Collection[str]) -> str:
    """Return SQL for the text of the date; year, month and day in columns of their own are joined."""
    if "year" not in fields:
        return "date_text"
    parts = ["year_text", "lpad(month_text, 2, '0')"]
    if "day" in fields:
        parts.append("lpad(day_text, 2, '0')")
    return " || '-' || ".join(parts)


def _readings(field: str, input_format: Format) -> str:
    """Return SQL for one column a pattern: the date as it reads under it, in UTC where it carries an offset."""
    return ", ".join(
        f"{date_pattern_sql(f'{field}_text', pattern, trust_offset=input_format.trust_offset)} AS {field}_{index}"
        for index, pattern in enumerate(input_format.date_formats)
    )


def _moments(field: str, input_format: Format) -> str:
    """Return SQL for the wall clock under the first pattern that reads."""
    return _first(
        wall_clock_sql(f"{field}_{index}", input_format.zone) if _in_utc(pattern, input_format) else f"{field}_{index}"
        for index, pattern in enumerate(input_format.date_formats)
    )


def _which(field: str, input_format: Format) -> str:
    """Return SQL for the position of the first pattern that reads."""
    return _first(
        f"CASE WHEN {field}_{index} IS NOT NULL THEN {index} END" for index in range(len(input_format.date_formats))
    )


def _midnight(input_format: Format) -> str:
    """Return SQL for whether a moment known in UTC is midnight there; NULL for times that are local."""
    return _first(
        f"date_{index} = date_trunc('day', date_{index})" if _in_utc(pattern, input_format) else "NULL"
        for index, pattern in enumerate(input_format.date_formats)
    )


def _in_utc(pattern: str, input_format: Format) -> bool:
    return bool(input_format.zone) and (input_format.utc or (input_format.trust_offset and has_offset(pattern)))


def _first(expressions: Iterable[str]) -> str:
    return f"coalesce({', '.join(expressions)})"


def _clock(moment: str, input_format: Format) -> str:
    """Return SQL for the wall clock where the time of day is known, at both ends of a span; else NULL."""
    timed = ", ".join(str(i) for i, pattern in enumerate(input_format.date_formats) if finest_unit(pattern) == "moment")
    if input_format.precision != "moment" or not timed:
        return "CAST(NULL AS TIMESTAMP)"
    return f"CASE WHEN written IN ({timed}) AND coalesce(end_written IN ({timed}), end_text IS NULL) THEN {moment} END"


def _is_test(input_format: Format) -> str:
    return " OR ".join(f"contains(remark_text, {quote_text(text)})" for text in input_format.test_remarks) or "false"


def _same(input_format: Format) -> str:
    """Return SQL for a fingerprint of an event: 64 bits of its id, 64 of date, place and category."""
    if input_format.duplicate_rule != "id":
        return "CAST(NULL AS UHUGEINT)"
    about = f"hash({', '.join(_SAME)})"
    return f"CASE WHEN record IS NOT NULL THEN CAST(hash(record) AS UHUGEINT) * 18446744073709551616 + {about} END"


def _category(input_format: Format) -> str:
    category = f"coalesce(category_text, {quote_text(input_format.category)})"
    if not input_format.category_map:
        return category
    pairs = " ".join(f"WHEN {quote_text(old)} THEN {quote_text(new)}" for old, new in input_format.category_map.items())
    return f"CASE {category} {pairs} ELSE {category} END"
