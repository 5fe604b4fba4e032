"""Two packages of others on the demo and on Seattle, beside this program: what each says, and what it claims of its coverage.

Run as ``python -m bench.referees [--docs] [--worlds 40] [--quick]``. It prints the tables; ``--docs`` writes them into
`docs/referees.md`. ``--worlds`` also measures how often each one's 95% interval covers the truth in simulated cities without an
effect (the base world of `bench.calibration`), with this program's on the same cities. The packages are in the extra ``bench``:

- diff-diff, `SpilloverDiD`: two-stage difference in differences with rings (Butts 2021, Gardner 2022), Conley errors;
- augsynth-py, `AugSynth`: augmented synthetic control (Ben-Michael, Feller and Rothstein 2021), conformal intervals
  (Chernozhukov, Wüthrich and Zhu 2021).

A package that is not installed is said so.
"""

from __future__ import annotations

import csv
import gzip
import importlib.metadata
import json
import re
import sys
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from bench import worlds
from bench.calibration import ROOT, argument, choose, city_of, seed_of
from bench.calibration_table import between_marks, table
from bench.scenarios import SCENARIOS
from geoharm import _crs
from geoharm.evaluation.placebo.calibrated_ratio import calibrated_ratio, fit_forecast
from geoharm.simulation.panel_worlds import draw_counts, panel_rates
from geoharm.study.read import read_study

CELL = 200.0
# Edges in km of the rings around the nearest unit of the target; farther is the control.
RINGS = [0.0, 0.35, 0.65, 1.1]
SEATTLE = ROOT.parent / "shared" / "data" / "seattle-dmi" / "seattledmi.csv.gz"
# Of twelve quarters before.
SEATTLE_DONORS = 8
SEATTLE_ROWS = {"drugs": "i_drugs", "felony": "i_felony", "misdemeanour": "i_misdemea", "any crime": "any_crime"}
# As many periods as donors would be followed by chance: the interval of more donors than this excluded nothing.
DONORS = 15
PAGE = ROOT / "docs" / "referees.md"
BASE = "base: local, v 2"


@dataclass(frozen=True)
class Answer:
    """Change in percent with its 95% interval; NaN where there is none."""

    value: float
    low: float
    high: float

    @property
    def text(self):
        """The three numbers, as in the tables."""
        if not np.isfinite(self.value):
            return "none"
        high = f"{self.high:+.0f}" if np.isfinite(self.high) else "no bound"
        return f"{self.value:+.0f}% ({self.low:+.0f} to {high})".replace("-", "\u2212")


NONE = Answer(np.nan, np.nan, np.nan)


def version(name):
    """Return a package's name with its version; empty if it is not installed."""
    try:
        return f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return ""


def percent(effects, observed):
    """Return events that were gained or lost as an answer in percent of what was expected.

    Parameters
    ----------
    effects : sequence of float
        Estimate, low and high, in events.
    observed : float
        Events that were counted after.
    """
    return Answer(*(100 * effect / (observed - effect) if observed > effect else np.inf for effect in effects))


def spillover(panel, *, treated, lon, lat, after):
    """Return the answers of SpilloverDiD for target and nearest ring.

    Parameters
    ----------
    panel : ndarray, units x periods
        Counts.
    treated : ndarray of bool, units
        Units of the target.
    lon, lat : ndarray, units
        Degrees.
    after : int
        First period after.
    """
    from diff_diff import SpilloverDiD  # noqa: PLC0415 an extra

    units, periods = panel.shape
    unit, period = (part.ravel() for part in np.meshgrid(np.arange(units), np.arange(periods), indexing="ij"))
    data = pd.DataFrame({
        "unit": unit, "period": period, "count": panel.ravel().astype(float), "lat": lat[unit], "lon": lon[unit],
        "on": (treated[unit] & (period >= after)).astype(int),
    })  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = SpilloverDiD(
            rings=RINGS, vcov_type="conley", conley_coords=("lat", "lon"), conley_cutoff_km=1.0, conley_lag_cutoff=3
        ).fit(data, outcome="count", unit="unit", time="period", treatment="on")
    months, observed = periods - after, panel[treated, after:].sum()
    target = percent([end * treated.sum() * months for end in (fit.att, *fit.conf_int)], observed)
    return target, fit


