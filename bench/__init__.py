"""Speed and calibration, measured against named peers; run by hand, the last results are in RESULTS.md."""
