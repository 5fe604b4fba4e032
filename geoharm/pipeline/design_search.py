"""Search over designs: the smallest detectable fall of many markets, ring designs, starts and windows.

Nothing from the first start on is counted: neither to find markets nor to try designs. A design is tried on a window of the
past in the same months of the year, and the answer is that of `geoharm power` for an operation there which begins where
that window ends.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import product

import numpy as np
import shapely

from geoharm.errors import DesignError
from geoharm.evaluation.design.neighbours import neighbours_in
from geoharm.evaluation.design.zones import build_zones, clearance_width, outer_reach
from geoharm.evaluation.placebo.calibrated_ratio import MIN_MONTHS
from geoharm.evaluation.pooling.common_fall import common_detectable_fall, operations_for
from geoharm.evaluation.reading import MAX_DETECTABLE
from geoharm.evaluation.results.design_search import (
    CandidateMarket,
    DesignRow,
    DesignSearch,
    RingDesign,
    TogetherRow,
)
from geoharm.evaluation.results.power import PowerRow
from geoharm.geo.point_in_polygon import locate_points
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import Design
from geoharm.model.geometry import Zone
from geoharm.model.ledger import SourceLedger
from geoharm.model.period import Period, add_months, first_of_month
from geoharm.model.spread import PooledSpread
from geoharm.model.study import Operation, Study
from geoharm.pipeline.past_designs import beside_its_neighbours, past_zones, power_months
from geoharm.pipeline.power import length_rows, past_designs, places_of_designs, power_table, power_zones
from geoharm.pipeline.progress import Progress, no_progress
from geoharm.pipeline.study_data import MeasureData, StudyData

WINDOWS = (6, 9, 12)
FALLS = (0.3, 0.2)
MAX_ROWS = 20_000
_QUARTERS = (0, 3, 6, 9)
# Numbers of markets that are pooled; with more, a city has few places left to learn from.
_SIZES = (2, 3, 4, 6, 8, 12)
_MONTHS_PER_YEAR = 12
# A start may be up to so many days after the end of the window it is tried on; a year of the past is worth more.
_SPARE_DAYS = 31
_DAYS_PER_MONTH = 365.25 / 12


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What a search tries at every market.

    Attributes
    ----------
    template : Operation
        The study's last operation; what the search does not vary (control area, streets) is as there.
    others : tuple of Operation
        Operations that began before the first start: they were done.
    planned : tuple of Operation
        The study's other operations: nothing was done there yet.
    ring_designs : tuple of RingDesign
    starts : tuple of date
        Increasing.
    windows : tuple of int
        Months, increasing.
    days : int
        Length of the operation.
    cut_off : date
        Nothing from this day on is counted.
    by_month : bool
        Whether any source is dated by month only.
    """

    template: Operation
    others: tuple[Operation, ...]
    planned: tuple[Operation, ...]
    ring_designs: tuple[RingDesign, ...]
    starts: tuple[date, ...]
    windows: tuple[int, ...]
    days: int
    cut_off: date
    by_month: bool

    def operation(self, market: CandidateMarket, rings: RingDesign, until: date, months: int) -> Operation:
        """Return an operation at a market that begins on the day `until` and is evaluated over some months after it."""
        return replace(
            self.template_at(until, months),
            name=market.name,
            target=market.geometry,
            target_note=market.source,
            gap=rings.gap,
            rings=rings.outer,
            street_width=math.nan,
        )

    def template_at(self, start: date, months: int) -> Operation:
        """Return the study's last operation as one that begins on a day and is evaluated over some months after it."""
        return replace(
            self.template,
            period=Period(start, start + timedelta(days=self.days)),
            after=(f"0-{months} months",),
            looks=1,
            chosen_on=None,
            placebo=False,
            similar_markets=None,
            activity=(),
            spells=(),
            ongoing=False,
        )

    @property
    def days_tried(self) -> dict[tuple[date, int], date]:
        """The day by which the windows of the past end, by start and months after."""
        pairs = product(self.starts, self.windows)
        return {(start, months): self.tried_until(start, months) for start, months in pairs}

    def tried_until(self, start: date, months: int) -> date:
        """Return the day by which the windows end on which a start and a length are tried.

        The window after is moved back by the fewest whole years, so that it has the same months of the year and ends by the
        cut-off day. Up to a month of the season is given up where that saves a year of the past. A window of whole years has
        all months wherever it lies, so it ends on the cut-off day, whatever the start.
        """
        end = add_months(start + timedelta(days=self.days), months)
        while end > self.cut_off + timedelta(days=_SPARE_DAYS):
            end = add_months(end, -_MONTHS_PER_YEAR)
        if months % _MONTHS_PER_YEAR == 0:
            end = self.cut_off
        end = min(end, self.cut_off)
        return first_of_month(end) if self.by_month else end


