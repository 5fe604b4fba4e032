"""A made city on a grid, with the forecast of one place and the steps of its factor, for target, ring and both."""

from __future__ import annotations

from datetime import date

import numpy as np

from geoharm.evaluation.placebo.calibrated_ratio import calibrated_ratio, expected_count_after
from geoharm.evaluation.placebo.factors import forecast_factors
from geoharm.evaluation.placebo.forecast import forecast_count
from geoharm.model.counts import Change
from geoharm.model.period import Period, Window, add_months
from tests.reference.grid_world import Grid, zone_series

MONTHS, AFTER = 24, 6
START = date(2020, 1, 1)
HISTORY = tuple(
    Window(str(month), (Period(add_months(START, month), add_months(START, month + 1)),)) for month in range(MONTHS)
)
AFTER_WINDOW = Window("after", (Period(date(2022, 1, 1), date(2022, 7, 1)),))
BEFORE = Window("before", (Period(date(2021, 1, 1), date(2022, 1, 1)),))
_CITIES = {}


def factor_world(seed, *, level=1.2, season=1.0):
    """Return by zone (T, D, U): series, forecast, count after, factors, and (zone's change, control's change, expected).

    With a `season`, the target has so many times its events from January to June, and forecasts look for seasons.
    """
    city, found = _CITIES.setdefault(20, Grid(20)), {}
    rng = np.random.default_rng(seed)
    levels = np.exp(rng.normal(level, 0.6, (400, 1)))
    drift = np.exp(0.05 * rng.standard_normal((400, MONTHS + AFTER)).cumsum(axis=1))
    place = city.centres.index((10, 9))
    rates = levels * drift
    inside = np.flatnonzero(city.member["T"][place])
    rates[np.ix_(inside, np.arange(MONTHS + AFTER) % 12 < AFTER)] *= season
    counts = rng.poisson(rates).astype(np.float64)
    for zone, (series, similarity, shares, observed) in zone_series(
        city, counts, place, MONTHS, seasons=season != 1.0
    ).items():
        learned = forecast_count(series, similarity=similarity, shares=shares)
        ratio = calibrated_ratio(learned, int(observed))
        expected = expected_count_after(ratio, int(observed), learned.mean)
        control = series.own_city[:MONTHS]
        change = Change(zone, int(series.own_zone[12:MONTHS].sum()), int(observed))
        control_change = Change("control", int(control[12:].sum()), int(series.own_city[MONTHS:].sum()))
        factors = forecast_factors(
            learned, zone=change, control=control_change, length_ratio=AFTER_WINDOW.days / BEFORE.days,
            expected=expected, history=HISTORY, control_by_month=[int(count) for count in control],
        )  # fmt: skip
        found[zone] = series, learned, int(observed), factors, (change, control_change, expected)
    return found
