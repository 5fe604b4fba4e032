"""The whole program on the files of small simulated cities, compared with the effects that were planted.

Run as ``python -m bench.end_to_end --rows FILE [--cities 500] [--from 0] [--minutes 60]`` to add cities to a file of JSON
lines; it continues where the file ends. ``--table`` prints the tables, ``--docs`` writes them into `docs/calibration.md`,
``--quick`` runs two cities. Each city is written as files. The file with the true values is read and deleted before the
program reads anything.
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
from geoharm.model.reading import Reading
from geoharm.pipeline import analyse, collect, load, net_harm
from geoharm.report.wording.verdict import verdict_of
from geoharm.results import StudyResult
from geoharm.simulation.city import CityPlan, build_city
from geoharm.simulation.city_files import _write_points, write_city
from geoharm.simulation.panel_worlds import PanelSettings
from geoharm.simulation.tactics import PLANTED_EFFECTS
from geoharm.study.read import read_study

ZONES = {"target": ("target",), "all rings": ("rings",), "target and rings": ("target", "rings")}
CALM = PanelSettings(before=36, after=12, level=0, own_level=0)
MOVING = replace(CALM, local_trend=0.10, shock=0.15, own_shock=0.10)
FALLS = (Reading.FELL, Reading.PROBABLY_FELL)
# The direction of the change that a bound rules out.
BOUNDS = {Reading.NO_RISE_OVER: 1, Reading.NO_FALL_OVER: -1}
KIND, TREATMENT = "needles", "treatment entries"
# A source that the simulated files lack and some services have: a list of entries into treatment with place and date.
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
    """Return the plan of a city. Tactics, rules to choose the target, and drifts alternate with the city's number."""
    tactics = sorted(PLANTED_EFFECTS)
    return CityPlan(
        number,
        tactic=tactics[number % len(tactics)],
        target_choice=("peak", "earlier", "level")[number // len(tactics) % 3],
        panel=(MOVING, CALM)[number // (3 * len(tactics)) % 2],
        recording=(1.0, 1.15)[number % 2],
    )


def one_city(number):
    """Return the row of one city: the program's results and the planted effects."""
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
            collected = collect.collect_study(engine, study, ledgers)
        spots = analyse.map_hotspots(collected)
        result = StudyResult(study, ledgers, spots, analyse.evaluate_operations(collected))
        area_measure = study.harm.area_measures[0]
        tables = collected.area_tables[area_measure.name]
        areas = {zone: net_harm.area_table_effect(tables, area_measure, collected.designs[0], zone) for zone in ZONES}
    disclosed = protect(result)
    verdict = verdict_of(disclosed, disclosed.operations[0])
    row = {
        "city": number, "tactic": plan.tactic, "chosen": plan.target_choice, "calm": plan.panel is CALM,
        "state": verdict.state.value, "percent": verdict.percent, "answers": [answer.answer for answer in verdict.answers], "zones": {},
        "spots": spots_of(result, truth, plan.radius),
    }  # fmt: skip
    effects = result.operations[0].measures[0].effects
    for zone, parts in ZONES.items():
        true_counts = [truth["kinds"][KIND][part] for part in parts]
        without, with_it = (sum(count[key] for count in true_counts) for key in ("expected_without", "expected_with"))
        effect = next(effect for effect in effects if effect.zone == zone)
        row["zones"][zone] = {
            "without": without, "truth": math.log(with_it / without), "ratio": ends(effect.ratio), "counting": ends(effect.counting_ratio),
            "detectable": effect.detectable_fall if math.isfinite(effect.detectable_fall) else None,
            "note": effect.ratio.note[:90],
        }  # fmt: skip
    row["treatment"] = treatment_of(disclosed, result.operations[0].measures[1], areas, truth["kinds"][TREATMENT])
    row["share"] = share_of(result.operations[0].measures[0].other_estimators, truth["kinds"][KIND])
    return row


def listed(city, data):
    """Return the study of a city with two measures: the primary one, and a list of entries into treatment.

    The table of entries into treatment by district stays in the study. The other measures are left out to save time.
    """
    _write_points(city, data / "entries.csv", (TREATMENT,), np.random.default_rng([city.plan.seed, 9]))
    path = data / "study.toml"
    span = city.plan.span
    text = path.read_text(encoding="utf-8").replace("[[operation]]", LIST.format(start=span.start, end=span.end), 1)
    path.write_text(text, encoding="utf-8")
    study = read_study(path)
    measures = tuple(measure for measure in study.measures if measure.name in (study.primary, "entries listed"))
    sources = {measure.source for measure in (*measures, *study.harm.area_measures)}
    return replace(
        study, measures=measures, sources=tuple(source for source in study.sources if source.name in sources)
    )


def treatment_of(disclosed, listed_result, areas, planted):
    """Return the results for entries into treatment: the reading of the list, and the bounds from the table.

    Parameters
    ----------
    disclosed : Release
        The release of the study.
    listed_result : MeasureResult
        Result of the list, at full precision.
    areas : dict of zone to BoundedEffect
        Bounds from the table by district.
    planted : dict
        True expected counts by part of the footprint.
    """
    said = disclosed.operations[0].measures[1].effect("target")
    row = {"state": said.reading.value, "percent": said.bound_percent, "zones": {}}
    for zone, parts in ZONES.items():
        without, with_it = (sum(planted[part][key] for part in parts) for key in ("expected_without", "expected_with"))
        effect = next(effect for effect in listed_result.effects if effect.zone == zone)
        low, high = areas[zone].low.interval().low, areas[zone].high.interval().high
        row["zones"][zone] = {
            "without": without, "truth": math.log(with_it / without), "ratio": ends(effect.ratio), "note": effect.ratio.note[:90],
            "detectable": effect.detectable_fall if math.isfinite(effect.detectable_fall) else None,
            "table": [low if math.isfinite(low) else None, high if math.isfinite(high) else None], "change": with_it - without,
        }  # fmt: skip
    return row


def share_of(family, planted):
    """Return the displaced share as in the report, and whether its set covers the true one; None without a planted fall."""
    lost, gained = (planted[zone]["expected_without"] - planted[zone]["expected_with"] for zone in ("target", "rings"))
    if lost < 1e-9 or family is None or family.indices is None:
        return None
    displaced_share = family.indices.displaced_share
    if displaced_share.values.shape == "none":
        return {"truth": -gained / lost, "given": False, "inside": None, "set": [], "note": displaced_share.note[:60]}
    pieces = displaced_share.values.pieces if displaced_share.values.shape != "everything" else ()
    return {
        "truth": -gained / lost, "given": math.isfinite(displaced_share.value), "inside": -gained / lost in displaced_share.values,
        "set": [[end if math.isfinite(end) else None for end in piece] for piece in pieces], "note": displaced_share.note[:60],
    }  # fmt: skip


def ends(estimate):
    """Return value, low and high of an estimate; None if it is undefined."""
    if not estimate.is_defined:
        return None
    span = estimate.interval()
    return [estimate.value, span.low, span.high]


def spots_of(result, truth, radius):
    """Return how well hotspots find markets: their number, the share of their area near markets, the share of markets touched."""
    hotspot_area = shapely.union_all([hotspot.geometry for hotspot in result.hotspots[0].hotspots])
    markets = [shapely.Point(x, y).buffer(radius / 2) for x, y in truth["markets"]]
    near = shapely.union_all([shapely.Point(x, y).buffer(radius) for x, y in truth["markets"]])
    if hotspot_area.is_empty:
        return {"spots": 0}
    return {
        "spots": len(result.hotspots[0].hotspots),
        "area_near_markets": hotspot_area.intersection(near).area / hotspot_area.area,
        "markets_touched": float(np.mean([market.intersects(hotspot_area) for market in markets])),
    }


def treatment_summary(rows):
    """Return the tables for entries into treatment, from the list with places and from the table by district."""
    if not rows:
        return ""
    table_rows = []
    for zone in ZONES:
        with_interval = [zone_row for row in rows if (zone_row := row["zones"][zone])["ratio"]]
        without_effect = [zone_row for zone_row in with_interval if abs(zone_row["truth"]) < 1e-9]
        covered = [zone_row["ratio"][1] <= zone_row["truth"] <= zone_row["ratio"][2] for zone_row in with_interval]
        tables = [row["zones"][zone] for row in rows]
        bounds = [
            (
                -math.inf if zone_row["table"][0] is None else zone_row["table"][0],
                math.inf if zone_row["table"][1] is None else zone_row["table"][1],
            )
            for zone_row in tables
        ]
        table_rows.append([
            zone, len(with_interval), share(covered), len(without_effect), share([zone_row["ratio"][1] > 0 or zone_row["ratio"][2] < 0 for zone_row in without_effect]),
            share([low <= zone_row["change"] <= high for (low, high), zone_row in zip(bounds, tables, strict=True)]),
            share([low > 0 or high < 0 for low, high in bounds]),
        ])  # fmt: skip
    head = ["entries into treatment", "cities with a headline", "coverage", "without effect", "false alarms", "district table: bounds cover the change",
            "bounds exclude zero"]  # fmt: skip
    text = table(head, table_rows) + "\n\n"
    names = [state.value for state in Reading]
    states_by_effect = {}
    for row in rows:
        truth = row["zones"]["target"]["truth"]
        states_by_effect.setdefault("none" if abs(truth) < 1e-9 else "rise (20 to 40% at first)", []).append(
            row["state"]
        )
    text += table(["planted in the target", "cities", *names], [
        [effect, len(states), *(share([state == name for state in states]) for name in names)] for effect, states in sorted(states_by_effect.items())
    ])  # fmt: skip
    return text + "\n\n"


def is_right(row):
    """Return whether an answer is right.

    A change, found or probable, is right if its direction is true; a bound if the true change lies within it.
    """
    truth, state = row["zones"]["target"]["truth"], row["state"]
    if state in BOUNDS:
        return BOUNDS[state] * 100 * math.expm1(truth) <= row["percent"]
    return truth < -1e-9 if state in FALLS else truth > 1e-9


def summary(rows):
    """Return tables of coverage, verdicts and hotspots."""
    table_rows = []
    for zone in ZONES:
        for key, name in (("ratio", "headline"), ("counting", "counting noise only")):
            with_interval = [zone_row for row in rows if (zone_row := row["zones"][zone])[key]]
            covered = [zone_row[key][1] <= zone_row["truth"] <= zone_row[key][2] for zone_row in with_interval]
            without_effect = [zone_row for zone_row in with_interval if abs(zone_row["truth"]) < 1e-9]
            table_rows.append(
                [
                    zone,
                    name,
                    len(with_interval),
                    share(covered),
                    len(without_effect),
                    share([zone_row[key][1] > 0 or zone_row[key][2] < 0 for zone_row in without_effect]),
                ]
            )
    head = ["zone", "interval", "cities with one", "coverage", "without effect", "false alarms"]
    text = table(head, table_rows) + "\n\n"
    rows = [row for row in rows if "share" in row]
    states_by_effect = {}
    for row in rows:
        truth = row["zones"]["target"]["truth"]
        effect = (
            "none" if abs(truth) < 1e-9 else ("under 20% over the year" if truth > math.log(0.8) else "20% and more")
        )
        states_by_effect.setdefault(effect, []).append(row["state"])
    names = [state.value for state in Reading]
    table_rows = [
        [effect, len(states), *(share([state == name for state in states]) for name in names)]
        for effect, states in sorted(states_by_effect.items())
    ]
    text += table(["planted fall in the target", "cities", *names], table_rows) + "\n\n"
    answers = [row for row in rows if row["state"] not in (Reading.CANNOT_TELL, Reading.CONTROLS_DISAGREE)]
    findings = [row for row in answers if row["state"] in (Reading.FELL, Reading.ROSE)]
    bounds = [row for row in answers if row["state"] in BOUNDS]
    text += (
        f"Statements other than that these data cannot tell: {len(answers)} of {len(rows)} cities, right in "
        f"{share([is_right(row) for row in answers])}%. Findings among them: {len(findings)}, right in "
        f"{share([is_right(row) for row in findings])}%; bounds: {len(bounds)}, right in "
        f"{share([is_right(row) for row in bounds])}%.\n\n"
    )
    shares = [row["share"] for row in rows if row.get("share")]
    if shares:
        refused = sum(share_row["inside"] is None for share_row in shares)
        shares = [share_row for share_row in shares if share_row["inside"] is not None]
        with_number = [share_row for share_row in shares if share_row["given"]]
        text += (
            f"Displaced share: the set covers the true share in {share([share_row['inside'] for share_row in shares])}% of {len(shares)} cities with a "
            f"fall and intervals ({refused} more have none). A number is given in {len(with_number)}, and there the set covers the truth in {share([share_row['inside'] for share_row in with_number])}%. The "
            f"set excludes at least one share in {share([bool(share_row['set']) for share_row in shares])}%.\n\n"
        )
    text += treatment_summary([row["treatment"] for row in rows if "treatment" in row])
    hotspot_rows = [row["spots"] for row in rows if row["spots"].get("spots")]
    if hotspot_rows:
        text += (
            f"Hotspots (a quarter of all needle finds): {np.mean([hotspot_row['spots'] for hotspot_row in hotspot_rows]):.1f} in each city; "
            f"{100 * np.mean([hotspot_row['area_near_markets'] for hotspot_row in hotspot_rows]):.0f}% of their area is near a market; "
            f"they touch {100 * np.mean([hotspot_row['markets_touched'] for hotspot_row in hotspot_rows]):.0f}% of all markets."
        )
    return text


def main() -> None:
    """Run cities, or print or write the tables."""
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
