"""Consolidate a source: the steps that need all of its files together.

They find duplicates and default geocodes, decide for each place whether it lies in the study area, and count the rows of
every fate. Rows stay where they are: an event is a row that is neither rejected nor a duplicate, at the place of its code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geoharm._text import shown
from geoharm.engines.base import Columns, Engine, Scratch
from geoharm.errors import QualityError
from geoharm.geo.point_in_polygon import locate_points
from geoharm.ingest.area_events import place_by_area, read_area_codes
from geoharm.ingest.category_spelling import note_renamed, source_spellings, spelling_table
from geoharm.ingest.duplicates import find_duplicates
from geoharm.ingest.geocoding.default_geocodes import find_default_geocodes
from geoharm.ingest.geocoding.gazetteer import Gazetteer
from geoharm.ingest.geocoding.place_rows import place_rows
from geoharm.ingest.parse import row_columns
from geoharm.ingest.quality import note_source
from geoharm.ingest.quality_notes import notes_table
from geoharm.ingest.reach import places_out_of_reach
from geoharm.ingest.rule import ReadRule
from geoharm.ingest.spots import DEFAULT_GEOCODE, INSIDE, KINDS, NO_PLACE, OUTSIDE, Spots
from geoharm.ingest.times_of_day import unknown_times
from geoharm.model.area_counts import Areas
from geoharm.model.ledger import AMBIGUOUS, NO_ADDRESS, NOT_FOUND, QualityNote
from geoharm.model.period import Period
from geoharm.queries.events import category_names, kept_rows
from geoharm.queries.renamed_categories import renamed_categories
from geoharm.queries.stored import StoredFile, StoredSource, save_source, state_of, stored_sources
from geoharm.queries.views import show_views

_TALLY = pa.schema([
    ("part", pa.int32()), ("fate", pa.string()), ("day", pa.date32()), ("category", pa.string()), ("kind", pa.string()),
    ("recovered", pa.bool_()), ("fault", pa.int16()), ("rows", pa.int64()), ("first_line", pa.int64()),
])  # fmt: skip


def consolidate_source(
    engine: Engine,
    source: str,
    rule: ReadRule,
    files: Sequence[StoredFile],
    covers: Period | None,
    *,
    order: Sequence[str] = (),
    measured: bool = True,
    gazetteer: Gazetteer | None = None,
    areas: Areas | None = None,
) -> StoredSource:
    """Make the tables of a source that need all of its files, unless they were made from the same files before.

    The result does not depend on the order in which files are read: of rows that are the same event, the first by file
    name and line is kept; see `find_duplicates`.

    Parameters
    ----------
    engine : Engine
    source : str
    rule : ReadRule
    files : sequence of StoredFile
        In order of their names.
    covers : Period or None
        The days the source is declared to cover.
    order : sequence of str
        The names of the files from oldest to latest, if the study states it.
    measured : bool
        Whether the study area's coordinate system measures metres. If not, all steps that need distances are skipped.
    gazetteer : Gazetteer, optional
        By which rows without coordinates are placed.
    areas : Areas, optional
        The outlines of the areas, where events have the code of an area instead of coordinates.

    Raises
    ------
    QualityError
        If there are located rows and none lies in the study area, if no address of a source without coordinates is found, or
        if it cannot be told which version of an event is the latest.
    """
    by_area = rule.input_format.is_by_area
    identity = (source, rule.name, [(file.name, file.sha256, file.part) for file in files], covers, tuple(order))
    places = (gazetteer.identity(),) if gazetteer else ()
    state = state_of(*identity, measured, *places, *([areas and areas.identity] if by_area else []))
    known = stored_sources(engine)
    if source in known and known[source].state == state:
        return known[source]
    made = StoredSource(
        source,
        "event",
        state,
        rule.area.crs,
        tuple(files),
        rule=rule.name,
        columns=tuple(row_columns(rule.input_format)),
        precision=rule.input_format.precision,
        covers=covers,
    )
    spellings, notes = source_spellings(engine, made)
    area_codes = read_area_codes(engine, rule) if by_area else None
    duplicates, version_notes = find_duplicates(
        engine, made, rule, spellings, order, area_codes[0] if area_codes else None
    )
    notes += [*version_notes, *_files_given_twice(files)]
    made = replace(made, duplicates=duplicates["line"].size)
    counts = _place_counts(engine, made, duplicates)
    notes += _leave_out_of_reach(counts, source, rule)
    engine.scratch.register("place_count_rows", _place_table(counts))
    engine.scratch.execute("CREATE OR REPLACE TEMP TABLE place_count AS FROM place_count_rows")
    engine.scratch.unregister("place_count_rows")
    find_default_geocodes(engine.scratch)
    notes += place_rows(
        engine, gazetteer, measured=measured and not by_area, location_error=rule.input_format.location_error
    )
    placed = place_by_area(source, counts, rule, areas, area_codes) if area_codes else None
    spots = placed.spots if placed else _spots(engine.scratch, rule)
    notes += placed.notes if placed else ()
    if gazetteer and measured and not by_area:
        _refuse_unknown_addresses(engine.scratch, source, spots, gazetteer)
    _refuse_outside_study_area(source, spots)
    with engine.swap():
        engine.write(f"spelling_{state}", spelling_table(spellings))
        engine.write(f"duplicate_{state}", _duplicate_table(duplicates))
        engine.write(f"spot_{state}", spots.table())
        if gazetteer:
            engine.write(f"placing_{state}", spots.placings())
        if placed:
            engine.write(f"area_{state}", placed.outlines)
            engine.write(f"area_of_place_{state}", placed.area_of_place)
        unknown_hours, time_notes = unknown_times(engine, made, rule.input_format)
        notes += time_notes
        made = replace(made, unknown_hours=unknown_hours)
        engine.write(f"tally_{state}", _tally(engine, made, spots, duplicates))
        notes += note_source(engine, made, rule.input_format, spots, measured=measured and not by_area)
        notes += note_renamed(renamed_categories(engine, made))
        engine.write(f"note_{state}", notes_table(notes))
        for name in ("default_geocode", "recovered", "street_point", "unplaced_street"):
            engine.write(f"{name}_{state}", f"FROM new_{name} ORDER BY ALL")
        save_source(engine, made)
        show_views(engine)
    engine.scratch.execute("DROP TABLE place_count")
    return made


def _files_given_twice(files: Sequence[StoredFile]) -> list[QualityNote]:
    """Return a note for each file that holds the same bytes as an earlier one of its source."""
    first: dict[str, str] = {}
    return [
        QualityNote(
            "the same file twice", file.read, 0, f'are those of "{earlier}" again: "{file.name}" is the same file'
        )
        for file in files
        if (earlier := first.setdefault(file.sha256, file.name)) != file.name
    ]


def _place_counts(engine: Engine, source: StoredSource, duplicates: Columns) -> Columns:
    """Return the places of kept rows with their coordinates, address and number of kept rows."""
    rows = engine.table(f"row_{source.rule}", source.parts)
    counted = engine.columns(
        f"SELECT r.place, count(*) AS n FROM {rows} AS r WHERE r.fault IS NULL GROUP BY r.place ORDER BY r.place"
    )
    places = engine.columns(
        f"SELECT place, x, y, address FROM {engine.table(f'place_{source.rule}')} AS p ORDER BY place"
    )
    rows_at = np.zeros(places["place"].size, dtype=np.int64)
    rows_at[counted["place"].astype(np.int64)] = counted["n"]
    np.subtract.at(rows_at, duplicates["place"].astype(np.int64), 1)
    kept = rows_at > 0
    return {
        "place": places["place"][kept].astype(np.int64),
        "x": places["x"][kept].astype(np.float64),
        "y": places["y"][kept].astype(np.float64),
        "address": places["address"][kept],
        "n": rows_at[kept],
    }


def _leave_out_of_reach(counts: Columns, source: str, rule: ReadRule) -> list[QualityNote]:
    """Take the coordinates from places that no event of the source can have, and return a note on them.

    Where the format states the publisher's extent, that decides, when the file is read.
    """
    if rule.input_format.extent:
        return []
    beyond, notes = places_out_of_reach(source, counts["x"], counts["y"], counts["n"], rule.area)
    counts["x"][beyond] = counts["y"][beyond] = np.nan
    return notes


def _place_table(counts: Columns) -> pa.Table:
    return pa.table({
        "place": counts["place"],
        "x": pa.array(counts["x"], from_pandas=True),
        "y": pa.array(counts["y"], from_pandas=True),
        "address": pa.array(counts["address"], pa.string()),
        "n": counts["n"],
    })  # fmt: skip


def _spots(scratch: Scratch, rule: ReadRule) -> Spots:
    """Return the places in ``place_count`` with what the default geocodes and recovered places say about them."""
    found = scratch.execute(
        """
        SELECT place, n, coalesce(r.x, p.x, CAST('NaN' AS DOUBLE)) AS x, coalesce(r.y, p.y, CAST('NaN' AS DOUBLE)) AS y,
            g.x IS NOT NULL AS geocode, r.x IS NOT NULL AS found, coalesce(r.error, CAST('NaN' AS DOUBLE)) AS error,
            CASE WHEN r.how IS NOT NULL THEN r.how WHEN p.x IS NOT NULL AND g.x IS NULL THEN ''
                WHEN p.address IS NULL THEN $no_address WHEN a.address IS NOT NULL THEN $ambiguous ELSE $not_found END AS how
        FROM place_count AS p LEFT JOIN new_default_geocode AS g ON g.x = p.x AND g.y = p.y
        LEFT JOIN new_recovered AS r ON r.address = p.address AND (p.x IS NULL OR g.x IS NOT NULL)
        LEFT JOIN new_ambiguous AS a ON a.address = p.address
        ORDER BY place
        """,
        {"no_address": NO_ADDRESS, "ambiguous": AMBIGUOUS, "not_found": NOT_FOUND},
    ).fetchnumpy()
    x, y = found["x"].astype(np.float64), found["y"].astype(np.float64)
    has_place = ~np.isnan(x)
    inside = locate_points(x, y, [rule.area.boundary]) == 0
    geocode, by_address = found["geocode"].astype(bool), found["found"].astype(bool)
    kind = np.where(inside, INSIDE, OUTSIDE)
    kind[geocode & ~by_address] = DEFAULT_GEOCODE
    kind[~has_place] = NO_PLACE
    point = np.full(x.size, -1, dtype=np.int64)
    order = np.flatnonzero(has_place)[np.lexsort((y[has_place], x[has_place]))]
    if order.size:
        is_new = np.concatenate([[True], (np.diff(x[order]) != 0) | (np.diff(y[order]) != 0)])
        point[order] = np.cumsum(is_new) - 1
    return Spots(
        found["place"].astype(np.int64), found["n"].astype(np.int64), x, y, point, kind, by_address & inside,
        np.asarray(found["how"], dtype=np.object_), np.asarray(found["error"], dtype=np.float64),
    )  # fmt: skip


def _tally(engine: Engine, source: StoredSource, spots: Spots, duplicates: Columns) -> pa.Table:
    """Return the number of rows of every file, fate and day: kept ones by category and place, rejected ones by fault."""
    columns = "r.part, r.day, r.category"
    kept = kept_rows(engine, source)
    everywhere = engine.rows(f"SELECT {columns}, count(*) FROM {kept} AS r GROUP BY {columns}")
    # Most places lie inside and have coordinates of their own: only the others are looked up row by row.
    is_other = (spots.kind != INSIDE) | spots.recovered
    kinds = np.where(spots.recovered, KINDS.size, spots.kind)
    others = engine.rows(
        f"""
        SELECT {columns}, s.kind, count(*) FROM {kept} AS r JOIN spots AS s ON s.place = r.place
        GROUP BY {columns}, s.kind
        """,
        tables={"spots": {"place": spots.place[is_other].astype(np.int32), "kind": kinds[is_other].astype(np.int32)}},
    )
    counts = {(part, day, category, INSIDE): rows for part, day, category, rows in everywhere}
    for part, day, category, kind, rows in others:
        counts[part, day, category, INSIDE] -= rows
        counts[part, day, category, kind] = rows
    keys = sorted(key for key, rows in counts.items() if rows)
    rejected = engine.columns(
        f"""
        SELECT r.part, r.fault, r.day, count(*) AS n, min(r.line) AS line FROM {engine.table(f"row_{source.rule}", source.parts)} AS r
        WHERE r.fault IS NOT NULL GROUP BY r.part, r.fault, r.day ORDER BY r.part, r.fault, r.day
        """
    )
    names = category_names(engine, source)
    tables = [
        _tally_rows(
            "kept",
            np.array([counts[key] for key in keys], dtype=np.int64),
            {
                "part": np.array([part for part, *_ in keys], dtype=np.int64),
                "day": np.array([day for _, day, *_ in keys], dtype="datetime64[D]"),
                "category": np.array([names[code] for _, _, code, _ in keys], dtype=np.object_),
                "kind": KINDS[[INSIDE if kind == KINDS.size else kind for *_, kind in keys]],
                "recovered": np.array([kind == KINDS.size for *_, kind in keys], dtype=bool),
            },
        ),
        _tally_rows(
            "rejected",
            rejected["n"],
            {
                "part": rejected["part"],
                "day": rejected["day"],
                "fault": rejected["fault"],
                "first_line": rejected["line"],
            },
        ),
        _tally_rows(
            "duplicate",
            np.ones(duplicates["part"].size, dtype=np.int64),
            {"part": duplicates["part"], "day": duplicates["day"]},
        ),
    ]
    return pa.concat_tables(tables)


def _tally_rows(fate: str, rows: NDArray[np.int64], columns: Columns) -> pa.Table:
    arrays = {"fate": pa.array([fate] * rows.size, pa.string()), "rows": pa.array(rows, pa.int64())}
    for name, values in columns.items():
        plain = values.astype("datetime64[D]") if name == "day" else values
        arrays[name] = pa.array(plain, from_pandas=True).cast(_TALLY.field(name).type)
    empty = {name: pa.nulls(rows.size, _TALLY.field(name).type) for name in _TALLY.names if name not in arrays}
    return pa.table({name: (arrays | empty)[name] for name in _TALLY.names}, schema=_TALLY)


def _duplicate_table(duplicates: Columns) -> pa.Table:
    return pa.table({
        name: pa.array(duplicates[name].astype(np.int32), pa.int32()) for name in ("part", "line", "of_part", "of_line")
    })  # fmt: skip


def _refuse_unknown_addresses(scratch: Scratch, source: str, spots: Spots, gazetteer: Gazetteer) -> None:
    """Refuse a source without coordinates of which no address is found: another town's list, or another way of writing."""
    if np.isfinite(spots.x).any() or not spots.rows.size:
        return
    texts, first = scratch.execute("SELECT count(DISTINCT address), min(address) FROM place_count").fetchall()[0]
    if not texts:
        msg = f'No row of "{source}" has an address, so none can be placed; check the column that its format names under [columns].'
        raise QualityError(msg)
    ambiguous = (spots.how == AMBIGUOUS).any()
    found = "can be placed by" if ambiguous else "was found in"
    remedy = (
        "Each of those found lies at several places; name the town in the format (columns.town)."
        if ambiguous
        else "Is it another town's list, or does it name another town?"
    )
    example = shown(str(first), most=60)
    msg = f'None of the {texts:,} addresses of "{source}", such as "{example}", {found} {gazetteer.names()}. {remedy}'
    raise QualityError(msg)


def _refuse_outside_study_area(source: str, spots: Spots) -> None:
    """Refuse a source without any located row in the study area: the wrong city, or the wrong coordinate system."""
    located = ~np.isnan(spots.x)
    if located.any() and not np.isin(spots.kind, (INSIDE, DEFAULT_GEOCODE)).any():
        x, y = spots.x[located], spots.y[located]
        msg = (
            f'No located row of "{source}" lies in the study area; they lie at {x.min():,.0f} to {x.max():,.0f} east, '
            f"{y.min():,.0f} to {y.max():,.0f} north in the study's metres. Check the study area, and the format's "
            "coordinate system (location.crs)."
        )
        raise QualityError(msg)
