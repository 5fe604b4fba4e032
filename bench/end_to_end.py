"""Small made cities through the whole program with nothing but their files: does the verdict say what was planted.

Run as ``python -m bench.end_to_end --rows FILE [--cities 500] [--from 0] [--minutes 60]`` to add cities to a file of JSON lines (it
goes on where the file ends), ``--table`` to print what they say, ``--docs`` to write it into `docs/calibration.md`,
``--quick`` for two cities. Each city is written as files;
its truth is kept apart and its file deleted before the program reads anything.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely

from bench.calibration import argument, rows_of, short
from bench.calibration_table import share, table, write_part
from geoharm.disclosure.protect import protect
from geoharm.engines.duckdb import open_engine
from geoharm.evaluation.reading import Reading
from geoharm.pipeline import load, net_harm, run
from geoharm.report.wording.reading import read_with_diagnostics
from geoharm.report.wording.verdict import verdict_of
from geoharm.results import StudyResult
from geoharm.simulation.city import CityPlan, build_city
from geoharm.simulation.city_files import _write_points, write_city
from geoharm.simulation.panel_worlds import PanelWorld
from geoharm.simulation.tactics import PLANTED_EFFECTS
from geoharm.study.read import read_study

ZONES = {"target": ("target",), "all rings": ("rings",), "target and rings": ("target", "rings")}
CALM = PanelWorld(before=36, after=12, level=0, own_level=0)
MOVING = replace(CALM, local_trend=0.10, shock=0.15, own_shock=0.10)
KIND, TREATMENT = "needles", "treatment entries"
# What a city's files lack and some services have: their own list of who entered treatment, where and when.
LIST = """[[source]]
name = "entries"
kind = "treatment_entry"
format = "points-csv"
files = ["entries.csv"]
covers = {{ start = {start}, end = {end} }}

[[measure]]
name = "entries listed"
source = "entries"
unit = "people"
recorded_by = "agency"
harm = {{ borne_by = "user", type = "health" }}

