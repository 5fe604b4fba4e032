"""Rates and tables of placebo operations on real counts.

Run as ``python -m bench.placebo_real_table --rows FILE`` to print the figures of the blocks in a file of `bench.placebo_real`,
with ``--summary`` to write them to `bench/placebo_real.json`, and with ``--docs`` to write the tables of that file into
`docs/calibration.md`.

Nothing was planted in the counts as they are, so every true change is taken as 0. Real places also change by themselves, so
rates of wrong statements are upper limits.
"""

from __future__ import annotations

import json
import math
import sys
from datetime import date
from pathlib import Path

import numpy as np

from bench.calibration import argument
from bench.calibration_table import table, write_part
from bench.placebo_real import FALLS, LEVELS, MONTHS_AFTER, PER_BLOCK, ROOT, kept_blocks
from geoharm.evaluation.claims import FINDING_LEVEL, LEAD_LEVEL, TURBULENT_FACTOR, held_claims
from geoharm.evaluation.placebo.places import ZONES
from geoharm.evaluation.reading import FINDINGS, LEADS, MAX_DETECTABLE, MIN_EXPECTED
from geoharm.model.estimate import Interval
from geoharm.model.harm_settings import DEFAULT_MARGIN
from geoharm.model.period import add_months
from geoharm.model.reading import Claim, Reading

SUMMARY = ROOT / "bench" / "placebo_real.json"
MARGINS = (DEFAULT_MARGIN, 0.5)  # largest change that a bound may leave open
LAST_QUIET = date(2020, 3, 1)  # windows that end by this day were over before going out was first restricted
SEASONS = {12: "winter", 3: "spring", 6: "summer", 9: "autumn"}  # by the month in which a window begins
DETECTABLE_CLASSES = (("under 30%", 0.0, 0.3), ("30 to 50%", 0.3, 0.5), ("over 50%", 0.5, 1.1))
APART = {"target": 700.0, "all rings": 2700.0, "target and rings": 2700.0}  # metres between places that share no ground
CLUSTER = 2700.0  # side of the squares within which answers of one date are taken as one cluster, in metres
FELL_AT_ALL, ROSE_AT_ALL = (Reading.FELL, Reading.PROBABLY_FELL), (Reading.ROSE, Reading.PROBABLY_ROSE)


def rows_of_blocks(lines):
    """Return all rows with the first day, kind and place of their operation, and their group's labels."""
    rows = []
    for line in lines:
        start = date.fromisoformat(line["start"])
        for operation in line["operations"]:
            for row in operation["rows"]:
                quiet = add_months(start, row["months"]) <= LAST_QUIET
                rows.append(
                    row
                    | {"start": line["start"], "kind": line["kind"], "x": operation["x"], "y": operation["y"]}
                    | {"season": SEASONS[start.month], "times": "quiet" if quiet else "later"}
                )
    return rows


def is_turbulent(row):
    """Return whether the whole city's count changed by more than `TURBULENT_FACTOR`."""
    return not 1 / TURBULENT_FACTOR <= row["city"] <= TURBULENT_FACTOR


def side(span):
    """Return -1 for an interval below 0, 1 for one above, 0 otherwise."""
    low, high = span
    return int(low > 0) - int(high < 0)


def covers(span, fall):
    """Return whether an interval of the log ratio contains a planted fall."""
    return span[0] <= math.log1p(-fall) <= span[1]


def rung(row, number, *, margin):
    """Return the first statement of the ladder that holds for a harm, as `geoharm.evaluation.reading` decides it.

    Parameters
    ----------
    row : dict
        Row of `bench.placebo_real.one_operation`.
    number : int
        Position of the planted fall in `FALLS`.
    margin : float
        The largest change that a bound may leave open, as a share of the expected count.
    """
    if "spans" not in row:
        return Reading.CANNOT_TELL
    spans = {level: Interval(*ends, level) for level, ends in zip(LEVELS, row["spans"][number], strict=True)}
    held = held_claims(spans.get, margin=margin)
    is_capped = row["cap"] or row["expected"] < MIN_EXPECTED or not row["detectable"] <= MAX_DETECTABLE
    if Claim.FINDING in held and not is_capped:
        return FINDINGS[spans[FINDING_LEVEL].side]
    if Claim.LEAD in held and not is_turbulent(row):
        return LEADS[spans[LEAD_LEVEL].side]
    if Claim.NO_RISE in held:
        return Reading.NO_RISE_OVER
    return Reading.NO_FALL_OVER if Claim.NO_FALL in held else Reading.CANNOT_TELL


