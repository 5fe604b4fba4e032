"""Placebo operations on real counts: how often each statement is wrong, by season, window and measure.

Run as ``python -m bench.placebo_real [--quick] [--data FOLDER] [--keep FILE]``. The folder holds the public street files
(default ``../shared/data/merseyside-police``). Circles of 350 m with rings to 1,000 m are laid on Liverpool, at places and
dates without a known operation, and evaluated by the program's own code. Places are random, or among the tenth with most
events in the year before. A fall is planted by removing a random part of a zone's events after.

A block is one date and kind of place, drawn from its own seed. All measures and windows share its places. With ``--keep``,
every block is written to the file when it is finished, and the same command continues after an interruption.
`bench.placebo_real_table` makes rates and tables of the file.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import shapely

from geoharm.engines.duckdb import open_engine
from geoharm.evaluation.design.build import build_design
from geoharm.evaluation.effects import evaluate_measure
from geoharm.evaluation.placebo.calibrated_ratio import (
    calibrated_ratio,
    fit_forecast,
    placebo_data,
    placebo_windows,
)
from geoharm.evaluation.placebo.places import ZONES, placebo_places
from geoharm.evaluation.placebo.unit_panel import unit_panel
from geoharm.model.design import ALL_RINGS
from geoharm.model.geometry import ZoneRole
from geoharm.model.measure import Harm, Measure
from geoharm.model.period import Period, Window, add_months
from geoharm.model.study import BeforeRule, Operation
from geoharm.pipeline.load import load_sources
from geoharm.queries.counts import dated_points, located_points, zone_counts
from geoharm.study.read import read_study

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data" / "merseyside-police"
# First days of the windows after. Three-month windows do not overlap. Earlier dates have too short a history.
DATES = tuple(
    date(year, month, 1)
    for year, months in ((2019, (9, 12)), (2020, (3, 6, 9, 12)), (2021, (3, 6)))
    for month in months
)
DATA_END = date(2021, 10, 1)
CATEGORIES = (
    "Violence and sexual offences",
    "Anti-social behaviour",
    "Criminal damage and arson",
    "Burglary",
    "Drugs",
    "Public order",
)
FALLS = (0.0, 0.2, 0.35, 0.5)
MONTHS_AFTER = (3, 6, 12)
LEVELS = (0.8, 0.9, 0.95)
PLACE_KINDS = ("random", "busiest tenth")
MIN_EVENTS = 100  # events of all measures in the year before, at a random place
PER_BLOCK = 16
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
    after = (f"0-{MONTHS_AFTER[0]} months",)
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


def laid_out(engine, study, operation, measures, ledgers, phases=()):
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
    phases : tuple of Window
        Further windows after.
    """
    design = build_design(operation, study.area, [], ledgers)
    design = replace(design, phases=phases)
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


def windows_after(start):
    """Return the windows after that the data cover, by their length in months."""
    return {
        months: Window(f"0-{months} months", (Period(start, add_months(start, months)),))
        for months in MONTHS_AFTER
        if add_months(start, months) <= DATA_END
    }


def one_operation(engine, study, operation, measures, ledgers, rng):
    """Return a row for each measure, window after and zone of one placebo operation.

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
    rng : numpy.random.Generator
        Source of the events to remove.
    """
    windows = windows_after(add_months(operation.period.start, 1))
    design, by_measure = laid_out(engine, study, operation, measures, ledgers, tuple(windows.values()))
    rows = []
    for measure in measures:
        counts, data = by_measure[measure.name]
        counting = {
            effect.zone: effect.counting_ratio.interval().side
            for effect in evaluate_measure(measure, counts, design).effects
            if effect.counting_ratio.is_defined
        }
        for months, window in windows.items():
            city = city_factor(counts, design, window)
            for zone in ZONES:
                forecast, check, reason = fit_forecast(data, counts, design, zone=zone, after=window)
                before, after = (zone_total(counts, design, zone, part) for part in (design.before, window))
                row = {"measure": measure.name, "months": months, "zone": zone, "after": after, "reason": reason}
                row["city"] = city
                if check is not None:
                    row |= {
                        "expected": round(check.expected, 2),
                        "detectable": round(check.detectable_fall, 4),
                        "effective": round(check.effective_places, 1),
                        "cap": check.probably_at_most,
                    }
                if months == MONTHS_AFTER[0] and zone in counting:
                    row["counting"] = counting[zone]
                if forecast is not None and not reason and before:
                    row["spans"] = [spans_of(forecast, planted(rng, after, fall)) for fall in FALLS]
                rows.append(row)
    return rows


