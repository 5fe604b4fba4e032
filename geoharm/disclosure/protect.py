"""Disclosure control: the only maker of what may be published.

Every writer takes a `Release`, and only `protect` can make one. Rules for a threshold k (under-5: k = 5):

- a count of 1 to k-1 is withheld, and with it every number that would give it back: its estimates, a second ring
  where one ring alone would follow from the sum of all, sums that differ from a shown one by just that zone, and all
  phases of a zone that add up to a shown count;
- a series is drawn by months, else by quarters, else by half-years: the finest in which nothing needs hiding, and from
  which, with the windows' counts, no small count of a stretch of time can be solved for (`attack`), in the target or in
  the control, whose line tells its counts; else not at all;
- a zone whose dispersion, which every error tells, leaves a small month too few values (`trial`) is withheld;
- a hotspot with fewer than k events, or k places, is not drawn;
- a change surface is a picture in five classes, blank where fewer than k events, or k places, are within reach;
- a cluster, an emerging hotspot, a square whose share shifted is a class in a picture, blank where fewer than k events,
  or k places, are within reach (for a hot step: of that step); scores of accuracy have two digits;
- a surface is a picture in six classes; cells within reach of fewer than k events, or k places, stay blank.

Rows of files (read, rejected, duplicate) are not counts of events at a place and are shown, but for files that keep
1 to k-1 rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import TypeVar

from geoharm.disclosure.change import protect_change
from geoharm.disclosure.composite import protect_composites
from geoharm.disclosure.constraints import row_key
from geoharm.disclosure.differencing import is_recoverable
from geoharm.disclosure.dispersion_attack import dispersion_reveals_month
from geoharm.disclosure.escalate import SuppressionLevel, SuppressionLevels, suppress_until_safe
from geoharm.disclosure.hotspots import protect_hotspots, round_to_ten
from geoharm.disclosure.net_harm import protect_harm_assessment
from geoharm.disclosure.patterns import protect_patterns
from geoharm.disclosure.released import (
    _SEAL,
    Count,
    Release,
    ReleasedChange,
    ReleasedEffect,
    ReleasedHotspots,
    ReleasedMeasure,
    ReleasedOperation,
    ReleasedSeries,
    Suppressed,
    suppress_effect,
)
from geoharm.disclosure.robustness import protect_forests, protect_robustness
from geoharm.disclosure.rounding import round_counts
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS, TARGET_GAP_AND_RINGS, Design
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.effect import Effect
from geoharm.model.geometry import ZoneRole
from geoharm.model.ledger import SourceLedger
from geoharm.model.period import DURING, Period, add_months
from geoharm.model.table_ledger import TableLedger
from geoharm.results import OperationResult, StudyResult

_Ledger = TypeVar("_Ledger", SourceLedger, TableLedger)


def protect(result: StudyResult) -> Release:
    """Return what may be published of a result, under the study's release and disclosure rule.

    Raises
    ------
    PublishError
        If a small count would follow from what is left, however much is given up (`coarsen`).
    """
    settings = result.study.publish
    k = 1 if settings.release == "internal" else DISCLOSURE_RULES[settings.disclosure].threshold
    pictures = (
        tuple(protect_hotspots(one, result.study.area, k) for one in result.hotspots),
        tuple(protect_change(one, result.study.area, k) for one in result.changes),
    )
    return suppress_until_safe(
        lambda suppression_levels: round_counts(_disclose(result, k, pictures, suppression_levels))
    )


def _disclose(
    result: StudyResult,
    k: int,
    pictures: tuple[tuple[ReleasedHotspots, ...], tuple[ReleasedChange, ...]],
    suppression_levels: SuppressionLevels,
) -> Release:
    settings = result.study.publish
    ledgers, hidden = _disclose_ledgers([replace(one, months=()) for one in result.ledgers], k)
    tables, hidden_too = _disclose_ledgers(result.tables, k)
    operations = tuple(_disclose_operation(one, k, suppression_levels) for one in result.operations)
    hidden_zones = {
        one.design.operation.name: frozenset(effect.zone for effect in one.primary.effects if effect.is_withheld)
        for one in operations
    }
    return Release(
        study=result.study,
        ledgers=ledgers,
        hidden_files=hidden + hidden_too,
        months={one.source: _disclose_months(one, k) for one in result.ledgers},
        hotspots=pictures[0],
        operations=operations,
        changes=pictures[1],
        rule="internal release: nothing withheld" if settings.release == "internal" else settings.disclosure,
        threshold=k,
        seal=_SEAL,
        tables=tables,
        patterns=tuple(protect_patterns(one, result.study.area, k) for one in result.patterns),
        forests=protect_forests(result.forests, hidden_zones, k),
        preregistration=result.preregistration,
        composites=protect_composites(result.composites, operations, k),
    )


def suppress_small(value: int, k: int) -> Count:
    """Return a count, or `Suppressed` if it lies from 1 to k - 1.

    Examples
    --------
    >>> shown(12, 5), shown(0, 5), str(shown(3, 5))
    (12, 0, 'under 5')
    """
    return Suppressed(k) if 0 < value < k else value


# -- effects --------------------------------------------------------------------------------------------------------


def _disclose_operation(result: OperationResult, k: int, suppression_levels: SuppressionLevels) -> ReleasedOperation:
    measures = tuple(
        _disclose_measure(one, result.design, k, suppression_levels.get(row_key(one.measure), SuppressionLevel.NOTHING))
        for one in result.measures
    )
    hidden = {(one.measure.name, effect.zone) for one in measures for effect in one.effects if effect.is_withheld}
    return ReleasedOperation(result.design, measures, protect_harm_assessment(result.harm, hidden, k))


def _disclose_measure(
    result: MeasureResult, design: Design, k: int, suppression_level: SuppressionLevel
) -> ReleasedMeasure:
    steps = tuple(
        step
        for step, least in ((1, SuppressionLevel.MONTHS), (3, SuppressionLevel.QUARTERS), (6, SuppressionLevel.SERIES))
        if suppression_level < least
    )
    series = _disclose_series(result.counts, design, k, steps)
    hidden = _hidden_zones(result, design, k, step=series.step)
    if suppression_level >= SuppressionLevel.RINGS:
        wide = {"target", ALL_RINGS, TARGET_AND_RINGS} if suppression_level < SuppressionLevel.ALL else set()
        hidden |= {effect.zone for effect in result.effects} - wide
    effects = tuple(_disclose_effect(effect, k, hide=effect.zone in hidden) for effect in result.effects)
    # Phases after the operation add up to the headline's count, so one of them alone would follow from the others.
    broken = {effect.zone for effect in result.phases if effect.window != DURING and _has_small(effect, k)}
    phases = tuple(
        _disclose_effect(
            effect,
            k,
            hide=effect.window != DURING and effect.zone in broken,
            drop=suppression_level >= SuppressionLevel.PHASES,
        )
        for effect in result.phases
    )
    bounds = _disclose_bounds(result, k, hide="target" in hidden)
    timed = suppression_level < SuppressionLevel.SERIES
    robustness = protect_robustness(
        result, design, k, effects=effects, phases=phases, bounds=bounds, series=series, timed=timed
    )
    return ReleasedMeasure(result.measure, effects, phases, series, bounds, robustness)


def _disclose_bounds(result: MeasureResult, k: int, *, hide: bool) -> tuple[ReleasedEffect, ...]:
    """Return the bounds from which no small count of rows without a place follows by subtraction."""
    steps = [result.effect("target"), *result.bounds]
    added = [
        (more.counts.before - less.counts.before, more.counts.after - less.counts.after)
        for less, more in pairwise(steps)
    ]
    if hide or any(isinstance(suppress_small(count, k), Suppressed) for pair in added for count in pair):
        return ()
    return tuple(_disclose_effect(effect, k, hide=False) for effect in result.bounds)


def _hidden_zones(result: MeasureResult, design: Design, k: int, *, step: int) -> set[str]:
    """Return the zones whose counts would be small, or would give a small one back by subtraction or by trial."""
    rings = [zone.name for zone in design.of_role(ZoneRole.RING)]
    gap = {zone.name for zone in design.of_role(ZoneRole.GAP)}
    target = [zone.name for zone in design.of_role(ZoneRole.TARGET)]
    made_of = {zone.name: [zone.name] for zone in design.zones}
    made_of |= {ALL_RINGS: rings, TARGET_AND_RINGS: target + rings, TARGET_GAP_AND_RINGS: [*target, *gap, *rings]}
    steps = {"target": step}
    hidden = {
        effect.zone
        for effect in result.effects
        if _has_small(effect, k)
        or dispersion_reveals_month(result.counts, made_of[effect.zone], design, k, step=steps.get(effect.zone, 0))
    }
    spare = sorted((name for name in rings if name not in hidden), key=lambda name: _size(result.effect(name)))
    # What is hidden among the rings follows, added up, from the sum of all: it must be large enough itself.
    while spare and not _safe_together([result.effect(name) for name in rings if name in hidden], k):
        hidden.add(spare.pop(0))
    if not _safe_together([result.effect(name) for name in rings if name in hidden], k):
        hidden.add(ALL_RINGS)
    if hidden & {"target", ALL_RINGS}:
        hidden.add(TARGET_AND_RINGS)
    if hidden & (gap | {TARGET_AND_RINGS}):
        hidden.add(TARGET_GAP_AND_RINGS)
    return hidden


def _safe_together(hidden: Sequence[Effect], k: int) -> bool:
    """Return whether nothing is hidden, or several zones are whose counts together are large, before and after."""
    if not hidden:
        return True
    sums = [sum(effect.counts.before for effect in hidden), sum(effect.counts.after for effect in hidden)]
    return len(hidden) > 1 and all(value >= k for value in sums)


def _size(effect: Effect) -> tuple[int, str]:
    return min(effect.counts.before, effect.counts.after), effect.zone


def _has_small(effect: Effect, k: int) -> bool:
    counts = (effect.counts.before, effect.counts.after, effect.control.before, effect.control.after)
    return any(isinstance(suppress_small(value, k), Suppressed) for value in counts)


def _disclose_effect(effect: Effect, k: int, *, hide: bool, drop: bool = False) -> ReleasedEffect:
    """Return an effect without its counts where they are hidden; dropped, without those of the control too."""
    before, after = suppress_small(effect.counts.before, k), suppress_small(effect.counts.after, k)
    control_before, control_after = suppress_small(effect.control.before, k), suppress_small(effect.control.after, k)
    if hide or drop:
        before = after = Suppressed()
    if drop:
        control_before = control_after = Suppressed()
    plain = ReleasedEffect(
        zone=effect.zone,
        window=effect.window,
        before=before,
        after=after,
        control_before=control_before,
        control_after=control_after,
        expected=effect.expected,
        change=effect.change(),
        interval=effect.change_interval(),
        ratio=effect.ratio,
        difference=effect.difference,
        detectable_fall=effect.detectable_fall,
        dispersion=effect.dispersion,
        length_ratio=effect.length_ratio,
        note=effect.ratio.note,
        counting=effect.counting_interval(),
        placebo=effect.placebo,
    )
    return suppress_effect(plain, k) if plain.is_withheld else plain


def _disclose_series(counts: ZoneCounts, design: Design, k: int, steps_allowed: Sequence[int]) -> ReleasedSeries:
    """Return the finest steps in which no count of the target or the control needs hiding."""
    if counts.by_year:
        return ReleasedSeries(0)
    target = counts.monthly("target")
    control = counts.monthly("control")
    span = [month for month in counts.coverage.months() if counts.coverage.contains(_whole(month))]
    for step in steps_allowed:
        starts = [month for month in span if (month.month - 1) % step == 0]
        steps = {start: [add_months(start, offset) for offset in range(step)] for start in starts}
        steps = {start: months for start, months in steps.items() if months[-1] in span}
        full = {start: months for start, months in steps.items() if all(month in target for month in months)}
        here = {start: sum(target[month] for month in months) for start, months in full.items()}
        there = {start: sum(control[month] for month in months) for start, months in full.items()}
        if not full or any(isinstance(suppress_small(n, k), Suppressed) for n in (*here.values(), *there.values())):
            continue
        spans = [[Period(start, add_months(start, step))] for start in full]
        spans += [list(window.periods) for window in (design.before, design.after, *design.phases)]
        if k > 1 and any(is_recoverable(counts, zone, spans, k) for zone in ("target", "control")):
            continue
        level = _control_scale(here, there, design)
        gaps = tuple(start for start in steps if start not in full)
        scaled = tuple(level * value for value in there.values())
        return ReleasedSeries(step, tuple(full), tuple(here.values()), scaled, gaps, level)
    return ReleasedSeries(0)


def _control_scale(here: Mapping[date, int], there: Mapping[date, int], design: Design) -> float:
    early = [start for start in here if start < design.operation.period.start]
    base = sum(there[start] for start in early)
    return sum(here[start] for start in early) / base if base else math.nan


def _whole(month: date) -> Period:
    return Period(month, add_months(month, 1))


# -- ledgers --------------------------------------------------------------------------------------------------------


def _disclose_ledgers(ledgers: Sequence[_Ledger], k: int) -> tuple[tuple[_Ledger, ...], tuple[str, ...]]:
    """Return the ledgers without files that keep few rows; an area table's values are in none of its ledger's numbers."""
    hidden = tuple(
        row.file for one in ledgers for row in one.files if isinstance(suppress_small(row.kept, k), Suppressed)
    )
    safe = tuple(
        replace(
            one,
            files=tuple(row for row in one.files if row.file not in hidden),
            notes=tuple(
                note
                for note in one.notes
                if note.file not in hidden and not isinstance(suppress_small(note.rows, k), Suppressed)
            ),
        )
        for one in ledgers
    )
    return safe, hidden


def _disclose_months(ledger: SourceLedger, k: int) -> dict[date, int | Suppressed]:
    """Return the rows kept of each month to the nearest ten (exact in an internal release), as city totals are."""
    if k == 1:
        return {month.month: month.kept for month in ledger.months}
    return {
        month.month: found if isinstance(found := suppress_small(month.kept, k), Suppressed) else round_to_ten(found)
        for month in ledger.months
    }
