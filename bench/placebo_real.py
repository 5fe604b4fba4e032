"""Placebo operations on real counts: false alarms and power of the default interval.

Run as ``python -m bench.placebo_real [--quick] [--data FOLDER] [--keep FILE]``. The folder holds the public street files
(default ``../shared/data/merseyside-police``). Circles of 350 m with rings to 1,000 m are laid on Liverpool, at places and
dates without a known operation, and evaluated by the program's own code. Places are random, or among the tenth with most
events in the year before. A fall is planted by removing a random part of the target's events after.

A block is one date, measure and kind of place, drawn from its own seed. With ``--keep``, every block is written to the file
when it is finished, and the same command continues after an interruption.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import contextmanager
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
from geoharm.evaluation.placebo.unit_panel import unit_panel
from geoharm.model.measure import Harm, Measure
from geoharm.model.period import Period, Window, add_months
from geoharm.model.study import BeforeRule, Operation
from geoharm.pipeline.load import load_sources
from geoharm.queries.counts import dated_points, located_points, zone_counts
from geoharm.study.read import read_study

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data" / "merseyside-police"
DATES = {"quiet": (date(2019, 11, 1), date(2019, 12, 1)), "turbulent": (date(2020, 3, 1), date(2020, 9, 1))}
CATEGORIES = ("Violence and sexual offences", "Anti-social behaviour", "Criminal damage and arson", "Burglary", "Drugs")
FALLS = (0.2, 0.35, 0.5)
MONTHS_AFTER = 3
PLACE_KINDS = ("random", "busiest tenth")
STRONG = 0.5  # a design can answer if its smallest detectable fall is at most this
SEED = 20191101


def data_folder(figure):
    """Return the folder of the real data; None, after a line that says so, if there is none."""
    data = Path(sys.argv[sys.argv.index("--data") + 1]) if "--data" in sys.argv else DATA
    if data.is_dir():
        return data
    print(json.dumps({"figure": figure, "skipped": "the real data are not beside this project"}))
    return None


@contextmanager
def loaded(study, data):
    """Give a database with the study's sources, and their ledgers; it is deleted afterwards."""
    with tempfile.TemporaryDirectory() as folder, open_engine(Path(folder) / "m.duckdb", inputs=data) as engine:
        yield engine, load_sources(engine, study, data)


def circle(x, y, start):
    """Return an operation with a circular target at a place, in the month before `start`."""
    target = shapely.Point(x, y).buffer(350)
    period = Period(add_months(start, -1), start)
    before = BeforeRule(Period(add_months(start, -13), add_months(start, -1)))
    after = (f"0-{MONTHS_AFTER} months",)
    return Operation("placebo", "placebo", "", period, target, "", 200.0, (500.0, 1000.0), None, before, after)


def candidates(area):
    """Return x and y of places 200 m apart whose circle lies in the study area."""
    west, south, east, north = area.boundary.bounds
    inner = area.boundary.buffer(-350)
    x, y = (v.ravel() for v in np.meshgrid(np.arange(west, east, 200.0), np.arange(south, north, 200.0)))
    inside = shapely.contains_xy(inner, x, y)
    return x[inside], y[inside]


def year_before(engine, measure, x, y, start):
    """Return the number of events within 350 m of each place, in the year before the operation.

    Parameters
    ----------
    engine : DuckDBEngine
        The open database.
    measure : Measure
        What is counted.
    x, y : ndarray, places
        Places in metres.
    start : date
        First day after the operation's month.
    """
    window = Window("year", (Period(add_months(start, -13), add_months(start, -1)),))
    points = located_points(engine, measure, window)
    tree = shapely.STRtree(shapely.points(points.x, points.y))
    place, point = tree.query(shapely.points(x, y), predicate="dwithin", distance=350.0)
    return np.bincount(place, weights=points.weight[point], minlength=x.size)


def measure_of(category):
    """Return the measure that counts a recorded kind of crime."""
    return Measure(category, "police", (category,), "incidents", "public", Harm("community", "environment"))


def laid_out(engine, study, operation, measures, ledgers):
    """Return an operation's design, and for each measure its counts and the counts at the placebo places.

    Parameters
    ----------
    engine : DuckDBEngine
        The open database.
    study : Study
        The study.
    operation : Operation
        The placebo operation.
    measures : list of Measure
        What is counted.
    ledgers : list of SourceLedger
        Ledgers of the sources.
    """
    design = build_design(operation, study.area, [], ledgers)
    places = placebo_places(operation, study.area, design.control_area, [])
    by_measure = {}
    for measure in measures:
        counts = zone_counts(engine, measure, design.zones)
        windows = placebo_windows(counts, design)
        panel = unit_panel(
            measure.name,
            dated_points(engine, measure),
            windows,
            cell=places.cell,
            origin=places.origin,
            precision=ledgers[0].precision,
        )
        by_measure[measure.name] = counts, placebo_data(places, panel, design)
    return design, by_measure


