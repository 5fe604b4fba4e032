"""Views for people who query the database themselves: every column has a comment. geoharm itself never reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from geoharm.engines.base import Engine
from geoharm.engines.sql import quote_text
from geoharm.queries.events import hour_sql, is_span_sql, kept_rows, spot_table
from geoharm.queries.stored import StoredSource, stored_sources

_ROW = {
    "source": "Name of the source in the study file.",
    "file": "Name of the input file; inside an archive, after the archive's name.",
    "line": "Line of the file where the row begins; the header is line 1.",
}
_DUPLICATE = {"of_file": "File of the row that was kept.", "of_line": "Line of the row that was kept."}
_REJECT = {
    "column": "The column at fault; row if it is the whole row.",
    "reason": "Why the row was rejected.",
}
_AREA_VALUE = _ROW | {
    "place": "inside or outside the study area; no place: the area file has no such area.",
    "area": "Code of the area.",
    "category": "Category of the value; all if the table has none.",
    "since": "First day of the period.",
    "until": "First day after the period.",
}


def show_views(engine: Engine) -> None:
    """Make the views of everything stored; called inside the swap that stores it."""
    sources = list(stored_sources(engine).values())
    events = [source for source in sources if source.kind == "event"]
    systems = ", ".join(sorted({source.crs for source in sources if source.crs}))
    x, y = f"Metres east in the study's coordinate system ({systems}).", f"Metres north in {systems}."
    _show_events(engine, events, x, y)
    _show_geocodes(engine, events, x, y)
    _show_rejects(engine, sources)
    _show_ledger(engine, sources)
    _show_notes(engine, sources)
    _show_tables(engine, sources, x, y)


def _show(engine: Engine, name: str, parts: Sequence[str], about: str, columns: Mapping[str, str]) -> None:
    """Make a view of what the sources have, one after the other; without any, take away what an earlier study left."""
    if parts:
        engine.show(name, " UNION ALL ".join(parts), about, columns)
    else:
        engine.hide(name)


def _show_events(engine: Engine, events: Sequence[StoredSource], x: str, y: str) -> None:
    columns = _ROW | {
        "day": "Day of the event: the first of the month or year if the source has no days.",
        "x": x,
        "y": y,
        "category": "Category of the event, in its most frequent spelling.",
        "weight": "The weight that the row states; empty if none.",
        "area": "Code of the area of an event without coordinates; empty for all others.",
        "place": "inside or outside the study area; default geocode; no place.",
        "recovered": "Whether the place was found by the address text.",
        "how": "How it was found by the address text, or why it was not: see recovered; empty for a place of the row's own.",
        "hour": "Hour of the day, 0 to 23, local time; empty if not known.",
        "span_from": "Begin of the time span in which it happened, where that is known.",
        "span_until": "End of that time span.",
    }
    parts = [
        f"""
        SELECT {quote_text(source.source)} AS source, f.name AS file, r.line, r.day, s.x, s.y, c.name AS category, r.weight,
            {"a.area" if _has_areas(engine, source) else "CAST(NULL AS VARCHAR)"} AS area, s.kind AS place, s.recovered, s.how, {hour_sql(source)} AS hour,
            CASE WHEN {is_span_sql(source)} THEN r.clock END AS span_from,
            CASE WHEN {is_span_sql(source)} THEN r.clock_end END AS span_until
        FROM {kept_rows(engine, source)} AS r JOIN {spot_table(engine, source)} AS s ON s.place = r.place
        JOIN {engine.table(f"spelling_{source.state}")} AS c ON c.category = r.category {_area_of_place(engine, source)} {_file(engine, source, "r.part")}
        """
        for source in events
    ]
    about = "Events: the rows that are neither rejected nor duplicates. Full precision: not for publication."
    _show(engine, "event", parts, about, columns)


def _has_areas(engine: Engine, source: StoredSource) -> bool:
    """Return whether a source's events have the code of an area instead of coordinates."""
    return f"area_of_place_{source.state}" in engine.names()


def _area_of_place(engine: Engine, source: StoredSource) -> str:
    """Return SQL that joins the area of each row's place, where there is one."""
    if not _has_areas(engine, source):
        return ""
    return f"LEFT JOIN {engine.table(f'area_of_place_{source.state}')} AS a ON a.place = r.place"


