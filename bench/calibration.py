"""Coverage of 95% intervals in simulated cities with a known effect, for this program and other methods.

Run as ``python -m bench.calibration --rows FILE [--cells "NAME;..."] [--from 0] [--repeats 1000] [--minutes 60]``. It adds
replications to a file of JSON lines. It continues where the file ends, and never runs a seed twice. ``--quick`` prints two
replications of two scenarios. `bench.calibration_table` makes tables of the rows.

Every replication simulates one city and lays one operation on it (`bench.worlds`). The counts before are drawn once. The
counts after are drawn five times: without an effect, and with four effects.

A row holds, by zone and effect: ``m`` and ``t``, the true expected count without and with the effect; ``y``, the count;
``ca``, the headline (log ratio, low, high); ``fc``, figures of its forecast; ``no``, why the interval is refused; and one key
for each other method (`bench.calibration_table.METHODS`).
"""

from __future__ import annotations

import json
import math
import sys
import time
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.special import stdtrit

from bench import anchors, worlds
from geoharm.evaluation.estimators.displacement_indices import displacement_indices
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.estimators.wdd import net_change
from geoharm.evaluation.placebo.calibrated_ratio import fit_forecast
from geoharm.model.counts import Change
from geoharm.simulation.panel_worlds import PanelSettings, draw_counts, panel_rates
from geoharm.simulation.random_fields import smooth_field
from geoharm.stats.dispersion import monthly_dispersion
from geoharm.stats.variance_stabilising import stabilisation_bias, stabilise_variance, unstabilise_variance

ROOT = Path(__file__).parent.parent
POLYGONS = ROOT.parent / "shared" / "data" / "merseyside-lsoa"
SMOOTH = PanelSettings()
LOCAL = PanelSettings(local_trend=0.12, shock=0.20, own_shock=0.15)
ROUGH = replace(LOCAL, shock=0.35, shock_memory=0.9, own_shock=0.25)
# (fall in the target, share of the fall that moves into the ring)
EFFECTS = ((0.0, 0.0), (0.2, 0.0), (0.2, 0.3), (0.4, 0.3), (0.4, 1.0))
ANCHORED = (0, 3)  # positions in EFFECTS at which the other methods are run too


@dataclass(frozen=True)
class Scenario:
    """One simulation scenario: how counts vary, the city, how the target is chosen, and what goes wrong.

    Parameters
    ----------
    world : PanelSettings
        How counts vary over places and months.
    side : int
        Units along each edge of a grid city.
    target : int
        Units in the target.
    sites : int
        Sites along each edge of a unit (the unit has the square of it).
    choose : str
        How the target is chosen: "busy", "informed", "earlier", "peak" or "rising".
    leak : float
        Share of events recorded in a neighbouring unit.
    far : float
        Share of the fall that moves to ten places far away.
    half_life : float
        Months in which the effect halves; 0 for an effect that stays.
    steps_after : int
        Time steps after, where they are not whole months; 0 otherwise.
    operations : int
        Operations in the city.
    recording : str
        Where recording changes at the operation: "city", "places", "target", or "" for nowhere.
    city : str
        "grid" or "polygons".
    """

    world: PanelSettings
    side: int = 30
    target: int = 9
    sites: int = 1
    choose: str = "busy"
    leak: float = 0.0
    far: float = 0.0
    half_life: float = 0.0
    steps_after: int = 0
    operations: int = 1
    recording: str = ""
    city: str = "grid"


