"""Calibrated log rate ratio: its interval is learned at placebo places, or the reason is given why not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geoharm.evaluation.design.control_floor import why_no_control
from geoharm.evaluation.placebo.distribution import place_distribution, place_levels
from geoharm.evaluation.placebo.factors import forecast_factors
from geoharm.evaluation.placebo.forecast import ADDED_EVENTS, Forecast, PlaceboSeries, forecast_count, similar_places
from geoharm.evaluation.placebo.places import PlaceboCounts, PlaceboPlaces, history_windows, placebo_counts
from geoharm.model.counts import Change, ZoneCounts
from geoharm.model.design import AFTER, ALL_RINGS, TARGET_AND_RINGS, Design
from geoharm.model.disclosure_rules import DisclosureRule
from geoharm.model.effect import PlaceboCheck
from geoharm.model.estimate import Estimate, Interval, ratio_of
from geoharm.model.geometry import ZoneRole
from geoharm.model.panel import UnitPanel
from geoharm.model.period import Period, Window, add_months
from geoharm.model.reason import Reason
from geoharm.model.spread import ForecastSpread
from geoharm.stats.distributions import t_quantile, t_survival
from geoharm.stats.variance_stabilising import stabilise_variance, unstabilise_variance

REFERENCE = "https://doi.org/10.1198/jasa.2009.ap08746"
NAME = "log rate ratio"
LEVELS = (0.8, 0.9, 0.95, 0.99)

MIN_MONTHS = 18  # shortest history that was tested on real counts
MIN_PLACES = 20  # smallest number of other places where the footprint fits
MIN_EFFECTIVE = 4  # smallest effective number of independent places in the pool
# Smallest effective number of independent places as busy as the zone; with fewer, the forecast nearly extrapolates.
MIN_BUSY = 2.0
MIN_EXPECTED = 10  # smallest expected number of events after
MAX_NOT_CROSSED = 0.2  # largest share of the pool that could not be cross-forecast
_MIN_COUNT = 1e-3
_DAYS_PER_MONTH = 365.25 / 12
_MONTHS_PER_YEAR = 12


def calibrated_ratio(forecast: Forecast, after: int) -> Estimate:
    r"""Return the log of observed over expected events, with t intervals on the variance-stabilised scale.

    Parameters
    ----------
    forecast : Forecast
        The forecast of the zone's count after.
    after : int
        The zone's observed count after.

    Returns
    -------
    Estimate
        ``calibrated`` is true; `intervals` contains one interval for each of `LEVELS`.

    Notes
    -----
    With g the function `stabilise_variance`, c its bias and s the spread of the forecast, a ratio :math:`e^\theta` is
    tested by

    .. math:: T(\theta) = \frac{g(Y) - c(\mu) - g(\mu e^\theta)}{s}

    against a t distribution with the forecast's degrees of freedom. Inverting the test gives the ends of the interval,
    :math:`\theta = \log( g^{-1}(g(Y) - c(\mu) \mp t s) / \mu )`.

    References
    ----------
    Placebo places: A. Abadie, A. Diamond, J. Hainmueller (2010), Synthetic control methods for comparative case
    studies, JASA 105:493-505, https://doi.org/10.1198/jasa.2009.ap08746
    """
    stabilised = float(stabilise_variance(after, phi=forecast.phi, tau2=forecast.tau2)) - forecast.bias
    intervals = []
    for level in LEVELS:
        half_width = float(t_quantile(0.5 + level / 2, forecast.degrees_of_freedom)) * forecast.scale
        low, high = (log_ratio_at(forecast, stabilised + side * half_width) for side in (-1, 1))
        intervals.append(Interval(low, high, level))
    expected = float(stabilise_variance(forecast.mean, phi=forecast.phi, tau2=forecast.tau2))
    p = float(2 * t_survival(abs(stabilised - expected) / forecast.scale, forecast.degrees_of_freedom))
    return Estimate(
        NAME,
        log_ratio_at(forecast, stabilised),
        forecast.log_error,
        "log ratio",
        REFERENCE,
        calibrated=True,
        intervals=tuple(intervals),
        p=p,
    )


def log_ratio_at(forecast: Forecast | ForecastSpread, stabilised: float) -> float:
    """Return the log of a count over the forecast's mean, the count given on the stabilised scale; finite for a count of 0."""
    count = float(unstabilise_variance(stabilised, phi=forecast.phi, tau2=forecast.tau2))
    return math.log(max(count, _MIN_COUNT) / forecast.mean)


