"""The family of comparisons behind "rose": every harm in every zone, with one joint error.

A rise that is not there can be named in any zone of any harm, so the more harms a study measures, the more chances it has
to be wrong. Here they share one error rate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm.evaluation.placebo.places import ZONES
from geoharm.evaluation.reading import with_reading
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.estimate import Estimate
from geoharm.model.measure import Measure, Role
from geoharm.model.reading import Cap, Reading
from geoharm.stats.familywise import holm

REFERENCE = "https://www.jstor.org/stable/4615733"
# The joint error of 5% in two halves: the upper tail of the primary's 95% interval, and all other members together.
OTHERS_LEVEL = 0.025


def with_family_readings(measures: Sequence[MeasureResult], *, primary: str) -> tuple[MeasureResult, ...]:
    r"""Return the measures of one operation; a rise that misses the family's level is probable at most, and no finding.

    Parameters
    ----------
    measures : sequence of MeasureResult
        All of the operation's, with their readings and diagnostics.
    primary : str
        Name of the primary measure.

    Returns
    -------
    tuple of MeasureResult
        With `comparisons`, the size of the family, on its measures.

    Notes
    -----
    The members are the harms (treatment entries left out, because each value profile decides whether more of them are a
    gain) times target, all rings, and both together, in the headline's window. Phases are parts of that window and are not
    in the family: what is said of a single phase has no joint error. Every operation is a family of its own.

    The primary measure in the target is read at its 95% interval, whose upper tail is 2.5%. The m other members that have
    a calibrated interval share the remaining 2.5% by Holm's step-down method. With the one-sided p-values in order, a rise
    is named if, for it and for every smaller one,

    .. math:: p_{(j)} \le 0.025 / (m - j + 1)

    By Bonferroni's inequality the probability of naming any rise that is not there is then at most 2.5% + 2.5%, whatever
    the dependence between measures and zones (a zone and the sum that it is part of are never independent).
    A member without a calibrated interval cannot be a finding, so it takes no share. Falls are not touched.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6:65-70, https://www.jstor.org/stable/4615733
    """
    members = [
        (result.measure.name, effect)
        for result in measures
        if is_member(result.measure)
        for effect in result.effects
        if effect.zone in ZONES and not math.isnan(rise_p_value(effect.ratio))
    ]
    others = [(name, effect) for name, effect in members if (name, effect.zone) != (primary, "target")]
    is_named = named_rises([rise_p_value(effect.ratio) for _, effect in others])
    missed = {(name, effect.zone) for (name, effect), named in zip(others, is_named, strict=True) if not named}
    return tuple(
        replace(
            result,
            effects=tuple(
                with_reading(effect, result.diagnostics, cap=Cap.FAMILY)
                if effect.reading is Reading.ROSE and (result.measure.name, effect.zone) in missed
                else effect
                for effect in result.effects
            ),
            comparisons=len(members) if is_member(result.measure) else 0,
        )
        for result in measures
    )


def is_member(measure: Measure) -> bool:
    """Return whether a measure's zones are in the family: a harm that is not treatment entries."""
    return measure.role is Role.HARM and measure.kind != "treatment_entry"


def rise_p_value(ratio: Estimate) -> float:
    """Return the one-sided p-value of "no rise", from the t distribution of a calibrated ratio.

    It is below 0.025 exactly if the 95% interval lies above zero. NaN if the ratio is undefined or not calibrated.
    """
    if not ratio.calibrated or not ratio.is_defined:
        return math.nan
    two_sided = ratio.p_value()
    return two_sided / 2 if ratio.value > 0 else 1 - two_sided / 2


def named_rises(p_values: ArrayLike, *, level: float = OTHERS_LEVEL) -> NDArray[np.bool_]:
    """Return which rises are named, so that the probability of naming any that is not there is at most `level`.

    Parameters
    ----------
    p_values : array_like, shape (m,)
        One-sided.
    level : float

    Examples
    --------
    >>> named_rises([0.004, 0.02, 0.012, 0.6]).tolist()
    [True, False, False, False]
    """
    return np.asarray(holm(p_values) <= level, dtype=np.bool_)