def default_ring_designs(operation: Operation) -> tuple[RingDesign, ...]:
    """Return an operation's own rings, smaller ones, and none.

    The smaller ones lack the outermost ring, or are half as wide if there is one only.
    """
    own = RingDesign(operation.gap, operation.rings)
    if len(own.outer) > 1:
        smaller = RingDesign(own.gap, own.outer[:-1])
    else:
        smaller = RingDesign(own.gap, tuple(own.gap + round((outer - own.gap) / 2) for outer in own.outer))
    return tuple(dict.fromkeys([own, smaller, RingDesign(own.gap)]))


def search_plan(
    study: Study,
    ledgers: Sequence[SourceLedger],
    *,
    starts: Sequence[date] = (),
    windows: Sequence[int] = WINDOWS,
    days: int = 0,
) -> SearchPlan:
    """Return what a search tries at every market, with `default_ring_designs`.

    Parameters
    ----------
    study : Study
    ledgers : sequence of SourceLedger
    starts : sequence of date
        If left out, the start of the study's last operation, and 3, 6 and 9 months later.
    windows : sequence of int
        Months.
    days : int
        Length of the operation; 0 for that of the study's last operation.
    """
    template = max(study.operations, key=lambda operation: operation.period.start)
    firsts = sorted(set(starts)) or [add_months(template.period.start, quarter) for quarter in _QUARTERS]
    done = tuple(
        operation for operation in study.operations if operation.period.start < firsts[0] and not operation.placebo
    )
    by_month = any(ledger.by_month for ledger in ledgers)
    cut_off = min(firsts[0], *(ledger.coverage.end for ledger in ledgers))
    return SearchPlan(
        template=template,
        others=done,
        planned=tuple(operation for operation in study.operations if operation not in done),
        ring_designs=default_ring_designs(template),
        starts=tuple(firsts),
        windows=tuple(sorted(set(windows))),
        # Of a measure that goes on, the months count from its start, as they nearly do after a day.
        days=days or (1 if template.ongoing else template.period.days),
        cut_off=first_of_month(cut_off) if by_month else cut_off,
        by_month=by_month,
    )


def with_ring_designs(plan: SearchPlan, ring_designs: Sequence[RingDesign]) -> SearchPlan:
    """Return the plan with other ring designs; with its own if none are given."""
    return replace(plan, ring_designs=tuple(dict.fromkeys(ring_designs))) if ring_designs else plan


@dataclass(frozen=True, slots=True)
class Candidate:
    """One market with one ring design: its zones, or why there are none.

    Attributes
    ----------
    market : CandidateMarket
    rings : RingDesign
    zones : mapping of date to tuple of Zone
        By the day by which its windows end; other operations come and go, and their ground with them. Days without a design
        are left out.
    refusal : str
        Why it is refused whatever the day; empty if it is not.
    """

    market: CandidateMarket
    rings: RingDesign
    zones: Mapping[date, tuple[Zone, ...]] = field(default_factory=dict)
    refusal: str = ""

    def key(self, day: date) -> str:
        """Return the name of its zones of a day among counts by zone; days with the same zones share one."""
        number = list(dict.fromkeys(map(_ground, self.zones.values()))).index(_ground(self.zones[day]))
        return f"{self.market.name} | {self.rings.name} | {number}"


def candidates(data: StudyData, plan: SearchPlan, markets: Sequence[CandidateMarket]) -> tuple[Candidate, ...]:
    """Return every market with every ring design, all markets with the first ring design first."""
    study = _among_others(data.study, plan)
    days = list(dict.fromkeys(plan.days_tried.values()))
    found = []
    for rings, market in product(plan.ring_designs, markets):
        try:
            build_zones(plan.operation(market, rings, plan.cut_off, max(plan.windows)), study.area, ())
        except DesignError as error:
            found.append(Candidate(market, rings, refusal=str(error)))
            continue
        operations = {day: plan.operation(market, rings, day, max(plan.windows)) for day in days}
        zones = {day: past_zones(study, data.ledgers, data.streets, one) for day, one in operations.items()}
        found.append(Candidate(market, rings, {day: known for day, known in zones.items() if known}))
    return tuple(found)


