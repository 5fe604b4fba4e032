"""The threat matrix of drug markets, and the reach of services. Threats are harms a year by market."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from geoharm.harm.results.markets import THREATS, Feature, ReachGap, ThreatMatrixRow
from geoharm.model.estimate import Estimate, undefined
from geoharm.model.measure import Measure
from geoharm.model.reason import Reason

_THREAT_OF_HARM_TYPE = {
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
    counted: Callable[[int], int] = int,
) -> ThreatMatrixRow:
    """Return one market's row of the threat matrix: events a year of injury, economic damage and community harm.

    Parameters
    ----------
    market : str
        Name of the market.
    area_km2 : float
        Its area in square kilometres.
    counts : sequence of (Measure, int, float)
        A measure, its events in the market, and the years in which they were counted. Activity measures, needles and
        entries into drug treatment are not counted as threats.
    features : sequence of Feature
        Features of the market, passed through to the result.
    dispersion : float
        Variance of the counts divided by their mean.
    counted : callable
        From a count to the number that is computed with, such as the count to the nearest ten.

    Returns
    -------
    ThreatMatrixRow
        A threat without a measure is undefined, not zero.
    """
    counts_by_threat: dict[str, list[tuple[int, float]]] = {name: [] for name in THREATS}
    for measure, events, years in counts:
        if measure.harm is not None and is_threat(measure):
            counts_by_threat[_THREAT_OF_HARM_TYPE[measure.harm.type]].append((counted(events), years))
    threats = []
    for name in THREATS:
        if not counts_by_threat[name]:
            note = "no measure of it was supplied"
            threats.append((name, undefined(name, unit="a year", reference="", note=note, reason=Reason.NO_DATA)))
            continue
        value = math.fsum(events / years for events, years in counts_by_threat[name])
        error = math.sqrt(dispersion * math.fsum(max(events, 1) / years**2 for events, years in counts_by_threat[name]))
        threats.append((name, Estimate(name, value, error, "a year", "", "the noise of counting only")))
    measure_counts = tuple((measure.name, events) for measure, events, _ in counts)
    return ThreatMatrixRow(market, area_km2, tuple(threats), tuple(features), measure_counts)


def is_threat(measure: Measure) -> bool:
    """Return whether the events of a measure are a threat: those of activity, needles and entries into treatment are not."""
    return measure.harm is not None and measure.unit != "needles" and measure.kind != "treatment_entry"


def nearest_site(x: float, y: float, sites: Mapping[str, Floats], kinds: Sequence[str]) -> float:
    """Return the distance to the nearest site of some kinds.

    Parameters
    ----------
    x, y : float
        Metres.
    sites : mapping of category to ndarray of shape (s, 2)
        Places of sites, in metres.
    kinds : sequence of str
        Words; a site is used if its category contains one of them.

    Returns
    -------
    float
        Metres; NaN if there is no such site.
    """
    site_places = sites_of_kind(sites, kinds)
    if not len(site_places):
        return math.nan
    return float(np.hypot(site_places[:, 0] - x, site_places[:, 1] - y).min())


def sites_of_kind(sites: Mapping[str, Floats], kinds: Sequence[str]) -> Floats:
    """Return the places, shape (n, 2), of the sites whose category contains one of the words in `kinds`."""
    matching = [
        category_places
        for category, category_places in sorted(sites.items())
        if any(word in category.lower() for word in kinds)
    ]
    return np.concatenate(matching) if matching else np.zeros((0, 2))


def reach_gap(
    market: str,
    service: str,
    middle: tuple[float, float],
    places: tuple[Floats, Floats, Floats],
    sites: Mapping[str, Floats],
    *,
    walking: float,
    years: float,
    counted: Callable[[int], int] = int,
) -> ReachGap:
    """Return how much of a market's harm lies beyond walking distance of a service, measured in straight lines.

    Parameters
    ----------
    market, service : str
        The service is one of `SERVICES`.
    middle : (x, y)
        Centre of the market, in metres.
    places : (x, y, events), ndarrays of shape (n,)
        Places of the market's harms, in metres, with the events at each.
    sites : mapping of category to ndarray of shape (s, 2)
        Places of sites, in metres.
    walking : float
        Walking distance in metres.
    years : float
        Length of the time in which the events were counted.
    counted : callable
        From a count to the number that is computed with, such as the count to the nearest ten.
    """
    x, y, weight = places
    service_places = sites_of_kind(sites, SERVICES[service])
    distance = nearest_site(*middle, sites, SERVICES[service])
    total = float(weight.sum())
    if not len(service_places) or total <= 0:
        return ReachGap(market, service, math.nan, distance, math.nan)
    squared = (x[:, None] - service_places[:, 0]) ** 2 + (y[:, None] - service_places[:, 1]) ** 2
    beyond = float(weight[np.sqrt(squared.min(axis=1)) > walking].sum())
    counts = (round(total - beyond), round(beyond))
    within_reach, beyond_reach = map(counted, counts)
    share = beyond_reach / (within_reach + beyond_reach)
    return ReachGap(market, service, share, distance, beyond_reach / years, counts)
