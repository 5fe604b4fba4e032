"""Captions that say from which places without an operation an interval was estimated."""

from __future__ import annotations

from geoharm.disclosure.released import ReleasedEffect


def comparison_text(effect: ReleasedEffect) -> str:
    """Return what the target area is compared with: places without an operation, or the control area."""
    check = effect.placebo
    if check is None:
        return "the control area"
    return (
        f"{check.pool:,} other places of this shape, equivalent to {check.effective_places:,.0f} independent ones, {check.at_least_as_busy:,} at "
        f"least as busy; {check.months} months before"
    )


def interval_caption(effect: ReleasedEffect) -> str:
    """Return the caption of the headline's interval chart."""
    if effect.is_refused:
        return "Dashed: noise of counting only, too narrow. No 95% interval is possible. Grey: too small to tell apart from chance."
    line = (
        "as wide as the forecast errors at places without an operation"
        if effect.ratio.calibrated
        else "noise of counting only"
    )
    return f"Line: 95% interval, {line}. Grey: changes too small to tell apart from chance."


def method_note(effect: ReleasedEffect) -> str:
    """Return a sentence for the methods list: the places and the spread from which the target's interval was estimated."""
    check = effect.placebo
    if check is None:
        return "Here nothing could be estimated."
    return (
        f"For the target area here: {check.candidates:,} places fit, {check.pool:,} of them near its level, equivalent to "
        f"{check.effective_places:,.1f} independent ones, {check.at_least_as_busy:,} at least as busy; {check.months} months before; \u03c6 "
        f"{check.phi:.2f}, \u03c4 {check.tau:.2f}."
    )
