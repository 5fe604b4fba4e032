"""Coverage of 95% intervals in simulated cities with a known effect, for this program and other methods.

Run as ``python -m bench.calibration --rows FILE [--worlds ordinary|mechanisms|streets|all] [--cells "NAME;..."] [--from 0]
[--repeats 1000] [--minutes 60] [--headline]``. It adds replications to a file of JSON lines. It continues where the file
ends, and never runs a seed twice. ``--quick`` prints two replications of two scenarios. ``--headline`` leaves out every other
method; what is drawn, and the headline, are the same. `bench.scenarios` lists the worlds. `bench.calibration_table` makes
tables of the rows with all methods, and `bench.headline_table` of those with the headline alone.

Every replication simulates one city and lays one operation on it (`bench.worlds`). The counts before are drawn once. The
counts after are drawn five times: without an effect, and with four effects.

A row holds, by zone and effect: ``m`` and ``t``, the true expected count without and with the effect; ``y``, the count;
``ca``, the headline (log ratio, low, high), and ``ca90`` and ``ca80``, its intervals at 90 and 80%; ``fc``, figures of its forecast; ``no``, why the interval is refused; and one key
for each other method (`bench.calibration_table.METHODS`).
"""

from __future__ import annotations

import json
import math
import sys
import time
import zlib
from pathlib import Path

import numpy as np

from bench import anchors, worlds
from bench.scenarios import MECHANISMS, SCENARIOS, STREETS
from geoharm.evaluation.estimators.displacement_indices import displacement_indices
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.estimators.wdd import net_change
from geoharm.evaluation.placebo.calibrated_ratio import calibrated_ratio, fit_forecast, why_only_probable
from geoharm.model.counts import Change
from geoharm.simulation.panel_worlds import draw_counts, panel_rates
from geoharm.simulation.random_fields import smooth_field
from geoharm.stats.dispersion import monthly_dispersion
from geoharm.stats.variance_stabilising import stabilisation_bias, stabilise_variance

ROOT = Path(__file__).parent.parent
POLYGONS = ROOT.parent / "shared" / "data" / "merseyside-lsoa"
WORLDS = {
    "ordinary": SCENARIOS,
    "mechanisms": MECHANISMS,
    "streets": STREETS,
    "all": SCENARIOS | MECHANISMS | STREETS,
}
# (fall in the target, share of the fall that moves into the ring)
EFFECTS = ((0.0, 0.0), (0.2, 0.0), (0.2, 0.3), (0.4, 0.3), (0.4, 1.0))
FALLEN = 0.3  # fall in the targets of `Scenario.fallen`
ANCHORED = (0, 3)  # positions in EFFECTS at which the other methods are run too


HEADLINE_LEVELS = {"ca": 0.95, "ca90": 0.9, "ca80": 0.8}  # key in a row, and the level of its interval
ONLY_PROBABLE = "few as busy"  # allows no finding, and "probably"
REASONS = {
    "events are expected": "few expected",
    "overlap so much": "few independent",
    "as busy before, and what": "none as busy",
    "cannot be forecast from": "share ground",
    "target and rings fit": "few fit",
    "had any event": "few with events",
    "months before": "short history",
}
# Months that are compared with so many before them, and the share of eligible places that grew less.
GROWTH = {"rising": (6, 18, 0.75), "risen": (3, 12, 0.9)}
_CITIES = {}


def city_of(cell):
    """Return the city of a scenario, kept after the first call; None if the files of its outlines are missing."""
    key = (cell.city, cell.side, cell.target, cell.sites)
    if key not in _CITIES:
        if cell.city == "polygons":
            files = list(POLYGONS.glob("*.json"))
            _CITIES[key] = worlds.polygon_city(files) if files else None
        elif cell.city in worlds.STREET_TARGETS:
            _CITIES[key] = worlds.street_city(cell.city)
        else:
            _CITIES[key] = worlds.grid_city(cell.side, cell.target, cell.sites)
    return _CITIES[key]


