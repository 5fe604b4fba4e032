"""How short an interval could be for somebody who knew how to weigh the past, or even every place's true rate before.

Run as ``python -m bench.limit [--cities 60]``. A regression of the rate after on the past (of target, ring and belt, over six
spans, and the trend), fitted at places of many cities at once, stands for the best weights: nobody can learn them so well
from one city. Fitted to counts, what it misses is what better weights could leave; fitted to the true rates without their noise, what is
left no data from before can foretell. The counts after then add their own noise. 2 x 1.96 times the spread of both is the
shortest length; the program's own stands beside it.
"""

from __future__ import annotations

import json
import math

import numpy as np

from bench import worlds
from bench.calibration import CELLS, ROOT, argument, city_of, seed_of
from geoharm.simulation.panel_worlds import draw_counts, panel_rates

NAMES = ("base: local, v 2", "smooth, v 2", "local, v 1", "rough", "high rate 8")
SPANS = (1, 3, 6, 12, 24, 36)


def rows_of_city(name, number):
    """Return by zone, of every busy place of a city: features by true rates and by counts, log rate after, expected count."""
    cell = CELLS[name]
    city, world = city_of(cell), cell.world
    rng = np.random.default_rng(seed_of(name, number))
    rates, _ = panel_rates(rng, city.units, world)
    rates = rates[city.unit_of] * city.share[:, None]
    counts = draw_counts(rng, rates, world.dispersion).astype(float)
    busy = city.near @ rates[:, : world.before].mean(axis=1)
    found = {zone: [] for zone in worlds.ZONES}
    for centre in np.flatnonzero(busy >= np.quantile(busy, 0.9)):
        masks = city.setup(int(centre), worlds.window_after(world.after)).masks
        inside = {"target": masks["target"], "all rings": masks["ring"]}
        inside["target and rings"] = inside["target"] | inside["all rings"]
        middle = city.centres[centre]
        away = np.maximum(np.abs(city.x - middle[0]), np.abs(city.y - middle[1]))
        belt = ~inside["target and rings"] & (away < 6 * worlds.UNIT)
        for zone, mask in inside.items():
            other = inside["all rings" if zone == "target" else "target"]
            both = [features(table, (mask, belt, other), masks["control"], world.before) for table in (rates, counts)]
            after = rates[mask][:, world.before :].sum()
            found[zone].append((*both, math.log(after / rates[masks["control"]][:, world.before :].sum()), after))
    return found


def features(table, parts, control, before):
    """Return log shares of the city over six spans for each part, the trend of the first, and the belt after."""
    whole = table[control].sum(axis=0)
    found = [1.0]
    for part in parts:
        series = table[part].sum(axis=0)
        found += [
            math.log((series[before - span : before].sum() + 1) / whole[before - span : before].sum()) for span in SPANS
        ]
    own = table[parts[0]].sum(axis=0)[:before].reshape(-1, 6).sum(axis=1) + 1
    found.append(np.polyfit(np.arange(own.size), np.log(own / whole[:before].reshape(-1, 6).sum(axis=1)), 1)[0])
    return [*found, math.log((table[parts[1]].sum(axis=0)[before:].sum() + 1) / whole[before:].sum())]


def missed(rows, after):
    """Return the spread of what a regression on the features misses."""
    fit, *_ = np.linalg.lstsq(rows, after, rcond=None)
    return float(np.sqrt(((after - rows @ fit) ** 2).sum() / (after.size - rows.shape[1])))


def main() -> None:
    """Print a line a world and zone."""
    summary = json.loads((ROOT / "bench" / "calibration.json").read_text(encoding="utf-8"))["cells"]
    for name in NAMES:
        cities = [rows_of_city(name, number) for number in range(int(argument("--cities", "60")))]
        for zone, short in zip(worlds.ZONES, "TDU", strict=True):
            rows = [row for city in cities for row in city[zone]]
            after = np.array([row[2] for row in rows])
            counting = math.sqrt(CELLS[name].world.dispersion / float(np.median([row[3] for row in rows])))
            exact, counted = (missed(np.array([row[at] for row in rows]), after) for at in (0, 1))
            ours = summary[name][short]["methods"]["ca"]
            print(json.dumps({
                "world": name, "zone": short, "places": len(rows), "missed, true rates": round(exact, 3),
                "missed, counts": round(counted, 3), "counting after": round(counting, 3),
                "shortest, true rates": round(2 * 1.96 * math.hypot(exact, counting), 2),
                "shortest, counts": round(2 * 1.96 * math.hypot(counted, counting), 2), "length": ours["length"], "rmse": ours["rmse"],
            }))  # fmt: skip


if __name__ == "__main__":
    main()
