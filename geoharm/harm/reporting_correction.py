"""Reports corrected for reporting effort: what changed beyond what became of a comparator stream by the same route.

San Francisco used requests to remove bulky items as the comparator of needle requests; the number of sweeps serves where
teams go out to look.
"""

from __future__ import annotations

import math

from geoharm.harm.results.perception import CorrectedEffect
from geoharm.model.effect import Effect
from geoharm.model.estimate import Estimate, undefined

REFERENCE = "https://doi.org/10.1007/s10940-021-09494-w"
NAME = "log rate ratio corrected for reporting effort"


def corrected_effect(
    zone: str,
    measure: Effect,
    comparator: Effect,
    *,
    names: tuple[str, str],
    dispersion: tuple[float, float] = (1.0, 1.0),
) -> CorrectedEffect:
    r"""Return a measure's log rate ratio less its comparator's, both net of control.

    Parameters
    ----------
    zone : str
    measure, comparator : Effect
        In the same zone and windows. The comparator counts what is reported by the same route but does not change with
        the harm: other requests to the same line, or how often somebody went to look.
    names : (str, str)
    dispersion : (float, float)

    Returns
    -------
    CorrectedEffect
        Undefined, with the reason, where a count is 0.

    Notes
    -----
    If a share :math:`\rho_t` of harm is reported in window t, and the comparator by the same share times what does not
    change, then the log ratio of counts is that of harm plus :math:`\log(\rho_1/\rho_0)`, and the comparator's is
    :math:`\log(\rho_1/\rho_0)` alone:

    .. math:: \theta = \theta_{reports} - \theta_{comparator}, \qquad se^2 = se_r^2 + se_c^2

    If the comparator moves for reasons of its own, so does the correction: both are always shown. Finds and the needles
    in them are corrected each on their own.
    """
    raw, effort = (
        _plain(one, name, phi) for one, name, phi in zip((measure, comparator), names, dispersion, strict=True)
    )
    if not raw.is_defined or not effort.is_defined:
        why = raw.note if not raw.is_defined else effort.note
        corrected = undefined(NAME, unit="log ratio", reference=REFERENCE, note=why)
    else:
        error = math.hypot(raw.standard_error, effort.standard_error)
        corrected = Estimate(
            NAME, raw.value - effort.value, error, "log ratio", REFERENCE, "the noise of counting only"
        )
    return CorrectedEffect(zone, names[0], names[1], raw, effort, corrected)


def _plain(effect: Effect, name: str, phi: float) -> Estimate:
    value = variance = 0.0
    for change, sign in ((effect.counts, 1.0), (effect.control, -1.0)):
        for when, count in (("before", change.before), ("after", change.after)):
            if count == 0:
                return undefined("log rate ratio", unit="log ratio", reference=REFERENCE,
                                 note=f"the count of {name} {when} in {change.area} is 0")  # fmt: skip
        value += sign * math.log(change.after / change.before)
        variance += phi * (1 / change.before + 1 / change.after)
    return Estimate("log rate ratio", value, math.sqrt(variance), "log ratio", REFERENCE)
