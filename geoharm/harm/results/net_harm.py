"""Results on net harm: joint draws of effects, net harm by value profile, and acceptability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoharm.errors import DesignError
from geoharm.harm.results.markets import Noxiousness
from geoharm.harm.results.mitigation import MarginTest
from geoharm.harm.results.perception import CorrectedEffect, IndicatorChange
from geoharm.harm.results.unintended_harm import UnintendedHarm
from geoharm.model.estimate import Interval
from geoharm.model.measure import Measure
from geoharm.model.reading import Reading
from geoharm.model.reason import Note
from geoharm.model.values import ExchangeRates, ValueProfile


@dataclass(frozen=True, slots=True)
class JointEffects:
    """Joint random draws of the changes of all harms in one zone.

    Attributes
    ----------
    zone : str
    measures : tuple of Measure
        Harms only, in the order of the columns.
    best_low, best_high : ndarray, shape (m,)
        Best estimates in events. The two differ where counts are only known within bounds; NaN where unknown.
    low, high : ndarray, shape (draws, m)
        The same for each draw.
    intervals : tuple of Interval
        The 95% interval of each measure's change, as the report shows it for the measure.
    expected : ndarray, shape (m,)
        Expected count after without an operation; NaN where unknown.
    calibrated : tuple of bool
        Whether a measure's draws include the forecast error at placebo places. If not, they are too narrow for a
        finding.
    notes : tuple of str
        Why a measure is unknown, or what its bounds leave out.
    correlation : ndarray, shape (m, m)
        Correlation of the changes, on the normal scale.
    smallest_count : tuple of int
        For each measure: the smallest exact count above 0 of an area table in the zone and its control; 0 if there is
        none.
    has_zero : tuple of bool
        For each measure: whether one of these counts is exactly 0.
    refused : tuple of bool
        Whether calibration was tried for a measure and was not possible: it has no 95% interval.
    limited, doubted : tuple of bool
        Whether the change of a measure in this zone cannot be a finding, and whether it may not be called probable.
    placebo_places : int
        Number of places without an operation from which the correlation was estimated; 0 if the measures are taken as
        independent.
    seed : int
        Seed of the random numbers.
    """

    zone: str
    measures: tuple[Measure, ...]
    best_low: NDArray[np.float64]
    best_high: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    intervals: tuple[Interval, ...]
    expected: NDArray[np.float64]
    calibrated: tuple[bool, ...]
    notes: tuple[Note, ...]
    smallest_count: tuple[int, ...]
    has_zero: tuple[bool, ...]
    correlation: NDArray[np.float64]
    refused: tuple[bool, ...]
    limited: tuple[bool, ...]
    doubted: tuple[bool, ...]
    placebo_places: int
    seed: int

    def __post_init__(self) -> None:
        size = len(self.measures)
        shapes = {self.best_low.shape, self.best_high.shape, self.expected.shape}
        if shapes != {(size,)} or self.low.shape != self.high.shape or self.low.shape[1:] != (size,):
            msg = f"Joint effects of {size} measures need arrays of {size} columns; {self.low.shape} was given."
            raise DesignError(msg)
        for name in ("best_low", "best_high", "low", "high", "expected", "correlation"):
            getattr(self, name).setflags(write=False)

    def known(self, position: int) -> bool:
        """Return whether a measure's best estimate has at least one finite end."""
        return bool(np.isfinite(self.best_low[position]) or np.isfinite(self.best_high[position]))


@dataclass(frozen=True, slots=True)
class MeasureHarm:
    """The effect on one measure in its own unit, with its weight in net harm.

    Attributes
    ----------
    measure : Measure
    weight : float
        Signed weight; 0 leaves the measure out of the sum.
    low, high : float
        Best estimate in the measure's own unit. The two differ where counts are only known within bounds.
    interval : Interval
        The 95% interval of the effect.
    calibrated : bool
        Whether the interval is calibrated; if not, it is too narrow for a finding.
    note : str
        Why the effect is unknown, or what its bounds leave out.
    smallest_count : int
        The smallest exact count above 0 of an area table behind the effect, for disclosure control; 0 if there is none.
    has_zero : bool
        Whether a count of an area table behind the effect is exactly 0, for disclosure control.
    """

    measure: Measure
    weight: float
    low: float
    high: float
    interval: Interval
    calibrated: bool
    note: Note = ""
    smallest_count: int = 0
    has_zero: bool = False


