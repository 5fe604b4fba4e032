"""All that is asked of one measure's change around one operation: number, share, and cases against people."""

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

# Cells to a bandwidth: finer cells would only repeat their neighbours.
_CELLS = 3


def measure_change(
    measure: Measure, events: DatedPoints, *, study: Study, design: Design, bandwidth: float
) -> ChangeResult:
    """Return where a measure changed between an operation's windows, and which of it chance explains.

    Did the number a year change here, and did this place's share; with a population, also whether the events of both
    windows are more than the people here explain.

    Parameters
    ----------
    measure : Measure
    events : DatedPoints
        Located events of both windows.
    study : Study
        Its settings, area and seed.
    design : Design
        Of the operation.
    bandwidth : float
        Metres, of the quartic kernel.
    """
    settings, name = study.change, design.operation.name
    cell = study.hotspots.cell * max(1, int(bandwidth / (_CELLS * study.hotspots.cell)))
    grid = grid_over(study.area.boundary, cell=cell)
    alike: dict[str, Any] = {
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
        found = [
            change_surface(
                events, grid, before=design.before, after=design.after, kind=kind, adaptive=settings.adaptive, **alike
            )
            for kind in (ChangeKind.INTENSITY, ChangeKind.SHARE)
        ]
        if settings.people is not None:
            found.append(population_risk(events, settings.people, grid, **alike))
    except DesignError as error:
        return ChangeResult(measure, name, (), str(error))
    return ChangeResult(measure, name, tuple(found))
