"""Before acting: ways to act, what is assumed of each, and what that would do to harm under whose values."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.model.estimate import Interval
from geoharm.model.harm_settings import PlannedOption
from geoharm.model.measure import Measure
from geoharm.model.values import EvidenceCard


@dataclass(frozen=True, slots=True)
class Baseline:
    """What one measure would be without acting.

    Attributes
    ----------
    measure : Measure
    events : int
        Recorded in the target over `months`.
    months : int
    dispersion : float
    """

    measure: Measure
    events: int
    months: int
    dispersion: float


@dataclass(frozen=True, slots=True)
class OptionUnderProfile:
    """What one way to act would do to harm under one profile.

    Attributes
    ----------
    profile, reference : str
    mean : float
        Net change in reference events, in target and around it.
    interval : Interval
        Of the draws.
    reduces : float
        Share of draws with less harm.
    decides : str
        The assumption that moves net harm most.
    decides_share : float
        Its squared rank correlation with net harm.
    break_even : float
        Share displaced at which the mean would be zero; NaN if there is none between 0 and 1.
    vetoes : tuple of (str, str, float)
        Words, measure, and the share of draws in which it is broken.
    """

    profile: str
    reference: str
    mean: float
    interval: Interval
    reduces: float
    decides: str
    decides_share: float
    break_even: float
    vetoes: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True, slots=True)
class OptionAppraisal:
    """One way to act, appraised.

    Attributes
    ----------
    option : PlannedOption
    card : EvidenceCard or None
    changes : tuple of (str, Interval, float)
        Measure, interval and mean of its change in its own unit.
    profiles : tuple of OptionUnderProfile
    """

    option: PlannedOption
    card: EvidenceCard | None
    changes: tuple[tuple[str, Interval, float], ...]
    profiles: tuple[OptionUnderProfile, ...]


@dataclass(frozen=True, slots=True)
class Appraisal:
    """Every way to act, beside doing nothing, for one planned operation.

    Attributes
    ----------
    operation : str
    objective, limited : str
    missing : tuple of str
    baseline : tuple of Baseline
    before : str
        The months that the baseline is of, in words.
    months : int
        How long after the start it looks.
    options : tuple of OptionAppraisal
    draws, seed : int
    """

    operation: str
    objective: str
    limited: str
    missing: tuple[str, ...]
    baseline: tuple[Baseline, ...]
    before: str
    months: int
    options: tuple[OptionAppraisal, ...]
    draws: int
    seed: int
