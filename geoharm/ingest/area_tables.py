"""Area tables and surveys: each value is kept, rejected or a duplicate, by area, period and category.

A wide table is first turned into single values, so that each of its cells is read, counted and checked by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from shapely.geometry.base import BaseGeometry

from geoharm._text import fold_category
from geoharm.engines.base import Engine, Scratch
from geoharm.engines.sql import quote_name, quote_text
from geoharm.errors import DataError
from geoharm.ingest.area_fields import (
    EMPTY_REASON,
    FieldFault,
    clean_text,
    read_code,
    read_count,
    read_estimate,
    read_period,
    read_range,
)
from geoharm.ingest.category_spelling import category_mapper
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.formats.tables import VALUE_PREFIX, TableRules
from geoharm.ingest.readers.downloads import download_notes
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.readers.read import stage_file
from geoharm.ingest.readers.staging import StagedRows, check_reject_share, insert_rows
from geoharm.ingest.rule import AFTER_PERIOD_REASON, BEFORE_PERIOD_REASON
from geoharm.model.area_counts import Areas
from geoharm.model.geometry import StudyArea
from geoharm.model.ledger import QualityNote
from geoharm.model.overlap import touched
from geoharm.model.period import Period
from geoharm.queries.stored import StoredSource

ALL_CATEGORIES = "all"
# The unit separator of ASCII, between the two ends of a range while each different pair is read once.
_BETWEEN_ENDS = "\x1f"
CONFLICT_REASON = "is given more than once with different values; none of them is kept"
_ESTIMATE_FIELDS = ("estimate", "standard_error", "low", "high", "n")

_CREATE_CELL = """
CREATE OR REPLACE TEMP TABLE cell (
    file VARCHAR, line BIGINT, nth BIGINT, area VARCHAR, category VARCHAR, since DATE, until DATE,
    one DOUBLE, two DOUBLE, error_from VARCHAR, "column" VARCHAR, reason VARCHAR)
