"""The appraisal as a record for JSON."""

from __future__ import annotations

from typing import TypedDict

from geoharm._version import __version__
from geoharm.disclosure.appraisal import AppraisalRelease
from geoharm.report.format_numbers import to_record


class VetoRecord(TypedDict):
    """The words of a veto, the measure, and the share of draws in which the veto is hit."""

    words: str
    measure: str
    broken_in: float | None


class ProfileRecord(TypedDict):
    """One option under one value profile, in the profile's reference events; shares from 0 to 1."""

    profile: str
    mean: float | None
    interval: list[float | None]
    share_with_less_harm: float | None
    decided_by: str
    break_even_displacement: float | None
    vetoes: list[VetoRecord]


class OptionRecord(TypedDict):
    """One option, the source of its assumptions, and its cost in the study's currency."""

    name: str
    source: str
    cost: float | None
    profiles: list[ProfileRecord]


class AppraisalRecord(TypedDict):
    """The appraisal of all options; undefined numbers are null."""

    study: str
    geoharm: str
    operation: str
    months: int
    draws: int
    seed: int
    missing: list[str]
    limited: str
    options: list[OptionRecord]


def appraisal_record(appraisal_release: AppraisalRelease) -> AppraisalRecord:
    """Return the appraisal as a dictionary for JSON; undefined numbers as null."""
    appraisal = appraisal_release.appraisal
    return {
        "study": appraisal_release.study.name,
        "geoharm": __version__,
        "operation": appraisal.operation,
        "months": appraisal.months,
        "draws": appraisal.draws,
        "seed": appraisal.seed,
        "missing": list(appraisal.missing),
        "limited": appraisal.limited_objective,
        "options": [
            {
                "name": option.option.name,
                "source": option.option.source,
                "cost": to_record(option.option.cost),
                "profiles": [
                    {
                        "profile": result.profile,
                        "mean": to_record(result.mean),
                        "interval": [to_record(result.interval.low), to_record(result.interval.high)],
                        "share_with_less_harm": to_record(result.share_reduced),
                        "decided_by": result.main_assumption,
                        "break_even_displacement": to_record(result.break_even_displacement),
                        "vetoes": [{"words": words, "measure": name, "broken_in": to_record(share)} for words, name, share in result.vetoes],
                    }
                    for result in option.profiles
                ],
            }
            for option in appraisal.options
        ],
    }  # fmt: skip
