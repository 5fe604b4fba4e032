"""Place the rows of a source that have no coordinates, or a default geocode, by their address text.

In this order: by a gazetteer, exactly; by located rows of the same source; and, only if the study asks for it, by an address
of the gazetteer that is written much alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geoharm.engines.base import Engine, Scratch
from geoharm.ingest.geocoding.addresses import Address, read_address
from geoharm.ingest.geocoding.gazetteer import Gazetteer, Placed, known_streets, place_addresses, street_points
from geoharm.ingest.geocoding.recover import LocatedRows, recover_places, words_of
from geoharm.ingest.geocoding.similar_names import similar_streets
from geoharm.model.ledger import AMBIGUOUS, MATCHED, QualityNote

_PLACES = "address VARCHAR, x DOUBLE, y DOUBLE, how VARCHAR, error DOUBLE"


def place_rows(
    engine: Engine, gazetteer: Gazetteer | None, *, measured: bool, location_error: float = 0.0
) -> list[QualityNote]:
    """Place rows in ``spot`` that have no place or a default geocode by their address text, into ``new_recovered``.

    Addresses that the gazetteer has at several places are in ``new_ambiguous``. For the texts that cannot be placed,
    ``new_unplaced_street`` gets the streets they name, and ``new_street_point`` the known points of these streets. They
    limit where such rows can be. Nothing is placed unless distances are `measured`.

    Parameters
    ----------
    engine : Engine
        Its scratch space has ``spot`` and ``new_default_geocode``.
    gazetteer : Gazetteer or None
    measured : bool
    location_error : float
        Typical error in metres of the source's own places, by which rows are placed.
    """
    scratch = engine.scratch
    scratch.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE new_recovered ({_PLACES});
        CREATE OR REPLACE TEMP TABLE new_ambiguous (address VARCHAR);
        CREATE OR REPLACE TEMP TABLE new_street_point (street VARCHAR, x DOUBLE, y DOUBLE);
        CREATE OR REPLACE TEMP TABLE new_unplaced_street (address VARCHAR, street VARCHAR);
        """
    )
    unplaced = scratch.execute(
        """
        SELECT address, CAST(sum(n) AS BIGINT) AS n FROM spot AS k LEFT JOIN new_default_geocode AS g
        ON g.x = k.x AND g.y = k.y
        WHERE address IS NOT NULL AND (k.x IS NULL OR g.x IS NOT NULL) GROUP BY address ORDER BY address
        """
    ).fetchall()
    if not unplaced or not measured:
        return []
    rows_by_text = {str(text): int(count) for text, count in unplaced}
    addresses = {text: read_address(text) for text in rows_by_text}
    found = place_addresses(engine, gazetteer, addresses) if gazetteer else {}
    ambiguous = {text for text, one in found.items() if one.how == AMBIGUOUS}
    placed = {text: one for text, one in found.items() if text not in ambiguous}
    rest = [text for text in rows_by_text if text not in placed]
    recovered = recover_places(_located_rows(scratch, rest), rest)
    notes = recovered.notes(rows_by_text)
    placed |= {text: Placed(x, y, how, location_error) for text, (x, y, how) in recovered.places.items()}
    ambiguous -= placed.keys()
    if gazetteer and gazetteer.match is not None:
        left = {text: one for text, one in addresses.items() if text not in placed and text not in ambiguous}
        placed |= place_alike(engine, gazetteer, left)
    _insert(scratch, "new_recovered", {
        "address": pa.array(sorted(placed), pa.string()),
        "x": pa.array([placed[text].x for text in sorted(placed)], pa.float64()),
        "y": pa.array([placed[text].y for text in sorted(placed)], pa.float64()),
        "how": pa.array([placed[text].how for text in sorted(placed)], pa.string()),
        "error": pa.array([placed[text].error for text in sorted(placed)], pa.float64()),
    })  # fmt: skip
    _insert(scratch, "new_ambiguous", {"address": pa.array(sorted(ambiguous), pa.string())})
    unplaced_addresses = {text: one for text, one in addresses.items() if text not in placed}
    streets = sorted({street for one in unplaced_addresses.values() for street in one.streets})
    known = street_points(engine, gazetteer, streets) if gazetteer else {}
    _insert_streets(scratch, unplaced_addresses, [recovered.streets, known])
    return notes


