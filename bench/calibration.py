"""Does a 95% interval hold the truth 95 times in 100? Worlds with a planted effect, the program's estimators, and others'.

Run as ``python -m bench.calibration --rows FILE [--cells "NAME;..."] [--from 0] [--repeats 1000] [--minutes 60]`` to add replications
to a file of JSON lines (it goes on where the file ends; a seed is never run twice). ``--quick`` prints two replications of
two cells. `bench.calibration_table` says what the rows hold.

Every replication makes one city, lays one operation on it (`bench.worlds`), and reads the same counts before; the counts
after are drawn five times, without an effect and with four.
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
from geoharm.simulation.panel_worlds import PanelWorld, draw_counts, panel_rates
from geoharm.simulation.random_fields import smooth_field
from geoharm.stats.dispersion import monthly_dispersion
from geoharm.stats.variance_stabilising import stabilisation_bias, stabilise_variance, unstabilise_variance

ROOT = Path(__file__).parent.parent
POLYGONS = ROOT.parent / "shared" / "data" / "merseyside-lsoa"
SMOOTH = PanelWorld()
LOCAL = PanelWorld(local_trend=0.12, shock=0.20, own_shock=0.15)
ROUGH = replace(LOCAL, shock=0.35, shock_memory=0.9, own_shock=0.25)
# (fall in the target, share of it that turns up in the ring)
EFFECTS = ((0.0, 0.0), (0.2, 0.0), (0.2, 0.3), (0.4, 0.3), (0.4, 1.0))
ANCHORED = (0, 3)  # effects at which the other methods are run too


@dataclass(frozen=True)
class Cell:
    """A world, a city, how the target is chosen, and what else goes wrong."""

    world: PanelWorld
    side: int = 30
    target: int = 9
    sites: int = 1
    choose: str = "busy"
    leak: float = 0.0
    far: float = 0.0
    half_life: float = 0.0
    steps_after: int = 0  # time steps after, where they are not whole months
    operations: int = 1
    recording: str = ""
    city: str = "grid"


CELLS = {
    "base: local, v 2": Cell(LOCAL),
    "smooth, v 1": Cell(replace(SMOOTH, dispersion=1.0)),
    "smooth, v 2": Cell(SMOOTH),
    "smooth, v 5": Cell(replace(SMOOTH, dispersion=5.0)),
    "local, v 1": Cell(replace(LOCAL, dispersion=1.0)),
    "local, v 5": Cell(replace(LOCAL, dispersion=5.0)),
    "rough": Cell(ROUGH),
    "3 months after": Cell(replace(LOCAL, after=3)),
    "6 months after": Cell(replace(LOCAL, after=6)),
    "1 unit": Cell(LOCAL, target=1, sites=2),
    "4 units": Cell(LOCAL, target=4, sites=2),
    "30 units": Cell(LOCAL, target=30),
    "400 units, 24 months": Cell(replace(LOCAL, before=24), side=20),
    "576 units, 16-unit target": Cell(LOCAL, side=24, target=16),
    "1,444 units, 48 months": Cell(replace(LOCAL, before=48), side=38),
    "60 months before": Cell(replace(LOCAL, before=60)),
    "low rate 0.2": Cell(replace(LOCAL, rate=0.2)),
    "high rate 8": Cell(replace(LOCAL, rate=8.0)),
    "chosen on last year's peak": Cell(LOCAL, choose="peak"),
    "peak, smooth, v 5": Cell(replace(SMOOTH, dispersion=5.0), choose="peak"),
    "peak, 1 unit": Cell(LOCAL, target=1, sites=2, choose="peak"),
    "chosen as rising": Cell(LOCAL, choose="rising"),
    "chosen on an earlier year": Cell(LOCAL, choose="earlier"),
    "chosen on knowledge": Cell(LOCAL, choose="informed"),
    "peak, 3 months after": Cell(replace(LOCAL, after=3), choose="peak"),
    "peak, 400 units, 24 months": Cell(replace(LOCAL, before=24), side=20, choose="peak"),
    "20% recorded one unit off": Cell(LOCAL, leak=0.2),
    "5% of units break": Cell(replace(LOCAL, breaks=0.05)),
    "30% moved to far places": Cell(LOCAL, far=0.3),
    "half months, 1.5 months after": Cell(replace(LOCAL, after=2, steps=4, rate=6.0), steps_after=6),
    "effect halves every 4 months": Cell(LOCAL, half_life=4.0),
    "four operations": Cell(LOCAL, operations=4),
    "four operations, smooth": Cell(SMOOTH, operations=4),
    "recording falls 20% everywhere": Cell(LOCAL, recording="city"),
    "recording changes by neighbourhood": Cell(LOCAL, recording="places"),
    "recording rises 15% in the target": Cell(LOCAL, recording="target"),
    "irregular areas (Merseyside)": Cell(replace(LOCAL, rate=4.0), city="polygons"),
    "irregular areas, peak": Cell(replace(LOCAL, rate=4.0), city="polygons", choose="peak"),
    "irregular areas, 6 months after": Cell(replace(LOCAL, rate=4.0, after=6), city="polygons"),
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
    """Return the city of a cell, made once; None where its outlines are not beside the project."""
    key = (cell.city, cell.side, cell.target, cell.sites)
    if key not in _CITIES:
        if cell.city == "polygons":
            files = list(POLYGONS.glob("*.json"))
            _CITIES[key] = worlds.polygon_city(files) if files else None
        else:
            _CITIES[key] = worlds.grid_city(cell.side, cell.target, cell.sites)
    return _CITIES[key]


def choose(rng, cell, city, monthly, rates, level):
    """Return the centre of the operation's target."""
    before = cell.world.before
    by_centre = city.near @ monthly
    if cell.choose == "busy":
        value, least = city.near @ rates, 0.90
    elif cell.choose == "informed":
        value, least = city.near @ level, 0.90
    elif cell.choose == "earlier":
        value, least = by_centre[:, :12].sum(axis=1), 0.97
    else:
        value, least = by_centre[:, before - 12 :].sum(axis=1), 0.97 if cell.choose == "peak" else 0.90
    kept = value >= np.quantile(value, least)
    if cell.choose == "rising":
        recent, old = by_centre[:, before - 6 :].sum(axis=1), by_centre[:, before - 24 : before - 6].sum(axis=1) / 3
        growth = np.log((recent + 1) / (old + 1))
        kept &= growth >= np.quantile(growth[kept], 0.75)
    return rng.permutation(np.flatnonzero(kept))


