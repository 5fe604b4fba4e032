"""Addresses with coordinates, by which events without coordinates are placed: read, checked and counted row by row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from geoharm import _crs, _limits
from geoharm.engines.base import Engine, Scratch
from geoharm.errors import DataError, QualityError
from geoharm.geo.point_in_polygon import locate_points
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.geocoding.addresses import read_address
from geoharm.ingest.parse import PLACE_TEXTS, coded_texts, read_places_sql
from geoharm.ingest.readers.downloads import download_notes
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.readers.read import stage_file
from geoharm.ingest.readers.staging import check_reject_share, insert_rows
from geoharm.ingest.rule import Fault, ReadRule, bounding_box
from geoharm.model.geometry import StudyArea
from geoharm.model.ledger import QualityNote
from geoharm.model.period import Period

_ADDRESS = "file VARCHAR, line BIGINT, street VARCHAR, number INTEGER, until INTEGER, town VARCHAR, x DOUBLE, y DOUBLE"
# Places within this share of the study area's size around it are also projected by the fast method.
_MARGIN = 0.1
_NO_ADDRESS, _NO_PLACE = "is empty", "has no coordinates"


def read_addresses(
    engine: Engine, files: Sequence[InputFile], input_format: Format, area: StudyArea, period: Period
) -> tuple[dict[str, int], list[QualityNote]]:
    """Fill ``read_address`` and ``new_value_reject`` from all files, and return the rows of each file and notes.

    A row without an address or a place is rejected, since no event can be placed by it.

    Raises
    ------
    DataError, QualityError
        If a file is refused, or there are too many addresses.
    """
    scratch, rule = engine.scratch, ReadRule(input_format, area, period, engine.hashes)
    scratch.execute(f"CREATE OR REPLACE TEMP TABLE read_address ({_ADDRESS})")
    faults = [fault for fault in rule.faults() if fault.is_of_place]
    read: dict[str, int] = {}
    notes: list[QualityNote] = []
    for input_file in files:
        staged = stage_file(scratch, input_file, input_format)
        read[input_file.name] = staged.read
        if sum(read.values()) > _limits.ADDRESSES.most:
            msg = f'The file "{input_file.name}" {_limits.ADDRESSES.refusal(sum(read.values()))}.'
            raise DataError(msg)
        places, _ = coded_texts(staged.fields, input_format)
        scratch.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE staged_address AS SELECT line, {places} FROM stage;
            CREATE OR REPLACE TEMP TABLE address_text AS SELECT DISTINCT {", ".join(PLACE_TEXTS)} FROM staged_address;
            DROP TABLE stage
            """
        )
        rejects = [("row", reason, line) for line, reason in staged.rejects]
        rejects += _read_points(scratch, input_file.name, rule, faults)
        _refuse_many_rejects(input_file.name, input_format, rejects, staged.read)
        insert_rows(
            scratch, "new_value_reject", [(input_file.name, line, column, reason) for column, reason, line in rejects]
        )
        at_fault: dict[int, list[str]] = {line: [column] for column, _, line in rejects}
        notes += download_notes(staged, at_fault, file=input_file.name)
    scratch.execute("DROP TABLE staged_address; DROP TABLE address_text")
    _save_places(scratch, area)
    return read, notes


def save_addresses(scratch: Scratch, source: str) -> list[QualityNote]:
    """Fill ``new_address_point`` and ``new_value_duplicate`` from ``read_address``, and return notes.

    Rows of one address, town and place are one address.

    Raises
    ------
    QualityError
        If no address lies in the study area.
    """
    scratch.execute(
        """
        CREATE OR REPLACE TEMP TABLE ranked_address AS
        SELECT *, row_number() OVER same AS nth, first_value(file) OVER same AS of_file, first_value(line) OVER same AS of_line
        FROM placed_address WINDOW same AS (PARTITION BY street, number, until, town, x, y ORDER BY file, line);
        INSERT INTO new_address_point SELECT file, line, place, street, number, until, town, x, y FROM ranked_address
        WHERE nth = 1 ORDER BY file, line;
        INSERT INTO new_value_duplicate SELECT file, line, of_file, of_line FROM ranked_address WHERE nth > 1
        ORDER BY file, line;
        DROP TABLE ranked_address
        """
    )
    west, east, south, north, inside, streets = scratch.execute(
        "SELECT min(x), max(x), min(y), max(y), count(*) FILTER (place = 'inside'), count(DISTINCT street) FROM new_address_point"
    ).fetchall()[0]
    scratch.execute("DROP TABLE placed_address")
    if west is None:
        return []
    if not inside:
        msg = (
            f'No address of "{source}" lies in the study area; they lie at {west:,.0f} to {east:,.0f} east, {south:,.0f} to '
            f"{north:,.0f} north in the study's metres. Is it another town's list? Check the study area, and the format's "
            "coordinate system (location.crs)."
        )
        raise QualityError(msg)
    return [QualityNote("streets", 0, 0, f"its addresses name {streets:,} different streets and places")]


