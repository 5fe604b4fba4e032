"""What the figures printed beside the headline are worth: each one's coverage and false alarms on the worlds of `bench.calibration`.

Run as ``python -m bench.robustness --rows FILE [--cells "NAME;..."] [--repeats 1000] [--minutes 60]`` to add replications (it goes on
where the file ends), and as ``python -m bench.robustness --rows FILE [--rows FILE ...] --docs`` to boil them down to
`bench/beside.json` and write the table of `docs/calibration.md`.

The figures are those of `displacement.family`, called as a run calls it, with candidate squares all over the control area.
Everything is asked without an effect, and of a fall of 40% of which 30% moves into the ring.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np

from bench import worlds
from bench.calibration import CELLS, EFFECTS, ROOT, argument, far_sites, planted, run
from bench.calibration_table import line_a_world, operations, row_files, rows_by_world, share, table, write_part
from geoharm.evaluation.design.control_candidates import ControlCandidates, candidate_squares, square_of
from geoharm.evaluation.effects import evaluate_measure
from geoharm.evaluation.robustness import other_estimators
from geoharm.model.counts import ZoneCounts
from geoharm.model.period import Period, add_months

SUMMARY = ROOT / "bench" / "beside.json"
ASKED = (0, 3)  # positions in EFFECTS
LEAST = 100  # answers a world needs for its share to count
SKIPPED = "half months, 1.5 months after"  # monthly figures need months
NAMES = {
    "ratio target": "log rate ratio, target",
    "ratio ring": "log rate ratio, ring",
    "exact": "log rate ratio, exact conditional interval",
    "local": "WDD with scaled control, target",
    "displaced": "WDD with scaled control, ring",
    "total": "WDD with scaled control, target and ring",
    "gross": "gross effect (before less after)",
    "net ratio": "Guerette's success measure",
    "buffer": "Guerette's buffer displacement measure",
    "net": "total net effect",
    "quotient": "weighted displacement quotient, Fieller set",
    "regression target": "Poisson regression, target",
    "regression ring": "Poisson regression, ring",
    "running end": "running difference, last month",
    "running": "running difference, whole band",
    "event": "event study, a block after",
    "events": "event study, whole band",
    "events after": "event study, blocks after",
    "profile": "ring profile, whole band",
    "together": "all passing controls together",
    "controls": "a passing control, on average",
    "synthetic": "synthetic control of candidate squares",
    "began": "clock: ratio while it ran",
    "ended": "clock: ratio when it ended",
    "half-life": "clock: months until half is gone",
    "placebo": "randomisation test of candidate squares, p below 5%",
}
_TILES = {}


def tiles_of(city, found):
    """Return the candidate squares of an operation, and the square of every site; -1 outside them."""
    key = id(found)
    if key not in _TILES:
        tiles = candidate_squares(found.design)
        _TILES[key] = tiles.zones, square_of(tiles, city.x, city.y), found
    return _TILES[key][:2]


def monthly_counts(names, table, months):
    """Return counts by zone and month as the program's noun; the first `months` columns lie before the operation."""
    first, size = add_months(worlds.START, -months), table.shape[1]
    dates = np.array([add_months(first, step) for step in range(size)], dtype="datetime64[D]")
    return ZoneCounts(
        "events", names, dates, table.astype(np.int64), by_month=True, coverage=Period(first, add_months(first, size))
    )


def read_family(rng, cell, where, monthly, late):
    """Return the row of one operation: by effect and figure the estimate, its ends, and the truth."""
    (city, found), (rates, _, _) = where, late
    zones, square = tiles_of(city, found)
    inside = square >= 0
    role_name = {zone.role.value: zone.name for zone in found.design.zones}
    masks, months = found.masks, monthly.shape[1]
    far = far_sites(rng, city, found, monthly) if cell.far else None
    rows = []
    for position in ASKED:
        fall, moved = EFFECTS[position]
        changed, by_step = planted(rng, cell, found, late, (fall, moved, far))
        counts = np.column_stack([monthly, by_step])
        noun = monthly_counts(
            tuple(role_name[role] for role in masks),
            np.array([counts[mask].sum(axis=0) for mask in masks.values()]),
            months,
        )
        in_squares = np.zeros((len(zones), counts.shape[1]))
        np.add.at(in_squares, square[inside], counts[inside])
        candidates = ControlCandidates(zones, monthly_counts(tuple(zone.name for zone in zones), in_squares, months))
        result = evaluate_measure(worlds.MEASURE, noun, found.design)
        family = other_estimators(result, found.design, seed=1, candidates=candidates)
        expected = {role: (rates[mask].sum(axis=0), changed[mask].sum(axis=0)) for role, mask in masks.items()}
        rows.append(
            figures(result, family, expected, fall * 0.5 ** (1 / cell.half_life if cell.half_life else 0), cell)
        )
    return {"effects": rows}


