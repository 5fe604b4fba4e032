"""Several releases into one folder: what they give together, and what the folder keeps of them."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.attacks.attack import Attack, published_one_after_another, replayed
from tests.attacks.attackers import counts as count_attackers
from tests.attacks.attackers.releases import by_history, by_late_row, by_shifted_window
from tests.attacks.worlds import (
    MONTHS,
    SPAN,
    counted,
    file_ledger,
    one_operation,
    plan,
    publish,
    publish_into,
    released,
    source_ledger,
    table_with,
    whole,
    window,
)


def one_after_another(release, *results, rules=("under-5", "under-5")):
    """Publish results into one folder, and return what a reader got of each that was not refused."""
    with tempfile.TemporaryDirectory() as name:
        return published_one_after_another(
            *(
                lambda result=result, rule=rule: publish_into(released(result, release, rule=rule), Path(name))
                for result, rule in zip(results, rules, strict=True)
            )
        )


def grown_zone(edges, gained):
    """Return the publisher of two releases between which all zones moved outwards; `gained` gives the second's counts."""

    def published(count, release):
        first = table_with("target", 0, 100)
        second = [list(row) for row in first]
        for (zone, column), more in gained(count).items():
            second[zone][column] += more
        return one_after_another(release, one_operation(first), one_operation(second, planned=plan(edges=edges)))

    return published


def moved_window(count, release):
    """Publish a window after, and the same window that ends two days later, with few events in these days."""
    dates = np.array(["2020-06-15", "2021-02-15", "2021-05-15", "2021-07-02"], dtype="datetime64[D]")
    table = [[*row, 5] for row in table_with("target", 0, 100)]
    table[0][3] = count
    results = []
    for end in ("2021-07-02", "2021-07-04"):
        planned = plan(after=window("after", "2021-01-02", end), phases=(window("0-6 months", "2021-01-02", end),))
        results.append(one_operation(table, dates=dates, planned=planned))
    return one_after_another(release, *results)


def late_row(count, release):
    """Publish a target, and one that grew by a strip with few events; one late row of the old target came in between."""
    return grown_zone((160, 210, 410, 660), lambda planted: {(0, 0): planted + 1, (0, 1): 1})(count, release)


def later_file(count, release):
    """Publish the files of some months, and then the same with one more file of few rows of the target before."""
    first, second = table_with("target", 0, 100), table_with("target", 0, 100 + count)
    results = []
    for table, names in ((first, "ab"), (second, "abc")):
        ledger = source_ledger([file_ledger(f"{name}.csv", inside=700) for name in names])
        planned = plan()
        results.append(whole((planned, (counted(table, planned=planned),)), ledgers=[ledger]))
    return one_after_another(release, *results)


def other_rule(count, release):
    """Publish a target that grew by a strip under one rule and then another."""
    first, second = table_with("target", 0, 100), table_with("target", 0, 100 + count)
    return one_after_another(
        release,
        one_operation(first),
        one_operation(second, planned=plan(edges=(160, 210, 410, 660))),
        rules=("under-10", "under-5"),
    )


def other_operation(count, release):
    """Publish one operation, and then another of another name around a target that holds it and a few more events."""
    first, second = table_with("target", 0, 100), table_with("target", 0, 100 + count)
    large = plan(edges=(160, 210, 410, 660))
    large = replace(large, operation=replace(large.operation, name="Y"))
    return one_after_another(release, one_operation(first), one_operation(second, planned=large))


def two_small_rings(count, release):
    """Publish two rings, one with few events before; together they have always as many."""
    table = table_with("50-250 m", 0, count)
    table[3][0] = 120 - count
    return publish(one_operation(table), release)


def next_month(count, release):
    """Publish a window after of six months, and with one month more, in which there were few events."""
    table = np.full((5, MONTHS.size), 50, dtype=np.int64)
    table[0], table[4] = 20, 90
    table[0, 18] = count
    results = []
    for end in ("2021-07-01", "2021-08-01"):
        planned = plan(
            before=window("before", "2020-01-01", "2021-01-01"),
            after=window("after", "2021-02-01", end),
            phases=(window("0-6 months", "2021-02-01", end),),
        )
        dates = MONTHS[: 18 if end == "2021-07-01" else 19]
        span = replace(SPAN, end=planned.after.periods[0].end)
        results.append(one_operation(table[:, : dates.size], dates=dates, planned=planned, span=span))
    return one_after_another(release, *results)


OUTWARDS = (160, 210, 410, 660)
RELEASES = (
    Attack(
        "a target that grew by ten metres between two releases",
        grown_zone(OUTWARDS, lambda count: {(0, 0): count}),
        count_attackers.by_two_releases(),
    ),
    Attack(
        "a ring that grew between two releases, and one event more in the target",
        grown_zone((150, 200, 410, 650), lambda count: {(0, 0): 1, (2, 0): count}),
        count_attackers.by_two_releases(zone="50-250 m"),
    ),
    Attack("a window moved by two days between two releases", moved_window, by_shifted_window),
    Attack("a window that is one month longer in the next release", next_month, by_shifted_window),
    Attack("a grown target, with a late row in between", late_row, by_late_row),
    Attack(
        "a file of few rows that came in between",
        later_file,
        count_attackers.by_two_releases(),
    ),
    Attack("two releases under different rules", other_rule, count_attackers.by_two_releases()),
    Attack("two operations in two releases", other_operation, count_attackers.by_two_releases()),
    Attack("the history in the folder, read for sums", two_small_rings, by_history),
    Attack("every byte of the folder, by trial", two_small_rings, replayed(two_small_rings)),
)
