"""One source of events in memory: its ledger and the data of its measures, as `pipeline.collect` has them from the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from geoharm._text import shown
from geoharm.api.days import read_date
from geoharm.api.default_geocodes import default_geocode_rows
from geoharm.api.frames import Events
from geoharm.errors import DataError
from geoharm.geo.point_in_polygon import locate_points
from geoharm.ingest.reach import places_out_of_reach
from geoharm.model.counts import ZoneCounts, tabulate_zone_counts
from geoharm.model.design import Design
from geoharm.model.geometry import StudyArea, Zone, ZoneRole
from geoharm.model.ledger import DefaultGeocode, FileLedger, SourceLedger
from geoharm.model.measure import Measure
from geoharm.model.period import Period, add_months, first_of_month
from geoharm.model.points import DatedPoints
from geoharm.model.renamed_category import RenamedCategory
from geoharm.pipeline.renamed_categories import half_counted, with_both_names
from geoharm.pipeline.study_data import MeasureData, WidenedMeasure
from geoharm.queries.renamed_categories import find_renamed, namesakes
from geoharm.stats.empty_months import counted_units, gap_months, usable_rows

Covers = tuple[date | str, date | str]
# A note names at most so many months.
_MOST_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Source:
    """One source of events, placed in a study area.

    Attributes
    ----------
    name : str
    events : Events
    area : StudyArea
    is_inside, has_no_place : ndarray of bool, shape (n,)
        Which events lie in the study area, and which have no usable place; all others lie outside it.
    ledger : SourceLedger
    notes : tuple of str
    """

    name: str
    events: Events
    area: StudyArea
    is_inside: NDArray[np.bool_]
    has_no_place: NDArray[np.bool_]
    ledger: SourceLedger
    notes: tuple[str, ...]


def place_events(
    events: Events, area: StudyArea, *, name: str, covers: Covers | None = None, location_error: float = 0.0
) -> Source:
    """Return events placed in a study area, by the rules by which files are read.

    Parameters
    ----------
    events : Events
    area : StudyArea
    name : str
    covers : (start, end), optional
        The days that the source covers, the end not included; those from the first to the last event if left out.
    location_error : float
        Typical distance in metres between recorded and true places.

    Raises
    ------
    DataError
        If no event lies in the study area, or events are dated outside the covered days.
    """
    notes = list(events.notes)
    x, y = events.x.copy(), events.y.copy()
    beyond, far = places_out_of_reach(name, x, y, np.ones(x.size, dtype=np.int64), area)
    x[beyond] = y[beyond] = np.nan
    notes += [f"Out of reach: {note.rows:,} events {note.sentence.partition('. If')[0]}." for note in far]
    default = default_geocode_rows(x, y)
    has_no_place = default | np.isnan(x)
    is_inside = np.zeros(x.size, dtype=np.bool_)
    is_inside[~has_no_place] = locate_points(x[~has_no_place], y[~has_no_place], [area.boundary]) == 0
    outside = int((~is_inside & ~has_no_place).sum())
    if not is_inside.any():
        msg = (
            f"None of the {x.size:,} events lies in the study area; check its coordinate system, and whether it is the "
            "area of these events."
        )
        raise DataError(msg)
    if default.any():
        notes.append(
            f"On one point, too many for a place: {int(default.sum()):,} events. Taken as the point where a geocoder puts "
            "what it cannot find, so without a place."
        )
    if outside:
        notes.append(f"Outside the study area, so not counted: {outside:,} of {x.size:,} events.")
    moved = replace(events, x=x, y=y)
    span = _coverage(events, covers)
    missing = _gaps(events, span, is_inside, has_no_place)
    if missing:
        months = ", ".join(f"{month:%Y-%m}" for month in missing[:_MOST_MONTHS])
        months += f" and {len(missing) - _MOST_MONTHS} more months" if len(missing) > _MOST_MONTHS else ""
        notes.append(f"No usable event is dated in {months}: too unlikely by chance, so left out and not read as zero.")
    ledger = SourceLedger(
        name,
        (_file_ledger(name, events, is_inside, has_no_place, default),),
        span,
        missing,
        events.precision,
        location_error,
        _default_geocodes(x, y, default),
        attribution="",
    )
    return Source(name, moved, area, is_inside, has_no_place, ledger, tuple(notes))


def measure_data(source: Source, measure: Measure, designs: Mapping[str, Sequence[Zone]]) -> MeasureData:
    """Return the data of one measure of a source, with its counts in sets of zones, by the name of each set.

    Parameters
    ----------
    source : Source
    measure : Measure
        Its categories are values of the events' column of categories, exactly as they are written there.
    designs : mapping of str to sequence of Zone
    """
    used = _is_counted(source, measure)
    counts = {name: _zone_counts(source, measure.name, zones, used) for name, zones in designs.items()}
    targets = {name: [zone for zone in zones if zone.role is ZoneRole.TARGET] for name, zones in designs.items()}
    data = MeasureData(
        measure,
        source.ledger,
        dated_points(source, used),
        counts,
        {name: _category_counts(source, measure, zones, used) for name, zones in designs.items()},
        rejected_days={name: _undated_in(source, measure, zones) for name, zones in targets.items()},
    )
    pairs = _renamed(source, measure, designs)
    if not pairs:
        return data
    both = with_both_names(measure, pairs)
    wider = _is_counted(source, both)
    widened_counts = {name: _zone_counts(source, both.name, zones, wider) for name, zones in designs.items()}
    widened = MeasureData(both, source.ledger, dated_points(source, wider), widened_counts)
    return replace(data, widened=WidenedMeasure(pairs, widened))


def zones_of(designs: Sequence[Design]) -> dict[str, tuple[Zone, ...]]:
    """Return the zones of designs by the name of their operation."""
    return {design.operation.name: design.zones for design in designs}


def dated_points(source: Source, used: NDArray[np.bool_]) -> DatedPoints:
    """Return the located events with `used` true: distinct places and days, ordered by x, y and day."""
    kept = used & source.is_inside
    x, y, day = source.events.x[kept], source.events.y[kept], source.events.day[kept]
    order = np.lexsort((day, y, x))
    x, y, day = x[order], y[order], day[order]
    is_first = np.ones(x.size, dtype=np.bool_)
    is_first[1:] = (x[1:] != x[:-1]) | (y[1:] != y[:-1]) | (day[1:] != day[:-1])
    weight = np.diff(np.append(np.flatnonzero(is_first), x.size)).astype(np.float64)
    return DatedPoints(x[is_first], y[is_first], day[is_first], weight)


def all_events(source: Source) -> NDArray[np.bool_]:
    """Return a mask of every event of a source."""
    return np.ones(len(source.events), dtype=np.bool_)


def _is_counted(source: Source, measure: Measure) -> NDArray[np.bool_]:
    if not measure.categories:
        return all_events(source)
    if source.events.category is None:
        return np.zeros(len(source.events), dtype=np.bool_)
    return np.isin(source.events.category, measure.categories)


def _zone_counts(source: Source, name: str, zones: Sequence[Zone], used: NDArray[np.bool_]) -> ZoneCounts:
    """Return counts by zone and date; events outside the study area are not counted."""
    kept = used & (source.is_inside | source.has_no_place)
    zone = np.full(int(kept.sum()), len(zones) + 2, dtype=np.int64)
    inside = source.is_inside[kept]
    x, y = source.events.x[kept][inside], source.events.y[kept][inside]
    located = locate_points(x, y, [one.geometry for one in zones])
    zone[inside] = np.where(located < 0, len(zones), located)
    ledger = source.ledger
    return tabulate_zone_counts(
        name,
        [one.name for one in zones],
        zone=zone,
        day=source.events.day[kept],
        events=np.ones(zone.size, dtype=np.int64),
        coverage=ledger.coverage,
        missing_months=ledger.missing_months,
        precision=ledger.precision,
    )


def _category_counts(
    source: Source, measure: Measure, zones: Sequence[Zone], used: NDArray[np.bool_]
) -> dict[str, ZoneCounts]:
    """Return counts of each category: those of the measure, or all, the most frequent first; empty for fewer than two."""
    if source.events.category is None:
        return {}
    names = measure.categories or _by_frequency(source.events.category)
    if len(names) < 2:
        return {}
    return {name: _zone_counts(source, measure.name, zones, used & (source.events.category == name)) for name in names}


def _by_frequency(category: NDArray[np.object_]) -> tuple[str, ...]:
    names, counts = np.unique(category.astype(str), return_counts=True)
    return tuple(str(name) for name in names[np.lexsort((names, -counts))])


def _undated_in(source: Source, measure: Measure, target: Sequence[Zone]) -> NDArray[np.datetime64]:
    """Return one NaT for each row without a date that lies in the target area and may be of the measure."""
    events = source.events
    may_count = np.ones(events.undated_x.size, dtype=np.bool_)
    if measure.categories and events.undated_category is not None:
        may_count = np.isin(events.undated_category, measure.categories)
    inside = locate_points(events.undated_x, events.undated_y, [zone.geometry for zone in target]) >= 0
    return np.full(int((inside & may_count).sum()), "NaT", dtype="datetime64[D]")


def _renamed(source: Source, measure: Measure, designs: Mapping[str, Sequence[Zone]]) -> tuple[RenamedCategory, ...]:
    """Return the pairs of names of one category of which the measure counts one only: in the whole source, or around a target."""
    category = source.events.category
    if not measure.categories or category is None or source.ledger.precision == "year":
        return ()
    names = _by_frequency(category)
    others = namesakes(names, measure.categories)
    if not others:
        return ()
    months, at_month = np.unique(source.events.day.astype("datetime64[M]"), return_inverse=True)
    by_month = np.zeros((len(names), months.size), dtype=np.int64)
    np.add.at(by_month, (np.searchsorted(np.sort(names), category.astype(str)), at_month.ravel()), 1)
    found = list(find_renamed([str(name) for name in np.sort(names)], [month.item() for month in months], by_month))
    both = [*measure.categories, *others]
    for zones in designs.values():
        around = [zone for zone in zones if zone.role is not ZoneRole.CONTROL]
        for part, where in (
            ([zone for zone in zones if zone.role is ZoneRole.TARGET], "in the target area"),
            (around, "in the target area and around it"),
        ):
            counts = [_zone_counts(source, name, part, category == name) for name in both]
            series = [[one.monthly(zone.name) for zone in part] for one in counts]
            every = list(series[0][0])
            table = np.array([[sum(zone[month] for zone in one) for month in every] for one in series])
            found += [replace(pair, where=where) for pair in find_renamed(both, every, table)]
    return half_counted(measure, list({(pair.old, pair.new): pair for pair in reversed(found)}.values()))


def _coverage(events: Events, covers: Covers | None) -> Period:
    first, last = events.day.min().item(), events.day.max().item()
    if covers is None:
        months = {"month": 1, "year": 12}.get(events.precision)
        return Period(first, add_months(first_of_month(last), months) if months else last + timedelta(days=1))
    span = read_period(covers, name="covers")
    if not (span.start <= first and last < span.end):
        msg = (
            f"covers says {span.start} up to {span.end}, but events are dated from {first} to {last}; widen it, or leave "
            "the other events out."
        )
        raise DataError(msg)
    return span


def read_period(days: object, *, name: str) -> Period:
    """Return the period of an argument: (first day, first day after it).

    Raises
    ------
    DataError, DesignError
        If it is no pair of days, or ends before it starts.
    """
    if not isinstance(days, tuple | list) or len(days) != 2:
        msg = f'{name} must be two days, (first day, first day after it); "{shown(str(days))}" was given.'
        raise DataError(msg)
    start, end = (read_date(day, name=name) for day in days)
    return Period(start, end)


def _gaps(
    events: Events, span: Period, is_inside: NDArray[np.bool_], has_no_place: NDArray[np.bool_]
) -> tuple[date, ...]:
    per_year = 1 if events.precision == "year" else 12
    units = counted_units(span, per_year=per_year)
    unit = "datetime64[Y]" if per_year == 1 else "datetime64[M]"
    position = (events.day.astype(unit) - np.datetime64(units[0]).astype(unit)).astype(np.int64)
    counts = [
        np.bincount(position[chosen], minlength=len(units))
        for chosen in (np.ones(position.size, dtype=np.bool_), is_inside, has_no_place)
    ]
    return gap_months(usable_rows(*counts), span, per_year=per_year)


def _file_ledger(
    name: str,
    events: Events,
    is_inside: NDArray[np.bool_],
    has_no_place: NDArray[np.bool_],
    default: NDArray[np.bool_],
) -> FileLedger:
    kept, undated = len(events), int(events.undated_x.size)
    return FileLedger(
        source=name,
        file="events",
        sha256="",
        read=kept + undated,
        kept=kept,
        rejected=undated,
        duplicate=0,
        inside=int(is_inside.sum()),
        outside=int((~is_inside & ~has_no_place).sum()),
        default_geocode=int(default.sum()),
        no_place=int((has_no_place & ~default).sum()),
        reasons=(("it has no date", undated, 0),) if undated else (),
    )


def _default_geocodes(
    x: NDArray[np.float64], y: NDArray[np.float64], default: NDArray[np.bool_]
) -> tuple[DefaultGeocode, ...]:
    if not default.any():
        return ()
    points, counts = np.unique(np.column_stack([x[default], y[default]]), axis=0, return_counts=True)
    located = int(np.isfinite(x).sum())
    return tuple(
        DefaultGeocode(float(at[0]), float(at[1]), int(count), int(count) / located, 0, "its share of all rows")
        for at, count in zip(points, counts, strict=True)
    )
