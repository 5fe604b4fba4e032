"""Layers of maps: what is drawn, made once from a release. The page, folium, pictures and GIS files write them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from shapely.geometry.base import BaseGeometry

from geoharm.disclosure.released import ClassedImage, Release, ReleasedChange, ReleasedHotspots, ReleasedOperation
from geoharm.hotspots.results.change import ChangeKind
from geoharm.model.design import Design
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.hotspot import Hotspot
from geoharm.model.measure import Role
from geoharm.report import format_numbers, palette
from geoharm.report.maps.pattern_layers import pattern_layers
from geoharm.report.maps.styles import LINES, LayerKind, LegendEntry, LineStyle
from geoharm.report.wording.change import CLASS_WORDS
from geoharm.report.wording.withheld import released_total

CHANGE, WHOLE, BEFORE, AFTER = "change", "whole period", "before", "after"
# The patterns that the map of a study without an operation shows.
MAPPED_PATTERNS = (LayerKind.CLUSTERS, LayerKind.EMERGING)


# The classes of change, from class 1.
CHANGE_LEGEND = tuple(LegendEntry(colour, text) for colour, text in zip(palette.CHANGE, CLASS_WORDS, strict=True))


@dataclass(frozen=True, slots=True)
class View:
    """Which measure and time a layer shows.

    Attributes
    ----------
    number : int
        Position of the measure among the released hotspots, from 0.
    hotspots : ReleasedHotspots
        Measure and method.
    windows_of : str
        Name of the operation or the comparison; empty for the whole period.
    window : str
        "whole period", "before", "after", a time step, "change", or the kind of a pattern.
    pair : int
        Position of the comparison on the map, from 0; 0 for an operation.
    """

    number: int
    hotspots: ReleasedHotspots
    windows_of: str
    window: str
    pair: int = 0

    @property
    def key(self) -> str:
        """A name of the time shown that is unique on a map."""
        return f"{self.window} {self.pair}" if self.pair else self.window


@dataclass(frozen=True, slots=True)
class Feature:
    """A shape of a layer.

    Attributes
    ----------
    name : str
        Name for readers; empty if it has none.
    geometry : shapely geometry
        The area that it covers, in metres.
    outline : shapely geometry
        What a map draws, in metres. It differs for a gap or ring, of which only the outer edge is drawn.
    """

    name: str
    geometry: BaseGeometry
    outline: BaseGeometry


@dataclass(frozen=True, slots=True)
class ZoneFeature(Feature):
    """A zone of an operation."""

    operation: str
    zone: Zone


@dataclass(frozen=True, slots=True)
class HotspotFeature(Feature):
    """A hotspot of one measure and time, with a sentence about it for readers."""

    hotspot: Hotspot
    text: str


FeatureT_co = TypeVar("FeatureT_co", bound=Feature, covariant=True)


@dataclass(frozen=True, slots=True)
class ShapeLayer(Generic[FeatureT_co]):
    """A layer of outlines.

    Attributes
    ----------
    name : str
        Unique on a map.
    title : str
        What a legend says.
    kind : LayerKind
    style : LineStyle
    crs : str
        Coordinate system of the features.
    features : tuple of Feature
    tolerance : float
        Metres by which a map may simplify the outlines.
    view : View or None
        Of hotspots.
    """

    name: str
    title: str
    kind: LayerKind
    style: LineStyle
    crs: str
    features: tuple[FeatureT_co, ...]
    tolerance: float = 1.0
    view: View | None = None


@dataclass(frozen=True, slots=True)
class ImageLayer:
    """A layer with one image in classes.

    Attributes
    ----------
    name : str
        Unique on a map.
    title : str
        For a list of layers.
    kind : LayerKind
    image : ClassedImage
    legend : tuple of LegendEntry
        Its classes, from class 1. For a surface, the label is the density at which the class begins.
    view : View
    """

    name: str
    title: str
    kind: LayerKind
    image: ClassedImage
    legend: tuple[LegendEntry, ...]
    view: View


Layer = ShapeLayer[Feature] | ImageLayer


def layers_of(release: Release, operation: ReleasedOperation | None) -> tuple[Layer, ...]:
    """Return the layers of a map, from the lowest to the highest.

    Parameters
    ----------
    release : Release
    operation : ReleasedOperation or None
        Its zones and the views of its windows are drawn. Without one, the map is of the whole study: it shows the windows of
        its comparisons, its clusters and emerging hotspots.

    Returns
    -------
    tuple of Layer
        The study area and context lines; for each measure its surfaces, its change, patterns and hotspots; then the zones.
    """
    layers: list[Layer] = [_study_layer(release), *_context_layers(release)]
    names = pair_names(release, operation)
    for number, measure_hotspots in enumerate(release.hotspots):
        layers += [
            _with_pair(layer, names)
            for layer in surface_layers(number, measure_hotspots)
            if layer.view.windows_of in ("", *names)
        ]
        for pair, name in enumerate(names):
            layers += [
                _change_layer(View(number, measure_hotspots, name, CHANGE, pair), change)
                for change in drawn_changes(release, name, measure_hotspots.measure.name)
            ]
        if operation is None:
            layers += _pattern_layers(release, number, measure_hotspots)
        layers += hotspot_layers(release, number, windows_of=names)
    if operation is not None:
        layers += zone_layers(operation.design, release.study.area.crs, within=release.study.area.boundary)
    return tuple(layers)


def pair_names(release: Release, operation: ReleasedOperation | None) -> tuple[str, ...]:
    """Return whose windows before and after a map shows: an operation's, or those of every comparison."""
    if operation is not None:
        return (operation.design.operation.name,)
    return tuple(comparison.name for comparison in release.study.comparisons)


