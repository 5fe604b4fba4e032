"""Results of an appraisal: the expected effect of each option on harm, under each value profile."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.harm.results.used_counts import UsedCounts
from geoharm.model.estimate import Interval
from geoharm.model.harm_settings import PlannedOption
from geoharm.model.ledger import SourceLedger
from geoharm.model.measure import Measure
from geoharm.model.values import EvidenceCard


@dataclass(frozen=True, slots=True)
class Baseline:
    """The baseline of one measure: its recorded events before any action.

    Attributes
    ----------
    measure : Measure
    events : int
        Events in the target over `months`: as recorded, or for a public release to the nearest ten.
    months : int
        Length of the baseline period.
    dispersion : float
        Variance of the monthly counts divided by their mean; for a public release rounded up to a whole number.
    below : int
        Not 0 if `events` stands in for a number of events from 1 to `below` - 1, which is not to be published.
    """

    measure: Measure
    events: int
    months: int
    dispersion: float
    below: int = 0


@dataclass(frozen=True, slots=True)
class OptionUnderProfile:
    """The expected effect of one option on harm, under one value profile.

    Attributes
    ----------
    profile, reference : str
        Name of the profile, and the event that weighs 1 in it.
    mean : float
        Mean net change in reference events, in the target and around it.
    interval : Interval
        The central 90% interval of the draws.
    share_reduced : float
        Share of draws in which harm falls.
    main_assumption : str
        The most influential assumption: the one with the largest squared rank correlation with net harm.
    main_assumption_r2 : float
        That squared rank correlation.
    break_even_displacement : float
        Share displaced at which the mean net change is zero; NaN if there is none between 0 and 1.
    vetoes : tuple of (str, str, float)
        For each veto and measure: the words of the veto, the measure, and the share of draws in which the veto is hit.
    """

    profile: str
    reference: str
    mean: float
    interval: Interval
    share_reduced: float
    main_assumption: str
    main_assumption_r2: float
    break_even_displacement: float
    vetoes: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True, slots=True)
class OptionAppraisal:
    """The appraisal of one option.

    Attributes
    ----------
    option : PlannedOption
    card : EvidenceCard or None
        The evidence card of the option, if it has one.
    changes : tuple of (str, Interval, float)
        For each measure: its name, and the interval and mean of its change in its own unit.
    profiles : tuple of OptionUnderProfile
        The expected effect on harm under each profile.
    """

    option: PlannedOption
    card: EvidenceCard | None
    changes: tuple[tuple[str, Interval, float], ...]
    profiles: tuple[OptionUnderProfile, ...]


@dataclass(frozen=True, slots=True)
class Appraisal:
    """The appraisal of all options for one planned operation.

    Attributes
    ----------
    operation : str
        Name of the operation.
    objective, limited_objective : str
        Its objective, and the note on an objective that is limited to acquisitive crime.
    missing : tuple of str
        Kinds of harm that no measure covers.
    baseline : tuple of Baseline
        One for each harm.
    baseline_period : str
        The period of the baseline, in words.
    months : int
        How many months after the start are appraised.
    options : tuple of OptionAppraisal
    draws, seed : int
        Number of random draws, and their seed.
    threshold : int
        k of the disclosure rule for which the baseline was rounded before anything was computed from it; 1 if it is exact.
    used : tuple of UsedCounts
        What every baseline counts.
    ledgers : tuple of SourceLedger
        Of the sources of events.
    """

    operation: str
    objective: str
    limited_objective: str
    missing: tuple[str, ...]
    baseline: tuple[Baseline, ...]
    baseline_period: str
    months: int
    options: tuple[OptionAppraisal, ...]
    draws: int
    seed: int
    threshold: int = 1
    used: tuple[UsedCounts, ...] = ()
    ledgers: tuple[SourceLedger, ...] = ()
