"""Patterns of events on a grid: clusters (Gi*, local Moran's I) and emerging hotspots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from geoharm.api.areas import AreaLike
from geoharm.api.counted import Counted, count_events
from geoharm.api.maps import Cells, area_map
from geoharm.api.notebook import panel, plain_text
from geoharm.api.operation import study_of
from geoharm.api.pictures import Picture
from geoharm.api.source import Covers
from geoharm.disclosure.released import ClassScheme
from geoharm.hotspots.geodataframes import cell_frame
from geoharm.hotspots.measure_patterns import find_clusters, find_emerging
from geoharm.hotspots.results.emerging import EmergingPattern
from geoharm.hotspots.results.patterns import Clustering, EmergingHotspots
from geoharm.model.harm_settings import DEFAULT_MARGIN
from geoharm.model.settings import EmergingSettings
from geoharm.model.study import Study
from geoharm.report import palette
from geoharm.report.document import Chart

if TYPE_CHECKING:
    import geopandas
    from numpy.typing import NDArray

_SETTINGS = EmergingSettings()


@dataclass(frozen=True)
class Clusters:
    """Local and global clustering of one measure on a grid, at full precision.

    Attributes
    ----------
    result : Clustering
        ``.gi`` and ``.moran`` are local statistics of shape (ny, nx), ``.global_tests`` Moran's I and the general G.
    counted : Counted
    band : float
        Metres up to which cells are neighbours.
    level : float
        The accepted share of false positives among the flagged cells.
    notes : tuple of str
    """

    result: Clustering
    counted: Counted
    band: float
    level: float
    notes: tuple[str, ...]

    @property
    def crs(self) -> str:
        """The coordinate system in metres."""
        return self.counted.area.crs

    def to_geodataframe(self) -> geopandas.GeoDataFrame:
        """Return one square for each cell of the study area, from the south-west eastwards.

        Returns
        -------
        GeoDataFrame
            row, column; gi: sum over the neighbourhood; gi_z, gi_p, gi_adjusted; gi_kind: 1 high, -1 low; moran, moran_z,
            moran_p, moran_adjusted; moran_kind: 1 high among high to 4 high among low.
        """
        inside = np.isfinite(self.result.gi.value)
        columns: dict[str, NDArray[np.generic]] = {}
        for name, local in (("gi", self.result.gi), ("moran", self.result.moran)):
            columns |= {
                name: local.value[inside],
                f"{name}_z": local.z[inside],
                f"{name}_p": local.p[inside],
                f"{name}_adjusted": local.adjusted[inside],
                f"{name}_kind": local.kind[inside],
            }
        return cell_frame(self.result.grid, inside, columns, crs=self.crs)

    def summary(self) -> str:
        """Return the clusters in plain sentences."""
        return plain_text(self._sentences, self.notes)

    def plot(self) -> Picture:
        """Return a map of the cells in which counts are high or low beside like ones (Gi*)."""
        return Picture(self._chart)

    @cached_property
    def _sentences(self) -> tuple[str, ...]:
        gi = self.result.gi
        high, low = (int(gi.flagged(kind, self.level).sum()) for kind in (1, -1))
        inside = int(np.isfinite(gi.value).sum())
        first = (
            f"{self.counted.measure.name}: {high:,} of {inside:,} cells lie in a cluster of many events, {low:,} in one of few "
            f"(Gi*, {gi.neighbours}; at most {self.level:.0%} of those flagged by chance)."
        )
        tests = tuple(
            f"{test.statistic} {test.value:.3g}, p = {test.p:.2g} ({test.p_from.value})."
            if test.is_defined
            else f"{test.statistic}: {test.note}."
            for test in self.result.global_tests
        )
        return (first, *tests)

    @cached_property
    def _chart(self) -> Chart:
        gi = self.result.gi
        classes = np.where(np.isfinite(gi.value), 1, 0)
        for kind, number in ((-1, 2), (1, 3)):
            classes[gi.flagged(kind, self.level)] = number
        words = ("chance explains it", "few beside few", "many beside many")
        return area_map(
            f"Clusters of {self.counted.measure.name}",
            self.counted.area,
            cells=Cells(self.result.grid, classes.astype(np.uint8), ClassScheme.CLUSTERS),
            legend=list(zip(palette.CLUSTERS, words, strict=True)),
        )

    def __repr__(self) -> str:
        return f"<Clusters: {self._sentences[0]}>"

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return panel("Clusters", self._sentences, chart=self._chart, notes=self.notes)


@dataclass(frozen=True)
class Emerging:
    """Emerging hotspots of one measure: the pattern of every cell over time, at full precision.

    Attributes
    ----------
    result : EmergingHotspots
        ``.map`` holds Gi* of every step and cell, the pattern, and the rule behind it.
    counted : Counted
    notes : tuple of str
    """

    result: EmergingHotspots
    counted: Counted
    notes: tuple[str, ...]

    @property
    def crs(self) -> str:
        """The coordinate system in metres."""
        return self.counted.area.crs

    @property
    def counts(self) -> dict[str, int]:
        """How many cells have each pattern; patterns without a cell are left out."""
        return {pattern.label: cells for pattern, cells in self.result.map.counts().items() if cells}

    def to_geodataframe(self) -> geopandas.GeoDataFrame:
        """Return one square for each cell of the study area: row, column, pattern, reason, trend_z, trend_p, last_z."""
        found = self.result.map
        inside = np.asarray(np.isfinite(found.z).any(axis=0))
        row, column = np.nonzero(inside)
        return cell_frame(
            found.grid,
            inside,
            {
                "pattern": np.array(
                    [EmergingPattern(int(number)).label for number in found.pattern[inside]], dtype=np.object_
                ),
                "reason": np.array(
                    [found.reason(int(at), int(along)) for at, along in zip(row, column, strict=True)], dtype=np.object_
                ),
                "trend_z": found.trend_z[inside],
                "trend_p": found.trend_p[inside],
                "last_z": found.z[-1][inside],
            },
            crs=self.crs,
        )

    def summary(self) -> str:
        """Return the patterns in plain sentences."""
        return plain_text(self._sentences, self.notes)

    def plot(self) -> Picture:
        """Return a map of the patterns."""
        return Picture(self._chart)

    @cached_property
    def _sentences(self) -> tuple[str, ...]:
        found = self.result.map
        named = [f"{cells:,} {label}" for label, cells in self.counts.items() if label != EmergingPattern.NONE.label]
        steps = f"{len(found.steps) - len(found.missing)} steps of {self.result.months} month{'s' * (self.result.months > 1)}"
        first = f"{self.counted.measure.name}: cells by pattern over {steps}: {', '.join(named) or 'none'}."
        return first, f"Neighbours: {found.neighbours}."

    @cached_property
    def _chart(self) -> Chart:
        found = self.result.map
        inside = np.isfinite(found.z).any(axis=0)
        pattern = found.pattern.astype(np.int64)
        classes = np.where(inside, np.where(pattern >= 0, 1 + pattern, 9 - pattern), 0)
        legend = [
            (palette.EMERGING[pattern if pattern >= 0 else 8 - pattern], pattern.label)
            for pattern in EmergingPattern
            if self.counts.get(pattern.label)
        ]
        return area_map(
            f"Emerging hotspots of {self.counted.measure.name}",
            self.counted.area,
            cells=Cells(found.grid, classes.astype(np.uint8), ClassScheme.EMERGING),
            legend=legend,
        )

    def __repr__(self) -> str:
        return f"<Emerging: {self._sentences[0]}>"

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        rows = [(label, f"{cells:,}") for label, cells in self.counts.items()]
        heads = ("pattern", "cells")
        return panel("Emerging hotspots", self._sentences, heads=heads, rows=rows, chart=self._chart, notes=self.notes)


def clusters(
    events: geopandas.GeoDataFrame,
    *,
    study_area: AreaLike | None = None,
    cell: float = _SETTINGS.cell,
    band: float = _SETTINGS.band,
    level: float = 0.05,
    date: str = "date",
    measure: str | Sequence[str] = "events",
    category: str | None = None,
    covers: Covers | None = None,
    seed: int = 0,
) -> Clusters:
    """Find cells with many or few events beside like ones: Gi*, local Moran's I, Moran's I and the general G.

    P-values are from the distribution of sums of counts, so they hold where events are few; they are adjusted for the number
    of cells (false discovery rate). `to_weights` gives the same neighbours to PySAL.

    Parameters
    ----------
    events, study_area, date, measure, category, covers
        As in `evaluate`.
    cell : float
        Side of a cell in metres.
    band : float
        Cells whose centres are at most this many metres apart are neighbours.
    level : float
        The accepted share of false positives among the flagged cells.
    seed : int
        Of the permutations of the global tests.

    Returns
    -------
    Clusters

    Raises
    ------
    DataError, DesignError
        In one sentence.
    """
    counted = count_events(events, date=date, measure=measure, category=category, study_area=study_area, covers=covers)
    study = _study(counted, EmergingSettings(cell=cell, band=band), seed)
    return Clusters(find_clusters(counted.points, study), counted, band, level, counted.notes)


def emerging(
    events: geopandas.GeoDataFrame,
    *,
    study_area: AreaLike | None = None,
    cell: float = _SETTINGS.cell,
    band: float = _SETTINGS.band,
    months: int = _SETTINGS.months,
    earlier: int = _SETTINGS.earlier,
    compare: Literal["whole period", "own steps"] = _SETTINGS.compare,
    date: str = "date",
    measure: str | Sequence[str] = "events",
    category: str | None = None,
    covers: Covers | None = None,
    seed: int = 0,
) -> Emerging:
    """Find how clusters of many or few events come, go and last: the 17 patterns of emerging hot spot analysis.

    Parameters
    ----------
    events, study_area, date, measure, category, covers
        As in `evaluate`.
    cell, band : float
        As in `clusters`.
    months : int
        Length of a time step.
    earlier : int
        Number of earlier steps that are neighbours of a step.
    compare : {"whole period", "own steps"}
        What the cells of a step are compared with: those of all steps, so that a rise in the whole city makes hotspots; or
        those of the same steps.
    seed : int

    Returns
    -------
    Emerging
        ``.to_geodataframe()`` gives every cell its pattern and the reason for it.

    Raises
    ------
    DataError, DesignError
        In one sentence, for instance with fewer than ten steps.
    """
    counted = count_events(events, date=date, measure=measure, category=category, study_area=study_area, covers=covers)
    study = _study(counted, EmergingSettings(cell, band, months, earlier, compare), seed)
    return Emerging(find_emerging(counted.points, study, counted.source.ledger), counted, counted.notes)


def _study(counted: Counted, settings: EmergingSettings, seed: int) -> Study:
    study = study_of(
        counted.area, sources=[counted.source], measures=[counted.measure], margin=DEFAULT_MARGIN, seed=seed
    )
    return replace(study, emerging=settings)