def _with_pair(layer: ImageLayer, names: Sequence[str]) -> ImageLayer:
    """Return a surface with the position of its comparison on the map."""
    if layer.view.windows_of not in names[1:]:
        return layer
    view = replace(layer.view, pair=names.index(layer.view.windows_of))
    return replace(layer, name=f"surface {view.number} {view.key}", view=view)


def _pattern_layers(release: Release, number: int, measure_hotspots: ReleasedHotspots) -> Iterator[ImageLayer]:
    """Yield the clusters and the emerging hotspots of a measure."""
    for layer in pattern_layers(release):
        if layer.kind in MAPPED_PATTERNS and layer.measure.name == measure_hotspots.measure.name:
            window = layer.kind.value
            view = View(number, measure_hotspots, "", window)
            name = f"surface {number} {window}"
            yield ImageLayer(name, f"{layer.measure.name}, {window}", layer.kind, layer.image, layer.legend, view)


def surface_layers(number: int, measure_hotspots: ReleasedHotspots) -> tuple[ImageLayer, ...]:
    """Return the surfaces of one measure, for every operation, comparison and view.

    Parameters
    ----------
    number : int
        Position of the measure among the released hotspots, from 0.
    measure_hotspots : ReleasedHotspots
    """
    breaks = measure_hotspots.breaks
    legend = tuple(
        LegendEntry(colour, f"{start:g}") for colour, start in zip(palette.DENSITY[: len(breaks)], breaks, strict=True)
    )
    return tuple(
        ImageLayer(
            f"surface {number} {window}",
            f"{measure_hotspots.measure.name}, {window}",
            LayerKind.SURFACE,
            image,
            legend,
            View(number, measure_hotspots, windows_of, window),
        )
        for (windows_of, window), image in measure_hotspots.views.items()
    )


def hotspot_layers(
    release: Release, number: int, *, windows_of: Sequence[str] = ()
) -> tuple[ShapeLayer[HotspotFeature], ...]:
    """Return the hotspots of one measure: of the whole period, then of windows before and after.

    Parameters
    ----------
    release : Release
    number : int
        Position of the measure among the released hotspots, from 0.
    windows_of : sequence of str
        Names of the operation or of the comparisons whose windows are returned too.
    """
    measure_hotspots = release.hotspots[number]
    activity = measure_hotspots.measure.role is Role.ACTIVITY
    kind = LayerKind.ACTIVITY_HOTSPOT if activity else LayerKind.HOTSPOT
    views = [(View(number, measure_hotspots, "", WHOLE), measure_hotspots.hotspots)]
    views += [
        (View(number, measure_hotspots, name, window, pair), hotspots)
        for pair, name in enumerate(windows_of)
        for (outlined, window), hotspots in measure_hotspots.outlines.items()
        if outlined == name and window in (BEFORE, AFTER)
    ]
    return tuple(
        ShapeLayer(
            f"hotspots {number} {view.key}",
            f"Hotspots of {measure_hotspots.measure.name}, {view.window}",
            kind,
            LINES[kind],
            release.study.area.crs,
            tuple(_hotspot_feature(release, view, hotspot) for hotspot in hotspots),
            view=view,
        )
        for view, hotspots in views
    )


