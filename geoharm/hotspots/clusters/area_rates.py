"""Clustering of the rates of an area table: local and global tests, for all possible values of suppressed counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm.errors import DesignError
from geoharm.geo.cells import cells_within
from geoharm.hotspots.clusters.areas import area_clusters, global_area_clusters
from geoharm.hotspots.results.area_ranking import AreaRanking, RankedArea, ranked
from geoharm.hotspots.results.clusters import LocalClusters
from geoharm.hotspots.results.patterns import AreaClustering, PatternResult
from geoharm.model.area_counts import AreaCounts, Bounds
from geoharm.model.grid import grid_over
from geoharm.model.measure import Measure
from geoharm.model.overlap import BORDER_NOISE
from geoharm.model.period import Period
from geoharm.model.study import Study

PERMUTATIONS = 9_999
_BY_AREA = "It is counted by area, not by place."
# An area belongs to the study area if more than this share of it lies inside.
_LEAST_SHARE_INSIDE = 0.5
_DAYS_A_YEAR = 365.25
_NO_PERIOD = "the table has no period: its rates are events per km2 of all time, not of a year"


def find_area_clusters(measure: Measure, tables: Sequence[AreaCounts], *, study: Study) -> PatternResult:
    """Return the clustering of a measure that is counted by area; the other patterns need point data.

    Parameters
    ----------
    measure : Measure
        What is counted.
    tables : sequence of AreaCounts
        One for each category of the measure, from one source.
    study : Study
        For its area, its seed, and the cell size for maps.
    """
    why_not = [(part, _BY_AREA) for part in ("emerging", "accuracy", "shift")]
    try:
        return PatternResult(measure, _clustering(tables, study), None, None, (), tuple(why_not))
    except DesignError as error:
        return PatternResult(measure, None, None, None, (), (("clusters", str(error)), *why_not))


def rank_areas(measure: Measure, tables: Sequence[AreaCounts], *, study: Study) -> AreaRanking:
    """Return the areas of a measure in the order of their rates, the highest first.

    Parameters
    ----------
    measure : Measure
    tables : sequence of AreaCounts
        One for each category of the measure, from one source; their sum is counted.
    study : Study
        For its area.
    """
    codes, shapes = _shapes_inside(tables, study.area.boundary)
    is_dated = all(table.is_dated for table in tables)
    areas = [
        RankedArea(
            code,
            shapes[code].area / 1e6,
            counted / _DAYS_A_YEAR if is_dated else 1.0,
            Bounds(float(least), float(most)),
        )
        for code, least, most, counted in zip(codes, *_sums(tables, codes), strict=True)
        if counted > 0
    ]
    return AreaRanking(measure, ranked(tuple(areas)), is_dated)


def _clustering(tables: Sequence[AreaCounts], study: Study) -> AreaClustering:
    codes, shapes = _shapes_inside(tables, study.area.boundary)
    if len(codes) < 3:
        msg = f"At least 3 areas of the table must lie in the study area; {len(codes)} do."
        raise DesignError(msg)
    low, high, days = _sums(tables, codes)
    has_data = days > 0
    if has_data.sum() < 3:
        msg = f"At least 3 areas need a number in one period or more; {int(has_data.sum())} have one."
        raise DesignError(msg)
    codes = [code for code, is_known in zip(codes, has_data, strict=True) if is_known]
    used_shapes = [shapes[code] for code in codes]
    km2 = np.array([shape.area for shape in used_shapes]) / 1e6
    if not all(table.is_dated for table in tables):
        days = np.full(days.size, _DAYS_A_YEAR)
    low, high, days = low[has_data], high[has_data], days[has_data]
    possible_rates = [values / km2 / days * _DAYS_A_YEAR for values in ((low + high) / 2, low, high)]
    rates = possible_rates if (low < high).any() else possible_rates[:1]
    gi, moran = (
        _most_cautious(
            [
                area_clusters(
                    rate,
                    used_shapes,
                    statistic=statistic,
                    tolerance=BORDER_NOISE,
                    permutations=PERMUTATIONS,
                    seed=study.seed,
                )
                for rate in rates
            ]
        )
        for statistic in ("gi*", "moran")
    )
    if not all(table.is_dated for table in tables):
        gi, moran = (_with_note(result, _NO_PERIOD) for result in (gi, moran))
    grid = grid_over(study.area.boundary, cell=study.emerging.cell / 2)
    centre_x, centre_y = np.meshgrid(*grid.centres())
    label = np.full(centre_x.size, -1, dtype=np.int64)
    point, area = shapely.STRtree(shapely.points(centre_x.ravel(), centre_y.ravel())).query(
        used_shapes, predicate="intersects"
    )[::-1]
    label[point[::-1]] = area[::-1]
    label = label.reshape(grid.shape)
    label[~cells_within(grid, study.area.boundary)] = -1
    return AreaClustering(
        grid,
        label,
        gi,
        moran,
        global_area_clusters(rates[0], used_shapes, tolerance=BORDER_NOISE),
        np.floor(low).astype(np.int64),
        km2,
    )


def _shapes_inside(tables: Sequence[AreaCounts], boundary: BaseGeometry) -> tuple[list[str], dict[str, BaseGeometry]]:
    shapes = {
        code: shape
        for table in tables
        for code, shape in zip(table.areas, table.shapes, strict=True)
        if shape is not None
    }
    codes = [
        code
        for code, shape in sorted(shapes.items())
        if shapely.intersection(shape, boundary).area > _LEAST_SHARE_INSIDE * shape.area
    ]
    return codes, shapes


def _sums(
    tables: Sequence[AreaCounts], codes: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the least count, the greatest count and the days of each area.

    Only periods for which every category has a number are included.
    """
    low, high, days = (np.zeros(len(codes)) for _ in range(3))
    for position, code in enumerate(codes):
        limits_by_table = [_limits_by_period(table, code) for table in tables]
        for period in sorted(
            set(limits_by_table[0]).intersection(*limits_by_table[1:]), key=lambda period: period.start
        ):
            low[position] += sum(limits[period][0] for limits in limits_by_table)
            high[position] += sum(limits[period][1] for limits in limits_by_table)
            days[position] += period.days
    return low, high, days


def _limits_by_period(table: AreaCounts, code: str) -> dict[Period, tuple[float, float]]:
    """Return the least and the greatest possible count of an area for every period with a number."""
    if code not in table.areas:
        return {}
    row = table.areas.index(code)
    return {
        period: (float(table.low[row, column]), float(table.high[row, column]))
        for column, period in enumerate(table.periods)
        if not table.missing[row, column]
    }


def _with_note(result: LocalClusters, note: str) -> LocalClusters:
    return replace(result, note="; ".join(filter(None, (result.note, note))))


def _most_cautious(results: Sequence[LocalClusters]) -> LocalClusters:
    """Return the most cautious of several results for suppressed counts.

    The p-values are the largest of all results. The kind is kept where all results agree, and is 0 elsewhere.
    """
    first = results[0]
    if len(results) == 1:
        return first
    agree = np.all([result.kind == first.kind for result in results], axis=0)
    p, adjusted = (np.max([getattr(result, name) for result in results], axis=0) for name in ("p", "adjusted"))
    note = "suppressed counts at their smallest, middle and largest possible values: the largest of the three p-values is shown"
    cautious = replace(first, p=p, adjusted=adjusted, kind=np.where(agree, first.kind, 0).astype(np.int8))
    return _with_note(cautious, note)