def mixed(rates, leak):
    """Return rates with a share recorded in the eight neighbours (grid cities of one site a unit)."""
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
    """Return one replication as a row: by zone and effect the truth, and every method's estimate and interval.

    `read` makes the row of one operation from its counts; `one_operation` if it is left out.
    """
    rng = np.random.default_rng(seed)
    city, world = city_of(cell), cell.world
    unit_rates, level = panel_rates(rng, city.units, world)
    rates = unit_rates[city.unit_of] * city.share[:, None]
    split = world.before * world.steps
    late = slice(split, split + cell.steps_after if cell.steps_after else None)
    recorded = recording(rng, cell, city, mixed(rates, cell.leak), split)
    counts = draw_counts(rng, recorded, world.dispersion)
    monthly = counts[:, :split].reshape(counts.shape[0], world.before, world.steps).sum(axis=2)
    order = choose(rng, cell, city, monthly, rates[:, :split].mean(axis=1), level[city.unit_of] * city.share)
    centre, others = int(order[0]), []
    for other in order[1:]:
        if len(others) < cell.operations - 1 and worlds.far_from(city, int(other), [centre, *others], 200):
            others.append(int(other))
    after = worlds.window_after(cell.steps_after / world.steps if cell.steps_after else world.after)
    rows = []
    all_centres = [centre, *others]
    for one in all_centres:
        found = city.setup(one, after, [other for other in all_centres if other != one])
        seen = rates[:, late], recorded[:, late], counts[:, late]
        rows.append((read or one_operation)(rng, cell, (city, found), monthly, seen))
    return rows[0] if cell.operations == 1 else {"ops": rows}


