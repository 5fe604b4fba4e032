"""Diagnostic for piles: one point that holds much of a measure, so that it may stand for "somewhere" and not for a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.special import gammaln
from shapely.geometry.base import BaseGeometry

from geoharm.evaluation.recount import broken_claims, turns
from geoharm.evaluation.results.diagnostics import Diagnostic, DiagnosticKind, Severity
from geoharm.model.design import TARGET_AND_RINGS
from geoharm.model.effect import Effect
from geoharm.model.period import Window
from geoharm.model.points import DatedPoints

# A pile holds at least this share and this number of a measure's events in one of the windows, in the whole study area or
# in one zone.
_MIN_SHARE_OF_ALL, _MIN_SHARE_OF_ZONE, _MIN_EVENTS = 0.05, 1 / 3, 20
# In a zone, its share of one window must also exceed what its share of the other lets expect at this level.
_MAX_P = 1e-6
_TOLD_SHARES = (
    (0.5, "more than half"), (1 / 3, "more than a third"), (0.1, "more than a tenth"), (0.05, "more than a twentieth"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pile:
    """One point with a large share of a measure's events.

    Attributes
    ----------
    before, after : int
        Events at the point in the two windows.
    share : float
        Its largest share of the events of one window, 0 to 1.
    of_zone : bool
        Whether that is a share of its zone, else of the whole study area.
    """

    before: int
    after: int
    share: float
    of_zone: bool


def find_piles(
    points: DatedPoints, zones: Sequence[BaseGeometry], before: Window, after: Window
) -> list[tuple[Pile, ...]]:
    r"""Return the piles of a measure in each zone, the largest share first.

    A point is a pile of the study area if it holds at least 5% and 20 of the measure's events of one window. It is a pile
    of the zone if it holds at least a third and 20 of the zone's events of one window, and its share differs between the
    windows by more than chance: of the point's events in both windows so many fall into this one only with a chance
    under :math:`10^{-6}`, given the zone's events in each (the tail of Fisher's exact test; so small because events at one
    place come in clusters). A place that always had a third of its zone's events is a busy place.

    Parameters
    ----------
    points : DatedPoints
        Located events of the measure in the whole study area.
    zones : sequence of geometry
    before, after : Window

    References
    ----------
    R. A. Fisher (1935), The logic of inductive inference, Journal of the Royal Statistical Society 98:39-82,
    https://doi.org/10.2307/2342435
    """
    windows = [points.during(window) for window in (before, after)]
    places, counts = _counts_by_place(windows)
    return [_piles_in(zone, places, counts) for zone in zones]


def _piles_in(zone: BaseGeometry, places: NDArray[np.float64], counts: NDArray[np.int64]) -> tuple[Pile, ...]:
    """Return the piles in a zone of places, shape (n, 2), with their events in both windows, shape (n, 2)."""
    inside = shapely.contains_xy(zone, places[:, 0], places[:, 1])
    totals, zone_totals = counts.sum(axis=0), counts[inside].sum(axis=0)
    piles = []
    for place in np.flatnonzero(inside & (counts.max(axis=1) >= _MIN_EVENTS)):
        own = counts[place]
        large = own >= _MIN_EVENTS
        share = float(np.max(np.where(large, own / np.maximum(totals, 1), 0)))
        zone_share = np.where(large, own / np.maximum(zone_totals, 1), 0)
        piled = [
            zone_share[window] >= _MIN_SHARE_OF_ZONE and _excess(own, zone_totals, window) < _MAX_P for window in (0, 1)
        ]
        if share >= _MIN_SHARE_OF_ALL or any(piled):
            of_zone = share < _MIN_SHARE_OF_ALL
            told = float(zone_share.max()) if of_zone else share
            piles.append(Pile(int(own[0]), int(own[1]), told, of_zone))
    return tuple(sorted(piles, key=lambda pile: (pile.of_zone, -pile.share)))


def _excess(own: NDArray[np.int64], totals: NDArray[np.int64], window: int) -> float:
    """Return the chance of so many events or more on one point in a window, given its events in both windows."""
    drawn, total, marked = int(totals[window]), int(totals.sum()), int(own.sum())
    hits = np.arange(own[window], min(drawn, marked) + 1)
    log_chance = _log_ways(marked, hits) + _log_ways(total - marked, drawn - hits) - _log_ways(total, np.array([drawn]))
    return float(np.exp(log_chance).sum())


def _log_ways(of: int, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the logarithm of the number of ways to choose; minus infinity where there is none."""
    possible = (chosen >= 0) & (chosen <= of)
    taken = np.where(possible, chosen, 0)
    ways: NDArray[np.float64] = gammaln(of + 1) - gammaln(taken + 1) - gammaln(of - taken + 1)
    return np.where(possible, ways, -np.inf)


