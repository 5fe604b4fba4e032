"""What the rows of `bench.calibration` say: coverage, false alarms, power, length and silence, as tables and a picture.

Run as ``python -m bench.calibration_table --rows FILE [--rows FILE ...] --summary bench/calibration.json`` to boil rows down
to one file of figures, and ``python -m bench.calibration_table --docs`` to write tables and picture of `docs/calibration.md`
from that file.
"""

from __future__ import annotations

import json
import math
import re
import sys
from pathlib import Path

import numpy as np

from bench import displaced
from bench.calibration import CELLS, EFFECTS, ROOT, argument, rows_of
from geoharm.evaluation.pooling.forest import forest

SUMMARY = ROOT / "bench" / "calibration.json"
PAGE = ROOT / "docs" / "calibration.md"
PICTURE = ROOT / "docs" / "calibration.svg"
ZONES = {"target": "T", "all rings": "D", "target and rings": "U"}
# Those on the log scale, and those in events.
METHODS = {
    "ca": "headline: calibrated placebo places",
    "rr": "rate ratio, noise of counting (printed beside)",
    "wd": "difference, scaled control, phi (printed beside)",
    "w1": "plain WDD, matched control",
    "w2": "WDD with phi, matched control",
    "co": "nearest passing control, phi",
    "po": "Poisson regression, clustered",
    "sc": "ridge synthetic control",
    "or": "oracle: true expected count known",
}
IN_EVENTS = ("wd", "w1", "w2", "co")
MAX_FALL, MIN_EXPECTED = 0.5, 10


def operations(row):
    """Return the operations of a replication: one, or several in one city."""
    return row.get("ops", [row])


def truth_of(one, method):
    """Return the true effect on a method's scale."""
    return one["t"] - one["m"] if method in IN_EVENTS else math.log(one["t"] / one["m"])


def state_of(one):
    """Return what the report would say, by the rule of `publish.verdict`: found, clear, signal, or nothing."""
    if "no" in one or "ca" not in one:
        return "cannot tell"
    expected, fall = one["fc"][:2]
    outside = one["ca"][1] > 0 or one["ca"][2] < 0
    if not fall <= MAX_FALL or expected < MIN_EXPECTED:
        return "signal" if outside else "cannot tell"
    return "finding" if outside else "no clear change"


def share(found):
    """Return a share in per cent to a tenth, or None where there is nothing to count."""
    return round(100 * float(np.mean(found)), 1) if len(found) else None


def middle(found):
    """Return a median to three digits, or None."""
    return round(float(np.median(found)), 3) if len(found) else None


def of_method(sets, method):
    """Return the figures of one method in one zone; `sets` holds one list of five effects an operation."""
    held, ratios, bias, length, first, low20, low40, high = [], [], [], [], [], [], [], []
    for effects in sets:
        for number, one in enumerate(effects):
            if method not in one or not all(math.isfinite(value) for value in one[method]):
                continue
            value, low, high_end = one[method]
            truth = truth_of(one, method)
            held.append(low <= truth <= high_end)
            if method == "ca":
                ends = [one["y"] * -math.expm1(-end) for end in (low, high_end)]
                ratios.append(ends[0] <= one["t"] - one["m"] <= ends[1])
            scale = one["m"] if method in IN_EVENTS else 1.0
            if number == 0:
                first.append(low > 0 or high_end < 0)
                bias.append((value - truth) / scale)
                length.append((high_end - low) / scale)
            if number == 1:
                low20.append(high_end < 0)
            if number == 3:
                low40.append(high_end < 0)
            if number == 4:
                high.append(low > 0)
    found = {
        "intervals": len(held), "coverage": share(held), "rejects": share(first), "power20": share(low20),
        "power40": share(low40), "ring_power": share(high), "bias": round(float(np.mean(bias)), 3) if bias else None,
        "rmse": round(float(np.sqrt(np.mean(np.square(bias)))), 3) if bias else None, "length": middle(length),
    }  # fmt: skip
    if method == "ca":
        found["coverage_events"] = share(ratios)
    return found


