"""How long a piece of work will still take: what was expected of each step, corrected by how long the steps took so far."""

from __future__ import annotations

import math
from collections.abc import Sequence

from geoharm.pipeline.progress import PlannedStep

# Share of all the expected work that the first guess of this computer's speed is worth.
_TRUST_IN_GUESS = 0.05
# A step that takes longer than expected is said to need this share of its time so far.
_STILL_NEEDED = 0.1


class TimeLeft:
    """The time that is left of a piece of work.

    Parameters
    ----------
    steps : sequence of PlannedStep
        In their order; a name may come more than once. A step that was not planned counts for nothing.
    """

    def __init__(self, steps: Sequence[PlannedStep]) -> None:
        self._steps = tuple(steps)
        self._now = -1  # index of the step at hand
        self._part = 0.0
        self._begun = self._told = math.nan
        self._taken, self._expected = 0.0, 0.0  # of the steps that tell how fast this computer is
        self._share = 0.0

    def report(self, name: str, part: float, clock: float) -> None:
        """Take in how far a step has come.

        Parameters
        ----------
        name : str
        part : float
            Between 0 and 1.
        clock : float
            In seconds, since any fixed moment.
        """
        if self._is_at_hand(name) and part >= self._part:
            if part > self._part:
                self._part, self._told = part, clock
            return
        index = next((at for at in range(self._now + 1, len(self._steps)) if self._steps[at].name == name), None)
        if index is None:
            return
        if self._now >= 0 and self._steps[self._now].tells_speed:
            self._taken += clock - self._begun
            self._expected += self._steps[self._now].seconds
        self._now, self._part, self._begun, self._told = index, part, clock, clock

    def seconds(self, clock: float) -> float:
        """Return the seconds that are left; NaN before the first step."""
        if self._now < 0:
            return math.nan
        step, taken = self._steps[self._now], clock - self._begun
        speed = self._speed(clock)
        later = speed * sum(one.seconds for one in self._steps[self._now + 1 :])
        if self._part >= 1:
            return later
        if self._part > 0:
            # The further a step has come, the more its own pace counts.
            until_told, since = self._told - self._begun, clock - self._told
            whole = until_told + (1 - self._part) * speed * step.seconds
            return max((1 - self._part) * whole - since, _STILL_NEEDED * since) + later
        return max(speed * step.seconds - taken, _STILL_NEEDED * taken) + later

    def share(self, clock: float) -> float:
        """Return the share of the work that is done, between 0 and 1; it never falls."""
        total = sum(step.seconds for step in self._steps)
        if self._now < 0 or not total:
            return 0.0
        step, taken = self._steps[self._now], clock - self._begun
        expected = self._speed(clock) * step.seconds
        part = 1.0 if self._part >= 1 else max(self._part, min(taken / expected, 0.95))
        done = sum(one.seconds for one in self._steps[: self._now]) + part * step.seconds
        self._share = max(self._share, done / total)
        return self._share

    def _is_at_hand(self, name: str) -> bool:
        return self._now >= 0 and self._steps[self._now].name == name

    def _speed(self, clock: float) -> float:
        """Return how many times as long as expected the steps take here."""
        pace = self._pace(self._taken, self._expected)
        step = self._steps[self._now]
        if step.tells_speed and self._part < 1:
            # A step that has already taken longer than expected says that this computer is slower.
            pace = max(pace, self._pace(self._taken + clock - self._begun, self._expected + step.seconds))
        return pace

    def _pace(self, taken: float, expected: float) -> float:
        """Return the ratio of two durations; the shorter they are, the nearer to 1, as was guessed."""
        if taken <= 0 or expected <= 0:
            return 1.0
        guess = _TRUST_IN_GUESS * sum(step.seconds for step in self._steps)
        return float((taken / expected) ** (expected / (expected + guess)))


def time_in_words(seconds: float) -> str:
    """Return a time that is left in words, rounded so that it does not flicker.

    Examples
    --------
    >>> [time_in_words(seconds) for seconds in (3, 42, 100, 260, 5400)]
    ['a few seconds', '40 s', '1 min 40 s', '4 min', '1.5 hours']
    """
    if seconds < 5:
        return "a few seconds"
    if seconds < 57.5:
        return f"{round(seconds / 5) * 5} s"
    if seconds < 175:
        tens = round(seconds / 10)
        return f"{tens // 6} min {tens % 6 * 10} s" if tens % 6 else f"{tens // 6} min"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} hours"
