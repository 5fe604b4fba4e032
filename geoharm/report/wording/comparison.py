"""Words of comparisons: what they are not, what was left out, and how a ratio reads."""

from __future__ import annotations

import math

from geoharm import _text
from geoharm.disclosure.released import ReleasedComparison
from geoharm.hotspots.comparison import left_out_text
from geoharm.model.suppressed import Count, Suppressed
from geoharm.report import format_numbers
from geoharm.report.wording.withheld import note_text

NO_EVALUATION = (
    "A comparison is no evaluation: nothing stands for what was to be expected. A trend, a change in reporting or any other "
    "cause may make the difference."
)
NOISE_OF_COUNTING = (
    "The interval holds the noise of counting, with months that vary as much as these do. It says how well the two rates are "
    "known, not why they differ."
)
_DAYS_A_YEAR = 365.25


def ratio_text(comparison: ReleasedComparison) -> str:
    """Return the ratio of the rates with its 95% interval, such as "0.85 (0.70 to 1.03)"; or why there is none."""
    ratio = comparison.ratio
    if math.isnan(ratio.value):
        return note_text(ratio.note)
    low, high = _end_text(ratio.interval.low), _end_text(ratio.interval.high)
    return f"{format_numbers.factor_text(ratio.value)} ({low} to {high})"


def _end_text(end: float) -> str:
    """Return an end of an interval; one beside 1 with as many decimals as show on which side it lies.

    Examples
    --------
    >>> _end_text(0.851), _end_text(1.0024), _end_text(0.99997)
    ('0.85', '1.002', '0.99997')
    """
    digits = next((digits for digits in (2, 3, 4, 5) if round(end, digits) != 1), 2) if math.isfinite(end) else 2
    return format_numbers.factor_text(end) if digits == 2 else f"{end:.{digits}f}"


def reading(comparison: ReleasedComparison) -> str:
    """Return whether the rates differ: "higher after", "lower after" or "not told apart"; empty without a ratio."""
    interval = comparison.ratio.interval
    if math.isnan(comparison.ratio.value):
        return ""
    if interval.low > 1:
        return "higher after"
    return "lower after" if interval.high < 1 else "not told apart"


def per_year(count: Count, days: int) -> float:
    """Return events a year of 365.25 days; NaN where the count is withheld."""
    return math.nan if isinstance(count, Suppressed) else count * _DAYS_A_YEAR / days


def season_text(comparison: ReleasedComparison) -> str:
    """Return a warning if the windows hold other months of the year; else an empty text."""
    if comparison.same_season or comparison.windows is None:
        return ""
    return "The windows do not hold the same months of the year, so a part of the difference is the season."


def notes_of(comparison: ReleasedComparison) -> str:
    """Return what was left out of the windows of a measure and why, after its name; empty if nothing was."""
    text = comparison.note or left_out_text(comparison.left_out)
    return f"{_text.capitalised(comparison.measure.name)}: {text}" if text else ""


def comparison_sentence(comparison: ReleasedComparison) -> str:
    """Return the counts of both windows and the ratio of their rates, as a sentence; or why there are none."""
    if comparison.windows is None:
        return comparison.note
    before, after = map(format_numbers.count_text, comparison.counts)
    days = (comparison.windows.before.days, comparison.windows.after.days)
    ratio = ratio_text(comparison)
    rates = ratio if math.isnan(comparison.ratio.value) else f"the rate after is {ratio} times that before"
    return f"{before} located in {days[0]:,} days, then {after} in {days[1]:,}; {rates}."