SCENARIOS = {
    "base: local, v 2": Scenario(LOCAL),
    "smooth, v 1": Scenario(replace(SMOOTH, dispersion=1.0)),
    "smooth, v 2": Scenario(SMOOTH),
    "smooth, v 5": Scenario(replace(SMOOTH, dispersion=5.0)),
    "local, v 1": Scenario(replace(LOCAL, dispersion=1.0)),
    "local, v 5": Scenario(replace(LOCAL, dispersion=5.0)),
    "rough": Scenario(ROUGH),
    "3 months after": Scenario(replace(LOCAL, after=3)),
    "6 months after": Scenario(replace(LOCAL, after=6)),
    "1 unit": Scenario(LOCAL, target=1, sites=2),
    "4 units": Scenario(LOCAL, target=4, sites=2),
    "30 units": Scenario(LOCAL, target=30),
    "400 units, 24 months": Scenario(replace(LOCAL, before=24), side=20),
    "576 units, 16-unit target": Scenario(LOCAL, side=24, target=16),
    "1,444 units, 48 months": Scenario(replace(LOCAL, before=48), side=38),
    "60 months before": Scenario(replace(LOCAL, before=60)),
    "low rate 0.2": Scenario(replace(LOCAL, rate=0.2)),
    "high rate 8": Scenario(replace(LOCAL, rate=8.0)),
    "chosen on last year's peak": Scenario(LOCAL, choose="peak"),
    "peak, smooth, v 5": Scenario(replace(SMOOTH, dispersion=5.0), choose="peak"),
    "peak, 1 unit": Scenario(LOCAL, target=1, sites=2, choose="peak"),
    "chosen as rising": Scenario(LOCAL, choose="rising"),
    "chosen on an earlier year": Scenario(LOCAL, choose="earlier"),
    "chosen on knowledge": Scenario(LOCAL, choose="informed"),
    "peak, 3 months after": Scenario(replace(LOCAL, after=3), choose="peak"),
    "peak, 400 units, 24 months": Scenario(replace(LOCAL, before=24), side=20, choose="peak"),
    "20% recorded one unit off": Scenario(LOCAL, leak=0.2),
    "5% of units break": Scenario(replace(LOCAL, breaks=0.05)),
    "30% moved to far places": Scenario(LOCAL, far=0.3),
    "half months, 1.5 months after": Scenario(replace(LOCAL, after=2, steps=4, rate=6.0), steps_after=6),
    "effect halves every 4 months": Scenario(LOCAL, half_life=4.0),
    "four operations": Scenario(LOCAL, operations=4),
    "four operations, smooth": Scenario(SMOOTH, operations=4),
    "recording falls 20% everywhere": Scenario(LOCAL, recording="city"),
    "recording changes by neighbourhood": Scenario(LOCAL, recording="places"),
    "recording rises 15% in the target": Scenario(LOCAL, recording="target"),
    "irregular areas (Merseyside)": Scenario(replace(LOCAL, rate=4.0), city="polygons"),
    "irregular areas, peak": Scenario(replace(LOCAL, rate=4.0), city="polygons", choose="peak"),
    "irregular areas, 6 months after": Scenario(replace(LOCAL, rate=4.0, after=6), city="polygons"),
}
REASONS = {
    "events are expected": "few expected",
    "overlap so much": "few independent",
    "as busy before": "few as busy",
    "cannot be forecast from": "share ground",
    "target and rings fit": "few fit",
    "had any event": "few with events",
    "months before": "short history",
}
_CITIES = {}


def city_of(cell):
    """Return the city of a scenario, kept after the first call; None if the files of its outlines are missing."""
    key = (cell.city, cell.side, cell.target, cell.sites)
    if key not in _CITIES:
        if cell.city == "polygons":
            files = list(POLYGONS.glob("*.json"))
            _CITIES[key] = worlds.polygon_city(files) if files else None
        else:
            _CITIES[key] = worlds.grid_city(cell.side, cell.target, cell.sites)
    return _CITIES[key]