@dataclass(frozen=True, slots=True)
class VetoCheck:
    """Whether a veto was hit: whether a harm rose by more than the value profile accepts.

    Attributes
    ----------
    words, measure : str
        The words of the veto, and the measure that was checked; empty if there is none.
    state : str
        "hit", "kept" or "unknown".
    reason : str
        The reason for the state.
    """

    words: str
    measure: str
    state: str
    reason: Note


@dataclass(frozen=True, slots=True)
class PartialSum:
    """The weighted sum of the parts that have a 95% interval, where a part with a weight has none: not net harm.

    Attributes
    ----------
    without : tuple of str
        Names of the measures that are left out.
    low, high : float
        Best estimate in reference events, as in `NetHarm`.
    interval : Interval
        The 95% interval of this sum.
    calibrated : bool
        Whether the draws of its parts are calibrated.
    """

    without: tuple[str, ...]
    low: float
    high: float
    interval: Interval
    calibrated: bool


@dataclass(frozen=True, slots=True)
class NetHarm:
    """Net harm in one zone under one value profile; activity is never part of it.

    Attributes
    ----------
    profile, zone, reference : str
        Names of profile and zone, and the event that weighs 1.
    rows : tuple of MeasureHarm
        The effect on each measure.
    low, high : float
        Best estimate in reference events. The two differ where an effect is only known within bounds; NaN where
        unknown.
    interval : Interval
        The 95% interval; it covers the random draws and the bounds.
    share_fell : tuple of (float, float)
        Lowest and highest possible share of draws below zero.
    calibrated : bool
        Whether the draws of all parts are calibrated. If not, the interval is too narrow for a finding.
    vetoes : tuple of VetoCheck
    note : str
        Why net harm is unknown, or what the sum assumes.
    reading : Reading
        The statement that the sum supports; "cannot tell" without a sum.
    refused : tuple of str
        Names of the measures with a weight for which calibration was tried and was not possible. With any, there is no
        sum.
    partial : PartialSum or None
        With a refused measure: the sum of the other parts. It says nothing about net harm.
    """

    profile: str
    zone: str
    reference: str
    rows: tuple[MeasureHarm, ...]
    low: float
    high: float
    interval: Interval
    share_fell: tuple[float, float]
    calibrated: bool
    vetoes: tuple[VetoCheck, ...] = ()
    note: Note = ""
    reading: Reading = Reading.CANNOT_TELL
    refused: tuple[str, ...] = ()
    partial: PartialSum | None = None

    @property
    def is_refused(self) -> bool:
        """Whether there is no sum because a measure with a weight has no 95% interval."""
        return bool(self.refused)

    @property
    def is_known(self) -> bool:
        """Whether at least one end of the best estimate is finite."""
        return bool(np.isfinite(self.low) or np.isfinite(self.high))


@dataclass(frozen=True, slots=True)
class TippingPoint:
    """The exchange rate of one group of harms at which the sign of net harm changes.

    The rates of all other groups stay at the middle of their ranges.

    Attributes
    ----------
    group : str
        For example "environment, borne by community".
    middle_rate, tipping_rate : float
        Exchange rates: how many events of the group weigh as much as one reference event. `middle_rate` is the middle of the
        declared range, `tipping_rate` is the rate at which the sign changes. `tipping_rate` is infinite if the sign changes only at weight
        0, and NaN if it changes at no rate.
    in_declared_range : bool
        Whether `tipping_rate` lies in the declared range.
    sentence : str
        The sentence for readers.
    """

    group: str
    middle_rate: float
    tipping_rate: float
    in_declared_range: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Flip:
    """The weight at which the sum comes out at zero: `rate` events of `measures` weigh as much as `other`.

    Attributes
    ----------
    measures : tuple of str
        Names of the measures whose weight turns the answer.
    rate : float
        How many of their events weigh as much as one event of `other`, where the sum is zero; above 0, finite.
    other : str
        The reference event of the exchange rates, such as "one violent incident".
    in_declared_range : bool
        Whether the rate lies in the declared range.
    """

    measures: tuple[str, ...]
    rate: float
    other: str
    in_declared_range: bool


