"""Coverage of net harm, and how often page one names a change, in cities with three harms and eight operations.

Run as ``python -m bench.net_harm --rows FILE [--cities 250] [--from 0] [--minutes 60]``. It adds cities to a file of JSON
lines, continues where the file ends, and never runs a seed twice. ``--table`` prints the figures of the rows instead, one
JSON object a line; ``--quick`` simulates one city and prints its figures.

Every city (`bench.worlds`, 1,600 units) has three harms with local shocks and trends, independent or correlated, and up to
eight operations. The forecasts do not depend on the counts after in target and rings, so these are drawn without an effect
and with each of `EFFECTS` on all three harms. Forecasts, weighted sums and readings are the program's own.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench import worlds
from bench.calibration import add_cities, argument, city_of, rows_of, seed_of, short, spread_out
from bench.scenarios import LOCAL, Scenario
from geoharm.evaluation.effects import build_effect
from geoharm.evaluation.family import with_family_readings
from geoharm.evaluation.placebo.calibrated_ratio import (
    calibrated_ratio,
    fit_forecast_and_pool,
    undefined_calibrated_ratio,
)
from geoharm.evaluation.placebo.forecast import Forecast
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.harm.acceptability import acceptability
from geoharm.harm.joint_draws import MeasureCorrelation, draw_joint_effects, error_correlation
from geoharm.harm.net_harm import net_harm
from geoharm.model.counts import Change
from geoharm.model.effect import PlaceboCheck
from geoharm.model.estimate import Estimate
from geoharm.model.measure import Harm
from geoharm.model.reading import Reading
from geoharm.pipeline.net_harm import found_before_sums
from geoharm.simulation.panel_worlds import draw_counts, panel_rates
from geoharm.study.value_profiles.profiles import DEFAULT_PROFILES, SHIPPED_RATES, read_exchange_rates, read_profile

# Mean events of a unit a month. The first harm is the primary measure.
RATES = (1.5, 1.0, 0.7)
MEASURES = (
    replace(worlds.MEASURE, name="needle requests", kind="needle_find", harm=Harm("community", "environment")),
    replace(worlds.MEASURE, name="violent incidents", kind="incident", harm=Harm("community", "crime and violence")),
    replace(worlds.MEASURE, name="overdoses", kind="health", harm=Harm("user", "health")),
)
# Correlation of the log rates of two harms, over places and months.
CORRELATIONS = {"independent": 0.0, "correlated 0.7": 0.7}
# (fall of every harm in the target, share of it that moves into the ring)
EFFECTS = ((0.0, 0.0), (0.2, 0.0), (0.2, 0.3), (0.2, 1.0), (0.4, 0.0), (0.4, 0.3), (0.4, 1.0))
OPERATIONS = 8
BASE = Scenario(LOCAL, side=40)


def harm_rates(rng, city, world, correlation):
    """Return the rates of every harm, each of shape (sites, months): a common part of the log rates and a part of its own."""
    common = np.log(panel_rates(rng, city.units, world)[0]) if correlation else 0.0
    rates = []
    for rate in RATES:
        own = np.log(panel_rates(rng, city.units, world)[0])
        mixed = np.exp(math.sqrt(correlation) * common + math.sqrt(1 - correlation) * own)
        rates.append((mixed * rate / mixed.mean())[city.unit_of] * city.share[:, None])
    return rates


def counts_after(rng, rates, setup, effect, noise):
    """Return the counts of target, rings and both after, with the share of each harm's fall that moved into the ring."""
    fall, moved = effect
    target, ring = setup.masks["target"], setup.masks["ring"]
    lost = fall * rates[target].sum(axis=0)
    in_target = rates[target] * (1 - fall)
    in_ring = rates[ring] * (1 + moved * lost / rates[ring].sum(axis=0))
    counted = [int(draw_counts(rng, part, LOCAL.dispersion).sum()) for part in (in_target, in_ring)] if fall else noise
    return {"t": [*counted, sum(counted)], "m": [in_target.sum(), in_ring.sum(), in_target.sum() + in_ring.sum()]}


