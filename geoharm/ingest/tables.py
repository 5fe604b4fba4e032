"""Sources that hold no events: area tables, surveys, sites and street lines.

They are read again every time, all files of a source in one transaction. Checks that need all files together (a value
given twice) then need no memory of earlier runs.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.errors import DataError
from geoharm.ingest.area_tables import consolidate_values, save_areas, stage_values, values_by_area
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.ledger import file_ledgers
from geoharm.ingest.quality_notes import save_note, source_notes
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.readers.staging import REJECT_COLUMNS, insert_rows
from geoharm.ingest.sites import read_sites, save_sites
from geoharm.ingest.streets import read_lines, save_streets
from geoharm.model.area_counts import AreaCounts
from geoharm.model.geometry import StudyArea
from geoharm.model.ledger import QualityNote
from geoharm.model.period import Period, add_months
from geoharm.model.study import Source
from geoharm.model.survey import SurveyEstimates
from geoharm.model.table_ledger import TableLedger

_TABLES = {"area_table": "area_value", "survey": "survey_value", "site": "site", "streets": "street_line"}
_ALL_TABLES = (
    *_TABLES.values(), "street_segment", "area", "reject", "duplicate", "file", "row", "event", "source", "default_geocode",
)  # fmt: skip
_MAX_CODES_SHOWN = 5
_MONTHS_PER_UNIT = {"month": 1, "quarter": 3, "year": 12}


def ingest_table(
    engine: DuckDBEngine,
    source: Source,
    *,
    input_format: Format,
    files: Sequence[InputFile],
    area: StudyArea,
    period: Period,
) -> TableLedger:
    """Read a source that holds no events, and return its balanced ledger.

    Parameters
    ----------
    engine : DuckDBEngine
    source : Source
        With its areas, if it has any.
    input_format : Format
    files : sequence of InputFile
    area : StudyArea
    period : Period
        Values of periods completely outside it are rejected.

    Raises
    ------
    DataError, QualityError
        With one sentence; the source is then unchanged.
    """
    hashes = {input_file.name: input_file.sha256() for input_file in files}
    name = source.name
    # Reading uses temporary tables only, so that nothing has to be undone if a reader fails.
    if input_format.kind in ("area_table", "survey"):
        rows_read = stage_values(engine, files, input_format, period)
    elif input_format.kind == "site":
        rows_read, sites, rejects = read_sites(engine, files, input_format)
    else:
        lines = read_lines(files, input_format, area)
        rows_read = {input_file.name: sum(line.file == input_file.name for line in lines) for input_file in files}
    with engine.transaction() as connection:
        for table in _ALL_TABLES:
            connection.execute(f"DELETE FROM tidy.{table} WHERE source = ?", [name])
        connection.execute("DELETE FROM tidy.note WHERE source = ?", [name])
        rows = [(name, file, sha256, input_format.fingerprint(), rows_read[file]) for file, sha256 in hashes.items()]
        insert_rows(connection, "tidy.file", rows)
        if input_format.kind in ("area_table", "survey"):
            save_areas(connection, name, source.areas, input_format, area)
            consolidate_values(connection, name, _TABLES[input_format.kind])
            _note_areas(connection, source, input_format)
            _note_values(connection, name, input_format)
        elif input_format.kind == "site":
            save_sites(connection, name, sites, input_format, area)
            reject_rows = [(name, row["file"], row["line"], row["column"], row["reason"]) for row in rejects]
            insert_rows(connection, REJECT_COLUMNS, reject_rows)
        else:
            save_streets(connection, name, lines, area)
        return _ledger(engine, name, input_format)


def area_counts(engine: DuckDBEngine, source: str, category: str = "all") -> AreaCounts:
    """Return the counts of one category of an area table; "all" is the category of a table without categories.

    Raises
    ------
    DataError
        If the table has no such category.
    """
    areas, periods, (low, high), shapes = values_by_area(engine, source, category, "area_value", ("low", "high"))
    return AreaCounts(source, category, areas, periods, low, high, shapes)


def survey_estimates(engine: DuckDBEngine, source: str, input_format: Format, question: str = "all") -> SurveyEstimates:
    """Return the estimates of one question (a category) of a survey.

    Parameters
    ----------
    engine : DuckDBEngine
    source : str
    input_format : Format
        Its rules give the unit of the estimates.
    question : str
        "all" in a survey without categories.

    Raises
    ------
    DataError
        If the survey has no such question.
    """
    columns = ("estimate", "standard_error")
    areas, periods, (estimate, error), shapes = values_by_area(engine, source, question, "survey_value", columns)
    return SurveyEstimates(source, question, input_format.rules.estimate_unit, areas, periods, estimate, error, shapes)


def table_categories(engine: DuckDBEngine, source: str, kind: str) -> dict[str, int]:
    """Return a source's categories with their rows, the most frequent first; empty for street lines."""
    if kind == "streets":
        return {}
    rows = engine.connection.execute(
        f"SELECT coalesce(category, ''), count(*) AS n FROM tidy.{_TABLES[kind]} WHERE source = ? GROUP BY 1 ORDER BY n DESC, 1",
        [source],
    ).fetchall()
    return {str(category): int(count) for category, count in rows}


