"""What an estimate allows to be said, and what its guards leave of that."""

from __future__ import annotations

import math
from enum import StrEnum

from geoharm.model import TARGET_AND_RINGS, Consequence, Guard
from geoharm.publish.numbers import true_minus
from geoharm.publish.shown import ShownEffect, ShownMeasure

_SELECTION, _CONTROLS, _POWER = "regression to the mean", "choice of control", "smallest detectable fall"
MAX_DETECTABLE = 0.5
MIN_EXPECTED = 10


class State(StrEnum):
    """What an estimate allows to be said."""

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
        return {State.FELL: -1, State.SIGNAL_FALL: -1, State.ROSE: 1, State.SIGNAL_RISE: 1}.get(self, 0)

    @property
    def is_finding(self) -> bool:
        """Whether it may be read as a change."""
        return self in (State.FELL, State.ROSE)


def state_of(effect: ShownEffect) -> State:
    """Return what an effect allows to be said.

    A design that could not see a change of half, or expects under 10 events, can give a signal at most; so can an
    interval that has not been shown to hold its level on places without an operation. Where such an interval was tried
    and is not possible, nothing can be told, whatever a narrower one says.
    """
    if math.isnan(effect.change) or math.isnan(effect.interval.low):
        return State.CANNOT_TELL
    side = effect.interval.side
    signal = {-1: State.SIGNAL_FALL, 1: State.SIGNAL_RISE}
    weak = effect.expected < MIN_EXPECTED or not effect.detectable_fall <= MAX_DETECTABLE
    if weak:
        return signal.get(side, State.CANNOT_TELL)
    if side == 0:
        return State.NO_CLEAR_CHANGE
    if not effect.ratio.calibrated:
        return signal[side]
    return State.FELL if side < 0 else State.ROSE


def reading_of(measure: ShownMeasure, effect: ShownEffect) -> State:
    """Return what an effect of a measure allows to be said once its guards are heard.

    Guards bear on the target, alone or with the rings. Where defensible controls disagree, a direction becomes
    "controls disagree"; any other guard that caps the answer makes a finding a signal.
    """
    state = state_of(effect)
    if not state.direction or effect.zone not in ("target", TARGET_AND_RINGS):
        return state
    controls = measure.beside.guard(_CONTROLS)
    if controls is not None and controls.consequence is Consequence.REFUSE:
        return State.CONTROLS_DISAGREE
    if any(_caps(guard) for guard in measure.beside.guards):
        return {State.FELL: State.SIGNAL_FALL, State.ROSE: State.SIGNAL_RISE}.get(state, state)
    return state


def _caps(guard: Guard) -> bool:
    # The smallest detectable fall is part of `state_of` already.
    return guard.consequence >= Consequence.SIGNAL and guard.name not in (_POWER, _CONTROLS)


def why_signal(measure: ShownMeasure, effect: ShownEffect) -> str:
    """Return why what leaves out zero is no finding."""
    if not effect.ratio.calibrated:
        return "the interval holds the noise of counting only, not how far places drift apart"
    if effect.expected < MIN_EXPECTED:
        return f"fewer than {MIN_EXPECTED} events were expected"
    if state_of(effect).is_finding:
        guard = next(one for one in measure.beside.guards if _caps(one))
        return f"it is exposed ({guard.name}): {lower_first(true_minus(guard.sentence).removesuffix('.'))}"
    return "a design that misses a fall of half answers mostly by chance"


def flag(measure: ShownMeasure, state: State) -> str:
    """Return what the verdict's sentence must add: controls that disagree, a place chosen on the window before."""
    text = ""
    controls, selection = measure.beside.guard(_CONTROLS), measure.beside.guard(_SELECTION)
    if state is State.CONTROLS_DISAGREE and controls is not None:
        text += f" {true_minus(controls.sentence)}"
    overlaps = selection is not None and (selection.figure != 0 and selection.consequence is not Consequence.NONE)
    stated = selection is not None and (not math.isnan(selection.figure) or selection.consequence is Consequence.SIGNAL)
    if selection is not None and overlaps and stated:
        text += f" Flagged for regression to the mean: {lower_first(true_minus(selection.sentence))}"
    return text


def lower_first(text: str) -> str:
    """Return a sentence's words as a part of another."""
    return text[:1].lower() + text[1:]
