"""The log rate ratio with an interval that was checked at places without an operation, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from geoharm.evaluation.placebo.forecast import Forecast, PlaceboSeries, forecast_count, similar_places
from geoharm.evaluation.placebo.places import PlaceboCounts, PlaceboPlaces, history_windows, placebo_counts
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS, Design
from geoharm.model.effect import PlaceboCheck
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.geometry import ZoneRole
from geoharm.model.panel import UnitPanel
from geoharm.model.period import Window
from geoharm.stats.variance_stabilising import stabilise_variance, unstabilise_variance

REFERENCE = "https://doi.org/10.1198/jasa.2009.ap08746"
NAME = "log rate ratio"
LEVELS = (0.8, 0.9, 0.95, 0.99)

MIN_MONTHS = 18  # shortest history that was tested on real counts
MIN_PLACES = 20  # fewest other places where the footprint fits
MIN_EFFECTIVE = 4  # fewest independent places that the pool may be worth
MIN_BUSY = 5  # fewest places as busy as the zone: with fewer, the forecast extrapolates
MIN_EXPECTED = 10  # fewest events expected after
MAX_NOT_CROSSED = 0.2  # largest share of the pool that could not be forecast from other places only
_LEAST_COUNT = 1e-3
_DAYS_A_MONTH = 365.25 / 12


def calibrated_ratio(found: Forecast, after: int) -> Estimate:
    r"""Return the log of observed over expected events, with t intervals on the variance-stabilised scale.

    Parameters
    ----------
    found : Forecast
    after : int
        The zone's count after.

    Returns
    -------
    Estimate
        ``calibrated`` is true; `intervals` holds those of `LEVELS`.

    Notes
    -----
    With g of `stabilise_variance`, its bias c and the spread s of the forecast, a ratio :math:`e^\theta` is tested by

    .. math:: T(\theta) = \frac{g(Y) - c(\mu) - g(\mu e^\theta)}{s}

    against t with the forecast's degrees of freedom. Inverted, the ends are
    :math:`\theta = \log( g^{-1}(g(Y) - c(\mu) \mp t s) / \mu )`.

    References
    ----------
    Placebo places: A. Abadie, A. Diamond, J. Hainmueller (2010), Synthetic control methods for comparative case
    studies, JASA 105:493-505, https://doi.org/10.1198/jasa.2009.ap08746
    """
    seen = float(stabilise_variance(after, phi=found.phi, tau2=found.tau2)) - found.centre

    def theta(value: float) -> float:
        count = float(unstabilise_variance(value, phi=found.phi, tau2=found.tau2))
        return math.log(max(count, _LEAST_COUNT) / found.mean)

    intervals = []
    for level in LEVELS:
        reach = float(student.ppf(0.5 + level / 2, found.freedom)) * found.scale
        intervals.append(Interval(theta(seen - reach), theta(seen + reach), level))
    expected = float(stabilise_variance(found.mean, phi=found.phi, tau2=found.tau2))
    p = float(2 * student.sf(abs(seen - expected) / found.scale, found.freedom))
    return Estimate(
        NAME,
        theta(seen),
        found.log_error,
        "log ratio",
        REFERENCE,
        calibrated=True,
        intervals=tuple(intervals),
        p=p,
    )


def why_no_forecast(*, months: int, places: int, pool: int) -> str:
    """Return why no forecast can be learned at all, or an empty text.

    Parameters
    ----------
    months : int
        Months with data before the operation.
    places : int
        Other places where the footprint fits.
    pool : int
        Those of them that had any event before and lie near the zone's level.
    """
    if months < MIN_MONTHS:
        return f"the data hold {months} months before the operation, and {MIN_MONTHS} are needed to learn from other places"
    if places < MIN_PLACES:
        return (
            f"target and rings fit on {places} other places that no operation touched, and {MIN_PLACES} are needed; "
            "a larger study area or smaller rings would give more"
        )
    if pool < MIN_PLACES:
        return f"only {pool} other places had any event before, and {MIN_PLACES} are needed"
    return ""


def why_no_interval(found: Forecast) -> str:
    """Return why a forecast cannot carry an interval, or an empty text."""
    if not found.mean >= MIN_EXPECTED:
        return f"about {found.mean:.1f} events are expected after, and {MIN_EXPECTED} are needed"
    if found.effective < MIN_EFFECTIVE:
        return (
            f"the other places overlap so much that they are worth {found.effective:.1f} independent ones, and "
            f"{MIN_EFFECTIVE} are needed; a larger study area or smaller rings would give more"
        )
    if found.busy < MIN_BUSY:
        known = {0: "no other place was", 1: "only 1 other place was"}
        return (
            f"{known.get(found.busy, f'only {found.busy} other places were')} as busy before, and {MIN_BUSY} are needed: "
            "what such a place does without an operation is not known"
        )
    if found.not_crossed > MAX_NOT_CROSSED:
        return (
            f"{found.not_crossed:.0%} of the other places cannot be forecast from places that share no ground with "
            "them; a larger study area or smaller rings would help"
        )
    return ""


def undefined_calibrated_ratio(reason: str) -> Estimate:
    """Return the estimate that says why no 95% interval is possible; never a narrower one in its place."""
    note = f"no 95% interval is possible here: {reason}"
    return Estimate(NAME, math.nan, math.nan, "log ratio", REFERENCE, note, calibrated=True)


@dataclass(frozen=True, slots=True)
class PlaceboData:
    """One measure's counts at the placebo places of one operation.

    Attributes
    ----------
    places : PlaceboPlaces
    windows : tuple of Window
        Months before, then the windows after.
    months : int
        How many of them are months before.
    sums : PlaceboCounts
    """

    places: PlaceboPlaces
    windows: tuple[Window, ...]
    months: int
    sums: PlaceboCounts


def placebo_windows(counts: ZoneCounts, design: Design) -> tuple[Window, ...]:
    """Return what a unit panel must count: the months before the operation, the headline's window, every phase."""
    return (*history_windows(counts, design.operation), design.after, *design.phases)


