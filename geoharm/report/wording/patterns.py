"""Words of the patterns: classes of the maps, and how p-values were computed."""

from __future__ import annotations

import math

from geoharm import _text
from geoharm.disclosure.released import ReleasedClusters, ReleasedEmergingHotspots, ReleasedPatterns
from geoharm.hotspots.results.clusters import PValueSource
from geoharm.hotspots.results.emerging import EmergingPattern
from geoharm.report import format_numbers
from geoharm.report.wording.withheld import note_as_sentence, sentence_text

# In the order of the classes of `ClassScheme.CLUSTERS`.
CLUSTER_WORDS = ("chance can explain", "low beside low", "high beside high")
SHIFT_WORDS = ("chance can explain", "a smaller share after", "a larger share after")


def cluster_method(clusters: ReleasedClusters) -> str:
    """Return how the p-values of clusters were computed."""
    rate = f"(false discovery rate, {_text.percent_text(clusters.level)})"
    if not clusters.areas:
        source = "the normal curve" if clusters.p_from is PValueSource.NORMAL else clusters.p_from.value
        return f"p-values from {source}, adjusted for all cells together {rate}"
    return (
        f"events per km2 and year of {clusters.areas:,} areas; p-values from {clusters.permutations:,} conditional "
        f"permutations, adjusted for all areas together {rate}" + (f"; {clusters.note}" if clusters.note else "")
    )


def emerging_method(emerging: ReleasedEmergingHotspots) -> str:
    """Return from which steps and cells emerging hotspots were found, and how their p-values were computed."""
    length = "one month" if emerging.months == 1 else f"{emerging.months} months"
    return (
        f"{emerging.steps} steps of {length}"
        + (f" ({emerging.missing} without data left out)" if emerging.missing else "")
        + f"; cells of {emerging.cell:g} m; neighbours: {emerging.neighbours}; p-values from {emerging.p_from.value}, "
        f"adjusted for all cells and steps together (false discovery rate, {_text.percent_text(emerging.level)})"
    )


def emerging_text(patterns: ReleasedPatterns) -> str:
    """Return the patterns over time of one measure with their areas, as a sentence; or why there are none."""
    if patterns.emerging is None:
        return sentence_text(patterns.why_not.get("emerging", ""))
    pattern_texts = [
        f"{pattern.label} {km2_text(area_km2)}{' km²' if math.isfinite(area_km2) else ''}"
        for pattern, area_km2, _ in patterns.emerging.patterns
        if pattern is not EmergingPattern.NONE
    ]
    return (
        note_as_sentence(format_numbers.join_with_and(pattern_texts))
        if pattern_texts
        else "No pattern anywhere: no place was hot or cold beyond chance."
    )


def km2_text(area_km2: float) -> str:
    """Return an area in km², or that it is withheld."""
    return f"{area_km2:,.2f}" if math.isfinite(area_km2) else "withheld"
