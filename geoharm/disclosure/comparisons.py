"""Disclosure control of comparisons: the events of whole windows to the nearest ten, and nothing finer.

Ratio and interval are computed again from the rounded counts, with a dispersion rounded up to a whole number, so that they
tell nothing that the counts do not. Where a small count would follow with the comparisons of a measure and not without them,
they are given up.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace

from geoharm.disclosure.released import (
    ReleasedChange,
    ReleasedComparison,
    ReleasedHotspots,
    ReleasedPatterns,
)
from geoharm.disclosure.tens import count_to_ten, working_count, working_dispersion
from geoharm.hotspots.results.comparison import MeasureComparison
from geoharm.model.estimate import Interval
from geoharm.model.rate_ratio import RateRatio
from geoharm.model.reason import Note, Reason, RevealedBy, Withheld
from geoharm.model.suppressed import Suppressed
from geoharm.stats.exact_rates import ratio_of_two_rates


def protect_comparison(result: MeasureComparison, k: int, *, given_up: bool = False) -> ReleasedComparison:
    """Return the comparison of a measure as it may be released.

    Parameters
    ----------
    result : MeasureComparison
    k : int
        Threshold of the disclosure rule; 1 shows everything exactly.
    given_up : bool
        Whether its numbers, with the others of the release, would give a small count back.
    """
    before, after = (Suppressed() if given_up else count_to_ten(count, k) for count in result.counts)
    withheld: Note = ""
    if given_up:
        withheld = Withheld(Reason.GIVES_BACK, k, RevealedBy.ALL_NUMBERS)
    elif isinstance(before, Suppressed) or isinstance(after, Suppressed):
        withheld = Withheld(Reason.SMALL_COUNT, k)
    windows, ratio = result.windows, result.ratio
    if windows is None:
        before = after = 0
    elif withheld:
        ratio = RateRatio(math.nan, Interval(math.nan, math.nan, ratio.interval.level), math.nan, withheld)
    elif k > 1:
        ratio = ratio_of_two_rates(
            (working_count(result.counts[0], k), working_count(result.counts[1], k)),
            (windows.before.days, windows.after.days),
            dispersion=working_dispersion(ratio.dispersion, k),
            level=ratio.interval.level,
        )
    return ReleasedComparison(
        measure=result.measure,
        comparison=result.comparison,
        windows=windows,
        left_out=result.left_out,
        counts=(before, after),
        ratio=ratio,
        same_season=result.same_season,
        note=result.note,
    )


def without_windows_of(hotspots: ReleasedHotspots, comparisons: Collection[str]) -> ReleasedHotspots:
    """Return the surfaces and hotspots of a measure without those of some comparisons."""
    return replace(
        hotspots,
        views={key: image for key, image in hotspots.views.items() if key[0] not in comparisons},
        events={key: events for key, events in hotspots.events.items() if key[0] not in comparisons},
        outlines={key: drawn for key, drawn in hotspots.outlines.items() if key[0] not in comparisons},
        exact={key: surface for key, surface in hotspots.exact.items() if key[0] not in comparisons},
    )


def without_change_of(change: ReleasedChange, comparisons: Collection[str], k: int) -> ReleasedChange:
    """Return a change without its pictures, if it is that of one of some comparisons."""
    if change.windows_of not in comparisons:
        return change
    note = Withheld(Reason.GIVES_BACK, k, RevealedBy.ALL_NUMBERS)
    return replace(change, pictures={}, areas={}, method=None, note=note)


def without_shift_of(patterns: ReleasedPatterns, comparisons: Collection[str]) -> ReleasedPatterns:
    """Return the patterns of a measure without the shifts of some comparisons."""
    return replace(
        patterns, similarity={name: shift for name, shift in patterns.similarity.items() if name not in comparisons}
    )
