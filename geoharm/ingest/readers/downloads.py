"""Signs that a download is not whole: a last row that breaks off, and a number of rows at which servers stop."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from geoharm.ingest.readers.staging import StagedRows
from geoharm.model.ledger import QualityNote

# The most rows that the servers of open data send at once: Socrata and ArcGIS by default, ArcGIS since 10.1, Socrata's
# older interface (https://dev.socrata.com/docs/queries/limit.html; ArcGIS REST API, "maxRecordCount").
PAGE_LIMITS = (1_000, 2_000, 50_000)


def download_notes(staged: StagedRows, at_fault: Mapping[int, Collection[str]], *, file: str = "") -> list[QualityNote]:
    """Return notes on what a file may lack.

    Parameters
    ----------
    staged : StagedRows
    at_fault : mapping of int to collection of str
        The fields for which rows were rejected, by their lines, at least for the last; "row" is their shape.
    file : str
        Put before each sentence, where notes do not know their file.
    """
    begin = f"{file}: " if file else ""
    notes = [QualityNote("said by the file", 0, 0, f"{begin}{sentence}") for sentence in staged.notes]
    if staged.open_end and {"row", staged.last_field} & set(at_fault.get(staged.open_end, ())):
        sentence = f"{begin}the last row breaks off without a line end, as where a download was cut short; check that the file is whole"
        notes.append(QualityNote("cut short", 1, staged.open_end, sentence))
    if staged.read in PAGE_LIMITS:
        sentence = f"{begin}the file has exactly {staged.read:,} rows, at which many servers stop; check whether the publisher has more"  # fmt: skip
        notes.append(QualityNote("full page", 0, 0, sentence))
    return notes