def _show_rejects(engine: Engine, sources: Sequence[StoredSource]) -> None:
    parts, duplicates = [], []
    for source in sources:
        name = quote_text(source.source)
        if source.kind == "event":
            parts.append(
                f"""
                SELECT {name} AS source, f.name AS file, r.line, t."column", t.reason, r.day
                FROM {engine.table(f"row_{source.rule}", source.parts)} AS r
                JOIN {engine.table(f"fault_{source.rule}", source.parts)} AS t ON t.part = r.part AND t.fault = r.fault
                {_file(engine, source, "r.part")}
                """
            )
            duplicates.append(
                f"""
                SELECT {name} AS source, f.name AS file, d.line, o.name AS of_file, d.of_line
                FROM {engine.table(f"duplicate_{source.state}")} AS d {_file(engine, source, "d.part")}
                JOIN {engine.table("file")} AS o ON o.source = {name} AND o.part = d.of_part
                """
            )
        else:
            rejects, repeated = (
                engine.table(f"{table}_{source.state}") for table in ("value_reject", "value_duplicate")
            )
            parts.append(
                f'SELECT {name} AS source, file, line, "column", reason, CAST(NULL AS DATE) AS day FROM {rejects}'
            )
            duplicates.append(f"SELECT {name} AS source, file, line, of_file, of_line FROM {repeated}")
    columns = _ROW | _REJECT | {"day": "Day of the row, if it could be read."}
    _show(engine, "reject", parts, "Rejected rows, with their reasons.", columns)
    about = "Rows of an event or value that another row stands for: the same, or a later version. They are not counted."
    _show(engine, "duplicate", duplicates, about, _ROW | _DUPLICATE)


def _show_ledger(engine: Engine, sources: Sequence[StoredSource]) -> None:
    kinds = ("inside", "outside", "default geocode", "no place")
    parts = []
    for source in sources:
        if source.kind == "event":
            counted = f"SELECT part, fate, kind, recovered, rows FROM {engine.table(f'tally_{source.state}')}"
        else:
            values, rejects, repeated = (
                engine.table(f"{table}_{source.state}")
                for table in (VALUE_TABLES[source.kind], "value_reject", "value_duplicate")
            )
            counted = " UNION ALL ".join(
                f"SELECT g.position AS part, {quote_text(fate)} AS fate, {kind} AS kind, false AS recovered, 1 AS rows FROM {table} AS v "
                f"JOIN {engine.table('file')} AS g ON g.source = {quote_text(source.source)} AND g.name = v.file"
                for fate, kind, table in (
                    ("kept", "v.place", values),
                    ("rejected", "NULL", rejects),
                    ("duplicate", "NULL", repeated),
                )
            )
        sums = [
            f"CAST(coalesce(sum(CASE WHEN t.fate = {quote_text(fate)} THEN t.rows END), 0) AS BIGINT) AS {fate}"
            for fate in ("kept", "rejected", "duplicate")
        ]
        sums += [
            f"CAST(coalesce(sum(CASE WHEN t.kind = {quote_text(kind)} THEN t.rows END), 0) AS BIGINT) AS {kind.replace(' ', '_')}"
            for kind in kinds
        ]
        sums.append("CAST(coalesce(sum(CASE WHEN t.recovered THEN t.rows END), 0) AS BIGINT) AS recovered")
        parts.append(
            f"""
            SELECT f.source, f.name AS file, f.sha256, f.read, {", ".join(sums)} FROM {engine.table("file")} AS f
            LEFT JOIN ({counted}) AS t ON t.part = f.{"part" if source.kind == "event" else "position"} WHERE f.source = {quote_text(source.source)}
            GROUP BY f.source, f.name, f.sha256, f.read
            """
        )
    columns = {
        "source": _ROW["source"],
        "file": _ROW["file"],
        "sha256": "SHA-256 of the file.",
        "read": "All rows of the file: kept + rejected + duplicate.",
        "kept": "Rows that count.",
        "rejected": "Rows that could not be used; see reject.",
        "duplicate": "Rows of an event that another row stands for; see duplicate.",
        "inside": "Kept rows in the study area.",
        "outside": "Kept rows outside the study area.",
        "default_geocode": "Kept rows on a point to which unknown addresses are sent.",
        "no_place": "Kept rows without a place.",
        "recovered": "Rows inside that were placed by their address text.",
    }
    _show(engine, "ledger", parts, "What became of the rows of every file.", columns)


def _show_notes(engine: Engine, sources: Sequence[StoredSource]) -> None:
    parts = []
    for source in sources:
        name = quote_text(source.source)
        columns = "n.kind, n.rows, n.first_line, n.sentence"
        parts.append(f"SELECT {name} AS source, '' AS file, {columns} FROM {engine.table(f'note_{source.state}')} AS n")
        if source.kind == "event":
            notes = engine.table(f"file_note_{source.rule}", source.parts)
            parts.append(
                f"SELECT {name} AS source, f.name AS file, {columns} FROM {notes} AS n {_file(engine, source, 'n.part')}"
            )
    comments = {
        "source": _ROW["source"],
        "file": "The file; empty for a note on the whole source.",
        "kind": "Short name of what was found.",
        "rows": "Rows concerned; 0 if it is not about rows.",
        "first_line": "The first of these; 0 if it is not about lines.",
        "sentence": "What was found.",
    }
    _show(engine, "note", parts, "Doubts about the quality of the files.", comments)


