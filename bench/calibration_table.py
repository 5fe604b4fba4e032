"""Tables and a picture of the rows of `bench.calibration`: coverage, false alarms, power and interval length.

Run ``python -m bench.calibration_table --rows FILE [--rows FILE ...] --summary bench/calibration.json`` to summarise rows in
one file of figures. Run ``python -m bench.calibration_table --docs`` to write the tables and the picture of
`docs/calibration.md` from that file. With ``--headlines`` in place of ``--summary``, the figures of the headline in that file
are counted anew from rows of ``bench.calibration --headline``; what other methods gave stays.
"""

from __future__ import annotations

import json
import math
import re
import sys
from pathlib import Path

import numpy as np

from bench import displaced
from bench.calibration import EFFECTS, HEADLINE_LEVELS, ONLY_PROBABLE, ROOT, SCENARIOS, argument, rows_of
from geoharm.evaluation.pooling.operations import pool_effects
from geoharm.evaluation.reading import MAX_DETECTABLE, MIN_EXPECTED
from geoharm.model.estimate import Estimate, Interval

SUMMARY = ROOT / "bench" / "calibration.json"
PAGE = ROOT / "docs" / "calibration.md"
PICTURE = ROOT / "docs" / "calibration.svg"
ZONES = {"target": "T", "all rings": "D", "target and rings": "U"}
# Key of each method in a row, and its label. Methods of IN_EVENTS are in events, all others on the log scale.
METHODS = {
    "ca": "headline: calibrated placebo places",
    "rr": "rate ratio, counting noise only (in the report)",
    "wd": "difference, scaled control, phi (in the report)",
    "w1": "plain WDD, matched control",
    "w2": "WDD with phi, matched control",
    "co": "nearest passing control, phi",
    "po": "Poisson regression, clustered",
    "sc": "ridge synthetic control",
    "or": "oracle: true expected count known",
}
IN_EVENTS = ("wd", "w1", "w2", "co")
MARGIN = 0.25  # of a study that states none


def operations(row):
    """Return the rows of the operations of a replication: one, or several in one city."""
    return row.get("ops", [row])


def truth_of(one, method):
    """Return the true effect in a row of one effect, on a method's scale: events or log ratio."""
    return one["t"] - one["m"] if method in IN_EVENTS else math.log(one["t"] / one["m"])


def state_of(one):
    """Return what the report would say of a row, by the rule of `geoharm.evaluation.reading.read_effect`.

    One of "finding", "probable", "bound" and "cannot tell".
    """
    if "ca" not in one or one.get("no") not in (None, ONLY_PROBABLE):
        return "cannot tell"
    expected, fall = one["fc"][:2]
    if leaves_out_zero(one["ca"]) and "no" not in one and fall <= MAX_DETECTABLE and expected >= MIN_EXPECTED:
        return "finding"
    if leaves_out_zero(one["ca"]) or leaves_out_zero(one["ca80"]):
        return "probable"
    return "bound" if bounds_of(one) else "cannot tell"


def leaves_out_zero(interval):
    """Return whether an interval (value, low, high) leaves out zero."""
    return interval[1] > 0 or interval[2] < 0


def bounds_of(one, margin=MARGIN):
    """Return the one-sided 95% bounds of a row within a margin: the change that each rules out, and whether the truth is beyond it."""
    truth, (_, low, high) = truth_of(one, "ca"), one["ca90"]
    rise, fall = math.ceil(100 * math.expm1(high)), math.ceil(-100 * math.expm1(low))
    found = {}
    if math.expm1(high) <= margin:
        found["rise"] = 100 * math.expm1(truth) > rise
    if -math.expm1(low) <= margin:
        found["fall"] = -100 * math.expm1(truth) > fall
    return found


def stated_bound(one):
    """Return whether the truth is beyond the bound that the report states of a row, a rise first; None if it states none."""
    return next(iter(bounds_of(one).values())) if state_of(one) == "bound" else None


def share(found):
    """Return the share of true values in per cent, to one decimal; None for an empty list."""
    return round(100 * float(np.mean(found)), 1) if len(found) else None


