"""Where the rates of an area table cluster: local and global tests over areas that touch, withheld counts at both ends."""

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
from geoharm.hotspots.results.clusters import LocalClusters
from geoharm.hotspots.results.patterns import AreaClustering, PatternResult
from geoharm.model.area_counts import AreaCounts
from geoharm.model.grid import grid_over
from geoharm.model.measure import Measure
from geoharm.model.period import Period
from geoharm.model.study import Study

PERMUTATIONS = 9_999
_BY_AREA = "It is counted by area, not by place."
# An area with more of its ground outside is no part of the study area.
_MOST_OUTSIDE = 0.5
_YEAR = 365.25


def find_area_clusters(measure: Measure, tables: Sequence[AreaCounts], *, study: Study) -> PatternResult:
    """Return where a measure that is counted by area clusters; everything else needs places.

    Parameters
    ----------
    measure : Measure
    tables : sequence of AreaCounts
        One for each category that it counts, of one source.
    study : Study
        Its area, seed and cell size for drawing.
    """
    why_not = [(part, _BY_AREA) for part in ("emerging", "accuracy", "shift")]
    try:
        return PatternResult(measure, _clustering(tables, study), None, None, (), tuple(why_not))
    except DesignError as error:
        return PatternResult(measure, None, None, None, (), (("clusters", str(error)), *why_not))


def _clustering(tables: Sequence[AreaCounts], study: Study) -> AreaClustering:
    codes, shapes = _areas_inside(tables, study.area.boundary)
    if len(codes) < 3:
        msg = f"At least 3 areas of the table must lie in the study area; {len(codes)} do."
        raise DesignError(msg)
    low, high, days = _sums(tables, codes)
    known = days > 0
    if known.sum() < 3:
        msg = f"At least 3 areas need a number in one period or more; {int(known.sum())} have one."
        raise DesignError(msg)
    codes = [code for code, held in zip(codes, known, strict=True) if held]
    kept = [shapes[code] for code in codes]
    ground = np.array([shape.area for shape in kept]) / 1e6
    low, high, days = low[known], high[known], days[known]
    ends = [values / ground / days * _YEAR for values in ((low + high) / 2, low, high)]
    rates = ends if (low < high).any() else ends[:1]
    gi, moran = (
        _whatever_is_withheld(
            [area_clusters(rate, kept, statistic=name, permutations=PERMUTATIONS, seed=study.seed) for rate in rates]
        )
        for name in ("gi*", "moran")
    )
    grid = grid_over(study.area.boundary, cell=study.emerging.cell / 2)
    x, y = np.meshgrid(*grid.centres())
    label = np.full(x.size, -1, dtype=np.int64)
    point, area = shapely.STRtree(shapely.points(x.ravel(), y.ravel())).query(kept, predicate="intersects")[::-1]
    label[point[::-1]] = area[::-1]
    label = label.reshape(grid.shape)
    label[~cells_within(grid, study.area.boundary)] = -1
    return AreaClustering(
        grid, label, gi, moran, global_area_clusters(rates[0], kept), np.floor(low).astype(np.int64), ground
    )


def _areas_inside(tables: Sequence[AreaCounts], boundary: BaseGeometry) -> tuple[list[str], dict[str, BaseGeometry]]:
    shapes = {
        code: shape
        for table in tables
        for code, shape in zip(table.areas, table.shapes, strict=True)
        if shape is not None
    }
    inside = [
        code
        for code, shape in sorted(shapes.items())
        if shapely.intersection(shape, boundary).area > _MOST_OUTSIDE * shape.area
    ]
    return inside, shapes


def _sums(
    tables: Sequence[AreaCounts], codes: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return least, most and days of each area over the periods for which every category has a number."""
    low, high, days = (np.zeros(len(codes)) for _ in range(3))
    for place, code in enumerate(codes):
        known = [_known(table, code) for table in tables]
        for period in sorted(set(known[0]).intersection(*known[1:]), key=lambda one: one.start):
            low[place] += sum(one[period][0] for one in known)
            high[place] += sum(one[period][1] for one in known)
            days[place] += period.days
    return low, high, days


def _known(table: AreaCounts, code: str) -> dict[Period, tuple[float, float]]:
    """Return the least and the most of every period for which an area has a number."""
    if code not in table.areas:
        return {}
    row = table.areas.index(code)
    return {
        period: (float(table.low[row, column]), float(table.high[row, column]))
        for column, period in enumerate(table.periods)
        if not table.missing[row, column]
    }


def _whatever_is_withheld(found: Sequence[LocalClusters]) -> LocalClusters:
    """Return the answer that the withheld counts cannot turn: the largest p-value, where all agree on the kind."""
    first = found[0]
    if len(found) == 1:
        return first
    agree = np.all([one.kind == first.kind for one in found], axis=0)
    p, adjusted = (np.max([getattr(one, name) for one in found], axis=0) for name in ("p", "adjusted"))
    note = "withheld counts at their least, their middle and their most: the largest p-value of the three"
    return replace(
        first, p=p, adjusted=adjusted, kind=np.where(agree, first.kind, 0).astype(np.int8),
        note="; ".join(filter(None, (first.note, note))),
    )  # fmt: skip