def zones_to_count(tried: Sequence[Candidate]) -> dict[str, tuple[Zone, ...]]:
    """Return the zones of all candidates in which events are to be counted, by `Candidate.key`."""
    return {one.key(day): zones for one in tried for day, zones in one.zones.items()}


def try_designs(
    data: StudyData, plan: SearchPlan, tried: Sequence[Candidate], progress: Progress = no_progress
) -> Iterator[DesignRow]:
    """Yield every design with its smallest detectable fall, for each harm measure.

    Parameters
    ----------
    data : StudyData
        With the counts in the zones of every candidate that has some.
    plan : SearchPlan
    tried : sequence of Candidate
    progress : callable
        Called with a step's name, the candidates done and the candidates in all.
    """
    among = replace(data, study=_among_others(data.study, plan))
    for number, candidate in enumerate(tried, start=1):
        progress(f"trying designs: {candidate.market.name}, {candidate.rings.name}", number - 1, len(tried))
        yield from _candidate_rows(among, plan, candidate)
        progress(f"trying designs: {candidate.market.name}, {candidate.rings.name}", number, len(tried))


def _candidate_rows(data: StudyData, plan: SearchPlan, candidate: Candidate) -> Iterator[DesignRow]:
    market, rings, tried = candidate.market, candidate.rings, plan.days_tried
    refusals = {key: candidate.refusal or _conflict(data.study, plan, candidate, *key) for key in tried}
    designs: dict[tuple[date, int], Design | str] = {}
    for day in dict.fromkeys(day for key, day in tried.items() if not refusals[key]):
        operation = plan.operation(market, rings, day, max(plan.windows))
        lengths = sorted({*power_months(operation), *plan.windows})
        # Where no design of a day is possible, only the windows that are asked for need their own reason.
        found = past_designs(data, operation, lengths if day in candidate.zones else plan.windows)
        designs |= {(day, length): found.get(length, found[max(plan.windows)]) for length in lengths}
    places = places_of_designs(data.study, designs)
    for collected in sorted(data.measures, key=lambda one: one.measure.name != data.study.primary):
        known: dict[tuple[date, int], tuple[PowerRow, ...]] = {}
        for (start, months), day in tried.items():
            operation = plan.operation(market, rings, day, months)
            zones, refusal, rows = power_zones(operation), refusals[start, months], {}
            own = _under(collected, candidate, day)
            for length in power_months(operation):
                asked = zones if length in plan.windows else zones[:1]
                if refusal:
                    rows[length] = length_rows(refusal, own, length, asked, None)
                    continue
                if (day, length) not in known:
                    known[day, length] = length_rows(designs[day, length], own, length, asked, places[day, length])
                rows[length] = known[day, length]
            table = power_table(data, operation, own, rows)
            spread = table.zones[0].spread
            yield DesignRow(
                market.name,
                rings,
                start,
                months,
                day,
                math.nan if refusal else _past_months(designs[day, months]),
                table,
                tuple((fall, math.nan if spread is None else operations_for(spread, fall)) for fall in FALLS),
            )


def _conflict(study: Study, plan: SearchPlan, candidate: Candidate, start: date, months: int) -> str:
    """Return why an operation that was done leaves no room for one at a start, from it to the end of its window; else empty.

    The window of the past on which the design is tried may lie before that operation.
    """
    operation = plan.operation(candidate.market, candidate.rings, start, months)
    near = neighbours_in([operation.reach], plan.others)
    if not near:
        return ""
    try:
        build_zones(operation, study.area, near)
    except DesignError as error:
        return str(error)
    return ""


def search_result(
    data: StudyData,
    plan: SearchPlan,
    markets: Sequence[CandidateMarket],
    rows: Sequence[DesignRow],
    notes: Sequence[str],
) -> DesignSearch:
    """Return all that a search found; markets are not pooled yet.

    Parameters
    ----------
    data : StudyData
    plan : SearchPlan
    markets : sequence of CandidateMarket
    rows : sequence of DesignRow
        Those that were tried.
    notes : sequence of str
        What was chosen by rule.
    """
    return DesignSearch(
        study=data.study.name,
        primary=data.study.primary,
        cut_off=plan.cut_off,
        days=plan.days,
        markets=tuple(markets),
        ring_designs=plan.ring_designs,
        starts=plan.starts,
        windows=plan.windows,
        rows=tuple(rows),
        total=row_count(data, plan, len(markets)),
        weak_above=MAX_DETECTABLE,
        notes=(*notes, *_cut_off_notes(data, plan)),
        too_early=_too_early(data, plan),
    )


