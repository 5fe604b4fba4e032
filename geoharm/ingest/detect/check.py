"""Read a file by a format, without a study, and report what would happen to its rows."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geoharm import _crs
from geoharm.engines.duckdb import open_engine
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.readers.input_files import InputFile, find_input_files
from geoharm.ingest.sites import source_sites
from geoharm.ingest.tables import ingest_table, table_categories
from geoharm.model.geometry import StudyArea
from geoharm.model.ledger import SourceLedger
from geoharm.model.located_events import LocatedEvents
from geoharm.model.period import Period
from geoharm.model.study import Source
from geoharm.model.table_ledger import TableLedger
from geoharm.queries.counts import source_categories
from geoharm.queries.located_events import located_events

# The period is wide enough that no plausible date is rejected.
_ANY_DATE = Period(date(1900, 1, 1), date(2100, 1, 1))
# The whole extent of Web Mercator: coordinates are only read here, no distance is measured.
_WORLD = StudyArea(shapely.box(-20_037_508, -20_048_966, 20_037_508, 20_048_966), _crs.MERCATOR)
_MAX_CATEGORIES = 12
_LEAST_SIDE = 0.01


@dataclass(frozen=True, slots=True)
class LocationSpread:
    """Where the located rows of files lie.

    Attributes
    ----------
    west, south, east, north : float
        The box of the middle 98 % of rows, in degrees, each coordinate by itself.
    far : int
        Rows further beyond the box than it is wide or high.
    rows : int
        Located rows.
    """

    west: float
    south: float
    east: float
    north: float
    far: int
    rows: int


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What files of events contain, read by one format.

    Attributes
    ----------
    ledger : SourceLedger
    categories : mapping of str to int
        Rows by category, the most frequent first.
    median_location : tuple of (float, float)
        Median longitude and median latitude of the located rows; nan if there are none.
    spread : LocationSpread or None
        None if no row is located.
    events : LocatedEvents
        Where and when they are.
    """

    ledger: SourceLedger
    categories: Mapping[str, int]
    median_location: tuple[float, float]
    spread: LocationSpread | None
    events: LocatedEvents


def check_events(
    inputs: Sequence[InputFile], input_format: Format, folder: Path, on_file: Callable[[str], None] = lambda _: None
) -> FileCheck:
    """Read files of events into a temporary database, and return what they contain.

    Parameters
    ----------
    inputs : sequence of InputFile
    input_format : Format
    folder : Path
        The only folder whose files the database may read.
    on_file : callable
        Called with the name of each file after it was read.

    Raises
    ------
    DataError
        If one of the files is refused.
    """
    with tempfile.TemporaryDirectory() as scratch, open_engine(Path(scratch) / "check.duckdb", inputs=folder) as engine:
        ledger = ingest_events(
            engine,
            "check",
            input_format=input_format,
            files=inputs,
            area=_WORLD,
            period=_ANY_DATE,
            measured=False,
            on_file=on_file,
        )
        events = located_events(engine, "check")
        middle, spread = (math.nan, math.nan), None
        if events.longitude.size:
            rows = events.at_places().astype(np.int64)
            lon, lat = np.repeat(events.longitude, rows), np.repeat(events.latitude, rows)
            middle, spread = (float(np.median(lon)), float(np.median(lat))), _spread(lon, lat)
        return FileCheck(ledger, source_categories(engine, "check"), middle, spread, events)


def check_places(inputs: Sequence[InputFile], input_format: Format, folder: Path) -> tuple[TableLedger, LocatedEvents]:
    """Read lists of places into a temporary database, and return their ledger and where they lie.

    Each place counts once, on a day that means nothing.

    Parameters
    ----------
    inputs : sequence of InputFile
    input_format : Format
        Of kind "site".
    folder : Path
        The only folder whose files the database may read.

    Raises
    ------
    DataError
        If one of the files is refused.
    """
    source = Source("check", input_format.kind, input_format.name, ())
    with tempfile.TemporaryDirectory() as scratch, open_engine(Path(scratch) / "check.duckdb", inputs=folder) as engine:
        ledger = ingest_table(engine, source, input_format=input_format, files=inputs, area=_WORLD, period=_ANY_DATE)
        sites = source_sites(engine, "check")
    x, y = np.array([(site.x, site.y) for site in sites], dtype=np.float64).reshape(-1, 2).T
    longitude, latitude = _crs.transform(x, y, source=_WORLD.crs, target=_crs.LONLAT)
    categories = tuple(dict.fromkeys(site.category for site in sites))
    located = LocatedEvents(
        longitude,
        latitude,
        ("",) * len(sites),
        np.arange(len(sites)),
        np.full(len(sites), np.datetime64(_ANY_DATE.start, "D")),
        np.array([categories.index(site.category) for site in sites], dtype=np.int64),
        np.ones(len(sites)),
        categories,
    )
    return ledger, located


def _spread(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> LocationSpread:
    (west, east), (south, north) = (np.percentile(axis, (1, 99)) for axis in (lon, lat))
    # A box of one place still has a width: a hundredth of a degree is about a kilometre.
    width, height = max(east - west, _LEAST_SIDE), max(north - south, _LEAST_SIDE)
    far = (lon < west - width) | (lon > east + width) | (lat < south - height) | (lat > north + height)
    return LocationSpread(float(west), float(south), float(east), float(north), int(far.sum()), len(lon))


def check_file(path: Path, input_format: Format) -> dict[str, Any]:
    """Return what happened to the rows of one file or archive, its dates, default geocodes and categories.

    Raises
    ------
    DataError
        If the file is refused.
    """
    inputs = find_input_files([path.name], path.parent, members=input_format.members)
    if input_format.kind != "event":
        with (
            tempfile.TemporaryDirectory() as folder,
            open_engine(Path(folder) / "check.duckdb", inputs=path.parent) as engine,
        ):
            source = Source("check", input_format.kind, input_format.name, ())
            ledger = ingest_table(
                engine, source, input_format=input_format, files=inputs, area=_WORLD, period=_ANY_DATE
            )
            return _summary(ledger, input_format, table_categories(engine, "check", input_format.kind), None)
    check = check_events(inputs, input_format, path.parent)
    return _summary(check.ledger, input_format, check.categories, check.spread)


def _summary(
    ledger: SourceLedger | TableLedger,
    input_format: Format,
    categories: Mapping[str, int],
    spread: LocationSpread | None,
) -> dict[str, Any]:
    span = ledger.coverage
    missing, geocodes = (
        (ledger.missing_months, ledger.default_geocodes) if isinstance(ledger, SourceLedger) else ((), ())
    )
    return {
        "format": input_format.name,
        "first_day": str(span.start) if span else "",
        "last_day": str(span.last) if span else "",
        "missing_months": [str(month)[:7] for month in missing],
        "files": [
            {"file": file_ledger.file, **file_ledger.row_counts(), "reasons": file_ledger.reason_records()}
            for file_ledger in ledger.files
        ],
        "default_geocodes": [
            {"rows": geocode.events, "addresses": geocode.addresses, "rule": geocode.reason} for geocode in geocodes
        ],
        "places": None if spread is None else asdict(spread),
        "notes": [note.record() for note in ledger.notes],
        "categories": dict(list(categories.items())[:_MAX_CATEGORIES]),
    }
