"""How often a fall or a rise is named where nothing happened, if several phases are read or one operation is read again.

Run as ``python -m bench.looks --rows FILE [--cities 250] [--from 0] [--minutes 60]``. It adds cities to a file of JSON lines,
continues where the file ends, and never runs a seed twice. ``--table`` prints the figures of the rows instead, one JSON
object a line; ``--quick`` simulates one city of each world and prints its figures.

Every city (`bench.worlds`) has one harm and up to four operations. Each is read in the phases of `PHASES`, and again and
again as months arrive, in the windows of `LOOKS`. Counts after are drawn without an effect and with each of `EFFECTS`.
Forecasts and intervals are the program's own; the rules that are compared are in `RULES`.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.special import ndtr, stdtr

from bench import worlds
from bench.calibration import add_cities, argument, city_of, rows_of, seed_of
from bench.scenarios import LOCAL, SMOOTH, Scenario
from geoharm.evaluation.looks import LEVEL, look_level
from geoharm.evaluation.placebo.calibrated_ratio import fit_forecast, placebo_data, placebo_windows
from geoharm.evaluation.reading import MAX_DETECTABLE
from geoharm.model.counts import ZoneCounts
from geoharm.model.panel import UnitPanel
from geoharm.model.period import Period, Window, add_months
from geoharm.simulation.panel_worlds import draw_counts, panel_rates
from geoharm.stats.familywise import holm
from geoharm.stats.variance_stabilising import stabilise_variance

WORLDS = {"local shocks and trends": LOCAL, "smooth": SMOOTH}
# First month and the month after the last.
PHASES = ((0, 3), (3, 6), (6, 12))
LOOKS = ((0, 4), (0, 6), (0, 9), (0, 12))
WINDOWS = tuple(dict.fromkeys(PHASES + LOOKS))
READ = ("target", "all rings")
OPERATIONS = 4


@dataclass(frozen=True)
class Effect:
    """What an operation does.

    Parameters
    ----------
    fall : float
        Fall in the target, as a share.
    moved : float
        Share of the fall that moves into the ring.
    months : int
        Months that it lasts.
    """

    fall: float
    moved: float = 0.0
    months: int = 12


EFFECTS = {
    "nothing": Effect(0.0),
    "-20%": Effect(0.2),
    "-40%": Effect(0.4),
    "-40%, all of it into the ring": Effect(0.4, 1.0),
    "-40%, for 3 months": Effect(0.4, 0.0, 3),
}


def month_window(first, end, name=""):
    """Return the window from a month after the operation to another."""
    return Window(
        name or f"{first}-{end} months", (Period(add_months(worlds.START, first), add_months(worlds.START, end)),)
    )


def tables_by_month(setup, before, after):
    """Return the counts of the zones by month, and those of the placebo places in all windows.

    Parameters
    ----------
    setup : bench.worlds.Setup
        The operation; the phases of its design are the windows of interest.
    before, after : ndarray, sites x months
        Counts.
    """
    months, counted = before.shape[1], np.column_stack([before, after]).astype(np.int64)
    by_zone = np.array([counted[mask].sum(axis=0) for mask in setup.masks.values()])
    dates = np.array(
        [add_months(worlds.START, month) for month in range(-months, after.shape[1])], dtype="datetime64[D]"
    )
    names = {zone.role.value: zone.name for zone in setup.design.zones}
    ends = [window.end for window in (setup.design.after, *setup.design.phases)]
    coverage = Period(add_months(worlds.START, -months), max(ends))
    counts = ZoneCounts(
        "events", tuple(names[role] for role in setup.masks), dates, by_zone, by_month=False, coverage=coverage
    )
    windows = placebo_windows(counts, setup.design)
    by_window = np.column_stack([counted[:, in_window(dates, window)].sum(axis=1) for window in windows])
    table = np.zeros((setup.row.size, len(windows)), dtype=np.int64)
    np.add.at(table, setup.first, by_window)
    panel = UnitPanel("events", windows, setup.row.copy(), setup.column.copy(), table)
    return counts, placebo_data(setup.places, panel, setup.design)


def in_window(dates, window):
    """Return which months (by their first days) lie in a window of whole months."""
    return np.any(
        [(dates >= np.datetime64(period.start)) & (dates < np.datetime64(period.end)) for period in window.periods],
        axis=0,
    )


def replicate(world, seed):
    """Return a row for every operation of one city.

    Returns
    -------
    list of dict
        ``f``: for target and rings, and each window: stabilised mean, phi, tau2, bias, scale, degrees of freedom, smallest
        detectable fall, and whether the interval is refused; None without a forecast. ``r``: for target and rings, the
        correlations of the places' errors between the phases and between the looks, above the diagonal by row. ``y``: for
        each effect, the counts of target and rings in each window.
    """
    rng = np.random.default_rng(seed)
    city = city_of(Scenario(world))
    rates = panel_rates(rng, city.units, world)[0][city.unit_of] * city.share[:, None]
    counts = draw_counts(rng, rates, world.dispersion)
    busy = city.near @ rates[:, : world.before].mean(axis=1)
    centres = []
    for centre in rng.permutation(np.flatnonzero(busy >= np.median(busy))):
        if len(centres) < OPERATIONS and worlds.far_from(city, int(centre), centres, 200):
            centres.append(int(centre))
    rows = []
    for centre in centres:
        setup = city.setup(centre, worlds.window_after(12), [other for other in centres if other != centre])
        city.kept.clear()
        setup.design = replace(setup.design, phases=tuple(month_window(*months) for months in WINDOWS))
        rows.append(operation_row(rng, setup, rates, counts))
    return rows


def operation_row(rng, setup, rates, counts):
    """Return the row of one operation."""
    split = counts.shape[1] - 12
    table, data = tables_by_month(setup, counts[:, :split], counts[:, split:])
    row = {"f": [], "r": [], "y": []}
    for zone in READ:
        forecasts, errors = [], []
        for window in setup.design.phases:
            forecast, _, reason = fit_forecast(data, table, setup.design, zone=zone, after=window)
            forecasts.append(forecast and [*test_numbers(forecast), bool(reason)])
            errors.append(forecast.forecast_errors if forecast else ())
        row["f"].append(forecasts)
        row["r"].append([correlations(errors, group) for group in (PHASES, LOOKS)])
    for effect in EFFECTS.values():
        row["y"].append(counts_by_window(rng, setup, rates[:, split:], counts[:, split:], effect))
    return row


def test_numbers(forecast):
    """Return the numbers of a forecast that its test is made from."""
    mean = float(stabilise_variance(forecast.mean, phi=forecast.phi, tau2=forecast.tau2))
    return [
        mean, forecast.phi, forecast.tau2, forecast.bias, forecast.scale, forecast.degrees_of_freedom,
        forecast.detectable_fall,
    ]  # fmt: skip


def correlations(errors, windows):
    """Return the correlations between the errors in some windows; None if the places are not the same."""
    chosen = [errors[WINDOWS.index(window)] for window in windows]
    if len({len(part) for part in chosen}) > 1 or not chosen[0]:
        return None
    matrix = np.corrcoef(chosen)
    return matrix[np.triu_indices(len(windows), 1)].tolist()


def counts_by_window(rng, setup, rates, counts, effect):
    """Return the counts of target and rings in each window, under an effect."""
    target, ring = setup.masks["target"], setup.masks["ring"]
    if effect.fall:
        strength = effect.fall * (np.arange(rates.shape[1]) < effect.months)
        lost = rates[target] * strength
        in_ring = rates[ring] * (1 + effect.moved * lost.sum(axis=0) / rates[ring].sum(axis=0))
        series = [draw_counts(rng, part, 2.0).sum(axis=0) for part in (rates[target] - lost, in_ring)]
    else:
        series = [counts[mask].sum(axis=0) for mask in (target, ring)]
    return [[int(one[first:end].sum()) for first, end in WINDOWS] for one in series]


def tests_of(forecasts, counts):
    """Return p-values (NaN where refused), whether each can be a finding, and the side of each, shape (zones, windows)."""
    p_values, strong, side = (np.full((len(counts), len(counts[0])), np.nan) for _ in range(3))
    for place, count in np.ndenumerate(np.array(counts)):
        numbers = forecasts[place[0]][place[1]]
        strong[place] = False
        if numbers is None or numbers[-1]:
            continue
        mean, phi, tau2, bias, scale, freedom, detectable, _ = numbers
        z = (float(stabilise_variance(count, phi=phi, tau2=tau2)) - bias - mean) / scale
        p_values[place], side[place] = 2 * stdtr(freedom, -abs(z)), np.sign(z)
        strong[place] = detectable <= MAX_DETECTABLE
    return p_values, strong.astype(bool), side


def largest_level(correlated, size):
    """Return the level of each of several tests with normal errors of known correlation, of which any rejects in 5%."""
    if correlated is None:
        return LEVEL / size
    matrix = np.eye(size)
    matrix[np.triu_indices(size, 1)] = correlated
    matrix = np.maximum(matrix, matrix.T)
    values, vectors = np.linalg.eigh(matrix)
    drawn = np.random.default_rng(0).normal(size=(20_000, size)) @ (vectors * np.sqrt(np.clip(values, 0, None))).T
    return float(2 * ndtr(-np.quantile(np.abs(drawn).max(axis=1), 1 - LEVEL)))


def by_holm(p_values, strong, _):
    """Return what Holm's method names among the phases that can be a finding: the program's rule."""
    return (holm(np.where(strong, p_values, np.nan).ravel()) <= LEVEL).reshape(p_values.shape)


def by_largest(p_values, _, correlated):
    """Return what a level learned from the errors at the placebo places names, each zone at its own."""
    levels = [largest_level(one, p_values.shape[1]) for one in correlated]
    return p_values <= np.array(levels)[:, None]


def at(level):
    """Return the rule that names what has a p-value of at most a level."""
    return lambda p_values, _, __: p_values <= level


def early_spending(months):
    """Return the levels of looks that spend little at first, as O'Brien and Fleming's (Lan and DeMets 1983).

    https://doi.org/10.1093/biomet/70.3.659
    """
    share = np.array(months) / months[-1]
    spent = 2 * ndtr(-1.959964 / np.sqrt(share))
    root = np.linalg.cholesky(np.sqrt(np.minimum.outer(share, share) / np.maximum.outer(share, share)))
    drawn = np.abs(np.random.default_rng(1).normal(size=(200_000, share.size)) @ root.T)
    levels, going = [], np.ones(len(drawn), dtype=bool)
    for look, more in enumerate(np.diff(spent, prepend=0.0)):
        bound = np.sort(drawn[going, look])[-round(more * len(drawn)) - 1]
        levels.append(2 * ndtr(-bound))
        going &= drawn[:, look] <= bound
    return np.array(levels)


RULES = {
    "phases": {
        "each at 5%": at(LEVEL),
        "split over the phases": at(LEVEL / len(PHASES)),
        "split over phases and zones": at(LEVEL / len(PHASES) / len(READ)),
        "joint errors of the places": by_largest,
        "Holm (the program)": by_holm,
    },
    "looks": {
        "each at 5%": at(LEVEL),
        "split over the looks": at(LEVEL / len(LOOKS)),
        "joint errors of the places": by_largest,
        "little at first": at(early_spending([end for _, end in LOOKS])),
        "Pocock (the program)": at(look_level(len(LOOKS))),
    },
}


def figures(rows):
    """Return a figure for each world, kind of look and rule, from the rows of a file."""
    by_world = {}
    for row in rows:
        by_world.setdefault(row["cell"], []).extend(row["ops"])
    return [
        rule_figure(world, operations, (what, windows, name))
        for world, operations in by_world.items()
        for what, windows in (("phases", PHASES), ("looks", LOOKS))
        for name in RULES[what]
    ]


def rule_figure(world, operations, rule):
    """Return how often a rule names any change without an effect, and a fall in the target with each effect, in percent.

    Without an effect: of all operations with an interval. With one: of those whose design could find a fall of half in any of
    the windows, in any of them and in each.
    """
    what, windows, name = rule
    columns = [WINDOWS.index(window) for window in windows]
    figure = {"figure": f"{what}: {name}", "world": world}
    for number, effect in enumerate(EFFECTS):
        found = []
        for row in operations:
            forecasts = [[zone[column] for column in columns] for zone in row["f"]]
            p_values, strong, side = tests_of(
                forecasts, [[zone[column] for column in columns] for zone in row["y"][number]]
            )
            if np.isfinite(p_values).any():
                named = RULES[what][name](p_values, strong, [pair[what == "looks"] for pair in row["r"]]) & strong
                found.append((named.any(), strong[0].any(), *(named[0] & (side[0] < 0))))
        table = np.array(found, dtype=float)
        if number == 0:
            any_named = table[:, 0].mean()
            error = math.sqrt(any_named * (1 - any_named) / len(table))
            figure |= {"operations": len(table), "named without an effect": [percent(any_named), percent(error)]}
            continue
        falls = table[table[:, 1] > 0, 2:]
        figure[effect] = [percent(falls.any(axis=1).mean()), *map(percent, falls.mean(axis=0))] if falls.size else []
    return figure


def percent(share):
    """Return a share in percent, to one decimal."""
    return round(100 * float(share), 1)


def main() -> None:
    """Run the cities that the command line names, or print the figures of a file."""
    path = Path(argument("--rows", "looks.jsonl"))
    if "--quick" in sys.argv:
        rows = [{"cell": name, "ops": replicate(world, seed_of(name, 0))} for name, world in WORLDS.items()]
    elif "--table" in sys.argv:
        rows = list(rows_of(path))
    else:
        add_cities(
            path, WORLDS, replicate, cities=int(argument("--cities", "250")),
            minutes=float(argument("--minutes", "60")), first=int(argument("--from", "0")),
        )  # fmt: skip
        return
    for figure in figures(rows):
        print(json.dumps(figure))


if __name__ == "__main__":
    main()