def figures(result, family, expected, ended, cell):
    """Return every figure as [value, low, high, truth], or as [held, sees a change] where it is no interval."""
    without, truth = ({role: pair[which] for role, pair in expected.items()} for which in (0, 1))
    lost = {role: truth[role].sum() - without[role].sum() for role in ("target", "ring")}
    ratio = {role: math.log(truth[role].sum() / without[role].sum()) for role in ("target", "ring")}
    control = without["control"].sum()
    found = {}

    def add(name, estimate, value):
        if estimate is not None and estimate.is_defined:
            span = estimate.interval()
            found[name] = [estimate.value, span.low, span.high, float(value)]

    add("ratio target", result.effect("target").ratio, ratio["target"])
    add("ratio ring", result.effect("all rings").ratio, ratio["ring"])
    found["exact"] = [ratio["target"], family.exact.low, family.exact.high, ratio["target"]]
    add("local", family.local, lost["target"])
    add("displaced", family.displaced, lost["ring"])
    add("total", family.total, lost["target"] + lost["ring"])
    indices = family.indices
    add("gross", indices.gross_effect, -lost["target"])
    add("net ratio", indices.success_measure, lost["target"] / control)
    add("buffer", indices.buffer_displacement, lost["ring"] / control)
    add("net", indices.total_net_effect, -lost["target"] - lost["ring"])
    if lost["target"] < 0:
        found["quotient"] = [
            float(lost["ring"] / lost["target"]) in indices.wdq.values,
            math.isfinite(indices.wdq.value),
        ]
    if family.regression is not None:
        for role, term in zip(("target", "ring"), family.regression.terms, strict=True):
            add(f"regression {role}", term, ratio[role])
    curves(found, family, without, truth)
    if family.controls is not None:
        by_name = {dict(way.choices)["control"]: way.estimate for way in family.controls.specifications}
        add("together", by_name.pop("all together", None), ratio["target"])
        add("synthetic", by_name.pop("synthetic control", None), ratio["target"])
        spans = [one.interval() for one in by_name.values() if one.is_defined]
        if spans:
            held = [span.low <= ratio["target"] <= span.high for span in spans]
            found["controls"] = [float(np.mean(held)), float(np.mean([span.side != 0 for span in spans]))]
    if math.isfinite(family.placebo_p):
        found["placebo"] = [family.placebo_p >= 0.05, family.placebo_p < 0.05]
    clock(found, family, without, truth, ended, cell)
    return found


def curves(found, family, without, truth):
    """Add the curves: whether the band holds the whole true course, and whether it sees any change."""
    # Both begin with the month after the operation's own.
    path = np.cumsum((truth["target"] - without["target"])[1:])
    running = family.running
    if running is not None and math.isfinite(running.reach):
        ends = np.array([[one.low, one.high] for one in running.band()])
        path = path[running.positions.astype(int) - 1]
        last = running.points[-1].interval()
        found["running end"] = [running.points[-1].value, last.low, last.high, float(path[-1])]
        found["running"] = whole(ends, path)
    events = family.events
    if events is not None and math.isfinite(events.reach):
        ends = np.array([[one.low, one.high] for one in events.band()])
        later = events.positions > 0
        width = round(2 * (events.positions[later][0])) if later.any() else 1
        course = np.zeros(events.positions.size)
        for at in np.flatnonzero(later):
            first = round(events.positions[at] - width / 2) + 1
            months = slice(first, first + width)
            course[at] = math.log(truth["target"][months].sum() / without["target"][months].sum())
        found["events"], found["events after"] = whole(ends, course), whole(ends[later], course[later])
        spans = [
            (point.interval(), value)
            for point, value, late in zip(events.points, course, later, strict=True)
            if late and point.is_defined
        ]
        if spans:
            held = np.mean([span.low <= value <= span.high for span, value in spans])
            found["event"] = [float(held), float(np.mean([span.side != 0 for span, _ in spans]))]
    profile = family.profile
    if math.isfinite(profile.reach):
        ends = np.array([[one.low, one.high] for one in profile.band()])
        bands = [(truth[role].sum(), without[role].sum()) for role in ("target", "gap", "ring") if role in truth]
        found["profile"] = whole(ends, np.array([math.log(late / rate) if rate else math.nan for late, rate in bands]))


