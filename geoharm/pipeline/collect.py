"""Collect all data of a study: the only place that asks the database, before the analysis.

Each verb has its own function, which collects what that verb uses and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm._text import fold_category
from geoharm._validation import nearest_hint
from geoharm.engines.base import Engine
from geoharm.errors import StudyError
from geoharm.hotspots.comparison import refuse_impossible
from geoharm.ingest.formats.input_format import read_format
from geoharm.ingest.sites import source_sites
from geoharm.ingest.streets import source_streets
from geoharm.ingest.tables import area_counts, survey_estimates
from geoharm.model.area_counts import AreaCounts
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import Design
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.harm_settings import Indicator
from geoharm.model.ledger import SourceLedger
from geoharm.model.measure import Measure, Role
from geoharm.model.period import Period, Window
from geoharm.model.points import DatedPoints, Points
from geoharm.model.renamed_category import RenamedCategory
from geoharm.model.streets import Streets
from geoharm.model.study import Study
from geoharm.model.survey import SurveyEstimates
from geoharm.pipeline.area_changes import AreaWindows, area_windows
from geoharm.pipeline.designs import design_operations, map_windows
from geoharm.pipeline.past_designs import beside_its_neighbours, past_zones
from geoharm.pipeline.progress import Progress, each_reported, no_progress
from geoharm.pipeline.renamed_categories import half_counted, with_both_names
from geoharm.pipeline.study_data import HourTables, MeasureData, StudyData, WidenedMeasure
from geoharm.queries.area_events import area_event_counts
from geoharm.queries.counts import (
    category_counts,
    dated_points,
    located_points,
    own_place_counts,
    source_categories,
    zone_counts,
)
from geoharm.queries.night_counts import night_counts
from geoharm.queries.rejected import rejected_days
from geoharm.queries.renamed_categories import find_renamed, namesakes, renamed_categories
from geoharm.queries.stored import stored_source
from geoharm.queries.time_of_week import timed_points


def collect_study(
    engine: Engine, study: Study, ledgers: Sequence[SourceLedger], progress: Progress = no_progress
) -> StudyData:
    """Return the data with which every operation of a study is evaluated.

    Parameters
    ----------
    engine : Engine
        Holds the study's events and tables.
    study : Study
    ledgers : sequence of SourceLedger
    progress : callable
        Called with a step's name, the part done and the whole.

    Raises
    ------
    DesignError
        If no valid comparison can be made around an operation, or no source covers the windows of a comparison.
    DataError
        If a table or survey lacks what the study names.
    """
    refuse_impossible(study.comparisons, ledgers)
    streets = _street_lines(engine, study)
    designs = () if study.is_by_area else design_operations(study, ledgers, streets)
    areas, windows = _counted_by_area(engine, study, ledgers, designs)
    outcomes = [indicator for indicator in study.harm.indicators if indicator.stands_for != "priority"]
    measures = []
    for measure in each_reported(study.measures, "counting {0.name}".format, progress):
        if measure.is_undated:
            measures.append(_places(engine, study, measure))
            continue
        ledger = _ledger_of(measure, ledgers)
        collected = MeasureData(
            measure,
            ledger,
            dated_points(engine, measure),
            {design.operation.name: zone_counts(engine, measure, design.zones) for design in designs},
            {design.operation.name: category_counts(engine, measure, design.zones) for design in designs},
            _hour_tables(engine, measure, designs),
            _weighted_points(engine, measure, map_windows(study, designs, ledger).values()),
            _own_place_counts(engine, measure, designs),
        )
        rejected = rejected_days(engine, measure, [design.of_role(ZoneRole.TARGET)[0].geometry for design in designs])
        names = [design.operation.name for design in designs]
        collected = replace(collected, rejected_days=dict(zip(names, rejected, strict=True)))
        measures.append(_with_both_names(engine, collected, designs))
    return StudyData(
        study,
        tuple(ledgers),
        tuple(measures),
        designs,
        streets,
        areas,
        _surveys(engine, study, outcomes),
        _service_sites(engine, study),
        windows,
    )


def _places(engine: Engine, study: Study, measure: Measure) -> MeasureData:
    """Return the places of a list that a measure counts; they stand on the study's first day, for they have no dates."""
    wanted = set(map(fold_category, measure.categories))
    sites = source_sites(engine, measure.source)
    known = sorted({site.category for site in sites})
    unknown = [name for name in measure.categories if fold_category(name) not in set(map(fold_category, known))]
    if unknown:
        msg = f'measure "{measure.name}": no place of "{measure.source}" has the category "{unknown[0]}"; {nearest_hint(unknown[0], known)}'
        raise StudyError([msg])
    counted = [site for site in sites if not wanted or fold_category(site.category) in wanted]
    x, y = np.array([(site.x, site.y) for site in counted], dtype=np.float64).reshape(-1, 2).T
    points = Points(x, y, np.ones(x.size)).merged()
    day = np.full(points.x.size, np.datetime64(study.period.start, "D"))
    ledger = SourceLedger(measure.source, (), study.period, (), "year", 0.0, (), "")
    return MeasureData(measure, ledger, DatedPoints(points.x, points.y, day, points.weight), {})