def places_apart(places, metres):
    """Return how many places can be picked one by one so that all are at least some metres apart.

    Examples
    --------
    >>> places_apart([(0, 0), (500, 0), (800, 0), (5000, 0)], 700)
    3
    """
    picked = []
    for x, y in places:
        if all(np.hypot(x - other_x, y - other_y) >= metres for other_x, other_y in picked):
            picked.append((x, y))
    return len(picked)


def share(values, clusters):
    r"""Return the mean of values of 0 and 1 and its standard error, in percent; None without values.

    Parameters
    ----------
    values : list of bool
        One for each answer.
    clusters : list
        Label of the cluster of each answer; answers of one cluster may depend on each other.

    Notes
    -----
    The error is that of a mean of clusters, the root of :math:`\sum_c (\sum_{i \in c} (v_i - \bar v))^2 / n^2`
    (K.-Y. Liang, S. L. Zeger 1986, Biometrika 73:13-22, https://doi.org/10.1093/biomet/73.1.13).

    Examples
    --------
    >>> share([True, False, False, False], [1, 1, 2, 2])
    [25.0, 17.7]
    """
    if not values:
        return None
    value = np.asarray(values, dtype=float)
    _, cluster = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    sums = np.bincount(cluster.ravel(), weights=value - value.mean())
    return [round(100 * float(value.mean()), 1), round(100 * float(np.sqrt((sums**2).sum()) / value.size), 1)]


def figures_of(rows, zone):
    """Return the figures of a group of answers about one zone.

    Parameters
    ----------
    rows : list of dict
        Results of `rows_of_blocks`, of one zone.
    zone : str
        Name of the zone.
    """
    clusters = [f"{row['start']} {row['x'] // CLUSTER} {row['y'] // CLUSTER}" for row in rows]
    answered = [place for place, row in enumerate(rows) if "spans" in row]

    def of_all(check):
        return share([check(row) for row in rows], clusters)

    def of_answered(check):
        return share([check(rows[place]) for place in answered], [clusters[place] for place in answered])

    def says(number, names, margin=MARGINS[0]):
        return of_all(lambda row: rung(row, number, margin=margin) in names)

    at = {level: position for position, level in enumerate(LEVELS)}
    starts = sorted({row["start"] for row in rows})
    figures = {
        "answers": len(rows),
        "dates": len(starts),
        "places_apart": places_apart(sorted({(row["x"], row["y"]) for row in rows}), APART[zone]),
        "interval": of_all(lambda row: "spans" in row),
        "rejects_95": of_answered(lambda row: side(row["spans"][0][at[0.95]]) != 0),
        "rejects_80": of_answered(lambda row: side(row["spans"][0][at[0.8]]) != 0),
        "upper_wrong": of_answered(lambda row: row["spans"][0][at[0.9]][1] < 0),
        "lower_wrong": of_answered(lambda row: row["spans"][0][at[0.9]][0] > 0),
        "findings": says(0, FINDINGS.values()),
        "probable": says(0, LEADS.values()),
        "bounds": says(0, (Reading.NO_RISE_OVER, Reading.NO_FALL_OVER)),
        "unusable_25": says(0, (Reading.CANNOT_TELL,)),
        "unusable_50": says(0, (Reading.CANNOT_TELL,), MARGINS[1]),
        "detectable": median([rows[place]["detectable"] for place in answered]),
    }
    counting = [place for place, row in enumerate(rows) if "counting" in row]
    figures["counting_rejects"] = share(
        [rows[place]["counting"] != 0 for place in counting], [clusters[place] for place in counting]
    )
    false_falls = says(0, FELL_AT_ALL)
    for number, fall in enumerate(FALLS[1:], start=1):
        found = says(number, FELL_AT_ALL)
        figures[f"fall_{fall:g}"] = {
            "fell": says(number, (Reading.FELL,)),
            "fell_or_probably": found,
            "rose_or_probably": says(number, ROSE_AT_ALL),
            "covers_95": of_answered(lambda row, number=number, fall=fall: covers(row["spans"][number][at[0.95]], fall)),
            "no_fall_over": says(number, (Reading.NO_FALL_OVER,)),
            "right_if_half_do_nothing": right_of(found, false_falls),
        }  # fmt: skip
    return figures


