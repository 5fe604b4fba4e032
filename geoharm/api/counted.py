"""What every call does first: read the events and what is counted of them, and place them in the study area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from shapely.geometry.base import BaseGeometry

from geoharm.api.areas import AreaLike, read_area, study_area_of
from geoharm.api.frames import check_frame, crs_name, read_events
from geoharm.api.operation import HarmLike, MeasureText, read_measure
from geoharm.api.source import Covers, Source, measure_data, place_events, read_period
from geoharm.errors import DesignError
from geoharm.model.geometry import StudyArea
from geoharm.model.measure import Measure
from geoharm.model.period import Window
from geoharm.model.points import DatedPoints

if TYPE_CHECKING:
    import geopandas


@dataclass(frozen=True, slots=True)
class Counted:
    """Events in a study area, and what is counted of them.

    Attributes
    ----------
    source : Source
    measure : Measure
    events_crs : str
        The coordinate system in which the events were given.
    notes : tuple of str
    """

    source: Source
    measure: Measure
    events_crs: str
    notes: tuple[str, ...]

    @property
    def area(self) -> StudyArea:
        """The study area."""
        return self.source.area

    @property
    def points(self) -> DatedPoints:
        """The located events that are counted."""
        return measure_data(self.source, self.measure, {}).points

    def window(self, days: tuple[date | str, date | str] | None, *, name: str = "period") -> Window:
        """Return a window of covered days without the months that have no data; all covered days for None.

        Raises
        ------
        DesignError
            If it runs past the data, or the data are dated by month and it cuts one.
        """
        ledger = self.source.ledger
        if days is None:
            return ledger.whole_period
        span, period = ledger.coverage, read_period(days, name=name)
        if not span.contains(period):
            msg = (
                f"The window {name} ({period.start} to {period.last}) runs past the events, which cover {span.start} to "
                f"{span.last}; shorten it, or name the days that the records cover with covers=..."
            )
            raise DesignError(msg)
        whole = period.is_whole_years if ledger.precision == "year" else period.is_whole_months
        if ledger.by_month and not whole:
            msg = (
                f"The events are dated by {ledger.precision}; let the window {name} start and end on the first of one."
            )
            raise DesignError(msg)
        return Window(name, (period,)).without_months(ledger.missing_months)

    def shape(self, area: AreaLike, *, name: str) -> BaseGeometry:
        """Return another area of the call in the metres of the study area."""
        return read_area(area, name=name, events_crs=self.events_crs, crs=self.area.crs)


def count_events(
    events: geopandas.GeoDataFrame,
    *,
    date: str,
    measure: str | Sequence[str],
    category: str | None,
    study_area: AreaLike | None,
    covers: Covers | None,
    location_error: float = 0.0,
    kind: str = "incident",
    unit: str = "events",
    recorded_by: str = "public",
    harm: HarmLike = None,
) -> Counted:
    """Return events in their study area, and what is counted of them; the arguments are those of `geoharm.evaluate`.

    Raises
    ------
    DataError, DesignError
        In one sentence.
    """
    check_frame(events, date=date, category=category)
    events_crs = crs_name(events)
    read = read_events(events, date=date, category=category)
    counted = read_measure(MeasureText(measure, category, kind, unit, recorded_by, harm), read)
    area, notes = study_area_of(study_area, read, events_crs=events_crs)
    source = place_events(read, area, name=counted.source, covers=covers, location_error=location_error)
    return Counted(source, counted, events_crs, (*notes, *source.notes))
