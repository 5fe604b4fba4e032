"""How well hotspots of one period say where the events of a later one will be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HotspotScore:
    """Scores of chosen cells on a later period; NaN where undefined, with the reason in `note`.

    Attributes
    ----------
    name : str
        What chose the cells.
    cells : int
        Cells chosen.
    area_share : float
        a / A, their share of the study area.
    events : float
        n, later events inside.
    hit_rate : float
        n / N, the share of all later events inside.
    pai : float
        Predictive accuracy index: hit rate over area share; 1 is what blind choice gives on average.
    pei : float
        Predictive efficiency index: n over the most that as many cells could hold; at most 1.
    recapture_rate_index : float
        Levine's RRI: the hit rate later over the hit rate in the period the cells were chosen on. Below 1 where the
        hotspots hold a smaller share of the later events.
    predicted_over_observed : float
        Earlier events inside over later events inside: what the package ptools calls RRI. Not Levine's index: it
        moves with the totals and with the lengths of the periods.
    recaptured_cells : float
        Share of the chosen cells with at least one later event.
    note : str
    """

    name: str
    cells: int
    area_share: float
    events: float
    hit_rate: float
    pai: float
    pei: float
    recapture_rate_index: float
    predicted_over_observed: float
    recaptured_cells: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class HotspotAccuracy:
    """Hotspots and their two rivals on one later period.

    Attributes
    ----------
    hotspots : HotspotScore
    same_cells : HotspotScore
        As many cells, those with most events in the earlier period: what a plain list of last year's worst gives.
    random_pai : float
        Mean PAI of as many cells chosen blindly: 1.
    random_deviation : float
        Its standard deviation over blind choices.
    """

    hotspots: HotspotScore
    same_cells: HotspotScore
    random_pai: float
    random_deviation: float