def replicate(correlation, seed):
    """Return a row for every operation of one city: forecasts, correlations, and counts after under every effect.

    Returns
    -------
    list of dict
        ``f``: for each harm and zone the forecast (mean, phi, tau2, bias, scale, degrees of freedom, log error, detectable
        fall), the count before, and whether the interval is refused; None without a forecast. ``r``: for each zone the
        correlations of the errors of harms 1 and 2, 1 and 3, 2 and 3. ``y``: for each effect and harm the counts in target,
        ring and both, ``m`` their true means.
    """
    rng = np.random.default_rng(seed)
    city = city_of(BASE)
    rates = harm_rates(rng, city, LOCAL, correlation)
    counts = [draw_counts(rng, harm, LOCAL.dispersion) for harm in rates]
    busy = city.near @ rates[0][:, : LOCAL.before].mean(axis=1)
    centres = spread_out(city, rng.permutation(np.flatnonzero(busy >= np.median(busy))), OPERATIONS)
    rows = []
    for centre in centres:
        setup = city.setup(centre, worlds.window_after(LOCAL.after), [other for other in centres if other != centre])
        city.kept.clear()
        rows.append(operation_row(rng, setup, rates, counts))
    return rows


def operation_row(rng, setup, rates, counts):
    """Return the row of one operation."""
    split = LOCAL.before
    row = {"f": [], "r": [], "y": [], "m": []}
    errors = {zone: [] for zone in worlds.ZONES}
    for harm in counts:
        table, data = worlds.count_table(setup, harm[:, :split], harm[:, split:].sum(axis=1))
        by_zone = []
        for zone in worlds.ZONES:
            forecast, _, reason, pool = fit_forecast_and_pool(
                data, table, setup.design, zone=zone, after=setup.design.after
            )
            by_zone.append(forecast and [*forecast_numbers(forecast), before_in(table, setup, zone), bool(reason)])
            errors[zone].append(dict(zip(pool.tolist(), forecast.forecast_errors, strict=True)) if forecast else {})
        row["f"].append(by_zone)
    row["r"] = [
        error_correlation(errors[zone]).matrix[np.triu_indices(len(RATES), 1)].tolist() for zone in worlds.ZONES
    ]
    for effect in EFFECTS:
        drawn = []
        for harm, counted in zip(rates, counts, strict=True):
            noise = [int(counted[setup.masks[role], split:].sum()) for role in ("target", "ring")]
            drawn.append(counts_after(rng, harm[:, split:], setup, effect, noise))
        row["y"].append([one["t"] for one in drawn])
        row["m"].append([one["m"] for one in drawn])
    return row


def forecast_numbers(forecast):
    """Return the numbers of a forecast that its interval is made from."""
    return [
        forecast.mean, forecast.phi, forecast.tau2, forecast.bias, forecast.scale, forecast.degrees_of_freedom,
        forecast.log_error, forecast.detectable_fall,
    ]  # fmt: skip


def before_in(table, setup, zone):
    """Return a zone's count in the window before."""
    roles = {"target": ("target",), "all rings": ("ring",)}.get(zone, ("target", "ring"))
    names = [part.name for part in setup.design.zones if part.role.value in roles]
    return int(sum(table.total(name, setup.design.before) for name in names))


def effect_of(zone, numbers, after):
    """Return the program's effect of one harm in one zone, from the numbers of its forecast and its count after."""
    before = Change(zone, max(numbers[8], 1) if numbers else 1, after)
    nothing = Estimate("log rate ratio", math.nan, math.nan, "log ratio", "")
    ratio, check, detectable = undefined_calibrated_ratio("refused"), None, math.nan
    if numbers and not numbers[9]:
        forecast = Forecast(*numbers[:6], 1, 1.0, *numbers[6:8], 100, 50.0, 20, 10.0, 0.0, (), (), 1.0, 1.0, (), ())
        ratio, detectable = calibrated_ratio(forecast, after), numbers[7]
        check = PlaceboCheck(
            LOCAL.before, 100, 100, 50.0, 20, numbers[0], numbers[1], math.sqrt(numbers[2]), detectable
        )
    return build_effect(
        zone, "after", before, Change("control", 10_000, 10_000), length_ratio=1.0, ratio=ratio, counting_ratio=nothing,
        difference=nothing, dispersion=1.0, detectable_fall=detectable, placebo=check,
    )  # fmt: skip


def joint_of(row, zone, effects):
    """Return the joint effects of all harms in one zone."""
    matrix = np.eye(len(RATES))
    matrix[np.triu_indices(len(RATES), 1)] = row["r"][worlds.ZONES.index(zone)]
    return draw_joint_effects(
        zone, list(zip(MEASURES, effects, strict=True)),
        correlation=MeasureCorrelation(np.maximum(matrix, matrix.T), 100), seed=1, draws=4096,
    )  # fmt: skip


