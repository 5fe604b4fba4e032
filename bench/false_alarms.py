"""How often files without a fault raise a doubt, and how often a planted fault is seen.

Run as ``python -m bench.false_alarms [--quick] [--cities 200] [--faults 20] [--rows FILE] [--minutes 60]``. With ``--rows`` it
keeps every city in a file of JSON lines and continues where that ends. ``--quick`` reads two cities. It prints two tables and
one JSON object.

Every city is written as files, bent within the ordinary (`bench.ordinary_files`), and read by the program. Its default geocode,
its rows without a place and its unreadable date are no false alarms. `bench.planted_faults` has the faults.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely

from bench.calibration import argument, rows_of
from bench.ordinary_files import bent_within_the_ordinary, study_of, written_city
from bench.planted_faults import FAULTS
from geoharm.engines.duckdb import open_engine
from geoharm.errors import GeoharmError
from geoharm.evaluation.diagnostics.geocoding_error import point_spacing
from geoharm.evaluation.diagnostics.piles import find_piles, piles_diagnostic
from geoharm.evaluation.effects import evaluate_measure
from geoharm.evaluation.results.diagnostics import Severity
from geoharm.model.design import ALL_RINGS
from geoharm.model.geometry import ZoneRole
from geoharm.pipeline.collect import collect_study
from geoharm.pipeline.load import load_sources
from geoharm.pipeline.placebo import placebo_around, places_around

# Kinds of quality notes that are doubts about what rows mean; all others (rounded degrees, shared points) describe them.
NOTE_KINDS = (
    "impossible place", "one point with many rows", "zero coordinates", "spellings of a category", "renamed category", "earlier versions", "time not known",
    "days written as times", "cut short", "full page", "said by the file",
)  # fmt: skip
DOUBTS = (
    "refused", *NOTE_KINDS, "missing month", "counted under two names", "pile in the target", "pile in the rings",
    "pile that limits a reading", "ring narrower than the points", "area file",
)  # fmt: skip
# Made cities for the faults are others than those without one.
_FIRST_FAULTY = 10_000


@dataclass
class Reading:
    """What the program said of a city.

    Attributes
    ----------
    doubts : dict of kind to str
        One sentence of each kind of doubt.
    others : list of str
        Kinds of other quality notes.
    rows : dict of kind to int
        Rows that the notes of a kind concern.
    missing : dict of source to list of date
    geocodes : list of shapely Point
        Default geocodes, in metres.
    """

    doubts: dict = field(default_factory=dict)
    others: list = field(default_factory=list)
    rows: dict = field(default_factory=dict)
    missing: dict = field(default_factory=dict)
    geocodes: list = field(default_factory=list)

    def rows_of(self, kind):
        """Return the rows that the notes of a kind concern."""
        return self.rows.get(kind, 0)

    def gaps(self, source):
        """Return the missing months of a source as a set."""
        return set(self.missing.get(source, ()))

    def has_pile(self, target):
        """Return whether a pile is said of the target, or a default geocode lies in it, whose rows then have no place."""
        return "pile in the target" in self.doubts or any(target.contains(point) for point in self.geocodes)


def read_city(files, folder):
    """Return what the program says of files: their notes and gaps, and what their points say about each measure."""
    read = Reading()
    try:
        study = study_of(files, folder)
        for note in study.area_notes:
            read.doubts["area file"] = note
        with open_engine(folder / "city.duckdb", inputs=folder) as engine:
            ledgers = load_sources(engine, study, folder)
            add_notes(read, ledgers)
            data = collect_study(engine, study, ledgers)
        for measure in data.measures:
            add_doubts_of_measure(read, data, measure)
    except GeoharmError as error:
        read.doubts["refused"] = str(error)
    return read


def add_notes(read, ledgers):
    """Add the notes and the missing months of every source."""
    for ledger in ledgers:
        read.missing[ledger.source] = ledger.missing_months
        read.geocodes += [shapely.Point(code.x, code.y) for code in ledger.default_geocodes]
        if ledger.missing_months:
            read.doubts["missing month"] = f"{ledger.source}: {', '.join(map(str, ledger.missing_months))}"
        for note in ledger.notes:
            read.rows[note.kind] = read.rows_of(note.kind) + note.rows
            if note.kind in NOTE_KINDS:
                read.doubts[note.kind] = note.text()
            elif note.kind not in read.others:
                read.others.append(note.kind)


def add_doubts_of_measure(read, data, collected):
    """Add the piles of a measure in the target and in the rings, points too far apart, and whether it counts one of two names."""
    if collected.widened is not None:
        read.doubts["counted under two names"] = collected.widened.pairs[0].sentence
    design, effects = data.designs[0], None
    near = shapely.contains_xy(design.exposed_area, collected.points.x, collected.points.y)
    first_ring = design.of_role(ZoneRole.RING)[0]
    if point_spacing(collected.points.points(near)) > first_ring.outer - first_ring.inner:
        read.doubts["ring narrower than the points"] = collected.measure.name
    zones = {
        "target": ("target", [zone.geometry for zone in design.of_role(ZoneRole.TARGET)]),
        "rings": (ALL_RINGS, [zone.geometry for zone in design.of_role(ZoneRole.RING)]),
    }
    areas = [shapely.union_all(shapes) for _, shapes in zones.values()]
    found = find_piles(collected.points, areas, design.before, design.after)
    for (name, (zone, _)), piles in zip(zones.items(), found, strict=True):
        if not piles:
            continue
        if effects is None:
            placebo = placebo_around(collected, design, places_around(data.study, design))
            counts = collected.zone_counts[design.operation.name]
            effects = {effect.zone: effect for effect in evaluate_measure(collected.measure, counts, design, placebo).effects}  # fmt: skip
        diagnostic = piles_diagnostic(piles, effects[zone])
        read.doubts[f"pile in the {name}"] = f"{collected.measure.name}: {diagnostic.sentence}"
        if diagnostic.severity >= Severity.SIGNAL:
            read.doubts["pile that limits a reading"] = f"{collected.measure.name}: {diagnostic.sentence}"


def ordinary_row(number):
    """Return the row of one city without a fault."""
    with tempfile.TemporaryDirectory() as folder:
        _, files = written_city(number, Path(folder))
        read = read_city(bent_within_the_ordinary(files, number), Path(folder))
    return {"city": number, "doubts": read.doubts, "others": sorted(read.others)}


def faulty_row(number):
    """Return the row of one city in which each fault is planted once, alone."""
    row = {"city": number, "seen": {}, "doubts": {}, "others": {}}
    with tempfile.TemporaryDirectory() as folder:
        city, files = written_city(number, Path(folder))
        for position, (name, fault) in enumerate(FAULTS.items()):
            clear(Path(folder))
            bent, planted = fault.plant(np.random.default_rng([number, position]), city, files)
            read = read_city(bent, Path(folder))
            row["seen"][name] = bool(fault.seen(read, planted))
            row["doubts"][name] = read.doubts
            row["others"][name] = sorted(read.others)
    return row


def clear(folder):
    """Delete the event files and the database of the fault before."""
    for path in (*folder.glob("*.csv"), *folder.glob("city.duckdb*")):
        path.unlink()


def share(count, of):
    """Return a share with its binomial standard error."""
    value = count / max(of, 1)
    return [round(value, 4), round(math.sqrt(value * (1 - value) / max(of, 1)), 4)]


def summary(rows):
    """Return the shares of cities by kind of doubt, the pooled share, and the share of each fault that is seen."""
    ordinary = [row for row in rows if row["city"] < _FIRST_FAULTY]
    faulty = [row for row in rows if row["city"] >= _FIRST_FAULTY]
    others = sorted({kind for row in ordinary for kind in row["others"]})
    return {
        "figure": "doubts about files without a fault, and faults that are seen",
        "cities": len(ordinary),
        "any": share(sum(bool(row["doubts"]) for row in ordinary), len(ordinary)),
        "doubts": {kind: share(sum(kind in row["doubts"] for row in ordinary), len(ordinary)) for kind in DOUBTS},
        "other_notes": {kind: share(sum(kind in row["others"] for row in ordinary), len(ordinary)) for kind in others},
        "cities_with_faults": len(faulty),
        "seen": {name: share(sum(row["seen"][name] for row in faulty), len(faulty)) for name in FAULTS},
    }


def print_tables(figure):
    """Print the shares in percent, with their standard errors."""
    tables = {
        f"doubts, percent of {figure['cities']} cities": {"any of these": figure["any"], **figure["doubts"]},
        f"other notes, percent of {figure['cities']} cities": figure["other_notes"],
        f"faults seen, percent of {figure['cities_with_faults']} cities": figure["seen"],
    }
    for title, shares in tables.items():
        print(title)
        for name, (value, error) in shares.items():
            print(f"  {name:<50}{100 * value:>7.1f} ({100 * error:.1f})")


def main() -> None:
    """Print the tables and one JSON object."""
    quick = "--quick" in sys.argv
    path = Path(argument("--rows", "")) if "--rows" in sys.argv else None
    rows = list(rows_of(path)) if path else []
    done = {row["city"] for row in rows}
    start, minutes = time.monotonic(), float(argument("--minutes", "60"))
    faulty = range(_FIRST_FAULTY, _FIRST_FAULTY + int(argument("--faults", "1" if quick else "20")))
    ordinary = range(int(argument("--cities", "2" if quick else "200")))
    for number in (*faulty, *ordinary):
        if number in done or time.monotonic() - start > 60 * minutes:
            continue
        rows.append(faulty_row(number) if number >= _FIRST_FAULTY else ordinary_row(number))
        if path:
            with path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(rows[-1]) + "\n")
    figure = summary(rows)
    print_tables(figure)
    print(json.dumps(figure))


if __name__ == "__main__":
    main()
