"""Counts, estimates and series of one release: what is planted, and who tries to give it back."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import shapely

from geoharm.evaluation.design.control_candidates import ControlCandidates
from geoharm.evaluation.robustness import diagnose, other_estimators
from geoharm.model.counts import ZoneCounts
from geoharm.model.estimate import Estimate
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.measure import Harm, Measure
from tests.attacks.attack import Attack
from tests.attacks.attackers import counts as count_attackers
from tests.attacks.attackers import estimates, series
from tests.attacks.worlds import (
    AREA,
    MONTHS,
    SPAN,
    counted,
    file_ledger,
    one_operation,
    plan,
    publish,
    source_ledger,
    table_with,
    whole,
    window,
)
from tests.disclosure.test_protect import MEASURE, NAMES, design

MONTH_WINDOWS = {
    "before": window("before", "2020-01-01", "2021-01-01"),
    "after": window("after", "2021-02-01", "2021-08-01"),
    "phases": (window("0-3 months", "2021-02-01", "2021-05-01"), window("3-6 months", "2021-05-01", "2021-08-01")),
}


def planted_in(zone, column):
    """Return the publisher of a study with a planted count in a zone: before, or in the first or second phase."""

    def published(count, release):
        return publish(one_operation(table_with(zone, column, count)), release)

    return published


def two_of_three_categories(count, release):
    """Publish one source by two categories and by both together; the second category is small in the target before."""
    one, other, both = (
        Measure(name, "s", categories, "requests", "public", Harm("community", "environment"))
        for name, categories in (("finds", ("a",)), ("b", ("b",)), ("both", ("a", "b")))
    )
    first = np.array(table_with("target", 0, 60))
    second = np.full_like(first, 40)
    second[0, 0] = count
    planned = plan()
    measures = [
        counted(table, measure=measure, planned=planned)
        for table, measure in ((first, one), (second, other), (first + second, both))
    ]
    return publish(whole((planned, measures)), release)


def two_targets(count, release, *, other=MEASURE, ledgers=()):
    """Publish two operations at one place whose targets differ by a strip with a small count before."""
    small, large = plan(), plan(edges=(160, 210, 410, 660))
    large = replace(large, operation=replace(large.operation, name="Y"))
    table = table_with("target", 0, 100)
    grown = [list(row) for row in table]
    grown[0][0] += count
    operations = (small, (counted(table, planned=small),)), (large, (counted(grown, planned=large, measure=other),))
    return publish(whole(*operations, ledgers=ledgers), release)


def one_file_as_two_sources(count, release):
    """Publish the two targets from two sources that read the same file."""
    other = Measure("finds again", "t", (), "requests", "public", Harm("community", "environment"))
    ledgers = [source_ledger([file_ledger("calls.csv", inside=3000)], source=source) for source in ("s", "t")]
    return two_targets(count, release, other=other, ledgers=ledgers)


def by_month(*, planted, zone="target", files=("tables", "figures"), empty=slice(0)):
    """Return the publisher of a study with counts by month, one of them planted, in a zone that has no others in `empty`."""

    def published(count, release):
        table = np.full((5, MONTHS.size), 50, dtype=np.int64)
        table[0] = 20
        table[4] = 90
        row = NAMES.index(zone)
        table[row, empty] = 0
        table[row, planted] = count
        planned = plan(**MONTH_WINDOWS)
        measured = counted(table, dates=MONTHS, planned=planned)
        measured = replace(measured, other_estimators=other_estimators(measured, planned))
        return publish(whole((planned, (measured,))), release, files=files)

    return published


def two_targets_by_month(count, release):
    """Publish two operations at one place, with 20 and 30 events a month in their targets; few of them between in March 2021."""
    operations = []
    for level, name, edges in ((20, "X", (150, 200, 400, 650)), (30, "Y", (160, 210, 410, 660))):
        planned = plan(edges=edges, **MONTH_WINDOWS)
        planned = replace(planned, operation=replace(planned.operation, name=name))
        table = np.full((5, MONTHS.size), 50, dtype=np.int64)
        table[0], table[4] = level, 90
        table[0, 14] = 20 if level == 20 else 20 + count
        measured = counted(table, dates=MONTHS, planned=planned)
        operations.append((planned, (replace(measured, other_estimators=other_estimators(measured, planned)),)))
    return publish(whole(*operations), release)


@cache
def running(count, release):
    """Publish a target with few events in its second month after, and its change up to each month against 25 events a month."""
    table = np.full((5, MONTHS.size), 50, dtype=np.int64)
    table[0], table[4] = 20, 90
    table[0, 14] = count
    planned = plan(**MONTH_WINDOWS)
    measured = counted(table, dates=MONTHS, planned=planned)
    up_to = table[0, 13:].cumsum() / (series.EXPECTED_A_MONTH * np.arange(1, 7))
    points = tuple(
        Estimate(f"month {number}", float(np.log(ratio)), 0.2, "log ratio", "", calibrated=True)
        for number, ratio in enumerate(up_to, start=1)
    )
    estimators = replace(other_estimators(measured, planned), running_change=points)
    return publish(whole((planned, (replace(measured, other_estimators=estimators),))), release)


def against_candidates(months):
    """Return the publisher of a study whose answers are given against other areas; one had few events in some months."""

    def published(count, release):
        planned = plan(**MONTH_WINDOWS)
        table = np.full((5, MONTHS.size), 50, dtype=np.int64)
        table[0, :12], table[0, 12:], table[4] = 30, 15, 90
        measured = counted(table, dates=MONTHS, planned=planned)
        labels = tuple(f"area {number}" for number in range(24))
        places = tuple(
            Zone(label, ZoneRole.CONTROL, shapely.box(4e5 + 900 * number, 6e6, 4e5 + 900 * number + 250, 6e6 + 250))
            for number, label in enumerate(labels)
        )
        squares = np.random.default_rng(5).poisson(25.0, (24, MONTHS.size))
        squares[FEW, months] = 0
        squares[FEW, months.start] = count
        candidates = ControlCandidates(places, ZoneCounts("finds", labels, MONTHS, squares, False, SPAN))
        estimators = other_estimators(measured, planned, candidates=candidates)
        measured = replace(measured, other_estimators=estimators, diagnostics=diagnose(measured, planned, estimators))
        return publish(whole((planned, (measured,))), release)

    return published


def while_it_ran(count, release):
    """Publish a study in whose target few events fell into the week of the operation."""
    planned = design(AREA)
    days = np.arange(np.datetime64(SPAN.start), np.datetime64(SPAN.end))
    table = np.tile(np.array([[1], [1], [2], [2], [3]]), days.size)
    week = (days >= np.datetime64("2021-01-01")) & (days < np.datetime64("2021-01-08"))
    table[0, week] = 0
    first = int(np.flatnonzero(week)[0])
    table[0, first], table[4, first] = count, 5
    measured = counted(table, dates=days, planned=planned)
    measured = replace(measured, other_estimators=other_estimators(measured, planned))
    return publish(whole((planned, (measured,))), release)


FEW = 14  # the candidate area that had few events
BEFORE_OF_TARGET = planted_in("target", 0)
COUNTS = (
    Attack("one ring from the sum of the rings", planted_in("50-250 m", 0), count_attackers.by_zones("50-250 m")),
    Attack("the gap from target, gap and rings", planted_in("0-50 m", 0), count_attackers.by_zones("0-50 m")),
    Attack("the target from target and rings", BEFORE_OF_TARGET, count_attackers.by_zones("target")),
    Attack(
        "a phase from the window and the other phases",
        planted_in("target", 1),
        count_attackers.by_phases("target", "after", "0-3 months"),
    ),
    Attack(
        "a phase of the control from its window",
        planted_in("control", 2),
        count_attackers.by_phases("target", "control_after", "3-6 months"),
    ),
    Attack(
        "overlapping categories: a, and a with b",
        two_of_three_categories,
        count_attackers.by_two_measures("both", ("finds", "b"), "b"),
    ),
    Attack("two operations with overlapping targets", two_targets, count_attackers.by_two_places()),
    Attack(
        "one file read as two sources",
        one_file_as_two_sources,
        count_attackers.by_two_places(names=("finds", "finds again")),
    ),
    Attack("the weighted displacement difference, solved", BEFORE_OF_TARGET, estimates.from_difference),
    Attack("the expected count, solved", BEFORE_OF_TARGET, estimates.from_expected),
    Attack("the log rate ratio, solved", BEFORE_OF_TARGET, estimates.from_ratio),
    Attack("the error of counting, solved", BEFORE_OF_TARGET, estimates.from_error),
    Attack(
        "the change by distance, solved",
        by_month(planted=0, zone="50-250 m", files=(), empty=slice(0, 12)),
        estimates.from_profile("50-250 m"),
    ),
    Attack(
        "answers by control area and phase, solved",
        against_candidates(slice(13, 16)),
        estimates.from_answers_by_control(f"area {FEW}"),
    ),
    Attack("the effect decay, solved", while_it_ran, estimates.from_decay),
    Attack(
        "a month from the window and the other months",
        by_month(planted=18),
        series.month_by_windows((2021, 7)),
    ),
    Attack(
        "a month of the control from the pixels of its line",
        by_month(planted=5, zone="control"),
        series.control_month_by_line(5),
    ),
    Attack(
        "a month of the control from the cumulative difference",
        by_month(planted=14, zone="control"),
        series.control_month_by_curve(2, (2021, 3)),
    ),
    Attack(
        "a month of the target from the event study",
        by_month(planted=14),
        series.target_month_by_event_study,
    ),
    Attack(
        "a month between two targets from the event studies of both",
        two_targets_by_month,
        series.between_targets_by_event_studies,
    ),
    Attack("a month of the target from the running change", running, series.target_month_by_running_change),
)
