"""A ranking of markets as it may be published: no number that rests on a small count."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from geoharm.errors import PublishError
from geoharm.harm.results.markets import CriterionValue, Ranking, ReachGap, ThreatMatrixRow
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.study import Study

_SEAL = object()


@dataclass(frozen=True, slots=True)
class RankingRelease:
    """A ranking that may be published. Made only by `protect_ranking`."""

    study: Study
    ranking: Ranking
    threshold: int
    seal: object

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            msg = "Only geoharm.disclosure.ranking.protect_ranking may make a RankingRelease; pass it the Ranking."
            raise PublishError(msg)

    @property
    def is_internal(self) -> bool:
        """Whether it is for the study's own team only."""
        return self.threshold == 1


def protect_ranking(study: Study, ranking: Ranking) -> RankingRelease:
    """Return what may be published of a ranking, under the study's release and disclosure rule.

    Ranks stay: they are made of many counts. A criterion, threat or gap that rests on a count of 1 to k - 1 is withheld;
    a market with fewer than k events, or k places, has no outline.
    """
    k = 1 if study.publish.release == "internal" else DISCLOSURE_RULES[study.publish.disclosure].threshold
    note = f"withheld: a count under {k}"
    shown = replace(
        ranking,
        rows=tuple(replace(row, values=tuple(_value(one, k, note) for one in row.values)) for row in ranking.rows),
        threats=tuple(_threat(row, k, note) for row in ranking.threats),
        gaps=tuple(_gap(one, k) for one in ranking.gaps),
        spots=tuple(spot for spot in ranking.spots if min(spot.events, spot.places) >= k),
    )
    return RankingRelease(study, shown, k, _SEAL)


def _value(one: CriterionValue, k: int, note: str) -> CriterionValue:
    if 0 < one.smallest < k:
        return replace(one, value=math.nan, standard_error=math.nan, note=note, smallest=0)
    return replace(one, smallest=0)


def _threat(row: ThreatMatrixRow, k: int, note: str) -> ThreatMatrixRow:
    """Return a line without counts; every threat is withheld if any measure's count is small."""
    small = any(0 < count < k for _, count in row.counts)
    threats = tuple(
        (name, replace(one, value=math.nan, standard_error=math.nan, note=note) if small and one.is_defined else one)
        for name, one in row.threats
    )
    features = tuple(
        replace(one, value=math.nan, note=note) if small and one.name == "night share" else one for one in row.features
    )
    return replace(row, threats=threats, features=features, counts=())


def _gap(one: ReachGap, k: int) -> ReachGap:
    if any(0 < count < k for count in one.counts):
        return replace(one, share=math.nan, harm=math.nan, counts=(0, 0))
    return replace(one, counts=(0, 0))