def of_verdicts(sets):
    """Return what the report would say: how often nothing, and how often a finding is wrong or right."""
    null = [state_of(effects[0]) for effects in sets]
    answered = [effects for effects in sets if "no" not in effects[0] and "ca" in effects[0]]
    strong = [effects for effects in answered if effects[0]["fc"][1] <= MAX_FALL]
    found = {
        "cannot_tell": share([state == "cannot tell" for state in null]),
        "refused": share(["no" in effects[0] or "ca" not in effects[0] for effects in sets]),
        "false_findings": share([state == "finding" for state in null]),
        "false_findings_of_strong": share([state_of(effects[0]) == "finding" for effects in strong]),
        "findings20": share([state_of(effects[1]) == "finding" for effects in sets]),
        "findings40": share([state_of(effects[3]) == "finding" for effects in sets]),
        "detectable": middle([effects[0]["fc"][1] for effects in sets if "fc" in effects[0]]),
        "independent": middle([effects[0]["fc"][2] for effects in sets if "fc" in effects[0]]),
        "expected": middle([effects[0]["m"] for effects in sets]),
        "answered": of_method(answered, "ca"),
        "reasons": {},
    }
    for effects in sets:
        reason = effects[0].get("no")
        if reason:
            found["reasons"][reason] = found["reasons"].get(reason, 0) + 1
    return found


def pooled(rows):
    """Return coverage, false alarms, power and length of the report's pooled mean of the operations of one city.

    Of those that have an interval, errors taken as independent: the report adds what they share at placebo places.
    """
    found = {}
    for zone, name in ZONES.items():
        held, seen, length = [], {number: [] for number in range(len(EFFECTS))}, []
        for row in rows:
            parts = [one[zone] for one in operations(row) if displaced.effect_of(zone, one[zone][0]) is not None]
            if len(parts) < 2:
                continue
            for number in range(len(EFFECTS)):
                effects = [part[number] for part in parts]
                ratios = [(str(place), displaced.effect_of(zone, one).ratio) for place, one in enumerate(effects)]
                span = forest(ratios).pooled.interval
                held.append(span.low <= np.mean([truth_of(one, "ca") for one in effects]) <= span.high)
                seen[number].append(span.side)
                if number == 0:
                    length.append(span.high - span.low)
        found[name] = {
            "groups": len(length), "coverage": share(held), "rejects": share([side != 0 for side in seen[0]]),
            "power20": share([side < 0 for side in seen[1]]), "power40": share([side < 0 for side in seen[3]]),
            "length": middle(length),
        }  # fmt: skip
    return found


def by_class(by_cell):
    """Return coverage and false alarms of the headline by smallest detectable fall and by how many places are as busy."""
    found = {"fall": {}, "busy": {}}
    edges = {"fall": (0, 0.25, 0.3, 0.35, 0.5, 1.01), "busy": (0, 1, 5, 20, 1e9)}
    for key, position in (("fall", 1), ("busy", 3)):
        for low, high in zip(edges[key], edges[key][1:], strict=False):
            held, first = [], []
            for name, rows in by_cell.items():
                if CELLS[name].recording == "target":
                    continue
                for row in rows:
                    for one in operations(row):
                        for zone in ZONES:
                            for number, effect in enumerate(one[zone]):
                                if "ca" not in effect or not low <= effect["fc"][position] < high:
                                    continue
                                if key == "fall" and "no" in effect:
                                    continue
                                truth = math.log(effect["t"] / effect["m"])
                                held.append(effect["ca"][1] <= truth <= effect["ca"][2])
                                if number == 0:
                                    first.append(effect["ca"][1] > 0 or effect["ca"][2] < 0)
            found[key][f"{low:g} to {high:g}"] = {"n": len(first), "coverage": share(held), "rejects": share(first)}
    return found


def shortened(by_cell):
    """Return what coverage would be if every interval of the headline were shorter by some share, all else the same."""
    found = {}
    for factor in (1.0, 0.9, 0.85, 0.8):
        cells, first = {}, {}
        for name, rows in by_cell.items():
            if CELLS[name].recording == "target":
                continue
            for zone, letter in ZONES.items():
                held, null = [], []
                for row in rows:
                    for one in operations(row):
                        for number, effect in enumerate(one[zone]):
                            if "ca" not in effect:
                                continue
                            value, low, high = effect["ca"]
                            low, high = value + factor * (low - value), value + factor * (high - value)
                            held.append(low <= math.log(effect["t"] / effect["m"]) <= high)
                            if number == 0:
                                null.append(low > 0 or high < 0)
                cells[name, letter], first[name, letter] = share(held), share(null)
        values = [value for value in cells.values() if value is not None]
        rejects = [value for value in first.values() if value is not None]
        least = min(cells, key=lambda key: 101 if cells[key] is None else cells[key])
        found[f"{factor:g}"] = {
            "mean": round(float(np.mean(values)), 1), "least": cells[least], "where": f"{least[0]}, {least[1]}",
            "under_93": sum(value < 93 for value in values), "in_band": sum(93 <= value <= 97 for value in values),
            "of": len(values), "rejects": round(float(np.mean(rejects)), 1), "most": max(rejects),
        }  # fmt: skip
    return found


