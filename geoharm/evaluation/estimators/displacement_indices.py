"""Guerette's displacement indices and the weighted displacement quotient, with standard errors.

Guerette (2009), Analyzing crime displacement and diffusion, POP Center tool guide 10,
https://popcenter.org/tools/displacement; Bowers and Johnson (2003),
Measuring the geographical displacement and diffusion of benefit effects of crime prevention activity, Journal of
Quantitative Criminology 19:275-301, https://doi.org/10.1023/A:1024909009240
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from geoharm._validation import check_positive
from geoharm.errors import DesignError
from geoharm.evaluation.results.indices import DisplacementIndices, Quotient
from geoharm.model.confidence_set import ConfidenceSet
from geoharm.model.counts import Change
from geoharm.model.estimate import Estimate, undefined
from geoharm.model.reason import Reason
from geoharm.stats.fieller import fieller_set

GUIDE = "https://popcenter.org/tools/displacement"
BOWERS_JOHNSON = "https://doi.org/10.1023/A:1024909009240"


def displacement_indices(
    target: Change,
    ring: Change,
    comparison: Change,
    *,
    dispersion: Mapping[str, float] | None = None,
    unit: str = "events",
    level: float = 0.95,
) -> DisplacementIndices:
    r"""Return the displacement indices from the counts of target, ring and comparison area.

    Parameters
    ----------
    target, ring, comparison : Change
        Counts in the same two windows for all areas. The gross effect is in events, so for it the windows should be
        equally long.
    dispersion : mapping of area name to number, optional
        Variance over mean of the counts; 1 for a missing name.
    unit : str
        Unit of the events.
    level : float
        Confidence level of the sets, and of the success measure's interval, which must lie below 0 for a quotient.

    Returns
    -------
    DisplacementIndices
        If the comparison has no event before or after, all indices except the gross effect are undefined, with a note.

    Raises
    ------
    DesignError
        If two areas share a name.

    Notes
    -----
    With R target, D ring, C comparison, b before, a after:

    .. math::
        GE = R_b - R_a, \quad NE = R_b/C_b - R_a/C_a, \quad SM = -NE, \quad BDM = D_a/C_a - D_b/C_b, \quad WDQ = BDM/SM,
        \quad TNE = (R_b + D_b) C_a/C_b - R_a - D_a

    Errors are computed by the delta method from independent (quasi-)Poisson counts, and include the shared comparison.
    The quotient is given only if the interval of SM lies below 0, because its sign and size have no meaning if the target
    did not fall. Its Fieller set is always given. With one comparison for both areas, the share that appeared in the
    ring, :math:`-(D_a - g D_b)/(R_a - g R_b)` with :math:`g = C_a/C_b`, is the quotient with the opposite sign.

    Examples
    --------
    The worked example of the streetlamp package's tests:

    >>> indices = displacement_indices(Change("A", 100, 50), Change("B", 100, 150), Change("C", 100, 100))
    >>> indices.success_measure.value, indices.buffer_displacement.value
    (-0.5, 0.5)
    >>> indices.wdq.value, indices.total_net_effect.value
    (-1.0, 0.0)
    """
    changes = (target, ring, comparison)
    if len({change.area for change in changes}) < 3:
        msg = (
            f"Target, ring and comparison need three names; {', '.join(change.area for change in changes)} were given."
        )
        raise DesignError(msg)
    phi = [
        check_positive((dispersion or {}).get(change.area, 1.0), f"dispersion of {change.area}") for change in changes
    ]
    gross = Estimate(
        "gross effect",
        float(target.before - target.after),
        math.sqrt(phi[0] * (target.before + target.after)),
        unit,
        GUIDE,
    )
    if 0 in (comparison.before, comparison.after):
        return _undefined_indices(gross, comparison, unit, level)
    rb, ra, db, da, cb, ca = (float(count) for change in changes for count in (change.before, change.after))
    variance = np.array([phi[0] * rb, phi[0] * ra, phi[1] * db, phi[1] * da, phi[2] * cb, phi[2] * ca])

    # Derivatives with respect to Rb, Ra, Db, Da, Cb, Ca.
    success_slope = np.array([-1 / cb, 1 / ca, 0, 0, rb / cb**2, -ra / ca**2])
    buffer_slope = np.array([0, 0, -1 / cb, 1 / ca, db / cb**2, -da / ca**2])
    growth = ca / cb
    total_slope = np.array([growth, -1, growth, -1, -(rb + db) * growth / cb, (rb + db) / cb])

    def estimate(
        name: str, value: float, slope: NDArray[np.float64], estimate_unit: str = "ratio to the comparison"
    ) -> Estimate:
        return Estimate(name, value, math.sqrt(float((slope**2 * variance).sum())), estimate_unit, GUIDE)

    success_estimate = estimate("success measure", ra / ca - rb / cb, success_slope)
    buffer_estimate = estimate("buffer displacement measure", da / ca - db / cb, buffer_slope)
    quotient_set = fieller_set(
        buffer_estimate.value,
        success_estimate.value,
        variances=(buffer_estimate.standard_error**2, success_estimate.standard_error**2),
        covariance=float((success_slope * buffer_slope * variance).sum()),
        level=level,
    )
    note, quotient, reason = "", math.nan, None
    if success_estimate.interval(level).side < 0:
        quotient = buffer_estimate.value / success_estimate.value
    else:
        note = "the target did not credibly fall against the comparison, so a quotient would have no meaning"
        reason = Reason.NO_FALL
    return DisplacementIndices(
        gross_effect=gross,
        net_effect=estimate("net effect", rb / cb - ra / ca, -success_slope),
        success_measure=success_estimate,
        buffer_displacement=buffer_estimate,
        wdq=Quotient("weighted displacement quotient", quotient, quotient_set, note, reason),
        displaced_share=Quotient("displaced share", -quotient, _negated_set(quotient_set), note, reason),
        total_net_effect=estimate("total net effect", (rb + db) * growth - ra - da, total_slope, unit),
    )


def _negated_set(values: ConfidenceSet) -> ConfidenceSet:
    pieces = tuple((-high, -low) for low, high in reversed(values.pieces))
    return ConfidenceSet(pieces, values.level, values.method, values.note)


def _undefined_indices(gross: Estimate, comparison: Change, unit: str, level: float) -> DisplacementIndices:
    when = "before" if comparison.before == 0 else "after"
    note = f"the count {when} in {comparison.area} is 0"
    ratio = "ratio to the comparison"

    def undefined_index(name: str, estimate_unit: str = ratio) -> Estimate:
        return undefined(name, unit=estimate_unit, reference=GUIDE, note=note, reason=Reason.ZERO_COUNT)

    empty_set = ConfidenceSet((), level, "Fieller", note)
    return DisplacementIndices(
        gross_effect=gross,
        net_effect=undefined_index("net effect"),
        success_measure=undefined_index("success measure"),
        buffer_displacement=undefined_index("buffer displacement measure"),
        wdq=Quotient("weighted displacement quotient", math.nan, empty_set, note, Reason.ZERO_COUNT),
        displaced_share=Quotient("displaced share", math.nan, empty_set, note, Reason.ZERO_COUNT),
        total_net_effect=undefined_index("total net effect", unit),
    )
