"""Readings: the rungs of the ladder of statements, from "fell" to "cannot tell", and why one is kept from a higher rung."""

from __future__ import annotations

import math
from enum import Enum, StrEnum, auto

from geoharm.model.estimate import Estimate, relative_change_of

# A bound above one half says too little to be a statement, whatever the study's margin.
MAX_MARGIN = 0.5


class Reading(StrEnum):
    """The statement that an estimate supports; `geoharm.evaluation.reading` decides which."""

    FELL = "fell"
    ROSE = "rose"
    PROBABLY_FELL = "probably fell"
    PROBABLY_ROSE = "probably rose"
    NO_RISE_OVER = "no rise over"
    NO_FALL_OVER = "no fall over"
    CANNOT_TELL = "cannot tell"
    CONTROLS_DISAGREE = "controls disagree"

    @property
    def direction(self) -> int:
        """-1 for a fall, 1 for a rise, found or probable; 0 otherwise."""
        falls, rises = (Reading.FELL, Reading.PROBABLY_FELL), (Reading.ROSE, Reading.PROBABLY_ROSE)
        return -1 if self in falls else int(self in rises)

    @property
    def is_finding(self) -> bool:
        """Whether the estimate may be read as a change."""
        return self in (Reading.FELL, Reading.ROSE)

    @property
    def is_probable(self) -> bool:
        """Whether it is a lead: a change that is probable and not found."""
        return self in (Reading.PROBABLY_FELL, Reading.PROBABLY_ROSE)

    @property
    def is_bound(self) -> bool:
        """Whether a change beyond a bound is ruled out on one side."""
        return self in (Reading.NO_RISE_OVER, Reading.NO_FALL_OVER)


class Claim(Enum):
    """What the numbers of an estimate support, each by itself; readings are decided on these."""

    # The 95% interval, and the 80% interval, leave out "no change".
    FINDING = auto()
    LEAD = auto()
    # The one-sided 95% bound above, and below, is at most the margin.
    NO_RISE = auto()
    NO_FALL = auto()


class Cap(StrEnum):
    """Why no more than "probably" may be said."""

    NOT_CALIBRATED = "not calibrated"
    FEW_EXPECTED = "few expected"
    WEAK_DESIGN = "weak design"
    # What the placebo places allow; `PlaceboCheck.probably_at_most` says why.
    PLACES = "places"
    DIAGNOSTIC = "diagnostic"
    # A rise that misses the level of its family (all harms in all zones).
    FAMILY = "family"
    # A finding at 95% that misses the level of its looks (several phases, or the same operation again).
    LOOKS = "looks"


def bound_percent(ratio: Estimate, reading: Reading) -> int | None:
    """Return the change in percent of the expected count beyond which a rise or a fall is ruled out; None without a bound.

    The one-sided 95% bound of the log rate ratio, an end of its 90% interval, rounded up to a whole percent; at least 1.
    """
    if not reading.is_bound or not ratio.is_defined:
        return None
    bounds = ratio.interval(0.9)
    change = relative_change_of(bounds.high) if reading is Reading.NO_RISE_OVER else -relative_change_of(bounds.low)
    # What is a whole percent but for the last digits of the computer's arithmetic is not rounded up.
    return max(1, math.ceil(100 * change - 1e-9))


def statement(reading: Reading, percent: int | None) -> str:
    """Return a reading in a word or two, with the percent of its bound.

    Examples
    --------
    >>> statement(Reading.PROBABLY_FELL, None), statement(Reading.NO_RISE_OVER, 17)
    ('probably fell', 'no rise over 17%')
    """
    return f"{reading.value} {percent}%" if reading.is_bound and percent is not None else reading.value