def rows_by_world(paths):
    """Return the rows of some files by world, in the order of the worlds; a seed counts once."""
    found = {}
    for path in paths:
        for row in rows_of(path):
            found.setdefault(row["cell"], {})[row["seed"]] = row["row"]
    return {name: list(found[name].values()) for name in CELLS if name in found}


def summarise(paths):
    """Return all figures of some files of rows."""
    by_cell = rows_by_world(paths)
    cells = {}
    for name, rows in by_cell.items():
        ones = [one for row in rows for one in operations(row)]
        cells[name] = {"replications": len(rows)}
        for zone, short in ZONES.items():
            sets = [one[zone] for one in ones]
            cells[name][short] = of_verdicts(sets) | {
                "methods": {method: of_method(sets, method) for method in METHODS}
            }
        if CELLS[name].operations > 1:
            cells[name]["pooled"] = pooled(rows)
    return {
        "cells": cells,
        "classes": by_class(by_cell),
        "displaced": displaced.displaced(
            {name: [one for row in rows for one in operations(row)] for name, rows in by_cell.items()}
        ),
        "shortened": shortened(by_cell),
    }


def line_a_world(cells):
    """Return figures by world as JSON, a line a world."""
    lines = (f" {json.dumps(name)}: {json.dumps(cell, separators=(',', ':'))}" for name, cell in cells.items())
    return "{\n" + ",\n".join(lines) + "\n}"


def compact(held):
    """Return all figures as JSON."""
    rest = {key: value for key, value in held.items() if key != "cells"}
    return f'{{"cells": {line_a_world(held["cells"])},\n{json.dumps(rest)[1:-1]}}}\n'


def table(head, rows):
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(
        lines + ["| " + " | ".join("–" if one is None else str(one) for one in row) + " |" for row in rows]
    )


def triple(cell, get):
    """Return "T / D / U"."""
    return " / ".join("–" if (value := get(cell[zone])) is None else f"{value:.1f}" for zone in "TDU")


def whole(value, scale=1.0, *, sign=False):
    """Return a whole number, or None."""
    if value is None:
        return None
    return f"{round(scale * value):+d}" if sign else f"{round(scale * value)}"


def by_world(cells):
    """Return the table of the headline, a row a world."""
    head = [
        "world", "runs", "expected", "covers T / D / U", "events T / D / U", "rejects T / D / U", "answered only: covers T",
        "rejects T", "power −20 / −40", "oracle", "bias", "rmse", "length", "detectable", "cannot tell T / D / U",
    ]  # fmt: skip
    rows = []
    for name, cell in cells.items():
        target = cell["T"]
        ours, oracle = target["methods"]["ca"], target["methods"]["or"]
        rows.append([
            name, cell["replications"], whole(target["expected"]), triple(cell, lambda z: z["methods"]["ca"]["coverage"]),
            triple(cell, lambda z: z["methods"]["ca"]["coverage_events"]),
            triple(cell, lambda z: z["methods"]["ca"]["rejects"]), target["answered"]["coverage"], target["answered"]["rejects"],
            f"{whole(ours['power20'])} / {whole(ours['power40'])}", f"{whole(oracle['power20'])} / {whole(oracle['power40'])}",
            whole(ours["bias"], 100, sign=True), whole(ours["rmse"], 100), whole(ours["length"], 100), whole(target["detectable"], 100),
            triple(cell, lambda z: z["cannot_tell"]),
        ])  # fmt: skip
    return table(head, rows)


def spread(cells, zone, method, key):
    """Return mean and worst over worlds as "mean (worst)"; worst is the least coverage and the largest of all else."""
    values = [cell[zone]["methods"][method][key] for cell in cells.values()]
    values = [value for value in values if value is not None]
    if not values:
        return None
    return f"{np.mean(values):.0f} ({min(values) if key == 'coverage' else max(values):.0f})"


