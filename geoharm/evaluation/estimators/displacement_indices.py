"""Guerette's displacement indices and the weighted displacement quotient, with the uncertainty they never had.

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
    r"""Return all indices of the family from three areas' counts.

    Parameters
    ----------
    target, ring, comparison : Change
        The same two windows for all; gross effect and total net effect are in events, so for the gross effect they
        should be equally long.
    dispersion : mapping of area name to number, optional
        Variance over mean; missing names count 1.
    unit : str
    level : float
        Of the sets, and of the interval that the quotient's denominator must keep below 0.

    Returns
    -------
    DisplacementIndices
        Where the comparison has no event before or after, everything but the gross effect is undefined, with a note.

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

    Errors by the delta method from independent (quasi-)Poisson counts, the shared comparison included. The quotient
    is given only if SM lies credibly below 0: its sign and size mean nothing if the target did not fall. Its Fieller
    set is given always. With one comparison for both, the share that turned up in the ring,
    :math:`-(D_a - g D_b)/(R_a - g R_b)` with :math:`g = C_a/C_b`, is the quotient with its sign turned.

    Examples
    --------
    The worked example of the streetlamp package's tests:

    >>> found = displacement_indices(Change("A", 100, 50), Change("B", 100, 150), Change("C", 100, 100))
    >>> found.success_measure.value, found.buffer_displacement.value, found.wdq.value, found.total_net_effect.value
    (-0.5, 0.5, -1.0, 0.0)
    """
    changes = (target, ring, comparison)
    if len({change.area for change in changes}) < 3:
        msg = (
            f"Target, ring and comparison need three names; {', '.join(change.area for change in changes)} were given."
        )
        raise DesignError(msg)
    phi = [check_positive((dispersion or {}).get(one.area, 1.0), f"dispersion of {one.area}") for one in changes]
    gross = Estimate(
        "gross effect",
        float(target.before - target.after),
        math.sqrt(phi[0] * (target.before + target.after)),
        unit,
        GUIDE,
    )
    if 0 in (comparison.before, comparison.after):
        return _without_comparison(gross, comparison, unit, level)
    rb, ra, db, da, cb, ca = (float(n) for one in changes for n in (one.before, one.after))
    variance = np.array([phi[0] * rb, phi[0] * ra, phi[1] * db, phi[1] * da, phi[2] * cb, phi[2] * ca])

    # Derivatives by Rb, Ra, Db, Da, Cb, Ca.
    success = np.array([-1 / cb, 1 / ca, 0, 0, rb / cb**2, -ra / ca**2])
    buffer = np.array([0, 0, -1 / cb, 1 / ca, db / cb**2, -da / ca**2])
    growth = ca / cb
    total = np.array([growth, -1, growth, -1, -(rb + db) * growth / cb, (rb + db) / cb])

    def estimate(name: str, value: float, slope: NDArray[np.float64], of: str = "ratio to the comparison") -> Estimate:
        return Estimate(name, value, math.sqrt(float((slope**2 * variance).sum())), of, GUIDE)

    measure = estimate("success measure", ra / ca - rb / cb, success)
    moved = estimate("buffer displacement measure", da / ca - db / cb, buffer)
    values = fieller_set(
        moved.value,
        measure.value,
        variances=(moved.standard_error**2, measure.standard_error**2),
        covariance=float((success * buffer * variance).sum()),
        level=level,
    )
    note, quotient = "", math.nan
    if measure.interval(level).side < 0:
        quotient = moved.value / measure.value
    else:
        note = "the target did not credibly fall against the comparison, so a quotient would have no meaning"
    return DisplacementIndices(
        gross_effect=gross,
        net_effect=estimate("net effect", rb / cb - ra / ca, -success),
        success_measure=measure,
        buffer_displacement=moved,
        wdq=Quotient("weighted displacement quotient", quotient, values, note),
        displaced_share=Quotient("displaced share", -quotient, _mirrored(values), note),
        total_net_effect=estimate("total net effect", (rb + db) * growth - ra - da, total, unit),
    )


def _mirrored(values: ConfidenceSet) -> ConfidenceSet:
    pieces = tuple((-high, -low) for low, high in reversed(values.pieces))
    return ConfidenceSet(pieces, values.level, values.method, values.note)


def _without_comparison(gross: Estimate, comparison: Change, unit: str, level: float) -> DisplacementIndices:
    when = "before" if comparison.before == 0 else "after"
    note = f"the count {when} in {comparison.area} is 0"
    ratio = "ratio to the comparison"

    def missing(name: str, of: str = ratio) -> Estimate:
        return undefined(name, unit=of, reference=GUIDE, note=note)

    nothing = ConfidenceSet((), level, "Fieller", note)
    return DisplacementIndices(
        gross_effect=gross,
        net_effect=missing("net effect"),
        success_measure=missing("success measure"),
        buffer_displacement=missing("buffer displacement measure"),
        wdq=Quotient("weighted displacement quotient", math.nan, nothing, note),
        displaced_share=Quotient("displaced share", math.nan, nothing, note),
        total_net_effect=missing("total net effect", unit),
    )
