"""Notes that say from which places without an operation an interval was estimated."""

from __future__ import annotations

from geoharm.disclosure.released import ReleasedEffect


def method_note(effect: ReleasedEffect) -> str:
    """Return a sentence for the methods list: the places and the spread from which the target's interval was estimated."""
    check = effect.placebo
    if check is None:
        return "Here nothing could be estimated."
    return (
        f"For the target area here: {check.candidates:,} places fit, {check.pool:,} of them near its level, equivalent to "
        f"{check.effective_places:,.1f} independent ones, {check.at_least_as_busy:,} at least as busy; {check.months} months before; \u03c6 "
        f"{check.phi:.2f}, \u03c4 {check.tau:.2f}; errors of {'two dates' if check.dates > 1 else 'one date'}, liveliness {check.liveliness:.1f}."
    )
