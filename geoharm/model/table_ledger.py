"""What became of every row of a source that holds no events: area tables, surveys, sites and streets."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.model.ledger import FileLedger, QualityNote
from geoharm.model.period import Period


@dataclass(frozen=True, slots=True)
class TableLedger:
    """A source's files, rows and traps; `FileLedger.balance` holds for it as for events.

    A "row" is what the kind counts: a value of an area table (a wide table has many on one line), an estimate, a site,
    a street line. "Inside" and "outside" say where the row's area, point or line lies against the study area;
    "no place" counts rows without one (an area without a polygon, a site with an address only).

    Attributes
    ----------
    source, kind : str
    files : tuple of FileLedger
    coverage : Period or None
        From the first to the last period with a kept row; None for what has no date.
    attribution : str
        The sentence that the publisher's licence asks for.
    format_name : str
        Name of the format that read it, and its fingerprint.
    notes : tuple of QualityNote
    """

    source: str
    kind: str
    files: tuple[FileLedger, ...]
    coverage: Period | None
    attribution: str
    format_name: str = ""
    notes: tuple[QualityNote, ...] = ()

    def total(self, field: str) -> int:
        """Return the sum of one column, e.g. ``"kept"``, over the files."""
        return sum(int(getattr(row, field)) for row in self.files)
