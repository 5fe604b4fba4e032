"""Read a file as a format says, without a study, and say what would become of its rows."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import shapely

from geoharm import _crs
from geoharm.engines.duckdb import open_engine
from geoharm.ingest.consolidate import consolidate_source
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.ledger import source_ledger
from geoharm.ingest.readers.input_files import InputFile, find_input_files
from geoharm.ingest.tables import ingest_table, table_categories
from geoharm.ingest.validate import LoadRule, load_file
from geoharm.model.geometry import StudyArea
from geoharm.model.ledger import SourceLedger
from geoharm.model.period import Period
from geoharm.model.study import Source
from geoharm.model.table_ledger import TableLedger
from geoharm.queries.counts import source_categories

# Any date that a record of a living city can have.
_EVER = Period(date(1900, 1, 1), date(2100, 1, 1))
# The whole of Web Mercator: places need not be measured here, only read.
_WORLD = StudyArea(shapely.box(-20_037_508, -20_048_966, 20_037_508, 20_048_966), _crs.MERCATOR)
_MOST = 12


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What files of events hold, read as a format says.

    Attributes
    ----------
    ledger : SourceLedger
    categories : mapping of str to int
        The most frequent first.
    middle : tuple of (float, float)
        Longitude and latitude that half of the located rows lie west and south of; nan without any.
    """

    ledger: SourceLedger
    categories: Mapping[str, int]
    middle: tuple[float, float]


def check_events(
    inputs: Sequence[InputFile], input_format: Format, folder: Path, on_file: Callable[[str], None] = lambda _: None
) -> FileCheck:
    """Read files of events into a database that is thrown away, and return what they hold.

    Raises
    ------
    DataError
        If one of them is refused.
    """
    with tempfile.TemporaryDirectory() as scratch, open_engine(Path(scratch) / "check.duckdb", inputs=folder) as store:
        rule = LoadRule("check", input_format, _WORLD, _EVER)
        for one in inputs:
            on_file(one.name)
            load_file(store, one, rule)
        consolidate_source(store, "check", input_format, _WORLD, None, measured=False)
        x, y = store.connection.execute(
            "SELECT median(x), median(y) FROM tidy.event WHERE source = 'check' AND place = 'inside'"
        ).fetchall()[0]
        middle = (math.nan, math.nan)
        if x is not None:
            lon, lat = _crs.transform([x], [y], source=_WORLD.crs, target=_crs.LONLAT)
            middle = (float(lon[0]), float(lat[0]))
        return FileCheck(source_ledger(store, "check", input_format), source_categories(store, "check"), middle)


def check_file(path: Path, input_format: Format) -> dict[str, Any]:
    """Return what became of the rows of one file (or archive), its dates, default geocodes and categories.

    Raises
    ------
    DataError
        If the file is refused.
    """
    inputs = find_input_files([path.name], path.parent, members=input_format.members)
    if input_format.kind != "event":
        with (
            tempfile.TemporaryDirectory() as folder,
            open_engine(Path(folder) / "check.duckdb", inputs=path.parent) as store,
        ):
            source = Source("check", input_format.kind, input_format.name, ())
            table = ingest_table(store, source, input_format=input_format, files=inputs, area=_WORLD, period=_EVER)
            return _about(table, input_format, table_categories(store, "check", input_format.kind))
    looked = check_events(inputs, input_format, path.parent)
    return _about(looked.ledger, input_format, looked.categories)


def _about(ledger: SourceLedger | TableLedger, input_format: Format, held: Mapping[str, int]) -> dict[str, Any]:
    span = ledger.coverage
    missing, codes = (ledger.missing_months, ledger.default_geocodes) if isinstance(ledger, SourceLedger) else ((), ())
    return {
        "format": input_format.name,
        "first_day": str(span.start) if span else "",
        "last_day": str(span.last) if span else "",
        "missing_months": [str(month)[:7] for month in missing],
        "files": [{"file": row.file, **row.balance(), "reasons": row.named_reasons()} for row in ledger.files],
        "default_geocodes": [{"rows": code.events, "addresses": code.addresses, "rule": code.reason} for code in codes],
        "notes": [note.named() for note in ledger.notes],
        "categories": dict(list(held.items())[:_MOST]),
    }
