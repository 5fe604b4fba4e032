"""What a zone's count after would have been: a forecast learned at places without an operation, and its spread.

Every place of the same footprint (a placebo place) has a count before and after, and no operation. From them the
forecast learns how much of the past to trust, how far high counts fall back, and how wrong such forecasts are. It
reads the zone's own counts only before the operation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import t as student

from geoharm.stats.variance_stabilising import fit_variance, stabilisation_bias, stabilise_variance

Floats = NDArray[np.float64]

KAPPA = 2.0  # events added to both sides of every log ratio, so that zeros stay finite
LEVEL_BAND = float(np.log(3))  # placebo places within a factor 3 of the zone's own count before ...
MIN_POOL = 80  # ... or this many, the nearest in level
DISCOUNTS = (0.80, 0.85, 0.90, 0.95, 1.0)  # weight of a month against the next; one is chosen at the placebo places
BUSY = -0.1  # log level from which a placebo place counts as as busy as the zone

_PRIOR_LEVEL, _PRIOR_FEATURE = 0.1, 0.3
_PHI_MONTHS = 12.0  # months that the forecast effectively draws on: phi <= phi_month (1 + after / 12)
_LEAST_EXPECTED = 0.3
_YEAR = 12
_HALF = 3
_STEP, _REACH = 1.0, 3.0  # largest step of a coefficient, and largest log factor of a forecast
_POWER = 0.8
_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class PlaceboSeries:
    """Counts by month before and in the window after, of one zone at every placebo place and at the operation.

    Attributes
    ----------
    zone, companion, belt, city : ndarray, shape (places, months + columns of the window after)
        `companion` (the ring of a target, the target of a ring; zeros where there is
        none) and `zone` are read after the operation for placebo places only. `city` is the control less the place.
    own_zone, own_companion, own_belt, own_city : ndarray, shape (months + columns of the window after,)
        The same of the operation.
    has_companion : bool
    after_months : float
        Length of the window after, in months.
    months : int
        Columns before the operation; all others are after.
    """

    zone: Floats
    companion: Floats
    belt: Floats
    city: Floats
    own_zone: Floats
    own_companion: Floats
    own_belt: Floats
    own_city: Floats
    has_companion: bool
    after_months: float
    months: int

    def take(self, places: NDArray[np.int64]) -> PlaceboSeries:
        """Return the series of some placebo places only."""
        return replace(
            self,
            zone=self.zone[places],
            companion=self.companion[places],
            belt=self.belt[places],
            city=self.city[places],
        )


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would have been counted after without an operation, and how wrong such forecasts are.

    Attributes
    ----------
    mean : float
        Expected count after.
    phi, tau2 : float
        Variance of counts around forecasts: ``phi mu + tau2 mu^2``.
    centre : float
        Bias of the stabilised count.
    scale : float
        Standard error on the stabilised scale.
    freedom : float
        Degrees of freedom of the t distribution.
    log_error : float
        Standard error of the log rate ratio.
    detectable_fall : float
        Smallest fall found four times in five, as a share.
    places : int
        Placebo places in the pool.
    effective : float
        How many independent ones they are worth.
    busy : int
        How many are as busy as the zone before.
    not_crossed : float
        Share of the pool that could not be forecast from other places only.
    coefficients : tuple of float
        Of the learned regression.
    discount : float
    misses : tuple of float
        Count after less forecast at every place of the pool, forecast from other places only, on the stabilised scale.
    """

    mean: float
    phi: float
    tau2: float
    centre: float
    scale: float
    freedom: float
    log_error: float
    detectable_fall: float
    places: int
    effective: float
    busy: int
    not_crossed: float
    coefficients: tuple[float, ...]
    discount: float
    misses: tuple[float, ...]


def similar_places(series: PlaceboSeries) -> NDArray[np.int64]:
    """Return the positions of the placebo places whose level is near the zone's, in order; without empty ones."""
    before = series.zone[:, : series.months].sum(axis=1)
    distance = np.abs(np.log((before + KAPPA) / (series.own_zone[: series.months].sum() + KAPPA)))
    order = np.argsort(distance, kind="stable")
    near = order[(distance[order] <= LEVEL_BAND) | (np.arange(order.size) < MIN_POOL)]
    return np.asarray(np.sort(near[before[near] > 0]), dtype=np.int64)


def effective_sample_size(similarity: Floats) -> float:
    """Return what overlapping places are worth together: ``m^2 / sum of s_pq``; their number if none overlap."""
    size = similarity.shape[0]
    return float(size * size / similarity.sum()) if size else 0.0


def degrees_of_freedom(effective: float) -> float:
    """Return the degrees of freedom of a spread learned at so many independent places; at least 3."""
    return max(effective - 1, 3.0)


