"""Coverage and false alarms of the other estimators in the report, on the scenarios of `bench.calibration`.

Run ``python -m bench.robustness --rows FILE [--cells "NAME;..."] [--repeats 1000] [--minutes 60]`` to add replications; it
continues where the file ends. Run ``python -m bench.robustness --rows FILE [--rows FILE ...] --docs`` to summarise them in
`bench/beside.json` and write the table of `docs/calibration.md`.

The figures come from `geoharm.evaluation.robustness.other_estimators`, called as in a run, with candidate squares in the whole
control area. Each is computed without an effect, and with a fall of 40% of which 30% moves into the ring.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np

from bench import worlds
from bench.calibration import EFFECTS, ROOT, SCENARIOS, argument, far_sites, planted, run
from bench.calibration_table import line_a_world, operations, row_files, rows_by_world, share, table, write_part
from geoharm.evaluation.design.control_candidates import ControlCandidates, candidate_squares, square_of
from geoharm.evaluation.effects import evaluate_measure
from geoharm.evaluation.robustness import other_estimators
from geoharm.model.counts import ZoneCounts
from geoharm.model.period import Period, add_months

SUMMARY = ROOT / "bench" / "beside.json"
EFFECT_POSITIONS = (0, 3)  # positions in EFFECTS
LEAST = 100  # a scenario with fewer results is left out of the means
SKIPPED = "half months, 1.5 months after"  # monthly figures need months
NAMES = {
    "ratio target": "log rate ratio, target",
    "ratio ring": "log rate ratio, ring",
    "exact": "log rate ratio, exact conditional interval",
    "local": "WDD with scaled control, target",
    "displaced": "WDD with scaled control, ring",
    "total": "WDD with scaled control, target and ring",
    "gross": "gross effect (before minus after)",
    "net ratio": "Guerette's success measure",
    "buffer": "Guerette's buffer displacement measure",
    "net": "total net effect",
    "quotient": "weighted displacement quotient, Fieller set",
    "regression target": "Poisson regression, target",
    "regression ring": "Poisson regression, ring",
    "together": "all passing controls together",
    "controls": "one passing control, on average",
    "synthetic": "synthetic control of candidate squares",
    "placebo": "randomisation test of candidate squares, p below 5%",
}
_TILES = {}


def tiles_of(city, found):
    """Return the candidate squares of an operation, and the position of every site's square (-1 outside of all)."""
    setup_id = id(found)
    if setup_id not in _TILES:
        tiles = candidate_squares(found.design)
        _TILES[setup_id] = tiles.zones, square_of(tiles, city.x, city.y), found
    return _TILES[setup_id][:2]


def monthly_counts(names, table, months):
    """Return counts by zone and month as `ZoneCounts`. The first `months` columns are before the operation."""
    first, size = add_months(worlds.START, -months), table.shape[1]
    dates = np.array([add_months(first, step) for step in range(size)], dtype="datetime64[D]")
    return ZoneCounts(
        "events", names, dates, table.astype(np.int64), by_month=True, coverage=Period(first, add_months(first, size))
    )


def read_estimators(rng, cell, where, monthly, late):
    """Return the row of one operation: the estimate, its interval and the truth, by effect and figure.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    cell : Cell
        The scenario.
    where : tuple of City and Setup
        The city, and the operation in it.
    monthly : ndarray, sites x months
        Counts before.
    late : tuple of three ndarray, sites x steps
        True rates, recorded rates and counts after.
    """
    (city, setup), (rates, _, _) = where, late
    zones, square = tiles_of(city, setup)
    inside = square >= 0
    role_name = {zone.role.value: zone.name for zone in setup.design.zones}
    masks, months = setup.masks, monthly.shape[1]
    far = far_sites(rng, city, setup, monthly) if cell.far else None
    rows = []
    for position in EFFECT_POSITIONS:
        fall, moved = EFFECTS[position]
        changed, by_step = planted(rng, cell, setup, late, (fall, moved, far))
        counts = np.column_stack([monthly, by_step])
        zone_counts = monthly_counts(
            tuple(role_name[role] for role in masks),
            np.array([counts[mask].sum(axis=0) for mask in masks.values()]),
            months,
        )
        in_squares = np.zeros((len(zones), counts.shape[1]))
        np.add.at(in_squares, square[inside], counts[inside])
        candidates = ControlCandidates(zones, monthly_counts(tuple(zone.name for zone in zones), in_squares, months))
        result = evaluate_measure(worlds.MEASURE, zone_counts, setup.design)
        estimators = other_estimators(result, setup.design, candidates=candidates)
        expected = {role: (rates[mask].sum(axis=0), changed[mask].sum(axis=0)) for role, mask in masks.items()}
        rows.append(figures(result, estimators, expected))
    return {"effects": rows}


