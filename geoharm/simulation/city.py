"""A whole made city: streams of events at addresses over months, an operation of any tactic, and what truly changed."""

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
from geoharm.simulation.demo import CENTRE
from geoharm.simulation.panel_worlds import PanelWorld, draw_counts, panel_rates
from geoharm.simulation.random_fields import Floats, autoregressive
from geoharm.simulation.streets import StreetPlan, make_street_plan, market_corners
from geoharm.simulation.tactics import PLANTED_EFFECTS, PlantedEffect

CHOSEN = ("peak", "earlier", "level")


@dataclass(frozen=True, slots=True)
class EventKind:
    """One kind of event in a made city.

    Attributes
    ----------
    name, category : str
    monthly : float
        Mean events a month in the whole city.
    at_markets : float
        Share of them at markets.
    dispersion : float
        Variance over mean of an address's monthly count.
    by_public : bool
        Whether it is seen only if somebody reports it: then reporting effort bends it.
    """

    name: str
    category: str
    monthly: float
    at_markets: float
    dispersion: float
    by_public: bool = False


UNTESTED_REASONS = (
    EventKind("needles", "needle find", 700.0, 0.75, 2.0, by_public=True),
    EventKind("violence", "violence", 400.0, 0.40, 1.5),
    EventKind("nuisance", "anti-social behaviour", 500.0, 0.45, 3.0, by_public=True),
    EventKind("overdoses", "overdose call", 180.0, 0.65, 1.2),
    EventKind("drug offences", "drug offence", 150.0, 0.80, 5.0),
    EventKind("treatment entries", "treatment entry", 140.0, 0.30, 1.0),
)


