"""What harm adds up to: effects drawn together, net harm under each profile, and at which weights it turns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoharm.errors import DesignError
from geoharm.harm.results.markets import Noxiousness
from geoharm.harm.results.perception import CorrectedEffect, IndicatorChange
from geoharm.harm.results.unintended_harm import UnintendedHarm
from geoharm.model.estimate import Interval
from geoharm.model.measure import Measure
from geoharm.model.values import ExchangeRates, ValueProfile


@dataclass(frozen=True, slots=True)
class JointEffects:
    """Every harm's change in one zone, drawn together many times.

    Attributes
    ----------
    zone : str
    measures : tuple of Measure
        Harms only, in the order of the columns.
    best_low, best_high : ndarray, shape (m,)
        Best estimate, in events; apart where counts are only known within bounds, NaN where nothing is known.
    low, high : ndarray, shape (draws, m)
        Likewise, one row a draw.
    spans : tuple of Interval
        The 95% interval of each measure's change, as it is shown for the measure itself.
    expected : ndarray, shape (m,)
        Count after without an operation; NaN where unknown.
    calibrated : tuple of bool
        Whether a measure's draws hold how far places drift apart; if not, they are too narrow for a finding.
    notes : tuple of str
        Why a measure is unknown, or what its bounds leave out.
    correlation : ndarray, shape (m, m)
        Of the changes, on the normal scale.
    smallest : tuple of int
        By measure: the smallest exact count above 0 of an area table in the zone and its control; 0 if there is none.
    places : int
        At how many places without an operation it was learned; 0 if the measures are taken as independent.
    seed : int
    """

    zone: str
    measures: tuple[Measure, ...]
    best_low: NDArray[np.float64]
    best_high: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    spans: tuple[Interval, ...]
    expected: NDArray[np.float64]
    calibrated: tuple[bool, ...]
    notes: tuple[str, ...]
    smallest: tuple[int, ...]
    correlation: NDArray[np.float64]
    places: int
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
        """Whether anything at all is known of a measure."""
        return bool(np.isfinite(self.best_low[position]) or np.isfinite(self.best_high[position]))


@dataclass(frozen=True, slots=True)
class MeasureHarm:
    """One measure's line in a ledger: its effect in its own unit, and what it weighs.

    Attributes
    ----------
    measure : Measure
    weight : float
        Signed; 0 leaves it out of the sum.
    low, high : float
        Best estimate, in the measure's own unit; apart where counts are only known within bounds.
    interval : Interval
    calibrated : bool
    note : str
    smallest : int
        The smallest count behind an area table's row that is exact and not 0, for disclosure; 0 if there is none.
    """

    measure: Measure
    weight: float
    low: float
    high: float
    interval: Interval
    calibrated: bool
    note: str = ""
    smallest: int = 0


@dataclass(frozen=True, slots=True)
class VetoCheck:
    """Whether something that may not get worse did.

    Attributes
    ----------
    words, measure : str
    state : str
        "hit", "kept" or "unknown".
    why : str
    """

    words: str
    measure: str
    state: str
    why: str


@dataclass(frozen=True, slots=True)
class NetHarm:
    """Harm added up in one zone under one profile; activity is never in it.

    Attributes
    ----------
    profile, zone, reference : str
    rows : tuple of MeasureHarm
    low, high : float
        Best estimate in reference events; apart where a part is only known within bounds, NaN where unknown.
    interval : Interval
        Holds both the draws and the bounds.
    fell : tuple of (float, float)
        Least and most share of draws below zero.
    calibrated : bool
        Whether every part's draws are; if not, the interval is too narrow for a finding.
    vetoes : tuple of VetoCheck
    note : str
        Why it is unknown, or what the sum takes as given.
    """

    profile: str
    zone: str
    reference: str
    rows: tuple[MeasureHarm, ...]
    low: float
    high: float
    interval: Interval
    fell: tuple[float, float]
    calibrated: bool
    vetoes: tuple[VetoCheck, ...] = ()
    note: str = ""

    @property
    def is_known(self) -> bool:
        """Whether there is a sum to speak of."""
        return bool(np.isfinite(self.low) or np.isfinite(self.high))


@dataclass(frozen=True, slots=True)
class TippingPoint:
    """At which exchange rate of one group of harms the sign of net harm turns, the others left at their middle.

    Attributes
    ----------
    group : str
        "environment borne by community".
    now, at : float
        How many events of the group weigh as much as one reference event: in the middle of the declared range, and
        where the sum turns. `at` is infinite if the group would have to weigh nothing, NaN if no rate turns it.
    admissible : bool
        Whether `at` lies in the declared range.
    sentence : str
    """

    group: str
    now: float
    at: float
    admissible: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Acceptability:
    """Under which share of the admissible weightings net harm fell.

    Attributes
    ----------
    zone : str
    rates : str
        Name of the declared exchange rates.
    weightings : int
        How many were drawn.
    clearly_fell, fell, rose, clearly_rose : float
        Shares that add up to 1 with `neither`; "clearly": the 95% interval leaves out zero.
    neither : float
        Share under which the bounds of suppressed counts hold both answers.
    central : tuple of (str, float, float, float)
        Group of harms; its exchange rate in the middle of all weightings, of those that fell, of those that rose.
    tipping_points : tuple of TippingPoint
        The nearest first.
    calibrated : bool
    note : str
        Why there is no answer.
    """

    zone: str
    rates: str
    weightings: int
    clearly_fell: float
    fell: float
    rose: float
    clearly_rose: float
    neither: float
    central: tuple[tuple[str, float, float, float], ...]
    tipping_points: tuple[TippingPoint, ...]
    calibrated: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class HarmAssessment:
    """What one operation's harms add up to.

    Attributes
    ----------
    net_harm : tuple of NetHarm
        By profile, then zone.
    acceptability : tuple of Acceptability
        By zone.
    missing : tuple of str
        Kinds of harm without which the picture is incomplete.
    limited_objective : str
        What is said of an objective that is limited to acquisitive crime; else empty.
    correlation : str
        Where the correlation between measures was learned.
    values : tuple of ValueProfile
        The profiles, in order.
    rates : ExchangeRates
        The declared ranges behind `acceptability`.
    noxiousness : tuple of Noxiousness
        In target, and target and rings; none where no measure stands for the market's size.
    unintended_harm : UnintendedHarm or None
    reporting_corrected : tuple of CorrectedEffect
        Measures with a comparator, corrected for how much was reported.
    indicators : tuple of IndicatorChange
        What surveys say, before and after.
    """

    net_harm: tuple[NetHarm, ...]
    acceptability: tuple[Acceptability, ...]
    missing: tuple[str, ...]
    limited_objective: str
    correlation: str
    values: tuple[ValueProfile, ...]
    rates: ExchangeRates
    noxiousness: tuple[Noxiousness, ...] = ()
    unintended_harm: UnintendedHarm | None = None
    reporting_corrected: tuple[CorrectedEffect, ...] = ()
    indicators: tuple[IndicatorChange, ...] = ()

    def of_profile(self, profile: str) -> tuple[NetHarm, ...]:
        """Return the sums under one profile, by zone."""
        return tuple(one for one in self.net_harm if one.profile == profile)
