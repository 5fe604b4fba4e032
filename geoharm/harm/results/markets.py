"""Results on drug markets: noxiousness, threat matrix, ranking, and gaps in the reach of services."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from geoharm.harm.results.used_counts import UsedCounts
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.hotspot import Hotspot
from geoharm.model.ledger import SourceLedger
from geoharm.model.reason import Note

THREATS = ("injury", "economic damage", "community harm")


class MarketChange(StrEnum):
    """How the size of a market changed."""

    SHRANK = "shrank"
    PROBABLY_SHRANK = "probably shrank"
    MOVED = "moved"
    GREW = "grew"
    PROBABLY_GREW = "probably grew"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Noxiousness:
    """Harm per unit of market activity, before and after, in one zone.

    Attributes
    ----------
    zone, measure, market : str
        Names of the zone, of the harm, and of the measure of market size.
    before, after : float
        Events of harm per 100 events of market activity; NaN where there was no activity.
    ratio : Estimate
        Log ratio of after to before against the control area, with counting error only.
    size_change : MarketChange
    reading : str or Withheld
        The sentence for readers.
    """

    zone: str
    measure: str
    market: str
    before: float
    after: float
    ratio: Estimate
    size_change: MarketChange
    reading: Note


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of a market.

    Attributes
    ----------
    name : str
        For example "night share" or "nearest school".
    value : float
        NaN if unknown.
    unit, note : str
    counts : tuple of int
        Events on both sides of a share, for disclosure control.
    """

    name: str
    value: float
    unit: str
    note: Note = ""
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ThreatMatrixRow:
    """One market's row of the threat matrix.

    Attributes
    ----------
    market : str
    area_km2 : float
    threats : tuple of (str, Estimate)
        One of `THREATS`, and its events a year; undefined if the study has no measure of it.
    features : tuple of Feature
    counts : tuple of (str, int)
        Name of a measure, and its events in the market over the whole period.
    """

    market: str
    area_km2: float
    threats: tuple[tuple[str, Estimate], ...]
    features: tuple[Feature, ...]
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class CriterionValue:
    """The value of one market on one criterion.

    Attributes
    ----------
    criterion : str
        "harm", "noxiousness", "trend", "resilience", "reach", "priority".
    value, standard_error : float
        In the criterion's own unit; NaN if unknown. A higher value always means a higher priority.
    unit, note : str
    smallest_count : int
        The smallest count above 0 from which the value was computed, for disclosure control; 0 if there is none.
    """

    criterion: str
    value: float
    standard_error: float
    unit: str
    note: Note = ""
    smallest_count: int = 0


@dataclass(frozen=True, slots=True)
class PriorityRow:
    """One market's position in the ranking.

    Attributes
    ----------
    market : str
    score : float
        Weighted mean of its scores on all criteria, from 0 (last) to 1 (first).
    rank : int
        Rank by that score; 1 is the highest priority.
    ranks : Interval
        95% interval of the rank.
    values : tuple of CriterionValue
    """

    market: str
    score: float
    rank: int
    ranks: Interval
    values: tuple[CriterionValue, ...]


@dataclass(frozen=True, slots=True)
class ReachGap:
    """The share of a market's harm beyond walking distance of one kind of service.

    Attributes
    ----------
    market, service : str
        Name of the market; "treatment", "needle exchange" or "sharps bin".
    share : float
        Share of harm beyond walking distance; NaN if the study has no such service.
    distance : float
        Metres from the centre of the market to the nearest such service.
    harm : float
        Events a year beyond walking distance.
    counts : (int, int)
        Events within and beyond walking distance, for disclosure control.
    """

    market: str
    service: str
    share: float
    distance: float
    harm: float
    counts: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The ranking of markets, with the values it was computed from.

    Attributes
    ----------
    rows : tuple of PriorityRow
    threats : tuple of ThreatMatrixRow
        In the same order.
    gaps : tuple of ReachGap
        Sorted by harm beyond walking distance, the most first.
    profile, reference : str
        The value profile of the harm criterion, and the event that weighs 1 in it.
    weights : tuple of (str, float)
        Weights of the criteria.
    walking : float
        Walking distance in metres.
    hotspot_measure : str
        The measure whose hotspots are taken as markets.
    hotspots : tuple of Hotspot
        The hotspots that are taken as markets, in the order of the rows.
    notes : tuple of str
    threshold : int
        k of the disclosure rule for which counts were rounded to the nearest ten before anything was computed from them; 1 if
        it was computed from exact counts.
    used : tuple of UsedCounts
        What every number about a market was computed from.
    ledgers : tuple of SourceLedger
        Of the sources of events.
    """

    rows: tuple[PriorityRow, ...]
    threats: tuple[ThreatMatrixRow, ...]
    gaps: tuple[ReachGap, ...]
    profile: str
    reference: str
    weights: tuple[tuple[str, float], ...]
    walking: float
    hotspot_measure: str
    hotspots: tuple[Hotspot, ...] = ()
    notes: tuple[str, ...] = ()
    threshold: int = 1
    used: tuple[UsedCounts, ...] = ()
    ledgers: tuple[SourceLedger, ...] = ()
