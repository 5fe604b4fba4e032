"""How numbers are suppressed and rounded: counts, estimates, effects."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from geoharm.model.counts import ZoneCounts
from geoharm.model.disclosure_rules import is_few
from geoharm.model.effect import Effect
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.period import Period
from geoharm.model.reading import Reading
from geoharm.model.reason import Withheld
from geoharm.model.suppressed import Count, Suppressed


@dataclass(frozen=True, slots=True)
class SuppressionPattern:
    """Which counts of one measure are suppressed.

    Attributes
    ----------
    k : int
        Threshold of the disclosure rule.
    hidden : frozenset of str
        Zones that are suppressed in the headline's window.
    windows : frozenset of (zone, window)
        Phases that are suppressed.
    without_error : frozenset of str
        Zones whose counts are shown, but no error from which their dispersion would follow.
    """

    k: int
    hidden: frozenset[str]
    windows: frozenset[tuple[str, str]]
    without_error: frozenset[str] = frozenset()

    @property
    def incomplete(self) -> frozenset[str]:
        """Zones of which the counts or the errors are suppressed."""
        return self.hidden | self.without_error

    def small(self, *counts: int) -> bool:
        """Return whether one of the counts is few (`is_few`)."""
        return any(is_few(count, self.k) for count in counts)


def suppress_small(value: int, k: int) -> Count:
    """Return a count, or `Suppressed` if it is few: from 1, or from 0 where the rule says so, to k - 1.

    Examples
    --------
    >>> suppress_small(12, 5), suppress_small(0, 5), str(suppress_small(3, 5))
    (12, 0, 'under 5')
    """
    return Suppressed(k) if is_few(value, k) else value


def suppress_estimate(estimate: Estimate, note: Withheld) -> Estimate:
    """Return an estimate without numbers, and with the reason why it is withheld."""
    return replace(
        estimate,
        value=math.nan,
        standard_error=math.nan,
        note=note,
        intervals=(),
        p=math.nan,
        reason=note.reason,
    )


def suppress_error(estimate: Estimate, note: Withheld) -> Estimate:
    """Return an estimate without its error and intervals, and with the reason why they are withheld; the value stays.

    An estimate that is undefined keeps its own reason.
    """
    if not estimate.is_defined:
        return estimate
    return replace(estimate, standard_error=math.nan, note=note, intervals=(), p=math.nan, reason=note.reason)


def suppress_effect(effect: Effect[Count], note: Withheld) -> Effect[Count]:
    """Return an effect without any number that is made from its counts; the counts stay as they are."""
    no_interval = Interval(math.nan, math.nan, effect.interval.level)
    return replace(
        effect,
        expected=math.nan,
        change=math.nan,
        interval=no_interval,
        counting=no_interval,
        ratio=suppress_estimate(effect.ratio, note),
        counting_ratio=suppress_estimate(effect.counting_ratio, note),
        difference=suppress_estimate(effect.difference, note),
        dispersion=math.nan,
        detectable_fall=math.nan,
        placebo=None,
        reading=Reading.CANNOT_TELL,
        cap=None,
    )


def round_estimate(estimate: Estimate, k: int) -> Estimate:
    """Return an estimate rounded to a hundredth. With more digits, the counts of a small area would follow from it."""
    if k == 1 or not estimate.is_defined:
        return estimate
    return replace(
        estimate,
        value=round(estimate.value, 2),
        standard_error=round(estimate.standard_error, 2),
        intervals=tuple(
            Interval(round(given.low, 2), round(given.high, 2), given.level) for given in estimate.intervals
        ),
        p=round_to_two_digits(estimate.p),
    )


def round_to_ten(value: float) -> int:
    """Return a count to the nearest ten."""
    return round(value / 10) * 10


def round_to_two_digits(value: float) -> float:
    """Return a number rounded to two leading digits."""
    return float(f"{value:.2g}")


def count_in_period(counts: ZoneCounts, period: Period, row: int = 0) -> int:
    """Return the count of a zone in a period; `row` is the position of the zone."""
    in_period = (counts.dates >= np.datetime64(period.start)) & (counts.dates < np.datetime64(period.end))
    return int(counts.counts[row, in_period].sum())
