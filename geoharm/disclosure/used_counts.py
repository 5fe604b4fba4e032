"""Numbers of a ranking or an appraisal as constraints: each count that it computes with, as a reader may come to know it.

A page shows sums of these counts with weights, shares and rates. With nine digits, and with several weights, each count can be
solved for. So the attack takes every count as known, to the nearest ten; those of a withheld number are withheld.

The outline of a planned operation is not published, and nor is that of a market with few events. In the record they have a
name made of the outline: whoever has the same outline knows that it is the same place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from shapely.geometry.base import BaseGeometry

from geoharm.disclosure.constraints import place_name
from geoharm.disclosure.ledgers import protect_ledger
from geoharm.disclosure.rows import DataSet, data_sets, rows_of
from geoharm.disclosure.statements import Constraints, PublishedValue, Term, distinct
from geoharm.disclosure.tens import count_to_ten, ends_of_tens
from geoharm.errors import PublishError
from geoharm.harm.results.used_counts import UsedCounts
from geoharm.model.disclosure_rules import Threshold, is_few
from geoharm.model.ledger import SourceLedger
from geoharm.model.study import Study
from geoharm.model.suppressed import Suppressed

_UNDRAWN, _PLANNED = "undrawn ", "planned "


def constraints_of_counts(
    used: Sequence[UsedCounts], ledgers: Sequence[SourceLedger], k: int, *, planned: bool = False
) -> Constraints:
    """Return what a public ranking or appraisal says about counts.

    Parameters
    ----------
    used : sequence of UsedCounts
        The counts that are computed with; their exact values are rounded or withheld here.
    ledgers : sequence of SourceLedger
    k : int
        Threshold of the disclosure rule.
    planned : bool
        Whether the areas without an outline are those of planned operations, which later releases may draw.
    """
    data = data_sets(ledgers, [protect_ledger(ledger, k) for ledger in ledgers])
    outlines: dict[str, BaseGeometry] = {}
    values: list[PublishedValue] = []
    for number in used:
        if number.is_drawn:
            place = place_name(number.area, outlines)
        else:
            place = (_PLANNED if planned else _UNDRAWN) + place_name(number.area, {})
        values += _values_of(number, place, data, k)
    return Constraints(distinct(tuple(values)), outlines, (), {one.key: one for one in data.values()})


def _values_of(number: UsedCounts, place: str, data: Mapping[str, DataSet], k: int) -> list[PublishedValue]:
    is_withheld = any(is_few(count, k) for count in (*number.beside, *(one.events for one in number.counts)))
    values = []
    low: float
    high: float
    for one in number.counts:
        rows = [replace(rows_of(measure, data), part=one.part) for measure in one.measures]
        terms = tuple(Term(1.0, each, (place,), one.periods) for each in rows)
        shown = count_to_ten(one.events, k)
        if isinstance(shown, Suppressed):
            low, high = (k.lowest if isinstance(k, Threshold) else 1), k - 1
        elif is_withheld:
            low, high = 0.0, math.inf
        else:
            low, high = ends_of_tens(shown)
            low = max(low, k) if shown else low
        text = ", ".join(filter(None, (number.text, " and ".join(measure.name for measure in one.measures), one.part)))
        values.append(PublishedValue(text, terms, float(low), float(high), withheld=is_withheld))
    return values


def with_known_outlines(constraints: Constraints, study: Study) -> Constraints:
    """Return constraints in which areas without an outline are those of the same outline, where one is known.

    Known are the outlines of the constraints themselves, and the targets of the study's operations. The latter are used for
    the attack only, and are in no record.
    """
    outlines = dict(constraints.outlines)
    named = {place for value in constraints.values for term in value.terms for place in term.places}
    hidden = {place for place in named if place.startswith((_UNDRAWN, _PLANNED))}
    if not hidden:
        return constraints
    targets: dict[str, BaseGeometry] = {}
    for operation in study.operations:
        place_name(operation.target, targets)
    known = outlines | targets
    found = {place: name for place in hidden if (name := place.split(" ", 1)[1]) in known}
    outlines |= {name: known[name] for name in found.values()}
    values = tuple(
        replace(
            value,
            terms=tuple(
                replace(term, places=tuple(found.get(place, place) for place in term.places)) for term in value.terms
            ),
        )
        for value in constraints.values
    )
    return replace(constraints, values=distinct(values), outlines=outlines)


def refuse_unknown_areas(constraints: Constraints) -> None:
    """Refuse numbers of planned operations whose outline is not known, beside numbers of other areas.

    Raises
    ------
    PublishError
        If the attack cannot tell whether they overlap.
    """
    named = {place for value in constraints.values for term in value.terms for place in term.places}
    unknown = {place for place in named if place.startswith(_PLANNED)}
    if unknown and len(named) > 1:
        msg = (
            "An earlier appraisal in this folder (releases.json) counts the events of an area that the study has no more, so "
            "this release cannot be checked together with it; choose another --out."
        )
        raise PublishError(msg)
