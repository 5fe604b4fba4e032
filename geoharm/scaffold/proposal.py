"""Proposes a study that can be run: primary outcome, period, windows, phases and rings that fit the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from geoharm._text import fold_category
from geoharm.errors import DesignError, StudyError
from geoharm.evaluation.design.build import build_design
from geoharm.evaluation.design.default_windows import MONTHS_BEFORE, PHASES_MONTHS, longest_before, phases_that_fit
from geoharm.model.geometry import StudyArea
from geoharm.model.ledger import SourceLedger
from geoharm.model.period import Period, add_months, first_of_month, month_name, parse_phase
from geoharm.model.study import BeforeRule, Operation
from geoharm.scaffold.areas import UnprojectedArea
from geoharm.scaffold.first_look import FirstLook
from geoharm.scaffold.measures import (
    CategoryChoice,
    ProposedMeasure,
    Uncounted,
    categories_of,
    choose_primary,
    propose_measures,
)
from geoharm.scaffold.rings import propose_rings
from geoharm.scaffold.sources import SourceMatch, UnusedFile


@dataclass(frozen=True, slots=True)
class OperationAnswers:
    """What only the user can say of an operation.

    Attributes
    ----------
    name, tactic : str
    start, end : date
        First and last day; both count.
    target : UnprojectedArea
    end_given, tactic_given : bool
        Whether the user gave the last day, and the tactic.
    chosen_on : Period or None
        The days of the events among whose hotspots the target was chosen; None if it was not.
    rings : tuple of float
        The gap and the outer edges in metres; empty: to be proposed.
    """

    name: str
    tactic: str
    start: date
    end: date
    target: UnprojectedArea
    end_given: bool = True
    tactic_given: bool = True
    chosen_on: Period | None = None
    rings: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """The user's answers.

    Attributes
    ----------
    operation : OperationAnswers or None
        None: a study that maps where harm concentrates and evaluates nothing.
    primary : str
        Empty: to be proposed.
    choices : tuple of CategoryChoice
        What the user said of categories.
    period : Period or None
        None: as far as the files reach.
    """

    operation: OperationAnswers | None = None
    primary: str = ""
    choices: tuple[CategoryChoice, ...] = ()
    period: Period | None = None


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
class ProposedOperation:
    """An operation with the windows and zones that the data can carry.

    Attributes
    ----------
    answers : OperationAnswers
    before : Period
    after : tuple of str
        Phases.
    gap : float
        Metres.
    rings : tuple of float
        Outer edges in metres.
    """

    answers: OperationAnswers
    before: Period
    after: tuple[str, ...]
    gap: float
    rings: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ProposedStudy:
    """A proposed study, ready to be written.

    Attributes
    ----------
    area : UnprojectedArea
    crs, primary : str
    period : Period
    sources : tuple of SourceMatch
    measures : tuple of ProposedMeasure
    uncounted : mapping of str to tuple of UncountedCategory
        By source, the categories that no measure counts.
    operation : ProposedOperation or None
    compared : (Period, Period) or None
        Two windows to compare in a study without an operation, the earlier first.
    reasons : mapping of str to Proposal
        By key of the study file.
    left_out : tuple of UnusedFile
    """

    area: UnprojectedArea
    crs: str
    primary: str
    period: Period
    sources: tuple[SourceMatch, ...]
    measures: tuple[ProposedMeasure, ...]
    uncounted: Uncounted
    operation: ProposedOperation | None
    compared: tuple[Period, Period] | None
    reasons: dict[str, Proposal]
    left_out: tuple[UnusedFile, ...]


def propose_study(look: FirstLook, answers: Answers) -> ProposedStudy:
    """Return a study of the sources of a first look that passes its own check.

    Raises
    ------
    StudyError, DesignError
        If no source reaches from before the operation to after it, or no zones or windows fit. The message says why.
    """
    reasons: dict[str, Proposal] = {}
    if look.crs_why:
        reasons["crs"] = Proposal("crs", look.crs, look.crs_why)
    area = StudyArea(look.area.within(look.crs), look.crs)
    usable = look.sources
    choices = choices_within(usable, answers.choices)
    measures, uncounted = propose_measures(usable, choices)
    is_guess = bool(answers.primary) and _is_uncounted(answers.primary, uncounted)
    measures, primary = choose_primary(
        measures, answers.primary, uncounted, sources=usable, evaluated=answers.operation is not None
    )
    leading = next(measure for measure in measures if measure.name == primary)
    uncounted = _still_uncounted(uncounted, measures)
    if not answers.primary:
        reasons["primary"] = Proposal(
            "primary",
            primary,
            f"the {'harm' if leading.is_harm else 'measure'} with most rows, {leading.rows:,}; the choice is yours",
        )
    elif is_guess:
        said = f"no word of it is known, so it is taken for a harm borne by the {leading.borne_by} ({leading.type})"
        reasons["primary"] = Proposal("primary", primary, said)
    period = answers.period or _period(usable)
    if answers.period is None:
        reasons["period"] = Proposal(
            "period", period_text(period), "the days that the files cover; the end day does not count"
        )
    ledgers = tuple(_ledger_within(source, period) for source in usable)
    operation, compared = None, None
    if answers.operation is None:
        compared = last_two_years(ledgers)
    else:
        operation = _propose_operation(answers.operation, area, usable, ledgers, leading, reasons)
    return ProposedStudy(
        look.area, look.crs, primary, period, tuple(usable), measures, uncounted, operation, compared, reasons,
        look.left_out,
    )  # fmt: skip


def choices_within(sources: Sequence[SourceMatch], choices: Sequence[CategoryChoice]) -> tuple[CategoryChoice, ...]:
    """Return the choices that are about sources in use; the others are about files left out for their days."""
    known = set(map(fold_category, categories_of(sources)))
    return tuple(choice for choice in choices if fold_category(choice.category) in known)


def _is_uncounted(primary: str, uncounted: Uncounted) -> bool:
    asked = fold_category(primary)
    return any(fold_category(one.category) == asked for categories in uncounted.values() for one in categories)


def _still_uncounted(uncounted: Uncounted, measures: Sequence[ProposedMeasure]) -> Uncounted:
    counted = {(measure.source, category) for measure in measures for category in measure.categories}
    left = {
        source: tuple(one for one in categories if (source, one.category) not in counted)
        for source, categories in uncounted.items()
    }
    return {source: categories for source, categories in left.items() if categories}


def last_two_years(ledgers: Sequence[SourceLedger]) -> tuple[Period, Period] | None:
    """Return the last year that all sources cover and the year before it; None if they do not cover two years."""
    end = min(ledger.coverage.end for ledger in ledgers)
    if any(ledger.by_month for ledger in ledgers):
        end = first_of_month(end)
    middle, start = add_months(end, -12), add_months(end, -24)
    if start < max(ledger.coverage.start for ledger in ledgers):
        return None
    return Period(start, middle), Period(middle, end)


def _period(usable: Sequence[SourceMatch]) -> Period:
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


def _propose_operation(
    answers: OperationAnswers,
    area: StudyArea,
    sources: Sequence[SourceMatch],
    ledgers: Sequence[SourceLedger],
    leading: ProposedMeasure,
    reasons: dict[str, Proposal],
) -> ProposedOperation:
    """Return the operation that the data allow, and add the reasons for its rings, window before and phases.

    It has the widest rings that other places can carry too, the longest possible window before, and every possible phase
    after.
    """
    if not answers.end_given:
        reasons["end"] = Proposal(
            "end", str(answers.end), "no last day was given, so the operation is taken to last one day"
        )
    if not answers.tactic_given:
        reasons["tactic"] = Proposal(
            "tactic", answers.tactic, "not stated; --tactic says what kind of operation it was"
        )
    target = answers.target.within(area.crs)
    by_month = any(ledger.by_month for ledger in ledgers)
    start = first_of_month(answers.start) if by_month else answers.start

    def operation_with(gap: float, rings: Sequence[float], before: Period, after: tuple[str, ...]) -> Operation:
        return Operation(
            name=answers.name, tactic=answers.tactic, objective="not stated",
            period=Period(answers.start, answers.end + timedelta(days=1)), target=target, target_note="", gap=gap,
            rings=tuple(rings), control=None, before=BeforeRule(before), after=after,
        )  # fmt: skip

    month_before = Period(add_months(start, -1), start)
    source = next(one for one in sources if one.name == leading.source)
    proposed = propose_rings(
        lambda gap, rings: operation_with(gap, rings, month_before, ("0-1 months",)),
        area,
        source.events,
        leading.categories,
        location_error=max(ledger.location_error for ledger in ledgers),
        given=answers.rings,
    )
    if not answers.rings:
        rings = ", ".join(f"{ring:g}" for ring in proposed.rings)
        value = f"{rings} m beyond a gap of {proposed.gap:g} m"
        reasons["rings"] = Proposal("rings", value, proposed.why)
    before = longest_before(start, _first_day(ledgers))
    if before is None:
        msg = f"The files begin on {_first_day(ledgers)}; at least a month before the operation of {answers.start} is needed."
        raise DesignError(msg)
    months_before = len(before.months()) - (before.start.day > 1)
    after, why_after = _phases(
        lambda phases: operation_with(proposed.gap, proposed.rings, before, phases), area, ledgers
    )
    length = (
        f"{months_before // 12} whole {'years' if months_before > 12 else 'year'}"
        if months_before >= 12
        else f"{months_before} months"
    )
    longer = [f"{months} months" for months in MONTHS_BEFORE if months > months_before]
    not_longer = f"; not {', '.join(longer)}: the files do not reach back so far" if longer else ""
    why_before = f"{length} up to the operation, as far as the files reach back (to {_first_day(ledgers)}){not_longer}"
    reasons["before"] = Proposal("before", period_text(before), f"{why_before}{_gaps_text(before, ledgers)}")
    end = answers.end + timedelta(days=1)
    if by_month and end.day > 1:
        end = add_months(first_of_month(end), 1)
    *_, (_, months_after) = filter(None, map(parse_phase, after))
    gaps = _gaps_text(Period(end, add_months(end, months_after)), ledgers)
    reasons["after"] = Proposal("after", ", ".join(after), f"{why_after}{gaps}")
    return ProposedOperation(answers, before, after, proposed.gap, proposed.rings)


def _first_day(ledgers: Sequence[SourceLedger]) -> date:
    return max(ledger.coverage.start for ledger in ledgers)


def _phases(
    operation_with: Callable[[tuple[str, ...]], Operation], area: StudyArea, ledgers: Sequence[SourceLedger]
) -> tuple[tuple[str, ...], str]:
    """Return every phase after that the data can carry, and why; raise DesignError if there is none."""

    def problem(phases: tuple[str, ...]) -> str:
        try:
            build_design(operation_with(phases), area, [], ledgers)
        except DesignError as error:
            return str(error)
        return ""

    after = phases_that_fit(lambda phases: not problem(phases))
    if not after:
        raise DesignError(problem(("0-1 months",)))
    phases = (*(phase for phase in ("during",) if not problem((phase, *after))), *after)
    missing = [
        f"{low}-{high} months" for low, high in PHASES_MONTHS if not any(phase.startswith(f"{low}-") for phase in after)
    ]
    missing_text = f"; not {', '.join(missing)}: no data, or months without a file" if missing else ""
    return phases, f"the phases that the files cover{missing_text}"


def _gaps_text(span: Period, ledgers: Sequence[SourceLedger]) -> str:
    """Return the months of a span in which a source has no usable row, as the end of a reason; empty if there are none."""
    months = span.months()
    gaps = sorted({month for ledger in ledgers for month in ledger.missing_months if month in months})
    return f"; without {', '.join(map(month_name, gaps))}, in which no usable row is dated" if gaps else ""


def period_text(period: Period) -> str:
    """Return a period as the study file writes it."""
    return f"{{ start = {period.start}, end = {period.end} }}"
