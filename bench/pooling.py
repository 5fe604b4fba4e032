"""Coverage and power of ways to pool the operations of one city, and the measures of each, into one answer.

Run as ``python -m bench.pooling --rows FILE [--cities 150] [--from 0] [--minutes 60]``. It adds cities to a file of JSON lines,
continues where the file ends, and never runs a seed twice. ``--table`` prints tables of the rows instead, and ``--docs``
writes one over all kinds of city into `docs/calibration.md`; ``--quick`` simulates one small city.

Every city (`bench.worlds`, 2,304 units) has three harms and up to sixteen operations whose exposed areas lie apart. What is
asked is the mean of the operations' own true log ratios in their targets. Forecasts do not depend on the counts after in a
target, so these are drawn under each of `EFFECTS`: the same fall everywhere, or falls that differ.
"""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench import worlds
from bench.calibration import add_cities, argument, city_of, rows_of, short, spread_out
from bench.calibration_table import table, write_part
from bench.net_harm import RATES, forecast_numbers, harm_rates
from bench.scenarios import LOCAL, MECHANISMS, SMOOTH, Scenario
from geoharm.evaluation.placebo.calibrated_ratio import calibrated_ratio, fit_forecast_and_pool
from geoharm.evaluation.placebo.forecast import Forecast
from geoharm.evaluation.pooling.carried_ends import carry_ends, small_count_bias
from geoharm.harm.joint_draws import error_correlation
from geoharm.simulation.panel_worlds import draw_counts
from geoharm.stats.random_effects import random_effects_mean

KINDS = {
    "local": (LOCAL, 0.0),
    "local, harms correlated 0.7": (LOCAL, 0.7),
    "smooth": (SMOOTH, 0.0),
    "own lives": (MECHANISMS["own lives"].world, 0.0),
    "local, 4 months": (replace(LOCAL, after=4), 0.0),
}
SIDE, OPERATIONS = 48, 16
# (mean fall, standard deviation of the operations' own log ratios around it)
EFFECTS = ((0.0, 0.0), (0.15, 0.0), (0.3, 0.0), (0.3, 0.2))
NUMBERS_POOLED = (2, 4, 8, 16)
CORRELATIONS = (0.0, 0.05, 0.1, 0.2, 0.3)
LEVEL = 0.95
FEW = 30  # with fewer answers there is no line
# The ways that are shown in `docs/calibration.md`.
SHOWN = (
    "random effects, Hartung and Knapp", "own ends, equal weights, 0", "own ends, equal weights, 0.05",
    "own ends, equal weights, 0.1", "own ends, equal weights, 0.2", "own ends, by precision, 0.1",
)  # fmt: skip


def replicate(kind, seed, side=SIDE):
    """Return a row for every operation of one city; `kind` is one of the values of `KINDS`.

    Returns
    -------
    list of dict
        ``f``: for each harm the forecast of the target (`forecast_numbers`), or None where the interval is refused. ``r``: the
        correlations of the errors of harms 1 and 2, 1 and 3, 2 and 3. ``y``, ``t``: for each effect and harm the target's count
        after, and its true log ratio. ``m``: for each harm the target's true expected count after without an effect.
    """
    world, correlation = kind
    rng = np.random.default_rng(seed)
    city = city_of(Scenario(world, side=side))
    rates = harm_rates(rng, city, world, correlation)
    counts = [draw_counts(rng, harm, world.dispersion) for harm in rates]
    busy = city.near @ rates[0][:, : world.before].mean(axis=1)
    centres = spread_out(city, rng.permutation(np.flatnonzero(busy >= np.median(busy))), OPERATIONS)
    rows = []
    for centre in centres:
        setup = city.setup(centre, worlds.window_after(world.after), [other for other in centres if other != centre])
        rows.append(operation_row(rng, setup, rates, counts, world))
    return rows


