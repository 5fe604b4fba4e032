"""What net harm under one value profile allows to be said: decided here, worded in the report."""

from __future__ import annotations

import math

from geoharm.model.estimate import Interval
from geoharm.model.reading import Reading

_FINDINGS = {-1: Reading.FELL, 1: Reading.ROSE}
_LEADS = {-1: Reading.PROBABLY_FELL, 1: Reading.PROBABLY_ROSE}


def read_sum(
    interval: Interval, narrow: Interval, *, calibrated: bool, limited: bool = False, doubted: bool = False
) -> Reading:
    """Return what a weighted sum of effects allows to be said.

    Parameters
    ----------
    interval, narrow : Interval
        The 95% and the 80% interval of the sum; NaN without a sum.
    calibrated : bool
        Whether the intervals of all parts are calibrated.
    limited : bool
        Whether a part cannot be a finding.
    doubted : bool
        Whether no change of a part may be called probable: its window is turbulent, counting doubtful rows the other way
        would change it, or controls disagree.

    Notes
    -----
    - No interval: "cannot tell".
    - The 95% interval leaves out zero: "fell" or "rose"; "probably" if a part is not calibrated or is limited.
    - The 80% interval leaves out zero, and all parts are calibrated: "probably fell" or "probably rose".
    - "Cannot tell" otherwise, and instead of "probably" if a part is doubted. A sum of several harms has no expected count,
      so no bound in percent is read.

    A sum is no stronger than its weakest part: it can be a finding only if each part could be one.

    Examples
    --------
    >>> read_sum(Interval(-9.0, -1.0, 0.95), Interval(-8.0, -2.0, 0.8), calibrated=True)
    <Reading.FELL: 'fell'>
    >>> read_sum(Interval(-9.0, 1.0, 0.95), Interval(-8.0, -1.0, 0.8), calibrated=True)
    <Reading.PROBABLY_FELL: 'probably fell'>
    """
    if math.isnan(interval.low) or math.isnan(interval.high):
        return Reading.CANNOT_TELL
    if interval.side and calibrated and not limited:
        return _FINDINGS[interval.side]
    side = interval.side or (narrow.side if calibrated else 0)
    return _LEADS[side] if side and not doubted else Reading.CANNOT_TELL
