"""An attacker's algebra: which whole numbers agree with all sums that are known, by integer programmes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize

MOST = 10_000


@dataclass(frozen=True)
class Known:
    """A weighted sum of unknown counts, by name, that lies between two ends."""

    factors: Mapping[str, float]
    low: float
    high: float


def known(names: str | Sequence[str], ends: tuple[float, float]) -> Known:
    """Return that the counts with these names add up to a number between two ends."""
    listed = [names] if isinstance(names, str) else list(names)
    return Known(dict.fromkeys(listed, 1.0), *ends)


def possible(unknown: str, sums: Sequence[Known], *, most: int = 40) -> set[int]:
    """Return the values up to `most` that one count can have: from the smallest to the largest that agrees with all sums."""
    names = sorted({name for one in sums for name in one.factors} | {unknown})
    matrix = np.array([[one.factors.get(name, 0.0) for name in names] for one in sums] or np.zeros((0, len(names))))
    goal = np.array([float(name == unknown) for name in names])
    ends = []
    for sign in (1.0, -1.0):
        found = optimize.milp(
            sign * goal,
            integrality=np.ones(len(names)),
            bounds=optimize.Bounds(0, MOST),
            constraints=[optimize.LinearConstraint(matrix, [one.low for one in sums], [one.high for one in sums])]
            if len(matrix)
            else [],
        )
        if found.x is None:
            return set()
        ends.append(round(float(goal @ found.x)))
    return set(range(ends[0], min(ends[1], most) + 1))


def agreeing(candidates, formula, shown: float, *, tolerance: float = 2e-8) -> set[int]:
    """Return the candidates for which a formula gives a number that is shown, to the digits of ``run.json``."""
    return {
        candidate for candidate in candidates if abs(formula(candidate) - shown) <= tolerance * max(abs(shown), 1e-3)
    }