def recording(rng, cell, city, rates, split):
    """Return rates as recorded: what reaches the files may change on the day of the operation."""
    if cell.recording == "city":
        rates = rates.copy()
        rates[:, split:] *= 0.8
    elif cell.recording == "places":
        rates = rates.copy()
        rates[:, split:] *= np.exp(0.15 * smooth_field(rng, city.units, 3.0))[city.unit_of][:, None]
    return rates


def one_operation(rng, cell, where, monthly, late):
    """Return the row of one operation; `late` holds rates, recorded rates and counts after, by site and step."""
    (city, found), (rates, recorded, counts) = where, late
    in_target, in_ring, control = (found.masks[role] for role in ("target", "ring", "control"))
    inside = {"target": in_target, "all rings": in_ring, "target and rings": in_target | in_ring}
    noun, data = worlds.count_table(found, monthly, counts.sum(axis=1))
    learned = {
        zone: fit_forecast(data, noun, found.design, zone=zone, after=found.design.after) for zone in worlds.ZONES
    }
    before = before_of(found, monthly, inside)
    alike, synthetic = {}, None
    if not cell.steps_after:
        alike = {zone: like(monthly, mask, found, data, zone) for zone, mask in inside.items()}
        synthetic = synthetic_of(city, found, monthly, counts)
    far = far_sites(rng, city, found, monthly) if cell.far else None
    rows = {zone: [] for zone in worlds.ZONES}
    for number, (fall, moved) in enumerate(EFFECTS):
        changed, by_step = planted(rng, cell, found, late, (fall, moved, far))
        seen = by_step.sum(axis=1)
        if cell.far and number:
            noun, data = worlds.count_table(found, monthly, seen)
            learned = {
                zone: fit_forecast(data, noun, found.design, zone=zone, after=found.design.after)
                for zone in worlds.ZONES
            }
        for zone, mask in inside.items():
            row = {"m": rates[mask].sum(), "t": changed[mask].sum(), "y": int(seen[mask].sum())}
            row |= by_counting(before[zone], row["y"], int(seen[control].sum()))
            row |= by_placebo(learned[zone], row["y"])
            row["or"] = oracle(row["y"], recorded[mask].sum(), cell.world.dispersion)
            if number in ANCHORED and alike:
                row |= others_say(monthly, seen, mask, control, alike[zone])
                if synthetic and zone == "target":
                    own = np.append(monthly[mask].sum(axis=0), by_step[mask].sum(axis=0))
                    row["sc"] = synthetic.interval(own)
            rows[zone].append(row)
        if number:
            rows["target"][number]["ds"] = share_of(before, rows, number, int(seen[control].sum()))
    return rows


def share_of(before, rows, number, control_after):
    """Return whether a displaced share by the noise of counting is given, and whether its set holds the true one."""
    local, around = rows["target"][number], rows["all rings"][number]
    (count, phi, control_before, phi_control), (ring_count, ring_phi, *_) = before["target"], before["all rings"]
    found = displacement_indices(
        Change("target", count, local["y"]),
        Change("ring", ring_count, around["y"]),
        Change("control", control_before, control_after),
        dispersion={"target": phi, "ring": ring_phi, "control": phi_control},
    ).displaced_share
    truth = float((around["t"] - around["m"]) / (local["m"] - local["t"]))
    return [math.isfinite(found.value), truth in found.values]


