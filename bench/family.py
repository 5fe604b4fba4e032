"""How often a rise that is not there is named, with several harms in one city: by the family's rule and without it.

Run as ``python -m bench.family [--quick] [--from 0] [--repeats 400] [--minutes 60]``. ``--quick`` makes a few replications of each
scenario in under a minute. It prints a table, then one JSON object a scenario.

Every replication simulates one city (`bench.worlds`) with 3 or 5 harms, independent or correlated, and lays one operation
on it that changes nothing. A second reading doubles one secondary harm in the target. All intervals and readings are the
program's own.
"""

from __future__ import annotations

import json
import math
import sys
import time
import zlib
from dataclasses import dataclass, replace

import numpy as np

from bench import worlds
from bench.calibration import LOCAL, city_of
from bench.calibration import SCENARIOS as CALIBRATION
from geoharm.evaluation.effects import evaluate_measure
from geoharm.evaluation.family import with_family_readings
from geoharm.evaluation.reading import MAX_DETECTABLE
from geoharm.model.reading import Reading
from geoharm.simulation.panel_worlds import draw_counts, panel_rates

# Mean events of a unit a month; the target has nine of the busier units. The first harm is the primary.
RATES = (1.5, 1.0, 0.7, 1.2, 0.5)
DOUBLED = 1  # position of the harm that is doubled
BASE = CALIBRATION["base: local, v 2"]


@dataclass(frozen=True)
class Scenario:
    """Harms in one city.

    Parameters
    ----------
    harms : int
        Number of harms.
    correlation : float
        Correlation of the log rates of two harms, over places and months.
    """

    harms: int
    correlation: float


SCENARIOS = {
    "3 harms, independent": Scenario(3, 0.0),
    "3 harms, correlated 0.7": Scenario(3, 0.7),
    "5 harms, independent": Scenario(5, 0.0),
    "5 harms, correlated 0.7": Scenario(5, 0.7),
}


def harm_rates(rng, city, scenario):
    """Return the rates of every harm, each of shape (sites, months): a common part of the log rates and a part of its own."""
    common = np.log(panel_rates(rng, city.units, LOCAL)[0])
    rates = []
    for rate in RATES[: scenario.harms]:
        own = np.log(panel_rates(rng, city.units, LOCAL)[0])
        mixed = np.exp(math.sqrt(scenario.correlation) * common + math.sqrt(1 - scenario.correlation) * own)
        rates.append((mixed * rate / mixed.mean())[city.unit_of] * city.share[:, None])
    return rates


def replicate(scenario, seed):
    """Return the row of one replication: which harms are named to have risen, without an effect and with one doubled.

    Returns
    -------
    dict
        ``members``: harms times zones with a calibrated interval. ``above``: whether any 95% interval lies above zero.
        ``plain``: whether any is read as "rose" by itself. ``family``: whether any still is, by the family's rule.
        ``possible``, ``strong``: whether the doubled harm has an interval in the target, and one that could be a finding.
        ``plain_power``, ``family_power``: whether its rise in the target is named; ``probable_power``: at least as probable.
    """
    rng = np.random.default_rng(seed)
    city = city_of(BASE)
    rates = harm_rates(rng, city, scenario)
    counts = [draw_counts(rng, harm, LOCAL.dispersion) for harm in rates]
    busy = city.near @ rates[0][:, : LOCAL.before].mean(axis=1)
    centre = int(rng.choice(np.flatnonzero(busy >= np.quantile(busy, 0.90))))
    setup = city.setup(centre, worlds.window_after(LOCAL.after))
    results = [evaluate(number, setup, harm) for number, harm in enumerate(counts)]
    after = counts[DOUBLED].copy()
    target = setup.masks["target"]
    after[target, LOCAL.before :] = draw_counts(rng, 2 * rates[DOUBLED][target, LOCAL.before :], LOCAL.dispersion)
    with_rise = [*results[:DOUBLED], evaluate(DOUBLED, setup, after), *results[DOUBLED + 1 :]]
    family = with_family_readings(results, primary=results[0].measure.name)
    family_with_rise = with_family_readings(with_rise, primary=results[0].measure.name)
    doubled = family_with_rise[DOUBLED].effect("target")
    return {
        "members": family[0].comparisons,
        "above": any(
            effect.ratio.calibrated and effect.ratio.interval().side > 0
            for result in results
            for effect in result.effects
        ),
        "plain": any_rose(results),
        "family": any_rose(family),
        "possible": doubled.ratio.is_defined,
        "strong": doubled.ratio.is_defined and doubled.detectable_fall <= MAX_DETECTABLE,
        "plain_power": with_rise[DOUBLED].effect("target").reading is Reading.ROSE,
        "family_power": doubled.reading is Reading.ROSE,
        "probable_power": doubled.reading.direction > 0,
    }


