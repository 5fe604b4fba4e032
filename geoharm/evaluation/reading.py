"""What an estimate allows to be said, with its diagnostics considered: decided here, worded in the report.

Disclosure control decides again on the numbers that are shown, and keeps the weaker of the two readings.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from geoharm.evaluation.claims import LEAD_LEVEL, claims_of, held_claims, is_turbulent
from geoharm.evaluation.results.composite import NO_LIMITS, PooledLimits
from geoharm.evaluation.results.diagnostics import Diagnostic
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.effect import CountT, Effect
from geoharm.model.estimate import Estimate
from geoharm.model.reading import Cap, Claim, Reading

# A change is a finding only if a fall of this size would be found four times in five. In simulated cities findings of designs
# between one half and this are wrong as rarely as others (docs/calibration.md).
MAX_DETECTABLE = 0.6
MIN_EXPECTED = 10
FINDINGS = {-1: Reading.FELL, 1: Reading.ROSE}
LEADS = {-1: Reading.PROBABLY_FELL, 1: Reading.PROBABLY_ROSE}
# What each reading still says when it is made weaker, itself first. An interval that lies below zero ends below any margin.
_WEAKENED = {
    Reading.FELL: (Reading.FELL, Reading.PROBABLY_FELL, Reading.NO_RISE_OVER, Reading.CANNOT_TELL),
    Reading.ROSE: (Reading.ROSE, Reading.PROBABLY_ROSE, Reading.NO_FALL_OVER, Reading.CANNOT_TELL),
    Reading.PROBABLY_FELL: (Reading.PROBABLY_FELL, Reading.CANNOT_TELL),
    Reading.PROBABLY_ROSE: (Reading.PROBABLY_ROSE, Reading.CANNOT_TELL),
    Reading.NO_RISE_OVER: (Reading.NO_RISE_OVER, Reading.CANNOT_TELL),
    Reading.NO_FALL_OVER: (Reading.NO_FALL_OVER, Reading.CANNOT_TELL),
    Reading.CONTROLS_DISAGREE: (Reading.CONTROLS_DISAGREE, Reading.CANNOT_TELL),
    Reading.CANNOT_TELL: (Reading.CANNOT_TELL,),
}


def read_effect(effect: Effect[CountT], diagnostics: Sequence[Diagnostic] = ()) -> Reading:
    """Return what an effect allows to be said: the first rung of the ladder that holds.

    Parameters
    ----------
    effect : Effect
    diagnostics : sequence of Diagnostic
        Of the effect's measure. Each applies to its own zones: most to the target area, alone or with the rings.

    Notes
    -----
    1. "Fell" or "rose": the calibrated 95% interval leaves out no change, and nothing caps the reading.
    2. "Probably fell" or "probably rose": the calibrated 80% interval leaves it out. So is a 95% interval read that is
       capped: it has counting noise only, fewer than 10 events are expected, the smallest detectable fall is above 60%,
       the placebo places allow no more, or a diagnostic of severity SIGNAL weighs. Never in a turbulent window
       (`is_turbulent`), and never where counting doubtful rows the other way would change it.
    3. "No rise over" and "no fall over": the one-sided 95% bound is at most the margin. For a harm the rise is asked
       first, for entries to treatment the fall. A weak design has bounds too: they hold whatever its power. They are
       not given where a diagnostic caps the reading, as they are 95% statements, nor where counting doubtful rows the
       other way would break them.
    4. "Cannot tell" otherwise, and without a change or a 95% interval, even if a narrower counting interval exists.

    If defensible controls disagree, a fall or a rise, found or probable, becomes "controls disagree".

    A rise is read here by itself; `geoharm.evaluation.family` then reads all rises of an operation together.
    """
    return _read(effect, diagnostics)[0]


def _read(
    effect: Effect[CountT], diagnostics: Sequence[Diagnostic], from_others: Cap | None = None
) -> tuple[Reading, Cap | None]:
    if math.isnan(effect.change) or math.isnan(effect.interval.low):
        return Reading.CANNOT_TELL, None
    held = claims_of(effect)
    finding, lead = _sides(effect, held)
    broken = _broken(effect, diagnostics)
    cap = _cap(effect, diagnostics) or from_others
    if finding or lead:
        if _controls_disagree(effect, diagnostics):
            return Reading.CONTROLS_DISAGREE, None
        if finding and cap is None and Claim.FINDING not in broken:
            return FINDINGS[finding], None
        doubted = Claim.LEAD in broken or (finding and Claim.FINDING in broken)
        if not doubted and not is_turbulent(effect):
            return LEADS[finding or lead], cap
    if any(diagnostic.caps(effect.zone) for diagnostic in diagnostics):
        return Reading.CANNOT_TELL, None
    return _bound(held - broken, asks_fall_first=effect.asks_fall_first), None


def _bound(held: frozenset[Claim], *, asks_fall_first: bool = False) -> Reading:
    """Return the first bound that is held; "cannot tell" without one."""
    asked = [(Claim.NO_RISE, Reading.NO_RISE_OVER), (Claim.NO_FALL, Reading.NO_FALL_OVER)]
    asked = asked[::-1] if asks_fall_first else asked
    return next((reading for claim, reading in asked if claim in held), Reading.CANNOT_TELL)


def _sides(effect: Effect[CountT], held: frozenset[Claim]) -> tuple[int, int]:
    """Return on which side of no change the effect lies as a finding, and as a lead; 0 for neither.

    Events and ratio must agree: where rounding parts them, there is no finding.
    """
    side, ratio = effect.interval.side, effect.ratio
    if not ratio.is_defined:
        return side, 0
    finding = side if Claim.FINDING in held and ratio.interval().side == side else 0
    return finding, ratio.interval(LEAD_LEVEL).side if Claim.LEAD in held else 0


def _broken(effect: Effect[CountT], diagnostics: Sequence[Diagnostic]) -> frozenset[Claim]:
    return frozenset().union(*(diagnostic.breaks(effect.zone) for diagnostic in diagnostics))


def _cap(effect: Effect[CountT], diagnostics: Sequence[Diagnostic]) -> Cap | None:
    """Return the first reason why no more than "probably" may be said of an effect."""
    if not effect.ratio.calibrated:
        return Cap.NOT_CALIBRATED
    if effect.expected < MIN_EXPECTED:
        return Cap.FEW_EXPECTED
    if effect.placebo is not None and effect.placebo.probably_at_most:
        return Cap.PLACES
    if not effect.detectable_fall <= MAX_DETECTABLE:
        return Cap.WEAK_DESIGN
    return Cap.DIAGNOSTIC if any(diagnostic.caps(effect.zone) for diagnostic in diagnostics) else None


def _controls_disagree(effect: Effect[CountT], diagnostics: Sequence[Diagnostic]) -> bool:
    return any(diagnostic.refuses_change(effect.zone) for diagnostic in diagnostics)


def may_be_probable(effect: Effect[CountT], diagnostics: Sequence[Diagnostic] = ()) -> bool:
    """Return whether a change of this effect may be called probable at all.

    It may not in a turbulent window, nor where counting doubtful rows the other way would change it, nor where controls
    disagree.
    """
    doubted = _broken(effect, diagnostics) & {Claim.FINDING, Claim.LEAD}
    return not doubted and not is_turbulent(effect) and not _controls_disagree(effect, diagnostics)


def read_pooled(
    pooled: Estimate, detectable_fall: float, *, margin: float, limits: PooledLimits = NO_LIMITS
) -> Reading:
    """Return what the pooled estimate of a composite outcome allows to be said, by the same ladder.

    Parameters
    ----------
    pooled : Estimate
        The mean log rate ratio of its parts, calibrated.
    detectable_fall : float
        Smallest detectable common fall, as a share: above `MAX_DETECTABLE`, a change is probable at most.
    margin : float
        The largest change that a bound may leave open, as a share of the expected count.
    limits : PooledLimits
        What its parts allow.

    Notes
    -----
    What limits one part limits the whole: a guard or weak places cap it, a doubt that breaks a claim of a part breaks it
    here, and a turbulent window of a part leaves nothing probable. A finding must hold at the level of its looks.
    """
    if not pooled.is_defined:
        return Reading.CANNOT_TELL
    held, side = held_claims(pooled.interval, margin=margin), pooled.interval(LEAD_LEVEL).side
    if limits.controls_disagree and Claim.LEAD in held:
        return Reading.CONTROLS_DISAGREE
    capped = limits.probably_at_most or limits.guarded or not detectable_fall <= MAX_DETECTABLE
    if not capped and Claim.FINDING in held - limits.broken and pooled.p_value() <= limits.level:
        return FINDINGS[side]
    doubted = Claim.LEAD in limits.broken or Claim.FINDING in held & limits.broken
    if Claim.LEAD in held and not doubted and not limits.turbulent:
        return LEADS[side]
    return Reading.CANNOT_TELL if limits.guarded else _bound(held - limits.broken)


def weaker(first: Reading, second: Reading) -> Reading:
    """Return the strongest reading that claims no more than either of two.

    Examples
    --------
    >>> weaker(Reading.FELL, Reading.PROBABLY_FELL), weaker(Reading.FELL, Reading.NO_RISE_OVER)
    (<Reading.PROBABLY_FELL: 'probably fell'>, <Reading.NO_RISE_OVER: 'no rise over'>)
    """
    if Reading.CONTROLS_DISAGREE in (first, second) and (first.direction or second.direction):
        return Reading.CONTROLS_DISAGREE
    return next(reading for reading in _WEAKENED[first] if reading in _WEAKENED[second])


def with_reading(
    effect: Effect[CountT], diagnostics: Sequence[Diagnostic] = (), *, cap: Cap | None = None
) -> Effect[CountT]:
    """Return an effect with its reading, and with the reason if no more than "probably" may be said.

    Parameters
    ----------
    effect : Effect
    diagnostics : sequence of Diagnostic
        As for `read_effect`.
    cap : Cap, optional
        What caps it beside its own numbers: other effects with which it shares an error.
    """
    reading, capped_by = _read(effect, diagnostics, cap)
    return replace(effect, reading=reading, cap=capped_by)


def with_weaker_reading(effect: Effect[CountT], diagnostics: Sequence[Diagnostic]) -> Effect[CountT]:
    """Return an effect with the weaker of the reading that it has and the reading of its numbers as they are now."""
    now = with_reading(effect, diagnostics)
    reading = weaker(effect.reading, now.reading)
    return replace(now, reading=reading, cap=now.cap or effect.cap if reading.is_probable else None)


def with_diagnostics(result: MeasureResult, diagnostics: tuple[Diagnostic, ...]) -> MeasureResult:
    """Return the result of a measure with its diagnostics, and with the readings that these leave."""
    return replace(
        result,
        effects=tuple(with_reading(effect, diagnostics) for effect in result.effects),
        phases=tuple(with_reading(effect, diagnostics) for effect in result.phases),
        diagnostics=diagnostics,
    )
