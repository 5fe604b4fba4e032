"""What is stored of each source: its files in order, and the name of the tables that were made from all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pyarrow as pa

from geoharm.engines.base import Engine
from geoharm.errors import DataError
from geoharm.model.period import Period

# What a file's partition holds and what the codes of a rule are: tables with parts, called ``<table>_<rule>``. And what is
# made from all files of a source together: ``<table>_<state>``.
PARTITION_TABLES = ("row", "fault", "file_note")
CODE_TABLES = ("place", "category")
STATE_TABLES = (
    "spelling", "spot", "duplicate", "tally", "note", "default_geocode", "recovered", "street_point", "unplaced_street",
    "area", "area_of_place", "area_value", "survey_value", "site", "street_line", "street_segment", "address_point", "placing",
    "value_reject", "value_duplicate",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a source.

    Attributes
    ----------
    name, sha256 : str
    part : int
        The number of its part of the tables of its rule: its partition. -1 for a source that holds no events.
    read : int
        All its rows.
    """

    name: str
    sha256: str
    part: int
    read: int


@dataclass(frozen=True, slots=True)
class StoredSource:
    """One source.

    Attributes
    ----------
    source, kind : str
        Its name in the study; "event", or the kind of a source that holds no events.
    state : str
        The name of the tables made from all its files: a fingerprint of the files and of every rule.
    crs : str
        The study's coordinate system.
    files : tuple of StoredFile
        In order of their names.
    rule : str
        The name of the rule by which its files were read. It and all below are of events only.
    columns : tuple of str
        Further columns of its rows: weight, id, times, clock, clock_end, as far as the format fills them.
    precision : str
    covers : Period or None
        The days that the study says the files cover.
    unknown_hours : tuple of int
        Full hours that stand for "time not known".
    duplicates : int
        Rows that repeat an earlier event.
    """

    source: str
    kind: str
    state: str
    crs: str
    files: tuple[StoredFile, ...]
    rule: str = ""
    columns: tuple[str, ...] = ()
    precision: str = ""
    covers: Period | None = None
    unknown_hours: tuple[int, ...] = ()
    duplicates: int = 0

    @property
    def parts(self) -> tuple[int, ...]:
        """The part of each file."""
        return tuple(file.part for file in self.files)


def state_of(*identity: object) -> str:
    """Return a hash, in 16 hexadecimal digits, of all that decides about a table: it names the table."""
    return hashlib.sha256(repr(identity).encode()).hexdigest()[:16]


def stored_sources(engine: Engine) -> dict[str, StoredSource]:
    """Return every stored source by its name."""
    if "source" not in engine.names():
        return {}
    files: dict[str, list[StoredFile]] = {}
    for source, *columns in engine.rows(
        f"SELECT source, name, sha256, part, read FROM {engine.table('file')} AS f ORDER BY source, position"
    ):
        files.setdefault(source, []).append(StoredFile(*columns))
    rows = engine.rows(
        f"""
        SELECT source, kind, state, rule, crs, columns, timing, covers_from, covers_to, unknown_hours, duplicates
        FROM {engine.table("source")} AS s ORDER BY source
        """
    )
    return {
        source: StoredSource(
            source,
            kind,
            state,
            crs,
            tuple(files.get(source, ())),
            rule,
            tuple(columns.split()),
            precision,
            Period(start, end) if start is not None else None,
            tuple(int(hour) for hour in hours.split()),
            int(duplicates),
        )
        for source, kind, state, rule, crs, columns, precision, start, end, hours, duplicates in rows
    }


def stored_source(engine: Engine, source: str) -> StoredSource:
    """Return one stored source.

    Raises
    ------
    DataError
        If there is none of that name.
    """
    found = stored_sources(engine).get(source)
    if found is None:
        msg = f'The database has no source "{source}"; run the study first.'
        raise DataError(msg)
    return found


def save_source(engine: Engine, source: StoredSource) -> None:
    """Add a source to the stored ones, in place of an older one of that name, and drop what no source refers to any more.

    It is called inside a swap.
    """
    sources = stored_sources(engine) | {source.source: source}
    _write(engine, [sources[name] for name in sorted(sources)])
    for name, part in _unused(engine, sources.values()):
        engine.drop(name, part)


def drop_unused(engine: Engine) -> None:
    """Drop what no source refers to: partitions of files that were read before a run broke off, and taken away since."""
    unused = _unused(engine, stored_sources(engine).values())
    if unused:
        with engine.swap():
            for name, part in unused:
                engine.drop(name, part)


def _unused(engine: Engine, sources: Collection[StoredSource]) -> list[tuple[str, int | None]]:
    """Return the tables, and the parts of tables, that no source refers to."""
    used = {f"{table}_{one.state}" for one in sources for table in STATE_TABLES}
    parts: dict[str, set[int]] = {}
    for one in sources:
        parts.setdefault(one.rule, set()).update(one.parts)
    unused: list[tuple[str, int | None]] = []
    for name in sorted(engine.names()):
        table = next((t for t in (*PARTITION_TABLES, *CODE_TABLES, *STATE_TABLES) if name.startswith(f"{t}_")), "")
        rule = name.removeprefix(f"{table}_")
        if table in PARTITION_TABLES and rule in parts:
            unused += [(name, number) for number in engine.parts(name).values() if number not in parts[rule]]
        elif table and not (table in CODE_TABLES and rule in parts) and name not in used:
            unused.append((name, None))
    return unused


def _write(engine: Engine, sources: Sequence[StoredSource]) -> None:
    source_columns = {
        "source": pa.array([stored.source for stored in sources], pa.string()),
        "kind": pa.array([stored.kind for stored in sources], pa.string()),
        "state": pa.array([stored.state for stored in sources], pa.string()),
        "rule": pa.array([stored.rule for stored in sources], pa.string()),
        "crs": pa.array([stored.crs for stored in sources], pa.string()),
        "columns": pa.array([" ".join(stored.columns) for stored in sources], pa.string()),
        "timing": pa.array([stored.precision for stored in sources], pa.string()),
        "covers_from": pa.array([stored.covers and stored.covers.start for stored in sources], pa.date32()),
        "covers_to": pa.array([stored.covers and stored.covers.end for stored in sources], pa.date32()),
        "unknown_hours": pa.array([" ".join(map(str, stored.unknown_hours)) for stored in sources], pa.string()),
        "duplicates": pa.array([stored.duplicates for stored in sources], pa.int64()),
    }
    files = [(stored.source, position, file) for stored in sources for position, file in enumerate(stored.files)]
    file_columns = {
        "source": pa.array([source for source, _, _ in files], pa.string()),
        "position": pa.array([position for _, position, _ in files], pa.int32()),
        "name": pa.array([file.name for _, _, file in files], pa.string()),
        "sha256": pa.array([file.sha256 for _, _, file in files], pa.string()),
        "part": pa.array([file.part for _, _, file in files], pa.int32()),
        "read": pa.array([file.read for _, _, file in files], pa.int64()),
    }
    engine.write("source", pa.table(source_columns))
    engine.write("file", pa.table(file_columns))
