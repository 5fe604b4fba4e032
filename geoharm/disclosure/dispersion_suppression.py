"""Suppression of dispersions: zones whose months would follow from it keep their counts, and lose their errors.

Every counting error is computed from shown counts and the dispersion, so it reveals the dispersion. A calibrated interval
is learned at placebo places and reveals nothing of the zone's months.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from geoharm.disclosure.dispersion_attack import dispersion_reveals_month
from geoharm.disclosure.suppression import suppress_error
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.design import Design
from geoharm.model.effect import Effect
from geoharm.model.estimate import Interval
from geoharm.model.reason import Reason, RevealedBy, Withheld
from geoharm.model.suppressed import Count


def zones_without_error(
    result: MeasureResult, members: Mapping[str, Sequence[str]], design: Design, k: int, *, step: int
) -> frozenset[str]:
    """Return the zones whose errors are suppressed because their dispersion leaves a small month too few values.

    Parameters
    ----------
    result : MeasureResult
    members : mapping of str to sequence of str
        The zones that make up every zone and sum of zones.
    design : Design
    k : int
        Threshold of the disclosure rule.
    step : int
        Months in a step of the published series of target and control; 0 if there is none.

    Notes
    -----
    The dispersion of the control follows from the errors of any two zones. If it is telling, all zones are returned.
    """
    steps = {"target": step, "control": step}

    def is_telling(zone: str) -> bool:
        return dispersion_reveals_month(result.counts, members[zone], design, k, step=steps.get(zone, 0))

    zones = [effect.zone for effect in (*result.effects, *result.unplaced_bounds)]
    if is_telling("control"):
        return frozenset(zones)
    return frozenset(zone for zone in zones if is_telling(zone))


def suppress_errors(effect: Effect[Count], k: int) -> Effect[Count]:
    """Return an effect without any number that reveals its dispersion; counts, change and a calibrated interval stay."""
    note = dispersion_note(k)
    no_interval = Interval(math.nan, math.nan, effect.interval.level)
    effect = replace(
        effect,
        counting=no_interval,
        counting_ratio=suppress_error(effect.counting_ratio, note),
        difference=suppress_error(effect.difference, note),
        dispersion=math.nan,
    )
    if effect.ratio.calibrated:
        return effect
    return replace(effect, interval=no_interval, ratio=suppress_error(effect.ratio, note), detectable_fall=math.nan)


def has_suppressed_error(effect: Effect[Count]) -> bool:
    """Return whether the counts of an effect are shown, and its dispersion is suppressed."""
    return math.isnan(effect.dispersion) and not effect.is_withheld


def dispersion_note(k: int) -> Withheld:
    """Return the reason why an error is suppressed that reveals a dispersion."""
    return Withheld(Reason.GIVES_BACK, k, RevealedBy.DISPERSION)