def median(found):
    """Return the median to three decimals; None for an empty list."""
    return round(float(np.median(found)), 3) if len(found) else None


def method_figures(sets, method):
    """Return the figures of one method in one zone. `sets` holds for each operation a list of five rows, one an effect."""
    covered, covered_events, bias, length, rejected, below20, below40, above_in_ring = [], [], [], [], [], [], [], []
    for effects in sets:
        for number, effect in enumerate(effects):
            if method not in effect or not all(math.isfinite(value) for value in effect[method]):
                continue
            value, low, high_end = effect[method]
            truth = truth_of(effect, method)
            covered.append(low <= truth <= high_end)
            if method == "ca":
                ends = [effect["y"] * -math.expm1(-end) for end in (low, high_end)]
                covered_events.append(ends[0] <= effect["t"] - effect["m"] <= ends[1])
            scale = effect["m"] if method in IN_EVENTS else 1.0
            if number == 0:
                rejected.append(low > 0 or high_end < 0)
                bias.append((value - truth) / scale)
                length.append((high_end - low) / scale)
            if number == 1:
                below20.append(high_end < 0)
            if number == 3:
                below40.append(high_end < 0)
            if number == 4:
                above_in_ring.append(low > 0)
    figures = {
        "intervals": len(covered), "coverage": share(covered), "rejects": share(rejected), "power20": share(below20),
        "power40": share(below40), "ring_power": share(above_in_ring), "bias": round(float(np.mean(bias)), 3) if bias else None,
        "rmse": round(float(np.sqrt(np.mean(np.square(bias)))), 3) if bias else None, "length": median(length),
    }  # fmt: skip
    if method == "ca":
        figures["coverage_events"] = share(covered_events)
    return figures


def verdict_figures(sets):
    """Return how often the report would say "cannot tell", and how often it would state a finding."""
    states_without_effect = [state_of(effects[0]) for effects in sets]
    answered = [effects for effects in sets if "no" not in effects[0] and "ca" in effects[0]]
    strong = [effects for effects in answered if effects[0]["fc"][1] <= MAX_DETECTABLE]
    figures = {
        "cannot_tell": share([state == "cannot tell" for state in states_without_effect]),
        "refused": share(["no" in effects[0] or "ca" not in effects[0] for effects in sets]),
        "false_findings": share([state == "finding" for state in states_without_effect]),
        "false_findings_of_strong": share([state_of(effects[0]) == "finding" for effects in strong]),
        "said": [
            share([state_of(effects[number]) in ("finding", "probable") for effects in sets]) for number in (0, 1, 3)
        ],
        "no_statement": [
            share([state_of(effects[number]) == "cannot tell" for effects in sets]) for number in (0, 1, 3)
        ],
        "bounds_passed": share(
            [broken for effects in sets for one in effects if (broken := stated_bound(one)) is not None]
        ),
        "findings20": share([state_of(effects[1]) == "finding" for effects in sets]),
        "findings40": share([state_of(effects[3]) == "finding" for effects in sets]),
        "detectable": median([effects[0]["fc"][1] for effects in sets if "fc" in effects[0]]),
        "independent": median([effects[0]["fc"][2] for effects in sets if "fc" in effects[0]]),
        "expected": median([effects[0]["m"] for effects in sets]),
        "answered": method_figures(answered, "ca"),
        "reasons": {},
    }
    for effects in sets:
        reason = effects[0].get("no")
        if reason:
            figures["reasons"][reason] = figures["reasons"].get(reason, 0) + 1
    return figures


def headline_ratio(one):
    """Return the headline's log rate ratio of a row, with its intervals; at 99% that of 95%, which nothing here reads."""
    levels = {**HEADLINE_LEVELS, "ca99": 0.99}
    spans = tuple(Interval(*one.get(key, one["ca"])[1:], level) for key, level in levels.items())
    return Estimate("log rate ratio", one["ca"][0], one["fc"][6], "log ratio", "", calibrated=True, intervals=spans)


