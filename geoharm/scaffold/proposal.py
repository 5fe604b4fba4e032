"""From sources and answers to a study that can be carried out: system, period, windows, phases and rings that fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import shapely

from geoharm import _crs
from geoharm.errors import DesignError, StudyError
from geoharm.evaluation.design.build import build_design, check_operation
from geoharm.model.geometry import StudyArea
from geoharm.model.ledger import SourceLedger
from geoharm.model.period import Period, add_months, first_of_month
from geoharm.model.study import BeforeRule, Operation
from geoharm.scaffold.areas import UnprojectedArea
from geoharm.scaffold.measures import ProposedMeasure, choose_primary, propose_measures
from geoharm.scaffold.sources import SourceMatch, UnusedFile

_LATER = ((0, 3), (3, 6), (6, 12))
_SOON = ((0, 1), (1, 2))
_MONTHS_BEFORE = (24, 12, 6, 3, 1)
# How far rings reach beyond the gap, in metres, from the usual ones to those of a small study area; places known to a
# map point only need wider ones.
_RINGS = ((150.0, 400.0, 900.0), (150.0, 400.0), (150.0,), (50.0,))
_WIDE_RINGS = ((300.0, 800.0), (200.0,))
_SNAPPED = 50.0
# Degrees between the middle of a source and the study area beyond which it is of another place.
_FAR = 2.0


@dataclass(frozen=True, slots=True)
class Answers:
    """What only a person can say, and what a person may say.

    Attributes
    ----------
    operation, tactic : str
    start, end : date
        First and last day; both count.
    area, target : UnprojectedArea
    crs, primary : str
        Empty: proposed.
    period : Period or None
        None: as the files reach.
    end_given : bool
    """

    operation: str
    tactic: str
    start: date
    end: date
    area: UnprojectedArea
    target: UnprojectedArea
    crs: str = ""
    primary: str = ""
    period: Period | None = None
    end_given: bool = True


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal: what, its value as shown, why, and whether it is a guess.

    Attributes
    ----------
    what, value, why : str
    guessed : bool
    """

    what: str
    value: str
    why: str
    guessed: bool = True


@dataclass(frozen=True, slots=True)
class ProposedStudy:
    """A study to be written.

    Attributes
    ----------
    answers : Answers
    crs, primary : str
    period, before : Period
    sources : tuple of SourceMatch
    measures : tuple of ProposedMeasure
    uncounted : mapping of str to tuple of str
        By source, the categories that no measure counts.
    gap : float
    rings : tuple of float
    after : tuple of str
    reasons : mapping of str to Proposal
        By key of the study file.
    left_out : tuple of UnusedFile
    """

    answers: Answers
    crs: str
    primary: str
    period: Period
    before: Period
    sources: tuple[SourceMatch, ...]
    measures: tuple[ProposedMeasure, ...]
    uncounted: dict[str, tuple[str, ...]]
    gap: float
    rings: tuple[float, ...]
    after: tuple[str, ...]
    reasons: dict[str, Proposal]
    left_out: tuple[UnusedFile, ...]


def propose_study(sources: Sequence[SourceMatch], left_out: Sequence[UnusedFile], answers: Answers) -> ProposedStudy:
    """Return a study of these sources that passes its own check, or say in one sentence why there is none.

    Raises
    ------
    StudyError, DesignError
        If no source reaches from before the operation to after it, or no zones or windows fit.
    """
    reasons: dict[str, Proposal] = {}
    crs = answers.crs
    if not crs:
        crs, what = _crs.national_or_utm(*answers.area.middle)
        reasons["crs"] = Proposal("crs", crs, f"{what} of the study area")
    area = StudyArea(answers.area.within(_crs.check_metric_crs(crs)), crs)
    usable, unusable = _usable(sources, answers)
    if not usable:
        held = "; ".join(f"{one.what}: {one.why}" for one in (*unusable, *left_out)) or "the folder holds no table"
        raise StudyError([f"No file can be used for an operation of {answers.start}: {held}."])
    measures, uncounted = propose_measures(usable)
    measures, primary = choose_primary(measures, answers.primary)
    if not answers.primary:
        rows = next(one.rows for one in measures if one.name == primary)
        reasons["primary"] = Proposal("primary", primary, f"the harm with most rows, {rows:,}; the choice is yours")
    period = _period(usable, answers)
    if answers.period is None:
        reasons["period"] = Proposal(
            "period", _span(period), "the days that the files reach, and the end does not count"
        )
    if not answers.end_given:
        reasons["end"] = Proposal("end", str(answers.end), "no last day was given, so it is taken to be one day")
    ledgers = tuple(_ledger(one, period) for one in usable)
    error = max(one.location_error for one in ledgers)
    operation, notes = _fit(answers, area, ledgers, crs)
    assert operation.before.period is not None  # noqa: S101 chosen by _fit
    rings = ", ".join(f"{one:g}" for one in operation.rings)
    reasons["rings"] = Proposal("rings", f"{rings} m beyond a gap of {operation.gap:g} m", f"the usual distances that fit; the gap is at least twice the location error of {error:g} m"
                              if error else "the usual distances that fit")  # fmt: skip
    reasons["before"] = Proposal("before", _span(operation.before.period), notes[0])
    reasons["after"] = Proposal("after", ", ".join(operation.after), notes[1])
    return ProposedStudy(
        answers, crs, primary, period, operation.before.period, tuple(usable), measures, uncounted, operation.gap,
        operation.rings, operation.after, reasons, (*left_out, *unusable),
    )  # fmt: skip