def why_no_forecast(*, months: int, places: int, pool: int) -> str:
    """Return the reason why no forecast can be learned, or an empty text.

    Parameters
    ----------
    months : int
        Number of months with data before the operation.
    places : int
        Number of other places where the footprint fits.
    pool : int
        Number of these places that had any event before and a level near the zone's.
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


def why_no_interval(forecast: Forecast, *, later: str = AFTER) -> str:
    """Return the reason why a forecast supports no interval, or an empty text; `later` is what the time after is called."""
    if not forecast.mean >= MIN_EXPECTED:
        return f"about {_below(forecast.mean)} events are expected {later}, and {MIN_EXPECTED} are needed"
    if forecast.effective_places < MIN_EFFECTIVE:
        return (
            f"the other places overlap so much that they are worth {_below(forecast.effective_places)} independent ones, and "
            f"{MIN_EFFECTIVE} are needed; a larger study area or smaller rings would give more"
        )
    if not forecast.busy_places:
        return "no other place was as busy before, and what such a place does without an operation is not known"
    if forecast.share_without_cross_forecast > MAX_NOT_CROSSED:
        return (
            f"{forecast.share_without_cross_forecast:.0%} of the other places cannot be forecast from places that share no ground with "
            "them; a larger study area or smaller rings would help"
        )
    return ""


def _below(value: float) -> str:
    """Return a value that is below a whole threshold with one decimal, cut off so that it still is below it."""
    return f"{math.floor(10 * value) / 10:.1f}"


def why_only_probable(forecast: Forecast) -> str:
    """Return the reason why an interval allows no more than "probably", or an empty text.

    Places overlap, so those as busy as the zone are counted as independent ones. On real counts without an operation, the
    80% interval keeps its level with fewer than two of them, and the 95% interval does not (docs/calibration.md).
    """
    if forecast.independent_busy_places >= MIN_BUSY:
        return ""
    return (
        f"the places as busy before overlap and are worth {_below(forecast.independent_busy_places)} independent ones, and "
        f"{MIN_BUSY:.0f} are needed"
    )


def undefined_calibrated_ratio(reason: str) -> Estimate:
    """Return an undefined estimate with the reason why no 95% interval is possible."""
    note = f"no 95% interval is possible here: {reason}"
    return Estimate(NAME, math.nan, math.nan, "log ratio", REFERENCE, note, calibrated=True, reason=Reason.NO_INTERVAL)


def nothing_before() -> Estimate:
    """Return an undefined estimate for a zone in which nothing was counted in the window before."""
    note = "nothing was counted there before, so the change is undefined"
    return Estimate(NAME, math.nan, math.nan, "log ratio", REFERENCE, note, calibrated=True, reason=Reason.ZERO_COUNT)


@dataclass(frozen=True, slots=True)
class PlaceboData:
    """One measure's counts at the placebo places of one operation.

    Attributes
    ----------
    places : PlaceboPlaces
    windows : tuple of Window
        The months before, followed by the windows after.
    months : int
        Number of months before.
    counts : PlaceboCounts
        Counts at the placebo places in these windows.
    rule : DisclosureRule or None
        The rule by which every count is rounded before a forecast is learned from it (`_rounded`); None takes exact counts.
    """

    places: PlaceboPlaces
    windows: tuple[Window, ...]
    months: int
    counts: PlaceboCounts
    rule: DisclosureRule | None = None


def placebo_windows(counts: ZoneCounts, design: Design) -> tuple[Window, ...]:
    """Return the windows of the unit panel: the months before the operation, the headline's window and all phases."""
    return (*history_windows(counts, design.operation, left_out=design.left_out), design.after, *design.phases)


