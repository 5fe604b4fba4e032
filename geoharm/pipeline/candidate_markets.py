"""Markets where an operation could be: hotspots of the primary measure before a day, areas of a file, planned targets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geoharm.errors import DesignError
from geoharm.evaluation.results.design_search import CandidateMarket
from geoharm.geo.area_files import read_areas
from geoharm.hotspots.contours import find_hotspots
from geoharm.hotspots.density.bandwidth import choose_bandwidth
from geoharm.hotspots.density.intensity import density
from geoharm.hotspots.results.surface import Surface
from geoharm.model.grid import grid_over
from geoharm.model.period import Period, Window
from geoharm.model.points import Points
from geoharm.model.study import Operation, Study
from geoharm.pipeline.study_data import StudyData

# A named place farther from a market's middle does not say where it is.
_NEAR = 1_000.0


def hotspot_markets(
    data: StudyData, cut_off: date, *, most: int, radius: float = math.nan
) -> tuple[tuple[CandidateMarket, ...], str]:
    """Return the hotspots of the primary measure, from its events before a day only, and a sentence on their number.

    Parameters
    ----------
    data : StudyData
        With the located events of the primary measure.
    cut_off : date
        Events from this day on are not used.
    most : int
        Largest number of markets.
    radius : float
        If given, markets are circles of this radius in metres around the peaks of density that do not overlap, the highest
        first; NaN for the outlines of the study's hotspots.

    Raises
    ------
    DesignError
        If the data begin on that day or later, or no event lies in the study area before it.

    Notes
    -----
    Cell, bandwidth, kernel, edge correction and share are those of the study's hotspots.
    """
    study = data.study
    surface, points = _surface_before(data, cut_off)
    before = f"{study.primary} before {cut_off}"
    if math.isfinite(radius):
        outlines = _peak_circles(surface, most, radius)
        sources = [f"circle of {radius:g} m around peak {rank} of {before}" for rank in range(1, len(outlines) + 1)]
        found = f"{len(outlines)} circles of {radius:g} m around the peaks of {before}"
    else:
        hotspots = find_hotspots(surface, points, share=study.hotspots.share)
        outlines = [hotspot.geometry for hotspot in hotspots[:most]]
        sources = [f"hotspot {hotspot.rank} of {before}" for hotspot in hotspots[:most]]
        found = f"{len(hotspots)} {'hotspot' if len(hotspots) == 1 else 'hotspots'} of {before}"
        found = found if len(hotspots) <= most else f"the first {most} of {found}"
    within = [_inside(outline, study.area.boundary) for outline in outlines]
    markets = [
        CandidateMarket(f"market {rank}", outline, source, near(study, outline))
        for rank, (outline, source) in enumerate(zip(within, sources, strict=True), start=1)
    ]
    return tuple(markets), found


def _surface_before(data: StudyData, cut_off: date) -> tuple[Surface, Points]:
    """Return the density of the primary measure before a day, and the events it is made from."""
    study, collected = data.study, data.measure(data.study.primary)
    settings, ledger = study.hotspots, collected.ledger
    if cut_off <= ledger.coverage.start:
        msg = f'The data of "{study.primary}" begin on {ledger.coverage.start}, so no market can be found before {cut_off}.'
        raise DesignError(msg)
    window = Window("before", (Period(ledger.coverage.start, min(cut_off, ledger.coverage.end)),))
    window = window.without_months(ledger.missing_months)
    points = collected.points_in(window)
    if not points.weight.size:
        msg = f'No event of "{study.primary}" lies in the study area before {cut_off}, so no market can be found.'
        raise DesignError(msg)
    bandwidth = choose_bandwidth(
        points, settings.bandwidth, kernel=settings.kernel, cell=settings.cell, location_error=ledger.location_error
    )
    surface = density(
        points,
        grid_over(study.area.boundary, cell=settings.cell),
        bandwidth=bandwidth.value,
        years=window.years,
        kernel=settings.kernel,
        within=study.area.boundary,
        edge=settings.edge,
    )
    return surface, points


def _peak_circles(surface: Surface, most: int, radius: float) -> list[BaseGeometry]:
    """Return circles around the highest cells of a surface that do not overlap, the highest first."""
    left = np.nan_to_num(surface.values, nan=0.0)
    x, y = surface.grid.centres()
    circles: list[BaseGeometry] = []
    while len(circles) < most and left.max() > 0:
        row, column = divmod(int(left.argmax()), left.shape[1])
        circles.append(shapely.Point(x[column], y[row]).buffer(radius, quad_segs=32))
        left[np.hypot(x[None] - x[column], y[:, None] - y[row]) < 2 * radius] = 0.0
    return circles


def area_markets(study: Study, path: Path, column: str) -> tuple[CandidateMarket, ...]:
    """Return the areas of a file as markets, each named by a column.

    Parameters
    ----------
    study : Study
    path : Path
        Any file of areas that a study may name.
    column : str
        The property that names them.

    Raises
    ------
    StudyError
        If the file cannot be read, or has no such property.
    """
    areas = read_areas([path], study.area.crs, column=column, inside=study.area.boundary)
    return tuple(
        CandidateMarket(code, shape, f"area of {path.name}", near(study, shape))
        for code, shape in zip(areas.codes, areas.shapes, strict=True)
    )


def planned_markets(study: Study, operations: Sequence[Operation]) -> tuple[CandidateMarket, ...]:
    """Return the target areas of operations that are planned and not done."""
    return tuple(
        CandidateMarket(
            operation.name, operation.target, "target area in the study file", near(study, operation.target)
        )
        for operation in operations
    )


def near(study: Study, outline: BaseGeometry) -> str:
    """Return the study's named place nearest to an outline's middle; empty if none lies within a kilometre."""
    middle = outline.centroid
    distances = {site.name: math.hypot(site.x - middle.x, site.y - middle.y) for site in study.publish.places}
    name = min(distances, key=lambda place: distances[place], default="")
    return name if distances.get(name, math.inf) <= _NEAR else ""


def _inside(outline: BaseGeometry, boundary: BaseGeometry) -> BaseGeometry:
    """Return the polygons of an outline inside the study area: its cells reach a little beyond."""
    parts = shapely.get_parts(outline.intersection(boundary))
    return shapely.union_all([part for part in parts if part.geom_type == "Polygon"])
