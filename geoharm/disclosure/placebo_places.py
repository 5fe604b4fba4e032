"""Releases how a forecast was made and what places like it did: rounded steps, shares of places, sums to the nearest ten.

What could be learned from them, and why it is not a small count:

- **Steps of the factor.** The city's step, the change in common and the step to the typical count are made of published
  counts and of coefficients, which are means over 80 places and more. The other features are made of counts of the zone,
  its companion and its outer belt in the history and in the last year. They are released as log ratios with two decimals.
  The attack is told what that leaves of the zone's history and of the companion's last year (`factor_bounds`), so a
  count that would follow from them and from other published counts raises the measure's suppression level. From the first
  level on, these steps are one step. A belt has no other published count. Its features fix ratios only: if some counts
  agree with them, so do larger ones.
- **Discounted months.** If recent months weigh more, the own history's step is a weighted sum of up to all months, known to
  a thousandth at best. A single month stays open, because events can be moved between months with nearly the same sum; with
  few events there would be few ways. So the step is split off only where the window before has at least
  `MIN_SPLIT_EVENTS`.
- **Classes of changes** hold none or at least three places that are not named. A change is relative to a forecast that is not
  released, so no count follows even for a reader who knew which place it is.
- **Sums by level** are over at least ten places that overlap and are not named, and are rounded to the nearest ten.
"""

from __future__ import annotations

import math
from dataclasses import replace

from geoharm.disclosure.escalate import SuppressionLevel, SuppressionLevels
from geoharm.disclosure.factor_bounds import COEFFICIENT_DIGITS, FEATURE_DIGITS
from geoharm.disclosure.released import ReleasedEffect, ReleasedOperation
from geoharm.disclosure.suppression import round_to_ten
from geoharm.model.effect import PlaceboCheck
from geoharm.model.estimate import Interval
from geoharm.model.places_like_it import FactorKind, FactorStep, ForecastFactors, PlaceDistribution, PlaceLevels
from geoharm.model.suppressed import Count, Suppressed

MIN_SPLIT_EVENTS = 100  # fewest events before with which a step of discounted months is released on its own
_MIN_PLACES = 3  # a number of places below this is not released, except none
_LARGEST_MISS = 0.01  # the rounded steps multiply to the factor within this share, or they are not split up
_VALUE_DIGITS = 3
_FROM_COUNTS = (
    FactorKind.RECENT,
    FactorKind.LONG_RUN,
    FactorKind.COMPANION,
    FactorKind.BELT_AFTER,
    FactorKind.BELT_YEAR,
)


def protect_places(operation: ReleasedOperation, k: int, suppression_levels: SuppressionLevels) -> ReleasedOperation:
    """Return an operation whose effects tell of the places behind them only what may be released; all of it if k is 1."""
    if k == 1:
        return operation
    return replace(
        operation,
        measures=tuple(
            replace(
                measure,
                effects=tuple(
                    _protect_effect(
                        effect,
                        may_split=not suppression_levels.get(measure.measure.name, SuppressionLevel.NOTHING),
                    )
                    for effect in measure.effects
                ),
            )
            for measure in operation.measures
        ),
    )


def coarsen_places(check: PlaceboCheck) -> PlaceboCheck:
    """Return a check as released beside rounded counts: without factor and levels, and with the change to a whole percent.

    The interval of the change is left out: beside the one in events it would narrow the counts down. The levels of the places
    are those relative to the zone's own, and which place is in which class tells its exact count.
    """
    distribution = check.distribution
    if distribution is not None:
        distribution = replace(
            distribution,
            change=float(round(distribution.change)),
            interval=Interval(math.nan, math.nan, distribution.interval.level),
        )
    return replace(check, factors=None, distribution=distribution, levels=None)


def _protect_effect(effect: ReleasedEffect, *, may_split: bool) -> ReleasedEffect:
    check = effect.placebo
    if check is None:
        return effect
    factors = check.factors
    if factors is not None:
        has_events = factors.discount == 1 or (isinstance(effect.before, int) and effect.before >= MIN_SPLIT_EVENTS)
        factors = release_factors(factors, may_split=may_split and has_events)
    return replace(
        effect,
        placebo=replace(
            check,
            factors=factors,
            distribution=check.distribution and release_distribution(check.distribution),
            levels=check.levels and _release_levels(check.levels),
        ),
    )


def release_factors(factors: ForecastFactors, *, may_split: bool) -> ForecastFactors:
    """Return factors with rounded steps; those made of counts that are not published are one step where need be.

    Parameters
    ----------
    factors : ForecastFactors
    may_split : bool
        Whether the steps made of counts that are not published may stand by themselves. They do not if rounding them moves
        their product by more than 1%.
    """
    rounded = replace(
        factors, steps=tuple(_round_step(step) for step in factors.steps), factor=round(factors.factor, 3)
    )
    if may_split and abs(rounded.product / factors.factor - 1) <= _LARGEST_MISS:
        return rounded
    value = math.prod(step.value for step in factors.steps if step.kind in _FROM_COUNTS)
    unsplit = FactorStep(FactorKind.UNSPLIT, math.nan, math.nan, round(value, _VALUE_DIGITS))
    steps: list[FactorStep] = []
    for step in rounded.steps:
        if step.kind not in _FROM_COUNTS:
            steps.append(step)
        elif unsplit not in steps:
            steps.append(unsplit)
    return replace(rounded, steps=tuple(steps), city_last_year=math.nan, city_after=math.nan)


def _round_step(step: FactorStep) -> FactorStep:
    """Return a step with rounded digits; its value is made from them, and tells no more than they do."""
    coefficient = round(step.coefficient, COEFFICIENT_DIGITS)
    feature = round(step.feature, FEATURE_DIGITS) if step.kind in _FROM_COUNTS else step.feature
    return FactorStep(step.kind, coefficient, feature, round(math.exp(coefficient * feature), _VALUE_DIGITS))


def release_distribution(distribution: PlaceDistribution) -> PlaceDistribution:
    """Return a distribution without numbers of 1 or 2 places."""
    return replace(
        distribution,
        fell_as_far=_release_places(distribution.fell_as_far),
        rose_as_far=_release_places(distribution.rose_as_far),
    )


def _release_places(places: Count) -> Count:
    return Suppressed(_MIN_PLACES) if isinstance(places, int) and 0 < places < _MIN_PLACES else places


def _release_levels(levels: PlaceLevels) -> PlaceLevels:
    classes = tuple(
        replace(level, before=round_to_ten(level.before), after=round_to_ten(level.after)) for level in levels.classes
    )
    return replace(levels, classes=classes)