def choose(rng, cell, city, monthly, true):
    """Return the possible centres of the target, in random order; the first is taken.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    cell : Scenario
        The scenario.
    city : bench.worlds.City
        The city.
    monthly : ndarray, sites x months
        Counts before.
    true : tuple of three ndarray, sites
        True mean rate before, true lasting level, and whether a site is marked (or None).

    Notes
    -----
    By true rates: among the busiest 10% ("busy") or 3% ("busiest"), or "anywhere". The upper half of the places with the most
    marked sites ("marked"), or of the busiest 20% those with one ("touched") or without ("elsewhere"). By lasting level:
    "informed". By counts before: the most in the first year ("earlier"), the last year ("peak") or the last three months
    ("top"), or those that rose most in the last six months ("rising") or three ("risen").
    """
    before, (rates, level, marked) = cell.world.before, true
    by_centre, by_rate = city.near @ monthly, city.near @ rates
    value, quantile = {
        "busy": (by_rate, 0.90),
        "busiest": (by_rate, 0.97),
        "anywhere": (by_rate, 0.0),
        "marked": (by_rate, 0.0),
        "touched": (by_rate, 0.80),
        "elsewhere": (by_rate, 0.80),
        "informed": (city.near @ level, 0.90),
        "earlier": (by_centre[:, :12].sum(axis=1), 0.97),
        "peak": (by_centre[:, before - 12 :].sum(axis=1), 0.97),
        "top": (by_centre[:, before - 3 :].sum(axis=1), 0.97),
        "rising": (by_centre[:, before - 12 :].sum(axis=1), 0.90),
        "risen": (by_centre[:, before - 12 :].sum(axis=1), 0.70),
    }[cell.choose]
    eligible = value >= np.quantile(value, quantile)
    if cell.choose in GROWTH:
        recent_months, earlier_months, share = GROWTH[cell.choose]
        recent = by_centre[:, before - recent_months :].sum(axis=1)
        earlier = by_centre[:, before - recent_months - earlier_months : before - recent_months].sum(axis=1)
        growth = np.log((recent + 1) / (earlier * recent_months / earlier_months + 1))
        eligible &= growth >= np.quantile(growth[eligible], share)
    if cell.choose in {"marked", "touched", "elsewhere"}:
        inside = city.near @ marked
        least, most = {"marked": (0.75 * inside.max(), np.inf), "touched": (1, np.inf), "elsewhere": (0, 0)}[
            cell.choose
        ]
        eligible &= (inside >= least) & (inside <= most)
        eligible &= by_rate >= np.median(by_rate[eligible])
    return rng.permutation(np.flatnonzero(eligible))


def with_location_error(rates, leak):
    """Return rates of which a share is recorded in the eight neighbours (grid cities with one site in each unit)."""
    if not leak:
        return rates
    side = round(math.sqrt(rates.shape[0]))
    table = np.pad(rates.reshape(side, side, -1), ((1, 1), (1, 1), (0, 0)), mode="edge")
    moved = sum(
        table[1 + up : 1 + up + side, 1 + along : 1 + along + side]
        for up in (-1, 0, 1)
        for along in (-1, 0, 1)
        if up or along
    )
    return ((1 - leak) * rates.reshape(side, side, -1) + leak / 8 * moved).reshape(rates.shape)


