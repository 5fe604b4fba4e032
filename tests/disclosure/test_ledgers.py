"""Rows of files: rounded one by one, and no sum that leaves a small number fewer values than its label names."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.disclosure.ledgers import EVENTS, ReleasedRows, protect_ledger, release_parts
from geoharm.disclosure.tens import count_to_ten, working_count
from geoharm.model.ledger import AMBIGUOUS, NO_ADDRESS, NOT_FOUND, PLACINGS, QualityNote
from geoharm.model.suppressed import Suppressed
from geoharm.model.table_ledger import TableLedger
from tests.attacks.attackers.solving import known, possible
from tests.attacks.worlds import SPAN, file_ledger, source_ledger


def ends(count):
    """Return what a reader knows of a released number; written down here once more, apart from the code."""
    if isinstance(count, Suppressed):
        return (1, count.below - 1) if count.below else (0, 10_000)
    return (0, 0) if count == 0 else (count - 5, count + 5)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40) | st.integers(0, 4), min_size=1, max_size=5), st.sampled_from([5, 8, 10]))
def test_parts_and_their_sum_leave_every_small_part_what_its_label_names(rows, k):
    shown, total = release_parts(dict(enumerate(rows)), k)
    sums = [known(str(key), ends(count)) for key, count in shown.items()] + [known(list(map(str, shown)), ends(total))]
    for key, count in enumerate(rows):
        if 0 < count < k:
            found = possible(str(key), sums)
            assert count in found
            assert len(found) >= k - 1


@pytest.mark.parametrize("rows", range(1, 60))
def test_rounded_rows_are_near_and_small_ones_are_labels(rows):
    shown = count_to_ten(rows, 5)
    if rows < 5:
        assert shown == Suppressed(5)
    else:
        assert abs(shown - rows) <= 5
        assert shown >= 10


def test_what_is_computed_with_does_not_tell_small_counts_apart():
    assert {working_count(count, 8) for count in range(1, 8)} == {4}
    assert [working_count(count, 1) for count in range(12)] == list(range(12))


def ledgers(**more):
    files = (
        replace(file_ledger("a.csv", inside=731, rejected=13, no_place=3), reasons=(("no date", 13, 40),)),
        file_ledger("b.csv", inside=254, duplicate=2),
        file_ledger("c.csv", inside=3),
    )
    notes = (
        QualityNote("hour", 123, 7, "a note", "a.csv"),
        QualityNote("few", 3, 9, "a note", "a.csv"),
        QualityNote("hour", 12, 7, "a note", "c.csv"),
    )
    months = [(date(2020, 1, 1), 612, 13, 2), (date(2020, 2, 1), 376, 0, 0), (date(2020, 3, 1), 3, 0, 0)]
    return source_ledger(files, months=months, notes=notes, **more)


def test_a_public_ledger_holds_no_exact_number_of_rows_and_no_line():
    found = protect_ledger(ledgers(), 5)
    assert [file.file for file in found.files] == ["a.csv", "b.csv"]
    assert found.hidden_files == 1
    assert (found.kind, found.is_rounded) == (EVENTS, True)
    first = found.files[0].rows
    assert (first.kept, first.rejected, first.no_place, first.inside, first.read) == (730, 10, Suppressed(5), 730, 740)
    for rows in (found.totals, *(file.rows for file in found.files)):
        for item in fields(ReleasedRows):
            count = getattr(rows, item.name)
            assert isinstance(count, Suppressed) or count % 10 == 0
    assert found.reasons == (("no date", 10),)
    assert found.months == {date(2020, 1, 1): 610, date(2020, 2, 1): 380, date(2020, 3, 1): Suppressed(5)}
    assert [(note.rows, note.first_line) for note in found.notes] == [(120, 0)]


def test_an_internal_ledger_is_exact():
    whole = ledgers()
    found = protect_ledger(whole, 1)
    for file, shown in zip(whole.files, found.files, strict=True):
        assert {item.name: getattr(shown.rows, item.name) for item in fields(ReleasedRows)} == file.row_counts()
    assert found.totals.read == whole.total("read")
    assert found.notes == whole.notes
    assert found.months == {month.month: month.kept for month in whole.months}
    assert not found.is_rounded


def test_a_table_has_its_kind_and_no_months():
    table = TableLedger("wards", "survey", ledgers().files, SPAN, "", "f")
    found = protect_ledger(table, 5)
    assert (found.kind, found.is_events, found.months, found.missing_months) == ("survey", False, {}, ())


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 4) | st.integers(0, 60), min_size=len(PLACINGS), max_size=len(PLACINGS)),
    st.sampled_from([5, 10]),
)
def test_ways_of_placing_leave_every_small_one_what_its_label_names(rows, k):
    """A reader knows the sums of placed and unplaced rows, to the nearest ten: they narrow no small one."""
    placings = {how: count for how, count in zip(PLACINGS, rows, strict=True) if count}
    ledger = replace(ledgers(), placings=placings)
    shown = protect_ledger(ledger, k).placings
    assert protect_ledger(ledger, 1).placings == placings
    assert shown in ({}, {how: count_to_ten(count, k) for how, count in placings.items()})
    unplaced = [how for how in shown if how in (AMBIGUOUS, NOT_FOUND, NO_ADDRESS)]
    sums = [known(how, ends(count)) for how, count in shown.items()]
    for part in (list(shown), unplaced, [how for how in shown if how not in unplaced]):
        if part:
            sums.append(known(part, ends(count_to_ten(sum(placings[how] for how in part), k))))
    for how, count in placings.items():
        if shown and 0 < count < k:
            assert len(possible(how, sums)) >= k - 1
