"""Ledgers: rows of files and months with a planted number among them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np

from geoharm.evaluation.effects import evaluate_measure
from geoharm.model.counts import UNPLACED, ZoneCounts
from geoharm.model.ledger import DefaultGeocode, QualityNote
from tests.attacks.attack import Attack
from tests.attacks.attackers import ledgers
from tests.attacks.kinds_counts import MONTH_WINDOWS
from tests.attacks.worlds import (
    DATES,
    MONTHS,
    SPAN,
    counted,
    file_ledger,
    plan,
    publish,
    source_ledger,
    table_with,
    whole,
)
from tests.disclosure.test_protect import MEASURE, NAMES

PLENTY = table_with("target", 0, 100)


def with_ledger(files, release, *, table=PLENTY, months=(), **more):
    """Publish a study of plenty with a ledger."""
    planned = plan()
    ledger = source_ledger(files, months=months, **more)
    return publish(whole((planned, (counted(table, planned=planned),)), ledgers=[ledger]), release)


def file_by_month(control):
    """Return the publisher of a study whose files hold a month each; in one month the rings had few events.

    Parameters
    ----------
    control : callable
        From the planted count to the control's count in that month.
    """

    def published(count, release):
        table = np.full((5, MONTHS.size), 40, dtype=np.int64)
        table[0], table[4] = 20, 90
        table[[1, 3]] = 0
        table[2, FEW_MONTH], table[4, FEW_MONTH] = count, control(count)
        planned = plan(**MONTH_WINDOWS)
        days = [day.item() for day in MONTHS]
        rows = table.sum(axis=0).tolist()
        files = [file_ledger(f"calls-{day:%Y-%m}.csv", inside=kept) for day, kept in zip(days, rows, strict=True)]
        months = [(day, kept, 0, 0) for day, kept in zip(days, rows, strict=True)]
        measured = counted(table, dates=MONTHS, planned=planned)
        study = whole((planned, (measured,)), ledgers=[source_ledger(files, months=months)])
        return publish(study, release, files=("tables", "figures"))

    return published


@cache
def ring_in_year(count, release):
    """Publish a study whose files hold a month each, 114 rows in every month before; no series is drawn of few events."""
    table = np.full((5, MONTHS.size), 40, dtype=np.int64)
    table[0], table[1], table[2], table[3] = 4, 0, 8, 9
    table[2:4, :12] = 0
    table[2, FEW_MONTH] = count
    table[4, :12] = 114 - table[:4, :12].sum(axis=0)
    planned = plan(**MONTH_WINDOWS)
    rows = zip(MONTHS.tolist(), table.sum(axis=0).tolist(), strict=True)
    files = [(f"calls-{day:%Y-%m}.csv", day, kept) for day, kept in rows]
    ledger = source_ledger(
        [file_ledger(name, inside=kept) for name, _, kept in files],
        months=[(day, kept, 0, 0) for _, day, kept in files],
    )
    return publish(whole((planned, (counted(table, dates=MONTHS, planned=planned),)), ledgers=[ledger]), release)


def unplaced(in_windows):
    """Return the publisher of a study with rows without a place, few of them on the days of no window."""

    def published(count, release):
        table = [*PLENTY, [in_windows - 12, 6, 6]]
        counts = ZoneCounts("finds", (*NAMES, UNPLACED), DATES, np.array(table, dtype=np.int64), False, SPAN)
        planned = plan()
        measured = evaluate_measure(MEASURE, counts, planned)
        ledger = source_ledger([file_ledger("a.csv", inside=2200, no_place=in_windows + count)])
        return publish(whole((planned, (measured,)), ledgers=[ledger]), release)

    return published


def few_in_balance(name):
    """Return the publisher of a study with a file of which few rows had one fate."""

    def published(count, release):
        rows = {"inside": 430, "outside": 60, "rejected": 30, "duplicate": 20} | {name: count}
        return with_ledger([file_ledger("a.csv", **rows)], release)

    return published


def few_in_files(column):
    """Return the publisher of a study with three files that share a number of rows, one of them few."""

    def published(count, release):
        rows = {"a.csv": 40, "b.csv": 20, "c.csv": count}
        return with_ledger([file_ledger(name, inside=300, **{column: more}) for name, more in rows.items()], release)

    return published


def all_files_small(count, release):
    """Publish two files with few rejected rows each: one has always one."""
    rows = {"a.csv": 1, "b.csv": count}
    return with_ledger([file_ledger(name, inside=300, rejected=more) for name, more in rows.items()], release)


def hidden_file(count, release):
    """Publish three files, one of which keeps few rows."""
    rows = {"a.csv": 300, "b.csv": 200, "c.csv": count}
    return with_ledger([file_ledger(name, inside=kept) for name, kept in rows.items()], release)


def reasons(count, release):
    """Publish a file whose rows were rejected for three reasons, one of them rare."""
    rejected = (("no date", 40, 7), ("no such day", 30, 9), ("a rare reason", count, 11))
    file = replace(file_ledger("a.csv", inside=900, rejected=70 + count), reasons=rejected)
    return with_ledger([file], release)


def month_of_few_rows(count, release):
    """Publish a file with three months, in one of which it holds few rows."""
    months = [(date(2020, 5, 1), 114, 0, 0), (date(2020, 6, 1), 224, 0, 0), (date(2020, 7, 1), count, 0, 0)]
    return with_ledger([file_ledger("a.csv", inside=338 + count)], release, months=months)


def geocode(count, release):
    """Publish a file nearly all of whose rows lie at a default geocode."""
    rows = 200
    one = DefaultGeocode(4e5, 6e6, rows, rows / (rows + count), 12, "a pile")
    file = file_ledger("a.csv", inside=count, default_geocode=rows)
    return with_ledger([file], release, default_geocodes=(one,))


def note(count, release):
    """Publish a note on all rows from a line on: few rows follow that line."""
    kept = 500
    one = QualityNote("hour", 300, kept - count + 2, "the time is unknown from there on", "a.csv")
    return with_ledger([file_ledger("a.csv", inside=kept)], release, notes=(one,))


FEW_MONTH = 5
MONTH_NAMES = tuple(f"calls-2020-{number:02}.csv" for number in range(1, 13))
FILES = ("a.csv", "b.csv", "c.csv")
LEDGERS = (
    Attack(
        "rows of a file by month, minus the zones",
        file_by_month(lambda count: 90),
        ledgers.ring_by_file((2020, FEW_MONTH + 1), FEW_MONTH),
    ),
    Attack(
        "rows of a month that end on a 4, minus the zones",
        file_by_month(lambda count: 94 - count),
        ledgers.ring_by_file((2020, FEW_MONTH + 1), FEW_MONTH),
    ),
    Attack(
        "rows of a year of months that each end on a 4, minus the zones",
        ring_in_year,
        ledgers.ring_by_files(MONTH_NAMES),
    ),
    Attack("28 rows without a usable place beside 30", unplaced(28), ledgers.unplaced_rest),
    Attack(
        "rejected rows from the balance of a file", few_in_balance("rejected"), ledgers.by_balance("a.csv", "rejected")
    ),
    Attack("rows outside from the rows kept", few_in_balance("outside"), ledgers.by_balance("a.csv", "outside")),
    Attack(
        "one file's rejected rows from the sum over files",
        few_in_files("rejected"),
        ledgers.by_total(FILES, "c.csv", "rejected"),
    ),
    Attack(
        "two files with few rejected rows, from their sum",
        all_files_small,
        ledgers.by_total(FILES[:2], "b.csv", "rejected"),
        planted=(2, 3),
    ),
    Attack("a file that is left out, from the sum over files", hidden_file, ledgers.by_total(FILES, "c.csv", "kept")),
    Attack("a rare reason for rejection", reasons, ledgers.reason_named("a rare reason")),
    Attack(
        "a month of few rows from the file's rows",
        month_of_few_rows,
        ledgers.month_of_rows(2020, 7, ((2020, 5), (2020, 6))),
    ),
    Attack("rows beside a default geocode, from its share", geocode, ledgers.geocode_share),
    Attack("a line number in a note", note, ledgers.note_on_rows),
)