[[operation]]"""


def plan_of(number):
    """Return the plan of a city: tactics, choices of the target and drifts in turns."""
    tactics = sorted(PLANTED_EFFECTS)
    return CityPlan(
        number,
        tactic=tactics[number % len(tactics)],
        chosen=("peak", "earlier", "level")[number // len(tactics) % 3],
        world=(MOVING, CALM)[number // (3 * len(tactics)) % 2],
        recording=(1.0, 1.15)[number % 2],
    )


def one_city(number):
    """Return what the program says of a city, and what was planted."""
    plan = plan_of(number)
    city = build_city(plan)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        *_, truth_file = write_city(city, data)
        truth = json.loads(truth_file.read_text(encoding="utf-8"))
        truth_file.unlink()
        study = listed(city, data)
        with open_engine(data / "city.duckdb", inputs=data) as engine:
            ledgers = load.load_sources(engine, study, data)
            load.load_tables(engine, study, data)
            designs = run.design_operations(study, ledgers)
            spots = run.map_hotspots(engine, study, ledgers, designs)
            result = StudyResult(study, ledgers, spots, run.evaluate_operations(engine, study, ledgers, designs))
            table_of = study.harm.area_measures[0]
            areas = {zone: net_harm.area_table_effect(engine, table_of, designs[0], zone) for zone in ZONES}
    disclosed = protect(result)
    verdict = verdict_of(disclosed, disclosed.operations[0])
    row = {
        "city": number, "tactic": plan.tactic, "chosen": plan.chosen, "calm": plan.world is CALM,
        "state": verdict.state.value, "answers": [answer.answer for answer in verdict.answers], "zones": {},
        "spots": spots_of(result, truth, plan.radius),
    }  # fmt: skip
    effects = result.operations[0].measures[0].effects
    for zone, parts in ZONES.items():
        planted = [truth["kinds"][KIND][part] for part in parts]
        without, with_it = (sum(one[key] for one in planted) for key in ("expected_without", "expected_with"))
        effect = next(one for one in effects if one.zone == zone)
        row["zones"][zone] = {
            "without": without, "truth": math.log(with_it / without), "ratio": ends(effect.ratio), "counting": ends(effect.counting),
            "detectable": effect.detectable_fall if math.isfinite(effect.detectable_fall) else None,
            "note": effect.ratio.note[:90],
        }  # fmt: skip
    row["treatment"] = treatment_of(disclosed, result.operations[0].measures[1], areas, truth["kinds"][TREATMENT])
    row["share"] = share_of(result.operations[0].measures[0].other_estimators, truth["kinds"][KIND])
    return row


def listed(city, data):
    """Return the study of a city with the list of entries into treatment beside the table, and the primary measure.

    The other measures are left out: they would only take time.
    """
    _write_points(city, data / "entries.csv", (TREATMENT,), np.random.default_rng([city.plan.seed, 9]))
    path = data / "study.toml"
    span = city.plan.span
    text = path.read_text(encoding="utf-8").replace("[[operation]]", LIST.format(start=span.start, end=span.end), 1)
    path.write_text(text, encoding="utf-8")
    study = read_study(path)
    kept = tuple(one for one in study.measures if one.name in (study.primary, "entries listed"))
    sources = {one.source for one in (*kept, *study.harm.area_measures)}
    return replace(study, measures=kept, sources=tuple(one for one in study.sources if one.name in sources))


def treatment_of(disclosed, listed_result, areas, planted):
    """Return what is said of entries into treatment: the verdict on the list, and the bounds that the table gives."""
    shown = disclosed.operations[0].measures[1]
    found = {"state": read_with_diagnostics(shown, shown.effect("target")).value, "zones": {}}
    for zone, parts in ZONES.items():
        without, with_it = (sum(planted[part][key] for part in parts) for key in ("expected_without", "expected_with"))
        effect = next(one for one in listed_result.effects if one.zone == zone)
        low, high = areas[zone].low.interval().low, areas[zone].high.interval().high
        found["zones"][zone] = {
            "without": without, "truth": math.log(with_it / without), "ratio": ends(effect.ratio), "note": effect.ratio.note[:90],
            "detectable": effect.detectable_fall if math.isfinite(effect.detectable_fall) else None,
            "table": [low if math.isfinite(low) else None, high if math.isfinite(high) else None], "change": with_it - without,
        }  # fmt: skip
    return found


def share_of(family, planted):
    """Return the displaced share as the report gives it, and whether its set holds the planted one; None without a fall."""
    lost, gained = (planted[zone]["expected_without"] - planted[zone]["expected_with"] for zone in ("target", "rings"))
    if lost < 1e-9 or family is None or family.indices is None:
        return None
    found = family.indices.displaced_share
    if found.values.shape == "none":
        return {"truth": -gained / lost, "given": False, "inside": None, "set": [], "note": found.note[:60]}
    pieces = found.values.pieces if found.values.shape != "everything" else ()
    return {
        "truth": -gained / lost, "given": math.isfinite(found.value), "inside": -gained / lost in found.values,
        "set": [[end if math.isfinite(end) else None for end in piece] for piece in pieces], "note": found.note[:60],
    }  # fmt: skip


def ends(estimate):
    """Return value, low and high of an estimate, or None where it is undefined."""
    if not estimate.is_defined:
        return None
    span = estimate.interval()
    return [estimate.value, span.low, span.high]


def spots_of(result, truth, radius):
    """Return how well the hotspots find the markets: the share of markets touched, of their area inside, of area outside."""
    found = shapely.union_all([spot.geometry for spot in result.hotspots[0].hotspots])
    markets = [shapely.Point(x, y).buffer(radius / 2) for x, y in truth["markets"]]
    near = shapely.union_all([shapely.Point(x, y).buffer(radius) for x, y in truth["markets"]])
    if found.is_empty:
        return {"spots": 0}
    return {
        "spots": len(result.hotspots[0].hotspots),
        "area_near_markets": found.intersection(near).area / found.area,
        "markets_touched": float(np.mean([one.intersects(found) for one in markets])),
    }


def treatment_summary(rows):
    """Return what the rows say of entries into treatment: a list with places, and a table by district."""
    if not rows:
        return ""
    out = []
    for zone in ZONES:
        held = [one for row in rows if (one := row["zones"][zone])["ratio"]]
        null = [one for one in held if abs(one["truth"]) < 1e-9]
        inside = [one["ratio"][1] <= one["truth"] <= one["ratio"][2] for one in held]
        tables = [row["zones"][zone] for row in rows]
        least = [
            (
                -math.inf if one["table"][0] is None else one["table"][0],
                math.inf if one["table"][1] is None else one["table"][1],
            )
            for one in tables
        ]
        out.append([
            zone, len(held), share(inside), len(null), share([one["ratio"][1] > 0 or one["ratio"][2] < 0 for one in null]),
            share([low <= one["change"] <= high for (low, high), one in zip(least, tables, strict=True)]),
            share([low > 0 or high < 0 for low, high in least]),
        ])  # fmt: skip
    head = ["entries into treatment", "headline: cities with one", "covers", "without effect", "rejects", "district table: bounds hold the change", "bounds leave out zero"]  # fmt: skip
    text = table(head, out) + "\n\n"
    names = [state.value for state in Reading]
    states = {}
    for row in rows:
        truth = row["zones"]["target"]["truth"]
        states.setdefault("none" if abs(truth) < 1e-9 else "rise (20 to 40% at first)", []).append(row["state"])
    text += table(["planted in the target", "cities", *names], [
        [what, len(found), *(share([state == name for state in found]) for name in names)] for what, found in sorted(states.items())
    ])  # fmt: skip
    return text + "\n\n"


def is_right(row):
    """Return whether an answer is true: the direction of a finding, or that "no clear change" has the truth in its interval."""
    target = row["zones"]["target"]
    if row["state"] == "no clear change":
        return target["ratio"][1] <= target["truth"] <= target["ratio"][2]
    return target["truth"] < -1e-9 if row["state"] == "fell" else target["truth"] > 1e-9


def summary(rows):
    """Return tables of coverage, verdicts and hotspots."""
    out = []
    for zone in ZONES:
        for key, name in (("ratio", "headline"), ("counting", "noise of counting")):
            held = [one for row in rows if (one := row["zones"][zone])[key]]
            inside = [one[key][1] <= one["truth"] <= one[key][2] for one in held]
            null = [one for one in held if abs(one["truth"]) < 1e-9]
            out.append(
                [
                    zone,
                    name,
                    len(held),
                    share(inside),
                    len(null),
                    share([one[key][1] > 0 or one[key][2] < 0 for one in null]),
                ]
            )
    text = table(["zone", "interval", "cities with one", "covers", "without effect", "rejects"], out) + "\n\n"
    rows = [row for row in rows if "share" in row]
    states = {}
    for row in rows:
        truth = row["zones"]["target"]["truth"]
        what = "none" if abs(truth) < 1e-9 else ("under 20% over the year" if truth > math.log(0.8) else "20% and more")
        states.setdefault(what, []).append(row["state"])
    names = [state.value for state in Reading]
    out = [
        [what, len(found), *(share([state == name for state in found]) for name in names)]
        for what, found in sorted(states.items())
    ]
    text += table(["planted fall in the target", "cities", *names], out) + "\n\n"
    answers = [row for row in rows if row["state"] in ("fell", "rose", "no clear change")]
    findings = [row for row in answers if row["state"] != "no clear change"]
    text += (
        f'Answers (no signal, not "cannot tell"): {len(answers)} of {len(rows)} cities, right in '
        f"{share([is_right(row) for row in answers])}%. Findings among them: {len(findings)}, right in "
        f"{share([is_right(row) for row in findings])}%.\n\n"
    )
    moved = [row["share"] for row in rows if row.get("share")]
    if moved:
        refused = sum(one["inside"] is None for one in moved)
        moved = [one for one in moved if one["inside"] is not None]
        given = [one for one in moved if one["given"]]
        text += (
            f"Displaced share: its set holds the planted share in {share([one['inside'] for one in moved])}% of {len(moved)} cities with a "
            f"fall and intervals ({refused} more have none); a number is given in {len(given)}, and there the set holds it in {share([one['inside'] for one in given])}%. The "
            f"set rules any share out in {share([bool(one['set']) for one in moved])}%.\n\n"
        )
    text += treatment_summary([row["treatment"] for row in rows if "treatment" in row])
    spots = [row["spots"] for row in rows if row["spots"].get("spots")]
    if spots:
        text += (
            f"Hotspots (a quarter of all needle finds): {np.mean([one['spots'] for one in spots]):.1f} a city; "
            f"{100 * np.mean([one['area_near_markets'] for one in spots]):.0f}% of their area within reach of a market; "
            f"{100 * np.mean([one['markets_touched'] for one in spots]):.0f}% of all markets touched."
        )
    return text


def main() -> None:
    """Run or print."""
    path = Path(argument("--rows", "end_to_end.jsonl"))
    if "--table" in sys.argv or "--docs" in sys.argv:
        text = summary(list(rows_of(path)))
        print(text)
        if "--docs" in sys.argv:
            write_part("cities", text)
        return
    if "--quick" in sys.argv:
        for number in (3, 8):
            print(json.dumps(short(one_city(number))))
        return
    start, cities = time.monotonic(), int(argument("--cities", "500"))
    done = {row["city"] for row in rows_of(path)}
    with path.open("a", encoding="utf-8") as out:
        for number in range(int(argument("--from", "0")), cities):
            if number in done:
                continue
            out.write(json.dumps(short(one_city(number))) + "\n")
            out.flush()
            if time.monotonic() - start > 60 * float(argument("--minutes", "1e6")):
                break


if __name__ == "__main__":
    main()
