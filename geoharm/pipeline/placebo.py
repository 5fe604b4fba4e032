"""The placebo data of one measure around one operation: places, windows, panel, and counts at every place."""

from __future__ import annotations

from shapely.geometry.base import BaseGeometry

from geoharm.evaluation.placebo.calibrated_ratio import PlaceboData, placebo_data, placebo_windows
from geoharm.evaluation.placebo.places import PlaceboPlaces, placebo_places
from geoharm.evaluation.placebo.unit_panel import unit_panel
from geoharm.model.design import Design
from geoharm.model.panel import UnitPanel
from geoharm.model.study import Study
from geoharm.pipeline.study_data import MeasureData


def places_around(study: Study, design: Design, *, rings: BaseGeometry | None = None) -> PlaceboPlaces:
    """Return the places of a study where the footprint of a design could have lain.

    Parameters
    ----------
    study : Study
    design : Design
    rings : shapely geometry, optional
        Rings other than the operation's own, in metres.
    """
    operation = design.operation
    if rings is None and operation.streets:
        rings = design.ring_area
    return placebo_places(operation, study.area, design.control_area, study.other_operations(operation), rings=rings)


def placebo_panel(measure: MeasureData, design: Design, places: PlaceboPlaces) -> UnitPanel:
    """Return a measure's events by cell of the places' raster, in every window that the placebo method needs."""
    windows = placebo_windows(measure.zone_counts[design.operation.name], design)
    return unit_panel(
        measure.measure.name,
        measure.points,
        windows,
        cell=places.cell,
        origin=places.origin,
        precision=measure.ledger.precision,
    )


def placebo_around(measure: MeasureData, design: Design, places: PlaceboPlaces) -> PlaceboData:
    """Return a measure's counts at every placebo place of a design."""
    return placebo_data(places, placebo_panel(measure, design, places), design)