def right_of(found, false):
    """Return the percentage of "(probably) fell" that is right if half of all operations change nothing; None without any.

    Parameters
    ----------
    found, false : [value, error]
        Percentages of "(probably) fell" with and without a fall.
    """
    total = found[0] + false[0]
    return round(100 * found[0] / total) if total else None


def median(values):
    """Return the median to three decimals; None for an empty list."""
    return round(float(np.median(values)), 3) if values else None


def groups():
    """Return for each group its label and a check of a row."""
    shortest = MONTHS_AFTER[0]
    checks = {"all": bool}
    for months in MONTHS_AFTER:
        checks[f"{months} months after"] = lambda row, months=months: row["months"] == months
    for times in ("quiet", "later"):
        checks[f"3 months, {times}"] = lambda row, times=times: row["months"] == shortest and row["times"] == times
    checks["city changed by over a quarter"] = is_turbulent
    checks["city changed by less"] = lambda row: not is_turbulent(row)
    for label, low, high in DETECTABLE_CLASSES:
        checks[f"smallest detectable fall {label}"] = lambda row, low=low, high=high: (
            "spans" in row and low <= row["detectable"] < high
        )
    for season in ("winter", "spring", "summer", "autumn"):
        checks[f"3 months from {season}"] = lambda row, season=season: (
            row["months"] == shortest and row["season"] == season
        )
    for kind in ("random", "busiest tenth"):
        checks[f"{kind} places"] = lambda row, kind=kind: row["kind"] == kind
    return checks


def summarise(lines):
    """Return the figures of every group by zone, and of every measure."""
    rows = rows_of_blocks(lines)
    checks = groups() | {
        name: lambda row, name=name: row["measure"] == name for name in dict.fromkeys(row["measure"] for row in rows)
    }
    by_group = {}
    for label, check in checks.items():
        for zone in ZONES:
            group = [row for row in rows if row["zone"] == zone and check(row)]
            if group:
                by_group.setdefault(label, {})[zone] = figures_of(group, zone)
    operations = {(row["start"], row["kind"], row["x"], row["y"]) for row in rows}
    return {"operations": len(operations), "dates": len({row["start"] for row in rows}), "groups": by_group}


def compact(summary):
    """Return the summary as JSON, with one line for each group."""
    lines = (f" {json.dumps(label)}: {json.dumps(figures)}" for label, figures in summary["groups"].items())
    head = json.dumps({key: value for key, value in summary.items() if key != "groups"})[:-1]
    return head + ', "groups": {\n' + ",\n".join(lines) + "\n}}\n"


def triple(zones, get):
    """Return a figure of target, rings and both as "T / D / U"; `get` reads it from a zone's figures."""
    return " / ".join("–" if zone not in zones or (value := get(zones[zone])) is None else str(value) for zone in ZONES)


def nothing_planted(groups_by_label):
    """Return the table of statements where nothing was planted, one row for each group."""
    head = [
        "group", "answers T / D / U", "places apart x dates", "95% interval possible", "95% leaves out zero (5)", "its standard error",
        "80% leaves out zero (20)", "upper bound wrong (5)", "lower bound wrong (5)", "said: fell or rose", "probably fell or rose",
        "a bound up to 25%", "cannot tell", "cannot tell, bounds up to 50%",
    ]  # fmt: skip
    keys = (
        "rejects_80", "upper_wrong", "lower_wrong", "findings", "probable", "bounds", "unusable_25", "unusable_50",
    )  # fmt: skip
    rows = []
    for label, zones in groups_by_label.items():
        rows.append([
            label, triple(zones, lambda cell: cell["answers"]), triple(zones, lambda cell: f"{cell['places_apart']}x{cell['dates']}"), percents(zones, "interval"), percents(zones, "rejects_95"),
            percents(zones, "rejects_95", position=1), *(percents(zones, key) for key in keys),
        ])  # fmt: skip
    return table(head, rows)