def pooled(rows):
    """Return coverage, false alarms, power and length of the report's pooled mean over the operations of one city.

    Only operations with an interval are pooled.
    """
    pooled_by_zone = {}
    for zone, letter in ZONES.items():
        covered, sides, length = [], {number: [] for number in range(len(EFFECTS))}, []
        for row in rows:
            parts = [
                operation[zone]
                for operation in operations(row)
                if displaced.effect_of(zone, operation[zone][0]) is not None
            ]
            if len(parts) < 2:
                continue
            for number in range(len(EFFECTS)):
                effects = [part[number] for part in parts]
                ratios = [(str(place), headline_ratio(effect)) for place, effect in enumerate(effects)]
                span = pool_effects(ratios).pooled.interval()
                covered.append(span.low <= np.mean([truth_of(effect, "ca") for effect in effects]) <= span.high)
                sides[number].append(span.side)
                if number == 0:
                    length.append(span.high - span.low)
        pooled_by_zone[letter] = {
            "groups": len(length), "coverage": share(covered), "rejects": share([side != 0 for side in sides[0]]),
            "power20": share([side < 0 for side in sides[1]]), "power40": share([side < 0 for side in sides[3]]),
            "length": median(length),
        }  # fmt: skip
    return pooled_by_zone


def by_class(by_cell):
    """Return coverage and false alarms of the headline by smallest detectable fall, and by number of places as busy."""
    by_class_label = {"fall": {}, "busy": {}}
    edges = {"fall": (0, 0.25, 0.3, 0.35, 0.45, 0.6, 1.01), "busy": (0, 1, 5, 20, 1e9)}
    for key, position in (("fall", 1), ("busy", 3)):
        for low, high in zip(edges[key], edges[key][1:], strict=False):
            covered, rejected = [], []
            for name, rows in by_cell.items():
                if SCENARIOS[name].impossible:
                    continue
                for row in rows:
                    for operation in operations(row):
                        for zone in ZONES:
                            for number, effect in enumerate(operation[zone]):
                                if "ca" not in effect or not low <= effect["fc"][position] < high:
                                    continue
                                if key == "fall" and "no" in effect:
                                    continue
                                truth = math.log(effect["t"] / effect["m"])
                                covered.append(effect["ca"][1] <= truth <= effect["ca"][2])
                                if number == 0:
                                    rejected.append(effect["ca"][1] > 0 or effect["ca"][2] < 0)
            by_class_label[key][f"{low:g} to {high:g}"] = {
                "n": len(rejected),
                "coverage": share(covered),
                "rejects": share(rejected),
            }
    return by_class_label


def shortened(by_cell):
    """Return the coverage that the headline would have if every interval were shorter by a given share."""
    by_factor = {}
    for factor in (1.0, 0.9, 0.85, 0.8):
        cell_coverage, cell_rejects = {}, {}
        for name, rows in by_cell.items():
            if SCENARIOS[name].impossible:
                continue
            for zone, letter in ZONES.items():
                covered, rejected = [], []
                for row in rows:
                    for operation in operations(row):
                        for number, effect in enumerate(operation[zone]):
                            if "ca" not in effect:
                                continue
                            value, low, high = effect["ca"]
                            low, high = value + factor * (low - value), value + factor * (high - value)
                            covered.append(low <= math.log(effect["t"] / effect["m"]) <= high)
                            if number == 0:
                                rejected.append(low > 0 or high < 0)
                cell_coverage[name, letter], cell_rejects[name, letter] = share(covered), share(rejected)
        values = [value for value in cell_coverage.values() if value is not None]
        rejects = [value for value in cell_rejects.values() if value is not None]
        least = min(cell_coverage, key=lambda key: 101 if cell_coverage[key] is None else cell_coverage[key])
        by_factor[f"{factor:g}"] = {
            "mean": round(float(np.mean(values)), 1), "least": cell_coverage[least], "where": f"{least[0]}, {least[1]}",
            "under_93": sum(value < 93 for value in values), "in_band": sum(93 <= value <= 97 for value in values),
            "of": len(values), "rejects": round(float(np.mean(rejects)), 1), "most": max(rejects),
        }  # fmt: skip
    return by_factor


