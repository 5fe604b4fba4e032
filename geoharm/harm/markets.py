"""The threat matrix: what each market does to people, to property and to those who live there; and its features."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from geoharm.harm.results.markets import THREATS, Feature, ReachGap, ThreatMatrixRow
from geoharm.model.estimate import Estimate, undefined
from geoharm.model.measure import Measure

_OF_TYPE = {
    "health": "injury",
    "crime and violence": "injury",
    "economic": "economic damage",
    "social and nuisance": "community harm",
    "environment": "community harm",
}
SERVICES = {
    "treatment": ("treatment", "clinic", "moud", "rehab"),
    "needle exchange": ("exchange",),
    "sharps bin": ("bin", "sharps"),
}
SCHOOL = ("school",)
Floats = NDArray[np.float64]


def threat_matrix_row(
    market: str,
    *,
    area_km2: float,
    counts: Sequence[tuple[Measure, int, float]],
    features: Sequence[Feature] = (),
    dispersion: float = 1.0,
) -> ThreatMatrixRow:
    """Return one market's line of the matrix: events a year of injury, economic damage and community harm.

    Parameters
    ----------
    market : str
    area_km2 : float
    counts : sequence of (Measure, int, float)
        Events in the market, and the years they were counted over. Activity is no threat and is left out; so are needles
        and entries to treatment.
    features : sequence of Feature
    dispersion : float
        Variance over mean of the counts.

    Returns
    -------
    ThreatMatrixRow
        A threat that no measure stands for is undefined: not zero.
    """
    found: dict[str, list[tuple[int, float]]] = {name: [] for name in THREATS}
    for measure, events, years in counts:
        if measure.harm is not None and measure.unit != "needles" and measure.kind != "treatment_entry":
            found[_OF_TYPE[measure.harm.type]].append((events, years))
    threats = []
    for name in THREATS:
        if not found[name]:
            threats.append((name, undefined(name, unit="a year", reference="", note="no measure of it was supplied")))
            continue
        value = math.fsum(events / years for events, years in found[name])
        error = math.sqrt(dispersion * math.fsum(max(events, 1) / years**2 for events, years in found[name]))
        threats.append((name, Estimate(name, value, error, "a year", "", "the noise of counting only")))
    shown = tuple((measure.name, events) for measure, events, _ in counts)
    return ThreatMatrixRow(market, area_km2, tuple(threats), tuple(features), shown)


def nearest_site(x: float, y: float, sites: Mapping[str, Floats], kinds: Sequence[str]) -> float:
    """Return the metres to the nearest site whose category holds one of some words; NaN if there is none."""
    places = sites_of_kind(sites, kinds)
    if not len(places):
        return math.nan
    return float(np.hypot(places[:, 0] - x, places[:, 1] - y).min())


def sites_of_kind(sites: Mapping[str, Floats], kinds: Sequence[str]) -> Floats:
    """Return the places, shape (n, 2), of sites whose category holds one of some words."""
    found = [places for category, places in sorted(sites.items()) if any(word in category.lower() for word in kinds)]
    return np.concatenate(found) if found else np.zeros((0, 2))


def reach_gap(
    market: str,
    service: str,
    middle: tuple[float, float],
    places: tuple[Floats, Floats, Floats],
    sites: Mapping[str, Floats],
    *,
    walking: float,
    years: float,
) -> ReachGap:
    """Return how much of a market's harm lies beyond walking distance of a kind of service, as the crow flies.

    Parameters
    ----------
    market, service : str
        The service is one of `SERVICES`.
    middle : (x, y)
        Of the market, in metres.
    places : (x, y, events), ndarrays of shape (n,)
        Of the market's harms.
    sites : mapping of category to ndarray of shape (s, 2)
    walking : float
        Metres.
    years : float
        That the events were counted over.
    """
    x, y, weight = places
    near = sites_of_kind(sites, SERVICES[service])
    distance = nearest_site(*middle, sites, SERVICES[service])
    total = float(weight.sum())
    if not len(near) or total <= 0:
        return ReachGap(market, service, math.nan, distance, math.nan)
    squared = (x[:, None] - near[:, 0]) ** 2 + (y[:, None] - near[:, 1]) ** 2
    beyond = float(weight[np.sqrt(squared.min(axis=1)) > walking].sum())
    counts = (round(total - beyond), round(beyond))
    return ReachGap(market, service, beyond / total, distance, beyond / years, counts)
