"""Density, hotspots, clusters and change maps where the truth is known: errors, boundaries, false alarms.

Run as ``python -m bench.surfaces [--quick] [--worlds 200] [--only boundaries|clusters|change]``. A square of 4 km with a flat background and eight markets (a
normal spread of 150 m), or nothing but the background; one JSON object a figure.
"""

from __future__ import annotations

import json
import sys
from datetime import date

import numpy as np

from bench.calibration import argument
from geoharm.hotspots.change.surface import change_surface
from geoharm.hotspots.clusters.local import getis_ord, local_moran
from geoharm.hotspots.contours import find_hotspots, percent_volume_threshold
from geoharm.hotspots.density.intensity import density
from geoharm.hotspots.results.change import ChangeKind
from geoharm.model.grid import Grid
from geoharm.model.period import Period, Window
from geoharm.model.points import DatedPoints, Points

SIDE, SPREAD, MARKETS = 4000.0, 150.0, 8
FINE = Grid(0.0, 0.0, 50.0, 80, 80)
COARSE = Grid(0.0, 0.0, 100.0, 40, 40)
BANDWIDTH = 250.0
BEFORE = Window("before", (Period(date(2020, 1, 1), date(2021, 1, 1)),))
AFTER = Window("after", (Period(date(2021, 1, 1), date(2022, 1, 1)),))


def city(rng, at_markets=0.6):
    """Return markets and the share of all events at each."""
    return rng.uniform(600, SIDE - 600, (MARKETS, 2)), at_markets * rng.dirichlet(np.full(MARKETS, 3.0))


def draw(rng, number, markets, shares):
    """Return places of events, inside the square."""
    kind = rng.choice(MARKETS + 1, size=number, p=np.append(shares, 1 - shares.sum()))
    places = rng.uniform(0, SIDE, (number, 2))
    market = kind < MARKETS
    places[market] = markets[kind[market]] + rng.normal(0, SPREAD, (market.sum(), 2))
    return places[((places > 0) & (places < SIDE)).all(axis=1)]


def intensity(grid, markets, shares):
    """Return the true share of events a square kilometre, at every cell centre."""
    x, y = (np.arange(size) * grid.cell + grid.cell / 2 for size in (grid.nx, grid.ny))
    found = np.full(grid.shape, (1 - shares.sum()) / SIDE**2)
    for (east, north), share in zip(markets, shares, strict=True):
        squared = (x[None, :] - east) ** 2 + (y[:, None] - north) ** 2
        found += share * np.exp(-squared / (2 * SPREAD**2)) / (2 * np.pi * SPREAD**2)
    return found * 1e6


def points(places):
    """Return distinct places."""
    return Points(places[:, 0], places[:, 1], np.ones(len(places)))


def boundaries(rng, worlds):
    """Print the error of the density and of the boundaries of hotspots."""
    for number in (300, 1000, 5000):
        errors, drawn_by = [], {0.25: [], 0.5: []}
        for _ in range(worlds):
            markets, shares = city(rng)
            truth = intensity(FINE, markets, shares)
            some = points(draw(rng, number, markets, shares))
            surface = density(some, FINE, bandwidth=BANDWIDTH, years=1.0)
            said = surface.values / number
            errors.append(((said - truth) ** 2).sum() / (truth**2).sum())
            for share, found in drawn_by.items():
                true = truth >= percent_volume_threshold(truth, share)
                spots = find_hotspots(surface, some, share=share)
                area = sum(spot.geometry.area for spot in spots)
                drawn = surface.values >= percent_volume_threshold(surface.values, share)
                found.append(((true ^ drawn).sum() / true.sum(), area / (true.sum() * FINE.cell**2)))
        print(json.dumps({
            "figure": f"density and boundaries, {number} events", "worlds": worlds, "bandwidth_m": BANDWIDTH,
            "relative_squared_error": round(float(np.mean(errors)), 3),
            **{f"difference_over_true_area_{share:g}": round(float(np.mean([one[0] for one in found])), 2) for share, found in drawn_by.items()},
            **{f"drawn_over_true_area_{share:g}": round(float(np.mean([one[1] for one in found])), 2) for share, found in drawn_by.items()},
        }))  # fmt: skip


