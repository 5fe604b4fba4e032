"""Clusters, emerging hotspots, accuracy on a later period and shift of the pattern, for one measure of a study."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray

from geoharm.errors import DesignError
from geoharm.geo.cells import cells_within
from geoharm.hotspots.change.pattern_similarity import similarity_test
from geoharm.hotspots.clusters.emerging import emerging_hotspots
from geoharm.hotspots.clusters.global_tests import general_g, morans_i
from geoharm.hotspots.clusters.local import getis_ord, local_moran
from geoharm.hotspots.clusters.neighbourhood_sums import cell_counts, neighbourhood_rows, neighbourhood_sums
from geoharm.hotspots.contours import percent_volume_threshold
from geoharm.hotspots.density.bandwidth import choose_bandwidth
from geoharm.hotspots.density.intensity import density
from geoharm.hotspots.predictive_accuracy import hotspot_accuracy
from geoharm.hotspots.results.patterns import (
    Clustering,
    EmergingHotspots,
    PatternResult,
    PatternSimilarity,
    PredictiveAccuracy,
)
from geoharm.model.area_counts import Areas
from geoharm.model.design import Design
from geoharm.model.grid import Grid, grid_over
from geoharm.model.ledger import SourceLedger
from geoharm.model.measure import Measure
from geoharm.model.period import Period, Window, add_months
from geoharm.model.points import DatedPoints, Points
from geoharm.model.settings import AccuracySettings
from geoharm.model.study import Study

OVERALL_PERMUTATIONS = 999
_YEAR = 12

_Answer = TypeVar("_Answer")


def find_patterns(
    measure: Measure, events: DatedPoints, *, study: Study, ledger: SourceLedger, designs: Sequence[Design]
) -> PatternResult:
    """Return everything that one measure's dated points can carry, and for each part they cannot, why not.

    Parameters
    ----------
    measure : Measure
    events : DatedPoints
        All located events of the measure.
    study : Study
        Its settings, area and seed.
    ledger : SourceLedger
        Of the measure's source: which months it covers, and which of them have no data.
    designs : sequence of Design
        Every operation's windows.
    """
    why_not: list[tuple[str, str]] = []

    def answer(part: str, ask: Callable[[], _Answer]) -> _Answer | None:
        try:
            return ask()
        except DesignError as error:
            why_not.append((part, str(error)))
            return None

    shifts = [answer("shift", partial(_shift, events, one, study)) for one in designs]
    return PatternResult(
        measure,
        answer("clusters", partial(_clustering, events, study)),
        answer("emerging", partial(_emergence, events, study, ledger)),
        answer("accuracy", partial(_judgement, events, study, ledger)),
        tuple(one for one in shifts if one is not None),
        tuple(dict.fromkeys(why_not)),
    )


def whole_months(coverage: Period) -> tuple[date, ...]:
    """Return the first days of the months that a source covers from first to last day."""
    return tuple(month for month in coverage.months() if coverage.contains(Period(month, add_months(month, 1))))


def accuracy_periods(settings: AccuracySettings, coverage: Period) -> tuple[Period, Period]:
    """Return the earlier and the later period: those stated, or the last two years of whole months.

    Raises
    ------
    DesignError
        If the source covers fewer than 24 whole months and no periods are stated.
    """
    if settings.earlier is not None and settings.later is not None:
        return settings.earlier, settings.later
    months = whole_months(coverage)
    if len(months) < 2 * _YEAR:
        msg = (
            f"Hotspots are judged on the year after the one they were drawn on; this source covers {len(months)} whole "
            "months, not 24. State shorter periods under [accuracy]."
        )
        raise DesignError(msg)
    middle = months[-_YEAR]
    return Period(months[-2 * _YEAR], middle), Period(middle, add_months(months[-1], 1))


def _clustering(events: DatedPoints, study: Study) -> Clustering:
    settings = study.emerging
    grid = grid_over(study.area.boundary, cell=settings.cell)
    inside = cells_within(grid, study.area.boundary)
    points = _every(events)
    if not points.total > 0:
        msg = "There are no located events, so nothing can cluster."
        raise DesignError(msg)
    counts = np.where(inside, cell_counts(points, grid), 0.0)
    reach, _ = neighbourhood_rows(settings.band, grid.cell)
    band, seed = settings.band, study.seed
    return Clustering(
        grid,
        getis_ord(counts, grid, inside=inside, band=band, sums=True, seed=seed),
        local_moran(counts, grid, inside=inside, band=band, sums=True, seed=seed),
        (
            morans_i(counts, grid, inside=inside, band=band, permutations=OVERALL_PERMUTATIONS, seed=seed),
            general_g(counts, grid, inside=inside, band=band, permutations=OVERALL_PERMUTATIONS, seed=seed),
        ),
        _whole(neighbourhood_sums(counts, reach)),
        _whole(neighbourhood_sums(np.where(inside, _place_counts(points, grid), 0.0), reach)),
    )


def _emergence(events: DatedPoints, study: Study, ledger: SourceLedger) -> EmergingHotspots:
    settings = study.emerging
    grid = grid_over(study.area.boundary, cell=settings.cell)
    inside = cells_within(grid, study.area.boundary)
    months = whole_months(ledger.coverage)
    months = months[len(months) % settings.months :]
    steps = months[:: settings.months]
    missing = tuple(
        step
        for number, step in enumerate(steps)
        if set(months[number * settings.months : (number + 1) * settings.months]) & set(ledger.missing_months)
    )
    if not events.weight.sum() > 0:
        msg = "There are no located events, so nothing can emerge."
        raise DesignError(msg)
    ends = [*steps[1:], add_months(steps[-1], settings.months)] if steps else []
    counts, places = np.zeros((len(steps), *grid.shape)), np.zeros((len(steps), *grid.shape))
    for number, (start, end) in enumerate(zip(steps, ends, strict=True)):
        now = events.points((events.day >= np.datetime64(start)) & (events.day < np.datetime64(end)))
        counts[number] = np.where(inside, cell_counts(now, grid), 0.0)
        places[number] = np.where(inside, _place_counts(now, grid), 0.0)
    found = emerging_hotspots(
        counts,
        grid,
        steps,
        missing=missing,
        inside=inside,
        band=settings.band,
        earlier=settings.earlier,
        compare=settings.compare,
        sums=True,
        seed=study.seed,
    )
    reach, _ = neighbourhood_rows(settings.band, grid.cell)
    near_counts = np.stack([neighbourhood_sums(step, reach) for step in counts])
    near_places = np.stack([neighbourhood_sums(step, reach) for step in places])
    known = [step not in missing for step in steps]
    every = _place_counts(_every(events), grid)
    hot = found.pattern > 0
    support, distinct = near_counts[known].sum(axis=0), neighbourhood_sums(np.where(inside, every, 0.0), reach)
    least_events, least_places = np.full(grid.shape, np.inf), np.full(grid.shape, np.inf)
    for number in map(int, np.flatnonzero(known)):
        near = [step for step in range(max(0, number - settings.earlier), number + 1) if known[step]]
        now = found.side[number] == 1
        least_events[now] = np.minimum(least_events, near_counts[near].sum(axis=0))[now]
        # Two steps may share places: the larger of them is certain to be distinct.
        least_places[now] = np.minimum(least_places, near_places[near].max(axis=0))[now]
    return EmergingHotspots(
        found,
        settings.months,
        _whole(np.where(hot, least_events, support)),
        _whole(np.where(hot, least_places, distinct)),
    )


def _judgement(events: DatedPoints, study: Study, ledger: SourceLedger) -> PredictiveAccuracy:
    early, late = accuracy_periods(study.accuracy, ledger.coverage)
    earlier = Window("earlier", (early,)).without_months(ledger.missing_months)
    later = Window("later", (late,)).without_months(ledger.missing_months)
    old, new = (events.points(events.within(window)) for window in (earlier, later))
    for points, window in ((old, earlier), (new, later)):
        if not points.total > 0:
            msg = f"There are no located events in the {window.name} period, so hotspots cannot be judged."
            raise DesignError(msg)
    settings, boundary = study.hotspots, study.area.boundary
    grid = grid_over(boundary, cell=settings.cell)
    bandwidth = choose_bandwidth(
        old, settings.bandwidth, kernel=settings.kernel, cell=settings.cell, location_error=ledger.location_error
    ).value
    values = density(
        old, grid, bandwidth=bandwidth, years=earlier.years, kernel=settings.kernel, within=boundary,
        edge=settings.edge, counted=False,
    ).values  # fmt: skip
    chosen = np.nan_to_num(values, nan=-1.0) >= percent_volume_threshold(values, settings.share)
    found = hotspot_accuracy(
        chosen, cell_counts(old, grid), cell_counts(new, grid), inside=cells_within(grid, boundary)
    )
    return PredictiveAccuracy(earlier, later, bandwidth, found)


def _shift(events: DatedPoints, design: Design, study: Study) -> PatternSimilarity:
    early, late = events.within(design.before), events.within(design.after)
    settings, boundary = study.change, study.area.boundary
    if settings.areas is None:
        units, grid = f"squares of {settings.square:,g} m", grid_over(boundary, cell=settings.square)
        where = grid.cell_of(events.x, events.y)
        used = cells_within(grid, boundary).ravel()
        used[where[(early | late) & (where >= 0)]] = True
        number = np.where(used, np.cumsum(used) - 1, -1)
        label, where = number.reshape(grid.shape), np.where(where >= 0, number[where], -1)
        size = int(used.sum())
    else:
        units, grid = f"{len(settings.areas.codes):,} areas", grid_over(boundary, cell=study.emerging.cell)
        x, y = np.meshgrid(*grid.centres())
        label = _area_of(settings.areas, x.ravel(), y.ravel()).reshape(grid.shape)
        label[~cells_within(grid, boundary)] = -1
        where, size = _area_of(settings.areas, events.x, events.y), len(settings.areas.codes)

    def count(chosen: NDArray[np.bool_], weight: NDArray[np.float64]) -> NDArray[np.float64]:
        held = chosen & (where >= 0)
        return np.bincount(where[held], weights=weight[held], minlength=size).astype(np.float64)

    first, second = count(early, events.weight), count(late, events.weight)
    found = similarity_test(first, second, level=settings.level)
    if (where[early | late] < 0).any():
        apart = "some events lie in none of the areas and take no part"
        found = replace(found, note="; ".join(filter(None, (found.note, apart))))
    return PatternSimilarity(
        design.operation.name,
        units,
        grid,
        label,
        found,
        _whole(first + second),
        _whole(count(_one_each(events, early | late), np.ones(len(events)))),
    )


def _one_each(events: DatedPoints, used: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return one event of each distinct place among those used."""
    chosen = np.flatnonzero(used)
    _, first = np.unique(np.column_stack([events.x, events.y])[chosen], axis=0, return_index=True)
    found = np.zeros(len(events), dtype=np.bool_)
    found[chosen[first]] = True
    return found


def _area_of(areas: Areas, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the position of the first area that holds each point, edges included; -1 where none does."""
    found = np.full(x.size, len(areas.shapes), dtype=np.int64)
    point, area = shapely.STRtree(shapely.points(x, y)).query(areas.shapes, predicate="intersects")[::-1]
    np.minimum.at(found, point, area)
    return np.where(found < len(areas.shapes), found, -1)


def _every(events: DatedPoints) -> Points:
    return events.points(np.ones(len(events), dtype=np.bool_))


def _place_counts(points: Points, grid: Grid) -> NDArray[np.float64]:
    return cell_counts(Points(points.x, points.y, np.ones(len(points))), grid)


def _whole(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(values).astype(np.int64)
