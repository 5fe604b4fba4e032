"""Change surfaces of one measure between two windows: number, share, and risk by population."""

from __future__ import annotations

from typing import Any

from geoharm.errors import DesignError
from geoharm.geo.cells import cells_within
from geoharm.hotspots.change.surface import change_surface, population_risk
from geoharm.hotspots.results.change import ChangeKind, ChangeResult
from geoharm.model.grid import grid_over
from geoharm.model.measure import Measure
from geoharm.model.points import DatedPoints
from geoharm.model.study import Study
from geoharm.model.window_pair import WindowPair

# Smaller cells would hardly differ from their neighbours.
_CELLS_PER_BANDWIDTH = 3


def cell_of_change(cell: float, bandwidth: float) -> float:
    """Return the side of a cell of a change surface, in metres, from that of the maps and the bandwidth.

    Examples
    --------
    >>> cell_of_change(50, 250), cell_of_change(50, 300)
    (50, 100)
    """
    return cell * max(1, int(bandwidth / (_CELLS_PER_BANDWIDTH * cell)))


def measure_change(
    measure: Measure, events: DatedPoints, *, study: Study, windows: WindowPair, bandwidth: float
) -> ChangeResult:
    """Return the change surfaces of a measure between two windows, with p-values.

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
    windows : WindowPair
        Of an operation or a comparison.
    bandwidth : float
        Of the quartic kernel, in metres.

    Returns
    -------
    ChangeResult
        Without surfaces, and with the reason in `note`, if they cannot be computed.
    """
    settings = study.change
    grid = grid_over(study.area.boundary, cell=cell_of_change(study.hotspots.cell, bandwidth))
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
                before=windows.before,
                after=windows.after,
                kind=kind,
                adaptive=settings.adaptive,
                **shared_settings,
            )
            for kind in (ChangeKind.INTENSITY, ChangeKind.SHARE)
        ]
        if settings.people is not None:
            surfaces.append(population_risk(events, settings.people, grid, **shared_settings))
    except DesignError as error:
        return ChangeResult(measure, windows.name, (), str(error))
    return ChangeResult(measure, windows.name, tuple(surfaces))