def percents(zones, key, *, position=0):
    """Return a percentage, or at position 1 its standard error, of target, rings and both."""
    return triple(zones, lambda cell: None if cell[key] is None else f"{cell[key][position]:.1f}")


def with_falls(groups_by_label):
    """Return the table of statements where a fall was planted, over all windows and measures."""
    head = ["planted fall", "fell T / D / U", "fell or probably fell", "rose or probably rose", "no fall over 25%",
            "95% interval covers it", "right, if half do nothing"]  # fmt: skip
    rows = []
    for fall in FALLS[1:]:
        zones = {zone: cell[f"fall_{fall:g}"] for zone, cell in groups_by_label["all"].items()}
        keys = ("fell", "fell_or_probably", "rose_or_probably", "no_fall_over", "covers_95")
        right = triple(zones, lambda cell: cell["right_if_half_do_nothing"])
        rows.append([f"{fall:.0%}", *(percents(zones, key) for key in keys), right])
    return table(head, rows)


def main_results(summary):
    """Return the main figures as a list of sentences."""
    by_group = summary["groups"]
    everything, short = by_group["all"], by_group[f"{MONTHS_AFTER[0]} months after"]
    # Rates that can be told from 5 in 100: two standard errors above.
    above = [
        f"{label}, {zone} ({cell['rejects_95'][0]:.1f}%)"
        for label, zones in by_group.items()
        for zone, cell in zones.items()
        if cell["rejects_95"] and cell["rejects_95"][0] - 2 * cell["rejects_95"][1] > 5
    ]
    groups_in_all = sum(cell["rejects_95"] is not None for zones in by_group.values() for cell in zones.values())
    right = {
        f"{fall:.0%}": triple({zone: cell[f"fall_{fall:g}"] for zone, cell in everything.items()}, lambda cell: cell["right_if_half_do_nothing"])
        for fall in FALLS[1:]
    }  # fmt: skip
    return "\n".join([
        f"- {summary['operations']} places and dates, target / rings / both (T / D / U). With nothing planted, the 95% interval leaves out "
        f"zero in {percents(everything, 'rejects_95')}% (standard errors {percents(everything, 'rejects_95', position=1)}; counting noise only, "
        f"3 months after: {percents(short, 'counting_rejects')}%), the 80% interval in {percents(everything, 'rejects_80')}%.",
        f"- One-sided 95% bounds are wrong in {percents(everything, 'upper_wrong')}% (above) and {percents(everything, 'lower_wrong')}% (below).",
        f"- More than two standard errors above 5%: {'; '.join(above) or 'none'}, of {groups_in_all} rates in the table.",
        f'- Of all operations, {percents(everything, "findings")}% are said to have fallen or risen ("fell", "rose") and {percents(everything, "probable")}% '
        f'"probably" so. "Cannot tell" remains for {percents(everything, "unusable_25")}% (with bounds up to 50%: '
        f"{percents(everything, 'unusable_50')}%).",
        '- If half of all operations do nothing, of "fell" or "probably fell" are right: '
        + "; ".join(f"{text}% where the others fall by {fall}" for fall, text in right.items()) + ".",
    ])  # fmt: skip


def part(summary):
    """Return the generated part of the page."""
    return (
        f"{main_results(summary)}\n\nNothing planted, percent:\n\n{nothing_planted(summary['groups'])}\n\n"
        f"A fall planted in the zone itself; all windows and measures, percent:\n\n{with_falls(summary['groups'])}"
    )


def main() -> None:
    """Summarise rows, write the docs, or print the tables."""
    if "--rows" in sys.argv:
        lines = kept_blocks(Path(argument("--rows", "")), PER_BLOCK).values()
        if not lines:
            print(json.dumps({"figure": "placebo operations", "skipped": "no block is finished"}))
            return
        summary = summarise(lines)
        if "--summary" in sys.argv:
            SUMMARY.write_text(compact(summary), encoding="utf-8")
    else:
        summary = json.loads(SUMMARY.read_text(encoding="utf-8"))
    if "--docs" in sys.argv:
        write_part("real", part(summary))
    else:
        print(part(summary))


if __name__ == "__main__":
    main()
