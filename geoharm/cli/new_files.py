"""Shows the files of a folder before anything is asked: rows, days and places of each, what it seems to be, or why not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from geoharm.cli.ask import say

if TYPE_CHECKING:
    from geoharm.scaffold.sources import SourceMatch, UnusedFile

_KINDS = {
    "site": "places without dates", "incident": "incidents", "needle_find": "needle finds", "treatment_entry": "entries into treatment", "health": "health calls",
}  # fmt: skip
_MOST_CATEGORIES = 4


def show_files(data: Path, sources: Iterable[SourceMatch], unused: Iterable[UnusedFile]) -> None:
    """Print what each file seems to be, on standard error."""
    say(f"Files in {data}:")
    for source in sources:
        say(", ".join(source.files[:3]) + (" ..." if len(source.files) > 3 else ""), indent=2)
        for line in _lines(source):
            say(line, indent=4)
    for one in unused:
        say(f"{one.what}{f' ({one.rows})' if one.rows else ''}", indent=2)
        say(f"not used: {one.why}", indent=4)


def _lines(source: SourceMatch) -> list[str]:
    """Return rows, days and places of a source, what it seems to be and why, and its most frequent categories."""
    lines = [f"{_KINDS[source.kind]}, read as {source.format}: {source.evidence}"]
    ledger = source.ledger
    if source.places is not None and source.events is not None:
        rows = source.places
        return [
            f"{rows.total('read'):,} rows, no dates, {source.events.total:,} placed, {rows.total('rejected'):,} rejected, "
            f"{rows.total('duplicate'):,} duplicate, {rows.total('no_place'):,} without a place",
            *lines,
        ]
    if ledger is None:
        open_questions = "; ".join(source.undecided[:2])
        return [*lines, f"not read yet, for something is undecided: {open_questions}"]
    files = f" in {len(ledger.files):,} files" if len(ledger.files) > 1 else ""
    not_placed = [
        f"{count:,} {why}"
        for count, why in (
            (ledger.total("default_geocode"), "on a default geocode, which is no place"),
            (ledger.total("no_place"), "without a place"),
            (ledger.total("rejected"), "rejected"),
            (ledger.total("duplicate"), "duplicate"),
        )
        if count
    ]
    counts = [f"{ledger.total('read'):,} rows{files}", f"{ledger.coverage.start} to {ledger.coverage.last}"]
    lines.insert(0, ", ".join([*counts, f"{ledger.total('inside'):,} placed", *not_placed]))
    named = [(category, rows) for category, rows in source.categories.items() if category and category != "None"]
    if len(named) > 1:
        listed = ", ".join(f"{category} ({rows:,})" for category, rows in named[:_MOST_CATEGORIES])
        more = f" and {len(named) - _MOST_CATEGORIES:,} more" if len(named) > _MOST_CATEGORIES else ""
        lines.append(f"categories: {listed}{more}")
    return lines