def by_method(cells):
    """Return the table of all methods over the worlds in which recording in the target does not change."""
    kept = {name: cell for name, cell in cells.items() if CELLS[name].recording != "target" and not CELLS[name].far}
    head = ["method", "covers T", "covers D", "covers U", "rejects T", "rejects D", "rejects U", "power −20", "power −40",
            "power ring", "bias", "length"]  # fmt: skip
    rows = []
    for method, name in METHODS.items():
        row = [name, *(spread(kept, zone, method, "coverage") for zone in "TDU")]
        row += [spread(kept, zone, method, "rejects") for zone in "TDU"]
        for zone, key in (("T", "power20"), ("T", "power40"), ("D", "ring_power")):
            values = [cell[zone]["methods"][method][key] for cell in kept.values()]
            values = [value for value in values if value is not None]
            row.append(f"{np.mean(values):.0f}" if values else None)
        for key in ("bias", "length"):
            values = [cell["T"]["methods"][method][key] for cell in kept.values()]
            values = [value for value in values if value is not None]
            row.append(f"{100 * np.mean(values):+.0f}" if key == "bias" else f"{100 * np.median(values):.0f}")
        rows.append(row)
    return table(head, rows)


def others_by_world(cells):
    """Return coverage of the target by every method, a row a world."""
    rows = [[name, *(cell["T"]["methods"][method]["coverage"] for method in METHODS)] for name, cell in cells.items()]
    return table(
        ["world", *("headline", "ratio", "difference", "WDD", "WDD phi", "nearest", "Poisson", "synthetic", "oracle")],
        rows,
    )


def several(cells):
    """Return the table of pooled operations."""
    rows = []
    for name, cell in cells.items():
        for zone, one in cell.get("pooled", {}).items():
            single = cell[zone]["methods"]["ca"]
            rows.append([name, zone, one["groups"], one["coverage"], one["rejects"], f"{whole(single['power20'])} / {whole(single['power40'])}",
                         f"{whole(one['power20'])} / {whole(one['power40'])}", whole(single["length"], 100), whole(one["length"], 100)])  # fmt: skip
    return table(
        [
            "world",
            "zone",
            "cities",
            "covers",
            "rejects",
            "power of one −20 / −40",
            "of four",
            "length of one",
            "of four",
        ],
        rows,
    )


def classes(found):
    """Return coverage by smallest detectable fall, and by how many places are as busy."""
    rows = [[label, one["n"], one["coverage"], one["rejects"]] for label, one in found["fall"].items()]
    more = [
        [label.replace("1e+09", "more"), one["n"], one["coverage"], one["rejects"]]
        for label, one in found["busy"].items()
    ]
    return (
        table(["smallest detectable fall", "zones without effect", "covers", "rejects"], rows)
        + "\n\n"
        + table(["places as busy", "zones without effect", "covers", "rejects"], more)
    )


def shorter(found):
    """Return the table of intervals made shorter."""
    rows = [[f"{100 * (1 - float(factor)):.0f}%", one["mean"], f"{one['least']} ({one['where']})", f"{one['in_band']} of {one['of']}",
             one["under_93"], one["rejects"], one["most"]] for factor, one in found.items()]  # fmt: skip
    head = [
        "shorter by",
        "covers, mean",
        "least (where)",
        "worlds and zones within 93–97",
        "below 93",
        "rejects, mean",
        "most",
    ]
    return table(head, rows)


def shares(found):
    """Return what is said of the displaced share, and its table."""
    return "- " + displaced.says(found) + "\n\n" + table(*displaced.rows_of_table(found))


def verdicts(cells):
    """Return the table of what the report would say about the target."""
    rows = []
    for name, cell in cells.items():
        one = cell["T"]
        reasons = ", ".join(f"{reason} {100 * count / max(sum(one['reasons'].values()), 1):.0f}%" for reason, count in sorted(one["reasons"].items(), key=lambda pair: -pair[1])[:2])  # fmt: skip
        rows.append([name, one["cannot_tell"], one["refused"], reasons or "–", one["false_findings"], one["false_findings_of_strong"],
                     f"{whole(one['findings20'])} / {whole(one['findings40'])}"])  # fmt: skip
    return table(
        [
            "world",
            "cannot tell",
            "of it refused",
            "refused because",
            "false findings",
            "of designs that can answer",
            "findings at −20 / −40",
        ],
        rows,
    )


