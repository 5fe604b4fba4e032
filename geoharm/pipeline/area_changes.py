"""Operations of a study whose primary measure is counted by area: windows, and counts of whole areas before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from geoharm.errors import DesignError
from geoharm.evaluation.design.windows import build_windows
from geoharm.harm.area_change import area_change
from geoharm.harm.results.area_change import AreaOutcome
from geoharm.model.area_counts import AreaCounts
from geoharm.model.ledger import SourceLedger
from geoharm.model.measure import Measure
from geoharm.model.period import Period, Window
from geoharm.model.study import Operation, Study

# A table whose shortest period has so many days has no days or weeks.
_MONTH = 28


@dataclass(frozen=True, slots=True)
class AreaWindows:
    """The windows of one operation in which whole areas are counted.

    Attributes
    ----------
    operation : Operation
    before, after : Window
    notes : tuple of str
        What was left out of them, in whole sentences.
    """

    operation: Operation
    before: Window
    after: Window
    notes: tuple[str, ...]


def area_windows(study: Study, source: SourceLedger | Sequence[AreaCounts]) -> tuple[AreaWindows, ...]:
    """Return the windows of every operation of a study whose primary measure is counted by area.

    Parameters
    ----------
    study : Study
    source : SourceLedger or sequence of AreaCounts
        What the primary measure is counted from: events with the code of an area, or the tables of its categories.

    Raises
    ------
    DesignError
        If a window runs past what was counted.
    """
    missing: Sequence[date] = ()
    if isinstance(source, SourceLedger):
        coverage, missing, by_month = source.coverage, source.missing_months, source.by_month
    else:
        periods = [period for table in source for period in table.periods]
        coverage = Period(min(period.start for period in periods), max(period.end for period in periods))
        by_month = min(period.days for period in periods) >= _MONTH
    found = []
    for operation in study.operations:
        before, after, _, notes = build_windows(operation, coverage=coverage, missing=missing, by_month=by_month)
        found.append(AreaWindows(operation, before, after, notes))
    return tuple(found)


def area_outcomes(
    study: Study, windows: Sequence[AreaWindows], tables_of: Mapping[str, tuple[AreaCounts, ...]]
) -> tuple[AreaOutcome, ...]:
    """Return what was counted in whole areas around every operation, of every measure of areas, the primary measure first.

    Parameters
    ----------
    study : Study
    windows : sequence of AreaWindows
    tables_of : mapping of measure to tuple of AreaCounts

    Raises
    ------
    DesignError
        If nothing can be said of the primary measure; of another, its outcome says why.
    """
    ordered = sorted(study.harm.area_measures, key=lambda measure: measure.name != study.primary)
    return tuple(_outcome(study, window, measure, tables_of[measure.name]) for window in windows for measure in ordered)


def _outcome(study: Study, windows: AreaWindows, measure: Measure, tables: Sequence[AreaCounts]) -> AreaOutcome:
    name = windows.operation.name
    try:
        change = area_change(
            tables,
            measure,
            name,
            target=windows.operation.target,
            before=windows.before,
            after=windows.after,
            boundary=study.area.boundary,
            notes=windows.notes,
        )
    except DesignError as error:
        if measure.name == study.primary:
            raise
        return AreaOutcome(measure, name, None, str(error))
    return AreaOutcome(measure, name, change)
