"""Disclosure control: the only maker of what may be published.

Every writer takes a `DisclosedStudy`, and only `disclose` can make one. Rules for a threshold k (under-5: k = 5):

- a count of 1 to k-1 is withheld, and with it every number that would give it back: its estimates, a second ring
  where one ring alone would follow from the sum of all, sums that differ from a shown one by just that zone, and all
  phases of a zone that add up to a shown count;
- a series is drawn by months, else by quarters, else by half-years: the finest in which nothing needs hiding, and from
  which, with the windows' counts, no small count of a stretch of time can be solved for (`audit`), in the target or in
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
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import TypeVar

from geoharm.errors import PublishError
from geoharm.model import (
    ALL_RINGS,
    DURING,
    NO_PLAN,
    RELEASE_RULES,
    TARGET_AND_RINGS,
    TARGET_GAP_AND_RINGS,
    Design,
    Effect,
    Forest,
    MeasureResult,
    OperationResult,
    Period,
    PlanState,
    SourceLedger,
    Study,
    StudyResult,
    TableLedger,
    ZoneCounts,
    ZoneRole,
    add_months,
)
from geoharm.publish.audit import gives_back
from geoharm.publish.balanced import disclose_balance
from geoharm.publish.beside import disclose_beside, disclose_pools
from geoharm.publish.changed import disclose_change
from geoharm.publish.coarsen import Rung, Rungs, screened
from geoharm.publish.disclosed_surfaces import disclose_hotspots, tens
from geoharm.publish.patterned import ShownPatterns, disclose_patterns
from geoharm.publish.questioned import ShownQuestion, disclose_questions
from geoharm.publish.rounding import under_rule
from geoharm.publish.shown import (
    Shown,
    ShownChange,
    ShownEffect,
    ShownHotspots,
    ShownMeasure,
    ShownOperation,
    ShownSeries,
    Withheld,
    withheld_effect,
)
from geoharm.publish.told import key_of
from geoharm.publish.trial import tells_months

_Ledger = TypeVar("_Ledger", SourceLedger, TableLedger)
_SEAL = object()


@dataclass(frozen=True, slots=True)
class DisclosedStudy:
    """Everything that may be published of a study. Made only by `disclose`."""

    study: Study
    ledgers: tuple[SourceLedger, ...]
    hidden_files: tuple[str, ...]
    months: Mapping[str, Mapping[date, int | Withheld]]
    hotspots: tuple[ShownHotspots, ...]
    operations: tuple[ShownOperation, ...]
    changes: tuple[ShownChange, ...]
    rule: str
    threshold: int
    seal: object
    tables: tuple[TableLedger, ...] = ()
    patterns: tuple[ShownPatterns, ...] = ()
    pools: tuple[tuple[str, Forest], ...] = ()
    plan: PlanState = NO_PLAN
    questions: tuple[ShownQuestion, ...] = ()

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            msg = "Only geoharm.publish.disclosure.disclose may make a DisclosedStudy; pass it the StudyResult."
            raise PublishError(msg)

    @property
    def all_ledgers(self) -> tuple[SourceLedger | TableLedger, ...]:
        """The ledgers of every source, those of events first."""
        return (*self.ledgers, *self.tables)

    @property
    def is_internal(self) -> bool:
        """Whether it is for the study's own team only."""
        return self.study.publish.release == "internal"


def disclose(result: StudyResult) -> DisclosedStudy:
    """Return what may be published of a result, under the study's release and disclosure rule.

    Raises
    ------
    PublishError
        If a small count would follow from what is left, however much is given up (`coarsen`).
    """
    settings = result.study.publish
    k = 1 if settings.release == "internal" else RELEASE_RULES[settings.disclosure].threshold
    pictures = (
        tuple(disclose_hotspots(one, result.study.area, k) for one in result.hotspots),
        tuple(disclose_change(one, result.study.area, k) for one in result.changes),
    )
    return screened(lambda rungs: under_rule(_disclose(result, k, pictures, rungs)))


def _disclose(
    result: StudyResult, k: int, pictures: tuple[tuple[ShownHotspots, ...], tuple[ShownChange, ...]], rungs: Rungs
) -> DisclosedStudy:
    settings = result.study.publish
    ledgers, hidden = _disclose_ledgers([replace(one, months=()) for one in result.ledgers], k)
    tables, hidden_too = _disclose_ledgers(result.tables, k)
    operations = tuple(_disclose_operation(one, k, rungs) for one in result.operations)
    hidden_zones = {
        one.design.operation.name: frozenset(effect.zone for effect in one.primary.effects if effect.is_withheld)
        for one in operations
    }
    return DisclosedStudy(
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
        patterns=tuple(disclose_patterns(one, result.study.area, k) for one in result.patterns),
        pools=disclose_pools(result.pools, hidden_zones, k),
        plan=result.plan,
        questions=disclose_questions(result.questions, operations, k),
    )


def shown(value: int, k: int) -> Shown:
    """Return a count, or `Withheld` if it lies from 1 to k - 1.

    Examples
    --------
    >>> shown(12, 5), shown(0, 5), str(shown(3, 5))
    (12, 0, 'under 5')
    """
    return Withheld(k) if 0 < value < k else value


# -- effects --------------------------------------------------------------------------------------------------------


