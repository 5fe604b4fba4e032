"""Does the set of the displaced share hold the true one? The program's own functions on the rows of `bench.calibration`."""

from __future__ import annotations

import math

import numpy as np

from bench.calibration import CELLS, EFFECTS
from geoharm.evaluation.placebo.displaced_share import displaced_share
from geoharm.model.counts import Change
from geoharm.model.effect import Effect, PlaceboCheck
from geoharm.model.estimate import Estimate, Interval

ZONES = ("target", "all rings", "target and rings")
# Shares that no world plants: the set that belongs to counts without an effect must hold each of them.
ASKED = (-2.0, -1.0, -0.5)
_NOTHING = Change("control", 0, 0)


def effect_of(zone, one):
    """Return a zone's effect as the report holds it, from a row; None where there is no interval."""
    if "ca" not in one or "no" in one:
        return None
    mean, fall, effective, busy, phi, tau2, error = one["fc"]
    value, low, high = one["ca"]
    ratio = Estimate(
        "log rate ratio", value, error, "log ratio", "", calibrated=True, intervals=(Interval(low, high, 0.95),)
    )
    check = PlaceboCheck(36, 0, 0, effective, busy, mean, phi, math.sqrt(tau2), fall)
    return Effect(zone, "after", Change(zone, 0, one["y"]), _NOTHING, 1.0, ratio, ratio, ratio, 1.0, fall, check)


def set_of(zones, number):
    """Return the displaced share of one operation at one effect; None where a zone has no interval."""
    effects = [effect_of(zone, zones[zone][number]) for zone in ZONES]
    return None if None in effects else displaced_share(effects)


def true_share(zones, number):
    """Return the share that was planted, by expected counts."""
    local, around = zones["target"][number], zones["all rings"][number]
    return (around["t"] - around["m"]) / (local["m"] - local["t"])


def percent(found):
    """Return a share in per cent to a tenth, or None where there is nothing to count."""
    return round(100 * float(np.mean(found)), 1) if len(found) else None


def displaced(operations_by_cell):
    """Return by world: how often a set holds the planted share, how often a number is given, and how wide the set is."""
    found = {}
    for name, operations in operations_by_cell.items():
        kept = {number: [] for number in range(1, len(EFFECTS))}
        asked = {share: [] for share in ASKED}
        counting, given = [], []
        for zones in operations:
            first = set_of(zones, 0)
            if first is None:
                continue
            for share, held in asked.items():
                held.append(share in first.values)
            for number, rows in kept.items():
                one = set_of(zones, number)
                rows.append(true_share(zones, number) in one.values)
                if "ds" in zones["target"][number]:
                    counting.append(zones["target"][number]["ds"][1])
                if number == 3:
                    given.append((math.isfinite(one.value), rows[-1], one.values))
        some = [values for number, _, values in given if number]
        widths = [values.pieces[0][1] - values.pieces[0][0] for values in some if values.is_bounded]
        found[name] = {
            "n": len(given), "counting": percent(counting),
            "holds": {f"{fall:.0%} fall, {moved:.0%} moved": percent(kept[number]) for number, (fall, moved) in enumerate(EFFECTS) if number},
            "asked": {f"{share:g}": percent(held) for share, held in asked.items()},
            "given": percent([number for number, *_ in given]), "holds_given": percent([held for number, held, _ in given if number]),
            "bounded": percent([values.is_bounded for values in some]), "width": round(float(np.median(widths)), 2) if widths else None,
        }  # fmt: skip
    return found


def says(found):
    """Return what the figures say, in words."""
    kept = {name: one for name, one in found.items() if one["n"] and CELLS[name].recording != "target"}
    means = {name: float(np.mean(list(one["holds"].values()))) for name, one in kept.items()}
    asked = {(name, share): value for name, one in kept.items() for share, value in one["asked"].items()}
    given = {name: one["holds_given"] for name, one in kept.items() if one["given"] and one["given"] >= 10}
    least, most, low = min(means, key=means.get), max(means, key=means.get), min(asked, key=asked.get)
    worst = min(given, key=given.get)
    return (
        f"The set holds the planted share in {np.mean(list(means.values())):.1f}% (mean over worlds; from {means[least]:.1f}, {least}, to "
        f"{means[most]:.1f}, {most}), and shares of −0.5 to −2, which no world plants, in {np.mean(list(asked.values())):.1f}% (at least "
        f"{asked[low]:.1f}, {low[0]}). Where a number is given, its set holds the truth in {given[worst]:.1f}% and more. The set of "
        f"counting noise alone would hold it in {np.mean([one['counting'] for one in kept.values()]):.0f}%. The price: at a fall of 40% a number "
        f"is given in {np.mean([one['given'] for one in kept.values()]):.0f}% of operations with intervals, and the median bounded set is "
        f"{np.median([one['width'] for one in kept.values() if one['width']]):.1f} wide: one operation seldom tells a third moved from nothing moved."
    )  # fmt: skip


def rows_of_table(found):
    """Return heading and rows of the table, a row a world."""
    head = ["world", "operations", "holds the planted share, all effects", "−20, 0 moved", "−20, 30%", "−40, 30%", "−40, all",
            "share −0.5", "−1", "−2", "a number is given (−40, 30%)", "then it holds", "bounded", "median width", "counting only holds"]  # fmt: skip
    rows = []
    for name, one in found.items():
        holds = list(one["holds"].values())
        mean = round(float(np.mean(holds)), 1) if one["n"] else None
        asked = [one["asked"][f"{share:g}"] for share in (-0.5, -1.0, -2.0)]
        rows.append(
            [
                name,
                one["n"],
                mean,
                *holds,
                *asked,
                one["given"],
                one["holds_given"],
                one["bounded"],
                one["width"],
                one["counting"],
            ]
        )
    return head, rows
