"""The dates of an operation: one period, several spells, or a start of a measure that goes on."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import timedelta

from geoharm._schema import Mistakes, Place
from geoharm.model.period import Period
from geoharm.study.schema import OperationTable, SpellTable

_ONE_DAY = timedelta(days=1)
_A_DATE = "it must be a date without quotes, such as 2019-08-01"
_LEAST_SPELLS = 2


@dataclass(frozen=True, slots=True)
class OperationDates:
    """When an operation was active.

    Attributes
    ----------
    period : Period
        From its first day to its last; to the end of the study period if it goes on.
    spells : tuple of Period
        Empty if it was active all the time.
    """

    period: Period
    spells: tuple[Period, ...] = ()


def resolve_dates(
    table: OperationTable, place: Place, study_period: Period | None, mistakes: Mistakes
) -> OperationDates | None:
    """Return the dates of an operation; None after a mistake.

    Parameters
    ----------
    table : OperationTable
    place : Place
    study_period : Period or None
        None after a mistake.
    mistakes : Mistakes
    """
    if not all(mistakes.is_sound(*place, key) for key in ("start", "end", "ongoing", "spell")):
        return None
    if table.spell:
        return _from_spells(table, place, mistakes)
    return _from_start(table, place, study_period, mistakes)


def _from_start(
    table: OperationTable, place: Place, study_period: Period | None, mistakes: Mistakes
) -> OperationDates | None:
    if table.start is None:
        mistakes.add(place, f"start is missing; {_A_DATE}. Several active periods are written as [[operation.spell]].")
    elif table.ongoing and table.end is not None:
        mistakes.add(place, "end and ongoing = true are both given; a measure that goes on has no end.")
    elif table.ongoing:
        end = table.start + _ONE_DAY
        return OperationDates(Period(table.start, max(end, study_period.end) if study_period else end))
    elif table.end is None:
        mistakes.add(place, f"end is missing; {_A_DATE}. If the measure goes on, write ongoing = true instead.")
    elif table.end < table.start:
        mistakes.refuse(place, "end", f"must not be before start = {table.start}; both days are part of the operation.")
    else:
        return OperationDates(Period(table.start, table.end + _ONE_DAY))
    return None


def _from_spells(table: OperationTable, place: Place, mistakes: Mistakes) -> OperationDates | None:
    if table.start is not None or table.end is not None:
        mistakes.add(place, "start or end is given beside [[operation.spell]]; leave them out, the spells say both.")
        return None
    if table.ongoing:
        mistakes.add(
            place,
            "ongoing = true and [[operation.spell]] are both given; write ongoing = true with the start of the first spell, "
            "or end the last spell.",
        )
        return None
    if len(table.spell) < _LEAST_SPELLS:
        mistakes.add(place, "there is one [[operation.spell]]; write its days as start and end.")
        return None
    spells = [_spell(spell, (*place, "spell", index), mistakes) for index, spell in enumerate(table.spell)]
    known = [spell for spell in spells if spell is not None]
    if len(known) < len(spells):
        return None
    for earlier, later in itertools.pairwise(known):
        if later.start <= earlier.end:
            mistakes.add(
                place,
                f"the spells {earlier.start} to {earlier.last} and {later.start} to {later.last} are not in order with a day "
                "between them; sort them, and write spells without a day between them as one.",
            )
            return None
    return OperationDates(Period(known[0].start, known[-1].end), tuple(known))


def _spell(table: SpellTable, place: Place, mistakes: Mistakes) -> Period | None:
    if not all(mistakes.is_sound(*place, key) for key in ("start", "end")):
        return None
    if table.end < table.start:
        mistakes.refuse(place, "end", f"must not be before start = {table.start}; both days are part of the spell.")
        return None
    return Period(table.start, table.end + _ONE_DAY)