def zone_total(counts, design, zone, window):
    """Return the number of events of "target", "all rings" or "target and rings" in a window.

    Parameters
    ----------
    counts : ZoneCounts
        Counts by zone and date.
    design : Design
        The design.
    zone : str
        Name of the zone.
    window : Window
        The window.
    """
    roles = {"target": (ZoneRole.TARGET,), ALL_RINGS: (ZoneRole.RING,)}.get(zone, (ZoneRole.TARGET, ZoneRole.RING))
    return sum(counts.total(part.name, window) for role in roles for part in design.of_role(role))


def city_factor(counts, design, window):
    """Return the control area's daily count in a window after, over that before.

    Parameters
    ----------
    counts : ZoneCounts
        Counts by zone and date.
    design : Design
        The design.
    window : Window
        The window after.
    """
    control = design.of_role(ZoneRole.CONTROL)[0].name
    before, after = (counts.total(control, part) / part.days for part in (design.before, window))
    return round(after / before, 4)


def planted(rng, count, fall):
    """Return a count of which each event is removed with the probability `fall`."""
    return int(rng.binomial(count, 1 - fall)) if fall else count


def spans_of(forecast, count):
    """Return the ends of the log ratio's intervals, in the order of `LEVELS`."""
    ratio = calibrated_ratio(forecast, count)
    return [[round(end, 4) for end in (span.low, span.high)] for span in map(ratio.interval, LEVELS)]


def blocks():
    """Return every block: first day after the operation, and kind of place."""
    return [(start, kind) for start in DATES for kind in PLACE_KINDS]


def one_block(engine, study, ledgers, places, block, *, number, per_block):
    """Return the place and the rows of every operation of one block, drawn from its own seed.

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
    start, kind = block
    rng = np.random.default_rng([SEED, number])
    measures = [measure_of(category) for category in CATEGORIES]
    year = sum(year_before(engine, measure, x, y, start) for measure in measures)
    pool = np.flatnonzero(year >= MIN_EVENTS) if kind == "random" else np.argsort(year)[-year.size // 10 :]
    return [
        {
            "x": float(x[place]),
            "y": float(y[place]),
            "rows": one_operation(engine, study, circle(x[place], y[place], start), measures, ledgers, rng),
        }
        for place in rng.choice(pool, size=min(per_block, pool.size), replace=False)
    ]


def kept_blocks(path, per_block):
    """Return the finished blocks of a file by their number; a line cut off by an interruption is left out."""
    if path is None or not path.is_file():
        return {}
    lines = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.endswith("]}"))
    return {line["block"]: line for line in lines if line["per_block"] == per_block}


def main() -> None:
    """Run the blocks that are not finished, and print the number of operations and answers."""
    data = data_folder("placebo operations")
    if data is None:
        return
    kept_file = Path(sys.argv[sys.argv.index("--keep") + 1]) if "--keep" in sys.argv else None
    per_block = 1 if "--quick" in sys.argv else PER_BLOCK
    study = read_study(ROOT / "pipelines" / "merseyside.toml")
    start_clock = time.perf_counter()
    by_number = kept_blocks(kept_file, per_block)
    chosen = [number for number in range(len(blocks())) if number not in by_number]
    if "--quick" in sys.argv:
        chosen = chosen[:2]
    if chosen:
        with loaded(study, data) as (engine, ledgers):
            places = candidates(study.area)
            for number in chosen:
                block = blocks()[number]
                line = {"block": number, "start": str(block[0]), "kind": block[1], "per_block": per_block}
                line["operations"] = one_block(
                    engine, study, ledgers, places, block, number=number, per_block=per_block
                )
                by_number[number] = line
                if kept_file is not None:
                    with kept_file.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(line) + "\n")
    operations = [operation for line in by_number.values() for operation in line["operations"]]
    rows = [row for operation in operations for row in operation["rows"]]
    print(
        json.dumps(
            {
                "figure": "placebo operations, Liverpool",
                "operations": len(operations),
                "answers": len(rows),
                "interval_possible": round(sum("spans" in row for row in rows) / len(rows), 3),
                "seconds": round(time.perf_counter() - start_clock),
            }
        )
    )


if __name__ == "__main__":
    main()
