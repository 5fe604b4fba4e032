"""Files that were read the last time and are there no more: each is told once, with what became of its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from geoharm.model.ledger import FileLedger
from geoharm.queries.stored import StoredFile


def gone_files(before: Collection[FileLedger], files: Sequence[StoredFile]) -> list[str]:
    """Return a sentence for each file of a source that is there no more, neither by its name nor under a new one.

    Parameters
    ----------
    before : collection of FileLedger
        What the source's files held the last time.
    files : sequence of StoredFile
        The files of the source now.
    """
    names, names_before = {file.name for file in files}, {ledger.file for ledger in before}
    # A renamed file has the same content under a name that is new. One new name stands for one old one.
    renamed = Counter(file.sha256 for file in files if file.name not in names_before)
    sentences = []
    for ledger in before:
        if ledger.file in names:
            continue
        if renamed[ledger.sha256]:
            renamed[ledger.sha256] -= 1
            continue
        sentences.append(
            f'"{ledger.file}" of "{ledger.source}" was read before and is not there any more: its {ledger.read:,} rows '
            f"({ledger.kept:,} kept, {ledger.rejected:,} rejected, {ledger.duplicate:,} duplicate) are no longer counted."
        )
    return sentences
