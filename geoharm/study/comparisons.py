"""Resolves `[[comparison]]`: two windows whose events are compared, whatever was done between them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from geoharm._rules import shortened
from geoharm._schema import Mistakes, Place
from geoharm.model.period import Period
from geoharm.model.study import MAX_COMPARISONS, Comparison
from geoharm.study.schema import ComparisonTable
from geoharm.study.settings import resolve_period


def resolve_comparisons(
    tables: Sequence[ComparisonTable], study_period: Period | None, operations: Collection[str], mistakes: Mistakes
) -> tuple[Comparison, ...]:
    """Return the comparisons of a study file.

    Parameters
    ----------
    tables : sequence of ComparisonTable
    study_period : Period or None
        None after a mistake.
    operations : collection of str
        Names of the operations; maps and pages tell both kinds apart by name.
    mistakes : Mistakes
        Mistakes are added to it.
    """
    comparisons = []
    if len(tables) > MAX_COMPARISONS:
        mistakes.add(
            (), f"there are {len(tables)} [[comparison]], and at most {MAX_COMPARISONS} are mapped; take some out."
        )
    for index, table in enumerate(tables):
        place: Place = ("comparison", index)
        if table.name in operations:
            mistakes.refuse(place, "name", "is the name of an operation too; each needs its own.")
        windows = {
            key: resolve_period(getattr(table, key), (*place, key), mistakes)
            if mistakes.is_sound(*place, key)
            else None
            for key in ("before", "after")
        }
        for key, window in windows.items():
            if window is not None and study_period is not None and not study_period.contains(window):
                mistakes.add(
                    place,
                    f"{key} ({window.start} to {window.last}) runs past the study period, which is {study_period.start} to "
                    f"{study_period.last}; shorten it, or widen the period.",
                )
        before, after = windows["before"], windows["after"]
        if before is None or after is None:
            continue
        if after.start < before.end:
            mistakes.add(
                place,
                f"after starts on {after.start}, before the end of before ({before.end}, not included); the windows of "
                f'"{shortened(table.name)}" must not overlap, and the earlier one is before.',
            )
        comparisons.append(Comparison(table.name, before, after))
    return tuple(comparisons)
