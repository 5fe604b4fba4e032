"""Which rows a published number counts: by the bytes of their files and the categories, not by the names of a study.

Two sources that read one file, two measures of one category and two studies of one extract count the same rows. The attack
has to see that, so rows are named by what they are. Data that were revised a little between two releases are read as the
same rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from geoharm._text import fold_category
from geoharm.disclosure.ledgers import ReleasedLedger
from geoharm.model.ledger import SourceLedger
from geoharm.model.measure import Measure
from geoharm.model.suppressed import Suppressed

# Two sources of one release hold the same rows if their numbers by month differ by at most one in so many rows.
_ROWS_PER_DIFFERENCE = 100
# A source of an earlier release holds nearly the same rows if so many of ten months show the same rounded number.
_SAME_MONTHS_OF_TEN = 9
_MIN_SHARED_MONTHS = 3


@dataclass(frozen=True, slots=True)
class DataSet:
    """What a release tells of the data of a source.

    Attributes
    ----------
    source : str
        Name of the source; only for people, and where no file is known.
    scheme : str
        The format that read the files: which column gives the categories.
    files : tuple of str
        SHA-256 of the files that are shown, in order.
    months : tuple of (date, int)
        Published numbers of rows by month; where a month is withheld, minus the threshold that its rows are under (-1 in
        records of earlier versions).
    """

    source: str
    scheme: str = ""
    files: tuple[str, ...] = ()
    months: tuple[tuple[date, int], ...] = ()

    @property
    def key(self) -> str:
        """A name of the data: a hash of their files."""
        if not self.files:
            return f"source {self.source}"
        return hashlib.sha256("\n".join(sorted(self.files)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, order=True)
class RowSet:
    """The rows that a number counts, before they are narrowed down to places and periods.

    Attributes
    ----------
    data : str
        Key of the data (`DataSet.key`).
    scheme : str
        The format that gives the categories their names.
    categories : tuple of str
        Folded and in order; empty means all rows.
    own_place : bool
        Whether rows whose place was inferred from their address text are left out.
    part : str
        Which part of the rows, in words, such as those at night; empty for all. Which rows of one part are in another is not
        known.
    """

    data: str
    scheme: str = ""
    categories: tuple[str, ...] = ()
    own_place: bool = False
    part: str = ""


def rows_of(measure: Measure, data: Mapping[str, DataSet]) -> RowSet:
    """Return the rows that a measure counts; `data` are the data sets by source.

    Examples
    --------
    >>> rows_of(Measure("finds", "calls", ("Needle ", "needle"), "requests", "public"), {})
    RowSet(data='source calls', scheme='', categories=('needle',), own_place=False, part='')
    """
    known = data.get(measure.source, DataSet(measure.source))
    return RowSet(known.key, known.scheme, tuple(sorted(set(map(fold_category, measure.categories)))))


def data_sets(ledgers: Sequence[SourceLedger], shown: Sequence[ReleasedLedger]) -> dict[str, DataSet]:
    """Return the data set of every source of events.

    Parameters
    ----------
    ledgers : sequence of SourceLedger
        At full precision: sources with the same rows in every month share one data set, whatever their files.
    shown : sequence of ReleasedLedger
        As they are released: without files that keep few rows.
    """
    found: dict[str, DataSet] = {}
    for ledger, released in zip(ledgers, shown, strict=True):
        same = next((other for other in ledgers if other.source in found and _has_same_rows(ledger, other)), None)
        told = {month: _number(value) for month, value in released.months.items()}
        files = tuple(sorted({file.sha256 for file in released.files}))
        own = DataSet(ledger.source, ledger.format_name, files, tuple(sorted(told.items())))
        if same is not None:
            twin = found[same.source]
            own = DataSet(twin.source, ledger.format_name, twin.files, twin.months)
        found[ledger.source] = own
    return found


def nearest(earlier: DataSet, current: Iterable[DataSet]) -> DataSet | None:
    """Return the data set of this release that holds nearly the same rows as one of an earlier release; None if none does.

    Notes
    -----
    The one with most files in common is taken. Without a common file, nine of ten months that both show must have the same
    number; among several, the one with most such months, and then the one of the same name. So a file to which some rows
    were added or that was saved in another format is known again.
    """
    ranked = [(_likeness(earlier, candidate), candidate) for candidate in current]
    likely = [(rank, candidate) for rank, candidate in ranked if rank is not None]
    return max(likely, key=lambda pair: pair[0])[1] if likely else None


def _likeness(earlier: DataSet, candidate: DataSet) -> tuple[int, int, bool] | None:
    """Return how alike two data sets are, for comparison; None if they are not."""
    same_name = earlier.source == candidate.source
    if earlier.key == candidate.key:
        return len(earlier.files) + 1, 0, same_name
    common_files = len(set(earlier.files) & set(candidate.files))
    one, other = dict(earlier.months), dict(candidate.months)
    shared = one.keys() & other.keys()
    same = sum(one[month] == other[month] for month in shared)
    if common_files or (len(shared) >= _MIN_SHARED_MONTHS and 10 * same >= _SAME_MONTHS_OF_TEN * len(shared)):
        return common_files, same, same_name
    return None


def _has_same_rows(one: SourceLedger, other: SourceLedger) -> bool:
    """Return whether two sources of one release hold the same rows, but for one in a hundred, in the months of both."""
    kept, other_kept = ({record.month: record.kept for record in ledger.months} for ledger in (one, other))
    shared = kept.keys() & other_kept.keys()
    if len(shared) < min(_MIN_SHARED_MONTHS, len(kept), len(other_kept)) or not shared:
        return False
    differences = sum(abs(kept[month] - other_kept[month]) for month in shared)
    return differences * _ROWS_PER_DIFFERENCE <= sum(kept[month] for month in shared)


def _number(value: int | Suppressed) -> int:
    return -value.below if isinstance(value, Suppressed) else value
