"""Published values of hotspot scores, clustering, trend, pattern shift and kernels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from geoharm.hotspots.change.pattern_similarity import similarity_test
from geoharm.hotspots.clusters.global_tests import general_g
from geoharm.hotspots.clusters.local import getis_ord
from geoharm.hotspots.density.kernels import kernel_value
from geoharm.hotspots.predictive_accuracy import hotspot_accuracy
from geoharm.model.grid import Grid
from geoharm.replication.case import ReplicationCase, published_values, rounding_tolerance
from geoharm.stats.trend import mann_kendall


def hotspot_cases() -> Iterator[ReplicationCase]:
    """Yield every number of ``golden/patterns.json``."""
    published = published_values("patterns")
    for case in published["accuracy"]:
        yield from _accuracy_cases(case)
    yield from _cluster_cases(published["getis_ord"])
    case = published["trend"]
    trend = mann_kendall(case["series"])
    for quantity, digits in (("score", 9), ("variance", 9), ("p", 8)):
        yield ReplicationCase(
            case["case"],
            case["source"],
            quantity,
            case[quantity],
            float(getattr(trend, quantity)),
            rounding_tolerance(digits),
        )
    case = published["shift"]
    shift = similarity_test(case["one"], case["two"], dependence="none", continuity=True)
    yield ReplicationCase(case["case"], case["source"], "p", case["p"], float(shift.p[0]), case["tolerance"])
    case = published["kernel"]
    edges = np.linspace(0, case["radius"], 200_001)
    middle = (edges[1:] + edges[:-1]) / 2
    for name in case["kernels"]:
        values = kernel_value(middle, kernel=name, bandwidth=case["bandwidth"])
        mass = float((values * np.pi * np.diff(edges**2)).sum())
        yield ReplicationCase(case["case"], case["source"], name, 1.0, mass, case["tolerance"])


def _accuracy_cases(case: dict[str, Any]) -> Iterator[ReplicationCase]:
    size = len(case["earlier"])
    inside = np.ones((1, size), dtype=np.bool_)
    earlier, later = (np.array([case[key]], dtype=np.float64) for key in ("earlier", "later"))
    for step in case["steps"]:
        chosen = np.isin(np.arange(size), step["chosen"])[None, :]
        accuracy = hotspot_accuracy(chosen, earlier, later, inside=inside).hotspots
        computed = {"pai": accuracy.pai, "pei": accuracy.pei, "ratio": accuracy.predicted_over_observed}
        for key, name in (("pai", "PAI"), ("pei", "PEI"), ("ratio", "predicted over observed")):
            if key in step:
                quantity = f"{name} of {len(step['chosen'])} cells"
                yield ReplicationCase(
                    case["case"], case["source"], quantity, step[key], computed[key], rounding_tolerance(case["digits"])
                )


def _cluster_cases(case: dict[str, Any]) -> Iterator[ReplicationCase]:
    grid = Grid(0.0, 0.0, 5.0, 9, 7)
    values, inside = np.zeros(grid.shape), np.zeros(grid.shape, dtype=np.bool_)
    row, column = np.array(case["y"]) // 5, np.array(case["x"]) // 5
    values[row, column], inside[row, column] = case["values"], True
    local_test = getis_ord(values, grid, inside=inside, band=case["band"])
    for number, (expected, computed) in enumerate(zip(case["z"], local_test.z[row, column], strict=True), start=1):
        yield ReplicationCase(
            case["case"], case["source"], f"Gi* of point {number}", expected, float(computed), rounding_tolerance(8)
        )
    global_test = general_g(values, grid, inside=inside, band=case["band"])
    yield ReplicationCase(
        case["case"], case["source"], "general G", case["g"], global_test.value, rounding_tolerance(8)
    )
    yield ReplicationCase(
        case["case"], case["source"], "one-sided p", case["p_one_sided"], global_test.p / 2, rounding_tolerance(6)
    )
