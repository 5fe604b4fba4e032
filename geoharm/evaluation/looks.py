"""The price of looks: several phases are read, and an operation may be looked at again as months arrive.

Every further look is a further chance to name a change that is not there. Printed intervals stay 95% intervals; a finding
must also hold at the stricter level that so many looks need.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from geoharm.evaluation.reading import MAX_DETECTABLE, with_reading
from geoharm.evaluation.results.diagnostics import Diagnostic
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.effect import Effect
from geoharm.model.reading import Cap
from geoharm.stats.familywise import holm
from geoharm.stats.group_sequential import pocock_level

LEVEL = 0.05


def with_look_readings(
    measures: Sequence[MeasureResult], *, looks: int, whole: Collection[str] = ()
) -> tuple[MeasureResult, ...]:
    r"""Return the measures of one operation; a finding that misses the level of its looks is probable at most.

    Parameters
    ----------
    measures : sequence of MeasureResult
        All of the operation's, with their readings and diagnostics.
    looks : int
        How often the operation is to be evaluated in all, as months arrive, this time included.
    whole : collection of str
        Names of the phases that have exactly the days of the headline's window.

    Notes
    -----
    Each look has the level :math:`\alpha_K` of K planned looks by Pocock (`pocock_level`): 5%, 2.9%, 2.2%, 1.8% for one to
    four. In the headline's window, a finding in any zone needs a p-value of at most :math:`\alpha_K`.

    The phases of a measure, in the target and in all rings, share :math:`\alpha_K` by Holm's step-down method: with the
    two-sided p-values in order, a finding needs

    .. math:: p_{(j)} \le \alpha_K / (m - j + 1)

    for it and for every smaller one. The m members are the phases that can be a finding: those with a calibrated interval
    and a smallest detectable fall of 60% at most, whose places allow a finding; all three are known before the count
    after is. The whole window
    is read beside its phases and takes no share of theirs: it has its own error. A phase that is the whole window is the
    same look, and is read as it is there.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6:65-70, https://www.jstor.org/stable/4615733
    Pocock (1977), Biometrika 64:191-199, https://doi.org/10.1093/biomet/64.2.191
    """
    level = look_level(looks)
    return tuple(_read_looks(result, level, whole) for result in measures)


def _read_looks(result: MeasureResult, level: float, whole: Collection[str]) -> MeasureResult:
    effects = tuple(
        _capped(effect, result.diagnostics) if effect.ratio.p_value() > level else effect for effect in result.effects
    )
    result = replace(result, effects=effects)
    return replace(result, phases=_read_phases(result, level, whole))


def look_level(looks: int) -> float:
    """Return the two-sided level at which each of a number of looks is read."""
    return pocock_level(looks, level=LEVEL)


def _capped(effect: Effect[int], diagnostics: Sequence[Diagnostic]) -> Effect[int]:
    """Return an effect; if it is a finding, with the reading that its looks leave."""
    return with_reading(effect, diagnostics, cap=Cap.LOOKS) if effect.reading.is_finding else effect


def _read_phases(result: MeasureResult, level: float, whole: Collection[str]) -> tuple[Effect[int], ...]:
    """Return the phases of a measure, each with the reading that its share of the level allows."""
    in_whole_window = {effect.zone: effect for effect in result.effects}
    wholes = [in_whole_window.get(phase.zone) if phase.window in whole else None for phase in result.phases]
    p_values = [
        phase.ratio.p_value() if _can_be_finding(phase) and same is None else math.nan
        for phase, same in zip(result.phases, wholes, strict=True)
    ]
    adjusted = np.where(np.isnan(p_values), [phase.ratio.p_value() for phase in result.phases], holm(p_values))
    read = (
        _capped(phase, result.diagnostics) if p > level else phase
        for phase, p in zip(result.phases, adjusted.tolist(), strict=True)
    )
    return tuple(
        replace(phase, reading=same.reading, cap=same.cap) if same else phase
        for phase, same in zip(read, wholes, strict=True)
    )


def _can_be_finding(effect: Effect[int]) -> bool:
    may_be = effect.ratio.calibrated and effect.ratio.is_defined and effect.detectable_fall <= MAX_DETECTABLE
    return may_be and not (effect.placebo and effect.placebo.probably_at_most)
