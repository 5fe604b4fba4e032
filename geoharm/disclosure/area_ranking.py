"""Disclosure control of the ranking of areas: counts in tens, and the order that follows from these."""

from __future__ import annotations

from dataclasses import replace

from geoharm.disclosure.area_changes import tens_around
from geoharm.hotspots.results.area_ranking import AreaRanking, ranked

# So many areas are listed at most.
MOST_AREAS = 10


def protect_area_ranking(ranking: AreaRanking, k: int) -> AreaRanking:
    """Return the first areas of a ranking as they may be released.

    Each count becomes the ten in which it lies (`tens_around`), and the order is made again from these, so that it tells no more. Areas
    that may have fewer events than the threshold are not listed.

    Parameters
    ----------
    ranking : AreaRanking
    k : int
        Threshold of the disclosure rule; 1 shows every number.
    """
    if k == 1:
        return replace(ranking, areas=ranking.areas[:MOST_AREAS])
    rounded = [replace(one, count=tens_around(one.count, k)) for one in ranking.areas]
    listed = ranked(tuple(one for one in rounded if one.count.low >= k))
    return replace(ranking, areas=listed[:MOST_AREAS], is_rounded=True)
