"""Ledgers of sources without events: area tables, surveys, sites and streets."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.model.ledger import FileLedger, QualityNote
from geoharm.model.period import Period


@dataclass(frozen=True, slots=True)
class TableLedger:
    """The ledger of one source without events: its files, rows and quality notes.

    The numbers of rows add up as in `FileLedger`. A row is a value of an area table (a wide table has several on one
    line), a survey estimate, a site or a street line. `inside` and `outside` count rows whose area, point or line lies
    inside or outside the study area. `no_place` counts rows without a location (an area without a polygon, a site with
    an address only).

    Attributes
    ----------
    source, kind : str
    files : tuple of FileLedger
    coverage : Period or None
        From the first to the last period with a kept row; None for a source without dates.
    attribution : str
        The attribution that the publisher's licence requires.
    format_name : str
        Name and fingerprint of the format that read the files.
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
