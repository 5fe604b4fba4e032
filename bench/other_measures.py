"""Whether the past of other measures improves the forecast of a measure, on real counts.

Run as ``python -m bench.other_measures [--data FOLDER] [--places 6]``. Places and circles are those of
`bench.placebo_real`. The program's forecast of a measure has an error at every placebo place. A regression on the other
measures forecasts these errors. For each place it is fitted at places that share no ground with it. Its variables are the
other measures' last year compared with their whole past, relative to the city. ``after`` adds their window after. An operation
changes that window, so it must not be used in an evaluation; it gives an upper bound of the gain. The bench prints by what
share the errors, and so the intervals, would be shorter; a negative number means longer.
"""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from datetime import date
from pathlib import Path

import numpy as np

from bench.calibration import argument
from bench.placebo_real import (
    DATA,
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
from geoharm.evaluation.placebo.forecast import ADDED_EVENTS
from geoharm.evaluation.placebo.places import ZONES
from geoharm.model.geometry import ZoneRole
from geoharm.pipeline.load import load_sources
from geoharm.study.read import read_study

DATES = {"quiet": (date(2019, 11, 1), date(2019, 12, 1)), "turbulent": (date(2020, 3, 1), date(2020, 9, 1))}
CATEGORIES = ("Violence and sexual offences", "Anti-social behaviour", "Criminal damage and arson", "Burglary", "Drugs")
YEAR = 12
PENALTY = 10.0  # ridge penalty, as a number of independent places without any relation to the other measures


def ratio(seen, expected):
    """Return a log ratio that is finite for counts of zero."""
    return np.log((seen + ADDED_EVENTS) / (expected + ADDED_EVENTS))


def features_of(table, city, months):
    """Return by place the log ratio of the last year to the whole past, and of the window after, relative to the city."""
    past, city_past = table[:, :months].sum(axis=1), city[:months].sum()
    year = ratio(table[:, months - YEAR : months].sum(axis=1), past / city_past * city[months - YEAR : months].sum())
    after = ratio(table[:, months], past / city_past * city[months])
    return year, after


def remaining_error(misses, features, shares, penalty):
    """Return the mean squared error that remains after each error is forecast from places without shared ground.

    Parameters
    ----------
    misses : ndarray, places
        Forecast errors.
    features : ndarray, places x features
        Variables of the regression.
    shares : ndarray of bool, places x places
        Whether two places share ground.
    penalty : float
        Ridge penalty.
    """
    remaining = misses.copy()
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
        remaining[place] = misses[place] - table[place] @ slope
    return float((remaining**2).mean())


def one_place(engine, study, ledgers, operation, category):
    """Return three mean squared errors by zone: without other measures, with their past, with their window after too.

    Parameters
    ----------
    engine : DuckDBEngine
        The open database.
    study : Study
        The study.
    ledgers : list of SourceLedger
        Ledgers of the sources.
    operation : Operation
        The placebo operation.
    category : str
        Recorded kind of crime whose forecast is tried.
    """
    design, by_measure = laid_out(engine, study, operation, [measure_of(name) for name in CATEGORIES], ledgers)
    own_counts, own_data = by_measure.pop(category)
    control = design.of_role(ZoneRole.CONTROL)[0].name
    mean_squares = {}
    for zone in ZONES:
        forecast, _, _, near = fit_forecast_and_pool(own_data, own_counts, design, zone=zone, after=design.after)
        if forecast is None:
            continue
        columns = []
        for counts, data in by_measure.values():
            table = {"target": data.counts.target, "all rings": data.counts.rings}.get(
                zone, data.counts.target + data.counts.rings
            )
            city = np.array([counts.total(control, window) for window in data.windows], dtype=float)
            columns.append(features_of(table[near], city, data.months))
        year, after = (np.column_stack(features) for features in zip(*columns, strict=True))
        misses = np.array(forecast.forecast_errors)
        shares = own_data.places.share_ground(zone, near)
        places_and_penalty = (shares, PENALTY * forecast.places / forecast.effective_places)
        both = np.column_stack([year, after])
        mean_squares[zone] = [
            float((misses**2).mean()),
            remaining_error(misses, year, *places_and_penalty),
            remaining_error(misses, both, *places_and_penalty),
        ]
    return mean_squares


def main() -> None:
    """Print one JSON object for each zone and kind of months."""
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
                        mean_squares = one_place(engine, study, ledgers, circle(x[place], y[place], start), category)
                        for zone, mean_squares_of_zone in mean_squares.items():
                            rows[months, zone].append(mean_squares_of_zone)
    for (months, zone), forecasts in sorted(rows.items()):
        before, year, after = np.array(forecasts).T
        print(
            json.dumps(
                {
                    "figure": f"other measures, {zone}, {months} months",
                    "forecasts": len(forecasts),
                    "shorter_by_their_past": round(1 - float(np.sqrt(year.mean() / before.mean())), 3),
                    "shorter_by_their_after_too": round(1 - float(np.sqrt(after.mean() / before.mean())), 3),
                }
            )
        )


if __name__ == "__main__":
    main()
