"""Layers as a `folium.Map`, for users who work on with folium. No page of geoharm is made from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import shapely

from geoharm.report.escape import html
from geoharm.report.maps.images import data_uri, palette_png
from geoharm.report.maps.layers import WHOLE, ImageLayer, Layer, ShapeLayer
from geoharm.report.maps.lonlat import bounds_lonlat, to_lonlat
from geoharm.report.maps.page_data import feature_properties, path_options
from geoharm.report.maps.styles import LayerKind

if TYPE_CHECKING:
    import folium

_FOCUS = (LayerKind.TARGET, LayerKind.GAP, LayerKind.RING)


def to_folium(layers: Sequence[Layer]) -> folium.Map:
    """Return a folium map without tiles: one folium layer for each layer, and a control that lists them.

    Of the images, only surfaces of the whole period are shown at first. All text is escaped, because Leaflet shows names
    of layers as HTML.

    Parameters
    ----------
    layers : sequence of Layer
        As returned by `layers_of`. The map opens at the target, gap and rings.
    """
    import folium  # noqa: PLC0415

    folium_map = folium.Map(tiles=None, control_scale=True)
    for layer in layers:
        if isinstance(layer, ImageLayer):
            image = layer.image
            folium.raster_layers.ImageOverlay(
                image=data_uri(palette_png(image)),
                bounds=[[image.south, image.west], [image.north, image.east]],
                name=str(html(layer.title)),
                mercator_project=False,
                show=layer.view.window == WHOLE,
            ).add_to(folium_map)
        else:
            options = path_options(layer.style)
            features = [
                {
                    "type": "Feature",
                    "properties": {
                        key: str(html(value)) if isinstance(value, str) else value
                        for key, value in feature_properties(layer, feature).items()
                    },
                    "geometry": shapely.geometry.mapping(
                        to_lonlat(feature.outline, layer.crs, tolerance=layer.tolerance)
                    ),
                }
                for feature in layer.features
            ]
            folium.GeoJson(
                {"type": "FeatureCollection", "features": features},
                name=str(html(layer.title)),
                style_function=lambda _feature, options=options: options,
                smooth_factor=0,
            ).add_to(folium_map)
    focus = [layer for layer in layers if isinstance(layer, ShapeLayer) and layer.kind in _FOCUS]
    if focus:
        outlines = shapely.GeometryCollection([feature.outline for layer in focus for feature in layer.features])
        folium_map.fit_bounds(bounds_lonlat(outlines, focus[0].crs))
    folium.LayerControl(collapsed=True).add_to(folium_map)
    return folium_map
