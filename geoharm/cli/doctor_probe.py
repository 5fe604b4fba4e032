"""What `doctor` asks of another process, which may crash instead of it: run as ``python -m geoharm.cli.doctor_probe``.

Each answer is a line of JSON on standard output, so that those before a crash are kept.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from pathlib import Path

import geoharm

# The origin of a coordinate system with a shift of datum of its own, near Charing Cross: EPSG:27700 in metres.
PROBED_CRS, PROBED_METRES = "EPSG:27700", (530_000.0, 180_000.0)


def main(arguments: list[str]) -> None:
    """Answer: with ``lock DATABASE``, whether it can be opened; else what of the program cannot be imported, and where it keeps."""
    if arguments[:1] == ["lock"]:
        say(opened=can_open(Path(arguments[1])))
        return
    for module in pkgutil.walk_packages(geoharm.__path__, "geoharm."):
        if module.name.endswith("__main__"):
            continue
        say(importing=module.name)
        try:
            importlib.import_module(module.name)
        except Exception as error:  # whatever it is, the user is to read it
            say(module=module.name, failed=f"{type(error).__name__}: {error}")
    say(cache=cache_folder())
    say(lonlat=probed_lonlat())


def say(**answer: object) -> None:
    """Print an answer at once."""
    print(json.dumps(answer), flush=True)


def can_open(database: Path) -> bool:
    """Return whether a database can be opened by this process: false if another one has its lock."""
    from geoharm.engines.duckdb import read_engine  # noqa: PLC0415
    from geoharm.errors import DatabaseBusyError  # noqa: PLC0415

    try:
        with read_engine(database):
            return True
    except DatabaseBusyError:
        return False


def cache_folder() -> str:
    """Return the folder in which compiled loops are kept; empty if there is none that can be written."""
    from geoharm.hotspots.density import numba_loops  # noqa: PLC0415

    return str(numba_loops.count_cells.stats.cache_path or "")


def probed_lonlat() -> tuple[float, float]:
    """Return degrees of a known place."""
    from geoharm import _crs  # noqa: PLC0415

    x, y = PROBED_METRES
    longitude, latitude = _crs.transform([x], [y], source=PROBED_CRS, target=_crs.LONLAT)
    return float(longitude[0]), float(latitude[0])


if __name__ == "__main__":
    main(sys.argv[1:])