def before_of(found, monthly, inside):
    """Return the window before of every zone and of the control, with the program's dispersions."""
    months = monthly.shape[1]
    window = found.design.before
    first = months - 12
    weights = np.zeros(months)
    whole = round(window.days / 30.44 * 2) / 2
    weights[first : first + int(whole)] = 1
    if whole != int(whole):
        weights[first + int(whole)] = 0.5
    found_by_zone = {}
    for zone, mask in (*inside.items(), ("control", found.masks["control"])):
        series = monthly[mask].sum(axis=0)
        phi = math.ceil(monthly_dispersion(series) * 10 - 1e-9) / 10
        found_by_zone[zone] = (round(float(series @ weights)), phi)
    return {zone: (*found_by_zone[zone], *found_by_zone["control"]) for zone in inside}


def planted(rng, cell, found, late, effect):
    """Return the true expected counts and the counts, by site and step, with a fall in the target and part of it moved."""
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
    seen = counts.copy()
    touched = in_target | in_ring
    if far is not None:
        touched = touched | far
    ratio = recorded / mixed(rates, cell.leak)
    as_recorded = mixed(changed, cell.leak) * ratio
    if cell.recording == "target":
        as_recorded[in_target] *= 1.15
    seen[touched] = draw_counts(rng, as_recorded[touched], cell.world.dispersion)
    return changed, seen


def far_sites(rng, city, found, monthly):
    """Return the sites of ten places much like the target, in the control area."""
    own = monthly[found.masks["target"]].sum()
    control = found.masks["control"]
    level = city.near @ monthly.sum(axis=1)
    alone = (city.near @ ~control) == 0
    order = np.argsort(np.where(alone, np.abs(np.log((level + 1) / (own + 1))), np.inf))[:40]
    chosen = rng.choice(order, size=10, replace=False)
    return city.near[chosen].sum(axis=0) > 0


def by_counting(before, after, control_after):
    """Return what the report prints beside the headline: the rate ratio, and the difference with a scaled control."""
    count, phi, control_before, phi_control = before
    zone, control = Change("zone", count, after), Change("control", control_before, control_after)
    found = {}
    for name, estimate in (
        ("rr", log_rate_ratio(zone, control, zone_dispersion=phi, control_dispersion=phi_control)),
        ("wd", net_change(zone, control, zone_dispersion=phi, control_dispersion=phi_control)),
    ):
        if estimate.is_defined:
            reach = anchors.Z * estimate.standard_error
            found[name] = [estimate.value, estimate.value - reach, estimate.value + reach]
    return found


def by_placebo(learned, after):
    """Return the headline: the calibrated ratio (as `calibrated_ratio`, at one level), and whether it is refused."""
    found, _, reason = learned
    code = next((code for part, code in REASONS.items() if part in reason), reason)
    if found is None:
        return {"no": code}
    seen = float(stabilise_variance(after, phi=found.phi, tau2=found.tau2)) - found.centre
    reach = float(stdtrit(found.freedom, 0.975)) * found.scale
    ends = unstabilise_variance([seen, seen - reach, seen + reach], phi=found.phi, tau2=found.tau2)
    row = {"ca": [math.log(max(float(end), 1e-3) / found.mean) for end in ends]}
    row["fc"] = [found.mean, found.detectable_fall, found.effective, found.busy, found.phi, found.tau2, found.log_error]
    return row | ({"no": code} if reason else {})


def oracle(count, mean, dispersion):
    """Return an interval for the log ratio from the true expected count: nobody has it; it bounds the power."""
    seen = float(stabilise_variance(count, phi=dispersion, tau2=0.0)) - float(
        stabilisation_bias(mean, phi=dispersion, tau2=0.0)
    )
    ends = []
    for reach in (0.0, -anchors.Z, anchors.Z):
        value = max(seen + reach, 0.0)
        ends.append(math.log(max(dispersion * value * value / 4 - 0.375, 1e-3) / mean))
    return ends


