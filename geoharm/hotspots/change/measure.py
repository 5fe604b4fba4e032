"""Change surfaces of one measure around one operation: number, share, and risk by population."""

from __future__ import annotations

from typing import Any

from geoharm.errors import DesignError
from geoharm.geo.cells import cells_within
from geoharm.hotspots.change.surface import change_surface, population_risk
from geoharm.hotspots.results.change import ChangeKind, ChangeResult
from geoharm.model.design import Design
from geoharm.model.grid import grid_over
from geoharm.model.measure import Measure
from geoharm.model.points import DatedPoints
from geoharm.model.study import Study

# Smaller cells would hardly differ from their neighbours.
_CELLS_PER_BANDWIDTH = 3


def measure_change(
    measure: Measure, events: DatedPoints, *, study: Study, design: Design, bandwidth: float
) -> ChangeResult:
    """Return the change surfaces of a measure between the windows of an operation, with p-values.

    There are two or three surfaces:

    - the ratio of the number of events per year, after to before;
    - the ratio of each place's share of all events, after to before;
    - with a population, the risk: the share of the events of both windows over the share of the people.

    Parameters
    ----------
    measure : Measure
        What is counted.
    events : DatedPoints
        Located events of both windows.
    study : Study
        For its settings, area and seed.
    design : Design
        Of the operation, for its windows.
    bandwidth : float
        Of the quartic kernel, in metres.

    Returns
    -------
    ChangeResult
        Without surfaces, and with the reason in `note`, if they cannot be computed.
    """
    settings, operation = study.change, design.operation.name
    cell = study.hotspots.cell * max(1, int(bandwidth / (_CELLS_PER_BANDWIDTH * study.hotspots.cell)))
    grid = grid_over(study.area.boundary, cell=cell)
    shared_settings: dict[str, Any] = {
        "bandwidth": bandwidth,
        "inside": cells_within(grid, study.area.boundary),
        "block_metres": settings.block_metres,
        "block_days": settings.block_days,
        "permutations": settings.permutations,
        "seed": study.seed,
        "correction": settings.correction,
        "level": settings.level,
    }
    try:
        surfaces = [
            change_surface(
                events,
                grid,
                before=design.before,
                after=design.after,
                kind=kind,
                adaptive=settings.adaptive,
                **shared_settings,
            )
            for kind in (ChangeKind.INTENSITY, ChangeKind.SHARE)
        ]
        if settings.people is not None:
            surfaces.append(population_risk(events, settings.people, grid, **shared_settings))
    except DesignError as error:
        return ChangeResult(measure, operation, (), str(error))
    return ChangeResult(measure, operation, tuple(surfaces))
