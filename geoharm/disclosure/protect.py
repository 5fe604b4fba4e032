"""Disclosure control: turns a `StudyResult` into a `Release`, the only thing that may be published.

Every writer takes a `Release`, and only `protect` makes one. The rules for a threshold k (under-5: k = 5):

- A count of 1 to k - 1 is suppressed, and so is every number that would give it back: its estimates; a second ring,
  where a single ring would follow from the sum of all; sums that differ from a shown one by just that zone; all phases
  of a zone that add up to a shown count; all phases of a zone whose count is withheld (`count_suppression`).
- Each count is decided once. The same zone in the same periods is shown wherever it is printed, or nowhere.
- A series is drawn by months, else by quarters, else by half-years, else not at all. The finest step is taken in which
  no count is small and from which, together with the counts of the windows, no small count of a stretch of time can be
  solved for (`differencing`). This holds for the target and for the control, because the control's line gives its
  counts.
- A zone whose dispersion leaves a small month too few possible values (`dispersion_attack`) keeps its counts and its
  change. It loses the dispersion and every error from which that would follow; an interval calibrated at placebo places
  stays (`dispersion_suppression`). For the target, a coarser series is taken first, if that saves the dispersion.
- A hotspot with fewer than k events, or fewer than k places, is not drawn.
- A surface is an image in six classes. Cells within reach of fewer than k events, or k places, are blank.
- A change surface is an image in five classes, blank in the same way.
- The events of a comparison's windows are given to the nearest ten, and their ratio is made from these (`comparisons`).
- Counts by area, in a ranking of areas and around an operation of a study whose primary measure is counted by area, are given
  as the multiples of ten around them (`area_changes`).
- Clusters, emerging hotspots and squares with a changed share are classes in an image, blank in the same way (for a hot
  step: by the events of that step). Scores of predictive accuracy have two digits.

At last the release is attacked (`escalate`): more is suppressed until no small count follows from all numbers together.
Detail goes first and the target's count last: steps of the forecast, series and effect decays, phases, gap and single
rings, sums with rings, the target; and a secondary measure goes before the primary one. Comparisons go where a count
follows with them and not without them.

Numbers of rows in files and months are rounded to the nearest ten (`ledgers`).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from itertools import pairwise

from geoharm.disclosure.activity import with_released_activity
from geoharm.disclosure.area_changes import protect_area_outcome
from geoharm.disclosure.area_ranking import protect_area_ranking
from geoharm.disclosure.change import protect_change
from geoharm.disclosure.comparisons import (
    protect_comparison,
    without_change_of,
    without_shift_of,
    without_windows_of,
)
from geoharm.disclosure.composite import protect_composites
from geoharm.disclosure.count_suppression import CountSuppression, suppress_counts
from geoharm.disclosure.differencing import is_recoverable
from geoharm.disclosure.dispersion_attack import dispersion_reveals_month
from geoharm.disclosure.dispersion_suppression import suppress_errors, zones_without_error
from geoharm.disclosure.escalate import SuppressionLevel, SuppressionLevels, suppress_until_safe
from geoharm.disclosure.hotspots import protect_hotspots
from geoharm.disclosure.ledgers import protect_ledger
from geoharm.disclosure.net_harm import harms_without_error, hidden_harms, protect_harm_assessment
from geoharm.disclosure.patterns import protect_patterns
from geoharm.disclosure.placebo_places import protect_places
from geoharm.disclosure.released import (
    _SEAL,
    Release,
    ReleasedChange,
    ReleasedEffect,
    ReleasedHotspots,
    ReleasedMeasure,
    ReleasedOperation,
    ReleasedSeries,
)
from geoharm.disclosure.robustness import protect_forests, protect_robustness
from geoharm.disclosure.rounded_dispersion import with_rounded_dispersions
from geoharm.disclosure.rounding import round_counts
from geoharm.disclosure.rows import data_sets
from geoharm.disclosure.suppression import suppress_effect
from geoharm.evaluation.reading import with_weaker_reading
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import Design
from geoharm.model.disclosure_rules import DISCLOSURE_RULES, is_few
from geoharm.model.effect import Effect
from geoharm.model.measure import Measure
from geoharm.model.period import Period, add_months
from geoharm.results import OperationResult, StudyResult


def protect(result: StudyResult) -> Release:
    """Return the release of a result, under the study's release kind and disclosure rule.

    Raises
    ------
    PublishError
        If a small count would follow even at the highest suppression level (`suppress_until_safe`).
    """
    result = with_released_activity(result)
    settings = result.study.publish
    rule = DISCLOSURE_RULES[settings.disclosure]
    k = 1 if settings.release == "internal" else rule.k
    if k > 1 and rule.step > 1:
        result = with_rounded_dispersions(result, rule)
    maps = (
        tuple(
            protect_hotspots(hotspots, result.study.area, k, coarse_views=_coarse_views(result))
            for hotspots in result.hotspots
        ),
        tuple(protect_change(changes, result.study.area, k) for changes in result.changes),
    )
    return suppress_until_safe(
        lambda suppression_levels, without_comparisons: round_counts(
            _disclose(result, k, maps, suppression_levels, without_comparisons)
        )
    )


def _disclose(
    result: StudyResult,
    k: int,
    maps: tuple[tuple[ReleasedHotspots, ...], tuple[ReleasedChange, ...]],
    suppression_levels: SuppressionLevels,
    without_comparisons: Collection[str] = (),
) -> Release:
    settings = result.study.publish
    ledgers = tuple(protect_ledger(ledger, k) for ledger in result.ledgers)
    data = data_sets(result.ledgers, ledgers)
    operations = tuple(
        _disclose_operation(operation, suppressions, suppression_levels)
        for operation, suppressions in zip(
            result.operations, suppress_counts(result.operations, k, suppression_levels, data=data), strict=True
        )
    )
    hidden_zones = {
        operation.design.operation.name: frozenset(
            effect.zone for effect in operation.primary.effects if effect.is_withheld
        )
        for operation in operations
    }
    comparisons = frozenset(comparison.name for comparison in result.study.comparisons)

    def given_up(measure: Measure) -> frozenset[str]:
        return comparisons if measure.name in without_comparisons else frozenset()

    return Release(
        study=result.study,
        ledgers=ledgers,
        hotspots=tuple(without_windows_of(hotspots, given_up(hotspots.measure)) for hotspots in maps[0]),
        operations=tuple(protect_places(operation, k, suppression_levels) for operation in operations),
        changes=tuple(without_change_of(change, given_up(change.measure), k) for change in maps[1]),
        rule="none" if settings.release == "internal" else settings.disclosure,
        threshold=k,
        seal=_SEAL,
        tables=tuple(protect_ledger(ledger, k) for ledger in result.tables),
        patterns=tuple(
            without_shift_of(protect_patterns(patterns, result.study.area, k), given_up(patterns.measure))
            for patterns in result.patterns
        ),
        forests=protect_forests(result.forests, hidden_zones, k),
        preregistration=result.preregistration,
        composites=protect_composites(result.composites, operations, k),
        data=data,
        comparisons=tuple(
            protect_comparison(comparison, k, given_up=bool(given_up(comparison.measure)))
            for comparison in result.comparisons
        ),
        area_rankings=tuple(protect_area_ranking(ranking, k) for ranking in result.area_rankings),
        area_outcomes=tuple(protect_area_outcome(outcome, k) for outcome in result.area_outcomes),
    )


def _coarse_views(result: StudyResult) -> frozenset[str]:
    """Return the comparisons whose surfaces are drawn coarser, because they overlap in time with others: all but a single one."""
    names = [comparison.name for comparison in result.study.comparisons]
    return frozenset() if len(names) == 1 and not result.operations else frozenset(names)


# -- effects --------------------------------------------------------------------------------------------------------


def _disclose_operation(
    result: OperationResult[MeasureResult],
    suppressions: Sequence[CountSuppression],
    suppression_levels: SuppressionLevels,
) -> ReleasedOperation:
    measures = tuple(
        _disclose_measure(
            measure,
            result.design,
            suppression,
            suppression_levels.get(measure.measure.name, SuppressionLevel.NOTHING),
        )
        for measure, suppression in zip(result.measures, suppressions, strict=True)
    )
    harm = protect_harm_assessment(
        result.harm, hidden_harms(measures), suppressions[0].k, harms_without_error(measures)
    )
    return OperationResult(result.design, measures, harm)


def _disclose_measure(
    result: MeasureResult, design: Design, suppression: CountSuppression, suppression_level: SuppressionLevel
) -> ReleasedMeasure:
    k = suppression.k
    series = _disclose_series(result.counts, design, suppression, suppression_level)
    without_error = zones_without_error(result, suppression.members, design, k, step=series.step)

    def disclosed(effects: Sequence[Effect[int]]) -> tuple[ReleasedEffect, ...]:
        return tuple(_disclose_effect(effect, design, suppression, without_error) for effect in effects)

    effects, phases = disclosed(result.effects), disclosed(result.phases)
    bounds = disclosed(result.unplaced_bounds) if _may_show_bounds(result, design, suppression) else ()
    timed = suppression_level < SuppressionLevel.SERIES
    robustness = protect_robustness(
        result, design, k, effects=effects, phases=phases, bounds=bounds, series=series, timed=timed
    )
    diagnostics = robustness.diagnostics
    return ReleasedMeasure(
        result.measure,
        tuple(with_weaker_reading(effect, diagnostics) for effect in effects),
        tuple(with_weaker_reading(effect, diagnostics) for effect in phases),
        series,
        tuple(with_weaker_reading(effect, diagnostics) for effect in bounds),
        robustness,
        _disclose_own_place(result, design, suppression),
        result.comparisons,
    )


def _disclose_own_place(result: MeasureResult, design: Design, suppression: CountSuppression) -> ReleasedEffect | None:
    """Return the target's effect without the rows that were placed by their address; None if a small count would follow.

    The rows that were placed by their address are the difference to the target and to its control, so they are not small
    either. Its errors are suppressed in a public release: they would tell more of the months, and none is read.
    """
    own, target = result.own_place, result.effect("target")
    if own is None or suppression.hides("target", design.before, design.after):
        return None
    placed_by_address = [count - own_count for count, own_count in zip(target.counts, own.counts, strict=True)]
    if suppression.is_small(*own.counts, *placed_by_address):
        return None
    return _disclose_effect(own, design, suppression, {own.zone} if suppression.k > 1 else ())


def _may_show_bounds(result: MeasureResult, design: Design, suppression: CountSuppression) -> bool:
    """Return whether the bounds for rows without a place may be shown.

    They may not if a small count of such rows, or the count of the target, would follow by subtraction.
    """
    nested_effects = [result.effect("target"), *result.unplaced_bounds]
    unplaced_counts = [
        count
        for narrower, wider in pairwise(nested_effects)
        for count in (wider.before - narrower.before, wider.after - narrower.after)
    ]
    return not (suppression.hides("target", design.before, design.after) or suppression.is_small(*unplaced_counts))


def _disclose_effect(
    effect: Effect[int], design: Design, suppression: CountSuppression, without_error: Collection[str]
) -> ReleasedEffect:
    """Return an effect without the counts that are suppressed, and without what would reveal a suppressed dispersion."""
    after = next(window for window in (design.after, *design.phases) if window.name == effect.window)
    sides = (
        (effect.after, effect.zone, after),
        (effect.before, effect.zone, design.before),
        (effect.control_after, "control", after),
        (effect.control_before, "control", design.before),
    )
    after_count, before_count, control_after, control_before = (suppression.release(*side) for side in sides)
    released: ReleasedEffect = Effect(
        zone=effect.zone,
        window=effect.window,
        before=before_count,
        after=after_count,
        control_before=control_before,
        control_after=control_after,
        length_ratio=effect.length_ratio,
        expected=effect.expected,
        change=effect.change,
        interval=effect.interval,
        counting=effect.counting,
        ratio=effect.ratio,
        counting_ratio=effect.counting_ratio,
        difference=effect.difference,
        dispersion=effect.dispersion,
        detectable_fall=effect.detectable_fall,
        placebo=effect.placebo,
        margin=effect.margin,
        asks_fall_first=effect.asks_fall_first,
        reading=effect.reading,
        cap=effect.cap,
    )
    if reason := next(filter(None, (suppression.reason(*side) for side in sides)), None):
        return suppress_effect(released, reason)
    return suppress_errors(released, suppression.k) if effect.zone in without_error else released


# -- series ---------------------------------------------------------------------------------------------------------


def _disclose_series(
    counts: ZoneCounts, design: Design, suppression: CountSuppression, suppression_level: SuppressionLevel
) -> ReleasedSeries:
    """Return the series by the finest step that may be shown, or a coarser one that leaves the target its errors.

    The series is given up before the dispersion of the target is: a coarser step is taken, or none, if that hides the
    months which dispersion and series together would reveal. If the dispersion is telling by itself, the series stays.
    """
    if suppression.hides("target", design.before, design.after):
        return ReleasedSeries(0)
    candidates = [
        series
        for step, level_without_it in (
            (1, SuppressionLevel.MONTHS),
            (3, SuppressionLevel.QUARTERS),
            (6, SuppressionLevel.SERIES),
        )
        if suppression_level < level_without_it
        and (series := _series_by_step(counts, design, suppression.k, step)) is not None
    ]
    candidates.append(ReleasedSeries(0))
    return next(
        (
            series
            for series in candidates
            if not dispersion_reveals_month(counts, ["target"], design, suppression.k, step=series.step)
        ),
        candidates[0],
    )


def _series_by_step(counts: ZoneCounts, design: Design, k: int, step: int) -> ReleasedSeries | None:
    """Return the series by a step; None if a count of target or control in it is small or can be solved for."""
    if counts.by_year:
        return None
    target = counts.monthly("target")
    control = counts.monthly("control")
    covered_months = [month for month in counts.coverage.months() if counts.coverage.contains(_month_period(month))]
    starts = [month for month in covered_months if (month.month - 1) % step == 0]
    steps = {start: [add_months(start, offset) for offset in range(step)] for start in starts}
    steps = {start: months for start, months in steps.items() if months[-1] in covered_months}
    complete_steps = {start: months for start, months in steps.items() if all(month in target for month in months)}
    target_counts = {start: sum(target[month] for month in months) for start, months in complete_steps.items()}
    control_counts = {start: sum(control[month] for month in months) for start, months in complete_steps.items()}
    if not complete_steps or any(is_few(count, k) for count in (*target_counts.values(), *control_counts.values())):
        return None
    published = [[Period(start, add_months(start, step))] for start in complete_steps]
    published += [list(window.periods) for window in (design.before, design.after, *design.phases)]
    if k > 1 and any(is_recoverable(counts, zone, published, k) for zone in ("target", "control")):
        return None
    scale = _control_scale(target_counts, control_counts, design)
    incomplete = tuple(start for start in steps if start not in complete_steps)
    scaled = tuple(scale * value for value in control_counts.values())
    return ReleasedSeries(step, tuple(complete_steps), tuple(target_counts.values()), scaled, incomplete, scale)


def _control_scale(target_counts: Mapping[date, int], control_counts: Mapping[date, int], design: Design) -> float:
    starts_before = [start for start in target_counts if start < design.operation.period.start]
    control_before = sum(control_counts[start] for start in starts_before)
    return sum(target_counts[start] for start in starts_before) / control_before if control_before else math.nan


def _month_period(month: date) -> Period:
    return Period(month, add_months(month, 1))
