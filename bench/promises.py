"""Are promises of power kept? Falls that are said to be found four times in five are planted, and counted.

Run as ``python -m bench.promises --single ROWS [ROWS ...]`` on rows of `bench.calibration`, and ``--pooled ROWS`` on rows of
`bench.pooling`; with ``--docs`` the tables are written into `docs/calibration.md`.

Every target gets the very fall that the program promises for it, from its forecast: the smallest detectable fall of one
operation, or that of so many operations of its city together. Counts after are drawn around the true expected count. They
are found if the interval that the report prints lies below zero. 80% is promised.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
from pathlib import Path

import numpy as np

from bench.calibration import WORLDS, rows_of
from bench.calibration_table import operations, table, write_part
from bench.pooling import KINDS
from geoharm.evaluation.placebo.calibrated_ratio import calibrated_ratio
from geoharm.evaluation.placebo.forecast import Forecast, degrees_of_freedom
from geoharm.evaluation.pooling.common_fall import common_detectable_fall
from geoharm.evaluation.pooling.operations import pool_effects
from geoharm.model.spread import PooledSpread
from geoharm.simulation.panel_worlds import draw_counts
from geoharm.stats.distributions import t_quantile
from geoharm.stats.minimum_detectable import stabilised_detectable_fall
from geoharm.stats.variance_stabilising import stabilisation_bias, stabilise_variance

LEVELS = (10, 20, 50, 100, 200, 500, 1000, 1e9)  # expected events, edges of classes
MONTHS = ((1.5, 4), (6, 6), (12, 12), (24, 24))  # window after, from and to
NUMBERS = (2, 4, 8, 16)
DRAWS = 20
FEW = 30  # a class with fewer targets is not shown


def forecast_of(numbers):
    """Return the forecast behind the figures ``fc`` of a row of `bench.calibration`."""
    mean, _, effective, _, phi, tau2, error, _, _, dates = numbers
    scale = error / math.sqrt(phi / mean + tau2)
    freedom = degrees_of_freedom(effective, dates)
    return made_forecast(mean, phi, tau2, scale, freedom)


def made_forecast(mean, phi, tau2, scale, freedom):
    """Return a forecast with its own smallest detectable fall."""
    distance = float(t_quantile(0.975, freedom) + t_quantile(0.8, freedom)) * scale
    return Forecast(
        mean, phi, tau2, float(stabilisation_bias(mean, phi=phi, tau2=tau2)), scale, freedom, 1, 1.0,
        scale * math.sqrt(phi / mean + tau2), stabilised_detectable_fall(mean, phi=phi, tau2=tau2, distance=distance),
        100, 50.0, 20, 10.0, 0.0, (), (), 1.0, 1.0, (), (),
    )  # fmt: skip


def found_alone(forecast, counts):
    """Return which counts are found as a fall: the upper end of the 95% interval lies below zero."""
    limit = float(t_quantile(0.975, forecast.degrees_of_freedom)) * forecast.scale
    places = stabilise_variance(counts, phi=forecast.phi, tau2=forecast.tau2) - forecast.bias
    return places + limit < float(stabilise_variance(forecast.mean, phi=forecast.phi, tau2=forecast.tau2))


def at_no_change(forecast):
    """Return the fall that was promised before: from the log error at no change."""
    reach = float(t_quantile(0.975, forecast.degrees_of_freedom) + t_quantile(0.8, forecast.degrees_of_freedom))
    return -math.expm1(-reach * forecast.log_error)


def kept_alone(rows):
    """Yield (months after, expected events, promised fall, share found, share found of what was promised before) by target."""
    for row in rows:
        scenario = WORLDS["all"][row["cell"]]
        if scenario.impossible:
            continue
        months = scenario.steps_after / scenario.world.steps if scenario.steps_after else scenario.world.after
        rng = np.random.default_rng([row["seed"], 5])
        for operation in operations(row["row"]):
            target = operation["target"][0]
            if "ca" not in target or "no" in target:
                continue
            forecast = forecast_of(target["fc"])
            shares = []
            for fall in (forecast.detectable_fall, at_no_change(forecast)):
                means = np.full(DRAWS, target["m"] * (1 - fall))
                counts = draw_counts(rng, means, scenario.world.dispersion)
                shares.append(float(found_alone(forecast, counts).mean()) if fall < 1 else math.nan)
            yield months, forecast.mean, forecast.detectable_fall, *shares


def single_table(rows):
    """Return the table of single operations: share found by expected events and length of the window."""
    kept = np.array(list(kept_alone(rows)))
    lines = []
    for low, high in itertools.pairwise(LEVELS):
        line = [f"{low} to {high:g}" if high < 1e9 else f"{low} and more"]
        for first, last in MONTHS:
            inside = (kept[:, 1] >= low) & (kept[:, 1] < high) & (kept[:, 0] >= first) & (kept[:, 0] <= last)
            part = kept[inside & np.isfinite(kept[:, 3])]
            if len(part) < FEW:
                line.append("–")
                continue
            line.append(
                f"{100 * part[:, 3].mean():.0f} (a fall of {100 * np.median(part[:, 2]):.0f}%; before {100 * np.nanmean(part[:, 4]):.0f}; {len(part)})"
            )
        lines.append(line)
    return table(["expected events", "up to 4 months", "6 months", "12 months", "24 months"], lines)


def kept_together(rows, number, harm):
    """Yield (promised fall, share found) for the first operations of every city together."""
    for city in rows:
        world = KINDS[city["cell"]][0]
        parts = [(row["f"][harm], row["m"][harm]) for row in city["ops"] if row["f"][harm] is not None][:number]
        if len(parts) < number:
            continue
        forecasts = [made_forecast(*(numbers[place] for place in (0, 1, 2, 4, 5))) for numbers, _ in parts]
        fall = common_detectable_fall([PooledSpread((one.spread,)) for one in forecasts])
        if fall >= 1:
            continue
        rng = np.random.default_rng([city["seed"], number, harm])
        means = np.array([mean * (1 - fall) for _, mean in parts])
        found = 0
        for counts in draw_counts(rng, np.tile(means, (DRAWS, 1)), world.dispersion).tolist():
            ratios = [
                (str(place), calibrated_ratio(one, count))
                for place, (one, count) in enumerate(zip(forecasts, counts, strict=True))
            ]
            found += pool_effects(ratios).pooled.interval().high < 0
        yield fall, found / DRAWS


def pooled_table(rows):
    """Return the table of several operations: share found by kind of city and number pooled."""
    lines = []
    for kind in KINDS:
        cities = [row for row in rows if row["cell"] == kind]
        line = [kind]
        for number in NUMBERS:
            kept = np.array([one for harm in range(3) for one in kept_together(cities, number, harm)])
            if len(kept) < FEW:
                line.append("–")
                continue
            error = kept[:, 1].std(ddof=1) / math.sqrt(len(kept))
            line.append(
                f"{100 * kept[:, 1].mean():.0f} ({100 * error:.0f}; a fall of {100 * np.median(kept[:, 0]):.0f}%)"
            )
        lines.append(line)
    return table(["city", *(f"{number} operations" for number in NUMBERS)], lines)


def files_after(word):
    """Return the files that the command line names after a word."""
    if word not in sys.argv:
        return []
    rest = sys.argv[sys.argv.index(word) + 1 :]
    end = next((place for place, text in enumerate(rest) if text.startswith("--")), len(rest))
    return [Path(name) for name in rest[:end]]


def main() -> None:
    """Print or write the tables of the rows named."""
    for word, make, part in (
        ("--single", single_table, "promises of one operation"),
        ("--pooled", pooled_table, "promises of several operations"),
    ):
        rows = [row for path in files_after(word) for row in rows_of(path)]
        if not rows:
            continue
        text = make(rows)
        print(json.dumps({"table": part, "rows": len(rows)}))
        print(text)
        if "--docs" in sys.argv:
            write_part(part, text)


if __name__ == "__main__":
    main()