def ring_answer(fit, panel, *, treated, distance, after):
    """Return the answer of SpilloverDiD for all rings together up to the second edge (the errors of the first ring)."""
    ring = ~treated & (distance < RINGS[1] * 1000)
    row = fit.spillover_effects.iloc[0]
    number = ring.sum() * (panel.shape[1] - after)
    return percent([row[key] * number for key in ("coef", "ci_low", "ci_high")], panel[ring, after:].sum())


def augmented(target, donors, *, after):
    """Return the answer of AugSynth with its conformal interval.

    Parameters
    ----------
    target : ndarray, periods
    donors : ndarray, donors x periods
    after : int
        First period after.
    """
    import polars as pl  # noqa: PLC0415 an extra
    from augsynth_py import AugSynth, conformal_interval  # noqa: PLC0415 an extra

    rows = [("target", target), *((f"donor {number}", series) for number, series in enumerate(donors))]
    frame = pl.DataFrame({
        "unit": [name for name, series in rows for _ in series],
        "period": [number for _, series in rows for number in range(series.size)],
        "count": [float(value) for _, series in rows for value in series],
    })  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = AugSynth().fit(frame, unit="unit", time="period", outcome="count", treated="target", treatment_time=after)
        low, high = conformal_interval(fit, rng=np.random.default_rng(1))
    months = target.size - after
    return percent([end * months for end in (float(fit.att_), low, high)], target[after:].sum())


