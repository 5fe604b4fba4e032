"""Files of made cities, bent within the ordinary: rare sources, clock times, yearly files, long lists of codes."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from geoharm.ingest.formats.input_format import format_text
from geoharm.simulation.city import CityPlan, build_city
from geoharm.simulation.city_files import write_city
from geoharm.simulation.panel_worlds import PanelSettings
from geoharm.simulation.tactics import PLANTED_EFFECTS
from geoharm.study.read import read_study

SOURCES = ("needles", "police", "ambulance")
ZONE = "Atlantic/Azores"
_DAYS = 'formats = ["%Y-%m-%d"]\nprecision = "day"'
_CLOCKS = {
    "none": _DAYS,
    "local": 'formats = ["%Y-%m-%d %H:%M"]\nprecision = "moment"',
    "utc": f'formats = ["%Y-%m-%dT%H:%M:%SZ"]\nzone = "{ZONE}"\nprecision = "moment"',
}
_CALM = PanelSettings(before=36, after=12, level=0, own_level=0)
_MOVING = replace(_CALM, local_trend=0.10, shock=0.15, own_shock=0.10)
# Lists of codes as agencies have them, with names that are near to each other; each is used a third as often as the one before.
CODES = {
    "violence": ("assault", "assault aggravated", "domestic assault", "robbery", "robbery attempted", "threats", "threats to kill", "weapon offence"),
    "anti-social behaviour": ("noise", "noise party", "begging", "street drinking", "drunkenness", "nuisance youth", "nuisance neighbours", "vandalism", "vandalism graffiti"),
    "drug offence": ("drug possession", "drug possession cannabis", "drug supply", "drug supply class a", "drug paraphernalia"),
}  # fmt: skip


@dataclass
class Files:
    """The event files of a city before they are written.

    Attributes
    ----------
    rows : dict of source to list of dict
        With the columns of "points-csv".
    clock : str
        "none", "local" or "utc": how the dates are written.
    by_year : bool
        Whether each source is a file a year, each with the last month of the year before once more.
    parts : dict of source to dict of file name to rows
        Files that are written as they are, instead of the source's rows.
    crs : str
        Coordinate system of the columns of coordinates.
    codes : dict of category to list of str
        The names that stand for a category of the study.
    by_district : bool
        Whether the study area is the union of the districts.
    """

    rows: dict
    clock: str = "none"
    by_year: bool = False
    parts: dict | None = None
    crs: str = "EPSG:4326"
    codes: dict | None = None
    by_district: bool = False


def plan_of(number):
    """Return the plan of a city; tactics, choices of the target, strengths and flaws of the files vary with the number."""
    rng = np.random.default_rng([number, 19])
    return CityPlan(
        number,
        tactic=str(rng.choice(sorted(PLANTED_EFFECTS))),
        target_choice=str(rng.choice(["peak", "earlier", "level"])),
        strength=float(number % 2),
        panel=(_CALM, _MOVING)[int(rng.integers(2))],
        recording=float(rng.choice([1.0, 1.15])),
        snapped=float(rng.choice([0.0, 0.2, 0.6])),
        unplaced=float(rng.choice([0.0, 0.01, 0.05])),
        default_geocode=float(rng.choice([0.0, 0.01, 0.03])),
    )


def written_city(number, folder):
    """Write a city, and return it with the rows of its event files."""
    city = build_city(plan_of(number))
    write_city(city, folder)
    rows = {}
    for source in SOURCES:
        with (folder / f"{source}.csv").open(encoding="utf-8", newline="") as stream:
            rows[source] = list(csv.DictReader(stream))
    return city, Files(rows)


def bent_within_the_ordinary(files, number):
    """Return files that an honest agency could have sent: 0.5 to 50% of the rows, and the variations that `Files` names."""
    rng = np.random.default_rng([number, 20])
    bent = Files(
        {source: thinned(rng, rows, float(np.exp(rng.uniform(np.log(0.005), np.log(0.5))))) for source, rows in files.rows.items()},
        clock=str(rng.choice(list(_CLOCKS))),
        by_year=bool(rng.random() < 0.5),
        by_district=bool(rng.random() < 0.5),
    )  # fmt: skip
    if rng.random() < 0.5:
        give_codes(rng, bent)
    give_clocks(rng, bent)
    return bent


def thinned(rng, rows, share):
    """Return a random share of rows, in order."""
    kept = rng.random(len(rows)) < share
    return [dict(row) for row, is_kept in zip(rows, kept, strict=True) if is_kept]


def give_codes(rng, files):
    """Give the police file a long list of codes. One code begins and one ends in a month of its own, as lists do change."""
    begins, ends = rng.choice([name for names in CODES.values() for name in names[1:]], 2, replace=False)
    first, last = (str(np.datetime64("2019-01") + int(month)) for month in rng.integers(6, 43, 2))
    for row in files.rows["police"]:
        names = CODES[row["category"]]
        weights = 3.0 ** -np.arange(len(names))
        name = str(rng.choice(names, p=weights / weights.sum()))
        if (name == begins and row["date"] < first) or (name == ends and row["date"][:7] > last):
            name = names[0]
        row["category"] = name
    found = {row["category"] for row in files.rows["police"]}
    files.codes = {category: [name for name in names if name in found] for category, names in CODES.items()}


def give_clocks(rng, files):
    """Give readable dates a clock time: busier in the evening, half of them rounded to 5 or 30 minutes."""
    if files.clock == "none":
        return
    for rows in files.rows.values():
        count = len(rows)
        minutes = np.where(rng.random(count) < 0.4, rng.uniform(0, 1440, count), rng.normal(17 * 60, 240, count)) % 1440
        step = rng.choice([1, 5, 30], count, p=[0.5, 0.2, 0.3])
        rounded = (np.floor(minutes / step) * step).astype(int)
        for row, minute in zip(rows, rounded, strict=True):
            row["date"] = clock_text(row["date"], int(minute), files.clock)


def clock_text(day, minute, clock):
    """Return a day and a minute of local time as a file writes them; an unreadable day as it is."""
    try:
        local = datetime.fromisoformat(day) + timedelta(minutes=minute)
    except ValueError:
        return day
    if clock == "local":
        return local.strftime("%Y-%m-%d %H:%M")
    return local.replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def study_of(files, folder):
    """Write the files beside the study that `write_city` wrote, and return the study of the event sources."""
    text = (folder / "study.toml").read_text(encoding="utf-8")
    layout = format_text("points-csv", Path()).replace(_DAYS, _CLOCKS[files.clock]).replace("EPSG:4326", files.crs)
    (folder / "own.toml").write_text(layout, encoding="utf-8")
    for source in SOURCES:
        (folder / f"{source}.csv").unlink(missing_ok=True)
        parts = (files.parts or {}).get(source) or _parts(source, files.rows[source], by_year=files.by_year)
        for name, rows in parts.items():
            _write(folder / name, rows)
        old = f'format = "points-csv"\nfiles = ["{source}.csv"]'
        text = text.replace(old, f'format = "own.toml"\nfiles = {json.dumps(list(parts))}')
    for category, names in (files.codes or {}).items():
        text = text.replace(f'category = ["{category}"]', f"category = {json.dumps(names)}")
    if files.by_district:
        text = text.replace('area = "city.geojson"', 'area = "districts.geojson"')
    path = folder / "bent.toml"
    path.write_text(text, encoding="utf-8")
    study = read_study(path)
    return replace(
        study,
        sources=tuple(source for source in study.sources if source.is_events),
        harm=replace(study.harm, area_measures=()),
    )


def _parts(source, rows, *, by_year):
    if not by_year:
        return {f"{source}.csv": rows}
    parts = {}
    for year in range(2019, 2024):
        months = (f"{year - 1}-12", str(year))
        part = [row for row in rows if row["date"].startswith(months)]
        if part:
            parts[f"{source}-{year}.csv"] = part
    return parts


def _write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, ["id", "date", "longitude", "latitude", "category", "address"], lineterminator="\n")  # fmt: skip
        writer.writeheader()
        writer.writerows(rows)