def with_headlines(figures, rows):
    """Return figures in which those of the headline are counted anew, from other rows of the same scenarios.

    What other methods gave stays as it is. Their rows and the headline's may differ in number.
    """
    figures = {**figures, "cells": {name: dict(cell) for name, cell in figures["cells"].items()}}
    for name, found in rows.items():
        cell, all_operations = figures["cells"][name], [one for row in found for one in operations(row)]
        cell["replications"] = len(found)
        for zone, letter in ZONES.items():
            sets = [operation[zone] for operation in all_operations]
            cell[letter] = verdict_figures(sets) | {
                "methods": cell[letter]["methods"] | {"ca": method_figures(sets, "ca")}
            }
        if SCENARIOS[name].operations > 1:
            cell["pooled"] = pooled(found)
    by_operation = {name: [one for row in found for one in operations(row)] for name, found in rows.items()}
    shares = displaced.displaced(by_operation)
    for name, found in shares.items():
        found["counting"] = figures["displaced"][name]["counting"]
    return figures | {"classes": by_class(rows), "displaced": shares, "shortened": shortened(rows)}


def rows_by_world(paths):
    """Return the rows of the files by scenario, in the order of `SCENARIOS`. Each seed counts once."""
    rows_by_name = {}
    for path in paths:
        for row in rows_of(path):
            rows_by_name.setdefault(row["cell"], {})[row["seed"]] = row["row"]
    return {name: list(rows_by_name[name].values()) for name in SCENARIOS if name in rows_by_name}


def summarise(paths):
    """Return all figures of the rows in the files."""
    by_cell = rows_by_world(paths)
    cells = {}
    for name, rows in by_cell.items():
        all_operations = [operation for row in rows for operation in operations(row)]
        cells[name] = {"replications": len(rows)}
        for zone, letter in ZONES.items():
            sets = [operation[zone] for operation in all_operations]
            cells[name][letter] = verdict_figures(sets) | {
                "methods": {method: method_figures(sets, method) for method in METHODS}
            }
        if SCENARIOS[name].operations > 1:
            cells[name]["pooled"] = pooled(rows)
    return {
        "cells": cells,
        "classes": by_class(by_cell),
        "displaced": displaced.displaced(
            {name: [operation for row in rows for operation in operations(row)] for name, rows in by_cell.items()}
        ),
        "shortened": shortened(by_cell),
    }


def line_a_world(cells):
    """Return figures by scenario as JSON, one line for each scenario."""
    lines = (f" {json.dumps(name)}: {json.dumps(cell, separators=(',', ':'))}" for name, cell in cells.items())
    return "{\n" + ",\n".join(lines) + "\n}"


def compact(held):
    """Return all figures as JSON, with one line for each scenario."""
    rest = {key: value for key, value in held.items() if key != "cells"}
    return f'{{"cells": {line_a_world(held["cells"])},\n{json.dumps(rest)[1:-1]}}}\n'


def table(head, rows):
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(
        lines + ["| " + " | ".join("–" if cell is None else str(cell) for cell in row) + " |" for row in rows]
    )


def triple(cell, get):
    """Return a figure of target, rings and both as "T / D / U"; `get` reads it from a zone's figures."""
    return " / ".join("–" if (value := get(cell[zone])) is None else f"{value:.1f}" for zone in "TDU")


def whole(value, scale=1.0, *, sign=False):
    """Return a number times `scale` as text without decimals; None for None."""
    if value is None:
        return None
    return f"{round(scale * value):+d}" if sign else f"{round(scale * value)}"


def by_world(cells):
    """Return the table of the headline, one row for each scenario."""
    head = [
        "scenario", "replications", "expected events", "coverage T / D / U", "coverage, events T / D / U", "false alarms T / D / U",
        "not refused: coverage T", "false alarms T", "power −20 / −40", "oracle's power", "bias", "rmse", "length", "detectable",
        "cannot tell T / D / U",
    ]  # fmt: skip
    rows = []
    for name, cell in cells.items():
        target = cell["T"]
        headline, oracle = target["methods"]["ca"], target["methods"]["or"]
        rows.append([
            name, cell["replications"], whole(target["expected"]), triple(cell, lambda z: z["methods"]["ca"]["coverage"]),
            triple(cell, lambda z: z["methods"]["ca"]["coverage_events"]),
            triple(cell, lambda z: z["methods"]["ca"]["rejects"]), target["answered"]["coverage"], target["answered"]["rejects"],
            f"{whole(headline['power20'])} / {whole(headline['power40'])}", f"{whole(oracle['power20'])} / {whole(oracle['power40'])}",
            whole(headline["bias"], 100, sign=True), whole(headline["rmse"], 100), whole(headline["length"], 100), whole(target["detectable"], 100),
            triple(cell, lambda z: z["cannot_tell"]),
        ])  # fmt: skip
    return table(head, rows)


