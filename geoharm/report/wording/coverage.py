"""Measured coverage: in how many of 100 simulated cities each kind of interval held the true value.

Source: `bench/beside.json`, `bench/calibration.json` and `bench/running_change.json`. No effect was simulated, except for
quotients and shares, which need a fall.
"""

from __future__ import annotations

COVERAGE = {
    "headline": 96,
    "headline share": 96,
    "ratio target": 71,
    "ratio ring": 73,
    "exact": 50,
    "local": 72,
    "displaced": 74,
    "total": 65,
    "gross": 64,
    "net ratio": 71,
    "buffer": 73,
    "net": 64,
    "quotient": 68,
    "regression target": 70,
    "regression ring": 71,
    "together": 79,
    "controls": 80,
    "synthetic": 60,
    "placebo": 96,
    "running change, lowest": 94,
    "running change, highest": 98,
}