@dataclass(frozen=True, slots=True)
class CityPlan:
    """What to make.

    Attributes
    ----------
    seed : int
    tactic : str
        One of `tactics.PLANTED_EFFECTS`.
    chosen : str
        Where the operation is: at the market highest in the last year before ("peak"), in the first year ("earlier"),
        or at a market of high true level ("level").
    strength : float
        By which every planted change is multiplied; 0 plants nothing.
    side : float
        Of the city, in metres.
    markets : int
    radius : float
        Of the target area, in metres.
    rings : tuple of float
        Gap and outer distances.
    start : date
        First day of the data, the first of a month.
    world : PanelWorld
        Months before and after, and how rates drift.
    own_drift : float
        Share of the drift (in variance) that every kind of event has for itself; the rest is common.
    effort : float
        Spread of the reporting effort over months, where the public reports.
    recording : float
        Factor on what police record of violence from half way through the time before.
    unplaced, default_geocode, snapped : float
        Shares of rows without a place, put on one point far from where they belong, and moved to the nearest corner.
    geocode_error : float
        Metres by which places err.
    """

    seed: int
    tactic: str = "crackdown"
    chosen: str = "peak"
    strength: float = 1.0
    side: float = 7200.0
    markets: int = 24
    radius: float = 300.0
    rings: tuple[float, ...] = (50.0, 300.0, 600.0)
    start: date = date(2019, 1, 1)
    world: PanelWorld = field(
        default_factory=lambda: PanelWorld(
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
        if self.chosen not in CHOSEN:
            msg = f'A target is chosen by one of {", ".join(CHOSEN)}; "{self.chosen}" was given.'
            raise DesignError(msg)
        if self.start.day != 1:
            msg = f"The data of a made city start on the first of a month; {self.start} was given."
            raise DesignError(msg)
        if self.world.steps != 1:
            msg = f"A whole city is made month by month; its world has {self.world.steps} steps a month."
            raise DesignError(msg)

    @property
    def operation(self) -> Period:
        """The month of the operation: the first after the months before."""
        start = add_months(self.start, self.world.before)
        return Period(start, add_months(start, 1))

    @property
    def span(self) -> Period:
        """The months before, the operation's, and those after."""
        return Period(self.start, add_months(self.start, self.world.before + 1 + self.world.after))


@dataclass(frozen=True, slots=True)
class City:
    """A made city.

    Attributes
    ----------
    plan : CityPlan
    street_plan : StreetPlan
    target : shapely geometry
    events : mapping of kind to (day, address) arrays
        Sorted by day; `address` is a position in the ground's addresses, where it truly happened.
    truth : dict
        Expected counts with and without the operation, by kind and zone, in the months after.
    """

    plan: CityPlan
    street_plan: StreetPlan
    target: shapely.Geometry
    events: dict[str, tuple[NDArray[np.datetime64], NDArray[np.int64]]]
    truth: dict[str, Any]


def build_city(plan: CityPlan) -> City:
    """Return a made city; the same plan makes the same city.

    Parameters
    ----------
    plan : CityPlan

    Notes
    -----
    The rate of an address is its share of a kind's events (a heavy tail everywhere, more along streets near a market)
    times the drift of its square of 200 m, the season, and the reporting effort. The operation multiplies it in the
    target; what is lost turns up, in the shares planted, in the rings and at the similar markets. Counts scatter about
    rates with the kind's dispersion.
    """
    rng = np.random.default_rng([plan.seed, 7])
    ground = make_street_plan(rng, CENTRE, side=plan.side)
    markets = market_corners(rng, ground, plan.markets, apart=2 * plan.radius + 100)
    sizes = np.exp(rng.normal(0, 0.7, markets.size))
    months = plan.span.months()
    rates = _rates(rng, plan, ground, markets, sizes)
    usual = {kind.name: rates[kind.name] for kind in UNTESTED_REASONS}
    before_counts = draw_counts(rng, usual["needles"], UNTESTED_REASONS[0].dispersion)
    home = _chosen(plan, ground, markets, sizes, before_counts)
    zones = _zones(plan, ground, markets, sizes, home)
    events, zone_truth = {}, {}
    for kind in UNTESTED_REASONS:
        planted = next((one for one in PLANTED_EFFECTS[plan.tactic] if one.stream == kind.name), None)
        base = usual[kind.name]
        changed = base if planted is None else _changed(plan, base, planted, zones)
        counts = before_counts.copy() if kind.name == "needles" else draw_counts(rng, base, kind.dispersion)
        differs = changed != base
        if differs.any():
            counts[differs] = draw_counts(rng, changed[differs], kind.dispersion)
        events[kind.name] = _days(rng, counts, months)
        late = slice(plan.world.before + 1, None)
        zone_truth[kind.name] = {
            name: {
                "expected_without": round(float(base[inside, late].sum()), 3),
                "expected_with": round(float(changed[inside, late].sum()), 3),
            }
            for name, inside in zones.items()
        }
    target = shapely.Point(ground.x[markets[home]], ground.y[markets[home]]).buffer(plan.radius, quad_segs=6)
    truth: dict[str, Any] = {
        "seed": plan.seed,
        "tactic": plan.tactic,
        "chosen": plan.chosen,
        "strength": plan.strength,
        "operation": [str(plan.operation.start), str(plan.operation.end)],
        "after": [str(months[plan.world.before + 1]), str(plan.span.end)],
        "markets": [[round(float(ground.x[at]), 1), round(float(ground.y[at]), 1)] for at in markets],
        "kinds": zone_truth,
    }
    return City(plan, ground, target, events, truth)


def _rates(
    rng: np.random.Generator, plan: CityPlan, ground: StreetPlan, markets: NDArray[np.int64], sizes: Floats
) -> dict[str, Floats]:
    world = replace(plan.world, after=plan.world.after + 1, rate=1.0, dispersion=1.0)
    common = np.log(panel_rates(rng, ground.units, world)[0])
    near = np.zeros(ground.x.size)
    for at, size in zip(markets, sizes, strict=True):
        squared = (ground.x - ground.x[at]) ** 2 + (ground.y - ground.y[at]) ** 2
        near += size * np.exp(-squared / (2 * (0.6 * plan.radius) ** 2))
    months = common.shape[1]
    found = {}
    for kind in UNTESTED_REASONS:
        own = np.log(panel_rates(rng, ground.units, world)[0])
        drift = np.exp(np.sqrt(1 - plan.own_drift) * common + np.sqrt(plan.own_drift) * own)
        plain = np.exp(rng.normal(0, 1.0, ground.x.size))
        market = near * np.exp(rng.normal(0, 0.8, ground.x.size))
        share = (1 - kind.at_markets) * plain / plain.sum() + kind.at_markets * market / market.sum()
        rates = kind.monthly * share[:, None] * drift[ground.unit]
        if kind.by_public and plan.effort:
            effort = autoregressive(rng.standard_normal((1, months)), 0.7)[0]
            rates = rates * np.exp(plan.effort * effort)
        if kind.name == "violence" and plan.recording != 1:
            rates[:, plan.world.before // 2 :] *= plan.recording
        found[kind.name] = rates
    return found


def _chosen(
    plan: CityPlan, ground: StreetPlan, markets: NDArray[np.int64], sizes: Floats, counts: NDArray[np.int64]
) -> int:
    """Return the position of the market at which the operation is.

    The sixth highest: an operation at the very highest could be compared with no other place.
    """
    if plan.chosen == "level":
        score = sizes
    else:
        window = slice(plan.world.before - 12, plan.world.before) if plan.chosen == "peak" else slice(0, 12)
        score = np.array(
            [
                counts[np.hypot(ground.x - ground.x[at], ground.y - ground.y[at]) <= plan.radius, window].sum()
                for at in markets
            ],
            dtype=np.float64,
        )
    rank = min(5, markets.size - 1)
    return int(np.argsort(-score, kind="stable")[rank])


def _zones(
    plan: CityPlan, ground: StreetPlan, markets: NDArray[np.int64], sizes: Floats, home: int
) -> dict[str, NDArray[np.bool_]]:
    """Return which addresses lie in the target, in the rings, and at the three most similar markets elsewhere."""
    away = np.hypot(ground.x - ground.x[markets[home]], ground.y - ground.y[markets[home]])
    reach = plan.radius + plan.rings[-1]
    others = [
        one for one in np.argsort(np.abs(np.log(sizes / sizes[home])), kind="stable") if away[markets[one]] > 2 * reach
    ][:3]
    far = np.zeros(ground.x.size, dtype=np.bool_)
    for one in others:
        at = markets[one]
        far |= np.hypot(ground.x - ground.x[at], ground.y - ground.y[at]) <= plan.radius
    return {
        "target": away <= plan.radius,
        "rings": (away > plan.radius + plan.rings[0]) & (away <= reach),
        "similar markets": far & (away > reach),
    }


def _changed(plan: CityPlan, base: Floats, planted: PlantedEffect, zones: dict[str, NDArray[np.bool_]]) -> Floats:
    changed = base.copy()
    target = zones["target"]
    for column in range(plan.world.before, base.shape[1]):
        strength = planted.strength(column - plan.world.before - 0.5 if column > plan.world.before else 0.0)
        gained = base[target, column] * planted.change * plan.strength * strength
        changed[target, column] += gained
        for zone, share in (("rings", planted.near), ("similar markets", planted.far)):
            there = base[zones[zone], column]
            if share and there.sum() > 0:
                moved = -share * gained.sum()
                changed[zones[zone], column] += np.maximum(moved / there.sum(), -0.9) * there
    return changed


def _days(
    rng: np.random.Generator, counts: NDArray[np.int64], months: Sequence[date]
) -> tuple[NDArray[np.datetime64], NDArray[np.int64]]:
    """Return day and address of every event, in order of days."""
    at, column = np.nonzero(counts)
    repeats = counts[at, column]
    address, month = np.repeat(at, repeats), np.repeat(column, repeats)
    first = np.array(months, dtype="datetime64[D]")
    length = np.array([(add_months(one, 1) - one) // timedelta(days=1) for one in months])
    day = first[month] + np.floor(rng.random(month.size) * length[month]).astype("timedelta64[D]")
    order = np.lexsort((address, day))
    return day[order], address[order]
