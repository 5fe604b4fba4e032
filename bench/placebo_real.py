"""Placebo operations on real counts: how often the default interval raises a false alarm, and what it can see.

Run as ``python -m bench.placebo_real [--quick] [--data FOLDER]``; the folder holds the public street files (default
``../shared/data/merseyside-police``). Circles of 350 m with rings to 1,000 m are laid on Liverpool at places and dates
without a known operation, and evaluated by the program's own code. Places: at random, or among the tenth with most
events in the year before. A fall is planted by thinning the target's counts after.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import shapely

from geoharm import displacement, store
from geoharm.displacement.placebo import ZONES
from geoharm.intake import ingest
from geoharm.model import BeforeRule, Harm, Measure, Operation, Period, ZoneRole, add_months
from geoharm.study import read_study

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data" / "merseyside-police"
DATES = {"quiet": (date(2019, 11, 1), date(2019, 12, 1)), "turbulent": (date(2020, 3, 1), date(2020, 9, 1))}
CATEGORIES = ("Violence and sexual offences", "Anti-social behaviour", "Criminal damage and arson", "Burglary", "Drugs")
FALLS = (0.2, 0.35, 0.5)
MONTHS_AFTER = 3


def circle(x, y, start):
    """Return an operation in the month before `start` at a place."""
    target = shapely.Point(x, y).buffer(350)
    period = Period(add_months(start, -1), start)
    before = BeforeRule(Period(add_months(start, -13), add_months(start, -1)))
    after = (f"0-{MONTHS_AFTER} months",)
    return Operation("placebo", "placebo", "", period, target, "", 200.0, (500.0, 1000.0), None, before, after)


def candidates(area):
    """Return places 200 m apart whose circle lies in the study area."""
    west, south, east, north = area.boundary.bounds
    inner = area.boundary.buffer(-350)
    x, y = (v.ravel() for v in np.meshgrid(np.arange(west, east, 200.0), np.arange(south, north, 200.0)))
    kept = shapely.contains_xy(inner, x, y)
    return x[kept], y[kept]


def year_before(opened, measure, x, y, start):
    """Return the events of the last twelve months within 350 m of each place."""
    window = replace(store.whole_period(Period(add_months(start, -13), add_months(start, -1)), ()), name="year")
    points = store.points(opened, measure, window)
    tree = shapely.STRtree(shapely.points(points.x, points.y))
    place, point = tree.query(shapely.points(x, y), predicate="dwithin", distance=350.0)
    return np.bincount(place, weights=points.weight[point], minlength=x.size)


def one_operation(opened, study, operation, measure, ledgers, rng):
    """Return, by zone and planted fall, side, lengths and whether an interval was possible."""
    design = displacement.build_design(operation, study.area, [], ledgers)
    control = design.of_role(ZoneRole.CONTROL)[0].geometry
    places = displacement.placebo_places(operation, study.area, control, [])
    store.reduce_zones(opened, operation.name, design.zones, ["police"])
    counts = store.zone_counts(opened, operation.name, measure, design.zones)
    windows = displacement.placebo_windows(counts, design)
    panel = store.unit_panel(opened, measure, windows, cell=places.cell, origin=places.origin)
    data = displacement.placebo_data(places, panel, design)
    found = {}
    for effect in displacement.evaluate_measure(measure, counts, design, data).effects:
        if effect.zone not in ZONES:
            continue
        found[effect.zone, 0.0] = (effect.ratio, effect.counting, effect.detectable_fall)
    inside = (counts.dates >= np.datetime64(design.after.start)) & (counts.dates < np.datetime64(design.after.end))
    for fall in FALLS:
        table = counts.counts.copy()
        row = counts.zones.index("target")
        table[row, inside] = rng.binomial(table[row, inside], 1 - fall)
        thinned = replace(counts, counts=table)
        ratio, check = displacement.calibrate(data, thinned, design, zone="target", after=design.after)
        found["target", fall] = (ratio, None, check.detectable_fall if check else np.nan)
    return found


def summary(rows, label):
    """Return the figures of many placebo operations."""
    answered = [row for row in rows if row[0].is_defined]
    sides = [row[0].interval().side for row in answered]
    length = [row[0].interval().high - row[0].interval().low for row in answered]
    strong = [row for row in answered if row[2] <= 0.5]
    told = sum(row[0].interval().side != 0 for row in strong)
    counting = [row[1].interval().side != 0 for row in rows if row[1] is not None and row[1].is_defined]
    beside = [row[1].interval().side != 0 for row in answered if row[1] is not None and row[1].is_defined]
    result = {
        "figure": f"placebo operations, Liverpool, {label}",
        "operations": len(rows),
        "interval_possible": round(len(answered) / len(rows), 3),
        "rejects_of_possible": round(float(np.mean([side != 0 for side in sides])), 4) if sides else None,
        "rejects_below": round(float(np.mean([side < 0 for side in sides])), 4) if sides else None,
        "findings_of_all": round(told / len(rows), 4),
        "findings_of_strong": round(told / len(strong), 4) if strong else None,
        "cannot_tell": round(
            1 - (len(strong) + sum(s != 0 for s, r in zip(sides, answered, strict=True) if r[2] > 0.5)) / len(rows), 3
        ),
        "median_length_log_ratio": round(float(np.median(length)), 3) if length else None,
        "median_detectable_fall": round(float(np.median([row[2] for row in answered])), 3) if answered else None,
    }
    if counting:
        result["counting_only_rejects_all"] = round(float(np.mean(counting)), 4)
        result["counting_only_rejects_of_possible"] = round(float(np.mean(beside)), 4) if beside else None
    return result


def main() -> None:
    """Print one JSON object a cell."""
    data = Path(sys.argv[sys.argv.index("--data") + 1]) if "--data" in sys.argv else DATA
    if not data.is_dir():
        print(json.dumps({"figure": "placebo operations", "skipped": "the real data are not beside this project"}))
        return
    per_cell = 3 if "--quick" in sys.argv else 24
    rng = np.random.default_rng(20191101)
    study = read_study(ROOT / "pipelines" / "merseyside.toml")
    start_clock = time.perf_counter()
    rows = defaultdict(list)
    with (
        tempfile.TemporaryDirectory() as folder,
        store.open_store(Path(folder) / "m.duckdb", inputs=data) as opened,
    ):
        ledgers = ingest(opened, study, data)
        x, y = candidates(study.area)
        for months, dates in DATES.items():
            for start in dates:
                for category in CATEGORIES:
                    measure = Measure(
                        category, "police", (category,), "incidents", "public", Harm("community", "environment")
                    )
                    year = year_before(opened, measure, x, y, start)
                    pools = {
                        "random": np.flatnonzero(year >= 40),
                        "busiest tenth": np.argsort(year)[-year.size // 10 :],
                    }
                    for kind, pool in pools.items():
                        if pool.size == 0:
                            continue
                        for place in rng.choice(pool, size=min(per_cell, pool.size), replace=False):
                            operation = circle(x[place], y[place], start)
                            found = one_operation(opened, study, operation, measure, ledgers, rng)
                            for (zone, fall), row in found.items():
                                rows[months, kind, zone, fall].append(row)
                                rows["all", "all", zone, fall].append(row)
    for (months, kind, zone, fall), cell in sorted(rows.items()):
        what = f"{zone}, {months} months, {kind} places" + (f", planted fall of {fall:.0%}" if fall else "")
        print(json.dumps(summary(cell, what)))
    total = len(rows["all", "all", "target", 0.0])
    print(
        json.dumps(
            {
                "figure": "placebo operations, run",
                "operations": total,
                "seconds": round(time.perf_counter() - start_clock),
            }
        )
    )


if __name__ == "__main__":
    main()
