"""Kill the reading of a small study at many moments, read again, and compare with an undisturbed reading.

``python -m tests.engines.killing FOLDER [--every N] [--at-random N] [--seed N]`` prints one line of JSON for each kill.
It is a process of its own that never opens a database: all is done in children, forked after the imports.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geoharm.engines.base import StatementError
from geoharm.engines.duckdb import DuckDBEngine, DuckDBScratch, open_engine
from geoharm.errors import GeoharmError
from geoharm.model.study import Study
from geoharm.queries.stored import CODE_TABLES, PARTITION_TABLES, stored_sources
from tests.engines.stored_study import FIRST, SECOND, contents, ingest, read_small_study, view_names, write_files
from tests.forked import in_child


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading of the study's files into a database.

    Attributes
    ----------
    study : Study
    data : Path
    start : Path
        The database before; there is none before the first reading.
    """

    study: Study
    data: Path
    start: Path

    def begin(self, folder: Path) -> Path:
        """Return a copy of the database before, in a folder that holds nothing else."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        if self.start.exists():
            shutil.copyfile(self.start, folder / "s.duckdb")
        return folder / "s.duckdb"

    def read(self, database: Path) -> dict[str, Any]:
        """Read all files and return what the database holds then."""
        ingest(self.study, self.data, database)
        return contents(database, self.data)

    def count_statements(self, database: Path) -> int:
        """Read all files and return the number of statements that it took."""
        sent = _watch_statements(lambda _: None)
        ingest(self.study, self.data, database)
        return next(sent) - 1

    def die(self, statement: int, said: Path) -> None:
        """Read all files, but end this process instead of sending a statement."""

        def stop_before(sql: str) -> None:
            said.write_text(sql, encoding="utf-8")
            os.kill(os.getpid(), signal.SIGKILL)

        with suppress(BaseException):
            _watch_statements(stop_before, statement)
            ingest(self.study, self.data, self.start)


def main() -> None:
    """Kill a first reading and one of changed files: before every n-th statement, and at random moments."""
    options = argparse.ArgumentParser()
    options.add_argument("folder", type=Path)
    options.add_argument("--every", type=int, default=1)
    options.add_argument("--at-random", type=int, default=0)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    rng = random.Random(given.seed)
    study, start = read_small_study(given.folder), given.folder / "start.duckdb"
    for name, files in (("first", FIRST), ("second", SECOND)):
        reading = Reading(study, write_files(given.folder / "data", files), start)
        undisturbed = reading.begin(given.folder / "undisturbed")
        begun = time.perf_counter()
        count = in_child(reading.count_statements, undisturbed)
        seconds = time.perf_counter() - begun
        expected = in_child(contents, undisturbed, reading.data)
        for statement in range(rng.randint(1, given.every), count + 1, given.every):
            _report(_kill(reading, given.folder, expected, statement=statement), name, count)
        for _ in range(given.at_random):
            _report(_kill(reading, given.folder, expected, after=rng.uniform(0, seconds)), name, count)
        shutil.move(undisturbed, start)


def _report(found: dict[str, Any], reading: str, statements: int) -> None:
    print(json.dumps({"reading": reading, "statements": statements} | found), flush=True)


def _kill(
    reading: Reading, folder: Path, expected: dict[str, Any], *, statement: int = 0, after: float = 0.0
) -> dict[str, Any]:
    """Kill one reading, and return what was found right after the kill and after reading again."""
    database, said = reading.begin(folder / "killed"), folder / "said.txt"
    said.unlink(missing_ok=True)
    child = os.fork()
    if not child:
        Reading(reading.study, reading.data, database).die(statement, said)
        os._exit(0)
    if not statement:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    left = sorted(path.name for path in database.parent.iterdir())
    # A look at the database would tidy it up: a copy is looked at.
    shutil.rmtree(folder / "look", ignore_errors=True)
    shutil.copytree(database.parent, folder / "look")
    state = in_child(_state, folder / "look" / database.name, reading.data)
    again = in_child(reading.read, database)
    return {
        "statement": statement,
        "after": round(after, 3),
        "killed": os.WIFSIGNALED(status),
        "instead_of": " ".join(said.read_text(encoding="utf-8").split())[:90] if said.exists() else "",
        "left": left,
        **state,
        "differs": [key for key in expected if again[key] != expected[key]],
        "left_at_the_end": sorted(path.name for path in database.parent.iterdir()),
    }


def _watch_statements(do: Callable[[str], None], at: int = 0) -> Iterator[int]:
    """Call a function before the n-th statement of this process, and return the count of statements."""
    plain, count = DuckDBScratch.execute, itertools.count(1)

    def execute(self: DuckDBScratch, sql: str, values: object = None) -> Any:
        if next(count) == at:
            do(sql)
        return plain(self, sql, values)

    DuckDBScratch.execute = execute  # type: ignore[method-assign]
    return count


def _state(database: Path, data: Path) -> dict[str, Any]:
    """Return what a database holds after a kill, and every part of it that is not whole."""
    if not database.exists():
        return {"partitions": 0, "sources": 0, "faults": []}
    with open_engine(database, inputs=data) as engine:
        partitions = [part for name in engine.names() if name.startswith("row_") for part in engine.parts(name)]
        sources = stored_sources(engine)
        return {"partitions": len(partitions), "sources": len(sources), "faults": list(_faults(engine))}


def _faults(engine: DuckDBEngine) -> Iterator[str]:
    names = engine.names()
    for rule in {name.removeprefix("row_") for name in names if name.startswith("row_")}:
        parts = [engine.parts(f"{table}_{rule}") for table in PARTITION_TABLES]
        if any(found != parts[0] for found in parts):
            yield f"a partition is not whole: {parts}"
        for code in CODE_TABLES:
            without = f"SELECT count(*) FROM store.row_{rule} ANTI JOIN store.{code}_{rule} USING ({code})"
            if engine.rows(f"{without} WHERE {code} IS NOT NULL") != [(0,)]:
                yield f"rows of {rule} have a {code} that is not there"
    for source in stored_sources(engine).values():
        if source.kind == "event" and not set(source.parts) <= set(engine.parts(f"row_{source.rule}").values()):
            yield f"{source.source} lacks a partition"
    try:
        engine.verify()
        for view in view_names(engine):
            engine.rows(f"DESCRIBE {view}")
    except (GeoharmError, StatementError) as error:
        yield str(error)


if __name__ == "__main__":
    main()
