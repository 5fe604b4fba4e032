"""What geoharm asks of an engine, the program that keeps a study's tables and answers questions about them.

Tables are immutable: each is written whole under a name of its own, and dropped whole. A table may consist of parts, one
for each input file: each part is written whole and dropped whole, and its rows have its number in the column ``part``.
What reads tables is written once, beside its meaning, in the SQL that every engine understands: joins and groups by whole
numbers, ``floor``, ``year``, ``month``, ``hour``, ``date_trunc``, ``count``, ``sum``, ``min`` and ``max``; values are bound
as ``$name``.

Files are read in a scratch space, which is DuckDB whatever the engine: temporary tables there become an engine's tables.
Nothing may rely on the scratch space seeing an engine's tables, or on questions seeing temporary tables: what is stored is
brought there by `Engine.bring`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

import pyarrow as pa
from numpy.typing import NDArray

from geoharm.errors import DatabaseError

Columns = dict[str, NDArray[Any]]
Values = Mapping[str, object]
# Small tables that a question brings along: arrays by table and column.
SmallTables = Mapping[str, Mapping[str, Any]]


class Part(NamedTuple):
    """One part of a table.

    Attributes
    ----------
    number : int
        The column ``part`` of its rows.
    label : str
        What it holds: the SHA-256 of an input file.
    """

    number: int
    label: str


class StatementError(DatabaseError):
    """A statement cannot be carried out: a line of the wrong shape, a column that is not there."""


class Result(Protocol):
    """The answer to one statement in the scratch space."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows."""

    def fetchnumpy(self) -> dict[str, Any]:
        """Return an array for each column, masked where a value is NULL."""


class Scratch(Protocol):
    """Where files are read: temporary tables in DuckDB, whatever the engine that keeps the result.

    Notes
    -----
    A statement that cannot be carried out raises `StatementError`; damage, a full disk or too little memory raise a
    `DatabaseError` with its reason.
    """

    def execute(self, sql: str, values: object = None) -> Result:
        """Carry out one or several statements; values are bound to the only one."""

    def register(self, name: str, table: pa.Table) -> None:
        """Make an Arrow table readable under a name."""

    def unregister(self, name: str) -> None:
        """Forget a registered table."""


class Engine(Protocol):
    """Where the tables of a study are kept; see the module.

    Notes
    -----
    A question or a table that cannot be carried out raises a `DatabaseError`.
    """

    @property
    def scratch(self) -> Scratch:
        """Where files are read."""

    @property
    def hashes(self) -> str:
        """The name and version of the function that hashed ids; hashes of another version are not comparable."""

    def names(self) -> Collection[str]:
        """Return the names of all tables."""

    def parts(self, name: str) -> dict[str, int]:
        """Return the parts of a table: the number of each by its label; empty if there is no such table."""

    def table(self, name: str, parts: Sequence[int] | None = None) -> str:
        """Return SQL for a table, or for some of its parts."""

    def rows(self, sql: str, values: Values | None = None, tables: SmallTables | None = None) -> list[tuple[Any, ...]]:
        """Return the rows that answer a question."""

    def columns(self, sql: str, values: Values | None = None, tables: SmallTables | None = None) -> Columns:
        """Return an array for each column of an answer; NULL is NaN in an array of numbers, None among texts."""

    def bring(self, name: str, sql: str) -> str:
        """Return SQL for the answer to a question, to be read in the scratch space.

        Where the scratch space cannot see the tables, the answer is copied into a temporary table of that name. It is the
        answer as of now: it is brought again when the tables have changed.
        """

    def write(self, name: str, content: str | pa.Table, part: Part | None = None) -> None:
        """Write a table or one part of it, whole, from SQL over the scratch space or from Arrow.

        An older table or part of that name and number is replaced.
        """

    def drop(self, name: str, part: int | None = None) -> None:
        """Drop a table or one part of it; nothing happens if there is none."""

    def swap(self) -> AbstractContextManager[None]:
        """Return a block whose writes and drops take effect together at its end, or not at all."""

    def show(self, name: str, sql: str, about: str, columns: Mapping[str, str]) -> None:
        """Make a view for people, with a comment on itself and on every column; an engine without views does nothing."""

    def hide(self, name: str) -> None:
        """Take a view away; nothing happens if there is none."""

    def verify(self) -> None:
        """Compare every table with the digest that was taken when it was written.

        Raises
        ------
        DatabaseError
            If a table was changed by something else than geoharm, with its name.
        """
