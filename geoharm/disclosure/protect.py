"""Disclosure control: turns a `StudyResult` into a `Release`, the only thing that may be published.

Every writer takes a `Release`, and only `protect` makes one. The rules for a threshold k (under-5: k = 5):

- A count of 1 to k - 1 is suppressed, and so is every number that would give it back: its estimates; a second ring,
  where a single ring would follow from the sum of all; sums that differ from a shown one by just that zone; all phases
  of a zone that add up to a shown count.
- A series is drawn by months, else by quarters, else by half-years, else not at all. The finest step is taken in which
  no count is small and from which, together with the counts of the windows, no small count of a stretch of time can be
  solved for (`differencing`). This holds for the target and for the control, because the control's line gives its
  counts.
- A zone is suppressed if its dispersion, which every error reveals, leaves a small month too few possible values
  (`dispersion_attack`).
- A hotspot with fewer than k events, or fewer than k places, is not drawn.
- A surface is an image in six classes. Cells within reach of fewer than k events, or k places, are blank.
- A change surface is an image in five classes, blank in the same way.
- Clusters, emerging hotspots and squares with a changed share are classes in an image, blank in the same way (for a hot
  step: by the events of that step). Scores of predictive accuracy have two digits.

At last the release is attacked (`escalate`): more is suppressed until no small count follows from all numbers together.

Numbers of rows in files (read, rejected, duplicate) are not counts of events at a place, so they are shown. Files that
keep 1 to k - 1 rows are left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import TypeVar

from geoharm.disclosure.activity import with_released_activity
from geoharm.disclosure.change import protect_change
from geoharm.disclosure.composite import protect_composites
from geoharm.disclosure.constraints import row_key
from geoharm.disclosure.differencing import is_recoverable
from geoharm.disclosure.dispersion_attack import dispersion_reveals_month
from geoharm.disclosure.escalate import SuppressionLevel, SuppressionLevels, suppress_until_safe
from geoharm.disclosure.hotspots import protect_hotspots, round_to_ten
from geoharm.disclosure.net_harm import protect_harm_assessment
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
from geoharm.disclosure.rounding import round_counts
from geoharm.disclosure.suppression import suppress_effect
from geoharm.evaluation.reading import with_weaker_reading
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS, TARGET_GAP_AND_RINGS, Design
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.effect import Effect
from geoharm.model.geometry import ZoneRole
from geoharm.model.ledger import SourceLedger
from geoharm.model.period import DURING, Period, add_months
from geoharm.model.suppressed import Count, Suppressed
from geoharm.model.table_ledger import TableLedger
from geoharm.results import OperationResult, StudyResult

_Ledger = TypeVar("_Ledger", SourceLedger, TableLedger)


def protect(result: StudyResult) -> Release:
    """Return the release of a result, under the study's release kind and disclosure rule.

    Raises
    ------
    PublishError
        If a small count would follow even at the highest suppression level (`suppress_until_safe`).
    """
    result = with_released_activity(result)
    settings = result.study.publish
    k = 1 if settings.release == "internal" else DISCLOSURE_RULES[settings.disclosure].threshold
    maps = (
        tuple(protect_hotspots(hotspots, result.study.area, k) for hotspots in result.hotspots),
        tuple(protect_change(changes, result.study.area, k) for changes in result.changes),
    )
    return suppress_until_safe(lambda suppression_levels: round_counts(_disclose(result, k, maps, suppression_levels)))


def _disclose(
    result: StudyResult,
    k: int,
    maps: tuple[tuple[ReleasedHotspots, ...], tuple[ReleasedChange, ...]],
    suppression_levels: SuppressionLevels,
) -> Release:
    settings = result.study.publish
    ledgers, hidden_files = _disclose_ledgers([replace(ledger, months=()) for ledger in result.ledgers], k)
    tables, hidden_table_files = _disclose_ledgers(result.tables, k)
    operations = tuple(_disclose_operation(operation, k, suppression_levels) for operation in result.operations)
    hidden_zones = {
        operation.design.operation.name: frozenset(
            effect.zone for effect in operation.primary.effects if effect.is_withheld
        )
        for operation in operations
    }
    return Release(
        study=result.study,
        ledgers=ledgers,
        hidden_files=hidden_files + hidden_table_files,
        months={ledger.source: _disclose_months(ledger, k) for ledger in result.ledgers},
        hotspots=maps[0],
        operations=tuple(protect_places(operation, k, suppression_levels) for operation in operations),
        changes=maps[1],
        rule="none" if settings.release == "internal" else settings.disclosure,
        threshold=k,
        seal=_SEAL,
        tables=tables,
        patterns=tuple(protect_patterns(patterns, result.study.area, k) for patterns in result.patterns),
        forests=protect_forests(result.forests, hidden_zones, k),
        preregistration=result.preregistration,
        composites=protect_composites(result.composites, operations, k),
    )


def suppress_small(value: int, k: int) -> Count:
    """Return a count, or `Suppressed` if it lies from 1 to k - 1.

    Examples
    --------
    >>> suppress_small(12, 5), suppress_small(0, 5), str(suppress_small(3, 5))
    (12, 0, 'under 5')
    """
    return Suppressed(k) if 0 < value < k else value


# -- effects --------------------------------------------------------------------------------------------------------


def _disclose_operation(
    result: OperationResult[MeasureResult], k: int, suppression_levels: SuppressionLevels
) -> ReleasedOperation:
    measures = tuple(
        _disclose_measure(
            measure, result.design, k, suppression_levels.get(row_key(measure.measure), SuppressionLevel.NOTHING)
        )
        for measure in result.measures
    )
    suppressed = {
        (measure.measure.name, effect.zone) for measure in measures for effect in measure.effects if effect.is_withheld
    }
    return OperationResult(result.design, measures, protect_harm_assessment(result.harm, suppressed, k))


def _disclose_measure(
    result: MeasureResult, design: Design, k: int, suppression_level: SuppressionLevel
) -> ReleasedMeasure:
    steps = tuple(
        step
        for step, level_without_it in (
            (1, SuppressionLevel.MONTHS),
            (3, SuppressionLevel.QUARTERS),
            (6, SuppressionLevel.SERIES),
        )
        if suppression_level < level_without_it
    )
    series = _disclose_series(result.counts, design, k, steps)
    hidden_zones = _hidden_zones(result, design, k, step=series.step)
    if suppression_level >= SuppressionLevel.RINGS:
        still_shown = {"target", ALL_RINGS, TARGET_AND_RINGS} if suppression_level < SuppressionLevel.ALL else set()
        hidden_zones |= {effect.zone for effect in result.effects} - still_shown
    effects = tuple(_disclose_effect(effect, k, hide=effect.zone in hidden_zones) for effect in result.effects)
    # The phases after the operation add up to the headline's count, so a single suppressed phase would follow from the
    # others.
    zones_with_small_phase = {
        effect.zone for effect in result.phases if effect.window != DURING and _has_small(effect, k)
    }
    phases = tuple(
        _disclose_effect(
            effect,
            k,
            hide=effect.window != DURING and effect.zone in zones_with_small_phase,
            drop=suppression_level >= SuppressionLevel.PHASES,
        )
        for effect in result.phases
    )
    bounds = _disclose_bounds(result, k, hide="target" in hidden_zones)
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
        comparisons=result.comparisons,
    )


def _disclose_bounds(result: MeasureResult, k: int, *, hide: bool) -> tuple[ReleasedEffect, ...]:
    """Return the bounds for rows without a place; none if a small count of such rows would follow by subtraction."""
    nested_effects = [result.effect("target"), *result.unplaced_bounds]
    unplaced_counts = [
        (wider.before - narrower.before, wider.after - narrower.after) for narrower, wider in pairwise(nested_effects)
    ]
    if hide or any(isinstance(suppress_small(count, k), Suppressed) for pair in unplaced_counts for count in pair):
        return ()
    return tuple(_disclose_effect(effect, k, hide=False) for effect in result.unplaced_bounds)


def _hidden_zones(result: MeasureResult, design: Design, k: int, *, step: int) -> set[str]:
    """Return the zones to suppress: those with a small count, or whose count would reveal one.

    A count is revealed by subtraction from a sum of zones, or by trial from the dispersion.
    """
    ring_names = [zone.name for zone in design.of_role(ZoneRole.RING)]
    gap_names = {zone.name for zone in design.of_role(ZoneRole.GAP)}
    target_names = [zone.name for zone in design.of_role(ZoneRole.TARGET)]
    members = {zone.name: [zone.name] for zone in design.zones}
    members |= {
        ALL_RINGS: ring_names,
        TARGET_AND_RINGS: target_names + ring_names,
        TARGET_GAP_AND_RINGS: [*target_names, *gap_names, *ring_names],
    }
    series_steps = {"target": step}
    hidden = {
        effect.zone
        for effect in result.effects
        if _has_small(effect, k)
        or dispersion_reveals_month(
            result.counts, members[effect.zone], design, k, step=series_steps.get(effect.zone, 0)
        )
    }
    shown_rings = sorted(
        (name for name in ring_names if name not in hidden), key=lambda name: _smallest_count(result.effect(name))
    )
    # The sum of the suppressed rings follows from the sum of all rings, so that sum must be large enough itself.
    while shown_rings and not _is_safe_together([result.effect(name) for name in ring_names if name in hidden], k):
        hidden.add(shown_rings.pop(0))
    if not _is_safe_together([result.effect(name) for name in ring_names if name in hidden], k):
        hidden.add(ALL_RINGS)
    if hidden & {"target", ALL_RINGS}:
        hidden.add(TARGET_AND_RINGS)
    if hidden & (gap_names | {TARGET_AND_RINGS}):
        hidden.add(TARGET_GAP_AND_RINGS)
    return hidden


def _is_safe_together(hidden: Sequence[Effect[int]], k: int) -> bool:
    """Return whether no zone is suppressed, or several whose summed counts before and after are both at least k."""
    if not hidden:
        return True
    sums = [sum(effect.before for effect in hidden), sum(effect.after for effect in hidden)]
    return len(hidden) > 1 and all(value >= k for value in sums)


def _smallest_count(effect: Effect[int]) -> tuple[int, str]:
    return min(effect.before, effect.after), effect.zone


def _has_small(effect: Effect[int], k: int) -> bool:
    return any(isinstance(suppress_small(value, k), Suppressed) for value in effect.counts)


def _disclose_effect(effect: Effect[int], k: int, *, hide: bool, drop: bool = False) -> ReleasedEffect:
    """Return an effect, without its counts where they are suppressed.

    Parameters
    ----------
    effect : Effect
    k : int
        Threshold of the disclosure rule.
    hide : bool
        Suppress the counts of the zone.
    drop : bool
        Suppress the counts of the zone and of the control.
    """
    before, after, control_before, control_after = (suppress_small(count, k) for count in effect.counts)
    if hide or drop:
        before = after = Suppressed()
    if drop:
        control_before = control_after = Suppressed()
    released: ReleasedEffect = Effect(
        zone=effect.zone,
        window=effect.window,
        before=before,
        after=after,
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
        reading=effect.reading,
        signal_reason=effect.signal_reason,
    )
    return suppress_effect(released, k) if released.is_withheld else released


def _disclose_series(counts: ZoneCounts, design: Design, k: int, steps_allowed: Sequence[int]) -> ReleasedSeries:
    """Return the series by the finest step in which no count of the target or of the control is small or can be solved for."""
    if counts.by_year:
        return ReleasedSeries(0)
    target = counts.monthly("target")
    control = counts.monthly("control")
    covered_months = [month for month in counts.coverage.months() if counts.coverage.contains(_month_period(month))]
    for step in steps_allowed:
        starts = [month for month in covered_months if (month.month - 1) % step == 0]
        steps = {start: [add_months(start, offset) for offset in range(step)] for start in starts}
        steps = {start: months for start, months in steps.items() if months[-1] in covered_months}
        complete_steps = {start: months for start, months in steps.items() if all(month in target for month in months)}
        target_counts = {start: sum(target[month] for month in months) for start, months in complete_steps.items()}
        control_counts = {start: sum(control[month] for month in months) for start, months in complete_steps.items()}
        if not complete_steps or any(
            isinstance(suppress_small(count, k), Suppressed)
            for count in (*target_counts.values(), *control_counts.values())
        ):
            continue
        published = [[Period(start, add_months(start, step))] for start in complete_steps]
        published += [list(window.periods) for window in (design.before, design.after, *design.phases)]
        if k > 1 and any(is_recoverable(counts, zone, published, k) for zone in ("target", "control")):
            continue
        scale = _control_scale(target_counts, control_counts, design)
        incomplete = tuple(start for start in steps if start not in complete_steps)
        scaled = tuple(scale * value for value in control_counts.values())
        return ReleasedSeries(step, tuple(complete_steps), tuple(target_counts.values()), scaled, incomplete, scale)
    return ReleasedSeries(0)


def _control_scale(target_counts: Mapping[date, int], control_counts: Mapping[date, int], design: Design) -> float:
    starts_before = [start for start in target_counts if start < design.operation.period.start]
    control_before = sum(control_counts[start] for start in starts_before)
    return sum(target_counts[start] for start in starts_before) / control_before if control_before else math.nan


def _month_period(month: date) -> Period:
    return Period(month, add_months(month, 1))


# -- ledgers --------------------------------------------------------------------------------------------------------


def _disclose_ledgers(ledgers: Sequence[_Ledger], k: int) -> tuple[tuple[_Ledger, ...], tuple[str, ...]]:
    """Return the ledgers without files that keep few rows, and the names of those files.

    The values of an area table are in none of its ledger's numbers.
    """
    hidden_files = tuple(
        row.file for ledger in ledgers for row in ledger.files if isinstance(suppress_small(row.kept, k), Suppressed)
    )
    safe_ledgers = tuple(
        replace(
            ledger,
            files=tuple(row for row in ledger.files if row.file not in hidden_files),
            notes=tuple(
                note
                for note in ledger.notes
                if note.file not in hidden_files and not isinstance(suppress_small(note.rows, k), Suppressed)
            ),
        )
        for ledger in ledgers
    )
    return safe_ledgers, hidden_files


def _disclose_months(ledger: SourceLedger, k: int) -> dict[date, int | Suppressed]:
    """Return the rows kept in each month, rounded to the nearest ten as city totals are; exact in an internal release."""
    if k == 1:
        return {record.month: record.kept for record in ledger.months}
    return {
        record.month: kept if isinstance(kept := suppress_small(record.kept, k), Suppressed) else round_to_ten(kept)
        for record in ledger.months
    }
