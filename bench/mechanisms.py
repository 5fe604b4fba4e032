"""What may happen in a city besides an operation: to harm, to how it is recorded, and to places of one kind.

Each function multiplies the rates of the city's units. It takes a random generator, the units (`Places`), their rates (units
x steps) and the settings of the panel, and returns a factor (units x steps, or what broadcasts to it) and the units that it
marks, or None. `bench.scenarios` says what each stands for and where the target lies.
"""

from __future__ import annotations

import numpy as np

from geoharm.simulation.random_fields import autoregressive, smooth_field

DISTRICTS = 25


def since_operation(world):
    """Return the months since the operation's date at the beginning of every step; negative before it."""
    return np.arange((world.before + world.after) * world.steps) / world.steps - world.before


def around(units, middle, radius):
    """Return a Gaussian weight around some units, 1 in their middle, shape (units, middles)."""
    return np.exp(-((units.distances(np.atleast_1d(middle)) / units.unit) ** 2) / (2 * radius**2))


def city_centre(units):
    """Return the unit nearest to the middle of the city."""
    return int(np.argmin(np.hypot(units.x - units.x.mean(), units.y - units.y.mean())))


def districts(rng, units, number=DISTRICTS):
    """Return the district of every unit: that of the nearest of some random units."""
    number = min(number, units.x.size // 4)
    return np.argmin(units.distances(rng.choice(units.x.size, number, replace=False)), axis=1)


def across(rng, units):
    """Return every unit's place along a random direction, in units from the middle."""
    angle = rng.uniform(0, 2 * np.pi)
    east, north = units.x - units.x.mean(), units.y - units.y.mean()
    return (east * np.cos(angle) + north * np.sin(angle)) / units.unit


def road_axis(rng, units, rates, world, *, roads=3, walk=0.06, width=1.2):
    """Return a drift along three roads through the city: between the walks of the two ends, whatever the distance."""
    log_factor = np.zeros(rates.shape)
    for _ in range(roads):
        angle, offset = rng.uniform(0, np.pi), rng.uniform(-0.3, 0.3)
        east, north = ((part - part.mean()) / units.unit for part in (units.x, units.y))
        along, beside = (
            east * np.cos(angle) + north * np.sin(angle),
            -east * np.sin(angle) + north * np.cos(angle),
        )
        place = (along - along.min()) / np.ptp(along)
        ends = np.cumsum(walk * rng.standard_normal((2, rates.shape[1])) / np.sqrt(world.steps), axis=1)
        near = np.exp(-((beside - offset * np.ptp(beside)) ** 2) / (2 * width**2))
        log_factor += near[:, None] * (np.outer(1 - place, ends[0]) + np.outer(place, ends[1]))
    return np.exp(log_factor), None


def centre_breaks(rng, units, rates, world, *, size=0.4, radius=4.0):  # noqa: ARG001 rates are the same in all
    """Return a busy centre that changes for good on the operation's date: a new station, a large building site."""
    near = around(units, city_centre(units), radius)
    sign = rng.choice((-1.0, 1.0))
    return np.exp(np.log(2) * near + sign * size * near * (since_operation(world) >= 0)), near[:, 0] > 0.5


def market_moves(rng, units, rates, world, *, share=0.6, radius=1.2, apart=8.0):
    """Return a market that moves to a far one like it on the operation's date; both are marked, so the target is neither."""
    level = rates.mean(axis=1)
    local = around(units, np.arange(units.x.size), radius).T @ level
    busy = np.flatnonzero(local >= np.quantile(local, 0.9))
    left = int(rng.choice(busy))
    far = busy[units.distances(busy)[left] > apart * units.unit]
    if not far.size:
        return np.ones((1, 1)), np.zeros(units.x.size, dtype=bool)
    new = int(far[np.argmin(np.abs(np.log(local[far] / local[left])))])
    near = around(units, [left, new], radius)
    moved = share * (near[:, 0] @ level)
    change = -share * near[:, 0] + moved * near[:, 1] / (near[:, 1] @ level)
    return 1 + change[:, None] * (since_operation(world) >= 0), near.max(axis=1) > 0.1


def seasons_by_place(rng, units, rates, world, *, size=0.25, scale=3.0):  # noqa: ARG001
    """Return a season for every neighbourhood: each has another size and another month."""
    angle = 2 * np.pi * since_operation(world) / 12
    parts = (np.outer(size * smooth_field(rng, units, scale), wave) for wave in (np.sin(angle), np.cos(angle)))
    return np.exp(sum(parts)), None


def student_area(rng, units, rates, world, *, rise=0.5, fall=0.6, months=3, radius=3.5):  # noqa: ARG001
    """Return one busy part of the city that empties in the same three months of every year; no other has this season."""
    place = rng.integers(units.x.size)
    inside = units.distances(np.array([place]))[:, 0] <= radius * units.unit
    away = (np.floor(since_operation(world)) + rng.integers(12)) % 12 < months
    return (1 + rise * inside)[:, None] * (1 - fall * np.outer(inside, away)), inside


def visitors(rng, units, rates, world, *, rise=1.0, months=4, radius=3.0):  # noqa: ARG001
    """Return a centre that has more people in four months of every year; the rest of the city has no such season."""
    near = around(units, city_centre(units), radius)
    here = (np.floor(since_operation(world)) + rng.integers(12)) % 12 < months
    return 1 + near * (0.5 + rise * here), near[:, 0] > 0.5


def streets(rng, units, rates, world, *, number=5, rise=1.0, walk=0.04, shock=0.25, memory=0.8, part=8):
    """Return main streets from west to east, busier than the rest; each part of eight units has a course of its own."""
    row, column = (np.round((place - place.min()) / units.unit).astype(int) for place in (units.y, units.x))
    chosen = rng.choice(np.arange(1, row.max()), number, replace=False)
    parts = column // part
    shape = (number, parts.max() + 1, rates.shape[1])
    course = np.cumsum(walk * rng.standard_normal(shape) / np.sqrt(world.steps), axis=2)
    shocks = autoregressive(rng.standard_normal((shape[0] * shape[1], shape[2])), memory ** (1 / world.steps))
    course += shock * shocks.reshape(shape)
    factor = np.ones(rates.shape)
    for street, own in zip(chosen, course, strict=True):
        on_street = row == street
        factor[on_street] = (1 + rise) * np.exp(own[parts[on_street]])
    return factor, np.isin(row, chosen)


def sites_close(rng, units, rates, world, *, number=12, left=0.03):
    """Return busy units that fall to almost nothing, each at some date 3 to 30 months before the operation."""
    level = rates.mean(axis=1)
    closed = rng.choice(np.flatnonzero(level >= np.quantile(level, 0.9)), number, replace=False)
    factor = np.ones(rates.shape)
    since = since_operation(world)
    for unit, months in zip(closed, rng.uniform(3, min(30, world.before - 1), number), strict=True):
        factor[unit, since >= -months] = left
    return factor, np.isin(np.arange(units.x.size), closed)


def moving_front(rng, units, rates, world, *, fall=0.6, speed=0.5, months=12.0):  # noqa: ARG001
    """Return a front of new housing that crosses the city, half a unit a month; within a year behind it harm falls."""
    place = across(rng, units)
    at_operation = rng.uniform(np.quantile(place, 0.2), np.quantile(place, 0.8))
    passed = since_operation(world)[None] - (place[:, None] - at_operation) / speed
    return np.exp(-fall * np.clip(passed / months, 0, 1)), None


def shutdown(rng, units, rates, world, *, everywhere=0.2, centre=0.8, months=4, radius=4.0):  # noqa: ARG001
    """Return four months of the last two years before in which the city stood still, its centre more than the rest."""
    begin = -rng.integers(months, min(24, world.before) + 1)
    still = (since_operation(world) >= begin) & (since_operation(world) < begin + months)
    return np.exp(-(everywhere + centre * around(units, city_centre(units), radius)) * still), None


def late_reports(rng, units, rates, world, *, share=0.3, found=(0.9, 0.75, 0.4)):  # noqa: ARG001
    """Return districts whose last three months are not yet complete: of the last one 40% is recorded."""
    district = districts(rng, units)
    late = rng.random(district.max() + 1) < share
    to_end = np.floor(world.after - since_operation(world) - 1e-9).astype(int)
    recorded = np.ones(to_end.size)
    for months, part in enumerate(reversed(found)):
        recorded[to_end == months] = part
    return np.where(late[district][:, None], recorded, 1.0), None


def reporting_app(rng, units, rates, world, *, rise=0.3, ramp=3.0):  # noqa: ARG001
    """Return half the city where an app raises reporting by 30%, from a date between 12 months before and 3 after."""
    half = across(rng, units) > 0
    begin = rng.uniform(-12, 3)
    return 1 + rise * np.outer(half, np.clip((since_operation(world) - begin) / ramp, 0, 1)), None


def bursts(rng, units, rates, world, *, share=0.25, chance=0.03):  # noqa: ARG001
    """Return bursts that hold a quarter of the finds: a bag of needles, a flat that was cleared. The mean stays."""
    burst = (rng.random(rates.shape) < chance) * rng.standard_gamma(1.0, rates.shape)
    return 1 - share + share / chance * burst, None


def cleaning_rota(rng, units, rates, world, *, times=3.0, cycle=8):  # noqa: ARG001
    """Return a rota by which districts are cleaned, each in one month of eight; then three times as much is found there."""
    turn = rng.integers(cycle, size=DISTRICTS)[districts(rng, units)]
    swept = (np.floor(since_operation(world))[None] + turn[:, None]) % cycle == 0
    return np.where(swept, times, (cycle - times) / (cycle - 1)), None


def attention(rng, units, rates, world, *, power=0.4, months=6):  # noqa: ARG001
    """Return records that follow what rose lately: patrols go where the last six months were above the years before."""
    width = months * world.steps
    total = np.cumsum(np.column_stack([np.zeros(rates.shape[0]), rates]), axis=1)
    step = np.arange(rates.shape[1])
    first = np.maximum(step - width, 0)
    recent = (total[:, step] - total[:, first]) / np.maximum(step - first, 1)
    ever = total[:, step] / np.maximum(step, 1)
    ratio = np.divide(recent, ever, out=np.ones_like(recent), where=ever > 0)
    return np.clip(ratio, 0.3, 3.0) ** power, None


def lost_files(rng, units, rates, world, *, share=0.2, months=2, left=0.05):  # noqa: ARG001
    """Return districts in which two months of the last year are all but missing, as if nothing had happened there."""
    district = districts(rng, units)
    lost = rng.random(district.max() + 1) < share
    begin = -rng.integers(months, 13, size=lost.size)[district][:, None]
    since = since_operation(world)[None]
    return np.where(lost[district][:, None] & (since >= begin) & (since < begin + months), left, 1.0), None
