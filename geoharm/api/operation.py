"""The operation and its study, made from the arguments of a call: what the study file of `geoharm run` states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from shapely.geometry.base import BaseGeometry

from geoharm._text import shown
from geoharm._validation import check_positive, nearest_hint
from geoharm.api.days import read_date
from geoharm.api.frames import Events
from geoharm.api.source import Source, read_period
from geoharm.errors import DataError, DesignError
from geoharm.evaluation.design.build import build_design, check_operation
from geoharm.evaluation.design.default_windows import longest_before, phases_that_fit
from geoharm.model.category_words import is_proactive
from geoharm.model.geometry import StudyArea
from geoharm.model.harm_settings import HarmSettings, UnintendedHarmSettings
from geoharm.model.ledger import SourceLedger
from geoharm.model.measure import BORNE_BY, HARM_TYPES, RECORDERS, Harm, Measure
from geoharm.model.period import DURING, Period, first_of_month
from geoharm.model.study import EVENT_KINDS, BeforeRule, HotspotSettings, Operation, PublishSettings, Study

BY_KIND: Literal["by kind"] = "by kind"
HarmLike: TypeAlias = tuple[str, str] | Literal["by kind"] | None
# Who bears the harm of each kind of events, and its type, where a call does not say.
_HARM_OF_KIND = {
    "incident": ("community", "crime and violence"),
    "needle_find": ("community", "environment"),
    "health": ("user", "health"),
    "treatment_entry": ("user", "health"),
}
Before: TypeAlias = tuple[date | str, date | str] | int | None
After: TypeAlias = str | Sequence[str] | None


@dataclass(frozen=True, slots=True)
class MeasureText:
    """What a measure counts, as the arguments of a call say it.

    Attributes
    ----------
    measure : str or sequence of str
        Its name; with a column of categories, the values that it counts.
    category : str or None
        That column.
    kind, unit, recorded_by : str
    harm : (str, str), "by kind" or None
        Who bears it, and its type; None for what police did.
    """

    measure: str | Sequence[str]
    category: str | None
    kind: str
    unit: str
    recorded_by: str
    harm: HarmLike

    @property
    def title(self) -> str:
        """The measure's name for readers."""
        return self.measure if isinstance(self.measure, str) else ", ".join(self.measure)


def read_measure(text: MeasureText, events: Events) -> Measure:
    """Return a measure, or refuse one that counts nothing, or what police did as harm.

    Raises
    ------
    DataError
        With one sentence.
    """
    harm: object = _HARM_OF_KIND.get(text.kind) if text.harm == BY_KIND else text.harm
    if harm is not None and not (isinstance(harm, tuple | list) and len(harm) == 2):
        msg = (
            f'harm is (who bears it, its type), "by kind", or None for what police did; "{shown(str(harm))}" was given.'
        )
        raise DataError(msg)
    for value, known, name in (
        (text.kind, EVENT_KINDS, "kind"),
        (text.recorded_by, RECORDERS, "recorded_by"),
        *(() if harm is None else zip(harm, (BORNE_BY, HARM_TYPES), ("harm[0]", "harm[1]"), strict=True)),
    ):
        if value not in known:
            msg = f'{name} is one of {", ".join(known)}; "{shown(str(value))}" was given.'
            raise DataError(msg)
    categories: tuple[str, ...] = ()
    if text.category is not None:
        categories = (text.measure,) if isinstance(text.measure, str) else tuple(text.measure)
        known_values = [] if events.category is None else sorted(set(map(str, events.category)))
        for value in categories:
            if value not in known_values:
                msg = f'No event has "{shown(value)}" in the column "{shown(text.category)}"; {nearest_hint(value, known_values)}'
                raise DataError(msg)
    elif not isinstance(text.measure, str):
        msg = "Several values in measure need the column that holds them; name it with category=..."
        raise DataError(msg)
    proactive = [value for value in categories if harm is not None and is_proactive(value, kind=text.kind)]
    if proactive:
        msg = f'"{shown(proactive[0])}" is enforcement activity, not harm; write harm=None to look at it as activity.'
        raise DataError(msg)
    return Measure(
        name=text.title,
        source=text.title,
        categories=categories,
        unit=text.unit,
        recorded_by=text.recorded_by,
        harm=None if harm is None else Harm(*harm),
        kind=text.kind,
    )


def _read_harm(text: MeasureText) -> tuple[str, str] | None:
    given: object = _HARM_OF_KIND.get(text.kind) if text.harm == BY_KIND else text.harm
    if given is None:
        return None
    if not isinstance(given, tuple | list) or len(given) != 2:
        msg = f'harm is (who bears it, its type), "by kind", or None for what police did; "{shown(str(given))}" was given.'
        raise DataError(msg)
    return str(given[0]), str(given[1])