"""


def stage_values(
    engine: Engine, files: Sequence[InputFile], input_format: Format, period: Period
) -> tuple[dict[str, int], list[QualityNote]]:
    """Fill the temporary table ``cell`` from all files, and return the number of values of each file, and notes.

    The numbers of a value are ``one`` and ``two``: the lower and upper bound of a count, or an estimate and its standard
    error.

    Parameters
    ----------
    engine : Engine
    files : sequence of InputFile
    input_format : Format
    period : Period
        Values of periods completely outside it are rejected.

    Raises
    ------
    DataError, QualityError
        If a file is refused.
    """
    scratch = engine.scratch
    scratch.execute(_CREATE_CELL)
    values_read = {}
    notes: list[QualityNote] = []
    for input_file in files:
        staged = stage_file(scratch, input_file, input_format)
        headers = [field.removeprefix(VALUE_PREFIX) for field in staged.fields if field.startswith(VALUE_PREFIX)]
        date_sql = _date_sql(staged, input_file.name, input_format.rules)
        if input_format.kind == "survey":
            _read_estimates(scratch, input_file.name, staged, input_format, date_sql)
        else:
            _read_counts(scratch, input_file.name, staged, input_format, headers, date_sql)
        width = max(len(headers), 1)
        scratch.execute(
            f"""UPDATE cell SET "column" = 'date', reason = CASE WHEN since < DATE '{period.start}' THEN ? ELSE ? END
            WHERE file = ? AND reason IS NULL AND (until <= DATE '{period.start}' OR since >= DATE '{period.end}')""",
            [BEFORE_PERIOD_REASON, AFTER_PERIOD_REASON, input_file.name],
        )
        shape_rejects = [
            (input_file.name, line, position, *[None] * 7, "row", reason)
            for line, reason in staged.rejects
            for position in range(width)
        ]
        insert_rows(scratch, "cell", shape_rejects)
        values_read[input_file.name] = staged.read * width
        _refuse_many_rejects(scratch, input_file.name, input_format, values_read[input_file.name])
        name = input_file.name
        at_fault = {staged.open_end: _fields_at_fault(scratch, name, staged.open_end)}
        notes += download_notes(staged, at_fault, file=name)
    return values_read, notes


def _fields_at_fault(scratch: Scratch, name: str, line: int) -> list[str]:
    """Return the fields for which values in a line are rejected, and not for their period."""
    rows = scratch.execute(
        'SELECT DISTINCT "column" FROM cell WHERE file = ? AND line = ? AND reason IS NOT NULL AND reason NOT IN (?, ?)',
        [name, line, BEFORE_PERIOD_REASON, AFTER_PERIOD_REASON],
    ).fetchall()
    return [column for (column,) in rows]


def consolidate_values(scratch: Scratch, table: str) -> None:
    """Move the rows of ``cell`` into a table of values, ``new_value_duplicate`` and ``new_value_reject``.

    If a value is given again for the same area, category and period, it is a duplicate. If it is given again with another
    number, none of the values is kept, since it is not known which is right.
    """
    scratch.execute(
        """
        CREATE OR REPLACE TEMP TABLE again AS
        SELECT area, category, since, min(one) <> max(one) OR min(two) <> max(two) AS torn
        FROM cell WHERE reason IS NULL GROUP BY area, category, since HAVING count(*) > 1
        """
    )
    scratch.execute(
        """
        CREATE OR REPLACE TEMP TABLE judged AS
        SELECT cell.*, torn, row_number() OVER same AS turn, first_value(file) OVER same AS of_file, first_value(line) OVER same AS of_line
        FROM cell JOIN again USING (area, category, since) WHERE reason IS NULL
        WINDOW same AS (PARTITION BY area, category, since ORDER BY file, line, nth)
        """
    )
    scratch.execute(
        f"""INSERT INTO new_{table}
        SELECT file, line, coalesce(place, 'no place'), area, category, since, until, one, two
            {", error_from" if table == "survey_value" else ""}
        FROM (FROM cell ANTI JOIN again USING (area, category, since) WHERE reason IS NULL
            UNION ALL SELECT * EXCLUDE (torn, turn, of_file, of_line) FROM judged WHERE NOT torn AND turn = 1)
        LEFT JOIN (SELECT area, place FROM new_area) USING (area)
        ORDER BY file, line, nth"""
    )
    scratch.execute(
        "INSERT INTO new_value_duplicate SELECT file, line, of_file, of_line FROM judged "
        "WHERE NOT torn AND turn > 1 ORDER BY file, line, nth"
    )
    scratch.execute(
        """INSERT INTO new_value_reject SELECT file, line, "column", reason FROM (
            SELECT file, line, nth, "column", reason FROM cell WHERE reason IS NOT NULL
            UNION ALL SELECT file, line, nth, 'value', ? FROM judged WHERE torn) ORDER BY file, line, nth""",
        [CONFLICT_REASON],
    )
    scratch.execute("DROP TABLE judged; DROP TABLE again; DROP TABLE cell")


def save_areas(scratch: Scratch, source: str, areas: Areas | None, input_format: Format, area: StudyArea) -> None:
    """Fill ``new_area`` with the outlines; their codes are corrected by the same rule as those of the table.

    If the table is about one area, without codes, that area is the study area.

    Parameters
    ----------
    scratch : Scratch
    source : str
    areas : Areas or None
        Codes and outlines of the area file.
    input_format : Format
    area : StudyArea

    Raises
    ------
    DataError
        If two areas have the same code after correction.
    """
    rules = input_format.rules
    shapes = {rules.area: area.boundary} if rules.area else {}
    if not rules.area and areas is not None:
        shapes = shapes_by_code(source, areas, rules)
    insert_rows(scratch, "new_area", area_rows(shapes, area))


def shapes_by_code(source: str, areas: Areas, rules: TableRules) -> dict[str, BaseGeometry]:
    """Return the outlines by their codes, which are corrected by the same rule as those of the rows.

    Raises
    ------
    DataError
        If two areas have the same code after correction.
    """
    shapes: dict[str, BaseGeometry] = {}
    for raw_code, shape in zip(areas.codes, areas.shapes, strict=True):
        code = read_code(raw_code, rules)
        code = raw_code if isinstance(code, FieldFault) else code
        if code in shapes:
            msg = (
                f'Two areas of "{source}" have the code "{code}" once area.id_width is applied; correct the area file.'
            )
            raise DataError(msg)
        shapes[code] = shape
    return shapes


def area_rows(shapes: Mapping[str, BaseGeometry], area: StudyArea) -> list[tuple[str, str, bytes]]:
    """Return the rows of a table of outlines, by code: code, "inside" or "outside" the study area, outline as WKB."""
    codes = sorted(shapes)
    places = np.where(touched([shapes[code] for code in codes], area.boundary), "inside", "outside").tolist()
    return [(code, place, shapely.to_wkb(shapes[code])) for code, place in zip(codes, places, strict=True)]


def _read_counts(
    scratch: Scratch, name: str, staged: StagedRows, input_format: Format, headers: Sequence[str], date_sql: str
) -> None:
    rules, is_range = input_format.rules, "low" in input_format.columns
    mapped = category_mapper(input_format.category_map)
    if headers:
        texts = ", ".join(quote_name(VALUE_PREFIX + header) for header in headers)
        position_sql, value_sql = f"unnest(range({len(headers)}))", f"unnest([{texts}])"
    elif is_range:
        position_sql, value_sql = "0", f"coalesce(low, '') || '{_BETWEEN_ENDS}' || coalesce(high, '')"
    else:
        position_sql, value_sql = "0", "value"
    columns = {
        "area_text": _text_sql("area", staged),
        "date_text": date_sql,
        "category_text": _text_sql("category", staged),
    }
    if rules.headers:
        columns["date_text"] = "CAST(NULL AS VARCHAR)"
    text_columns = ", ".join(f"{sql} AS {column}" for column, sql in columns.items())
    scratch.execute(
        f"CREATE OR REPLACE TEMP TABLE texts AS SELECT line, {position_sql} AS nth, {value_sql} AS value_text, {text_columns} FROM stage"
    )
    _header_texts(scratch, headers, rules)
    _read_distinct_texts(
        scratch,
        "area_text",
        lambda text: _code_columns(read_code(rules.area or clean_text(text, input_format), rules)),
    )
    _read_distinct_texts(
        scratch, "date_text", lambda text: _period_columns(read_period(clean_text(text, input_format), input_format))
    )
    _read_distinct_texts(
        scratch,
        "category_text",
        lambda text: (mapped(_category(clean_text(text, input_format), input_format)), None, None),
    )
    _read_distinct_texts(
        scratch, "value_text", lambda text: _count_columns(_read_value(text, input_format, is_range=is_range))
    )
    scratch.execute(
        f"""
        INSERT INTO cell
        SELECT ?, line, nth, a.one, c.one, CAST(d.one AS DATE), CAST(d.two AS DATE), CAST(v.one AS DOUBLE), CAST(v.two AS DOUBLE), NULL,
            CASE WHEN a.fault IS NOT NULL THEN 'area' WHEN d.fault IS NOT NULL THEN 'date'
                WHEN v.fault IS NOT NULL THEN {"header" if headers else "'low'" if is_range else "'value'"} END,
            coalesce(a.fault, d.fault, v.fault)
        FROM texts
        JOIN found_area_text AS a ON a.text = coalesce(area_text, '') JOIN found_date_text AS d ON d.text = coalesce(date_text, '')
        JOIN found_category_text AS c ON c.text = coalesce(category_text, '')
        JOIN found_value_text AS v ON v.text = coalesce(value_text, '')
        ORDER BY line, nth
        """,
        [name],
    )
    scratch.execute("DROP TABLE texts; DROP TABLE stage")
    for column in (*columns, "value_text"):
        scratch.execute(f"DROP TABLE found_{column}")


def _read_value(text: str, input_format: Format, *, is_range: bool) -> tuple[int, int] | FieldFault:
    """Return the bounds of a count, from one text or from the two ends of a range."""
    if not is_range:
        return read_count(clean_text(text, input_format), input_format.rules)
    low, _, high = text.partition(_BETWEEN_ENDS)
    return read_range(clean_text(low, input_format), clean_text(high, input_format), input_format.rules)


def _header_texts(scratch: Scratch, headers: Sequence[str], rules: TableRules) -> None:
    """Add to each value of a wide table the period or category in its header."""
    scratch.execute("ALTER TABLE texts ADD COLUMN header VARCHAR")
    if not headers:
        return
    column = "date_text" if rules.headers else "category_text"
    if rules.headers:
        meanings = [_first_group(rules.headers, header) for header in headers]
    else:
        category_of = dict(rules.value_columns)
        meanings = [category_of[header] for header in headers]
    numbers = pa.array(range(len(headers)), pa.int64())
    scratch.register("headers", pa.table({"nth": numbers, "header": list(headers), "meant": meanings}))
    scratch.execute(
        f"UPDATE texts SET header = headers.header, {column} = headers.meant FROM headers WHERE headers.nth = texts.nth"
    )
    scratch.unregister("headers")


def _first_group(pattern: str, header: str) -> str:
    match = re.search(pattern, header)
    return header if match is None else match.group(1 if match.groups() else 0)


def _read_distinct_texts(
    scratch: Scratch, column: str, read: Callable[[str], tuple[str | None, str | None, str | None]]
) -> None:
    """Read each distinct text of a column once, into the temporary table ``found_COLUMN(text, one, two, fault)``."""
    rows = scratch.execute(f"SELECT DISTINCT coalesce({column}, '') AS text FROM texts ORDER BY text").fetchall()
    readings = [(text, *read(text)) for (text,) in rows]
    names = ("text", "one", "two", "fault")
    columns = list(zip(*readings, strict=True)) or [()] * len(names)
    table = pa.table({name: pa.array(values, pa.string()) for name, values in zip(names, columns, strict=True)})
    scratch.register("found_rows", table)
    scratch.execute(f"CREATE OR REPLACE TEMP TABLE found_{column} AS FROM found_rows")
    scratch.unregister("found_rows")


def _read_estimates(scratch: Scratch, name: str, staged: StagedRows, input_format: Format, date_sql: str) -> None:
    """Read a survey row by row, since an estimate and its error are checked together."""
    rules, mapped = input_format.rules, category_mapper(input_format.category_map)
    fields = [field for field in _ESTIMATE_FIELDS if field in staged.fields]
    selected = ", ".join(quote_name(field) for field in fields)
    rows = scratch.execute(
        f"SELECT line, {_text_sql('area', staged)}, {date_sql}, {_text_sql('category', staged)}, {selected} FROM stage ORDER BY line"
    ).fetchall()
    cell_rows: list[list[Any]] = []
    for line, area_text, date_text, category_text, *numbers in rows:
        code = read_code(rules.area or clean_text(area_text, input_format), rules)
        period = read_period(clean_text(date_text, input_format), input_format)
        estimate = read_estimate(
            {field: clean_text(text, input_format) for field, text in zip(fields, numbers, strict=True)}, rules
        )
        column, fault = next(
            (
                (column, reading.reason)
                for column, reading in (("area", code), ("date", period))
                if isinstance(reading, FieldFault)
            ),
            (estimate[0], estimate[1].reason) if isinstance(estimate[1], FieldFault) else (None, None),
        )
        if fault is not None:
            cell_rows.append([name, line, 0, *[None] * 7, column, fault])
        elif isinstance(period, Period):
            category = mapped(_category(clean_text(category_text, input_format), input_format))
            cell_rows.append([name, line, 0, code, category, period.start, period.end, *estimate, None, None])
    insert_rows(scratch, "cell", cell_rows)
    scratch.execute("DROP TABLE stage")


def _text_sql(field: str, staged: StagedRows) -> str:
    return quote_name(field) if field in staged.fields else "CAST(NULL AS VARCHAR)"


def _date_sql(staged: StagedRows, name: str, rules: TableRules) -> str:
    """Return SQL for the text of the date; year, month and quarter in separate columns are joined by hyphens.

    Raises
    ------
    DataError
        If the date stands in the file's name, and the name has none.
    """
    if rules.file_name:
        found = re.search(rules.file_name, name)
        if not found or not found.group(1):
            msg = f'The name of the file "{name}" does not fit date.file_name of its format, "{rules.file_name}", so it has no date.'
            raise DataError(msg)
        return quote_text(found.group(1))
    if "year" not in staged.fields:
        return _text_sql("date", staged)
    parts = ["trim(year)"]
    parts += ["lpad(trim(month), 2, '0')"] if "month" in staged.fields else []
    parts += ["trim(quarter)"] if "quarter" in staged.fields else []
    return " || '-' || ".join(parts)


def _category(text: str | None, input_format: Format) -> str:
    return text or input_format.category or ALL_CATEGORIES


def _code_columns(code: str | FieldFault) -> tuple[str | None, None, str | None]:
    return (None, None, code.reason) if isinstance(code, FieldFault) else (code, None, None)


def _period_columns(period: Period | FieldFault) -> tuple[str | None, str | None, str | None]:
    return (None, None, period.reason) if isinstance(period, FieldFault) else (str(period.start), str(period.end), None)


def _count_columns(count: tuple[int, int] | FieldFault) -> tuple[str | None, str | None, str | None]:
    return (None, None, count.reason) if isinstance(count, FieldFault) else (str(count[0]), str(count[1]), None)


def _refuse_many_rejects(scratch: Scratch, name: str, input_format: Format, read: int) -> None:
    """Refuse a file if more than half of its values have one fault: its format is wrong, not its values."""
    most_frequent = scratch.execute(
        'SELECT "column", reason, count(*) AS n, min(line) FROM cell WHERE file = ? AND reason NOT IN (?, ?, ?) '
        "GROUP BY ALL ORDER BY n DESC, 1, 2 LIMIT 1",
        [name, BEFORE_PERIOD_REASON, AFTER_PERIOD_REASON, EMPTY_REASON],
    ).fetchall()
    if most_frequent:
        check_reject_share(name, input_format, most_frequent[0], read, unit="values")


def values_by_area(
    engine: Engine, source: StoredSource, category: str, table: str, columns: tuple[str, str]
) -> tuple[tuple[str, ...], tuple[Period, ...], list[np.ndarray[Any, np.dtype[np.float64]]], tuple[Any, ...]]:
    """Return a category's areas, periods, two arrays of values, and outlines.

    Parameters
    ----------
    engine : Engine
    source : StoredSource
    category : str
    table : str
        "area_value" or "survey_value".
    columns : (str, str)
        The two columns of numbers to return.

    Returns
    -------
    areas : tuple of str, length n
    periods : tuple of Period, length m
    arrays : list of two ndarrays, shape (n, m)
        NaN where there is no value.
    outlines : tuple, length n
        Polygons; None for an area without an outline.

    Raises
    ------
    DataError
        If the source has no such category.
    """
    selection = f"FROM {engine.table(f'{table}_{source.state}')} AS v WHERE category = $category"
    values = {"category": _named_category(engine, source, category, table)}
    cells = engine.columns(
        f"""
        SELECT dense_rank() OVER (ORDER BY area) - 1 AS place, dense_rank() OVER (ORDER BY since) - 1 AS step,
            CAST({columns[0]} AS DOUBLE) AS one, CAST({columns[1]} AS DOUBLE) AS two {selection} ORDER BY 1, 2
        """,
        values,
    )
    if not cells["place"].size:
        msg = f'"{source.source}" has no value of the category "{category}".'
        raise DataError(msg)
    areas = tuple(row[0] for row in engine.rows(f"SELECT DISTINCT area {selection} ORDER BY area", values))
    spans = engine.rows(f"SELECT DISTINCT since, until {selection} ORDER BY since", values)
    periods = tuple(Period(since, until) for since, until in spans)
    arrays = [np.full((len(areas), len(periods)), np.nan) for _ in columns]
    for array, name in zip(arrays, ("one", "two"), strict=True):
        array[cells["place"].astype(np.int64), cells["step"].astype(np.int64)] = cells[name]
    shapes = dict(engine.rows(f"SELECT area, shape FROM {engine.table(f'area_{source.state}')} AS a"))
    outlines = tuple(shapely.from_wkb(bytes(shapes[code])) if code in shapes else None for code in areas)
    return areas, periods, arrays, outlines


def _named_category(engine: Engine, source: StoredSource, category: str, table: str) -> str:
    """Return a category as the source spells it; as it is if the source has no such category."""
    rows = engine.rows(f"SELECT DISTINCT category FROM {engine.table(f'{table}_{source.state}')} AS v")
    folded = fold_category(category)
    return next((str(name) for (name,) in rows if fold_category(str(name)) == folded), category)
