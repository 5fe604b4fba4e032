"""Write a simulated city as files: agencies' input files, a study file that reads them, and the truth."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geoharm import _crs
from geoharm._whole_files import write_whole
from geoharm.model.period import add_months
from geoharm.simulation.city import CITY_EVENT_KINDS, City
from geoharm.simulation.location import CRS

SUPPRESS_BELOW = 5
# Each file's name, the kind of its source, and the kinds of event in it.
_FILES = (
    ("needles", "needle_find", ("needles",)),
    ("police", "incident", ("violence", "nuisance", "drug offences")),
    ("ambulance", "health", ("overdoses",)),
)


def write_city(city: City, folder: Path) -> tuple[Path, ...]:
    """Write a city's input files, areas, study file and truth, and return their paths.

    Parameters
    ----------
    city : City
    folder : Path

    Returns
    -------
    tuple of Path
        The last is ``truth.json``; no other file holds or names the planted effects.

    Notes
    -----
    Points have the flaws of real files: location errors, snapped corners, a default geocode, rows without a location, a
    duplicate row, and an unreadable date. Entries into treatment are a table by district and month; small counts are
    suppressed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([city.plan.seed, 8])
    written = [_write_points(city, folder / f"{name}.csv", kinds, rng) for name, _, kinds in _FILES]
    written += [
        _write_treatment(city, folder / "treatment.csv"),
        _write_features(folder / "city.geojson", [({"name": "the made city"}, city.street_plan.boundary)]),
        _write_features(folder / "target.geojson", [({"name": "the target area"}, city.target)]),
        _write_features(
            folder / "districts.geojson", [({"code": code}, district) for code, district in city.street_plan.districts]
        ),
        _write_features(
            folder / "streets.geojson", [({"name": name}, street) for name, street in city.street_plan.lines]
        ),
        write_whole(folder / "study.toml", _study_text(city)),
        write_whole(folder / "truth.json", json.dumps(city.truth, indent=1, sort_keys=True) + "\n"),
    ]
    return tuple(written)


def _write_points(city: City, path: Path, kinds: Sequence[str], rng: np.random.Generator) -> Path:
    category_of = {kind.name: kind.category for kind in CITY_EVENT_KINDS}
    day = np.concatenate([city.events[name][0] for name in kinds])
    address = np.concatenate([city.events[name][1] for name in kinds])
    categories = np.repeat([category_of[name] for name in kinds], [city.events[name][0].size for name in kinds])
    order = np.argsort(day, kind="stable")
    day, address, categories = day[order], address[order], categories[order]
    x, y = _recorded_places(city, address, rng)
    longitude, latitude = _crs.transform(x, y, source=CRS, target=_crs.LONLAT)
    unplaced = rng.random(day.size) < city.plan.unplaced
    street_plan = city.street_plan
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "date", "longitude", "latitude", "category", "address"])
    for number in range(day.size):
        coordinates = ["", ""] if unplaced[number] else [f"{longitude[number]:.5f}", f"{latitude[number]:.5f}"]
        address_index = address[number]
        street_address = (
            f"{street_plan.number[address_index]} {street_plan.lines[street_plan.street[address_index]][0]}"
        )
        row = [f"{path.stem}-{number + 1}", str(day[number]), *coordinates, categories[number], street_address]
        writer.writerow(row)
        if number == 10:
            writer.writerow(row)
    writer.writerow([f"{path.stem}-x", "32/13/2021", "-27.0", "45.0", categories[0], ""])
    return write_whole(path, text.getvalue())