def figures(result, family, expected):
    """Return every figure as [value, low, high, truth], or as [covers the truth, sees a change] if it is no interval.

    Parameters
    ----------
    result : MeasureResult
        Effects of the operation.
    family : OtherEstimators
        The other estimators.
    expected : dict of role to tuple of two ndarray
        True rates by month, without and with the effect.
    """
    without, truth = ({role: pair[position] for role, pair in expected.items()} for position in (0, 1))
    lost = {role: truth[role].sum() - without[role].sum() for role in ("target", "ring")}
    ratio = {role: math.log(truth[role].sum() / without[role].sum()) for role in ("target", "ring")}
    control = without["control"].sum()
    figures_of_operation = {}

    def add(name, estimate, value):
        if estimate is not None and estimate.is_defined:
            span = estimate.interval()
            figures_of_operation[name] = [estimate.value, span.low, span.high, float(value)]

    add("ratio target", result.effect("target").ratio, ratio["target"])
    add("ratio ring", result.effect("all rings").ratio, ratio["ring"])
    figures_of_operation["exact"] = [ratio["target"], family.exact.low, family.exact.high, ratio["target"]]
    add("local", family.estimate("wdd_target"), lost["target"])
    add("displaced", family.estimate("wdd_rings"), lost["ring"])
    add("total", family.estimate("wdd_total"), lost["target"] + lost["ring"])
    indices = family.indices
    add("gross", indices.gross_effect, -lost["target"])
    add("net ratio", indices.success_measure, lost["target"] / control)
    add("buffer", indices.buffer_displacement, lost["ring"] / control)
    add("net", indices.total_net_effect, -lost["target"] - lost["ring"])
    if lost["target"] < 0:
        figures_of_operation["quotient"] = [
            float(lost["ring"] / lost["target"]) in indices.wdq.values,
            math.isfinite(indices.wdq.value),
        ]
    if family.did is not None:
        for role, term in zip(("target", "ring"), family.did.terms, strict=True):
            add(f"regression {role}", term, ratio[role])
    if family.by_control is not None:
        by_name = {
            dict(specification.choices)["control"]: specification.estimate
            for specification in family.by_control.specifications
        }
        add("together", by_name.pop("all together", None), ratio["target"])
        add("synthetic", by_name.pop("synthetic control", None), ratio["target"])
        spans = [estimate.interval() for estimate in by_name.values() if estimate.is_defined]
        if spans:
            covered = [span.low <= ratio["target"] <= span.high for span in spans]
            figures_of_operation["controls"] = [
                float(np.mean(covered)),
                float(np.mean([span.side != 0 for span in spans])),
            ]
    if math.isfinite(family.placebo_p):
        figures_of_operation["placebo"] = [family.placebo_p >= 0.05, family.placebo_p < 0.05]
    return figures_of_operation


def of_figure(sets, name):
    """Return a figure's coverage, and how often it sees a change, without and with an effect."""
    figures_of_effect = {}
    for effect, key in enumerate(("without", "with")):
        covered, sees_change = [], []
        for effects in sets:
            figure = effects[effect].get(name)
            if figure is None or not all(math.isfinite(value) for value in figure):
                continue
            if len(figure) == 2:
                covered.append(figure[0]), sees_change.append(figure[1])
            else:
                covered.append(figure[1] <= figure[3] <= figure[2])
                sees_change.append(figure[1] > 0 or figure[2] < 0)
        figures_of_effect[key] = {"n": len(covered), "holds": share(covered), "sees": share(sees_change)}
    return figures_of_effect


def summarise(paths):
    """Return coverage and seen changes of the rows in the files, by scenario and figure."""
    figures_by_cell = {}
    for name, rows in rows_by_world(paths).items():
        sets = [operation["effects"] for row in rows for operation in operations(row)]
        figures_by_cell[name] = {"replications": len(rows)} | {key: of_figure(sets, key) for key in NAMES}
    return figures_by_cell


def means(found):
    """Return each figure's coverage without an effect, in per cent, as a mean over scenarios.

    A quotient has no true value without an effect, so its coverage is taken with a fall. Scenarios in which the operation
    changes what is recorded are left out.
    """
    included = [cell for name, cell in found.items() if not SCENARIOS[name].impossible]
    return {
        key: float(np.mean([cell[key][effect]["holds"] for cell in included if cell[key][effect]["n"] >= LEAST]))
        for key in NAMES
        for effect in ("with" if key == "quotient" else "without",)
    }


def rows_of_table(found):
    """Return the Markdown table: the mean over scenarios, and the worst in brackets.

    Scenarios in which the operation changes what is recorded are left out.
    """
    included = {name: cell for name, cell in found.items() if not SCENARIOS[name].impossible}
    rows = []
    for key, label in NAMES.items():
        line = [label]
        for effect, measure, worst in (
            ("without", "holds", min),
            ("without", "sees", max),
            ("with", "holds", min),
            ("with", "sees", None),
        ):
            by_world = {
                name: cell[key][effect][measure] for name, cell in included.items() if cell[key][effect]["n"] >= LEAST
            }
            if not by_world:
                line.append(None)
                continue
            text = f"{np.mean(list(by_world.values())):.0f}"
            if worst:
                worst_scenario = worst(by_world, key=by_world.get)
                text += f" ({by_world[worst_scenario]:.0f}, {worst_scenario})"
            line.append(text)
        rows.append(line)
    head = [
        "figure",
        "coverage, no effect",
        "sees a change, no effect",
        "coverage, 40% fall",
        "sees a change, 40% fall",
    ]
    runs = [cell["replications"] for cell in found.values()]
    return f"At least {min(runs):,} cities in each scenario.\n\n" + table(head, rows)


def main() -> None:
    """Add rows, or summarise them and write the docs."""
    if "--docs" in sys.argv:
        if paths := row_files():
            SUMMARY.write_text(line_a_world(summarise(paths)) + "\n", encoding="utf-8", newline="\n")
        write_part("beside", rows_of_table(json.loads(SUMMARY.read_text(encoding="utf-8"))))
        return
    names = [
        name for name in SCENARIOS if name != SKIPPED and name in argument("--cells", ";".join(SCENARIOS)).split(";")
    ]
    path = Path(argument("--rows", "beside.jsonl"))
    run(path, names, int(argument("--repeats", "1000")), float(argument("--minutes", "1e6")), read=read_estimators)


if __name__ == "__main__":
    main()
