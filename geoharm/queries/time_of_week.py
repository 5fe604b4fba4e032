"""Hours and weekdays: how a measure spreads over the hours of the week."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.model.measure import Measure
from geoharm.model.period import Window
from geoharm.model.points import DatedPoints
from geoharm.queries.counts import category_filter, category_values, window_filter

_HOUR, _WEEK = 3_600, 604_800
_BATCH = 4_096


def hour_of_week_counts(engine: DuckDBEngine, measure: Measure, window: Window) -> NDArray[np.float64]:
    r"""Return how many events of a measure fall in each hour of the week, spans spread over the hours they may fall in.

    An event with a known time counts 1 in its hour. An event known only to lie between two times counts in every hour
    by the share of the span that lies in it (aoristic weight), so that each event adds up to 1:

    .. math:: w_{ih} = \frac{|[a_i, b_i) \cap h|}{b_i - a_i}

    Parameters
    ----------
    engine : DuckDBEngine
    measure : Measure
    window : Window
        By the day of the event; a span belongs to the day of its middle.

    Returns
    -------
    ndarray, shape (7, 24)
        Events; rows are Monday to Sunday, columns the hours from 0 to 23, by the wall clock as the source wrote it.
        Events outside the study area and events whose time is not known are left out; nan throughout if there are
        events and none has a known time.

    References
    ----------
    J. H. Ratcliffe (2000), Aoristic analysis: the spatial interpretation of unspecific temporal events,
    https://doi.org/10.1080/136588100424963; J. H. Ratcliffe (2002), Aoristic signatures and the spatio-temporal
    analysis of high volume crime patterns, https://doi.org/10.1023/A:1013240828824
    """
    which = f"FROM tidy.event WHERE source = $source AND place <> 'outside' AND ({window_filter(window)}) {category_filter(measure)}"
    values = {"source": measure.source} | category_values(measure)
    week = np.zeros(168, dtype=np.float64)
    events = engine.connection.execute(f"SELECT count(*) {which}", values).fetchall()[0][0]
    exact = engine.connection.execute(
        f"SELECT (isodow(day) - 1) * 24 + hour AS cell, count(*) AS n {which} AND hour IS NOT NULL GROUP BY cell ORDER BY cell",
        values,
    ).fetchnumpy()
    week[np.asarray(exact["cell"], dtype=np.int64)] += np.asarray(exact["n"], dtype=np.float64)
    spans = engine.connection.execute(
        f"SELECT epoch(span_from) AS a, epoch(span_until) AS b {which} AND span_from IS NOT NULL ORDER BY a, b", values
    ).fetchnumpy()
    start, end = (np.asarray(spans[name], dtype=np.float64) for name in ("a", "b"))
    for first in range(0, start.size, _BATCH):
        week += _shares(start[first : first + _BATCH], end[first : first + _BATCH]).sum(axis=0)
    if events and not week.any():
        week[:] = np.nan
    return week.reshape(7, 24)


def timed_points(engine: DuckDBEngine, measure: Measure) -> tuple[DatedPoints, NDArray[np.int64]]:
    """Return the located events of a measure whose time of day is known, and the hour of each, 0 to 23.

    Events known only to lie between two times are left out: at one place they are too few to be spread.
    """
    found = engine.connection.execute(
        f"""
        SELECT x, y, day, hour, CAST(count(*) AS DOUBLE) AS n FROM tidy.event
        WHERE source = $source AND place = 'inside' AND hour IS NOT NULL {category_filter(measure)}
        GROUP BY x, y, day, hour ORDER BY x, y, day, hour
        """,
        {"source": measure.source} | category_values(measure),
    ).fetchnumpy()
    x, y, n = (np.asarray(found[key], dtype=np.float64) for key in ("x", "y", "n"))
    points = DatedPoints(x, y, np.asarray(found["day"]).astype("datetime64[D]"), n)
    return points, np.asarray(found["hour"], dtype=np.int64)


def _shares(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of each span in each hour of the week, shape (n, 168).

    Seconds of a cell up to a time t are whole weeks times 3,600, and what of the running week's cell lies before t.
    """
    cell = np.arange(168, dtype=np.float64) * _HOUR

    def before(moment: NDArray[np.float64]) -> NDArray[np.float64]:
        # 1 January 1970 was a Thursday: three days after the Monday that the week begins on.
        weeks, rest = np.divmod(moment + 3 * 86_400, _WEEK)
        return weeks[:, None] * _HOUR + np.clip(rest[:, None] - cell, 0, _HOUR)

    return (before(end) - before(start)) / (end - start)[:, None]
