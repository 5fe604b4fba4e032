"""Correction for reporting effort: the change of reports, compared with that of a comparator.

The comparator is reported by the same route as the measure.
San Francisco used requests to remove bulky items as the comparator of needle requests. Where teams search for needles,
the number of searches can be the comparator.
"""

from __future__ import annotations

import math

from geoharm.harm.results.perception import CorrectedEffect
from geoharm.model.effect import Effect
from geoharm.model.estimate import Estimate, undefined
from geoharm.model.reason import Reason

REFERENCE = "https://doi.org/10.1007/s10940-021-09494-w"
NAME = "log rate ratio corrected for reporting effort"


def corrected_effect(
    zone: str,
    measure: Effect[int],
    comparator: Effect[int],
    *,
    names: tuple[str, str],
    dispersion: tuple[float, float] = (1.0, 1.0),
) -> CorrectedEffect:
    r"""Return the log rate ratio of a measure minus that of its comparator, both against the control area.

    Parameters
    ----------
    zone : str
        Name of the zone.
    measure, comparator : Effect
        Effects in the same zone and windows. The comparator counts what is reported by the same route but does not
        change with the harm: other requests to the same line, or the number of searches.
    names : (str, str)
        Names of the measure and of the comparator.
    dispersion : (float, float)
        Variance divided by mean of the counts of the measure and of the comparator.

    Returns
    -------
    CorrectedEffect
        Undefined, with the reason, if a count is 0.

    Notes
    -----
    Let :math:`\rho_t` be the share of harm that is reported in window t, and let the comparator be reported at the same
    share of a number that does not change. Then the log ratio of the measure's counts is that of harm plus
    :math:`\log(\rho_1/\rho_0)`, and the comparator's log ratio is :math:`\log(\rho_1/\rho_0)`. Hence

    .. math:: \theta = \theta_{reports} - \theta_{comparator}, \qquad se^2 = se_r^2 + se_c^2

    If the comparator changes for other reasons, the correction changes too. Both ratios are therefore always shown.
    Finds and the needles in them are corrected separately.
    """
    raw, effort = (
        _log_rate_ratio(effect, name, phi)
        for effect, name, phi in zip((measure, comparator), names, dispersion, strict=True)
    )
    if not raw.is_defined or not effort.is_defined:
        missing = effort if raw.is_defined else raw
        corrected = undefined(NAME, unit="log ratio", reference=REFERENCE, note=missing.note, reason=missing.reason)
    else:
        error = math.hypot(raw.standard_error, effort.standard_error)
        corrected = Estimate(
            NAME, raw.value - effort.value, error, "log ratio", REFERENCE, "the noise of counting only"
        )
    return CorrectedEffect(zone, names[0], names[1], raw, effort, corrected)


def _log_rate_ratio(effect: Effect[int], name: str, phi: float) -> Estimate:
    value = variance = 0.0
    sides = (
        (effect.zone, effect.before, effect.after, 1.0),
        ("control", effect.control_before, effect.control_after, -1.0),
    )
    for area, before, after, sign in sides:
        for window, count in (("before", before), ("after", after)):
            if count == 0:
                note = f"the count of {name} {window} in {area} is 0"
                return undefined(
                    "log rate ratio", unit="log ratio", reference=REFERENCE, note=note, reason=Reason.ZERO_COUNT
                )
        value += sign * math.log(after / before)
        variance += phi * (1 / before + 1 / after)
    return Estimate("log rate ratio", value, math.sqrt(variance), "log ratio", REFERENCE)
