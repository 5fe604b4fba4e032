"""A pooled question at places and dates without an operation: how often it raises a false alarm on real counts.

Run as ``python -m bench.parts_real [--quick] [--data FOLDER]``. Places and dates as in `bench.placebo_real`, only the quiet
ones. Asked: three kinds of recorded crime, in the target (three parts), and in target and rings apart (six parts).
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench import placebo_real
from geoharm.engines.duckdb import open_engine
from geoharm.evaluation.pooling.composite import component_effect, component_roles, pool_components
from geoharm.pipeline.load import load_sources
from geoharm.study.read import read_study

ASKED = ("Violence and sexual offences", "Anti-social behaviour", "Criminal damage and arson")
ZONES = {"target": ("target",), "target and rings apart": ("target", "all rings")}
SEED = 20191102


def parts_of(engine, study, operation, measures, ledgers):
    """Return the parts of one placebo operation by measure and zone."""
    design, by_measure = placebo_real.laid_out(engine, study, operation, measures, ledgers)
    found = {}
    for name, (counts, data) in by_measure.items():
        for zone in ("target", "all rings"):
            rows = [one.name for role in component_roles(zone) for one in design.of_role(role)]
            count = sum(counts.total(row, design.after) for row in rows)
            found[name, zone] = component_effect(data, counts, design, zone=zone, after=design.after, count=count)
    return found


def main() -> None:
    """Print one JSON object a question."""
    data = Path(sys.argv[sys.argv.index("--data") + 1]) if "--data" in sys.argv else placebo_real.DATA
    if not data.is_dir():
        print(json.dumps({"figure": "pooled questions", "skipped": "the real data are not beside this project"}))
        return
    per_date = 4 if "--quick" in sys.argv else 100
    study = read_study(placebo_real.ROOT / "pipelines" / "merseyside.toml")
    measures = [placebo_real.measure_of(name) for name in ASKED]
    rng = np.random.default_rng(SEED)
    start_clock = time.perf_counter()
    rows = {name: [] for name in ZONES}
    with tempfile.TemporaryDirectory() as folder, open_engine(Path(folder) / "m.duckdb", inputs=data) as engine:
        ledgers = load_sources(engine, study, data)
        x, y = placebo_real.candidates(study.area)
        for start in placebo_real.DATES["quiet"]:
            year = placebo_real.year_before(engine, measures[0], x, y, start)
            for place in rng.choice(np.flatnonzero(year >= 40), size=per_date, replace=False):
                operation = placebo_real.circle(x[place], y[place], start)
                found = parts_of(engine, study, operation, measures, ledgers)
                for name, zones in ZONES.items():
                    asked = [part for (_, zone), part in found.items() if zone in zones]
                    rows[name].append((pool_components(asked), asked))
    for name, cell in rows.items():
        answered = [(pooled, fall, asked) for (pooled, fall, _), asked in cell if pooled.is_defined]
        alone = [part.ratio for _, _, asked in answered for part in asked if part.ratio.is_defined]
        print(
            json.dumps(
                {
                    "figure": f"pooled questions, Liverpool, quiet months, {name}",
                    "operations": len(cell),
                    "answered": round(len(answered) / len(cell), 3),
                    "rejects": placebo_real.mean([pooled.interval().side != 0 for pooled, _, _ in answered]),
                    "rejects_of_parts_alone": placebo_real.mean([one.interval().side != 0 for one in alone]),
                    "median_detectable_fall": placebo_real.median([fall for _, fall, _ in answered]),
                    "seconds": round(time.perf_counter() - start_clock),
                }
            )
        )


if __name__ == "__main__":
    main()
