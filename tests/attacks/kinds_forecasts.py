"""Forecasts under a rule that rounds counts: what an expected count tells of the months that it was learned from."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np

from geoharm.evaluation.effects import evaluate_measure
from geoharm.evaluation.placebo.calibrated_ratio import PlaceboData, placebo_windows
from geoharm.evaluation.placebo.places import PlaceboCounts
from geoharm.model.counts import ZoneCounts
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.period import Period
from tests.attacks.attack import Attack, replayed
from tests.attacks.kinds_counts import MONTH_WINDOWS
from tests.attacks.worlds import plan, publish, whole
from tests.disclosure.test_protect import MEASURE, NAMES

RULE = "1-7-round-5"
SPAN = Period(date(2018, 1, 1), date(2021, 8, 1))
MONTHS = np.arange("2018-01", "2021-08", dtype="datetime64[M]").astype("datetime64[D]")
JUNE = 29
PLACES = 60
# The target by month in 2020, without June. With 2 to 6 events in June, the first half and the year round alike, and so do the
# sums of target, gap and rings in June and in the year.
YEAR = (3, 3, 3, 1, 1, 0, 2, 2, 3, 2, 3, 3)


class Places:
    """Places where every footprint fits, and none of which shares ground with another."""

    fits = dict.fromkeys(("target", "all rings", "target and rings"), np.ones(PLACES, dtype=bool))

    def similarity(self, _, pool):
        return np.eye(pool.size)

    def share_ground(self, _, pool):
        return np.eye(pool.size, dtype=bool)


def at_places(windows):
    """Return made counts at the places, whose levels last."""
    rng = np.random.default_rng(3)
    days = np.array([sum(period.days for period in window.periods) for window in windows])
    level = rng.gamma(6, 1 / 6, PLACES)[:, None] * days / 30

    def made(mean):
        return rng.poisson(mean * level).astype(np.float64)

    return PlaceboCounts(made(2.5), made(9), made(2.5), made(20), rng.poisson(20 * days / 30).astype(np.float64))


@cache
def forecast(count, release):
    """Publish a target with a planted number of events in June 2020, and their forecast from places without an operation."""
    planned = plan(**MONTH_WINDOWS)
    table = np.full((5, MONTHS.size), 9, dtype=np.int64)
    table[0], table[4] = np.resize([2, 3], MONTHS.size), 90
    table[0, 24:36] = YEAR
    table[:4, JUNE] = count, 10, 8, 8
    table[1:3, 24] += 1
    counts = ZoneCounts("finds", NAMES, MONTHS, table, False, SPAN)
    windows = placebo_windows(counts, planned)
    data = PlaceboData(
        Places(),
        windows,
        len(windows) - 1 - len(planned.phases),
        at_places(windows),
        rule=DISCLOSURE_RULES[RULE] if release == "public" else None,
    )
    return publish(whole((planned, (evaluate_measure(MEASURE, counts, planned, data),))), release, rule=RULE)


FORECASTS = (
    Attack(
        "under rounding to five: a month from the forecast, by trial",
        forecast,
        replayed(forecast, counts=(2, 3, 4, 5, 6)),
        planted=(3, 5),
    ),
)
