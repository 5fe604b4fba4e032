"""The events of the made source "nasty", read row by row from the text of its files, without any database."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geoharm import _crs
from geoharm.model.counts import ELSEWHERE, UNPLACED, UNPLACED_NEAR
from tests.engines.made import AREA, CRS, GEOCODE, HEADER, NEAR_TARGET, PERIOD, ZONES

# The only address of rows without a usable place that a row with a place has too.
KNOWN_ADDRESS = "7 High St"


@dataclass(frozen=True)
class Event:
    """One kept row: `hour` and `span` are None where they are not known, `x` and `y` without a place."""

    file: str
    day: date
    hour: int | None
    span: tuple[datetime, datetime] | None
    category: str
    weight: float | None
    address: str
    kind: str
    x: float | None
    y: float | None
    recovered: bool


def read_slowly(folder: Path, names: Iterable[str]) -> list[Event]:
    """Return the events of the files, the first of each that is given several times; of versions those of the last file."""
    found = []
    for name in sorted(names):
        with (folder / name).open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
            for cells in list(csv.reader(stream))[1:]:
                row = dict(zip(HEADER, cells, strict=False)) | {"file": name}
                is_text = not any("\udc80" <= sign <= "\udcff" for cell in cells for sign in cell)
                if len(cells) == len(HEADER) and is_text and (read := _read(row)) is not None:
                    key = (row["id"], read["since"], read["until"], read["place"], read["category"])
                    found.append((row["id"], key, read))
    contents: dict[str, dict[str, set[tuple[object, ...]]]] = {}
    for row_id, key, read in found:
        contents.setdefault(row_id, {}).setdefault(read["file"], set()).add(key)
    seen: set[tuple[object, ...]] = set()
    rows = []
    for row_id, key, read in found:
        versions = contents[row_id]
        is_older = read["file"] != max(versions) and any(keys != versions[max(versions)] for keys in versions.values())
        if not row_id or (key not in seen and not is_older):
            rows.append(read)
            seen.add(key)
    [where] = {row["place"] for row in rows if row["address"] == KNOWN_ADDRESS and row["is_located"]}
    return [_event(row, where) for row in rows]


def _read(row: dict[str, str]) -> dict[str, Any] | None:
    """Return what a row says, or None if it is to be rejected."""
    since, until = _moment(row["from"]), _moment(row["to"])
    if "TEST" in row["remark"] or since is None or (row["to"] and until is None):
        return None
    day = (since[0] if until is None else since[0] + (until[0] - since[0]) / 2).date()
    if not PERIOD.start <= day < PERIOD.end:
        return None
    if until and not 0 <= (until[0].date() - since[0].date()).days <= 31:
        return None
    weight = _number(row["pieces"]) if row["pieces"] else None
    if row["pieces"] and (weight is None or weight < 0):
        return None
    place = (_number(row["lon"]), _number(row["lat"]))
    texts = (row["lon"], row["lat"])
    if place == (0, 0) or None in place or abs(place[0]) > 180 or abs(place[1]) > 90:
        place = (None, None)
    category = "find" if row["kind"] == "FIND" else row["kind"]
    is_located = place != (None, None) and texts != GEOCODE
    return {
        "file": row["file"], "since": since, "until": until, "day": day, "weight": weight, "place": place,
        "category": category, "address": row["where"], "is_located": is_located, "is_geocode": texts == GEOCODE,
    }  # fmt: skip


def _moment(text: str) -> tuple[datetime, bool] | None:
    """Return a moment, and whether its time of day is written."""
    for pattern in ("%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, pattern), "H" in pattern
        except ValueError:
            continue
    return None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _event(row: dict[str, Any], known_place: tuple[float, float]) -> Event:
    recovered = not row["is_located"] and row["address"] == KNOWN_ADDRESS
    place = known_place if recovered else row["place"]
    x = y = None
    if place != (None, None):
        x, y = (float(axis[0]) for axis in _crs.transform([place[0]], [place[1]], source=_crs.LONLAT, target=CRS))
    kind = "no place"
    if row["is_geocode"] and not recovered:
        kind = "default geocode"
    elif x is not None:
        kind = "inside" if AREA.boundary.intersects(shapely.Point(x, y)) else "outside"
    (start, timed), (end, end_timed) = row["since"], row["until"] or row["since"]
    # Midnight stands for a time that is not known.
    known = timed and end_timed and (start.hour, start.minute) != (0, 0)
    return Event(
        row["file"], row["day"], start.hour if known and start == end else None, (start, end) if known and start < end else None,
        row["category"], row["weight"], row["address"], kind, x, y, recovered,
    )  # fmt: skip


def zone_of(event: Event) -> str:
    """Return the zone in which an event counts; empty outside the study area."""
    if event.kind == "outside":
        return ""
    if event.kind != "inside":
        return UNPLACED_NEAR if NEAR_TARGET in event.address else UNPLACED
    point = shapely.Point(event.x, event.y)
    return next((zone.name for zone in ZONES if zone.geometry.intersects(point)), ELSEWHERE)


def count(
    events: Iterable[Event], key: Callable[[Event], Any], weight: Callable[[Event], float] = lambda _: 1
) -> dict[Any, float]:
    """Return the sum of weights of events by a key."""
    found: Counter[Any] = Counter()
    for event in events:
        found[key(event)] += weight(event)
    return dict(found)


def week_of(events: Iterable[Event]) -> np.ndarray:
    """Return the events by weekday and hour; every minute of a span has its part."""
    week = np.zeros((7, 24))
    for event in events:
        if event.hour is not None:
            week[event.day.weekday(), event.hour] += 1
        elif event.span:
            start, end = event.span
            minutes = int((end - start).total_seconds() // 60)
            for minute in range(minutes):
                moment = start + timedelta(minutes=minute)
                week[moment.weekday(), moment.hour] += 1 / minutes
    return week
