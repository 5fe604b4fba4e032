"""Before acting: what each way to act would do to harm, joined from the store, the assumptions and the values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.errors import DesignError, StudyError
from geoharm.harm.appraise import DRAWS, appraise_option
from geoharm.harm.completeness import limited_objective_note, missing_harms
from geoharm.harm.results.appraisal import Appraisal, Baseline
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.ledger import SourceLedger
from geoharm.model.measure import Role
from geoharm.model.period import Period, Window, add_months, first_of_month, month_name
from geoharm.model.study import Operation, Study
from geoharm.queries.counts import dated_points, zone_index
from geoharm.stats.dispersion import monthly_dispersion
from geoharm.study.evidence_cards.cards import read_card
from geoharm.study.value_profiles.profiles import read_profile

BASELINE_MONTHS = 24
_LEAST_MONTHS = 6


def option_problems(study: Study) -> list[str]:
    """Return every mistake about the study's options: cards that do not exist, names given twice, none at all."""
    names = [one.name for one in study.harm.options]
    problems = [
        f'two [[option]] are called "{name}"; each needs its own name.'
        for name in sorted({one for one in names if names.count(one) > 1})
    ]
    for one in study.harm.options:
        if one.card:
            try:
                read_card(one.card, study.folder)
            except StudyError as error:
                problems += [f'option "{one.name}": {problem}' for problem in error.problems]
    return problems


def appraise_options(engine: DuckDBEngine, study: Study, ledgers: Sequence[SourceLedger], operation: str) -> Appraisal:
    """Return every way to act that the study lists, beside doing nothing, for one planned operation.

    Parameters
    ----------
    engine : DuckDBEngine
    study : Study
    ledgers : sequence of SourceLedger
    operation : str
        Name of one of the study's operations; empty for the first.

    Raises
    ------
    StudyError, DesignError
        If there is no option, no such operation, or too little data before it.
    """
    if not study.harm.options:
        raise StudyError([
            "The study has no [[option]] to appraise; add one for each way to act, with what is assumed of it and where "
            "that comes from (geoharm appraise STUDY --template prints them to fill in)."
        ])  # fmt: skip
    named = [one for one in study.operations if one.name == (operation or study.operations[0].name)]
    if not named:
        known = ", ".join(f'"{one.name}"' for one in study.operations)
        raise StudyError([f'The study has no operation "{operation}"; it has {known}.'])
    planned = named[0]
    months = _months(planned, ledgers)
    baseline = _baseline(engine, study, planned, months)
    profiles = [read_profile(name, study.folder) for name in study.harm.profiles]
    options = tuple(
        appraise_option(
            one, baseline, profiles, months=study.harm.months, seed=study.seed,
            card=read_card(one.card, study.folder) if one.card else None,
        )
        for one in study.harm.options
    )  # fmt: skip
    return Appraisal(
        operation=planned.name,
        objective=planned.objective,
        limited=limited_objective_note(planned.objective),
        missing=missing_harms([*study.measures, *study.harm.area_measures]),
        baseline=baseline,
        before=f"{month_name(months[0])} to {month_name(months[-1])}",
        months=study.harm.months,
        options=options,
        draws=DRAWS,
        seed=study.seed,
    )


def _months(planned: Operation, ledgers: Sequence[SourceLedger]) -> list[date]:
    """Return up to 24 whole months before the operation (or the data's end) that every source covers; whole years if possible."""
    end = min([first_of_month(planned.period.start), *(first_of_month(row.coverage.end) for row in ledgers)])
    start = max(row.coverage.start for row in ledgers)
    missing = {month for row in ledgers for month in row.missing_months}
    found = [month for month in (add_months(end, -back) for back in range(1, BASELINE_MONTHS + 1)) if month >= start]
    found = sorted(month for month in found if month not in missing)
    if len(found) >= 12 and len(found) < BASELINE_MONTHS and not missing:
        found = found[-12:]
    if len(found) < _LEAST_MONTHS:
        msg = f"The data hold {len(found)} whole months before {planned.period.start}, and {_LEAST_MONTHS} are needed for a baseline."
        raise DesignError(msg)
    return found


def _baseline(engine: DuckDBEngine, study: Study, planned: Operation, months: Sequence[date]) -> tuple[Baseline, ...]:
    target = [Zone("target", ZoneRole.TARGET, planned.target)]
    window = Window("baseline", tuple(Period(month, add_months(month, 1)) for month in months))
    found = []
    for measure in study.measures:
        if measure.role is not Role.HARM:
            continue
        events = dated_points(engine, measure, window)
        inside = zone_index(events.x, events.y, target) == 0
        at = np.searchsorted(np.array(months, dtype="datetime64[M]"), events.day[inside].astype("datetime64[M]"))
        monthly = np.zeros(len(months))
        np.add.at(monthly, at, events.weight[inside])
        found.append(Baseline(measure, round(float(monthly.sum())), len(months), monthly_dispersion(monthly)))
    return tuple(found)
