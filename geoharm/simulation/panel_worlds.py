"""Simulate count panels without an operation: rates that differ by place, drift over time, and noisy counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoharm._validation import check_positive
from geoharm.errors import DesignError
from geoharm.simulation.random_fields import Floats, Places, autoregressive, smooth_field

# Smoothing scales of the fields, in multiples of the distance between neighbours.
_LEVEL, _TREND, _LOCAL_TREND, _BUMP, _SEASON = 4.0, 6.0, 1.5, 5.0, 5.0


@dataclass(frozen=True, slots=True)
class Markets:
    """Markets that lead lives of their own on top of the background; spreads are standard deviations of logs.

    Attributes
    ----------
    number : int
        Markets in the city, at random places.
    share : float
        Share of all events of the city that they have on average, above 0 and below 1.
    radius : float
        Standard deviation of a market's Gaussian extent, in units.
    size : float
        Spread of their sizes.
    walk : float
        Random walk, spread a month.
    shock, memory : float
        Temporary shocks: spread, and correlation from month to month.
    tail : float
        Degrees of freedom of the shocks' t distribution, above 2; 0 for normal ones.
    turns, turn : float
        Lasting changes a month (a Poisson process), and the size of their logarithm; each goes up or down by chance.
    slump, slump_months : float
        Share by which all markets fall together on the day that the time after begins, and how many months it lasts.
    """

    number: int = 20
    share: float = 0.35
    radius: float = 1.2
    size: float = 0.5
    walk: float = 0.05
    shock: float = 0.2
    memory: float = 0.7
    tail: float = 0.0
    turns: float = 1 / 120
    turn: float = float(np.log(2))
    slump: float = 0.0
    slump_months: float = 0.0

    def __post_init__(self) -> None:
        if self.number < 1 or not 0 < self.share < 1 or not 0 <= self.slump < 1:
            msg = "Markets need at least one, a share of events above 0 and below 1, and a slump of at least 0 and below 1."
            raise DesignError(msg)
        if self.tail and not self.tail > 2:
            msg = f"Shocks need more than 2 degrees of freedom to have a spread; {self.tail:g} was given."
            raise DesignError(msg)


@dataclass(frozen=True, slots=True)
class PanelSettings:
    """The parameters of a simulated panel without an operation; spreads are standard deviations of logs.

    Attributes
    ----------
    before, after : int
        Months.
    steps : int
        Time steps a month.
    rate : float
        Mean events of a place a month.
    dispersion : float
        Variance divided by mean of a place's count in a time step, at least 1.
    level, own_level : float
        Spread of the level: of a smooth field, and of each place independently.
    season, season_by_place : float
        Amplitude of the yearly season, and its spread over places.
    walk, drift : float
        The whole city's random walk (spread a month) and its trend (a year).
    trend, local_trend : float
        Spreads of trends a year that differ by neighbourhood (6 units) and by place (1.5 units).
    bump : float
        Spread of a temporary rise or fall of neighbourhoods in the middle of the time before.
    shock, shock_memory, shock_scale : float
        Temporary local shocks: spread, correlation from month to month, and extent in units.
    own_shock, own_memory : float
        The same for each place independently.
    breaks, break_size : float
        Share of places whose level changes permanently at some time, and spread of the change.
    markets : Markets or None
        Markets with lives of their own, added to all of the above.
    """

    before: int = 36
    after: int = 12
    steps: int = 1
    rate: float = 1.5
    dispersion: float = 2.0
    level: float = 0.8
    own_level: float = 0.5
    season: float = 0.15
    season_by_place: float = 0.05
    walk: float = 0.03
    drift: float = -0.03
    trend: float = 0.08
    local_trend: float = 0.0
    bump: float = 0.25
    shock: float = 0.0
    shock_memory: float = 0.8
    shock_scale: float = 1.0
    own_shock: float = 0.0
    own_memory: float = 0.6
    breaks: float = 0.0
    break_size: float = 0.6
    markets: Markets | None = None

    def __post_init__(self) -> None:
        check_positive(self.rate, "rate")
        if self.dispersion < 1:
            msg = f"The dispersion is variance over mean and at least 1; {self.dispersion:g} was given."
            raise DesignError(msg)
        if min(self.before, self.after, self.steps) < 1:
            msg = "A simulated panel needs at least one month before, one after, and one step a month."
            raise DesignError(msg)


def panel_rates(rng: np.random.Generator, places: Places, settings: PanelSettings) -> tuple[Floats, Floats]:
    r"""Return expected counts without an operation, and the constant level of each place.

    Parameters
    ----------
    rng : Generator
    places : Places
    settings : PanelSettings

    Returns
    -------
    rates : ndarray, shape (places, steps of all months)
        Their mean is the rate of `settings` divided by the steps of a month.
    level : ndarray, shape (places,)
        Its logarithm has mean 0, apart from what markets add.

    Notes
    -----
    .. math:: \log\lambda_{it} = a_i + b_i t + c_i k(t) + s_i(t) + w_t + u_{it}

    The terms are: level, trends, a bump half way through the time before, season, the city's random walk, and autocorrelated
    shocks. Every term is a smooth field over places, except the walk.

    Markets add to this: with g the Gaussian extent of market m, its size z, and its own course v,

    .. math:: \lambda_{it} + e^{w_t + s_t} \sum_m z_m g_{im} e^{v_{mt}}

    where z is scaled to the markets' share of events, w is the city's random walk, and s its mean season.
    """
    steps = (settings.before + settings.after) * settings.steps
    month = np.arange(steps) / settings.steps
    level = settings.level * smooth_field(rng, places, _LEVEL) + settings.own_level * smooth_field(rng, places, 0)
    trend = settings.trend * smooth_field(rng, places, _TREND)
    if settings.local_trend:
        trend = trend + settings.local_trend * smooth_field(rng, places, _LOCAL_TREND)
    bump = settings.bump * smooth_field(rng, places, _BUMP)
    season_size = settings.season + settings.season_by_place * smooth_field(rng, places, _SEASON)
    bump_in_time = np.exp(-0.5 * ((month - settings.before / 2) / (settings.before / 6)) ** 2)
    season = np.sin(2 * np.pi * (month + rng.integers(12)) / 12)
    walk = np.cumsum(settings.walk / np.sqrt(settings.steps) * rng.standard_normal(steps)) + settings.drift * month / 12
    log_rates = (
        level[:, None]
        + trend[:, None] * (month - settings.before) / 12
        + bump[:, None] * bump_in_time
        + season_size[:, None] * season
        + walk
        + _shocks(rng, places, settings, steps)
    )
    rates, lasting = np.exp(log_rates), np.exp(level)
    if settings.markets is not None:
        extents, courses = _markets(rng, places, settings, settings.markets)
        share = settings.markets.share / (1 - settings.markets.share)
        extents *= share * lasting.sum() / extents.sum()
        lasting = lasting + extents.sum(axis=1)
        rates = rates + (extents @ courses) * np.exp(walk + settings.season * season)
    return rates * (settings.rate / settings.steps / rates.mean()), lasting


def _markets(
    rng: np.random.Generator, places: Places, settings: PanelSettings, markets: Markets
) -> tuple[Floats, Floats]:
    """Return the size of each market at each place, shape (places, markets), and its course, shape (markets, steps)."""
    steps = (settings.before + settings.after) * settings.steps
    middle = rng.choice(places.x.size, markets.number, replace=markets.number > places.x.size)
    distance = places.distances(middle) / places.unit
    extents = np.exp(-(distance**2) / (2 * markets.radius**2) + markets.size * rng.standard_normal(markets.number))
    shape = (markets.number, steps)
    if markets.tail:
        noise = rng.standard_t(markets.tail, shape) * np.sqrt((markets.tail - 2) / markets.tail)
    else:
        noise = rng.standard_normal(shape)
    course = np.cumsum(markets.walk / np.sqrt(settings.steps) * rng.standard_normal(shape), axis=1)
    course += markets.shock * autoregressive(noise, markets.memory ** (1 / settings.steps))
    ups, downs = (rng.poisson(markets.turns / settings.steps / 2, shape) for _ in range(2))
    course += markets.turn * np.cumsum(ups - downs, axis=1)
    since = np.arange(steps) / settings.steps - settings.before
    course += np.log1p(-markets.slump) * ((since >= 0) & (since < markets.slump_months))
    return extents, np.exp(course)


def _shocks(rng: np.random.Generator, places: Places, world: PanelSettings, steps: int) -> Floats:
    shocks = np.zeros((places.x.size, steps))
    for spread, memory, scale in (
        (world.shock, world.shock_memory, world.shock_scale),
        (world.own_shock, world.own_memory, 0.0),
    ):
        if spread:
            noise = smooth_field(rng, places, scale, times=steps)
            shocks += spread * autoregressive(noise, memory ** (1 / world.steps))
    if world.breaks:
        has_break = rng.random(places.x.size) < world.breaks
        break_time = rng.integers(6 * world.steps, steps - 1, places.x.size)
        break_size = world.break_size * rng.standard_normal(places.x.size)
        shocks += (has_break * break_size)[:, None] * (np.arange(steps) >= break_time[:, None])
    return shocks


def draw_counts(rng: np.random.Generator, rates: Floats, dispersion: float) -> NDArray[np.int64]:
    """Return negative binomial counts whose variance is `dispersion` times their mean; Poisson counts at 1.

    Such counts add up: a sum over places has the same ratio of variance to mean as each place.
    """
    if dispersion <= 1:
        return rng.poisson(rates)
    return rng.poisson(rng.gamma(np.maximum(rates / (dispersion - 1), 1e-9)) * (dispersion - 1))
