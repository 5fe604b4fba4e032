"""Permutations of chosen units: this package against vectorised NumPy, with the same null distribution.

Run as ``python -m bench.placebo [--quick]``. 200 units, 60 months, 20 chosen, 60 statistics (5 zones by 12 windows).
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np

from geoharm.stats.permutation import permuted_differences

UNITS, MONTHS, CHOSEN, STATISTICS = 200, 60, 20, 60


def numpy_null(values, permutations, seed):
    """Return the same differences by one matrix of labels and one product."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(values.shape[0], dtype=np.bool_)
    labels[:CHOSEN] = True
    drawn = rng.permuted(np.broadcast_to(labels, (permutations, labels.size)), axis=1).astype(np.float64)
    held = drawn @ values
    return held / CHOSEN - (values.sum(axis=0) - held) / (values.shape[0] - CHOSEN)


def best_of(runs, function):
    """Return the least time of several runs, in seconds."""
    found = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return min(found)


def main() -> None:
    """Print one JSON object a figure."""
    quick = "--quick" in sys.argv
    permutations, runs = 9_999, 5 if quick else 25
    rng = np.random.default_rng(0)
    counts = rng.poisson(8, (UNITS, MONTHS)).astype(np.float64)
    windows = rng.random((STATISTICS, MONTHS)) < 0.5
    values = np.column_stack([counts[:, w].mean(axis=1) - counts[:, ~w].mean(axis=1) for w in windows])
    ours = permuted_differences(values, chosen=CHOSEN, permutations=permutations, seed=1)
    peer = numpy_null(values, permutations, 1)
    for name, table in (("60 statistics", values), ("1 statistic", values[:, :1].copy())):
        mine = best_of(runs, lambda t=table: permuted_differences(t, chosen=CHOSEN, permutations=permutations, seed=1))
        theirs = best_of(runs, lambda t=table: numpy_null(t, permutations, 1))
        figure = {
            "figure": f"permutations, {permutations} x {UNITS} units x {MONTHS} months, {name}",
            "peer": f"NumPy {np.__version__}, permuted labels and one matrix product",
            "seconds": round(mine, 5),
            "peer_seconds": round(theirs, 5),
            "ratio": round(theirs / mine, 1),
            "null_sd_ratio": round(float((ours.std(axis=0) / peer.std(axis=0)).mean()), 4),
            "largest_quantile_gap_in_sd": round(
                float((np.abs(np.quantile(ours, [0.025, 0.5, 0.975], axis=0) - np.quantile(peer, [0.025, 0.5, 0.975], axis=0))
                       / peer.std(axis=0)).max()), 3),
        }  # fmt: skip
        print(json.dumps(figure))


if __name__ == "__main__":
    main()
