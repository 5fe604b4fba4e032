"""A search over designs in Boston: processor time and peak memory.

Run as ``python -m bench.designs FOLDER_WITH_THE_NEEDLE_FILES [--quick]``. It asks ``geoharm power --search`` for 20 circles of
250 m around the peaks of needle requests, 3 ring designs, 4 starts and 3 windows, and prints one line of JSON.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main(arguments):
    """Run the search in a process of its own, and print what it took."""
    data = next((argument for argument in arguments if not argument.startswith("-")), "")
    markets = "2" if "--quick" in arguments else "20"
    command = ["power", str(ROOT / "pipelines" / "boston.toml"), "--data", data, "--search", "--markets", markets]
    command += ["--circle", "250", "--json", "--quiet"]
    finished = subprocess.run([sys.executable, "-m", "geoharm", *command], check=True, capture_output=True, text=True)
    record = json.loads(finished.stdout)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    answered = [row for row in record["designs"] if row["zones"][0]["detectable_fall"] is not None]
    line = {
        "markets": len(record["markets"]),
        "designs": len(record["designs"]),
        "with_answer": len(answered),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_mb": round(used.ru_maxrss / 1e3),
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main(sys.argv[1:])