def spread(cells, zone, method, key):
    """Return the mean over scenarios and the worst, as "mean (worst)".

    The worst is the smallest coverage, and the largest value of every other figure.

    Parameters
    ----------
    cells : dict of str to dict
        Figures by scenario.
    zone : str
        "T", "D" or "U".
    method : str
        Key in `METHODS`.
    key : str
        Name of the figure.
    """
    values = [cell[zone]["methods"][method][key] for cell in cells.values()]
    values = [value for value in values if value is not None]
    if not values:
        return None
    return f"{np.mean(values):.0f} ({min(values) if key == 'coverage' else max(values):.0f})"


def by_method(cells):
    """Return the table of all methods, over the scenarios in which recording in the target does not change."""
    included = {
        name: cell for name, cell in cells.items() if not SCENARIOS[name].impossible and not SCENARIOS[name].far
    }
    head = ["method", "coverage T", "coverage D", "coverage U", "false alarms T", "false alarms D", "false alarms U", "power −20",
            "power −40", "power, ring", "bias", "length"]  # fmt: skip
    rows = []
    for method, name in METHODS.items():
        row = [name, *(spread(included, zone, method, "coverage") for zone in "TDU")]
        row += [spread(included, zone, method, "rejects") for zone in "TDU"]
        for zone, key in (("T", "power20"), ("T", "power40"), ("D", "ring_power")):
            values = [cell[zone]["methods"][method][key] for cell in included.values()]
            values = [value for value in values if value is not None]
            row.append(f"{np.mean(values):.0f}" if values else None)
        for key in ("bias", "length"):
            values = [cell["T"]["methods"][method][key] for cell in included.values()]
            values = [value for value in values if value is not None]
            row.append(f"{100 * np.mean(values):+.0f}" if key == "bias" else f"{100 * np.median(values):.0f}")
        rows.append(row)
    return table(head, rows)


def others_by_world(cells):
    """Return the table of the target's coverage by method, one row for each scenario."""
    rows = [[name, *(cell["T"]["methods"][method]["coverage"] for method in METHODS)] for name, cell in cells.items()]
    return table(
        [
            "scenario",
            *("headline", "ratio", "difference", "WDD", "WDD phi", "nearest", "Poisson", "synthetic", "oracle"),
        ],
        rows,
    )


def several(cells):
    """Return the table of pooled operations."""
    rows = []
    for name, cell in cells.items():
        for zone, pooled_figures in cell.get("pooled", {}).items():
            single = cell[zone]["methods"]["ca"]
            rows.append([name, zone, pooled_figures["groups"], pooled_figures["coverage"], pooled_figures["rejects"], f"{whole(single['power20'])} / {whole(single['power40'])}",
                         f"{whole(pooled_figures['power20'])} / {whole(pooled_figures['power40'])}", whole(single["length"], 100), whole(pooled_figures["length"], 100)])  # fmt: skip
    return table(
        [
            "scenario",
            "zone",
            "cities",
            "coverage",
            "false alarms",
            "power of one −20 / −40",
            "power of four",
            "length of one",
            "length of four",
        ],
        rows,
    )


def classes(found):
    """Return two tables: coverage by smallest detectable fall, and by number of places as busy."""
    rows = [[label, figures["n"], figures["coverage"], figures["rejects"]] for label, figures in found["fall"].items()]
    more = [
        [label.replace("1e+09", "more"), figures["n"], figures["coverage"], figures["rejects"]]
        for label, figures in found["busy"].items()
    ]
    return (
        table(["smallest detectable fall", "zones without effect", "coverage", "false alarms"], rows)
        + "\n\n"
        + table(["places as busy", "zones without effect", "coverage", "false alarms"], more)
    )


