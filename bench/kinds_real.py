"""Whether busy and peaked places are livelier than other places of a real city, beyond what the forecast allows for.

Run as ``python -m bench.kinds_real [--quick] [--data FOLDER] [--keep FILE]``. Places, dates and measures are those of
`bench.placebo_real`, windows after have 3 and 12 months. For every placebo operation, the squared errors of the forecast at the
places of its pool (on the stabilised scale) are regressed on two features of a place: its level (log of its past count over the
operation's) and its peak (log ratio of target to rings in the past, minus the operation's). The intercept over the mean is
how much livelier the operation's kind of place is than its pool. Over measures and dates, means and the spread that
is more than sampling error are printed. They can serve as a prior.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from bench.placebo_real import (
    CATEGORIES,
    MIN_EVENTS,
    ROOT,
    SEED,
    blocks,
    candidates,
    circle,
    data_folder,
    kept_blocks,
    laid_out,
    loaded,
    measure_of,
    windows_after,
    year_before,
    zone_total,
)
from geoharm.evaluation.placebo.calibrated_ratio import fit_forecast_and_pool
from geoharm.evaluation.placebo.forecast import ADDED_EVENTS
from geoharm.evaluation.placebo.places import ZONES
from geoharm.study.read import read_study

PER_BLOCK = 12
MONTHS = (3, 12)
BLOCK = 1500.0  # side of the squares within which errors may depend on each other, in metres
FEATURES = ("log r", "level", "peak")
_ROUNDS, _LARGEST_STEP, _LARGEST = 60, 0.5, 12.0


def gamma_regression(values, features, weights, clusters):
    r"""Return the coefficients of ``E v = exp(x b)``, ``Var v`` in proportion to its square, and their standard errors.

    Parameters
    ----------
    values : ndarray, n
        Positive values, here squared errors.
    features : ndarray, n x k
        Columns of the regression; the first is 1.
    weights : ndarray, n
        Weights of the places.
    clusters : ndarray of int, n
        Cluster of each place; places of one cluster may depend on each other.

    Notes
    -----
    Quasi-likelihood with the log link. Errors are those of clusters, with the factor :math:`G/(G-k)` for G clusters
    (K.-Y. Liang, S. L. Zeger 1986, Biometrika 73:13-22, https://doi.org/10.1093/biomet/73.1.13).
    """
    coefficients = np.zeros(features.shape[1])
    coefficients[0] = np.log(np.average(values, weights=weights))
    information = features.T @ (weights[:, None] * features)
    for _ in range(_ROUNDS):
        mean = np.exp(np.clip(features @ coefficients, -_LARGEST, _LARGEST))
        step = np.linalg.solve(information, features.T @ (weights * (values / mean - 1)))
        coefficients = coefficients + np.clip(step, -_LARGEST_STEP, _LARGEST_STEP)
    mean = np.exp(np.clip(features @ coefficients, -_LARGEST, _LARGEST))
    scores = np.zeros((clusters.max() + 1, features.shape[1]))
    np.add.at(scores, clusters, features * (weights * (values / mean - 1))[:, None])
    inverse = np.linalg.inv(information)
    factor = len(scores) / max(len(scores) - features.shape[1], 1)
    return coefficients, np.sqrt(factor * np.diag(inverse @ scores.T @ scores @ inverse))


def random_effects(estimates, errors):
    r"""Return the mean of estimates, its standard error, and the standard deviation between them beyond sampling.

    Parameters
    ----------
    estimates, errors : sequence of float
        Estimates and their standard errors.

    References
    ----------
    R. DerSimonian, N. Laird (1986), Meta-analysis in clinical trials, Controlled Clinical Trials 7:177-188,
    https://doi.org/10.1016/0197-2456(86)90046-2

    Examples
    --------
    >>> [round(value, 3) for value in random_effects([0.0, 1.0], [0.1, 0.1])]
    [0.5, 0.5, 0.7]
    """
    value, weight = np.asarray(estimates, dtype=float), 1 / np.asarray(errors, dtype=float) ** 2
    fixed = (weight * value).sum() / weight.sum()
    excess = (weight * (value - fixed) ** 2).sum() - (value.size - 1)
    between = max(excess / (weight.sum() - (weight**2).sum() / weight.sum()), 0.0) if value.size > 1 else 0.0
    weight = 1 / (1 / weight + between)
    return float((weight * value).sum() / weight.sum()), float(weight.sum() ** -0.5), float(np.sqrt(between))


def of_operation(data, counts, design, *, zone, after):
    """Return log r and the slopes on level and peak with their standard errors, as six numbers; None without a forecast.

    Parameters
    ----------
    data : PlaceboData
        Counts at the placebo places.
    counts : ZoneCounts
        The operation's own counts.
    design : Design
        Zones and windows.
    zone : str
        Name of the zone.
    after : Window
        The window after.
    """
    forecast, _, _, pool = fit_forecast_and_pool(data, counts, design, zone=zone, after=after)
    if forecast is None:
        return None
    history = data.windows[: data.months]

    def own(name):
        return sum(zone_total(counts, design, name, month) for month in history) + ADDED_EVENTS

    target, rings = (table[pool, : data.months].sum(axis=1) for table in (data.counts.target, data.counts.rings))
    past = {"target": target, "all rings": rings}.get(zone, target + rings)
    level = np.log((past + ADDED_EVENTS) / own(zone))
    peak = np.log((target + ADDED_EVENTS) / (rings + ADDED_EVENTS)) - np.log(own("target") / own("all rings"))
    squared = np.asarray(forecast.forecast_errors) ** 2
    weights = 1 / data.places.similarity(zone, pool).sum(axis=1)
    square = np.column_stack([data.places.row[pool], data.places.column[pool]]) * data.places.cell // BLOCK
    clusters = np.unique(square, axis=0, return_inverse=True)[1].ravel()
    coefficients, errors = gamma_regression(
        squared, np.column_stack([np.ones(pool.size), level, peak]), weights, clusters
    )
    coefficients[0] -= np.log(np.average(squared, weights=weights))
    return [round(float(value), 4) for pair in zip(coefficients, errors, strict=True) for value in pair]


def one_block(engine, study, ledgers, places, number):
    """Return the regressions of every operation, measure, window and zone of one block, drawn from its own seed.

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
    number : int
        Number of the block.
    """
    x, y = places
    start, kind = blocks()[number]
    measures = [measure_of(category) for category in CATEGORIES]
    year = sum(year_before(engine, measure, x, y, start) for measure in measures)
    pool = np.flatnonzero(year >= MIN_EVENTS) if kind == "random" else np.argsort(year)[-year.size // 10 :]
    windows = {months: window for months, window in windows_after(start).items() if months in MONTHS}
    rows = []
    for place in np.random.default_rng([SEED, number, 1]).choice(pool, size=PER_BLOCK, replace=False):
        operation = circle(x[place], y[place], start)
        design, by_measure = laid_out(engine, study, operation, measures, ledgers, tuple(windows.values()))
        for name, (counts, data) in by_measure.items():
            for months, window in windows.items():
                for zone in ZONES:
                    found = of_operation(data, counts, design, zone=zone, after=window)
                    if found is not None:
                        rows.append({"measure": name, "months": months, "zone": zone, "found": found})
    return rows


def figures(lines):
    """Yield one figure for each zone, window and kind of place.

    Parameters
    ----------
    lines : iterable of dict
        Finished blocks.

    Notes
    -----
    Operations of one measure and date have most of their places in common. Their median is one estimate, with their median error.
    """
    by_group = defaultdict(lambda: defaultdict(list))
    for line in lines:
        for row in line["operations"]:
            by_group[row["zone"], row["months"], line["kind"]][row["measure"], line["start"]].append(row["found"])
    for (zone, months, kind), estimates in sorted(by_group.items()):
        medians = np.array([np.median(found, axis=0) for found in estimates.values()])
        figure = {
            "figure": "liveliness by kind of place, Liverpool", "zone": zone, "months": months, "places": kind, "estimates": len(medians),
        }  # fmt: skip
        for position, name in enumerate(FEATURES):
            mean, error, between = random_effects(medians[:, 2 * position], medians[:, 2 * position + 1])
            figure[name] = {
                "mean": round(mean, 3), "error": round(error, 3), "between": round(between, 3),
                "sampling": round(float(np.median(medians[:, 2 * position + 1])), 3),
            }  # fmt: skip
        yield figure


def main() -> None:
    """Run the blocks that are not finished, and print one JSON object for each zone, window and kind of place."""
    data = data_folder("liveliness by kind of place")
    if data is None:
        return
    kept_file = Path(sys.argv[sys.argv.index("--keep") + 1]) if "--keep" in sys.argv else None
    by_number = kept_blocks(kept_file, PER_BLOCK)
    chosen = [number for number in range(len(blocks())) if number not in by_number]
    if "--quick" in sys.argv:
        chosen = chosen[:1]
    if chosen:
        study = read_study(ROOT / "pipelines" / "merseyside.toml")
        with loaded(study, data) as (engine, ledgers):
            places = candidates(study.area)
            for number in chosen:
                start, kind = blocks()[number]
                line = {"block": number, "start": str(start), "kind": kind, "per_block": PER_BLOCK}
                line["operations"] = one_block(engine, study, ledgers, places, number)
                by_number[number] = line
                if kept_file is not None:
                    with kept_file.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(line) + "\n")
    for figure in figures(by_number.values()):
        print(json.dumps(figure))


if __name__ == "__main__":
    main()