def replicate(cell, seed, read=None):
    """Return the row of one replication: the truth and every method's estimate and interval, by zone and effect.

    `read` is the function that makes the row of one operation from its counts; the default is `one_operation`.
    """
    rng = np.random.default_rng(seed)
    city, world = city_of(cell), cell.world
    unit_rates, level = panel_rates(rng, city.units, world)
    unit_rates, marked = happening(rng, cell.happens, city.units, unit_rates, world)
    unit_recorded, _ = happening(rng, cell.records, city.units, unit_rates, world)
    rates = unit_rates[city.unit_of] * city.share[:, None]
    split = world.before * world.steps
    late = slice(split, split + cell.steps_after if cell.steps_after else None)
    recorded = recording(rng, cell, city, with_location_error(rates, cell.leak), split)
    if cell.records:
        recorded = recorded * (unit_recorded / unit_rates)[city.unit_of]
    counts = draw_counts(rng, recorded, world.dispersion)
    monthly = counts[:, :split].reshape(counts.shape[0], world.before, world.steps).sum(axis=2)
    marked_sites = None if marked is None else marked[city.unit_of]
    order = choose(
        rng, cell, city, monthly, (rates[:, :split].mean(axis=1), level[city.unit_of] * city.share, marked_sites)
    )
    chosen = spread_out(city, order, cell.operations)
    if cell.fallen:
        by_rate = city.near @ rates[:, :split].mean(axis=1)
        candidates = rng.permutation(np.flatnonzero(by_rate >= np.median(by_rate)))
        chosen = spread_out(city, [*chosen, *candidates], cell.operations + cell.fallen)
    after = worlds.window_after(cell.steps_after / world.steps if cell.steps_after else world.after)
    if cell.fallen:
        in_fallen = city.near[chosen[cell.operations :]].sum(axis=0) > 0
        fallen_here = np.outer(in_fallen, np.arange(rates.shape[1]) >= split)
        rates, recorded = (np.where(fallen_here, (1 - FALLEN) * table, table) for table in (rates, recorded))
        counts[fallen_here] = draw_counts(rng, recorded[fallen_here], world.dispersion)
    rows = []
    for place in chosen[: cell.operations]:
        setup = city.setup(place, after, [other for other in chosen if other != place])
        late_tables = rates[:, late], recorded[:, late], counts[:, late]
        rows.append((read or one_operation)(rng, cell, (city, setup), monthly, late_tables))
    return rows[0] if cell.operations == 1 else {"ops": rows}


def spread_out(city, candidates, number):
    """Return the first candidates whose exposed areas are over 200 m apart, up to a number; the very first is among them."""
    chosen = []
    for candidate in map(int, candidates):
        if len(chosen) == number:
            break
        if worlds.far_from(city, candidate, chosen, 200):
            chosen.append(candidate)
    return chosen


def happening(rng, what, units, rates, world):
    """Return the rates of the units after all that happens, and the units that the last of it marked, or None.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    what : tuple of callable
        What happens (`bench.mechanisms`).
    units : Places
        The units.
    rates : ndarray, units x steps
        Rates before it happens.
    world : PanelSettings
        The settings of the panel.
    """
    marked = None
    for happen in what:
        factor, marked = happen(rng, units, rates, world)
        rates = rates * factor
    return rates, marked


def recording(rng, cell, city, rates, split):
    """Return recorded rates: the share of events that is recorded may change on the day of the operation.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    cell : Scenario
        The scenario.
    city : bench.worlds.City
        The city.
    rates : ndarray, sites x steps
        True rates.
    split : int
        First step after the operation.
    """
    if cell.recording == "city":
        rates = rates.copy()
        rates[:, split:] *= 0.8
    elif cell.recording == "places":
        rates = rates.copy()
        rates[:, split:] *= np.exp(0.15 * smooth_field(rng, city.units, 3.0))[city.unit_of][:, None]
    return rates


def one_operation(rng, cell, where, monthly, late):
    """Return the row of one operation.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    cell : Scenario
        The scenario.
    where : tuple of City and Setup
        The city, and the operation in it.
    monthly : ndarray, sites x months
        Counts before.
    late : tuple of three ndarray, sites x steps
        True rates, recorded rates and counts after.
    """
    (city, setup), (_, recorded, counts) = where, late
    inside, control = zones_of(setup), setup.masks["control"]
    _, data = worlds.count_table(setup, monthly, counts.sum(axis=1))
    before = before_of(setup, monthly, inside)
    matched_controls, synthetic = {}, None
    if not cell.steps_after:
        matched_controls = {zone: like(monthly, mask, setup, data, zone) for zone, mask in inside.items()}
        synthetic = synthetic_of(city, setup, monthly, counts)
    rows = {zone: [] for zone in worlds.ZONES}
    for number, (changed, by_step, forecasts) in enumerate(effects_of(rng, cell, where, monthly, late)):
        counts_after = by_step.sum(axis=1)
        for zone, mask in inside.items():
            row = headline_of(forecasts[zone], mask, late[0], changed, counts_after)
            row |= by_counting(before[zone], row["y"], int(counts_after[control].sum()))
            row["or"] = oracle(row["y"], recorded[mask].sum(), cell.world.dispersion)
            if number in ANCHORED and matched_controls:
                row |= other_method_results(monthly, counts_after, mask, control, matched_controls[zone])
                if synthetic and zone == "target":
                    target_series = np.append(monthly[mask].sum(axis=0), by_step[mask].sum(axis=0))
                    row["sc"] = synthetic.interval(target_series)
            rows[zone].append(row)
        if number:
            rows["target"][number]["ds"] = share_of(before, rows, number, int(counts_after[control].sum()))
    return rows