def shorter(found):
    """Return the table of coverage with shorter intervals."""
    rows = [[f"{100 * (1 - float(factor)):.0f}%", figures["mean"], f"{figures['least']} ({figures['where']})", f"{figures['in_band']} of {figures['of']}",
             figures["under_93"], figures["rejects"], figures["most"]] for factor, figures in found.items()]  # fmt: skip
    head = [
        "shorter by",
        "coverage, mean",
        "smallest (where)",
        "scenarios and zones within 93–97",
        "below 93",
        "false alarms, mean",
        "largest",
    ]
    return table(head, rows)


def shares(found):
    """Return the text on the displaced share, and its table."""
    return "- " + displaced.says(found) + "\n\n" + table(*displaced.rows_of_table(found))


def verdicts(cells):
    """Return the table of what the report would say about the target."""
    rows = []
    for name, cell in cells.items():
        figures = cell["T"]
        reasons = ", ".join(f"{reason} {100 * count / max(sum(figures['reasons'].values()), 1):.0f}%" for reason, count in sorted(figures["reasons"].items(), key=lambda pair: -pair[1])[:2])  # fmt: skip
        rows.append([name, figures["cannot_tell"], figures["refused"], reasons or "–", figures["false_findings"], figures["false_findings_of_strong"],
                     f"{whole(figures['findings20'])} / {whole(figures['findings40'])}"])  # fmt: skip
    return table(
        [
            "scenario",
            "cannot tell",
            "of which refused",
            "reason of refusal",
            "false findings",
            "false findings, designs that can answer",
            "findings at −20 / −40",
        ],
        rows,
    )


