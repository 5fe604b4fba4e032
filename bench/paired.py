"""What the benches of whole jobs share: every run in a process of its own, ours and the peer's by turns, one JSON line a case."""

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
    """Do a job in this process and print seconds, peak memory and what came out, for `alternate` to read."""
    loaded = _peak_mb(anew=True)
    start, work = time.perf_counter(), time.process_time()
    result = job()
    seconds, work = time.perf_counter() - start, time.process_time() - work
    figures = {"seconds": seconds, "cpu": work, "peak_mb": _peak_mb(), "loaded_mb": loaded}
    print(json.dumps(figures | {"result": digest(result)}))


def _peak_mb(*, anew: bool = False) -> float:
    """Return the most memory this process has held, in MB; on Linux counted anew from here if wanted."""
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    if anew:
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def alternate(module: str, methods: Sequence[str], arguments: Sequence[str], repeats: int) -> dict[str, list[dict]]:
    """Run ``python -m module --one METHOD ARGUMENTS`` for every method by turns, `repeats` times.

    Returns
    -------
    dict of method to list of runs
        Empty where a method cannot run here; why is on the standard error.
    """
    found: dict[str, list[dict]] = {method: [] for method in methods}
    for _ in range(repeats):
        for method in methods:
            command = [sys.executable, "-m", module, "--one", method, *arguments]
            run = subprocess.run(command, check=False, capture_output=True, text=True)
            if run.returncode:
                print(f"{method}: {(run.stderr.strip().splitlines() or ['no output'])[-1]}", file=sys.stderr)
                continue
            found[method].append(json.loads(run.stdout.splitlines()[-1]))
    return found


def report(name: str, case: str, ours: str, runs: dict[str, list[dict]], packages: Sequence[str]) -> None:
    """Print one JSON object for each peer: medians, least and most seconds, and whether the results agree."""
    mine = runs[ours]
    for peer, theirs in runs.items():
        if peer == ours:
            continue
        figure = {
            "name": name,
            "case": case,
            "ours": ours,
            "peer": peer,
            "versions": {one: _version(one) for one in packages},
        }
        if not mine or not theirs:
            print(json.dumps(figure | {"skipped": f"{peer if mine else ours} cannot run here"}), flush=True)
            continue
        figure |= _seconds("ours", mine) | _seconds("peer", theirs)
        figure["ratio"] = round(figure["peer_seconds"] / figure["ours_seconds"], 2)
        figure["ratio_of_least"] = round(figure["peer_least"] / figure["ours_least"], 2)
        figure["ratio_of_cpu"] = round(figure["peer_cpu_least"] / figure["ours_cpu_least"], 2)
        figure["agree"] = all(run["result"] == mine[0]["result"] for run in (*mine, *theirs))
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