def forecast_count(
    series: PlaceboSeries,
    *,
    similarity: Floats,
    shares: NDArray[np.bool_],
) -> Forecast:
    r"""Return the forecast of a zone's count after, and its spread, learned at the pool of placebo places.

    Parameters
    ----------
    series : PlaceboSeries
        Placebo places of the pool only (`similar_places`).
    similarity : ndarray, shape (places, places)
        Squared overlap of widened footprints over the size of one; 1 on the diagonal.
    shares : ndarray of bool, shape (places, places)
        Whether two places share ground; each is forecast from those that share none with it.

    Returns
    -------
    Forecast

    Notes
    -----
    With :math:`S` the zone's and :math:`C` the city's counts, months discounted by the :math:`\lambda` that forecasts
    the placebo places best,

    .. math::
        E_\lambda = C_{after} \frac{\sum_t \lambda^{d-1-t} S_t}{\sum_t \lambda^{d-1-t} C_t}, \qquad
        \mu = E_\lambda \exp(x'b), \qquad Var = \phi\mu + \tau^2\mu^2

    where x holds 1, the log level relative to the zone, :math:`\log(E_1/E_\lambda)`, the companion zone's last year,
    and the outer belt after and in the last year. b has a ridge prior and is fitted by quasi-likelihood, the information
    multiplied by effective over actual places. The spread is that of the stabilised residuals e of places treated as the
    operation is, each forecast only from places that share no ground with it,

    .. math:: s^2 = \overline{e^2}

    which holds what estimating b costs. Nothing is added for a place at the edge of what was learned: on made cities
    that made intervals too wide (docs/calibration.md).
    """
    months, places = series.months, series.zone.shape[0]
    history = series.zone[:, :months]
    level = np.log((history.sum(axis=1) + KAPPA) / (series.own_zone[:months].sum() + KAPPA))
    effective = effective_sample_size(similarity)
    deflation = min(1.0, effective / places)
    largest = _month_phi(history) * (1 + series.after_months / _PHI_MONTHS)

    counts, expected, features, own, discount = _design(series, level)
    coefficients, phi, tau2 = _learn(counts, expected, features, deflation, largest)
    own_expected, own_features = own
    mean = own_expected * float(np.exp(np.clip(own_features @ coefficients, -_REACH, _REACH)))

    crossed, skipped = _cross(
        counts, expected, features, variance=(phi, tau2), deflation=deflation, shares=shares, coefficients=coefficients
    )
    phi, tau2 = fit_variance(counts, crossed, largest_phi=largest)
    residual = (
        stabilise_variance(counts, phi=phi, tau2=tau2)
        - stabilise_variance(crossed, phi=phi, tau2=tau2)
        - stabilisation_bias(crossed, phi=phi, tau2=tau2)
    )
    slope = mean / np.sqrt(phi * mean + tau2 * mean**2)
    scale = float(np.sqrt((residual**2).mean()))
    freedom = degrees_of_freedom(effective)
    error = scale / float(slope)
    reach = student.ppf(0.5 + _LEVEL / 2, freedom) + student.ppf(_POWER, freedom)
    return Forecast(
        mean=float(mean),
        phi=phi,
        tau2=tau2,
        centre=float(stabilisation_bias(mean, phi=phi, tau2=tau2)),
        scale=scale,
        freedom=freedom,
        log_error=error,
        detectable_fall=float(1 - np.exp(-reach * error)),
        places=places,
        effective=effective,
        busy=int((level >= BUSY).sum()),
        not_crossed=skipped,
        coefficients=tuple(float(value) for value in coefficients),
        discount=discount,
        misses=tuple(residual.tolist()),
    )


def _design(series: PlaceboSeries, level: Floats) -> tuple[Floats, Floats, Floats, tuple[float, Floats], float]:
    """Return counts after, forecasts by the past alone, features, the operation's, and the discount chosen."""
    date, end = series.months, series.zone.shape[1]
    counts = series.zone[:, date:end].sum(axis=1)
    by_discount, features = _past(series.zone, series.companion, series.belt, series.city, date, end)
    own_by_discount, own_features = _past(
        series.own_zone[None], series.own_companion[None], series.own_belt[None], series.own_city[None], date, end
    )
    scale = counts.sum() / by_discount.sum(axis=0)
    misfit = (counts[:, None] - scale * by_discount) ** 2 / (by_discount * (2 + 0.03 * by_discount))
    chosen = int(np.argmin(misfit.sum(axis=0)))

    def complete(expected: Floats, found: Floats, levels: Floats) -> Floats:
        long_run = np.log((expected[:, -1] + KAPPA) / (expected[:, chosen] + KAPPA))
        columns = found if series.has_companion else np.column_stack([np.zeros(levels.size), found[:, 1:]])
        return np.column_stack([np.ones(levels.size), levels, long_run, columns])

    own = complete(own_by_discount, own_features, np.zeros(1))[0]
    return (
        counts,
        by_discount[:, chosen],
        complete(by_discount, features, level),
        (float(own_by_discount[0, chosen]), own),
        DISCOUNTS[chosen],
    )


