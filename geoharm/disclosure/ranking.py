"""Disclosure control of a ranking of markets: no number is released that depends on a small count."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from geoharm.disclosure.statements import NOTHING_SAID, Constraints
from geoharm.disclosure.suppression import suppress_estimate
from geoharm.disclosure.used_counts import constraints_of_counts
from geoharm.errors import PublishError
from geoharm.harm.results.markets import CriterionValue, Ranking, ReachGap, ThreatMatrixRow
from geoharm.model.disclosure_rules import DISCLOSURE_RULES, is_few
from geoharm.model.reason import Reason, Withheld
from geoharm.model.study import Study

_SEAL = object()


@dataclass(frozen=True, slots=True)
class RankingRelease:
    """A ranking that may be released. Only `protect_ranking` makes one.

    Attributes
    ----------
    study : Study
    ranking : Ranking
        Without the counts that it was computed from.
    threshold : int
        k of the disclosure rule; 1 in an internal release.
    seal : object
        Proof that `protect_ranking` made it.
    constraints : Constraints
        What it says about counts; nothing in an internal release.
    """

    study: Study
    ranking: Ranking
    threshold: int
    seal: object
    constraints: Constraints = NOTHING_SAID

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            msg = "Only geoharm.disclosure.ranking.protect_ranking may make a RankingRelease; pass it the Ranking."
            raise PublishError(msg)

    @property
    def is_internal(self) -> bool:
        """Whether the ranking is for the study's own team only."""
        return self.threshold == 1


def threshold_of(study: Study) -> int:
    """Return k of a study's disclosure rule; 1 for an internal release."""
    return 1 if study.publish.release == "internal" else DISCLOSURE_RULES[study.publish.disclosure].k


def protect_ranking(study: Study, ranking: Ranking) -> RankingRelease:
    """Return a ranking as it may be released, under the study's release and disclosure rule.

    The ranking must be computed from counts to the nearest ten, so ranks, criteria, threats and gaps tell no more than these
    counts. A criterion, threat, feature or gap that depends on a count of 1 to k - 1 is suppressed. A market with fewer than
    k events, or fewer than k places, has no outline.

    Raises
    ------
    PublishError
        If a public release would show a ranking that was computed from exact counts.
    """
    k = threshold_of(study)
    if ranking.threshold < k:
        msg = (
            f"A public ranking is computed from counts to the nearest ten; this one is from exact counts. Compute it with "
            f"threshold = {k}."
        )
        raise PublishError(msg)
    withheld = Withheld(Reason.SMALL_COUNT, k)
    protected = replace(
        ranking,
        rows=tuple(
            replace(row, values=tuple(_protect_criterion(value, withheld) for value in row.values))
            for row in ranking.rows
        ),
        threats=tuple(_protect_threat_row(row, withheld, k) for row in ranking.threats),
        gaps=tuple(_protect_reach_gap(gap, k) for gap in ranking.gaps),
        hotspots=tuple(hotspot for hotspot in ranking.hotspots if min(hotspot.events, hotspot.places) >= k),
        used=(),
        ledgers=(),
    )
    constraints = NOTHING_SAID if k == 1 else constraints_of_counts(ranking.used, ranking.ledgers, k)
    return RankingRelease(study, protected, k, _SEAL, constraints)


def _protect_criterion(criterion: CriterionValue, withheld: Withheld) -> CriterionValue:
    if criterion.smallest_count and is_few(criterion.smallest_count, withheld.below):
        return replace(criterion, value=math.nan, standard_error=math.nan, note=withheld, smallest_count=0)
    return replace(criterion, smallest_count=0)


def _protect_threat_row(row: ThreatMatrixRow, withheld: Withheld, k: int) -> ThreatMatrixRow:
    """Return a row of the threat matrix without counts. All its threats are suppressed if any measure's count is small."""
    has_small_count = any(is_few(count, k) for _, count in row.counts)
    threats = tuple(
        (
            name,
            suppress_estimate(threat, withheld) if has_small_count and threat.is_defined else threat,
        )
        for name, threat in row.threats
    )
    features = tuple(
        replace(feature, value=math.nan, note=withheld, counts=())
        if any(is_few(count, k) for count in feature.counts)
        else replace(feature, counts=())
        for feature in row.features
    )
    return replace(row, threats=threats, features=features, counts=())


def _protect_reach_gap(gap: ReachGap, k: int) -> ReachGap:
    if any(is_few(count, k) for count in gap.counts):
        return replace(gap, share=math.nan, harm=math.nan, counts=(0, 0))
    return replace(gap, counts=(0, 0))
