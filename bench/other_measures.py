"""Would the past of other measures make the forecast better? Real counts, at places without a known operation.

Run as ``python -m bench.other_measures [--data FOLDER] [--places 6]``. Places, dates and circles are those of `bench.placebo_real`.
The program's forecast of a measure leaves a miss at every placebo place. The misses are forecast by a regression, learned for each place at
those that share no ground with it, on what the other measures did there: their last year against
their whole past, both against the city. ``after`` adds what they did in the window after, which nobody may use, since an
operation changes it: it bounds what any of it could tell. Printed: by how much the misses, and so the intervals, would be
shorter; below zero, longer.
"""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np

from bench.calibration import argument
from bench.placebo_real import (
    CATEGORIES,
    DATA,
    DATES,
    ROOT,
    SEED,
    candidates,
    circle,
    laid_out,
    measure_of,
    year_before,
)
from geoharm.engines.duckdb import open_engine
from geoharm.evaluation.placebo.calibrated_ratio import fit_forecast_and_pool
from geoharm.evaluation.placebo.forecast import KAPPA
from geoharm.evaluation.placebo.places import ZONES
from geoharm.model.geometry import ZoneRole
from geoharm.pipeline.load import load_sources
from geoharm.study.read import read_study

YEAR = 12
PENALTY = 10.0  # independent places' worth of "the other measures say nothing"


def ratio(seen, expected):
    """Return a log ratio that stays finite at zero."""
    return np.log((seen + KAPPA) / (expected + KAPPA))


def features_of(table, city, months):
    """Return last year against the whole past, and after against the past, both against the city, by place."""
    past, city_past = table[:, :months].sum(axis=1), city[:months].sum()
    year = ratio(table[:, months - YEAR : months].sum(axis=1), past / city_past * city[months - YEAR : months].sum())
    after = ratio(table[:, months], past / city_past * city[months])
    return year, after


def left_over(misses, features, shares, penalty):
    """Return the mean squared miss left when each is forecast from places that share no ground with its own."""
    found = misses.copy()
    for place in range(misses.size):
        free = ~shares[place]
        if free.sum() < 3 * features.shape[1]:
            continue
        centre, scale = features[free].mean(axis=0), features[free].std(axis=0) + 1e-9
        table = (features - centre) / scale
        level = misses[free].mean()
        slope = np.linalg.solve(
            table[free].T @ table[free] + penalty * np.eye(table.shape[1]), table[free].T @ (misses[free] - level)
        )
        found[place] = misses[place] - table[place] @ slope
    return float((found**2).mean())


def one_place(engine, study, ledgers, operation, category):
    """Return by zone the mean squared miss as it is, with other measures' past, and with their window after too."""
    design, by_measure = laid_out(engine, study, operation, [measure_of(name) for name in CATEGORIES], ledgers)
    own_counts, own_data = by_measure.pop(category)
    control = design.of_role(ZoneRole.CONTROL)[0].name
    found = {}
    for zone in ZONES:
        forecast, _, _, near = fit_forecast_and_pool(own_data, own_counts, design, zone=zone, after=design.after)
        if forecast is None:
            continue
        columns = []
        for counts, data in by_measure.values():
            table = {"target": data.sums.target, "all rings": data.sums.rings}.get(
                zone, data.sums.target + data.sums.rings
            )
            city = np.array([counts.total(control, window) for window in data.windows], dtype=float)
            columns.append(features_of(table[near], city, data.months))
        year, after = (np.column_stack(which) for which in zip(*columns, strict=True))
        misses = np.array(forecast.misses)
        shares = own_data.places.share_ground(zone, near)
        how = (shares, PENALTY * forecast.places / forecast.effective)
        both = np.column_stack([year, after])
        found[zone] = [float((misses**2).mean()), left_over(misses, year, *how), left_over(misses, both, *how)]
    return found


def main() -> None:
    """Print one JSON object a zone."""
    source = Path(argument("--data", str(DATA)))
    if not source.is_dir():
        print(json.dumps({"figure": "other measures", "skipped": "the real data are not beside this project"}))
        return
    study = read_study(ROOT / "pipelines" / "merseyside.toml")
    rows, count = defaultdict(list), int(argument("--places", "6"))
    with tempfile.TemporaryDirectory() as folder, open_engine(Path(folder) / "m.duckdb", inputs=source) as engine:
        ledgers = load_sources(engine, study, source)
        x, y = candidates(study.area)
        for months, dates in DATES.items():
            for start in dates:
                for number, category in enumerate(CATEGORIES):
                    busy = np.flatnonzero(year_before(engine, measure_of(category), x, y, start) >= 40)
                    rng = np.random.default_rng([SEED, start.year, start.month, number])
                    for place in rng.choice(busy, size=count, replace=False):
                        found = one_place(engine, study, ledgers, circle(x[place], y[place], start), category)
                        for zone, three in found.items():
                            rows[months, zone].append(three)
    for (months, zone), found in sorted(rows.items()):
        before, year, after = np.array(found).T
        print(
            json.dumps(
                {
                    "figure": f"other measures, {zone}, {months} months",
                    "forecasts": len(found),
                    "shorter_by_their_past": round(1 - float(np.sqrt(year.mean() / before.mean())), 3),
                    "shorter_by_their_after_too": round(1 - float(np.sqrt(after.mean() / before.mean())), 3),
                }
            )
        )


if __name__ == "__main__":
    main()