def _counts_by_place(windows: Sequence[DatedPoints]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the distinct places of all windows, shape (n, 2), and the events at each by window, shape (n, 2)."""
    at = np.concatenate([np.column_stack([points.x, points.y]) for points in windows])
    if not len(at):
        return np.zeros((0, 2)), np.zeros((0, 2), dtype=np.int64)
    places, number = np.unique(at, axis=0, return_inverse=True)
    window = np.repeat([0, 1], [len(points) for points in windows])
    counts = np.zeros((len(places), 2))
    np.add.at(counts, (number.ravel(), window), np.concatenate([points.weight for points in windows]))
    return places, np.rint(counts).astype(np.int64)


def piles_diagnostic(
    piles: Sequence[Pile], effect: Effect[int], *, zones: Sequence[str] = ("target", TARGET_AND_RINGS)
) -> Diagnostic:
    """Return the diagnostic for piles in the zone of an effect.

    Parameters
    ----------
    piles : sequence of Pile
        Those in the effect's zone, from `find_piles`.
    effect : Effect
    zones : sequence of str
        The zones whose readings it limits.

    Returns
    -------
    Diagnostic
        The figure is the largest of 1/20, 1/10, 1/3 and 1/2 that a pile's share exceeds. The severity is SIGNAL if the
        interval excludes no change, and no longer does so on the same side without one or all of the piles; else SAY. What
        else the numbers would not support without them is in `broken`.
        Neither figure nor sentence gives a count, or a share from which one could be told.
    """
    kind, unit = DiagnosticKind.PILES, "share of events"
    if not piles:
        return Diagnostic(kind, 0.0, unit, "No single point holds a large share of the events.", Severity.NONE)
    largest = piles[0]
    share, words = next((told for told in _TOLD_SHARES if largest.share > told[0]), _TOLD_SHARES[-1])
    name = "the target area" if effect.zone == "target" else "the rings"
    text = (
        f"One point of {name} holds {words} of the events of {name if largest.of_zone else 'the study area'} in one of the "
        "windows. It may be a place, or a point that stands for places that are not known, such as a police station or the "
        "middle of a town."
    )
    ways = {(-pile.before, -pile.after) for pile in piles}
    ways.add((-sum(pile.before for pile in piles), -sum(pile.after for pile in piles)))
    turned = any(turns(effect, before=before, after=after) for before, after in ways)
    side = effect.ratio.interval().side
    outcome = {
        (True, True): "Without it no such change would be read",
        (True, False): "Without it a fall or a rise would be read",
        (False, True): "Without it the change is read in the same way",
        (False, False): "Without it no change is read either",
    }[turned, side != 0]
    severity = Severity.SIGNAL if turned and side else Severity.SAY
    broken = broken_claims(effect, ways)
    if broken and not turned:
        outcome = "Without it less could be said"
    by_zone = dict.fromkeys(zones, broken)
    return Diagnostic(kind, share, unit, f"{text} {outcome}.", severity, zones=tuple(zones), broken=by_zone)