def one_operation(engine, study, operation, measure, ledgers, rng):
    """Return a row for each zone without a planted fall, and a row of the target for each planted fall.

    Parameters
    ----------
    engine : DuckDBEngine
        The open database.
    study : Study
        The study.
    operation : Operation
        The placebo operation.
    measure : Measure
        What is counted.
    ledgers : list of SourceLedger
        Ledgers of the sources.
    rng : numpy.random.Generator
        Source of the events to remove.
    """
    design, by_measure = laid_out(engine, study, operation, [measure], ledgers)
    counts, data = by_measure[measure.name]
    rows = []
    for effect in evaluate_measure(measure, counts, design, data).effects:
        if effect.zone in ZONES:
            rows.append(row_of(effect.zone, 0.0, effect.ratio, effect.placebo, effect.counting_ratio))
    inside = (counts.dates >= np.datetime64(design.after.start)) & (counts.dates < np.datetime64(design.after.end))
    for fall in FALLS:
        table = counts.counts.copy()
        target_row = counts.zones.index("target")
        table[target_row, inside] = rng.binomial(table[target_row, inside], 1 - fall)
        thinned = replace(counts, counts=table)
        ratio, check = calibrated_effect(data, thinned, design, zone="target", after=design.after)
        rows.append(row_of("target", fall, ratio, check, None))
    return rows


def row_of(zone, fall, ratio, check, counting):
    """Return one result as a dictionary of plain values. `side` is -1 below "no change", 1 above, 0 otherwise.

    Parameters
    ----------
    zone : str
        Name of the zone.
    fall : float
        Planted fall.
    ratio : Estimate
        The headline's log ratio.
    check : PlaceboCheck or None
        What the placebo places showed.
    counting : Estimate or None
        The ratio with counting noise only.
    """
    row = {"zone": zone, "fall": fall, "possible": ratio.is_defined, "side": 0, "length": None, "counting": None}
    row["detectable"] = check.detectable_fall if check else 1.0
    if check:
        row |= {"expected": round(check.expected, 2), "effective": round(check.effective_places, 2), "pool": check.pool}
        row |= {"phi": round(check.phi, 4), "tau": round(check.tau, 4)}
    if ratio.is_defined:
        span = ratio.interval()
        row |= {"side": span.side, "length": span.high - span.low, "value": ratio.value, "p": ratio.p}
    if counting is not None and counting.is_defined:
        row["counting"] = counting.interval().side
    return row


def summary(rows, label):
    """Return the figures of a group of placebo operations."""
    answered = [row for row in rows if row["possible"]]
    sides = [row["side"] for row in answered]
    strong = [row for row in answered if row["detectable"] <= STRONG]
    strong_findings = sum(row["side"] != 0 for row in strong)
    signals = sum(row["side"] != 0 for row in answered) - strong_findings
    result = {
        "figure": f"placebo operations, Liverpool, {label}",
        "operations": len(rows),
        "interval_possible": round(len(answered) / len(rows), 3),
        "rejects_of_possible": mean([side != 0 for side in sides]),
        "rejects_below": mean([side < 0 for side in sides]),
        "strong": len(strong),
        "findings_of_all": round(strong_findings / len(rows), 4),
        "findings_of_strong": mean([row["side"] != 0 for row in strong]),
        "cannot_tell": round(1 - (len(strong) + signals) / len(rows), 3),
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
    """Return the mean to four decimals; None for an empty list."""
    return round(float(np.mean(values)), 4) if values else None


def median(values):
    """Return the median to three decimals; None for an empty list."""
    return round(float(np.median(values)), 3) if values else None


def blocks():
    """Return every block: quiet or turbulent months, first day after the operation, category, kind of place."""
    return [
        (months, start, category, kind)
        for months, dates in DATES.items()
        for start in dates
        for category in CATEGORIES
        for kind in PLACE_KINDS
    ]


def one_block(engine, study, ledgers, places, block, *, number, per_block):
    """Return the rows of one block, drawn from its own seed.

    Parameters
    ----------
    engine : DuckDBEngine
        The open database.
    study : Study
        The study.
    ledgers : list of SourceLedger
        Ledgers of the sources.
    places : tuple of two ndarray
        x and y of the candidate places.
    block : tuple
        The block, from `blocks`.
    number : int
        Number of the block, which makes its seed.
    per_block : int
        Number of operations.
    """
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
    """Print one JSON object for each group of placebo operations."""
    data = data_folder("placebo operations")
    if data is None:
        return
    kept_file = Path(sys.argv[sys.argv.index("--keep") + 1]) if "--keep" in sys.argv else None
    per_block = 3 if "--quick" in sys.argv else 24
    study = read_study(ROOT / "pipelines" / "merseyside.toml")
    start_clock = time.perf_counter()
    rows_by_block = {}
    if kept_file is not None and kept_file.is_file():
        lines = (json.loads(line) for line in kept_file.read_text().splitlines() if line.endswith("]}"))
        rows_by_block = {line["block"]: line["rows"] for line in lines if line["per_block"] == per_block}
    if len(rows_by_block) < len(blocks()):
        with loaded(study, data) as (engine, ledgers):
            places = candidates(study.area)
            for number, block in enumerate(blocks()):
                if number in rows_by_block:
                    continue
                rows_by_block[number] = one_block(
                    engine, study, ledgers, places, block, number=number, per_block=per_block
                )
                if kept_file is not None:
                    with kept_file.open("a") as file:
                        file.write(
                            json.dumps({"block": number, "per_block": per_block, "rows": rows_by_block[number]}) + "\n"
                        )
    rows = defaultdict(list)
    for number, (months, _, _, kind) in enumerate(blocks()):
        for _, operation_rows in rows_by_block[number]:
            for row in operation_rows:
                rows[months, kind, row["zone"], row["fall"]].append(row)
                rows[months, "all", row["zone"], row["fall"]].append(row)
                rows["all", "all", row["zone"], row["fall"]].append(row)
    for (months, kind, zone, fall), group in sorted(rows.items()):
        label = f"{zone}, {months} months, {kind} places" + (f", planted fall of {fall:.0%}" if fall else "")
        print(json.dumps(summary(group, label)))
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
