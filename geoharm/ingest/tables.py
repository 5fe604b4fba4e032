"""Sources that hold no events: area tables, surveys, sites, street lines and addresses.

All files of a source are read together, since a value may be given twice; and again only if one of them, or a rule, has
changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from geoharm.engines.base import Engine, Scratch
from geoharm.errors import DataError
from geoharm.ingest.address_points import read_addresses, save_addresses
from geoharm.ingest.area_names import join_area_spellings
from geoharm.ingest.area_tables import consolidate_values, save_areas, stage_values, values_by_area
from geoharm.ingest.category_spelling import join_category_spellings
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.gone import gone_files
from geoharm.ingest.quality_notes import notes_table, source_notes
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.readers.staging import insert_rows
from geoharm.ingest.sites import read_sites, save_sites
from geoharm.ingest.streets import read_lines, save_streets
from geoharm.model.area_counts import AreaCounts
from geoharm.model.geometry import StudyArea
from geoharm.model.ledger import FileLedger, QualityNote
from geoharm.model.period import Period, add_months
from geoharm.model.study import Source
from geoharm.model.survey import SurveyEstimates
from geoharm.model.table_ledger import TableLedger
from geoharm.queries.stored import StoredFile, StoredSource, save_source, state_of, stored_source, stored_sources
from geoharm.queries.views import VALUE_TABLES, show_views

_VALUE = "file VARCHAR, line BIGINT, place VARCHAR, area VARCHAR, category VARCHAR, since DATE, until DATE"
_COLUMNS = {
    "area": "area VARCHAR, place VARCHAR, shape BLOB",
    "area_value": f"{_VALUE}, low BIGINT, high BIGINT",
    "survey_value": f"{_VALUE}, estimate DOUBLE, standard_error DOUBLE, error_from VARCHAR",
    "site": "file VARCHAR, line BIGINT, place VARCHAR, name VARCHAR, category VARCHAR, address VARCHAR, x DOUBLE, y DOUBLE",
    "street_line": "file VARCHAR, line BIGINT, place VARCHAR, part BIGINT, street VARCHAR, left_from INTEGER, left_to INTEGER, "
    "right_from INTEGER, right_to INTEGER",
    "street_segment": "file VARCHAR, line BIGINT, part BIGINT, nth BIGINT, x0 DOUBLE, y0 DOUBLE, x1 DOUBLE, y1 DOUBLE",
    "address_point": "file VARCHAR, line BIGINT, place VARCHAR, street VARCHAR, number INTEGER, until INTEGER, town VARCHAR, "
    "x DOUBLE, y DOUBLE",
    "value_reject": 'file VARCHAR, line BIGINT, "column" VARCHAR, reason VARCHAR',
    "value_duplicate": "file VARCHAR, line BIGINT, of_file VARCHAR, of_line BIGINT",
}
_TABLES_OF_KIND = {
    "area_table": ("area", "area_value"),
    "survey": ("area", "survey_value"),
    "site": ("site",),
    "streets": ("street_line", "street_segment"),
    "addresses": ("address_point",),
}
_MAX_CODES_SHOWN = 5
# The precision of a stored table without a period.
UNDATED = "undated"
_MONTHS_PER_UNIT = {"month": 1, "quarter": 3, "year": 12}


def ingest_table(
    engine: Engine,
    source: Source,
    *,
    input_format: Format,
    files: Sequence[InputFile],
    area: StudyArea,
    period: Period,
    on_gone: Callable[[str], None] | None = None,
) -> TableLedger:
    """Read a source that holds no events, and return its balanced ledger.

    Parameters
    ----------
    engine : Engine
    source : Source
        With its areas, if it has any.
    input_format : Format
    files : sequence of InputFile
    area : StudyArea
    period : Period
        Values of periods completely outside it are rejected.
    on_gone : callable
        Called with a sentence for each file that was there the last time and is there no more, under any name.

    Raises
    ------
    DataError, QualityError
        With one sentence; the source is then unchanged.
    """
    hashes = {input_file.name: input_file.sha256() for input_file in files}
    name, kind = source.name, input_format.kind
    written, input_format = input_format, _with_period(source, input_format, period)
    is_undated = input_format.rules.undated and source.covers is None
    state = _state(source, input_format, hashes, area, period)
    known = stored_sources(engine).get(name)
    if known is None or known.state != state:
        rows_read, notes = _read(engine, source, input_format, files, area, period)
        stored = [StoredFile(file, sha256, -1, rows_read[file]) for file, sha256 in hashes.items()]
        gone = gone_files(_file_ledgers(engine, known), stored) if known and known.kind in VALUE_TABLES else []
        known = StoredSource(
            name,
            kind,
            state,
            area.crs,
            tuple(sorted(stored, key=lambda file: file.name)),
            precision=UNDATED if is_undated else "",
        )
        with engine.swap():
            for table in (*_TABLES_OF_KIND[kind], "value_reject", "value_duplicate"):
                engine.write(f"{table}_{state}", f"FROM new_{table}")
            engine.write(f"note_{state}", notes_table(notes))
            save_source(engine, known)
            show_views(engine)
        if on_gone:
            for sentence in gone:
                on_gone(sentence)
    return _ledger(engine, known, written)


def _with_period(source: Source, input_format: Format, period: Period) -> Format:
    """Return the format of a table without a period with the days that the study states, else with the study period for all time."""
    if not input_format.rules.undated:
        return input_format
    return replace(input_format, rules=replace(input_format.rules, period=source.covers or period))


def _state(source: Source, input_format: Format, hashes: dict[str, str], area: StudyArea, period: Period) -> str:
    """Return a fingerprint of all that decides about the tables of a source."""
    areas = source.areas and source.areas.identity
    place = (area.crs, area.boundary.wkb_hex, period)
    return state_of(source.name, input_format.fingerprint(), sorted(hashes.items()), areas, place)


def _read(
    engine: Engine,
    source: Source,
    input_format: Format,
    files: Sequence[InputFile],
    area: StudyArea,
    period: Period,
) -> tuple[dict[str, int], list[QualityNote]]:
    """Read all files of a source into temporary tables, and return the rows of each file and the notes."""
    scratch, name = engine.scratch, source.name
    for table, columns in _COLUMNS.items():
        scratch.execute(f"CREATE OR REPLACE TEMP TABLE new_{table} ({columns})")
    if input_format.kind in ("area_table", "survey"):
        table = VALUE_TABLES[input_format.kind]
        rows_read, of_files = stage_values(engine, files, input_format, period)
        save_areas(scratch, name, source.areas, input_format, area)
        spelt = [*join_area_spellings(scratch, name), *join_category_spellings(scratch, "cell", kept="reason IS NULL")]
        consolidate_values(scratch, table)
        notes = [
            *of_files,
            *spelt,
            *_note_areas(scratch, source, input_format),
            *_note_values(scratch, input_format, source.covers),
        ]
    elif input_format.kind == "site":
        rows_read, sites, rejects, of_files = read_sites(engine, files, input_format)
        notes = [*of_files, *save_sites(scratch, name, sites, input_format, area)]
        reject_rows = [(row["file"], row["line"], row["column"], row["reason"]) for row in rejects]
        insert_rows(scratch, "new_value_reject", reject_rows)
    elif input_format.kind == "addresses":
        rows_read, of_files = read_addresses(engine, files, input_format, area, period)
        notes = [*of_files, *save_addresses(scratch, name)]
    else:
        lines = read_lines(files, input_format, area)
        rows_read = {input_file.name: sum(line.file == input_file.name for line in lines) for input_file in files}
        notes = save_streets(scratch, name, lines, area)
    table = VALUE_TABLES[input_format.kind]
    if not scratch.execute(f"SELECT count(*) FROM new_{table}").fetchall()[0][0]:
        msg = f'The source "{name}" has no row left that can be used in the study period.'
        raise DataError(msg)
    return rows_read, notes


def area_counts(engine: Engine, source: str, category: str = "all") -> AreaCounts:
    """Return the counts of one category of an area table; "all" is the category of a table without categories.

    Raises
    ------
    DataError
        If the table has no such category.
    """
    areas, periods, (low, high), shapes = values_by_area(
        engine, stored_source(engine, source), category, "area_value", ("low", "high")
    )
    is_dated = stored_source(engine, source).precision != UNDATED
    return AreaCounts(source, category, areas, periods, low, high, shapes, is_dated)


def survey_estimates(engine: Engine, source: str, input_format: Format, question: str = "all") -> SurveyEstimates:
    """Return the estimates of one question (a category) of a survey.

    Parameters
    ----------
    engine : Engine
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
    areas, periods, (estimate, error), shapes = values_by_area(
        engine, stored_source(engine, source), question, "survey_value", columns
    )
    return SurveyEstimates(source, question, input_format.rules.estimate_unit, areas, periods, estimate, error, shapes)