def headline(rng, cell, where, monthly, late):
    """Return the row of one operation with the headline alone. Parameters, and what is drawn, are as in `one_operation`."""
    inside = zones_of(where[1])
    rows = {zone: [] for zone in worlds.ZONES}
    for changed, by_step, forecasts in effects_of(rng, cell, where, monthly, late):
        counts_after = by_step.sum(axis=1)
        for zone, mask in inside.items():
            rows[zone].append(headline_of(forecasts[zone], mask, late[0], changed, counts_after))
    return rows


def zones_of(setup):
    """Return the sites in each zone that is judged."""
    in_target, in_ring = setup.masks["target"], setup.masks["ring"]
    return {"target": in_target, "all rings": in_ring, "target and rings": in_target | in_ring}


def effects_of(rng, cell, where, monthly, late):
    """Yield for each of `EFFECTS` the true rates, the counts after, and the forecast of every zone.

    Parameters are those of `one_operation`.
    """
    (city, setup), (_, _, counts) = where, late

    def learn(after):
        zone_counts, data = worlds.count_table(setup, monthly, after.sum(axis=1))
        return {
            zone: fit_forecast(data, zone_counts, setup.design, zone=zone, after=setup.design.after)
            for zone in worlds.ZONES
        }

    forecasts = learn(counts)
    far = far_sites(rng, city, setup, monthly, cell.far_places) if cell.far else None
    for number, (fall, moved) in enumerate(EFFECTS):
        changed, by_step = planted(rng, cell, setup, late, (fall, moved, far))
        # A forecast needs no count of its own zone after, but those of places to which something moved.
        yield changed, by_step, learn(by_step) if cell.far and number else forecasts


def headline_of(forecast, mask, rates, changed, counts_after):
    """Return the truth, the count and the headline of one zone and effect.

    Parameters
    ----------
    forecast : tuple
        The result of `fit_forecast`.
    mask : ndarray of bool, sites
        The zone's sites.
    rates, changed : ndarray, sites x steps
        True rates after, without and with the effect.
    counts_after : ndarray, sites
        Counts after.
    """
    row = {"m": rates[mask].sum(), "t": changed[mask].sum(), "y": int(counts_after[mask].sum())}
    return row | by_placebo(forecast, row["y"])


def share_of(before, rows, number, control_after):
    """Return whether a displaced share with counting noise only is given, and whether its set covers the truth.

    Parameters
    ----------
    before : dict of zone to tuple
        Counts and dispersions before, from `before_of`.
    rows : dict of zone to list of dict
        Rows of the operation.
    number : int
        Position of the effect in `EFFECTS`.
    control_after : int
        Count of the control area after.
    """
    target_row, ring_row = rows["target"][number], rows["all rings"][number]
    (count, phi, control_before, phi_control), (ring_count, ring_phi, *_) = before["target"], before["all rings"]
    displaced_share = displacement_indices(
        Change("target", count, target_row["y"]),
        Change("ring", ring_count, ring_row["y"]),
        Change("control", control_before, control_after),
        dispersion={"target": phi, "ring": ring_phi, "control": phi_control},
    ).displaced_share
    truth = float((ring_row["t"] - ring_row["m"]) / (target_row["m"] - target_row["t"]))
    return [math.isfinite(displaced_share.value), truth in displaced_share.values]


