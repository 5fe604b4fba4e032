"""Comparisons of windows: few events in one window, or between two windows that differ by some days."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np

from geoharm.hotspots.comparison import compare_windows
from geoharm.model.hotspot import Hotspot
from geoharm.model.period import Period
from geoharm.model.points import DatedPoints
from geoharm.model.study import Comparison
from geoharm.results import StudyResult
from tests.attacks.attack import Attack, replayed
from tests.attacks.attackers import comparisons
from tests.attacks.worlds import (
    AREA,
    counted,
    file_ledger,
    plan,
    publish,
    publish_into,
    released,
    source_ledger,
    table_with,
    whole,
)
from tests.disclosure.test_protect import MEASURE, planted_spot, study

_PLANTED_DAY = date(2020, 6, 15)
_SHORT = Comparison(
    "up to June", Period(date(2020, 1, 1), date(2020, 6, 1)), Period(date(2021, 1, 1), date(2021, 6, 1))
)
_LONG = Comparison("with June", Period(date(2020, 1, 1), date(2020, 7, 1)), Period(date(2021, 1, 1), date(2021, 6, 1)))
_FEW = Comparison("June", Period(date(2020, 6, 1), date(2020, 7, 1)), Period(date(2021, 1, 1), date(2021, 6, 1)))


def city(count):
    """Return events at many places: a hundred in the first months, some in June, two hundred in the next year."""
    days = [date(2020, 1 + number % 5, 10) for number in range(100)] + [_PLANTED_DAY] * count
    days += [date(2021, 1 + number % 5, 10) for number in range(200)]
    place = np.arange(len(days), dtype=float)
    middle = AREA.boundary.centroid
    return DatedPoints(
        middle.x + 40 * (place % 20),
        middle.y + 40 * (place // 20),
        np.array(days, dtype="datetime64[D]"),
        np.ones(place.size),
    )


def without_operation(count, *compared, spots=(), ledgers=None):
    """Return the result of a study without an operation, with comparisons."""
    ledgers = (source_ledger([]),) if ledgers is None else ledgers
    made = replace(study(AREA), comparisons=compared)
    rows = tuple(compare_windows(MEASURE, city(count), one, ledger=ledgers[0]) for one in compared)
    return StudyResult(made, tuple(ledgers), tuple(spots), (), comparisons=rows)


@cache
def one_month_longer(count, release):
    """Publish two comparisons whose first windows differ by one month with few events."""
    return publish(without_operation(count, _SHORT, _LONG), release, files=("tables", "workbook"))


@cache
def few_in_a_window(count, release):
    """Publish a comparison with few events in one window, beside one with it and one without."""
    return publish(without_operation(count, _SHORT, _FEW, _LONG), release, files=("tables", "workbook"))


@cache
def next_release_with_a_longer_window(count, release):
    """Publish one comparison, and then into the same folder another whose first window is a month longer."""
    with tempfile.TemporaryDirectory() as folder:
        return tuple(
            publish_into(released(without_operation(count, one), release), Path(folder)) for one in (_SHORT, _LONG)
        )


@cache
def operation_in_a_hotspot_of_before(count, release):
    """Publish hotspots without an operation, then the same study with one inside a hotspot that holds few events more."""
    planned = plan()
    table = table_with("target", 0, 100)
    files = source_ledger([file_ledger("calls.csv", inside=3000)])
    spot = Hotspot(1, planned.operation.target.buffer(20), sum(table[0]) + count, 40, 0.2, 9.0)
    spots = replace(planted_spot(AREA, 4, 4), hotspots=(spot,), variants=())
    first = without_operation(0, spots=[spots], ledgers=[files])
    second = whole((planned, (counted(table, planned=planned),)), ledgers=[files])
    with tempfile.TemporaryDirectory() as folder:
        return tuple(publish_into(released(one, release), Path(folder)) for one in (first, second))


COMPARISONS = (
    Attack("a comparison whose window is one month longer than another's", one_month_longer, comparisons.month_between),
    Attack("a longer window of a comparison, from the ratios, solved", one_month_longer, comparisons.month_from_ratios),
    Attack("a longer window of a comparison, every byte by trial", one_month_longer, replayed(one_month_longer)),
    Attack("few events in a window of a comparison, between two others", few_in_a_window, comparisons.few_in_window),
    Attack("few events in a window of a comparison, every byte by trial", few_in_a_window, replayed(few_in_a_window)),
    Attack(
        "a comparison whose window is one month longer in the next release",
        next_release_with_a_longer_window,
        comparisons.month_between_releases,
    ),
    Attack(
        "a study with an operation after the same study without one: hotspot minus target",
        operation_in_a_hotspot_of_before,
        comparisons.hotspot_minus_target_later,
    ),
)