def choose(rng, cell, city, monthly, rates, level):
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
    rates : ndarray, sites
        True mean rate before.
    level : ndarray, sites
        True lasting level.
    """
    before = cell.world.before
    by_centre = city.near @ monthly
    if cell.choose == "busy":
        value, quantile = city.near @ rates, 0.90
    elif cell.choose == "informed":
        value, quantile = city.near @ level, 0.90
    elif cell.choose == "earlier":
        value, quantile = by_centre[:, :12].sum(axis=1), 0.97
    else:
        value, quantile = by_centre[:, before - 12 :].sum(axis=1), 0.97 if cell.choose == "peak" else 0.90
    eligible = value >= np.quantile(value, quantile)
    if cell.choose == "rising":
        recent, earlier = by_centre[:, before - 6 :].sum(axis=1), by_centre[:, before - 24 : before - 6].sum(axis=1) / 3
        growth = np.log((recent + 1) / (earlier + 1))
        eligible &= growth >= np.quantile(growth[eligible], 0.75)
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
    rates = unit_rates[city.unit_of] * city.share[:, None]
    split = world.before * world.steps
    late = slice(split, split + cell.steps_after if cell.steps_after else None)
    recorded = recording(rng, cell, city, with_location_error(rates, cell.leak), split)
    counts = draw_counts(rng, recorded, world.dispersion)
    monthly = counts[:, :split].reshape(counts.shape[0], world.before, world.steps).sum(axis=2)
    order = choose(rng, cell, city, monthly, rates[:, :split].mean(axis=1), level[city.unit_of] * city.share)
    centre, others = int(order[0]), []
    for candidate in order[1:]:
        if len(others) < cell.operations - 1 and worlds.far_from(city, int(candidate), [centre, *others], 200):
            others.append(int(candidate))
    after = worlds.window_after(cell.steps_after / world.steps if cell.steps_after else world.after)
    rows = []
    all_centres = [centre, *others]
    for place in all_centres:
        setup = city.setup(place, after, [other for other in all_centres if other != place])
        late_tables = rates[:, late], recorded[:, late], counts[:, late]
        rows.append((read or one_operation)(rng, cell, (city, setup), monthly, late_tables))
    return rows[0] if cell.operations == 1 else {"ops": rows}


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
    (city, setup), (rates, recorded, counts) = where, late
    in_target, in_ring, control = (setup.masks[role] for role in ("target", "ring", "control"))
    inside = {"target": in_target, "all rings": in_ring, "target and rings": in_target | in_ring}
    zone_counts, data = worlds.count_table(setup, monthly, counts.sum(axis=1))
    forecasts = {
        zone: fit_forecast(data, zone_counts, setup.design, zone=zone, after=setup.design.after)
        for zone in worlds.ZONES
    }
    before = before_of(setup, monthly, inside)
    matched_controls, synthetic = {}, None
    if not cell.steps_after:
        matched_controls = {zone: like(monthly, mask, setup, data, zone) for zone, mask in inside.items()}
        synthetic = synthetic_of(city, setup, monthly, counts)
    far = far_sites(rng, city, setup, monthly) if cell.far else None
    rows = {zone: [] for zone in worlds.ZONES}
    for number, (fall, moved) in enumerate(EFFECTS):
        changed, by_step = planted(rng, cell, setup, late, (fall, moved, far))
        counts_after = by_step.sum(axis=1)
        if cell.far and number:
            zone_counts, data = worlds.count_table(setup, monthly, counts_after)
            forecasts = {
                zone: fit_forecast(data, zone_counts, setup.design, zone=zone, after=setup.design.after)
                for zone in worlds.ZONES
            }
        for zone, mask in inside.items():
            row = {"m": rates[mask].sum(), "t": changed[mask].sum(), "y": int(counts_after[mask].sum())}
            row |= by_counting(before[zone], row["y"], int(counts_after[control].sum()))
            row |= by_placebo(forecasts[zone], row["y"])
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


def far_sites(rng, city, found, monthly):
    """Return a mask of the sites of ten places in the control area whose counts are close to the target's.

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
    """
    target_total = monthly[found.masks["target"]].sum()
    control = found.masks["control"]
    level = city.near @ monthly.sum(axis=1)
    in_control_only = (city.near @ ~control) == 0
    closest = np.argsort(np.where(in_control_only, np.abs(np.log((level + 1) / (target_total + 1))), np.inf))[:40]
    chosen = rng.choice(closest, size=10, replace=False)
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
    """Return the headline (the calibrated ratio at the 95% level, as `calibrated_ratio`), and why it is refused, if so."""
    forecast, _, reason = learned
    code = next((code for part, code in REASONS.items() if part in reason), reason)
    if forecast is None:
        return {"no": code}
    stabilised = float(stabilise_variance(after, phi=forecast.phi, tau2=forecast.tau2)) - forecast.bias
    half_width = float(stdtrit(forecast.degrees_of_freedom, 0.975)) * forecast.scale
    ends = unstabilise_variance(
        [stabilised, stabilised - half_width, stabilised + half_width], phi=forecast.phi, tau2=forecast.tau2
    )
    row = {"ca": [math.log(max(float(end), 1e-3) / forecast.mean) for end in ends]}
    row["fc"] = [
        forecast.mean,
        forecast.detectable_fall,
        forecast.effective_places,
        forecast.busy_places,
        forecast.phi,
        forecast.tau2,
        forecast.log_error,
    ]
    return row | ({"no": code} if reason else {})


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
        Scenarios, by their names in `SCENARIOS`.
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
                if not missing or city_of(SCENARIOS[name]) is None:
                    continue
                for number in missing:
                    row = {"cell": name, "seed": number, "row": replicate(SCENARIOS[name], seed_of(name, number), read)}
                    out.write(json.dumps(short(row)).encode() + b"\n")
                    out.flush()
                    done[name].add(number)
                if time.monotonic() - start > 60 * minutes:
                    return


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
    names = [cell_name for cell_name in SCENARIOS if cell_name in argument("--cells", ";".join(SCENARIOS)).split(";")]
    path = Path(argument("--rows", "calibration.jsonl"))
    run(
        path,
        names,
        int(argument("--repeats", "1000")),
        float(argument("--minutes", "1e6")),
        int(argument("--from", "0")),
    )


if __name__ == "__main__":
    main()
