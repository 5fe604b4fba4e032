"""Layers of patterns over the whole study area: clusters, emerging hotspots and shifts, with the meaning of each class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from geoharm.disclosure.patterns import PATTERNS
from geoharm.disclosure.released import ClassedImage, Release, ReleasedPatterns
from geoharm.model.measure import Measure
from geoharm.report import palette
from geoharm.report.maps.styles import LayerKind, LegendEntry
from geoharm.report.wording.patterns import CLUSTER_WORDS, SHIFT_WORDS, cluster_method, emerging_method


def _legend(colours: tuple[str, ...], labels: tuple[str, ...]) -> tuple[LegendEntry, ...]:
    return tuple(LegendEntry(colour, label) for colour, label in zip(colours, labels, strict=True))


# The classes of every kind of pattern, from class 1.
LEGENDS: Mapping[LayerKind, tuple[LegendEntry, ...]] = {
    LayerKind.CLUSTERS: _legend(palette.CLUSTERS, CLUSTER_WORDS),
    LayerKind.EMERGING: _legend(palette.EMERGING, tuple(pattern.label for pattern in PATTERNS)),
    LayerKind.SHIFT: _legend(palette.CLUSTERS, SHIFT_WORDS),
}


@dataclass(frozen=True, slots=True)
class PatternLayer:
    """A layer with one image of patterns in classes.

    Attributes
    ----------
    title : str
        For a list of layers.
    kind : LayerKind
        CLUSTERS, EMERGING or SHIFT.
    image : ClassedImage
    legend : tuple of LegendEntry
        Its classes, from class 1.
    number : int
        Position of the measure among the released patterns, from 1.
    measure : Measure
    windows_of : str
        Name of the operation or the comparison, for a shift; else empty.
    method : str
        How its p-values were computed, or what its units are.
    """

    title: str
    kind: LayerKind
    image: ClassedImage
    legend: tuple[LegendEntry, ...]
    number: int
    measure: Measure
    windows_of: str
    method: str


def pattern_layers(release: Release) -> tuple[PatternLayer, ...]:
    """Return the layers of every measure's patterns; a shift has one for each operation and comparison."""
    return tuple(
        layer
        for number, measure_patterns in enumerate(release.patterns, start=1)
        for layer in _measure_layers(number, measure_patterns)
    )


def _measure_layers(number: int, measure_patterns: ReleasedPatterns) -> list[PatternLayer]:
    measure = measure_patterns.measure
    layers = []

    def add(kind: LayerKind, title: str, image: ClassedImage, method: str, windows_of: str = "") -> None:
        layers.append(PatternLayer(title, kind, image, LEGENDS[kind], number, measure, windows_of, method))

    if measure_patterns.clusters is not None:
        clusters = measure_patterns.clusters
        add(LayerKind.CLUSTERS, f"Clusters of {measure.name}", clusters.image, cluster_method(clusters))
    if measure_patterns.emerging is not None:
        emerging = measure_patterns.emerging
        add(LayerKind.EMERGING, f"Emerging hotspots of {measure.name}", emerging.image, emerging_method(emerging))
    for name, shift in measure_patterns.similarity.items():
        title = f"Shift of {measure.name}, {name}"
        add(LayerKind.SHIFT, title, shift.image, f"shares of {shift.units}", name)
    return layers
