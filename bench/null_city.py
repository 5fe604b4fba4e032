"""Made cities in which nothing happens: how often an interval leaves out "no change" around one place.

Run as ``python -m bench.null_city --rows FILE [--repeats 1000] [--minutes 60] [--case FOLDER] [--quick] [--docs]``. The city is a square
of 6 km with about 9,000 events in four years: two fifths lie evenly, the rest in 14 markets, and no rate ever changes. The target
is a square of 400 m on a market, with a gap of 50 m and rings to 250 and 500 m. The window after has 11 months. Two kinds
are replicated:

- "shuffled": the events of the case stay at their places, and their days are shuffled over them. All that the case has is
  kept, except what happened when. It needs the folder of the case (default ``../shared/cases/inputs/15z-null-as-it-is``).
- "redrawn": markets, events and days are drawn anew.

Every replication has a seed of its own and is written when it is finished; the same command continues after an interruption.
At the end, the shares are printed with 95% intervals; ``--docs`` writes them to `bench/null_city.json` and `docs/calibration.md`.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
import shapely
from scipy.stats import beta

from bench.calibration import argument, rows_of
from bench.calibration_table import table, write_part
from bench.placebo_real import LEVELS, ROOT, loaded, spans_of, zone_total
from geoharm.evaluation.design.windows import build_windows
from geoharm.evaluation.design.zones import build_zones
from geoharm.evaluation.placebo.calibrated_ratio import fit_forecast, placebo_data, placebo_windows
from geoharm.evaluation.placebo.places import ZONES, placebo_places
from geoharm.evaluation.placebo.unit_panel import unit_panel
from geoharm.geo.point_in_polygon import locate_points
from geoharm.model.counts import ELSEWHERE, ZoneCounts
from geoharm.model.design import Design
from geoharm.model.geometry import StudyArea, ZoneRole
from geoharm.model.measure import Harm, Measure
from geoharm.model.period import Period
from geoharm.model.points import DatedPoints
from geoharm.model.study import BeforeRule, Operation
from geoharm.queries.counts import dated_points
from geoharm.study.read import read_study

SUMMARY = ROOT / "bench" / "null_city.json"
CASE = ROOT.parent / "shared" / "cases" / "inputs" / "15z-null-as-it-is"
COVERAGE = Period(date(2018, 1, 1), date(2022, 1, 1))
SIDE = 6000.0
INNER = 200.0  # no event lies nearer to the edge of the city
CORNER = (497_000.0, 4_980_000.0)
EVENTS = 9000
MARKETS, MARKET_SHARE, MARKET_SPREAD = 14, 0.6, 140.0  # number, share of all events, standard deviation in metres
MEASURE = Measure("finds", "s", (), "requests", "public", Harm("community", "environment"))
SEED = 20210104
KINDS = ("shuffled", "redrawn")


def operation():
    """Return the operation of the case: a square of 400 m in the middle of the city."""
    target = shapely.box(499_800.0, 4_982_800.0, 500_200.0, 4_983_200.0)
    before = BeforeRule(Period(date(2019, 1, 1), date(2021, 1, 1)))
    after = ("0-6 months", "6-11 months")
    period = Period(date(2021, 1, 4), date(2021, 2, 1))
    return Operation("One", "crackdown", "", period, target, "", 50.0, (250.0, 500.0), None, before, after)


def layout():
    """Return the design and the placebo places. They do not depend on events."""
    one = operation()
    area = StudyArea(shapely.box(*CORNER, CORNER[0] + SIDE, CORNER[1] + SIDE), "EPSG:32626")
    zones = build_zones(one, area, [])
    before, after, phases, _ = build_windows(one, coverage=COVERAGE, missing=(), by_month=False)
    control = next(zone.geometry for zone in zones if zone.role is ZoneRole.CONTROL)
    return Design(one, zones, before, after, phases), placebo_places(one, area, control, [])


def counted(points, design, places):
    """Return the counts of points by zone and day, and at the placebo places.

    Parameters
    ----------
    points : DatedPoints
        The events.
    design : Design
        Zones and windows.
    places : PlaceboPlaces
        Placebo places.
    """
    zone = locate_points(points.x, points.y, [part.geometry for part in design.zones])
    names = (*(part.name for part in design.zones), ELSEWHERE)
    dates, day = np.unique(points.day, return_inverse=True)
    table = np.zeros((len(names), dates.size), dtype=np.int64)
    np.add.at(table, (zone, day), points.weight.astype(np.int64))
    counts = ZoneCounts(MEASURE.name, names, dates, table, by_month=False, coverage=COVERAGE)
    panel = unit_panel(MEASURE.name, points, placebo_windows(counts, design), cell=places.cell, origin=places.origin)
    return counts, placebo_data(places, panel, design)


def shuffled(points, rng):
    """Return the same places with the days shuffled over the events."""
    return DatedPoints(points.x, points.y, rng.permutation(points.day), points.weight)


def redrawn(rng):
    """Return the events of a new city of the same kind; one market lies in the target."""
    count = rng.poisson(EVENTS)
    low, high = np.array(CORNER) + INNER, np.array(CORNER) + SIDE - INNER
    centres = rng.uniform(low, high, (MARKETS, 2))
    centres[0] = np.array(CORNER) + SIDE / 2
    places = rng.uniform(low, high, (count, 2))
    in_market = np.flatnonzero(rng.random(count) < MARKET_SHARE)
    drawn = centres[rng.integers(MARKETS, size=in_market.size)] + rng.normal(0, MARKET_SPREAD, (in_market.size, 2))
    places[in_market] = np.clip(drawn, low, high)
    day = np.datetime64(COVERAGE.start) + rng.integers(COVERAGE.days, size=count)
    return DatedPoints(places[:, 0], places[:, 1], day, np.ones(count))


def answers(points, design, places):
    """Return for each zone what the program finds in a city: counts, interval ends by level, smallest detectable fall.

    Parameters
    ----------
    points : DatedPoints
        The events.
    design : Design
        Zones and windows.
    places : PlaceboPlaces
        Placebo places.
    """
    counts, data = counted(points, design, places)
    by_zone = {}
    for zone in ZONES:
        forecast, check, reason = fit_forecast(data, counts, design, zone=zone, after=design.after)
        row = {"after": zone_total(counts, design, zone, design.after), "reason": reason}
        if check is not None:
            row |= {
                "expected": round(check.expected, 2),
                "detectable": round(check.detectable_fall, 4),
                "effective": round(check.effective_places, 2),
                "busy": check.at_least_as_busy,
            }
        if forecast is not None and not reason and zone_total(counts, design, zone, design.before):
            row["spans"] = spans_of(forecast, row["after"])
        by_zone[zone] = row
    return by_zone


def case_points(folder):
    """Return the events of the case as the program reads them; None without its folder."""
    if not folder.is_dir():
        return None
    study = read_study(folder / "study.toml")
    with loaded(study, folder / "data") as (engine, _):
        return dated_points(engine, study.measures[0])


def share_with_span(hits, total):
    """Return a share with its exact 95% interval, in percent.

    Notes
    -----
    The interval is that of C. J. Clopper and E. S. Pearson (1934), The use of confidence or fiducial limits illustrated
    in the case of the binomial, Biometrika 26:404-413, https://doi.org/10.1093/biomet/26.4.404

    Examples
    --------
    >>> share_with_span(5, 100)
    [5.0, 1.6, 11.3]
    """
    if not total:
        return None
    low = beta.ppf(0.025, hits, total - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, total - hits) if hits < total else 1.0
    return [round(100 * float(value), 1) for value in (hits / total, low, high)]


def summary(rows, kind):
    """Return the figures of one kind of cities.

    Parameters
    ----------
    rows : list of dict
        Results of `answers`.
    kind : str
        Name of the kind.
    """
    figure = {"figure": "cities without any change", "kind": kind, "cities": len(rows)}
    for zone in ZONES:
        answered = [row[zone] for row in rows if "spans" in row[zone]]
        total, spans = len(answered), np.array([row["spans"] for row in answered]).reshape(-1, len(LEVELS), 2)
        low, high = spans[..., 0], spans[..., 1]
        outside = (low > 0) | (high < 0)
        figure[zone] = {
            "interval": share_with_span(total, len(rows)),
            "rejects": share_with_span(int(outside[:, 2].sum()), total),
            "rejects_of_small_detectable": of_small_detectable(answered),
            "below": share_with_span(int((high[:, 2] < 0).sum()), total),
            "above": share_with_span(int((low[:, 2] > 0).sum()), total),
            "rejects_at_80": share_with_span(int(outside[:, 0].sum()), total),
            "upper_bound_wrong": share_with_span(int((high[:, 1] < 0).sum()), total),
            "lower_bound_wrong": share_with_span(int((low[:, 1] > 0).sum()), total),
            "detectable": round(float(np.median([row["detectable"] for row in answered])), 3) if total else None,
            "effective": round(float(np.median([row["effective"] for row in answered])), 1) if total else None,
        }
    any_zone = [[row[zone]["spans"][2] for zone in ZONES if "spans" in row[zone]] for row in rows]
    figure["any_of_three"] = share_with_span(
        sum(any(low > 0 or high < 0 for low, high in spans) for spans in any_zone), len(rows)
    )
    return figure


def of_small_detectable(rows):
    """Return how often the 95% interval leaves out 0 among the quarter of cities with the smallest detectable falls.

    Parameters
    ----------
    rows : list of dict
        Answers of one zone with an interval.
    """
    by_fall = sorted(rows, key=lambda row: row["detectable"])[: len(rows) // 4]
    ends = [row["spans"][LEVELS.index(0.95)] for row in by_fall]
    return share_with_span(sum(low > 0 or high < 0 for low, high in ends), len(ends))


def part(summaries):
    """Return the generated table of the page: one row for each kind of cities and zone.

    Parameters
    ----------
    summaries : list of dict
        Results of `summary`.
    """
    head = ["cities", "zone", "95% interval possible", "95% leaves out zero (5)", "below", "above", "in the quarter with the smallest detectable falls",
            "80% leaves out zero (20)", "upper bound wrong (5)", "lower bound wrong (5)"]  # fmt: skip
    keys = (
        "interval", "rejects", "below", "above", "rejects_of_small_detectable", "rejects_at_80", "upper_bound_wrong", "lower_bound_wrong",
    )  # fmt: skip
    rows = [
        [f"{figure['cities']:,} {figure['kind']}", zone, *(with_span(figure[zone][key]) for key in keys)]
        for figure in summaries
        for zone in ZONES
    ]
    return table(head, rows)


def with_span(value):
    """Return a percentage with its interval as text; None for None."""
    return None if value is None else "{:.1f} ({:.1f}–{:.1f})".format(*value)


def run(path, repeats, minutes, points):
    """Add replications to a file, both kinds in turn, until there are enough or the time is over.

    Parameters
    ----------
    path : Path
        File of JSON lines.
    repeats : int
        Replications of each kind.
    minutes : float
        Time limit.
    points : DatedPoints or None
        Events of the case; without them, only new cities are drawn.
    """
    start = time.monotonic()
    done = {(row["kind"], row["seed"]) for row in rows_of(path)}
    design, places = layout()
    for seed in range(repeats):
        for number, kind in enumerate(KINDS):
            if (kind, seed) in done or (kind == "shuffled" and points is None):
                continue
            rng = np.random.default_rng([SEED, number, seed])
            drawn = redrawn(rng) if kind == "redrawn" else shuffled(points, rng)
            line = json.dumps({"kind": kind, "seed": seed, "zones": answers(drawn, design, places)})
            with path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        if time.monotonic() - start > 60 * minutes:
            return


def main() -> None:
    """Run replications, and print one JSON object for each kind of cities."""
    quick = "--quick" in sys.argv
    points = case_points(Path(argument("--case", str(CASE))))
    if points is None:
        print(
            json.dumps(
                {"figure": "cities without any change, shuffled", "skipped": "the case is not beside this project"}
            )
        )
    else:
        print(json.dumps({"figure": "the case itself", **answers(points, *layout())}))
    if quick:
        design, places = layout()
        rng = np.random.default_rng(SEED)
        print(json.dumps(summary([answers(redrawn(rng), design, places) for _ in range(2)], "redrawn")))
        return
    path = Path(argument("--rows", "null_city.jsonl"))
    run(path, int(argument("--repeats", "1000")), float(argument("--minutes", "60")), points)
    by_kind = {kind: [row["zones"] for row in rows_of(path) if row["kind"] == kind] for kind in KINDS}
    summaries = [summary(rows, kind) for kind, rows in by_kind.items() if rows]
    for figure in summaries:
        print(json.dumps(figure))
    if "--docs" in sys.argv:
        SUMMARY.write_text("".join(json.dumps(figure) + "\n" for figure in summaries), encoding="utf-8")
        write_part("null city", part(summaries))


if __name__ == "__main__":
    main()
