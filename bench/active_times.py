"""Coverage of the headline for operations as they are in time: spells, a measure that goes on, others at other times.

Run as ``python -m bench.active_times --rows FILE [--cities 120] [--from 0] [--minutes 10] [--kinds "NAME;..."]``. It adds
cities to a file of JSON lines, continues where the file ends, and never runs a seed twice. ``--table`` prints the table of
`docs/calibration.md` from the rows instead, and ``--docs`` writes it there; ``--quick`` simulates one city of each kind and prints its table.

Every city (`bench.worlds`) is that of "base: local" or "smooth" of `bench.calibration`, with 36 months before. Designs,
neighbours in time, placebo places and intervals are the program's own. Each city is read without an effect and with a fall of
40% of which 30% moves into the ring; what an effect is in each month, `KINDS` say. The truth of a window is the ratio of its
true rates with and without the operation that is read; what other operations do is part of both.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench import worlds
from bench.calibration import add_cities, argument, by_placebo, city_of, rows_of, short, spread_out
from bench.calibration_table import write_part
from bench.headline_table import is_answered, leaves_out_zero, standard_error
from bench.looks import in_window, tables_by_month
from bench.scenarios import LOCAL, SMOOTH, Scenario
from geoharm.evaluation.design.build import build_design
from geoharm.evaluation.design.neighbours import placebo_neighbours
from geoharm.evaluation.placebo.calibrated_ratio import calibrated_ratio, fit_forecast
from geoharm.evaluation.placebo.places import placebo_places
from geoharm.evaluation.pooling.operations import pool_effects
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.ledger import SourceLedger
from geoharm.model.period import Period, add_months
from geoharm.model.study import BeforeRule
from geoharm.simulation.panel_worlds import draw_counts, panel_rates

FALLS = (0.0, 0.4)
MOVED = 0.3


@dataclass(frozen=True)
class Kind:
    """One kind of operation in time. Months count from the end of the 36 months before.

    Parameters
    ----------
    world : PanelSettings
        How counts vary.
    after : tuple of str
        Phases.
    spells : tuple of (int, int)
        First month and month after the last of each spell; empty for an operation of one day in month 0.
    ongoing : bool
        Whether it goes on.
    strength : tuple of float
        Share of the effect in each month from its start on; the last value holds for all later months.
    earlier : tuple of int
        Months in which other operations begin; each has six months of phases and a fall of 40% in them. The first lies on the
        ground of the operation, the others elsewhere.
    known : bool
        Whether the study knows the earlier operations.
    starts : tuple of int
        Months in which the operations of a campaign begin, one at each place; empty for one operation.
    """

    world: object
    after: tuple[str, ...] = ("0-6 months",)
    spells: tuple = ()
    ongoing: bool = False
    strength: tuple[float, ...] = (1.0,)
    earlier: tuple[int, ...] = ()
    known: bool = True
    starts: tuple[int, ...] = ()


# Full in a spell, half of it between spells, and halved every four months or so after the last.
_IN_SPELLS = (1.0, 0.5, 1.0, 0.5, 1.0, 0.85, 0.7, 0.6, 0.5, 0.45, 0.4, 0.3)
KINDS = {
    f"{name}, {world_name}": replace(kind, world=replace(world, after=18 if kind.starts else 12))
    for world_name, world in (("local", LOCAL), ("smooth", SMOOTH))
    for name, kind in {
        "one day": Kind(LOCAL),
        "spells": Kind(LOCAL, ("during", "between", "0-6 months"), ((0, 1), (2, 3), (4, 5)), strength=_IN_SPELLS),
        "goes on": Kind(LOCAL, ("0-6 months", "6-12 months"), ongoing=True, strength=(0.25, 0.5, 0.75, 1.0)),
        "others earlier": Kind(LOCAL, earlier=(-30, -20, -20, -20)),
        "others earlier, not named": Kind(LOCAL, earlier=(-30, -20, -20, -20), known=False),
        "campaign": Kind(LOCAL, starts=(0, 4, 8, 12)),
    }.items()
}


def month(number):
    """Return the first day of a month."""
    return add_months(worlds.START, number)


def replicate(kind, seed):
    """Return a row for every operation of one city.

    Returns
    -------
    list of dict
        By window, zone and fall: ``m`` and ``t``, the true expected count without and with the effect; ``y``, the count; the
        headline's intervals, and why one is refused (`bench.calibration.by_placebo`).
    """
    rng = np.random.default_rng(seed)
    world = kind.world
    city = city_of(Scenario(world))
    rates = panel_rates(rng, city.units, world)[0][city.unit_of] * city.share[:, None]
    busy = city.near @ rates[:, : world.before].mean(axis=1)
    order = rng.permutation(np.flatnonzero(busy >= np.quantile(busy, 0.5 if kind.starts else 0.9)))
    centres = spread_out(city, order, len(kind.starts) or 1)
    places = [operation(city, centre, start, kind) for centre, start in zip(centres, kind.starts or (0,), strict=False)]
    rows = [{} for _ in places]
    for number, start in enumerate(kind.earlier):
        candidates = on_ground(rng, city, centres[0]) if number == 0 else elsewhere(rng, city, centres)
        centres.append(candidates)
        places.append(operation(city, candidates, start, Kind(world), name=f"earlier {number}"))
        rates = rates * fallen(city, places[-1], 0.4, Kind(world, strength=(1.0,) * 6 + (0.0,)), world)
    for fall in FALLS:
        factors = [fallen(city, one, fall, kind, world) for one in places[: len(rows)]]
        changed = rates * np.prod(factors, axis=0)
        counts = draw_counts(rng, changed, world.dispersion)
        for row, one, factor in zip(rows, places, factors, strict=False):
            others = [other for other in places if other is not one] if kind.known else []
            read(row, city, (one, others), (changed / factor, changed, counts))
    return rows


def operation(city, centre, start, kind, name="operation"):
    """Return the operation at a centre that begins in a month."""
    spells = tuple(Period(month(start + first), month(start + end)) for first, end in kind.spells)
    one_day = Period(month(start), month(start).replace(day=2))
    period = Period(spells[0].start, spells[-1].end) if spells else one_day
    if kind.ongoing:
        period = Period(month(start), month(kind.world.after))
    # Months of a day's operation count from its start, so that windows are whole months.
    return replace(
        city.operation(centre, f"{name} {centre}"), period=period, spells=spells, after=kind.after,
        ongoing=kind.ongoing or not spells, before=BeforeRule(Period(month(start - 12), month(start))),
    )  # fmt: skip


def on_ground(rng, city, centre):
    """Return another centre whose target lies in the operation's target or rings."""
    distance = np.hypot(*(city.centres - city.centres[centre]).T)
    return int(rng.choice(np.flatnonzero((distance > 0) & (distance < 4 * worlds.UNIT))))