def with_together(
    data: StudyData, plan: SearchPlan, search: DesignSearch, progress: Progress = no_progress
) -> DesignSearch:
    """Return a search with the markets that find the smallest common fall of each measure together.

    Parameters
    ----------
    data : StudyData
    plan : SearchPlan
    search : DesignSearch
    progress : callable
        Called with a step's name, the measures done and the measures in all.
    """
    together = []
    for number, measure in enumerate(search.measures, start=1):
        progress(f"pooling markets: {measure}", number - 1, len(search.measures))
        best = best_together(data, plan, search, measure)
        together += [best] if best is not None else []
        progress(f"pooling markets: {measure}", number, len(search.measures))
    return replace(search, together=tuple(together))


def row_count(data: StudyData, plan: SearchPlan, markets: int) -> int:
    """Return the number of rows of a search over some markets."""
    return markets * len(plan.ring_designs) * len(plan.starts) * len(plan.windows) * len(data.measures)


def best_together(data: StudyData, plan: SearchPlan, search: DesignSearch, measure: str) -> TogetherRow | None:
    """Return the markets that find the smallest common fall together, with one ring design, start and window.

    Parameters
    ----------
    data : StudyData
    plan : SearchPlan
    search : DesignSearch
    measure : str

    Returns
    -------
    TogetherRow or None
        None if fewer than two markets with an answer lie apart.

    Notes
    -----
    For each ring design, start and window, markets are added in the order of their own smallest detectable fall, if they lie
    apart from all that were added: two outer rings and one clearance belt from target to target. Which ring design, start
    and window is best is judged by the forecasts that the markets have alone. The falls that are returned are those of one
    study with all of the operations (`fall_in_one_study`): each takes places away from the others, the busiest ones first.
    """
    found: list[tuple[float, list[DesignRow]]] = []
    rows = [row for row in search.ranked(search.rows_of(measure)) if row.target.spread is not None]
    for rings, start, months in product(search.ring_designs, search.starts, search.windows):
        kept = _apart(
            [row for row in rows if (row.rings, row.start, row.months) == (rings, start, months)], search, plan
        )
        answers = [PooledSpread((row.target.spread,)) for row in kept if row.target.spread is not None]
        sizes = [size for size in _SIZES if size <= len(kept)]
        if sizes:
            found.append((min(common_detectable_fall(answers[:size]) for size in sizes), kept))
    if not found:
        return None
    _, kept = min(found, key=lambda pair: pair[0])
    markets = [next(market for market in search.markets if market.name == row.market) for row in kept]
    falls = {1: kept[0].detectable_fall}
    for size in _SIZES:
        if size <= len(kept):
            falls[size] = fall_in_one_study(data, plan, kept[0], markets[:size])
    known = tuple((size, fall) for size, fall in falls.items() if math.isfinite(fall))
    row = kept[0]
    return TogetherRow(measure, row.rings, row.start, row.months, tuple(market.name for market in markets), known)


def fall_in_one_study(data: StudyData, plan: SearchPlan, like: DesignRow, markets: Sequence[CandidateMarket]) -> float:
    """Return the smallest common fall of operations at some markets in one study; NaN if one of them has no answer there.

    Parameters
    ----------
    data : StudyData
    plan : SearchPlan
    like : DesignRow
        Of which measure, ring design, window and the day by which it was tried are taken.
    markets : sequence of CandidateMarket
    """
    operations = [plan.operation(market, like.rings, like.tried_until, like.months) for market in markets]
    collected, answers = data.measure(like.table.measure), []
    among_done = _among_others(data.study, plan)
    for operation in operations:
        of_one_time = beside_its_neighbours(replace(among_done, operations=tuple(operations)), operation).operations
        study = replace(among_done, operations=(*among_done.operations, *of_one_time))
        among = replace(data, study=study)
        design = past_designs(among, operation, [like.months])[like.months]
        if isinstance(design, str):
            return math.nan
        counts = {operation.name: counts_in_zones(collected, design.zones)}
        places = places_of_designs(study, {like.months: design})[like.months]
        (row,) = length_rows(design, replace(collected, zone_counts=counts), like.months, ("target",), places)
        if row.spread is None:
            return math.nan
        answers.append(PooledSpread((row.spread,)))
    return common_detectable_fall(answers)


