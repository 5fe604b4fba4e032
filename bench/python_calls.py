"""Speed of `geoharm.evaluate` on a frame of events, beside SpilloverDiD of diff-diff on the same events as a panel.

Run as ``python -m bench.python_calls [--quick]``. Both start from one GeoDataFrame of a made city in longitude and latitude, each
run in a process of its own, in turns, on one core; seconds are those of the processor. The peer counts squares of 200 m by month first, as its documentation asks for a
panel; its answer is for the target and three rings, without placebo places, diagnostics or phases. A peer that is not installed is
said so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import warnings
from importlib.metadata import PackageNotFoundError, version

import geopandas
import numpy as np
import pandas as pd
import shapely

import geoharm
from geoharm.simulation.location import CENTRE, CRS

SIZES = (10_000, 100_000)
QUICK = SIZES[:1]
RUNS = 3
CELL = 200.0
RINGS = [0.0, 0.5, 0.8, 1.3]
HALF = 6_000.0
TARGET = shapely.Point(CENTRE).buffer(320)
AREA = shapely.box(*(centre - HALF for centre in CENTRE), *(centre + HALF for centre in CENTRE))
FIRST, START, DAYS = np.datetime64("2019-01-01"), "2022-01-10", 1461
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}


def made_events(rows: int) -> geopandas.GeoDataFrame:
    """Return events at sixteen markets and between them, in longitude and latitude."""
    rng = np.random.default_rng(1)
    market = rng.integers(0, 4, (rows, 2)) * 3_000.0 - 4_500.0
    offset = np.where(rng.random((rows, 1)) < 0.8, rng.normal(0, 300, (rows, 2)), rng.uniform(-1_500, 1_500, (rows, 2)))
    # One of the markets is the target's.
    at = np.array(CENTRE) + np.where((market == [-1_500.0, -1_500.0]).all(axis=1, keepdims=True), 0.0, market) + offset
    day = FIRST + rng.integers(0, DAYS, rows)
    return geoharm.events_from_xy(at[:, 0], at[:, 1], day, crs=CRS).to_crs("EPSG:4326")


def evaluate(events: geopandas.GeoDataFrame) -> float:
    """Return the change in the target as a share of the expected count."""
    areas = {"target": TARGET, "study_area": AREA}
    answer = geoharm.evaluate(
        events,
        **{name: geopandas.GeoSeries([shape], crs=CRS) for name, shape in areas.items()},
        start=START,
        end="2022-01-23",
        rings=(400, 700, 1000),
    )
    return answer.target.change / answer.target.expected


def spillover(events: geopandas.GeoDataFrame) -> float:
    """Return the same by SpilloverDiD."""
    from diff_diff import SpilloverDiD  # noqa: PLC0415 an extra

    metric = events.to_crs(CRS)
    x, y = metric.geometry.x.to_numpy(), metric.geometry.y.to_numpy()
    side = int(2 * HALF / CELL)
    column, row = (
        np.floor((values - centre + HALF) / CELL).astype(int) for values, centre in zip((x, y), CENTRE, strict=True)
    )
    inside = (column >= 0) & (column < side) & (row >= 0) & (row < side)
    month = (events["date"].to_numpy().astype("datetime64[M]") - np.datetime64("2019-01")).astype(int)
    kept = inside & (month != 36)
    panel = np.zeros((side * side, 47))
    np.add.at(panel, ((row * side + column)[kept], (month - (month > 36))[kept]), 1.0)
    middle = (np.arange(side) + 0.5) * CELL - HALF
    east, north = (part.ravel() for part in np.meshgrid(CENTRE[0] + middle, CENTRE[1] + middle))
    points = geopandas.GeoSeries(geopandas.points_from_xy(east, north), crs=CRS).to_crs("EPSG:4326")
    treated = shapely.contains_xy(TARGET, east, north)
    unit, period = (part.ravel() for part in np.meshgrid(np.arange(side * side), np.arange(47), indexing="ij"))
    data = pd.DataFrame({
        "unit": unit, "period": period, "count": panel.ravel(), "lat": points.y.to_numpy()[unit], "lon": points.x.to_numpy()[unit],
        "on": (treated[unit] & (period >= 36)).astype(int),
    })  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = SpilloverDiD(
            rings=RINGS, vcov_type="conley", conley_coords=("lat", "lon"), conley_cutoff_km=1.0, conley_lag_cutoff=3
        ).fit(data, outcome="count", unit="unit", time="period", treatment="on")
    change, observed = fit.att * treated.sum() * 11, panel[treated, 36:].sum()
    return float(change / (observed - change))


JOBS = {"geoharm": evaluate, "diff-diff": spillover}


def one(job: str, rows: int) -> None:
    """Print the processor seconds of a first and a second call on one core, and the answer."""
    events, seconds = made_events(rows), []
    for _ in range(2):
        start = time.process_time()
        answer = JOBS[job](events)
        seconds.append(time.process_time() - start)
    print(json.dumps({"first": seconds[0], "second": seconds[1], "answer": answer}))


def measured(job: str, rows: int) -> dict[str, float]:
    """Return the figures of a job in a process of its own."""
    command = [sys.executable, "-m", "bench.python_calls", "one", job, str(rows)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | ENVIRONMENT)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> None:
    """Time every size in turns and print the figures."""
    if sys.argv[1:2] == ["one"]:
        one(sys.argv[2], int(sys.argv[3]))
        return
    quick = "--quick" in sys.argv
    try:
        peer = f"diff-diff {version('diff-diff')} SpilloverDiD"
    except PackageNotFoundError:
        peer = ""
        print("diff-diff is not installed; geoharm is timed alone.")
    lines = []
    for rows in QUICK if quick else SIZES:
        found: dict[str, list[dict[str, float]]] = {job: [] for job in JOBS if job == "geoharm" or peer}
        for _ in range(1 if quick else RUNS):
            for job, figures in found.items():
                figures.append(measured(job, rows))
        best = {
            job: {key: min(one[key] for one in figures) for key in ("first", "second")}
            for job, figures in found.items()
        }
        for job, seconds in best.items():
            answer = found[job][0]["answer"]
            print(
                f"{rows:,} events, {job}: first call {seconds['first']:.1f} s, next {seconds['second']:.1f} s, change {answer:+.0%}"
            )
        line = {"figure": f"evaluate {rows:,} events, next call", "seconds": round(best["geoharm"]["second"], 2), "first_call": round(best["geoharm"]["first"], 2)}  # fmt: skip
        if peer:
            line |= {"peer": peer, "ratio": round(best["diff-diff"]["second"] / best["geoharm"]["second"], 2)}
        lines.append(line)
    for line in lines:
        print(json.dumps(line))


if __name__ == "__main__":
    main()