def clusters(rng, worlds):
    """Print how often a cell is called hot where nothing clusters, by the adjusted p-value at 5%.

    The report takes p-values from the distribution of sums of counts; the normal curve is what is commonly used.
    """
    for mean in (0.25, 1.0, 5.0, 25.0):
        hits = {}
        for world in range(worlds):
            counts = rng.poisson(mean, COARSE.shape).astype(np.float64)
            for name, function in (("Gi*", getis_ord), ("local Moran", local_moran)):
                for way, sums in (("normal curve", False), ("sums of counts", True)):
                    found = function(counts, COARSE, sums=sums, seed=world)
                    key = f"{name}, {way}"
                    hits[key] = hits.get(key, 0) + bool((found.adjusted < 0.05).any())
        print(json.dumps({"figure": f"false hotspots, {mean:g} events a cell", "worlds": worlds, "cells": COARSE.nx * COARSE.ny,
                          **{name: round(100 * hit / worlds, 1) for name, hit in hits.items()}}))  # fmt: skip


def dated(rng, places, year, repeats):
    """Return dated points of a year; each is reported so many times on its day."""
    day = np.datetime64(f"{year}-01-01") + rng.integers(0, 365, len(places))
    return np.repeat(places, repeats, axis=0), np.repeat(day, repeats)


def change(rng, worlds):
    """Print how often a map of change marks a cell where nothing changed, and whether it finds a halved market."""
    inside = np.ones(COARSE.shape, dtype=bool)
    settings = {"before": BEFORE, "after": AFTER, "bandwidth": 300.0, "inside": inside, "permutations": 299}
    x, y = (np.arange(size) * COARSE.cell + COARSE.cell / 2 for size in (COARSE.nx, COARSE.ny))
    for what in (
        "nothing changes",
        "city falls by a quarter",
        "one market halves",
        "repeated reports, nothing changes",
    ):
        marked, where = dict.fromkeys(ChangeKind, 0), dict.fromkeys(ChangeKind, 0)
        for world in range(worlds):
            markets, shares = city(rng)
            late = shares.copy()
            if what == "one market halves":
                late[int(np.argmax(shares))] /= 2
            number = 1500 if what == "city falls by a quarter" else 2000
            one = draw(rng, rng.poisson(2000), markets, shares)
            two = draw(
                rng,
                rng.poisson(number * (1 - shares.sum() + late.sum())),
                markets,
                late / (1 - shares.sum() + late.sum()),
            )
            often = [
                rng.geometric(0.4, len(part)) if what.startswith("repeated") else np.ones(len(part), int)
                for part in (one, two)
            ]
            parts = [dated(rng, part, year, often[year - 2020]) for part, year in ((one, 2020), (two, 2021))]
            places, day = (np.concatenate([part[index] for part in parts]) for index in range(2))
            events = DatedPoints(places[:, 0], places[:, 1], day, np.ones(len(places)))
            east, north = markets[int(np.argmax(shares))]
            near = (x[None, :] - east) ** 2 + (y[:, None] - north) ** 2 < 500**2
            for kind in (ChangeKind.INTENSITY, ChangeKind.SHARE):
                found = change_surface(events, COARSE, kind=kind, seed=world, **settings)
                flagged = found.adjusted < 0.05
                marked[kind] += bool((flagged & ~near).any() if what == "one market halves" else flagged.any())
                where[kind] += bool((flagged & near & (found.log_ratio < 0)).any())
        figure = {"figure": f"change maps, {what}", "worlds": worlds}
        for kind in (ChangeKind.INTENSITY, ChangeKind.SHARE):
            figure[f"{kind.value}: any cell marked" + (" elsewhere" if what == "one market halves" else "")] = round(
                100 * marked[kind] / worlds, 1
            )
            if what == "one market halves":
                figure[f"{kind.value}: fall found there"] = round(100 * where[kind] / worlds, 1)
        print(json.dumps(figure))


def main() -> None:
    """Print every figure."""
    worlds = 3 if "--quick" in sys.argv else int(argument("--worlds", "200"))
    parts = {"boundaries": (boundaries, worlds // 4), "clusters": (clusters, worlds), "change": (change, worlds)}
    for number, (name, (part, many)) in enumerate(parts.items()):
        if name in argument("--only", name):
            part(np.random.default_rng([20240708, number]), max(many, 3))


if __name__ == "__main__":
    main()
