"""Attackers of maps, files for a GIS, rounded numbers and pooled estimates, and of the folder itself."""

from __future__ import annotations

import itertools
import math
import sqlite3
import tempfile
from pathlib import Path

from tests.attacks.attackers.published import ends, exact
from tests.attacks.attackers.series import lines_of

SMALL = set(range(41))
ALLOWED = {
    ".csv", ".docx", ".gpkg", ".html", ".json", ".parquet", ".png", ".qgz", ".svg", ".tif", ".txt", ".xlsx",
}  # fmt: skip


def _rounded_to_ten(number, folder):
    """Return the counts that a number of a hotspot stands for."""
    return {number} if folder.release == "internal" else set(range(number - 5, number + 6))


def _in_both_windows(folder):
    effect = folder.effect("target")
    return effect["before"] + effect["after"] if exact(effect["before"]) and exact(effect["after"]) else None


def hotspot_minus_target(folder):
    """Take what a hotspot has beside the target from its events and the target's in both windows."""
    target, hotspot = _in_both_windows(folder), folder.run["hotspots"][0]["hotspots"][0]["events"]
    if target is None:
        return SMALL
    return {count - target for count in _rounded_to_ten(hotspot, folder) if count >= target}


def gis_minus_target(folder):
    """Take the same from the attributes of the GeoPackage, its events and its share."""
    target = _in_both_windows(folder)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "hotspots.gpkg")
        path.write_bytes(folder.files["hotspots.gpkg"])
        with sqlite3.connect(path) as connection:
            events, share = connection.execute("SELECT events, share FROM hotspots").fetchone()
        connection.close()
    if target is None:
        return SMALL
    half = 0.005 if folder.release == "public" else 1e-12
    return {
        count - target
        for count in _rounded_to_ten(int(events), folder)
        if count >= target and abs(count / 1000 - share) <= half
    }


def from_two_ginis(folder):
    """Solve the two Gini coefficients, whose ratio is the places over the events, for the events beyond 200."""
    one = folder.run["hotspots"][0]["concentration"]
    gini, adjusted, places = one["gini"], one["adjusted_gini"], one["places"]
    half = 0.005 if folder.release == "public" else 2e-9
    found = set()
    for count in SMALL:
        events = 200 + count
        low, high = (1 + (gini + shift - 1) * places / events for shift in (-half, half))
        if min(low, high) - half <= adjusted <= max(low, high) + half:
            found.add(count)
    return found


def rounded_by(name):
    """Return the attacker who solves an estimate for a count that is shown rounded to five.

    If the estimate is what the shown counts give, it was computed from them and tells no more than they do.
    """

    def recover(folder):
        effect = folder.effect("target")
        value, before = effect[name]["value"], effect["before"]
        after, c0, c1 = (effect[key] for key in ("after", "control_before", "control_after"))

        def estimated(count, late, early_control, late_control):
            if name == "ratio":
                return math.log(late * early_control / (count * late_control))
            return late - count * late_control / early_control

        if folder.release == "internal":
            return {count for count in range(20, 45) if abs(estimated(count, after, c0, c1) - value) < 1e-6}
        around = [range(shown - 2, shown + 3) for shown in (before, after, c0, c1)]
        if abs(estimated(before, after, c0, c1) - value) < 1e-6:
            return set(around[0])
        digits = 0.005 if name == "ratio" else 2.5
        return {
            count
            for count, late, early_control, late_control in itertools.product(*around)
            if abs(estimated(count, late, early_control, late_control) - value) <= digits + 1e-9
        }

    return recover


def month_by_pixels(position):
    """Return the attacker who reads a month of the target from the height of its line, to a fraction of an event."""

    def recover(folder):
        lines = lines_of(folder)
        if not lines:
            return set(range(20, 45))
        height = lines[-1][position]
        if folder.release == "internal":
            return {count for count in range(20, 45) if abs(count - height) < 0.3}
        # A height on a multiple of five is the rounded count, and tells no more than that.
        near = round(height / 5) * 5
        if abs(height - near) < 0.3:
            return set(range(near - 2, near + 3))
        return {round(height)}

    return recover


def mean_minus_operations(folder):
    """Take one operation's ratio from the mean of two and the row of the other, and solve it for its count after."""
    forest = folder.run["forests"][0]["forest"] if folder.run["forests"] else {"pooled": None}
    if not forest["pooled"] or not exact(forest["pooled"]["value"]):
        return SMALL
    rows = [row["estimate"]["value"] for row in forest["rows"] if row["label"] != "Y"]
    effect = folder.effect("target", operation=1)
    numbers = (effect["before"], effect["control_before"], effect["control_after"])
    if len(rows) != 1 or not all(map(exact, numbers)):
        return SMALL
    before, c0, c1 = numbers
    left = 2 * forest["pooled"]["value"] - sum(rows)
    return {n for n in range(1, 41) if abs(math.log(n * c0 / (before * c1)) - left) < 1e-6}


def composite_minus_part(folder):
    """Take one part's ratio from the composite outcome and the other part, and solve it for its count after."""
    result = folder.run["composites"][0]["results"][0]
    effect = folder.effect("target", measure="b")
    rows = [row["estimate"]["value"] for row in result["rows"] if not row["label"].startswith("b,")]
    numbers = (result["pooled"]["value"], effect["before"], effect["control_before"], effect["control_after"])
    if len(rows) != 1 or not all(map(exact, numbers)):
        low, high = ends(effect["after"])
        return set(range(int(low), int(min(high, 40)) + 1))
    mean, before, c0, c1 = numbers
    left = 2 * mean - rows[0]
    return {n for n in range(1, 41) if abs(math.log(n * c0 / (before * c1)) - left) < 1e-6}


def by_names_and_sizes(publish):
    """Return the attacker who tries every count and compares nothing but the names and sizes of all files; hashes have one size."""

    def seen(folder):
        # An internal page counts up to 4 with one digit each, so its sizes tell nothing; its bytes do.
        return {name: len(content) if folder.release == "public" else content for name, content in folder.files.items()}

    def recover(folder):
        return {count for count in (1, 2, 3, 4) if seen(publish(count, folder.release)) == seen(folder)}

    return recover


def foreign_files(folder):
    """Look for files that no reader needs, and read the planted count in what an internal run leaves; in a public one, nothing."""
    strange = {name for name in folder.files if Path(name).suffix not in ALLOWED or name.startswith(".")}
    if strange:
        return set()
    if folder.release == "internal":
        return {folder.effect("50-250 m")["before"]}
    low, high = ends(folder.effect("50-250 m")["before"])
    return set(range(int(low), int(min(high, 40)) + 1))
