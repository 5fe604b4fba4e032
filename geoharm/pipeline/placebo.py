"""The placebo data of one measure around one operation: places, windows, panel, counts at every place, running change."""

from __future__ import annotations

from collections.abc import Sequence

from shapely.geometry.base import BaseGeometry

from geoharm.evaluation.design.neighbours import placebo_neighbours
from geoharm.evaluation.placebo.calibrated_ratio import PlaceboData, placebo_data, placebo_windows
from geoharm.evaluation.placebo.places import PlaceboPlaces, placebo_places
from geoharm.evaluation.placebo.running_change import running_change, running_windows, with_running_windows
from geoharm.evaluation.placebo.unit_panel import unit_panel
from geoharm.model.design import Design
from geoharm.model.disclosure_rules import DISCLOSURE_RULES, DisclosureRule
from geoharm.model.estimate import Estimate
from geoharm.model.panel import UnitPanel
from geoharm.model.period import Window
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
    others = placebo_neighbours(design, study.other_operations(operation), study.period.start)
    return placebo_places(operation, study.area, design.control_area, others, rings=rings)


def placebo_panel(measure: MeasureData, design: Design, places: PlaceboPlaces) -> UnitPanel:
    """Return a measure's events by cell of the places' raster, in every window that the placebo method needs."""
    return _panel(measure, places, placebo_windows(measure.zone_counts[design.operation.name], design))


def _panel(measure: MeasureData, places: PlaceboPlaces, windows: Sequence[Window]) -> UnitPanel:
    return unit_panel(
        measure.measure.name,
        measure.points,
        windows,
        cell=places.cell,
        origin=places.origin,
        precision=measure.ledger.precision,
    )


def placebo_around(
    measure: MeasureData, design: Design, places: PlaceboPlaces, *, rule: DisclosureRule | None = None
) -> PlaceboData:
    """Return a measure's counts at every placebo place of a design; forecasts from them are learned from counts as `rule` rounds."""
    return placebo_data(places, placebo_panel(measure, design, places), design, rule=rule)


def rounding_rule(study: Study) -> DisclosureRule | None:
    """Return the rule by which the release of a study rounds every count; None if it rounds none."""
    rule = DISCLOSURE_RULES[study.publish.disclosure]
    return rule if study.publish.release != "internal" and rule.step > 1 else None


def running_change_around(
    measure: MeasureData, design: Design, placebo: PlaceboData, *, seed: int
) -> tuple[Estimate, ...]:
    """Return a measure's running change around one operation; empty without a whole month after it.

    Parameters
    ----------
    measure : MeasureData
    design : Design
    placebo : PlaceboData
        The measure's counts at the design's placebo places.
    seed : int
        Random seed of the band.
    """
    counts = measure.zone_counts[design.operation.name]
    windows = running_windows(counts, design)
    if not windows:
        return ()
    with_running = with_running_windows(placebo, _panel(measure, placebo.places, windows))
    return running_change(with_running, counts, design, seed=seed)
