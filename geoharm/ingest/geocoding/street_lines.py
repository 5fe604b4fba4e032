"""Streets as lines with names and house numbers: where a house lies on them, where two meet, where the middle of a block is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from shapely.ops import substring

from geoharm.engines.base import Engine
from geoharm.queries.stored import StoredSource

# Lines that end this near to each other (metres) meet: not every street file is drawn with shared vertices.
_MEET_WITHIN = 15.0


@dataclass(frozen=True, slots=True)
class NamedLine:
    """One line of a street.

    Attributes
    ----------
    points : ndarray, shape (n, 2)
        Metres.
    left, right : (int, int)
        First and last house number of each side; -1 where there are none.
    """

    points: NDArray[np.float64]
    left: tuple[int, int] = (-1, -1)
    right: tuple[int, int] = (-1, -1)

    def line(self) -> shapely.LineString:
        """Return the line."""
        return shapely.LineString(self.points)


def named_lines(engine: Engine, source: StoredSource, streets: Sequence[str]) -> dict[str, list[NamedLine]]:
    """Return the lines of streets, by street; streets without any are left out."""
    if not streets:
        return {}
    scratch = engine.scratch
    scratch.register("asked_street", pa.table({"street": pa.array(streets, pa.string())}))
    lines, segments = (
        engine.bring(f"gazetteer_{table}", f"SELECT {columns} FROM {engine.table(f'{table}_{source.state}')} AS s")
        for table, columns in (
            ("street_line", "file, line, part, street, left_from, left_to, right_from, right_to"),
            ("street_segment", "file, line, part, nth, x0, y0, x1, y1"),
        )
    )
    rows = scratch.execute(
        f"""
        SELECT l.street, l.file, l.line, l.part, l.left_from, l.left_to, l.right_from, l.right_to, s.x0, s.y0, s.x1, s.y1
        FROM {lines} AS l JOIN asked_street AS a ON a.street = l.street
        JOIN {segments} AS s ON s.file = l.file AND s.line = l.line AND s.part = l.part
        ORDER BY l.street, l.file, l.line, l.part, s.nth
        """
    ).fetchall()
    scratch.unregister("asked_street")
    found: dict[str, list[NamedLine]] = {}
    for (street, *_), group in groupby(rows, key=lambda row: row[:4]):
        parts = list(group)
        points = np.array([parts[0][8:10], *(part[10:12] for part in parts)], dtype=np.float64)
        left_from, left_to, right_from, right_to = map(int, parts[0][4:8])
        found.setdefault(str(street), []).append(NamedLine(points, (left_from, left_to), (right_from, right_to)))
    return found


def house_on_lines(lines: Sequence[NamedLine], number: int) -> tuple[NDArray[np.float64], float]:
    """Return where a house number lies between the numbers of a street's lines, shape (n, 2), and the longest such line.

    A side whose two numbers are both odd or both even has only such numbers.
    """
    points, longest = [], 0.0
    for line in lines:
        for first, last in (line.left, line.right):
            if not _has(first, last, number):
                continue
            share = 0.5 if first == last else (number - first) / (last - first)
            drawn = line.line()
            points.append(shapely.get_coordinates(drawn.interpolate(share, normalized=True))[0])
            longest = max(longest, float(drawn.length))
    return np.array(points, dtype=np.float64).reshape(-1, 2), longest


def _has(first: int, last: int, number: int) -> bool:
    if first < 0 or last < 0 or not min(first, last) <= number <= max(first, last):
        return False
    return (first + last) % 2 == 1 or (number - first) % 2 == 0


def middle_of_lines(lines: Sequence[NamedLine], numbers: tuple[int, int] | None) -> tuple[float, float, float] | None:
    """Return the middle of a block on a street's lines, or of the whole street, and how far its ends are apart.

    Parameters
    ----------
    lines : sequence of NamedLine
    numbers : (int, int) or None
        First and last house number of the block; None for the whole street.

    Returns
    -------
    (x, y, extent) or None
        Metres; None if no line has such a number.
    """
    parts = [line.line() for line in lines] if numbers is None else [
        part for line in lines if (part := _part_with(line, numbers)) is not None
    ]  # fmt: skip
    if not parts:
        return None
    together = shapely.union_all(parts)
    west, south, east, north = together.bounds
    # The nearest point of the street to the middle of its points: a bent street does not pass its own middle.
    middle = together.interpolate(together.project(together.centroid)) if together.geom_type == "LineString" else (
        shapely.ops.nearest_points(together, together.centroid)[0]
    )  # fmt: skip
    return float(middle.x), float(middle.y), float(np.hypot(east - west, north - south))


def _part_with(line: NamedLine, numbers: tuple[int, int]) -> shapely.LineString | None:
    """Return the part of a line that has house numbers of a block; None without any."""
    shares = []
    for first, last in (line.left, line.right):
        low, high = max(min(first, last), numbers[0]), min(max(first, last), numbers[1])
        if first < 0 or last < 0 or low > high:
            continue
        shares += [0.0, 1.0] if first == last else [(low - first) / (last - first), (high - first) / (last - first)]
    if not shares:
        return None
    return substring(line.line(), min(shares), max(shares), normalized=True)


def meeting_of_lines(
    one: Sequence[NamedLine], other: Sequence[NamedLine], *, within: float
) -> tuple[float, float] | None:
    """Return where two streets meet: NaN, twice, if at places further than `within` from their middle; None if nowhere."""
    first, second = (shapely.union_all([line.line() for line in lines]) for lines in (one, other))
    shared = shapely.intersection(first, second)
    if shared.is_empty:
        near, far = shapely.ops.nearest_points(first, second)
        if near.distance(far) > _MEET_WITHIN:
            return None
        return (near.x + far.x) / 2, (near.y + far.y) / 2
    points = shapely.get_coordinates(shapely.centroid(shapely.get_parts(shared)))
    middle = points.mean(axis=0)
    if float(np.hypot(*(points - middle).T).max()) > within:
        return np.nan, np.nan
    return float(middle[0]), float(middle[1])
