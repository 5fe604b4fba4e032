"""Robustness checks: the results of the other estimators for one measure around one operation."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoharm.evaluation.results.curves import Curve, DidEstimates, EffectDecay
from geoharm.evaluation.results.indices import DisplacementIndices
from geoharm.evaluation.results.specification import ControlChoice, SpecificationCurve
from geoharm.model.estimate import Estimate, Interval


@dataclass(frozen=True, slots=True)
class OtherEstimate:
    """The result of another estimator in the common form: one value with its interval.

    Attributes
    ----------
    key : str
        Its name in run.json, and that under which the report words it.
    estimate : Estimate
        A log ratio is shown as a change in percent, any other value in its own unit.
    zones : tuple of str
        Zones whose counts it is made from. In a release it is suppressed where one of them is.
    from_totals : bool
        Whether it is made only from the counts of these zones and of the control in the windows before and after, which
        are shown with it. If not, it is rounded to a hundredth in a public release.
    """

    key: str
    estimate: Estimate
    zones: tuple[str, ...]
    from_totals: bool = False


@dataclass(frozen=True, slots=True)
class OtherEstimators:
    """Results of the other estimators of the field. None of them is the headline.

    Attributes
    ----------
    measure : str
    estimates : tuple of OtherEstimate
        Results in the common form, in the order of the report: the weighted displacement differences "wdd_target",
        "wdd_rings" and "wdd_total", for which the control is scaled to the zone and shared. Without rings, only the first.
    exact : Interval
        Interval of the target's log rate ratio, exact for Poisson counts.
    indices : DisplacementIndices or None
    cumulative_wdd, event_study : Curve or None
        Monthly curves, for orientation.
    distance_profile : Curve
        Point estimates for target, gap and rings, for orientation.
    effect_decay : tuple of EffectDecay
        Effect decay in the target and in all rings, for orientation.
    control_choice : ControlChoice or None
        None if no candidate areas were given.
    by_control, specification_curve : SpecificationCurve or None
        Estimates by control; estimates by reach, window and control.
    placebo_p : float
        Two-sided p-value of a randomisation test in which every candidate area takes the place of the target; NaN with
        too few candidates.
    did : DidEstimates or None
        Difference-in-differences for target and every ring, by month; None if it could not be computed.
    running_change : tuple of Estimate
        The target's log rate ratio since the operation, up to each month, against its forecast. The interval of each is a
        band that covers all of them together.
    left_out : tuple of (part, reason)
        Parts that could not be computed.
    """

    measure: str
    estimates: tuple[OtherEstimate, ...]
    exact: Interval
    indices: DisplacementIndices | None
    cumulative_wdd: Curve | None
    event_study: Curve | None
    distance_profile: Curve
    effect_decay: tuple[EffectDecay, ...]
    control_choice: ControlChoice | None = None
    by_control: SpecificationCurve | None = None
    specification_curve: SpecificationCurve | None = None
    placebo_p: float = math.nan
    did: DidEstimates | None = None
    running_change: tuple[Estimate, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()

    def estimate(self, key: str) -> Estimate | None:
        """Return a result in the common form by its key, or None if it was not computed."""
        return next((result.estimate for result in self.estimates if result.key == key), None)