def says(cells):
    """Return the list of what the figures say, in words."""
    kept = {name: cell for name, cell in cells.items() if CELLS[name].recording != "target"}
    runs = [cell["replications"] for cell in cells.values()]
    held = {(name, zone): cell[zone]["methods"]["ca"]["coverage"] for name, cell in kept.items() for zone in "TDU"}
    rejects = {(name, zone): cell[zone]["methods"]["ca"]["rejects"] for name, cell in kept.items() for zone in "TDU"}
    answered = {
        name: cell["T"]["answered"]["coverage"]
        for name, cell in kept.items()
        if cell["T"]["answered"]["coverage"] is not None
    }

    def mean(method, zone, key):
        values = [cell[zone]["methods"][method][key] for cell in kept.values()]
        return float(np.mean([value for value in values if value is not None]))

    def over(key):
        return [cell["T"][key] for cell in kept.values() if cell["T"][key] is not None]

    low = sorted(held, key=held.get)
    under = [f"{name} ({zone} {held[name, zone]:.1f})" for name, zone in low if held[name, zone] < 93]
    high = [key for key in rejects if rejects[key] > 7]
    least, most = min(answered, key=answered.get), max(answered, key=answered.get)
    lines = [
        f"{sum(runs):,} replications in {len(cells)} worlds, "
        + (f"{min(runs):,} each." if min(runs) == max(runs) else f"{min(runs):,} to {max(runs):,} each."),
        f"**The headline interval** holds the truth in {mean('ca', 'T', 'coverage'):.1f} / {mean('ca', 'D', 'coverage'):.1f} / "
        f"{mean('ca', 'U', 'coverage'):.1f}% (T / D / U, mean over worlds). Of {len(held)} worlds and zones, "
        f"{sum(93 <= value <= 97 for value in held.values())} lie within 93 to 97%, {sum(value > 97 for value in held.values())} above, "
        f"{sum(value < 93 for value in held.values())} below" + (f": {'; '.join(under)}." if under else "."),
        f"It leaves out zero where nothing was planted in {mean('ca', 'T', 'rejects'):.1f} / {mean('ca', 'D', 'rejects'):.1f} / "
        f"{mean('ca', 'U', 'rejects'):.1f}% (nominal 5); above 7% in {len(high)} of {len(rejects)}"
        + (f" ({'; '.join(f'{name}, {zone} {rejects[name, zone]:.1f}' for name, zone in sorted(high, key=rejects.get, reverse=True))})." if high else "."),
        f"Where the report gives an interval at all, that of the target holds the truth in {answered[least]:.1f} ({least}) to "
        f"{answered[most]:.1f}% ({most}).",
        f"**The price is silence and width.** For the target the report says “cannot tell” in {np.mean(over('cannot_tell')):.0f}% of "
        f"operations without effect (from {min(over('cannot_tell')):.0f} to {max(over('cannot_tell')):.0f}% by world), most often because too few "
        f"places are as busy. A fall of 20% is found in {mean('ca', 'T', 'power20'):.0f}%, one of 40% in "
        f"{mean('ca', 'T', 'power40'):.0f}%; who knew the true expected count would find {mean('or', 'T', 'power20'):.0f} and "
        f"{mean('or', 'T', 'power40'):.0f}%. All of a 40% fall moving into the ring is seen there in {mean('ca', 'D', 'ring_power'):.0f}%.",
        f"**Findings.** “Fell” or “rose” is said of {np.mean(over('false_findings')):.1f}% of targets where nothing happened (at most "
        f"{max(over('false_findings')):.1f}%).",
        f"**The intervals printed beside it are far too narrow**, as the report says: the rate ratio's holds the truth in "
        f"{mean('rr', 'T', 'coverage'):.0f}% of targets, the difference's in {mean('wd', 'T', 'coverage'):.0f}%.",
        f"**Other methods**: plain WDD {mean('w1', 'T', 'coverage'):.0f}%, with phi {mean('w2', 'T', 'coverage'):.0f}%, nearest passing control "
        f"{mean('co', 'T', 'coverage'):.0f}%, Poisson regression {mean('po', 'T', 'coverage'):.0f}%, ridge synthetic control "
        f"{mean('sc', 'T', 'coverage'):.0f}%. Their greater power is the other side of their false alarms.",
    ]  # fmt: skip
    wrong = cells.get("recording rises 15% in the target")
    if wrong:
        one = wrong["T"]["methods"]["ca"]
        lines.append(
            f"**No interval holds when the operation changes what is recorded.** With 15% more recorded in the target, the headline "
            f"is off by {100 * one['bias']:+.0f} (log points) and holds the truth in {one['coverage']:.1f}% only because it is wide; the oracle, "
            f"precise and wrong, in {wrong['T']['methods']['or']['coverage']:.0f}%. Counts cannot show this; a comparator of reporting can."
        )
    return "\n".join(f"- {line}" for line in lines)


