"""Figures of the headline by scenario and zone: coverage, rejection, one-sided bounds, refusals, length and power.

Run ``python -m bench.headline_table ROWS [ROWS_BEFORE] [--json FILE]`` on rows of `bench.calibration` (with or without
``--headline``). It prints a table; with a second file of rows, also how long the intervals are relative to those. ``--json``
writes the figures to a file, one line a scenario. Run ``python -m bench.headline_table --docs`` to write the table of
`docs/calibration.md` from `bench/mechanisms.json`.

Figures are in percent. Those of "answered" leave out refused zones; those of "all" read their intervals too, where there are
any. The simulation error of a coverage is the standard error over replications, because the five effects of one share a
forecast.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from bench.calibration import ROOT, WORLDS, argument, rows_of
from bench.calibration_table import (
    ZONES,
    leaves_out_zero,
    line_a_world,
    median,
    operations,
    share,
    table,
    triple,
    truth_of,
    write_part,
)

SUMMARY = ROOT / "bench" / "mechanisms.json"
COLUMNS = {
    "n": "n", "refused": "ref%", "covers": "cov", "covers_error": "+-", "rejects": "rej", "rejects_error": "+-", "upper": "up", "lower": "low", "rejects80": "rej80",
    "length": "len", "power20": "p20", "power40": "p40",
}  # fmt: skip


def rows_by_seed(path):
    """Return the rows of a file by scenario and seed; each seed counts once."""
    found = {}
    for row in rows_of(path):
        found.setdefault(row["cell"], {})[row["seed"]] = row["row"]
    return found


def by_operation(rows, zone):
    """Return the rows of one zone, a list of five (one an effect), by seed and position of the operation."""
    return {
        (seed, position): operation[zone]
        for seed, row in rows.items()
        for position, operation in enumerate(operations(row))
    }


def summarise(rows, before=None):
    """Return the figures of the headline by scenario and zone.

    Parameters
    ----------
    rows : dict of str to dict
        Rows by scenario and seed, from `rows_by_seed`.
    before : dict of str to dict, optional
        Other rows of the same seeds, for the ratio of lengths.

    Returns
    -------
    dict
        By scenario and zone ("T", "D", "U"): ``n`` operations, ``refused``, and ``answered`` and ``all`` with the figures of
        `figures`; with `before` also ``longer``, the median ratio of the lengths at 95% over operations that have both.
    """
    summary = {}
    for name in (name for name in WORLDS["all"] if name in rows):
        summary[name] = {}
        for zone, letter in ZONES.items():
            sets = by_operation(rows[name], zone)
            answered = [effects for effects in sets.values() if is_answered(effects[0])]
            summary[name][letter] = {
                "n": len(sets),
                "refused": share([not is_answered(effects[0]) for effects in sets.values()]),
                "answered": figures(answered),
                "all": figures(sets.values()),
            }
            if before is not None:
                earlier = by_operation(before.get(name, {}), zone)
                summary[name][letter]["longer"] = median([
                    length(effects[0]) / length(earlier[key][0])
                    for key, effects in sets.items()
                    if key in earlier and "ca" in effects[0] and "ca" in earlier[key][0]
                ])  # fmt: skip
    return summary


def is_answered(effect):
    """Return whether a zone has an interval that is not refused."""
    return "ca" in effect and "no" not in effect


def length(effect):
    """Return the length of the interval at 95% on the log scale."""
    return effect["ca"][2] - effect["ca"][1]


def figures(sets):
    """Return coverage, rejection, one-sided bounds, length and power of operations.

    Parameters
    ----------
    sets : iterable of list of dict
        For each operation five rows, one an effect.

    Returns
    -------
    dict
        ``n`` with an interval; ``covers`` at 95% over all effects; ``upper`` and ``lower``, how often a one-sided 95% bound
        (the end of the 90% interval) holds; without an effect ``rejects`` at 95% and ``rejects80``; ``covers_error`` and
        ``rejects_error``, their simulation errors; the median ``length`` at 95% of the log ratio (a mean would follow the few
        whose lower end is a count near 0); ``power20`` and ``power40``, falls found at 95%.
    """
    sets = [effects for effects in sets if "ca" in effects[0]]
    covers = [[holds(effect, "ca") for effect in effects if "ca" in effect] for effects in sets]
    rejects = [leaves_out_zero(effects[0]["ca"]) for effects in sets]
    of_all = [(effect, truth_of(effect, "ca")) for effects in sets for effect in effects if "ca90" in effect]
    return {
        "n": len(sets),
        "covers": share([one for operation in covers for one in operation]),
        "covers_error": standard_error([np.mean(one) for one in covers]),
        "rejects": share(rejects),
        "rejects_error": standard_error(rejects),
        "upper": share([truth <= effect["ca90"][2] for effect, truth in of_all]),
        "lower": share([effect["ca90"][1] <= truth for effect, truth in of_all]),
        "rejects80": share([leaves_out_zero(effects[0]["ca80"]) for effects in sets if "ca80" in effects[0]]),
        "length": median([length(effects[0]) for effects in sets]),
        "power20": share([effects[1]["ca"][2] < 0 for effects in sets if "ca" in effects[1]]),
        "power40": share([effects[3]["ca"][2] < 0 for effects in sets if "ca" in effects[3]]),
    }


def standard_error(values):
    """Return the standard error of a mean in points, to one decimal; None for fewer than two values."""
    return round(100 * float(np.std(values, ddof=1)) / len(values) ** 0.5, 1) if len(values) > 1 else None


def holds(effect, key):
    """Return whether an interval holds the truth."""
    return effect[key][1] <= truth_of(effect, "ca") <= effect[key][2]


def text_of(summary):
    """Return the figures as a compact table: answered zones, then coverage, rejection and length of all."""
    head = ["zone", *COLUMNS.values(), "|", "all cov", "rej", "len", "longer"]
    width = max((len(name) for name in summary), default=0)
    lines = [f"{'':{width}} " + " ".join(f"{word:>6}" for word in head)]
    for name, zones in summary.items():
        for letter, one in zones.items():
            cells = [
                letter,
                *({**one["answered"], "n": one["n"], "refused": one["refused"]}[key] for key in COLUMNS),
                "|",
            ]
            cells += [one["all"][key] for key in ("covers", "rejects", "length")] + [one.get("longer")]
            lines.append(f"{name:{width}} " + " ".join(f"{'-' if cell is None else cell:>6}" for cell in cells))
    return "\n".join(lines)


def means_of(summary):
    """Return one line for each zone: the mean over scenarios in which some method can be right, and the extremes."""
    lines = []
    possible = {name: zones for name, zones in summary.items() if not WORLDS["all"][name].impossible}
    for letter in ZONES.values():
        parts = [letter]
        for key in ("covers", "rejects", "upper", "lower", "rejects80", "power20", "power40"):
            values = [zones[letter]["answered"][key] for zones in possible.values()]
            values = [value for value in values if value is not None]
            if values:
                parts.append(f"{key} {np.mean(values):.1f} ({min(values):.1f} to {max(values):.1f})")
        parts.append(f"refused {np.mean([zones[letter]['refused'] for zones in possible.values()]):.1f}")
        lines.append("  ".join(parts))
    return "\n".join(lines)


def table_of_docs(summary):
    """Return the Markdown table of `docs/calibration.md`, one row for each scenario; of zones that are answered."""
    head = ["scenario", "cities", "no interval T / D / U", "coverage T / D / U", "false alarms T / D / U", "lower bound T / D / U",
            "upper bound T / D / U", "80% excludes zero T / D / U", "power −20 / −40", "length"]  # fmt: skip
    rows = []
    for name, zones in summary.items():
        target, row = zones["T"]["answered"], [name, zones["T"]["n"], triple(zones, lambda zone: zone["refused"])]
        for key in ("covers", "rejects", "lower", "upper", "rejects80"):
            row.append(triple(zones, lambda zone, key=key: zone["answered"][key]))
        row.append(" / ".join("–" if target[key] is None else f"{target[key]:.0f}" for key in ("power20", "power40")))
        rows.append([*row, None if target["length"] is None else round(100 * target["length"])])
    return table(head, rows)


def main() -> None:
    """Print the table of the files that the command line names, or write that of the docs."""
    if "--docs" in sys.argv:
        write_part("mechanisms", table_of_docs(json.loads(SUMMARY.read_text(encoding="utf-8"))))
        return
    target = argument("--json", "")
    paths = [Path(word) for word in sys.argv[1:] if word not in {"--json", target}]
    rows, *before = (rows_by_seed(path) for path in paths)
    summary = summarise(rows, *before)
    print(text_of(summary), end="\n\n")
    print(means_of(summary))
    if target:
        Path(target).write_text(line_a_world(summary) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