def elsewhere(rng, city, centres):
    """Return a centre whose exposed area is apart from those of others; the farthest if there is none."""
    for candidate in rng.permutation(len(city.centres)):
        if worlds.far_from(city, int(candidate), centres, 200):
            return int(candidate)
    return int(np.argmax(np.min([np.hypot(*(city.centres - city.centres[one]).T) for one in centres], axis=0)))


def fallen(city, one, fall, kind, world):
    """Return the factor by which an operation changes each site and month."""
    factor = np.ones((city.x.size, world.before + world.after))
    first = (
        world.before + (one.period.start.year - worlds.START.year) * 12 + one.period.start.month - worlds.START.month
    )
    months = np.arange(factor.shape[1]) - first
    strength = np.where(months >= 0, np.array(kind.strength)[np.clip(months, 0, len(kind.strength) - 1)], 0.0)
    distance = city_distance(city, one)
    in_target, in_ring = distance == 0, (distance > 0) & (distance <= one.rings[-1])
    factor[in_target] -= fall * strength
    factor[in_ring] += MOVED * fall * strength * in_target.sum() / max(in_ring.sum(), 1)
    return factor


def city_distance(city, one):
    """Return the distance in metres of each site from an operation's target; 0 inside."""
    west, south, east, north = one.target.bounds
    return np.hypot(
        np.maximum(0, np.maximum(west - city.x, city.x - east)),
        np.maximum(0, np.maximum(south - city.y, city.y - north)),
    )


def read(row, city, operations, tables):
    """Add what the headline says of an operation to its row.

    Parameters
    ----------
    row : dict
        By window and zone, a list with one dict a fall.
    city : bench.worlds.City
        The city.
    operations : tuple of Operation and list of Operation
        The operation, and the others that the study knows.
    tables : tuple of three ndarray, sites x months
        Rates without and with the effect, and counts.
    """
    (one, others), (rates, changed, counts) = operations, tables
    split = 36
    first_day = month(-split)
    coverage = Period(first_day, month(counts.shape[1] - split))
    ledger = SourceLedger("s", (), coverage, "day", (), (), 0.0, "")
    design = build_design(one, city.area, others, [ledger])
    neighbours = placebo_neighbours(design, others, first_day)
    places = placebo_places(one, city.area, design.control_area, neighbours)
    setup = worlds.Setup(design, places, *city.sites_in(design.zones, places))
    zone_counts, data = tables_by_month(setup, counts[:, :split], counts[:, split:])
    target, ring = setup.masks["target"], setup.masks["ring"]
    dates = np.array([month(number) for number in range(-split, counts.shape[1] - split)], dtype="datetime64[D]")
    for window in design.phases:
        inside = in_window(dates, window)
        for zone, mask in {"target": target, "all rings": ring, "target and rings": target | ring}.items():
            learned = fit_forecast(data, zone_counts, design, zone=zone, after=window)
            count = int(counts[mask][:, inside].sum())
            made = {"m": rates[mask][:, inside].sum(), "t": changed[mask][:, inside].sum(), "y": count}
            made |= by_placebo(learned, count)
            if learned[0] is not None:
                ratio = calibrated_ratio(learned[0], count)
                made["ca99"] = [ratio.value, ratio.interval(0.99).low, ratio.interval(0.99).high]
            row.setdefault(window.name, {}).setdefault(zone, []).append(made)


