"""Coverage of the band of the running change, on scenarios of `bench.calibration`.

Run ``python -m bench.running_change --rows FILE [--cells "NAME;..."] [--repeats 250] [--minutes 60]`` to add replications; it
continues where the file ends. Run ``python -m bench.running_change --rows FILE --docs`` to summarise them in
`bench/running_change.json` and write the table of `docs/calibration.md`.

Each city is read without an effect and with a fall of 40% of which 30% moves into the ring, by the program's own functions: one point for every month after.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np

from bench.calibration import EFFECTS, ROOT, SCENARIOS, argument, planted, run
from bench.calibration_table import line_a_world, row_files, rows_by_world, share, table, write_part
from bench.robustness import monthly_counts
from geoharm.evaluation.placebo.calibrated_ratio import placebo_data, placebo_windows
from geoharm.evaluation.placebo.running_change import running_change, running_windows, with_running_windows
from geoharm.model.panel import UnitPanel

SUMMARY = ROOT / "bench" / "running_change.json"
CELLS = ("base: local, v 2", "smooth, v 2", "local, v 5", "1 unit")
EFFECT_POSITIONS = {"without": 0, "with": 3}  # positions in EFFECTS
_LEVEL = 0.95


def read_running(rng, cell, where, monthly, late):
    """Return the row of one operation: by effect, the band's ends, the pointwise ends and the truth at every point.

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
    (_, setup), (rates, _, _), row = where, late, {}
    for effect, position in EFFECT_POSITIONS.items():
        fall, moved = EFFECTS[position]
        changed, by_step = planted(rng, cell, setup, late, (fall, moved, None))
        counts, data = placebo_table(setup, monthly, by_step)
        points = running_change(data, counts, setup.design, seed=1)
        in_target = setup.masks["target"]
        # The curve begins with the month after the operation's own.
        without, truth = (np.cumsum(table[in_target].sum(axis=0)[1:]) for table in (rates, changed))
        row[effect] = [
            None if not point.is_defined else [point.value, *ends_of(point), math.log(truth[number] / without[number])]
            for number, point in enumerate(points)
        ]
    return row


def ends_of(point):
    """Return the ends of the band at a point."""
    span = point.interval(_LEVEL)
    return [span.low, span.high]


def placebo_table(setup, before, after):
    """Return counts by zone and month, and the placebo data with the windows of the running change."""
    role_name = {zone.role.value: zone.name for zone in setup.design.zones}
    months = before.shape[1]
    table = np.column_stack([before, after])
    counts = monthly_counts(
        tuple(role_name[role] for role in setup.masks),
        np.array([table[mask].sum(axis=0) for mask in setup.masks.values()]),
        months,
    )
    history, windows = placebo_windows(counts, setup.design), running_windows(counts, setup.design)
    # The first month after holds the operation's day, so the curve leaves it out.
    running = np.cumsum(after[:, 1:], axis=1)[:, : len(windows)]
    data = placebo_data(setup.places, panel(setup, history, np.column_stack([before, after.sum(axis=1)])), setup.design)
    return counts, with_running_windows(data, panel(setup, windows, running))


def panel(setup, windows, by_site):
    """Return counts by site and window as a unit panel."""
    by_cell = np.zeros((setup.row.size, len(windows)), dtype=np.int64)
    np.add.at(by_cell, setup.first, by_site.astype(np.int64))
    return UnitPanel("events", windows, setup.row.copy(), setup.column.copy(), by_cell)


def figures(rows, effect):
    """Return how often a curve was given, its band held the whole truth, and it left out "no change" at some month."""
    curves = [[point for point in row[effect] if point is not None] for row in rows]
    given = [np.array(curve) for curve in curves if curve]
    holds = [bool(((curve[:, 1] <= curve[:, 3]) & (curve[:, 3] <= curve[:, 2])).all()) for curve in given]
    sees = [bool(((curve[:, 1] > 0) | (curve[:, 2] < 0)).any()) for curve in given]
    last = [bool(curve[-1, 1] > 0 or curve[-1, 2] < 0) for curve in given]
    return {"n": len(given), "holds": share(holds), "sees": share(sees), "sees last": share(last)}


def summarise(paths):
    """Return the figures of the rows in the files, by scenario."""
    return {
        name: {
            "replications": len(rows),
            "length": round(float(np.median([p[2] - p[1] for row in rows for p in row["without"][-1:] if p])), 3),
        }
        | {effect: figures(rows, effect) for effect in EFFECT_POSITIONS}
        for name, rows in rows_by_world(paths).items()
    }


def rows_of_table(found):
    """Return the Markdown table."""
    rows = [
        [
            name,
            cell["replications"],
            cell["without"]["n"],
            cell["without"]["holds"],
            cell["without"]["sees"],
            cell["with"]["holds"],
            cell["with"]["sees"],
            cell["with"]["sees last"],
            f"{100 * cell['length']:.0f}",
        ]
        for name, cell in found.items()
    ]
    head = [
        "scenario", "cities", "with a curve", "band holds the whole curve, no effect", "sees a change at some month, no effect",
        "holds, 40% fall", "sees a change at some month, 40% fall", "at the last month, 40% fall", "length at the last month",
    ]  # fmt: skip
    return table(head, rows)


def main() -> None:
    """Add rows, or summarise them and write the docs."""
    if "--docs" in sys.argv:
        if paths := row_files():
            SUMMARY.write_text(line_a_world(summarise(paths)) + "\n", encoding="utf-8", newline="\n")
        write_part("running", rows_of_table(json.loads(SUMMARY.read_text(encoding="utf-8"))))
        return
    names = [name for name in SCENARIOS if name in argument("--cells", ";".join(CELLS)).split(";")]
    path = Path(argument("--rows", "running.jsonl"))
    run(path, names, int(argument("--repeats", "250")), float(argument("--minutes", "1e6")), read=read_running)


if __name__ == "__main__":
    main()
