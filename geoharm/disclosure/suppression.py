"""What is hidden of one measure, and how closely the rest is said."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from geoharm.model.counts import ZoneCounts
from geoharm.model.estimate import Estimate
from geoharm.model.period import Period


@dataclass(frozen=True, slots=True)
class SuppressionPattern:
    """What is hidden of one measure.

    Attributes
    ----------
    k : int
    hidden : frozenset of str
        Zones of the headline's window.
    windows : frozenset of (zone, window)
        Phases.
    """

    k: int
    hidden: frozenset[str]
    windows: frozenset[tuple[str, str]]

    def small(self, *counts: int) -> bool:
        """Return whether one of the counts is from 1 to k - 1."""
        return any(0 < count < self.k for count in counts)


def suppression_note(k: int) -> str:
    """Return the note of a number that is not shown."""
    return f"withheld: a count under {k}, or one that would give it back"


def suppress_estimate(estimate: Estimate, k: int) -> Estimate:
    """Return an estimate that says only that it is withheld."""
    return replace(
        estimate, value=math.nan, standard_error=math.nan, note=suppression_note(k), intervals=(), p=math.nan
    )


def round_estimate(estimate: Estimate, k: int) -> Estimate:
    """Return an estimate to a hundredth: finer, the counts of a small area would follow from it."""
    if k == 1 or not estimate.is_defined:
        return estimate
    return replace(estimate, value=round(estimate.value, 2), standard_error=round(estimate.standard_error, 2))


def round_to_two_digits(value: float) -> float:
    """Return a number to two digits."""
    return float(f"{value:.2g}")


def count_in_period(counts: ZoneCounts, period: Period, row: int = 0) -> int:
    """Return a zone's count in a period, by its place among the zones."""
    inside = (counts.dates >= np.datetime64(period.start)) & (counts.dates < np.datetime64(period.end))
    return int(counts.counts[row, inside].sum())