def before_of(found, monthly, inside):
    """Return for every zone its count and dispersion before, then those of the control area."""
    months = monthly.shape[1]
    window = found.design.before
    first = months - 12
    weights = np.zeros(months)
    length_months = round(window.days / 30.44 * 2) / 2
    weights[first : first + int(length_months)] = 1
    if length_months != int(length_months):
        weights[first + int(length_months)] = 0.5
    window_counts = {}
    for zone, mask in (*inside.items(), ("control", found.masks["control"])):
        series = monthly[mask].sum(axis=0)
        phi = math.ceil(monthly_dispersion(series) * 10 - 1e-9) / 10
        window_counts[zone] = (round(float(series @ weights)), phi)
    return {zone: (*window_counts[zone], *window_counts["control"]) for zone in inside}


def planted(rng, cell, found, late, effect):
    """Return the true rates and the counts after, with a fall in the target of which a part moves elsewhere.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    cell : Scenario
        The scenario.
    found : bench.worlds.Setup
        The operation.
    late : tuple of three ndarray, sites x steps
        True rates, recorded rates and counts after, without an effect.
    effect : tuple
        Fall in the target, share of it that moves into the ring, and the far sites (a mask of sites, or None).
    """
    (rates, recorded, counts), (fall, moved, far) = late, effect
    if not fall:
        if cell.recording == "target":
            mask = found.masks["target"]
            counts = counts.copy()
            counts[mask] = draw_counts(rng, 1.15 * recorded[mask], cell.world.dispersion)
        return rates, counts
    in_target, in_ring = found.masks["target"], found.masks["ring"]
    month = (np.arange(rates.shape[1]) + 0.5) / cell.world.steps
    strength = 0.5 ** (month / cell.half_life) if cell.half_life else np.ones(month.size)
    changed = rates.copy()
    lost = rates[in_target] * fall * strength
    changed[in_target] -= lost
    if moved and in_ring.any():
        changed[in_ring] *= 1 + moved * lost.sum(axis=0) / rates[in_ring].sum(axis=0)
    if far is not None:
        changed[far] *= 1 + cell.far * lost.sum(axis=0) / rates[far].sum(axis=0)
    changed_counts = counts.copy()
    touched = in_target | in_ring
    if far is not None:
        touched = touched | far
    ratio = recorded / with_location_error(rates, cell.leak)
    as_recorded = with_location_error(changed, cell.leak) * ratio
    if cell.recording == "target":
        as_recorded[in_target] *= 1.15
    changed_counts[touched] = draw_counts(rng, as_recorded[touched], cell.world.dispersion)
    return changed, changed_counts


def far_sites(rng, city, found, monthly, places=10):
    """Return a mask of the sites of some places in the control area whose counts are close to the target's.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    city : bench.worlds.City
        The city.
    found : bench.worlds.Setup
        The operation.
    monthly : ndarray, sites x months
        Counts before.
    places : int
        How many.
    """
    target_total = monthly[found.masks["target"]].sum()
    control = found.masks["control"]
    level = city.near @ monthly.sum(axis=1)
    in_control_only = (city.near @ ~control) == 0
    closest = np.argsort(np.where(in_control_only, np.abs(np.log((level + 1) / (target_total + 1))), np.inf))[:40]
    chosen = rng.choice(closest, size=places, replace=False)
    return city.near[chosen].sum(axis=0) > 0


def by_counting(before, after, control_after):
    """Return two estimates with counting noise only: the rate ratio, and the difference with a scaled control."""
    count, phi, control_before, phi_control = before
    zone, control = Change("zone", count, after), Change("control", control_before, control_after)
    intervals = {}
    for name, estimate in (
        ("rr", log_rate_ratio(zone, control, zone_dispersion=phi, control_dispersion=phi_control)),
        ("wd", net_change(zone, control, zone_dispersion=phi, control_dispersion=phi_control)),
    ):
        if estimate.is_defined:
            half_width = anchors.Z * estimate.standard_error
            intervals[name] = [estimate.value, estimate.value - half_width, estimate.value + half_width]
    return intervals


