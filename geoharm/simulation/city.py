"""Simulate a whole city: events at addresses over months, an operation of any tactic, and its true effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geoharm.errors import DesignError
from geoharm.model.period import Period, add_months
from geoharm.simulation.choices import TARGET_CHOICES
from geoharm.simulation.location import CENTRE
from geoharm.simulation.panel_worlds import PanelSettings, draw_counts, panel_rates
from geoharm.simulation.random_fields import Floats, autoregressive
from geoharm.simulation.streets import StreetPlan, make_street_plan, market_corners
from geoharm.simulation.tactics import PLANTED_EFFECTS, PlantedEffect


@dataclass(frozen=True, slots=True)
class EventKind:
    """One kind of event in a simulated city.

    Attributes
    ----------
    name, category : str
    monthly : float
        Mean events a month in the whole city.
    at_markets : float
        Share of them at markets.
    dispersion : float
        Variance divided by mean of an address's monthly count.
    by_public : bool
        Whether only reports from the public record it; its counts then vary with reporting effort.
    """

    name: str
    category: str
    monthly: float
    at_markets: float
    dispersion: float
    by_public: bool = False


CITY_EVENT_KINDS = (
    EventKind("needles", "needle find", 700.0, 0.75, 2.0, by_public=True),
    EventKind("violence", "violence", 400.0, 0.40, 1.5),
    EventKind("nuisance", "anti-social behaviour", 500.0, 0.45, 3.0, by_public=True),
    EventKind("overdoses", "overdose call", 180.0, 0.65, 1.2),
    EventKind("drug offences", "drug offence", 150.0, 0.80, 5.0),
    EventKind("treatment entries", "treatment entry", 140.0, 0.30, 1.0),
)


@dataclass(frozen=True, slots=True)
class CityPlan:
    """The settings of a simulated city.

    Attributes
    ----------
    seed : int
    tactic : str
        One of `tactics.PLANTED_EFFECTS`.
    target_choice : str
        Where the operation is: at the market with the highest count in the last year before ("peak") or in the first year
        ("earlier"), or at a market with a high true level ("level").
    strength : float
        Factor on every planted change; 0 plants no effect.
    side : float
        Of the city, in metres.
    markets : int
        Number of drug markets.
    radius : float
        Of the target area, in metres.
    rings : tuple of float
        Gap and outer distances, in metres.
    start : date
        First day of the data; must be the first day of a month.
    panel : PanelSettings
        Months before and after, and how rates drift.
    own_drift : float
        Share of the drift (in variance) that each kind of event has of its own; the rest is common.
    effort : float
        Spread of the reporting effort over months, where the public reports.
    recording : float
        Factor on the violence that police record, from the middle of the months before onwards.
    unplaced, default_geocode, snapped : float
        Shares of rows without a location, moved to one default point far away, and moved to the nearest corner.
    geocode_error : float
        Standard deviation of the error of locations, in metres.
    """

    seed: int
    tactic: str = "crackdown"
    target_choice: str = "peak"
    strength: float = 1.0
    side: float = 7200.0
    markets: int = 24
    radius: float = 300.0
    rings: tuple[float, ...] = (50.0, 300.0, 600.0)
    start: date = date(2019, 1, 1)
    panel: PanelSettings = field(
        default_factory=lambda: PanelSettings(
            before=36,
            after=12,
            level=0,
            own_level=0,
            local_trend=0.10,
            shock=0.15,
            own_shock=0.10,
        )
    )
    own_drift: float = 0.5
    effort: float = 0.08
    recording: float = 1.0
    unplaced: float = 0.01
    default_geocode: float = 0.01
    snapped: float = 0.2
    geocode_error: float = 8.0

    def __post_init__(self) -> None:
        if self.tactic not in PLANTED_EFFECTS:
            msg = f'"{self.tactic}" is not a tactic; known are {", ".join(PLANTED_EFFECTS)}.'
            raise DesignError(msg)
        if self.target_choice not in TARGET_CHOICES:
            msg = f'A target is chosen by one of {", ".join(TARGET_CHOICES)}; "{self.target_choice}" was given.'
            raise DesignError(msg)
        if self.start.day != 1:
            msg = f"The data of a simulated city start on the first of a month; {self.start} was given."
            raise DesignError(msg)
        if self.panel.steps != 1:
            msg = f"A whole city is simulated with one step a month; its world has {self.panel.steps} steps a month."
            raise DesignError(msg)

    @property
    def operation(self) -> Period:
        """The month of the operation: the first after the months before."""
        start = add_months(self.start, self.panel.before)
        return Period(start, add_months(start, 1))

    @property
    def span(self) -> Period:
        """The period of the data: the months before, the operation's month, and the months after."""
        return Period(self.start, add_months(self.start, self.panel.before + 1 + self.panel.after))


