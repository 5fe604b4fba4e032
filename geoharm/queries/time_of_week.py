"""Counts of a measure by hour of the week."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoharm.engines.base import Engine
from geoharm.model.measure import Measure
from geoharm.model.period import Window
from geoharm.model.points import DatedPoints
from geoharm.queries.counts import dated, window_filter
from geoharm.queries.events import category_filter, hour_sql, is_span_sql, kept_rows, spot_table
from geoharm.queries.stored import stored_source

_HOUR_SECONDS, _WEEK_SECONDS = 3_600, 604_800
_BATCH_SIZE = 4_096


def hour_of_week_counts(engine: Engine, measure: Measure, window: Window) -> NDArray[np.float64]:
    r"""Return the number of events of a measure in each hour of the week; time spans are spread over their hours.

    An event with a known time counts 1 in its hour. An event known only to lie between two times counts in every hour
    with the share of the time span in that hour (aoristic weight), so that each event adds up to 1:

    .. math:: w_{ih} = \frac{|[a_i, b_i) \cap h|}{b_i - a_i}

    Parameters
    ----------
    engine : Engine
    measure : Measure
    window : Window
        Events are selected by day; a time span belongs to the day of its middle.

    Returns
    -------
    ndarray, shape (7, 24)
        Events; rows are Monday to Sunday, columns the hours from 0 to 23, in local time as the source wrote it.
        Events outside the study area and events without a known time are left out. All values are nan if there are
        events and none has a known time.

    References
    ----------
    J. H. Ratcliffe (2000), Aoristic analysis: the spatial interpretation of unspecific temporal events,
    https://doi.org/10.1080/136588100424963; J. H. Ratcliffe (2002), Aoristic signatures and the spatio-temporal
    analysis of high volume crime patterns, https://doi.org/10.1023/A:1013240828824
    """
    stored = stored_source(engine, measure.source)
    in_window, days = window_filter(window)
    selection = (
        f"FROM {kept_rows(engine, stored)} AS r JOIN {spot_table(engine, stored)} AS s ON s.place = r.place "
        f"WHERE s.kind <> 'outside' AND {in_window} {category_filter(engine, stored, measure)}"
    )
    week = np.zeros(168, dtype=np.float64)
    events = engine.rows(f"SELECT count(*) {selection}", days)[0][0]
    exact = engine.columns(
        f"""
        SELECT day, hour, count(*) AS n FROM (SELECT r.day, {hour_sql(stored)} AS hour {selection}) AS timed
        WHERE hour IS NOT NULL GROUP BY day, hour ORDER BY day, hour
        """,
        days,
    )
    # 1970-01-01 was a Thursday.
    weekday = (exact["day"].astype("datetime64[D]").astype(np.int64) + 3) % 7
    np.add.at(week, weekday * 24 + exact["hour"].astype(np.int64), exact["n"].astype(np.float64))
    spans = engine.columns(
        f"SELECT r.clock AS a, r.clock_end AS b {selection} AND {is_span_sql(stored)} ORDER BY r.clock, r.clock_end",
        days,
    )
    start, end = (spans[name].astype("datetime64[us]").astype(np.int64) / 1e6 for name in ("a", "b"))
    for batch_start in range(0, start.size, _BATCH_SIZE):
        week += _hour_shares(
            start[batch_start : batch_start + _BATCH_SIZE], end[batch_start : batch_start + _BATCH_SIZE]
        ).sum(axis=0)
    if events and not week.any():
        week[:] = np.nan
    return week.reshape(7, 24)


def timed_points(engine: Engine, measure: Measure) -> tuple[DatedPoints, NDArray[np.int64]]:
    """Return the located events of a measure whose time of day is known, and the hour of each, 0 to 23.

    Events known only to lie between two times are left out, since one place has too few of them to spread over hours.
    """
    stored = stored_source(engine, measure.source)
    rows = engine.columns(
        f"""
        SELECT point, day, hour, count(*) AS n FROM (
            SELECT s.point, r.day, {hour_sql(stored)} AS hour FROM {kept_rows(engine, stored)} AS r
            JOIN {spot_table(engine, stored)} AS s ON s.place = r.place
            WHERE s.kind = 'inside' {category_filter(engine, stored, measure)}
        ) AS timed WHERE hour IS NOT NULL GROUP BY point, day, hour ORDER BY point, day, hour
        """
    )
    return dated(engine, stored, rows), rows["hour"].astype(np.int64)


def _hour_shares(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of each span in each hour of the week, shape (n, 168).

    The seconds of an hour of the week before a time t are 3,600 per complete week, plus the part in the current week.
    """
    hour_starts = np.arange(168, dtype=np.float64) * _HOUR_SECONDS

    def seconds_before(moment: NDArray[np.float64]) -> NDArray[np.float64]:
        # 1 January 1970 was a Thursday, three days after the Monday on which the week begins.
        weeks, seconds_into_week = np.divmod(moment + 3 * 86_400, _WEEK_SECONDS)
        return weeks[:, None] * _HOUR_SECONDS + np.clip(seconds_into_week[:, None] - hour_starts, 0, _HOUR_SECONDS)

    return (seconds_before(end) - seconds_before(start)) / (end - start)[:, None]
