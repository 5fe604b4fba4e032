"""Hotspots of events: ranked polygons, the density surface, and how concentrated the events are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from geoharm._text import percent_text
from geoharm.api.areas import AreaLike
from geoharm.api.counted import Counted, count_events
from geoharm.api.maps import Cells, area_map
from geoharm.api.notebook import panel, plain_text
from geoharm.api.pictures import Picture
from geoharm.api.source import Covers
from geoharm.disclosure.classed_images import class_breaks
from geoharm.disclosure.released import ClassScheme
from geoharm.hotspots.concentration import cell_counts_inside
from geoharm.hotspots.concentration import concentration as concentration_of
from geoharm.hotspots.geodataframes import to_geodataframe
from geoharm.hotspots.measure_map import map_measure
from geoharm.hotspots.results.maps import HotspotResult
from geoharm.hotspots.results.surface import Concentration, Surface
from geoharm.model.grid import grid_over
from geoharm.model.period import Window
from geoharm.model.points import Points
from geoharm.model.study import HotspotSettings
from geoharm.pipeline.designs import WHOLE
from geoharm.report import palette
from geoharm.report.document import Chart

if TYPE_CHECKING:
    import geopandas

_SETTINGS = HotspotSettings()
_MOST_ROWS = 15


@dataclass(frozen=True)
class Hotspots:
    """Hotspots of one measure at full precision: for analysis, not for publication.

    Attributes
    ----------
    result : HotspotResult
        Surface, hotspots with their stability, bandwidth and its variants, and concentration.
    counted : Counted
        The events as they were read.
    window : Window
        The days that were mapped.
    notes : tuple of str
    """

    result: HotspotResult
    counted: Counted
    window: Window
    notes: tuple[str, ...]

    @property
    def surface(self) -> Surface:
        """The density surface, in events per km2 and year."""
        return self.result.views[WHOLE]

    @property
    def concentration(self) -> Concentration:
        """How concentrated the events are over the cells of the study area."""
        return self.result.concentration

    @property
    def crs(self) -> str:
        """The coordinate system in metres."""
        return self.counted.area.crs

    def to_geodataframe(self) -> geopandas.GeoDataFrame:
        """Return one row for each hotspot, ranked: rank, events, places, share, area_km2, density, stability, geometry."""
        return to_geodataframe(self.result.hotspots, crs=self.crs).drop(columns="shown_by")

    def surface_to_geodataframe(self) -> geopandas.GeoDataFrame:
        """Return one square for each cell of the surface: row, column, density, support, geometry."""
        return to_geodataframe(self.surface, crs=self.crs)

    def summary(self) -> str:
        """Return the hotspots in plain sentences."""
        return plain_text(self._sentences, self.notes)

    def plot(self) -> Picture:
        """Return a map of the density with the hotspots and their ranks."""
        return Picture(self._chart)

    @cached_property
    def _sentences(self) -> tuple[str, ...]:
        hotspots, name = self.result.hotspots, self.result.measure.name
        if not hotspots:
            return (f"{name}: no hotspot, since there is no event in the window.",)
        area = sum(hotspot.area_km2 for hotspot in hotspots)
        share = sum(hotspot.share for hotspot in hotspots)
        first = (
            f"{name}: {len(hotspots)} hotspots hold {percent_text(share)} of the events on "
            f"{percent_text(area / self.counted.area.area_km2)} of the study area ({area:.2f} km2)."
        )
        strongest = f"The first holds {hotspots[0].events:,} of {self.surface.events:,.0f} events, at {hotspots[0].places:,} places."
        bandwidth = self.result.bandwidth
        how = f"Bandwidth {bandwidth.value:,.0f} m ({bandwidth.rule}), {self.surface.kernel} kernel; {self.window.start} to {self.window.periods[-1].last}."
        return first, strongest, how

    @cached_property
    def _chart(self) -> Chart:
        values = np.nan_to_num(self.surface.values)
        breaks = class_breaks(float(values.max())) if values.max() > 0 else ()
        classes = np.digitize(values, breaks).astype(np.uint8) if breaks else np.zeros(values.shape, dtype=np.uint8)
        legend = [
            (colour, f"{low:,.3g} or more a km2 and year") for colour, low in zip(palette.DENSITY, breaks, strict=False)
        ]
        return area_map(
            f"Hotspots of {self.result.measure.name}",
            self.counted.area,
            cells=Cells(self.surface.grid, classes, ClassScheme.DENSITY),
            outlines=[(hotspot.geometry, str(hotspot.rank)) for hotspot in self.result.hotspots],
            legend=legend,
        )

    def __repr__(self) -> str:
        return f"<Hotspots: {self._sentences[0]}>"

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        rows = [
            (
                str(hotspot.rank),
                f"{hotspot.events:,}",
                f"{hotspot.places:,}",
                percent_text(hotspot.share),
                f"{hotspot.area_km2:.3f}",
                f"{hotspot.density:,.0f}",
                percent_text(hotspot.stability),
            )
            for hotspot in self.result.hotspots[:_MOST_ROWS]
        ]
        heads = ("rank", "events", "places", "share", "km2", "a km2 and year", "stability")
        return panel("Hotspots", self._sentences, heads=heads, rows=rows, chart=self._chart, notes=self.notes)


def hotspots(
    events: geopandas.GeoDataFrame,
    *,
    study_area: AreaLike | None = None,
    period: tuple[date | str, date | str] | None = None,
    cell: float = _SETTINGS.cell,
    bandwidth: float | str = _SETTINGS.bandwidth,
    share: float = _SETTINGS.share,
    kernel: str = _SETTINGS.kernel,
    edge: str = _SETTINGS.edge,
    date: str = "date",
    measure: str | Sequence[str] = "events",
    category: str | None = None,
    covers: Covers | None = None,
    location_error: float = 0.0,
    seed: int = 0,
) -> Hotspots:
    """Map where events concentrate: density, ranked hotspots with their stability, and concentration.

    Parameters
    ----------
    events, study_area, date, measure, category, covers, location_error
        As in `evaluate`.
    period : (start, end), optional
        First day mapped, and the first day after; all covered days if left out.
    cell : float
        Side of a cell in metres.
    bandwidth : float or str
        Search radius in metres, or a rule: "likelihood", "oversmoothing", "normal scale", "least squares".
    share : float
        The hotspots are the smallest area with this share of all density.
    kernel, edge : str
        Kernel, and correction at the boundary; "quartic" and "jones-diggle".
    seed : int
        Of the repetitions for stability.

    Returns
    -------
    Hotspots
        ``.to_geodataframe()`` has one row for each hotspot; ``.surface`` the density, ``.concentration`` the 80-20 table,
        ``.plot()`` a map.

    Raises
    ------
    DataError, DesignError
        In one sentence.

    Examples
    --------
    >>> import geoharm, shapely
    >>> x = [500.0] * 40 + [3_000.0, 4_000.0]
    >>> events = geoharm.events_from_xy(x, [500.0] * 40 + [3_000.0, 100.0], ["2022-03-05"] * 42, crs="EPSG:32630")
    >>> events = events.set_geometry(events.translate(500_000, 5_900_000))
    >>> found = geoharm.hotspots(events, study_area=shapely.box(500_000, 5_900_000, 505_000, 5_905_000))
    >>> found.to_geodataframe()[["rank", "events"]].to_dict("records")
    [{'rank': 1, 'events': 40}]
    """
    counted = count_events(
        events,
        date=date,
        measure=measure,
        category=category,
        study_area=study_area,
        covers=covers,
        location_error=location_error,
    )
    window = counted.window(period)
    settings = HotspotSettings(cell, bandwidth, share, kernel, edge)
    result = map_measure(
        counted.measure,
        {WHOLE: (_points_in(counted, window), window.years)},
        WHOLE,
        area=counted.area,
        settings=settings,
        location_error=location_error,
        seed=seed,
    )
    note = [result.bandwidth.note[:1].upper() + result.bandwidth.note[1:] + "."] if result.bandwidth.note else []
    return Hotspots(result, counted, window, (*counted.notes, *note))


def concentration(
    events: geopandas.GeoDataFrame,
    *,
    study_area: AreaLike | None = None,
    period: tuple[date | str, date | str] | None = None,
    cell: float = _SETTINGS.cell,
    date: str = "date",
    measure: str | Sequence[str] = "events",
    category: str | None = None,
    covers: Covers | None = None,
) -> Concentration:
    """Return how concentrated events are in few cells: the 80-20 table and the Gini index.

    Parameters
    ----------
    events, study_area, date, measure, category, covers
        As in `evaluate`.
    period : (start, end), optional
        First day counted, and the first day after.
    cell : float
        Side of a cell in metres.

    Returns
    -------
    Concentration
        ``.share_of_places(0.5)`` is the smallest share of all cells that holds half of the events.

    Raises
    ------
    DataError, DesignError
        In one sentence.
    """
    counted = count_events(events, date=date, measure=measure, category=category, study_area=study_area, covers=covers)
    points = _points_in(counted, counted.window(period))
    return concentration_of(
        cell_counts_inside(points, grid_over(counted.area.boundary, cell=cell), counted.area.boundary)
    )


def _points_in(counted: Counted, window: Window) -> Points:
    points = counted.points
    return points.points(points.in_window(window))