def zone_layers(design: Design, crs: str, *, within: BaseGeometry | None = None) -> tuple[ShapeLayer[ZoneFeature], ...]:
    """Return the zones of an operation, one layer for each role.

    Parameters
    ----------
    design : Design
    crs : str
        Coordinate system of its zones.
    within : shapely geometry, optional
        Where outlines are cut; without it, the target and the outer edges of gap and rings are drawn whole.
    """
    titles = {
        ZoneRole.TARGET: "Target",
        ZoneRole.GAP: "Gap",
        ZoneRole.RING: "Rings",
        ZoneRole.CONTROL: "Control area",
    }
    return tuple(
        ShapeLayer(
            role.value,
            title,
            LayerKind(role.value),
            LINES[LayerKind(role.value)],
            crs,
            tuple(
                ZoneFeature(zone.name, zone.geometry, _zone_outline(design, zone, within), design.operation.name, zone)
                for zone in design.of_role(role)
            ),
        )
        for role, title in titles.items()
        if design.of_role(role)
    )


def drawn_changes(release: Release, windows_of: str, measure: str) -> Iterator[ReleasedChange]:
    """Yield the change of a measure between the windows of an operation or comparison, if it is drawn."""
    for change in release.changes:
        if (change.windows_of, change.measure.name) == (windows_of, measure) and change.pictures:
            yield change


def outer_distance(design: Design) -> float:
    """Return the metres from an operation's target to the outermost edge of its rings or gap."""
    return design.operation.rings[-1] if design.operation.rings else design.operation.gap


def credit_lines(release: Release) -> tuple[str, ...]:
    """Return the attribution of every source and drawn layer, each once."""
    attributions = [source.attribution for source in release.all_ledgers if source.attribution]
    attributions += release.study.publish.attribution
    attributions += release.study.publish.ground.credits if release.study.publish.ground is not None else ()
    return tuple(dict.fromkeys(attributions))


def _study_layer(release: Release) -> ShapeLayer[Feature]:
    area = release.study.area
    feature = Feature("", area.boundary, area.boundary)
    kind = LayerKind.STUDY
    return ShapeLayer("study", "Study area", kind, LINES[kind], area.crs, (feature,), tolerance=5.0)


def _context_layers(release: Release) -> tuple[ShapeLayer[Feature], ...]:
    """Return the layer of context lines, or none if the study names no lines."""
    features = tuple(Feature("", lines, lines) for lines in release.study.publish.context)
    kind, crs = LayerKind.CONTEXT, release.study.area.crs
    layer = ShapeLayer("context", "Context lines", kind, LINES[kind], crs, features, tolerance=10.0)
    return (layer,) if features else ()


def _change_layer(view: View, change: ReleasedChange) -> ImageLayer:
    image = change.pictures[ChangeKind.INTENSITY]
    title = f"{change.measure.name}, {CHANGE}"
    return ImageLayer(f"surface {view.number} {view.key}", title, LayerKind.CHANGE, image, CHANGE_LEGEND, view)


def _hotspot_feature(release: Release, view: View, hotspot: Hotspot) -> HotspotFeature:
    name = f"Hotspot {hotspot.rank}, {view.window}"
    unit = view.hotspots.measure.unit
    text = f"{name}: {released_total(release, hotspot.events)} {unit}, {format_numbers.ground_km2_text(hotspot.area_km2)} km²"
    return HotspotFeature(name, hotspot.geometry, hotspot.geometry, hotspot, text)


def _zone_outline(design: Design, zone: Zone, within: BaseGeometry | None) -> BaseGeometry:
    if zone.role in (ZoneRole.GAP, ZoneRole.RING):
        edge = design.operation.target.buffer(zone.outer)
        return edge if within is None else edge.intersection(within)
    return design.operation.target if zone.role is ZoneRole.TARGET and within is None else zone.geometry
