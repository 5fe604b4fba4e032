"""Spatial patterns of one measure: clusters, emerging hotspots, predictive accuracy, and shift of the pattern."""

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
from geoharm.model.grid import Grid, grid_over
from geoharm.model.ledger import SourceLedger
from geoharm.model.measure import Measure
from geoharm.model.period import Period, Window, add_months
from geoharm.model.points import DatedPoints, Points
from geoharm.model.settings import AccuracySettings
from geoharm.model.study import Study
from geoharm.model.window_pair import WindowPair

OVERALL_PERMUTATIONS = 999
_MONTHS_A_YEAR = 12

_Part = TypeVar("_Part")


def find_patterns(
    measure: Measure, events: DatedPoints, *, study: Study, ledger: SourceLedger, compared: Sequence[WindowPair]
) -> PatternResult:
    """Return the spatial patterns of one measure, and the reason for each part that cannot be computed.

    Parameters
    ----------
    measure : Measure
        What is counted.
    events : DatedPoints
        All located events of the measure.
    study : Study
        For its settings, area and seed.
    ledger : SourceLedger
        Of the measure's source: which months it covers, and which of these months have no data.
    compared : sequence of WindowPair
        Between which a shift of the pattern is looked for: one for each operation, and for each comparison.

    Returns
    -------
    PatternResult
    """
    why_not: list[tuple[str, str]] = []

    def run_part(part: str, compute: Callable[[], _Part]) -> _Part | None:
        try:
            return compute()
        except DesignError as error:
            why_not.append((part, str(error)))
            return None

    shifts = [run_part("shift", partial(_shift, events, windows, study)) for windows in compared]
    return PatternResult(
        measure,
        run_part("clusters", partial(find_clusters, events, study)),
        run_part("emerging", partial(find_emerging, events, study, ledger)),
        run_part("accuracy", partial(_predictive_accuracy, events, study, ledger)),
        tuple(shift for shift in shifts if shift is not None),
        tuple(dict.fromkeys(why_not)),
    )


def whole_months(coverage: Period) -> tuple[date, ...]:
    """Return the first days of the months that a source covers completely."""
    return tuple(month for month in coverage.months() if coverage.contains(Period(month, add_months(month, 1))))


def accuracy_periods(settings: AccuracySettings, coverage: Period) -> tuple[Period, Period]:
    """Return the earlier and the later period: as stated in the settings, or the last two years of whole months.

    Raises
    ------
    DesignError
        If the source covers fewer than 24 whole months and no periods are stated.
    """
    if settings.earlier is not None and settings.later is not None:
        return settings.earlier, settings.later
    months = whole_months(coverage)
    if len(months) < 2 * _MONTHS_A_YEAR:
        msg = (
            f"The accuracy of hotspots needs one year to draw them and the next to compare; this source covers "
            f"{len(months)} whole months, not 24. State shorter periods under [accuracy]."
        )
        raise DesignError(msg)
    middle = months[-_MONTHS_A_YEAR]
    return Period(months[-2 * _MONTHS_A_YEAR], middle), Period(middle, add_months(months[-1], 1))


def find_clusters(events: DatedPoints, study: Study) -> Clustering:
    """Return Gi*, local Moran's I and the global tests of located events, over the whole period.

    Raises
    ------
    DesignError
        If there is no located event, or the study area has too few cells.
    """
    settings = study.emerging
    grid = grid_over(study.area.boundary, cell=settings.cell)
    inside = cells_within(grid, study.area.boundary)
    points = _all_points(events)
    if not points.total > 0:
        msg = "There are no located events, so clusters cannot be computed."
        raise DesignError(msg)
    counts = np.where(inside, cell_counts(points, grid), 0.0)
    half_widths, _ = neighbourhood_rows(settings.band, grid.cell)
    band, seed = settings.band, study.seed
    return Clustering(
        grid,
        getis_ord(counts, grid, inside=inside, band=band, exact_p=True, seed=seed),
        local_moran(counts, grid, inside=inside, band=band, exact_p=True, seed=seed),
        (
            morans_i(counts, grid, inside=inside, band=band, permutations=OVERALL_PERMUTATIONS, seed=seed),
            general_g(counts, grid, inside=inside, band=band, permutations=OVERALL_PERMUTATIONS, seed=seed),
        ),
        _to_integers(neighbourhood_sums(counts, half_widths)),
        _to_integers(neighbourhood_sums(np.where(inside, _place_counts(points, grid), 0.0), half_widths)),
    )


