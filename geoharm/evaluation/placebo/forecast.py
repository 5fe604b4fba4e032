"""Forecast of a zone's count after, had there been no operation, learned at placebo places.

A placebo place has the same footprint, counts before and after, and no operation. From these places three things are
estimated: how to weight past months, how far high counts regress to the mean, and how large the errors of such forecasts
are, now and at an earlier date. The zone's own counts are used only before the operation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from geoharm.evaluation.placebo.liveliness import liveliness
from geoharm.evaluation.placebo.season import season_factors
from geoharm.model.places_like_it import FactorKind
from geoharm.model.spread import ForecastSpread
from geoharm.stats.distributions import t_quantile
from geoharm.stats.minimum_detectable import stabilised_detectable_fall
from geoharm.stats.variance_stabilising import (
    fit_variance,
    stabilisation_bias,
    stabilise_variance,
    unstabilise_variance,
)

Floats = NDArray[np.float64]

ADDED_EVENTS = 2.0  # events added to both sides of every log ratio, so that a count of 0 gives a finite value
LEVEL_BAND = float(np.log(3))  # the pool: placebo places within a factor 3 of the zone's own count before ...
MIN_POOL = 80  # ... or at least this many, the nearest in level
DISCOUNTS = (0.80, 0.85, 0.90, 0.95, 1.0)  # weight of a month relative to the next one; chosen at the placebo places
# Columns of the regression, in this order.
FEATURES = (
    FactorKind.COMMON,
    FactorKind.LEVEL,
    FactorKind.LONG_RUN,
    FactorKind.COMPANION,
    FactorKind.BELT_AFTER,
    FactorKind.BELT_YEAR,
)
MIN_BUSY_LOG_LEVEL = -0.1  # a placebo place with at least this log level is "as busy as the zone"

_PRIOR_LEVEL, _PRIOR_FEATURE = 0.1, 0.3
_PHI_MONTHS = 12.0  # effective months of history in the forecast: phi <= phi_month (1 + after / 12)
_MIN_EXPECTED = 0.3
_MONTHS_PER_YEAR = 12
_HALF_WIDTH = 3
_MIN_EARLIER_GAP = 6  # months between the earlier date and the operation, at least
_EARLIER_WEIGHT = 0.85  # the earlier date has a shorter past, so its errors are larger
# The earlier date is used if it expects at least this many events at the operation's place, and this share of those now: in a
# window that is empty everywhere, nothing can be missed.
_LEAST_EARLIER_COUNT, _LEAST_EARLIER_SHARE = 3.0, 0.1
_LEAST_DRIFT = 0.2  # the part of the spread beyond counting noise is taken to be at least this share of it
_MAX_STEP, _MAX_LOG_FACTOR = 1.0, 3.0  # largest step of a coefficient, and largest log factor of a forecast
_POWER = 0.8
_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class PlaceboSeries:
    """Counts of one zone by month before and in the window after, at all placebo places and for the operation.

    Attributes
    ----------
    zone, companion, belt, city : ndarray, shape (places, months + columns of the window after)
        Counts at the placebo places. `companion` is the ring for a target, the target for a ring, and zero otherwise.
        `belt` is the outer belt. `city` is the control area without the place.
    own_zone, own_companion, own_belt, own_city : ndarray, shape (months + columns of the window after,)
        The same counts for the operation. Its `own_zone` and `own_companion` after the operation are not used.
    peak : ndarray, shape (places,)
        Log of target over rings before, minus the operation's own.
    has_companion : bool
        Whether the zone has a companion.
    calendar : ndarray of int, shape (months,)
        Calendar month in which each month before begins; 0 is January.
    after_calendar : ndarray, shape (12,)
        Months of the window after that begin in each calendar month.
    after_months : float
        Length of the window after, in months.
    months : int
        Number of columns before the operation; all other columns are after.
    """

    zone: Floats
    companion: Floats
    belt: Floats
    city: Floats
    own_zone: Floats
    own_companion: Floats
    own_belt: Floats
    own_city: Floats
    peak: Floats
    has_companion: bool
    calendar: NDArray[np.int64]
    after_calendar: Floats
    after_months: float
    months: int

    def take(self, places: NDArray[np.int64]) -> PlaceboSeries:
        """Return the series restricted to some placebo places."""
        return replace(
            self,
            zone=self.zone[places],
            companion=self.companion[places],
            belt=self.belt[places],
            city=self.city[places],
            peak=self.peak[places],
        )

    def at_earlier_date(self) -> PlaceboSeries | None:
        """Return the series as they were one window (at least six months) earlier; None with less than a year before it.

        The window after is as long as the operation's, in whole months.
        """
        length = max(1, round(self.after_months))
        date = self.months - max(length, _MIN_EARLIER_GAP)
        if date < _MONTHS_PER_YEAR or not self.city[:, :date].sum(axis=1).all():
            return None
        end = date + length
        seen = {
            name: getattr(self, name)[..., :end]
            for name in ("zone", "companion", "belt", "city", "own_zone", "own_companion", "own_belt", "own_city")
        }
        after_calendar = np.bincount(self.calendar[date:end], minlength=_MONTHS_PER_YEAR).astype(np.float64)
        return replace(
            self,
            **seen,
            calendar=self.calendar[:date],
            after_calendar=after_calendar,
            after_months=float(length),
            months=date,
        )


@dataclass(frozen=True, slots=True)
class Forecast:
    """Forecast of the count after without an operation, with its error.

    Attributes
    ----------
    mean : float
        Expected count after.
    phi, tau2 : float
        Variance of counts around forecasts: ``phi mu + tau2 mu^2``.
    bias : float
        Bias of the stabilised count.
    scale : float
        Standard error on the stabilised scale.
    degrees_of_freedom : float
        Degrees of freedom of the t distribution.
    dates : int
        Number of dates at which the spread was learned, 1 or 2.
    liveliness : float
        Factor of the variance beyond counting noise, from the kind of place and its own past (`liveliness`).
    log_error : float
        Standard error of the log rate ratio.
    detectable_fall : float
        Smallest fall that is detected in 80% of cases, as a share.
    places : int
        Number of placebo places in the pool.
    effective_places : float
        Effective number of independent places in the pool.
    busy_places : int
        Number of places in the pool that were as busy as the zone before.
    independent_busy_places : float
        Effective number of independent places among them.
    share_without_cross_forecast : float
        Share of the pool that could not be cross-forecast (forecast only from places that share no ground with it).
    coefficients : tuple of float
        Coefficients of the regression, in the order of `FEATURES`.
    features : tuple of float
        The operation's own features, in the same order.
    from_past : float
        Forecast from the operation's own past and the city's count after alone: ``mean = from_past exp(x'b)``.
    discount : float
        Weight of a month relative to the next one.
    forecast_errors : tuple of float
        Forecast error (count after minus cross-forecast) at every place of the pool, on the stabilised scale.
    ratios : tuple of float
        Count after over the count expected by the cross-forecast, at every place of the pool. The expected count is made
        as the operation's is: its ratio is corrected for the bias of the stabilised scale.
    has_season : bool
        Whether the operation's own season is in the forecast from its past.
    """

    mean: float
    phi: float
    tau2: float
    bias: float
    scale: float
    degrees_of_freedom: float
    dates: int
    liveliness: float
    log_error: float
    detectable_fall: float
    places: int
    effective_places: float
    busy_places: int
    independent_busy_places: float
    share_without_cross_forecast: float
    coefficients: tuple[float, ...]
    features: tuple[float, ...]
    from_past: float
    discount: float
    forecast_errors: tuple[float, ...]
    ratios: tuple[float, ...]
    has_season: bool = False

    @property
    def spread(self) -> ForecastSpread:
        """What the interval is made from."""
        return ForecastSpread(self.mean, self.phi, self.tau2, self.scale, self.degrees_of_freedom)


def similar_places(series: PlaceboSeries) -> NDArray[np.int64]:
    """Return the sorted positions of the placebo places with a level near the zone's; empty places are left out."""
    before = series.zone[:, : series.months].sum(axis=1)
    distance = np.abs(np.log((before + ADDED_EVENTS) / (series.own_zone[: series.months].sum() + ADDED_EVENTS)))
    order = np.argsort(distance, kind="stable")
    in_pool = order[(distance[order] <= LEVEL_BAND) | (np.arange(order.size) < MIN_POOL)]
    return np.asarray(np.sort(in_pool[before[in_pool] > 0]), dtype=np.int64)


def effective_sample_size(similarity: Floats) -> float:
    """Return the effective number of independent places, ``m^2 / sum of s_pq``; it is m if no places overlap."""
    size = similarity.shape[0]
    return float(size * size / similarity.sum()) if size else 0.0


def degrees_of_freedom(effective: float, dates: int) -> float:
    """Return the degrees of freedom of a spread learned at an effective number of places, at least 3, for each date."""
    return max(effective - 1, 3.0) * dates


def forecast_count(
    series: PlaceboSeries,
    *,
    similarity: Floats,
    shares: NDArray[np.bool_],
) -> Forecast:
    r"""Return the forecast of a zone's count after, learned at the pool of placebo places.

    Parameters
    ----------
    series : PlaceboSeries
        Series restricted to the placebo places of the pool (`similar_places`).
    similarity : ndarray, shape (places, places)
        Squared share of area that two widened footprints have in common; 1 on the diagonal.
    shares : ndarray of bool, shape (places, places)
        Whether two places share ground. Each place is cross-forecast from places that share no ground with it.

    Returns
    -------
    Forecast

    Notes
    -----
    With :math:`S` the zone's and :math:`C` the city's counts, and months discounted by the :math:`\lambda` that gives the
    best forecasts at the placebo places,

    .. math::
        E_\lambda = C_{after} \frac{\sum_t \lambda^{d-1-t} S_t}{\sum_t \lambda^{d-1-t} C_t}, \qquad
        \mu = E_\lambda \exp(x'b), \qquad Var = \phi\mu + \tau^2\mu^2

    where x contains 1, the log level relative to the zone, :math:`\log(E_1/E_\lambda)`, the companion zone in the last
    year, and the outer belt after and in the last year. Where a place's own season is clear, :math:`E_\lambda` contains it
    (`season_factors`). The coefficients b have a ridge prior and are fitted by quasi-likelihood, with the information
    multiplied by the effective over the actual number of places. The stabilised residuals e are those of the pool, where
    each place is forecast only from places that share no ground with it. They therefore include the error of estimating b.

    The same is done at an earlier date (subscript 1), one window but at least six months before. The variance of the log
    forecast error is the mean of both dates,

    .. math::
        v = \tfrac12 \Bigl( \overline{e_0^2}\,(\phi_0/\mu + \tau_0^2)
        + 0.85\, \overline{e_1^2}\,(\phi_1/\mu + \tau_1^2) \Bigr)

    since one date's is sometimes small by luck: the places are few, and what happens to one of them happens to all that share
    its ground. (The present date alone where hardly anything was expected at the earlier one.) The earlier date counts for less, because its forecasts rest on a shorter past. On the stabilised scale
    :math:`s^2 = v / (\phi_0/\mu + \tau_0^2)`; the part beyond counting noise is multiplied by the liveliness r of the
    operation's kind of place and of its own past (`liveliness`),

    .. math:: s^2 \to s^2 + D (r - 1), \qquad D = \max(s^2 - \phi_0/(\phi_0 + \tau_0^2\mu),\; s^2/5)

    Nothing is added for a zone at the edge of the range of the pool (docs/calibration.md).
    """
    months, places = series.months, series.zone.shape[0]
    history, level = series.zone[:, :months], _log_level(series)
    effective = effective_sample_size(similarity)
    neighbours = csr_array((shares | np.eye(places, dtype=bool)).astype(np.float64))
    earlier_series = series.at_earlier_date()
    now = _learn(series, effective=effective, neighbours=neighbours)
    learned = [now]
    if earlier_series is not None:
        earlier = _learn(earlier_series, effective=effective, neighbours=neighbours)
        if earlier.mean >= max(_LEAST_EARLIER_COUNT, _LEAST_EARLIER_SHARE * now.mean):
            learned.append(earlier)
    lively = liveliness(
        history,
        series.city[:, :months],
        series.own_zone[:months],
        series.own_city[:months],
        kind=np.column_stack([level, series.peak]),
        similarity=similarity,
        dispersion=now.dispersion,
    )
    mean, phi, tau2 = now.mean, now.phi, now.tau2
    per_scale = phi / mean + tau2
    variance = float(
        np.mean(
            [weight * date.log_variance(mean) for weight, date in zip((1.0, _EARLIER_WEIGHT), learned, strict=False)]
        )
    )
    square = variance / per_scale
    drift = max(square - phi / (phi + tau2 * mean), _LEAST_DRIFT * square)
    scale = float(np.sqrt(square + drift * (lively - 1)))
    freedom = degrees_of_freedom(effective, len(learned))
    error = scale * float(np.sqrt(per_scale))
    multiplier = float(t_quantile(0.5 + _LEVEL / 2, freedom) + t_quantile(_POWER, freedom))
    busy = np.flatnonzero(level >= MIN_BUSY_LOG_LEVEL)
    unbiased = unstabilise_variance(
        stabilise_variance(now.counts, phi=phi, tau2=tau2) - stabilisation_bias(now.forecasts, phi=phi, tau2=tau2),
        phi=phi,
        tau2=tau2,
    )
    return Forecast(
        mean=mean,
        phi=phi,
        tau2=tau2,
        bias=float(stabilisation_bias(mean, phi=phi, tau2=tau2)),
        scale=scale,
        degrees_of_freedom=freedom,
        dates=len(learned),
        liveliness=lively,
        log_error=error,
        detectable_fall=stabilised_detectable_fall(mean, phi=phi, tau2=tau2, distance=multiplier * scale),
        places=places,
        effective_places=effective,
        busy_places=busy.size,
        independent_busy_places=effective_sample_size(similarity[np.ix_(busy, busy)]),
        share_without_cross_forecast=now.share_skipped,
        coefficients=tuple(float(value) for value in now.coefficients),
        features=tuple(float(value) for value in now.features),
        from_past=now.from_past,
        discount=now.discount,
        forecast_errors=tuple(now.errors.tolist()),
        ratios=tuple(np.where(now.counts > 0, unbiased / now.forecasts, 0.0).tolist()),
        has_season=now.has_season,
    )


@dataclass(frozen=True, slots=True)
class _Learned:
    """What the pool shows at one date.

    Attributes
    ----------
    mean, phi, tau2 : float
        The operation's expected count, and the variance parameters.
    counts, forecasts, errors : ndarray, shape (places,)
        Counts after, cross-forecasts, and their difference on the stabilised scale.
    coefficients, features, from_past, discount, has_season
        As in `Forecast`.
    dispersion : float
        Variance of monthly counts over their mean.
    share_skipped : float
        Share of the pool that could not be cross-forecast.
    """

    mean: float
    phi: float
    tau2: float
    counts: Floats
    forecasts: Floats
    errors: Floats
    coefficients: Floats
    features: Floats
    from_past: float
    discount: float
    dispersion: float
    share_skipped: float
    has_season: bool

    def log_variance(self, mean: float) -> float:
        """Return the variance of the log forecast error at a mean."""
        return float((self.errors**2).mean()) * (self.phi / mean + self.tau2)


def _learn(series: PlaceboSeries, *, effective: float, neighbours: csr_array) -> _Learned:
    history = series.zone[:, : series.months]
    dispersion = _monthly_dispersion(history)
    deflation = min(1.0, effective / history.shape[0])
    largest = dispersion * (1 + series.after_months / _PHI_MONTHS)
    counts, expected, features, (from_past, own_features, has_season), discount = _regression_data(
        series, _log_level(series), dispersion=dispersion
    )
    coefficients, phi, tau2 = _fit_coefficients(counts, expected, features, deflation, largest)
    forecasts, share_skipped = _cross_forecasts(
        counts,
        expected,
        features,
        variance=(phi, tau2),
        deflation=deflation,
        neighbours=neighbours,
        coefficients=coefficients,
    )
    phi, tau2 = fit_variance(counts, forecasts, largest_phi=largest)
    errors = (
        stabilise_variance(counts, phi=phi, tau2=tau2)
        - stabilise_variance(forecasts, phi=phi, tau2=tau2)
        - stabilisation_bias(forecasts, phi=phi, tau2=tau2)
    )
    log_factor = float(np.clip(own_features @ coefficients, -_MAX_LOG_FACTOR, _MAX_LOG_FACTOR))
    return _Learned(
        mean=from_past * float(np.exp(log_factor)),
        phi=phi,
        tau2=tau2,
        counts=counts,
        forecasts=forecasts,
        errors=errors,
        coefficients=coefficients,
        features=own_features,
        from_past=from_past,
        discount=discount,
        dispersion=dispersion,
        share_skipped=share_skipped,
        has_season=has_season,
    )


def _log_level(series: PlaceboSeries) -> Floats:
    """Return the log of the places' counts before over the operation's own."""
    before = slice(0, series.months)
    return np.asarray(
        np.log((series.zone[:, before].sum(axis=1) + ADDED_EVENTS) / (series.own_zone[before].sum() + ADDED_EVENTS))
    )


def _regression_data(
    series: PlaceboSeries, level: Floats, *, dispersion: float
) -> tuple[Floats, Floats, Floats, tuple[float, Floats, bool], float]:
    """Return counts after, forecasts from the past alone, features, the operation's data, and the chosen discount.

    The operation's data are its forecast from the past, its features, and whether its own season is in any of its forecasts.
    """
    date, end = series.months, series.zone.shape[1]
    counts = series.zone[:, date:end].sum(axis=1)
    by_discount, features = _history_features(series.zone, series.companion, series.belt, series.city, date, end)
    operation_by_discount, operation_columns = _history_features(
        series.own_zone[None], series.own_companion[None], series.own_belt[None], series.own_city[None], date, end
    )
    factors = _seasons(series, dispersion)
    by_discount = np.maximum(by_discount * factors[:-1], _MIN_EXPECTED)
    operation_by_discount = np.maximum(operation_by_discount * factors[-1:], _MIN_EXPECTED)
    scale = counts.sum() / by_discount.sum(axis=0)
    misfit = (counts[:, None] - scale * by_discount) ** 2 / (by_discount * (2 + 0.03 * by_discount))
    chosen = int(np.argmin(misfit.sum(axis=0)))

    def complete(expected: Floats, history_columns: Floats, levels: Floats) -> Floats:
        long_run = np.log((expected[:, -1] + ADDED_EVENTS) / (expected[:, chosen] + ADDED_EVENTS))
        columns = (
            history_columns
            if series.has_companion
            else np.column_stack([np.zeros(levels.size), history_columns[:, 1:]])
        )
        return np.column_stack([np.ones(levels.size), levels, long_run, columns])

    operation_features = complete(operation_by_discount, operation_columns, np.zeros(1))[0]
    return (
        counts,
        by_discount[:, chosen],
        complete(by_discount, features, level),
        (float(operation_by_discount[0, chosen]), operation_features, bool((factors[-1] != 1).any())),
        DISCOUNTS[chosen],
    )


def _discount_weights(months: int) -> Floats:
    """Return the weight of each month for each discount, shape (discounts, months)."""
    return np.asarray(np.array(DISCOUNTS)[:, None] ** np.arange(months)[::-1], dtype=np.float64)


def _seasons(series: PlaceboSeries, dispersion: float) -> Floats:
    """Return the factor of the own season for each discount at every place and, in the last row, for the operation."""
    before = series.months
    factors, _ = season_factors(
        np.vstack([series.zone[:, :before], series.own_zone[None, :before]]),
        np.vstack([series.city[:, :before], series.own_city[None, :before]]),
        calendar=series.calendar,
        after_calendar=series.after_calendar,
        month_weights=_discount_weights(before),
        dispersion=dispersion,
    )
    return factors


def _history_features(
    zone: Floats, companion: Floats, belt: Floats, city: Floats, date: int, end: int
) -> tuple[Floats, Floats]:
    """Return one forecast per discount, and the log ratios. After `date` only belt and city are used."""

    def total(table: Floats, first: int, last: int) -> Floats:
        return np.asarray(table[:, first:last].sum(axis=1), dtype=np.float64)

    def log_ratio(observed: Floats, expected: Floats) -> Floats:
        return np.asarray(np.log((observed + ADDED_EVENTS) / (expected + ADDED_EVENTS)), dtype=np.float64)

    weights = _discount_weights(date)
    share = np.einsum("pt,dt->pd", zone[:, :date], weights) / np.einsum("pt,dt->pd", city[:, :date], weights)
    expected = np.maximum(share * total(city, date, end)[:, None], _MIN_EXPECTED)
    city_before, city_last_year = total(city, 0, date), total(city, date - _MONTHS_PER_YEAR, date)
    last_year = log_ratio(
        total(companion, date - _MONTHS_PER_YEAR, date), total(companion, 0, date) / city_before * city_last_year
    )
    belt_after = log_ratio(total(belt, date, end), total(belt, 0, date) / city_before * total(city, date, end))
    belt_year = log_ratio(
        total(belt, date - _MONTHS_PER_YEAR, date), total(belt, 0, date) / city_before * city_last_year
    )
    return expected, np.column_stack([last_year, belt_after, belt_year])


def _fit_coefficients(
    counts: Floats, expected: Floats, features: Floats, deflation: float, largest: float
) -> tuple[Floats, float, float]:
    """Return coefficients and variance parameters, each computed from the other in three rounds."""
    phi, tau2 = 2.0, 0.03
    for _ in range(3):
        coefficients = _ridge_coefficients(counts, expected, features, phi, tau2, deflation)
        mean = expected * np.exp(np.clip(features @ coefficients, -_MAX_LOG_FACTOR, _MAX_LOG_FACTOR))
        phi, tau2 = fit_variance(counts, mean, largest_phi=largest)
    return coefficients, phi, tau2


def _cross_forecasts(
    counts: Floats,
    expected: Floats,
    features: Floats,
    *,
    variance: tuple[float, float],
    deflation: float,
    neighbours: csr_array,
    coefficients: Floats,
) -> tuple[Floats, float]:
    """Return every place's forecast from the places that share no ground with it, and the share of places without one.

    `neighbours` holds 1 for each place and those that share ground with it.

    The coefficients for a place are one Newton step from those of all places, after the information and score of its
    neighbours are subtracted.
    """
    size, width = features.shape
    has_forecast = size - neighbours.sum(axis=1) >= 3 * width
    mean, weight, score = _quasi_likelihood_terms(counts, expected, features, coefficients, variance, deflation)
    products = np.einsum("pj,p,pk->pjk", features, weight, features).reshape(size, width * width)
    prior = _prior_deviations(width)
    information = products.sum(axis=0) - neighbours @ products + np.diag(1 / prior**2).ravel()
    remaining_score = score.sum(axis=0) - neighbours @ score - coefficients / prior**2
    if has_forecast.any():
        steps = np.linalg.solve(
            information[has_forecast].reshape(-1, width, width), remaining_score[has_forecast, :, None]
        )[..., 0]
        place_coefficients = coefficients + np.clip(steps, -_MAX_STEP, _MAX_STEP)
        log_factor = np.einsum("pk,pk->p", features[has_forecast], place_coefficients)
        mean[has_forecast] = expected[has_forecast] * np.exp(np.clip(log_factor, -_MAX_LOG_FACTOR, _MAX_LOG_FACTOR))
    return mean, float(1 - has_forecast.mean())


def _ridge_coefficients(
    counts: Floats, expected: Floats, features: Floats, phi: float, tau2: float, deflation: float
) -> Floats:
    """Return the coefficients of mu = E exp(x b), Var = phi mu + tau2 mu^2, with a ridge prior."""
    width = features.shape[1]
    prior = _prior_deviations(width)
    coefficients = np.zeros(width)
    for _ in range(4):
        _, weight, score = _quasi_likelihood_terms(counts, expected, features, coefficients, (phi, tau2), deflation)
        information = np.einsum("pj,p,pk->jk", features, weight, features) + np.diag(1 / prior**2)
        step = np.linalg.solve(information, score.sum(axis=0) - coefficients / prior**2)
        coefficients = coefficients + np.clip(step, -_MAX_STEP, _MAX_STEP)
    return coefficients


def _prior_deviations(width: int) -> Floats:
    return np.asarray([_PRIOR_LEVEL] * 2 + [_PRIOR_FEATURE] * (width - 2))


def _quasi_likelihood_terms(
    counts: Floats,
    expected: Floats,
    features: Floats,
    coefficients: Floats,
    variance: tuple[float, float],
    deflation: float,
) -> tuple[Floats, Floats, Floats]:
    """Return means, weights and scores by place, without the prior."""
    phi, tau2 = variance
    mean = expected * np.exp(np.clip(np.einsum("pk,k->p", features, coefficients), -_MAX_LOG_FACTOR, _MAX_LOG_FACTOR))
    weight = deflation * mean / (phi + tau2 * mean)
    return mean, weight, features * (weight * (counts - mean) / mean)[:, None]


def _monthly_dispersion(before: Floats) -> float:
    """Return the pooled dispersion of months around their centred seven-month mean, at least 1."""
    width = 2 * _HALF_WIDTH + 1
    if before.shape[1] < width:
        return 1.0
    mean = np.lib.stride_tricks.sliding_window_view(before, width, axis=1).mean(axis=2)
    centre_counts = before[:, _HALF_WIDTH:-_HALF_WIDTH]
    is_positive = mean > 0
    pearson = ((centre_counts[is_positive] - mean[is_positive]) ** 2 / mean[is_positive]).sum()
    return max(float(pearson) / max(int(is_positive.sum()) * (width - 1) / width, 1.0), 1.0)