def placebo_data(places: PlaceboPlaces, panel: UnitPanel, design: Design) -> PlaceboData:
    """Return a panel of `placebo_windows`, added up under the footprint at every placebo place."""
    months = len(panel.windows) - 1 - len(design.phases)
    return PlaceboData(places, panel.windows, months, placebo_counts(places, panel))


def calibrated_effect(
    data: PlaceboData, counts: ZoneCounts, design: Design, *, zone: str, after: Window
) -> tuple[Estimate, PlaceboCheck | None]:
    """Return the calibrated log rate ratio of a zone in a window, and what it was learned at.

    Parameters
    ----------
    data : PlaceboData
    counts : ZoneCounts
        The operation's own, by zone and date.
    design : Design
    zone : str
        "target", "all rings" or "target and rings".
    after : Window
        One of the design's.

    Returns
    -------
    ratio : Estimate
        Undefined, with the reason, where too little can be learned: never a narrower interval.
    check : PlaceboCheck or None
        None where no forecast could be learned.
    """
    found, check, reason = fit_forecast(data, counts, design, zone=zone, after=after)
    if found is None or reason:
        return undefined_calibrated_ratio(reason), check
    return calibrated_ratio(found, _own_count(counts, design, zone, after)), check


def fit_forecast(
    data: PlaceboData, counts: ZoneCounts, design: Design, *, zone: str, after: Window
) -> tuple[Forecast | None, PlaceboCheck | None, str]:
    """Return the forecast for a zone in a window, what it was learned at, and why it cannot carry an interval.

    The zone's own count after is not read: one forecast serves whatever was counted there. The forecast is None where
    none could be learned; the reason is empty where it can carry an interval.
    """
    return fit_forecast_and_pool(data, counts, design, zone=zone, after=after)[:3]


