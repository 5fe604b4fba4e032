"""The tables: the only importer of duckdb. Files become rows, rows become a balanced ledger, points and counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from geoharm.model import Period, SourceLedger, StudyArea
from geoharm.store.check import Looked, check_input, look_at, one_input
from geoharm.store.connection import Store, open_store
from geoharm.store.formats import Format, format_text, parse_format, read_format, shipped
from geoharm.store.guess import Guess, guess_events, guess_format
from geoharm.store.guess_tables import guess_table
from geoharm.store.head import Head, read_head
from geoharm.store.inputs import Input, find_inputs
from geoharm.store.ledger import source_ledger
from geoharm.store.nights import night_counts
from geoharm.store.panel import unit_panel
from geoharm.store.purge import events_since, purge
from geoharm.store.recognise import recognise
from geoharm.store.reduce import (
    categories,
    cell_counts,
    dated_points,
    points,
    reduce_zones,
    stated_weights,
    whole_period,
    zone_counts,
    zone_of,
)
from geoharm.store.rhythm import hour_weekday, timed_points
from geoharm.store.save import save_effects
from geoharm.store.settle import settle_source
from geoharm.store.sheets import sheet_texts
from geoharm.store.sites import sites
from geoharm.store.streets import streets
from geoharm.store.table_sources import area_counts, ingest_table, survey_estimates, table_categories
from geoharm.store.tidy import LoadRule, forget_file, load_file

__all__ = [
    "Format",
    "Guess",
    "Head",
    "Input",
    "Looked",
    "Store",
    "area_counts",
    "categories",
    "cell_counts",
    "check_input",
    "dated_points",
    "events_since",
    "find_inputs",
    "format_text",
    "guess_events",
    "guess_format",
    "guess_table",
    "hour_weekday",
    "ingest_source",
    "ingest_table",
    "look_at",
    "night_counts",
    "one_input",
    "open_store",
    "parse_format",
    "points",
    "purge",
    "read_format",
    "read_head",
    "recognise",
    "reduce_zones",
    "save_effects",
    "sheet_texts",
    "shipped",
    "sites",
    "stated_weights",
    "streets",
    "survey_estimates",
    "table_categories",
    "timed_points",
    "unit_panel",
    "whole_period",
    "zone_counts",
    "zone_of",
]


def ingest_source(
    store: Store,
    source: str,
    *,
    layout: Format,
    files: Sequence[Input],
    area: StudyArea,
    period: Period,
    covers: Period | None = None,
    on_file: Callable[[str], None] | None = None,
) -> SourceLedger:
    """Read a source's files into the database and return the balanced ledger.

    Files read before under the same rules are left alone; files no longer listed are removed.

    Parameters
    ----------
    store : Store
    source : str
    layout : Format
    files : sequence of Input
    area : StudyArea
    period : Period
    covers : Period, optional
        The days the files cover, where the first and last event do not tell.
    on_file : callable
        Called with each file's name once it is done.

    Raises
    ------
    DataError, GateError
        With one sentence; the file in question has changed nothing.
    """
    rule = LoadRule(source, layout, area, period)
    listed = {one.name for one in files}
    with store.transaction() as connection:
        held = connection.execute("SELECT file FROM tidy.file WHERE source = ?", [source]).fetchall()
        for (name,) in held:
            if name not in listed:
                forget_file(connection, source, name)
    for one in files:
        load_file(store, one, rule)
        if on_file:
            on_file(one.name)
    settle_source(store, source, layout, area, covers)
    return source_ledger(store, source, layout)
