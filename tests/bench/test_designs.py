"""The bench of the design search runs on the real needle requests."""

from __future__ import annotations

import json
import subprocess
import sys


def test_a_small_search_in_boston(root, shared):
    found = subprocess.run(
        [sys.executable, "-m", "bench.designs", str(shared / "boston-needles"), "--quick"],
        check=False,
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    line = json.loads(found.stdout)
    assert line["markets"] == 3
    assert line["designs"] == 3 * 3 * 4 * 3
    assert 0 < line["peak_mb"] < 1000
