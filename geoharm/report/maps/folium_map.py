"""A release's map as a `folium.Map`, for notebooks and further work. No page of geoharm is made from it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import shapely

from geoharm import _text
from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.errors import DataError
from geoharm.report import palette
from geoharm.report.escape import element, html
from geoharm.report.maps.images import data_uri, palette_png
from geoharm.report.maps.layers import AFTER, WHOLE, ImageLayer, Layer, ShapeLayer, View, credit_lines, layers_of
from geoharm.report.maps.leaflet import leaflet_assets
from geoharm.report.maps.lonlat import bounds_lonlat, to_lonlat
from geoharm.report.maps.page_data import feature_properties, path_options
from geoharm.report.maps.styles import LayerKind

if TYPE_CHECKING:
    import folium

_FOCUS = (LayerKind.TARGET, LayerKind.GAP, LayerKind.RING)
_BOX = (
    "position:fixed;bottom:24px;left:12px;z-index:9999;max-width:260px;max-height:60%;overflow:auto;background:#fff;"
    f"color:{palette.INK};border:1px solid {palette.LINE};padding:8px 10px;font:12px/1.4 sans-serif"
)


class HasRelease(Protocol):
    """What holds a release, as what `geoharm.run` returns does."""

    @property
    def release(self) -> Release:
        """The release."""


def folium_map(source: Release | HasRelease, *, operation: str = "", offline: bool = False) -> folium.Map:
    """Return the map of a release as a `folium.Map`, which a notebook shows and which takes further layers.

    It has the layers of the page ``map.html``: the study area, every measure's surfaces, change and hotspots, the zones of
    the operation, a legend and a list of layers. It opens on the primary measure after the operation, without tiles: add
    them with `folium.TileLayer` where the network allows. Everything on it is of the release, so what is withheld is not
    on it, and the map may be shown wherever the pages may.

    Parameters
    ----------
    source : Release or what holds one
        What `geoharm.run` returned, or its ``.release``.
    operation : str
        Name of the operation whose zones are drawn; the study's first if empty.
    offline : bool
        False: Leaflet and what folium adds to it come from folium's own addresses, as in every folium map. True: Leaflet is
        inside, and nothing is loaded; popups and icons that you add yourself then lack jQuery, Bootstrap and their fonts.

    Raises
    ------
    DataError
        If the source holds no release, or it has no operation of that name.

    Examples
    --------
    ::

        found = geoharm.run(study, data=..., out=..., database=...)
        shown = geoharm.folium_map(found)
        folium.Marker([42.33, -71.07]).add_to(shown)
        shown.save("our-map.html")
    """
    release = source if isinstance(source, Release) else getattr(source, "release", None)
    if not isinstance(release, Release):
        msg = f"folium_map takes what geoharm.run returned, or its release; a {type(source).__name__} was given."
        raise DataError(msg)
    chosen = _operation(release, operation)
    return to_folium(
        layers_of(release, chosen),
        measure=release.study.primary,
        window=AFTER if chosen else WHOLE,
        rights=credit_lines(release),
        offline=offline,
    )


def to_folium(
    layers: Sequence[Layer], *, measure: str = "", window: str = WHOLE, rights: Sequence[str] = (), offline: bool = False
) -> folium.Map:  # fmt: skip
    """Return a folium map without tiles: one folium layer for each layer, a legend, and a control that lists the layers.

    All text is escaped, because Leaflet shows names of layers as HTML.

    Parameters
    ----------
    layers : sequence of Layer
        As returned by `layers_of`. The map opens at the target, gap and rings.
    measure, window : str
        Whose surface and hotspots are shown at first; of the other measures and windows, none are. Without a surface of that
        window, those of the whole period are.
    rights : sequence of str
        Whose data they are; shown in the legend.
    offline : bool
        As in `folium_map`.
    """
    import folium  # noqa: PLC0415

    class Map(folium.Map):
        """A folium map whose list of layers is written last, so that it knows those that were added after it."""

        def render(self, **options: Any) -> str:
            for name, child in list(self._children.items()):
                if isinstance(child, folium.LayerControl):
                    self._children.move_to_end(name)
            return str(super().render(**options))  # type: ignore[no-untyped-call]

    found = Map(tiles=None, control_scale=True)
    if offline:
        leaflet = leaflet_assets()
        found.default_js = [("leaflet", _text_uri(leaflet.script, "text/javascript"))]
        found.default_css = [("leaflet_css", _text_uri(leaflet.style, "text/css"))]
    views = {(each.view.hotspots.measure.name, each.view.window) for each in layers if isinstance(each, ImageLayer)}
    window = window if (measure, window) in views else WHOLE
    for layer in layers:
        is_shown = layer.view is None or _is_view(layer.view, measure, window)
        if isinstance(layer, ImageLayer):
            image = layer.image
            folium.raster_layers.ImageOverlay(
                image=data_uri(palette_png(image)),
                bounds=[[image.south, image.west], [image.north, image.east]],
                name=str(html(layer.title)),
                mercator_project=False,
                show=is_shown,
                opacity=0.85,
            ).add_to(found)
        else:
            _shapes(layer, shown=is_shown).add_to(found)
    focus = [layer for layer in layers if isinstance(layer, ShapeLayer) and layer.kind in _FOCUS]
    focus = focus or [layer for layer in layers if isinstance(layer, ShapeLayer)]
    if focus:
        outlines = shapely.GeometryCollection([feature.outline for layer in focus for feature in layer.features])
        found.fit_bounds(bounds_lonlat(outlines, focus[0].crs))
    _add_legend(found, layers, measure, rights)
    folium.LayerControl(collapsed=True).add_to(found)
    return found


def _operation(release: Release, name: str) -> ReleasedOperation | None:
    if not name:
        return release.operations[0] if release.operations else None
    names = [each.design.operation.name for each in release.operations]
    if name not in names:
        known = ", ".join(f'"{each}"' for each in names) or "none"
        msg = f'The release has no operation called "{_text.shown(name)}"; it has {known}.'
        raise DataError(msg)
    return release.operations[names.index(name)]


def _is_view(view: View, measure: str, window: str) -> bool:
    return view.hotspots.measure.name == measure and view.window == window


def _shapes(layer: ShapeLayer, *, shown: bool) -> folium.GeoJson:  # type: ignore[type-arg]
    """Return a layer of outlines as folium draws it, with the text of each shape where the pointer is."""
    import folium  # noqa: PLC0415

    options = path_options(layer.style)
    features = [
        {
            "type": "Feature",
            "properties": {
                key: str(html(value)) if isinstance(value, str) else value
                for key, value in feature_properties(layer, feature).items()
            },
            "geometry": shapely.geometry.mapping(to_lonlat(feature.outline, layer.crs, tolerance=layer.tolerance)),
        }
        for feature in layer.features
    ]
    named = next((key for key in ("text", "name") if features and key in features[0]["properties"]), "")
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        name=str(html(layer.title)),
        style_function=lambda _feature, options=options: options,
        smooth_factor=0,
        show=shown,
        tooltip=folium.GeoJsonTooltip([named], labels=False) if named else None,
    )


def _add_legend(found: folium.Map, layers: Sequence[Layer], measure: str, rights: Sequence[str]) -> None:
    """Add a box with the classes of every measure's surfaces, the lines, and the credits."""
    import folium  # noqa: PLC0415
    from folium.template import Template  # noqa: PLC0415

    parts: list[object] = []
    for layer in {(each.view.number, each.kind): each for each in layers if isinstance(each, ImageLayer)}.values():
        hotspots = layer.view.hotspots
        is_density = layer.kind is LayerKind.SURFACE
        unit = f"{hotspots.measure.density_unit} per km\u00b2 per year, from" if is_density else ""
        head = f"{_text.capitalised(hotspots.measure.name)}: {unit}" if is_density else _text.capitalised(layer.title)
        rows = [
            element("div", element("span", " ", style=_swatch(entry.colour)), entry.label) for entry in layer.legend
        ]
        is_open = "open" if hotspots.measure.name == measure else None
        parts.append(element("details", element("summary", head), *rows, open=is_open))
    kinds = {layer.kind: layer for layer in layers if isinstance(layer, ShapeLayer)}
    parts += [
        element("div", element("span", " ", style=_stroke(layer)), layer.title.split(" of ", 1)[0])
        for layer in kinds.values()
    ]
    parts += [element("div", line, style="color:#54606c;font-size:11px") for line in rights]
    legend: Any = folium.MacroElement()  # type: ignore[no-untyped-call]
    # The text is a value of the template and never a part of it.
    legend.content = str(element("div", *parts, css_class="geoharm-legend", style=_BOX))
    legend._template = Template("{% macro html(this, kwargs) %}{{ this.content }}{% endmacro %}")
    found.add_child(legend, name="geoharm_legend")


def _swatch(colour: str) -> str:
    return f"display:inline-block;width:18px;height:10px;margin-right:6px;background:{colour}"


def _stroke(layer: ShapeLayer) -> str:  # type: ignore[type-arg]
    stroke = layer.style.screen
    line = "dashed" if stroke.dash else "solid"
    height = max(1, round(stroke.width))
    return (
        f"display:inline-block;width:18px;margin-right:6px;vertical-align:middle;"
        f"border-top:{height}px {line} {layer.style.colour}"
    )


def _text_uri(text: str, kind: str) -> str:
    return f"data:{kind};base64," + base64.b64encode(text.encode("utf-8")).decode("ascii")