def by_placebo(learned, after):
    """Return the headline's log ratio with its intervals at 95, 90 and 80%, and why it allows no finding, if so."""
    forecast, _, reason = learned
    code = next((code for part, code in REASONS.items() if part in reason), reason)
    if forecast is None:
        return {"no": code}
    ratio, row = calibrated_ratio(forecast, after), {}
    for key, level in HEADLINE_LEVELS.items():
        span = ratio.interval(level)
        row[key] = [ratio.value, span.low, span.high]
    row["fc"] = [
        forecast.mean,
        forecast.detectable_fall,
        forecast.effective_places,
        forecast.busy_places,
        forecast.phi,
        forecast.tau2,
        forecast.log_error,
        forecast.independent_busy_places,
        forecast.liveliness,
        forecast.dates,
    ]
    code = code or (ONLY_PROBABLE if why_only_probable(forecast) else "")
    return row | ({"no": code} if code else {})


def oracle(count, mean, dispersion):
    """Return the log ratio and its interval if the true expected count were known: an upper bound of the power."""
    stabilised = float(stabilise_variance(count, phi=dispersion, tau2=0.0)) - float(
        stabilisation_bias(mean, phi=dispersion, tau2=0.0)
    )
    ends = []
    for offset in (0.0, -anchors.Z, anchors.Z):
        value = max(stabilised + offset, 0.0)
        ends.append(math.log(max(dispersion * value * value / 4 - 0.375, 1e-3) / mean))
    return ends


def like(monthly, mask, found, data, zone):
    """Return the controls that other methods choose from the counts before; None with fewer than two candidates.

    Parameters
    ----------
    monthly : ndarray, sites x months
        Counts before.
    mask : ndarray of bool, sites
        Sites of the zone.
    found : bench.worlds.Setup
        The operation.
    data : PlaceboData
        Counts at the placebo places.
    zone : str
        Name of the zone.
    """
    candidates = np.flatnonzero(found.places.fits[zone])
    sums = {"target": data.counts.target, "all rings": data.counts.rings}.get(
        zone, data.counts.target + data.counts.rings
    )
    if candidates.size < 2:
        return None
    months = monthly.shape[1]
    own = monthly[mask].sum(axis=0).astype(float)
    length = max(1, round(found.design.after.days / 30.44))
    phi = monthly_dispersion(own)

    def before_and_after(place):
        return sums[place, months - length : months].sum(), sums[place, months:].sum()

    matched = candidates[anchors.matched(own, sums[candidates, :months])]
    home = found.places.operation_cell
    distance = np.hypot(found.places.row[candidates] - home[0], found.places.column[candidates] - home[1])
    nearest, scale = anchors.nearest_passing(own, sums[candidates, :months], distance, phi)
    return own[-length:].sum(), phi, before_and_after(matched), before_and_after(candidates[nearest]), scale


def synthetic_of(city, found, monthly, counts):
    """Return a synthetic control of the target, from places that share no site with the operation or each other.

    Parameters
    ----------
    city : bench.worlds.City
        The city.
    found : bench.worlds.Setup
        The operation.
    monthly, counts : ndarray, sites x months
        Counts before and after.
    """
    control_sites = found.masks["control"].astype(float)
    sites_of_place = np.diff(city.near.indptr)
    candidates = np.flatnonzero((city.near @ control_sites == sites_of_place) & (sites_of_place > 0))
    donors = []
    used_sites = np.zeros(city.x.size)
    for place in candidates:
        if city.near[[place]] @ used_sites == 0:
            donors.append(place)
            used_sites += city.near[[place]].toarray()[0]
    if len(donors) < 5:
        return None
    return anchors.Synthetic(city.near[donors] @ np.column_stack([monthly, counts]).astype(float), counts.shape[1])


def other_method_results(monthly, seen, mask, control, alike):
    """Return the other methods' estimates and intervals for a zone.

    Parameters
    ----------
    monthly : ndarray, sites x months
        Counts before.
    seen : ndarray, sites
        Counts after.
    mask, control : ndarray of bool, sites
        Sites of the zone and of the control area.
    alike : tuple or None
        The matched controls, from `like`.
    """
    if alike is None:
        return {}
    own_before, phi, matched, nearest, scale = alike
    own_after = float(seen[mask].sum())
    return {
        "w1": anchors.wdd((own_before, own_after), matched),
        "w2": anchors.wdd((own_before, own_after), matched, phi=phi),
        "co": anchors.wdd((own_before, own_after), nearest, scale=scale, phi=phi),
        "po": anchors.poisson_did(monthly, seen, mask, control),
    }