def _with_both_names(engine: Engine, collected: MeasureData, designs: Sequence[Design]) -> MeasureData:
    """Return the data of a measure with its counts under both names, where it counts one name of a category only."""
    source = stored_source(engine, collected.measure.source)
    if not collected.measure.categories:
        return collected
    found = [*renamed_categories(engine, source), *_renamed_in_zones(engine, collected.measure, designs)]
    pairs = half_counted(collected.measure, list({(pair.old, pair.new): pair for pair in reversed(found)}.values()))
    if not pairs:
        return collected
    both = with_both_names(collected.measure, pairs)
    counts = {design.operation.name: zone_counts(engine, both, design.zones) for design in designs}
    data = MeasureData(both, collected.ledger, dated_points(engine, both), counts)
    return replace(collected, widened=WidenedMeasure(pairs, data))


def _renamed_in_zones(engine: Engine, measure: Measure, designs: Sequence[Design]) -> list[RenamedCategory]:
    """Return the categories that were renamed in a target area, or in target, gap and rings, and not in the whole city.

    A district may get another list of codes. Only names that are nearly those of the measure are looked at.
    """
    others = namesakes(list(source_categories(engine, measure.source)), measure.categories)
    if not others:
        return []
    widened = replace(measure, categories=(*measure.categories, *others))
    found = []
    for design in designs:
        counts = category_counts(engine, widened, design.zones)
        around = [zone.name for zone in design.zones if zone.role is not ZoneRole.CONTROL]
        for zones, where in ((["target"], "in the target area"), (around, "in the target area and around it")):
            series = [[one.monthly(zone) for zone in zones] for one in counts.values()]
            months = list(series[0][0])
            by_month = np.array([[sum(zone[month] for zone in one) for month in months] for one in series])
            found += [replace(pair, where=where) for pair in find_renamed(list(counts), months, by_month)]
    return found


def _own_place_counts(engine: Engine, measure: Measure, designs: Sequence[Design]) -> dict[str, ZoneCounts]:
    counts = {design.operation.name: own_place_counts(engine, measure, design.zones) for design in designs}
    return {name: own for name, own in counts.items() if own is not None}


def collect_power(engine: Engine, study: Study, ledgers: Sequence[SourceLedger]) -> StudyData:
    """Return the data of every harm measure for its power before each operation."""
    streets = _street_lines(engine, study)
    zones = {
        operation.name: past_zones(beside_its_neighbours(study, operation), ledgers, streets, operation)
        for operation in study.operations
    }
    measures = tuple(
        MeasureData(
            measure,
            _ledger_of(measure, ledgers),
            dated_points(engine, measure),
            {name: zone_counts(engine, measure, shared) for name, shared in zones.items() if shared},
        )
        for measure in _harms(study)
    )
    return StudyData(study, tuple(ledgers), measures, streets=streets)


def collect_located(engine: Engine, study: Study, ledgers: Sequence[SourceLedger]) -> StudyData:
    """Return the located events of every harm measure and the street lines, for a search over designs."""
    return replace(collect_baseline(engine, study, ledgers), streets=_street_lines(engine, study))


def with_zone_counts(engine: Engine, data: StudyData, zones: Mapping[str, Sequence[Zone]]) -> StudyData:
    """Return the data with every measure's counts in sets of zones, by the name of each set."""
    measures = tuple(
        replace(
            collected,
            zone_counts={name: zone_counts(engine, collected.measure, shared) for name, shared in zones.items()},
        )
        for collected in data.measures
    )
    return replace(data, measures=measures)


def collect_baseline(engine: Engine, study: Study, ledgers: Sequence[SourceLedger]) -> StudyData:
    """Return the located events of every harm measure, for the baseline of an appraisal."""
    measures = tuple(
        MeasureData(measure, _ledger_of(measure, ledgers), dated_points(engine, measure)) for measure in _harms(study)
    )
    return StudyData(study, tuple(ledgers), measures)


def collect_markets(engine: Engine, study: Study, ledgers: Sequence[SourceLedger]) -> StudyData:
    """Return the located events of every measure, nights, sites and the survey of priorities, to rank markets."""
    measures = []
    for measure in study.measures:
        ledger = _ledger_of(measure, ledgers)
        weighted_points = _weighted_points(engine, measure, [ledger.whole_period])
        nights = night_counts(engine, measure) if measure.role is Role.HARM else None
        measures.append(
            MeasureData(measure, ledger, dated_points(engine, measure), weighted_points=weighted_points, nights=nights)
        )
    priorities = [indicator for indicator in study.harm.indicators if indicator.stands_for == "priority"]
    return StudyData(
        study,
        tuple(ledgers),
        tuple(measures),
        surveys=_surveys(engine, study, priorities[:1]),
        sites=_service_sites(engine, study),
    )


