"""Speed of reading a large CSV file: the whole of `geoharm ingest`, and DuckDB reading five of its columns.

Run as ``python -m bench.ingest [--quick] [--rows N]``. The file is simulated from a seed and looks like those of
data.police.uk: twelve columns, an id of 64 characters, 30,000 map points, 1.5 % of rows without a place. geoharm does the
whole job: read, check, hash, project, find duplicates and default geocodes, place in the study area, write the tables, balance
the ledger. The peer reads five columns of the same file with declared types and adds them up. Any job with DuckDB's reader
takes at least this long. Peak memory is that of the whole process; geoharm uses about 320 MB of it before a row is read.
"""

from __future__ import annotations

import sys
import tempfile
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
from geoharm.model.period import Period

PACKAGES = ("geoharm", "duckdb", "numpy", "pyarrow", "pyproj", "shapely")
POINTS, CATEGORIES, MONTHS = 30_000, 14, 45
AREA = StudyArea(shapely.box(300_000, 360_000, 380_000, 420_000), "EPSG:27700")
PERIOD = Period(date(2018, 1, 1), date(2022, 1, 1))
PEER = "duckdb read_csv, 5 columns"


def write_street_csv(path: Path, rows: int) -> None:
    """Write a file that looks like the street-level crime files of data.police.uk."""
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
                strftime(DATE '2018-01-01' + to_months(CAST(floor(i * {MONTHS}.0 / {rows}) AS INTEGER)), '%Y-%m') AS "Month",
                'Merseyside Police' AS "Reported by", 'Merseyside Police' AS "Falls within",
                CASE WHEN here THEN lon END AS "Longitude", CASE WHEN here THEN lat END AS "Latitude",
                CASE WHEN here THEN place ELSE 'No Location' END AS "Location", CASE WHEN here THEN lsoa END AS "LSOA code",
                CASE WHEN here THEN 'Liverpool ' || k % 60 END AS "LSOA name", ({kinds!r})[c + 1] AS "Crime type",
                CASE WHEN c > 0 THEN 'Investigation complete; no suspect identified' END AS "Last outcome category",
                NULL AS "Context"
            FROM (
                SELECT i, CAST(hash(3 * i) % {POINTS} AS BIGINT) AS k, CAST(hash(3 * i + 1) % {CATEGORIES} AS INTEGER) AS c,
                    hash(3 * i + 2) % 1000 >= 15 AS here
                FROM range({rows}) AS r(i)
            ) JOIN points USING (k) ORDER BY i
        ) TO '{path}' (HEADER, DELIMITER ',')
        """
    )


def run(method: str, path: Path) -> None:
    """Read the file with one method, and print time and memory."""
    one_run(lambda: _whole_job(path) if method == "geoharm" else _bare(path), lambda figures: figures)


def _whole_job(path: Path) -> dict[str, int]:
    input_format = read_format("police-uk-street", path.parent)
    with (
        tempfile.TemporaryDirectory(dir=path.parent) as folder,
        open_engine(Path(folder) / "t.duckdb", inputs=path.parent) as store,
    ):
        files = find_input_files([path.name], path.parent, members=())
        ledger = ingest_events(store, "police", input_format=input_format, files=files, area=AREA, period=PERIOD)
    return {"rows": ledger.total("read"), "without_place": ledger.total("no_place")}


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


def main(arguments: list[str]) -> None:
    """Make the file and time both methods, or run one method here."""
    if arguments[:1] == ["--one"]:
        run(arguments[1], Path(arguments[2]))
        return
    quick = "--quick" in arguments
    rows = int(arguments[arguments.index("--rows") + 1]) if "--rows" in arguments else 20_000 if quick else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "street.csv"
        write_street_csv(path, rows)
        megabytes = path.stat().st_size / 1e6
        runs = alternate("bench.ingest", ("geoharm", PEER), (str(path),), 1 if quick else 3)
    report("ingest", f"{rows:,} rows, {megabytes:,.0f} MB", "geoharm", runs, PACKAGES)


if __name__ == "__main__":
    main(sys.argv[1:])