@dataclass(frozen=True, slots=True)
class Acceptability:
    """The shares of admissible weightings under which net harm fell or rose.

    Attributes
    ----------
    zone : str
    exchange_rates : str
        Name of the declared exchange rates.
    weightings : int
        Number of weightings drawn.
    clearly_fell, fell, rose, clearly_rose : float
        Shares of weightings; with `undecided` they add up to 1. "clearly" means that the interval excludes zero; the
        intervals of all weightings together have 95%.
    undecided : float
        Share under which the bounds of suppressed counts allow both a fall and a rise.
    central_rates : tuple of (str, float, float, float)
        Group of harms, and its central exchange rates: of all weightings, of those with a fall, of those with a rise.
    tipping_points : tuple of TippingPoint
        The nearest first.
    calibrated : bool
        Whether the draws of all used measures are calibrated.
    note : str
        Why the shares could not be computed.
    flip : Flip or None
        The nearest weight that turns the answer, of the groups whose declared range is open; None if no weight does, or
        if the sum is only known within bounds.
    """

    zone: str
    exchange_rates: str
    weightings: int
    clearly_fell: float
    fell: float
    rose: float
    clearly_rose: float
    undecided: float
    central_rates: tuple[tuple[str, float, float, float], ...]
    tipping_points: tuple[TippingPoint, ...]
    calibrated: bool
    note: Note = ""
    flip: Flip | None = None


@dataclass(frozen=True, slots=True)
class HarmAssessment:
    """The harm assessment of one operation.

    Attributes
    ----------
    net_harm : tuple of NetHarm
        Sorted by profile, then zone.
    acceptability : tuple of Acceptability
        Sorted by zone.
    missing : tuple of str
        Kinds of harm that no measure covers.
    limited_objective : str
        The note on an objective that is limited to acquisitive crime; else empty.
    correlation : str
        From which places the correlation between measures was estimated.
    profiles : tuple of ValueProfile
        The value profiles, in order.
    rates : ExchangeRates
        The declared ranges of exchange rates behind `acceptability`.
    noxiousness : tuple of Noxiousness
        In the target, and in target and rings; empty if the study has no measure of market size.
    unintended_harm : UnintendedHarm or None
    reporting_corrected : tuple of CorrectedEffect
        Effects corrected for reporting effort, of measures with a comparator.
    indicators : tuple of IndicatorChange
        Changes of survey indicators.
    mitigation : tuple of MarginTest
        For each harm that the mitigation of the operation was to hold, in each zone: whether it stayed within its margin.
    """

    net_harm: tuple[NetHarm, ...]
    acceptability: tuple[Acceptability, ...]
    missing: tuple[str, ...]
    limited_objective: str
    correlation: str
    profiles: tuple[ValueProfile, ...]
    rates: ExchangeRates
    noxiousness: tuple[Noxiousness, ...] = ()
    unintended_harm: UnintendedHarm | None = None
    reporting_corrected: tuple[CorrectedEffect, ...] = ()
    indicators: tuple[IndicatorChange, ...] = ()
    mitigation: tuple[MarginTest, ...] = ()

    def of_profile(self, profile: str) -> tuple[NetHarm, ...]:
        """Return net harm under one profile, one result for each zone."""
        return tuple(net_harm for net_harm in self.net_harm if net_harm.profile == profile)

    def in_zone(self, zone: str) -> tuple[NetHarm, ...]:
        """Return net harm in one zone, one result for each profile, in order."""
        return tuple(net_harm for net_harm in self.net_harm if net_harm.zone == zone)

    def acceptability_in(self, zone: str) -> Acceptability | None:
        """Return the acceptability in one zone; None if it was not computed there."""
        return next((result for result in self.acceptability if result.zone == zone), None)
