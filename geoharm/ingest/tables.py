"""Sources that hold no events: read, settle and balance area tables, surveys, sites and street lines.

They are read anew every time, all files of a source in one transaction: what only all of them together can tell
(a value given twice) then needs no memory of earlier runs.
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
_NAMED = 5
_STEPS = {"month": 1, "quarter": 3, "year": 12}


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
        Values of periods wholly outside it are rejected.

    Raises
    ------
    DataError, QualityError
        With one sentence; the source is then as it was before.
    """
    hashes = {one.name: one.sha256() for one in files}
    name = source.name
    # Reading uses temporary tables only, so a file that breaks a reader leaves nothing to undo.
    if input_format.kind in ("area_table", "survey"):
        read = stage_values(engine, files, input_format, period)
    elif input_format.kind == "site":
        read, sites, rejects = read_sites(engine, files, input_format)
    else:
        lines = read_lines(files, input_format, area)
        read = {one.name: sum(line.file == one.name for line in lines) for one in files}
    with engine.transaction() as connection:
        for table in _ALL_TABLES:
            connection.execute(f"DELETE FROM tidy.{table} WHERE source = ?", [name])
        connection.execute("DELETE FROM tidy.note WHERE source = ?", [name])
        rows = [(name, file, sha256, input_format.fingerprint(), read[file]) for file, sha256 in hashes.items()]
        insert_rows(connection, "tidy.file", rows)
        if input_format.kind in ("area_table", "survey"):
            save_areas(connection, name, source.areas, input_format, area)
            consolidate_values(connection, name, _TABLES[input_format.kind])
            _note_areas(connection, source, input_format)
            _note_values(connection, name, input_format)
        elif input_format.kind == "site":
            save_sites(connection, name, sites, input_format, area)
            found = [(name, row["file"], row["line"], row["column"], row["reason"]) for row in rejects]
            insert_rows(connection, REJECT_COLUMNS, found)
        else:
            save_streets(connection, name, lines, area)
        return _ledger(engine, name, input_format)


def area_counts(engine: DuckDBEngine, source: str, category: str = "all") -> AreaCounts:
    """Return the counts of one category of an area table; "all" is the category of a table that has none.

    Raises
    ------
    DataError
        If the table has no such category.
    """
    areas, periods, (low, high), shapes = values_by_area(engine, source, category, "area_value", ("low", "high"))
    return AreaCounts(source, category, areas, periods, low, high, shapes)


def survey_estimates(engine: DuckDBEngine, source: str, input_format: Format, question: str = "all") -> SurveyEstimates:
    """Return the estimates of one question (a category) of a survey.

    Raises
    ------
    DataError
        If the survey has no such question.
    """
    columns = ("estimate", "standard_error")
    areas, periods, (estimate, error), shapes = values_by_area(engine, source, question, "survey_value", columns)
    return SurveyEstimates(source, question, input_format.rules.measured_unit, areas, periods, estimate, error, shapes)


def table_categories(engine: DuckDBEngine, source: str, kind: str) -> dict[str, int]:
    """Return a source's categories and how many rows each has, most first; nothing for street lines."""
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
    """Name the areas of the table without an outline, and the outlines without a row."""
    table, name = _TABLES[input_format.kind], source.name
    if input_format.rules.area:
        sentence = (
            f'the whole table is about one area, "{input_format.rules.area}", and stands for the study area as a whole'
        )
        save_note(connection, name, QualityNote("one area", 0, 0, sentence))
        return
    if source.areas is None:
        sentence = "no area file was given, so nothing of it can be counted for a zone"
        save_note(connection, name, QualityNote("no area file", 0, 0, sentence))
        return
    for sentence in source.areas.notes:
        save_note(connection, name, QualityNote("area file", 0, 0, sentence))
    here, drawn = (
        {
            row[0]
            for row in connection.execute(f"SELECT DISTINCT area FROM tidy.{of} WHERE source = ?", [name]).fetchall()
        }
        for of in (table, "area")
    )
    if not here & drawn:
        msg = (
            f'No area of "{name}" is in its area file: the table has codes like "{min(here)}", the file has codes like '
            f'"{min(drawn)}". Check area_id, and area.id_width in the format.'
        ) if here else f'The source "{name}" has no row left that can be used in the study period.'  # fmt: skip
        raise DataError(msg)
    for kind, codes, what in (
        ("no outline", here - drawn, "areas of the table that are not in the area file and have no place"),
        ("no rows", drawn - here, "areas of the area file without a row in the table (missing, not zero)"),
    ):
        if codes:
            save_note(connection, name, QualityNote(kind, 0, 0, f"{what}: {len(codes):,}, {_listed(codes)}"))


def _note_values(connection: duckdb.DuckDBPyConnection, source: str, input_format: Format) -> None:
    """Say how many counts are intervals, and how many of all possible ones are not there."""
    table = _TABLES[input_format.kind]
    if input_format.kind == "area_table":
        count = connection.execute(
            "SELECT count(*) FROM tidy.area_value WHERE source = ? AND low < high", [source]
        ).fetchall()[0][0]
        if count:
            sentence = "the number is suppressed or rounded, and kept as the least and the most it can be"
            save_note(connection, source, QualityNote("interval", count, 0, sentence))
    first, last, areas, groups, held = connection.execute(
        f"""SELECT min(since), max(until), count(DISTINCT area), count(DISTINCT category), count(*)
        FROM tidy.{table} WHERE source = ?""",
        [source],
    ).fetchall()[0]
    if first is None:
        return
    possible = areas * groups * _steps(Period(first, last), input_format.rules.unit)
    if held < possible:
        sentence = (
            "cells of area, period and category between the first and the last period without a value (missing, not zero): "
            f"{possible - held:,} of {possible:,}"
        )
        save_note(connection, source, QualityNote("missing", 0, 0, sentence))


def _steps(span: Period, unit: str) -> int:
    """Return how many periods of a unit follow one another in a span."""
    if unit not in _STEPS:
        return span.days // (7 if unit == "week" else 1)
    count, day = 0, span.start
    while day < span.end:
        count, day = count + 1, add_months(day, _STEPS[unit])
    return count


def _listed(codes: set[str]) -> str:
    ordered = sorted(codes)
    named = ", ".join(f'"{code}"' for code in ordered[:_NAMED])
    return named + (f" and {len(ordered) - _NAMED:,} more" if len(ordered) > _NAMED else "")
