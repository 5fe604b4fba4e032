"""Proposes a study that can be run: coordinate system, period, windows, phases and rings that fit the data."""

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
from geoharm.model.period import Period, add_months, first_of_month, month_name, parse_phase
from geoharm.model.study import BeforeRule, Operation
from geoharm.scaffold.areas import UnprojectedArea
from geoharm.scaffold.measures import ProposedMeasure, Uncounted, choose_primary, propose_measures
from geoharm.scaffold.sources import SourceMatch, UnusedFile

_PHASES_MONTHS = ((0, 3), (3, 6), (6, 12))
_SHORT_PHASES_MONTHS = ((0, 1), (1, 2))
_MONTHS_BEFORE = (24, 12, 6, 3, 1)
# Outer edges of the rings beyond the gap in metres, from the usual ones to those of a small study area. Places that are
# known only to the nearest map point need wider ones.
_RINGS = ((150.0, 400.0, 900.0), (150.0, 400.0), (150.0,), (50.0,))
_WIDE_RINGS = ((300.0, 800.0), (200.0,))
_SNAPPED_ERROR = 50.0
# A source whose middle is further than this from the study area, in degrees, belongs to another place.
_FAR_DEGREES = 2.0


@dataclass(frozen=True, slots=True)
class Answers:
    """The user's answers: those that only a person can give, and those that may be left open.

    Attributes
    ----------
    operation, tactic : str
    start, end : date
        First and last day of the operation; both count.
    area, target : UnprojectedArea
    crs, primary : str
        Empty: to be proposed.
    period : Period or None
        None: as far as the files reach.
    end_given : bool
        Whether the user gave the last day.
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
    """One proposed setting: its name, its value as shown, the reason, and whether it is a guess.

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
    """A proposed study, ready to be written.

    Attributes
    ----------
    answers : Answers
    crs, primary : str
    period, before : Period
    sources : tuple of SourceMatch
    measures : tuple of ProposedMeasure
    uncounted : mapping of str to tuple of UncountedCategory
        By source, the categories that no measure counts.
    gap : float
        Metres.
    rings : tuple of float
        Outer edges in metres.
    after : tuple of str
        Phases.
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
    uncounted: Uncounted
    gap: float
    rings: tuple[float, ...]
    after: tuple[str, ...]
    reasons: dict[str, Proposal]
    left_out: tuple[UnusedFile, ...]


def propose_study(sources: Sequence[SourceMatch], left_out: Sequence[UnusedFile], answers: Answers) -> ProposedStudy:
    """Return a study of these sources that passes its own check.

    Raises
    ------
    StudyError, DesignError
        If no source reaches from before the operation to after it, or no zones or windows fit. The message says why.
    """
    reasons: dict[str, Proposal] = {}
    crs = answers.crs
    if not crs:
        crs, system_name = _crs.national_or_utm(*answers.area.middle)
        reasons["crs"] = Proposal("crs", crs, f"{system_name} of the study area")
    area = StudyArea(answers.area.within(_crs.check_metric_crs(crs)), crs)
    usable, unusable = _usable_sources(sources, answers)
    if not usable:
        unused = (
            "; ".join(
                f"{unused_file.what}: {unused_file.why.removesuffix('.')}" for unused_file in (*unusable, *left_out)
            )
            or "the folder holds no table"
        )
        raise StudyError([f"No file can be used for an operation of {answers.start}: {unused}."])
    measures, uncounted = propose_measures(usable)
    measures, primary = choose_primary(measures, answers.primary, uncounted)
    if not answers.primary:
        rows = next(measure.rows for measure in measures if measure.name == primary)
        reasons["primary"] = Proposal("primary", primary, f"the harm with most rows, {rows:,}; the choice is yours")
    period = _period(usable, answers)
    if answers.period is None:
        reasons["period"] = Proposal(
            "period", _period_text(period), "the days that the files cover; the end day does not count"
        )
    if not answers.end_given:
        reasons["end"] = Proposal(
            "end", str(answers.end), "no last day was given, so the operation is taken to last one day"
        )
    ledgers = tuple(_ledger_within(ledger_source, period) for ledger_source in usable)
    location_error = max(ledger.location_error for ledger in ledgers)
    operation, notes = _fit_operation(answers, area, ledgers, crs)
    assert operation.before.period is not None  # noqa: S101 chosen by _fit_operation
    rings = ", ".join(f"{ring:g}" for ring in operation.rings)
    reasons["rings"] = Proposal("rings", f"{rings} m beyond a gap of {operation.gap:g} m", f"the usual distances that fit; the gap is at least twice the location error of {location_error:g} m"
                              if location_error else "the usual distances that fit")  # fmt: skip
    reasons["before"] = Proposal("before", _period_text(operation.before.period), notes[0])
    reasons["after"] = Proposal("after", ", ".join(operation.after), notes[1])
    return ProposedStudy(
        answers, crs, primary, period, operation.before.period, tuple(usable), measures, uncounted, operation.gap,
        operation.rings, operation.after, reasons, (*left_out, *unusable),
    )  # fmt: skip


def _usable_sources(sources: Sequence[SourceMatch], answers: Answers) -> tuple[list[SourceMatch], list[UnusedFile]]:
    """Return the sources that reach from before the operation to after it, and the others with the reason.

    Of several sources that may hold the same events, only the one with the most rows is used.
    """
    usable: list[SourceMatch] = []
    unusable = []
    end = answers.end + timedelta(days=1)
    for source in sorted(sources, key=lambda candidate: -sum(candidate.categories.values())):
        name = ", ".join(source.files[:3])
        if source.ledger is None:
            unusable.append(
                UnusedFile(
                    name,
                    f"read {source.format}, decide what it marks as not decided, and run this again with --file{f'; {source.inexact}' if source.inexact else ''}",
                )
            )
            continue
        span = source.ledger.coverage
        if not (add_months(span.start, 1) <= answers.start and add_months(end, 1) <= span.end):
            unusable.append(
                UnusedFile(name, f"it covers {span.start} to {span.last}, not a month before and after the operation")
            )
            continue
        if answers.area.outline.distance(shapely.Point(source.middle)) > _FAR_DEGREES:
            where = f"longitude {source.middle[0]:.2f}, latitude {source.middle[1]:.2f}"
            unusable.append(UnusedFile(name, f"half of its rows lie around {where}, far from the study area"))
            continue
        duplicate = next((other_source for other_source in usable if _may_hold_same_events(source, other_source)), None)
        if duplicate is not None:
            unusable.append(
                UnusedFile(
                    name,
                    f"it may hold the same {source.kind} rows as {', '.join(duplicate.files[:3])}, which has more of them",
                )
            )
            continue
        usable.append(source)
    position_by_name = {source.name: position for position, source in enumerate(sources)}
    return sorted(usable, key=lambda source: position_by_name[source.name]), unusable


def _may_hold_same_events(first: SourceMatch, second: SourceMatch) -> bool:
    """Return whether two sources may hold the same events: same kind, shared categories, but different formats."""
    return (
        first.kind == second.kind
        and first.format != second.format
        and bool(set(first.categories) & set(second.categories))
    )


def _period(usable: Sequence[SourceMatch], answers: Answers) -> Period:
    if answers.period is not None:
        return answers.period
    spans = [source.ledger.coverage for source in usable if source.ledger]
    return Period(min(span.start for span in spans), max(span.end for span in spans))


def _ledger_within(source: SourceMatch, period: Period) -> SourceLedger:
    """Return a source's ledger as the study will see it: without days outside the study's period."""
    assert source.ledger is not None  # noqa: S101 only usable sources are passed
    span = source.ledger.coverage.overlap(period)
    if span is None:
        raise StudyError([f"The period {period.start} to {period.last} holds no day of {', '.join(source.files[:3])}."])
    missing = tuple(month for month in source.ledger.missing_months if month in span.months())
    return replace(source.ledger, coverage=span, missing_months=missing)


def _fit_operation(
    answers: Answers, area: StudyArea, ledgers: Sequence[SourceLedger], crs: str
) -> tuple[Operation, tuple[str, str]]:
    """Return the operation that the data allow, and the reasons for its window before and its phases.

    It has the widest rings that fit, the longest possible window before, and every possible phase after.
    """
    location_error = max(ledger.location_error for ledger in ledgers)
    by_month = any(ledger.by_month for ledger in ledgers)
    start = first_of_month(answers.start) if by_month else answers.start
    first_day = max(ledger.coverage.start for ledger in ledgers)
    gap = max(100.0, 2 * location_error)
    target = answers.target.within(crs)

    def operation_with(rings: tuple[float, ...], before: Period, after: tuple[str, ...]) -> Operation:
        return Operation(
            name=answers.operation, tactic=answers.tactic, objective="not stated",
            period=Period(answers.start, answers.end + timedelta(days=1)), target=target, target_note="", gap=gap,
            rings=tuple(gap + distance for distance in rings), control=None, before=BeforeRule(before), after=after,
        )  # fmt: skip

    def design_problem(candidate: Operation) -> str:
        try:
            build_design(candidate, area, [], ledgers)
        except DesignError as problem:
            return str(problem)
        return ""

    month_before = Period(add_months(start, -1), start)
    problem = "no rings fit"
    for rings in _WIDE_RINGS if location_error >= _SNAPPED_ERROR else _RINGS:
        problem = _zones_problem(operation_with(rings, month_before, ("0-1 months",)), area)
        if not problem:
            break
    if problem:
        raise DesignError(problem)
    months_before = next((months for months in _MONTHS_BEFORE if add_months(start, -months) >= first_day), 0)
    if not months_before:
        msg = f"The files begin on {first_day}; at least a month before the operation of {answers.start} is needed."
        raise DesignError(msg)
    before = Period(add_months(start, -months_before), start)
    after = []
    for low, high in _PHASES_MONTHS:
        # The last phase may be shorter, if the files reach two months of it or more.
        lengths = [high, *range(high - 1, low + 1, -1)] if low else [high]
        names = (f"{low}-{length} months" for length in lengths)
        after += [phase for phase in names if not design_problem(operation_with(rings, before, (phase,)))][:1]
    if not after:
        after = [
            phase
            for low, high in _SHORT_PHASES_MONTHS
            if not design_problem(operation_with(rings, before, (phase := f"{low}-{high} months",)))
        ]
    if not after:
        raise DesignError(design_problem(operation_with(rings, before, ("0-1 months",))))
    phases = (
        *(phase for phase in ("during",) if not design_problem(operation_with(rings, before, (phase, *after)))),
        *after,
    )
    missing = [
        f"{low}-{high} months"
        for low, high in _PHASES_MONTHS
        if not any(phase.startswith(f"{low}-") for phase in after)
    ]
    before_text = (
        f"{months_before // 12} whole {'years' if months_before > 12 else 'year'}"
        if months_before >= 12
        else f"{months_before} months"
    )
    missing_text = f"; not {', '.join(missing)}: no data, or months without a file" if missing else ""
    end = answers.end + timedelta(days=1)
    if by_month and end.day > 1:
        end = add_months(first_of_month(end), 1)
    *_, (_, months_after) = filter(None, map(parse_phase, after))
    return operation_with(rings, before, phases), (
        f"{before_text} up to the operation, as far as the files reach back (to {first_day}){_gaps_text(before, ledgers)}",
        f"the phases that the files cover{missing_text}{_gaps_text(Period(end, add_months(end, months_after)), ledgers)}",
    )


def _gaps_text(span: Period, ledgers: Sequence[SourceLedger]) -> str:
    """Return the months of a span in which a source has no usable row, as the end of a reason; empty if there are none."""
    months = span.months()
    gaps = sorted({month for ledger in ledgers for month in ledger.missing_months if month in months})
    return f"; without {', '.join(map(month_name, gaps))}, in which no usable row is dated" if gaps else ""


def _zones_problem(operation: Operation, area: StudyArea) -> str:
    try:
        check_operation(operation, area, [])
    except DesignError as problem:
        return str(problem)
    return ""


def _period_text(period: Period) -> str:
    return f"{{ start = {period.start}, end = {period.end} }}"
