"""False alarms of a composite outcome on real counts, at places and dates without an operation.

Run as ``python -m bench.parts_real [--quick] [--data FOLDER]``. Places are those of `bench.placebo_real`, dates are in quiet
months. Two composite outcomes are computed: three kinds of recorded crime in the target (three components), and the same in the
target and in the rings (six components).
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date

import numpy as np

from bench import placebo_real
from bench.placebo_real_table import median
from geoharm.evaluation.pooling.composite import component_effect, component_roles, pool_components
from geoharm.study.read import read_study

ASKED = ("Violence and sexual offences", "Anti-social behaviour", "Criminal damage and arson")
ZONES = {"target": ("target",), "target and rings apart": ("target", "all rings")}
DATES = (date(2019, 11, 1), date(2019, 12, 1))
SEED = 20191102


def mean(values):
    """Return the mean to four decimals; None for an empty list."""
    return round(float(np.mean(values)), 4) if values else None


def parts_of(engine, study, operation, measures, ledgers):
    """Return the components of one placebo operation, by measure and zone.

    Parameters
    ----------
    engine : DuckDBEngine
        The open database.
    study : Study
        The study.
    operation : Operation
        The placebo operation.
    measures : list of Measure
        What is counted.
    ledgers : list of SourceLedger
        Ledgers of the sources.
    """
    design, by_measure = placebo_real.laid_out(engine, study, operation, measures, ledgers)
    component_by_measure_and_zone = {}
    for name, (counts, data) in by_measure.items():
        for zone in ("target", "all rings"):
            zone_names = [
                zone_in_design.name for role in component_roles(zone) for zone_in_design in design.of_role(role)
            ]
            count = sum(counts.total(zone_name, design.after) for zone_name in zone_names)
            component_by_measure_and_zone[name, zone] = component_effect(
                data, counts, design, zone=zone, after=design.after, count=count
            )
    return component_by_measure_and_zone


def main() -> None:
    """Print one JSON object for each composite outcome."""
    data = placebo_real.data_folder("pooled questions")
    if data is None:
        return
    per_date = 4 if "--quick" in sys.argv else 100
    study = read_study(placebo_real.ROOT / "pipelines" / "merseyside.toml")
    measures = [placebo_real.measure_of(name) for name in ASKED]
    rng = np.random.default_rng(SEED)
    start_clock = time.perf_counter()
    rows = {name: [] for name in ZONES}
    with placebo_real.loaded(study, data) as (engine, ledgers):
        x, y = placebo_real.candidates(study.area)
        for start in DATES:
            year = placebo_real.year_before(engine, measures[0], x, y, start)
            for place in rng.choice(np.flatnonzero(year >= 40), size=per_date, replace=False):
                operation = placebo_real.circle(x[place], y[place], start)
                components = parts_of(engine, study, operation, measures, ledgers)
                for name, zones in ZONES.items():
                    pooled_components = [component for (_, zone), component in components.items() if zone in zones]
                    rows[name].append((pool_components(pooled_components), pooled_components))
    for name, cell in rows.items():
        answered = [(pooled, fall, components) for (pooled, fall, _), components in cell if pooled.is_defined]
        ratios_of_parts = [
            component.ratio for _, _, components in answered for component in components if component.ratio.is_defined
        ]
        print(
            json.dumps(
                {
                    "figure": f"pooled questions, Liverpool, quiet months, {name}",
                    "operations": len(cell),
                    "answered": round(len(answered) / len(cell), 3),
                    "rejects": mean([pooled.interval().side != 0 for pooled, _, _ in answered]),
                    "rejects_of_parts_alone": mean([ratio.interval().side != 0 for ratio in ratios_of_parts]),
                    "median_detectable_fall": median([fall for _, fall, _ in answered]),
                    "seconds": round(time.perf_counter() - start_clock),
                }
            )
        )


if __name__ == "__main__":
    main()