def whole(ends, course):
    """Return whether a band holds a course, and whether it leaves out "no change" anywhere; unknown points left out."""
    known = np.isfinite(ends).all(axis=1)
    low, high = ends[known].T
    return [bool(((low <= course[known]) & (course[known] <= high)).all()), bool(((low > 0) | (high < 0)).any())]


def clock(found, family, without, truth, ended, cell):
    """Add the clock of the target: the operation's own month, what was left when it ended, and how long half of that lasted."""
    one = family.clocks[0] if family.clocks else None
    if one is None:
        return
    first = math.log(truth["target"][0] / without["target"][0])
    left = math.log(1 - ended)
    for name, estimate, value in (("began", one.initial, first), ("ended", one.residual, left)):
        if estimate.is_defined:
            span = estimate.interval()
            found[name] = [estimate.value, span.low, span.high, value]
    if one.half_life_after.pieces:
        # The log ratio has lost half when the fall is 1 - sqrt(1 - fall); a fall that stays never has.
        half = math.inf
        if cell.half_life and ended:
            half = cell.half_life * math.log2(ended / (1 - math.sqrt(1 - ended)))
        found["half-life"] = [half in one.half_life_after if ended else False, True]
    elif ended == 0:
        found["half-life"] = [True, False]


def of_figure(sets, name):
    """Return how often a figure holds the truth without and with an effect, and how often it sees a change."""
    found = {}
    for effect, key in enumerate(("without", "with")):
        held, seen = [], []
        for effects in sets:
            one = effects[effect].get(name)
            if one is None or not all(math.isfinite(value) for value in one):
                continue
            if len(one) == 2:
                held.append(one[0]), seen.append(one[1])
            else:
                held.append(one[1] <= one[3] <= one[2])
                seen.append(one[1] > 0 or one[2] < 0)
        found[key] = {"n": len(held), "holds": share(held), "sees": share(seen)}
    return found


def summarise(paths):
    """Return the figures of some files of rows, by world and figure."""
    found = {}
    for name, rows in rows_by_world(paths).items():
        sets = [one["effects"] for row in rows for one in operations(row)]
        found[name] = {"replications": len(rows)} | {key: of_figure(sets, key) for key in NAMES}
    return found


def means(found):
    """Return how often each figure holds the truth where nothing was planted, mean over worlds, in per cent.

    A quotient has no truth then, so it is asked with a fall. Worlds where the operation changes what is recorded are left out.
    """
    kept = [cell for name, cell in found.items() if CELLS[name].recording != "target"]
    return {
        key: float(np.mean([cell[key][effect]["holds"] for cell in kept if cell[key][effect]["n"] >= LEAST]))
        for key in NAMES
        for effect in ("with" if key == "quotient" else "without",)
    }


def rows_of_table(found):
    """Return the Markdown table: mean over worlds, the worst in brackets; worlds where recording changes left out."""
    kept = {name: cell for name, cell in found.items() if CELLS[name].recording != "target"}
    rows = []
    for key, label in NAMES.items():
        line = [label]
        for effect, what, worst in (
            ("without", "holds", min),
            ("without", "sees", max),
            ("with", "holds", min),
            ("with", "sees", None),
        ):
            by_world = {name: cell[key][effect][what] for name, cell in kept.items() if cell[key][effect]["n"] >= LEAST}
            if not by_world:
                line.append(None)
                continue
            text = f"{np.mean(list(by_world.values())):.0f}"
            if worst:
                where = worst(by_world, key=by_world.get)
                text += f" ({by_world[where]:.0f}, {where})"
            line.append(text)
        rows.append(line)
    head = ["figure", "holds the truth, nothing planted", "sees a change where there is none",
            "holds the truth, 40% fall", "sees a change then"]  # fmt: skip
    runs = [cell["replications"] for cell in found.values()]
    return f"{min(runs):,} cities a world and more.\n\n" + table(head, rows)


def main() -> None:
    """Add rows, or write the docs."""
    if "--docs" in sys.argv:
        if paths := row_files():
            SUMMARY.write_text(line_a_world(summarise(paths)) + "\n", encoding="utf-8", newline="\n")
        write_part("beside", rows_of_table(json.loads(SUMMARY.read_text(encoding="utf-8"))))
        return
    names = [one for one in CELLS if one != SKIPPED and one in argument("--cells", ";".join(CELLS)).split(";")]
    path = Path(argument("--rows", "beside.jsonl"))
    run(path, names, int(argument("--repeats", "1000")), float(argument("--minutes", "1e6")), read=read_family)


if __name__ == "__main__":
    main()
