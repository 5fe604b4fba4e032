"""Errors and false alarms of density, hotspots, clusters and change maps in simulated cities.

Run as ``python -m bench.surfaces [--quick] [--worlds 200] [--only boundaries|clusters|change]``. A simulated city is a square
of 4 km with a flat background and eight markets (standard deviation 150 m), or with the background only. Prints one JSON
object for each figure.
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
    """Return the centres of the markets, and the share of all events at each."""
    return rng.uniform(600, SIDE - 600, (MARKETS, 2)), at_markets * rng.dirichlet(np.full(MARKETS, 3.0))


def draw(rng, number, markets, shares):
    """Return random places of events inside the square.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    number : int
        Events to draw; those outside the square are dropped.
    markets : ndarray, markets x 2
        Centres of the markets in metres.
    shares : ndarray, markets
        Share of all events at each market; the rest is the background.
    """
    kind = rng.choice(MARKETS + 1, size=number, p=np.append(shares, 1 - shares.sum()))
    places = rng.uniform(0, SIDE, (number, 2))
    market = kind < MARKETS
    places[market] = markets[kind[market]] + rng.normal(0, SPREAD, (market.sum(), 2))
    return places[((places > 0) & (places < SIDE)).all(axis=1)]


def intensity(grid, markets, shares):
    """Return the true share of all events per km2, at every cell centre."""
    x, y = (np.arange(size) * grid.cell + grid.cell / 2 for size in (grid.nx, grid.ny))
    truth = np.full(grid.shape, (1 - shares.sum()) / SIDE**2)
    for (east, north), share in zip(markets, shares, strict=True):
        squared = (x[None, :] - east) ** 2 + (y[:, None] - north) ** 2
        truth += share * np.exp(-squared / (2 * SPREAD**2)) / (2 * np.pi * SPREAD**2)
    return truth * 1e6


def points(places):
    """Return places as `Points`, each with one event."""
    return Points(places[:, 0], places[:, 1], np.ones(len(places)))


def boundaries(rng, worlds):
    """Print the errors of the density and of the hotspots' boundaries."""
    for number in (300, 1000, 5000):
        errors, drawn_by = [], {0.25: [], 0.5: []}
        for _ in range(worlds):
            markets, shares = city(rng)
            truth = intensity(FINE, markets, shares)
            events = points(draw(rng, number, markets, shares))
            surface = density(events, FINE, bandwidth=BANDWIDTH, years=1.0)
            estimated = surface.values / number
            errors.append(((estimated - truth) ** 2).sum() / (truth**2).sum())
            for share, errors_of_share in drawn_by.items():
                true = truth >= percent_volume_threshold(truth, share)
                hotspots = find_hotspots(surface, events, share=share)
                area = sum(hotspot.geometry.area for hotspot in hotspots)
                drawn = surface.values >= percent_volume_threshold(surface.values, share)
                errors_of_share.append(((true ^ drawn).sum() / true.sum(), area / (true.sum() * FINE.cell**2)))
        print(json.dumps({
            "figure": f"density and boundaries, {number} events", "worlds": worlds, "bandwidth_m": BANDWIDTH,
            "relative_squared_error": round(float(np.mean(errors)), 3),
            **{f"difference_over_true_area_{share:g}": round(float(np.mean([error[0] for error in errors_of_share])), 2) for share, errors_of_share in drawn_by.items()},
            **{f"drawn_over_true_area_{share:g}": round(float(np.mean([error[1] for error in errors_of_share])), 2) for share, errors_of_share in drawn_by.items()},
        }))  # fmt: skip


