"""How often findings are wrong in simulated cities, by class of study: the table that the report looks its study up in.

Run ``python -m bench.error_rates`` to write `geoharm/evaluation/error_rates.toml` from `bench/calibration.json`.

A setting is one world of `bench.calibration` and one zone of it (target, all rings, both). It is put into a class by its
medians: expected count, smallest detectable fall, number of independent places. Settings where recording changes in the
target are left out: there the ratio is right and the question is another one. A class is in the table if at least
`MIN_SETTINGS` settings with `MIN_CITIES` cities are in it.
"""

from __future__ import annotations

import json

from bench.calibration import ROOT, SCENARIOS
from bench.calibration_table import SUMMARY

TABLE = ROOT / "geoharm" / "evaluation" / "error_rates.toml"
EXPECTED = (10.0, 100.0, 1000.0, 1e6)  # edges of classes, each from one edge up to, not including, the next
FALL = (0.0, 0.35, 0.45, 0.6)
PLACES = (4.0, 15.0, 50.0, 1e6)
MIN_SETTINGS, MIN_CITIES = 3, 1000
_HEAD = """\
# How often findings are wrong in simulated cities, by class of study. Written by `python -m bench.error_rates` from
# bench/calibration.json. Shares are in percent of the zones in which a finding was possible (an interval, and a smallest
# detectable fall of 60% at most), except wrong_if_40 and wrong_if_20: of 100 findings in targets, how many are wrong if half of
# all operations change nothing and the others cut the count by 40%, or by 20%; wrong_probably: the same of findings and probable
# changes together, with 40%; and bound_misses: of 100 bounds that are stated, how many the truth lies beyond.

"""


def error_table(figures):
    """Return the classes of the table, in order, from the figures of `bench.calibration_table`."""
    by_class = {}
    for world, cell in figures["cells"].items():
        if SCENARIOS[world].impossible:
            continue
        for zone in "TDU":
            setting = cell[zone]
            place = tuple(
                class_of(setting[key], edges)
                for key, edges in (("expected", EXPECTED), ("detectable", FALL), ("independent", PLACES))
            )
            if None not in place:
                by_class.setdefault(place, []).append((world, zone, cell["replications"], setting))
    rows = [
        class_figures(place, settings) for place, settings in sorted(by_class.items()) if len(settings) >= MIN_SETTINGS
    ]
    return [row for row in rows if row["cities"] >= MIN_CITIES]


def class_of(value, edges):
    """Return the position of the class that holds a value; None if none does."""
    return next((number for number, high in enumerate(edges[1:]) if edges[number] <= value < high), None)


def class_figures(place, settings):
    """Return one row of the table: the class, how many cities are in it, and their rates."""
    targets = [(cities, setting) for _, zone, cities, setting in settings if zone == "T"]
    row = {
        name: [edges[number], edges[number + 1]]
        for name, edges, number in zip(
            ("expected", "detectable_fall", "effective_places"), (EXPECTED, FALL, PLACES), place, strict=True
        )
    }
    everywhere = [(cities, setting) for _, _, cities, setting in settings]
    row |= {
        "settings": len(settings),
        "cities": sum({world: cities for world, _, cities, _ in settings}.values()),
        "false_findings": round(mean(everywhere, lambda setting: setting["false_findings_of_strong"]), 1),
        "coverage": round(mean(everywhere, lambda setting: setting["answered"]["coverage"]), 1),
    }
    if targets:
        false = mean(targets, lambda setting: setting["false_findings"])
        for fall in (40, 20):
            true = mean(targets, lambda setting, fall=fall: setting[f"findings{fall}"])
            row[f"wrong_if_{fall}"] = round(100 * false / (false + true), 1)
        none, _, strong = (mean(targets, lambda setting, number=number: setting["said"][number]) for number in range(3))
        row["wrong_probably"] = round(100 * none / (none + strong), 1)
    bounded = [(cities, setting) for cities, setting in everywhere if setting["bounds_passed"] is not None]
    if bounded:
        row["bound_misses"] = round(mean(bounded, lambda setting: setting["bounds_passed"]), 1)
    return row


def mean(settings, get):
    """Return the mean of a figure over settings, each weighted by its number of cities."""
    return sum(cities * get(setting) for cities, setting in settings) / sum(cities for cities, _ in settings)


def by_own_fall(figures):
    """Return rates by the smallest detectable fall of each single zone, whatever its world: what luck with it costs."""
    rows = []
    for label, counted in figures["classes"]["fall"].items():
        low, high = (float(end) for end in label.split(" to "))
        if high <= FALL[-1]:
            rows.append({"detectable_fall": [low, high], "zones": counted["n"], "false_findings": counted["rejects"],
                         "coverage": counted["coverage"]})  # fmt: skip
    return rows


def table_text(figures):
    """Return the file's text."""
    parts = [
        f"[[{name}]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in row.items())
        for name, rows in (("class", error_table(figures)), ("own_fall", by_own_fall(figures)))
        for row in rows
    ]
    return _HEAD + "\n".join(parts)


if __name__ == "__main__":
    TABLE.write_text(table_text(json.loads(SUMMARY.read_text(encoding="utf-8"))), encoding="utf-8")
