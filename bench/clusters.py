"""Gi* on a grid against esda, the statistics package of PySAL: time, and the largest difference of z.

``python -m bench.clusters [--quick]``. Each size is timed in a process of its own, after one run that compiles. esda's
time is given without and with the weights that libpysal must build first. At 1.4 million cells esda is not run: its
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

# (figure, cells a side, cell in metres, distance band in metres, whether esda can do it)
SIZES = [
    ("Gi* 10,000 cells, band 300 m", 100, 100.0, 300.0, True),
    ("Gi* 90,000 cells, band 300 m", 300, 100.0, 300.0, True),
    ("Gi* 1,440,000 cells, band 300 m", 1200, 25.0, 300.0, False),
]
QUICK = SIZES[:1] + SIZES[2:]
PERMUTATIONS = 999


def main() -> None:
    """Time every size in turn and print what was found."""
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
        found = json.loads(done.stdout.splitlines()[-1])
        lines += found
        for line in found:
            print(", ".join(f"{key} {value}" for key, value in line.items()))
    for line in lines:
        print(json.dumps(line))


def one(figure: str, side: int, cell: float, band: float, *, peer: bool) -> list[dict[str, object]]:
    """Return the figures of one size."""
    warnings.simplefilter("ignore")
    grid = Grid(0.0, 0.0, cell, side, side)
    counts = np.random.default_rng(1).negative_binomial(0.3, 0.2, grid.shape).astype(float)
    small = Grid(0.0, 0.0, cell, 20, 20)
    for statistic in (getis_ord, local_moran):
        statistic(counts[:20, :20], small, band=band)
    getis_ord(counts[:20, :20], small, band=band, permutations=99)
    ours = {}
    for name, run in {
        "normal": lambda: getis_ord(counts, grid, band=band),
        "permutation": lambda: getis_ord(counts, grid, band=band, permutations=PERMUTATIONS, seed=1),
        "moran": lambda: local_moran(counts, grid, band=band),
    }.items():
        ours[name] = min(timed(run) for _ in range(3))
    lines: list[dict[str, object]] = []
    about = f"esda {esda.__version__}"
    if not peer:
        for name, seconds in ours.items():
            lines.append(
                {"figure": f"{figure}, {name}", "peer": f"{about}: not run, too large", "seconds": round(seconds, 4)}
            )
        lines[-1]["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return lines
    at = np.column_stack([axis.ravel() for axis in np.meshgrid(*grid.centres())])
    start = time.perf_counter()
    weights = libpysal.weights.DistanceBand(at, threshold=band * (1 + 1e-9), binary=True)
    built = time.perf_counter() - start
    found: list[esda.G_Local] = []
    analytic = min(timed(lambda: found.append(peer_run(counts, weights, 0))) for _ in range(2))
    peer_run(counts[:20, :20], libpysal.weights.lat2W(20, 20), 9)
    drawn = timed(lambda: peer_run(counts, weights, PERMUTATIONS))
    error = float(np.abs(found[0].Zs - getis_ord(counts, grid, band=band).z.ravel()).max())
    lines.append(
        {"figure": f"{figure}, normal", "peer": about, "ratio": round(analytic / ours["normal"], 1),
         "ratio_with_weights": round((analytic + built) / ours["normal"], 1), "seconds": round(ours["normal"], 4),
         "peer_seconds": round(analytic, 3), "peer_weights_seconds": round(built, 3), "largest_difference": error}
    )  # fmt: skip
    lines.append(
        {"figure": f"{figure}, {PERMUTATIONS} conditional permutations", "peer": about,
         "ratio": round(drawn / ours["permutation"], 1), "seconds": round(ours["permutation"], 4),
         "peer_seconds": round(drawn, 3)}
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
