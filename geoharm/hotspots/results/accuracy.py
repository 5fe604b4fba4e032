"""Results of predictive accuracy: how well hotspots of one period predict where later events happen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HotspotScore:
    """Scores of chosen cells on a later period. Undefined scores are NaN, with the reason in `note`.

    Attributes
    ----------
    name : str
        Method by which the cells were chosen.
    cells : int
        Number of chosen cells.
    area_share : float
        a / A, their share of the study area.
    events : float
        n, the number of later events in the chosen cells.
    hit_rate : float
        n / N, the share of all later events in the chosen cells.
    pai : float
        Predictive accuracy index: hit rate over area share. A random choice of cells has an index of 1 on average.
    pei : float
        Predictive efficiency index: n over the largest n possible with the same number of cells; at most 1.
    recapture_rate_index : float
        Levine's RRI: the hit rate in the later period over the hit rate in the period from which the cells were
        chosen. Below 1 if the hotspots have a smaller share of the events in the later period.
    predicted_over_observed : float
        Earlier events over later events in the chosen cells; the package ptools calls it RRI. It is not Levine's index:
        it depends on the totals and on the lengths of the periods.
    share_of_cells_with_later_events : float
        Share of the chosen cells with at least one later event.
    note : str
        Why a score is undefined.
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
    share_of_cells_with_later_events: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class HotspotAccuracy:
    """Scores of hotspots and of two baselines on one later period.

    Attributes
    ----------
    hotspots : HotspotScore
        Scores of the hotspots.
    most_earlier_events : HotspotScore
        First baseline: the same number of cells, those with most events in the earlier period.
    random_pai : float
        Second baseline: mean PAI of the same number of cells chosen at random, which is 1.
    random_deviation : float
        Standard deviation of the PAI of cells chosen at random.
    """

    hotspots: HotspotScore
    most_earlier_events: HotspotScore
    random_pai: float
    random_deviation: float

    @property
    def scores(self) -> tuple[HotspotScore, HotspotScore]:
        """Scores of the hotspots and of the first baseline."""
        return self.hotspots, self.most_earlier_events
