"""Attackers who read the counts of months from lines, curves and windows."""

from __future__ import annotations

import math
import re

from tests.attacks.attackers.published import ends, exact
from tests.attacks.attackers.solving import known, possible

SMALL = set(range(41))
EXPECTED_A_MONTH = 25.0
_LINE = re.compile(r'<polyline points="([^"]+)"[^>]*>')
_TICK = re.compile(r'<text x="42" y="([\d.]+)"[^>]*>([\d,]+)</text>')
_MONTHLY = "a-month"


def months_shown(folder):
    """Return the counts of the target by (year, month) from the table of months; empty if it is not by month."""
    for name, rows in folder.tables().items():
        if "target-area" in name and _MONTHLY in name:
            return {
                (int(row[0]), month): int(cell)
                for row in rows[1:]
                for month, cell in enumerate(row[1:], start=1)
                if cell.isdigit()
            }
    return {}


def steps_shown(folder):
    """Return the counts of the target by the first and the last month of each step, as the table shows them."""
    names = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    found = {}
    for name, rows in folder.tables().items():
        if "target-area" not in name or not rows or not rows[0][0].endswith("Year"):
            continue
        for row in rows[1:]:
            for head, cell in zip(rows[0][1:], row[1:], strict=True):
                if cell.isdigit():
                    first, last = (
                        names.index(part) + 1 for part in (head.split("\u2013")[0], head.split("\u2013")[-1])
                    )
                    found[int(row[0]), first, last] = int(cell)
    return found


def lines_of(folder):
    """Return the heights of every line of the chart over time in its own unit, read from its ticks and its pixels."""
    text = next(
        (folder.text(name) for name in sorted(folder.files) if name.endswith(".svg") and "over-time" in name), ""
    )
    ticks = [(float(y) - 4, float(label.replace(",", ""))) for y, label in _TICK.findall(text)]
    if len(ticks) < 2:
        return []
    (y0, v0), (y1, v1) = ticks[0], ticks[-1]
    scale = (v1 - v0) / (y1 - y0)
    return [[v0 + (float(pair.split(",")[1]) - y0) * scale for pair in line.split()] for line in _LINE.findall(text)]


def month_by_windows(planted):
    """Return the attacker who takes the last month of a window from the window and the steps inside it."""

    def recover(folder):
        after = folder.operations[0]["after"]["periods"]
        months = [(2021, month) for month in range(2, 8)]
        assert (after[0]["start"], after[-1]["end"]) == ("2021-02-01", "2021-08-01")
        sums = [known([str(month) for month in months], ends(folder.effect("target")["after"]))]
        for (year, first, last), count in steps_shown(folder).items():
            parts = [(year, month) for month in range(first, last + 1)]
            if parts != [planted]:
                sums.append(known([str(part) for part in parts], (count, count)))
        return possible(str(planted), sums)

    return recover


def control_month(folder, position):
    """Return a month's count in the control from its line, scaled to the target's level before; None if it is not drawn."""
    effect, lines = folder.effect("target"), lines_of(folder)
    if not months_shown(folder) or not lines or not exact(effect["before"]) or not exact(effect["control_before"]):
        return None
    return round(lines[0][position] * effect["control_before"] / effect["before"])


def control_month_by_line(position):
    """Return the attacker who takes a month's count in the control from its line."""

    def recover(folder):
        count = control_month(folder, position)
        return SMALL if count is None else {count}

    return recover


def control_month_by_curve(position, month):
    """Return the attacker who takes a month's count in the control from the cumulative difference and the target's months."""

    def recover(folder):
        curve = folder.measure("finds")["other_estimators"]["cumulative_wdd"]
        effect, months = folder.effect("target"), months_shown(folder)
        if not curve or month not in months or not exact(effect["before"]) or not exact(effect["control_before"]):
            return SMALL
        values = [0.0] + [point["value"] for point in curve["points"]]
        step = values[position] - values[position - 1]
        value = (months[month] - step) * effect["control_before"] / effect["before"]
        return {count for count in SMALL if abs(count - value) < 1e-4}

    return recover


def target_month_by_running_change(folder):
    """Take a month in the target from its change up to that month and up to the one before, knowing what was expected."""
    points = (folder.measure("finds")["other_estimators"] or {}).get("running_change") or []
    values = {one["name"]: one["value"] for one in points if exact(one["value"])}
    if not {"month 1", "month 2"} <= values.keys():
        return SMALL
    half = 0.5e-8 if folder.release == "internal" else 0.005
    ends = [
        [EXPECTED_A_MONTH * months * math.exp(values[f"month {months}"] + side * half) for side in (-1, 1)]
        for months in (1, 2)
    ]
    return {count for count in SMALL if ends[1][0] - ends[0][1] - 1e-6 <= count <= ends[1][1] - ends[0][0] + 1e-6}


def target_month_by_event_study(folder):
    """Take March 2021 in the target from the event study's block of February and March, and from the lines' heights."""
    curve = folder.measure("finds")["other_estimators"]["event_study"]
    lines, months = lines_of(folder), months_shown(folder)
    value = next((one["value"] for one in (curve or {"points": []})["points"] if one["name"] == "months 1 to 2"), None)
    if not lines or not exact(value) or (2021, 2) not in months:
        return SMALL
    # The reference is November and December 2020, the last block before.
    control, target = lines[0], lines[1]
    block = math.exp(value) * sum(control[13:15]) / sum(control[10:12]) * sum(target[10:12])
    return {count for count in SMALL if abs(count - (block - months[2021, 2])) < 0.3}


def between_targets_by_event_studies(folder):
    """Take March 2021 between two targets from the event studies of two operations.

    He knows all other months: 20 events in the smaller target, 30 in the larger, and a control that never changes.
    """
    march = []
    for operation, level in enumerate((20, 30)):
        curve = folder.measure("finds", operation=operation)["other_estimators"]["event_study"] or {"points": []}
        value = next((one["value"] for one in curve["points"] if one["name"] == "month 2"), None)
        if not exact(value):
            return SMALL
        march.append(math.exp(value) * level)
    return {count for count in SMALL if abs(count - (march[1] - march[0])) < 0.3}