def table_categories(engine: Engine, source: str, kind: str) -> dict[str, int]:
    """Return a source's categories with their rows, the most frequent first; empty for street lines and addresses."""
    if kind in ("streets", "addresses"):
        return {}
    table = engine.table(f"{VALUE_TABLES[kind]}_{stored_source(engine, source).state}")
    rows = engine.rows(
        f"SELECT coalesce(category, ''), count(*) AS n FROM {table} AS t GROUP BY coalesce(category, '') ORDER BY n DESC, 1"
    )
    return {str(category): int(count) for category, count in rows}


def _ledger(engine: Engine, source: StoredSource, input_format: Format) -> TableLedger:
    coverage = None
    if source.kind in ("area_table", "survey") and source.precision != UNDATED:
        values = engine.table(f"{VALUE_TABLES[source.kind]}_{source.state}")
        coverage = Period(*engine.rows(f"SELECT min(since), max(until) FROM {values} AS v")[0])
    return TableLedger(
        source.source,
        source.kind,
        _file_ledgers(engine, source),
        coverage,
        input_format.attribution,
        input_format.fingerprint(),
        source_notes(engine, source),
    )


def _file_ledgers(engine: Engine, source: StoredSource) -> tuple[FileLedger, ...]:
    """Return the balance of every file of a source."""
    kept = engine.table(f"{VALUE_TABLES[source.kind]}_{source.state}")
    places: dict[str, dict[str, int]] = {}
    for file, place, rows in engine.rows(f"SELECT file, place, count(*) FROM {kept} AS v GROUP BY file, place"):
        places.setdefault(file, {})[place] = int(rows)
    duplicates = dict(
        engine.rows(f"SELECT file, count(*) FROM {engine.table(f'value_duplicate_{source.state}')} AS d GROUP BY file")
    )
    reasons: dict[str, list[tuple[str, int, int]]] = {}
    for file, column, reason, rows, line in engine.rows(
        f"""
        SELECT r.file, r.column, r.reason, count(*), min(r.line)
        FROM {engine.table(f"value_reject_{source.state}")} AS r GROUP BY r.file, r.column, r.reason
        """
    ):
        reasons.setdefault(file, []).append((f'"{column}" {reason}', int(rows), int(line)))
    return tuple(
        FileLedger(
            source.source,
            file.name,
            file.sha256,
            read=file.read,
            kept=sum(places.get(file.name, {}).values()),
            rejected=sum(rows for _, rows, _ in reasons.get(file.name, ())),
            duplicate=int(duplicates.get(file.name, 0)),
            inside=places.get(file.name, {}).get("inside", 0),
            outside=places.get(file.name, {}).get("outside", 0),
            default_geocode=0,
            no_place=places.get(file.name, {}).get("no place", 0),
            reasons=tuple(sorted(reasons.get(file.name, ()))),
        )
        for file in source.files
    )