def find_emerging(events: DatedPoints, study: Study, ledger: SourceLedger) -> EmergingHotspots:
    """Return the pattern over time of every cell, with the events behind it.

    Raises
    ------
    DesignError
        If there is no located event, or there are too few steps.
    """
    settings = study.emerging
    grid = grid_over(study.area.boundary, cell=settings.cell)
    inside = cells_within(grid, study.area.boundary)
    months = whole_months(ledger.coverage)
    months = months[len(months) % settings.months :]
    steps = months[:: settings.months]
    missing = tuple(
        step
        for index, step in enumerate(steps)
        if set(months[index * settings.months : (index + 1) * settings.months]) & set(ledger.missing_months)
    )
    if not events.weight.sum() > 0:
        msg = "There are no located events, so emerging hotspots cannot be computed."
        raise DesignError(msg)
    ends = [*steps[1:], add_months(steps[-1], settings.months)] if steps else []
    counts, places = np.zeros((len(steps), *grid.shape)), np.zeros((len(steps), *grid.shape))
    for index, (start, end) in enumerate(zip(steps, ends, strict=True)):
        step_points = events.points((events.day >= np.datetime64(start)) & (events.day < np.datetime64(end)))
        counts[index] = np.where(inside, cell_counts(step_points, grid), 0.0)
        places[index] = np.where(inside, _place_counts(step_points, grid), 0.0)
    emerging = emerging_hotspots(
        counts,
        grid,
        steps,
        missing=missing,
        inside=inside,
        band=settings.band,
        earlier=settings.earlier,
        compare=settings.compare,
        exact_p=True,
        seed=study.seed,
    )
    half_widths, _ = neighbourhood_rows(settings.band, grid.cell)
    near_counts = np.stack([neighbourhood_sums(step, half_widths) for step in counts])
    near_places = np.stack([neighbourhood_sums(step, half_widths) for step in places])
    has_data = [step not in missing for step in steps]
    place_counts = _place_counts(_all_points(events), grid)
    is_hot = emerging.pattern > 0
    near_counts_total, near_places_total = (
        near_counts[has_data].sum(axis=0),
        neighbourhood_sums(np.where(inside, place_counts, 0.0), half_widths),
    )
    least_events, least_places = np.full(grid.shape, np.inf), np.full(grid.shape, np.inf)
    for index in map(int, np.flatnonzero(has_data)):
        near_steps = [step for step in range(max(0, index - settings.earlier), index + 1) if has_data[step]]
        hot_now = emerging.hot_or_cold[index] == 1
        least_events[hot_now] = np.minimum(least_events, near_counts[near_steps].sum(axis=0))[hot_now]
        # Two steps may share places, so only the number in the larger step is certain to be distinct.
        least_places[hot_now] = np.minimum(least_places, near_places[near_steps].max(axis=0))[hot_now]
    return EmergingHotspots(
        emerging,
        settings.months,
        _to_integers(np.where(is_hot, least_events, near_counts_total)),
        _to_integers(np.where(is_hot, least_places, near_places_total)),
    )


def _predictive_accuracy(events: DatedPoints, study: Study, ledger: SourceLedger) -> PredictiveAccuracy:
    earlier_period, later_period = accuracy_periods(study.accuracy, ledger.coverage)
    earlier = Window("earlier", (earlier_period,)).without_months(ledger.missing_months)
    later = Window("later", (later_period,)).without_months(ledger.missing_months)
    earlier_points, later_points = (events.points(events.in_window(window)) for window in (earlier, later))
    for points, window in ((earlier_points, earlier), (later_points, later)):
        if not points.total > 0:
            msg = f"There are no located events in the {window.name} period, so the accuracy of hotspots cannot be computed."
            raise DesignError(msg)
    settings, boundary = study.hotspots, study.area.boundary
    grid = grid_over(boundary, cell=settings.cell)
    bandwidth = choose_bandwidth(
        earlier_points,
        settings.bandwidth,
        kernel=settings.kernel,
        cell=settings.cell,
        location_error=ledger.location_error,
    ).value
    values = density(
        earlier_points, grid, bandwidth=bandwidth, years=earlier.years, kernel=settings.kernel, within=boundary,
        edge=settings.edge, with_support=False,
    ).values  # fmt: skip
    chosen = np.nan_to_num(values, nan=-1.0) >= percent_volume_threshold(values, settings.share)
    accuracy = hotspot_accuracy(
        chosen, cell_counts(earlier_points, grid), cell_counts(later_points, grid), inside=cells_within(grid, boundary)
    )
    return PredictiveAccuracy(earlier, later, bandwidth, accuracy)