def _harms(study: Study) -> tuple[Measure, ...]:
    return tuple(measure for measure in study.measures if measure.role is Role.HARM)


def _ledger_of(measure: Measure, ledgers: Sequence[SourceLedger]) -> SourceLedger:
    return next(ledger for ledger in ledgers if ledger.source == measure.source)


def _street_lines(engine: Engine, study: Study) -> dict[str, Streets]:
    names = {operation.streets for operation in study.operations if operation.streets}
    return {name: source_streets(engine, name) for name in sorted(names)}


def _weighted_points(engine: Engine, measure: Measure, windows: Iterable[Window]) -> dict[Window, Points]:
    if not measure.weight:
        return {}
    return {window: located_points(engine, measure, window, weighted=True) for window in windows}


def _hour_tables(engine: Engine, measure: Measure, designs: Sequence[Design]) -> dict[str, HourTables]:
    points, hour = timed_points(engine, measure)
    if not points.weight.size:
        return {}
    return {
        design.operation.name: HourTables(
            _hours_in(design.of_role(ZoneRole.TARGET)[0].geometry, points, hour, design),
            _hours_in(design.control_area, points, hour, design),
        )
        for design in designs
    }


def _hours_in(
    area: BaseGeometry, points: DatedPoints, hour: NDArray[np.int64], design: Design
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return an area's events by weekday and hour in the windows before and after."""
    inside = shapely.contains_xy(area, points.x, points.y)

    def table(window: Window) -> NDArray[np.int64]:
        kept = inside & points.in_window(window)
        # 1970-01-01 was a Thursday.
        weekday = (points.day[kept].astype(np.int64) + 3) % 7
        events = np.zeros((7, 24), dtype=np.int64)
        np.add.at(events, (weekday, hour[kept]), points.weight[kept].astype(np.int64))
        return events

    return table(design.before), table(design.after)


def _counted_by_area(
    engine: Engine, study: Study, ledgers: Sequence[SourceLedger], designs: Sequence[Design]
) -> tuple[dict[str, tuple[AreaCounts, ...]], tuple[AreaWindows, ...]]:
    """Return the counts by area of every measure of areas, and the windows of operations that only these describe.

    A measure of an area table has one table for each category; one of events with the code of an area has one for all.
    """
    kinds = {source.name: source.kind for source in study.sources}
    tables = {
        measure.name: tuple(
            area_counts(engine, measure.source, category) for category in measure.categories or ("all",)
        )
        for measure in study.harm.area_measures
        if kinds[measure.source] == "area_table"
    }
    windows: tuple[AreaWindows, ...] = ()
    if study.is_by_area:
        primary = next(measure for measure in study.harm.area_measures if measure.name == study.primary)
        windows = area_windows(study, tables.get(primary.name) or _ledger_of(primary, ledgers))
    cuts = [window for design in designs for window in (design.before, design.after, *design.phases)]
    cuts += [window for around in windows for window in (around.before, around.after)]
    for measure in study.harm.area_measures:
        if measure.name not in tables:
            periods = counted_periods(_ledger_of(measure, ledgers), cuts)
            tables[measure.name] = (area_event_counts(engine, measure, periods),)
    return tables, windows


def counted_periods(ledger: SourceLedger, windows: Sequence[Window]) -> tuple[Period, ...]:
    """Return the periods by which events with the code of an area are counted: months, cut where a window starts or ends.

    They are years where the source has no months. Months without a usable row are left out.

    Parameters
    ----------
    ledger : SourceLedger
    windows : sequence of Window
    """
    covered = ledger.whole_period
    by_year = ledger.precision == "year"
    cuts = {month for period in covered.periods for month in period.months() if not by_year or month.month == 1}
    cuts |= {day for window in windows for period in window.periods for day in (period.start, period.end)}
    periods = []
    for period in covered.periods:
        days = sorted({period.start, period.end, *(day for day in cuts if period.start < day < period.end)})
        periods += [Period(start, end) for start, end in pairwise(days)]
    return tuple(periods)


def _surveys(engine: Engine, study: Study, indicators: Sequence[Indicator]) -> dict[Indicator, SurveyEstimates]:
    format_by_source = {source.name: source.format for source in study.sources}
    return {
        indicator: survey_estimates(
            engine,
            indicator.source,
            read_format(format_by_source[indicator.source], study.folder),
            indicator.question,
        )
        for indicator in indicators
    }


def _service_sites(engine: Engine, study: Study) -> Mapping[str, NDArray[np.float64]]:
    """Return the locations of all listed services by category, each of shape (n, 2), in metres."""
    places_by_category: dict[str, list[tuple[float, float]]] = {}
    for source in study.sources:
        if source.kind == "site":
            for site in source_sites(engine, source.name):
                places_by_category.setdefault(site.category or source.name, []).append((site.x, site.y))
    return {
        category: np.array(places, dtype=np.float64).reshape(-1, 2)
        for category, places in sorted(places_by_category.items())
    }
