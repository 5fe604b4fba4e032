"""Weights for several parts of a question: how often 95% intervals hold the truth, by the weights that are taken.

Run as ``python -m bench.parts [--quick]``. Misses at placebo places are drawn with a known correlation between the parts;
places overlap, so that 60 of them are worth few independent ones (every independent value is repeated). The parts are
pooled by the program's own function (equal weights), and by weights from each part's own variance or from generalised
least squares, which are learned from the same misses. A part's interval is t with one degree of freedom fewer than the
independent places, as the headline's.
"""

from __future__ import annotations

import json
import math
import sys

import numpy as np
from scipy.stats import t as student

from geoharm.evaluation.placebo.calibrated_ratio import LEVELS
from geoharm.evaluation.pooling.composite import ComponentEffect, component_correlation, pool_components
from geoharm.model.estimate import Estimate, Interval

PLACES = 60
CASES = [(6, 2, 0.0, 3.0), (6, 4, 0.3, 3.0), (15, 4, 0.3, 3.0), (15, 4, 0.8, 1.0), (60, 4, 0.3, 3.0), (60, 4, 0.8, 3.0)]
SEED = 20261124


def part(value, error, freedom, misses):
    """Return a part with t intervals."""
    spans = [
        Interval(value - reach * error, value + reach * error, level)
        for level in LEVELS
        for reach in (float(student.ppf(0.5 + level / 2, freedom)),)
    ]
    ratio = Estimate("log rate ratio", value, error, "log ratio", "", calibrated=True, intervals=tuple(spans), p=0.5)
    return ComponentEffect(ratio, freedom, {(0, place): float(miss) for place, miss in enumerate(misses)})


def held_by(rng, *, independent, parts, correlation, spread, worlds):
    """Return the share of worlds in which each way to weigh holds the truth (zero), and how often it has an error."""
    root = np.linalg.cholesky(np.full((parts, parts), correlation) + (1 - correlation) * np.eye(parts))
    scale = np.linspace(0.1, 0.1 * spread, parts)
    reach = student.ppf(0.975, independent - 1)
    held = {"equal": [], "own variance": [], "generalised least squares": []}
    for _ in range(worlds):
        drawn = (rng.normal(size=(independent + 1, parts)) @ root.T) * scale
        misses, own = np.repeat(drawn[1:], PLACES // independent, axis=0), drawn[0]
        error = np.sqrt((misses**2).mean(axis=0))
        found = [part(own[at], error[at], independent - 1, misses[:, at]) for at in range(parts)]
        held["equal"].append(pool_components(found)[0].interval().side == 0)
        table = component_correlation(found)[0] * np.outer(error, error)
        ways = {"own variance": 1 / error**2, "generalised least squares": np.linalg.pinv(table) @ np.ones(parts)}
        for name, weights in ways.items():
            variance = float(weights @ table @ weights) / weights.sum() ** 2
            if variance > 0:
                held[name].append(abs(weights @ own / weights.sum()) < reach * math.sqrt(variance))
    return {
        name: {"holds": round(float(np.mean(rows)), 4), "has_an_error": round(len(rows) / worlds, 4)}
        for name, rows in held.items()
    }


def main() -> None:
    """Print one JSON object a case."""
    worlds = 50 if "--quick" in sys.argv else 4000
    for number, (independent, parts, correlation, spread) in enumerate(CASES):
        case = {"independent": independent, "parts": parts, "correlation": correlation, "spread": spread}
        rng = np.random.default_rng([SEED, number])
        print(
            json.dumps({"figure": "weights of parts", **case, "worlds": worlds, **held_by(rng, **case, worlds=worlds)})
        )


if __name__ == "__main__":
    main()
