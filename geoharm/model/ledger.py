"""What became of every row of every file, and which months have data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from geoharm.errors import DataError
from geoharm.model.period import Period


@dataclass(frozen=True, slots=True)
class FileLedger:
    """One file's rows: read = kept + rejected + duplicate, always.

    Attributes
    ----------
    source, file, sha256 : str
    read, kept, rejected, duplicate : int
    inside, outside, default_geocode, no_place : int
        Where the kept rows lie; they add up to `kept`. Rows on a default geocode or without a place count in
        city totals and in nothing that needs a point.
    recovered : int
        How many of `inside` had no usable coordinates and were placed by their address text.
    reasons : tuple of (str, int, int)
        Why rows were rejected, how many, and the first such line.
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

    def balance(self) -> dict[str, int]:
        """Return the counts by name, in the order in which they add up."""
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

    def named_reasons(self) -> list[dict[str, str | int]]:
        """Return why rows were rejected as {reason, rows, first_line}."""
        return [{"reason": reason, "rows": rows, "first_line": line} for reason, rows, line in self.reasons]


@dataclass(frozen=True, slots=True)
class MonthLedger:
    """One month's rows over all files of a source; rejected rows are those whose date could be read.

    Attributes
    ----------
    month : date
        Its first day.
    kept, rejected, duplicate : int
    """

    month: date
    kept: int
    rejected: int
    duplicate: int

    @property
    def read(self) -> int:
        """Rows of the month, whatever became of them."""
        return self.kept + self.rejected + self.duplicate


@dataclass(frozen=True, slots=True)
class DefaultGeocode:
    """A place where a geocoder puts what it cannot find.

    Attributes
    ----------
    x, y : float
        Metres in the study's system.
    events : int
        Rows found there.
    share : float
        Of all rows with coordinates, 0 to 1.
    addresses : int
        Different address texts among them; 0 where the source has no address.
    reason : str
        The rule that found it.
    """

    x: float
    y: float
    events: int
    share: float
    addresses: int
    reason: str


# The kind of note that says how many rows got a place from their address text.
PLACED = "placed by address"


@dataclass(frozen=True, slots=True)
class QualityNote:
    """Something about a source that its reader must know, and that rejects no row by itself.

    Attributes
    ----------
    kind : str
        A short name, e.g. "two date formats"; one file has one note of a kind and sentence.
    rows : int
        How many rows it is about; 0 if it is not about rows.
    first_line : int
        The first such line; 0 if it is not about one line.
    sentence : str
        What was found, without the rows and the line, and without a full stop.
    file : str
        Empty if it is about the source as a whole.
    """

    kind: str
    rows: int
    first_line: int
    sentence: str
    file: str = ""

    def text(self) -> str:
        """Return the whole note as one line.

        Examples
        --------
        >>> QualityNote("hour", 1200, 7, "the time is 00:00, which stands for an unknown time", "a.csv").text()
        'a.csv: 1,200 rows, first in line 7: the time is 00:00, which stands for an unknown time'
        """
        rows = f"{self.rows:,} row{'s' if self.rows != 1 else ''}" if self.rows else ""
        line = f"first in line {self.first_line:,}" if self.first_line else ""
        return ": ".join(filter(None, (self.file, ", ".join(filter(None, (rows, line))), self.sentence)))

    def named(self) -> dict[str, str | int]:
        """Return the note as {kind, file, rows, first_line, sentence}."""
        return {
            "kind": self.kind,
            "file": self.file,
            "rows": self.rows,
            "first_line": self.first_line,
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True)
class SourceLedger:
    """A source's files, the months it covers and the traps found in it.

    Attributes
    ----------
    source : str
    files : tuple of FileLedger
    coverage : Period
        From the first to the last day (or month) with a row.
    missing_months : tuple of date
        First days of months inside the coverage without any row.
    precision : str
        "moment", "day", "month" or "year": what is known of when a thing happened.
    location_error : float
        Typical distance in metres between a published and a true place; 0 if not stated.
    default_geocodes : tuple of DefaultGeocode
    attribution : str
        The sentence that the publisher's licence asks for.
    format_name : str
        Name of the format that read it, and its fingerprint: two runs that differ in it may read rows differently.
    notes : tuple of QualityNote
        What was found out about the source as a whole, then file by file.
    months : tuple of MonthLedger
        Months with a row, in order; rows without a readable date are in none.
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

    def __post_init__(self) -> None:
        if not self.months:
            return
        dated = {name: sum(int(getattr(month, name)) for month in self.months) for name in ("kept", "duplicate")}
        if any(dated[name] != self.total(name) for name in dated) or self.undated < 0:
            msg = f"{self.source}: the ledger by month does not balance. Please report this as a defect."
            raise DataError(msg)

    @property
    def undated(self) -> int:
        """Rejected rows without a readable date: read rows that are in no month."""
        return self.total("read") - sum(month.read for month in self.months)

    @property
    def by_month(self) -> bool:
        """Whether the source knows no day."""
        return self.precision in ("month", "year")

    def total(self, field: str) -> int:
        """Return the sum of one column, e.g. ``"kept"``, over the files."""
        return sum(int(getattr(row, field)) for row in self.files)