def _recorded_places(
    city: City, address: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the recorded locations: with a geocoding error, some at the nearest corner, some at one default point."""
    plan, street_plan = city.plan, city.street_plan
    x = street_plan.x[address] + rng.normal(0, plan.geocode_error, address.size)
    y = street_plan.y[address] + rng.normal(0, plan.geocode_error, address.size)
    west, south, east, north = street_plan.boundary.bounds
    snapped = rng.random(address.size) < plan.snapped
    block = 150.0
    for coordinate, origin in ((x, west), (y, south)):
        coordinate[snapped] = origin + (np.round((coordinate[snapped] - origin) / block - 0.5) + 0.5) * block
    at_default = rng.random(address.size) < plan.default_geocode
    # An office a tenth of the way from the south-western corner.
    x[at_default], y[at_default] = west + 0.1 * (east - west), south + 0.1 * (north - south)
    return np.clip(x, west + 1, east - 1), np.clip(y, south + 1, north - 1)


def _write_treatment(city: City, path: Path) -> Path:
    day, address = city.events["treatment entries"]
    street_plan = city.street_plan
    months = city.plan.span.months()
    month_index = (day.astype("datetime64[M]") - np.datetime64(months[0], "M")).astype(np.int64)
    shapes = [district_shape for _, district_shape in street_plan.districts]
    district = np.full(street_plan.x.size, -1)
    for number, shape in enumerate(shapes):
        district[shapely.contains_xy(shape, street_plan.x, street_plan.y)] = number
    counts = np.zeros((len(shapes), len(months)), dtype=np.int64)
    np.add.at(counts, (district[address], month_index), 1)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["area", "month", "count"])
    for (code, _), row in zip(street_plan.districts, counts, strict=True):
        for month, count in zip(months, row, strict=True):
            writer.writerow([code, str(month)[:7], f"<{SUPPRESS_BELOW}" if count < SUPPRESS_BELOW else count])
    return write_whole(path, text.getvalue())


def _study_text(city: City) -> str:
    """Return the study file with what an analyst would know; it does not contain the planted effects."""
    plan = city.plan
    span, operation = plan.span, plan.operation
    after = plan.panel.after
    phases = [f"0-{after} months"] if after < 6 else ["0-3 months", f"3-{after} months"]
    chosen_on = {"earlier": (span.start, add_months(span.start, 12))}.get(
        plan.target_choice, (add_months(operation.start, -12), operation.start)
    )
    covers = f"covers = {{ start = {span.start}, end = {span.end} }}"
    lines = [
        "# A simulated city. The planted effects are in truth.json, which no step of the program reads.",
        "[study]", f'name = "Made city {plan.seed}"', 'area = "city.geojson"', f'crs = "{CRS}"',
        f"period = {{ start = {span.start}, end = {span.end} }}", f"seed = {plan.seed}", 'primary = "needle finds"', "",
    ]  # fmt: skip
    for name, kind, _ in _FILES:
        lines += [
            "[[source]]",
            f'name = "{name}"',
            f'kind = "{kind}"',
            'format = "points-csv"',
            f'files = ["{name}.csv"]',
            covers,
            "",
        ]
    lines += [
        "[[source]]", 'name = "treatment"', 'kind = "area_table"', 'format = "area-table-csv"', 'files = ["treatment.csv"]',
        'areas = ["districts.geojson"]', 'area_id = "code"', "",
        "[[source]]", 'name = "streets"', 'kind = "streets"', 'format = "streets-geojson"', 'files = ["streets.geojson"]', "",
    ]  # fmt: skip
    measures: tuple[tuple[str, str, str, str, str, str], ...] = (
        ("needle finds", "needles", "needle find", "requests", "public", '{ borne_by = "community", type = "environment" }'),
        ("violence", "police", "violence", "incidents", "public", '{ borne_by = "community", type = "crime and violence" }'),
        ("nuisance", "police", "anti-social behaviour", "calls", "public", '{ borne_by = "community", type = "social and nuisance" }'),
        ("overdoses", "ambulance", "overdose call", "calls", "agency", '{ borne_by = "user", type = "health" }'),
        ("drug offences", "police", "drug offence", "incidents", "police", ""),
    )  # fmt: skip
    for name, source, category, unit, recorded_by, harm in measures:
        lines += ["[[measure]]", f'name = "{name}"', f'source = "{source}"', f'where = {{ category = ["{category}"] }}',
                  f'unit = "{unit}"', f'recorded_by = "{recorded_by}"', f"harm = {harm}" if harm else "activity = true", ""]  # fmt: skip
    lines += ["[[measure]]", 'name = "treatment entries"', 'source = "treatment"', 'kind = "treatment_entry"', 'unit = "people"',
              'recorded_by = "agency"', 'harm = { borne_by = "user", type = "health" }', ""]  # fmt: skip
    gap, *outer = plan.rings
    tactic = plan.tactic if plan.tactic != "placebo" else "crackdown"
    lines += [
        "[[operation]]", 'name = "Operation"', f'tactic = "{tactic}"', 'objective = "public order"',
        f"start = {operation.start}", f"end = {operation.last}", 'target = "target.geojson"',
        f'target_note = "a circle of {plan.radius:g} m around a market"',
        f"rings = {{ gap = {gap:g}, outer = {[round(distance) for distance in outer]} }}",
        f"before = {{ start = {add_months(operation.start, -12)}, end = {operation.start} }}",
        f"after = {json.dumps(['during', *phases])}",
        f"chosen_on = {{ start = {chosen_on[0]}, end = {chosen_on[1]} }}", "",
        "[hotspots]", "cell = 100", "bandwidth = 250", "share = 0.25", "",
        "[publish]", 'release = "internal"', 'disclosure = "under-5"', "",
    ]  # fmt: skip
    return "\n".join(lines)


def _write_features(path: Path, features: Sequence[tuple[dict[str, Any], shapely.Geometry]]) -> Path:
    def to_lonlat(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(_crs.transform(points[:, 0], points[:, 1], source=CRS, target=_crs.LONLAT))

    document = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": properties,
                "geometry": shapely.geometry.mapping(shapely.set_precision(shapely.transform(shape, to_lonlat), 1e-7)),
            }
            for properties, shape in features
        ],
    }
    return write_whole(path, json.dumps(document) + "\n")
