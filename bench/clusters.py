"""Speed of Gi* on a grid: geoharm and esda (the statistics package of PySAL), and the largest difference of z.

Run as ``python -m bench.clusters [--quick]``. Each size is timed in its own process, after one run that compiles. The time of
esda is given without and with the weights that libpysal must build first. With 1.4 million cells esda is not run, since its
weights alone need more memory than most machines have.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
import warnings

import esda
import libpysal
import numpy as np

from geoharm.hotspots.clusters.local import getis_ord, local_moran
from geoharm.model.grid import Grid

# (figure, cells along a side, cell in metres, distance band in metres, whether esda is run)
SIZES = [
    ("Gi* 10,000 cells, band 300 m", 100, 100.0, 300.0, True),
    ("Gi* 90,000 cells, band 300 m", 300, 100.0, 300.0, True),
    ("Gi* 1,440,000 cells, band 300 m", 1200, 25.0, 300.0, False),
]
QUICK = SIZES[:1] + SIZES[2:]
PERMUTATIONS = 999


def main() -> None:
    """Time every size and print the figures."""
    if sys.argv[1:2] == ["one"]:
        print(json.dumps(one(*json.loads(sys.argv[2])[:4], peer=json.loads(sys.argv[2])[4])))
        return
    lines = []
    for size in QUICK if "--quick" in sys.argv else SIZES:
        done = subprocess.run(
            [sys.executable, "-m", "bench.clusters", "one", json.dumps(size)],
            check=True,
            capture_output=True,
            text=True,
        )
        figures = json.loads(done.stdout.splitlines()[-1])
        lines += figures
        for line in figures:
            print(", ".join(f"{key} {value}" for key, value in line.items()))
    for line in lines:
        print(json.dumps(line))


def one(figure: str, side: int, cell: float, band: float, *, peer: bool) -> list[dict[str, object]]:
    """Return the figures of one size.

    Parameters
    ----------
    figure : str
        Name of the size.
    side : int
        Cells along a side of the grid.
    cell : float
        Side of a cell in metres.
    band : float
        Distance band in metres.
    peer : bool
        Whether esda is run too.
    """
    warnings.simplefilter("ignore")
    grid = Grid(0.0, 0.0, cell, side, side)
    counts = np.random.default_rng(1).negative_binomial(0.3, 0.2, grid.shape).astype(float)
    small = Grid(0.0, 0.0, cell, 20, 20)
    for statistic in (getis_ord, local_moran):
        statistic(counts[:20, :20], small, band=band)
    getis_ord(counts[:20, :20], small, band=band, permutations=99)
    seconds_of = {}
    for name, run in {
        "normal": lambda: getis_ord(counts, grid, band=band),
        "permutation": lambda: getis_ord(counts, grid, band=band, permutations=PERMUTATIONS, seed=1),
        "moran": lambda: local_moran(counts, grid, band=band),
    }.items():
        seconds_of[name] = min(timed(run) for _ in range(3))
    lines: list[dict[str, object]] = []
    peer_name = f"esda {esda.__version__}"
    if not peer:
        for name, seconds in seconds_of.items():
            lines.append(
                {
                    "figure": f"{figure}, {name}",
                    "peer": f"{peer_name}: not run, too large",
                    "seconds": round(seconds, 4),
                }
            )
        lines[-1]["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return lines
    centres = np.column_stack([axis.ravel() for axis in np.meshgrid(*grid.centres())])
    start = time.perf_counter()
    weights = libpysal.weights.DistanceBand(centres, threshold=band * (1 + 1e-9), binary=True)
    weights_seconds = time.perf_counter() - start
    peer_results: list[esda.G_Local] = []
    peer_seconds = min(timed(lambda: peer_results.append(peer_run(counts, weights, 0))) for _ in range(2))
    peer_run(counts[:20, :20], libpysal.weights.lat2W(20, 20), 9)
    permuted_seconds = timed(lambda: peer_run(counts, weights, PERMUTATIONS))
    error = float(np.abs(peer_results[0].Zs - getis_ord(counts, grid, band=band).z.ravel()).max())
    lines.append(
        {"figure": f"{figure}, normal", "peer": peer_name, "ratio": round(peer_seconds / seconds_of["normal"], 1),
         "ratio_with_weights": round((peer_seconds + weights_seconds) / seconds_of["normal"], 1), "seconds": round(seconds_of["normal"], 4),
         "peer_seconds": round(peer_seconds, 3), "peer_weights_seconds": round(weights_seconds, 3), "largest_difference": error}
    )  # fmt: skip
    lines.append(
        {"figure": f"{figure}, {PERMUTATIONS} conditional permutations", "peer": peer_name,
         "ratio": round(permuted_seconds / seconds_of["permutation"], 1), "seconds": round(seconds_of["permutation"], 4),
         "peer_seconds": round(permuted_seconds, 3)}
    )  # fmt: skip
    return lines


def peer_run(counts: np.ndarray, weights: libpysal.weights.W, permutations: int) -> esda.G_Local:
    """Return esda's Gi* with binary weights."""
    return esda.G_Local(
        counts.ravel(), weights, transform="B", star=True, permutations=permutations, seed=1, n_jobs=1,
        keep_simulations=False,
    )  # fmt: skip


def timed(run) -> float:
    """Return the seconds a call takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