def clusters(rng, worlds):
    """Print how often any cell is a cluster where nothing clusters, by the adjusted p-value at 5%.

    The report takes p-values from the distribution of sums of counts. Most other tools use the normal curve.
    """
    for mean in (0.25, 1.0, 5.0, 25.0):
        hits = {}
        for world in range(worlds):
            counts = rng.poisson(mean, COARSE.shape).astype(np.float64)
            for name, function in (("Gi*", getis_ord), ("local Moran", local_moran)):
                for method, sums in (("normal curve", False), ("sums of counts", True)):
                    local_statistic = function(counts, COARSE, exact_p=sums, seed=world)
                    key = f"{name}, {method}"
                    hits[key] = hits.get(key, 0) + bool((local_statistic.adjusted < 0.05).any())
        print(json.dumps({"figure": f"false hotspots, {mean:g} events a cell", "worlds": worlds, "cells": COARSE.nx * COARSE.ny,
                          **{name: round(100 * hit / worlds, 1) for name, hit in hits.items()}}))  # fmt: skip


def dated(rng, places, year, repeats):
    """Return places and days of events in a year.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    places : ndarray, events x 2
        Places in metres.
    year : int
        The year.
    repeats : ndarray of int, events
        How many times each event is reported on its day.
    """
    day = np.datetime64(f"{year}-01-01") + rng.integers(0, 365, len(places))
    return np.repeat(places, repeats, axis=0), np.repeat(day, repeats)


def change(rng, worlds):
    """Print how often a change map marks a cell where nothing changed, and how often it finds a halved market."""
    inside = np.ones(COARSE.shape, dtype=bool)
    settings = {"before": BEFORE, "after": AFTER, "bandwidth": 300.0, "inside": inside, "permutations": 299}
    x, y = (np.arange(size) * COARSE.cell + COARSE.cell / 2 for size in (COARSE.nx, COARSE.ny))
    for scenario in (
        "nothing changes",
        "city falls by a quarter",
        "one market halves",
        "repeated reports, nothing changes",
    ):
        marked, fall_found = dict.fromkeys(ChangeKind, 0), dict.fromkeys(ChangeKind, 0)
        for world in range(worlds):
            markets, shares = city(rng)
            shares_after = shares.copy()
            if scenario == "one market halves":
                shares_after[int(np.argmax(shares))] /= 2
            expected_after = 1500 if scenario == "city falls by a quarter" else 2000
            places_before = draw(rng, rng.poisson(2000), markets, shares)
            places_after = draw(
                rng,
                rng.poisson(expected_after * (1 - shares.sum() + shares_after.sum())),
                markets,
                shares_after / (1 - shares.sum() + shares_after.sum()),
            )
            reports = [
                rng.geometric(0.4, len(places_of_year))
                if scenario.startswith("repeated")
                else np.ones(len(places_of_year), int)
                for places_of_year in (places_before, places_after)
            ]
            parts = [
                dated(rng, places_of_year, year, reports[year - 2020])
                for places_of_year, year in ((places_before, 2020), (places_after, 2021))
            ]
            places, day = (np.concatenate([part[index] for part in parts]) for index in range(2))
            events = DatedPoints(places[:, 0], places[:, 1], day, np.ones(len(places)))
            east, north = markets[int(np.argmax(shares))]
            near = (x[None, :] - east) ** 2 + (y[:, None] - north) ** 2 < 500**2
            for kind in (ChangeKind.INTENSITY, ChangeKind.SHARE):
                surface = change_surface(events, COARSE, kind=kind, seed=world, **settings)
                flagged = surface.adjusted < 0.05
                marked[kind] += bool((flagged & ~near).any() if scenario == "one market halves" else flagged.any())
                fall_found[kind] += bool((flagged & near & (surface.log_ratio < 0)).any())
        figure = {"figure": f"change maps, {scenario}", "worlds": worlds}
        for kind in (ChangeKind.INTENSITY, ChangeKind.SHARE):
            figure[f"{kind.value}: any cell marked" + (" elsewhere" if scenario == "one market halves" else "")] = (
                round(100 * marked[kind] / worlds, 1)
            )
            if scenario == "one market halves":
                figure[f"{kind.value}: fall found there"] = round(100 * fall_found[kind] / worlds, 1)
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
