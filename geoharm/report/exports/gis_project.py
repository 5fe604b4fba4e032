"""The layers of a release in a QGIS project: which groups they stand in, what each shows, and what is shown at first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import shapely

from geoharm import _crs, _text
from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.model.measure import Measure
from geoharm.report import format_numbers
from geoharm.report.exports.gis_layers import EFFECTS, HOTSPOTS, ZONES, GisLayer
from geoharm.report.exports.qgis_project import ProjectLayer, project_file, rows_where
from geoharm.report.exports.qgis_styles import palette_qml, style_column, with_values
from geoharm.report.maps.layers import WHOLE, ImageLayer, credit_lines, outer_distance
from geoharm.report.maps.pattern_layers import PatternLayer
from geoharm.report.maps.styles import LayerKind, LegendEntry

_PATTERNS = {
    LayerKind.CLUSTERS.value: "Clusters",
    LayerKind.EMERGING.value: "Emerging hotspots",
    LayerKind.SHIFT.value: "Shifts of the pattern",
}
# Around the zones, as a share of their width and height.
_MARGIN = 0.1


def release_project(
    release: Release, package: str, layers: Sequence[GisLayer], images: Mapping[str, ImageLayer | PatternLayer]
) -> bytes:
    """Return the QGIS project of a release as a ``.qgz`` file.

    The groups, from the top: zones, hotspots by measure, effects by measure and window, patterns, surfaces, and the
    ground: every layer of the GeoPackage that is none of the others.

    Parameters
    ----------
    release : Release
    package : str
        File name of its GeoPackage.
    layers : sequence of GisLayer
        The layers of the GeoPackage.
    images : mapping of str to ImageLayer or PatternLayer
        Images in classes by file name; empty if the release has none.
    """
    crs = release.study.area.crs
    shown: list[ProjectLayer] = []
    for layer in layers:
        shown += _layer_views(release, package, layer)
    shown += [_image_view(name, layer) for name, layer in images.items()]
    tops = ("Zones", "Hotspots", "Effects", *_PATTERNS.values(), "Surfaces", "Ground")
    shown.sort(key=lambda layer: tops.index(layer.groups[0]))  # Stable: within a group the order stays.
    return project_file(release.study.name, shown, crs=crs, extent=_extent(release), rights=credit_lines(release))


def _layer_views(release: Release, package: str, layer: GisLayer) -> Iterator[ProjectLayer]:
    """Yield how a layer of the GeoPackage is shown: as a whole, or its rows by measure and window."""
    crs = release.study.area.crs

    def view(
        title: str, groups: tuple[str, ...], *, shown: bool = False, about: str = "", **values: str
    ) -> ProjectLayer:
        source = f"{package}|{rows_where(layer.name, **values)}"
        rows = layer.frame
        for column, value in values.items():
            rows = rows[rows[column] == value]
        style = with_values(layer.style, rows[style_column(layer.style)])
        return ProjectLayer(title, groups, source, style, layer.shape, crs, shown=shown, about=about)

    primary = release.study.primary
    if layer.name == ZONES:
        for operation in release.operations:
            name = operation.design.operation.name
            yield view(name, ("Zones",), shown=True, about="Target area, gap, rings and control area.", operation=name)
    elif layer.name == EFFECTS:
        for operation in release.operations:
            for measured in operation.measures:
                measure = measured.measure
                is_primary = measure.name == primary and operation is release.operations[0]
                for window, about in _windows(operation, measure):
                    is_first = is_primary and window == operation.design.after.name
                    group = _effect_group(release, operation, measure)
                    values = {"operation": operation.design.operation.name, "measure": measure.name, "window": window}
                    yield view(_text.capitalised(window), group, shown=is_first, about=about, **values)
    elif layer.name == HOTSPOTS:
        for hotspots in release.hotspots:
            name = hotspots.measure.name
            yield view(_text.capitalised(name), ("Hotspots",), shown=name == primary, measure=name)
    elif layer.name in _PATTERNS:
        for number in sorted({*zip(layer.frame["measure"], layer.frame["operation"], strict=True)}):
            name, around = number
            title = _text.capitalised(f"{name}, {around}" if around else name)
            yield view(title, (_PATTERNS[layer.name],), measure=name, operation=around)
    else:
        yield view(_text.capitalised(layer.name.replace("_", " ")), ("Ground",), shown=True)


def _effect_group(release: Release, operation: ReleasedOperation, measure: Measure) -> tuple[str, ...]:
    around = (operation.design.operation.name,) if len(release.operations) > 1 else ()
    return ("Effects", *around, _text.capitalised(measure.name))


def _windows(operation: ReleasedOperation, measure: Measure) -> Iterator[tuple[str, str]]:
    """Yield every window of an operation whose effects are shown, with a sentence on it."""
    design = operation.design
    measured = next(one for one in operation.measures if one.measure.name == measure.name)
    with_phases = {effect.window for effect in measured.phases}
    for window in (design.after, *(phase for phase in design.phases if phase.name in with_phases)):
        days = format_numbers.window_text(window)
        yield window.name, f"{_text.capitalised(measure.unit)} counted {days}, against what was to be expected."


def _image_view(name: str, layer: ImageLayer | PatternLayer) -> ProjectLayer:
    legend: Sequence[LegendEntry] = layer.legend
    groups: tuple[str, ...] = ("Surfaces", "Patterns as images")
    shown = False
    if isinstance(layer, ImageLayer):
        measure = layer.view.hotspots.measure
        unit = f"{measure.density_unit} per km² per year"
        legend = [LegendEntry(entry.colour, f"{entry.label} {unit} or more") for entry in layer.legend]
        groups = ("Surfaces", _text.capitalised(measure.name))
        shown = layer.view.number == 0 and layer.view.window == WHOLE
    return ProjectLayer(
        _text.capitalised(layer.title), groups, name, palette_qml(legend), "", _crs.MERCATOR, shown=shown
    )


def _extent(release: Release) -> tuple[float, float, float, float]:
    """Return what is shown at first: the zones of all operations with a margin; without operations the study area."""
    shapes = [each.design.operation.target.buffer(outer_distance(each.design)) for each in release.operations]
    west, south, east, north = shapely.union_all(shapes or [release.study.area.boundary]).bounds
    across, up = _MARGIN * (east - west), _MARGIN * (north - south)
    return west - across, south - up, east + across, north + up
