"""Weights for the components of a composite outcome: coverage of 95% intervals by type of weights.

Run as ``python -m bench.parts [--quick]``. Forecast errors at placebo places are drawn with a known correlation between the
components. Placebo places overlap, so 60 of them equal few independent ones: every independent value is repeated. The
program's own function pools the components with equal weights. Two other types of weights are estimated from the same errors:
from each component's own variance, and by generalised least squares. A component's interval uses t with one degree of freedom
fewer than the independent places, like the headline's.
"""

from __future__ import annotations

import json
import math
import sys

import numpy as np

from geoharm.evaluation.placebo.calibrated_ratio import LEVELS
from geoharm.evaluation.pooling.composite import ComponentEffect, component_correlation, pool_components
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.spread import ForecastSpread
from geoharm.stats.distributions import t_quantile

PLACES = 60
CASES = [(6, 2, 0.0, 3.0), (6, 4, 0.3, 3.0), (15, 4, 0.3, 3.0), (15, 4, 0.8, 1.0), (60, 4, 0.3, 3.0), (60, 4, 0.8, 3.0)]
SEED = 20261124


def part(value, error, freedom, misses):
    """Return a component with t intervals.

    Parameters
    ----------
    value : float
        Log ratio.
    error : float
        Its standard error.
    freedom : int
        Degrees of freedom.
    misses : ndarray, places
        Forecast errors at the placebo places.
    """
    spans = [
        Interval(value - multiplier * error, value + multiplier * error, level)
        for level in LEVELS
        for multiplier in (float(t_quantile(0.5 + level / 2, freedom)),)
    ]
    ratio = Estimate("log rate ratio", value, error, "log ratio", "", calibrated=True, intervals=tuple(spans), p=0.5)
    spread = ForecastSpread(100.0, 1.0, 0.02, 1.0, freedom)  # only its degrees of freedom are read here
    return ComponentEffect(ratio, spread, {(0, place): float(miss) for place, miss in enumerate(misses)})


def coverage_by_weights(rng, *, independent, parts, correlation, spread, worlds):
    """Return for each type of weights its coverage of the truth (zero), and how often its variance is positive.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    independent : int
        Number of independent places.
    parts : int
        Number of components.
    correlation : float
        Correlation between the errors of two components.
    spread : float
        Largest standard error divided by the smallest.
    worlds : int
        Number of simulations.
    """
    root = np.linalg.cholesky(np.full((parts, parts), correlation) + (1 - correlation) * np.eye(parts))
    scale = np.linspace(0.1, 0.1 * spread, parts)
    multiplier = t_quantile(0.975, independent - 1)
    covered = {"equal": [], "own variance": [], "generalised least squares": []}
    for _ in range(worlds):
        drawn = (rng.normal(size=(independent + 1, parts)) @ root.T) * scale
        misses, errors_at_target = np.repeat(drawn[1:], PLACES // independent, axis=0), drawn[0]
        error = np.sqrt((misses**2).mean(axis=0))
        components = [
            part(errors_at_target[position], error[position], independent - 1, misses[:, position])
            for position in range(parts)
        ]
        covered["equal"].append(pool_components(components)[0].interval().side == 0)
        covariance = component_correlation(components)[0] * np.outer(error, error)
        weights_by_method = {
            "own variance": 1 / error**2,
            "generalised least squares": np.linalg.pinv(covariance) @ np.ones(parts),
        }
        for name, weights in weights_by_method.items():
            variance = float(weights @ covariance @ weights) / weights.sum() ** 2
            if variance > 0:
                covered[name].append(abs(weights @ errors_at_target / weights.sum()) < multiplier * math.sqrt(variance))
    return {
        name: {
            "holds": round(float(np.mean(covered_of_method)), 4),
            "has_an_error": round(len(covered_of_method) / worlds, 4),
        }
        for name, covered_of_method in covered.items()
    }


def main() -> None:
    """Print one JSON object for each case."""
    worlds = 50 if "--quick" in sys.argv else 4000
    for number, (independent, parts, correlation, spread) in enumerate(CASES):
        case = {"independent": independent, "parts": parts, "correlation": correlation, "spread": spread}
        rng = np.random.default_rng([SEED, number])
        print(
            json.dumps(
                {
                    "figure": "weights of parts",
                    **case,
                    "worlds": worlds,
                    **coverage_by_weights(rng, **case, worlds=worlds),
                }
            )
        )


if __name__ == "__main__":
    main()