def demo_panel():
    """Return the demo's needle finds by square of 200 m and month, without the month of the operation."""
    study = read_study(ROOT / "pipelines" / "demo.toml")
    operation, boundary = study.operations[0], study.area.boundary
    with (ROOT / "data" / "sample" / "needles.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    found = [row for row in rows if row["longitude"] and re.fullmatch(r"\d{4}-\d\d-\d\d.*", row["date"])]
    x, y = _crs.transform(
        [float(row["longitude"]) for row in found], [float(row["latitude"]) for row in found],
        source=_crs.LONLAT, target=study.area.crs,
    )  # fmt: skip
    month = np.array([int(row["date"][:4]) * 12 + int(row["date"][5:7]) - 1 for row in found])
    first, start, last = 2020 * 12, operation.period.start.year * 12 + operation.period.start.month - 1, 2022 * 12 + 11
    months = [number for number in range(first, last + 1) if number != start]
    return study, operation, boundary, (x, y, month), months, months.index(start + 1)


def demo_answers():
    """Return the rows of the demo: who, target, rings, what is claimed."""
    study, operation, boundary, (x, y, month), months, after = demo_panel()
    west, south, east, north = boundary.bounds
    centres = np.array(
        [(e, n) for e in np.arange(west + CELL / 2, east, CELL) for n in np.arange(south + CELL / 2, north, CELL)]
    )
    inside = shapely.contains_xy(boundary, centres[:, 0], centres[:, 1])
    centres = centres[inside]
    lookup = {
        tuple(np.floor((centre - (west, south)) / CELL).astype(int)): number for number, centre in enumerate(centres)
    }
    panel = np.zeros((len(centres), len(months)))
    at = {number: position for position, number in enumerate(months)}
    for east_of, north_of, when in zip(x, y, month, strict=True):
        key = (int((east_of - west) // CELL), int((north_of - south) // CELL))
        if key in lookup and int(when) in at:
            panel[lookup[key], at[int(when)]] += 1
    treated = shapely.contains_xy(operation.target, centres[:, 0], centres[:, 1])
    lon, lat = _crs.transform(centres[:, 0], centres[:, 1], source=study.area.crs, target=_crs.LONLAT)
    truth = json.loads((ROOT / "data" / "sample" / "truth.json").read_text(encoding="utf-8"))["streams"]["needles"]
    true = {key: 100 * (truth[key]["expected_with"] / truth[key]["expected_without"] - 1) for key in ("target", "ring")}
    record = json.loads((ROOT / "maps" / "demo" / "run.json").read_text(encoding="utf-8"))["operations"][0]
    effects = {effect["zone"]: effect for effect in record["measures"][0]["effects"]}

    def own(zone):
        effect = effects[zone]
        ends = [effect["change"], effect["interval"]["low"], effect["interval"]["high"]]
        return percent(ends, effect["after"])

    rows = [["planted", f"{true['target']:+.0f}%".replace("-", "\u2212"), f"{true['ring']:+.0f}%", ""]]
    rows.append(
        [
            "geoharm",
            own("target").text,
            own("all rings").text,
            "learned at places without an operation; measured in simulated cities",
        ]
    )
    if name := version("diff-diff"):
        target, fit = spillover(panel, treated=treated, lon=lon, lat=lat, after=after)
        distance = np.hypot(*(centres[:, None] - centres[treated][None]).transpose(2, 0, 1)).min(axis=1)
        ring = ring_answer(fit, panel, treated=treated, distance=distance, after=after)
        rows.append(
            [
                f"{name}, SpilloverDiD",
                target.text,
                f"{ring.text}, first ring",
                "asymptotic, with many treated units; Conley errors, 1 km and 3 months",
            ]
        )
    if name := version("augsynth-py"):
        in_target = shapely.contains_xy(operation.target, x, y)
        series = np.array([(in_target & (month == number)).sum() for number in months])
        side = np.sqrt(operation.target.area)
        far = boundary.difference(operation.target.buffer(operation.rings[-1]))
        donors = []
        for e in np.arange(west, east - side, side):
            for n in np.arange(south, north - side, side):
                square = shapely.box(e, n, e + side, n + side)
                if far.contains(square):
                    here = (x >= e) & (x < e + side) & (y >= n) & (y < n + side)
                    donors.append([(here & (month == number)).sum() for number in months])
        donors = np.array(donors)
        donors = donors[np.argsort(-donors[:, :after].sum(axis=1))[:DONORS]]
        rows.append(
            [
                f"{name}, AugSynth",
                augmented(series, donors, after=after).text,
                "no rings",
                "exact if errors are exchangeable over months; conformal",
            ]
        )
    return rows


def seattle_answers():
    """Return the rows of Seattle; empty if the data are not there."""
    if not SEATTLE.is_file():
        return []
    with gzip.open(SEATTLE, "rt", encoding="utf-8") as stream:
        blocks = pd.read_csv(stream)
    unit = next(name for name in blocks.columns if name.lower() == "id")
    treated = blocks.groupby(unit)["Intervention"].max() > 0
    rows = []
    published = json.loads((ROOT / "geoharm" / "replication" / "golden" / "family.json").read_text(encoding="utf-8"))[
        "seattle"
    ]["rows"]
    microsynth = {"drugs": -15.8, "felony": -32.6, "misdemeanour": -37.3, "any crime": -20.1}
    for name, column in SEATTLE_ROWS.items():
        wide = blocks.pivot_table(index=unit, columns="time", values=column, aggfunc="sum").sort_index(axis=1)
        is_treated = treated.loc[wide.index].to_numpy()
        target = wide[is_treated].sum().to_numpy()
        others = wide[~is_treated].to_numpy()
        # Groups of as many blocks as the target has, by their crime before, so that a donor is as large as the target.
        order = np.argsort(-others[:, :12].sum(axis=1), kind="stable")
        size = int(is_treated.sum())
        groups = np.array([others[order[start : start + size]].sum(axis=0) for start in range(0, size * 200, size)])
        level = np.abs(np.log((groups[:, :12].sum(axis=1) + 1) / (target[:12].sum() + 1)))
        groups = groups[np.argsort(level, kind="stable")[:SEATTLE_DONORS]]
        answer = augmented(target, groups, after=12).text if version("augsynth-py") else "not installed"
        found = published.get(name)
        rows.append([name, f"{microsynth[name]:+.1f}%".replace("-", "\u2212"), answer, _city_ratio(found)])
    return rows


def _city_ratio(found):
    """Return the rate ratio against the rest of the city, with the interval of counting noise."""
    if found is None:
        return ""
    before, after, city_before, city_after = found[:4]
    value = np.log(after / before) - np.log(city_after / city_before)
    error = np.sqrt(sum(1 / count for count in found[:4]))
    return Answer(*(100 * np.expm1(value + side * error) for side in (0, -1.96, 1.96))).text


def covered(number):
    """Return whether the interval of each one covers "no change" in one simulated city; None without an interval."""
    rng = np.random.default_rng(seed_of(BASE, number))
    cell = SCENARIOS[BASE]
    city, world = city_of(cell), cell.world
    rates, level = panel_rates(rng, city.units, world)
    counts = draw_counts(rng, rates, world.dispersion)
    split = world.before
    centre = choose(rng, cell, city, counts[:, :split], (rates[:, :split].mean(axis=1), level, None))[0]
    setup = city.setup(centre, worlds.window_after(world.after))
    treated = setup.masks["target"]
    # The truth is the ratio of rates with and without an effect: none.
    tables, data = worlds.count_table(setup, counts[:, :split], counts[:, split:].sum(axis=1))
    forecast, _, reason = fit_forecast(data, tables, setup.design, zone="target", after=setup.design.after)
    found = {"geoharm": None, "SpilloverDiD": None, "AugSynth": None}
    if forecast is not None and not reason:
        span = calibrated_ratio(forecast, int(counts[treated, split:].sum())).interval()
        found["geoharm"] = bool(span.low <= 0 <= span.high)
    lon, lat = _crs.transform(city.x, city.y, source=worlds.CRS, target=_crs.LONLAT)
    if version("diff-diff"):
        answer, _ = spillover(counts, treated=treated, lon=np.array(lon), lat=np.array(lat), after=split)
        found["SpilloverDiD"] = bool(answer.low <= 0 <= answer.high)
    if version("augsynth-py"):
        side = 3
        table_of = counts.reshape(30, 30, -1).reshape(10, side, 10, side, -1).sum(axis=(1, 3)).reshape(100, -1)
        clear = ~(treated | setup.masks["ring"]).reshape(10, side, 10, side).any(axis=(1, 3)).ravel()
        table_of = table_of[clear]
        table_of = table_of[np.argsort(-table_of[:, :split].sum(axis=1), kind="stable")[:DONORS]]
        answer = augmented(counts[treated].sum(axis=0), table_of, after=split)
        found["AugSynth"] = bool(answer.low <= 0 <= answer.high)
    return found


def coverage(rows):
    """Return the table of measured coverage from rows of `covered`."""
    lines = []
    for name in ("geoharm", "SpilloverDiD", "AugSynth"):
        given = [row[name] for row in rows if row[name] is not None]
        if given:
            share = float(np.mean(given))
            error = 100 * np.sqrt(share * (1 - share) / len(given))
            lines.append([name, len(rows), len(given), f"{100 * share:.0f} \u00b1 {error:.1f}"])
    return table(["95% interval of", "cities", "with an interval", "covers the truth, %"], lines)


def main() -> None:
    """Print the tables, or write them into the page."""
    missing = [name for name in ("diff-diff", "augsynth-py") if not version(name)]
    for name in missing:
        print(f"{name} is not installed (pip install geoharm[bench]).")
    parts = {"demo": table(["who", "target", "rings", "claim of coverage"], demo_answers())}
    if "--quick" not in sys.argv:
        if seattle := seattle_answers():
            heads = [
                "recorded",
                "microsynth, as published",
                "AugSynth, 39 blocks against groups of 39",
                "rate ratio against the city, counting noise",
            ]
            parts["seattle"] = table(heads, seattle)
        number = int(argument("--worlds", "0"))
        if number:
            rows = []
            for seed in range(number):
                rows.append(covered(seed))
                print(seed, rows[-1], flush=True)
            parts["worlds"] = coverage(rows)
    for name, text in parts.items():
        print(f"\n{name}\n{text}")
    if "--docs" in sys.argv and not missing:
        text = PAGE.read_text(encoding="utf-8")
        for name, made in parts.items():
            text = between_marks(text, name, made)
        PAGE.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