def operation_row(rng, setup, rates, counts, world):
    """Return the row of one operation."""
    split, target = world.before, setup.masks["target"]
    forecasts, errors = [], []
    for harm in counts:
        numbers, data = worlds.count_table(setup, harm[:, :split], harm[:, split:].sum(axis=1))
        forecast, _, reason, pool = fit_forecast_and_pool(
            data, numbers, setup.design, zone="target", after=setup.design.after
        )
        forecasts.append(forecast_numbers(forecast) if forecast and not reason else None)
        errors.append(dict(zip(pool.tolist(), forecast.forecast_errors, strict=True)) if forecast else {})
    row = {"f": forecasts, "y": [], "t": [], "m": [float(harm[target, split:].sum()) for harm in rates]}
    row["r"] = error_correlation(errors).matrix[np.triu_indices(len(RATES), 1)].tolist()
    for fall, spread in EFFECTS:
        log_ratios = np.log1p(-fall) + spread * rng.normal(size=len(RATES))
        row["t"].append(log_ratios.tolist())
        row["y"].append(
            [
                int(draw_counts(rng, harm[target, split:] * math.exp(ratio), world.dispersion).sum())
                for harm, ratio in zip(rates, log_ratios, strict=True)
            ]
        )
    return row


def estimate_of(numbers, after):
    """Return value, distances to the lower and the upper end, standard error and bias of one calibrated log ratio."""
    ratio = calibrated_ratio(
        Forecast(*numbers[:6], 1, 1.0, *numbers[6:8], 100, 50.0, 20, 10.0, 0.0, (), (), 1.0, 1.0, (), ()), after
    )
    span = ratio.interval(LEVEL)
    narrow = ratio.interval(0.8)
    bias = small_count_bias(ratio.value, narrow.low, narrow.high)
    return ratio.value, ratio.value - span.low, span.high - ratio.value, ratio.standard_error, bias


def carried(estimates, correlation):
    """Return the program's own mean of some estimates, the ends of its interval, and its error."""
    value, below, above, error, bias = estimates.T
    return carry_ends(
        value, value - below, value + above, level=LEVEL, biases=bias, errors=error, correlation=correlation
    )


def mover(estimates, weights, correlation):
    """Return the interval of a weighted mean whose parts' own ends are carried over, without a correction of few events.

    Parameters
    ----------
    estimates : ndarray, shape (k, 5)
        From `estimate_of`.
    weights : ndarray, shape (k,)
        They sum to one.
    correlation : ndarray, shape (k, k)
        Of the errors.
    """
    mean = float(weights @ estimates[:, 0])
    below, above = weights * estimates[:, 1], weights * estimates[:, 2]
    return mean - math.sqrt(below @ correlation @ below), mean + math.sqrt(above @ correlation @ above)


def constant_correlation(size, value):
    """Return a matrix with one correlation off its diagonal."""
    return np.full((size, size), value) + (1 - value) * np.eye(size)


def intervals(estimates):
    """Return the interval of every way to pool operations, by its name; `estimates` are one a row."""
    size = len(estimates)
    pooled = random_effects_mean(estimates[:, 0], np.diag(estimates[:, 3] ** 2), level=LEVEL)
    span = pooled.hartung_knapp_interval
    made = {"random effects, Hartung and Knapp": (span.low, span.high)}
    precise = estimates[:, 3] ** -2.0
    for value in CORRELATIONS:
        matrix = constant_correlation(size, value)
        made[f"own ends, equal weights, {value:g}"] = carried(estimates, matrix)[1:3]
        made[f"own ends, by precision, {value:g}"] = mover(estimates, precise / precise.sum(), matrix)
    return made


def pooled_measures(row, effect, harms):
    """Return the estimate of the mean over some harms of one operation, and its truth; None if one of them is refused."""
    if any(row["f"][harm] is None for harm in harms):
        return None
    parts = np.array([estimate_of(row["f"][harm], row["y"][effect][harm]) for harm in harms])
    matrix = np.eye(len(RATES))
    matrix[np.triu_indices(len(RATES), 1)] = row["r"]
    matrix = np.clip(np.maximum(matrix, matrix.T), 0, 1)[np.ix_(harms, harms)]
    value, low, high, error = carried(parts, matrix)
    truth = float(np.mean([row["t"][effect][harm] for harm in harms]))
    return (value, value - low, high - value, error, float(parts[:, 4].mean())), truth


