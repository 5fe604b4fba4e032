"""How finds lie around the old market: their spread, how far from bins and schools, and how many lie away from it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geoharm.harm.results.unintended_harm import FindDispersion
from geoharm.model.estimate import Interval

MAX_LEVEL_FACTOR = 0.95
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
    level: float = MAX_LEVEL_FACTOR,
) -> tuple[FindDispersion, ...]:
    """Return how finds around an operation lie, before and after, with intervals by resampling places.

    Parameters
    ----------
    measure : str
    before, after : (x, y, weight), ndarrays of shape (n,)
        Distinct places near the target, in metres, with the finds at each.
    sites : sequence of (name, ndarray of shape (s, 2))
        "sharps bin", "school": the distance to the nearest is averaged.
    inside : (before, after), ndarrays of bool, optional
        Whether each place lies in the target: then the share of finds outside it is given, a sign of hurried use.
    seed : int
    level : float

    Returns
    -------
    tuple of FindDispersion
        NaN, with a note, with fewer than 5 finds in a window. A place is one unit, whatever was found there.
    """
    rng = np.random.default_rng(seed)
    questions: list[tuple[str, str, Floats | None]] = [("spread around their middle", "m", None)]
    questions += [(f"distance to the nearest {name}", "m", places) for name, places in sites if len(places)]
    found = []
    for what, unit, places in questions:
        one, two = (_Lies(part, places) for part in (before, after))
        found.append(_compare((measure, what, unit), one, two, rng, level))
    if inside is not None:
        one, two = (_Lies(part, None, away=~where) for part, where in zip((before, after), inside, strict=True))
        found.append(_compare((measure, "share found outside the target", "share"), one, two, rng, level))
    return tuple(found)


class _Lies:
    """One statistic of weighted places that can be resampled by place."""

    def __init__(
        self, part: tuple[Floats, Floats, Floats], sites: Floats | None, *, away: NDArray[np.bool_] | None = None
    ) -> None:
        self.x, self.y, self.weight = part
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
        middle = (weight * self.x).sum() / total, (weight * self.y).sum() / total
        squared = (self.x - middle[0]) ** 2 + (self.y - middle[1]) ** 2
        return math.sqrt(float((weight * squared).sum() / total))

    def resampled(self, rng: np.random.Generator) -> float:
        picks = rng.multinomial(self.x.size, np.full(self.x.size, 1 / self.x.size))
        return self.at(self.weight * picks)


def _compare(
    about: tuple[str, str, str], before: _Lies, after: _Lies, rng: np.random.Generator, level: float
) -> FindDispersion:
    events = (before.events, after.events)
    if min(events) < MIN_FINDS:
        nothing = Interval(math.nan, math.nan, level)
        return FindDispersion(*about, math.nan, math.nan, nothing, events, "too few finds near the target")
    changes = np.array([after.resampled(rng) - before.resampled(rng) for _ in range(RESAMPLES)])
    tail = (1 - level) / 2
    low, high = np.nanquantile(changes, [tail, 1 - tail])
    return FindDispersion(
        *about,
        before.at(before.weight),
        after.at(after.weight),
        Interval(float(low), float(high), level),
        events,
    )
