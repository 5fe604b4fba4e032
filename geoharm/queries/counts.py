"""From events to the data of the analysis: distinct points, and counts by zone and day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoharm.engines.base import Columns, Engine
from geoharm.engines.sql import quote_text
from geoharm.geo.point_in_polygon import locate_points
from geoharm.model.counts import ZoneCounts, tabulate_zone_counts
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.ledger import INFERRED
from geoharm.model.measure import Measure
from geoharm.model.period import Window
from geoharm.model.points import DatedPoints, Points
from geoharm.queries.coverage import coverage
from geoharm.queries.events import category_filter, category_names, coordinates, kept_rows, named_categories, spot_table
from geoharm.queries.stored import StoredSource, stored_source

_INFERRED = ", ".join(map(quote_text, INFERRED))


def zone_counts(engine: Engine, measure: Measure, zones: Sequence[Zone]) -> ZoneCounts:
    """Return a measure's counts by zone and date; the last rows are `ELSEWHERE`, `UNPLACED_NEAR`, `UNPLACED`.

    - Events in the study area but in no zone are counted in `ELSEWHERE`.
    - Events on a default geocode or without a place are counted in `UNPLACED`; or in `UNPLACED_NEAR`, if their address
      text names a street on which a located event lies in the target area.
    - Events outside the study area are not counted.

    Parameters
    ----------
    engine : Engine
    measure : Measure
    zones : sequence of Zone
        An event in several zones counts in the first.
    """
    return _zone_counts(engine, measure, zones, _count_by_zone(engine, measure, zones))


def own_place_counts(engine: Engine, measure: Measure, zones: Sequence[Zone]) -> ZoneCounts | None:
    """Return `zone_counts` without the rows whose place was inferred from their address text; None if there are no such rows.

    Inferred is what comes from other rows of the source, or from an address that is written much alike; a place of an exact
    address in a gazetteer counts as the row's own.

    Parameters
    ----------
    engine : Engine
    measure : Measure
    zones : sequence of Zone
    """
    stored = stored_source(engine, measure.source)
    (inferred,) = engine.rows(
        f"""
        SELECT count(*) FROM {kept_rows(engine, stored)} AS r JOIN {spot_table(engine, stored)} AS s ON s.place = r.place
        WHERE s.kind = 'inside' AND s.how IN ({_INFERRED}) {category_filter(engine, stored, measure)}
        """
    )[0]
    if not inferred:
        return None
    return _zone_counts(engine, measure, zones, _count_by_zone(engine, measure, zones, own_place=True))


def category_counts(engine: Engine, measure: Measure, zones: Sequence[Zone]) -> dict[str, ZoneCounts]:
    """Return `zone_counts` of each category: those of the measure, or all of its source, the most frequent first.

    Parameters
    ----------
    engine : Engine
    measure : Measure
    zones : sequence of Zone

    Returns
    -------
    mapping of category to ZoneCounts
        Empty if there are fewer than two categories.
    """
    if measure.categories:
        categories = named_categories(engine, stored_source(engine, measure.source), measure)
    else:
        categories = tuple(source_categories(engine, measure.source))
    if len(categories) < 2:
        return {}
    counted = _count_by_zone(engine, measure, zones)
    is_category = {category: counted["category"] == category for category in categories}
    return {
        category: _zone_counts(engine, measure, zones, {key: column[kept] for key, column in counted.items()})
        for category, kept in is_category.items()
    }


def _zone_counts(
    engine: Engine, measure: Measure, zones: Sequence[Zone], counted: Mapping[str, NDArray[Any]]
) -> ZoneCounts:
    """Return the table of counts by zone and date from rows of zone, day and events."""
    span, missing, precision = coverage(engine, measure.source)
    return tabulate_zone_counts(
        measure.name,
        [zone.name for zone in zones],
        zone=counted["zone"],
        day=counted["day"],
        events=counted["events"],
        coverage=span,
        missing_months=missing,
        precision=precision,
    )


def _count_by_zone(
    engine: Engine, measure: Measure, zones: Sequence[Zone], *, own_place: bool = False
) -> dict[str, NDArray[Any]]:
    """Return the number of events by zone (its position; then elsewhere, unplaced near the target, unplaced), category and day.

    With `own_place`, rows whose place was inferred from their address text are left out.
    """
    stored = stored_source(engine, measure.source)
    counted = engine.columns(
        f"""
        SELECT r.category, z.zone, r.day, count(*) AS events
        FROM {kept_rows(engine, stored)} AS r JOIN zone_of_place AS z ON z.place = r.place
        WHERE 1 = 1 {category_filter(engine, stored, measure)}
        GROUP BY r.category, z.zone, r.day ORDER BY r.category, z.zone, r.day
        """,
        tables={"zone_of_place": _zone_of_place(engine, stored, zones, own_place=own_place)},
    )
    names = category_names(engine, stored)
    return {
        "category": np.array([names[int(code)] for code in counted["category"]], dtype=np.object_),
        "zone": counted["zone"].astype(np.int64),
        "day": counted["day"].astype("datetime64[D]"),
        "events": counted["events"].astype(np.int64),
    }


def _zone_of_place(
    engine: Engine, stored: StoredSource, zones: Sequence[Zone], *, own_place: bool
) -> dict[str, NDArray[Any]]:
    """Return the zone of every place that is not outside the study area, as the columns ``place`` and ``zone``."""
    spots = engine.columns(
        f"SELECT s.place, s.x, s.y, s.kind, s.how FROM {spot_table(engine, stored)} AS s "
        "WHERE s.kind <> 'outside' ORDER BY s.place"
    )
    place, inside = spots["place"].astype(np.int64), spots["kind"] == "inside"
    zone = np.full(place.size, len(zones) + 2, dtype=np.int64)
    located = locate_points(spots["x"][inside], spots["y"][inside], [one.geometry for one in zones])
    zone[inside] = np.where(located < 0, len(zones), located)
    target = [one for one in zones if one.role is ZoneRole.TARGET]
    zone[~inside & np.isin(place, _places_near(engine, stored, target))] = len(zones) + 1
    used = ~(inside & np.isin(spots["how"], INFERRED)) if own_place else np.ones(place.size, dtype=bool)
    return {"place": place[used].astype(np.int32), "zone": zone[used].astype(np.int32)}


def _places_near(engine: Engine, stored: StoredSource, target: Sequence[Zone]) -> NDArray[np.int64]:
    """Return the places without coordinates whose address names a street on which a located event lies in the target area."""
    rows = engine.columns(
        f"SELECT street, x, y FROM {engine.table(f'street_point_{stored.state}')} AS p ORDER BY street, x, y"
    )
    inside = locate_points(rows["x"].astype(float), rows["y"].astype(float), [zone.geometry for zone in target]) >= 0
    streets = sorted(set(rows["street"][inside]))
    if not streets:
        return np.zeros(0, dtype=np.int64)
    places = engine.columns(
        f"""
        SELECT DISTINCT p.place FROM {engine.table(f"place_{stored.rule}")} AS p
        JOIN {engine.table(f"unplaced_street_{stored.state}")} AS u ON u.address = p.address
        JOIN target_street AS t ON t.street = u.street ORDER BY p.place
        """,
        tables={"target_street": {"street": streets}},
    )
    return places["place"].astype(np.int64)


def located_points(engine: Engine, measure: Measure, window: Window, *, weighted: bool = False) -> Points:
    """Return the distinct located places of a measure in a window, with the number of events at each.

    Default geocodes, rows without a place and rows outside the study area are left out.

    Parameters
    ----------
    engine : Engine
    measure : Measure
    window : Window
    weighted : bool
        If true, and the measure names a weight, the weight at a place is the sum of its events' weights, and the number
        of events is returned too. An event without a stated weight has the weight 1.
    """
    stored = stored_source(engine, measure.source)
    by_weight = weighted and bool(measure.weight)
    weight = ", coalesce(r.weight, 1)" if by_weight else ""
    in_window, days = window_filter(window)
    rows = engine.columns(
        f"""
        SELECT s.point, count(*) AS n{weight + " AS weight" if by_weight else ""} {_located(engine, stored)}
        AND {in_window} {category_filter(engine, stored, measure)}
        GROUP BY s.point{weight} ORDER BY s.point{weight}
        """,
        days,
    )
    at, first = np.unique(rows["point"].astype(np.int64), return_inverse=True)
    n = np.zeros(at.size, dtype=np.float64)
    np.add.at(n, first, rows["n"].astype(np.float64))
    x, y = coordinates(engine, stored, at)
    if not by_weight:
        return Points(x, y, n)
    # Summed one by one in order of size: so rounding does not depend on how the rows were grouped.
    each = rows["n"].astype(np.int64)
    total = np.zeros(at.size, dtype=np.float64)
    np.add.at(total, np.repeat(first, each), np.repeat(rows["weight"].astype(np.float64), each))
    return Points(x, y, total, n)


def _located(engine: Engine, stored: StoredSource) -> str:
    """Return SQL from FROM to the condition that an event lies on a point in the study area; rows are ``r``, places ``s``.

    An event with the code of an area lies on none.
    """
    return (
        f"FROM {kept_rows(engine, stored)} AS r JOIN {spot_table(engine, stored)} AS s ON s.place = r.place "
        "WHERE s.kind = 'inside' AND s.point >= 0"
    )


def stated_weights(engine: Engine, measure: Measure) -> tuple[int, int]:
    """Return the number of events of a measure, and the number of those with a stated weight."""
    stored = stored_source(engine, measure.source)
    totals = engine.rows(
        f"SELECT count(*), count(r.weight) FROM {kept_rows(engine, stored)} AS r "
        f"WHERE 1 = 1 {category_filter(engine, stored, measure)}"
    )[0]
    return int(totals[0]), int(totals[1])


def dated_points(engine: Engine, measure: Measure, window: Window | None = None) -> DatedPoints:
    """Return the located places and days of a measure, in a window or at any time, with the number of events at each.

    This is `located_points` by day. The day is the first of the month if the source has no days.
    """
    stored = stored_source(engine, measure.source)
    in_window, days = window_filter(window) if window else ("1 = 1", {})
    rows = engine.columns(
        f"""
        SELECT s.point, r.day, count(*) AS n {_located(engine, stored)} AND {in_window}
        {category_filter(engine, stored, measure)} GROUP BY s.point, r.day ORDER BY s.point, r.day
        """,
        days,
    )
    return dated(engine, stored, rows)


def dated(engine: Engine, stored: StoredSource, rows: Columns) -> DatedPoints:
    """Return dated points from the columns ``point``, ``day`` and ``n`` of an answer."""
    x, y = coordinates(engine, stored, rows["point"])
    return DatedPoints(x, y, rows["day"].astype("datetime64[D]"), rows["n"].astype(np.float64))


def source_categories(engine: Engine, source: str) -> dict[str, int]:
    """Return a source's categories with their numbers of events, the most frequent first."""
    rows = engine.rows(
        f"""
        SELECT t.category, CAST(sum(t.rows) AS BIGINT) AS n FROM {engine.table(f"tally_{stored_source(engine, source).state}")} AS t
        WHERE t.fate = 'kept' GROUP BY t.category ORDER BY 2 DESC, 1
        """
    )
    return {str(category): int(count) for category, count in rows}


def window_filter(window: Window) -> tuple[str, dict[str, date]]:
    """Return the SQL condition on the days of a window, for rows ``r``, and the values that it names."""
    conditions: list[str] = []
    days: dict[str, date] = {}
    for number, period in enumerate(window.periods):
        conditions.append(f"r.day >= $start_{number} AND r.day < $end_{number}")
        days |= {f"start_{number}": period.start, f"end_{number}": period.end}
    return f"({' OR '.join(conditions)})", days