def picture(cells):
    """Return an SVG: coverage of the headline by world and zone, with the band that is promised, others in grey."""
    left, top, line, width = 270, 58, 19, 860
    low, high = 50.0, 100.0

    def at(value):
        return left + (max(value, low) - low) / (high - low) * (width - left - 24)

    height = top + line * len(cells) + 46
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif" font-size="12">',
        "<title>Share of 95% intervals that hold the truth, by world</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<rect x="{at(93):.1f}" y="{top - 8}" width="{at(97) - at(93):.1f}" height="{line * len(cells) + 8}" fill="#dcebe4"/>',
        f'<text x="{left}" y="20" font-size="14" font-weight="600">Share of 95% intervals that hold the truth, by world</text>',
    ]
    marks = (("T", "target", "#1b5e4b"), ("D", "rings", "#3b7fb8"), ("U", "both", "#7a4fa3"))
    x = left
    for _, label, colour in marks:
        out.append(f'<circle cx="{x + 5}" cy="36" r="4" fill="{colour}"/><text x="{x + 14}" y="40">{label}</text>')
        x += 74
    out.append(
        f'<path d="M{x + 1} 32v8" stroke="#9a9a9a" stroke-width="2"/><text x="{x + 10}" y="40">noise of counting only (target)</text>'
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
        for zone, _, colour in marks:
            value = cell[zone]["methods"]["ca"]["coverage"]
            if value is not None:
                out.append(f'<circle cx="{at(value):.1f}" cy="{y}" r="4" fill="{colour}" fill-opacity="0.85"/>')
    out.append(
        f'<text x="{left}" y="{height - 4}" fill="#555">Green band: 93 to 97%. Values under 50% are drawn at 50%.</text></svg>'
    )
    return "\n".join(out) + "\n"


PARTS = {
    "says": lambda held: says(held["cells"]),
    "worlds": lambda held: by_world(held["cells"]),
    "methods": lambda held: by_method(held["cells"]),
    "others": lambda held: others_by_world(held["cells"]),
    "several": lambda held: several(held["cells"]),
    "classes": lambda held: classes(held["classes"]),
    "shares": lambda held: shares(held["displaced"]),
    "shorter": lambda held: shorter(held["shortened"]),
    "verdicts": lambda held: verdicts(held["cells"]),
}


def between_marks(text, name, made):
    """Return a page with what stands between the marks of one part written anew."""
    mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.S)
    return mark.sub(lambda found: f"{found[1]}{made}\n{found[2]}", text)


def write_part(name, made):
    """Write one part of `docs/calibration.md` anew."""
    PAGE.write_text(between_marks(PAGE.read_text(encoding="utf-8"), name, made), encoding="utf-8", newline="\n")


def page(text, held):
    """Return the page with every table between its marks written anew."""
    for name, make in PARTS.items():
        text = between_marks(text, name, make(held))
    return text


def row_files():
    """Return the files named on the command line."""
    return [Path(sys.argv[place + 1]) for place, word in enumerate(sys.argv) if word == "--rows"]


def main() -> None:
    """Boil down, or write the docs."""
    if "--summary" in sys.argv:
        Path(argument("--summary", str(SUMMARY))).write_text(compact(summarise(row_files())), encoding="utf-8")
        return
    held = json.loads(SUMMARY.read_text(encoding="utf-8"))
    if "--docs" in sys.argv:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), held), encoding="utf-8", newline="\n")
        PICTURE.write_text(picture(held["cells"]), encoding="utf-8", newline="\n")
        return
    for make in PARTS.values():
        print(make(held), end="\n\n")


if __name__ == "__main__":
    main()
