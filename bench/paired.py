"""What the benches of whole jobs share: every run in a process of its own, ours and the peer's by turns, one JSON line a case."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version


def one_run(job: Callable[[], object], digest: Callable[[object], object]) -> None:
    """Do a job in this process and print seconds, peak memory and what came out, for `alternate` to read."""
    start = time.perf_counter()
    result = job()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1 << 20)
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "result": digest(result)}))


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
        figure["agree"] = all(run["result"] == mine[0]["result"] for run in (*mine, *theirs))
        print(json.dumps(figure), flush=True)


def _seconds(who: str, runs: list[dict]) -> dict[str, float]:
    seconds = [run["seconds"] for run in runs]
    return {
        f"{who}_seconds": round(statistics.median(seconds), 3),
        f"{who}_least": round(min(seconds), 3),
        f"{who}_most": round(max(seconds), 3),
        f"{who}_peak_mb": round(max(run["peak_mb"] for run in runs)),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