def read_operation(
    *,
    name: str,
    target: BaseGeometry,
    start: date | str,
    end: date | str | None,
    rings: Sequence[float],
    gap: float,
    control: BaseGeometry | None,
    before: Before,
    after: After,
    chosen_on: tuple[date | str, date | str] | None,
    area: StudyArea,
    ledgers: Sequence[SourceLedger],
) -> tuple[Operation, list[str]]:
    """Return the operation of a call's arguments, and notes on the windows that were chosen for it.

    Parameters
    ----------
    name : str
    target, control : shapely geometry
        In metres.
    start, end : date or str
        First and last day; an end of None goes on to the last day of the data.
    rings : sequence of float
        Outer distances in metres.
    gap : float
    before, after : as in `geoharm.evaluate`
    chosen_on : (start, end), optional
    area : StudyArea
    ledgers : sequence of SourceLedger

    Raises
    ------
    DataError, DesignError
        With one sentence.
    """
    first, distances = read_date(start, name="start"), _distances(rings, gap)
    data_start, data_end = max(one.coverage.start for one in ledgers), min(one.coverage.end for one in ledgers)
    ongoing = end is None
    last = data_end if end is None else read_date(end, name="end") + timedelta(days=1)
    if last <= first:
        msg = f"The operation must end on or after its first day; start is {first}, end {'the end of the data' if ongoing else end}."
        raise DataError(msg)
    notes: list[str] = []
    by_month = any(ledger.by_month for ledger in ledgers)

    def operation_with(rule: BeforeRule, phases: tuple[str, ...]) -> Operation:
        return Operation(
            name=name,
            tactic="not stated",
            objective="not stated",
            period=Period(first, last),
            target=target,
            target_note="not stated",
            gap=gap,
            rings=distances,
            control=control,
            before=rule,
            after=phases,
            chosen_on=None if chosen_on is None else read_period(chosen_on, name="chosen_on"),
            ongoing=ongoing,
        )

    rule = _before_rule(before)
    if rule is None:
        period = longest_before(first_of_month(first) if by_month else first, data_start)
        if period is None:
            msg = f"The events begin on {data_start}; at least a month before the operation of {first} is needed."
            raise DesignError(msg)
        rule = BeforeRule(period)
        notes.append(
            f"Window before: {period.start} to {period.last}, as far back as the events reach, up to two years."
        )
    phases = (after,) if isinstance(after, str) else tuple(after or ())
    if not phases:
        phases = _covered_phases(partial(operation_with, rule), area, ledgers, ongoing=ongoing)
        notes.append(f"Phases: {', '.join(phases)}, as far as the events reach (to {data_end - timedelta(days=1)}).")
    operation = operation_with(rule, phases)
    check_operation(operation, area, [])
    return operation, notes


def _covered_phases(
    operation_with: Callable[[tuple[str, ...]], Operation],
    area: StudyArea,
    ledgers: Sequence[SourceLedger],
    *,
    ongoing: bool,
) -> tuple[str, ...]:
    """Return the phases that the data cover, "during" first."""

    def problem(phases: Sequence[str]) -> str:
        try:
            build_design(operation_with(tuple(phases)), area, [], ledgers)
        except DesignError as error:
            return str(error)
        return ""

    found = phases_that_fit(lambda phases: not problem(phases))
    if not found:
        raise DesignError(problem(("0-1 months",)))
    return (DURING, *found) if not ongoing and not problem((DURING, *found)) else found


def _distances(rings: Sequence[float], gap: float) -> tuple[float, ...]:
    distances = tuple(
        check_positive(ring, "distance of a ring") for ring in np.atleast_1d(np.asarray(rings, dtype=float))
    )
    if gap < 0 or not np.isfinite(gap):
        msg = f"The gap is a distance in metres, 0 or more; {gap!r} was given."
        raise DesignError(msg)
    edges = (float(gap), *distances)
    if not distances or any(outer <= inner for inner, outer in pairwise(edges)):
        given = ", ".join(f"{ring:g}" for ring in distances) or "none"
        msg = f"The rings' outer distances must grow from the gap of {gap:g} m on; {given} was given."
        raise DesignError(msg)
    return distances


def _before_rule(before: Before) -> BeforeRule | None:
    if before is None:
        return None
    if isinstance(before, int):
        if before < 1:
            msg = f"before is a number of earlier years, 1 or more, or (first day, first day after it); {before} was given."
            raise DesignError(msg)
        return BeforeRule(years=before, same_season=True)
    return BeforeRule(read_period(before, name="before"))


def study_of(
    area: StudyArea,
    *,
    sources: Sequence[Source],
    measures: Sequence[Measure],
    operations: Sequence[Operation] = (),
    margin: float,
    seed: int,
    profiles: Sequence[str] = (),
    hotspots: HotspotSettings | None = None,
) -> Study:
    """Return the study of a call: internal, since its results have full precision, and without files."""
    starts, ends = [one.ledger.coverage.start for one in sources], [one.ledger.coverage.end for one in sources]
    return Study(
        name=operations[0].name if operations else measures[0].name,
        slug="events",
        area=area,
        period=Period(min(starts), max(ends)),
        seed=seed,
        primary=measures[0].name,
        sources=(),
        measures=tuple(measures),
        operations=tuple(operations),
        hotspots=hotspots or HotspotSettings(),
        publish=PublishSettings(release="internal"),
        inputs={},
        folder=Path(),
        harm=HarmSettings(
            profiles=tuple(profiles),
            exchange_rates="exchange-rates",
            unintended_harm=UnintendedHarmSettings(margin=margin),
        ),
    )
