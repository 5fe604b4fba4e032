"""Speed and error of kernel density: `geoharm.hotspots.density.intensity`, KDEpy's Fourier method and libkdv.

Run as ``python -m bench.kde [--quick]``. A simulated city of 30 by 30 km, cells of 50 m, search radius 300 m. Points are
anywhere, or moved to one of 30,000 map points as the British police publish them. The methods run in turns, each in a process
of its own.

Not timed: imports, compilation, and loading the points in the form that each method takes (x, y and a weight of 1 for geoharm,
one table for the other packages, and the grid for KDEpy). Timed: everything else, such as checks of the input, the grouping by
place and the whole `density` of geoharm, and KDEpy's `fit` and `evaluate`.

Errors are computed at 300 cells, against the exact sum over all points. Each result is first scaled to fit best, since the
packages normalise in different ways. Two errors are printed: the largest error divided by the peak, and the largest relative
error in cells above a thousandth of the peak.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from bench.paired import alternate, one_run
from bench.zones import SIDE, points
from geoharm.hotspots.density.intensity import density
from geoharm.hotspots.density.kernels import kernel_value
from geoharm.hotspots.density.numba_loops import WORKERS
from geoharm.model.grid import Grid
from geoharm.model.points import Points

CELL, RADIUS = 50.0, 300.0
SIZE = int(SIDE / CELL)
WARM = 100_000
GRID = Grid(0.0, 0.0, CELL, SIZE, SIZE)
PACKAGES = ("geoharm", "numpy", "numba", "scipy", "KDEpy", "libkdv")
# KDEpy's bandwidth is the standard deviation of the kernel in one dimension: the radius over the root of 7 (quartic).
KDEPY = RADIUS / np.sqrt(7)

Sampled = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def surface(columns: Sequence[NDArray[np.float64]], kernel: str) -> NDArray[np.float64]:
    """Return the density by geoharm of points given as columns x, y and weight."""
    return density(Points(*columns), GRID, bandwidth=RADIUS, years=1, kernel=kernel, with_support=False).values


def job(
    method: str, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[Callable[[], Any], Callable[[Any], Sampled]]:
    """Return the function to time, and a function that turns its result into places and values."""
    package, _, kernel = method.partition(" ")
    if package == "geoharm":
        point_columns = tuple(np.array(column) for column in (x, y, np.ones(x.size)))
        for column in point_columns:
            column.setflags(write=False)
        # The first compiles pairs and moments, the second the grouping by place.
        surface([column[:WARM] for column in point_columns], kernel)
        surface([np.zeros(WARM), np.zeros(WARM), np.ones(WARM)], kernel)
        columns, rows = np.meshgrid(*GRID.centres())
        return lambda: surface(point_columns, kernel), lambda values: (columns.ravel(), rows.ravel(), values.ravel())
    if package == "KDEpy":
        kdepy = importlib.import_module("KDEpy")
        centres = (np.arange(-1, SIZE + 1) + 0.5) * CELL
        grid = np.array([[a, b] for a in centres for b in centres])
        data = np.column_stack([x, y])

        def evaluate() -> Any:
            return kdepy.FFTKDE(kernel="biweight", bw=KDEPY, norm=2).fit(data).evaluate(grid)

        return evaluate, lambda values: (grid[:, 0], grid[:, 1], values)
    libkdv = importlib.import_module("libkdv")
    data = np.column_stack([x, y])

    def compute() -> Any:
        # It doubles the bandwidth it is given.
        return libkdv.kdv(
            data, GPS=False, KDV_type="KDV", num_threads=WORKERS, row_pixels=SIZE, col_pixels=SIZE, bandwidth=RADIUS / 2
        ).compute()

    return compute, lambda frame: tuple(frame[key].to_numpy(dtype=np.float64) for key in ("x", "y", "val"))


def errors(x: NDArray[np.float64], y: NDArray[np.float64], kernel: str, found: Sampled) -> list[float]:
    """Return the largest error divided by the peak, and the largest relative error, at 300 cells.

    Parameters
    ----------
    x, y : ndarray, points
        Places of the points in metres.
    kernel : str
        Name of the kernel.
    found : tuple of three ndarray, cells
        x, y and density of the cells.
    """
    rng = np.random.default_rng(3)
    columns, rows, values = found
    chosen = np.unique(np.concatenate([[np.argmax(values)], rng.integers(0, values.size, 299)]))
    order = np.argsort(x)
    x, y = x[order], y[order]
    expected = np.empty(chosen.size)
    for number, cell in enumerate(chosen):
        first, last = np.searchsorted(x, [columns[cell] - RADIUS, columns[cell] + RADIUS])
        distance = np.hypot(x[first:last] - columns[cell], y[first:last] - rows[cell])
        expected[number] = kernel_value(distance, kernel=kernel, bandwidth=RADIUS).sum()
    density_values = values[chosen]
    density_values = density_values * (density_values @ expected) / (density_values @ density_values)
    difference, above_threshold = np.abs(density_values - expected), expected > 1e-3 * expected.max()
    return [
        float(difference.max() / expected.max()),
        float((difference[above_threshold] / expected[above_threshold]).max()),
    ]


def run(method: str, path: str) -> None:
    """Time one method on the points of a file."""
    x, y = np.load(path)
    timed, read = job(method, x, y)
    kernel = "epanechnikov" if "epanechnikov" in method or method == "libkdv" else "quartic"
    one_run(timed, lambda result: errors(x, y, kernel, read(result)))


def report(case: str, ours: str, runs: dict[str, list[dict[str, Any]]]) -> None:
    """Print one JSON object for each peer. Ratios are of the shortest times, since other jobs may share the cores."""
    our_runs = runs.pop(ours)
    for peer, peer_runs in runs.items():
        figure: dict[str, Any] = {"name": "kde", "case": case, "ours": ours, "peer": peer, "versions": _versions()}
        if not our_runs or not peer_runs:
            print(json.dumps(figure | {"skipped": f"{peer if our_runs else ours} cannot run here"}), flush=True)
            continue
        for who, all_runs in (("ours", our_runs), ("peer", peer_runs)):
            least = min(run_figures["seconds"] for run_figures in all_runs)
            peak, relative = all_runs[0]["result"]
            figure |= {
                f"{who}_least": round(least, 4),
                f"{who}_all": [round(run_figures["seconds"], 4) for run_figures in all_runs],
                f"{who}_cpu_least": round(min(run_figures["cpu"] for run_figures in all_runs), 4),
                f"{who}_peak_mb": round(max(run_figures["peak_mb"] for run_figures in all_runs)),
                f"{who}_error_of_peak": float(f"{peak:.1e}"),
                f"{who}_error_relative": float(f"{relative:.1e}"),
            }
        figure["ratio"] = round(figure["peer_least"] / figure["ours_least"], 2)
        figure["ratio_of_cpu"] = round(figure["peer_cpu_least"] / figure["ours_cpu_least"], 2)
        print(json.dumps(figure), flush=True)


def _versions() -> dict[str, str]:
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def main(arguments: list[str]) -> None:
    """Run every case in processes of its own, or run one method here."""
    if arguments[:1] == ["--one"]:
        run(arguments[1], arguments[2])
        return
    quick = "--quick" in arguments
    sizes = (100_000,) if quick else (100_000, 1_000_000, 10_000_000)
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            path = Path(folder) / f"{size}.npy"
            x, y = points(size)
            np.save(path, np.array([x, y]))
            case = f"{size:,} points, cells of {CELL:g} m, {RADIUS:g} m"
            repeats = 3 if quick else 5 if size > 1_000_000 else 7
            report(case, "geoharm quartic", _runs(("geoharm quartic", "KDEpy"), path, repeats))
            if size <= 1_000_000:
                ours = "geoharm epanechnikov"
                report(case, ours, _runs((ours, "libkdv"), path, 2))
        size = sizes[-1]
        places = np.column_stack(points(30_000))
        nearest = cKDTree(places).query(np.column_stack([x, y]), workers=WORKERS)[1]
        path = Path(folder) / "snapped.npy"
        np.save(path, places[nearest].T)
        case = f"{size:,} points on {np.unique(nearest).size:,} places"
        report(case, "geoharm quartic", _runs(("geoharm quartic", "KDEpy"), path, 5))


def _runs(methods: tuple[str, ...], path: Path, repeats: int) -> dict[str, list[dict[str, Any]]]:
    return alternate("bench.kde", methods, (str(path),), repeats)


if __name__ == "__main__":
    main(sys.argv[1:])