def main_results(cells):
    """Return the main results as a list of sentences."""
    included = {name: cell for name, cell in cells.items() if not SCENARIOS[name].impossible}
    runs = [cell["replications"] for cell in cells.values()]
    coverage = {
        (name, zone): cell[zone]["methods"]["ca"]["coverage"] for name, cell in included.items() for zone in "TDU"
    }
    rejects = {
        (name, zone): cell[zone]["methods"]["ca"]["rejects"] for name, cell in included.items() for zone in "TDU"
    }
    answered = {
        name: cell["T"]["answered"]["coverage"]
        for name, cell in included.items()
        if cell["T"]["answered"]["coverage"] is not None
    }

    def mean(method, zone, key):
        values = [cell[zone]["methods"][method][key] for cell in included.values()]
        return float(np.mean([value for value in values if value is not None]))

    def over(key):
        return [cell["T"][key] for cell in included.values() if cell["T"][key] is not None]

    by_coverage = sorted(coverage, key=coverage.get)
    under = [f"{name} ({zone} {coverage[name, zone]:.1f})" for name, zone in by_coverage if coverage[name, zone] < 93]
    above_7 = [key for key in rejects if rejects[key] > 7]
    least, most = min(answered, key=answered.get), max(answered, key=answered.get)
    lines = [
        f"{sum(runs):,} replications in {len(cells)} scenarios, "
        + (f"{min(runs):,} each." if min(runs) == max(runs) else f"{min(runs):,} to {max(runs):,} each.")
        + " The figures below leave out the scenario in which recording in the target rises, except where it is named.",
        f"**Coverage of the headline interval**: {mean('ca', 'T', 'coverage'):.1f} / {mean('ca', 'D', 'coverage'):.1f} / "
        f"{mean('ca', 'U', 'coverage'):.1f}% (T / D / U, mean over scenarios). Of {len(coverage)} pairs of scenario and zone, "
        f"{sum(93 <= value <= 97 for value in coverage.values())} have a coverage of 93 to 97%, {sum(value > 97 for value in coverage.values())} more, "
        f"{sum(value < 93 for value in coverage.values())} less" + (f": {'; '.join(under)}." if under else "."),
        f"**False alarms of the headline interval**: {mean('ca', 'T', 'rejects'):.1f} / {mean('ca', 'D', 'rejects'):.1f} / "
        f"{mean('ca', 'U', 'rejects'):.1f}% (nominal 5); more than 7% in {len(above_7)} of {len(rejects)} pairs"
        + (f" ({'; '.join(f'{name}, {zone} {rejects[name, zone]:.1f}' for name, zone in sorted(above_7, key=rejects.get, reverse=True))})." if above_7 else "."),
        f"Where the report does not refuse the target's interval, its coverage is {answered[least]:.1f} ({least}) to "
        f"{answered[most]:.1f}% ({most}).",
        f"**The cost is refused and wide intervals.** For the target the report says “cannot tell” in {np.mean(over('cannot_tell')):.0f}% of "
        f"operations without an effect ({min(over('cannot_tell')):.0f} to {max(over('cannot_tell')):.0f}% by scenario), most often because too few "
        f"places are as busy. A fall of 20% is found in {mean('ca', 'T', 'power20'):.0f}% of operations, a fall of 40% in "
        f"{mean('ca', 'T', 'power40'):.0f}%. If the true expected count were known, it would be {mean('or', 'T', 'power20'):.0f} and "
        f"{mean('or', 'T', 'power40'):.0f}%. If all of a 40% fall moves into the ring, the rise there is found in {mean('ca', 'D', 'ring_power'):.0f}%.",
        f"**Findings.** The report says “fell” or “rose” of {np.mean(over('false_findings')):.1f}% of targets without an effect (at most "
        f"{max(over('false_findings')):.1f}% in a scenario).",
        f"**The intervals with counting noise only are far too narrow**, as the report says. The rate ratio's has a coverage of "
        f"{mean('rr', 'T', 'coverage'):.0f}% for targets, the difference's of {mean('wd', 'T', 'coverage'):.0f}%.",
        f"**Coverage of other methods**: plain WDD {mean('w1', 'T', 'coverage'):.0f}%, with phi {mean('w2', 'T', 'coverage'):.0f}%, nearest passing control "
        f"{mean('co', 'T', 'coverage'):.0f}%, Poisson regression {mean('po', 'T', 'coverage'):.0f}%, ridge synthetic control "
        f"{mean('sc', 'T', 'coverage'):.0f}%. Where they have more power, they also raise more false alarms.",
    ]  # fmt: skip
    biased = cells.get("recording rises 15% in the target")
    if biased:
        headline = biased["T"]["methods"]["ca"]
        lines.append(
            f"**No interval is right when the operation changes what is recorded.** If 15% more is recorded in the target, the headline "
            f"has a bias of {100 * headline['bias']:+.0f} (log points). Its coverage is {headline['coverage']:.1f}% only because it is wide; the oracle, "
            f"which is narrow and biased, has {biased['T']['methods']['or']['coverage']:.0f}%. Counts cannot show this; a comparator of reporting can."
        )
    return "\n".join(f"- {line}" for line in lines)


