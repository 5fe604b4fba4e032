"""Dispersion of finds around the target: spread, distance to sites, and share outside the target."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geoharm.harm.results.unintended_harm import FindDispersion
from geoharm.model.estimate import Interval

INTERVAL_LEVEL = 0.95
RESAMPLES = 999
MIN_FINDS = 5
Floats = NDArray[np.float64]


def find_dispersion(
    measure: str,
    before: tuple[Floats, Floats, Floats],
    after: tuple[Floats, Floats, Floats],
    *,
    sites: Sequence[tuple[str, Floats]] = (),
    inside: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None = None,
    seed: int,
    level: float = INTERVAL_LEVEL,
) -> tuple[FindDispersion, ...]:
    """Return statistics of where finds lie before and after an operation, with intervals from resampled places.

    Parameters
    ----------
    measure : str
        Name of the measure that counts the finds.
    before, after : (x, y, weight), ndarrays of shape (n,)
        Distinct places near the target, in metres, with the number of finds at each.
    sites : sequence of (category, ndarray of shape (s, 2))
        Sites by category ("sharps bin", "school"), in metres. For each category, the mean distance of the finds to the
        nearest site is computed.
    inside : (before, after), ndarrays of bool, optional
        Whether each place lies in the target. If given, the share of finds outside the target is computed too; a rise
        of this share is a sign of hurried use.
    seed : int
        Seed of the resampling.
    level : float
        Level of the intervals.

    Returns
    -------
    tuple of FindDispersion
        Values are NaN, with a note, if a window has fewer than 5 finds. Places are resampled as units, whatever the
        number of finds there.
    """
    rng = np.random.default_rng(seed)
    statistics: list[tuple[str, str, Floats | None]] = [("spread around their middle", "m", None)]
    statistics += [
        (f"distance to the nearest {category}", "m", site_places) for category, site_places in sites if len(site_places)
    ]
    dispersions = []
    for name, unit, site_places in statistics:
        value_before, value_after = (_PlaceStatistic(finds, site_places) for finds in (before, after))
        dispersions.append(_compare_windows((measure, name, unit), value_before, value_after, rng, level))
    if inside is not None:
        value_before, value_after = (
            _PlaceStatistic(finds, None, away=~in_target)
            for finds, in_target in zip((before, after), inside, strict=True)
        )
        dispersions.append(
            _compare_windows(
                (measure, "share found outside the target", "share"), value_before, value_after, rng, level
            )
        )
    return tuple(dispersions)


class _PlaceStatistic:
    """A statistic of weighted places, which can be resampled by place."""

    def __init__(
        self, finds: tuple[Floats, Floats, Floats], sites: Floats | None, *, away: NDArray[np.bool_] | None = None
    ) -> None:
        self.x, self.y, self.weight = finds
        self.value: Floats | None = None
        if away is not None:
            self.value = away.astype(np.float64)
        elif sites is not None:
            squared = (self.x[:, None] - sites[:, 0]) ** 2 + (self.y[:, None] - sites[:, 1]) ** 2
            self.value = np.sqrt(squared.min(axis=1)) if self.x.size else np.zeros(0)

    @property
    def events(self) -> int:
        return round(float(self.weight.sum()))

    def at(self, weight: Floats) -> float:
        total = weight.sum()
        if total <= 0:
            return math.nan
        if self.value is not None:
            return float((weight * self.value).sum() / total)
        centre = (weight * self.x).sum() / total, (weight * self.y).sum() / total
        squared = (self.x - centre[0]) ** 2 + (self.y - centre[1]) ** 2
        return math.sqrt(float((weight * squared).sum() / total))

    def resampled(self, rng: np.random.Generator) -> float:
        multiplicity = rng.multinomial(self.x.size, np.full(self.x.size, 1 / self.x.size))
        return self.at(self.weight * multiplicity)


def _compare_windows(
    labels: tuple[str, str, str],
    before: _PlaceStatistic,
    after: _PlaceStatistic,
    rng: np.random.Generator,
    level: float,
) -> FindDispersion:
    events = (before.events, after.events)
    if min(events) < MIN_FINDS:
        undefined = Interval(math.nan, math.nan, level)
        return FindDispersion(*labels, math.nan, math.nan, undefined, events, "too few finds near the target")
    changes = np.array([after.resampled(rng) - before.resampled(rng) for _ in range(RESAMPLES)])
    tail = (1 - level) / 2
    low, high = np.nanquantile(changes, [tail, 1 - tail])
    return FindDispersion(
        *labels,
        before.at(before.weight),
        after.at(after.weight),
        Interval(float(low), float(high), level),
        events,
    )
