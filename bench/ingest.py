"""Speed of reading large CSV files: the whole of `geoharm ingest`, against two peers that do less.

Run as ``python -m bench.ingest [--quick] [--rows N] [--again]``. The file is simulated from a seed and looks like those of
data.police.uk: twelve columns, an id of 64 characters, 30,000 map points, 1.5 % of rows without a place. geoharm does the
whole job: read, check, hash, project, find duplicates and default geocodes, place in the study area, write the tables,
balance the ledger.

- ``duckdb read_csv, 5 columns`` reads five columns of the same file with declared types and adds them up. Any job with
  DuckDB's reader takes at least this long.
- ``polars, equal work`` reads the same columns, gives them types, numbers the lines, hashes the file and the ids, marks
  repeated events, and writes the result as Parquet. It checks no place and no line, and keeps no reason.

With ``--again``, geoharm alone: what it costs to run once more with nothing new, and with one month of 22,000 rows more;
beside it the SHA-256 of the same files.

Before the clock starts, every process has loaded its libraries; geoharm also pandas, which the program has loaded to read
the study area. Peak memory is that of the whole process.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import shapely

from bench.paired import alternate, one_run, report
from geoharm.engines.duckdb import open_engine
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import read_format
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.model.geometry import StudyArea
from geoharm.model.ledger import SourceLedger
from geoharm.model.period import Period

PACKAGES = ("geoharm", "duckdb", "numpy", "polars", "pyarrow", "pyproj", "shapely")
POINTS, CATEGORIES, MONTHS = 30_000, 14, 45
AREA = StudyArea(shapely.box(300_000, 360_000, 380_000, 420_000), "EPSG:27700")
PERIOD = Period(date(2018, 1, 1), date(2022, 1, 1))
BARE, POLARS = "duckdb read_csv, 5 columns", "polars, equal work"


def write_street_csv(path: Path, rows: int, *, first: int = 0, months: int = MONTHS) -> None:
    """Write a file that looks like the street-level crime files of data.police.uk: rows from number `first` on."""
    rng = np.random.default_rng(7)
    columns = {
        "k": np.arange(POINTS),
        "lon": [f"{value:.6f}" for value in -2.98 + rng.normal(size=POINTS) * 0.12],
        "lat": [f"{value:.6f}" for value in 53.42 + rng.normal(size=POINTS) * 0.06],
        "place": [f"On or near Street {index % 9_000}" for index in range(POINTS)],
        "lsoa": [f"E01{index % 1_600:06d}" for index in range(POINTS)],
    }
    kinds = ["Anti-social behaviour", *(f"A kind of recorded crime {index}" for index in range(1, CATEGORIES))]
    connection = duckdb.connect()
    connection.register("points", pa.table(columns))
    connection.execute(
        f"""
        COPY (
            SELECT CASE WHEN c > 0 THEN sha256('7-' || i) END AS "Crime ID",
                strftime(DATE '2018-01-01' + to_months(CAST(floor((i - {first}) * {months}.0 / {rows}) AS INTEGER)), '%Y-%m') AS "Month",
                'Merseyside Police' AS "Reported by", 'Merseyside Police' AS "Falls within",
                CASE WHEN here THEN lon END AS "Longitude", CASE WHEN here THEN lat END AS "Latitude",
                CASE WHEN here THEN place ELSE 'No Location' END AS "Location", CASE WHEN here THEN lsoa END AS "LSOA code",
                CASE WHEN here THEN 'Liverpool ' || k % 60 END AS "LSOA name", ({kinds!r})[c + 1] AS "Crime type",
                CASE WHEN c > 0 THEN 'Investigation complete; no suspect identified' END AS "Last outcome category",
                NULL AS "Context"
            FROM (
                SELECT i, CAST(hash(3 * i) % {POINTS} AS BIGINT) AS k, CAST(hash(3 * i + 1) % {CATEGORIES} AS INTEGER) AS c,
                    hash(3 * i + 2) % 1000 >= 15 AS here
                FROM range({first}, {first + rows}) AS r(i)
            ) JOIN points USING (k) ORDER BY i
        ) TO '{path}' (HEADER, DELIMITER ',')
        """
    )


def run(method: str, path: Path) -> None:
    """Read the file with one method, and print time and memory."""
    if method == "geoharm":
        import pandas  # noqa: F401, PLC0415 -- loaded before the clock starts
    elif method == POLARS:
        import polars  # noqa: F401, PLC0415
    jobs = {"geoharm": _whole_job, BARE: _bare, POLARS: _polars}
    one_run(lambda: jobs[method](path), lambda figures: figures)


def _whole_job(path: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        database = Path(folder) / "t.duckdb"
        ledger = _ingest(database, [path])
        print(f"database: {database.stat().st_size / 1e6:.1f} MB", file=sys.stderr)
    return {
        "rows": ledger.total("read"),
        "without_place": ledger.total("no_place"),
    }


def _ingest(database: Path, paths: list[Path]) -> SourceLedger:
    folder = paths[0].parent
    with open_engine(database, inputs=folder) as engine:
        files = find_input_files([path.name for path in paths], folder, members=())
        return ingest_events(
            engine,
            "police",
            input_format=read_format("police-uk-street", folder),
            files=files,
            area=AREA,
            period=PERIOD,
        )


def _polars(path: Path) -> dict[str, Any]:
    import polars as pl  # noqa: PLC0415

    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    columns = ["Crime ID", "Month", "Longitude", "Latitude", "Location", "Crime type"]
    types = {"Longitude": pl.Float64, "Latitude": pl.Float64}
    frame = (
        pl.scan_csv(path, schema_overrides=types, row_index_name="line", row_index_offset=2)
        .select("line", *columns)
        .with_columns(
            pl.col("Month").str.to_date("%Y-%m", strict=False),
            pl.col("Crime ID").hash(7).alias("id"),
            pl.col("Crime type", "Location").cast(pl.Categorical),
        )
        .drop("Crime ID")
        .collect()
    )
    same = ["id", "Month", "Longitude", "Latitude", "Crime type"]
    frame = frame.with_columns((pl.struct(same).is_first_distinct() | pl.col("id").is_null()).alias("first"))
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        frame.write_parquet(Path(folder) / "t.parquet")
    return {"rows": frame.height, "without_place": frame["Longitude"].null_count()}


def _bare(path: Path) -> dict[str, Any]:
    typed = {4: "DOUBLE", 5: "DOUBLE"}
    columns = ", ".join(f"'c{index}': '{typed.get(index, 'VARCHAR')}'" for index in range(12))
    rows, placed, *_ = (
        duckdb.connect()
        .execute(
            f"SELECT count(*), count(c4), min(c1), sum(c4), sum(c5), max(c6), max(c9) FROM read_csv('{path}', "
            f"columns = {{{columns}}}, auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"')"
        )
        .fetchall()[0]
    )
    return {"rows": rows, "without_place": rows - placed}


def _again(rows: int, folder: Path) -> None:
    """Print what it costs to run once more, with nothing new and with one month more."""
    import pandas  # noqa: F401, PLC0415

    whole, month = folder / "street.csv", folder / "street_more.csv"
    write_street_csv(whole, rows)
    write_street_csv(month, 22_000, first=rows, months=1)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        database = Path(scratch) / "t.duckdb"
        for name, paths in (
            ("first run", [whole]),
            ("nothing new", [whole]),
            ("one month more", [whole, month]),
            ("nothing new", [whole, month]),
        ):
            start = time.process_time()
            for path in paths:
                find_input_files([path.name], folder, members=())[0].sha256()
            hashing, start = time.process_time() - start, time.process_time()
            _ingest(database, paths)
            seconds = time.process_time() - start
            print(
                f"{rows:,} rows, {name}: {seconds:.2f} s of processor time; the SHA-256 of the files alone {hashing:.2f} s"
            )


def main(arguments: list[str]) -> None:
    """Make the file and time every method, or run one method here."""
    if arguments[:1] == ["--one"]:
        run(arguments[1], Path(arguments[2]))
        return
    quick = "--quick" in arguments
    rows = int(arguments[arguments.index("--rows") + 1]) if "--rows" in arguments else 20_000 if quick else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        if "--again" in arguments:
            _again(rows, Path(folder))
            return
        path = Path(folder) / "street.csv"
        write_street_csv(path, rows)
        megabytes = path.stat().st_size / 1e6
        runs = alternate("bench.ingest", ("geoharm", BARE, POLARS), (str(path),), 1 if quick else 3)
    report("ingest", f"{rows:,} rows, {megabytes:,.0f} MB", "geoharm", runs, PACKAGES)


if __name__ == "__main__":
    main(sys.argv[1:])