def answers(rows, effect, number, harms):
    """Yield for every city the truth and the intervals of its first operations together; `rows` are cities."""
    for city in rows:
        parts = [pooled_measures(row, effect, harms) for row in city["ops"]]
        parts = [part for part in parts if part is not None][:number]
        if len(parts) == number:
            truth = float(np.mean([truth for _, truth in parts]))
            yield truth, intervals(np.array([estimate for estimate, _ in parts]))


def share(values):
    """Return a share in percent with its binomial standard error as text."""
    mean = float(np.mean(values))
    return f"{100 * mean:.1f} ({100 * math.sqrt(mean * (1 - mean) / len(values)):.1f})"


def pooling_table(rows, harms=(0,)):
    """Return a table: coverage and share of intervals below zero, by kind of city, number pooled and way to pool."""
    lines = []
    for kind in KINDS:
        cities = [row for row in rows if row["cell"] == kind]
        for number in NUMBERS_POOLED:
            by_effect = [list(answers(cities, effect, number, list(harms))) for effect in range(len(EFFECTS))]
            if not by_effect[0]:
                continue
            for way in by_effect[0][0][1]:
                spans = [[(truth, *made[way]) for truth, made in one] for one in by_effect]
                lines.append(
                    [kind, number, len(by_effect[0]), way]
                    + [share([low <= truth <= high for truth, low, high in one]) for one in (spans[0], spans[2], spans[3])]
                    + [share([low > 0 or high < 0 for _, low, high in spans[0]])]
                    + [f"{100 * np.mean([high < 0 for _, _, high in one]):.0f}" for one in spans[1:3]]
                    + [f"{np.median([high - low for _, low, high in spans[0]]):.2f}"]
                )  # fmt: skip
    head = [
        "city", "operations", "cities", "way to pool", "covers, no effect", "covers, −30%", "covers, −30% that differ",
        "leaves out zero, no effect", "fell at −15%", "fell at −30%", "length",
    ]  # fmt: skip
    return table(head, lines)


def overall_table(rows):
    """Return a table over all kinds of city: each harm by itself, and the mean of all three."""
    lines = []
    for harms, label in ((((0,), (1,), (2,)), "one"), (((0, 1, 2),), "mean of three")):
        for number in NUMBERS_POOLED:
            by_effect = [
                [answer for chosen in harms for answer in answers(rows, effect, number, list(chosen))]
                for effect in range(len(EFFECTS))
            ]
            if len(by_effect[0]) < FEW:
                continue
            for way in SHOWN:
                held = [
                    share([made[way][0] <= truth <= made[way][1] for truth, made in by_effect[place]])
                    for place in (0, 2, 3)
                ]
                fell = [f"{100 * np.mean([made[way][1] < 0 for _, made in by_effect[place]]):.0f}" for place in (1, 2)]
                lines.append([label, number, len(by_effect[0]), way, *held, *fell])
    head = [
        "measures", "operations", "answers", "way to pool", "covers, no effect", "covers, −30%", "covers, −30% that differ",
        "fell at −15%", "fell at −30%",
    ]  # fmt: skip
    return table(head, lines)


def main() -> None:
    """Run the cities that the command line names, or print the tables of a file."""
    path = Path(argument("--rows", "pooling.jsonl"))
    if "--quick" in sys.argv:
        rows = [{"cell": "local", "ops": short(replicate(KINDS["local"], [1, 0], side=30))}]
    elif "--table" in sys.argv or "--docs" in sys.argv:
        rows = list(rows_of(path))
    else:
        add_cities(
            path, KINDS, replicate, cities=int(argument("--cities", "150")),
            minutes=float(argument("--minutes", "60")), first=int(argument("--from", "0")),
        )  # fmt: skip
        return
    if "--docs" in sys.argv:
        write_part("pooling", overall_table(rows))
        return
    for harms in ((0,), (0, 1), (0, 1, 2)):
        print(f"{len(harms)} measure{'s' * (len(harms) > 1)} pooled\n\n{pooling_table(rows, harms)}\n")


if __name__ == "__main__":
    main()