def _past(zone: Floats, companion: Floats, belt: Floats, city: Floats, date: int, end: int) -> tuple[Floats, Floats]:
    """Return one forecast a discount and the log ratios; after `date` only belt and city are read."""

    def total(table: Floats, first: int, last: int) -> Floats:
        return np.asarray(table[:, first:last].sum(axis=1), dtype=np.float64)

    def log_ratio(seen: Floats, expected: Floats) -> Floats:
        return np.asarray(np.log((seen + KAPPA) / (expected + KAPPA)), dtype=np.float64)

    weights = np.array(DISCOUNTS)[:, None] ** np.arange(date)[::-1]
    share = np.einsum("pt,dt->pd", zone[:, :date], weights) / np.einsum("pt,dt->pd", city[:, :date], weights)
    expected = np.maximum(share * total(city, date, end)[:, None], _LEAST_EXPECTED)
    before, year = total(city, 0, date), total(city, date - _YEAR, date)
    last_year = log_ratio(total(companion, date - _YEAR, date), total(companion, 0, date) / before * year)
    belt_after = log_ratio(total(belt, date, end), total(belt, 0, date) / before * total(city, date, end))
    belt_year = log_ratio(total(belt, date - _YEAR, date), total(belt, 0, date) / before * year)
    return expected, np.column_stack([last_year, belt_after, belt_year])


def _learn(
    counts: Floats, expected: Floats, features: Floats, deflation: float, largest: float
) -> tuple[Floats, float, float]:
    """Return coefficients and the variance, each found from the other in three rounds."""
    phi, tau2 = 2.0, 0.03
    for _ in range(3):
        coefficients = _ridge(counts, expected, features, phi, tau2, deflation)
        mean = expected * np.exp(np.clip(features @ coefficients, -_REACH, _REACH))
        phi, tau2 = fit_variance(counts, mean, largest_phi=largest)
    return coefficients, phi, tau2


def _cross(
    counts: Floats,
    expected: Floats,
    features: Floats,
    *,
    variance: tuple[float, float],
    deflation: float,
    shares: NDArray[np.bool_],
    coefficients: Floats,
) -> tuple[Floats, float]:
    """Return every place's forecast from the places that share no ground with it, and the share without one.

    Its coefficients are one Newton step from those of all places, with its neighbours' information and score taken
    away.
    """
    size, width = features.shape
    neighbours = shares | np.eye(size, dtype=bool)
    known = size - neighbours.sum(axis=1) >= 3 * width
    mean, weight, score = _quasi(counts, expected, features, coefficients, variance, deflation)
    products = np.einsum("pj,p,pk->pjk", features, weight, features).reshape(size, width * width)
    taken, prior = csr_array(neighbours.astype(np.float64)), _prior(width)
    information = products.sum(axis=0) - taken @ products + np.diag(1 / prior**2).ravel()
    left = score.sum(axis=0) - taken @ score - coefficients / prior**2
    if known.any():
        steps = np.linalg.solve(information[known].reshape(-1, width, width), left[known, :, None])[..., 0]
        own = coefficients + np.clip(steps, -_STEP, _STEP)
        log_factor = np.einsum("pk,pk->p", features[known], own)
        mean[known] = expected[known] * np.exp(np.clip(log_factor, -_REACH, _REACH))
    return mean, float(1 - known.mean())


def _ridge(counts: Floats, expected: Floats, features: Floats, phi: float, tau2: float, deflation: float) -> Floats:
    """Return the coefficients of mu = E exp(x b), Var = phi mu + tau2 mu^2, with a ridge prior."""
    width = features.shape[1]
    prior = _prior(width)
    found = np.zeros(width)
    for _ in range(4):
        _, weight, score = _quasi(counts, expected, features, found, (phi, tau2), deflation)
        information = np.einsum("pj,p,pk->jk", features, weight, features) + np.diag(1 / prior**2)
        step = np.linalg.solve(information, score.sum(axis=0) - found / prior**2)
        found = found + np.clip(step, -_STEP, _STEP)
    return found


def _prior(width: int) -> Floats:
    return np.asarray([_PRIOR_LEVEL] * 2 + [_PRIOR_FEATURE] * (width - 2))


def _quasi(
    counts: Floats,
    expected: Floats,
    features: Floats,
    coefficients: Floats,
    variance: tuple[float, float],
    deflation: float,
) -> tuple[Floats, Floats, Floats]:
    """Return means, weights and scores by place, the prior's part not in them."""
    phi, tau2 = variance
    mean = expected * np.exp(np.clip(np.einsum("pk,k->p", features, coefficients), -_REACH, _REACH))
    weight = deflation * mean / (phi + tau2 * mean)
    return mean, weight, features * (weight * (counts - mean) / mean)[:, None]


def _month_phi(before: Floats) -> float:
    """Return the pooled dispersion of months around their centred seven-month mean, at least 1."""
    width = 2 * _HALF + 1
    if before.shape[1] < width:
        return 1.0
    mean = np.lib.stride_tricks.sliding_window_view(before, width, axis=1).mean(axis=2)
    seen = before[:, _HALF:-_HALF]
    some = mean > 0
    pearson = ((seen[some] - mean[some]) ** 2 / mean[some]).sum()
    return max(float(pearson) / max(int(some.sum()) * (width - 1) / width, 1.0), 1.0)