def _note_areas(scratch: Scratch, source: Source, input_format: Format) -> list[QualityNote]:
    """Return notes on the areas of the table without an outline, and on the outlines without a row."""
    table, name = VALUE_TABLES[input_format.kind], source.name
    if input_format.rules.area:
        sentence = (
            f'the whole table is about one area, "{input_format.rules.area}", and stands for the study area as a whole'
        )
        return [QualityNote("one area", 0, 0, sentence)]
    if source.areas is None:
        sentence = "no area file was given, so its values cannot be counted for a zone"
        return [QualityNote("no area file", 0, 0, sentence)]
    notes = [QualityNote("area file", 0, 0, sentence) for sentence in source.areas.notes]
    table_areas, outlined_areas = (
        {row[0] for row in scratch.execute(f"SELECT DISTINCT area FROM new_{listed}").fetchall()}
        for listed in (table, "area")
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
            notes.append(QualityNote(kind, 0, 0, f"{description}: {len(codes):,}, {_quoted_list(codes)}"))
    return notes


def _note_values(scratch: Scratch, input_format: Format, covers: Period | None) -> list[QualityNote]:
    """Return notes on how many counts are intervals, and how many of all possible values are missing."""
    table = VALUE_TABLES[input_format.kind]
    notes: list[QualityNote] = []
    if input_format.rules.undated and not covers:
        sentence = "the table has no period: it is mapped, and is in no comparison of before and after; name its days under covers if they are known"
        notes.append(QualityNote("no period", 0, 0, sentence))
    if input_format.kind == "area_table":
        count = scratch.execute("SELECT count(*) FROM new_area_value WHERE low < high").fetchall()[0][0]
        if count:
            sentence = "the number is suppressed or rounded, and kept as an interval from its lowest to its highest possible value"
            notes.append(QualityNote("interval", count, 0, sentence))
    first, last, areas, categories, present = scratch.execute(
        f"""SELECT min(since), max(until), count(DISTINCT area), count(DISTINCT category), count(*)
        FROM new_{table}"""
    ).fetchall()[0]
    if first is None:
        return notes
    periods = 1 if input_format.rules.period else _count_periods(Period(first, last), input_format.rules.unit)
    possible = areas * categories * periods
    if present < possible:
        sentence = (
            "cells of area, period and category between the first and the last period without a value (missing, not zero): "
            f"{possible - present:,} of {possible:,}"
        )
        notes.append(QualityNote("missing", 0, 0, sentence))
    return notes


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