def _shift(events: DatedPoints, windows: WindowPair, study: Study) -> PatternSimilarity:
    is_before, is_after = events.in_window(windows.before), events.in_window(windows.after)
    settings, boundary = study.change, study.area.boundary
    if settings.areas is None:
        units, grid = f"squares of {settings.square:,g} m", grid_over(boundary, cell=settings.square)
        unit_of_event = grid.cell_of(events.x, events.y)
        used_cells = cells_within(grid, boundary).ravel()
        used_cells[unit_of_event[(is_before | is_after) & (unit_of_event >= 0)]] = True
        unit_of_cell = np.where(used_cells, np.cumsum(used_cells) - 1, -1)
        unit_on_grid, unit_of_event = (
            unit_of_cell.reshape(grid.shape),
            np.where(unit_of_event >= 0, unit_of_cell[unit_of_event], -1),
        )
        unit_count = int(used_cells.sum())
    else:
        units, grid = f"{len(settings.areas.codes):,} areas", grid_over(boundary, cell=study.emerging.cell)
        x, y = np.meshgrid(*grid.centres())
        unit_on_grid = _area_of(settings.areas, x.ravel(), y.ravel()).reshape(grid.shape)
        unit_on_grid[~cells_within(grid, boundary)] = -1
        unit_of_event, unit_count = _area_of(settings.areas, events.x, events.y), len(settings.areas.codes)

    def counts_by_unit(chosen: NDArray[np.bool_], weight: NDArray[np.float64]) -> NDArray[np.float64]:
        selected = chosen & (unit_of_event >= 0)
        return np.bincount(unit_of_event[selected], weights=weight[selected], minlength=unit_count).astype(np.float64)

    counts_before, counts_after = counts_by_unit(is_before, events.weight), counts_by_unit(is_after, events.weight)
    test = similarity_test(counts_before, counts_after, level=settings.level)
    if (unit_of_event[is_before | is_after] < 0).any():
        note = "some events lie in none of the areas and are left out"
        test = replace(test, note="; ".join(filter(None, (test.note, note))))
    return PatternSimilarity(
        windows.name,
        units,
        grid,
        unit_on_grid,
        test,
        _to_integers(counts_before + counts_after),
        _to_integers(counts_by_unit(_first_at_each_place(events, is_before | is_after), np.ones(len(events)))),
    )


def _first_at_each_place(events: DatedPoints, is_used: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask of one event for each distinct place among the events used."""
    positions = np.flatnonzero(is_used)
    _, first_event = np.unique(np.column_stack([events.x, events.y])[positions], axis=0, return_index=True)
    is_first = np.zeros(len(events), dtype=np.bool_)
    is_first[positions[first_event]] = True
    return is_first


def _area_of(areas: Areas, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the position of the first area that contains each point, edges included; -1 where there is none."""
    area_of_point = np.full(x.size, len(areas.shapes), dtype=np.int64)
    point, area = shapely.STRtree(shapely.points(x, y)).query(areas.shapes, predicate="intersects")[::-1]
    np.minimum.at(area_of_point, point, area)
    return np.where(area_of_point < len(areas.shapes), area_of_point, -1)


def _all_points(events: DatedPoints) -> Points:
    return events.points(np.ones(len(events), dtype=np.bool_))


def _place_counts(points: Points, grid: Grid) -> NDArray[np.float64]:
    return cell_counts(Points(points.x, points.y, np.ones(len(points))), grid)


def _to_integers(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(values).astype(np.int64)