def like(monthly, mask, found, data, zone):
    """Return what other methods choose as a control from the counts before; None where there is nothing to choose from."""
    fitting = np.flatnonzero(found.places.fits[zone])
    sums = {"target": data.sums.target, "all rings": data.sums.rings}.get(zone, data.sums.target + data.sums.rings)
    if fitting.size < 2:
        return None
    months = monthly.shape[1]
    own = monthly[mask].sum(axis=0).astype(float)
    length = max(1, round(found.design.after.days / 30.44))
    phi = monthly_dispersion(own)

    def both(place):
        return sums[place, months - length : months].sum(), sums[place, months:].sum()

    same = fitting[anchors.matched(own, sums[fitting, :months])]
    home = found.places.home
    distance = np.hypot(found.places.row[fitting] - home[0], found.places.column[fitting] - home[1])
    near, scale = anchors.nearest_passing(own, sums[fitting, :months], distance, phi)
    return own[-length:].sum(), phi, both(same), both(fitting[near]), scale


def synthetic_of(city, found, monthly, counts):
    """Return a synthetic control of the target from places that share no site with the operation or each other."""
    free = found.masks["control"].astype(float)
    members = np.diff(city.near.indptr)
    order = np.flatnonzero((city.near @ free == members) & (members > 0))
    picked = []
    taken = np.zeros(city.x.size)
    for place in order:
        if city.near[[place]] @ taken == 0:
            picked.append(place)
            taken += city.near[[place]].toarray()[0]
    if len(picked) < 5:
        return None
    return anchors.Synthetic(city.near[picked] @ np.column_stack([monthly, counts]).astype(float), counts.shape[1])


def others_say(monthly, seen, mask, control, alike):
    """Return the other methods' intervals for a zone."""
    if alike is None:
        return {}
    own, phi, same, near, scale = alike
    late = float(seen[mask].sum())
    return {
        "w1": anchors.wdd((own, late), same),
        "w2": anchors.wdd((own, late), same, phi=phi),
        "co": anchors.wdd((own, late), near, scale=scale, phi=phi),
        "po": anchors.poisson_did(monthly, seen, mask, control),
    }


def short(value):
    """Return a row with four digits a number."""
    if isinstance(value, dict):
        return {key: short(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [short(one) for one in value]
    return float(f"{value:.5g}") if isinstance(value, float | np.floating) else value


def seed_of(name, number):
    """Return the seed of a replication: of its cell's name and its number."""
    return [zlib.crc32(name.encode()), number]


def rows_of(path):
    """Return the rows of a file; a line cut off by a crash is skipped, and its seed is run again."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue


def run(path, names, repeats, minutes, first=0, read=None):
    """Add replications `first` to `repeats` to a file: all cells in turns of 25, until each has enough or time is up."""
    start, done = time.monotonic(), {}
    for row in rows_of(path):
        done.setdefault(row["cell"], set()).add(row["seed"])
    with path.open("a+b") as out:
        out.seek(max(out.seek(0, 2) - 1, 0))
        if out.read(1) not in (b"", b"\n"):
            out.write(b"\n")
        for level in range(first + 25, repeats + 25, 25):
            for name in names:
                missing = [one for one in range(first, min(level, repeats)) if one not in done.setdefault(name, set())]
                if not missing or city_of(CELLS[name]) is None:
                    continue
                for number in missing:
                    row = {"cell": name, "seed": number, "row": replicate(CELLS[name], seed_of(name, number), read)}
                    out.write(json.dumps(short(row)).encode() + b"\n")
                    out.flush()
                    done[name].add(number)
                if time.monotonic() - start > 60 * minutes:
                    return


def argument(name, default):
    """Return the text after a flag."""
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


def main() -> None:
    """Run."""
    if "--quick" in sys.argv:
        for name in ("base: local, v 2", "four operations"):
            for number in range(2):
                print(
                    json.dumps(
                        short({"cell": name, "seed": number, "row": replicate(CELLS[name], seed_of(name, number))})
                    )
                )
        return
    names = [one for one in CELLS if one in argument("--cells", ";".join(CELLS)).split(";")]
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
