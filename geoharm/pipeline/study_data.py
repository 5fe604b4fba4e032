"""All data of a study that its analysis uses, as `collect` returns them: nothing after it asks the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geoharm.model.area_counts import AreaCounts
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import Design
from geoharm.model.harm_settings import Indicator
from geoharm.model.ledger import SourceLedger
from geoharm.model.measure import Measure
from geoharm.model.period import Window
from geoharm.model.points import DatedPoints, NightCounts, Points
from geoharm.model.renamed_category import RenamedCategory
from geoharm.model.streets import Streets
from geoharm.model.study import Study
from geoharm.model.survey import SurveyEstimates
from geoharm.pipeline.area_changes import AreaWindows


@dataclass(frozen=True, slots=True)
class HourTables:
    """Events of a measure by weekday and hour around one operation, each table of shape (7, 24), Monday first.

    Attributes
    ----------
    target, control : tuple of two ndarray of int
        In the windows before and after.
    """

    target: tuple[NDArray[np.int64], NDArray[np.int64]]
    control: tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class WidenedMeasure:
    """A measure with both names of each category of which it counts one only.

    Attributes
    ----------
    pairs : tuple of RenamedCategory
    data : MeasureData
        With both names counted: points and counts by zone.
    """

    pairs: tuple[RenamedCategory, ...]
    data: MeasureData


@dataclass(frozen=True, slots=True)
class MeasureData:
    """The data of one measure of dated points.

    Attributes
    ----------
    measure : Measure
    ledger : SourceLedger
        Of its source.
    points : DatedPoints
        All located events in the study area, ordered by x, y and day.
    zone_counts : mapping of operation to ZoneCounts
    category_counts : mapping of operation to (mapping of category to ZoneCounts)
        Without categories where there are fewer than two.
    hours : mapping of operation to HourTables
        Empty if no located event has a known hour.
    weighted_points : mapping of Window to Points
        For a measure with a weight: places with their summed weight, in every window that is mapped.
    own_place_counts : mapping of operation to ZoneCounts
        Without the rows that were placed by their address text; empty if there are none.
    nights : NightCounts or None
        None where the analysis does not use it.
    widened : WidenedMeasure or None
        None where no category that it counts may have another name that it does not count.
    rejected_days : mapping of operation to ndarray of datetime64[D]
        Days of its rejected rows in the target area, NaT where the day could not be read.
    """

    measure: Measure
    ledger: SourceLedger
    points: DatedPoints
    zone_counts: Mapping[str, ZoneCounts] = field(default_factory=dict)
    category_counts: Mapping[str, Mapping[str, ZoneCounts]] = field(default_factory=dict)
    hours: Mapping[str, HourTables] = field(default_factory=dict)
    weighted_points: Mapping[Window, Points] = field(default_factory=dict)
    own_place_counts: Mapping[str, ZoneCounts] = field(default_factory=dict)
    nights: NightCounts | None = None
    widened: WidenedMeasure | None = None
    rejected_days: Mapping[str, NDArray[np.datetime64]] = field(default_factory=dict)

    def mapped_points(self, window: Window) -> Points:
        """Return the distinct places in a window, with the summed weight at each, or the number of events without one."""
        return self.weighted_points[window] if self.measure.weight else self.points_in(window)

    def points_in(self, window: Window) -> Points:
        """Return the distinct places in a window, ordered by x and y, with the number of events at each."""
        return self.points.points(self.points.in_window(window))


@dataclass(frozen=True, slots=True)
class StudyData:
    """The study, its ledgers and designs, and all data of its analysis.

    Attributes
    ----------
    study : Study
    ledgers : tuple of SourceLedger
        Of the sources of events.
    measures : tuple of MeasureData
        In the order of the study.
    designs : tuple of Design
        One for each operation; empty before an operation, where designs are moved back in time.
    streets : mapping of source to Streets
        Street lines of the operations whose rings lie along streets.
    area_tables : mapping of measure to tuple of AreaCounts
        One for each category of the measure.
    surveys : mapping of Indicator to SurveyEstimates
    sites : mapping of category to ndarray of shape (n, 2)
        Locations of services, in metres.
    area_windows : tuple of AreaWindows
        One for each operation, if the primary measure is counted by area; there are then no designs.
    """

    study: Study
    ledgers: tuple[SourceLedger, ...]
    measures: tuple[MeasureData, ...]
    designs: tuple[Design, ...] = ()
    streets: Mapping[str, Streets] = field(default_factory=dict)
    area_tables: Mapping[str, tuple[AreaCounts, ...]] = field(default_factory=dict)
    surveys: Mapping[Indicator, SurveyEstimates] = field(default_factory=dict)
    sites: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    area_windows: tuple[AreaWindows, ...] = ()

    def measure(self, name: str) -> MeasureData:
        """Return the data of a measure by its name."""
        return next(data for data in self.measures if data.measure.name == name)