def truth(effect):
    """Return the true log ratio of a window."""
    return float(np.log(effect["t"] / effect["m"]))


def figures(rows):
    """Return the lines of the table: for each kind and window, by zone, what is refused, covered and found.

    Parameters
    ----------
    rows : iterable of dict
        Rows of a file: ``cell``, ``seed`` and ``ops``.
    """
    sets = {}
    for line in rows:
        for one in line["ops"]:
            for window, zones in one.items():
                for zone, effects in zones.items():
                    sets.setdefault((line["cell"], window), {}).setdefault(zone, []).append(effects)
    return [
        [kind, window, *(zone_figures(zones[zone]) for zone in worlds.ZONES)] for (kind, window), zones in sets.items()
    ]


def zone_figures(sets):
    """Return the figures of a zone: operations, share refused, coverage with its error, false alarms, falls found."""
    answered = [effects for effects in sets if is_answered(effects[0])]
    covers = [
        np.mean([one["ca"][1] <= truth(one) <= one["ca"][2] for one in effects if "ca" in one]) for effects in answered
    ]
    return {
        "n": len(sets),
        "refused": round(100 * (1 - len(answered) / len(sets))),
        "covers": round(100 * float(np.mean(covers)), 1) if covers else None,
        "error": standard_error(covers),
        "rejects": round(100 * float(np.mean([leaves_out_zero(effects[0]["ca"]) for effects in answered])), 1) if covers else None,
        "found": round(100 * float(np.mean([effects[1]["ca"][2] < 0 for effects in answered if "ca" in effects[1]]))) if covers else None,
    }  # fmt: skip


def pooled_figures(rows):
    """Return for each kind with several operations: cities, coverage of the pooled mean of the targets, and its error."""
    by_kind = {}
    for line in rows:
        if sum(map(bool, line["ops"])) > 1:
            by_kind.setdefault(line["cell"], []).append(
                [pooled_covers(line["ops"], fall) for fall in range(len(FALLS))]
            )
    found = []
    for kind, cities in by_kind.items():
        covers = [np.mean([one for one in city if one is not None]) for city in cities if city.count(None) < len(city)]
        found.append([kind, len(covers), round(100 * float(np.mean(covers)), 1), standard_error(covers)])
    return found


def pooled_covers(operations, fall):
    """Return whether the pooled mean of a city's targets covers its truth; None with fewer than two answers."""
    effects = [next(iter(one.values()))["target"][fall] for one in operations if one]
    answered = [(f"{number}", one) for number, one in enumerate(effects) if is_answered(one)]
    if len(answered) < 2:
        return None
    forest = pool_effects([(name, as_estimate(one)) for name, one in answered])
    span = forest.pooled.interval(0.95)
    return bool(span.low <= np.mean([truth(one) for _, one in answered]) <= span.high)


def as_estimate(effect):
    """Return a headline as the estimate that is pooled."""
    levels = {"ca80": 0.8, "ca90": 0.9, "ca": 0.95, "ca99": 0.99}
    intervals = tuple(Interval(effect[key][1], effect[key][2], level) for key, level in levels.items())
    return Estimate(
        "log rate ratio", effect["ca"][0], effect["fc"][6], "log ratio", "", calibrated=True, intervals=intervals
    )


def text_of(rows):
    """Return the table in Markdown, and the coverage of the pooled means below it."""
    lines = [
        "| operation | window | operations | no interval T / D / U | coverage T / D / U | false alarms T / D / U | −40% found T |",
        "|---|---|---|---|---|---|---|",
    ]
    rows = list(rows)
    for kind, window, *zones in figures(rows):
        parts = [
            " / ".join(f"{zone['refused']}" for zone in zones),
            " / ".join(f"{zone['covers']} ({zone['error']})" for zone in zones),
            " / ".join(f"{zone['rejects']}" for zone in zones),
        ]
        lines.append(f"| {kind} | {window} | {zones[0]['n']} | {' | '.join(parts)} | {zones[0]['found']} |")
    lines += [
        "",
        *(
            f"{kind}, mean of the targets: {share} ({error}) in {n} cities"
            for kind, n, share, error in pooled_figures(rows)
        ),
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the cities that the command line names, or print the table of a file."""
    path = Path(argument("--rows", "active_times.jsonl"))
    chosen = argument("--kinds", ";".join(KINDS)).split(";")
    kinds = {name: kind for name, kind in KINDS.items() if name in chosen}
    if "--quick" in sys.argv:
        made = [{"cell": name, "seed": 0, "ops": replicate(kind, [0, 0])} for name, kind in kinds.items()]
        print(text_of(json.loads(json.dumps(short({"rows": made})))["rows"]))
    elif "--docs" in sys.argv:
        write_part("active times", text_of(rows_of(path)))
    elif "--table" in sys.argv:
        print(text_of(rows_of(path)))
    else:
        add_cities(
            path, kinds, replicate, cities=int(argument("--cities", "120")),
            minutes=float(argument("--minutes", "10")), first=int(argument("--from", "0")),
        )  # fmt: skip


if __name__ == "__main__":
    main()
