"""Disclosure control of hotspot patterns: images in classes, areas in km2, and rounded scores.

The patterns are clusters, emerging hotspots, predictive accuracy and pattern similarity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geoharm.disclosure.classed_images import cells_image
from geoharm.disclosure.released import (
    ClassScheme,
    ReleasedClusters,
    ReleasedEmergingHotspots,
    ReleasedPatterns,
    ReleasedSimilarity,
)
from geoharm.hotspots.results.accuracy import HotspotScore
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
from geoharm.model.reason import Note, Reason, Withheld

# In the order of the classes of `ClassScheme.EMERGING`.
PATTERNS = (EmergingPattern.NONE, *(EmergingPattern(sign * number) for sign in (1, -1) for number in range(1, 9)))
_LEVEL = 0.05


def protect_patterns(result: PatternResult, area: StudyArea, k: int) -> ReleasedPatterns:
    """Return one measure's patterns as they may be released: every drawn cell rests on at least k events and k places.

    Parameters
    ----------
    result : PatternResult
    area : StudyArea
    k : int
        Threshold of the disclosure rule; 1 draws every cell.
    """
    why_not: dict[str, Note] = dict(result.reasons)
    accuracy = None if result.predictive_accuracy is None else _protect_accuracy(result.predictive_accuracy, k)
    if result.predictive_accuracy is not None and accuracy is None:
        why_not["accuracy"] = Withheld(Reason.FEW_IN_PERIOD, k)
    return ReleasedPatterns(
        measure=result.measure,
        clusters=None if result.clustering is None else _protect_clusters(result.clustering, area, k),
        emerging=None if result.emerging is None else _protect_emerging(result.emerging, area, k),
        predictive_accuracy=accuracy,
        similarity={
            similarity.windows_of: _protect_similarity(similarity, area, k) for similarity in result.similarity
        },
        why_not=why_not,
    )


def _protect_clusters(clustering: Clustering | AreaClustering, area: StudyArea, k: int) -> ReleasedClusters:
    if isinstance(clustering, AreaClustering):
        return _protect_area_clusters(clustering, area, k)
    drawn = (clustering.support >= k) & (clustering.places >= k) & np.isfinite(clustering.gi.z)
    classes = np.where(drawn, np.select([clustering.gi.flagged(-1), clustering.gi.flagged(1)], [2, 3], 1), 0)

    def km2(cells: NDArray[np.bool_]) -> float:
        return float((cells & drawn).sum()) * clustering.grid.cell_km2

    image = cells_image(clustering.grid, classes, area, ClassScheme.CLUSTERS)
    return ReleasedClusters(
        image,
        _km2_by_class(clustering, km2),
        _global_tests(clustering),
        clustering.gi.neighbours,
        clustering.gi.p_from,
        clustering.gi.permutations,
        _LEVEL,
    )


def _protect_area_clusters(clustering: AreaClustering, area: StudyArea, k: int) -> ReleasedClusters:
    """Return the clusters of areas. An area whose count may be under k is not drawn."""
    drawn = (clustering.support >= k) & np.isfinite(clustering.gi.z)
    classes = np.where(drawn, np.select([clustering.gi.flagged(-1), clustering.gi.flagged(1)], [2, 3], 1), 0)

    def km2(areas: NDArray[np.bool_]) -> float:
        return float(clustering.km2[areas & drawn].sum())

    cell_classes = np.where(clustering.label >= 0, np.append(classes, 0)[clustering.label], 0)
    image = cells_image(clustering.grid, cell_classes, area, ClassScheme.CLUSTERS)
    return ReleasedClusters(
        image,
        _km2_by_class(clustering, km2),
        _global_tests(clustering),
        clustering.gi.neighbours,
        clustering.gi.p_from,
        clustering.gi.permutations,
        _LEVEL,
        areas=clustering.support.size,
        note=clustering.gi.note,
    )


def _km2_by_class(
    clustering: Clustering | AreaClustering, km2: Callable[[NDArray[np.bool_]], float]
) -> dict[str, float]:
    low, high = clustering.gi.flagged(-1), clustering.gi.flagged(1)
    moran_classes = ("high among high", "low among high", "low among low", "high among low")
    km2_of = {"high": km2(high), "low": km2(low), "chance": km2(~high & ~low)}
    return km2_of | {name: km2(clustering.moran.flagged(kind)) for kind, name in enumerate(moran_classes, start=1)}


def _global_tests(clustering: Clustering | AreaClustering) -> tuple[tuple[str, float, float], ...]:
    return tuple((test.statistic, _round(test.value), test.p) for test in clustering.global_tests)


def _protect_emerging(result: EmergingHotspots, area: StudyArea, k: int) -> ReleasedEmergingHotspots:
    emerging_map = result.map
    inside = np.isfinite(emerging_map.z).any(axis=0)
    drawn = inside & (result.support >= k) & (result.places >= k)
    classes = np.zeros(emerging_map.grid.shape, dtype=np.int64)
    rows: list[tuple[EmergingPattern, float, Note]] = []
    strength = np.abs(np.where(np.isfinite(emerging_map.z), emerging_map.z, 0.0)).sum(axis=0)
    for number, pattern in enumerate(PATTERNS, start=1):
        cells = drawn & (emerging_map.pattern == int(pattern))
        classes[cells] = number
        if cells.any():
            strongest = np.unravel_index(int(np.argmax(np.where(cells, strength, -1.0))), cells.shape)
            reason = (
                "" if pattern is EmergingPattern.NONE else emerging_map.reason(int(strongest[0]), int(strongest[1]))
            )
            rows.append((pattern, float(cells.sum()) * emerging_map.grid.cell_km2, reason))
        elif pattern is not EmergingPattern.NONE and (inside & (emerging_map.pattern == int(pattern))).any():
            rows.append((pattern, float("nan"), Withheld(Reason.FEW_IN_PATTERN, k)))
    missing_steps = len(emerging_map.missing)
    return ReleasedEmergingHotspots(
        cells_image(emerging_map.grid, classes, area, ClassScheme.EMERGING),
        tuple(rows),
        len(emerging_map.steps) - missing_steps,
        missing_steps,
        result.months,
        emerging_map.grid.cell,
        emerging_map.neighbours,
        emerging_map.p_from,
        emerging_map.level,
        emerging_map.note,
    )


def _protect_accuracy(result: PredictiveAccuracy, k: int) -> PredictiveAccuracy | None:
    """Return the scores with few digits, from which no count follows; None if a count behind them is small."""
    for score in result.accuracy.scores if k > 1 else ():
        total = score.events / score.hit_rate if score.hit_rate > 0 else 0.0
        earlier_events = score.predicted_over_observed * score.events
        if not min(score.events, total - score.events, earlier_events) >= k:
            return None
    hotspots, most_earlier_events = (_round_score(score) for score in result.accuracy.scores)
    accuracy = replace(
        result.accuracy,
        hotspots=hotspots,
        most_earlier_events=most_earlier_events,
        random_deviation=_round(result.accuracy.random_deviation),
    )
    return replace(result, accuracy=accuracy)


def _round_score(score: HotspotScore) -> HotspotScore:
    return HotspotScore(
        name=score.name,
        cells=score.cells,
        area_share=round(score.area_share, 4),
        events=float("nan"),
        hit_rate=_round(score.hit_rate),
        pai=_round(score.pai, 1),
        pei=_round(score.pei),
        recapture_rate_index=_round(score.recapture_rate_index),
        predicted_over_observed=_round(score.predicted_over_observed),
        share_of_cells_with_later_events=_round(score.share_of_cells_with_later_events),
        note=score.note,
    )


def _protect_similarity(result: PatternSimilarity, area: StudyArea, k: int) -> ReleasedSimilarity:
    side, support = result.test.side, result.support
    drawn = (support >= k) & (result.places >= k)
    classes = np.where(drawn, np.select([side < 0, side > 0], [2, 3], 1), 0)
    cell_classes = np.where(result.label >= 0, np.append(classes, 0)[result.label], 0)
    return ReleasedSimilarity(
        image=cells_image(result.grid, cell_classes, area, ClassScheme.CLUSTERS),
        units=result.units,
        count=int(support.size),
        held=int((support > 0).sum()),
        more=int((drawn & (side > 0)).sum()),
        fewer=int((drawn & (side < 0)).sum()),
        similarity=_round(result.test.similarity),
        robust=_round(result.test.robust_similarity),
        note=result.test.note,
    )


def _round(value: float, digits: int = 2) -> float:
    return round(value, digits) if np.isfinite(value) else float("nan")
