"""Page 4 of the brief: what was done to soften harm, and what became of every row."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from geoharm import _text
from geoharm.disclosure.ledgers import ReleasedFile, ReleasedLedger
from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.report import format_numbers
from geoharm.report.wording.mitigation import margin_words

# Of more files, the rest are one line.
MAX_FILES = 8
MAX_DOUBTS = 3
FILE_HEADS = ("Read", "Kept", "Rejected", "Duplicate", "No place")


@dataclass(frozen=True, slots=True)
class FileLine:
    """One file of the study, and what became of its rows."""

    name: str
    measures: str
    recorder: str
    numbers: tuple[str, ...]


def mitigation_rows(operation: ReleasedOperation) -> list[tuple[str, str, str, str]]:
    """Return what was planned to soften harm: whether it was done, the harms it was to hold, and what became of them."""
    tests = operation.harm.mitigation if operation.harm else ()
    rows = []
    for mitigation in operation.design.operation.mitigation:
        states = [
            f"{name}: {margin_words([test for test in tests if test.measure == name], reasons=False)}"
            for name in mitigation.measures
        ]
        harms = format_numbers.join_with_and(mitigation.measures) or "none named"
        rows.append(
            (_text.capitalised(mitigation.description), mitigation.delivered, harms, "; ".join(states) or "not known")
        )
    return rows


def file_lines(release: Release) -> tuple[list[FileLine], int]:
    """Return the first files of the study with what became of their rows, and how many more there are."""
    all_lines = [_file_line(release, ledger, file) for ledger in release.all_ledgers for file in ledger.files]
    return list(islice(all_lines, MAX_FILES)), max(0, len(all_lines) - MAX_FILES)


def _file_line(release: Release, ledger: ReleasedLedger, file: ReleasedFile) -> FileLine:
    counted = release.study.measures_of(ledger.source)
    names = [
        f"{measure.name} (activity)" if measure.harm is None and not measure.reporting else measure.name
        for measure in counted
    ]
    recorders = dict.fromkeys(measure.recorder for measure in counted)
    rows = file.rows
    texts = [format_numbers.count_text(number) for number in (rows.read, rows.kept, rows.rejected, rows.duplicate)]
    texts.append(format_numbers.count_text(rows.no_place) if ledger.is_events else "\u2013")
    return FileLine(file.file, "; ".join(names) or ledger.source, "; ".join(recorders) or "\u2013", tuple(texts))
