"""Appraise the options of a planned operation: expected harm under stated assumptions and values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from geoharm.disclosure.tens import working_count, working_dispersion
from geoharm.errors import DesignError, StudyError
from geoharm.geo.point_in_polygon import locate_points
from geoharm.harm.appraise import DRAWS, appraise_option
from geoharm.harm.completeness import limited_objective_note, missing_harms
from geoharm.harm.requirements import check_requirements
from geoharm.harm.results.appraisal import Appraisal, Baseline
from geoharm.harm.results.used_counts import UsedCount, UsedCounts
from geoharm.model.disclosure_rules import is_few
from geoharm.model.ledger import SourceLedger
from geoharm.model.measure import Measure
from geoharm.model.period import Period, Window, add_months, first_of_month, join_adjacent, month_name
from geoharm.model.study import Operation, Study
from geoharm.pipeline.study_data import StudyData
from geoharm.stats.dispersion import monthly_dispersion
from geoharm.study.evidence_cards.cards import read_card
from geoharm.study.value_profiles.profiles import read_profile

BASELINE_MONTHS = 24
_LEAST_MONTHS = 6


def option_problems(study: Study) -> list[str]:
    """Return every mistake in the study's options: a name used twice, or an evidence card that cannot be read."""
    names = [option.name for option in study.harm.options]
    problems = [
        f'two [[option]] are called "{name}"; each needs its own name.'
        for name in sorted({repeated_name for repeated_name in names if names.count(repeated_name) > 1})
    ]
    for option in study.harm.options:
        if option.card:
            try:
                read_card(option.card, study.folder)
            except StudyError as error:
                problems += [f'option "{option.name}": {problem}' for problem in error.problems]
    return problems


def appraise_options(data: StudyData, operation: str, *, threshold: int = 1) -> Appraisal:
    """Return the appraisal of every option of a study, compared with doing nothing, for one planned operation.

    Parameters
    ----------
    data : StudyData
        Of the harm measures.
    operation : str
        Name of one of the study's operations; empty for the first.
    threshold : int
        k of the disclosure rule: everything is computed from baseline counts to the nearest ten. 1 takes the exact counts.

    Raises
    ------
    StudyError
        If the study has no option or no such operation.
    DesignError
        If there are too few whole months of data before the operation, or if a value profile requires a measure that
        the study does not have.
    """
    study = data.study
    if not study.harm.options:
        raise StudyError([
            "The study has no [[option]] to appraise; add one for each option, with its assumptions and their "
            "sources (geoharm appraise STUDY --template prints options to fill in)."
        ])  # fmt: skip
    matching = [
        candidate for candidate in study.operations if candidate.name == (operation or study.operations[0].name)
    ]
    if not matching:
        known_names = ", ".join(f'"{candidate.name}"' for candidate in study.operations)
        raise StudyError([f'The study has no operation "{operation}"; it has {known_names}.'])
    planned = matching[0]
    months = _baseline_months(planned, data.ledgers)
    baseline, used = _baseline_counts(data, planned, months, threshold)
    profiles = [read_profile(name, study.folder) for name in study.harm.profiles]
    check_requirements(profiles, [row.measure for row in baseline])
    options = tuple(
        appraise_option(
            option, baseline, profiles, months=study.harm.months, seed=study.seed,
            card=read_card(option.card, study.folder) if option.card else None,
        )
        for option in study.harm.options
    )  # fmt: skip
    return Appraisal(
        operation=planned.name,
        objective=planned.objective,
        limited_objective=limited_objective_note(planned.objective),
        missing=missing_harms([*study.measures, *study.harm.area_measures]),
        baseline=baseline,
        baseline_period=f"{month_name(months[0])} to {month_name(months[-1])}",
        months=study.harm.months,
        options=options,
        draws=DRAWS,
        seed=study.seed,
        threshold=threshold,
        used=used,
        ledgers=tuple(data.ledgers),
    )


def _baseline_months(planned: Operation, ledgers: Sequence[SourceLedger]) -> list[date]:
    """Return up to 24 whole months before the operation (or before the data end) that every source covers.

    Whole years are used where possible.
    """
    end = min([first_of_month(planned.period.start), *(first_of_month(ledger.coverage.end) for ledger in ledgers)])
    start = max(ledger.coverage.start for ledger in ledgers)
    missing = {month for ledger in ledgers for month in ledger.missing_months}
    months = [
        month
        for month in (add_months(end, -months_back) for months_back in range(1, BASELINE_MONTHS + 1))
        if month >= start
    ]
    months = sorted(month for month in months if month not in missing)
    if len(months) >= 12 and len(months) < BASELINE_MONTHS and not missing:
        months = months[-12:]
    if len(months) < _LEAST_MONTHS:
        msg = f"The data hold {len(months)} whole months before {planned.period.start}, and {_LEAST_MONTHS} are needed for a baseline."
        raise DesignError(msg)
    return months


def _baseline_counts(
    data: StudyData, planned: Operation, months: Sequence[date], threshold: int
) -> tuple[tuple[Baseline, ...], tuple[UsedCounts, ...]]:
    """Return the baseline of every measure, and which counts it is."""
    window = Window("baseline", tuple(Period(month, add_months(month, 1)) for month in months))
    periods = join_adjacent(window.periods)
    baselines, used = [], []
    for collected in data.measures:
        events = collected.points.during(window)
        inside = locate_points(events.x, events.y, [planned.target]) == 0
        month_index = np.searchsorted(
            np.array(months, dtype="datetime64[M]"), events.day[inside].astype("datetime64[M]")
        )
        monthly = np.zeros(len(months))
        np.add.at(monthly, month_index, events.weight[inside])
        baselines.append(baseline_of(collected.measure, monthly, threshold))
        count = UsedCount((collected.measure,), periods, round(float(monthly.sum())))
        text = f"{planned.name}, baseline of {collected.measure.name}"
        used.append(UsedCounts(text, planned.target, is_drawn=False, counts=(count,)))
    return tuple(baselines), tuple(used)


def baseline_of(measure: Measure, monthly: NDArray[np.float64], threshold: int) -> Baseline:
    """Return the baseline of a measure from its events by month, shape (months,), as a release with this threshold may use it."""
    events = round(float(monthly.sum()))
    is_small = is_few(events, threshold)
    dispersion = 1.0 if is_small else working_dispersion(monthly_dispersion(monthly), threshold)
    return Baseline(
        measure, working_count(events, threshold), monthly.size, dispersion, below=threshold if is_small else 0
    )
