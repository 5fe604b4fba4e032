"""Readings: the statement that an estimate supports (fell, rose, a signal, no clear change, cannot tell)."""

from __future__ import annotations

from enum import Enum, StrEnum, auto


class Reading(StrEnum):
    """The statement that an estimate supports."""

    FELL = "fell"
    ROSE = "rose"
    NO_CLEAR_CHANGE = "no clear change"
    SIGNAL_FALL = "a signal of a fall, not a finding"
    SIGNAL_RISE = "a signal of a rise, not a finding"
    CANNOT_TELL = "cannot tell"
    CONTROLS_DISAGREE = "controls disagree"

    @property
    def direction(self) -> int:
        """-1 for a fall, 1 for a rise, 0 otherwise."""
        return {Reading.FELL: -1, Reading.SIGNAL_FALL: -1, Reading.ROSE: 1, Reading.SIGNAL_RISE: 1}.get(self, 0)

    @property
    def is_finding(self) -> bool:
        """Whether the estimate may be read as a change."""
        return self in (Reading.FELL, Reading.ROSE)


class SignalReason(Enum):
    """Why an interval that excludes zero is a signal and not a finding."""

    NOT_CALIBRATED = auto()
    FEW_EXPECTED = auto()
    WEAK_DESIGN = auto()
    DIAGNOSTIC = auto()
    # A rise that misses the level of its family (all harms in all zones).
    FAMILY = auto()
    # A finding at 95% that misses the level of its looks (several phases, or the same operation again).
    LOOKS = auto()
