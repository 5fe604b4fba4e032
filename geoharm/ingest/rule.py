"""The rule by which a file is read: its format, the study area and the study period; and the faults of rows and places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoharm import _crs
from geoharm.engines.sql import quote_text
from geoharm.ingest.coordinate_texts import other_system_reason, own_srid
from geoharm.ingest.formats.input_format import Format
from geoharm.model.geometry import StudyArea
from geoharm.model.period import Period
from geoharm.queries.stored import state_of

COMMA_REASON, NO_DATE_REASON = "has a comma", "is not a date of the format"
OTHER_TIME_REASON = "is another time than the one in the date"
BEYOND_EXTENT_REASON = "lies outside the extent that the format states for its publisher"
BEFORE_PERIOD_REASON, AFTER_PERIOD_REASON = "is before the study period", "is after the study period"


@dataclass(frozen=True, slots=True)
class Fault:
    """A reason to reject a row, or to take its place for none.

    Attributes
    ----------
    number : int
        The fault of the lowest number is the one that is told.
    condition : str
        SQL that is true for such a row or place; empty for what SQL cannot tell.
    column, reason : str
    is_of_place : bool
        Whether the condition is about the row's place, and so is answered once for each place. Such a row is not rejected:
        it happened, and is kept as a row without a place.
    """

    number: int
    condition: str
    column: str
    reason: str
    is_of_place: bool = False


@dataclass(frozen=True, slots=True)
class ReadRule:
    """Everything besides a file's bytes that decides how its rows are read.

    Attributes
    ----------
    input_format : Format
    area : StudyArea
    period : Period
    hashes : str
        The engine's function for hashes of ids.
    """

    input_format: Format
    area: StudyArea
    period: Period
    hashes: str

    @property
    def name(self) -> str:
        """A fingerprint in 16 hexadecimal digits; it changes whenever a row could be read differently."""
        return state_of(
            self.input_format.fingerprint(), self.area.crs, self.area.boundary.wkb_hex, self.period, self.hashes
        )

    def faults(self) -> list[Fault]:
        """Return every fault, in the order in which they are looked for."""
        place_columns = ("longitude", "latitude")
        faults = [
            ("test", "remark", "says that the row is a test"),
            ("date_text IS NULL", "date", "is empty"),
            ("day IS NULL", "date", f"{NO_DATE_REASON} " + " or ".join(self.input_format.date_formats)),
            *([("other_time", "time", OTHER_TIME_REASON)] if self.input_format.time_formats else []),
            (f"day < DATE '{self.period.start}'", "date", BEFORE_PERIOD_REASON),
            (f"day >= DATE '{self.period.end}'", "date", AFTER_PERIOD_REASON),
            ("end_text IS NOT NULL AND last_day IS NULL", "end", "is not a date of the declared formats"),
            ("last_day < first_day", "end", "is before the date"),
            (
                f"last_day - first_day > {self.input_format.longest_span}",
                "end",
                f"is more than {self.input_format.longest_span} days after the date: when it happened is not known",
            ),
            ("longitude_text IS NULL AND latitude_text IS NOT NULL", "longitude", "is empty where latitude is not"),
            ("latitude_text IS NULL AND longitude_text IS NOT NULL", "latitude", "is empty where longitude is not"),
            (
                "weight_text IS NOT NULL AND (weight IS NULL OR NOT isfinite(weight) OR weight < 0)",
                "weight",
                "is not a number of zero or more",
            ),
        ]
        limits = (("longitude", 180), ("latitude", 90)) if self.input_format.crs == _crs.LONLAT else ()
        system = quote_text(own_srid(self.input_format.crs))
        faults.append((f"srid <> {system}", "longitude", other_system_reason(self.input_format.crs)))
        for column in place_columns:
            if self.input_format.decimal != "," and self.input_format.thousands != ",":
                comma = f"regexp_full_match({column}_text, '[+-]?[0-9.]*[0-9](,[0-9]+)+[0-9.]*')"
                faults.append((comma, column, COMMA_REASON))
            condition = f"{column}_text IS NOT NULL AND ({column} IS NULL OR NOT isfinite({column}))"
            faults.append((condition, column, "is not a number"))
        faults += [(f"abs({column}) > {limit}", column, f"is beyond {limit} degrees") for column, limit in limits]
        faults.append(("", "place", BEYOND_EXTENT_REASON))
        return [
            Fault(number, condition, column, reason, column in (*place_columns, "place"))
            for number, (condition, column, reason) in enumerate(faults)
        ]

    def is_beyond_extent(self, longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which places, in the format's coordinate system, lie outside the extent that it states; shape (n,)."""
        if self.input_format.extent is None:
            return np.zeros(longitude.size, dtype=np.bool_)
        west, south, east, north = self.input_format.extent
        lon, lat = longitude, latitude
        if self.input_format.crs != _crs.LONLAT:
            lon, lat = _crs.transform(longitude, latitude, source=self.input_format.crs, target=_crs.LONLAT)
        return ~((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))


def bounding_box(rule: ReadRule, *, margin: float) -> tuple[float, float, float, float]:
    """Return west, south, east and north of the study area plus a margin, in the file's coordinate system."""
    west, south, east, north = rule.area.boundary.bounds
    margin_x, margin_y = margin * (east - west), margin * (north - south)
    box = west - margin_x, south - margin_y, east + margin_x, north + margin_y
    return _box_in(box, source=rule.area.crs, target=rule.input_format.crs)


def extent_box(input_format: Format) -> tuple[float, float, float, float]:
    """Return west, south, east and north of a format's extent in the format's coordinate system; the whole plane without one."""
    if input_format.extent is None:
        return -np.inf, -np.inf, np.inf, np.inf
    return _box_in(input_format.extent, source=_crs.LONLAT, target=input_format.crs)


def _box_in(box: tuple[float, float, float, float], *, source: str, target: str) -> tuple[float, float, float, float]:
    """Return the box that holds a box's outline in another coordinate system."""
    west, south, east, north = box
    fractions = np.linspace(0, 1, 21)
    xs = np.concatenate([west + fractions * (east - west)] * 2 + [np.full(21, west), np.full(21, east)])
    ys = np.concatenate([np.full(21, south), np.full(21, north)] + [south + fractions * (north - south)] * 2)
    x, y = _crs.transform(xs, ys, source=source, target=target)
    return float(np.min(x)), float(np.min(y)), float(np.max(x)), float(np.max(y))
