"""Placebo operations on real counts: how often the default interval raises a false alarm, and what it can see.

Run as ``python -m bench.placebo_real [--quick] [--data FOLDER] [--keep FILE]``; the folder holds the public street
files (default ``../shared/data/merseyside-police``). Circles of 350 m with rings to 1,000 m are laid on Liverpool at
places and dates without a known operation, and evaluated by the program's own code. Places: at random, or among the
tenth with most events in the year before. A fall is planted by thinning the target's counts after. With ``--keep``,
every block (one date, measure and kind of place, drawn from a seed of its own) is kept in the file as soon as it is
done: the same command goes on where it was broken off.
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

from geoharm.engines.duckdb import open_engine
from geoharm.evaluation.design.build import build_design
from geoharm.evaluation.effects import evaluate_measure
from geoharm.evaluation.placebo.calibrated_ratio import calibrated_effect, placebo_data, placebo_windows
from geoharm.evaluation.placebo.places import ZONES, placebo_places
from geoharm.model.geometry import ZoneRole
from geoharm.model.measure import Harm, Measure
from geoharm.model.period import Period, add_months
from geoharm.model.study import BeforeRule, Operation
from geoharm.pipeline.load import load_sources
from geoharm.queries.counts import located_points, reduce_zones, whole_period, zone_counts
from geoharm.queries.panel import unit_panel
from geoharm.study.read import read_study

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data" / "merseyside-police"
DATES = {"quiet": (date(2019, 11, 1), date(2019, 12, 1)), "turbulent": (date(2020, 3, 1), date(2020, 9, 1))}
CATEGORIES = ("Violence and sexual offences", "Anti-social behaviour", "Criminal damage and arson", "Burglary", "Drugs")
FALLS = (0.2, 0.35, 0.5)
MONTHS_AFTER = 3
UNTESTED_REASONS = ("random", "busiest tenth")
STRONG = 0.5  # largest "smallest detectable fall" of a design that can answer
SEED = 20191101


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


def year_before(engine, measure, x, y, start):
    """Return the events of the last twelve months within 350 m of each place."""
    window = replace(whole_period(Period(add_months(start, -13), add_months(start, -1)), ()), name="year")
    points = located_points(engine, measure, window)
    tree = shapely.STRtree(shapely.points(points.x, points.y))
    place, point = tree.query(shapely.points(x, y), predicate="dwithin", distance=350.0)
    return np.bincount(place, weights=points.weight[point], minlength=x.size)


def measure_of(category):
    """Return a recorded kind of crime as a measure."""
    return Measure(category, "police", (category,), "incidents", "public", Harm("community", "environment"))


def laid_out(engine, study, operation, measures, ledgers):
    """Return an operation's design, and by name of the measure its counts and those at the placebo places."""
    design = build_design(operation, study.area, [], ledgers)
    places = placebo_places(operation, study.area, design.of_role(ZoneRole.CONTROL)[0].geometry, [])
    reduce_zones(engine, operation.name, design.zones, ["police"])
    found = {}
    for measure in measures:
        counts = zone_counts(engine, operation.name, measure, design.zones)
        windows = placebo_windows(counts, design)
        panel = unit_panel(engine, measure, windows, cell=places.cell, origin=places.origin)
        found[measure.name] = counts, placebo_data(places, panel, design)
    return design, found


def one_operation(engine, study, operation, measure, ledgers, rng):
    """Return one row a zone and planted fall: what the interval and the noise of counting said, and on what ground."""
    design, by_measure = laid_out(engine, study, operation, [measure], ledgers)
    counts, data = by_measure[measure.name]
    found = []
    for effect in evaluate_measure(measure, counts, design, data).effects:
        if effect.zone in ZONES:
            found.append(row_of(effect.zone, 0.0, effect.ratio, effect.placebo, effect.counting))
    inside = (counts.dates >= np.datetime64(design.after.start)) & (counts.dates < np.datetime64(design.after.end))
    for fall in FALLS:
        table = counts.counts.copy()
        row = counts.zones.index("target")
        table[row, inside] = rng.binomial(table[row, inside], 1 - fall)
        thinned = replace(counts, counts=table)
        ratio, check = calibrated_effect(data, thinned, design, zone="target", after=design.after)
        found.append(row_of("target", fall, ratio, check, None))
    return found


def row_of(zone, fall, ratio, check, counting):
    """Return what one answer said, as plain values: side is -1 below "no change", 1 above, 0 neither."""
    row = {"zone": zone, "fall": fall, "possible": ratio.is_defined, "side": 0, "length": None, "counting": None}
    row["detectable"] = check.detectable_fall if check else 1.0
    if check:
        row |= {"expected": round(check.expected, 2), "effective": round(check.independent, 2), "pool": check.pool}
        row |= {"phi": round(check.phi, 4), "tau": round(check.tau, 4)}
    if ratio.is_defined:
        span = ratio.interval()
        row |= {"side": span.side, "length": span.high - span.low, "value": ratio.value, "p": ratio.p}
    if counting is not None and counting.is_defined:
        row["counting"] = counting.interval().side
    return row


