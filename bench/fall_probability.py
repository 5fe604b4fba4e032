"""Would "the probability that harm fell" be right? Ten bins of it, from rows of `bench.calibration`.

Run as ``python -m bench.fall_probability ROWS [ROWS ...]`` to print, and with ``--docs`` to write, the table of
`docs/calibration.md`.

The probability is read off the headline: the share of its confidence distribution that lies below zero. It is asked of
targets, in cities in which half of all operations change nothing, a quarter cut the count by 20% and a quarter by 40% (30%
of the fall moves into the ring). A bin is right if the share of its targets that truly fell is the probability that it
states. The second probability is the first, put on the right scale by a logistic curve that was fitted on the ordinary
scenarios, and so knows that half of all operations change nothing.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, ndtr, ndtri

from bench.calibration import EFFECTS, HEADLINE_LEVELS, SCENARIOS, rows_of
from bench.calibration_table import operations, table, write_part

BINS = 10
# Position in `EFFECTS`, and how much it counts: half change nothing, a quarter each fall by 20 and 40%.
WEIGHTS = {0: 2.0, EFFECTS.index((0.2, 0.3)): 1.0, EFFECTS.index((0.4, 0.3)): 1.0}


@dataclass(frozen=True)
class Answers:
    """Targets with an interval, one entry each.

    Attributes
    ----------
    z : ndarray
        Standard normal quantile of the share of the confidence distribution below zero.
    fell : ndarray of bool
        Whether the true expected count is lower with the operation.
    weight : ndarray
        How much it counts (`WEIGHTS`).
    """

    z: NDArray[np.float64]
    fell: NDArray[np.bool_]
    weight: NDArray[np.float64]


def quantile_of_zero(row: dict) -> float:
    """Return the standard normal quantile of the share of a headline's confidence distribution that lies below zero.

    The ends of its intervals at 80, 90 and 95% and its value are seven quantiles. Between them the distribution is taken as
    normal, and beyond them as going on like its last piece.
    """
    points = [(row["ca"][0], 0.0)]
    for key, level in HEADLINE_LEVELS.items():
        z = float(ndtri(0.5 + level / 2))
        points += [(row[key][1], -z), (row[key][2], z)]
    ends, quantiles = (np.array(axis) for axis in zip(*sorted(points), strict=True))
    piece = int(np.clip(np.searchsorted(ends, 0.0) - 1, 0, ends.size - 2))
    slope = (quantiles[piece + 1] - quantiles[piece]) / max(ends[piece + 1] - ends[piece], 1e-12)
    return float(quantiles[piece] - ends[piece] * slope)


def answers(rows: list[dict]) -> Answers:
    """Return the targets of some rows that have an interval which allows a finding."""
    kept = [
        (quantile_of_zero(target[number]), target[number]["t"] < target[number]["m"], weight)
        for row in rows
        for operation in operations(row["row"])
        for target in [operation["target"]]
        for number, weight in WEIGHTS.items()
        if "ca" in target[number] and "no" not in target[number]
    ]
    z, fell, weight = (np.array(column) for column in zip(*kept, strict=True))
    return Answers(z, fell.astype(bool), weight)


def fit_scale(asked: Answers) -> tuple[float, float]:
    """Return intercept and slope of the logistic curve of "fell" on the quantile, by weighted maximum likelihood."""

    def loss(beta: NDArray[np.float64]) -> float:
        score = beta[0] + beta[1] * asked.z
        return float((asked.weight * (np.logaddexp(0.0, score) - asked.fell * score)).sum())

    intercept, slope = minimize(loss, np.zeros(2), method="BFGS").x
    return float(intercept), float(slope)


def shares(probability: NDArray[np.float64], asked: Answers) -> list[tuple[float, float, float]]:
    """Return for each of ten bins the mean probability, the share that truly fell, and the share of answers in it."""
    which = np.minimum((probability * BINS).astype(int), BINS - 1)
    rows = []
    for number in range(BINS):
        inside = which == number
        weight = asked.weight * inside
        total = weight.sum()
        if not total:
            rows.append((np.nan, np.nan, 0.0))
            continue
        rows.append(
            (
                float((weight * probability).sum() / total),
                float((weight * asked.fell).sum() / total),
                float(total / asked.weight.sum()),
            )
        )
    return rows


def compare(rows: list[dict]) -> str:
    """Return the table: stated and true shares by bin, for both probabilities, in ordinary cities and in those of another kind."""
    ordinary = answers([row for row in rows if row["cell"] in SCENARIOS])
    other = answers([row for row in rows if row["cell"] not in SCENARIOS])
    intercept, slope = fit_scale(ordinary)
    columns = [
        shares(probability(asked.z), asked)
        for probability in (ndtr, lambda z: expit(intercept + slope * z))
        for asked in (ordinary, other)
    ]
    heads = [
        f"{name}, {cities}: stated, fell"
        for name in ("as it is", "put on scale")
        for cities in ("ordinary", "another kind")
    ]
    lines = [
        [f"{10 * number} to {10 * (number + 1)}%"]
        + [
            "none" if not share else f"{100 * stated:.0f}, {100 * true:.0f} ({100 * share:.0f}% of answers)"
            for stated, true, share in (column[number] for column in columns)
        ]
        for number in range(BINS)
    ]
    return table(["probability", *heads], lines)


def main() -> None:
    """Print or write the table of the rows named."""
    files = [Path(name) for name in sys.argv[1:] if not name.startswith("--")]
    text = compare([row for path in files for row in rows_of(path)])
    if "--docs" in sys.argv:
        write_part("fall probability", text)
    print(text)


if __name__ == "__main__":
    main()