def _read_points(scratch: Scratch, name: str, rule: ReadRule, faults: Sequence[Fault]) -> list[tuple[str, str, int]]:
    """Read ``staged_address`` into ``read_address``, and return column, reason and line of the rows that cannot be used."""
    numbered = [(fault.number, fault.condition) for fault in faults if fault.condition]
    scratch.execute(
        f"CREATE OR REPLACE TEMP TABLE text_place AS {read_places_sql('address_text', rule.input_format, numbered)}"
    )
    texts = [str(text) for (text,) in scratch.execute(
        "SELECT DISTINCT address FROM text_place WHERE address IS NOT NULL ORDER BY address"
    ).fetchall()]  # fmt: skip
    addresses = [read_address(text) for text in texts]
    scratch.register("address_read", pa.table({
        "address": pa.array(texts, pa.string()),
        "street": pa.array([address.key for address in addresses], pa.string()),
        "number": pa.array([-1 if address.is_block else address.number for address in addresses], pa.int32()),
        "until": pa.array([address.until for address in addresses], pa.int32()),
        "town": pa.array([address.town for address in addresses], pa.string()),
    }))  # fmt: skip
    same = " AND ".join(f"s.{text} IS NOT DISTINCT FROM p.{text}" for text in PLACE_TEXTS)
    scratch.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE address_row AS
        SELECT s.line, p.longitude, p.latitude, p.fault, a.street, a.number, a.until, a.town FROM staged_address AS s
        JOIN text_place AS p ON {same} LEFT JOIN address_read AS a ON a.address = p.address ORDER BY s.line
        """
    )
    scratch.unregister("address_read")
    located = scratch.execute(
        "SELECT line, longitude, latitude FROM address_row WHERE fault IS NULL AND longitude IS NOT NULL AND street <> '' "
        "ORDER BY line"
    ).fetchnumpy()
    x, y = _crs.transform_near(
        np.asarray(located["longitude"], dtype=np.float64),
        np.asarray(located["latitude"], dtype=np.float64),
        source=rule.input_format.crs,
        target=rule.area.crs,
        box=bounding_box(rule, margin=_MARGIN),
    )
    scratch.register("projected", pa.table({"line": np.asarray(located["line"]), "x": x, "y": y}))
    scratch.execute(
        """
        INSERT INTO read_address SELECT ?, r.line, r.street, r.number, r.until, r.town, p.x, p.y
        FROM address_row AS r JOIN projected AS p USING (line) WHERE isfinite(p.x) AND isfinite(p.y) ORDER BY r.line
        """,
        [name],
    )
    scratch.unregister("projected")
    reasons = {fault.number: (fault.column, fault.reason) for fault in faults}
    column = "address" if "address" in rule.input_format.columns else "street"
    unusable = scratch.execute(
        "SELECT line, fault, street FROM address_row AS r WHERE NOT EXISTS (FROM read_address AS a WHERE a.file = ? AND a.line = r.line) "
        "ORDER BY line",
        [name],
    ).fetchall()
    scratch.execute("DROP TABLE address_row; DROP TABLE text_place")
    return [
        (*(reasons[fault] if fault is not None else ("place", _NO_PLACE) if street else (column, _NO_ADDRESS)), line)
        for line, fault, street in unusable
    ]


def _refuse_many_rejects(name: str, input_format: Format, rejects: Sequence[tuple[str, str, int]], read: int) -> None:
    """Refuse a file if more than half of its rows cannot be used for one reason."""
    lines: dict[tuple[str, str], list[int]] = {}
    for column, reason, line in rejects:
        lines.setdefault((column, reason), []).append(line)
    if lines:
        (column, reason), worst = max(lines.items(), key=lambda one: (len(one[1]), one[0]))
        check_reject_share(name, input_format, (column, reason, len(worst), worst[0]), read, unit="rows")


def _save_places(scratch: Scratch, area: StudyArea) -> None:
    """Make ``placed_address``: ``read_address`` with whether each lies in the study area."""
    rows = scratch.execute("SELECT file, line, x, y FROM read_address ORDER BY file, line").fetchnumpy()
    inside = locate_points(
        np.asarray(rows["x"], dtype=np.float64), np.asarray(rows["y"], dtype=np.float64), [area.boundary]
    ) == 0  # fmt: skip
    scratch.register("where_it_lies", pa.table({
        "file": pa.array([str(file) for file in rows["file"]], pa.string()),
        "line": np.asarray(rows["line"]),
        "place": pa.array(np.where(inside, "inside", "outside"), pa.string()),
    }))  # fmt: skip
    scratch.execute(
        "CREATE OR REPLACE TEMP TABLE placed_address AS SELECT r.*, w.place FROM read_address AS r "
        "JOIN where_it_lies AS w USING (file, line); DROP TABLE read_address"
    )
    scratch.unregister("where_it_lies")