@dataclass(frozen=True, slots=True)
class City:
    """A simulated city.

    Attributes
    ----------
    plan : CityPlan
    street_plan : StreetPlan
    target : shapely geometry
        The target area.
    events : mapping of kind to (day, address) arrays
        Sorted by day; `address` is the index, in the street plan, of the address where the event happened.
    truth : dict
        Expected counts with and without the operation, by kind and zone, in the months after.
    """

    plan: CityPlan
    street_plan: StreetPlan
    target: shapely.Geometry
    events: dict[str, tuple[NDArray[np.datetime64], NDArray[np.int64]]]
    truth: dict[str, Any]


def build_city(plan: CityPlan) -> City:
    """Return a simulated city; the same plan gives the same city.

    Parameters
    ----------
    plan : CityPlan

    Notes
    -----
    The rate of an address is a product of four factors:

    - its share of a kind's events (a heavy tail everywhere, more along streets near a market),
    - the drift of its square of 200 m,
    - the season,
    - the reporting effort.

    The operation multiplies the rates in the target area. Planted shares of the events lost there appear in the rings and at
    similar markets. Counts vary about the rates with the kind's dispersion.
    """
    rng = np.random.default_rng([plan.seed, 7])
    street_plan = make_street_plan(rng, CENTRE, side=plan.side)
    markets = market_corners(rng, street_plan, plan.markets, apart=2 * plan.radius + 100)
    sizes = np.exp(rng.normal(0, 0.7, markets.size))
    months = plan.span.months()
    rates = _usual_rates(rng, plan, street_plan, markets, sizes)
    usual_rates = {kind.name: rates[kind.name] for kind in CITY_EVENT_KINDS}
    needle_counts = draw_counts(rng, usual_rates["needles"], CITY_EVENT_KINDS[0].dispersion)
    target_market = _target_market(plan, street_plan, markets, sizes, needle_counts)
    zones = _zone_members(plan, street_plan, markets, sizes, target_market)
    events, zone_truth = {}, {}
    for kind in CITY_EVENT_KINDS:
        planted = next((effect for effect in PLANTED_EFFECTS[plan.tactic] if effect.stream == kind.name), None)
        usual = usual_rates[kind.name]
        with_operation = usual if planted is None else _rates_with_operation(plan, usual, planted, zones)
        counts = needle_counts.copy() if kind.name == "needles" else draw_counts(rng, usual, kind.dispersion)
        differs = with_operation != usual
        if differs.any():
            counts[differs] = draw_counts(rng, with_operation[differs], kind.dispersion)
        events[kind.name] = _dated_events(rng, counts, months)
        after_months = slice(plan.panel.before + 1, None)
        zone_truth[kind.name] = {
            name: {
                "expected_without": round(float(usual[inside, after_months].sum()), 3),
                "expected_with": round(float(with_operation[inside, after_months].sum()), 3),
            }
            for name, inside in zones.items()
        }
    target = shapely.Point(street_plan.x[markets[target_market]], street_plan.y[markets[target_market]]).buffer(
        plan.radius, quad_segs=6
    )
    truth: dict[str, Any] = {
        "seed": plan.seed,
        "tactic": plan.tactic,
        "chosen": plan.target_choice,
        "strength": plan.strength,
        "operation": [str(plan.operation.start), str(plan.operation.end)],
        "after": [str(months[plan.panel.before + 1]), str(plan.span.end)],
        "markets": [
            [round(float(street_plan.x[corner]), 1), round(float(street_plan.y[corner]), 1)] for corner in markets
        ],
        "kinds": zone_truth,
    }
    return City(plan, street_plan, target, events, truth)