def place_alike(engine: Engine, gazetteer: Gazetteer, wanted: Mapping[str, Address]) -> dict[str, Placed]:
    """Return the places of addresses whose street is misspelt, by a street of the gazetteer that is written much alike.

    The house number is never changed: an address is placed only if the other street has it. A name alone, without a house
    number, block or second street, is never matched: nothing would tell a misspelt name from another one (on real data,
    nearly all such matches were wrong). See `similar_streets`.

    Parameters
    ----------
    engine : Engine
    gazetteer : Gazetteer
        With the lowest similarity, `match`.
    wanted : mapping of str to Address
        Addresses that the gazetteer does not have, by text.
    """
    if gazetteer.match is None:
        return {}
    wanted = {text: one for text, one in wanted.items() if one.number >= 0 or one.is_crossing or one.between}
    known = known_streets(engine, gazetteer)
    known_names = set(known)
    names = sorted({name for one in wanted.values() for name in (*one.streets, *one.between)} - known_names)
    meant = similar_streets(names, known, match=gazetteer.match)
    corrected = {
        text: replace(
            one,
            streets=tuple(sorted(meant.get(name, name) for name in one.streets)),
            between=tuple(sorted(meant.get(name, name) for name in one.between)),
        )
        for text, one in wanted.items()
        if any(name in meant for name in (*one.streets, *one.between))
    }
    found = place_addresses(engine, gazetteer, corrected)
    return {text: one._replace(how=MATCHED) for text, one in found.items() if one.how != AMBIGUOUS}


def _located_rows(scratch: Scratch, wanted: Sequence[str]) -> LocatedRows:
    """Return the rows with coordinates of their own that can help to place address texts."""
    words = words_of(wanted)
    # A text with other letters than ASCII may have another lower case here than in Python, so it is never left out.
    helps = "length(address) <> strlen(address) OR regexp_matches(lower(replace(replace(address, '.', ''), chr(39), '')), ?)"
    rows = scratch.execute(
        f"""
        SELECT address, x, y, n FROM spot AS k WHERE address IS NOT NULL AND x IS NOT NULL AND ({helps}) AND NOT EXISTS (
            FROM new_default_geocode AS g WHERE g.x = k.x AND g.y = k.y)
        ORDER BY ALL
        """,
        ["|".join(map(re.escape, words))],
    ).fetchnumpy()
    x, y = (np.asarray(rows[axis], dtype=np.float64) for axis in ("x", "y"))
    return LocatedRows([str(text) for text in rows["address"]], x, y, np.asarray(rows["n"], dtype=np.int64))


def _insert_streets(
    scratch: Scratch, unplaced: Mapping[str, Address], known: Sequence[Mapping[str, NDArray[np.float64]]]
) -> None:
    """Fill ``new_unplaced_street`` and ``new_street_point``."""
    text_streets = [(text, street) for text in sorted(unplaced) for street in unplaced[text].streets]
    _insert(scratch, "new_unplaced_street", {
        "address": pa.array([text for text, _ in text_streets], pa.string()),
        "street": pa.array([street for _, street in text_streets], pa.string()),
    })  # fmt: skip
    points = {
        street: np.unique(np.concatenate(parts), axis=0)
        for street in sorted({street for _, street in text_streets})
        if (parts := [found[street] for found in known if street in found])
    }
    x, y = np.concatenate([np.empty((0, 2)), *points.values()]).T
    _insert(scratch, "new_street_point", {
        "street": pa.array([street for street, found in points.items() for _ in found], pa.string()),
        "x": pa.array(x, pa.float64()),
        "y": pa.array(y, pa.float64()),
    })  # fmt: skip


def _insert(scratch: Scratch, table: str, columns: dict[str, pa.Array]) -> None:
    scratch.register("to_insert", pa.table(columns))
    scratch.execute(f"INSERT INTO {table} FROM to_insert")
    scratch.unregister("to_insert")