def placebo_data(
    places: PlaceboPlaces, panel: UnitPanel, design: Design, *, rule: DisclosureRule | None = None
) -> PlaceboData:
    """Return the counts of a panel of `placebo_windows`, summed under the footprint at every placebo place."""
    months = len(panel.windows) - 1 - len(design.phases)
    return PlaceboData(places, panel.windows, months, placebo_counts(places, panel), rule)


def calibrated_effect(
    data: PlaceboData, counts: ZoneCounts, design: Design, *, zone: str, after: Window
) -> tuple[Estimate, PlaceboCheck | None]:
    """Return the calibrated log rate ratio of a zone in a window, and a summary of the placebo places used.

    Parameters
    ----------
    data : PlaceboData
    counts : ZoneCounts
        The operation's own counts, by zone and date.
    design : Design
    zone : str
        "target", "all rings" or "target and rings".
    after : Window
        One of the design's windows after.

    Returns
    -------
    ratio : Estimate
        Undefined, with the reason, if too little can be learned. A narrower interval is never given instead.
    check : PlaceboCheck or None
        None if no forecast could be learned. For the headline's window it says how the expected count was made, and what
        the places did.
    """
    forecast, check, reason, pool = fit_forecast_and_pool(data, counts, design, zone=zone, after=after)
    observed = _zone_change(counts, design, zone, after)
    if forecast is None or check is None or reason:
        return undefined_calibrated_ratio(reason) if observed.before else nothing_before(), check
    count_after = observed.after if data.rule is None else data.rule.working_count(observed.after)
    ratio = calibrated_ratio(forecast, count_after)
    if after != design.after:
        return ratio, check
    history, controls = data.windows[: data.months], _names(design, (ZoneRole.CONTROL,))
    check = replace(
        check,
        factors=forecast_factors(
            forecast,
            zone=observed,
            control=_summed_change(counts, design, controls, after, "control"),
            length_ratio=after.days / design.before.days,
            expected=expected_count_after(ratio, count_after, forecast.mean),
            history=history,
            control_by_month=[sum(counts.total(name, month) for name in controls) for month in history],
        ),
        distribution=place_distribution(forecast, ratio, count_after),
        levels=place_levels(
            _placebo_series(replace(data, rule=None), counts, design, zone, after).take(pool),
            (*history, after),
            design.before,
        ),
    )
    return ratio, check


def expected_count_after(ratio: Estimate, after: int, mean: float) -> float:
    """Return the count expected after by a calibrated ratio: observed over ratio, or the forecast's mean if none was counted."""
    return after * ratio_of(-ratio.value) if after else mean


def fit_forecast(
    data: PlaceboData, counts: ZoneCounts, design: Design, *, zone: str, after: Window
) -> tuple[Forecast | None, PlaceboCheck | None, str]:
    """Return the forecast for a zone in a window, a summary of the placebo places, and why there is no interval.

    The zone's own count after is not used, so the forecast does not depend on it.

    Parameters
    ----------
    data : PlaceboData
    counts : ZoneCounts
        The operation's own counts, by zone and date.
    design : Design
    zone : str
        "target", "all rings" or "target and rings".
    after : Window
        One of the design's windows after.

    Returns
    -------
    forecast : Forecast or None
        None if no forecast could be learned.
    check : PlaceboCheck or None
        None if no forecast could be learned.
    reason : str
        Why there is no interval; empty if there is one.
    """
    return fit_forecast_and_pool(data, counts, design, zone=zone, after=after)[:3]