def _show_geocodes(engine: Engine, events: Sequence[StoredSource], x: str, y: str) -> None:
    columns = {
        "default_geocode": {
            "x": x, "y": y, "events": "Rows there.", "share": "Share of all located rows, 0 to 1.",
            "addresses": "Different address texts there.", "reason": "The rule by which it was found.",
            "at_x": "East of the busier point within 3 m that it counts as.", "at_y": "North of that point.",
        },
        "recovered": {
            "address": "Address text of rows without usable coordinates.", "x": x, "y": y,
            "how": "exact address, intersection, block: by a list of addresses or a street file; matched: by an address written much alike; "
            "same text: as located rows of this text; streets meet: where located rows of two streets meet.",
            "error": "Typical distance in metres to the true place.",
        },
        "street_point": {"street": "A street that unplaced address texts name.", "x": x, "y": y},
        "unplaced_street": {"address": "An address text that could not be placed.", "street": "A street it names."},
    }  # fmt: skip
    about = {
        "default_geocode": "Points to which a geocoder sends addresses that it cannot find.",
        "recovered": "Places found by address text.",
        "street_point": "Located points of streets that unplaced texts name.",
        "unplaced_street": "Streets that unplaced address texts name.",
    }
    for table, comments in columns.items():
        listed = ", ".join(comments)
        parts = [
            f"SELECT {quote_text(source.source)} AS source, {listed} FROM {engine.table(f'{table}_{source.state}')}"
            for source in events
        ]
        _show(engine, table, parts, about[table], {"source": _ROW["source"]} | comments)


VALUE_TABLES = {
    "area_table": "area_value", "survey": "survey_value", "site": "site", "streets": "street_line", "addresses": "address_point",
}  # fmt: skip


def _show_tables(engine: Engine, sources: Sequence[StoredSource], x: str, y: str) -> None:
    outline = {
        "area": "Code of the area.", "place": "inside or outside the study area.",
        "shape": "Outline as WKB, in the study's coordinate system.",
    }  # fmt: skip
    tables: dict[str, tuple[tuple[str, ...], str, Mapping[str, str]]] = {
        "area_value": (
            ("area_table",),
            "Counts by area and period; a suppressed or rounded count is an interval.",
            _AREA_VALUE | {"low": "Lowest possible count.", "high": "Highest possible count."},
        ),
        "survey_value": (
            ("survey",),
            "Survey estimates by area and period.",
            _AREA_VALUE
            | {
                "estimate": "The estimate.",
                "standard_error": "Its standard error; empty if none is known.",
                "error_from": "What the standard error was computed from.",
            },
        ),
        "area": (("area_table", "survey", "event"), "Outlines of the areas.", {"source": _ROW["source"]} | outline),
        "site": (
            ("site",),
            "Services.",
            _ROW
            | {
                "place": "inside or outside the study area; no place.", "name": "Name of the service.",
                "category": "Kind of service.", "address": "Its address.", "x": x, "y": y,
            },
        ),
        "street_line": (
            ("streets",),
            "Street lines.",
            _ROW
            | {
                "place": "inside: it reaches into the study area; or outside.", "part": "Part of its feature.",
                "street": "Its name, as addresses are compared.",
                "left_from": "First house number on the left; -1 if none.", "left_to": "Last house number on the left.",
                "right_from": "First house number on the right.", "right_to": "Last house number on the right.",
            },
        ),
        "address_point": (
            ("addresses",),
            "Addresses by which events are placed.",
            _ROW
            | {
                "place": "inside or outside the study area.", "street": "Street, crossing or place, as addresses are compared.",
                "number": "House number; -1 if none.", "until": "Second number of a range; -1 if none.",
                "town": "Town, as addresses are compared.", "x": x, "y": y,
            },
        ),
        "street_segment": (
            ("streets",),
            "Segments of the street lines.",
            _ROW | {"part": "Part of its feature.", "nth": "Position in its line.", "x0": x, "y0": y, "x1": x, "y1": y},
        ),
    }  # fmt: skip
    for table, (kinds, about, columns) in tables.items():
        listed = ", ".join(column for column in columns if column != "source")
        parts = [
            f"SELECT {quote_text(source.source)} AS source, {listed} FROM {engine.table(f'{table}_{source.state}')}"
            for source in sources
            if source.kind in kinds and (source.kind != "event" or _has_areas(engine, source))
        ]
        _show(engine, table, parts, about, columns)


def _file(engine: Engine, source: StoredSource, part: str) -> str:
    """Return SQL that joins the name of a file to the column that has its number."""
    return f"JOIN {engine.table('file')} AS f ON f.source = {quote_text(source.source)} AND f.part = {part}"
