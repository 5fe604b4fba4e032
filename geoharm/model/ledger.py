"""Ledgers: how many rows of each file were kept, rejected or duplicate, and which months have data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from geoharm.errors import DataError
from geoharm.model.period import Period, Window


@dataclass(frozen=True, slots=True)
class FileLedger:
    """The ledger of one file: rows read = kept + rejected + duplicate.

    Attributes
    ----------
    source, file, sha256 : str
        Name of the source, file name, and hash of the file.
    read, kept, rejected, duplicate : int
        Numbers of rows.
    inside, outside, default_geocode, no_place : int
        Numbers of kept rows by location: inside or outside the study area, at a default geocode, or without a place.
        They add up to `kept`. Rows of the last two groups count in city totals only.
    recovered : int
        How many of the rows `inside` had no usable coordinates and were located by their address text.
    reasons : tuple of (str, int, int)
        Each reason for rejection, its number of rows, and the first such line.
    """

    source: str
    file: str
    sha256: str
    read: int
    kept: int
    rejected: int
    duplicate: int
    inside: int
    outside: int
    default_geocode: int
    no_place: int
    reasons: tuple[tuple[str, int, int], ...] = ()
    recovered: int = 0

    def __post_init__(self) -> None:
        if self.read != self.kept + self.rejected + self.duplicate:
            msg = (
                f"{self.file}: the ledger does not balance: {self.read} rows read, but {self.kept} kept + "
                f"{self.rejected} rejected + {self.duplicate} duplicate. Please report this as a defect."
            )
            raise DataError(msg)
        if self.kept != self.inside + self.outside + self.default_geocode + self.no_place:
            msg = f"{self.file}: the places of kept rows do not add up to {self.kept}. Please report this as a defect."
            raise DataError(msg)

    def row_counts(self) -> dict[str, int]:
        """Return the numbers of rows by name, in the order in which they add up."""
        names = (
            "read",
            "kept",
            "rejected",
            "duplicate",
            "inside",
            "outside",
            "default_geocode",
            "no_place",
            "recovered",
        )
        return {name: int(getattr(self, name)) for name in names}

    def reason_records(self) -> list[dict[str, str | int]]:
        """Return the reasons for rejection as dictionaries {reason, rows, first_line}."""
        return [{"reason": reason, "rows": rows, "first_line": line} for reason, rows, line in self.reasons]


@dataclass(frozen=True, slots=True)
class MonthLedger:
    """Rows of one month over all files of a source; rejected rows are counted if their date is readable.

    Attributes
    ----------
    month : date
        First day of the month.
    kept, rejected, duplicate : int
        Numbers of rows.
    """

    month: date
    kept: int
    rejected: int
    duplicate: int

    @property
    def read(self) -> int:
        """Number of rows of the month: kept, rejected and duplicate."""
        return self.kept + self.rejected + self.duplicate


@dataclass(frozen=True, slots=True)
class DefaultGeocode:
    """The point to which a geocoder sends addresses that it cannot find.

    Attributes
    ----------
    x, y : float
        Metres in the study's coordinate system.
    events : int
        Number of rows at this point.
    share : float
        Share of all rows with coordinates, 0 to 1.
    addresses : int
        Number of different address texts at this point; 0 if the source has no addresses.
    reason : str
        The rule by which it was detected.
    """

    x: float
    y: float
    events: int
    share: float
    addresses: int
    reason: str


# The kind of quality note on rows that were located by their address text.
PLACED = "placed by address"
# How a place was found by an address text: in a list of addresses or street file ...
BY_ADDRESS, BY_INTERSECTION, BY_BLOCK = "exact address", "intersection", "block"
# ... or inferred: from an address that is written much alike, or from other rows of the source.
MATCHED, SAME_TEXT, STREETS_MEET = "matched", "same text", "streets meet"
INFERRED = (MATCHED, SAME_TEXT, STREETS_MEET)
# Why no place was found.
AMBIGUOUS, NOT_FOUND, NO_ADDRESS = "ambiguous", "not found", "no address"
PLACINGS = (BY_ADDRESS, BY_INTERSECTION, BY_BLOCK, *INFERRED, AMBIGUOUS, NOT_FOUND, NO_ADDRESS)
# The kind of quality note on rows whose coordinates cannot be a place.
IMPOSSIBLE = "impossible place"
# The kind of quality note on rows whose category is spelt otherwise than most rows of it.
SPELLINGS = "spellings of a category"


@dataclass(frozen=True, slots=True)
class QualityNote:
    """A note on the quality of a source; by itself it rejects no row.

    Attributes
    ----------
    kind : str
        A short name, e.g. "two date formats". A file has one note for each kind and sentence.
    rows : int
        Number of rows concerned; 0 if it does not concern rows.
    first_line : int
        The first such line; 0 if it does not concern a line.
    sentence : str
        The finding, without rows and line, and without a full stop.
    file : str
        File name; empty if the note concerns the whole source.
    """

    kind: str
    rows: int
    first_line: int
    sentence: str
    file: str = ""

    def text(self) -> str:
        """Return the note as one line of text.

        Examples
        --------
        >>> QualityNote("hour", 1200, 7, "the time is 00:00, which stands for an unknown time", "a.csv").text()
        'a.csv: 1,200 rows, first in line 7: the time is 00:00, which stands for an unknown time'
        """
        rows = f"{self.rows:,} row{'s' if self.rows != 1 else ''}" if self.rows else ""
        line = f"first in line {self.first_line:,}" if self.first_line else ""
        return ": ".join(filter(None, (self.file, ", ".join(filter(None, (rows, line))), self.sentence)))

    def record(self) -> dict[str, str | int]:
        """Return the note as a dictionary {kind, file, rows, first_line, sentence}."""
        return {
            "kind": self.kind,
            "file": self.file,
            "rows": self.rows,
            "first_line": self.first_line,
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True)
class SourceLedger:
    """The ledger of one source: its files, coverage, default geocodes, quality notes, and how addresses were placed.

    Attributes
    ----------
    source : str
    files : tuple of FileLedger
    coverage : Period
        From the first to the last day (or month) with a row.
    missing_months : tuple of date
        First days of months inside the coverage that have no row.
    precision : str
        Precision of the dates: "moment", "day", "month" or "year".
    location_error : float
        Typical distance in metres between published and true location; 0 if not stated.
    default_geocodes : tuple of DefaultGeocode
    attribution : str
        The attribution that the publisher's licence requires.
    format_name : str
        Name and fingerprint of the format that read the files. Runs with different fingerprints may read rows
        differently.
    notes : tuple of QualityNote
        Notes on the whole source, then on each file.
    months : tuple of MonthLedger
        Months with rows, in order; rows without a readable date are in none of them.
    placings : mapping of str to int
        Of a source that names lists of addresses: its kept rows without coordinates of their own by how their place was
        found, or why none was; the keys are `PLACINGS`. Empty for other sources.
    """

    source: str
    files: tuple[FileLedger, ...]
    coverage: Period
    missing_months: tuple[date, ...]
    precision: str
    location_error: float
    default_geocodes: tuple[DefaultGeocode, ...]
    attribution: str
    format_name: str = ""
    notes: tuple[QualityNote, ...] = ()
    months: tuple[MonthLedger, ...] = ()
    placings: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if sum(self.placings.values()) > self.total("kept"):
            msg = f"{self.source}: more rows were placed by address than kept. Please report this as a defect."
            raise DataError(msg)
        if not self.months:
            return
        dated = {name: sum(int(getattr(month, name)) for month in self.months) for name in ("kept", "duplicate")}
        if any(dated[name] != self.total(name) for name in dated) or self.undated < 0:
            msg = f"{self.source}: the ledger by month does not balance. Please report this as a defect."
            raise DataError(msg)

    @property
    def undated(self) -> int:
        """Number of rejected rows without a readable date; they belong to no month."""
        return self.total("read") - sum(month.read for month in self.months)

    @property
    def whole_period(self) -> Window:
        """The window of every covered day that has data."""
        return Window("whole period", (self.coverage,)).without_months(self.missing_months)

    @property
    def by_month(self) -> bool:
        """Whether the source has dates without a day."""
        return self.precision in ("month", "year")

    def total(self, field: str) -> int:
        """Return the sum of one column, e.g. ``"kept"``, over the files."""
        return sum(int(getattr(row, field)) for row in self.files)
