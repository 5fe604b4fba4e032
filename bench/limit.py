"""Lower bounds of interval length: with the best weights of the past, and with the true rates before known.

Run as ``python -m bench.limit [--cities 60]``. A regression of the rate after on the past (of target, ring and belt, over six
spans, and the trend) is fitted at places of many cities together. It stands for the best weights, which cannot be estimated as
well from one city. Fitted to counts, its errors are what better weights would leave. Fitted to the true rates, its errors are
what no data from before can predict. The counts after add their own noise. The shortest length is 2 x 1.96 times the spread
of both. It is printed with the length of the program's interval.
"""

from __future__ import annotations

import json
import math

import numpy as np

from bench import worlds
from bench.calibration import ROOT, SCENARIOS, argument, city_of, seed_of
from geoharm.simulation.panel_worlds import draw_counts, panel_rates

NAMES = ("base: local, v 2", "smooth, v 2", "local, v 1", "rough", "high rate 8")
SPANS = (1, 3, 6, 12, 24, 36)


def rows_of_city(name, number):
    """Return by zone and busy place of a city: features from true rates and counts, log rate after, expected count."""
    cell = SCENARIOS[name]
    city, world = city_of(cell), cell.world
    rng = np.random.default_rng(seed_of(name, number))
    rates, _ = panel_rates(rng, city.units, world)
    rates = rates[city.unit_of] * city.share[:, None]
    counts = draw_counts(rng, rates, world.dispersion).astype(float)
    busy = city.near @ rates[:, : world.before].mean(axis=1)
    rows_by_zone = {zone: [] for zone in worlds.ZONES}
    for centre in np.flatnonzero(busy >= np.quantile(busy, 0.9)):
        masks = city.setup(int(centre), worlds.window_after(world.after)).masks
        inside = {"target": masks["target"], "all rings": masks["ring"]}
        inside["target and rings"] = inside["target"] | inside["all rings"]
        centre_xy = city.centres[centre]
        away = np.maximum(np.abs(city.x - centre_xy[0]), np.abs(city.y - centre_xy[1]))
        belt = ~inside["target and rings"] & (away < 6 * worlds.UNIT)
        for zone, mask in inside.items():
            other_zone = inside["all rings" if zone == "target" else "target"]
            feature_rows = [
                features(table, (mask, belt, other_zone), masks["control"], world.before) for table in (rates, counts)
            ]
            after = rates[mask][:, world.before :].sum()
            rows_by_zone[zone].append(
                (*feature_rows, math.log(after / rates[masks["control"]][:, world.before :].sum()), after)
            )
    return rows_by_zone


def features(table, parts, control, before):
    """Return the features of a place.

    They are the log shares of the city over six spans for each part, the trend of the first part, and the belt after.

    Parameters
    ----------
    table : ndarray, sites x months
        Rates or counts.
    parts : tuple of three ndarray of bool, sites
        Sites of the zone, of the belt around the rings, and of the other zone.
    control : ndarray of bool, sites
        Sites of the control area.
    before : int
        Months before.
    """
    whole = table[control].sum(axis=0)
    features_of_place = [1.0]
    for part in parts:
        series = table[part].sum(axis=0)
        features_of_place += [
            math.log((series[before - span : before].sum() + 1) / whole[before - span : before].sum()) for span in SPANS
        ]
    own = table[parts[0]].sum(axis=0)[:before].reshape(-1, 6).sum(axis=1) + 1
    features_of_place.append(
        np.polyfit(np.arange(own.size), np.log(own / whole[:before].reshape(-1, 6).sum(axis=1)), 1)[0]
    )
    return [*features_of_place, math.log((table[parts[1]].sum(axis=0)[before:].sum() + 1) / whole[before:].sum())]


def missed(rows, after):
    """Return the residual standard deviation of a regression on the features."""
    fit, *_ = np.linalg.lstsq(rows, after, rcond=None)
    return float(np.sqrt(((after - rows @ fit) ** 2).sum() / (after.size - rows.shape[1])))


def main() -> None:
    """Print one JSON object for each scenario and zone."""
    summary = json.loads((ROOT / "bench" / "calibration.json").read_text(encoding="utf-8"))["cells"]
    for name in NAMES:
        cities = [rows_of_city(name, number) for number in range(int(argument("--cities", "60")))]
        for zone, letter in zip(worlds.ZONES, "TDU", strict=True):
            rows = [row for city in cities for row in city[zone]]
            after = np.array([row[2] for row in rows])
            counting = math.sqrt(SCENARIOS[name].world.dispersion / float(np.median([row[3] for row in rows])))
            missed_by_rates, missed_by_counts = (
                missed(np.array([row[column] for row in rows]), after) for column in (0, 1)
            )
            headline = summary[name][letter]["methods"]["ca"]
            print(json.dumps({
                "world": name, "zone": letter, "places": len(rows), "missed, true rates": round(missed_by_rates, 3),
                "missed, counts": round(missed_by_counts, 3), "counting after": round(counting, 3),
                "shortest, true rates": round(2 * 1.96 * math.hypot(missed_by_rates, counting), 2),
                "shortest, counts": round(2 * 1.96 * math.hypot(missed_by_counts, counting), 2), "length": headline["length"], "rmse": headline["rmse"],
            }))  # fmt: skip


if __name__ == "__main__":
    main()
