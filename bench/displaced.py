"""Coverage of the set of displaced shares, by the program's own functions on the rows of `bench.calibration`."""

from __future__ import annotations

import math

import numpy as np

from bench.calibration import EFFECTS, ONLY_PROBABLE, SCENARIOS
from geoharm.evaluation.effects import build_effect
from geoharm.evaluation.placebo.displaced_share import displaced_share
from geoharm.model.counts import Change
from geoharm.model.effect import PlaceboCheck
from geoharm.model.estimate import Estimate, Interval

ZONES = ("target", "all rings", "target and rings")
# Shares that no scenario has. Without an effect every share is true, so the set must contain each of them.
NEGATIVE_SHARES = (-2.0, -1.0, -0.5)
_NOTHING = Change("control", 0, 0)


def effect_of(zone, one):
    """Return a zone's effect as the report has it, made from a row; None if it has no interval."""
    if "ca" not in one or one.get("no") not in (None, ONLY_PROBABLE):
        return None
    mean, fall, effective, busy, phi, tau2, error, *_, dates = one["fc"]
    value, low, high = one["ca"]
    # The share rests on the 95% interval. The other levels are needed for a statement, which nothing here reads.
    spans = tuple(Interval(low, high, level) for level in (0.8, 0.9, 0.95))
    ratio = Estimate("log rate ratio", value, error, "log ratio", "", calibrated=True, intervals=spans)
    check = PlaceboCheck(36, 0, 0, effective, busy, mean, phi, math.sqrt(tau2), fall, dates=dates)
    return build_effect(
        zone,
        "after",
        Change(zone, 0, one["y"]),
        _NOTHING,
        length_ratio=1.0,
        ratio=ratio,
        counting_ratio=ratio,
        difference=ratio,
        dispersion=1.0,
        detectable_fall=fall,
        placebo=check,
    )


def set_of(zones, number):
    """Return the displaced share of one operation at one effect; None if a zone has no interval."""
    effects = [effect_of(zone, zones[zone][number]) for zone in ZONES]
    return None if None in effects else displaced_share(effects)


def true_share(zones, number):
    """Return the true displaced share, from expected counts."""
    target_row, ring_row = zones["target"][number], zones["all rings"][number]
    return (ring_row["t"] - ring_row["m"]) / (target_row["m"] - target_row["t"])


def percent(found):
    """Return the share of true values in per cent, to one decimal; None for an empty list."""
    return round(100 * float(np.mean(found)), 1) if len(found) else None


def displaced(operations_by_cell):
    """Return by scenario the coverage of the set, how often a number is given, and the width of the set."""
    figures = {}
    for name, operations in operations_by_cell.items():
        covered_by_effect = {number: [] for number in range(1, len(EFFECTS))}
        covered_by_share = {share: [] for share in NEGATIVE_SHARES}
        covered_by_counting, sets_at_40 = [], []
        for zones in operations:
            set_without_effect = set_of(zones, 0)
            if set_without_effect is None:
                continue
            for share, covered in covered_by_share.items():
                covered.append(share in set_without_effect.values)
            for number, covered in covered_by_effect.items():
                displaced_set = set_of(zones, number)
                covered.append(true_share(zones, number) in displaced_set.values)
                if "ds" in zones["target"][number]:
                    covered_by_counting.append(zones["target"][number]["ds"][1])
                if number == 3:
                    sets_at_40.append((math.isfinite(displaced_set.value), covered[-1], displaced_set.values))
        sets_with_number = [values for has_number, _, values in sets_at_40 if has_number]
        widths = [values.pieces[0][1] - values.pieces[0][0] for values in sets_with_number if values.is_bounded]
        figures[name] = {
            "n": len(sets_at_40), "counting": percent(covered_by_counting),
            "holds": {f"{fall:.0%} fall, {moved:.0%} moved": percent(covered_by_effect[number]) for number, (fall, moved) in enumerate(EFFECTS) if number},
            "asked": {f"{share:g}": percent(covered) for share, covered in covered_by_share.items()},
            "given": percent([has_number for has_number, *_ in sets_at_40]), "holds_given": percent([covered for has_number, covered, _ in sets_at_40 if has_number]),
            "bounded": percent([values.is_bounded for values in sets_with_number]), "width": round(float(np.median(widths)), 2) if widths else None,
        }  # fmt: skip
    return figures


def says(found):
    """Return the main results as text."""
    included = {name: cell for name, cell in found.items() if cell["n"] and not SCENARIOS[name].impossible}
    means = {name: float(np.mean(list(cell["holds"].values()))) for name, cell in included.items()}
    coverage_of_shares = {
        (name, share): value for name, cell in included.items() for share, value in cell["asked"].items()
    }
    coverage_given = {
        name: cell["holds_given"] for name, cell in included.items() if cell["given"] and cell["given"] >= 10
    }
    least, most, lowest = (
        min(means, key=means.get),
        max(means, key=means.get),
        min(coverage_of_shares, key=coverage_of_shares.get),
    )
    worst = min(coverage_given, key=coverage_given.get)
    return (
        f"The set covers the true share in {np.mean(list(means.values())):.1f}% (mean over scenarios; from {means[least]:.1f}, {least}, to "
        f"{means[most]:.1f}, {most}), and shares of −0.5 to −2, which no scenario has, in {np.mean(list(coverage_of_shares.values())):.1f}% (at least "
        f"{coverage_of_shares[lowest]:.1f}, {lowest[0]}). Where a number is given, its set covers the truth in {coverage_given[worst]:.1f}% or more. A set with "
        f"counting noise only would cover it in {np.mean([cell['counting'] for cell in included.values()]):.0f}%. The cost: with a fall of 40% a number "
        f"is given in {np.mean([cell['given'] for cell in included.values()]):.0f}% of operations with intervals, and the median bounded set is "
        f"{np.median([cell['width'] for cell in included.values() if cell['width']]):.1f} wide. One operation seldom distinguishes a third moved from nothing moved."
    )  # fmt: skip


def rows_of_table(found):
    """Return the heading and the rows of the table, one row for each scenario."""
    head = ["scenario", "operations", "coverage, all effects", "−20, 0 moved", "−20, 30%", "−40, 30%", "−40, all", "share −0.5", "−1",
            "−2", "number given (−40, 30%)", "coverage then", "bounded", "median width", "coverage, counting noise only"]  # fmt: skip
    rows = []
    for name, cell in found.items():
        coverage = list(cell["holds"].values())
        mean = round(float(np.mean(coverage)), 1) if cell["n"] else None
        coverage_of_shares = [cell["asked"][f"{share:g}"] for share in (-0.5, -1.0, -2.0)]
        rows.append(
            [
                name,
                cell["n"],
                mean,
                *coverage,
                *coverage_of_shares,
                cell["given"],
                cell["holds_given"],
                cell["bounded"],
                cell["width"],
                cell["counting"],
            ]
        )
    return head, rows