def read_operation(row, number, profiles, rates):
    """Return what the program says of one operation under one of `EFFECTS`.

    Returns
    -------
    dict
        ``covers``: for each zone, whether the interval of the sum under each value profile holds the truth; None where refused.
        ``clear``: whether any weighting is clear, or None. ``direct``: whether the primary fell, and whether any harm rose, as a
        finding.
        ``free``, ``gated``: whether any value profile says that all harms together fell, and rose, without and with the gate.
    """
    effects = [
        [
            effect_of(zone, row["f"][harm][place], row["y"][number][harm][place])
            for place, zone in enumerate(worlds.ZONES)
        ]
        for harm in range(len(RATES))
    ]
    results = [MeasureResult(noun, None, tuple(own), ()) for noun, own in zip(MEASURES, effects, strict=True)]
    results = with_family_readings(results, primary=MEASURES[0].name)
    before = found_before_sums(results)
    found = {"direct": (bool(before[-1]), bool(before[1])), "covers": [], "clear": None}
    vetoed = set()
    for place, zone in enumerate(worlds.ZONES):
        joint = joint_of(row, zone, [own[place] for own in effects])
        free, gated = ([net_harm(joint, profile, found=sides) for profile in profiles] for sides in (None, before))
        counts, without, with_it = (
            np.array(values)[:, place] for values in (row["y"][number], row["m"][0], row["m"][number])
        )
        lost = counts * (1 - without / with_it)
        found["covers"].append(
            [covers(net, sum(profile.weight(noun) * one for noun, one in zip(MEASURES, lost, strict=True)))
             for net, profile in zip(free, profiles, strict=True)]
        )  # fmt: skip
        vetoed |= {net.profile for net in free if any(veto.state == "hit" for veto in net.vetoes)}
    shares = acceptability(joint, rates, seed=3, weightings=256) if number == 0 else None
    if shares is not None and not shares.note:
        found["clear"] = shares.clearly_fell + shares.clearly_rose > 0
    for name, said in (("free", free), ("gated", gated)):
        found[name] = (
            any(net.reading is Reading.FELL and net.profile not in vetoed for net in said),
            any(net.reading is Reading.ROSE for net in said),
        )
    return found


def covers(net, truth):
    """Return whether the interval of a sum holds the truth; None without an interval."""
    return None if not net.is_known else net.interval.low <= truth <= net.interval.high


def share(values):
    """Return the share of true values in percent, and its binomial standard error, with None left out."""
    known = np.array([value for value in values if value is not None], dtype=float)
    mean = known.mean() if known.size else math.nan
    return [round(100 * mean, 1), round(100 * math.sqrt(mean * (1 - mean) / max(known.size, 1)), 1)]


def figures(rows, effects):
    """Return the figures of each kind of city, under the effects at some positions of `EFFECTS`."""
    profiles = [read_profile(name, Path()) for name in DEFAULT_PROFILES]
    rates = read_exchange_rates(SHIPPED_RATES, Path())
    cities = list(rows)
    for name in CORRELATIONS:
        operations = [row for city in cities if city["cell"] == name for row in city["ops"]]
        for number in effects if operations else ():
            said = [read_operation(row, number, profiles, rates) for row in operations]
            figure = {"figure": f"net harm, {name}", "effect": EFFECTS[number], "operations": len(said)}
            figure["cities"] = sum(city["cell"] == name for city in cities)
            for place, zone in enumerate(worlds.ZONES):
                figure[f"sum covers, {zone}"] = {
                    profile.name: share([one["covers"][place][position] for one in said])
                    for position, profile in enumerate(profiles)
                }
            figure["no sum of all harms"] = share([one["covers"][2][0] is None for one in said])
            figure["any weighting clear"] = share([one["clear"] for one in said])
            figure["primary fell"] = share([one["direct"][0] for one in said])
            for rule in ("free", "gated"):
                figure[f"together fell, {rule}"] = share([one[rule][0] for one in said])
                figure[f"together rose, {rule}"] = share([one[rule][1] for one in said])
                figure[f"headline names a change, {rule}"] = share([any((*one["direct"], *one[rule])) for one in said])
            yield figure


def main() -> None:
    """Run the cities that the command line names, or print the figures of a file."""
    path = Path(argument("--rows", "net_harm.jsonl"))
    if "--quick" in sys.argv:
        name, correlation = next(iter(CORRELATIONS.items()))
        rows = [{"cell": name, "ops": short(replicate(correlation, seed_of(name, 0))[:2])}]
    elif "--table" in sys.argv:
        rows = rows_of(path)
    else:
        add_cities(
            path, CORRELATIONS, replicate, cities=int(argument("--cities", "250")),
            minutes=float(argument("--minutes", "60")), first=int(argument("--from", "0")),
        )  # fmt: skip
        return
    effects = [int(number) for number in argument("--effects", "0").split(",")]
    for figure in figures(rows, effects):
        print(json.dumps(figure), flush=True)


if __name__ == "__main__":
    main()
