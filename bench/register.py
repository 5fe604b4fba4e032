"""What one operation of a register costs: a made city with many operations, from the files to the pages.

Run as ``python -m bench.register [--operations 40] [--side 16000] [--release internal] [--keep FOLDER] [--quick]``. It writes a
simulated city (`geoharm.simulation.city`) with as many events for its size as the demo's, a register of operations of four
tactics at its markets, in a year of days, and a study of two measures, and runs it. It prints processor seconds by stage, those an
operation, the most memory, and the size of the pages.
"""

from __future__ import annotations

import csv
import resource
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from bench.calibration import argument
from bench.calibration_table import table
from geoharm import _crs
from geoharm.pipeline.run import run
from geoharm.simulation import city as made
from geoharm.simulation.city_files import CRS, write_city
from geoharm.study.read import read_study

TACTICS = ("crackdown", "civil order", "problem-oriented", "nuisance abatement")
APART = 700.0
MEASURES = ("needle finds", "overdoses")
REGISTER = """[[register]]
file = "register.csv"
objective = "public order"
radius = 150
rings = { outer = [150, 300] }
before = { years = 1, same_season = true }
after = ["0-3 months", "3-6 months"]

[hotspots]
cell = 100
bandwidth = 250

[publish]
release = "RELEASE"
"""


def write_register(folder, number, *, side, release):
    """Write a city with a register of operations, and return its study file.

    Parameters
    ----------
    folder : Path
    number : int
        Operations at most; fewer if the city has fewer markets that are far enough apart.
    side : float
        Of the city, in metres.
    release : str
        "public" or "internal".
    """
    usual, times = made.CITY_EVENT_KINDS, (side / 7200) ** 2
    made.CITY_EVENT_KINDS = tuple(replace(kind, monthly=kind.monthly * times) for kind in usual)
    try:
        city = made.build_city(
            made.CityPlan(5, side=side, markets=number + 20, radius=150.0, rings=(0.0, 150.0, 300.0))
        )
    finally:
        made.CITY_EVENT_KINDS = usual
    write_city(city, folder)
    rng, kept = np.random.default_rng(1), []
    for x, y in rng.permutation(np.array(city.truth["markets"])):
        if len(kept) < number and all(np.hypot(x - east, y - north) >= APART for east, north in kept):
            kept.append((x, y))
    lon, lat = _crs.transform(*np.array(kept).T, source=CRS, target=_crs.LONLAT)
    with (folder / "register.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(["name", "start", "end", "tactic", "longitude", "latitude"])
        for position, (east, north) in enumerate(zip(lon, lat, strict=True)):
            start = date(2021, 6, 1) + timedelta(days=int(rng.integers(0, 365)))
            days = [f"{day:%d/%m/%Y}" for day in (start, start + timedelta(days=int(rng.integers(0, 28))))]
            writer.writerow(
                [f"Operation {position + 1:02d}", *days, TACTICS[position % 4], f"{east:.6f}", f"{north:.6f}"]
            )
    path = folder / "study.toml"
    head, _ = path.read_text(encoding="utf-8").split("[[operation]]")
    path.write_text(head + REGISTER.replace("RELEASE", release), encoding="utf-8")
    return path


def two_measures(path):
    """Return the study of a register with two of its measures."""
    study = read_study(path)
    measures = tuple(measure for measure in study.measures if measure.name in MEASURES)
    used = {measure.source for measure in (*measures, *study.harm.area_measures)}
    sources = tuple(source for source in study.sources if source.name in used)
    return replace(study, measures=measures, sources=sources)


def main() -> None:
    """Run a register and print what it cost."""
    quick = "--quick" in sys.argv
    number, side = (
        int(argument("--operations", "5" if quick else "40")),
        float(argument("--side", "8000" if quick else "16000")),
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(argument("--keep", scratch))
        folder.mkdir(parents=True, exist_ok=True)
        study = two_measures(write_register(folder, number, side=side, release=argument("--release", "internal")))
        stages, last = {}, ["reading", time.process_time()]

        def progress(step, done, whole):  # noqa: ARG001
            stage = step.split(" ")[0]
            now = time.process_time()
            stages[last[0]] = stages.get(last[0], 0.0) + now - last[1]
            last[:] = [stage, now]

        begin = time.process_time()
        found = run(study, data=folder, out=folder / "out", database=folder / "study.duckdb", progress=progress)
        progress("end", 1, 1)
        total = time.process_time() - begin
        operations = len(study.operations)
        rows = [[name, f"{seconds:.0f}", f"{seconds / operations:.1f}"] for name, seconds in stages.items()]
        print(
            table(
                ["stage", "processor s", "an operation, s"],
                [*rows, ["all", f"{total:.0f}", f"{total / operations:.1f}"]],
            )
        )
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        sizes = sorted(path.stat().st_size / 1e6 for path in found.published.files)
        print(
            f"{operations} operations, {memory:,.0f} MB at most, {len(sizes)} files of {sum(sizes):,.0f} MB, the largest {sizes[-1]:.1f} MB."
        )
        print(study.registers[0].balance)


if __name__ == "__main__":
    main()