def _usual_rates(
    rng: np.random.Generator, plan: CityPlan, street_plan: StreetPlan, markets: NDArray[np.int64], sizes: Floats
) -> dict[str, Floats]:
    world = replace(plan.panel, after=plan.panel.after + 1, rate=1.0, dispersion=1.0)
    common_drift = np.log(panel_rates(rng, street_plan.units, world)[0])
    near_markets = np.zeros(street_plan.x.size)
    for corner, size in zip(markets, sizes, strict=True):
        squared_distance = (street_plan.x - street_plan.x[corner]) ** 2 + (street_plan.y - street_plan.y[corner]) ** 2
        near_markets += size * np.exp(-squared_distance / (2 * (0.6 * plan.radius) ** 2))
    month_count = common_drift.shape[1]
    rates_by_kind = {}
    for kind in CITY_EVENT_KINDS:
        own_drift = np.log(panel_rates(rng, street_plan.units, world)[0])
        drift = np.exp(np.sqrt(1 - plan.own_drift) * common_drift + np.sqrt(plan.own_drift) * own_drift)
        background = np.exp(rng.normal(0, 1.0, street_plan.x.size))
        market_weight = near_markets * np.exp(rng.normal(0, 0.8, street_plan.x.size))
        share = (
            1 - kind.at_markets
        ) * background / background.sum() + kind.at_markets * market_weight / market_weight.sum()
        rates = kind.monthly * share[:, None] * drift[street_plan.unit]
        if kind.by_public and plan.effort:
            effort = autoregressive(rng.standard_normal((1, month_count)), 0.7)[0]
            rates = rates * np.exp(plan.effort * effort)
        if kind.name == "violence" and plan.recording != 1:
            rates[:, plan.panel.before // 2 :] *= plan.recording
        rates_by_kind[kind.name] = rates
    return rates_by_kind


def _target_market(
    plan: CityPlan, street_plan: StreetPlan, markets: NDArray[np.int64], sizes: Floats, counts: NDArray[np.int64]
) -> int:
    """Return the index of the market where the operation takes place.

    It is the market with the sixth highest score: for the very highest there would be no comparable place.
    """
    if plan.target_choice == "level":
        score = sizes
    else:
        window = slice(plan.panel.before - 12, plan.panel.before) if plan.target_choice == "peak" else slice(0, 12)
        score = np.array(
            [
                counts[
                    np.hypot(street_plan.x - street_plan.x[corner], street_plan.y - street_plan.y[corner])
                    <= plan.radius,
                    window,
                ].sum()
                for corner in markets
            ],
            dtype=np.float64,
        )
    rank = min(5, markets.size - 1)
    return int(np.argsort(-score, kind="stable")[rank])


def _zone_members(
    plan: CityPlan, street_plan: StreetPlan, markets: NDArray[np.int64], sizes: Floats, target_market: int
) -> dict[str, NDArray[np.bool_]]:
    """Return masks of the addresses in the target area, in the rings, and at the three most similar markets elsewhere."""
    distance = np.hypot(
        street_plan.x - street_plan.x[markets[target_market]], street_plan.y - street_plan.y[markets[target_market]]
    )
    reach = plan.radius + plan.rings[-1]
    similar_markets = [
        market
        for market in np.argsort(np.abs(np.log(sizes / sizes[target_market])), kind="stable")
        if distance[markets[market]] > 2 * reach
    ][:3]
    at_similar = np.zeros(street_plan.x.size, dtype=np.bool_)
    for market in similar_markets:
        corner = markets[market]
        at_similar |= (
            np.hypot(street_plan.x - street_plan.x[corner], street_plan.y - street_plan.y[corner]) <= plan.radius
        )
    return {
        "target": distance <= plan.radius,
        "rings": (distance > plan.radius + plan.rings[0]) & (distance <= reach),
        "similar markets": at_similar & (distance > reach),
    }


def _rates_with_operation(
    plan: CityPlan, base: Floats, planted: PlantedEffect, zones: dict[str, NDArray[np.bool_]]
) -> Floats:
    changed = base.copy()
    target = zones["target"]
    for column in range(plan.panel.before, base.shape[1]):
        strength = planted.strength(column - plan.panel.before - 0.5 if column > plan.panel.before else 0.0)
        change = base[target, column] * planted.change * plan.strength * strength
        changed[target, column] += change
        for zone, share in (("rings", planted.near), ("similar markets", planted.far)):
            zone_rates = base[zones[zone], column]
            if share and zone_rates.sum() > 0:
                moved = -share * change.sum()
                changed[zones[zone], column] += np.maximum(moved / zone_rates.sum(), -0.9) * zone_rates
    return changed


def _dated_events(
    rng: np.random.Generator, counts: NDArray[np.int64], months: Sequence[date]
) -> tuple[NDArray[np.datetime64], NDArray[np.int64]]:
    """Return day and address of every event, sorted by day."""
    addresses, columns = np.nonzero(counts)
    repeats = counts[addresses, columns]
    address, month = np.repeat(addresses, repeats), np.repeat(columns, repeats)
    first_day_of_month = np.array(months, dtype="datetime64[D]")
    days_in_month = np.array(
        [(add_months(month_start, 1) - month_start) // timedelta(days=1) for month_start in months]
    )
    day = first_day_of_month[month] + np.floor(rng.random(month.size) * days_in_month[month]).astype("timedelta64[D]")
    order = np.lexsort((address, day))
    return day[order], address[order]