def fit_forecast_and_pool(
    data: PlaceboData, counts: ZoneCounts, design: Design, *, zone: str, after: Window
) -> tuple[Forecast | None, PlaceboCheck | None, str, NDArray[np.int64]]:
    """Return the result of `fit_forecast`, and the positions of the placebo places used.

    Parameters
    ----------
    data, counts, design, zone, after
        As in `fit_forecast`.

    Returns
    -------
    forecast : Forecast or None
    check : PlaceboCheck or None
    reason : str
    pool : ndarray of int
        Positions of the placebo places that the forecast was learned at.
    """
    fitting_places = np.flatnonzero(data.places.fits[zone])
    reason = why_no_forecast(months=data.months, places=fitting_places.size, pool=MIN_PLACES)
    reason = reason or why_no_control(design, _control_change(counts, design, after))
    no_places = np.zeros(0, dtype=np.int64)
    if reason:
        return None, None, reason, no_places
    series = _placebo_series(data, counts, design, zone, after)
    distinct = _without_duplicates(series, fitting_places)
    pool = distinct[similar_places(series.take(distinct))]
    reason = why_no_forecast(months=data.months, places=fitting_places.size, pool=pool.size)
    if not reason and not (series.city[pool, : data.months - 12].sum(axis=1) > 0).all():
        reason = "the control area has too few events before"
    if reason:
        return None, None, reason, no_places
    forecast = forecast_count(
        series.take(pool),
        similarity=data.places.similarity(zone, pool),
        shares=data.places.share_ground(zone, pool),
    )
    check = PlaceboCheck(
        months=data.months,
        candidates=int(fitting_places.size),
        pool=forecast.places,
        effective_places=forecast.effective_places,
        at_least_as_busy=forecast.busy_places,
        expected=forecast.mean,
        phi=forecast.phi,
        tau=math.sqrt(forecast.tau2),
        detectable_fall=forecast.detectable_fall,
        dates=forecast.dates,
        liveliness=forecast.liveliness,
        probably_at_most=why_only_probable(forecast),
    )
    return forecast, check, why_no_interval(forecast, later=design.later), pool


def _names(design: Design, roles: Iterable[ZoneRole]) -> list[str]:
    return [design_zone.name for role in roles for design_zone in design.of_role(role)]


def _control_change(counts: ZoneCounts, design: Design, after: Window) -> Change:
    return _summed_change(counts, design, _names(design, [ZoneRole.CONTROL]), after, "control")


def _zone_change(counts: ZoneCounts, design: Design, zone: str, after: Window) -> Change:
    roles = {"target": (ZoneRole.TARGET,), ALL_RINGS: (ZoneRole.RING,)}.get(zone, (ZoneRole.TARGET, ZoneRole.RING))
    return _summed_change(counts, design, _names(design, roles), after, zone)


def _summed_change(counts: ZoneCounts, design: Design, names: Iterable[str], after: Window, name: str) -> Change:
    changes = [counts.change(zone, design.before, after) for zone in names]
    return Change(name, sum(change.before for change in changes), sum(change.after for change in changes))


