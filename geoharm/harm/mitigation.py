"""Whether a harm that mitigation was to hold stayed within its margin."""

from __future__ import annotations

from geoharm.harm.results.mitigation import MarginState, MarginTest
from geoharm.model.effect import Effect
from geoharm.model.estimate import relative_change_of

# The ends of a 90% interval are the one-sided 95% bounds.
_ONE_SIDED_95 = 0.90


def held_within_margin(measure: str, effect: Effect[int], margin: float) -> MarginTest:
    """Return whether a harm stayed within its margin, rose, or is not known.

    Parameters
    ----------
    measure : str
        Name of the measure.
    effect : Effect
        Its effect in one zone.
    margin : float
        The rise that is still accepted, as a share of the expected count.

    Notes
    -----
    Of the calibrated ratio of counted to expected, both one-sided 95% bounds are taken:

    - "stayed within its margin": the upper bound is at most 1 + margin, so that a larger rise is ruled out (a
      non-inferiority test);
    - else "rose": the lower bound lies above 1;
    - else "not known". So is every effect without a calibrated interval.
    """
    if not (effect.ratio.calibrated and effect.ratio.is_defined):
        return MarginTest(measure, effect.zone, margin, MarginState.UNKNOWN, "it has no calibrated 95% interval here")
    bounds = effect.ratio.interval(_ONE_SIDED_95)
    if relative_change_of(bounds.high) <= margin:
        return MarginTest(
            measure, effect.zone, margin, MarginState.WITHIN, f"a rise of more than {margin:.0%} is ruled out"
        )
    if bounds.low > 0:
        return MarginTest(measure, effect.zone, margin, MarginState.ROSE, "more were counted than expected")
    reason = f"a rise is not shown, and one of more than {margin:.0%} is not ruled out"
    return MarginTest(measure, effect.zone, margin, MarginState.UNKNOWN, reason)


def not_counted(measure: str, zone: str, margin: float) -> MarginTest:
    """Return the test of a harm that no dated points count."""
    reason = "it is not counted by dated points, so it has no calibrated interval"
    return MarginTest(measure, zone, margin, MarginState.UNKNOWN, reason)
