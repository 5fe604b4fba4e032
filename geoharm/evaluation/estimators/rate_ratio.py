"""Log rate ratio: the factor by which a zone changed, divided by the factor by which its control changed.

Wilson (2022), The relative incident rate ratio effect size for count-based impact evaluations, Journal of
Quantitative Criminology 38:323-341, https://doi.org/10.1007/s10940-021-09494-w
"""

from __future__ import annotations

import math

from geoharm._validation import check_positive
from geoharm.model.counts import Change
from geoharm.model.estimate import Estimate, undefined
from geoharm.model.reason import Reason

REFERENCE = "https://doi.org/10.1007/s10940-021-09494-w"
NAME = "log rate ratio"


def log_rate_ratio(
    zone: Change, control: Change, *, zone_dispersion: float = 1.0, control_dispersion: float = 1.0
) -> Estimate:
    r"""Return the log rate ratio of a zone to its control area; negative means fewer events than the control suggests.

    Parameters
    ----------
    zone, control : Change
        Counts in the same two windows. The lengths of the windows cancel and may differ.
    zone_dispersion, control_dispersion : float
        Variance over mean of each area's counts; an estimated value is at least 1.

    Returns
    -------
    Estimate
        Undefined, with a note, if any of the four counts is 0.

    Notes
    -----
    .. math:: \theta = \log\frac{Z_1 / Z_0}{C_1 / C_0}, \qquad
        se^2 = \phi_Z (1/Z_0 + 1/Z_1) + \phi_C (1/C_0 + 1/C_1)

    The error includes counting noise and variation between months. It does not include how far places diverge without
    an operation, so its interval is too narrow.

    Examples
    --------
    >>> ratio = log_rate_ratio(Change("T", 100, 60), Change("C", 1000, 1000))
    >>> round(ratio.value, 4), round(ratio.standard_error, 4)
    (-0.5108, 0.1693)
    """
    phi_zone = check_positive(zone_dispersion, f"dispersion of {zone.area}")
    phi_control = check_positive(control_dispersion, f"dispersion of {control.area}")
    for change in (zone, control):
        for when, count in (("before", change.before), ("after", change.after)):
            if count == 0:
                note = f"the count {when} in {change.area} is 0"
                return undefined(NAME, unit="log ratio", reference=REFERENCE, note=note, reason=Reason.ZERO_COUNT)
    value = math.log(zone.after / zone.before) - math.log(control.after / control.before)
    variance = phi_zone * (1 / zone.before + 1 / zone.after) + phi_control * (1 / control.before + 1 / control.after)
    return Estimate(NAME, value, math.sqrt(variance), "log ratio", REFERENCE)
