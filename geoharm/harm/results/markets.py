"""Markets: the harm each does, how noxious it is for its size, and which to turn to first."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.model.estimate import Estimate, Interval
from geoharm.model.hotspot import Hotspot

THREATS = ("injury", "economic damage", "community harm")


@dataclass(frozen=True, slots=True)
class Noxiousness:
    """Harm per unit of market activity, before and after, in one zone.

    Attributes
    ----------
    zone, measure, market : str
        The harm, and the measure that stands for how much market there is.
    before, after : float
        Events of harm for 100 of market activity; NaN where there was no activity.
    ratio : Estimate
        Log of after over before, net of the control's; the noise of counting only.
    size : str
        What became of the market: "shrank", "moved", "grew", "no clear change", "cannot tell".
    reading : str
        One fixed sentence.
    """

    zone: str
    measure: str
    market: str
    before: float
    after: float
    ratio: Estimate
    size: str
    reading: str


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of a market, with its uncertainty where it has one.

    Attributes
    ----------
    name : str
        "night share", "nearest school".
    value : float
        NaN if unknown.
    unit, note : str
    """

    name: str
    value: float
    unit: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ThreatMatrixRow:
    """One market's line of the threat matrix.

    Attributes
    ----------
    market : str
    area_km2 : float
    threats : tuple of (str, Estimate)
        One of `THREATS`, and events a year; undefined if no measure of it was supplied.
    features : tuple of Feature
    counts : tuple of (str, int)
        Measure, and its events in the market over the whole period.
    """

    market: str
    area_km2: float
    threats: tuple[tuple[str, Estimate], ...]
    features: tuple[Feature, ...]
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class CriterionValue:
    """What one market scores on one criterion.

    Attributes
    ----------
    criterion : str
        "harm", "noxiousness", "trend", "resilience", "reach", "priority".
    value, standard_error : float
        In the criterion's own unit; NaN if unknown. More always means sooner.
    unit, note : str
    smallest : int
        The smallest count above 0 that it was made from, for disclosure; 0 if there is none.
    """

    criterion: str
    value: float
    standard_error: float
    unit: str
    note: str = ""
    smallest: int = 0


@dataclass(frozen=True, slots=True)
class PriorityRow:
    """One market's place in the ranking.

    Attributes
    ----------
    market : str
    score : float
        Weighted mean of its ranks on every criterion, from 0 (last) to 1 (first).
    rank : int
        By that score; 1 comes first.
    ranks : Interval
        Ranks it takes in 95 % of draws.
    values : tuple of CriterionValue
    """

    market: str
    score: float
    rank: int
    ranks: Interval
    values: tuple[CriterionValue, ...]


@dataclass(frozen=True, slots=True)
class ReachGap:
    """How much of a market's harm lies beyond walking distance of one kind of service.

    Attributes
    ----------
    market, service : str
        "treatment", "needle exchange", "sharps bin".
    share : float
        Share of harm beyond walking distance; NaN if no such service is listed.
    distance : float
        Metres from the market's middle to the nearest.
    harm : float
        Events a year beyond walking distance.
    counts : (int, int)
        Events within and beyond it, for disclosure.
    """

    market: str
    service: str
    share: float
    distance: float
    harm: float
    counts: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Markets in order, with everything that put them there.

    Attributes
    ----------
    rows : tuple of PriorityRow
    threats : tuple of ThreatMatrixRow
        In the same order.
    gaps : tuple of ReachGap
        Most harm beyond walking distance first.
    profile, reference : str
        Whose weights the harm criterion has, and what counts as one.
    weights : tuple of (str, float)
        Of the criteria.
    walking : float
        Metres.
    drawn_from : str
        The measure whose hotspots the markets are.
    spots : tuple of Hotspot
        The markets' outlines, in the order of the rows.
    notes : tuple of str
    """

    rows: tuple[PriorityRow, ...]
    threats: tuple[ThreatMatrixRow, ...]
    gaps: tuple[ReachGap, ...]
    profile: str
    reference: str
    weights: tuple[tuple[str, float], ...]
    walking: float
    drawn_from: str
    spots: tuple[Hotspot, ...] = ()
    notes: tuple[str, ...] = ()
