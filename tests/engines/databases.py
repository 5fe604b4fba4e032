"""Databases for the tests of the engine: made, altered as another program could, damaged, refused."""

from __future__ import annotations

import struct
import tempfile
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from geoharm.engines.duckdb import open_engine
from geoharm.errors import DatabaseError

ROWS = 60_000


@cache
def own_content() -> bytes:
    """Return a database of geoharm: a table that fills some blocks, a small one, and a view."""
    random = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "o.duckdb"
        with open_engine(path, inputs=path.parent) as engine:
            engine.write(
                "row_a", pa.table({"line": np.arange(ROWS), "x": random.random(ROWS), "y": random.random(ROWS)})
            )
            engine.write("small", pa.table({"a": [1, 2, 3]}))
            engine.show("event", f"SELECT * FROM {engine.table('row_a')}", "Rows.", {"line": "Line.", "x": "East."})
        return path.read_bytes()


def files_in(folder: Path) -> dict[str, bytes | None]:
    return {path.name: path.read_bytes() if path.is_file() else None for path in folder.iterdir()}


def alter(path: Path, *statements: str) -> None:
    """Do what another program could do."""
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)


def with_log(path: Path, *statements: str) -> None:
    """Leave a database as a killed program does: what was done last is in the log alone."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        connection.execute("SET checkpoint_threshold = '1TB'")
        for statement in statements:
            connection.execute(statement)
    assert path.with_name(f"{path.name}.wal").stat().st_size > 0


def refusal(path: Path, opened=open_engine) -> str:
    """Return the sentence with which a database is refused; nothing in its folder may have changed."""
    before = files_in(path.parent)
    with pytest.raises(DatabaseError) as found:
        use(path, opened)
    assert files_in(path.parent) == before
    assert "\n" not in str(found.value)
    return str(found.value)


def use(path: Path, opened=open_engine) -> None:
    with opened(path, inputs=path.parent) if opened is open_engine else opened(path):
        pass


def flip(path: Path, *positions: int) -> None:
    content = bytearray(path.read_bytes())
    for position in positions:
        content[position] ^= 0xFF
    path.write_bytes(content)


def checksum(block: bytes) -> int:
    """Return DuckDB's checksum of a header."""
    found = 5381
    for (word,) in struct.iter_unpack("<Q", block):
        found ^= word * 0xBF58476D1CE4E5B9 & 0xFFFF_FFFF_FFFF_FFFF
    return found
