"""Counts of a measure by hour of the week."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.model.measure import Measure
from geoharm.model.period import Window
from geoharm.model.points import DatedPoints
from geoharm.queries.counts import category_filter, category_values, window_filter

_HOUR_SECONDS, _WEEK_SECONDS = 3_600, 604_800
_BATCH_SIZE = 4_096


def hour_of_week_counts(engine: DuckDBEngine, measure: Measure, window: Window) -> NDArray[np.float64]:
    r"""Return the number of events of a measure in each hour of the week; time spans are spread over their hours.

    An event with a known time counts 1 in its hour. An event known only to lie between two times counts in every hour
    with the share of the time span in that hour (aoristic weight), so that each event adds up to 1:

    .. math:: w_{ih} = \frac{|[a_i, b_i) \cap h|}{b_i - a_i}

    Parameters
    ----------
    engine : DuckDBEngine
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
    selection = f"FROM tidy.event WHERE source = $source AND place <> 'outside' AND ({window_filter(window)}) {category_filter(measure)}"
    parameters = {"source": measure.source} | category_values(measure)
    week = np.zeros(168, dtype=np.float64)
    events = engine.connection.execute(f"SELECT count(*) {selection}", parameters).fetchall()[0][0]
    exact = engine.connection.execute(
        f"SELECT (isodow(day) - 1) * 24 + hour AS cell, count(*) AS n {selection} AND hour IS NOT NULL GROUP BY cell ORDER BY cell",
        parameters,
    ).fetchnumpy()
    week[np.asarray(exact["cell"], dtype=np.int64)] += np.asarray(exact["n"], dtype=np.float64)
    spans = engine.connection.execute(
        f"SELECT epoch(span_from) AS a, epoch(span_until) AS b {selection} AND span_from IS NOT NULL ORDER BY a, b",
        parameters,
    ).fetchnumpy()
    start, end = (np.asarray(spans[name], dtype=np.float64) for name in ("a", "b"))
    for batch_start in range(0, start.size, _BATCH_SIZE):
        week += _hour_shares(
            start[batch_start : batch_start + _BATCH_SIZE], end[batch_start : batch_start + _BATCH_SIZE]
        ).sum(axis=0)
    if events and not week.any():
        week[:] = np.nan
    return week.reshape(7, 24)


def timed_points(engine: DuckDBEngine, measure: Measure) -> tuple[DatedPoints, NDArray[np.int64]]:
    """Return the located events of a measure whose time of day is known, and the hour of each, 0 to 23.

    Events known only to lie between two times are left out, since one place has too few of them to spread over hours.
    """
    rows = engine.connection.execute(
        f"""
        SELECT x, y, day, hour, CAST(count(*) AS DOUBLE) AS n FROM tidy.event
        WHERE source = $source AND place = 'inside' AND hour IS NOT NULL {category_filter(measure)}
        GROUP BY x, y, day, hour ORDER BY x, y, day, hour
        """,
        {"source": measure.source} | category_values(measure),
    ).fetchnumpy()
    x, y, n = (np.asarray(rows[key], dtype=np.float64) for key in ("x", "y", "n"))
    points = DatedPoints(x, y, np.asarray(rows["day"]).astype("datetime64[D]"), n)
    return points, np.asarray(rows["hour"], dtype=np.int64)


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
