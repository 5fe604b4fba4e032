"""The words of what became of the harms that mitigation was to hold."""

from __future__ import annotations

from collections.abc import Sequence

from geoharm.harm.results.mitigation import MarginTest
from geoharm.report import format_numbers
from geoharm.report.wording.withheld import note_text


def margin_words(tests: Sequence[MarginTest], *, reasons: bool = True) -> str:
    """Return what became of one harm in every zone, zones with the same answer together.

    Parameters
    ----------
    tests : sequence of MarginTest
        Of one harm.
    reasons : bool
        Whether the reason stands behind each answer.
    """
    zones_by_state: dict[tuple[str, str], list[str]] = {}
    for margin_test in tests:
        key = (margin_test.state.value, note_text(margin_test.reason) if reasons else "")
        zones_by_state.setdefault(key, []).append(margin_test.zone)
    texts = [
        f"{state} in {format_numbers.join_with_and(zones)}{f' ({reason})' if reason else ''}"
        for (state, reason), zones in zones_by_state.items()
    ]
    return ", ".join(texts) or "not known"