def summary(rows, label):
    """Return the figures of many placebo operations."""
    answered = [row for row in rows if row["possible"]]
    sides = [row["side"] for row in answered]
    strong = [row for row in answered if row["detectable"] <= STRONG]
    told = sum(row["side"] != 0 for row in strong)
    weak = sum(row["side"] != 0 for row in answered) - told
    result = {
        "figure": f"placebo operations, Liverpool, {label}",
        "operations": len(rows),
        "interval_possible": round(len(answered) / len(rows), 3),
        "rejects_of_possible": mean([side != 0 for side in sides]),
        "rejects_below": mean([side < 0 for side in sides]),
        "strong": len(strong),
        "findings_of_all": round(told / len(rows), 4),
        "findings_of_strong": mean([row["side"] != 0 for row in strong]),
        "cannot_tell": round(1 - (len(strong) + weak) / len(rows), 3),
        "median_length_log_ratio": median([row["length"] for row in answered]),
        "median_detectable_fall": median([row["detectable"] for row in answered]),
    }
    if any(row["counting"] is not None for row in rows):
        result["counting_only_rejects_all"] = mean(
            [row["counting"] != 0 for row in rows if row["counting"] is not None]
        )
        result["counting_only_rejects_of_possible"] = mean(
            [row["counting"] != 0 for row in answered if row["counting"] is not None]
        )
    return result


def mean(values):
    """Return the mean to four digits; None of nothing."""
    return round(float(np.mean(values)), 4) if values else None


def median(values):
    """Return the median to three digits; None of nothing."""
    return round(float(np.median(values)), 3) if values else None


def blocks():
    """Return every block: dates of quiet or turbulent months, a first day after, a category and a kind of place."""
    return [
        (months, start, category, kind)
        for months, dates in DATES.items()
        for start in dates
        for category in CATEGORIES
        for kind in UNTESTED_REASONS
    ]


def one_block(engine, study, ledgers, places, block, *, number, per_block):
    """Return the rows of one block, from a seed of its own."""
    x, y = places
    _, start, category, kind = block
    rng = np.random.default_rng([SEED, number])
    measure = measure_of(category)
    year = year_before(engine, measure, x, y, start)
    pool = np.flatnonzero(year >= 40) if kind == "random" else np.argsort(year)[-year.size // 10 :]
    return [
        [{"x": float(x[place]), "y": float(y[place])}, one_operation(
            engine, study, circle(x[place], y[place], start), measure, ledgers, rng
        )]
        for place in rng.choice(pool, size=min(per_block, pool.size), replace=False)
    ]  # fmt: skip


def main() -> None:
    """Print one JSON object a cell."""
    data = Path(sys.argv[sys.argv.index("--data") + 1]) if "--data" in sys.argv else DATA
    if not data.is_dir():
        print(json.dumps({"figure": "placebo operations", "skipped": "the real data are not beside this project"}))
        return
    kept = Path(sys.argv[sys.argv.index("--keep") + 1]) if "--keep" in sys.argv else None
    per_block = 3 if "--quick" in sys.argv else 24
    study = read_study(ROOT / "pipelines" / "merseyside.toml")
    start_clock = time.perf_counter()
    done = {}
    if kept is not None and kept.is_file():
        lines = (json.loads(line) for line in kept.read_text().splitlines() if line.endswith("]}"))
        done = {line["block"]: line["rows"] for line in lines if line["per_block"] == per_block}
    if len(done) < len(blocks()):
        with (
            tempfile.TemporaryDirectory() as folder,
            open_engine(Path(folder) / "m.duckdb", inputs=data) as engine,
        ):
            ledgers = load_sources(engine, study, data)
            places = candidates(study.area)
            for number, block in enumerate(blocks()):
                if number in done:
                    continue
                done[number] = one_block(engine, study, ledgers, places, block, number=number, per_block=per_block)
                if kept is not None:
                    with kept.open("a") as file:
                        file.write(json.dumps({"block": number, "per_block": per_block, "rows": done[number]}) + "\n")
    rows = defaultdict(list)
    for number, (months, _, _, kind) in enumerate(blocks()):
        for _, found in done[number]:
            for row in found:
                rows[months, kind, row["zone"], row["fall"]].append(row)
                rows[months, "all", row["zone"], row["fall"]].append(row)
                rows["all", "all", row["zone"], row["fall"]].append(row)
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