def _placebo_series(data: PlaceboData, counts: ZoneCounts, design: Design, zone: str, after: Window) -> PlaceboSeries:
    """Return the series of every placebo place, and the series of the operation from its exact zone counts.

    Under a rule that rounds counts, all are rounded, at the placebo places too: so the forecast errors there are those of
    forecasts from rounded counts. Only the zone's counts after at the placebo places, which are forecast, stay exact.
    """
    used_windows = [*range(data.months), data.months + data.windows[data.months :].index(after)]
    target, rings, in_control, belt = (
        table[:, used_windows]
        for table in (data.counts.target, data.counts.rings, data.counts.in_control, data.counts.belt)
    )
    exact_by_zone = {"target": target, ALL_RINGS: rings, TARGET_AND_RINGS: target + rings}
    by_zone = {name: _rounded(table, data.rule) for name, table in exact_by_zone.items()}
    windows = [data.windows[position] for position in used_windows]

    def operation_counts(role: ZoneRole) -> NDArray[np.float64]:
        names = _names(design, (role,))
        return np.array([sum(counts.total(name, window) for name in names) for window in windows], dtype=np.float64)

    operation_target, operation_rings, city = (
        operation_counts(ZoneRole.TARGET),
        operation_counts(ZoneRole.RING),
        operation_counts(ZoneRole.CONTROL),
    )
    operation_by_zone = {
        "target": _rounded(operation_target, data.rule),
        ALL_RINGS: _rounded(operation_rings, data.rule),
        TARGET_AND_RINGS: _rounded(operation_target + operation_rings, data.rule),
    }
    city = _rounded(city, data.rule)
    companion = {"target": ALL_RINGS, ALL_RINGS: "target"}.get(zone)
    history = slice(0, data.months)
    peak, own_peak = (
        np.log((inner[..., history].sum(axis=-1) + ADDED_EVENTS) / (outer[..., history].sum(axis=-1) + ADDED_EVENTS))
        for inner, outer in (
            (by_zone["target"], by_zone[ALL_RINGS]),
            (operation_by_zone["target"], operation_by_zone[ALL_RINGS]),
        )
    )
    calendar, after_calendar = _calendars(windows[: data.months], after)
    zone_counts = by_zone[zone].copy()
    zone_counts[:, data.months :] = exact_by_zone[zone][:, data.months :]
    return PlaceboSeries(
        zone=zone_counts,
        companion=by_zone[companion] if companion else np.zeros_like(target),
        belt=_rounded(belt, data.rule),
        city=np.maximum(city[None] - _rounded(in_control, data.rule), 0),
        own_zone=operation_by_zone[zone],
        own_companion=operation_by_zone[companion] if companion else np.zeros_like(city),
        own_belt=_rounded(data.counts.operation_belt[used_windows], data.rule),
        own_city=city,
        peak=peak - own_peak,
        has_companion=companion is not None,
        calendar=calendar,
        after_calendar=after_calendar,
        after_months=after.days / _DAYS_PER_MONTH,
        months=data.months,
    )


def _rounded(counts: NDArray[np.float64], rule: DisclosureRule | None) -> NDArray[np.float64]:
    """Return counts as they are computed with under a rule (`DisclosureRule.working_count`)."""
    if rule is None:
        return counts
    values, positions = np.unique(counts, return_inverse=True)
    working = np.array([rule.working_count(round(value)) for value in values.tolist()], dtype=np.float64)
    return working[positions].reshape(counts.shape)


def _calendars(history: Sequence[Window], after: Window) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the calendar month of each month before (0 is January), and how many months of the window after lie in each.

    Months begin on the day of the month on which those of the history begin; parts of months count as parts.
    """
    starts = [window.periods[0].start for window in history]
    calendar = np.array([start.month - 1 for start in starts], dtype=np.int64)
    after_calendar = np.zeros(_MONTHS_PER_YEAR)
    ahead = (after.start.year - starts[0].year) * _MONTHS_PER_YEAR + after.start.month - starts[0].month - 1
    while (start := add_months(starts[0], ahead)) < after.end:
        month = Period(start, add_months(starts[0], ahead + 1))
        shared_days = sum(
            max(0, (min(month.end, period.end) - max(month.start, period.start)).days) for period in after.periods
        )
        after_calendar[start.month - 1] += shared_days / month.days
        ahead += 1
    return calendar, after_calendar


def _without_duplicates(series: PlaceboSeries, places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places without those whose counts all equal an earlier place's; these would count a place twice."""
    rows = np.column_stack([series.zone[places], series.companion[places], series.belt[places]])
    first = {row.tobytes(): position for position, row in reversed(list(enumerate(rows)))}
    return np.asarray(places[np.sort(list(first.values()))], dtype=np.int64)
