"""The part of the report about change: two maps of the primary measure, and the readings of all measures."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from geoharm.disclosure.change import CLASS_WORDS
from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.report import palette
from geoharm.report.escape import svg
from geoharm.report.maps.static_map import operation_map


def change_section(release: Release, operation: ReleasedOperation) -> dict[str, Any]:
    """Return the maps of change of the primary measure, and the readings of all."""
    design = operation.design
    mine = [one for one in release.changes if one.operation == design.operation.name]
    first = next((one for one in mine if one.measure.name == operation.primary.measure.name), None)
    maps = (
        []
        if first is None
        else [
            (first.readings[kind], operation_map(release, design, picture, first.readings[kind]))
            for kind, picture in first.pictures.items()
        ]
    )
    legend = [(legend_entry(colour), text) for colour, text in zip(palette.CHANGE, CLASS_WORDS, strict=True)]
    return {
        "change_maps": maps,
        "change_legend": legend,
        "change_note": first.note if first else "",
        "change_scale": f"bandwidth {first.bandwidth:g} m, cells of {first.cell:g} m" if maps and first else "",
        "change_rows": [
            (one.measure.name, kind.value, reading) for one in mine for kind, reading in one.readings.items()
        ],
    }


def legend_entry(colour: str) -> Markup:
    """Return one class of a legend."""
    attributes = {"viewBox": "0 0 74 14", "aria_hidden": "true", "preserveAspectRatio": "none"}
    return svg("svg", attributes, svg("rect", {"width": 74, "height": 14, "fill": colour}))
