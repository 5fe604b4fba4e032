"""Report section on change: maps of the primary measure, and the readings of all measures."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.report import palette
from geoharm.report.escape import svg
from geoharm.report.maps.static_map import operation_map
from geoharm.report.wording.change import CLASS_WORDS, change_note, change_reading


def change_section(release: Release, operation: ReleasedOperation) -> dict[str, Any]:
    """Return the maps of change of the primary measure, and the readings of all measures."""
    design = operation.design
    operation_changes = [change for change in release.changes if change.operation == design.operation.name]
    primary_change = next(
        (change for change in operation_changes if change.measure.name == operation.primary.measure.name), None
    )
    maps = (
        []
        if primary_change is None
        else [
            (reading, operation_map(release, design, image, reading))
            for reading, image in (
                (change_reading(primary_change, kind), image) for kind, image in primary_change.pictures.items()
            )
        ]
    )
    legend = [(legend_swatch(colour), text) for colour, text in zip(palette.CHANGE, CLASS_WORDS, strict=True)]
    return {
        "change_maps": maps,
        "change_legend": legend,
        "change_note": change_note(primary_change) if primary_change else "",
        "change_scale": f"bandwidth {primary_change.bandwidth:g} m, cells of {primary_change.cell:g} m"
        if maps and primary_change
        else "",
        "change_rows": [
            (change.measure.name, kind.value, change_reading(change, kind))
            for change in operation_changes
            for kind in change.areas
        ],
    }


def legend_swatch(colour: str) -> Markup:
    """Return the colour sample of one class in a legend."""
    attributes = {"viewBox": "0 0 74 14", "aria_hidden": "true", "preserveAspectRatio": "none"}
    return svg("svg", attributes, svg("rect", {"width": 74, "height": 14, "fill": colour}))
