"""Shared code of the speed benches: geoharm and its peers run in turns, each run in its own process.

`report` prints one line of JSON for each peer.
"""

from __future__ import annotations

import contextlib
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def one_run(job: Callable[[], object], digest: Callable[[object], object]) -> None:
    """Run a job in this process and print its seconds, peak memory and result as JSON, which `alternate` reads."""
    loaded = _peak_mb(anew=True)
    start, processor_seconds = time.perf_counter(), time.process_time()
    result = job()
    seconds, processor_seconds = time.perf_counter() - start, time.process_time() - processor_seconds
    figures = {"seconds": seconds, "cpu": processor_seconds, "peak_mb": _peak_mb(), "loaded_mb": loaded}
    print(json.dumps(figures | {"result": digest(result)}))


def _peak_mb(*, anew: bool = False) -> float:
    """Return the peak memory of this process in MB. On Linux, `anew` restarts the measurement."""
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    if anew:
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def alternate(module: str, methods: Sequence[str], arguments: Sequence[str], repeats: int) -> dict[str, list[dict]]:
    """Run ``python -m module --one METHOD ARGUMENTS`` for every method in turns, `repeats` times.

    Parameters
    ----------
    module : str
        The bench's module.
    methods : sequence of str
        Names of the methods.
    arguments : sequence of str
        Further arguments of the command.
    repeats : int
        Runs of each method.

    Returns
    -------
    dict of method to list of runs
        The list is empty if a method cannot run here. The reason is then on the standard error.
    """
    runs_by_method: dict[str, list[dict]] = {method: [] for method in methods}
    for _ in range(repeats):
        for method in methods:
            command = [sys.executable, "-m", module, "--one", method, *arguments]
            run = subprocess.run(command, check=False, capture_output=True, text=True)
            if run.returncode:
                print(f"{method}: {(run.stderr.strip().splitlines() or ['no output'])[-1]}", file=sys.stderr)
                continue
            runs_by_method[method].append(json.loads(run.stdout.splitlines()[-1]))
    return runs_by_method


def report(name: str, case: str, ours: str, runs: dict[str, list[dict]], packages: Sequence[str]) -> None:
    """Print one JSON object for each peer: median, shortest and longest time, and whether the results agree.

    Parameters
    ----------
    name : str
        Name of the bench.
    case : str
        What was computed.
    ours : str
        The method that is compared with all others.
    runs : dict of method to list of runs
        From `alternate`.
    packages : sequence of str
        Packages whose versions are printed.
    """
    our_runs = runs[ours]
    for peer, peer_runs in runs.items():
        if peer == ours:
            continue
        figure = {
            "name": name,
            "case": case,
            "ours": ours,
            "peer": peer,
            "versions": {package: _version(package) for package in packages},
        }
        if not our_runs or not peer_runs:
            print(json.dumps(figure | {"skipped": f"{peer if our_runs else ours} cannot run here"}), flush=True)
            continue
        figure |= _seconds("ours", our_runs) | _seconds("peer", peer_runs)
        figure["ratio"] = round(figure["peer_seconds"] / figure["ours_seconds"], 2)
        figure["ratio_of_least"] = round(figure["peer_least"] / figure["ours_least"], 2)
        figure["ratio_of_cpu"] = round(figure["peer_cpu_least"] / figure["ours_cpu_least"], 2)
        figure["agree"] = all(run["result"] == our_runs[0]["result"] for run in (*our_runs, *peer_runs))
        print(json.dumps(figure), flush=True)


def _seconds(who: str, runs: list[dict]) -> dict[str, float]:
    seconds = [run["seconds"] for run in runs]
    return {
        f"{who}_seconds": round(statistics.median(seconds), 3),
        f"{who}_least": round(min(seconds), 3),
        f"{who}_most": round(max(seconds), 3),
        f"{who}_cpu_least": round(min(run["cpu"] for run in runs), 3),
        f"{who}_peak_mb": round(max(run["peak_mb"] for run in runs)),
        f"{who}_loaded_mb": round(max(run["loaded_mb"] for run in runs)),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
