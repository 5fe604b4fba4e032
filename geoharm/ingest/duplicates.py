"""Rows of one event: those that repeat another row, and earlier versions of a row that a later file has."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date

import numpy as np

from geoharm._text import fold_name
from geoharm.engines.base import Columns, Engine
from geoharm.errors import QualityError
from geoharm.ingest.formats.schema import DUPLICATE_VERSIONS
from geoharm.ingest.rule import AFTER_PERIOD_REASON, BEFORE_PERIOD_REASON, ReadRule
from geoharm.model.ledger import QualityNote
from geoharm.queries.events import all_rows
from geoharm.queries.stored import StoredFile, StoredSource

BETWEEN_FILES, ALWAYS, NEVER = DUPLICATE_VERSIONS
_COLUMNS = ("part", "line", "of_part", "of_line", "place", "category")
# Parts of a file's name that are a date: a day, a month, a quarter or a year, not inside a longer number.
_NAMED_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d\d)(?:[-_. ]?[qQ]([1-4])(?!\d)|[-_. ]?(0[1-9]|1[0-2])(?:[-_. ]?(0[1-9]|[12]\d|3[01]))?(?!\d)|(?!\d))"
)
# A file that goes on "to present" bears no date of its own.
_OPEN_END = re.compile(r"(?i)(?<![a-z])(present|current|latest|today|to[-_ ]?date|now)(?![a-z])")


def named_date(name: str) -> date | None:
    """Return the last day of the latest date in a file's name; None if it names none, or has no end.

    Examples
    --------
    >>> named_date("2020-05/2020-05-merseyside-street.csv"), named_date("export 2018-2020.csv"), named_date("a20200315.csv")
    (datetime.date(2020, 5, 31), datetime.date(2020, 12, 31), datetime.date(2020, 3, 15))
    >>> named_date("calls.csv"), named_date("crimes_2001_to_present.csv"), named_date("case-12020.csv")
    (None, None, None)
    """
    if _OPEN_END.search(name):
        return None
    ends = []
    for year, quarter, month, day in _NAMED_DATE.findall(name):
        last_month = int(quarter) * 3 if quarter else int(month or 12)
        last_day = monthrange(int(year), last_month)[1]
        ends.append(date(int(year), last_month, min(int(day), last_day) if day else last_day))
    return max(ends, default=None)


def file_ranks(files: Sequence[StoredFile], order: Sequence[str]) -> list[int]:
    """Return the rank of each file among the versions of its source: the latest has the highest, 0 stands for unknown.

    Parameters
    ----------
    files : sequence of StoredFile
    order : sequence of str
        The files' names from oldest to latest, if the study states it; else the dates in their names decide.
    """
    if order:
        return [1 + list(order).index(file.name) for file in files]
    dates = [named_date(file.name) for file in files]
    known = sorted({day for day in dates if day})
    return [1 + known.index(day) if day else 0 for day in dates]


def find_duplicates(
    engine: Engine,
    source: StoredSource,
    rule: ReadRule,
    spellings: Columns,
    order: Sequence[str],
    area_codes: Sequence[str] | None = None,
) -> tuple[Columns, list[QualityNote]]:
    """Return the rows that repeat an event or are an earlier version of it, and a note on the latter.

    - Rows of the same id, day, times, place and category are one event: the first by file and line is kept.
    - An id whose rows are not the same in all files that have it is in several versions, if rows of two files have one day, or
      one place and category. If not, it stands for different events (numbers that begin anew in every file), which all count. Those of the latest file are kept,
      all of them, since one id may stand for several offences. The latest is the one with the latest date of change, if the
      format names a column for it and every file states it; else the one with the latest date in its name; or the last one, if the study states the
      order of its files.
      A later version that is dated outside the study period stands for the earlier ones as well.
    - With `versions` "always", an id is one event in one file too, and only its latest row is kept, or the last one.

    Parameters
    ----------
    engine : Engine
    source : StoredSource
    rule : ReadRule
    spellings : mapping of str to ndarray
        The one name of each category code, from `source_spellings`.
    order : sequence of str
        The source's files from oldest to latest, if the study states it.
    area_codes : sequence of str, optional
        The code of the area of every place of the rule, empty for none, where events have no coordinates.

    Returns
    -------
    mapping of str to ndarray, shape (n,)
        part, line, of_part, of_line (the row that is kept instead), day, place, category.
    list of QualityNote

    Raises
    ------
    QualityError
        If ids are in several versions and the latest cannot be told.
    """
    none = {name: np.zeros(0, dtype=np.int64) for name in _COLUMNS} | {"day": np.zeros(0, dtype="datetime64[D]")}
    if rule.input_format.duplicate_rule != "id":
        return none, []
    # Sorting the hashes finds the few that occur twice in little time and memory.
    ids = f"SELECT r.id FROM {all_rows(engine, source)} AS r WHERE r.id IS NOT NULL AND {_is_readable(rule)}"
    hashes = np.array(engine.columns(ids)["id"], dtype=np.int64, copy=None)
    hashes.sort()
    repeated = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    if not repeated.size:
        return none, []
    versions = rule.input_format.versions
    places = f"(SELECT place, longitude AS at_1, latitude AS at_2 FROM {engine.table(f'place_{rule.name}')} AS q)"
    if area_codes is not None:
        places = "(SELECT place, CASE WHEN code <> '' THEN code END AS at_1, 0 AS at_2 FROM area_code AS q)"
    rows = f"({_rows_with_versions(engine, source, rule, places)})"
    tables: dict[str, Columns] = {
        "repeated": {"id": repeated},
        "spelling": {name: spellings[name] for name in ("category", "name")},
        "file_order": {
            "part": np.array(source.parts, dtype=np.int32),
            "position": np.arange(len(source.files)),
            "edition": np.array(file_ranks(source.files, order)),
        },
    }
    if area_codes is not None:
        codes = [fold_name(code) for code in area_codes]
        tables["area_code"] = {"place": np.arange(len(codes)), "code": np.array(codes, dtype=np.object_)}
    seen = engine.columns(_duplicates_sql(rows, versions), tables=tables)
    if versions != NEVER:
        _refuse_undecided(source, seen)
    kept = seen["kept"] == 1
    is_duplicate = kept & (seen["nth"] > 1)
    notes = []
    if older := int(seen["older"][is_duplicate].sum()):
        sentence = (
            "are earlier versions of an event, with the same id as rows of a later file or line, which count instead"
        )
        notes.append(QualityNote("earlier versions", older, 0, sentence))
    unlike = int((kept & (seen["repeats"] == 1) & (seen["differs"] == 0)).sum())
    if versions == BETWEEN_FILES and unlike:
        sentence = "have an id that stands in several files for another day and place or category: each counts as an event of its own"
        notes.append(QualityNote("ids of different events", unlike, 0, sentence))
    return {name: seen[name][is_duplicate] for name in (*_COLUMNS, "day")}, notes


def _rows_with_versions(engine: Engine, source: StoredSource, rule: ReadRule, places: str) -> str:
    """Return SQL for the rows of repeated ids, each with what it takes to tell the versions apart.

    `places` is SQL for what says where each place is: two coordinates, or the code of an area and nothing.

    ``differs``: whether the rows of the id are not the same in every file that has it, and some of two files have one day, or one
    place and category. ``repeats``: the same without that condition. ``is_current``: whether the row's file has
    the id's latest date of change. ``is_latest``: whether it is also the latest of such files.
    """
    content = "r.id, r.day, r.times, p.at_1, p.at_2, c.name"
    rows = f"""
        SELECT r.part, r.line, r.day, r.place, r.category, r.id, r.updated, r.fault, p.at_1, p.at_2, c.name, o.position, o.edition,
            dense_rank() OVER (ORDER BY {content}) AS content
        FROM {all_rows(engine, source)} AS r
        JOIN repeated AS i ON i.id = r.id
        JOIN file_order AS o ON o.part = r.part
        JOIN {places} AS p ON p.place = r.place
        JOIN spelling AS c ON c.category = r.category
        WHERE {_is_readable(rule)}
    """
    counted = f"""
        SELECT a.*, max(updated) OVER (PARTITION BY id, part) AS changed,
            CASE WHEN row_number() OVER (PARTITION BY id, part ORDER BY line) = 1 THEN 1 ELSE 0 END AS first_of_file,
            CASE WHEN row_number() OVER (PARTITION BY content, part ORDER BY line) = 1 THEN 1 ELSE 0 END AS first_of_content,
            CASE WHEN row_number() OVER (PARTITION BY id, day, part ORDER BY line) = 1 THEN 1 ELSE 0 END AS first_of_day,
            CASE WHEN at_1 IS NOT NULL AND row_number() OVER (PARTITION BY id, at_1, at_2, name, part ORDER BY line) = 1
                THEN 1 ELSE 0 END AS first_of_place
        FROM ({rows}) AS a
    """
    compared = f"""
        SELECT b.*, max(changed) OVER (PARTITION BY id) AS last_change,
            sum(CASE WHEN changed IS NULL THEN 1 ELSE 0 END) OVER (PARTITION BY id) AS no_change, sum(first_of_file) OVER (PARTITION BY id) AS files,
            sum(first_of_content) OVER (PARTITION BY content) AS files_with_content,
            sum(first_of_day) OVER (PARTITION BY id, day) AS files_with_day,
            sum(first_of_place) OVER (PARTITION BY id, at_1, at_2, name) AS files_with_place
        FROM ({counted}) AS b
    """
    current = f"""
        SELECT d.*, CASE WHEN no_change > 0 OR changed = last_change THEN 1 ELSE 0 END AS is_current,
            CASE WHEN min(files_with_content) OVER (PARTITION BY id) < files AND (max(files_with_day) OVER (PARTITION BY id) > 1
                OR max(files_with_place) OVER (PARTITION BY id) > 1) THEN 1 ELSE 0 END AS differs,
            CASE WHEN min(files_with_content) OVER (PARTITION BY id) < files THEN 1 ELSE 0 END AS repeats
        FROM ({compared}) AS d
    """
    return f"""
        SELECT e.*, CASE WHEN is_current = 1
            AND edition = max(CASE WHEN is_current = 1 THEN edition ELSE 0 END) OVER (PARTITION BY id) THEN 1 ELSE 0 END AS is_latest
        FROM ({current}) AS e
    """


def _is_readable(rule: ReadRule) -> str:
    """Return the SQL condition that a row is kept, or rejected only for its day: a later version may lie outside the period."""
    outside = [
        str(fault.number) for fault in rule.faults() if fault.reason in (BEFORE_PERIOD_REASON, AFTER_PERIOD_REASON)
    ]
    return f"(r.fault IS NULL OR r.fault IN ({', '.join(outside)}))"


def _duplicates_sql(rows: str, versions: str) -> str:
    """Return SQL for the rows that are not counted, and all of ids whose rows differ between files; see `_rows_with_versions`.

    ``nth`` above 1: another row, ``of_part`` and ``of_line``, counts instead. ``older`` is 1 for an earlier version of it.
    """
    if versions == ALWAYS:
        latest_first = (
            "is_latest DESC, CASE WHEN updated IS NULL THEN 1 ELSE 0 END, updated DESC, position DESC, line DESC"
        )
        kept = f"OVER (PARTITION BY id ORDER BY {latest_first})"
        numbered = f"""
            SELECT v.*, row_number() {kept} AS nth, first_value(part) {kept} AS of_part, first_value(line) {kept} AS of_line,
                CASE WHEN content <> first_value(content) {kept} THEN 1 ELSE 0 END AS older
            FROM {rows} AS v
        """
    else:
        older = "0" if versions == NEVER else "CASE WHEN differs = 1 AND is_latest = 0 THEN 1 ELSE 0 END"
        same = "OVER (PARTITION BY older, content ORDER BY position, line)"
        latest = "OVER (PARTITION BY id ORDER BY older, position, line)"
        numbered = f"""
            SELECT f.*, CASE WHEN older = 1 THEN 2 ELSE row_number() {same} END AS nth,
                CASE WHEN older = 1 THEN first_value(part) {latest} ELSE first_value(part) {same} END AS of_part,
                CASE WHEN older = 1 THEN first_value(line) {latest} ELSE first_value(line) {same} END AS of_line
            FROM (SELECT v.*, {older} AS older FROM {rows} AS v) AS f
        """
    return f"""
        SELECT part, line, of_part, of_line, day, place, category, older, nth, id, position, edition, repeats, differs,
            is_current, is_latest, CASE WHEN fault IS NULL THEN 1 ELSE 0 END AS kept
        FROM ({numbered}) AS numbered WHERE (nth > 1 AND fault IS NULL) OR repeats = 1 ORDER BY position, line
    """


def _refuse_undecided(source: StoredSource, seen: Columns) -> None:
    """Refuse a source if an id is in several versions and it cannot be told which is the latest."""
    may_be_latest = (
        (seen["differs"] == 1) & (seen["is_current"] == 1) & ((seen["is_latest"] == 1) | (seen["edition"] == 0))
    )
    ids, number = np.unique(seen["id"][may_be_latest], return_inverse=True)
    position, kept = seen["position"][may_be_latest], seen["kept"][may_be_latest]
    first, last, counted = np.full(ids.size, len(source.files)), np.full(ids.size, -1), np.zeros(ids.size)
    np.minimum.at(first, number, position)
    np.maximum.at(last, number, position)
    np.add.at(counted, number, kept)
    undecided = np.flatnonzero((first < last) & (counted > 0))
    if not undecided.size:
        return
    names = [source.files[int(side[undecided[0]])].name for side in (first, last)]
    msg = (
        f'{undecided.size:,} ids of "{source.source}" stand in several files with different content (one in "{names[0]}" and '
        f'"{names[1]}"), and it cannot be told which is the later version: put a date into the files\' names, or list the files '
        "from oldest to latest and write oldest_first = true in the source, or name the column with the date of the last change as "
        'updated under [columns] of the format; or write versions = "never" under [duplicates] if they are separate events.'
    )
    raise QualityError(msg)