def _disclose_operation(result: OperationResult, k: int, rungs: Rungs) -> ShownOperation:
    measures = tuple(
        _disclose_measure(one, result.design, k, rungs.get(key_of(one.measure), Rung.NOTHING))
        for one in result.measures
    )
    hidden = {(one.measure.name, effect.zone) for one in measures for effect in one.effects if effect.is_withheld}
    return ShownOperation(result.design, measures, disclose_balance(result.balance, hidden, k))


def _disclose_measure(result: MeasureResult, design: Design, k: int, rung: Rung) -> ShownMeasure:
    steps = tuple(step for step, least in ((1, Rung.MONTHS), (3, Rung.QUARTERS), (6, Rung.SERIES)) if rung < least)
    series = _disclose_series(result.counts, design, k, steps)
    hidden = _hidden_zones(result, design, k, step=series.step)
    if rung >= Rung.RINGS:
        wide = {"target", ALL_RINGS, TARGET_AND_RINGS} if rung < Rung.ALL else set()
        hidden |= {effect.zone for effect in result.effects} - wide
    effects = tuple(_disclose_effect(effect, k, hide=effect.zone in hidden) for effect in result.effects)
    # Phases after the operation add up to the headline's count, so one of them alone would follow from the others.
    broken = {effect.zone for effect in result.phases if effect.window != DURING and _has_small(effect, k)}
    phases = tuple(
        _disclose_effect(effect, k, hide=effect.window != DURING and effect.zone in broken, drop=rung >= Rung.PHASES)
        for effect in result.phases
    )
    bounds = _disclose_bounds(result, k, hide="target" in hidden)
    timed = rung < Rung.SERIES
    beside = disclose_beside(
        result, design, k, effects=effects, phases=phases, bounds=bounds, series=series, timed=timed
    )
    return ShownMeasure(result.measure, effects, phases, series, bounds, beside)


def _disclose_bounds(result: MeasureResult, k: int, *, hide: bool) -> tuple[ShownEffect, ...]:
    """Return the bounds from which no small count of rows without a place follows by subtraction."""
    steps = [result.effect("target"), *result.bounds]
    added = [
        (more.counts.before - less.counts.before, more.counts.after - less.counts.after)
        for less, more in pairwise(steps)
    ]
    if hide or any(isinstance(shown(count, k), Withheld) for pair in added for count in pair):
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
        or tells_months(result.counts, made_of[effect.zone], design, k, step=steps.get(effect.zone, 0))
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
    return any(isinstance(shown(value, k), Withheld) for value in counts)


def _disclose_effect(effect: Effect, k: int, *, hide: bool, drop: bool = False) -> ShownEffect:
    """Return an effect without its counts where they are hidden; dropped, without those of the control too."""
    before, after = shown(effect.counts.before, k), shown(effect.counts.after, k)
    control_before, control_after = shown(effect.control.before, k), shown(effect.control.after, k)
    if hide or drop:
        before = after = Withheld()
    if drop:
        control_before = control_after = Withheld()
    plain = ShownEffect(
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
    return withheld_effect(plain, k) if plain.is_withheld else plain


def _disclose_series(counts: ZoneCounts, design: Design, k: int, steps_allowed: Sequence[int]) -> ShownSeries:
    """Return the finest steps in which no count of the target or the control needs hiding."""
    if counts.by_year:
        return ShownSeries(0)
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
        if not full or any(isinstance(shown(n, k), Withheld) for n in (*here.values(), *there.values())):
            continue
        spans = [[Period(start, add_months(start, step))] for start in full]
        spans += [list(window.periods) for window in (design.before, design.after, *design.phases)]
        if k > 1 and any(gives_back(counts, zone, spans, k) for zone in ("target", "control")):
            continue
        level = _control_scale(here, there, design)
        gaps = tuple(start for start in steps if start not in full)
        scaled = tuple(level * value for value in there.values())
        return ShownSeries(step, tuple(full), tuple(here.values()), scaled, gaps, level)
    return ShownSeries(0)


def _control_scale(here: Mapping[date, int], there: Mapping[date, int], design: Design) -> float:
    early = [start for start in here if start < design.operation.period.start]
    base = sum(there[start] for start in early)
    return sum(here[start] for start in early) / base if base else math.nan


def _whole(month: date) -> Period:
    return Period(month, add_months(month, 1))


# -- ledgers --------------------------------------------------------------------------------------------------------


def _disclose_ledgers(ledgers: Sequence[_Ledger], k: int) -> tuple[tuple[_Ledger, ...], tuple[str, ...]]:
    """Return the ledgers without files that keep few rows; an area table's values are in none of its ledger's numbers."""
    hidden = tuple(row.file for one in ledgers for row in one.files if isinstance(shown(row.kept, k), Withheld))
    safe = tuple(
        replace(
            one,
            files=tuple(row for row in one.files if row.file not in hidden),
            notes=tuple(
                note for note in one.notes if note.file not in hidden and not isinstance(shown(note.rows, k), Withheld)
            ),
        )
        for one in ledgers
    )
    return safe, hidden


def _disclose_months(ledger: SourceLedger, k: int) -> dict[date, int | Withheld]:
    """Return the rows kept of each month to the nearest ten (exact in an internal release), as city totals are."""
    if k == 1:
        return {month.month: month.kept for month in ledger.months}
    return {
        month.month: found if isinstance(found := shown(month.kept, k), Withheld) else tens(found)
        for month in ledger.months
    }
