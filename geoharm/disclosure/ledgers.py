"""Disclosure control of ledgers: rows of files and months to the nearest ten, and few rows only as "under k".

Rows of a file are events of a place and a time, as soon as the file holds one month or one district: with the exact numbers,
the zones of the file's month leave a small rest, and a page that counts 28 of 30 rows tells of two. So in a public release:

- Rows kept, rejected, duplicate, outside the study area, at a default geocode, without a place, and placed by address are
  rounded to the nearest ten, one by one; 1 to k - 1 of them are shown as "under k". Rows read and rows inside are computed
  from the rounded numbers, so they tell nothing more.
- The sum over the files of a source, and the rows kept by month, are rounded in the same way. A sum is withheld where it
  leaves one of its small parts fewer values than "under k" names; the rows by month are withheld where the sum of all months
  does.
- How rows without coordinates were placed by their address is rounded in the same way, and withheld where the sum of the placed
  or of the unplaced ones narrows a small one.
- Files that keep fewer than k rows are left out, and so are notes on fewer than k rows. No line of a file is named: it counts
  the rows before it.

An internal release shows every number. The exact ledger also stays in the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from geoharm.disclosure.suppression import suppress_small
from geoharm.disclosure.tens import count_to_ten, ends_of_tens
from geoharm.model.disclosure_rules import Threshold
from geoharm.model.ledger import (
    AMBIGUOUS,
    NO_ADDRESS,
    NOT_FOUND,
    DefaultGeocode,
    FileLedger,
    MonthLedger,
    QualityNote,
    SourceLedger,
)
from geoharm.model.period import Period
from geoharm.model.suppressed import Count, Suppressed
from geoharm.model.table_ledger import TableLedger

EVENTS = "event"
# Numbers of rows that are rounded by themselves; the others follow from them.
_ROUNDED = ("kept", "rejected", "duplicate", "outside", "default_geocode", "no_place", "recovered")
_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class ReleasedRows:
    """Numbers of rows by what became of them, as they may be released; the fields are those of `FileLedger`."""

    read: Count
    kept: Count
    rejected: Count
    duplicate: Count
    inside: Count
    outside: Count
    default_geocode: Count
    no_place: Count
    recovered: Count

    def known(self, name: str) -> int:
        """Return one of the numbers; 0 where it is suppressed."""
        count = getattr(self, name)
        return 0 if isinstance(count, Suppressed) else int(count)


@dataclass(frozen=True, slots=True)
class ReleasedFile:
    """What became of the rows of one file, as it may be released."""

    file: str
    sha256: str
    rows: ReleasedRows


@dataclass(frozen=True, slots=True)
class ReleasedLedger:
    """The ledger of one source, as it may be released.

    Attributes
    ----------
    source : str
    kind : str
        "event", or one of the kinds of tables.
    files : tuple of ReleasedFile
    hidden_files : int
        Number of files that are left out because they keep few rows.
    totals : ReleasedRows
        Over the files that are listed.
    reasons : tuple of (str, int or Suppressed)
        Each reason for rejection, and its number of rows.
    months : mapping of date to int or Suppressed
        Rows kept in each month; empty for tables, and where they are withheld.
    coverage : Period or None
    missing_months : tuple of date
    location_error : float
    default_geocodes : tuple of DefaultGeocode
    attribution, format_name : str
    notes : tuple of QualityNote
    is_rounded : bool
        Whether the numbers of rows are rounded to the nearest ten.
    placings : mapping of str to int or Suppressed
        Rows by how they were placed by their address, as in `SourceLedger`; empty without such rows, and where they are
        withheld.
    """

    source: str
    kind: str
    files: tuple[ReleasedFile, ...]
    hidden_files: int
    totals: ReleasedRows
    reasons: tuple[tuple[str, Count], ...]
    months: Mapping[date, Count]
    coverage: Period | None
    missing_months: tuple[date, ...]
    location_error: float
    default_geocodes: tuple[DefaultGeocode, ...]
    attribution: str
    format_name: str
    notes: tuple[QualityNote, ...]
    is_rounded: bool
    placings: Mapping[str, Count] = field(default_factory=dict)

    @property
    def is_events(self) -> bool:
        """Whether the source holds dated points."""
        return self.kind == EVENTS


def protect_ledger(ledger: SourceLedger | TableLedger, k: int) -> ReleasedLedger:
    """Return the ledger of a source as it may be released.

    Parameters
    ----------
    ledger : SourceLedger or TableLedger
    k : int
        Threshold of the disclosure rule; 1 shows every number.
    """
    listed = [file for file in ledger.files if not isinstance(suppress_small(file.kept, k), Suppressed)]
    hidden = {file.file for file in ledger.files} - {file.file for file in listed}
    rows = [_file_rows(file, k) for file in listed]
    notes = tuple(
        _release_note(note, k)
        for note in ledger.notes
        if note.file not in hidden and not isinstance(suppress_small(note.rows, k), Suppressed)
    )
    events = ledger if isinstance(ledger, SourceLedger) else None
    return ReleasedLedger(
        ledger.source,
        ledger.kind if isinstance(ledger, TableLedger) else EVENTS,
        tuple(ReleasedFile(file.file, file.sha256, file_rows) for file, file_rows in zip(listed, rows, strict=True)),
        len(hidden),
        _total_rows(listed, rows, k),
        _release_reasons(listed, k),
        _release_months(events.months, k) if events else {},
        ledger.coverage,
        events.missing_months if events else (),
        events.location_error if events else 0.0,
        tuple(_release_geocode(geocode, k) for geocode in events.default_geocodes) if events else (),
        ledger.attribution,
        ledger.format_name,
        notes,
        k > 1,
        _release_placings(events.placings, k) if events else {},
    )


def release_parts(parts: Mapping[_Key, int], k: int) -> tuple[dict[_Key, Count], Count]:
    """Return numbers of rows as they may be released beside their sum, and the sum.

    The sum is withheld if it leaves a part of 1 to k - 1 rows fewer than k - 1 values. That is exact, because the parts and
    their sum have one equation.

    Parameters
    ----------
    parts : mapping of a key to int
    k : int
        Threshold of the disclosure rule; 1 shows every number.

    Examples
    --------
    >>> shown, total = release_parts({"a": 2, "b": 2, "c": 3}, 5)
    >>> str(shown["a"]), str(total)
    ('under 5', '10')
    >>> str(release_parts({"a": 1, "b": 1}, 5)[1]), release_parts({"a": 1, "b": 1}, 1)[1]
    ('withheld', 2)
    """
    shown = {key: count_to_ten(rows, k) for key, rows in parts.items()}
    total = count_to_ten(sum(parts.values()), k)
    lowest = k.lowest if isinstance(k, Threshold) else 1
    lows, highs = (sum(_ends(count, lowest)[side] for count in shown.values()) for side in (0, 1))
    total_low, total_high = _ends(total, lowest)
    for count in shown.values():
        if not isinstance(count, Suppressed):
            continue
        low, high = _ends(count, lowest)
        values = min(high, total_high - (lows - low)) - max(low, total_low - (highs - high)) + 1
        if values < k - lowest:
            return shown, Suppressed()
    return shown, total


def _ends(count: Count, lowest: int) -> tuple[int, int]:
    """Return the smallest and the largest number of rows that a released number stands for."""
    if isinstance(count, Suppressed):
        return lowest, count.below - 1
    return ends_of_tens(count)


def _file_rows(file: FileLedger, k: int) -> ReleasedRows:
    if k == 1:
        return ReleasedRows(**file.row_counts())
    return _with_sums({name: count_to_ten(getattr(file, name), k) for name in _ROUNDED})


def _total_rows(files: Sequence[FileLedger], rows: Sequence[ReleasedRows], k: int) -> ReleasedRows:
    if k == 1:
        return ReleasedRows(**{name: sum(row.known(name) for row in rows) for name in ReleasedRows.__slots__})
    return _with_sums({
        name: release_parts({index: getattr(file, name) for index, file in enumerate(files)}, k)[1]
        for name in _ROUNDED
    })  # fmt: skip


def _with_sums(rounded: Mapping[str, Count]) -> ReleasedRows:
    """Return rounded numbers with those of rows read and inside, which are computed from them."""

    def known(*names: str) -> int:
        return sum(0 if isinstance(count := rounded[name], Suppressed) else count for name in names)

    inside = max(known("kept") - known("outside", "default_geocode", "no_place"), 0)
    return ReleasedRows(read=known("kept", "rejected", "duplicate"), inside=inside, **rounded)


def _release_reasons(files: Sequence[FileLedger], k: int) -> tuple[tuple[str, Count], ...]:
    """Return the reasons for rejection with their rows; a number is withheld where the sum of all of them narrows a small one."""
    rows: dict[str, int] = {}
    for file in files:
        for reason, count, _ in file.reasons:
            rows[reason] = rows.get(reason, 0) + count
    shown, total = release_parts(rows, k)
    if isinstance(total, Suppressed) and not total.below:
        shown = dict.fromkeys(shown, Suppressed())
    return tuple(sorted(shown.items()))


def _release_months(months: Sequence[MonthLedger], k: int) -> dict[date, Count]:
    """Return the rows kept in each month; none if the sum of all months narrows a small one."""
    shown, total = release_parts({record.month: record.kept for record in months}, k)
    return {} if isinstance(total, Suppressed) and not total.below else shown


def _release_placings(placings: Mapping[str, int], k: int) -> dict[str, Count]:
    """Return the rows by how they were placed; none if the sum of all, of the placed or of the unplaced narrows a small one."""
    shown, total = release_parts(placings, k)
    unplaced = {how: rows for how, rows in placings.items() if how in (AMBIGUOUS, NOT_FOUND, NO_ADDRESS)}
    placed = {how: rows for how, rows in placings.items() if how not in unplaced}
    sums = (total, *(release_parts(parts, k)[1] for parts in (placed, unplaced) if parts))
    return {} if any(isinstance(one, Suppressed) and not one.below for one in sums) else shown


def _release_note(note: QualityNote, k: int) -> QualityNote:
    if k == 1:
        return note
    rows = count_to_ten(note.rows, k)
    return replace(note, rows=0 if isinstance(rows, Suppressed) else rows, first_line=0)


def _release_geocode(geocode: DefaultGeocode, k: int) -> DefaultGeocode:
    """Return a default geocode with rounded numbers; its share is computed from them, so that few other rows do not follow."""
    if k == 1:
        return geocode
    located = round(geocode.events / geocode.share) if geocode.share else 0
    events, all_located, addresses = (
        0 if isinstance(count := count_to_ten(rows, k), Suppressed) else count
        for rows in (geocode.events, located, geocode.addresses)
    )
    share = round(events / all_located, 2) if all_located else 0.0
    return replace(geocode, events=events, share=min(share, 1.0), addresses=addresses)