def fit_forecast_and_pool(
    data: PlaceboData, counts: ZoneCounts, design: Design, *, zone: str, after: Window
) -> tuple[Forecast | None, PlaceboCheck | None, str, NDArray[np.int64]]:
    """Return what `fit_forecast` does, and the positions of the placebo places it was learned at."""
    fitting = np.flatnonzero(data.places.fits[zone])
    reason = why_no_forecast(months=data.months, places=fitting.size, pool=MIN_PLACES)
    nowhere = np.zeros(0, dtype=np.int64)
    if reason:
        return None, None, reason, nowhere
    series = _series(data, counts, design, zone, after)
    distinct = _distinct(series, fitting)
    near = distinct[similar_places(series.take(distinct))]
    reason = why_no_forecast(months=data.months, places=fitting.size, pool=near.size)
    if not reason and not (series.city[near, : data.months - 12].sum(axis=1) > 0).all():
        reason = "the control area has too few events before"
    if reason:
        return None, None, reason, nowhere
    found = forecast_count(
        series.take(near),
        similarity=data.places.similarity(zone, near),
        shares=data.places.share_ground(zone, near),
    )
    check = PlaceboCheck(
        months=data.months,
        fitting=int(fitting.size),
        pool=found.places,
        independent=found.effective,
        busy=found.busy,
        expected=found.mean,
        phi=found.phi,
        tau=math.sqrt(found.tau2),
        detectable_fall=found.detectable_fall,
    )
    return found, check, why_no_interval(found), near


def _own_count(counts: ZoneCounts, design: Design, zone: str, window: Window) -> int:
    roles = {"target": (ZoneRole.TARGET,), ALL_RINGS: (ZoneRole.RING,)}.get(zone, (ZoneRole.TARGET, ZoneRole.RING))
    return sum(counts.total(one.name, window) for role in roles for one in design.of_role(role))


def _series(data: PlaceboData, counts: ZoneCounts, design: Design, zone: str, after: Window) -> PlaceboSeries:
    """Return the series of every placebo place and of the operation; the operation's own counts are exact."""
    used = [*range(data.months), data.months + data.windows[data.months :].index(after)]
    target, rings, own, belt = (
        table[:, used] for table in (data.sums.target, data.sums.rings, data.sums.own, data.sums.belt)
    )
    by_zone = {"target": target, ALL_RINGS: rings, TARGET_AND_RINGS: target + rings}
    windows = [data.windows[position] for position in used]

    def exact(role: ZoneRole) -> NDArray[np.float64]:
        names = [one.name for one in design.of_role(role)]
        return np.array([sum(counts.total(name, window) for name in names) for window in windows], dtype=np.float64)

    own_target, own_rings, city = exact(ZoneRole.TARGET), exact(ZoneRole.RING), exact(ZoneRole.CONTROL)
    exact_by_zone = {"target": own_target, ALL_RINGS: own_rings, TARGET_AND_RINGS: own_target + own_rings}
    companion = {"target": ALL_RINGS, ALL_RINGS: "target"}.get(zone)
    return PlaceboSeries(
        zone=by_zone[zone],
        companion=by_zone[companion] if companion else np.zeros_like(target),
        belt=belt,
        city=city[None] - own,
        own_zone=exact_by_zone[zone],
        own_companion=exact_by_zone[companion] if companion else np.zeros_like(city),
        own_belt=data.sums.operation_belt[used],
        own_city=city,
        has_companion=companion is not None,
        after_months=after.days / _DAYS_A_MONTH,
        months=data.months,
    )


def _distinct(series: PlaceboSeries, places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places less those whose counts all repeat an earlier one's: they would be the same place twice."""
    rows = np.column_stack([series.zone[places], series.companion[places], series.belt[places]])
    _, first = np.unique(rows, axis=0, return_index=True)
    return np.asarray(places[np.sort(first)], dtype=np.int64)