def counts_in_zones(collected: MeasureData, zones: Sequence[Zone]) -> ZoneCounts:
    """Return a measure's counts by zone and date from its located events; those in no zone are left out.

    Parameters
    ----------
    collected : MeasureData
    zones : sequence of Zone
        An event in several zones counts in the first.
    """
    points, ledger = collected.points, collected.ledger
    zone = locate_points(points.x, points.y, [one.geometry for one in zones])
    dates, date_indices = np.unique(points.day[zone >= 0], return_inverse=True)
    counts = np.zeros((len(zones), dates.size), dtype=np.int64)
    np.add.at(counts, (zone[zone >= 0], date_indices.ravel()), points.weight[zone >= 0].astype(np.int64))
    return ZoneCounts(
        collected.measure.name,
        tuple(one.name for one in zones),
        dates,
        counts,
        ledger.by_month,
        ledger.coverage,
        ledger.missing_months,
        ledger.precision == "year",
    )


def _apart(rows: Sequence[DesignRow], search: DesignSearch, plan: SearchPlan) -> list[DesignRow]:
    """Return the first row, and each further one whose market lies apart from all that were taken."""
    outlines = {market.name: market.geometry for market in search.markets}
    kept: list[DesignRow] = []
    for row in rows:
        reach = replace(plan.template, gap=row.rings.gap, rings=row.rings.outer)
        apart = 2 * outer_reach(reach) + clearance_width(reach)
        if all(outlines[row.market].distance(outlines[other.market]) >= apart for other in kept):
            kept.append(row)
    return kept


def _cut_off_notes(data: StudyData, plan: SearchPlan) -> list[str]:
    """Return that data from the first start on are left out, if there are any."""
    end = min(ledger.coverage.end for ledger in data.ledgers)
    if end <= add_months(plan.cut_off, 1):
        return []
    return [
        f"The data go on to {end - timedelta(days=1)}: for a next operation, --starts with a later first day uses them."
    ]


def _too_early(data: StudyData, plan: SearchPlan) -> tuple[tuple[int, date], ...]:
    """Return the windows that no start has enough past for, each with the first start from which one of as many has.

    The starts are moved on together, by months, as if the data went on until the first of them.
    """
    first = max(ledger.coverage.start for ledger in data.ledgers)
    found = []
    for months in plan.windows:
        needed = add_months(first, MIN_MONTHS + months) + timedelta(days=plan.days)
        if _last_tried(plan, months, 0) >= needed:
            continue
        ahead = next(ahead for ahead in itertools.count(1) if _last_tried(plan, months, ahead) >= needed)
        found.append((months, add_months(plan.starts[0], ahead)))
    return tuple(found)


def _last_tried(plan: SearchPlan, months: int, ahead: int) -> date:
    """Return the last day by which a window is tried, if all starts were some months later and the data went on."""
    moved = replace(plan, cut_off=add_months(plan.cut_off, ahead)) if ahead else plan
    return max(moved.tried_until(add_months(start, ahead), months) for start in plan.starts)


def _among_others(study: Study, plan: SearchPlan) -> Study:
    """Return the study with no operation but those that a design must not touch.

    Those that reach into the windows of a start, before or after, are there all the time, as in `beside_its_neighbours`.
    """
    among = replace(study, operations=plan.others, composites=())
    for start, months in product(plan.starts, plan.windows):
        among = beside_its_neighbours(among, plan.template_at(start, months))
    return among


def _under(collected: MeasureData, candidate: Candidate, day: date) -> MeasureData:
    """Return the data of a measure with the counts of one candidate on one day under its market's name."""
    if day not in candidate.zones:
        return replace(collected, zone_counts={})
    return replace(collected, zone_counts={candidate.market.name: collected.zone_counts[candidate.key(day)]})


def _ground(zones: Sequence[Zone]) -> tuple[bytes, ...]:
    return tuple(shapely.to_wkb(zone.geometry) for zone in zones)


def _past_months(design: Design | str) -> float:
    return math.nan if isinstance(design, str) else design.before.days / _DAYS_PER_MONTH