def picture(cells):
    """Return an SVG picture: the headline's coverage by scenario and zone, with two other methods in grey."""
    left, top, line, width = 270, 58, 19, 860
    low, high = 50.0, 100.0

    def at(value):
        return left + (max(value, low) - low) / (high - low) * (width - left - 24)

    height = top + line * len(cells) + 46
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif" font-size="12">',
        "<title>Coverage of 95% intervals, by scenario</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<rect x="{at(93):.1f}" y="{top - 8}" width="{at(97) - at(93):.1f}" height="{line * len(cells) + 8}" fill="#dcebe4"/>',
        f'<text x="{left}" y="20" font-size="14" font-weight="600">Coverage of 95% intervals, by scenario</text>',
    ]
    zone_marks = (("T", "target", "#1b5e4b"), ("D", "rings", "#3b7fb8"), ("U", "both", "#7a4fa3"))
    x = left
    for _, label, colour in zone_marks:
        out.append(f'<circle cx="{x + 5}" cy="36" r="4" fill="{colour}"/><text x="{x + 14}" y="40">{label}</text>')
        x += 74
    out.append(
        f'<path d="M{x + 1} 32v8" stroke="#9a9a9a" stroke-width="2"/><text x="{x + 10}" y="40">counting noise only (target)</text>'
    )
    out.append(
        f'<path d="M{x + 206} 32l8 8m0 -8l-8 8" stroke="#9a9a9a" stroke-width="1.5"/><text x="{x + 220}" y="40">plain WDD (target)</text>'
    )
    for tick in range(50, 101, 10):
        out.append(f'<path d="M{at(tick):.1f} {top - 8}V{height - 38}" stroke="#e4e4e4"/>')
        out.append(f'<text x="{at(tick):.1f}" y="{height - 20}" text-anchor="middle" fill="#555">{tick}%</text>')
    out.append(f'<path d="M{at(95):.1f} {top - 8}V{height - 38}" stroke="#1a1a1a"/>')
    for number, (name, cell) in enumerate(cells.items()):
        y = top + line * number + 8
        out.append(f'<text x="{left - 10}" y="{y + 4}" text-anchor="end">{name}</text>')
        for method, shape in (("rr", "v8"), ("w1", None)):
            value = cell["T"]["methods"][method]["coverage"]
            if value is None:
                continue
            if shape:
                out.append(f'<path d="M{at(value):.1f} {y - 4}{shape}" stroke="#9a9a9a" stroke-width="2"/>')
            else:
                out.append(
                    f'<path d="M{at(value) - 4:.1f} {y - 4}l8 8m0 -8l-8 8" stroke="#9a9a9a" stroke-width="1.5"/>'
                )
        for zone, _, colour in zone_marks:
            value = cell[zone]["methods"]["ca"]["coverage"]
            if value is not None:
                out.append(f'<circle cx="{at(value):.1f}" cy="{y}" r="4" fill="{colour}" fill-opacity="0.85"/>')
    out.append(
        f'<text x="{left}" y="{height - 4}" fill="#555">Green band: 93 to 97%. Values under 50% are drawn at 50%.</text></svg>'
    )
    return "\n".join(out) + "\n"


PARTS = {
    "says": lambda summary: main_results(summary["cells"]),
    "worlds": lambda summary: by_world(summary["cells"]),
    "methods": lambda summary: by_method(summary["cells"]),
    "others": lambda summary: others_by_world(summary["cells"]),
    "several": lambda summary: several(summary["cells"]),
    "classes": lambda summary: classes(summary["classes"]),
    "shares": lambda summary: shares(summary["displaced"]),
    "shorter": lambda summary: shorter(summary["shortened"]),
    "verdicts": lambda summary: verdicts(summary["cells"]),
}


def between_marks(text, name, made):
    """Return a page in which the text between the marks of one part is replaced."""
    part_pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.S)
    return part_pattern.sub(lambda match: f"{match[1]}{made}\n{match[2]}", text)


def write_part(name, made):
    """Replace one part of `docs/calibration.md`."""
    PAGE.write_text(between_marks(PAGE.read_text(encoding="utf-8"), name, made), encoding="utf-8", newline="\n")


def page(text, held):
    """Return the page with every generated part replaced."""
    for name, make in PARTS.items():
        text = between_marks(text, name, make(held))
    return text


def row_files():
    """Return the files that the command line names with ``--rows``."""
    return [Path(sys.argv[place + 1]) for place, word in enumerate(sys.argv) if word == "--rows"]


def main() -> None:
    """Summarise rows, write the docs, or print the tables."""
    if "--headlines" in sys.argv:
        figures = json.loads(SUMMARY.read_text(encoding="utf-8"))
        SUMMARY.write_text(compact(with_headlines(figures, rows_by_world(row_files()))), encoding="utf-8")
        return
    if "--summary" in sys.argv:
        Path(argument("--summary", str(SUMMARY))).write_text(compact(summarise(row_files())), encoding="utf-8")
        return
    summary = json.loads(SUMMARY.read_text(encoding="utf-8"))
    if "--docs" in sys.argv:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), summary), encoding="utf-8", newline="\n")
        PICTURE.write_text(picture(summary["cells"]), encoding="utf-8", newline="\n")
        return
    for make in PARTS.values():
        print(make(summary), end="\n\n")


if __name__ == "__main__":
    main()