def short(value):
    """Return a row with every number rounded to five digits."""
    if isinstance(value, dict):
        return {key: short(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [short(item) for item in value]
    return float(f"{value:.5g}") if isinstance(value, float | np.floating) else value


def seed_of(name, number):
    """Return the seed of a replication, made from the scenario's name and the replication's number."""
    return [zlib.crc32(name.encode()), number]


def rows_of(path):
    """Yield the rows of a file. A line cut off by a crash is skipped, so its seed is run again."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue


def run(path, names, repeats, minutes, first=0, read=None):
    """Add replications to a file: all scenarios in turns of 25, until each has enough or the time is over.

    Parameters
    ----------
    path : Path
        File of JSON lines.
    names : list of str
        Scenarios, by their names.
    repeats : int
        Number of the last replication, plus one.
    minutes : float
        Time limit.
    first : int
        Number of the first replication.
    read : callable, optional
        Makes the row of one operation; see `replicate`.
    """
    start, done = time.monotonic(), {}
    for row in rows_of(path):
        done.setdefault(row["cell"], set()).add(row["seed"])
    with path.open("a+b") as out:
        out.seek(max(out.seek(0, 2) - 1, 0))
        if out.read(1) not in (b"", b"\n"):
            out.write(b"\n")
        for level in range(first + 25, repeats + 25, 25):
            for name in names:
                missing = [
                    seed for seed in range(first, min(level, repeats)) if seed not in done.setdefault(name, set())
                ]
                if not missing or city_of(WORLDS["all"][name]) is None:
                    continue
                for number in missing:
                    made = replicate(WORLDS["all"][name], seed_of(name, number), read)
                    row = {"cell": name, "seed": number, "row": made}
                    out.write(json.dumps(short(row)).encode() + b"\n")
                    out.flush()
                    done[name].add(number)
                if time.monotonic() - start > 60 * minutes:
                    return


def add_cities(path, kinds, make, *, cities, minutes, first=0):
    """Add cities with several operations to a file, all kinds by turns, until there are enough or the time is over.

    Parameters
    ----------
    path : Path
        File of JSON lines; no seed is run twice.
    kinds : mapping of str to object
        Kinds of city by name, each with what `make` needs to know.
    make : callable
        Returns the rows of a city's operations, from a kind and a seed.
    cities : int
        Number of the last city of each kind, plus one.
    minutes : float
        Time limit.
    first : int
        Number of the first city.
    """
    start = time.monotonic()
    done = {(row["cell"], row["seed"]) for row in rows_of(path)}
    with path.open("a", encoding="utf-8") as out:
        for number in range(first, cities):
            for name, kind in kinds.items():
                if (name, number) in done:
                    continue
                if time.monotonic() - start > 60 * minutes:
                    return
                rows = make(kind, seed_of(name, number))
                out.write(
                    "\n" * (number == first) + json.dumps(short({"cell": name, "seed": number, "ops": rows})) + "\n"
                )
                out.flush()


def argument(name, default):
    """Return the command line's text after a flag, or the default."""
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


def main() -> None:
    """Run the replications that the command line names."""
    if "--quick" in sys.argv:
        for name in ("base: local, v 2", "four operations"):
            for number in range(2):
                print(
                    json.dumps(
                        short({"cell": name, "seed": number, "row": replicate(SCENARIOS[name], seed_of(name, number))})
                    )
                )
        return
    of_kind = WORLDS[argument("--worlds", "ordinary")]
    run(
        Path(argument("--rows", "calibration.jsonl")),
        [name for name in of_kind if name in argument("--cells", ";".join(of_kind)).split(";")],
        int(argument("--repeats", "1000")),
        float(argument("--minutes", "1e6")),
        int(argument("--from", "0")),
        headline if "--headline" in sys.argv else None,
    )


if __name__ == "__main__":
    main()
