"""What net harm under one value profile allows to be said: decided here, worded in the report."""

from __future__ import annotations

from dataclasses import replace

from geoharm.harm.results.net_harm import NetHarm
from geoharm.model.estimate import Interval
from geoharm.model.reading import Reading

_FINDINGS = {-1: Reading.FELL, 1: Reading.ROSE}
_SIGNALS = {-1: Reading.SIGNAL_FALL, 1: Reading.SIGNAL_RISE}


def read_sum(interval: Interval, *, calibrated: bool, limited: bool) -> Reading:
    """Return what a weighted sum of effects allows to be said.

    Parameters
    ----------
    interval : Interval
        The 95% interval of the sum; NaN without a sum.
    calibrated : bool
        Whether the intervals of all parts are calibrated.
    limited : bool
        Whether a diagnostic limits the reading of a part.

    Notes
    -----
    - No interval: "cannot tell".
    - The interval excludes zero: "fell" or "rose"; a signal if a part is not calibrated or is limited.
    - The interval includes zero: "no clear change"; "cannot tell" if a part is not calibrated, because the interval is
      then too narrow.

    A sum is no stronger than its weakest part: it can be a finding only if each part could be one.

    Examples
    --------
    >>> read_sum(Interval(-9.0, -1.0, 0.95), calibrated=True, limited=False)
    <Reading.FELL: 'fell'>
    >>> read_sum(Interval(1.0, 9.0, 0.95), calibrated=False, limited=False)
    <Reading.SIGNAL_RISE: 'a signal of a rise, not a finding'>
    """
    if interval.side:
        return (_SIGNALS if limited or not calibrated else _FINDINGS)[interval.side]
    return Reading.NO_CLEAR_CHANGE if calibrated and interval.low <= 0 <= interval.high else Reading.CANNOT_TELL


def behind_gate(net_harm: NetHarm, *, fell: bool, rose: bool) -> NetHarm:
    r"""Return net harm; its fall or rise as a signal, if what must be found first was not found.

    Parameters
    ----------
    net_harm : NetHarm
    fell : bool
        Whether the primary measure, a harm, fell in the target area, as a finding.
    rose : bool
        Whether any harm rose in any zone, as a finding by the rule of its family.

    Notes
    -----
    Gatekeeping, or a fixed sequence of tests: a hypothesis is tested at its full level, but only if one before it was
    rejected. Where nothing happened, naming a change of the sum then needs a false finding before it, so it adds nothing to
    their error, whatever the number of value profiles. Printed intervals are not touched.

    References
    ----------
    P. H. Westfall, A. Krishen (2001), Optimally weighted, fixed sequence and gatekeeper multiple testing procedures, Journal
    of Statistical Planning and Inference 99:25-40, https://doi.org/10.1016/S0378-3758(01)00077-5
    """
    is_open = {Reading.FELL: fell, Reading.ROSE: rose}.get(net_harm.reading, True)
    return net_harm if is_open else replace(net_harm, reading=_SIGNALS[net_harm.reading.direction])