def _ledger(engine: DuckDBEngine, source: str, input_format: Format) -> TableLedger:
    table = _TABLES[input_format.kind]
    connection = engine.connection
    files = file_ledgers(engine, source, table)
    if not sum(row.kept for row in files):
        msg = f'The source "{source}" has no row left that can be used in the study period.'
        raise DataError(msg)
    coverage = None
    if input_format.kind in ("area_table", "survey"):
        coverage = Period(
            *connection.execute(
                f"SELECT min(since), max(until) FROM tidy.{table} WHERE source = ?", [source]
            ).fetchall()[0]
        )
    notes = source_notes(connection, source)
    return TableLedger(
        source, input_format.kind, files, coverage, input_format.attribution, input_format.fingerprint(), notes
    )


def _note_areas(connection: duckdb.DuckDBPyConnection, source: Source, input_format: Format) -> None:
    """Save notes on the areas of the table without an outline, and on the outlines without a row."""
    table, name = _TABLES[input_format.kind], source.name
    if input_format.rules.area:
        sentence = (
            f'the whole table is about one area, "{input_format.rules.area}", and stands for the study area as a whole'
        )
        save_note(connection, name, QualityNote("one area", 0, 0, sentence))
        return
    if source.areas is None:
        sentence = "no area file was given, so its values cannot be counted for a zone"
        save_note(connection, name, QualityNote("no area file", 0, 0, sentence))
        return
    for sentence in source.areas.notes:
        save_note(connection, name, QualityNote("area file", 0, 0, sentence))
    table_areas, outlined_areas = (
        {
            row[0]
            for row in connection.execute(
                f"SELECT DISTINCT area FROM tidy.{tidy_table} WHERE source = ?", [name]
            ).fetchall()
        }
        for tidy_table in (table, "area")
    )
    if not table_areas & outlined_areas:
        msg = (
            f'No area of "{name}" is in its area file: the table has codes like "{min(table_areas)}", the file has codes like '
            f'"{min(outlined_areas)}". Check area_id, and area.id_width in the format.'
        ) if table_areas else f'The source "{name}" has no row left that can be used in the study period.'  # fmt: skip
        raise DataError(msg)
    for kind, codes, description in (
        (
            "no outline",
            table_areas - outlined_areas,
            "areas of the table that are not in the area file and have no place",
        ),
        (
            "no rows",
            outlined_areas - table_areas,
            "areas of the area file without a row in the table (missing, not zero)",
        ),
    ):
        if codes:
            save_note(
                connection, name, QualityNote(kind, 0, 0, f"{description}: {len(codes):,}, {_quoted_list(codes)}")
            )


def _note_values(connection: duckdb.DuckDBPyConnection, source: str, input_format: Format) -> None:
    """Save notes on how many counts are intervals, and how many of all possible values are missing."""
    table = _TABLES[input_format.kind]
    if input_format.kind == "area_table":
        count = connection.execute(
            "SELECT count(*) FROM tidy.area_value WHERE source = ? AND low < high", [source]
        ).fetchall()[0][0]
        if count:
            sentence = "the number is suppressed or rounded, and kept as an interval from its lowest to its highest possible value"
            save_note(connection, source, QualityNote("interval", count, 0, sentence))
    first, last, areas, categories, present = connection.execute(
        f"""SELECT min(since), max(until), count(DISTINCT area), count(DISTINCT category), count(*)
        FROM tidy.{table} WHERE source = ?""",
        [source],
    ).fetchall()[0]
    if first is None:
        return
    possible = areas * categories * _count_periods(Period(first, last), input_format.rules.unit)
    if present < possible:
        sentence = (
            "cells of area, period and category between the first and the last period without a value (missing, not zero): "
            f"{possible - present:,} of {possible:,}"
        )
        save_note(connection, source, QualityNote("missing", 0, 0, sentence))


def _count_periods(span: Period, unit: str) -> int:
    """Return the number of periods of a unit in a time span."""
    if unit not in _MONTHS_PER_UNIT:
        return span.days // (7 if unit == "week" else 1)
    count, day = 0, span.start
    while day < span.end:
        count, day = count + 1, add_months(day, _MONTHS_PER_UNIT[unit])
    return count


def _quoted_list(codes: set[str]) -> str:
    ordered = sorted(codes)
    shown = ", ".join(f'"{code}"' for code in ordered[:_MAX_CODES_SHOWN])
    return shown + (f" and {len(ordered) - _MAX_CODES_SHOWN:,} more" if len(ordered) > _MAX_CODES_SHOWN else "")