def evaluate(number, setup, counts):
    """Return the program's result for one harm.

    Parameters
    ----------
    number : int
        Position of the harm.
    setup : bench.worlds.Setup
        The operation.
    counts : ndarray, sites x months
        Counts before and after.
    """
    table, placebo = worlds.count_table(setup, counts[:, : LOCAL.before], counts[:, LOCAL.before :].sum(axis=1))
    return evaluate_measure(replace(worlds.MEASURE, name=f"harm {number + 1}"), table, setup.design, placebo)


def any_rose(results):
    """Return whether any harm is read as risen in any zone."""
    return any(effect.reading is Reading.ROSE for result in results for effect in result.effects)


def summary(name, rows):
    """Return the shares of a scenario's replications, with their binomial standard errors."""
    possible, strong = ([row for row in rows if row[key]] for key in ("possible", "strong"))

    def share(key, of):
        value = sum(row[key] for row in of) / max(len(of), 1)
        return [round(value, 4), round(math.sqrt(value * (1 - value) / max(len(of), 1)), 4)]

    return {
        "figure": f"rises named where nothing happened, {name}",
        "replications": len(rows),
        "comparisons": round(sum(row["members"] for row in rows) / max(len(rows), 1), 1),
        "any_interval_above_zero": share("above", rows),
        "named_without_the_rule": share("plain", rows),
        "named": share("family", rows),
        "doubling_with_an_interval": len(possible),
        "doubling_at_least_probable": share("probable_power", possible),
        "doubling_of_strong_designs": len(strong),
        "doubling_found_without_the_rule": share("plain_power", strong),
        "doubling_found": share("family_power", strong),
    }


def print_table(figures):
    """Print the shares in percent, with their standard errors."""
    columns = {
        "any_interval_above_zero": "interval above 0",
        "named_without_the_rule": "named, no rule",
        "named": "named",
        "doubling_at_least_probable": "x2: probable",
        "doubling_found_without_the_rule": "x2: no rule",
        "doubling_found": "x2: found",
    }
    print(
        f"{'percent (standard error)':<26}{'runs':>6}{'members':>9}"
        + "".join(f"{text:>19}" for text in columns.values())
    )
    for name, figure in figures.items():
        cells = "".join(f"{100 * figure[key][0]:>12.1f} ({100 * figure[key][1]:.1f})".rjust(19) for key in columns)
        print(f"{name:<26}{figure['replications']:>6}{figure['comparisons']:>9}{cells}")


def main() -> None:
    """Print the table, and one JSON object for each scenario."""
    quick = "--quick" in sys.argv

    def argument(name, default):
        return float(sys.argv[sys.argv.index(name) + 1]) if name in sys.argv else default

    repeats, minutes = int(argument("--repeats", 4 if quick else 400)), argument("--minutes", 60.0)
    start = time.monotonic()
    rows = {name: [] for name in SCENARIOS}
    for number in range(int(argument("--from", 0)), repeats):
        if time.monotonic() - start > 60 * minutes:
            break
        for name, scenario in SCENARIOS.items():
            rows[name].append(replicate(scenario, [zlib.crc32(name.encode()), number]))
    figures = {name: summary(name, done) for name, done in rows.items()}
    print_table(figures)
    for figure in figures.values():
        print(json.dumps(figure))


if __name__ == "__main__":
    main()
