"""Clusters, emerging hotspots, accuracy and shift, as they may be published: classes, square kilometres, rounded scores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from geoharm import _text
from geoharm.disclosure.classed_images import cells_image
from geoharm.disclosure.released import (
    ClassScheme,
    ReleasedAccuracy,
    ReleasedClusters,
    ReleasedEmergingHotspots,
    ReleasedPatterns,
    ReleasedSimilarity,
)
from geoharm.hotspots.results.accuracy import HotspotScore
from geoharm.hotspots.results.clusters import LocalClusters, PValueSource
from geoharm.hotspots.results.emerging import EmergingPattern
from geoharm.hotspots.results.patterns import (
    AreaClustering,
    Clustering,
    EmergingHotspots,
    PatternResult,
    PatternSimilarity,
    PredictiveAccuracy,
)
from geoharm.model.geometry import StudyArea

# In the order of the classes of `ClassScheme.EMERGING`.
PATTERNS = (EmergingPattern.NONE, *(EmergingPattern(sign * number) for sign in (1, -1) for number in range(1, 9)))
CLUSTER_WORDS = ("chance can explain", "low beside low", "high beside high")
SHIFT_WORDS = ("chance can explain", "a smaller share after", "a larger share after")
_LEVEL = 0.05
_NOT_DRAWN = "the places with this pattern rest on too few events to say more"


def protect_patterns(result: PatternResult, area: StudyArea, k: int) -> ReleasedPatterns:
    """Return what may be published of one measure's patterns: no cell that rests on fewer than k events or places.

    Parameters
    ----------
    result : PatternResult
    area : StudyArea
    k : int
        1 shows every cell.
    """
    why_not = dict(result.why_not)
    judged = None if result.predictive_accuracy is None else _judged(result.predictive_accuracy, k)
    if result.predictive_accuracy is not None and judged is None:
        why_not["accuracy"] = f"Withheld: hotspots, or the rest of the study area, hold under {k} events of a period."
    return ReleasedPatterns(
        measure=result.measure,
        clusters=None if result.clustering is None else _clusters(result.clustering, area, k),
        emerging=None if result.emerging is None else _emergence(result.emerging, area, k),
        predictive_accuracy=judged,
        similarity={one.operation: _shift(one, area, k) for one in result.similarity},
        why_not=why_not,
    )


def _clusters(found: Clustering | AreaClustering, area: StudyArea, k: int) -> ReleasedClusters:
    if isinstance(found, AreaClustering):
        return _area_clusters(found, area, k)
    drawn = (found.support >= k) & (found.places >= k) & np.isfinite(found.gi.z)
    classes = np.where(drawn, np.select([found.gi.flagged(-1), found.gi.flagged(1)], [2, 3], 1), 0)

    def km2(cells: NDArray[np.bool_]) -> float:
        return float((cells & drawn).sum()) * found.grid.cell_km2

    image = cells_image(found.grid, classes, area, ClassScheme.CLUSTERS)
    return ReleasedClusters(image, _ground(found, km2), _overall(found), found.gi.neighbours, _how(found.gi))


def _area_clusters(found: AreaClustering, area: StudyArea, k: int) -> ReleasedClusters:
    """Return the clusters of areas; one whose count may be under k is not drawn."""
    drawn = (found.support >= k) & np.isfinite(found.gi.z)
    classes = np.where(drawn, np.select([found.gi.flagged(-1), found.gi.flagged(1)], [2, 3], 1), 0)

    def km2(areas: NDArray[np.bool_]) -> float:
        return float(found.km2[areas & drawn].sum())

    how = (
        f"events per km2 and year of {found.support.size:,} areas; p-values from {found.gi.permutations:,} conditional "
        f"permutations, adjusted for all areas together (false discovery rate, {_text.percent_text(_LEVEL)})"
    )
    how += f"; {found.gi.note}" if found.gi.note else ""
    on_map = np.where(found.label >= 0, np.append(classes, 0)[found.label], 0)
    image = cells_image(found.grid, on_map, area, ClassScheme.CLUSTERS)
    return ReleasedClusters(image, _ground(found, km2), _overall(found), found.gi.neighbours, how)


def _ground(found: Clustering | AreaClustering, km2: Callable[[NDArray[np.bool_]], float]) -> dict[str, float]:
    low, high = found.gi.flagged(-1), found.gi.flagged(1)
    kinds = ("high among high", "low among high", "low among low", "high among low")
    ground = {"high": km2(high), "low": km2(low), "chance": km2(~high & ~low)}
    return ground | {name: km2(found.moran.flagged(kind)) for kind, name in enumerate(kinds, start=1)}


def _overall(found: Clustering | AreaClustering) -> tuple[tuple[str, float, float], ...]:
    return tuple((one.statistic, _round(one.value), one.p) for one in found.global_tests)


def _emergence(result: EmergingHotspots, area: StudyArea, k: int) -> ReleasedEmergingHotspots:
    found = result.map
    inside = np.isfinite(found.z).any(axis=0)
    drawn = inside & (result.support >= k) & (result.places >= k)
    classes = np.zeros(found.grid.shape, dtype=np.int64)
    rows = []
    strength = np.abs(np.where(np.isfinite(found.z), found.z, 0.0)).sum(axis=0)
    for number, pattern in enumerate(PATTERNS, start=1):
        cells = drawn & (found.pattern == int(pattern))
        classes[cells] = number
        if cells.any():
            at = np.unravel_index(int(np.argmax(np.where(cells, strength, -1.0))), cells.shape)
            why = "" if pattern is EmergingPattern.NONE else found.rule(int(at[0]), int(at[1])).partition(": ")[2]
            rows.append((pattern, float(cells.sum()) * found.grid.cell_km2, why))
        elif pattern is not EmergingPattern.NONE and (inside & (found.pattern == int(pattern))).any():
            rows.append((pattern, float("nan"), _NOT_DRAWN))
    gaps = len(found.missing)
    length = "one month" if result.months == 1 else f"{result.months} months"
    how = (
        f"{len(found.steps) - gaps} steps of {length}"
        + (f" ({gaps} without data left out)" if gaps else "")
        + f"; cells of {found.grid.cell:g} m; neighbours: {found.neighbours}; p-values from {found.p_from.value}, adjusted "
        f"for all cells and steps together (false discovery rate, {_text.percent_text(found.level)})"
    )
    return ReleasedEmergingHotspots(
        cells_image(found.grid, classes, area, ClassScheme.EMERGING),
        tuple(rows),
        len(found.steps) - gaps,
        gaps,
        how,
        found.note,
    )


def _judged(found: PredictiveAccuracy, k: int) -> ReleasedAccuracy | None:
    """Return the scores to few digits, from which no count follows; None where one would be small."""
    scores = (found.accuracy.hotspots, found.accuracy.same_cells)
    for one in scores if k > 1 else ():
        total = one.events / one.hit_rate if one.hit_rate > 0 else 0.0
        earlier = one.predicted_over_observed * one.events
        if not min(one.events, total - one.events, earlier) >= k:
            return None
    return ReleasedAccuracy(
        found.earlier,
        found.later,
        found.bandwidth,
        tuple(_rounded(one) for one in scores),
        _round(found.accuracy.random_deviation),
    )


def _rounded(one: HotspotScore) -> HotspotScore:
    return HotspotScore(
        name=one.name,
        cells=one.cells,
        area_share=round(one.area_share, 4),
        events=float("nan"),
        hit_rate=_round(one.hit_rate),
        pai=_round(one.pai, 1),
        pei=_round(one.pei),
        recapture_rate_index=_round(one.recapture_rate_index),
        predicted_over_observed=_round(one.predicted_over_observed),
        recaptured_cells=_round(one.recaptured_cells),
        note=one.note,
    )


def _shift(result: PatternSimilarity, area: StudyArea, k: int) -> ReleasedSimilarity:
    side, support = result.test.side, result.support
    drawn = (support >= k) & (result.places >= k)
    classes = np.where(drawn, np.select([side < 0, side > 0], [2, 3], 1), 0)
    on_map = np.where(result.label >= 0, np.append(classes, 0)[result.label], 0)
    return ReleasedSimilarity(
        image=cells_image(result.grid, on_map, area, ClassScheme.CLUSTERS),
        units=result.units,
        count=int(support.size),
        held=int((support > 0).sum()),
        more=int((drawn & (side > 0)).sum()),
        fewer=int((drawn & (side < 0)).sum()),
        similarity=_round(result.test.similarity),
        robust=_round(result.test.robust_similarity),
        note=result.test.note,
    )


def _how(found: LocalClusters) -> str:
    source = "the normal curve" if found.p_from is PValueSource.NORMAL else found.p_from.value
    return (
        f"p-values from {source}, adjusted for all cells together (false discovery rate, {_text.percent_text(_LEVEL)})"
    )


def _round(value: float, digits: int = 2) -> float:
    return round(value, digits) if np.isfinite(value) else float("nan")
