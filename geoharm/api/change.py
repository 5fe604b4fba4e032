"""Where events changed between any two windows: a description, not an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from geoharm.api.areas import AreaLike
from geoharm.api.counted import Counted, count_events
from geoharm.api.maps import Cells, area_map
from geoharm.api.notebook import panel, plain_text
from geoharm.api.pictures import Picture
from geoharm.api.source import Covers, read_period
from geoharm.disclosure.classed_images import change_classes
from geoharm.disclosure.released import ClassScheme
from geoharm.geo.cells import cells_within
from geoharm.hotspots.change.surface import change_surface
from geoharm.hotspots.comparison import compare_windows, comparison_windows
from geoharm.hotspots.geodataframes import cell_frame
from geoharm.hotspots.results.change import ChangeKind, ChangeSurface
from geoharm.hotspots.results.comparison import MeasureComparison
from geoharm.model.grid import grid_over
from geoharm.model.rate_ratio import RateRatio
from geoharm.model.settings import ChangeSettings
from geoharm.model.study import Comparison
from geoharm.model.window_pair import WindowPair
from geoharm.report import palette
from geoharm.report.document import Chart

if TYPE_CHECKING:
    import geopandas

_SETTINGS = ChangeSettings()
_WORDS = ("chance explains it", "half or fewer", "fewer", "more", "twice or more")


@dataclass(frozen=True)
class ChangeMap:
    """Where one measure changed between two windows, at full precision; nothing stands for what was to be expected.

    Attributes
    ----------
    surface : ChangeSurface
        Log ratio of the density per year, after to before, with p-values.
    comparison : MeasureComparison
        The events in both windows, and the ratio of their rates with its 95% interval.
    counted : Counted
    windows : WindowPair
        The days counted.
    notes : tuple of str
    """

    surface: ChangeSurface
    comparison: MeasureComparison
    counted: Counted
    windows: WindowPair
    notes: tuple[str, ...]

    @property
    def crs(self) -> str:
        """The coordinate system in metres."""
        return self.counted.area.crs

    @property
    def ratio(self) -> RateRatio:
        """Events a day after over events a day before in the whole study area, with an interval for counting noise."""
        return self.comparison.ratio

    def to_geodataframe(self) -> geopandas.GeoDataFrame:
        """Return one square for each cell: row, column, log_ratio, p, adjusted, flagged, support, geometry."""
        surface = self.surface
        inside = np.isfinite(surface.p)
        names = ("log_ratio", "p", "adjusted", "flagged", "support")
        columns = {name: np.asarray(getattr(surface, name))[inside] for name in names}
        return cell_frame(surface.grid, inside, columns, crs=self.crs)

    def summary(self) -> str:
        """Return the change in plain sentences."""
        return plain_text(self._sentences, self.notes)

    def plot(self) -> Picture:
        """Return a map of the change; where chance explains it, cells are grey."""
        return Picture(self._chart)

    @cached_property
    def _sentences(self) -> tuple[str, ...]:
        (before, after), ratio, windows = self.comparison.counts, self.ratio, self.windows
        name, flagged = self.counted.measure.name, self.surface.flagged
        fewer, more = (int((flagged & (side * self.surface.log_ratio > 0)).sum()) for side in (-1, 1))
        return (
            f"{name}: {before:,} in {windows.before.days:,} days before, {after:,} in {windows.after.days:,} days after: "
            f"{ratio.value:.2f} times as many a day ({ratio.interval.low:.2f} to {ratio.interval.high:.2f} by the noise of the counts alone).",
            f"Fewer in {fewer:,} cells and more in {more:,}, beyond what chance explains in any of {int(np.isfinite(self.surface.p).sum()):,} "
            f"({self.surface.correction.value}, {self.surface.permutations:,} permutations).",
            "This describes two windows. It is no evaluation: nothing here says what was to be expected.",
        )

    @cached_property
    def _chart(self) -> Chart:
        return area_map(
            f"Change of {self.counted.measure.name}",
            self.counted.area,
            cells=Cells(self.surface.grid, change_classes(self.surface), ClassScheme.CHANGE),
            legend=list(zip(palette.CHANGE, _WORDS, strict=True)),
        )

    def __repr__(self) -> str:
        return f"<ChangeMap: {self._sentences[0]}>"

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return panel("Change between two windows", self._sentences, chart=self._chart, notes=self.notes)


def change(
    events: geopandas.GeoDataFrame,
    *,
    before: tuple[date | str, date | str],
    after: tuple[date | str, date | str],
    study_area: AreaLike | None = None,
    cell: float = 100.0,
    bandwidth: float = 300.0,
    kind: ChangeKind = ChangeKind.INTENSITY,
    permutations: int = _SETTINGS.permutations,
    level: float = _SETTINGS.level,
    date: str = "date",
    measure: str | Sequence[str] = "events",
    category: str | None = None,
    covers: Covers | None = None,
    seed: int = 0,
) -> ChangeMap:
    """Map where events became fewer or more between any two windows, told apart from chance.

    Windows of different length are compared per year. Reports of one place and day are one unit of the permutations.

    Parameters
    ----------
    events, study_area, date, measure, category, covers
        As in `evaluate`.
    before, after : (start, end)
        First day, and the first day after the window. They must lie in the covered days and share none.
    cell, bandwidth : float
        Side of a cell, and search radius of the quartic kernel, in metres.
    kind : ChangeKind
        The number of events a year, or each place's share of all events.
    permutations : int
        At least 99.
    level : float
        Adjusted p-value up to which a cell is flagged.
    seed : int

    Returns
    -------
    ChangeMap

    Raises
    ------
    DataError, DesignError
        In one sentence.

    Notes
    -----
    This is a description. Whether an operation stands behind a change is a question for `evaluate`, which says what was to
    be expected without one.
    """
    counted = count_events(events, date=date, measure=measure, category=category, study_area=study_area, covers=covers)
    days = Comparison("the two windows", read_period(before, name="before"), read_period(after, name="after"))
    windows = comparison_windows(days, counted.source.ledger)
    grid = grid_over(counted.area.boundary, cell=cell)
    surface = change_surface(
        counted.points,
        grid,
        before=windows.before,
        after=windows.after,
        bandwidth=bandwidth,
        inside=cells_within(grid, counted.area.boundary),
        kind=kind,
        permutations=permutations,
        level=level,
        seed=seed,
    )
    note = [f"{surface.note[:1].upper()}{surface.note[1:]}."] if surface.note else []
    compared = compare_windows(counted.measure, counted.points, days, ledger=counted.source.ledger)
    season = (
        []
        if compared.same_season
        else ["The windows hold different months of the year, which may make the difference."]
    )
    return ChangeMap(surface, compared, counted, windows, (*counted.notes, *season, *note))