def _usable(sources: Sequence[SourceMatch], answers: Answers) -> tuple[list[SourceMatch], list[UnusedFile]]:
    """Return the sources that reach from before the operation to after it, each kind of rows once."""
    usable: list[SourceMatch] = []
    left = []
    over = answers.end + timedelta(days=1)
    for one in sorted(sources, key=lambda found: -sum(found.categories.values())):
        name = ", ".join(one.files[:3])
        if one.ledger is None:
            left.append(
                UnusedFile(name, f"read {one.format}, settle what it calls not decided, and run this again with --file")
            )
            continue
        span = one.ledger.coverage
        if not (add_months(span.start, 1) <= answers.start and add_months(over, 1) <= span.end):
            left.append(
                UnusedFile(name, f"it covers {span.start} to {span.last}, not a month before and after the operation")
            )
            continue
        if answers.area.outline.distance(shapely.Point(one.middle)) > _FAR:
            where = f"longitude {one.middle[0]:.2f}, latitude {one.middle[1]:.2f}"
            left.append(UnusedFile(name, f"half of its rows lie around {where}, far from the study area"))
            continue
        twin = next((other for other in usable if _are_same(one, other)), None)
        if twin is not None:
            left.append(
                UnusedFile(
                    name, f"it may hold the same {one.kind} rows as {', '.join(twin.files[:3])}, which has more of them"
                )
            )
            continue
        usable.append(one)
    order = {one.name: nth for nth, one in enumerate(sources)}
    return sorted(usable, key=lambda one: order[one.name]), left


def _are_same(one: SourceMatch, other: SourceMatch) -> bool:
    """Return whether two sources may hold the same events: categories in common, read by different formats."""
    return one.kind == other.kind and one.format != other.format and bool(set(one.categories) & set(other.categories))


def _period(usable: Sequence[SourceMatch], answers: Answers) -> Period:
    if answers.period is not None:
        return answers.period
    spans = [one.ledger.coverage for one in usable if one.ledger]
    return Period(min(span.start for span in spans), max(span.end for span in spans))


def _ledger(one: SourceMatch, period: Period) -> SourceLedger:
    """Return a source's ledger as the study will see it: no days outside its period."""
    assert one.ledger is not None  # noqa: S101 only usable sources come here
    span = one.ledger.coverage.overlap(period)
    if span is None:
        raise StudyError([f"The period {period.start} to {period.last} holds no day of {', '.join(one.files[:3])}."])
    missing = tuple(month for month in one.ledger.missing_months if month in span.months())
    return replace(one.ledger, coverage=span, missing_months=missing)


def _fit(
    answers: Answers, area: StudyArea, ledgers: Sequence[SourceLedger], crs: str
) -> tuple[Operation, tuple[str, str]]:
    """Return the operation with the widest rings, the longest window before and the phases after that can be carried."""
    error = max(one.location_error for one in ledgers)
    by_month = any(one.by_month for one in ledgers)
    start = first_of_month(answers.start) if by_month else answers.start
    first = max(one.coverage.start for one in ledgers)
    gap = max(100.0, 2 * error)
    target = answers.target.within(crs)

    def operation(rings: tuple[float, ...], before: Period, after: tuple[str, ...]) -> Operation:
        return Operation(
            name=answers.operation, tactic=answers.tactic, objective="not stated",
            period=Period(answers.start, answers.end + timedelta(days=1)), target=target, target_note="", gap=gap,
            rings=tuple(gap + one for one in rings), control=None, before=BeforeRule(before), after=after,
        )  # fmt: skip

    def works(one: Operation) -> str:
        try:
            build_design(one, area, [], ledgers)
        except DesignError as problem:
            return str(problem)
        return ""

    month = Period(add_months(start, -1), start)
    problem = "no rings fit"
    for rings in _WIDE_RINGS if error >= _SNAPPED else _RINGS:
        problem = _zones_problem(operation(rings, month, ("0-1 months",)), area)
        if not problem:
            break
    if problem:
        raise DesignError(problem)
    back = next((n for n in _MONTHS_BEFORE if add_months(start, -n) >= first), 0)
    if not back:
        msg = f"The files begin on {first}; less than a month before the operation of {answers.start} cannot be judged."
        raise DesignError(msg)
    before = Period(add_months(start, -back), start)
    after = []
    for low, high in _LATER:
        # The last phase may be shorter: what the files reach of it, if that is two months or more.
        lengths = [high, *range(high - 1, low + 1, -1)] if low else [high]
        names = (f"{low}-{length} months" for length in lengths)
        after += [one for one in names if not works(operation(rings, before, (one,)))][:1]
    if not after:
        after = [one for low, high in _SOON if not works(operation(rings, before, (one := f"{low}-{high} months",)))]
    if not after:
        raise DesignError(works(operation(rings, before, ("0-1 months",))))
    phases = (*(one for one in ("during",) if not works(operation(rings, before, (one, *after)))), *after)
    missing = [f"{low}-{high} months" for low, high in _LATER if not any(one.startswith(f"{low}-") for one in after)]
    years = f"{back // 12} whole {'years' if back > 12 else 'year'}" if back >= 12 else f"{back} months"
    told = f"; {', '.join(missing)} not: no days, or months without a file" if missing else ""
    return operation(rings, before, phases), (
        f"{years} up to the operation, as far as the files reach back (to {first})",
        f"what the files reach after it{told}",
    )


def _zones_problem(operation: Operation, area: StudyArea) -> str:
    try:
        check_operation(operation, area, [])
    except DesignError as problem:
        return str(problem)
    return ""


def _span(period: Period) -> str:
    return f"{{ start = {period.start}, end = {period.end} }}"
