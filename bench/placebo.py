"""Speed of permutations of chosen units: geoharm and vectorised NumPy, with the same null distribution.

Run as ``python -m bench.placebo [--quick]``. 200 units, 60 months, 20 chosen units, 60 statistics (5 zones, 12 windows).
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np

from geoharm.stats.permutation import permuted_differences

UNITS, MONTHS, CHOSEN, STATISTICS = 200, 60, 20, 60


def numpy_null(values, permutations, seed):
    """Return the same differences by NumPy, with one matrix of labels and one matrix product."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(values.shape[0], dtype=np.bool_)
    labels[:CHOSEN] = True
    drawn = rng.permuted(np.broadcast_to(labels, (permutations, labels.size)), axis=1).astype(np.float64)
    chosen_sums = drawn @ values
    return chosen_sums / CHOSEN - (values.sum(axis=0) - chosen_sums) / (values.shape[0] - CHOSEN)


def best_of(runs, function):
    """Return the shortest time of several runs, in seconds."""
    durations = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        durations.append(time.perf_counter() - start)
    return min(durations)


def main() -> None:
    """Print one JSON object for each figure."""
    quick = "--quick" in sys.argv
    permutations, runs = 9_999, 5 if quick else 25
    rng = np.random.default_rng(0)
    counts = rng.poisson(8, (UNITS, MONTHS)).astype(np.float64)
    windows = rng.random((STATISTICS, MONTHS)) < 0.5
    values = np.column_stack([counts[:, window].mean(axis=1) - counts[:, ~window].mean(axis=1) for window in windows])
    our_differences = permuted_differences(values, chosen=CHOSEN, permutations=permutations, seed=1)
    peer_differences = numpy_null(values, permutations, 1)
    for name, table in (("60 statistics", values), ("1 statistic", values[:, :1].copy())):
        our_seconds = best_of(
            runs, lambda t=table: permuted_differences(t, chosen=CHOSEN, permutations=permutations, seed=1)
        )
        peer_seconds = best_of(runs, lambda t=table: numpy_null(t, permutations, 1))
        figure = {
            "figure": f"permutations, {permutations} x {UNITS} units x {MONTHS} months, {name}",
            "peer": f"NumPy {np.__version__}, permuted labels and one matrix product",
            "seconds": round(our_seconds, 5),
            "peer_seconds": round(peer_seconds, 5),
            "ratio": round(peer_seconds / our_seconds, 1),
            "null_sd_ratio": round(float((our_differences.std(axis=0) / peer_differences.std(axis=0)).mean()), 4),
            "largest_quantile_gap_in_sd": round(
                float((np.abs(np.quantile(our_differences, [0.025, 0.5, 0.975], axis=0) - np.quantile(peer_differences, [0.025, 0.5, 0.975], axis=0))
                       / peer_differences.std(axis=0)).max()), 3),
        }  # fmt: skip
        print(json.dumps(figure))


if __name__ == "__main__":
    main()
